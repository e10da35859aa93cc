"""Knows which parts of a condition one look at a name decides, and on which values; must not know rules or their order."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import frozen

from servflow.expressions import FieldType
from servflow.model import Field

KEY, DIFFERS, RANGE, HOLDS, FAILS, NULL, GIVEN = "key", "differs", "range", "holds", "fails", "null", "given"
"""``name == 1`` and ``name in ["a", "b"]``; ``!=``; ``<`` and the like; ``name``; ``!name``; ``== null``; ``!= null``."""

NOTHING, TEXT, NUMBER, NAN, BOOL, OTHER = "nothing", "text", "number", "nan", "bool", "other"
"""What a value is to an atom; of OTHER nothing is known here, and the condition itself is asked."""

_INT = 2**63
_EXACT_FLOAT = 2**53
_MOST_DIGITS = 1_000  # far inside what a decimal of the language may have
_TURNED: Mapping[str, str] = {"_<_": "_>_", "_<=_": "_>=_", "_>_": "_<_", "_>=_": "_<=_", "_==_": "_==_", "_!=_": "_!=_"}
_WORDS = frozenset("bool bytes decimal double int list map null_type string type uint".split())  # noqa: SIM905 - as elsewhere


@frozen
class Atom:
    """A comparison of one name with constants. A range has bounds, each ``(value, closed)`` or None."""

    kind: str
    name: str
    keys: tuple[Any, ...] = ()
    low: tuple[int, bool] | None = None
    high: tuple[int, bool] | None = None


def atom_of(tree: Mapping[str, Any]) -> Atom | None:
    """The atom a part of a condition is; None where it is something else."""
    if "name" in tree:
        name = _name(tree)
        return None if name is None else Atom(HOLDS, name)
    function: Any = tree.get("call")
    args = tree.get("args")
    if not isinstance(args, list) or "target" in tree:
        return None
    if function == "!_":
        name = _name(args[0])
        return None if name is None else Atom(FAILS, name)
    if function == "_in_":
        return _among(args[0], args[1])
    if function not in _TURNED:
        return None
    left, right = args
    if "const" in left:
        left, right, function = right, left, _TURNED[function]
    name = _name(left)
    if name is None or "const" not in right or "type" in right:
        return None
    return _compared(name, function, right["const"])


def _name(tree: Mapping[str, Any]) -> str | None:
    name = tree.get("name")
    # A leading dot and the names of types are left to the evaluator.
    return name if isinstance(name, str) and len(tree) == 1 and name[0] != "." and name not in _WORDS else None


def _compared(name: str, function: str, constant: Any) -> Atom | None:
    if constant is None and function in ("_==_", "_!=_"):
        return Atom(NULL if function == "_==_" else GIVEN, name)
    if type(constant) not in (str, int):
        return None
    if function in ("_==_", "_!=_"):
        return Atom(KEY if function == "_==_" else DIFFERS, name, (constant,))
    if type(constant) is not int:
        return None
    closed = function in ("_<=_", "_>=_")
    if function in ("_>_", "_>=_"):
        return Atom(RANGE, name, low=(constant, closed))
    return Atom(RANGE, name, high=(constant, closed))


def _among(item: Mapping[str, Any], holder: Mapping[str, Any]) -> Atom | None:
    name = _name(item)
    listed = holder.get("list")
    if name is None or not isinstance(listed, list) or not listed:
        return None
    keys = [part.get("const") if set(part) == {"const"} else None for part in listed]
    return Atom(KEY, name, tuple(dict.fromkeys(keys))) if all(type(key) in (str, int) for key in keys) else None


def declared_kind(types: Mapping[str, Any] | None, name: str) -> str:
    """The base type a name is declared with; empty where it is not, or is an object."""
    spec = None if types is None else types.get(name)
    if isinstance(spec, (FieldType, Field)):
        spec = spec.type
    if isinstance(spec, Mapping):
        spec = spec.get("type", "map")
    return spec.split("(", 1)[0] if isinstance(spec, str) else ""


def sort_of(value: Any, declared: str) -> str:
    """
    What a value is to the atoms of a name.

    Only what these atoms answer without a doubt is told from OTHER: a number must be one the language compares by
    value with a whole number, in the form its declared type gives it.
    """
    kind = type(value)
    if value is None:
        return NOTHING
    if kind is str:
        return TEXT
    if kind is bool:
        return BOOL
    if kind is int:
        if not -_INT <= value < _INT or (declared == "uint" and value < 0):
            return OTHER
        return OTHER if declared == "double" and abs(value) > _EXACT_FLOAT else NUMBER
    if kind is float:
        return NUMBER if value == value else NAN  # noqa: PLR0124 - only NaN differs from itself
    if kind is Decimal and value.is_finite() and abs(value.adjusted()) < _MOST_DIGITS:
        return NUMBER
    return OTHER


__all__ = [
    "BOOL",
    "DIFFERS",
    "FAILS",
    "GIVEN",
    "HOLDS",
    "KEY",
    "NAN",
    "NOTHING",
    "NULL",
    "NUMBER",
    "OTHER",
    "RANGE",
    "TEXT",
    "Atom",
    "atom_of",
    "declared_kind",
    "sort_of",
]
