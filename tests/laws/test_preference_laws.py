"""Knows the laws of preferences, turns and prices; must not know how anything is measured."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.dispatch import TERMS, Policy, Term, evaluate, learn
from servflow.model import ClockRun, FrozenMap, Ticket, World

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
IDS = ("e0", "e1", "e2", "e3")

steady = settings(deadline=None)
"""Time never decides a pass."""

counts = st.dictionaries(st.sampled_from(IDS), st.integers(0, 9))
moments = st.integers(-600, 600).map(lambda count: AT + count * MINUTE)
terms = st.one_of(
    st.builds(Term, term=st.sampled_from(TERMS), weight=st.integers(-5, 5)),
    st.builds(Term, term=st.just("round_robin"), share=st.just("candidate.cost")),
    st.builds(Term, value=st.sampled_from(["candidate.load", "candidate.cost / candidate.load", "minutes_left", "missing"])),
)
policies = st.builds(Policy, name=st.just("p"), prefer=st.lists(st.lists(terms, min_size=1, max_size=3), max_size=3))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Small worlds in which every term can matter."""
    engineers = [
        {
            "id": name,
            "cost": draw(st.integers(0, 3)),
            "capacity": draw(st.none() | st.integers(0, 3)),
            "areas": draw(st.lists(st.sampled_from(["n", "s"]), max_size=2, unique=True)),
            "skills": draw(st.dictionaries(st.sampled_from(["ac", "tv"]), st.integers(1, 3))),
        }
        for name in draw(st.lists(st.sampled_from(IDS), unique=True, max_size=4))
    ]
    marks = {f"dispatch:p/{name}": mark * 144_144 for name, mark in draw(counts).items()}
    return World(
        engineers=engineers,
        loads=draw(counts),
        worked=draw(counts),
        given=draw(counts),
        prices=draw(counts),
        idle_since=draw(st.dictionaries(st.sampled_from(IDS), moments)),
        previous={"c1": tuple(draw(st.lists(st.sampled_from(IDS), max_size=2)))},
        serviced={"a1": tuple(draw(st.lists(st.sampled_from(IDS), max_size=2)))},
        travel={"s": {"n": 20}},
        turns=draw(st.sampled_from([None, marks])),
    )


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    """Tickets with and without a promise."""
    due = draw(st.none() | moments)
    clocks = {} if due is None else {"c": ClockRun(name="c", within=MINUTE, started_at=AT, due=due)}
    return Ticket(
        id=f"T{draw(st.integers(0, 9))}",
        workflow="w",
        at=AT,
        opened_at=AT,
        customer=draw(st.sampled_from(["c1", None])),
        asset=draw(st.sampled_from(["a1", None])),
        assignee=draw(st.sampled_from(["e0", None])),
        clocks=FrozenMap(clocks),
        fields=FrozenMap(area="n", category="ac"),
    )


@steady
@given(policies, tickets(), worlds(), moments)
def test_points_are_the_weighted_sums_of_what_terms_measured(
    policy: Policy, ticket: Ticket, world: World, at: datetime
) -> None:
    """Everything measured is a whole number, totals can be added up by hand, and ranks follow them."""
    choice = evaluate(policy, ticket, world, at)

    for one in choice.ranked:
        measured = iter(one.terms.values())
        assert one.points == tuple(sum(term.weight * next(measured) for term in level) for level in policy.prefer)
        assert {int} >= {type(value) for value in one.terms.values()}
    assert [one.points for one in choice.ranked] == sorted((one.points for one in choice.ranked), reverse=True)


@steady
@given(policies, tickets(), worlds(), moments, st.randoms(use_true_random=False))
def test_neither_order_nor_explanation_changes_a_preference(
    policy: Policy, ticket: Ticket, world: World, at: datetime, shuffle: random.Random
) -> None:
    """Whichever way the world lists people, and whether reasons are kept or not, the same are ranked with the same points."""
    listed = list(world.engineers)
    shuffle.shuffle(listed)

    other = evaluate(policy, ticket, attrs.evolve(world, engineers=tuple(listed), version=None), at, explain=False)

    assert (evaluate(policy, ticket, world, at).ranked, evaluate(policy, ticket, world, at).turns) == (
        other.ranked,
        other.turns,
    )


@steady
@given(policies, tickets(), worlds(), moments)
def test_a_candidate_measures_the_same_alone(policy: Policy, ticket: Ticket, world: World, at: datetime) -> None:
    """No term looks at who else fits: whoever is judged alone has the same points."""
    for one in evaluate(policy, ticket, world, at).ranked:
        alone = attrs.evolve(world, engineers=tuple(who for who in world.engineers if who.id == one.id), version=None)
        [again] = evaluate(policy, ticket, alone, at).ranked

        assert one.points == again.points


@steady
@given(st.lists(st.integers(1, 6), min_size=2, max_size=4), st.data())
def test_turns_keep_to_shares_whoever_is_away(shares: list[int], data: st.DataObject) -> None:
    """People come and go; while the same are there, nobody is further than two turns from their share of these turns."""
    people = [{"id": f"e{index}", "cost": share} for index, share in enumerate(shares)]
    policy = Policy(name="p", prefer=[{"term": "round_robin", "share": "candidate.cost"}])
    turns: dict[str, int] = {}
    for stretch in range(data.draw(st.integers(1, 3))):
        away = data.draw(st.sets(st.sampled_from([one["id"] for one in people]), max_size=len(people) - 1))
        world = World(engineers=people, presence=dict.fromkeys(away, "away"), turns={})
        here = {str(one["id"]): int(str(one["cost"])) for one in people if one["id"] not in away}
        got: Counter[Any] = Counter()
        for number in range(1, 2 * sum(here.values()) + 1):
            choice = evaluate(
                policy, Ticket(id=f"{stretch}.{number}", workflow="w", at=AT, opened_at=AT), world.with_turns(turns), AT
            )
            mark = f"dispatch:p/{choice.best}"
            turns[mark] = turns.get(mark, 0) + choice.turns[str(choice.best)]
            got[choice.best] += 1

            assert all(
                abs(got[who] * sum(here.values()) - number * share) <= 2 * sum(here.values()) for who, share in here.items()
            )


@steady
@given(st.lists(tickets(), max_size=4, unique_by=lambda ticket: ticket.id), worlds(), st.integers(0, 2))
def test_prices_do_not_depend_on_order(several: list[Ticket], world: World, level: int) -> None:
    """What a place is worth follows from the day, not from the order of tickets or people; nothing is worth less than 0."""
    prefer = [[Term(term="cost", weight=-1)], [Term(term="given", weight=-1)], [Term(term="skill")]]
    policy = Policy(name="p", require=[{"below": "capacity"}], prefer=prefer)
    back = attrs.evolve(world, engineers=tuple(reversed(world.engineers)), version=None)

    found = learn([[(ticket, world) for ticket in several]], policy, level=level)

    assert found == learn([[(ticket, back) for ticket in reversed(several)]], policy, level=level)
    assert all(worth > 0 for worth in found.values())
