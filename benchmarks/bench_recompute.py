"""Knows how long it takes to count very many open tickets again under another calendar; must not know whether that is good."""

from __future__ import annotations

import gc
import statistics
from datetime import UTC, datetime, timedelta
from random import Random
from time import process_time

import attrs

from benchmarks._measure import ratio
from servflow import Ticket, Workflow
from servflow.calendars import Calendar
from servflow.engine._recompute import with_calendars
from servflow.model import FrozenMap, replace
from servflow.sla import standing

TICKETS = 100_000
SLOWLY = 500
"""How many are also advanced one by one; that takes too long for all."""
ROUNDS = 5
WEEK = {"mon-fri": ["09:00-12:00", "13:00-18:00"]}
HOLIDAYS = ["2026-10-01", "2026-10-02"]
OFFICE = Calendar("Asia/Shanghai", WEEK, holidays=HOLIDAYS, known_until="2026-12-31")
ANNOUNCED = Calendar(
    "Asia/Shanghai", WEEK, holidays=[*HOLIDAYS, "2026-10-05", "2026-10-06"], shifts={"2026-10-10": ["09:00-18:00"]}
)
MONDAY = datetime(2026, 9, 28, 1, tzinfo=UTC)

WORKFLOW = Workflow(
    workflow="repair",
    calendars={"office": OFFICE},
    initial="open",
    states={"open": {}, "done": {"closed": True}},
    transitions=[{"event": "finish", "source": "open", "target": "done"}],
    clocks=[{"name": "repair", "within": "48h", "calendar": "office", "until": "done", "warn": ["50%", "80%"]}],
)


def opened(count: int) -> list[Ticket]:
    """Tickets opened over three days, each with a live clock of its own and nothing due yet."""
    chance = Random(1)
    made = []
    patterns = [WORKFLOW.open("T", at=MONDAY + timedelta(minutes=minute)).ticket for minute in range(2 * 1440)]
    for number in range(count):
        pattern = patterns[chance.randrange(len(patterns))]
        run = replace(pattern.clocks["repair"])
        made.append(replace(pattern, id=f"T{number}", clocks=FrozenMap(repair=run)))
    return made


def cpu(call: object, rounds: int = ROUNDS) -> float:
    """The median of CPU seconds."""
    assert callable(call)
    taken = []
    for _ in range(rounds):
        gc.collect()
        begun = process_time()
        call()
        taken.append(process_time() - begun)
    return statistics.median(taken)


def main() -> None:
    """Count all of them in bulk, some of them by advancing each, and check that both say the same."""
    tickets = opened(TICKETS)
    at = MONDAY + timedelta(days=2)
    new = {"office": ANNOUNCED}
    other = with_calendars(WORKFLOW, new)

    def one_by_one() -> dict[str, object]:
        found = {}
        for ticket in tickets[:SLOWLY]:
            pair = []
            for flow in (WORKFLOW, other):
                run = flow.advance(ticket, at=at).ticket.clocks["repair"]
                pair.append(standing(run, at, flow.compiled.counting("office")))
            found[ticket.id] = tuple(pair)
        return found

    changes = {change.ticket: change for change in WORKFLOW.recompute(tickets, calendars=new, at=at)}
    for name, (before, after) in one_by_one().items():
        change = changes.get(name)
        assert (before, after) == ((before, before) if change is None else (change.before, change.after)), name
    assert len(changes) == TICKETS
    assert attrs.asdict(next(iter(changes.values())).before)["due"] is not None
    del changes

    bulk = cpu(lambda: WORKFLOW.recompute(tickets, calendars=new, at=at))
    single = cpu(one_by_one) / SLOWLY * TICKETS
    print(f"  {TICKETS} open tickets under another calendar{bulk:>22.2f} s of CPU ({bulk / TICKETS * 1e6:.1f} us each)")
    print(f"  advancing each under both calendars would take{single:>20.2f} s of CPU")
    ratio("counting in bulk is faster than advancing each", single / bulk, least=3)
    ratio(f"{TICKETS} tickets take at most a second of CPU", bulk, most=1.0)


if __name__ == "__main__":
    main()
