"""Rosters: who is on call where every shift is written out."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.errors import DefinitionError, TimeError
from servflow.escalation import Roster, Rotation, Schedule, Shift

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def duty(start: float, end: float, *users: str) -> dict[str, Any]:
    """A shift, in hours after Monday's midnight."""
    return {"start": MONDAY + start * HOUR, "end": MONDAY + end * HOUR, "users": list(users)}


def test_everybody_whom_a_shift_names_is_on_call() -> None:
    """Shifts are half-open; where two overlap both people are on call, each once, the one who began first first."""
    roster = Roster([duty(8, 16, "ann"), duty(12, 20, "bob", "ann"), duty(20, 22, "cy")])

    asked = [roster.on_call(MONDAY + hour * HOUR) for hour in (7.99, 8, 12, 16, 20, 22)]
    assert [(), ("ann",), ("ann", "bob"), ("bob", "ann"), ("cy",), ()] == asked
    assert ("ann", "bob", "cy") == roster.users


def test_changes_and_neighbours() -> None:
    """A change is an instant from which somebody else is on call; next and before skip times with nobody."""
    roster = Roster([duty(8, 10, "ann"), duty(10, 12, "ann"), duty(14, 16, "bob")])
    ends = [roster.next_change(MONDAY + hour * HOUR) for hour in (0, 8, 12, 15, 16)]

    assert [MONDAY + 8 * HOUR, MONDAY + 12 * HOUR, MONDAY + 14 * HOUR, MONDAY + 16 * HOUR, None] == ends
    assert [("ann",), ("bob",), ("bob",), ()] == [roster.next_on_call(MONDAY + hour * HOUR) for hour in (0, 9, 13, 15)]
    assert [(), (), ("ann",), ("ann",), ("bob",)] == [roster.previous_on_call(MONDAY + h * HOUR) for h in (0, 9, 13, 15, 17)]


def test_shifts_are_whole_and_as_written() -> None:
    """Every shift that meets the stretch is given, also where it reaches beyond it or touches another one."""
    first, second = duty(8, 10, "ann"), duty(10, 12, "ann")
    roster = Roster([second, first])

    assert (Shift(**{**first, "users": ("ann",)}),) == roster.shifts(MONDAY + 9 * HOUR, MONDAY + 10 * HOUR)
    assert 2 == len(roster.shifts(MONDAY + 9 * HOUR, MONDAY + 11 * HOUR))
    assert () == roster.shifts(MONDAY + 12 * HOUR, MONDAY + 13 * HOUR)


def test_a_roster_stands_in_for_a_rotation() -> None:
    """As overrides it replaces whom the layers name, or adds to them, wherever it has somebody."""
    turns = Rotation(["zoe"], MONDAY, "UTC")
    roster = Roster([duty(8, 12, "ann"), duty(10, 14, "bob")])
    replaced, added = (Schedule([turns], roster.as_overrides(action)) for action in ("replace", "add"))

    assert [("zoe",), ("ann",), ("ann", "bob"), ("bob",), ("zoe",)] == [
        replaced.on_call(MONDAY + hour * HOUR) for hour in (7, 8, 11, 13, 14)
    ]
    assert ("zoe", "ann", "bob") == added.on_call(MONDAY + 11 * HOUR)
    with pytest.raises(DefinitionError, match=r"not one of replace, add"):
        roster.as_overrides("swap")


def test_a_roster_is_read_back() -> None:
    """Its data is JSON, and says the same roster again."""
    roster = Roster([duty(8, 10, "ann")], known_from=MONDAY, known_until="2026-03-09T00:00Z", name="feed")

    assert roster == Roster.of(json.loads(json.dumps(roster.to_data())))
    assert roster is Roster.of(roster)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"duties": 3}, ["duties: expected a list, got 3"]),
        ({"duties": [duty(2, 1, "ann"), 4]}, ["duties[0].end: this ends at", "duties[1]: expected a mapping, got 4"]),
        ({"duties": [{"start": MONDAY, "who": "x"}]}, ["duties[0].who:", "duties[0].end:", "duties[0].users:"]),
        ({"duties": [{**duty(1, 2, "ann"), "start": "2026-03-02T09:00"}]}, ["duties[0].start: '2026-03-02T09:00' is not"]),
        ({"duties": [duty(1, 2, *map(str, range(101)))]}, ["duties: 101 people are on call at one time"]),
        ({"duties": [], "known_from": MONDAY, "known_until": MONDAY - HOUR}, ["known_until: this ends at"]),
        ({"duties": [], "name": 3}, ["name: 3 is not a name"]),
    ],
)
def test_what_is_wrong_is_told_in_full(given: dict[str, Any], told: list[str]) -> None:
    """Every problem stands at its place."""
    with pytest.raises(DefinitionError) as caught:
        Roster(**given)

    lines = [finding.text() for finding in caught.value.findings]
    assert [True] * len(told) == [any(line.startswith(start) for line in lines) for start in told]


def test_naive_instants_are_refused() -> None:
    """No question takes an instant without a zone."""
    with pytest.raises(TimeError):
        Roster([]).on_call(datetime(2026, 3, 2))


def test_a_roster_agrees_with_looking_at_every_shift() -> None:
    """Whatever the shifts, who is on call is who has one, and it changes just where the next change says."""
    dice = random.Random(7)
    for _ in range(60):
        spans = [(start, start + dice.randint(1, 9)) for start in (dice.randint(0, 40) for _ in range(dice.randint(0, 9)))]
        roster = Roster([duty(start, end, dice.choice("abc")) for start, end in spans])

        def slow(hour: int, roster: Roster = roster) -> tuple[str, ...]:
            at = MONDAY + hour * HOUR
            return tuple(dict.fromkeys(user for one in roster.duties if one.start <= at < one.end for user in one.users))

        answers = [slow(hour) for hour in range(-1, 60)]
        assert answers == [roster.on_call(MONDAY + hour * HOUR) for hour in range(-1, 60)]
        changes = [hour for hour in range(60) if answers[hour + 1] != answers[hour]]
        walked, at = [], roster.next_change(MONDAY - HOUR)
        while at is not None:
            walked.append((at - MONDAY) // HOUR)
            at = roster.next_change(at)
        assert changes == walked
