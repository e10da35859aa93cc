"""Knows what operators give for values of every kind; must not know leniency or static types."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product

import pytest

from servflow.expressions import Expression, ExpressionError, evaluate

ERRORS = [
    "9223372036854775807 + 1",
    "-9223372036854775808 - 1",
    "9223372036854775807 * 2",
    "-9223372036854775808 / -1",
    "-9223372036854775808 % -1",
    "-(-9223372036854775808)",
    "18446744073709551615u + 1u",
    "1u - 2u",
    "-1u",
    "1 / 0",
    "1 % 0",
    "1u / 0u",
    "1u % 0u",
    "1 + 1u",
    "1 + 1.0",
    "1.5 % 1.0",
    "'a' + 1",
    "'a' * 2",
    "true + true",
    "null + 1",
    "-'a'",
    "!1",
    "!null",
    "1 < 'a'",
    "null < 1",
    "[1] < [2]",
    "{} < {}",
    "true < 1",
    "1 in 1",
    "'a' in 'abc'",
    "1 && true",
    "true && 'x'",
    "null || false",
    "1 ? 2 : 3",
    "null ? 2 : 3",
    "[1][1]",
    "[1][-1]",
    "[1][0.5]",
    "[1]['0']",
    "[1][true]",
    "{'a': 1}['b']",
    "{'a': 1}.b",
    "{1: 2}[[1]]",
    "{1: 2}[null]",
    "1[0]",
    "1.0.a",
    "(1).a",
    "{1.0: 2}",
    "{null: 2}",
    "{[]: 2}",
    "{'a': 1, 'a': 2}",
    "{1: 1, 1u: 2}",
    "x",
    "x.y",
    "has({}.a.b)",
    "has((1).a)",
]


@pytest.mark.parametrize("text", ERRORS)
def test_what_no_overload_takes_or_no_range_holds_is_an_error(text):
    """Strict evaluation never guesses: wrong kinds, overflow, absent keys and names are errors."""
    with pytest.raises(ExpressionError):
        evaluate(text, {})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("7 / -2", -3),
        ("7 % 3", 1),
        ("-7 % 3", -1),
        ("7 % -3", 1),
        ("5u / 2u", 2),
        ("18446744073709551615u % 10u", 5),
        ("0.1 + 0.2", 0.1 + 0.2),
        ("1.0 / 0.0", math.inf),
        ("-1.0 / 0.0", -math.inf),
        ("1.0 / -0.0", -math.inf),
        ("1e308 * 10.0", math.inf),
        ("'a' + 'b'", "ab"),
        ("b'a' + b'b'", b"ab"),
        ("[1] + [2, 'x']", [1, 2, "x"]),
    ],
)
def test_arithmetic(text, value):
    """Integers truncate towards zero, the rest has the sign of the dividend, doubles follow IEEE 754."""
    assert value == evaluate(text, {})


@pytest.mark.parametrize(
    "text",
    [
        "1 == 1.0",
        "1u == 1",
        "dyn(1u) == 1.0",
        "9007199254740993 != 9007199254740992.0",
        "1 < 1.5",
        "1u < 2",
        "-1 < 0u",
        "18446744073709551615u > 1.0",
        "9223372036854775807 < 9223372036854775808.0",
        "'a' != 1",
        "1 != '1'",
        "true != 1",
        "null == null",
        "null != 0",
        "null != false",
        "'a' < 'b'",
        "'Z' < 'a'",
        "'\\uFFFF' < '\\U00010000'",
        "b'a' < b'b'",
        "false < true",
        "[1, 2u] == [1.0, 2]",
        "[1] != [true]",
        "[] == []",
        "[1] != [1, 2]",
        "{'a': 1} == {'a': 1.0}",
        "{1: 'a'} == {1u: 'a'}",
        "{true: 1} != {1: 1}",
        "{'a': 1} != {'b': 1}",
        "{'a': [1, {'b': 2}]} == {'a': [1, {'b': 2}]}",
        "int == type(1)",
        "type(1) != type(1u)",
        "type(type(1)) == type",
        "type(timestamp(0)) == google.protobuf.Timestamp",
        "type(duration('1s')) == google.protobuf.Duration",
        "type(null) == null_type",
        "double('nan') != double('nan')",
        "!(double('nan') == double('nan'))",
        "!(double('nan') < 1.0) && !(double('nan') > 1.0) && !(1 <= double('nan'))",
        "0.0 == -0.0",
        "1 in [1.0]",
        "'a' in {'a': 1}",
        "1.0 in {1: 2}",
        "!(1.5 in {1: 2})",
        "!('b' in ['a'])",
        "!(true in [1])",
        "!(1 in {true: 1})",
        "!(null in {'a': 1})",
        "[1] in [[1], [2]]",
        "{1: 'a'}[1u] == 'a'",
        "{1u: 'a'}[1.0] == 'a'",
        "{true: 'a', 2: 'b'}[true] == 'a'",
        "[1, 2][dyn(1.0)] == 2",
        "[1, 2][1u] == 2",
        "has({'a': null}.a)",
        "!has({}.a)",
    ],
)
def test_comparisons_that_hold(text):
    """Numbers compare by value across kinds, different kinds are unequal, containers compare by element."""
    assert evaluate(text, {}) is True


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("false && 1 / 0 > 0", False),
        ("1 / 0 > 0 && false", False),
        ("true || 1 / 0 > 0", True),
        ("1 / 0 > 0 || true", True),
        ("'x' && false", False),
        ("1 || true", True),
        ("missing && false", False),
        ("true || missing.a.b", True),
        ("1 / 0 > 0 || false || true", True),
        ("(1 / 0 > 0 || true) && true", True),
        ("true ? 1 : 1 / 0", 1),
        ("false ? 1 / 0 : 2", 2),
    ],
)
def test_a_decisive_operand_absorbs_errors_on_either_side(text, value):
    """``&&`` and ``||`` are commutative, errors included; a conditional evaluates only one branch."""
    assert value is evaluate(text, {}) or value == evaluate(text, {})


@pytest.mark.parametrize("text", ["true && 1 / 0 > 0", "1 / 0 > 0 && true", "false || 1 / 0 > 0", "1 / 0 > 0 || false"])
def test_without_a_decisive_operand_the_error_stays(text):
    """An error next to an operand that settles nothing is the result."""
    with pytest.raises(ExpressionError, match="division by zero"):
        evaluate(text, {})


def test_an_error_tells_where_it_happened():
    """An evaluation error knows its text, the offset of the operator and a stable code."""
    with pytest.raises(ExpressionError) as caught:
        evaluate("1 + 2 / 0", {})

    assert caught.value.text == "1 + 2 / 0"
    assert caught.value.position == 6
    assert caught.value.code == "expression.division"


ASKED = (
    "x == 1",
    "x < 1",
    "x >= 1",
    "x != 'a'",
    "x < 'a'",
    "x >= 1.5",
    "x <= y",
    "x in [1, 2]",
    "o.x > 1",
    "x + y >= 2",
    "x == null",
)
HELD = (None, 1, 2**63, True, 1.5, float("nan"), "a", Decimal("1"), Decimal("NaN"), [1], datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("text", ASKED)
@pytest.mark.parametrize("kind", [None, "int", "double", "any"])
def test_a_negated_comparison_is_the_opposite_of_the_comparison(text, kind):
    """However it is evaluated, and whatever short cut is taken; not-a-number and failures included."""
    fields = None if kind is None else {"x": kind, "y": kind, "o": {"x": kind}}

    def asked(written: str, verb: str, bindings: dict[str, object], *, strict: bool) -> object:
        try:
            return getattr(Expression.parse(written, fields, strict=strict), verb)(bindings)
        except ExpressionError as error:
            return error.code

    for held, verb, strict in product(HELD, ("test", "evaluate", "value"), (False, True)):
        bindings = {"x": held, "y": 1, "o": {"x": held}}
        found = asked(text, verb, bindings, strict=strict)
        opposite = not found if isinstance(found, bool) else found

        # With a macro around there are no short cuts.
        assert opposite == asked(f"!({text})", verb, bindings, strict=strict)
        assert opposite == asked(f"[0].all(z, !({text}))", verb, bindings, strict=strict)
