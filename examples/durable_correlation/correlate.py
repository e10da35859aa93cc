"""A week of complaints: one correlator, on servflow's own engine and on durable-rules, which must find the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import servflow
from servflow.correlation import Correlator
from servflow.desk import Desk
from servflow.documents import load_correlator
from servflow.errors import InputError
from servflow.integrations.durable_rules import DurableCorrelator
from servflow.model import Decided, Record
from servflow.stores import MemoryStore, Store

HERE = Path(__file__).parent
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)

FLOWS = """
workflow: complaint
states: {open: {}, closed: {closed: true}}
transitions: [{event: close, source: open, target: closed}]
---
workflow: care
fields: {about: {type: list}}
states: {new: {}, closed: {closed: true}}
transitions: [{event: close, source: new, target: closed}]
"""

Found = list[tuple[str, tuple[str, ...]]]
"""Customer and tickets of each firing, sorted."""


def week(count: int = 200) -> list[tuple[datetime, str, str]]:
    """When which customer complained, as which ticket; the same week every time. Half of it comes from six of them."""
    chance = random.Random(7)
    minutes = sorted(chance.randrange(7 * 24 * 60) for _ in range(count))
    return [
        (MONDAY + timedelta(minutes=minute), f"customer-{chance.randrange(chance.choice([6, 80]))}", f"C{number:03}")
        for number, minute in enumerate(minutes)
    ]


def on_a_desk(correlator: Correlator) -> tuple[Store, Found]:
    """The week as it is lived: every complaint is a ticket, and the desk is looked after every now and then."""
    store, now = MemoryStore(), [MONDAY]
    flows = [servflow.load(text) for text in FLOWS.split("---")]
    desk = Desk([*flows, correlator], store, now=lambda: now[0])
    for turn, (at, customer, ticket) in enumerate(week()):
        now[0] = at
        desk.open(ticket, {"customer": customer}, workflow="complaint")
        if turn % 10 == 0:
            settle(desk)
    settle(desk)
    print(f"{len(desk.find(workflow='complaint', limit=1000))} complaints, {len(desk.find(workflow='care'))} care cases")
    found = [
        (str(desk.get(name).fields["key"]), tuple(record.result["tickets"]))
        for name in store.ids(10_000)
        for record in store.history(name)
        if isinstance(record, Decided)
    ]
    return store, sorted(found)


def settle(desk: Desk) -> None:
    """Work until nothing is left to do."""
    while desk.tick(1000).worked or desk.deliver(1000).worked:
        pass


def complaints(store: Store) -> Iterator[tuple[str, Record]]:
    """The records of all complaints, in the order in which they happened."""
    records = [(name, record) for name in store.ids(10_000) if name.startswith("C") for record in store.history(name)]
    return iter(sorted(records, key=lambda pair: (pair[1].at, pair[0], pair[1].sequence)))


def on_durable_rules(correlator: Correlator, store: Store) -> Found:
    """The same records, told to durable-rules."""
    found: Found = []
    with DurableCorrelator(correlator) as engine:
        for _, record in complaints(store):
            firings = engine.feed(correlator.facts(None, (record,)))
            found += [(firing.key, firing.tickets) for firing in firings]
    return sorted(found)


def main() -> None:
    """Both, and whether they agree."""
    correlator = load_correlator(HERE / "repeat_complaint.yaml")
    store, found = on_a_desk(correlator)
    print("servflow.correlation found", len(found), "times, first", *found[:1])
    try:
        same = on_durable_rules(correlator, store)
    except InputError as error:
        if error.code != "integrations.missing":
            raise
        print("durable-rules is left out:", error)
        return
    print("durable-rules found", len(same), "times, first", *same[:1])
    print("they agree" if same == found else "they do not agree")


if __name__ == "__main__":
    main()
