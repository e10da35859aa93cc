"""Knows the small shop that is simulated where a host brings no workflow of its own; must not know what goes wrong in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from attrs import evolve, frozen

from servflow.engine import Workflow
from servflow.model import Call, Next, Outcome, Release, Ticket, Unique, World
from servflow.stores import Store
from servflow.testing._simulation_script import Act, Firing, Opening

NUMBER = "number"
"""The counter from which every repair gets its number."""

ENGINEERS = ({"id": "ann", "capacity": 1}, {"id": "bob", "capacity": 1})
PEOPLE = ({"id": "zoe"}, {"id": "dan"})


REPAIR: Mapping[str, Any] = {
    "workflow": "repair",
    "fields": {
        "serial": "string",
        "fee": {"type": "int", "default": 0},
        "note": {"type": "string", "default": ""},
        "noted": {"type": "int", "default": 0},
    },
    "initial": "new",
    "states": {
        "new": {},
        "working": {"timers": [{"after": "45m", "event": "report"}]},
        "waiting_parts": {"timers": [{"after": "5h", "event": "give_up"}]},
        "reported": {"timers": [{"after": "30m", "event": "price"}]},
        "priced": {"timers": [{"after": "20m", "event": "close"}]},
        "closed": {"closed": True},
    },
    "transitions": [
        {
            "event": "assigned.engineer",
            "source": "new",
            "target": "working",
            "do": [{"notify": {"to": "assignee", "template": "yours"}}],
        },
        *(
            {
                "event": "note",
                "source": state,
                "payload": {"text": "string"},
                "do": [
                    {"set": {"note": "note + payload.text", "noted": "noted + 1"}},
                    {"notify": {"to": {"user": "zoe"}, "template": "note", "data": {"text": "payload.text"}}},
                ],
            }
            for state in ("working", "reported", "priced")
        ),
        {"event": "hand_back", "source": "working", "target": "new"},
        {"event": "cancel", "source": "working", "target": "closed"},
        {
            "event": "order",
            "source": "working",
            "target": "waiting_parts",
            "do": [{"open": {"workflow": "part", "fields": {"name": "'pump'"}}}],
        },
        {"event": "children.closed", "source": "waiting_parts", "target": "reported"},
        {"event": "give_up", "source": "waiting_parts", "target": "reported"},
        {"event": "report", "source": "working", "target": "reported"},
        {
            "event": "price",
            "source": "reported",
            "do": [{"call": {"name": "price", "data": {"serial": "serial"}, "reply": "quoted"}}],
        },
        {
            "event": "quoted",
            "source": "reported",
            "target": "priced",
            "payload": {"fee": "int"},
            "do": [{"set": {"fee": "payload.fee"}}, {"notify": {"to": {"user": "dan"}, "template": "quoted"}}],
        },
        {"event": "close", "source": "priced", "target": "closed"},
    ],
    "dispatch": [
        {
            "name": "engineer",
            "slot": "assignee",
            "candidates": "engineers",
            "state": "new",
            "until": "closed",
            "require": [{"below": "capacity"}],
            "mode": "assign",
        }
    ],
    "clocks": [{"name": "repair", "within": "2h", "until": "closed", "paused_in": "waiting_parts", "warn": ["50%"]}],
    "escalations": [
        {
            "name": "late",
            "start": {"clock": "repair", "mark": "breach"},
            "levels": [
                {"name": "lead", "do": [{"notify": {"to": {"user": "zoe"}, "template": "late"}}]},
                {"name": "head", "after": "1h", "do": [{"notify": {"to": {"user": "dan"}, "template": "later"}}]},
            ],
        }
    ],
}
"""Engineers of limited capacity, a promise with a warning, a chain, timers, parts as tickets, a call."""


@cache
def repair() -> Workflow:
    """A repair, from its opening to its price."""
    return Workflow(**REPAIR)


@cache
def part() -> Workflow:
    """A part that was ordered, which tells the repair when it is there."""
    return Workflow(
        workflow="part",
        fields={"name": "string"},
        initial="ordered",
        states={"ordered": {"timers": [{"after": "2h", "event": "arrive"}]}, "delivered": {"closed": True}},
        transitions=[{"event": "arrive", "source": "ordered", "target": "delivered"}],
    )


@frozen
class Numbered:
    """
    A workflow whose tickets get a number each, and hold their serial number for themselves until they are closed.

    Both must hold across tickets, so they go with each outcome as reservations.
    """

    flow: Workflow
    store: Store

    workflow = property(lambda self: self.flow.workflow)
    version = property(lambda self: self.flow.version)
    hash = property(lambda self: self.flow.hash)

    def to_data(self) -> Mapping[str, Any]:
        """As ``Workflow.to_data``."""
        return self.flow.to_data()

    def open(
        self,
        id: str,  # noqa: A002 - the word of the whole library
        fields: Mapping[str, Any] | None = None,
        *,
        at: datetime,
        actor: Any = None,
        world: Any = None,
        occurred: datetime | None = None,
    ) -> Outcome:
        """As ``Workflow.open``, with the next number and the serial number taken."""
        outcome = self.flow.open(id, fields, at=at, actor=actor, world=world, occurred=occurred)
        number = Next(counter=NUMBER, expected=self.store.usage(NUMBER).get(NUMBER, 0))
        serial = Unique(key=f"serial:{outcome.ticket.fields['serial']}")
        return evolve(outcome, reservations=(*outcome.reservations, number, serial))

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
        """As ``Workflow.fire``."""
        more = {"actor": actor, "world": world, "key": key, "occurred": occurred, "expect": expect}
        return self._let_go(ticket, self.flow.fire(ticket, event, payload, at=at, **more))

    def advance(self, ticket: Ticket, *, at: datetime, world: Any = None) -> Outcome:
        """As ``Workflow.advance``."""
        return self._let_go(ticket, self.flow.advance(ticket, at=at, world=world))

    def available(self, ticket: Ticket, *, at: datetime, actor: Any = None, world: Any = None) -> Any:
        """As ``Workflow.available``."""
        return self.flow.available(ticket, at=at, actor=actor, world=world)

    def explain(self, ticket: Ticket, *, at: datetime, world: Any = None) -> Any:
        """As ``Workflow.explain``."""
        return self.flow.explain(ticket, at=at, world=world)

    def fold(self, records: Any) -> Ticket:
        """As ``Workflow.fold``."""
        return self.flow.fold(records)

    def _let_go(self, before: Ticket, outcome: Outcome) -> Outcome:
        if outcome.ticket.closed_at is None or before.closed_at is not None:
            return outcome
        given = Release(key=f"serial:{outcome.ticket.fields['serial']}")
        return evolve(outcome, reservations=(*outcome.reservations, given))


def flows(store: Store) -> Sequence[Any]:
    """The workflows of the shop, for a desk over a store."""
    return (Numbered(repair(), store), part())


def world(random: Random) -> World:
    """One engineer or two for up to four repairs, so that some wait until another one is done."""
    return World(engineers=ENGINEERS[: random.choice((1, 2))], people=PEOPLE)


def events(random: Random) -> list[Act]:
    """What happens in the shop in one day: repairs that come one by one, in a hurry, or in a rush that is called off again."""
    acts: list[Act] = []
    mood = random.choice(("day", "hurry", "rush", "rush"))
    apart = (0, 1, 60, 600, 2_700, 3_600) if mood == "day" else (0, 0, 1)
    events = ("cancel",) if mood == "rush" else ("note", "note", "note", "order", "hand_back", "cancel", "report")
    for number in range(random.choice((2, 3)) if mood == "rush" else random.randint(2, 4)):
        ticket = f"R{number}"
        serial = "S0" if number and random.random() < 0.05 else f"S{number}"
        late = timedelta(seconds=random.randint(0, 5_400) if mood == "day" else random.choice(apart))
        acts.append(Opening(ticket, {"serial": serial}, workflow="repair", after=late))
        for index in range(1 if mood == "rush" else random.randint(0, 4)):
            after = timedelta(seconds=random.choice(apart))
            event = random.choice(events)
            payload = {"text": f"{index}."} if event == "note" else None
            acts.append(Firing(ticket, event, payload, after=after, by_mail=False if mood == "rush" else None))
    return acts


def price(effect: Call) -> Mapping[str, int]:
    """What the shop's price list answers."""
    return {"fee": len(effect.data["serial"]) * 10}
