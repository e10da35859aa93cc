"""Knows what a plan must be and what an audit must catch; must not know the solver."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from servflow.dispatch import Plan, Policy, evaluate, plan, verify
from servflow.errors import InputError, LimitError, TimeError
from servflow.model import FrozenMap, Held, SlotProgress, Ticket, World
from tests.requirements import require

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)


def ticket(name: str, **changes: Any) -> Ticket:
    """A ticket that needs a skill."""
    fields = FrozenMap(changes.pop("fields", {"category": "ac"}))
    return Ticket(**{"id": name, "workflow": "w", "at": AT, "opened_at": AT, "fields": fields, **changes})


RULE = Policy(name="p", require=[{"skill": "category"}, {"below": "capacity"}], prefer=[[{"term": "cost", "weight": -1}]])


def test_as_many_as_can_be_come_first() -> None:
    """A costly plan that places every ticket beats a cheap one that leaves a ticket out."""
    people = World(
        engineers=[
            {"id": "all", "skills": ["ac", "tv"], "capacity": 1, "cost": 1},
            {"id": "ac", "skills": ["ac"], "capacity": 1, "cost": 90},
        ]
    )
    tickets = [ticket("1"), ticket("2", fields={"category": "tv"})]

    exact = plan(RULE, tickets, people, AT)
    greedy = plan(RULE, tickets, people, AT, "greedy")

    assert Plan((("1", "ac"), ("2", "all")), (), (2, -91)) == exact
    assert Plan((("1", "all"),), (("2", "taken"),), (1, -1)) == greedy
    assert () == verify(exact, RULE, tickets, people, AT)


def test_reasons_of_the_unassigned() -> None:
    """A ticket left out says whether nobody fits, who would have fitted is full, or nobody is there."""
    people = World(engineers=[{"id": "a", "skills": ["ac"], "capacity": 1}, {"id": "b", "skills": ["ac"], "capacity": 0}])

    found = plan(RULE, [ticket("1"), ticket("2"), ticket("3", fields={"category": "tv"})], people, AT)

    assert {"taken", "skill"} == {reason for _, reason in found.unassigned}
    assert (("1", "nobody"),) == plan(RULE, [ticket("1")], None, AT).unassigned
    assert Plan() == plan(RULE, [], people, AT)


def test_what_the_tickets_hold_is_given_out_anew() -> None:
    """Planning assigned tickets again counts their own capacity as free."""
    people = World(engineers=[{"id": "a", "skills": ["ac"], "capacity": 2}], loads={"a": 2})
    tickets = [ticket(name, held=(Held("engineer:a"),)) for name in "12"]

    found = plan(RULE, tickets, people, AT)

    assert 2 == found.objective[0]
    assert () == verify(found, RULE, tickets, people, AT)


def test_limits_that_differ_between_tickets() -> None:
    """A ticket that asks for an idle engineer comes first in the day of one who takes others after it."""
    rule = Policy(name="p", require=[{"below": "most"}])
    people = World(engineers=[{"id": "a"}])
    tickets = [ticket(str(most), fields={"most": most}) for most in (1, 2, 3)] + [ticket("1b", fields={"most": 1})]

    found = plan(rule, tickets, people, AT)

    assert 3 == found.objective[0]
    assert () == verify(found, rule, tickets, people, AT)


def test_tickets_without_a_limit_take_no_room() -> None:
    """Where a relaxation has dropped capacity, the ticket can always be placed."""
    rule = Policy(name="p", require=[{"below": "capacity"}], relax=[{"drop": "below"}])
    people = World(engineers=[{"id": "a", "capacity": 1}])
    late = FrozenMap(assignee=SlotProgress(policy="p", since=AT, stage=1))
    tickets = [ticket("1"), ticket("2", slots=late), ticket("3", slots=late)]

    assert 3 == plan(rule, tickets, people, AT).objective[0]
    assert () == verify(plan(rule, tickets, people, AT), rule, tickets, people, AT)


def test_arguments_are_checked() -> None:
    """Unknown solvers, tickets given twice, naive instants and far too many pairs are refused."""
    with pytest.raises(InputError, match="did you mean 'exact'"):
        plan(RULE, [], World(), AT, "exat")
    with pytest.raises(InputError, match="twice"):
        plan(RULE, [ticket("1"), ticket("1")], World(), AT)
    with pytest.raises(TimeError):
        plan(RULE, [ticket("1")], World(), AT.replace(tzinfo=None))
    crowd = World(engineers=[{"id": str(number)} for number in range(5_000)])
    with pytest.raises(LimitError):
        plan(RULE, [ticket(str(number)) for number in range(4_001)], crowd, AT)


SAFE = Policy(
    name="p",
    require=[
        {"skill": "category", "name": "trade"},
        {"area": "region"},
        {"certificate": "licence"},
        {"open": "shift"},
        {"below": "capacity"},
    ],
    prefer=[["random"]],
)
GOOD = {"skills": ["ac"], "areas": ["north"], "certificates": {"gas": None}, "capacity": 2}
PEOPLE = World(
    engineers=[
        {"id": "good", **GOOD},
        {"id": "other", **GOOD},
        {"id": "unskilled", **GOOD, "skills": []},
        {"id": "far", **GOOD, "areas": ["south"]},
        {"id": "expired", **GOOD, "certificates": {"gas": AT}},
        {"id": "closed", **GOOD, "shift": "never"},
        {"id": "away", **GOOD},
        {"id": "absent", **GOOD, "absences": [(AT, AT + timedelta(days=1))]},
        {"id": "barred", **GOOD},
    ],
    presence={"away": "away"},
    forbidden={"c1": ("barred",)},
)
TICKETS = [
    ticket(str(number), customer="c1", fields={"category": "ac", "region": "north", "licence": "gas"}) for number in range(1, 6)
]


def moved(who: str) -> Callable[[Plan], Plan]:
    """A plan in which the first ticket goes to somebody else."""
    return lambda made: attrs.evolve(made, assignments=((made.assignments[0][0], who), *made.assignments[1:]))


@pytest.mark.parametrize(
    ("kind", "spoil"),
    [
        ("skill", moved("unskilled")),
        ("area", moved("far")),
        ("certificate", moved("expired")),
        ("open", moved("closed")),
        ("presence", moved("away")),
        ("absence", moved("absent")),
        ("forbidden", moved("barred")),
        ("unknown_candidate", moved("nobody")),
        ("over_capacity", lambda made: attrs.evolve(made, assignments=tuple((name, "good") for name, _ in made.assignments))),
        ("could_be_assigned", lambda made: Plan(made.assignments[1:], (*made.unassigned, (made.assignments[0][0], "x")))),
        ("missing", lambda made: attrs.evolve(made, assignments=made.assignments[1:])),
        ("assigned_twice", lambda made: attrs.evolve(made, assignments=(made.assignments[0], *made.assignments))),
        (
            "assigned_and_unassigned",
            lambda made: attrs.evolve(made, unassigned=((made.assignments[0][0], "x"), *made.unassigned)),
        ),
        ("unknown_ticket", lambda made: attrs.evolve(made, unassigned=(("99", "x"), *made.unassigned))),
        ("objective", lambda made: attrs.evolve(made, objective=(made.objective[0], made.objective[1] + 1))),
    ],
)
def test_audit_catches(kind: str, spoil: Callable[[Plan], Plan]) -> None:
    """A good plan has no violation; each way to spoil it is found under its own name."""
    made = plan(SAFE, TICKETS, PEOPLE, AT)

    assert () == verify(made, SAFE, TICKETS, PEOPLE, AT)
    assert kind in {violation.kind for violation in verify(spoil(made), SAFE, TICKETS, PEOPLE, AT)}


def wrong_kinds(made: Plan, tickets: list[Ticket], people: World, **options: Any) -> set[str]:
    """The kinds of everything wrong with a plan under the simple rule."""
    return {violation.kind for violation in verify(made, RULE, tickets, people, AT, **options)}


def test_audit_catches_what_was_promised_to_stay() -> None:
    """Pinned work that moves, moves that are not told, and tickets left out twice are found."""
    people = World(engineers=[{"id": who, "skills": ["ac"], "cost": cost} for cost, who in enumerate("ab")])
    tickets = [ticket("1")]
    pinned, current = {"1": "b"}, {"1": "b"}

    kept = plan(RULE, tickets, people, AT, pinned=pinned)
    moved = plan(RULE, tickets, people, AT, current=current)

    assert (("1", "b"),) == kept.assignments
    assert set() == wrong_kinds(kept, tickets, people, pinned=pinned)
    assert {"pinned"} == wrong_kinds(plan(RULE, tickets, people, AT), tickets, people, pinned=pinned)
    assert (("1", "b", "a"),) == moved.moved
    assert set() == wrong_kinds(moved, tickets, people, current=current)
    assert {"moved"} == wrong_kinds(attrs.evolve(moved, moved=()), tickets, people, current=current)
    assert "unassigned_twice" in wrong_kinds(Plan((), (("1", "x"), ("1", "x"))), tickets, people)


def test_audit_counts_units_and_channels() -> None:
    """Too many minutes, and too many tickets of one channel, are found."""
    rule = Policy(name="p", require=[{"below": "capacity"}], takes="minutes")
    people = World(engineers=[{"id": "a", "capacity": 90, "per_channel": {"chat": 60}}])
    long = [ticket(str(number), fields={"minutes": 60}) for number in (1, 2)]
    chats = [ticket(str(number), fields={"minutes": 40}, channel="chat") for number in (1, 2)]
    both = Plan((("1", "a"), ("2", "a")), (), (2,))

    assert ["over_capacity"] == [item.kind for item in verify(both, rule, long, people, AT)]
    assert ["over_capacity"] == [item.kind for item in verify(both, rule, chats, people, AT)]
    assert (1,) == plan(rule, long, people, AT).objective
    assert (1,) == plan(rule, chats, people, AT).objective


ODD: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**70, 1.5, "", "a", [], {}, [1], ["a"], ["a", "b"], {"a": 1}, {"a": "b"}, {"a": None}),
    *({"a": [None]}, {None: 1}, timedelta(1), b"x", AT, [AT, AT], [AT, AT + timedelta(days=1)], [AT + timedelta(days=1), AT]),
]
ASKED = ("skill", "area", "below", "language", "certificate", "contract", "part", "channel", "travel", "window", "preferred")


@pytest.mark.parametrize("kind", [*ASKED, "other_than", "when"])
def test_audit_reads_odd_values_as_decisions_do(kind: str) -> None:
    """Whatever a field holds, the audit agrees with a decision on who fits, needed or optional, and never breaks off."""
    known = {"skills": ["a"], "areas": ["a"], "languages": ["a"], "certificates": {"a": None}, "parts": {"a": 1}}
    people = World(engineers=[{"id": "a", **known, "capacity": 1}, {"id": "b", "outlet": "o"}], outlets=[{"id": "o"}])
    for value in ODD:
        for more in ({}, {"optional": True}, {"level": "level"} if kind == "skill" else {}):
            rule = Policy(name="p", require=[{kind: "odd", **more}], visit={"start": "now", "minutes": "5"})
            one = ticket("1", fields={"odd": value, "now": AT, "level": "a" if value is None else 1})
            who = {item.id: item.points for item in evaluate(rule, one, people, AT).ranked}

            made = plan(rule, [one], people, AT)
            said = {name: verify(Plan((("1", name),), (), (1, *who.get(name, ()))), rule, [one], people, AT) for name in "ab"}

            assert () == verify(made, rule, [one], people, AT), value
            assert {name: name in who for name in "ab"} == {name: not found for name, found in said.items()}, value


def test_minutes_are_searched() -> None:
    """Tickets of different lengths are packed: two short ones instead of one long one."""
    rule = Policy(name="p", require=[{"below": "capacity"}], takes="minutes")
    people = World(engineers=[{"id": "a", "capacity": 90}, {"id": "b", "capacity": 60}])
    lengths = {"1": 90, "2": 60, "3": 45, "4": 45}
    tickets = [ticket(name, fields={"minutes": minutes}) for name, minutes in lengths.items()]

    made = plan(rule, tickets, people, AT)

    assert ("search", (3,)) == (made.solver, made.objective)
    assert () == verify(made, rule, tickets, people, AT)


def test_numbers_beyond_a_library() -> None:
    """Where levels come to more than 64 bits, the plan is ours and says so."""
    require("ortools")
    huge = [[{"value": f"candidate.cost * {10**9}", "weight": 1_000_000}]] * 3
    rule = Policy(name="p", require=[{"below": "capacity"}], prefer=huge)
    people = World(engineers=[{"id": who, "capacity": 1, "cost": cost * 1000} for cost, who in enumerate("abc")])
    tickets = [ticket(str(number)) for number in range(4)]

    made = plan(rule, tickets, people, AT, "library")

    assert "exact" == made.solver
    assert "library" == plan(RULE, tickets, World(engineers=[{"id": "a", "skills": ["ac"]}]), AT, "library").solver
    assert plan(rule, tickets, people, AT).objective == made.objective


def test_costs_that_a_library_cannot_multiply() -> None:
    """Costs that fit into 64 bits, but not times the nodes of the flow, are left to our own solver as well."""
    require("ortools")
    people = World(engineers=[{"id": f"e{number:02}", "capacity": 1, "cost": number * 10**16} for number in range(12)])
    rule = {"name": "p", "require": [{"below": "capacity"}], "prefer": [{"term": "cost", "weight": -1}]}
    tickets = [ticket(f"t{number}") for number in range(3)]

    made = plan(rule, tickets, people, AT, "library")

    assert ("exact", plan(rule, tickets, people, AT).objective) == (made.solver, made.objective)


def test_pins_that_name_nobody() -> None:
    """Pinned tickets and candidates that are not there, and stability without anything to keep, are refused."""
    people = World(engineers=[{"id": "ann", "skills": ["ac"]}])

    with pytest.raises(InputError, match="did you mean 'ann'"):
        plan(RULE, [ticket("1")], people, AT, pinned={"1": "anna"})
    with pytest.raises(InputError, match="not among those to plan"):
        plan(RULE, [ticket("1")], people, AT, pinned={"2": "ann"})
    with pytest.raises(InputError, match="needs current"):
        plan(RULE, [ticket("1")], people, AT, stability=0)


def test_plan_is_read_again() -> None:
    """What a plan says as data is read again; what is none is refused."""
    people = World(engineers=[{"id": who, "skills": ["ac"], "cost": cost} for cost, who in enumerate("ab")])
    made = plan(RULE, [ticket("1")], people, AT, current={"1": "b"})

    assert made == Plan.read(made.as_data())
    for wrong in ({"assigned": []}, {"assignments": [["1"]]}, {"objective": ["1"]}, [], {"unassigned": "x"}):
        with pytest.raises(InputError):
            Plan.read(wrong)


def test_plan_is_data() -> None:
    """A plan is JSON-ready."""
    assert {"assignments": [["1", "a"]], "unassigned": [], "objective": [1, 0]} == plan(
        RULE, [ticket("1")], World(engineers=[{"id": "a", "skills": ["ac"]}]), AT
    ).as_data()


def test_a_batch_measures_the_load_of_each_ticket_s_own_channel() -> None:
    """Tickets of two channels are weighed by the share of their channel, as each is when it is decided alone."""
    limits = {"per_channel": {"chat": 4, "mail": 4}, "skills": ["ac"]}
    held = {"a": {"chat": 3, "mail": 0}, "b": {"chat": 0, "mail": 3}}
    people = World(engineers=[{"id": "a", **limits}, {"id": "b", **limits}], loads={"a": 3, "b": 3}, channel_loads=held)
    rule = {"name": "p", "require": [{"below": "capacity"}], "prefer": [{"term": "load_share", "weight": -1}]}
    tickets = [ticket("t1", channel="chat"), ticket("t2", channel="mail"), ticket("t3", channel="chat")]

    made = plan(rule, tickets, people, AT)

    assert ((("t1", "b"), ("t2", "a"), ("t3", "b")), (3, 0)) == (made.assignments, made.objective)
