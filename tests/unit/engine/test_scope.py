"""Knows which names a condition may read and what they are worth; must not know conditions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from servflow.engine import _given
from servflow.engine._as_of import as_of
from servflow.model import World
from tests.unit.engine.flows import Case, after, flow

HOUR = timedelta(hours=1)
OFFICE = {"zone": "UTC", "week": {"mon-fri": ["09:00-10:30", "12:00-17:00"]}}
CLOCK = {"name": "k", "within": "2h", "calendar": "office", "paused_in": "b"}


def case(**more: Any) -> Case:
    """A ticket with a field and a clock that counts in the morning and in the afternoon."""
    fields = {"n": {"type": "int", "optional": True}}
    return Case(flow(fields=fields, calendars={"office": OFFICE}, clocks=[CLOCK], **more), actor="ann")


def scope(case: Case, minutes: float = 0, actor: Any = None) -> Any:
    """What a condition would read of a ticket so many minutes after its opening."""
    given = _given.Given.of(after(minutes), actor, World(), None)
    call = as_of(case.workflow, case.ticket, given)
    call.act_as(given.actor)
    return call.scope()


def test_a_name_is_there_whether_or_not_it_has_a_value() -> None:
    """Fields, attributes and what is worked out on demand are names of a ticket; anything else is none."""
    read = scope(case())

    names = ("n", "priority", "assignee", "clock", "payload", "at", "misspelt")
    assert [True] * 6 + [False] == [name in read for name in names]
    assert (None, 3, "other") == (read["n"], read.get("priority"), read.get("misspelt", "other"))
    assert after() == read.get("at"), "and a value that was read stays there"
    assert "at" in read
    with pytest.raises(KeyError):
        read["misspelt"]


def test_who_acts_is_a_name_with_parts() -> None:
    """The actor has an id and roles; where nobody acts the id is null and there are no roles."""
    assert {"id": "ann", "roles": ("clerk",)} == scope(case(), actor={"id": "ann", "roles": ["clerk"]})["actor"]
    assert {"id": None, "roles": ()} == scope(case())["actor"]


@pytest.mark.parametrize(
    ("minutes", "counted", "breached", "over"),
    [
        (0, 0, False, False),
        (60, 60, False, False),
        (120, 90, False, False),  # the office closed at half past ten
        (210, 120, False, False),  # exactly on time, at half past twelve
        (211, 121, True, True),
    ],
)
def test_a_clock_is_what_it_is_at_this_instant(minutes: float, counted: float, breached: bool, over: bool) -> None:
    """Time that its calendar counts, what is left of it, and whether it is past: at the instant of the call."""
    facts = scope(case(), minutes)["clock"]["k"]

    assert {
        "phase": "running",
        "breached": breached,
        "over": over,
        "counted": timedelta(minutes=counted),
        "remaining": timedelta(minutes=120 - counted),
        "within": 2 * HOUR,
        "due": after(210),
        "cycle": 1,
    } == facts


def test_a_clock_that_rests_is_not_breached_and_one_that_was_is() -> None:
    """While it is paused nothing becomes late; what was late stays so whatever comes after; a clock not started is null."""
    resting = case()
    resting.fire("go", minutes=60)
    late = case()
    late.fire("go", minutes=300)

    assert ("paused", False, None) == tuple(scope(resting, 900)["clock"]["k"][name] for name in ("phase", "breached", "due"))
    assert ("paused", True, True) == tuple(scope(late, 900)["clock"]["k"][name] for name in ("phase", "breached", "over"))
    assert None is scope(Case(flow(clocks=[{**CLOCK, "calendar": None, "start": {"state": "b"}}])))["clock"]["k"]
