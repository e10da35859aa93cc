"""Knows a small firm that looks after machines, to try plans on; must not know what is tried."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from servflow import Desk, Workflow
from servflow.model import Ticket
from servflow.recurring import Plans, Recurring
from servflow.stores import MemoryStore, Store

OPTIONAL = {"optional": True}
FLOW = Workflow(
    workflow="inspection",
    fields={
        "plan": {"type": "string", **OPTIONAL},
        "due": {"type": "timestamp", **OPTIONAL},
        "reading": {"type": "double", **OPTIONAL},
        "skipped": {"type": "int", "default": 0},
        "note": {"type": "string", **OPTIONAL},
    },
    initial="planned",
    states={"planned": {}, "done": {"closed": True}},
    transitions=[{"event": "finish", "source": "planned", "target": "done"}],
)


def at(text: str) -> datetime:
    """An instant in UTC, from a date or from a date and a time."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def plan(**parts: Any) -> dict[str, Any]:
    """A plan of the workflow above."""
    return {"name": "service", "workflow": "inspection", **parts}


class House:
    """A desk with plans over a few assets, whose clock the test moves; it lives on with the same store after a restart."""

    def __init__(
        self, plans: list[dict[str, Any]], *assets: Mapping[str, Any], now: str, store: Store | None = None, **more: Any
    ) -> None:
        self.now, self.assets, self.version = at(now), list(assets), 0
        self.store = store if store is not None else MemoryStore()
        self.use(plans, **more)

    def use(self, plans: list[dict[str, Any]], **more: Any) -> None:
        """Begin anew with these plans, as after an edit and a restart."""
        self.made = Recurring("m", plans, **more)
        self.restart()

    def restart(self) -> None:
        """The process ends, and another one begins on the same store."""
        self.plans = Plans(self.made, lambda: self.assets, self.store, version=lambda: self.version)
        self.desk = Desk(FLOW, self.store, now=lambda: self.now, sources=[self.plans])

    def until(self, text: str, days: float = 1) -> list[str]:
        """The days pass and the desk ticks once a day, at last at the instant given; the ids of what was opened."""
        before, end = set(self.store.ids(10_000)), at(text)
        while self.now < end:
            self.now = min(end, self.now + timedelta(days=days))
            self.tick()
        return [id_ for id_ in self.store.ids(10_000) if id_ not in before]

    def tick(self) -> None:
        report = self.desk.tick()
        assert () == report.problems

    def finish(self, id_: str, **fields: Any) -> None:
        """The work is done, and what was found is written down."""
        if fields:
            self.desk.fire(id_, "ticket.update", fields)
        self.desk.fire(id_, "finish")

    def ticket(self, number: int, asset: str = "A", name: str = "service") -> Ticket:
        return self.desk.get(f"m:{name}:{asset}:{number}")

    def dues(self) -> list[str]:
        """When the tickets are due, by number."""
        found = sorted(self.store.find(limit=1000), key=lambda one: int(one.id.rpartition(":")[2]))
        return [one.fields["due"].strftime("%Y-%m-%d") for one in found]
