"""Knows the order of one call; must not know what any single step does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from servflow.engine import _appointing, _calendar_changes, _parts, _placing
from servflow.engine._builtin import split
from servflow.engine._call import Happening, OneCall
from servflow.engine._chain_plans import knows
from servflow.engine._draft import Draft
from servflow.engine._events import drain, host_event, settle, take_eventless
from servflow.engine._given import MAX_ID, Given
from servflow.engine._openings import first_fields, open_again, opens_plainly
from servflow.engine._payloads import plain_payload
from servflow.engine._timeline import Due, attempt, catch_up, first_due, wake_of
from servflow.errors import InputError, Refused, shown
from servflow.model import (
    SYSTEM,
    Actor,
    Opened,
    Outcome,
    Received,
    Record,
    Repinned,
    Ticket,
    World,
    frozen_map,
    instant,
    storable,
)

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow

SKEW = timedelta(seconds=5)
"""How far behind the ticket an instant may lie and still be taken as the ticket's own."""


def _check_names(workflow: Workflow, ticket: Ticket) -> None:
    """
    A ticket of another version may only go on where this one knows everything that is live on it.

    Raises:
        InputError: it names what this version does not have.
    """
    compiled = workflow.compiled
    known = (
        ("state", ticket.configuration, compiled.chart.leaves),
        ("clock", ticket.clocks, compiled.clock_names),
        ("calendar", [run.calendar for run in ticket.clocks.values() if run.calendar], compiled.calendars),
        ("chain", [run.chain for run in ticket.chains if run.hash not in compiled.past_chains], compiled.chain_plans),
        ("dispatch entry", [offer.policy for offer in ticket.offers], compiled.slot_names),
        ("dispatch entry", [one.policy for one in (ticket.appointment,) if one and one.booked], compiled.slot_names),
        ("dispatch entry", [progress.policy for progress in ticket.slots.values()], compiled.slot_names),
    )
    missing = tuple(dict.fromkeys(f"{kind} {name!r}" for kind, names, there in known for name in names if name not in there))
    if missing:
        raise InputError(
            f"ticket {ticket.id} was made by another version of {workflow.workflow!r} and this one lacks "
            f"{', '.join(missing[:5])}; run it under the version whose hash is in ticket.pins, or migrate it",
            code="version",
            missing=missing,
        )


def _check_editions(workflow: Workflow, ticket: Ticket) -> None:
    """
    What a run has promised is known by its edition alone: the third level of another one may be anybody.

    Raises:
        InputError: a run climbs an edition of its chain that nobody has given (``edition``).
    """
    lost = [run for run in ticket.chains if not knows(workflow.compiled, run)]
    if lost:
        named = ", ".join(f"{run.chain!r} as of {run.hash[:12]}" for run in lost[:5])
        raise InputError(
            f"ticket {ticket.id} climbs chain {named}, which is not the edition {workflow.workflow!r} has now, and runs keep "
            "theirs; give it as past_chains=old.escalations, run the ticket under the definition in ticket.pins, or migrate it",
            code="edition",
            ticket=ticket.id,
            hashes=tuple(run.hash for run in lost),
        )


def begin(workflow: Workflow, ticket: Ticket, given: Given) -> OneCall:
    """
    The working state of a call on a ticket.

    Raises:
        Refused: the instant lies too far behind the ticket (``past``).
        InputError: the ticket belongs to another workflow or version, or climbs a chain in an edition that is not known.
    """
    given_ticket: object = ticket
    if not isinstance(given_ticket, Ticket):
        raise InputError(f"pass a Ticket, not a {type(given_ticket).__name__}; load_ticket(row) reads a stored one")
    if ticket.workflow != workflow.workflow:
        raise InputError(
            f"ticket {ticket.id} belongs to workflow {ticket.workflow!r}, not {workflow.workflow!r}",
            ticket=ticket.id,
            workflow=ticket.workflow,
        )
    if ticket.pins.get("workflow") != workflow.hash:
        _check_names(workflow, ticket)
    if ticket.chains:
        _check_editions(workflow, ticket)
    at = not_before(ticket, given.at)
    call = OneCall(workflow, ticket, at, given.world)
    if ticket.pins.get("calendars", workflow.calendars_hash) != workflow.calendars_hash:
        # As of the ticket's own instant, before anything counted by the old calendars can happen.
        call.at = ticket.at
        reason = _calendar_changes.recalendar(call, ticket.pins["calendars"], at)
        pins = ticket.pins.with_item("calendars", workflow.calendars_hash)
        call.record(Repinned, pins=pins, reason=reason)
        call.at = at
    return call


def not_before(ticket: Ticket, at: datetime) -> datetime:
    """
    The instant of a call, or the ticket's own where that lies a little ahead.

    Raises:
        Refused: it lies too far behind the ticket (``past``).
    """
    return at if at >= ticket.at else _clamped(ticket, at)


def _clamped(ticket: Ticket | Draft, at: datetime) -> datetime:
    """The ticket's own instant, for one that lies a little behind it."""
    if ticket.at - at > SKEW:
        raise Refused(
            f"at {at.isoformat()} lies {ticket.at - at} behind ticket {ticket.id} at {ticket.at.isoformat()}; "
            "pass the present instant, and occurred for what happened earlier",
            code="past",
            at=at,
            ticket_at=ticket.at,
        )
    return ticket.at


def fire(workflow: Workflow, ticket: Ticket, event: str, payload: Mapping[str, Any] | None, given: Given) -> Outcome:
    """One call of ``fire``: what time has set, the event, what follows."""
    call = begin(workflow, ticket, given)
    return call.outcome(_fire(call, event, payload, given))


def _fire(call: OneCall, event: str, payload: Mapping[str, Any] | None, given: Given) -> datetime | None:
    """What time has set, the event, what follows; gives the wake after it."""
    if not isinstance(event, str):
        raise Refused(f"an event is a name, not {shown(event)}", code="unknown", event=shown(event), nearest=None, known=())
    at, wake = call.at, call.draft.wake
    data = plain_payload(payload, event)
    if call.records or (wake is not None and wake <= at):
        catch_up(call, at)
    if given.expect is not None and given.expect != call.draft.sequence:
        raise Refused(
            f"{event}: the ticket stands at revision {call.draft.sequence}, the user saw {given.expect}; show it again",
            code="stale",
            event=event,
            expect=given.expect,
            revision=call.draft.sequence,
        )
    call.at = at
    call.occurred = given.occurred
    call.act_as(given.actor)
    call.unasked = given.unasked
    host_event(call, event, data, given)
    return catch_up(call, at)


class Walk:
    """
    One ticket on its way through many events, without a snapshot between them.

    For replays: each ``fire`` does what ``Workflow.fire`` does and costs less, for the ticket is put
    together only when somebody asks for it. Not to be shared between threads.
    """

    def __init__(self, workflow: Workflow, ticket: Ticket, world: World | None = None) -> None:
        self._call = begin(workflow, ticket, Given(ticket.at, None, world, None))
        self._ticket: Ticket | None = None if self._call.records else ticket
        self.records: list[Record] = self._call.records
        self._before = dict(self._call.draft.__dict__)

    @property
    def ticket(self) -> Ticket:
        """The ticket as it stands."""
        if self._ticket is None:
            self._ticket = self._call.draft.freeze()
        return self._ticket

    @property
    def configuration(self) -> tuple[str, ...]:
        """Where the ticket stands, as on the ticket."""
        return self._call.draft.configuration

    @property
    def wake(self) -> datetime | None:
        """When time alone changes the ticket, as on the ticket."""
        return self._call.draft.wake

    def fire(
        self, event: str, payload: Mapping[str, Any] | None = None, *, at: datetime, actor: Actor | None = None
    ) -> list[Record]:
        """
        What ``Workflow.fire`` does; gives the records.

        Raises:
            Refused: the event is not allowed here and now; the walk stands where it stood.
        """
        given = Given(instant(at), actor, None, None)
        return self._step(given.at, lambda call: _fire(call, event, payload, given))

    def advance(self, *, at: datetime) -> list[Record]:
        """What ``Workflow.advance`` does for the world given at the start; gives the records."""
        return self._step(instant(at), lambda call: catch_up(call, call.at))

    def _step(self, at: datetime, step: Callable[[OneCall], datetime | None]) -> list[Record]:
        call = self._call
        draft = call.draft
        before = dict(draft.__dict__)
        call.renew(at if at >= draft.at else _clamped(draft, at))
        try:
            wake = step(call)
        except BaseException:
            draft.__dict__ = before
            raise
        draft.wake = wake
        if call.records:
            self._ticket = None
        self.records = call.records
        self._before = before
        return call.records

    def step_back(self) -> None:
        """Stand where the walk stood before its last step; only one step is remembered."""
        self._call.draft.__dict__ = self._before
        self._before = dict(self._before)
        self._ticket = None


def advance(workflow: Workflow, ticket: Ticket, given: Given) -> Outcome:
    """One call of ``advance``: what time has set, and slots that another world may fill."""
    call = begin(workflow, ticket, given)
    at = call.at
    wake = ticket.wake
    if call.records or (wake is not None and wake <= at):
        wake = catch_up(call, at)
    stale = _placing.stale(call)
    for plan in stale:
        instead = partial(_placing.pass_over, call, plan, kind="world")
        _look_again(call, at, plan.policy.name, partial(_placing.look, call, plan), instead)
    if stale:
        wake = catch_up(call, at)
    if _appointing.cannot_come(call) is not None:
        _look_again(call, at, "visit", partial(_appointing.recheck, call), lambda _why: _appointing.recheck(call, quiet=True))
        wake = catch_up(call, at)
    if _parts.may_fill(call):
        _look_again(call, at, "parts", partial(_parts.fill, call), lambda _why: _parts.fill(call, quiet=True))
        wake = catch_up(call, at)
    if not call.records:
        return Outcome(ticket=ticket)
    return call.outcome(wake)


def _look_again(call: OneCall, at: datetime, what: str, look: Callable[[], object], instead: Callable[[str], object]) -> None:
    """Decide once more what an older world did not allow, as a step of the system; or what is done where that fails."""
    call.at = at
    call.act_as(SYSTEM)
    assert call.world is not None  # without one nothing is looked at again
    call.cause = f"world:{what}:{call.world.version}:{call.draft.sequence}"
    call.happening = Happening()

    def run(call: OneCall) -> None:
        look()
        settle(call)

    attempt(call, Due(at, run, lambda _call, _code, why: instead(why)), last=True)


def open_ticket(workflow: Workflow, ticket_id: str, fields: Mapping[str, Any] | None, given: Given) -> Outcome:
    """One call of ``open``."""
    given_id: object = ticket_id
    if not isinstance(given_id, str) or not 0 < len(given_id) <= MAX_ID or not storable(given_id):
        raise InputError(
            f"a ticket's id is a text of 1 to {MAX_ID} characters, not {shown(given_id)}", id=shown(given_id), limit=MAX_ID
        )
    again = open_again(workflow, ticket_id, fields, given)
    if again is not None:
        return again
    call = OneCall(workflow, None, given.at, given.world)
    call.occurred = given.occurred
    call.act_as(given.actor)
    draft = call.draft
    draft.id, draft.workflow, draft.at, draft.opened_at = ticket_id, workflow.workflow, given.at, given.at
    values, attributes = split(call, plain_payload(fields, "open"), "open")
    person = given.actor is not None and given.actor != SYSTEM
    move = call.compiled.chart.initial_move()
    call.cause = "open"
    call.record(
        Opened,
        id=ticket_id,
        workflow=workflow.workflow,
        version=workflow.version,
        fields=first_fields(workflow, values),
        given=tuple(sorted({*values, *attributes})) if values or attributes else (),
        person=person,
        attributes=frozen_map(attributes),
        actor=given.actor.id if given.actor is not None else None,
        roles=call.roles,
        occurred=given.occurred,
        configuration=move.configuration,
        entered=move.entered,
        closed=call.compiled.is_closed(move.configuration),
        pins=workflow.pins,
    )
    call.happening = Happening(opened=True, entered=list(move.entered), changed={*values, *attributes, "state"})
    call.happening.queue = call.draft.queue is not None
    for name in move.done:
        call.raise_event(name)
    take_eventless(call)
    settle(call)
    drain(call)
    outcome = call.outcome(catch_up(call, given.at))
    if workflow.compiled.plain_opening is None and opens_plainly(workflow, outcome):
        workflow.compiled.plain_opening = outcome
    return outcome


def fold(workflow: Workflow, records: Iterable[Record]) -> Ticket:
    """The ticket that records amount to."""
    draft = Draft()
    for record in records:
        if draft.sequence == 0 and not isinstance(record, Opened):
            raise InputError("records of a ticket begin with Opened", code="fold")
        if record.sequence != draft.sequence + 1:
            raise InputError(
                f"record {draft.sequence + 1} is missing: the next one given is {record.sequence}",
                code="fold",
                expected=draft.sequence + 1,
                got=record.sequence,
            )
        draft.apply(record)
    if draft.sequence == 0:
        raise InputError("no records were given; a ticket begins with Opened", code="fold")
    draft.wake = wake_of(first_due(workflow.compiled, draft))
    return draft.freeze()


def rerun(workflow: Workflow, received: Iterable[Record], world_at: Any) -> Outcome:
    """A ticket's own received events decided again."""
    outcome: Outcome | None = None
    records: list[Record] = []
    for record in received:
        world = world_at(record.at) if callable(world_at) else world_at
        if isinstance(record, Opened):
            outcome = workflow.open(
                record.id,
                {**{name: record.fields[name] for name in record.given if name in record.fields}, **record.attributes},
                at=record.at,
                actor=_actor(record.actor, record.roles),
                world=world,
                occurred=record.occurred,
            )
        elif isinstance(record, Received) and outcome is not None:
            outcome = workflow.fire(
                outcome.ticket,
                record.event,
                record.payload,
                at=record.clamped or record.at,
                actor=_actor(record.actor, record.roles),
                world=world,
                key=record.key,
                occurred=record.occurred,
            )
        else:
            continue
        records.extend(outcome.records)
    if outcome is None:
        raise InputError("no Opened record was given", code="rerun")
    return Outcome(ticket=outcome.ticket, records=tuple(records))


def _actor(actor: str | None, roles: tuple[str, ...]) -> Actor | None:
    return None if actor is None else Actor(actor, roles)
