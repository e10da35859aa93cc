"""Knows the events that checklists, approvals, children and dispatch raise, and who listens; must not know when they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from servflow.engine._definition import BUILT_IN
from servflow.errors import nearest
from servflow.model import EMPTY, Action

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._compile import Compiled

_OTHERS = ("assigned", "exhausted", "done")

BREACHED = "helper.breached"
"""Raised when time goes past what a helper promised; its payload names the ``helper`` and the ``due`` instant."""


class Raised:
    """
    What the idioms of one workflow raise as events of its own.

    ``checked.<state>.<step>`` and ``unchecked.<state>.<step>``, ``done.checklist.<state>``, ``approved.<state>`` and
    ``rejected.<state>``, ``children.closed``, ``parts.ready`` and ``parts.short``, and of dispatch ``proposed.<policy>`` and
    ``redispatched.<policy>``. They are raised only where something listens.
    """

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled
        found = {"children.closed", "parts.ready", "parts.short"}
        if any(_promises(actions) for actions in _all_actions(compiled)):
            found.add(BREACHED)
        for name, state in compiled.states.items():
            if state.checklist:
                found.add(f"done.checklist.{name}")
            for step in state.checklist:
                found |= {f"checked.{name}.{step.step}", f"unchecked.{name}.{step.step}"}
            if state.approval is not None:
                found |= {f"approved.{name}", f"rejected.{name}"}
        for policy in compiled.workflow.dispatch:
            if "approve" in (policy.mode, *(step.mode for step in policy.relax)):
                found.add(f"proposed.{policy.name}")
            if policy.redispatch is not None:
                found.add(f"redispatched.{policy.name}")
        for policy in compiled.workflow.dispatch:
            if policy.appointment is not None:
                found |= {f"unbooked.{policy.name}", f"upcoming.{policy.name}"}
        found |= {survey.event for survey in compiled.workflow.surveys}
        self.names = frozenset(found)
        # A workflow that has nothing to do with spare parts may well have events of its own that begin like this.
        named = (word for move in compiled.workflow.transitions for word in (move.event or "").split())
        self.of_parts = any(name.startswith("part.") for name in (*named, *compiled.workflow.events))
        self._heads = frozenset(head for name in found for head in _heads(name))

    def covers(self, event: str) -> bool:
        """
        Whether an event, or a transition's descriptor, is one of these or stands for several of them.

        A first word alone stands for those of approvals only: the others a workflow may well use for its own.
        """
        return bool(self._heads) and event.removesuffix(".*") in self._heads

    def internal(self, event: str) -> bool:
        """Whether the workflow itself raises the event: one of these, or one of dispatch and of final states."""
        first, dot, _ = event.partition(".")
        return (bool(dot) and first in _OTHERS) or self.covers(event)

    @cached_property
    def heard(self) -> frozenset[str]:
        """Those that something listens to; a transition for whatever event (``*``) is not meant by them."""
        by_parts = self._compiled.heard
        return frozenset(name for name in self.names if name in by_parts or self.taken(name))

    def taken(self, name: str) -> bool:
        """Whether a transition takes one of these events, by its name or one that stands for several."""
        return not self._asked.isdisjoint(_beginnings(name))

    @cached_property
    def _asked(self) -> frozenset[str]:
        return frozenset(one.removesuffix(".*") for one in self._compiled.descriptors if self.covers(one))

    def check(self) -> None:
        """Note every transition for such an event that nothing raises."""
        firsts = {name.split(".", maxsplit=1)[0] for name in self.names} - {"done"}
        if not self.of_parts:  # who has nothing to do with spare parts may well have events of their own that begin like this
            firsts.discard("parts")
        for index, move in enumerate(self._compiled.transitions):
            for event in (move.event or "").split():
                if event in BUILT_IN:
                    continue
                mine = "." in event and event.split(".", maxsplit=1)[0] in firsts
                if (mine or event == BREACHED) and not self.covers(event):
                    known = sorted(self.names)
                    self._compiled.problems.add(
                        "event.never_raised",
                        f"{self._compiled.path_of(index)}.event",
                        "warning",
                        event=event,
                        known=known,
                        nearest=nearest(event, known),
                    )


def _all_actions(compiled: Compiled) -> Iterator[tuple[Action, ...]]:
    flow = compiled.workflow
    yield from (move.do for move in flow.transitions)
    yield from (rule.then for rule in flow.rules)
    for chain in (*flow.escalations, *flow.past_chains):
        for level in chain.levels:
            yield level.do


def _promises(actions: tuple[Action, ...]) -> bool:
    return any(
        action.kind == "add_helper" and isinstance(action.value, Mapping) and action.value.get("within") is not None
        for action in actions
    )


def _heads(name: str) -> list[str]:
    """The name, and what stands for it and others: its beginnings of at least two words, or one of approvals."""
    found = _beginnings(name)
    return found if found[0] in ("approved", "rejected") else found[1:]


def _beginnings(name: str) -> list[str]:
    words = name.split(".")
    return [".".join(words[:count]) for count in range(1, len(words) + 1)]


def tell(call: OneCall, event: str, payload: Mapping[str, Any] = EMPTY) -> None:
    """Raise an event of an idiom, where anything listens to it."""
    if event in call.compiled.raised.heard:
        call.raise_event(event, payload)


__all__ = ["Raised", "tell"]
