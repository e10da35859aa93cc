"""Knows figures of people and contacts when cases are looked at hour by hour; must not know how measures are counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from servflow.metrics import Case

HOUR = timedelta(hours=1)


def hours(since: datetime, until: datetime) -> Iterator[datetime]:
    """Every whole hour of a time, each by its beginning."""
    while since < until:
        yield since
        since += HOUR


def is_open(case: Case, hour: datetime) -> bool:
    """Whether a case is open in an hour: it began, and was opened again as often as it was closed."""
    return case.began <= hour and sum(at <= hour for at in case.closings) <= sum(at <= hour for at in case.reopenings)


def has(case: Case, slot: str, hour: datetime) -> list[str]:
    """Who has an open case in an hour."""
    if not is_open(case, hour):
        return []
    return [
        one.who for one in case.stints if one.slot == slot and one.since <= hour and (one.until is None or hour < one.until)
    ]


def there(person: dict[str, Any], hour: datetime, zone: ZoneInfo) -> bool:
    """Whether somebody works in an hour: on a shift of their own, or in office hours of the zone; and is not away."""
    local = hour.astimezone(zone)
    if person["shifts"]:
        works = any(start <= hour < end for start, end in person["shifts"])
    else:
        works = person["shift"] is not None and local.weekday() < 5 and 9 <= local.hour < 17
    return works and not any(start <= hour < end for start, end in person["absences"])


def used(
    cases: Sequence[Case], people: Iterable[dict[str, Any]], window: tuple[datetime, datetime], zone: ZoneInfo
) -> tuple[int, int, int]:
    """Hours of their time with work, hours of their time, and pieces of work in those hours."""
    worked = total = pieces = 0
    for hour in hours(*window):
        for person in people:
            if there(person, hour, zone):
                held = sum(has(case, "assignee", hour).count(person["id"]) for case in cases)
                worked, total, pieces = worked + (held > 0), total + 1, pieces + held
    return worked, total, pieces


def loads(cases: Sequence[Case], who: str, window: tuple[datetime, datetime]) -> list[int]:
    """How many somebody held in each hour."""
    return [sum(has(case, "assignee", hour).count(who) for case in cases) for hour in hours(*window)]


def waits(case: Case, at: datetime) -> list[tuple[datetime, int, bool]]:
    """The stretches in which an open case was nobody's: from when, how many hours, and whether somebody took it then."""
    found: list[tuple[datetime, int, bool]] = []
    began: datetime | None = None
    count = 0
    for hour in hours(case.began, at + HOUR):
        closed_here = hour in case.closings or hour == at
        free = is_open(case, hour) and not has(case, "assignee", hour) and hour < at
        if began is not None and (not free or closed_here):
            found.append((began, count, bool(has(case, "assignee", hour)) and hour < at))
            began = None
        if free:
            began, count = (hour, 1) if began is None else (began, count + 1)
    return found


def comebacks(cases: Sequence[Case], within: timedelta, at: datetime) -> tuple[int, int, int]:
    """Of all the work done, how much came back, how much there is, and how much it is too early for."""
    hits = total = early = 0
    for one in cases:
        if one.done_at is None or one.cancelled or one.label("asset") == "-":
            continue
        if one.done_at + within > at:
            early += 1
            continue
        total += 1
        hits += any(
            other.label("asset") == one.label("asset")
            and not other.cancelled
            and one.done_at < other.began <= one.done_at + within
            for other in cases
        )
    return hits, total, early


def latest_answers(case: Case, scale: str) -> list[int]:
    """The last score on a scale about each thing from each person."""
    asked = {(one.about, one.visit, one.rater) for one in case.scores if one.scale == scale}
    return [
        [one.score for one in case.scores if one.scale == scale and (one.about, one.visit, one.rater) == key][-1]
        for key in asked
    ]
