"""Knows from when until when a row or a rule is in force; must not know what it says or who asks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from attrs import frozen

from servflow.calendars._zones import resolve, zone_of
from servflow.errors import Finding, TimeError, nearest, shown
from servflow.model import EPOCH, instant, read_instant
from servflow.model._instants import from_micros
from servflow.rules._index import Sweep

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST = 40  # characters of an instant with microseconds and offset, with room
_EPOCH_ORDINAL = EPOCH.date().toordinal()
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_DAY = timedelta(days=1)

Bounds = tuple[datetime | None, datetime | None]
"""The instants of a period, half-open; None where that side is open."""


@frozen
class Effective:
    """
    From when until when something is in force, as written: from *start* on and before *end*; None is open.

    Each is an instant with its offset, or a date, which is the first instant of that date in the zone written
    beside it.
    """

    start: str | None = None
    end: str | None = None

    def to_data(self) -> dict[str, str]:
        """The period as a definition writes it."""
        return {name: text for name, text in (("start", self.start), ("end", self.end)) if text is not None}

    def __str__(self) -> str:
        return f"[{self.start or ''}..{self.end or ''})"


class InForce:
    """
    Which rows are in force at an instant, as the bits of an int.

    ``boundaries`` are the instants at which the rows in force change, in order; ``samples`` are instants such that at every
    instant the same rows are in force as at one of them.
    """

    __slots__ = ("_sweep", "boundaries", "samples")

    def __init__(self, bounds: Sequence[Bounds]) -> None:
        periods: dict[Bounds, int] = {}
        for row, period in enumerate(bounds):
            periods[period] = periods.get(period, 0) | 1 << row
        points = sorted({point for period in periods for point in period if point is not None})
        self._sweep = Sweep(points, [(start, True, end, False, mask) for (start, end), mask in periods.items()], len(bounds))
        self.boundaries: tuple[datetime, ...] = tuple(points)
        self.samples: tuple[datetime, ...] = (*(_before(point) for point in points[:1] if point > _EARLIEST), *points)

    def mask(self, at: datetime) -> int:
        """The rows in force at an instant of UTC."""
        return self._sweep.mask(at)


def _before(point: datetime) -> datetime:
    return point - min(_DAY, point - _EARLIEST)


def read_zone(value: Any, found: list[Finding]) -> str | None:
    """Read the zone in which dates are meant; None where there is none, ``UTC`` where it is no zone."""
    if value is None:
        return None
    name = value.key if isinstance(value, ZoneInfo) else value
    if isinstance(name, str) and len(name) <= 100:
        try:
            zone_of(name)
            return name
        except KeyError:
            pass
    found.append(Finding("rules.zone", "zone", {"zone": shown(value), "nearest": _near_zone(name)}))
    return "UTC"


def _near_zone(name: Any) -> str | None:
    if not isinstance(name, str) or len(name) > 100:
        return None
    known = {zone.lower(): zone for zone in sorted(available_timezones() - {"localtime"})}
    cities = {zone.rpartition("/")[2]: zone for zone in known}  # a bare city is the commonest slip
    asked = name.lower().replace(" ", "_")
    close = asked if asked in known else cities.get(asked) or nearest(asked, known) or cities.get(nearest(asked, cities) or "")
    return known.get(close or "")


def read_effective(source: Any, path: str, found: list[Finding], *, beside: tuple[str, ...] = ()) -> Effective | None:
    """
    Read a period as it is written; what is no period becomes a finding, and one open on both sides is none.

    Args:
        source: what is written.
        path: where it stands.
        found: where findings are added.
        beside: keys that the caller has read already and that may stand there too.
    """
    if source is None:
        return None
    if isinstance(source, Effective):
        source = {"start": source.start, "end": source.end}
    if not isinstance(source, Mapping):
        found.append(Finding("rules.effective_form", path, {"value": source}))
        return None
    known = ("start", "end", *beside)
    for key in source:
        if key not in known:
            facts = {"key": key, "known": known, "nearest": nearest(shown(key), known)}
            found.append(Finding("rules.unknown_key", path, facts))
    start, end = (_written(source.get(name), f"{path}.{name}", found) for name in ("start", "end"))
    return None if start is None and end is None else Effective(start, end)


def _written(value: Any, path: str, found: list[Finding]) -> str | None:
    if value is None:
        return None
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, str) and 0 < len(value.strip()) <= _LONGEST:
        return value.strip()
    found.append(Finding("rules.effective_when", path, {"value": shown(value)}))
    return None


def bounds_of(effective: Effective | None, zone: str | None, path: str, found: list[Finding]) -> Bounds:
    """
    The instants a period begins and ends at; what is none, and a period that holds no instant, becomes a finding.

    Args:
        effective: the period; None is always.
        zone: where its dates are meant.
        path: where it stands.
        found: gets a finding for everything wrong.
    """
    if effective is None:
        return None, None
    before = len(found)
    start = _instant(effective.start, zone, f"{path}.start", found)
    end = _instant(effective.end, zone, f"{path}.end", found)
    if len(found) == before and start is not None and end is not None and end <= start:
        facts = {"start": effective.start, "end": effective.end}
        found.append(Finding("rules.effective_empty", path, facts))
    return start, end


def _instant(text: str | None, zone: str | None, path: str, found: list[Finding]) -> datetime | None:
    if text is None:
        return None
    try:
        if not _DATE.fullmatch(text):
            return read_instant(text)
        day = date.fromisoformat(text).toordinal() - _EPOCH_ORDINAL
        if zone is not None:
            return from_micros(resolve(zone, day, 0))
        found.append(Finding("rules.effective_zone", path, {"value": text}))
    except TimeError as error:
        code = "rules.effective_naive" if error.code == "naive" else "rules.effective_when"
        found.append(Finding(code, path, {"value": shown(text)}))
    except (ValueError, OverflowError):
        found.append(Finding("rules.effective_when", path, {"value": shown(text)}))
    return None


def check_versions(ids: Iterable[str | None], bounds: Sequence[Bounds], found: list[Finding]) -> None:
    """One id stands on one row, or on successive versions of a row, whose periods do not overlap."""
    rows_of: dict[str, list[int]] = {}
    for row, name in enumerate(ids):
        if name is not None:
            rows_of.setdefault(name, []).append(row)
    for name, rows in rows_of.items():
        if len(rows) == 1:
            continue
        if any(bounds[row] == (None, None) for row in rows):
            found.extend(
                Finding("rules.row_twice", f"rows[{row}].id", {"id": name, "row": row, "first": rows[0]}) for row in rows[1:]
            )
            continue
        ordered = sorted(rows, key=lambda row: (bounds[row][0] is not None, bounds[row][0] or EPOCH, row))
        last = ordered[0]
        for row in ordered[1:]:
            (start, end), until = bounds[row], bounds[last][1]
            if until is None or start is None or start < until:
                facts = {"id": name, "row": max(row, last), "by": min(row, last)}
                found.append(Finding("rules.effective_overlap", f"rows[{max(row, last)}].effective", facts))
            if until is not None and (end is None or end > until):
                last = row


def asked_at(at: Any, fields: Mapping[str, Any]) -> datetime | None:
    """
    The instant a question is asked for, in UTC: *at*, else the field ``at`` where that is an instant, else None.

    Raises:
        TimeError: it is naive, or no instant.
    """
    if at is not None:
        return instant(at)
    given: object = fields
    held = fields.get("at") if isinstance(given, Mapping) else None
    return instant(held) if isinstance(held, datetime) else None
