"""Knows how values of several names are combined until conditions hold; must not know where the values come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field, frozen

from servflow.expressions._solve_atoms import Atom, Reader, Variable
from servflow.expressions._solve_bindings import MISSING, at_path, copied, put
from servflow.expressions._solve_candidates import MOST, THERE, candidates, proved, try_roots
from servflow.expressions._solve_trees import ANY, FAULT, NO, YES, Tree, atoms_of, come_to, undecided
from servflow.expressions._values import kind


@frozen
class Demand:
    """Part of a condition that must hold, or must not."""

    tree: Tree
    holds: bool

    def met(self, bits: int) -> bool | None:
        """Whether it is met, whatever else is tried; None while that is open."""
        if self.holds:
            return True if bits == YES else None if bits & YES else False
        return True if not bits & YES else None if bits & ~YES else False


def groups(reader: Reader, demands: Sequence[Demand]) -> Iterator[tuple[list[Variable], list[Atom], list[Demand]]]:
    """The demands in groups that share no name, each with its names and atoms, in the order of the demands."""
    leader: dict[str, str] = {name: name for name in reader.variables}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    used = [sorted(atoms_of(demand.tree)) for demand in demands]
    for indexes in used:
        names = [variable.read for index in indexes for variable in reader.atoms[index].variables]
        for name in names[1:]:
            leader[find(name)] = find(names[0])
    gathered: dict[str, list[int]] = {}
    for place, indexes in enumerate(used):
        root = find(reader.atoms[indexes[0]].variables[0].read) if indexes else ""
        gathered.setdefault(root, []).append(place)
    for places in gathered.values():
        atoms = [reader.atoms[index] for index in sorted({index for place in places for index in used[place]})]
        mine = sorted({variable.read for atom in atoms for variable in atom.variables})
        yield [reader.variables[name] for name in mine], atoms, [demands[place] for place in places]


@define(eq=False)
class _Cell:
    """Something to be chosen: the value of a name, or what an atom nobody understands comes to."""

    values: list[Any]
    tables: dict[int, list[int]] = field(factory=dict)
    """For each atom that only this decides, what it comes to by value."""
    variable: Variable | None = None
    near: bool = False
    """Whether its first value is the present one."""


class Search:
    """One group of demands: looks for values, or proves that there are none."""

    def __init__(
        self,
        reader: Reader,
        variables: Sequence[Variable],
        atoms: Sequence[Atom],
        demands: Sequence[Demand],
        *,
        near: Mapping[str, Any] | None,
        budget: int,
    ) -> None:
        self.reader, self.variables, self.atoms, self.demands = reader, variables, atoms, demands
        self.near, self.budget, self.tried = near, budget, 0
        self.nested = any(variable.inner for variable in variables)
        self.touching: dict[int, list[int]] = {}
        for place, demand in enumerate(demands):
            for index in atoms_of(demand.tree):
                self.touching.setdefault(index, []).append(place)
        self.size = len(reader.atoms)

    def run(self) -> tuple[dict[str, Any], str]:
        """Values by name and ``yes``, or ``no`` or ``open``."""
        if not self.atoms:
            met = all(demand.met(come_to(demand.tree, ())) for demand in self.demands)
            return {}, "yes" if met else "no"
        sure = self._proving()
        known = [atom for atom in self.atoms if sure[atom.index]]
        if len(known) < len(self.atoms):
            try_roots(self.reader, [atom for atom in self.atoms if not sure[atom.index]], self.near)
        cells, whole = self._cells(sure)
        sure = {index: good and index not in whole for index, good in sure.items()}
        doubtful = [atom for atom in self.atoms if not sure[atom.index]]
        if doubtful:
            guesses = [_Cell([YES, NO, FAULT], {atom.index: [YES, NO, FAULT]}) for atom in doubtful]
            walk = _Walk(self, [*self._without(cells, doubtful), *guesses])
            if walk.first(self.budget // 4) is None and not walk.spent:
                return {}, "no"
        walk = _Walk(self, cells)
        found = walk.first(self.budget)
        if found is None:
            return {}, "open" if doubtful or walk.spent else "no"
        if self.near is not None:
            found = walk.nearest(found)
        return {cell.variable.read: cell.values[place] for cell, place in found if cell.variable is not None}, "yes"

    def _proving(self) -> dict[int, bool]:
        """By atom, whether the candidates of its names answer it in every way any values do."""
        asking: dict[str, list[Atom]] = {}
        for atom in self.atoms:
            for name in atom.names:
                asking.setdefault(name, []).append(atom)
        proving = {name: proved(self.reader.variables[name], atoms) for name, atoms in asking.items()}
        listed = {name for name in asking if self.reader.variables[name].choices}
        return {
            atom.index: all(name in listed or atom.sorts.get(name) in proving[name] for name in atom.names)
            for atom in self.atoms
        }

    def _cells(self, sure: Mapping[int, bool]) -> tuple[list[_Cell], set[int]]:
        """A cell for each name, and the atoms of names that have too many values to try all of them."""
        shared = self._linked()
        made: list[_Cell] = []
        cut: set[int] = set()
        for variable in self.variables:
            mine = [atom for atom in self.atoms if variable in atom.variables]
            near = at_path(self.near, variable.read)
            constants, count = shared.get(variable.read, ([*variable.constants, *variable.edges], 1))
            opaque = any(not sure[atom.index] for atom in mine)
            values = candidates(variable, constants, count, near, opaque=opaque)
            if len(values) > MOST:
                cut.update(atom.index for atom in mine)
                values = values[:MOST]
            cell = _Cell(values, variable=variable, near=near is not MISSING)
            alone = [atom for atom in mine if len(atom.variables) == 1]
            for atom in alone:
                cell.tables[atom.index] = [atom.ask(self.bindings({variable.read: value})) for value in values]
            if len(alone) == len(mine):
                _merge(cell)
            made.append(cell)
        return made, cut

    def _linked(self) -> dict[str, tuple[list[Any], int]]:
        """For names compared with each other: what all of them are told apart by, and how many they are."""
        together: dict[str, list[str]] = {}
        for atom in self.atoms:
            if atom.linked:
                first, second = (together.setdefault(name, [name]) for name in atom.names)
                if first is not second:
                    first.extend(second)
                    for name in second:
                        together[name] = first
        found = {}
        for name, names in together.items():
            constants = [value for other in sorted(names) for value in self._told_apart(other)]
            kinds = {self.reader.variables[other].kind for other in names}
            present = [at_path(self.near, other) for other in sorted(names)]
            constants += [value for value in present if value is not MISSING and value is not None and kind(value) in kinds]
            free = sum(not self.reader.variables[other].choices for other in names)
            found[name] = (constants, max(free, 1))
        return found

    def _told_apart(self, name: str) -> list[Any]:
        variable = self.reader.variables[name]
        return [*variable.constants, *variable.edges]

    def _without(self, cells: Sequence[_Cell], doubtful: Sequence[Atom]) -> list[_Cell]:
        """The cells with the atoms nobody understands left to guesses."""
        left = {atom.index for atom in doubtful}
        return [
            _Cell(cell.values, {at: table for at, table in cell.tables.items() if at not in left}, cell.variable, cell.near)
            for cell in cells
        ]

    def bindings(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Nested bindings of some names beside the fixed values."""
        made = copied(self.reader.base)
        gone = [name for name, value in values.items() if value is None and self.reader.variables[name].inner]
        for name in sorted(values):
            if any(name.startswith(holder + ".") for holder in gone):
                continue
            if values[name] is THERE:
                if not isinstance(at_path(made, name), Mapping):
                    put(made, name, {})
            else:
                put(made, name, values[name])
        return made


def _merge(cell: _Cell) -> None:
    """Keep one value, the first, of those that all atoms answer alike."""
    kept: dict[tuple[int, ...], int] = {}
    for place in range(len(cell.values)):
        kept.setdefault(tuple(table[place] for table in cell.tables.values()), place)
    places = list(kept.values())
    cell.values = [cell.values[place] for place in places]
    cell.tables = {index: [table[place] for place in places] for index, table in cell.tables.items()}


Found = list[tuple[_Cell, int]]


class _Walk:
    """Depth first through the values of cells, with a stack of its own."""

    def __init__(self, search: Search, cells: Sequence[_Cell]) -> None:
        self.search, self.cells = search, list(cells)
        self.spent = False
        self.truth = [ANY] * search.size
        self.deciding: dict[int, list[int]] = {}
        for place, cell in enumerate(self.cells):
            for index, table in cell.tables.items():
                self.deciding.setdefault(index, []).append(place)
                bits = 0
                for found in table:
                    bits |= found
                self.truth[index] = bits
        self.by_name = {cell.variable.read: place for place, cell in enumerate(self.cells) if cell.variable is not None}
        self.joint: dict[int, list[int]] = {}
        self.of_cell: dict[int, list[int]] = {}
        for atom in search.atoms:
            if atom.index not in self.deciding:
                places = [self.by_name[variable.read] for variable in atom.variables]
                self.joint[atom.index] = places
                for place in places:
                    self.of_cell.setdefault(place, []).append(atom.index)
        self.at: dict[int, int] = {}

    def first(self, budget: int) -> Found | None:
        """The first values found, or None; ``spent`` says whether that is for want of budget."""
        return self._seek(budget, len(self.cells), None)

    def nearest(self, found: Found) -> Found:
        """The values that differ from the present ones in the fewest names, and of these the nearest."""
        best = found
        for changes in range(self._cost(found)[0] + 1):
            better = self._seek(self.search.budget, changes, None)
            while better is not None:
                best = better
                if not self._cost(best)[1]:
                    break  # all is as it was: nothing lies nearer
                better = self._seek(self.search.budget, changes, self._cost(best)[1])
            if self._cost(best)[0] <= changes or self.search.tried >= self.search.budget:
                break
        return best

    @staticmethod
    def _cost(found: Found) -> tuple[int, int]:
        places = [place for cell, place in found if cell.near]
        return sum(place > 0 for place in places), sum(places)

    def _seek(self, budget: int, changes: int, under: int | None) -> Found | None:
        """
        One walk.

        Args:
            budget: how many values all walks of the search may try together.
            changes: how many names may differ from their present values.
            under: what the sum of ranks must stay below, if anything.
        """
        search = self.search
        truth = list(self.truth)
        self.at = {}
        if any(demand.met(come_to(demand.tree, truth)) is False for demand in search.demands):
            return None
        stack: list[tuple[int, int, list[tuple[int, int]], int, int]] = []
        place, choice, made, rank = self._next(truth), 0, 0, 0
        if place is None:
            return self._answer()
        while True:
            cell = self.cells[place]
            near = cell.near
            over = near and choice > 0 and (made >= changes or (under is not None and rank + choice >= under))
            if choice >= len(cell.values) or over:
                if not stack:
                    return None
                place, choice, undo, made, rank = stack.pop()
                for index, bits in undo:
                    truth[index] = bits
                del self.at[place]
                choice += 1
                continue
            if search.tried >= budget:
                self.spent = True
                return None
            search.tried += 1
            done = self._assign(place, choice, truth)
            if done is None:
                choice += 1
                continue
            stack.append((place, choice, done, made, rank))
            if near and choice:
                made, rank = made + 1, rank + choice
            following = self._next(truth)
            if following is None:
                return self._answer()
            place, choice = following, 0

    def _assign(self, place: int, choice: int, truth: list[int]) -> list[tuple[int, int]] | None:
        """Choose a value; gives what to undo, or None where a demand cannot be met any more."""
        self.at[place] = choice
        undo: list[tuple[int, int]] = []
        for index, table in self.cells[place].tables.items():
            undo.append((index, truth[index]))
            truth[index] = table[choice]
        for index in self.of_cell.get(place, ()):
            places = self.joint[index]
            if all(other in self.at for other in places):
                undo.append((index, truth[index]))
                values = {self._read(other): self.cells[other].values[self.at[other]] for other in places}
                truth[index] = self.search.reader.atoms[index].ask(self.search.bindings(values))
        touched = {demand for index, _ in undo for demand in self.search.touching.get(index, ())}
        for demand in sorted(touched):
            wanted = self.search.demands[demand]
            if wanted.met(come_to(wanted.tree, truth)) is False:
                for index, bits in undo:
                    truth[index] = bits
                del self.at[place]
                return None
        return undo

    def _read(self, place: int) -> str:
        variable = self.cells[place].variable
        assert variable is not None
        return variable.read

    def _next(self, truth: list[int]) -> int | None:
        """The cell that matters to the first demand that is open; None when all are met."""
        for demand in self.search.demands:
            if demand.met(come_to(demand.tree, truth)) is None:
                index = undecided(demand.tree, truth)
                if index is None:
                    continue
                waiting = [place for place in self.deciding.get(index, self.joint.get(index, ())) if place not in self.at]
                if waiting:
                    return min(waiting, key=lambda place: (len(self.cells[place].values), place))
        return None

    def _answer(self) -> Found:
        return [(cell, self.at.get(place, 0)) for place, cell in enumerate(self.cells)]
