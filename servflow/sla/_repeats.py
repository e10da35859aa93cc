"""Knows which repetition of a mark comes next and which of them are kept; must not know what a mark sets off."""

from __future__ import annotations

from datetime import datetime, timedelta

from servflow.calendars import OpenTime
from servflow.model import ClockRun, Segment
from servflow.sla._clock import Clock
from servflow.sla._parts import Mark
from servflow.sla._time import after, between

KEPT = 64
"""How many repetitions of one mark a run keeps, the latest; the number of the last tells how many there were."""


def upcoming(mark: Mark, reached: tuple[str, ...], beyond: timedelta) -> tuple[timedelta, str] | None:
    """
    The next repetition of a mark: how much after the breach it lies, and its name; None where there are no more.

    Repetitions that another calendar or target has put behind are one: only the latest of them happens.

    Args:
        reached: the marks the run has reached.
        beyond: what is counted from the breach to the instant before which nothing can happen any more.
    """
    assert mark.every is not None
    number = max((mark.number(name) for name in reached), default=0) + 1
    number = max(number, beyond // mark.every)
    return None if number > mark.times else (mark.every * number, mark.numbered(number))


def noted(clock: Clock, run: ClockRun, name: str, at: datetime) -> tuple[tuple[str, ...], tuple[datetime, ...]]:
    """The marks reached and their instants with one more; of one that repeats the oldest makes room."""
    marks, reached = run.marks, run.reached
    mark = next((item for item in clock.late_marks if item.number(name)), None)
    if mark is not None:
        mine = [place for place, known in enumerate(marks) if mark.number(known)]
        if len(mine) >= KEPT:
            gone = mine[0]
            marks, reached = marks[:gone] + marks[gone + 1 :], reached[:gone] + reached[gone + 1 :]
    return (*marks, name), (*reached, at)


def forgotten(
    clock: Clock, run: ClockRun, to: datetime, cal: OpenTime | None
) -> tuple[list[tuple[str, datetime]], list[tuple[str, datetime]]]:
    """
    What a run that goes back to an instant says of repetitions it no longer keeps.

    Returns:
        Those that stay the last ones before that instant, and those that have not happened after all, each with its
        instant, as *cal* counts it, also where another calendar counted then. Nothing where what is kept reaches far
        enough back.
    """
    stay: list[tuple[str, datetime]] = []
    undone: list[tuple[str, datetime]] = []
    for mark in clock.late_marks:
        if mark.every is None or run.breached_at is None:
            continue
        mine = [(mark.number(name), at) for name, at in zip(run.marks, run.reached, strict=True) if mark.number(name)]
        if len(mine) < KEPT or mine[0][1] < to:
            continue
        base = counted_until(run.folded, run.segments, run.breached_at, cal)
        # By its instant and not by what is counted until *to*: what is used up at closing time has happened by night.
        told = [(mark.numbered(n), _instant(run, base + mark.every * n, cal)) for n in range(1, mine[0][0])]
        stay += [item for item in told if item[1] < to][-1:]
        undone += [item for item in told if item[1] >= to]
    return stay, undone


def counted_until(folded: timedelta, segments: tuple[Segment, ...], at: datetime, cal: OpenTime | None) -> timedelta:
    """Counted time up to an instant that may lie in the past, over the segments kept and the amount before them."""
    total = folded
    for item in segments:
        if item.start >= at:
            break
        total += between(cal, item.start, at if item.end is None else min(item.end, at))
    return total


def _instant(run: ClockRun, amount: timedelta, cal: OpenTime | None) -> datetime:
    total = run.folded
    for item in run.segments:
        at = after(cal, item.start, amount - total) or item.start
        if item.end is None or at < item.end:  # what is used up as a pause begins happens at the resume
            return at
        total += between(cal, item.start, item.end)
    return run.started_at


__all__ = ["counted_until", "forgotten", "noted", "upcoming"]
