"""Knows how a value fits a field or an attribute and how its change is recorded; must not know who asks for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from servflow.errors import Refused, nearest, shown
from servflow.model import FrozenMap, Updated, ValueProblem, freeze, same_value

if TYPE_CHECKING:
    from servflow.engine._call import OneCall


def fitted(spec: Any, value: Any, name: str) -> Any:
    """
    A value as the field holds it.

    Raises:
        Refused: it does not fit; the code is ``payload``.
    """
    try:
        return freeze(spec.convert(value))
    except ValueProblem as problem:
        raise Refused(
            f"field {name} takes {problem}, not {shown(value)}", code="payload", field=name, expected=str(problem), value=value
        ) from None


def attribute(call: OneCall, name: str, value: Any) -> Any:
    """
    A value as the ticket's attribute holds it.

    Raises:
        Refused: it does not fit, or names a queue that is not declared; the code is ``payload``.
    """
    return attribute_of(call.workflow.queues, name, value)


def attribute_of(queues: Collection[str], name: str, value: Any) -> Any:
    """
    A value as tickets hold that attribute where these queues are declared; any where none is.

    Raises:
        Refused: it does not fit; the code is ``payload``.
    """
    if name == "priority":
        if isinstance(value, str) and value.isdecimal() and len(value) < 3:
            value = int(value)
        if isinstance(value, Decimal) and value.is_finite() and value.adjusted() == 0 and value == int(value):
            value = int(value)  # of one digit alone: the whole number of one with an exponent may fill the memory
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 9:
            raise Refused(
                f"priority is a whole number from 1 (highest) to 9, not {shown(value)}", code="payload", field=name, value=value
            )
        return value
    if name == "tags":
        items = (value,) if isinstance(value, str) else value
        if (
            not isinstance(items, (list, tuple))
            or len(items) > 100
            or any(not isinstance(item, str) or len(item) > 200 for item in items)
        ):
            raise Refused(
                f"tags is a list of at most 100 texts of at most 200 characters, not {shown(value)}",
                code="payload",
                field=name,
                value=value,
            )
        return tuple(dict.fromkeys(items))
    if value is not None and (not isinstance(value, str) or len(value) > 1_000):
        raise Refused(
            f"{name} is a text of at most 1000 characters, not {shown(value)}", code="payload", field=name, value=value
        )
    if name == "queue" and value is not None and queues and value not in queues:
        close = nearest(value, queues)
        hint = f"did you mean {close!r}?" if close else f"declared are {', '.join(queues)}"
        raise Refused(f"there is no queue {value!r}; {hint}", code="payload", field=name, value=value, nearest=close)
    return value


def change(
    call: OneCall, fields: Mapping[str, Any], attributes: Mapping[str, Any], source: str, *, person: bool = False
) -> bool:
    """Record a change of fields and attributes; what keeps its value is left out. Says whether anything changed."""
    draft = call.draft
    changed = {name: value for name, value in fields.items() if not same_value(draft.fields.get(name), value)}
    moved = {name: value for name, value in attributes.items() if getattr(draft, name) != value}
    if not changed and not moved and not (person and (fields or attributes)):
        return False
    if ("queue" in moved or "queue" in changed) and not call.happening.queue:
        call.happening.queue, call.happening.came_from = True, draft.queue
    if person:
        call.record(Updated, fields=FrozenMap(fields), attributes=FrozenMap(attributes), person=True, source=source)
    else:
        call.record(Updated, fields=FrozenMap(changed), attributes=FrozenMap(moved), source=source)
    call.happening.changed.update(changed, moved)
    return True
