"""Knows which values of one name have to be tried, and what they prove; must not know how they are combined."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, product
from typing import Any

from servflow.expressions._solve_atoms import Atom, Reader, Variable
from servflow.expressions._solve_bindings import MISSING, at_path, put
from servflow.expressions._solve_values import EDGES, ORDERED, distance, mark, other, pool
from servflow.expressions._values import KINDS, admit, kind

THERE = object()
"""What stands for a holder that is there, whatever it holds."""

MOST = 1_200
"""Most values of one name; where there would be more, nothing is proved by them."""

_MOST_PARTS = 3
_MOST_MEMBERS = 6
_MOST_SIZE = 200
_AFFIXES = ("prefix", "suffix", "part")
_HOUR = timedelta(hours=1)
_TICK = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_START = datetime(2026, 1, 1, tzinfo=UTC)


def proved(variable: Variable, atoms: Sequence[Atom]) -> frozenset[str]:
    """
    The sorts of questions that the candidates of a variable answer in every way any value does.

    A text is either ordered, or asked for its parts, or for its size; for a mixture nothing is known.
    """
    asked = {atom.sorts.get(variable.read, "") for atom in atoms}
    if variable.inner:
        return frozenset({"null"})
    if variable.kind == "dyn":
        return frozenset({"null", "equal", "bare"})
    if variable.kind in ("string", "bytes"):
        linked = any(atom.linked and variable.read in atom.sorts for atom in atoms)
        if "order" in asked or linked:
            return frozenset({"null", "equal", "order"})
        if asked & set(_AFFIXES):
            few = len(variable.asked.get("part", ())) <= _MOST_PARTS
            return frozenset({"null", "equal", "prefix", "suffix", *(["part"] if few else [])})
        return frozenset({"null", "equal", *(["size"] if _small(variable) else [])})
    if variable.kind in ORDERED:
        return frozenset({"null", "equal", "order"})
    if variable.kind == "list":
        few = len(variable.asked.get("member", ())) <= _MOST_MEMBERS
        return frozenset({"null", *(["member"] if few else []), *(["size"] if few and _small(variable) else [])})
    return frozenset({"null"})


def _small(variable: Variable) -> bool:
    return all(size < _MOST_SIZE for size in variable.asked.get("size", ()))


def candidates(variable: Variable, constants: Iterable[Any], linked: int, near: Any, *, opaque: bool) -> list[Any]:
    """
    The values of a variable to be tried, those to be preferred first.

    Args:
        variable: with what is asked of it.
        constants: what it, and every name it is compared with, is told apart by.
        linked: how many names are compared with each other, itself among them.
        near: the present value, or MISSING.
        opaque: whether parts nobody understands read it too.
    """
    if variable.inner:
        found: list[Any] = [THERE]
    elif variable.choices:
        found = list(variable.choices)
    else:
        found = _open_ended(variable, list(constants), linked, None if near is MISSING else near, opaque=opaque)
    found.append(None)
    if near is MISSING:
        return _once(found)
    if variable.inner:
        return [None, THERE] if near is None else [THERE, None]
    admitted = [near, *found]
    ranked = sorted(
        range(len(admitted)),
        key=lambda place: (distance(near, admitted[place], variable.choices), admitted[place] is None, place),
    )
    return _once(admitted[place] for place in ranked)


def _open_ended(variable: Variable, constants: list[Any], linked: int, near: Any, *, opaque: bool) -> list[Any]:
    sort = variable.kind
    tried = [value for value in variable.tried if kind(value) == sort or sort == "dyn"]
    if sort == "string":
        return _texts(variable, [*constants, *tried], linked, near)
    if sort == "list":
        return [*constants, *_lists(variable, near)]
    if sort in ORDERED:
        if opaque and sort == "timestamp":
            tried += _moments(near if isinstance(near, datetime) else _START)
        found = pool(sort, [*constants, *tried], linked, near)
        if sort == "double":
            found.append(math.nan)
        if sort == "bytes" and "size" in variable.asked:
            found += [b"x" * size for size in _sizes(variable)]
        return found
    if sort == "dyn":
        return _anything(variable, [*constants, *tried])
    return [*constants, {}] if sort == "map" else list(constants)


def _moments(base: datetime) -> list[datetime]:
    """Every hour of a day, every day of a week and every month of a year, for parts that take an instant to pieces."""
    hours = (*range(25), *range(48, 24 * 8, 24), *range(24 * 30, 24 * 366, 24 * 30))
    return [base + _HOUR * count for count in hours if base.year < 9_000]


def _anything(variable: Variable, constants: list[Any]) -> list[Any]:
    found = list(constants)
    for sort in sorted({kind(value) for value in constants} & ORDERED):
        found += pool(sort, [value for value in constants if kind(value) == sort], 1)
    texts = [*(value for value in constants if isinstance(value, str)), *variable.asked.get("part", ())]
    parts = [part for sort in _AFFIXES for part in variable.asked.get(sort, ())]
    return [*found, *parts, *([True, False] if "bare" in variable.asked else []), other(texts)]


def _texts(variable: Variable, constants: list[Any], linked: int, near: Any) -> list[Any]:
    asked = variable.asked
    affixed = any(asked.get(sort) for sort in _AFFIXES)
    found = [*constants, other(constants)]
    letter = mark([*constants, *(part for sort in _AFFIXES for part in asked.get(sort, ())), near])
    if affixed:
        found += _affixed(asked, letter, near if isinstance(near, str) else "")
    for size in _sizes(variable):
        found.append(letter * size)
        if isinstance(near, str):
            found.append(near[:size].ljust(size, letter))
    if linked > 1 or "order" in asked:
        found += pool("string", constants, linked, near)
    return found


def _affixed(asked: Mapping[str, Sequence[str]], letter: str, near: str) -> list[str]:
    """Texts that begin, end and go on in every way that is asked about, with a letter between that nobody asks about."""
    prefixes, suffixes = ["", *asked.get("prefix", ())], ["", *asked.get("suffix", ())]
    parts = asked.get("part", ())
    chosen = [group for count in range(min(len(parts), _MOST_PARTS) + 1) for group in combinations(parts, count)]
    found = [*asked.get("prefix", ()), *asked.get("suffix", ()), *parts]
    if near:
        found += [prefix + near + suffix for prefix in prefixes for suffix in suffixes]
        found += [near + part for part in parts]
    for prefix, suffix, group in product(prefixes, suffixes, chosen):
        found.append(letter.join((prefix, *group, suffix)))
    return found


def _sizes(variable: Variable) -> list[int]:
    asked = variable.asked.get("size", ())
    sizes = {size + step for size in asked for step in (-1, 0, 1)}
    return sorted(size for size in sizes if 0 <= size <= _MOST_SIZE)


def _lists(variable: Variable, near: Any) -> list[Any]:
    element = variable.type.args[0] if variable.type.args else None
    members = [value for value in variable.asked.get("member", ()) if _fits(element, value)]
    shape: Any = tuple if isinstance(near, tuple) else list
    rest = [item for item in near if item not in members] if isinstance(near, (list, tuple)) else []
    held = [item for item in members if isinstance(near, (list, tuple)) and item in near]
    if len(members) <= _MOST_MEMBERS:
        chosen = [list(group) for count in range(len(members) + 1) for group in combinations(members, count)]
    else:
        chosen = [[], *([item] for item in members), list(members)]
        chosen += [[item for item in held if item != one] for one in held]
        chosen += [[*held, one] for one in members if one not in held]
    filler = _filler(element, members)
    found: list[Any] = []
    for base in [rest, []] if rest else [[]]:
        for group in chosen:
            items = [*base, *group]
            found.append(shape(items))
            for size in _sizes(variable):
                extra = filler or items[:1]
                if extra and size > len(items):
                    found.append(shape([*items, *_several(extra, size - len(items), members)]))
    return found


def _fits(element: Any, value: Any) -> bool:
    if element is None or element.open:
        return True
    if element.one_of:
        return value in element.one_of
    return bool(element.value_kind == kind(value))


def _filler(element: Any, members: list[Any]) -> list[Any]:
    """An element nobody asks about."""
    if element is not None and element.one_of:
        return [value for value in element.one_of if value not in members][:1]
    sort = "string" if element is None or element.open else element.value_kind
    if sort == "string":
        return [other(member for member in members if isinstance(member, str))]
    if sort in ORDERED:
        return [value for value in pool(sort, [item for item in members if kind(item) == sort], 1) if value not in members][:1]
    return []


def _several(extra: list[Any], count: int, members: list[Any]) -> list[Any]:
    """So many elements; texts that differ, for a list such as tags holds each of them once."""
    if not isinstance(extra[0], str) or extra[0] in members:
        return extra * count
    found = list(extra)
    while len(found) < count:
        found.append(other([*found, *(member for member in members if isinstance(member, str))]))
    return found


def _once(values: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    seen: set[Any] = set()
    for value in values:
        if value is THERE or value is None or isinstance(value, (list, tuple, dict)) or type(value) not in KINDS:
            if not any(value is one or (type(value) is type(one) and value == one) for one in found):
                found.append(value)
            continue
        key = (type(value), value if value == value else "nan")  # noqa: PLR0124 - not-a-number
        if key not in seen:
            seen.add(key)
            found.append(value)
    return found


# what a straight line says ------------------------------------------------------------------------------------


def try_roots(reader: Reader, atoms: Iterable[Atom], near: Mapping[str, Any] | None) -> None:
    """
    For comparisons nobody understands: where their sides meet, were each name alone to move on a straight line.

    ``amount * 2 + fee > 100`` is such a line in each of its names. What comes out is tried, and proves nothing.
    """
    for atom in atoms:
        if not atom.sides:
            continue
        start = {variable.read: _point(variable, near) for variable in atom.variables if not variable.inner}
        for variable in atom.variables:
            if variable.read in start and start[variable.read] is not None:
                variable.tried.append(start[variable.read])
            if variable.kind in EDGES or variable.kind in ("double", "decimal"):
                variable.tried.extend(_root(reader, atom, variable, start))


def _point(variable: Variable, near: Mapping[str, Any] | None) -> Any:
    value = at_path(near, variable.read)
    if value is not MISSING and value is not None:
        return value
    usual = pool(variable.kind, (), 1) if variable.kind in ORDERED else []
    return next(iter([*variable.choices, *variable.constants, *usual]), None)


def _root(reader: Reader, atom: Atom, variable: Variable, start: Mapping[str, Any]) -> list[Any]:
    first = _as_number(start[variable.read])
    if first is None:
        return []
    unit = Fraction(3_600_000_000 if variable.kind in ("timestamp", "duration") else 1)
    before = _difference(reader, atom, {**start, variable.read: _as_value(variable.kind, first)})
    after = _difference(reader, atom, {**start, variable.read: _as_value(variable.kind, first + unit)})
    if before is None or after is None or before == after:
        return []
    root = first - before * unit / (after - before)
    scale = 100 if variable.kind in ("decimal", "double") else 1
    ends = {Fraction(math.floor(root * scale), scale), Fraction(math.ceil(root * scale), scale)}
    return [value for end in sorted(ends) if (value := _as_value(variable.kind, end)) is not None]


def _difference(reader: Reader, atom: Atom, values: Mapping[str, Any]) -> Fraction | None:
    bindings: dict[str, Any] = dict(reader.base)
    for name in sorted(values):
        put(bindings, name, values[name])
    try:
        one, two = (_as_number(admit(side(bindings))) for side in atom.sides)
    except Exception:  # noqa: BLE001,RUF100 - a failing side meets nothing
        return None
    return None if one is None or two is None else one - two


def _as_number(value: Any) -> Fraction | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, datetime):
        value = value - _EPOCH
    if isinstance(value, timedelta):
        return Fraction(value // _TICK)
    if isinstance(value, (int, float, Decimal)) and math.isfinite(value):
        return Fraction(value)
    return None


def _as_value(sort: str, number: Fraction) -> Any:
    try:
        if sort == "timestamp":
            return _EPOCH + _TICK * math.floor(number)
        if sort == "duration":
            return _TICK * math.floor(number)
        if sort == "double":
            return float(number)
        if sort == "decimal":
            return Decimal(number.numerator) / Decimal(number.denominator)
    except (OverflowError, ArithmeticError):
        return None
    whole = math.floor(number)
    low, high = EDGES[sort]
    return whole if low <= whole <= high else None


__all__ = ["MOST", "THERE", "candidates", "proved", "try_roots"]
