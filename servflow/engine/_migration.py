"""Knows what moving tickets to another version of their definition comes to, as a plan; must not know how a ticket moves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from servflow.engine._diff import Diff
from servflow.errors import Finding
from servflow.model import EMPTY, FrozenMap, write_instant

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow

CLOCK_STARTS = ("since", "now", "never")
"""From when a clock counts that the old definition does not have, for a ticket that is under way."""

CHAIN_MOVES = ("keep", "move")
"""Whether live runs of a chain that was changed go on under the edition they are pinned to, or under the new one."""


@frozen(kw_only=True)
class Part:
    """
    What becomes of one named part of the old definition: a state, field, clock, chain or dispatch entry.

    ``status`` is ``identical``, ``kept`` (the same name, and ``differs`` says what is not the same), ``renamed``,
    ``removed`` or ``added``; a field whose type changed is ``retyped``. A state is ``identical`` only where its whole
    future is. ``target`` is its name in the new definition, None where it has none; ``suggested`` is the name it seems
    to have there now, and counts for nothing until it is confirmed.
    """

    name: str
    status: str
    target: str | None = None
    differs: tuple[str, ...] = ()
    suggested: str | None = None

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "name": self.name,
            "status": self.status,
            "target": self.target,
            "differs": list(self.differs),
            "suggested": self.suggested,
        }


@frozen(kw_only=True)
class AtOnce:
    """A promise that the move itself breaks: which clock, since when it is due, and how far it is over its target."""

    clock: str
    due: datetime | None
    over: timedelta

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form; the length of time in seconds."""
        due = None if self.due is None else write_instant(self.due)
        return {"clock": self.clock, "due": due, "over": self.over.total_seconds()}


@frozen(kw_only=True)
class TicketMove:
    """
    What the move comes to for one ticket.

    ``status`` is ``identical`` (its future is the same under both definitions), ``moves``, ``blocked`` (``problems``
    say why), ``done`` (it runs under the new definition) or ``other`` (it runs under neither). ``steps`` are the kinds
    of records the move makes, endings first, with what they are about, ``breaches`` the promises that it breaks at once.
    """

    id: str
    state: str
    target: str | None
    status: str
    problems: tuple[Finding, ...] = ()
    breaches: tuple[AtOnce, ...] = ()
    steps: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "id": self.id,
            "state": self.state,
            "target": self.target,
            "status": self.status,
            "problems": [_told(finding) for finding in self.problems],
            "breaches": [breach.as_data() for breach in self.breaches],
            "steps": list(self.steps),
        }


@frozen(kw_only=True)
class Answers:
    """
    What a person has said about the move: names that go together, values to fill in, from when new clocks count, and
    whether live runs keep the edition of their chain.
    """

    states: FrozenMap[str, str] = EMPTY
    fields: FrozenMap[str, str | None] = EMPTY
    values: FrozenMap[str, Any] = EMPTY
    clocks: FrozenMap[str, str] = EMPTY
    chains: str = "keep"


@frozen(kw_only=True)
class MigrationPlan:
    """
    What moving tickets from one version of a definition to another comes to.

    ``states``, ``fields``, ``clocks``, ``chains`` and ``dispatch`` map names to what becomes of them (what only the new
    version has is ``added``). ``blocked`` is what must be answered before every ticket can move; a ticket that
    none of it concerns moves all the same. ``tickets`` tells what happens to each ticket it was made for, as of ``at``.
    """

    old: Workflow
    new: Workflow
    at: datetime | None = None
    diff: Diff
    answers: Answers = Answers()
    states: FrozenMap[str, Part] = EMPTY
    fields: FrozenMap[str, Part] = EMPTY
    clocks: FrozenMap[str, Part] = EMPTY
    timers: FrozenMap[str, Part] = EMPTY
    chains: FrozenMap[str, Part] = EMPTY
    dispatch: FrozenMap[str, Part] = EMPTY
    blocked: tuple[Finding, ...] = ()
    tickets: tuple[TicketMove, ...] = ()
    entries: dict[tuple[str, ...], Any] = field(factory=dict, eq=False, repr=False, init=False)
    """Where a set of targets leads, once it was worked out."""

    @property
    def identical(self) -> tuple[str, ...]:
        """The states from which a ticket's future is the same under both definitions."""
        return tuple(name for name, part in self.states.items() if part.status == "identical")

    @property
    def stuck(self) -> tuple[TicketMove, ...]:
        """The tickets that cannot move as the plan stands."""
        return tuple(ticket for ticket in self.tickets if ticket.status in ("blocked", "other"))

    @property
    def breaches(self) -> tuple[tuple[str, AtOnce], ...]:
        """Every promise that the move breaks at once, with the ticket's id."""
        return tuple((ticket.id, breach) for ticket in self.tickets for breach in ticket.breaches)

    def text(self, lang: str = "en") -> str:
        """What must be answered, a line each; empty where nothing must."""
        return "\n".join(finding.text(lang) for finding in self.blocked)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        out: dict[str, Any] = {
            "workflow": self.new.workflow,
            "old": {"version": self.old.version, "hash": self.old.hash},
            "new": {"version": self.new.version, "hash": self.new.hash},
            "at": None if self.at is None else write_instant(self.at),
            "runs": self.answers.chains,
        }
        for name in ("states", "fields", "clocks", "timers", "chains", "dispatch"):
            parts: Mapping[str, Part] = getattr(self, name)
            out[name] = {key: part.as_data() for key, part in parts.items()}
        out["blocked"] = [_told(finding) for finding in self.blocked]
        out["tickets"] = [ticket.as_data() for ticket in self.tickets]
        out["diff"] = self.diff.as_data()
        return out


def _told(finding: Finding) -> dict[str, Any]:
    return {"code": finding.code, "path": finding.path, "message": finding.message(), "hint": finding.hint()}


__all__ = ["CHAIN_MOVES", "CLOCK_STARTS", "Answers", "AtOnce", "MigrationPlan", "Part", "TicketMove"]
