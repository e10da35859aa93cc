"""Forms of a desk's ticket: by its own time, world and version."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import servflow
from servflow.documents import load_correlator
from servflow.embedding import desk_forms, forms
from servflow.stores import MemoryStore

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
WORLD = servflow.World(people=[{"id": "eve", "name": "Eve", "roles": ["clerk"]}])
FIRST = """
workflow: repair
version: 1
roles: [clerk, engineer]
events: {ticket.assign: {allow: clerk}}
states: {new: {timers: [{after: 1h, event: age}]}, old: {}, done: {closed: true}}
transitions:
  - {event: age, source: new, target: old, allow: system}
  - {event: finish, source: [new, old], target: done, allow: clerk}
"""
SECOND = FIRST.replace("version: 1", "version: 2").replace("event: finish", "event: end")


def test_a_desk_draws_the_forms_of_its_ticket() -> None:
    """They are those of the version, the world and the time of the desk; an id is enough of an actor, as in every verb."""
    now = [AT]
    desk = servflow.Desk([servflow.load(FIRST), servflow.load(SECOND)], MemoryStore(), now=lambda: now[0], world=WORLD)
    desk.open("R-1")
    found = {form.id: form for form in desk_forms(desk, "R-1", actor="eve", lang="zh")}

    assert ({"end", "age", "ticket.assign"}, "ready") == (set(found), found["end"].status)
    assert [("eve", "Eve")] == [(one.value, one.title) for one in found["ticket.assign"].inputs[0].choices]
    now[0] += timedelta(hours=2)
    assert "age" not in {form.id for form in desk_forms(desk, "R-1", actor="eve")}
    desk.fire("R-1", "ticket.assign", {"to": "eve"}, actor="eve")
    now[0] = AT
    assert "ready" == {form.id: form for form in desk_forms(desk, "R-1", actor="eve")}["end"].status


def test_a_ticket_opened_under_an_old_version_keeps_its_buttons() -> None:
    """A desk that was given a new version draws an old ticket by its own."""
    store = MemoryStore()
    servflow.Desk(servflow.load(FIRST), store, now=lambda: AT).open("R-1")
    desk = servflow.Desk(servflow.load(SECOND), store, now=lambda: AT, world=WORLD)

    assert {"finish", "age", "ticket.assign"} == {form.id for form in desk_forms(desk, "R-1", actor="eve")}


def test_forms_take_an_actor_as_every_verb_does() -> None:
    """An id or a mapping stands for an actor whose roles the world knows."""
    flow = servflow.load(FIRST)
    ticket = flow.open("R-1", at=AT).ticket

    for actor in ("eve", {"id": "eve"}, servflow.Actor("eve")):
        drawn = {form.id: form.status for form in forms(flow, ticket, at=AT, actor=actor, world=WORLD)}
        assert "ready" == drawn["finish"]


def test_what_a_correlator_keeps_has_no_forms() -> None:
    """Nobody works on it, and that is said."""
    seen = load_correlator(
        """
servflow: 1
correlator: twice
workflows: [repair]
when: kind == "Opened"
key: customer
find: count
count: 2
within: 24h
do: [{notify: {to: {user: eve}, template: twice}}]
"""
    )
    desk = servflow.Desk([servflow.load(FIRST), seen], MemoryStore(), now=lambda: AT, world=WORLD)
    desk.open("R-1", {"customer": "li"})
    while desk.tick().worked or desk.deliver().worked:
        pass
    with pytest.raises(servflow.InputError, match="draw the forms of a ticket of a workflow"):
        desk_forms(desk, "~twice/li")
