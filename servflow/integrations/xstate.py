"""Knows how charts come from XState's JSON; must not run code or know XState's interpreter."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from servflow.errors import InputError, shown
from servflow.integrations._parts import Parts
from servflow.integrations._xstate_read import read_machine

MAX_LENGTH = 4_000_000
VERSIONS = (4, 5)


def from_xstate(
    config: Mapping[str, Any] | str | bytes,
    conditions: Mapping[str, str] | None = None,
    *,
    delays: Mapping[str, str | int | timedelta] | None = None,
    version: int | None = None,
) -> Parts:
    """
    Read the configuration of an XState machine, as `createMachine` takes it and JSON holds it.

    A guard that is a name becomes a bool field of that name, an action that is a name a ``call`` effect; ``entry`` and
    ``exit`` are put onto the transitions that cross a state. ``after`` becomes a timer of the state and the event
    ``after.<delay>.<state>``, the end of what is invoked the event that the host fires then. ``context`` and whatever else
    needs code is listed in ``dropped``. A state keeps its
    key as its name where no other state has the same key; otherwise it goes by its path, such as ``site.open``.

    Args:
        config: the configuration, or its JSON.
        conditions: what a guard means, by its name: an expression over fields.
        delays: how long a delay is that goes by a name: a span such as ``4h``, or milliseconds.
        version: 4 or 5. They differ where a transition leads to its own state or into it: version 4 leaves and enters the
            state unless the target begins with a dot, version 5 stays in it unless ``reenter`` is set. If None it is 4
            where something is written as only version 4 writes it (``cond``, ``internal``, ``in``, ``activities``,
            ``predictableActionArguments``), and 5 otherwise.

    Raises:
        InputError: it is no JSON object, or too long.
        DefinitionError: with every problem, each with its path; guards and delays without a meaning are all among them.
    """
    given: object = config
    if isinstance(given, (str, bytes)):
        if len(given) > MAX_LENGTH:
            raise InputError(f"the configuration is longer than {MAX_LENGTH:,} characters", code="xstate.json")
        try:
            given = json.loads(given)
        except (ValueError, RecursionError) as error:
            raise InputError(f"this is no JSON: {error}"[:300], code="xstate.json") from None
    if not isinstance(given, Mapping):
        raise InputError(f"a configuration is a JSON object, not {shown(given)}", code="xstate.json")
    if version is not None and version not in VERSIONS:
        raise InputError(f"version is 4 or 5, not {shown(version)}", code="xstate.version", version=version)
    # What the visual editor exports wraps the machine.
    for key in ("config", "machine"):
        inner = given.get(key)
        if "states" not in given and isinstance(inner, Mapping) and "states" in inner:
            given = inner
    return read_machine(given, version or _version(given), conditions or {}, delays or {})


_OLD = frozenset({"cond", "internal", "in", "activities"})


def _version(config: Mapping[str, Any]) -> int:
    if "predictableActionArguments" in config or "preserveActionOrder" in config:
        return 4
    return 4 if any(key in item for item in _transitions(config) for key in _OLD) else 5


def _transitions(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every transition object of a configuration and every state in it; names of events and states are not looked at."""
    waiting: list[tuple[Mapping[str, Any], int]] = [(config, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield {key: value for key, value in node.items() if key == "activities"}
        for key in ("on", "after"):
            held = node.get(key)
            values = list(held.values()) if isinstance(held, Mapping) else held if isinstance(held, list) else []
            yield from _objects(values)
        yield from _objects([node.get("always"), node.get("onDone")])
        inner = node.get("states")
        if isinstance(inner, Mapping) and depth < 100:
            waiting.extend((child, depth + 1) for child in inner.values() if isinstance(child, Mapping))


def _objects(values: list[Any]) -> Iterator[Mapping[str, Any]]:
    for value in values:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                yield item


__all__ = ["Parts", "from_xstate"]
