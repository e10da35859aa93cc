"""Knows which period an instant lies in, in any zone; must not know what is measured in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from servflow.errors import InputError, TimeError
from servflow.metrics._periods import PERIODS, period_of, periods


@pytest.mark.parametrize(
    ("unit", "name", "start", "end"),
    [
        ("day", "2026-11-02", (2026, 11, 2), (2026, 11, 3)),
        ("week", "2026-W45", (2026, 11, 2), (2026, 11, 9)),
        ("month", "2026-11", (2026, 11, 1), (2026, 12, 1)),
        ("quarter", "2026-Q4", (2026, 10, 1), (2027, 1, 1)),
        ("year", "2026", (2026, 1, 1), (2027, 1, 1)),
    ],
)
def test_every_unit_is_half_open(unit: str, name: str, start: tuple[int, int, int], end: tuple[int, int, int]) -> None:
    """A period begins with a midnight and ends before the next one of its kind."""
    found = period_of(datetime(2026, 11, 2, tzinfo=UTC), unit)

    assert (name, datetime(*start, tzinfo=UTC), datetime(*end, tzinfo=UTC)) == (found.name, found.start, found.end)
    assert (True, False) == (found.holds(found.start), found.holds(found.end))
    assert found == found.next().previous()
    assert found.end == found.next().start


def test_the_zone_decides_the_day() -> None:
    """Late on Saturday in London it is November in Shanghai."""
    at = datetime(2026, 10, 31, 20, tzinfo=UTC)

    assert ("2026-10", "2026-11") == (period_of(at).name, period_of(at, "month", "Asia/Shanghai").name)
    assert datetime(2026, 10, 31, 16, tzinfo=UTC) == period_of(at, "month", "Asia/Shanghai").start


def test_days_of_a_changing_clock_are_not_24_hours() -> None:
    """The day on which clocks go back has 25 hours; one whose midnight is skipped begins after the gap."""
    autumn = period_of(datetime(2026, 10, 25, 12, tzinfo=UTC), "day", "Europe/Berlin")
    skipped = period_of(datetime(2018, 11, 4, 12, tzinfo=UTC), "day", "America/Sao_Paulo")

    assert timedelta(hours=25) == autumn.end - autumn.start
    assert (datetime(2018, 11, 4, 3, tzinfo=UTC), timedelta(hours=23)) == (skipped.start, skipped.end - skipped.start)


@pytest.mark.parametrize("unit", PERIODS)
def test_periods_meet_without_gap(unit: str) -> None:
    """Several years are covered once, and names sort by time."""
    found = list(periods(datetime(2023, 5, 5, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC), unit, "Europe/Berlin"))

    assert [one.end for one in found[:-1]] == [one.start for one in found[1:]]
    assert sorted(one.name for one in found) == [one.name for one in found]
    assert [] == list(periods(datetime(2027, 2, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC), unit))


def test_what_is_no_period_is_refused() -> None:
    """A wrong word is told with the one that is meant; so is a naive instant and an unknown zone."""
    with pytest.raises(InputError, match="did you mean 'month'"):
        period_of(datetime(2026, 1, 1, tzinfo=UTC), "months")
    with pytest.raises(TimeError):
        period_of(datetime(2026, 1, 1))
    with pytest.raises(TimeError):
        period_of(datetime(2026, 1, 1, tzinfo=UTC), "day", "Asia/Nowhere")
    with pytest.raises(InputError, match="leaves the years"):
        period_of(datetime(9999, 12, 31, tzinfo=UTC), "year")
