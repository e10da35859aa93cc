"""Knows a decision table as formulas for a solver, from cells that were never text; must not know how servflow checks."""

from __future__ import annotations

import itertools
from typing import Any

import z3

REGIONS = ["east", "north", "south", "west"]


class Formulas:
    """The rows of a table over ``amount`` (a number), ``region`` (one of four) and ``vip`` (a bool), each maybe null."""

    def __init__(self, rows: list[tuple[Any, ...]], *, whole: bool) -> None:
        self.amount = z3.Int("amount") if whole else z3.Real("amount")
        self.missing = z3.Bool("missing")  # the amount
        self.region = z3.Int("region")  # -1 is null
        self.vip = z3.Int("vip")  # 1, 0, and -1 for null
        self.present = z3.And(z3.Not(self.missing), self.region >= 0, self.vip >= 0)
        self.rows = [z3.And(self._amount(row[0]), self._region(row[1]), self._vip(row[2])) for row in rows]
        self.solver = z3.Solver()
        self.solver.add(self.region >= -1, self.region < len(REGIONS), self.vip >= -1, self.vip <= 1)

    def _amount(self, cell: Any) -> Any:
        if cell is None:
            return z3.BoolVal(True)
        low, low_closed, high, high_closed = cell
        bounds = [z3.Not(self.missing)]
        if low is not None:
            bounds.append(self.amount >= low if low_closed else self.amount > low)
        if high is not None:
            bounds.append(self.amount <= high if high_closed else self.amount < high)
        return z3.And(*bounds)

    def _region(self, cell: Any) -> Any:
        if cell is None:
            return z3.BoolVal(True)
        negated, names = cell
        listed = z3.Or(*(self.region == REGIONS.index(name) for name in names))
        return z3.Not(listed) if negated else listed

    def _vip(self, cell: bool | None) -> Any:
        return z3.BoolVal(True) if cell is None else self.vip == int(cell)

    def possible(self, *conditions: Any) -> bool:
        """Whether some values meet all conditions."""
        self.solver.push()
        self.solver.add(*conditions)
        found = self.solver.check()
        self.solver.pop()
        assert found != z3.unknown
        return bool(found == z3.sat)

    def never(self) -> set[int]:
        """The rows no values match."""
        return {index for index, row in enumerate(self.rows) if not self.possible(row)}

    def unreachable(self) -> set[int]:
        """The rows that values match only where an earlier one matches too."""
        hidden = {
            index
            for index, row in enumerate(self.rows)
            if not self.possible(row, *(z3.Not(earlier) for earlier in self.rows[:index]))
        }
        return hidden - self.never()

    def overlaps(self) -> set[tuple[int, int]]:
        """The pairs of rows that values match together."""
        pairs = itertools.combinations(range(len(self.rows)), 2)
        return {(left, right) for left, right in pairs if self.possible(self.rows[left], self.rows[right])}

    def gap(self, *, nulls: bool) -> bool:
        """Whether some values match no row; values that are all there, unless nulls are asked for."""
        return self.possible(*([] if nulls else [self.present]), *(z3.Not(row) for row in self.rows))


def cells(row: tuple[Any, ...]) -> list[str]:
    """The same row as a table writes it."""
    amount, region, vip = row
    return [_range(amount), "-" if region is None else _listed(*region), {None: "-", True: "true", False: "false"}[vip]]


def _range(cell: Any) -> str:
    if cell is None:
        return "-"
    low, low_closed, high, high_closed = cell
    if high is None:
        return f"{'>=' if low_closed else '>'} {low}"
    if low is None:
        return f"{'<=' if high_closed else '<'} {high}"
    return f"{'[' if low_closed else '('}{low}..{high}{']' if high_closed else ')'}"


def _listed(negated: bool, names: list[str]) -> str:
    inner = ", ".join(f'"{name}"' for name in names)
    return f"not({inner})" if negated else inner
