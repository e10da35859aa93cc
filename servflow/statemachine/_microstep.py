"""
Knows one microstep of the SCXML algorithm: what conflicts, what is left, what is entered, what completes.

It must not know events, guards or caches.

The source is appendix D of the W3C Recommendation of 1 September 2015. Recursion below follows the nesting of the
chart, which its reader limits.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import frozen

from servflow.statemachine._chart import HISTORIES, LEAVES, ROOT, Arm, Chart, Kind

History = Mapping[int, tuple[int, ...]]


@frozen
class Micro:
    """What one microstep did, by node number: leaves in document order, exits and entries in their own order."""

    leaves: tuple[int, ...]
    exited: tuple[int, ...]
    entered: tuple[int, ...]
    remembered: Mapping[int, tuple[int, ...]]
    done: tuple[int, ...]
    halted: bool


def effective_targets(chart: Chart, targets: tuple[int, ...], history: History) -> tuple[int, ...]:
    """Where targets lead once history states are replaced by what they remember, or by their default."""
    found: dict[int, None] = {}
    waiting = list(reversed(targets))
    while waiting:
        node = waiting.pop()
        if chart.kind[node] not in HISTORIES:
            found[node] = None
        elif node in history:
            found.update(dict.fromkeys(history[node]))
        else:
            waiting.extend(reversed(chart.entry[node]))
    return tuple(found)


def domain(chart: Chart, arm: Arm, history: History) -> int:
    """
    The compound state (or the root) inside which a transition with targets moves.

    Everything active below it is left. A transition from "*" belongs to the root and moves inside it.
    """
    targets = effective_targets(chart, arm.targets, history)
    source = arm.source
    if source == ROOT:
        return ROOT
    if arm.internal and chart.kind[source] is Kind.COMPOUND and all(chart.below(target, source) for target in targets):
        return source
    node = chart.parent[source]
    while node > ROOT:
        if chart.kind[node] is Kind.COMPOUND and all(chart.below(target, node) for target in targets):
            return node
        node = chart.parent[node]
    return ROOT


def without_conflicts(chart: Chart, enabled: Sequence[int], history: History) -> tuple[int, ...]:
    """
    The arms that may be taken together, from the enabled ones in the order they were found.

    Two arms conflict when they would leave a common state. As every arm moves inside a state that is active
    and has active children, that is so exactly when one domain lies in the other. An arm from a descendant
    wins; otherwise the first found.
    """
    kept: dict[int, None] = {}
    taken: list[int] = []  # domains of the kept arms, sorted; none lies in another
    holder: dict[int, int] = {}
    for arm in enabled:
        if not chart.arms[arm].targets:
            kept[arm] = None
            continue
        where = domain(chart, chart.arms[arm], history)
        first = bisect_left(taken, where)
        beyond = bisect_right(taken, chart.last[where])
        if first > 0 and where <= chart.last[taken[first - 1]]:
            first -= 1
        rivals = [holder[other] for other in taken[first:beyond]]
        if all(chart.below(chart.arms[arm].source, chart.arms[rival].source) for rival in rivals):
            for rival in rivals:
                del kept[rival]
            taken[first:beyond] = [where]
            holder[where] = arm
            kept[arm] = None
    return tuple(kept)


class _Entry:
    """
    The set of states to enter, as it grows.

    ``holding`` are the states something below is entered in, so a region is asked for its default only when
    nothing else was asked of it.
    """

    def __init__(self, chart: Chart, history: History, staying: set[int]) -> None:
        self.chart = chart
        self.history = history
        self.staying = staying
        self.nodes: set[int] = set()
        self.holding: set[int] = set()

    def add(self, node: int) -> None:
        self.nodes.add(node)
        node = self.chart.parent[node]
        while node > ROOT and node not in self.holding:
            self.holding.add(node)
            node = self.chart.parent[node]

    def descend(self, node: int) -> None:
        chart = self.chart
        kind = chart.kind[node]
        if kind in HISTORIES:
            self.into(self.history.get(node) or chart.entry[node], chart.parent[node])
            return
        self.add(node)
        if kind in (Kind.COMPOUND, Kind.PARALLEL):
            self.into(chart.entry[node], node)
        if kind is Kind.PARALLEL:
            self.complete(node)

    def into(self, targets: tuple[int, ...], ancestor: int) -> None:
        for target in targets:
            self.descend(target)
        for target in targets:
            self.ascend(target, ancestor)

    def ascend(self, node: int, ancestor: int) -> None:
        chart = self.chart
        node = chart.parent[node]
        while node > ROOT and node != ancestor:
            self.add(node)
            if chart.kind[node] is Kind.PARALLEL:
                self.complete(node)
            node = chart.parent[node]

    def complete(self, node: int) -> None:
        for child in self.chart.children[node]:
            # A region that was not left keeps what is active in it. The Recommendation's text would enter its
            # default beside it when a history default leads back into a sibling region from inside.
            if child not in self.holding and child not in self.staying:
                self.descend(child)


def _exits(chart: Chart, active: set[int], domains: Sequence[int]) -> tuple[int, ...]:
    ordered = sorted(active)
    exited: set[int] = set()
    for where in domains:
        exited.update(ordered[bisect_right(ordered, where) : bisect_right(ordered, chart.last[where])])
    return tuple(sorted(exited, reverse=True))


def _remember(chart: Chart, exited: Sequence[int], active: set[int]) -> dict[int, tuple[int, ...]]:
    remembered: dict[int, tuple[int, ...]] = {}
    leaves = sorted(node for node in active if chart.kind[node] in LEAVES)
    for node in exited:
        for history in chart.histories[node]:
            if chart.kind[history] is Kind.SHALLOW:
                remembered[history] = tuple(child for child in chart.children[node] if child in active)
            else:
                remembered[history] = tuple(leaves[bisect_right(leaves, node) : bisect_right(leaves, chart.last[node])])
    return remembered


def in_final(chart: Chart, node: int, active: set[int]) -> bool:
    """Whether a region has come to its end: a final child is active, or all its regions have ended."""
    if chart.kind[node] is Kind.COMPOUND:
        return any(chart.kind[child] is Kind.FINAL and child in active for child in chart.children[node])
    if chart.kind[node] is Kind.PARALLEL:
        # The last region is entered last, so it is the quickest to say no.
        return all(in_final(chart, child, active) for child in reversed(chart.children[node]))
    return False


def _enter(chart: Chart, entered: Sequence[int], active: set[int]) -> tuple[tuple[int, ...], bool]:
    """Add states one by one, as entry does, and tell what completes while doing so."""
    done: list[int] = []
    halted = False
    for node in entered:
        active.add(node)
        if chart.kind[node] is not Kind.FINAL:
            continue
        above = chart.parent[node]
        if above == ROOT:
            halted = True
            continue
        done.append(above)
        # The pseudo-code stops at the first parallel; the text of section 3.4 wants a completion for each.
        above = chart.parent[above]
        while above > ROOT and chart.kind[above] is Kind.PARALLEL and in_final(chart, above, active):
            done.append(above)
            above = chart.parent[above]
    return tuple(done), halted


def microstep(chart: Chart, leaves: tuple[int, ...], history: History, chosen: Sequence[int]) -> Micro:
    """
    Take transitions that do not conflict, all at once.

    Args:
        leaves: active leaves in document order.
        chosen: arms in the order they were selected.
    """
    arms = [chart.arms[arm] for arm in chosen if chart.arms[arm].targets]
    active = chart.closure(leaves)
    # Taken once, before history changes: a domain taken again after the exits, as the pseudo-code does, can lie
    # inside a state that was just left, and its ancestors would then never be entered.
    domains = [domain(chart, arm, history) for arm in arms]
    exited = _exits(chart, active, domains)
    remembered = _remember(chart, exited, active)
    if remembered:
        history = {**history, **remembered}
    active.difference_update(exited)
    entry = _Entry(chart, history, active)
    for arm, where in zip(arms, domains, strict=True):
        for target in arm.entry:
            entry.descend(target)
        for target in effective_targets(chart, arm.targets, history):
            entry.ascend(target, where)
    return _finish(chart, exited, entry, remembered)


def first_entry(chart: Chart) -> Micro:
    """What entering the chart for the first time does."""
    entry = _Entry(chart, {}, set())
    entry.into(chart.entry[ROOT], ROOT)
    return _finish(chart, (), entry, {})


def _finish(chart: Chart, exited: tuple[int, ...], entry: _Entry, remembered: Mapping[int, tuple[int, ...]]) -> Micro:
    entered = tuple(sorted(entry.nodes))
    active = entry.staying
    done, halted = _enter(chart, entered, active)
    leaves = tuple(sorted(node for node in active if chart.kind[node] in LEAVES))
    return Micro(leaves, exited, entered, remembered, done, halted)


def legal_below(chart: Chart, top: int, active: set[int]) -> bool:
    """
    Whether active nodes below an active state are exactly one child per compound and all regions per parallel.

    Args:
        active: every active node below *top*, without *top*, with all that lies between.
    """
    inside = Counter(chart.parent[node] for node in active)
    for node in (top, *active):
        if chart.kind[node] is Kind.COMPOUND and inside[node] != 1:
            return False
        if chart.kind[node] is Kind.PARALLEL and inside[node] != len(chart.children[node]):
            return False
    return True
