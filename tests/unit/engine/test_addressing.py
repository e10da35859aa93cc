"""Knows what the records of a level say of those it addressed; must not know how each of them is found."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.engine import Extensions
from servflow.model import Assigned, Escalated, Notify, Outcome, TurnTaken, Unreachable, Watched
from tests.unit.engine.flows import START, after, flow, of

WORLD: dict[str, Any] = {
    "people": [{"id": "ann", "roles": ["boss"], "manager": "sue"}, {"id": "bob", "roles": ["boss"]}],
    "queues": [{"id": "care", "members": ["cal", "dan", "eve"]}],
}


def boom(*_: Any) -> Any:
    raise ValueError("no")


def climbed(do: Any, world: Any = WORLD, **chain: Any) -> Outcome:
    """A ticket whose only chain has had its only level."""
    levels = chain.pop("levels", [{"name": "one", "do": [do] if isinstance(do, dict) else do}])
    spec = {"name": "c", "start": {"state": "a"}, "levels": levels, **chain}
    workflow = flow(escalations=[spec], extensions=Extensions(targets={"boom": boom, "odd": lambda *_: 5}))
    opened = workflow.open("T1", at=START, actor="req", world=world)
    outcome = workflow.advance(opened.ticket, at=after(days=9), world=world)
    assert outcome.ticket == workflow.fold((*opened.records, *outcome.records))
    return outcome


def told(to: Any) -> dict[str, Any]:
    return {"notify": {"to": to, "template": "late"}}


def test_each_of_those_told_has_a_reason_on_record() -> None:
    """The level's record gives whom it told and why each of them, and why some were nobody; so does each notification."""
    outcome = climbed(told([{"role": "boss"}, "owner", {"manager_of": {"role": "boss"}}]))
    (level,) = of(Escalated, outcome.records)

    assert ("fired", ("ann", "bob", "sue")) == (level.outcome, level.to)
    assert ("role boss", "role boss", "manager of ann (role boss)") == level.because
    assert {"owner is nobody", "bob has no manager"} <= set(level.why)
    assert list(level.because) == [effect.reason for effect in of(Notify, outcome.effects)]


def test_everyone_who_gets_something_to_do_has_the_reason_on_record() -> None:
    """Who is assigned, owns, helps or watches is recorded with how they were found, as those who are told are."""
    outcome = climbed(
        [
            {"assign": {"to": [{"role": "ghost"}, {"role": "boss"}], "keep_owner": True}},
            {"add_owner": {"to": {"manager_of": {"user": "ann"}}}},
            {"add_helper": {"to": {"queue": "care", "pick": "first"}}},
            {"watch": {"to": ["assignee", {"user": "wim"}]}},
        ]
    )
    slots = [(record.slot, record.to, record.because) for record in of(Assigned, outcome.records)]
    watching = [(record.who, record.because) for record in of(Watched, outcome.records)]

    assert [
        ("assignee", "ann", "role boss"),
        ("owner", "sue", "manager of ann (user ann)"),
        ("helper", "cal", "first of queue care"),
    ] == slots
    assert [("ann", "assignee"), ("wim", "user wim")] == watching


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ({"manager_of": {"user": "sue"}}, "sue has no manager"),
        ({"manager_of": {"user": "ann"}, "n": 2}, "sue has no manager, and ann is asked for 2 levels up"),
        ({"on_call": "night"}, "schedule night is not in the world"),
        ({"role": "ghost"}, "role ghost is held by nobody"),
        ({"target": "boom"}, "target boom failed with ValueError"),
        ({"target": "odd"}, "target odd failed with TypeError"),
    ],
)
def test_a_world_without_somebody_is_recorded_with_the_fallback(to: Any, reason: str) -> None:
    """Whom the world does not have is told with the reason, and so is the fallback that applied, or that there was none."""
    saved = climbed(told(to), on_empty="fallback", fallback={"user": "zoe"})
    lost = climbed(told(to))
    (level,), (empty,) = of(Escalated, saved.records), of(Escalated, lost.records)

    assert ("fired", ("zoe",), ("fallback: user zoe",)) == (level.outcome, level.to, level.because)
    assert reason in level.why
    assert ("empty", (), (reason,)) == (empty.outcome, empty.to, empty.why)
    assert [reason] == [effect.reason for effect in of(Unreachable, lost.effects)]


def test_a_fallback_that_is_nobody_is_told_as_well() -> None:
    """Where the fallback reaches nobody either, the record has both reasons."""
    (level,) = of(Escalated, climbed(told({"role": "ghost"}), on_empty="fallback", fallback="owner").records)

    assert ("empty", {"role ghost is held by nobody", "owner is nobody"}) == (level.outcome, set(level.why))


def test_who_is_assigned_may_stand_beside_a_word() -> None:
    """Of several addressed the first person is taken, whatever only the host could resolve."""
    outcome = climbed({"add_owner": {"to": [{"webhook": "pager"}, {"role": "boss"}]}})
    alone = climbed({"add_owner": {"to": {"role": "boss"}}}, world=None)

    assert ["ann"] == [record.to for record in of(Assigned, outcome.records)]
    assert ["no world says who that is: role boss"] == [effect.reason for effect in of(Unreachable, alone.effects)]


LEVELS = [
    {"name": f"l{number}", "after": "1h", "do": [told({"queue": "care", "pick": "round_robin"})], "remind": {"every": "90m"}}
    for number in range(3)
]


@pytest.mark.parametrize("world", [WORLD, {**WORLD, "turns": {"care": 4}}], ids=["drawn", "counted"])
@pytest.mark.parametrize("step", [25, 50, 400])
def test_turns_are_the_same_whoever_looks_when(world: dict[str, Any], step: int) -> None:
    """In a fixed world a ticket takes the same turns, and tells the same people, by one call or by many."""
    workflow = flow(escalations=[{"name": "c", "start": {"state": "a"}, "levels": LEVELS, "late": "each"}])
    opened = workflow.open("T1", at=START, world=world)
    once = workflow.advance(opened.ticket, at=after(600), world=world)
    ticket, effects, records = opened.ticket, [], []
    for minutes in range(step, 601, step):
        outcome = workflow.advance(ticket, at=after(minutes), world=world)
        ticket = outcome.ticket
        effects.extend(outcome.effects)
        records.extend(outcome.records)
    ticket = workflow.advance(ticket, at=after(600), world=world).ticket

    assert once.ticket == ticket
    assert sorted(effect.id for effect in once.effects) == sorted(effect.id for effect in effects)
    assert [(one.queue, one.turn) for one in of(TurnTaken, once.records)] == [
        (one.queue, one.turn) for one in of(TurnTaken, records)
    ]
    assert 6 == len(of(TurnTaken, records))
