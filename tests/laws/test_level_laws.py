"""Knows what holds for whose calendar levels and helpers count in; must not know how calendars count."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.calendars import Calendar
from servflow.engine import Workflow
from servflow.model import ChainResumed, ChainStarted, Escalated, Outcome, Record, Ticket, World, dump, load_ticket

LAWS = settings(max_examples=30, deadline=None)
START = datetime(2026, 3, 5, 9, tzinfo=UTC)
"""A Thursday, so that a weekend lies in between; the clocks of New York change two days later."""
MINUTE = timedelta(minutes=1)

HOURS = {"office": ("UTC", 9, 17), "late": ("America/New_York", 12, 20), "day": ("Asia/Tokyo", 8, 12)}
ZONES = {"bob": "America/New_York", "sue": "Asia/Tokyo"}


def hours(name: str) -> Calendar:
    zone, first, last = HOURS[name]
    return Calendar(zone, {"mon-fri": [f"{first:02}:00-{last:02}:00"]})


WORLD = World(
    engineers=[{"id": "bob", "shift": "late", "zone": ZONES["bob"]}, {"id": "ann"}],
    people=[{"id": "sue", "zone": ZONES["sue"]}],
    outlets=[{"id": "north", "shift": "day", "zone": "Asia/Tokyo"}, {"id": "south"}],
    calendars={"late": hours("late"), "day": hours("day")},
)

counted = st.sampled_from(
    [
        {},
        {"calendar": "office"},
        {"calendar": {"of": "ticket"}},
        {"calendar": {"of": "outlet"}},
        {"calendar": {"of": "recipient"}},
        {"zone": "recipient"},
        {"zone": "outlet"},
        {"calendar": "office", "zone": "recipient"},
        {"calendar": "office", "zone": "Asia/Tokyo"},
        {"calendar": {"of": "recipient"}, "zone": "outlet"},
    ]
)


@st.composite
def levels(draw: st.DrawFn) -> list[dict[str, Any]]:
    count = draw(st.integers(1, 3))
    made = []
    for number in range(count):
        do: list[dict[str, Any]] = [{"notify": {"to": draw(st.sampled_from(["assignee", "owner"])), "template": "t"}}]
        if draw(st.booleans()):
            do.append({"add_helper": {"to": {"user": "bob"}, "within": f"{draw(st.integers(1, 9))}h", **draw(counted)}})
        one: dict[str, Any] = {"name": f"l{number}", "after": f"{draw(st.integers(0, 12))}h", "do": do, **draw(counted)}
        if number + 1 < count and draw(st.booleans()):
            goto = draw(st.integers(number + 1, count - 1))
            one |= {"when": "amount > 5", "otherwise": draw(st.sampled_from(["skip", "wait", {"goto": f"l{goto}"}]))}
        if draw(st.booleans()):
            one["remind"] = {"every": f"{draw(st.integers(1, 6))}h", "times": draw(st.integers(1, 2))}
        made.append(one)
    return made


events = st.lists(
    st.tuples(
        st.integers(0, 5 * 24 * 60),
        st.sampled_from(
            [
                ("ticket.assign", {"to": "bob"}),
                ("ticket.assign", {"to": "sue"}),
                ("ticket.assign", {"to": "ann"}),
                ("ticket.assign", {"slot": "owner", "to": "sue"}),
                ("ticket.update", {"outlet": "north"}),
                ("ticket.update", {"outlet": "south"}),
                ("ticket.update", {"amount": 9}),
                ("chain.acknowledge", None),
                ("chain.unacknowledge", None),
            ]
        ),
    ),
    max_size=8,
).map(lambda drawn: sorted(drawn, key=lambda item: item[0]))


def flow(chain_levels: list[dict[str, Any]]) -> Workflow:
    return Workflow(
        workflow="w",
        initial="a",
        fields={"amount": {"type": "int", "default": 0}},
        states={"a": {}, "z": {"closed": True}},
        transitions=[{"event": "end", "source": "a", "target": "z"}],
        calendars={"office": hours("office")},
        escalations=[{"name": "c", "start": {"state": "a"}, "levels": chain_levels}],
    )


class Life:
    """A ticket to which things happen; between them time passes in some looks or in none."""

    def __init__(self, workflow: Workflow, *, through_json: bool = False) -> None:
        self.workflow = workflow
        self.through_json = through_json
        self.records: list[Record] = []
        self.ticket: Ticket = self._kept(workflow.open("T", {}, at=START, world=WORLD))

    def _kept(self, outcome: Outcome) -> Ticket:
        self.records.extend(outcome.records)
        ticket = outcome.ticket
        return load_ticket(json.loads(json.dumps(dump(ticket)))) if self.through_json else ticket

    def fire(self, minute: int, event: str, payload: Any) -> None:
        if event.startswith("chain.") and not self.ticket.chains:
            # A run may have ended by then: let time pass first, as the event would.
            return
        at = START + minute * MINUTE
        passed = self.workflow.advance(self.ticket, at=at, world=WORLD)
        if event.startswith("chain.") and not _answers(passed.ticket, event):
            return
        self.ticket = self._kept(self.workflow.fire(self.ticket, event, payload, at=at, world=WORLD))

    def look(self, minute: int) -> None:
        self.ticket = self._kept(self.workflow.advance(self.ticket, at=START + minute * MINUTE, world=WORLD))


def _answers(ticket: Ticket, event: str) -> bool:
    phases = {"chain.acknowledge": ("running", "acknowledged"), "chain.unacknowledge": ("acknowledged",)}[event]
    return any(run.phase in phases for run in ticket.chains)


def lived(workflow: Workflow, happened: list[Any], looks: list[int], *, through_json: bool = False) -> Life:
    life = Life(workflow, through_json=through_json)
    for minute, what in sorted(
        [*((minute, what) for minute, what in happened), *((minute, None) for minute in looks)], key=lambda item: item[0]
    ):
        if what is None:
            life.look(minute)
        else:
            life.fire(minute, *what)
    return life


@LAWS
@given(levels(), events, st.lists(st.integers(0, 9 * 24 * 60), max_size=10))
def test_looks_change_nothing(chain_levels: list[dict[str, Any]], happened: list[Any], looks: list[int]) -> None:
    """Whose calendar counts is found at scheduled instants: any looks and any cuts through JSON give the same ticket."""
    workflow, end = flow(chain_levels), 10 * 24 * 60

    once = lived(workflow, happened, [end])
    often = lived(workflow, happened, [*looks, end], through_json=True)

    assert once.ticket == often.ticket
    assert once.ticket == workflow.fold(once.records)
    assert _scheduled(once) == _scheduled(often)


def _scheduled(life: Life) -> list[Any]:
    return [(record.name, record.scheduled) for record in life.records if isinstance(record, Escalated)]


@LAWS
@given(levels(), events)
def test_levels_climb_and_fire_once(chain_levels: list[dict[str, Any]], happened: list[Any]) -> None:
    """A climb goes upwards only, in order of time, and no level of one climb fires twice."""
    life = lived(flow(chain_levels), happened, [20 * 24 * 60])

    done = [record for record in life.records if isinstance(record, Escalated) and record.outcome != "skipped"]
    places = [(record.run.climb, record.level) for record in done]
    assert sorted(set(places)) == places
    assert all(before.scheduled <= after.scheduled for before, after in pairwise(done))


def _open(minute: datetime, calendar: str | None, zone: str | None) -> bool:
    if calendar is None:
        return True
    home, first, last = HOURS[calendar]
    local = minute.astimezone(ZoneInfo(zone or home))
    return local.weekday() < 5 and first <= local.hour < last


def _walked(base: datetime, length: timedelta, calendar: str | None, zone: str | None) -> datetime:
    """The due instant by counting open minutes one after another."""
    at, left = base, length // MINUTE
    while left:
        left -= _open(at, calendar, zone)
        at += MINUTE
    return at


@LAWS
@given(levels(), st.sampled_from(["bob", "sue", "ann"]), st.sampled_from(["north", "south"]))
def test_what_is_due_was_counted_minute_by_minute(chain_levels: list[dict[str, Any]], who: str, outlet: str) -> None:
    """Every due of a run that is left alone is what counting minutes of the calendar it names comes to."""
    happened = [(0, ("ticket.assign", {"to": who})), (0, ("ticket.update", {"outlet": outlet}))]
    life = lived(flow(chain_levels), happened, [20 * 24 * 60])

    runs = [record.run for record in life.records if isinstance(record, (ChainStarted, Escalated, ChainResumed))]
    for run in runs:
        if run.due is None or run.base is None:
            continue
        level, found = chain_levels[run.level], run.counted_in
        named = level.get("calendar")
        calendar = (found.shift or found.calendar) if found else named if isinstance(named, str) else None
        length = timedelta(hours=int(level["after"].removesuffix("h")))
        assert _walked(run.base, length, calendar, found.zone if found else None) == run.due
    for promise in life.ticket.helping.values():
        found = promise.counted_in
        calendar = (found.shift or found.calendar) if found else promise.calendar
        length = timedelta(hours=int(promise.within.removesuffix("h")))
        assert _walked(promise.since, length, calendar, found.zone if found else None) == promise.due
