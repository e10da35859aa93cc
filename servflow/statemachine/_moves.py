"""Knows how candidates, selections and moves are looked up before they are worked out; must not know macrosteps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import evolve, frozen

from servflow.errors import InputError, nearest
from servflow.statemachine._chart import HISTORIES, LEAVES, ROOT, Chart, Kind
from servflow.statemachine._microstep import Micro, first_entry, legal_below, microstep, without_conflicts
from servflow.statemachine._table import Bound
from servflow.statemachine._values import NOTHING, Chosen, Move, Remembered

Configuration = tuple[str, ...]
HistoryKey = tuple[tuple[str, ...] | None, ...]
Groups = Mapping[int, tuple[tuple[int, int], ...]]
EVENT_LIMIT = 1_000


@frozen
class Plan:
    """
    What an event can do in a configuration, guards aside.

    ``lanes`` holds, per active leaf that has any, the states around it that do something, inner first; ``groups``
    holds the (arm, row) pairs of each. Where there is one lane the first row whose guard holds is the answer;
    ``singles`` then holds (row, the answer). Where there are several and no state or row is in two of them, ``apart``
    holds the (arm, row) pairs of each, so that nothing need be remembered from one lane to the next.
    """

    rows: tuple[int, ...]
    lanes: tuple[tuple[int, ...], ...]
    groups: Groups
    singles: tuple[tuple[int, tuple[int, ...]], ...] | None
    apart: tuple[tuple[tuple[int, int], ...], ...] | None


class Moves:
    """The microstep of one chart, remembered in bounded tables. All answers depend on the arguments only."""

    def __init__(self, chart: Chart, size: int) -> None:
        self.chart = chart
        self.bound = Bound(size)
        self.history_nodes = tuple(node for node, kind in enumerate(chart.kind) if kind in HISTORIES)
        self.history_ids = chart.names(self.history_nodes)
        self.shared = frozenset(position for position, row in enumerate(chart.rows) if _can_meet(chart, row.sources))
        self._listeners = _listeners(chart)
        self._arms_of_row: tuple[list[int], ...] = tuple([] for _ in chart.rows)
        for position, arm in enumerate(chart.arms):
            self._arms_of_row[arm.row].append(position)
        self._plans: dict[tuple[Configuration, str | None], Plan] = self.bound.watch({})
        self._kept: dict[tuple[tuple[int, ...], HistoryKey], tuple[int, ...]] = self.bound.watch({})
        self._moves: dict[tuple[Any, ...], Move] = self.bound.watch({})
        self._heard: dict[str | None, Groups] = self.bound.watch({})
        self._numbers: dict[Configuration, tuple[int, ...]] = self.bound.watch({})
        self._active: dict[Configuration, frozenset[str]] = self.bound.watch({})
        self.first = self._named(first_entry(chart), NOTHING, ())

    # reading what callers hold ----------------------------------------------------------------------------------

    def numbers(self, configuration: tuple[Any, ...]) -> tuple[int, ...]:
        """
        The node numbers of a configuration.

        Raises:
            InputError: it is not a configuration this chart can be in.
        """
        known = self._numbers.get(configuration)
        return self._read_numbers(configuration) if known is None else known

    def _read_numbers(self, configuration: tuple[Any, ...]) -> tuple[int, ...]:
        chart = self.chart
        nodes: list[int] = []
        for name in configuration:
            node = chart.number.get(name)
            if node is None or chart.kind[node] not in LEAVES:
                close = nearest(str(name)[:100], chart.ids[1:]) if len(chart.ids) < EVENT_LIMIT else None
                raise InputError(
                    f"no leaf state {str(name)[:100]!r} in this machine; a configuration lists active leaves only",
                    code="machine.configuration",
                    state=name,
                    nearest=close,
                )
            nodes.append(node)
        if nodes != sorted(set(nodes)) or not legal_below(chart, ROOT, chart.closure(nodes)):
            raise InputError(
                f"{list(configuration)[:20]} is not a configuration of this machine: it needs exactly one active child in"
                " every active compound state, every region of every active parallel state, and document order",
                code="machine.configuration",
                configuration=configuration,
            )
        return self.bound.keep(self._numbers, configuration, tuple(nodes))

    def history_key(self, history: Mapping[str, tuple[str, ...]]) -> HistoryKey:
        """The remembered history as a key; refuses entries that belong to no history state."""
        if not history:
            return ()
        key = tuple(map(history.get, self.history_ids))
        if len(history) != len(key) - key.count(None):
            strange = sorted(str(name) for name in history if name not in self.history_ids)
            raise InputError(f"no history state named {strange[:5]} in this machine", code="machine.history", states=strange)
        return key

    def history_numbers(self, key: HistoryKey) -> dict[int, tuple[int, ...]]:
        """
        The remembered history by node number.

        Raises:
            InputError: a history state remembers what could not have been active in its parent.
        """
        found: dict[int, tuple[int, ...]] = {}
        chart = self.chart
        for node, names in zip(self.history_nodes, key, strict=False):
            if names is None:
                continue
            nodes = [chart.number.get(name, -1) for name in names]
            if nodes != sorted(set(nodes)) or not self._may_remember(node, nodes):
                raise InputError(
                    f"history state {chart.ids[node]!r} cannot remember {list(names)[:20]}",
                    code="machine.history",
                    state=chart.ids[node],
                    remembered=names,
                )
            found[node] = tuple(nodes)
        return found

    def _may_remember(self, node: int, nodes: list[int]) -> bool:
        """Whether these were active together in the parent of a history state, as it remembers them."""
        chart = self.chart
        above = chart.parent[node]
        if not all(chart.below(other, above) for other in nodes):
            return False
        if chart.kind[node] is Kind.DEEP:
            inside = {other for other in chart.closure(nodes) if chart.below(other, above)}
            return all(chart.kind[other] in LEAVES for other in nodes) and legal_below(chart, above, inside)
        wanted = len(chart.children[above]) if chart.kind[above] is Kind.PARALLEL else 1
        return len(nodes) == wanted and all(other in chart.children[above] for other in nodes)

    def remembered(self, history: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """What this machine could remember of the history of another one, in its own document order."""
        found = {}
        for node, name in zip(self.history_nodes, self.history_ids, strict=True):
            nodes = sorted({self.chart.number.get(known, -1) for known in history.get(name, ())})
            if nodes and self._may_remember(node, nodes):
                found[name] = self.chart.names(nodes)
        return found

    def active(self, configuration: Configuration) -> frozenset[str]:
        """Ids of all active states, the leaves and everything above them."""
        found = self._active.get(configuration)
        if found is None:
            names = self.chart.names(self.chart.closure(self.numbers(configuration)))
            found = self.bound.keep(self._active, configuration, frozenset(names))
        return found

    # selecting --------------------------------------------------------------------------------------------------

    def _listening(self, event: str | None) -> set[int]:
        """Rows with a descriptor for this event: its name, a prefix of it by whole words, or ``*``."""
        if event is None:
            return set(self._listeners.get(None, ()))
        rows = set(self._listeners.get("*", ()))
        end = event.find(".")
        while end >= 0:
            rows.update(self._listeners.get(event[:end], ()))
            end = event.find(".", end + 1)
        rows.update(self._listeners.get(event, ()))
        return rows

    def plan(self, configuration: Configuration, event: str | None) -> Plan:
        """What an event (None: no event) can do in a configuration, guards aside."""
        plan = self._plans.get((configuration, event))
        return self._make_plan(configuration, event) if plan is None else plan

    def _make_plan(self, configuration: Configuration, event: Any) -> Plan:
        if event is not None and (not isinstance(event, str) or not 0 < len(event) <= EVENT_LIMIT):
            raise InputError(
                f"an event is a name of 1 to {EVENT_LIMIT} characters, not {str(event)[:50]!r}", code="machine.event"
            )
        chart = self.chart
        leaves = self.numbers(configuration)
        groups = self._heard.get(event)
        if groups is None:
            groups = self.bound.keep(self._heard, event, self._groups(self._listening(event)))
        around = (tuple(node for node in chart.chain(leaf) if node in groups) for leaf in (leaves if groups else ()))
        lanes = tuple(lane for lane in around if lane)
        met = dict.fromkeys(node for lane in lanes for node in lane)
        rows = tuple(dict.fromkeys(row for node in met for _, row in groups[node]))
        singles = tuple((row, (row,)) for row in rows) if len(lanes) <= 1 else None
        apart = None
        if len(lanes) > 1 and len(met) == sum(map(len, lanes)) and len(rows) == sum(len(groups[node]) for node in met):
            apart = tuple(tuple(pair for node in lane for pair in groups[node]) for lane in lanes)
        return self.bound.keep(self._plans, (configuration, event), Plan(rows, lanes, groups, singles, apart))

    def _groups(self, rows: set[int]) -> Groups:
        """The arms of these rows by the state they start from, in document order."""
        found: dict[int, list[tuple[int, int]]] = {}
        for row in sorted(rows):
            for arm in self._arms_of_row[row]:
                found.setdefault(self.chart.arms[arm].source, []).append((arm, row))
        return {node: tuple(group) for node, group in found.items()}

    def select(
        self,
        configuration: Configuration,
        event: str | None,
        decide: Callable[[int], bool],
        history: Mapping[str, tuple[str, ...]],
    ) -> tuple[int, ...]:
        """The transitions an event enables together, once their guards were asked."""
        plan = self._plans.get((configuration, event)) or self._make_plan(configuration, event)
        if plan.singles is not None:
            for row, alone in plan.singles:
                if decide(row):
                    return alone
            return ()
        if plan.apart is not None:
            taken: list[int] = []
            for pairs in plan.apart:
                for arm, row in pairs:
                    if decide(row):
                        taken.append(arm)
                        break
            return self.settle(tuple(taken), history)
        asked: dict[int, bool] = {}
        first: dict[int, int | None] = {}
        enabled: dict[int, None] = {}
        for lane in plan.lanes:
            for node in lane:
                if node not in first:
                    first[node] = _first_that_holds(plan.groups[node], decide, asked)
                found = first[node]
                if found is not None:
                    enabled[found] = None
                    break
        return self.settle(tuple(enabled), history)

    def settle(self, enabled: tuple[int, ...], history: Mapping[str, tuple[str, ...]]) -> tuple[int, ...]:
        """The transitions of these enabled arms that may be taken together."""
        if not enabled:
            return ()
        key = (enabled, self.history_key(history) if self.history_ids else ())
        kept = self._kept.get(key)
        if kept is None:
            arms = without_conflicts(self.chart, enabled, self.history_numbers(key[1]))
            kept = tuple(dict.fromkeys(self.chart.arms[arm].row for arm in arms))
            if not self.shared.isdisjoint(kept):
                kept = Chosen.of(kept, arms)
            self.bound.keep(self._kept, key, kept)
        return kept

    # moving -----------------------------------------------------------------------------------------------------

    def apply(self, configuration: Configuration, history: Mapping[str, tuple[str, ...]], chosen: tuple[int, ...]) -> Move:
        """Take transitions that were selected together, from what the table knows where it can."""
        key: tuple[Any, ...]
        if not self.history_ids and not history:
            key = (configuration, chosen)
        else:
            key = (configuration, chosen, self.history_key(history))
        if isinstance(chosen, Chosen):
            key = (*key, chosen.arms)
        move = self._moves.get(key)
        if move is None:
            kept = history if isinstance(history, Remembered) else Remembered(history)
            remembered = self.history_numbers(self.history_key(kept))
            arms = self._arms(configuration, chosen)
            if without_conflicts(self.chart, arms, remembered) != arms:
                raise InputError(
                    f"transitions {list(chosen)[:20]} conflict, they leave a common state; take what select returns",
                    code="machine.chosen",
                    transitions=chosen,
                )
            micro = microstep(self.chart, self.numbers(configuration), remembered, arms)
            move = self.bound.keep(self._moves, key, self._named(micro, kept, tuple(chosen)))
        if move.history is not history and move.history == history:
            # Callers tell by identity whether history changed; theirs may be an equal one read from a store.
            move = evolve(move, history=history)
        return move

    def _arms(self, configuration: Configuration, chosen: tuple[int, ...]) -> tuple[int, ...]:
        if isinstance(chosen, Chosen):
            return chosen.arms
        chart = self.chart
        groups = self._groups({row for row in chosen if 0 <= row < len(chart.rows)})
        found: dict[int, int] = {}
        for leaf in self.numbers(configuration):
            node = next((node for node in chart.chain(leaf) if node in groups), None)
            if node is not None:
                arm, row = groups[node][0]
                found.setdefault(row, arm)
        for row in chosen:
            if row not in found:
                raise InputError(
                    f"transition {row!r} cannot be taken in {list(configuration)[:20]}: none of its sources is active,"
                    " or another chosen transition comes before it",
                    code="machine.chosen",
                    transition=row,
                )
        return tuple(found[row] for row in dict.fromkeys(chosen))

    def _named(self, micro: Micro, history: Remembered, order: tuple[int, ...]) -> Move:
        names = self.chart.names
        if micro.remembered:
            changed = {self.chart.ids[node]: names(kept) for node, kept in micro.remembered.items()}
            if any(history.get(name) != kept for name, kept in changed.items()):
                history = Remembered({**history, **changed})
        return Move(
            configuration=names(micro.leaves),
            history=history,
            exited=names(micro.exited),
            entered=names(micro.entered),
            done=tuple(f"done.state.{name}" for name in names(micro.done)),
            order=order,
        )


def _first_that_holds(group: tuple[tuple[int, int], ...], decide: Callable[[int], bool], asked: dict[int, bool]) -> int | None:
    for arm, row in group:
        holds = asked.get(row)
        if holds is None:
            holds = asked[row] = decide(row)
        if holds:
            return arm
    return None


def _listeners(chart: Chart) -> dict[str | None, list[int]]:
    found: dict[str | None, list[int]] = {}
    for position, row in enumerate(chart.rows):
        for name in (None,) if row.events is None else row.events:
            found.setdefault(name, []).append(position)
    return found


def _can_meet(chart: Chart, sources: tuple[int, ...]) -> bool:
    """Whether two of these states can be active at once: one in the other, or in regions side by side."""
    if len(sources) < 2:
        return False
    if ROOT in sources:
        return True
    taken: dict[int, set[int]] = {}
    for source in sources:
        for node in chart.chain(source):
            if node != ROOT:
                taken.setdefault(chart.parent[node], set()).add(node)
    if any(source in taken for source in sources):
        return True
    return any(len(inside) > 1 and chart.kind[above] is Kind.PARALLEL for above, inside in taken.items())
