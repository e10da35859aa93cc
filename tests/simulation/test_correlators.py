"""Knows what must hold of correlators while everything goes wrong that may; must not know how facts travel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from random import Random

import servflow
from servflow.correlation import Correlator
from servflow.model import Decided, Received, Record
from servflow.testing import Firing, Opening, SimulationReport, simulate

SEEDS = 12

COMPLAINT = servflow.load("""
workflow: complaint
states: {new: {}, done: {closed: true}}
transitions:
  - {event: note, source: [new, done]}
  - {event: flag, source: [new, done]}
  - {event: finish, source: new, target: done}
""")
CARE = servflow.load("""
workflow: care
states: {new: {}, done: {closed: true}}
transitions: [{event: finish, source: new, target: done}]
""")
REPEATED = Correlator(
    name="repeated",
    workflows=["complaint"],
    when='kind == "Opened" || event == "note"',
    key="customer",
    count=3,
    within="24h",
    do=[{"open": {"workflow": "care", "fields": {"customer": "key"}}}, {"send": "flag"}],
)
SILENT = Correlator(
    name="silent",
    workflows=["complaint"],
    when='kind == "Opened" || event == "note"',
    key="ticket",
    find="absence",
    unless='event in ["note", "finish"]',
    within="2h",
    do=[{"send": "flag"}],
)


def complaints(random: Random) -> Iterator[Opening | Firing]:
    """Some complaints of two customers, which some people work on."""
    for number in range(8):
        name = f"T{number}"
        yield Opening(
            name, {"customer": f"c{number % 2}"}, workflow="complaint", after=timedelta(minutes=random.randrange(300))
        )
        for _ in range(random.randrange(4)):
            yield Firing(name, random.choice(["note", "note", "finish"]), after=timedelta(minutes=random.randrange(200)))


def fed(report: SimulationReport, correlator: Correlator) -> Counter[str]:
    """The facts that came to the tickets of keys."""
    return Counter(
        f"{record.payload['ticket']}:{record.payload['sequence']}"
        for name, records in report.histories.items()
        if name.startswith(f"~{correlator.name}/")
        for record in records
        if isinstance(record, Received)
    )


def wanted(report: SimulationReport, correlator: Correlator) -> Counter[str]:
    """The facts that the records of complaints hold."""
    histories = [records for name, records in report.histories.items() if name.startswith("T")]
    return Counter(fact.id for records in histories for fact in correlator.facts(None, records))


def firings(report: SimulationReport) -> list[Decided]:
    """Everything that was found."""
    found: list[Record] = [record for name, records in report.histories.items() if name[0] == "~" for record in records]
    return [record for record in found if isinstance(record, Decided)]


def test_every_fact_comes_once_and_every_firing_is_carried_out_once() -> None:
    """Whatever crashes, hangs, is lost or comes twice: no fact is missing or doubled, nor is what follows from a firing."""
    found = 0
    for seed in range(SEEDS):
        report = simulate(seed, workflow=[COMPLAINT, CARE, REPEATED, SILENT], events=complaints)
        assert report, f"{report}"
        for correlator in (REPEATED, SILENT):
            assert wanted(report, correlator) == fed(report, correlator), f"seed {seed}"
        opened = sorted(name for record in firings(report) for name in record.result["opened"])
        assert opened == sorted(ticket.id for ticket in report.tickets if ticket.workflow == "care"), f"seed {seed}"
        sent = Counter(name for record in firings(report) for name in record.result["sent"])
        flags = Counter(
            name
            for name, records in report.histories.items()
            for record in records
            if isinstance(record, Received) and record.event == "flag"
        )
        assert sent == flags, f"seed {seed}"
        found += len(firings(report))

    assert found > SEEDS
