"""Knows how sleeping tickets in a store follow another list of holidays; must not know how time is counted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import servflow
from servflow.calendars import Calendar
from servflow.desk import AsyncDesk, Desk
from servflow.errors import InputError, NotFound
from servflow.model import ClockRetargeted, Repinned
from servflow.stores import MemoryStore, SqliteStore, Store, export, import_ticket

WEEK = {"mon-fri": ["09:00-17:00"]}
KNOWN = Calendar("UTC", WEEK, holidays=["2026-10-01"])
MORE = Calendar("UTC", WEEK, holidays=["2026-09-29", "2026-10-01"])
FEWER = Calendar("UTC", WEEK)
MONDAY = datetime(2026, 9, 28, 9, tzinfo=UTC)
DEFINITION: dict[str, Any] = {
    "workflow": "repair",
    "fields": {"note": {"type": "string", "optional": True}},
    "initial": "open",
    "states": {"open": {}, "waiting": {}, "done": {"closed": True}},
    "transitions": [
        {"event": "wait", "source": "open", "target": "waiting"},
        {"event": "finish", "source": ["open", "waiting"], "target": "done"},
    ],
    "clocks": [
        {"name": "repair", "within": "30h", "calendar": "office", "until": "done", "paused_in": "waiting", "warn": ["50%"]},
        {"name": "answer", "within": "400h", "until": "done"},
    ],
}


def flow(calendar: Calendar, **more: Any) -> servflow.Workflow:
    """The workflow with one edition of its calendar."""
    return servflow.Workflow(**{**DEFINITION, **more}, calendars={"office": calendar})


@pytest.fixture(params=["memory", "sqlite"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """How an empty store of a kind is made; what was made is closed."""
    with ExitStack() as closing:
        if request.param == "memory":
            yield MemoryStore
        else:
            yield lambda: closing.enter_context(SqliteStore(tmp_path / "tickets.db"))


def desk_of(store: Store, calendar: Calendar, at: datetime = MONDAY, **more: Any) -> Desk:
    """A desk at an instant that counts by an edition of the calendar."""
    return Desk(flow(calendar, **more), store, now=lambda: at)


def due(desk: Desk, name: str) -> datetime | None:
    """When the repair of a ticket is due."""
    return desk.get(name).clocks["repair"].due


DAY = timedelta(days=1)
LATER = MONDAY + timedelta(hours=3)


def test_a_further_holiday_moves_dues_and_wakes_of_tickets_nobody_touched(make: Callable[[], Store]) -> None:
    """A holiday that is announced makes a sleeping ticket due a working day later; it wakes by that and by nothing before."""
    with_store = make()
    desk_of(with_store, KNOWN).open("T1")
    desk = desk_of(with_store, MORE, LATER)
    before = desk.get("T1")

    report = desk.recalendar()

    after = desk.get("T1")
    assert (1, 0, 0, 0, False) == (report.recounted, report.same, report.done, report.failed, report.more)
    assert before.clocks["repair"].due is not None
    assert before.clocks["repair"].due + 3 * DAY == after.clocks["repair"].due
    assert after.clocks["repair"].next_at is not None
    assert after.wake == after.clocks["repair"].next_at + timedelta(microseconds=1)
    assert [ClockRetargeted, Repinned] == [type(record) for record in desk.history("T1")[before.revision :]]
    assert before.wake is not None
    assert () == with_store.claim(before.wake)
    assert after.wake is not None
    assert ["T1"] == [claim.ticket for claim in with_store.claim(after.wake)]


def test_a_holiday_that_falls_away_wakes_in_time(make: Callable[[], Store]) -> None:
    """A day that is worked after all brings the due instant nearer, and a worker sees it then, not a day too late."""
    with_store = make()
    desk_of(with_store, KNOWN).open("T1")
    desk = desk_of(with_store, FEWER, LATER)
    old = due(desk, "T1")

    desk.recalendar()

    new = due(desk, "T1")
    assert old is not None
    assert new == datetime(2026, 10, 1, 15, tzinfo=UTC)
    assert new < old
    late = desk_of(with_store, FEWER, new + timedelta(microseconds=1))
    late.tick()
    assert new == late.get("T1").clocks["repair"].breached_at


def test_doing_it_again_does_nothing(make: Callable[[], Store]) -> None:
    """A call that was interrupted is made again: what was done is not done twice."""
    with_store = make()
    desk = desk_of(with_store, KNOWN)
    for number in range(5):
        desk.open(f"T{number}")
    desk = desk_of(with_store, MORE, LATER)

    first, second, third = desk.recalendar(limit=3), desk.recalendar(), desk.recalendar()

    assert [(3, True), (2, False), (0, False)] == [(report.recounted, report.more) for report in (first, second, third)]
    assert {due(desk, "T0")} == {due(desk, f"T{number}") for number in range(5)}


def test_what_has_no_clock_on_a_calendar_is_left_alone(make: Callable[[], Store]) -> None:
    """Closed tickets and those of another version without such clocks keep their records as they are."""
    with_store = make()
    desk = desk_of(with_store, KNOWN)
    desk.open("T1")
    desk.fire("T1", "finish")
    before = desk.get("T1")

    assert 0 == desk_of(with_store, MORE, LATER).recalendar().recounted
    assert before == desk.get("T1")


def test_a_paused_ticket_is_counted_again_too(make: Callable[[], Store]) -> None:
    """While paused nothing is due; what was counted is counted by the new calendar, and what is left with it."""
    with_store = make()
    desk_of(with_store, KNOWN, MONDAY).open("T1")
    desk_of(with_store, KNOWN, MONDAY + DAY + timedelta(hours=4)).fire("T1", "wait")
    desk = desk_of(with_store, MORE, MONDAY + 2 * DAY)

    assert 1 == desk.recalendar().recounted
    assert timedelta(hours=8) == desk.get("T1").clocks["repair"].counted


def test_named_tickets_only(make: Callable[[], Store]) -> None:
    """Tickets may be named; one that is gone is told, and the others are counted all the same."""
    with_store = make()
    desk = desk_of(with_store, KNOWN)
    desk.open("T1")
    desk.open("T2")
    desk = desk_of(with_store, MORE, LATER)

    report = desk.recalendar(tickets=["T9", "T2"])

    assert (1, 1) == (report.recounted, report.failed)
    assert isinstance(report.problems[0].error, NotFound)
    assert due(desk, "T2") != due(desk, "T1")


def test_what_would_change_is_told_before_and_is_what_changes(make: Callable[[], Store]) -> None:
    """The look ahead tells the very dues that counting again gives; it keeps nothing."""
    with_store = make()
    desk = desk_of(with_store, KNOWN)
    for number in range(3):
        desk.open(f"T{number}")
    desk.fire("T2", "wait")
    tickets = with_store.find()

    told = list(desk_of(with_store, KNOWN, LATER).recompute({"office": MORE}))
    coming = list(desk_of(with_store, MORE, LATER).recompute())

    assert tickets == with_store.find()
    desk = desk_of(with_store, MORE, LATER)
    desk.recalendar()
    assert [(name, due(desk, name)) for name in ("T0", "T1", "T2")] == [
        (change.ticket, change.after.due) for change in told if change.after is not None
    ]
    assert told == coming
    assert [] == list(desk.recompute())


def test_prospective_clocks_are_counted_by_the_calendars_the_store_kept(make: Callable[[], Store]) -> None:
    """Up to the change the earlier calendar counts, which the store still holds; from there the new one."""
    clocks = [{**DEFINITION["clocks"][0], "on_calendar_change": "prospective"}]
    with_store = make()
    desk_of(with_store, KNOWN, clocks=clocks).open("T1")
    old = due(desk_of(with_store, KNOWN, clocks=clocks), "T1")
    week = Calendar("UTC", {"mon-fri": ["09:00-13:00"]}, holidays=["2026-10-01"])
    desk = desk_of(with_store, week, MONDAY + timedelta(hours=8), clocks=clocks)

    desk.recalendar()

    assert datetime(2026, 10, 2, 15, tzinfo=UTC) == old
    run = desk.get("T1").clocks["repair"]
    assert timedelta(hours=8) == run.counted
    assert datetime(2026, 10, 7, 11, tzinfo=UTC) == run.due


def test_an_edition_counts_though_nothing_touched_the_ticket_under_it(make: Callable[[], Store]) -> None:
    """A day by the first calendar, two by the second, and from then on by the third: whether anyone looked or not."""
    clocks = [{"name": "repair", "within": "200h", "calendar": "office", "on_calendar_change": "prospective"}]
    first, second, third = (Calendar("UTC", {"mon-sun": [f"00:00-{end}:00"]}) for end in ("24", "12", "06"))
    with_store = make()
    desk_of(with_store, first, MONDAY, clocks=clocks).open("T1")
    between = desk_of(with_store, second, MONDAY + DAY, clocks=clocks)
    between.open("T2")
    desk_of(with_store, first, MONDAY, clocks=clocks).open("T3")
    between.recalendar(tickets=["T3"])

    desk = desk_of(with_store, third, MONDAY + 3 * DAY, clocks=clocks)
    desk.get("T2")
    desk.recalendar()

    untouched, touched = (desk.get(name).clocks["repair"] for name in ("T1", "T3"))
    assert timedelta(hours=24 + 24) == untouched.counted
    assert (touched.counted, touched.due) == (untouched.counted, untouched.due)
    assert timedelta(hours=24) == desk.get("T2").clocks["repair"].counted


def test_a_ticket_takes_its_calendars_along_to_another_store(make: Callable[[], Store]) -> None:
    """There its clock counts by them up to the change, as where it came from; what are not its calendars is refused."""
    clocks = [{**DEFINITION["clocks"][0], "on_calendar_change": "prospective"}]
    week = Calendar("UTC", {"mon-fri": ["09:00-13:00"]})
    here, there = make(), MemoryStore()
    desk_of(here, KNOWN, clocks=clocks).open("T1")
    data = json.loads(json.dumps(export(here, "T1")))
    lying = json.loads(json.dumps(data).replace("09:00-17:00", "09:00-18:00"))

    with pytest.raises(InputError):
        import_ticket(there, lying)
    import_ticket(there, data)

    runs = []
    for store in (here, there):
        desk = desk_of(store, week, MONDAY + timedelta(hours=8), clocks=clocks)
        desk.recalendar()
        runs.append(desk.get("T1").clocks["repair"])
    assert timedelta(hours=8) == runs[0].counted
    assert runs[0] == runs[1]


def test_an_unknown_calendar_is_refused(make: Callable[[], Store]) -> None:
    """A name that no calendar has is told with what was meant."""
    desk = desk_of(make(), KNOWN)
    desk.open("T1")

    with pytest.raises(InputError, match="did you mean 'office'"):
        list(desk.recompute({"offce": MORE}))


def test_questions_about_one_ticket(make: Callable[[], Store]) -> None:
    """A desk answers what a change or a piece of work would come to, and keeps nothing."""
    desk = desk_of(make(), KNOWN)
    desk.open("T1")
    before = desk.get("T1")

    found = desk.what_if("T1", event="wait")

    assert ("paused", None) == (found.clocks[0].after.phase, found.clocks[0].after.due)
    assert timedelta(hours=28) == desk.forecast("T1", "repair", "2h").slack
    assert before == desk.get("T1")


def test_coroutines_ask_and_count_alike() -> None:
    """The desk for coroutines gives the same answers."""
    store = MemoryStore()
    desk_of(store, KNOWN).open("T1")

    async def ask() -> tuple[Any, ...]:
        desk = AsyncDesk(flow(MORE), store, now=lambda: LATER)
        told = await desk.recompute()
        asked = await desk.what_if("T1", priority=1), await desk.forecast("T1", "repair", "1h")
        return len(told), len(asked[0].changed), asked[1].reason, (await desk.recalendar()).recounted

    assert (1, 1, None, 1) == asyncio.run(ask())


def test_tickets_of_another_tenant_are_left_alone(make: Callable[[], Store]) -> None:
    """Counting the tickets of one tenant again changes nothing of another's, whose calendars may be others."""
    whole = make()
    north, south = whole.for_tenant("north"), whole.for_tenant("south")
    for tenant in (north, south):
        desk_of(tenant, KNOWN).open("T1")
    before = south.load("T1")

    assert 1 == desk_of(north, MORE, LATER).recalendar().recounted
    assert before == south.load("T1")
