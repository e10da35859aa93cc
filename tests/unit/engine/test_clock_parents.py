"""Knows how a clock is held to what its parent promises, whatever becomes of either; must not know how time is counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import servflow
from servflow.errors import DefinitionError
from servflow.model import Amended, Breached, ClockRetargeted, ClockStarted, Ticket

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FLOW: dict[str, Any] = {
    "servflow": 1,
    "workflow": "agreed",
    "fields": {"tier": {"type": "string", "default": "gold"}},
    "queues": ["front", "depot", "vendor"],
    "states": {"new": {}, "waiting": {}, "vendor": {}, "done": {"closed": True}},
    "transitions": [
        {"event": "wait", "source": ["new", "vendor"], "target": "waiting"},
        {"event": "send", "source": ["new", "waiting"], "target": "vendor"},
        {"event": "back", "source": ["waiting", "vendor"], "target": "new"},
        {"event": "finish", "source": ["new", "waiting", "vendor"], "target": "done"},
    ],
    "clocks": [
        {"name": "supply", "within": "6h", "start": [{"state": "vendor"}], "stop": [{"state": "new"}], "parent": "resolution"},
        {
            "name": "resolution",
            "within": [{"when": "tier == 'gold'", "take": "8h"}, {"take": "24h"}],
            "until": ["done"],
            "paused_in": ["waiting"],
        },
        {
            "name": "depot",
            "within": "4h",
            "start": [{"queue": "depot"}],
            "stop": [{"left_queue": "depot"}],
            "warn": ["50%", "30m before", "every 2h after"],
            "parent": "resolution",
        },
    ],
}


class Told:
    """One ticket and its records, at hours after its opening."""

    def __init__(self, definition: dict[str, Any] = FLOW) -> None:
        self.workflow = servflow.load(definition)
        made = self.workflow.open("t", at=MONDAY)
        self.ticket: Ticket = made.ticket
        self.records = [*made.records]

    def does(self, hour: float, event: str, payload: dict[str, Any] | None = None, occurred: float | None = None) -> Told:
        """An event at an hour, which may have occurred at an earlier one."""
        when = None if occurred is None else MONDAY + occurred * HOUR
        made = self.workflow.fire(self.ticket, event, payload, at=MONDAY + hour * HOUR, occurred=when)
        return self._keep(made)

    def moves(self, hour: float, queue: str) -> Told:
        """The ticket goes into another queue."""
        return self.does(hour, "ticket.update", {"queue": queue})

    def at(self, hour: float) -> Told:
        """Time passes."""
        return self._keep(self.workflow.advance(self.ticket, at=MONDAY + hour * HOUR))

    def _keep(self, made: Any) -> Told:
        self.ticket = made.ticket
        self.records += made.records
        assert self.ticket == self.workflow.fold(self.records)
        return self

    def due(self, clock: str) -> float | None:
        """The hour at which a clock is due."""
        due = self.ticket.clocks[clock].due
        return None if due is None else (due - MONDAY) / HOUR

    def reasons(self, clock: str, kind: type = ClockRetargeted) -> list[str]:
        """What the records of a clock give as reasons."""
        return [one.reason for one in self.records if type(one) is kind and one.clock == clock]


def test_a_child_that_starts_late_is_capped() -> None:
    """It has its own four hours where these fit, and what is left of the parent where they do not; the record says so."""
    early, late = Told().moves(1, "depot"), Told().moves(6, "depot")

    assert (5, 8) == (early.due("depot"), late.due("depot"))
    assert ([""], ["capped by resolution"]) == (early.reasons("depot", ClockStarted), late.reasons("depot", ClockStarted))
    assert (None, MONDAY + 8 * HOUR) == (early.ticket.clocks["depot"].cap, late.ticket.clocks["depot"].cap)


def test_marks_of_a_capped_clock_come_before_its_cap() -> None:
    """Percentages and marks before the end refer to what is left; breached at the cap it counts on from there."""
    told = Told().moves(6, "depot").at(11)
    run = told.ticket.clocks["depot"]

    assert [("50%", 7), ("30m before", 7.5), ("breach", 8), ("every 2h after #1", 10)] == [
        (mark, (at - MONDAY) / HOUR) for mark, at in zip(run.marks, run.reached, strict=True)
    ]
    assert [8.0, 8.0] == [(one.instant - MONDAY) / HOUR for one in told.records if isinstance(one, Breached)]


def test_the_pause_of_the_parent_lifts_the_cap() -> None:
    """While the parent rests it holds nobody; when it goes on it does again, with what it has then."""
    told = Told().moves(6, "depot").does(7, "wait")
    assert (10, None) == (told.due("depot"), told.due("resolution"))
    told.does(7.5, "back")
    assert (8.5, 8.5) == (told.due("depot"), told.due("resolution"))
    assert ["no longer capped by resolution", "capped by resolution"] == told.reasons("depot")


def test_a_child_that_starts_while_the_parent_rests() -> None:
    """It has its own time until the parent goes on."""
    told = Told().does(1, "wait").moves(6.5, "depot")
    assert 10.5 == told.due("depot")
    told.does(8, "ticket.update", {"tier": "x"}).does(8.5, "back")
    assert (10.5, 31.5) == (told.due("depot"), told.due("resolution"))


def test_a_retarget_of_the_parent_moves_the_cap() -> None:
    """Another tier gives the parent more time, and the child its own."""
    told = Told().moves(6, "depot").does(7, "ticket.update", {"tier": "silver"})
    assert (10, 24) == (told.due("depot"), told.due("resolution"))
    told.does(7, "ticket.update", {"tier": "gold"})
    assert (8, 8) == (told.due("depot"), told.due("resolution"))


def test_what_the_parent_breaks_the_child_breaks() -> None:
    """Both are broken at one instant; a child that begins afterwards has all its own time."""
    told = Told().does(3, "send").at(9)
    assert (8, 8) == (told.due("supply"), told.due("resolution"))
    told.does(9, "back").does(10, "send").moves(10, "depot")
    assert (16, 14) == (told.due("supply"), told.due("depot"))


def test_a_child_that_rested_over_the_breach_has_its_own_time() -> None:
    """The parent was broken while the child rested; what resumes then is not late at once."""
    definition = {
        **FLOW,
        "clocks": [FLOW["clocks"][1], {"name": "work", "within": "9h", "paused_in": "vendor", "parent": "resolution"}],
    }
    told = Told(definition)
    assert 8 == told.due("work")
    told.does(4, "send").does(9, "back")
    assert (14, None) == (told.due("work"), told.ticket.clocks["work"].cap)


def test_why_it_is_due_then() -> None:
    """The explanation names the parent, and the retargets name what they came from."""
    told = Told().moves(6, "depot")
    course = told.workflow.explain_clock(told.ticket, "depot", at=told.ticket.at, records=told.records)

    assert "never due after clock resolution" in course.text("en")
    assert "resolution" in course.text("zh")
    view = told.workflow.explain(told.ticket, at=told.ticket.at).clocks[1].as_data()
    assert ("depot", "resolution", "2026-03-02T17:00:00Z") == (view["name"], view["parent"], view["cap"])


def test_an_ended_parent_holds_nobody() -> None:
    """A child that outlives its parent has its own time from then on."""
    parent = {"name": "answer", "within": "3h", "stop": [{"event": "send"}]}
    definition = {**FLOW, "clocks": [{"name": "work", "within": "20h", "parent": "answer"}, parent]}
    told = Told(definition)
    assert 3 == told.due("work")
    told.does(2, "send")
    assert (20, ["no longer capped by answer"]) == (told.due("work"), told.reasons("work")[-1:])


def test_what_a_resting_child_would_be_due() -> None:
    """While the child rests it is told what it would be due if it went on, its parent's due instant at the latest."""
    definition = {
        **FLOW,
        "clocks": [FLOW["clocks"][1], {"name": "work", "within": "7h", "paused_in": "vendor", "parent": "resolution"}],
    }
    told = Told(definition).does(2, "send")

    def if_resumed(hour: float) -> float:
        view = told.workflow.explain(told.ticket, at=MONDAY + hour * HOUR).clocks[1]
        return (view.due_if_resumed - MONDAY) / HOUR  # type: ignore[no-any-return,operator]  # it is paused

    assert [7.5, 8, 8] == [if_resumed(hour) for hour in (2.5, 3, 7)]
    told.at(8.5)
    assert 14 == if_resumed(9), "the parent is broken and holds it no longer"
    assert [] == told.reasons("work")


def test_parents_of_parents() -> None:
    """A cap is handed down, whatever order the clocks are written in."""
    clocks = [
        {"name": "team", "within": "10h", "parent": "desk"},
        {"name": "desk", "within": "9h", "parent": "resolution"},
        FLOW["clocks"][1],
    ]
    told = Told({**FLOW, "clocks": clocks})
    assert [8, 8, 8] == [told.due(name) for name in ("team", "desk", "resolution")]
    told.does(1, "ticket.update", {"tier": "silver"})
    assert [9, 9, 24] == [told.due(name) for name in ("team", "desk", "resolution")]


def test_a_late_pause_of_the_parent_takes_the_breach_back() -> None:
    """The parent turns out to have rested from before: neither it nor its child was late, and both are amended."""
    told = Told().moves(6, "depot").at(8.5)
    assert {"breach"} <= {*told.ticket.clocks["depot"].marks}
    told.does(9, "wait", occurred=7.25)

    assert (10, None) == (told.due("depot"), told.due("resolution"))
    assert {("resolution", "breach"), ("depot", "breach"), ("depot", "30m before")} == {
        (one.clock, one.mark) for one in told.records if isinstance(one, Amended)
    }
    told.at(11)
    assert 10 == told.due("depot") == (told.ticket.clocks["depot"].breached_at - MONDAY) / HOUR  # type: ignore[operator]  # it is breached


def test_a_late_resume_of_the_parent_caps_from_then() -> None:
    """The parent went on earlier than anybody knew: the child is due when it is."""
    told = Told().moves(5, "depot").does(6, "wait").does(8, "back", occurred=6.5)

    assert (8.5, 8.5) == (told.due("depot"), told.due("resolution"))


def test_what_the_calendar_changes_for_the_parent() -> None:
    """A parent counted again under a new calendar moves its child's cap."""
    day = {"zone": "UTC", "week": {"mon-fri": ["09:00-21:00"]}}
    clocks = [{**FLOW["clocks"][1], "calendar": "day"}, {"name": "work", "within": "20h", "parent": "resolution"}]
    before = servflow.load({**FLOW, "calendars": {"day": day}, "clocks": clocks})
    after = servflow.load({**FLOW, "calendars": {"day": {**day, "breaks": {"2026-03-02": ["12:00-13:00"]}}}, "clocks": clocks})
    ticket = before.open("t", at=MONDAY).ticket
    changed = after.advance(ticket, at=MONDAY + HOUR).ticket

    assert [8, 9] == [(one.clocks["work"].due - MONDAY) / HOUR for one in (ticket, changed)]  # type: ignore[operator]  # both are due


def test_moving_to_another_version_caps_anew() -> None:
    """A clock that gets a parent with a new definition is held by it from then on."""
    free = [{key: value for key, value in clock.items() if key != "parent"} for clock in FLOW["clocks"]]
    old, new = servflow.load({**FLOW, "clocks": free}), servflow.load(FLOW)
    ticket = old.fire(old.open("t", at=MONDAY).ticket, "ticket.update", {"queue": "depot"}, at=MONDAY + 6 * HOUR).ticket
    moved = servflow.migrate(ticket, servflow.plan_migration(old, new), at=MONDAY + 7 * HOUR).ticket

    assert [10, 8] == [(one.clocks["depot"].due - MONDAY) / HOUR for one in (ticket, moved)]  # type: ignore[operator]  # both are due


@pytest.mark.parametrize(
    ("parents", "codes"),
    [
        ({"a": "b", "b": "a"}, [("clock.parent_circle", "clocks[0].parent"), ("clock.parent_circle", "clocks[1].parent")]),
        (
            {"a": "b", "b": "a", "c": "a"},
            [("clock.parent_circle", "clocks[0].parent"), ("clock.parent_circle", "clocks[1].parent")],
        ),
        ({"a": "a"}, [("sla.parent", "clocks[0].parent")]),
        ({"a": "d"}, [("name.unknown", "clocks[0].parent")]),
        ({"a": ""}, [("sla.parent", "clocks[0].parent")]),
    ],
)
def test_parents_that_are_none(parents: dict[str, str], codes: list[tuple[str, str]]) -> None:
    """Circles, oneself and clocks that do not exist are refused."""
    clocks = [{"name": name, "within": "1h", **({"parent": parents[name]} if name in parents else {})} for name in "abc"]
    with pytest.raises(DefinitionError) as refused:
        servflow.load({**FLOW, "clocks": clocks})

    assert codes == [(finding.code, finding.path) for finding in refused.value.findings]


@pytest.mark.parametrize(("breach", "due", "amended"), [("stays", 8, {"resolution"}), ("follows", 10, {"resolution", "depot"})])
def test_a_breach_of_the_parent_that_is_taken_back(breach: str, due: float, amended: set[str]) -> None:
    """Another tier gives the parent time after its breach: a child that only its cap broke follows where it says so."""
    clocks = [{**FLOW["clocks"][1], "breach": "follows"}, {**FLOW["clocks"][2], "breach": breach}]
    told = Told({**FLOW, "clocks": clocks}).moves(6, "depot").at(9).does(9, "ticket.update", {"tier": "silver"})

    assert (24, due) == (told.due("resolution"), told.due("depot"))
    assert amended == {one.clock for one in told.records if isinstance(one, Amended) and one.mark == "breach"}
    told.at(11)
    assert due == (told.ticket.clocks["depot"].breached_at - MONDAY) / HOUR  # type: ignore[operator]  # it is breached


def test_what_broke_by_its_own_time_stays_broken() -> None:
    """The parent has time again; the child used up its own."""
    clocks = [{**FLOW["clocks"][1], "breach": "follows"}, {**FLOW["clocks"][2], "breach": "follows"}]
    told = Told({**FLOW, "clocks": clocks}).moves(6, "depot").at(10.5).does(10.5, "ticket.update", {"tier": "silver"})

    assert (24, 8) == (told.due("resolution"), told.due("depot"))


def test_a_parent_moved_before_its_child_began_by_what_is_told_late() -> None:
    """What is told late puts the parent's breach later, but still before the child: that has all its own time."""
    pauses = {**FLOW["clocks"][1], "pause": [{"event": "hold"}], "resume": [{"event": "go"}]}
    flow = {**FLOW, "events": {"hold": {}, "go": {}}, "clocks": [pauses, FLOW["clocks"][2]]}
    told = Told(flow).does(3, "go").moves(20, "depot").does(22, "hold", occurred=2)

    assert (9, 24) == (told.due("resolution"), told.due("depot"))
    assert [9.0] == [(told.ticket.clocks["resolution"].breached_at - MONDAY) / HOUR]  # type: ignore[operator]  # it is breached


def test_what_is_told_late_of_a_parent_whose_child_has_ended() -> None:
    """The breach of a child that has ended goes with the breach of its parent, and it comes with one found late."""
    pauses = {**FLOW["clocks"][1], "pause": [{"event": "hold"}], "resume": [{"event": "go"}]}
    flow = {**FLOW, "events": {"hold": {}, "go": {}}, "clocks": [pauses, FLOW["clocks"][2]]}
    told = Told(flow).moves(6, "depot").moves(9, "front")
    assert (8, 8) == (told.due("depot"), told.due("resolution"))
    told.does(10, "hold", occurred=5)

    depot = told.ticket.clocks["depot"]
    assert ("met", None, MONDAY + 9 * HOUR, 3 * HOUR) == (depot.phase, depot.breached_at, depot.stopped_at, depot.counted)
    assert {"breach", "30m before", "50%"} == {
        one.mark for one in told.records if isinstance(one, Amended) and one.clock == "depot"
    }
    told.does(11, "go", occurred=5.5)
    depot = told.ticket.clocks["depot"]
    assert (8.5, MONDAY + 8.5 * HOUR) == (told.due("depot"), depot.breached_at)
    held = told.ticket.clocks["depot"]
    told.does(11.5, "go", occurred=8.5)
    assert held == told.ticket.clocks["depot"], "both are broken at that very instant"
    told.does(12, "finish").does(13, "ticket.update", {"tier": "silver"}, occurred=8)
    assert held == told.ticket.clocks["depot"]
