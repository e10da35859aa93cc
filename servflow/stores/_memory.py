"""Knows how to keep tickets in the memory of one process; must not know any file or database."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal

from attrs import evolve

from servflow.model import Actor, Effect, Record, Ticket, instant
from servflow.stores._asking import read_error, read_order, read_sort, shared, written_index
from servflow.stores._chain import START, Head, Link, chained, erased
from servflow.stores._memory_space import Journal, Space
from servflow.stores._protocol import MAX_MESSAGES, Answer, Change, Claim, Message, Pending, Sort, Trouble
from servflow.stores._reservations import Refusal, Settlement, settle
from servflow.stores._writing import read_payload, written, written_in_order, written_payload

_NEVER = datetime.max.replace(tzinfo=UTC)


class MemoryStore:
    """
    Tickets in memory, for tests, notebooks and simulations; gone with the process.

    It keeps every promise of ``Store`` but durability, and refuses what could not be written to a
    database, so that a test passes here only if it would pass there. Safe to use from several
    threads; a batch holds the others off until it ends.
    """

    def __init__(self) -> None:
        self._journal = Journal()
        self._spaces: dict[str, Space] = {}
        self.tenant = "default"
        self._space = self._spaces.setdefault(self.tenant, Space())

    def for_tenant(self, name: str) -> MemoryStore:
        """A handle on the same memory that sees one tenant's rows only."""
        handle = MemoryStore.__new__(MemoryStore)
        handle._journal, handle._spaces, handle.tenant = self._journal, self._spaces, name
        with self._journal.lock:
            handle._space = self._spaces.setdefault(name, Space())
        return handle

    def batch(self) -> AbstractContextManager[None]:
        """One transaction, as ``Store.batch`` says."""
        return self._journal.block()

    def close(self) -> None:
        """Refuse every further use, of all handles."""
        with self._journal.lock:
            self._journal.closed = True

    def load(self, id: str) -> Ticket | None:  # noqa: A002 - the word of the whole library
        """As ``Store.load``."""
        with self.batch():
            return self._space.tickets.get(id)

    def commit(self, changes: Sequence[Change]) -> tuple[Answer, ...]:
        """As ``Store.commit``."""
        for change in changes:
            # What a database could not write is refused here too, and a contradiction before anything is kept.
            for value in (change.checked().ticket, *change.records, *change.effects, *change.erased):
                written(value)
            written_index(change.index)
        with self.batch():
            return tuple(self._apply(change) for change in changes)

    def answered(self, id: str, key: str) -> Answer | None:  # noqa: A002 - as above
        """As ``Store.answered``."""
        with self.batch():
            return self._duplicate(id, (key,))

    def _duplicate(self, ticket: str, keys: Iterable[str]) -> Answer | None:
        for key in keys:
            known = self._space.keys.get((ticket, key))
            if known is not None:
                return Answer(status="duplicate", key=key, first=known[0], last=known[1])
        return None

    def _apply(self, change: Change) -> Answer:
        space, ticket, put = self._space, change.ticket, self._journal.put
        if duplicate := self._duplicate(ticket.id, change.keys):
            return duplicate
        stored = space.tickets.get(ticket.id)
        revision = None if stored is None else stored.revision
        if revision != change.expected:
            return Answer(status="conflict", revision=revision)
        settled = settle(change.reservations, ticket, space)
        if isinstance(settled, Refusal):
            return Answer(status="refused", reservation=settled.reservation, key=settled.key, held=settled.held)
        first, last = (change.expected or 0) + 1, ticket.revision
        if change.records or stored is None:
            put(space.tickets, ticket.id, ticket)
            self._record(change)
            self._journal.drop(space.troubles, ("ticket", ticket.id))
        if change.index is not None:
            put(space.index, ticket.id, written_index(change.index))
        for effect in change.effects:
            if effect.id not in space.order:
                number = self._number("effect")
                put(space.order, effect.id, number)
                put(space.effects, number, effect)
        for key in change.keys:
            put(space.keys, (ticket.id, key), (first, last))
        for message in change.consumed:
            self._journal.drop(space.mail.get(ticket.id, {}), message)
        self._wait(change, () if stored is None else stored.waits)
        self._keep(settled, ticket)
        self._due(ticket.id)
        return Answer(status="applied", first=first, last=last, revision=last)

    def _record(self, change: Change) -> None:
        put, ticket = self._journal.put, change.ticket.id
        records, links = self._space.records.setdefault(ticket, {}), self._space.links.setdefault(ticket, {})
        before = links[change.expected].chain if change.expected else START
        for record in change.records:
            put(records, record.sequence, record)
        bodies = ((record.sequence, written(record)) for record in change.records)
        for one in chained(before, bodies, change.salts, change.seals):
            put(links, one.sequence, one)
        for record in change.erased:
            put(records, record.sequence, record)
            put(links, record.sequence, erased(links[record.sequence], written(record)))

    def _number(self, name: str) -> int:
        number = self._space.numbers.get(name, 0) + 1
        self._journal.put(self._space.numbers, name, number)
        return number

    def _wait(self, change: Change, before: tuple[str, ...]) -> None:
        space, ticket = self._space, change.ticket
        if ticket.id in space.woken and space.woken[ticket.id][0] <= change.woken:
            self._journal.drop(space.woken, ticket.id)
        if not change.records and change.expected is not None:
            return
        now = ticket.waits
        for key in before:
            if key not in now:
                self._journal.drop(space.waits[key], ticket.id)
        for key in now:
            if key not in before:
                self._journal.put(space.waits.setdefault(key, {}), ticket.id, True)
        latest = max((space.freed.get(key, 0) for key in now if key not in before), default=0)
        if change.released is not None and latest > change.released:
            self._journal.put(space.woken, ticket.id, (latest, ticket.at))

    def _keep(self, settled: Settlement, ticket: Ticket) -> None:
        space, put = self._space, self._journal.put
        for key, (own, total) in settled.units.items():
            if own:
                put(space.units.setdefault(key, {}), ticket.id, own)
            else:
                self._journal.drop(space.units.get(key, {}), ticket.id)
            put(space.totals, key, total)
        for key, until in settled.owners.items():
            put(space.owners, key, (ticket.id, until))
        for key in settled.let_go:
            self._journal.drop(space.owners, key)
        for name, value in settled.counters.items():
            put(space.counters, name, value)
        for key in settled.freed:
            number = self._number("release")
            put(space.freed, key, number)
            for waiting in tuple(space.waits.get(key, ())):
                put(space.woken, waiting, (number, ticket.at))
                self._due(waiting)

    def _due(self, ticket: str) -> None:
        space = self._space
        if ticket not in space.tickets:
            return
        causes = [message.at for message in space.mail.get(ticket, {}).values()]
        if (wake := space.tickets[ticket].wake) is not None:
            causes.append(wake)
        if ticket in space.woken:
            causes.append(space.woken[ticket][1])
        trouble = space.troubles.get(("ticket", ticket))
        if causes and trouble is None:
            self._journal.put(space.due, ticket, min(causes))
        elif causes and trouble is not None and trouble.again is not None:
            self._journal.put(space.due, ticket, max(min(causes), trouble.again))
        else:
            self._journal.drop(space.due, ticket)

    def claim(self, now: datetime, limit: int = 100, *, after: Claim | None = None) -> tuple[Claim, ...]:
        """As ``Store.claim``."""
        now = instant(now, "now")
        with self.batch():
            space = self._space
            behind = None if after is None else (after.wake, after.ticket)
            ready = ((wake, id_) for id_, wake in space.due.items() if wake <= now)
            first = heapq.nsmallest(limit, ((wake, id_) for wake, id_ in ready if behind is None or (wake, id_) > behind))
            return tuple(
                Claim(
                    ticket=ticket,
                    wake=wake,
                    messages=tuple(islice(space.mail.get(ticket, {}).values(), MAX_MESSAGES)),
                    woken=space.woken[ticket][0] if ticket in space.woken else 0,
                    tries=space.troubles["ticket", ticket].tries if ("ticket", ticket) in space.troubles else 0,
                )
                for wake, ticket in first
            )

    def post(
        self,
        ticket: str,
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        key: str,
        at: datetime,
        actor: Actor | Mapping[str, Any] | str | None = None,
    ) -> bool:
        """As ``Store.post``."""
        held = read_payload(written_payload(payload))
        with self.batch():
            if (ticket, key) in self._space.posted or (ticket, key) in self._space.keys:
                return False
            number = self._number("mail")
            message = Message(
                id=number, ticket=ticket, event=event, payload=held, key=key, actor=Actor.of(actor), at=instant(at, "at")
            )
            self._journal.put(self._space.posted, (ticket, key), number)
            self._journal.put(self._space.mail.setdefault(ticket, {}), number, message)
            self._due(ticket)
            return True

    def mail(self, ticket: str, limit: int = 100, *, after: int = 0) -> tuple[Message, ...]:
        """As ``Store.mail``."""
        with self.batch():
            behind = (message for number, message in self._space.mail.get(ticket, {}).items() if number > after)
            return tuple(islice(behind, limit))

    def effects(self, limit: int = 100, *, after: str | None = None) -> tuple[Effect, ...]:
        """As ``Store.effects``."""
        with self.batch():
            space = self._space
            behind = 0 if after is None else space.order.get(after, 0)
            pending = (effect for number, effect in space.effects.items() if number > behind)
            return tuple(islice(pending, limit))

    def take(self, now: datetime, until: datetime, limit: int = 100) -> tuple[Pending, ...]:
        """As ``Store.take``."""
        now, until = instant(now, "now"), instant(until, "until")
        with self.batch():
            space, put = self._space, self._journal.put
            taken = []
            for effect in shared(self._ready(now), space.tries, limit):
                tries = space.tries(effect) + 1
                put(space.attempts, effect.id, (tries, until))
                if trouble := space.troubles.get(("effect", effect.id)):
                    put(space.troubles, ("effect", effect.id), evolve(trouble, tries=tries, again=until))
                taken.append(Pending(effect, tries))
            return tuple(taken)

    def _ready(self, now: datetime) -> Iterator[Effect]:
        space, seen = self._space, set[str]()
        for effect in space.effects.values():
            trouble = space.troubles.get(("effect", effect.id))
            if effect.ticket in seen or (trouble is not None and trouble.again is None):
                continue
            seen.add(effect.ticket)
            if effect.id not in space.attempts or space.attempts[effect.id][1] <= now:
                yield effect

    def fail(self, sort: Sort, id: str, error: str, *, at: datetime, again: datetime | None) -> None:  # noqa: A002 - as above
        """As ``Store.fail``."""
        at, again = instant(at, "at"), None if again is None else instant(again, "again")
        sort, error = read_sort(sort), read_error(error)
        with self.batch():
            space, put = self._space, self._journal.put
            if id not in (space.tickets if sort == "ticket" else space.order):
                return
            known = space.troubles.get((sort, id))
            if known is not None and known.again is None:
                return
            if sort == "ticket":
                ticket, tries = id, 1 if known is None else known.tries + 1
            else:
                effect = space.effects[space.order[id]]
                ticket, tries = effect.ticket, space.tries(effect)
                put(space.attempts, id, (tries, again or at))
            since = at if known is None else known.since
            trouble = Trouble(sort=sort, id=id, ticket=ticket, tries=tries, error=error, since=since, at=at, again=again)
            put(space.troubles, (sort, id), trouble)
            self._due(ticket)

    def troubles(
        self, *, sort: Sort | None = None, aside: bool | None = None, limit: int = 100, after: Trouble | None = None
    ) -> tuple[Trouble, ...]:
        """As ``Store.troubles``."""
        wanted = None if sort is None else read_sort(sort)
        with self.batch():
            found = (
                place
                for place, trouble in self._space.troubles.items()
                if (wanted is None or trouble.sort == wanted)
                and (aside is None or aside == (trouble.again is None))
                and (after is None or place > (after.sort, after.id))
            )
            return tuple(self._space.troubles[place] for place in heapq.nsmallest(limit, found))

    def revive(self, sort: Sort, ids: Iterable[str]) -> int:
        """As ``Store.revive``."""
        sort = read_sort(sort)
        with self.batch():
            space, count = self._space, 0
            for id_ in ids:
                trouble = space.troubles.get((sort, id_))
                if trouble is None:
                    continue
                count += 1
                self._journal.drop(space.troubles, (sort, id_))
                if sort == "effect":
                    self._journal.drop(space.attempts, id_)
                self._due(trouble.ticket)
            return count

    def ack(self, ids: Iterable[str]) -> None:
        """As ``Store.ack``."""
        with self.batch():
            space, drop = self._space, self._journal.drop
            for id_ in ids:
                if id_ in space.order:
                    drop(space.effects, space.order[id_])
                    drop(space.order, id_)
                    drop(space.attempts, id_)
                    drop(space.troubles, ("effect", id_))

    def history(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Record, ...]:  # noqa: A002 - as above
        """As ``Store.history``."""
        with self.batch():
            records = self._space.records.get(id, {})
            return tuple(islice((record for number, record in records.items() if number > after), limit))

    def ids(self, limit: int = 100, *, after: str | None = None) -> tuple[str, ...]:
        """As ``Store.ids``."""
        with self.batch():
            return tuple(heapq.nsmallest(limit, (id_ for id_ in self._space.tickets if after is None or id_ > after)))

    def head(self, id: str) -> Head | None:  # noqa: A002 - as above
        """As ``Store.head``."""
        with self.batch():
            ticket = self._space.tickets.get(id)
            if ticket is None:
                return None
            last = self._space.links.get(id, {}).get(ticket.revision)
            return Head(ticket.revision, START if last is None else last.chain, written(ticket))

    def chain(self, id: str, after: int = 0, limit: int | None = None) -> tuple[Link, ...]:  # noqa: A002 - as above
        """As ``Store.chain``."""
        with self.batch():
            links = self._space.links.get(id, {})
            return tuple(islice((one for number, one in links.items() if number > after), limit))

    def define(self, hash: str, name: str, version: int, data: Mapping[str, Any]) -> None:  # noqa: A002 - what it is called
        """As ``Store.define``."""
        body = written_in_order(data)
        with self.batch():
            self._journal.put(self._space.definitions, hash, body)

    def definition(self, hash: str) -> Mapping[str, Any] | None:  # noqa: A002 - as above
        """As ``Store.definition``."""
        with self.batch():
            body = self._space.definitions.get(hash)
            return None if body is None else json.loads(body)

    def find(
        self,
        *,
        state: str | None = None,
        assignee: str | None = None,
        workflow: str | None = None,
        queue: str | None = None,
        due_before: datetime | None = None,
        where: Mapping[str, Any] | None = None,
        order: Literal["id", "due"] = "id",
        limit: int = 100,
        after: str | None = None,
    ) -> tuple[Ticket, ...]:
        """As ``Store.find``."""
        by_due, before = read_order(order), None if due_before is None else instant(due_before, "due_before")
        asked = written_index(where).items()

        def place(ticket: Ticket) -> tuple[datetime, str]:
            return ((ticket.due or _NEVER) if by_due else _NEVER, ticket.id)

        with self.batch():
            space = self._space
            last = None if after is None else place(space.tickets[after]) if after in space.tickets else (_NEVER, after)
            found = (
                ticket
                for ticket in space.tickets.values()
                if (state is None or ticket.state == state)
                and (assignee is None or ticket.assignee == assignee)
                and (workflow is None or ticket.workflow == workflow)
                and (queue is None or ticket.queue == queue)
                and (before is None or (ticket.due is not None and ticket.due < before))
                and asked <= space.index.get(ticket.id, {}).items()
                and (last is None or place(ticket) > last)
            )
            return tuple(heapq.nsmallest(limit, found, key=place))

    def usage(self, prefix: str = "") -> Mapping[str, int]:
        """As ``Store.usage``."""
        with self.batch():
            both = {**self._space.totals, **self._space.counters}
            return {key: both[key] for key in sorted(both) if both[key] and key.startswith(prefix)}

    def released(self) -> int:
        """As ``Store.released``."""
        with self.batch():
            return self._space.numbers.get("release", 0)
