"""Knows how a level does what it can where an action or a condition of it fails; must not know whom it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from servflow.engine._acting import evaluate, run_updates
from servflow.errors import ExpressionError, LimitError, Refused
from servflow.model import FrozenMap, Unreachable, freeze

if TYPE_CHECKING:
    from servflow.engine._actions import Update
    from servflow.engine._call import OneCall
    from servflow.expressions import Expression

_REACHING = {"call": "name", "open": "workflow", "send": "event"}


def act(call: OneCall, updates: tuple[Update, ...]) -> tuple[str, ...]:
    """
    Carry out what can be carried out; an action that fails is undone by itself and the rest goes on.

    Nobody waits for a level who could be told of a refusal, and a value that does not fit must not keep those above from
    hearing of the ticket. A notification goes out without the data that cannot be computed.

    Returns:
        Why each action failed that did.
    """
    failed = []
    for update in updates:
        if not update.values and update.kind != "open":  # nothing of it can fail
            run_updates(call, (update,))
            continue
        before, happening = call.savepoint(), call.happening
        try:
            run_updates(call, (update,))
        except (Refused, ExpressionError, LimitError) as error:
            call.rollback(before)
            call.happening = happening  # what the actions before it changed has happened
            failed.append(f"{update.kind} failed: {error.message}"[:500])
            if update.kind in _REACHING:  # the host hears that nobody was asked
                to = f"{update.kind} {update.parts.get(_REACHING[update.kind])}"
                call.effect(Unreachable, update.path, to=to, reason=failed[-1])
            if update.kind == "notify":
                known = data_of(call, update)
                run_updates(
                    call, (attrs.evolve(update, values={name: update.values[name] for name in update.values if name in known}),)
                )
    return tuple(failed)


def data_of(call: OneCall, update: Update) -> FrozenMap[str, Any]:
    """The data of a notification as they are now, without what cannot be computed."""
    found = {}
    for name, expression in update.values.items():
        try:
            found[name] = freeze(evaluate(call, expression, f"{update.path}.{name}"))
        except Refused:
            continue
    return FrozenMap(found)


def doubt(call: OneCall, condition: Expression | None, what: str) -> str | None:
    """Why a condition is not met: that it does not hold, or that it cannot be decided; None where it holds."""
    if condition is None:
        return None
    try:
        return None if call.holds(condition, what) else f"{condition.text} does not hold"
    except Refused as error:
        return error.message[:500]
