"""Knows that evaluation is bounded; must not know what is computed."""

from __future__ import annotations

import pytest

from servflow.expressions import MAX_SIZE, Expression, ExpressionError, evaluate

BIG = {"l": list(range(2000)), "s": "x" * 90_000, "texts": ["x" * 50_000] * 50}


@pytest.mark.parametrize(
    "text",
    [
        "l.map(a, l.map(b, a * b)).size()",
        "l.all(a, l.all(b, l.all(c, true)))",
        "l.exists(a, l.exists(b, b / 0 == 1)) || true",
        "l.all(a, !s.contains('xy' + string(a)))",
        "texts.map(t, texts.map(u, t == u)).size() + l.map(a, l.filter(b, s == s)).size()",
        "['a']" + ".map(x, x + x)" * 30,
        "[[1]" + ".map(x, [x, x])" * 30 + "].exists(y, y == [1]" + ".map(x, [x, x])" * 30 + ")",
        "[1]" + ".map(x, [x, x])" * 30,
        "l.exists(a, timestamp(0).getHours('no/' + string(a)) == 1)",
        "s + s",
        "l.map(a, [l] + [l] == [l] + [l]).size()",
        f"l.all(a, {' && '.join(['a >= 0'] * 900)})",
        f"l.map(a, [{', '.join(['1'] * 900)}]).size() == 2000",
    ],
)
def test_work_is_bounded(text):
    """Whatever is nested or doubled ends in an expression error after a bounded number of steps."""
    with pytest.raises(ExpressionError):
        evaluate(text, BIG)


def test_the_step_limit_is_not_absorbed():
    """Running out of steps is no operand's error: ``||`` does not turn it into a result."""
    with pytest.raises(ExpressionError, match="more steps"):
        evaluate("l.all(a, l.all(b, true)) || true", BIG)


def test_sizes_up_to_the_limit_are_fine():
    """Concatenation works to the limit and not past it."""
    half = "x" * (MAX_SIZE // 2)

    assert evaluate("(a + a).size()", {"a": half}) == MAX_SIZE
    with pytest.raises(ExpressionError, match="longer than"):
        evaluate("a + a + 'x'", {"a": half})


def test_an_expression_may_be_evaluated_again_after_running_out():
    """Each evaluation has its own steps."""
    expression = Expression.parse("l.all(a, k.all(b, true))")
    with pytest.raises(ExpressionError):
        expression.evaluate({"l": BIG["l"], "k": BIG["l"]})

    assert expression.evaluate({"l": [1], "k": [1]}) is True
