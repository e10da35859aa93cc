"""Knows the figures that measures are told in, with what they were counted from; must not know tickets or records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from math import ceil, sqrt
from typing import Any

from attrs import field, frozen

from servflow.model import EMPTY, FrozenMap, frozen_map

_Z = 1.959963984540054  # the 97.5 % point of the normal distribution: two-sided 95 %


def _frozen(value: Mapping[str, int] | None) -> FrozenMap[str, int]:
    return frozen_map(value)


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
    def low(self) -> float | None:
        """The lower bound of the interval."""
        return None if not self.denominator else max(0.0, self._middle - self._half)

    @property
    def high(self) -> float | None:
        """The upper bound of the interval."""
        return None if not self.denominator else min(1.0, self._middle + self._half)

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
            "low": self.low,
            "high": self.high,
        }


def share(numerator: int, denominator: int, excluded: Mapping[str, int] | None = None) -> Share | None:
    """The share, or None where neither was anything counted nor left out."""
    left_out = _counted(excluded)
    if not denominator and not left_out:
        return None
    return Share(numerator=numerator, denominator=denominator, excluded=left_out)


def _counted(excluded: Mapping[str, int] | None) -> FrozenMap[str, int]:
    return FrozenMap({reason: count for reason, count in (excluded or {}).items() if count})


@frozen(kw_only=True)
class Durations:
    """
    How long something took: ``count`` cases, ``median`` and ``p90`` by nearest rank, and the arithmetic ``mean``.

    By nearest rank every quantile is the time of some case. ``excluded`` counts those that have none, by reason.
    """

    count: int
    median: timedelta
    p90: timedelta
    mean: timedelta
    excluded: FrozenMap[str, int] = field(default=EMPTY, converter=_frozen)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form; times in seconds."""
        return {
            "count": self.count,
            "median": self.median.total_seconds(),
            "p90": self.p90.total_seconds(),
            "mean": self.mean.total_seconds(),
            "excluded": dict(self.excluded),
        }


def durations(values: Iterable[timedelta], excluded: Mapping[str, int] | None = None) -> Durations | None:
    """The figures of some times, or None where there is none."""
    held = sorted(values)
    if not held:
        return None
    count = len(held)
    return Durations(
        count=count,
        median=held[ceil(count / 2) - 1],
        p90=held[ceil(count * 9 / 10) - 1],
        mean=sum(held, timedelta()) / count,
        excluded=_counted(excluded),
    )


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
