"""Holds backlog, ages, and times per state and step to their definitions, over time; must not know how tables are made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from servflow import Calendar
from servflow.errors import InputError
from servflow.metrics import Case, Stay, StepDone, backlog, backlog_age, measure_table, time_in_state, time_per_step
from servflow.metrics._example import at

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def case(began: float, closed: float | None = None, **facts: Any) -> Case:
    """A case with its first and last hour."""
    return Case(id="T", began=at(began), closed_at=None if closed is None else at(closed), **facts)


def by_period(cases: list[Case], name: str, hours: float, period: str, zone: str = "UTC") -> dict[str, Any]:
    """Period -> value, of all cases."""
    rows = measure_table(cases, [name], at=at(hours), period=period, zone=zone).rows
    return {row.period: row.value for row in rows if row.part == "all"}


def test_backlog_at_the_end_of_every_day() -> None:
    """Open just before midnight is in the backlog of the day; closed at midnight was open before it."""
    cases = [case(1, 24), case(23, 25), case(24), case(30, 31)]

    assert {"all": 1, "2026-11-02": 2, "2026-11-03": 1, "2026-11-04": 1} == by_period(cases, "backlog", 60, "day")


def test_backlog_of_the_running_period_is_as_of_now() -> None:
    """What closes exactly now is no backlog any more, what opens exactly now is."""
    assert {"all": 1, "2026-11": 1} == by_period([case(1, 9), case(9), case(10)], "backlog", 9, "month")


def test_backlog_counts_a_reopened_ticket_only_while_it_is_open() -> None:
    """Closed over night, it is not in that day's backlog."""
    one = case(1, None, closings=(at(20),), reopenings=(at(30),), reopened=1)

    assert {"all": 1, "2026-11-02": 0, "2026-11-03": 1, "2026-11-04": 1} == by_period([one], "backlog", 48.5, "day")


def test_a_backlog_of_none_is_zero_where_there_were_tickets() -> None:
    """All closed is 0 of all that began by then; before the first one, and of a group that had none yet, there is no figure."""
    cases = [case(1, 2, labels={"tier": "gold"}), case(25, 26, labels={"tier": "plain"}), case(49, labels={"tier": "plain"})]
    table = measure_table(cases, ["backlog", "backlog_age"], at=at(60), by="tier", period="day")
    found = {
        (row.group, row.period): (row.value, row.numerator, row.denominator)
        for row in table.rows
        if row.measure == "backlog" and row.part == "all"
    }

    assert {
        ("all", "all"): (1, 1, 3),
        ("all", "2026-11-02"): (0, 0, 1),
        ("all", "2026-11-03"): (0, 0, 2),
        ("all", "2026-11-04"): (1, 1, 3),
        ("gold", "all"): (0, 0, 1),
        ("gold", "2026-11-02"): (0, 0, 1),
        ("gold", "2026-11-03"): (0, 0, 1),
        ("gold", "2026-11-04"): (0, 0, 1),
        ("plain", "all"): (1, 1, 2),
        ("plain", "2026-11-03"): (0, 0, 1),
        ("plain", "2026-11-04"): (1, 1, 2),
    } == found
    assert ("gold", None) in {(row.group, row.value) for row in table.rows if row.measure == "backlog_age"}
    assert backlog([]) is None
    assert backlog([case(10)], at=at(9)) is None


def test_no_backlog_is_told_for_periods_without_end() -> None:
    """A ticket that occurred long ago makes no table of half a million days."""
    with pytest.raises(InputError, match="cells"):
        measure_table([Case(id="T", began=at(0).replace(year=1300), closed_at=at(0))], ["backlog"], at=at(9), period="day")


def test_ages_part_the_backlog_half_open() -> None:
    """Exactly one day old is in the part from one day on, and each day's backlog has the ages of that day."""
    cases = [Case(id="T", began=at(0), at=at(24)), Case(id="U", began=at(0.5), at=at(24))]

    assert {"all": 2, "0d-1d": 1, "1d-3d": 1} == {part: found.value for part, found in backlog.by_part(cases).items() if found}
    assert ["0d-6h", "6h+"] == list(
        backlog.by_part([Case(id="T", began=at(0), at=at(6)), Case(id="U", began=at(3), at=at(6))], buckets=[6 * HOUR])
    )[1:]


@pytest.mark.parametrize("buckets", [[2 * DAY, DAY], [timedelta()], [DAY, DAY], ["1d"], [-DAY]])
def test_ages_go_up(buckets: list[Any]) -> None:
    """Bounds that do not go up part nothing."""
    with pytest.raises(InputError, match="buckets are timedeltas above 0, in order"):
        backlog([case(0)], at=at(9), buckets=buckets)


def test_age_at_the_end_of_every_period() -> None:
    """A ticket grows older by a day per day, and by the office's hours in the office's calendar."""
    office = Calendar(zone="UTC", week={"mon-sun": ["09:00-17:00"]})
    rows = measure_table([case(12)], ["backlog_age"], at=at(60), period="day").rows

    assert [48 * 3600.0, 12 * 3600.0, 36 * 3600.0, 48 * 3600.0] == [row.value for row in rows]
    found = backlog_age([Case(id="T", began=at(12), at=at(36))], calendar=office)
    assert found is not None
    assert 8 * HOUR == found.total


def test_local_days_of_a_zone_that_changes_its_clocks() -> None:
    """In Lisbon the 29th of March has 23 hours: a ticket closed at 23:30 UTC closed on the next day there."""
    spring = at(0) - timedelta(days=218)  # 29 March 2026, 00:00 UTC
    cases = [Case(id="T", began=spring, closed_at=spring + 23.5 * HOUR, done_at=spring + 23.5 * HOUR)]
    days = {
        zone: [row.period for row in measure_table(cases, ["time_to_resolve"], at=at(0), period="day", zone=zone).rows]
        for zone in ("UTC", "Europe/Lisbon")
    }

    assert {"UTC": ["all", "2026-03-29"], "Europe/Lisbon": ["all", "2026-03-30"]} == days


def test_time_in_states_counts_each_stay() -> None:
    """A stay that goes on is left out and told; what passes after the closing is nobody's time."""
    stays = (
        Stay(state="new", since=at(0), until=at(1)),
        Stay(state="parts", since=at(1), until=at(4)),
        Stay(state="new", since=at(4)),
        Stay(state="closed", since=at(5), until=at(50), closed=True),
    )
    found = time_in_state.by_part([case(0, stays=stays)])

    assert {"all", "new", "parts"} == found.keys()
    assert found["new"] is not None
    assert (HOUR, 1, {"still there": 1}) == (found["new"].total, found["new"].count, dict(found["new"].excluded))
    assert ["all", "parts"] == list(time_in_state.by_part([case(0, stays=stays)], states=["parts"]))


def test_time_per_step_in_a_calendar() -> None:
    """A step that was begun before the office opened counts from its opening."""
    office = Calendar(zone="UTC", week={"mon-sun": ["09:00-17:00"]})
    checks = (StepDone(state="on_site", step="photo", at=at(10), after=2 * HOUR),)
    found = time_per_step.by_part([case(0, checks=checks)], calendar=office)["on_site/photo"]

    assert found is not None
    assert HOUR == found.total
