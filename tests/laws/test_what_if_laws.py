"""Knows the laws of asking what would be: the answer is what doing it comes to; must not know how it is worked out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from servflow import Workflow, sla
from servflow.calendars import Calendar, OpenTime
from servflow.engine._recompute import with_calendars
from servflow.errors import Refused
from servflow.model import Actor, Ticket, dump
from tests.laws.kernel_strategies import MINUTE, Opening, Step, openings, play, step_lists
from tests.laws.kernel_workflows import CLOCKS, NIGHT, ODD, OFFICE, START

DAYS = [f"2026-{month:02}-{day:02}" for month, first, last in ((3, 1, 31), (4, 1, 12)) for day in range(first, last + 1)]


def edited(data: dict[str, Any], days: list[str]) -> dict[str, Any]:
    """A calendar with other holidays than it had."""
    return {**data, "holidays": sorted({*data.get("holidays", ()), *days})}


@st.composite
def editions(draw: st.DrawFn) -> dict[str, Any]:
    """Other holidays for some of the calendars, and now and then another week."""
    found: dict[str, Any] = {}
    for name, data in (("office", OFFICE), ("night", NIGHT), ("odd", ODD)):
        kind = draw(st.sampled_from(["holidays", "holidays", "week", "same"]))
        if kind == "holidays":
            found[name] = edited(data, draw(st.lists(st.sampled_from(DAYS), max_size=6)))
        elif kind == "week":
            found[name] = {**data, "week": {"mon-sun": ["08:00-20:00"]}, "known_until": "2026-03-10"}
    return found


def stood(workflow: Workflow, ticket: Ticket, at: datetime) -> dict[str, sla.Standing]:
    """Every clock of a ticket as it stands."""
    counting, clocks = workflow.compiled.counting, {clock.name: clock for clock in workflow.clocks}
    return {name: sla.standing(run, at, counting(run.calendar), clocks[name]) for name, run in ticket.clocks.items()}


def advanced(before: Workflow, after: Workflow, ticket: Ticket, at: datetime) -> list[tuple[str, Any, Any]]:
    """What differs, by advancing the ticket under either edition."""
    old, new = (stood(flow, flow.advance(ticket, at=at).ticket, at) for flow in (before, after))
    return [(name, old.get(name), new.get(name)) for name in (*old, *(new.keys() - old)) if old.get(name) != new.get(name)]


@given(openings, step_lists(most=8), editions(), st.one_of(st.just(0), st.integers(0, 200), st.integers(0, 5 * 24 * 60)))
def test_recompute_is_advancing_under_the_other_calendars(
    opening: Opening, steps: list[Step], calendars: dict[str, Any], later: int
) -> None:
    """Law: what recompute tells of a ticket is what advancing it under either edition comes to, nothing more or less."""
    story = play(CLOCKS, opening, steps)
    workflow = CLOCKS.workflow
    at = story.end + later * MINUTE
    tickets = [attrs.evolve(outcome.ticket, id=f"T{number}") for number, outcome in enumerate(story.outcomes[-2:])]

    found = workflow.recompute(tickets, calendars=calendars, at=at)

    other = with_calendars(workflow, calendars)
    expected = [(ticket.id, *change) for ticket in tickets for change in advanced(workflow, other, ticket, max(at, ticket.at))]
    assert expected == [(change.ticket, change.clock, change.before, change.after) for change in found]


PLAIN = Workflow(
    workflow="plain",
    calendars={"office": OFFICE, "night": NIGHT, "odd": ODD},
    initial="open",
    states={"open": {}, "waiting": {}, "done": {"closed": True}},
    transitions=[
        {"event": "turn", "source": "open", "target": "waiting"},
        {"event": "turn", "source": "waiting", "target": "open"},
    ],
    clocks=[
        {"name": "one", "within": "30h", "calendar": "office", "until": "done", "paused_in": "waiting", "warn": ["50%", "80%"]},
        {"name": "two", "within": "9h", "calendar": "night", "until": "done", "warn": ["2h before", "95%"]},
        {"name": "long", "within": "5000h", "calendar": "odd", "until": "done", "paused_in": "waiting"},
        {"name": "none", "within": "400h", "until": "done"},
    ],
)
USUAL = {"within": "30h", "calendar": "office", "until": "done", "paused_in": "waiting"}
CHOSEN = [
    Workflow(**{**PLAIN.to_data(), "clocks": [{"name": "one", **USUAL, **more}]})
    for more in (
        {"on_calendar_change": "prospective", "warn": ["50%", "80%"]},
        {"breached_by": "over", "warn": ["50%"]},
        {"breach": "follows", "marks": "again", "warn": ["20%", "90%"]},
        *({"preset": preset, "within": "9h", "warn": ["1h before"]} for preset in sla.PRESETS),
    )
]
turns = st.lists(st.one_of(st.integers(0, 300), st.integers(0, 3 * 24 * 60)), max_size=5)


@settings(deadline=None)  # laying two calendars out takes longer than counting a handful of tickets
@given(
    st.sampled_from([PLAIN, *CHOSEN]),
    st.lists(st.tuples(st.integers(0, 4 * 24 * 60), turns), min_size=1, max_size=4),
    editions(),
    st.booleans(),
)
@example(CHOSEN[1], [(0, [])], {"office": edited(OFFICE, ["2026-03-09"])}, False)
def test_tickets_that_sleep_are_counted_in_bulk_alike(
    flow: Workflow, stories: list[tuple[int, list[int]]], calendars: dict[str, Any], to_the_end: bool
) -> None:
    """Law: so it is for tickets that sleep until the instant, which are counted without being advanced."""
    tickets = []
    for number, (first, gaps) in enumerate(stories):
        at = START + first * MINUTE
        ticket = flow.open(f"T{number}", at=at).ticket
        for gap in gaps:
            at += gap * MINUTE
            ticket = flow.fire(ticket, "turn", at=at).ticket
        tickets.append(ticket)
    now = max(ticket.at for ticket in tickets)
    wakes = [ticket.wake for ticket in tickets if ticket.wake is not None and ticket.wake > now]
    at = min(wakes) - timedelta(microseconds=1) if to_the_end and wakes else now

    found = flow.recompute(tickets, calendars=calendars, at=at)

    other = with_calendars(flow, calendars)
    expected = [(ticket.id, *change) for ticket in tickets for change in advanced(flow, other, ticket, at)]
    assert expected == [(change.ticket, change.clock, change.before, change.after) for change in found]
    quiet = [ticket for ticket in tickets if ticket.wake is None or ticket.wake > at]
    if "office" in calendars:
        pair = (flow.calendars["office"], other.named_calendars["office"])
        items = list(zip(*((one.id, one.clocks["one"], one.at) for one in quiet), strict=True)) or [(), (), ()]
        redue = sla.Redue(flow.clocks[0], *pair, at)
        assert redue.many(*items) == redue.many(*items, few=0)


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "tier": st.sampled_from(["gold", "standard"]),
        "level": st.integers(0, 4),
        "flag": st.booleans(),
        "priority": st.integers(1, 5),
        "queue": st.sampled_from(["first", "second"]),
    },
).filter(bool)


@given(openings, step_lists(most=8), FIELDS, st.integers(0, 3 * 24 * 60))
def test_what_if_is_doing_it(opening: Opening, steps: list[Step], fields: dict[str, Any], later: int) -> None:
    """Law: what_if of a change tells of the clocks what the change and then looking tells; the ticket is as it was."""
    story = play(CLOCKS, opening, steps)
    workflow, ticket = CLOCKS.workflow, story.ticket
    at = story.end + later * MINUTE
    before = dump(ticket)

    found = workflow.what_if(ticket, at=at, fields=fields)

    done = workflow.fire(ticket, "ticket.update", fields, at=at, actor=Actor("what-if"))
    old, new = stood(workflow, workflow.advance(ticket, at=at).ticket, at), stood(workflow, done.ticket, at)
    changed = {name: (old.get(name), new.get(name)) for name in {*old, *new} if old.get(name) != new.get(name)}
    assert changed == {change.clock: (change.before, change.after) for change in found.clocks}
    assert (done.ticket, before) == (found.outcome.ticket, dump(ticket))
    views = {view.name: (view.due, view.remaining) for view in workflow.explain(done.ticket, at=at).clocks}
    assert {name: views[name] for name in changed} == {
        change.clock: (change.after.due, change.after.remaining) for change in found.clocks if change.after is not None
    }


SPLIT = Calendar("Europe/Berlin", {"mon-fri": ["09:00-12:00", "13:00-17:00"], "sat": ["22:00-02:00"]}, holidays=["2026-03-06"])
MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
amounts = st.integers(0, 40 * 60).map(lambda number: number * MINUTE)
offsets = st.integers(-3 * 24 * 60, 3 * 24 * 60).map(lambda number: number * MINUTE)


@given(st.sampled_from([SPLIT, None]), amounts.filter(bool), amounts, st.integers(0, 5 * 24 * 60), offsets)
@example(SPLIT, timedelta(hours=7), timedelta(hours=3), 0, timedelta())
def test_the_latest_start_is_the_last_that_is_in_time(
    cal: OpenTime | None, within: timedelta, estimate: timedelta, later: int, offset: timedelta
) -> None:
    """Law: work started at the latest start, or before, is done by the due instant; started later it is not."""
    clock = sla.Clock(name="c", within=within)
    run = sla.fold(clock, cal, [(MONDAY, "start")], MONDAY)

    found = sla.forecast(run, estimate, MONDAY + later * MINUTE, cal)

    assert found.due is not None
    assert found.latest_start is not None
    assert run is not None
    for start in (found.latest_start, found.latest_start + offset, found.latest_start + timedelta(microseconds=1)):
        done = start + estimate if cal is None else cal.after(start, estimate)
        assert (start <= found.latest_start) == (done <= found.due)
    assert found.feasible == (found.at <= found.latest_start)
    assert found.finish is not None
    signed = found.due - found.finish if cal is None else cal.between(found.finish, found.due)
    assert signed == found.slack


@given(openings, step_lists(most=6), st.sampled_from(["answer", "carry", "restart", "recount"]), amounts)
def test_a_forecast_of_a_ticket_is_that_of_its_clock(opening: Opening, steps: list[Step], name: str, work: timedelta) -> None:
    """Law: asked of the ticket it is what the clock alone answers, as of the instant of the question."""
    story = play(CLOCKS, opening, steps)
    workflow, at = CLOCKS.workflow, story.end + 90 * MINUTE
    run = workflow.advance(story.ticket, at=at).ticket.clocks.get(name)

    found = workflow.forecast(story.ticket, name, work, at=at)

    if run is None:
        assert ("idle", None, None) == (found.reason, found.due, found.slack)
    else:
        assert sla.forecast(run, work, at, workflow.compiled.counting(run.calendar)) == found


def test_what_is_refused_is_refused_before_anything_is_told() -> None:
    """A value that does not fit is refused as the change itself would be."""
    ticket = play(CLOCKS, (0, 0, None, 0, 0), []).ticket
    with pytest.raises(Refused) as refused:
        CLOCKS.workflow.what_if(ticket, at=ticket.at, tier="brass")

    assert "payload" == refused.value.code
