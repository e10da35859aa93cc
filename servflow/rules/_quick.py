"""Knows how a table whose inputs are plain names finds its rows in a few steps; must not know hit policies or outputs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from itertools import repeat
from operator import itemgetter
from typing import Any

from servflow.errors import InputError
from servflow.model import CONVERTERS, ValueProblem
from servflow.rules._definition import Input, base_type
from servflow.rules._index import Column
from servflow.rules._program import Program

_REMEMBERED = 10_000  # values remembered per input and type
_REMEMBERED_BYTES = 1_000_000  # masks made for them alone
_LONGEST = 256  # characters of a text, bits of a number
_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1
_KINDS = (str, int, float, bool, type(None), Decimal)
_SIZES: Mapping[type, Callable[[Any], int]] = {str: len, int: int.bit_length}

Values = tuple[Any, ...]


class Memo(dict[Any, int]):
    """
    What one input says about the values of one type; a value that comes for the first time is looked up and kept.

    Where a value must be converted, or does not fit the input, it raises KeyError: whoever asked looks at it alone.
    """

    __slots__ = ("_convert", "_mask", "_most", "_size")

    def __init__(self, kind: type, column: Column, convert: Callable[[Any], Any] | None, most: int) -> None:
        super().__init__()
        self._mask = column.mask
        self._convert = convert
        self._most = most
        self._size: Callable[[Any], int] | None = _SIZES.get(kind)

    def __missing__(self, value: Any) -> int:
        if self._convert is not None:
            self._check(value)
        found = self._mask(value)
        if self._size is None or self._size(value) <= _LONGEST:
            if len(self) >= self._most:
                self.clear()
            self[value] = found
        return found

    def _check(self, value: Any) -> None:
        if self._convert is None:
            return
        try:
            converted = self._convert(value)
        except (InputError, ValueProblem):  # told by whoever looks at it alone
            raise KeyError from None
        if converted is not value:
            raise KeyError

    def fits(self, value: Any) -> bool:
        """Whether the input takes this value as it is."""
        try:
            self._check(value)
        except KeyError:
            return False
        return True

    def masks(self, values: Sequence[Any]) -> Iterable[int]:
        """What the input says about many values, at least one."""
        return map(self.__getitem__, values)


class _Whole(Memo):
    """The same for whole numbers that only ranges ask about: amounts hardly ever come again, and are found in one step."""

    __slots__ = ("_least", "_masks", "_steps")

    def __init__(self, column: Column, convert: Callable[[Any], Any] | None, steps: tuple[list[int], list[int]]) -> None:
        super().__init__(int, column, convert, _REMEMBERED)
        self._steps, self._masks = steps
        # What fits a whole number takes all from a least one on, as far as 64 bits go.
        self._least = next((least for least in (_INT_MIN, 0) if self.fits(least) and self.fits(_INT_MAX)), _INT_MAX + 1)

    def __missing__(self, value: int) -> int:
        if not self._least <= value <= _INT_MAX:
            return super().__missing__(value)
        found = self._masks[bisect_right(self._steps, value)]
        if len(self) < self._most:
            self[value] = found
        return found

    def masks(self, values: Sequence[int]) -> Iterable[int]:
        if values[0] in self or min(values) < self._least or max(values) > _INT_MAX:
            return super().masks(values)
        return map(self._masks.__getitem__, map(bisect_right, repeat(self._steps), values))


Memos = Mapping[type, Memo]


class Quick:
    """
    What each input says about values, most of which it was asked about before.

    The same few tiers and regions come again and again: their masks, and that they fit what the input declares, are
    remembered by type and value, for 1, 1.0 and true are equal to a dict. Nothing else is remembered, and not without bound.

    Args:
        program: the table; each of its inputs is a plain name, and there is at least one.
        inputs: the input columns.
        convert: turns a value of an input into what the input declares, or fails.
    """

    __slots__ = ("find", "memos", "names", "take")

    def __init__(self, program: Program, inputs: Sequence[Input], convert: Callable[[Input, Any], Any]) -> None:
        self.names = program.names or ()
        self.memos: tuple[Memos, ...] = tuple(
            _memos(program, index, column, partial(convert, column)) for index, column in enumerate(inputs)
        )
        self.take = _taker(self.names)
        """The values of the inputs out of a dict; KeyError where one is missing."""
        self.find = _finder(self.memos)
        """The rows that may match values of the inputs; KeyError or TypeError where these must be looked at one by one."""

    def values(self, fields: Mapping[str, Any]) -> Values:
        """
        The value of each input; null where it is missing.

        Args:
            fields: a dict.
        """
        return tuple(map(fields.get, self.names))


def _memos(program: Program, index: int, declared: Input, convert: Callable[[Any], Any]) -> Memos:
    column = program.columns[index]
    if index not in program.guarded:
        fitting = None
    elif declared.type is not None and not declared.one_of:
        fitting = CONVERTERS[base_type(declared.type)]  # all that is asked of it, without detours
    else:
        fitting = convert
    bytes_each = len(program.tests) // 8 + 64
    most = _REMEMBERED if column.shares else min(_REMEMBERED, max(64, _REMEMBERED_BYTES // bytes_each))
    memos = {kind: Memo(kind, column, None if kind is type(None) else fitting, most) for kind in _KINDS}
    if column.steps is None or declared.one_of:
        return memos
    return {**memos, int: _Whole(column, fitting, column.steps)}


def _taker(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], Values]:
    if len(names) > 1:
        return itemgetter(*names)
    only = names[0]
    return lambda fields: (fields[only],)


def _finder(memos: Sequence[Memos]) -> Callable[[Values], int]:
    # Most tables have a few inputs, and a loop over them would cost more than what it does.
    if len(memos) == 1:
        (only,) = memos
        return lambda values: only[type(values[0])][values[0]]
    first, second, *others = memos
    if not others:

        def find_two(values: Values) -> int:
            one, two = values
            return first[type(one)][one] & second[type(two)][two]

        return find_two
    third, *others = others
    if not others:

        def find_three(values: Values) -> int:
            one, two, three = values
            return first[type(one)][one] & second[type(two)][two] & third[type(three)][three]

        return find_three
    fourth, *others = others

    def find_four(values: Values) -> int:
        one, two, three, four = values
        return first[type(one)][one] & second[type(two)][two] & third[type(three)][three] & fourth[type(four)][four]

    if not others:
        return find_four

    def find(values: Values) -> int:
        mask = find_four(values[:4])
        for memo, value in zip(others, values[4:], strict=True):
            mask &= memo[type(value)][value]
        return mask

    return find
