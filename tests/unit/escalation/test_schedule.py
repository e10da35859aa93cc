"""Knows how layers and overrides decide who is on call; must not know how turns are computed."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.errors import DefinitionError, InputError, LimitError, TimeError
from servflow.escalation import Override, Rotation, Schedule
from servflow.model import World

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


def test_a_cover_holds_where_those_covered_for_would_be() -> None:
    """Somebody covers for ann for a week: her days only; two who swap have each other's."""
    week = {"start": MONDAY, "end": MONDAY + timedelta(days=7)}
    cover = Schedule([BASE, OFFICE], [{**week, "users": "zoe", "instead_of": "ann"}])
    swap = Schedule([BASE], [{**week, "users": "bob", "instead_of": "ann"}, {**week, "users": "ann", "instead_of": "bob"}])

    assert [("zoe", "cy"), ("bob", "cy"), ("zoe", "cy")] == [cover.on_call(NOON + timedelta(days=day)) for day in range(3)]
    assert [("bob",), ("ann",), ("bob",)] == [swap.on_call(NOON + timedelta(days=day)) for day in range(3)]
    assert ("bob",) == swap.on_call(NOON + timedelta(days=7))
    assert cover == Schedule(**cover.to_data())


def test_a_temporary_stretch_replaces_everything() -> None:
    """Neither layers nor overrides count within it; its gaps are gaps, its overlaps are shared."""
    always = {"start": "2026-12-01T00:00Z", "end": "2027-01-01T00:00Z", "users": "amy", "action": "add"}
    schedule = Schedule([BASE], [always], temporary=CHRISTMAS)
    christmas = datetime(2026, 12, 24, tzinfo=UTC)
    shifts = schedule.shifts(christmas - timedelta(hours=1), christmas + timedelta(days=4))

    def hours(at: datetime) -> int:
        return (at - christmas) // timedelta(hours=1)

    assert [
        (-24, 0, ("ann", "amy")),
        (0, 24, ("xia",)),
        (24, 36, ("xia", "yan", "zoe")),
        (36, 48, ("yan", "zoe")),
        (72, 96, ("ann", "amy")),
    ] == [(hours(shift.start), hours(shift.end), shift.users) for shift in shifts]
    assert not schedule.on_call(christmas + timedelta(hours=60))
    assert christmas + timedelta(hours=24) == schedule.next_change(christmas)
    assert ("yan", "zoe") == schedule.previous_on_call(christmas + timedelta(hours=60))


def goalert(**changes: Any) -> Schedule:
    return Schedule(
        [{"users": "foobar", "start": "2018-01-01", "zone": "UTC", "windows": {"mon-sun": ["08:00-10:00"]}}], **changes
    )


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (goalert(), ["480-600 foobar"]),
        (
            goalert(
                temporary={
                    "start": "2018-01-01T08:15Z",
                    "end": "2018-01-01T08:45Z",
                    "shifts": {"start": "2018-01-01T08:25Z", "end": "2018-01-01T08:35Z", "users": "baz"},
                }
            ),
            ["480-495 foobar", "505-515 baz", "525-600 foobar"],
        ),
        (
            goalert(
                overrides={
                    "start": "2018-01-01T08:30Z",
                    "end": "2018-01-01T08:45Z",
                    "users": "binbaz",
                    "instead_of": "foobar",
                }
            ),
            ["480-510 foobar", "510-525 binbaz", "525-600 foobar"],
        ),
        (
            goalert(
                overrides=[
                    {"start": f"2018-01-01T{start}Z", "end": f"2018-01-01T{end}Z", "users": "binbaz", "action": "add"}
                    for start, end in (("08:30", "08:45"), ("08:00", "08:15"))
                ]
            ),
            ["480-495 foobar+binbaz", "495-510 foobar", "510-525 foobar+binbaz", "525-600 foobar"],
        ),
        (
            goalert(
                overrides={"start": "2018-01-01T08:30Z", "end": "2018-01-01T08:45Z", "users": "foobar", "action": "remove"}
            ),
            ["480-510 foobar", "525-600 foobar"],
        ),
    ],
)
def test_shifts_are_those_that_goalert_computes(schedule: Schedule, expected: list[str]) -> None:
    """For a person from eight to ten every day, each way of standing in gives the same minutes of 1 January 2018 there."""
    day = datetime(2018, 1, 1, tzinfo=UTC)
    minute = timedelta(minutes=1)

    assert expected == [
        f"{(shift.start - day) // minute}-{(shift.end - day) // minute} {'+'.join(shift.users)}"
        for shift in schedule.shifts(day + 480 * minute, day + 540 * minute)
    ]


def test_adding_removing_and_covering_at_once_are_those_of_goalert() -> None:
    """Of rab, baz and bin, with bar covering for rab, baz removed and foo added, bar, bin and foo are on call."""
    stretch = {"start": NOON, "end": NOON + timedelta(minutes=1)}
    group = {"users": [["rab", "baz", "bin"]], "start": "2026-03-02", "zone": "UTC"}
    schedule = Schedule(
        [group],
        [
            {**stretch, "users": "foo", "action": "add"},
            {**stretch, "users": "bar", "instead_of": "rab"},
            {**stretch, "users": "baz", "action": "remove"},
        ],
    )
    minutes = [NOON + timedelta(minutes=step) for step in (-1, 0, 1)]

    assert [("rab", "baz", "bin"), ("bar", "bin", "foo"), ("rab", "baz", "bin")] == [schedule.on_call(at) for at in minutes]


def over(first: float, last: float, **changes: Any) -> dict[str, Any]:
    return {"start": NOON + timedelta(hours=first), "end": NOON + timedelta(hours=last), "users": "zoe", **changes}


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([over(0, 2), over(2, 4)], []),
        ([over(0, 2), over(1, 4)], ["overrides[1]"]),
        ([over(1, 4), over(0, 2)], ["overrides[0]"]),
        ([over(0, 9), over(1, 2), over(3, 4)], ["overrides[1]", "overrides[2]"]),
        ([over(0, 2), over(1, 4, action="add")], []),
        ([over(0, 2), over(1, 4, action="remove")], ["overrides[1]"]),
        ([over(0, 2), over(1, 4, action="remove", users="ann")], []),
        ([over(0, 2, action="add"), over(1, 4, action="remove")], ["overrides[1]"]),
        ([over(0, 2, action="add"), over(2, 4, action="remove")], []),
        ([over(0, 2, action="add"), over(1, 4, action="add")], []),
        ([over(0, 2, instead_of="ann"), over(1, 4, users="yan", instead_of="ann")], ["overrides[1]"]),
        ([over(0, 2, instead_of="ann"), over(1, 4, users="ann", action="remove")], ["overrides[1]"]),
        ([over(0, 2, instead_of="ann"), over(1, 4, users="ann", instead_of="zoe")], []),
        ([over(0, 2, instead_of="ann"), over(1, 4, users="yan")], []),
        ([over(0, 2, action="add", instead_of="ann")], ["overrides[0].instead_of"]),
    ],
)
def test_overrides_that_contradict_each_other_are_refused(overrides: list[Any], expected: list[str]) -> None:
    """Two that replace everybody may not overlap, nor two that differ about somebody; the later of them is told."""
    if not expected:
        assert len(overrides) == len(Schedule([BASE], overrides).overrides)
        return
    with pytest.raises(DefinitionError) as caught:
        Schedule([BASE], overrides)

    assert expected == [finding.path for finding in caught.value.findings]
    for finding in caught.value.findings:
        assert finding.code not in (finding.message(), finding.message("zh"))


def test_temporary_stretches_are_checked() -> None:
    """They may not overlap, and their shifts stay within them."""
    with pytest.raises(DefinitionError) as caught:
        Schedule(temporary=[CHRISTMAS, {**CHRISTMAS, "start": "2026-12-26T00:00Z", "end": "2026-12-28T00:00Z"}])
    with pytest.raises(DefinitionError) as overlapping:
        Schedule(temporary=[CHRISTMAS, {"start": "2026-12-26T00:00Z", "end": "2026-12-28T00:00Z"}])

    assert ["temporary[1].shifts[0]", "temporary[1].shifts[1]"] == [finding.path for finding in caught.value.findings]
    assert ["temporary[1]"] == [finding.path for finding in overlapping.value.findings]


def test_ten_thousand_overrides_are_not_looked_at_one_by_one() -> None:
    """Long and short stretches lie over each other; what holds at an instant is what a scan finds."""
    overrides: list[Any] = []
    for number in range(2_000):
        start = MONDAY + timedelta(hours=number)
        end = start + timedelta(hours=1 + number % 7)
        overrides.append({"start": start, "end": end, "users": f"u{number}", "action": "add"})
    overrides.append({"start": MONDAY, "end": MONDAY + timedelta(days=100), "users": "all", "action": "add"})
    schedule = Schedule(overrides=overrides)
    for hours in (0, 1, 7, 999, 1999, 2003, 2400):
        expected = [f"u{number}" for number in range(2_000) if number <= hours < number + 1 + number % 7]

        assert [*expected, *(["all"] if hours < 2400 else [])] == list(schedule.on_call(MONDAY + timedelta(hours=hours)))


def test_shifts_of_a_schedule_are_cut_where_it_shows() -> None:
    """Turns of the same person are shifts of their own; what another layer hides or repeats cuts nothing."""
    alone = Rotation("ann", "2026-03-02", "UTC", "1 day")
    office = Rotation("ann", "2026-03-02", "UTC", windows={"mon-fri": ["09:00-17:00"]})
    hidden = Rotation(["x", "y"], "2026-03-02", "UTC", "1 hour")
    days = [(("ann",), MONDAY + timedelta(days=day), MONDAY + timedelta(days=day + 1)) for day in range(3)]
    for schedule in (Schedule([alone]), Schedule([alone, office]), Schedule([hidden, alone, office], combine="top")):
        shifts = schedule.shifts(NOON, NOON + timedelta(days=2))

        assert days == [(shift.users, shift.start, shift.end) for shift in shifts]
        assert [] == list(schedule.next_on_call(NOON)) == list(schedule.previous_on_call(NOON))


def test_years_that_no_calendar_has_are_refused_or_none() -> None:
    """Whoever is on call is told to the ends of time; a shift that leaves them is refused, a change there is none."""
    schedule = Schedule([Rotation(["ann", "bob"], "2026-03-02", "Asia/Shanghai", "1 month")])
    first, last = (datetime(year, *day, tzinfo=UTC) for year, day in ((1, (1, 1)), (9999, (12, 31))))

    assert schedule.on_call(first) != ()
    assert schedule.on_call(last) != ()
    assert schedule.next_change(last) is None
    with pytest.raises(TimeError, match="9999"):
        schedule.shifts(last, last + timedelta(hours=1))
    with pytest.raises(TimeError, match="9999"):
        schedule.shifts(first, first + timedelta(hours=1))


def test_work_is_bounded_where_changes_do_not_show() -> None:
    """Changes that give no shift count too: minute by minute for a century is too long a question."""
    both = Rotation([["ann", "bob"]], "2026-03-02", "UTC", "1 month")
    schedule = Schedule([both, Rotation(["ann", "bob"], "2026-03-02", "UTC", "1 minute")])

    assert [("ann", "bob")] == [shift.users for shift in schedule.shifts(MONDAY, MONDAY + timedelta(hours=2))]
    with pytest.raises(LimitError, match="shorter"):
        schedule.shifts(MONDAY, MONDAY + timedelta(days=36_500))


def test_what_was_worked_out_is_not_written() -> None:
    """A pickle holds what a schedule is made of, however much it was asked."""
    schedule = Schedule([BASE, OFFICE], [override()])
    before = len(pickle.dumps(schedule))
    for year in range(40):
        schedule.shifts(MONDAY + timedelta(days=365 * year), MONDAY + timedelta(days=365 * year + 90))
    again = pickle.loads(pickle.dumps(schedule))

    assert before == len(pickle.dumps(schedule))
    assert (schedule, hash(schedule), schedule.on_call(NOON)) == (again, hash(again), again.on_call(NOON))


def test_a_world_says_how_a_schedule_is_read() -> None:
    """What a schedule is made of is no schedule yet; the world says who reads it."""
    layer = {"users": ["ann"], "start": "2026-03-02", "zone": "UTC"}
    with pytest.raises(InputError, match=r"Schedule\.of.*load_world"):
        World.of({"schedules": {"hotline": {"layers": [layer]}}})
    world = World.of({"schedules": {"hotline": Schedule.of({"layers": [layer]})}})

    assert world is not None
    assert ("ann",) == world.schedules["hotline"].on_call(MONDAY)


def daily(user: str, level: int | None, hour: int, hours: int) -> dict[str, Any]:
    ends = f"{(hour + hours) % 24:02}:00"
    return {
        "users": user,
        "start": "2026-03-02",
        "zone": "UTC",
        "windows": {"mon-sun": [f"{hour:02}:00-{ends}"]},
        "level": level,
    }


def test_layers_of_one_level_are_on_call_together() -> None:
    """Those of the highest level that has somebody are on call, as in the final schedule of Grafana OnCall."""
    shifts = [("a", 1, 10, 5), ("b", 1, 11, 2), ("a", 1, 16, 3), ("a", 1, 21, 1), ("b", 1, 22, 2)]
    shifts += [("c", 2, 12, 2), ("d", 2, 14, 1), ("d", 2, 17, 1), ("d", 2, 20, 3)]
    cover = {"start": MONDAY + timedelta(hours=22), "end": MONDAY + timedelta(hours=23), "users": "e"}
    schedule = Schedule.of({"layers": [daily(*shift) for shift in shifts], "overrides": [cover], "combine": "top"})
    hours = {10: "a", 11: "ab", 12: "c", 13: "c", 14: "d", 16: "a", 17: "d", 18: "a", 20: "d", 21: "d", 22: "e", 23: "b"}

    assert hours == {
        hour: "".join(users) for hour in range(24) if (users := schedule.on_call(MONDAY + timedelta(hours=hour, minutes=30)))
    }
    assert schedule == Schedule.of(schedule.to_data())


def test_a_layer_without_a_level_lies_below_those_with_one() -> None:
    """Where some layers have a level, all others share the lowest; without levels each lies on those before it."""
    layers = [daily("a", 1, 9, 4), daily("b", None, 9, 8), daily("c", None, 9, 8)]
    plain = [{**layer, "level": None} for layer in layers]
    hours = [MONDAY + timedelta(hours=hour) for hour in (10, 14)]

    assert [("a",), ("b", "c")] == [Schedule(layers, combine="top").on_call(at) for at in hours]
    assert [("c",), ("c",)] == [Schedule(plain, combine="top").on_call(at) for at in hours]
    assert [("a", "b", "c"), ("b", "c")] == [Schedule(layers).on_call(at) for at in hours]


@pytest.mark.parametrize("level", [0, -1, 1.5, True, "1", 10_000])
def test_a_level_is_a_whole_number(level: Any) -> None:
    """What is none is refused where it stands."""
    with pytest.raises(DefinitionError) as caught:
        Schedule([daily("a", level, 9, 1)])

    assert [("layers[0].level", "escalation.count")] == [(found.path, found.code) for found in caught.value.findings]
