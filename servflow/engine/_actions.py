"""Knows how the actions of a definition are checked; must not know how they are carried out or when they are due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from servflow.errors import DefinitionError
from servflow.escalation import Level
from servflow.escalation._addresses import check_to
from servflow.escalation._level import PERSONS
from servflow.expressions import Expression
from servflow.model import Action, Span

if TYPE_CHECKING:
    from servflow.engine._compile import Compiled
    from servflow.engine._problems import Types

SETTABLE = ("priority", "queue", "outlet", "customer", "asset", "channel")
"""Attributes of the ticket that ``set`` may set besides its fields."""

_PARTS: Mapping[str, tuple[str, ...]] = {
    "notify": ("to", "template", "data", "urgent"),
    "call": ("name", "data", "reply"),
    "open": ("workflow", "fields", "relation"),
    "send": ("ticket", "event", "payload"),
    "assign": ("to", "keep_owner"),
    "add_owner": ("to",),
    "add_helper": ("to", "within", "calendar", "zone"),
    "remove_helper": ("to",),
    "watch": ("to",),
    "unwatch": ("to",),
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
    if action.kind == "raise_priority" and isinstance(value, int) and not isinstance(value, bool):
        value = {"by": value}
    if action.kind in _PARTS and not isinstance(value, Mapping):
        if action.kind in PERSONS and isinstance(value, str):
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
    urgent = _flag(compiled, value, "urgent", path)
    return {"to": value.get("to"), "template": value.get("template"), "urgent": urgent}, _inner(compiled, value, "data", path)


def _flag(compiled: Compiled, value: Mapping[str, Any], key: str, path: str) -> bool:
    """Whether a part that is true or false is; a text such as "no" would be taken for true."""
    given = value.get(key)
    if given is not None and not isinstance(given, bool):
        compiled.problems.add("action.value", f"{path}.{key}", action=key, value=str(given)[:200], known=("true", "false"))
    return given is True


def _check_to(compiled: Compiled, to: Any, path: str) -> None:
    spec = compiled.workflow
    targets = spec.extensions.targets
    compiled.problems.findings.extend(check_to(to, path, spec.roles, spec.queues, targets=targets, fields=spec.fields))


def _check_person(compiled: Compiled, value: Mapping[str, Any], path: str) -> Read:
    _check_to(compiled, value.get("to"), f"{path}.to")
    return {"to": value.get("to")}, {}


def _check_assign(compiled: Compiled, value: Mapping[str, Any], path: str) -> Read:
    keep = _flag(compiled, value, "keep_owner", path)
    parts, values = _check_person(compiled, value, path)
    return {**parts, "keep_owner": keep}, values


def _check_helper(compiled: Compiled, value: Mapping[str, Any], path: str) -> Read:
    parts, values = _check_person(compiled, value, path)
    clock = {key: value[key] for key in ("calendar", "zone") if value.get(key) is not None}
    within = value.get("within")
    if within is None:
        for key in clock:
            compiled.problems.add("action.without", f"{path}.{key}", key=key, needs="within")
        return {**parts, "promise": None}, values
    try:
        # Their time counts as that of a level does that addresses them.
        promise = Level(name="helper", after=within, **clock)
    except DefinitionError as error:
        for finding in error.findings:
            place = "within" if finding.path == "after" else finding.path
            compiled.problems.findings.append(attrs.evolve(finding, path=f"{path}.{place}"))
        return {**parts, "promise": None}, values
    if promise.named is not None:
        compiled.problems.known("calendar", promise.named, compiled.calendars, f"{path}.calendar")
    if promise.after == Span():
        compiled.problems.add("action.value", f"{path}.within", action="within", value="0", known=("4h", "2 business days"))
    return {**parts, "promise": promise}, values


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
    whole = all(isinstance(one, int) and not isinstance(one, bool) for one in (by, ceiling))
    if not whole or not 1 <= by <= 9 or not 1 <= ceiling <= 9:
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
    where = path
    if isinstance(value, Mapping):
        for key in value:
            compiled.problems.known("part of the action", key, ("chain", "level"), f"{path}.{key}")
        where = f"{path}.chain"
    named = value if isinstance(value, Mapping) else {"chain": value}
    name, level = named.get("chain"), named.get("level")
    chains = {chain.name: chain for chain in compiled.workflow.escalations}
    if compiled.problems.known("chain", name, tuple(chains), where) and name is not None and level is not None:
        levels = tuple(known.name for known in chains[name].levels)
        compiled.problems.known("level", level, levels, f"{path}.level")
    return {"chain": name if isinstance(name, str) else "", "level": level if isinstance(level, str) else None}, {}


_CHECK: Mapping[str, Callable[[Compiled, Any, str], Read]] = {
    "set": _check_set,
    "notify": _check_notify,
    "call": _check_call,
    "open": _check_open,
    "send": _check_send,
    "queue": _check_queue,
    "assign": _check_assign,
    "unassign": _check_unassign,
    "emit": _check_emit,
    "raise_priority": _check_raise,
    "add_owner": _check_person,
    "add_helper": _check_helper,
    "remove_helper": _check_person,
    "watch": _check_person,
    "unwatch": _check_person,
    "tag": _check_tag,
    "start": _check_start,
    "jump": _check_start,
}
