"""Knows how the tickets of a page are written small enough to be sent with it and counted again; must not know figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from servflow.metrics._cases import OUTCOMES
from servflow.report._entries import DIMS, Entry
from servflow.report._figures import SHOWN
from servflow.report._flow import Ways
from servflow.report._frame import REST, Frame
from servflow.report._ink import Ink
from servflow.report._words import Both

SCORED = ("csat", "nps", "ces", "response_rate", "reopen_rate", "first_contact_resolution")
"""Measures of which a ticket can count several times or not at all."""

Data = dict[str, Any]


def rows(entries: Sequence[Entry], frame: Frame, ways: Mapping[str, Ways], stories: Mapping[str, int], ink: Ink) -> Data:
    """
    Every ticket as a list of numbers in an order that only the page's script knows, with the names that numbers stand for.

    Args:
        entries: the tickets, in the order of the page.
        stories: ticket -> the place of its story.
        ink: knows what groups and clocks are called.
    """
    states = states_of(entries, ways, ink)
    tags = {tag: place for place, tag in enumerate(frame.tags)}
    return {
        "dims": list(DIMS),
        "shown": list(SHOWN),
        "names": {dim: [None if name == REST else ink.label(dim, name) for name in frame.names[dim]] for dim in DIMS},
        "tags": [_known(name) for name in frame.tags],
        "clocks": [ink.names.clock(name) for name in frame.clocks],
        "outcomes": list(OUTCOMES),
        "levels": [list(level) for level in frame.levels],
        "states": states,
        "buckets": [bucket.name for bucket in frame.buckets],
        "starts": [_local_day(frame, place) for place in range(len(frame.buckets))],
        "unit": frame.unit,
        "before": frame.before is not None,
        "at": frame.at.timestamp(),
        "ways": [
            {
                "name": found.title,
                "states": [found.called(state) for state in found.states],
                "closed": [state in found.closed for state in found.states],
                "lines": len(found.lines),
            }
            for found in ways.values()
        ],
        "rows": [_row(entry, frame, ways, _Places(states, tags, stories)) for entry in entries],
    }


def states_of(entries: Sequence[Entry], ways: Mapping[str, Ways], ink: Ink) -> list[Both]:
    """Where tickets are, as people call it, in the order of the page's language."""
    return sorted({ways[entry.workflow].where(entry.state) for entry in entries}, key=lambda one: (ink.pick(one), one))


def _known(name: str) -> str | None:
    """A name; None where it stands for the rest, which the page has words for."""
    return None if name == REST else name


def _local_day(frame: Frame, place: int) -> str:
    from zoneinfo import ZoneInfo

    return f"{frame.buckets[place].start.astimezone(ZoneInfo(frame.zone)):%Y-%m-%d}"


class _Places:
    def __init__(self, states: Sequence[Both], tags: Mapping[str, int], stories: Mapping[str, int]) -> None:
        self.states = {state: place for place, state in enumerate(states)}
        self.tags, self.stories = tags, stories


def _row(entry: Entry, frame: Frame, ways: Mapping[str, Ways], places: _Places) -> list[Any]:
    case, found = entry.case, ways[entry.workflow]
    closed = case.closed_at
    clocks = {name: place for place, name in enumerate(frame.clocks)}
    levels = {level: place for place, level in enumerate(frame.levels)}
    return [
        case.id,
        list(ways).index(entry.workflow),
        places.states[found.where(entry.state)],
        frame.bucket(case.began),
        frame.hour(case.began),
        _number(case.began.timestamp()),
        None if closed is None else _number(closed.timestamp()),
        int(case.cancelled) + 2 * int(case.late),
        case.reopened,
        _seen(entry, "first_response"),
        _seen(entry, "time_to_resolve"),
        [_answers(entry, name) for name in SCORED],
        [
            number
            for cycle, seen in zip(case.cycles, entry.seen["attainment"], strict=True)
            if cycle.clock in clocks
            for number in (
                clocks[cycle.clock],
                OUTCOMES.index(cycle.outcome),
                int(cycle.breached_at is not None),
                clocks.get(seen.parts[-1], -1) if len(seen.parts) > 1 else -1,
            )
        ],
        [number for source, target, spent in entry.steps() for number in (found.line(source, target), _number(spent))],
        [
            number
            for stay in case.stays
            for number in (
                found.place(stay.state),
                None if stay.closed else _number(((stay.until or frame.at) - stay.since).total_seconds()),
                int(stay.until is None),
            )
        ],
        [levels[one.chain, one.level] for one in case.reached if (one.chain, one.level) in levels],
        [frame.place(dim, entry) for dim in DIMS],
        [places.tags[tag] for tag in case.tags if tag in places.tags],
        [
            number
            for since, until in case.open_spans
            for number in (frame.bucket(since), None if until is None else frame.bucket(until))
        ],
        places.stories.get(case.id, -1),
    ]


def _seen(entry: Entry, name: str) -> float | int | None:
    """The time a measure saw in a ticket; None where it left it out."""
    return next((_number(seen.value.total_seconds()) for seen in entry.seen[name] if seen.left is None), None)


def _answers(entry: Entry, name: str) -> list[Any]:
    """What a measure counts of a ticket's answers: yes or no as 1 or 0, points as they are."""
    found = [seen.value for seen in entry.seen[name] if seen.left is None]
    if name == "response_rate":
        return [int(value[0] == "asked") * 2 + int(value[1]) for value in found]
    return [int(value) for value in found]


def _number(value: float) -> float | int:
    """A number no longer than it must be: whole, or to the millisecond."""
    rounded = round(value, 3)
    return int(rounded) if rounded == int(rounded) else rounded
