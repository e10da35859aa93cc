"""Knows what must hold when a simulation has come to rest; must not know how the desk or the store made it so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from attrs import frozen

from servflow.engine import Workflow
from servflow.model import (
    Escalated,
    Open,
    Opened,
    Received,
    Record,
    Send,
    Ticket,
    TimerFired,
    TimerRefused,
    TimerSet,
    World,
)
from servflow.stores import Store, verify
from servflow.testing._simulation_ledger import CAPACITY, Ledger

AHEAD = timedelta(hours=1)
"""Further than any clock is ahead."""


@frozen
class Rest:
    """What a simulation came to: the store as it stands, and what was promised on the way."""

    store: Store
    ledger: Ledger
    workflows: Mapping[str, Any]
    world: World | None
    time: datetime

    def asleep(self, *, rest: bool = True) -> None:
        """
        Check that nothing sleeps that has something to do; at *rest* nothing at all is to be done, awake or not.

        Asked while no transaction is open. Before it is at rest, what can be claimed is on its way.
        """
        awake = set() if rest else {claim.ticket for claim in self.store.claim(self.time + AHEAD, 100_000)}
        for ticket in self.store.find(limit=100_000):
            flow = self.workflows.get(ticket.pins.get("workflow", ""))
            if flow is None or ticket.closed_at is not None or ticket.id in awake:
                continue
            due = rest and ticket.wake is not None and ticket.wake <= self.time
            if due or (ticket.waits and self._would_move(ticket, flow)):
                self.ledger.broken("asleep", f"{ticket.id!r} in {ticket.state!r} has something to do, and nothing woke it")

    def _would_move(self, ticket: Ticket, flow: Any) -> bool:
        """Whether what it waits for is there: decided anew, in the world as it would be by what was kept."""
        world = self.world
        if world is not None and not world.loads:
            held = self.ledger.books.units
            loads = {key.partition(":")[2]: sum(by.values()) for key, by in held.items() if key.startswith(CAPACITY)}
            world = world.with_loads({name: units for name, units in loads.items() if units})
        after = flow.advance(ticket, at=ticket.at, world=world).ticket
        return bool(after.waits != ticket.waits or after.configuration != ticket.configuration)

    def look(self) -> None:
        """Check all of it; what is broken goes into the ledger."""
        histories = {id_: self.store.history(id_) for id_ in self.store.ids(100_000)}
        for id_, records in histories.items():
            self._history(id_, records)
        self._answers(histories)
        self._effects(histories)
        self._held()
        self.asleep()
        audit = verify(self.store, workflows=[flow for flow in self.workflows.values() if isinstance(flow, Workflow)])
        for finding in audit.findings:
            self.ledger.broken("audit", f"{finding.code} at {finding.path}: {dict(finding.facts)}")

    def _history(self, id_: str, records: tuple[Record, ...]) -> None:
        ledger = self.ledger
        kept = ledger.records.get(id_, [])
        if kept != list(records):
            ledger.broken("kept", f"{id_!r} has {len(records)} records, which are not the {len(kept)} that were kept")
        if [one.sequence for one in records] != list(range(1, len(records) + 1)):
            ledger.broken("order", f"the records of {id_!r} are numbered {[one.sequence for one in records]}")
        for before, after in pairwise(records):
            if after.at < before.at:
                ledger.broken("order", f"{id_!r} goes back in time from {before} to {after}")
        if sum(isinstance(one, Opened) for one in records) != 1:
            ledger.broken("once", f"{id_!r} was not opened exactly once")
        keys = Counter(one.key for one in records if isinstance(one, Received) and one.key is not None)
        for key, count in keys.items():
            if count > 1:
                ledger.broken("once", f"key {key!r} was applied to {id_!r} {count} times")
        self._timers(id_, records)

    def _timers(self, id_: str, records: tuple[Record, ...]) -> None:
        ledger, sets, fired = self.ledger, Counter[Any](), Counter[Any]()
        climbed, refused = Counter[Any](), set[Any]()
        for record in records:
            if isinstance(record, TimerSet):
                sets[record.timer] += 1
            elif isinstance(record, TimerRefused):
                refused.add(record.refused.timer)
            elif isinstance(record, TimerFired):
                fired[record.timer] += 1
                # Whenever it was noticed, it happened when it was due; only one that was refused before may come later.
                if record.at < record.timer.due or (record.at > record.timer.due and record.timer not in refused):
                    ledger.broken("time", f"{id_!r}: {record.timer} fired at {record.at}, and not when it was due")
                if fired[record.timer] > sets[record.timer]:
                    ledger.broken(
                        "time", f"{id_!r}: {record.timer} fired {fired[record.timer]} times, set {sets[record.timer]}"
                    )
            elif isinstance(record, Escalated):
                climbed[record.run.chain, record.run.generation, record.run.climb, record.level, record.scheduled] += 1
                if record.at < record.scheduled:
                    ledger.broken(
                        "time", f"{id_!r}: level {record.name!r} was climbed at {record.at}, before {record.scheduled}"
                    )
        for what, count in climbed.items():
            if count > 1:
                ledger.broken("time", f"{id_!r}: level {what} was climbed {count} times")

    def _answers(self, histories: Mapping[str, tuple[Record, ...]]) -> None:
        ledger = self.ledger
        for (ticket, key), outcome in ledger.answers.items():
            history = histories.get(ticket, ())
            for record in outcome.records:
                if record.sequence > len(history) or history[record.sequence - 1] != record:
                    ledger.broken("kept", f"{record} of {ticket!r} was acknowledged under {key!r} and is not in its history")
                    break
        for ticket, key in sorted(ledger.promised):
            if ticket in histories and self.store.answered(ticket, key) is None:
                ledger.broken("kept", f"the message {key!r} to {ticket!r} was taken in, and neither applied nor refused")
        for ticket, key in sorted(ledger.replies):
            if self.store.answered(ticket, key) is None:
                ledger.broken("kept", f"a handler answered {ticket!r} with {key!r}, and that was neither applied nor refused")
        for ticket, keys in ledger.read.items():
            order = {key: place for place, key in enumerate(ledger.mailed.get(ticket, ()))}
            places = [order[key] for key in keys if key in order]
            if places != sorted(places):
                ledger.broken("order", f"mail of {ticket!r} was read as {keys}, but came as {ledger.mailed.get(ticket)}")
        for ticket, key in sorted(ledger.refused):
            if any(isinstance(one, Received) and one.key == key for one in histories.get(ticket, ())):
                ledger.broken("kept", f"{key!r} was refused to who asked for it, and applied to {ticket!r} all the same")

    def _effects(self, histories: Mapping[str, tuple[Record, ...]]) -> None:
        ledger = self.ledger
        order: dict[str, list[str]] = {}
        for effect in ledger.emitted.values():
            if isinstance(effect, Open):
                self._opened(effect, histories)
            elif isinstance(effect, Send):
                if effect.to_ticket in histories and self.store.answered(effect.to_ticket, effect.key) is None:
                    ledger.broken("effects", f"{effect} never reached the other ticket")
            elif effect.id not in ledger.delivered:
                ledger.broken("effects", f"{effect} was asked for and never carried out")
            elif effect.id not in ledger.aside:
                order.setdefault(effect.ticket, []).append(effect.id)
        for ticket, ids in order.items():
            for first, second in pairwise(ids):
                if ledger.delivered[first] > ledger.delivered[second]:
                    ledger.broken(
                        "order", f"effect {second!r} of {ticket!r} was carried out before {first!r}, asked for earlier"
                    )
        for pending in self.store.effects(100_000):
            ledger.broken("effects", f"{pending} is still pending")

    def _opened(self, effect: Open, histories: Mapping[str, tuple[Record, ...]]) -> None:
        child = histories.get(effect.new_ticket)
        if child is None or not isinstance(child[0], Opened) or child[0].workflow != effect.workflow:
            self.ledger.broken("effects", f"{effect} was asked for, but there is no such ticket")
        elif child[0].attributes.get("parent") != effect.parent:
            self.ledger.broken("effects", f"{effect} was asked for, but {effect.new_ticket!r} does not know its parent")

    def _held(self) -> None:
        books, usage = self.ledger.books, dict(self.store.usage())
        counted = {key: total for key, held in books.units.items() if (total := sum(held.values()))}
        expected = {**counted, **{name: value for name, value in books.counters.items() if value}}
        if expected != usage:
            self.ledger.broken("held", f"the store says {usage} is held, but what was kept comes to {expected}")


def listed(store: Store, ledger: Ledger) -> None:
    """Check that what was set aside, and nothing else, is listed as such."""
    told = {one.id for one in store.troubles(sort="effect", aside=True, limit=100_000)}
    if told != set(ledger.dead):
        ledger.broken("effects", f"{sorted(told)} are listed as dead letters, {sorted(ledger.dead)} were set aside")
