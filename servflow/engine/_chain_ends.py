"""Knows how a run ends, and which of its levels then tell nobody; must not know why it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from servflow import escalation
from servflow.engine._call import Late
from servflow.model import ChainRun, ChainStopped

if TYPE_CHECKING:
    from servflow.engine._call import OneCall


def stop(call: OneCall, run: ChainRun, reason: str) -> None:
    """End a run; levels caught up in the very call that ends it notify nobody."""
    hush(call, lambda late: late.of(run), f"the call that caught it up ended the run: {reason}")
    call.record(ChainStopped, run=escalation.stop(run), reason=reason)


def hush(call: OneCall, which: Callable[[Late], bool], why: str) -> None:
    """Levels caught up in a call whose own event, or what it raised, acknowledges or ends the run notify nobody."""
    if call.own_event:
        for late in [late for late in call.late if which(late)]:
            fold_away(call, late, why)


def fold_away(call: OneCall, late: Late, why: str) -> None:
    """Let what a level or reminder would have said go unsaid; its record tells why, and whom it would have told."""
    record: Any = call.records[late.place]
    call.records[late.place] = attrs.evolve(record, outcome="coalesced", why=(*record.why, why))
    call.late.remove(late)
