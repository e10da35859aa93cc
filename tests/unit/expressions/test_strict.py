"""Knows what strict conditions say about data that is not there; must not know lenient ones beyond comparing with them."""

from __future__ import annotations

import pickle

import pytest

from servflow.expressions import Expression, ExpressionError, Function


@pytest.mark.parametrize(
    ("text", "bindings", "name", "position"),
    [
        ("tier == 'gold'", {}, "tier", 0),
        ("tier == 'gold'", {"tier": None}, "tier", 0),
        ("'gold' != tier", {}, "tier", 10),
        ("tier in ['gold', 'silver']", {}, "tier", 0),
        ("'a' in tags", {"tags": None}, "tags", 7),
        ("amount > 3", {}, "amount", 0),
        ("amount <= 3", {"amount": None}, "amount", 0),
        ("amount == 3", {}, "amount", 0),
        ("amount < limit", {"amount": 1}, "limit", 9),
        ("amount < limit", {"limit": 1}, "amount", 0),
        ("price > 1.5", {}, "price", 0),
        ("customer.tier == 'gold'", {}, "customer.tier", 9),
        ("customer.tier == 'gold'", {"customer": None}, "customer.tier", 9),
        ("customer['tier'] == 'gold'", {"customer": {}}, "customer.tier", 8),
        ("items[3] > 2", {"items": [1]}, "items[3]", 5),
        ("items[at] > 2", {"items": [1]}, "at", 6),
        ("a + b > 3", {"a": 1}, "b", 4),
        ("-a < 0", {}, "a", 1),
        ("size(notes) > 3", {}, "notes", 5),
        ("name.startsWith('x')", {}, "name", 0),
        ("urgent", {}, "urgent", 0),
        ("!urgent", {"urgent": None}, "urgent", 1),
        ("!(tier == 'gold')", {}, "tier", 2),
        ("urgent ? true : false", {}, "urgent", 0),
        ("tags.exists(t, t == 'a')", {}, "tags", 0),
        ("tags.exists(t, t == 'a')", {"tags": ["b", None]}, "t", 15),
        ("tier == 'gold' && amount > 3", {"amount": 4}, "tier", 0),
        ("tier == 'gold' || amount > 3", {"amount": 2}, "tier", 0),
        ("a == 1 && b == 2 && c == 3 && d == 4", {"a": 1, "b": 2, "c": 3}, "d", 30),
    ],
)
def test_comparing_with_nothing_is_an_error_that_names_it(text, bindings, name, position):
    """What is missing or null where a value is wanted fails, with its name and its place; so does the trace."""
    condition = Expression.parse(text, strict=True)
    with pytest.raises(ExpressionError) as caught:
        condition.test(bindings)

    assert ("expression.null", name, position) == (caught.value.code, caught.value.facts["name"], caught.value.position)
    assert caught.value.message == condition.trace(bindings).error
    assert name in caught.value.message


@pytest.mark.parametrize(
    ("text", "bindings", "result"),
    [
        ("tier == null", {}, True),
        ("null != tier", {"tier": "gold"}, True),
        ("customer.tier == null", {"customer": None}, True),
        ("items[3] == null", {"items": [1]}, True),
        ("items[0] != null", {}, False),
        ("has(customer.tier)", {}, False),
        ("has(customer.tier)", {"customer": {"tier": None}}, False),
        ("has(customer.tier) && customer.tier == 'gold'", {}, False),
        ("tier == 'gold' && tier != null", {}, False),
        ("tier == null || tier == 'gold'", {}, True),
        ("tier == 'gold' || amount > 3", {"amount": 4}, True),
        ("tier == 'gold' && amount > 3", {"amount": 2}, False),
        ("tier == null ? true : tier == 'gold'", {}, True),
        ("type(tier) == null_type", {}, True),
        ("tier == 'gold' && amount > 3", {"tier": "gold", "amount": 4}, True),
    ],
)
def test_null_is_asked_about_as_before(text, bindings, result):
    """``== null``, ``!= null`` and ``has`` answer, and what they settle makes a failing neighbour no matter."""
    assert result == Expression.parse(text, strict=True).test(bindings)
    assert result == Expression.parse(text).test(bindings)
    assert result == Expression.parse(text, strict=True).trace(bindings).result


def test_only_conditions_are_strict():
    """``value`` and ``evaluate`` read what is missing as they always do."""
    strict, plain = Expression.parse("tier", strict=True), Expression.parse("tier")

    assert plain.value({}) == strict.value({})
    with pytest.raises(ExpressionError) as caught:
        strict.evaluate({})
    assert caught.value.code == "expression.no_such_name"


def test_a_host_function_of_anything_is_called_with_null():
    """A parameter of type ``any`` takes null; one of another type does not."""
    functions = {
        "known": Function("known", ("any",), "bool", lambda value: value is not None),
        "long": Function("long", ("string",), "bool", lambda value: len(value) > 3),
    }

    assert Expression.parse("known(tier)", functions=functions, strict=True).test({}) is False
    with pytest.raises(ExpressionError) as caught:
        Expression.parse("long(tier)", functions=functions, strict=True).test({})
    assert caught.value.facts["name"] == "tier"


def test_strict_and_lenient_are_two_expressions():
    """Being strict is part of what an expression is: of equality, of the tree's way back and of ``pickle``."""
    strict, plain = Expression.parse("a > 1", strict=True), Expression.parse("a > 1")

    assert strict != plain
    assert strict == Expression.from_tree(strict.tree, strict=True) == pickle.loads(pickle.dumps(strict))
    assert "Expression('a > 1', strict=True)" == repr(strict)
    assert (True, False) == (strict.strict, plain.strict)
