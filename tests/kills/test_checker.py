"""Knows that the checker of the kill tests finds what it is there for; must not know how processes are killed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import servflow
from servflow.desk import Desk
from servflow.stores import SqliteStore, SqlStore, Store
from tests.kills import checker
from tests.kills.checker import BILL, lines, read
from tests.kills.host import JOB, PEOPLE
from tests.postgres import fresh_database

START = datetime(2026, 3, 2, 9, tzinfo=UTC)

Story = tuple[dict[str, list[dict[str, Any]]], list[dict[str, Any]]]


def told_to(store: Store) -> Story:
    """A few jobs on an empty store, all done in the end; the journal of their client, and what was received."""
    now = [START]
    received: list[dict[str, Any]] = []
    journal: list[dict[str, Any]] = []

    def receive(effect: Any) -> None:
        received.append({"seen": int(now[0].timestamp() * 1_000_000), "by": 1, "effect": servflow.dump(effect)})

    def bill(effect: Any) -> dict[str, int]:
        receive(effect)
        return {"amount": BILL}

    desk = Desk(servflow.load(JOB), store, now=lambda: now[0], world=PEOPLE, handlers={"*": receive, "call:bill": bill})

    def ask(number: int, do: str, ticket: str, event: str = "", **payload: Any) -> None:
        key = f"k{number}"
        ask = {"do": do, "ticket": ticket, "key": key, **({"event": event, "payload": payload} if event else {})}
        journal.append({"try": number, "ask": ask})
        if do == "post":
            journal.append({"done": number, "answer": {"new": store.post(ticket, event, payload, key=key, at=now[0])}})
            return
        outcome = desk.open(ticket, key=key) if do == "open" else desk.fire(ticket, event, payload, key=key)
        journal.append({"done": number, "answer": {"first": outcome.records[0].sequence, "last": outcome.records[-1].sequence}})

    ask(1, "open", "A")
    ask(2, "open", "B")
    ask(3, "fire", "A", "add", n=3, mark="m3")
    ask(4, "fire", "A", "add", n=4, mark="m4")
    ask(5, "post", "B", "add", n=5, mark="m5")
    ask(6, "post", "B", "add", n=6, mark="m6")
    ask(7, "fire", "B", "pass_on", to="A", n=1, mark="m7")
    ask(8, "fire", "A", "spawn", mark="m8")
    for _ in range(20):
        now[0] += timedelta(milliseconds=100)
        while desk.tick().worked or desk.deliver().worked:
            continue
    journal.append(
        {"try": 9, "ask": {"do": "fire", "ticket": "A", "key": "k9", "event": "add", "payload": {"n": 1, "mark": "m9"}}}
    )
    return {"c": journal}, received


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Story]:
    """A database on which all holds, with its journal and receipts; to be copied, not changed."""
    path = tmp_path_factory.mktemp("checker") / "jobs.db"
    with SqliteStore(path) as store:
        story = told_to(store)
    return path, story


class TestSound:
    """Where all holds the checker says nothing."""

    def test_sqlite(self, kept: tuple[Path, Story]) -> None:
        """A file on which nothing went wrong has no finding, and is quiet."""
        path, story = kept

        assert [] == checker.check(read(str(path)), *story)
        assert checker.quiet(str(path))
        assert [] == checker.overfull(str(path))

    def test_postgres(self, postgres: str) -> None:
        """The same on PostgreSQL, whose tables are others; a row that is changed there is found."""
        url = fresh_database(postgres)
        with SqlStore(url) as store:
            story = told_to(store)

            assert [] == checker.check(read(url), *story)
            assert checker.quiet(url)
            assert [] == checker.overfull(url)

            import psycopg

            with psycopg.connect(url) as db:
                db.execute("UPDATE servflow.record SET body = replace(body, '\"n\":3', '\"n\":4') WHERE ticket = 'A'")

            assert {"chain", "snapshot"} == kinds(checker.check(read(url), *story))

    def test_a_line_cut_short_is_passed_over(self, tmp_path: Path) -> None:
        """What a process was writing when it died is no line."""
        path = tmp_path / "journal"
        path.write_text('{"try": 1}\n{"done": 1, "ans\n{"try": 2}\n{"tr')

        assert [{"try": 1}, {"try": 2}] == lines(path)


def kinds(found: list[str]) -> set[str]:
    """What sort of findings these are."""
    return {line.partition(":")[0] for line in found}


Bodies = list[dict[str, Any]]


def sha(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def forge(db: sqlite3.Connection, ticket: str, edit: Callable[[Bodies], Any]) -> None:
    """Change the records of a ticket and number, chain and snapshot them as if it had always been so."""
    rows = db.execute("SELECT body FROM record WHERE ticket = ? ORDER BY sequence", (ticket,)).fetchall()
    bodies = [json.loads(row[0]) for row in rows]
    edit(bodies)
    db.execute("DELETE FROM record WHERE ticket = ?", (ticket,))
    chain = ""
    for number, body in enumerate(bodies, 1):
        body["sequence"] = number
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        chain = sha(chain + "\n" + sha(f"salt\n{text}"))
        db.execute(
            "INSERT INTO record (tenant, entity, ticket, sequence, body, salt, chain, seal)"
            " VALUES ('default', 'ticket', ?, ?, ?, 'salt', ?, '')",
            (ticket, number, text, chain),
        )
    (text,) = db.execute("SELECT snapshot FROM ticket WHERE id = ?", (ticket,)).fetchone()
    snapshot = {**json.loads(text), "sequence": len(bodies), "at": bodies[-1]["at"]}
    row = (len(bodies), chain, json.dumps(snapshot), ticket)
    db.execute("UPDATE ticket SET revision = ?, chain = ?, snapshot = ? WHERE id = ?", row)


def of(bodies: Bodies, event: str) -> int:
    """Where an event is among records."""
    return next(place for place, body in enumerate(bodies) if body["kind"] == "received" and body["event"] == event)


def twice(bodies: Bodies) -> None:
    """The first added number is there two times."""
    bodies.insert(of(bodies, "add"), dict(bodies[of(bodies, "add")]))


def early(bodies: Bodies) -> None:
    """The last timer runs out a tick before it is due."""
    last = max(place for place, body in enumerate(bodies) if body["kind"] == "timer_fired")
    bodies[last]["at"] = (datetime.fromisoformat(bodies[last]["at"]) - timedelta(microseconds=1)).isoformat()


def again(bodies: Bodies) -> None:
    """A timer runs out two times."""
    place = next(place for place, body in enumerate(bodies) if body["kind"] == "timer_fired")
    bodies.insert(place, dict(bodies[place]))


def lost(bodies: Bodies) -> None:
    """An acknowledged event is taken out."""
    del bodies[of(bodies, "add")]


def orphaned(bodies: Bodies) -> None:
    """Another ticket was never asked for."""
    del bodies[next(place for place, body in enumerate(bodies) if body["kind"] == "linked")]


def swapped(bodies: Bodies) -> None:
    """Two events are in the other order than they were sent."""
    first, second = [
        body for body in bodies if body["kind"] == "received" and body["event"] == "add" and body["payload"]["n"] > 4
    ]
    first["payload"], second["payload"] = second["payload"], first["payload"]
    first["key"], second["key"] = second["key"], first["key"]


Damage = Callable[[sqlite3.Connection], Any]
MAIL = (
    "INSERT INTO mail (tenant, entity, ticket, event, payload, key, at) VALUES ('default', 'ticket', 'A', 'add', '{}', 'k', 1)"
)
EFFECT = "INSERT INTO effect (tenant, entity, id, ticket, body) VALUES ('default', 'ticket', 'e', 'A', '{}')"
TROUBLE = "INSERT INTO trouble VALUES ('default', 'ticket', 'ticket', 'A', 'A', 12, 'it failed', 1, 1, NULL)"
HELD = "INSERT INTO held VALUES ('default', 'ticket', 'engineer:ann', 'A', 1)"


def sql(*statements: str) -> Damage:
    """Statements that do damage."""
    return lambda db: [db.execute(one) for one in statements]


def forged(ticket: str, edit: Callable[[Bodies], Any]) -> Damage:
    """Damage that is hidden well."""
    return lambda db: forge(db, ticket, edit)


ROWS: dict[str, tuple[Damage, set[str]]] = {
    "a record in the middle is gone": (sql("DELETE FROM record WHERE ticket = 'A' AND sequence = 9"), {"numbering", "chain"}),
    "the last record is gone": (
        sql("DELETE FROM record WHERE ticket = 'A' AND sequence = (SELECT max(sequence) FROM record WHERE ticket = 'A')"),
        {"chain", "snapshot"},
    ),
    "a body is another": (
        sql("UPDATE record SET body = replace(body, '\"n\":3', '\"n\":4') WHERE ticket = 'A'"),
        {"chain", "snapshot"},
    ),
    "a salt is another": (sql("UPDATE record SET salt = 'x' WHERE ticket = 'A' AND sequence = 4"), {"chain"}),
    "a whole ticket is gone": (
        sql("DELETE FROM record WHERE ticket = 'B'", "DELETE FROM ticket WHERE id = 'B'"),
        {"lost", "effect"},
    ),
    "the log of a ticket is gone": (sql("DELETE FROM record WHERE ticket = 'B'"), {"rows", "lost", "effect", "snapshot"}),
    "a snapshot is an older one": (sql("UPDATE ticket SET revision = revision - 1 WHERE id = 'A'"), {"snapshot"}),
    "a snapshot says something else": (
        sql("UPDATE ticket SET snapshot = replace(snapshot, '\"rounds\":2', '\"rounds\":3') WHERE id = 'A'"),
        {"snapshot"},
    ),
    "a key is gone": (sql("DELETE FROM answered WHERE key = 'k3'"), {"lost", "answer"}),
    "a key stands for other records": (sql("UPDATE answered SET first = first - 3 WHERE key = 'k3'"), {"answer"}),
    "mail is left": (sql(MAIL), {"left"}),
    "a ticket is set aside": (sql(TROUBLE), {"left"}),
    "an effect is left": (sql(EFFECT), {"left"}),
    "a timer is left": (sql("UPDATE ticket SET wake = 1 WHERE id = 'A'"), {"left"}),
    "units are held and not counted": (sql(HELD), {"capacity"}),
    "units are counted and not held": (sql("UPDATE total SET units = 1"), {"capacity"}),
    "more is held than there is": (
        sql(HELD.replace(", 1)", ", 5)"), "UPDATE total SET units = 5 WHERE key = 'engineer:ann'"),
        {"capacity"},
    ),
    "an event is there twice": (forged("A", twice), {"doubled", "snapshot", "effect"}),
    "an acknowledged event is forged away": (forged("A", lost), {"lost", "answer", "effect", "snapshot", "order"}),
    "a timer is early": (forged("A", early), {"timer", "order"}),
    "a timer runs out twice": (forged("A", again), {"timer"}),
    "an order is forged away": (forged("A", orphaned), {"effect"}),
    "mail is in the other order": (forged("B", swapped), {"lost", "order"}),
}


class TestDamagedRows:
    """Whatever is changed in a copy of the database is found."""

    @pytest.mark.parametrize("name", ROWS)
    def test_is_found(self, kept: tuple[Path, Story], tmp_path: Path, name: str) -> None:
        """Damage gives findings, and only such as it can give."""
        damage, expected = ROWS[name]
        path, story = kept
        copied = tmp_path / "jobs.db"
        shutil.copy(path, copied)
        with closing(sqlite3.connect(copied)) as db, db:
            damage(db)

        found = kinds(checker.check(read(str(copied)), *story))

        assert found
        assert found <= expected

    def test_more_held_than_there_is_at_a_moment(self, kept: tuple[Path, Story], tmp_path: Path) -> None:
        """What is held too much is found while everything is still going on, too."""
        copied = tmp_path / "jobs.db"
        shutil.copy(kept[0], copied)
        with closing(sqlite3.connect(copied)) as db, db:
            db.execute(HELD.replace(", 1)", ", 5)"))
            db.execute("UPDATE total SET units = 5 WHERE key = 'engineer:ann'")

        assert ["capacity: 5 of 4 of engineer:ann are held"] == checker.overfull(str(copied))
        assert checker.quiet(str(copied))


def without(found: list[dict[str, Any]], template: str) -> list[dict[str, Any]]:
    """Receipts without those of one template."""
    return [line for line in found if line["effect"].get("template") != template]


def another(found: list[dict[str, Any]], **more: Any) -> list[dict[str, Any]]:
    """Receipts, and the last of them once more with something else in it."""
    return [*found, {**found[-1], "effect": {**found[-1]["effect"], **more}}]


RECEIPTS: dict[str, tuple[Callable[[list[dict[str, Any]]], list[dict[str, Any]]], str]] = {
    "one line is lost": (lambda found: found[:-1], "was never delivered"),
    "the lines of one kind are lost": (lambda found: without(found, "added"), "was never delivered"),
    "one was delivered with another content": (lambda found: another(found, at="2020-01-01T00:00:00Z"), "with two contents"),
    "one was never asked for": (lambda found: another(found, id="x"), "nothing asked for it"),
    "one was delivered early": (lambda found: [*found, {**found[-1], "seen": found[-1]["seen"] - 10_000_000}], "early"),
}


class TestDamagedReceipts:
    """What the outside received is held against what the records say."""

    @pytest.mark.parametrize("name", RECEIPTS)
    def test_is_found(self, kept: tuple[Path, Story], name: str) -> None:
        """A receipt too few, too many or with another content is found."""
        change, expected = RECEIPTS[name]
        path, (journals, receipts) = kept
        found = checker.check(read(str(path)), journals, change(receipts))

        assert {"effect"} == kinds(found)
        assert all(line.endswith(expected) for line in found)

    def test_delivered_twice_is_no_damage(self, kept: tuple[Path, Story]) -> None:
        """The same effect with the same content may come as often as it likes."""
        path, (journals, receipts) = kept

        assert [] == checker.check(read(str(path)), journals, [*receipts, *receipts])


class TestDamagedPromises:
    """What clients were promised is held against the records."""

    def promised(self, kept: tuple[Path, Story], *more: dict[str, Any], cut: int = 0) -> set[str]:
        path, (journals, receipts) = kept
        journal = journals["c"][: len(journals["c"]) - cut]
        return kinds(checker.check(read(str(path)), {"c": [*journal, *more]}, receipts))

    def test_an_acknowledged_call_that_is_not_there(self, kept: tuple[Path, Story]) -> None:
        """A call that was answered and left no record is lost."""
        assert {"lost"} == self.promised(kept, {"done": 9, "answer": {"first": 40, "last": 41}})

    def test_an_acknowledged_post_that_is_not_there(self, kept: tuple[Path, Story]) -> None:
        """So is mail."""
        ask = {"do": "post", "ticket": "A", "key": "k10", "event": "add", "payload": {"n": 1, "mark": "m10"}}

        assert {"lost"} == self.promised(kept, {"try": 10, "ask": ask}, {"done": 10, "answer": {"new": True}})

    def test_an_acknowledged_opening_that_is_not_there(self, kept: tuple[Path, Story]) -> None:
        """So is a ticket."""
        ask = {"do": "open", "ticket": "C", "key": "k10"}

        assert {"lost"} == self.promised(kept, {"try": 10, "ask": ask}, {"done": 10, "answer": {"first": 1, "last": 8}})

    def test_an_answer_that_names_other_records(self, kept: tuple[Path, Story]) -> None:
        """A call made again must be answered with its first result."""
        assert {"answer"} == self.promised(kept, {"done": 3, "answer": {"first": 1, "last": 2}})

    def test_what_nobody_asked_for(self, kept: tuple[Path, Story]) -> None:
        """An event that is in no journal was made up."""
        assert {"made up"} == self.promised(kept, cut=3)
