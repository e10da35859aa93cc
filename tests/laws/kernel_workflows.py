"""Knows hand-made workflows and worlds that together use everything the kernel can do; must not know any law."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from attrs import field, frozen

from servflow.calendars import Calendar
from servflow.engine import Workflow
from servflow.model import SYSTEM, Actor, Engineer, Outlet, Person, Queue, World

START = datetime(
    2026, 3, 6, 3, 0, tzinfo=UTC
)  # a Friday: 11:00 in Shanghai, 08:45 in Kathmandu, 22:00 the day before in New York

OFFICE = {"zone": "Asia/Shanghai", "week": {"mon-fri": ["09:00-12:00", "13:00-18:00"]}, "holidays": ["2026-03-10"]}
NIGHT = {"zone": "America/New_York", "week": {"mon-sun": ["22:00-06:00"]}, "holidays": ["2026-03-07"]}
ODD = {"zone": "Asia/Kathmandu", "week": {"mon-sat": ["08:45-12:15"]}, "shifts": {"2026-03-08": ["10:00-10:30"]}}

Entry = tuple[str, Mapping[str, Any] | None, Actor | str | None]
"""An event, its payload and who does it: also the ``assignee``, or whoever was ``offered`` it, at that moment."""


def calendar(data: Mapping[str, Any]) -> Calendar:
    return Calendar(**data)


@frozen(kw_only=True, slots=False, repr=False)
class Case:
    """One workflow with its world, what tickets open with and what may happen to them."""

    name: str
    definition: Mapping[str, Any]
    world: World
    openings: tuple[Mapping[str, Any], ...]
    menu: tuple[Entry, ...]
    path: tuple[Entry, ...] = ()
    """What leads a ticket through its whole life, as far as it is accepted."""
    opener: Actor | None = None
    on_time: bool = field(default=True)
    """Whether no guard reads time, so that a late event is taken as it would have been on time."""

    def __repr__(self) -> str:
        return self.name.upper()

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))  # what hypothesis shows instead of the whole definition

    @cached_property
    def workflow(self) -> Workflow:
        return Workflow(**self.definition)


ANN = Actor("ann", ["engineer"])
BOB = Actor("bob", ["engineer"])
CLERK = Actor("kit", ["clerk"])
CUSTOMER = Actor("c1", ["customer"])
BOSS = Actor("sue", ["supervisor"])

# repair: the example everybody reads first, with a world of few engineers -----------------------------------------

REPAIR = Case(
    name="repair",
    on_time=False,
    opener=CLERK,
    world=World(
        engineers=[
            Engineer(
                id="ann", roles=["engineer"], skills=["washer"], areas=["north"], shift="office", capacity=3, manager="sue"
            ),
            Engineer(id="bob", roles=["engineer"], skills=["washer", "ac"], areas=["south"], shift="odd", capacity=1),
            Engineer(id="cid", roles=["engineer"], skills=["washer"], areas=["all"], capacity=2),
        ],
        people=[Person(id="dee", roles=["director"]), Person(id="sue", roles=["supervisor"])],
        queues=[Queue(id="care", members=["ann", "sue"])],
        loads={"ann": 1, "bob": 1},
        areas={"north": "all", "south": "all"},
        calendars={"office": calendar(OFFICE), "odd": calendar(ODD)},
    ),
    definition={
        "workflow": "repair",
        "fields": {
            "category": {"type": "string", "one_of": ["washer", "ac"]},
            "tier": {"type": "string", "one_of": ["gold", "standard"], "default": "standard"},
            "region": {"type": "string"},
            "warranty": {"type": "string", "one_of": ["in_warranty", "out"], "default": "out"},
            "amount": {"type": "decimal", "default": "0"},
            "safety": {"type": "bool", "default": False},
            "signature": {"type": "string", "optional": True},
        },
        "roles": ["customer", "clerk", "engineer", "supervisor", "director", "finance"],
        "queues": ["front_desk", "safety", "care"],
        "events": {
            "ticket.update": {"allow": ["clerk", "supervisor"]},
            "ticket.message": {"allow": ["customer", "clerk", "engineer"]},
            "ticket.assign": {"allow": ["supervisor"]},
            "step.check": {"allow": ["assignee"]},
            "offer.accept": {"allow": ["engineer"]},
            "offer.reject": {"allow": ["engineer"]},
            "rating.add": {"allow": ["customer"]},
            "chain.acknowledge": {"allow": ["supervisor"]},
            "ticket.force": {"allow": ["supervisor"]},
        },
        "calendars": {"office": OFFICE},
        "initial": "new",
        "states": {
            "new": {},
            "dispatched": {},
            "on_site": {"checklist": ["check_in", "repair"]},
            "waiting_parts": {},
            "settling": {},
            "evaluating": {"timers": [{"after": "14d", "event": "close"}]},
            "closed": {"closed": True},
        },
        "transitions": [
            {"event": "assigned.engineer", "source": "new", "target": "dispatched", "allow": ["system"]},
            {"event": "arrive", "source": "dispatched", "target": "on_site", "allow": ["assignee"]},
            {"event": "wait_for_parts", "source": "on_site", "target": "waiting_parts", "allow": ["assignee"]},
            {"event": "resume", "source": "waiting_parts", "target": "on_site", "allow": ["assignee", "supervisor"]},
            {
                "event": "finish",
                "source": "on_site",
                "target": "settling",
                "allow": ["assignee"],
                "payload": {"signature": "string"},
                "when": "payload.signature != '' && checklist.complete",
                "do": [{"set": {"signature": "payload.signature", "amount": "table.fee.total"}}],
            },
            {
                "event": "settle",
                "source": "settling",
                "target": "evaluating",
                "allow": ["supervisor"],
                "not_by": "finish",
                "do": [{"notify": {"to": "customer", "template": "rate_us"}}],
            },
            {"event": "close", "source": "evaluating", "target": "closed", "allow": ["system", "clerk"]},
            {
                "event": "ticket.reopen",
                "source": "closed",
                "target": "new",
                "allow": ["clerk"],
                "when": "at - closed_at < duration('168h')",
            },
        ],
        "tables": {
            "fee": {
                "hit": "first",
                "inputs": ["warranty", "category"],
                "outputs": {"total": "decimal"},
                "rows": [['"in_warranty"', "-", '"0"'], ["-", '"ac"', '"180"'], ["-", "-", '"120"']],
            }
        },
        "rules": [{"name": "safety first", "when": "safety", "then": [{"set": {"priority": "1"}}, {"queue": "safety"}]}],
        "dispatch": [
            {
                "name": "engineer",
                "slot": "assignee",
                "state": "new",
                "require": [{"skill": "category"}, {"area": "region"}, {"open": "shift"}, {"below": "capacity"}],
                "prefer": [[{"term": "sticky", "weight": 5}], [{"term": "load", "weight": -1}]],
                "mode": "offer",
                "offer": {"timeout": "10m"},
                "relax": [{"after": "30m", "widen": "area"}, {"after": "60m", "mode": "pool"}],
            }
        ],
        "clocks": [
            {"name": "dispatch", "within": "5m", "until": "dispatched"},
            {
                "name": "repair",
                "within": [{"when": "tier == 'gold'", "take": "6h"}, {"take": "12h"}],
                "calendar": "office",
                "until": "settling",
                "paused_in": "waiting_parts",
                "warn": ["50%", "80%"],
            },
        ],
        "escalations": [
            {
                "name": "late repair",
                "start": {"clock": "repair", "mark": "breach"},
                "until": {"state": "settling"},
                "levels": [
                    {"name": "supervisor", "do": [{"notify": {"to": {"manager_of": "assignee"}, "template": "late"}}]},
                    {
                        "name": "director",
                        "after": "4h",
                        "calendar": "office",
                        "do": [
                            {"notify": {"to": {"role": "director"}, "template": "late"}},
                            {"add_owner": {"to": {"queue": "care", "pick": "least_loaded"}}},
                        ],
                    },
                ],
            },
            {
                "name": "slow dispatch",
                "start": {"clock": "dispatch"},
                "levels": [{"name": "again", "do": [{"notify": {"to": {"role": "supervisor"}, "template": "slow"}}]}],
            },
        ],
    },
    openings=(
        {"category": "washer", "region": "north", "tier": "gold", "customer": "c1"},
        {"category": "washer", "region": "south", "customer": "c1"},
        {"category": "ac", "region": "north"},
        {"category": "washer", "region": "all", "safety": True},
    ),
    menu=(
        ("offer.accept", None, "offered"),
        ("arrive", None, "assignee"),
        ("step.check", {"step": "check_in"}, "assignee"),
        ("step.check", {"step": "repair", "evidence": {"photo": "p1", "n": 2}}, "assignee"),
        ("finish", {"signature": "x"}, "assignee"),
        ("settle", None, BOSS),
        ("close", None, CLERK),
        ("ticket.reopen", {"reason": "again"}, CLERK),
        ("offer.reject", {"reason": "far"}, "offered"),
        ("offer.accept", None, Actor("cid", ["engineer"])),
        ("offer.accept", None, BOB),
        ("wait_for_parts", None, "assignee"),
        ("resume", None, BOSS),
        ("ticket.assign", {"to": "ann"}, BOSS),
        ("ticket.update", {"tier": "gold", "safety": True}, CLERK),
        ("ticket.update", {"tier": "standard", "priority": 4}, CLERK),
        ("ticket.message", {"side": "customer", "text": "where are you?"}, CUSTOMER),
        ("chain.acknowledge", None, BOSS),
        ("rating.add", {"score": 4}, CUSTOMER),
        ("ticket.force", {"state": "on_site", "reason": "found there"}, BOSS),
        ("ticket.assign", {"to": None}, BOSS),
    ),
    path=(
        ("offer.accept", None, "offered"),
        ("arrive", None, "assignee"),
        ("step.check", {"step": "repair"}, "assignee"),
        ("wait_for_parts", None, "assignee"),
        ("resume", None, BOSS),
        ("step.check", {"step": "check_in"}, "assignee"),
        ("finish", {"signature": "x"}, "assignee"),
        ("settle", None, BOSS),
        ("close", None, CLERK),
        ("ticket.reopen", None, CLERK),
    ),
)

# clocks: every way a promise can start, pause, end and change -----------------------------------------------------

CLOCKS = Case(
    name="clocks",
    world=World(people=[Person(id="sue", roles=["supervisor"])]),
    definition={
        "workflow": "clocks",
        "fields": {
            "tier": {"type": "string", "one_of": ["gold", "standard"], "default": "standard"},
            "level": {"type": "int", "default": 1},
            "flag": {"type": "bool", "default": False},
        },
        "queues": ["first", "second"],
        "calendars": {"office": OFFICE, "night": NIGHT, "odd": ODD},
        "initial": "open",
        "states": {"open": {}, "waiting": {}, "solved": {}, "done": {"closed": True}},
        "transitions": [
            {"event": "wait", "source": "open", "target": "waiting"},
            {"event": "back", "source": "waiting", "target": "open"},
            {"event": "solve", "source": ["open", "waiting"], "target": "solved"},
            {"event": "close", "source": ["open", "waiting", "solved"], "target": "done"},
            {"event": "ticket.reopen", "source": ["solved", "done"], "target": "open"},
            {"event": "noted", "source": "*"},
        ],
        "clocks": [
            {
                "name": "answer",
                "within": "1h",
                "warn": ["50%", "10m before", "30m after"],
                "start": {"message": {"side": "customer"}},
                "stop": {"message": {"side": "agent", "public": True}},
            },
            {
                "name": "carry",
                "within": [
                    {"when": "tier == 'gold'", "take": "2h"},
                    {"when": "priority <= 2", "take": "4h"},
                    {"take": "8h"},
                ],
                "calendar": [{"when": "flag", "take": "night"}, {"take": "office"}],
                "until": "solved",
                "paused_in": "waiting",
                "warn": ["50%", "80%", "150%"],
            },
            {
                "name": "restart",
                "within": [{"when": "tier == 'gold'", "take": "2 business days"}, {"take": {"end_of": "next business day"}}],
                "calendar": "odd",
                "until": ["solved", "done"],
                "on_retarget": "restart",
                "on_reopen": "resume",
                "warn": ["80%"],
            },
            {
                "name": "recount",
                "within": [{"when": "level > 1", "take": "90m"}, {"take": "5h"}],
                "calendar": [{"when": "level > 2", "take": "odd"}, {"take": "night"}],
                "pause": [{"event": "hold"}, {"state": "waiting"}],
                "resume": [{"event": "unhold"}, {"state": "open"}],
                "reset": {"event": "noted"},
                "until": "solved",
                "on_retarget": "recount",
                "on_reopen": "ignore",
            },
            {
                "name": "keep",
                "within": [{"when": "tier == 'gold'", "take": "1h"}, {"take": "1d"}],
                "on_retarget": "keep",
                "cancel": {"field": {"flag": True}},
                "start": [{"queue": "second"}, {"field": "level"}],
                "stop": {"event": "solve"},
                "warn": ["1h after"],
            },
        ],
        "escalations": [
            {
                "name": "loud",
                "start": [{"clock": "carry", "mark": "80%"}, {"clock": "answer", "mark": "breach"}],
                "levels": [
                    {"name": "one", "do": [{"notify": {"to": {"role": "supervisor"}, "template": "late"}}]},
                    {"name": "two", "after": "45m", "do": [{"raise_priority": 1}, {"tag": "late"}]},
                ],
            }
        ],
    },
    openings=({}, {"tier": "gold"}, {"priority": 2, "queue": "second"}, {"level": 3, "flag": True}),
    menu=(
        ("wait", None, None),
        ("back", None, None),
        ("ticket.message", {"side": "customer"}, None),
        ("ticket.message", {"side": "agent"}, None),
        ("ticket.message", {"side": "agent", "public": False}, None),
        ("solve", None, None),
        ("ticket.reopen", None, None),
        ("ticket.update", {"tier": "gold"}, ANN),
        ("ticket.update", {"tier": "standard"}, ANN),
        ("ticket.update", {"priority": 1}, ANN),
        ("ticket.update", {"priority": 3, "queue": "first"}, ANN),
        ("ticket.update", {"level": 2}, ANN),
        ("ticket.update", {"level": 3}, ANN),
        ("ticket.update", {"level": 1, "queue": "second"}, ANN),
        ("ticket.update", {"flag": True}, ANN),
        ("ticket.update", {"flag": False}, ANN),
        ("hold", None, None),
        ("unhold", None, None),
        ("noted", None, None),
        ("close", None, None),
        ("clock.waive", {"clock": "carry", "reason": "storm"}, BOSS),
    ),
    path=(
        ("ticket.message", {"side": "customer"}, None),
        ("hold", None, None),
        ("unhold", None, None),
        ("wait", None, None),
        ("back", None, None),
        ("ticket.update", {"tier": "gold"}, ANN),
        ("ticket.update", {"queue": "second"}, ANN),
        ("solve", None, None),
        ("ticket.reopen", None, None),
    ),
)

# chains: every trigger and every option of an escalation ----------------------------------------------------------

CHAINS = Case(
    name="chains",
    world=World(
        people=[
            Person(id="sue", roles=["supervisor"], queues=["care"]),
            Person(id="dee", roles=["director"]),
            Person(id="c1", manager="dee"),
        ],
        engineers=[Engineer(id="ann", manager="sue", shift="early"), Engineer(id="bob")],
        queues=[Queue(id="care", members=["ann", "bob"], manager="dee")],
        loads={"ann": 2},
        calendars={"early": Calendar("UTC", {"mon-sat": ["06:00-10:00"]})},
    ),
    definition={
        "workflow": "chains",
        "fields": {"n": {"type": "int", "default": 0}, "vip": {"type": "bool", "default": False}},
        "queues": ["care"],
        "calendars": {"office": OFFICE},
        "initial": "open",
        "states": {"open": {}, "waiting": {}, "done": {"closed": True}},
        "transitions": [
            {"event": "wait", "source": "open", "target": "waiting"},
            {"event": "back", "source": "waiting", "target": "open"},
            {"event": "close", "source": ["open", "waiting"], "target": "done"},
            {"event": "ticket.reopen", "source": "done", "target": "open"},
            {
                "event": "call",
                "source": "open",
                "do": [
                    {"start": "by hand"},
                    {"set": {"n": "n + 1"}},
                    {"add_helper": {"to": {"user": "ann"}, "within": "1h", "zone": "recipient"}},
                    {"add_helper": {"to": {"user": "bob"}, "within": "30m"}},
                    {"watch": {"to": "requester"}},
                ],
            },
            {"event": "overdue", "source": ["open", "waiting"], "target": "waiting"},
        ],
        "clocks": [{"name": "answer", "within": "2h", "calendar": "office", "warn": ["50%"], "pause": {"event": "wait"}}],
        "escalations": [
            {
                "name": "collapse",
                "start": [{"clock": "answer", "mark": "breach"}, {"event": "complain"}],
                "until": [{"event": "calm"}],
                "on_reopen": "resume",
                "ack_ttl": "90m",
                "unack": "restart",
                "levels": [
                    {"name": "a", "do": [{"notify": {"to": {"role": "supervisor"}, "template": "a"}}]},
                    {
                        "name": "b",
                        "after": "20m",
                        "do": [
                            {"notify": {"to": {"queue": "care"}, "template": "b"}},
                            {"set": {"n": "n + 1"}},
                            {"emit": {"event": "overdue"}},
                        ],
                        "remind": {"every": "15m", "times": 2},
                    },
                    {
                        "name": "c",
                        "after": "1h",
                        "calendar": "office",
                        "do": [
                            {"notify": {"to": {"role": "director"}, "template": "c"}},
                            {"add_owner": {"to": {"user": "dee"}}},
                        ],
                    },
                ],
                "repeat": {"times": 1, "after": "30m"},
            },
            {
                "name": "each",
                "start": [{"age": "40m"}, {"state": "waiting", "after": "25m"}, {"event": "helper.breached"}],
                "late": "each",
                "on_ack": "continue",
                "levels": [
                    {"name": "a", "do": [{"notify": {"to": {"manager_of": "assignee"}, "template": "each a"}}]},
                    {
                        "name": "b",
                        "after": "10m",
                        "zone": "recipient",
                        "when": "!vip",
                        "otherwise": {"goto": "c"},
                        "do": [{"notify": {"to": ["watchers", "assignee"], "template": "each b"}}],
                    },
                    {"name": "c", "after": "10m", "do": [{"notify": {"to": {"role": "director"}, "template": "each c"}}]},
                ],
            },
            {
                "name": "hold",
                "start": {"clock": "answer", "mark": "50%"},
                "on_empty": "hold",
                "on_reopen": "next",
                "levels": [
                    {
                        "name": "wait",
                        "when": "vip",
                        "otherwise": "wait",
                        "do": [{"notify": {"to": {"role": "supervisor"}, "template": "vip"}}],
                    },
                    {"name": "skip", "after": "5m", "when": "n > 3", "do": [{"tag": "never"}]},
                    {"name": "empty", "after": "5m", "do": [{"notify": {"to": {"manager_of": "owner"}, "template": "empty"}}]},
                    {"name": "last", "after": "5m", "do": [{"assign": {"to": {"queue": "care", "pick": "least_loaded"}}}]},
                ],
            },
            {
                "name": "by hand",
                "start": {"event": "never asked"},
                "on_empty": "fallback",
                "fallback": {"role": "director"},
                "levels": [
                    {
                        "name": "a",
                        "after": "30m",
                        "keep_owner": True,
                        "do": [
                            {"notify": {"to": {"manager_of": "owner"}, "template": "hand"}},
                            {"assign": {"to": {"user": "bob"}}},
                        ],
                    },
                    {"name": "b", "after": "1d", "do": [{"call": {"name": "page", "data": {"n": "n"}, "reply": "calm"}}]},
                ],
            },
        ],
    },
    openings=({}, {"vip": True}, {"customer": "c1"}),
    opener=CUSTOMER,
    menu=(
        ("complain", None, CUSTOMER),
        ("chain.acknowledge", None, BOSS),
        ("chain.acknowledge", {"chain": "collapse"}, ANN),
        ("chain.snooze", {"until": "45m"}, BOSS),
        ("chain.escalate", None, BOSS),
        ("chain.escalate", {"chain": "collapse", "level": "a"}, BOSS),
        ("helper.done", None, ANN),
        ("helper.remove", {"who": "bob"}, BOSS),
        ("ticket.watch", None, BOSS),
        ("ticket.unwatch", {"who": "c1"}, BOSS),
        ("wait", None, None),
        ("back", None, None),
        ("calm", None, None),
        ("call", None, None),
        ("ticket.update", {"vip": True}, ANN),
        ("ticket.update", {"n": 7}, ANN),
        ("ticket.assign", {"to": "ann"}, BOSS),
        ("ticket.assign", {"to": "ann", "slot": "owner"}, BOSS),
        ("ticket.assign", {"to": None, "slot": "owner"}, BOSS),
        ("close", None, None),
        ("ticket.reopen", None, None),
    ),
    path=(
        ("call", None, None),
        ("complain", None, CUSTOMER),
        ("chain.acknowledge", None, BOSS),
        ("ticket.update", {"vip": True}, ANN),
        ("wait", None, None),
        ("close", None, None),
        ("ticket.reopen", None, None),
    ),
)

# timers: a statechart with regions, history, completion, timers that are refused ----------------------------------

TIMERS = Case(
    name="timers",
    world=World(),
    definition={
        "workflow": "timers",
        "fields": {
            "n": {"type": "int", "default": 0},
            "go": {"type": "bool", "default": False},
            "kind": {"type": "string", "one_of": ["x", "y"], "default": "x"},
        },
        "calendars": {"odd": ODD},
        "initial": "shell",
        "states": {
            "shell": {
                "initial": "work",
                "states": {
                    "work": {
                        "parallel": True,
                        "states": {
                            "left": {
                                "initial": "l1",
                                "states": {
                                    "l1": {
                                        "timers": [
                                            {"after": "30m", "event": "tick"},
                                            {"after": "1h", "event": "guarded", "resume": "remaining"},
                                        ]
                                    },
                                    "l2": {
                                        "timers": [
                                            {"after": "30m", "event": "tick", "resume": "deadline"},
                                            {"after": "20m", "event": "tabled"},
                                        ]
                                    },
                                    "l3": {"final": True},
                                },
                            },
                            "right": {
                                "initial": "r1",
                                "states": {
                                    "r1": {"checklist": ["see", "hear"], "ordered": True},
                                    "r2": {
                                        "timers": [{"after": "2h", "event": "beat", "calendar": "odd", "resume": "remaining"}]
                                    },
                                    "r3": {"final": True},
                                },
                            },
                        },
                    },
                    "memory": {"history": "deep", "default": "work"},
                },
            },
            "paused": {"timers": [{"after": "3d", "event": "give_up", "resume": "deadline"}, {"after": "3d", "event": "back"}]},
            "judging": {"timers": [{"after": "1h", "event": "failing"}]},
            "done": {"closed": True},
        },
        "transitions": [
            {"event": "tick", "source": "l1", "target": "l2", "do": [{"set": {"n": "n + 1"}}]},
            {"event": "tick", "source": "l2", "target": "l1", "do": [{"emit": {"event": "pulse", "payload": {"n": "n"}}}]},
            {"event": "guarded", "source": "l1", "target": "l3", "when": "go && kind == 'x'"},
            {"event": "tabled", "source": "l2", "target": "l3", "when": "table.pick.out == 'far' && !in_state('r3')"},
            {"event": "pulse", "source": "r1", "when": "payload.n > 1", "target": "r2"},
            {"event": "beat", "source": "r2", "target": "r2", "do": [{"set": {"n": "n + 1"}}]},
            {"event": "right", "source": ["r1", "r2"], "target": "r3", "when": "checklist.complete || go"},
            {"source": "r2", "target": "r3", "when": "n > 6 && in_state('l2')"},
            {"event": "done.state.work", "source": "work", "target": "judging"},
            {"event": "pause", "source": "shell", "target": "paused"},
            {"event": "back", "source": "paused", "target": "memory"},
            {"event": "give_up", "source": "paused", "target": "done", "when": "n > 2"},
            {"event": "failing", "source": "judging", "target": "done", "do": [{"set": {"n": "10 / n"}}]},
            {"event": "close", "source": "judging", "target": "done"},
            {"event": "ticket.reopen", "source": "done", "target": "work"},
            {"event": "bump", "source": "*", "do": [{"set": {"n": "n + payload.by"}}], "payload": {"by": "int"}},
        ],
        "tables": {
            "pick": {
                "hit": "unique",
                "inputs": ["n", "kind"],
                "outputs": {"out": "string"},
                "rows": [["< 4", "-", '"near"'], [">= 4", '"x"', '"far"'], [">= 4", '"y"', '"near"']],
            }
        },
    },
    openings=({}, {"n": 3}, {"go": True, "kind": "y"}),
    menu=(
        ("bump", {"by": 1}, None),
        ("bump", {"by": 3}, None),
        ("ticket.update", {"go": True}, ANN),
        ("ticket.update", {"kind": "y"}, ANN),
        ("ticket.update", {"kind": "x", "n": 0}, ANN),
        ("tick", None, None),
        ("step.check", {"step": "see"}, ANN),
        ("step.check", {"step": "hear"}, ANN),
        ("right", None, None),
        ("pause", None, None),
        ("back", None, None),
        ("close", None, None),
        ("ticket.reopen", None, None),
        ("ticket.force", {"state": "l2", "reason": "why not"}, BOSS),
        ("ticket.force", {"state": "judging", "reason": "why not"}, BOSS),
        ("ticket.force", {"state": "paused", "reason": "why not"}, BOSS),
    ),
    path=(
        ("bump", {"by": 3}, None),
        ("tick", None, None),
        ("bump", {"by": 2}, None),
        ("step.check", {"step": "see"}, ANN),
        ("pause", None, None),
        ("back", None, None),
        ("step.check", {"step": "hear"}, ANN),
        ("right", None, None),
        ("close", None, None),
        ("ticket.reopen", None, None),
    ),
)

# rules: rules that chain, tables, emits, children, and two levels of dispatch --------------------------------------

RULES = Case(
    name="rules",
    world=World(
        outlets=[
            Outlet(id="o1", areas=["n"], capacity=2, shift="office"),
            Outlet(id="o2", areas=["n", "s"], capacity=5, cost=3),
        ],
        engineers=[
            Engineer(id="ann", outlet="o1", skills={"washer": 2}, capacity=1, shift="odd"),
            Engineer(id="bob", outlet="o2", skills={"washer": 1}, capacity=1, shift="night"),
            Engineer(id="cid", outlet="o2", skills={"washer": 3}, capacity=1),
        ],
        loads={"cid": 1},
        calendars={"office": calendar(OFFICE), "odd": calendar(ODD), "night": calendar(NIGHT)},
    ),
    definition={
        "workflow": "rules",
        "fields": {
            "area": {"type": "string", "default": "n"},
            "skill": {"type": "string", "default": "washer"},
            "level": {"type": "int", "default": 1},
            "a": {"type": "int", "default": 0},
            "b": {"type": "int", "default": 0},
            "c": {"type": "string", "optional": True},
            "fee": {"type": "decimal", "default": "0"},
            "seen": {"type": "list"},
            "since": {"type": "timestamp"},
            "how_long": {"type": "duration"},
        },
        "queues": ["one", "two"],
        "initial": "new",
        "states": {
            "new": {},
            "outlet": {},
            "person": {},
            "work": {},
            "stuck": {"timers": [{"after": "5h", "event": "again"}]},
            "done": {"closed": True},
        },
        "transitions": [
            {"event": "go", "source": ["new", "stuck", "work"], "target": "outlet"},
            {"event": "again", "source": "stuck", "target": "outlet"},
            {"event": "assigned.outlet", "source": "outlet", "target": "person"},
            {"event": "assigned.person", "source": "person", "target": "work"},
            {"event": "exhausted.person", "source": "person", "when": "a > 2", "target": "stuck"},
            {
                "event": "split",
                "source": "*",
                "do": [
                    {"open": {"workflow": "child", "fields": {"a": "a"}}},
                    {"send": {"ticket": "'T0'", "event": "told", "payload": {"fee": "fee"}}},
                    {"call": {"name": "stock", "data": {"level": "level"}}},
                    {"emit": {"event": "echo", "payload": {"n": "a"}}},
                ],
            },
            {"event": "echo", "source": "*", "when": "payload.n < 4", "do": [{"set": {"a": "a + 1"}}]},
            {
                "event": "note",
                "source": "*",
                "do": [{"set": {"since": "at", "how_long": "at - opened_at", "seen": "payload.seen"}}],
            },
            {"event": "finish", "source": "work", "target": "done"},
            {"event": "ticket.reopen", "source": "done", "target": "new"},
        ],
        "tables": {
            "fee": {
                "hit": "collect sum",
                "inputs": ["a", "b"],
                "outputs": {"total": "int"},
                "rows": [["> 0", "-", "10"], ["-", "> 1", "5"], ["> 3", "> 3", "100"]],
            },
            "sort": {
                "hit": "first",
                "inputs": ["level"],
                "outputs": {"queue": "string"},
                "rows": [["> 2", '"two"'], ["-", '"one"']],
            },
        },
        "rules": [
            {"name": "b follows", "when": "a > b", "then": [{"set": {"b": "a"}}]},
            {"name": "c follows", "when": "b > 2 && c != 'big'", "then": [{"set": {"c": "'big'"}}, {"raise_priority": 1}]},
            {"name": "c is big", "when": "c == 'big'", "then": [{"set": {"level": "3"}}, {"tag": ["big", "seen"]}]},
            {"name": "sorted", "when": "level > 0", "then": [{"set": {"queue": "table.sort.queue"}}], "overwrite": True},
            {"name": "urgent", "when": "priority == 1", "then": [{"emit": {"event": "echo", "payload": {"n": "0"}}}]},
        ],
        "dispatch": [
            {
                "name": "outlet",
                "slot": "outlet",
                "state": "outlet",
                "require": [{"area": "area"}, {"open": "shift"}, {"below": "capacity"}],
                "prefer": [[{"term": "cost", "weight": -1}]],
                "relax": [{"after": "2h", "drop": "open"}],
            },
            {
                "name": "person",
                "slot": "assignee",
                "of": "outlet",
                "state": "person",
                "when": "a < 9",
                "until": ["done"],
                "require": [{"skill": "skill", "level": "level"}, {"open": "shift"}, {"below": "capacity"}],
                "prefer": [[{"term": "skill", "weight": 1}], [{"term": "load", "weight": -2}]],
                "mode": "assign",
                "relax": [{"after": "3h", "lower": "skill"}, {"after": "8h", "mode": "pool"}],
            },
        ],
        "clocks": [{"name": "place", "within": "4h", "until": "work", "start": {"state": "outlet"}, "warn": ["50%"]}],
        "escalations": [
            {
                "name": "unplaced",
                "start": {"clock": "place", "mark": "50%"},
                "when": "a < 3",
                "levels": [
                    {"name": "less", "do": [{"set": {"level": "1"}}, {"notify": {"to": {"queue": "one"}, "template": "x"}}]},
                    {"name": "more", "after": "1h", "do": [{"unassign": "outlet"}, {"add_helper": {"to": {"user": "bob"}}}]},
                ],
            }
        ],
    },
    openings=({}, {"a": 3}, {"area": "s", "level": 2}, {"a": 1, "priority": 1}),
    opener=ANN,
    menu=(
        ("go", None, None),
        ("split", None, None),
        ("finish", None, None),
        ("ticket.reopen", None, None),
        ("ticket.update", {"a": 1}, ANN),
        ("ticket.update", {"a": 4}, BOB),
        ("ticket.update", {"b": 0, "c": None}, ANN),
        ("ticket.update", {"level": 2, "area": "s"}, ANN),
        ("ticket.update", {"level": 1}, ANN),
        ("ticket.update", {"priority": 2, "tags": ["t"]}, None),
        ("note", {"seen": [1, "two", {"three": "3"}]}, None),
        ("offer.accept", None, Actor("cid")),
        ("offer.accept", None, BOB),
        ("offer.reject", None, BOB),
        ("ticket.assign", {"to": "bob"}, BOSS),
        ("ticket.assign", {"to": None}, BOSS),
        ("ticket.assign", {"to": "o2", "slot": "outlet"}, BOSS),
        ("ticket.force", {"state": "person", "reason": "now"}, BOSS),
    ),
    path=(
        ("go", None, None),
        ("split", None, None),
        ("ticket.update", {"a": 4}, BOB),
        ("finish", None, None),
        ("ticket.reopen", None, None),
        ("go", None, None),
    ),
)

# idioms: checklists with clocks, approvals in two regions, children, and what audiences are shown ---------------------

SITE = {
    "shown": {"customer": "at work", "partner": "on site"},
    "ordered": True,
    "checklist": [
        "check_in",
        {"step": "photo", "evidence": {"photo": "string", "reading": {"type": "decimal", "optional": True}}, "within": "1h"},
        {"step": "repair", "within": [{"when": "a > 2", "take": "2h"}, {"take": "5h"}], "calendar": "office", "warn": ["50%"]},
        {"step": "tidy", "required": False, "allow": ["lead"], "within": "30m"},
    ],
}

IDIOMS = Case(
    name="idioms",
    opener=Actor("c1", ["clerk"]),
    world=World(
        engineers=[Engineer(id="ann", roles=["engineer", "lead"]), Engineer(id="bob", roles=["engineer"])],
        people=[
            Person(id="sue", roles=["supervisor", "finance"]),
            Person(id="flo", roles=["finance"]),
            Person(id="tom", roles=["supervisor"]),
        ],
    ),
    definition={
        "workflow": "idioms",
        "fields": {"a": {"type": "int", "default": 0}},
        "roles": ["engineer", "lead", "supervisor", "finance", "clerk"],
        "events": {
            "ticket.update": {"allow": ["clerk"]},
            "ticket.assign": {"allow": ["clerk"]},
            "ticket.force": {"allow": ["supervisor"]},
            "step.check": {"allow": ["engineer"]},
            "step.uncheck": {"allow": ["supervisor"]},
        },
        "calendars": {"office": OFFICE},
        "initial": "new",
        "states": {
            "new": {"shown": {"customer": "received"}},
            "work": {
                "states": {"site": SITE, "parts": {}, "again": {"history": "deep", "default": "site"}},
                "initial": "site",
                "shown": {"partner": "in work"},
            },
            "review": {
                "parallel": True,
                "shown": {"customer": "in review"},
                "states": {
                    "money": {
                        "states": {
                            "money_open": {
                                "approval": {
                                    "quorum": {"supervisor": 1, "finance": 1},
                                    "deny": ["assignee"],
                                    "reject": 2,
                                    "within": "3h",
                                    "calendar": "office",
                                    "warn": ["50%"],
                                }
                            },
                            "money_done": {"final": True},
                        },
                        "initial": "money_open",
                    },
                    "quality": {
                        "states": {
                            "quality_open": {
                                "checklist": ["look", "check_in"],
                                "approval": {"quorum": "50%", "allow": ["engineer"], "not_by": "order"},
                            },
                            "quality_done": {"final": True, "shown": {"partner": "checked"}},
                        },
                        "initial": "quality_open",
                    },
                },
            },
            "closed": {"closed": True, "shown": {"customer": "done", "partner": "done"}},
        },
        "transitions": [
            {"event": "assigned.assignee", "source": "new", "target": "work", "allow": ["system"]},
            {
                "event": "order",
                "source": "site",
                "target": "parts",
                "allow": ["engineer"],
                "do": [{"open": "part"}, {"open": "part"}],
            },
            {"event": "children.closed", "source": "parts", "target": "site"},
            {"event": "wait", "source": "site", "target": "parts", "allow": ["engineer"]},
            {"source": "parts", "target": "site", "when": "children.total > 0 && children.open == 0 && a > 1"},
            {"event": "hold", "source": "work", "target": "new", "allow": ["engineer"]},
            {"event": "go_on", "source": "new", "target": "again", "allow": ["engineer"]},
            {"event": "done.checklist.site", "source": "site", "target": "review"},
            {"event": "checked.site.photo", "source": "site", "do": [{"set": {"a": "a + 1"}}]},
            {"event": "approved.money_open", "source": "money_open", "target": "money_done"},
            {"event": "approved.quality_open", "source": "quality_open", "target": "quality_done"},
            {"event": "rejected", "source": "review", "target": "work", "do": [{"set": {"a": "a + 1"}}]},
            {"event": "done.state.review", "source": "review", "target": "closed", "allow": ["system"]},
            {"event": "close", "source": "*", "target": "closed", "allow": ["clerk"], "when": "approval.rejected < 2"},
            {"event": "ticket.reopen", "source": "closed", "target": "new", "allow": ["clerk"]},
        ],
        "rules": [{"name": "late parts", "when": "children.open > 2", "then": [{"set": {"a": "5"}}]}],
        "clocks": [
            {"name": "total", "within": "9h", "calendar": "office", "until": "closed", "shown": {"customer": "done by"}}
        ],
        "escalations": [
            {
                "name": "slow repair",
                "start": [{"clock": "step.site.repair", "mark": "50%"}, {"clock": "approval.money_open", "mark": "breach"}],
                "until": [{"event": "checked.site.repair"}, {"state": "closed"}],
                "levels": [
                    {"name": "one", "do": [{"notify": {"to": {"role": "supervisor"}, "template": "slow"}}]},
                    {"name": "two", "after": "2h", "do": [{"set": {"a": "a + 1"}}]},
                ],
            }
        ],
    },
    openings=({}, {"a": 1}, {"a": 3}, {"parent": "T0"}),
    menu=(
        ("ticket.assign", {"to": "ann"}, CLERK),
        ("step.check", {"step": "check_in"}, ANN),
        ("step.check", {"step": "photo", "evidence": {"photo": "p1", "reading": "1.5"}}, BOB),
        ("step.check", {"step": "photo"}, BOB),
        ("step.check", {"step": "repair", "evidence": ["any"]}, ANN),
        ("step.check", {"step": "tidy"}, Actor("ann", ["lead"])),
        ("step.check", {"step": "look"}, BOB),
        ("step.uncheck", {"step": "photo", "reason": "blurred"}, BOSS),
        ("step.uncheck", {"step": "repair", "reason": "broken again"}, BOSS),
        ("order", None, BOB),
        ("wait", None, ANN),
        ("hold", None, ANN),
        ("go_on", None, ANN),
        ("ticket.child_opened", {"child": "by hand"}, SYSTEM),
        ("ticket.child_closed", {"child": "first"}, SYSTEM),
        ("ticket.child_closed", {"child": "last"}, SYSTEM),
        ("ticket.child_reopened", {"child": "closed"}, SYSTEM),
        ("approval.approve", {"state": "money_open", "comment": "fine"}, BOSS),
        ("approval.approve", None, Actor("flo", ["finance"])),
        ("approval.approve", None, Actor("sue", ["supervisor", "finance"])),
        ("approval.approve", {"state": "quality_open"}, ANN),
        ("approval.approve", {"state": "quality_open"}, BOB),
        ("approval.reject", None, Actor("flo", ["finance"])),
        ("approval.reject", None, BOSS),
        ("approval.reject", None, BOB),
        ("ticket.update", {"a": 4}, CLERK),
        ("close", None, CLERK),
        ("ticket.reopen", None, CLERK),
        ("ticket.force", {"state": "site", "reason": "again"}, BOSS),
    ),
    path=(
        ("ticket.assign", {"to": "cid"}, CLERK),
        ("step.check", {"step": "check_in"}, ANN),
        ("step.check", {"step": "photo", "evidence": {"photo": "p1"}}, BOB),
        ("order", None, BOB),
        ("ticket.child_closed", {"child": "first"}, SYSTEM),
        ("ticket.child_closed", {"child": "last"}, SYSTEM),
        ("step.check", {"step": "repair"}, ANN),
        ("approval.approve", {"state": "money_open"}, BOSS),
        ("approval.approve", None, Actor("flo", ["finance"])),
        ("approval.approve", {"state": "quality_open"}, ANN),
        ("ticket.reopen", None, CLERK),
    ),
)

# spare parts: what is there is put aside, what is short is waited for, used and given back ----------------------------

KEEPER = Actor("kit", ["keeper"])

PARTS = Case(
    name="parts",
    opener=CUSTOMER,
    world=World(
        engineers=[
            Engineer(id="ann", roles=["engineer"], outlet="north", parts={"fuse": 2}),
            Engineer(id="bob", roles=["engineer"]),
        ],
        outlets=[Outlet(id="north", parts={"pump": 1})],
        stock={"pump": 2, "fuse": 1},
    ),
    definition={
        "workflow": "parts",
        "fields": {"n": {"type": "int", "default": 0}, "open": {"type": "bool", "default": False}},
        "roles": ["engineer", "keeper", "customer"],
        "events": {
            "ticket.assign": {"allow": ["keeper"]},
            **{key: {"allow": ["engineer"]} for key in ("part.need", "part.use", "part.return", "part.release")},
            **{key: {"allow": ["keeper"]} for key in ("part.reserve", "part.booked")},
        },
        "calendars": {"office": OFFICE},
        "initial": "work",
        "states": {
            "work": {"timers": [{"after": "3d", "event": "close"}]},
            "waiting": {"timers": [{"after": "2h", "calendar": "office", "event": "give_up"}]},
            "checked": {},
            "closed": {"closed": True},
        },
        "transitions": [
            {"event": "parts.short", "source": "work", "target": "waiting"},
            {"event": "parts.ready", "source": ["waiting", "checked"], "target": "work", "do": [{"set": {"n": "n + 1"}}]},
            {"event": "part.use", "source": "work", "allow": ["engineer"], "do": [{"set": {"n": "n + 10"}}]},
            {"event": "give_up", "source": "waiting", "target": "checked", "allow": ["system"]},
            {"source": "checked", "target": "work", "when": "parts.ready && parts.open > 0"},
            {"event": "close", "source": "work", "target": "closed", "allow": ["engineer", "system"], "when": "parts.ready"},
            {"event": "ticket.cancel", "source": "*", "target": "closed", "allow": ["customer"]},
            {"event": "ticket.reopen", "source": "closed", "target": "work", "allow": ["customer"]},
        ],
        "rules": [{"name": "busy", "when": "parts.open > 1", "then": [{"set": {"open": "true"}}]}],
        "clocks": [
            {
                "name": "repair",
                "within": "5h",
                "calendar": "office",
                "until": "closed",
                "paused_in": "waiting",
                "warn": ["50%"],
            },
            {"name": "part", "within": "90m", "start": [{"state": "waiting"}], "until": ["work", "closed"]},
        ],
        "escalations": [
            {
                "name": "late part",
                "start": {"clock": "part", "mark": "breach"},
                "until": [{"state": "work"}, {"state": "closed"}],
                "levels": [{"name": "keeper", "do": [{"notify": {"to": {"role": "keeper"}, "template": "late"}}]}],
            }
        ],
    },
    openings=({}, {"n": 3}),
    menu=(
        ("part.need", {"part": "pump"}, ANN),
        ("part.need", {"part": "pump", "quantity": 2}, ANN),
        ("part.need", {"part": "fuse", "quantity": 3}, ANN),
        ("part.need", {"part": "fuse", "place": "ann"}, ANN),
        ("part.need", {"part": "board"}, ANN),
        ("part.use", {"part": "pump", "serials": ["A"]}, ANN),
        ("part.use", {"part": "fuse"}, ANN),
        ("part.return", {"part": "pump", "reason": "wrong"}, ANN),
        ("part.return", {"part": "fuse", "condition": "defective"}, ANN),
        ("part.release", {"part": "pump", "quantity": 1}, ANN),
        ("part.release", {"part": "fuse"}, ANN),
        ("part.reserve", {"part": "board"}, KEEPER),
        ("part.booked", None, KEEPER),
        ("ticket.assign", {"to": "ann"}, KEEPER),
        ("ticket.assign", {"to": "bob"}, KEEPER),
        ("close", None, ANN),
        ("ticket.cancel", None, CUSTOMER),
        ("ticket.reopen", None, CUSTOMER),
    ),
    path=(
        ("part.need", {"part": "pump"}, ANN),
        ("part.use", {"part": "pump"}, ANN),
        ("part.need", {"part": "board"}, ANN),
        ("part.reserve", {"part": "board"}, KEEPER),
        ("part.release", {"part": "board"}, ANN),
        ("close", None, ANN),
        ("ticket.reopen", None, CUSTOMER),
    ),
)

CASES = (REPAIR, CLOCKS, CHAINS, TIMERS, RULES, IDIOMS, PARTS)
