"""Knows what a SQLite store says when storage fails or holds nonsense, and that it goes on; must not know what is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from servflow.errors import InputError, ServflowError, StoreError
from servflow.model import FrozenMap, Take
from servflow.stores import SqliteStore
from servflow.testing._store_values import MINUTE, NOON, keep, new_ticket, next_step, note, opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store of a test is."""
    return tmp_path / "t.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    """A store that does not wait long for others."""
    with SqliteStore(path, busy_timeout=timedelta(milliseconds=20)) as store:
        yield store


def refused(work: Callable[[], Any], code: str, says: str) -> None:
    """The work fails with this code, and the error says what to do."""
    with pytest.raises(ServflowError, match=says) as caught:
        work()
    assert code == caught.value.code


def directly(path: Path, sql: str, *values: object) -> None:
    """Change the file as no store does."""
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(sql, values)


class TestWriting:
    """Storage that does not take what it is given."""

    def test_a_full_disk(self, store: SqliteStore) -> None:
        """Where there is no room a commit and a batch are refused whole; with room again the same is applied."""
        ticket = opened(store)
        pages = store._db.row("PRAGMA page_count")[0]
        store._db.rows(f"PRAGMA max_page_count = {pages}")
        step = next_step(ticket, fields=FrozenMap(text="y" * 100_000))
        refused(lambda: keep(store, step), "full", "make room")

        def many() -> None:
            with store.batch():
                for number in range(100):
                    keep(store, new_ticket(f"F{number}", fields=FrozenMap(text="y" * 1_000)))

        refused(many, "full", "make room")
        assert [ticket] == list(store.find())
        assert 1 == len(store.history("T1"))
        store._db.rows("PRAGMA max_page_count = 1000000")
        assert "applied" == keep(store, step).status
        assert step.ticket == store.load("T1")

    def test_a_file_that_may_not_be_written(self, store: SqliteStore) -> None:
        """Every operation that writes is refused with the next step, those that read go on; nothing is half-done."""
        ticket = opened(store, wake=NOON)
        keep(store, next_step(ticket), effects=(note("e"),))
        store._db.rows("PRAGMA query_only = ON")
        moved = store.load("T1")
        assert moved is not None
        for work in (
            lambda: keep(store, next_step(moved)),
            lambda: store.post("T1", "go", key="k", at=NOON),
            lambda: store.ack(["e"]),
            lambda: store.take(NOON, NOON + MINUTE),
            lambda: store.fail("effect", "e", "no answer", at=NOON, again=None),
            store.compact,
        ):
            refused(work, "read_only", "check the permissions")
        assert moved == store.load("T1")
        assert ["e"] == [effect.id for effect in store.effects()]
        store._db.rows("PRAGMA query_only = OFF")
        assert ["e"] == [pending.effect.id for pending in store.take(NOON, NOON + MINUTE)]
        assert "applied" == keep(store, next_step(moved)).status

    def test_locked_for_long(self, path: Path, store: SqliteStore) -> None:
        """While another process writes, every operation that writes gives up after its time, and is done when it ends."""
        ticket = opened(store)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for work in (
            lambda: keep(store, next_step(ticket)),
            lambda: store.post("T1", "go", key="k", at=NOON),
            lambda: store.fail("ticket", "T1", "no rule", at=NOON, again=None),
            lambda: store.revive("ticket", ["T1"]),
            store.compact,
        ):
            refused(work, "locked", "busy_timeout")
        other.execute("ROLLBACK")
        other.close()
        assert () == store.troubles()
        assert store.post("T1", "go", key="k", at=NOON)
        assert "applied" == keep(store, next_step(ticket)).status


class TestDamage:
    """Rows and pages that no version of servflow wrote."""

    @pytest.mark.parametrize("text", ["", "{", "[1]", '{"kind":"ticket","format":1}', '{"kind":"opened"}', "null"])
    def test_a_snapshot(self, text: str, path: Path, store: SqliteStore) -> None:
        """A snapshot that cannot be read is told with its ticket and the next step; other tickets are served."""
        opened(store)
        other = opened(store, "T2")
        directly(path, "UPDATE ticket SET snapshot = ? WHERE id = 'T1'", text)
        with SqliteStore(path) as fresh:
            refused(lambda: fresh.load("T1"), "damaged", "ticket 'T1'.*restore a backup")
            refused(fresh.find, "damaged", "ticket 'T1'")
            assert other == fresh.load("T2")
            assert "applied" == keep(fresh, next_step(other)).status

    def test_a_record(self, path: Path, store: SqliteStore) -> None:
        """A record that cannot be read is told; the records as they are kept are still given, so that they can be looked at."""
        opened(store)
        directly(path, 'UPDATE record SET body = \'{"kind":"nonsense"}\'')
        refused(lambda: store.history("T1"), "damaged", "record 1 of ticket 'T1'")
        assert ['{"kind":"nonsense"}'] == [one.body for one in store.chain("T1")]

    def test_mail(self, path: Path, store: SqliteStore) -> None:
        """Mail that cannot be read is told with its ticket; once that is set aside the others are claimed."""
        for name in ("T1", "T2"):
            opened(store, name)
            store.post(name, "go", key="k", at=NOON)
        directly(path, "UPDATE mail SET payload = 'zz' WHERE ticket = 'T1'")
        refused(lambda: store.claim(NOON), "damaged", "mail of ticket 'T1'")
        store.fail("ticket", "T1", "its mail is damaged", at=NOON, again=None)
        assert ["T2"] == [claim.ticket for claim in store.claim(NOON)]

    def test_an_effect_does_not_hold_up_others(self, path: Path, store: SqliteStore) -> None:
        """An effect that cannot be read is set aside when it is taken, and is listed with what is wrong."""
        for name in ("T1", "T2"):
            keep(store, new_ticket(name), effects=(note(f"e{name}", name),))
        directly(path, "UPDATE effect SET body = 'zz' WHERE ticket = 'T1'")
        assert ["eT2"] == [pending.effect.id for pending in store.take(NOON, NOON + MINUTE)]
        (trouble,) = store.troubles(aside=True)
        assert ("effect", "eT1", None) == (trouble.sort, trouble.id, trouble.again)
        assert "damaged" in trouble.error
        refused(store.effects, "damaged", "not JSON")

    @pytest.mark.parametrize("cut", ["overwritten", "cut off"])
    def test_a_file(self, cut: str, path: Path, store: SqliteStore) -> None:
        """A file whose pages are overwritten or missing is told as damaged when it is opened or read."""
        opened(store)
        store.close()
        whole = path.read_bytes()
        path.write_bytes(whole[:8192] + (b"\xab" * (len(whole) - 8192) if cut == "overwritten" else b""))

        def look() -> None:
            with SqliteStore(path) as damaged:
                damaged.find()

        refused(look, "damaged", "restore a backup")


class TestNumbers:
    """Integers no database holds."""

    @pytest.mark.parametrize("value", [1 << 64, -(1 << 63) - 1, 10**4_000], ids=["over", "under", "digits"])
    def test_in_values(self, value: int, store: SqliteStore) -> None:
        """A number of more than 64 bits in a field or a payload is refused before anything is kept: it could not be read."""
        ticket = opened(store)
        step = next_step(ticket, fields=FrozenMap(deep=(FrozenMap(n=value),)))
        refused(lambda: keep(store, step), "number", "64 bits")
        refused(lambda: store.post("T1", "go", {"n": value}, key="k", at=NOON), "number", "64 bits")
        assert ticket == store.load("T1")
        assert () == store.claim(NOON)

    def test_the_widest_come_back(self, path: Path, store: SqliteStore) -> None:
        """The numbers that fields may hold come back from the file."""
        widest = (-(1 << 63), (1 << 63) - 1, (1 << 64) - 1)
        ticket = opened(store, fields=FrozenMap(n=widest))
        with SqliteStore(path) as fresh:
            assert ticket == fresh.load("T1")

    def test_elsewhere(self, store: SqliteStore) -> None:
        """Units, ids of messages and limits of more than 64 bits are refused, with nothing kept."""
        ticket = opened(store)
        large = 1 << 70
        for work in (
            lambda: keep(store, next_step(ticket), reservations=(Take(key="k", units=large),)),
            lambda: keep(store, next_step(ticket), consumed=(large,)),
            lambda: keep(store, next_step(ticket), woken=large),
            lambda: store.claim(NOON, large),
            lambda: store.find(limit=large),
            lambda: store.troubles(limit=large),
        ):
            with pytest.raises(InputError) as caught:
                work()
            assert "number" == caught.value.code
        assert ticket == store.load("T1")
        assert {} == dict(store.usage())
        assert "applied" == keep(store, next_step(ticket)).status


def test_text_that_is_none_undoes_the_commit(store: SqliteStore) -> None:
    """A lone surrogate in a key, a field's name or what failed is an InputError, and nothing of the call is kept."""
    ticket = opened(store)
    for work in (
        lambda: store.commit([new_ticket("T2"), next_step(ticket, assignee="\ud800")]),
        lambda: keep(store, next_step(ticket), keys=("\ud800",)),
        lambda: keep(store, next_step(ticket), index=FrozenMap({"\ud800": 1})),
        lambda: store.fail("ticket", "\ud800", "x", at=NOON, again=None),
        lambda: store.revive("ticket", ["\ud800"]),
    ):
        with pytest.raises(InputError):
            work()
    assert [ticket] == list(store.find())


def test_a_closed_store_says_so(store: SqliteStore) -> None:
    """After closing every operation is refused with the same code."""
    store.close()
    with pytest.raises(StoreError) as caught:
        store.compact()

    assert "closed" == caught.value.code
    refused(lambda: store.take(NOON, NOON + MINUTE), "closed", "open another")
