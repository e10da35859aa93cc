"""Knows what one event does to a ticket, step by step; must not know what happens by time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from servflow.engine import (
    _appointed,
    _approval,
    _chain_starts,
    _chains,
    _checklist,
    _children,
    _clocks,
    _helping,
    _parts,
    _placing,
    _rules,
    _shown,
    _timers,
)
from servflow.engine._acting import run_updates
from servflow.engine._assigning import hold_again, release_all
from servflow.engine._builtin import BUILT_IN_EVENTS, perform
from servflow.engine._builtin_chains import RESULTS
from servflow.engine._call import Happening, Internal, OneCall, Retry
from servflow.engine._choosing import Attempt, choose
from servflow.engine._dispatching import ANSWER
from servflow.engine._given import Given
from servflow.engine._moving import enter
from servflow.engine._payloads import typed_payload
from servflow.engine._permit import not_permitted, permitted
from servflow.engine._refusals import with_remedy
from servflow.engine._surveys import ASKED, SKIPPED
from servflow.errors import ExpressionError, LimitError, Refused, nearest
from servflow.model import (
    EMPTY,
    FIRED,
    SYSTEM,
    FrozenMap,
    Received,
    RefusedTimer,
    StateTimer,
    TimerFired,
    TimerRefused,
    frozen_map,
    micros,
    set_off_by,
)
from servflow.statemachine import NOTHING

MAX_EVENTLESS = 100
"""How many eventless transitions may follow each other in one step."""

MAX_INTERNAL = 1_000
"""How many internal events one event or timer may raise before it is stopped as running away."""

MAX_RECORDS = 100_000
"""How many records one call may make; a ticket that slept longer is advanced wake by wake."""

# one step -----------------------------------------------------------------------------------------------------


def host_event(call: OneCall, event: str, payload: FrozenMap[str, Any], given: Given) -> None:
    """
    An event of the host, as one step; then everything it raised.

    Raises:
        Refused: the event is not allowed here and now.
    """
    moves = call.compiled.moves(event)
    if not moves and event not in call.compiled.events:
        close = nearest(event, call.compiled.events)
        raise Refused(
            f"unknown event {event!r}" + (f"; did you mean {close!r}?" if close else ""),
            code="unknown",
            event=event,
            nearest=close,
            known=tuple(sorted(call.compiled.events)),
        )
    if call.compiled.raised.covers(event):
        raise Refused(
            f"{event} is not permitted: the workflow raises it itself",
            code="not_permitted",
            event=event,
            actor=call.actor.id if call.actor is not None else None,
            needs=(),
        )
    attempt = Attempt(event)
    chosen = choose(call, event, payload, attempt)
    granted = False
    built_in = event in BUILT_IN_EVENTS
    if built_in or not moves:
        granted = _granted(call, event)
        spec = call.workflow.events.get(event)
        if granted and not chosen and spec is not None:
            payload = frozen_map(typed_payload(spec.payload, payload, event))
    if not chosen and not granted:
        raise _refusal(call, event, payload, attempt)
    call.own_event, call.unasked = True, False
    sequence = call.draft.sequence + 1
    call.cause = f"event:{sequence}"
    call.record(
        Received,
        event=event,
        payload=payload,
        actor=call.actor.id if call.actor is not None else None,
        roles=call.roles,
        key=given.key,
        occurred=given.occurred,
        clamped=given.at if given.at < call.at else None,
        last_actor=call.compiled.remembered(event),
    )
    call.happening = Happening(event=event, correlator=_found_by(event, payload, given))
    call.payload = payload
    if built_in:
        perform(call, event, payload)
    take(call, event, chosen, attempt)
    settle(call)
    drain(call)  # what the event raised is its doing as well
    call.own_event = False


def _found_by(event: str, payload: FrozenMap[str, Any], given: Given) -> str | None:
    """The correlator whose firing an event is, by the key under which its effects reach tickets or by what it says itself."""
    found = set_off_by(given.key)
    if found is None and event == FIRED and isinstance(payload.get("correlator"), str):
        found = payload["correlator"]
    return found


def _granted(call: OneCall, event: str) -> bool:
    """Whether a built-in event, or one that only clocks and chains listen to, may happen without a transition."""
    spec = call.workflow.events.get(event)
    if event in (_children.OPENED, _children.CLOSED, _children.REOPENED):
        return call.actor == SYSTEM or not call.workflow.roles  # sent by the closing of a child, never by a person
    if event in ("ticket.cancel", "ticket.reopen"):
        return False  # these are only as much as the definition's transitions make of them
    if event in (*RESULTS, FIRED, ANSWER, ASKED, SKIPPED) and call.actor is not None and call.actor.id == SYSTEM.id:
        return True  # the desk tells what its handlers came to
    if event == _checklist.CHECK:
        return _checklist.may_check(call)
    if event in (_approval.APPROVE, _approval.REJECT):
        return _approval.may_vote(call, event)
    if spec is None:
        return call.unasked or not call.workflow.roles
    return permitted(call, spec.allow, spec.not_by)


def _refusal(call: OneCall, event: str, payload: Mapping[str, Any], attempt: Attempt) -> Refused:
    problem = attempt.worst()
    if problem is not None and problem.code == "payload" and (hindrance := _parts.hindrance(call, event)) is not None:
        return hindrance  # whatever came with it would not do
    if problem is not None:
        return with_remedy(call, attempt, problem, payload, form=False)
    if event in (_approval.APPROVE, _approval.REJECT):
        return _approval.why_not(call, event)
    if event == _checklist.CHECK:
        return _checklist.why_not(call)
    spec = call.workflow.events.get(event)
    if event in BUILT_IN_EVENTS and event not in ("ticket.cancel", "ticket.reopen"):
        return not_permitted(call, event, spec.allow if spec else (), spec.not_by if spec else None)
    allowed = call.compiled.sources_of(event)
    if not allowed and not call.compiled.moves(event) and event not in BUILT_IN_EVENTS:
        return not_permitted(call, event, spec.allow if spec else (), None)
    return Refused(
        f"{event} is not allowed in state {call.draft.state}; it is in {', '.join(allowed) or 'no state'}",
        code="not_here",
        event=event,
        state=call.draft.state,
        allowed_in=allowed,
    )


def internal_event(call: OneCall, event: str, payload: FrozenMap[str, Any], changed: set[str]) -> None:
    """
    An event the workflow raised itself, as one step; recorded and dropped where nothing handles it.

    What raised it may have occurred earlier; then so did this, and clocks count from there.
    """
    call.act_as(SYSTEM)
    attempt = Attempt(event)
    chosen = choose(call, event, payload, attempt)
    call.cause = f"event:{call.draft.sequence + 1}"
    call.record(Received, event=event, payload=payload, actor=SYSTEM.id, internal=True)
    call.happening = _carried(call, changed)
    call.happening.event = event
    call.payload = payload
    take(call, event, chosen, attempt)
    settle(call)


def timer_event(call: OneCall, timer: StateTimer) -> None:
    """A state's timer ran out: its event as one step, in the name of the system; or a note of why it was refused."""
    call.act_as(SYSTEM)
    attempt = Attempt(timer.event)
    chosen = choose(call, timer.event, EMPTY, attempt)
    if not chosen:
        problem = attempt.worst()
        guards = [link.guard for link, _ in attempt.problems if link.guard is not None]
        reads = {name for guard in guards for name in call.compiled.depends_on(guard)}
        refused = RefusedTimer(timer=timer, reads=tuple(sorted(reads)))
        why = problem.message if problem is not None else f"nothing takes {timer.event} in {call.draft.state}"
        call.record(TimerRefused, refused=refused, code=problem.code if problem else "not_here", why=why)
        return
    reads = {name for index in chosen for name in call.compiled.read_by(index)}
    call.cause = f"timer:{timer.state}.{timer.index}:{timer.generation}:{micros(timer.due)}"
    before = call.savepoint()
    try:
        call.record(TimerFired, timer=timer)
        call.happening = Happening(event=timer.event)
        call.payload = EMPTY
        take(call, timer.event, chosen, attempt)
        settle(call)
    except (Refused, ExpressionError) as error:
        # A timer has nobody to be told: the ticket goes on and says why the timer came to nothing.
        call.rollback(before)
        refused = RefusedTimer(timer=timer, reads=tuple(sorted(reads)))
        call.record(TimerRefused, refused=refused, code=error.code, why=error.message)


def take(call: OneCall, event: str | None, chosen: tuple[int, ...], attempt: Attempt) -> None:
    """
    Take the chosen transitions of an event, then eventless ones until none holds.

    Raises:
        Refused: an update cannot be computed, or its value does not fit.
        LimitError: eventless transitions go round without end.
    """
    if chosen:
        _move(call, event, chosen, attempt)
    take_eventless(call)


def take_eventless(call: OneCall) -> None:
    """
    Take eventless transitions until none holds.

    Raises:
        LimitError: they go round without end.
    """
    if not call.compiled.has_eventless:
        return
    trail: list[str] = []
    while True:
        attempt = Attempt("an eventless transition")
        chosen = choose(call, None, EMPTY, attempt)
        if not chosen:
            return
        trail.append(call.draft.state)
        if len(trail) > MAX_EVENTLESS:
            raise LimitError(
                f"eventless transitions go round without end: {' -> '.join(trail[-6:])}",
                code="eventless",
                cycle=tuple(trail[-6:]),
            )
        _move(call, None, chosen, attempt)


def _move(call: OneCall, event: str | None, chosen: tuple[int, ...], attempt: Attempt) -> None:
    compiled, draft = call.compiled, call.draft
    move = compiled.chart.apply(draft.configuration, draft.history or NOTHING, chosen)
    for index in move.order:
        link = compiled.links[index]
        if link.updates:
            call.payload = attempt.payloads.get(index, call.payload)
            call.scope_cache = None
            run_updates(call, link.updates)
    enter(call, move, event)


def settle(call: OneCall) -> None:
    """After the event: rules, then clocks, chains, dispatch and timers react to what is now."""
    happening = call.happening
    if call.compiled.views:
        _shown.react(call)
    if call.workflow.rules and (happening.opened or happening.changed):
        _rules.react(call)
    if call.compiled.clocks:
        _clocks.react(call)
    if call.compiled.chains or call.amended:
        _chains.react(call)
    if call.draft.helping:
        _helping.react(call)
    if happening.closed and call.draft.closed and call.draft.held:
        release_all(call)
    elif happening.reopened:
        hold_again(call)
    if call.draft.appointment is not None:
        _appointed.react(call)
    if call.draft.parts:
        _parts.react(call)
    if call.draft.parent is not None:
        _children.tell_parent(call)
    if call.compiled.slots:
        before, queued = set(happening.changed), happening.queue
        _placing.react(call)
        if happening.queue and not queued:
            call.left_queue = happening.came_from
        # What dispatch changed comes after rules and clocks have looked: the next step shows it to them.
        call.carried |= happening.changed - before
    _timers.arm(call)
    _retry(call)


def _retry(call: OneCall) -> None:
    happening = call.happening
    for refused in call.draft.refused_timers:
        if happening.changed & set(refused.reads):
            call.queue.append(Retry(refused))


def drain(call: OneCall) -> None:
    """
    Let every queued step happen, each as a step of its own at the present instant.

    Raises:
        LimitError: they raise each other without end.
    """
    count = 0
    while _next_step(call):
        count += 1
        check_budget(call)
        if count > MAX_INTERNAL:
            raise LimitError(
                f"more than {MAX_INTERNAL} internal events in one call; {call.workflow.workflow} raises events in a circle",
                code="internal_events",
                limit=MAX_INTERNAL,
            )


def check_budget(call: OneCall) -> None:
    """
    Stop a call that makes records without end.

    Raises:
        LimitError: with code ``budget``; the ticket is unchanged.
    """
    if len(call.records) > MAX_RECORDS:
        raise LimitError(
            f"more than {MAX_RECORDS} records in one call; {call.workflow.workflow} sets off too much, "
            "or the ticket slept for very long: then advance it to its wake, again and again",
            code="budget",
            limit=MAX_RECORDS,
        )


def _next_step(call: OneCall) -> bool:
    """Let one more step happen, if there is any: a raised event, a retry, a look at what changed, an eventless move."""
    changed, call.carried = call.carried, set()
    if not call.queue:
        if changed:
            call.happening = _carried(call, changed)
            settle(call)
            return True
        return call.compiled.has_eventless and _became_possible(call)
    item = call.queue.popleft()
    if isinstance(item, Internal):
        internal_event(call, item.event, item.payload, changed)
        return True
    call.carried |= changed
    if isinstance(item, Retry):
        if item.refused in call.draft.refused_timers:
            occurred, call.occurred = call.occurred, None
            timer_event(call, item.refused.timer)
            call.occurred = occurred
    else:
        _chain_starts.by_action(call, item)
    return True


def _carried(call: OneCall, changed: set[str]) -> Happening:
    """What a step shows of what dispatch changed in the one before; of the queue only dispatch changes it so late."""
    queue = "queue" in changed
    return Happening(changed=changed, queue=queue, came_from=call.left_queue if queue else None)


def _became_possible(call: OneCall) -> bool:
    """Take eventless transitions whose condition rules, levels or dispatch have made true meanwhile."""
    before = len(call.records)
    call.act_as(SYSTEM)
    call.happening = Happening()
    call.payload = EMPTY
    take_eventless(call)
    if len(call.records) == before:
        return False
    settle(call)
    return True


__all__ = ["check_budget", "drain", "host_event", "internal_event", "settle", "take", "take_eventless", "timer_event"]
