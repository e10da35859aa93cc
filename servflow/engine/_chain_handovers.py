"""Knows how often runs may set each other off in a row; must not know by what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from servflow.model import ChainResumed, ChainRun, ChainStopped, Unreachable, replace

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

MAX_HANDED_ON = 25
"""
How many runs may set each other off in a row while nothing else happens.

A circle of levels that surely goes round is refused at load. One through events, states and conditions may end by itself,
which nobody can tell then; so it is counted on the runs, and a ticket never tells the same people for ever.
"""


def handed_on(call: OneCall, run: ChainRun) -> ChainRun | None:
    """The run with its place in such a row, as it is about to be put on the ticket; None where the row is too long."""
    if not call.handed:
        return run
    if call.handed <= MAX_HANDED_ON:
        return replace(run, handed=call.handed)
    why = f"chains have set each other off {MAX_HANDED_ON} times in a row, and nothing else has happened"
    call.record(ChainStopped, run=replace(run, phase="done", due=None), reason=f"it did not begin: {why}")
    call.effect(Unreachable, f"escalations.{run.chain}", to=f"chain {run.chain}", reason=why)
    return None


def may_go_back(call: OneCall, run: ChainRun) -> bool:
    """Whether a live run may be sent to a level it has passed, which is a climb anew; where the row is too long it goes on."""
    if call.handed <= MAX_HANDED_ON:
        return True
    why = f"it was not sent back: chains have set each other off {MAX_HANDED_ON} times in a row"
    call.record(ChainResumed, run=run, reason=why)
    return False
