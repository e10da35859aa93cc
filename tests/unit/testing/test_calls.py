"""Holds what a machine draws to what it sees of the ticket; must not know how runs are made of it."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import find, seed, settings
from hypothesis.stateful import run_state_machine_as_test

import servflow
from servflow.testing import WorkflowMachine, machine_for, worlds_for
from servflow.testing._calls import Calls

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ONE = settings(database=None, deadline=None, derandomize=True)


def workflow() -> servflow.Workflow:
    """A repair that is paid for."""
    return servflow.load("""
workflow: repair
fields: {amount: {type: decimal, default: "0"}}
states: {new: {}, done: {closed: true}}
transitions: [{event: finish, source: new, target: done, payload: {amount: decimal}}]
""")


def drawn(calls: Calls, amount: str) -> str:
    """What could be sent with the end of a repair that holds an amount, as Hypothesis writes it."""
    ticket = calls.workflow.open("T1", {"amount": amount}, at=NOON).ticket
    [finish] = [option for option in calls.workflow.available(ticket, at=NOON) if option.event == "finish"]
    return repr(calls.payload(ticket, finish))


def test_nothing_is_drawn_for_an_amount() -> None:
    """Zero comes up beside the numbers of the definition, though none is near it: a guard without a lower bound is found."""
    calls = Calls(workflow())

    assert 0 in calls.numbers


def test_what_is_drawn_for_a_ticket_does_not_depend_on_others() -> None:
    """A run that is played again draws the same, whatever tickets came before it."""
    fresh, used = Calls(workflow()), Calls(workflow())
    held = drawn(used, "77")

    assert "78" in held
    assert drawn(fresh, "0") == drawn(used, "0")
    assert drawn(Calls(workflow()), "77") == held


def test_amounts_lie_around_what_the_ticket_holds() -> None:
    """What is sent is often a cent more, a cent less or twice what the ticket holds."""
    held = drawn(Calls(workflow()), "77")

    assert {"77.01", "76.99", "154"} == {amount for amount in ("77.01", "76.99", "154") if f"'{amount}'" in held}


WAITING = """
workflow: waiting
roles: [agent]
states: {open: {}, waiting: {}, done: {closed: true}}
transitions:
  - {event: send, source: open, target: waiting, allow: [agent]}
  - {source: waiting, target: done, when: children.total > 0 && children.open == 0}
"""


def test_a_wait_for_children_ends() -> None:
    """Where a ticket waits for others, the host tells of one that is opened, and then that it is closed."""
    closed = []
    machine = machine_for(servflow.load(WAITING), allow=["stuck"], invariants=[lambda ticket: closed.append(ticket.closed)])

    run_state_machine_as_test(seed(1)(machine), settings=settings(max_examples=5, database=None, deadline=None))

    assert any(closed)


def test_a_run_leaves_what_leads_nowhere() -> None:
    """A ticket on which nothing new can happen is left for another one in the same run."""
    opened: list[WorkflowMachine] = []
    flow = servflow.load("{workflow: short, states: {new: {}, old: {}}, transitions: [{event: age, source: new, target: old}]}")
    machine = machine_for(flow, allow=["stuck"], invariants=[lambda run: opened.extend([run] * (run.ticket.revision == 1))])

    run_state_machine_as_test(seed(1)(machine), settings=settings(max_examples=4, database=None, deadline=None))

    assert len(opened) > len(set(map(id, opened)))


PARTS = """
workflow: parts
roles: [keeper]
events: {part.need: {allow: [keeper]}, part.use: {allow: [keeper]}}
states: {open: {}}
"""


def test_parts_that_are_used_are_on_the_ticket() -> None:
    """What is said to be used is a part that was put aside for this ticket; drawn worlds have some in stock."""
    flow, keeper = servflow.load(PARTS), servflow.Actor("kim", ["keeper"])
    world = servflow.World(stock={"valve": 2})
    opened = flow.open("T1", at=NOON, world=world).ticket
    ticket = flow.fire(opened, "part.need", {"part": "valve"}, at=NOON, actor=keeper, world=world).ticket
    [use] = [one for one in flow.available(ticket, at=NOON, actor=keeper, world=world) if one.event == "part.use"]

    assert "valve" == find(Calls(flow).payload(ticket, use), lambda sent: "part" in sent, settings=ONE)["part"]
    assert find(worlds_for(flow), lambda drawn: drawn.on_hand("pump", "") == 9, settings=ONE).stock


def test_what_came_before_comes_again() -> None:
    """A text that a ticket holds, also in a list, is drawn for what comes in: the same thing is told twice."""
    flow = servflow.load("""
workflow: merging
fields: {merged: {type: list, default: []}}
states: {open: {}}
transitions: [{event: merge, source: open, payload: {other: string}, do: [{set: {merged: "merged + [payload.other]"}}]}]
""")
    ticket = flow.open("T1", {"merged": ["T-77"]}, at=NOON).ticket
    [merge] = [one for one in flow.available(ticket, at=NOON) if one.event == "merge"]

    assert find(Calls(flow).payload(ticket, merge), lambda sent: sent["other"] == "T-77", settings=ONE)
