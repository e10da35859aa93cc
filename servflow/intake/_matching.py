"""Knows what a message is called, which matter it is about and who is told; must not know who opens tickets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from servflow.engine._definition import ATTRIBUTES
from servflow.errors import ExpressionError, InputError, shown
from servflow.expressions import Expression
from servflow.intake._request import Thanks
from servflow.model import SYSTEM, FrozenMap, Ticket, freeze, name_flaw

if TYPE_CHECKING:
    from servflow.intake._intake import Intake
    from servflow.intake._parts import Merging

_LONGEST = 200
_TELLING = (str, bool, int, float, Decimal, datetime, timedelta)


def ids(channel: str, key: str) -> tuple[str, str]:
    """The id of the ticket that a message has if it gets one of its own, and the key that makes it once."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    once = f"intake:{channel}:{key}"
    return f"{channel}-{digest[:20]}", once if len(once) <= _LONGEST else f"intake:{channel}:sha256:{digest}"


def evaluated(expression: Expression, values: Mapping[str, Any], path: str) -> Any:
    """
    The value of an expression over the names there are.

    Raises:
        InputError: it cannot be evaluated; names where it stands.
    """
    try:
        return freeze(expression.value(values))
    except ExpressionError as error:
        raise InputError(f"{path}: {error.message}", code="intake.expression", path=path) from error


def matter(intake: Intake, workflow: str, values: Mapping[str, Any], now: datetime) -> tuple[str | None, datetime | None]:
    """
    What only one open ticket may be about, and until when; None where nothing is matched.

    Raises:
        InputError: the key cannot be evaluated, or is neither text, nor a number, nor a list of these.
    """
    asked = intake.unique
    if asked is None:
        return None, None
    value = evaluated(asked.key, values, "unique.key")
    parts = list(value) if isinstance(value, (list, tuple)) else [value]
    if any(part is None or part == "" for part in parts) or not parts:
        return None, None
    if any(not isinstance(part, _TELLING) for part in parts):
        raise InputError(
            f"unique.key: expected text, a number, or a list of these, got {shown(value)}",
            code="intake.unique",
            value=shown(value),
        )
    # As JSON, so that no two different lists read alike, and as a digest, since a store's keys are short. What one channel
    # sends as a number and another one as text is the same.
    written = json.dumps([part if isinstance(part, bool) else str(part) for part in parts])
    digest = hashlib.sha256(written.encode()).hexdigest()
    return f"matter:{workflow}:{digest[:40]}", _end(intake, now)


def changes(merging: Merging | None, values: Mapping[str, Any], ticket: Ticket) -> Mapping[str, Any] | None:
    """
    The payload of what a message that is added fires on the ticket as it now is; None where it fires nothing.

    Raises:
        InputError: an expression cannot be evaluated.
    """
    if merging is None:
        return None
    path = f"merged.{ticket.workflow}"
    held = {**ticket.fields, **{name: getattr(ticket, name) for name in (*ATTRIBUTES, "state")}}
    scope = {**values, "workflow": ticket.workflow, "ticket": held}
    if merging.when is not None and evaluated(merging.when, scope, f"{path}.when") is not True:
        return None
    given = {name: evaluated(one, scope, f"{path}.payload.{name}") for name, one in merging.payload.items()}
    payload = {name: value for name, value in given.items() if value is not None}
    return payload if payload or not given else None


def _end(intake: Intake, now: datetime) -> datetime | None:
    asked = intake.unique
    if asked is None or asked.window is None:
        return None
    if asked.calendar is None or asked.window.elapsed:
        return now + asked.window.exact
    calendar = intake.calendars[asked.calendar]
    if asked.window.business_days:
        return calendar.after_days(now, asked.window.business_days)
    return calendar.after(now, asked.window.exact)


def sender(values: Mapping[str, Any]) -> str | None:
    """Who said it: the customer, where the message tells a name that can be kept; nobody outside is the system itself."""
    who = values.get("customer")
    return who if name_flaw(who) is None and who != SYSTEM.id else None


def thanks(intake: Intake, values: Mapping[str, Any]) -> Thanks | None:
    """
    Whom to tell at once; None for nobody.

    Raises:
        InputError: an expression cannot be evaluated, or gives no person.
    """
    asked = intake.acknowledge
    if asked is None or (asked.when is not None and evaluated(asked.when, values, "acknowledge.when") is not True):
        return None
    to = evaluated(asked.to, values, "acknowledge.to")
    if to is None or to == "":
        return None
    if name_flaw(to) is not None:
        raise InputError(
            f"acknowledge.to: expected a person or an address, got {shown(to)}", code="intake.acknowledge", value=shown(to)
        )
    data = {name: evaluated(one, values, f"acknowledge.data.{name}") for name, one in asked.data.items()}
    return Thanks(to=to, template=asked.template, merged=asked.merged, data=FrozenMap(data))
