"""Knows what of a workflow can be exercised and what each part is called; must not know what was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from servflow.engine import Workflow
from servflow.engine._abstract import settled_guards
from servflow.sla import BREACH

KINDS = ("state", "transition", "guard", "timer", "clock", "level", "row", "rule", "dispatch")
"""What is counted, in the order in which reports tell of it."""

NO_ROW = "none"
"""What a table's default is called among its rows: it speaks where no row does."""


@frozen(kw_only=True)
class Item:
    """
    One part of a workflow that a test can exercise.

    ``kind`` is one of ``state``, ``transition``, ``guard`` (one of its two answers), ``timer``, ``clock`` (that it started,
    one of its marks, or its breach), ``level`` of a chain, ``row`` of a table or its default, ``rule`` and ``dispatch`` (a
    policy that decided). ``path`` is where it is written, ``key`` names it within the workflow and ``name`` is what people
    call it. ``answer`` says which side of it: ``true`` or ``false`` of a guard, the mark of a clock.
    """

    kind: str
    key: str
    path: str
    name: str
    answer: str = ""


def items_of(workflow: Workflow) -> tuple[Item, ...]:
    """Everything that can be exercised, by kind and then in the order of the document."""
    found = [*_moves(workflow), *_times(workflow), *_deciders(workflow)]
    return tuple(sorted(found, key=lambda item: KINDS.index(item.kind)))


def impossible_in(workflow: Workflow) -> frozenset[str]:
    """
    The keys of what no test can exercise, as far as the definition tells without a search.

    That are states to which nothing leads, what leaves only those, and guards that hold always or never, whatever they read.
    """
    compiled = workflow.compiled
    nowhere, settled = set(compiled.chart.unreachable()), settled_guards(compiled)
    found = {f"state:{name}" for name in nowhere}
    for link in compiled.links:
        cut_off = nowhere.issuperset(compiled.transitions[link.index].source)
        if cut_off or settled.get(link.index) is False:
            found |= {f"transition:{link.index}", guard_key(link.index, True)}
        if cut_off or settled.get(link.index) is True:
            found.add(guard_key(link.index, False))
    return frozenset(found & {item.key for item in items_of(workflow)})


def guard_key(index: int, held: bool) -> str:
    """The key of one answer of a transition's guard."""
    return f"guard:{index}:{'true' if held else 'false'}"


def row_key(table: str, row: int | None) -> str:
    """The key of a row of a table, counted from 0; None stands for its default."""
    return f"row:{table}:{NO_ROW if row is None else row}"


def transition_name(workflow: Workflow, index: int) -> str:
    """A transition as people draw it: ``new --arrive--> on_site``; without a target it stays."""
    move = workflow.compiled.transitions[index]
    arrow = f"--{move.event}-->" if move.event else "-->"
    return " ".join([" | ".join(move.source), arrow, *([" + ".join(move.target)] if move.target else ["(stays)"])])


def _moves(workflow: Workflow) -> Iterator[Item]:
    compiled = workflow.compiled
    for name, state in compiled.states.items():
        if state.history is None:  # nobody ever stands in a history: it leads on
            yield Item(kind="state", key=f"state:{name}", path=compiled.paths[name], name=name)
        for index, timer in enumerate(state.timers):
            path = f"{compiled.paths[name]}.timers[{index}]"
            told = f"{name}: {timer.event} after {timer.after.text}"
            yield Item(kind="timer", key=f"timer:{name}:{index}", path=path, name=told)
    for link in compiled.links:
        told = transition_name(workflow, link.index)
        yield Item(kind="transition", key=f"transition:{link.index}", path=link.path, name=told)
        if link.guard is not None:
            for held in (True, False):
                answer = "true" if held else "false"
                path = f"{link.path}.when"
                yield Item(kind="guard", key=guard_key(link.index, held), path=path, name=told, answer=answer)


def _times(workflow: Workflow) -> Iterator[Item]:
    for promise in workflow.compiled.promises:
        clock = promise.clock
        yield Item(kind="clock", key=f"clock:{clock.name}:start", path=promise.path, name=clock.name, answer="start")
        for index, mark in enumerate(clock.warn):
            path = f"{promise.path}.warn[{index}]"
            yield Item(kind="clock", key=f"clock:{clock.name}:{mark}", path=path, name=clock.name, answer=mark)
        yield Item(kind="clock", key=f"clock:{clock.name}:{BREACH}", path=promise.path, name=clock.name, answer=BREACH)
    for place, chain in enumerate(workflow.escalations):
        for index, level in enumerate(chain.levels):
            path = f"escalations[{place}].levels[{index}]"
            yield Item(kind="level", key=f"level:{chain.name}:{level.name}", path=path, name=f"{chain.name}: {level.name}")


def _deciders(workflow: Workflow) -> Iterator[Item]:
    for name, table in workflow.tables.items():
        for index, row in enumerate(table.rows):
            path = f"tables.{name}.rows[{index}]"
            yield Item(kind="row", key=row_key(name, index), path=path, name=f"{name}: {_row_name(row, index)}")
        if any(output.default is not None for output in table.outputs.values()):
            yield Item(kind="row", key=row_key(name, None), path=f"tables.{name}", name=name, answer=NO_ROW)
    for index, rule in enumerate(workflow.rules):
        yield Item(kind="rule", key=f"rule:{rule.name}", path=f"rules[{index}]", name=rule.name)
    for index, policy in enumerate(workflow.dispatch):
        yield Item(kind="dispatch", key=f"dispatch:{policy.name}", path=f"dispatch[{index}]", name=policy.name)


def _row_name(row: Any, index: int) -> str:
    cells = ", ".join(row.when)
    told = row.id or f"{index + 1}"
    return f"{told} ({cells})" if cells else told
