"""Knows what a move of the machine means for the ticket: closed, reopened, completion; must not know why it moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from servflow.engine import _timers
from servflow.model import FrozenMap, Moved

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.statemachine import Move


def enter(call: OneCall, move: Move, event: str | None) -> None:
    """Record a move of the machine and what it means: closed or reopened, completion events."""
    compiled, draft, happening = call.compiled, call.draft, call.happening
    closed = compiled.is_closed(move.configuration)
    reopened = draft.closed and not closed
    history = draft.history if move.history == draft.history else FrozenMap(move.history)
    kept = [] if reopened or not compiled.timed_states else _timers.leaving(call, move)
    call.record(
        Moved,
        event=event,
        exited=move.exited,
        entered=move.entered,
        configuration=move.configuration,
        history=history,
        transitions=move.order,
        closed=closed,
        reopened=reopened,
    )
    if kept:
        _timers.rest(call, kept)
    happening.changed.add("state")
    happening.exited.extend(move.exited)
    happening.entered.extend(move.entered)
    happening.reopened = happening.reopened or reopened
    happening.closed = closed and (happening.closed or bool(move.entered))
    for name in move.done:
        call.raise_event(name)
