"""Knows which rows certainly break a promise of their hit policy, quickly; must not know what else may be wrong with rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from servflow.errors import Finding
from servflow.rules._analysis import Check, begun
from servflow.rules._program import Program
from servflow.rules._runs import both
from servflow.rules._space import Whole, bits

MOST_TOLD = 20
"""Most pairs of rows told of one table: who has made one such mistake in every row wants to read of it a few times."""

_MOST_PAIRS = 20_000  # pairs of rows looked at; they may meet only where something is missing


def proven(table: Whole, program: Program, fields: Mapping[str, Any]) -> tuple[Finding, ...]:
    """
    Pairs of rows that match together under ``unique``, or match together and disagree under ``any``, each with a witness.

    Only what constant cells prove, and only with values on every field: whether one may be missing the table cannot know.
    What is not told here is enforced when the table decides.

    Args:
        table: the table.
        program: the same, ready.
        fields: field types, where known.
    """
    if table.hit not in ("unique", "any") or len(table.rows) < 2:
        return ()
    check = begun(table, program, fields)
    found: list[Finding] = []
    for left, right in _pairs(check, disagree=table.hit == "any"):
        box = [
            both(both(axis.runs(left), axis.runs(right)), present)
            for axis, present in zip(check.space.axes, check.space.present, strict=True)
        ]
        point = check.space.corner(box) if all(box) else None
        if point is None:
            continue
        row, by = max(check.order[left], check.order[right]), min(check.order[left], check.order[right])
        code = "rules.overlap" if table.hit == "unique" else "rules.conflicting"
        check.add(code, f"rows[{row}]", {"row": row, "by": by, "hit": table.hit}, point, "error")
        found = check.found
        if len(found) >= MOST_TOLD:
            break
    return tuple(sorted(found, key=lambda finding: (finding.facts["row"], finding.facts["by"])))


def _pairs(check: Check, *, disagree: bool) -> Iterator[tuple[int, int]]:
    """Pairs of rows that meet somewhere, and give different constants where they must *disagree*."""
    certain = check.certain
    alike: dict[Any, int] = {}
    if disagree:
        for row, constants in enumerate(check.program.constants):
            if constants is None:
                certain &= ~(1 << row)
            else:
                alike[check.outputs[row]] = alike.get(check.outputs[row], 0) | 1 << row
    left = _MOST_PAIRS
    for row in bits(certain):
        others = certain >> (row + 1) << (row + 1)
        if disagree:
            others &= ~alike[check.outputs[row]]
        for other in bits(check.touch.meeting(row, others)) if others else ():
            left -= 1
            if left < 0:
                return
            yield row, other
