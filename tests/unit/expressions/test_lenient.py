"""Knows how conditions and cells read data that is not there; must not know strict evaluation."""

from __future__ import annotations

from datetime import datetime

import pytest

from servflow.expressions import Expression, ExpressionError


@pytest.mark.parametrize("bindings", [{}, {"a": None, "b": None, "m": None, "l": None}, {"m": {}, "l": []}, {"m": {"x": None}}])
@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("a == 'x'", False),
        ("a != 'x'", False),
        ("!(a == 'x')", True),
        ("'x' == a", False),
        ("a == 1", False),
        ("a != 1", False),
        ("a < 1", False),
        ("a >= 1", False),
        ("1 > a", False),
        ("a == b", False),
        ("a != b", False),
        ("a < b", False),
        ("a == true", False),
        ("a in ['x', 'y']", False),
        ("a in [1, null]", False),
        ("'x' in a", False),
        ("!(a in ['x'])", True),
        ("a + 1 > 0", False),
        ("-a < 0", False),
        ("a + b == null", True),
        ("a == null", True),
        ("null == a", True),
        ("a != null", False),
        ("null == null", True),
        ("m.x == null", True),
        ("m.x.y.z == null", True),
        ("m['x'] == null", True),
        ("m.x == 'y'", False),
        ("l[0] == 'x'", False),
        ("l[0] == null", True),
        ("a", False),
        ("!a", True),
        ("m.x", False),
        ("a && true", False),
        ("a || true", True),
        ("a || m.x", False),
        ("a ? true : false", False),
        ("a.startsWith('x')", False),
        ("!a.startsWith('x')", True),
        ("'x'.startsWith(a)", False),
        ("size(a) == 0", False),
        ("int(a) > 0", False),
        ("timestamp(a) > timestamp(0)", False),
        ("at.getHours() > 5", False),
        ("a.exists(t, t == 'x')", False),
        ("a.all(t, t == 'x')", False),
        ("a.map(t, t) == null", True),
        ("type(a) == null_type", True),
        ("has(m.x)", False),
        ("has(m.x.y)", False),
        ("{a: 1} == null", True),
        ("[a] == [a]", True),
    ],
)
def test_what_is_missing_does_not_match(text, result, bindings):
    """A missing name, a missing key and null are one: comparisons are false, == null is true, a bare bool is false."""
    assert result is Expression.parse(text).test(bindings)


@pytest.mark.parametrize(
    ("text", "bindings"),
    [
        ("a < 1", {"a": "x"}),
        ("a && true", {"a": "x"}),
        ("a", {"a": 1}),
        ("a + 1", {"a": 1}),
        ("'text'", {}),
        ("1 / a > 0", {"a": 0}),
        ("a + 1 > 0", {"a": 2**63 - 1}),
        ("a.b == 1", {"a": 5}),
        ("a[0] == 1", {"a": 5}),
        ("a.startsWith('x')", {"a": 5}),
        ("int(a) > 0", {"a": "x"}),
        ("a > b", {"a": 1, "b": "x"}),
        ("a == 'x'", {"a": object()}),
        ("a == 'x'", {"a": datetime(2026, 1, 1)}),
        ("a > 1", {"a": 2**64}),
        ("a == b", {"a": 2**64, "b": 2**64}),
    ],
)
def test_what_is_wrong_stays_an_error(text, bindings):
    """Leniency is about missing data only: types that do not fit, overflow and division by zero are errors."""
    with pytest.raises(ExpressionError):
        Expression.parse(text).test(bindings)


def test_a_decisive_operand_absorbs_errors_also_here():
    """``&&`` and ``||`` stay commutative in conditions, at the top and below it."""
    for text in ("a / 0 > 1 || true", "true || a / 0 > 1", "!(a / 0 > 1 && false)", "!(false && a / 0 > 1)"):
        assert Expression.parse(text).test({"a": 1}) is True
    for text in ("a / 0 > 1 && false", "false && a / 0 > 1", "true && a / 0 > 1 && true && false"):
        assert Expression.parse(text).test({"a": 1}) is False


@pytest.mark.parametrize(
    ("text", "bindings", "result"),
    [
        ("tier == 'gold' && amount > 100", {"tier": "gold", "amount": 101}, True),
        ("tier == 'gold' && amount > 100", {"tier": "gold", "amount": 100}, False),
        ("tier == 'gold' && amount >= 100", {"tier": "gold", "amount": 100}, True),
        ("amount < 100", {"amount": 99}, True),
        ("amount <= 100", {"amount": 100}, True),
        ("amount <= 100", {"amount": 101}, False),
        ("amount == 100", {"amount": 100.0}, True),
        ("amount == 100", {"amount": True}, False),
        ("amount == 1", {"amount": True}, False),
        ("amount != 100", {"amount": 5}, True),
        ("amount > 9223372036854775807", {"amount": 5}, False),
        ("amount >= -9223372036854775808", {"amount": -(2**63)}, True),
        ("amount <= 9223372036854775807", {"amount": 2**63 - 1}, True),
        ("amount > 1.5", {"amount": 2}, True),
        ("a > b", {"a": 2, "b": 1}, True),
        ("a > b", {"a": 2, "b": 1.5}, True),
        ("a == b", {"a": "x", "b": "x"}, True),
        ("a == b", {"a": True, "b": 1}, False),
        ("a == b", {"a": [1], "b": [1.0]}, True),
        ("a in ['x', 'y']", {"a": "y"}, True),
        ("a in ['x', 'y']", {"a": 1}, False),
        ("a == 'x'", {"a": 1}, False),
        ("a != 'x'", {"a": 1}, True),
        ("a && b", {"a": True, "b": True}, True),
        ("a && b && c", {"a": True, "b": True, "c": False}, False),
        ("a && b && c && d", {"a": True, "b": True, "c": True, "d": True}, True),
        ("a && b && c && d && e", {"a": True, "b": True, "c": True, "d": True}, False),
    ],
)
def test_short_cuts_mean_what_the_language_means(text, bindings, result):
    """The comparisons conditions are mostly made of give the same as everywhere, at the bounds too."""
    expression = Expression.parse(text)

    assert result is expression.test(bindings)
    assert result is expression.compiled_test(bindings)
    # Inside a macro nothing is short cut.
    assert result is Expression.parse(f"[1].exists(one, {text})").test(bindings)


def test_declared_kinds_hold_in_short_cuts_too():
    """A declared double given as an int compares like a double."""
    expression = Expression.parse("x > 1 && x == 2 && x < y", {"x": "double", "y": "double"})

    assert expression.test({"x": 2, "y": 2.5}) is True


@pytest.mark.parametrize(
    ("text", "bindings", "result"),
    [
        ("a", {}, None),
        ("a.b.c", {}, None),
        ("a.b.c", {"a": {"b": None}}, None),
        ("a['b']", {"a": {}}, None),
        ("[a, 1]", {}, [None, 1]),
        ("a == null ? 'none' : a", {}, "none"),
        ("a == 'x'", {}, False),
        ("a != 'x'", {}, True),
        ("payload.signature", {"payload": {"signature": "s"}}, "s"),
    ],
)
def test_values_read_missing_data_as_null(text, bindings, result):
    """For cells and ``set`` what is not there is null; everything else is strict."""
    assert result == Expression.parse(text).value(bindings)


@pytest.mark.parametrize("text", ["a + 1", "a < 1", "a && true", "size(a)", "a ? 1 : 2"])
def test_values_do_not_calculate_with_null(text):
    """A cell that calculates with missing data is an error, not null."""
    with pytest.raises(ExpressionError):
        Expression.parse(text).value({})
