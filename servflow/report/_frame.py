"""Knows which stretches of time and which names the figures of a page are made of; must not know any figure."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from attrs import field, frozen

from servflow.metrics._periods import Period, period_of
from servflow.model import EPOCH
from servflow.report._entries import DIMS, Entry

MOST_BUCKETS = 92
"""Columns of a chart over time; of more days weeks are made, of more weeks months, of more months years."""

MOST_NAMES = 60
"""Names of one kind that are told apart (most tickets first); the rest are one group."""

MOST_TARGETS = 12
"""Targets of one clock that are told apart; of more none is."""

REST = "\0rest"
"""Stands for all names that are not told apart; no label holds a zero byte."""

EARLIER, OLDER = -1, -2
"""Instead of the number of a stretch: in the period before, and before that."""

WeekHour = int


def end_of(at: datetime) -> datetime:
    """Where a period ends whose last instant is *at*: the next instant where that is the last one before a full second."""
    return at + timedelta(microseconds=1) if at.microsecond == 999_999 else at


def before(since: datetime, at: datetime) -> datetime:
    """Where the period of the same length before ``[since, at]`` begins."""
    return since - (end_of(at) - since)


@frozen(kw_only=True)
class Frame:
    """
    The period of a page cut into stretches, and the names of its groups in the order of their size.

    The period is ``[since, at]``. ``before`` is where the one before it begins, None where the page compares with nothing.
    """

    zone: str
    since: datetime
    at: datetime
    before: datetime | None = None
    unit: str = "day"
    buckets: tuple[Period, ...] = ()
    starts: tuple[datetime, ...] = field(default=(), repr=False)
    names: Mapping[str, tuple[str, ...]] = field(factory=dict)
    tags: tuple[str, ...] = ()
    clocks: tuple[str, ...] = ()
    levels: tuple[tuple[str, str], ...] = ()
    places: Mapping[str, Mapping[str, int]] = field(factory=dict, repr=False)

    def bucket(self, at: datetime) -> int:
        """The number of the stretch an instant lies in; ``EARLIER`` or ``OLDER`` before the period."""
        if at < self.since:
            return EARLIER if self.before is not None and at >= self.before else OLDER
        return min(max(bisect_right(self.starts, at) - 1, 0), len(self.starts) - 1)

    def hour(self, at: datetime) -> WeekHour:
        """The hour of the week in the zone, from 0 on Monday at midnight."""
        here = at.astimezone(ZoneInfo(self.zone))
        return here.weekday() * 24 + here.hour

    def place(self, dim: str, entry: Entry) -> int:
        """The place of a ticket's value among the names of a dimension; -1 where it has none."""
        label = entry.label(dim)
        if not label:
            return -1
        places = self.places[dim]
        return places.get(label, places.get(REST, -1))


def frame(entries: Sequence[Entry], *, at: datetime, since: datetime | None, zone: str) -> Frame:
    """
    The frame of a page.

    Args:
        entries: all tickets it tells of.
        at: its end.
        since: its beginning; the first opening where left out, and then there is no period before.
        zone: of the tz database, whose days and hours are told.
    """
    first = min((entry.case.began for entry in entries), default=at if at > EPOCH else EPOCH)
    start = min(since if since is not None else first, at)
    earlier = None if since is None else before(start, at)
    unit, buckets = _cut(start, at, zone)
    here = [entry for entry in entries if entry.case.began >= start]
    names = {dim: _named((entry.label(dim) for entry in here), (entry.label(dim) for entry in entries)) for dim in DIMS}
    levels = Counter((one.chain, one.level) for entry in entries for one in entry.case.reached)
    return Frame(
        zone=zone,
        since=start,
        at=at,
        before=earlier,
        unit=unit,
        buckets=buckets,
        starts=tuple(one.start for one in buckets),
        names=names,
        tags=_named((tag for entry in here for tag in entry.case.tags), (tag for entry in entries for tag in entry.case.tags)),
        clocks=_clocks(entries),
        levels=tuple(sorted(levels))[: 4 * MOST_NAMES],
        places={dim: {name: place for place, name in enumerate(given)} for dim, given in names.items()},
    )


def _named(labels: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Names by how many tickets of the period have them; those that only others have come last."""
    counts = Counter(label for label in labels if label)
    counts.update(dict.fromkeys((label for label in known if label), 0))
    order = sorted(counts, key=lambda name: (-counts[name], name))
    return (*order[:MOST_NAMES], REST) if len(order) > MOST_NAMES else tuple(order)


def _clocks(entries: Iterable[Entry]) -> tuple[str, ...]:
    """The clocks, and below each its targets where it has several."""
    targets: dict[str, dict[str, timedelta]] = {}
    for entry in entries:
        for cycle, seen in zip(entry.case.cycles, entry.seen["attainment"], strict=True):
            held = targets.setdefault(cycle.clock, {})
            held.update((part, cycle.target or timedelta()) for part in seen.parts[1:])
    found = []
    for clock in sorted(targets)[:MOST_NAMES]:
        found.append(clock)
        if 1 < len(targets[clock]) <= MOST_TARGETS:
            found += sorted(targets[clock], key=lambda part: (targets[clock][part], part))
    return tuple(found)


def _cut(since: datetime, at: datetime, zone: str) -> tuple[str, tuple[Period, ...]]:
    days = (at - since) / timedelta(days=1)
    unit = "day" if days < MOST_BUCKETS else "week" if days < 7 * MOST_BUCKETS else "month"
    unit = unit if days < 28 * MOST_BUCKETS else "quarter" if days < 90 * MOST_BUCKETS else "year"
    found = [period_of(since, unit, zone)]
    while found[-1].end < at and len(found) < 2 * MOST_BUCKETS:
        found.append(found[-1].next())
    return unit, tuple(found)
