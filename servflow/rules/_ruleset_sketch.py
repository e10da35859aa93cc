"""Knows at a glance whether plain conditions exclude each other or hold together; must not decide where it takes thought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from servflow.expressions import Expression
from servflow.rules._ruleset_atoms import DIFFERS, FAILS, GIVEN, HOLDS, KEY, NULL, RANGE, Atom, atom_of, declared_kind
from servflow.rules._ruleset_index import Wanted, parts_of

NEVER = "never"
"""What ``together`` says where conditions exclude each other."""


def atoms_of(conditions: Iterable[Expression]) -> tuple[Atom, ...]:
    """The comparisons of one name with constants that must hold for these conditions to hold."""
    found: list[Atom] = []
    for condition in conditions:
        for part in parts_of(condition.tree) or ():
            atom = atom_of(part)
            if atom is not None:
                found.append(atom)
    return tuple(found)


def together(
    conditions: Sequence[Expression], atoms: Iterable[Atom], types: Mapping[str, Any]
) -> Mapping[str, Any] | str | None:
    """
    Values on which all conditions hold, NEVER where there are none, None where neither shows at a glance.

    Args:
        conditions: what must hold; asked of the evaluator itself before values are given out.
        atoms: what ``atoms_of`` gives for them.
        types: the types of the names, where they are known.
    """
    wanted: dict[str, Wanted] = {}
    for atom in atoms:
        wanted.setdefault(atom.name, Wanted()).add(atom)
    values: dict[str, Any] = {}
    for name, asks in wanted.items():
        if _excluded(asks):
            return NEVER
        values[name] = _value(asks, declared_kind(types, name))
    try:
        return values if all(condition.test(values) for condition in conditions) else None
    except Exception:  # noqa: BLE001,RUF100 - whatever these values bring about, they are no witness
        return None


def _excluded(asks: Wanted) -> bool:
    kinds = asks.kinds
    compared = not kinds.isdisjoint((KEY, DIFFERS, RANGE))
    if NULL in kinds and (compared or HOLDS in kinds or GIVEN in kinds):
        return True
    if HOLDS in kinds and (FAILS in kinds or KEY in kinds or RANGE in kinds):
        return True
    if FAILS in kinds and (KEY in kinds or RANGE in kinds):
        return True
    if asks.keys is not None:
        return not any(_fits(key, asks) for key in asks.keys)
    low, high = asks.low, asks.high
    if low is None or high is None:
        return False
    return low[0] > high[0] or (low[0] == high[0] and not (low[1] and high[1]))


def _fits(key: Any, asks: Wanted) -> bool:
    if key in asks.excluded:
        return False
    if asks.low is None and asks.high is None:
        return True
    if not isinstance(key, int):
        return False  # a text has no place among numbers
    low, high = asks.low, asks.high
    above = low is None or key > low[0] or (key == low[0] and low[1])
    return above and (high is None or key < high[0] or (key == high[0] and high[1]))


def _value(asks: Wanted, declared: str) -> Any:
    """A value to try; whether it does is asked of the conditions."""
    if NULL in asks.kinds:
        return None
    if HOLDS in asks.kinds or FAILS in asks.kinds:
        return HOLDS in asks.kinds
    if asks.keys is not None:
        return _typed(next(key for key in asks.keys if _fits(key, asks)), declared)
    if asks.low is not None:
        return _typed(asks.low[0] + (not asks.low[1]), declared)
    if asks.high is not None:
        return _typed(asks.high[0] - (not asks.high[1]), declared)
    return _typed(0, declared) if declared in ("int", "uint", "decimal", "double") else "other"


def _typed(value: Any, declared: str) -> Any:
    if not isinstance(value, int):
        return value
    return Decimal(value) if declared == "decimal" else float(value) if declared == "double" else value


__all__ = ["NEVER", "atoms_of", "together"]
