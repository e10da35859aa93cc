"""Knows what a host that keeps tickets in a JSON column of its own table can rely on; must not know a store of servflow."""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import servflow
from tests.postgres import fresh_database

HERE = Path(__file__).resolve().parents[2] / "examples" / "json_column"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANN = {"id": "ann", "roles": ["agent"]}


def example(name: str) -> ModuleType:
    """A module of the example, loaded once as a host's would be."""
    full = f"json_column_{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, HERE / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[full] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[full]


class Place:
    """One host on one database, and the time a test moves."""

    def __init__(self, url: str) -> None:
        sqlalchemy = pytest.importorskip("sqlalchemy", reason="needs servflow[sql]")
        self.module = example("sqlalchemy_host")
        self.at = NOON
        self.engine = sqlalchemy.create_engine(url)
        self.host = self.module.Host(self.engine, lambda: self.at)

    def rows(self, statement: str) -> list[Any]:
        from sqlalchemy import text

        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """The host on each database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'host.db'}"
    else:
        url = fresh_database(request.getfixturevalue("postgres")).replace("postgresql:", "postgresql+psycopg:", 1)
    made = Place(url)
    yield made
    made.engine.dispose()


def test_a_case_from_opening_to_its_end(place: Place) -> None:
    """The host's column and the ticket change together; time and effects come by two plain queries."""
    place.host.open("C1", "Ann's", {"device": "washer"})
    assert [("new", 2)] == [(place.host.ticket("C1").state, *place.rows("SELECT revision FROM cases")[0])]
    assert {} == place.host.tick()
    assert "new" == place.host.ticket("C1").state

    place.at += timedelta(days=2, seconds=1)
    assert {} == place.host.tick()
    assert "reminded" == place.host.ticket("C1").state
    assert [(None,)] == place.rows("SELECT wake FROM cases")

    ticket = place.host.fire("C1", "finish", {"note": "done"}, actor=ANN, key="click")
    assert ticket == place.host.ticket("C1")
    assert ("done", "done") == (ticket.state, ticket.fields["note"])
    assert [(True,)] == [(bool(finished),) for (finished,) in place.rows("SELECT finished FROM cases")]

    sent: list[Any] = []
    assert 2 == place.host.deliver(sent.append)
    assert ["delayed", "finished"] == [effect.template for effect in sent]
    assert 0 == place.host.deliver(sent.append)


def test_the_records_are_the_ticket(place: Place) -> None:
    """What the log holds folds into the snapshot."""
    from servflow.model import load

    place.host.open("C1", "Ann's", {"device": "washer"})
    place.host.fire("C1", "finish", {"note": "done"}, actor=ANN)
    with place.module.Session(place.engine) as session:
        entries = session.query(place.module.Entry).order_by(place.module.Entry.sequence).all()

    assert place.host.ticket("C1") == place.module.workflow.fold([load(entry.body) for entry in entries])


def test_the_same_key_is_once(place: Place) -> None:
    """A request that comes twice is one step."""
    place.host.open("C1", "Ann's", {"device": "washer"})
    first = place.host.fire("C1", "finish", {"note": "a"}, actor=ANN, key="click")

    assert first == place.host.fire("C1", "finish", {"note": "b"}, actor=ANN, key="click")
    assert 1 == place.host.deliver(lambda _: None)


def test_refused_means_unchanged(place: Place) -> None:
    """Nothing of a refused step is kept, the host's own column and the key included."""
    place.host.open("C1", "Ann's", {"device": "washer"})
    before = place.rows("SELECT revision, finished FROM cases")
    with pytest.raises(servflow.Refused):
        place.host.fire("C1", "finish", {"note": "a"}, actor={"id": "eve", "roles": []}, key="click")

    assert before == place.rows("SELECT revision, finished FROM cases")
    assert [] == place.rows("SELECT * FROM case_keys")


def test_somebody_was_faster(place: Place) -> None:
    """A step decided on an old revision is undone and decided again on the new one."""
    place.host.open("C1", "Ann's", {"device": "washer"})
    asked: list[int] = []

    def step(_: Any, __: Any, ticket: servflow.Ticket) -> servflow.Outcome:
        asked.append(ticket.revision)
        if len(asked) == 1:
            other = threading.Thread(target=place.host.fire, args=["C1", "finish", {"note": "theirs"}], kwargs={"actor": ANN})
            other.start()
            other.join()
        return place.module.workflow.advance(ticket, at=NOON + timedelta(days=3))

    place.host._change("C1", step)

    assert 2 == len(asked)
    assert asked[0] < asked[1]
    assert "done" == place.host.ticket("C1").state


def test_many_at_once_are_one_step_each(place: Place) -> None:
    """Of many that press the same button at once one is served and the others are told that it is over."""
    place.host.open("C1", "Ann's", {"device": "washer"})
    results: list[str] = []

    def press() -> None:
        try:
            results.append(place.host.fire("C1", "finish", {"note": "a"}, actor=ANN).state)
        except servflow.Refused:
            results.append("refused")

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ["done"] + ["refused"] * 5 == sorted(results)
    assert 1 == place.host.deliver(lambda _: None)


def test_a_handler_that_fails(place: Place) -> None:
    """An effect stays until its handler returned, and comes again with the same id."""
    place.host.open("C1", "Ann's", {"device": "washer"})
    place.host.fire("C1", "finish", {"note": "a"}, actor=ANN)
    tried: list[str] = []

    def broken(effect: Any) -> None:
        tried.append(effect.id)
        if len(tried) == 1:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        place.host.deliver(broken)
    assert 1 == place.host.deliver(broken)
    assert tried[0] == tried[1]


def test_a_case_that_fails_holds_up_no_other(place: Place) -> None:
    """A snapshot somebody broke is told of; the other cases go on."""
    from sqlalchemy import text

    place.host.open("C1", "Ann's", {"device": "washer"})
    place.host.open("C2", "Bob's", {"device": "dryer"})
    with place.engine.begin() as connection:
        connection.execute(text("UPDATE cases SET ticket = '{}' WHERE id = 'C1'"))
    place.at += timedelta(days=3)

    assert ["C1"] == list(place.host.tick())
    assert "reminded" == place.host.ticket("C2").state


def test_an_index_finds_who_wakes(place: Place) -> None:
    """Who wakes is found by the index on the wake column."""
    if place.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads a table of three rows as a whole")
    plan = place.rows("EXPLAIN QUERY PLAN SELECT id FROM cases WHERE wake <= 5 ORDER BY wake, id LIMIT 10")

    assert any("ix_cases_wake" in row[-1] for row in plan), plan
