"""Knows the laws of plans and who else finds the best one; must not know how a plan is found."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.dispatch import Policy, plan, verify
from servflow.dispatch._alike import Alike
from servflow.dispatch._case import Case
from servflow.dispatch._check import CAPACITY
from servflow.dispatch._checks import checks
from servflow.dispatch._flow import Placed, Row, place
from servflow.dispatch._index import index_of
from servflow.dispatch._kinds import place_kinds
from servflow.dispatch._library import _flow, _matching
from servflow.dispatch._masks import met
from servflow.dispatch._reread import Reread
from servflow.dispatch._scarce import place_most
from servflow.model import FrozenMap, SlotProgress, Ticket, World
from tests.requirements import require

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)


def cheapest(rows: Sequence[Row], room: Sequence[int], out: int, above: Sequence[int]) -> int:
    """The least total cost, by trying everything."""
    best = None
    for chosen in itertools.product(*[[-1, *columns] for columns, _ in rows]):
        used = [0] * len(room)
        total = 0
        for (columns, costs), column in zip(rows, chosen, strict=True):
            total += out if column < 0 else costs[list(columns).index(column)]
            while column >= 0:
                used[column] += 1
                column = above[column]
        if all(taken <= most for taken, most in zip(used, room, strict=True)) and (best is None or total < best):
            best = total
    return best or 0


def certified(found: Placed, rows: Sequence[Row], room: Sequence[int], out: int, above: Sequence[int]) -> bool:
    """Whether the prices prove that nothing is cheaper, by the duality of linear programmes."""
    own = [price - (found.prices[whole] if whole >= 0 else 0) for price, whole in zip(found.prices, above, strict=True)]
    least = sum(min([out, *(cost + found.prices[column] for column, cost in zip(*row, strict=True))]) for row in rows)
    return min(own, default=0) >= 0 and found.total == least - sum(a * b for a, b in zip(own, room, strict=True))


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Row], list[int], int, list[int]]:
    """Rows, room, what leaving out costs, and which column is a part of which."""
    size = draw(st.integers(1, 5))
    above = [draw(st.integers(-1, column - 1)) for column in range(size)]
    rows: list[Row] = []
    for _ in range(draw(st.integers(0, 7))):
        columns = draw(st.lists(st.integers(0, size - 1), unique=True))
        rows.append((columns, [draw(st.integers(0, 9)) for _ in columns]))
    return rows, [draw(st.integers(0, 3)) for _ in range(size)], draw(st.sampled_from([5, 10**30])), above


@given(problems())
def test_a_placement_costs_least(problem: tuple[list[Row], list[int], int, list[int]]) -> None:
    """A placement costs what the best of all costs, its prices prove it, and parts stay within their wholes."""
    rows, room, out, above = problem

    found = place(rows, room, out, above)

    assert cheapest(rows, room, out, above) == found.total
    assert certified(found, rows, room, out, above)


def drawn(seed: int, rows: int, columns: int) -> tuple[list[Row], list[int]]:
    """A problem that some rows see alike, with ties, and too little room in one half of all."""
    rng = random.Random(seed)
    density, most = rng.choice([0.2, 0.6, 1.0]), rng.choice([3, 50, 1000])
    places = [(rng.randrange(most), rng.randrange(most)) for _ in range(columns)]
    made: list[Row] = []
    for _ in range(rows):
        x, y = rng.randrange(most), rng.randrange(most)
        seen = [column for column in range(columns) if rng.random() < density]
        made.append((seen, [abs(x - places[column][0]) + abs(y - places[column][1]) for column in seen]))
    room = [0] * columns
    for _ in range(int(rows * rng.choice([0.6, 1.0, 1.6]))):
        room[rng.randrange(columns)] += 1
    return made, room


@pytest.mark.parametrize("size", [(12, 5), (30, 40), (60, 30)])
def test_scipy_agrees_to_the_last_unit(size: tuple[int, int]) -> None:
    """SciPy's dense assignment, given a column for each place, finds the same cost on a hundred problems of each size."""
    require("scipy")
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    for seed in range(100):
        rows, room = drawn(seed, *size)
        out = 1 + len(rows) * 4000
        slots = [column for column, places in enumerate(room) for _ in range(places)]
        matrix = np.full((len(rows), len(slots) + len(rows)), out)
        for number, (columns, costs) in enumerate(rows):
            known = dict(zip(columns, costs, strict=True))
            matrix[number, : len(slots)] = [known.get(column, out * len(rows)) for column in slots]

        expected = int(matrix[linear_sum_assignment(matrix)].sum())

        assert expected == place(rows, room, out).total
        assert expected == cost_of(rows, place_most(rows, room, out), out)


def cost_of(rows: Sequence[Row], columns: Sequence[int], out: int) -> int:
    """What a placement costs."""
    return sum(out if column < 0 else row[1][list(row[0]).index(column)] for row, column in zip(rows, columns, strict=True))


def test_ortools_agrees_to_the_last_unit() -> None:
    """OR-tools' flow of least cost finds the same cost on two hundred problems, also where columns are parts of others."""
    require("ortools")
    for seed in range(200):
        rows, room = drawn(seed, 50, 30)
        above = [-1] * 30 if seed % 2 else [-1, *([0] * 5), *([-1] * 24)]
        out = 1 + len(rows) * 4000

        found = place(rows, room, out, above)

        assert found.total == cost_of(rows, _flow(rows, room, out, above), out)
        assert certified(found, rows, room, out, above)


def crowded(seed: int) -> tuple[list[Row], list[int]]:
    """Many rows that may go nearly everywhere and see what few others see, so that most of what they see is not looked at."""
    rng = random.Random(seed)
    columns, most = rng.choice([45, 60, 120]), rng.choice([5, 50, 1000])
    seen = [column for column in range(columns) if rng.random() < 0.9]
    ways = range(rng.choice([3, 10, 40]))
    kinds = [(seen, [rng.randrange(most) + column * most // columns for column in seen]) for _ in ways]
    rows: list[Row] = [rng.choice(kinds) for _ in range(rng.choice([60, 150]))]
    room = [0] * columns
    for _ in range(int(len(rows) * rng.choice([0.7, 1.0, 1.3]))):
        room[rng.randrange(columns)] += 1
    return rows, room


@pytest.mark.parametrize("seed", range(30))
def test_a_crowded_placement_is_proved_by_its_prices(seed: int) -> None:
    """What was not looked at is never cheaper, however often prices rise on trial and sink again."""
    rows, room = crowded(seed)
    out = 1 + len(rows) * 4000

    found = place(rows, room, out)

    assert certified(found, rows, room, out, [-1] * len(room))
    assert found.total == cost_of(rows, place_most(rows, room, out), out)


@pytest.mark.parametrize("seed", range(60))
def test_rows_of_few_kinds_cost_as_little_placed_kind_by_kind(seed: int) -> None:
    """Chains from kind to kind find what those from row to row do, and fill no column beyond its room."""
    rng = random.Random(seed)
    size, most = rng.randint(1, 12), rng.choice([0, 1, 3, 1000])
    seen = [[column for column in range(size) if rng.random() < rng.choice([0.2, 0.6, 1])] for _ in range(rng.randint(1, 6))]
    kinds = [(columns, [rng.randint(0, most) for _ in columns]) for columns in seen]
    rows: list[Row] = [rng.choice(kinds) for _ in range(rng.randint(24, 60))]
    room = [rng.randint(0, rng.choice([1, 3, 10])) for _ in range(size)]
    for out in (1 + len(rows) * most, rng.randint(1, 30)):
        found = place_kinds(rows, room, out)

        assert found is not None
        assert place(rows, room, out).total == cost_of(rows, found, out)
        assert all(found.count(column) <= places for column, places in enumerate(room))


def test_sparse_matching_agrees_to_the_last_unit() -> None:
    """The sparse matching of SciPy finds the same cost where the library is asked about few pairs."""
    require("scipy")
    for seed in range(30):
        rows, room = drawn(seed, 20, 15)
        out = 1 + len(rows) * 4000

        assert place(rows, room, out).total == cost_of(rows, _matching(rows, room, out), out)


POLICY = Policy(
    name="p",
    require=[{"skill": "trade"}, {"below": "capacity"}],
    prefer=[[{"term": "cost", "weight": -1}], [{"term": "skill", "weight": 1}]],
    takes="size",
)
RIGID = Policy(**{**POLICY.to_data(), "takes": None})


def a_ticket(name: str, trade: str = "ac", size: int | None = None, channel: str | None = None, **more: Any) -> Ticket:
    """A ticket of a trade that may take several units."""
    fields = FrozenMap(trade=trade, size=size)
    return Ticket(id=name, workflow="w", at=AT, opened_at=AT, fields=fields, channel=channel, **more)


@st.composite
def batches(draw: st.DrawFn, sizes: st.SearchStrategy[int] = st.just(1)) -> tuple[list[Ticket], World]:  # noqa: B008  # a strategy never changes
    """Up to seven tickets over three channels, and up to three engineers with little room, for some channels even less."""
    people = [
        {
            "id": f"e{number}",
            "skills": {name: draw(st.integers(1, 2)) for name in draw(st.sets(st.sampled_from(["ac", "tv"])))},
            "capacity": draw(st.sampled_from([None, 0, 1, 2, 4])),
            "per_channel": draw(st.dictionaries(st.sampled_from(["chat", "mail"]), st.integers(0, 2))),
            "cost": draw(st.integers(0, 3)),
        }
        for number in range(draw(st.integers(1, 3)))
    ]
    tickets = [
        a_ticket(
            f"t{number}",
            draw(st.sampled_from(["ac", "tv"])),
            draw(sizes),
            draw(st.sampled_from([None, "chat", "mail"])),
            customer=draw(st.sampled_from([None, "c"])),
        )
        for number in range(draw(st.integers(0, 7 if len(people) < 3 else 5)))
    ]
    world = World(
        engineers=people,
        loads={"e0": draw(st.integers(0, 2))},
        channel_loads={"e1": {"chat": draw(st.integers(0, 1))}},
        forbidden={"c": ("e0",)},
    )
    return tickets, world


def every_plan(tickets: Sequence[Ticket], world: World) -> list[dict[str, str]]:
    """Every way to give the tickets out that keeps within skills, capacity and channels."""
    people = {who.id: who for who in world.engineers}
    ways = []
    for chosen in itertools.product([None, *people], repeat=len(tickets)):
        given = {ticket.id: who for ticket, who in zip(tickets, chosen, strict=True) if who is not None}
        if _possible(tickets, given, world):
            ways.append(given)
    return ways


def _possible(tickets: Sequence[Ticket], given: dict[str, str], world: World) -> bool:
    taken: dict[tuple[str, str | None], int] = {}
    for ticket in tickets:
        who = next((one for one in world.engineers if one.id == given.get(ticket.id)), None)
        if who is None:
            continue
        if ticket.fields["trade"] not in who.skills or who.id in world.forbidden.get(ticket.customer, ()):
            return False
        for channel in {None, ticket.channel}:
            key = who.id, channel
            start = world.loads.get(who.id, 0) if channel is None else world.channel_loads.get(who.id, {}).get(channel, 0)
            taken[key] = taken.get(key, start) + (ticket.fields["size"] or 1)
            most = who.capacity if channel is None else getattr(who.per_channel.get(channel), "most", None)
            if most is not None and taken[key] > most:
                return False
    return True


def worth(tickets: Sequence[Ticket], given: dict[str, str], world: World) -> tuple[int, int, int]:
    """How many are given out, then what they cost, then the skill of whoever has them."""
    people = {who.id: who for who in world.engineers}
    trades = {ticket.id: ticket.fields["trade"] for ticket in tickets}
    cost = -sum(people[who].cost for who in given.values())
    return len(given), cost, sum(people[who].skills[trades[name]] for name, who in given.items())


@given(batches())
def test_a_plan_is_the_best_of_all(batch: tuple[list[Ticket], World]) -> None:
    """Limits of channels and of all are kept, and no plan of all there are is better; the library agrees."""
    tickets, world = batch
    best = max(worth(tickets, given, world) for given in every_plan(tickets, world))

    made = plan(POLICY, tickets, world, AT)

    assert best == (made.objective if tickets else (0, 0, 0))
    assert () == verify(made, POLICY, tickets, world, AT)


@given(batches(sizes=st.integers(1, 3)))
def test_a_plan_of_several_units_holds_every_limit(batch: tuple[list[Ticket], World]) -> None:
    """Where tickets take different amounts the plan may be carried out, is no better than the best, and leaves out nobody."""
    tickets, world = batch
    best = max(worth(tickets, given, world) for given in every_plan(tickets, world))

    made = plan(POLICY, tickets, world, AT)

    assert () == verify(made, POLICY, tickets, world, AT)
    assert (made.objective if tickets else (0, 0, 0)) <= best
    if len({ticket.fields["size"] for ticket in tickets}) == 1:
        assert best == made.objective


@given(batches(), st.data(), st.sampled_from([None, 0, 1]))
def test_a_plan_moves_as_few_as_can_be(batch: tuple[list[Ticket], World], data: st.DataObject, level: int | None) -> None:
    """Of all plans that are as good before the level of stability, none leaves more tickets where they are."""
    tickets, world = batch
    who = st.sampled_from([one.id for one in world.engineers])
    current = {ticket.id: data.draw(who) for ticket in tickets if data.draw(st.booleans())}
    place_of = 2 if level is None else level

    def told(given: dict[str, str]) -> tuple[int, ...]:
        found = list(worth(tickets, given, world))
        found.insert(1 + place_of, sum(given.get(name) == who for name, who in current.items()))
        return tuple(found)

    best = max(told(given) for given in every_plan(tickets, world))

    made = plan(RIGID, tickets, world, AT, current=current, stability=level)

    assert best == (made.objective if tickets else (0, 0, 0, 0))
    assert () == verify(made, RIGID, tickets, world, AT, current=current, stability=level)
    assert {name for name, _, _ in made.moved} == {
        name for name, who in current.items() if dict(made.assignments).get(name) != who
    }


@given(batches(), st.data())
def test_what_is_pinned_stays(batch: tuple[list[Ticket], World], data: st.DataObject) -> None:
    """Pinned tickets keep whoever has them and take their room first; the others get the best that is left."""
    tickets, world = batch
    who = st.sampled_from([one.id for one in world.engineers])
    pinned = {ticket.id: data.draw(who) for ticket in tickets if data.draw(st.booleans())}

    for solver in ("exact", "greedy"):
        made = plan(RIGID, tickets, world, AT, solver, pinned=pinned)

        assert () == verify(made, RIGID, tickets, world, AT, pinned=pinned)
        assert pinned.items() <= dict(made.assignments).items()


@given(batches(), st.randoms(use_true_random=False))
def test_order_does_not_matter(batch: tuple[list[Ticket], World], shuffle: random.Random) -> None:
    """Tickets and engineers in another order make the same plan, by every solver of our own."""
    tickets, world = batch
    mixed, people = list(tickets), list(world.engineers)
    shuffle.shuffle(mixed)
    shuffle.shuffle(people)
    other = World(
        engineers=people, loads=world.loads, channel_loads=world.channel_loads, forbidden=world.forbidden, version="other"
    )

    for solver in ("exact", "greedy"):
        assert plan(POLICY, tickets, world, AT, solver) == plan(POLICY, mixed, other, AT, solver)


@given(batches())
@settings(max_examples=30)
def test_the_library_finds_the_same_objective(batch: tuple[list[Ticket], World]) -> None:
    """OR-tools or SciPy, whichever is asked, makes a plan worth the same, and it passes the audit."""
    require("ortools")
    tickets, world = batch

    made = plan(POLICY, tickets, world, AT, "library")

    assert plan(POLICY, tickets, world, AT).objective == made.objective
    assert () == verify(made, POLICY, tickets, world, AT)


SHIFT = (AT - timedelta(hours=1), AT + timedelta(hours=3))
REQUIRE: list[dict[str, Any]] = [
    {"skill": "skill", "level": "level"},
    {"area": "area"},
    {"language": "language"},
    {"channel": "channel"},
    {"certificate": "certificate"},
    {"contract": "contract"},
    {"part": "part"},
    {"travel": "reach"},
    {"travel": "reach", "unit": "kilometres", "name": "far"},
    {"window": "true"},
    {"preferred": "true"},
    {"other_than": "barred"},
    {"open": "shift"},
    {"when": "candidate.cost < 2"},
    {"separate": ["close"]},
]
RELAX: list[dict[str, Any]] = [{"widen": ["area", "travel"]}, {"lower": "skill"}, {"neighbours": "area"}, {"drop": "language"}]


def some(draw: st.DrawFn, values: Sequence[Any]) -> Any:
    return draw(st.sampled_from([None, *values]))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A ticket, one engineer and an outlet in a small world, and a policy of several requirements."""
    asked = draw(st.lists(st.sampled_from(REQUIRE), max_size=4, unique_by=str))
    kinds = {next(iter(entry)) for entry in asked}
    relax = [step for step in RELAX if set(next(iter(step.values())) if "widen" in step else step.values()) <= kinds]
    visit = {"start": "start", "minutes": "60", "window": "slack"} if draw(st.booleans()) else None
    policy = Policy(name="p", require=asked, relax=relax, visit=visit, of=some(draw, ["outlet"]))
    fields = {
        "skill": some(draw, ["ac", ["ac", "tv"], {"tv": 2}]),
        "level": some(draw, [1, 2]),
        "area": some(draw, ["b1", "b2", ["b1", "b2"]]),
        "language": some(draw, ["zh", ["zh", "en"]]),
        "certificate": some(draw, ["gas"]),
        "contract": some(draw, ["haile/free", {"haile": "free"}, "mido"]),
        "part": some(draw, ["fan", {"fan": 2}]),
        "reach": some(draw, [0, 20]),
        "barred": some(draw, ["e", ["x"]]),
        "start": some(draw, [AT, AT + timedelta(hours=2), AT - timedelta(minutes=30)]),
        "slack": some(draw, [90]),
        "position": some(draw, [(31.2, 121.4)]),
    }
    late = FrozenMap(assignee=SlotProgress(policy="p", since=AT, stage=draw(st.integers(0, len(relax)))))
    ticket = Ticket(
        id="t",
        workflow="w",
        at=AT,
        opened_at=AT,
        fields=FrozenMap(fields),
        customer=some(draw, ["c"]),
        channel=some(draw, ["chat"]),
        outlet=some(draw, ["o"]),
        slots=late,
        last_actors=FrozenMap(close="e") if draw(st.booleans()) else FrozenMap(),
    )
    engineer = {
        "id": "e",
        "skills": draw(st.dictionaries(st.sampled_from(["ac", "tv"]), st.integers(1, 3))),
        "areas": draw(st.lists(st.sampled_from(["b1", "d1", "b2"]), unique=True)),
        "languages": draw(st.lists(st.sampled_from(["zh", "en"]), unique=True)),
        "certificates": some(draw, [{"gas": None}, {"gas": AT + timedelta(minutes=30)}, {"gas": AT + timedelta(hours=9)}]),
        "parts": {"fan": draw(st.integers(0, 2))},
        "shifts": some(draw, [[SHIFT]]) or (),
        "absences": some(draw, [[(AT + timedelta(minutes=30), AT + timedelta(hours=2))]]) or (),
        "serves": some(draw, [["mail"], ["chat"]]),
        "outlet": some(draw, ["o"]),
        "position": some(draw, [(31.2, 121.5)]),
        "cost": draw(st.integers(1, 2)),
    }
    world = World(
        engineers=[engineer],
        outlets=[
            {"id": "o", "areas": ["d2"], "contracts": draw(st.lists(st.sampled_from(["haile", "mido/free"])))},
            {"id": "p", "areas": ["b1"], "neighbours": ["o"]},
        ],
        areas={"b1": "d1", "b2": "d2", "d1": "city", "d2": "city"},
        presence=some(draw, [{"e": "away"}]) or {},
        forbidden=some(draw, [{"c": ("e",)}]) or {},
        preferred=some(draw, [{"c": ("x",)}]) or {},
        booked=some(draw, [{"e": [(AT, AT + timedelta(hours=1))]}]) or {},
    )
    return Case.make(policy, ticket, world, AT)


@given(cases())
def test_the_audit_reads_the_rules_as_decisions_do(case: Case) -> None:
    """Two readings of the same rules, written apart, agree on which of them somebody does not meet."""
    [who] = case.candidates
    rules = [check for check in checks(case) if check.excludes and check.phase != CAPACITY]

    expected = sorted(check.kind for check in rules if not check.passes(who))

    assert expected == sorted(kind for kind, _ in Reread(case).broken(who))


@given(st.lists(cases(), min_size=2, max_size=3))
@settings(max_examples=30)
def test_rules_of_many_are_those_of_each(drawn: list[Case]) -> None:
    """Tickets of a batch that ask alike share rules, and everybody is judged as for each ticket by itself."""
    policy, world = drawn[0].policy, drawn[0].world
    many = [Case.make(policy, case.ticket, world, AT) for case in drawn]
    index = index_of(world, policy.candidates)
    alike = Alike(many[0], index)

    for case in many:
        shared, own = alike.rules(case), checks(case)

        assert [(check.rule, check.need, check.excludes, check.why) for check in own] == [
            (check.rule, check.need, check.excludes, check.why) for check in shared
        ]
        assert [met(case, index, check, index.full) for check in own] == [
            alike.met(case, check, index.full) for check in shared
        ]
