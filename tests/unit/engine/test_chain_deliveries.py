"""Knows what a run does when a notification of it was delivered or failed; must not know who delivers."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.errors import DefinitionError, Refused
from servflow.model import MAX_SENT, SYSTEM, DeliveryNoted, Notify, Unreachable, canonical, dump, load_ticket
from tests.unit.engine.climbs import climbing, level, reached
from tests.unit.engine.flows import Case, after, kinds, notify, of, told

BOTH = {"name": "one", "after": "1h", "do": [notify("ann"), notify("bob")]}


def failing(*levels: dict[str, Any], on: str = "any", **chain: Any) -> Case:
    """A ticket whose chain goes on as soon as its first level, which told ann and bob after an hour, failed."""
    case = climbing(*(levels or (BOTH, level("two", "8h"))), advance_on_failure=on, **chain)
    case.fire("go")
    case.until(61)
    return case


def result(case: Case, to: str, event: str = "chain.failed", minutes: float = 70, **more: Any) -> Any:
    """Tell the ticket what became of the latest notification to somebody, in the name of the system."""
    effect = [effect for effect in of(Notify, case.effects) if effect.to == to][-1]
    payload = {**effect.report, "effect": effect.id, **more}
    return case.fire(event, payload, minutes=minutes, actor=SYSTEM)


def test_a_failure_makes_the_next_level_due_at_once() -> None:
    """With any, the first failure is enough; the level belongs to that very instant."""
    case = failing()
    outcome = result(case, "ann", reason="no such number")

    assert [(0, "ann", "failed", "no such number")] == [
        (record.level, record.to, record.result, record.reason) for record in of(DeliveryNoted, outcome.records)
    ]
    assert ([("two", "fired")], [after(70)]) == (reached(case.wake()), [effect.at for effect in case.last.effects])


def test_with_all_everybody_must_have_failed() -> None:
    """As long as one of those a level told may have heard of it, time goes on as ever."""
    case = failing(on="all")
    result(case, "ann")
    assert [after(540)] == [run.due for run in case.ticket.chains]

    result(case, "bob", minutes=80)
    assert [after(80)] == [run.due for run in case.ticket.chains]


def test_with_all_one_who_was_reached_is_enough() -> None:
    """Whoever was delivered counts, whichever comes first."""
    case = failing(on="all")
    result(case, "ann", "chain.delivered")
    result(case, "bob")

    assert [after(540)] == [run.due for run in case.ticket.chains]


def test_what_was_delivered_may_fail_later() -> None:
    """A gateway that took a message may say afterwards that it did not arrive."""
    case = failing()
    result(case, "ann", "chain.delivered")
    result(case, "ann", minutes=90)

    assert ["delivered", "failed"] == [record.result for record in of(DeliveryNoted, case.records)]
    assert [after(90)] == [run.due for run in case.ticket.chains]


def test_the_same_result_twice_is_once() -> None:
    """Nothing follows from hearing it again."""
    case = failing()
    result(case, "ann")

    assert ["Received"] == kinds(result(case, "ann"))


def test_a_chain_that_does_not_ask_is_not_told() -> None:
    """Its notifications ask for no report, its runs keep none, and what comes all the same changes nothing."""
    case = failing(on="never")
    [first, _] = of(Notify, case.effects)
    before = case.ticket

    assert ({}, ()) == (dict(first.report), before.chains[0].sent)
    assert ["Received"] == kinds(case.fire("chain.failed", {"effect": first.id}, minutes=70))
    assert before.chains == case.ticket.chains


def test_a_host_may_name_who_was_meant_instead() -> None:
    """A gateway that keeps no effect ids says chain and recipient."""
    case = failing()
    case.fire("chain.failed", {"chain": "c", "to": "bob", "reason": "bounced"}, minutes=70)

    assert ["", "failed"] == [sent.result for sent in case.ticket.chains[0].sent]


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"to": "ann"},
        {"chain": "c"},
        {"effect": 7},
        {"reason": "x"},
        {"effect": "e", "run": "7"},
        {"effect": "e", "level": []},
        {"effect": ""},
    ],
)
def test_a_result_of_nothing_in_particular_is_refused(payload: dict[str, Any]) -> None:
    """Which notification is meant has to be told."""
    case = failing()

    with pytest.raises(Refused) as caught:
        case.fire("chain.failed", payload, minutes=70)
    assert "payload" == caught.value.code


def test_a_run_that_somebody_stands_for_does_not_go_on() -> None:
    """A failure of what was sent before the acknowledgement is noted and moves nothing."""
    case = failing()
    case.fire("chain.acknowledge", minutes=65)
    outcome = result(case, "ann")

    assert (["Received", "DeliveryNoted"], "acknowledged") == (kinds(outcome), case.ticket.chains[0].phase)


def test_who_was_not_reached_at_the_end_is_said() -> None:
    """Where no level is left to go on with, a failed notification is an unreachable one, once."""
    case = failing(BOTH)
    outcome = result(case, "ann", reason="no such number")
    again = case.workflow.fire(case.ticket, "chain.failed", {"effect": "x"}, at=after(75), actor=SYSTEM)

    assert [("ann", "no such number")] == [(effect.to, effect.reason) for effect in of(Unreachable, outcome.effects)]
    assert () == again.effects


def test_reminders_are_waited_for_too() -> None:
    """The latest notifications are those that count; a failed reminder makes the next level due."""
    case = failing({**level("one"), "remind": {"every": "1h", "times": 2}}, level("two", "8h"))
    first = of(Notify, case.effects)[0]
    case.until(121)
    assert ["Received"] == kinds(case.fire("chain.failed", {"effect": first.id}, minutes=125))

    result(case, "one", minutes=130)
    assert [after(130)] == [run.due for run in case.ticket.chains]


def test_a_run_of_which_nobody_heard_after_all_says_so() -> None:
    """Levels whose every notification failed count as having reached nobody."""
    nobody = {"name": "two", "after": "8h", "do": [{"notify": {"to": "owner", "template": "t"}}]}
    case = failing(level("one"), nobody, on="all")
    result(case, "one", reason="no such number")
    effects = of(Unreachable, case.wake().effects)

    assert ["owner", "chain c"] == [effect.to for effect in effects]
    assert effects[1].reason.startswith("no such number; two: ")


def test_going_on_by_failures_is_bounded() -> None:
    """A chain whose every notification fails comes to its end; a repeat is taken at once, as often as it says."""
    case = failing(level("one"), level("two"), repeat={"times": 2, "after": "1h"})
    minutes = 70
    while case.ticket.chains:
        result(case, of(Notify, case.effects)[-1].to, minutes=minutes)
        minutes += 1
        case.until(minutes)

    assert 6 == len(of(Notify, case.effects))
    assert minutes < 80


def test_a_level_that_tells_very_many_keeps_only_some() -> None:
    """The snapshot stays bounded; where not all are waited for, not all can have failed."""
    three = [[{"user": f"{letter}{number}"} for letter in "qrs"] for number in range(40)]
    more = {"name": "one", "after": "1h", "do": [{"notify": {"to": to, "template": "t"}} for to in three]}
    case = failing(more, level("two", "8h"), on="all")

    assert MAX_SENT + 1 == len(case.ticket.chains[0].sent)
    for effect in of(Notify, case.effects):
        case.fire("chain.failed", {"effect": effect.id}, minutes=70)
    assert [after(540)] == [run.due for run in case.ticket.chains]


def test_what_is_waited_for_outlasts_a_restart() -> None:
    """A ticket kept as JSON meanwhile goes on the same way."""
    case = failing()
    effect = of(Notify, case.effects)[0]
    stored = load_ticket(dump(case.ticket))
    again = case.workflow.fire(stored, "chain.failed", {"effect": effect.id}, at=after(70))

    assert case.fire("chain.failed", {"effect": effect.id}, minutes=70) == again


def test_what_waited_for_quiet_hours_is_heard_of_as_well() -> None:
    """What goes out when quiet ends asks for its result like all else."""
    night = {"zone": "UTC", "week": {"mon-sun": ["10:00-13:00"]}}
    case = climbing(
        level("one", "90m"), level("two", "8h"), advance_on_failure="any", quiet="night", parts={"calendars": {"night": night}}
    )
    case.fire("go")
    case.until(241)
    assert ["one"] == told(case.last)

    result(case, "one", minutes=250)
    assert [after(250)] == [run.due for run in case.ticket.chains]


def test_an_unknown_word_is_refused_at_load() -> None:
    """The option takes never, all or any."""
    with pytest.raises(DefinitionError) as caught:
        climbing(advance_on_failure="some")
    assert ["escalations[0].advance_on_failure"] == [finding.path for finding in caught.value.findings]


def test_whoever_was_told_can_be_erased() -> None:
    """Records and the run itself then name somebody else, also in what is waited for and why it failed."""
    case = failing(on="all")
    result(case, "ann", reason="ann hung up")
    case.fire("chain.acknowledge", minutes=75)
    erased = case.workflow.erase(case.ticket, tuple(case.records), at=after(90), people=["ann", "bob"])

    kept = canonical(erased.outcome.ticket) + b"".join(canonical(record) for record in erased.records)
    assert (False, False) == (b"ann" in kept, b"bob" in kept)
    assert ("erased-1", "failed") == ((sent := erased.outcome.ticket.chains[0].sent[0]).to, sent.result)


def test_the_history_is_decided_again_from_what_was_received() -> None:
    """A rerun of the received events gives the same records, results of deliveries included."""
    case = failing()
    result(case, "ann")
    case.fire("back", minutes=600)

    assert tuple(case.records) == case.workflow.rerun(case.records, lambda _: None).records


@pytest.mark.parametrize("named", ["one", 0])
def test_a_result_of_an_earlier_level_is_not_one_of_the_present(named: Any) -> None:
    """Somebody told by two levels is told of as whom: what failed of the first says nothing of the second."""
    case = failing(level("one", who="ann"), level("two", "1h", who="ann"), level("three", "8h"))
    case.until(121)
    case.fire("chain.failed", {"chain": "c", "to": "ann", "level": named}, minutes=130)
    assert [after(600)] == [run.due for run in case.ticket.chains]

    case.fire("chain.failed", {"chain": "c", "to": "ann", "level": "two"}, minutes=140)
    assert [after(140)] == [run.due for run in case.ticket.chains]


def test_a_result_is_noted_at_the_level_that_sent() -> None:
    """A level that goes on with another one, not with the next, has its own place all the same."""
    case = failing(
        level("one", when="false", otherwise={"goto": "three"}), level("two"), level("three", who="ann"), level("four", "8h")
    )
    effect = of(Notify, case.until(121).effects)[0]

    assert [2] == [record.level for record in of(DeliveryNoted, case.fire("chain.failed", {"effect": effect.id}).records)]


def test_what_a_level_says_at_once_and_what_waits_are_waited_for_together() -> None:
    """With all, those who are told when quiet hours end count as much as the one who was told at once."""
    night = {"zone": "UTC", "week": {"mon-sun": ["10:00-13:00"]}}
    loud = {"notify": {"to": {"user": "ann"}, "template": "t", "urgent": True}}
    case = climbing(
        {"name": "one", "after": "90m", "do": [loud, notify("bob")]},
        level("two", "9h"),
        advance_on_failure="all",
        quiet="night",
        parts={"calendars": {"night": night}},
    )
    case.fire("go")
    case.until(91)
    result(case, "ann", minutes=95)
    case.until(241)
    assert ["bob"] == told(case.last)
    assert [after(630)] == [run.due for run in case.ticket.chains]

    result(case, "bob", minutes=250)
    assert [after(250)] == [run.due for run in case.ticket.chains]
