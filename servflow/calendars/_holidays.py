"""Knows lists of holidays that calendars share and how one becomes part of a calendar; must not know where they come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import attrs
from attrs import field, frozen

from servflow.calendars._calendar import Calendar
from servflow.calendars._clock import WEEKDAYS
from servflow.calendars._reading import DayTexts, Holiday, Reading, Texts
from servflow.errors import DefinitionError, Finding, nearest, shown
from servflow.model import name_of

_YEARLY = len("MM-DD")
_KEYS = ("holidays", "shifts", "known_until", "source", "workdays", "half_days", "breaks", "covers")


@frozen(init=False)
class HolidayList:
    """
    Dates that differ from the week, for any calendar: what an authority announced, whoever keeps which hours.

    ``holidays`` are as in a calendar, with names and sources. ``shifts`` replace the hours of single dates. ``workdays`` are
    dates worked like an ordinary working day (make-up workdays): they get the hours that most other weekdays of a calendar
    have.
    ``half_days`` replace the hours of dates on which a calendar would be open, and open no other. ``breaks`` are cut out.
    ``known_until`` is the last date the list is sure about. ``source`` says where it comes from, and is the source of every
    holiday that names none. ``covers`` are the first and the last date the list speaks of; None: those it names.
    ``notes`` are findings about the list itself and change nothing.

    Raises:
        DefinitionError: with every problem at once.

    >>> china = HolidayList(["2026-10-01"], known_until="2026-12-31", workdays=["2026-10-10"])
    >>> china.workdays
    ('2026-10-10',)
    """

    holidays: tuple[Holiday, ...]
    shifts: DayTexts
    known_until: date | None
    source: str | None
    workdays: Texts
    half_days: DayTexts
    breaks: DayTexts
    covers: tuple[date, date] | None
    notes: tuple[Finding, ...] = field(eq=False)

    def __init__(
        self,
        holidays: Iterable[Any] | None = (),
        shifts: Mapping[Any, Iterable[Any]] | DayTexts | None = None,
        known_until: date | str | None = None,
        source: str | None = None,
        *,
        workdays: Iterable[Any] | None = (),
        half_days: Mapping[Any, Iterable[Any]] | DayTexts | None = None,
        breaks: Mapping[Any, Iterable[Any]] | DayTexts | None = None,
        covers: Iterable[Any] | None = None,
        notes: Iterable[Finding] = (),
    ) -> None:
        reading = Reading()
        source = reading.label(source, "source")
        read = reading.holidays(holidays)
        self.__attrs_init__(
            holidays=tuple(item if item.source else attrs.evolve(item, source=source) for item in read),
            shifts=reading.dated(shifts, "shifts", keep_empty=True),
            known_until=reading.known_until(known_until),
            source=source,
            workdays=reading.dates(workdays, "workdays"),
            half_days=reading.dated(half_days, "half_days", keep_empty=True),
            breaks=reading.dated(breaks, "breaks", keep_empty=False),
            covers=_range(reading, covers),
            notes=tuple(notes),
        )
        if reading.findings:
            raise DefinitionError.of(reading.findings)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> HolidayList:
        """
        The list that a mapping describes, as ``to_data`` writes it.

        Raises:
            DefinitionError: a key is unknown, or a part is wrong.
        """
        given: object = data
        if not isinstance(given, Mapping):
            facts = {"value": shown(given), "kind": "holiday list"}
            raise DefinitionError.of([Finding(code="definition.mapping", facts=facts)])
        unknown = [name_of(key)[:100] for key in data if key not in _KEYS]
        if unknown:
            raise DefinitionError.of(
                Finding("calendar.key", name, {"key": name, "nearest": nearest(name, _KEYS)}) for name in unknown
            )
        return cls(**data)

    def to_data(self) -> dict[str, Any]:
        """The list in its JSON-ready form, without empty parts; ``HolidayList(**data)`` is equal. Notes are not part of it."""
        whole = {
            "holidays": [item.to_data() for item in self.holidays],
            "shifts": {text: list(windows) for text, windows in self.shifts},
            "known_until": None if self.known_until is None else self.known_until.isoformat(),
            "source": self.source,
            "workdays": list(self.workdays),
            "half_days": {text: list(windows) for text, windows in self.half_days},
            "breaks": {text: list(windows) for text, windows in self.breaks},
            "covers": None if self.covers is None else [day.isoformat() for day in self.covers],
        }
        return {key: value for key, value in whole.items() if value}

    @property
    def span(self) -> tuple[str, str]:
        """The first and the last date the list speaks of, as text; ``("", "")`` where it names none."""
        if self.covers is not None:
            return self.covers[0].isoformat(), self.covers[1].isoformat()
        pairs = (*self.shifts, *self.half_days, *self.breaks)
        named = [
            *self.workdays,
            *(text for text, _ in pairs),
            *(item.date for item in self.holidays if len(item.date) > _YEARLY),
        ]
        return min(named, default=""), max(named, default="")


def _range(reading: Reading, value: Any) -> tuple[date, date] | None:
    if value is None:
        return None
    texts = reading.dates(value, "covers")
    if not 1 <= len(texts) <= 2:
        if not reading.findings:
            reading.problem("covers", "covers", value=shown(value))
        return None
    return date.fromisoformat(texts[0]), date.fromisoformat(texts[-1])


Source = HolidayList | Mapping[str, Any] | Callable[[], Any]


@attrs.define
class Lists:
    """The lists a host registered, each asked for at most once."""

    sources: Mapping[str, Source]
    _found: dict[str, HolidayList] = attrs.Factory(dict)

    def named(self, name: object) -> HolidayList:
        """
        The list of that name.

        Raises:
            DefinitionError: nobody registered it, or its source failed or gave something else.
        """
        if not isinstance(name, str) or name not in self.sources:
            text = name[:100] if isinstance(name, str) else shown(name)
            facts = {"name": text, "known": sorted(self.sources), "nearest": nearest(text, self.sources)}
            raise DefinitionError.of([Finding("calendar.list_unknown", "list", facts)])
        if name not in self._found:
            self._found[name] = self._asked(name)
        return self._found[name]

    def _asked(self, name: str) -> HolidayList:
        given: Any = self.sources[name]
        try:
            if callable(given) and not isinstance(given, HolidayList):
                given = given()
            if isinstance(given, Mapping):
                given = HolidayList.from_data(given)
        except DefinitionError as error:
            raise _failed(name, "; ".join(found.text() for found in error.findings[:3])) from None
        except Exception as error:  # noqa: BLE001,RUF100 - whatever a host's source raises, the definition that names it is refused
            raise _failed(name, f"{type(error).__name__}: {error}") from None
        if not isinstance(given, HolidayList):
            raise _failed(name, f"it gave {shown(given)}, not a HolidayList")
        return given


def _failed(name: str, why: str) -> DefinitionError:
    return DefinitionError.of([Finding("calendar.list_failed", "list", {"name": name, "why": why})])


@attrs.define
class Dates:
    """The dated parts of a calendar while a list is laid over them; what is its own wins unless it came from the list."""

    calendar: Calendar
    holidays: dict[str, Holiday]
    shifts: dict[str, Texts]
    breaks: dict[str, Texts]
    told: list[Finding]

    @classmethod
    def of(cls, calendar: Calendar) -> Dates:
        """The dates a calendar has."""
        held = {item.date: item for item in calendar.holidays}
        return cls(calendar, held, dict(calendar.shifts), dict(calendar.breaks), [])

    def lay(self, listed: HolidayList, *, replace: bool, newer: bool = True) -> None:
        """
        Lay a list over the dates.

        With *replace* the calendar's own entries of the covered time make way. A *newer* list takes back what came from its
        source before; where all that is there was written beside it, nothing did.
        """
        first, last = listed.span
        for text in [*self.holidays]:
            came = newer and listed.source is not None and self.holidays[text].source == listed.source
            dated = len(text) > _YEARLY
            if (came or (replace and dated)) and (not dated or first <= text <= last):
                del self.holidays[text]
        if replace:
            self.shifts = {text: windows for text, windows in self.shifts.items() if not first <= text <= last}
            if listed.breaks:
                self.breaks = {text: windows for text, windows in self.breaks.items() if not first <= text <= last}
        own = frozenset(self.holidays) | frozenset(self.shifts)
        for item in listed.holidays:
            held = self.holidays.get(item.date)
            if held is None:
                self.holidays[item.date] = item
            elif held.name is None:  # it gets the name, and stays the calendar's own
                self.holidays[item.date] = attrs.evolve(held, name=item.name)
        for text, windows in listed.shifts:
            self._set(self.shifts, text, windows, own)
        for text, windows in listed.breaks:
            self._set(self.breaks, text, windows, frozenset(self.breaks))
        self._work(listed, own)
        self._halve(listed, own)
        if listed.workdays and self.calendar.week and not replace:
            self._stale(listed, {text for text in own if first <= text <= last})

    def made(self, known_until: date | None) -> Calendar:
        """The calendar with these dates."""
        given = self.calendar
        return Calendar(
            given.zone,
            given.week,
            holidays=tuple(self.holidays.values()),
            shifts=tuple(self.shifts.items()),
            breaks=tuple(self.breaks.items()),
            known_until=known_until,
            name=given.name,
        )

    def tell(self, code: str, **facts: Any) -> None:
        """Note something a person who reviews the outcome should know."""
        self.told.append(Finding(f"calendar.{code}", str(facts.get("date", "")), facts, severity="warning"))

    def _set(self, held: dict[str, Texts], text: str, windows: Texts, own: frozenset[str]) -> None:
        if text in own:
            if held.get(text) != windows:
                self.tell("own_kept", date=text, own=list(held.get(text, ())), listed=list(windows))
            return
        held[text] = windows

    def _work(self, listed: HolidayList, own: frozenset[str]) -> None:
        """Make-up workdays: the hours that most of the other weekdays have."""
        week = dict(self.calendar.week)
        moved = {_weekday(text) for text in listed.workdays}
        hours = [week[name] for name in WEEKDAYS if name in week and name not in moved] or list(week.values())
        if not hours and listed.workdays:
            self.tell("no_hours", dates=list(listed.workdays))
            return
        usual = Counter(hours).most_common(1)[0][0] if hours else ()
        if listed.workdays and len(set(hours)) > 1:
            self.tell("hours_differ", hours=list(usual), dates=list(listed.workdays))
        for text in listed.workdays:
            if text in own:
                if self.shifts.get(text) != usual:
                    self.tell("own_kept", date=text, own=list(self.shifts.get(text, ())), listed=list(usual))
            elif self._closed(text) or week.get(_weekday(text)) != usual:
                self.shifts[text] = usual

    def _halve(self, listed: HolidayList, own: frozenset[str]) -> None:
        week = dict(self.calendar.week)
        for text, windows in listed.half_days:
            if text in self.shifts and text not in own:
                continue  # a make-up workday of the same list
            if week.get(_weekday(text)) and not self._closed(text):
                self._set(self.shifts, text, windows, own)

    def _stale(self, listed: HolidayList, own: set[str]) -> None:
        """Worked weekends that the list does not name: shifts have no source, so nobody can tell whether they came from it."""
        week = dict(self.calendar.week)
        named = {*listed.workdays, *dict(listed.shifts), *dict(listed.half_days)}
        stay = sorted(text for text in own - named if self.shifts.get(text) and not week.get(_weekday(text)))
        if stay:
            self.told.append(Finding("calendar.stays", "", {"dates": stay}, severity="info"))

    def _closed(self, text: str) -> bool:
        return text in self.holidays or text[5:] in self.holidays


def _weekday(text: str) -> str:
    return WEEKDAYS[date.fromisoformat(text).weekday()]


def until(calendar: Calendar, listed: HolidayList, told: Callable[..., None]) -> date | None:
    """How far a calendar is sure once it has a list: no further than the list, nor over years that nobody spoke of."""
    held, new = calendar.known_until, listed.known_until
    if new is None or held is None:
        return new or held
    if new < held:
        told("older", listed=new.isoformat(), known_until=held.isoformat())
        return held
    first = listed.covers[0] if listed.covers is not None else None
    if first is not None and first > held + timedelta(days=1):
        told("gap", first=first.isoformat(), known_until=held.isoformat())
        return held
    return new


def with_lists(data: Mapping[str, Any], lists: Lists) -> Calendar | None:
    """
    The calendar whose holidays name lists (``{list: china}``); None where they name none.

    Entries of its own win, then the lists in order. It is known until what it says itself, else as long as all of the lists.

    Raises:
        DefinitionError: a list is unknown or failed, or a part of the calendar is wrong; all of it is told.
    """
    entries = data.get("holidays")
    if not isinstance(entries, (list, tuple)):
        return None
    named = {place: item for place, item in enumerate(entries) if isinstance(item, Mapping) and "list" in item}
    if not named:
        return None
    findings: list[Finding] = []
    found: list[HolidayList] = []
    for place, item in named.items():
        try:
            found.append(lists.named(item["list"]))
        except DefinitionError as error:
            findings += [attrs.evolve(one, path=f"holidays[{place}].{one.path}") for one in error.findings]
        extra = [name_of(key)[:100] for key in item if key != "list"]
        findings += [Finding("calendar.list_alone", f"holidays[{place}]", {"key": key}) for key in extra]
    own = [place for place in range(len(entries)) if place not in named]
    try:
        calendar = Calendar.from_data({**data, "holidays": [entries[place] for place in own]})
    except DefinitionError as error:
        findings += [attrs.evolve(one, path=_moved(one.path, own)) for one in error.findings]
    if findings:
        raise DefinitionError.of(findings)
    dates = Dates.of(calendar)
    for listed in found:
        dates.lay(listed, replace=False, newer=False)
    sure = [listed.known_until for listed in found if listed.known_until is not None]
    return dates.made(calendar.known_until or min(sure, default=None))


def _moved(path: str, places: list[int]) -> str:
    """The path of an entry among those of its own, as the place where it was written."""
    if not path.startswith("holidays["):
        return path
    number, _, rest = path[len("holidays[") :].partition("]")
    return f"holidays[{places[int(number)]}]{rest}"
