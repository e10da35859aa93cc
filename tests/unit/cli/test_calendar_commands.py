"""Holds the commands for calendars to what they say and leave; must not know how dates are found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import servflow
from tests.requirements import require
from tests.unit.cli.conftest import Run

WORKFLOW = """# what we promise
servflow: 1
workflow: repair
calendars:
  # the office
  office: {zone: Asia/Shanghai, week: {mon-fri: ["09:00-18:00"]}, holidays: ["05-04"]}
  night:
    zone: UTC
    week: {mon: ["22:00-06:00"]}  # one night
initial: new
states: {new: {}, done: {closed: true}}
transitions: [{event: finish, source: new, target: done}]
"""
ICS = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20261001
SUMMARY:x
END:VEVENT
END:VCALENDAR
"""
RANGE = ("--start", "2026-01-01", "--end", "2026-12-31")


@pytest.fixture
def doc(tmp_path: Path) -> Path:
    """A definition with two calendars."""
    path = tmp_path / "repair.yaml"
    path.write_text(WORKFLOW, "utf-8")
    return path


def test_holidays_are_shown_and_change_nothing(run: Run, doc: Path) -> None:
    """Without --write the file stays as it is, whatever is shown."""
    require("holidays")
    shown = run("calendar", "holidays", "CN", "--years", 2026, "--into", doc, "--calendar", "office")

    assert 0 == shown.exit_code
    assert "2026-10-10 Sat  closed -> 09:00-18:00  +9h" in shown.stdout
    assert "Nothing is written" in shown.stdout
    assert WORKFLOW == doc.read_text("utf-8")


def test_written_holidays_keep_the_rest_of_the_file(run: Run, doc: Path, tmp_path: Path) -> None:
    """Comments and everything else stay; what is written loads, and a second time there is nothing to do."""
    require("holidays")
    target = tmp_path / "out.yaml"
    command = ("calendar", "holidays", "CN", "--years", 2026, "--calendar", "office", "--into")
    first = run(*command, doc, "--write", target)
    text = target.read_text("utf-8")

    assert (0, f"office: written to {target}") == (first.exit_code, first.stdout.splitlines()[-1])
    assert ["# what we promise", "# the office", "# one night"] == [
        line for line in ("# what we promise", "# the office", "# one night") if line in text
    ]
    assert "2026-12-31" == str(getattr(servflow.load(target).calendars["office"], "known_until", None))
    assert "Nothing would change." in run(*command, target).stdout
    assert WORKFLOW == doc.read_text("utf-8")


def test_a_year_that_is_not_announced_is_a_finding(run: Run) -> None:
    """The status is 1, and the words say why in either language."""
    require("holidays")
    shown = run("calendar", "holidays", "CN", "--years", "2098-2099", "--lang", "zh")

    assert 1 == shown.exit_code
    assert "没有 2098-2099 年已公布的安排" in shown.stdout
    assert 2 == run("calendar", "holidays", "CN", "--years", "soon").exit_code
    assert 2 == run("calendar", "holidays", "XX", "--years", "2026").exit_code


def test_an_ical_file_is_proposed_then_written(run: Run, doc: Path, tmp_path: Path) -> None:
    """What the file would change is shown as text and JSON; --write puts it in."""
    require("ical")
    file = tmp_path / "days.ics"
    file.write_bytes(ICS.encode())
    shown = run("calendar", "import", file, doc, *RANGE, "--calendar", "office", "--format", "json")
    told = json.loads(shown.stdout)
    run("calendar", "import", file, doc, *RANGE, "--calendar", "office", "--write", doc)

    assert (0, ["2026-10-01"], -32400.0, None) == (
        shown.exit_code,
        [one["key"] for one in told["changes"]],
        told["gained"],
        told["written"],
    )
    assert "2026-10-01" in str(servflow.load(doc).calendars["office"])
    assert 2 == run("calendar", "import", doc, doc, *RANGE, "--calendar", "office").exit_code
    assert 2 == run("calendar", "import", file, doc, *RANGE).exit_code
    assert 2 == run("calendar", "import", file, doc, *RANGE, "--calendar", "offce").exit_code


def test_export_diff_and_show(run: Run, doc: Path, tmp_path: Path) -> None:
    """A calendar comes out as iCalendar, is compared with another file's, and tells when it is open."""
    require("ical")
    out = run("calendar", "export", doc, "--calendar", "office", "--stamp", "2026-01-01T00:00:00Z")
    other = tmp_path / "other.yaml"
    other.write_text(WORKFLOW.replace("09:00-18:00", "09:00-17:00"), "utf-8")
    differs = run("calendar", "diff", doc, other)
    show = run("calendar", "show", doc, "--calendar", "office", "--start", "2026-05-01", "--end", "2026-05-05")

    assert "DTSTART;VALUE=DATE:19720504" in out.stdout
    assert (1, 0) == (differs.exit_code, run("calendar", "diff", doc, doc).exit_code)
    assert "every Mon  09:00-18:00 -> 09:00-17:00  -1h" in differs.stdout
    assert [
        "opens                    closes                   how long  what",
        "Fri 2026-05-01 09:00:00  Fri 2026-05-01 18:00:00        9h",
        "2026-05-04                                                  holiday",
        "Tue 2026-05-05 09:00:00  Tue 2026-05-05 18:00:00        9h",
        "open 18h in all (Asia/Shanghai)",
    ] == [line.rstrip() for line in show.stdout.splitlines()]


COMMENTED = """# top
calendars:
  office:
    zone: Asia/Shanghai
    week: {mon-fri: ["09:00-18:00"]}
    holidays:
      - "2026-05-04"  # youth day
      # before the party
      - {date: "2026-12-24", name: 'Party'}  # party

    # about shifts
    shifts:
      2026-12-30: [09:00-12:00]  # half
      # the last one
      "2026-12-31": ["09:00-12:00"]

    # about known
    known_until: "2026-06-01"  # until then

  # the hotline
  line:
    all_of:
      - {zone: UTC, week: {mon-fri: ["09:00-18:00"]}}
      - {zone: UTC, week: {mon-sat: ["09:00-18:00"]}}
  shared:
    zone: UTC
    week: {mon-fri: ["09:00-18:00"]}
    holidays: [{list: china}]
# end
"""
DAYS = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20261001
SUMMARY:National Day
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART;VALUE=DATE:20261228
SUMMARY:Closing
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTART;VALUE=DATE:20261010
CATEGORIES:WORKDAY
SUMMARY:Work
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def commented(tmp_path: Path) -> Path:
    """Calendars with comments at every place, one a combination, one with a list of the host's."""
    path = tmp_path / "calendars.yaml"
    path.write_text(COMMENTED, "utf-8")
    (tmp_path / "days.ics").write_text(DAYS, "utf-8")
    return path


def test_every_comment_stays_beside_what_it_is_about(run: Run, commented: Path) -> None:
    """New dates come in between by date; each line that was there is there still."""
    require("ical")
    run("calendar", "import", commented.parent / "days.ics", commented, *RANGE, "--calendar", "office", "--write", commented)
    lines = commented.read_text("utf-8").splitlines()
    new = ["National Day", "Closing", "'2026-10-10': [09:00-18:00]"]
    added = [line for line in lines if any(word in line for word in new)]

    assert len(new) == len(added)
    assert COMMENTED.splitlines() == [line for line in lines if line not in added]


def test_an_entry_that_goes_takes_only_its_own_comment(run: Run, commented: Path) -> None:
    """With --replace own dates make way; comments about what stays, and about the next part, stay."""
    require("ical")
    office = ("--calendar", "office", "--replace", "--write", commented)
    run("calendar", "import", commented.parent / "days.ics", commented, *RANGE, *office)
    text = commented.read_text("utf-8")

    assert "youth day" not in text
    assert [1] * 6 == [
        text.count(f"# {word}") for word in ("top", "about shifts", "about known", "until then", "the hotline", "end")
    ]


def test_calendars_that_are_not_asked_for_are_not_looked_at(run: Run, commented: Path) -> None:
    """A list of the host's stops only the calendar that names it, and the finding says where it stands."""
    span = ("--start", "2026-05-04", "--end", "2026-05-05")
    named = run("calendar", "show", commented, "--calendar", "shared", *span)

    assert 0 == run("calendar", "show", commented, "--calendar", "office", *span).exit_code
    assert (2, True) == (named.exit_code, "calendars.shared.holidays[0].list" in named.stderr)


def test_a_combination_is_shown_compared_and_exported_by_its_hours(run: Run, commented: Path) -> None:
    """It has no dates of its own: what lays holidays over it is refused, and says what to do."""
    require("ical")
    line = ("--calendar", "line")
    span = ("--start", "2026-05-04", "--end", "2026-05-04")
    imported = run("calendar", "import", commented.parent / "days.ics", commented, *RANGE, *line)
    plain = run("calendar", "export", commented, *line)
    written = run("calendar", "export", commented, *line, "--open-hours", *span)

    assert "open 9h in all (UTC)" in run("calendar", "show", commented, *line, *span).stdout
    assert 0 == run("calendar", "diff", commented, commented, *line).exit_code
    assert (2, True) == (imported.exit_code, "is a combination" in imported.stderr)
    assert (2, True) == (plain.exit_code, "--open-hours" in plain.stderr)
    assert (0, True) == (written.exit_code, "DTSTART:20260504T090000Z" in written.stdout)
