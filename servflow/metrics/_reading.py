"""Knows how one ticket's records are read, one after the other, into a case; must not know what is measured."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import define, evolve, field

from servflow import model
from servflow.correlation._own import own
from servflow.errors import InputError, shown
from servflow.metrics._cases import (
    Asked,
    Case,
    Cycle,
    Reached,
    Said,
    Score,
    Stay,
    Step,
    StepDone,
    Stint,
    Visit,
)
from servflow.model import EMPTY, ClockRecord, ClockRun, FrozenMap, Opened, Record, instant

_PLACES = ("assignee", "outlet", "owner", "queue")
"""Attributes that are slots: where the ticket is, or who has it."""


@define
class _Cycle:
    """A cycle while it is read: as it is, and the latest due instant it had."""

    run: ClockRun
    due: datetime | None = None


@define(eq=False)
class Reading:
    """
    A case while its records are read; ``case`` gives it as of any instant that is not before the latest record.

    ``done`` are the states on whose entry the work counts as done.
    """

    done: Collection[str] = ()
    opening: Opened | None = None
    at: datetime | None = None
    sequence: int = 0
    labels: dict[str, Any] = field(factory=dict)
    responded: datetime | None = None
    closed_at: datetime | None = None
    done_at: datetime | None = None
    cancelled: bool = False
    received: model.Received | None = None
    cycles: dict[tuple[str, int], _Cycle] = field(factory=dict)
    dropped: list[_Cycle] = field(factory=list)
    states: dict[str, Stay] = field(factory=dict)
    entered: dict[str, datetime] = field(factory=dict)
    held: dict[tuple[str, str], datetime] = field(factory=dict)
    slots: dict[str, str] = field(factory=dict)
    offers: dict[str, int] = field(factory=dict)
    ratings: dict[str, int] = field(factory=dict)
    chains: dict[str, None] = field(factory=dict)
    checks: dict[tuple[str, str], StepDone] = field(factory=dict)
    checked_before: list[StepDone] = field(factory=list)
    booked: dict[str, Visit] = field(factory=dict)
    stays: list[Stay] = field(factory=list)
    stints: list[Stint] = field(factory=list)
    moves: list[Step] = field(factory=list)
    said: list[Said] = field(factory=list)
    scores: list[Score] = field(factory=list)
    surveyed: list[Asked] = field(factory=list)
    reached: list[Reached] = field(factory=list)
    visits: list[Visit] = field(factory=list)
    closings: list[datetime] = field(factory=list)
    reopenings: list[datetime] = field(factory=list)

    def read(self, record: Record) -> None:
        """
        Read the next record.

        Raises:
            InputError: the first one is not ``Opened``.
        """
        if self.opening is None and not isinstance(record, Opened):
            raise InputError("the records of a ticket begin with Opened; give whole histories", code="history")
        self.at, self.sequence = record.at, record.sequence
        read = _READ.get(type(record))
        if read is not None:
            read(self, record)
        elif isinstance(record, ClockRecord):
            self._clock(record)

    def opened(self, record: Opened) -> None:
        self.opening = record
        self._labelled(record, record.fields, record.attributes)
        self._placed(record.at, None, (), record.entered, record.configuration, record.closed)
        if record.closed:
            self._closed(record.at, None)

    def got(self, record: model.Received) -> None:
        self.received = record

    def updated(self, record: model.Updated) -> None:
        self._labelled(record, record.fields, record.attributes)

    def _labelled(self, record: Record, fields: Mapping[str, Any], attributes: Mapping[str, Any]) -> None:
        self.labels.update(fields)
        self.labels.update(attributes)
        for name in _PLACES:
            given = attributes.get(name, fields.get(name)) if name in attributes or name in fields else ...
            if given is None or isinstance(given, str):
                self._slot(name, given, record.at)

    def _slot(self, name: str, to: str | None, at: datetime) -> None:
        had = self.slots.get(name)
        if had == to and (to is None or (name, to) in self.held):
            return
        if had is not None and name != "helper":
            self._let_go(name, had, at)
        if to is None:
            self.slots.pop(name, None)
        else:
            self.slots[name] = to
            self.held.setdefault((name, to), at)

    def _let_go(self, name: str, who: str, at: datetime) -> None:
        since = self.held.pop((name, who), None)
        if since is not None:
            self.stints.append(Stint(slot=name, who=who, since=since, until=at))

    def assigned(self, record: model.Assigned) -> None:
        self._slot(record.slot, record.to, record.at)

    def helped(self, record: model.HelperEnded) -> None:
        if record.outcome != "closed":  # after a closing they stay among the helpers
            self._let_go("helper", record.helper, record.at)

    def messaged(self, record: model.Messaged) -> None:
        at = record.occurred or record.at
        self.said.append(Said(at=at, side=record.side, public=record.public, channel=record.channel, by=record.actor))
        if record.side == "agent" and record.public and (self.responded is None or at < self.responded):
            self.responded = at

    def moved(self, record: model.Moved) -> None:
        ended, begun = self._placed(record.at, record.event, record.exited, record.entered, record.configuration, record.closed)
        last = self.received
        by = last.actor if last is not None and last.event == record.event and not last.internal else None
        for index in range(max(len(ended), len(begun))):
            source = ended[min(index, len(ended) - 1)] if ended else None
            target = begun[min(index, len(begun) - 1)] if begun else None
            self.moves.append(Step(at=record.at, event=record.event, source=source, target=target, by=by))
        if record.closed:
            self._closed(record.at, record.event)
        else:
            self._open(record.at)
        if any(state in self.done for state in record.entered):
            self.done_at = record.at

    def _closed(self, at: datetime, event: str | None) -> None:
        if self.closed_at is not None:
            return
        self.closed_at, self.cancelled = at, event == "ticket.cancel"
        self.closings.append(at)
        if self.done_at is None and not self.cancelled:
            self.done_at = at

    def _open(self, at: datetime) -> None:
        if self.closed_at is None:
            return
        self.closed_at, self.done_at, self.cancelled = None, None, False
        self.reopenings.append(at)
        self.checked_before.extend(self.checks.values())
        self.checks.clear()  # a reopened ticket is checked anew

    def _placed(  # noqa: PLR0917 - the parts of a record, in its order
        self,
        at: datetime,
        event: str | None,
        exited: Iterable[str],
        entered: Iterable[str],
        leaves: Sequence[str],
        closed: bool,
    ) -> tuple[list[str], list[str]]:
        """Where it is from here on; the leaf states that were left and those that were entered."""
        ended, gone = [], set(exited)
        for name in (*self.states,):
            if name in gone or name not in leaves:
                stay = self.states.pop(name)
                self.stays.append(evolve(stay, until=at))
                ended.append(name)
        begun = [name for name in leaves if name not in self.states]
        for name in begun:
            self.states[name] = Stay(state=name, since=at, event=event, closed=closed)
        for name in gone:
            self.entered.pop(name, None)
        self.entered.update(dict.fromkeys(entered, at))
        return ended, begun

    def migrated(self, record: model.Migrated) -> None:
        # Names may change places, so everything is renamed at once.
        self.entered = {record.states.get(state, state): since for state, since in self.entered.items()}
        self.checks = {
            (now, step): evolve(done, state=now)
            for (state, step), done in self.checks.items()
            for now in (record.states.get(state, state),)
        }
        ended, begun = self._placed(record.at, "migrate", (), (), record.configuration, record.closed)
        self.moves.extend(
            Step(at=record.at, event="migrate", source=was, target=now) for was, now in zip(ended, begun, strict=False)
        )
        held = {was: self.labels.pop(was, None) for was in record.fields}
        self.labels.update((becomes, held[was]) for was, becomes in record.fields.items() if becomes is not None)
        cycles, self.cycles = self.cycles, {}
        for (name, number), cycle in cycles.items():
            if name in record.dropped:
                if cycle.run.phase in ("running", "paused"):
                    cycle.run = evolve(cycle.run, phase="cancelled")
                self.dropped.append(cycle)
            else:
                cycle.run = evolve(cycle.run, name=record.clocks.get(name, name))
                self.cycles[cycle.run.name, number] = cycle
        if record.closed:
            self._closed(record.at, None)
        else:
            self._open(record.at)

    def _clock(self, record: ClockRecord) -> None:
        key = (record.clock, record.run.cycle)
        if isinstance(record, model.Waived) and record.cycle is not None:
            earlier = self.cycles.get((record.clock, record.cycle))
            if earlier is not None:
                earlier.run = evolve(earlier.run, waived=record.reason)
            return
        cycle = self.cycles.setdefault(key, _Cycle(record.run))
        cycle.run = record.run
        cycle.due = record.run.due or cycle.due

    def checked(self, record: model.Checked) -> None:
        before = [done.at for done in self.checks.values() if done.state == record.state]
        since = self.entered.get(record.state)
        if since is not None:
            before.append(since)
        after = record.at - max(before) if before else timedelta()
        self.checks[record.state, record.step] = StepDone(
            state=record.state, step=record.step, at=record.at, by=record.by, after=after
        )

    def unchecked(self, record: model.Unchecked) -> None:
        self.checks.pop((record.state, record.step), None)

    def began_chain(self, record: model.ChainStarted) -> None:
        self.chains[record.run.chain] = None

    def escalated(self, record: model.Escalated) -> None:
        if record.outcome not in ("skipped", "stopped"):
            run = record.run
            self.chains[run.chain] = None
            self.reached.append(Reached(chain=run.chain, level=record.name, at=record.scheduled, began=run.started_at))

    def offer(self, record: model.OfferEnded) -> None:
        self.offers[record.outcome] = self.offers.get(record.outcome, 0) + 1

    def rated(self, record: model.Rated) -> None:
        if record.about == "ticket":
            self.ratings[record.scale] = record.score
        self.scores.append(
            Score(
                at=record.at,
                scale=record.scale,
                score=record.score,
                about=record.about,
                visit=record.visit,
                by=record.by,
                rater=record.rater,
            )
        )

    def survey(self, record: model.Surveyed) -> None:
        self.surveyed.append(
            Asked(
                at=record.at,
                survey=record.survey,
                scale=record.scale,
                outcome=record.outcome,
                to=record.to,
                about=record.about,
                visit=record.visit,
                until=record.until,
            )
        )

    def booking(self, record: model.Booked) -> None:
        held = record.appointment
        if held.start is not None and held.end is not None:
            self.booked[held.policy] = Visit(
                start=held.start, end=held.end, outcome="booked", at=held.booked_at or record.at, to=held.to
            )

    def unbooking(self, record: model.Unbooked) -> None:
        was = self.booked.pop(record.was.policy, None)
        if was is not None:
            self.visits.append(evolve(was, outcome=record.appointment.phase, at=record.at))

    def case(self, at: datetime) -> Case:
        """
        The case as of an instant.

        Raises:
            InputError: nothing was read yet.
        """
        opening = self.opening
        if opening is None:
            raise InputError("the records of a ticket begin with Opened; give whole histories", code="history")
        tags = self.labels.get("tags")
        stints = (*self.stints, *(Stint(slot=slot, who=who, since=since) for (slot, who), since in self.held.items()))
        return Case(
            id=opening.id,
            began=opening.occurred or opening.at,
            labels=FrozenMap(self.labels) if self.labels else EMPTY,
            responded=self.responded,
            closed_at=self.closed_at,
            done_at=self.done_at,
            cancelled=self.cancelled,
            reopened=len(self.reopenings),
            cycles=tuple(_cycle(cycle, at) for cycle in (*self.dropped, *self.cycles.values())),
            escalations=tuple((one.chain, one.level) for one in self.reached),
            slots=FrozenMap(self.slots),
            offers=FrozenMap(self.offers),
            ratings=FrozenMap(self.ratings),
            at=at,
            workflow=opening.workflow,
            version=opening.version,
            tags=tuple(map(str, tags)) if isinstance(tags, (list, tuple)) else (),
            moves=tuple(self.moves),
            stays=(*self.stays, *self.states.values()),
            stints=tuple(sorted(stints, key=lambda stint: stint.since)),
            said=tuple(self.said),
            checks=(*self.checked_before, *self.checks.values()),
            scores=tuple(self.scores),
            surveyed=tuple(self.surveyed),
            reached=tuple(self.reached),
            chains=tuple(self.chains),
            visits=(*self.visits, *self.booked.values()),
            closings=tuple(self.closings),
            reopenings=tuple(self.reopenings),
        )


def _cycle(cycle: _Cycle, at: datetime) -> Cycle:
    run = cycle.run
    breached = run.breached_at
    if breached is None and run.phase == "running" and run.due is not None and run.due < at:
        breached = run.due  # nobody has looked since, but the instant is known
    if run.waived and breached is not None:
        outcome = "waived"
    elif run.phase == "cancelled":
        outcome = "cancelled"
    elif run.phase == "met":
        outcome = "met" if breached is None else "late"
    else:
        outcome = "open" if breached is None else "overdue"
    return Cycle(
        clock=run.name,
        outcome=outcome,
        started_at=run.started_at,
        breached_at=breached,
        number=run.cycle,
        target=run.within,
        calendar=run.calendar,
        due=cycle.due,
        stopped_at=run.stopped_at,
        counted=run.counted,
    )


_READ: Mapping[type[Record], Callable[[Reading, Any], None]] = {
    Opened: Reading.opened,
    model.Received: Reading.got,
    model.Updated: Reading.updated,
    model.Messaged: Reading.messaged,
    model.Moved: Reading.moved,
    model.Migrated: Reading.migrated,
    model.ChainStarted: Reading.began_chain,
    model.Escalated: Reading.escalated,
    model.Assigned: Reading.assigned,
    model.HelperEnded: Reading.helped,
    model.OfferEnded: Reading.offer,
    model.Checked: Reading.checked,
    model.Unchecked: Reading.unchecked,
    model.Rated: Reading.rated,
    model.Surveyed: Reading.survey,
    model.Booked: Reading.booking,
    model.Unbooked: Reading.unbooking,
}


def read_case(records: Iterable[Record], at: datetime, done: Collection[str] = ()) -> Case:
    """
    Read one ticket's records as of an instant.

    Args:
        records: all of them in order, from ``Opened`` on; those later than *at* are not read.
        at: aware instant as of which open promises are judged; a promise due exactly then is still in time.
        done: states on whose entry the work counts as done; a ticket that closes without counts from its closing.

    Raises:
        InputError: the records do not begin with ``Opened``, or that is later than *at*.
        TimeError: *at* is naive.
    """
    at = instant(at)
    reading = Reading(frozenset(done))
    for record in records:
        if not isinstance(record, Record):
            raise InputError(f"a history is the records of a ticket, not {shown(record)}", code="history")
        if record.at > at:
            if reading.opening is None:
                raise InputError(f"the ticket opens after {at.isoformat()}", code="history")
            break
        reading.read(record)
    return reading.case(at)


def read_cases(histories: Iterable[Sequence[Record]], at: datetime, done: Collection[str] = ()) -> tuple[Case, ...]:
    """
    Read the records of many tickets, one history each, as ``read_case`` does.

    Those of correlators' own tickets are left out, and tickets that open after *at*.

    Raises:
        InputError: a history does not begin with ``Opened``.
        TimeError: *at* is naive.
    """
    at = instant(at)
    return tuple(read_case(records, at, done) for records in histories if counts(records, at))


def counts(records: Sequence[Record], at: datetime) -> bool:
    """Whether a history is a case as of an instant: no correlator's own ticket, and none that opens later."""
    return not of_correlator(records) and not (records and isinstance(records[0], Opened) and records[0].at > at)


def of_correlator(records: Sequence[Record]) -> bool:
    """Whether a history is that of a ticket in which a correlator keeps what it knows: it is nobody's case."""
    return bool(records) and isinstance(records[0], Opened) and own(records[0])
