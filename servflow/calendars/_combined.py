"""Knows how open times are joined, intersected and subtracted; must not know how one is defined."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import Any

from attrs import field, frozen

from servflow.calendars._blocks import Block, Moments, in_order
from servflow.calendars._open import OpenTime
from servflow.calendars._spans import common, merged, without
from servflow.calendars._tables import Tables
from servflow.calendars._zones import PATTERNS, Spans
from servflow.errors import DefinitionError, Finding

MOST_PARTS = 100
MOST_DEPTH = 16
# Blocks of parts that are looked at for open time before a combination is refused: all that differ where the
# parts are a few, and those from 1970 to 2073 where they are a hundred, so that no definition holds up who reads it.
MOST_LOOKS = 20_000


def _count_problem(operation: str, count: int) -> Finding:
    return Finding(code="calendar.parts", path=operation, facts={"count": count, "limit": MOST_PARTS})


def _check(operation: str, parts: Sequence[object]) -> None:
    if operation == "minus" and len(parts) != 2:
        raise DefinitionError.of([Finding(code="calendar.minus", path=operation, facts={"count": len(parts)})])
    findings = [
        Finding(code="calendar.part", path=f"{operation}[{place}]", facts={"value": type(part).__name__})
        for place, part in enumerate(parts)
        if not isinstance(part, OpenTime)
    ]
    if not 1 <= len(parts) <= MOST_PARTS:
        findings.append(_count_problem(operation, len(parts)))
    if findings:
        raise DefinitionError.of(findings)


@frozen(init=False, repr=False)
class Combined(OpenTime):
    """
    Open time made of other open times, with all their verbs.

    Its working days are dates in the zone of the first part (of ``any_of`` and ``all_of``: the first
    that is not open always): of ``any_of`` those on which a window of any part starts, of ``all_of``
    and ``minus`` those on which the windows of that first part leave some open time.
    """

    operation: str
    parts: tuple[OpenTime, ...]
    depth: int = field(init=False, eq=False)
    size: int = field(init=False, eq=False)
    _leader: OpenTime = field(init=False, eq=False)
    _always: bool = field(init=False, eq=False)
    _recurs: bool = field(init=False, eq=False)
    _dated: frozenset[int] = field(init=False, eq=False)
    _order: tuple[int, ...] = field(init=False, eq=False)
    _blocks: dict[int, Block] = field(init=False, eq=False, factory=dict)
    _moments: dict[int, Moments] = field(init=False, eq=False, factory=dict)
    _tables: Tables | None = field(init=False, eq=False, default=None)
    _digest: str | None = field(init=False, eq=False, default=None)

    def __init__(self, operation: str, parts: tuple[OpenTime, ...]) -> None:
        _check(operation, parts)
        self.__attrs_init__(operation=operation, parts=parts)
        put = object.__setattr__  # the one way to fill the derived parts of a frozen value
        inner = [part for part in parts if isinstance(part, Combined)]
        put(self, "depth", 1 + max((part.depth for part in inner), default=0))
        put(self, "size", len(parts) - len(inner) + sum(part.size for part in inner))
        if self.size > MOST_PARTS:
            raise DefinitionError.of([_count_problem(operation, self.size)])
        if self.depth > MOST_DEPTH:
            raise DefinitionError.of([Finding(code="calendar.depth", path=operation, facts={"limit": MOST_DEPTH})])
        put(self, "_leader", parts[0] if operation == "minus" else next((p for p in parts if not p._always), parts[0]))
        put(self, "_dated", frozenset().union(*(part._dated for part in parts)))
        put(self, "_order", in_order(self._dated))
        put(self, "_recurs", self._joined([part._recurs for part in parts]))
        put(self, "_always", operation != "minus" and self._joined([part._always for part in parts]))
        if not self._always and not self._opens():
            raise DefinitionError.of([Finding(code="calendar.never_opens", path=operation)])

    def _joined(self, flags: list[bool]) -> bool:
        if self.operation == "any_of":
            return any(flags)
        return all(flags) if self.operation == "all_of" else flags[0]

    def __reduce__(self) -> tuple[Any, ...]:
        return Combined, (self.operation, self.parts)

    def __repr__(self) -> str:
        return f"{self.operation}({', '.join(map(repr, self.parts))})"

    def _content(self) -> dict[str, Any]:
        return {self.operation: [part._content() for part in self.parts]}

    def to_data(self) -> dict[str, Any]:
        """The combination as ``{"any_of": [...]}``, ``{"all_of": [...]}`` or ``{"minus": [a, b]}``."""
        return {self.operation: [part.to_data() for part in self.parts]}

    def provisional(self, at: datetime) -> bool:
        """
        Whether any part's answer at this instant is provisional.

        Raises:
            TimeError: *at* is naive.
        """
        return any(part.provisional(at) for part in self.parts)

    @property
    def days_zone(self) -> str:
        """The zone of the part whose dates are the days."""
        return self._leader.days_zone

    def _opens(self) -> bool:
        """Whether there is any open time at all; looks near the present first."""
        if any(self._total(index) for index in self._order):
            return True
        if not self._recurs:
            return False
        return any(self._pattern(index)[0].total for index in PATTERNS[: MOST_LOOKS // self.size])

    def _compiled(self, index: int, dated: bool) -> Spans:
        if self.operation == "any_of":
            return merged(span for part in self.parts for span in part._spans_of(index, dated))
        found = self.parts[0]._spans_of(index, dated)
        for part in self.parts[1:]:
            if found:
                other = part._spans_of(index, dated)
                found = common(found, other) if self.operation == "all_of" else without(found, other)
        return found

    def _shape(self, index: int) -> Hashable:
        return tuple(part._shape(index) for part in self.parts)

    def _of_day(self, day: int) -> Spans:
        if self.operation == "any_of":
            return merged(span for part in self.parts for span in part._of_day(day))
        own = self._leader._of_day(day)
        for other in self.parts:
            if own and other is not self._leader:
                around = other._within(own[0][0], own[-1][1])
                own = common(own, around) if self.operation == "all_of" else without(own, around)
        return own


def any_of(*parts: OpenTime) -> OpenTime:
    """
    Open whenever at least one part is.

    Raises:
        DefinitionError: no parts, too many, or one that is not a calendar.
    """
    return Combined("any_of", parts)


def all_of(*parts: OpenTime) -> OpenTime:
    """
    Open only while every part is.

    Raises:
        DefinitionError: the parts are never open together, or one is not a calendar.
    """
    return Combined("all_of", parts)


def minus(whole: OpenTime, part: OpenTime) -> OpenTime:
    """
    Open while the first is and the second is not.

    Raises:
        DefinitionError: nothing is left, or one is not a calendar.
    """
    return Combined("minus", (whole, part))
