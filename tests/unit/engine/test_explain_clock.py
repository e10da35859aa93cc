"""Holds what a workflow tells of a clock beyond its course: where target and calendar came from, parents, names of before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow import sla
from servflow.calendars import Calendar
from servflow.engine import Workflow
from servflow.errors import InputError
from servflow.model import ClockStarted, FrozenMap, Migrated, Opened, Record
from servflow.sla import Clock, Timeline

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday
H = timedelta(hours=1)
WEEK = {"mon-fri": ["09:00-17:00"]}


def flow(clocks: list[dict[str, Any]], **more: Any) -> Workflow:
    """A workflow with these clocks and an office, a shop that opens at night, and a table of promises."""
    return Workflow(
        workflow="w",
        fields={"tier": {"type": "string", "default": "gold"}, "night": {"type": "bool", "default": False}},
        calendars={"office": {"zone": "UTC", "week": WEEK}, "shop": {"zone": "UTC", "week": {"mon-sun": ["20:00-04:00"]}}},
        initial="new",
        states={"new": {}, "rest": {}, "done": {"closed": True}},
        transitions=[
            {"event": "rest", "source": "new", "target": "rest"},
            {"event": "on", "source": "rest", "target": "new"},
            {"event": "end", "source": "new", "target": "done"},
        ],
        tables={
            "promises": {
                "hit": "first",
                "inputs": ["tier"],
                "outputs": {"within": "string"},
                "rows": [{"id": "best", "when": ['"gold"'], "then": ['"2h"']}, {"when": ["-"], "then": ['"1 business day"']}],
            }
        },
        clocks=clocks,
        **more,
    )


def told(workflow: Workflow, clock: str, *, fields: dict[str, Any] | None = None, after: timedelta = H) -> Timeline:
    """A clock of a ticket that was opened at nine, some time later."""
    opened = workflow.open("T", fields or {}, at=NINE)
    return workflow.explain_clock(opened.ticket, clock, at=NINE + after, records=opened.records)


def test_a_table_is_named_with_its_row() -> None:
    """Where a decision table gives the target, it and the row are named."""
    workflow = flow([{"name": "fix", "within": {"table": "promises", "take": "within"}, "calendar": "office"}])

    first, other = told(workflow, "fix"), told(workflow, "fix", fields={"tier": "x"})

    assert (2 * H, 8 * H) == (first.within, other.within)
    assert any("promises" in said and "best" in said for said in first.answer())
    assert any("1 business day" in said and "8h" in said for said in other.answer())


def test_the_choice_of_a_calendar_is_told_with_what_it_read() -> None:
    """Which calendar counts is part of the answer where there are several."""
    choices = [{"when": "night", "take": "shop"}, {"take": "office"}]
    workflow = flow([{"name": "fix", "within": "4h", "calendar": choices}])

    line = told(workflow, "fix", fields={"night": True})

    assert ("shop", NINE + 15 * H) == (line.calendar, line.due)
    assert "Calendar shop was taken because night holds (night = True)." in line.answer()


def test_a_calendar_that_is_written_in_a_clock_goes_by_the_clock() -> None:
    """In the explanation, its rows, the view of the ticket and findings; the others of several by their number."""
    day = {"zone": "UTC", "week": {"mon-sun": ["09:00-17:00"]}}
    clocks = [
        {"name": "reply", "within": "4h", "calendar": day},
        {"name": "fix", "within": "4h", "calendar": [{"when": "night", "take": "office"}, {"take": day}]},
    ]
    workflow = flow(clocks)

    reply, fix = told(workflow, "reply"), told(workflow, "fix")
    ticket = workflow.open("T", at=NINE).ticket
    view = workflow.explain(ticket, at=NINE + H)

    assert ("reply", "reply") == (reply.calendar, reply.rows[0].calendar)
    assert "Promised are 4h, counted by calendar reply (UTC)." in reply.answer()
    assert ("fix 2", "fix 2") == (fix.calendar, fix.rows[0].calendar)
    assert [("reply", "reply"), ("fix 2", "fix 2")] == [(one.calendar, one.timeline[0].calendar) for one in view.clocks]


def test_what_a_child_is_held_to_is_told() -> None:
    """A child clock that has more time than its parent is due with the parent, and says so."""
    workflow = flow(
        [
            {"name": "fix", "within": "4h", "calendar": "office"},
            {"name": "hub", "within": "7h", "calendar": "office", "parent": "fix"},
        ]
    )

    line = told(workflow, "hub")

    assert NINE + 4 * H == line.due
    assert "It is never due after clock fix, which is due Mon 2026-03-02 13:00." in line.answer()


def test_started_while_paused_names_the_state() -> None:
    """A clock that starts in a state that pauses it says which, also where only the snapshot is there."""
    workflow = flow([{"name": "fix", "within": "4h", "start": {"state": "rest"}, "paused_in": "rest", "calendar": "office"}])
    opened = workflow.open("T", at=NINE)
    rested = workflow.fire(opened.ticket, "rest", at=NINE + H)
    known = [*opened.records, *rested.records]

    for records in (known, []):
        line = workflow.explain_clock(rested.ticket, "fix", at=NINE + 2 * H, records=records)

        assert [("rest", "paused", "in state rest")] == [(row.state, row.phase, row.reason) for row in line]


def test_a_clock_that_was_renamed_keeps_its_past() -> None:
    """Records from before a migration are found by the name the clock had then."""
    cal = Calendar("UTC", WEEK)
    clock = Clock(name="repair", within="4h")
    run = sla.begin(clock, NINE, 4 * H, "office", cal)
    records: list[Record] = [
        Opened(sequence=1, at=NINE, id="T", workflow="w", version=1, configuration=("new",)),
        ClockStarted(sequence=2, at=NINE, clock="repair", instant=NINE, run=run, reason="reopened"),
        Migrated(
            sequence=3,
            at=NINE + H,
            version=2,
            before=FrozenMap(),
            pins=FrozenMap(),
            clocks=FrozenMap({"repair": "fix"}),
            configuration=("fresh",),
        ),
    ]

    line = sla.explain(
        Clock(name="fix", within="4h"),
        sla.begin(Clock(name="fix", within="4h"), NINE, 4 * H, "office", cal),
        NINE + 2 * H,
        cal,
        records=records,
    )

    assert [("new", "reopened"), ("fresh", "reopened")] == [(row.state, row.reason.partition(":")[0]) for row in line]


def test_nothing_is_promised() -> None:
    """A clock whose table gives nothing has not started, and promises nothing."""
    workflow = flow([{"name": "fix", "within": [{"when": "tier == 'x'", "take": "1h"}], "calendar": "office"}])

    line = told(workflow, "fix")

    assert ("idle", None, None) == (line.phase, line.within, line.due)
    assert "nothing promised" in line.text()
    assert "没有承诺" in line.text("zh")
    assert line.svg("zh").startswith("<svg")


@pytest.mark.parametrize("wrong", [None, 7, "", "fixx", ["fix"]])
def test_an_unknown_clock_is_refused(wrong: Any) -> None:
    """The refusal names the clocks there are, or the nearest."""
    workflow = flow([{"name": "fix", "within": "1h"}])

    with pytest.raises(InputError, match=r"did you mean 'fix'|it has fix"):
        told(workflow, wrong)


@pytest.mark.parametrize("option", ["recompute", "prospective"])
def test_a_changed_calendar_is_told(option: str) -> None:
    """When a calendar was changed is a step; what its earlier edition counted still adds up."""
    clocks = [{"name": "fix", "within": "20h", "calendar": "hours", "on_calendar_change": option}]
    plain = Calendar("UTC", WEEK)
    old = flow(clocks, host_calendars={"hours": plain})
    new = flow(
        clocks,
        host_calendars={"hours": Calendar("UTC", WEEK, holidays=[{"date": "2026-03-03", "name": "Strike"}])},
        past_calendars=({"hours": plain},),
    )
    opened = old.open("T", at=NINE)
    moved = new.advance(opened.ticket, at=NINE + 28 * H)

    line = new.explain_clock(moved.ticket, "fix", at=NINE + 30 * H, records=[*opened.records, *moved.records])

    assert any(step.code == "sla.why_calendar_edited" for step in line.why)
    assert any("Strike" in said for said in line.answer())
    assert line.counted == sum((row.counted for row in line), timedelta()) == (8 if option == "recompute" else 12) * H
