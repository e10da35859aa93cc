"""Knows what can be wrong with the rows of a table taken together; must not decide anything by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from servflow.errors import Finding
from servflow.rules._analysis import MAX_FINDINGS, ORDERED, SINGLE, Check, begun
from servflow.rules._cover import Budget, Covering
from servflow.rules._hits import defaults, priority_of
from servflow.rules._program import Program
from servflow.rules._runs import Runs, both, either, less
from servflow.rules._space import Axis, Whole, bits, nicest
from servflow.rules._spare import mergeable, redundant
from servflow.rules._witness import completed

MAX_GAPS = 10
"""Most gaps told by one check; each is as wide as it can be."""


def check_table(
    table: Whole,
    program: Program,
    fields: Mapping[str, Any],
    *,
    nulls: bool = False,
    overlaps: bool = False,
    steps: int | None = None,
) -> tuple[Finding, ...]:
    """All findings about the rows: never, unreachable, overlapping, gaps, redundant, mergeable, not decided."""
    check = begun(table, program, fields, steps)
    _never(check)
    if table.hit in ORDERED:
        _shadowed(check)
    _overlaps(check, everywhere=overlaps)
    if table.hit in SINGLE and defaults(table.outputs) is None:
        _gaps(check, nulls=nulls)
    removed = redundant(check)
    mergeable(check, removed)
    cells = [check.order[row] for row in bits(check.space.undecided & ~check.unranked)]
    if cells and table.hit in SINGLE:
        check.undecided("cells", cells)
    for reason, rows in check.open.items():
        facts = {"table": table.name, "rows": tuple(sorted(rows)), "reasons": (reason,)}
        check.found.append(Finding("rules.not_decided", "rows", facts, "warning" if reason != "many" else "info"))
    return tuple(check.found)


def _never(check: Check) -> None:
    """Report the rows that no value of some field lets match."""
    for axis in check.space.axes:
        for cell, runs in enumerate(axis.cells):
            if not runs:
                check.never |= axis.rows_of(cell)
    anywhere = check.space.everything
    for row in sorted(check.order[place] for place in list(bits(check.never))):
        if len(check.found) >= MAX_FINDINGS:
            check.undecided("many")
            return
        place = check.order.index(row)
        box = [runs or whole for runs, whole in zip(check.space.box(place), anywhere, strict=True)]
        point = check.space.corner(box)
        if point is not None:
            check.add("rules.never", f"rows[{row}]", {"row": row}, point)


def _shadowed(check: Check) -> None:
    """Report the rows that others always come before; under ``priority`` those of a higher rank do."""
    budget = check.budget(0.6)
    covering = Covering(check.space, budget)
    certain = check.certain & ~check.never
    live = 0
    shadowed: list[tuple[int, int, tuple[int, ...]]] = []
    for row in range(check.space.rows):
        if (check.never | check.unranked) >> row & 1:
            continue
        used = _shadow(check, covering, row, live)
        if used:
            check.dead |= 1 << row
            shadowed.append((check.order[row], row, used))
        elif certain >> row & 1:
            live |= 1 << row
    for count, (_, row, used) in enumerate(sorted(shadowed)):
        if count == MAX_FINDINGS:
            check.undecided("many")
            break
        _tell_shadowed(check, covering, row, used)


def _shadow(check: Check, covering: Covering, row: int, live: int) -> tuple[int, ...]:
    """The earlier rows that take all a row matches; none where it decides something, or nobody knows."""
    if not live:
        check.reached[row] = _corner(check, row)
        return ()
    point = _corner(check, row)
    before = check.touch.at(point, live)
    if not before:
        check.reached[row] = point
        return ()
    holding = check.touch.holding(row, before)
    if holding:
        return ((holding & -holding).bit_length() - 1,)
    if covering.budget.left < 0:
        check.undecided("size", [check.order[row]])
        return ()
    answer = covering.search(check.space.box(row), list(bits(check.touch.meeting(row, live))))
    if not answer.decided:
        check.undecided("size", [check.order[row]])
    elif answer.point is not None:
        check.reached[row] = answer.point
    else:
        return answer.used
    return ()


def _corner(check: Check, row: int) -> tuple[int, ...]:
    point = []
    for axis, known in zip(check.space.axes, check.corners, strict=True):
        cell = axis.of_row[row]
        if cell not in known:
            known[cell] = nicest(axis.line, axis.cells[cell])  # a row that holds nowhere was told before
        point.append(known[cell])
    return tuple(point)


def _smallest(covering: Covering, box: Sequence[Runs], rows: Sequence[int]) -> tuple[int, ...]:
    """Of rows that cover a box, no more than are needed, where that is soon known."""
    needed = list(rows)
    if len(needed) > 2 and len(needed) <= 20:
        trial = Covering(covering.space, Budget(min(20_000, max(covering.budget.left, 0))))
        for row in reversed(rows):
            rest = [other for other in needed if other != row]
            answer = trial.search(box, rest)
            if answer.decided and answer.point is None:
                needed = rest
    return tuple(needed)


def _tell_shadowed(check: Check, covering: Covering, row: int, used: tuple[int, ...]) -> None:
    """Tell of a row that never decides; where no fields are found for which it matches it is called not decided."""
    point = _corner(check, row)
    witness: dict[str, Any] | None = check.space.witness(point)
    if check.space.undecided >> row & 1:
        witness = completed(check.program, check.order[row], witness or {})
        if witness is None:
            return
    used = _smallest(covering, check.space.box(row), used)
    first = next(bits(check.touch.at(point, check.certain & (1 << row) - 1)))
    facts = {"row": check.order[row], "by": check.order[first], "rows": tuple(sorted(check.order[each] for each in used))}
    check.tell("rules.unreachable", f"rows[{facts['row']}]", facts, witness or {}, "warning")


def _overlaps(check: Check, *, everywhere: bool) -> None:
    """
    Report pairs of rows that match together, where that matters.

    Any pair under ``unique``, one that disagrees under ``any``, and under ``priority`` one of equal rank that disagrees: there
    the order of the rows decides what the outputs should. Under the other policies rows overlap by design; they are told
    where *everywhere* asks for them.
    """
    hit = check.table.hit
    if hit not in ("unique", "any", "priority") and not everywhere:
        return
    certain = check.certain & ~check.never & ~check.dead
    alike = check.alike
    ranked: dict[Any, int] = {}
    for row in range(check.space.rows):
        if hit == "priority":
            rank = _rank(check, row)
            ranked[rank] = ranked.get(rank, 0) | 1 << row
    computed = sum(1 << row for row, made in enumerate(check.outputs) if _computed(made))
    if hit == "any" and computed & certain:
        check.undecided("outputs", (check.order[row] for row in bits(computed)))
    told: list[tuple[tuple[int, int], Callable[[], None]]] = []
    for row in bits(certain):
        if hit == "any" and not everywhere and len(alike) == 1:
            break
        together = check.touch.meeting(row, certain >> (row + 1) << (row + 1))
        differing = together & ~alike[check.outputs[row]]
        if hit == "any":
            differing = 0 if computed >> row & 1 else differing & ~computed
        wanted = together
        if not everywhere and hit != "unique":
            wanted = differing if hit == "any" else differing & ranked[_rank(check, row)]
        if len(told) <= MAX_FINDINGS:
            for other in bits(wanted):
                ranks = hit == "priority" and _rank(check, row) == _rank(check, other)
                told.append(_pair(check, row, other, differs=bool(differing >> other & 1), ranks=ranks))
                if len(told) > MAX_FINDINGS:
                    break
    check.keep([tell for _, tell in sorted(told, key=lambda item: item[0])])


def _rank(check: Check, row: int) -> Any:
    constants = check.program.constants[check.order[row]]
    return ("computed", row) if constants is None else priority_of(check.table.outputs, constants)


def _computed(made: Any) -> bool:
    return isinstance(made, tuple) and len(made) == 2 and made[0] == "computed"


def _pair(check: Check, left: int, right: int, *, differs: bool, ranks: bool) -> tuple[tuple[int, int], Callable[[], None]]:
    row, by = max(check.order[left], check.order[right]), min(check.order[left], check.order[right])
    hit = check.table.hit
    severity, code = "info", "rules.conflicting" if differs else "rules.overlap"
    if hit == "unique":
        severity, code = "error", "rules.overlap"
    elif hit == "any" and differs:
        severity = "error"
    elif ranks and differs:
        severity = "warning"
    box = [both(axis.runs(left), axis.runs(right)) for axis in check.space.axes]
    point = check.space.corner(box)
    assert point is not None  # they meet
    facts = {"row": row, "by": by, "hit": hit}
    return (by, row), lambda: check.add(code, f"rows[{row}]", facts, point, severity)


def _gaps(check: Check, *, nulls: bool) -> None:
    """Report combinations of values for which no row can match, each with the cells of a row that would take them."""
    covering = Covering(check.space, check.budget(0.25))
    rows = [row for row in range(check.space.rows) if not check.never >> row & 1]
    for space in (check.space.present, check.space.everything) if nulls else (check.space.present,):
        domain = tuple(_lasting(axis, runs) for axis, runs in zip(check.space.axes, space, strict=True))
        while True:
            extra = range(check.space.rows, check.space.rows + len(covering.extra))
            answer = covering.search(domain, [*rows, *extra])
            if not answer.decided:
                check.undecided("size")
            if answer.point is None:
                break
            if len(covering.extra) >= MAX_GAPS:
                check.undecided("many")
                return
            covering.extra.append(_gap(check, domain, answer.point))


def _lasting(axis: Axis, runs: Runs) -> Runs:
    """Without the time before any row is in force: nobody means to decide anything then."""
    if not axis.period or not axis.cells:
        return runs
    first = min((cell[0] for cell in axis.cells if cell), default=0)
    return both(runs, (first, len(axis.line.values))) if first < len(axis.line.values) else runs


def _gap(check: Check, domain: Sequence[Runs], point: Sequence[int]) -> tuple[Runs, ...]:
    """Tell of the widest gap around a point, and return it."""
    box: list[Runs] = [(position, position + 1) for position in point]
    for index, axis in enumerate(check.space.axes):
        taken: Runs = ()
        for cell in {axis.of_row[row] for row in bits(check.touch.reaching(box, skip=index) & ~check.never)}:
            taken = either(taken, axis.cells[cell])
        free, line = less(domain[index], taken), axis.line
        if line.strange is not None and free != domain[index] and line.written(free) is None:
            # Nobody asked for what is strange; but a cell such as not("a") takes that too.
            wider = either(free, less((line.strange, line.strange + 1), taken))
            free = free if line.written(wider) is None else wider
        box[index] = free if axis.period else line.sayable(free, point[index], domain[index])
    region = {}
    for axis, runs, whole in zip(check.space.axes, box, domain, strict=True):
        text = None if runs == whole else axis.line.written(runs)
        if text is not None:
            region[axis.name] = text
    told = check.space.corner(box)
    assert told is not None  # it holds the point
    check.add("rules.gap", "rows", {"region": region}, told)
    return tuple(box)
