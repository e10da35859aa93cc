"""Holds the search for the nearest values to an end, also where nothing has to change."""

from __future__ import annotations

from decimal import Decimal

from servflow.expressions import Expression, solve


def test_a_question_the_present_values_answer_ends() -> None:
    """What does not hold whatever the free name is, is answered with the present value, at once."""
    condition = Expression.parse("amount > limit")

    solved = solve((), (condition,), types={"limit": "decimal"}, fixed={"amount": "a text"}, near={"limit": Decimal(1000)})

    assert ("yes", {"limit": Decimal(1000)}) == (solved.status, dict(solved.values))
