"""Knows that no tenant sees or touches another's rows by any operation of a store; must not know how rows are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from servflow.model import FrozenMap, Release, Reservation, Take, Unique
from servflow.stores import Claim, MemoryStore, SqliteStore, Store, Trouble, verify
from servflow.testing._store_values import MINUTE, NOON, clock, keep, new_ticket, next_step, note, opened, said
from tests.postgres import fresh_database


def _memory(_path: Path, _request: pytest.FixtureRequest) -> Store:
    return MemoryStore()


def _sqlite(path: Path, _request: pytest.FixtureRequest) -> Store:
    return SqliteStore(path / "tickets.db")


def _postgres(_path: Path, request: pytest.FixtureRequest) -> Store:
    pytest.importorskip("psycopg", reason="needs the extra sql")
    from servflow.stores import SqlStore

    return SqlStore(fresh_database(request.getfixturevalue("postgres")))


@pytest.fixture(params=[_memory, _sqlite, _postgres], ids=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    made = request.param(tmp_path, request)
    yield made
    made.close()


def filled(store: Store, who: str) -> None:
    """Something of everything a store keeps, under the same names for whoever it is; only *who* tells them apart."""
    holdings: tuple[Reservation, ...] = (Take(key="ann", units=2, limit=2), Unique(key="u"))
    ticket = opened(store, "T1", holdings, assignee=who, wake=NOON)
    step = next_step(ticket, assignee=who, wake=NOON, queue="q", clocks=FrozenMap(c=clock("c", NOON)))
    effects = (note(f"e-{who}"), note("e"), note("f", "F"))
    keep(store, step, keys=("k",), effects=effects, index=FrozenMap(who=who, city="上海"), erased=(said(1, who),))
    opened(store, "T2", waits=("ann",))
    keep(store, new_ticket("T5", wake=NOON), index=FrozenMap(city="上海"))
    store.take(NOON, NOON + MINUTE, 1)
    store.fail("effect", "f", f"failed for {who}", at=NOON, again=NOON)
    store.fail("effect", f"e-{who}", f"failed for {who}", at=NOON, again=None)
    store.fail("ticket", "T5", f"failed for {who}", at=NOON, again=None)
    store.post("T1", "go", {"who": who}, key="m", at=NOON)
    store.define("hash", who, 1, {"workflow": who})


CLAIM = Claim(ticket="", wake=NOON - MINUTE)
FIRST = Trouble(sort="effect", id="", ticket="", tries=0, error="", since=NOON, at=NOON)
READS: Mapping[str, Callable[[Store], Any]] = {
    "load": lambda store: (store.load("T1"), store.load("T2")),
    "answered": lambda store: store.answered("T1", "k"),
    "claim": lambda store: (store.claim(NOON + MINUTE), store.claim(NOON, after=CLAIM)),
    "mail": lambda store: (store.mail("T1"), store.mail("T1", 1)),
    "effects": lambda store: (store.effects(), store.effects(after="e-north"), store.effects(after="e-south")),
    "history": lambda store: (store.history("T1"), store.history("T1", 1, 1)),
    "ids": lambda store: (store.ids(), store.ids(after="T1")),
    "head": lambda store: (store.head("T1"), store.head("T2")),
    "chain": lambda store: (store.chain("T1"), store.chain("T1", 1)),
    "definition": lambda store: store.definition("hash"),
    "find": lambda store: (
        store.find(),
        store.find(assignee="north"),
        store.find(assignee="south"),
        store.find(state="new", workflow="repair", after="T1"),
        store.find(queue="q", due_before=NOON + MINUTE, order="due"),
        store.find(order="due", after="T1"),
        store.find(where={"who": "north"}),
        store.find(where={"who": "south"}),
        store.find(where={"city": "上海"}),
    ),
    "troubles": lambda store: (
        store.troubles(),
        store.troubles(sort="effect"),
        store.troubles(sort="ticket", aside=True),
        store.troubles(after=FIRST),
    ),
    "usage": lambda store: (dict(store.usage()), dict(store.usage("a"))),
    "released": lambda store: store.released(),
}


def _batch(store: Store) -> None:
    with store.batch():
        ticket = store.load("T1")
        assert ticket is not None
        keep(store, next_step(ticket), keys=("b",))
        store.ack(("e",))


def _commit(store: Store) -> None:
    ticket = store.load("T1")
    assert ticket is not None
    message = store.claim(NOON + MINUTE)[0].messages[0]
    change = next_step(ticket, wake=None, queue=None)
    change = evolve(change, index=FrozenMap(), erased=(said(2, "nobody"),))
    keep(store, change, keys=("k2",), consumed=(message.id,), reservations=(Release(key="ann", units=2),))


def _take(store: Store) -> None:
    # What is taken of what failed shows in the list of troubles.
    assert ["e", "f"] == [pending.effect.id for pending in store.take(NOON + MINUTE, NOON + 9 * MINUTE)]


def _fail(store: Store) -> None:
    store.fail("effect", "f", "again", at=NOON + MINUTE, again=None)
    store.fail("ticket", "T1", "again", at=NOON + MINUTE, again=None)


WRITES: Mapping[str, Callable[[Store], Any]] = {
    "commit": _commit,
    "commit new": lambda store: keep(store, new_ticket("T3"), keys=("k",), effects=(note("e3", "T3"),)),
    "post": lambda store: store.post("T1", "go", key="m2", at=NOON - MINUTE),
    "ack": lambda store: store.ack(("e", "e-north", "e-south")),
    "take": _take,
    "fail": _fail,
    "revive": lambda store: (store.revive("effect", ("f", "e-north", "e-south")), store.revive("ticket", ("T1", "T5"))),
    "define": lambda store: store.define("hash", "other", 2, {"workflow": "other"}),
    "batch": _batch,
}
OTHERS = {"for_tenant", "close"}


def everything(store: Store) -> dict[str, Any]:
    """What each reading operation gives."""
    return {name: read(store) for name, read in READS.items()}


def test_every_operation_is_here() -> None:
    """No operation of a store is forgotten below."""
    assert {name for name in vars(Store) if not name.startswith("_")} == {*READS, *(WRITES.keys() - {"commit new"}), *OTHERS}


@pytest.mark.parametrize("name", READS)
def test_a_new_tenant_sees_nothing(store: Store, name: str) -> None:
    """Beside a tenant with something of everything, a new one reads the same as in an empty store."""
    empty = READS[name](MemoryStore())
    filled(store.for_tenant("north"), "north")

    assert empty == READS[name](store.for_tenant("south"))
    assert empty == READS[name](store)
    if name != "released":  # nothing was given back
        assert empty != READS[name](store.for_tenant("north"))


def test_the_same_names_do_not_meet(store: Store) -> None:
    """Two tenants use the same ids, keys, holdings and hashes, and each gets what it would have got alone."""
    north, south = store.for_tenant("north"), store.for_tenant("south")
    for handle, who in ((north, "north"), (south, "south")):
        filled(handle, who)
    for handle, who in ((north, "north"), (south, "south")):
        alone = MemoryStore()
        filled(alone, who)
        for name in READS.keys() - {"head", "chain", "claim", "mail"}:  # salts and the numbers of messages are a store's own
            assert READS[name](alone) == READS[name](handle), name
        (first, *_) = handle.claim(NOON)
        assert [who] == [message.payload["who"] for message in first.messages]
        assert first.messages == handle.mail("T1")


@pytest.mark.parametrize("name", WRITES)
def test_no_writing_touches_another(store: Store, name: str) -> None:
    """Whatever one tenant writes, every reading of another gives what it gave before."""
    north, south = store.for_tenant("north"), store.for_tenant("south")
    filled(north, "north")
    filled(south, "south")
    mine, theirs = everything(north), everything(south)
    WRITES[name](north)

    assert theirs == everything(south)
    assert mine != everything(north)


def test_mail_of_another_is_not_consumed(store: Store) -> None:
    """The number of another tenant's message answers nothing."""
    north, south = store.for_tenant("north"), store.for_tenant("south")
    filled(north, "north")
    filled(south, "south")
    theirs = everything(south)
    (first, *_) = south.claim(NOON)
    ticket = north.load("T1")
    assert ticket is not None
    keep(north, next_step(ticket), consumed=tuple(message.id for message in first.messages))

    assert theirs["claim"] == everything(south)["claim"]


def test_a_release_wakes_nobody_else(store: Store) -> None:
    """Units given back by one tenant wake its own waiting tickets only, and its own limit is what counts."""
    north, south = store.for_tenant("north"), store.for_tenant("south")
    filled(north, "north")
    filled(south, "south")
    _commit(north)

    assert [True, False] == [handle.released() > 0 for handle in (north, south)]
    assert [True, False] == ["T2" in {claim.ticket for claim in handle.claim(NOON)} for handle in (north, south)]
    assert ["applied", "refused"] == [
        keep(handle, new_ticket("T4"), reservations=(Take(key="ann", units=2, limit=2),)).status for handle in (north, south)
    ]


def test_proofs_are_of_one_tenant(store: Store) -> None:
    """What is verified are the tenant's own tickets."""
    filled(store.for_tenant("north"), "north")

    assert (0, 3) == (verify(store).tickets, verify(store.for_tenant("north")).tickets)
