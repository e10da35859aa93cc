"""Knows which figures stand on the page; must not know how a measure is defined nor how a figure looks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from servflow.metrics import Case, Figure, durations
from servflow.report._entries import Entry, figure
from servflow.report._flow import Ways
from servflow.report._frame import EARLIER, Frame

SHOWN = ("channel", "region", "tier", "category", "cause")
"""Dimensions whose volumes are shown."""

LEAGUES = ("outlet", "assignee")
"""Slots whose holders are compared."""

AGES = (1, 3, 7, 14, 30)
"""Days between the bands of the age of open tickets."""

Figures = dict[str, Any]


def figures(
    entries: Sequence[Entry], frame: Frame, ways: Mapping[str, Ways], first: int = 0, last: int | None = None
) -> Figures:
    """
    All figures of a page, as plain data in which groups are known by their places in the frame.

    Args:
        entries: the tickets, filtered or all.
        frame: the stretches and names; that of all tickets.
        ways: workflow -> its states and the lines between them.
        first: the number of the first stretch of time; tickets opened in it or later count.
        last: that of the last one; the last there is where left out.
    """
    end = len(frame.buckets) - 1 if last is None else last
    opened = {id(entry): frame.bucket(entry.case.began) for entry in entries}
    cohort = [entry for entry in entries if first <= opened[id(entry)] <= end]
    cases = [entry.case for entry in cohort]
    made = _head(cohort, entries, frame, first, end)
    made["prev"] = _before(entries, opened, frame, first, end)
    made["clock"] = [_share(figure("attainment", cohort, clock)) for clock in frame.clocks]
    made["breach"] = _broken(cohort, frame)
    reached = [(one.chain, one.level) for case in cases for one in case.reached]
    made["level"] = [sum(one == level for one in reached) for level in frame.levels]
    for dim in SHOWN:
        made[dim] = _counts((frame.place(dim, entry) for entry in cohort), len(frame.names[dim]))
    made["hour"] = _counts((frame.hour(case.began) for case in cases), 7 * 24)
    made["day"] = _days(entries, opened, frame)
    made["age"] = _ages(entries, frame)
    for slot in LEAGUES:
        made[slot] = _league(cohort, frame, slot)
    made["flow"] = [_flow(name, cohort, found, frame) for name, found in ways.items()]
    return made


def _head(cohort: Sequence[Entry], entries: Iterable[Entry], frame: Frame, first: int, last: int) -> Figures:
    cases = [entry.case for entry in cohort]
    return {
        "opened": len(cases),
        "closed": sum(_closed_in(entry.case, frame, first, last) for entry in entries),
        "open": sum(_open_after(entry.case, frame, last) for entry in entries),
        "cancelled": sum(case.cancelled for case in cases),
        "late": sum(case.late for case in cases),
        "kept": _share(figure("attainment", cohort)),
        "first": _durations(figure("first_response", cohort)),
        "resolve": _durations(figure("time_to_resolve", cohort)),
        "csat": _share(figure("csat", cohort)),
        "rated": _share(figure("response_rate", cohort)),
        "nps": _points(figure("nps", cohort)),
        "ces": _points(figure("ces", cohort)),
        "again": _share(figure("reopen_rate", cohort)),
        "once": _share(figure("first_contact_resolution", cohort)),
    }


def _before(entries: Sequence[Entry], opened: Mapping[int, int], frame: Frame, first: int, last: int) -> Figures | None:
    """The head line of the period before; None where the page does not hold all of it."""
    long = last - first + 1
    if first >= long:
        begin, end = first - long, first - 1
    elif first == 0 and last == len(frame.buckets) - 1 and frame.before is not None:
        begin = end = EARLIER
    else:
        return None
    cohort = [entry for entry in entries if begin <= opened[id(entry)] <= end]
    return _head(cohort, entries, frame, begin, end)


def _closed_in(case: Case, frame: Frame, first: int, last: int) -> int:
    """Closings as the measure ``closed`` counts them: every one, also by cancelling, again after a reopening."""
    return sum(until is not None and first <= frame.bucket(until) <= last for _, until in case.open_spans)


def _open_after(case: Case, frame: Frame, last: int) -> bool:
    """Whether it was open at the end of a stretch; of the last one: as of the page's own instant."""
    for since, until in case.open_spans:
        if frame.bucket(since) <= last and (until is None or frame.bucket(until) > last):
            return True
    return False


def _broken(cohort: Iterable[Entry], frame: Frame) -> list[int]:
    """Per clock and target, how many cycles went past their due instant, excused ones among them."""
    places = {name: place for place, name in enumerate(frame.clocks)}
    found = [0] * len(frame.clocks)
    for entry in cohort:
        for cycle, seen in zip(entry.case.cycles, entry.seen["attainment"], strict=True):
            if cycle.breached_at is not None:
                for part in seen.parts:
                    if part in places:
                        found[places[part]] += 1
    return found


def _share(found: Any) -> Figures:
    if found is None or not found.denominator:
        return {"n": 0, "d": 0, "v": None, "lo": None, "hi": None}
    return {"n": found.numerator, "d": found.denominator, "v": found.share, "lo": found.low, "hi": found.high}


def _points(found: Figure | None) -> Figures:
    """A mean or a net score, with how many answered."""
    return {"d": 0, "v": None} if found is None else {"d": found.denominator, "v": round(float(found.value), 6)}


def _durations(found: Any) -> Figures:
    if found is None:
        return {"n": 0, "m": None, "p": None}
    return {"n": found.count, "m": seconds(found.median), "p": seconds(found.p90)}


def seconds(length: timedelta) -> float:
    """Seconds as the page counts them: to the millisecond."""
    return round(length.total_seconds(), 3)


def _counts(places: Iterable[int], size: int) -> list[int]:
    found = [0] * size
    for place in places:
        if 0 <= place < size:
            found[place] += 1
    return found


def _days(entries: Sequence[Entry], opened: Mapping[int, int], frame: Frame) -> list[Figures]:
    """Of every stretch of the page: opened, closed, open at its end."""
    size = len(frame.buckets)
    came, went, change = [0] * size, [0] * size, [0] * (size + 1)
    for entry in entries:
        if opened[id(entry)] >= 0:
            came[opened[id(entry)]] += 1
        for since, until in entry.case.open_spans:
            change[max(frame.bucket(since), 0)] += 1
            if until is not None:
                change[max(frame.bucket(until), 0)] -= 1
                if frame.bucket(until) >= 0:
                    went[frame.bucket(until)] += 1
    made, still = [], 0
    for place in range(size):
        still += change[place]
        made.append({"o": came[place], "c": went[place], "b": still})
    return made


def _ages(entries: Iterable[Entry], frame: Frame) -> list[int]:
    found = [0] * (len(AGES) + 1)
    for entry in entries:
        if entry.case.closed_at is None:
            days = (frame.at - entry.case.began) / timedelta(days=1)
            found[sum(days >= edge for edge in AGES)] += 1
    return found


def _league(cohort: Sequence[Entry], frame: Frame, slot: str) -> list[Figures]:
    groups: dict[int, list[Entry]] = defaultdict(list)
    for entry in cohort:
        groups[frame.place(slot, entry)].append(entry)
    return [
        {
            "n": len(groups[place]),
            "open": sum(one.case.closed_at is None for one in groups[place]),
            "late": sum(one.case.late for one in groups[place]),
            "resolve": _durations(figure("time_to_resolve", groups[place])),
            "kept": _share(figure("attainment", groups[place])),
            "csat": _share(figure("csat", groups[place])),
        }
        for place in range(len(frame.names[slot]))
    ]


def _flow(name: str, cohort: Sequence[Entry], ways: Ways, frame: Frame) -> Figures:
    took: dict[int, list[timedelta]] = defaultdict(list)
    stayed: dict[int, list[timedelta]] = defaultdict(list)
    total, now, visits = [0.0] * len(ways.states), [0] * len(ways.states), [0] * len(ways.states)
    for entry in cohort:
        if entry.workflow != name:
            continue
        for source, target, spent in entry.steps():
            took[ways.line(source, target)].append(timedelta(seconds=spent))
        for stay in entry.case.stays:
            place = ways.place(stay.state)
            visits[place] += 1
            now[place] += stay.until is None
            if not stay.closed:
                total[place] += ((stay.until or frame.at) - stay.since).total_seconds()
                if stay.until is not None:
                    stayed[place].append(stay.until - stay.since)
    whole = sum(total)
    return {
        "e": [_durations(durations(took[place])) for place in range(len(ways.lines))],
        "s": [
            {
                **_durations(durations(stayed[place])),
                "visits": visits[place],
                "now": now[place],
                "share": total[place] / whole if whole else 0.0,
            }
            for place in range(len(ways.states))
        ],
    }
