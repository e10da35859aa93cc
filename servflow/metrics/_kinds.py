"""Knows how what was seen is gathered into a figure; must not know what was looked at."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any, Protocol, Self, TypeVar

from attrs import define, field, frozen

from servflow.metrics._periods import Period
from servflow.metrics._values import Amount, Durations, Figure, Net, Number, Share, counted

F = TypeVar("F", bound=Figure)
F_co = TypeVar("F_co", bound=Figure, covariant=True)
_MICROSECOND = timedelta(microseconds=1)


class Tally(Protocol[F_co]):
    """
    What was seen so far. Adding in any order, and merging tallies in any order and grouping, gives the same figure.
    """

    @property
    def excluded(self) -> Counter[str]:
        """Reason -> how many were left out for it."""

    def add(self, value: Any) -> None:
        """Count one."""

    def leave(self, reason: str) -> None:
        """Leave one out."""

    def merge(self, other: Self) -> None:
        """Take in all that another tally of the same measure saw."""

    def figure(self, period: Period | None, base: Self | None) -> F_co | None:
        """
        What it comes to; None where nothing was counted.

        Args:
            period: the period all of it fell in; None for all time.
            base: the tally that gives the denominator, for a part that is told as a share of the whole.
        """


class Kind(Protocol[F_co]):
    """Which figure a measure is told in, and how it is gathered."""

    @property
    def name(self) -> str:
        """A word for it, for the reference."""

    def start(self, settings: Mapping[str, Any]) -> Tally[F_co]:
        """A tally of nothing yet, for a measure asked with these settings."""


@define(eq=False)
class Shares:
    """Counts how many of how many: memory does not grow."""

    hits: int = 0
    count: int = 0
    excluded: Counter[str] = field(factory=Counter)

    def add(self, value: Any) -> None:
        """Count one, which is one of them or not."""
        self.count += 1
        self.hits += bool(value)

    def leave(self, reason: str) -> None:
        """Leave one out."""
        self.excluded[reason] += 1

    def merge(self, other: Self) -> None:
        """Take in another's."""
        self.hits += other.hits
        self.count += other.count
        self.excluded.update(other.excluded)

    def figure(self, period: Period | None, base: Self | None) -> Share | None:
        """The share, of the base where there is one."""
        whole = base or self
        if not whole.count:
            return None
        return Share(numerator=self.hits, denominator=whole.count, excluded=counted(whole.excluded))


@define(eq=False)
class Times:
    """Keeps every time as eight bytes, because a median needs them all: a million tickets take 8 MB per measure."""

    held: array[int] = field(factory=lambda: array("q"))
    excluded: Counter[str] = field(factory=Counter)

    def add(self, value: Any) -> None:
        """Count one time."""
        self.held.append(value // _MICROSECOND)

    def leave(self, reason: str) -> None:
        """Leave one out."""
        self.excluded[reason] += 1

    def merge(self, other: Self) -> None:
        """Take in another's."""
        self.held.extend(other.held)
        self.excluded.update(other.excluded)

    def figure(self, period: Period | None, base: Self | None) -> Durations | None:
        """Median, 90 %, mean and total."""
        count = len(self.held)
        if not count:
            return None
        held = sorted(self.held)
        total = timedelta(microseconds=sum(held))
        return Durations(
            count=count,
            median=timedelta(microseconds=held[ceil(count / 2) - 1]),
            p90=timedelta(microseconds=held[ceil(count * 9 / 10) - 1]),
            mean=total / count,
            total=total,
            excluded=counted(self.excluded),
        )


@define(eq=False)
class Amounts:
    """Adds numbers exactly, so that their order changes nothing."""

    sum: bool = False
    total: Fraction | int = 0
    count: int = 0
    decimal: bool = False
    excluded: Counter[str] = field(factory=Counter)

    def add(self, value: Any) -> None:
        """Count one number."""
        self.total += value if isinstance(value, int) else Fraction(value)
        self.count += 1
        self.decimal = self.decimal or isinstance(value, Decimal)

    def leave(self, reason: str) -> None:
        """Leave one out."""
        self.excluded[reason] += 1

    def merge(self, other: Self) -> None:
        """Take in another's."""
        self.total += other.total
        self.count += other.count
        self.decimal = self.decimal or other.decimal
        self.excluded.update(other.excluded)

    def figure(self, period: Period | None, base: Self | None) -> Amount | None:
        """Sum or mean, of as many as the base has; a decimal where one was among them, else an int where it is whole."""
        count = self.count if base is None else base.count
        if not count:
            return None
        total = self.total
        number: Number
        if self.decimal:
            number = Decimal(total.numerator) / Decimal(total.denominator)
        else:
            number = total.numerator if total.denominator == 1 else float(total)
        return Amount(numerator=number, denominator=count, sum=self.sum, excluded=counted(self.excluded))


@define(eq=False)
class Nets:
    """Counts those for (1), neither (0) and against (-1)."""

    votes: Counter[int] = field(factory=Counter)
    excluded: Counter[str] = field(factory=Counter)

    def add(self, value: Any) -> None:
        """Count one vote."""
        self.votes[value] += 1

    def leave(self, reason: str) -> None:
        """Leave one out."""
        self.excluded[reason] += 1

    def merge(self, other: Self) -> None:
        """Take in another's."""
        self.votes.update(other.votes)
        self.excluded.update(other.excluded)

    def figure(self, period: Period | None, base: Self | None) -> Net | None:
        """The balance."""
        if not self.votes.total():
            return None
        return Net(promoters=self.votes[1], passives=self.votes[0], detractors=self.votes[-1], excluded=counted(self.excluded))


@frozen
class _Share:
    name: str = "share"

    def start(self, settings: Mapping[str, Any]) -> Shares:
        return Shares()


@frozen
class _Times:
    name: str = "times"

    def start(self, settings: Mapping[str, Any]) -> Times:
        return Times()


@frozen
class _Amount:
    name: str
    sum: bool

    def start(self, settings: Mapping[str, Any]) -> Amounts:
        return Amounts(self.sum)


@frozen
class _Net:
    name: str = "net"

    def start(self, settings: Mapping[str, Any]) -> Nets:
        return Nets()


SHARE = _Share()
"""How many of how many: values are true or false."""

TIMES = _Times()
"""How long: values are timedeltas."""

TOTAL = _Amount("total", True)
"""How much in all: values are numbers."""

MEAN = _Amount("mean", False)
"""How much on average: values are numbers."""

NET = _Net()
"""Those for less those against: values are 1, 0 or -1."""
