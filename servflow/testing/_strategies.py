"""Knows how to draw what can happen to a ticket of a given workflow; must not know what the workflow then does."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from attrs import field, frozen
from hypothesis import strategies as st

from servflow.engine import BUILT_IN, Workflow
from servflow.errors import Refused
from servflow.model import EMPTY, FIRED, SYSTEM, Actor, Field, FrozenMap, Outcome, Ticket, World, instant

PEOPLE = ("ann", "bo", "cy")
"""Whom drawn actors are; few, so that one often meets what another did."""

_FIRST = datetime(2024, 1, 1, tzinfo=UTC)
_LAST = datetime(2030, 1, 1, tzinfo=UTC)
_ZONES = ("UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
_TEXT = st.text(string.ascii_letters + string.digits + " '\"\\é工\n", max_size=12)
_INT = st.integers(-(2**63), 2**63 - 1)
_SPANS = st.timedeltas(timedelta(), timedelta(days=30))


def _payload(value: Mapping[str, Any]) -> FrozenMap[str, Any]:
    return FrozenMap(value)


@frozen(kw_only=True)
class Step:
    """One thing that happens: ``after`` the step before, somebody fires an event; no event lets time pass."""

    after: timedelta
    event: str | None = None
    payload: FrozenMap[str, Any] = field(default=EMPTY, converter=_payload)
    actor: Actor | None = None


def instants(first: datetime = _FIRST, last: datetime = _LAST) -> st.SearchStrategy[datetime]:
    """
    Aware instants, written in several zones; whole hours and single microseconds come up often.

    Args:
        first: the earliest, aware.
        last: the latest, aware.

    Raises:
        TimeError: one of them is naive.
    """
    low, high = instant(first, "first"), instant(last, "last")
    length = (high - low) // timedelta(microseconds=1)
    hours = length // 3_600_000_000
    offsets = st.one_of(st.integers(0, hours).map(lambda hour: hour * 3_600_000_000), st.integers(0, length))
    zones = st.sampled_from(_ZONES).map(ZoneInfo)
    return st.builds(lambda offset, zone: (low + timedelta(microseconds=offset)).astimezone(zone), offsets, zones)


_VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "string": _TEXT,
    "int": st.one_of(st.integers(-3, 3), _INT),
    "uint": st.one_of(st.integers(0, 3), st.integers(0, 2**64 - 1)),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "decimal": st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9),
    "bool": st.booleans(),
    "timestamp": instants(),
    "duration": _SPANS,
    "bytes": st.binary(max_size=12),
}
_PLAIN = st.one_of(_TEXT, st.integers(-3, 3), st.booleans(), st.sampled_from([Decimal("0.10"), Decimal(7)]))
_COMPOUND: Mapping[str, st.SearchStrategy[Any]] = {
    "list": st.lists(_PLAIN, max_size=3),
    "map": st.dictionaries(st.sampled_from("abc"), _PLAIN, max_size=3),
    "any": st.one_of(_PLAIN, st.lists(_PLAIN, max_size=2)),
}


def values_for(spec: Field) -> st.SearchStrategy[Any]:
    """Values that a field takes; those of ``one_of`` where it lists them. Null is never among them."""
    if spec.one_of:
        return st.sampled_from(spec.allowed)
    return {**_VALUES, **_COMPOUND}[spec.type]


def _mapping(fields: Mapping[str, Field], needed: Iterable[str]) -> st.SearchStrategy[dict[str, Any]]:
    always = set(needed)
    return st.fixed_dictionaries(
        {name: values_for(spec) for name, spec in fields.items() if name in always},
        optional={name: values_for(spec) for name, spec in fields.items() if name not in always},
    )


def fields_for(workflow: Workflow) -> st.SearchStrategy[dict[str, Any]]:
    """
    Values to open a ticket with, which the workflow takes.

    Required fields are always there, others sometimes.
    """
    return _mapping(workflow.fields, [name for name, spec in workflow.fields.items() if spec.required])


def actors_for(workflow: Workflow) -> st.SearchStrategy[Actor | None]:
    """Nobody, the system, or one of a few people in some of the workflow's roles."""
    roles = st.lists(st.sampled_from(workflow.roles), unique=True, max_size=3) if workflow.roles else st.just([])
    people = st.builds(lambda who, what: Actor.of({"id": who, "roles": what}), st.sampled_from(PEOPLE), roles)
    return st.one_of(people, people, st.just(SYSTEM), st.none())


Drawn = tuple[str, dict[str, Any], Actor | None]


@frozen
class _Events:
    """What can be fired, each with the states it starts from; built-in events start anywhere that makes sense for them."""

    everywhere: st.SearchStrategy[Drawn]
    by_state: Mapping[str, st.SearchStrategy[Drawn]]

    @classmethod
    def of(cls, workflow: Workflow) -> _Events:
        found: dict[str, list[st.SearchStrategy[Drawn]]] = {}
        built_in = tuple(_built_in(workflow))
        every = list(built_in)
        for transition in workflow.compiled.transitions:
            for event in (transition.event or "").split():
                if "*" in event or workflow.compiled.raised.internal(event):
                    continue
                payload = _mapping(transition.payload, transition.payload)
                drawn = st.tuples(st.just(event), payload, _likely(workflow, transition.allow))
                every.append(drawn)
                for source in transition.source:
                    found.setdefault(source, []).append(drawn)
        checks = {name: _check(workflow, state.checklist) for name, state in states_of(workflow) if state.checklist}
        votes = {name: _votes(workflow, state.approval) for name, state in states_of(workflow) if state.approval is not None}
        for name, drawn in (*checks.items(), *votes.items()):
            found.setdefault(name, []).append(drawn)
        everywhere = st.one_of([*every, *checks.values(), *votes.values()])
        return cls(everywhere, {name: st.one_of(each) for name, each in found.items()})

    def here(self, ticket: Ticket) -> st.SearchStrategy[Drawn]:
        """What starts from where the ticket is; anything where nothing does."""
        found = [self.by_state[name] for name in (*ticket.configuration, "*") if name in self.by_state]
        return st.one_of(found) if found else self.everywhere


def _likely(workflow: Workflow, allow: Iterable[Any]) -> st.SearchStrategy[Actor | None]:
    """Often somebody in a role that may: where everything is refused, nothing is tried."""
    roles = [role for role in allow if role in workflow.roles]
    anybody = actors_for(workflow)
    if not roles:
        return anybody
    allowed = st.builds(lambda who, role: Actor(who, (role,)), st.sampled_from(PEOPLE), st.sampled_from(roles))
    return st.one_of(allowed, allowed, anybody)


def _fired(workflow: Workflow, name: str, payload: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Drawn]:
    spec = workflow.events.get(name)
    return st.tuples(st.just(name), payload, _likely(workflow, spec.allow if spec else ()))


def _check(workflow: Workflow, steps: Iterable[Any]) -> st.SearchStrategy[Drawn]:
    """Checks of steps with the evidence they ask for, and now and then one taken back."""
    spec = workflow.events.get("step.check")
    found = []
    for step in steps:
        parts: dict[str, st.SearchStrategy[Any]] = {"step": st.just(step.step)}
        if step.evidence:
            parts["evidence"] = _mapping(step.evidence, [name for name, held in step.evidence.items() if not held.optional])
        who = _likely(workflow, step.allow or (spec.allow if spec else ()))
        check = st.tuples(st.just("step.check"), st.fixed_dictionaries(parts), who)
        back = st.fixed_dictionaries({"step": parts["step"], "reason": _TEXT})
        found += [check, check, _fired(workflow, "step.uncheck", back)]
    return st.one_of(found)


def _votes(workflow: Workflow, approval: Any) -> st.SearchStrategy[Drawn]:
    event = st.sampled_from(["approval.approve", "approval.approve", "approval.reject"])
    return st.tuples(event, st.just({}), _likely(workflow, approval.allow))


def _built_in(workflow: Workflow) -> Iterable[st.SearchStrategy[Drawn]]:
    def exactly(**payload: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries(payload)

    sides = st.sampled_from(["agent", "customer"])
    yield _fired(workflow, "ticket.update", _mapping(workflow.fields, ()))
    yield _fired(workflow, "ticket.message", exactly(side=sides, public=st.booleans()))
    yield _fired(workflow, "ticket.assign", exactly(to=st.sampled_from(PEOPLE)))
    if workflow.clocks:
        clocks = st.sampled_from([clock.name for clock in workflow.clocks])
        yield _fired(workflow, "clock.waive", exactly(clock=clocks, reason=_TEXT))
    if workflow.escalations:
        chains = st.sampled_from([chain.name for chain in workflow.escalations])
        spans = st.sampled_from(["10m", "2h", "3d"])
        answers = {
            "chain.acknowledge": exactly(chain=chains),
            "chain.unacknowledge": exactly(chain=chains),
            "chain.snooze": exactly(chain=chains, until=spans),
            "chain.unsnooze": exactly(chain=chains),
            "chain.escalate": exactly(chain=chains),
            "chain.deescalate": exactly(chain=chains),
            "chain.stop": exactly(chain=chains, reason=_TEXT),
        }
        yield st.one_of([_fired(workflow, name, payload) for name, payload in answers.items()])
        yield _fired(workflow, "chain.start", exactly(chain=chains))
        yield from _triggers(workflow)


def _triggers(workflow: Workflow) -> Iterable[st.SearchStrategy[Drawn]]:
    """What starts chains besides what is drawn anyway."""
    moves = {word for move in workflow.transitions for word in (move.event or "").split()}
    heard = {trigger.event: None for chain in workflow.escalations for trigger in chain.start if trigger.event not in moves}
    for event in heard:
        if event == "rating.add":
            yield _fired(workflow, event, st.fixed_dictionaries({"score": st.integers(1, 5)}))
        elif event is not None and event not in BUILT_IN:
            spec = workflow.events.get(event)
            typed = spec.payload if spec is not None else {}
            yield _fired(workflow, event, _mapping(typed, [name for name, held in typed.items() if not held.optional]))
    for name in dict.fromkeys(trigger.correlator for chain in workflow.escalations for trigger in chain.start):
        if name is not None:
            found = st.fixed_dictionaries({"correlator": st.just(name), "count": st.integers(1, 5)})
            yield st.tuples(st.just(FIRED), found, st.just(SYSTEM))


def states_of(workflow: Workflow) -> Iterable[tuple[str, Any]]:
    """Every state of a workflow with its name, those inside others too."""
    waiting = list(workflow.states.items())
    while waiting:
        name, state = waiting.pop()
        yield name, state
        waiting.extend(state.states.items())


def event_sequences(
    workflow: Workflow, *, max_size: int = 12, longest: timedelta = timedelta(days=3)
) -> st.SearchStrategy[list[Step]]:
    """
    What may happen to a ticket, one thing after another.

    Events are those of the workflow's transitions, with payloads of the declared types, and the built-in ones that
    make sense for it. A ticket is led along while drawing, so that most events start from where it is and are fired by
    somebody who may; the rest are drawn from all there are and will often be refused, which is a case too. Some
    steps only let time pass. ``play`` runs them.

    Args:
        max_size: how many things happen at most.
        longest: how much time passes between two of them at most.
    """
    short = st.timedeltas(timedelta(), min(longest, timedelta(hours=2)))
    pauses = st.one_of(st.just(timedelta()), short, st.timedeltas(timedelta(), longest))
    return _led(workflow, _Events.of(workflow), pauses, max_size)


@st.composite
def _led(
    draw: st.DrawFn, workflow: Workflow, events: _Events, pauses: st.SearchStrategy[timedelta], max_size: int
) -> list[Step]:
    guide = _guide(workflow, draw(fields_for(workflow)))
    steps: list[Step] = []
    for _ in range(draw(st.integers(0, max_size))):
        kind = draw(st.sampled_from(["here", "here", "here", "anywhere", "nothing"]))
        if kind == "nothing":
            step = Step(after=draw(pauses))
        else:
            name, payload, actor = draw(events.here(guide) if kind == "here" and guide else events.everywhere)
            step = Step(after=draw(pauses), event=name, payload=payload, actor=actor)
        steps.append(step)
        if guide is not None:
            _, outcome = play(workflow, guide, [step])[0]
            guide = guide if isinstance(outcome, Refused) else outcome.ticket
    return steps


def _guide(workflow: Workflow, fields: Mapping[str, Any]) -> Ticket | None:
    try:
        return workflow.open("drawn", fields, at=_FIRST).ticket
    except Refused:  # the workflow asks more of an opening than its fields say
        return None


def play(
    workflow: Workflow, opened: Ticket, steps: Iterable[Step], *, world: World | None = None
) -> tuple[tuple[Step, Outcome | Refused], ...]:
    """
    Run steps on a ticket, one after another from its own instant on, with the outcome or the refusal of each.

    A refused step leaves the ticket as it was and costs its time.

    Args:
        opened: where to begin.
        world: what decisions may read; the same throughout.
    """
    ticket, at = opened, opened.at
    done: list[tuple[Step, Outcome | Refused]] = []
    for step in steps:
        at += step.after
        try:
            if step.event is None:
                outcome = workflow.advance(ticket, at=at, world=world)
            else:
                outcome = workflow.fire(ticket, step.event, step.payload, at=at, actor=step.actor, world=world)
        except Refused as refused:
            done.append((step, refused))
            continue
        ticket = outcome.ticket
        done.append((step, outcome))
    return tuple(done)
