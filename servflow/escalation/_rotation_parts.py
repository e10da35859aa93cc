"""Knows how the parts of a rotation are written; must not know turns nor who is on call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from servflow.calendars._zones import EPOCH_ORDINAL, checked, resolve, zone_of
from servflow.errors import Finding, shown
from servflow.escalation import _shape
from servflow.escalation._members import MAX_CHANGES, Members
from servflow.escalation._shape import Broken, broken, near
from servflow.escalation._turns import Period
from servflow.model import from_micros, instant, write_instant


def read_zone(value: Any) -> Any:
    """The name of a zone, or what is wrong with it."""
    name = value.key if isinstance(value, ZoneInfo) else value
    try:
        zone_of(name if isinstance(name, str) else "")
    except KeyError:
        return broken("escalation.zone", zone=shown(name), nearest=near(name, available_timezones()))
    return name


def read_start(value: Any) -> Any:
    """The date and time a definition wrote, aware or not, or what is wrong with it."""
    if isinstance(value, str) and len(value) <= 40:
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return broken("escalation.wall_time", value=shown(value))
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a wall time; the zone stands beside it
    return broken("escalation.wall_time", value=shown(value))


def read_period(value: Any) -> Any:
    """The canonical spelling of a period, or what is wrong with it."""
    period = Period.read(value)
    return broken("escalation.turn", value=shown(value)) if period is None else period.text


def read_hold(value: Any) -> Any:
    """Likewise; None for None."""
    return None if value is None else read_period(value)


def read_windows_zone(value: Any) -> Any:
    """The name of a zone, or what is wrong with it; None for None."""
    return None if value is None else read_zone(value)


def read_bound(value: Any) -> Any:
    """The date and time a definition wrote, or what is wrong with it; None for None."""
    return None if value is None else read_start(value)


def read_changes(value: Any) -> Any:
    """Edits in the order of time, or what is wrong with them."""
    read = _shape.read_values(Members, value, MAX_CHANGES)
    if isinstance(read, Broken):
        return read
    ordered = tuple(sorted(read, key=lambda change: change.at))
    twice = next((one for one, other in pairwise(ordered) if one.at == other.at), None)
    return ordered if twice is None else broken("rotation.changes", at=write_instant(twice.at))


def wall_time(value: datetime) -> tuple[int, int]:
    """Days since 1970-01-01 and microseconds of the day that a wall clock shows."""
    seconds = (value.hour * 60 + value.minute) * 60 + value.second
    return value.toordinal() - EPOCH_ORDINAL, seconds * 1_000_000 + value.microsecond


def window_findings(findings: tuple[Finding, ...]) -> Iterator[Finding]:
    """A calendar's findings about a week, at the place where the windows stand."""
    for finding in findings:
        path = finding.path.removeprefix("week").removeprefix(".")
        yield from _shape.at_path("windows", [Finding(finding.code, path, finding.facts)])


def instant_in(zone: str, value: Any, name: str) -> Any:
    """The instant of a wall time in a zone, or of an instant; None and what could not be read stay."""
    if not isinstance(value, datetime):
        return value
    return instant(value, name) if value.tzinfo is not None else from_micros(checked(resolve(zone, *wall_time(value))))
