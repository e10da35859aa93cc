"""Knows what a story is once it is read; must not know how it is read or run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from attrs import field, frozen

from servflow.calendars._local import local
from servflow.engine import Workflow
from servflow.errors import ServflowError, TimeError
from servflow.model import EMPTY, FrozenMap, Span, World, frozen_map, read_instant

DAY = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{1,2}:\d{2}(?::\d{2})?)", re.ASCII)
"""A wall time with its day."""

_WALL = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?", re.ASCII)
_LONGEST = 60
_AROUND = 3  # days to look for a time that clocks show; one or two have none of it where they are put forward

LAST_YEAR = 9_000
"""Later than this no story goes: promises reach further, and time itself ends with the year 9999."""

OPENED = re.compile(r"(.+)\.([1-9]\d?)")
"""How a step names a ticket that another one has opened: ``T1.2`` is the second of ``T1``."""

FIRST_TICKET = "T1"
"""What the first ticket of a story is called where the story does not say."""


def signed(text: str) -> timedelta:
    """
    A length of time that may be negative, such as ``-15m``.

    Raises:
        TimeError: it is none; business days need a calendar.
    """
    span = Span.of(text.strip().removeprefix("-"))
    if span.business_days:
        raise TimeError("business days need a calendar; write hours", code="span", value=text)
    return -span.exact if text.strip().startswith("-") else span.exact


def moment(text: str, zone: str) -> Moment | None:
    """What a text means to the clocks of a zone; None where it is no time, whatever it is."""
    try:
        return Moment.read(text, zone)
    except (ServflowError, ValueError, OverflowError):
        return None


def wall_time(text: str) -> time:
    """
    What a wall clock shows, from ``9:05`` or ``09:05:30``.

    Raises:
        ValueError: none shows that.
    """
    hour, minute, *second = (int(part) for part in text.split(":"))
    return time(hour, minute, second[0] if second else 0)


@frozen
class Moment:
    """
    When something happens in a story, as it is written.

    ``instant`` where it is known from the text alone; a wall time without a day has ``wall``: which time is meant at which the
    clocks of the zone show it, depends on the present.
    """

    text: str
    instant: datetime | None = None
    wall: tuple[int, int, int] = (0, 0, 0)

    @classmethod
    def read(cls, text: str, zone: str) -> Moment | None:
        """
        What a text means to the clocks of a zone; None where it is no time.

        Raises:
            ServflowError: or ValueError, OverflowError: likewise.
        """
        text = text.strip()
        if len(text) > _LONGEST:
            return None
        if found := DAY.fullmatch(text):
            here = datetime.combine(date.fromisoformat(found[1]), wall_time(found[2]), ZoneInfo(zone))
            return cls(text, here.astimezone(UTC)) if 1 < here.year <= LAST_YEAR else None
        if _WALL.fullmatch(text):
            wall = wall_time(text)
            return cls(text, None, (wall.hour, wall.minute, wall.second))
        there = read_instant(text)
        return cls(text, there) if 1 < there.year <= LAST_YEAR else None

    def after(self, now: datetime, zone: str) -> datetime:
        """The instant that is meant, where it is *now*: without a day the first from now on at which the clocks show it."""
        return self.instant or min(at for at in self._shown(now, zone) if at >= now)

    def before(self, now: datetime, zone: str) -> datetime:
        """The instant that is meant of what is over: without a day the last until now at which the clocks showed it."""
        return self.instant or max(at for at in self._shown(now, zone) if at <= now)

    def _shown(self, now: datetime, zone: str) -> Iterator[datetime]:
        """Every instant at which the clocks show it, some days around: twice where they are put back, never where forward."""
        here, wall = now.astimezone(ZoneInfo(zone)), time(*self.wall)
        for days in range(-_AROUND, _AROUND + 1):
            day = here.date() + timedelta(days=days)
            for fold in (0, 1):
                at = datetime.combine(day, wall.replace(fold=fold), here.tzinfo).astimezone(UTC)
                if at.astimezone(here.tzinfo).time() == wall:
                    yield at


@frozen(kw_only=True)
class Opening:
    """A ticket that a story opens."""

    ticket: str
    workflow: str
    at: Moment | None = None
    occurred: Moment | None = None
    actor: str | None = None
    fields: FrozenMap[str, Any] = field(default=EMPTY, converter=frozen_map)
    refused: str | None = None
    path: str = ""
    line: int | None = None


@frozen(kw_only=True)
class StoryStep:
    """One step: time passes, the world changes, a ticket is opened, an event is fired, a check; each may be missing."""

    number: int
    ticket: str
    at: Moment | None = None
    after: timedelta | None = None
    opening: Opening | None = None
    event: str | None = None
    actor: str | None = None
    payload: FrozenMap[str, Any] = field(default=EMPTY, converter=frozen_map)
    occurred: Moment | None = None
    refused: str | None = None
    world: World | None = None
    """What lies outside the tickets from here on; None: what did before."""
    replies: Mapping[str, Any] = field(factory=dict)
    """By function of the host what it answers from here on."""
    then: Mapping[str, Any] = field(factory=dict)
    path: str = ""
    line: int | None = None
    lines: Mapping[str, int] = field(factory=dict, repr=False, eq=False)
    """The line of each part of ``then``: of a key, of a name under it (``fields.tier``), of a place in a list."""


@frozen(kw_only=True)
class Story:
    """
    One story, or one of the rows of its examples: ``name`` tells which.

    ``line`` is where it stands in the file; None where the source was no text.
    """

    name: str
    given: tuple[Opening, ...]
    steps: tuple[StoryStep, ...]
    path: str = ""
    line: int | None = None


@frozen(kw_only=True)
class Stories:
    """
    A document of stories, read and checked.

    ``workflow`` is the name of the workflow they are about, ``workflows`` what was found or given by name (correlators too);
    ``start`` when stories begin that do not say it, ``people`` the roles of whoever acts, ``replies`` what the host's functions
    answer, ``file`` where they were read from.
    """

    workflow: str
    cases: tuple[Story, ...]
    workflows: Mapping[str, Any] = field(factory=dict)
    start: Moment | None = None
    zone: str = "UTC"
    people: Mapping[str, tuple[str, ...]] = field(factory=dict)
    world: World | None = None
    replies: Mapping[str, Any] = field(factory=dict)
    title: str = ""
    file: str = ""
    places: dict[str, Any] = field(factory=dict, repr=False, eq=False)
    """By workflow what gives the line of a path of its definition, where it was read from a file here."""

    def told(self, at: datetime, lang: str = "en") -> str:
        """An instant as the wall clocks of the stories show it."""
        return local(at, self.zone, lang)

    @property
    def flows(self) -> tuple[Workflow, ...]:
        """The workflows among what was found or given."""
        return tuple(flow for flow in self.workflows.values() if isinstance(flow, Workflow))
