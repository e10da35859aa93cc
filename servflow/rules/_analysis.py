"""Knows an analysis of a table under way: its space, its order, what was found; must not know what can be found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from attrs import define, evolve, field

from servflow.errors import Finding
from servflow.rules._cover import Budget
from servflow.rules._hits import defaults, priority_of
from servflow.rules._program import Program
from servflow.rules._space import Axis, Space, Whole, space_of
from servflow.rules._touch import Touch
from servflow.rules._witness import shown

MAX_FINDINGS = 100
"""Most findings of one kind; how many more there are is said once."""

STEPS, LARGE, STEPS_LARGE = 12_000_000, 2_000, 150_000
"""
Steps a check may take unless told otherwise, and how many for a table of more rows than ``LARGE``.

A thousand rows are analysed exactly in seconds. A table of thousands of rows comes from a spreadsheet and is checked while
somebody waits: there pairs of rows are always compared, and rows together only as far as a fraction of a second goes.
"""

SINGLE = ("unique", "first", "priority", "any")
ORDERED = ("first", "priority")


@define
class Check:
    """
    One analysis under way.

    Rows are numbered here in the order in which they decide, so that an earlier row always comes before a later one;
    ``order`` says which row of the table each is.
    """

    table: Whole
    program: Program
    space: Space
    touch: Touch
    order: tuple[int, ...]
    outputs: tuple[Any, ...]
    """What each row gives, as something that is equal where the outputs are; texts of the cells where they are computed."""

    steps: int
    never: int = 0
    dead: int = 0
    unranked: int = 0
    """Rows of which nobody knows where they stand in the order."""

    reached: dict[int, tuple[int, ...]] = field(factory=dict)
    """For rows that decide somewhere, a point where they do."""

    corners: tuple[dict[int, int], ...] = field(init=False)
    """For each axis, the position shown for a cell."""

    alike: dict[Any, int] = field(init=False)
    """The rows that give the same, by what they give."""

    found: list[Finding] = field(factory=list)
    open: dict[str, dict[int, None]] = field(factory=dict)
    """Why something was not decided, and the rows concerned."""

    def __attrs_post_init__(self) -> None:
        self.corners = tuple({} for _ in self.space.axes)
        self.alike = {}
        for row, made in enumerate(self.outputs):
            self.alike[made] = self.alike.get(made, 0) | 1 << row

    @property
    def certain(self) -> int:
        """The rows of which the axes say all."""
        return (1 << self.space.rows) - 1 & ~self.space.undecided

    @property
    def default(self) -> Any:
        """What no row gives, in the form of ``outputs``."""
        made = defaults(self.table.outputs)
        return signature(None if made is None else tuple(made.values()), -1)

    def budget(self, share: float) -> Budget:
        """A part of all steps."""
        return Budget(int(self.steps * share))

    def undecided(self, reason: str, rows: Iterable[int] = ()) -> None:
        """Say that something could not be decided about these rows of the table."""
        self.open.setdefault(reason, {}).update(dict.fromkeys(rows))

    def add(self, code: str, path: str, facts: Mapping[str, Any], point: Sequence[int], severity: str = "warning") -> None:
        """Keep a finding that a point proves."""
        self.tell(code, path, facts, self.space.witness(point), severity)

    def tell(self, code: str, path: str, facts: Mapping[str, Any], witness: Mapping[str, Any], severity: str) -> None:
        """Keep a finding that these fields prove."""
        said = {"table": self.table.name, "witness": shown(witness), **facts}
        self.found.append(Finding(code, path, said, severity, witness=witness))

    def keep(self, made: list[Callable[[], None]]) -> None:
        """Tell as many findings of one kind as anybody reads."""
        for tell in made[:MAX_FINDINGS]:
            tell()
        if len(made) > MAX_FINDINGS:
            self.undecided("many")


def signature(values: Sequence[Any] | None, row: int) -> Any:
    """Something hashable that is equal where the outputs are the same; NaN is like nothing but its own row."""
    if values is None:
        return None
    return tuple(
        (row if value != value else isinstance(value, bool), value)  # noqa: PLR0124 - only NaN differs from itself
        for value in values
    )


def outputs_of(table: Whole, program: Program) -> list[Any]:
    """What each row gives, in the form of ``Check.outputs``."""
    found: list[Any] = []
    for row, constants in enumerate(program.constants):
        if constants is None:
            found.append(("computed", table.rows[row].then))
        else:
            made = signature(tuple(constants.values()), row)
            try:
                hash(made)
            except TypeError:  # a list or a map inside
                made = repr(made)
            found.append(made)
    return found


def begun(table: Whole, program: Program, fields: Mapping[str, Any], steps: int | None = None) -> Check:
    """An analysis with nothing found yet."""
    space = space_of([(table, program)], fields)
    outputs = outputs_of(table, program)
    order = list(range(space.rows))
    unranked = 0
    if table.hit == "priority":
        ranks: list[tuple[int, ...]] = []
        for row, constants in enumerate(program.constants):
            if constants is None:
                unranked |= 1 << row
            ranks.append((0, *priority_of(table.outputs, constants)) if constants is not None else (1,))
        order.sort(key=lambda row: (ranks[row], row))
        if order != list(range(space.rows)):
            space, unranked = _permuted(space, order), _moved(unranked, order)
        space = evolve(space, undecided=space.undecided | unranked)
    limit = steps if steps is not None else STEPS if space.rows <= LARGE else STEPS_LARGE
    made = tuple(outputs[row] for row in order)
    return Check(table, program, space, Touch(space), tuple(order), made, limit, unranked=unranked)


def _permuted(space: Space, order: Sequence[int]) -> Space:
    axes = tuple(
        Axis(axis.path, axis.line, axis.cells, tuple(axis.of_row[row] for row in order), axis.period) for axis in space.axes
    )
    return Space(axes, space.rows, _moved(space.undecided, order))


def _moved(mask: int, order: Sequence[int]) -> int:
    return sum(1 << place for place, row in enumerate(order) if mask >> row & 1)
