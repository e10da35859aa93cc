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

Slow = Callable[[Any], bool]
"""What to do with a value the short cut does not cover: the general, lenient comparison with the constant."""


def text_equals(name: str, constant: str, slow: Slow) -> Run:
    """``name == "constant"`` straight on the bindings."""

    def run(env: Any) -> bool:
        try:
            value = env[name]
        except KeyError:
            return False
        return value == constant if type(value) is str else slow(value)

    return run


def text_differs(name: str, constant: str, slow: Slow) -> Run:
    """``name != "constant"`` straight on the bindings; nothing is not different."""

    def run(env: Any) -> bool:
        try:
            value = env[name]
        except KeyError:
            return False
        return value != constant if type(value) is str else slow(value)

    return run


def number_compares(name: str, function: str, constant: int, slow: Slow) -> Run:
    """``name op 10`` straight on the bindings, for all six operators."""
    compare = _PYTHON[function]
    least, greatest = limits.INT_MIN, limits.INT_MAX

    def run(env: Any) -> bool:
        try:
            value = env[name]
        except KeyError:
            return False
        return compare(value, constant) if type(value) is int and least <= value <= greatest else slow(value)

    return run


def text_among(name: str, constants: frozenset[str], slow: Slow) -> Run:
    """``name in ["a", "b"]`` straight on the bindings."""

    def run(env: Any) -> bool:
        try:
            value = env[name]
        except KeyError:
            return False
        return value in constants if type(value) is str else slow(value)

    return run


def names_compare(left: str, right: str, function: str, slow: Callable[[Any, Any], bool]) -> Run:
    """``name op name`` straight on the bindings, where both hold a text or both an int."""
    compare = _PYTHON[function]
    least, greatest = limits.INT_MIN, limits.INT_MAX

    def run(env: Any) -> bool:
        try:
            one = env[left]
            two = env[right]
        except KeyError:
            return False
        kind = type(one)
        if kind is type(two) and (kind is str or (kind is int and least <= one <= greatest and least <= two <= greatest)):
            return compare(one, two)
        return slow(one, two)

    return run


def holds(name: str, slow: Slow) -> Run:
    """A bare bool name straight on the bindings; nothing does not hold."""

    def run(env: Any) -> bool:
        try:
            value = env[name]
        except KeyError:
            return False
        return value if value is True or value is False else slow(value)

    return run
