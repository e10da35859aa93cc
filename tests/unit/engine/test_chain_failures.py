"""Knows what becomes of a climb where a level fails on a ticket's values; must not know when levels are due."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.model import ChainStopped, Escalated, Notify, Unreachable
from tests.unit.engine.climbs import climbing, level, reached
from tests.unit.engine.flows import Case, after, notify, of, told

NUMBERS = {"n": {"type": "int"}, "m": {"type": "int", "default": 0}, "k": {"type": "int", "default": 0}}


def failing(*do: dict[str, Any], **more: Any) -> Case:
    """A ticket whose second level does what cannot be done, two hours after it began."""
    odd = {"name": "odd", "after": "1h", "do": [*do], **more}
    case = climbing(level("one"), odd, level("three"), fields=NUMBERS, late="each")
    case.fire("go")
    return case


def test_an_action_that_fails_keeps_nobody_from_hearing() -> None:
    """What fails is undone by itself: what stands before and after it is done, the record says why, and the climb goes on."""
    case = failing({"set": {"k": "7"}}, {"set": {"n": "1 / m"}}, notify("boss"), {"raise_priority": 1})

    outcome = case.until(600)

    assert (["one", "boss", "three"], 7, None, 2) == (
        told(outcome),
        outcome.ticket.fields["k"],
        outcome.ticket.fields.get("n"),
        outcome.ticket.priority,
    )
    assert [("one", "fired"), ("odd", "fired"), ("three", "fired")] == reached(outcome)
    assert "set failed: escalations[0].levels[1].do[1].set.n: 1 / m cannot be computed: division by zero" in (
        of(Escalated, outcome.records)[1].why
    )


def test_what_changed_before_a_failure_is_looked_at() -> None:
    """A rule hears of what an earlier action of the level set, though a later one fails."""
    rule = {"name": "r", "when": "k == 7", "then": [{"set": {"n": "70"}}]}
    odd = {"name": "odd", "after": "1h", "do": [{"set": {"k": "7"}}, {"set": {"m": "1 / m"}}]}
    case = climbing(odd, fields=NUMBERS, parts={"rules": [rule]})
    case.fire("go")

    assert 70 == case.until(90).ticket.fields["n"]


def test_somebody_is_told_without_what_cannot_be_computed() -> None:
    """A notification goes out with the data that can be computed, at once, as a reminder and in place of nobody."""
    data = {"late": "1 / m", "known": "k"}
    told_of = {"notify": {"to": {"user": "boss"}, "template": "t", "data": data}}
    nobody = {"notify": {"to": "assignee", "template": "t", "data": data}}
    case = climbing(
        {"name": "l", "after": "1h", "do": [told_of], "remind": {"every": "10m", "times": 1}},
        {"name": "f", "after": "1h", "do": [nobody]},
        fields=NUMBERS,
        late="each",
        on_empty="fallback",
        fallback={"user": "chief"},
    )
    case.fire("go")

    outcome = case.until(600)

    sent = [(effect.to, dict(effect.data), effect.at) for effect in of(Notify, outcome.effects)]
    assert [("boss", {"known": 0}, after(60)), ("boss", {"known": 0}, after(70)), ("chief", {"known": 0}, after(120))] == sent
    assert 3 == len({effect.id for effect in of(Notify, outcome.effects)})


@pytest.mark.parametrize(
    ("otherwise", "names"),
    [("skip", ["one", "odd", "three"]), ("wait", ["one", "odd"]), ({"goto": "three"}, ["one", "odd", "three"])],
)
def test_a_condition_that_cannot_be_decided_does_not_hold(otherwise: Any, names: list[str]) -> None:
    """The level is passed over as `otherwise` says, with the reason, and the run goes on."""
    case = failing(notify("boss"), when="1 / m > 0", otherwise=otherwise)

    outcome = case.until(600)

    skipped = of(Escalated, outcome.records)[1]
    assert (names, "skipped") == ([name for name, _ in reached(outcome)], skipped.outcome)
    assert "level odd: 1 / m > 0 cannot be decided: division by zero" == skipped.why[0]


def test_a_level_that_waits_refuses_no_event() -> None:
    """While a waiting level's condition cannot be decided it goes on waiting; the update goes through."""
    case = failing(notify("boss"), when="m > 5 && 10 / (m - 7) > 0", otherwise="wait")
    case.until(150)

    undecided = case.fire("ticket.update", {"m": 7}, minutes=160)
    holds = case.fire("ticket.update", {"m": 8}, minutes=170)
    outcome = case.until(171)

    assert (7, 8, ["boss"]) == (undecided.ticket.fields["m"], holds.ticket.fields["m"], told(outcome))


def test_what_follows_from_a_level_may_fail() -> None:
    """A rule that cannot be decided undoes what the level did; whoever it tells hears of it, and the climb goes on."""
    rule = {"name": "r", "when": "k == 0 || 1 / m > 0", "then": [{"tag": "late"}]}
    odd = {"name": "odd", "after": "1h", "do": [{"set": {"k": "1"}}, notify("boss")]}
    case = climbing(odd, level("two"), fields=NUMBERS, parts={"rules": [rule]}, late="each")
    case.fire("go")

    outcome = case.until(600)

    assert (["boss", "two"], 0) == (told(outcome), outcome.ticket.fields["k"])
    assert ["all else of it failed" in why for why in of(Escalated, outcome.records)[0].why] == [False, True]
    assert [] == of(ChainStopped, outcome.records)


def test_somebody_outside_who_cannot_be_asked_is_told_of() -> None:
    """Where what a call carries cannot be computed the level is empty, and the host hears of it."""
    case = failing({"call": {"name": "regulator", "data": {"x": "1 / m"}}})

    outcome = case.until(600)

    record = of(Escalated, outcome.records)[1]
    why = "call failed: escalations[0].levels[1].do[0].x: 1 / m cannot be computed: division by zero"
    assert ((why,), (), "empty") == (record.why, record.to, record.outcome)
    assert [("call regulator", why)] == [(effect.to, effect.reason) for effect in of(Unreachable, outcome.effects)]
