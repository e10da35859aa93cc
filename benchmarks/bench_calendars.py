"""Knows how long counting open time takes beside the least that can do it and beside libraries; must not know the domain."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import accumulate
from operator import add
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks._measure import medians, ratio, times_of
from servflow.calendars import Calendar, any_of

WEEK = {"mon-fri": ["09:00-12:00", "13:00-17:00"]}
HOLIDAYS = [date(2026, 1, 1), date(2026, 4, 3), date(2026, 5, 1), date(2026, 12, 25), date(2027, 1, 1)]
OFFICE = Calendar("UTC", WEEK, holidays=HOLIDAYS)
PLAIN = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})
AT = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)  # a Monday; four hours from here pass a closing
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOUR_US = 3_600_000_000
AT_US = (AT - EPOCH) // timedelta(microseconds=1)
SHORT, LONG = 4, 400

STARTS, ENDS = zip(
    *(
        ((start - EPOCH) // timedelta(microseconds=1), (end - EPOCH) // timedelta(microseconds=1))
        for start, end in OFFICE.intervals(datetime(2025, 7, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    ),
    strict=True,
)
STARTS, ENDS = list(STARTS), list(ENDS)
BEFORE = list(accumulate((end - start for start, end in zip(STARTS, ENDS, strict=True)), initial=0))


def bare(at_us: int, counted_us: int) -> int:
    """The least that answers: two bisections in flat lists of ints made beforehand, no checks, one and a half years."""
    place = bisect_right(STARTS, at_us) - 1
    end = ENDS[place]
    wanted = BEFORE[place] + (at_us if at_us < end else end) - STARTS[place] + counted_us
    place = bisect_left(BEFORE, wanted) - 1
    return STARTS[place] + wanted - BEFORE[place]


def same(expected: object, found: object, name: str) -> None:
    """Stop where two ways of asking do not answer alike: their times would mean nothing."""
    if expected != found:
        raise SystemExit(f"{name}: {found} instead of {expected}")


def own() -> None:
    """What single questions take, and how that compares with the least that answers them."""
    short = SHORT * HOUR
    counted_us = SHORT * HOUR_US
    both = any_of(OFFICE, Calendar("America/New_York", WEEK))
    local = AT.astimezone(ZoneInfo("Asia/Shanghai"))
    inside = AT.replace(hour=9, minute=30)
    due = OFFICE.after(AT, short)
    same(bare(AT_US, counted_us), OFFICE.after_us(AT_US, counted_us), "after_us")
    same(EPOCH + timedelta(microseconds=bare(AT_US, counted_us)), due, "after")
    least = partial(bare, AT_US, counted_us)
    print("one question, its answer past a closing")
    calls: dict[str, Callable[[], Any]] = {
        "bare bisect on lists of ints": least,
        "after_us": partial(OFFICE.after_us, AT_US, counted_us),
        "before_us": partial(OFFICE.before_us, AT_US, counted_us),
        "between_us": partial(OFFICE.between_us, AT_US, AT_US + counted_us),
        "after": partial(OFFICE.after, AT, short),
        "after, asked in Asia/Shanghai": partial(OFFICE.after, local, short),
        "after, within a window": partial(OFFICE.after, inside, HOUR),
        "after, on any_of two zones": partial(both.after, AT, short),
        "before": partial(OFFICE.before, AT, short),
        "between": partial(OFFICE.between, AT, due),
        "is_open": partial(OFFICE.is_open, AT),
        "after_days(at, 2)": partial(OFFICE.after_days, AT, 2),
        "end_of_day(at, 1)": partial(OFFICE.end_of_day, AT, 1),
        "a calendar made, and its first answer": first_answer(),
    }
    medians(calls)
    found = times_of({"bare": least}, calls["after_us"])
    ratio("after_us takes, of a bare bisect doing the same", found["bare"], most=1.5)
    for name in ("after", "after, asked in Asia/Shanghai", "before", "between", "is_open"):
        ratio(f"{name} takes, of a bare bisect doing the same", times_of({"bare": least}, calls[name])["bare"], most=5)


def first_answer() -> Callable[[], Any]:
    """Make a calendar that no other equals, and ask it once."""
    numbers = iter(range(10**9))

    def ask() -> datetime:
        number = next(numbers)
        shift = {date.fromordinal(date(2040, 1, 1).toordinal() + number % 100_000): ["09:00-10:00"]}
        return Calendar("UTC", WEEK, holidays=HOLIDAYS, shifts=shift, name=str(number)).after(AT, SHORT * HOUR)

    return ask


def beside_businesstimedelta() -> None:
    """Ask businesstimedelta the same: a plain week, and one with lunch and holidays, of 4 and of 400 hours."""
    try:
        import businesstimedelta as other
    except ImportError:
        print("businesstimedelta is not installed and left out")
        return
    days = [0, 1, 2, 3, 4]
    plain = [other.WorkDayRule(start_time=time(9), end_time=time(17), working_days=days)]
    lunch = other.LunchTimeRule(start_time=time(12), end_time=time(13), working_days=days)
    full = [*plain, lunch, other.HolidayRule(dict.fromkeys(HOLIDAYS, "closed"))]
    print("beside businesstimedelta, both asked with aware datetimes")
    for name, rules, ours, wanted in (
        ("a plain week", plain, PLAIN, {}),
        ("lunch and holidays", full, OFFICE, {SHORT: 100, LONG: 5_000}),
    ):
        for hours in (SHORT, LONG):
            amount = other.BusinessTimeDelta(other.Rules(rules), hours=hours)
            same(AT + amount, ours.after(AT, hours * HOUR), f"businesstimedelta, {hours} h, {name}")
            theirs, mine = partial(add, AT, amount), partial(ours.after, AT, hours * HOUR)
            medians({f"businesstimedelta, {hours} h, {name}": theirs, f"after, {hours} h, {name}": mine}, 5)
            told(
                f"businesstimedelta takes longer, {hours} h, {name}",
                times_of({"ours": mine}, theirs, 5)["ours"],
                wanted.get(hours),
            )


def beside_pandas() -> None:
    """Ask the business hours of pandas the same, which know opening hours, lunch and holidays."""
    try:
        import pandas
    except ImportError:
        print("pandas is not installed and left out")
        return
    print("beside pandas' CustomBusinessHour, asked with a Timestamp made beforehand")
    hours_of = {"start": ["09:00", "13:00"], "end": ["12:00", "17:00"], "holidays": HOLIDAYS}
    for name, ours, options in (
        ("a plain week", PLAIN, {"start": "09:00", "end": "17:00"}),
        ("lunch and holidays", OFFICE, hours_of),
    ):
        for hours in (SHORT, LONG):
            offset, stamp = pandas.offsets.CustomBusinessHour(hours, **options), pandas.Timestamp(AT)
            same((stamp + offset).to_pydatetime(), ours.after(AT, hours * HOUR), f"pandas, {hours} h, {name}")
            theirs, mine = partial(add, stamp, offset), partial(ours.after, AT, hours * HOUR)
            medians({f"pandas, {hours} h, {name}": theirs, f"after, {hours} h, {name}": mine}, 5)
            wanted = 50 if hours == SHORT else None
            told(f"pandas takes longer, {hours} h, {name}", times_of({"ours": mine}, theirs, 5)["ours"], wanted)


def told(name: str, value: float, wanted: float | None) -> None:
    """Print a ratio, with its target where it has one."""
    if wanted is None:
        print(f"  {name:<92}{value:>10.2f} times")
    else:
        ratio(name, value, least=wanted)


def batches() -> None:
    """Ask ten thousand questions in turn and at once."""
    count = 10_000
    ats = [AT + timedelta(seconds=1_237 * number) for number in range(count)]
    numbers = [(at - EPOCH) // timedelta(microseconds=1) for at in ats]
    amount = SHORT * HOUR
    after, after_us, counted_us = OFFICE.after, OFFICE.after_us, SHORT * HOUR_US
    singly = [after(at, amount) for at in ats]
    same(singly, OFFICE.after_many(ats, amount), "after_many")
    same([after_us(at, counted_us) for at in numbers], OFFICE.after_many_us(numbers, counted_us), "after_many_us")
    print(f"{count:,} questions, half a year of them")
    calls: dict[str, Callable[[], Any]] = {
        "after, in turn": lambda: [after(at, amount) for at in ats],
        "after_many": lambda: OFFICE.after_many(ats, amount),
        "between, in turn": lambda: [OFFICE.between(at, AT) for at in ats],
        "between_many": lambda: OFFICE.between_many(ats, AT),
        "after_us, in turn": lambda: [after_us(at, counted_us) for at in numbers],
        "after_many_us, a list": lambda: OFFICE.after_many_us(numbers, counted_us),
    }
    try:
        import numpy
    except ImportError:
        print("  numpy is not installed: batches are answered one by one")
    else:
        row = numpy.array(numbers)
        same(OFFICE.after_many_us(numbers, counted_us), OFFICE.after_many_us(row, counted_us).tolist(), "array")
        calls["after_many_us, an array"] = lambda: OFFICE.after_many_us(row, counted_us)
    found = medians(calls, 5)
    for one, other in (("after, in turn", "after_many"), ("between, in turn", "between_many")):
        told(f"{one} takes, of {other}", found[one] / found[other], None)
    for other in [name for name in calls if name.startswith("after_many_us")]:
        told(f"after_us, in turn takes, of {other}", found["after_us, in turn"] / found[other], None)


def main() -> None:
    """Run all measurements."""
    own()
    beside_businesstimedelta()
    beside_pandas()
    batches()


if __name__ == "__main__":
    main()
