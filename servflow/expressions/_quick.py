"""Knows the short cuts for the comparisons that conditions are mostly made of; must not know any other way to compare."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from servflow.expressions import _limits as limits
from servflow.expressions._reading import Run
from servflow.model import FrozenMap

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
_LONGEST = timedelta(microseconds=limits.MAX_DURATION_MICROS)
_MAPS = frozenset({dict, FrozenMap})

_MANY = 1_000
"""Longer lists are looked through by the general way, which counts its steps."""

# Every short cut answers for values of exactly the Python type it is for, and hands everything else, what is missing
# included, to the general way to evaluate the same comparison. So it means the same however null is read.


def _equals(name: str, kind: type, constant: Any, general: Run) -> Run:
    def run(env: Any) -> Any:
        try:
            value = env[name]
        except KeyError:
            return general(env)
        return value == constant if type(value) is kind else general(env)

    return run


def _differs(name: str, kind: type, constant: Any, general: Run) -> Run:
    def run(env: Any) -> Any:
        try:
            value = env[name]
        except KeyError:
            return general(env)
        return value != constant if type(value) is kind else general(env)

    return run


def _below(name: str, kind: type, constant: Any, general: Run) -> Run:
    def run(env: Any) -> Any:
        try:
            value = env[name]
        except KeyError:
            return general(env)
        return value < constant if type(value) is kind else general(env)

    return run


def _most(name: str, kind: type, constant: Any, general: Run) -> Run:
    def run(env: Any) -> Any:
        try:
            value = env[name]
        except KeyError:
            return general(env)
        return value <= constant if type(value) is kind else general(env)

    return run


def _above(name: str, kind: type, constant: Any, general: Run) -> Run:
    def run(env: Any) -> Any:
        try:
            value = env[name]
        except KeyError:
            return general(env)
        return value > constant if type(value) is kind else general(env)

    return run


def _least(name: str, kind: type, constant: Any, general: Run) -> Run:
    def run(env: Any) -> Any:
        try:
            value = env[name]
        except KeyError:
            return general(env)
        return value >= constant if type(value) is kind else general(env)

    return run


_BY_KIND = {"_==_": _equals, "_!=_": _differs, "_<_": _below, "_<=_": _most, "_>_": _above, "_>=_": _least}


def _number_equals(name: str, constant: int, general: Run) -> Run:
    def run(env: Any) -> Any:
        try:
            value = env[name]
        except KeyError:
            return general(env)
        if type(value) is int:
            if value == constant:
                return True
            if LEAST <= value <= GREATEST:
                return False
        return general(env)

    return run


def _number_differs(name: str, constant: int, general: Run) -> Run:
    def run(env: Any) -> Any:
        try:
            value = env[name]
        except KeyError:
            return general(env)
        if type(value) is int:
            if value == constant:
                return False
            if LEAST <= value <= GREATEST:
                return True
        return general(env)

    return run


def _number_above(name: str, constant: int, general: Run) -> Run:
    """``name > 10``; ``>= 11`` is the same for an int."""

    def run(env: Any) -> Any:
        try:
            value = env[name]
        except KeyError:
            return general(env)
        if type(value) is int:
            if constant < value <= GREATEST:
                return True
            if LEAST <= value <= constant:
                return False
        return general(env)

    return run


def _number_below(name: str, constant: int, general: Run) -> Run:
    """``name < 10``; ``<= 9`` is the same for an int."""

    def run(env: Any) -> Any:
        try:
            value = env[name]
        except KeyError:
            return general(env)
        if type(value) is int:
            if LEAST <= value < constant:
                return True
            if constant <= value <= GREATEST:
                return False
        return general(env)

    return run


def _number(name: str, function: str, constant: int, general: Run) -> Run:
    if function in ("_==_", "_!=_"):
        return (_number_equals if function == "_==_" else _number_differs)(name, constant, general)
    if function in ("_>_", "_>=_"):
        return _number_above(name, constant - (function == "_>=_"), general)
    return _number_below(name, constant + (function == "_<=_"), general)


def _fits_instant(value: Any) -> bool:
    # Of one zone Python compares what the clocks on the wall show; with UTC that is the instant.
    return type(value) is datetime and value.tzinfo is UTC


def _fits_span(value: Any) -> bool:
    return type(value) is timedelta and -_LONGEST <= value <= _LONGEST


def _fits_exact(value: Any) -> bool:
    return type(value) is Decimal and value.is_finite() and abs(value.adjusted()) <= limits.DECIMAL_EXPONENT


def _fits_number(value: Any) -> bool:
    return type(value) is int and LEAST <= value <= GREATEST


def _fits_text(value: Any) -> bool:
    return type(value) is str


def _fits_double(value: Any) -> bool:
    return type(value) is float


_FITS: dict[type, Callable[[Any], bool]] = {
    datetime: _fits_instant,
    timedelta: _fits_span,
    Decimal: _fits_exact,
    int: _fits_number,
    str: _fits_text,
    float: _fits_double,
}


def compares(name: str, function: str, constant: Any, kind: type, general: Run) -> Run | None:
    """
    ``name op constant`` straight on the bindings, for values of one Python type; None where there is no such short cut.

    Args:
        name: a free name.
        function: ``_==_`` and the like.
        constant: an admitted value that values of *kind* are equal to or have an order with.
        kind: the type of the values.
        general: the same comparison for everything else.
    """
    if kind is int and type(constant) is int:
        return _number(name, function, constant, general)
    if kind in (str, float) or (kind is bool and function in ("_==_", "_!=_")):
        return _BY_KIND[function](name, kind, constant, general)
    fits = _FITS.get(kind)
    if fits is None:
        return None
    compare = _PYTHON[function]

    def run(env: Any) -> Any:
        try:
            value = env[name]
        except KeyError:
            return general(env)
        return compare(value, constant) if fits(value) else general(env)

    return run


def inner_compares(path: tuple[str, str], function: str, constant: Any, kind: type, general: Run) -> Run | None:
    """``root.field op constant`` likewise, where the root holds a plain mapping."""
    fits = _FITS.get(kind)
    if fits is None:
        return None
    compare = _PYTHON[function]
    root, field = path
    if kind is str or kind is float:

        def plain(env: Any) -> Any:
            try:
                holder = env[root]
                value = holder[field] if type(holder) in _MAPS else None
            except KeyError:
                return general(env)
            return compare(value, constant) if type(value) is kind else general(env)

        return plain
    if kind is int:

        def number(env: Any) -> Any:
            try:
                holder = env[root]
                value = holder[field] if type(holder) in _MAPS else None
            except KeyError:
                return general(env)
            return compare(value, constant) if type(value) is int and LEAST <= value <= GREATEST else general(env)

        return number

    def run(env: Any) -> Any:
        try:
            holder = env[root]
            value = holder[field] if type(holder) in _MAPS else None
        except KeyError:
            return general(env)
        return compare(value, constant) if fits(value) else general(env)

    return run


def among(name: str, constants: Iterable[Any], kind: type, general: Run) -> Run:
    """``name in ["a", "b"]`` or ``name in [1, 2]`` straight on the bindings; the constants are all of that type."""
    known = frozenset(constants)
    fits = _FITS[kind]
    if kind is str:

        def text(env: Any) -> Any:
            try:
                value = env[name]
            except KeyError:
                return general(env)
            return value in known if type(value) is str else general(env)

        return text

    def run(env: Any) -> Any:
        try:
            value = env[name]
        except KeyError:
            return general(env)
        return value in known if fits(value) else general(env)

    return run


def has_text(name: str, constant: str, general: Run) -> Run:
    """``"a" in name`` straight on the bindings, where the name holds a list of texts."""

    def run(env: Any) -> Any:
        try:
            value = env[name]
        except KeyError:
            return general(env)
        if (type(value) is not list and type(value) is not tuple) or len(value) > _MANY:
            return general(env)
        for item in value:
            if type(item) is not str:
                return general(env)
            if item == constant:
                return True
        return False

    return run


def names_compare(left: str, right: str, function: str, general: Run) -> Run:
    """``name op name`` straight on the bindings, where both hold a text, an int, a double or an instant in UTC."""
    compare = _PYTHON[function]

    def run(env: Any) -> Any:
        try:
            one = env[left]
            two = env[right]
        except KeyError:
            return general(env)
        kind = type(one)
        if kind is type(two):
            if kind is int:
                if LEAST <= one <= GREATEST and LEAST <= two <= GREATEST:
                    return compare(one, two)
            elif kind is str or kind is float or (kind is datetime and one.tzinfo is UTC and two.tzinfo is UTC):
                return compare(one, two)
        return general(env)

    return run


def doubles_compare(left: str, right: str, function: str, general: Run) -> Run:
    """``name op name`` straight on the bindings, where both are declared double and hold one."""
    compare = _PYTHON[function]

    def run(env: Any) -> Any:
        try:
            one = env[left]
            two = env[right]
        except KeyError:
            return general(env)
        return compare(one, two) if type(one) is float and type(two) is float else general(env)

    return run


def holds(name: str, general: Run) -> Run:
    """A bare bool name straight on the bindings."""

    def run(env: Any) -> Any:
        try:
            value = env[name]
        except KeyError:
            return general(env)
        return value if value is True or value is False else general(env)

    return run


def conjunction(terms: tuple[Run, ...], careful: Run) -> Run:
    """
    ``a && b && ...`` where no term is itself one of many.

    Args:
        terms: what gives True or False or raises, in order.
        careful: the same with errors absorbed as they must be, and reported; asked only when a term
            raises. It starts again, which costs no more than twice the time.
    """
    first, second, *more = terms
    third, fourth = (*more, second)[:2] if more else (second, second)

    def two(bindings: Any) -> Any:
        try:
            return first(bindings) and second(bindings)
        except Exception:
            return careful(bindings)

    def three(bindings: Any) -> Any:
        try:
            return first(bindings) and second(bindings) and third(bindings)
        except Exception:
            return careful(bindings)

    def four(bindings: Any) -> Any:
        try:
            return first(bindings) and second(bindings) and third(bindings) and fourth(bindings)
        except Exception:
            return careful(bindings)

    def any_number(bindings: Any) -> Any:
        try:
            for term in terms:
                if not term(bindings):
                    return False
        except Exception:
            return careful(bindings)
        return True

    return {2: two, 3: three, 4: four}.get(len(terms), any_number)


def disjunction(terms: tuple[Run, ...], careful: Run) -> Run:
    """``a || b || ...`` likewise."""
    first, second, *more = terms
    third, fourth = (*more, second)[:2] if more else (second, second)

    def two(bindings: Any) -> Any:
        try:
            return first(bindings) or second(bindings)
        except Exception:
            return careful(bindings)

    def three(bindings: Any) -> Any:
        try:
            return first(bindings) or second(bindings) or third(bindings)
        except Exception:
            return careful(bindings)

    def four(bindings: Any) -> Any:
        try:
            return first(bindings) or second(bindings) or third(bindings) or fourth(bindings)
        except Exception:
            return careful(bindings)

    def any_number(bindings: Any) -> Any:
        try:
            for term in terms:
                if term(bindings):
                    return True
        except Exception:
            return careful(bindings)
        return False

    return {2: two, 3: three, 4: four}.get(len(terms), any_number)
