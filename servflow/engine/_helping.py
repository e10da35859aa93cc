"""Knows how helpers and watchers come to a ticket and leave it, and the clocks of helpers; must not know who asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from servflow.engine._chain_plans import calendars
from servflow.engine._payloads import lacking, refuse
from servflow.engine._raised import BREACHED, tell
from servflow.errors import Refused
from servflow.escalation import Level
from servflow.escalation._counting import counted
from servflow.escalation._spans import later
from servflow.model import (
    MAX_HELPERS,
    MAX_WATCHERS,
    SYSTEM,
    Action,
    Assign,
    Assigned,
    FrozenMap,
    HelperBreached,
    HelperEnded,
    HelperPromise,
    HelperStarted,
    Unreachable,
    Watched,
    micros,
)

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

DONE, REMOVE, WATCH, UNWATCH = "helper.done", "helper.remove", "ticket.watch", "ticket.unwatch"


# helpers --------------------------------------------------------------------------------------------------------


def add_helper(call: OneCall, person: str, source: str, promise: Level | None, because: str = "") -> None:
    """
    Let somebody help; with a promise, by when they are to be done.

    Somebody who helps already keeps the clock they have; one without a clock gets it now.
    """
    draft = call.draft
    if person not in draft.helpers:
        if len(draft.helpers) >= MAX_HELPERS:
            call.effect(Unreachable, source, to=person, reason=f"the ticket has {MAX_HELPERS} helpers already")
            return
        call.record(Assigned, slot="helper", to=person, previous=None, source=source, because=because)
        call.effect(Assign, source, person, slot="helper", to=person, previous=None)
        call.happening.changed.add("helpers")
    if promise is not None and person not in draft.helping and not draft.closed:
        _promise(call, person, source, promise)


def _promise(call: OneCall, person: str, source: str, promise: Level) -> None:
    at = max(call.effective, call.draft.opened_at)
    # As a level counts that addresses this one person.
    own = attrs.evolve(promise, do=(Action("add_helper", FrozenMap({"to": FrozenMap({"user": person})})),))
    counts, found = counted(calendars(call), own, at)
    made = HelperPromise(
        since=at,
        within=promise.after.text,
        due=later(promise.after, at, counts),
        calendar=promise.named,
        counted_in=found,
    )
    call.record(HelperStarted, helper=person, promise=made, source=source)


def end_helper(call: OneCall, person: str, outcome: str, source: str, reason: str = "") -> None:
    """
    A helper is done or removed, and their clock with them.

    Done by the due instant is in time, also where that is told late and the breach was recorded meanwhile; runs of
    chains that it started end then.
    """
    had = call.draft.helping.get(person)
    promise = None if had is None else _kept(call, had)
    if had is not None and promise != had and not _others_were_late(call, person, had.due):
        call.amended.append(f"event:{BREACHED}")  # what that started has no reason any more
    by = call.actor.id if call.actor is not None else None
    call.record(HelperEnded, helper=person, outcome=outcome, promise=promise, by=by, reason=reason, source=source)
    call.effect(Assign, source, person, slot="helper", to=None, previous=person)
    call.happening.changed.add("helpers")


def _kept(call: OneCall, promise: HelperPromise) -> HelperPromise:
    """The promise as it ends now: without its breach where what ends it occurred in time."""
    return attrs.evolve(promise, breached_at=None) if call.effective <= promise.due else promise


def _others_were_late(call: OneCall, person: str, due: datetime) -> bool:
    """Whether another helper is late, or was before this one, so that what breaches began has its reason."""
    if any(other.breached_at for name, other in call.draft.helping.items() if name != person):
        return True
    return any(run.started_at < due for run in call.draft.chains if run.cause == f"event:{BREACHED}")


def react(call: OneCall) -> None:
    """Stop the clocks of helpers when the ticket closes; what closed it may be told late, as being done may."""
    if call.happening.closed and call.draft.closed:
        for person, promise in call.draft.helping.items():
            ended = _kept(call, promise)
            call.record(HelperEnded, helper=person, outcome="closed", promise=ended, reason="the ticket closed")


def instants(helping: Mapping[str, HelperPromise]) -> list[tuple[datetime, str]]:
    """When each clock of a helper is due that is not breached yet, and whose it is."""
    return [(promise.due, person) for person, promise in helping.items() if promise.breached_at is None]


def breach(call: OneCall, person: str, *, quiet: bool = False) -> None:
    """Time went past the due instant of a helper: record it at that instant, and tell those who listen, unless quiet."""
    promise = call.draft.helping[person]
    call.cause = f"helper:{person}@{micros(promise.due)}"
    call.record(HelperBreached, helper=person, promise=attrs.evolve(promise, breached_at=promise.due))
    if not quiet:
        tell(call, BREACHED, {"helper": person, "due": promise.due})


# watchers -------------------------------------------------------------------------------------------------------


def watch(call: OneCall, person: str, source: str, because: str = "") -> None:
    """Let somebody watch; nothing happens where they do."""
    if person in call.draft.watchers:
        return
    if len(call.draft.watchers) >= MAX_WATCHERS:
        call.effect(Unreachable, source, to=person, reason=f"{MAX_WATCHERS} people watch the ticket already")
        return
    call.record(Watched, who=person, source=source, because=because)
    call.effect(Assign, source, person, slot="watcher", to=person, previous=None)
    call.happening.changed.add("watchers")


def unwatch(call: OneCall, person: str, source: str) -> None:
    """Let somebody watch no longer; nothing happens where they do not."""
    if person in call.draft.watchers:
        call.record(Watched, who=person, watching=False, source=source)
        call.effect(Assign, source, person, slot="watcher", to=None, previous=person)
        call.happening.changed.add("watchers")


# what people say ------------------------------------------------------------------------------------------------


def done(call: OneCall, payload: Mapping[str, Any]) -> None:
    """A helper says that they are done; nobody else can."""
    actor = call.actor.id if call.actor is not None else None
    if actor not in call.draft.helpers:
        raise Refused(
            f"{DONE} is not permitted: {actor} does not help with this ticket",
            code="not_permitted",
            event=DONE,
            actor=actor,
            needs=call.draft.helpers,
        )
    end_helper(call, str(actor), "done", DONE, _reason(DONE, payload))


def remove(call: OneCall, payload: Mapping[str, Any]) -> None:
    """Somebody sends a helper away."""
    who = _who(REMOVE, payload)
    if who is None:
        raise lacking(REMOVE, "who")
    if who not in call.draft.helpers:
        said = f"{who} does not help with this ticket"
        raise refuse(REMOVE, said, field="who", value=who, helpers=call.draft.helpers)
    end_helper(call, who, "removed", REMOVE, _reason(REMOVE, payload))


def start_watching(call: OneCall, payload: Mapping[str, Any]) -> None:
    """Somebody watches, or lets somebody else watch."""
    watch(call, _watcher(call, WATCH, payload), WATCH)


def stop_watching(call: OneCall, payload: Mapping[str, Any]) -> None:
    """Somebody watches no longer, or stops somebody else."""
    who = _watcher(call, UNWATCH, payload)
    if who not in call.draft.watchers:
        raise refuse(UNWATCH, f"{who} does not watch this ticket", field="who", value=who, watchers=call.draft.watchers)
    unwatch(call, who, UNWATCH)


def _watcher(call: OneCall, event: str, payload: Mapping[str, Any]) -> str:
    who = _who(event, payload)
    if who is not None:
        return who
    if call.actor is None or call.actor == SYSTEM:
        raise lacking(event, "who")
    return call.actor.id


def must_name(call: OneCall, event: str) -> bool:
    """Whether whoever asks has to say who is to watch, or no longer to: they cannot mean themselves."""
    if call.actor is None or call.actor == SYSTEM:
        return event in (WATCH, UNWATCH)
    return event == UNWATCH and call.actor.id not in call.draft.watchers


def _who(event: str, payload: Mapping[str, Any]) -> str | None:
    who = payload.get("who")
    if who is not None and (not isinstance(who, str) or not 0 < len(who) <= 200):
        raise refuse(event, f"who is a text of at most 200 characters, not {who!r}", field="who", value=who)
    return who


def _reason(event: str, payload: Mapping[str, Any]) -> str:
    reason = payload.get("reason") or ""
    if not isinstance(reason, str) or len(reason) > 1_000:
        raise refuse(event, f"reason is a text of at most 1000 characters, not {reason!r}", field="reason", value=reason)
    return reason
