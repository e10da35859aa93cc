"""A desk takes a person's data out of what its store keeps, so that the chain of records still proves all that is left."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from attrs import evolve

from servflow.desk import AsyncDesk, Desk
from servflow.engine import Workflow, plan_migration
from servflow.errors import Conflict, InputError, NotFound
from servflow.model import Actor, Erased, Notify, Ticket, dump
from servflow.stores import Link, MemoryStore, SqliteStore, SqlStore, Store, export, import_ticket, verify
from servflow.stores._chain import seal
from servflow.testing._store_values import NOON
from tests.postgres import fresh_database
from tests.requirements import require
from tests.unit.engine.test_erase import NAME, OPENING, PARTS, PHONE, STREET

FLOW = Workflow(
    **{**PARTS, "fields": {**PARTS["fields"], "phone": {"personal": True, "indexed": True}, "model": {"indexed": True}}}
)


class Clock:
    """The present, as far as a desk knows."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Any:
    """An empty store of each kind."""
    if request.param == "postgres":
        require("postgres")
        made: Store = SqlStore(fresh_database(request.getfixturevalue("postgres")))
    else:
        made = MemoryStore() if request.param == "memory" else SqliteStore(":memory:")
    yield made
    made.close()


def kept(store: Store, *ids: str) -> str:
    """All texts a store keeps of its tickets."""
    texts = [head.snapshot for name in ids or store.ids() if (head := store.head(name)) is not None]
    texts += [f"{one.body} {one.salt} {one.seal}" for name in ids or store.ids() for one in store.chain(name)]
    return "\n".join([*texts, *(json.dumps(dump(effect)) for effect in store.effects(1_000))])


def lived(store: Store, **more: Any) -> Desk:
    """A desk with two tickets of the same kind, one of them under way."""
    desk = Desk(FLOW, store, now=more.pop("now", lambda: NOON), handlers={"notify": lambda effect: None}, **more)
    for name in ("A", "B"):
        desk.open(name, OPENING, actor=Actor("c-17"))
        desk.fire(name, "start")
    desk.fire("A", "call", {"spoke_to": "Bert", "about": "the pump"})
    desk.deliver()
    return desk


def test_nothing_is_left_and_all_is_proved(store: Store) -> None:
    """The store holds nothing of the person in this ticket any more, and everything in others; every chain holds."""
    desk = lived(store)
    before, heads = kept(store), verify(store).heads
    outcome = desk.erase("A", reason="request 12", actor="boss")

    assert [] == [text for text in (NAME, PHONE, STREET, "Bert") if text in kept(store, "A")]
    assert all(text in before for text in (NAME, PHONE, STREET, "Bert"))
    assert NAME in kept(store, "B")
    report = verify(store, noted=heads)
    assert (True, ()) == (bool(report), report.findings)
    assert isinstance(outcome.records[0], Erased)
    assert outcome.ticket == desk.get("A") == FLOW.fold(desk.history("A"))
    sealed = [one.sequence for one in store.chain("A") if one.seal]
    assert sorted(int(number) for number in outcome.records[0].records) == sealed
    assert {""} == {one.salt for one in store.chain("A") if one.seal}


def test_the_desk_goes_on(store: Store) -> None:
    """After it a ticket is explained, shown, fired on, closed and verified as any other."""
    desk = lived(store)
    desk.erase("A")
    desk.explain("A")
    desk.available("A")
    desk.fire("A", "finish")
    desk.fire("B", "finish")
    desk.erase("B")

    assert desk.get("A").closed
    assert verify(store)
    assert [] == [text for text in (NAME, PHONE, STREET) if text in kept(store)]


def test_once_and_again(store: Store) -> None:
    """The same key gives the first result; without one there is nothing left to do, and no record is added."""
    desk = lived(store)
    first = desk.erase("A", key="r-12")
    again = desk.erase("A", key="r-12")
    third = desk.erase("A")

    assert (first.ticket, first.records) == (again.ticket, again.records)
    assert () == third.records
    assert 1 == sum(isinstance(record, Erased) for record in desk.history("A"))
    desk.fire("A", "ticket.update", {"phone": "+49 99999"})
    desk.erase("A")
    assert "+49 99999" not in kept(store)
    assert verify(store)


def test_screens_find_it_no_more(store: Store) -> None:
    """What was indexed and is erased finds the ticket no more; what was not erased does."""
    desk = lived(store)
    both = desk.find(where={"phone": PHONE})
    desk.erase("A")

    assert ["A", "B"] == [ticket.id for ticket in both]
    assert ["B"] == [ticket.id for ticket in desk.find(where={"phone": PHONE})]
    assert ["A", "B"] == [ticket.id for ticket in desk.find(where={"model": "X-200"})]


def test_effects_that_wait_come_first(store: Store) -> None:
    """A ticket whose effects were not carried out is refused, with what to do; then it is erased."""
    desk = lived(store)
    desk.fire("A", "call", {"spoke_to": "Bert", "about": "it"})
    (effect,) = store.effects()
    before = kept(store)
    with pytest.raises(Conflict, match="deliver") as refused:
        desk.erase("A")

    assert isinstance(effect, Notify)
    assert ("pending", (effect.id,), 0) == (refused.value.code, refused.value.effects, refused.value.messages)
    assert before == kept(store)
    desk.deliver()
    desk.erase("A")
    assert [] == [text for text in (NAME, PHONE, STREET, "Bert") if text in kept(store, "A")]


def test_mail_that_waits_comes_first(store: Store) -> None:
    """A ticket with mail is refused, also where it failed and is passed over, which it still is afterwards."""
    desk = lived(store)
    store.post("A", "call", {"spoke_to": "Bert", "about": "it"}, key="m1", at=NOON)
    store.fail("ticket", "A", f"cannot call {NAME}", at=NOON, again=None)
    with pytest.raises(Conflict, match="1 messages"):
        desk.erase("A")

    assert ["A"] == [trouble.ticket for trouble in store.troubles()]
    desk.revive("ticket", ["A"])
    desk.tick()
    desk.deliver()
    desk.erase("A")
    assert () == store.troubles()
    assert [] == [text for text in (NAME, PHONE, STREET, "Bert") if text in kept(store, "A")]


def test_mail_of_a_clock_that_is_ahead_counts(store: Store) -> None:
    """Mail dated a year ahead waits as well, and is refused as well."""
    desk = lived(store)
    store.post("A", "call", {"spoke_to": "Bert", "about": "it"}, key="m1", at=NOON + timedelta(days=365))
    with pytest.raises(Conflict, match="1 messages"):
        desk.erase("A")

    assert "Bert" in kept(store, "A")


@pytest.mark.parametrize("what", ["mail", "effect"])
def test_what_comes_in_between(what: str, postgres: str) -> None:
    """What another connection keeps between the look and the erasure is seen: all of it is undone and refused."""
    with SqlStore(fresh_database(postgres)) as store:
        lived(store)
        came: list[threading.Thread] = []

        def world() -> None:
            """Asked for once the desk has looked at what waits; a thread of its own has a transaction of its own."""
            if not came:
                other = Desk(FLOW, store, now=lambda: NOON)
                said = {"spoke_to": "Bert", "about": "it"}
                send = partial(store.post, key="m", at=NOON) if what == "mail" else other.fire
                came.append(threading.Thread(target=send, args=("A", "call", said)))
                came[0].start()
                came[0].join()

        with pytest.raises(Conflict) as refused:
            Desk(FLOW, store, now=lambda: NOON, world=world).erase("A")

        assert "pending" == refused.value.code
        assert NAME in kept(store, "A")
        assert verify(store)


def test_troubles_are_forgotten(store: Store) -> None:
    """The text of a failure, which may quote anything, goes with the data."""
    desk = lived(store)
    store.fail("ticket", "A", f"cannot call {NAME}", at=NOON, again=None)
    desk.erase("A")

    assert () == store.troubles()


def test_what_time_has_set_happens_first(store: Store) -> None:
    """A clock that breached meanwhile is recorded at its instant, before the erasure."""
    clock = Clock()
    desk = lived(store, now=clock)
    clock.now += timedelta(hours=3)
    desk.erase("A")

    kinds = [type(record).__name__ for record in desk.history("A")]
    assert ["Breached", "Erased"] == kinds[-2:]
    assert verify(store)


def test_a_migrated_ticket(store: Store) -> None:
    """The definitions a ticket ran under before are read from the store."""
    desk = lived(store)
    fields = {**PARTS["fields"], "mobile": {"personal": True}}
    del fields["phone"]
    moves = [{**PARTS["transitions"][0], "when": "mobile != null"}, *PARTS["transitions"][1:]]
    new = Workflow(**{**PARTS, "version": 2, "fields": fields, "transitions": moves, "rules": []})
    report = desk.migrate(plan_migration(FLOW, new, fields={"phone": "mobile"}))
    Desk(new, store, now=lambda: NOON).erase("A")

    assert 2 == report.moved
    assert [] == [text for text in (NAME, PHONE, STREET, "Bert") if text in kept(store, "A")]
    assert verify(store)


def test_an_erased_ticket_leaves_and_comes(store: Store) -> None:
    """What was erased stays so in another store, with the seals that prove the rest; the old form is read as well."""
    desk = lived(store)
    desk.erase("A", people=["c-17"])
    data = json.loads(json.dumps(export(store, "A")))
    other = MemoryStore()
    ticket = import_ticket(other, data)

    assert ticket == desk.get("A")
    assert store.chain("A") == other.chain("A")
    assert ["A"] == [found.id for found in other.find(where={"model": "X-200"})]
    assert verify(other, noted=verify(store, "A").heads)
    del data["records"][0]["seal"]
    with pytest.raises(InputError, match="not the one that was kept"):
        import_ticket(MemoryStore(), data)
    plain = json.loads(json.dumps(export(store, "B")))
    plain["format"] = 1
    assert import_ticket(MemoryStore(), plain) == desk.get("B")


def test_no_such_ticket(store: Store) -> None:
    """A ticket that is not there, and a field it does not have, are told of."""
    desk = lived(store)
    with pytest.raises(NotFound, match="'Z'"):
        desk.erase("Z")
    with pytest.raises(InputError, match="did you mean"):
        desk.erase("A", fields=["phnoe"])


class Tampered(MemoryStore):
    """A store in which somebody changed what it keeps of ticket A by hand."""

    def change(self, sequence: int, **parts: Any) -> None:
        self._links = {**getattr(self, "_links", {}), sequence: parts}

    def chain(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Link, ...]:  # noqa: A002 - as the protocol
        changed = getattr(self, "_links", {}) if id == "A" else {}
        return tuple(evolve(one, **changed.get(one.sequence, {})) for one in super().chain(id, after, limit))


def test_tampering_is_found() -> None:
    """A seal no erasure tells of, another text than was left, and a text brought back are each found at their record."""
    store = Tampered()
    desk = lived(store)
    first = store.chain("A")[0]
    desk.erase("A")
    left = store.chain("A")
    untold = next(one for one in left if not one.seal)

    def found(sequence: int, **parts: Any) -> list[tuple[str, int]]:
        store._links = {}
        store.change(sequence, **parts)
        report = verify(store)
        return [(one.code, one.facts["sequence"]) for one in report.findings if one.code != "audit.snapshot"]

    assert [("audit.rewritten", 1)] == found(1, body=left[0].body.replace("X-200", "X-300"))
    assert [("audit.rewritten", 1)] == found(1, body=first.body, salt=first.salt, seal="")
    body, at = untold.body.replace("start", "stop"), untold.sequence
    assert [("audit.sealed", at)] == found(at, body=body, salt="", seal=seal(untold.body, untold.salt))
    assert [("audit.changed", 1)] == found(1, seal="")
    lied = left[-1].body.replace('"1":"', '"1":"0')
    assert [("audit.changed", len(left)), ("audit.rewritten", 1)] == found(len(left), body=lied)
    assert [] == found(1)


def test_from_coroutines() -> None:
    """An AsyncDesk erases and finds as a desk does."""
    store = MemoryStore()
    lived(store)

    async def work() -> tuple[Ticket, list[str]]:
        desk = AsyncDesk(FLOW, store, now=lambda: NOON)
        outcome = await desk.erase("A", reason="request")
        return outcome.ticket, [ticket.id for ticket in await desk.find(where={"phone": PHONE})]

    ticket, found = asyncio.run(work())
    assert (store.load("A"), ["B"]) == (ticket, found)
