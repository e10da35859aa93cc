"""Knows what a type checker may be told of one workflow; must not know how that is written down, nor run anything."""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

from servflow.embedding import _stubs_text
from servflow.engine import BUILT_IN, Workflow
from servflow.engine._definition import ATTRIBUTES
from servflow.engine._payloads import payload_reads
from servflow.model import Field

READ: Mapping[str, str] = {
    "string": "str",
    "int": "int",
    "uint": "int",
    "double": "float",
    "decimal": "Decimal",
    "bool": "bool",
    "timestamp": "datetime",
    "duration": "timedelta",
    "bytes": "bytes",
    "list": "tuple[Any, ...]",
    "map": "Mapping[str, Any]",
    "any": "Any",
}
"""What a field of each type holds."""

WRITTEN: Mapping[str, str] = {
    **READ,
    "decimal": "Decimal | int | str",
    "timestamp": "datetime | str",
    "duration": "timedelta | str",
    "list": "list[Any] | tuple[Any, ...]",
}
"""What a host may pass for it; the rest is read."""

_LISTED = ("string", "int", "uint", "bool")
"""Types whose listed values a type can name one by one."""

_ATTRIBUTES: Mapping[str, str] = {
    **dict.fromkeys(ATTRIBUTES, "str | None"),
    "priority": "int",
    "queue": "Queue | None",
    "tags": "list[str] | tuple[str, ...] | str",
}

_NAMED: Mapping[tuple[str, str], str] = {
    ("ticket.assign", "to"): "str | None",
    ("ticket.force", "state"): "AnyState",
    ("clock.waive", "clock"): "Clock",
    ("chain.start", "chain"): "Chain",
    **{(event, "chain"): "Chain | None" for event in BUILT_IN if event.startswith("chain.") and event != "chain.start"},
}
"""What built-in events take by a name that the definition gives."""

_LONGEST = 60
_MOST_VALUES = 500


@frozen
class Key:
    """One key of a mapping: its name as it is, the type of its value, and whether it must be there."""

    name: str
    type: str
    needed: bool = False


@frozen
class Payload:
    """What some events carry: the name of the type, the events, and the keys."""

    type: str
    events: tuple[str, ...]
    keys: tuple[Key, ...]

    @property
    def needed(self) -> bool:
        """Whether the events cannot go without."""
        return any(key.needed for key in self.keys)


@frozen(kw_only=True)
class Shape:
    """Everything that the stubs of a workflow declare; texts are as the definition has them, types as Python writes them."""

    workflow: str
    states: tuple[str, ...]
    any_states: tuple[str, ...]
    joined: bool
    events: tuple[str, ...]
    queues: tuple[str, ...]
    roles: tuple[str, ...]
    clocks: tuple[str, ...]
    chains: tuple[str, ...]
    fields: tuple[Key, ...]
    opening: tuple[Key, ...]
    update: tuple[Key, ...]
    payloads: tuple[Payload, ...]


def stubs(workflow: Workflow) -> str:
    """
    A Python module of types for one workflow, so that a misspelt event is a type error.

    It declares the names of states, events, queues, roles, clocks and chains, what fields hold, and for every event the
    mapping it takes; ``typed(desk)`` gives the very desk, async desk or workflow back under those types. Nothing of it works at
    run time, and nothing in it comes from the definition but quoted text: a definition is untrusted. The text is the
    same for the same definition.

    Events that only a wildcard takes have no name, and built-in events that nobody is granted would be refused: both are
    left out. Where states are parallel, ``ticket.state`` joins several and stays a ``str``; ``ticket.configuration`` is typed.
    """
    return _stubs_text.written(shape_of(workflow))


def shape_of(workflow: Workflow) -> Shape:
    """What a type checker is told of a workflow."""
    compiled = workflow.compiled
    nodes = compiled.chart.states
    kept = [name for name, node in nodes.items() if node.kind not in ("shallow", "deep")]
    return Shape(
        workflow=workflow.workflow,
        states=tuple(name for name in kept if not compiled.states[name].states),
        any_states=tuple(kept),
        joined=any(node.kind == "parallel" for node in nodes.values()),
        events=(*host_events(workflow), *built_in_events(workflow)),
        queues=workflow.queues,
        roles=workflow.roles,
        clocks=tuple(dict.fromkeys(compiled.clock_names)),
        chains=tuple(chain.name for chain in workflow.escalations),
        fields=tuple(Key(name, _or_none(_type(spec, READ)), needed=True) for name, spec in workflow.fields.items()),
        opening=tuple(_settable(workflow, opening=True)),
        update=tuple(_settable(workflow)),
        payloads=tuple(_payloads(workflow)),
    )


def _settable(workflow: Workflow, *, opening: bool = False) -> Iterator[Key]:
    for name, spec in workflow.fields.items():
        yield Key(name, _or_none(_type(spec, WRITTEN)), needed=opening and spec.required and spec.default is None)
    for name, kind in _ATTRIBUTES.items():
        yield Key(name, kind)


def _type(spec: Field, known: Mapping[str, str]) -> str:
    if not spec.one_of or spec.type not in _LISTED or len(spec.one_of) > _MOST_VALUES:
        return known[spec.type]
    return f"Literal[{', '.join(_stubs_text.quoted(value) for value in dict.fromkeys(spec.allowed))}]"


def _or_none(kind: str) -> str:
    return kind if kind == "Any" or kind.endswith("| None") else f"{kind} | None"


def host_events(workflow: Workflow) -> tuple[str, ...]:
    """The events of the definition's own that a host may fire, in its order; those the workflow raises itself are not."""
    compiled = workflow.compiled
    written = [name for move in compiled.transitions if move.event for name in move.event.split() if "*" not in name]
    named = dict.fromkeys([*written, *workflow.events, *sorted(compiled.heard)])
    return tuple(name for name in named if name not in BUILT_IN and "*" not in name and not compiled.raised.internal(name))


_PARTS = {"chain": "escalations", "offer": "dispatch", "dispatch": "dispatch", "queue": "dispatch", "appointment": "dispatch"}
"""First word of built-in events -> the part of a definition without which there is nothing they could be about."""


def built_in_events(workflow: Workflow) -> tuple[str, ...]:
    """
    The built-in events that the definition lets anybody fire: granted, taken by name, or, without roles, all it can use.

    What only the desk says in the name of the system is not among them, nor what only a closing child says.
    """
    return tuple(event for event in BUILT_IN if _permitted(workflow, event))


def _permitted(workflow: Workflow, event: str) -> bool:
    compiled, first = workflow.compiled, event.partition(".")[0]
    if event in compiled.descriptors:
        return True
    if event in ("ticket.cancel", "ticket.reopen") or event.startswith("ticket.child_"):
        return False  # as much as transitions make of them; and what no person says
    if first in ("step", "approval") and not (compiled.checklists if first == "step" else compiled.approvals):
        return False
    if event in workflow.events or event in ("step.check", "approval.approve", "approval.reject"):
        return True
    if workflow.roles or first in ("correlator", "survey") or event in ("chain.delivered", "chain.failed", "dispatch.answer"):
        return False
    if event == "clock.waive":
        return bool(compiled.clock_names)
    return first not in _PARTS or bool(getattr(workflow, _PARTS[first]))


def _payloads(workflow: Workflow) -> Iterator[Payload]:
    """What each event takes; events that take nothing share one type."""
    names = {"NoPayload"}
    bare: list[str] = []
    for event in (*host_events(workflow), *built_in_events(workflow)):
        keys = tuple(_keys(workflow, event))
        if event == "ticket.update":
            yield Payload("Update", (event,), (Key("", "", needed=True),))  # declared apart; it names at least one field
        elif keys:
            yield Payload(_class_name(event, names), (event,), keys)
        else:
            bare.append(event)
    if bare:
        yield Payload("NoPayload", tuple(bare), ())


def _keys(workflow: Workflow, event: str) -> Iterator[Key]:
    """The keys of an event's payload: needed where whatever takes it needs them."""
    compiled, spec = workflow.compiled, workflow.events.get(event)
    takers = compiled.takers.of(event)
    forms = [compiled.links[index].spec.payload for index in takers]
    # A grant's own payload counts where no transition has to take the event.
    forms += [spec.payload] if spec is not None and (event in BUILT_IN or not takers) else []
    known: dict[str, list[Field]] = {}
    for form in (*forms, *([spec.payload] if spec is not None else [])):
        for name, field in form.items():
            known.setdefault(name, []).append(field)
    own = BUILT_IN.get(event, {})
    for name, kind in own.items():
        told = _NAMED.get((event, name)) or WRITTEN[kind.removesuffix("?")]
        yield Key(name, _or_none(told) if kind.endswith("?") else told, needed=not kind.endswith("?"))
    for name in dict.fromkeys([*known, *(read for index in takers for read in payload_reads(compiled.links[index]))]):
        if name not in own:
            everywhere = all(name in form and not _spared(form[name]) for form in forms)
            yield Key(name, _any_of(known.get(name, ()), needed=everywhere), needed=everywhere)


def _spared(spec: Field) -> bool:
    return spec.optional or spec.default is not None


def _any_of(specs: Iterable[Field], *, needed: bool) -> str:
    kinds = list(dict.fromkeys(part for spec in specs for part in (_type(spec, WRITTEN),)))
    if not kinds or "Any" in kinds:
        return "Any"
    told = " | ".join(dict.fromkeys(kinds))
    return told if needed else _or_none(told)


def _class_name(event: str, taken: set[str]) -> str:
    """A name for the payload of an event, of what of it can stand in a name; made different from those that are taken."""
    words = "".join(char if f"a{char}".isidentifier() else " " for char in unicodedata.normalize("NFKC", event)[:_LONGEST])
    camel = "".join(word[:1].upper() + word[1:] for word in words.replace("_", " ").split())
    base = unicodedata.normalize("NFKC", f"{camel}Payload")
    if not camel or not base.isidentifier() or keyword.iskeyword(base):
        base = "EventPayload"
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{base}{count}"
    taken.add(name)
    return name


__all__ = ["Key", "Payload", "Shape", "built_in_events", "host_events", "shape_of", "stubs"]
