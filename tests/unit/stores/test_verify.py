"""Knows what verify must find in records somebody tampered with; must not know how chains are made."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servflow.desk import Desk
from servflow.engine import Workflow
from servflow.errors import FormatError, NotFound
from servflow.stores import MemoryStore, Noted, SqliteStore, SqlStore, Store, link, verify
from servflow.testing._store_values import NOON, opened
from tests.postgres import fresh_database

FLOW = Workflow(
    workflow="repair",
    version=1,
    fields={"note": {"type": "string", "default": ""}},
    initial="new",
    states={"new": {}, "doing": {}, "done": {"closed": True}},
    transitions=[
        {"event": "start", "source": "new", "target": "doing"},
        {"event": "wait", "source": "doing"},
        {"event": "finish", "source": "doing", "target": "done"},
    ],
)


def lived(store: Store) -> None:
    """Three tickets of which the second has gone a long way."""
    desk = Desk(FLOW, store, now=lambda: NOON)
    for name in ("A", "B", "C"):
        desk.open(name, {"note": f"call {name}"})
    for event in ("start", "wait", "wait", "wait", "finish"):
        desk.fire("B", event)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with three tickets, closed."""
    with SqliteStore(tmp_path / "t.db") as store:
        lived(store)
    return tmp_path / "t.db"


@pytest.fixture
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as somebody sees it who may write it but does not use servflow."""
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


def found(path: Path, **options: Any) -> list[tuple[str, str | None, int | None]]:
    """What verify finds: code, ticket, record."""
    with SqliteStore(path) as store:
        report = verify(store, **options)
    assert bool(report) == (not report.findings)
    return [(one.code, one.facts.get("ticket"), one.facts.get("sequence")) for one in report.findings]


def last(raw: sqlite3.Connection, ticket: str = "B") -> int:
    """The number of a ticket's last record."""
    return int(raw.execute("SELECT max(sequence) FROM record WHERE ticket = ?", (ticket,)).fetchone()[0])


@pytest.mark.parametrize("make", [MemoryStore, lambda: SqliteStore(":memory:")], ids=["memory", "sqlite"])
def test_untouched(make: Any) -> None:
    """Where nobody tampered, nothing is found, and every ticket and record was looked at."""
    store = make()
    lived(store)
    report = verify(store)
    records = [len(store.history(name)) for name in ("A", "B", "C")]

    assert report
    assert () == report.findings
    assert (3, sum(records)) == (report.tickets, report.records)
    assert records == [head.revision for head in report.heads.values()]
    assert (1, records[1]) == (verify(store, "B").tickets, verify(store, "B").records)
    store.close()


def test_no_such_ticket() -> None:
    """A ticket that is asked for and not there is told of."""
    with pytest.raises(NotFound, match="'Z'"):
        verify(MemoryStore(), "Z")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE record SET body = replace(body, 'call B', 'call D') WHERE ticket = 'B' AND sequence = 1",
        "UPDATE record SET body = body || ' ' WHERE ticket = 'B' AND sequence = 1",
        "UPDATE record SET salt = replace(salt, substr(salt, 1, 1), 'x') WHERE ticket = 'B' AND sequence = 1",
    ],
)
def test_changed_record(path: Path, raw: sqlite3.Connection, change: str) -> None:
    """One byte more or other in a record is found, and only there."""
    raw.execute(change)

    assert [("audit.changed", "B", 1)] == found(path)


def test_every_record_counts(path: Path, raw: sqlite3.Connection) -> None:
    """Whichever record of a long log is changed or removed, exactly that one is told of."""
    for sequence in range(1, last(raw) + 1):
        raw.execute("BEGIN")
        raw.execute("UPDATE record SET body = replace(body, '2026', '2025') WHERE ticket = 'B' AND sequence = ?", (sequence,))
        raw.execute("COMMIT")
        assert [("audit.changed", "B", sequence)] == found(path)
        raw.execute("UPDATE record SET body = replace(body, '2025', '2026') WHERE ticket = 'B' AND sequence = ?", (sequence,))
    assert [] == found(path)


def test_removed_in_the_middle(path: Path, raw: sqlite3.Connection) -> None:
    """A gap is found."""
    raw.execute("DELETE FROM record WHERE ticket = 'B' AND sequence = 4")

    assert [("audit.missing", "B", 4)] == found(path)


def test_removed_and_closed_up(path: Path, raw: sqlite3.Connection) -> None:
    """A removed record is found also where the others were numbered anew."""
    raw.execute("DELETE FROM record WHERE ticket = 'B' AND sequence = 4")
    for sequence in range(5, last(raw) + 1):
        raw.execute("UPDATE record SET sequence = ? WHERE ticket = 'B' AND sequence = ?", (sequence - 1, sequence))

    assert ("audit.changed", "B", 4) in found(path)


def test_truncated(path: Path, raw: sqlite3.Connection) -> None:
    """Records cut off at the end are found by the ticket's own row."""
    end = last(raw)
    raw.execute("DELETE FROM record WHERE ticket = 'B' AND sequence > ?", (end - 2,))

    assert [("audit.cut", "B", end - 1)] == found(path)


def test_truncated_with_the_revision(path: Path, raw: sqlite3.Connection) -> None:
    """A revision put back with the records is found by the head of the chain."""
    end = last(raw)
    raw.execute("DELETE FROM record WHERE ticket = 'B' AND sequence = ?", (end,))
    raw.execute("UPDATE ticket SET revision = ? WHERE id = 'B'", (end - 1,))

    assert ("audit.head", "B", end - 1) in found(path)


def test_reordered(path: Path, raw: sqlite3.Connection) -> None:
    """Two records that changed places are found."""
    two = [
        raw.execute("SELECT body FROM record WHERE ticket = 'B' AND sequence = ?", (number,)).fetchone()[0] for number in (4, 6)
    ]
    for number, body in zip((6, 4), two, strict=True):
        raw.execute("UPDATE record SET body = ? WHERE ticket = 'B' AND sequence = ?", (body, number))

    assert {("audit.changed", "B", 4), ("audit.changed", "B", 6)} <= set(found(path))


def test_put_into_another_ticket(path: Path, raw: sqlite3.Connection) -> None:
    """The whole log and row of one ticket under the id of another are found."""
    raw.execute("DELETE FROM record WHERE ticket = 'A'")
    raw.execute("DELETE FROM ticket WHERE id = 'A'")
    raw.execute("UPDATE record SET ticket = 'A' WHERE ticket = 'C'")
    raw.execute("UPDATE ticket SET id = 'A' WHERE id = 'C'")

    assert [("audit.snapshot", "A", None)] == found(path)


def test_added(path: Path, raw: sqlite3.Connection) -> None:
    """A record added behind the last one is found."""
    end = last(raw)
    raw.execute(
        "INSERT INTO record SELECT tenant, entity, ticket, ?, body, salt, chain, seal FROM record"
        " WHERE ticket = 'B' AND sequence = ?",
        (end + 1, end),
    )

    assert ("audit.beyond", "B", end + 1) in found(path)


def test_changed_ticket(path: Path, raw: sqlite3.Connection) -> None:
    """A snapshot that is not what the records amount to is found, with what differs."""
    raw.execute("UPDATE ticket SET snapshot = replace(snapshot, 'call A', 'call Z') WHERE id = 'A'")
    with SqliteStore(path) as store:
        (finding,) = verify(store).findings

    assert ("audit.snapshot", ("fields",)) == (finding.code, finding.facts["names"])


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("state = 'new'", "state"),
        ("assignee = 'mallory'", "assignee"),
        ("queue = 'mine'", "queue"),
        ("workflow = 'other'", "workflow"),
        ("wake = 7", "wake"),
        ("deadline = 7", "deadline"),
        ("revision = 'many'", "revision"),
    ],
)
def test_changed_columns(change: str, name: str, path: Path, raw: sqlite3.Connection) -> None:
    """What screens and claims look at beside the snapshot must say the same as that."""
    raw.execute(f"UPDATE ticket SET {change} WHERE id = 'B'")
    with SqliteStore(path) as store:
        (finding,) = verify(store).findings

    assert ("audit.columns", "B", (name,)) == (finding.code, finding.facts["ticket"], finding.facts["names"])


@pytest.mark.parametrize(
    ("change", "code", "names"),
    [
        ("ticket SET state = 'new' WHERE id = 'B'", "audit.columns", ("state",)),
        ("wake SET own = 7 WHERE ticket = 'B'", "audit.columns", ("wake",)),
        ("wake SET revision = 2 WHERE ticket = 'B'", "audit.columns", ("revision",)),
        ("wake SET chain = 'x' WHERE ticket = 'B'", "audit.head", None),
        ("ticket SET chain = 'x' WHERE id = 'B'", "audit.head", None),
    ],
)
def test_changed_columns_in_postgresql(change: str, code: str, names: Any, postgres: str) -> None:
    """There a ticket has two rows, one of which only claims and writers look at."""
    import psycopg

    url = fresh_database(postgres)
    with SqlStore(url) as store:
        lived(store)
        assert verify(store)
        with psycopg.connect(url, autocommit=True) as raw:
            raw.execute(f"UPDATE servflow.{change}")
        (finding,) = verify(store).findings

    assert (code, "B", names) == (finding.code, finding.facts["ticket"], finding.facts.get("names"))


@pytest.mark.parametrize("body", ["{", "replace(body, 'finish', 'finisg')"])
def test_changed_definition(body: str, path: Path, raw: sqlite3.Connection) -> None:
    """A definition that is not what its hash says is found once; tickets under it are told of, and looked at otherwise."""
    raw.execute(f"UPDATE definition SET body = {body}" if "(" in body else f"UPDATE definition SET body = '{body}'")
    raw.execute("UPDATE record SET salt = 'x' WHERE ticket = 'C'")

    assert ["audit.not_folded", "audit.not_folded", "audit.definition", "audit.changed"] == sorted(
        (code for code, *_ in found(path)), reverse=True
    )


def test_damaged_rows(path: Path, raw: sqlite3.Connection) -> None:
    """What cannot be read is told of, and the rest is looked at all the same."""
    raw.execute("UPDATE ticket SET snapshot = '{' WHERE id = 'A'")
    raw.execute("UPDATE record SET body = '{\"kind\":\"none\"}' WHERE ticket = 'C' AND sequence = 1")

    assert [("audit.snapshot_unreadable", "A", None), ("audit.changed", "C", 1), ("audit.unreadable", "C", 1)] == found(path)


def test_ticket_gone(path: Path, raw: sqlite3.Connection) -> None:
    """Records without their ticket are found."""
    raw.execute("DELETE FROM ticket WHERE id = 'A'")

    assert [("audit.no_ticket", "A", None)] == found(path)
    assert [("audit.no_ticket", "A", None)] == found(path, id="A")


def rewritten(raw: sqlite3.Connection) -> None:
    """Somebody who knows how it is made writes a log anew, with a chain that fits."""
    chain = ""
    for sequence, body, salt in raw.execute("SELECT sequence, body, salt FROM record WHERE ticket = 'A' ORDER BY 1").fetchall():
        lie = body.replace("call A", "call Z")
        chain = link(chain, lie, salt)
        raw.execute("UPDATE record SET body = ?, chain = ? WHERE ticket = 'A' AND sequence = ?", (lie, chain, sequence))
    raw.execute("UPDATE ticket SET snapshot = replace(snapshot, 'call A', 'call Z'), chain = ? WHERE id = 'A'", (chain,))


def test_written_anew_is_found_by_what_was_noted(path: Path, raw: sqlite3.Connection) -> None:
    """A whole log written anew agrees with itself; only a head noted elsewhere proves it."""
    with SqliteStore(path) as store:
        noted = verify(store).heads
    rewritten(raw)

    assert [] == found(path)
    assert [("audit.noted", "A", noted["A"].revision)] == found(path, noted=noted)
    assert [] == found(path, noted=noted, id="B")


def test_removed_altogether_is_found_by_what_was_noted(path: Path, raw: sqlite3.Connection) -> None:
    """A ticket removed with its records leaves nothing but the head noted elsewhere."""
    with SqliteStore(path) as store:
        noted = verify(store).heads
    raw.execute("DELETE FROM ticket WHERE id = 'C'")
    raw.execute("DELETE FROM record WHERE ticket = 'C'")

    assert [] == found(path)
    assert [("audit.gone", "C", None)] == found(path, noted=noted)


def test_noted_heads_hold_while_tickets_go_on() -> None:
    """What was noted earlier is still in the chain after more happened."""
    store = MemoryStore()
    lived(store)
    noted = verify(store).heads
    Desk(FLOW, store, now=lambda: NOON).fire("A", "start")

    assert verify(store, noted=noted)
    assert not verify(store, noted={"A": Noted(noted["A"].revision, "0" * 64)})


def test_definition_that_is_not_there() -> None:
    """A ticket whose definition is not in the store is told of as a warning, and compared where it is given."""
    store = MemoryStore()
    opened(store, "T")
    report = verify(store)

    assert report
    assert [("audit.not_folded", "warning")] == [(one.code, one.severity) for one in report.findings]


def test_newer_records(path: Path, raw: sqlite3.Connection) -> None:
    """A snapshot of a newer servflow is no tampering: the error says to upgrade."""
    raw.execute("UPDATE ticket SET snapshot = replace(snapshot, '\"format\":1', '\"format\":99') WHERE id = 'A'")
    with SqliteStore(path) as store, pytest.raises(FormatError, match="upgrade servflow"):
        verify(store)
