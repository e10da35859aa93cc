"""Knows the repair shop as it was written for `transitions`; nothing in here was changed for servflow."""

from __future__ import annotations

from typing import Any

from transitions.extensions import HierarchicalMachine

STATES = [
    "new",
    {"name": "visit", "initial": "driving", "children": ["driving", "repairing"], "on_exit": "free_the_van"},
    {"name": "waiting", "on_enter": "order_parts"},
    {"name": "done", "on_enter": "send_invoice", "final": True},
]
TRANSITIONS = [
    {"trigger": "dispatch", "source": "new", "dest": "visit", "conditions": "van_is_free"},
    {"trigger": "arrive", "source": "visit_driving", "dest": "visit_repairing"},
    {"trigger": "park", "source": "visit_repairing", "dest": "waiting"},
    {"trigger": "resume", "source": "waiting", "dest": "visit"},
    {"trigger": "finish", "source": "visit_repairing", "dest": "done", "unless": "parts_missing", "after": "ask_for_rating"},
]


class Repair:
    """The model: what it knows, its conditions, its callbacks."""

    def __init__(self, number: str) -> None:
        self.number = number
        self.vans = 1
        self.missing: list[str] = []

    def van_is_free(self) -> bool:
        """A condition."""
        return self.vans > 0

    def parts_missing(self) -> bool:
        """Another one."""
        return bool(self.missing)

    def free_the_van(self) -> None:
        """A callback."""
        print(f"    the van of {self.number} is free")

    def order_parts(self) -> None:
        """A callback."""
        print(f"    {self.number} orders {', '.join(self.missing)}")

    def send_invoice(self) -> None:
        """A callback."""
        print(f"    invoice for {self.number}")

    def ask_for_rating(self) -> None:
        """A callback."""
        print(f"    please rate {self.number}")


def machine(repair: Any) -> HierarchicalMachine:
    """The machine around a model."""
    return HierarchicalMachine(repair, states=STATES, transitions=TRANSITIONS, initial="new", auto_transitions=False)
