"""Knows how tests of the report get tickets to tell of and a browser to look with; must not know what is on the page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest
from attrs import frozen

from servflow.cli._demo import live
from servflow.cli._demo_command import demo_workflow
from servflow.engine import Workflow
from servflow.model import Record
from servflow.stores import MemoryStore
from tests.requirements import require

TICKETS = 160


@frozen
class Week:
    """What a week of repairs left: every ticket's records, the workflow, and when the week was over."""

    histories: tuple[tuple[Record, ...], ...]
    workflow: Workflow
    at: datetime

    @property
    def known(self) -> dict[str, Workflow]:
        """The workflow by its hash."""
        return {self.workflow.hash: self.workflow}


@pytest.fixture(scope="session")
def week() -> Week:
    """A week with a hundred and sixty tickets."""
    workflow = demo_workflow()
    with closing(MemoryStore()) as store:
        lived = live(workflow, store, seed=7, tickets=TICKETS)
        histories = tuple(store.history(name) for name in store.ids(limit=10_000))
    return Week(histories, workflow, lived.end)


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
