"""Knows a quick measure of what one call costs; must not know the benchmarks of the project."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from random import Random
from statistics import median
from typing import Any

from servflow.cli._demo_command import demo_workflow
from servflow.cli._demo_company import MONDAY, company, customers
from servflow.model import Ticket, canonical, dump, load_ticket

CALLS = 200
"""How many calls one round measures, so that the clock's resolution does not matter."""


def measure(rounds: int, watch: Callable[[int, int | None], None] = lambda done, total: None) -> dict[str, Any]:
    """
    CPU time of the kernel's verbs on the demo's workflow, in microseconds, and the size of a ticket in bytes.

    Args:
        rounds: of how many rounds the median is told.
        watch: told after each verb how many are done, and of how many.
    """
    workflow = demo_workflow()
    known = customers(Random(1), 20)
    world = company(Random(1), known)
    at = MONDAY + timedelta(hours=9)
    fields = {"category": "washer", "tier": "gold", "region": known[0].region, "customer": known[0].id}
    ticket = workflow.open("B1", fields, at=at, actor="clerk-1", world=world).ticket
    offered = ticket.offers[0].to
    later = at + timedelta(minutes=1)
    placed = workflow.fire(ticket, "offer.accept", at=later, actor=offered, world=world).ticket
    text = canonical(placed)

    def reply() -> None:
        workflow.fire(ticket, "ticket.message", {"side": "agent", "text": "hello"}, at=later, actor="clerk-1", world=world)

    verbs: tuple[tuple[str, Callable[[], object]], ...] = (
        (
            "open, two dispatch decisions over 45 candidates",
            lambda: workflow.open("B1", fields, at=at, actor="clerk-1", world=world),
        ),
        ("fire, a message that stops a clock", reply),
        ("advance, nothing to do", lambda: workflow.advance(placed, at=placed.at)),
        ("explain", lambda: workflow.explain(placed, at=later)),
        ("dump a ticket to JSON text", lambda: canonical(placed)),
        ("load it again", lambda: load_ticket(text)),
    )
    rows: list[tuple[str, float, str]] = []
    for done, (name, verb) in enumerate(verbs):
        watch(done, len(verbs))
        rows.append((name, _cost(verb, rounds), "us"))
    rows.append(("a dumped ticket", float(len(text)), "bytes"))
    _same(placed)
    return {"rounds": rounds, "calls": CALLS, "rows": rows}


def _same(ticket: Ticket) -> None:
    if load_ticket(dump(ticket)) != ticket:
        raise AssertionError("a ticket does not survive dump and load")


def _cost(verb: Callable[[], object], rounds: int) -> float:
    verb()
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(CALLS):
            verb()
        taken.append((time.process_time() - start) / CALLS * 1e6)
    return median(taken)
