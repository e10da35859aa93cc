"""Knows what levels do that are noticed late, or at the very instant of an answer; must not know how they are scheduled."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.model import Amended, ChainStopped, Escalated, Notify, Reminded
from tests.unit.engine.climbs import climbing, level, reached
from tests.unit.engine.flows import after, move, of, told

CLOCK: dict[str, Any] = {"name": "answer", "within": "1h", "start": {"message": "customer"}, "stop": {"message": "agent"}}


def asked(**chain: Any) -> Any:
    """A ticket whose customer has asked; the chain waits for the answer to be late."""
    levels = chain.pop("levels", [level("one", "10m"), level("two", "10m")])
    case = climbing(*levels, start={"clock": "answer"}, parts={"clocks": [CLOCK]}, **chain)
    case.fire("ticket.message", {"side": "customer"})
    return case


def test_an_answer_told_late_silences_what_it_shows_to_be_needless() -> None:
    """An answer that occurred in time amends the breach: its run ends, and what the same call caught up tells nobody."""
    case = asked(late="each")

    outcome = case.fire("ticket.message", {"side": "agent"}, minutes=75, occurred=after(40))

    assert ([("one", "coalesced")], [], ()) == (reached(outcome), told(outcome), outcome.ticket.chains)
    assert (1, 1) == (len(of(Amended, outcome.records)), len(of(ChainStopped, outcome.records)))


def test_so_it_does_where_the_run_was_over_already() -> None:
    """It makes no difference whether the level that was caught up was the last one."""
    case = asked(levels=[level("one", "10m")])

    outcome = case.fire("ticket.message", {"side": "agent"}, minutes=75, occurred=after(40))

    assert ([("one", "coalesced")], []) == (reached(outcome), told(outcome))


def test_what_was_told_in_time_stays_told() -> None:
    """A level that an earlier call reached has told whom it told; the answer only ends the run."""
    case = asked()
    timely = case.until(71)

    outcome = case.fire("ticket.message", {"side": "agent"}, minutes=75, occurred=after(40))

    assert (["one"], []) == (told(timely), told(outcome))
    assert "fired" == of(Escalated, timely.records)[0].outcome


def test_a_message_silences_the_last_level_too() -> None:
    """A message that ends the chain silences a level caught up in its call, also where that was the last one."""
    case = climbing(level("one"), until={"message": "agent"})
    case.fire("go")

    assert [] == told(case.fire("ticket.message", {"side": "agent"}, minutes=90))


@pytest.mark.parametrize("event", ["chain.acknowledge", "chain.snooze", "chain.stop", "back"])
@pytest.mark.parametrize("late", ["collapse", "each"])
def test_an_answer_at_the_instant_of_a_level_wins(event: str, late: str) -> None:
    """A level that is set for the very instant of an event does not happen before it, tick or no tick at that instant."""
    payloads = {"chain.snooze": {"until": "5h"}, "chain.stop": {"reason": "done"}}
    case = climbing(level("one"), until={"state": "a"}, late=late)
    case.fire("go")
    case.until(60)

    answered = case.fire(event, payloads.get(event), minutes=60)

    assert ([], []) == (reached(answered), told(answered))
    assert [] == told(case.until(120))


def test_runs_that_meet_in_one_instant_keep_their_order() -> None:
    """At one instant levels come before reminders, and runs in the order of the document, in one call as in two."""
    reminded = level("one", "1h", "reminded", remind={"every": "1h", "times": 1})
    chains = [
        {"name": "a", "start": {"state": "b"}, "levels": [reminded]},
        {"name": "b", "start": {"state": "b"}, "levels": [level("late", "2h", "late")]},
        {"name": "c", "start": {"state": "b"}, "levels": [level("later", "2h", "later")]},
    ]
    quick, slow = (climbing(parts={"escalations": chains}) for _ in range(2))
    for case in (quick, slow):
        case.fire("go")
    slow.until(61)
    slow.until(120)
    quick.until(500)
    slow.until(500)
    order = [(record.run.chain, type(record)) for record in quick.records if isinstance(record, (Escalated, Reminded))]

    assert [("a", Escalated), ("b", Escalated), ("c", Escalated), ("a", Reminded)] == order
    assert order == [(record.run.chain, type(record)) for record in slow.records if isinstance(record, (Escalated, Reminded))]
    assert {effect.id for effect in of(Notify, quick.effects)} <= {effect.id for effect in of(Notify, slow.effects)}


def test_levels_of_one_instant_all_speak() -> None:
    """Levels that are set for one instant are none later than the other, so none speaks for the other."""
    case = climbing(level("one"), level("two", "0h"), level("three", "0h"))
    case.fire("go")

    assert ["one", "two", "three"] == told(case.until(1000))


def test_what_an_event_raised_is_part_of_it() -> None:
    """An event that acknowledges nothing itself but leads to the end by what it raises is the run's end in that call."""
    raised = {"transitions": [move(), move("fix", "b", None, do=[{"emit": {"event": "fixed"}}]), move("fixed", "b", "a")]}
    case = climbing(level("one"), level("two", "9h"), until={"event": "fixed"}, parts=raised)
    case.fire("go")

    assert [] == told(case.fire("fix", minutes=90))
