"""Knows that asking sets of candidates is asking each of them; must not know how sets are kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.calendars import Calendar
from servflow.dispatch import Choice, Policy, evaluate
from servflow.dispatch._case import Case
from servflow.dispatch._checks import checks
from servflow.dispatch._index import index_of
from servflow.dispatch._masks import changes as turns
from servflow.dispatch._masks import met, soonest
from servflow.model import Agent, Appointment, Bot, FrozenMap, Held, Outlet, Provider, Queue, SlotProgress, Ticket, World

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)  # a Monday, 10:00 in Shanghai
HOUR = timedelta(hours=1)
CALENDARS = {
    "day": Calendar(zone="Asia/Shanghai", week={"mon-fri": ["09:00-12:00", "13:00-18:00"]}),
    "night": Calendar(zone="Asia/Shanghai", week={"mon-sun": ["22:00-06:00"]}),
}
AREAS = {"a1": "a", "a2": "a", "b1": "b", "a": "top", "b": "top"}
PLACES = ["a1", "a2", "b1", "a", "b", "top", "nowhere"]
IDS = [f"e{number}" for number in range(6)]
SITES = ["north", "south"]

hours = st.integers(-30, 60)
spans = st.lists(st.tuples(hours, st.integers(0, 20)), max_size=2).map(
    lambda items: [(AT + start * HOUR, AT + (start + length) * HOUR) for start, length in items]
)
rosters = st.sampled_from([(), (), ((AT - HOUR, AT + 2 * HOUR), (AT + 5 * HOUR, AT + 9 * HOUR)), ((AT + HOUR, AT + 3 * HOUR),)])
names = st.sampled_from
bodies = st.fixed_dictionaries(
    {
        "skills": st.dictionaries(names(["ac", "tv"]), st.integers(0, 3)),
        "areas": st.lists(names(PLACES), max_size=2),
        "shift": names([None, "day", "night", "unknown"]),
        "shifts": rosters,
        "absences": spans,
        "capacity": st.none() | st.integers(0, 3),
        "normal": st.just(None) | st.just(0),
        "per_channel": st.dictionaries(names(["chat", "phone"]), st.integers(0, 2), max_size=1),
        "serves": st.none() | st.lists(names(["chat", "phone"]), max_size=1),
        "languages": st.lists(names(["en", "zh"]), max_size=2),
        "parts": st.dictionaries(names(["fan", "lamp"]), st.integers(0, 2)),
        "outlet": names([None, "north", "south", "gone"]),
        "queues": st.lists(names(["q"]), max_size=1),
        "certificates": st.dictionaries(names(["gas", "lift"]), st.none() | hours.map(lambda count: AT + count * HOUR)),
    }
)
sites = st.fixed_dictionaries(
    {
        "contracts": st.lists(names(["haile", "mido/out"]), max_size=2),
        "areas": st.lists(names(PLACES), max_size=2),
        "neighbours": st.lists(names(SITES), max_size=1),
        "provider": names([None, "p1"]),
        "capacity": st.none() | st.integers(0, 2),
        "shift": names([None, "day"]),
        "skills": st.dictionaries(names(["ac"]), st.integers(1, 2)),
    }
)
presences = st.dictionaries(names(IDS), names(["away", "offline", "busy"]), max_size=3)
booked = st.dictionaries(
    names(IDS), st.tuples(hours, st.integers(1, 5)).map(lambda at: [(AT + at[0] * HOUR, AT + sum(at) * HOUR)])
)
loads = st.dictionaries(names([*IDS, *SITES, "q"]), st.integers(0, 3), max_size=5)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Small worlds of every kind of candidates, in which every rule can matter."""
    staff = [{"id": who, **body} for who, body in zip(IDS, draw(st.lists(bodies, min_size=1, max_size=6)), strict=False)]
    agents = draw(st.integers(0, len(staff) - 1))
    places = [{"id": name, **draw(sites)} for name in SITES]
    ids = names(IDS)
    return World(
        engineers=staff[agents:],
        agents=staff[:agents],
        outlets=places,
        providers=[{"id": "p1", "areas": ["a"], "capacity": draw(st.none() | st.integers(0, 1))}],
        bots=[{"id": "b1", **draw(bodies)}],
        queues=[{"id": "q", "members": [draw(ids)]}],
        areas=AREAS,
        calendars=CALENDARS,
        loads=draw(loads),
        channel_loads={draw(ids): {"chat": draw(st.integers(0, 2))}},
        presence=draw(presences),
        preferred={"c1": tuple(draw(st.lists(ids, max_size=2)))},
        forbidden={"c1": tuple(draw(st.lists(ids, max_size=1)))},
        travel={"a1": {"a": draw(st.integers(0, 60)), "b1": 30}},
        booked=draw(booked),
        free_at={draw(ids): AT + draw(hours) * HOUR},
        silent={draw(ids): AT + draw(hours) * HOUR},
    )


REQUIREMENTS: list[dict[str, Any]] = [
    {"skill": "category", "level": "least"},
    {"skill": "{'ac': 1, 'tv': least}"},
    {"area": "region"},
    {"area": "['a1', 'b1']"},
    {"certificate": "licence"},
    {"certificate": "['gas', 'lift']"},
    {"contract": "'haile'"},
    {"contract": "['haile', 'mido/out']"},
    {"language": "'en'"},
    {"part": "{'fan': least}"},
    {"channel": "'chat'"},
    {"open": "shift"},
    {"open": "day"},
    {"below": "capacity"},
    {"below": "normal"},
    {"below": "least"},
    {"other_than": "['e1', 'e2']"},
    {"preferred": "true"},
    {"when": "candidate.load < 2"},
    {"when": "'gas' in candidate.certificates"},
    {"skill": "region.nothing"},
    {"skill": "anything"},
    {"area": "anything"},
    {"contract": "anything"},
    {"part": "anything"},
    {"channel": "anything"},
    {"language": "anything"},
    {"travel": "20 * least", "unit": "minutes"},
    {"travel": "least", "unit": "kilometres"},
    {"window": "true"},
    {"window": "[begin, '2026-03-03T09:00:00Z']"},
    {"separate": ["start"]},
]
FOR_PEOPLE = ("certificate", "language", "part", "separate", "window")


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Policies of a few requirements in any order, with whatever can be relaxed of them."""
    kind = draw(names(["engineers", "engineers", "people", "agents", "bots", "outlets", "providers", "queues"]))
    people = kind in ("engineers", "people", "agents", "bots")
    known = [entry for entry in REQUIREMENTS if people or not set(entry) & {*FOR_PEOPLE, "preferred"}]
    known = [entry for entry in known if kind != "queues" or "travel" not in entry]
    asked = [dict(entry) for entry in draw(st.lists(names(known), max_size=8))]
    for number, entry in enumerate(asked):
        entry["name"] = f"r{number}"
        entry["optional"] = draw(st.integers(0, 5)) == 0
    relax = []
    for entry in asked:
        step = "lower" if "skill" in entry else draw(names(["widen", "neighbours"])) if "area" in entry else "drop"
        relax.append({"after": "1h", step: entry["name"]})
    data: dict[str, Any] = {"name": "p", "candidates": kind, "require": asked, "relax": relax[: draw(st.integers(0, 3))]}
    data["slot"] = {"outlets": "outlet", "providers": "provider", "queues": "queue"}.get(kind, "assignee")
    if people and draw(st.booleans()):
        data["of"] = draw(names(["outlet", "queue", "provider", "owner", "site"]))
    if draw(st.integers(0, 2)) == 0:
        data["takes"] = draw(names(["2", "least"]))
    if draw(st.integers(0, 2)) == 0:
        data["visit"] = draw(names([{"minutes": "90"}, {"start": "begin", "minutes": "60", "window": "120"}]))
    data["prefer"] = draw(
        names([[[{"term": "load", "weight": -1}, {"term": "skill"}]], [["round_robin"], ["travel", "lateness"]]])
    )
    return Policy.read(data)


bookings = st.none() | hours.map(
    lambda start: Appointment(to="e0", start=AT + start * HOUR, end=AT + start * HOUR + 2 * HOUR, policy="p")
)


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    """Tickets that ask for more or less, hold something already or were declined."""
    fields = {
        "category": draw(names(["ac", "tv", None])),
        "least": draw(st.integers(0, 3)),
        "region": draw(names([*PLACES, None])),
        "licence": draw(names(["gas", None])),
        "begin": (AT + draw(hours) * HOUR).isoformat(),
        "anything": draw(names(["ac", "haile", "", 1, True, {"fan": 1, "ac": 2}, {"mido": "out"}, ["chat", "en"], None])),
        "site": draw(names(["north", "q", "p1", None])),
    }
    held = tuple(
        Held(key=key, units=draw(st.integers(1, 2)))
        for key in draw(st.lists(names(["engineer:e0", "engineer:e1/chat"]), max_size=1))
    )
    return Ticket(
        id=f"T{draw(st.integers(0, 9))}",
        workflow="w",
        at=AT,
        opened_at=AT,
        customer=draw(names(["c1", None])),
        channel=draw(names(["chat", None])),
        outlet=draw(names(["north", None])),
        queue=draw(names(["q", None])),
        held=held,
        fields=FrozenMap(fields),
        last_actors=FrozenMap(draw(names([{}, {"start": "e1"}]))),
        appointment=draw(bookings),
        slots=FrozenMap(assignee=SlotProgress(policy="p", since=AT, declined=tuple(draw(st.lists(names(IDS), max_size=1))))),
    )


moments = st.integers(-30, 30).map(lambda count: AT + count * HOUR / 2)

Change = Callable[[World], World]


@st.composite
def becoming(draw: st.DrawFn) -> Change:
    """What may become of a world from one decision to the next."""
    kind = draw(st.integers(0, 9))
    who = draw(names(IDS))
    if kind <= 1:
        load = draw(st.integers(0, 3))
        return lambda world: world.with_load(who, load)
    if kind == 2:
        several = draw(loads)
        return lambda world: world.with_loads(several)
    if kind == 3:
        presence = draw(presences)
        return lambda world: world.with_presence(presence)
    body = draw(bodies)
    if kind == 4:
        return lambda world: world.with_engineer({"id": who, **body}) if who not in _ids(world.agents) else world
    if kind == 5:
        return lambda world: attrs.evolve(world, calendars={**CALENDARS, "day": CALENDARS["night"]})
    if kind == 6:
        taken = draw(booked)
        return lambda world: world.with_booked(taken)
    if kind == 7:
        turns = draw(st.none() | st.just({"dispatch:p": 1, "dispatch:p/e1": 720720}))
        return lambda world: world.with_turns(turns)
    if kind == 8:
        one = draw(names([Bot, Agent, Provider, Outlet, Queue]))
        name, limit = draw(names(["b1", "e0", "p1", "q", "north"])), draw(st.none() | st.integers(0, 2))
        return lambda world: world.with_entity(one(id=name, capacity=limit))
    site = draw(sites)
    return lambda world: attrs.evolve(world, outlets=[{"id": "north", **site}, world.outlets[1]])


def _ids(people: Any) -> list[str]:
    return [one.id for one in people]


def one_by_one(policy: Policy, ticket: Ticket, world: World, at: datetime, stage: int) -> Choice:
    """What is chosen where every candidate is asked every question."""
    return attrs.evolve(evaluate(policy, ticket, world, at, stage=stage), verdicts=())


@settings(deadline=None)
@given(policies(), st.lists(tickets(), min_size=1, max_size=3), worlds(), st.lists(becoming(), max_size=5), st.data())
def test_asking_sets_is_asking_everybody(
    policy: Policy, several: list[Ticket], world: World, steps: list[Change], data: st.DataObject
) -> None:
    """
    Whoever fits, why others do not, what is waited for and what comes next is the same, asked of sets or one by one.

    Also of a world that came of others by changes of it, at any stage, for ticket after ticket.
    """
    for step in [None, *steps]:
        world = world if step is None else step(world)
        for ticket in several:
            at, stage = data.draw(moments), data.draw(st.integers(0, len(policy.relax)))
            for _ in range(2):
                found = evaluate(policy, ticket, world, at, stage=stage, explain=False)

                assert one_by_one(policy, ticket, world, at, stage) == found


@settings(deadline=None)
@given(policies(), st.lists(tickets(), min_size=1, max_size=3), worlds(), st.lists(becoming(), max_size=5), st.data())
def test_each_rule_is_answered_of_sets_as_of_each(
    policy: Policy, several: list[Ticket], world: World, steps: list[Change], data: st.DataObject
) -> None:
    """Every rule lets the same through, and is turned by time at the same instants, asked of a set or of each in it."""
    for step in [None, *steps]:
        world = world if step is None else step(world)
        for ticket in several:
            case = Case.make(policy, ticket, world, data.draw(moments), stage=data.draw(st.integers(0, len(policy.relax))))
            index = index_of(world, policy.candidates)
            for check in checks(case):
                expected = [who.id for who in index.order if check.passes(who)]

                for _ in range(3):
                    assert expected == [who.id for who in index.those(met(case, index, check, index.full))]
                several_turns = [at for at, count in turns(case, index, check, index.full) for _ in range(count)]
                passing = [who for who in index.order if check.passes(who)]
                first = min((at for who in passing if (at := check.change(who)) is not None), default=None)
                assert first == soonest(case, index, check, met(case, index, check, index.full))
                assert sorted(map(str, several_turns)) == sorted(str(check.change(who)) for who in index.order)
