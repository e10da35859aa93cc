"""Holds what a ticket can go on by to what its guards ask of its fields; must not know who is there to do it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import servflow
from servflow.testing._dead_ends import DeadEnds

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HEAD = "workflow: visit\nfields: {visits: {type: int, default: 2}, sum: {type: int, default: 0}}\nroles: [clerk]\n"
STATES = "states: {open: {}, done: {closed: true}}\ntransitions:\n"
AGAIN = '  - {event: again, source: open, target: open, allow: [clerk], when: "visits < 2"}\n'
PAY = (
    '  - {event: pay, source: open, target: done, allow: [clerk], payload: {sum: int}, when: "payload.sum > 0 && visits > 2"}\n'
)
COUNT = "  - {event: count, source: open, allow: [clerk], do: [{set: {visits: visits + 1}}]}\n"
ADD = "  - {event: add, source: open, allow: [clerk], do: [{set: {sum: sum + 1}}]}\n"
NOTE = "  - {event: note, source: open, allow: [clerk], do: [{notify: {to: assignee, template: note}}]}\n"
CALL = "  - {event: ask, source: open, allow: [clerk], do: [{call: {name: ask}}]}\n"
DONE = "  - {event: end, source: open, target: done, allow: [clerk], when: table.of.it}\n"
TABLE = "tables: {of: {hit: first, inputs: [visits], outputs: {it: bool}, rows: [['> 5', 'true'], ['-', 'false']]}}\n"
UPDATE = "events: {ticket.update: {allow: [clerk]}}\n"


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        (STATES + AGAIN + PAY, set()),
        (STATES + AGAIN + PAY + ADD + NOTE, set()),
        (STATES + AGAIN + PAY + COUNT, {"again", "pay"}),
        (STATES + AGAIN + PAY + CALL, {"ask"}),
        (UPDATE + STATES + AGAIN + PAY, {"again", "pay"}),
        (STATES + DONE + TABLE, {"end"}),
        (STATES + NOTE, set()),
        (STATES + ADD, {"add"}),
    ],
    ids=["two shut guards", "what only stays", "a count", "a call", "by hand", "a table", "a note", "nothing leads away"],
)
def test_what_leads_on(text: str, ways: set[str]) -> None:
    """A guard that is proved to stay shut is no way, unless a field that it reads may change or somebody may change it."""
    workflow = servflow.load(HEAD + text)
    ticket = workflow.open("T1", at=NOON).ticket

    assert ways == DeadEnds(workflow).ways_out(ticket)


CHILDREN = """
workflow: parts
roles: [clerk]
states: {open: {}, waiting: {}, done: {closed: true}}
transitions:
  - {event: wait, source: open, target: waiting, allow: [clerk]}
  - {event: children.closed, source: waiting, target: done}
"""


def test_the_last_child_closes_once() -> None:
    """Where all children are closed before a ticket waits for them, only somebody could wake it: it comes not by itself."""
    workflow = servflow.load(CHILDREN)
    fresh = workflow.open("T1", at=NOON).ticket
    ticket = workflow.fire(fresh, "ticket.child_opened", {"child": "C1"}, at=NOON, actor=servflow.SYSTEM).ticket
    waiting = workflow.fire(ticket, "wait", at=NOON, actor={"id": "al", "roles": ["clerk"]}).ticket
    ticket = workflow.fire(ticket, "ticket.child_closed", {"child": "C1"}, at=NOON, actor=servflow.SYSTEM).ticket
    late = workflow.fire(ticket, "wait", at=NOON, actor={"id": "al", "roles": ["clerk"]}).ticket

    assert DeadEnds(workflow).ways_out(waiting) is None
    assert {"children.closed"} == DeadEnds(workflow).ways_out(late)
