"""Knows who may not do what because of what they did, and what a grant does not reach; must not know what is done."""

from __future__ import annotations

from typing import Any

import pytest

import servflow
from servflow.engine import Workflow
from servflow.errors import DefinitionError, Refused
from servflow.model import SYSTEM, Actor, Engineer, Moved, Person, Received, World
from tests.unit.engine.flows import Case, after, flow, move, of

ANN, BOB, EVE = Actor("ann", ["clerk"]), Actor("bob", ["clerk"]), Actor("eve", ["clerk"])
BOSS = Actor("sue", ["boss"])


def duties(*transitions: dict[str, Any], **more: Any) -> Workflow:
    """A workflow of clerks and a boss, in which nothing is granted but what a test says."""
    return flow(**{"roles": ["clerk", "boss"], "transitions": list(transitions), **more})


def denied(case: Case, event: str, payload: Any = None, **given: Any) -> Refused:
    """The refusal of somebody who may not; the ticket stands as it stood."""
    before = case.ticket
    with pytest.raises(Refused) as caught:
        case.fire(event, payload, **given)
    assert "not_permitted" == caught.value.code
    assert before == case.ticket
    return caught.value


# separation of duties ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("not_by", ["ask", "ask.*", "ask.again ask.first", "*"])
def test_a_wildcard_means_every_event_it_matches(not_by: str) -> None:
    """A prefix, a list and the star bar whoever did last what they match, not only the event of that very name."""
    case = Case(duties(move("ask", "a", None, allow="clerk"), move("approve", "a", "b", allow="clerk", not_by=not_by)))
    case.fire("ask.first", actor=ANN)

    assert "ann did" in str(denied(case, "approve", actor=ANN))
    assert "b" == case.fire("approve", actor=BOB).ticket.state


def test_of_several_events_each_bars_its_own_last_actor() -> None:
    """Who asked and who checked are two people, and neither may approve."""
    steps = [move(name, "a", None, allow="clerk") for name in ("ask", "check")]
    case = Case(duties(*steps, move("approve", "a", "b", allow="clerk", not_by="ask check")))
    case.fire("ask", actor=ANN)
    case.fire("check", actor=BOB)

    denied(case, "approve", actor=ANN)
    denied(case, "approve", actor=BOB)
    assert "b" == case.fire("approve", actor=EVE).ticket.state


def test_whoever_voted_anywhere_is_barred_by_the_vote_they_gave() -> None:
    """All voters of two approvals are barred from what not_by says of their kind of vote, and the others are not."""
    approval = {"approval": {"allow": ["clerk"], "quorum": 1, "reject": 9}}
    ways = [
        move("approved.a", "a", "b", allow="system"),
        move("approved.b", "b", "c", allow="system"),
        move("pay", "c", "z", allow="clerk", not_by="approval.approve"),
        move("drop", "c", "z", allow="clerk", not_by="approval.reject"),
        move("both", "c", "z", allow="clerk", not_by="approval.reject approval.approve"),
    ]
    workflow = flow(
        roles=["clerk", "boss"], states={"a": approval, "b": approval, "c": {}, "z": {"closed": True}}, transitions=ways
    )
    case = Case(workflow, actor=ANN)
    case.fire("approval.reject", actor=EVE)
    case.fire("approval.approve", actor=ANN)
    case.fire("approval.approve", actor=BOB)

    def may(event: str) -> list[str]:
        told = {who.id: case.workflow.available(case.ticket, at=case.ticket.at, actor=who) for who in (ANN, BOB, EVE)}
        return [who for who, found in told.items() if any(one.event == event and one.status == "ready" for one in found)]

    assert {"pay": ["eve"], "drop": ["ann", "bob"], "both": []} == {event: may(event) for event in ("pay", "drop", "both")}


def test_a_transition_for_several_events_keeps_the_duties_of_each() -> None:
    """What the definition says of one event holds although the transition names it among others, or by a star."""
    for event in ("approve reject", "approve.*", "*"):
        workflow = duties(
            move("ask", "a", "b", allow="clerk"),
            move(event, "b", "z", allow="clerk"),
            events={"approve": {"not_by": "ask"}},
        )
        case = Case(workflow)
        case.fire("ask", actor=ANN)

        denied(case, "approve", actor=ANN)
        assert "z" == case.fire("approve", actor=BOB).ticket.state


def test_duties_hold_without_roles_too() -> None:
    """A workflow that declares no roles still keeps two people apart, also where a transition names several events."""
    for event in ("approve", "approve reject"):
        case = Case(flow(transitions=[move("ask", "a", "b"), move(event, "b", "z")], events={"approve": {"not_by": "ask"}}))
        case.fire("ask", actor="ann")

        denied(case, "approve", actor="ann")
        assert "z" == case.fire("approve", actor="bob").ticket.state


@pytest.mark.parametrize(
    ("event", "payload"),
    [("ticket.update", {"priority": 1}), ("ticket.assign", {"to": "x"}), ("ticket.force", {"state": "a", "reason": "r"})],
)
def test_built_in_events_are_remembered(event: str, payload: dict[str, Any]) -> None:
    """Whoever changed, assigned or forced the ticket may be barred by it like by any event."""
    workflow = duties(move("approve", "a", "b", allow="clerk", not_by=event), events={event: {"allow": ["clerk"]}})
    case = Case(workflow)
    case.fire(event, payload, actor=ANN)

    denied(case, "approve", actor=ANN)
    assert "b" == case.fire("approve", actor=BOB).ticket.state


def test_a_refused_attempt_is_no_deed() -> None:
    """Who tried and was refused did nothing."""
    case = Case(duties(move("ask", "b", "a", allow="clerk"), move("approve", "a", "b", allow="clerk", not_by="ask")))
    with pytest.raises(Refused):
        case.fire("ask", actor=ANN)

    assert "b" == case.fire("approve", actor=ANN).ticket.state


def test_duties_outlive_closing_and_reopening() -> None:
    """Reopening makes nobody forget who did what."""
    workflow = duties(
        move("ask", "a", "b", allow="clerk"),
        move("approve", "b", "z", allow=["clerk"], not_by="ask"),
        move("ticket.reopen", "z", "b", allow=["clerk"]),
    )
    case = Case(workflow)
    case.fire("ask", actor=ANN)
    case.fire("approve", actor=BOB)
    case.fire("ticket.reopen", actor=ANN)

    denied(case, "approve", actor=ANN)
    assert "z" == case.fire("approve", actor=EVE).ticket.state


def test_duties_outlive_another_version_of_the_definition() -> None:
    """What was done under the version before counts under the next, and after a store kept the ticket."""
    parts = (move("ask", "a", "b", allow="clerk"), move("approve", "b", "z", allow="clerk", not_by="ask"))
    case = Case(duties(*parts))
    case.fire("ask", actor=ANN)
    case.workflow = duties(*parts, move("more", "b", None, allow="clerk"), version=2)
    kept = servflow.load_ticket(servflow.dump(case.ticket))

    assert kept == case.ticket
    denied(case, "approve", actor=ANN)
    assert "z" == case.fire("approve", actor=BOB).ticket.state


def test_duties_are_folded_from_the_records() -> None:
    """The records alone tell who did what a wildcard means."""
    workflow = duties(
        move("ask", "a", None, allow="clerk"), move("approve", "a", "b", allow="clerk", not_by="ask.* ticket.update")
    )
    case = Case(workflow)
    case.fire("ask.first", actor=ANN)
    case.fire("ask.second", actor=BOB)

    assert {"ask.*": "bob"} == dict(case.ticket.last_actors)
    assert case.ticket == workflow.fold(case.records)


def test_what_nobody_can_have_done_is_found_at_load() -> None:
    """A misspelt event would bar nobody; it is a finding wherever ``not_by`` stands, for every word of it."""
    for parts in (
        {"transitions": [move(not_by="go aks")]},
        {"events": {"ticket.update": {"not_by": "aks"}}},
        {"transitions": [move(not_by="aks.*")]},
    ):
        with pytest.raises(DefinitionError) as caught:
            flow(**parts)
        assert ["name.unknown"] == [finding.code for finding in caught.value.findings]


def test_available_shows_the_bar() -> None:
    """The button of somebody who may not because of what they did says so."""
    case = Case(duties(move("ask", "a", "b", allow="clerk"), move("approve", "b", "z", allow="clerk", not_by="ask")))
    case.fire("ask", actor=ANN)

    [option] = [o for o in case.workflow.available(case.ticket, at=after(), actor=ANN) if o.event == "approve"]
    assert ("refused", "not_permitted", True) == (option.status, option.code, "ann did ask" in option.why)
    assert "ann 做过 ask，不能再执行 approve" == denied(case, "approve", actor=ANN).text("zh")


# what a grant does not reach --------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["*", "ticket", "ticket.*", "note *"])
def test_a_wildcard_grants_no_built_in_event(event: str) -> None:
    """Whoever may take any event of their own may not thereby force, reassign or cancel the ticket."""
    case = Case(duties(move(event, "a", None, allow="clerk"), move("note", "a", None, allow="clerk")))

    for name, payload in (
        ("ticket.force", {"state": "z", "reason": "x"}),
        ("ticket.assign", {"to": "ann"}),
        ("ticket.update", {"priority": 1}),
        ("ticket.cancel", None),
    ):
        denied(case, name, payload, actor=ANN)


def test_a_wildcard_is_taken_with_a_built_in_event_that_is_granted() -> None:
    """Where the built-in event is granted, a star moves with it, for those the star is for."""
    workflow = duties(move("*", "a", "b", allow="clerk"), events={"ticket.update": {"allow": ["clerk", "boss"]}})

    assert "b" == Case(workflow).fire("ticket.update", {"priority": 1}, actor=ANN).ticket.state
    case = Case(workflow)
    assert ("a", 1) == ((ticket := case.fire("ticket.update", {"priority": 1}, actor=BOSS).ticket).state, ticket.priority)


def test_every_built_in_event_is_denied_until_granted() -> None:
    """Once roles are declared nobody may do anything built in that was not granted, in whatever role."""
    case = Case(duties(move("go", allow="clerk")), {"customer": "cora"}, actor=ANN)
    payloads: dict[str, dict[str, Any]] = {
        "ticket.update": {"priority": 1},
        "ticket.assign": {"to": "ann"},
        "ticket.message": {"text": "x"},
        "ticket.cancel": {},
        "ticket.reopen": {},
        "ticket.force": {"state": "z", "reason": "x"},
        "chain.acknowledge": {},
        "chain.snooze": {"until": "1h"},
        "chain.escalate": {},
        "rating.add": {"score": 5},
        "clock.waive": {"clock": "k", "reason": "x"},
        "ticket.child_closed": {"child": "c"},
    }
    for event, payload in payloads.items():
        for actor in (None, "cora", ANN, BOSS):
            with pytest.raises(Refused) as caught:
                case.fire(event, payload, actor=actor)
            assert caught.value.code in ("not_permitted", "not_here"), event


# whose tickets -----------------------------------------------------------------------------------------------------


def test_a_provider_acts_on_tickets_of_its_outlets_only() -> None:
    """Outlets bind roles for transitions, built-in events and the buttons alike, and follow the ticket's outlet."""
    workflow = duties(
        move("go", "a", "b", allow="clerk"),
        events={"ticket.update": {"allow": ["clerk"]}, "ticket.assign": {"allow": ["boss"]}},
    )
    north = Actor("nina", ["clerk"], ["north"])
    case = Case(workflow, {"outlet": "south"})

    told = denied(case, "go", actor=north)
    denied(case, "ticket.update", {"priority": 1}, actor=north)
    assert "go is not permitted: nina acts on tickets of north only, and this one is of south" == str(told)
    assert "nina 无权执行 go：只能处理网点 north 的工单，此工单的网点：south" == told.text("zh")
    assert {"refused"} == {option.status for option in workflow.available(case.ticket, at=after(), actor=north)}
    case.fire("ticket.assign", {"slot": "outlet", "to": "north"}, actor=BOSS)
    assert "b" == case.fire("go", actor=north).ticket.state


def test_a_ticket_without_an_outlet_is_nobodys_of_a_provider() -> None:
    """Somebody bound to outlets may not touch what belongs to none; somebody bound to nothing may."""
    workflow = duties(move("go", "a", "b", allow="clerk"))

    denied(Case(workflow), "go", actor=Actor("nina", ["clerk"], ["north"]))
    assert "b" == Case(workflow).fire("go", actor=ANN).ticket.state


def test_the_assignee_acts_whatever_the_outlet() -> None:
    """A relation to the ticket itself is no role and is not bound by outlets."""
    workflow = duties(move("go", "a", "b", allow="assignee"), events={"ticket.assign": {"allow": ["boss"]}})
    case = Case(workflow, {"outlet": "south"})
    case.fire("ticket.assign", {"to": "nina"}, actor=BOSS)

    assert "b" == case.fire("go", actor=Actor("nina", ["clerk"], ["north"])).ticket.state


@pytest.mark.parametrize("of_whom", ["assignee", "owner", "requester"])
def test_managers_of_each_relation(of_whom: str) -> None:
    """The manager of the assignee, the owner or the requester is who the world says at that moment."""
    workflow = duties(move("go", "a", "b", allow=[{"manager_of": of_whom}]), events={"ticket.assign": {"allow": ["boss"]}})
    case = Case(workflow, actor="rita")
    case.fire("ticket.assign", {"to": "abe"}, actor=BOSS)
    case.fire("ticket.assign", {"slot": "owner", "to": "olga"}, actor=BOSS)
    subject = {"assignee": "abe", "owner": "olga", "requester": "rita"}[of_whom]
    world = World(people=[Person(id="mia", roles=["clerk"])], engineers=[Engineer(id=subject, manager="mia")])

    denied(case, "go", actor="mia")
    denied(case, "go", actor="max", world=world)
    assert "b" == case.fire("go", actor="mia", world=world).ticket.state


# force --------------------------------------------------------------------------------------------------------------


def test_force_is_granted_and_leaves_a_full_trace() -> None:
    """Only those granted may force, and the records say who, in which role, why, from where and where to."""
    workflow = duties(move("go", allow="clerk", when="false"), events={"ticket.force": {"allow": ["boss"]}})
    case = Case(workflow)

    denied(case, "ticket.force", {"state": "z", "reason": "x"}, actor=ANN)
    denied(case, "ticket.force", {"state": "z", "reason": "x"}, actor=SYSTEM)
    outcome = case.fire("ticket.force", {"state": "z", "reason": "closed by phone"}, actor=BOSS)

    [received], [moved] = of(Received, outcome.records), of(Moved, outcome.records)
    assert ("ticket.force", "sue", ("boss",), "closed by phone") == (
        received.event,
        received.actor,
        received.roles,
        received.payload["reason"],
    )
    assert ("ticket.force", ("a",), ("z",), (), True) == (
        moved.event,
        moved.exited,
        moved.entered,
        moved.transitions,
        moved.closed,
    )
    assert case.ticket == workflow.fold(case.records)


@pytest.mark.parametrize(
    "payload", [{}, {"state": "z"}, {"state": "z", "reason": ""}, {"reason": "x"}, {"state": "q", "reason": "x"}]
)
def test_force_needs_a_state_and_a_reason(payload: dict[str, Any]) -> None:
    """Without a state that is there and a reason nothing is forced."""
    case = Case(duties(move("go", allow="clerk"), events={"ticket.force": {"allow": ["boss"]}}))
    before = case.ticket
    with pytest.raises(Refused) as caught:
        case.fire("ticket.force", payload, actor=BOSS)

    assert ("payload", before) == (caught.value.code, case.ticket)


# votes --------------------------------------------------------------------------------------------------------------


def refund() -> Workflow:
    """Two approve a refund, and somebody else pays it out; it may be sent back and approved anew."""
    return duties(
        move("approved.deciding", "deciding", "paying"),
        move("rejected.deciding", "deciding", "z"),
        move("send_back", "paying", "deciding", allow="boss"),
        move("pay", "paying", "z", allow="clerk", not_by="approval.approve"),
        initial="deciding",
        states={"deciding": {"approval": {"quorum": 2, "allow": ["clerk"]}}, "paying": {}, "z": {"closed": True}},
    )


def test_everybody_who_voted_for_it_did_it() -> None:
    """Of a quorum each person is barred, not only whoever voted last."""
    case = Case(refund())
    case.fire("approval.approve", actor=ANN)
    case.fire("approval.approve", actor=BOB)

    assert "paying" == case.ticket.state
    denied(case, "pay", actor=ANN)
    denied(case, "pay", actor=BOB)
    assert case.ticket == servflow.load_ticket(servflow.dump(case.ticket)) == case.workflow.fold(case.records)
    assert "z" == case.fire("pay", actor=EVE).ticket.state


def test_only_the_latest_round_counts() -> None:
    """Who approved before it was sent back and not again may pay."""
    case = Case(refund())
    for who in (ANN, BOB):
        case.fire("approval.approve", actor=who)
    case.fire("send_back", actor=BOSS)
    for who in (BOB, EVE):
        case.fire("approval.approve", actor=who)

    denied(case, "pay", actor=BOB)
    assert "z" == case.fire("pay", actor=ANN).ticket.state


def test_rejecting_and_approving_are_two_deeds() -> None:
    """Where only who rejected is barred, who approved may."""
    workflow = duties(
        move("approved.deciding", "deciding", "paying"),
        move("rejected.deciding", "deciding", "z"),
        move("pay", "paying", "z", allow="clerk", not_by="approval.reject"),
        initial="deciding",
        states={"deciding": {"approval": {"quorum": 2, "reject": 2, "allow": ["clerk"]}}, "paying": {}, "z": {"closed": True}},
    )
    case = Case(workflow)
    case.fire("approval.reject", actor=ANN)
    case.fire("approval.approve", actor=BOB)
    case.fire("approval.approve", actor=EVE)

    denied(case, "pay", actor=ANN)
    assert "z" == case.fire("pay", actor=BOB).ticket.state
