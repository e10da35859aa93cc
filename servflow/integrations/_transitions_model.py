"""Knows the object that users of `transitions` hold, over a ticket; must not decide anything itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Any

from servflow.errors import InputError, Refused, nearest
from servflow.integrations._transitions_tree import name_of_state
from servflow.model import Actor, Outcome, Ticket, World, instant

if TYPE_CHECKING:
    from servflow.desk import Desk
    from servflow.engine import Workflow
    from servflow.statemachine import Machine

_NO_WORD = re.compile(r"\W")
_GROUP = "*"
_SAID = ("at", "actor", "key", "occurred", "expect")
_FORCE = "ticket.force"


def _system_clock() -> datetime:
    return datetime.now(UTC)


def as_model(
    ticket: Ticket | Outcome | str,
    workflow: Workflow | None = None,
    *,
    desk: Desk | None = None,
    actor: Actor | Mapping[str, Any] | str | None = None,
    now: Callable[[], datetime] | datetime = _system_clock,
    world: Callable[[], World | Mapping[str, Any] | None] | World | Mapping[str, Any] | None = None,
    keep: Callable[[Outcome], None] | None = None,
    supply: Mapping[str, Callable[[Ticket], Any]] | None = None,
) -> Model:
    """
    The object that users of `transitions` know, over a ticket.

    >>> import servflow
    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> flow = servflow.Workflow(
    ...     workflow="repair",
    ...     states={"new": {}, "dispatched": {"closed": True}},
    ...     transitions=[{"event": "dispatch", "source": "new", "target": "dispatched"}],
    ... )
    >>> model = as_model(flow.open("R-1", at=at), flow, now=lambda: at)
    >>> model.is_new(), model.may_dispatch()
    (True, True)
    >>> outcome = model.dispatch()
    >>> model.state, outcome.ticket.state
    ('dispatched', 'dispatched')

    Args:
        ticket: the ticket, the outcome that it came from, or with a desk its id.
        workflow: the workflow it runs under; not needed with a desk.
        desk: everything goes through it, so that it is kept and delivered; it has its own time and world.
        actor: in whose name, unless a call says ``actor=``.
        now: gives the present as an aware instant, or is one; the system clock in UTC where left out, as for a desk.
        world: what decisions may read of the world outside, or a function that gives it.
        keep: is handed every outcome before the model moves on: write it to your database here. If it raises, the
            model stays where it was. Left out, outcomes gather in ``model.outcomes``.
        supply: payload value to a function of the ticket, asked at each event that takes such a value and did not get it.

    Raises:
        InputError: neither a workflow nor a desk is given, or both, or the ticket is something else.
        NotFound: the desk has no such ticket.
    """
    held = _held(ticket, workflow, desk)
    source: _Source = _Stored(desk, held.id) if desk is not None else _Loose(workflow, now, world, keep)
    return Model(held, source, actor, supply or {})


def _held(ticket: Any, workflow: Any, desk: Any) -> Ticket:
    """The ticket that a model begins with."""
    if (workflow is None) == (desk is None):
        raise InputError("pass the workflow of the ticket, or desk=, and not both", code="integrations.model")
    held = ticket.ticket if isinstance(ticket, Outcome) else ticket
    if desk is not None:
        held = desk.get(held if isinstance(held, str) else held.id)
    if workflow is not None and not hasattr(workflow, "compiled"):
        raise InputError(
            f"a workflow is expected, not a {type(workflow).__name__}; a desk is passed as desk=", code="integrations.model"
        )
    if not isinstance(held, Ticket):
        raise InputError(
            f"a ticket or its outcome is expected, not a {type(held).__name__}; an id alone needs desk=",
            code="integrations.model",
        )
    if workflow is not None and held.workflow != workflow.workflow:
        raise InputError(
            f"ticket {held.id} belongs to workflow {held.workflow!r}, not {workflow.workflow!r}", code="integrations.model"
        )
    return held


class _Loose:
    """A ticket that the caller keeps."""

    def __init__(
        self, workflow: Any, now: Callable[[], datetime] | datetime, world: Any, keep: Callable[[Outcome], None] | None
    ) -> None:
        self.workflow = workflow
        self.outcomes: list[Outcome] = []
        self._now, self._world = now, world
        self._keep = keep if keep is not None else self.outcomes.append

    def _given(self, ticket: Ticket, at: datetime | None) -> dict[str, Any]:
        # The present may lie a little behind a ticket that another process wrote; said by the caller, it counts as said.
        if at is None:
            at = max(instant(self._now() if callable(self._now) else self._now, "now"), ticket.at)
        return {"at": at, "world": self._world() if callable(self._world) else self._world}

    def current(self, ticket: Ticket) -> Ticket:
        return ticket

    def try_out(self, ticket: Ticket, event: str, payload: Mapping[str, Any], said: Mapping[str, Any]) -> Outcome:
        more = {name: value for name, value in said.items() if name != "at"}
        outcome: Outcome = self.workflow.fire(ticket, event, payload, **self._given(ticket, said.get("at")), **more)
        return outcome

    def fire(self, ticket: Ticket, event: str, payload: Mapping[str, Any], said: Mapping[str, Any]) -> Outcome:
        outcome = self.try_out(ticket, event, payload, said)
        self._keep(outcome)
        return outcome

    def advance(self, ticket: Ticket, at: datetime | None) -> Outcome:
        outcome: Outcome = self.workflow.advance(ticket, **self._given(ticket, at))
        if outcome.records:
            self._keep(outcome)
        return outcome

    def available(self, ticket: Ticket, actor: Any) -> Any:
        return self.workflow.available(ticket, actor=actor, **self._given(ticket, None))


class _Stored:
    """A ticket that a desk keeps."""

    def __init__(self, desk: Any, ticket: str) -> None:
        self._desk, self._id = desk, ticket
        self.outcomes: list[Outcome] = []

    @property
    def workflow(self) -> Any:
        return self._desk.workflow_of(self._id)

    def current(self, ticket: Ticket) -> Ticket:
        found: Ticket = self._desk.get(ticket.id)
        return found

    def try_out(self, ticket: Ticket, event: str, payload: Mapping[str, Any], said: Mapping[str, Any]) -> Outcome:
        outcome: Outcome = self._desk.preview(ticket.id, event, payload, **self._without_time(said))
        return outcome

    def fire(self, ticket: Ticket, event: str, payload: Mapping[str, Any], said: Mapping[str, Any]) -> Outcome:
        outcome: Outcome = self._desk.fire(ticket.id, event, payload, **self._without_time(said))
        return outcome

    def _without_time(self, said: Mapping[str, Any]) -> Mapping[str, Any]:
        if "at" in said:
            raise InputError(
                "a desk knows the time; leave at out, and pass occurred for what happened earlier", code="integrations.at"
            )
        return said

    def advance(self, ticket: Ticket, at: datetime | None) -> Outcome:
        raise InputError("a desk lets time pass in tick(); advance is for a ticket you keep yourself", code="integrations.at")

    def available(self, ticket: Ticket, actor: Any) -> Any:
        return self._desk.available(ticket.id, actor=actor)


_Source = _Loose | _Stored


class Model:
    """
    A ticket with the methods that `transitions` puts on a model; made by ``as_model``.

    For every event ``name``: ``model.name(**payload)`` fires it and gives the ``Outcome``, ``model.may_name(**payload)`` says
    whether it would be allowed. For every state ``s``: ``model.is_s()``, with ``allow_substates=True`` also inside it, and
    ``model.to_s(reason=...)``, which is ``ticket.force``. A nested state also goes by the names around it, as in
    ``is_on_site_repairing``; characters that cannot stand in a method's name are ``_``, as in ``ticket_update``.
    An event that is not allowed raises ``Refused`` and leaves the model where it was.

    ``at``, ``actor``, ``key``, ``occurred`` and ``expect`` are those of ``Workflow.fire``; payload with such a name goes into
    a mapping, the first argument. Names that are methods here go through ``trigger`` and ``may_trigger``.
    """

    __slots__ = ("_actor", "_known", "_source", "_supply", "_ticket", "_turn")

    def __init__(
        self, ticket: Ticket, source: _Source, actor: Any = None, supply: Mapping[str, Callable[[Ticket], Any]] | None = None
    ) -> None:
        self._ticket = ticket
        self._source = source
        self._actor = actor
        self._supply = supply or {}
        self._known: tuple[Any, dict[str, list[str]], dict[str, list[str]]] | None = None
        self._turn = RLock()

    def __reduce__(self) -> tuple[Any, ...]:
        return Model, (self._ticket, self._source, self._actor, self._supply)

    # where it is --------------------------------------------------------------------------------------------------

    @property
    def ticket(self) -> Ticket:
        """The ticket as it now is; with a desk as the model last saw it, see ``refresh``."""
        return self._ticket

    @property
    def outcomes(self) -> list[Outcome]:
        """What came of each call, oldest first, where nobody was given to ``keep`` it: empty it as you write it down."""
        return self._source.outcomes

    @property
    def state(self) -> str | list[str]:
        """The name of the state it is in; a list of them in a parallel state."""
        leaves = self._ticket.configuration
        return leaves[0] if len(leaves) == 1 else list(leaves)

    def is_state(self, state: str | Enum, allow_substates: bool = False) -> bool:
        """
        Whether it is in that state, given by name or as a member of an enumeration; in one around another only with
        *allow_substates*.

        Raises:
            InputError: there is no such state.
        """
        workflow, _, states = self._names()
        chart, state = workflow.compiled.chart, name_of_state(state)
        found = states.get(_NO_WORD.sub("_", state))
        if found is None:
            raise InputError(f"there is no state {state!r}{_hint(state, chart.states)}", code="integrations.state", state=state)
        leaves = self._ticket.configuration
        if any(name in leaves for name in found):
            return True
        return allow_substates and any(chart.contains(leaves, name) for name in found)

    def refresh(self) -> Ticket:
        """Look up what the desk holds by now; gives the ticket."""
        self._ticket = self._source.current(self._ticket)
        return self._ticket

    # what can happen ----------------------------------------------------------------------------------------------

    def trigger(self, event: str, payload: Mapping[str, Any] | None = None, /, **more: Any) -> Outcome:
        """
        Fire an event by its name.

        Raises:
            Refused: it is not allowed here and now; the model stays where it was.
        """
        said, given = self._split(event, payload, more)
        return self._move(lambda ticket: self._source.fire(ticket, event, given(ticket), said))

    def _move(self, way: Callable[[Ticket], Outcome]) -> Outcome:
        """Go on to what comes of it; threads that share the model take turns, as with a locked machine."""
        with self._turn:
            before = self._ticket
            outcome = way(before)
            if self._ticket is not before:
                raise InputError(
                    f"ticket {before.id} was moved by what its own move called; fire what follows when the call has returned",
                    code="integrations.turn",
                )
            self._ticket = outcome.ticket
        return outcome

    def may_trigger(self, event: str, payload: Mapping[str, Any] | None = None, /, **more: Any) -> bool:
        """Whether the event would be allowed, decided by the code that would do it; the model stays where it is."""
        said, given = self._split(event, payload, more)
        try:
            self._source.try_out(self._ticket, event, given(self._ticket), said)
        except Refused:
            return False
        return True

    def to(self, state: str | Enum, /, **more: Any) -> Outcome:
        """
        Put it into a state by ``ticket.force``: permission is needed, a ``reason`` too, and it is on record.

        Raises:
            Refused: the actor may not, or no reason is given.
        """
        workflow, _, states = self._names()
        state = name_of_state(state)
        found = states.get(_NO_WORD.sub("_", state), [state])
        named = next((name for name in found if name in workflow.compiled.chart.leaves), found[0])
        return self.trigger(
            _FORCE, {"state": named, **{name: more.pop(name) for name in list(more) if name not in _SAID}}, **more
        )

    def options(self, actor: Any = None) -> Any:
        """Every event with whether it may happen and why not; what ``available`` gives."""
        return self._source.available(self._ticket, self._actor if actor is None else actor)

    def get_triggers(self) -> list[str]:
        """The events that are allowed now, or would be with the payload they need."""
        return [option.event for option in self.options() if option.status != "refused"]

    def advance(self, at: datetime | None = None) -> Outcome:
        """Let time pass, up to *at* or the present: timers, clocks and escalations that are due happen."""
        return self._move(lambda ticket: self._source.advance(ticket, at))

    def _split(
        self, event: str, payload: Mapping[str, Any] | None, more: dict[str, Any]
    ) -> tuple[dict[str, Any], Callable[[Ticket], dict[str, Any]]]:
        """What `fire` is told beside the payload, and the payload for a ticket with what the host supplies."""
        if payload is not None and not isinstance(payload, Mapping):
            raise InputError(
                f"the payload of {event} is a mapping or keywords, not a {type(payload).__name__}", code="integrations.payload"
            )
        said = {name: more.pop(name) for name in _SAID if name in more}
        if said.get("actor") is None:
            said["actor"] = self._actor
        given = {**(payload or {}), **more}
        missing: list[str] = []
        if self._supply and isinstance(event, str):
            compiled = self._source.workflow.compiled
            declared = {name for index in compiled.takers.of(event) for name in compiled.transitions[index].payload}
            missing = [name for name in self._supply if name in declared and name not in given]
        return said, lambda ticket: {**given, **{name: self._supply[name](ticket) for name in missing}}

    # names --------------------------------------------------------------------------------------------------------

    def _names(self) -> tuple[Any, dict[str, list[str]], dict[str, list[str]]]:
        """The workflow, and by the name of a method the events it may mean, and the states."""
        workflow = self._source.workflow
        if self._known is None or self._known[0] is not workflow:
            known = sorted(event for event in workflow.compiled.events if _GROUP not in event)
            events: dict[str, list[str]] = {}
            for event in known:
                name = _NO_WORD.sub("_", event)
                if name == event:
                    events[name] = [event]
                elif name not in known:
                    events.setdefault(name, []).append(event)
            self._known = (workflow, events, _state_names(workflow.compiled.chart))
        return self._known

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in Model.__slots__:
            raise AttributeError(name)
        _, events, states = self._names()
        asked: list[tuple[str, Callable[..., Any]]] = [(name, self.trigger)]
        if name.startswith("may_"):
            asked.append((name.removeprefix("may_"), self.may_trigger))
        for called, method in asked:
            if called in events:
                if len(events[called]) > 1:
                    meant = " or ".join(events[called])
                    raise AttributeError(f"{name} could mean {meant}; name one in {method.__name__}(...)", name=name, obj=self)
                return partial(method, events[called][0])
        for prefix, method in (("is_", self.is_state), ("to_", self.to)):
            state = name.removeprefix(prefix)
            if state != name and state in states:
                return partial(method, state)
        raise AttributeError(
            f"ticket {self._ticket.id} has no event and no state for {name!r}{_hint(name, self.__dir__())}", name=name, obj=self
        )

    def __dir__(self) -> list[str]:
        _, events, states = self._names()
        made = [*events, *(f"may_{name}" for name in events), *(f"{word}_{name}" for word in ("is", "to") for name in states)]
        return sorted({*super().__dir__(), *made})

    def __repr__(self) -> str:
        return f"<Model of ticket {self._ticket.id} of {self._ticket.workflow!r} in {self._ticket.state}>"


def _state_names(chart: Machine) -> dict[str, list[str]]:
    """Name of a method to the states it means: by their ids, or by the ids of those around them as well."""
    found: dict[str, list[str]] = {}
    for state in chart.states:
        # A group that was read from a machine is called like the state it stands for, with what marks it at the end.
        for name in (state, state[: -len(_GROUP) - 1]) if state.endswith(_GROUP) else (state,):
            found.setdefault(_NO_WORD.sub("_", name), []).append(state)
    ids = frozenset(found)
    for state in chart.states:
        around = tuple(reversed(chart.ancestors(state)))
        for start in range(len(around)):
            name = _NO_WORD.sub("_", "_".join((*around[start:], state)))
            if name not in ids:
                found.setdefault(name, []).append(state)
    return found


def _hint(name: str, known: Any) -> str:
    close = nearest(name, list(known))
    return f"; did you mean {close!r}?" if close else ""
