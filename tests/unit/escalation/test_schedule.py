"""Knows how layers and overrides decide who is on call; must not know how turns are computed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.errors import DefinitionError, TimeError
from servflow.escalation import Override, Rotation, Schedule

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
NOON = MONDAY + timedelta(hours=12)
BASE = Rotation(["ann", "bob"], "2026-03-02", "UTC", "1 day")
OFFICE = {"users": ["cy"], "start": "2026-03-02", "zone": "UTC", "windows": {"mon-fri": ["09:00-17:00"]}}
CHRISTMAS = {
    "start": "2026-12-24T00:00Z",
    "end": "2026-12-27T00:00Z",
    "shifts": [
        {"start": "2026-12-24T00:00Z", "end": "2026-12-25T12:00Z", "users": "xia"},
        {"start": "2026-12-25T00:00Z", "end": "2026-12-26T00:00Z", "users": ["yan", "zoe"]},
    ],
}


def override(action: str | None = None, users: Any = "zoe") -> dict[str, Any]:
    given = {"start": NOON, "end": NOON + timedelta(hours=1), "users": users}
    return given if action is None else {**given, "action": action}


def test_layers_lie_on_top_of_each_other() -> None:
    """``union`` names everybody, the lower layers first; ``top`` only the highest layer that has somebody."""
    union, top = Schedule([BASE, OFFICE]), Schedule(layers=[BASE, OFFICE], combine="top")

    assert ("ann", "cy") == union.on_call(NOON)
    assert ["cy"] == list(top.on_call(NOON))
    assert ["ann"] == list(top.on_call(MONDAY))
    assert not Schedule().on_call(NOON)


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([override()], ["zoe"]),
        ([override("replace", ["zoe", "yan"])], ["zoe", "yan"]),
        ([override("add")], ["ann", "cy", "zoe"]),
        ([override("add", "ann")], ["ann", "cy"]),
        ([override("remove", "ann")], ["cy"]),
        ([override("remove", "ann"), override("add", "dan")], ["cy", "dan"]),
        ([override("add", "dan"), override()], ["zoe", "dan"]),
        ([override("remove", "cy"), override("remove", "ann")], []),
        ([override(), override("remove", "ann")], ["zoe"]),
        ([override("add"), override("add", "zoe")], ["ann", "cy", "zoe"]),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_the_order_of_overrides_makes_no_difference(overrides: list[Any], expected: list[str], turned: bool) -> None:
    """Those that replace come before those that remove, and those before the ones that add, each for its half-open stretch."""
    overrides = overrides[::-1] if turned else overrides
    schedule = Schedule([BASE, OFFICE], overrides)

    assert expected == list(schedule.on_call(NOON))
    assert ["ann", "cy"] == list(schedule.on_call(NOON + timedelta(hours=1)))
    assert ["ann", "cy"] == list(schedule.on_call(NOON - timedelta(microseconds=1)))


def test_the_next_change_and_the_next_person() -> None:
    """Changes come from layers and overrides; next is the first who is not on call now."""
    schedule = Schedule([BASE], [override()])

    assert NOON == schedule.next_change(MONDAY)
    assert ["zoe"] == list(schedule.next_on_call(MONDAY))
    assert ["bob"] == list(Schedule([BASE]).next_on_call(NOON))
    assert not Schedule([Rotation(["ann"], "2026-03-02", "UTC")]).next_on_call(NOON)
    assert Schedule().next_change(NOON) is None


def test_a_schedule_written_and_read_is_the_same() -> None:
    """The canonical form leaves defaults out and reads back equal."""
    schedule = Schedule([BASE, OFFICE], [override("add"), override()], combine="top", temporary=CHRISTMAS)

    assert schedule == Schedule.of(schedule.to_data()) == Schedule.of(schedule)
    assert {"start": "2026-03-02T12:00:00Z", "end": "2026-03-02T13:00:00Z", "users": ["zoe"]} == schedule.to_data()[
        "overrides"
    ][1]
    assert ["temporary"] == [key for key in schedule.to_data() if key not in ("layers", "overrides", "combine")]
    assert {} == Schedule().to_data()


def test_problems_are_found_where_they_are() -> None:
    """Problems of all layers and overrides come at once, each with its path."""
    with pytest.raises(DefinitionError) as caught:
        Schedule.of(
            {
                "layers": [{**OFFICE, "zone": "X/Y"}, {"user": "a"}],
                "overrides": [
                    {**override("swap"), "end": NOON},
                    {"start": "2026-03-02T12:00", "end": "x", "users": []},
                ],
                "combine": "all",
            }
        )

    assert [
        "layers[0].zone",
        "layers[1].user",
        "layers[1].users",
        "layers[1].start",
        "layers[1].zone",
        "overrides[0].action",
        "overrides[0].end",
        "overrides[1].start",
        "overrides[1].end",
        "overrides[1].users",
        "combine",
    ] == [finding.path for finding in caught.value.findings]
    with pytest.raises(TimeError, match="naive"):
        Schedule().on_call(NOON.replace(tzinfo=None))


def test_an_override_is_a_value() -> None:
    """The zone in which its instants are written makes no difference."""
    same = Override(start="2026-03-02T20:00+08:00", end="2026-03-02T13:00Z", users=["zoe"])

    assert Override(**override()) == same
