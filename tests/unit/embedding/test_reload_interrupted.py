"""Applying an edition dies before and after each thing it asks of its store: what others see, whether it can be finished."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from attrs import define

from servflow import Desk
from servflow.embedding import Reloading, edit, follow
from servflow.model import Migrated
from servflow.stores import MemoryStore, SqliteStore, SqlStore, Store
from tests.postgres import fresh_database

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEXT = """\
workflow: repair
version: 1
states: {new: {}, waiting: {timers: [{after: 7d, event: close}]}, closed: {closed: true}}
transitions:
  - {event: wait, source: new, target: waiting}
  - {event: close, source: [new, waiting], target: closed}
clocks: [{name: repair, within: 48h, until: closed, paused_in: waiting}]
"""
FIRST = edit(TEXT)
SECOND = FIRST.set("", "version", 2).rename("states/waiting", "parts")
ANSWERS = {"waiting": "parts"}


class Died(BaseException):
    """The process is gone; nothing of the library may take it for an error."""


@define
class Life:
    """How many steps a process has left; None is for ever."""

    left: int | None = None
    steps: int = 0

    def step(self) -> None:
        self.steps += 1
        if self.left is not None and self.steps > self.left:
            raise Died


class Mortal:
    """A store as a process has it that dies at some step: before something is asked, or before its answer is seen."""

    def __init__(self, inner: Store, life: Life) -> None:
        self.inner, self.life = inner, life

    @contextmanager
    def batch(self) -> Iterator[None]:
        self.life.step()
        with self.inner.batch():
            yield
            self.life.step()
        self.life.step()


def _asking(name: str) -> Callable[..., Any]:
    def asked(self: Mortal, *given: Any, **more: Any) -> Any:
        self.life.step()
        answer = getattr(self.inner, name)(*given, **more)
        self.life.step()
        return answer

    return asked


for _name, _member in vars(Store).items():
    if callable(_member) and not _name.startswith("_") and _name != "batch":
        setattr(Mortal, _name, _asking(_name))


def shop(store: Any) -> Desk:
    """A process that was started with the first edition and follows the others."""
    return Desk(FIRST.workflow(), store, now=lambda: MONDAY + timedelta(hours=1), sources=[follow])


def filled(store: Store) -> None:
    desk = Desk(FIRST.workflow(), store, now=lambda: MONDAY)
    for ticket in ("R-1", "R-2", "R-3"):
        desk.open(ticket)
    desk.fire("R-2", "wait")


def moves(store: Store, ticket: str) -> int:
    return sum(isinstance(record, Migrated) for record in store.history(ticket))


def looked_at(store: Store, dead: Desk) -> None:
    """What another process, and the one that lives on after an exception, find: the one edition or the other, and whole."""
    other = shop(store)
    announced = [edition["version"] for edition in Reloading(other).editions("repair")]
    newest = announced[-1] if announced else 1
    assert announced in ([], [1, 2])
    assert () == other.tick().problems
    assert newest == Reloading(other).current("repair").version
    assert newest >= Reloading(dead).current("repair").version
    for ticket in store.find():
        assert ticket.version in range(1, newest + 1)
        assert moves(store, ticket.id) == ticket.version - 1
        assert other.workflow_of(ticket.id).fold(store.history(ticket.id)) == ticket
    assert {"new", {1: "waiting", 2: "parts"}[other.get("R-2").version]} == {one.state for one in store.find()}


def finished(store: Store, made: Reloading) -> None:
    """Applied again, in whatever process, it comes to its end, and every ticket was moved once."""
    made.apply(made.preview(SECOND, states=ANSWERS, check=False))
    assert [1, 1, 1] == [moves(store, ticket.id) for ticket in store.find()]
    assert [("R-1", "new"), ("R-2", "parts"), ("R-3", "new")] == [(one.id, one.state) for one in store.find()]
    assert [1, 2] == [edition["version"] for edition in made.editions("repair")]
    late = Desk(SECOND.workflow(), store, now=lambda: MONDAY + timedelta(days=9))
    assert (3, ()) == ((report := late.tick()).advanced, report.problems)
    assert "closed" == late.get("R-2").state


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def tenants(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Gives a store with tickets of its own each time; all of them lie in one storage."""
    whole: Store
    if request.param == "memory":
        whole = MemoryStore()
    elif request.param == "sqlite":
        whole = SqliteStore(tmp_path / "tickets.db")
    else:
        whole = SqlStore(fresh_database(request.getfixturevalue("postgres")))
    numbers = count()

    def fresh() -> Store:
        store = whole.for_tenant(f"t{next(numbers)}")
        filled(store)
        return store

    yield fresh
    whole.close()


def test_whenever_it_dies_it_can_be_finished(tenants: Callable[[], Store]) -> None:
    """
    At each step: no ticket is lost or moved twice, the announcement is there or not, and who applies again finishes it.

    Of every second death another process finishes it, of the others the one that lives on after the exception.
    """
    for left in count():
        store, life = tenants(), Life()
        dying = Reloading(shop(Mortal(store, life)))
        preview = dying.preview(SECOND, states=ANSWERS, check=False)
        life.left, life.steps = left, 0
        try:
            dying.apply(preview)
        except Died:
            life.left = None
            looked_at(store, dying.desk)
            finished(store, dying if left % 2 else Reloading(shop(store)))
        else:
            break

    assert left > 40
    looked_at(store, shop(store))
    finished(store, Reloading(shop(store)))
