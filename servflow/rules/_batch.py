"""Knows how many sets of fields are decided together, column by column; must not know hit policies or outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice, repeat
from operator import and_
from typing import Any, TypeVar

from servflow.errors import ExpressionError, InputError, TimeError
from servflow.rules._program import DICTS
from servflow.rules._quick import Quick

_AT_ONCE = 2_000  # sets of fields looked at together

Fields = Mapping[str, Any]
Answer = TypeVar("Answer")
Looked = tuple[Iterable[int], Iterable[tuple[Any, ...]]]


def look(quick: Quick, many: Sequence[Fields], in_force: int) -> Looked | None:
    """
    For each set of fields the rows that may match, and its values; None where they must be looked at one by one.

    Each column is gone through as a whole, without a step of Python for each value.

    Args:
        quick: the table.
        many: the sets of fields.
        in_force: the rows that count.
    """
    if not quick.names or not set(map(type, many)) <= DICTS:
        return None
    masks: Iterable[int] = repeat(in_force, len(many))
    columns = []
    for index, name in enumerate(quick.names):
        values = [fields.get(name) for fields in many]
        try:
            found = _column(quick, index, values)
        except TypeError:  # a signalling NaN has no hash
            return None
        if found is None:
            return None
        masks = map(and_, masks, found)
        columns.append(values)
    return masks, zip(*columns, strict=True)


def _column(quick: Quick, index: int, values: list[Any]) -> Iterable[int] | None:
    """What one input says about each value; None where values must be converted, fail, or cannot be remembered."""
    memo = quick.memos[index]
    kinds = set(map(type, values))
    if not kinds <= memo.keys():
        return None
    said = {kind: memo[kind] for kind in kinds}
    for _ in range(2):
        try:
            if len(said) == 1:
                return [*map(next(iter(said.values())).__getitem__, values)]
            return [said[type(value)][value] for value in values]
        except KeyError:  # not seen before
            for kind, known in said.items():
                more = quick.learn(index, {value for value in values if type(value) is kind}.difference(known))
                if more is None:
                    return None
                said[kind] = {**known, **more}
    return None


def in_turn(
    many: Iterable[Fields],
    together: Callable[[Sequence[Fields]], Iterable[Answer] | None],
    alone: Callable[[Fields], Answer],
) -> list[Answer]:
    """
    The answer for each set of fields, in order.

    Args:
        many: the sets of fields.
        together: decides some of them at once, where it can.
        alone: decides one where they cannot be looked at together.

    Raises:
        InputError, ExpressionError, TimeError: what the first set of fields that fails would raise alone, with its
            ``index`` among the facts.
    """
    answers: list[Answer] = []
    coming = iter(many)
    try:
        while some := list(islice(coming, _AT_ONCE)):
            answers.extend(together(some) or map(alone, some))
    except (InputError, ExpressionError, TimeError) as error:
        raise type(error)(error.message, **{**error.facts, "code": error.code, "index": len(answers)}) from error
    return answers
