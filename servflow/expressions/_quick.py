"""Knows the short cuts for the comparisons that conditions are mostly made of; must not know any other way to compare."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from servflow.expressions import _limits as limits
from servflow.expressions._reading import Run

_PYTHON: dict[str, Callable[[Any, Any], bool]] = {
    "_==_": operator.eq,
    "_!=_": operator.ne,
    "_<_": operator.lt,
    "_<=_": operator.le,
    "_>_": operator.gt,
    "_>=_": operator.ge,
}

# Globals of this module and not attributes of another: they are read for every comparison.
LEAST, GREATEST = limits.INT_MIN, limits.INT_MAX

Slow = Callable[[Any], bool]
"""What to do with a value the short cut does not cover, None for a missing one: the general comparison with the constant."""


def text_equals(name: str, constant: str, slow: Slow) -> Run:
    """``name == "constant"`` straight on the bindings."""

    def run(env: Any) -> bool:
        try:
            value = env[name]
        except KeyError:
            return slow(None)
        return value == constant if type(value) is str else slow(value)

    return run


def text_differs(name: str, constant: str, slow: Slow) -> Run:
    """``name != "constant"`` straight on the bindings."""

    def run(env: Any) -> bool:
        try:
            value = env[name]
        except KeyError:
            return slow(None)
        return value != constant if type(value) is str else slow(value)

    return run


def number_equals(name: str, constant: int, slow: Slow) -> Run:
    """``name == 10`` straight on the bindings."""

    def run(env: Any) -> bool:
        try:
            value = env[name]
        except KeyError:
            return slow(None)
        return value == constant if type(value) is int and LEAST <= value <= GREATEST else slow(value)

    return run


def number_above(name: str, constant: int, slow: Slow) -> Run:
    """``name > 10`` straight on the bindings; ``>= 11`` is the same for an int."""

    def run(env: Any) -> bool:
        try:
            value = env[name]
        except KeyError:
            return slow(None)
        return value > constant if type(value) is int and LEAST <= value <= GREATEST else slow(value)

    return run


def number_below(name: str, constant: int, slow: Slow) -> Run:
    """``name < 10`` straight on the bindings; ``<= 9`` is the same for an int."""

    def run(env: Any) -> bool:
        try:
            value = env[name]
        except KeyError:
            return slow(None)
        return value < constant if type(value) is int and LEAST <= value <= GREATEST else slow(value)

    return run


def number_compares(name: str, function: str, constant: int, slow: Slow) -> Run | None:
    """``name op 10`` straight on the bindings, for all operators but ``!=``."""
    if function == "_==_":
        return number_equals(name, constant, slow)
    if function in ("_>_", "_>=_"):
        return number_above(name, constant - (function == "_>=_"), slow)
    if function in ("_<_", "_<=_"):
        return number_below(name, constant + (function == "_<=_"), slow)
    return None


def text_among(name: str, constants: frozenset[str], slow: Slow) -> Run:
    """``name in ["a", "b"]`` straight on the bindings."""

    def run(env: Any) -> bool:
        try:
            value = env[name]
        except KeyError:
            return slow(None)
        return value in constants if type(value) is str else slow(value)

    return run


def names_compare(left: str, right: str, function: str, slow: Callable[[Any, Any], bool]) -> Run:
    """``name op name`` straight on the bindings, where both hold a text or both an int."""
    compare = _PYTHON[function]

    def run(env: Any) -> bool:
        try:
            one = env[left]
            two = env[right]
        except KeyError:
            return slow(_value(env, left), _value(env, right))
        kind = type(one)
        if kind is type(two) and (kind is str or (kind is int and LEAST <= one <= GREATEST and LEAST <= two <= GREATEST)):
            return compare(one, two)
        return slow(one, two)

    return run


def _value(env: Any, name: str) -> Any:
    try:
        return env[name]
    except KeyError:
        return None


def holds(name: str, slow: Slow) -> Run:
    """A bare bool name straight on the bindings."""

    def run(env: Any) -> bool:
        try:
            value = env[name]
        except KeyError:
            return slow(None)
        return value if value is True or value is False else slow(value)

    return run


def conjunction(terms: tuple[Run, ...], careful: Run) -> Run:
    """
    ``a && b && ...`` at the top of a condition.

    Args:
        terms: what gives True or False or raises, in order.
        careful: the same with errors absorbed as they must be, and reported; asked only when a term
            raises. It starts again, which costs no more than twice the time as there is only one top.
    """
    first, second, *more = terms
    third, fourth = more if len(more) == 2 else (second, second)

    def two(env: Any) -> Any:
        try:
            return first(env) and second(env)
        except Exception:
            return careful(env)

    def four(env: Any) -> Any:
        try:
            return first(env) and second(env) and third(env) and fourth(env)
        except Exception:
            return careful(env)

    def any_number(env: Any) -> Any:
        try:
            for term in terms:
                if not term(env):
                    return False
        except Exception:
            return careful(env)
        return True

    return {2: two, 4: four}.get(len(terms), any_number)
