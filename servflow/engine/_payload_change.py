"""Knows which value of a payload would let a refused event happen; must not know fields, nor how a refusal is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from servflow.engine._fitting import fitted
from servflow.engine._guards import parts_of
from servflow.engine._payloads import payload_reads
from servflow.engine._scope import Scope, scope_types
from servflow.engine._smallest_change import MAX_FIELDS, Change, holds, plainly, written
from servflow.errors import Refused
from servflow.expressions import Expression, FieldType, Trial, distance
from servflow.model import Field, ValueProblem, freeze

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._compile import Link

MAX_VALUES = 20
"""How many values are tried for one name; those that conditions name come first."""

_WORDED = frozenset({"string", "list", "map", "any"})
"""Types of fields that may hold any text."""


def payload_change(
    call: OneCall, failed: Iterable[tuple[Link, Mapping[str, Any]]], allowed: Callable[[Mapping[str, Any]], bool]
) -> Change | None:
    """
    The smallest change of one value of a payload after which an event is allowed, where one suffices.

    Only what conditions read of the payload is changed. Of several the one that lies nearest is given, then the first
    that is declared. Nothing is told where a condition compares with a personal field, nor a text that only a field
    holds: whoever is asked for a code or a name is to know it.

    Args:
        call: the ticket as it stands; it stands so again afterwards.
        failed: the transitions whose guards do not hold, each with the payload it was asked with.
        allowed: asks the whole question again, with some values of the payload in place of those that came.
    """
    found: list[Change] = []
    asked: set[tuple[str, str]] = set()
    for link, payload in failed:
        parts = parts_of(call, link)
        order = tuple(dict.fromkeys((*link.spec.payload, *payload_reads(link))))
        for name in payload_reads(link)[:MAX_FIELDS]:
            mine = [part for part in parts if f"payload.{name}" in part.reads]
            for change in _changes(call, mine, payload, _Asked(name, order.index(name), link.index, link.spec.payload)):
                key = (name, repr(change.new))
                if key not in asked and len(asked) < MAX_VALUES:
                    asked.add(key)
                    if allowed({name: plainly(change.new)}):
                        found.append(change)
                        break
    return min(found, key=lambda change: (change.far, change.place), default=None)


@frozen
class _Asked:
    """One name of the payload of a transition, which is its how-manieth, and what the transition declares."""

    name: str
    place: int
    link: int
    declared: Mapping[str, Field]


def _changes(
    call: OneCall,
    parts: Sequence[Expression],
    payload: Mapping[str, Any],
    asked: _Asked,
) -> Iterator[Change]:
    name, spec = asked.name, asked.declared.get(asked.name, Field("any"))
    fields = call.workflow.fields
    read = [fields[other] for part in parts for other in call.compiled.depends_on(part) if other in fields]
    if spec.type == "bytes" or any(other.personal for other in read):
        return
    call.payload, call.scope_cache = payload, None
    scope, old = call.scope(), payload.get(name)
    key = (tuple(part.text for part in parts), f"{asked.link}:payload.{name}")
    known = call.compiled.trials
    if key not in known:
        types = scope_types({}, {}, (), asked.declared)["payload"]
        alone = FieldType(spec.type, spec.allowed)
        known[key] = Trial.of(parts, f"payload.{name}", {**call.compiled.types, "payload": types, f"payload.{name}": alone})
    trial = known[key]
    overlay = Scope(call)

    def would(value: Any) -> bool:
        overlay["payload"] = freeze({**payload, name: value})
        return all(holds(part, overlay) for part in parts)

    listed = tuple(value for one in (spec, *read) for value in one.allowed)
    compared = any(not other.allowed and other.type in _WORDED for other in read)
    values = list(spec.allowed)
    if trial is not None:
        values += trial.values(scope, old)
        close = trial.around(would, old) if trial.blurred else None
        values += [] if close is None else [close]
    fit = (_fit(spec, value, name) for value in values if value is not None)
    useful = [value for value in fit if value is not None and value != old and would(value)]
    for value in sorted(useful, key=lambda value: distance(old, value, spec.allowed)):
        # A text that neither the condition nor a declaration names is one of many that would do, or the one that a field holds.
        fresh = [item for item in value if item not in (old or ())] if isinstance(value, (list, tuple)) else [value]
        invented = any(isinstance(item, str) and item not in listed and not written(parts, item) for item in fresh)
        if not (invented and compared):
            yield Change(name, old, value, invented, distance(old, value, spec.allowed), asked.place, of_payload=True)


def _fit(spec: Field, value: Any, name: str) -> Any:
    try:
        return fitted(spec, value, name)
    except (Refused, ValueProblem):
        return None


__all__ = ["payload_change"]
