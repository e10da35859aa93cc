"""Knows the laws of dispatch; must not know how candidates are judged or plans are found."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.calendars import Calendar
from servflow.dispatch import Policy, evaluate, plan, verify, why_not
from servflow.errors import DefinitionError
from servflow.model import FrozenMap, SlotProgress, Ticket, World
from tests.oracles.dispatch_brute import best_plan, fits

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)  # a Monday, 10:00 in Shanghai
HOUR = timedelta(hours=1)
CALENDARS = {
    "day": Calendar(zone="Asia/Shanghai", week={"mon-fri": ["09:00-12:00", "13:00-18:00"]}),
    "night": Calendar(zone="Asia/Shanghai", week={"mon-sun": ["22:00-06:00"]}),
}
AREAS = {"a1": "a", "a2": "a", "b1": "b", "a": "top", "b": "top"}
PLACES = ["a1", "a2", "b1", "a", "b", "top", "nowhere"]
DEFINITION: dict[str, Any] = {
    "name": "p",
    "require": [
        {"skill": "category", "level": "least"},
        {"area": "region"},
        {"certificate": "licence", "safety": True},
        {"open": "shift"},
        {"below": "capacity"},
    ],
    "prefer": [[{"term": "sticky", "weight": 3}, {"term": "distance", "weight": -1}], [{"term": "load", "weight": -1}]],
    "relax": [
        {"after": "1h", "lower": "skill"},
        {"after": "2h", "widen": "area"},
        {"after": "3h", "widen": "area"},
        {"after": "4h", "drop": "skill"},
        {"after": "5h", "drop": "below"},
        {"after": "6h", "mode": "pool"},
    ],
}
POLICY = Policy(**DEFINITION)

hours = st.integers(-30, 60)
absences = st.lists(st.tuples(hours, st.integers(0, 20)), max_size=2).map(
    lambda items: [(AT + start * HOUR, AT + (start + length) * HOUR) for start, length in items]
)
bodies = st.fixed_dictionaries(
    {
        "skills": st.dictionaries(st.sampled_from(["ac", "tv"]), st.integers(1, 3)),
        "areas": st.lists(st.sampled_from(PLACES), max_size=2),
        "shift": st.sampled_from([None, "day", "night"]),
        "absences": absences,
        "capacity": st.none() | st.integers(0, 2),
        "certificates": st.dictionaries(
            st.sampled_from(["gas", "lift"]), st.none() | hours.map(lambda count: AT + count * HOUR), max_size=2
        ),
    }
)


@st.composite
def worlds(draw: st.DrawFn, most: int = 5) -> World:
    """Small worlds in which every rule can matter."""
    engineers = [{"id": f"e{index}", **body} for index, body in enumerate(draw(st.lists(bodies, max_size=most)))]
    ids = st.sampled_from([f"e{index}" for index in range(most)])
    return World(
        engineers=engineers,
        areas=AREAS,
        calendars=CALENDARS,
        loads=draw(st.dictionaries(ids, st.integers(0, 3))),
        presence=draw(st.dictionaries(ids, st.sampled_from(["away", "offline", "busy"]), max_size=2)),
        previous={"c1": tuple(draw(st.lists(ids, max_size=2)))},
        forbidden={"c1": tuple(draw(st.lists(ids, max_size=1)))},
    )


@st.composite
def tickets(draw: st.DrawFn, name: str = "T") -> Ticket:
    """Tickets that ask for more or less."""
    fields = {
        "category": draw(st.sampled_from(["ac", "tv", None])),
        "least": draw(st.integers(1, 3)),
        "region": draw(st.sampled_from([*PLACES, None])),
        "licence": draw(st.sampled_from([None, None, "gas"])),
    }
    declined = tuple(draw(st.lists(st.sampled_from(["e0", "e1"]), max_size=1)))
    return Ticket(
        id=name + str(draw(st.integers(0, 9))),
        workflow="w",
        at=AT,
        opened_at=AT,
        customer=draw(st.sampled_from(["c1", None])),
        fields=FrozenMap(fields),
        slots=FrozenMap(assignee=SlotProgress(policy="p", since=AT, declined=declined)),
    )


steady = settings(deadline=None)
"""Time never decides a pass."""

moments = st.integers(-48, 48).map(lambda count: AT + count * HOUR / 2)


@steady
@given(tickets(), worlds(), moments)
def test_exactly_those_fit_whom_the_definition_admits(ticket: Ticket, world: World, at: datetime) -> None:
    """Who is ranked is who a plain reading of the definition lets through; nobody unavailable is among them."""
    choice = evaluate(POLICY, ticket, world, at)

    expected = {engineer.id for engineer in world.engineers if fits(DEFINITION, ticket, world, at, engineer)}

    assert expected == {item.id for item in choice.ranked}
    assert (choice.action == "wait") == (not expected)
    for engineer in world.engineers:
        assert (engineer.id in expected) == (not why_not(POLICY, ticket, world, at, engineer.id))


@steady
@given(tickets(), worlds(), moments)
def test_relaxing_never_removes_a_candidate(ticket: Ticket, world: World, at: datetime) -> None:
    """Whoever fits at one stage fits at every later one."""
    before: set[str] = set()
    for stage in range(len(POLICY.relax) + 1):
        now = {item.id for item in evaluate(POLICY, ticket, world, at, stage=stage, explain=False).ranked}

        assert before <= now
        before = now


@steady
@given(tickets(), worlds(), moments, st.integers(0, 6))
def test_a_safety_requirement_always_holds(ticket: Ticket, world: World, at: datetime, stage: int) -> None:
    """However much is relaxed, nobody without a valid licence is ranked, nor anybody who is not available."""
    for item in evaluate(POLICY, ticket, world, at, stage=stage).ranked:
        engineer = next(engineer for engineer in world.engineers if engineer.id == item.id)
        if ticket.fields["licence"] is not None:
            expires = engineer.certificates[ticket.fields["licence"]]
            assert expires is None or expires > at
        assert fits({"require": []}, ticket, world, at, engineer)


@steady
@given(tickets(), worlds(), moments, st.randoms(use_true_random=False))
def test_the_order_of_the_world_does_not_matter(ticket: Ticket, world: World, at: datetime, shuffle: random.Random) -> None:
    """Engineers and their areas listed in another order give the same choice, verdict for verdict."""
    engineers = list(world.engineers)
    shuffle.shuffle(engineers)
    other = attrs.evolve(world, engineers=tuple(engineers), version="other")

    assert evaluate(POLICY, ticket, world, at) == evaluate(POLICY, ticket, other, at)


@steady
@given(tickets(), worlds(), moments, st.integers(-12, 14))
def test_the_zone_of_the_question_changes_nothing(ticket: Ticket, world: World, at: datetime, offset: int) -> None:
    """An instant written in another zone is the same instant."""
    moved = at.astimezone(timezone(timedelta(hours=offset)))

    assert evaluate(POLICY, ticket, world, at).as_data() == evaluate(POLICY, ticket, world, moved).as_data()


@steady
@given(tickets(), worlds(), moments)
def test_explaining_changes_nothing(ticket: Ticket, world: World, at: datetime) -> None:
    """The choice without verdicts is the choice with them."""
    full = evaluate(POLICY, ticket, world, at)

    assert attrs.evolve(full, verdicts=()) == evaluate(POLICY, ticket, world, at, explain=False)
    assert len(world.engineers) == len(full.ranked) + sum(full.counts.values())


@settings(max_examples=60, deadline=None)
@given(tickets(), worlds(), moments)
def test_next_change_is_the_first(ticket: Ticket, world: World, at: datetime) -> None:
    """Before the next change who fits stays as it is, and at the next change some verdict is another one."""
    now = evaluate(POLICY, ticket, world, at)
    until = now.next_change
    probe, last = at, until if until is not None else at + timedelta(days=4)
    while probe < last:
        assert now.ranked == evaluate(POLICY, ticket, world, probe, explain=False).ranked
        probe += HOUR / 2
    if until is not None:
        assert until > at
        before = [verdict.passed for verdict in evaluate(POLICY, ticket, world, until - timedelta(microseconds=1)).verdicts]
        after = [verdict.passed for verdict in evaluate(POLICY, ticket, world, until).verdicts]
        assert before != after


@steady
@given(tickets(), worlds(), moments)
def test_again_at_is_when_the_verdict_turns(ticket: Ticket, world: World, at: datetime) -> None:
    """Each verdict stands until its ``again_at`` and is the opposite there."""
    for verdict in evaluate(POLICY, ticket, world, at).verdicts:
        if verdict.again_at is None:
            continue
        [before] = _like(verdict, evaluate(POLICY, ticket, world, verdict.again_at - timedelta(microseconds=1)).verdicts)
        [after] = _like(verdict, evaluate(POLICY, ticket, world, verdict.again_at).verdicts)

        assert verdict.passed == before.passed
        assert verdict.passed != after.passed


def _like(wanted: Any, verdicts: Any) -> list[Any]:
    return [item for item in verdicts if (item.candidate, item.rule) == (wanted.candidate, wanted.rule)]


@steady
@given(tickets(), worlds(), moments)
def test_releasing_what_is_waited_for_lets_somebody_in(ticket: Ticket, world: World, at: datetime) -> None:
    """Each key waited for belongs to a candidate who fits once their capacity is free."""
    for key in evaluate(POLICY, ticket, world, at).waits:
        who = key.removeprefix("engineer:")
        engineer = next(engineer for engineer in world.engineers if engineer.id == who)
        free = world.with_loads({**world.loads, who: 0})
        fitting = {item.id for item in evaluate(POLICY, ticket, free, at).ranked}

        assert (who in fitting) == (engineer.capacity != 0)


@settings(max_examples=60, deadline=None)
@given(st.lists(tickets(), max_size=6, unique_by=lambda ticket: ticket.id), worlds(most=4), moments)
def test_a_plan_is_the_best_there_is(several: list[Ticket], world: World, at: datetime) -> None:
    """Trying every way to give out the tickets finds nothing better, and the audit finds nothing wrong."""
    made = plan(POLICY, several, world, at)

    points = {(ticket.id, item.id): item.points for ticket in several for item in evaluate(POLICY, ticket, world, at).ranked}
    room = {
        engineer.id: len(several) if engineer.capacity is None else max(0, engineer.capacity - world.loads.get(engineer.id, 0))
        for engineer in world.engineers
    }
    expected = best_plan(points, [ticket.id for ticket in several], room, 2)

    assert expected[: len(made.objective)] == made.objective
    assert not any(expected[len(made.objective) :])
    assert () == verify(made, POLICY, several, world, at)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(tickets(), max_size=8, unique_by=lambda ticket: ticket.id), worlds(), moments, st.randoms(use_true_random=False)
)
def test_a_plan_does_not_depend_on_order(several: list[Ticket], world: World, at: datetime, shuffle: random.Random) -> None:
    """Tickets and engineers listed in another order give the same plan; the greedy plan is sound too, and never better."""
    mixed, engineers = list(several), list(world.engineers)
    shuffle.shuffle(mixed)
    shuffle.shuffle(engineers)
    exact = plan(POLICY, several, world, at)
    greedy = plan(POLICY, mixed, world, at, "greedy")

    assert exact == plan(POLICY, mixed, attrs.evolve(world, engineers=tuple(engineers), version="other"), at)
    assert () == verify(greedy, POLICY, several, world, at)
    assert greedy.objective <= exact.objective


kinds = st.sampled_from(
    ["skill", "area", "open", "below", "language", "when", "separate", "travel", "unit", "window", "preferred", "safety"]
)
plain = st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab.+'(", max_size=6) | st.lists(st.integers(), max_size=2)
junk = plain | st.dictionaries(st.sampled_from(["start", "minutes", "end", "window", "x"]), plain, max_size=3)
head_keys = ["name", "slot", "of", "state", "mode", "offer", "when", "candidates", "takes", "visit", "x"]
steps = st.sampled_from(["after", "drop", "widen", "lower", "neighbours", "below", "mode"])


@steady
@given(
    st.dictionaries(st.sampled_from(head_keys), junk),
    st.lists(st.dictionaries(kinds, junk, max_size=2) | junk, max_size=3),
    st.lists(st.dictionaries(steps, junk | st.just("skill"), max_size=3) | junk, max_size=2) | junk,
)
def test_a_definition_is_read_or_refused(head: dict[str, Any], require: list[Any], relax: Any) -> None:
    """Whatever a document holds becomes a policy that can be written and read again, or a refusal with findings."""
    policy, found = None, ()
    try:
        policy = Policy.read({**head, "require": require, "relax": relax})
    except DefinitionError as error:
        found = error.findings

    assert (policy is None) == bool(found)
    if policy is not None:
        assert policy == Policy(**policy.to_data())


def test_the_same_choice_in_every_process() -> None:
    """Ties are broken the same whatever the hash seed of the process."""
    program = (
        "from datetime import datetime, UTC\n"
        "from servflow.dispatch import evaluate\n"
        "from servflow.model import Ticket, World\n"
        "at = datetime(2026, 3, 2, tzinfo=UTC)\n"
        "world = World(engineers=[{'id': f'e{n}', 'areas': ['x', 'y']} for n in range(9)])\n"
        "choice = evaluate({'name': 'p', 'require': [{'area': \"['x', 'y']\"}]}, "
        "Ticket(id='T', workflow='w', at=at, opened_at=at), world, at)\n"
        "print(choice.as_data())\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }

    assert 1 == len(outputs)
