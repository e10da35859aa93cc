"""Feeds as programs really write them: zones of their own, stray properties, folds inside characters, shared UIDs."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from servflow.errors import InputError
from servflow.escalation import Roster
from servflow.integrations.icalendar import read_ics, read_on_call
from servflow.model import World
from tests.requirements import require

START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)

# As Outlook writes a zone that somebody made; by its wall times it is that of Berlin.
CUSTOM = """BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE""".splitlines()
ZONES = {"custom": ";TZID=Customized Time Zone", "berlin": ";TZID=Europe/Berlin", "floating": ""}


@pytest.fixture(autouse=True)
def _package() -> None:
    require("ical")


def ics(*events: Iterable[str], head: Iterable[str] = ()) -> str:
    """A feed with these events, each a list of its lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "X-WR-TIMEZONE:Europe/Berlin", *head]
    for event in events:
        lines += ["BEGIN:VEVENT", *event, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def read(*events: Iterable[str], head: Iterable[str] = (), **options: Any) -> Roster:
    """The roster of a feed with these events."""
    return read_on_call(ics(*events, head=head), start=START, end=END, **options)


def starts(roster: Roster) -> list[str]:
    """When and whose the shifts are."""
    return [f"{one.start:%m-%d %H:%M} {' '.join(one.users)}" for one in roster.duties]


def shift(summary: str, *more: str) -> list[str]:
    """The lines of a shift on a Thursday."""
    return ["UID:1", "DTSTART:20260402T090000Z", "DTEND:20260402T170000Z", f"SUMMARY:{summary}", *more]


@pytest.mark.parametrize("zone", list(ZONES))
@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["RRULE:FREQ=WEEKLY;UNTIL=20260406T070000Z"], ["03-23 08:00 ann", "03-30 07:00 ann", "04-06 07:00 ann"]),
        (["RRULE:FREQ=WEEKLY;UNTIL=20260406T065959Z"], ["03-23 08:00 ann", "03-30 07:00 ann"]),
        (["RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE:20260330T070000Z"], ["03-23 08:00 ann", "04-06 07:00 ann"]),
        (["RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;TZID=Europe/London:20260330T080000"], ["03-23 08:00 ann", "04-06 07:00 ann"]),
        (["RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE:20260330T090000"], ["03-23 08:00 ann", "04-06 07:00 ann"]),
        (["RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;TZID=Nowhere:20260330T090000"], ["03-23 08:00 ann", "04-06 07:00 ann"]),
        (["RDATE:20260330T070000Z"], ["03-23 08:00 ann", "03-30 07:00 ann"]),
        (["RDATE:20260330T090000"], ["03-23 08:00 ann", "03-30 07:00 ann"]),
    ],
)
def test_times_of_one_event_may_be_written_in_several_zones(zone: str, lines: list[str], expected: list[str]) -> None:
    """The end of a rule, exceptions and extra times mean instants, whatever zone the event itself is written in."""
    event = ["UID:1", f"DTSTART{ZONES[zone]}:20260323T090000", f"DTEND{ZONES[zone]}:20260324T090000", "SUMMARY:ann", *lines]

    assert expected == starts(read(event, head=CUSTOM))


@pytest.mark.parametrize("zone", list(ZONES))
@pytest.mark.parametrize("again", ["RECURRENCE-ID:20260330T070000Z", "RECURRENCE-ID:20260330T090000"])
def test_a_moved_shift_is_not_there_twice(zone: str, again: str) -> None:
    """The event that stands for one time of a rule may name it in another zone than the rule."""
    event = ["UID:1", f"DTSTART{ZONES[zone]}:20260323T090000", f"DTEND{ZONES[zone]}:20260324T090000", "SUMMARY:ann"]
    moved = ["UID:1", again, "DTSTART:20260401T070000Z", "DTEND:20260402T070000Z", "SUMMARY:bob"]

    found = read([*event, "RRULE:FREQ=WEEKLY;COUNT=3"], moved, head=CUSTOM)
    assert ["03-23 08:00 ann", "04-01 07:00 bob", "04-06 07:00 ann"] == starts(found)


@pytest.mark.parametrize("zone", list(ZONES))
def test_hours_pass_as_time_passes_in_every_zone(zone: str) -> None:
    """Turns of twelve hours begin an hour later by the clock once it has gone forward."""
    event = ["UID:1", f"DTSTART{ZONES[zone]}:20260328T090000", f"DTEND{ZONES[zone]}:20260328T210000", "SUMMARY:ann"]

    found = read([*event, "RRULE:FREQ=HOURLY;INTERVAL=12;COUNT=4"], head=CUSTOM)
    assert ["03-28 08:00 ann", "03-28 20:00 ann", "03-29 08:00 ann", "03-29 20:00 ann"] == starts(found)


@pytest.mark.parametrize(
    "lines",
    [
        ["CREATED:00001231T000000Z"],
        ["DTSTAMP:"],
        ["GEO:"],
        ["PRIORITY:high"],
        ["SEQUENCE:first"],
        ["X-EXPIRES;VALUE=DATE-TIME:never"],
        ["SUMMARY;LANGUAGE=de:Bereitschaft"],
        ["BEGIN:VALARM", "TRIGGER:soon", "BEGIN:X-PART", "SUMMARY:bob", "END:X-PART", "END:VALARM"],
    ],
)
def test_what_nobody_asks_about_takes_no_shift_away(lines: list[str]) -> None:
    """A broken property that says neither when nor whose a shift is, reminders, and a second title change nothing."""
    roster = read(shift("ann", *lines))

    assert (["04-02 09:00 ann"], ()) == (starts(roster), roster.notes)


def test_a_rule_for_exceptions_is_told() -> None:
    """A rule that takes times away is of an old standard: its event is left out with a note rather than read without it."""
    roster = read(shift("ann", "RRULE:FREQ=DAILY;COUNT=3", "EXRULE:FREQ=DAILY;COUNT=2"))

    assert ([], ["EXRULE"]) == (starts(roster), [note.facts["why"] for note in roster.notes])


def test_events_that_share_a_uid_are_told() -> None:
    """Of two events with one UID the later counts; where neither is newer and they differ in time, the other is told."""
    other = ["UID:1", "DTSTART:20260403T090000Z", "DTEND:20260403T170000Z", "SUMMARY:bob"]

    assert ["ical.left_out"] == [note.code for note in read(shift("ann"), other).notes]
    assert [(), (), ()] == [
        read(shift("ann"), second).notes
        for second in ([*other, "SEQUENCE:1"], [*other, "STATUS:CANCELLED"], shift("ann", "DESCRIPTION:again"))
    ]
    days = [["UID:1", f"DTSTART;VALUE=DATE:2026050{day}", "SUMMARY:Closed"] for day in (1, 4)]
    holidays = read_ics(ics(*days), zone="Europe/Berlin", start=date(2026, 1, 1), end=date(2026, 12, 31))
    assert ["ical.left_out"] == [note.code for note in holidays.notes]


def test_whoever_declined_is_not_on_call() -> None:
    """An invitation that somebody declined is no shift of theirs, and rooms are nobody."""
    lines = [
        "ATTENDEE;PARTSTAT=DECLINED;CN=Ann:mailto:ann@example.org",
        "ATTENDEE;PARTSTAT=ACCEPTED;CN=Bob:mailto:bob@example.org",
        "ATTENDEE;CUTYPE=ROOM;CN=Room 7:mailto:room7@example.org",
    ]
    table = {"ann@example.org": "ann", "bob@example.org": "bob"}

    roster = read(shift("Hotline", *lines), people=table, who=["attendee"])
    assert (["04-02 09:00 bob"], ()) == (starts(roster), roster.notes)
    assert ["ical.nobody"] == [note.code for note in read(shift("Hotline", lines[0]), people=table, who=["attendee"]).notes]


def test_a_fold_inside_a_character() -> None:
    """Programs that fold after so many bytes cut characters in two; what is no UTF-8 with that mended is refused."""
    text = ics(shift("张伟")).encode()
    cut = text.index("伟".encode()) + 1

    folded = read_on_call(text[:cut] + b"\r\n " + text[cut:], start=START, end=END)
    assert ["04-02 09:00 张伟"] == starts(folded)
    with pytest.raises(InputError, match="UTF-8"):
        read_on_call(ics(shift("Jürgen")).encode("latin-1"), start=START, end=END)


def test_a_file_without_a_calendar_is_refused() -> None:
    """Parts that nobody asks about make no calendar on their own."""
    with pytest.raises(InputError, match="begins with BEGIN:VCALENDAR"):
        read_on_call("BEGIN:VTODO\nUID:1\nEND:VTODO\n", start=START, end=END)
    with pytest.raises(InputError, match="no iCalendar"):
        read_on_call("BEGIN;X=1:VCALENDAR\nEND;X=1:VCALENDAR\n", start=START, end=END)


def test_a_missing_package_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lacks the package is told how to install it, and nothing of their file."""
    monkeypatch.setitem(sys.modules, "icalendar", None)
    with pytest.raises(InputError) as told:
        read(shift("ann"))

    expected = ("the package icalendar is not installed; pip install 'servflow[ical]'", "integrations.missing")
    assert expected == (told.value.message, told.value.code)


@pytest.mark.parametrize(
    ("people", "expected", "told"),
    [
        (None, ("ann", "root"), []),
        ({"Ann Lee": "ann"}, ("ann",), ["root"]),
        ({"ann": "a1", "root": ["r1", "r2"]}, ("a1", "r1", "r2"), []),
        (World(people=[{"id": "ann"}]), ("ann",), ["root"]),
        ({"ann": "ann"}.get, ("ann",), ["root"]),
        ({}, (), ["ann", "root"]),
    ],
)
def test_ids_in_a_feed_are_believed_where_they_are_known(people: Any, expected: tuple[str, ...], told: list[str]) -> None:
    """A feed may carry ids as this library writes them; whom nobody knows it does not put on call."""
    roster = read(shift("Hotline", "X-SERVFLOW-USER:ann", "X-SERVFLOW-USER:root"), people=people)

    assert expected == roster.users
    assert told == [note.facts["name"].strip("'") for note in roster.notes if note.code == "ical.unknown_person"]


def test_a_name_that_two_people_have_means_neither() -> None:
    """Nobody is put on call by a guess; ids count before names, and the note asks for the name to be explained."""
    world = World(people=[{"id": "zw1", "name": "张伟"}, {"id": "zw2", "name": "张伟"}, {"id": "li", "name": "zw1"}])

    assert ((), ["ical.unknown_person", "ical.nobody"]) == (
        (roster := read(shift("张伟"), people=world)).users,
        [note.code for note in roster.notes],
    )
    assert [("zw1",), ("li",)] == [read(shift(text), people=world).users for text in ("zw1", "li")]


@pytest.mark.parametrize("line", ["DTSTART:16010101", "TZOFFSETTO:+2400", "TZOFFSETTO:east", "RRULE:FREQ=NEVER", "RDATE:then"])
def test_a_broken_zone_spoils_only_its_own_shifts(line: str) -> None:
    """Whoever stands in a zone that cannot be read is noted; all others are on call."""
    name = line.partition(":")[0]
    broken = [line if each.startswith(name) else each for each in CUSTOM] + ["a line that is none"]
    if not any(each.startswith(name) for each in CUSTOM):
        broken.insert(broken.index("BEGIN:STANDARD") + 1, line)
    event = ["UID:2", "DTSTART;TZID=Customized Time Zone:20260401T090000", "DURATION:PT8H", "SUMMARY:bob"]

    roster = read(shift("ann"), event, head=broken)
    assert (["04-02 09:00 ann"], ["ical.unreadable"]) == (starts(roster), [note.code for note in roster.notes])


def test_many_levels_are_worked_out_at_once() -> None:
    """A lower level is cut by each of the thousands of stretches of the one above it, in time that grows with their number."""
    rule = "RRULE:FREQ=HOURLY;INTERVAL=2;COUNT=1000"
    low = ["UID:1", "DTSTART:20260301T000000Z", "DURATION:PT2H", "SUMMARY:[L1] ann", rule]
    high = ["UID:2", "DTSTART:20260301T003000Z", "DURATION:PT1H", "SUMMARY:[L2] bob", rule]
    roster = read(low, high)

    assert (3000, [("ann",), ("bob",), ("ann",)]) == (
        len(roster.duties),
        [roster.on_call(datetime(2026, 4, 1, 2, minute, tzinfo=UTC)) for minute in (29, 30)]
        + [roster.on_call(datetime(2026, 4, 1, 3, 30, tzinfo=UTC))],
    )
