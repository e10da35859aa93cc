"""Knows when the timers of states are set, rest and go on; must not know what happens when one runs out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from servflow.escalation._spans import later, regained, time_left
from servflow.model import RestingTimer, StateTimer, TimerRested, TimerSet

if TYPE_CHECKING:
    from datetime import datetime

    from servflow.engine._call import OneCall
    from servflow.engine._definition import Timer
    from servflow.statemachine import Move

KEEPING = ("deadline", "remaining")
"""The ways to resume for which something is kept while the state is left."""


def arm(call: OneCall) -> None:
    """Set the timers of the states that were entered and are still active, in the order they were entered."""
    timed = call.compiled.timed_states
    if timed:
        for state in call.happening.entered:
            if state in timed and state in call.draft.entered:
                _arm(call, state, timed[state])


def _arm(call: OneCall, state: str, timers: tuple[Timer, ...]) -> None:
    # A deep history around an active state enters it once more without leaving it; what was set or refused stays so.
    waiting = (*call.draft.timers, *(refused.timer for refused in call.draft.refused_timers))
    armed = {timer.index for timer in waiting if timer.state == state}
    for index, timer in enumerate(timers):
        if index in armed:
            continue
        generation = call.draft.sequence + 1
        due = _due(call, state, index, timer)
        call.record(TimerSet, timer=StateTimer(state=state, index=index, event=timer.event, due=due, generation=generation))


def _due(call: OneCall, state: str, index: int, timer: Timer) -> datetime:
    calendar = call.compiled.calendar(timer.calendar)
    for resting in call.draft.resting_timers:
        if (resting.timer.state, resting.timer.index) == (state, index):
            # What passed outside is due at the entry: nothing happens before the state it belongs to is active.
            if timer.resume == "deadline":
                return max(resting.timer.due, call.at)
            if timer.resume == "remaining" and resting.left is not None:
                return regained(timer.after, call.at, resting.left, calendar)
    return later(timer.after, call.at, calendar)


def leaving(call: OneCall, move: Move) -> list[RestingTimer]:
    """What is to be kept of the timers in the states a move leaves, taken before it is made."""
    draft = call.draft
    if not draft.timers and not draft.refused_timers:
        return []
    timed = call.compiled.timed_states
    found = []
    for timer in (*draft.timers, *(refused.timer for refused in draft.refused_timers)):
        declared = timed.get(timer.state, ())
        if timer.state not in move.exited or timer.index >= len(declared):
            continue
        spec = declared[timer.index]
        if spec.resume in KEEPING:
            left = None
            if spec.resume == "remaining":
                left = time_left(spec.after, call.at, timer.due, call.compiled.calendar(spec.calendar))
                left = None if left == timedelta.max else left  # its calendar never opens again
            found.append(RestingTimer(timer=timer, left=left))
    return found


def rest(call: OneCall, kept: list[RestingTimer]) -> None:
    """Record what is kept of timers whose state was left."""
    for resting in kept:
        call.record(TimerRested, resting=resting)
