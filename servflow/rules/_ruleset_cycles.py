"""Knows which rules set each other off in a circle; must not know whether they come to rest."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve, frozen

from servflow.rules._rules import Rule

MAX_EDGES = 200_000
"""How many steps from rule to rule are followed before a circle is told by its rules alone."""


@frozen
class Cycle:
    """
    Rules each of which may set off the next, the last the first.

    ``rules`` are their indexes, ``names`` what leads from each to the next. Where no single circle could be told apart
    ``names`` is empty and ``rules`` are all that are entangled. ``part`` are all that are entangled, in every case.
    """

    rules: tuple[int, ...]
    names: tuple[str, ...] = ()
    part: frozenset[int] = frozenset()


def cycles(rules: Sequence[Rule], reads: Sequence[frozenset[str]], only: frozenset[int] | None = None) -> tuple[Cycle, ...]:
    """
    The circles among rules that write what others read, one for each set of rules that are entangled.

    A rule never sets itself off, and one that closes its group sets off none of it.

    Args:
        rules: in document order.
        reads: what each reads, the names behind the tables it asks included.
        only: the rules that are looked at, by index; without it all.
    """
    readers: dict[str, list[int]] = {}
    for index, names in enumerate(reads):
        if only is not None and index not in only:
            continue
        for name in {read.split(".", 1)[0] for read in names}:
            readers.setdefault(name, []).append(index)
    writes = [sorted({name.split(".", 1)[0] for name in rule.writes} & readers.keys()) for rule in rules]
    found = [_circle(part, rules, writes, readers) for part in _entangled(writes, readers)]
    return tuple(cycle for cycle in found if cycle is not None)


def _entangled(writes: Sequence[Sequence[str]], readers: dict[str, list[int]]) -> list[list[int]]:
    """The strongly connected rules, two or more, over the graph of rules and names; after Tarjan, with an explicit stack."""
    count = len(writes)
    numbers = {name: count + place for place, name in enumerate(readers)}
    after = [[numbers[name] for name in names] for names in writes] + list(readers.values())
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[list[int]] = []
    for root in range(count):
        if root in index:
            continue
        work = [(root, 0)]
        while work:
            node, place = work.pop()
            if place == 0:
                index[node] = low[node] = len(index)
                stack.append(node)
                on_stack.add(node)
            for further in range(place, len(after[node])):
                other = after[node][further]
                if other not in index:
                    work += [(node, further + 1), (other, 0)]
                    break
                if other in on_stack:
                    low[node] = min(low[node], index[other])
            else:
                if low[node] == index[node]:
                    part: list[int] = []
                    while True:
                        taken = stack.pop()
                        on_stack.discard(taken)
                        part.append(taken)
                        if taken == node:
                            break
                    met = sorted(one for one in part if one < count)
                    if len(met) > 1:
                        found.append(met)
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[node])
    return sorted(found)


def _circle(
    part: list[int], rules: Sequence[Rule], writes: Sequence[Sequence[str]], readers: dict[str, list[int]]
) -> Cycle | None:
    """A shortest circle through the first rule that is on one; None where groups that close leave none."""
    inside = set(part)
    edges = 0
    for start in part:
        came: dict[int, tuple[int, str]] = {}
        waiting = [start]
        while waiting:
            node = waiting.pop(0)
            for name in writes[node]:
                for other in readers[name]:
                    edges += 1
                    if other == node or other not in inside or (rules[node].stop and rules[node].group == rules[other].group):
                        continue
                    if other == start:
                        return evolve(_told(start, node, name, came), part=frozenset(inside))
                    if other not in came:
                        came[other] = (node, name)
                        waiting.append(other)
            if edges > MAX_EDGES:
                return Cycle(tuple(part), part=frozenset(inside))
    return None


def _told(start: int, last: int, name: str, came: dict[int, tuple[int, str]]) -> Cycle:
    path, names = [last], [name]
    while path[-1] != start:
        before, via = came[path[-1]]
        path.append(before)
        names.append(via)
    return Cycle(tuple(reversed(path)), tuple(reversed(names)))


def path_of(cycle: Cycle, rules: Sequence[Rule]) -> str:
    """A circle as one line: each rule, and the name that leads to the next."""
    if not cycle.names:
        return ", ".join(rules[index].name for index in cycle.rules[:20])
    steps = [f"{rules[index].name} -> {name}" for index, name in zip(cycle.rules, cycle.names, strict=True)]
    return " -> ".join([*steps, rules[cycle.rules[0]].name])


__all__ = ["MAX_EDGES", "Cycle", "cycles", "path_of"]
