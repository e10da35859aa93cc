"""Knows what every error of servflow must survive; must not know what raises it."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import servflow
from servflow import errors
from servflow.errors import Finding, ServflowError
from servflow.expressions import evaluate
from servflow.stores import MemoryStore, SqliteStore

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def _kinds() -> Iterator[type[ServflowError]]:
    waiting: list[type[ServflowError]] = [ServflowError]
    while waiting:
        kind = waiting.pop()
        yield kind
        waiting.extend(kind.__subclasses__())


def _tiny() -> servflow.Workflow:
    return servflow.Workflow(
        workflow="tiny",
        roles=["clerk"],
        fields={"amount": {"type": "int", "default": 1}},
        initial="new",
        states={"new": {}, "done": {"closed": True}},
        transitions=[{"event": "finish", "source": "new", "target": "done", "allow": ["clerk"], "when": "amount > 1"}],
    )


def _newer_database() -> None:
    import sqlite3
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tickets.db"
        SqliteStore(path).close()
        with sqlite3.connect(path) as connection:
            connection.execute("pragma user_version = 9999")
        connection.close()
        SqliteStore(path)


REAL: dict[str, Callable[[], Any]] = {
    "a broken definition": lambda: servflow.Workflow(
        workflow="w", initial="nwe", states={"new": {}}, transitions=[{"source": 1}]
    ),
    "a broken document": lambda: servflow.load("workflow: [\n"),
    "a condition that cannot be read": lambda: evaluate("1 +", {}),
    "a condition that cannot be evaluated": lambda: evaluate("1 / 0", {}),
    "a naive instant": lambda: _tiny().open("t", at=datetime(2026, 3, 2, 9)),
    "a role that may not": lambda: _tiny().fire(_tiny().open("t", at=AT).ticket, "finish", at=AT, actor="nobody"),
    "an unknown event": lambda: _tiny().fire(_tiny().open("t", at=AT).ticket, "finsh", at=AT),
    "a guard that fails": lambda: _tiny().fire(
        _tiny().open("t", at=AT).ticket, "finish", at=AT, actor={"id": "ann", "roles": ["clerk"]}
    ),
    "a ticket nobody stored": lambda: servflow.Desk([_tiny()], MemoryStore(), now=lambda: AT).get("nobody"),
    "a newer database": _newer_database,
    "records that lack their beginning": lambda: _tiny().fold(()),
}


@pytest.mark.parametrize("kind", sorted(set(_kinds()), key=lambda kind: kind.__name__))
def test_every_kind_of_error_survives_pickle(kind: type[ServflowError]) -> None:
    """An error comes out of another process with its message, code and facts."""
    error = kind("said", code="why", at=AT, known=("a", "b"), findings=(Finding("c", "p[0]", {"n": 1}),))
    back = pickle.loads(pickle.dumps(error))

    assert (kind, "said", "why", error.facts) == (type(back), str(back), back.code, back.facts)


@pytest.mark.parametrize("kind", sorted(set(_kinds()), key=lambda kind: kind.__name__))
def test_every_kind_of_error_is_exported(kind: type[ServflowError]) -> None:
    """Whatever can be raised can be caught by its own name."""
    assert kind.__name__ in errors.__all__


@pytest.mark.parametrize("raises", REAL.values(), ids=list(REAL))
def test_what_is_really_raised_survives_pickle(raises: Callable[[], Any]) -> None:
    """Errors as they are raised, not only as they are built here, can be sent to another process."""
    with pytest.raises(ServflowError) as caught:
        raises()
    back = pickle.loads(pickle.dumps(caught.value))

    assert (type(caught.value), str(caught.value), caught.value.code) == (type(back), str(back), back.code)
    assert str(caught.value.facts) == str(back.facts)


@pytest.mark.parametrize("raises", REAL.values(), ids=list(REAL))
def test_messages_are_sentences_for_people(raises: Callable[[], Any]) -> None:
    """A message says something, and shows no trace of the tools inside."""
    with pytest.raises(ServflowError) as caught:
        raises()
    said = str(caught.value)

    assert len(said) > 15
    assert not any(word in said for word in ("pydantic", "Traceback", "object at 0x", "attrs"))
