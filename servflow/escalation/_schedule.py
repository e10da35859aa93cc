"""Knows how rotations lie on top of each other and who stands in for whom; must not know tickets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from servflow.errors import DefinitionError, Finding, TimeError, shown
from servflow.escalation import _shape
from servflow.escalation._rotation import Rotation, Users, first_other, read_group
from servflow.escalation._shape import Broken, broken
from servflow.model import instant, read_instant, write_instant

MAX_LAYERS = 50
MAX_OVERRIDES = 10_000
ACTIONS = ("replace", "add", "remove")
COMBINE = ("union", "top")


def _read_instant(value: Any) -> Any:
    try:
        return read_instant(value) if isinstance(value, str) else instant(value)
    except TimeError:
        return broken("escalation.instant", value=shown(value))


@frozen(kw_only=True)
class Override:
    """
    A change to who is on call for one stretch of time, half-open ``[start, end)``.

    ``action`` says what becomes of those on call: ``replace`` (the default: only ``users`` are),
    ``add`` or ``remove``. ``users`` is an id or several. Instants are aware, or text with an offset.

    Raises:
        DefinitionError: with every part that is wrong.
    """

    start: datetime = field(converter=_read_instant)
    end: datetime = field(converter=_read_instant)
    users: Users = field(converter=read_group)
    action: str = "replace"

    def __attrs_post_init__(self) -> None:
        found = [*_shape.problems(self), *_shape.check_option(self.action, ACTIONS, "action")]
        if not _shape.problems(self) and self.end <= self.start:
            facts = {"start": write_instant(self.start), "end": write_instant(self.end)}
            found.append(Finding("escalation.override", "end", facts))
        if found:
            raise DefinitionError.of(found)

    def to_data(self) -> dict[str, Any]:
        """The override as its JSON-ready mapping."""
        data: dict[str, Any] = {"start": write_instant(self.start), "end": write_instant(self.end), "users": list(self.users)}
        return data if self.action == "replace" else {**data, "action": self.action}


def _layers(value: Any) -> Any:
    return _shape.read_values(Rotation, value, MAX_LAYERS)


def _overrides(value: Any) -> Any:
    return _shape.read_values(Override, value, MAX_OVERRIDES)


@frozen
class Schedule:
    """
    Layers of rotations, later ones on top, and overrides.

    With ``combine`` ``union`` (the default) everybody whom a layer names is on call, the lower layers
    first; with ``top`` only those of the highest layer that has somebody. Overrides then apply in
    their order, so the last one to replace decides.

    Raises:
        DefinitionError: with every part that is wrong.
    """

    layers: tuple[Rotation, ...] = field(default=(), converter=_layers)
    overrides: tuple[Override, ...] = field(default=(), converter=_overrides)
    combine: str = "union"

    def __attrs_post_init__(self) -> None:
        found = [*_shape.problems(self), *_shape.check_option(self.combine, COMBINE, "combine")]
        if found:
            raise DefinitionError.of(found)

    @classmethod
    def of(cls, source: Schedule | Mapping[str, Any]) -> Schedule:
        """
        Read a schedule from a mapping with the constructor's keys; a schedule is returned as it is.

        Raises:
            DefinitionError: with every problem, unknown keys included.
        """
        read = _shape.read_value(cls, source)
        if isinstance(read, Broken):
            raise DefinitionError.of(read.findings)
        schedule: Schedule = read
        return schedule

    def on_call(self, at: datetime) -> Users:
        """
        Who is on call at an instant, each once.

        Raises:
            TimeError: *at* is naive.
        """
        at = instant(at)
        users: list[str] = []
        for layer in reversed(self.layers) if self.combine == "top" else self.layers:
            users.extend(layer.on_call(at))
            if users and self.combine == "top":
                break
        for override in self.overrides:
            if override.start <= at < override.end:
                if override.action == "remove":
                    users = [user for user in users if user not in override.users]
                else:
                    users = [*(users if override.action == "add" else ()), *override.users]
        return tuple(dict.fromkeys(users))

    def next_change(self, at: datetime) -> datetime | None:
        """The first instant after *at* at which a layer or an override starts or ends; None where none does."""
        at = instant(at)
        changes = [change for layer in self.layers if (change := layer.next_change(at)) is not None]
        changes.extend(end for override in self.overrides for end in (override.start, override.end) if end > at)
        return min(changes, default=None)

    def next_on_call(self, at: datetime) -> Users:
        """Who is on call next: the first users after *at* that differ from those at *at*; nobody where none do."""
        return first_other(self, at)

    def to_data(self) -> dict[str, Any]:
        """The canonical, JSON-ready form: ``Schedule(**data)`` is this schedule again."""
        return _shape.to_data(self)
