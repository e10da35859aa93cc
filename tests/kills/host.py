"""Knows what a worker of the kill tests is given: a workflow, people with little room, a receiver; must not know any test."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import servflow
from tests.kills.checker import BILL, CAPACITY

JOB = Path(__file__).with_name("job.yaml")
PEOPLE = {"engineers": [{"id": name, "capacity": CAPACITY} for name in ("ann", "bo", "cy")]}
RECEIPTS = "SERVFLOW_KILLS_RECEIPTS"


def host() -> dict[str, Any]:
    """The factory that ``servflow worker --host tests.kills.host:host`` calls."""
    out = os.open(os.environ[RECEIPTS], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def receive(effect: Any) -> None:
        line = {"seen": time.time_ns() // 1_000, "by": os.getpid(), "effect": servflow.dump(effect)}
        os.write(out, (json.dumps(line) + "\n").encode())

    def bill(effect: Any) -> dict[str, int]:
        receive(effect)
        return {"amount": BILL}

    return {
        "workflows": [servflow.load(JOB)],
        "world": PEOPLE,
        "handlers": {"*": receive, "call:bill": bill},
        "patience": timedelta(seconds=2),  # so long the next ones wait for what a dead worker had in its hands
    }
