"""Knows how fields that prove something are told and completed; must not know what they prove."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice, product
from typing import Any

from servflow.errors import ExpressionError
from servflow.model import write_instant
from servflow.rules._program import Program

_MOST_TRIED = 200


def shown(witness: Mapping[str, Any]) -> str:
    """The fields as a sentence shows them."""
    return ", ".join(f"{name}={_plain(value)}" for name, value in witness.items()) or "-"


def _plain(value: Any) -> str:
    if value is None:
        return "null"
    return write_instant(value) if isinstance(value, datetime) else repr(value)


def matches(program: Program, row: int, fields: Mapping[str, Any]) -> bool:
    """Whether a row's cells all hold; periods are not asked."""
    try:
        return all(
            test.holds(source.read(fields), fields) for source, test in zip(program.sources, program.tests[row], strict=True)
        )
    except ExpressionError:
        return False


def completed(program: Program, row: int, fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """
    These fields, and values for what the row's cells read besides, such that the row matches; None where none are found.

    Values near those that are there are tried, and a few plain ones: enough for a cell such as ``> limit``.
    """
    names = sorted(
        {name for test in program.tests[row] if test.dynamic for part in test.expressions for name in part.reads}
        | {name for source in program.sources if source.expression is not None for name in source.reads}
    )
    missing = [name for name in names if "." not in name and name not in fields][:3]
    for values in islice(product(list(_tries(fields.values())), repeat=len(missing)), _MOST_TRIED):
        trial = {**fields, **dict(zip(missing, values, strict=True))}
        if matches(program, row, trial):
            return trial
    return None


def _tries(near: Iterable[Any]) -> Iterable[Any]:
    yield from (True, False)
    for value in near:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield from (value, value - 1, value + 1)
        elif isinstance(value, (datetime, timedelta)):
            yield from (value, value - timedelta(days=1), value + timedelta(days=1))
        elif value is not None:
            yield value
    yield from (0, 1, "other")
