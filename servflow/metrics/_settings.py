"""Knows which values a setting of a measure takes, by its default; must not know any measure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from servflow.errors import InputError, shown
from servflow.metrics._counted import names
from servflow.model import instant
from servflow.model._spans import Span

_SPANS = frozenset({"within", "short"})
_INSTANTS = frozenset({"at", "since"})


def fitting(name: str, default: Any, value: Any) -> Any:
    """
    A value as a setting takes it, whose default is this: names where it is a tuple, a whole number where it is one, a text.

    Settings without a default take what their measure says.

    Raises:
        InputError: it is another sort of value, or a length of time in business days, which need a calendar.
        TimeError: it is no length of time, or an instant is naive.
    """
    if name in _SPANS and (isinstance(value, str) or default is not None):
        if Span.of(value).business_days:
            raise InputError(
                f"{name} is time as it passes, such as 24h; business days need a calendar", code="setting", name=name
            )
    elif name in _INSTANTS and isinstance(value, datetime):
        return instant(value)
    elif isinstance(default, tuple) and name != "buckets":
        names(value, name)
    elif isinstance(default, str) and not isinstance(value, str):
        raise InputError(f"{name} is a text, not {shown(value)}", code="setting", name=name)
    elif type(default) is int and (isinstance(value, bool) or not isinstance(value, int)):
        raise InputError(f"{name} is a whole number, not {shown(value)}", code="setting", name=name)
    return value
