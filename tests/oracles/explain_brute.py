"""Knows the nearest miss and the smallest change of a table, found by trying everything; must not know any index."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from servflow.errors import ServflowError
from servflow.expressions import distance
from servflow.rules import DecisionTable
from tests.oracles import table_scan as scan

Domains = Mapping[str, Sequence[Any]]


def said(table: DecisionTable, fields: Mapping[str, Any]) -> Any:
    """The outputs and the rows they rest on, or None where the table cannot decide."""
    try:
        decision = table.decide(fields)
    except ServflowError:
        return None
    single = table.hit in ("first", "priority", "unique")
    return decision.outputs, decision.matched[:1] if single else decision.matched


def altered(before: Any, after: Any) -> bool:
    """Whether other rows say something else; what cannot be decided says nothing."""
    if after is None:
        return False
    return before is None or (before[0] != after[0] and before[1] != after[1])


def changes(domains: Domains, fields: Mapping[str, Any], size: int) -> Iterator[dict[str, Any]]:
    """Every way to give so many fields another value of their domain."""
    for names in itertools.combinations(sorted(domains), size):
        for values in itertools.product(*(domains[name] for name in names)):
            if all(
                value != fields.get(name) or type(value) is not type(fields.get(name))
                for name, value in zip(names, values, strict=True)
            ):
                yield dict(zip(names, values, strict=True))


def smallest(table: DecisionTable, domains: Domains, fields: Mapping[str, Any]) -> tuple[int, Fraction] | None:
    """How many fields the smallest change that alters the result takes, and how far it goes; None where nothing does."""
    before = said(table, fields)
    for size in range(1, len(domains) + 1):
        far = [
            sum((distance(fields.get(name), value) for name, value in change.items()), Fraction(0))
            for change in changes(domains, fields, size)
            if altered(before, said(table, {**fields, **change}))
        ]
        if far:
            return size, min(far)
    return None


def nearest(rows: list[Any], inputs: list[str], domains: Domains, fields: dict[str, Any]) -> tuple[int, int] | None:
    """The row that does not match for the fewest and then the nearest conditions, and how many these are."""
    ranked: list[tuple[int, Fraction, int]] = []
    for row, (cells, _) in enumerate(rows):
        failing = [
            (name, cell)
            for name, cell in zip(inputs, cells, strict=True)
            if scan.holds(cell, fields.get(name), fields) is not True
        ]
        if failing:
            far = sum((_need(cell, domains[name], fields.get(name)) for name, cell in failing), Fraction(0))
            ranked.append((len(failing), far, row))
    return (min(ranked)[2], min(ranked)[0]) if ranked else None


def _need(cell: Any, domain: Sequence[Any], value: Any) -> Fraction:
    fitting = [distance(value, other) for other in domain if scan.holds(cell, other, {}) is True]
    return min(fitting, default=Fraction(1))
