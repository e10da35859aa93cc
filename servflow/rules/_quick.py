"""Knows how a table whose inputs are plain names finds its rows in a few steps; must not know hit policies or outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from servflow.errors import InputError
from servflow.rules._program import Program

_REMEMBERED_BYTES = 1_000_000  # masks remembered per input

Memo = dict[type, dict[Any, int]]


class Quick:
    """
    What each input says about values it was asked about before.

    The same few tiers and regions come again and again: their masks, and that they fit what the input declares, are
    remembered by type and value, for 1, 1.0 and true are equal to a dict. Nothing else is remembered, and not without bound.

    Args:
        program: the table; each of its inputs is a plain name.
        convert: turns a value of an input, by its index, into what the input declares, or fails.
    """

    __slots__ = ("_convert", "_most", "_program", "memos", "names")

    def __init__(self, program: Program, convert: Callable[[int, Any], Any]) -> None:
        self.names = program.names or ()
        self._program = program
        self._convert = convert
        self._most = max(64, _REMEMBERED_BYTES // (len(program.tests) // 8 + 64))
        self.memos: tuple[Memo, ...] = tuple(
            {str: {}, int: {}, float: {}, bool: {}, type(None): {}, Decimal: {}} for _ in self.names
        )

    def mask(self, fields: Mapping[str, Any], values: Sequence[Any]) -> int:
        """
        The rows that may match; what these values say is remembered.

        Args:
            fields: a dict.
            values: what its names come to, as the inputs declare them.
        """
        mask = self._program.every_row
        for memo, column, name, value in zip(self.memos, self._program.columns, self.names, values, strict=True):
            found = column.mask(value)
            mask &= found
            # What was converted is asked for by another value; what has no hash, such as a list, is not remembered.
            if type(value) in memo and fields.get(name) is value:
                self._keep(memo, type(value), value, found)
        return mask

    def learn(self, index: int, values: Iterable[Any]) -> dict[Any, int] | None:
        """
        What one input says about values of one type it was not asked about before; None where they must be converted, or fail.

        Args:
            index: the input.
            values: the values.
        """
        column, declared = self._program.columns[index], index in self._program.guarded
        found: dict[Any, int] = {}
        for value in values:
            kind = type(value)
            try:
                if declared and self._convert(index, value) is not value:
                    return None
            except InputError:  # told with its place by whoever looks one by one
                return None
            found[value] = column.mask(value)
            self._keep(self.memos[index], kind, value, found[value])
        return found

    def _keep(self, memo: Memo, kind: type, value: Any, found: int) -> None:
        known = memo[kind]
        if len(known) >= self._most:
            known = memo[kind] = {}  # another one: somebody may be looking into the old one
        try:
            known[value] = found
        except TypeError:  # a signalling NaN has no hash
            return
