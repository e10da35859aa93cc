"""Knows how the records of one ticket are told in words, with the reasons of what was decided; must not know the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from servflow.engine._slot_stories import slot_stories
from servflow.errors import ServflowError
from servflow.escalation import history
from servflow.model import Record
from servflow.report._story_climbs import climbed
from servflow.report._story_records import Line, Records, cut

if TYPE_CHECKING:
    from servflow.engine import Workflow

MOST_LINES = 240
"""Lines of a story that the page holds; of more, those in the middle are left out, and the story says how many."""

MOST_FOLDED = 5_000
"""Records of a ticket up to which its clocks are explained; of more, only what was recorded is told."""


def story(records: Sequence[Record], workflow: Workflow | None, zone: str) -> dict[str, Any]:
    """
    What happened to one ticket, line by line in order.

    Args:
        records: all of them up to the report's instant.
        workflow: the version it was opened under; without it nothing is told of why somebody was chosen.
        zone: in which instants are told.

    Returns:
        ``lines``, each with ``at`` (wall clock), ``kind``, ``en``, ``zh``, whether it is ``minor``, and ``more`` (places of a
        ranking); ``cut``, how many in the middle are left out.
    """
    told = Telling(records, workflow, zone)
    lines = told.lines()
    left = len(lines) - MOST_LINES
    if left > 0:
        lines = [*lines[: MOST_LINES // 3], *lines[len(lines) - (MOST_LINES - MOST_LINES // 3) :]]
    for line in lines:
        line.pop("n")
        line.pop("i")
    return {"lines": lines, "cut": max(left, 0), "clocks": told.clocks()}


def _once(lines: Sequence[Line]) -> list[Line]:
    """The same thing found again and again in one search told once, with how often it was found."""
    out: list[Line] = []
    last: Line | None = None
    for line in lines:
        if last is not None and line["kind"] == "who" and line["en"] == last["en"]:
            last["times"] = last.get("times", 1) + 1
            continue
        if line["kind"] == "who":
            last = line
        elif line["kind"] == "move":
            last = None
        out.append(line)
    return out


class Telling(Records):
    """The records of one ticket being told, for the page and for screens of hosts."""

    def lines(self) -> list[Line]:
        """All of it, in the order of the records."""
        return _once(sorted((*self.plain(), *self.slots(), *self.chains()), key=lambda line: line["n"]))

    def slots(self) -> Iterator[Line]:
        if self.workflow is None:
            return
        for told in slot_stories(self.workflow.dispatch, self.records):
            for step in told.steps:
                line: Line = {"n": (step.sequence, 1), "i": step.at, "at": self.at(step.at), "kind": "who"}
                line["en"], line["zh"] = (cut(step.text(lang, self.zone, self.names.said(lang))) for lang in ("en", "zh"))
                if step.places:
                    line["more"] = [cut(place, 200) for place in step.places]
                if step.kind in ("ended", "withdrawn"):
                    line["minor"] = 1
                yield line

    def chains(self) -> Iterator[Line]:
        for run in history(self.records):
            for step in run.steps:
                line: Line = {"n": (step.sequence, 2), "i": step.at, "at": self.at(step.at), "kind": "climb"}
                line["en"], line["zh"] = (climbed(run, step, self.names, lang) for lang in ("en", "zh"))
                if step.kind in ("armed", "delivered"):
                    line["minor"] = 1
                yield line

    def clocks(self) -> list[dict[str, Any]]:
        """Why every clock is due when it is, as ``servflow explain`` tells it; nothing where that cannot be told any more."""
        if self.workflow is None or len(self.records) > MOST_FOLDED:
            return []
        found = []
        try:
            ticket = self.workflow.fold(self.records)
            for name in ticket.clocks:
                course = self.workflow.explain_clock(ticket, name, at=ticket.at, records=self.records)
                said = {lang: [cut(text) for text in course.answer(lang, self.zone)] for lang in ("en", "zh")}
                found.append({"clock": self.names.clock(name), **said})
        except (ServflowError, ValueError, KeyError, TypeError):
            return found  # written under another edition: the records still tell what happened
        return found
