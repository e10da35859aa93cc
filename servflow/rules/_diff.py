"""Knows for which values two tables answer differently; must not know what became of tickets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import define, evolve, field, frozen

from servflow.errors import InputError, ServflowError, render
from servflow.rules._analysis import SINGLE, outputs_of, signature
from servflow.rules._cover import Budget, Covering, meet
from servflow.rules._difference import Difference
from servflow.rules._hits import defaults, plainly, priority_of, settle
from servflow.rules._runs import Runs, both, either, less
from servflow.rules._space import Axis, Space, bits, space_of
from servflow.rules._table import DecisionTable
from servflow.rules._touch import Touch
from servflow.rules._witness import completed

MAX_DIFFERENCES = 200
"""Most differences told."""

STEPS = 6_000_000
"""Steps a comparison may take unless told otherwise; a second or so for a million."""

MAX_ERRORS = 200
"""Most pairs of rows that contradict each other which are followed in one table."""


@frozen
class _Entry:
    """What may decide in one table: a row, two rows that contradict each other, or the defaults where no row matches."""

    rows: tuple[int, ...]
    number: int
    """Where its box is found: a row of the space, a number from there on for an extra box, or -1 for all values."""

    gives: Any


@define
class _Side:
    """One of the two tables: who decides before whom."""

    table: DecisionTable
    order: list[int]
    first: int
    """The number of its first row in the space."""

    entries: list[_Entry] = field(factory=list)
    errors: list[int] = field(factory=list)

    @property
    def every(self) -> int:
        """Its rows in the space."""
        return ((1 << len(self.order)) - 1) << self.first

    def before(self, entry: _Entry) -> int:
        """The rows that decide before an entry does."""
        if entry.number < 0:
            return self.every
        if len(entry.rows) > 1:
            return 0
        return (1 << entry.number) - 1 & self.every


@define
class _Diff:
    space: Space
    touch: Touch
    old: _Side
    new: _Side
    covering: Covering
    names: tuple[str, ...]
    found: dict[tuple[tuple[int, ...], tuple[int, ...]], Difference] = field(factory=dict)
    open: dict[str, tuple[dict[int, None], dict[int, None]]] = field(factory=dict)

    def box(self, entry: _Entry) -> tuple[Runs, ...]:
        """Where an entry may decide."""
        if entry.number < 0:
            return self.space.everything
        return tuple(self.covering.cell(axis, entry.number) for axis in range(len(self.space.axes)))

    def undecided(self, reason: str, old: Sequence[int] = (), new: Sequence[int] = ()) -> None:
        """Keep what could not be decided, and of which rows."""
        rows = self.open.setdefault(reason, ({}, {}))
        rows[0].update(dict.fromkeys(old))
        rows[1].update(dict.fromkeys(new))


def diff(
    old: DecisionTable, new: DecisionTable, fields: Mapping[str, Any] | None = None, *, steps: int | None = None
) -> tuple[Difference, ...]:
    """
    For which values two tables answer differently; nothing at all where they provably never do.

    Differences are grouped by the rows that decide, each with a witness on which both tables were asked, and the cells of a
    row that matches around it. All values of the inputs of both tables are looked at; a value that one of them refuses is
    not. What was not decided stands after the differences, with its ``reason``.

    Args:
        old: a table.
        new: what it is compared with.
        fields: field types, where known: they say which values there are.
        steps: how much work is done before the rest is called not decided.

    Raises:
        InputError: ``rules.not_comparable``: one table gives a mapping, the other a list or a number, or they share no output.
    """
    names = _comparable(old, new)
    space = space_of([(old, old._program), (new, new._program)], fields or {})
    single = old.hit in SINGLE
    orders = [_order(table) for table in (old, new)]
    if single:
        unranked = _unranked(old, 0) | _unranked(new, len(old.rows))
        space = _arranged(evolve(space, undecided=space.undecided | unranked), orders, len(old.rows))
    made = _Diff(
        space,
        Touch(space),
        _Side(old, orders[0], 0),
        _Side(new, orders[1], len(old.rows)),
        Covering(space, Budget(STEPS if steps is None else steps)),
        names,
    )
    if single:
        for side in (made.old, made.new):
            _enter(made, side)
        _in_order(made)
    else:
        _in_regions(made)
    return (*made.found.values(), *_left(made, old, new))


def _comparable(old: DecisionTable, new: DecisionTable) -> tuple[str, ...]:
    names = tuple(name for name in old.outputs if name in new.outputs)
    shapes = [_shape(table.hit) for table in (old, new)]
    if not names or shapes[0] != shapes[1]:
        facts = {"old": old.hit, "new": new.hit, "outputs": names}
        raise InputError(render("rules.not_comparable", facts), code="rules.not_comparable", **facts)
    return names


def _shape(hit: str) -> str:
    return "mapping" if hit in SINGLE else "value" if hit.startswith("collect ") else "list"


def _order(table: DecisionTable) -> list[int]:
    """The rows in the order in which they decide; those of computed outputs last, as nobody knows their rank."""
    rows = list(range(len(table.rows)))
    if table.hit == "priority":
        known = table._program.constants
        rank = [(1,) if each is None else (0, *priority_of(table.outputs, each)) for each in known]
        rows.sort(key=lambda row: (rank[row], row))
    return rows


def _arranged(space: Space, orders: Sequence[Sequence[int]], first: int) -> Space:
    places = [*orders[0], *(first + row for row in orders[1])]
    axes = tuple(evolve(axis, of_row=tuple(axis.of_row[row] for row in places)) for axis in space.axes)
    undecided = sum(1 << place for place, row in enumerate(places) if space.undecided >> row & 1)
    return Space(axes, space.rows, undecided)


def _unranked(table: DecisionTable, first: int) -> int:
    """The rows of which nobody knows where they stand in the order."""
    if table.hit != "priority":
        return 0
    return sum(1 << (first + row) for row, known in enumerate(table._program.constants) if known is None)


def _enter(made: _Diff, side: _Side) -> None:
    """List what may decide in a table, in order: contradictions, rows, and last what no row gives."""
    table, shared = side.table, made.names
    constants = table._program.constants
    gives: list[Any] = []
    for place, row in enumerate(side.order):
        known = constants[row]
        if known is None:
            cells = dict(zip(table.outputs, table.rows[row].then, strict=True))
            gives.append(("computed", tuple(cells[name] for name in shared)))
        else:
            gives.append(_hashed(signature(tuple(known[name] for name in shared), side.first + place)))
    whole = outputs_of(table, table._program)
    if table.hit in ("unique", "any"):
        _enter_errors(made, side, [whole[row] for row in side.order])
    for place, row in enumerate(side.order):
        side.entries.append(_Entry((row,), side.first + place, gives[place]))
    default = defaults(table.outputs)
    nothing = _hashed(signature(None if default is None else tuple(default[name] for name in shared), -1))
    side.entries.append(_Entry((), -1, nothing))


def _hashed(made: Any) -> Any:
    try:
        hash(made)
    except TypeError:  # a list or a map inside
        return repr(made)
    return made


def _enter_errors(made: _Diff, side: _Side, whole: list[Any]) -> None:
    """List the pairs of rows that make the table refuse to answer."""
    code = "rules.not_unique" if side.table.hit == "unique" else "rules.conflict"
    certain = side.every & ~made.space.undecided
    for row in bits(certain):
        for other in bits(made.touch.meeting(row, certain >> (row + 1) << (row + 1))):
            if side.table.hit == "any" and whole[row - side.first] == whole[other - side.first]:
                continue
            if len(side.errors) >= MAX_ERRORS:
                made.undecided("many")
                return
            box = tuple(both(axis.runs(row), axis.runs(other)) for axis in made.space.axes)
            number = made.space.rows + len(made.covering.extra)
            made.covering.extra.append(box)
            side.errors.append(number)
            rows = tuple(sorted(side.order[each - side.first] for each in (row, other)))
            side.entries.append(_Entry(rows, number, ("error", code)))


# single-hit tables --------------------------------------------------------------------------------------------


def _in_order(made: _Diff) -> None:
    """Look at every pair of an old and a new entry that may decide the same values and give something else."""
    twins = _twins(made)
    new_by_number = {entry.number: entry for entry in made.new.entries}
    alike: dict[Any, int] = {}
    for entry in made.new.entries:
        if 0 <= entry.number < made.space.rows:
            alike[entry.gives] = alike.get(entry.gives, 0) | 1 << entry.number
    special = [entry for entry in made.new.entries if not 0 <= entry.number < made.space.rows]
    hidden = 0  # new rows that hold where an old row before this one does: there that one decides
    for entry in made.old.entries:
        box = made.box(entry)
        if not all(box):
            continue
        # Where both tables have a row that holds for the same values, no later row decides in either of them.
        twin = twins.get(entry.number, 0)
        near = made.touch.reaching(box, made.new.every) & ~alike.get(entry.gives, 0) & ~hidden
        if twin:
            near &= (twin & -twin) * 2 - 1
        others = [new_by_number[number] for number in bits(near)]
        others += [each for each in special if each.gives != entry.gives and not (twin and each.number < 0)]
        for other in others:
            if len(made.found) >= MAX_DIFFERENCES:
                made.undecided("many")
                return
            if not _pair(made, entry, other, box):
                return
        hidden |= twin


def _twins(made: _Diff) -> dict[int, int]:
    """For each old row the new rows that hold for exactly the same values, whatever they give."""
    by_box: dict[Any, int] = {}
    for place, row in enumerate(made.new.order):
        key = _key(made, made.new, made.new.first + place, row)
        by_box[key] = by_box.get(key, 0) | 1 << (made.new.first + place)
    return {place: by_box.get(_key(made, made.old, place, row), 0) for place, row in enumerate(made.old.order)}


def _key(made: _Diff, side: _Side, number: int, row: int) -> Any:
    cells = tuple(axis.of_row[number] for axis in made.space.axes)
    if not made.space.undecided >> number & 1:
        return cells
    return cells, tuple((column.name, column.expr) for column in side.table.inputs), side.table.rows[row].when


def _pair(made: _Diff, old: _Entry, new: _Entry, box: Sequence[Runs]) -> bool:
    """Find where the one decided and the other does now; False where nothing more can be decided."""
    shared = tuple(both(left, right) for left, right in zip(box, made.box(new), strict=True))
    if not all(shared):
        return True
    before = (made.old.before(old) | made.new.before(new)) & ~made.space.undecided
    rows = list(bits(made.touch.reaching(shared, before)))
    for side, entry in ((made.old, old), (made.new, new)):
        rows += [number for number in side.errors if number not in (old.number, new.number) and len(entry.rows) < 2]
    answer = made.covering.search(shared, rows)
    if not answer.decided:
        made.undecided("size", old.rows, new.rows)
        return False
    if answer.point is not None:
        grown = _grown(made, shared, answer.point, rows)
        _tell(made, (old.rows, new.rows), grown, answer.point)
    return True


def _grown(made: _Diff, domain: Sequence[Runs], point: Sequence[int], rows: Sequence[int]) -> tuple[Runs, ...]:
    """The widest box around a point, within a domain, that none of the rows reaches into."""
    box: list[Runs] = [(position, position + 1) for position in point]
    for index in range(len(box)):
        taken: Runs = ()
        for row in rows:
            if all(other == index or meet(made.covering.cell(other, row), box[other]) for other in range(len(box))):
                taken = either(taken, made.covering.cell(index, row))
        free, axis = less(domain[index], taken), made.space.axes[index]
        box[index] = free if axis.period else axis.line.sayable(free, point[index], axis.line.everything)
    return tuple(box)


def _tell(made: _Diff, rows: tuple[tuple[int, ...], tuple[int, ...]], box: Sequence[Runs], point: Sequence[int]) -> None:
    """Ask both tables at a witness, and keep the difference; where they agree there it is not decided."""
    nice = made.space.corner(box)
    for tried in (nice, tuple(point)):
        if tried is None:
            continue
        witness = made.space.witness(tried)
        for fields in _completions(made, rows, witness):
            old, new = (_answer(side.table, fields, made.names) for side in (made.old, made.new))
            if old[0] != new[0]:
                key = (old[1] or rows[0], new[1] or rows[1])
                where = _where(made.space.axes, box)
                made.found.setdefault(key, Difference(*key, old[0], new[0], fields, where))
                return
    made.undecided("cells", *rows)


def _completions(
    made: _Diff, rows: tuple[tuple[int, ...], tuple[int, ...]], witness: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    yield witness
    for side, own in ((made.old, rows[0]), (made.new, rows[1])):
        for row in own:
            if made.space.undecided >> (side.first + side.order.index(row)) & 1:
                found = completed(side.table._program, row, witness)
                if found is not None:
                    yield found


def _where(axes: Sequence[Axis], box: Sequence[Runs]) -> dict[str, str]:
    found = {}
    for axis, runs in zip(axes, box, strict=True):
        text = None if runs == axis.line.everything else axis.line.written(runs)
        if text is not None and text != "-":
            found[axis.name] = text
    return found


def _answer(table: DecisionTable, fields: Mapping[str, Any], names: Sequence[str]) -> tuple[Any, tuple[int, ...]]:
    """What a table says, of the outputs compared, and the rows behind it."""
    try:
        decision = table.decide(fields)
    except ServflowError as error:
        return {"error": error.code}, tuple(error.facts.get("rows", ()))
    rows = decision.matched[:1] if table.hit in SINGLE else decision.matched
    return _of(plainly(decision.outputs), names), rows


def _of(outputs: Any, names: Sequence[str]) -> Any:
    if isinstance(outputs, list):
        return [_of(each, names) for each in outputs]
    if isinstance(outputs, Mapping):
        return {name: outputs[name] for name in names}
    return outputs


# tables of lists and totals -----------------------------------------------------------------------------------


def _in_regions(made: _Diff) -> None:
    """Where many rows answer together: look at every combination of rows that one changed row takes part in."""
    kept = _common(made)
    for number in bits((made.old.every | made.new.every) & ~kept):
        box = made.space.box(number)
        if not all(box):
            continue
        for mask, point in _regions(made, box):
            if len(made.found) >= MAX_DIFFERENCES:
                made.undecided("many")
                return
            old = tuple(bits(mask & made.old.every))
            new = tuple(row - made.new.first for row in bits(mask & made.new.every))
            _tell_region(made, (old, new), point)
        if made.covering.budget.left < 0:
            side = made.old if number < made.new.first else made.new
            rows = ((number - side.first,),)
            made.undecided("size", *(rows if side is made.old else ((), *rows)))
            return
    if _nothing(made.old.table, made.names) != _nothing(made.new.table, made.names):
        answer = made.covering.search(made.space.everything, list(bits(~made.space.undecided & (1 << made.space.rows) - 1)))
        if not answer.decided:
            made.undecided("size")
        if answer.point is not None:
            _tell_region(made, ((), ()), answer.point)


def _nothing(table: DecisionTable, names: Sequence[str]) -> Any:
    """What a table says where no row matches."""
    return _of(plainly(settle(table.name, table.hit, table.outputs, (), ())[0]), names)


def _common(made: _Diff) -> int:
    """The rows both tables have, in the same order."""
    places: dict[Any, list[int]] = {}
    outputs = [outputs_of(side.table, side.table._program) for side in (made.old, made.new)]
    for place, row in enumerate(made.new.order):
        key = (_key(made, made.new, made.new.first + place, row), outputs[1][row])
        places.setdefault(key, []).append(place)
    kept, last = 0, -1
    for place, row in enumerate(made.old.order):
        key = (_key(made, made.old, place, row), outputs[0][row])
        following = next((each for each in places.get(key, ()) if each > last), None)
        if following is not None and made.old.table.hit == made.new.table.hit:
            kept |= 1 << place | 1 << (made.new.first + following)
            last = following
    return kept


def _regions(made: _Diff, box: Sequence[Runs]) -> list[tuple[int, tuple[int, ...]]]:
    """Every set of rows that holds somewhere in a box, with a point where it does; as many as the steps suffice for."""
    current: dict[int, tuple[int, ...]] = {made.touch.reaching(box): ()}
    for axis, runs in enumerate(box):
        masks: dict[int, int] = {}
        for start, end in zip(runs[::2], runs[1::2], strict=True):
            for position in range(start, end):
                masks.setdefault(made.touch.along(axis, position), position)
        following: dict[int, tuple[int, ...]] = {}
        for mask, point in current.items():
            if not made.covering.budget.spend(2 * len(masks)):
                return []
            for other, position in masks.items():
                following.setdefault(mask & other, (*point, position))
        current = following
    return list(current.items())


def _tell_region(made: _Diff, rows: tuple[tuple[int, ...], tuple[int, ...]], point: tuple[int, ...]) -> None:
    made.covering.budget.spend(50)
    fields = made.space.witness(point)
    old, new = (_answer(side.table, fields, made.names) for side in (made.old, made.new))
    if old[0] != new[0]:
        where = _where(made.space.axes, [(position, position + 1) for position in point])
        made.found.setdefault((old[1], new[1]), Difference(old[1], new[1], old[0], new[0], fields, where))
    else:
        unsure = [
            tuple(row for row in own if made.space.undecided >> (side.first + row) & 1)
            for side, own in ((made.old, rows[0]), (made.new, rows[1]))
        ]
        if any(unsure):
            made.undecided("cells", *unsure)


def _left(made: _Diff, old: DecisionTable, new: DecisionTable) -> list[Difference]:
    left = [
        Difference(tuple(sorted(rows[0])), tuple(sorted(rows[1])), reason=reason) for reason, rows in sorted(made.open.items())
    ]
    only = [tuple(name for name in one.outputs if name not in other.outputs) for one, other in ((old, new), (new, old))]
    if any(only):
        left.append(Difference(old=only[0], new=only[1], reason="outputs"))
    return left
