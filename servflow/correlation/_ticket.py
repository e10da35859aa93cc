"""Knows how the state of one key is a ticket, changed by records; must not know what is looked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from attrs import frozen

from servflow.correlation import _window
from servflow.correlation._fact import EVENT, MAX_KEY, Fact
from servflow.correlation._firing import Firing, effects_of
from servflow.correlation._story import Explanation
from servflow.errors import InputError, Refused, TimeError, nearest, shown
from servflow.model import (
    RESOLUTION,
    SYSTEM,
    Actor,
    Decided,
    Effect,
    FrozenMap,
    Migrated,
    Moved,
    Open,
    Opened,
    Outcome,
    Received,
    Record,
    Send,
    Ticket,
    Updated,
    freeze,
    frozen_map,
    instant,
    replace,
    storable,
)

if TYPE_CHECKING:
    from servflow.correlation._definition import Correlator

WATCHING, IDLE = "watching", "idle"
MAKER = "correlator"
"""What a record ``Decided`` calls the one who decided."""

_SKEW = timedelta(seconds=5)
"""How far behind the ticket an instant may lie and still be taken as the ticket's own, as in the kernel."""


@frozen
class Call:
    """What came with an event besides ticket and payload."""

    at: datetime
    actor: Any = None
    key: str | None = None
    expect: int | None = None


def open_ticket(correlator: Correlator, id_: str, fields: Mapping[str, Any] | None, at: datetime, actor: Any) -> Outcome:
    """One call of ``open``."""
    now = instant(at)
    _only_system(actor, "open")
    key = (fields or {}).get("key")
    if not isinstance(key, str) or not key or not storable(key):
        raise InputError(f"open it with {{'key': ...}}, a text; got {shown(key)}", code="key", key=shown(key))
    if id_ != correlator.ticket_id(key):
        raise InputError(
            f"the ticket of key {shown(key)} is called {correlator.ticket_id(key)!r}, not {shown(id_)}; use ticket_id(key)",
            code="id",
            id=shown(id_),
        )
    run = _Run(correlator, None)
    run.record(
        Opened,
        now,
        id=id_,
        workflow=correlator.name,
        version=correlator.version,
        fields=FrozenMap({"key": key}),
        given=("key",),
        configuration=(WATCHING,),
        entered=(WATCHING,),
        pins=correlator.pins,
    )
    return run.outcome()


def fire(correlator: Correlator, ticket: Ticket, event: str, payload: Mapping[str, Any] | None, call: Call) -> Outcome:
    """One call of ``fire``."""
    now = instant(call.at)
    run = _Run(correlator, ticket)
    _only_system(call.actor, event)
    if event != EVENT:
        close = nearest(event, (EVENT,))
        raise Refused(
            f"the ticket of a correlator takes the event {EVENT!r} only, not {shown(event)}",
            code="unknown",
            event=shown(event),
            nearest=close,
            known=(EVENT,),
        )
    _check_key(call.key)
    now = _not_before(ticket, now)
    if call.expect is not None and call.expect != ticket.revision:
        raise Refused(
            f"{event}: the ticket stands at revision {ticket.revision}, not {call.expect}",
            code="stale",
            event=event,
            expect=call.expect,
            revision=ticket.revision,
        )
    fact = _fact(ticket, payload)
    if _window.put(run.state, fact) is run.state:
        return Outcome(ticket=ticket)  # it is known
    run.renew()
    # The ticket of a key lives in the time of its facts, not until now: facts of earlier instants may still be on their way,
    # and whoever lets time pass has read them.
    seen = min(now, fact.at)
    run.until(seen, before=fact)
    carried = FrozenMap({name: value for name, value in fact.payload.items() if name != "key"})
    actor = Actor.of(call.actor)
    run.record(Received, seen, event=EVENT, payload=carried, key=call.key, actor=None if actor is None else actor.id)
    run.findings(seen, seen)
    if run.ticket.closed and not run.state.idle:
        run.record(Moved, seen, event=EVENT, exited=(IDLE,), entered=(WATCHING,), configuration=(WATCHING,))
    return run.outcome()


def _check_key(key: object) -> None:
    if key is not None and (not isinstance(key, str) or not 0 < len(key) <= MAX_KEY or not storable(key)):
        raise InputError(f"key is a text of 1 to {MAX_KEY} characters, not a {type(key).__name__}", code="key")


def _fact(ticket: Ticket, payload: Mapping[str, Any] | None) -> Fact:
    key = str(ticket.fields.get("key", ""))
    try:
        fact = Fact.of(payload or {}, key)
    except (InputError, TimeError, TypeError) as error:
        raise Refused(f"{EVENT}: {error}; send what Fact.payload gives", code="payload", event=EVENT, why=str(error)) from error
    if fact.key != key:
        raise Refused(
            f"{EVENT}: a fact for key {shown(fact.key)} came to the ticket of {shown(key)}", code="payload", event=EVENT
        )
    return fact


def advance(correlator: Correlator, ticket: Ticket, at: datetime) -> Outcome:
    """One call of ``advance``."""
    run = _Run(correlator, ticket)
    now = _not_before(ticket, instant(at))
    if ticket.wake is None or ticket.wake > now:
        return Outcome(ticket=ticket)
    run.renew()
    run.until(now)
    return run.outcome() if run.records else Outcome(ticket=ticket)


def fold(correlator: Correlator, records: Iterable[Record]) -> Ticket:
    """The ticket that its records amount to."""
    run: _Run | None = None
    expected = 1
    listed: tuple[Record, ...] = tuple(records)
    # What was remembered when the definition changed stands there in full: what came before was decided by another one.
    since = max((record.sequence for record in listed if isinstance(record, Updated)), default=0)
    for record in listed:
        if isinstance(record, Opened) and run is None:
            run = _Run(correlator, None)
        if run is None or isinstance(record, Opened) != (expected == 1):
            raise InputError("records of a ticket begin with Opened, once", code="fold")
        if record.sequence != expected:
            raise InputError(
                f"record {expected} is missing: the next one given is {record.sequence}",
                code="fold",
                expected=expected,
                got=record.sequence,
            )
        expected += 1
        run.apply(record, remembered=record.sequence >= since)
    if run is None:
        raise InputError("no records were given; a ticket begins with Opened", code="fold")
    return run.outcome().ticket


def rerun(correlator: Correlator, received: Iterable[Record]) -> Outcome:
    """A ticket's own facts decided again; where its records say that time alone did something, time passes."""
    outcome: Outcome | None = None
    records: list[Record] = []
    for record in received:
        if isinstance(record, Opened):
            outcome = correlator.open(record.id, record.fields, at=record.at)
        elif outcome is None:
            continue
        elif isinstance(record, Received):
            actor = None if record.actor is None else SYSTEM
            outcome = correlator.fire(outcome.ticket, record.event, record.payload, at=record.at, key=record.key, actor=actor)
        elif record.sequence > outcome.ticket.sequence and record.at >= outcome.ticket.at:
            outcome = _passed(correlator, outcome.ticket, record)
        else:
            continue
        records.extend(outcome.records)
    if outcome is None:
        raise InputError("no Opened record was given", code="rerun")
    return Outcome(ticket=outcome.ticket, records=tuple(records))


def _passed(correlator: Correlator, ticket: Ticket, record: Record) -> Outcome:
    """What time alone did up to a record, and no more: what was due just then may have had to wait for a fact."""
    run = _Run(correlator, ticket)
    if isinstance(record, Decided) and (found := run.found()) is not None and found[1].due < _after(record.at):
        run.decided(found[1], record.at)
        return run.outcome()
    return advance(correlator, ticket, _after(record.at))


def explain(correlator: Correlator, ticket: Ticket, at: datetime) -> Explanation:
    """The state of a key as of an instant."""
    now = _not_before(ticket, instant(at))
    seen = advance(correlator, ticket, now).ticket
    state = _window.settle(correlator.rule, _window.read(seen.fields), now)
    return Explanation.of(correlator, str(ticket.fields.get("key", "")), state, now, seen.wake)


class _Run:
    """One call at work: the ticket changes by records only, and the same code folds them."""

    def __init__(self, correlator: Correlator, ticket: Ticket | None) -> None:
        if ticket is not None:
            _check_ticket(correlator, ticket)
            self.ticket = ticket
        self.correlator = correlator
        self.rule = correlator.rule
        self.state = _window.NEW if ticket is None else _window.read(ticket.fields)
        self.key = "" if ticket is None else str(ticket.fields.get("key", ""))
        self.sequence = 0 if ticket is None else ticket.sequence
        self.records: list[Record] = []
        self.effects: list[Effect] = []

    def record(self, kind: type[Record], at: datetime, **facts: Any) -> None:
        """Say that something happened, at an instant or the ticket's own where that is later."""
        at = max(at, self.ticket.at) if self.sequence else at
        made = kind(sequence=self.sequence + 1, at=at, **facts)
        self.records.append(made)
        self.apply(made)

    def renew(self) -> None:
        """
        Go on under this version where the ticket was kept by another one.

        What is remembered stays where both look for the same thing; otherwise it only is known as having come.
        """
        if self.ticket.pins == self.correlator.pins:
            return
        state = self.state
        if self.ticket.pins.get("shape") != self.correlator.pins["shape"]:
            state = _window.spend(self.rule, state)
        self.record(
            Migrated,
            self.ticket.at,
            version=self.correlator.version,
            before=self.ticket.pins,
            pins=self.correlator.pins,
            configuration=self.ticket.configuration,
            entered=self.ticket.entered,
            closed=self.ticket.closed,
        )
        self.record(Updated, self.ticket.at, fields=_window.written(state, self.key), source="migrated")

    def apply(self, record: Record, *, remembered: bool = True) -> None:
        """Change the ticket as a record says, and what is remembered too, unless that stands in full later."""
        if remembered:
            self._remember(record)
        if isinstance(record, Opened):
            self._open(record)
        elif isinstance(record, Moved):
            self.ticket = replace(
                self.ticket,
                configuration=record.configuration,
                entered=FrozenMap(dict.fromkeys(record.entered, record.at)),
                closed=record.closed,
                closed_at=record.at if record.closed else self.ticket.closed_at,
            )
        elif isinstance(record, Migrated):
            self.ticket = replace(self.ticket, version=record.version, pins=record.pins)
        self.sequence = record.sequence
        self.ticket = replace(self.ticket, at=record.at, sequence=record.sequence)

    def _remember(self, record: Record) -> None:
        if isinstance(record, Received):
            fact = Fact.of(record.payload, self.key)
            self.state = _window.settle(self.rule, _window.put(self.state, fact), min(record.at, fact.at))
        elif isinstance(record, Decided):
            self.state = self._after_found()
        elif isinstance(record, Moved) and record.closed:
            self.state = _window.forget(_window.settle(self.rule, self.state, _window.LAST))
        elif isinstance(record, Updated):
            self.state = _window.read({"key": self.key, **record.fields})

    def _open(self, record: Opened) -> None:
        self.key = str(record.fields.get("key", ""))
        self.ticket = Ticket(
            id=record.id,
            workflow=record.workflow,
            version=record.version,
            at=record.at,
            opened_at=record.at,
            configuration=record.configuration,
            entered=FrozenMap(dict.fromkeys(record.entered, record.at)),
            requester=record.actor,
            pins=record.pins,
        )

    def found(self) -> tuple[_window.KeyState, _window.Found] | None:
        """The state after the next thing that will be found, and what that is."""
        state = _window.settle(self.rule, self.state, _window.LAST)
        operation = _window.next_operation(self.rule, state, _window.LAST)
        if operation is None:
            return None
        further, found = _window.operate(self.rule, state, operation)
        return None if found is None else (further, found)

    def _after_found(self) -> _window.KeyState:
        found = self.found()
        if found is not None:
            return found[0]
        raise InputError(
            f"the records of {self.ticket.id!r} say that something was found where this version of"
            f" {self.correlator.name!r} finds nothing; read them with the version whose hash is in its pins",
            code="fold",
        )

    def until(self, at: datetime, *, before: Fact | None = None) -> None:
        """Everything that time completes strictly before an instant, each with its own; only what is before a fact."""
        self.findings(at, None, before)
        state = _window.settle(self.rule, self.state, at)
        over = _window.forgets_at(self.rule, state)
        if over is None or (before is not None and before.at <= over) or self.ticket.closed:
            return
        due = _window.later(over, self.rule.grace)
        if due < at:
            self.record(Moved, due, event=None, exited=(WATCHING,), entered=(IDLE,), configuration=(IDLE,), closed=True)

    def findings(self, at: datetime, noted: datetime | None, before: Fact | None = None) -> None:
        """Record what is found until an instant: at its own, or at *noted*; only what comes before a fact."""
        while True:
            state = _window.settle(self.rule, self.state, at)
            operation = _window.next_operation(self.rule, state, at)
            if operation is None or (before is not None and not _precedes(self.rule, state, operation, before)):
                return
            _, found = _window.operate(self.rule, state, operation)
            if found is None:
                return
            self.decided(found, found.due if noted is None else noted)

    def decided(self, found: _window.Found, at: datetime) -> None:
        """Record what was found, and collect what follows."""
        firing = Firing(correlator=self.correlator.name, key=self.key, at=found.at, facts=found.facts, by=found.by)
        effects = effects_of(self.correlator, firing)
        values = {"key": firing.key, "count": firing.count, "first_at": firing.first_at, "at": firing.at}
        if firing.values:
            values["values"] = freeze(firing.values)
        self.record(
            Decided,
            at,
            maker=MAKER,
            name=self.correlator.name,
            values=FrozenMap(values),
            result=FrozenMap(
                {
                    "tickets": firing.tickets,
                    "sent": tuple(effect.to_ticket for effect in effects if isinstance(effect, Send)),
                    "opened": tuple(effect.new_ticket for effect in effects if isinstance(effect, Open)),
                }
            ),
            why=FrozenMap({"facts": tuple((fact.ticket, fact.sequence, fact.at) for fact in firing.facts)}),
        )
        self.effects.extend(effects)

    def outcome(self) -> Outcome:
        """What the call came to."""
        fields = _window.written(self.state, self.key)
        wake = None if self.ticket.closed else _window.wake_of(self.rule, self.state)
        if wake is not None:
            wake = max(wake, _after(self.ticket.at))  # what a late fact finds overdue happens as soon as time passes
        ticket = replace(self.ticket, fields=frozen_map(fields), wake=wake)
        return Outcome(ticket=ticket, records=tuple(self.records), effects=tuple(self.effects))


def _precedes(rule: _window.Rule, state: _window.KeyState, operation: str, fact: Fact) -> bool:
    if operation == "fact":
        return state.waiting[0].position < fact.position
    due = _window.deadline(rule, state)
    return due is not None and due < fact.at


def _check_ticket(correlator: Correlator, ticket: Ticket) -> None:
    given: object = ticket
    if not isinstance(given, Ticket):
        raise InputError(f"pass a Ticket, not a {type(given).__name__}; load_ticket(row) reads a stored one")
    if ticket.workflow != correlator.name:
        raise InputError(
            f"ticket {ticket.id} belongs to workflow {ticket.workflow!r}, not {correlator.name!r}",
            ticket=ticket.id,
            workflow=ticket.workflow,
        )


def _only_system(actor: Any, event: str) -> None:
    if actor is not None and Actor.of(actor) != SYSTEM:
        raise Refused(
            f"{event}: what is remembered of a key comes from records only; nobody but the system may tell it",
            code="not_permitted",
            event=event,
            allow=("system",),
        )


def _not_before(ticket: Ticket, at: datetime) -> datetime:
    if at >= ticket.at:
        return at
    if ticket.at - at > _SKEW:
        raise Refused(
            f"at {at.isoformat()} lies {ticket.at - at} behind ticket {ticket.id} at {ticket.at.isoformat()}; "
            "pass the present instant, a fact has its own",
            code="past",
            at=at,
            ticket_at=ticket.at,
        )
    return ticket.at


def _after(at: datetime) -> datetime:
    return _window.later(at, RESOLUTION)
