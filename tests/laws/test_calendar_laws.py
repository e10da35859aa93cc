"""Knows the laws of counted time; must not know how calendars are compiled."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from servflow.calendars import WEEKDAYS, Calendar, OpenTime, all_of, any_of, from_data, minus
from servflow.errors import DefinitionError
from tests.oracles.calendar_walk import Walk, WalkMany

# Dates around which something happens: changes of offset, the seams of the compiled form, far centuries.
PLACES = (
    ("UTC", date(2024, 2, 28)),
    ("Asia/Shanghai", date(2026, 9, 30)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Europe/London", date(2026, 10, 25)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("America/Santiago", date(2026, 9, 6)),
    ("America/Santiago", date(2026, 4, 5)),
    ("Asia/Tehran", date(2022, 3, 22)),
    ("Asia/Kathmandu", date(1986, 1, 1)),
    ("Asia/Kathmandu", date(2026, 3, 2)),
    ("Europe/Dublin", date(2026, 3, 29)),
    ("Europe/Dublin", date(2026, 10, 25)),
    ("Africa/Monrovia", date(1972, 1, 7)),
    ("Pacific/Kiritimati", date(1970, 1, 1) + timedelta(days=189 * 108)),
    ("Pacific/Pago_Pago", date(1970, 1, 1) + timedelta(days=189 * 110)),
    ("Europe/Berlin", date(3217, 3, 26)),
    ("Etc/GMT+5", date(1213, 7, 1)),
)
# Proving that two calendars never meet looks at 400 years of each zone, so that test takes few zones.
FEW_ZONES = (PLACES[0], PLACES[2], PLACES[7])
FEW = settings(max_examples=20, deadline=None)
MANY = settings(max_examples=55, deadline=None)


def _text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def windows(draw: st.DrawFn) -> list[str]:
    """Up to three windows of one day, the last perhaps overnight."""
    points = sorted(draw(st.sets(st.integers(0, 48), max_size=6)))
    if len(points) % 2:
        points.pop()
    pairs = [(points[n] * 30, points[n + 1] * 30) for n in range(0, len(points), 2)]
    out = [f"{_text(start)}-{_text(end)}" for start, end in pairs]
    overnight = draw(st.booleans())
    if pairs and overnight:
        end = draw(st.integers(0, pairs[0][0] // 30)) * 30
        out[-1] = f"{_text(pairs[-1][0])}-{_text(end)}"
    return out


@st.composite
def definitions(draw: st.DrawFn, place: tuple[str, date] | None = None) -> dict[str, Any]:
    """A calendar as data, with dated entries near the date of its place."""
    zone, base = place or draw(st.sampled_from(PLACES))
    near = st.integers(-4, 4).map(lambda days: (base + timedelta(days=days)).isoformat())
    week = {name: draw(windows()) for name in WEEKDAYS}
    assume(any(week.values()))
    holidays = draw(st.lists(st.one_of(near, near.map(lambda text: text[5:])), max_size=3))
    return {
        "zone": zone,
        "week": week,
        "holidays": holidays,
        "shifts": draw(st.dictionaries(near, windows(), max_size=2)),
        "breaks": draw(st.dictionaries(near, windows(), max_size=2)),
    }


@st.composite
def questions(draw: st.DrawFn, count: int = 1, unit: timedelta = timedelta(minutes=1), days: int = 5) -> Any:
    """A definition and instants near its place, in order."""
    place = draw(st.sampled_from(PLACES))
    data = draw(definitions(place))
    start = datetime(place[1].year, place[1].month, place[1].day, tzinfo=UTC)
    most = timedelta(days=days) // unit
    instants = sorted(start + draw(st.integers(-most, most)) * unit for _ in range(count))
    return data, *instants


EXACT = timedelta(microseconds=1)


def micros(value: datetime | timedelta) -> int:
    """Whole microseconds of an amount, or since 1970."""
    return (value if isinstance(value, timedelta) else value - datetime(1970, 1, 1, tzinfo=UTC)) // EXACT


counted = st.integers(0, 200 * 3600 * 10**6).map(lambda number: timedelta(microseconds=number))


@FEW
@given(questions(2, days=3))
def test_membership_and_counting_agree_with_walking_the_wall_clock(case: Any) -> None:
    """Every minute is open exactly when the wall clock says so, and open minutes add up."""
    data, a, b = case
    calendar, walk = Calendar(**data), Walk(data)
    for step in range(0, 48 * 60, 7):
        at = a + timedelta(minutes=step)

        assert walk.is_open(at) == calendar.is_open(at)
    assert walk.between(a, b) == calendar.between(a, b)
    assert -walk.between(a, b) == calendar.between(b, a)


@FEW
@given(questions(1, days=3), st.integers(0, 20 * 60))
def test_after_and_before_agree_with_walking_the_wall_clock(case: Any, minutes: int) -> None:
    """The due instant is the minute at which a walk has counted enough, forwards and backwards."""
    data, at = case
    calendar, walk = Calendar(**data), Walk(data)
    amount = timedelta(minutes=minutes)

    assert walk.after(at, amount) == calendar.after(at, amount)
    assert walk.before(at, amount) == calendar.before(at, amount)


@settings(max_examples=15, deadline=None)
@given(questions(1, days=3), st.integers(-4, 4))
def test_working_days_agree_with_walking_the_dates(case: Any, n: int) -> None:
    """The n-th working day is found by asking date after date whether a window of it exists."""
    data, at = case
    calendar, walk = Calendar(**data), Walk(data)
    assume(n != 0)
    day = at.astimezone(walk.zone).date()
    left = abs(n)
    for _ in range(60):
        day += timedelta(days=1 if n > 0 else -1)
        left -= walk.working(day)
        if not left:
            break
    assume(not left)

    # Built by the zone itself; a date that Samoa skipped is left at the first instant after it.
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=walk.zone)
    skipped = noon.astimezone(UTC).astimezone(walk.zone).date() != day

    assert (noon.replace(hour=0) if skipped else noon).astimezone(UTC) == calendar.at_time(at, "12:00", n)


@MANY
@given(questions(2, EXACT), counted, counted)
def test_due_instants_are_monotone(case: Any, one: timedelta, two: timedelta) -> None:
    """A later start or a larger amount never makes a due instant earlier."""
    data, a, b = case
    calendar = Calendar(**data)
    small, large = sorted((one, two))

    assert calendar.after(a, small) <= calendar.after(a, large)
    assert calendar.before(a, large) <= calendar.before(a, small)
    if small:
        assert calendar.after(a, small) <= calendar.after(b, small)
        assert calendar.before(a, small) <= calendar.before(b, small)


@MANY
@given(questions(3, EXACT), counted, counted)
def test_counting_is_additive(case: Any, one: timedelta, two: timedelta) -> None:
    """Amounts and stretches may be cut anywhere: the parts add up to the whole."""
    data, a, b, c = case
    calendar = Calendar(**data)

    assert calendar.between(a, c) == calendar.between(a, b) + calendar.between(b, c)
    assert calendar.between(a, c) == -calendar.between(c, a)
    if two:
        assert calendar.after(a, one + two) == calendar.after(calendar.after(a, one), two)
        assert calendar.before(a, one + two) == calendar.before(calendar.before(a, one), two)


@MANY
@given(questions(2, EXACT), counted)
def test_after_before_and_between_are_inverse(case: Any, amount: timedelta) -> None:
    """The amount asked for is the amount counted, and after and before are adjoint."""
    data, a, b = case
    calendar = Calendar(**data)

    assert amount == calendar.between(a, calendar.after(a, amount))
    assert amount == calendar.between(calendar.before(a, amount), a)
    if amount:
        assert (calendar.after(a, amount) <= b) == (a <= calendar.before(b, amount))
        due = calendar.after(a, amount)
        assert due == calendar.previous_closing(due)
        opened = calendar.before(a, amount)
        assert opened == calendar.next_opening(opened)


@MANY
@given(questions(2, EXACT))
def test_intervals_are_the_open_time(case: Any) -> None:
    """The stretches lie apart and in order, are open at their start and closed at their end, and add up."""
    data, a, b = case
    calendar = Calendar(**data)
    stretches = calendar.intervals(a, b)

    assert calendar.between(a, b) == sum((end - start for start, end in stretches), timedelta())
    for start, end in stretches:
        assert a <= start < end <= b
        assert calendar.is_open(start)
        assert end == b or not calendar.is_open(end)
    assert all(left[1] < right[0] for left, right in pairwise(stretches))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_combinations_obey_inclusion_and_exclusion(data: st.DataObject) -> None:
    """What either counts plus what both count is what each counts; what is taken away is missing."""
    base = data.draw(st.sampled_from([place[1] for place in FEW_ZONES]))
    zones = st.sampled_from([zone for zone, _ in FEW_ZONES])
    left = Calendar(**data.draw(definitions((data.draw(zones), base))))
    right = Calendar(**data.draw(definitions((data.draw(zones), base))))
    start = datetime(base.year, base.month, base.day, tzinfo=UTC)
    a, b = (start + data.draw(st.integers(-(10**11) * 4, 10**11 * 4)) * EXACT for _ in range(2))

    # A combination that never opens is refused, and to find that out takes long where it needs 400 years of two zones.
    near = (start, start + timedelta(days=60))
    met = sum((right.between(*stretch) for stretch in left.intervals(*near)), timedelta())
    assume(timedelta() < met < left.between(*near))

    def counted_by(build: Callable[..., OpenTime]) -> timedelta:
        return build(left, right).between(a, b)

    both = counted_by(all_of)
    assert left.between(a, b) + right.between(a, b) == any_of(left, right).between(a, b) + both
    assert left.between(a, b) - both == counted_by(minus)
    assert (left.is_open(a) or right.is_open(a)) == any_of(left, right).is_open(a)


COMBINE: dict[str, Callable[..., OpenTime]] = {"any_of": any_of, "all_of": all_of, "minus": minus}


@st.composite
def combinations(draw: st.DrawFn) -> Any:
    """Two calendars of different places at one time, joined in some way, as data; and an instant near."""
    # From 1973 on every zone is whole minutes from UTC, and a walk by minutes meets every opening of each.
    base = draw(st.sampled_from([day for _, day in PLACES if day.year > 1972]))
    parts = [draw(definitions((draw(st.sampled_from([zone for zone, _ in PLACES])), base))) for _ in range(2)]
    start = datetime(base.year, base.month, base.day, tzinfo=UTC)
    return draw(st.sampled_from(sorted(COMBINE))), parts, start + timedelta(minutes=draw(st.integers(-4_000, 4_000)))


@settings(max_examples=15, deadline=None)
@given(combinations(), st.integers(1, 300))
def test_combinations_agree_with_walking_every_wall_clock(case: Any, minutes: int) -> None:
    """Each minute is open as the parts say together, and what is due is the minute at which a walk has counted enough."""
    operation, data, at = case
    walk, amount = WalkMany(operation, [Walk(part) for part in data]), timedelta(minutes=minutes)
    due = walk.after(at, amount, 3 * 1440)
    assume(due is not None)
    both = COMBINE[operation](*(Calendar(**part) for part in data))

    assert due == both.after(at, amount)
    assert amount == both.between(at, due)
    assert all(walk.is_open(at + timedelta(minutes=n)) == both.is_open(at + timedelta(minutes=n)) for n in range(0, 2880, 41))


@FEW
@given(combinations(), counted, counted)
def test_combinations_obey_the_laws_of_single_calendars(case: Any, one: timedelta, two: timedelta) -> None:
    """Joined open time is monotone and additive, and after, before and between are inverse, as for one calendar."""
    operation, data, at = case
    try:
        both = COMBINE["any_of" if operation == "all_of" else operation](*(Calendar(**part) for part in data))
        near = timedelta(days=3_000)
        assume(min(both.between(at, at + near), both.between(at - near, at)) >= one + two)
    except DefinitionError:
        return  # nothing is left of the first
    small, large = sorted((one, two))

    assert both.after(at, small) <= both.after(at, large)
    assert both.before(at, large) <= both.before(at, small)
    assert large == both.between(at, both.after(at, large)) == both.between(both.before(at, large), at)
    if small:
        assert both.after(at, small + large) == both.after(both.after(at, large), small)


@settings(max_examples=20, deadline=None)
@given(questions(3, EXACT), counted, st.sampled_from([3, 250]), st.integers(1, 10**7))
def test_a_batch_answers_as_its_questions_do(case: Any, amount: timedelta, count: int, step: int) -> None:
    """Many questions at once have the answers they have one by one, in datetimes and in microseconds."""
    data, a, b, c = case
    calendar = Calendar(**data)
    ats = [a + n * step * timedelta(milliseconds=1) for n in range(count)]
    amounts = [amount * (n % 7) / 6 for n in range(count)]
    ends = [b if n % 2 else c - n * (c - a) for n in range(count)]
    ats_us, amounts_us, ends_us = ([micros(each) for each in row] for row in (ats, amounts, ends))

    assert [calendar.after(at, by) for at, by in zip(ats, amounts, strict=True)] == calendar.after_many(ats, amounts)
    assert [calendar.before(at, by) for at, by in zip(ats, amounts, strict=True)] == calendar.before_many(ats, amounts)
    assert [calendar.between(at, end) for at, end in zip(ats, ends, strict=True)] == calendar.between_many(ats, ends)
    assert list(map(calendar.after_us, ats_us, amounts_us)) == calendar.after_many_us(ats_us, amounts_us)
    assert list(map(calendar.before_us, ats_us, amounts_us)) == calendar.before_many_us(ats_us, amounts_us)
    assert list(map(calendar.between_us, ats_us, ends_us)) == calendar.between_many_us(ats_us, ends_us)


@FEW
@given(questions(2, EXACT), counted)
def test_asking_often_changes_nothing(case: Any, amount: timedelta) -> None:
    """The answers of a calendar that was asked a hundred times, in whatever zone, are those of the first time."""
    data, a, b = case
    calendar, zone = Calendar(**data), ZoneInfo(data["zone"])
    first = [calendar.after(a, amount), calendar.before(a, amount), calendar.between(a, b), calendar.is_open(a)]
    for _ in range(12):
        calendar.after(b, amount)
        calendar.after(a, amount)

    assert first == [calendar.after(a, amount), calendar.before(a, amount), calendar.between(a, b), calendar.is_open(a)]
    a, b = a.astimezone(zone), b.astimezone(zone)
    assert first == [calendar.after(a, amount), calendar.before(a, amount), calendar.between(a, b), calendar.is_open(a)]


@MANY
@given(questions(1, EXACT), counted, st.sampled_from(sorted({zone for zone, _ in PLACES})))
def test_the_zone_of_the_question_changes_nothing(case: Any, amount: timedelta, zone: str) -> None:
    """An instant is the same instant in whatever zone it is written, and every answer is in UTC."""
    data, at = case
    calendar = Calendar(**data)
    moved = at.astimezone(ZoneInfo(zone))

    assert calendar.after(at, amount) == calendar.after(moved, amount)
    assert calendar.after_days(at, 2) == calendar.after_days(moved, 2)
    assert UTC is calendar.after(moved, amount).tzinfo


@MANY
@given(questions(2, EXACT), counted, st.integers(1, 47))
def test_splitting_a_window_changes_nothing(case: Any, amount: timedelta, cut: int) -> None:
    """Two windows that touch count as the one they make up."""
    data, a, b = case
    point = _text(cut * 30)

    def split(window: str) -> list[str]:
        start, end = window.split("-")
        return [f"{start}-{point}", f"{point}-{end}"] if start < point < end else [window]

    parted = {**data, "week": {name: [part for one in day for part in split(one)] for name, day in data["week"].items()}}
    whole, parts = Calendar(**data), Calendar(**parted)

    assert whole.after(a, amount) == parts.after(a, amount)
    assert whole.intervals(a, b) == parts.intervals(a, b)
    assert whole.after_days(a, 3) == parts.after_days(a, 3)
    assert whole.end_of_day(a, 1) == parts.end_of_day(a, 1)


@MANY
@given(questions(1, EXACT), counted, st.integers(-5, 20))
def test_a_further_holiday_never_makes_a_due_instant_earlier(case: Any, amount: timedelta, ahead: int) -> None:
    """Closing a date can only move what is due later."""
    data, at = case
    holiday = (at + timedelta(days=ahead)).date()
    more = Calendar(**{**data, "holidays": [*data["holidays"], holiday]})

    assert Calendar(**data).after(at, amount) <= more.after(at, amount)


@MANY
@given(definitions())
def test_a_calendar_survives_data_and_pickle(data: dict[str, Any]) -> None:
    """The canonical form is JSON-ready, reads back as an equal value with the same hash, and so does a pickle."""
    calendar = Calendar(**data)
    again = Calendar(**json.loads(json.dumps(calendar.to_data())))
    combined = any_of(calendar, Calendar.always())

    assert calendar == again
    assert hash(calendar) == hash(again)
    assert calendar.hash == again.hash
    assert calendar.to_data() == again.to_data()
    assert calendar == pickle.loads(pickle.dumps(calendar))
    assert combined == from_data(json.loads(json.dumps(combined.to_data())))
    assert combined == pickle.loads(pickle.dumps(combined))
