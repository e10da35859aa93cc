"""Knows what can be wrong with the rows of a table taken together; must not decide anything by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import define, field

from servflow.errors import Finding
from servflow.rules._cells import same
from servflow.rules._definition import Written
from servflow.rules._hits import defaults, priority_of
from servflow.rules._program import Program
from servflow.rules._regions import Axis, Region, axes_of, regions_of, shared_values, witness_of

MAX_FINDINGS = 100
"""Most findings of one kind; how many more there are is said once."""

MAX_PAIR_STEPS = 2_000_000
"""Most steps one comparison of all rows with all others may take."""

_SINGLE = ("unique", "first", "priority", "any")


@define
class _Check:
    table: Written
    program: Program
    axes: tuple[Axis, ...]
    undecided: int
    """Rows that may match or not whatever the axes say."""

    regions: list[Region] | None
    found: list[Finding] = field(factory=list)
    reasons: list[str] = field(factory=list)

    def witness(self, values: Any) -> dict[str, Any]:
        return witness_of(self.axes, values)

    def add(self, code: str, path: str, facts: Mapping[str, Any], witness: Any, severity: str = "warning") -> None:
        shown = {"table": self.table.name, "witness": _shown(witness), **facts}
        self.found.append(Finding(code, path, shown, severity, witness=witness))


def check_table(table: Written, program: Program, fields: Mapping[str, Any], *, nulls: bool) -> tuple[Finding, ...]:
    """All findings about the rows: in the order unreachable, overlapping, gaps, not decided."""
    axes, undecided = axes_of(table.inputs, program, fields)
    regions = regions_of(axes, program.every_row) if table.hit in _SINGLE else None
    check = _Check(table, program, axes, undecided, regions)
    never = _never(check)
    if table.hit in ("first", "priority"):
        _shadowed(check, never)
    if table.hit in ("unique", "any"):
        _overlaps(check)
    if table.hit in _SINGLE and defaults(table.outputs) is None:
        _gaps(check, nulls=nulls)
    if table.hit in _SINGLE and undecided:
        check.reasons.append("cells")
    if check.reasons:
        facts = {"table": table.name, "rows": tuple(_bits(undecided))[:20], "reasons": tuple(dict.fromkeys(check.reasons))}
        check.found.append(Finding("rules.not_decided", "rows", facts, "warning"))
    return tuple(check.found)


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _shown(witness: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={'null' if value is None else value!r}" for name, value in witness.items()) or "-"


def _never(check: _Check) -> int:
    """Report the rows that no value of some field lets match."""
    possible = check.program.every_row
    for axis in check.axes:
        possible &= axis.some
    never = check.program.every_row & ~possible
    for row in list(_bits(never))[:MAX_FINDINGS]:
        witness = check.witness(shared_values(check.axes, 1 << row))
        check.add("rules.never", f"rows[{row}]", {"row": row}, witness)
    return never


def _shadowed(check: _Check, never: int) -> None:
    """Report the rows another row always comes before; under ``priority`` one of a higher rank does."""
    groups, undecided = _ranked(check)
    if check.regions is None:
        check.reasons.append("size")
        _covered(check, groups, undecided, never)
        return
    reachable = 0
    for region in check.regions:
        reachable |= _contenders(region.mask, groups, undecided)[0]
    pending = check.program.every_row & ~reachable & ~never
    for region in check.regions:
        hit = pending & region.mask
        if hit:
            by = _contenders(region.mask, groups, undecided)[1]
            pending &= ~hit
            for row in _bits(hit):
                facts = {"row": row, "by": by}
                check.add("rules.unreachable", f"rows[{row}]", facts, check.witness(region.values))
    check.found.sort(key=lambda finding: finding.facts["row"])
    del check.found[MAX_FINDINGS:]


def _ranked(check: _Check) -> tuple[list[int], int]:
    """The rows by rank, best first, and the rows whose match or rank is not known."""
    program, undecided = check.program, check.undecided
    if check.table.hit == "first":
        return [program.every_row], undecided
    by_rank: dict[tuple[int, ...], int] = {}
    for row, outputs in enumerate(program.constants):
        if outputs is None:
            undecided |= 1 << row
        else:
            rank = priority_of(check.table.outputs, outputs)
            by_rank[rank] = by_rank.get(rank, 0) | 1 << row
    return [by_rank[rank] for rank in sorted(by_rank)], undecided


def _contenders(mask: int, groups: list[int], undecided: int) -> tuple[int, int | None]:
    """The rows of a region that may decide it, and the row that does unless an undecided one does."""
    contenders = mask & undecided if len(groups) != 1 else 0
    for group in groups:
        here = mask & group
        certain = here & ~undecided
        if certain:
            lowest = certain & -certain
            return contenders | here & ((lowest << 1) - 1), lowest.bit_length() - 1
        contenders |= here
    return contenders, None


def _covered(check: _Check, groups: list[int], undecided: int, never: int) -> None:
    """Where regions are too many: report the rows that one earlier row covers alone."""
    spent = 0
    better = 0
    for group in groups:
        for row in _bits(group & ~never):
            cover = (better | (group & ((1 << row) - 1))) & ~undecided
            for axis in check.axes:
                if not cover:
                    break
                if axis.every >> row & 1:
                    cover &= axis.every
                    continue
                spent += len(axis.pieces)
                for piece in axis.pieces:
                    if piece.mask >> row & 1:
                        cover &= piece.mask
            if spent > MAX_PAIR_STEPS:
                return
            if cover:
                facts = {"row": row, "by": next(_bits(cover))}
                witness = check.witness(shared_values(check.axes, 1 << row))
                check.add("rules.unreachable", f"rows[{row}]", facts, witness)
                if len(check.found) >= MAX_FINDINGS:
                    return
        better |= group


def _overlaps(check: _Check) -> None:
    """Report pairs of rows that match together: any pair under ``unique``, one that disagrees under ``any``."""
    table, constants = check.table, check.program.constants
    certain = check.program.every_row & ~check.undecided
    spent = count = 0
    for row in _bits(certain):
        together = certain >> (row + 1) << (row + 1)
        for axis in check.axes:
            if not together:
                break
            if axis.every >> row & 1:
                together &= axis.some
                continue
            spent += len(axis.pieces)
            joined = 0
            for piece in axis.pieces:
                if piece.mask >> row & 1:
                    joined |= piece.mask
            together &= joined
        if spent > MAX_PAIR_STEPS:
            check.reasons.append("size")
            return
        for other in _bits(together):
            mine, its = constants[row], constants[other]
            if table.hit == "any" and (mine is None or its is None):
                check.reasons.append("outputs")
                continue
            if table.hit == "any" and mine and its and all(same(value, its[name]) for name, value in mine.items()):
                continue
            count += 1
            if count > MAX_FINDINGS:
                check.reasons.append("many")
                return
            code = "rules.overlap" if table.hit == "unique" else "rules.conflicting"
            witness = check.witness(shared_values(check.axes, 1 << row | 1 << other))
            check.add(code, f"rows[{other}]", {"row": other, "by": row}, witness, "error")


def _gaps(check: _Check, *, nulls: bool) -> None:
    """Report a combination of values for which no row can match."""
    if check.regions is None:
        check.reasons.append("size")
        return
    for null in (False, True):
        for region in check.regions:
            if region.mask == 0 and region.null == null and (nulls or not null):
                check.add("rules.gap", "rows", {}, check.witness(region.values))
                return
