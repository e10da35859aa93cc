"""Knows what a machine of another library amounts to as plain data; must not know any of those libraries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from servflow.model import FrozenMap
from servflow.statemachine import Machine

_STATE = ("states", "initial", "parallel", "final", "history", "default")
_MOVE = ("event", "source", "target", "internal", "when")


@frozen(kw_only=True)
class Parts:
    """
    What a machine amounts to, as plain data.

    ``states``, ``transitions`` and ``initial`` are sections of a definition; states may hold states. ``fields``
    declares a bool for each condition that was only a name. ``calls`` names the ``call`` effects in it, which the host
    handles. ``dropped`` lists, in words, what the machine did by itself and a definition cannot: it becomes
    effects or records that the host acts on. ``differs`` lists what goes otherwise than it went there.
    """

    initial: Any
    states: FrozenMap[str, Any]
    transitions: tuple[FrozenMap[str, Any], ...]
    fields: FrozenMap[str, Any]
    calls: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()

    def machine(self) -> Machine:
        """
        The state machine alone; conditions read what is passed to ``step``, and nothing is called.

        Raises:
            DefinitionError: a name means something else in a statechart, such as an event with a blank in it.
        """
        return Machine(
            initial=_thawed(self.initial),
            states={name: _chart(spec) for name, spec in self.states.items()},
            transitions=[{key: _thawed(move[key]) for key in _MOVE if key in move} for move in self.transitions],
        )

    def definition(self, workflow: str, **more: Any) -> dict[str, Any]:
        """
        The mapping for ``Workflow(**...)`` or ``load``.

        Args:
            workflow: its name.
            more: further sections; ``fields`` given here win over those of conditions.
        """
        fields = {**self.fields, **more.pop("fields", {})}
        return {
            "workflow": workflow,
            "initial": _thawed(self.initial),
            "fields": {name: _thawed(spec) for name, spec in fields.items()},
            "states": {name: _thawed(spec) for name, spec in self.states.items()},
            "transitions": [_thawed(move) for move in self.transitions],
            **more,
        }


# Readers bound how deep states lie in one another before they make parts, so both may call themselves.


def _chart(spec: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: _thawed(spec[key]) for key in _STATE if key in spec and key != "states"}
    if spec.get("states"):
        kept["states"] = {name: _chart(inner) for name, inner in spec["states"].items()}
    return kept


def _thawed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _thawed(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_thawed(item) for item in value]
    return value
