"""Knows how many sets of fields are decided together, column by column; must not know hit policies or outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from operator import and_
from typing import Any, TypeVar

from servflow.errors import ExpressionError, InputError, TimeError
from servflow.rules._program import Program

_AT_ONCE = 2_000  # sets of fields looked at together
_REMEMBERED_BYTES = 16_000_000  # masks remembered per column
_NUMBERS = frozenset({int, float, bool, Decimal})
_SIMPLE = _NUMBERS | {str, type(None)}

Fields = Mapping[str, Any]
Answer = TypeVar("Answer")


class _Memo(dict[Any, Any]):
    """What a function gives for each value it was asked for."""

    __slots__ = ("ask",)

    def __init__(self, ask: Callable[[Any], Any]) -> None:
        super().__init__()
        self.ask = ask

    def __missing__(self, value: Any) -> Any:
        self[value] = found = self.ask(value)
        return found


class Batch:
    """
    The masks of one table for many sets of fields.

    Values repeat themselves in a batch, so what each column says about a value is worked out once, and the rows of all
    sets of fields are combined column by column, without a step of Python for each value.

    Args:
        program: the table.
        convert: what turns a value of a column that declares its values into one of them, or fails.
    """

    def __init__(self, program: Program, convert: Callable[[int, Any], Any]) -> None:
        self.names = program.names
        self.every_row = program.every_row
        self.masks = [_Memo(column.mask) for column in program.columns]
        # Bound by name: each memo keeps its own column.
        self.converted = {index: _Memo(_of_column(convert, index)) for index in program.guarded}
        self.most = max(256, _REMEMBERED_BYTES // (len(program.tests) // 8 + 64))

    def look(self, many: Sequence[Fields], in_force: int) -> tuple[list[int], list[tuple[Any, ...]]] | None:
        """
        For each set of fields the rows that may match, and its values; None where they must be looked at one by one.

        Args:
            many: the sets of fields.
            in_force: the rows that count.
        """
        if self.names is None or not self.names or any(type(fields) is not dict for fields in many):
            return None
        columns: list[list[Any]] = []
        masks: list[int] = [in_force] * len(many)
        for index, name in enumerate(self.names):
            values = [fields.get(name) for fields in many]
            if not _tell_apart(values):
                return None
            if index in self.converted:
                try:
                    values = [*map(self._kept(self.converted[index]).__getitem__, values)]
                except InputError:  # told with its place by whoever looks one by one
                    return None
                if not _tell_apart(values):
                    return None
            try:
                masks = [*map(and_, masks, map(self._kept(self.masks[index]).__getitem__, values))]
            except TypeError:  # a signalling NaN cannot be remembered
                return None
            columns.append(values)
        return masks, [*zip(*columns, strict=True)]

    def _kept(self, memo: _Memo) -> _Memo:
        if len(memo) > self.most:
            memo.clear()
        return memo


def _of_column(convert: Callable[[int, Any], Any], index: int) -> Callable[[Any], Any]:
    return lambda value: convert(index, value)


def _tell_apart(values: list[Any]) -> bool:
    """Whether values that are equal mean the same: 1, 1.0 and true are equal for a dict, and lists have no place in it."""
    kinds = set(map(type, values))
    return kinds <= _SIMPLE and len(kinds & _NUMBERS) < 2


def in_turn(
    many: Iterable[Fields],
    together: Callable[[Sequence[Fields]], tuple[list[int], list[tuple[Any, ...]]] | None],
    decided: Callable[[int, Sequence[Any], Fields], Answer],
    alone: Callable[[Fields], Answer],
) -> list[Answer]:
    """
    The answer for each set of fields, in order.

    Args:
        many: the sets of fields.
        together: looks at some of them at once, where it can.
        decided: makes an answer of a mask, its values and its fields.
        alone: decides one where they cannot be looked at together.

    Raises:
        InputError, ExpressionError, TimeError: what the first set of fields that fails would raise alone, with its
            ``index`` among the facts.
    """
    answers: list[Answer] = []
    coming = iter(many)
    try:
        while some := list(islice(coming, _AT_ONCE)):
            looked = together(some)
            if looked is None:
                for fields in some:
                    answers.append(alone(fields))  # noqa: PERF401 - an error needs to know how many there are
            else:
                for mask, values, fields in zip(*looked, some, strict=True):
                    answers.append(decided(mask, values, fields))
    except (InputError, ExpressionError, TimeError) as error:
        raise type(error)(error.message, **{**error.facts, "code": error.code, "index": len(answers)}) from error
    return answers
