"""Knows how a policy says when and for how long somebody is needed; must not know who is free then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import field, frozen

from servflow.dispatch._reading import Part, expression, finish, put, raw
from servflow.errors import ExpressionError, Finding, TimeError, shown
from servflow.expressions import Expression
from servflow.model import instant, read_instant

VISITING = ("start", "minutes", "end", "window")
"""The keys of a visit; each holds an expression."""

MAX_MINUTES = 92 * 24 * 60
"""How long a visit and its window may be: a quarter of a year, however finely a calendar is divided."""

MOMENT = timedelta(microseconds=1)
"""The resolution of time: how long somebody is needed where no visit is told."""


@frozen
class Stay:
    """
    When somebody is needed: it begins from ``first`` to ``last``, both included, and takes ``length``.

    So it ends before ``last + length`` at the latest: what must be free is half-open, ``[begin, begin + length)``.
    """

    first: datetime
    last: datetime
    length: timedelta

    @property
    def end(self) -> datetime:
        """When it is over at the latest."""
        return self.last + self.length

    def within(self, stretches: tuple[tuple[datetime, datetime], ...]) -> bool:
        """Whether one of these half-open stretches, which do not touch each other, has room for it."""
        length, first, last = self.length, self.first, self.last
        return any(max(start, first) <= min(last, end - length) for start, end in stretches if end - start >= length)


@frozen(kw_only=True)
class VisitOptions(Part):
    """
    When a ticket needs somebody and for how long, as expressions over its fields.

    ``start`` is the earliest instant at which the visit begins (not given: as soon as it is decided); null means that
    there is no visit. It takes ``minutes``, or lasts until ``end``. ``window`` is how many minutes later it may begin at
    the latest (default: none). The visit is half-open: somebody whose shift ends, or whose absence begins, at the very
    end of it is free.

    Raises:
        DefinitionError: with everything wrong in it.
    """

    start: Expression | None = field(default=None, converter=raw)
    minutes: Expression | None = field(default=None, converter=raw)
    end: Expression | None = field(default=None, converter=raw)
    window: Expression | None = field(default=None, converter=raw)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        given = [key for key in ("minutes", "end") if getattr(self, key) is not None]
        for key in VISITING:
            put(self, key, expression(getattr(self, key), key, found))
        if len(given) != 1:
            found.append(Finding("dispatch.visit_length", "", {"given": given}))
        if "end" in given and self.start is None:
            found.append(Finding("dispatch.only_with", "end", {"key": "end", "needs": "start"}))
        finish(found)

    @property
    def expressions(self) -> Mapping[str, Expression]:
        """Every expression in it by its key."""
        return {key: value for key in VISITING if (value := getattr(self, key)) is not None}

    def stay(self, bindings: Mapping[str, Any], at: datetime) -> Stay | None:
        """
        When somebody is needed for a ticket; None where its start is null.

        Raises:
            ExpressionError: something cannot be computed, is no instant or no number of minutes, or ends before it starts.
        """
        first = at
        if self.start is not None:
            value = self.start.value(bindings)
            if value is None:
                return None
            first = _instant(value, "start")
        if self.end is not None:
            value = self.end.value(bindings)
            length = MOMENT if value is None else _instant(value, "end") - first
            if length <= timedelta():
                raise ExpressionError(f"visit.end {shown(value)} is not after its start {first.isoformat()}")
            if length > timedelta(minutes=MAX_MINUTES):
                raise ExpressionError(f"a visit takes at most {MAX_MINUTES} minutes; this one ends at {shown(value)}")
        else:
            length = _minutes(self.minutes, bindings, "minutes", 1) or MOMENT
        try:
            stay = Stay(first, first + _minutes(self.window, bindings, "window", 0), length)
            stay.end + length  # what is looked at around it lies in the years 1 to 9999 as well
        except OverflowError:
            raise ExpressionError("the visit ends after the year 9999") from None
        return stay


def _instant(value: Any, what: str) -> datetime:
    try:
        return read_instant(value) if isinstance(value, str) else instant(value, f"visit.{what}")
    except TimeError as error:
        raise ExpressionError(error.message) from None


def _minutes(text: Expression | None, bindings: Mapping[str, Any], what: str, least: int) -> timedelta:
    value = None if text is None else text.value(bindings)
    if value is None:
        return timedelta()
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MAX_MINUTES:
        raise ExpressionError(
            f"visit.{what} must be a whole number of minutes from {least} to {MAX_MINUTES}, not {shown(value)}"
        )
    return timedelta(minutes=value)
