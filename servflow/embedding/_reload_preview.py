"""Knows what a new edition would come to for the tickets of a desk, as a value; must not know how it is applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from servflow.engine import Change, Diff, MigrationPlan, TicketMove, Workflow
from servflow.engine._migration import AtOnce
from servflow.errors import Finding
from servflow.model import write_instant

_STRANDED = ("migration.state_removed", "migration.state_renamed", "migration.configuration")
MOST_TOLD = 100
"""How many tickets are told of one by one; the counts are exact all the same."""


@frozen(kw_only=True)
class Preview:
    """
    What a new edition would come to, as of one instant; nothing was changed for it.

    ``findings`` keep it from being applied at all: it does not load, or its version is no higher. ``old`` is the edition new
    tickets get now (None: the workflow is new here), ``plans`` say by hash of an edition what its tickets come to.
    ``answers`` are what was said about them. ``tickets`` counts them: ``identical`` (nothing changes for them), ``moves``,
    ``stranded`` (their state is gone and no answer says where they go), ``blocked`` (a value does not fit or would be lost),
    ``done`` (under the new edition already) and ``unread`` (under an edition that cannot be read). ``more`` says that there are
    more tickets than were looked at.
    ``checks`` are what ``check`` finds of the new definition and did not find of the old one; ``elsewhere`` is what
    correlators, plans and intakes find of it by their own ``check`` and did not find of the old one, by their names.
    """

    workflow: str
    at: datetime
    findings: tuple[Finding, ...] = ()
    old: Workflow | None = field(default=None, repr=False)
    new: Workflow | None = field(default=None, repr=False)
    answers: Mapping[str, Any] = field(factory=dict)
    diff: Diff | None = field(default=None, repr=False)
    plans: Mapping[str, MigrationPlan] = field(factory=dict, repr=False)
    tickets: Counter[str] = field(factory=Counter)
    checks: tuple[Finding, ...] = ()
    elsewhere: tuple[tuple[str, Finding], ...] = ()
    more: bool = False

    @property
    def moves(self) -> tuple[TicketMove, ...]:
        """What the move comes to for each ticket that was looked at."""
        return tuple(move for plan in self.plans.values() for move in plan.tickets)

    @property
    def stranded(self) -> tuple[TicketMove, ...]:
        """The tickets whose state is gone, and of which no answer says where they go."""
        return tuple(move for move in self.moves if word_of(move) == "stranded")

    @property
    def blocked(self) -> tuple[TicketMove, ...]:
        """The tickets that cannot move for another reason: a value that does not fit, or a field that is gone."""
        return tuple(move for move in self.moves if word_of(move) == "blocked")

    @property
    def late(self) -> tuple[tuple[str, AtOnce], ...]:
        """The promises that the move itself would break, with the ticket's id."""
        return tuple(pair for plan in self.plans.values() for pair in plan.breaches)

    @property
    def suggested(self) -> dict[str, str]:
        """For states that are gone the one each seems to be now; a guess, which counts for nothing until it is an answer."""
        parts = [part for plan in self.plans.values() for part in plan.states.values()]
        return {part.name: part.suggested for part in parts if part.suggested is not None}

    @property
    def clocks(self) -> tuple[Change, ...]:
        """The differences in clocks and timers."""
        changes = () if self.diff is None else self.diff.changes
        return tuple(change for change in changes if change.section == "clocks" or "timers" in change.path)

    @property
    def ready(self) -> bool:
        """Whether every ticket that was looked at can move."""
        return not self.findings and not self.stranded and not self.blocked and not self.tickets["unread"]

    def text(self, lang: str = "en") -> str:
        """The findings, what must be answered, and what would differ, a line each."""
        lines = [finding.text(lang) for finding in self.findings]
        lines += dict.fromkeys(finding.text(lang) for plan in self.plans.values() for finding in plan.blocked)
        return "\n".join([*lines, *([] if self.diff is None else [self.diff.text(lang)])])

    def as_data(self, lang: str = "en") -> dict[str, Any]:
        """JSON-ready form for an editor; of tickets the first hundred of each sort."""
        return {
            "workflow": self.workflow,
            "at": write_instant(self.at),
            "ready": self.ready,
            "versions": [None if flow is None else flow.version for flow in (self.old, self.new)],
            "findings": [_told(finding, lang) for finding in self.findings],
            "answers_needed": [_told(finding, lang) for plan in self.plans.values() for finding in plan.blocked],
            "suggested": self.suggested,
            "tickets": {word: self.tickets[word] for word in WORDS},
            "more": self.more,
            "stranded": [_move(move, lang) for move in self.stranded[:MOST_TOLD]],
            "blocked": [_move(move, lang) for move in self.blocked[:MOST_TOLD]],
            "late": [{"ticket": id_, **breach.as_data()} for id_, breach in self.late[:MOST_TOLD]],
            "changes": [] if self.diff is None else [{**one.as_data(), "text": one.text(lang)} for one in self.diff.changes],
            "checks": [_told(finding, lang) for finding in self.checks],
            "elsewhere": [{"name": name, **_told(finding, lang)} for name, finding in self.elsewhere],
        }


WORDS = ("identical", "moves", "stranded", "blocked", "done", "unread")


def word_of(move: TicketMove) -> str:
    """The word under which a ticket is counted."""
    if move.status != "blocked":
        return move.status
    return "stranded" if any(problem.code in _STRANDED for problem in move.problems) else "blocked"


def _told(finding: Finding, lang: str) -> dict[str, Any]:
    from servflow.embedding._refusing import finding_data

    return finding_data(finding, lang)


def _move(move: TicketMove, lang: str) -> dict[str, Any]:
    why = [problem.message(lang) for problem in move.problems]
    return {"ticket": move.id, "state": move.state, "why": why}
