"""Knows how values are found on which conditions hold, or that there are none; must not know what the conditions are for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from servflow.errors import ExpressionError
from servflow.expressions._expression import Expression
from servflow.expressions._solve_atoms import Reader
from servflow.expressions._solve_bindings import at_path, copied, put
from servflow.expressions._solve_search import Demand, Search, groups
from servflow.expressions._solve_trees import Tree

BUDGET = 20_000
"""How many values are tried before the question is left open."""


@frozen(kw_only=True)
class Solved:
    """
    Whether conditions can hold together, and on which values.

    ``status`` is ``yes`` (they hold on ``values``, asked of the evaluator itself), ``no`` (they hold on no
    values) or ``open`` (not decided). ``values`` gives every name the conditions read and nobody fixed, as
    the dotted name in ``Expression.reads``; ``bindings`` gives the same and the fixed ones nested, as
    ``Expression.test`` takes them. ``tried`` counts the values tried.
    """

    status: str
    values: Mapping[str, Any] = field(factory=dict)
    tried: int = 0
    bindings: Mapping[str, Any] = field(factory=dict, repr=False)

    def __bool__(self) -> bool:
        return self.status == "yes"


def solve(
    wanted: Iterable[Expression],
    unwanted: Iterable[Expression] = (),
    *,
    types: Mapping[str, Any],
    fixed: Mapping[str, Any] | None = None,
    near: Mapping[str, Any] | None = None,
    budget: int = BUDGET,
) -> Solved:
    """
    Values on which all wanted conditions hold and no unwanted one does, or that there are none.

    A condition holds where ``test`` gives true; false, null and failing all count as not holding. Every
    name may also be null. Names are taken to be independent of each other: ``clock.repair.due`` may be set
    while ``clock.repair.phase`` is null, unless a condition reads ``clock.repair`` itself. What must be so
    besides (a lowest value, two names that go together) is one more wanted condition.

    ``no`` is said only where it is proved: where each part of the conditions compares one name with
    constants, or two names of one type, asks for a part of a text, a size or a member, or reads nothing but
    names whose values can be listed. What a part of another kind (a product, a host's function, a macro)
    comes to is left open, and no is still said where it holds whatever that part comes to.

    Args:
        wanted: conditions that must hold.
        unwanted: conditions that must not.
        types: the type of each name, as ``Expression.parse`` takes them; ``one_of`` limits the values. A name
            that is not here has the type its expression was parsed with, or any.
        fixed: values that may not change, nested or by dotted name; what a mapping does not hold is free.
        near: the present values, likewise. Of all answers the one that differs from them in the fewest
            names is given, and of these the one with the nearest values, as far as the budget lasts.
        budget: how many values may be tried.

    Returns:
        The answer; the same for the same arguments in every process.
    """
    positive, negative = tuple(wanted), tuple(unwanted)
    reader = Reader(types, fixed)
    reader.declare([*positive, *negative])
    demands = [
        demand
        for expressions, holds in ((positive, True), (negative, False))
        for expression in expressions
        for demand in _split(reader.read(expression), holds=holds)
    ]
    found, tried, status = _search(reader, demands, near, budget)
    if status != "yes":
        return Solved(status=status, tried=tried)
    values = {name: found.get(name) for name in sorted(reader.variables)}
    bindings = bound(reader, values)
    shown = {name: None if reader.variables[name].inner and found[name] is None else at_path(bindings, name) for name in values}
    if all(_holds(item, bindings) for item in positive) and not any(_holds(item, bindings) for item in negative):
        return Solved(status="yes", values=shown, tried=tried, bindings=bindings)
    return Solved(status="open", tried=tried)


def bound(reader: Reader, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as nested bindings beside the fixed ones."""
    bindings = copied(reader.base)
    for name in sorted(values):  # a holder before what it holds
        variable = reader.variables[name]
        if not variable.inner:
            if not any(values[other] is None for other in _holders(reader, name)):
                put(bindings, name, values[name])
        elif values[name] is None:
            put(bindings, name, None)
        elif not isinstance(at_path(bindings, name), Mapping):
            put(bindings, name, {})
    return bindings


def _holders(reader: Reader, name: str) -> list[str]:
    return [other for other, variable in reader.variables.items() if variable.inner and name.startswith(other + ".")]


def _holds(expression: Expression, bindings: Mapping[str, Any]) -> bool:
    try:
        return expression.test(bindings)
    except ExpressionError:
        return False


def _split(tree: Tree, *, holds: bool) -> list[Demand]:
    """The demands a condition comes to: an ``&&`` that must hold, or an ``||`` that must not, is one for each operand."""
    waiting, found = [tree], []
    while waiting:
        part = waiting.pop(0)
        if part[0] == ("and" if holds else "or"):
            waiting = [*part[1], *waiting]
        else:
            found.append(Demand(part, holds))
    return found


def _search(
    reader: Reader, demands: Sequence[Demand], near: Mapping[str, Any] | None, budget: int
) -> tuple[dict[str, Any], int, str]:
    found: dict[str, Any] = {}
    tried, status = 0, "yes"
    for variables, atoms, mine in groups(reader, demands):
        search = Search(reader, variables, atoms, mine, near=near, budget=max(budget - tried, 0))
        values, answer = search.run()
        tried += search.tried
        if answer == "no":
            return {}, tried, "no"
        if answer == "open":
            status = "open"
        found.update(values)
    return found, tried, status


__all__ = ["BUDGET", "Solved", "solve"]
