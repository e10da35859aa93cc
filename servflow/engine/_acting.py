"""Knows how the actions of a definition are carried out; must not know how they are written or when they are due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from servflow import escalation
from servflow.engine._actions import Update
from servflow.engine._assigning import assign, unassign
from servflow.engine._call import StartChain
from servflow.engine._fitting import attribute, change, fitted
from servflow.errors import ExpressionError, LimitError, Refused
from servflow.expressions import Expression
from servflow.model import Assign, Assigned, Call, FrozenMap, Linked, Notify, Open, Send, Unreachable, freeze

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

MAX_HELPERS = 100
"""How many helpers a ticket keeps."""


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
