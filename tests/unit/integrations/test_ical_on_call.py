"""On-call feeds: whose shifts their events are, when, what is told of the rest, and what is written for others."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from servflow.documents import load, load_schedules
from servflow.errors import InputError, TimeError
from servflow.escalation import Roster, Rotation, Schedule
from servflow.integrations.icalendar import read_on_call, write_shifts
from servflow.model import Notify, World
from tests.requirements import require

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
STAMP = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _package() -> None:
    require("ical")


def ics(*events: Iterable[str], head: Iterable[str] = ()) -> str:
    """A feed with these events, each a list of its lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", *head]
    for number, event in enumerate(events):
        given = list(event)
        uid = [] if any(line.startswith("UID") for line in given) else [f"UID:{number}"]
        lines += ["BEGIN:VEVENT", *uid, *given, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def read(*events: Iterable[str], head: Iterable[str] = (), **options: Any) -> Roster:
    """The roster of a feed with these events, in 2026."""
    return read_on_call(ics(*events, head=head), **{"start": START, "end": END, **options})


def on(at: str, roster: Roster) -> tuple[str, ...]:
    """Who is on call at an instant in UTC."""
    return roster.on_call(datetime.fromisoformat(at).replace(tzinfo=UTC))


def codes(roster: Roster) -> list[str]:
    """The codes of what was not understood."""
    return [note.code for note in roster.notes]


def shift(summary: str, *more: str, start: str = "20260302T080000Z", end: str = "20260302T160000Z") -> list[str]:
    """The lines of a shift of eight hours on a Monday."""
    return [f"DTSTART:{start}", f"DTEND:{end}", f"SUMMARY:{summary}", *more]


def test_an_event_is_a_half_open_shift_of_whom_it_names() -> None:
    """Where two events overlap both people are on call; nobody is before and after, and the roster knows what it covers."""
    roster = read(shift("ann"), shift("bob", start="20260302T120000Z", end="20260302T200000Z"), head=["X-WR-CALNAME:Hotline"])

    asked = [on(f"2026-03-02T{clock}", roster) for clock in ("07:59", "08:00", "12:00", "16:00", "20:00")]
    assert [(), ("ann",), ("ann", "bob"), ("bob",), ()] == asked
    assert ("Hotline", START, END, ()) == (roster.name, roster.known_from, roster.known_until, roster.notes)


def test_a_roster_stands_in_a_world_and_in_a_file() -> None:
    """It answers like a schedule, and a file of schedules holds it."""
    roster = read(shift("ann"), shift("bob", start="20260303T080000Z", end="20260303T160000Z"))
    world = World(schedules={"hotline": roster})
    at = datetime(2026, 3, 2, 20, tzinfo=UTC)

    assert ("bob",) == world.schedules["hotline"].next_on_call(at)
    assert ("ann",) == world.schedules["hotline"].previous_on_call(at)
    assert {"feed": roster} == load_schedules({"schedules": {"feed": roster.to_data()}})


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("ann", ("ann",)),
        ("@ann", ("ann",)),
        ("@ann @bob", ("ann", "bob")),
        ("Ann Lee, Bob Ray/Cy", ("Ann Lee", "Bob Ray", "Cy")),
        ("王伟、李娜", ("王伟", "李娜")),
        ("[L2] ann@example.com", ("ann@example.com",)),
        ("On Call - Jane Doe - Primary Schedule", ("Jane Doe",)),
        ("On call - Jane Doe", ("Jane Doe",)),
    ],
)
def test_without_a_table_names_are_ids(summary: str, expected: tuple[str, ...]) -> None:
    """Several stand apart by commas, slashes or signs; what on-call systems write around a name is taken off."""
    assert expected == on("2026-03-02T09:00", read(shift(summary)))


TABLE = {"Jane Doe": "jane", "bob@example.com": "bob", "Doe, Max": ["max"], "王伟": "wang", "Crew": ["cy", "dan"]}


@pytest.mark.parametrize(
    ("lines", "expected", "told"),
    [
        (shift("jane doe"), ("jane",), []),
        (shift("On Call - Jane Doe - Primary"), ("jane",), []),
        (shift("值班王伟/Jane Doe"), ("wang", "jane"), []),
        (shift("Doe\\, Max / BOB@example.com"), ("max", "bob"), []),
        (shift("Jane Doe, Eve"), ("jane",), ["ical.unknown_person"]),
        (shift("Crew"), ("cy", "dan"), []),
        (shift("Janet Doe"), (), ["ical.unknown_person", "ical.nobody"]),
        (shift("Hotline", "ATTENDEE;CN=Jane Doe:mailto:j@example.com", "ATTENDEE:mailto:BOB@example.com"), ("jane", "bob"), []),
        (shift("Hotline", "ATTENDEE:bob@example.com", "DESCRIPTION:Jane Doe"), ("bob",), []),
        (shift("", "DESCRIPTION:[L1] Jane Doe"), ("jane",), []),
        (shift(""), (), ["ical.nobody"]),
    ],
)  # fmt: skip
def test_a_table_says_who_is_meant(lines: list[str], expected: tuple[str, ...], told: list[str]) -> None:
    """Names and addresses are found in any case and inside longer texts; summary, attendees and description in this order."""
    roster = read(lines, people=TABLE)

    assert (expected, told) == (on("2026-03-02T09:00", roster), codes(roster))


def test_a_world_and_a_function_say_who_is_meant() -> None:
    """A world knows its people by id and name; a function is asked for the whole text, then for its parts."""
    world = World(people=[{"id": "u1", "name": "Ann Lee"}, {"id": "u2", "name": "Bob Ray"}])
    function = {"Ann Lee": "u1", "night crew": ("u1", "u2")}.get

    assert ("u1", "u2") == on("2026-03-02T09:00", read(shift("Ann Lee/u2"), people=world))
    assert ("u1",) == on("2026-03-02T09:00", read(shift("Ann Lee"), people=function))
    assert ("u1", "u2") == on("2026-03-02T09:00", read(shift("night crew"), people=function))
    assert ["ical.unknown_person"] == codes(read(shift("Ann Lee, Eve"), people=function))
    assert ("bob",) == on("2026-03-02T09:00", read(shift("Duty", "ATTENDEE:mailto:bob"), who="attendee"))
    assert ("ann",) == on("2026-03-02T09:00", read(shift("On-Call (GoAlert: Hotline)"), people=lambda _: "ann"))


@pytest.mark.parametrize(
    ("people", "message"),
    [
        (3, "people is a mapping"),
        ({"ann": 4}, "'ann' becomes 4"),
        ({"ann": [""]}, "which is no id"),
        (lambda _: 5, "becomes 5"),
    ],
)
def test_people_that_are_none_are_refused(people: Any, message: str) -> None:
    """A table that gives no ids is the caller's mistake, told as such."""
    with pytest.raises(InputError, match=message):
        read(shift("ann"), people=people)


def test_rules_exceptions_and_moved_events() -> None:
    """A weekly shift leaves out a date, has an extra one, and one of its times is somebody else's, at another hour."""
    weekly = ["UID:w", "DTSTART;TZID=Europe/Berlin:20260105T090000", "DTEND;TZID=Europe/Berlin:20260105T170000", "SUMMARY:ann"]
    rule = [
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TH",
        "EXDATE;TZID=Europe/Berlin:20260108T090000",
        "RDATE;TZID=Europe/Berlin:20260110T090000",
    ]
    moved = [
        "UID:w", "RECURRENCE-ID;TZID=Europe/Berlin:20260112T090000", "DTSTART;TZID=Europe/Berlin:20260112T120000",
        "DTEND;TZID=Europe/Berlin:20260112T130000", "SUMMARY:bob",
    ]  # fmt: skip
    roster = read([*weekly, *rule], moved, end=START + timedelta(days=16))

    assert [
        ("2026-01-05T08:00", "ann"), ("2026-01-10T08:00", "ann"), ("2026-01-12T11:00", "bob"), ("2026-01-15T08:00", "ann"),
    ] == [(f"{one.start:%Y-%m-%dT%H:%M}", one.users[0]) for one in roster.duties]  # fmt: skip


def test_a_shift_of_a_rule_keeps_its_wall_times_when_clocks_change() -> None:
    """Weeks from Monday nine to Monday nine follow each other without gap or overlap; two of them are an hour off."""
    events = [
        [f"DTSTART;TZID=Europe/Berlin:202603{day:02}T090000", f"DTEND;TZID=Europe/Berlin:202603{day + 7:02}T090000",
         f"SUMMARY:{name}", "RRULE:FREQ=WEEKLY;INTERVAL=2"]
        for day, name in ((2, "ann"), (9, "bob"))
    ]  # fmt: skip
    duties = read(*events).duties

    assert [False] * (len(duties) - 1) == [one.end != other.start for one, other in itertools.pairwise(duties)]
    assert {timedelta(days=7), timedelta(days=7, hours=-1), timedelta(days=7, hours=1)} == {d.end - d.start for d in duties}


@pytest.mark.parametrize(
    ("head", "zone", "start", "told"),
    [
        (["X-WR-TIMEZONE:Asia/Shanghai"], None, "2026-03-01T16:00", []),
        ([], "America/New_York", "2026-03-02T05:00", []),
        (["X-WR-TIMEZONE:Asia/Shanghai"], "America/New_York", "2026-03-02T05:00", []),
        ([], None, "2026-03-02T00:00", ["ical.zone_assumed"]),
        (["X-WR-TIMEZONE:Nowhere"], None, "2026-03-02T00:00", ["ical.zone_assumed"]),
    ],
)
@pytest.mark.parametrize(
    "lines",
    [
        ["DTSTART;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260304"],
        ["DTSTART:20260302T000000", "DTEND:20260304T000000"],
    ],
)
def test_whole_days_and_times_without_a_zone_are_those_of_the_calendar(
    head: list[str], zone: str | None, start: str, told: list[str], lines: list[str]
) -> None:
    """The zone asked for wins over the one the file names for itself; with neither it is UTC, with a note."""
    roster = read([*lines, "SUMMARY:ann"], head=head, zone=zone)
    begins = datetime.fromisoformat(start).replace(tzinfo=UTC)

    assert ([(begins, begins + timedelta(days=2))], told) == ([(one.start, one.end) for one in roster.duties], codes(roster))


def test_the_hour_shown_twice_is_exact() -> None:
    """Times in UTC are instants: a shift may begin and end in the hour that clocks show twice."""
    roster = read(shift("ann", start="20261025T003000Z", end="20261025T013000Z"), head=["X-WR-TIMEZONE:Europe/Berlin"])

    assert [(), ("ann",), ("ann",), ()] == [on(f"2026-10-25T{clock}", roster) for clock in ("00:29", "00:30", "01:29", "01:30")]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (shift("ann", "STATUS:CANCELLED"), []),
        (["DTSTART:20260302T080000Z", "SUMMARY:ann"], ["ical.left_out"]),
        (["DTSTART:20260302T080000Z", "DTEND:20260302T080000Z", "SUMMARY:ann"], ["ical.left_out"]),
        (["DTSTART:20260302T080000Z", "DTEND:20260302T070000Z", "SUMMARY:ann"], ["ical.unreadable"]),
        (["DTSTART:tomorrow", "DTEND:20260302T070000Z", "SUMMARY:ann"], ["ical.unreadable"]),
        (["DTSTART;TZID=Nowhere/Else:20260302T080000", "DURATION:PT1H", "SUMMARY:ann"], ["ical.unreadable"]),
        (shift("ann", "RRULE:FREQ=MINUTELY"), ["ical.left_out"]),
        (shift("ann", "RRULE:FREQ=HOURLY;BYHOUR=3"), ["ical.left_out"]),
        (shift("ann", "RRULE:FREQ=HOURLY;INTERVAL=0"), ["ical.unreadable"]),
        (shift("ann", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260302T080000Z"), ["ical.left_out"]),
        (["DTSTART;VALUE=DATE:19000101", "DTEND;VALUE=DATE:20290101", "SUMMARY:ann"], ["ical.unreadable"]),
    ],
)
def test_what_is_not_understood_is_a_note(lines: list[str], told: list[str]) -> None:
    """One event that cannot be read leaves the others as they are."""
    roster = read(lines, shift("bob", start="20260401T080000Z", end="20260401T160000Z"))

    assert (told, ["bob"]) == (codes(roster), list(roster.users))
    assert all(note.message("zh") != note.message("en") for note in roster.notes)


def test_levels_decide_where_shifts_overlap() -> None:
    """Of summaries with levels the highest with somebody counts; a person nobody knows leaves the level below on call."""
    low = shift("[L1] ann", start="20260302T000000Z", end="20260303T000000Z")
    high = shift("[L2] bob")
    table = {"ann": "ann", "bob": "bob"}

    assert [("ann",), ("bob",), ("ann",)] == [
        on(f"2026-03-02T{clock}", read(low, high)) for clock in ("07:00", "08:00", "16:00")
    ]
    assert ("ann",) == on("2026-03-02T09:00", read(low, shift("[L2] eve"), people=table))


YEKATERINBURG = ["UID:d", "DTSTART;TZID=Asia/Yekaterinburg:20210124T130000", "DTEND;TZID=Asia/Yekaterinburg:20210124T220000"]


def test_what_another_system_expects_of_its_feeds() -> None:
    """
    Facts from the tests of Grafana OnCall: a daily shift at 13:00 UTC+5, one day of it somebody else's, and a whole day.

    Within a day before and after 2021-01-27T15:27Z three daily shifts are met, the middle one Bob's, and Alex's whole day.
    """
    daily = [*YEKATERINBURG, "RRULE:FREQ=DAILY", "SUMMARY:@Bernard Desruisseaux"]
    edited = [
        "UID:d", "RECURRENCE-ID;TZID=Asia/Yekaterinburg:20210127T130000", "SUMMARY:@Bob",
        "DTSTART;TZID=Asia/Yekaterinburg:20210127T130000", "DTEND;TZID=Asia/Yekaterinburg:20210127T220000",
    ]  # fmt: skip
    whole = ["DTSTART;VALUE=DATE:20210127", "DTEND;VALUE=DATE:20210128", "SUMMARY:@Alex", "TRANSP:TRANSPARENT"]
    at = datetime(2021, 1, 27, 15, 27, tzinfo=UTC)
    span = {"start": at - timedelta(days=1), "end": at + timedelta(days=1), "head": ["X-WR-TIMEZONE:Asia/Yekaterinburg"]}

    plain, changed, days = (read(*events, **span) for events in ([daily], [edited, daily], [whole, edited, daily]))  # type: ignore[arg-type]  # options of several types
    assert ["Bernard Desruisseaux"] * 3 == [one.users[0] for one in plain.duties]
    assert ["Bernard Desruisseaux", "Bob", "Bernard Desruisseaux"] == [one.users[0] for one in changed.duties]
    assert [("Alex", "Bob"), ("Bob",)] == [days.on_call(at), changed.on_call(at)]


def test_a_file_of_another_kind_and_too_much_of_one_are_refused(tmp_path: Path) -> None:
    """What is no iCalendar, what goes on too long, a wrong place for names and a range that ends before it begins."""
    path = tmp_path / "feed.ics"
    path.write_text(ics(shift("ann")), "utf-8")

    assert ("feed.ics", ("ann",)) == ((roster := read_on_call(path, start=START, end=END)).name, roster.users)
    with pytest.raises(InputError, match="no iCalendar"):
        read_on_call("hello", start=START, end=END)
    with pytest.raises(InputError, match="more than 20,000 shifts"):
        read(*[shift("ann", "RRULE:FREQ=DAILY")] * 100)
    with pytest.raises(InputError, match=r"who: 'sumary'; did you mean 'summary'\?"):
        read(shift("ann"), who=["sumary"])
    with pytest.raises(InputError, match="ends before it begins"):
        read(shift("ann"), end=START)
    with pytest.raises(TimeError):
        read(shift("ann"), start=datetime(2026, 1, 1))
    with pytest.raises(TimeError):
        write_shifts(Roster([]), "ann", START, END, stamp=datetime(2026, 1, 1))
    with pytest.raises(InputError, match="answers on_call and next_change"):
        write_shifts(object(), "ann", START, END, stamp=STAMP)
    with pytest.raises(InputError, match="no fractions of a second"):
        write_shifts(Rotation(["ann"], START + timedelta(microseconds=1), "UTC"), "ann", START, END, stamp=STAMP)


@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "America/New_York"])
def test_shifts_are_written_and_read_back(zone: str | None) -> None:
    """Whatever the zone they are written in, also in the hour shown twice, the same shifts come back, and nothing is noted."""
    turns = Rotation(["ann", "bob"], "2026-01-05T01:30", "Europe/Berlin", "12 hours")
    autumn = datetime(2026, 10, 20, tzinfo=UTC), datetime(2026, 11, 5, tzinfo=UTC)
    text = write_shifts(turns, "bob", *autumn, stamp=STAMP, zone=zone, name="hotline")
    again = read_on_call(text, start=autumn[0], end=autumn[1], people={"Bob Ray": "bob"})

    assert ([one for one in turns.shifts(*autumn) if "bob" in one.users], ()) == (list(again.duties), again.notes)
    assert ("hotline" in text, "VTIMEZONE" in text) == (True, zone is not None)


def test_a_shift_keeps_its_uid() -> None:
    """Written again, for another stretch of time or in another zone, a shift has the UID it had; other schedules differ."""

    def uids(start: datetime, end: datetime, **options: Any) -> set[str]:
        turns = Rotation(["ann", "bob"], "2026-01-05", "Europe/Berlin", "1 day")
        text = write_shifts(turns, None, start, end, **{"stamp": STAMP, "name": "hotline", **options})
        return {line for line in text.splitlines() if line.startswith("UID")}

    week = uids(START, START + timedelta(days=7))
    assert 8 == len(week)
    month = START + timedelta(days=30)
    assert week < uids(START, month, stamp=END)
    assert week == uids(START, START + timedelta(days=7), zone="Europe/Berlin")
    assert not week & uids(START, month, name="other")


def test_a_feed_of_a_schedule_says_who_its_schedule_says() -> None:
    """Everybody's shifts of layers and overrides, written and read again, put the same people on call at every hour."""
    dice = random.Random(3)
    schedule = Schedule(
        [
            {"users": ["ann", "bob"], "start": "2026-03-23T09:00", "zone": "Europe/Berlin", "every": "1 day"},
            {"users": ["cy"], "start": "2026-03-23", "zone": "Asia/Shanghai", "windows": {"mon-fri": ["22:00-06:00"]}},
        ],
        [{"start": "2026-03-28T10:00Z", "end": "2026-03-29T10:00Z", "users": "zoe"}],
    )
    low, high = datetime(2026, 3, 25, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)
    again = read_on_call(write_shifts(schedule, None, low, high, stamp=STAMP, zone="Europe/Berlin"), start=low, end=high)

    asked = [low + dice.random() * (high - low) for _ in range(300)]
    assert [set(schedule.on_call(at)) for at in asked] == [set(again.on_call(at)) for at in asked]


def test_a_shift_is_one_event_whoever_comes_and_goes_beside() -> None:
    """A week beside people who change daily is one event, with the same UID whatever part of it is asked for."""
    schedule = Schedule(
        [
            {"users": ["ann", "bob"], "start": "2026-03-02T09:00", "zone": "UTC"},
            {"users": ["cy", "dan"], "start": "2026-03-02", "zone": "UTC", "every": "1 day"},
        ]
    )
    at = datetime(2026, 3, 4, 12, tzinfo=UTC)
    day, month = (write_shifts(schedule, "ann", at, at + days, stamp=STAMP) for days in (HOUR, timedelta(days=30)))

    assert ("DTSTART:20260302T090000Z" in day, "DTEND:20260309T090000Z" in day, 1) == (True, True, day.count("BEGIN:VEVENT"))
    assert {line for line in day.splitlines() if line.startswith("UID")} <= set(month.splitlines())


def test_levels_reach_whom_a_feed_puts_on_call() -> None:
    """A roster in a world answers for now, next and before, and the chains that ask it are checked like any other."""
    chain = {
        "name": "late",
        "start": {"age": "1h"},
        "late": "each",
        "levels": [
            {"name": "now", "do": [{"notify": {"to": {"on_call": "hotline"}, "template": "t"}}]},
            {"name": "next", "do": [{"notify": {"to": {"schedule": "hotline", "who": "next"}, "template": "t"}}]},
            {"name": "before", "do": [{"notify": {"to": {"schedule": "hotline", "who": "previous"}, "template": "t"}}]},
        ],
    }
    states = {"new": {}, "done": {"closed": True}}
    transitions = [{"event": "finish", "source": "new", "target": "done"}]
    workflow = load({"workflow": "w", "initial": "new", "states": states, "transitions": transitions, "escalations": [chain]})
    days = [
        shift(name, start=f"202603{day:02}T000000Z", end=f"202603{day + 1:02}T000000Z") for day, name in enumerate("abc", 1)
    ]
    world = World(schedules={"hotline": read(*days)}, people=[{"id": name} for name in "abc"])
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    opened = workflow.open("T1", {}, at=at, world=world)

    told = workflow.advance(opened.ticket, at=at + 2 * HOUR, world=world).effects
    assert ["b", "c", "a"] == [effect.to for effect in told if isinstance(effect, Notify)]
    assert "chain.schedule_gap" in {finding.code for finding in workflow.check(at=at, world=world)}


def test_turns_of_hours_pass_as_time_passes() -> None:
    """Shifts of twelve hours follow each other without gap also when clocks change, and only on the days that are named."""
    lines = [
        [
            f"DTSTART;TZID=Europe/Berlin:20260105T{hour:02}0000",
            "DURATION:PT12H",
            "RRULE:FREQ=HOURLY;INTERVAL=24",
            f"SUMMARY:{name}",
        ]
        for hour, name in ((8, "ann"), (20, "bob"))
    ]
    duties = read(*lines, start=datetime(2026, 3, 27, tzinfo=UTC), end=datetime(2026, 4, 1, tzinfo=UTC)).duties
    until = shift("bob", "RRULE:FREQ=HOURLY;UNTIL=20260302T090000Z")
    named = read(shift("ann", "RRULE:FREQ=HOURLY;INTERVAL=24;BYDAY=MO,WE;COUNT=4"), until)

    assert [True] * (len(duties) - 1) == [one.end == other.start for one, other in itertools.pairwise(duties)]
    assert {(7, "ann"), (19, "bob")} == {(one.start.hour, one.users[0]) for one in duties}
    found = [(one.start.day, one.users[0]) for one in named.duties]
    assert [(2, "ann"), (2, "bob"), (2, "bob"), (4, "ann"), (9, "ann"), (11, "ann")] == found


def test_one_time_of_a_rule_can_be_called_off() -> None:
    """A cancelled event that stands for one time of a rule takes that time away; the newest edition of an event counts."""
    daily = shift("ann", "UID:d", "RRULE:FREQ=DAILY;COUNT=3")
    off = shift(
        "ann", "UID:d", "RECURRENCE-ID:20260303T080000Z", "STATUS:CANCELLED", start="20260303T080000Z", end="20260303T160000Z"
    )
    newer = shift("bob", "UID:d", "RRULE:FREQ=DAILY;COUNT=3", "SEQUENCE:2")

    assert [(2, "ann"), (4, "ann")] == [(one.start.day, one.users[0]) for one in read(daily, off).duties]
    assert [(2, "bob"), (4, "bob")] == [(one.start.day, one.users[0]) for one in read(newer, daily, off).duties]
