"""Knows that how much a workflow's machine remembers is an option and changes no answer; must not know the tables."""

from __future__ import annotations

import gc
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import servflow
from servflow.engine import Extensions, Workflow
from servflow.errors import InputError

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
REGIONS = 6


def _wide(**options: Any) -> Workflow:
    """Six regions of three states: 729 configurations."""
    regions = {f"r{n}": {"states": {f"r{n}_{place}": {} for place in range(3)}} for n in range(REGIONS)}
    moves = [
        {"event": f"turn{n}", "source": f"r{n}_{place}", "target": f"r{n}_{(place + 1) % 3}"}
        for n in range(REGIONS)
        for place in range(3)
    ]
    definition = {
        "workflow": "wide",
        "states": {"p": {"parallel": True, "states": regions}, "end": {"closed": True}},
        "transitions": [*moves, {"event": "stop", "source": "p", "target": "end"}],
    }
    return servflow.load(definition, extensions=Extensions(**options))


def _walk(workflow: Workflow) -> list[Any]:
    ticket = workflow.open("T", at=NINE).ticket
    seen: list[Any] = [ticket]
    for number in range(200):
        event = f"turn{(number * number + number // 7) % REGIONS}"
        ticket = workflow.fire(ticket, event, at=NINE + timedelta(minutes=number)).ticket
        seen.append(ticket)
    return seen


def test_the_size_changes_no_answer() -> None:
    """Workflows that remember one answer and many are the same workflow and lead tickets the same way."""
    tight, roomy = _wide(table_size=1), _wide()

    assert roomy == tight
    assert roomy.hash == tight.hash
    assert _walk(roomy) == _walk(tight)


def test_what_is_remembered_is_bounded() -> None:
    """A workflow that may remember 20 answers holds far fewer dicts and tuples than one that may remember all."""

    def held(size: int) -> int:
        workflow = _wide(table_size=size)
        _walk(workflow)
        gc.collect()
        machine = workflow.compiled.machine
        assert machine is not None
        return len(machine._quick) + sum(len(table) for table in vars(machine._moves).values() if isinstance(table, dict))

    assert held(20) < 80 < held(4096)


@pytest.mark.parametrize("size", [0, -1, True, 2.5, "many", None])
def test_a_size_that_is_none_is_refused(size: Any) -> None:
    """A table has room for at least one answer, and its size is a whole number."""
    with pytest.raises(InputError, match="whole number from 1"):
        Extensions(table_size=size)


def test_a_bare_callable_is_no_function_of_expressions() -> None:
    """What has no types is refused with what to write, and not with an error of Python."""
    with pytest.raises(InputError, match="Function"):
        Extensions(functions={"vip": str.isupper})  # type: ignore[dict-item]  # what the test is about
