"""Knows which rows a table could do without and which could be one; must not know how cells are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from servflow.model import write_instant
from servflow.rules._analysis import MAX_FINDINGS, ORDERED, Check
from servflow.rules._cells import kind_of
from servflow.rules._cover import Covering
from servflow.rules._runs import Runs, both, either
from servflow.rules._space import Axis, bits

_MOST_BETWEEN = 2_000
"""More rows than this that would decide instead of a row are not looked at one by one."""

Teller = Callable[[], None]


# redundant ----------------------------------------------------------------------------------------------------


def redundant(check: Check) -> int:
    """
    Report the rows that can be removed, all of them together, without changing an answer; returns them as a mask.

    Where rows make a list, or are counted or added up, every row that matches anywhere changes something.
    """
    hit = check.table.hit
    if check.unranked:
        check.undecided("outputs", (check.order[row] for row in bits(check.unranked)))
        return 0
    if hit in ORDERED:
        judge = _spare_in_order
    elif hit in ("unique", "any"):
        judge = _spare_in_agreement
    elif hit in ("collect sum", "collect min", "collect max"):
        judge = _spare_in_extreme
    else:
        return 0
    covering = Covering(check.space, check.budget(0.25))
    removed = 0
    told: list[tuple[int, Teller]] = []
    gone = check.never | check.dead
    for row in sorted(bits(check.certain & ~gone), reverse=True):
        if len(told) > MAX_FINDINGS:
            break
        point = judge(check, covering, row, removed)
        if point is not None:
            removed |= 1 << row
            told.append((check.order[row], _redundant_teller(check, row, point)))
    check.keep([tell for _, tell in sorted(told, key=lambda item: item[0])])
    return removed


def _redundant_teller(check: Check, row: int, point: Sequence[int]) -> Teller:
    others = check.touch.at(point, check.certain & ~(1 << row))
    if check.table.hit in ORDERED:
        others = others >> (row + 1) << (row + 1)
    instead = [check.order[other] for other in bits(others) if check.outputs[other] == check.outputs[row]]
    if check.table.hit in ("collect min", "collect max"):
        instead = [check.order[other] for other in bits(others)]
    by = instead[0] if instead else None
    said = {"en": "the defaults", "zh": "默认值"} if by is None else {"en": f"row {by}", "zh": f"第 {by} 行"}
    facts = {"row": check.order[row], "by": by, "instead": said}
    return lambda: check.add("rules.redundant", f"rows[{facts['row']}]", facts, point, "info")


def _covered(check: Check, covering: Covering, row: int, box: Sequence[Runs], rows: Iterable[int]) -> bool:
    """Whether rows cover a box; where that is not known it is said, and taken for no."""
    if covering.budget.left < 0:
        check.undecided("size", [check.order[row]])
        return False
    answer = covering.search(box, list(rows))
    if not answer.decided:
        check.undecided("size", [check.order[row]])
    return answer.decided and answer.point is None


def _spare_in_order(check: Check, covering: Covering, row: int, removed: int) -> tuple[int, ...] | None:
    """A point a row decides, where after it the same is decided without it, everywhere."""
    point = check.reached.get(row)
    if point is None:
        return None
    mine = check.outputs[row]
    later = -1 << (row + 1)
    same_by_default = mine == check.default
    for other in bits(check.touch.at(point, later)):
        if check.outputs[other] == mine and not removed >> other & 1:
            break
        if (check.certain & ~check.dead) >> other & 1 and check.outputs[other] != mine:
            return None
    else:
        if not same_by_default:
            return None
    earlier = check.touch.meeting(row, check.certain & ~check.dead & (1 << row) - 1)
    after = check.touch.meeting(row, later)
    alike = list(bits(after & check.alike[mine] & check.certain & ~check.dead & ~removed))
    others = list(bits(after & ~check.alike[mine]))
    box = check.space.box(row)
    if not same_by_default and not _covered(check, covering, row, box, [*bits(earlier), *alike]):
        return None
    if len(others) > _MOST_BETWEEN:
        check.undecided("size", [check.order[row]])
        return None
    for other in others:
        here = [both(axis.runs(row), axis.runs(other)) for axis in check.space.axes]
        # A row that never decides goes too, or all stay but this one: then those that go besides still stand before it.
        instead = bits(after & check.alike[mine] & check.certain) if check.dead >> other & 1 else alike
        if not _covered(check, covering, row, here, [*bits(earlier), *(each for each in instead if each < other)]):
            return None
    return point


def _spare_in_agreement(check: Check, covering: Covering, row: int, removed: int) -> tuple[int, ...] | None:
    """Under ``unique`` a row that says what no row says; under ``any`` also one that others say too, wherever it matches."""
    mine = check.outputs[row]
    near = check.touch.meeting(row, ~(1 << row))
    box = check.space.box(row)
    if mine == check.default and not (near if check.table.hit == "unique" else near & ~check.alike[mine]):
        return check.space.corner(box)
    if check.table.hit == "unique":
        return None
    # Whom it disagrees with, the others that say the same disagree with too.
    alike = near & check.alike[mine] & check.certain & ~removed
    if check.touch.holding(row, alike):
        return check.space.corner(box)
    return check.space.corner(box) if alike and _covered(check, covering, row, box, bits(alike)) else None


def _spare_in_extreme(check: Check, covering: Covering, row: int, removed: int) -> tuple[int, ...] | None:
    """Where the least or the greatest counts: a row beside which another, as good or better, always matches."""
    box = check.space.box(row)
    if check.program.constants[check.order[row]] is None:
        return None
    value = _value(check, row)
    if value is None or check.table.hit == "collect sum":
        return check.space.corner(box) if check.outputs[row] == _NOTHING else None
    near = check.touch.meeting(row, ~check.never & ~(1 << row))
    as_good, others = [], []
    for other in bits(near):
        its = _value(check, other)
        if its is not None and check.certain >> other & 1 and _as_good(check, its, value):
            if not removed >> other & 1:
                as_good.append(other)
        elif check.outputs[other] != _NOTHING:
            others.append(other)
    if check.outputs[row] != check.default:
        covered = bool(as_good) and _covered(check, covering, row, box, as_good)
    else:
        covered = (
            all(
                _covered(check, covering, row, [both(axis.runs(row), axis.runs(other)) for axis in check.space.axes], as_good)
                for other in others[:_MOST_BETWEEN]
            )
            and len(others) <= _MOST_BETWEEN
        )
    return check.space.corner(box) if covered else None


_NOTHING = ((False, None),)
"""One output that is null, which no aggregate counts."""


def _as_good(check: Check, its: Any, value: Any) -> bool:
    if kind_of(its) != kind_of(value):
        return False
    return bool(its == value or (its < value) == (check.table.hit == "collect min"))


def _value(check: Check, row: int) -> Any:
    constants = check.program.constants[check.order[row]]
    value = None if constants is None else next(iter(constants.values()))
    return value if kind_of(value) is not None else None


# mergeable ----------------------------------------------------------------------------------------------------


def mergeable(check: Check, removed: int) -> None:
    """
    Report rows with the same outputs that differ in one cell and could be one row, with the cell to write.

    No row is told twice, so that all that is told can be done together. Rows that can be removed are left out.
    """
    if check.unranked:
        return
    covering = Covering(check.space, check.budget(0.15))
    candidates = list(bits(check.certain & ~check.never & ~check.dead & ~removed))
    taken = 0
    told: list[tuple[int, Teller]] = []
    columns: dict[int, list[int]] = {}
    for index, axis in enumerate(check.space.axes):
        if axis.period:
            columns[index] = []
            continue
        own = [each for each, source in enumerate(check.program.sources) if source.path == axis.path and not source.expression]
        if len(own) == 1:
            columns[index] = own
    for index, own in columns.items():
        groups: dict[Any, list[int]] = {}
        for row in candidates:
            if not taken >> row & 1:
                cells = tuple(axis.of_row[row] for other, axis in enumerate(check.space.axes) if other != index)
                groups.setdefault((cells, check.outputs[row]), []).append(row)
        for rows in groups.values():
            if len(rows) < 2 or len(told) > MAX_FINDINGS:
                continue
            for group, runs, text in _merged(check, covering, index, own, rows):
                taken |= sum(1 << row for row in group)
                told.append((check.order[group[0]], _merge_teller(check, index, own, (group, runs, text))))
    check.keep([tell for _, tell in sorted(told, key=lambda item: item[0])])


def _merged(
    check: Check, covering: Covering, index: int, own: list[int], rows: list[int]
) -> Iterable[tuple[list[int], Runs, str]]:
    """The rows of a group that become one, each time with where the one holds and its cell."""
    axis = check.space.axes[index]
    left = list(rows)
    while len(left) > 1:
        for careful in (False, True):
            group, runs, rest = _joined(check, covering, (index, own), left, careful=careful)
            text = _cell(axis, runs, [_text(check, own, row) for row in group]) if len(group) > 1 else None
            if text is not None or len(group) < 2:
                break
        if text is not None:
            yield group, runs, text
        left = rest


def _joined(
    check: Check, covering: Covering, place: tuple[int, list[int]], rows: list[int], *, careful: bool
) -> tuple[list[int], Runs, list[int]]:
    """The first row with all that may stand beside it, where they hold, and the others; with care each cell is tried."""
    index, own = place
    axis = check.space.axes[index]
    group, runs, rest = [rows[0]], axis.runs(rows[0]), []
    for row in rows[1:]:
        joined = either(runs, axis.runs(row))
        writable = True
        if careful or axis.period:
            writable = _cell(axis, joined, [_text(check, own, each) for each in (*group, row)]) is not None
        if writable and _joinable(check, covering, (group[0], row), both(runs, axis.runs(row))):
            group.append(row)
            runs = joined
        else:
            rest.append(row)
    return group, runs, rest


def _text(check: Check, own: list[int], row: int) -> str:
    return check.table.rows[check.order[row]].when[own[0]] if own else ""


def _cell(axis: Axis, runs: Runs, texts: list[str]) -> str | None:
    if not axis.period:
        return axis.line.written(runs, texts)
    if len(runs) != 2:
        return None
    start = write_instant(axis.line.values[runs[0]]) if axis.line.stretches[0].points[runs[0]] else ""
    end = write_instant(axis.line.values[runs[1]]) if runs[1] < len(axis.line.values) else ""
    return f"[{start}..{end})"


def _joinable(check: Check, covering: Covering, pair: tuple[int, int], shared: Runs) -> bool:
    """Whether a later row may stand in an earlier one's place, as one with it."""
    first, row = pair
    hit = check.table.hit
    if hit == "any" or hit in ("collect min", "collect max"):
        return True
    if shared and hit not in ORDERED:
        return False  # where both match they count twice
    if hit in ("unique", "collect sum", "collect count"):
        return True
    between = (1 << row) - 1 & (-1 << (first + 1)) & ~check.never & ~check.dead
    passed = list(bits(check.touch.meeting(row, between & ~check.alike[check.outputs[row]])))
    if hit not in ORDERED:
        return not passed
    if len(passed) > _MOST_BETWEEN:
        return False
    for other in passed:
        here = [both(axis.runs(row), axis.runs(other)) for axis in check.space.axes]
        before = check.touch.meeting(row, check.certain & ~check.never & (1 << other) - 1)
        if not _covered(check, covering, row, here, bits(before)):
            return False
    return True


def _merge_teller(check: Check, index: int, own: list[int], made: tuple[list[int], Runs, str]) -> Teller:
    group, _, text = made
    axis = check.space.axes[index]
    rows = tuple(sorted(check.order[row] for row in group))
    point = check.space.corner(check.space.box(group[1]))
    assert point is not None  # a row that holds nowhere is no candidate
    name = check.table.inputs[own[0]].name if own else "effective"
    facts = {"row": rows[0], "rows": rows, "input": name, "column": own[0] if own else None, "cell": text, "axis": axis.name}
    return lambda: check.add("rules.mergeable", f"rows[{rows[0]}]", facts, point, "info")
