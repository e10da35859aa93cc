"""Knows that what was erased is gone from every byte of a SQLite store; must not know what is personal."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from attrs import evolve

from servflow.errors import StoreError
from servflow.model import FrozenMap, Moved, Ticket
from servflow.stores import Change, SqliteStore
from servflow.testing._store_values import keep, next_step, opened

NAME = "Mrs. Wang of 7 Lake Road"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file in a directory of its own."""
    return tmp_path / "t.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    """The store in it."""
    with SqliteStore(path) as store:
        yield store


def told(path: Path) -> int:
    """How often the name stands in the file, the log beside it and whatever else is there."""
    return sum(entry.read_bytes().count(NAME.encode()) for entry in path.parent.iterdir())


def named(ticket: Ticket, text: str = NAME) -> Change:
    """A step whose record and snapshot say a name."""
    change = next_step(ticket, fields=FrozenMap(customer=text))
    return evolve(change, records=tuple(Moved(sequence=one.sequence, at=one.at, event=text) for one in change.records))


def erasing(store: SqliteStore, id_: str) -> Change:
    """The step that takes the name out of every record of a ticket, and out of its snapshot."""
    ticket = store.load(id_)
    assert ticket is not None
    old = [record for record in store.history(id_) if isinstance(record, Moved) and NAME in record.event]
    new = tuple(evolve(record, event="erased") for record in old)
    return evolve(next_step(ticket, fields=FrozenMap(customer="erased")), erased=new)


def holds(store: SqliteStore, id_: str) -> bool:
    """Whether each record of a ticket follows the one before."""
    links = store.chain(id_)
    return all(one.follows(before) for one, before in zip(links, ["", *(link.chain for link in links)], strict=False))


def test_nothing_of_it_is_left(path: Path, store: SqliteStore) -> None:
    """After one commit neither the file nor the log holds the name, and the chain holds as it did."""
    keep(store, named(opened(store)))
    assert told(path) > 0
    before = store.chain("T1")
    assert "applied" == keep(store, erasing(store, "T1")).status

    assert 0 == told(path)
    assert [one.chain for one in before] == [one.chain for one in store.chain("T1")][:2]
    assert [""] == [one.salt for one in store.chain("T1") if one.seal]
    assert holds(store, "T1")


def test_copies_in_pages_that_were_split_are_gone_too(path: Path, store: SqliteStore) -> None:
    """Rows that moved between pages, as texts grew and others came between them, leave no copy behind."""
    random = Random(1)
    names = [f"T{number}" for number in range(200)]
    with store.batch():
        for name in random.sample(names, len(names)):
            opened(store, name)
    for _ in range(4):
        with store.batch():
            for name in random.sample(names, len(names)):
                ticket = store.load(name)
                assert ticket is not None
                text = NAME if name.endswith("7") else "somebody else"
                assert "applied" == keep(store, named(ticket, text + "." * random.randint(0, 700))).status
    assert told(path) > 0
    with store.batch():
        for name in names:
            if name.endswith("7"):
                keep(store, erasing(store, name))

    assert 0 == told(path)
    assert all(holds(store, name) for name in names)


def test_an_erasure_that_is_undone_erases_nothing(path: Path, store: SqliteStore) -> None:
    """Where the batch around it fails the name stands where it stood."""
    keep(store, named(opened(store)))
    before = store.chain("T1")

    def undone() -> None:
        with store.batch():
            keep(store, erasing(store, "T1"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undone()

    assert before == store.chain("T1")
    assert told(path) > 0


def test_a_reader_is_waited_for(path: Path) -> None:
    """While another connection reads an old state it is left to it; the transaction after that cleans up."""
    with SqliteStore(path, busy_timeout=timedelta(milliseconds=20)) as store:
        keep(store, named(opened(store)))
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM record").fetchall()
        assert "applied" == keep(store, erasing(store, "T1")).status
        assert told(path) > 0
        reader.execute("ROLLBACK")
        reader.close()
        opened(store, "T2")

        assert 0 == told(path)


def test_inside_a_transaction_of_the_host(path: Path, store: SqliteStore) -> None:
    """What a host commits is cleaned up after the next transaction of the store itself."""
    keep(store, named(opened(store)))
    host = sqlite3.connect(path, isolation_level=None)
    host.execute("BEGIN IMMEDIATE")
    inside = store.in_transaction(host)
    assert "applied" == keep(inside, erasing(inside, "T1")).status
    with pytest.raises(StoreError, match="inside a transaction"):
        inside.compact()
    host.execute("COMMIT")
    host.close()
    opened(store, "T2")

    assert 0 == told(path)


class TestCompact:
    """Writing a file anew."""

    def test_a_large_file_is_compacted_when_asked(self, path: Path, store: SqliteStore) -> None:
        """A file above the bound keeps its room when something is erased, and loses what is not used when it is compacted."""
        keep(store, named(opened(store)))
        store.define("h", "large", 1, {"text": "x" * 20_000_000})
        store.define("h", "large", 1, {"text": "small"})
        assert "applied" == keep(store, erasing(store, "T1")).status
        assert path.stat().st_size > 16_000_000
        assert 0 == told(path)
        store.compact()

        assert path.stat().st_size < 1_000_000
        assert {"text": "small"} == store.definition("h")

    def test_not_in_a_batch(self, store: SqliteStore) -> None:
        """Inside a batch it is refused, and the batch goes on."""
        with store.batch():
            with pytest.raises(StoreError, match="outside") as caught:
                store.compact()
            opened(store)

        assert "batch" == caught.value.code
        assert store.load("T1") is not None
