"""Knows how tests of the report get tickets to tell of; must not know what is on the page."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime

import pytest
from attrs import frozen

from servflow.cli._demo import live
from servflow.cli._demo_command import demo_workflow
from servflow.engine import Workflow
from servflow.model import Record
from servflow.stores import MemoryStore

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
