"""Knows what holds for every rotation and schedule; must not know how they are computed."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.errors import DefinitionError
from servflow.escalation import Override, Rotation, Schedule, Shift
from servflow.model import micros
from tests.oracles.rotation_walk import DAYS, Walk, overridden, passed_on

LAWS = settings(max_examples=60, deadline=None)

DAY = timedelta(days=1)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Santiago",
    "Africa/Casablanca",
    "Asia/Tehran",
    "America/Sao_Paulo",
    "Antarctica/Troll",
)


def transitions(zone: str, first: int, last: int) -> list[datetime]:
    """The instants from which another offset holds, to the minute, from the beginning of one year to the end of another."""
    key = ZoneInfo(zone)

    def offset(at: datetime) -> timedelta | None:
        return at.astimezone(key).utcoffset()

    found = []
    days = [datetime(first, 1, 1, tzinfo=UTC) + DAY * step for step in range(int((last - first + 1) * 365.25))]
    offsets = [offset(day) for day in days]
    for number in range(1, len(days)):
        if offsets[number] != offsets[number - 1]:
            minutes = range(24 * 60)
            low, high = 0, len(minutes)
            while high - low > 1:
                middle = (low + high) // 2
                if offset(days[number - 1] + timedelta(minutes=middle)) == offsets[number - 1]:
                    low = middle
                else:
                    high = middle
            found.append(days[number - 1] + timedelta(minutes=high))
    return found


@pytest.mark.parametrize("zone", ZONES)
def test_shifts_tile_time_across_every_change_of_offset_from_2000_to_2040(zone: str) -> None:
    """Shifts follow each other without gap or overlap at all of them, and one instant before a handover the other has it."""
    turns = [
        Rotation(["a", "b", "c"], "2012-02-29T02:30", zone, every)
        for every in ("1 day", "2 days", "1 week", "1 month", "8 hours", "8 wall hours")
    ]
    turns.append(Rotation(["a", "b", "c"], "2012-02-29", zone, "1 duty day", windows={"mon-sun": ["00:00-24:00"]}))
    for change in transitions(zone, 2000, 2040) or [datetime(2000, 2, 29, tzinfo=UTC)]:
        a, b = change - DAY, change + DAY
        for rotation in turns:
            shifts = rotation.shifts(a, b)

            assert shifts[0].start <= a < b <= shifts[-1].end
            assert all(before.end == after.start for before, after in pairwise(shifts))
            assert [shift.users for shift in shifts] == [rotation.on_call(shift.start) for shift in shifts]
            assert [shift.users for shift in shifts] == [
                rotation.on_call(shift.end - timedelta(microseconds=1)) for shift in shifts
            ]


@pytest.mark.parametrize("zone", ZONES)
def test_shifts_tile_forty_years(zone: str) -> None:
    """The turns of 2000 to 2040 in one go have no gap, no overlap and each user in turn, unless a zone skips a turn's day."""
    for every in ("11 days", "1 week", "1 month"):
        shifts = Rotation(["a", "b", "c"], "2020-05-31T01:30", zone, every).shifts(
            datetime(2000, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
        )
        order = {("a",): ("b",), ("b",): ("c",), ("c",): ("a",)}

        assert all(before.end == after.start for before, after in pairwise(shifts))
        assert all(order[before.users] == after.users for before, after in pairwise(shifts))


CHANGES: dict[tuple[str, int], list[datetime]] = {}


def _changes(zone: str, year: int) -> list[datetime]:
    if (zone, year) not in CHANGES:
        CHANGES[zone, year] = transitions(zone, year, year)
    return CHANGES[zone, year]


@st.composite
def moments(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone and an instant near one of its changes of offset, where it has any in the year."""
    zone, year = draw(st.sampled_from(ZONES)), draw(st.sampled_from([2000, 2005, 2007, 2011, 2018, 2024, 2026, 2033, 2040]))
    changes = _changes(zone, year) or [datetime(year, 5, 31, 12, tzinfo=UTC)]
    minutes = draw(st.integers(-180, 180) | st.integers(-36 * 60, 36 * 60))
    return zone, draw(st.sampled_from(changes)) + timedelta(minutes=minutes)


@st.composite
def rotations(draw: st.DrawFn, zone: str, near: datetime, windows: Any = None) -> Rotation:
    unit, most = draw(st.sampled_from([("wall hour", 40), ("day", 9), ("week", 3), ("month", 4)]))
    away = draw(st.integers(-400, 400))
    # Most changes of offset are at night: without help few turns would begin in the hour that is missing or shown twice.
    wall = draw(st.integers(0, 12).map(lambda quarter: quarter * 15) | st.integers(0, 1439))
    start = (near + timedelta(days=away)).replace(tzinfo=None, hour=0, minute=0) + timedelta(minutes=wall)
    count = draw(st.integers(1, most))
    length = draw(st.integers(1, 2))
    return Rotation(
        [f"u{number}" for number in range(draw(st.integers(1, 5)))], start, zone, f"{count} {unit}s", length, windows
    )


@LAWS
@given(st.data())
def test_shifts_tile_time(data: st.DataObject) -> None:
    """Shifts follow each other without gap or overlap across changes of offset, and who is on call is in the shift there."""
    zone, near = data.draw(moments())
    rotation = data.draw(rotations(zone, near))
    a, b = near - timedelta(days=data.draw(st.integers(0, 9))), near + timedelta(days=data.draw(st.integers(1, 9)))
    shifts = rotation.shifts(a, b)

    assert shifts[0].start <= a < b <= shifts[-1].end
    assert all(before.end == after.start for before, after in pairwise(shifts))
    assert all(shift.start < shift.end for shift in shifts)
    for shift in shifts:
        last = shift.end - timedelta(microseconds=1)
        for at in (shift.start, shift.start + (shift.end - shift.start) / 2, last):
            assert shift.users == rotation.on_call(at)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_turns_are_those_of_a_walk_along_the_wall_clock(data: st.DataObject) -> None:
    """Walking minute by minute finds the same turns: first occurrences begin them, gaps begin them at once."""
    zone, near = data.draw(moments())
    rotation = data.draw(rotations(zone, near))
    walk = Walk(zone, near, near + timedelta(hours=8))
    start = datetime.fromisoformat(rotation.start)
    count, unit = rotation.every.split(maxsplit=1)
    for minutes in range(0, 480, 7):
        at = walk.begin + timedelta(days=3, minutes=minutes)
        turn = walk.turn(at, start, int(count) * rotation.length, unit.rstrip("s"))

        assert rotation.users[turn % len(rotation.users)] == rotation.on_call(at)


@st.composite
def weeks(draw: st.DrawFn) -> dict[str, list[tuple[int, int]]]:
    """Windows in minutes after midnight; some run overnight, some touch, some begin in the hours that zones change in."""
    week: dict[str, list[tuple[int, int]]] = {}
    for day in DAYS:
        if draw(st.booleans()):
            bounds = draw(
                st.lists(
                    st.sampled_from([0, 30, 60, 90, 120, 150, 180, 540, 720, 1380, 1410]), min_size=2, max_size=4, unique=True
                )
            )
            bounds.sort()
            pairs = list(pairwise(bounds))
            if draw(st.booleans()):
                pairs.append((bounds[-1], bounds[0] + 1440))
            week[day] = pairs
    return week or {"sun": [(60, 150)]}


def texts(week: dict[str, list[tuple[int, int]]]) -> dict[str, list[str]]:
    def clock(minute: int) -> str:
        return f"{minute % 1440 // 60:02}:{minute % 60:02}"

    return {day: [f"{clock(start)}-{clock(end)}" for start, end in pairs] for day, pairs in week.items()}


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_windows_are_those_of_a_walk_along_the_wall_clock(data: st.DataObject) -> None:
    """A window lasts from the first occurrence of its start to the last of its end, whatever the zone does meanwhile."""
    zone, near = data.draw(moments())
    week = data.draw(weeks())
    rotation = data.draw(rotations(zone, near, texts(week)))
    walk = Walk(zone, near, near + timedelta(hours=8))
    shifts = rotation.shifts(near - timedelta(days=2), near + timedelta(days=2))
    for minutes in range(0, 480, 5):
        at = walk.begin + timedelta(days=3, minutes=minutes)
        users = rotation.on_call(at)

        assert walk.is_open(at, week) == bool(users)
        assert [shift.users for shift in shifts if shift.start <= at < shift.end] == ([users] if users else [])


@LAWS
@given(st.data())
def test_turns_of_hours_are_equally_long(data: st.DataObject) -> None:
    """Turns of hours pass as time passes, before their start as after it."""
    zone, near = data.draw(moments())
    hours = data.draw(st.integers(1, 100))
    rotation = Rotation(["a", "b", "c"], near, zone, f"{hours} hours")
    at = near + timedelta(minutes=data.draw(st.integers(-100_000, 100_000)))
    turn = (at - near) // timedelta(hours=hours)

    assert rotation.users[turn % 3] == rotation.on_call(at)
    assert {timedelta(hours=hours)} == {shift.end - shift.start for shift in rotation.shifts(at, at + timedelta(days=9))}


@LAWS
@given(st.data())
def test_a_rotation_written_and_read_is_the_same(data: st.DataObject) -> None:
    """Data, pickle and the zone in which an instant is written change nothing."""
    zone, near = data.draw(moments())
    rotation = data.draw(rotations(zone, near, data.draw(st.none() | weeks().map(texts))))
    again = Rotation(**json.loads(json.dumps(rotation.to_data())))
    schedule = Schedule(layers=[rotation], overrides=[{"start": near, "end": near + timedelta(hours=1), "users": "zoe"}])

    assert (rotation, hash(rotation)) == (again, hash(again))
    assert rotation == pickle.loads(pickle.dumps(rotation))
    assert schedule == Schedule(**json.loads(json.dumps(schedule.to_data())))
    assert rotation.on_call(near) == again.on_call(near.astimezone(ZoneInfo("Asia/Tokyo")))


@LAWS
@given(st.data())
def test_nothing_changes_before_the_next_change(data: st.DataObject) -> None:
    """Between an instant and its next change the same people are on call."""
    zone, near = data.draw(moments())
    rotation = data.draw(rotations(zone, near, data.draw(st.none() | weeks().map(texts))))
    schedule = Schedule(layers=[rotation, Rotation(["x", "y"], near, zone, "7 hours")])
    change = schedule.next_change(near)

    assert change is not None
    assert change > near
    for part in (0.0, 0.3, 0.7):
        assert schedule.on_call(near) == schedule.on_call(near + (change - near) * part)
    assert schedule.on_call(near) == schedule.on_call(change - timedelta(microseconds=1))


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_what_is_held_of_a_turn_is_that_of_a_walk(data: st.DataObject) -> None:
    """Duty that is a part of each turn ends when its wall time has been shown, or where the next turn begins."""
    zone, near = data.draw(moments())
    rotation = data.draw(rotations(zone, near))
    days = data.draw(st.integers(1, 10))
    part = Rotation(rotation.users, rotation.start, zone, rotation.every, rotation.length, hold_for=f"{days} days")
    walk = Walk(zone, near, near + timedelta(hours=8))
    count, unit = rotation.every.split(maxsplit=1)
    for minutes in range(0, 480, 11):
        at = walk.begin + timedelta(days=3, minutes=minutes)
        held = walk.held(at, datetime.fromisoformat(rotation.start), int(count) * rotation.length, unit.rstrip("s"), days)

        assert (rotation.on_call(at) if held else ()) == part.on_call(at)


@LAWS
@given(st.data())
def test_windows_may_have_a_zone_of_their_own(data: st.DataObject) -> None:
    """Who has the turn depends on the zone of the rotation alone, whether it is duty on the zone of the windows alone."""
    zone, near = data.draw(moments())
    other, week = data.draw(st.sampled_from(ZONES)), texts(data.draw(weeks()))
    turns = data.draw(rotations(zone, near))
    mixed = Rotation(turns.users, turns.start, zone, turns.every, turns.length, week, windows_zone=other)
    opened = Rotation(["x"], near, other, windows=week)
    for hours in data.draw(st.lists(st.integers(-200, 200), min_size=1, max_size=20)):
        at = near + timedelta(hours=hours)

        assert (turns.on_call(at) if opened.on_call(at) else ()) == mixed.on_call(at)


@LAWS
@given(st.data())
def test_back_is_forth_the_other_way(data: st.DataObject) -> None:
    """Stretches of duty are the same whichever way they are walked, over months and whatever windows run into each other."""
    zone, near = data.draw(moments())
    rotation = data.draw(rotations(zone, near, data.draw(weeks().map(texts))))
    low, high = micros(near - 45 * DAY), micros(near + 45 * DAY)
    forth = list(takewhile(lambda piece: piece[0] < high, rotation.pieces(low)))
    back = list(takewhile(lambda piece: piece[1] > low, rotation.pieces_back(high)))

    assert forth == back[::-1]


PEOPLE = tuple("abcdefgh")
lists = st.permutations(PEOPLE).flatmap(lambda order: st.integers(1, len(order)).map(lambda count: order[:count]))


@LAWS
@given(st.data())
def test_an_edit_keeps_who_is_on_duty_and_the_order_of_all_others(data: st.DataObject) -> None:
    """After edits everybody comes as if the list had been passed on by hand, and before them nothing has changed."""
    zone, near = data.draw(moments())
    users = data.draw(lists)
    plain = Rotation(users, near, zone, "1 day")
    edits = sorted(data.draw(st.dictionaries(st.integers(1, 30 * 24), lists, min_size=1, max_size=4)).items())
    edited = plain
    for hours, others in data.draw(st.permutations(edits)):
        edited = edited.with_users(others, near + timedelta(hours=hours))
    shifts = plain.shifts(near, near + timedelta(days=40))
    # In turns of a day at most one edit falls on each: it is told by the turn that runs when it is made.
    made = [
        (max(number for number, shift in enumerate(shifts) if shift.start <= near + timedelta(hours=hours)), others)
        for hours, others in edits
    ]
    expected = passed_on(users, made, len(shifts))

    for number, shift in enumerate(shifts):
        assert (expected[number],) == edited.on_call(shift.end - timedelta(microseconds=1))
    first = near + timedelta(hours=edits[0][0])
    for shift in plain.shifts(near - timedelta(days=9), first):
        for at in (shift.start, min(shift.end, first) - timedelta(microseconds=1)):
            assert shift.users == edited.on_call(at)
    assert edited == Rotation(**json.loads(json.dumps(edited.to_data())))


@st.composite
def stand_ins(draw: st.DrawFn, near: datetime) -> dict[str, Any]:
    start = near + timedelta(minutes=15 * draw(st.integers(-400, 400)))
    given_: dict[str, Any] = {
        "start": start,
        "end": start + timedelta(minutes=15 * draw(st.integers(1, 200))),
        "users": [draw(st.sampled_from(["u0", "u1", "zoe", "yan"]))],
        "action": draw(st.sampled_from(["replace", "add", "remove"])),
    }
    if given_["action"] == "replace" and draw(st.booleans()):
        given_["instead_of"] = draw(st.sampled_from(["u0", "u1", "u2"]))
    return given_


@st.composite
def schedules(draw: st.DrawFn, zone: str, near: datetime) -> Schedule:
    """Layers, some of them for a while only, with overrides that do not contradict each other and perhaps a stretch apart."""
    layers = []
    for _ in range(draw(st.integers(1, 3))):
        layer = draw(rotations(zone, near, draw(st.none() | weeks().map(texts))))
        data = layer.to_data()
        if draw(st.booleans()):
            begins = near + timedelta(hours=draw(st.integers(-90, 60)))
            data |= {"begins": begins, "ends": begins + timedelta(hours=draw(st.integers(1, 90)))}
        layers.append(Rotation(**data, level=draw(st.none() | st.integers(1, 2))))
    kept: list[Override] = []
    for one in draw(st.lists(stand_ins(near), max_size=6)):
        with suppress(DefinitionError):  # it contradicts one before
            kept = list(Schedule(overrides=[*kept, one]).overrides)
    start = near + timedelta(hours=draw(st.integers(-60, 60)))
    shift = {"start": start + timedelta(hours=3), "end": start + timedelta(hours=9), "users": "tim"}
    apart = [{"start": start, "end": start + timedelta(hours=12), "shifts": [shift]}] if draw(st.booleans()) else []
    return Schedule(layers, kept, draw(st.sampled_from(["union", "top"])), temporary=apart)


def scanned(schedule: Schedule, at: datetime) -> tuple[str, ...]:
    """Who is on call, by looking at everything there is."""
    for stretch in schedule.temporary:
        if stretch.start <= at < stretch.end:
            return tuple(user for shift in stretch.shifts if shift.start <= at < shift.end for user in shift.users)
    named = [(layer.level or 0, users) for layer in schedule.layers if (users := layer.on_call(at))]
    if schedule.combine == "top":
        highest = max((level for level, _ in named), default=0)
        named = [one for one in named if one[0] == highest]
        if all(layer.level is None for layer in schedule.layers):
            named = named[-1:]
    base = [user for _, users in named for user in users]
    holding = [(one.action, one.users, one.instead_of) for one in schedule.overrides if one.start <= at < one.end]
    return tuple(dict.fromkeys(overridden(base, holding)))


@LAWS
@given(st.data())
def test_the_shifts_of_a_schedule_are_who_is_on_call(data: st.DataObject) -> None:
    """Shifts, single questions and a scan of all layers and overrides agree, and a shift asked for from inside is whole."""
    zone, near = data.draw(moments())
    schedule = data.draw(schedules(zone, near))
    a, b = near - timedelta(days=2), near + timedelta(days=2)
    shifts = schedule.shifts(a, b)

    assert all(before.end <= after.start for before, after in pairwise(shifts))
    for at in (a + timedelta(minutes=35 * step) for step in range(int((b - a) / timedelta(minutes=35)))):
        users = schedule.on_call(at)
        there: Sequence[Shift] = [shift for shift in shifts if shift.start <= at < shift.end]

        assert scanned(schedule, at) == users
        assert [shift.users for shift in there] == ([users] if users else [])
    for shift in shifts:
        middle = shift.start + (shift.end - shift.start) / 2

        assert (shift,) == schedule.shifts(middle, middle + timedelta(microseconds=1))
    assert schedule == Schedule(**json.loads(json.dumps(schedule.to_data())))


@LAWS
@given(st.data())
def test_next_and_previous_are_found_in_the_shifts(data: st.DataObject) -> None:
    """Next and previous are the nearest others among the shifts around; one layer alone is a schedule of itself."""
    zone, near = data.draw(moments())
    schedule = data.draw(schedules(zone, near))
    around = schedule.shifts(near - timedelta(days=30), near + timedelta(days=30))
    now = schedule.on_call(near)
    later = [shift.users for shift in around if shift.start > near and shift.users != now]
    earlier = [shift.users for shift in around if shift.end <= near and shift.users != now]

    assert later[:1] in ([], [schedule.next_on_call(near)])
    assert earlier[-1:] in ([], [schedule.previous_on_call(near)])
    layer = schedule.layers[0]
    assert layer.shifts(near - DAY, near + DAY) == Schedule([layer]).shifts(near - DAY, near + DAY)
    assert layer.next_on_call(near) == Schedule([layer]).next_on_call(near)
    assert layer.previous_on_call(near) == Schedule([layer]).previous_on_call(near)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_what_was_asked_before_makes_no_difference(data: st.DataObject) -> None:
    """One rotation asked again and again, in any order, answers as one that nobody has asked anything yet."""
    zone, near = data.draw(moments())
    parts = data.draw(rotations(zone, near)).to_data()
    if data.draw(st.booleans()):
        parts |= {"begins": near - timedelta(hours=30), "ends": near + timedelta(hours=30)}
    rotation = Rotation(**parts)
    for hours in data.draw(st.lists(st.integers(-100, 100), max_size=2, unique=True)):
        rotation = rotation.with_users(["x", "y", "u0"], near + timedelta(hours=hours))
    for minutes in data.draw(st.lists(st.integers(-7_000, 7_000), min_size=2, max_size=30)):
        at = near + timedelta(minutes=minutes)

        assert pickle.loads(pickle.dumps(rotation)).on_call(at) == rotation.on_call(at)
