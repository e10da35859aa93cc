"""Knows which days, weeks, months, quarters and years an instant lies in; must not know what is measured in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from attrs import frozen

from servflow.calendars._zones import zone_of
from servflow.errors import InputError, TimeError, nearest, shown
from servflow.model import instant

PERIODS = ("day", "week", "month", "quarter", "year")
"""What figures are counted by; a week begins on Monday."""

_DAY = timedelta(days=1)


@frozen(order=True, cache_hash=True)
class Period:
    """
    One day, week, month, quarter or year of a zone: half-open, from the midnight it begins with to that of the next.

    ``name`` sorts by time: ``2026-11-02``, ``2026-W45`` (ISO 8601, the year is the one its Thursday lies in), ``2026-11``,
    ``2026-Q4``, ``2026``. ``start`` and ``end`` are instants in UTC. A midnight that a zone skips is the first instant after
    the gap, one that occurs twice is the first.
    """

    name: str
    start: datetime
    end: datetime
    unit: str = "month"
    zone: str = "UTC"

    def next(self) -> Period:
        """
        The one after it.

        Raises:
            InputError: it would lie beyond the year 9999.
        """
        return period_of(self.end, self.unit, self.zone)

    def previous(self) -> Period:
        """
        The one before it.

        Raises:
            InputError: it would lie before the year 1.
        """
        return period_of(self.start - timedelta(microseconds=1), self.unit, self.zone)

    def holds(self, at: datetime) -> bool:
        """Whether an instant lies in it; its end does not."""
        return self.start <= at < self.end


def period_of(at: datetime, unit: str = "month", zone: str = "UTC") -> Period:
    """
    The period of a zone that an instant lies in.

    >>> period_of(datetime(2026, 10, 31, 16, tzinfo=UTC), "month", "Asia/Shanghai").name
    '2026-11'
    >>> period_of(datetime(2027, 1, 1, tzinfo=UTC), "week").name
    '2026-W53'

    Args:
        at: aware instant.
        unit: ``day``, ``week``, ``month``, ``quarter`` or ``year``.
        zone: whose midnights bound it.

    Raises:
        InputError: there is no such unit, or the period is not wholly within the years 1 to 9999.
        TimeError: *at* is naive, or there is no such zone.
    """
    check_unit(unit)
    where, at = zone_named(zone), instant(at)
    try:
        day = at.astimezone(where).date()
        first, after = _bounds(day, unit)
        start, end = (datetime(one.year, one.month, one.day, tzinfo=where).astimezone(UTC) for one in (first, after))
    except (OverflowError, ValueError):
        raise InputError(f"the {unit} of {at.isoformat()} leaves the years 1 to 9999", code="period", unit=unit) from None
    return Period(name=_name(first, unit), start=start, end=end, unit=unit, zone=zone)


def periods(since: datetime, until: datetime, unit: str = "month", zone: str = "UTC") -> Iterator[Period]:
    """
    Every period that has a part in ``[since, until)``, in order.

    Raises:
        InputError: as for ``period_of``.
        TimeError: an instant is naive, or there is no such zone.
    """
    until = instant(until)
    if instant(since) >= until:
        return
    found = period_of(since, unit, zone)
    while found.start < until:
        yield found
        found = found.next()


def check_unit(unit: str) -> None:
    """
    Refuse a word that names no period.

    Raises:
        InputError: with the words there are.
    """
    if unit not in PERIODS:
        near = nearest(str(unit), PERIODS)
        hint = f"; did you mean {near!r}?" if near else ""
        raise InputError(f"a period is one of {', '.join(PERIODS)}, not {shown(unit)}{hint}", code="period", period=shown(unit))


def zone_named(name: str) -> ZoneInfo:
    """
    The zone of that name.

    Raises:
        TimeError: there is none.
    """
    try:
        return zone_of(str(name))
    except KeyError:
        raise TimeError(
            f"there is no time zone {shown(name)}; write one such as Asia/Shanghai or UTC", code="zone", zone=shown(name)
        ) from None


def _bounds(day: date, unit: str) -> tuple[date, date]:
    if unit == "day":
        return day, day + _DAY
    if unit == "week":
        first = day - _DAY * day.weekday()
        return first, first + 7 * _DAY
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    years, month = divmod(first.month - 1 + months, 12)
    return first, date(first.year + years, month + 1, 1)


def _name(first: date, unit: str) -> str:
    if unit == "week":
        year, week, _ = first.isocalendar()
        return f"{year:04}-W{week:02}"
    return {
        "day": first.isoformat(),
        "month": f"{first.year:04}-{first.month:02}",
        "quarter": f"{first.year:04}-Q{(first.month + 2) // 3}",
        "year": f"{first.year:04}",
    }[unit]
