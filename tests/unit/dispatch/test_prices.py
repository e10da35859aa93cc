"""Knows what the prices of places must be and what they are good for; must not know how they are found."""

from __future__ import annotations

import itertools
import json
import pickle
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from servflow.dispatch import Policy, Prices, evaluate, learn, plan
from servflow.errors import InputError
from servflow.model import FrozenMap, Ticket, World

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
NEAR: dict[str, Any] = {
    "name": "p",
    "require": [{"skill": "category"}, {"below": "capacity"}],
    "prefer": [{"term": "cost", "weight": -1}],
}


def ticket(number: int, category: str = "ac", **fields: Any) -> Ticket:
    """The n-th ticket of a day, which asks for one skill."""
    return Ticket(id=f"T{number:03}", workflow="w", at=AT, opened_at=AT, fields=FrozenMap({"category": category, **fields}))


def world(*engineers: dict[str, Any], **changes: Any) -> World:
    """A world of these engineers, named a, b, c ..."""
    return World(engineers=[{"id": chr(ord("a") + index), **one} for index, one in enumerate(engineers)], **changes)


BOTH = {"skills": ["ac", "tv"], "capacity": 1, "cost": 1}
ONLY_AC = {"skills": ["ac"], "capacity": 1, "cost": 3}


def test_a_scarce_place_is_worth_what_it_saves() -> None:
    """Two can do the one, only one the other: without the expert the second ticket would be lost."""
    people = world(BOTH, ONLY_AC)
    day = [(ticket(1, "ac"), people), (ticket(2, "tv"), people)]

    prices = learn([day], NEAR)

    # The points are 2 apart, so a ticket that nobody gets costs 2 + 2 + 1; without b, a takes the first and the second is lost.
    assert ({"a": 5, "b": 3}, 1, 0) == (dict(prices), prices.days, prices.level)
    assert Policy.read(NEAR).hash == prices.policy


def test_a_place_that_is_left_over_is_worth_nothing() -> None:
    """Who could take more than comes has no price; neither has who has no limit, nor who is full all day."""
    people = world({**BOTH, "capacity": 9}, {**BOTH, "capacity": None}, {**BOTH, "capacity": 2}, loads={"c": 2})

    assert {} == dict(learn([[(ticket(1), people), (ticket(2), people)]], NEAR))


def test_the_price_spares_the_expert() -> None:
    """First come, first served gives the cheap expert away; with prices they are kept for what only they can do."""
    people = world(BOTH, {**ONLY_AC, "capacity": 2})
    day = [(ticket(1, "ac"), people), (ticket(2, "tv"), people)]
    priced = {**NEAR, "prefer": [[*NEAR["prefer"], {"term": "price", "weight": -1}]]}

    prices = learn([day], priced)

    assert "a" == evaluate(NEAR, day[0][0], people, AT).best
    assert "b" == evaluate(priced, day[0][0], evolve(people, prices=prices, version=None), AT).best
    assert {"a": 5} == dict(prices) == dict(learn([day], NEAR))
    assert dict(prices) == dict(learn([[(one, evolve(people, prices={"a": 99}, version=None)) for one, _ in day]], priced))


def test_a_strange_day_changes_little() -> None:
    """The highest and the lowest of five days and more do not count, of the others the mean does."""
    people = world(BOTH, ONLY_AC)
    scarce = [(ticket(1, "ac"), people), (ticket(2, "tv"), people)]
    quiet = [(ticket(1, "ac"), people)]

    assert ({"a": 5, "b": 3}, {"a": 2}) == (dict(learn([scarce], NEAR)), dict(learn([quiet], NEAR)))
    assert {"a": 5, "b": 3} == dict(learn([scarce] * 6 + [quiet], NEAR))
    assert {"a": 2} == dict(learn([scarce] + [quiet] * 6, NEAR))
    assert {"a": 4, "b": 2} == dict(learn([scarce, quiet], NEAR)), "the mean of two, rounded half up"


def test_prices_are_data() -> None:
    """They are a mapping that a world takes, survive JSON and pickle, and say where they come from."""
    prices = Prices(worth={"b": 2, "a": 4}, days=3, level=1, policy="x")

    assert prices == Prices.read(json.loads(json.dumps(prices.to_data()))) == pickle.loads(pickle.dumps(prices))
    assert {"worth": {"a": 4, "b": 2}, "days": 3, "level": 1, "policy": "x"} == prices.to_data()
    assert {"a": 4, "b": 2} == dict(World(prices=prices).prices) == dict(World(prices=prices.to_data()["worth"]).prices)
    assert prices is Prices.read(prices)


@pytest.mark.parametrize("wrong", [{"a": -1}, {"a": 1.5}, {"a": True}, {1: 1}, ["a"]])
def test_prices_are_whole_numbers_from_nothing_on(wrong: Any) -> None:
    """Anything else is refused with a sentence."""
    with pytest.raises(InputError) as refused:
        Prices(worth=wrong)

    assert "dispatch.prices" == refused.value.code


@pytest.mark.parametrize(
    "source", [None, [], {"wort": {}}, 3, {"days": "x"}, {"days": -1}, {"level": None}, {"level": True}, {"policy": 3}]
)
def test_only_what_to_data_gave_is_read(source: Any) -> None:
    """What is no such mapping is refused."""
    with pytest.raises(InputError, match="worth, days, level"):
        Prices.read(source)


@pytest.mark.parametrize(
    ("days", "options", "said"),
    [
        ([], {}, "no days"),
        (3, {}, "list of days"),
        ("monday", {}, "list of days"),
        ({"monday": []}, {}, "list of days"),
        (["monday"], {}, "a day is a list"),
        ([[ticket(1)]], {}, "what came in on a day"),
        ([[("T1", World())]], {}, "what came in on a day"),
        ([[(ticket(1), World())]], {"level": 1}, "1 levels"),
        ([[(ticket(1), World())]], {"level": True}, "whole number"),
        ([[(ticket(1), World())]], {"unserved": -1}, "from 0 on"),
    ],
)
def test_days_are_checked(days: Any, options: Any, said: str) -> None:
    """What cannot be learnt from is refused with what is expected."""
    with pytest.raises(InputError, match=said):
        learn(days, NEAR, **options)


def test_a_day_without_anybody_teaches_nothing() -> None:
    """An empty day and an empty world are days, but nobody has a price by them."""
    assert ({}, 2) == ((found := learn([[], [(ticket(1), World())]], NEAR)).worth, found.days)


def test_what_was_taken_of_a_channel_during_the_day_does_not_count() -> None:
    """Whose chats were full by noon had room in the morning: the day is given out again, so they fit."""
    chatty = [{**who, "capacity": 1, "per_channel": {"chat": 1}} for who in (BOTH, ONLY_AC)]
    first, later = world(*chatty), world(*chatty, loads={"b": 1}, channel_loads={"b": {"chat": 1}})
    day = [(evolve(ticket(1, "tv"), channel="chat"), first), (evolve(ticket(2, "ac"), channel="chat"), later)]

    assert {"a": 5, "b": 3} == dict(learn([day], NEAR)) == dict(learn([[(one, first) for one, _ in day]], NEAR))


def test_a_day_that_asks_nothing_of_somebody_says_nothing_of_their_place() -> None:
    """The mean is that of the days on which they could have taken something: on others their price is not asked either."""
    people = world({**BOTH, "skills": ["tv"]}, ONLY_AC)
    asking = [(ticket(1, "tv"), people), (ticket(2, "tv"), people)]

    assert {"a": 1} == dict(learn([asking], NEAR))
    assert {"a": 1, "b": 1} == dict(learn([asking, [], [(ticket(1, "ac"), people)]], NEAR))


def test_each_ticket_is_judged_in_its_own_world() -> None:
    """Who had left when a ticket came does not fit it; what is free is what was free in the morning."""
    first, later = world(BOTH, ONLY_AC), world(BOTH, ONLY_AC, presence={"a": "away"}, loads={"b": 1})
    away = world({**BOTH, "absences": [(AT, AT + timedelta(hours=1))]}, ONLY_AC)

    assert {"a": 1, "b": 1} == dict(learn([[(ticket(1, "tv"), first), (ticket(2, "ac"), later)]], {**NEAR, "prefer": []}))
    assert {} == dict(learn([[(ticket(1, "tv"), away)]], NEAR))
    assert {"a": 1} == dict(learn([[(ticket(1, "tv"), away, AT + timedelta(hours=1))]], NEAR))


# against trying everything --------------------------------------------------------------------------------------


def least(costs: Sequence[Mapping[str, int]], room: Mapping[str, int], out: int) -> int:
    """The least total cost over every way to give out the tickets."""
    best = len(costs) * out
    for chosen in itertools.product(*([None, *row] for row in costs)):
        if all(chosen.count(name) <= places for name, places in room.items()):
            best = min(best, sum(out if who is None else row[who] for row, who in zip(costs, chosen, strict=True)))
    return best


@pytest.mark.parametrize("seed", range(40))
def test_a_price_is_what_one_place_less_would_cost(seed: int) -> None:
    """For every candidate the day is given out again without one of their places, by trying everything."""
    rng = random.Random(seed)
    people = [
        {"capacity": rng.randint(1, 2), "cost": rng.randint(0, 9), "skills": rng.sample(["ac", "tv", "pc"], rng.randint(1, 3))}
        for _ in range(rng.randint(1, 3))
    ]
    tickets = [ticket(number, rng.choice(["ac", "tv", "pc"])) for number in range(rng.randint(1, 5))]
    here = world(*people)
    unserved = rng.choice([None, 0, 3])
    costs = [{one.id: one.cost for one in here.engineers if item.fields["category"] in one.skills} for item in tickets]
    every = [cost for row in costs for cost in row.values()]
    if not every:
        assert {} == dict(learn([[(one, here) for one in tickets]], NEAR, unserved=unserved))
        return
    spread = max(every) - min(every)
    out = min(every) + (2 * spread + 1 if unserved is None else spread + unserved)
    room = {one.id: one.capacity or 0 for one in here.engineers}
    whole = least(costs, room, out)
    expected = {who: least(costs, {**room, who: room[who] - 1}, out) - whole for who in room}

    found = learn([[(one, here) for one in tickets]], NEAR, unserved=unserved)

    assert {who: worth for who, worth in expected.items() if worth} == dict(found)


# what they are good for -----------------------------------------------------------------------------------------


def town(seed: int) -> tuple[World, list[list[Ticket]]]:
    """Twelve who can do what most ask for, some also what few can, and twelve mornings, each with about what all can take."""
    rng = random.Random(seed)
    staff = [
        {
            "capacity": rng.randint(2, 4),
            "cost": rng.randint(1, 9),
            "skills": ["ac", *(one for one, share in (("tv", 0.5), ("pc", 0.3)) if rng.random() < share)],
        }
        for _ in range(12)
    ]
    days = [[ticket(number, rng.choices(("ac", "tv", "pc"), (5, 3, 2))[0]) for number in range(36)] for _ in range(12)]
    return world(*staff), days


def given_out(policy: Any, people: World, tickets: Sequence[Ticket]) -> tuple[int, int]:
    """How many get somebody when each is decided as it comes, and at which cost."""
    loads: dict[str, int] = {}
    cost = served = 0
    for one in tickets:
        choice = evaluate(policy, one, people.with_loads(loads), AT, explain=False)
        if choice.best is not None:
            loads[choice.best] = loads.get(choice.best, 0) + 1
            served, cost = served + 1, cost + choice.ranked[0].terms["cost"]
    return served, cost


def test_with_prices_less_is_lost_on_days_not_seen() -> None:
    """Learnt on eight days of each of four towns, prices halve what is lost on four others, and more."""
    priced = {**NEAR, "prefer": [[*NEAR["prefer"], {"term": "price", "weight": -1}]]}
    plain = wiser = best = 0
    for seed in range(4):
        people, days = town(seed)
        knowing = evolve(people, prices=learn([[(one, people) for one in day] for day in days[:8]], NEAR), version=None)
        for day in days[8:]:
            plain += given_out(NEAR, people, day)[0]
            wiser += given_out(priced, knowing, day)[0]
            best += plan(NEAR, day, people, AT).objective[0]

    assert plain < wiser <= best
    assert best - wiser <= (best - plain) // 2, f"{plain} without prices, {wiser} with them, {best} at best"
