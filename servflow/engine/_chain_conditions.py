"""Knows when a condition of a trigger becomes true on a ticket; must not know what then begins."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from servflow.engine._draft import Draft
from servflow.errors import Refused

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._chain_plans import ChainPlan
    from servflow.engine._chain_triggers import Beginning


def became_true(call: OneCall, plan: ChainPlan, beginning: Beginning) -> bool:
    """
    Whether a condition holds now, on an open ticket unless it counts on closed ones too, and did not when asked before.

    What it was before is not kept on the ticket. A condition reads the ticket and no time; so before the call it was what it
    is on the ticket as the call found it, and whoever ticks, and how often, makes no difference.

    Raises:
        Refused: it cannot be decided on these values, and could before.
    """
    key = (plan.chain.name, beginning.head)
    known = key in call.held
    before: bool | Refused = call.held[key] if known else False
    now = _holds(call, beginning)
    if now is not False and not known:  # what does not hold has not become true, whatever it was
        before = now if _untouched(call, beginning) else _before(call, beginning)
    if not known or before is not now:
        call.held = {**call.held, key: now}  # a new mapping: where a step is undone, what was seen is undone too
    if isinstance(now, Refused):
        if isinstance(before, Refused):
            return False
        raise now
    return now and before is not True


def _untouched(call: OneCall, beginning: Beginning) -> bool:
    """Whether all that a condition reads is the very same as when the call began; a quick yes, no proof of a change."""
    base, draft, fields = call.base, call.draft, beginning.fields
    if base is None or fields is None or base.closed != draft.closed:
        return False
    before, now = base.fields, draft.fields
    if before is not now and any(before.get(name) is not now.get(name) for name in fields):
        return False
    return all(getattr(base, name) is getattr(draft, name) for name in beginning.attributes)


def _before(call: OneCall, beginning: Beginning) -> bool | Refused:
    """What the condition was on the ticket as the call found it; nothing holds before a ticket is opened."""
    if call.base is None:
        return False
    aside = copy.copy(call)
    aside.draft, aside.scope_cache, aside.recording = Draft(call.base), None, False
    return _holds(aside, beginning)


def _holds(call: OneCall, beginning: Beginning) -> bool | Refused:
    when, _ = beginning.ways[0]
    if call.draft.closed and not beginning.trigger.closed:
        return False
    try:
        return call.holds(when, "start of a chain")
    except Refused as error:
        return error
