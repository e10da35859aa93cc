"""Knows how a service manager finds out why a repair is due when it is; must not know how that is worked out."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from servflow.desk import AsyncDesk, Desk
from servflow.engine import Workflow
from servflow.errors import InputError, NotFound, Refused, TimeError
from servflow.model import Actor
from servflow.stores import MemoryStore
from tests.scenarios.story import Story

BERLIN = ZoneInfo("Europe/Berlin")
REPAIR = Workflow(
    workflow="repair",
    fields={"tier": {"type": "string", "one_of": ["gold", "standard"], "default": "standard"}},
    calendars={
        "office": {
            "zone": "Europe/Berlin",
            "week": {"mon-fri": ["09:00-12:00", "13:00-18:00"]},
            "holidays": [{"date": "2026-04-03", "name": "Good Friday"}, {"date": "2026-04-06", "name": "Easter Monday"}],
            "known_until": "2026-12-31",
        }
    },
    initial="new",
    states={"new": {}, "on_site": {}, "waiting_parts": {}, "done": {"closed": True}},
    transitions=[
        {"event": "arrive", "source": "new", "target": "on_site"},
        {"event": "wait", "source": "on_site", "target": "waiting_parts"},
        {"event": "parts", "source": "waiting_parts", "target": "on_site"},
        {"event": "finish", "source": "on_site", "target": "done"},
        {"event": "ticket.reopen", "source": "done", "target": "new"},
    ],
    clocks=[
        {
            "name": "repair",
            "within": [{"when": "tier == 'gold'", "take": "8h"}, {"take": "10h"}],
            "calendar": "office",
            "until": "done",
            "paused_in": "waiting_parts",
            "warn": ["50%"],
        },
        {"name": "call back", "within": "2 business days", "calendar": "office", "start": {"state": "done"}},
    ],
)
ENGINEER = Actor("ann")


def at(text: str) -> datetime:
    """An instant of Berlin's wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def story() -> Story:
    """Opened on the Wednesday before Easter; parts are missing for two hours of Thursday morning."""
    told = Story(REPAIR, at("2026-04-01 15:30")).opened({}, by=Actor("cora"))
    told.later(hours=18).does(ENGINEER, "arrive")  # Thursday 09:30
    told.later(minutes=30).does(ENGINEER, "wait")
    return told.later(hours=2).does(ENGINEER, "parts")  # Thursday 12:00, as the office closes for lunch


def test_why_is_it_due_on_tuesday_at_half_past_ten() -> None:
    """Ten hours from Wednesday afternoon end on the Tuesday after Easter, and every step to it is told."""
    told = story()

    line = REPAIR.explain_clock(told.ticket, "repair", at=told.now, records=told.records)

    rested = "2h, of which 2h were open and did not count"
    assert at("2026-04-07 10:30") == line.due
    assert (
        "Promised are 10h, counted by calendar office (Europe/Berlin).",
        "That is choice 2 of 2, the one for all others.",
        "It started Wed 2026-04-01 15:30, cycle 1.",
        f"Paused Thu 2026-04-02 10:00 to Thu 2026-04-02 12:00, {rested}: in state waiting_parts.",
        "3h 30m were counted before; from Thu 2026-04-02 12:00 on 6h 30m are left.",
        "Holidays on the way do not count: 2026-04-03 Good Friday, 2026-04-06 Easter Monday.",
        "They are used up Tue 2026-04-07 10:30: 118h 30m pass until then, 112h of them closed.",
        "So it is due Tue 2026-04-07 10:30, 118h 30m from now.",
    ) == line.answer()
    assert [
        ("new", "started", timedelta(hours=3)),
        ("on_site", "started", timedelta(hours=3, minutes=30)),
        ("waiting_parts", "in state waiting_parts", timedelta(hours=3, minutes=30)),
    ] == [(row.state, row.reason, row.total) for row in line]


def test_why_is_it_due_on_thursday_already() -> None:
    """The customer turns out to be gold: less is promised, what was counted stays, and it ends at closing time."""
    told = story().later(hours=2).does(ENGINEER, "ticket.update", {"tier": "gold"})

    line = REPAIR.explain_clock(told.ticket, "repair", at=told.now, records=told.records)

    assert at("2026-04-02 17:30") == line.due
    answer = line.answer()
    assert 'That is choice 1 of 2: tier == "gold" holds (tier = gold).' in answer
    assert "Thu 2026-04-02 14:00 the target became 8h instead of 10h." in answer
    assert "What was counted until then is carried over." in answer


def test_why_was_it_broken_and_when() -> None:
    """After the fact the answer tells what held at the breach, also when the target has changed since."""
    told = story().later(days=6)
    told.does(ENGINEER, "ticket.update", {"tier": "gold"}).later(hours=1).does(ENGINEER, "finish")

    line = REPAIR.explain_clock(told.ticket, "repair", at=told.now, records=told.records)

    assert at("2026-04-07 10:30") == line.breached_at == line.due
    assert "They are used up Tue 2026-04-07 10:30: 118h 30m pass until then, 112h of them closed." in line.answer()
    assert ["breached", "target changed"] == [row.reason for row in line][-2:]
    assert line.answer()[-1].endswith("too late.")


def test_what_was_it_yesterday() -> None:
    """With the records a clock is told as it stood then; without them the past cannot be asked."""
    told = story()

    then = REPAIR.explain_clock(told.ticket, "repair", at=at("2026-04-02 09:00"), records=told.records)

    assert (at("2026-04-02 17:30"), "running", 1) == (then.due, then.phase, len(then))
    assert timedelta(hours=2, minutes=30) == then.counted
    with pytest.raises(Refused, match="behind"):
        REPAIR.explain_clock(told.ticket, "repair", at=at("2026-04-02 09:00"))


def test_a_late_message_is_told_as_such() -> None:
    """What occurred earlier than it was told counts from when it occurred, and the answer says so."""
    told = story().later(hours=3)
    told.does(ENGINEER, "wait", occurred=told.now - timedelta(hours=1)).later(minutes=30)

    line = REPAIR.explain_clock(told.ticket, "repair", at=told.now, records=told.records)

    assert "The clock heard Thu 2026-04-02 15:00 of what occurred Thu 2026-04-02 14:00, and counts from when it occurred." in (
        line.answer()
    )
    assert ("waiting_parts", at("2026-04-02 14:00")) == (line[-1].state, line[-1].start)


def test_the_second_time() -> None:
    """Reopened it is another promise; the first is told from the records."""
    told = story().does(ENGINEER, "finish").later(days=1).does(ENGINEER, "ticket.reopen").later(hours=1)

    second = REPAIR.explain_clock(told.ticket, "repair", at=told.now, records=told.records)
    first = REPAIR.explain_clock(told.ticket, "repair", at=told.now, records=told.records, cycle=1)

    assert ((2, "running"), (1, "met")) == ((second.cycle, second.phase), (first.cycle, first.phase))
    assert "It started Fri 2026-04-03 12:00 by event ticket.reopen, cycle 2." in second.answer()
    with pytest.raises(InputError, match="pass all records"):
        REPAIR.explain_clock(told.ticket, "repair", at=told.now, cycle=1)


def test_what_has_not_started() -> None:
    """A clock that waits for its start tells what it would promise."""
    told = story()

    line = REPAIR.explain_clock(told.ticket, "call back", at=told.now)

    assert ("idle", timedelta(hours=16), ()) == (line.phase, line.within, line.rows)
    assert "It is written as 2 business days, which comes to 16h from its start." in line.answer()
    with pytest.raises(InputError, match="did you mean 'call back'"):
        REPAIR.explain_clock(told.ticket, "callback", at=told.now)
    with pytest.raises(InputError, match="has not started"):
        REPAIR.explain_clock(told.ticket, "call back", at=told.now, cycle=1)


def test_a_desk_reads_the_records_itself() -> None:
    """One call answers for a stored ticket, now or as of an earlier instant, and only for the tenant's own."""
    now = [at("2026-04-01 15:30")]
    store = MemoryStore()
    desk = Desk(REPAIR, store.for_tenant("north"), now=lambda: now[0])
    desk.open("T1", {})
    now[0] = at("2026-04-02 09:30")
    desk.fire("T1", "arrive", actor="ann")
    now[0] = at("2026-04-02 10:00")

    line = desk.explain_clock("T1", "repair")

    assert (["new", "on_site"], at("2026-04-02 17:30")) == ([row.state for row in line], line.due)
    assert ["new"] == [row.state for row in desk.explain_clock("T1", "repair", at("2026-04-02 09:00"))]
    assert "UTC" in desk.explain_clock("T1", "repair", zone="UTC").text()
    with pytest.raises(InputError, match="did you mean 'repair'"):
        desk.explain_clock("T1", "repare")
    with pytest.raises(TimeError):
        desk.explain_clock("T1", "repair", datetime(2026, 4, 2, 9))
    with pytest.raises(NotFound):
        Desk(REPAIR, store.for_tenant("south"), now=lambda: now[0]).explain_clock("T1", "repair")


def test_an_asynchronous_desk_answers_the_same() -> None:
    """The coroutine twin gives the very same timeline."""
    now = at("2026-04-01 15:30")
    store = MemoryStore()
    plain = Desk(REPAIR, store, now=lambda: now)
    plain.open("T1", {})

    async def ask() -> object:
        return await AsyncDesk(REPAIR, store, now=lambda: now).explain_clock("T1", "repair")

    assert plain.explain_clock("T1", "repair") == asyncio.run(ask())
