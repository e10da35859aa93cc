"""Knows that strange arguments of a clock's history are told as errors of servflow; must not know a workflow."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from servflow.errors import DefinitionError, InputError, shown
from servflow.sla import Clock, run

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DEEP: list[Any] = []
for _ in range(5_000):
    DEEP = [DEEP]
CLOCK = Clock(name="c", within="4h")


@pytest.mark.parametrize("history", [None, 5, "start", {}, [5], [(AT, 10**5_000)], [(AT, DEEP)], [(AT, [])]], ids=shown)
def test_a_history_is_a_list_of_pairs(history: Any) -> None:
    """A history, or an entry of it, in another form is an InputError."""
    with pytest.raises(InputError):
        run(CLOCK, None, history, AT)


@pytest.mark.parametrize(("clock", "calendar"), [(None, None), (CLOCK, 5), (CLOCK, "office")])
def test_a_clock_and_a_calendar_are_what_they_are_called(clock: Any, calendar: Any) -> None:
    """Something else in place of the clock or the calendar is an InputError."""
    with pytest.raises(InputError):
        run(clock, calendar, [(AT, "start")], AT)


@pytest.mark.parametrize("key", ["name", "start", "until", "warn", "calendar", "on_reopen", "display"])
@pytest.mark.parametrize("value", [10**5_000, DEEP], ids=["long", "deep"])
def test_strange_parts_of_a_clock_are_findings(key: str, value: Any) -> None:
    """Numbers of thousands of digits and deep lists are findings, whichever part holds them."""
    with pytest.raises(DefinitionError):
        Clock(**{"name": "c", "within": "4h", key: value})
