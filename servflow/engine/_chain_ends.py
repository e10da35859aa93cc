"""Knows how a run ends, and which of its levels then tell nobody; must not know why it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from servflow import escalation
from servflow.engine._call import Late
from servflow.model import ChainRun, ChainStopped

if TYPE_CHECKING:
    from servflow.engine._call import OneCall


def stop(call: OneCall, run: ChainRun, reason: str) -> None:
    """End a run; levels caught up in the very call that ends it notify nobody."""
    hush(call, lambda late: late.run == (run.chain, run.cause))
    call.record(ChainStopped, run=escalation.stop(run), reason=reason)


def hush(call: OneCall, which: Callable[[Late], bool]) -> None:
    # Levels caught up in a call whose own event acknowledges or ends the run notify nobody.
    if call.own_event:
        for late in [late for late in call.late if which(late)]:
            fold_away(call, late)


def fold_away(call: OneCall, late: Late) -> None:
    record = call.records[late.place]
    call.records[late.place] = attrs.evolve(record, outcome="coalesced")  # type: ignore[call-arg]  # Escalated and Reminded have it
    call.late.remove(late)
