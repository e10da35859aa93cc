"""Knows what holds for every chain; must not know how runs are computed."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.calendars import Calendar
from servflow.escalation import (
    ELAPSED,
    Chain,
    Counts,
    acknowledge,
    begin,
    climb,
    next_due,
    plan,
    remind,
    wake_up,
)
from servflow.model import ChainRun, dump, load

LAWS = settings(max_examples=60, deadline=None)

OFFICE = Calendar("Asia/Shanghai", {"mon-fri": ["09:00-12:00", "13:00-18:00"]}, holidays=["2026-03-04"])
NIGHTS = Calendar("America/New_York", {"fri-tue": ["22:00-06:00"]})
CALENDARS = {"office": OFFICE, "nights": NIGHTS}
START = datetime(2026, 3, 2, 2, tzinfo=UTC)


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
