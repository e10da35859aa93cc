"""Knows how instants of a log are read; must not know any log."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from servflow.lab._moments import Moments, reader_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("%d/%m/%Y %H:%M", "29/2/2016 01:16", datetime(2016, 2, 29, 1, 16, tzinfo=UTC)),
        ("%Y-%m-%d", "2016-02-29", datetime(2016, 2, 29, tzinfo=UTC)),
        ("%Y-%m-%d %H:%M:%S.%f", "2016-02-29 01:16:07.5", datetime(2016, 2, 29, 1, 16, 7, 500_000, tzinfo=UTC)),
        ("%Y%%%m%%%d", "2016%02%29", datetime(2016, 2, 29, tzinfo=UTC)),
        ("%d.%m.%Y %H:%M %z", "1.3.2016 09:00 +0800", datetime(2016, 3, 1, 1, tzinfo=UTC)),
        ("%d.%m.%Y %H:%M %z", "1.3.2016 09:00 -02:30", datetime(2016, 3, 1, 11, 30, tzinfo=UTC)),
        ("%d.%m.%Y %H:%M %z", "1.3.2016 09:00 Z", datetime(2016, 3, 1, 9, tzinfo=UTC)),
        ("iso", "2016-03-01T09:00:00+08:00", datetime(2016, 3, 1, 1, tzinfo=UTC)),
        ("iso", "2016-03-01 09:00", datetime(2016, 3, 1, 9, tzinfo=UTC)),
        ("epoch", "-1", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("epoch_ms", "1456822800001", datetime(2016, 3, 1, 9, 0, 0, 1000, tzinfo=UTC)),
    ],
)
def test_reads(pattern: str, text: str, expected: datetime) -> None:
    """What a pattern describes is read as one instant in UTC."""
    read = reader_of(pattern, UTC)

    assert read is not None
    assert expected == read(text)
    assert UTC is expected.tzinfo


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("%d/%m/%Y %H:%M", "2/29/2016 01:16"),
        ("%d/%m/%Y %H:%M", "29/2/2015 01:16"),
        ("%d/%m/%Y %H:%M", "29/2/2016 24:00"),
        ("%d/%m/%Y %H:%M", "29/2/2016 01:16 "),
        ("%d/%m/%Y %H:%M", ""),
        ("%d/%m/%Y %H:%M", "٢٩/2/2016 01:16"),
        ("iso", "yesterday"),
        ("epoch", "1.5"),
        ("epoch", "9" * 18),
    ],
)
def test_refuses_what_does_not_fit(pattern: str, text: str) -> None:
    """A text that does not fit, or is no instant, is None rather than a guess."""
    read = reader_of(pattern, UTC)

    assert read is not None
    assert read(text) is None


@pytest.mark.parametrize("pattern", ["", "%d/%m", "%B %d %Y", "%Y-%m-%d %Y", "%Y-%m-%d %", "later"])
def test_refuses_patterns_that_say_no_instant(pattern: str) -> None:
    """A pattern without year, month and day, or with unknown or repeated parts, is none."""
    assert reader_of(pattern, UTC) is None


def test_naive_instants_take_the_zone() -> None:
    """A text without an offset is a wall time of the zone, one with an offset is not touched by it."""
    read = Moments(("%Y-%m-%d %H:%M", "iso"), SHANGHAI).read

    assert datetime(2026, 3, 2, 1, tzinfo=UTC) == read("2026-03-02 09:00")
    assert datetime(2026, 3, 2, 9, tzinfo=UTC) == read("2026-03-02T09:00:00Z")


def test_repeated_and_skipped_wall_times() -> None:
    """A wall time that occurs twice is the first; one that is skipped is read with the offset before."""
    read = Moments(("%Y-%m-%d %H:%M",), BERLIN).read

    assert datetime(2026, 10, 25, 0, 30, tzinfo=UTC) == read("2026-10-25 02:30")
    assert datetime(2026, 3, 29, 1, 30, tzinfo=UTC) == read("2026-03-29 02:30")


def test_first_format_that_fits_wins() -> None:
    """Formats are tried in the order of the map, and the answer stays the same when asked again."""
    moments = Moments(("%d/%m/%Y", "%m/%d/%Y"), UTC)

    assert datetime(2026, 3, 2, tzinfo=UTC) == moments.read("02/03/2026") == moments.read("02/03/2026")
    assert datetime(2026, 3, 22, tzinfo=UTC) == moments.read("03/22/2026")
    assert moments.read("?") is None
