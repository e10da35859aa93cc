"""Knows how a policy lets people pull tickets and customers book visits; must not know who fits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from attrs import field, frozen

from servflow.dispatch._reading import Part, expression, finish, put, raw, span, whole, word, words
from servflow.errors import ExpressionError, Finding, nearest, shown
from servflow.expressions import Expression
from servflow.model import CELL, Span

ORDER = ("priority", "due", "terms", "age")
"""What decides which ticket is next, in this order unless the policy says another."""

_CELL = CELL // timedelta(minutes=1)
MAX_LENGTH = 24 * 60
"""How many minutes a visit lasts at most."""

MAX_DAYS = 90
"""How many days ahead visits can be booked at most."""

MAX_STARTS = 5_000
"""How many beginnings of visits one policy offers at most."""

MAX_REMINDERS = 10


@frozen(kw_only=True)
class PullOptions(Part):
    """
    In which order people who pull get the tickets of a queue.

    ``order`` lists what decides, the first first: ``priority`` (1 before 2), ``due`` (whose clock is due first),
    ``terms`` (what ``prefer`` makes of the ticket for whoever pulls), ``age`` (who has waited longest). What is
    not listed does not count; a hash of policy, ticket and puller decides the rest, then the id.
    """

    order: tuple[str, ...] = field(default=ORDER, converter=raw)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        put(self, "order", words(self.order, "order", found))
        for index, name in enumerate(self.order):
            if name not in ORDER:
                facts = {"value": name, "known": ORDER, "nearest": nearest(name, ORDER)}
                found.append(Finding("dispatch.one_of", f"order[{index}]", facts))
            elif name in self.order[:index]:
                found.append(Finding("dispatch.order_twice", f"order[{index}]", {"name": name}))
        finish(found)


@frozen(kw_only=True)
class AppointmentOptions(Part):
    """
    Which visits customers can book.

    Visits begin on the wall clock of ``zone`` (default: that of ``calendar``) at 00:00 and every ``step`` minutes after
    it. A time that the clock skips is not offered, one that it shows twice is offered as the first of the two. A visit
    lasts ``minutes``, an expression over the fields, and lies whole in one stretch in which ``calendar`` is open (None: at any
    hour). It begins no sooner than ``lead`` from now, on today's date or one of the ``days - 1`` after it. All minutes count in
    steps of five. ``moves`` is how often a customer may move a visit (None: as often as they like). ``remind``
    lists how long before the visit the event ``upcoming.<policy>`` happens.

    Raises:
        DefinitionError: with everything wrong in it.
    """

    calendar: str | None = field(default=None, converter=raw)
    zone: str | None = field(default=None, converter=raw)
    step: int = field(default=60, converter=raw)
    minutes: Expression = field(default=None, converter=raw)
    days: int = field(default=14, converter=raw)
    lead: Span = field(default=Span(), converter=raw)
    moves: int | None = field(default=None, converter=raw)
    remind: tuple[Span, ...] = field(default=(), converter=raw)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        put(self, "calendar", word(self.calendar, "calendar", found))
        unsaid = self.calendar is None and self.zone is None
        put(self, "zone", _zone(self.zone, found))
        put(self, "step", whole(self.step, "step", found, _CELL, MAX_LENGTH))
        if self.step % _CELL:
            found.append(Finding("dispatch.cell", "step", {"value": self.step, "cell": _CELL}))
        put(self, "days", whole(self.days, "days", found, 1, MAX_DAYS))
        if (starts := self.days * (MAX_LENGTH // self.step)) > MAX_STARTS:
            found.append(Finding("dispatch.starts", "step", {"count": starts, "limit": MAX_STARTS}))
        put(self, "minutes", self._minutes(found))
        put(self, "lead", _exact(self.lead, "lead", found) or Span())
        if self.moves is not None:
            put(self, "moves", whole(self.moves, "moves", found, 0, 1_000))
        put(self, "remind", _spans(self.remind, found))
        if unsaid:
            found.append(Finding("dispatch.appointment_zone", "zone", {}))
        finish(found)

    def _minutes(self, found: list[Finding]) -> Expression | None:
        given: Any = self.minutes
        read = expression(60 if given is None else given, "minutes", found)
        if read is not None and not read.reads:
            try:
                self.length({}, read)
            except ExpressionError as error:
                found.append(Finding("dispatch.appointment_minutes", "minutes", {"reason": error.message}))
        return read

    def length(self, bindings: Mapping[str, Any], minutes: Expression | None = None) -> timedelta:
        """
        How long the visit of a ticket lasts, in whole cells.

        Raises:
            ExpressionError: the expression gives no number of minutes from 1 to a day.
        """
        value = (minutes or self.minutes).value(bindings)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_LENGTH:
            raise ExpressionError(f"a visit lasts whole minutes from 1 to {MAX_LENGTH}, not {shown(value)}")
        return timedelta(minutes=-(-value // _CELL) * _CELL)

    def to_data(self) -> dict[str, Any]:
        """Canonical JSON-ready form without defaults; the class called with it gives an equal value."""
        data = super().to_data()
        if self.minutes.text == "60":
            data.pop("minutes", None)
        return data


def _zone(value: Any, found: list[Finding]) -> str | None:
    name = word(value.key if isinstance(value, ZoneInfo) else value, "zone", found)
    if name is not None:
        try:
            return ZoneInfo(name).key
        except (KeyError, ValueError, OSError):
            found.append(Finding("dispatch.zone", "zone", {"zone": name}))
    return None


def _exact(value: Any, path: str, found: list[Finding]) -> Span | None:
    read = span(value, path, found)
    if read is not None and read.business_days:
        found.append(Finding("dispatch.exact_span", path, {"span": read.text}))
    return read


def _spans(value: Any, found: list[Finding]) -> tuple[Span, ...]:
    items: Any = value if isinstance(value, (list, tuple)) else () if value is None else (value,)
    if len(items) > MAX_REMINDERS:
        found.append(Finding("dispatch.too_many", "remind", {"count": len(items), "limit": MAX_REMINDERS}))
    read = [_exact(item, f"remind[{index}]", found) for index, item in enumerate(items[:MAX_REMINDERS])]
    return tuple(sorted((one for one in read if one is not None), key=lambda one: one.exact, reverse=True))
