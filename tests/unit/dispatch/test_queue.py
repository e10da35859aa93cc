"""Which waiting ticket somebody gets who pulls, in which order, and why not the others."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow import dispatch
from servflow.dispatch import Policy
from servflow.errors import DefinitionError, InputError
from servflow.model import ClockRun, FrozenMap, SlotProgress, Ticket, World

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WORLD = World(
    engineers=[{"id": "ann", "skills": {"ac": 2}}, {"id": "bob", "skills": ["tv"]}],
    agents=[{"id": "eve", "skills": ["chat"]}],
    previous={"c-1": ["ann"]},
)


def waiting(name: str, *, since: int = 0, due: int | None = None, **given: Any) -> Ticket:
    clocks = {}
    if due is not None:
        at = NOON + due * HOUR
        clocks["c"] = ClockRun(name="c", within=HOUR, started_at=NOON, phase="running", since=NOON, due=at)
    slots = {"assignee": SlotProgress(policy="line", phase="queued", since=NOON - since * HOUR)}
    fields = FrozenMap({"skill": given.pop("skill", "ac")})
    return Ticket(
        id=name,
        workflow="w",
        at=NOON,
        opened_at=NOON - 100 * HOUR,
        fields=fields,
        clocks=FrozenMap(clocks),
        slots=FrozenMap(slots),
        **given,
    )


def line(**given: Any) -> Policy:
    return Policy(name="line", mode="queue", require=[{"skill": "skill"}], **given)


def order(tickets: list[Ticket], of: Policy | None = None, who: str = "ann") -> list[str]:
    return [one.ticket for one in dispatch.next_for(of or line(), who, tickets, WORLD, NOON).ranked]


def test_priority_then_due_then_terms_then_age() -> None:
    """The default order: priority, then the clock that is due first, then what the policy prefers, then who waited longest."""
    tickets = [
        waiting("late", priority=2, due=-1),
        waiting("urgent", priority=1),
        waiting("soon", priority=2, due=3),
        waiting("known", priority=2, customer="c-1"),
        waiting("old", priority=2, since=5),
        waiting("new", priority=2, since=1),
    ]

    assert ["urgent", "late", "soon", "known", "old", "new"] == order(tickets, line(prefer=["sticky"]))


def test_a_policy_may_say_another_order() -> None:
    """What is listed decides in that order, and what is not listed does not count."""
    tickets = [waiting("a", priority=1), waiting("b", priority=3, customer="c-1"), waiting("c", priority=2, since=9)]
    terms = line(prefer=["sticky"], pull={"order": ["terms", "priority"]})

    assert ["b", "a", "c"] == order(tickets, terms)
    assert ["c", "a", "b"] == order([waiting("b", since=1), waiting("a", since=2), tickets[2]], line(pull={"order": ["age"]}))


def test_the_order_of_the_tickets_does_not_matter() -> None:
    """Equal tickets fall in an order that is always the same, and another one for somebody else."""
    tickets = [waiting(f"t{n}") for n in range(12)]
    shuffled = random.Random(1).sample(tickets, len(tickets))
    other = World(engineers=[{"id": "zoe", "skills": ["ac"]}])

    assert order(tickets) == order(shuffled) == order([*tickets, *shuffled])
    assert order(tickets) != [one.ticket for one in dispatch.next_for(line(), "zoe", tickets, other, NOON).ranked]


def test_why_not_the_others() -> None:
    """Every ticket that is not for whoever pulls is there with what keeps them from it."""
    full = World(engineers=[{"id": "ann", "skills": ["ac"], "capacity": 1}], loads={"ann": 1})
    found = dispatch.next_for(
        line(),
        "ann",
        [waiting("x"), waiting("y", skill="tv")],
        WORLD,
        NOON,
    )
    crowded = Policy(name="line", mode="queue", require=[{"skill": "skill"}, {"below": "capacity"}])

    assert "x" == found.ticket
    assert {"y": ["skill"]} == {ticket: [one.rule for one in why] for ticket, why in found.passed_over.items()}
    assert [f"y: {found.passed_over['y'][0].text(lang)}" for lang in ("en", "zh")] == [
        found.text(lang).splitlines()[1] for lang in ("en", "zh")
    ]
    assert None is dispatch.next_for(crowded, "ann", [waiting("x")], full, NOON).ticket
    assert {"engineer", "at", "ticket", "ranked", "passed_over"} == set(found.as_data())


def test_standing_rules_hold_for_whoever_pulls() -> None:
    """Who is away, absent or forbidden for the customer gets nothing by asking for it."""
    world = World(
        engineers=[{"id": "ann"}, {"id": "bob", "absences": [(NOON, NOON + HOUR)]}, {"id": "eve"}],
        presence={"ann": "away"},
        forbidden={"c-1": ["eve"]},
    )
    of = Policy(name="line", mode="queue")
    one = waiting("x", customer="c-1")
    rules = {
        who: [verdict.rule for verdict in dispatch.next_for(of, who, [one], world, NOON).passed_over["x"]]
        for who in ("ann", "bob", "eve")
    }

    assert {"ann": ["presence"], "bob": ["absence"], "eve": ["forbidden"]} == rules


def test_agents_pull_where_the_policy_chooses_among_them() -> None:
    """Agents and bots pull from a line for people; a line for engineers has nothing for them."""
    tickets = [waiting("x", skill="chat")]

    assert ["x"] == order(tickets, line(candidates="people"), "eve")
    assert [] == order(tickets, line(), "eve")


def test_nobody_of_that_name_is_an_error() -> None:
    """A slip in the name is told with whoever was probably meant."""
    with pytest.raises(InputError, match="no engineer, agent or bot 'anne'; did you mean 'ann'"):
        dispatch.next_for(line(), "anne", [waiting("x")], WORLD, NOON)


def test_a_wrong_order_is_told() -> None:
    """An order names what there is, each once."""
    with pytest.raises(DefinitionError) as error:
        line(pull={"order": ["priority", "urgency", "priority"]})

    assert [("pull.order[1]", "dispatch.one_of"), ("pull.order[2]", "dispatch.order_twice")] == [
        (finding.path, finding.code) for finding in error.value.findings
    ]
