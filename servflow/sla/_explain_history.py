"""Knows how a bare history of operations becomes a timeline; must not know how its steps and rows are worked out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from servflow.calendars import OpenTime
from servflow.sla._clock import Clock
from servflow.sla._course import Course, Turn
from servflow.sla._explain import Around, explain_idle, run_of, timeline_of
from servflow.sla._history import asked, entries_of, played
from servflow.sla._time import target
from servflow.sla._timeline import Timeline

_KINDS: Mapping[str, str] = {
    "start": "started",
    "pause": "paused",
    "resume": "resumed",
    "stop": "stopped",
    "cancel": "stopped",
    "reset": "reset",
}


def explain_history(
    clock: Clock,
    calendar: OpenTime | None,
    history: Iterable[Sequence[Any]],
    at: datetime,
    *,
    cycle: int | None = None,
    zone: str | None = None,
) -> Timeline:
    """
    ``explain`` for a history of operations, for hosts without a workflow; the first four are as ``run`` takes them.

    Args:
        cycle: an earlier cycle; the latest unless given.
        zone: in which instants are told; unless given the calendar's, and UTC without a calendar.

    Raises:
        TimeError: an instant is naive.
        InputError: an entry of the history is no pair of instant and operation, or there is no such cycle or zone.
        DefinitionError: every target has a condition, or business days are asked for without a calendar.
    """
    now, span, cal = asked(clock, calendar, at)
    turns = tuple(
        Turn(kind=_KINDS[operation], instant=when, told=when, run=run)
        for when, operation, run in played(clock, span, cal, entries_of(history, now))
    )
    latest = turns[-1].run if turns else None
    if latest is None and cycle is None:
        return explain_idle(clock, now, target(span, cal, now), cal, zone=zone)
    if latest is None or (cycle is not None and cycle != latest.cycle):
        latest = run_of(turns, clock.name, cycle, 0 if latest is None else latest.cycle)
    return timeline_of(clock, latest, now, Course(turns).cycle(latest.cycle), Around(lambda _: cal, cal, zone))
