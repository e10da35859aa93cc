"""Knows the functions that only a chart or a workflow can answer; must not know either."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime, timedelta
from typing import Any

from servflow.expressions._builtins import Function

ACTIVE = "in state"
"""The binding that holds the active states; no identifier, so that no field can have its name."""

COUNTING = "counted by"
"""The binding that holds the calendars by name."""


def _in_state(active: Container[str], state: str) -> bool:
    return state in active


def _counted(calendars: Mapping[str, Any], name: str, start: datetime, end: datetime) -> timedelta:
    between: timedelta = calendars[name].between(start, end)
    return between


def _after_days(calendars: Mapping[str, Any], name: str, at: datetime, days: int) -> datetime:
    after: datetime = calendars[name].after_days(at, days)
    return after


IN_STATE = Function("in_state", ("string",), "bool", _in_state, ACTIVE)
"""``in_state('x')``: whether the state, be it a leaf or one around it, is active."""

COUNTED = Function("counted", ("string", "timestamp", "timestamp"), "duration", _counted, COUNTING)
"""``counted('office', a, b)``: the time between two instants that the calendar counts, negative where *b* is earlier."""

AFTER_DAYS = Function("after_days", ("string", "timestamp", "int"), "timestamp", _after_days, COUNTING)
"""``after_days('office', a, 2)``: the instant so many working days of the calendar after another, wall time kept."""

SUPPLIED: Mapping[str, Function] = {function.name: function for function in (IN_STATE, COUNTED, AFTER_DAYS)}
"""
Functions every expression may be written with and only some places can answer.

Parsed without declared fields they are accepted, so that texts and trees of definitions can be read anywhere; evaluated
without what they ask they are unknown.
"""

DEPENDS: Mapping[str, str] = {"in_state": "state"}
"""What a call of such a function reads besides its arguments."""
