"""Knows how a run of a machine is written down as Python that does it again; must not know what was wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from servflow.model import SYSTEM, Actor, World, write_instant

HEAD = (
    "from datetime import datetime, timedelta",
    "from decimal import Decimal",
    "",
    "import servflow",
    "",
    "moment = datetime.fromisoformat",
)
"""What every story begins with; ``workflow`` is the reader's own."""


def literal(value: Any) -> str:
    """A value as Python writes it, with the names of ``HEAD``."""
    if isinstance(value, datetime):
        return f"moment({write_instant(value)!r})"
    if isinstance(value, timedelta):
        return f"timedelta(days={value.days}, seconds={value.seconds}, microseconds={value.microseconds})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return repr(value)


def actor_text(actor: Actor | None) -> str:
    """An actor as a host would pass them; empty for nobody."""
    if actor is None:
        return ""
    if actor == SYSTEM:
        return ", actor=servflow.SYSTEM"
    given = {"id": actor.id, "roles": list(actor.roles)} if actor.roles else actor.id
    return f", actor={given!r}"


def world_text(world: World) -> str:
    """A world as Python; schedules are told by name only."""
    parts = [
        f"{name}=[{', '.join(literal(_set(one)) for one in getattr(world, name))}]"
        for name in ("engineers", "outlets", "people", "queues")
        if getattr(world, name)
    ]
    parts += [
        f"{name}={literal(getattr(world, name))}" for name in ("loads", "presence", "areas", "stock") if getattr(world, name)
    ]
    if world.calendars:
        made = {name: _calendar(calendar) for name, calendar in world.calendars.items()}
        parts.append("calendars={" + ", ".join(f"{name!r}: {text}" for name, text in made.items()) + "}")
    missing = f"  # and the schedules {', '.join(sorted(world.schedules))}" if world.schedules else ""
    return f"servflow.World({', '.join(parts)}){missing}"


def _calendar(calendar: Any) -> str:
    return f"servflow.Calendar(**{literal(calendar.to_data())})" if hasattr(calendar, "to_data") else repr(calendar)


def _set(entity: Any) -> dict[str, Any]:
    """What of an engineer, an outlet, a person or a queue says more than that it is there."""
    held = {part.name: getattr(entity, part.name) for part in attrs.fields(type(entity))}
    return {name: value for name, value in held.items() if value or (value == 0 and name == "capacity")}


def script(lines: Iterable[str]) -> str:
    """The whole story."""
    return "\n".join([*HEAD, *lines])
