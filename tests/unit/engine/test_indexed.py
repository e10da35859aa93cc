"""What tickets can be found by: which fields may be marked, and what a desk tells its store."""

from __future__ import annotations

import re
from typing import Any

import pytest

from servflow.desk import Desk
from servflow.engine import Workflow, plan_migration
from servflow.errors import DefinitionError, InputError
from servflow.model import FrozenMap
from servflow.stores import Answer, Change, MemoryStore
from servflow.testing._store_values import NOON

PARTS: dict[str, Any] = {
    "initial": "new",
    "states": {"new": {}, "done": {"closed": True}},
    "transitions": [{"event": "finish", "source": "new", "target": "done"}],
}
FLOW = Workflow(
    workflow="repair",
    fields={"serial": {"indexed": True}, "visits": {"type": "int", "indexed": True}, "note": {}},
    **PARTS,
)


class Watched(MemoryStore):
    """A store that remembers what it was told to find tickets by."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[FrozenMap[str, Any] | None] = []

    def commit(self, changes: Any) -> tuple[Answer, ...]:
        self.told += [change.index for change in changes if isinstance(change, Change)]
        return super().commit(changes)


def test_the_index_of_a_ticket_holds_what_is_set() -> None:
    """Values of marked fields, without null ones and without fields that are not marked."""
    ticket = FLOW.open("T", {"serial": "S-1", "note": "x"}, at=NOON).ticket

    assert {"serial": "S-1"} == FLOW.index(ticket)


def test_every_ticket_is_found_by_whom_it_concerns() -> None:
    """Customer, asset, outlet, parent and who opened it need no mark; what is looked for otherwise is refused, not missed."""
    desk = Desk(FLOW, MemoryStore(), now=lambda: NOON)
    for name, customer in (("A", "mia"), ("B", "mia"), ("C", "eve")):
        desk.open(name, {"customer": customer, "asset": "S-1", "parent": "R"}, actor="cleo")
    desk.fire("B", "ticket.update", {"customer": "eve", "outlet": "north", "serial": "S-1"})

    def ids(**where: Any) -> list[str]:
        return [ticket.id for ticket in desk.find(where=where)]

    assert [["A"], ["B", "C"], ["A", "B", "C"]] == [ids(customer="mia"), ids(customer="eve"), ids(parent="R", requester="cleo")]
    assert [["B"], ["B"]] == [ids(outlet="north", asset="S-1"), ids(customer="eve", serial="S-1")]
    for name, said in (("note", "indexed: true"), ("customr", "did you mean 'customer'?"), ("x", "found by: asset, customer")):
        with pytest.raises(InputError, match=re.escape(said)) as caught:
            ids(**{name: "x"})
        assert "where" == caught.value.code
    with pytest.raises(InputError, match=re.escape("find(where={'customer': ...})")):
        desk.find(customer="mia")


def test_histories_are_those_of_what_is_found() -> None:
    """Records ticket by ticket, over more than one page, of all or of some; a name nothing is found by is refused here too."""
    desk = Desk(FLOW, MemoryStore(), now=lambda: NOON)
    names = [f"T{number:03}" for number in range(201)]
    for name in names:
        desk.open(name, {"serial": "even" if int(name[1:]) % 2 == 0 else "odd"})
    desk.fire("T000", "finish")

    assert [desk.history(name) for name in names] == list(desk.histories())
    assert [desk.history(name) for name in names[::2]] == list(desk.histories(where={"serial": "even"}))
    assert [101, 100, 0] == [len(list(desk.histories(limit=limit, after="T000"))) for limit in (101, 100, 0)]
    with pytest.raises(InputError, match="indexed"):
        desk.histories(where={"note": "x"})


def test_a_person_who_was_erased_is_found_no_more() -> None:
    """The name that says nothing is what tickets are found by once an id was erased."""
    desk = Desk(FLOW, MemoryStore(), now=lambda: NOON)
    desk.open("A", {"customer": "mia"}, actor="mia")
    desk.erase("A", people=["mia"])

    assert ((), ("A",)) == (
        desk.find(where={"customer": "mia"}),
        tuple(ticket.id for ticket in desk.find(where={"requester": "erased-1"})),
    )


def test_a_desk_tells_its_store_what_changed() -> None:
    """A store is told at opening and when a marked value changes, and not otherwise; null takes the value away."""
    store = Watched()
    desk = Desk(FLOW, store, now=lambda: NOON)
    desk.open("T", {"serial": "S-1", "note": "x"})
    desk.fire("T", "ticket.update", {"note": "y"})
    desk.fire("T", "ticket.update", {"visits": 2})
    desk.fire("T", "ticket.update", {"serial": None, "visits": None})
    desk.open("U", {"note": "x"})

    assert [{"serial": "S-1"}, None, {"serial": "S-1", "visits": 2}, {}, None] == store.told


def test_a_migration_tells_of_fields_marked_from_then_on() -> None:
    """A field that the new version marks is found by once the ticket was moved, also where its value only looks the same."""
    store = Watched()
    plain = Workflow(workflow="repair", fields={"visits": {"type": "int", "indexed": True}, "note": {}}, **PARTS)
    marked = Workflow(
        workflow="repair", version=2, fields={"visits": {"type": "double", "indexed": True}, "note": {"indexed": True}}, **PARTS
    )
    desk = Desk(plain, store, now=lambda: NOON)
    desk.open("T", {"note": "x", "visits": 1})
    report = desk.migrate(plan_migration(plain, marked))

    assert 1 == report.moved
    assert [{"visits": 1}, {"visits": 1.0, "note": "x"}] == store.told
    assert store.told[1] is not None
    assert float is type(store.told[1]["visits"])


@pytest.mark.parametrize("kind", ["list", "map", "any", "bytes"])
def test_only_one_value_can_be_found_by(kind: str) -> None:
    """A field that may hold several values, or any, cannot be marked."""
    with pytest.raises(DefinitionError) as error:
        Workflow(workflow="w", fields={"f": {"type": kind, "indexed": True}}, **PARTS)

    assert [("field.indexed", "fields.f.indexed")] == [(one.code, one.path) for one in error.value.findings]


def test_only_fields_of_the_ticket_can_be_found_by() -> None:
    """What an event carries, and the evidence of a step, are no fields of the ticket."""
    with pytest.raises(DefinitionError) as error:
        Workflow(
            workflow="w",
            initial="new",
            states={"new": {"checklist": [{"step": "look", "evidence": {"photo": {"indexed": True}}}]}},
            transitions=[{"event": "go", "source": "new", "payload": {"who": {"indexed": True}}}],
        )

    assert {"field.indexed"} == {one.code for one in error.value.findings}
    assert [
        "states.new.checklist[0].evidence.photo.indexed",
        "transitions[0].payload.who.indexed",
    ] == sorted(one.path for one in error.value.findings)


def test_an_unmarked_definition_keeps_its_hash() -> None:
    """Saying that a field is not marked says nothing: what was pinned before stays pinned."""
    said = Workflow(workflow="w", fields={"f": {"indexed": False}}, **PARTS)

    assert Workflow(workflow="w", fields={"f": {}}, **PARTS).hash == said.hash
    assert "indexed" not in str(said.to_data())
