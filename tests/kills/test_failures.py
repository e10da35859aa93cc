"""Knows what a worker process says and does while it cannot work, and that it then goes on; must not know how it is made."""

from __future__ import annotations

import os
import select
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

import servflow
from servflow.desk import Desk
from servflow.stores import SqliteStore, SqlStore, Store
from tests.kills import checker
from tests.kills.arena import ROOT, SERVFLOW, worker_arguments
from tests.kills.host import JOB, PEOPLE, RECEIPTS
from tests.kills.server import Server
from tests.postgres import fresh_database
from tests.requirements import require

PATIENCE = 300.0
"""Seconds after which a process that says nothing of what is waited for is given up."""

LOCK = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
db.execute("ROLLBACK")
"""


# The superuser may write what nobody may write, unless that right (CAP_DAC_OVERRIDE) is given up.
HELD_BACK = """
import ctypes, os, sys
if os.geteuid() == 0:
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Said:
    """A process, and all it has said to either of its outputs."""

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self.popen = popen
        self.text = ""

    def until(self, *words: str) -> str:
        """All it has said since it was last asked, once all these words are among it."""
        assert self.popen.stdout is not None
        end = time.monotonic() + PATIENCE
        while not all(word in self.text for word in words):
            assert time.monotonic() < end, f"never said {words}:\n{self.text[-3_000:]}"
            if select.select([self.popen.stdout], [], [], 1.0)[0]:
                data = os.read(self.popen.stdout.fileno(), 65_536)
                assert data, f"ended with {self.popen.wait()} and never said {words}:\n{self.text}"
                self.text += data.decode()
        text, self.text = self.text, ""
        return text

    def until_done(self, url: str, *tickets: str) -> None:
        """Wait until tickets have come to their end."""
        assert self.popen.stdout is not None
        end = time.monotonic() + PATIENCE
        while any('"configuration":["done"]' not in checker.read(url).tickets[ticket][2] for ticket in tickets):
            assert time.monotonic() < end, f"{tickets} never ended:\n{self.text[-3_000:]}"
            if select.select([self.popen.stdout], [], [], 0.2)[0]:
                data = os.read(self.popen.stdout.fileno(), 65_536)
                assert data, f"ended with {self.popen.wait()} before {tickets} did:\n{self.text[-3_000:]}"
                self.text += data.decode()

    def end(self) -> int:
        """Ask it to end; with what status it did."""
        self.popen.terminate()
        return self.popen.wait(PATIENCE)


@contextmanager
def process(*command: str, receipts: Path) -> Iterator[Said]:
    """A process that is gone in the end."""
    popen = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, RECEIPTS: str(receipts), "PYTHONUNBUFFERED": "1", "SERVFLOW_LANG": "en"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with popen:
        try:
            yield Said(popen)
        finally:
            popen.kill()


def worker(url: str, folder: Path) -> AbstractContextManager[Said]:
    """``servflow worker`` on a database."""
    return process(*SERVFLOW, *worker_arguments(url), receipts=folder / "receipts")


def opened(store: Store, *tickets: str) -> None:
    """Jobs that wait for a worker."""
    with closing(store):
        desk = Desk(servflow.load(JOB), store, world=PEOPLE)
        for ticket in tickets:
            desk.open(ticket, key=ticket)


class TestLocked:
    """Another process may keep a file to itself for longer than anybody waits."""

    def test_says_so_and_goes_on(self, tmp_path: Path) -> None:
        """The worker names what to do, stays, and does the work once the other has finished."""
        path = tmp_path / "jobs.db"
        opened(SqliteStore(path), "A")
        with process(sys.executable, "-c", LOCK, str(path), receipts=tmp_path / "none") as other:
            other.until("locked")
            with worker(str(path), tmp_path) as said:
                said.until("another process is writing", "busy_timeout")
                assert other.popen.stdin is not None
                other.popen.stdin.close()
                other.popen.wait(PATIENCE)
                said.until_done(str(path), "A")

                assert 0 == said.end()


class TestReadOnly:
    """What may not be written is told with what to check."""

    @pytest.mark.skipif(sys.platform != "linux", reason="permissions hold back the superuser on Linux only, if asked")
    def test_file(self, tmp_path: Path) -> None:
        """A worker that may not write the file says what to check, and can still be ended."""
        path = tmp_path / "jobs.db"
        opened(SqliteStore(path), "A")
        path.chmod(0o400)
        held_back = (sys.executable, "-c", HELD_BACK, sys.executable, *SERVFLOW[1:], *worker_arguments(str(path)))
        with process(*held_back, receipts=tmp_path / "receipts") as said:
            said.until("may not be written; check the permissions")

            assert 0 == said.end()

    def test_server(self, postgres: str, tmp_path: Path) -> None:
        """A worker on a server that takes no writes says so, stays, and goes on once it takes them."""
        import psycopg

        url = fresh_database(postgres)
        opened(SqlStore(url))
        writing = f"{url}{'&' if '?' in url else '?'}options=-c%20default_transaction_read_only%3Doff"
        name = url.rpartition("/")[2].partition("?")[0]
        cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        with psycopg.connect(postgres, autocommit=True) as db, worker(url, tmp_path) as said:
            said.until("\n")
            db.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
            db.execute(cut)
            opened(SqlStore(writing), "A")
            said.until("the server is read-only", "connect to the primary")
            db.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = off")
            db.execute(cut)
            said.until_done(url, "A")

            assert 0 == said.end()


class TestServerDown:
    """A server that is not there yet, or no longer, is waited for."""

    def test_at_start_and_coming_back(self, tmp_path: Path) -> None:
        """A worker begun while the server is down says what to see to, and works as soon as it is up."""
        require("postgres")
        server = Server()
        try:
            url = server.database()
            opened(SqlStore(url), "A")
            server.down("immediate")
            with worker(url, tmp_path) as said:
                said.until("see that the server runs")
                server.up()
                said.until_done(url, "A")

                assert 0 == said.end()
        finally:
            server.close()


class TestDefinitionGone:
    """A version of a workflow that nobody has any more holds up its own tickets only."""

    def test_others_go_on(self, tmp_path: Path) -> None:
        """The worker says which version is missing and does the others; given back, the ticket goes on where it stood."""
        path = tmp_path / "jobs.db"
        old = servflow.load(JOB.read_text("utf-8").replace("workflow: job", "workflow: old"))
        with SqliteStore(path) as store:
            desk = Desk([servflow.load(JOB), old], store, world=PEOPLE)
            desk.open("A", workflow="job")
            desk.open("Z", workflow="old")
            store.post("Z", "add", {"n": 5, "mark": "m"}, key="k", at=desk.get("Z").at)
        with closing(sqlite3.connect(path)) as db, db:
            kept = db.execute("SELECT * FROM definition WHERE name = 'old'").fetchone()
            db.execute("DELETE FROM definition WHERE name = 'old'")
        with worker(str(path), tmp_path) as said:
            told = said.until("ticket 'Z' runs under 'old' version 1", "pass that version too")
            said.until_done(str(path), "A")
            with closing(sqlite3.connect(path)) as db, db:
                db.execute(f"INSERT INTO definition VALUES ({', '.join('?' * len(kept))})", kept)
            said.until_done(str(path), "Z")

            assert "'A'" not in told
            assert 0 == said.end()
        found = checker.read(str(path))
        assert '"total":5' in found.tickets["Z"][2]
        assert 0 == found.troubles
