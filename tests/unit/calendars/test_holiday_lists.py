"""Lists of holidays: what they hold, what they would change, and what a definition that names one becomes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import servflow
from servflow.calendars import Calendar, Change, HolidayList, Proposal, all_of, any_of, diff, minus
from servflow.engine import Extensions
from servflow.errors import DefinitionError, InputError

HOURS = ["09:00-12:00", "13:00-18:00"]
WEEK = {"mon-fri": HOURS}
OFFICE = Calendar("Asia/Shanghai", WEEK)
CHINA = HolidayList(
    [{"date": "2026-10-01", "name": "国庆节"}, "2026-10-02"],
    known_until="2026-12-31",
    source="notice",
    workdays=["2026-10-10"],
    covers=["2026-01-01", "2026-12-31"],
)


def definition(calendar: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A small definition with one calendar."""
    return {
        "servflow": 1,
        "workflow": "small",
        "calendars": {"office": {"zone": "Asia/Shanghai", "week": WEEK, **calendar}},
        "initial": "new",
        "states": {"new": {}, "closed": {"closed": True}},
        "transitions": [{"event": "close", "source": "new", "target": "closed"}],
        **more,
    }


def codes(error: DefinitionError) -> list[tuple[str, str]]:
    """The codes and places of an error."""
    return [(found.code, found.path) for found in error.findings]


def test_a_list_reads_back_from_its_data() -> None:
    """What to_data writes reads back equal, sources included."""
    assert HolidayList.from_data(CHINA.to_data()) == CHINA
    assert ["notice", "notice"] == [item.source for item in CHINA.holidays]


def test_a_list_tells_every_problem_at_once() -> None:
    """Wrong parts are found together, each at its place."""
    with pytest.raises(DefinitionError) as told:
        HolidayList(["x"], {"2026-01-01": ["9"]}, "soon", workdays=["y"], covers=["2026-01-01", "2026-01-02", "2026-01-03"])

    assert [
        ("calendar.holiday", "holidays[0]"),
        ("calendar.window", "shifts.2026-01-01[0]"),
        ("calendar.date", "known_until"),
        ("calendar.date", "workdays[0]"),
    ] == codes(told.value)
    with pytest.raises(DefinitionError, match="'holliday' is not a part"):
        HolidayList.from_data({"holliday": []})


def test_a_proposal_changes_nothing_by_itself() -> None:
    """The calendar stays as it is; what it would become is beside it, with every change and the hours won and lost."""
    proposal = Proposal.of(OFFICE, CHINA)

    assert Calendar("Asia/Shanghai", WEEK) == proposal.current
    assert (
        Change("known_until", after=("2026-12-31",)),
        Change("date", "2026-10-01", tuple(HOURS), (), None, "国庆节", timedelta(hours=-8)),
        Change("date", "2026-10-02", tuple(HOURS), (), None, None, timedelta(hours=-8)),
        Change("date", "2026-10-10", (), tuple(HOURS), None, None, timedelta(hours=8)),
    ) == proposal.changes
    assert timedelta(hours=-8) == proposal.gained
    assert not OFFICE.is_open(datetime(2026, 10, 10, 2, tzinfo=UTC))
    assert proposal.proposed.is_open(datetime(2026, 10, 10, 2, tzinfo=UTC))


def test_a_proposal_is_read_by_people() -> None:
    """Each change is one line in either language."""
    proposal = Proposal.of(OFFICE, CHINA)

    assert (
        "known until  - -> 2026-12-31\n"
        "2026-10-01 Thu  09:00-12:00, 13:00-18:00 -> closed  -8h  国庆节\n"
        "2026-10-02 Fri  09:00-12:00, 13:00-18:00 -> closed  -8h\n"
        "2026-10-10 Sat  closed -> 09:00-12:00, 13:00-18:00  +8h\n"
        "4 changes, -8h in sum"
    ) == proposal.text()
    assert "2026-10-10 周六  不开放 -> 09:00-12:00, 13:00-18:00  +8h" == proposal.text("zh").splitlines()[3]
    assert Calendar(**proposal.to_data()["proposed"]) == proposal.proposed


def test_a_name_cannot_forge_what_is_reviewed() -> None:
    """A change is one line of plain signs, whatever a stranger's file calls a date; the data has the name as it is."""
    name = "Party\n2026-10-09 Fri  closed -> open\x1b[2K\u202e\u2028x"
    proposal = Proposal.of(OFFICE, HolidayList([{"date": "2026-10-01", "name": name}], source="feed"))

    assert 2 == len(proposal.text().splitlines())
    assert "1 change, -8h in sum" == proposal.text().splitlines()[-1]
    assert proposal.changes[0].text().endswith("-8h  Party 2026-10-09 Fri  closed -> open [2K  x")
    assert name == proposal.to_data()["changes"][0]["new_name"]


def test_the_same_list_twice_changes_nothing() -> None:
    """Laying a list over a calendar that has it already proposes nothing."""
    once = Proposal.of(OFFICE, CHINA).proposed

    assert () == Proposal.of(once, CHINA).changes
    assert "Nothing would change." == Proposal.of(once, CHINA).text()


def test_a_newer_list_of_the_same_source_takes_the_old_holidays_back() -> None:
    """A holiday that came from the source and is no longer in it goes; those of the calendar's own stay."""
    own = Calendar("Asia/Shanghai", WEEK, holidays=["2026-10-05"])
    once = Proposal.of(own, CHINA).proposed
    newer = HolidayList(["2026-10-01"], source="notice", workdays=["2026-10-10"], covers=["2026-01-01", "2026-12-31"])

    assert ["2026-10-01", "2026-10-05"] == [item.date for item in Proposal.of(once, newer).proposed.holidays]


def test_a_date_of_its_own_stays_its_own_once_it_has_a_name() -> None:
    """A list names the calendar's own date; a newer list that is without it leaves it there."""
    own = Calendar("Asia/Shanghai", WEEK, holidays=["2026-10-01"])
    once = Proposal.of(own, HolidayList([{"date": "2026-10-01", "name": "National Day"}], source="notice")).proposed
    newer = HolidayList(source="notice", covers=["2026-01-01", "2026-12-31"])

    assert [("National Day", None)] == [(item.name, item.source) for item in once.holidays]
    assert ["2026-10-01"] == [item.date for item in Proposal.of(once, newer).proposed.holidays]


def test_own_entries_win_and_are_noted() -> None:
    """Hours of the calendar's own stay against the list, which is said; replace lets them go."""
    own = Calendar("Asia/Shanghai", WEEK, holidays=["2026-05-04"], shifts={"2026-10-10": ["10:00-11:00"]})
    kept, replaced = Proposal.of(own, CHINA), Proposal.of(own, CHINA, replace=True)

    assert (("2026-10-10", ("10:00-11:00",)),) == kept.proposed.shifts
    assert ["calendar.own_kept"] == [note.code for note in kept.notes]
    assert (("2026-10-10", tuple(HOURS)),) == replaced.proposed.shifts
    assert ["2026-10-01", "2026-10-02"] == [item.date for item in replaced.proposed.holidays]


def test_worked_weekends_that_the_list_does_not_name_stay_with_a_note() -> None:
    """Shifts have no source: what an earlier list may have brought is told, not taken away."""
    once = Proposal.of(OFFICE, CHINA).proposed
    newer = HolidayList(known_until="2026-12-31", source="notice", workdays=["2026-10-11"], covers=CHINA.covers)
    proposal = Proposal.of(once, newer)

    assert [("calendar.stays", ["2026-10-10"])] == [(note.code, note.facts["dates"]) for note in proposal.notes]
    assert ["2026-10-10", "2026-10-11"] == [text for text, _ in proposal.proposed.shifts]
    assert ["2026-10-11"] == [text for text, _ in Proposal.of(once, newer, replace=True).proposed.shifts]


def test_make_up_workdays_get_the_hours_of_most_weekdays() -> None:
    """The weekdays that are made up for do not count, and different hours are said."""
    varied = Calendar("Asia/Shanghai", {"mon-thu": ["09:00-18:00"], "fri": ["09:00-15:00"], "sat": ["10:00-12:00"]})
    proposal = Proposal.of(varied, CHINA)

    assert (("2026-10-10", ("09:00-18:00",)),) == proposal.proposed.shifts
    assert ["calendar.hours_differ"] == [note.code for note in proposal.notes]


def test_a_make_up_workday_without_any_week_is_noted() -> None:
    """A calendar of single dates has no ordinary hours to give."""
    dated = Calendar("UTC", shifts={"2026-01-05": ["09:00-17:00"]})

    assert ["calendar.no_hours"] == [note.code for note in Proposal.of(dated, CHINA).notes]


def test_half_days_open_no_closed_date() -> None:
    """Hours of a half day replace those of a working day, and open neither a weekend nor a holiday."""
    halves = HolidayList(
        ["2026-12-25"], half_days={date: ["09:00-12:00"] for date in ("2026-12-24", "2026-12-25", "2026-12-26")}
    )

    assert (("2026-12-24", ("09:00-12:00",)),) == Proposal.of(OFFICE, halves).proposed.shifts


@pytest.mark.parametrize(
    ("held", "listed", "first", "kept", "said"),
    [
        (None, "2026-12-31", "2026-01-01", "2026-12-31", []),
        ("2025-12-31", "2026-12-31", "2026-01-01", "2026-12-31", []),
        ("2026-12-31", "2025-12-31", "2025-01-01", "2026-12-31", ["calendar.older"]),
        ("2024-12-31", "2026-12-31", "2026-01-01", "2024-12-31", ["calendar.gap"]),
        ("2024-12-31", None, "2026-01-01", "2024-12-31", []),
    ],
)
def test_known_until_never_covers_what_nobody_said(
    held: str | None, listed: str | None, first: str, kept: str, said: list[str]
) -> None:
    """An older list moves nothing back, and one that leaves a gap moves nothing on."""
    calendar = Calendar("UTC", WEEK, known_until=held)
    proposal = Proposal.of(calendar, HolidayList(known_until=listed, covers=[first, "2026-12-31"]))

    assert kept == str(proposal.proposed.known_until)
    assert said == [note.code for note in proposal.notes]


def test_diff_tells_weekdays_zones_and_yearly_dates() -> None:
    """What is not about single dates is told once."""
    old = Calendar("UTC", {"mon-fri": ["09:00-17:00"]}, holidays=["05-01"], name="a")
    new = Calendar(
        "Asia/Tokyo", {"mon-thu": ["09:00-17:00"], "fri": ["22:00-06:00"]}, holidays=[{"date": "12-25", "name": "x"}]
    )

    assert (
        Change("zone", before=("UTC",), after=("Asia/Tokyo",)),
        Change("name", before=("a",)),
        Change("week", "fri", ("09:00-17:00",), ("22:00-06:00",), gained=timedelta()),
        Change("yearly", "05-01", ("holiday",)),
        Change("yearly", "12-25", (), ("holiday",), None, "x"),
    ) == diff(old, new)
    assert () == diff(old, old)
    assert "every year on 12-25  as the week -> holiday  x" == diff(old, new)[-1].text()


def test_a_break_in_the_night_is_told_on_the_date_the_night_belongs_to() -> None:
    """A break cuts the overnight window of the date before, which loses the time."""
    night = {"mon": ["22:00-06:00"]}
    cut = diff(Calendar("UTC", night), Calendar("UTC", night, breaks={"2026-01-06": ["01:00-02:00"]}))

    assert [("2026-01-05", timedelta(hours=-1)), ("2026-01-06", timedelta())] == [(one.key, one.gained) for one in cut]
    assert ("22:00-01:00", "02:00-06:00 (+1)") == cut[0].after


def test_combinations_are_compared_part_by_part() -> None:
    """Parts that stand at the same place are compared, other shapes only said to be other."""
    changed = OFFICE, Calendar("Asia/Shanghai", WEEK, holidays=["2026-10-01"])
    told = diff(any_of(OFFICE, changed[0]), any_of(OFFICE, changed[1]))

    assert [("any_of[1]", "2026-10-01")] == [(one.part, one.key) for one in told]
    assert ["operation"] == [one.kind for one in diff(OFFICE, any_of(OFFICE, OFFICE))]
    with pytest.raises(InputError, match="not with str"):
        diff(OFFICE, "office")  # type: ignore[arg-type]  # what a careless host passes
    with pytest.raises(InputError, match="choose one of its parts"):
        Proposal.of(any_of(OFFICE, OFFICE), CHINA)  # type: ignore[arg-type]  # as above


def test_a_definition_names_a_list() -> None:
    """Dates of the list stand in the calendar and count in its hash; written out, they need no list to be read."""
    asked = []

    def china() -> HolidayList:
        asked.append(1)
        return CHINA

    clock = {
        "name": "answer",
        "within": "4h",
        "until": "closed",
        "calendar": {"zone": "UTC", "week": WEEK, "holidays": [{"list": "china"}]},
    }
    source = definition({"holidays": [{"list": "china"}, "2026-05-04"]}, clocks=[clock])
    loaded = servflow.load(source, extensions=Extensions(holidays={"china": china}))
    plain = Calendar(
        "Asia/Shanghai",
        WEEK,
        holidays=["2026-05-04", "2026-10-01", "2026-10-02"],
        shifts={"2026-10-10": HOURS},
        known_until="2026-12-31",
    )

    assert plain == loaded.calendars["office"]
    assert plain.hash == loaded.calendars["office"].hash
    assert [1] == asked
    assert servflow.load(servflow.dump(loaded)) == loaded
    assert "2026-10-10" in str(servflow.dump(loaded)["clocks"])


def test_lists_of_one_source_stand_side_by_side() -> None:
    """In a definition no list is newer than what stands beside it: none takes back dates of its source, nor own ones."""
    lists = {name: HolidayList([f"2026-10-0{name}"], source="feed", covers=["2026-01-01", "2026-12-31"]) for name in "12"}
    own = {"holidays": [{"date": "2026-10-05", "source": "feed"}, {"list": "1"}, {"list": "2"}]}
    office: Any = servflow.load(definition(own), extensions=Extensions(holidays=lists)).calendars["office"]

    assert ["2026-10-01", "2026-10-02", "2026-10-05"] == [item.date for item in office.holidays]


@pytest.mark.parametrize("operation", ["any_of", "all_of", "minus"])
def test_a_part_of_a_combination_names_a_list(operation: str) -> None:
    """In a section, a clock and a clock's choice alike: the dates count, are written out, and differ where the list does."""

    def combined(name: str) -> dict[str, Any]:
        listed = {"zone": "Asia/Shanghai", "week": WEEK, "holidays": [{"list": name}]}
        return {operation: [{"any_of": [listed]}, {"zone": "UTC", "week": {"mon-sun": ["06:00-07:00"]}}]}

    def source(name: str) -> dict[str, Any]:
        choices = [{"when": "assignee == 'A'", "take": combined(name)}, {"take": "both"}]
        clocks = [
            {"name": "answer", "within": "4h", "until": "closed", "calendar": combined(name)},
            {"name": "solve", "within": "4h", "until": "closed", "calendar": choices},
        ]
        return {**definition({}), "calendars": {"both": combined(name)}, "clocks": clocks}

    def found(lists: Any) -> Any:
        return servflow.load(source("china"), extensions=Extensions(holidays=lists))

    loaded, newer = found({"china": CHINA}), found({"china": HolidayList(["2026-10-03"])})
    listed = Calendar("Asia/Shanghai", WEEK, holidays=["2026-10-01", "2026-10-02"], shifts={"2026-10-10": HOURS})
    other = Calendar("UTC", {"mon-sun": ["06:00-07:00"]})
    plain = {
        "any_of": any_of(any_of(listed), other),
        "all_of": all_of(any_of(listed), other),
        "minus": minus(any_of(listed), other),
    }
    low, high = (datetime(2026, 10, day, tzinfo=UTC) for day in (1, 12))

    assert plain[operation].intervals(low, high) == loaded.calendars["both"].intervals(low, high)
    assert servflow.load(servflow.dump(loaded)) == loaded
    assert all(servflow.diff(loaded, newer).of(section) for section in ("calendars", "clocks"))
    assert () == loaded.check()
    with pytest.raises(DefinitionError) as told:
        servflow.load(source("chnia"), extensions=Extensions(holidays={"china": CHINA}))
    place = f"{operation}[0].any_of[0].holidays[0].list"
    assert [f"calendars.both.{place}", f"clocks[0].calendar.{place}", f"clocks[1].calendar[0].take.{place}"] == [
        path for _, path in codes(told.value)
    ]


def test_own_entries_of_a_definition_win_over_its_lists() -> None:
    """Own hours, own holidays and an own known_until stay, whatever the list says."""
    own = {
        "holidays": ["2026-10-10", {"list": "china"}],
        "shifts": {"2026-10-01": ["10:00-11:00"]},
        "known_until": "2026-06-30",
    }
    loaded = servflow.load(definition(own), extensions=Extensions(holidays={"china": CHINA.to_data()}))
    office: Any = loaded.calendars["office"]

    assert (("2026-10-01", ("10:00-11:00",)),) == office.shifts
    assert ["2026-10-01", "2026-10-02", "2026-10-10"] == [item.date for item in office.holidays]
    assert "2026-06-30" == str(office.known_until)


@pytest.mark.parametrize(
    ("entry", "sources", "code", "said"),
    [
        ({"list": "chnia"}, {"china": CHINA}, "calendar.list_unknown", "did you mean 'china'"),
        ({"list": "china"}, {}, "calendar.list_unknown", "Extensions(holidays="),
        ({"list": "china"}, {"china": lambda: 1 // 0}, "calendar.list_failed", "ZeroDivisionError"),
        ({"list": "china"}, {"china": lambda: 3}, "calendar.list_failed", "it gave 3"),
        ({"list": "china"}, {"china": {"holidays": ["x"]}}, "calendar.list_failed", "is not a holiday"),
    ],
)
def test_a_list_that_cannot_be_had_is_a_finding(entry: Any, sources: Any, code: str, said: str) -> None:
    """An unknown name, a source that raises and one that gives nonsense are told at their place, never raised as they are."""
    with pytest.raises(DefinitionError) as told:
        servflow.load(definition({"holidays": ["2026-05-04", entry]}), extensions=Extensions(holidays=sources))

    assert [(code, "calendars.office.holidays[1].list")] == codes(told.value)
    assert said in str(told.value)


def test_entries_beside_a_list_keep_their_places() -> None:
    """Problems of own entries are told where they were written, and a list entry holds nothing else."""
    entries = [{"list": "china", "name": "x"}, "2026-05-04", "nonsense"]
    with pytest.raises(DefinitionError) as told:
        servflow.load(definition({"holidays": entries}), extensions=Extensions(holidays={"china": CHINA}))

    assert {("calendar.list_alone", "calendars.office.holidays[0]"), ("calendar.holiday", "calendars.office.holidays[2]")} == {
        *codes(told.value)
    }


def test_a_calendar_by_itself_knows_no_lists() -> None:
    """Only a definition has a host that registers lists."""
    with pytest.raises(DefinitionError) as told:
        Calendar("UTC", WEEK, holidays=[{"list": "china"}])

    assert [("calendar.list_unknown", "holidays[0].list")] == codes(told.value)
