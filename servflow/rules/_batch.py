"""Knows how many sets of fields are decided together, column by column; must not know hit policies or outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from operator import and_
from typing import Any, TypeVar

from servflow.errors import ExpressionError, InputError, TimeError
from servflow.rules._program import DICTS
from servflow.rules._quick import Memos, Quick, Values

_AT_ONCE = 2_000  # sets of fields looked at together

Fields = Mapping[str, Any]
Answer = TypeVar("Answer")
Looked = tuple[list[int], list[Values]]


def look(quick: Quick, many: Sequence[Fields]) -> Looked | None:
    """
    For each set of fields the rows that may match, and its values; None where they must be looked at one by one.

    Each column is gone through as a whole, without a step of Python for each value.

    Args:
        quick: the table.
        many: the sets of fields, at least one.
    """
    if not set(map(type, many)) <= DICTS:
        return None
    try:
        taken = [*map(quick.take, many)]
    except KeyError:
        taken = [*map(quick.values, many)]
    memos, columns = iter(quick.memos), iter(zip(*taken, strict=True))
    try:
        masks = _said(next(memos), next(columns))
        for memo, values in zip(memos, columns, strict=True):
            masks = map(and_, masks, _said(memo, values))
        return [*masks], taken
    except (KeyError, TypeError):
        return None


def _said(memos: Memos, values: Values) -> Iterable[int]:
    kinds = set(map(type, values))
    if len(kinds) == 1:
        return memos[kinds.pop()].masks(values)
    return [memos[type(value)][value] for value in values]


def in_turn(
    many: Iterable[Fields],
    together: Callable[[Sequence[Fields], list[Answer]], bool],
    alone: Callable[[Fields], Answer],
) -> list[Answer]:
    """
    The answer for each set of fields, in order.

    Args:
        many: the sets of fields.
        together: adds the answers for some of them at once to those before, or says that it cannot.
        alone: decides one where they cannot be looked at together.

    Raises:
        InputError, ExpressionError, TimeError: what the first set of fields that fails would raise alone, with its
            ``index`` among the facts.
    """
    answers: list[Answer] = []
    coming = iter(many)
    try:
        while some := list(islice(coming, _AT_ONCE)):
            if not together(some, answers):
                answers.extend(map(alone, some))
    except (InputError, ExpressionError, TimeError) as error:
        raise type(error)(error.message, **{**error.facts, "code": error.code, "index": len(answers)}) from error
    return answers
