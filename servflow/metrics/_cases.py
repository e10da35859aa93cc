"""Knows what measures need of one ticket; must not know how records are read nor what is measured."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from servflow.model import EMPTY, FrozenMap

OUTCOMES = ("met", "late", "overdue", "open", "cancelled", "waived")

WENT = ("done", "missed")
"""The outcomes of visits for which somebody went."""


@frozen(kw_only=True)
class Cycle:
    """
    One cycle of one clock and what became of it.

    ``outcome`` is ``met`` (stopped in time), ``late`` (stopped after its due instant), ``overdue`` (past it
    and still open), ``open`` (still in time), ``cancelled``, or ``waived`` (broken, and excused by a person).
    ``target`` is what it had last, counted in ``calendar`` (None: time as it passes); ``due`` the latest due instant it
    had; ``stopped_at`` when it was stopped or cancelled; ``counted`` what its closed stretches counted, which is all it
    counted once it is stopped.
    """

    clock: str
    outcome: str
    started_at: datetime
    breached_at: datetime | None = None
    number: int = 1
    target: timedelta | None = None
    calendar: str | None = None
    due: datetime | None = None
    stopped_at: datetime | None = None
    counted: timedelta | None = None


@frozen(kw_only=True)
class Step:
    """
    A move from one leaf state to another, by which event and by whom (None: by the workflow itself or by time).

    ``source`` is None where a state was entered beside those it was in, ``target`` None where one was left and none entered.
    """

    at: datetime
    event: str | None = None
    source: str | None = None
    target: str | None = None
    by: str | None = None


@frozen(kw_only=True)
class Stay:
    """
    A stay in a leaf state: half-open ``[since, until)``, ``until`` None while it is there.

    ``event`` is what it was entered by; ``closed`` says that the ticket was closed in it.
    """

    state: str
    since: datetime
    until: datetime | None = None
    event: str | None = None
    closed: bool = False


@frozen(kw_only=True)
class Stint:
    """
    How long somebody or something had the ticket in a slot: half-open ``[since, until)``, ``until`` None while it does.

    ``slot`` is ``assignee``, ``outlet``, ``owner``, ``queue``, ``helper`` or any other the workflow fills.
    """

    slot: str
    who: str
    since: datetime
    until: datetime | None = None


@frozen(kw_only=True)
class Said:
    """A message: when it was written (when it occurred, if earlier), by which side, whether public, through what, by whom."""

    at: datetime
    side: str
    public: bool = True
    channel: str | None = None
    by: str | None = None


@frozen(kw_only=True)
class StepDone:
    """
    A step of a checklist that was done and not taken back.

    ``after`` is the time as it passes since the state was entered or, where that is later, since the check before it
    in the same state.
    """

    state: str
    step: str
    at: datetime
    by: str | None = None
    after: timedelta = timedelta()


@frozen(kw_only=True)
class Score:
    """An answer of a customer or a judge: on which scale, about the ``ticket``, a ``visit`` or the ``relation``."""

    at: datetime
    scale: str
    score: int
    about: str = "ticket"
    visit: str | None = None
    by: str | None = None
    rater: str | None = None


@frozen(kw_only=True)
class Asked:
    """
    What became of asking a customer by a survey: ``asked``, ``skipped`` and whatever else its records say.

    It asked ``about`` the ``ticket``, a ``visit`` or the ``relation``; from ``until`` on an answer is a late one.
    """

    at: datetime
    survey: str
    scale: str
    outcome: str
    to: str | None = None
    about: str = "ticket"
    visit: str | None = None
    until: datetime | None = None


@frozen(kw_only=True)
class Reached:
    """
    A level of a chain that was reached, at its scheduled instant, however late anybody looked.

    ``began`` is when that run of the chain started: all levels of one climb share it.
    """

    chain: str
    level: str
    at: datetime
    began: datetime | None = None


@frozen(kw_only=True)
class Visit:
    """A visit that was agreed and what became of it: ``booked`` (to come), ``done``, ``missed``, ``cancelled`` or ``lost``."""

    start: datetime
    end: datetime
    outcome: str
    at: datetime
    to: str | None = None


@frozen(kw_only=True)
class Case:
    """
    What measures need of one ticket, read from its records as of the instant ``at``.

    ``began`` is when it opened, or occurred if that was earlier. ``labels`` are its fields and attributes as
    they last were. ``responded`` is the first public message of an agent. ``closed_at`` is the latest closing and
    None while it is open; ``cancelled`` says that it closed by ``ticket.cancel``. ``done_at`` is when the work was
    last done; a reopening makes it None again. ``closings`` and ``reopenings`` are all of them, in order. The longer
    parts are each in the order of the records; ``chains`` names every chain that started a run.
    """

    id: str
    began: datetime
    labels: FrozenMap[str, Any] = EMPTY
    responded: datetime | None = None
    closed_at: datetime | None = None
    done_at: datetime | None = None
    cancelled: bool = False
    reopened: int = 0
    cycles: tuple[Cycle, ...] = ()
    escalations: tuple[tuple[str, str], ...] = ()
    slots: FrozenMap[str, str] = EMPTY
    offers: FrozenMap[str, int] = EMPTY
    ratings: FrozenMap[str, int] = EMPTY
    at: datetime | None = None
    workflow: str | None = None
    version: int | None = None
    tags: tuple[str, ...] = ()
    moves: tuple[Step, ...] = ()
    stays: tuple[Stay, ...] = ()
    stints: tuple[Stint, ...] = ()
    said: tuple[Said, ...] = ()
    checks: tuple[StepDone, ...] = ()
    scores: tuple[Score, ...] = ()
    surveyed: tuple[Asked, ...] = ()
    reached: tuple[Reached, ...] = ()
    chains: tuple[str, ...] = ()
    visits: tuple[Visit, ...] = ()
    closings: tuple[datetime, ...] = ()
    reopenings: tuple[datetime, ...] = ()

    @property
    def resolved_after(self) -> timedelta | None:
        """From the beginning until the work was last done; None before, and when cancelled."""
        return None if self.done_at is None or self.cancelled else self.done_at - self.began

    @property
    def late(self) -> bool:
        """Whether any promise was broken and not excused."""
        return any(cycle.outcome in ("late", "overdue") for cycle in self.cycles)

    @property
    def open_spans(self) -> tuple[tuple[datetime, datetime | None], ...]:
        """The stretches in which it was open: half-open, from the beginning or a reopening to the closing; None while open."""
        closings = self.closings or (() if self.closed_at is None else (self.closed_at,))
        starts = (self.began, *self.reopenings)
        return tuple((start, closings[index] if index < len(closings) else None) for index, start in enumerate(starts))

    def label(self, name: str) -> str:
        """A field, attribute or slot, ``workflow`` or ``state``, as the name of a group; ``-`` where it has none."""
        value = self.slots.get(name) or self.labels.get(name)
        if value is None and name == "workflow":
            value = self.workflow
        elif value is None and name == "state":
            value = "+".join(stay.state for stay in self.stays if stay.until is None) or None
        return "-" if value is None else str(value)
