"""Knows how effects are shared out on PostgreSQL, how older tables are brought up to date and what a server may refuse."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from servflow.errors import InputError, StoreError
from servflow.model import FrozenMap, Take
from servflow.stores import Change, SqlStore
from servflow.stores._sql_outbox import _TAKE
from servflow.testing._store_values import MINUTE, NOON, keep, new_ticket, next_step, note, opened
from tests.postgres import fresh_database

LONG = "".join(sha256(str(number).encode()).hexdigest() for number in range(150))
"""Text that does not become short enough for an index by compression."""

OLD = Path(__file__).parents[2] / "fixtures" / "tables" / "sql_1" / "store.sql"


@pytest.fixture
def url(postgres: str) -> str:
    """A new database."""
    return fresh_database(postgres)


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    """An empty store, closed after the test."""
    with SqlStore(url) as made:
        yield made


def direct(url: str, sql: str, values: Any = None) -> list[Any]:
    """What another program is answered by the same database."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def statements(store: SqlStore, work: Callable[[], Any]) -> int:
    """How many statements a piece of work takes."""
    from sqlalchemy import event

    seen: list[str] = []

    def note_it(_: Any, __: Any, sql: str, *___: Any) -> None:
        seen.append(sql)

    event.listen(store._db.engine, "before_cursor_execute", note_it)
    try:
        work()
    finally:
        event.remove(store._db.engine, "before_cursor_execute", note_it)
    return len(seen)


# -- effects


def test_takers_at_once_get_each_effect_once(url: str, store: SqlStore) -> None:
    """Many that take at the same moment, on many connections, get every effect exactly once."""
    names = [f"T{number:03}" for number in range(80)]
    store.commit([evolve(new_ticket(name), effects=(note(f"e {name}", name),)) for name in names])
    with SqlStore(url) as other:
        got: list[str] = []

        def take(handle: SqlStore) -> None:
            idle = 0
            while idle < 10:
                found = handle.take(NOON, NOON + MINUTE, 7)
                idle = 0 if found else idle + 1
                got.extend(one.effect.id for one in found)

        threads = [threading.Thread(target=take, args=([store, other][number % 2],)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert [f"e {name}" for name in names] == sorted(got)


def test_taking_is_one_statement(store: SqlStore) -> None:
    """Taking is one statement, which marks what it gives."""
    keep(store, new_ticket(), effects=(note("e"),))

    assert 1 == statements(store, lambda: store.take(NOON, NOON + MINUTE))
    assert () == store.take(NOON, NOON + MINUTE)


def test_taking_reads_no_table_from_end_to_end(url: str, store: SqlStore) -> None:
    """Beside many that wait, are set aside or are behind others, and without figures of the table, indexes are used."""
    direct(
        url,
        "INSERT INTO servflow.effect (tenant, entity, id, ticket, body, again, aside)"
        " SELECT 'default', 'ticket', 'e' || n, 'T' || (n %% 9000), '{}', CASE WHEN n %% 3 = 0 THEN 1 << 30 END, n %% 5 = 0"
        " FROM generate_series(1, 20000) n",
        (),
    )
    values = ("default", "ticket", 100, "default", "ticket", 0, 100, 50, 100, 50, 100, 1)
    plan = "\n".join(row[0] for row in direct(url, "EXPLAIN " + store._db.text(_TAKE), values))

    assert ("Index Scan using effect_new", "Index Scan using effect_again") == tuple(
        scan for scan in ("Index Scan using effect_new", "Index Scan using effect_again") if scan in plan
    )
    assert "Seq Scan" not in plan


def test_failures_cost_the_usual_commit_nothing(store: SqlStore) -> None:
    """A change of a ticket that never failed takes no statement for failures, one of a ticket that failed takes one."""
    ticket, other = opened(store), opened(store, "B")
    usual = statements(store, lambda: keep(store, next_step(ticket)))
    store.fail("ticket", "B", "no answer", at=NOON, again=NOON)

    assert usual + 1 == statements(store, lambda: keep(store, next_step(other)))
    assert () == store.troubles()


def test_what_a_ticket_is_found_by_may_be_long(store: SqlStore) -> None:
    """A value longer than an entry of an index is found."""
    text = "".join(chr(0x4E00 + number % 20_000) for number in range(30_000))
    keep(store, new_ticket(), index=FrozenMap(note=text))

    assert ["T1"] == [one.id for one in store.find(where={"note": text})]
    assert () == store.find(where={"note": text[:-1]})


def test_a_store_that_does_not_tell(url: str, store: SqlStore) -> None:
    """A store opened without telling keeps everything as any other; who listens has to ask."""
    assert store.listen(timedelta(0))
    with SqlStore(url, notify=False) as silent:
        keep(silent, new_ticket(), effects=(note("e"),))
        silent.post("T1", "go", key="m", at=NOON)

    assert not store.listen(timedelta(0))
    assert ("m", "e") == (store.claim(NOON)[0].messages[0].key, store.effects()[0].id)


# -- older tables


def test_tables_of_the_format_before(url: str) -> None:
    """Tables that an older servflow wrote lose nothing, find their queues and deadlines, and hand out their effects."""
    from servflow.stores import verify

    direct(url, OLD.read_text(encoding="utf-8"))
    with SqlStore(url) as store:
        assert [(3,)] == direct(url, "SELECT version FROM servflow.format")
        assert ("T1", "乙") == store.ids()
        assert ["T1"] == [one.id for one in store.find(queue="front")]
        assert ["T1"] == [one.id for one in store.find(due_before=NOON + timedelta(hours=5))]
        assert ["T1", "乙"] == [one.id for one in store.find(order="due")]
        assert ["N"] == [one.id for one in store.for_tenant("north").find(queue="back")]
        assert ["e1"] == [one.effect.id for one in store.take(NOON, NOON + MINUTE)]
        assert [("乙", "nul \0 é")] == [(one.ticket, one.messages[0].payload["what"]) for one in store.claim(NOON)]
        assert {"ann": 1} == dict(store.usage())
        ticket = store.load("T1")
        assert ticket is not None
        assert "applied" == keep(store, next_step(ticket)).status
        assert verify(store)


def test_tickets_of_the_format_before_are_found_by_whom_they_concern(url: str) -> None:
    """Those kept before one was found by that too, page by page, while a field of such a name stays what it is found by."""
    names = [f"T{number:04}" for number in range(1_001)]
    with SqlStore(url) as store:
        made = [evolve(new_ticket(name), ticket=evolve(new_ticket(name).ticket, customer="mia")) for name in names]
        store.commit([*made[:-1], evolve(made[-1], index=FrozenMap({"customer": "of a field"}))])
    direct(url, "UPDATE servflow.format SET version = 2")
    with SqlStore(url) as store:
        assert names[:-1] == [one.id for one in store.find(where={"customer": "mia"}, limit=2_000)]
        assert names[-1:] == [one.id for one in store.find(where={"customer": "of a field"})]


def test_an_older_servflow_that_still_runs_is_stopped(url: str, store: SqlStore) -> None:
    """It cannot write a record past what it does not know of; nothing that it writes is half-written."""
    import psycopg

    with pytest.raises(psycopg.Error, match="seal"):
        direct(
            url,
            "INSERT INTO servflow.record (tenant, entity, ticket, sequence, body, salt, chain)"
            " VALUES ('default', 'ticket', 'T', 1, '{}', '', '')",
        )


# -- what a server may refuse


def role(url: str, name: str, more: str = "") -> str:
    """The URL of the same database for a new user without rights."""
    from sqlalchemy import make_url

    direct(url, f"CREATE ROLE {name} LOGIN {more}")
    return make_url(url).set(username=name).render_as_string(hide_password=False)


def test_a_user_without_rights(url: str, store: SqlStore) -> None:
    """Who may not use the schema is told what to grant."""
    with pytest.raises(StoreError, match="grant the user") as told:
        SqlStore(role(url, "nobody_here"))

    assert "permission" == told.value.code


def test_a_user_with_the_rights_the_page_names(url: str, store: SqlStore) -> None:
    """Who may read and write the tables, and make none, can do everything a worker does."""
    worker = role(url, "worker")
    direct(url, "GRANT USAGE ON SCHEMA servflow TO worker")
    direct(url, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA servflow TO worker")
    with SqlStore(worker) as hired:
        keep(hired, new_ticket(wake=NOON), effects=(note("e"),), keys=("k",), reservations=(Take(key="ann"),))
        hired.post("T1", "go", key="m", at=NOON)
        hired.fail("effect", hired.take(NOON, NOON + MINUTE)[0].effect.id, "no answer", at=NOON, again=None)

        assert (1, 1) == (len(hired.claim(NOON)), hired.revive("effect", ["e"]))
    direct(url, "DROP OWNED BY worker")


def test_no_more_connections(url: str, store: SqlStore) -> None:
    """Where the server takes no more connections, that is said with what to do."""
    with pytest.raises(StoreError, match="max_connections") as told:
        SqlStore(role(url, "crowded", "CONNECTION LIMIT 0"))

    assert "too_many" == told.value.code


def test_no_such_database_or_user(url: str) -> None:
    """A database or a user that does not exist is told apart from a server that does not answer."""
    from sqlalchemy import make_url

    for wrong in (make_url(url).set(database="nowhere"), make_url(url).set(username="nobody")):
        with pytest.raises(StoreError, match="does not exist") as told:
            SqlStore(wrong.render_as_string(hide_password=False))
        assert "cannot_open" == told.value.code


@pytest.mark.parametrize("setting", ["statement_timeout", "lock_timeout"])
def test_a_statement_that_waits_too_long(setting: str, url: str, store: SqlStore) -> None:
    """Where others hold a ticket for longer than the server lets wait, that is said, and nothing is kept."""
    from sqlalchemy import make_url

    ticket = opened(store)
    short = make_url(url).update_query_dict({"options": f"-c {setting}=1000"})
    with SqlStore(short.render_as_string(hide_password=False)) as hasty, store.batch():
        keep(store, next_step(ticket))
        told: list[Any] = []

        def wait() -> None:
            try:
                keep(hasty, next_step(ticket))
            except StoreError as error:
                told.append(error.code)

        waiting = threading.Thread(target=wait)
        waiting.start()
        waiting.join()

    assert ["locked"] == told
    assert 2 == len(store.history("T1"))


@pytest.mark.parametrize(
    "change",
    [
        lambda: new_ticket(LONG),
        lambda: evolve(new_ticket(), keys=(LONG,)),
        lambda: evolve(new_ticket(), effects=(note("\0"),)),
        lambda: evolve(new_ticket(), consumed=(1 << 70,)),
    ],
    ids=["long id", "long key", "nul", "large number"],
)
def test_what_postgresql_cannot_hold(change: Callable[[], Change], store: SqlStore) -> None:
    """Text too long for an index, U+0000 in a name and numbers of more than 64 bits are refused, without a trace."""
    with pytest.raises(InputError):
        store.commit([new_ticket("A"), change()])

    assert () == store.ids()
