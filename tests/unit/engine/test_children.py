"""Knows how a ticket waits for the tickets it opened; must not know how a desk carries word between them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from servflow import Refused, Ticket
from servflow.engine import Workflow
from servflow.model import SYSTEM, Actor, Linked, Open, Received, Send

T0 = datetime(2026, 11, 2, 1, tzinfo=UTC)


def flow(**more: Any) -> Workflow:
    parts = {"open": {"workflow": "part", "fields": {"name": "'pump'"}}}
    return Workflow(
        workflow="repair",
        initial="new",
        states={"new": {}, "waiting": {}, "work": {}, "closed": {"closed": True}},
        transitions=[
            {"event": "order", "source": "new", "target": "waiting", "do": [parts, parts]},
            {"event": "close", "source": "*", "target": "closed", "when": "children.open == 0"},
            {"event": "ticket.reopen", "source": "closed", "target": "new"},
            *more.pop("transitions", [{"event": "children.closed", "source": "waiting", "target": "work"}]),
        ],
        **more,
    )


def ordered(workflow: Workflow) -> tuple[Ticket, tuple[str, ...]]:
    outcome = workflow.fire(workflow.open("P", at=T0).ticket, "order", at=T0)
    return outcome.ticket, tuple(effect.new_ticket for effect in outcome.effects if isinstance(effect, Open))


def word(workflow: Workflow, ticket: Ticket, kind: str, child: str) -> Ticket:
    return workflow.fire(ticket, f"ticket.child_{kind}", {"child": child}, at=T0, actor=SYSTEM).ticket


def test_the_last_child_to_close_joins() -> None:
    """The join happens when the last of the children is closed, not before."""
    workflow = flow()
    ticket, (one, two) = ordered(workflow)
    assert (one, two) == ticket.children
    ticket = word(workflow, ticket, "closed", two)
    assert "waiting" == ticket.state
    ticket = word(workflow, ticket, "closed", one)

    assert ("work", (), (two, one), 2) == (ticket.state, ticket.children, ticket.children_closed, ticket.children_total)


def test_word_that_comes_twice_changes_nothing() -> None:
    """A repeated delivery, and word of a ticket that is no child, leave the join alone."""
    workflow = flow()
    ticket, (one, two) = ordered(workflow)
    ticket = word(workflow, ticket, "closed", one)
    for child in (one, "stranger"):
        outcome = workflow.fire(ticket, "ticket.child_closed", {"child": child}, at=T0, actor=SYSTEM)
        assert [Received] == [type(record) for record in outcome.records]
        assert "waiting" == outcome.ticket.state
    ticket = word(workflow, ticket, "closed", two)
    again = workflow.fire(ticket, "ticket.child_closed", {"child": two}, at=T0, actor=SYSTEM)
    assert [Received] == [type(record) for record in again.records]


def test_a_child_that_reopens_is_waited_for_again() -> None:
    """Conditions count it as open, once; the total stays, and its next closing joins again."""
    workflow = flow()
    ticket, (one, two) = ordered(workflow)
    ticket = word(workflow, word(workflow, ticket, "closed", one), "closed", two)
    ticket = word(workflow, word(workflow, ticket, "reopened", one), "reopened", one)

    assert ((one,), (two,), 2) == (ticket.children, ticket.children_closed, ticket.children_total)
    with pytest.raises(Refused, match=r"children.open \(1\) == 0"):
        workflow.fire(ticket, "close", at=T0)
    assert "closed" == workflow.fire(word(workflow, ticket, "closed", one), "close", at=T0).ticket.state
    assert ticket.children == word(workflow, ticket, "reopened", "stranger").children


def test_a_condition_joins_whatever_came_first() -> None:
    """A move that needs no event joins also where the children were closed before the ticket came to wait."""
    join = {"source": "waiting", "target": "work", "when": "children.total > 0 && children.open == 0"}
    go = {"event": "go", "source": "new", "do": [{"open": "part"}]}
    wait = {"event": "wait", "source": "new", "target": "waiting"}
    workflow = flow(transitions=[join, go, wait])
    ticket = workflow.fire(workflow.open("P", at=T0).ticket, "go", at=T0).ticket
    assert "waiting" == workflow.fire(ticket, "wait", at=T0).ticket.state

    early = word(workflow, ticket, "closed", ticket.children[0])
    assert "work" == workflow.fire(early, "wait", at=T0).ticket.state


def test_nobody_but_the_system_speaks_for_a_child() -> None:
    """Once roles are declared no person can say that a child was closed or opened again."""
    workflow = flow(roles=["clerk"])
    ticket = workflow.open("P", at=T0).ticket

    for kind in ("closed", "reopened"):
        with pytest.raises(Refused) as refused:
            workflow.fire(ticket, f"ticket.child_{kind}", {"child": "x"}, at=T0, actor=Actor("kit", ["clerk"]))
        assert "not_permitted" == refused.value.code
        with pytest.raises(Refused, match="child is a text"):
            workflow.fire(ticket, f"ticket.child_{kind}", {"child": ""}, at=T0, actor=SYSTEM)
    assert not any(option.event.startswith("ticket.child") for option in workflow.available(ticket, at=T0, actor=SYSTEM))


def test_a_child_tells_its_parent() -> None:
    """Closing and reopening are sent to the parent, each once, with keys of their own."""
    workflow = flow()
    ticket = workflow.open("C", {"parent": "P"}, at=T0).ticket
    sent = []
    for event in ("close", "ticket.reopen", "close"):
        outcome = workflow.fire(ticket, event, at=T0)
        ticket = outcome.ticket
        sent += [effect for effect in outcome.effects if isinstance(effect, Send)]

    assert ["ticket.child_closed", "ticket.child_reopened", "ticket.child_closed"] == [effect.event for effect in sent]
    assert {"P"} == {effect.to_ticket for effect in sent}
    assert 3 == len({effect.key for effect in sent}) == len({effect.id for effect in sent})


def test_fields_of_ones_own_go_before() -> None:
    """A workflow with fields named children or approval reads those."""
    workflow = Workflow(
        workflow="w",
        fields={"children": "int", "approval": {"type": "string", "optional": True}},
        states={"a": {}, "b": {"closed": True}},
        initial="a",
        transitions=[{"event": "go", "source": "a", "target": "b", "when": "children > 1 && approval == null"}],
    )
    ticket = workflow.open("T", {"children": 2}, at=T0).ticket

    assert "b" == workflow.fire(ticket, "go", at=T0).ticket.state


def test_records_say_which_child() -> None:
    """Every change of the children is a record, from which the ticket can be folded."""
    workflow = flow()
    outcomes = [workflow.open("P", at=T0)]
    outcomes.append(workflow.fire(outcomes[-1].ticket, "order", at=T0))
    one, two = outcomes[-1].ticket.children
    for kind, child in (("closed", one), ("reopened", one), ("closed", two), ("closed", one)):
        outcomes.append(workflow.fire(outcomes[-1].ticket, f"ticket.child_{kind}", {"child": child}, at=T0, actor=SYSTEM))
    records = [record for outcome in outcomes for record in outcome.records]

    assert outcomes[-1].ticket == workflow.fold(records)
    told = [record.relation for record in records if isinstance(record, Linked)]
    assert ["child", "child", "child_closed", "child_reopened", "child_closed", "child_closed"] == told


def test_a_child_opened_by_hand_is_made_known() -> None:
    """A ticket that somebody opens with a parent sends word of it; one that the parent opened itself need not."""
    workflow = flow()
    by_hand = workflow.open("C", {"parent": "P"}, at=T0, actor=Actor("kit"))
    by_parent = workflow.open("C", {"parent": "P"}, at=T0, actor=SYSTEM)
    assert ["ticket.child_opened"] == [effect.event for effect in by_hand.effects if isinstance(effect, Send)]
    assert () == by_parent.effects

    ticket = word(workflow, workflow.open("P", at=T0).ticket, "opened", "C")
    assert (("C",), 1) == (ticket.children, ticket.children_total)
    assert ticket.children == word(workflow, ticket, "opened", "C").children
    closed = word(workflow, ticket, "closed", "C")
    assert () == word(workflow, closed, "opened", "C").children  # word that comes late


def test_a_child_that_is_closed_at_once_says_so() -> None:
    """Where opening already closes, the parent hears that too, after it heard of the child."""
    workflow = Workflow(workflow="note", states={"done": {"closed": True}}, initial="done")
    sent = [effect.event for effect in workflow.open("C", {"parent": "P"}, at=T0).effects if isinstance(effect, Send)]

    assert ["ticket.child_opened", "ticket.child_closed"] == sent
