"""Knows what a ticket's figures are when it is folded anew after every record; must not know how cases are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from servflow.engine import Workflow
from servflow.model import Checked, Messaged, Record, Ticket, Unchecked

NONE = timedelta()


class Walk:
    """One ticket's history up to an instant, as the tickets between its records."""

    def __init__(self, workflow: Workflow, records: Sequence[Record], at: datetime) -> None:
        self.workflow = workflow
        self.records = [record for record in records if record.at <= at]
        self.at = at
        self.tickets = [workflow.fold(self.records[: count + 1]) for count in range(len(self.records))]

    @property
    def last(self) -> Ticket:
        """The ticket as it is at the end."""
        return self.tickets[-1]

    def stretches(self) -> Iterator[tuple[Ticket, timedelta]]:
        """Each ticket with the time until the next one."""
        ends = [record.at for record in self.records[1:]] + [self.at]
        for ticket, record, end in zip(self.tickets, self.records, ends, strict=True):
            yield ticket, end - record.at

    def in_states(self) -> dict[str, timedelta]:
        """State -> time spent in it while the ticket was not closed."""
        found: dict[str, timedelta] = {}
        for ticket, taken in self.stretches():
            for leaf in () if ticket.closed else ticket.configuration:
                found[leaf] = found.get(leaf, NONE) + taken
        return {state: taken for state, taken in found.items() if taken}

    def held(self, slot: str) -> dict[str, timedelta]:
        """Who -> how long they had the ticket while it was not closed."""
        found: dict[str, timedelta] = {}
        for ticket, taken in self.stretches():
            who = getattr(ticket, slot)
            if who is not None and not ticket.closed:
                found[who] = found.get(who, NONE) + taken
        return {who: taken for who, taken in found.items() if taken}

    def hands(self, slot: str) -> list[str]:
        """Who had it in turn, each once until another one did."""
        found: list[str] = []
        for ticket in self.tickets:
            who = getattr(ticket, slot)
            if who is not None and found[-1:] != [who]:
                found.append(who)
        return found

    def closings(self) -> list[datetime]:
        """When it became closed."""
        return [record.at for record, before, after in self._pairs() if after.closed and not (before and before.closed)]

    def reopenings(self) -> list[datetime]:
        """When it was opened again."""
        return [
            record.at for record, before, after in self._pairs() if before is not None and before.closed and not after.closed
        ]

    def _pairs(self) -> Iterator[tuple[Record, Ticket | None, Ticket]]:
        for index, record in enumerate(self.records):
            yield record, self.tickets[index - 1] if index else None, self.tickets[index]

    def steps(self) -> Counter[tuple[str, str]]:
        """How many checks of each step stand."""
        found: Counter[tuple[str, str]] = Counter()
        for record, before, _ in self._pairs():
            if isinstance(record, Checked) and before is not None:
                found[record.state, record.step] += record.step not in before.checklist.get(record.state, {})
            elif isinstance(record, Unchecked):
                found[record.state, record.step] -= 1
        return +found

    def answers(self) -> list[timedelta]:
        """How long each customer waited who had an answer before, by trying every pair of messages."""
        said = [record for record in self.records if isinstance(record, Messaged) and record.public]
        said.sort(key=lambda record: record.occurred or record.at)
        when = [record.occurred or record.at for record in said]
        found = []
        for index, record in enumerate(said):
            before = [one.side for one in said[:index]]
            # The oldest unanswered one: somebody had answered before it, and nobody has asked since that answer.
            if record.side != "customer" or "agent" not in before:
                continue
            latest = len(before) - 1 - before[::-1].index("agent")
            if "customer" in before[latest:]:
                continue
            later = [place for place in range(index, len(said)) if said[place].side == "agent"]
            if later:
                found.append(when[later[0]] - when[index])
        return found
