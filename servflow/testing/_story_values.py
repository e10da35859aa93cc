"""Knows how values that stories write become values as tickets take them; must not know what is done with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from servflow.engine import BUILT_IN, Workflow
from servflow.engine._definition import ATTRIBUTES
from servflow.engine._fitting import attribute_of, fitted
from servflow.testing._story import DAY, moment

_INSTANT = "timestamp"
_SNOOZED = ("chain.snooze", "until")  # an instant or a span, so that no type says it


def typed(flow: Workflow, name: str, value: Any, zone: str) -> Any:
    """
    A value as tickets of the workflow hold it; a wall time stands for the instant at which the zone's clocks show it.

    Raises:
        Refused: it does not fit.
    """
    if name in flow.fields:
        spec = flow.fields[name]
        return None if value is None else fitted(spec, _instant(value, zone) if spec.type == _INSTANT else value, name)
    return attribute_of(flow.queues, name, value) if name in ATTRIBUTES else value


def fields_sent(flow: Workflow, fields: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """The fields of an opening; wall times in fields that hold instants are instants of the zone."""
    held = {name for name, spec in flow.fields.items() if spec.type == _INSTANT}
    return {name: _instant(value, zone) if name in held else value for name, value in fields.items()}


def payload_sent(flow: Workflow, event: str, payload: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """What comes with an event; wall times where it takes instants are instants of the zone."""
    held = set(_instants_of(flow, event))
    return {name: _instant(value, zone) if name in held else value for name, value in payload.items()}


def _instants_of(flow: Workflow, event: str) -> Iterator[str]:
    """The names in an event's payload that hold instants, as far as the library or the definition says it."""
    yield from (name for name, told in BUILT_IN.get(event, {}).items() if told.rstrip("?") == _INSTANT)
    if event == _SNOOZED[0]:
        yield _SNOOZED[1]
    declared = [flow.compiled.links[index].spec.payload for index in flow.compiled.takers.of(event)]
    if event in flow.events:
        declared.append(flow.events[event].payload)
    for payload in declared:
        yield from (name for name, spec in payload.items() if spec.type == _INSTANT)


def _instant(value: Any, zone: str) -> Any:
    """The instant that a wall time with its day stands for; whatever else it is stays as it is."""
    if not isinstance(value, str) or DAY.fullmatch(value.strip()) is None:
        return value
    found = moment(value, zone)
    instant: datetime | None = None if found is None else found.instant
    return value if instant is None else instant
