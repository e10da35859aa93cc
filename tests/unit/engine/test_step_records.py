"""Knows what the records and effects of one call say, every fact of them; must not know how a step is carried out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import pytest

from servflow.errors import Refused
from servflow.model import SYSTEM, Actor, Person, StateTimer, World, effect_id
from tests.unit.engine.flows import START, Case, after, flow, move, notify

CAUSE, DO = "event:6", "transitions[0].do[{}]"
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


ACTIONS = [
    {"notify": {"to": [{"role": "lead"}, {"user": "eve"}], "template": "t", "data": {"n": "priority"}, "urgent": True}},
    {"notify": {"to": {"role": "nobody"}, "template": "t"}},
    {"call": {"name": "erp", "data": {"n": "priority"}, "reply": "back"}},
    {"open": {"workflow": "parts", "fields": {"n": "priority"}}},
    {"send": {"ticket": "['A', '', 'B']", "event": "x", "payload": {"n": "priority"}}},
    {"assign": {"to": {"role": "nobody"}}},
    {"assign": {"to": {"role": "lead"}, "keep_owner": True}},
    {"add_owner": {"to": {"user": "olga"}}},
    {"add_helper": {"to": {"user": "bob"}, "within": "1h"}},
    {"watch": {"to": {"user": "wim"}}},
    {"queue": "care"},
    {"tag": "vip"},
    {"raise_priority": 1},
    {"remove_helper": {"to": {"user": "bob"}}},
    {"unwatch": {"to": {"user": "wim"}}},
    {"unassign": "assignee"},
]
ASKED: list[tuple[int, str, dict[str, Any]]] = [
    (0, "Notify", {"to": "lea", "template": "t", "data": {"n": 3}, "reason": "role lead", "urgent": True}),
    (0, "Notify", {"to": "eve", "template": "t", "data": {"n": 3}, "reason": "user eve", "urgent": True}),
    (1, "Unreachable", {"to": "role nobody", "reason": "role nobody is held by nobody"}),
    (2, "Call", {"name": "erp", "data": {"n": 3}, "reply": "back"}),
    (3, "Open", {"workflow": "parts", "new_ticket": "T1.7d5bf01340", "fields": {"n": 3}, "parent": "T1"}),
    (4, "Send", {"to_ticket": "A", "event": "x", "payload": {"n": 3}, "key": effect_id("T1", CAUSE, DO.format(4), "key:A", 0)}),
    (4, "Unreachable", {"to": "ticket", "reason": "no ticket to send to"}),
    (4, "Send", {"to_ticket": "B", "event": "x", "payload": {"n": 3}, "key": effect_id("T1", CAUSE, DO.format(4), "key:B", 0)}),
    (5, "Unreachable", {"to": "role nobody", "reason": "role nobody is held by nobody"}),
    (6, "Assign", {"slot": "assignee", "to": "lea", "previous": "ann"}),
    (6, "Assign", {"slot": "owner", "to": "ann"}),
    (7, "Assign", {"slot": "owner", "to": "olga", "previous": "ann"}),
    (8, "Assign", {"slot": "helper", "to": "bob"}),
    (9, "Assign", {"slot": "watcher", "to": "wim"}),
    (13, "Assign", {"slot": "helper", "to": None, "previous": "bob"}),
    (14, "Assign", {"slot": "watcher", "to": None, "previous": "wim"}),
    (15, "Assign", {"slot": "assignee", "to": None, "previous": "lea"}),
]


def test_every_action_asks_with_every_fact() -> None:
    """What each action asks of the host, from where in the definition, for what cause, and under which id."""
    workflow = flow(transitions=[move(do=ACTIONS), move("back", "b", "a")], queues=["care"])
    case = Case(workflow)
    case.fire("ticket.assign", {"to": "ann"})

    outcome = case.fire("go", None, 5, world=World(people=[Person(id="lea", roles=["lead"])]))

    common = {"ticket": "T1", "at": after(5), "cause": CAUSE}
    assert [(kind, {**common, "action": DO.format(place), **facts}) for place, kind, facts in ASKED] == [
        (kind, {name: fact for name, fact in facts.items() if name != "id"}) for kind, facts in map(told, outcome.effects)
    ]
    recipients = ["lea", "eve", "", "", "", "A", "", "B"]
    assert [effect_id("T1", CAUSE, DO.format(place), who, 0) for (place, *_), who in zip(ASKED, recipients, strict=False)] == [
        effect.id for effect in outcome.effects[: len(recipients)]
    ]
    sources = [(type(one).__name__, one.source) for one in outcome.records if hasattr(one, "source")]
    assert [
        ("Assigned", DO.format(6)),
        ("Assigned", DO.format(6)),
        ("Assigned", DO.format(7)),
        ("Assigned", DO.format(8)),
        ("HelperStarted", DO.format(8)),
        ("Watched", DO.format(9)),
        ("Updated", DO.format(10)),
        ("Updated", DO.format(11)),
        ("Updated", DO.format(12)),
        ("HelperEnded", DO.format(13)),
        ("Watched", DO.format(14)),
        ("Assigned", DO.format(15)),
    ] == sources
    assert ["role lead", "keep_owner", "user olga", "user bob"] == [
        one.because for one in outcome.records if type(one).__name__ == "Assigned" and one.because
    ]
    assert ["removed"] == [one.outcome for one in outcome.records if type(one).__name__ == "HelperEnded"]


def test_what_one_cause_asks_for_several_times_has_an_id_each_time() -> None:
    """A rule that fires again for one event counts how often, so that no effect is taken for one that was."""
    steps = [{"name": f"step{n}", "when": f"n == {n}", "then": [{"set": {"n": f"{n + 1}"}}]} for n in range(1, 5)]
    odd = {"name": "odd", "when": "n % 2 == 1", "then": [notify("ann")]}
    workflow = flow(fields={"n": {"type": "int", "default": 0}}, rules=[odd, *steps])

    outcome = Case(workflow).fire("ticket.update", {"n": 1})

    assert [effect_id("T1", "event:2", "rules[0].then[0]", "ann", count) for count in range(3)] == [
        effect.id for effect in outcome.effects
    ]


def test_a_field_that_is_an_attribute_too_is_both() -> None:
    """A declared customer is the ticket's as well, at the opening and when it is changed or emptied; another type is not."""
    customer = {"customer": {"type": "string", "optional": True}}
    case = Case(flow(fields=customer), {"customer": "cora"})

    assert "cora" == case.ticket.customer
    assert ["dora", None] == [case.fire("ticket.update", {"customer": to}).ticket.customer for to in ("dora", None)]
    assert None is Case(flow(fields={"customer": {"type": "int"}}), {"customer": 5}).ticket.customer


def test_what_a_person_gave_is_told_from_what_the_system_gave() -> None:
    """Names that a person gave at the opening or later are kept, sorted; those of the system or of nobody are not."""
    fields = {"n": {"type": "int", "default": 0}}
    case = Case(flow(fields=fields), {"n": 1}, actor="ann")
    case.fire("ticket.update", {"priority": 1}, actor="ann")
    case.fire("ticket.update", {"queue": "care"}, actor=SYSTEM)

    assert ("n", "priority") == case.ticket.set_by_person
    assert [(), ()] == [Case(flow(fields=fields), {"n": 1}, actor=who).ticket.set_by_person for who in (SYSTEM, None)]
