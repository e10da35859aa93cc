"""Knows that strange parts of a table are findings and strange fields errors of servflow; must not know a workflow."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.errors import DefinitionError, InputError
from servflow.rules import DecisionTable

DEEP: list[Any] = []
for _ in range(5_000):
    DEEP = [DEEP]
GOOD: dict[str, Any] = {"name": "t", "inputs": ["a"], "outputs": {"o": "int"}, "rows": [["1", "2"]]}


@pytest.mark.parametrize("key", ["name", "hit", "inputs", "outputs", "rows"])
@pytest.mark.parametrize("value", [10**5_000, DEEP], ids=["long", "deep"])
def test_strange_parts_of_a_table_are_findings(key: str, value: Any) -> None:
    """Numbers of thousands of digits and deep lists are findings, whichever part holds them."""
    with pytest.raises(DefinitionError):
        DecisionTable(**{**GOOD, key: value})


def test_a_cell_of_thousands_of_digits_is_a_finding() -> None:
    """A bare number that cannot be written out is a finding."""
    with pytest.raises(DefinitionError):
        DecisionTable(**{**GOOD, "rows": [[10**5_000, "2"]]})


@pytest.mark.parametrize("fields", [None, 5, "a", [("a", 1)]])
def test_a_table_decides_on_a_mapping(fields: Any) -> None:
    """Fields in another form are an InputError."""
    with pytest.raises(InputError):
        DecisionTable(**GOOD).decide(fields)


def test_a_value_of_any_depth_matches_no_constant() -> None:
    """A list thousands deep is a value like any other: no row matches."""
    assert DecisionTable(**GOOD).decide({"a": DEEP}).outputs is None
