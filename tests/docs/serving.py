"""Knows how a test serves an application of the examples to a real browser; must not know any application."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The application on a free port of this machine; gives its address, and ends with the block."""
    uvicorn = pytest.importorskip("uvicorn", reason="pip install -r examples/crm/requirements.txt")
    started = threading.Event()

    class Server(uvicorn.Server):  # type: ignore[misc, name-defined] - it is there on demand only
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            started.set()

    server = Server(uvicorn.Config(app, port=0, log_level="error", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    assert started.wait(300)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
