"""Knows what calls exercised, read off their records and refusals in the most obvious way; must not know coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from servflow.errors import Refused
from servflow.model import (
    Breached,
    ClockStarted,
    Decided,
    Escalated,
    Moved,
    Opened,
    Received,
    Record,
    TimerFired,
    TimerRefused,
    Warned,
)

_PASSED_OVER = ("skipped", "stopped")
"""What becomes of a level that nobody reached."""


def happened(records: Iterable[Record]) -> Counter[tuple[str, ...]]:
    """How often each state was entered, each transition taken, each timer fired and so on."""
    found: Counter[tuple[str, ...]] = Counter()
    for record in records:
        if isinstance(record, (Opened, Moved)):
            for state in record.entered:
                found["state", state] += 1
        if isinstance(record, Moved):
            for place in record.transitions:
                found["transition", str(place)] += 1
        if isinstance(record, TimerFired):
            found["timer", record.timer.state, str(record.timer.index)] += 1
        if isinstance(record, ClockStarted):
            found["clock", record.clock, "start"] += 1
        if isinstance(record, Breached):
            found["clock", record.clock, "breach"] += 1
        if isinstance(record, Warned):
            found["clock", record.clock, record.mark.split(" #")[0]] += 1
        if isinstance(record, Escalated) and record.outcome not in _PASSED_OVER:
            found["level", record.run.chain, record.name] += 1
        if isinstance(record, Decided) and record.maker in ("rule", "dispatch"):
            found[record.maker, record.name] += 1
    return found


def rows(records: Iterable[Record]) -> set[tuple[str, int | None]]:
    """Which rows of which tables gave what was written down; None: the default did."""
    found: set[tuple[str, int | None]] = set()
    for record in records:
        if isinstance(record, Decided) and record.maker == "table":
            found |= {(record.name, row) for row in record.why["matched"] or (None,)}
    return found


def held(records: Iterable[Record], guarded: set[int]) -> set[int]:
    """The guards that must have said yes: those of transitions that were taken."""
    return {place for record in records if isinstance(record, Moved) for place in record.transitions} & guarded


def failed(refusals: Iterable[Refused], guarded: set[int]) -> set[int]:
    """The guards that must have said no: those that a refusal names as the reason."""
    each: list[Mapping[str, Any]] = [one for refused in refusals for one in refused.facts.get("each", (refused.facts,))]
    return {one["transition"] for one in each if one.get("code") == "guard" and one.get("transition") is not None} & guarded


def at_rest(
    configuration: Iterable[str], moves: Iterable[tuple[int, str | None, tuple[str, ...]]], guarded: set[int]
) -> set[int]:
    """The guards of transitions without an event that must have said no last: else the ticket would not rest where it does."""
    active = set(configuration)
    return {place for place, event, sources in moves if event is None and active & set(sources)} & guarded


def events(records: Iterable[Record], refusals: Iterable[Refused]) -> set[str | None]:
    """Every event that came, was refused, or was fired by time."""
    found: set[str | None] = {refused.facts.get("event") for refused in refusals}
    for record in records:
        if isinstance(record, (Received, Moved)):
            found.add(record.event)
        if isinstance(record, TimerFired):
            found.add(record.timer.event)
        if isinstance(record, TimerRefused):
            found.add(record.refused.timer.event)
    return found
