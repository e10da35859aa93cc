"""Knows who keeps their turn when a rotation is edited, begins or ends; must not know how turns are computed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from servflow.errors import DefinitionError, TimeError
from servflow.escalation import Members, Rotation, Shift

CHICAGO = ZoneInfo("America/Chicago")
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
FOUR = Rotation(["ann", "bob", "cy", "dan"], "2026-03-02", "UTC", "1 day")


def days(rotation: Rotation, first: datetime, count: int = 6) -> str:
    """The first letters of who is on call at noon of some days."""
    noons = (first + timedelta(hours=12) + DAY * number for number in range(count))
    return " ".join("+".join(user[0] for user in rotation.on_call(noon)) or "-" for noon in noons)


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        (["ann", "bob", "cy", "dan", "eve"], "b c d e a b"),
        (["eve", "ann", "bob", "cy", "dan"], "b c d e a b"),
        (["ann", "bob", "eve", "cy", "dan"], "b e c d a b"),
        (["bob", "cy", "dan"], "b c d b c d"),
        (["ann", "bob", "dan"], "b d a b d a"),
        (["dan", "cy", "bob", "ann"], "b a d c b a"),
        (["ann", "cy", "dan"], "c d a c d a"),
        (["ann"], "a a a a a a"),
        (["eve", "fay"], "e f e f e f"),
        ([["bob", "eve"], "cy"], "b+e c b+e c b+e c"),
    ],
)
def test_whoever_has_the_turn_keeps_it(users: list[Any], expected: str) -> None:
    """On Tuesday at eleven the list is edited while bob has the turn; the order of the new list holds from him on."""
    tuesday = MONDAY + DAY
    edited = FOUR.with_users(users, tuesday + timedelta(hours=11))

    assert expected == days(edited, tuesday)
    assert days(FOUR, MONDAY - 6 * DAY, 7) == days(edited, MONDAY - 6 * DAY, 7)
    assert ["bob"] == list(edited.on_call(tuesday + timedelta(hours=10)))


def test_a_removal_takes_effect_at_once_and_a_shift_that_goes_on_is_one() -> None:
    """The turn of somebody who is removed is cut at the edit; an edit that leaves them there leaves their shift whole."""
    at = MONDAY + timedelta(hours=11)
    removed, added = FOUR.with_users(["bob", "cy", "dan"], at), FOUR.with_users(["zoe", "ann", "bob"], at)

    assert (Shift(MONDAY, at, ("ann",)), Shift(at, MONDAY + DAY, ("bob",))) == removed.shifts(MONDAY, MONDAY + DAY)
    assert (Shift(MONDAY, MONDAY + DAY, ("ann",)),) == added.shifts(MONDAY, MONDAY + DAY)
    assert at == removed.next_change(MONDAY)
    assert "b c d b" == days(removed, MONDAY, 4)


def test_an_edit_at_the_handover_is_of_the_turn_that_begins() -> None:
    """At midnight on Tuesday bob comes on duty: removing ann then takes nothing from anybody else."""
    edited = FOUR.with_users(["bob", "cy", "dan"], MONDAY + DAY)

    assert "a b c d b" == days(edited, MONDAY, 5)


def test_edits_pile_up_and_may_be_planned() -> None:
    """Edits are kept in the order of time however they are made, one at each instant, and each starts from the one before."""
    planned = FOUR.with_users(["ann", "bob"], MONDAY + 7 * DAY).with_users(["ann", "bob", "cy"], MONDAY + 4 * DAY)
    again = planned.with_users(["bob", "cy"], MONDAY + 4 * DAY)

    assert "a b c d a b c a b a" == days(planned, MONDAY, 10)
    assert [MONDAY + 4 * DAY, MONDAY + 7 * DAY] == [change.at for change in again.changes]
    assert "a b c d b c b b a b" == days(again, MONDAY, 10)
    assert (("bob",), ("cy",)) == again.users_at(MONDAY + 5 * DAY)
    assert FOUR.users == again.users_at(MONDAY) == again.users
    assert again == Rotation(**again.to_data())


def test_an_anchor_says_who_has_the_turn() -> None:
    """Instead of whoever has it, an anchor names somebody; at the start too."""
    anchored = FOUR.with_users(["dan", "cy", "bob", "ann"], MONDAY + DAY, anchor="ann")
    started = Rotation(["ann", "bob", "cy"], "2026-03-02", "UTC", "1 day", anchor="cy")

    assert "a a d c b a" == days(anchored, MONDAY)
    assert "c a b c" == days(started, MONDAY, 4)
    assert started == Rotation(**started.to_data())
    assert Rotation(["ann", "bob"], "2026-03-02", "UTC") == Rotation(["ann", "bob"], "2026-03-02", "UTC", anchor="ann")
    assert FOUR.with_users(["ann"], MONDAY) == Rotation(**FOUR.to_data(), changes={"at": "2026-03-02T00:00Z", "users": "ann"})
    assert Members(at="2026-03-02T08:00+08:00", users=["ann"]) == Members(at=MONDAY, users="ann")


def test_somebody_listed_twice_stays_the_second_of_themselves() -> None:
    """Who has two places in the order keeps the one they are at where the edited list has it too."""
    twice = Rotation(["ann", "bob", "ann", "cy"], "2026-03-02", "UTC", "1 day")
    edited = twice.with_users(["zoe", "ann", "bob", "ann", "cy"], MONDAY + 2 * DAY)

    assert "a b a c z a b" == days(edited, MONDAY, 7)


def test_a_layer_may_begin_and_end() -> None:
    """Nobody is on call before and after, its turns are counted from the start, and shifts are cut there."""
    begins, ends = MONDAY + timedelta(hours=36), MONDAY + timedelta(hours=60)
    rotation = Rotation(["ann", "bob", "cy"], "2026-03-02", "UTC", "1 day", begins=begins, ends="2026-03-04T12:00")

    assert (Shift(begins, MONDAY + 2 * DAY, ("bob",)), Shift(MONDAY + 2 * DAY, ends, ("cy",))) == rotation.shifts(
        MONDAY, MONDAY + 9 * DAY
    )
    assert [(), ("bob",), ("cy",), ()] == [rotation.on_call(at) for at in (MONDAY, begins, ends - timedelta(seconds=1), ends)]
    assert [begins, None] == [rotation.next_change(MONDAY), rotation.next_change(ends)]
    assert [("bob",), ()] == [rotation.next_on_call(MONDAY), rotation.next_on_call(ends)]
    assert [(), ("cy",)] == [rotation.previous_on_call(MONDAY), rotation.previous_on_call(ends)]
    assert rotation == Rotation(**rotation.to_data())
    local = Rotation(["ann"], "2026-03-02", "America/New_York", begins="2026-03-08T02:30", ends="2026-11-01T01:30")
    assert ("2026-03-08T07:00:00Z", "2026-11-01T05:30:00Z") == (local.to_data()["begins"], local.to_data()["ends"])


def test_windows_have_a_zone_of_their_own() -> None:
    """Turns change on Monday in Shanghai, duty is office hours in Berlin."""
    rotation = Rotation(
        ["ann", "bob"], "2026-03-02T09:00", "Asia/Shanghai", windows={"mon-fri": ["09:00-17:00"]}, windows_zone="Europe/Berlin"
    )

    assert datetime(2026, 3, 2, 8, tzinfo=UTC) == rotation.next_change(MONDAY + timedelta(hours=2))
    assert datetime(2026, 3, 30, 7, tzinfo=UTC) == rotation.next_change(MONDAY + timedelta(days=28))
    assert rotation == Rotation(**rotation.to_data())
    assert (
        "windows_zone"
        not in Rotation(["a"], "2026-03-02", "UTC", windows={"mon": ["09:00-17:00"]}, windows_zone="UTC").to_data()
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"windows_zone": "Mars"}, ["windows_zone"]),
        ({"windows_zone": "Europe/Berlin"}, ["windows_zone"]),
        (
            {"windows": {"mon": ["09:00-17:00"]}, "windows_zone": "Europe/Berlin", "every": "1 duty day"},
            ["windows_zone"],
        ),
        ({"begins": "soon", "ends": 5}, ["begins", "ends"]),
        ({"begins": "2026-03-03", "ends": "2026-03-03"}, ["ends"]),
        ({"anchor": "zoe"}, ["anchor"]),
        ({"anchor": 5, "users": []}, ["users"]),
        ({"changes": 5}, ["changes"]),
        (
            {"changes": [{"at": "2026-03-02", "users": []}, {"at": MONDAY}]},
            ["changes[0].at", "changes[0].users", "changes[1].users"],
        ),
        ({"changes": [{"at": MONDAY, "users": "a", "anchor": "b"}]}, ["changes[0].anchor"]),
        ({"changes": [{"at": MONDAY, "users": "a"}, {"at": "2026-03-02T00:00Z", "users": "b"}]}, ["changes"]),
    ],
)
def test_problems_are_found_where_they_are(changes: dict[str, Any], expected: list[str]) -> None:
    """Each problem has its path and a sentence in both languages."""
    given: dict[str, Any] = {"users": ["a"], "start": "2026-03-02", "zone": "UTC"}
    with pytest.raises(DefinitionError) as caught:
        Rotation(**{**given, **changes})

    assert expected == [finding.path for finding in caught.value.findings]
    for finding in caught.value.findings:
        assert finding.code not in (finding.message(), finding.message("zh"))


def test_an_edit_needs_an_instant() -> None:
    """A naive instant is refused, and so is an empty list."""
    with pytest.raises(TimeError, match="naive"):
        FOUR.with_users(["ann"], datetime(2026, 3, 2))
    with pytest.raises(DefinitionError, match="users"):
        FOUR.with_users([], MONDAY)


# What another system's tests say of its daily and weekly rotations: its turns of hours follow the wall clock and are left out.


@pytest.mark.parametrize(
    ("start", "every", "length", "end", "hours"),
    [
        ("2017-06-10", "1 week", 1, "2017-06-17", 168),
        ("2017-06-10", "1 week", 2, "2017-06-24", 336),
        ("2017-03-10", "1 week", 1, "2017-03-17", 167),
        ("2017-11-04", "1 week", 1, "2017-11-11", 169),
        ("2017-06-10", "1 day", 1, "2017-06-11", 24),
        ("2017-06-10", "1 day", 2, "2017-06-12", 48),
        ("2017-03-11", "1 day", 1, "2017-03-12", 23),
        ("2017-11-04", "1 day", 1, "2017-11-05", 25),
    ],
)
def test_turns_last_as_long_as_elsewhere(start: str, every: str, length: int, end: str, hours: int) -> None:
    """GoAlert's turns from eight in the morning in Chicago end at eight, an hour sooner or later where clocks change."""
    rotation = Rotation(["a", "b"], f"{start}T08:00", "America/Chicago", every, length)
    begun, over = (datetime.fromisoformat(f"{day}T08:00").replace(tzinfo=CHICAGO) for day in (start, end))
    (shift,) = rotation.shifts(begun, begun + timedelta(hours=1))

    assert (begun, over, timedelta(hours=hours)) == (shift.start, shift.end, shift.end - shift.start)
    assert shift == rotation.shifts(over - timedelta(hours=1), over)[0]


def test_the_turn_that_runs_may_be_known_without_the_past() -> None:
    """In GoAlert the current turn is stored: the first of 24 users on 30 August still has the six weeks in September."""
    users = [f"user {number}" for number in range(24)]
    start = datetime(2018, 4, 21, 14, 8, 9, 168379, tzinfo=UTC)
    seen = datetime(2018, 8, 30, 21, 54, 38, 334304, tzinfo=UTC)
    rotation = Rotation(users, start, "UTC", "1 week", 6, changes=[{"at": seen, "users": users, "anchor": "user 0"}])

    assert ("user 0",) == rotation.on_call(datetime(2018, 9, 10, 2, 44, tzinfo=UTC))
    assert ("user 1",) == rotation.next_on_call(datetime(2018, 9, 10, 2, 44, tzinfo=UTC))


@pytest.mark.parametrize(
    ("count", "start", "first", "last"),
    [(8, "2026-02-01", "2026-02-01", "2026-02-15"), (14, "2025-12-03", "2026-02-01", "2026-03-01")],
)
def test_daily_turns_reach_everybody_where_weekends_are_off(count: int, start: str, first: str, last: str) -> None:
    """GoAlert passes a daily turn on over days of duty only, so that no user meets weekends alone: here a duty day."""
    users = [f"user {number}" for number in range(count)]
    office = {"mon-fri": ["09:00-17:00"]}
    rotation = Rotation(users, f"{start}T09:00", "Europe/Amsterdam", "1 duty day", windows=office)
    a, b = (datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Amsterdam")) for day in (first, last))

    assert {(user,) for user in users} == {shift.users for shift in rotation.shifts(a, b)}
