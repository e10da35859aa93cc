"""Knows the lines of a ticket's story as a host's screen is given them; must not know how they are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from attrs import frozen

from servflow.model import Record
from servflow.report._story import Telling

if TYPE_CHECKING:
    from servflow.engine import Workflow


@frozen(kw_only=True)
class StoryLine:
    """
    One line of what happened to a ticket, as people say it.

    ``sequence`` is the number of the record it tells of, ``at`` when it was. ``kind`` is ``open``, ``event``, ``move``,
    ``facts``, ``said``, ``done``, ``bad``, ``who``, ``climb``, ``clock``, ``rule``, ``rate`` or ``part``. A ``minor`` one may
    be left out; ``more`` are the places of a ranking.
    """

    sequence: int
    at: datetime
    kind: str
    en: str
    zh: str
    minor: bool = False
    more: tuple[str, ...] = ()

    def text(self, lang: str = "en") -> str:
        """The line in ``en`` or ``zh``; what somebody wrote stands in it as it was written, so a page escapes it."""
        return self.zh if lang == "zh" else self.en


def story_lines(records: Sequence[Record], workflow: Workflow | None, *, zone: str = "UTC") -> tuple[StoryLine, ...]:
    """
    What happened to one ticket in people's words, line by line in order; for a screen of the host.

    Args:
        records: all of them, in order.
        workflow: the version it runs under; without it names stand for titles, and nothing is told of why somebody was chosen.
        zone: a name of the tz database, in which instants inside the sentences are told.
    """
    told = Telling(records, workflow, zone)
    return tuple(
        StoryLine(
            sequence=line["n"][0],
            at=line["i"],
            kind=line["kind"],
            en=line["en"],
            zh=line["zh"],
            minor=bool(line.get("minor")),
            more=tuple(line.get("more", ())),
        )
        for line in told.lines()
    )
