"""Knows who may do what to a ticket; must not know what is done."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.errors import InputError, Refused
from servflow.model import SYSTEM, Actor, Engineer, Person, World
from tests.unit.engine.flows import CLERK, Case, flow, move

ANN, BOB = Actor("ann", ["engineer"]), Actor("bob", ["engineer"])
ROLES = ["clerk", "engineer"]


def guarded(allow: Any, **more: Any) -> Case:
    """A ticket, opened by carl for the customer cora and given to ann, with one guarded way on."""
    workflow = flow(roles=ROLES, transitions=[move(allow=allow, **more)], events={"ticket.assign": {"allow": ["clerk"]}})
    case = Case(workflow, {"customer": "cora", "outlet": "north"}, actor=CLERK)
    case.fire("ticket.assign", {"to": "ann"}, actor=CLERK)
    return case


def denied(case: Case, event: str = "go", payload: Any = None, **given: Any) -> Refused:
    """The refusal of an actor who may not."""
    with pytest.raises(Refused) as caught:
        case.fire(event, payload, **given)
    assert "not_permitted" == caught.value.code
    return caught.value


def test_a_role_is_needed_and_named() -> None:
    """Who lacks the role is refused, and the refusal names the role and the actor."""
    error = denied(guarded("clerk"), actor=ANN)

    assert (("clerk",), "ann") == (error.needs, error.actor)
    assert "it takes clerk, and ann is none of these" in str(error)


def test_a_role_lets_in() -> None:
    """Who holds one of the roles may."""
    assert "b" == guarded(["engineer", "clerk"]).fire("go", actor=CLERK).ticket.state


def test_without_roles_everybody_may() -> None:
    """While a workflow declares no roles, nothing is refused for want of one."""
    assert "b" == Case(flow()).fire("go").ticket.state


def test_with_roles_nobody_may_until_granted() -> None:
    """Once roles are declared a transition without allow is for nobody, not even the system."""
    case = guarded([])

    assert "nobody was granted it" in str(denied(case, actor=CLERK))
    denied(case, actor=SYSTEM)


def test_no_actor_holds_no_role() -> None:
    """A call without an actor is refused where somebody is asked for."""
    assert "no actor was given" in str(denied(guarded("clerk")))


@pytest.mark.parametrize("relation", ["assignee", "owner", "requester"])
def test_relations_depend_on_the_ticket(relation: str) -> None:
    """Assignee, owner and requester are whoever the ticket holds there, whatever their roles."""
    case = guarded(relation)
    case.fire("ticket.assign", {"slot": "owner", "to": "olga"}, actor=CLERK)
    held = {"assignee": "ann", "owner": "olga", "requester": "carl"}[relation]

    denied(case, actor="somebody else")

    assert "b" == case.fire("go", actor=held).ticket.state


def test_the_customer_is_a_requester_too() -> None:
    """Who the ticket is for may do what its requester may."""
    assert "b" == guarded("requester").fire("go", actor="cora").ticket.state


def test_an_empty_place_is_nobody() -> None:
    """Where the ticket has no owner, nobody is the owner, not even an actor called None."""
    denied(guarded("owner"), actor="None")


def test_manager_of_reads_the_world() -> None:
    """The manager of the assignee is who the world says; without a world nobody is."""
    world = World(people=[Person(id="ann", manager="mia")])
    case = guarded([{"manager_of": "assignee"}])

    denied(case, actor="mia")
    assert ("manager of assignee",) == denied(case, actor="max", world=world).needs
    assert "b" == case.fire("go", actor="mia", world=world).ticket.state


def test_roles_of_the_world_are_added() -> None:
    """A bare id has the roles that the world knows."""
    case = guarded("clerk")

    denied(case, actor="cleo")

    assert "b" == case.fire("go", actor="cleo", world=World(people=[Person(id="cleo", roles=["clerk"])])).ticket.state


def test_an_actor_of_an_outlet_acts_on_its_tickets_only() -> None:
    """A role counts on the tickets of the actor's outlets only, where the actor has any."""
    case = guarded("engineer")

    denied(case, actor=Actor("eve", ["engineer"], ["south"]))

    assert "b" == case.fire("go", actor=Actor("eve", ["engineer"], ["south", "north"])).ticket.state


def test_outlets_of_the_world_bind_too() -> None:
    """A person whom the world ties to an outlet acts on the tickets of that outlet only."""
    world = World(engineers=[Engineer(id="eve", roles=["engineer"], outlets=["south"])])

    denied(guarded("engineer"), actor="eve", world=world)


def test_who_did_one_thing_may_not_do_the_other() -> None:
    """Whoever did the event that not_by names last may not do this one; somebody else may."""
    workflow = flow(
        roles=ROLES,
        transitions=[move("ask", "a", "b", allow="engineer"), move("approve", "b", "z", allow="engineer", not_by="ask")],
    )
    case = Case(workflow)
    case.fire("ask", actor=ANN)

    error = denied(case, "approve", actor=ANN)

    assert ("ask", "ann") == (error.not_by, error.actor)
    assert "ann did ask" in str(error)
    assert {"ask": "ann"} == dict(case.ticket.last_actors)
    assert "z" == case.fire("approve", actor=BOB).ticket.state


def test_only_the_last_actor_is_kept_and_only_where_asked_for() -> None:
    """The ticket keeps actors of events some not_by names, the last of each, and no others."""
    workflow = flow(transitions=[move("note", "a", None), move("ask", "a", None), move("end", "a", "z", not_by="ask")])
    case = Case(workflow)
    for event, who in (("note", "x"), ("ask", "y"), ("ask", "w")):
        case.fire(event, actor=who)

    assert {"ask": "w"} == dict(case.ticket.last_actors)


def test_not_by_holds_for_built_in_events() -> None:
    """The four-eyes rule may be put on a built-in event."""
    workflow = flow(events={"clock.waive": {"not_by": "go"}}, clocks=[{"name": "k", "within": "1h"}])
    case = Case(workflow)
    case.fire("go", actor=ANN)
    case.until(61)

    denied(case, "clock.waive", {"clock": "k", "reason": "storm"}, actor=ANN)
    case.fire("clock.waive", {"clock": "k", "reason": "storm"}, actor=BOB)


def test_built_in_events_are_denied_until_granted() -> None:
    """Once roles are declared a built-in event is for those its grant names, and for nobody without one."""
    workflow = flow(roles=ROLES, events={"ticket.update": {"allow": ["clerk"]}})
    case = Case(workflow)

    denied(case, "ticket.message", {"text": "x"}, actor=CLERK)
    denied(case, "ticket.update", {"priority": 1}, actor=ANN)

    assert 1 == case.fire("ticket.update", {"priority": 1}, actor=CLERK).ticket.priority


def test_allow_on_a_transition_grants_its_built_in_event() -> None:
    """A transition for a built-in event is the grant for it there."""
    case = Case(flow(roles=ROLES, transitions=[move("ticket.cancel", "a", "z", allow="clerk")]))

    denied(case, "ticket.cancel", actor=ANN)

    assert case.fire("ticket.cancel", actor=CLERK).ticket.closed


def test_a_timer_acts_as_the_system() -> None:
    """What a timer fires is done by the system, which needs to be allowed like anybody."""

    def timed(allow: str) -> Case:
        states = {"a": {"timers": [{"after": "1h", "event": "go"}]}, "b": {}}
        case = Case(flow(roles=ROLES, states=states, transitions=[move(allow=allow)]))
        case.until(61)
        return case

    assert "b" == timed("system").ticket.state
    assert ("a", "not_permitted") == (timed("clerk").ticket.state, timed("clerk").records[-1].code)  # type: ignore[attr-defined]  # a TimerRefused


@pytest.mark.parametrize("actor", [5, "", ["ann"], {"name": "ann"}, {"id": 5}, {"id": "ann", "roles": 5}])
def test_an_actor_in_no_known_form_is_refused(actor: Any) -> None:
    """An actor is an Actor, its mapping or an id; anything else is an error that shows the forms."""
    with pytest.raises(InputError):
        Case(flow(), actor=actor)


def test_an_actor_may_be_a_mapping() -> None:
    """An actor may come as the mapping that a web session holds."""
    assert "b" == guarded("clerk").fire("go", actor={"id": "cleo", "roles": ["clerk"]}).ticket.state


def test_a_role_called_system_is_not_the_system() -> None:
    """System is a relation: whoever happens to hold a role of that name is still somebody else."""
    denied(guarded("system"), actor={"id": "mallory", "roles": ["system"]})


def test_what_the_workflow_raises_needs_no_grant() -> None:
    """With roles declared, the completion of parts and the filling of a place move the ticket without naming the system."""
    sides = {"left": {"states": {"l": {}, "l_done": {"final": True}}}, "right": {"states": {"r": {"final": True}}}}
    moves = [move("ready", "l", "l_done", allow=["clerk"]), move("done.state.a", "a", "b"), move("assigned.assignee", "b", "z")]
    workflow = flow(
        roles=["clerk"],
        events={"ticket.assign": {"allow": ["clerk"]}},
        states={"a": {"parallel": True, "states": sides}, "b": {}, "z": {"closed": True}},
        transitions=moves,
    )
    case = Case(workflow)

    assert "b" == case.fire("ready", actor=CLERK).ticket.state
    with pytest.raises(Refused, match="system"):
        workflow.fire(case.ticket, "assigned.assignee", at=case.ticket.at, actor=CLERK)
    assert "z" == case.fire("ticket.assign", {"to": "ann"}, actor=CLERK).ticket.state
    assert "transition.nobody" not in {finding.code for finding in workflow.check()}
