"""Knows the smallest change of fields on which a table says something else; must not know how it is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from heapq import heappop, heappush
from itertools import combinations, count
from math import prod
from typing import Any

from attrs import define, evolve, field, frozen

from servflow.errors import InputError, ServflowError
from servflow.rules._cells import Test, same
from servflow.rules._definition import base_type
from servflow.rules._hits import settle
from servflow.rules._nearby import Near, near_values
from servflow.rules._question import Question, at_path, bits, mask_of
from servflow.rules._trying import tried_values

MAX_TRIED = 8_000
"""Most combinations of values looked at for one answer."""

MAX_DECIDED = 800
"""Most combinations tried by deciding anew, where cells read fields or inputs are computed."""

MAX_SETS = 3_000
"""Most sets of fields looked at for one answer."""

MAX_ROWS = 3_000
"""Most rows whose cells are all looked at together; past it each row is tried by itself."""

MAX_PRODUCT = 4_000
"""Most combinations of one set of fields that are gone through in order; past it each row is tried by itself."""

MAX_NEARBY = 50
"""Most rows tried one by one where not everything can be looked at."""

_UNALTERABLE = ("at",)

Path = tuple[str, ...]
Cost = tuple[Fraction, int, int]
_NOTHING: Cost = (Fraction(0), 0, 0)


@frozen
class Change:
    """
    Other values for a few fields, and what the table says then.

    ``fields`` are paths with the present and the other value, ``matched`` the rows then, the deciding one first.
    ``proved`` says that no change of fewer fields alters the result, and none of as many with nearer values.
    """

    fields: tuple[tuple[Path, Any, Near], ...]
    outputs: Any
    matched: tuple[int, ...]
    proved: bool


@frozen
class _Axis:
    """One field that may be changed: the inputs that read it, and the rows its present value leaves possible."""

    path: Path
    columns: tuple[int, ...]
    type_name: str | None
    one_of: tuple[Any, ...]
    present: Any
    possible: int
    every: int
    extra: tuple[Near, ...] = ()


@define
class _Set:
    """Fields changed together: the rows that may match whatever they become, and the values worth trying of each."""

    axes: tuple[_Axis, ...]
    rows: int
    choices: list[list[tuple[Near, int]]]


@define(eq=False)
class _Search:
    question: Question
    axes: tuple[_Axis, ...]
    exact: bool
    present: tuple[Any, tuple[int, ...]] | None
    """What is said now; None where nothing can be."""
    proved: bool = True
    tried: int = 0
    sets: int = 0
    known: dict[int, tuple[Any, tuple[int, ...]] | None] = field(factory=dict)

    # which rows ------------------------------------------------------------------------------------------------

    def free(self, changed: Sequence[_Axis]) -> int:
        """The rows that may match once these fields may be anything."""
        mask = self.question.in_force
        on_axes = {index for axis in self.axes for index in axis.columns}
        for index, column in enumerate(self.question.program.columns):
            # What an expression or a part of a changed field comes to is not known before it is tried.
            if index not in on_axes and self.exact:
                mask &= column.mask(self.question.values[index])
        for axis in self.axes:
            if axis not in changed:
                mask &= axis.possible
        return mask

    def alterable(self, changed: Sequence[_Axis]) -> int | None:
        """The rows to look at for a set of fields; None where it can alter nothing."""
        rows = self.free(changed)
        now = rows
        for axis in changed:
            now &= axis.possible
        sure = now
        for axis in changed:
            sure &= axis.every
        if not self.exact:
            sure = 0
        entering, leaving = rows & ~now, now & ~sure
        hit = self.question.table.hit
        if sure and self.present is not None and self.exact:
            if hit == "first":
                above = (sure & -sure) - 1
                entering, leaving = entering & above, leaving & above
            elif hit in ("unique", "any"):
                return None  # the row that always matches either decides or is contradicted
        return entering | now if entering or leaving else None

    # what is said then -----------------------------------------------------------------------------------------

    def said(self, mask: int, changed: Mapping[Path, Near]) -> tuple[Any, tuple[int, ...]] | None:
        """What the table says of other values, where that is a result and another one than now; else None."""
        self.tried += 1
        if not self.exact:
            return self.decided(changed)
        if mask not in self.known:
            table, constants = self.question.table, self.question.program.constants
            rows = list(bits(mask & -mask if table.hit == "first" else mask))
            evaluated = [known for row in rows if (known := constants[row]) is not None]
            try:
                found = settle(table.name, table.hit, table.outputs, rows, evaluated)
            except InputError:
                self.known[mask] = None
            else:
                self.known[mask] = found if self.another(found) else None
        return self.known[mask]

    def another(self, found: tuple[Any, tuple[int, ...]]) -> bool:
        if self.present is None:
            return True
        outputs, matched = self.present
        single = self.question.table.hit in ("first", "priority", "unique")
        rows = (matched[:1], found[1][:1]) if single else (matched, found[1])
        # A computed output that merely follows its field is no other result: other rows have to decide.
        return rows[0] != rows[1] and not alike(outputs, found[0])

    def decided(self, changed: Mapping[Path, Near]) -> tuple[Any, tuple[int, ...]] | None:
        fields: Mapping[str, Any] = self.question.fields
        for path, near in changed.items():
            fields = put(fields, path, near.value)
        try:
            decision = self.question.table.decide(fields, self.question.at)
        except ServflowError:
            return None
        found = (decision.outputs, decision.matched)
        return found if self.another(found) else None

    # looking ---------------------------------------------------------------------------------------------------

    def run(self) -> Change | str:
        for size in range(1, len(self.axes) + 1):
            found = self.of_size(size)
            if found is not None:
                return found
            if self.exhausted:
                return self.nearby() or "budget"
        return "none" if self.exact and self.proved else self.nearby() or "open"

    def nearby(self) -> Change | None:
        """Where not everything can be looked at: the best of what would let the rows that come nearest match."""
        question = self.question
        losing = list(bits(question.program.every_row & question.in_force & ~question.matching))
        losing.sort(key=lambda row: len(question.failing(row)))
        best: tuple[int, Cost, Change] | None = None
        for row in losing[:MAX_NEARBY]:
            failing = set(question.failing(row))
            axes = [axis for axis in self.axes if failing & set(axis.columns)]
            nears = [near for axis in axes if (near := self.nearest(axis, row)) is not None]
            if not axes or len(nears) < len(axes) or (best is not None and (len(axes), _sum(nears)) >= best[:2]):
                continue
            found = self.decided({axis.path: near for axis, near in zip(axes, nears, strict=True)})
            if found is not None:
                told = tuple((axis.path, axis.present, near) for axis, near in zip(axes, nears, strict=True))
                best = (len(axes), _sum(nears), Change(told, found[0], found[1], proved=False))
        return None if best is None else best[2]

    @property
    def exhausted(self) -> bool:
        return self.sets > MAX_SETS or self.tried >= (MAX_TRIED if self.exact else MAX_DECIDED)

    def of_size(self, size: int) -> Change | None:
        """The nearest change of so many fields."""
        heap: list[tuple[Cost, int, _Set, tuple[int, ...] | None, tuple[Near, ...]]] = []
        number = count()
        for axes in combinations(self.axes, size):
            self.sets += 1
            if self.sets > MAX_SETS:
                break
            rows = self.alterable(axes)
            if rows is None:
                continue
            made = self.choices(axes, rows)
            if made is None:
                for nears, cost in self.one_by_one(axes, rows):
                    heappush(heap, (cost, next(number), _Set(axes, rows, []), None, nears))
            elif all(made.choices):
                first = tuple(options[0][0] for options in made.choices)
                heappush(heap, (_sum(first), next(number), made, (0,) * size, first))
        while heap and not self.exhausted:
            _, _, made, places, nears = heappop(heap)
            found = self.tried_out(made, places, nears)
            if found is not None:
                return found
            if places is None:
                self.proved = False  # another row stood in this one's way: a way round it is not looked for
                continue
            last = max((place for place, step in enumerate(places) if step), default=0)
            for place in range(last, size):
                step = places[place] + 1
                if step < len(made.choices[place]):
                    moved = (*places[:place], step, *places[place + 1 :])
                    nears = tuple(made.choices[axis][index][0] for axis, index in enumerate(moved))
                    heappush(heap, (_sum(nears), next(number), made, moved, nears))
        return None

    def choices(self, axes: tuple[_Axis, ...], rows: int) -> _Set | None:
        """The values of each field that leave different rows possible, nearest first; None where they are too many."""
        if rows.bit_count() > MAX_ROWS and len(axes) > 1:
            return None
        program = self.question.program
        found: list[list[tuple[Near, int]]] = []
        listed = list(bits(rows))
        asked: list[dict[Test, None]] = [
            {program.tests[row][index]: None for row in listed for index in axis.columns} for axis in axes
        ]
        if len(axes) > 1 and prod(len(tests) for tests in asked) > 10 * MAX_PRODUCT:
            return None
        for axis, tests in zip(axes, asked, strict=True):
            options: dict[Any, tuple[Near, int]] = {}
            for near in (*near_values(tests, axis.type_name, axis.one_of, axis.present), *axis.extra):
                mask = self.mask(axis, near.value) & rows
                if mask == axis.possible & rows and (self.exact or same(near.value, axis.present)):
                    continue  # as good as the present value: fewer fields would do
                key = mask if self.exact else (mask, repr(near.value))
                if key not in options or near.cost < options[key][0].cost:
                    options[key] = (near, mask)
            found.append(sorted(options.values(), key=lambda option: option[0].cost))
        if len(axes) > 1 and prod(len(options) for options in found) > MAX_PRODUCT:
            return None
        return _Set(axes, rows, found)

    def mask(self, axis: _Axis, value: Any) -> int:
        mask = self.question.program.every_row
        for index in axis.columns:
            mask &= self.question.program.columns[index].mask(value)
        return mask

    def one_by_one(self, axes: tuple[_Axis, ...], rows: int) -> Iterable[tuple[tuple[Near, ...], Cost]]:
        """For every row that all these fields stand against: the nearest values on which it would match."""
        against = rows
        for axis in axes:
            against &= ~axis.possible
        if rows & ~against:
            self.proved = False  # rows that leave, and rows fewer fields stand against, are not gone through here
        for row in bits(against):
            nears = [near for axis in axes if (near := self.nearest(axis, row)) is not None]
            if len(nears) == len(axes):
                yield tuple(nears), _sum(nears)

    def nearest(self, axis: _Axis, row: int) -> Near | None:
        tests = [(index, self.question.program.tests[row][index]) for index in axis.columns]
        if len(tests) == 1:
            return self.question.need(*tests[0])
        values = near_values([test for _, test in tests], axis.type_name, axis.one_of, axis.present)
        return min(
            (near for near in values if self.mask(axis, near.value) >> row & 1), key=lambda near: near.cost, default=None
        )

    def tried_out(self, made: _Set, places: tuple[int, ...] | None, nears: tuple[Near, ...]) -> Change | None:
        changed = {axis.path: near for axis, near in zip(made.axes, nears, strict=True)}
        mask = self.free(made.axes) if places is None else made.rows
        for place, (axis, near) in enumerate(zip(made.axes, nears, strict=True)):
            mask &= self.mask(axis, near.value) if places is None else made.choices[place][places[place]][1]
        if self.said(mask, changed) is None:
            return None
        verified = self.decided(changed)  # whatever was reckoned above, the table itself has the last word
        if verified is None:
            return None
        told = tuple((axis.path, axis.present, changed[axis.path]) for axis in made.axes)
        return Change(told, verified[0], verified[1], self.exact and self.proved)


def _sum(nears: Iterable[Near]) -> Cost:
    far, nulls, invented = _NOTHING
    for near in nears:
        far, nulls, invented = far + near.cost[0], nulls + near.cost[1], invented + near.cost[2]
    return far, nulls, invented


def alike(left: Any, right: Any) -> bool:
    """Whether two results are one: numbers by value, true is not 1, at any depth a result has."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(alike(value, right[name]) for name, value in left.items())
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(alike(one, other) for one, other in zip(left, right, strict=True))
    return same(left, right)


def put(fields: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """The fields with another value at a path; what lies beside it stays, and nothing given is changed."""
    changed = holder = dict(fields)
    for name in path[:-1]:
        inner = holder.get(name)
        holder[name] = holder = dict(inner) if isinstance(inner, Mapping) else {}
    holder[path[-1]] = value
    return changed


def smallest_change(question: Question) -> Change | str:
    """
    The smallest change of fields on which the table gives another result, or why there is none to tell.

    Fewest fields first, then the least different values. Time is not changed. A result that is an error is none.

    Returns:
        The change; ``none`` (it is proved that there is none), ``budget`` (too much to look at) or ``open`` (none was
        found, and cells that read fields leave it open).
    """
    table, program = question.table, question.program
    axes, whole = _axes(question)
    exact = whole and not program.residual and all(found is not None for found in program.constants)
    if not exact:
        axes = _with_tried(question, axes)
    try:
        decision = table.decide(question.fields, question.at)
        present = (decision.outputs, decision.matched)
    except ServflowError:
        present = None
    return _Search(question, axes, exact, present).run()


def _axes(question: Question) -> tuple[tuple[_Axis, ...], bool]:
    """The fields inputs read as they are, and whether these are all there is to change."""
    program, inputs = question.program, question.table.inputs
    paths = {source.path for source in program.sources if source.expression is None}
    grouped: dict[Path, list[int]] = {}
    whole = True
    for index, source in enumerate(program.sources):
        nested = any(path != source.path and path[: len(source.path)] == source.path[: len(path)] for path in paths)
        if source.expression is not None or nested:
            whole = False
        elif source.path[0] not in _UNALTERABLE:
            grouped.setdefault(source.path, []).append(index)
    found: list[_Axis] = []
    for path, columns in grouped.items():
        type_name: str | None = None
        one_of: tuple[Any, ...] = ()
        possible, every = program.every_row, program.every_row
        for index in columns:
            given = inputs[index]
            type_name = type_name or (None if given.type is None else base_type(given.type))
            one_of = one_of or given.one_of
            possible &= program.columns[index].mask(question.values[index])
            every &= mask_of([not tests[index].atoms for tests in program.tests])
        kind = None if type_name == "any" else type_name
        found.append(_Axis(path, tuple(columns), kind, one_of, question.values[columns[0]], possible, every))
    return tuple(found), whole


def _with_tried(question: Question, axes: tuple[_Axis, ...]) -> tuple[_Axis, ...]:
    """The same fields with more values to try, and the fields that cells and expressions read besides."""
    every = question.program.every_row
    extra = tried_values(question)
    found = [evolve(axis, extra=tuple(extra.pop(axis.path, ()))) for axis in axes]
    taken = [axis.path for axis in axes]
    for path, nears in extra.items():
        inside = any(path[: len(other)] == other[: len(path)] for other in taken)
        if not inside and path[0] not in _UNALTERABLE:
            present = at_path(question.fields, path)
            found.append(_Axis(path, (), None, (), present, every, 0, tuple(nears)))
    return tuple(found)
