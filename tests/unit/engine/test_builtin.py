"""Knows what each built-in event does and which payloads it refuses; must not know who may fire it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from servflow.errors import Refused
from servflow.model import SYSTEM, Assign, Assigned, Checked, Messaged, Open, Rated, Release, Send, Take, Updated, Waived
from tests.unit.engine.flows import Case, after, flow, kinds, move, notify, of

CHAIN = {
    "name": "c",
    "start": {"state": "a"},
    "levels": [{"name": "one", "after": "1h", "do": [notify("x")]}, {"name": "two", "after": "1h", "do": [notify("y")]}],
}
FULL: dict[str, Any] = {
    "fields": {"n": "int", "region": {"type": "string", "one_of": ["north", "south"]}},
    "states": {"a": {"checklist": ["look", "mend"]}, "b": {}, "z": {"closed": True}},
    "clocks": [{"name": "k", "within": "30m"}],
    "escalations": [CHAIN],
}


@pytest.mark.parametrize(
    ("event", "payload", "said"),
    [
        ("ticket.update", {"regoin": "north"}, "did you mean 'region'"),
        ("ticket.update", {"region": "west"}, "one of north, south"),
        ("ticket.update", {"n": "5"}, "whole number"),
        ("ticket.update", {"priority": 0}, "from 1 (highest) to 9"),
        ("ticket.update", {"priority": True}, "from 1 (highest) to 9"),
        ("ticket.update", {"priority": Decimal("sNaN")}, "from 1 (highest) to 9, not Decimal('sNaN')"),
        ("ticket.update", {"priority": Decimal("-Infinity")}, "from 1 (highest) to 9"),
        ("ticket.update", {"priority": Decimal("1e5000")}, "from 1 (highest) to 9, not Decimal('1E+5000')"),
        ("ticket.update", {"priority": Decimal("2.5")}, "from 1 (highest) to 9"),
        ("ticket.update", {"tags": "x" * 5, "customer": 7}, "customer is a text"),
        ("ticket.update", {"tags": {"a": 1}}, "list of at most 100 texts"),
        ("ticket.update", {"key": "k1"}, "no field 'key'"),
        ("ticket.update", {"world": {}}, "no field 'world'"),
        ("ticket.assign", {"slot": "chair", "to": "x"}, "assignee, outlet, owner, queue or provider"),
        ("ticket.assign", {"to": 5}, "to is a text"),
        ("ticket.assign", {"to": "x" * 201}, "at most 200"),
        ("ticket.message", {"side": "nobody"}, "agent, customer, system"),
        ("ticket.message", {"public": "yes"}, "true or false"),
        ("ticket.message", {"text": 5}, "text is a text"),
        ("ticket.force", {"state": "b"}, "reason"),
        ("ticket.force", {"reason": "x"}, "state"),
        ("ticket.force", {"state": "bb", "reason": "x"}, "no state 'bb'"),
        ("step.check", {}, "step"),
        ("step.check", {"step": "lok"}, "did you mean 'look'"),
        ("chain.acknowledge", {"chain": "d"}, "no escalation 'd' is running"),
        ("chain.snooze", {}, "an instant or a span"),
        ("chain.snooze", {"until": "soon"}, "an instant or a span"),
        ("chain.snooze", {"until": "2026-03-02T09:00:00"}, "an instant or a span"),
        ("chain.snooze", {"until": "2026-03-02T08:00:00Z"}, "past"),
        ("chain.escalate", {"level": "three"}, "no level 'three'"),
        ("chain.escalate", {"level": 7}, "no level 7"),
        ("chain.escalate", {"level": 1.5}, "level"),
        ("chain.escalate", {"level": []}, "level"),
        ("chain.escalate", {"level": {}}, "level"),
        ("rating.add", {}, "score of csat"),
        ("rating.add", {"score": 6}, "from 1 to 5"),
        ("rating.add", {"scale": "nps", "score": 11}, "from 0 to 10"),
        ("rating.add", {"scale": "stars", "score": 1}, "csat, nps, ces"),
        ("rating.add", {"score": True}, "whole number"),
        ("clock.waive", {"clock": "k"}, "reason"),
        ("clock.waive", {"clock": "k", "reason": "x"}, "not breached"),
        ("clock.waive", {"clock": "j", "reason": "x"}, "not breached"),
    ],
)
def test_a_payload_that_does_not_fit_is_refused(event: str, payload: dict[str, Any], said: str) -> None:
    """Each built-in event refuses a bad payload with code payload, says what it takes, and changes nothing."""
    case = Case(flow(**FULL))
    before = case.ticket

    with pytest.raises(Refused) as caught:
        case.fire(event, payload)

    assert "payload" == caught.value.code
    assert said in str(caught.value)
    assert before is case.ticket


# update, assign, message ----------------------------------------------------------------------------------------


def test_update_sets_fields_and_attributes() -> None:
    """An update changes any field and the attributes every ticket has, and remembers that a person did."""
    case = Case(flow(**FULL))

    outcome = case.fire("ticket.update", {"n": 5, "priority": 2, "tags": ["x", "x", "y"], "queue": "care"}, actor="ann")

    ticket = outcome.ticket
    assert (5, 2, ("x", "y"), "care") == (ticket.fields["n"], ticket.priority, ticket.tags, ticket.queue)
    assert ("n", "priority", "queue", "tags") == ticket.set_by_person


def test_update_tells_all_problems_at_once() -> None:
    """Every name and value that does not fit is told in one refusal."""
    with pytest.raises(Refused) as caught:
        Case(flow(**FULL)).fire("ticket.update", {"n": "x", "region": "west", "zzz": 1})

    assert {"n", "region", "zzz"} == set(caught.value.problems)


def test_an_update_may_empty_a_field() -> None:
    """A field can be set back to null."""
    case = Case(flow(**FULL), {"n": 5})

    assert case.fire("ticket.update", {"n": None}).ticket.fields["n"] is None


def test_an_update_of_a_person_that_changes_nothing_still_pins() -> None:
    """A person who confirms a value has set it: rules leave it alone from then on."""
    case = Case(flow(**FULL))

    outcome = case.fire("ticket.update", {"priority": 3}, actor="ann")

    assert [True] == [record.person for record in of(Updated, outcome.records)]
    assert ("priority",) == outcome.ticket.set_by_person


def test_a_declared_field_named_like_an_attribute_is_both() -> None:
    """A declared field called customer fills the ticket's customer as well."""
    case = Case(flow(fields={"customer": "string"}), {"customer": "cora"})

    assert ("cora", "cora") == (case.ticket.customer, case.ticket.fields["customer"])
    assert "dora" == case.fire("ticket.update", {"customer": "dora"}).ticket.customer


def test_assign_fills_a_slot_and_takes_capacity() -> None:
    """Assigning records who got it, tells the host, takes a unit of capacity and raises assigned.<slot>."""
    case = Case(flow(transitions=[move("assigned.assignee")]))

    outcome = case.fire("ticket.assign", {"to": "ann"}, minutes=1)

    assert ("ann", "b") == (outcome.ticket.assignee, outcome.ticket.state)
    assert (Take(key="engineer:ann"),) == outcome.reservations
    assert [("assignee", "ann", None)] == [(effect.slot, effect.to, effect.previous) for effect in of(Assign, outcome.effects)]


def test_assign_to_somebody_else_gives_capacity_back() -> None:
    """A new assignee takes over: the old one's capacity is free again."""
    case = Case(flow())
    case.fire("ticket.assign", {"to": "ann"})

    outcome = case.fire("ticket.assign", {"to": "bob"})

    assert [Release(key="engineer:ann"), Take(key="engineer:bob")] == list(outcome.reservations)
    assert [("bob", "ann")] == [(record.to, record.previous) for record in of(Assigned, outcome.records)]


def test_assign_to_nobody_empties_the_slot() -> None:
    """Assigning to null empties the slot and frees the capacity; on an empty slot it does nothing."""
    case = Case(flow())
    case.fire("ticket.assign", {"to": "ann"})

    outcome = case.fire("ticket.assign", {"to": None})

    assert (None, (), (Release(key="engineer:ann"),)) == (outcome.ticket.assignee, outcome.ticket.held, outcome.reservations)
    assert ["Received"] == kinds(case.fire("ticket.assign", {"to": None}))


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({}, "to: null takes it from whoever has it"),
        ({"to": ""}, "to: null takes it from whoever has it"),
        ({"too": "bob"}, "did you mean 'to'?"),
        ({"to": "bob", "slott": "owner"}, "did you mean 'slot'?"),
        ({"to": "bob", "note": "x"}, "it takes slot, to"),
    ],
)
def test_a_misspelt_key_assigns_nobody_and_takes_nothing(payload: dict[str, Any], said: str) -> None:
    """A payload without to, or with a key that nobody declared, is refused; whoever has the ticket keeps it."""
    case = Case(flow())
    case.fire("ticket.assign", {"to": "ann"})

    with pytest.raises(Refused) as caught:
        case.fire("ticket.assign", payload)

    assert ("payload", "ann") == (caught.value.code, case.ticket.assignee)
    assert said in str(caught.value)


def test_a_definition_may_declare_more_of_an_assignment() -> None:
    """Keys that the definition declares for ticket.assign are known."""
    case = Case(flow(events={"ticket.assign": {"payload": {"note": {"type": "string", "optional": True}}}}))

    assert "ann" == case.fire("ticket.assign", {"to": "ann", "note": "asked for her"}).ticket.assignee


def test_owner_and_outlet_are_slots_too() -> None:
    """The owner takes no capacity, the outlet its own."""
    case = Case(flow())
    case.fire("ticket.assign", {"slot": "owner", "to": "olga"})
    outcome = case.fire("ticket.assign", {"slot": "outlet", "to": "north"})

    assert ("olga", "north", (Take(key="outlet:north"),)) == (outcome.ticket.owner, outcome.ticket.outlet, outcome.reservations)


def test_closing_gives_all_capacity_back_and_keeps_the_names() -> None:
    """When the work is done capacity is free, and who did it stays on the ticket."""
    case = Case(flow())
    case.fire("ticket.assign", {"to": "ann"})
    case.fire("ticket.assign", {"slot": "outlet", "to": "north"})

    outcome = case.fire("end")

    assert {Release(key="engineer:ann"), Release(key="outlet:north")} == set(outcome.reservations)
    assert ("ann", "north", ()) == (outcome.ticket.assignee, outcome.ticket.outlet, outcome.ticket.held)


def test_a_message_is_recorded_and_not_kept() -> None:
    """A message becomes a record with side, publicity and text; the snapshot does not grow."""
    outcome = Case(flow()).fire(
        "ticket.message", {"side": "customer", "public": False, "text": "hello", "channel": "mail"}, actor="cora"
    )

    [record] = of(Messaged, outcome.records)
    assert ("customer", False, "hello", "mail", "cora") == (
        record.side,
        record.public,
        record.text,
        record.channel,
        record.actor,
    )


def test_empty_texts_of_a_form_mean_nothing_was_written() -> None:
    """An optional text that a form sends empty counts as left out."""
    case = Case(flow())

    assert "" == of(Messaged, case.fire("ticket.message", {"text": ""}).records)[0].text
    assert "" == of(Rated, case.fire("rating.add", {"score": 5, "comment": ""}).records)[0].comment


# force, reopen, cancel ------------------------------------------------------------------------------------------


def test_force_goes_anywhere_and_says_why() -> None:
    """Force moves to any state past all guards; its reason stays on record."""
    case = Case(flow(transitions=[move(when="false"), move("end", "b", "z")]))

    outcome = case.fire("ticket.force", {"state": "b", "reason": "system was down"}, actor="root")

    assert "b" == outcome.ticket.state
    assert "system was down" == outcome.records[0].payload["reason"]  # type: ignore[attr-defined]  # a Received
    assert "z" == case.fire("end").ticket.state


def test_force_closes_and_reopens_like_any_move() -> None:
    """Forcing into and out of a closed state stops and starts what depends on it."""
    case = Case(flow(clocks=[{"name": "k", "within": "1h"}]))

    assert "cancelled" == case.fire("ticket.force", {"state": "z", "reason": "x"}).ticket.clocks["k"].phase
    reopened = case.fire("ticket.force", {"state": "a", "reason": "x"}).ticket

    assert (1, 2, "running") == (reopened.reopened, reopened.clocks["k"].cycle, reopened.clocks["k"].phase)


def test_force_into_the_same_state_sets_its_timers_anew() -> None:
    """Forcing into the present state leaves and enters it, so its timers begin again."""
    case = Case(flow(states={"a": {"timers": [{"after": "1h", "event": "go"}]}, "b": {}, "z": {"closed": True}}))

    outcome = case.fire("ticket.force", {"state": "a", "reason": "x"}, minutes=30)

    assert [after(90)] == [timer.due for timer in outcome.ticket.timers]


def test_force_into_one_region_keeps_the_others_alive() -> None:
    """Forcing a state of a parallel region leaves a ticket that the machine can go on with."""
    regions = {
        "r": {"initial": "r1", "states": {"r1": {}, "r2": {}}},
        "s": {"initial": "s1", "states": {"s1": {}, "s2": {}}},
    }
    case = Case(flow(initial="p", states={"p": {"parallel": True, "states": regions}}, transitions=[move("n", "s1", "s2")]))

    case.fire("ticket.force", {"state": "r2", "reason": "x"})

    assert "r2+s2" == case.fire("n").ticket.state


def test_force_into_a_state_with_states_inside_enters_where_it_starts() -> None:
    """A group is a state too: it is entered as any transition to it would."""
    inside = {"g1": {}, "g2": {}, "back": {"history": "deep"}}
    regions = {"r": {"states": {"r1": {}, "r2": {}}}, "s": {"states": {"s1": {}, "s2": {}}}}
    both = {"parallel": True, "initial": ["r2", "s2"], "states": regions}
    states = {"a": {}, "g": {"initial": "g2", "states": inside}, "p": both}
    case = Case(flow(initial="a", states=states, transitions=[move("go", "a", "g")]))

    assert "g2" == case.fire("ticket.force", {"state": "g", "reason": "x"}).ticket.state
    assert "r2+s2" == case.fire("ticket.force", {"state": "p", "reason": "x"}).ticket.state
    with pytest.raises(Refused, match="no state 'back'"):
        case.fire("ticket.force", {"state": "back", "reason": "x"})


def test_cancel_and_reopen_are_what_the_definition_makes_of_them() -> None:
    """Without a transition for them cancelling and reopening are not allowed here."""
    case = Case(flow(transitions=[move()]))

    for event in ("ticket.cancel", "ticket.reopen"):
        with pytest.raises(Refused) as caught:
            case.fire(event)
        assert "not_here" == caught.value.code


def test_a_built_in_event_may_also_move() -> None:
    """A transition may be taken by a built-in event, which then does both."""
    outcome = Case(flow(transitions=[move("rating.add")])).fire("rating.add", {"score": 5})

    assert ["Received", "Rated", "Moved"] == kinds(outcome)


def test_a_grant_may_ask_for_more_payload() -> None:
    """What the definition declares of a built-in event's payload is needed, and refused when it is missing."""
    case = Case(flow(events={"ticket.assign": {"payload": {"reason": "string"}}}))

    with pytest.raises(Refused) as caught:
        case.fire("ticket.assign", {"to": "ann"})

    assert "payload" == caught.value.code
    assert "ann" == case.fire("ticket.assign", {"to": "ann", "reason": "knows it"}).ticket.assignee


# ratings, waiving -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scale", "score"), [("csat", 1), ("csat", 5), ("nps", 0), ("nps", 10), ("ces", 7)])
def test_ratings_on_their_scales(scale: str, score: int) -> None:
    """A rating names its scale; both ends of each scale are allowed."""
    outcome = Case(flow()).fire("rating.add", {"scale": scale, "score": score, "comment": "fine"}, actor="cora")

    [record] = of(Rated, outcome.records)
    assert (scale, score, "cora", "fine") == (record.scale, record.score, record.by, record.comment)


def test_a_closed_ticket_can_be_rated() -> None:
    """A closed state never halts the ticket."""
    case = Case(flow())
    case.fire("end")

    assert ["Received", "Rated"] == kinds(case.fire("rating.add", {"score": 4}, minutes=60))


def test_a_waived_breach_stays_visible() -> None:
    """Waiving excuses a breach with a reason; it stays breached."""
    case = Case(flow(clocks=[{"name": "k", "within": "30m"}]))
    case.until(31)

    outcome = case.fire("clock.waive", {"clock": "k", "reason": "storm"}, minutes=40, actor="ann")

    run = outcome.ticket.clocks["k"]
    assert (after(30), "storm") == (run.breached_at, run.waived)
    assert ["ann"] == [record.by for record in of(Waived, outcome.records)]


# checklists -----------------------------------------------------------------------------------------------------


def checked(case: Case, *steps: str) -> Case:
    """The case with these steps checked."""
    for step in steps:
        case.fire("step.check", {"step": step}, actor="ann")
    return case


WORK: dict[str, Any] = {
    "states": {"a": {"checklist": ["look", "mend"]}, "b": {}, "z": {"closed": True}},
    "transitions": [
        move("done", "a", "z", when="checklist.complete"),
        move("wait", "a", "b"),
        move("resume", "b", "a"),
        move("ticket.reopen", "z", "a"),
    ],
}


def test_a_checklist_holds_up_the_way_on_until_complete() -> None:
    """A guard on checklist.complete opens once every step is checked, and each check says when, who and with what."""
    case = checked(Case(flow(**WORK)), "look")

    with pytest.raises(Refused):
        case.fire("done")
    case.fire("step.check", {"step": "mend", "evidence": {"photo": "p1"}}, minutes=7, actor="ann")

    check = case.ticket.checklist["a"]["mend"]
    assert (after(7), "ann", {"photo": "p1"}) == (check.at, check.by, check.evidence)
    assert "z" == case.fire("done").ticket.state


def test_checks_survive_leaving_and_coming_back() -> None:
    """What was checked stays checked when the state is entered again."""
    case = checked(Case(flow(**WORK)), "look", "mend")
    case.fire("wait")
    case.fire("resume")

    assert "z" == case.fire("done").ticket.state


def test_checks_are_gone_when_the_ticket_is_reopened() -> None:
    """Reopening begins the work anew: nothing is checked."""
    case = checked(Case(flow(**WORK)), "look", "mend")
    case.fire("done")
    case.fire("ticket.reopen")

    assert {} == dict(case.ticket.checklist)
    with pytest.raises(Refused):
        case.fire("done")


def test_checking_twice_is_checking_once() -> None:
    """A second tap on the same box keeps the first check."""
    case = checked(Case(flow(**WORK)), "look")

    assert [] == of(Checked, case.fire("step.check", {"step": "look"}, minutes=9).records)
    assert after() == case.ticket.checklist["a"]["look"].at


def test_an_ordered_checklist_keeps_its_order() -> None:
    """In an ordered checklist a step is refused until those before it are checked, and they are named."""
    case = Case(flow(states={"a": {"checklist": ["look", "mend", "test"], "ordered": True}, "b": {}, "z": {}}))

    with pytest.raises(Refused) as caught:
        case.fire("step.check", {"step": "test"})
    assert ("look", "mend") == caught.value.missing
    checked(case, "look", "mend", "test")


def test_a_step_of_another_state_is_refused() -> None:
    """Only steps of the present state can be checked."""
    case = Case(flow(**WORK))
    case.fire("wait")

    with pytest.raises(Refused) as caught:
        case.fire("step.check", {"step": "look"})
    assert "it has none" in str(caught.value)


def test_two_regions_may_list_the_same_step() -> None:
    """Where two active states list one step, each can be checked in its turn."""
    regions = {name: {"initial": name + "1", "states": {name + "1": {"checklist": ["photo"]}}} for name in ("r", "s")}
    case = Case(flow(initial="p", states={"p": {"parallel": True, "states": regions}}, transitions=[]))

    checked(case, "photo", "photo")

    assert {"r1", "s1"} == set(case.ticket.checklist)


# answering escalations ------------------------------------------------------------------------------------------


def test_a_snooze_may_be_a_span_or_an_instant() -> None:
    """Until may be a length of time from now, an instant, or an instant as text."""
    for until in ("2h", after(hours=2), after(hours=2).isoformat(), timedelta(hours=2)):
        case = Case(flow(escalations=[CHAIN]))
        case.fire("chain.snooze", {"until": until})

        assert [("snoozed", after(hours=2))] == [(run.phase, run.until) for run in case.ticket.chains]


def test_answering_without_a_running_escalation_is_refused() -> None:
    """Where nothing climbs there is nothing to acknowledge."""
    with pytest.raises(Refused) as caught:
        Case(flow()).fire("chain.acknowledge")
    assert ("payload", ()) == (caught.value.code, caught.value.running)


# parents and children -------------------------------------------------------------------------------------------


def test_a_closed_child_tells_its_parent() -> None:
    """A child that closes sends word, after which the parent has one open child less."""
    parent = Case(flow(transitions=[move(do=[{"open": {"workflow": "small"}}])]))
    [opened] = of(Open, parent.fire("go").effects)
    child = flow().open(opened.new_ticket, {"parent": opened.parent}, at=after(1)).ticket

    [word] = flow().fire(child, "end", at=after(2)).effects

    assert isinstance(word, Send)
    assert ("T1", (child.id,)) == (word.to_ticket, parent.ticket.children)
    assert () == parent.fire(word.event, word.payload, minutes=3, actor=SYSTEM, key=word.key).ticket.children


def test_a_reopened_ticket_takes_its_assignees_capacity_again() -> None:
    """Who still has the ticket when it is reopened works on it again."""
    case = Case(flow())
    case.fire("ticket.assign", {"to": "ann"})
    case.fire("end")

    assert (Take(key="engineer:ann"),) == case.fire("ticket.reopen").reservations


def test_only_declared_queues_take_a_ticket() -> None:
    """Where queues are declared, an opening or an update into another one is refused with the one meant."""
    workflow = flow(queues=["care"])

    for attempt in (lambda: Case(workflow, {"queue": "car"}), lambda: Case(workflow).fire("ticket.update", {"queue": "car"})):
        with pytest.raises(Refused) as caught:
            attempt()
        assert "payload" == caught.value.code
        assert "care" in str(caught.value)
