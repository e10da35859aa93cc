"""Knows which change of one field would let a refused event happen; must not know how a refusal is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from attrs import frozen

from servflow.engine._actions import attribute, fitted
from servflow.engine._definition import ATTRIBUTES
from servflow.engine._guards import parts_of
from servflow.errors import Refused, TimeError, render
from servflow.expressions import Expression, FieldType, distance, solve
from servflow.model import FrozenMap, Span, ValueProblem, write_instant

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._compile import Link

BUDGET = 60
"""How many values are tried for one field: a refusal is an everyday answer and must stay a quick one."""

MAX_FIELDS = 12
"""How many fields are tried for one refusal."""

_PRIORITIES = tuple(range(1, 10))


@frozen
class Change:
    """One field that would have to be another, and how far that is from what it is."""

    field: str
    old: Any
    new: Any
    invented: bool
    far: Fraction
    place: int

    def as_fact(self) -> FrozenMap[str, Any]:
        """What a program needs: JSON-ready, in the form ``ticket.update`` takes."""
        known = {"field": self.field, "from": plainly(self.old), "to": plainly(self.new)}
        return FrozenMap({**known, "any": True} if self.invented else known)

    def said(self) -> Mapping[str, str]:
        """What people are told, by language."""
        code = "clear" if self.new is None else "change" if not self.invented else "fill" if self.old is None else "another"
        facts = {"field": self.field, "to": _shown(self.new)}
        return {lang: render(f"refused.would_{code}", facts, lang) for lang in ("en", "zh")}


def smallest_change(
    call: OneCall,
    failed: Iterable[tuple[Link, Mapping[str, Any] | None]],
    allowed: Callable[[], bool],
) -> Change | None:
    """
    The smallest change of one field after which an event is allowed, where one field suffices.

    Only declared fields and what ``ticket.update`` may set are changed: never time, the actor or a clock. Of
    several the one that lies nearest is given, then the first in the definition.

    Args:
        call: the ticket as it stands; it stands so again afterwards.
        failed: the transitions whose guards do not hold, each with the payload it was asked with; None where
            no payload was given, and parts of the guard that read one are left aside.
        allowed: asks the whole question again on the ticket as the call then holds it.
    """
    found: list[Change] = []
    asked: set[tuple[str, Any]] = set()
    fields = (*call.workflow.fields, *ATTRIBUTES)
    for link, payload in failed:
        parts = _asked_parts(call, link, payload)
        reads = {name for part in parts for name in call.compiled.depends_on(part)}
        for place, name in enumerate(fields):
            if name not in reads or len(asked) >= MAX_FIELDS:
                continue
            for change in _changes(call, parts, payload, name, place):
                key = (name, repr(change.new))
                if key not in asked:
                    asked.add(key)
                    if _would(call, change, allowed):
                        found.append(change)
                        break
    return min(found, key=lambda change: (change.far, change.place), default=None)


def _asked_parts(call: OneCall, link: Link, payload: Mapping[str, Any] | None) -> list[Expression]:
    if link.guard is None:
        return []
    if payload is not None:
        return [link.guard]
    return [part for part in parts_of(call, link) if "payload" not in part.roots]


class _Others:
    """Everything a condition reads but one name, for the solver: that one is free."""

    def __init__(self, scope: Mapping[str, Any], name: str) -> None:
        self.scope = scope
        self.name = name

    def __getitem__(self, name: str) -> Any:
        if name == self.name:
            raise KeyError(name)
        return self.scope[name]


def _changes(
    call: OneCall, parts: list[Expression], payload: Mapping[str, Any] | None, name: str, place: int
) -> Iterator[Change]:
    if payload is not None:
        call.payload = payload
    call.scope_cache = None
    scope = call.scope()
    old = scope[name]
    spec = call.workflow.fields.get(name)
    choices = spec.allowed if spec is not None else _choices(call, name)
    kind = spec.type if spec is not None else call.compiled.types[name]
    types = {**call.compiled.types, name: FieldType(kind, choices)}
    fixed: Any = _Others(scope, name)
    if any(part.reads & {name} or any(read.startswith(name + ".") for read in part.reads) for part in parts):
        solved = solve(parts, types=types, fixed=fixed, near={name: old}, budget=BUDGET)
        values = [solved.values[name]] if solved.status == "yes" and name in solved.values else []
    else:
        values = _by_table(call, parts, name, choices, kind)
    for value in values:
        fit = _fit(call, name, value)
        if fit is not _UNFIT and fit != old:
            known = value is None or isinstance(value, bool) or value in choices or kind not in ("string", "bytes", "any")
            invented = not known and not _written(parts, value)
            yield Change(name, old, fit, invented, distance(old, fit, choices), place)


def _choices(call: OneCall, name: str) -> tuple[Any, ...]:
    if name == "priority":
        return _PRIORITIES
    return call.workflow.queues if name == "queue" else ()


def _written(parts: list[Expression], value: Any) -> bool:
    """Whether the condition itself names the value."""
    return any(repr(value)[1:-1] in part.text for part in parts)


def _by_table(call: OneCall, parts: list[Expression], name: str, choices: tuple[Any, ...], kind: str) -> list[Any]:
    """Values of a field that only decision tables read: those their rows tell apart, the nearest first."""
    names = {read.split(".")[1] for part in parts for read in part.reads if read.startswith("table.")}
    old = call.scope()[name]
    values = list(choices) or [True, False] if kind == "bool" or choices else []
    for table in sorted(names):
        found = call.workflow.tables.get(table)
        if found is not None and not values:
            values.extend(found.samples(name, call.compiled.types))
    return sorted(values, key=lambda value: distance(old, value, choices))[:MAX_FIELDS]


_UNFIT = object()


def _fit(call: OneCall, name: str, value: Any) -> Any:
    """The value as the ticket would hold it, or ``_UNFIT``."""
    if value is None:
        return None if name in call.workflow.fields or name not in ("priority", "tags") else _UNFIT
    try:
        spec = call.workflow.fields.get(name)
        return fitted(spec, value, name) if spec is not None else attribute(call, name, value)
    except (Refused, ValueProblem):
        return _UNFIT


def _would(call: OneCall, change: Change, allowed: Callable[[], bool]) -> bool:
    draft = call.draft
    before, payload = dict(draft.__dict__), call.payload
    if change.field in call.workflow.fields:
        draft.fields = draft.fields.with_item(change.field, change.new)
    else:
        setattr(draft, change.field, change.new)
    call.scope_cache = None
    try:
        return allowed()
    finally:
        draft.__dict__ = before
        call.payload = payload
        call.scope_cache = None


def plainly(value: Any) -> Any:
    """A field's value as JSON-ready data that ``ticket.update`` takes back."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return write_instant(value)
    if isinstance(value, timedelta):
        try:
            return Span.of(value).text
        except TimeError:  # negative, or longer than a span may be
            return f"{value.total_seconds():g}s"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, tuple)):
        return tuple(plainly(item) for item in value)
    return value


def _shown(value: Any) -> str:
    shown = plainly(value)
    if isinstance(shown, tuple):
        return ", ".join(str(item) for item in shown) or "[]"
    return {True: "true", False: "false"}[shown] if isinstance(shown, bool) else str(shown)
