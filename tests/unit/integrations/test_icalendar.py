"""iCalendar files: what their events come to, what is refused, and what is written."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from servflow.calendars import Calendar, HolidayList, Proposal, any_of
from servflow.calendars._recurrence import Budget, Rule
from servflow.errors import InputError, ServflowError, TimeError
from servflow.integrations.icalendar import MAX_LENGTH, propose, read_ics, write_ics
from tests.requirements import require

START, END = date(2026, 1, 1), date(2026, 12, 31)
STAMP = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _package() -> None:
    require("ical")


def ics(*events: Iterable[str], head: Iterable[str] = ()) -> str:
    """A file with these events, each a list of its lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", *head]
    for number, event in enumerate(events):
        given = list(event)
        uid = [] if any(line.startswith("UID") for line in given) else [f"UID:{number}"]
        lines += ["BEGIN:VEVENT", *uid, *given, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def read(*events: Iterable[str], zone: str = "Asia/Shanghai", head: Iterable[str] = (), **options: Any) -> HolidayList:
    """The list of a file with these events, in 2026."""
    return read_ics(ics(*events, head=head), zone=zone, **{"start": START, "end": END, **options})


def dates(listed: HolidayList) -> list[str]:
    """The holidays' dates."""
    return [item.date for item in listed.holidays]


def test_whole_days_are_holidays_and_end_before_their_end() -> None:
    """DTEND is the first day after; without it, or with a DURATION, the event has that many days."""
    listed = read(
        ["DTSTART;VALUE=DATE:20261001", "DTEND;VALUE=DATE:20261003", "SUMMARY:National Day"],
        ["DTSTART;VALUE=DATE:20261224"],
        ["DTSTART;VALUE=DATE:20260601", "DURATION:P2D"],
        head=["X-WR-CALNAME:Feed"],
    )

    assert ["2026-06-01", "2026-06-02", "2026-10-01", "2026-10-02", "2026-12-24"] == dates(listed)
    assert ("National Day", "Feed") == (listed.holidays[2].name, listed.holidays[2].source)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["DTSTART:20260105T093000", "DTEND:20260105T100000"], {"2026-01-05": ("09:30-10:00",)}),
        (["DTSTART:20260105T013000Z", "DURATION:PT30M"], {"2026-01-05": ("09:30-10:00",)}),
        (["DTSTART;TZID=Europe/Berlin:20260105T230000", "DURATION:PT1H"], {"2026-01-06": ("06:00-07:00",)}),
        (["DTSTART:20260105T220000", "DTEND:20260106T060000"], {"2026-01-05": ("22:00-06:00",)}),
        (["DTSTART:20260105T140000", "DTEND:20260106T000000"], {"2026-01-05": ("14:00-24:00",)}),
        (
            ["DTSTART:20260105T140000", "DTEND:20260107T100000"],
            {"2026-01-05": ("14:00-24:00",), "2026-01-06": ("00:00-24:00",), "2026-01-07": ("00:00-10:00",)},
        ),
    ],
)  # fmt: skip
def test_hours_are_breaks_in_the_zone_of_the_calendar(lines: list[str], expected: dict[str, tuple[str, ...]]) -> None:
    """Floating times are local, UTC and other zones are converted, nights are one window, longer ones are cut at midnight."""
    assert expected == dict(read(lines).breaks)


OUTLOOK = [
    "BEGIN:VTIMEZONE", "TZID:/vendor.example/Europe/Berlin",
    "BEGIN:STANDARD", "DTSTART:16011028T030000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
    "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "END:STANDARD",
    "BEGIN:DAYLIGHT", "DTSTART:16010325T020000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
    "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "END:DAYLIGHT", "END:VTIMEZONE",
]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["DTSTART;VALUE=DATE:20260501", "DTEND;VALUE=DATE:20260501"], ["2026-05-01"]),
        (
            ["X-MICROSOFT-CDO-ALLDAYEVENT:TRUE", "DTSTART;TZID=Europe/Berlin:20260501T000000",
             "DTEND;TZID=Europe/Berlin:20260503T000000"],
            ["2026-05-01", "2026-05-02"],
        ),
        (
            ["X-MICROSOFT-CDO-ALLDAYEVENT:TRUE", "DTSTART;TZID=America/New_York:20260501T000000",
             "DTEND;TZID=America/New_York:20260502T000000", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20260502"],
            ["2026-05-01", "2026-05-03"],
        ),
        (["DTSTART;VALUE=DATE:20260501", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260502T000000"], ["2026-05-01", "2026-05-03"]),
    ],
)  # fmt: skip
def test_whole_days_as_programs_write_them(lines: list[str], expected: list[str]) -> None:
    """The last day as the end of a single day, midnights that are said to be whole days, dates taken out as times."""
    assert expected == dates(read(lines))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            ["DTSTART:20260327T200000Z", "DTEND:20260328T020000Z", "RRULE:FREQ=DAILY;COUNT=3"],
            {"2026-03-27": ("21:00-03:00",), "2026-03-28": ("21:00-04:00",), "2026-03-29": ("22:00-04:00",)},
        ),
        (
            ["DTSTART:20261025T003000Z", "DTEND:20261025T013000Z", "RRULE:FREQ=WEEKLY;COUNT=2"],
            {"2026-11-01": ("01:30-02:30",)},
        ),
        (
            ["DTSTART:20260105T090000", "DTEND:20260105T100000", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20260106"],
            {"2026-01-05": ("09:00-10:00",), "2026-01-07": ("09:00-10:00",)},
        ),
        (
            ["DTSTART;TZID=/vendor.example/Europe/Berlin:20260601T090000", "DURATION:PT1H"],
            {"2026-06-01": ("09:00-10:00",)},
        ),
    ],
)  # fmt: skip
def test_each_instance_has_its_own_hours(lines: list[str], expected: dict[str, tuple[str, ...]]) -> None:
    """An instance ends where its own zone says, also where the calendar's clocks change in between."""
    assert expected == dict(read(lines, zone="Europe/Berlin", head=OUTLOOK).breaks)


def test_events_without_length_are_noted() -> None:
    """A reminder, and the hour that clocks show twice, have no window: they are left out by name, the rest is read."""
    listed = read(
        ["SUMMARY:Reminder", "DTSTART:20260105T100000", "DTEND:20260105T100000"],
        ["SUMMARY:Twice", "DTSTART:20261025T003000Z", "DTEND:20261025T013000Z"],
        ["DTSTART;VALUE=DATE:20260501"],
        zone="Europe/Berlin",
    )

    assert ["2026-05-01"] == dates(listed)
    assert [("ical.left_out", "'Reminder'"), ("ical.left_out", "'Twice'")] == [
        (note.code, note.facts["event"]) for note in listed.notes
    ]


def test_a_file_without_a_name_takes_nothing_of_another_back(tmp_path: Path) -> None:
    """Its dates come from the file by its name: another file leaves them, a newer one of that name does not."""
    calendar = Calendar("Asia/Shanghai", {"mon-fri": ["09:00-18:00"]})
    for name, day in (("bank.ics", "0501"), ("team.ics", "0504"), ("bank.ics", "0505")):
        (tmp_path / name).write_text(ics([f"DTSTART;VALUE=DATE:2026{day}"]), "utf-8")
        calendar = propose(calendar, tmp_path / name, start=START, end=END).proposed

    assert [("2026-05-04", "team.ics"), ("2026-05-05", "bank.ics")] == [(item.date, item.source) for item in calendar.holidays]


def test_nights_that_overlap_for_longer_than_a_day_are_cut_at_midnight() -> None:
    """No window is longer than 24 hours: what overlaps is joined, and what is too long goes on on the next date."""
    listed = read(
        ["DTSTART:20260106T080000", "DTEND:20260106T200000"],
        ["DTSTART:20260106T190000", "DTEND:20260107T180000"],
        ["DTSTART:20260107T170000", "DTEND:20260107T190000"],
    )

    assert {"2026-01-06": ("08:00-24:00",), "2026-01-07": ("00:00-19:00",)} == dict(listed.breaks)


def test_what_an_event_is() -> None:
    """Categories, what nobody is busy with, cancelled events, words of the caller and of Apple each have their rule."""
    hours = ["DTSTART:20260105T090000", "DTEND:20260105T170000"]
    day = ["DTSTART;VALUE=DATE:20260105"]

    assert {"2026-01-05": ("09:00-17:00",)} == dict(read([*hours, "CATEGORIES:Shift,x"]).shifts)
    assert ("2026-01-05",) == read([*day, "CATEGORIES:WORKDAY"]).workdays
    assert ("2026-01-05",) == read([*day, "SUMMARY:春节 补班"], kinds={"补班": "workday"}).workdays
    assert [] == dates(read([*day, "STATUS:CANCELLED"]))
    assert [] == dates(read(day, head=["METHOD:CANCEL"]))
    assert [] == dates(read([*day, "DESCRIPTION:Observance"], kinds={"observance": "skip"}))
    free = read([*hours, "TRANSP:TRANSPARENT"])
    assert ((), ["ical.free"]) == (free.breaks, [note.code for note in free.notes])


def test_a_file_that_marks_its_days_off_has_no_others() -> None:
    """Where Apple's marks stand, unmarked days are festivals on which people work."""
    listed = read(
        ["DTSTART;VALUE=DATE:20261001", "X-APPLE-SPECIAL-DAY:WORK-HOLIDAY"],
        ["DTSTART;VALUE=DATE:20261010", "X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY"],
        ["DTSTART;VALUE=DATE:20260214", "SUMMARY:情人节"],
    )

    assert (["2026-10-01"], ("2026-10-10",)) == (dates(listed), listed.workdays)
    assert ["ical.festival"] == [note.code for note in listed.notes]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["DTSTART;VALUE=DATE:20200501", "RRULE:FREQ=YEARLY"], ["05-01"]),
        (["DTSTART;VALUE=DATE:20200229", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"], ["02-29"]),
        (["DTSTART;VALUE=DATE:20201225", "DTEND;VALUE=DATE:20201227", "RRULE:FREQ=YEARLY"], ["12-25", "12-26"]),
        (["DTSTART;VALUE=DATE:20260501", "RRULE:FREQ=YEARLY"], ["05-01"]),
        (["DTSTART;VALUE=DATE:20270501", "RRULE:FREQ=YEARLY"], []),
        (["DTSTART;VALUE=DATE:20200501", "RRULE:FREQ=YEARLY;UNTIL=20260501"], ["2026-05-01"]),
        (["DTSTART;VALUE=DATE:20200501", "RRULE:FREQ=YEARLY;COUNT=3"], []),
        (["DTSTART;VALUE=DATE:20200501", "RRULE:FREQ=YEARLY", "EXDATE;VALUE=DATE:20260501"], []),
        (["DTSTART;VALUE=DATE:20201126", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"], ["2026-11-26"]),
        (["DTSTART;VALUE=DATE:20260105", "RDATE;VALUE=DATE:20260107,20260109"], ["2026-01-05", "2026-01-07", "2026-01-09"]),
        (["DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=WEEKLY;COUNT=2"], ["2026-01-05", "2026-01-12"]),
    ],
)
def test_rules_and_single_dates(lines: list[str], expected: list[str]) -> None:
    """A date of every year is a yearly date where it holds for the whole range; anything else is worked out."""
    assert expected == dates(read(lines))


def test_one_of_many_that_was_moved_or_called_off() -> None:
    """An instance with its own event is where that says, and one that was cancelled is not."""
    master = ["UID:a", "DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=DAILY;COUNT=3"]
    moved = ["UID:a", "RECURRENCE-ID;VALUE=DATE:20260106", "DTSTART;VALUE=DATE:20260201"]
    off = ["UID:a", "RECURRENCE-ID;VALUE=DATE:20260107", "DTSTART;VALUE=DATE:20260107", "STATUS:CANCELLED"]

    assert ["2026-01-05", "2026-02-01"] == dates(read(master, moved, off))


def test_the_later_edition_of_an_event_counts() -> None:
    """Of two events with one UID the one with the higher SEQUENCE is read."""
    old, new = (["UID:a", f"SEQUENCE:{number}", f"DTSTART;VALUE=DATE:2026010{number}"] for number in (1, 2))

    assert ["2026-01-02"] == dates(read(new, old))


def test_a_zone_that_only_the_file_describes() -> None:
    """Its offsets are those of the description, with its rules; a zone nobody describes is refused."""
    zone = [
        *(
            "BEGIN:VTIMEZONE",
            "TZID:Here",
            "BEGIN:STANDARD",
            "DTSTART:19701025T030000",
            "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        ),
        *("TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "END:STANDARD", "BEGIN:DAYLIGHT", "DTSTART:19700329T020000"),
        *("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "END:DAYLIGHT", "END:VTIMEZONE"),
    ]
    winter, summer = ([f"DTSTART;TZID=Here:2026{month}05T120000", "DURATION:PT1H"] for month in ("01", "07"))

    assert {"2026-01-05": ("11:00-12:00",), "2026-07-05": ("10:00-11:00",)} == dict(
        read(winter, summer, zone="UTC", head=zone).breaks
    )
    with pytest.raises(InputError, match="zone 'Here' is neither in the tz database nor described"):
        read(winter)


def test_a_proposal_is_reviewed_before_anything_changes() -> None:
    """The calendar is as before; own entries win; dates out of the range are noted."""
    office = Calendar("Asia/Shanghai", {"mon-fri": ["09:00-18:00"]}, shifts={"2026-01-05": ["10:00-12:00"]})
    text = ics(
        ["DTSTART;VALUE=DATE:20261001", "SUMMARY:x"],
        ["DTSTART;VALUE=DATE:20281001"],
        ["DTSTART:20260105T090000", "DTEND:20260105T170000", "CATEGORIES:SHIFT"],
    )
    proposal = propose(office, text, start=START, end=END)

    assert isinstance(proposal, Proposal)
    assert "2026-10-01 Thu  09:00-18:00 -> closed  -9h  x" == proposal.text().splitlines()[0]
    assert ["ical.outside", "calendar.own_kept"] == [note.code for note in proposal.notes]
    assert () == office.holidays
    with pytest.raises(InputError, match="choose one of its parts"):
        propose(any_of(office, office), text, start=START, end=END)  # type: ignore[arg-type]  # what a careless host passes


def test_what_is_valid_and_not_read_is_noted() -> None:
    """A rule by week numbers or by hours is left out by name, and the rest is read."""
    listed = read(
        ["DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=YEARLY;BYWEEKNO=20", "SUMMARY:odd"],
        ["DTSTART:20260105T090000", "DURATION:PT1H", "RRULE:FREQ=SECONDLY"],
        ["DTSTART;VALUE=DATE:20260106"],
    )

    assert ["2026-01-06"] == dates(listed)
    assert ["'odd' is left out: BYWEEKNO is not read", "'1' is left out: FREQ=SECONDLY is not read"] == [
        note.message() for note in listed.notes
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "ical.text"),
        ("hello", "ical.text"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "ical.text"),
        ("END:VCALENDAR\r\n", "ical.too_large"),
        ("BEGIN:VEVENT\r\nEND:VEVENT\r\n", "ical.text"),
        ("BEGIN:VCALENDAR\r\n" * 9 + "END:VCALENDAR\r\n" * 9, "ical.too_large"),
        ("x" * (MAX_LENGTH + 1), "ical.too_large"),
        (b"BEGIN:VCALENDAR\r\nX:\xff\r\nEND:VCALENDAR\r\n", "ical.encoding"),
        (3, "ical.source"),
        (ics(["DTSTART:yesterday"]), "ical.event"),
        (ics(["DTSTART;VALUE=DATE:20260105", "RECURRENCE-ID:now"]), "ical.event"),
        (ics(["SUMMARY:no start"]), "ical.event"),
        (ics(["DTSTART;VALUE=DATE:20260105", "DTEND;VALUE=DATE:20260104"]), "ical.event"),
        (ics(["DTSTART;VALUE=DATE:20260105", "DTEND:20260106T000000Z"]), "ical.event"),
        (ics(["DTSTART;VALUE=DATE:20260105", "DTEND;VALUE=DATE:99990105"]), "ical.event"),
        (ics(["DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=DAILY;INTERVAL=0"]), "ical.event"),
        (ics(["DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=WEEKLY;BYDAY=XX"]), "ical.event"),
        (ics(["DTSTART;VALUE=DATE:00010101", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5"]), "ical.too_much"),
        (ics(*[["DTSTART;VALUE=DATE:20260101", "DTEND;VALUE=DATE:20270101", "RRULE:FREQ=DAILY"]] * 3), "ical.too_much"),
    ],
)  # fmt: skip
def test_what_is_no_calendar_or_has_no_end_is_refused(text: Any, code: str) -> None:
    """Broken, huge and endless files are refused with their facts, after a bounded amount of work."""
    with pytest.raises(InputError) as told:
        read_ics(text, zone="UTC", start=START, end=END)

    assert code == told.value.code


@pytest.mark.parametrize(
    "options", [{"start": END, "end": START}, {"end": date(2300, 1, 1)}, {"kinds": {"x": "holliday"}}, {"zone": "Nowhere"}]
)
def test_what_is_asked_wrongly_is_refused(options: dict[str, Any]) -> None:
    """A range that ends before it begins, or is too long, an unknown kind or zone."""
    with pytest.raises(ServflowError):
        read(["DTSTART;VALUE=DATE:20260105"], **options)


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    """Folded lines, a byte order mark and plain line ends are understood."""
    path = tmp_path / "days.ics"
    path.write_bytes(
        b"\xef\xbb\xbf" + ics(["DTSTART;VALUE=DATE:2026", " 0105", "SUMMARY:a\\, b"]).replace("\r\n", "\n").encode()
    )

    assert ["a, b"] == [item.name for item in read_ics(str(path), zone="UTC", start=START, end=END).holidays]


def calendars(seed: int) -> Calendar:
    """A calendar with all that is written: yearly and single holidays, closed dates, nights, whole days, breaks."""
    draw = random.Random(seed)
    zone = draw.choice(["UTC", "Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca"])
    days = [(date(2026, 1, 1) + timedelta(days=number)).isoformat() for number in draw.sample(range(365), 30)]
    windows = [
        ["09:00-12:00", "13:00-18:30"],
        ["22:00-06:00"],
        ["00:00-24:00"],
        ["09:00-09:00"],
        ["02:15-02:45:30"],
        ["20:00-24:00"],
    ]
    holidays = [{"date": day, "name": draw.choice(["Neujahr", 'a "b", c; d', "元旦"])} for day in days[:8]]
    return Calendar(
        zone,
        {"mon-fri": ["09:00-17:00"]},
        holidays=[*holidays, days[8], "02-29", {"date": "05-01", "name": "May", "source": "law"}],
        shifts={day: draw.choice([*windows, []]) for day in days[10:20]},
        breaks={day: draw.choice(windows) for day in days[18:28]},
        known_until="2026-12-31",
        name="office",
    )


@pytest.mark.parametrize("seed", range(6))
def test_what_is_written_reads_back(seed: int) -> None:
    """import(export(c)) has the holidays, shifts and breaks of c, names too; laid over c itself it changes nothing."""
    calendar = calendars(seed)
    text = write_ics(calendar, stamp=STAMP, open_hours=seed == 0, start=START, end=END)
    bare = Calendar(calendar.zone, calendar.week, name=calendar.name)
    back = propose(bare, text, start=START, end=END)

    assert calendar == back.proposed
    assert [(item.date, item.name) for item in calendar.holidays] == [(item.date, item.name) for item in back.proposed.holidays]
    assert () == propose(calendar, text, start=START, end=END).changes
    assert text == write_ics(calendar, stamp=STAMP, open_hours=seed == 0, start=START, end=END)


def test_what_is_written_describes_its_zone() -> None:
    """A program that does not know the zone by name finds each change of its offset, at the wall time before the change."""
    shop = Calendar("Europe/Berlin", {"mon": ["09:00-17:00"]}, shifts={"2026-07-01": ["09:00-12:00"]})
    text = write_ics(shop, stamp=STAMP)

    assert "BEGIN:DAYLIGHT\r\nDTSTART:20250330T020000\r\nRDATE:20260329T020000,20270328T020000" in text
    assert {"2026-07-01": ("07:00-10:00",)} == dict(
        read_ics(text.replace("Europe/Berlin", "Elsewhere"), zone="UTC", start=START, end=END).shifts
    )


def test_ids_are_the_same_whenever_it_is_written() -> None:
    """Another stamp and another entry leave the UIDs of the rest alone."""
    week = {"mon": ["09:00-17:00"]}
    one = write_ics(Calendar("UTC", week, holidays=["2026-05-01"]), stamp=STAMP)
    two = write_ics(Calendar("UTC", week, holidays=["2026-01-01", "2026-05-01"]), stamp=STAMP + timedelta(days=1))
    uids = [{line for line in text.splitlines() if line.startswith("UID:")} for text in (one, two)]

    assert (1, 2, True) == (len(uids[0]), len(uids[1]), uids[0] < uids[1])
    assert "DTSTAMP:20260101T000000Z" in one


def test_what_cannot_be_written_is_refused() -> None:
    """A naive stamp, a combination without open hours, open hours without dates."""
    shop = Calendar("UTC", {"mon": ["09:00-17:00"]})
    with pytest.raises(TimeError):
        write_ics(shop, stamp=datetime(2026, 1, 1))
    with pytest.raises(InputError, match="open_hours=True"):
        write_ics(any_of(shop, shop), stamp=STAMP)
    with pytest.raises(InputError, match="say both"):
        write_ics(shop, stamp=STAMP, open_hours=True)

    assert 4 == write_ics(any_of(shop, shop), stamp=STAMP, open_hours=True, start=START, end=date(2026, 1, 28)).count(
        "BEGIN:VEVENT"
    )


RULES = (
    "FREQ=DAILY;INTERVAL=3",
    "FREQ=DAILY;BYMONTH=2,7;BYDAY=MO,TU",
    "FREQ=DAILY;BYMONTHDAY=1,-1",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO",
    "FREQ=MONTHLY",
    "FREQ=MONTHLY;BYMONTHDAY=31,-2",
    "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
    "FREQ=MONTHLY;BYDAY=-1FR,2MO",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=MONTHLY;INTERVAL=18;BYMONTHDAY=10,11",
    "FREQ=YEARLY;BYMONTH=1,6",
    "FREQ=YEARLY;BYDAY=20MO",
    "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
    "FREQ=YEARLY;BYYEARDAY=1,100,-1,366",
    "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYMONTHDAY=2,3,4,5,6,7,8;BYDAY=TU",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
)


@pytest.mark.parametrize("text", RULES)
def test_rules_fall_where_another_implementation_says(text: str) -> None:
    """The dates of a rule are those of dateutil, with the first date as one of them, for several first dates."""
    rules = pytest.importorskip("dateutil.rrule")
    parts = {key: value.split(",") for key, value in (part.split("=") for part in text.split(";"))}
    low, high = date(2025, 1, 1), date(2029, 12, 31)
    for first in (date(2024, 2, 29), date(2023, 1, 31), date(2025, 6, 15)):
        begin = datetime(first.year, first.month, first.day)
        made = rules.rrulestr(f"RRULE:{text}", dtstart=begin).between(begin, datetime(2029, 12, 31), inc=True)
        expected = sorted({day for day in [first, *(one.date() for one in made)] if low <= day <= high})

        assert expected == list(Rule.of(parts).dates(first, low, high, Budget()))
