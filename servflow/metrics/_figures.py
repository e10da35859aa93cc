"""Knows the figures of people's time and of rates, and how they are gathered; must not know tickets or records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self

from attrs import define, field, frozen

from servflow.metrics._held import Roster, Steps
from servflow.metrics._periods import Period
from servflow.metrics._values import _frozen, counted
from servflow.model import EMPTY, FrozenMap, write_instant
from servflow.model._instants import from_micros, micros

_MICROSECOND = timedelta(microseconds=1)


@frozen(kw_only=True)
class Ratio:
    """
    So many for so many, such as complaints per ticket; unlike a share it may be above 1, and has no interval.

    >>> Ratio(numerator=3, denominator=200).value
    0.015
    """

    numerator: int
    denominator: int
    excluded: FrozenMap[str, int] = field(default=EMPTY, converter=_frozen)

    @property
    def value(self) -> float:
        """Numerator over denominator."""
        return self.numerator / self.denominator

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "value": self.value,
            "numerator": self.numerator,
            "denominator": self.denominator,
            "excluded": dict(self.excluded),
        }


@frozen(kw_only=True)
class Used:
    """
    How much of the time people were there they had work: ``numerator`` of ``denominator``, both lengths of time.

    ``held`` counts each piece of work apart, ``concurrency`` is how many pieces they had at once while they had any, and
    ``people`` how many are counted.

    >>> half = Used(numerator=timedelta(hours=4), denominator=timedelta(hours=8), held=timedelta(hours=6))
    >>> half.value, half.concurrency
    (0.5, 1.5)
    """

    numerator: timedelta
    denominator: timedelta
    held: timedelta = timedelta()
    people: int = 1
    excluded: FrozenMap[str, int] = field(default=EMPTY, converter=_frozen)

    @property
    def value(self) -> float:
        """The share of their time in which they had work, from 0 to 1."""
        return self.numerator / self.denominator

    @property
    def concurrency(self) -> float | None:
        """Pieces at once while they had any; None where they had none."""
        return self.held / self.numerator if self.numerator else None

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form; times in seconds."""
        return {
            "value": self.value,
            "numerator": self.numerator.total_seconds(),
            "denominator": self.denominator.total_seconds(),
            "held": self.held.total_seconds(),
            "concurrency": self.concurrency,
            "people": self.people,
            "excluded": dict(self.excluded),
        }


@frozen(kw_only=True)
class Loaded:
    """
    What somebody held over a time: on average (``value``), at most (``peak``, first at ``peak_at``), and ``last`` at its end.

    ``numerator`` is held time, each piece counted apart, ``denominator`` how long was looked at. ``normal`` and ``most`` are
    the capacity (None: no limit is known), ``over_normal`` and ``over_most`` for how long more than that was held, in all.
    """

    numerator: timedelta
    denominator: timedelta
    peak: int = 0
    peak_at: datetime | None = None
    last: int = 0
    normal: int | None = None
    most: int | None = None
    over_normal: timedelta = timedelta()
    over_most: timedelta = timedelta()
    excluded: FrozenMap[str, int] = field(default=EMPTY, converter=_frozen)

    @property
    def value(self) -> float:
        """Pieces held on average."""
        return self.numerator / self.denominator

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form; times in seconds."""
        return {
            "value": self.value,
            "numerator": self.numerator.total_seconds(),
            "denominator": self.denominator.total_seconds(),
            "peak": self.peak,
            "peak_at": None if self.peak_at is None else write_instant(self.peak_at),
            "last": self.last,
            "normal": self.normal,
            "most": self.most,
            "over_normal": self.over_normal.total_seconds(),
            "over_most": self.over_most.total_seconds(),
            "excluded": dict(self.excluded),
        }


Held = tuple[str, datetime, datetime, int]
"""Who had a piece of work, from when, until when, and how many units of capacity it takes."""


@define(eq=False)
class Window:
    """The time a tally is asked about: a period up to the present, or all that was seen."""

    since: datetime | None = None
    at: datetime | None = None
    first: int | None = None
    last: int | None = None

    def see(self, start: int, end: int) -> None:
        """Widen what was seen."""
        self.first = start if self.first is None else min(self.first, start)
        self.last = end if self.last is None else max(self.last, end)

    def merge(self, other: Window) -> None:
        """Widen by what another one saw."""
        if other.first is not None and other.last is not None:
            self.see(other.first, other.last)

    def of(self, period: Period | None) -> tuple[int, int] | None:
        """From when until when, in microseconds; None where there is no time between."""
        start = self.first if self.since is None else micros(self.since)
        end = self.last if self.at is None else micros(self.at)
        if period is not None:
            first, last = micros(period.start), micros(period.end)
            start = first if self.since is None or start is None else max(start, first)
            end = last if self.at is None or end is None else min(end, last)
        return None if start is None or end is None or start >= end else (start, end)


@define(eq=False)
class Uses:
    """Gathers how much everybody had in hand as time passed: 16 bytes for each instant at which that changed."""

    roster: Roster | None
    window: Window
    held: dict[str, Steps] = field(factory=dict)
    _left: Counter[str] = field(factory=Counter)

    @property
    def excluded(self) -> Counter[str]:
        """Reason -> how many were left out; people of whom no roster says when they are there among them."""
        unknown = sum(self.roster is None or not self.roster.knows(who) for who in self.held)
        return self._left + Counter(no_roster=unknown)

    def add(self, value: Held) -> None:
        """Somebody had a piece of work."""
        who, since, until, _ = value
        start, end = micros(since), micros(until)
        self.window.see(start, end)
        if start < end:
            self.held.setdefault(who, Steps()).add(start, end)

    def leave(self, reason: str) -> None:
        """Leave one out."""
        self._left[reason] += 1

    def merge(self, other: Self) -> None:
        """Take in another's."""
        self.window.merge(other.window)
        for who, steps in other.held.items():
            own = self.held.setdefault(who, Steps())
            for start, end, level in steps.levels():
                own.add(start, end, level)
        self._left.update(other._left)

    def figure(self, period: Period | None, base: Self | None) -> Used | None:
        """The figure of those seen where there is a base they are part of; else of everybody on the roster."""
        window = (base or self).window.of(period)
        if window is None or self.roster is None:
            return None
        people = set(self.held) | (self.roster.people if base is None else set())
        left = Counter(self.excluded)
        worked = there = pieces = count = 0
        for who in sorted(people):
            hours = self.roster.hours(who, *window)
            if hours is None:
                left["no_roster"] += who not in self.held
                continue
            count += 1
            there += hours.until(window[1]) - hours.until(window[0])
            for start, end, level in self.held[who].levels() if who in self.held else ():
                start, end = max(start, window[0]), min(end, window[1])
                if start < end:
                    both = hours.until(end) - hours.until(start)
                    worked, pieces = worked + both, pieces + both * level
        if not there:
            return None
        return Used(
            numerator=worked * _MICROSECOND,
            denominator=there * _MICROSECOND,
            held=pieces * _MICROSECOND,
            people=count,
            excluded=counted(left),
        )


@define(eq=False)
class Loads:
    """Gathers how much somebody held as time passed: 16 bytes for each instant at which that changed."""

    roster: Roster | None
    window: Window
    steps: Steps = field(factory=Steps)
    who: set[str] = field(factory=set)
    excluded: Counter[str] = field(factory=Counter)

    def add(self, value: Held) -> None:
        """Somebody had a piece of work."""
        who, since, until, units = value
        start, end = micros(since), micros(until)
        self.window.see(start, end)
        self.who.add(who)  # whoever had it for no time at all has their capacity told all the same
        if start < end:
            self.steps.add(start, end, units)

    def leave(self, reason: str) -> None:
        """Leave one out."""
        self.excluded[reason] += 1

    def merge(self, other: Self) -> None:
        """Take in another's."""
        self.window.merge(other.window)
        for start, end, level in other.steps.levels():
            self.steps.add(start, end, level)
        self.who |= other.who
        self.excluded.update(other.excluded)

    def figure(self, period: Period | None, base: Self | None) -> Loaded | None:
        """The figure; capacity is told where it is of one person or place."""
        window = (base or self).window.of(period)
        if window is None:
            return None
        normal, most = (None, None)
        if self.roster is not None and len(self.who) == 1:
            normal, most = self.roster.capacity(next(iter(self.who)))
        held = peak = above = beyond = last = 0
        peak_at = None
        for start, end, level in self.steps.levels():
            start, end = max(start, window[0]), min(end, window[1])
            if start >= end:
                continue
            held += (end - start) * level
            above += (end - start) if normal is not None and level > normal else 0
            beyond += (end - start) if most is not None and level > most else 0
            last = level if end == window[1] else 0
            if level > peak:
                peak, peak_at = level, from_micros(start)
        return Loaded(
            numerator=held * _MICROSECOND,
            denominator=(window[1] - window[0]) * _MICROSECOND,
            peak=peak,
            peak_at=peak_at,
            last=last,
            normal=normal,
            most=most,
            over_normal=above * _MICROSECOND,
            over_most=beyond * _MICROSECOND,
            excluded=counted(self.excluded),
        )


@frozen
class _Used:
    name: str = "used"

    def start(self, settings: Mapping[str, Any]) -> Uses:
        return Uses(Roster.of(settings.get("roster")), Window(settings.get("since"), settings.get("at")))


@frozen
class _Loaded:
    name: str = "loaded"

    def start(self, settings: Mapping[str, Any]) -> Loads:
        return Loads(Roster.of(settings.get("roster")), Window(settings.get("since"), settings.get("at")))


USED = _Used()
"""How much of their time people had work: values are (who, since, until, units)."""

LOADED = _Loaded()
"""How much was held over a time: values are (who, since, until, units)."""
