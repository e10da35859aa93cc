"""Knows which rules the values of a ticket leave possible, as bits of an int; must not know order, groups or actions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from servflow.errors import ExpressionError
from servflow.expressions import Expression
from servflow.rules._cells import Functions
from servflow.rules._index import Sweep
from servflow.rules._ruleset_atoms import (
    BOOL,
    DIFFERS,
    FAILS,
    GIVEN,
    HOLDS,
    KEY,
    NAN,
    NOTHING,
    NULL,
    NUMBER,
    RANGE,
    TEXT,
    Atom,
    atom_of,
    declared_kind,
    sort_of,
)

AND = "_&&_"
_LISTED = frozenset({TEXT, NUMBER})

Test = Callable[[Mapping[str, Any]], bool]


def parts_of(tree: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...] | None:
    """
    The conditions that a condition is all of; None where they may not be asked one by one.

    Macros share one allowance of steps over the whole condition, so one with macros stays whole.
    """
    waiting: list[Any] = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            if "macro" in part:
                return None
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return tuple(tree["args"]) if tree.get("call") == AND and "target" not in tree else (tree,)


class Wanted:
    """What one rule asks of one name, its atoms taken together."""

    __slots__ = ("excluded", "high", "keys", "kinds", "low")

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.keys: tuple[Any, ...] | None = None
        self.excluded: set[Any] = set()
        self.low: tuple[int, bool] | None = None
        self.high: tuple[int, bool] | None = None

    def add(self, atom: Atom) -> None:
        """One more atom that must hold as well."""
        self.kinds.add(atom.kind)
        if atom.kind == KEY:
            both = atom.keys if self.keys is None else tuple(key for key in self.keys if key in atom.keys)
            self.keys = both
        elif atom.kind == DIFFERS:
            self.excluded.update(atom.keys)
        elif atom.kind == RANGE:
            if atom.low is not None and (self.low is None or _above(atom.low, self.low)):
                self.low = atom.low
            if atom.high is not None and (self.high is None or _below(atom.high, self.high)):
                self.high = atom.high


def _above(one: tuple[int, bool], other: tuple[int, bool]) -> bool:
    return one[0] > other[0] or (one[0] == other[0] and not one[1])


def _below(one: tuple[int, bool], other: tuple[int, bool]) -> bool:
    return one[0] < other[0] or (one[0] == other[0] and not one[1])


class NameIndex:
    """
    The atoms of one name over all rules: a value gives the rules that may hold, and those that must be asked themselves.

    Each distinct comparison is settled once: equality by a look in a dict, an order by one bisection.
    """

    __slots__ = ("_all", "_asked", "_differs", "_hits", "_miss", "_sorts", "_sweep", "_unswept", "declared")

    def __init__(self, wanted: Mapping[int, Wanted], every: int, count: int, declared: str, *, strict: bool) -> None:
        self.declared = declared
        self._all = every
        users = dict.fromkeys((KEY, DIFFERS, RANGE, HOLDS, FAILS, NULL, GIVEN), 0)
        chosen: dict[Any, int] = {}
        self._differs: dict[Any, int] = {}
        ranges: dict[tuple[Any, Any], int] = {}
        for rule, asks in wanted.items():
            bit = 1 << rule
            for kind in asks.kinds:
                users[kind] |= bit
            for key in asks.keys or ():
                chosen[key] = chosen.get(key, 0) | bit
            for key in asks.excluded:
                self._differs[key] = self._differs.get(key, 0) | bit
            if RANGE in asks.kinds:
                ranges[asks.low, asks.high] = ranges.get((asks.low, asks.high), 0) | bit
        self._miss = every & ~users[KEY]
        self._hits = {key: self._miss | mask for key, mask in chosen.items()}
        self._sweep = _sweep(ranges, count) if ranges else None
        self._unswept = every & ~users[RANGE]
        self._asked = users[KEY] | users[DIFFERS] | users[RANGE] | users[HOLDS] | users[FAILS] | users[NULL] | users[GIVEN]
        whole = every & ~users[NULL]
        compared = users[KEY] | users[DIFFERS] | users[RANGE] | users[HOLDS]
        # A strict condition fails where it would compare with nothing.
        nothing = (every & ~users[GIVEN], compared | users[FAILS]) if strict else (every & ~(compared | users[GIVEN]), 0)
        self._sorts = {
            NOTHING: nothing,
            TEXT: (whole, users[RANGE] | users[HOLDS] | users[FAILS]),
            NUMBER: (whole, users[HOLDS] | users[FAILS]),
            NAN: (whole & self._miss & self._unswept, users[HOLDS] | users[FAILS]),
            True: (whole & self._miss & ~users[FAILS], users[RANGE]),
            False: (whole & self._miss & ~users[HOLDS], users[RANGE]),
        }

    def beside(self, wanted: Wanted) -> int:
        """The rules that may hold together with one that asks this of the name, as far as listed values tell."""
        if wanted.keys is None:
            return self._all
        found = 0
        for key in wanted.keys:
            found |= self._hits.get(key, self._miss)
        return found

    def masks(self, value: Any) -> tuple[int, int]:
        """The rules this value leaves possible, and those of which only the condition itself tells more."""
        sort = sort_of(value, self.declared)
        if sort in _LISTED:
            possible, doubtful = self._sorts[sort]
            possible &= self._hits.get(value, self._miss)
            if self._differs:
                possible &= ~self._differs.get(value, 0)
            if sort == NUMBER and self._sweep is not None:
                possible &= self._unswept | self._sweep.mask(value)
            return possible, doubtful
        known = self._sorts.get(value if sort == BOOL else sort)
        return (self._all, self._asked) if known is None else known


def _sweep(ranges: Mapping[tuple[Any, Any], int], count: int) -> Sweep:
    points = {bound[0] for pair in ranges for bound in pair if bound is not None}
    open_ = (None, True)
    intervals = [(*(low or open_), *(high or open_), mask) for (low, high), mask in ranges.items()]
    return Sweep(points, intervals, count)


class Index:
    """
    Conditions taken apart: atoms by name, every other part once, whoever asks it.

    Args:
        conditions: each rule's condition in the order of the bits; None always holds.
        types: the types the conditions were checked with.
        functions: the host's functions by name.
    """

    def __init__(
        self, conditions: Sequence[Expression | None], types: Mapping[str, Any] | None, functions: Sequence[Functions]
    ) -> None:
        count = len(conditions)
        self.every = (1 << count) - 1
        self.tests: list[Test] = []
        """The parts that no atom is."""
        self.askers: list[int] = []
        """The rules that ask each of them."""
        self.rest: list[tuple[int, ...] | None] = []
        """For each rule the parts no atom answers; None where only the whole condition does."""
        self.whole = 0
        self.wanted: dict[str, dict[int, Wanted]] = {}
        """What each rule asks of each name."""
        wanted = self.wanted
        known: dict[tuple[Any, ...], int] = {}
        strict = any(condition is not None and condition.strict for condition in conditions)
        for rule, condition in enumerate(conditions):
            parts: Iterable[Mapping[str, Any]] | None = () if condition is None else parts_of(condition.tree)
            rest: list[int] | None = None if parts is None else []
            for part in parts or ():
                atom = atom_of(part)
                if atom is not None:
                    wanted.setdefault(atom.name, {}).setdefault(rule, Wanted()).add(atom)
                elif rest is not None:
                    number = self._number(part, condition, types, functions[rule], known)
                    rest = None if number is None else [*rest, number]
                    if number is not None:
                        self.askers[number] |= 1 << rule
            if rest is None:
                self.whole |= 1 << rule
            self.rest.append(None if rest is None else tuple(rest))
        self.names = tuple(
            (name, NameIndex(asked, self.every, count, declared_kind(types, name), strict=strict))
            for name, asked in wanted.items()
        )

    def _number(
        self,
        part: Mapping[str, Any],
        whole: Expression | None,
        types: Any,
        functions: Functions,
        known: dict[tuple[Any, ...], int],
    ) -> int | None:
        """The number of a part, the same for all rules that ask it alike; None where it does not stand alone."""
        strict = whole is not None and whole.strict
        try:
            asked = Expression.from_tree(part, types, functions=functions, strict=strict)
        except ExpressionError:
            return None
        key = (asked.text, strict, id(functions))
        if key not in known:
            known[key] = len(self.tests)
            self.tests.append(asked.compiled_test)
            self.askers.append(0)
        return known[key]

    def beside(self, rule: int) -> int:
        """The rules that may hold together with one, as far as the values that both list tell."""
        found = self.every
        for name, index in self.names:
            wanted = self.wanted[name].get(rule)
            if wanted is not None:
                found &= index.beside(wanted)
        return found

    def look(self, fields: Mapping[str, Any]) -> tuple[int, int]:
        """The rules that may hold on these values, and those among them that only their whole condition tells of."""
        possible, doubtful = self.every, self.whole
        for name, index in self.names:
            try:
                value = fields[name]
            except KeyError:
                value = None
            except Exception:  # noqa: BLE001,RUF100 - whatever a host's mapping raises its condition will say
                value = Exception
            left, unsure = index.masks(value)
            possible &= left
            doubtful |= unsure
            if not possible:
                break
        return possible, doubtful & possible


__all__ = ["Index", "NameIndex", "Wanted", "parts_of"]
