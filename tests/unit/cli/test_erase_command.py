"""Knows what erasing must do on the command line; must not know how records are changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from servflow.desk import Desk
from servflow.model import Actor
from servflow.stores import SqliteStore
from servflow.testing._store_values import NOON
from tests.unit.cli.conftest import Run
from tests.unit.engine.test_erase import FLOW, NAME, OPENING, PHONE, STREET


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Three tickets, two of one customer; one of those has an effect that waits."""
    path = tmp_path / "t.db"
    with SqliteStore(path) as store:
        desk = Desk(FLOW, store, now=lambda: NOON, handlers={"notify": lambda effect: None})
        for name, customer in (("A", "c-1"), ("B", "c-1"), ("C", "c-2")):
            desk.open(name, {**OPENING, "customer": customer}, actor=Actor(f"user-{customer}"))
            desk.fire(name, "start")
        desk.fire("B", "call", {"spoke_to": "Bert", "about": "it"})
    return path


def held(db: Path) -> str:
    """All that the files of the database hold, as bytes that are text."""
    return "".join(path.read_bytes().decode("utf-8", "replace") for path in sorted(db.parent.glob("t.db*")))


def test_tickets(run: Run, db: Path) -> None:
    """Tickets that are named are erased, not a byte stays in the file, and verify finds nothing wrong."""
    run("erase", db, "C")
    result = run("erase", db, "A", "--reason", "request 12", "--actor", "boss", "--person", "user-c-1")
    again = run("erase", db, "A", "--lang", "zh")

    assert (0, "A: 2 records changed\n") == (result.exit_code, result.stdout)
    assert (0, "A：没有可清除的内容\n") == (again.exit_code, again.stdout)
    assert 0 == run("verify", db).exit_code
    with SqliteStore(db) as store:
        ticket = store.load("A")
        assert ticket is not None
        assert ("erased-1", "c-1", None) == (ticket.requester, ticket.customer, ticket.fields["name"])


def test_a_customer(run: Run, db: Path) -> None:
    """Every ticket of a customer is erased but one that waits for a handler, which is told; the status says so."""
    result = run("erase", db, "--customer", "c-1", "--format", "json")
    told = json.loads(result.stdout)

    assert 1 == result.exit_code
    assert ["A", "B"] == [one["ticket"] for one in told["tickets"]]
    assert [None, True] == [one["error"] and "deliver" in one["error"] for one in told["tickets"]]
    assert (True, False) == (told["tickets"][0]["records"] > 0, told["dry_run"])
    with SqliteStore(db) as store:
        Desk(FLOW, store, now=lambda: NOON, handlers={"notify": lambda effect: None}).deliver()
    assert 0 == run("erase", db, "--customer", "user-c-1").exit_code
    assert 0 == run("erase", db, "C").exit_code
    assert [] == [text for text in (NAME, PHONE, STREET, "Bert") if text in held(db)]


def test_dry_run(run: Run, db: Path) -> None:
    """A dry run says what would be done and does nothing."""
    result = run("erase", db, "A", "C", "--dry-run")

    assert (0, "A: 2 records would change\nC: 2 records would change\n") == (result.exit_code, result.stdout)
    assert all(text in held(db) for text in (NAME, PHONE, STREET))


def test_named_fields(run: Run, db: Path) -> None:
    """Only the fields that are named go; one that is not there is told, and nothing else is done to that ticket."""
    assert 0 == run("erase", db, "A", "--field", "note").exit_code
    wrong = run("erase", db, "A", "--field", "phnoe")

    assert 1 == wrong.exit_code
    assert "did you mean 'phone'" in wrong.stdout
    with SqliteStore(db) as store:
        ticket = store.load("A")
        assert ticket is not None
        assert (None, PHONE) == (ticket.fields["note"], ticket.fields["phone"])


def test_usage(run: Run, db: Path) -> None:
    """Neither tickets nor a customer, or both, is no request; a customer without tickets is told."""
    assert [2, 2] == [run("erase", db).exit_code, run("erase", db, "A", "--customer", "c-1").exit_code]
    assert "no ticket 'Z'" in run("erase", db, "Z").stderr
    assert "No ticket of nobody.\n" == run("erase", db, "--customer", "nobody").stdout
