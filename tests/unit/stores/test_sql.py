"""Knows what a store on PostgreSQL does when several write at once and when the server goes away; must not know its rows."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from servflow.errors import FormatError, InputError, ServflowError, StoreError
from servflow.model import Next, Release, Take, Unique
from servflow.stores import Answer, Change, SqlStore
from servflow.testing._store_values import MINUTE, NOON, everything, keep, new_ticket, next_step, note, opened
from tests.postgres import Network, fresh_database, network


@pytest.fixture
def url(postgres: str) -> str:
    """A new database."""
    return fresh_database(postgres)


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    """An empty store, closed after the test."""
    with SqlStore(url) as made:
        yield made


@pytest.fixture
def other(url: str, store: SqlStore) -> Iterator[SqlStore]:
    """Another handle on the same store, with connections of its own."""
    with SqlStore(url) as made:
        yield made


def direct(url: str, sql: str) -> list[Any]:
    """What another program is answered by the same database."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def at_once(works: list[Callable[[], Any]]) -> list[Any]:
    """What pieces of work come to that begin at the same moment in threads, exceptions raised."""
    ready = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(index: int) -> None:
        ready.wait()
        try:
            results[index] = works[index]()
        except Exception as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, Exception):
            raise result
    return results


# -- several at once


def test_capacity_is_never_passed(store: SqlStore, other: SqlStore) -> None:
    """Of many tickets that take one unit each at the same moment, exactly as many as there are units get one."""
    handles = [store, other]
    changes = [new_ticket(f"T{n}") for n in range(12)]
    take = (Take(key="ann", limit=5),)
    answers = at_once(
        [lambda change=change, n=n: keep(handles[n % 2], change, reservations=take) for n, change in enumerate(changes)]
    )

    assert ["applied"] * 5 + ["refused"] * 7 == sorted(answer.status for answer in answers)
    assert {"ann": 5} == dict(store.usage())


def test_a_unique_key_has_one_owner(store: SqlStore, other: SqlStore) -> None:
    """Of many tickets that want one key at the same moment, one gets it, and the others are told which."""
    handles = [store, other]
    answers = at_once(
        [lambda n=n: keep(handles[n % 2], new_ticket(f"T{n}"), reservations=(Unique(key="phone"),)) for n in range(8)]
    )

    applied = [n for n, answer in enumerate(answers) if answer.status == "applied"]
    assert 1 == len(applied)
    assert {f"T{applied[0]}"} == {answer.held for answer in answers if answer.status == "refused"}


def test_a_counter_gives_each_turn_once(store: SqlStore, other: SqlStore) -> None:
    """Writers that take the next turn, again where they lost the race, get every turn exactly once."""

    def turns(handle: SqlStore, name: str) -> list[int]:
        got: list[int] = []
        stands = 0
        while len(got) < 5:
            answer = keep(handle, new_ticket(f"{name}{len(got)}"), reservations=(Next(counter="turn", expected=stands),))
            if answer.status == "applied":
                got.append(stands)
                stands += 1
            else:
                assert isinstance(answer.held, int)
                stands = answer.held
        return got

    results = at_once([lambda n=n: turns([store, other][n % 2], f"T{n}-") for n in range(4)])

    assert list(range(20)) == sorted(turn for got in results for turn in got)
    assert {"turn": 20} == dict(store.usage())


def test_opened_once_by_one_key(store: SqlStore, other: SqlStore) -> None:
    """Many that open the same ticket with the same key at the same moment all get the first result."""
    handles = [store, other]
    answers = at_once([lambda n=n: keep(handles[n % 2], new_ticket(), keys=("k",)) for n in range(8)])

    assert ["applied"] + ["duplicate"] * 7 == sorted(answer.status for answer in answers)
    assert {(1, 1)} == {(answer.first, answer.last) for answer in answers}


def test_lists_in_opposite_order_both_get_on(store: SqlStore, other: SqlStore) -> None:
    """Two that keep the same tickets and keys in opposite orders, over and over, never fail one another."""
    names = ["A", "B", "C", "D"]
    store.commit([new_ticket(name) for name in names])

    def steps(handle: SqlStore, order: list[str]) -> int:
        kept = 0
        for _ in range(15):
            changes = []
            for name in order:
                ticket = handle.load(name)
                assert ticket is not None
                take, release = Take(key=f"key {name}"), Release(key=f"key {name}")
                changes.append(evolve(next_step(ticket), reservations=(take, release) if kept % 2 else (take,)))
            kept += sum(answer.status == "applied" for answer in handle.commit(changes))
        return kept

    kept = at_once([lambda: steps(store, names), lambda: steps(other, names[::-1])])

    assert sum(kept) + 4 == sum(len(store.history(name)) for name in names)


def test_mail_that_meets_the_opening_is_not_lost(store: SqlStore, other: SqlStore) -> None:
    """Mail posted at the very moment its ticket is opened wakes the ticket."""
    for n in range(15):
        at_once(
            [
                lambda n=n: keep(store, new_ticket(f"T{n}")),
                lambda n=n: other.post(f"T{n}", "go", key="m", at=NOON),
            ]
        )

    assert {f"T{n}" for n in range(15)} == {claim.ticket for claim in store.claim(NOON) if claim.messages}


def test_a_release_kept_out_of_order_is_not_lost(store: SqlStore, other: SqlStore) -> None:
    """What was released before the world was read, but kept after it, wakes who began to wait meanwhile."""
    holder = opened(store, "H", reservations=(Take(key="ann"),))
    second = opened(store, "G", reservations=(Take(key="bob"),))
    with other.batch():
        keep(other, next_step(holder), reservations=(Release(key="ann"),))
        keep_in_a_thread = threading.Thread(target=lambda: keep(store, next_step(second), reservations=(Release(key="bob"),)))
        keep_in_a_thread.start()
        keep_in_a_thread.join()
        read: list[int] = []
        reading = threading.Thread(target=lambda: read.append(store.released()))
        reading.start()
        reading.join()
    keep(store, new_ticket("W", waits=("ann",)), released=read[0])

    assert ["W"] == [claim.ticket for claim in store.claim(NOON)]


def test_nobody_who_waits_is_forgotten(store: SqlStore, other: SqlStore) -> None:
    """A ticket that begins to wait at the very moment the key is released is claimable afterwards."""
    for n in range(15):
        holder = opened(store, f"H{n}", reservations=(Take(key=f"ann{n}"),))
        read = other.released()
        at_once(
            [
                lambda holder=holder, n=n: keep(store, next_step(holder), reservations=(Release(key=f"ann{n}"),)),
                lambda n=n, read=read: keep(other, new_ticket(f"W{n}", waits=(f"ann{n}",)), released=read),
            ]
        )

    assert {f"W{n}" for n in range(15)} == {claim.ticket for claim in store.claim(NOON)}


def test_claims_of_many_workers_are_disjoint(store: SqlStore, other: SqlStore) -> None:
    """Workers that claim a few tickets at a time until none is left have every ticket exactly once."""
    store.commit([new_ticket(f"T{n:03}", wake=NOON) for n in range(60)])

    def rounds(handle: SqlStore) -> list[str]:
        got: list[str] = []
        idle = 0
        while idle < 30:
            with handle.batch():
                claims = handle.claim(NOON, 4)
                idle = 0 if claims else idle + 1
                for claim in claims:
                    ticket = handle.load(claim.ticket)
                    assert ticket is not None
                    assert "applied" == keep(handle, next_step(ticket, wake=None)).status
                    got.append(claim.ticket)
        return got

    results = at_once([lambda n=n: rounds([store, other][n % 2]) for n in range(4)])

    assert [f"T{n:03}" for n in range(60)] == sorted(name for got in results for name in got)


def test_a_batch_is_seen_by_nobody_before_it_ends(store: SqlStore, other: SqlStore) -> None:
    """Another handle, and another thread of the same one, see a ticket only once the batch has ended."""
    seen: list[Any] = []
    with store.batch():
        opened(store)
        thread = threading.Thread(target=lambda: seen.append(store.load("T1")))
        thread.start()
        thread.join()
        seen.append(other.load("T1"))
        assert store.load("T1") is not None

    assert [None, None] == seen
    assert store.load("T1") == other.load("T1") == new_ticket().ticket


def test_an_undone_step_is_not_remembered(store: SqlStore, other: SqlStore) -> None:
    """What a batch wrote and undid is not taken for what another handle then kept under the same revision."""
    ticket = opened(store)

    def undone() -> None:
        with store.batch():
            keep(store, next_step(ticket, assignee="lost"))
            store.load("T1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undone()
    keep(other, next_step(ticket, assignee="kept"))

    loaded = store.load("T1")
    assert loaded is not None
    assert "kept" == loaded.assignee


# -- the connection, the server


def end_connections(url: str) -> None:
    """End every connection to the database but one's own, as an administrator or a failing network would."""
    direct(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


def test_a_connection_lost_in_the_middle_of_a_batch(store: SqlStore, url: str) -> None:
    """Nothing of the batch is kept, the error says so, and the store goes on with another connection."""
    ticket = opened(store)
    before = everything(store)

    def cut() -> None:
        with store.batch():
            keep(store, next_step(ticket), effects=(note("e"),))
            end_connections(url)
            opened(store, "B")

    with pytest.raises(StoreError, match="nothing was half-written") as told:
        cut()

    assert "lost" == told.value.code
    assert before == everything(store)
    assert "applied" == keep(store, next_step(ticket)).status


def test_a_connection_lost_between_two_operations_is_not_noticed(store: SqlStore, url: str) -> None:
    """Where nothing can have been kept, the same is done again on a new connection."""
    ticket = opened(store)
    end_connections(url)
    assert ticket == store.load("T1")
    end_connections(url)

    assert "applied" == keep(store, next_step(ticket)).status


@pytest.fixture
def line(url: str, store: SqlStore) -> Iterator[tuple[SqlStore, Network]]:
    """A handle whose connections go through a network that can be told to fail."""
    with network(url) as (through, made), SqlStore(through) as far:
        yield far, made


def test_a_lost_answer_of_the_commit(line: tuple[SqlStore, Network], store: SqlStore) -> None:
    """Where the answer to COMMIT is lost, it is found out that the change was kept: applied, and made once."""
    far, net = line
    ticket = opened(far)
    change = evolve(next_step(ticket), keys=("k",), effects=(note("e"),))
    net.lose = "answer"

    assert (Answer(status="applied", first=2, last=2, revision=2),) == far.commit([change])
    assert (1, 2, 1) == (net.lost, len(store.history("T1")), len(store.effects()))
    assert (Answer(status="duplicate", key="k", first=2, last=2),) == far.commit([change])


def test_a_commit_that_never_arrived(line: tuple[SqlStore, Network], store: SqlStore) -> None:
    """Where COMMIT itself is lost, that is found out too, and the change is made once by doing it again."""
    far, net = line
    ticket = opened(far)
    net.lose = "question"

    assert "applied" == keep(far, next_step(ticket), effects=(note("e"),)).status
    assert (1, 2, 1) == (net.lost, len(store.history("T1")), len(store.effects()))


@pytest.mark.parametrize("lose", ["answer", "question"])
def test_a_ticket_opened_over_a_bad_line(lose: Any, line: tuple[SqlStore, Network], store: SqlStore) -> None:
    """A ticket that nobody saw yet is opened once, whichever way the line failed."""
    far, net = line
    net.lose = lose

    assert "applied" == keep(far, new_ticket()).status
    assert (1, 1) == (net.lost, len(store.history("T1")))


@pytest.mark.parametrize("lose", ["answer", "question"])
def test_mail_over_a_bad_line(lose: Any, line: tuple[SqlStore, Network], store: SqlStore) -> None:
    """Mail is posted once, and its sender is told that it was posted now."""
    far, net = line
    opened(store)
    net.lose = lose

    assert far.post("T1", "go", key="m", at=NOON)
    assert (1, ["m"]) == (net.lost, [one.key for one in store.claim(NOON)[0].messages])
    assert not far.post("T1", "go", key="m", at=NOON)


@pytest.mark.parametrize("lose", ["answer", "question"])
def test_reading_over_a_bad_line(lose: Any, line: tuple[SqlStore, Network], store: SqlStore) -> None:
    """What only reads, or may be done twice, is done again."""
    far, net = line
    ticket = opened(store)
    net.lose = lose
    assert ticket == far.load("T1")
    net.lose = lose
    far.ack(["e"])

    assert 2 == net.lost


def test_a_batch_over_a_bad_line(line: tuple[SqlStore, Network], store: SqlStore) -> None:
    """A batch that was kept goes on as if nothing were; one that was not kept says that it is to be done again."""
    far, net = line

    def batch(name: str) -> None:
        with far.batch():
            opened(far, name)

    net.lose = "answer"
    batch("A")
    net.lose = "question"
    with pytest.raises(StoreError, match="nothing was half-written") as told:
        batch("B")

    assert ("lost", ("A",)) == (told.value.code, store.ids())


def test_what_cannot_be_found_out(line: tuple[SqlStore, Network], store: SqlStore) -> None:
    """What writes nothing that is its own says that nobody knows, and that the same may be done again."""
    far, net = line
    ticket = opened(store, reservations=(Take(key="ann", units=2),))
    net.lose = "answer"
    with pytest.raises(StoreError, match="may have been kept or not") as told:
        far.commit([Change(ticket=ticket, expected=1, reservations=(Release(key="ann"),))])

    assert "unknown" == told.value.code


def test_no_server(tmp_path: Any) -> None:
    """Where no server answers, that is said, and the password is not."""
    with pytest.raises(StoreError, match="see that the server runs") as told:
        SqlStore(f"postgresql://ann:secret@/db?host={tmp_path}")
    assert "secret" not in str(told.value)


def test_a_server_that_may_not_be_written(store: SqlStore, url: str) -> None:
    """A read-only server is told with what to do, and can still be read."""
    ticket = opened(store)
    direct(
        url,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$",
    )
    with SqlStore(url) as reading:
        assert ticket == reading.load("T1")
        with pytest.raises(StoreError, match="primary") as told:
            keep(reading, next_step(ticket))
    assert "read_only" == told.value.code


# -- URLs, tables, values


@pytest.mark.parametrize("given", ["sqlite:///x.db", "mysql://h/d", "postgresql+psycopg2://h/d"])
def test_another_database_is_refused(given: str) -> None:
    """A URL of another kind of database is an InputError that names it."""
    with pytest.raises(InputError, match="PostgreSQL"):
        SqlStore(given)


@pytest.mark.parametrize("given", [None, 5, "", "x", "postgresql://ann:secret@h:port/d"])
def test_what_is_no_url(given: Any) -> None:
    """What is no URL is an InputError, without the password."""
    with pytest.raises(InputError) as told:
        SqlStore(given)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("given", ["", "A", "a b", 'a"b', "pg_x", "x" * 42, 5])
def test_what_is_no_schema(given: Any) -> None:
    """A schema's name that would need quoting is an InputError."""
    with pytest.raises(InputError, match="schema"):
        SqlStore("postgresql://h/d", schema=given)


def test_many_that_open_a_new_database_at_once(url: str) -> None:
    """Workers that all start on an empty database make the tables once."""
    stores = at_once([lambda: SqlStore(url) for _ in range(6)])
    opened(stores[0])
    for made in stores:
        assert made.load("T1") is not None
        made.close()


def test_tables_that_are_to_be_made_first(url: str) -> None:
    """Tables of format 0, which has none but its number, are brought up to date and can be used."""
    direct(url, "CREATE SCHEMA servflow")
    with SqlStore(url) as store:
        assert "applied" == keep(store, new_ticket()).status
    assert [(3,)] == direct(url, "SELECT version FROM servflow.format")


def test_tables_of_a_newer_servflow(store: SqlStore, url: str) -> None:
    """Tables of a newer servflow are refused and left as they are."""
    direct(url, "UPDATE servflow.format SET version = 99")
    with pytest.raises(FormatError, match="upgrade servflow"):
        SqlStore(url)
    assert [(99,)] == direct(url, "SELECT version FROM servflow.format")


def test_tables_of_another_program(url: str) -> None:
    """A schema with other tables is refused and left as it is."""
    direct(url, "CREATE TABLE public.format (x int)")
    with pytest.raises(FormatError, match="another program"):
        SqlStore(url, schema="public")
    assert [("format",)] == direct(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")


def test_a_database_of_another_encoding(postgres: str) -> None:
    """A database that cannot hold every text is refused with the command that makes a better one."""
    direct(postgres, "CREATE DATABASE western TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    with pytest.raises(StoreError, match="ENCODING 'UTF8'"):
        SqlStore(postgres.replace("/postgres?", "/western?"))


def test_two_schemas_are_two_stores(url: str, store: SqlStore) -> None:
    """Stores in two schemas of one database see nothing of each other."""
    opened(store)
    with SqlStore(url, schema="second") as second:
        assert second.load("T1") is None


def test_an_engine_of_the_host(url: str, store: SqlStore) -> None:
    """A store on the host's engine keeps its changes there, and leaves the engine open when it is closed."""
    from sqlalchemy import create_engine, make_url, text

    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    try:
        with SqlStore(engine=engine) as second:
            ticket = opened(second)
        assert ticket == store.load("T1")
        with engine.connect() as connection:
            assert 1 == connection.execute(text("SELECT 1")).scalar()
    finally:
        engine.dispose()


def test_tables_restored_on_another_server(store: SqlStore, url: str) -> None:
    """Where the numbers of releases are ahead of the server, they begin again, and no wake-up is lost."""
    holder = opened(store, "H", reservations=(Take(key="ann", units=2),))
    opened(store, "W", waits=("ann",))
    step = next_step(holder)
    keep(store, step, reservations=(Release(key="ann"),))
    direct(url, "UPDATE servflow.holding SET released = (1::bigint << 61) WHERE released > 0")
    direct(url, "UPDATE servflow.wake SET woken = (1::bigint << 61) WHERE woken > 0")
    with SqlStore(url) as restored:
        (claim,) = restored.claim(NOON)
        keep(restored, next_step(step.ticket), reservations=(Release(key="ann"),))
        waiting = restored.load("W")
        assert waiting is not None
        keep(restored, Change(ticket=waiting, expected=1, woken=claim.woken))

        assert ["W"] == [claim.ticket for claim in restored.claim(NOON)]


@pytest.mark.parametrize(
    "work",
    [
        lambda store: store.load("a\0b"),
        lambda store: store.load("\ud800"),
        lambda store: store.history(10**5_000),
        lambda store: store.post("T1", "e\0", key="k", at=NOON),
        lambda store: keep(store, new_ticket("a\0b")),
        lambda store: keep(store, new_ticket(), keys=("a\0b",)),
    ],
    ids=["nul", "surrogate", "digits", "post", "ticket", "key"],
)
def test_what_postgresql_cannot_hold_is_told(work: Callable[[SqlStore], Any], store: SqlStore) -> None:
    """Text and numbers that the database cannot hold are errors of servflow, and leave no trace."""
    before = everything(store)
    with pytest.raises(ServflowError):
        work(store)
    assert before == everything(store)


# -- being told


def test_mail_is_heard_by_who_listens(store: SqlStore, other: SqlStore) -> None:
    """Who listens is told of mail that another handle posts, once, and of nothing where nothing happens."""
    assert other.listen(timedelta(0))  # what came before it listened was not heard
    assert not other.listen(timedelta(0))
    opened(store)
    store.post("T1", "go", key="m", at=NOON)

    assert other.listen(timedelta(seconds=30))
    assert not other.listen(timedelta(0))


def test_a_list_takes_as_many_statements_as_one(store: SqlStore) -> None:
    """A hundred changes are kept by as many statements as one."""
    from sqlalchemy import event

    statements: list[str] = []
    event.listen(store._db.engine, "before_cursor_execute", lambda c, u, sql, *_: statements.append(sql))

    def count(changes: list[Change]) -> int:
        statements.clear()
        assert {"applied"} == {answer.status for answer in store.commit(changes)}
        return len(statements)

    def rich(name: str) -> Change:
        return evolve(
            new_ticket(name, wake=NOON + MINUTE),
            effects=(note(f"e {name}", name),),
            keys=("k",),
            reservations=(Take(key="all"),),
        )

    count([rich("first")])  # makes the key's row
    assert count([rich("one")]) == count([rich(f"T{n}") for n in range(100)])
    assert {"all": 102} == dict(store.usage())


def test_importing_servflow_loads_no_database_library() -> None:
    """The store's name is there without SQLAlchemy; whoever has not installed it is told what to install."""
    program = (
        "import sys; sys.modules['sqlalchemy'] = None; import servflow.stores as s\n"
        "try: s.SqlStore('postgresql://h/d')\n"
        "except Exception as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "pip install 'servflow[sql]'" in said


def test_closed_in_the_middle_of_a_batch(store: SqlStore, other: SqlStore) -> None:
    """A store that is closed in the middle of a batch keeps nothing of it, and says so."""

    def closed() -> None:
        with store.batch():
            opened(store)
            store.close()

    with pytest.raises(StoreError) as told:
        closed()
    assert "closed" == told.value.code
    assert other.load("T1") is None
