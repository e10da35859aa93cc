"""Knows how the actions of a definition are carried out; must not know how they are written or when they are due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from servflow.engine import _helping
from servflow.engine._actions import Update
from servflow.engine._addressing import find
from servflow.engine._assigning import assign, own, unassign
from servflow.engine._call import StartChain
from servflow.engine._fitting import attribute, change, fitted
from servflow.errors import ExpressionError, LimitError, Refused
from servflow.expressions import Expression
from servflow.model import Call, FrozenMap, Linked, Notify, Open, Send, Unreachable, freeze

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

_MAX_SENT = 1_000
"""To how many tickets one action sends at most, as the action of a correlator does."""


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
    found = find(call, update.parts["to"])
    data = FrozenMap({name: freeze(value) for name, value in _values(call, update).items()})
    for recipient in found.ids:
        call.effect(
            Notify,
            update.path,
            recipient,
            to=recipient,
            template=update.parts["template"],
            data=data,
            reason=found.because[recipient],
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
    asked = values.pop("$ticket", None)
    targets = asked if isinstance(asked, list | tuple) else (asked,)
    payload = FrozenMap({name: freeze(value) for name, value in values.items()})
    for target in dict.fromkeys(one if isinstance(one, str) else "" for one in targets[:_MAX_SENT]) or ("",):
        if not target:
            call.effect(Unreachable, update.path, to="ticket", reason="no ticket to send to")
            continue
        key = call.effect_id(update.path, f"key:{target}")
        call.effect(Send, update.path, target, to_ticket=target, event=update.parts["event"], payload=payload, key=key)


def _run_queue(call: OneCall, update: Update, keep_person: bool) -> None:
    if keep_person and "queue" in call.draft.set_by_person:
        return
    change(call, {}, {"queue": update.parts["queue"]}, update.path)


def _run_person(call: OneCall, update: Update, _keep: bool) -> None:
    found = find(call, update.parts["to"])
    people = found.people
    if not people:
        reason = f"no world says who that is: {found.reason}" if found.symbolic else found.reason
        call.effect(Unreachable, update.path, to=_shown(update.parts["to"]), reason=reason)
        return
    if update.kind == "assign":
        before = call.draft.assignee
        assign(call, "assignee", people[0], update.path, because=found.because[people[0]])
        if update.parts["keep_owner"] and before not in (None, people[0]) and call.draft.owner is None:
            own(call, str(before), update.path, "keep_owner")
    elif update.kind == "add_owner":
        own(call, people[0], update.path, found.because[people[0]])
    elif update.kind == "add_helper":
        _helping.add_helper(call, people[0], update.path, update.parts["promise"], found.because[people[0]])
    else:
        for person in people:
            _helping.watch(call, person, update.path, found.because[person])


def _run_leave(call: OneCall, update: Update, _keep: bool) -> None:
    # Whoever is meant and is not there has nothing to leave, so nobody needs to hear of it.
    held = call.draft.helpers if update.kind == "remove_helper" else call.draft.watchers
    for person in find(call, update.parts["to"]).people if held else ():
        if update.kind == "unwatch":
            _helping.unwatch(call, person, update.path)
        elif person in call.draft.helpers:
            _helping.end_helper(call, person, "removed", update.path)


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
    jump, parts = update.kind == "jump", update.parts
    call.queue.append(StartChain(parts["chain"], f"start:{update.path}", parts["level"], jump, call.cause))


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
    "remove_helper": _run_leave,
    "watch": _run_person,
    "unwatch": _run_leave,
    "tag": _run_tag,
    "start": _run_start,
    "jump": _run_start,
}
