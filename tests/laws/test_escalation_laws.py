"""Knows what holds for every chain, rotation and schedule; must not know how they are computed."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.calendars import Calendar
from servflow.escalation import (
    ELAPSED,
    Chain,
    Counts,
    Rotation,
    Schedule,
    acknowledge,
    begin,
    climb,
    next_due,
    plan,
    remind,
    wake_up,
)
from servflow.model import ChainRun, dump, load
from tests.oracles.rotation_walk import DAYS, Walk

LAWS = settings(max_examples=60, deadline=None)

OFFICE = Calendar("Asia/Shanghai", {"mon-fri": ["09:00-12:00", "13:00-18:00"]}, holidays=["2026-03-04"])
NIGHTS = Calendar("America/New_York", {"fri-tue": ["22:00-06:00"]})
CALENDARS = {"office": OFFICE, "nights": NIGHTS}
START = datetime(2026, 3, 2, 2, tzinfo=UTC)

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
    "Asia/Kathmandu",
)


def calendar(name: str | None) -> Counts:
    return ELAPSED if name is None else CALENDARS[name]


# Chains and runs

spans = st.one_of(
    st.integers(0, 20).map(lambda hours: f"{hours}h"),
    st.integers(1, 600).map(lambda minutes: f"{minutes}m"),
    st.integers(1, 3).map(lambda days: f"{days}d"),
)
instants = st.integers(0, 20 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


@st.composite
def levels(draw: st.DrawFn, one_calendar: bool = False) -> list[dict[str, Any]]:
    shared = draw(st.sampled_from([None, "office", "nights"]))
    found = []
    for number in range(draw(st.integers(1, 4))):
        name = shared if one_calendar else draw(st.sampled_from([None, "office", "nights"]))
        hours = st.integers(0, 20).map(lambda count: f"{count}h")
        level: dict[str, Any] = {"name": f"level {number}", "after": draw(hours if one_calendar else spans), "calendar": name}
        if draw(st.booleans()):
            level["remind"] = {
                "every": draw(st.integers(1, 9).map(lambda count: f"{count}h")),
                "times": draw(st.integers(1, 3)),
            }
        found.append(level)
    return found


@st.composite
def chains(draw: st.DrawFn, one_calendar: bool = False) -> Chain:
    repeat = draw(st.none() | st.builds(dict, times=st.integers(1, 3), after=st.just("2h") if one_calendar else spans))
    return Chain(
        name="late",
        start={"event": "x"},
        levels=draw(levels(one_calendar)),
        on_ack="pause" if one_calendar else draw(st.sampled_from(["pause", "continue"])),
        ack_ttl=None if one_calendar else draw(st.none() | st.sampled_from(["30m", "6h", "2d"])),
        unack="continue" if one_calendar else draw(st.sampled_from(["continue", "restart"])),
        repeat=repeat,
    )


scripts = st.lists(st.tuples(instants, st.sampled_from(["ack", "unack", "snooze", "escalate"])), max_size=6)


def ticked(chain: Chain, run: ChainRun, now: datetime) -> ChainRun:
    """The run after everything set for an instant strictly before now."""
    while (coming := next_due(run)) is not None and coming[0] < now:
        if coming[1] == "resume":
            run = wake_up(chain, run, coming[0], calendar)
        else:
            run = remind(chain, run, calendar) if coming[1] == "reminder" else climb(chain, run, calendar)
    return run


@LAWS
@given(chains(), instants, st.lists(instants, max_size=8), instants)
def test_ticks_at_any_instants_give_the_same_run(
    chain: Chain, acknowledged: datetime, ticks: list[datetime], end: datetime
) -> None:
    """However often and whenever the host looks, the run at the end is the same."""

    def at_the_end(looks: Iterable[datetime]) -> ChainRun:
        run = begin(chain, "c", START, calendar)
        for look in looks:
            if look == acknowledged:
                run = acknowledge(chain, ticked(chain, run, look), look, "ann", calendar)
            run = ticked(chain, run, look)
        return run

    last = max([acknowledged, end, *ticks])

    assert at_the_end([acknowledged, last]) == at_the_end([*sorted({acknowledged, *ticks}), last])


@LAWS
@given(chains(one_calendar=True), instants, st.integers(0, 5 * 24 * 60))
def test_a_freeze_moves_what_is_left_by_what_counted_in_between(chain: Chain, frozen: datetime, minutes: int) -> None:
    """Every level and reminder after an acknowledgement comes later by exactly the time that counted meanwhile."""
    thawed = frozen + timedelta(minutes=minutes)
    end = START + timedelta(days=400)
    count = calendar(chain.levels[0].calendar)
    before = list(plan(chain, START, end, calendars=CALENDARS))
    after = plan(chain, START, end, [(frozen, "ack"), (thawed, "unack")], calendars=CALENDARS)

    def known(items: Iterable[Any]) -> dict[Any, list[datetime]]:
        places: dict[Any, list[datetime]] = {}
        for item in items:
            places.setdefault((item.climb, item.level, item.kind), []).append(item.at)
        return places

    plain, shifted = known(before), known(after)
    if not any(item.at >= frozen for item in before):
        assert before == list(after)
        return

    assert plain.keys() == shifted.keys()
    for place, times in plain.items():
        for was, now in zip(times, shifted[place], strict=True):
            if was < frozen:
                assert was == now
            else:
                assert count.between(frozen, thawed) == count.between(was, now)


@LAWS
@given(chains(), scripts)
def test_no_level_fires_twice_in_one_climb(chain: Chain, script: list[Any]) -> None:
    """Whatever people do, one climb reaches a level once, never goes back in time, and climbs are bounded."""
    planned = plan(chain, START, START + timedelta(days=60), script, calendars=CALENDARS)
    fired = [(item.climb, item.level) for item in planned if item.kind == "level"]

    assert len(set(fired)) == len(fired)
    assert sorted(fired) == fired
    assert [item.at for item in planned] == sorted(item.at for item in planned)


@LAWS
@given(chains(), scripts, instants)
def test_json_changes_nothing(chain: Chain, script: list[Any], end: datetime) -> None:
    """A chain and a run written as JSON and read back are the same and go on the same way."""
    again = Chain(**json.loads(json.dumps(chain.to_data())))
    run = ticked(chain, begin(chain, "c", START, calendar), end)
    frozen = acknowledge(chain, run, end, "ann", calendar)

    assert (chain, chain.hash, hash(chain)) == (again, again.hash, hash(again))
    assert chain == pickle.loads(pickle.dumps(chain))
    for state in (run, frozen):
        assert state == load(json.loads(json.dumps(dump(state))))
    assert plan(chain, START, end, script, calendars=CALENDARS) == plan(again, START, end, script, calendars=CALENDARS)


# Rotations


def transitions(zone: str, year: int) -> list[datetime]:
    key = ZoneInfo(zone)
    first = datetime(year, 1, 1, tzinfo=UTC)
    hours = [first + timedelta(hours=step) for step in range(366 * 24)]
    offsets = [hour.astimezone(key).utcoffset() for hour in hours]
    return [hours[step] for step in range(1, len(hours)) if offsets[step] != offsets[step - 1]]


CHANGES: dict[tuple[str, int], list[datetime]] = {}


@st.composite
def moments(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone and an instant near one of its changes of offset, where it has any in the year."""
    zone, year = draw(st.sampled_from(ZONES)), draw(st.sampled_from([2000, 2005, 2007, 2011, 2018, 2024, 2026, 2033, 2040]))
    changes = CHANGES.setdefault((zone, year), transitions(zone, year)) or [datetime(year, 5, 31, 12, tzinfo=UTC)]
    minutes = draw(st.integers(-180, 180) | st.integers(-36 * 60, 36 * 60))
    return zone, draw(st.sampled_from(changes)) + timedelta(minutes=minutes)


@st.composite
def rotations(draw: st.DrawFn, zone: str, near: datetime, windows: Any = None) -> Rotation:
    unit, most = draw(st.sampled_from([("day", 9), ("week", 3), ("month", 4)]))
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


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_turns_are_those_of_a_walk_along_the_wall_clock(data: st.DataObject) -> None:
    """Walking minute by minute finds the same turns: first occurrences begin them, gaps begin them at once."""
    zone, near = data.draw(moments())
    rotation = data.draw(rotations(zone, near))
    walk = Walk(zone, near, near + timedelta(hours=8))
    start = datetime.fromisoformat(rotation.start)
    count, unit = rotation.every.split()
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


@settings(max_examples=40, deadline=None)
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
