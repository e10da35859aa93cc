"""Knows the laws of what dispatch requires and relaxes; must not know how candidates are judged or ranked."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.calendars import Calendar
from servflow.dispatch import Policy, evaluate, why_not
from servflow.errors import DefinitionError
from servflow.model import FrozenMap, SlotProgress, Ticket, World
from tests.oracles.dispatch_brute import HOUR, TICK, Reading, hours_after, kind_of

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)  # a Monday, 10:00 in Shanghai
CALENDARS = {
    "day": Calendar(zone="Asia/Shanghai", week={"mon-fri": ["09:00-12:00", "13:00-18:00"]}),
    "night": Calendar(zone="Asia/Shanghai", week={"mon-sun": ["22:00-06:00"]}),
}
AREAS = {"a1": "a", "a2": "a", "b1": "b", "a": "top", "b": "top"}
PLACES = ["a1", "a2", "b1", "a", "b", "top", "nowhere"]
SITES = ["o0", "o1", "o2"]
IDS = ["e0", "e1", "e2", "e3"]

hours = st.integers(-12, 30).map(lambda count: AT + count * HOUR)
amounts = st.none() | st.integers(0, 4)


def some(items: list[str], most: int = 2) -> st.SearchStrategy[list[str]]:
    """A few of these."""
    return st.lists(st.sampled_from(items), max_size=most, unique=True)


@st.composite
def stretches(draw: st.DrawFn, apart: bool) -> list[tuple[datetime, datetime]]:
    """Half-open stretches on whole hours; of a roster none overlaps."""
    found = [(start, start + draw(st.integers(1, 9)) * HOUR) for start in draw(st.lists(hours, max_size=3))]
    found.sort()
    return [one for one, after in zip(found, [*found[1:], None], strict=False) if not apart or not after or one[1] <= after[0]]


@st.composite
def capacities(draw: st.DrawFn) -> dict[str, Any]:
    """A capacity, and what of it is normal."""
    most = draw(amounts)
    normal = draw(st.none() | st.integers(0, 4 if most is None else most))
    return {"most": most, "normal": normal}


bodies = st.fixed_dictionaries(
    {
        "skills": st.dictionaries(st.sampled_from(["ac", "tv"]), st.integers(1, 3)),
        "areas": some(PLACES),
        "shift": st.sampled_from([None, "day", "night", "unknown"]),
        "shifts": st.just([]) | stretches(apart=True),
        "absences": stretches(apart=False),
        "outlet": st.sampled_from([None, *SITES]),
        "languages": some(["en", "zh"]),
        "parts": st.dictionaries(st.just("fan"), st.integers(0, 1)),
        "serves": st.none() | some(["chat", "phone"]),
        "certificates": st.dictionaries(st.sampled_from(["gas", "lift"]), st.none() | hours, max_size=2),
        "room": capacities(),
        "chat": st.none() | capacities(),
    }
)
sites = st.fixed_dictionaries(
    {
        "areas": some(PLACES),
        "neighbours": st.lists(st.sampled_from([*SITES, "gone"]), min_size=1, max_size=2),
        "contracts": some(["acme", "acme/old", "acme/new"]),
    }
)


@st.composite
def worlds(draw: st.DrawFn, most: int = 4) -> World:
    """Small worlds in which every requirement can matter."""
    engineers = []
    for index, body in enumerate(draw(st.lists(bodies, min_size=1, max_size=most))):
        room, chat = body.pop("room"), body.pop("chat")
        limits = {} if chat is None else {"per_channel": {"chat": chat}}
        engineers.append({"id": IDS[index], "capacity": room["most"], "normal": room["normal"], **limits, **body})
    several = st.dictionaries(st.sampled_from(IDS), st.integers(0, 4))
    return World(
        engineers=engineers,
        outlets=[{"id": name, **draw(sites)} for name in SITES],
        areas=AREAS,
        calendars=CALENDARS,
        loads=draw(several),
        channel_loads={name: {"chat": load} for name, load in draw(several).items()},
        presence=draw(st.dictionaries(st.sampled_from(IDS), st.sampled_from(["away", "offline", "busy"]), max_size=1)),
        forbidden={"c1": draw(some(IDS, 1))},
        preferred={"c1": draw(some(IDS))},
        travel=draw(
            st.dictionaries(
                st.sampled_from(PLACES[:5]),
                st.dictionaries(st.sampled_from(PLACES[:5]), st.integers(5, 40), max_size=3),
                max_size=3,
            )
        ),
    )


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    """Tickets that ask for more or less."""
    fields = {
        "category": draw(st.sampled_from(["ac", "tv", None])),
        "least": draw(st.sampled_from([1, 2, 3, None])),
        "region": draw(st.sampled_from(["a1", "a2", "b1", "nowhere", None])),
        "licence": draw(st.sampled_from([None, "gas"])),
        "tongue": draw(st.sampled_from([None, "en"])),
        "spare": draw(st.sampled_from([None, "fan"])),
        "brand": draw(st.sampled_from([None, "acme", "acme/old"])),
        "rather": draw(st.sampled_from([None, "e1"])),
        "wish": draw(st.sampled_from([None, "e0"])),
        "begin": draw(st.none() | hours),
        "units": draw(st.sampled_from([None, 1, 2])),
    }
    declined = tuple(draw(some(IDS, 1)))
    return Ticket(
        id="T" + str(draw(st.integers(0, 9))),
        workflow="w",
        at=AT,
        opened_at=AT,
        customer=draw(st.sampled_from(["c1", None])),
        channel=draw(st.sampled_from(["chat", None])),
        outlet=draw(st.sampled_from(["o0", "o1", None])),
        fields=FrozenMap(fields),
        last_actors=draw(st.sampled_from([FrozenMap(), FrozenMap(inspect="e0")])),
        slots=FrozenMap(assignee=SlotProgress(policy="p", since=AT, declined=declined)),
    )


REQUIREMENTS: list[dict[str, Any]] = [
    {"skill": "category", "level": "least"},
    {"area": "region"},
    {"certificate": "licence"},
    {"language": "tongue"},
    {"part": "spare"},
    {"contract": "brand"},
    {"channel": "channel"},
    {"preferred": True},
    {"preferred": "wish"},
    {"separate": "inspect"},
    {"other_than": "rather"},
    {"travel": 15},
    {"open": "shift"},
    {"window": True},
    {"below": "normal"},
    {"below": "capacity"},
    {"below": 3},
]
VISITS: list[dict[str, Any] | None] = [
    None,
    {"minutes": 120},
    {"minutes": 60, "window": 180},
    {"start": "begin", "minutes": 180},
    {"start": "begin", "minutes": 60, "window": 240},
]
STEPS = [
    *({"drop": kind} for kind in ("skill", "area", "certificate", "open", "below", "travel", "contract", "window")),
    {"lower": "skill"},
    {"widen": "area"},
    {"widen": "travel"},
    {"neighbours": "area"},
    {"neighbours": "of"},
    {"below": "capacity"},
    {"mode": "pool"},
    {"widen": ["area"], "lower": ["skill"], "below": "capacity"},
    {"neighbours": ["area", "of"], "drop": ["language", "channel"], "mode": "offer"},
]


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    """Definitions with a few requirements, some of them safety, and every step that can relax one of them."""
    kinds = draw(st.lists(st.sampled_from(REQUIREMENTS), min_size=1, max_size=5, unique_by=kind_of))
    definition: dict[str, Any] = {
        "name": "p",
        "require": [{**entry, **draw(st.sampled_from([{}, {}, {}, {"safety": True}, {"optional": True}]))} for entry in kinds],
        "prefer": [[{"term": "load", "weight": -1}]],
    }
    if draw(st.integers(0, 2)) == 0:
        definition["of"] = "outlet"
    visit = draw(st.sampled_from(VISITS))
    if visit is not None:
        definition["visit"] = visit
        if draw(st.booleans()):
            definition["presence"] = draw(st.sampled_from(["0h", "3h"]))
    if draw(st.booleans()):
        definition["takes"] = "units"
    steps: list[dict[str, Any]] = []
    for step in draw(st.lists(st.sampled_from(STEPS), min_size=2, max_size=8)):
        tried = [*steps, {"after": f"{len(steps) + 1}h", **step}]
        try:
            Policy(**definition, relax=tried)
        except DefinitionError:
            continue  # it relaxes nothing that is there, or what is safety
        steps = tried
    return {**definition, "relax": steps}


steady = settings(deadline=None, max_examples=40)
"""Time never decides a pass."""

moments = st.integers(-24, 48).map(lambda count: AT + count * HOUR)


@steady
@given(policies(), tickets(), worlds(), moments, st.integers(0, 6))
def test_who_fits_is_who_a_plain_reading_admits(
    definition: dict[str, Any], ticket: Ticket, world: World, at: datetime, stage: int
) -> None:
    """Whatever is required and relaxed: each verdict is that of a reading instant by instant, with and without reasons."""
    policy = Policy(**definition)
    reading = Reading(definition, ticket, world, stage)
    choice = evaluate(policy, ticket, world, at, stage=stage)

    expected = {engineer.id for engineer in world.engineers if reading.fits(engineer, at)}

    assert expected == {item.id for item in choice.ranked}
    assert attrs.evolve(choice, verdicts=()) == evaluate(policy, ticket, world, at, stage=stage, explain=False)
    rules = dict(zip(policy.rules, definition["require"], strict=True))
    people = {engineer.id: engineer for engineer in world.engineers}
    for verdict in choice.verdicts:
        if verdict.rule in rules:
            assert verdict.passed == reading.meets(rules[verdict.rule], people[verdict.candidate], at), verdict
        elif verdict.rule == "of":
            assert verdict.passed == reading.belongs(people[verdict.candidate]), verdict


@steady
@given(policies(), tickets(), worlds(), moments)
def test_no_step_removes_a_candidate(definition: dict[str, Any], ticket: Ticket, world: World, at: datetime) -> None:
    """Whoever fits or meets a rule before a step does so after it; nobody unavailable ever fits, and safety holds."""
    policy = Policy(**definition)
    reading = Reading({**definition, "relax": []}, ticket, world)
    safe = [entry for entry in definition["require"] if entry.get("safety")]
    before: set[tuple[str, str]] = set()
    fitting: set[str] = set()
    for stage in range(len(policy.relax) + 1):
        choice = evaluate(policy, ticket, world, at, stage=stage)
        now = {(verdict.candidate, verdict.rule) for verdict in choice.verdicts if verdict.passed}

        assert before <= now
        assert fitting <= {item.id for item in choice.ranked}
        before, fitting = now, {item.id for item in choice.ranked}
    for engineer in world.engineers:
        if engineer.id in fitting:
            assert reading.available(engineer, at)
            assert all(reading.meets(entry, engineer, at) for entry in safe)


@steady
@given(policies(), tickets(), worlds(), moments, st.integers(0, 6), st.randoms(use_true_random=False))
def test_no_order_matters(
    definition: dict[str, Any], ticket: Ticket, world: World, at: datetime, stage: int, shuffle: random.Random
) -> None:
    """A world that lists its engineers, outlets and their names in another order gives the same choice."""

    def mixed(items: tuple[Any, ...]) -> tuple[Any, ...]:
        found = [attrs.evolve(item, areas=item.areas[::-1]) for item in items]
        shuffle.shuffle(found)
        return tuple(found)

    policy = Policy(**definition)
    other = attrs.evolve(world, engineers=mixed(world.engineers), outlets=mixed(world.outlets), version="other")

    first, second = (evaluate(policy, ticket, one, at, stage=stage) for one in (world, other))

    assert first.ranked == second.ranked
    assert (first.counts, first.waits, first.next_change) == (second.counts, second.waits, second.next_change)


TIMED = [
    {"name": "p", "require": [entry], **({} if visit is None else {"visit": visit})}
    for entry in ({"open": "shift"}, {"certificate": "licence"}, {"window": True}, {"other_than": "rather"})
    for visit in VISITS
]
LOOK = 40 * HOUR


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(TIMED), tickets(), worlds(most=2), moments)
def test_each_verdict_turns_when_it_says(definition: dict[str, Any], ticket: Ticket, world: World, at: datetime) -> None:
    """Walking on hour by hour, and just past each hour, a verdict first turns at its ``again_at``, and at no other time."""
    reading = Reading(definition, ticket, world)
    [entry] = definition["require"]
    walk = sorted({at + TICK, *(now + more for now in hours_after(at, at + LOOK) for more in (timedelta(), TICK))})
    people = {engineer.id: engineer for engineer in world.engineers}
    for verdict in evaluate(Policy(**definition), ticket, world, at).verdicts:
        if verdict.rule not in ("absence", kind_of(entry)):
            continue
        who = people[verdict.candidate]

        def passes(now: datetime, who: Any = who, rule: str = verdict.rule) -> bool:
            return reading.present(who, now) if rule == "absence" else reading.meets(entry, who, now)

        turned = next((now for now in walk if passes(now) != verdict.passed), None)

        assert passes(at) == verdict.passed
        if turned is not None or (verdict.again_at is not None and verdict.again_at < at + LOOK):
            assert turned == verdict.again_at, verdict


@settings(deadline=None, max_examples=40)
@given(policies(), tickets(), worlds(most=3), moments)
def test_nobody_comes_or_goes_before_the_next_change(
    definition: dict[str, Any], ticket: Ticket, world: World, at: datetime
) -> None:
    """Until ``next_change`` time alone changes nothing of who fits, and it is an instant at which some verdict turns."""
    policy, reading = Policy(**definition), Reading(definition, ticket, world)
    choice = evaluate(policy, ticket, world, at, explain=False)
    fitting = {item.id for item in choice.ranked}
    last = at + LOOK if choice.next_change is None else min(choice.next_change, at + LOOK)
    for hour in hours_after(at, last):
        for now in (hour, hour + TICK):
            if now < last:
                assert fitting == {engineer.id for engineer in world.engineers if reading.fits(engineer, now)}
    if choice.next_change is not None:
        before, after = (
            evaluate(policy, ticket, world, now).verdicts for now in (choice.next_change - TICK, choice.next_change)
        )
        assert choice.next_change > at
        assert [verdict.passed for verdict in before] != [verdict.passed for verdict in after]


@steady
@given(policies(), tickets(), worlds(), moments)
def test_who_does_not_fit_is_told_why(definition: dict[str, Any], ticket: Ticket, world: World, at: datetime) -> None:
    """Whoever is not ranked has a verdict against them, and whoever is has none, in words of both languages."""
    policy = Policy(**definition)
    fitting = {item.id for item in evaluate(policy, ticket, world, at, explain=False).ranked}
    for engineer in world.engineers:
        against = why_not(policy, ticket, world, at, engineer.id)

        assert (engineer.id in fitting) == (not against)
        assert all(verdict.text(lang) for verdict in against for lang in ("en", "zh"))


@steady
@given(policies())
def test_a_policy_reads_back_as_itself(definition: dict[str, Any]) -> None:
    """Written out and read again a policy is equal, and so is its hash."""
    policy = Policy(**definition)
    again = Policy(**policy.to_data())

    assert (policy, policy.hash) == (again, again.hash)
