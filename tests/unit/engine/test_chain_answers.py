"""Knows what an escalation does when nobody is there, somebody answers, or it says itself again; must not know its triggers."""

from __future__ import annotations

from servflow.model import Acknowledged, ChainResumed, Escalated, Person, Reminded, Unreachable, World
from tests.unit.engine.climbs import climbing, level, reached
from tests.unit.engine.flows import after, of, told

# nobody there ---------------------------------------------------------------------------------------------------

ROLE = {"name": "one", "after": "1h", "do": [{"notify": {"to": {"role": "boss"}, "template": "t"}}]}
EMPTY, MANNED = World(), World(people=[Person(id="bea", roles=["boss"])])


def test_nobody_to_reach_is_skipped_but_told() -> None:
    """By default a level that finds nobody goes by with an unreachable effect."""
    case = climbing(ROLE, level("two"))
    case.fire("go")

    outcome = case.until(61, world=EMPTY)

    assert ([("one", "empty")], 1) == (reached(outcome), len(of(Unreachable, outcome.effects)))
    assert [("two", "fired")] == reached(case.until(121))


def test_nobody_to_reach_may_hold() -> None:
    """With hold the level waits, and is tried again when the ticket changes."""
    case = climbing(ROLE, level("two"), on_empty="hold")
    case.fire("go")
    case.until(61, world=EMPTY)
    assert (None, 0) == (case.last.wake, case.ticket.chains[0].level)

    case.fire("ticket.update", {"priority": 1}, minutes=100, world=MANNED)

    assert ["bea"] == told(case.until(101, world=MANNED))


def test_nobody_to_reach_may_fall_back() -> None:
    """With fallback somebody else is told, with the reason."""
    case = climbing(ROLE, on_empty="fallback", fallback={"user": "duty"})
    case.fire("go")

    outcome = case.until(61, world=EMPTY)

    assert ([("one", "fired")], ["duty"]) == (reached(outcome), told(outcome))


# answers --------------------------------------------------------------------------------------------------------


def test_an_acknowledgement_pauses_the_climb() -> None:
    """Acknowledging freezes the climb, names who did it, and nothing more happens by time."""
    case = climbing()
    case.fire("go")
    outcome = case.fire("chain.acknowledge", minutes=30, actor="ann")

    assert ["ann"] == [record.by for record in of(Acknowledged, outcome.records)]
    assert ("acknowledged", None) == (case.ticket.chains[0].phase, case.last.wake)


def test_an_acknowledgement_may_run_out() -> None:
    """After ack_ttl the climb goes on with what was left."""
    case = climbing(ack_ttl="2h")
    case.fire("go")
    case.fire("chain.acknowledge", minutes=20)

    assert [after(140)] == [record.at for record in of(ChainResumed, case.until(141).records)]
    assert [after(180)] == [run.due for run in case.ticket.chains]


def test_after_an_acknowledgement_it_may_begin_again() -> None:
    """With unack: restart the climb begins at the first level when the acknowledgement runs out."""
    case = climbing(ack_ttl="2h", unack="restart")
    case.fire("go")
    case.until(61)
    case.fire("chain.acknowledge", minutes=80)
    case.until(201)

    assert [(0, after(260))] == [(run.level, run.due) for run in case.ticket.chains]


def test_an_acknowledgement_may_be_only_noted() -> None:
    """With on_ack: continue the climb goes on."""
    case = climbing(on_ack="continue")
    case.fire("go")
    case.fire("chain.acknowledge", minutes=30, actor="ann")

    assert [("running", "ann", after(60))] == [(run.phase, run.by, run.due) for run in case.ticket.chains]


def test_a_snooze_ends_at_its_instant() -> None:
    """A snooze freezes the climb until its instant; it then goes on with what was left."""
    case = climbing()
    case.fire("go")
    case.fire("chain.snooze", {"until": "3h"}, minutes=20)
    case.until(201)

    assert [("running", after(240))] == [(run.phase, run.due) for run in case.ticket.chains]


def test_the_next_level_may_be_asked_for() -> None:
    """Escalating makes the next level due now; the level after it counts from there."""
    case = climbing()
    case.fire("go")

    case.fire("chain.escalate", minutes=10)
    outcome = case.until(11)

    assert [("one", "fired")] == reached(outcome)
    assert [after(70)] == [run.due for run in case.ticket.chains]


def test_a_level_may_be_asked_for_by_name() -> None:
    """Escalating to a named level passes over the ones between."""
    case = climbing(level("one"), level("two"), level("three"))
    case.fire("go")
    case.fire("chain.escalate", {"level": "three", "chain": "c"}, minutes=10)

    assert [("three", "fired")] == reached(case.until(1000))


def test_an_answer_reaches_only_the_chain_it_names() -> None:
    """Acknowledging one chain leaves the others climbing."""
    spec = [{"name": name, "start": {"state": "b"}, "levels": [level(name)]} for name in ("x", "y")]
    case = climbing(parts={"escalations": spec})
    case.fire("go")
    case.fire("chain.acknowledge", {"chain": "x"})

    assert ["acknowledged", "running"] == [run.phase for run in case.ticket.chains]


# reminders, repeats ---------------------------------------------------------------------------------------------


def test_reminders_say_a_level_again() -> None:
    """A level's notifications come again every so often, while the next level comes nearer."""
    case = climbing(level("one", remind={"every": "20m", "times": 4}), level("two"))
    case.fire("go")
    for minute in (61, 81, 101, 121, 141, 161):
        case.until(minute)

    assert [80, 100, 120, 140] == [(record.scheduled - after()).seconds // 60 for record in of(Reminded, case.records)]
    assert ["one", "one", "one", "two", "one", "one"] == [effect.to for effect in case.effects]
    assert len({effect.id for effect in case.effects}) == 6


def test_a_chain_may_climb_again() -> None:
    """After its last level a chain may begin again, so many times."""
    case = climbing(level("one"), repeat={"times": 2, "after": "30m"}, late="each")
    case.fire("go")

    outcome = case.until(10_000)

    assert [60, 150, 240] == [(record.scheduled - after()).seconds // 60 for record in of(Escalated, outcome.records)]
    assert 3 == len({effect.id for effect in outcome.effects})
