"""Knows which change of one field would let a refused event happen; must not know how a refusal is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from attrs import frozen

from servflow.engine._definition import ATTRIBUTES
from servflow.engine._fitting import attribute, fitted
from servflow.engine._guards import parts_of
from servflow.engine._scope import Scope
from servflow.errors import ExpressionError, Refused, TimeError, render
from servflow.errors._titled import plain_text, remedy_code
from servflow.expressions import Expression, FieldType, Trial, distance, solve
from servflow.model import FrozenMap, Span, ValueProblem, freeze, write_instant

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
    """One field, or one value of the payload, that would have to be another, and how far that is from what it is."""

    field: str
    old: Any
    new: Any
    invented: bool
    far: Fraction
    place: int
    of_payload: bool = False

    def as_fact(self) -> FrozenMap[str, Any]:
        """What a program needs: JSON-ready, in the form ``ticket.update`` takes, or the event itself in its payload."""
        known = {"payload" if self.of_payload else "field": self.field, "from": plainly(self.old), "to": plainly(self.new)}
        return FrozenMap({**known, "any": True} if self.invented else known)

    def said(self) -> Mapping[str, str]:
        """What people are told, by language."""
        facts = {"field": f"payload.{self.field}" if self.of_payload else self.field, "to": plain_text(plainly(self.new))}
        return {lang: render(remedy_code(self.as_fact()), facts, lang) for lang in ("en", "zh")}


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
            if name not in reads or len(asked) >= MAX_FIELDS or not _writable(call, name):
                continue
            for change in _changes(call, parts, payload, name, place):
                key = (name, repr(change.new))
                if key not in asked:
                    asked.add(key)
                    if _would(call, change, allowed):
                        found.append(change)
                        break
    return min(found, key=lambda change: (change.far, change.place), default=None)


def _writable(call: OneCall, name: str) -> bool:
    """Whether a value can be told as data that ``ticket.update`` takes back: bytes cannot."""
    spec = call.workflow.fields.get(name)
    return spec is None or spec.type != "bytes"


def _asked_parts(call: OneCall, link: Link, payload: Mapping[str, Any] | None) -> list[Expression]:
    if link.guard is None:
        return []
    if payload is not None:
        call.payload, call.scope_cache = payload, None
        scope = call.scope()
        # Where what came with the event stands in the way, that is what whoever sent it can mend, and no field is.
        if any("payload" in part.roots and not holds(part, scope) for part in parts_of(call, link)):
            return []
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
    call: OneCall, parts: Sequence[Expression], payload: Mapping[str, Any] | None, name: str, place: int
) -> Iterator[Change]:
    if payload is not None:
        call.payload = payload
    call.scope_cache = None
    scope = call.scope()
    old = scope[name]
    spec = call.workflow.fields.get(name)
    choices = spec.allowed if spec is not None else _choices(call, name)
    kind = spec.type if spec is not None else call.compiled.types[name]
    for value in _values(call, parts, name, FieldType(kind, choices)):
        fit = _fit(call, name, value)
        if fit is not _UNFIT and fit != old:
            fresh = [item for item in value if item not in (old or ())] if isinstance(value, (list, tuple)) else [value]
            texts = [item for item in fresh if isinstance(item, str) and item not in choices]
            invented = not all(written(parts, item) for item in texts)
            yield Change(name, old, fit, invented, distance(old, fit, choices), place)


def _values(call: OneCall, parts: Sequence[Expression], name: str, declared: FieldType) -> list[Any]:
    """What to try for one field: the nearest value on which the condition holds, or what a table tells apart."""
    scope = call.scope()
    old = scope[name]
    types = {**call.compiled.types, name: declared}
    found: list[Any] = []
    trial = _trial(call, parts, name, types)
    if trial is not None:
        overlay = Scope(call)

        def would(value: Any) -> bool:
            overlay[name] = freeze(value)
            return all(holds(part, overlay) for part in parts)

        for value in trial.values(scope, old):
            if value != old and would(value):
                found.append(value)
                break
        if trial.blurred:
            fixed: Any = _Others(scope, name)
            solved = solve(parts, types=types, fixed=fixed, near={name: old}, budget=BUDGET)
            found += [solved.values[name]] if solved.status == "yes" and name in solved.values else []
            close = trial.around(would, old) if not found else None
            found += [] if close is None else [close]
            found.sort(key=lambda value: distance(old, value, declared.one_of))
    if any(read.startswith("table.") for part in parts for read in part.reads):
        found.extend(value for value in _by_table(call, parts, name, declared) if value not in found)
    return found


def _trial(call: OneCall, parts: Sequence[Expression], name: str, types: Mapping[str, Any]) -> Trial | None:
    known = call.compiled.trials
    key = (tuple(part.text for part in parts), name)
    if key not in known:
        known[key] = Trial.of(parts, name, types)
    return known[key]


def holds(part: Expression, scope: Mapping[str, Any]) -> bool:
    try:
        return part.compiled_test(scope)
    except ExpressionError:
        return False


def _choices(call: OneCall, name: str) -> tuple[Any, ...]:
    if name == "priority":
        return _PRIORITIES
    return call.workflow.queues if name == "queue" else ()


def written(parts: Sequence[Expression], value: str) -> bool:
    """Whether the condition itself names the text."""
    return any(repr(value)[1:-1] in part.text for part in parts)


def _by_table(call: OneCall, parts: Sequence[Expression], name: str, declared: FieldType) -> list[Any]:
    """Values of a field that the decision tables a condition reads tell apart, the nearest first."""
    old = call.scope()[name]
    values: list[Any] = [True, False] if declared.type == "bool" else list(declared.one_of)
    for table in sorted({read.split(".")[1] for part in parts for read in part.reads if read.startswith("table.")}):
        found = call.workflow.tables.get(table)
        if found is not None and not values:
            values.extend(found.samples(name, call.compiled.types))
    return sorted(values, key=lambda value: distance(old, value, declared.one_of))[:MAX_FIELDS]


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
    if isinstance(value, (list, tuple)):
        return tuple(plainly(item) for item in value)
    return value
