"""Knows in which states of a workflow there is work for whoever fills a slot; must not know who that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from servflow.dispatch import Policy
    from servflow.engine._compile import Compiled


def at_work(compiled: Compiled, policy: Policy) -> frozenset[str]:
    """
    The innermost states that are reached from where a slot is filled before its work is done (``until``) or the ticket closed.

    Back in one of them there is work again; a state that is only reached after the work is done has none. What any state
    leads to (``*``) is no way on.
    """
    if not policy.until or compiled.machine is None:
        return frozenset()
    nodes = compiled.machine.states
    over = {*policy.until, *compiled.closed_states}
    ways: dict[str, list[str]] = {}
    for spec in compiled.transitions:
        for source in spec.source:
            ways.setdefault(source, []).extend(spec.target or ())
    seen: set[str] = set()
    found: set[str] = set()
    waiting = list(policy.state)
    while waiting:
        name = waiting.pop()
        if name in seen or name not in nodes:
            continue
        seen.add(name)
        line = [name]
        while (above := nodes[line[-1]].parent) is not None:
            line.append(above)
        if over.isdisjoint(line):
            node = nodes[name]
            waiting.extend(node.children if node.kind == "parallel" else node.entry)
            waiting.extend(target for active in line for target in ways.get(active, ()))
            found.add(name)
    return frozenset(name for name in found if not nodes[name].children)
