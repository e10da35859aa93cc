"""Knows which stores must answer like the one in memory, whatever is asked in whatever order; must not know how they work."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from servflow.stores import SqliteStore
from servflow.testing import store_machine

SqliteMachine = store_machine(lambda: SqliteStore(":memory:"))
SqliteMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


class TestStoresAgree(SqliteMachine.TestCase):  # type: ignore[name-defined,misc]  # hypothesis makes the class at run time
    """The store in memory is the oracle of the one in SQLite, and the other way round."""
