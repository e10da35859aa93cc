"""Knows what a clock can wait for and how that is written; must not know what happens to the clock then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from servflow.errors import nearest, shown
from servflow.model import FrozenMap
from servflow.sla._parts import Problems, read_names

KINDS = ("state", "event", "message", "field", "queue")
"""What a condition can look at."""

_MESSAGE_KEYS = ("side", "public")


@frozen
class Condition:
    """
    Something that starts, pauses or ends a clock when it comes true.

    ``kind`` is ``state`` (a state is entered), ``event`` (an event was accepted), ``message`` (one was
    written; the value narrows ``side`` and ``public``), ``field`` (a field changed, or came to a value
    when the value is a mapping of its name) or ``queue`` (the ticket came into it).
    """

    kind: str
    value: Any

    @classmethod
    def of(cls, data: Condition | Mapping[str, Any]) -> Condition:
        """
        Read one condition from a mapping of its kind to its value.

        Raises:
            DefinitionError: there is not exactly one kind, it is not known, or the value does not suit it.
        """
        problems = Problems()
        found = read_condition(data, "", problems)
        problems.settle()
        return found[0]

    def to_data(self) -> dict[str, Any]:
        """The mapping it is written as."""
        return {self.kind: dict(self.value) if isinstance(self.value, Mapping) else self.value}


def read_condition(data: Any, path: str, problems: Problems) -> tuple[Condition, ...]:
    """The conditions a mapping stands for: one, or one for each name of a list; none when it is wrong."""
    if isinstance(data, Condition):
        data = data.to_data()
    if not isinstance(data, Mapping) or len(data) != 1:
        problems.add("condition", path, value=shown(data), kinds=KINDS)
        return ()
    kind, value = next(iter(data.items()))
    if kind not in KINDS:
        close = nearest(kind, KINDS)
        problems.add("condition", path, value=shown(kind), kinds=KINDS, **({"nearest": close} if close else {}))
        return ()
    if kind == "message":
        return _read_message(value, path, problems)
    if kind == "field" and isinstance(value, Mapping):
        return _read_field(value, path, problems)
    return tuple(Condition(kind, name) for name in read_names(value, f"{path}.{kind}" if path else kind, problems))


def _read_message(value: Any, path: str, problems: Problems) -> tuple[Condition, ...]:
    given = {} if value is None else {"side": value} if isinstance(value, str) else value
    sound = (
        isinstance(given, Mapping)
        and set(given) <= set(_MESSAGE_KEYS)
        and isinstance(given.get("side", ""), str)
        and isinstance(given.get("public", True), bool)
    )
    if not sound:
        problems.add("message", path, value=shown(value))
        return ()
    return (Condition("message", FrozenMap({key: given[key] for key in _MESSAGE_KEYS if key in given})),)


def _read_field(value: Mapping[str, Any], path: str, problems: Problems) -> tuple[Condition, ...]:
    wanted: Any = next(iter(value.values()), None)
    if len(value) != 1 or not isinstance(wanted, (str, int, float, bool, type(None))):
        problems.add("field", path, value=shown(value))
        return ()
    return (Condition("field", FrozenMap({str(name): wanted for name in value})),)
