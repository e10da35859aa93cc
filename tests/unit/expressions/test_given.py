"""Holds expressions of documents to being read however they are written, and to finding what is wrong with one."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.errors import Finding
from servflow.expressions import Expression
from servflow.expressions._given import read_expression


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1 + 1", "1 + 1"),
        (Expression.parse("a > 1").tree, "a > 1"),
        (Expression.parse("a > 1"), "a > 1"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (2.5, "2.5"),
    ],
)
def test_every_way_to_write_one(value: Any, text: str) -> None:
    """Its text, its tree, an expression and a constant are the same expression."""
    made = read_expression(value, {"a": "int"}, "when")

    assert isinstance(made, Expression)
    assert text == made.text


NONE: dict[str, Any] = {
    "half": "1 +",
    "unknown": "b > 1",
    "tree": {"nonsense": 1},
    "list": [object()],
    "nothing": None,
    "object": object(),
    "long number": 10**5_000,
    "nan": float("nan"),
    "surrogate": "\ud800",
    "long": "x" * 20_000,
}


@pytest.mark.parametrize("value", NONE.values(), ids=NONE)
def test_what_is_none_is_a_finding(value: Any) -> None:
    """Whatever is given in place of one, it is a finding at its path with a short text, and no error."""
    found = read_expression(value, {"a": "int"}, "rules[0].when")

    assert isinstance(found, Finding)
    assert ("expression.invalid", "rules[0].when") == (found.code, found.path)
    assert found.message("en")
    assert found.message("zh")


def test_the_nearest_name_and_the_place_are_told() -> None:
    """A mistyped name is told with the one that was probably meant, and where it stands."""
    found = read_expression("amount > 1 && ammount > 1", {"amount": "int"}, "when")

    assert isinstance(found, Finding)
    assert ("amount", 14) == (found.facts["nearest"], found.facts["position"])
