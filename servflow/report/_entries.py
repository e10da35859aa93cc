"""Knows what the report keeps of one ticket, as measures read its records; must not know figures, words or pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from attrs import evolve, frozen

from servflow.metrics import MEASURES, Case, Figure, read_case
from servflow.model import EMPTY, FrozenMap, Migrated, Opened, Record, Repinned

DIMS = ("channel", "region", "tier", "category", "cause", "priority", "queue", "outlet", "assignee")
"""What tickets are grouped and filtered by, where they have it; ``cause`` is the first of ``CAUSES`` that a ticket has."""

CAUSES = ("root_cause", "cause", "cause_tag", "close_code")
"""Fields that say why something happened."""

ASKED: Mapping[str, Mapping[str, Any]] = {
    "first_response": {},
    "time_to_resolve": {},
    "attainment": {},
    "csat": {},
    "response_rate": {"scale": "csat"},
    "nps": {},
    "ces": {},
    "reopen_rate": {},
    "first_contact_resolution": {},
}
"""The measures of the page with their settings; a ticket is asked for what each sees in it, once."""

LONGEST_LABEL = 120
"""Characters of a value that tickets are grouped by; what is longer is cut."""

MOST_MOVES = 400
"""Moves of one ticket that are kept, the latest."""


@frozen
class Unread:
    """A ticket whose records cannot be read, and why; the report tells of it rather than stop."""

    id: str
    reason: str


class Observed(NamedTuple):
    """What a measure saw in a ticket: a value that counts, or why it is left out; and the parts it belongs to."""

    value: Any
    left: str | None = None
    parts: tuple[str, ...] = ()


@frozen(kw_only=True)
class Entry:
    """
    One ticket as the report keeps it: what measures read, less what no figure of the page is made of.

    ``seen`` is what each measure of the page saw in it, ``pin`` is the hash of the definition it ran under last,
    ``records`` how many it has.
    """

    case: Case
    workflow: str
    pin: str
    seen: Mapping[str, tuple[Observed, ...]]
    records: int = 0

    @property
    def state(self) -> str:
        """Where it is; the leaf states of several regions with a plus between them."""
        return " + ".join(stay.state for stay in self.case.stays if stay.until is None)

    def label(self, dim: str) -> str:
        """The value it is grouped by; an empty text where it has none."""
        value = self.case.slots.get(dim) or self.case.labels.get(dim)
        return "" if value is None else str(value)[:LONGEST_LABEL]

    def steps(self) -> Iterator[tuple[str, str, float]]:
        """Every move between leaf states: left, entered, and seconds spent in the one left."""
        begun: dict[tuple[str, datetime], datetime] = {}
        for stay in self.case.stays:
            if stay.until is not None:
                begun[stay.state, stay.until] = stay.since
        for move in self.case.moves:
            if move.source is not None and move.target is not None:
                since = begun.get((move.source, move.at), move.at)
                yield move.source, move.target, (move.at - since).total_seconds()

    @property
    def interest(self) -> tuple[int, int, int, int, int]:
        """What broke, how high it climbed, whether it came back, how badly it was rated, how much happened."""
        case = self.case
        broken = sum(cycle.outcome in ("late", "overdue") for cycle in case.cycles)
        low = sum(score <= 2 for scale, score in case.ratings.items() if scale == "csat")
        return (broken + len(case.reached), len(case.reached), case.reopened, low, self.records)


def figure(name: str, entries: Iterable[Entry], part: str | None = None) -> Figure | None:
    """What a measure of the page comes to over some tickets, or a part of it; None where nothing was counted."""
    tally = MEASURES[name].start(ASKED[name])
    for entry in entries:
        for seen in entry.seen[name]:
            if part is not None and part not in seen.parts:
                continue
            if seen.left is None:
                tally.add(seen.value)
            else:
                tally.leave(seen.left)
    found: Figure | None = tally.figure(None, None)
    return found


def read_entry(records: Sequence[Record], at: datetime, done: Collection[str] = ()) -> Entry:
    """
    Read one ticket.

    Args:
        records: all of them up to *at*, in order, from ``Opened`` on.
        at: aware instant as of which promises are judged.
        done: states on whose entry the work counts as done; a ticket that closes without counts from its closing.

    Raises:
        InputError: the records do not begin with ``Opened``.
    """
    case = read_case(records, at, done)
    seen = {
        name: tuple(Observed(one.value, one.left, tuple(one.parts)) for one in MEASURES[name].seen(case, **settings))
        for name, settings in ASKED.items()
    }
    pinned = (record for record in reversed(records) if isinstance(record, (Opened, Migrated, Repinned)))
    pin = next((str(record.pins["workflow"]) for record in pinned if "workflow" in record.pins), "")
    labels = {name: case.labels[name] for name in DIMS if case.labels.get(name) is not None}
    for name in reversed(CAUSES):
        if case.labels.get(name) not in (None, ""):
            labels["cause"] = case.labels[name]
    slim = evolve(
        case,
        labels=FrozenMap({name: str(value)[:LONGEST_LABEL] for name, value in labels.items()}) if labels else EMPTY,
        tags=tuple(str(tag)[:LONGEST_LABEL] for tag in case.tags),
        stays=case.stays[-MOST_MOVES:],
        moves=case.moves[-MOST_MOVES:],
        said=(),
        checks=(),
        stints=(),
        scores=(),
        surveyed=(),
        visits=(),
    )
    return Entry(case=slim, workflow=case.workflow or "-", pin=pin, seen=seen, records=len(records))
