"""Knows what a chain is shown to do; must not know how a step is computed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.errors import InputError, LimitError, TimeError
from servflow.escalation import Chain, Planned, plan
from servflow.model import Action

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOTIFY = {"notify": {"to": [{"role": "lead"}, "owner"], "template": "late"}}
CHAIN = Chain(
    name="late",
    start={"event": "x"},
    levels=[
        {"name": "lead", "after": "1h", "do": [NOTIFY, {"tag": "late"}], "remind": {"every": "2h", "times": 1}},
        {"name": "boss", "after": "4h", "do": [{"add_owner": {"to": {"manager_of": "assignee"}}}]},
    ],
)


def hours(script: Any = (), chain: Chain = CHAIN, until: float = 100, **options: Any) -> list[tuple[float, int]]:
    planned = plan(chain, START, START + until * HOUR, script, **options)
    return [((item.at - START) / HOUR, item.level) for item in planned if item.kind == "level"]


def test_a_plan_says_what_happens_when_and_to_whom() -> None:
    """Levels and reminders come with their scheduled instants, recipients in words and actions."""
    notify, tag = Action.of(NOTIFY), Action("tag", "late")
    words = ("role:lead", "owner")

    assert (
        Planned(START + HOUR, 0, words, (notify, tag), "lead"),
        Planned(START + 3 * HOUR, 0, words, (notify,), "lead", "reminder"),
        Planned(START + 5 * HOUR, 1, ("manager_of:assignee",), CHAIN.levels[1].do, "boss"),
    ) == plan(CHAIN, START, START + 9 * HOUR)


def test_the_end_is_excluded() -> None:
    """A level set for the end happens only once time is past it."""
    assert [(1, 0)] == hours(until=5)
    assert [(1, 0), (5, 1)] == hours(until=5.001)
    assert [] == hours(until=0)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ([(2, "ack")], [(1, 0)]),
        ([(2, "ack"), (12, "unack")], [(1, 0), (15, 1)]),
        ([(12, "unack"), (2, "ack")], [(1, 0), (15, 1)]),
        ([(2, "snooze", "3h")], [(1, 0), (8, 1)]),
        ([(2, "snooze", START + 12 * HOUR)], [(1, 0), (15, 1)]),
        ([(2, "snooze"), (3, "unack")], [(1, 0), (6, 1)]),
        ([(2, "escalate")], [(1, 0), (2, 1)]),
        ([(0.5, "escalate", "boss")], [(0.5, 1)]),
        ([(2, "stop")], [(1, 0)]),
        ([(2, "resolve"), (3, "unack")], [(1, 0)]),
        ([(1, "stop")], []),
        ([(-1, "stop")], [(1, 0), (5, 1)]),
    ],
)
def test_people_change_a_plan(script: list[Any], expected: list[tuple[float, int]]) -> None:
    """Operations apply at their instants, after everything set before them."""
    assert expected == hours([(START + entry[0] * HOUR, *entry[1:]) for entry in script])


def test_calendars_come_by_name() -> None:
    """A level counts in the calendar that the caller names; a missing one is refused with the way out."""
    chain = Chain(name="c", start={"event": "x"}, levels=[{"name": "a", "after": "9h", "calendar": "office"}])
    office = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})

    assert [(25, 0)] == hours(chain=chain, calendars={"office": office})
    assert [(25, 0)] == hours(chain=chain, calendars=lambda name: office)
    with pytest.raises(InputError, match="did you mean 'offices'"):
        hours(chain=chain, calendars={"offices": office})
    with pytest.raises(InputError, match="pass calendars="):
        hours(chain=chain)


def test_wrong_questions_are_refused() -> None:
    """Naive instants, unknown operations and snoozes without a length are."""
    with pytest.raises(TimeError, match="naive"):
        plan(CHAIN, START.replace(tzinfo=None), START)
    with pytest.raises(InputError, match="did you mean 'ack'"):
        hours([(START, "akc")])
    with pytest.raises(InputError, match="operations are"):
        hours([(START,)])
    with pytest.raises(TimeError, match="snooze"):
        hours([(START, "snooze", "2 business days")])


def test_a_plan_is_bounded() -> None:
    """A chain at every limit at once is stopped rather than listed for ever."""
    level = {"after": "1s", "remind": {"every": "1s", "times": 100}}
    chain = Chain(
        name="c",
        start={"event": "x"},
        levels=[{**level, "name": f"l{place}"} for place in range(50)],
        repeat={"times": 100, "after": "1h"},
    )
    with pytest.raises(LimitError, match="20000"):
        plan(chain, START, START + timedelta(days=365))
