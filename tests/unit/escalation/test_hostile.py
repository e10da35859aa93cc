"""Knows that strange arguments of chains, rotations and plans are told as errors of servflow; must not know a workflow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.errors import InputError, ServflowError, shown
from servflow.escalation import ELAPSED, Chain, Rotation, begin, escalate, plan

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DEEP: list[Any] = []
for _ in range(5_000):
    DEEP = [DEEP]
CHAIN = Chain(name="c", start={"event": "e"}, levels=[{"name": "l", "after": "1h", "do": [{"tag": "x"}]}])


@pytest.mark.parametrize(
    "script", [None, 5, "ack", [None], [""], [{}], [[]], [(AT, 10**5_000)], [(AT, DEEP)], [(AT, [])]], ids=shown
)
def test_a_script_that_is_none_is_told(script: Any) -> None:
    """A script, or an entry of it, in another form is an InputError."""
    with pytest.raises(InputError):
        plan(CHAIN, AT, AT + timedelta(days=1), script)


def test_a_plan_is_of_a_chain() -> None:
    """Something else in place of the chain is an InputError."""
    with pytest.raises(InputError):
        plan(None, AT, AT)  # type: ignore[arg-type]  # what a careless caller passes


@pytest.mark.parametrize("level", [(), [1], 1.5, True, {}, 10**5_000, "nope", -1], ids=shown)
def test_a_level_is_a_name_or_a_place(level: Any) -> None:
    """A level that the chain cannot have is an InputError, whatever its type."""
    run = begin(CHAIN, "event:e", AT, lambda _: ELAPSED)
    with pytest.raises(InputError):
        escalate(CHAIN, run, AT, level)


@pytest.mark.parametrize("key", ["users", "start", "zone", "every", "length", "windows"])
@pytest.mark.parametrize("value", [10**5_000, DEEP, datetime.max.replace(tzinfo=UTC)], ids=["long", "deep", "last"])
def test_a_rotation_of_strange_parts_is_refused(key: str, value: Any) -> None:
    """Numbers of thousands of digits, deep lists and the last instant there is are errors of servflow."""
    with pytest.raises(ServflowError):
        Rotation(**{"users": ["a", "b"], "start": AT, "zone": "Europe/Berlin", "every": "1 week", key: value})
