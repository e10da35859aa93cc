"""Knows how the transitions of a machine of `transitions` read as transitions of a statechart; must not know tickets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import Any

from attrs import define, field, frozen

from servflow.integrations._transitions_calls import Calls
from servflow.integrations._transitions_tree import ITSELF, Path, Tree, common, name_of_state


@frozen(eq=False)
class Row:
    """One transition of the machine; ``scope`` is the state it was written in, () for the machine itself."""

    event: str
    scope: Path
    source: Path
    target: Path | None
    transition: Any

    @property
    def internal(self) -> bool:
        """Whether the machine leaves its source standing while it moves about in it."""
        return not self.scope and self.target is not None and common(self.source, self.target) == len(self.source)

    def domain(self, leaf: Path) -> Path:
        """The state that the machine leaves standing when it rests in *leaf*: the innermost active one on the way there."""
        assert self.target is not None
        if self.scope and self.target[: len(self.scope)] == self.scope:
            return self.scope
        return self.target[: min(common(leaf, self.target), len(self.target) - 1)]


def automatic(machine: Any, tree: Tree, scope: Path) -> set[str]:
    """The names of the triggers ``to_<state>`` that a machine makes by itself."""
    if not machine.auto_transitions:
        return set()
    found = {f"to_{tree.name(path)}" for path in tree.nodes}
    return found | {f"to_{tree.name(path[len(scope) :])}" for path in tree.inside(scope) if len(path) > len(scope)}


def rows_of(machine: Any, tree: Tree, wanted: Sequence[str]) -> Iterator[Row]:
    """Every transition, those of the machine first; of the automatic ones only those of the *wanted* triggers."""
    scopes: list[tuple[Path, Any]] = [((), machine.events)]
    scopes += [(path, getattr(node.state, "events", None) or {}) for path, node in tree.nodes.items()]
    for scope, events in scopes:
        left_out = automatic(machine, tree, scope).difference(wanted) if events else set()
        for name, event in events.items():
            if name in left_out:
                continue
            for source, transitions in event.transitions.items():
                for transition in transitions:
                    where = f"a transition of {name!r}"
                    target = None if transition.dest is None else tree.path(transition.dest, scope, where)
                    yield Row(name, scope, tree.path(source, scope, where), target, transition)


def rests(rows: Sequence[Row], tree: Tree, initial: Sequence[Path]) -> Iterator[Path]:
    """Every state that something leads to, as a target or with another one."""
    yield from initial
    for row in rows:
        if row.target is not None:
            yield row.target
    for node in tree.nodes.values():
        yield from node.starts


Written = tuple[Row, list[str], Path | None, list[dict[str, Any]]]
"""A row with its sources, None or its target, and its effects."""


@define(eq=False)
class Writer:
    """Rows of one machine being written as transitions of a definition; what will go otherwise is noted on the way."""

    machine: Any
    tree: Tree
    calls: Calls
    differs: dict[str, None] = field(factory=dict)

    def event(self, rows: Sequence[Row]) -> Iterator[Written]:
        """The rows of one event as they are written, in the order they are tried."""
        families: dict[str, list[Row]] = {}
        for row in rows:  # the states at the top are never active together, so that each may be written in its own way
            families.setdefault(row.source[0], []).append(row)
            inner = row.target[len(row.scope) :] if row.target is not None and row.scope else ()
            if len(inner) > 1 and inner[0] == row.scope[0]:
                self._other_extent(row)  # the machine takes the name for that of the state at the top
        for family in families.values():
            ordered = sorted(family, key=lambda row: -len(row.scope))
            whole = {id(row) for row in family if self.mixed(row)}
            if whole or not self.must_spread(family):
                yield from self._as_they_stand(ordered, whole)
            else:
                yield from self._spread(ordered)

    def _as_they_stand(self, rows: Sequence[Row], whole: Collection[int]) -> Iterator[Written]:
        if whole and self._out_of_order(rows):
            self.differs[f"{rows[0].event}: asked for from the innermost state outwards, wherever it was written"] = None
        for row in rows:
            uncertain = id(row) in whole or (bool(whole) and self._varies(row))
            yield row, [self.tree.key(row.source)], row.target, self.whole(row) if uncertain else self.plain(row)

    def _spread(self, rows: Sequence[Row]) -> Iterator[Written]:
        for row in sorted(rows, key=lambda row: (-len(row.scope), -len(row.source))):
            groups: dict[str, tuple[list[str], list[dict[str, Any]]]] = {}
            for leaf in self.tree.leaves(row.source):
                self._compare(row, leaf, leaf)
                do = self.effects(row, self.exits(row, leaf), self.enters(row, leaf))
                groups.setdefault(repr(do), ([], do))[0].append(self.tree.name(leaf))
            for sources, do in groups.values():
                yield row, sources, row.target, do

    # which way to write it ----------------------------------------------------------------------------------------

    def mixed(self, row: Row) -> bool:
        """Whether regions of a parallel state have a part in it, so that its source does not say what is left."""
        tree = self.tree
        if any(tree.nodes[path].parallel for path in tree.inside(row.source)):
            return True
        region = tree.above_parallel(row.source)
        if row.target is None or region is None:
            return False
        return not (len(row.target) > len(region) and row.target[: len(region)] == region)

    def must_spread(self, rows: Sequence[Row]) -> bool:
        """Whether the rows of an event have to start at the states where the machine rests to go as they go there."""
        tree = self.tree
        if not tree.nested:
            return False
        for row in rows:
            leaves = tree.leaves(row.source)
            if row.target is not None and any(row.domain(leaf) != self._natural(row, row.source) for leaf in leaves):
                return True
            if self._varies(row):
                return True
        return bool(self._out_of_order(rows))

    def _varies(self, row: Row) -> bool:
        """Whether what a row calls depends on where inside its source the machine rests."""
        leaves = self.tree.leaves(row.source)
        return len({repr(self.effects(row, self.exits(row, leaf), self.enters(row, leaf))) for leaf in leaves}) > 1

    def _out_of_order(self, rows: Sequence[Row]) -> Row | None:
        # The machine asks scope by scope, a statechart state by state: from the inside out both.
        if len({len(row.scope) for row in rows}) < 2:
            return None
        for row in rows:
            for other in rows:
                inside = len(row.source) > len(other.source) and row.source[: len(other.source)] == other.source
                if inside and len(row.scope) < len(other.scope):
                    return row
        return None

    def _natural(self, row: Row, source: Path) -> Path:
        assert row.target is not None
        return self.tree.domain(source, row.target, row.internal and source == row.source)

    # what is left, what is entered --------------------------------------------------------------------------------

    def exits(self, row: Row, leaf: Path) -> list[Path]:
        """What is left when the machine rests in *leaf*, in order."""
        if row.target is None:
            return []
        real = leaf[:-1] if leaf[-1] == ITSELF else leaf
        return [real[:length] for length in range(len(real), len(row.domain(leaf)), -1)]

    def enters(self, row: Row, leaf: Path) -> list[Path]:
        """What is entered when the machine rests in *leaf*, in order."""
        return [] if row.target is None else self.tree.entered(row.target, row.domain(leaf))

    def plain(self, row: Row) -> list[dict[str, Any]]:
        """The effects of a row for which it makes no difference where inside its source the machine rests."""
        leaves = self.tree.leaves(row.source)
        for leaf in leaves:
            self._compare(row, leaf, row.source)
        return self.effects(row, self.exits(row, leaves[0]), self.enters(row, leaves[0]))

    def _compare(self, row: Row, leaf: Path, source: Path) -> None:
        if row.target is not None and (
            row.domain(leaf) != self._natural(row, source) or self._half(row.target, row.domain(leaf))
        ):
            self._other_extent(row)

    def whole(self, row: Row) -> list[dict[str, Any]]:
        """The effects of a row in which regions take part: of the states that are active for certain."""
        tree = self.tree
        if row.target is None:
            return self.effects(row, [], [])
        certain = tree.certain(row.source)
        there = row.target
        length = 0
        while length < len(there) - 1 and there[: length + 1] in certain:
            length += 1
        domain = row.scope if row.scope and there[: len(row.scope)] == row.scope else there[:length]
        undecided = length + 1 < len(there) and tree.possible(there[: length + 1], row.source)
        if undecided or tree.domain(row.source, there, row.internal) != domain or self._half(there, domain):
            self._other_extent(row)
        below = [path for path in tree.inside(domain) if len(path) > len(domain)]
        left = [path for path in below if path in certain]
        for path in below:
            if path not in certain and getattr(tree.nodes[path].state, "on_exit", None) and tree.possible(path, row.source):
                source = tree.name(row.source)
                self.calls.dropped[
                    f"on_exit of {tree.name(path)} when {row.event} leaves {source}: nothing says that it is active there"
                ] = None
        left.sort(key=lambda path: (-len(path), tree.place[path]))
        return self.effects(row, left, tree.entered(there, domain))

    def _half(self, target: Path, domain: Path) -> bool:
        """Whether the machine enters one region of a parallel state and leaves the others out."""
        return any(self.tree.nodes[target[:length]].parallel for length in range(len(domain) + 1, len(target)))

    def _other_extent(self, row: Row) -> None:
        tree = self.tree
        assert row.target is not None
        self.differs[
            f"{row.event} from {tree.name(row.source)} to {tree.name(row.target)}: a statechart leaves and enters other states "
            "on this way than the machine does"
        ] = None

    def regions(self, rows: Sequence[Row]) -> None:
        """Note what an event does otherwise because several regions of a parallel state, or one and its parent, handle it."""
        for path, node in self.tree.nodes.items():
            if not node.parallel:
                continue
            name, event = self.tree.name(path), rows[0].event
            inner = [row for row in rows if len(row.source) > len(path) and row.source[: len(path)] == path]
            outer = [row for row in rows if path[: len(row.source)] == row.source]
            regions = {row.source[: len(path) + 1] for row in inner}
            leaving = [
                row for row in inner if row.target is not None and row.target[: len(path) + 1] != row.source[: len(path) + 1]
            ]
            if leaving and len(regions) > 1:
                self.differs[f"{event}: one region of {name} leaves it, and then the others are not asked any more"] = None
            if inner and outer and any(row.target is None for row in (*inner, *outer)):
                self.differs[f"{event}: handled in a region of {name} and outside, where one stays, both are taken"] = None
            scopes = {row.scope[: len(path) + 1] for row in inner if len(row.scope) > len(path)}
            if any(row.scope == path for row in inner):
                self.differs[f"{event}: written in {name} itself it is asked once, not once for each region"] = None
            elif scopes and (len(regions) > 1 or len(scopes) > 1) and any(len(row.scope) <= len(path) for row in inner):
                self.differs[f"{event}: each region of {name} is asked, wherever it was written"] = None

    # effects --------------------------------------------------------------------------------------------------------

    def effects(self, row: Row, left: Sequence[Path], entered: Sequence[Path]) -> list[dict[str, Any]]:
        """The callbacks of a move as effects, in the order the machine runs them."""
        machine, nodes, move = self.machine, self.tree.nodes, row.transition
        event = f"of {row.event} from {self.tree.name(row.source)}"
        lists: list[tuple[Any, str]] = [
            (machine.prepare_event, "prepare_event of the machine"),
            (move.prepare, f"prepare {event}"),
            (machine.before_state_change, "before_state_change of the machine"),
            (move.before, f"before {event}"),
            *((nodes[path].state.on_exit, f"on_exit of {self.tree.name(path)}") for path in left),
            *((nodes[path].state.on_enter, f"on_enter of {self.tree.name(path)}") for path in entered),
            *self._finals(entered),
            (move.after, f"after {event}"),
            (machine.after_state_change, "after_state_change of the machine"),
            (machine.finalize_event, "finalize_event of the machine"),
        ]
        return list(chain.from_iterable(self.calls.actions(callbacks, where) for callbacks, where in lists))

    def _finals(self, entered: Sequence[Path]) -> Iterator[tuple[Any, str]]:
        if not entered or not self.tree.nodes[entered[-1]].final:
            return
        last = entered[-1]
        around = [last[:length] for length in range(len(last), 0, -1)]
        if any(self.tree.nodes[path].parallel for path in around):
            for path in around:
                if getattr(self.tree.nodes[path].state, "on_final", None):
                    said = f"on_final of {self.tree.name(path)}: whether the other regions are final only the moment tells"
                    self.calls.dropped[said] = None
            if self.machine.on_final:
                self.calls.dropped["on_final of the machine: whether all regions are final only the moment tells"] = None
            return
        for path in around:
            yield getattr(self.tree.nodes[path].state, "on_final", None), f"on_final of {self.tree.name(path)}"
        yield self.machine.on_final, "on_final of the machine"


def timers(writer: Writer, path: Path, taken: set[str]) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The timers of a state that has a timeout, and the transition that calls what is called by then."""
    state = writer.tree.nodes[path].state
    seconds = getattr(state, "timeout", 0)
    if not isinstance(seconds, (int, float)) or seconds <= 0:
        return [], None
    name = writer.tree.name(path)
    after = f"{seconds:g}s" if seconds < 100_000 else f"{round(seconds)}s"
    actions = writer.calls.actions(state.on_timeout, f"on_timeout of {name}", told=False)
    found = [{"after": after, "event": action["emit"]} for action in actions if "emit" in action]
    done = [action for action in actions if "call" in action]
    if not done:
        return found, None
    event = f"timeout_{name}"
    while event in taken:
        event += "_"
    return [{"after": after, "event": event}, *found], {
        "event": event,
        "source": writer.tree.key(path),
        "allow": ["system"],
        "do": done,
    }


__all__ = ["Row", "Writer", "automatic", "name_of_state", "rests", "rows_of", "timers"]
