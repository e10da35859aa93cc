"""Knows how a calendar's definition is read and which problems it can have; must not know how time is counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from attrs import field, frozen

from servflow.calendars._clock import WEEKDAYS, Window, day, day_text, weekdays, window, window_text, yearly
from servflow.calendars._zones import zone_of
from servflow.errors import Finding, nearest, shown

MOST_DATES = 20_000
MOST_WINDOWS = 96

Texts = tuple[str, ...]
DayTexts = tuple[tuple[str, Texts], ...]


@frozen(order=True)
class Holiday:
    """
    A date on which no window of the week starts: ``YYYY-MM-DD``, or ``MM-DD`` for every year.

    ``name`` and ``source`` are labels: they change neither equality nor the calendar's hash.
    """

    date: str
    name: str | None = field(default=None, eq=False)
    source: str | None = field(default=None, eq=False)

    def to_data(self) -> str | dict[str, str]:
        """The date alone, or a mapping where there are labels."""
        labels = {"name": self.name, "source": self.source}
        given = {key: value for key, value in labels.items() if value is not None}
        return {"date": self.date, **given} if given else self.date


class Reading:
    """Reads the parts of one calendar and collects every problem."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def problem(self, code: str, path: str, **facts: Any) -> None:
        """Note one problem."""
        self.findings.append(Finding(code=f"calendar.{code}", path=path, facts=facts))

    def zone(self, value: object) -> str:
        """The name of the zone; ``UTC`` when it is wrong."""
        if isinstance(value, ZoneInfo) and value.key:
            value = value.key
        if not isinstance(value, str) or not value:
            self.problem("zone_text", "zone", value=shown(value))
            return "UTC"
        try:
            zone_of(value)
        except KeyError:
            self.problem("zone_unknown", "zone", zone=value[:100], nearest=_near_zone(value[:100]))
            return "UTC"
        return value

    def week(self, value: object) -> DayTexts:
        """The windows of each weekday that has any, Monday first."""
        found: dict[int, tuple[str, Texts]] = {}
        for key, windows in self._pairs(value, "week"):
            path = f"week.{_name(key)}"
            days = weekdays(key)
            if days is None:
                self.problem("weekday", path, key=_name(key), nearest=nearest(_name(key).lower(), WEEKDAYS))
                days = ()
            texts = self.windows(windows, path)
            for number in days:
                if number in found:
                    self.problem("weekday_twice", path, day=WEEKDAYS[number], other=found[number][0])
                found.setdefault(number, (_name(key), texts))
        return tuple((WEEKDAYS[number], found[number][1]) for number in sorted(found) if found[number][1])

    def dated(self, value: object, name: str, *, keep_empty: bool) -> DayTexts:
        """The windows of single dates, earliest first; an empty list closes the date where *keep_empty*."""
        found: dict[str, Texts] = {}
        for key, windows in self._pairs(value, name):
            number = day(key)
            text = _name(key) if number is None else day_text(number)
            path = f"{name}.{text}"
            if number is None:
                self.problem("date", path, value=_name(key))
            elif text in found:
                self.problem("date_twice", path, date=text)
            texts = self.windows(windows, path)
            if number is not None:
                found.setdefault(text, texts)
        return tuple(sorted((text, texts) for text, texts in found.items() if texts or keep_empty))

    def dates(self, value: object, name: str) -> Texts:
        """Single dates, earliest first, each once."""
        if value is None:
            return ()
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            self.problem("dates", name, key=name, value=shown(value))
            return ()
        found: set[str] = set()
        for place, item in enumerate(value):
            if place >= MOST_DATES:
                self.problem("too_many", name, count=place + 1, limit=MOST_DATES)
                break
            number = day(item)
            if number is None:
                self.problem("date", f"{name}[{place}]", value=_name(item))
            else:
                found.add(day_text(number))
        return tuple(sorted(found))

    def windows(self, value: object, path: str) -> Texts:
        """The windows of one day in order, canonically written."""
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, (list, tuple)):
            self.problem("windows", path, value=shown(value))
            return ()
        if len(value) > MOST_WINDOWS:
            self.problem("too_many", path, count=len(value), limit=MOST_WINDOWS)
            return ()
        read: list[Window] = []
        for place, item in enumerate(value):
            found = window(item)
            if found is None:
                self.problem("window", f"{path}[{place}]", value=shown(item))
            else:
                self._against(read, found, f"{path}[{place}]")
                read.append(found)
        return tuple(window_text(item) for item in sorted(set(read)))

    def _against(self, read: list[Window], new: Window, path: str) -> None:
        for start, end in read:
            if new[0] < end and start < new[1]:
                self.problem("overlap", path, window=window_text(new), other=window_text((start, end)))
                return

    def holidays(self, value: object) -> tuple[Holiday, ...]:
        """The holidays in order, yearly ones first; a date given twice is one holiday."""
        if value is None:
            return ()
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            self.problem("holidays", "holidays", value=shown(value))
            return ()
        found: dict[str, Holiday] = {}
        for place, item in enumerate(value):
            if place >= MOST_DATES:
                self.problem("too_many", "holidays", count=place + 1, limit=MOST_DATES)
                break
            holiday = self._holiday(item, f"holidays[{place}]")
            if holiday is not None and (holiday.date not in found or found[holiday.date].name is None):
                found[holiday.date] = holiday
        return tuple(found[key] for key in sorted(found, key=lambda text: (len(text), text)))

    def _holiday(self, item: object, path: str) -> Holiday | None:
        name: object = None
        source: object = None
        when = item
        if isinstance(item, Holiday):
            when, name, source = item.date, item.name, item.source
        elif isinstance(item, Mapping):
            if "list" in item:
                # Lists are put in their place before a calendar is read; here nobody registered any.
                self.problem("list_unknown", f"{path}.list", name=_name(item["list"]), known=[], nearest=None)
                return None
            for key in item:
                if key not in {"date", "name", "source"}:
                    name = _name(key)
                    self.problem("key", f"{path}.{name}", key=name, nearest=nearest(name, ("date", "name", "source")))
            when, name, source = item.get("date"), item.get("name"), item.get("source")
        month = yearly(when)
        number = day(when)
        if month is None and number is None:
            self.problem("holiday", path, value=shown(item))
            return None
        for label, text in (("name", name), ("source", source)):
            if text is not None and not isinstance(text, str):
                self.problem("label", f"{path}.{label}", key=label, value=shown(text))
                return None
        text = f"{month[0]:02}-{month[1]:02}" if month is not None else day_text(number or 0)
        return Holiday(text, None if name is None else str(name), None if source is None else str(source))

    def known_until(self, value: object) -> date | None:
        """The last date the definition is sure about, if it says one."""
        if value is None:
            return None
        number = day(value)
        if number is None:
            self.problem("date", "known_until", value=_name(value))
            return None
        return date.fromisoformat(day_text(number))

    def name(self, value: object) -> str | None:
        """The label of the calendar, if it has one."""
        return self.label(value, "name")

    def label(self, value: object, key: str) -> str | None:
        """A text for people, if there is one."""
        if value is None or isinstance(value, str):
            return value
        self.problem("label", key, key=key, value=shown(value))
        return None

    def _pairs(self, value: object, name: str) -> list[tuple[object, object]]:
        if value is None:
            return []
        if isinstance(value, Mapping):
            pairs = list(value.items())
        elif isinstance(value, tuple) and all(isinstance(item, tuple) and len(item) == 2 for item in value):
            pairs = list(value)
        else:
            self.problem("mapping", name, key=name, value=shown(value))
            return []
        if len(pairs) > MOST_DATES:
            self.problem("too_many", name, count=len(pairs), limit=MOST_DATES)
            return []
        return pairs


def _name(key: object) -> str:
    """A key as a path and a message may hold it: text as it is, anything else quoted shortly."""
    return key[:100] if isinstance(key, str) else shown(key)


def _near_zone(text: str) -> str | None:
    known = available_timezones() - {"localtime"}
    by_lower = {name.lower(): name for name in sorted(known)}
    asked = text.lower().replace(" ", "_")
    if asked in by_lower:
        return by_lower[asked]
    close = nearest(asked, by_lower)
    if close is None:
        # A bare city is the commonest slip: "Shanghai" for "Asia/Shanghai".
        cities = {name.rpartition("/")[2]: name for name in by_lower}
        close = cities.get(nearest(asked, cities) or "")
    return by_lower.get(close or "")
