"""Knows that one SQLite file serves many threads and processes; must not know how locks work."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attrs import evolve

from servflow.model import FrozenMap, Take
from servflow.stores import SqliteStore
from servflow.testing._store_values import keep, new_ticket, next_step, opened

WORKER = """
import sys
from servflow.model import FrozenMap, Next
from servflow.stores import SqliteStore
from servflow.testing._store_values import keep, next_step
store = SqliteStore(sys.argv[1])
done = 0
while done < 20:
    ticket = store.load("T1")
    step = next_step(ticket, fields=FrozenMap(n=ticket.fields["n"] + 1))
    done += keep(store, step, reservations=(Next(counter="n", expected=ticket.fields["n"]),)).status == "applied"
store.close()
"""


class TestManyProcesses:
    """Nobody's step is lost."""

    def test_processes_count_together(self, tmp_path: Path) -> None:
        """Three processes that each add twenty to one field come to sixty."""
        path = tmp_path / "t.db"
        with SqliteStore(path) as store:
            opened(store, fields=FrozenMap(n=0))
            root = Path(__file__).parents[3]
            workers = [subprocess.Popen([sys.executable, "-c", WORKER, str(path)], cwd=root) for _ in range(3)]

            assert [0, 0, 0] == [worker.wait() for worker in workers]
            assert {"n": 60} == dict(store.usage())
            assert 60 == store.load("T1").fields["n"]
            assert list(range(1, 62)) == [record.sequence for record in store.history("T1")]

    def test_many_open_a_new_file_at_once(self, tmp_path: Path) -> None:
        """Whoever comes first makes the tables; all can write."""
        path = tmp_path / "t.db"

        def work(index: int) -> str:
            with SqliteStore(path) as store:
                return keep(store, new_ticket(f"T{index}")).status

        with ThreadPoolExecutor(8) as pool:
            assert {"applied"} == set(pool.map(work, range(24)))

    def test_threads_share_a_handle(self) -> None:
        """Threads that step one ticket on a shared handle, each until it was applied, all get through."""
        with SqliteStore(":memory:") as store:
            opened(store)

            def work(index: int) -> None:
                change = next_step(store.load("T1"))
                while keep(store, evolve(change, reservations=(Take(key="c", limit=40),))).status != "applied":
                    change = next_step(store.load("T1"))

            with ThreadPoolExecutor(4) as pool:
                list(pool.map(work, range(40)))

            assert {"c": 40} == dict(store.usage())
            assert 41 == store.load("T1").revision
