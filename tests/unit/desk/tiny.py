"""Knows a workflow small enough to see through, for tests of the desk; must not know the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve

from servflow.errors import Refused
from servflow.model import (
    EMPTY,
    Call,
    Effect,
    FrozenMap,
    Moved,
    Notify,
    Open,
    Opened,
    Outcome,
    Received,
    Record,
    Send,
    SlotProgress,
    Ticket,
    World,
    freeze,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Watch:
    """A source of time that a test moves."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


class TinyWorkflow:
    """
    What an event does stands in its payload.

    ``notify``, ``call``, ``open``, ``send`` make effects, ``wait`` waits for keys, ``wake`` sets a timer in minutes,
    which moves the ticket to ``woken``. The event ``no`` is refused, ``bug`` divides by zero. A test sets what is
    to be reserved, and what happens in the world while an event is decided.
    """

    def __init__(self, workflow: str = "tiny", version: int = 1) -> None:
        self.workflow, self.version, self.hash = workflow, version, f"{workflow}-{version}"
        self.asked: list[tuple[str, str, World | None]] = []
        self.meanwhile: Any = None
        self.reserve: dict[tuple[str, str], Any] = {}

    def to_data(self) -> dict[str, Any]:
        return {"workflow": self.workflow, "version": self.version}

    def open(
        self,
        id: str,  # noqa: A002 - the word of the library
        fields: Mapping[str, Any] | None = None,
        *,
        at: datetime,
        actor: Any = None,
        world: Any = None,
        occurred: datetime | None = None,
    ) -> Outcome:
        given = dict(fields or {})
        self.asked.append((id, "open", world))
        if given.pop("no", False):
            raise Refused("open: not like this", code="payload")
        opened = Opened(
            sequence=1,
            at=at,
            id=id,
            workflow=self.workflow,
            version=self.version,
            fields=freeze(given),
            occurred=occurred,
            pins=FrozenMap(workflow=self.hash),
        )
        ticket = self.fold([opened])
        return self._follow(ticket, (opened,), given, self.reserve.get((id, "open"), ()))

    def fire(
        self,
        ticket: Ticket,
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        at: datetime,
        actor: Any = None,
        world: Any = None,
        key: str | None = None,
        occurred: datetime | None = None,
        expect: int | None = None,
    ) -> Outcome:
        self.asked.append((ticket.id, event, world))
        if self.meanwhile is not None:
            self.meanwhile()
        if event == "no":
            raise Refused("no: never", code="not_here", event=event)
        if event == "bug":
            raise ZeroDivisionError
        data = freeze(dict(payload or {}))
        name = actor if actor is None or isinstance(actor, str) else actor.id
        received = Received(
            sequence=ticket.sequence + 1, at=at, event=event, payload=data, key=key, occurred=occurred, actor=name
        )
        moved = Moved(sequence=ticket.sequence + 2, at=at, event=event, configuration=(event,))
        after = evolve(ticket, at=at, sequence=ticket.sequence + 2, configuration=(event,), wake=None, slots=EMPTY)
        reserve = self.reserve.get((ticket.id, event), ())
        return self._follow(after, (received, moved), data, reserve(world) if callable(reserve) else reserve)

    def _follow(self, ticket: Ticket, records: tuple[Record, ...], data: Mapping[str, Any], reserve: Any) -> Outcome:
        if "wake" in data:
            ticket = evolve(ticket, wake=ticket.at + data["wake"] * MINUTE)
        if data.get("wait"):
            progress = SlotProgress(policy="p", since=ticket.at, waits=tuple(data["wait"]))
            ticket = evolve(ticket, slots=FrozenMap({"assignee": progress}))
        effects = []
        for kind in (Notify, Call, Open, Send):
            for index, value in enumerate(data.get(kind.__name__.lower(), ())):
                effects.append(_effect(kind, ticket, index, value))
        return Outcome(ticket=ticket, records=records, effects=tuple(effects), reservations=tuple(reserve))

    def advance(self, ticket: Ticket, *, at: datetime, world: Any = None) -> Outcome:
        self.asked.append((ticket.id, "advance", world))
        if ticket.fields.get("bug"):
            raise ZeroDivisionError
        if ticket.fields.get("stuck") or ticket.wake is None or ticket.wake > at:
            return Outcome(ticket=ticket)
        moved = Moved(sequence=ticket.sequence + 1, at=ticket.wake, event=None, configuration=("woken",))
        after = evolve(ticket, at=ticket.wake, sequence=moved.sequence, configuration=("woken",), wake=None)
        return Outcome(ticket=after, records=(moved,))

    def available(self, ticket: Ticket, *, at: datetime, actor: Any = None, world: Any = None) -> Any:
        return ("available", ticket.id, at, actor)

    def explain(self, ticket: Ticket, *, at: datetime, world: Any = None) -> Any:
        return ("explain", ticket.id, at)

    def fold(self, records: Iterable[Record]) -> Ticket:
        ticket = None
        for record in records:
            if isinstance(record, Opened):
                ticket = Ticket(
                    id=record.id,
                    workflow=record.workflow,
                    version=record.version,
                    at=record.at,
                    sequence=1,
                    opened_at=record.at,
                    configuration=("new",),
                    fields=record.fields,
                    pins=record.pins,
                )
                continue
            ticket = evolve(ticket, at=record.at, sequence=record.sequence, wake=None)
            if isinstance(record, Moved):
                ticket = evolve(ticket, configuration=record.configuration)
        return ticket


def _effect(kind: type[Effect], ticket: Ticket, index: int, value: Any) -> Effect:
    head = {
        "id": f"{ticket.id}:{ticket.sequence}:{kind.__name__}:{index}",
        "ticket": ticket.id,
        "at": ticket.at,
        "cause": str(ticket.sequence),
        "action": "do",
    }
    if kind is Notify:
        return Notify(**head, to=value, template="t")
    return kind(**head, **value)
