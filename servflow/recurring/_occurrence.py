"""Knows what one piece of work that falls due is; must not know how it was found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from attrs import frozen

from servflow.model import EMPTY, FrozenMap, Open, effect_id, write_instant


@frozen(kw_only=True)
class Occurrence:
    """
    Work of one plan for one asset that is due at an instant, as a ticket that is opened ahead of it.

    ``number`` counts the tickets of plan and asset from 1; ``ticket`` is the id, which follows from document, plan,
    asset and number. ``due`` is when the work is to be done, ``opens`` when its ticket is opened, ``day`` the date
    before a calendar moved it. ``cause`` is ``time``, ``meter`` or ``expiry``. ``reading`` and ``threshold`` tell of the
    counter, where the plan has one. ``skipped`` is how many were passed over since the last ticket, of a rule or a counter at
    most 1,000.
    """

    plan: str
    asset: str
    customer: str | None = None
    number: int
    ticket: str
    workflow: str
    due: datetime
    opens: datetime
    day: date | None = None
    cause: str = "time"
    reading: Decimal | None = None
    threshold: Decimal | None = None
    skipped: int = 0
    fields: FrozenMap[str, Any] = EMPTY

    def effect(self) -> Open:
        """What a desk does: open the ticket, once however often it is given."""
        given = {"asset": self.asset, "customer": self.customer, "plan": self.plan, "due": self.due}
        reading = None if self.reading is None else float(self.reading)
        fields = {**given, "reading": reading, **self.fields}
        return Open(
            id=effect_id(self.ticket, "recurring", self.plan, self.asset, self.number),
            ticket=self.ticket,
            at=self.opens,
            cause="recurring",
            action=self.plan,
            workflow=self.workflow,
            new_ticket=self.ticket,
            fields=FrozenMap({name: value for name, value in fields.items() if value is not None}),
        )

    def as_data(self) -> dict[str, Any]:
        """It as JSON-ready data; amounts of a counter are texts, so that none is rounded."""
        data: dict[str, Any] = {
            "plan": self.plan,
            "asset": self.asset,
            "customer": self.customer,
            "number": self.number,
            "ticket": self.ticket,
            "workflow": self.workflow,
            "opens": write_instant(self.opens),
            "due": write_instant(self.due),
            "day": None if self.day is None else self.day.isoformat(),
            "cause": self.cause,
        }
        amounts = {"reading": self.reading, "threshold": self.threshold}
        data |= {name: None if amount is None else format(amount.normalize(), "f") for name, amount in amounts.items()}
        return {**data, "skipped": self.skipped, "fields": _plain(self.fields)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(held) for name, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(held) for held in value]
    if isinstance(value, datetime):
        return write_instant(value)
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


@frozen(kw_only=True)
class Last:
    """What the latest ticket of a plan and an asset says; ``closed_at`` is None while it is open."""

    number: int
    due: datetime
    opened_at: datetime
    closed_at: datetime | None = None
    reading: Decimal | None = None
