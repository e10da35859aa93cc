"""Knows how a week, holidays, shifts and breaks become open time; must not know how open time is counted."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from attrs import field, frozen

from servflow.calendars._blocks import Block, Moments, in_order
from servflow.calendars._clock import WEEKDAYS, Window, day, window, yearly
from servflow.calendars._combined import all_of as _all_of
from servflow.calendars._combined import any_of as _any_of
from servflow.calendars._combined import minus as _minus
from servflow.calendars._open import OpenTime, micros_of
from servflow.calendars._reading import DayTexts, Holiday, Reading, Texts
from servflow.calendars._spans import merged, without
from servflow.calendars._tables import Tables
from servflow.calendars._zones import (
    BLOCK,
    DAY,
    EPOCH_ORDINAL,
    FIRST_DAY,
    LAST_DAY,
    Spans,
    resolve,
    segments,
    segments_between,
    shape,
    to_utc,
)
from servflow.errors import DefinitionError, Finding, nearest, shown

_FOUR_CENTURIES = 146_097
_DATES_OF_A_YEAR = 366
_WHOLE_DAY = ((0, DAY),)


@frozen
class _Rules:
    """The definition as numbers: what compiling reads."""

    week: tuple[tuple[Window, ...], ...]
    yearly: frozenset[tuple[int, int]]
    holidays: frozenset[int]
    shifts: Mapping[int, tuple[Window, ...]]
    breaks: Mapping[int, tuple[Window, ...]]


def _windows(texts: Texts) -> tuple[Window, ...]:
    return tuple(found for found in map(window, texts) if found is not None)


def _by_day(pairs: DayTexts) -> dict[int, tuple[Window, ...]]:
    return {number: _windows(texts) for text, texts in pairs if (number := day(text)) is not None}


@frozen(init=False, eq=True, repr=False)
class Calendar(OpenTime):
    """
    Which time counts for people of one place: a week of windows in a zone, and the dates that differ.

    ``zone`` is a name of the tz database. ``week`` gives windows by weekday: ``"mon"``, ``"mon-fri"``,
    ``"sat-mon"``, ``"mon,wed"``. ``"22:00-06:00"`` runs overnight and belongs to its start date,
    ``"00:00-24:00"`` is the whole day, and a window whose end is not after its start ends on the next
    date (``"09:00-09:00"`` is 24 hours). ``holidays`` are dates (``"2026-10-01"``), yearly dates
    (``"05-01"``) or mappings of ``date``, ``name`` and ``source``. ``shifts`` replace the windows of
    single dates: a shift beats a holiday, a holiday the week, and an empty list closes the date.
    ``breaks`` are cut out of the local date they name, whichever window they meet. Answers beyond the
    date ``known_until`` are provisional.

    Whether an instant is open depends only on its local wall time: in the hour that a zone skips
    nothing can be open, the hour it shows twice counts twice.

    Two calendars are equal when the same time counts: spelling, order and the labels (``name`` and the
    names and sources of holidays) make no difference. The attributes hold the canonical spelling.

    Raises:
        DefinitionError: with every problem at once; also when the calendar can never open.

    >>> from datetime import UTC, datetime, timedelta
    >>> office = Calendar("Asia/Shanghai", {"mon-fri": ["09:00-12:00", "13:00-18:00"]}, holidays=["2026-10-01"])
    >>> office.after(datetime(2026, 9, 30, 9, 0, tzinfo=UTC), timedelta(hours=4)).isoformat()
    '2026-10-02T04:00:00+00:00'
    """

    zone: str
    week: DayTexts
    holidays: tuple[Holiday, ...]
    shifts: DayTexts
    breaks: DayTexts
    known_until: date | None
    name: str | None = field(eq=False)
    _rules: _Rules = field(init=False, eq=False)
    _always: bool = field(init=False, eq=False)
    _recurs: bool = field(init=False, eq=False)
    _dated: frozenset[int] = field(init=False, eq=False)
    _order: tuple[int, ...] = field(init=False, eq=False)
    _blocks: dict[int, Block] = field(init=False, eq=False, factory=dict)
    _moments: dict[int, Moments] = field(init=False, eq=False, factory=dict)
    _tables: Tables | None = field(init=False, eq=False, default=None)
    _digest: str | None = field(init=False, eq=False, default=None)

    any_of: ClassVar = staticmethod(_any_of)
    all_of: ClassVar = staticmethod(_all_of)
    minus: ClassVar = staticmethod(_minus)

    def __init__(
        self,
        zone: str | ZoneInfo,
        week: Mapping[str, Iterable[Any]] | DayTexts | None = None,
        *,
        holidays: Iterable[Any] | None = (),
        shifts: Mapping[Any, Iterable[Any]] | DayTexts | None = None,
        breaks: Mapping[Any, Iterable[Any]] | DayTexts | None = None,
        known_until: date | str | None = None,
        name: str | None = None,
    ) -> None:
        reading = Reading()
        self.__attrs_init__(
            zone=reading.zone(zone),
            week=reading.week(week),
            holidays=reading.holidays(holidays),
            shifts=reading.dated(shifts, "shifts", keep_empty=True),
            breaks=reading.dated(breaks, "breaks", keep_empty=False),
            known_until=reading.known_until(known_until),
            name=reading.name(name),
        )
        if reading.findings:
            raise DefinitionError.of(reading.findings)
        self._prepare()
        if not self._always and not self._opens():
            raise DefinitionError.of([Finding(code="calendar.never_opens", path="week")])

    def _prepare(self) -> None:
        by_name = dict(self.week)
        rules = _Rules(
            week=tuple(_windows(by_name.get(name, ())) for name in WEEKDAYS),
            yearly=frozenset(found for item in self.holidays if (found := yearly(item.date)) is not None),
            holidays=frozenset(number for item in self.holidays if (number := day(item.date)) is not None),
            shifts=_by_day(self.shifts),
            breaks=_by_day(self.breaks),
        )
        dates = rules.holidays | rules.shifts.keys() | rules.breaks.keys()
        # A window may start in the evening and end on the next date, a zone may be a day away from UTC.
        dated = {(number + near) * DAY // BLOCK for number in dates for near in (-1, 3)}
        put = object.__setattr__  # the one way to fill the derived parts of a frozen value
        put(self, "_rules", rules)
        put(self, "_always", not dates and not rules.yearly and all(windows == _WHOLE_DAY for windows in rules.week))
        put(self, "_recurs", any(rules.week))
        put(self, "_dated", frozenset(dated))
        put(self, "_order", in_order(dated))

    def _opens(self) -> bool:
        if self._recurs and len(self._rules.yearly) < _DATES_OF_A_YEAR:
            return True  # every weekday meets every date of the year within 400 years
        return any(self._of_day(number) for number in self._rules.shifts)

    @classmethod
    def always(cls) -> Calendar:
        """The calendar on which all time counts; its days are those of UTC."""
        return cls("UTC", {"mon-sun": ["00:00-24:00"]})

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Calendar:
        """
        The calendar that a mapping describes, as ``to_data`` writes it or a document holds it.

        Raises:
            DefinitionError: a key is unknown, or a part is wrong.
        """
        given: object = data
        if not isinstance(given, Mapping):
            facts = {"value": shown(given), "kind": "calendar"}
            raise DefinitionError.of([Finding(code="definition.mapping", facts=facts)])
        known = ("zone", "week", "holidays", "shifts", "breaks", "known_until", "name")
        findings = [
            Finding(code="calendar.key", path=name, facts={"key": name, "nearest": nearest(name, known)})
            for name in (_key(key) for key in data if key not in known)
        ]
        try:
            found = cls(**{"zone": None, **{key: value for key, value in data.items() if key in known}})
        except DefinitionError as error:
            raise DefinitionError.of([*findings, *error.findings]) from None
        if findings:
            raise DefinitionError.of(findings)
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        # Compiled blocks stay behind: they are cheap to rebuild and large to send.
        return Calendar.from_data, (self.to_data(),)

    def __repr__(self) -> str:
        parts = ", ".join(f"{key}={value!r}" for key, value in self.to_data().items())
        return f"Calendar({parts})"

    def _content(self) -> dict[str, Any]:
        return {
            "zone": self.zone,
            "week": {name: list(texts) for name, texts in self.week},
            "holidays": [item.date for item in self.holidays],
            "shifts": {text: list(texts) for text, texts in self.shifts},
            "breaks": {text: list(texts) for text, texts in self.breaks},
            "known_until": None if self.known_until is None else self.known_until.isoformat(),
        }

    def to_data(self) -> dict[str, Any]:
        """The definition in its canonical, JSON-ready form, without empty parts; ``Calendar(**data)`` is equal."""
        whole = {**self._content(), "holidays": [item.to_data() for item in self.holidays], "name": self.name}
        return {key: value for key, value in whole.items() if value or key in {"zone", "week"}}

    def provisional(self, at: datetime) -> bool:
        """
        Whether *at* lies after the end of the local date ``known_until``, so that the answer may still change.

        Raises:
            TimeError: *at* is naive.
        """
        at_us = micros_of(at)
        if self.known_until is None:
            return False
        return at_us > resolve(self.zone, self.known_until.toordinal() - EPOCH_ORDINAL + 1, 0)

    @property
    def days_zone(self) -> str:
        """The calendar's own zone."""
        return self.zone

    def _starting(self, number: int, dated: bool) -> tuple[Window, ...]:
        """The windows that start on a local date, before breaks."""
        rules = self._rules
        if dated:
            if number in rules.shifts:
                return rules.shifts[number]
            if number in rules.holidays:
                return ()
        windows = rules.week[(number + 3) % 7]
        if windows and rules.yearly:
            # Month and day repeat after 400 years; folding keeps dates beyond year 9999 readable.
            same = date.fromordinal((number + EPOCH_ORDINAL - 1) % _FOUR_CENTURIES + 1)
            if (same.month, same.day) in rules.yearly:
                return ()
        return windows

    def _local(self, first: int, last: int, dated: bool) -> Spans:
        """The local wall time that counts of the windows starting on the dates first to last."""
        starting = self._starting
        found = [
            (number * DAY + start, number * DAY + end)
            for number in range(first, last + 1)
            for start, end in starting(number, dated)
        ]
        breaks = self._rules.breaks
        if not dated or not breaks:
            return merged(found)
        cut = [
            (number * DAY + start, number * DAY + end)
            for number in (range(first - 1, last + 3) if last - first < len(breaks) else breaks)
            for start, end in breaks.get(number, ())
        ]
        return without(merged(found), merged(cut))

    def _compiled(self, index: int, dated: bool) -> Spans:
        first, last = index * BLOCK // DAY, (index + 1) * BLOCK // DAY
        # One more day for windows from the day before, one for zones on either side of UTC.
        return to_utc(segments(self.zone, index), self._local(first - 3, last + 2, dated))

    def _shape(self, index: int) -> Hashable:
        return (shape(self.zone, index), index if self._rules.yearly else None)

    def _of_day(self, number: int) -> Spans:
        if not FIRST_DAY <= number <= LAST_DAY or not self._starting(number, True):
            return []
        low, high = (number - 1) * DAY, (number + 3) * DAY
        return to_utc(segments_between(self.zone, low, high), self._local(number, number, True))


def _key(key: object) -> str:
    return key[:100] if isinstance(key, str) else shown(key)
