"""Knows how the course of a clock is laid out as a table; must not know how it is shown."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from servflow.calendars import OpenTime
from servflow.model import ClockRun, write_instant
from servflow.sla._clock import Clock
from servflow.sla._fold import origin
from servflow.sla._time import ZERO, between

_SECOND = timedelta(seconds=1)


@frozen
class Row:
    """
    One stretch of a clock's course, half-open.

    ``phase`` is ``running``, ``paused``, or ``folded`` for a past that is kept as one amount only.
    ``elapsed`` is time as it passed, ``counted`` what the calendar counted of it, ``total`` all that is
    counted to its end.
    """

    start: datetime
    end: datetime
    phase: str
    elapsed: timedelta
    counted: timedelta
    total: timedelta

    def to_data(self) -> dict[str, Any]:
        """JSON-ready: instants as RFC 3339 in UTC, lengths in seconds."""
        return {
            "start": write_instant(self.start),
            "end": write_instant(self.end),
            "phase": self.phase,
            "elapsed": self.elapsed / _SECOND,
            "counted": self.counted / _SECOND,
            "total": self.total / _SECOND,
        }


def explain(clock: Clock, run: ClockRun, at: datetime, cal: OpenTime | None) -> tuple[Row, ...]:
    """
    The course of the open cycle up to an instant or its end, stretch by stretch.

    The rows touch, leave out stretches of no length, and the last ``total`` is what is counted at
    *at*. Before the start there are none.
    """
    end = at if run.stopped_at is None else min(at, run.stopped_at)
    rows: list[Row] = []
    place, total = run.started_at, ZERO
    known = origin(run)
    if known > place or run.folded:
        place, total = max(place, min(known, end)), run.folded
        rows.append(Row(run.started_at, place, "folded", place - run.started_at, total, total))
    for segment in run.segments:
        if segment.start >= end:
            break
        if segment.start > place:
            rows.append(Row(place, segment.start, "paused", segment.start - place, ZERO, total))
        place = end if segment.end is None else min(segment.end, end)
        counted = between(cal, segment.start, place)
        total += counted
        rows.append(Row(segment.start, place, "running", place - segment.start, counted, total))
    if end > place:
        rows.append(Row(place, end, "paused", end - place, ZERO, total))
    return tuple(rows)
