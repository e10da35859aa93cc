"""Knows the package holidays and what it can say for sure of a country's year; must not know who keeps which hours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from inspect import signature
from typing import Any

from attrs import define, field

from servflow.calendars import Calendar, Holiday, HolidayList, Proposal
from servflow.errors import Finding, InputError, nearest, shown

MOST_YEARS = 200
"""How many years one list may cover."""

_JOIN = "; "  # what the package puts between two names of one date
_HALF = "half_day"
_USUAL = ("public",)
_ENDED = 3  # years without moved days, up to the last ones the package knows of, after which a country moves none any more
_YEARLY_NOTICE = frozenset({"CN"})
"""Countries whose holidays of a year are decreed each year, so that a year without decreed days is not known yet."""


def holiday_list(
    country: str,
    years: int | Iterable[int],
    *,
    subdivision: str | None = None,
    categories: Iterable[str] | str = _USUAL,
    language: str | None = None,
    half_days: Iterable[str] | None = None,
    observed: bool = True,
    known_until: date | str | None = None,
) -> HolidayList:
    """
    The holidays of a country from the package ``holidays``, with make-up workdays, and how far they are known.

    Days worked on a weekend for a day off elsewhere (China's make-up workdays) are ``workdays`` of the list: a calendar gives
    them the hours of its ordinary weekdays. ``known_until`` is the end of the last year asked for, or earlier: of China the
    end of the last year whose notice the package holds; of a country that moves days by decree, likewise, unless it has moved
    none for years; and always the day before the first date that the package calls estimated. Nothing is invented: what the
    package cannot say stands in ``notes``.

    Args:
        country: a code such as ``CN``, ``DE``, ``USA``.
        years: which, at most 200.
        subdivision: a code of the country's, such as ``BY`` of Germany.
        categories: which kinds of holidays the package is to name, such as ``public``, ``bank`` or ``half_day``.
        language: of the names, such as ``en_US``; the country's own if None. It never depends on the machine.
        half_days: the hours of a half-day holiday, such as ``["09:00-12:00"]``: the package names the dates, not the hours.
            Without it half days change nothing and are noted.
        observed: whether days given for holidays on a weekend count.
        known_until: the last date that is sure, where the caller knows better than the package.

    Raises:
        InputError: the package is not installed, or knows no such country, subdivision, category or language; or *years*
            are none, too many, or outside of those the package has.
    """
    asked = _Asked(country, _years(years), subdivision, _texts(categories), language, observed)
    halves = {} if _HALF not in asked.categories else asked.half_holidays()
    found, notes = asked.holidays(), asked.notes
    first, last = date(asked.years[0], 1, 1), date(asked.years[-1], 12, 31)
    if halves and half_days is None:
        notes.append(_note("half_days", country=asked.code, dates=[day.isoformat() for day in sorted(halves)]))
    return HolidayList(
        [Holiday(day.isoformat(), name) for day, name in sorted(found.items())],
        known_until=known_until if known_until is not None else asked.known_until(found),
        source=asked.source,
        workdays=asked.workdays(),
        half_days={day: list(half_days) for day in sorted(halves) if day not in found} if half_days is not None else None,
        covers=[first, last],
        notes=notes,
    )


def propose(calendar: Calendar, country: str, years: int | Iterable[int], *, replace: bool = False, **options: Any) -> Proposal:
    """
    What a country's holidays would change in a calendar; nothing is applied unless the caller takes ``proposed``.

    Args:
        calendar: what they would be laid over; its own entries win unless *replace*.
        country: as for ``holiday_list``.
        years: as for ``holiday_list``.
        replace: as for ``Proposal.of``.
        options: the other arguments of ``holiday_list``.

    Raises:
        InputError: as for ``holiday_list`` and ``Proposal.of``.
    """
    return Proposal.of(calendar, holiday_list(country, years, **options), replace=replace)


def _package() -> Any:
    try:
        import holidays
    except ModuleNotFoundError:
        raise InputError(
            "the package holidays is not installed; pip install 'servflow[holidays]'",
            code="integrations.missing",
            package="holidays",
        ) from None
    return holidays


def _moved_years(entity: Any, categories: Iterable[str]) -> list[int]:
    """The years for which the package holds days moved by decree, as opposed to days it works out."""
    moved = []
    for table in (getattr(entity, f"special_{name}_holidays", None) for name in categories):
        for year, entries in table.items() if isinstance(table, Mapping) else ():
            rows = entries if entries and isinstance(entries[0], tuple) else (entries,)
            if any(len(row) > 3 for row in rows):
                moved.append(int(year))
    return moved


def _newest() -> int:
    """The last year of which the package holds a notice at all: China's comes every year."""
    return max(_moved_years(_package().CN(), _USUAL), default=0)


def _years(value: object) -> tuple[int, ...]:
    given = (value,) if isinstance(value, int) else value
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise InputError(f"years are numbers such as 2026 or [2026, 2027], not {shown(value)}", code="holidays.years")
    read: set[int] = set()
    for year in given:
        if type(year) is not int:
            raise InputError(f"a year is a number such as 2026, not {shown(year)}", code="holidays.years")
        read.add(year)
        if len(read) > MOST_YEARS:
            raise InputError(f"at most {MOST_YEARS} years at once", code="holidays.years", limit=MOST_YEARS)
    if not read:
        raise InputError("name at least one year, such as 2026", code="holidays.years")
    return tuple(range(min(read), max(read) + 1)) if max(read) - min(read) < MOST_YEARS else _too_wide(read)


def _too_wide(read: set[int]) -> tuple[int, ...]:
    raise InputError(
        f"years {min(read)} to {max(read)} are more than {MOST_YEARS}; a list covers all years from its first to its last",
        code="holidays.years",
        limit=MOST_YEARS,
    )


def _texts(value: object) -> tuple[str, ...]:
    given = (value,) if isinstance(value, str) else value
    if not isinstance(given, Iterable):
        raise InputError(f"categories are texts such as 'public', not {shown(value)}", code="holidays.category")
    return tuple(dict.fromkeys(str(item) for item in given))


def _span(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}-{last}"


def _note(code: str, **facts: Any) -> Finding:
    return Finding(f"holidays.{code}", "", facts, severity="warning")


@define
class _Asked:
    """One question to the package, checked against what it has."""

    country: str
    years: tuple[int, ...]
    subdivision: str | None
    categories: tuple[str, ...]
    language: str | None
    observed: bool
    code: str = field(init=False)
    notes: list[Finding] = field(init=False, factory=list)
    _entity: Any = field(init=False)
    _made: Any = field(init=False)

    @property
    def source(self) -> str:
        """What holidays of this question carry as their source: the place, and the kinds where they are not the usual ones."""
        place = self._entity.subdivisions_aliases.get(self.subdivision, self.subdivision)
        whole = {*self.categories} - {_HALF}  # half days become hours, which carry no source
        kinds = "" if whole <= {*_USUAL} else f" ({', '.join(sorted(whole))})"
        return f"holidays {self.code}{'' if place is None else f'-{place}'}{kinds}"

    def __attrs_post_init__(self) -> None:
        self._entity = self._found()
        self.code = self._entity.country
        self._check("subdivision", self.subdivision, {*self._entity.subdivisions, *self._entity.subdivisions_aliases})
        for category in self.categories:
            self._check("category", category, set(self._entity.supported_categories))
        if self._entity.supported_languages:
            self._check("language", self.language, set(self._entity.supported_languages))
        first, last = self._entity.start_year, self._entity.end_year
        if self.years[0] < first or self.years[-1] > last:
            said = f"the package knows {self.code} from {first} to {last}, not {self.years[0]} to {self.years[-1]}"
            raise InputError(said, code="holidays.years", first=first, last=last)
        self._made = self._ask(tuple(name for name in self.categories if name != _HALF))

    def holidays(self) -> dict[date, str]:
        """The dates and names, in the years asked for."""
        return {day: str(name) for day, name in self._made.items() if day.year in self.years}

    def half_holidays(self) -> dict[date, str]:
        """Those of the half days alone."""
        return {day: str(name) for day, name in self._ask((_HALF,)).items() if day.year in self.years}

    def workdays(self) -> list[date]:
        """The weekend days that are worked, in the years asked for."""
        return sorted(day for day in getattr(self._made, "weekend_workdays", ()) if day.year in self.years)

    def known_until(self, found: Mapping[date, str]) -> date:
        """The last date that is sure, and notes of what is not."""
        sure = date(self.years[-1], 12, 31)
        moved = _moved_years(self._made, self.categories)
        if moved or self.code in _YEARLY_NOTICE:
            last = max(moved, default=self.years[0] - 1)
            if last < self.years[-1] and (self.code in _YEARLY_NOTICE or last + _ENDED >= _newest()):
                sure = date(max(last, 1), 12, 31)
                self.notes.append(
                    _note("not_announced", country=self.code, years=_span(max(last + 1, self.years[0]), self.years[-1]))
                )
        estimated = sorted(day for day, name in found.items() if self._estimated(name))
        if estimated:
            sure = min(sure, date.fromordinal(estimated[0].toordinal() - 1))
            self.notes.append(_note("estimated", country=self.code, dates=[day.isoformat() for day in estimated]))
        if self.code == "CN":
            self.notes.append(Finding("holidays.weekends", "", {"country": self.code}, severity="info"))
        return sure

    def _estimated(self, name: str) -> bool:
        labels = [getattr(self._entity, f"{kind}_label", None) for kind in ("estimated", "observed_estimated")]
        forms = [re.escape(self._made.tr(label)).replace("%s", ".*") for label in labels if isinstance(label, str)]
        return any(re.fullmatch(form, part) for part in name.split(_JOIN) for form in forms)

    def _ask(self, categories: tuple[str, ...]) -> Any:
        if not categories:
            return {}
        spoken = self.language or self._entity.default_language
        # One year more: a notice may move days of the December before. Languages that nobody names follow the machine's.
        years = range(self.years[0], min(self.years[-1] + 1, self._entity.end_year) + 1)
        options = {"subdiv": self.subdivision, "language": spoken, "categories": categories, "observed": self.observed}
        # Some countries keep quiet about what is estimated unless they are asked to tell.
        options |= {
            name: True for name in signature(type(self._entity()).__init__).parameters if name.endswith("_show_estimated")
        }
        return self._entity(years=years, **options)

    def _found(self) -> Any:
        package = _package()
        known: list[str] = sorted(package.list_supported_countries(include_aliases=True))
        given: object = self.country
        text = given.upper() if isinstance(given, str) else ""
        if text not in known:
            close = nearest(text, known)
            hint = f"did you mean {close!r}?" if close else "use an ISO 3166 code such as CN, DE or US"
            raise InputError(
                f"the package holidays knows no country {shown(self.country)}; {hint}", code="holidays.country", nearest=close
            )
        return getattr(package, text)

    def _check(self, kind: str, value: str | None, known: set[str]) -> None:
        if value is None or value in known:
            return
        close = nearest(str(value), known)
        there = ", ".join(sorted(known)[:20]) or "none"
        hint = f"did you mean {close!r}?" if close else f"there are {there}"
        raise InputError(f"{self.code} has no {kind} {shown(value)}; {hint}", code=f"holidays.{kind}", nearest=close)


__all__ = ["MOST_YEARS", "holiday_list", "propose"]
