"""Holds the commands about who is on call to what they say and leave; must not know how turns pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from servflow.documents import load_schedules, schema
from tests.requirements import require
from tests.unit.cli.conftest import Run

FILE = """servflow: 1
schedules:
  hotline:
    layers: [{users: [ann, bob], start: 2026-03-02T09:00, zone: Europe/Berlin}]
    overrides:
      - {start: 2026-03-03T08:00Z, end: 2026-03-04T08:00Z, users: zoe}
      - {start: 2026-02-03T08:00Z, end: 2026-02-04T08:00Z, users: zoe}
people: [{id: ann, name: Ann Lee}, {id: bob}]
calendars: {office: {zone: Europe/Berlin, week: {mon-fri: ["09:00-17:00"]}, holidays: ["2026-03-06"]}}
"""
FEED = """BEGIN:VCALENDAR
VERSION:2.0
X-WR-CALNAME:Night watch
BEGIN:VEVENT
UID:1
DTSTART:20260302T200000Z
DTEND:20260303T060000Z
RRULE:FREQ=DAILY;COUNT=3
SUMMARY:Ann Lee
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART:20260305T200000Z
DTEND:20260306T060000Z
SUMMARY:Eve
END:VEVENT
END:VCALENDAR
"""
MARCH = ("--start", "2026-03-02", "--end", "2026-03-16")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A schedule with two people, one of whom is away for a day."""
    path = tmp_path / "on_call.yaml"
    path.write_text(FILE, "utf-8")
    return path


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    """A feed of nights, with a name that nobody is known by."""
    require("ical")
    path = tmp_path / "night.ics"
    path.write_text(FEED, "utf-8")
    return path


def test_who_is_on_call_next_and_before(run: Run, file: Path) -> None:
    """Instants are told in the zone of the schedule; in JSON in UTC."""
    shown = run("oncall", "who", file, "--at", "2026-03-02T12:00:00Z")
    told = json.loads(run("oncall", "who", file, "--at", "2026-03-03", "--format", "json").stdout)
    chinese = run("oncall", "who", file, "--at", "2026-03-02", "--lang", "zh")

    assert ["hotline", "ann", "Tue", "2026-03-03", "09:00:00", "zoe", "bob"] == shown.stdout.split("\n")[1].split()
    assert [{"schedule": "hotline", "at": "2026-03-02T23:00:00Z", "on_call": ["ann"], "until": "2026-03-03T08:00:00Z",
             "next": ["zoe"], "previous": ["bob"]}] == told["schedules"]  # fmt: skip
    assert "值班人员" in chinese.stdout


def test_shifts_of_everybody_and_of_one(run: Run, file: Path) -> None:
    """Shifts are whole; dates are midnights of the schedule's zone."""
    every = json.loads(run("oncall", "shifts", file, *MARCH, "--format", "json").stdout)
    ann = run("oncall", "shifts", file, *MARCH, "--person", "ann", "--zone", "UTC")

    assert [("bob", 168.0), ("ann", 24.0), ("zoe", 24.0), ("ann", 120.0), ("bob", 168.0)] == [
        (one["users"][0], one["hours"]) for one in every["shifts"]
    ]
    assert 2 == ann.stdout.count("ann")
    assert "Mon 2026-03-02 08:00:00" in ann.stdout
    assert "(times in UTC)" in ann.stdout


def test_fairness_counts_what_is_asked(run: Run, file: Path) -> None:
    """Holidays come as dates or from a calendar; the table has a row for everybody."""
    told = json.loads(
        run("oncall", "fairness", file, *MARCH, "--holidays-of", file, "--holiday", "03-05", "--format", "json").stdout
    )
    shown = run("oncall", "fairness", file, *MARCH, "--world", file)

    assert {"ann": 48.0, "bob": 0.0, "zoe": 0.0} == {one["user"]: one["holiday_hours"] for one in told["people"]}
    assert 3 == len([line for line in shown.stdout.splitlines() if "Europe/Berlin" in line])
    assert 0 == shown.exit_code


def test_coverage_tells_gaps_and_what_is_idle(run: Run, file: Path, tmp_path: Path) -> None:
    """The status is 1 where something is found: an override that is over, somebody unknown, or nobody on call."""
    office = tmp_path / "office.yaml"
    office.write_text(
        'schedules: {office: {users: [ann], start: 2026-03-02, zone: UTC, windows: {mon: ["09:00-17:00"]}}}', "utf-8"
    )
    found = run("oncall", "coverage", file, "--at", "2026-03-02", "--days", 7, "--world", file, "--alone")
    gaps = json.loads(run("oncall", "coverage", office, "--at", "2026-03-02", "--days", 1, "--format", "json").stdout)
    wanted = run("oncall", "coverage", office, "--at", "2026-03-02", "--days", 1, "--wanted", file, "--zone", "UTC")

    assert 1 == found.exit_code
    assert "100.0 %" in found.stdout
    assert "! overrides[1]: the override from 2026-02-03T08:00:00Z" in found.stdout
    assert "! zoe is on call, and the world knows nobody of this id" in found.stdout
    assert (2, ["coverage.gap"] * 2) == (len(gaps["gaps"]), [one["code"] for one in gaps["findings"]])
    assert "two or more on call" not in found.stdout
    assert (1, 1) == (wanted.exit_code, wanted.stdout.count("Mon 2026-03-02 08:00:00"))


def test_a_feed_is_shown_then_kept(run: Run, feed: Path, file: Path, tmp_path: Path) -> None:
    """Nothing is written without --write; what is written loads, is written again, and never replaces other schedules."""
    target = tmp_path / "night.yaml"
    span = ("--start", "2026-03-01", "--end", "2026-04-01")
    shown = run("oncall", "import", feed, *span, "--world", file)
    kept = run(
        "oncall", "import", feed, *span, "--person", "ann lee=ann", "--person", "Eve=eve", "--name", "night", "--write", target
    )
    again = run("oncall", "import", feed, *span, "--name", "night", "--write", target)
    refused = run("oncall", "import", feed, *span, "--write", file)

    assert (1, 0, 0, 2) == (shown.exit_code, kept.exit_code, again.exit_code, refused.exit_code)
    assert "! 'Eve' names 'Eve', whom nobody is known by; add the name to people. [ical.unknown_person]" in shown.stdout
    assert {"night": ("Ann Lee", "Eve")} == {name: one.users for name, one in load_schedules(target).items()}  # type: ignore[union-attr]  # a roster
    assert "holds more than schedule 'Night watch'" in refused.stderr
    assert FILE == file.read_text("utf-8")


def test_a_feed_without_a_name_is_called_as_its_file(run: Run, feed: Path) -> None:
    """A schedule that levels name is not called after the end of a file name."""
    feed.write_text(FEED.replace("X-WR-CALNAME", "X-OTHER"), "utf-8")
    told = json.loads(run("oncall", "import", feed, "--start", "2026-03-01", "--end", "2026-04-01", "--format", "json").stdout)

    assert "night" == told["schedule"]


def test_shifts_become_a_calendar(run: Run, file: Path, tmp_path: Path) -> None:
    """On the terminal or in a file, in the zone asked for, for one person or all."""
    require("ical")
    target = tmp_path / "ann.ics"
    made = ("--stamp", "2026-03-01T00:00:00Z")
    ann = run("oncall", "export", file, *MARCH, "--person", "ann", *made)
    everybody = run("oncall", "export", file, *MARCH, *made, "--zone", "Europe/Berlin", "--output", target)

    assert 2 == ann.stdout.count("BEGIN:VEVENT")
    assert "DTSTART:20260302T080000Z" in ann.stdout
    assert (0, 5, True) == (
        everybody.exit_code,
        target.read_text("utf-8").count("BEGIN:VEVENT"),
        str(target) in everybody.stdout,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("who", "--schedule", "hotlin"), "did you mean 'hotline'?"),
        (("who", "--zone", "Berlin"), "Berlin"),
        (("shifts", "--start", "2026-03-02", "--end", "soon"), "'soon' is not an instant"),
        (("shifts", "--start", "0026-03-02", "--end", "2026-03-02"), "out of range"),
        (("fairness", "--start", "2026-03-02", "--end", "2026-03-01"), "is not after the start"),
        (("coverage", "--days", "0"), "days is a whole number"),
        (("shifts", *MARCH, "--person", "an"), "names nobody called 'an'; did you mean 'ann'?"),
        (("export", *MARCH, "--person", "nobody"), "`servflow oncall fairness` lists everybody"),
        (("import", *MARCH, "--zone", "X/Y"), "no time zone is named 'X/Y'"),
    ],
)
def test_bad_questions_are_refused(run: Run, file: Path, arguments: tuple[str, ...], message: str) -> None:
    """The status is 2, and one sentence says what was wrong."""
    name, *rest = arguments
    refused = run("oncall", name, file, *rest)

    assert 2 == refused.exit_code
    assert message in refused.stderr


def test_several_schedules_need_a_name(run: Run, tmp_path: Path) -> None:
    """Who asks for shifts says whose; a person is a name and an id; a broken file is told with its lines."""
    path = tmp_path / "two.yaml"
    path.write_text("schedules:\n  a: {layers: []}\n  b: {layers: []}\n", "utf-8")
    broken = tmp_path / "broken.yaml"
    broken.write_text("schedules:\n  a: {layer: []}\n", "utf-8")
    feed = tmp_path / "feed.ics"
    feed.write_text(FEED, "utf-8")

    assert "there are 'a', 'b'" in run("oncall", "shifts", path, *MARCH).stderr
    assert ".yaml:2:7" in run("oncall", "who", broken).stderr
    assert "--person is NAME=ID" in run("oncall", "import", feed, *MARCH, "--person", "ann").stderr


def test_the_schema_of_schedules_is_printed(run: Run) -> None:
    """The command prints what the library publishes, one schema at a time."""
    assert schema("schedules") == json.loads(run("schema", "--schedules").stdout)
    assert 2 == run("schema", "--schedules", "--correlator").exit_code


def test_a_plan_reaches_whom_the_file_puts_on_call(run: Run, file: Path, tmp_path: Path) -> None:
    """The file with schedules and people is a world: a previewed level names who is on call then."""
    workflow = tmp_path / "workflow.yaml"
    chain = "{name: late, start: {age: 1h}, levels: [{name: first, do: [{notify: {to: {on_call: hotline}, template: t}}]}]}"
    workflow.write_text(
        "workflow: w\ninitial: new\nstates: {new: {}, done: {closed: true}}\n"
        f"transitions: [{{event: finish, source: new, target: done}}]\nescalations: [{chain}]\n",
        "utf-8",
    )
    shown = run("plan", workflow, "--at", "2026-03-03T09:00:00Z", "--fields", "{}", "--world", file)

    assert 0 == shown.exit_code
    assert "zoe  on call in hotline" in shown.stdout
