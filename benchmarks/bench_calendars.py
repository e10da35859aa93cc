"""Knows how long counting takes beside a bare bisection and another library; must not know whether that is good."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from operator import add
from timeit import repeat
from typing import Any

from servflow.calendars import Calendar, any_of

ROUNDS = 20_000
AT = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
FOUR_HOURS = timedelta(hours=4)
AT_US = int(AT.timestamp()) * 1_000_000
FOUR_HOURS_US = 4 * 3600 * 1_000_000


def measure(name: str, call: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Print and return the best microseconds for one call."""
    call()
    best = min(repeat(call, number=rounds, repeat=5)) / rounds * 1e6
    print(f"{name:<44}{best:>12.2f} us")
    return best


def compare() -> None:
    """Ask businesstimedelta the same, where it is installed: a plain week, and one with lunch and holidays."""
    try:
        import businesstimedelta as other
    except ImportError:
        return
    days = [0, 1, 2, 3, 4]
    lunch = other.LunchTimeRule(start_time=time(12), end_time=time(13), working_days=days)
    holidays = other.HolidayRule([date(2026, 1, 1), date(2026, 12, 25), date(2027, 1, 1)])
    plain = [other.WorkDayRule(start_time=time(9), end_time=time(17), working_days=days)]
    week = {"mon-fri": ["09:00-17:00"]}
    split = {"mon-fri": ["09:00-12:00", "13:00-17:00"]}
    full = Calendar("UTC", split, holidays=["2026-01-01", "2026-12-25", "2027-01-01"])
    for name, rules, ours in (("plain", plain, Calendar("UTC", week)), ("lunch, holidays", [*plain, lunch, holidays], full)):
        for hours in (4, 40):
            amount, span = other.BusinessTimeDelta(other.Rules(rules), hours=hours), timedelta(hours=hours)
            fast = measure(f"after(at, {hours}h), {name}", partial(ours.after, AT, span))
            slow = measure(f"businesstimedelta, {hours}h, {name}", partial(add, AT, amount), 50)
            print(f"  {slow / fast:.0f} times as long")


def main() -> None:
    """Run all measurements."""
    office = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})
    both = any_of(office, Calendar("America/New_York", {"mon-fri": ["09:00-17:00"]}))
    always = Calendar.always()
    starts = [AT_US + day * 86_400_000_000 for day in range(-135, 135)]

    bare = measure("bare bisect over 270 starts", lambda: bisect_right(starts, AT_US))
    path = measure("after_us(at, 4h), over a closing", lambda: office.after_us(AT_US, FOUR_HOURS_US))
    measure("after_us(at, 1h), within a window", lambda: office.after_us(AT_US, FOUR_HOURS_US // 4))
    measure("after_us on always", lambda: always.after_us(AT_US, FOUR_HOURS_US))
    measure("between_us", lambda: office.between_us(AT_US, AT_US + 86_400_000_000))
    measure("after(at, 4h)", lambda: office.after(AT, FOUR_HOURS))
    measure("after(at, 4h) on any_of", lambda: both.after(AT, FOUR_HOURS))
    measure("between(a, b)", lambda: office.between(AT, AT + FOUR_HOURS))
    measure("is_open(at)", lambda: office.is_open(AT))
    measure("after_days(at, 2)", lambda: office.after_days(AT, 2), 2_000)
    measure("build, and answer the first question", lambda: Calendar("UTC", {"mon": ["09:00-17:00"]}).after(AT, FOUR_HOURS), 50)
    print(f"the integer path takes {path / bare:.1f} times a bare bisect")
    compare()


if __name__ == "__main__":
    main()
