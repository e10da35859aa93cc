"""Knows what answers of people do to a run; must not know tickets or who is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from servflow.calendars import Calendar
from servflow.errors import InputError
from servflow.escalation import (
    ELAPSED,
    Chain,
    Counts,
    acknowledge,
    arm,
    begin,
    climb,
    deescalate,
    end_snooze,
    escalate,
    hold,
    next_due,
    plan,
    snooze,
    stop,
    take_back,
    wake_up,
)
from servflow.model import ChainRun, ReminderDue

OFFICE = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def calendar(name: str | None) -> Counts:
    return ELAPSED if name is None else OFFICE


def chain(**options: Any) -> Chain:
    levels = [{"name": name, "after": "1h"} for name in ("one", "two", "three")]
    return Chain(**{"name": "c", "start": {"event": "e"}, "levels": levels, **options})


def climbed(given: Chain, levels: int) -> ChainRun:
    """A run that has reached so many levels, each on time."""
    run = begin(given, "cause", MONDAY, calendar)
    for _ in range(levels):
        run = climb(given, run, calendar)
    return run


# down -----------------------------------------------------------------------------------------------------------


def test_down_is_the_level_below_in_a_new_climb() -> None:
    """The level below the one reached last is due at once, in another climb, so that nothing fires twice in one."""
    given = chain()
    run = deescalate(given, climbed(given, 2), MONDAY + 2 * HOUR, cal_of=calendar)

    assert (0, 2, MONDAY + 2 * HOUR) == (run.level, run.climb, run.due)
    assert (1, MONDAY + 3 * HOUR) == ((after := climb(given, run, calendar)).level, after.due)


def test_down_to_a_level_by_name() -> None:
    """A level may be named, or given by its place."""
    given = chain()
    run = evolve(climbed(given, 2), level=3)

    assert [0, 1] == [deescalate(given, run, MONDAY, level).level for level in ("one", 1)]


@pytest.mark.parametrize("level", [None, "one", "two", "three"])
def test_what_does_not_lie_below_is_nowhere_to_go_down_to(level: Any) -> None:
    """A run that has reached its first level only, or none, has nothing below it."""
    given = chain()
    for run in (climbed(given, 0), climbed(given, 1), stop(climbed(given, 2))):
        assert run == deescalate(given, run, MONDAY + HOUR, level)


def test_down_ends_the_reminders_of_the_levels_above() -> None:
    """Whoever is not asked any more is not reminded either; levels below go on reminding."""
    given = chain()
    reminders = tuple(ReminderDue(level=place, due=MONDAY + 9 * HOUR, left=1) for place in range(3))
    run = ChainRun(
        chain="c", hash=given.hash, cause="x", started_at=MONDAY, level=3, due=MONDAY + 9 * HOUR, reminders=reminders
    )

    assert [0] == [one.level for one in deescalate(given, run, MONDAY, "two").reminders]


def test_down_takes_a_frozen_run_up_again() -> None:
    """Whoever sends an acknowledged run down wants somebody below to be told."""
    given = chain()
    frozen = acknowledge(given, climbed(given, 2), MONDAY + 2 * HOUR, "ann", calendar)
    run = deescalate(given, frozen, MONDAY + 5 * HOUR, cal_of=calendar)

    assert ("running", None, MONDAY + 5 * HOUR) == (run.phase, run.by, run.due)


def test_an_unknown_level_is_refused_with_a_suggestion() -> None:
    """A level that the chain does not have is refused, whether up or down."""
    given = chain()
    for step in (escalate, deescalate):
        with pytest.raises(InputError, match="did you mean 'two'"):
            step(given, climbed(given, 2), MONDAY, "tow")


# up -------------------------------------------------------------------------------------------------------------


def test_up_passes_over_a_level_that_waits() -> None:
    """A level that waits for its condition is passed over for the one above it; the last one is tried again."""
    given = chain()
    waiting, last = hold(climbed(given, 1)), hold(climbed(given, 2))

    assert 2 == escalate(given, waiting, MONDAY, cal_of=calendar).level
    assert 2 == escalate(given, last, MONDAY, cal_of=calendar).level


def test_up_from_a_frozen_level_is_the_next_one() -> None:
    """A frozen run has time left to its next level, so up is that level."""
    given = chain()
    frozen = acknowledge(given, climbed(given, 1), MONDAY + HOUR, "ann", calendar)

    assert (1, MONDAY + 2 * HOUR) == ((run := escalate(given, frozen, MONDAY + 2 * HOUR)).level, run.due)


# back -----------------------------------------------------------------------------------------------------------


def test_an_acknowledgement_is_taken_back() -> None:
    """The run goes on with what was left."""
    given = chain()
    frozen = acknowledge(given, climbed(given, 0), MONDAY + HOUR / 2, "ann", calendar)
    run = take_back(given, frozen, MONDAY + 5 * HOUR, calendar)

    assert ("running", None, MONDAY + 5.5 * HOUR) == (run.phase, run.by, run.due)


def test_an_acknowledgement_that_was_only_noted_is_taken_back() -> None:
    """With on_ack: continue only the name goes."""
    given = chain(on_ack="continue")
    noted = acknowledge(given, climbed(given, 0), MONDAY, "ann", calendar)

    assert (None, noted.due) == ((run := take_back(given, noted, MONDAY, calendar)).by, run.due)


def test_each_is_taken_back_by_its_own_name() -> None:
    """A snooze is no acknowledgement, and neither is a run that goes on."""
    given = chain()
    run = climbed(given, 1)
    acked = acknowledge(given, run, MONDAY + HOUR, "ann", calendar)
    snoozed = snooze(given, run, MONDAY + HOUR, MONDAY + 4 * HOUR, "ann", calendar)

    assert (run, snoozed) == (take_back(given, run, MONDAY + HOUR, calendar), take_back(given, snoozed, MONDAY, calendar))
    assert (run, acked) == (end_snooze(given, run, MONDAY + HOUR, calendar), end_snooze(given, acked, MONDAY, calendar))


def test_a_snooze_is_ended_before_its_time() -> None:
    """What was left counts from there."""
    given = chain()
    snoozed = snooze(given, climbed(given, 0), MONDAY, MONDAY + 9 * HOUR, None, calendar)

    assert (MONDAY + 3 * HOUR, "level") == next_due(end_snooze(given, snoozed, MONDAY + 2 * HOUR, calendar))


# one after the other --------------------------------------------------------------------------------------------


def test_a_snooze_takes_the_place_of_an_acknowledgement() -> None:
    """It ends by itself, and then the run goes on with what was left at the acknowledgement, also with unack: restart."""
    given = chain(unack="restart", ack_ttl="9h")
    frozen = acknowledge(given, climbed(given, 1), MONDAY + 1.5 * HOUR, "ann", calendar)
    snoozed = snooze(given, frozen, MONDAY + 2 * HOUR, MONDAY + 4 * HOUR, "bob", calendar)
    run = wake_up(given, snoozed, MONDAY + 4 * HOUR, calendar)

    assert ("snoozed", MONDAY + 4 * HOUR, "bob") == (snoozed.phase, snoozed.until, snoozed.by)
    assert (1, 1, MONDAY + 4.5 * HOUR) == (run.climb, run.level, run.due)


def test_an_acknowledgement_takes_the_place_of_a_snooze() -> None:
    """The end of the snooze does nothing any more; what was left is what was left at the snooze."""
    given = chain()
    snoozed = snooze(given, climbed(given, 0), MONDAY + HOUR / 4, MONDAY + 2 * HOUR, None, calendar)
    acked = acknowledge(given, snoozed, MONDAY + HOUR, "ann", calendar)

    assert ("acknowledged", None, None) == (acked.phase, acked.until, next_due(acked))
    assert MONDAY + 5.75 * HOUR == take_back(given, acked, MONDAY + 5 * HOUR, calendar).due


def test_a_snooze_may_be_made_shorter_or_longer() -> None:
    """The later snooze counts."""
    given = chain()
    first = snooze(given, climbed(given, 0), MONDAY, MONDAY + 4 * HOUR, None, calendar)

    assert MONDAY + 2 * HOUR == snooze(given, first, MONDAY + HOUR, MONDAY + 2 * HOUR, None, calendar).until


def test_what_waits_to_begin_is_not_answered() -> None:
    """A run that is armed has told nobody anything yet."""
    given = chain()
    armed = arm(given, "cause", MONDAY, "2h", ELAPSED)

    assert [armed] * 4 == [
        acknowledge(given, armed, MONDAY, "ann", calendar),
        snooze(given, armed, MONDAY, MONDAY + HOUR, "ann", calendar),
        escalate(given, armed, MONDAY),
        deescalate(given, armed, MONDAY),
    ]


# plans ----------------------------------------------------------------------------------------------------------


def test_a_plan_shows_what_waits_for_quiet_hours_to_end() -> None:
    """Levels act at their instants, and say what is not urgent when quiet ends."""
    do = [{"tag": "late"}, {"notify": {"to": {"user": "ann"}, "template": "t"}}]
    loud = [{"notify": {"to": {"user": "bob"}, "template": "t", "urgent": True}}]
    given = chain(quiet="night", late="each", levels=[{"name": "one", "do": do}, {"name": "two", "after": "1h", "do": loud}])
    night = Calendar("UTC", {"mon-sun": ["08:00-12:00"]})
    planned = plan(given, MONDAY, MONDAY + 9 * HOUR, calendars={"night": night})

    assert [("level", "one", (), 0), ("level", "two", ("bob",), 1), ("quiet", "one", ("ann",), 3)] == [
        (item.kind, item.name, item.to, (item.at - MONDAY) // HOUR) for item in planned
    ]
    assert ("quiet hours: told at 2026-03-02T12:00:00+00:00",) == planned[0].why


def test_a_script_may_say_every_answer() -> None:
    """What people do by the events of the kernel, a script says too."""
    given = chain()
    script = [
        (MONDAY + HOUR / 2, "snooze", "9h"),
        (MONDAY + 1 * HOUR, "unsnooze"),
        (MONDAY + 3 * HOUR, "deescalate"),
        (MONDAY + 3 * HOUR, "ack"),
        (MONDAY + 4 * HOUR, "unack"),
        (MONDAY + 5 * HOUR, "stop"),
    ]

    assert [(1, "one", 1.5), (1, "two", 2.5), (2, "one", 4)] == [
        (item.climb, item.name, (item.at - MONDAY) / HOUR) for item in plan(given, MONDAY, MONDAY + 9 * HOUR, script)
    ]
