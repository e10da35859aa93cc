"""Knows what tickets cost; must not know prices, invoices or who pays."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from servflow.errors import InputError, shown
from servflow.metrics._cases import Case
from servflow.metrics._counting import Left, Seen
from servflow.metrics._held import held_spans
from servflow.metrics._kinds import MEAN
from servflow.metrics._measure import measure

_HOUR = timedelta(hours=1)
_PLACES = 6


def cost_of(
    case: Case,
    fields: Collection[str] | str = ("cost",),
    rates: Mapping[str, Any] | None = None,
    states: Collection[str] | str = (),
) -> Decimal | None:
    """
    What a ticket cost: its fields and the hours that people had it, at their rates; None where neither is known.

    Args:
        fields: those that hold amounts.
        rates: who -> what an hour of theirs costs; ``*`` is that of everybody else.
        states: only hours in these states, such as ``on_site``; all in which it is open unless given.

    Raises:
        InputError: a rate is no number.
    """
    total, known = Fraction(), False
    for name in (fields,) if isinstance(fields, str) else fields:
        amount = _number(case.labels.get(name))
        if amount is not None:
            total, known = total + Fraction(amount), True
    for who, since, until in held_spans(case, ("assignee", "helper"), (states,) if isinstance(states, str) else states):
        rate = _rate(rates or {}, who)
        until = until or case.at
        if rate is not None and until is not None and until > since:
            total, known = total + rate * Fraction((until - since) // timedelta.resolution, _HOUR // timedelta.resolution), True
    return Decimal(round(total * 10**_PLACES)).scaleb(-_PLACES) if known else None


def _rate(rates: Mapping[str, Any], who: str) -> Fraction | None:
    given = rates.get(who, rates.get("*"))
    if given is None:
        return None
    number = _number(given)
    if number is None:
        raise InputError(f"what an hour of {who!r} costs is a number, not {shown(given)}", code="rate", who=who)
    return Fraction(number)


def _number(value: Any) -> Decimal | None:
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < 30 else None


@measure(
    MEAN,
    titles=("Cost per ticket", "单均成本"),
    zh="已关闭工单的平均成本：金额字段之和，加上各人持有工单的小时数乘以其小时费率。",
    unit="currency",
)
def cost_per_ticket(
    case: Case,
    *,
    fields: Collection[str] | str = ("cost",),
    rates: Mapping[str, Any] | None = None,
    states: Collection[str] | str = (),
) -> Iterable[Seen]:
    """
    What a closed ticket cost on average: amounts in its fields, and hours that people had it, at their rates.

    ``fields`` hold amounts; ``rates`` maps people to what an hour of theirs costs, ``*`` being everybody else, and ``states``
    limits those hours to states such as ``on_site``. Hours of several people at once count each. Sums are exact.

    Source: HDI and MetricNet, Cost per Ticket (operating expense over tickets), here from the tickets' own amounts.
    Cohort: closed tickets with an amount; others are left out (``open``, ``cancelled``, ``unpriced``).
    Clock: time as it passes while somebody has the ticket and it is open.
    Open tickets: are left out, since their cost is not known yet.
    Period: the one in which it was closed.

    Parts for 80 and one hour and a half of an engineer at 60 an hour: 170.

    >>> from datetime import UTC, datetime
    >>> from decimal import Decimal
    >>> from servflow.metrics import Case, Stint, cost_per_ticket
    >>> nine, half_past = datetime(2026, 11, 2, 9, tzinfo=UTC), datetime(2026, 11, 2, 10, 30, tzinfo=UTC)
    >>> held = (Stint(slot="assignee", who="li", since=nine),)
    >>> one = Case(id="1", began=nine, closed_at=half_past, labels={"cost": Decimal("80")}, stints=held)
    >>> found = cost_per_ticket([one, Case(id="2", began=nine)], rates={"*": 60})
    >>> found.value, found.denominator, dict(found.excluded)
    (Decimal('170'), 1, {'open': 1})
    """
    if case.closed_at is None:
        yield Left(case.began, "open")
    elif case.cancelled:
        yield Left(case.closed_at, "cancelled")
    else:
        cost = cost_of(case, fields, rates, states)
        yield Left(case.closed_at, "unpriced") if cost is None else Seen(case.closed_at, cost)
