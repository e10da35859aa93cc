"""Knows that what is damaged in a database holds up nothing else; must not know how rows are read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from servflow.desk import Desk, Worker
from servflow.errors import StoreError
from servflow.stores import SqliteStore, Store
from tests.postgres import fresh_database
from tests.unit.desk.tiny import NOON, TinyWorkflow, Watch

Make = Callable[[], Store]
Spoil = Callable[[str], None]


@pytest.fixture(params=["sqlite", "postgres"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Make, Spoil]:
    """What opens one database, and what another program does in it; ``~`` stands before the name of a table."""
    if request.param == "sqlite":
        path = tmp_path / "t.db"

        def spoil(sql: str) -> None:
            with sqlite3.connect(path) as raw:
                raw.execute(sql.replace("~", ""))
            raw.close()

        return lambda: SqliteStore(path), spoil
    psycopg = pytest.importorskip("psycopg", reason="needs the extra sql")
    from servflow.stores import SqlStore

    url = fresh_database(request.getfixturevalue("postgres"))

    def directly(sql: str) -> None:
        with psycopg.connect(url, autocommit=True) as raw:
            raw.execute(sql.replace("~", "servflow."))

    return lambda: SqlStore(url), directly


@pytest.fixture
def watch() -> Watch:
    """Noon, until moved."""
    return Watch()


@pytest.mark.parametrize(
    "column", ["payload = 'zz'", "payload = '[1]'", "actor = '{'", "actor = '[[]]'", "at = 9000000000000000000"]
)
def test_mail(column: str, kept: tuple[Make, Spoil], watch: Watch) -> None:
    """The tickets whose mail cannot be read are set aside with the error in the round that finds it; the others are served."""
    make, spoil = kept
    with make() as store:  # type: ignore[attr-defined]  # both are context managers
        desk = Desk(TinyWorkflow(), store, now=watch)
        for name in ("T1", "T2", "T3", "T4"):
            desk.open(name)
            store.post(name, "go", key="m", at=NOON)
        spoil(f"UPDATE ~mail SET {column} WHERE ticket IN ('T1', 'T3')")
        report = desk.tick()

        assert (4, 2, 2, 2) == (report.claimed, report.fired, report.failed, report.set_aside)
        assert [("T1", "damaged"), ("T3", "damaged")] == [(one.where, error_code(one.error)) for one in report.problems]
        told = desk.troubles(aside=True)
        assert [("T1", "T1"), ("T3", "T3")] == [(one.id, one.ticket) for one in told]
        assert "mail of ticket 'T1'" in told[0].error
        assert (0, 0) == (desk.tick().claimed, desk.tick().failed)
        with pytest.raises(StoreError, match="mail of ticket 'T1'"):
            store.mail("T1")
        assert "new" == desk.get("T1").state


def test_effects(kept: tuple[Make, Spoil], watch: Watch) -> None:
    """An effect that cannot be read is set aside as a dead letter; the others, later ones of its ticket too, are delivered."""
    make, spoil = kept
    done: list[str] = []
    with make() as store:  # type: ignore[attr-defined]  # as above
        desk = Desk(TinyWorkflow(), store, now=watch, handlers={"notify": lambda effect: done.append(effect.ticket)})
        for name in ("T1", "T2"):
            desk.open(name)
            desk.fire(name, "go", {"notify": ["n"]})
        (first, _) = store.effects()
        spoil("UPDATE ~effect SET body = '{' WHERE ticket = 'T1'")
        desk.fire("T1", "go", {"notify": ["n"]})
        desk.deliver()
        desk.deliver()

        assert ["T1", "T2"] == sorted(done)
        (trouble,) = desk.troubles()
        assert ("effect", first.id, "T1", None) == (trouble.sort, trouble.id, trouble.ticket, trouble.again)
        assert "damaged" in trouble.error


def test_a_worker_at_rest(kept: tuple[Make, Spoil], watch: Watch) -> None:
    """A worker that found nothing to do before sets aside what is damaged and does what comes behind it."""
    make, spoil = kept
    done: list[str] = []
    with make() as store:  # type: ignore[attr-defined]  # as above
        desk = Desk(TinyWorkflow(), store, now=watch, handlers={"notify": lambda effect: done.append(effect.ticket)})
        worker = Worker(desk, wait=lambda _: None)
        for name in ("T1", "T2"):
            desk.open(name)
        assert 0 == worker.round().counts["claimed"]
        for name in ("T1", "T2"):
            desk.fire(name, "come", {"notify": ["ann"]})
            store.post(name, "go", key="m", at=NOON)
        spoil("UPDATE ~mail SET payload = '{' WHERE ticket = 'T1'")
        spoil("UPDATE ~effect SET body = '{' WHERE ticket = 'T1'")
        counts = worker.round().counts

        assert (1, 1, ["T2"]) == (counts["fired"], counts["set_aside"], done)
        assert [("effect", "T1"), ("ticket", "T1")] == [(one.sort, one.ticket) for one in desk.troubles(aside=True)]


def test_snapshots(kept: tuple[Make, Spoil], watch: Watch) -> None:
    """A ticket that cannot be read is told with the next step, fails alone, and waits longer each time."""
    make, spoil = kept
    with make() as store:  # type: ignore[attr-defined]  # as above
        desk = Desk(TinyWorkflow(), store, now=watch)
        for name in ("T1", "T2"):
            desk.open(name)
            store.post(name, "go", key="m", at=NOON)
        spoil("UPDATE ~ticket SET snapshot = '{}' WHERE id = 'T1'")
    with make() as store:  # type: ignore[attr-defined]  # as above
        desk = Desk(TinyWorkflow(), store, now=watch)
        report = desk.tick()

        assert (2, 1, 0) == (report.claimed, report.fired, report.set_aside)
        assert "T1" == desk.troubles()[0].ticket
        for look in (lambda: store.load("T1"), store.find):
            with pytest.raises(StoreError, match=r"ticket 'T1'.*restore a backup") as told:
                look()
            assert ("damaged", "T1") == (told.value.code, told.value.facts["ticket"])


def error_code(error: BaseException) -> Any:
    """The code of an error of ours."""
    return getattr(error, "code", None)
