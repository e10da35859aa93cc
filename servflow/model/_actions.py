"""Knows the form of one update in a definition; must not know how it is carried out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from servflow.errors import DefinitionError, Finding, nearest
from servflow.model._maps import freeze

ACTIONS = (
    "set",
    "notify",
    "call",
    "open",
    "send",
    "queue",
    "assign",
    "unassign",
    "emit",
    "raise_priority",
    "add_owner",
    "add_helper",
    "remove_helper",
    "watch",
    "unwatch",
    "tag",
    "start",
    "jump",
)
"""What a transition, a rule or a level may do; each is data, never code."""


@frozen
class Action:
    """
    One update: what it does and its arguments as plain data, such as ``set`` with ``{"priority": "1"}``.

    In a document it is a mapping with one key: ``{set: {priority: "1"}}``.
    """

    kind: str
    value: Any = None

    @classmethod
    def of(cls, source: Action | Mapping[str, Any], path: str = "do") -> Action:
        """
        Read an action from a mapping with one key.

        Raises:
            DefinitionError: it is no such mapping, or the key names no action.
        """
        if isinstance(source, Action):
            return source
        mapping: object = source  # whatever a document held
        if not isinstance(mapping, Mapping) or len(mapping) != 1:
            raise DefinitionError.of([Finding("action.form", path, {"value": source})])
        kind, value = next(iter(mapping.items()))
        if kind not in ACTIONS:
            raise DefinitionError.of(
                [Finding("action.unknown", path, {"action": kind, "known": ACTIONS, "nearest": nearest(str(kind), ACTIONS)})]
            )
        return cls(str(kind), freeze(value))


def actions(source: Any) -> tuple[Action, ...]:
    """
    Read a list of actions, or one action, from a definition.

    Raises:
        DefinitionError: with every action that cannot be read.
    """
    items = [source] if isinstance(source, (Action, Mapping)) else list(source or ())
    found: list[Finding] = []
    read: list[Action] = []
    for index, item in enumerate(items):
        try:
            read.append(Action.of(item, f"do[{index}]"))
        except DefinitionError as error:
            found.extend(error.findings)
    if found:
        raise DefinitionError.of(found)
    return tuple(read)
