"""Knows what every test shares: how many examples a law tries, a PostgreSQL and a browser; must not know any test."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from tests.postgres import server_in
from tests.requirements import demanded, require

FEW = os.environ.get("SERVFLOW_EXAMPLES")
"""How many examples a law tries at most; unset: as many as the law says."""

# In CI a law tries the same examples every time, so that red means the change and not the luck of the draw; everywhere
# else each run looks at new ones. Nowhere does it matter how fast the machine is.
MOST = min(int(FEW or 100), 100)
for profile, same in (("ci", True), ("default", False)):
    settings.register_profile(
        profile, max_examples=MOST, derandomize=same, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
settings.load_profile("ci" if os.environ.get("CI") else "default")
if hasattr(providers, "_local_constants"):
    # Hypothesis draws from the constants of all modules that are loaded by then, too. Which tests ran in this process before
    # this one, and so what is loaded, depends on how fast the others were; so the examples would, even of a fixed seed.
    NO_CONSTANTS = providers._local_constants
    providers._get_local_constants = lambda: NO_CONSTANTS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lower the number of examples of every law where few are asked for, and keep the quick files for the end."""
    # Files are handed out to the workers in this order; a long one that comes last is waited for by all of them.
    items.sort(key=lambda item: "/unit/" in item.nodeid and "/unit/testing/" not in item.nodeid)
    if FEW is None:
        return
    # A law names its own number of examples, which no profile lowers; this is where hypothesis keeps it.
    key = "_hypothesis_internal_use_settings"
    for item in items:
        law: Any = getattr(item, "obj", None)
        law = getattr(law, "__func__", law)
        own = getattr(law, key, None)
        if isinstance(own, settings) and own.max_examples > int(FEW):
            setattr(law, key, settings(own, max_examples=int(FEW)))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URI of a PostgreSQL that lives as long as the tests do and needs no service and no rights."""
    require("postgres")
    # Not in a folder of pytest, which other runs that begin meanwhile close to everybody but its owner.
    folder = Path(tempfile.mkdtemp(prefix="servflow-tests-"))
    try:
        server = server_in(folder, cleanup_mode="stop")
    except Exception as error:  # whatever the machine forbids: no shared memory, no user to run as
        if demanded("postgres"):
            raise
        pytest.skip(f"PostgreSQL does not start here: {error}")
    import psycopg

    # The machine does not lose its power between two tests: nothing has to wait for the disk, least of all a new database.
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()
    # Hundreds of databases are a hundred thousand files; nobody waits for their going.
    subprocess.run(["sh", "-c", 'rm -rf "$0" >/dev/null 2>&1 &', str(folder)], check=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium of this machine; while it is there, an event loop runs in this thread, so it goes with the module."""
    require("browser")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; pip install playwright")
    found = next(path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name)))
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()
