"""Knows what the matching rows of a table amount to under each hit policy; must not know how rows match."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from servflow.errors import InputError, render
from servflow.model import FrozenMap
from servflow.rules._cells import kind_of, same
from servflow.rules._definition import MULTIPLE, Output

Outputs = FrozenMap[str, Any]

# The caller's decimal context must not change a result: the precision of expressions, and every trap an error.
_EXACT = decimal.Context(prec=28, traps=[decimal.InvalidOperation, decimal.Overflow, decimal.DivisionByZero])
_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1


def plainly(value: Any) -> Any:
    """
    A value as ``evaluate`` gives it, lists and maps being the caller's own; any other value as it is.

    What holds one is a plain dict too: a frozen map would promise what its lists do not keep.
    """
    # Outputs are checked values, nested at most a few levels deep.
    if isinstance(value, (list, tuple)):
        return [plainly(item) for item in value]
    if isinstance(value, Mapping):
        return {key: plainly(item) for key, item in value.items()}
    return value


def released(result: Any) -> Any:
    """The outputs of a decision with every list and map in them plain; the same outputs where there is none."""
    if isinstance(result, list):
        return [released(each) for each in result]
    if isinstance(result, Mapping) and any(isinstance(value, (list, tuple, Mapping)) for value in result.values()):
        return plainly(result)
    return result


def known_results(
    hit: str, outputs: Mapping[str, Output], constants: Sequence[Outputs | None]
) -> list[tuple[Any] | None] | None:
    """
    The result of each row where it decides alone, and last that of no row; None for policies that look at all rows.

    Each stands in a tuple of one, or is None where it must be evaluated when it is asked for.

    Args:
        hit: the policy.
        outputs: the output columns.
        constants: what each row gives, None where it must be evaluated.
    """
    if hit not in ("unique", "first", "priority", "any"):
        return None
    # Lists and maps are made anew for every caller, who may write to them.
    found: list[Any] = [*constants]
    results = [None if each is None or released(each) is not each else (each,) for each in found]
    nothing = defaults(outputs)
    return [*results, (nothing,) if released(nothing) is nothing else None]


def settle(
    table: str, hit: str, outputs: Mapping[str, Output], matched: Sequence[int], evaluated: Sequence[Outputs]
) -> tuple[Any, tuple[int, ...]]:
    """
    The result and the rows behind it, the deciding row first.

    Args:
        table: the table's name, for errors.
        hit: the policy.
        outputs: the output columns.
        matched: the rows that matched, in row order; for ``first`` the first of them is enough.
        evaluated: what each matched row gives.

    Raises:
        InputError: ``rules.not_unique``, ``rules.conflict`` or ``rules.aggregate``.
    """
    if hit.startswith("collect "):
        return _aggregate(table, hit[8:], outputs, matched, evaluated), tuple(matched)
    if not matched:
        default = defaults(outputs)
        if hit in MULTIPLE:
            return ([] if default is None else [default]), ()
        return default, ()
    if hit == "unique" and len(matched) > 1:
        facts = {"table": table, "rows": tuple(matched), "values": tuple(evaluated)}
        raise InputError(render("rules.not_unique", facts), code="rules.not_unique", **facts)
    if hit == "any" and not all(_agree(evaluated[0], other) for other in evaluated[1:]):
        facts = {"table": table, "rows": tuple(matched), "values": tuple(evaluated)}
        raise InputError(render("rules.conflict", facts), code="rules.conflict", **facts)
    if hit in ("priority", "output order"):
        order = sorted(range(len(matched)), key=lambda index: priority_of(outputs, evaluated[index]))
        ranked = tuple(matched[index] for index in order)
        return (evaluated[order[0]] if hit == "priority" else [evaluated[index] for index in order]), ranked
    if hit in MULTIPLE:
        return list(evaluated), tuple(matched)
    return evaluated[0], tuple(matched)


def defaults(outputs: Mapping[str, Output]) -> Outputs | None:
    """The result where no row matches; None where no output has a default."""
    if all(output.default is None for output in outputs.values()):
        return None
    return FrozenMap({name: output.default for name, output in outputs.items()})


def priority_of(outputs: Mapping[str, Output], found: Outputs) -> tuple[int, ...]:
    """What rows are sorted by: the rank of each output that lists its values, in output order; null is last."""
    ranks = []
    for name, output in outputs.items():
        if output.one_of:
            rank = output.rank(found[name])
            ranks.append(len(output.one_of) if rank is None else rank)
    return tuple(ranks)


def _agree(left: Outputs, right: Outputs) -> bool:
    return all(same(value, right[name]) for name, value in left.items())


def _aggregate(
    table: str, operator: str, outputs: Mapping[str, Output], matched: Sequence[int], evaluated: Sequence[Outputs]
) -> Any:
    if operator == "count":
        return len(matched)
    name, output = next(iter(outputs.items()))
    values = [found[name] for found in evaluated if found[name] is not None]
    if not values:
        return output.default
    try:
        result = _AGGREGATES[operator](values)
    except (TypeError, ArithmeticError, OverflowError) as error:
        facts = {"table": table, "operator": operator, "output": name, "values": tuple(values)}
        raise InputError(render("rules.aggregate", facts), code="rules.aggregate", **facts) from error
    return result


def _sum(values: Sequence[Any]) -> Any:
    if all(isinstance(value, timedelta) for value in values):
        return sum(values, timedelta())
    if any(kind_of(value) != "number" for value in values):
        raise TypeError("only numbers and durations add up")
    if any(isinstance(value, Decimal) for value in values):
        total = Decimal(0)
        for value in values:
            if isinstance(value, float):
                raise TypeError("an exact number and a double do not add up")
            total = _EXACT.add(total, Decimal(value))
        return total
    result = sum(values)
    if isinstance(result, int) and not _INT_MIN <= result <= _INT_MAX:
        raise OverflowError("the sum needs more than 64 bits")
    return result


def _ordered(values: Sequence[Any]) -> Sequence[Any]:
    kinds = {kind_of(value) for value in values}
    if len(kinds) != 1 or None in kinds:
        raise TypeError("these values have no common order")
    return values


_AGGREGATES: Mapping[str, Callable[[Sequence[Any]], Any]] = {
    "sum": _sum,
    "min": lambda values: min(_ordered(values)),
    "max": lambda values: max(_ordered(values)),
}
