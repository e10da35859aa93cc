"""Knows how another target or calendar of a clock is recorded and what falls with it; must not know why it changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from servflow.engine._clock_late import causes
from servflow.model import Amended, ClockRetargeted, ClockRun
from servflow.sla import Clock

if TYPE_CHECKING:
    from servflow.engine._call import OneCall


def retargeted(call: OneCall, clock: Clock, before: ClockRun, after: ClockRun, at: datetime, *, reason: str) -> None:
    """
    Record that a clock has another target or calendar from an instant on.

    Where the breach followed it and does not hold any more, that is amended, with the marks that counted on from it: they
    stay in the records, and the escalations they started end.
    """
    call.record(ClockRetargeted, clock=clock.name, instant=at, run=after, reason=reason)
    take_back(call, clock, taken_back(clock, before, after), after, at, reason=reason)


def taken_back(clock: Clock, before: ClockRun, after: ClockRun) -> list[tuple[str, datetime]]:
    """The breach that followed another target and does not hold any more, with the marks that counted on from it."""
    if before.breached_at is None or after.breached_at is not None:
        return []
    early = {mark.name for mark in clock.early_marks}
    reached = zip(before.marks, before.reached, strict=True)
    return [(mark, was) for mark, was in reached if mark not in early and mark not in after.marks]


def take_back(
    call: OneCall, clock: Clock, marks: Iterable[tuple[str, datetime]], run: ClockRun, at: datetime, *, reason: str
) -> None:
    """Record of marks, each with its instant, that they do not hold any more, and let end what they started."""
    for mark, was in marks:
        call.record(Amended, clock=clock.name, instant=at, run=run, mark=mark, was=was, reason=reason)
        call.amended += causes(call, clock.name, run.cycle, mark, was)


__all__ = ["retargeted", "take_back", "taken_back"]
