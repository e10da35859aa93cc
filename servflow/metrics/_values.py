"""Knows the figures that measures are told in, with what they were counted from; must not know tickets or records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from math import ceil, sqrt
from typing import Any, Protocol

from attrs import field, frozen

from servflow.model import EMPTY, FrozenMap, frozen_map

_Z = 1.959963984540054  # the 97.5 % point of the normal distribution: two-sided 95 %

Number = int | float | Decimal


def _frozen(value: Mapping[str, int] | None) -> FrozenMap[str, int]:
    return frozen_map(value)


class Figure(Protocol):
    """
    What a measure comes to: a value, what it was counted from, and how many were left out by reason.

    A figure has something it was counted from: of an empty cohort there is none, but None.
    """

    @property
    def value(self) -> Any:
        """What is told: numerator over denominator, unless the figure says otherwise."""

    @property
    def numerator(self) -> Any:
        """What was counted or summed."""

    @property
    def denominator(self) -> Any:
        """Of how many."""

    @property
    def excluded(self) -> FrozenMap[str, int]:
        """Reason -> how many were left out for it."""

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""


@frozen(kw_only=True)
class Share:
    """
    How many of how many, what was left out and why, and how far chance alone may move the share.

    ``low`` and ``high`` are the bounds of Wilson's 95 % interval (E. B. Wilson, 1927), which keeps
    within 0 and 1 and is honest for few cases. ``share``, ``low`` and ``high`` are None where nothing was counted.
    """

    numerator: int
    denominator: int
    excluded: FrozenMap[str, int] = field(default=EMPTY, converter=_frozen)

    @property
    def share(self) -> float | None:
        """Numerator over denominator, from 0 to 1."""
        return self.numerator / self.denominator if self.denominator else None

    @property
    def value(self) -> float | None:
        """The share."""
        return self.share

    @property
    def low(self) -> float | None:
        """The lower bound of the interval."""
        # Of none the bound is exactly 0, which rounding may miss; of all the upper one is exactly 1.
        return None if not self.denominator else max(0.0, self._middle - self._half) if self.numerator else 0.0

    @property
    def high(self) -> float | None:
        """The upper bound of the interval."""
        if not self.denominator:
            return None
        return min(1.0, self._middle + self._half) if self.numerator < self.denominator else 1.0

    @property
    def _middle(self) -> float:
        n = self.denominator
        return (self.numerator / n + _Z * _Z / (2 * n)) / (1 + _Z * _Z / n)

    @property
    def _half(self) -> float:
        n = self.denominator
        p = self.numerator / n
        return _Z * sqrt(p * (1 - p) / n + _Z * _Z / (4 * n * n)) / (1 + _Z * _Z / n)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "numerator": self.numerator,
            "denominator": self.denominator,
            "excluded": dict(self.excluded),
            "share": self.share,
            "value": self.value,
            "low": self.low,
            "high": self.high,
        }


def share(numerator: int, denominator: int, excluded: Mapping[str, int] | None = None) -> Share | None:
    """The share, or None where neither was anything counted nor left out."""
    left_out = counted(excluded)
    if not denominator and not left_out:
        return None
    return Share(numerator=numerator, denominator=denominator, excluded=left_out)


def counted(excluded: Mapping[str, int] | None) -> FrozenMap[str, int]:
    """Reason -> how many, without reasons that left nobody out; in the order of their names."""
    return FrozenMap({reason: count for reason, count in sorted((excluded or {}).items()) if count})


@frozen(kw_only=True)
class Durations:
    """
    How long something took: ``count`` cases, ``total`` of all, ``median`` and ``p90`` by nearest rank, arithmetic ``mean``.

    By nearest rank every quantile is the time of some case. ``excluded`` counts those that have none, by reason. The
    figure's value is the mean (total over count), to the microsecond.
    """

    count: int
    median: timedelta
    p90: timedelta
    mean: timedelta
    total: timedelta
    excluded: FrozenMap[str, int] = field(default=EMPTY, converter=_frozen)

    @property
    def value(self) -> timedelta:
        """The mean."""
        return self.mean

    @property
    def numerator(self) -> timedelta:
        """All times together."""
        return self.total

    @property
    def denominator(self) -> int:
        """How many times there are."""
        return self.count

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form; times in seconds."""
        return {
            "count": self.count,
            "median": self.median.total_seconds(),
            "p90": self.p90.total_seconds(),
            "mean": self.mean.total_seconds(),
            "total": self.total.total_seconds(),
            "value": self.value.total_seconds(),
            "numerator": self.numerator.total_seconds(),
            "denominator": self.denominator,
            "excluded": dict(self.excluded),
        }


def durations(values: Iterable[timedelta]) -> Durations | None:
    """The figures of some times, or None where there is none."""
    held = sorted(values)
    if not held:
        return None
    count = len(held)
    total = sum(held, timedelta())
    return Durations(
        count=count,
        median=held[ceil(count / 2) - 1],
        p90=held[ceil(count * 9 / 10) - 1],
        mean=total / count,
        total=total,
    )


@frozen(kw_only=True)
class Amount:
    """
    Numbers put together: ``numerator`` is their sum, ``denominator`` how many they are.

    Its value is the mean, or the sum where ``sum`` is True.
    """

    numerator: Number
    denominator: int
    sum: bool = False
    excluded: FrozenMap[str, int] = field(default=EMPTY, converter=_frozen)

    @property
    def value(self) -> Number:
        """The mean, or the sum."""
        return self.numerator if self.sum else self.numerator / self.denominator

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form; a decimal is a number there too."""
        return {
            "value": plain(self.value),
            "numerator": plain(self.numerator),
            "denominator": self.denominator,
            "excluded": dict(self.excluded),
        }


@frozen(kw_only=True)
class Net:
    """
    Those for less those against, of all, in points from -100 to 100 (a net promoter score; F. Reichheld, 2003).

    ``low`` and ``high`` are the bounds of a 95 % interval from the variance of answers that count 1, 0 or -1, kept within -100
    and 100. Three answers are added first (3/4 of a promoter and of a detractor, 1 1/2 of a passive), as the adjusted Wald
    interval does (A. Agresti and B. Coull, 1998), so that five promoters of five are not taken for all there are.

    >>> five = Net(promoters=5, passives=2, detractors=2)
    >>> round(five.value, 1), round(five.low, 1), round(five.high, 1)
    (33.3, -20.5, 70.5)
    """

    promoters: int
    passives: int
    detractors: int
    excluded: FrozenMap[str, int] = field(default=EMPTY, converter=_frozen)

    @property
    def numerator(self) -> int:
        """Promoters less detractors."""
        return self.promoters - self.detractors

    @property
    def denominator(self) -> int:
        """All who answered."""
        return self.promoters + self.passives + self.detractors

    @property
    def value(self) -> float:
        """Points from -100 to 100."""
        return 100 * self.numerator / self.denominator

    @property
    def _bounds(self) -> tuple[float, float]:
        n, net = self.denominator + 3, self.numerator / (self.denominator + 3)
        half = _Z * sqrt(((self.promoters + self.detractors + 1.5) / n - net * net) / n)
        return 100 * (net - half), 100 * (net + half)

    @property
    def low(self) -> float:
        """The lower bound of the interval."""
        return max(-100.0, self._bounds[0])

    @property
    def high(self) -> float:
        """The upper bound of the interval."""
        return min(100.0, self._bounds[1])

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "value": self.value,
            "promoters": self.promoters,
            "passives": self.passives,
            "detractors": self.detractors,
            "numerator": self.numerator,
            "denominator": self.denominator,
            "low": self.low,
            "high": self.high,
            "excluded": dict(self.excluded),
        }


@frozen(kw_only=True)
class Load:
    """
    What one outlet or engineer had: ``tickets`` in all, ``open`` at the end, ``late`` with a broken promise.

    A ticket counts for whoever has it last.
    """

    who: str
    tickets: int
    open: int
    late: int

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"who": self.who, "tickets": self.tickets, "open": self.open, "late": self.late}


def plain(value: Any) -> Any:
    """A number as JSON has it: times in seconds, a decimal as an int or a float."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
