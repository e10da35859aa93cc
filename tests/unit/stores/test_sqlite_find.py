"""Knows that a screen over a large SQLite file is found by indexes; must not know what a screen shows."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from servflow.model import FrozenMap
from servflow.stores import SqliteStore
from servflow.testing._store_values import MINUTE, NOON, clock, keep, new_ticket, note

ASKED: list[tuple[dict[str, Any], str]] = [
    ({"due_before": NOON}, "ticket_deadline"),
    ({"due_before": NOON, "order": "due"}, "ticket_deadline"),
    ({"order": "due"}, "ticket_deadline"),
    ({"order": "due", "after": "T3"}, "ticket_deadline"),
    ({"order": "due", "workflow": "other"}, "ticket_deadline"),
    ({"state": "new"}, "ticket_state"),
    ({"state": "new", "order": "due"}, "ticket_state"),
    ({"state": "new", "due_before": NOON}, "ticket_state"),
    ({"queue": "q", "order": "due", "after": "T3"}, "ticket_queue"),
    ({"queue": "q", "due_before": NOON, "order": "due"}, "ticket_queue"),
    ({"assignee": "ann", "order": "due"}, "ticket_assignee"),
    ({"assignee": "ann", "due_before": NOON}, "ticket_assignee"),
]


@pytest.mark.parametrize(("asked", "index"), ASKED)
def test_a_page_is_found_without_looking_at_rows(asked: dict[str, Any], index: str) -> None:
    """Which tickets are on the page an index alone says, whatever the order; only their rows are looked up."""
    with SqliteStore(":memory:") as store:
        for number in range(5):
            timed: dict[str, Any] = {"clocks": FrozenMap(c=clock("c", NOON + number * MINUTE))} if number else {}
            keep(store, new_ticket(f"T{number}", assignee="ann", queue="q", **timed))
        raw = store._db._sqlite
        seen: list[str] = []
        raw.set_trace_callback(seen.append)
        store.find(**asked)
        raw.set_trace_callback(None)
        pages = [sql for sql in seen if "CROSS JOIN" in sql]
        plans = ["; ".join(row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}")) for sql in pages]

    assert plans
    for plan in plans:
        assert f"SEARCH t USING COVERING INDEX {index} " in plan
        assert plan.count("SEARCH") == 2
        assert "SCAN t" not in plan


def test_a_limit_below_nothing_is_nothing() -> None:
    """SQLite itself would take it for no limit, and give a page of all there is."""
    with SqliteStore(":memory:") as store:
        keep(store, new_ticket("T", wake=NOON), effects=(note("e", "T"),))
        store.post("T", "go", key="k", at=NOON)
        store.fail("ticket", "T", "x", at=NOON, again=NOON)
        looks = (store.find, store.ids, store.effects, store.troubles, partial(store.mail, "T"), partial(store.claim, NOON))

        assert [1] * 6 == [len(look()) for look in looks]
        assert [()] * 6 == [look(limit=-1) for look in looks]
