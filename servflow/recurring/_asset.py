"""Knows what a host says of one of the things it looks after; must not know when anything is due for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from servflow.errors import InputError, shown
from servflow.model import EMPTY, FrozenMap, frozen_map, name_flaw

_KNOWN = ("id", "product", "customer", "attributes", "counters")
MAX_ID = 150
"""Characters of an asset's id: ids of tickets hold it beside the names of the document and the plan."""


def number_of(value: Any) -> Decimal | None:
    """A reading as an exact number; None for what is none, such as NaN, text or a truth."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    if not math.isfinite(value):
        return None
    return Decimal(str(value))


def _counters(value: Any) -> FrozenMap[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"counters are a mapping of names to readings, not {shown(value)}", code="recurring.asset")
    for name, reading in value.items():
        if reading is not None and number_of(reading) is None:
            raise InputError(f"counter {shown(name)} reads {shown(reading)}, which is no number", code="recurring.asset")
    return frozen_map(value)


def _attributes(value: Any) -> FrozenMap[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"attributes are a mapping, not {shown(value)}", code="recurring.asset")
    return frozen_map(value)


@frozen(kw_only=True)
class Asset:
    """
    One thing that is looked after: a machine, a lift, a contract.

    ``attributes`` is whatever expressions may read as ``asset.<name>``: dates as instants, as ``date`` or as text.
    ``counters`` are the latest readings by name; each counts up from nothing, in a unit of the host's.

    Raises:
        InputError: the id is no text of 1 to 150 characters, a counter is no number, or product or customer are no texts.
    """

    id: str
    product: str | None = None
    customer: str | None = None
    attributes: FrozenMap[str, Any] = field(default=EMPTY, converter=_attributes)
    counters: FrozenMap[str, Any] = field(default=EMPTY, converter=_counters)

    def __attrs_post_init__(self) -> None:
        if name_flaw(self.id) is not None or len(self.id) > MAX_ID:
            raise InputError(
                f"the id of an asset is a text of 1 to {MAX_ID} characters, not {shown(self.id)}", code="recurring.asset"
            )
        for name in ("product", "customer"):
            value = getattr(self, name)
            if value is not None and name_flaw(value) is not None:
                raise InputError(f"{name} of asset {self.id!r} is no text: {shown(value)}", code="recurring.asset")

    @classmethod
    def of(cls, value: Asset | Mapping[str, Any]) -> Asset:
        """
        The asset, or that of a row: ``id``, ``product``, ``customer`` and ``counters``; all other keys are attributes.

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
        )

    def scope(self) -> dict[str, Any]:
        """What expressions read as ``asset``."""
        known = {"id": self.id, "product": self.product, "customer": self.customer, "counters": self.counters}
        return {**self.attributes, **known}


def _id(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
