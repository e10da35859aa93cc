"""Knows what becomes of what time had set and cannot be carried out; must not know why it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.errors import LimitError
from servflow.model import OfferEnded, Outcome, Received, Take, TimerRefused, Unbooked, VisitNear, World
from tests.unit.engine.flows import Case, after, flow, kinds, move, of
from tests.unit.engine.test_dispatch import offered, placing

ALONE = World(engineers=[{"id": "ann"}])
FAILED = "more than 1000 internal events in one call; small raises events in a circle"


def endless(event: str, source: str = "a") -> list[dict[str, Any]]:
    """An event raised by the workflow that sets off others without end, so that nothing which raises it can happen."""
    again = {"do": [{"emit": "again"}]}
    return [move(event, source, None, **again), move("again", source, None, **again)]


def helped() -> Outcome:
    """A helper is late, and what hears of it never comes to an end."""
    ask = [{"add_helper": {"to": {"user": "bob"}, "within": "1h"}}]
    case = Case(flow(transitions=[move(do=ask), *endless("helper.breached", "b")]))
    case.fire("go")
    return case.until(100)


def unanswered() -> Outcome:
    """An offer runs out, nobody else is there, and what hears of that never comes to an end."""
    return offered(world=ALONE, parts={"transitions": endless("exhausted.d")}).until(30, world=ALONE)


def relaxed() -> Outcome:
    """Less is asked for, somebody is found, and what hears of it never comes to an end."""
    parts = {"transitions": endless("assigned.d")}
    relax = [{"after": "10m", "drop": "skill"}, {"after": "20m", "mode": "pool"}]
    return placing(ALONE, parts, require=[{"skill": "'x'"}], relax=relax).until(15, world=ALONE)


def visited() -> Outcome:
    """A visit is near, and what hears of it never comes to an end."""
    calling = {"zone": "UTC", "step": 30, "minutes": "60", "days": 2, "remind": ["90m", "30m"]}
    entry = {"name": "d", "state": "a", "mode": "appointment", "appointment": calling}
    case = Case(flow(dispatch=[entry], transitions=endless("upcoming.d")), world=ALONE)
    case.fire("appointment.book", {"start": after(180), "end": after(240), "to": "ann"}, world=ALONE)
    return case.until(100, world=ALONE)


def said(outcome: Outcome) -> list[Any]:
    """What was recorded, when, and why."""
    return [(type(one).__name__, one.at, getattr(one, "reason", None)) for one in outcome.records]


def test_a_helper_is_late_though_nobody_can_be_told() -> None:
    """The breach is recorded at its instant, once, and nothing that listens to it has happened."""
    outcome = helped()

    assert [("HelperBreached", after(60), None)] == said(outcome)
    assert (after(60), None) == (outcome.ticket.helping["bob"].breached_at, outcome.wake)


def test_an_offer_is_over_and_the_search_waits_for_another_world() -> None:
    """Whoever did not answer is told and not asked again; who comes into the world later is found."""
    outcome = unanswered()
    why = f"no answer in time; what follows failed: {FAILED}"

    assert [("OfferEnded", after(10), why), ("SlotChanged", after(10), f"failed: {FAILED}")] == said(outcome)[1:]
    assert ["expired"] == [one.outcome for one in of(OfferEnded, outcome.records)]
    progress = outcome.ticket.slots["assignee"]
    assert ("waiting", ("ann",), ()) == (progress.phase, progress.declined, outcome.ticket.offers)

    workflow = offered(world=ALONE, parts={"transitions": endless("exhausted.d")}).workflow
    again = workflow.advance(outcome.ticket, at=after(31), world=World(engineers=[{"id": "ann"}, {"id": "bob"}]))
    assert ["bob"] == [offer.to for offer in again.ticket.offers]


def test_whoever_is_left_alone_for_a_while_is_asked_again() -> None:
    """In the same world the search goes on when the first who did not answer may be asked once more."""
    offer = {"timeout": "10m", "cool_off": "30m"}
    case = offered(world=ALONE, offer=offer, parts={"transitions": endless("exhausted.d")})
    assert after(40) == case.until(20, world=ALONE).ticket.slots["assignee"].change_at

    assert [("ann", after(40))] == [(offer.to, offer.made_at) for offer in case.until(45, world=ALONE).ticket.offers]


def test_a_relaxation_that_failed_is_passed_over() -> None:
    """The search goes on with the next step of its own, and says what became of this one."""
    outcome = relaxed()

    assert [("SlotChanged", after(10), f"failed: {FAILED}")] == said(outcome)
    progress = outcome.ticket.slots["assignee"]
    assert ("waiting", 1, after(20)) == (progress.phase, progress.stage, progress.relax_at)


def test_a_reminder_that_failed_counts_as_done() -> None:
    """The next one comes at its own time, not the same one again."""
    outcome = visited()

    assert [("VisitNear", after(90), None)] == said(outcome)
    assert [after(90)] == [one.scheduled for one in of(VisitNear, outcome.records)]
    assert outcome.ticket.appointment is not None
    assert (1, after(150)) == (outcome.ticket.appointment.reminded, outcome.wake and outcome.wake.replace(microsecond=0))


def test_a_world_in_which_nothing_can_follow_is_looked_at_once() -> None:
    """Whoever another world brings is not assigned where what hears of it fails: that is noted, and time goes on."""
    case = placing(World(engineers=[]), {"transitions": endless("assigned.d"), "clocks": [{"name": "k", "within": "20m"}]})

    outcome = case.until(30, world=ALONE)

    assert [("Breached", after(20), ""), ("SlotChanged", after(30), f"failed: {FAILED}")] == said(outcome)
    progress = outcome.ticket.slots["assignee"]
    assert ("waiting", ALONE.version, None) == (progress.phase, progress.world, outcome.ticket.assignee)
    assert () == case.until(40, world=ALONE).records


def test_a_visit_is_lost_though_nobody_can_be_told() -> None:
    """Nobody would come in another world, and what hears of that never ends: the visit is lost all the same, once."""
    calling = {"zone": "UTC", "step": 30, "minutes": "60", "days": 2}
    entry = {"name": "d", "state": "a", "mode": "appointment", "appointment": calling}
    case = Case(flow(dispatch=[entry], transitions=endless("unbooked.d")), world=ALONE)
    case.fire("appointment.book", {"start": after(180), "end": after(240), "to": "ann"}, world=ALONE)
    other = World(engineers=[{"id": "bob"}])

    outcome = case.until(30, world=other)

    assert ["ann is not there any more"] == [record.reason for record in of(Unbooked, outcome.records)]
    assert [] == of(Received, outcome.records)
    assert ("booking", None) == (outcome.ticket.slots["assignee"].phase, outcome.ticket.assignee)
    assert () == case.until(40, world=other).records


def test_a_part_is_put_aside_though_nobody_can_be_told() -> None:
    """A part came into stock, and what hears of that never ends: the part is the ticket's, and is taken once."""
    case = Case(flow(transitions=endless("parts.ready")))
    case.fire("part.need", {"part": "pump"}, world=World(stock={"pump": 0}))
    there = World(stock={"pump": 1})

    outcome = case.until(30, world=there)

    assert [("PartChanged", after(30), "")] == said(outcome)
    assert (Take(key="part:pump", units=1, limit=1),) == outcome.reservations
    assert ["reserved"] == [line.state for line in outcome.ticket.parts]
    assert () == case.until(40, world=there).records


def circling(within: str = "2h") -> Case:
    """Whoever is found sends the ticket back to where somebody is looked for; it comes there after an hour, or by hand."""
    ways = [move(), move("assigned.d", "b", "c"), move(None, "c", "b")]
    states = {"a": {"timers": [{"after": "1h", "event": "go"}]}, "b": {}, "c": {}}
    promise = {"name": "k", "within": within}
    return Case(flow(states=states, transitions=ways, dispatch=[{"name": "d", "state": "b"}], clocks=[promise]))


def test_a_circle_that_is_too_much_for_any_call_is_given_up() -> None:
    """A timer that sets off decisions without end is refused with that reason, and the promise is broken at its instant."""
    outcome = circling().until(300, world=ALONE)

    assert [("TimerRefused", after(60), None), ("Breached", after(120), "")] == said(outcome)
    assert "budget" == of(TimerRefused, outcome.records)[0].code


def test_a_circle_that_another_world_closes_is_passed_over() -> None:
    """Even after something that time had set: what happened stands, and that world is looked at no more."""
    case, nobody = circling(), World(engineers=[])
    case.fire("go", world=nobody)

    outcome = case.until(300, world=ALONE)

    why = "failed: dispatch 'd' decided more than 500 times in one call; its events lead back to its state"
    assert [("Breached", after(120), ""), ("SlotChanged", after(300), why)] == said(outcome)
    assert () == case.until(301, world=ALONE).records


def test_a_circle_after_something_else_stops_the_call_and_says_how_far_to_go() -> None:
    """A shorter call gets further: up to the circle, and then past it."""
    case = circling(within="30m")
    with pytest.raises(LimitError) as caught:
        case.until(300, world=ALONE)
    assert after(60) == caught.value.facts["reached"]

    assert ["Breached"] == kinds(case.until(60, world=ALONE))
    assert ["TimerRefused"] == kinds(case.until(300, world=ALONE))
