"""Knows the parts of a workflow's definition that belong to no single sibling; must not know how anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from servflow.engine._building import (
    allow_list,
    at_path,
    build,
    build_list,
    names,
    payload_map,
    refuse_shapes,
)
from servflow.engine._idioms import Approval, ChecklistStep, approval, checklist, texts
from servflow.engine._reopen import Reopen, reopen
from servflow.errors import DefinitionError, Finding, TimeError, nearest
from servflow.model import Action, Field, FrozenMap, Span, actions, freeze, titled

RELATIONS = ("system", "assignee", "owner", "requester", "manager_of")
"""Who somebody is to a ticket; never declared as roles."""


BUILT_IN: Mapping[str, Mapping[str, str]] = {
    "ticket.update": {},
    "ticket.assign": {"to": "string", "slot": "string?"},
    "ticket.message": {"side": "string?", "public": "bool?", "channel": "string?", "text": "string?"},
    "ticket.cancel": {"reason": "string?"},
    "ticket.reopen": {"reason": "string?"},
    "ticket.force": {"state": "string", "reason": "string"},
    "ticket.watch": {"who": "string?"},
    "ticket.unwatch": {"who": "string?"},
    "helper.done": {"reason": "string?"},
    "helper.remove": {"who": "string", "reason": "string?"},
    "step.check": {"step": "string", "evidence": "any?"},
    "step.uncheck": {"step": "string", "reason": "string"},
    "approval.approve": {"state": "string?", "comment": "string?"},
    "approval.reject": {"state": "string?", "comment": "string?"},
    "offer.accept": {"offer": "string?"},
    "offer.reject": {"offer": "string?", "reason": "string?"},
    "dispatch.approve": {"to": "string?", "slot": "string?"},
    "dispatch.decline": {"reason": "string?", "slot": "string?"},
    "dispatch.answer": {
        "to": "any",
        "slot": "string?",
        "policy": "string?",
        "limits": "any?",
        "again_at": "any?",
    },
    "queue.take": {"policy": "string?"},
    "appointment.book": {"start": "timestamp", "to": "string?", "policy": "string?"},
    "appointment.reschedule": {"start": "timestamp", "to": "string?"},
    "appointment.cancel": {"reason": "string?"},
    "appointment.no_show": {"reason": "string?"},
    "appointment.lost": {"reason": "string?"},
    "part.need": {"part": "string", "quantity": "int?", "place": "string?"},
    "part.reserve": {"part": "string?", "line": "int?", "quantity": "int?", "place": "string?"},
    "part.use": {"part": "string?", "line": "int?", "quantity": "int?", "serials": "any?"},
    "part.return": {
        "part": "string?",
        "line": "int?",
        "quantity": "int?",
        "condition": "string?",
        "serials": "any?",
        "reason": "string?",
    },
    "part.release": {"part": "string?", "line": "int?", "quantity": "int?", "reason": "string?"},
    "part.booked": {"part": "string?", "line": "int?", "quantity": "int?", "place": "string?"},
    "chain.acknowledge": {"chain": "string?", "run": "int?"},
    "chain.unacknowledge": {"chain": "string?", "run": "int?"},
    "chain.snooze": {"chain": "string?", "run": "int?", "until": "any"},
    "chain.unsnooze": {"chain": "string?", "run": "int?"},
    "chain.escalate": {"chain": "string?", "run": "int?", "level": "any?"},
    "chain.deescalate": {"chain": "string?", "run": "int?", "level": "any?"},
    "chain.stop": {"chain": "string?", "run": "int?", "reason": "string"},
    "chain.delivered": {"effect": "string?", "chain": "string?", "run": "int?", "level": "string?", "to": "string?"},
    "chain.failed": {
        "effect": "string?",
        "chain": "string?",
        "run": "int?",
        "level": "string?",
        "to": "string?",
        "reason": "string?",
    },
    "chain.start": {"chain": "string", "level": "string?", "reason": "string?"},
    "correlator.fired": {"correlator": "string?", "count": "int?"},
    "rating.add": {
        "scale": "string?",
        "score": "int",
        "comment": "string?",
        "about": "string?",
        "visit": "string?",
        "rater": "string?",
    },
    "survey.asked": {
        "survey": "string",
        "to": "string",
        "visit": "string?",
        "until": "timestamp?",
        "rests": "timestamp?",
    },
    "survey.skipped": {"survey": "string", "reason": "string", "to": "string?", "visit": "string?"},
    "clock.waive": {"clock": "string", "reason": "string", "cycle": "int?"},
    "ticket.child_opened": {"child": "string"},
    "ticket.child_closed": {"child": "string"},
    "ticket.child_reopened": {"child": "string"},
}
"""
Built-in event -> what its payload may carry and of which type; a type with ``?`` may be left out.

``ticket.update`` takes any field by name. They are namespaced so that they never collide with a workflow's own.
"""

ATTRIBUTES = ("priority", "queue", "customer", "asset", "outlet", "channel", "tags", "parent")
"""What every ticket has besides its fields and an opening or an update may set."""


def _span(value: Any) -> Span:
    try:
        return Span.of(value)
    except TimeError as error:
        raise DefinitionError.of([Finding("definition.span", "after", {"value": value, "why": error.message})]) from None


RESUMES = ("restart", "deadline", "remaining")
"""How a timer goes on in a state that is entered again; the first unless said."""


@frozen(kw_only=True)
class Timer:
    """
    A timer of a state: fires ``event`` as ``system`` once the state was active for ``after``.

    ``after`` passes as time passes, or counts in ``calendar`` where one is named and the span is exact.
    ``resume`` says what happens when the state is left before that and entered again: ``restart`` begins anew,
    as the answer of a customer starts the waiting anew; ``deadline`` keeps the instant it was due at, and fires
    at once where that has passed outside; ``remaining`` goes on with the time that was left. A timer that fired,
    and every timer of a ticket that was reopened, begins anew. ``id`` is what editors call it, and says nothing else.
    """

    after: Span = field(converter=_span)
    event: str
    calendar: str | None = None
    resume: str = RESUMES[0]
    id: str | None = None

    def __attrs_post_init__(self) -> None:
        refuse_shapes(self, texts=("calendar", "id"), words=("event", "resume"))
        if self.resume not in RESUMES:
            facts = {"kind": "way to resume", "name": self.resume, "known": RESUMES, "nearest": nearest(self.resume, RESUMES)}
            raise DefinitionError.of([Finding("name.unknown", "resume", facts)])


def _timers(value: Any) -> tuple[Timer, ...]:
    return tuple(build_list(Timer, value, "timers"))


def _states(value: Any) -> FrozenMap[str, State]:
    found: list[Finding] = []
    read: dict[str, State] = {}
    for name, source in (value or {}).items():
        try:
            read[str(name)] = build(State, source)
        except DefinitionError as error:
            found.extend(at_path(error, str(name)))
    if found:
        raise DefinitionError.of(found)
    return FrozenMap(read)


@frozen(kw_only=True)
class State:
    """
    Where a ticket can be.

    ``closed`` marks work as done and never halts the machine. ``checklist`` lists the steps to be
    checked here (``ordered``: in that order), ``approval`` says what it takes to approve here, ``timers`` fire by
    time. ``shown`` is what each audience outside sees of the ticket here and in the states inside.
    ``states``, ``initial``, ``parallel``,
    ``history``, ``default`` and ``final`` shape a statechart as in W3C SCXML. ``reopen`` says how a closed ticket is
    reopened from here.
    """

    closed: bool = False
    checklist: tuple[ChecklistStep, ...] = field(default=(), converter=checklist)
    ordered: bool = False
    timers: tuple[Timer, ...] = field(default=(), converter=_timers)
    states: FrozenMap[str, State] = field(default=None, converter=_states)
    initial: Any = field(default=None, converter=freeze)
    parallel: bool = False
    final: bool = False
    history: str | None = None
    default: Any = field(default=None, converter=freeze)
    reopen: Reopen | None = field(default=None, converter=reopen)
    title: str = field(default="", converter=titled)
    approval: Approval | None = field(default=None, converter=approval)
    shown: FrozenMap[str, str] = field(default=None, converter=texts)

    def __attrs_post_init__(self) -> None:
        refuse_shapes(self, flags=("closed", "ordered", "parallel", "final"), texts=("title",))

    def chart(self) -> dict[str, Any]:
        """The part of the state that the machine needs."""
        out: dict[str, Any] = {}
        if self.states:
            out["states"] = {name: state.chart() for name, state in self.states.items()}
        for key in ("initial", "history", "default"):
            value = getattr(self, key)
            if value is not None:
                out[key] = list(value) if isinstance(value, tuple) else value
        for key in ("parallel", "final"):
            if getattr(self, key):
                out[key] = True
        return out


@frozen(kw_only=True)
class Transition:
    """
    An allowed move.

    ``event`` names what makes it happen (None: as soon as ``when`` holds), ``source`` one or more states or
    ``"*"``, ``target`` where it leads (None: it stays). ``when`` is the guard, ``allow`` who may,
    ``not_by`` an event whose last actor may not, ``payload`` the types it needs, ``do`` the updates. ``id`` is what editors
    call it, and says nothing else.
    """

    event: str | None = None
    source: tuple[str, ...] = field(converter=names)
    target: tuple[str, ...] = field(default=(), converter=names)
    internal: bool = False
    when: str | None = None
    allow: tuple[Any, ...] = field(default=(), converter=allow_list)
    not_by: str | None = None
    payload: FrozenMap[str, Field] = field(default=None, converter=payload_map)
    do: tuple[Action, ...] = field(default=(), converter=actions)
    title: str = field(default="", converter=titled)
    id: str | None = None

    def __attrs_post_init__(self) -> None:
        refuse_shapes(self, flags=("internal",), texts=("event", "not_by", "title", "id"))


@frozen(kw_only=True)
class EventSpec:
    """Who may fire a built-in event, and what its payload must carry."""

    allow: tuple[Any, ...] = field(default=(), converter=allow_list)
    not_by: str | None = None
    payload: FrozenMap[str, Field] = field(default=None, converter=payload_map)
    title: str = field(default="", converter=titled)

    def __attrs_post_init__(self) -> None:
        refuse_shapes(self, texts=("not_by", "title"))


def ids_of(moves: tuple[Transition, ...], states: Mapping[str, State]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The ids written in elements without a name and where, by what must not share any; *states* go by their paths."""
    groups: list[tuple[str, str, tuple[Timer | Transition, ...]]] = [("transitions", "transitions", moves)]
    groups += [("timers", f"{path}.timers", state.timers) for path, state in states.items()]
    return [(kind, [(one.id, f"{path}[{i}].id") for i, one in enumerate(ones) if one.id]) for kind, path, ones in groups]


__all__ = ["ATTRIBUTES", "BUILT_IN", "RELATIONS", "EventSpec", "State", "Timer", "Transition", "ids_of"]
