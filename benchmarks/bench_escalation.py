"""Knows how many escalation runs a second of CPU catches up after an outage; must not know whether that is good."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from time import process_time
from typing import Any

from benchmarks._measure import medians, ratio
from servflow import Ticket, Workflow
from servflow.escalation import plan
from servflow.model import Actor, Escalated, Notify, Record, Reminded, replace

RUNS = 100_000
CHECKED = 100
"""How many are also caught up minute by minute, and compared."""
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
DOWN = timedelta(hours=1)
ANN = Actor("ann", ["dispatcher"])


def tell(role: str) -> dict[str, Any]:
    """A level's notification."""
    return {"notify": {"to": {"role": role}, "template": "late"}}


LEVELS = [
    {"name": "warn", "after": "4m", "do": [tell("dispatcher")]},
    {"name": "breach", "after": "1m", "do": [tell("dispatcher"), {"raise_priority": 1}]},
    {"name": "manager", "after": "10m", "do": [tell("manager")], "remind": {"every": "30m", "times": 4}},
    {"name": "director", "after": "3h", "do": [tell("director")]},
]


def workflow(late: str = "collapse", *, chain: bool = True) -> Workflow:
    """A dispatch that is warned at four minutes, breached at five, and comes before the manager at fifteen."""
    chains = [{"name": "late", "late": late, "start": {"state": "open"}, "until": {"state": "sent"}, "levels": LEVELS}]
    return Workflow(
        workflow="dispatch",
        roles=["dispatcher", "manager", "director"],
        initial="open",
        states={"open": {}, "sent": {}, "done": {"closed": True}},
        transitions=[
            {"event": "send", "source": "open", "target": "sent", "allow": ["dispatcher"]},
            {"event": "end", "source": "sent", "target": "done", "allow": ["dispatcher"]},
        ],
        escalations=chains if chain else [],
    )


def under_way(flow: Workflow, count: int) -> list[Ticket]:
    """Tickets each with a live run, opened at any second of the four hours before the engine went down, and in time so far."""
    chance = Random(7)
    patterns = []
    for second in range(0, 4 * 3600, 15):
        ticket = flow.open("T", at=NINE - timedelta(seconds=second)).ticket
        while ticket.wake is not None and ticket.wake <= NINE:
            ticket = flow.advance(ticket, at=ticket.wake).ticket
        patterns.append(ticket)
    live = [ticket for ticket in patterns if ticket.chains]
    return [replace(live[chance.randrange(len(live))], id=f"T{number}") for number in range(count)]


def caught_up(flow: Workflow, tickets: Iterable[Ticket]) -> tuple[int, int, int]:
    """One pass: every ticket is advanced to the end of the outage; how many had something to do, levels and notices."""
    woken = levels = notices = 0
    end = NINE + DOWN
    for ticket in tickets:
        if ticket.wake is None or ticket.wake > end:
            continue
        outcome = flow.advance(ticket, at=end)
        woken += 1
        levels += sum(isinstance(record, (Escalated, Reminded)) for record in outcome.records)
        notices += sum(isinstance(effect, Notify) for effect in outcome.effects)
    return woken, levels, notices


def check(flow: Workflow, tickets: Iterable[Ticket]) -> None:
    """What one call catches up is what a host sees that looks every minute, and what the plan of the chain said."""
    end = NINE + DOWN
    for ticket in tickets:
        at_once = flow.advance(ticket, at=end)
        slowly, records = ticket, list[Record]()
        for minute in range(1, 61):
            step = flow.advance(slowly, at=NINE + timedelta(minutes=minute))
            slowly = step.ticket
            records.extend(step.records)
        assert at_once.ticket == slowly
        planned = plan(flow.escalations[0], NINE, end, run=ticket.chains[0])
        for told in (at_once.records, records):
            reached = [(one.scheduled, one.level) for one in told if isinstance(one, (Escalated, Reminded))]
            assert [(item.at, item.level) for item in planned] == reached


def outage() -> None:
    """An hour in which nothing ran, caught up in one pass."""
    for late in ("collapse", "each"):
        flow = workflow(late)
        tickets = under_way(flow, RUNS)
        check(flow, tickets[:CHECKED])
        gc.collect()
        gc.freeze()
        begun = process_time()
        woken, levels, notices = caught_up(flow, tickets)
        taken = process_time() - begun
        gc.unfreeze()
        print(f"  late: {late}: {RUNS} runs, {woken} with something to do, {levels} levels and reminders, {notices} notices")
        print(f"  {'runs per CPU second':<66}{RUNS / taken:>10.0f}")
        print(f"  {'levels and reminders per CPU second':<66}{levels / taken:>10.0f}")
        ratio(f"{RUNS} runs are caught up within half a minute of CPU", taken / 30, most=1)


def costs() -> None:
    """What chains cost a ticket that has none, and one that has."""
    plain, chained = workflow(chain=False), workflow()
    ticket, climbing = (flow.open("T", at=NINE).ticket for flow in (plain, chained))
    soon = NINE + timedelta(minutes=1)
    print("\nwhat chains cost")
    found = medians(
        {
            "open, the workflow has no chain": lambda: plain.open("T", at=NINE),
            "open, a run begins": lambda: chained.open("T", at=NINE),
            "fire, the workflow has no chain": lambda: plain.fire(ticket, "send", at=soon, actor=ANN),
            "fire, which ends the run": lambda: chained.fire(climbing, "send", at=soon, actor=ANN),
            "advance, one level": lambda: chained.advance(climbing, at=climbing.wake or soon),
            "plan a chain alone, seven levels and reminders": lambda: plan(
                chained.escalations[0], NINE, NINE + timedelta(days=1)
            ),
            "plan a ticket's chains by the verbs": lambda: chained.plan(climbing, at=soon, until=NINE + timedelta(days=1)),
        }
    )
    ratio(
        "a fire that ends a run beside one without chains",
        found["fire, which ends the run"] / found["fire, the workflow has no chain"],
        most=3,
    )


def main() -> None:
    """Print every measurement."""
    outage()
    costs()


if __name__ == "__main__":
    main()
