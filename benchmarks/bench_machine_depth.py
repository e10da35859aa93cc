"""Knows how far a generated machine gets into each template, beside a plain random walk; must not know how either walks."""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from time import process_time
from typing import Any

from hypothesis import HealthCheck, Phase, find, seed, settings
from hypothesis.stateful import run_state_machine_as_test

import servflow
from servflow.documents import TEMPLATES, read_template
from servflow.errors import ServflowError
from servflow.model import Actor, Field, Record
from servflow.testing import Coverage, machine_for, worlds_for

START = datetime.fromisoformat("2026-03-02T08:00:00+00:00")
WORLDS = 10
CALLS = 50
VALUES: dict[str, tuple[Any, ...]] = {
    "string": ("ann", "bo", "x"), "int": (0, 1, 10), "uint": (0, 1), "decimal": ("0", "1", "100"), "bool": (True, False),
    "double": (0.0, 1.0), "timestamp": ("2026-03-03T09:00:00Z",), "duration": ("1h",), "map": ({},), "list": ([],),
    "any": ("x",),
}  # fmt: skip


def by_machine(workflow: servflow.Workflow, examples: int, number: int) -> tuple[Coverage, float]:
    """What the machine exercises with the settings a user gets, and the CPU seconds that took."""
    coverage, last = Coverage(workflow), [0]
    begun = process_time()

    def look(run: Any) -> None:
        new = run.records[last[0] :] if len(run.records) > last[0] else run.records
        last[0] = len(run.records)
        reached(coverage, new)

    given = settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    try:
        run_state_machine_as_test(seed(number)(machine_for(workflow, invariants=[look])), settings=given)
    except AssertionError as error:
        print(f"  {workflow.workflow} failed: {error}")
    return coverage, process_time() - begun


def by_chance(workflow: servflow.Workflow, seconds: float, number: int) -> Coverage:
    """What is exercised in as much CPU time by people in all roles who do whatever ``available`` says they may."""
    coverage, chance = Coverage(workflow), random.Random(number)
    worlds = [find(worlds_for(workflow), lambda _: True, random=random.Random(n)) for n in range(WORLDS)]
    end = process_time() + seconds
    while process_time() < end:
        for records in walked(workflow, chance, chance.choice(worlds)):
            reached(coverage, records)
    return coverage


def walked(workflow: servflow.Workflow, chance: random.Random, world: servflow.World) -> Iterator[tuple[Record, ...]]:
    """The records of one ticket, call by call."""
    fields = {name: value(chance, spec) for name, spec in workflow.fields.items() if spec.required or chance.random() < 0.5}
    at = START
    try:
        outcome = workflow.open("T1", fields, at=at, world=world)
    except ServflowError:
        return
    yield outcome.records
    for _ in range(CALLS):
        at += timedelta(minutes=chance.choice([0, 1, 60, 600, 6000]))
        ticket = outcome.ticket
        roles = tuple(chance.sample(workflow.roles, k=min(2, len(workflow.roles))))
        actor = Actor(chance.choice([ticket.assignee or "ann", "ann", "bo"]), roles)
        try:
            able = [one for one in workflow.available(ticket, at=at, actor=actor, world=world) if one.status != "refused"]
            if not able:
                continue
            one = chance.choice(able)
            asked = {name: one.asks.get(name, Field(type=kind.rstrip("?"))) for name, kind in one.payload.items()}
            sent = {name: value(chance, spec) for name, spec in asked.items()}
            outcome = workflow.fire(ticket, one.event, sent, at=at, actor=actor, world=world)
        except ServflowError:
            continue
        yield outcome.records


def value(chance: random.Random, spec: Field) -> Any:
    """Some value of a type."""
    return chance.choice(spec.one_of or VALUES[spec.type])


def reached(coverage: Coverage, records: Any) -> None:
    """Count the states and transitions that records tell of."""
    for record in records:
        for name in getattr(record, "entered", ()):
            coverage.counts[f"state:{name}"] += 1
        for index in getattr(record, "transitions", ()):
            coverage.counts[f"transition:{index}"] += 1


def told(coverage: Coverage) -> str:
    """States and transitions reached, of those there are."""
    kinds = coverage.kinds
    return "  ".join(f"{kind}s {kinds[kind][0]:>2} of {kinds[kind][1]:>2}" for kind in ("state", "transition") if kind in kinds)


def main() -> None:
    """Tell both for every template, or for those named."""
    parser = argparse.ArgumentParser(description="How far machine_for gets into the templates, beside a plain random walk.")
    parser.add_argument("names", nargs="*", choices=[[], *(name for name, one in TEMPLATES.items() if one.kind == "workflow")])
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for name, one in TEMPLATES.items():
        if one.kind != "workflow" or (asked.names and name not in asked.names):
            continue
        workflow = servflow.load(read_template(f"{name}.yaml"))
        machine, seconds = by_machine(workflow, asked.examples, asked.seed)
        plain = by_chance(workflow, seconds, asked.seed)
        print(f"  {name:<24}{seconds:>6.1f} CPU s   machine: {told(machine)}   chance: {told(plain)}", flush=True)


if __name__ == "__main__":
    main()
