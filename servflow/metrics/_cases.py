"""Knows how one ticket's records are read into what measures need of it; must not know what is measured."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import define, evolve, field, frozen

from servflow.correlation._own import own
from servflow.errors import InputError
from servflow.model import (
    EMPTY,
    Amended,
    Assigned,
    Breached,
    ClockRecord,
    ClockReset,
    ClockRun,
    ClockStarted,
    ClockStopped,
    Escalated,
    FrozenMap,
    Messaged,
    Moved,
    OfferEnded,
    Opened,
    Rated,
    Record,
    Updated,
    Waived,
    instant,
)

OUTCOMES = ("met", "late", "overdue", "open", "cancelled", "waived")


@frozen(kw_only=True)
class Cycle:
    """
    One cycle of one clock and what became of it.

    ``outcome`` is ``met`` (stopped in time), ``late`` (stopped after its due instant), ``overdue`` (past it
    and still open), ``open`` (still in time), ``cancelled``, or ``waived`` (broken, and excused by a person).
    """

    clock: str
    outcome: str
    started_at: datetime
    breached_at: datetime | None = None


@frozen(kw_only=True)
class Case:
    """
    What measures need of one ticket, read from its records.

    ``began`` is when it opened, or occurred if that was earlier. ``labels`` are its fields and attributes as
    they last were. ``responded`` is the first public message of an agent. ``closed_at`` is the latest closing and
    None while it is open; ``cancelled`` says that it closed by ``ticket.cancel``. ``done_at`` is when the work was
    last done; a reopening makes it None again.
    """

    id: str
    began: datetime
    labels: FrozenMap[str, Any] = EMPTY
    responded: datetime | None = None
    closed_at: datetime | None = None
    done_at: datetime | None = None
    cancelled: bool = False
    reopened: int = 0
    cycles: tuple[Cycle, ...] = ()
    escalations: tuple[tuple[str, str], ...] = ()
    slots: FrozenMap[str, str] = EMPTY
    offers: FrozenMap[str, int] = EMPTY
    ratings: FrozenMap[str, int] = EMPTY

    @property
    def resolved_after(self) -> timedelta | None:
        """From the beginning until the work was last done; None before, and when cancelled."""
        return None if self.done_at is None or self.cancelled else self.done_at - self.began

    @property
    def late(self) -> bool:
        """Whether any promise was broken and not excused."""
        return any(cycle.outcome in ("late", "overdue") for cycle in self.cycles)

    def label(self, name: str) -> str:
        """A field, attribute or slot as the name of a group; ``-`` where it has none."""
        value = self.slots.get(name) or self.labels.get(name)
        return "-" if value is None else str(value)


@define
class _Reading:
    """A case while its records are read."""

    at: datetime
    done: Collection[str]
    case: Case | None = None
    labels: dict[str, Any] = field(factory=dict)
    runs: dict[tuple[str, int], tuple[ClockRun, bool]] = field(factory=dict)
    escalations: list[tuple[str, str]] = field(factory=list)
    slots: dict[str, str] = field(factory=dict)
    offers: dict[str, int] = field(factory=dict)
    ratings: dict[str, int] = field(factory=dict)

    def opened(self, record: Opened) -> None:
        self.case = Case(id=record.id, began=record.occurred or record.at)
        self.labels.update(record.fields)
        self.labels.update(record.attributes)
        if "outlet" in record.attributes:
            self.slots["outlet"] = str(record.attributes["outlet"])

    def updated(self, record: Updated) -> None:
        self.labels.update(record.fields)
        self.labels.update(record.attributes)

    def messaged(self, record: Messaged) -> None:
        case = self.case
        if case is not None and case.responded is None and record.side == "agent" and record.public:
            self.case = evolve(case, responded=record.occurred or record.at)

    def moved(self, record: Moved) -> None:
        case = self.case
        if case is None:
            return
        if record.closed and case.closed_at is None:
            cancelled = record.event == "ticket.cancel"
            done_at = case.done_at if case.done_at is not None or cancelled else record.at
            self.case = evolve(case, closed_at=record.at, cancelled=cancelled, done_at=done_at)
        elif not record.closed and case.closed_at is not None:
            self.case = evolve(case, closed_at=None, cancelled=False, done_at=None, reopened=case.reopened + 1)
        if any(state in self.done for state in record.entered):
            self.case = evolve(self.case or case, done_at=record.at)

    def clock(self, record: ClockRecord) -> None:
        key = (record.clock, record.run.cycle)
        if isinstance(record, Waived) and record.cycle is not None:
            key = (record.clock, record.cycle)
            if key in self.runs:
                self.runs[key] = (evolve(self.runs[key][0], waived=record.reason), self.runs[key][1])
            return
        stopped = isinstance(record, ClockStopped)
        if not isinstance(record, (ClockStarted, ClockReset)) and key in self.runs:
            # Waived or amended after it stopped: the cycle stays stopped.
            stopped = stopped or (self.runs[key][1] and isinstance(record, (Waived, Amended, Breached)))
        self.runs[key] = (record.run, stopped)

    def escalated(self, record: Escalated) -> None:
        if record.outcome not in ("skipped", "stopped"):
            self.escalations.append((record.run.chain, record.name))

    def assigned(self, record: Assigned) -> None:
        if record.to is None:
            self.slots.pop(record.slot, None)
        else:
            self.slots[record.slot] = record.to

    def offer(self, record: OfferEnded) -> None:
        self.offers[record.outcome] = self.offers.get(record.outcome, 0) + 1

    def rated(self, record: Rated) -> None:
        self.ratings[record.scale] = record.score

    def whole(self) -> Case:
        if self.case is None:
            raise InputError("the records of a ticket begin with Opened; give whole histories", code="history")
        cycles = tuple(self._cycle(run, stopped) for run, stopped in self.runs.values())
        return evolve(
            self.case,
            labels=FrozenMap(self.labels),
            cycles=cycles,
            escalations=tuple(self.escalations),
            slots=FrozenMap(self.slots),
            offers=FrozenMap(self.offers),
            ratings=FrozenMap(self.ratings),
        )

    def _cycle(self, run: ClockRun, stopped: bool) -> Cycle:
        breached = run.breached_at
        if breached is None and not stopped and run.phase == "running" and run.due is not None and run.due < self.at:
            breached = run.due  # nobody has looked since, but the instant is known
        if run.waived and breached is not None:
            outcome = "waived"
        elif run.phase == "cancelled":
            outcome = "cancelled"
        elif stopped:
            outcome = "met" if breached is None else "late"
        else:
            outcome = "open" if breached is None else "overdue"
        return Cycle(clock=run.name, outcome=outcome, started_at=run.started_at, breached_at=breached)


_READ: Mapping[type[Record], Callable[[_Reading, Any], None]] = {
    Opened: _Reading.opened,
    Updated: _Reading.updated,
    Messaged: _Reading.messaged,
    Moved: _Reading.moved,
    Escalated: _Reading.escalated,
    Assigned: _Reading.assigned,
    OfferEnded: _Reading.offer,
    Rated: _Reading.rated,
}


def read_case(records: Sequence[Record], at: datetime, done: Collection[str] = ()) -> Case:
    """
    Read one ticket's records.

    Args:
        records: all of them up to *at*, in order, from ``Opened`` on.
        at: aware instant as of which open promises are judged; a promise due exactly then is still in time.
        done: states on whose entry the work counts as done; a ticket that closes without counts from its closing.

    Raises:
        InputError: the records do not begin with ``Opened``.
        TimeError: *at* is naive.
    """
    reading = _Reading(instant(at), frozenset(done))
    for record in records:
        read = _READ.get(type(record))
        if read is not None:
            read(reading, record)
        elif isinstance(record, ClockRecord):
            reading.clock(record)
    return reading.whole()


def read_cases(histories: Iterable[Sequence[Record]], at: datetime, done: Collection[str] = ()) -> tuple[Case, ...]:
    """
    Read the records of many tickets, one history each, as ``read_case`` does; those of correlators' own tickets are left out.

    Raises:
        InputError: a history does not begin with ``Opened``.
        TimeError: *at* is naive.
    """
    return tuple(read_case(records, at, done) for records in histories if not of_correlator(records))


def of_correlator(records: Sequence[Record]) -> bool:
    """Whether a history is that of a ticket in which a correlator keeps what it knows: it is nobody's case."""
    return bool(records) and isinstance(records[0], Opened) and own(records[0])
