"""Knows how the updates of a definition are checked and carried out; must not know when they are due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from servflow import escalation
from servflow.engine._assigning import assign, unassign
from servflow.engine._call import StartChain
from servflow.errors import ExpressionError, LimitError, Refused, nearest
from servflow.expressions import Expression
from servflow.model import (
    Action,
    Assign,
    Assigned,
    Call,
    FrozenMap,
    Linked,
    Notify,
    Open,
    Send,
    Unreachable,
    Updated,
    ValueProblem,
    freeze,
    same_value,
)

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._compile import Compiled, Types

SETTABLE = ("priority", "queue", "outlet", "customer", "asset", "channel")
"""Attributes of the ticket that ``set`` may set besides its fields."""

MAX_HELPERS = 100
"""How many helpers a ticket keeps."""

_PARTS: Mapping[str, tuple[str, ...]] = {
    "notify": ("to", "template", "data", "urgent"),
    "call": ("name", "data", "reply"),
    "open": ("workflow", "fields", "relation"),
    "send": ("ticket", "event", "payload"),
    "assign": ("to",),
    "add_owner": ("to",),
    "add_helper": ("to",),
    "emit": ("event", "payload"),
    "raise_priority": ("by", "ceiling"),
}


@attrs.frozen(kw_only=True)
class Update:
    """One action, checked: its place in the definition, its fixed parts and its conditions."""

    kind: str
    path: str
    parts: Mapping[str, Any]
    values: Mapping[str, Expression]


def compile_updates(
    compiled: Compiled, actions: tuple[Action, ...], types: Types, path: str, *, timeless: bool = False
) -> tuple[Update, ...]:
    """Check the actions of one place; every problem goes to the compiled workflow's findings."""
    made = []
    for index, action in enumerate(actions):
        where = f"{path}[{index}].{action.kind}"
        parts, values = _read(compiled, action, where)
        problems = compiled.problems
        expressions: dict[str, Expression] = {}
        for name, text in values.items():
            inner = _INSIDE.get(action.kind, "")
            place = f"{where}.ticket" if name == "$ticket" else f"{where}{inner}.{name}"
            parsed = problems.expression(text, types, place, functions=compiled.functions, timeless=timeless)
            if parsed is not None:
                expressions[name] = parsed
        made.append(Update(kind=action.kind, path=f"{path}[{index}]", parts=parts, values=expressions))
    return tuple(made)


# Where the conditions of an action stand below it.
_INSIDE = {"notify": ".data", "call": ".data", "open": ".fields", "send": ".payload", "emit": ".payload"}


def _inner(compiled: Compiled, value: Mapping[str, Any], key: str, path: str) -> Mapping[str, Any]:
    found = value.get(key) or {}
    if isinstance(found, Mapping):
        return found
    compiled.problems.add("action.value", f"{path}.{key}", action=key, value=str(found)[:200], known=("name: expression",))
    return {}


def _read(compiled: Compiled, action: Action, path: str) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """The fixed parts of an action and the texts of its conditions."""
    value = action.value
    short = {"notify": "template", "call": "name", "emit": "event", "open": "workflow"}
    if isinstance(value, str) and action.kind in short:
        value = {short[action.kind]: value}
    if action.kind == "raise_priority" and isinstance(value, int):
        value = {"by": value}
    if action.kind in _PARTS and not isinstance(value, Mapping):
        if action.kind in ("assign", "add_owner", "add_helper") and isinstance(value, str):
            value = {"to": value}
        else:
            compiled.problems.add("action.value", path, action=action.kind, value=str(value), known=_PARTS[action.kind])
            return {}, {}
    if action.kind in _PARTS:
        for key in value:
            compiled.problems.known("part of the action", key, _PARTS[action.kind], f"{path}.{key}")
    return _CHECK[action.kind](compiled, value, path)


Read = tuple[dict[str, Any], Mapping[str, Any]]


def _check_set(compiled: Compiled, value: Any, path: str) -> Read:
    if not isinstance(value, Mapping):
        compiled.problems.add("action.value", path, action="set", value=str(value), known=("field: expression",))
        return {}, {}
    for name in value:
        compiled.problems.known("field", name, (*compiled.workflow.fields, *SETTABLE), f"{path}.{name}")
    return {}, value


def _check_notify(compiled: Compiled, value: Mapping[str, Any], path: str) -> Read:
    _check_to(compiled, value.get("to"), f"{path}.to")
    if not isinstance(value.get("template"), str):
        compiled.problems.add("definition.missing_key", f"{path}.template", key="template")
    return {"to": value.get("to"), "template": value.get("template"), "urgent": bool(value.get("urgent", False))}, _inner(
        compiled, value, "data", path
    )


def _check_to(compiled: Compiled, to: Any, path: str) -> None:
    spec = compiled.workflow
    compiled.problems.findings.extend(escalation.check_to(to, path, spec.roles, spec.queues, targets=spec.extensions.targets))


def _check_person(compiled: Compiled, value: Mapping[str, Any], path: str) -> Read:
    _check_to(compiled, value.get("to"), f"{path}.to")
    return {"to": value.get("to")}, {}


def _check_call(compiled: Compiled, value: Mapping[str, Any], path: str) -> Read:
    if isinstance(value.get("reply"), str):
        compiled.replies.append((value["reply"], f"{path}.reply"))
    if not isinstance(value.get("name"), str):
        compiled.problems.add("definition.missing_key", f"{path}.name", key="name")
    return {"name": value.get("name"), "reply": value.get("reply")}, _inner(compiled, value, "data", path)


def _check_open(compiled: Compiled, value: Mapping[str, Any], path: str) -> Read:
    if not isinstance(value.get("workflow"), str):
        compiled.problems.add("definition.missing_key", f"{path}.workflow", key="workflow")
    return {"workflow": value.get("workflow"), "relation": value.get("relation", "child")}, _inner(
        compiled, value, "fields", path
    )


def _check_send(compiled: Compiled, value: Mapping[str, Any], path: str) -> Read:
    for key in ("ticket", "event"):
        if not isinstance(value.get(key), str):
            compiled.problems.add("definition.missing_key", f"{path}.{key}", key=key)
    payload = _inner(compiled, value, "payload", path)
    return {"event": value.get("event"), "payload": tuple(payload)}, {"$ticket": value.get("ticket") or "''", **payload}


def _check_queue(compiled: Compiled, value: Any, path: str) -> Read:
    if not isinstance(value, str) or not value:
        compiled.problems.add("action.value", path, action="queue", value=str(value)[:200], known=("the name of a queue",))
    elif compiled.workflow.queues:
        compiled.problems.known("queue", value, compiled.workflow.queues, path)
    return {"queue": value}, {}


def _check_unassign(compiled: Compiled, value: Any, path: str) -> Read:
    slot = "assignee" if value in (True, None) else value
    compiled.problems.known("slot", slot, ("assignee", "outlet", "owner"), path)
    return {"slot": slot}, {}


def _check_emit(compiled: Compiled, value: Mapping[str, Any], path: str) -> Read:
    if not isinstance(value.get("event"), str):
        compiled.problems.add("definition.missing_key", f"{path}.event", key="event")
    return {"event": value.get("event")}, _inner(compiled, value, "payload", path)


def _check_raise(compiled: Compiled, value: Mapping[str, Any], path: str) -> Read:
    by, ceiling = value.get("by", 1), value.get("ceiling", 1)
    if not isinstance(by, int) or not isinstance(ceiling, int) or not 1 <= by <= 9 or not 1 <= ceiling <= 9:
        compiled.problems.add(
            "action.value", path, action="raise_priority", value=str(dict(value)), known=("by: 1..9", "ceiling: 1..9")
        )
        return {"by": 1, "ceiling": 1}, {}
    return {"by": by, "ceiling": ceiling}, {}


def _check_tag(compiled: Compiled, value: Any, path: str) -> Read:
    tags = (value,) if isinstance(value, str) else value if isinstance(value, (list, tuple)) else (None,)
    if not all(isinstance(tag, str) for tag in tags):
        compiled.problems.add("action.value", path, action="tag", value=str(value), known=("a tag or a list of tags",))
    return {"tags": tuple(tag for tag in tags if isinstance(tag, str))}, {}


def _check_start(compiled: Compiled, value: Any, path: str) -> Read:
    compiled.problems.known("chain", value, (chain.name for chain in compiled.workflow.escalations), path)
    return {"chain": value}, {}


_CHECK: Mapping[str, Callable[[Compiled, Any, str], Read]] = {
    "set": _check_set,
    "notify": _check_notify,
    "call": _check_call,
    "open": _check_open,
    "send": _check_send,
    "queue": _check_queue,
    "assign": _check_person,
    "unassign": _check_unassign,
    "emit": _check_emit,
    "raise_priority": _check_raise,
    "add_owner": _check_person,
    "add_helper": _check_person,
    "tag": _check_tag,
    "start": _check_start,
}


# carrying out -------------------------------------------------------------------------------------------------


def run_updates(call: OneCall, updates: tuple[Update, ...], *, keep_person: bool = False) -> None:
    """
    Carry updates out in order; each sees what the one before it did.

    ``keep_person`` leaves alone what a person has set.

    Raises:
        Refused: a value does not fit its field; nothing of the call remains.
    """
    call.recording = True
    try:
        for update in updates:
            _RUN[update.kind](call, update, keep_person)
    finally:
        call.recording = False


def evaluate(call: OneCall, expression: Expression, path: str) -> Any:
    """
    The value of an update's expression on the ticket as it stands.

    Raises:
        Refused: it cannot be computed on these values.
    """
    try:
        return expression.value(call.scope())
    except ExpressionError as error:
        raise Refused(
            f"{path}: {expression.text} cannot be computed: {error.message}", code="guard", path=path, why=error.message
        ) from error


def _values(call: OneCall, update: Update) -> dict[str, Any]:
    return {name: evaluate(call, expression, f"{update.path}.{name}") for name, expression in update.values.items()}


def _run_set(call: OneCall, update: Update, keep_person: bool) -> None:
    fields: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    for name, expression in update.values.items():
        if keep_person and name in call.draft.set_by_person:
            continue
        value = evaluate(call, expression, f"{update.path}.set.{name}")
        spec = call.workflow.fields.get(name)
        if spec is not None:
            fields[name] = fitted(spec, value, name)
        else:
            attributes[name] = attribute(call, name, value)
    change(call, fields, attributes, update.path)


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
            f"field {name} takes {problem}, not {value!r}", code="payload", field=name, expected=str(problem), value=value
        ) from None


def attribute(call: OneCall, name: str, value: Any) -> Any:
    """
    A value as the ticket's attribute holds it.

    Raises:
        Refused: it does not fit, or names a queue that is not declared; the code is ``payload``.
    """
    if name == "priority":
        if isinstance(value, str) and value.isdecimal() and len(value) < 3:
            value = int(value)
        if isinstance(value, Decimal) and value == int(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 9:
            raise Refused(
                f"priority is a whole number from 1 (highest) to 9, not {value!r}", code="payload", field=name, value=value
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
                f"tags is a list of at most 100 texts of at most 200 characters, not {value!r}",
                code="payload",
                field=name,
                value=value,
            )
        return tuple(dict.fromkeys(items))
    if value is not None and (not isinstance(value, str) or len(value) > 1_000):
        raise Refused(f"{name} is a text of at most 1000 characters, not {value!r}", code="payload", field=name, value=value)
    queues = call.workflow.queues
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


def _run_notify(call: OneCall, update: Update, _keep: bool) -> None:
    found = escalation.resolve(
        update.parts["to"], call.snapshot(), call.world, call.at, targets=call.workflow.extensions.targets
    )
    data = FrozenMap({name: freeze(value) for name, value in _values(call, update).items()})
    for recipient in found.ids:
        call.effect(
            Notify,
            update.path,
            recipient,
            to=recipient,
            template=update.parts["template"],
            data=data,
            reason=found.reason,
            urgent=update.parts["urgent"],
        )
    if not found.ids:
        call.effect(Unreachable, update.path, to=_shown(update.parts["to"]), reason=found.reason)


def _shown(to: Any) -> str:
    if isinstance(to, Mapping):
        return ", ".join(f"{key} {_shown(value)}" for key, value in to.items())
    return str(to)


def _run_call(call: OneCall, update: Update, _keep: bool) -> None:
    data = FrozenMap({name: freeze(value) for name, value in _values(call, update).items()})
    call.effect(Call, update.path, name=update.parts["name"], data=data, reply=update.parts["reply"])


def _run_open(call: OneCall, update: Update, _keep: bool) -> None:
    fields = FrozenMap({name: freeze(value) for name, value in _values(call, update).items()})
    child = update.parts["relation"] == "child"
    if child and len(call.draft.children) >= 1_000:
        raise LimitError("a ticket has at most 1000 open children", code="children", limit=1_000)
    effect_id = call.effect_id(update.path)
    new = f"{call.draft.id}.{effect_id[:10]}"
    call.effects.append(
        Open(
            id=effect_id,
            ticket=call.draft.id,
            at=call.at,
            cause=call.cause,
            action=update.path,
            workflow=update.parts["workflow"],
            new_ticket=new,
            fields=fields,
            parent=call.draft.id if child else None,
        )
    )
    call.record(Linked, other=new, relation=update.parts["relation"])


def _run_send(call: OneCall, update: Update, _keep: bool) -> None:
    values = _values(call, update)
    target = values.pop("$ticket", None)
    if not isinstance(target, str) or not target:
        call.effect(Unreachable, update.path, to="ticket", reason="no ticket to send to")
        return
    key = call.effect_id(update.path, f"key:{target}")
    payload = FrozenMap({name: freeze(value) for name, value in values.items()})
    call.effect(Send, update.path, target, to_ticket=target, event=update.parts["event"], payload=payload, key=key)


def _run_queue(call: OneCall, update: Update, keep_person: bool) -> None:
    if keep_person and "queue" in call.draft.set_by_person:
        return
    change(call, {}, {"queue": update.parts["queue"]}, update.path)


def _run_person(call: OneCall, update: Update, _keep: bool) -> None:
    found = escalation.resolve(
        update.parts["to"], call.snapshot(), call.world, call.at, targets=call.workflow.extensions.targets
    )
    people = [person for person in found.ids if not found.symbolic]
    if not people:
        reason = found.reason or "the world does not say who that is"
        call.effect(Unreachable, update.path, to=_shown(update.parts["to"]), reason=reason)
        return
    if update.kind == "assign":
        assign(call, "assignee", people[0], update.path)
        return
    slot = {"add_owner": "owner", "add_helper": "helper"}[update.kind]
    previous = call.draft.owner if slot == "owner" else None
    if previous == people[0] or (slot == "helper" and people[0] in call.draft.helpers):
        return
    if slot == "helper" and len(call.draft.helpers) >= MAX_HELPERS:
        call.effect(Unreachable, update.path, to=people[0], reason=f"the ticket has {MAX_HELPERS} helpers already")
        return
    call.record(Assigned, slot=slot, to=people[0], previous=previous, source=update.path)
    call.effect(Assign, update.path, people[0], slot=slot, to=people[0], previous=previous)
    call.happening.changed.add("owner" if slot == "owner" else "helpers")


def _run_unassign(call: OneCall, update: Update, _keep: bool) -> None:
    unassign(call, update.parts["slot"], update.path)


def _run_emit(call: OneCall, update: Update, _keep: bool) -> None:
    payload = FrozenMap({name: freeze(value) for name, value in _values(call, update).items()})
    call.raise_event(update.parts["event"], payload)


def _run_raise(call: OneCall, update: Update, keep_person: bool) -> None:
    if keep_person and "priority" in call.draft.set_by_person:
        return
    now = call.draft.priority
    change(call, {}, {"priority": min(now, max(update.parts["ceiling"], now - update.parts["by"]))}, update.path)


def _run_tag(call: OneCall, update: Update, _keep: bool) -> None:
    tags = tuple(dict.fromkeys((*call.draft.tags, *update.parts["tags"])))[:100]
    change(call, {}, {"tags": tags}, update.path)


def _run_start(call: OneCall, update: Update, _keep: bool) -> None:
    call.queue.append(StartChain(update.parts["chain"], f"start:{update.path}"))


_RUN: Mapping[str, Callable[[OneCall, Update, bool], None]] = {
    "set": _run_set,
    "notify": _run_notify,
    "call": _run_call,
    "open": _run_open,
    "send": _run_send,
    "queue": _run_queue,
    "assign": _run_person,
    "unassign": _run_unassign,
    "emit": _run_emit,
    "raise_priority": _run_raise,
    "add_owner": _run_person,
    "add_helper": _run_person,
    "tag": _run_tag,
    "start": _run_start,
}

__all__ = ["Update", "attribute", "change", "compile_updates", "evaluate", "fitted", "run_updates"]
