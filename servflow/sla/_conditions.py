"""Knows what a clock can wait for and how that is written; must not know what happens to the clock then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from servflow.errors import shown
from servflow.model import FrozenMap, freeze
from servflow.sla._parts import Problems, is_condition, misspelt, read_names

KINDS = ("state", "event", "message", "field", "queue", "left", "left_queue")
"""What a condition can look at."""

NARROWING = ("when", "after")
"""What may stand beside the one thing a condition looks at."""

_MESSAGE_KEYS = ("side", "public", "channel")
SIDES = ("agent", "customer", "system")
"""Who can have written a message."""


@frozen
class Condition:
    """
    Something that starts, pauses or ends a clock when it comes true.

    ``kind`` is ``state`` (a state is entered), ``left`` (a state is left), ``event`` (an event was accepted),
    ``message`` (one was written; the value narrows ``side``, ``public`` and ``channel``), ``field`` (a field
    changed, or came to a value when the value is a mapping of its name), ``queue`` (the ticket came into it) or
    ``left_queue`` (it went out of it).

    ``when`` is a condition as text or tree that must hold at that moment, over the fields and, of an event or a
    message, its payload; ``after`` names a clock of the ticket that must have been stopped by then.
    """

    kind: str
    value: Any
    when: Any = None
    after: str | None = None

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

    @property
    def plain(self) -> bool:
        """Whether nothing narrows it."""
        return self.when is None and self.after is None

    def to_data(self) -> dict[str, Any]:
        """The mapping it is written as."""
        out: dict[str, Any] = {self.kind: dict(self.value) if isinstance(self.value, Mapping) else self.value}
        if self.when is not None:
            out["when"] = plain_tree(self.when)
        return out if self.after is None else out | {"after": self.after}


def plain_tree(value: Any) -> Any:
    """A condition's tree as dictionaries and lists; text stays text."""
    if isinstance(value, Mapping):
        return {key: plain_tree(item) for key, item in value.items()}
    return [plain_tree(item) for item in value] if isinstance(value, tuple) else value


def read_condition(data: Any, path: str, problems: Problems) -> tuple[Condition, ...]:
    """The conditions a mapping stands for: one, or one for each name of a list; none when it is wrong."""
    if isinstance(data, Condition):
        data = data.to_data()
    kinds = [key for key in data if key not in NARROWING] if isinstance(data, Mapping) else []
    if len(kinds) != 1 or kinds[0] not in KINDS:
        problems.add("condition", path, value=shown(data), kinds=KINDS, **misspelt(kinds, (*KINDS, *NARROWING)))
        return ()
    kind, value = kinds[0], data[kinds[0]]
    narrowed = _read_narrowing(data, path, problems)
    if kind == "message":
        found = _read_message(value, path, problems)
    elif kind == "field" and isinstance(value, Mapping):
        found = _read_field(value, path, problems)
    else:
        names = read_names(value, f"{path}.{kind}".lstrip("."), problems)
        found = tuple(Condition(kind, name) for name in names)
    return tuple(Condition(item.kind, item.value, *narrowed) for item in found)


def _read_narrowing(data: Mapping[str, Any], path: str, problems: Problems) -> tuple[Any, str | None]:
    when, after = data.get("when"), data.get("after")
    if isinstance(when, str):
        when = when.strip()
    if when is not None and not is_condition(when):
        problems.add("when", f"{path}.when".lstrip("."), value=shown(when))
        when = None
    if after is not None and not (isinstance(after, str) and after.strip()):
        problems.add("after", f"{path}.after".lstrip("."), value=shown(after))
    return freeze(when), after.strip() if isinstance(after, str) else None


def _read_message(value: Any, path: str, problems: Problems) -> tuple[Condition, ...]:
    given = {} if value is None else {"side": value} if isinstance(value, str) else value
    if not isinstance(given, Mapping):
        problems.add("message", path, value=shown(value))
        return ()
    side, channel = given.get("side"), given.get("channel")
    sound = (
        set(given) <= set(_MESSAGE_KEYS)
        and isinstance(given.get("public", True), bool)
        and (side is None or isinstance(side, str))
        and (channel is None or (isinstance(channel, str) and bool(channel.strip())))
    )
    if not sound:
        problems.add("message", path, value=shown(value), **misspelt(given, _MESSAGE_KEYS))
        return ()
    if side is not None and side not in SIDES:
        problems.add("side", path, value=shown(side), known=SIDES, **misspelt((side,), SIDES))
        return ()
    return (Condition("message", FrozenMap({key: given[key] for key in _MESSAGE_KEYS if given.get(key) is not None})),)


def _read_field(value: Mapping[str, Any], path: str, problems: Problems) -> tuple[Condition, ...]:
    wanted: Any = next(iter(value.values()), None)
    if len(value) != 1 or not isinstance(wanted, (str, int, float, bool, type(None))):
        problems.add("field", path, value=shown(value))
        return ()
    return (Condition("field", FrozenMap({str(name): wanted for name in value})),)
