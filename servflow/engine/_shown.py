"""Knows which step of a workflow each audience outside is shown, and keeps it; must not know how it is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import frozen

from servflow.model import Progressed

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._definition import State


@frozen(kw_only=True)
class View:
    """One audience's view of a workflow: which state stands for which step, in document order, and the texts."""

    steps: Mapping[str, str]
    """The state that stands for a step -> its text."""
    of_state: Mapping[str, str]
    """Any state -> the state that stands for the step it belongs to."""

    def here(self, configuration: tuple[str, ...]) -> tuple[str, ...]:
        """The states that stand for the steps of a configuration, in document order; none where nothing is shown."""
        now = {self.of_state[leaf] for leaf in configuration if leaf in self.of_state}
        return tuple(state for state in self.steps if state in now)


def compile_views(states: Mapping[str, State], clocks: Iterable[Any]) -> Mapping[str, View]:
    """Audience -> its view; states inherit what encloses them, and equal texts are one step."""
    steps: dict[str, dict[str, str]] = {}
    of_state: dict[str, dict[str, str]] = {}
    first: dict[tuple[str, str], str] = {}
    # An explicit stack, the next state on top: nesting comes from an untrusted document.
    stack: list[tuple[str, State, Mapping[str, str]]] = [(name, state, {}) for name, state in reversed(list(states.items()))]
    while stack:
        name, state, above = stack.pop()
        here = dict(above)
        for audience, text in state.shown.items():
            standing = first.setdefault((audience, text), name)
            steps.setdefault(audience, {}).setdefault(standing, text)
            here[audience] = standing
        for audience, standing in here.items():
            of_state.setdefault(audience, {})[name] = standing
        stack.extend((inner, part, here) for inner, part in reversed(list(state.states.items())))
    for clock in clocks:
        for audience in clock.shown:
            steps.setdefault(audience, {})
    return {name: View(steps=found, of_state=of_state.get(name, {})) for name, found in steps.items()}


def react(call: OneCall) -> None:
    """Record for each audience that what it sees is another step now."""
    happening, draft = call.happening, call.draft
    if not (happening.opened or happening.entered):
        return
    for audience, view in call.compiled.views.items():
        here = view.here(draft.configuration)
        before = draft.shown.get(audience, ())
        if happening.reopened and (here or before):
            call.record(Progressed, audience=audience, states=here, anew=True)
        elif here and {step.state for step in before if step.current} != set(here):
            call.record(Progressed, audience=audience, states=here)


__all__ = ["View", "compile_views", "react"]
