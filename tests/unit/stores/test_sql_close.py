"""Knows what becomes of threads that are at work while their store is closed; must not know what they work on."""

from __future__ import annotations

import threading
from datetime import timedelta

from servflow.errors import StoreError
from servflow.stores import SqlStore
from tests.postgres import fresh_database

THREADS = 8


def test_who_is_at_work_is_told(postgres: str) -> None:
    """Threads in the middle of statements get an error that says that the store was closed, and the process lives."""
    url = fresh_database(postgres)
    for _ in range(5):
        store, told = SqlStore(url), []
        running = threading.Barrier(THREADS + 1)

        def work(store: SqlStore = store, told: list[str] = told, running: threading.Barrier = running) -> None:
            running.wait()
            try:
                while True:
                    store.ids()
            except StoreError as error:
                told.append(error.code)

        threads = [threading.Thread(target=work) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        running.wait()
        while store.ids():
            pass
        store.close()
        for thread in threads:
            thread.join(300)
        assert ["closed"] * THREADS == told


def test_who_listens_is_told(postgres: str) -> None:
    """A thread that waits to be told something stops waiting at once, however long it wanted to."""
    store, told = SqlStore(fresh_database(postgres)), []
    store.listen(timedelta(seconds=1))
    begun = threading.Event()

    def listen() -> None:
        begun.set()
        try:
            while True:
                store.listen(timedelta(minutes=10))
        except StoreError as error:
            told.append(error.code)

    thread = threading.Thread(target=listen)
    thread.start()
    begun.wait()
    store.close()
    thread.join(300)
    assert ["closed"] == told
