"""Knows what a host says of one of the things it looks after; must not know when anything is due for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from servflow.calendars._zones import zone_of
from servflow.errors import InputError, shown
from servflow.model import EMPTY, FrozenMap, frozen_map, name_flaw

_KNOWN = ("id", "product", "customer", "attributes", "counters", "replaced")
MAX_ID = 150
"""Characters of an asset's id: ids of tickets hold it beside the names of the document and the plan."""
MOST_READ = 10**15
"""Up to where doubles hold every whole number and a digit more; no meter has as many places."""


def number_of(value: Any) -> Decimal | None:
    """
    A reading as a number; None for what is none, such as NaN, text, a truth, or what is beyond 10^15.

    It is rounded as tickets keep it, in double precision: else what a ticket says would lie below what it was opened for.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    try:
        read = float(value)
    except (OverflowError, ValueError):  # a whole number of hundreds of digits, a signalling NaN
        return None
    return Decimal(repr(read)) if abs(read) <= MOST_READ else None


def as_date(value: Any, zone: str) -> date | None:
    """
    The local date of an instant, a date, or a text of either; None for what is none of these.

    A text without an offset is a wall time, whose date is what it says.
    """
    if isinstance(value, str) and 10 <= len(value) <= 40:
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        try:
            return (value if value.tzinfo is None else value.astimezone(zone_of(zone))).date()
        except OverflowError:
            return None
    return value if isinstance(value, date) else None


def _counters(value: Any) -> FrozenMap[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"counters are a mapping of names to readings, not {shown(value)}", code="recurring.asset")
    for name, reading in value.items():
        if reading is not None and number_of(reading) is None:
            raise InputError(
                f"counter {shown(name)} reads {shown(reading)}, which is no number up to 10^15", code="recurring.asset"
            )
    return frozen_map(value)


def _replaced(value: Any) -> FrozenMap[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"replaced is a mapping of counters to dates, not {shown(value)}", code="recurring.asset")
    for name, day in value.items():
        if day is not None and as_date(day, "UTC") is None:
            raise InputError(
                f"the meter of {shown(name)} was replaced on {shown(day)}, which is no date such as 2026-03-15",
                code="recurring.asset",
            )
    return frozen_map({name: _plain(day) for name, day in value.items()})


def _attributes(value: Any) -> FrozenMap[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"attributes are a mapping, not {shown(value)}", code="recurring.asset")
    return frozen_map({name: _plain(held) for name, held in value.items()})


def _plain(value: Any) -> Any:
    """Dates and wall times as text, since databases give them and expressions know instants only."""
    wall = isinstance(value, date) and not (isinstance(value, datetime) and value.tzinfo is not None)
    return value.isoformat() if wall else value


@frozen(kw_only=True)
class Asset:
    """
    One thing that is looked after: a machine, a lift, a contract.

    ``attributes`` is whatever expressions may read as ``asset.<name>``: dates as instants, as ``date`` or as text (as which
    expressions read all but instants). ``counters`` are the latest readings by name; each counts up from nothing, in a unit of
    the host's, to 10^15 at most. ``replaced`` says of a counter since which date it is another meter that counts from nothing.

    Raises:
        InputError: the id is no text of 1 to 150 characters without control characters, a counter is no number, a meter was
            replaced on no date, or product or customer are no texts.
    """

    id: str
    product: str | None = None
    customer: str | None = None
    attributes: FrozenMap[str, Any] = field(default=EMPTY, converter=_attributes)
    counters: FrozenMap[str, Any] = field(default=EMPTY, converter=_counters)
    replaced: FrozenMap[str, Any] = field(default=EMPTY, converter=_replaced)

    def __attrs_post_init__(self) -> None:
        if name_flaw(self.id) is not None or len(self.id) > MAX_ID or any(sign < " " or sign == "\x7f" for sign in self.id):
            raise InputError(
                f"the id of an asset is a text of 1 to {MAX_ID} characters on one line, not {shown(self.id)}",
                code="recurring.asset",
            )
        for name in ("product", "customer"):
            value = getattr(self, name)
            if value is not None and name_flaw(value) is not None:
                raise InputError(f"{name} of asset {self.id!r} is no text: {shown(value)}", code="recurring.asset")

    @classmethod
    def of(cls, value: Asset | Mapping[str, Any]) -> Asset:
        """
        The asset, or that of a row: ``id``, ``product``, ``customer``, ``counters``, ``replaced``; other keys are attributes.

        Raises:
            InputError: it is neither, or a value is wrong.
        """
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise InputError(f"an asset is an Asset or a mapping with its id, not {shown(value)}", code="recurring.asset")
        inner = value.get("attributes") or {}
        more = {str(name): held for name, held in value.items() if name not in _KNOWN}
        return cls(
            id=_id(value.get("id")),
            product=value.get("product"),
            customer=_id(value.get("customer")),
            attributes={**_attributes(inner), **more},
            counters=value.get("counters") or {},
            replaced=value.get("replaced") or {},
        )

    def scope(self) -> dict[str, Any]:
        """What expressions read as ``asset``."""
        known = {"id": self.id, "product": self.product, "customer": self.customer, "counters": self.counters}
        return {**self.attributes, **known, "replaced": self.replaced}


def _id(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
