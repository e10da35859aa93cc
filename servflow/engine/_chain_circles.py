"""Knows which chains start each other in a circle; must not know tickets or runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from servflow.engine._chain_plans import ChainPlan
    from servflow.engine._compile import Compiled

Place = tuple[int, int]
"""A level of a chain, by their places in the definition."""


def check_circles(compiled: Compiled, plans: tuple[ChainPlan, ...]) -> None:
    """
    Refuse levels that lead back to themselves by ``start`` and ``jump``, and last levels that do by events they raise.

    Each such action is told with its circle. A climb goes from each level to the one above it. A chain's own ``repeat`` is
    counted and makes no circle. Events count where nothing stands between: the last level has no condition, its run is
    over then, and the event starts the chain whatever the ticket is. Whether others go round shows when they do.
    """
    leads, actions = _leads(plans)
    if not actions:
        return
    parts = _parts(leads)
    for (here, there), path in actions.items():
        if parts[here] != parts[there]:
            continue
        circle = [here, *_way(leads, there, here)]
        names = tuple(f"{plans[order].chain.name}.{plans[order].chain.levels[level].name}" for order, level in circle)
        compiled.problems.add("chain.circle", path, circle=names)


def _leads(plans: tuple[ChainPlan, ...]) -> tuple[dict[Place, list[Place]], dict[tuple[Place, Place], str]]:
    """Where each level leads to, and the actions that lead somewhere by themselves."""
    orders = {plan.chain.name: order for order, plan in reversed(list(enumerate(plans)))}
    leads: dict[Place, list[Place]] = {}
    actions: dict[tuple[Place, Place], str] = {}
    for order, plan in enumerate(plans):
        for level, (_, updates) in enumerate(plan.levels):
            here = (order, level)
            leads[here] = [(order, level + 1)] if level + 1 < len(plan.levels) else []
            last = level + 1 == len(plan.levels)
            for update in updates:
                if last and update.kind == "emit" and _over(plan):
                    for there in _started(plans, orders, update.parts["event"]):
                        leads[here].append(there)
                        actions.setdefault((here, there), f"{update.path}.emit")
                    continue
                target = orders.get(update.parts.get("chain", "")) if update.kind in ("start", "jump") else None
                if target is None:
                    continue
                named = update.parts.get("level")
                entry = 0 if named is None else plans[target].chain.index(named)
                if entry is not None:  # a level that is not there is told as such
                    leads[here].append((target, entry))
                    actions.setdefault((here, (target, entry)), update.path)
    return leads, actions


def _over(plan: ChainPlan) -> bool:
    """Whether a run surely does all of its last level and is over then, so that the event starts the next one of its kind."""
    chain, (when, updates) = plan.chain, plan.levels[-1]
    waits = chain.on_empty == "hold" and any("to" in update.parts for update in updates)
    waits = waits or chain.advance_on_failure != "never" or chain.quiet is not None
    return when is None and chain.levels[-1].remind is None and not waits


def _started(plans: tuple[ChainPlan, ...], orders: Mapping[str, int], event: str) -> list[Place]:
    """Where an event surely enters chains."""
    found = []
    for order in orders.values():
        plan = plans[order]
        for beginning in plan.starts if plan.when is None else ():
            when, entry = beginning.ways[0]
            if beginning.trigger.event == event and when is None:
                found.append((order, entry or 0))
    return found


def _parts(leads: Mapping[Place, list[Place]]) -> dict[Place, int]:
    """The strongly connected part each level belongs to (Tarjan, with a stack of its own: chains come from documents)."""
    number: dict[Place, int] = {}
    low: dict[Place, int] = {}
    part: dict[Place, int] = {}
    open_: list[Place] = []
    for root in leads:
        if root in number:
            continue
        stack = [(root, iter(leads[root]))]
        number[root] = low[root] = len(number)
        open_.append(root)
        while stack:
            here, rest = stack[-1]
            there = next(rest, None)
            if there is None:
                stack.pop()
                if stack:
                    low[stack[-1][0]] = min(low[stack[-1][0]], low[here])
                if low[here] == number[here]:
                    while True:
                        member = open_.pop()
                        part[member] = number[here]
                        if member == here:
                            break
            elif there not in number:
                number[there] = low[there] = len(number)
                open_.append(there)
                stack.append((there, iter(leads[there])))
            elif there not in part:
                low[here] = min(low[here], number[there])
    return part


def _way(leads: Mapping[Place, list[Place]], start: Place, goal: Place) -> list[Place]:
    """The shortest way between two levels of one part, with both ends."""
    came: dict[Place, Place] = {start: start}
    waiting = deque([start])
    while goal not in came:
        here = waiting.popleft()
        for there in leads[here]:
            if there not in came:
                came[there] = here
                waiting.append(there)
    way = [goal]
    while way[-1] != start:
        way.append(came[way[-1]])
    return way[::-1]
