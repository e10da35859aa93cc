"""Knows how a run goes on step by step; must not know who is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.errors import InputError, TimeError
from servflow.escalation import (
    ELAPSED,
    Chain,
    Counts,
    acknowledge,
    arm,
    begin,
    climb,
    entry_level,
    escalate,
    held,
    hold,
    next_due,
    release,
    remind,
    snooze,
    stop,
    wake_up,
)
from servflow.escalation._spans import NEVER
from servflow.model import ChainRun, dump, load

OFFICE = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def calendar(name: str | None) -> Counts:
    return ELAPSED if name is None else OFFICE


def chain(*delays: str, **options: Any) -> Chain:
    levels = [{"name": f"l{place}", "after": delay, "calendar": "office"} for place, delay in enumerate(delays)]
    return Chain(**{"name": "c", "start": {"event": "e"}, "levels": levels, **options})


def started(given: Chain, at: datetime = MONDAY) -> ChainRun:
    return begin(given, "cause", at, calendar)


def test_delays_count_from_the_scheduled_instant_before() -> None:
    """Levels come at closing time rather than the next opening, each counted from the one before it."""
    given = chain("0s", "8h", "1h")
    run = started(given)

    assert (MONDAY, "level") == next_due(run)
    run = climb(given, run, calendar)
    assert (MONDAY + 8 * HOUR, "level") == next_due(run)
    run = climb(given, run, calendar)
    assert (MONDAY + 25 * HOUR, "level") == next_due(run)
    assert 2 == run.reached
    run = climb(given, run, calendar)
    assert ("done", None) == (run.phase, next_due(run))


def test_days_pass_whatever_the_calendar_says() -> None:
    """``3d`` are three days even where a calendar counts; ``2 business days`` are the calendar's."""
    given = chain("3d", "2 business days")
    run = started(given, MONDAY + 3 * timedelta(days=1))

    assert datetime(2026, 3, 8, 9, tzinfo=UTC) == run.due
    assert (
        datetime(2026, 3, 10, 17, tzinfo=UTC) >= (climb(given, run, calendar).due or MONDAY) > datetime(2026, 3, 9, tzinfo=UTC)
    )


def test_an_armed_run_waits_for_its_beginning() -> None:
    """Age triggers set an instant at which the run begins; nobody can acknowledge it before."""
    given = chain("1h")
    run = arm(given, "age", MONDAY, "2h", OFFICE)

    assert ("armed", (MONDAY + 2 * HOUR, "begin")) == (run.phase, next_due(run))
    assert run == acknowledge(given, run, MONDAY, "ann", calendar) == snooze(given, run, MONDAY, None, None, calendar)
    assert run == escalate(given, run, MONDAY) == wake_up(given, run, MONDAY, calendar)


def test_an_acknowledgement_keeps_what_was_left() -> None:
    """An hour before the level stays an hour of open time before the level."""
    given = chain("2h")
    frozen = acknowledge(given, started(given), MONDAY + HOUR, "ann", calendar)

    assert ("acknowledged", HOUR, "ann", None) == (frozen.phase, frozen.left, frozen.by, next_due(frozen))
    assert frozen == acknowledge(given, frozen, MONDAY + 5 * HOUR, "ann", calendar)
    woken = wake_up(given, frozen, MONDAY + 7.5 * HOUR, calendar)
    assert ("running", MONDAY + 24.5 * HOUR, None) == (woken.phase, woken.due, woken.by)


def test_an_acknowledgement_runs_out() -> None:
    """With ``ack_ttl`` the climb goes on by itself; acknowledging again begins it anew."""
    given = chain("2h", ack_ttl="30m")
    frozen = acknowledge(given, started(given), MONDAY + HOUR, "ann", calendar)

    assert (MONDAY + 1.5 * HOUR, "resume") == next_due(frozen)
    again = acknowledge(given, frozen, MONDAY + 1.25 * HOUR, "bob", calendar)
    assert (MONDAY + 1.75 * HOUR, "resume") == next_due(again)
    assert (HOUR, "bob") == (again.left, again.by)


def test_taking_an_acknowledgement_back_may_restart() -> None:
    """``unack: restart`` climbs again from the first level; a snooze never does."""
    given = chain("1h", "3h", unack="restart")
    run = climb(given, started(given), calendar)
    woken = wake_up(given, acknowledge(given, run, MONDAY + 2 * HOUR, "ann", calendar), MONDAY + 3 * HOUR, calendar)
    slept = wake_up(given, snooze(given, run, MONDAY + 2 * HOUR, None, "ann", calendar), MONDAY + 3 * HOUR, calendar)

    assert (2, 0, MONDAY + 4 * HOUR) == (woken.climb, woken.level, woken.due)
    assert (1, 1, MONDAY + 5 * HOUR) == (slept.climb, slept.level, slept.due)


def test_an_acknowledgement_may_change_nothing() -> None:
    """With ``on_ack: continue`` it is noted who took notice and the climb goes on; a snooze still freezes."""
    given = chain("2h", on_ack="continue")
    run = acknowledge(given, started(given), MONDAY + HOUR, "ann", calendar)

    assert ("running", MONDAY + 2 * HOUR, "ann") == (run.phase, run.due, run.by)
    assert "snoozed" == snooze(given, run, MONDAY + HOUR, None, "ann", calendar).phase


def test_a_snooze_ends_later() -> None:
    """A snooze ends at its instant, and one that ends before it begins is refused."""
    given = chain("2h")
    run = started(given)
    snoozed = snooze(given, run, MONDAY, MONDAY + HOUR, "ann", calendar)

    assert (MONDAY + HOUR, "resume") == next_due(snoozed)
    assert MONDAY + 3 * HOUR == wake_up(given, snoozed, MONDAY + HOUR, calendar).due
    with pytest.raises(TimeError, match="not later"):
        snooze(given, run, MONDAY, MONDAY, "ann", calendar)
    with pytest.raises(TimeError, match="naive"):
        snooze(given, run, MONDAY.replace(tzinfo=None), None, "ann", calendar)


def test_reminders_go_on_beside_the_climb() -> None:
    """Reminders count from their level and each other, freeze with the run and keep a climb alive to the last one."""
    given = Chain(
        name="c",
        start={"event": "e"},
        levels=[{"name": "a", "remind": {"every": "2h", "times": 2}}, {"name": "b", "after": "2h"}],
    )
    run = climb(given, started(given), calendar)

    assert (MONDAY + 2 * HOUR, "level") == next_due(run)
    run = climb(given, run, calendar)
    assert ("running", (MONDAY + 2 * HOUR, "reminder")) == (run.phase, next_due(run))
    run = remind(given, run, calendar)
    assert (MONDAY + 4 * HOUR, "reminder") == next_due(run)
    frozen = acknowledge(given, run, MONDAY + 3 * HOUR, "ann", calendar)
    assert next_due(frozen) is None
    woken = wake_up(given, frozen, MONDAY + 30 * HOUR, calendar)
    assert (MONDAY + 31 * HOUR, "reminder") == next_due(woken)
    assert "done" == remind(given, woken, calendar).phase


def test_a_level_that_comes_again_has_its_reminders_anew() -> None:
    """A repeated climb replaces the reminders that a level still had."""
    given = Chain(
        name="c", start={"event": "e"}, levels=[{"name": "a", "remind": {"every": "9h", "times": 3}}], repeat={"after": "1h"}
    )
    run = climb(given, climb(given, started(given), calendar), calendar)

    assert [MONDAY + 10 * HOUR] == [reminder.due for reminder in run.reminders]


def test_a_chain_repeats_as_often_as_it_says() -> None:
    """Two more climbs, each beginning after the last level of the one before."""
    given = chain("1h", "1h", repeat={"times": 2, "after": "1h"})
    run, times = started(given), []
    while (coming := next_due(run)) is not None:
        times.append((run.climb, run.level, (coming[0] - MONDAY) // HOUR))
        run = climb(given, run, calendar)

    assert [(1, 0, 1), (1, 1, 2), (2, 0, 4), (2, 1, 5), (3, 0, 7), (3, 1, 8)] == times


def test_a_level_passed_over_leaves_no_trace() -> None:
    """What did not fire has no reminders and was not reached, but the next delay counts from it."""
    given = Chain(
        name="c",
        start={"event": "e"},
        levels=[{"name": "a", "after": "1h", "remind": {"every": "1h"}}, {"name": "b", "after": "1h"}],
    )
    run = climb(given, started(given), calendar, fired=False)

    assert ((), 0, MONDAY + 2 * HOUR) == (run.reminders, run.reached, run.due)


def test_a_held_level_waits_for_something_else() -> None:
    """Time does nothing to a held level, not even after a freeze; released, it is due at once."""
    given = chain("1h", "1h")
    waiting = hold(started(given))
    woken = wake_up(given, acknowledge(given, waiting, MONDAY, "ann", calendar), MONDAY + HOUR, calendar)

    assert (True, None) == (held(given, waiting), next_due(waiting))
    assert (True, None) == (held(given, woken), next_due(woken))
    run = release(waiting, MONDAY + 3 * HOUR)
    assert (False, (MONDAY + 3 * HOUR, "level")) == (held(given, run), next_due(run))
    assert MONDAY + 4 * HOUR == climb(given, run, calendar).due


def test_somebody_may_escalate() -> None:
    """By hand the next level, or a named one, is due now; going back begins a new climb; above the top there is nothing."""
    given = chain("1h", "1h", "1h")
    run = started(given)

    assert (0, MONDAY) == (escalate(given, run, MONDAY).level, escalate(given, run, MONDAY).due)
    up = escalate(given, run, MONDAY, "l2")
    assert (1, 2, MONDAY) == (up.climb, up.level, up.due)
    back = escalate(given, up, MONDAY, 1)
    assert (2, 1, MONDAY) == (back.climb, back.level, back.due)
    top = stop(run)
    assert top == escalate(given, top, MONDAY)
    with pytest.raises(InputError, match="did you mean 'l2'"):
        escalate(given, run, MONDAY, "l22")


def test_escalating_ends_an_acknowledgement() -> None:
    """Who escalates wants the climb to go on; reminders move by the time that passed frozen."""
    given = Chain(
        name="c", start={"event": "e"}, levels=[{"name": "a", "remind": {"every": "2h"}}, {"name": "b", "after": "5h"}]
    )
    frozen = acknowledge(given, climb(given, started(given), calendar), MONDAY + HOUR, "ann", calendar)
    run = escalate(given, frozen, MONDAY + 3 * HOUR, cal_of=calendar)

    assert ("running", MONDAY + 3 * HOUR, None, None) == (run.phase, run.due, run.left, run.by)
    assert [MONDAY + 4 * HOUR] == [reminder.due for reminder in run.reminders]


@pytest.mark.parametrize(
    ("on_reopen", "reached", "expected"),
    [("restart", 2, 0), ("resume", 0, 0), ("resume", 2, 1), ("next", 0, 0), ("next", 2, 2), ("next", 3, 2)],
)
def test_a_reopened_ticket_enters_where_the_chain_says(on_reopen: str, reached: int, expected: int) -> None:
    """From the first level, with the highest one reached, or with the one above it, which never passes the top."""
    given = chain("1h", "1h", "1h", on_reopen=on_reopen)

    assert expected == entry_level(given, reached)
    assert MONDAY + HOUR == begin(given, "reopen", MONDAY, calendar, level=expected).due


def test_steps_out_of_turn_are_refused() -> None:
    """A run that waits for nothing cannot be climbed or reminded."""
    given = chain("1h")
    for run in (stop(started(given)), hold(started(given)), arm(given, "age", MONDAY, "1h", OFFICE)):
        with pytest.raises(InputError, match="due"):
            climb(given, run, calendar)
    with pytest.raises(InputError, match="reminder"):
        remind(given, started(given), calendar)


def test_a_calendar_that_runs_out_keeps_a_level_for_ever() -> None:
    """A level that cannot come is due never, frozen or not, and nobody's event is refused for it."""
    once = Calendar("UTC", shifts={"2026-03-02": ["09:00-17:00"]})
    given = chain("9h", "1h")
    run = begin(given, "cause", MONDAY, lambda name: once)
    frozen = acknowledge(given, run, MONDAY + HOUR, "ann", lambda name: once)

    assert (NEVER, "level") == next_due(run)
    assert frozen == load(dump(frozen))
    assert NEVER == wake_up(given, frozen, MONDAY + 2 * HOUR, lambda name: once).due
    assert NEVER == climb(given, run, lambda name: once).due
    assert NEVER == started(chain("3d"), NEVER - HOUR).due
    assert NEVER == acknowledge(chain("1h", ack_ttl="3d"), started(chain("1h")), NEVER - HOUR, "ann", calendar).until
