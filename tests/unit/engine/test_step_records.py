"""Knows what the records and effects of one call say, every fact of them; must not know how a step is carried out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import pytest

from servflow.errors import Refused
from servflow.model import Actor, Person, StateTimer, World
from tests.unit.engine.flows import START, Case, after, flow, move, notify

WORLD = World(people=[Person(id="dan", roles=["clerk"])])
DAN = Actor("dan", ["engineer"])
PARTS: dict[str, Any] = {
    "roles": ["clerk", "engineer"],
    "fields": {"n": {"type": "int", "default": 0}},
    "states": {"a": {}, "b": {"timers": [{"after": "1h", "event": "late"}]}, "c": {}, "z": {"closed": True}},
    "transitions": [
        move(
            payload={"by": {"type": "int"}},
            allow="clerk",
            not_by="ticket.message",
            do=[{"set": {"n": "n + payload.by"}}, notify("boss"), {"emit": "told"}],
        ),
        move("told", "b", None, allow="system", do=[notify("ann", "told")]),
        move("late", "b", "c", allow="system", do=[notify("eve")]),
        move(None, "c", "z", when="n > 2"),
    ],
    "events": {"ticket.message": {"allow": ["clerk"]}},
}
TIMER = StateTimer(state="b", index=0, event="late", due=after(90), generation=7)


def told(thing: Any) -> tuple[str, dict[str, Any]]:
    """A record or effect as its kind and every fact that is not what it would be if nothing were said."""
    facts = {one.name: getattr(thing, one.name) for one in attrs.fields(type(thing))}
    plain = {one.name: one.default for one in attrs.fields(type(thing))}
    return type(thing).__name__, {name: fact for name, fact in facts.items() if fact != plain[name] and name != "pins"}


def test_an_event_its_echo_and_a_timer_say_everything() -> None:
    """Who, what, when, why, from where to where: each fact in its record, and each cause in its effect."""
    case = Case(flow(**PARTS), {"n": 1}, actor=Actor("carl", ["clerk"]))
    case.fire("ticket.message", {"text": "hello"}, 10, actor=Actor("carl", ["clerk"]))
    case.fire("go", {"by": 2}, 30, actor=DAN, world=WORLD, key="k1", occurred=after(20))
    case.until(200)

    moved = {"exited": ("b",), "entered": ("c",), "configuration": ("c",), "transitions": (2,)}
    assert [
        (
            "Opened",
            {
                "id": "T1",
                "workflow": "small",
                "version": 1,
                "fields": {"n": 1},
                "given": ("n",),
                "person": True,
                "actor": "carl",
                "roles": ("clerk",),
                "configuration": ("a",),
                "entered": ("a",),
            },
        ),
        (
            "Received",
            {
                "event": "ticket.message",
                "payload": {"text": "hello"},
                "actor": "carl",
                "roles": ("clerk",),
                "last_actor": ("ticket.message",),
            },
        ),
        ("Messaged", {"side": "agent", "text": "hello", "actor": "carl"}),
        (
            "Received",
            {
                "event": "go",
                "payload": {"by": 2},
                "actor": "dan",
                "roles": ("clerk", "engineer"),
                "key": "k1",
                "occurred": after(20),
            },
        ),
        ("Updated", {"fields": {"n": 3}, "source": "transitions[0].do[0]"}),
        ("Moved", {"event": "go", "exited": ("a",), "entered": ("b",), "configuration": ("b",), "transitions": (0,)}),
        ("TimerSet", {"timer": TIMER}),
        ("Received", {"event": "told", "actor": "system", "internal": True}),
        ("Moved", {"event": "told", "configuration": ("b",), "transitions": (1,)}),
        ("TimerFired", {"timer": TIMER}),
        ("Moved", {"event": "late", **moved}),
        (
            "Moved",
            {
                "event": None,
                "exited": ("c",),
                "entered": ("z",),
                "configuration": ("z",),
                "transitions": (3,),
                "closed": True,
            },
        ),
    ] == [
        (kind, {name: fact for name, fact in facts.items() if name not in ("sequence", "at")})
        for kind, facts in map(told, case.records)
    ]
    assert list(range(1, 13)) == [record.sequence for record in case.records]
    assert [0, 10, 10, *[30] * 6, *[90] * 3] == [(record.at - START).total_seconds() / 60 for record in case.records]
    assert [
        ("event:4", "transitions[0].do[1]", "boss", after(30)),
        ("event:8", "transitions[1].do[0]", "ann", after(30)),
        ("timer:b.0:7:1772447400000000", "transitions[2].do[0]", "eve", after(90)),
    ] == [(effect.cause, effect.action, effect.to, effect.at) for effect in case.effects]


def test_an_instant_a_little_behind_is_told_and_one_ahead_is_not() -> None:
    """The record of an event keeps what the host said the time was, only where that was not the ticket's."""
    case = Case(flow())
    case.fire("go", minutes=30)
    behind = case.workflow.fire(case.ticket, "back", at=after(30 - 4 / 60))
    same = case.workflow.fire(case.ticket, "back", at=after(30))

    assert [after(30 - 4 / 60), None] == [outcome.records[0].clamped for outcome in (behind, same)]  # type: ignore[attr-defined]  # a Received


def test_what_an_event_reads_is_in_its_type_in_the_record() -> None:
    """An event that only clocks and chains listen to has its payload as the definition declares it."""
    clock = {"name": "k", "within": "1h", "stop": {"event": "phoned"}}
    case = Case(flow(clocks=[clock], events={"phoned": {"payload": {"when": {"type": "decimal"}}}}))

    received = case.fire("phoned", {"when": "2.50"}).records[0]

    assert {"when": Decimal("2.50")} == received.payload  # type: ignore[attr-defined]  # a Received
    with pytest.raises(Refused, match=r"phoned needs another payload: when takes an exact number .* not 'x'"):
        case.fire("phoned", {"when": "x"})
