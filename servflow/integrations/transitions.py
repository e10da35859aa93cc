"""Knows how a flat machine of the `transitions` package reads as a servflow definition; must not run that machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from servflow.errors import InputError
from servflow.integrations._parts import Parts
from servflow.model import FrozenMap, freeze

_CALLBACKS = ("prepare_event", "before_state_change", "after_state_change", "finalize_event", "on_exception", "on_final")


def from_transitions(machine: Any, conditions: Mapping[Any, str] | None = None) -> Parts:
    """
    Read a flat ``transitions.Machine``.

    The first transition of an event in the order it was added whose conditions hold is taken, here as there. Two
    things differ: a servflow machine stays where it is on an event that is not allowed, and a workflow refuses it; and
    the triggers ``to_<state>`` that the machine makes by itself are left out, for which ``ticket.force`` exists.

    Args:
        machine: the machine; it is read and not changed.
        conditions: what a condition means: its name, or the function itself, to an expression. A name that is not
            listed becomes a bool field of that name.

    Raises:
        InputError: the machine is nested, or a condition is a function that *conditions* does not explain.
    """
    if any(hasattr(state, "states") for state in machine.states.values()):
        raise InputError(
            "only a flat machine can be read; write nested states as `states` inside a state of the definition",
            code="integrations.nested",
        )
    reading = _Reading(machine, conditions or {})
    moves = tuple(freeze(move) for name, event in machine.events.items() for move in reading.moves(name, event))
    states = {name: ({"closed": True} if getattr(state, "final", False) else {}) for name, state in machine.states.items()}
    return Parts(
        initial=_name(machine.initial),
        states=FrozenMap({name: freeze(spec) for name, spec in states.items()}),
        transitions=moves,
        fields=FrozenMap({name: freeze({"type": "bool", "default": False}) for name in reading.names}),
        dropped=tuple(reading.dropped()),
    )


def _name(state: Any) -> str:
    return str(getattr(state, "name", state))


class _Reading:
    """One machine being read: the names its conditions need, gathered on the way."""

    def __init__(self, machine: Any, conditions: Mapping[Any, str]) -> None:
        self.machine = machine
        self.known = conditions
        self.names: dict[str, None] = {}

    def moves(self, name: str, event: Any) -> Iterable[dict[str, Any]]:
        automatic = {f"to_{state}" for state in self.machine.states} if self.machine.auto_transitions else set()
        if name in automatic:
            return
        for source, transitions in event.transitions.items():
            for transition in transitions:
                move: dict[str, Any] = {"event": name, "source": source}
                if transition.dest is not None:
                    move["target"] = transition.dest
                parts = [self.guard(name, condition) for condition in transition.conditions]
                if parts:
                    move["when"] = " && ".join(parts)
                yield move

    def guard(self, event: str, condition: Any) -> str:
        """One condition as an expression; `unless` ones are those whose target is False."""
        func = condition.func
        text = self.known.get(func)
        if text is not None:
            return f"({text})" if condition.target else f"!({text})"
        if not isinstance(func, str):
            called = getattr(func, "__qualname__", repr(func))
            raise InputError(
                f"the condition {called} of event {event!r} is code, which a definition cannot hold; "
                "pass conditions={function: 'an expression over fields'}",
                code="integrations.condition",
                event=event,
                condition=called,
            )
        self.names[func] = None
        return func if condition.target else f"!{func}"

    def dropped(self) -> Iterable[str]:
        for name in _CALLBACKS:
            if getattr(self.machine, name, None):
                yield f"{name} of the machine"
        for state in self.machine.states.values():
            for hook in ("on_enter", "on_exit", "on_final"):
                if getattr(state, hook, None):
                    yield f"{hook} of state {state.name}"
        for name, event in self.machine.events.items():
            for transitions in event.transitions.values():
                for transition in transitions:
                    for hook in ("prepare", "before", "after"):
                        if getattr(transition, hook, None):
                            yield f"{hook} of {name} from {transition.source}"
