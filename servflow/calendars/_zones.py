"""Knows how wall clocks of a zone map to instants; must not know windows or calendars."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from calendar import isleap
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from servflow.errors import TimeError
from servflow.model._instants import EPOCH, MICROSECOND, micros

DAY = 86_400_000_000
"""Microseconds of a day of 24 hours."""

# Time is compiled in blocks of 27 weeks: 773 of them are exactly the 400 years after which dates and
# weekdays repeat (146,097 days), so a block of the far future equals one that is already compiled.
BLOCK_DAYS = 189
BLOCK = BLOCK_DAYS * DAY
CYCLE = 773

EARLIEST = micros(datetime.min.replace(tzinfo=UTC))
LATEST = micros(datetime.max.replace(tzinfo=UTC))
FIRST_BLOCK = EARLIEST // BLOCK
LAST_BLOCK = LATEST // BLOCK

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
FIRST_DAY = 1 - EPOCH_ORDINAL
LAST_DAY = date.max.toordinal() - EPOCH_ORDINAL

# The tz database dates single changes of offset from 1844 (Pacific/Kosrae) to 2086 (Asia/Gaza). Before
# lies one offset, after it a yearly rule, so outside these bounds a zone repeats every 400 years.
_RULES_FROM = (date(1800, 1, 1).toordinal() - EPOCH_ORDINAL) // BLOCK_DAYS
_RULED_YEAR = 2100
_RULES_UNTIL = (date(_RULED_YEAR, 1, 1).toordinal() - EPOCH_ORDINAL) // BLOCK_DAYS + 1

PATTERNS = (*range(_RULES_UNTIL + CYCLE), *range(-1, _RULES_FROM - CYCLE - 1, -1))
"""Every block that all others are copies of, the later ones first."""

Segment = tuple[int, int, int]
"""UTC start, UTC end and offset (local minus UTC), all in microseconds."""

Change = tuple[int, int]
"""An instant and the offset that holds from it on, both in microseconds."""

Spans = list[tuple[int, int]]
"""Half-open pairs of microseconds: sorted, not empty, never touching."""


def folded(index: int) -> int:
    """The block in which dates, weekdays and offsets fall as in this one, from a bounded number of blocks."""
    if index >= _RULES_UNTIL:
        return _RULES_UNTIL + (index - _RULES_UNTIL) % CYCLE
    if index < _RULES_FROM:
        return _RULES_FROM - CYCLE + (index - _RULES_FROM) % CYCLE
    return index


_stepped: list[None] = []  # one entry per time the zones were forgotten


def generation() -> int:
    """How often the zones were forgotten; what was worked out under an earlier count is void."""
    return len(_stepped)


def forget() -> None:
    """Step the generation and look every zone up anew from here on."""
    _stepped.append(None)
    for remembered in (_zone, _segments, _shape, _of_year):
        remembered.cache_clear()


def zone_of(key: str) -> ZoneInfo:
    """
    The zone of that name.

    Raises:
        KeyError: no such zone; the machine's own zone (``localtime``) counts as none.
    """
    return _zone(len(_stepped), key)


# What is remembered of a zone has the generation in its key, so that a thread that began under an earlier one
# leaves nothing behind for the next.
@lru_cache(maxsize=512)
def _zone(_generation: int, key: str) -> ZoneInfo:
    if key == "localtime":
        raise KeyError(key)
    try:
        return ZoneInfo(key)
    except (ValueError, OSError, KeyError):
        raise KeyError(key) from None


def _offset(zone: ZoneInfo, at: int) -> int:
    offset = (EPOCH + timedelta(microseconds=at)).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // MICROSECOND


def _changes(zone: ZoneInfo, low: int, high: int) -> Iterator[Change]:
    """Each instant in (low, high] from which another offset holds, given the offsets at both ends differ."""
    before, target = _offset(zone, low), _offset(zone, high)
    while before != target:
        floor, ceiling = low, high
        while ceiling - floor > 1:
            middle = (floor + ceiling) // 2
            if _offset(zone, middle) == before:
                floor = middle
            else:
                ceiling = middle
        low, before = ceiling, _offset(zone, ceiling)
        yield low, before


def segments(key: str, index: int) -> tuple[Segment, ...]:
    """The stretches of constant offset that make up one block, in order and without gaps."""
    return _segments(len(_stepped), key, index)


@lru_cache(maxsize=8192)
def _segments(now: int, key: str, index: int) -> tuple[Segment, ...]:
    same = folded(index)
    if same != index:
        shift = (index - same) * BLOCK
        return tuple((start + shift, end + shift, offset) for start, end, offset in _segments(now, key, same))
    zone, low, high = _zone(now, key), index * BLOCK, (index + 1) * BLOCK
    changes: Iterable[Change] = ()
    if index >= _RULES_UNTIL:
        changes = _ruled(now, key, low, high)
    elif index >= _RULES_FROM:
        changes = _looked_at(zone, low, high)
    bounds = [(low, _offset(zone, low)), *(change for change in changes if low < change[0] < high), (high, 0)]
    return tuple((start, end, offset) for (start, offset), (end, _) in pairwise(bounds))


def _looked_at(zone: ZoneInfo, low: int, high: int) -> Iterator[Change]:
    """The changes in (low, high], whole days apart, found by looking at the zone."""
    # One look a day finds every change: no zone has ever changed its offset twice within three days.
    looks = [_offset(zone, at) for at in range(low, high + DAY, DAY)]
    for number, (before, after) in enumerate(pairwise(looks)):
        if before != after:
            yield from _changes(zone, low + number * DAY, low + (number + 1) * DAY)


def _ruled(now: int, key: str, low: int, high: int) -> Iterator[Change]:
    """The changes around low to high, where a yearly rule holds."""
    first, last = ((EPOCH + timedelta(microseconds=at)).year for at in (low, high))
    for year in range(first, last + 1):
        start = date(year, 1, 1).toordinal() - EPOCH_ORDINAL
        for at, offset in _of_year(now, key, (start % 7, isleap(year), isleap(year - 1))):
            yield start * DAY + at, offset


@lru_cache(maxsize=2048)
def _of_year(now: int, key: str, kind: tuple[int, bool, bool]) -> tuple[Change, ...]:
    """The changes in a year that begins on that weekday and is, or follows, a leap year; counted from its start."""
    year = next(
        year
        for year in range(_RULED_YEAR, _RULED_YEAR + 400)
        if ((date(year, 1, 1).toordinal() - EPOCH_ORDINAL) % 7, isleap(year), isleap(year - 1)) == kind
    )
    start, end = ((date(each, 1, 1).toordinal() - EPOCH_ORDINAL) * DAY for each in (year, year + 1))
    return tuple((at - start, offset) for at, offset in _looked_at(_zone(now, key), start, end))


def shape(key: str, index: int) -> tuple[Segment, ...]:
    """The stretches of a block counted from its start: blocks of one shape are open alike, as all start on one weekday."""
    return _shape(len(_stepped), key, index)


@lru_cache(maxsize=8192)
def _shape(now: int, key: str, index: int) -> tuple[Segment, ...]:
    begin = index * BLOCK
    return tuple((start - begin, end - begin, offset) for start, end, offset in _segments(now, key, index))


def segments_between(key: str, low: int, high: int) -> Iterator[Segment]:
    """The stretches of constant offset that cover low to high, both in UTC."""
    for index in range(low // BLOCK, high // BLOCK + 1):
        yield from segments(key, index)


def to_utc(stretches: Iterable[Segment], local: Spans) -> Spans:
    """
    The instants whose wall time lies in the local spans, as UTC spans clipped to the stretches.

    Wall times that a zone skips have no instant; those it shows twice have two.
    """
    out: Spans = []
    openings, ends = [span[0] for span in local], [span[1] for span in local]
    for start, end, offset in stretches:
        # Spans never touch, so only the first and the last that meet a stretch can reach beyond it.
        first, last = bisect_right(ends, start + offset), bisect_left(openings, end + offset)
        if first >= last:
            continue
        found = [(opening - offset, closing - offset) for opening, closing in local[first:last]]
        found[0] = (max(found[0][0], start), found[0][1])
        found[-1] = (found[-1][0], min(found[-1][1], end))
        if out and out[-1][1] == found[0][0]:
            found[0] = (out.pop()[0], found[0][1])
        out += found
    return out


def day_of(key: str, at: int) -> int:
    """The local date of an instant, as days since 1970-01-01."""
    for start, end, offset in segments(key, at // BLOCK):
        if start <= at < end:
            return (at + offset) // DAY
    raise AssertionError("the stretches of a block cover it")


def wall_of(key: str, at: int) -> tuple[int, int]:
    """The local date of an instant, as days since 1970-01-01, and the wall time on it in microseconds."""
    for start, end, offset in segments(key, at // BLOCK):
        if start <= at < end:
            return divmod(at + offset, DAY)
    raise AssertionError("the stretches of a block cover it")


def resolve(key: str, day: int, wall: int) -> int:
    """
    The instant at which a zone first shows a wall time on a date.

    A wall time shown twice is its first occurrence; one that is skipped is the first instant after the gap.
    """
    local = day * DAY + wall
    for start, end, offset in segments_between(key, local - 2 * DAY, local + 2 * DAY):
        if end + offset > local:
            return max(start, local - offset)
    raise AssertionError("no zone is two days away from UTC")


def checked(at: int) -> int:
    """
    The same instant, known to lie in the years a ``datetime`` can hold.

    Raises:
        TimeError: it lies before year 1 or after year 9999.
    """
    if EARLIEST <= at <= LATEST:
        return at
    raise TimeError("the answer lies outside the years 1 to 9999", code="range")
