"""Knows what people call the parts of a workflow in their language; must not know where it is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, cast

from servflow.engine._called_words import EVENTS, RELATIONS
from servflow.errors import Finding, InputError, nearest, shown
from servflow.model import FrozenMap, in_language

if TYPE_CHECKING:
    from servflow.engine._compile import Compiled
    from servflow.engine._definition import Transition
    from servflow.engine._workflow import Workflow

KINDS = (
    *("calendar", "chain", "clock", "column", "event", "field", "law", "level", "queue", "role", "slot", "state"),
    *("step", "survey", "table", "value", "workflow"),
)
"""The kinds of names that people can call something else."""

Names = dict[tuple[str, str, str], str]


def all_titles(workflow: Workflow) -> Names:
    """Every title of a definition by kind, name, and the name of what it is a part of."""
    found: Names = {("workflow", workflow.workflow, ""): workflow.title}
    for kind, named in workflow.titles.items():
        found |= {(kind.removesuffix("s"), name, ""): title for name, title in named.items()}
    for name, spec in workflow.fields.items():
        found["field", name, ""] = spec.title
        found |= {("value", value, name): title for value, title in spec.titles.items()}
    for move in workflow.transitions:
        _event(found, move)
    found |= {("event", name, ""): spec.title for name, spec in workflow.events.items() if spec.title}
    found |= dict(_of_states(workflow))
    for name, table in workflow.tables.items():
        found["table", name, ""] = table.title
        found |= {("column", one.name, name): one.title for one in table.inputs}
        found |= {("column", one.name, name): one.title for one in table.outputs.values()}
    for chain in workflow.escalations:
        found["chain", chain.name, ""] = chain.title
        found |= {("level", level.name, chain.name): level.title for level in chain.levels}
    for policy in workflow.dispatch:
        if policy.title:
            found.setdefault(("slot", policy.slot, ""), policy.title)
    found |= {("clock", clock.name, ""): clock.title for clock in workflow.clocks}
    found |= {("survey", survey.name, ""): survey.title for survey in workflow.surveys}
    found |= {("law", law.name, ""): law.title for law in workflow.laws}
    return {key: title for key, title in found.items() if title}


def check_titles(compiled: Compiled) -> None:
    """Everything that ``titles`` calls something is declared."""
    spec = compiled.workflow
    for kind, names in (("roles", spec.roles), ("queues", spec.queues), ("calendars", compiled.calendars)):
        for name in spec.titles.get(kind, ()):
            compiled.problems.known(kind.removesuffix("s"), name, names, f"titles.{kind}.{name}")


def _event(found: Names, move: Transition) -> None:
    """What an event is called by its first transition with a title; one that other words stand for too has none of its own."""
    if move.event and move.title and " " not in move.event and "*" not in move.event:
        found.setdefault(("event", move.event, ""), move.title)


def _of_states(workflow: Workflow) -> Iterator[tuple[tuple[str, str, str], str]]:
    for name, state in workflow.compiled.states.items():
        yield ("state", name, ""), state.title
        for step in state.checklist:
            yield ("step", step.step, name), step.title
            yield ("clock", f"step.{name}.{step.step}", ""), step.title
        if state.approval is not None:
            yield ("clock", f"approval.{name}", ""), state.approval.title or state.title


_OURS: Mapping[str, Mapping[str, tuple[str, str]]] = {"event": EVENTS, "role": RELATIONS}
"""Kind -> what is built in, with its name and its Chinese."""


class Called:
    """What a workflow's parts are called; every ``Workflow`` is one."""

    @cached_property
    def titles_by_name(self) -> Mapping[tuple[str, str, str], str]:
        """Every title of the definition by kind, name, and what it is a part of, as ``called`` takes them."""
        return FrozenMap(all_titles(cast("Workflow", self)))

    def called(self, kind: str, name: str, *, of: str = "", lang: str = "en") -> str:
        """
        What people call a part of the workflow in a language: its title, else its name; what servflow itself brings
        (``ticket.cancel``, ``assignee``) has a title of ours in Chinese.

        Args:
            kind: ``state``, ``event``, ``field``, ``value``, ``clock``, ``chain``, ``level``, ``queue``, ``role``,
                ``calendar``, ``step``, ``slot``, ``table``, ``column``, ``survey``, ``law`` or ``workflow``.
            name: its name in the definition; one that the definition does not have is given back as it is. A value is named
                by its text.
            of: what it is a part of: the field of a value, the chain of a level, the state of a step, the table of a column.
            lang: a language tag; where a title is not said in it, as ``in_language`` finds it.

        Raises:
            InputError: there is no such kind, with a did-you-mean.
        """
        if kind not in KINDS:
            facts = {"kind": shown(kind), "known": KINDS, "nearest": nearest(str(kind), KINDS)}
            found = Finding("called.kind", "", facts)
            raise InputError(f"{found.message()}; {found.hint()}", code="called.kind", findings=(found,), **facts)
        ours = _OURS.get(kind, {}).get(name) if str(lang).lower().partition("-")[0] == "zh" else None
        return in_language(self.titles_by_name.get((kind, name, of), ""), lang) or (ours[1] if ours else name)


__all__ = ["Called", "check_titles"]
