"""Knows the decimal extension; must not know other kinds."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest

from servflow.expressions import Expression, ExpressionError, evaluate


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("decimal('1.50')", "1.50"),
        ("decimal('-0.1') + decimal('0.2')", "0.1"),
        ("decimal('0.1') + decimal('0.2')", "0.3"),
        ("decimal('1.10') * 3", "3.30"),
        ("2 - decimal('0.5')", "1.5"),
        ("decimal('10') / 4", "2.5"),
        ("1 / decimal('3')", "0.3333333333333333333333333333"),
        ("decimal('-7') % 3", "-1"),
        ("-decimal('1.5')", "-1.5"),
        ("decimal(5)", "5"),
        ("decimal(5u)", "5"),
        ("decimal(decimal('1'))", "1"),
        ("x + x", "2.4690"),
        ("true ? x : decimal('0')", "1.2345"),
    ],
)
def test_decimal_arithmetic_is_exact(text, value):
    """Decimals keep every digit; division rounds at 28."""
    found = evaluate(text, {"x": Decimal("1.2345")})

    assert Decimal(value) == found
    assert value == str(found)


@pytest.mark.parametrize(
    "text",
    [
        "decimal('1.5') == decimal('1.50')",
        "decimal('2') == 2",
        "2u == decimal('2')",
        "decimal('1.5') > 1",
        "1 < decimal('1.5')",
        "decimal('1.5') <= decimal('1.5')",
        "decimal('1.5') in [1, decimal('1.50')]",
        "decimal('1.5') != 1.5",
        "decimal('1') != '1'",
        "string(decimal('1.50')) == '1.50'",
        "string(decimal('1e3')) == '1000'",
        "int(decimal('-1.9')) == -1",
        "double(decimal('1.5')) == 1.5",
        "type(decimal('1')) == decimal",
    ],
)
def test_decimals_compare_by_value(text):
    """Decimals compare with decimals and integers, and are never equal to a double."""
    assert evaluate(text, {}) is True


@pytest.mark.parametrize(
    "text",
    [
        "decimal('1') + 1.0",
        "1.0 * decimal('1')",
        "decimal('1') + 1u",
        "decimal('1') < 1.0",
        "decimal('1') + '1'",
        "decimal('1') / 0",
        "decimal('1') % 0",
        "decimal('0') / decimal('0')",
        "decimal('x')",
        "decimal('')",
        "decimal('nan')",
        "decimal('inf')",
        "decimal('1_0')",
        "decimal('1e99999')",
        "decimal('1e999999999999')",
        "decimal('12345678901234567890123456789')",
        "decimal('9e6144') * 10",
        "decimal('1e-6144') * decimal('1e-6144')",
        "decimal(1.5)",
        "decimal(true)",
        "int(decimal('1e30'))",
        "{'a': 1}[decimal('1')]",
        "[1][decimal('0')]",
        "decimal('1e5000') % 7",
    ],
)
def test_decimals_refuse_what_is_not_exact(text):
    """Doubles, overflow, division by zero and texts that are no finite decimal are errors."""
    with pytest.raises(ExpressionError):
        evaluate(text, {})


def test_the_hosts_decimal_context_changes_nothing():
    """Precision and traps of the calling thread do not reach an expression."""
    with localcontext() as context:
        context.prec = 3
        context.traps = dict.fromkeys(context.traps, True)

        assert evaluate("x / 3 > decimal('33.333') && -x < 0 && x == decimal('100.001')", {"x": Decimal("100.001")}) is True
        assert str(evaluate("-x", {"x": Decimal("123.4567")})) == "-123.4567"


def test_a_condition_compares_decimals_with_literals():
    """The usual amount condition works on decimals, ints and nothing."""
    expression = Expression.parse("amount > 100", {"amount": "decimal"})

    assert expression.test({"amount": Decimal("100.01")}) is True
    assert expression.test({"amount": 101}) is True
    assert expression.test({"amount": None}) is False


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("round(decimal('89.025'), 2)", "89.03"),
        ("round(decimal('89.015'), 2)", "89.02"),
        ("round(decimal('-89.025'), 2)", "-89.03"),
        ("round(decimal('100') / 3, 2)", "33.33"),
        ("round(decimal('120'), 2)", "120.00"),
        ("round(decimal('2.5'))", "3"),
        ("round(decimal('-0.004'), 2)", "0.00"),
        ("round(7, 2)", "7.00"),
        ("round(decimal('0.005'), 28)", "0.0050000000000000000000000000"),
        ("round(decimal('9.995'), 2)", "10.00"),
        ("round(decimal('1234567890123456789012345678'), 2)", "1234567890123456789012345678"),
        ("round(decimal('1e6000'), 2)", "1E+6000"),
    ],
)
def test_money_is_rounded_half_away_from_zero(text, value):
    """Five at the next place goes up for whoever pays and whoever is paid; what would be too long stays as it is."""
    assert value == str(evaluate(text, {}))


@pytest.mark.parametrize(
    "text", ["round(decimal('1'), -1)", "round(decimal('1'), 29)", "round('1')", "round(1.5, 2)", "round()"]
)
def test_what_cannot_be_rounded_is_refused(text):
    """Places are counted from the point to the 28th digit, and a double is no money."""
    with pytest.raises(ExpressionError):
        evaluate(text, {})
