"""Knows how an outcome is explained; must not know how it is computed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from servflow.expressions import Expression


def _lines(text: str, bindings: dict[str, object], lang: str = "en") -> tuple[str, ...]:
    return Expression.parse(text).trace(bindings).lines(lang)


@pytest.mark.parametrize(
    ("text", "bindings", "lines"),
    [
        ("amount > limit", {"amount": 100, "limit": 120}, ("amount (100) > limit (120) is false",)),
        ("amount > 100", {"amount": 120}, ("amount (120) > 100 is true",)),
        ("tier == 'gold'", {"tier": "silver"}, ('tier ("silver") == "gold" is false',)),
        ("tier == 'gold'", {}, ('tier (missing) == "gold" is false',)),
        ("tier == 'gold'", {"tier": None}, ('tier (null) == "gold" is false',)),
        ("a.b != null", {"a": {}}, ("a.b (missing) != null is false",)),
        ("a > 1 && b > 1 && c > 1", {"a": 1, "b": 2, "c": 0}, ("a (1) > 1 is false", "c (0) > 1 is false")),
        ("a > 1 && b > 1", {"a": 2, "b": 3}, ("a (2) > 1 is true", "b (3) > 1 is true")),
        ("a > 1 || b > 1", {"a": 1, "b": 2}, ("b (2) > 1 is true",)),
        ("a > 1 || b > 1", {"a": 1, "b": 0}, ("a (1) > 1 is false", "b (0) > 1 is false")),
        ("safety", {"safety": False}, ("safety is false",)),
        ("safety", {}, ("safety (missing) is false",)),
        ("!(a > 1)", {"a": 2}, ("a (2) > 1 is true",)),
        ("a ? b > 1 : c > 1", {"a": True, "b": 1}, ("a is true", "b (1) > 1 is false")),
        ("n.startsWith('p')", {"n": "x"}, ('n.startsWith("p") [n ("x")] is false',)),
        ("a in ['x', 'y']", {"a": "z"}, ('a ("z") in ["x", "y"] is false',)),
        ("(a ? b : c) == d", {"a": True, "b": 1, "d": 2}, ("a ? b : c (1) == d (2) is false",)),
        ("a + 1 > b", {"a": 1, "b": 5}, ("a + 1 (2) > b (5) is false",)),
        ("a > 'x'", {"a": 1}, ('a (1) > "x": no such overload: > does not take int and string',)),
        ("l.exists(x, x > 1)", {"l": [1]}, ("l.exists(x, x > 1) is false",)),
        ("wait > duration('1h')", {"wait": timedelta(minutes=5)}, ('wait (300s) > duration("1h") is false',)),
        (
            "at > closed_at",
            {"at": datetime(2026, 1, 1, tzinfo=UTC)},
            ("at (2026-01-01T00:00:00Z) > closed_at (missing) is false",),
        ),
    ],
)
def test_lines_say_what_decided(text, bindings, lines):
    """Each comparison that decided is one sentence with the values it saw."""
    assert lines == _lines(text, bindings)


@pytest.mark.parametrize(
    ("text", "bindings", "lines"),
    [
        ("amount > limit", {"amount": 100, "limit": 120}, ("amount (100) > limit (120) 不成立",)),
        ("amount > 100", {"amount": 120}, ("amount (120) > 100 成立",)),
        ("tier == 'gold'", {}, ('tier (缺失) == "gold" 不成立',)),
        ("tier == 'gold'", {"tier": None}, ('tier (空) == "gold" 不成立',)),
        ("safety", {}, ("safety (缺失) 不成立",)),
    ],
)
def test_lines_speak_chinese(text, bindings, lines):
    """The same sentences in Chinese."""
    assert lines == _lines(text, bindings, "zh")


def test_a_trace_is_a_tree_of_parts_with_values():
    """Text, kind, value, operands and missing names of every part that was evaluated."""
    trace = Expression.parse("a > 1 && (b == 'x' || c.d)").trace({"a": 2, "b": "y"})

    assert trace.kind == "and"
    assert trace.value is False
    assert trace.result is False
    assert trace.missing == ("c.d",)
    first, second = trace.operands
    assert (first.text, first.kind, first.sign, first.value) == ("a > 1", "compare", ">", True)
    assert [(part.text, part.value) for part in first.operands] == [("a", 2), ("1", 1)]
    assert second.kind == "or"
    assert second.operands[1].missing == ("c.d",)


def test_a_trace_agrees_with_test():
    """The traced result is the tested one, errors included."""
    for text in ("a > 1 && b", "a / 0 > 1 || true", "a / 0 > 1 && false", "!b", "b ? a > 1 : a < 1"):
        expression = Expression.parse(text)
        for bindings in ({"a": 2, "b": True}, {"a": 1}, {}, {"b": False}):
            assert expression.test(bindings) is expression.trace(bindings).result


def test_an_error_is_part_of_the_trace():
    """A part that fails says why; nothing is raised."""
    trace = Expression.parse("a / 0 > 1 && b").trace({"a": 1, "b": True})

    assert trace.result is False
    assert trace.error == "division by zero"
    assert trace.lines() == ("a / 0 > 1: division by zero",)
    assert trace.lines("zh") == ("a / 0 > 1：division by zero",)
    assert Expression.parse("a == 1").trace(None).error is not None  # type: ignore[arg-type] # a host's mistake


def test_a_trace_is_json_ready():
    """Instants, durations, bytes, decimals and doubles of all kinds become JSON."""
    bindings = {
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        "wait": timedelta(seconds=1.5),
        "photo": b"\xff",
        "amount": Decimal("1.50"),
        "n": float("nan"),
        "m": {1: [True]},
    }
    trace = Expression.parse("[at, wait, photo, amount, n, m]").trace(bindings)

    assert trace.as_data() == {
        "text": "[at, wait, photo, amount, n, m]",
        "kind": "value",
        "value": ["2026-01-01T00:00:00Z", "1.5s", "/w==", "1.50", "nan", {"1": [True]}],
    }
    assert json.loads(json.dumps(Expression.parse("a && x.y > 1").trace({}).as_data()))["missing"] == ["a", "x.y"]


def test_long_values_are_cut_in_sentences():
    """A sentence stays readable whatever the data."""
    line = _lines("a == 'x'", {"a": "y" * 1000})[0]

    assert len(line) < 100
