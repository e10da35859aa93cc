"""Knows what a process sees of an update of the tz database while it runs; must not know how zones are compiled."""

from __future__ import annotations

import struct
import zoneinfo
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from servflow.calendars import Calendar, any_of, reload_zones, tz_version
from servflow.escalation import Rotation

HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = {"mon-fri": ["09:00-17:00"]}

Install = Callable[..., None]


def _zone_file(rule: str) -> bytes:
    """A zone of the tz database without changes in the past: only the rule that holds from then on (RFC 9636)."""
    counts = (0, 0, 0, 0, 1, 4)
    block = struct.pack(">4sc15x6l", b"TZif", b"2", *counts) + struct.pack(">lBB", 0, 0, 0) + b"LMT\0"
    return block + block + f"\n{rule}\n".encode()


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    """Installs a database in which ``Test/Office`` follows a rule, before all others; afterwards everything is as it was."""
    paths = zoneinfo.TZPATH

    def write(rule: str, version: str = "2031a") -> None:
        (tmp_path / "Test").mkdir(exist_ok=True)
        (tmp_path / "Test" / "Office").write_bytes(_zone_file(rule))
        if version:
            (tmp_path / "tzdata.zi").write_text(f"# version {version}\n# more\n", "utf-8")
        zoneinfo.reset_tzpath([str(tmp_path), *paths])

    yield write
    zoneinfo.reset_tzpath(paths)
    reload_zones()


def test_every_answer_follows_an_update(install: Install) -> None:
    """Calendars, combinations and rotations made before count by the new rules, however often they were asked already."""
    install("<+08>-8")
    assert "2031a" == reload_zones() == tz_version()
    office = Calendar("Test/Office", WEEK, known_until="2026-03-02", holidays=["2026-03-04"])
    both = any_of(office, Calendar("UTC", {"sun": ["00:00-01:00"]}))
    turns = Rotation(["ann", "bob"], start=datetime(2026, 3, 2, 9), zone="Test/Office", every="1 day")
    hourly = Rotation(["ann", "bob"], start="2026-03-02T09:00", zone="Test/Office", every="3 hours")
    assert ("ann",) == hourly.on_call(datetime(2026, 3, 2, 1, tzinfo=UTC))
    before = [office.after(MONDAY, HOUR) for _ in range(30)]
    office.after_many([MONDAY] * 300, HOUR)
    many = [MONDAY + timedelta(minutes=n) for n in range(300)]

    assert {datetime(2026, 3, 2, 2, tzinfo=UTC)} == set(before)
    assert ("ann",) == turns.on_call(datetime(2026, 3, 2, 1, tzinfo=UTC))

    install("<+06>-6", "2031b")
    assert "2031a" == tz_version()
    assert "2031b" == reload_zones()

    assert datetime(2026, 3, 2, 4, tzinfo=UTC) == office.after(MONDAY, HOUR) == both.after(MONDAY, HOUR)
    assert [office.after(at, HOUR) for at in many] == office.after_many(many, HOUR)
    assert timedelta(hours=5) == office.between(MONDAY, MONDAY + 8 * HOUR)
    assert not office.is_open(datetime(2026, 3, 2, 2, 30, tzinfo=UTC))
    assert datetime(2026, 3, 2, 3, tzinfo=UTC) == office.next_opening(MONDAY)
    assert datetime(2026, 3, 3, 11, tzinfo=UTC) == office.end_of_day(MONDAY, 1)
    assert datetime(2026, 3, 5, 10, tzinfo=UTC) == office.at_time(MONDAY, "16:00", 2)
    assert ("bob",) == hourly.on_call(datetime(2026, 3, 2, 1, tzinfo=UTC))
    assert ("ann",) == hourly.on_call(datetime(2026, 3, 2, 3, tzinfo=UTC))
    assert not office.provisional(datetime(2026, 3, 2, 18, tzinfo=UTC))
    assert () == turns.on_call(datetime(2026, 3, 2, 1, tzinfo=UTC)) or ("bob",) == turns.on_call(
        datetime(2026, 3, 2, 1, tzinfo=UTC)
    )
    assert office == Calendar("Test/Office", WEEK, known_until="2026-03-02", holidays=["2026-03-04"])


def test_a_zone_may_come_and_the_rules_of_one_may_change(install: Install) -> None:
    """A zone that an update brings can be used at once; a summer time that is abolished no longer shifts anything."""
    install("EST5EDT,M3.2.0,M11.1.0")
    reload_zones()
    office = Calendar("Test/Office", WEEK)
    summer = datetime(2026, 7, 6, tzinfo=UTC)
    assert datetime(2026, 7, 6, 13, tzinfo=UTC) == office.next_opening(summer)

    install("EST5")
    reload_zones()

    assert datetime(2026, 7, 6, 14, tzinfo=UTC) == office.next_opening(summer)
    assert datetime(8026, 7, 6, 14, tzinfo=UTC) == office.next_opening(datetime(8026, 7, 6, tzinfo=UTC))


def test_a_database_that_does_not_say_its_edition_is_told_by_its_content(install: Install) -> None:
    """Zones without an edition are hashed, and what stands behind them is named too."""
    install("<+08>-8", "")
    one = reload_zones()
    install("<+06>-6", "")
    two = reload_zones()

    assert one != two
    assert all(text.startswith("sha256:") and len(text.split(",")) == 2 for text in (one, two))


def test_threads_that_ask_during_an_update_leave_nothing_behind(install: Install) -> None:
    """Once the reading is done, no answer by the old rules is left, whatever others compiled meanwhile."""
    rules = ["<+08>-8", "<+06>-6"]
    install(rules[0])
    reload_zones()
    calendars = [Calendar("Test/Office", WEEK, holidays=[f"2026-01-{n:02}"]) for n in range(1, 9)]
    starts = [MONDAY + timedelta(days=190 * n) for n in range(8)]

    def ask(calendar: Calendar) -> None:
        for start in starts * 3:
            calendar.after(start, HOUR)

    with ThreadPoolExecutor(4) as pool:
        for turn in range(4):
            asked = [pool.submit(ask, calendar) for calendar in calendars]
            install(rules[turn % 2])
            reload_zones()
            for each in asked:
                each.result()
            opens = timedelta(hours=1 if turn % 2 == 0 else 3)

            assert {opens} == {calendar.next_opening(MONDAY) - MONDAY for calendar in calendars}
    fresh = Calendar("Test/Office", WEEK)
    assert [fresh.next_opening(start) for start in starts] == [calendars[0].next_opening(start) for start in starts]


def test_the_edition_installed_here_is_named() -> None:
    """It is the year and a letter, as its makers call it, and stays the same between two readings."""
    assert tz_version() == tz_version() == reload_zones()
    assert tz_version() not in {"", "none"}
