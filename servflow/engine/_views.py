"""Knows the shape of what a host may be told about a ticket; must not know how it is worked out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import field, frozen

from servflow.engine._slot_stories import SlotStory
from servflow.escalation import RunStory
from servflow.model import EMPTY, Field, FrozenMap, write_instant


@frozen(kw_only=True)
class Option:
    """
    One event and whether it may happen now.

    ``status`` is ``ready``, ``needs`` (a payload) or ``refused``. ``why`` says why not, ``code`` is that of the
    refusal, ``payload`` names what it takes with types (``?``: may be left out), ``targets`` the leaf states it
    enters, ``stays`` whether it enters none and the ticket stays where it is, ``facts`` what a program needs of
    the refusal. ``refusals`` says of each transition of the event that is not taken why, with the values every
    part of a guard saw; ``change`` is the smallest change of one field that would allow it, where one suffices:
    ``{"field": "amount", "from": "250", "to": "200"}`` (``any``: so would other values); of one that only waits for
    one value of its payload, a value that its guard lets pass: ``{"payload": "amount", "from": None, "to": "200"}``.
    ``asks`` holds what the definition declares of the payload, name by name, for whoever draws a form of it.
    """

    event: str
    status: str
    why: str = ""
    code: str | None = None
    payload: FrozenMap[str, str] = EMPTY
    targets: tuple[str, ...] = ()
    title: str = ""
    facts: FrozenMap[str, Any] = field(default=EMPTY, repr=False)
    stays: bool = False
    refusals: tuple[FrozenMap[str, Any], ...] = field(default=(), repr=False)
    change: FrozenMap[str, Any] | None = None
    asks: FrozenMap[str, Field] = field(default=EMPTY, repr=False)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form, for buttons and API answers."""
        return {
            "event": self.event,
            "status": self.status,
            "why": self.why,
            "code": self.code,
            "payload": dict(self.payload),
            "targets": list(self.targets),
            "title": self.title,
            "stays": self.stays,
            "refusals": [plain_data(refusal) for refusal in self.refusals],
            "change": plain_data(self.change),
        }


@frozen(kw_only=True)
class ClockView:
    """
    One clock as it stands: signed ``remaining``, and the timeline that adds up to ``counted``.

    ``percent`` is the share of the target that is counted, beyond 100 once it is ``over``. ``due_if_resumed`` (also
    ``due_if_resumed_now``) is when it would be due if it went on at the instant of the view, while paused. ``provisional``
    says that ``due``, while paused ``due_if_resumed``, lies beyond what the calendar knows, or that there is none for the
    calendar never opens that long.
    ``parent`` is the clock it may not outlast, and ``cap`` when that is due, where this is what makes it due.
    ``shown_due`` is ``due`` as the clock's ``display`` wants it shown: that instant, or the opening after it.
    ``over`` and ``breached_at`` are two questions: after closing time, or after another target, they differ.
    ``timeline`` holds a ``servflow.sla.Row`` for every stretch; ``Workflow.explain_clock`` tells more of them, and why.
    """

    name: str
    phase: str
    cycle: int
    calendar: str | None
    within: timedelta
    counted: timedelta
    remaining: timedelta
    due: datetime | None
    breached_at: datetime | None
    due_if_resumed: datetime | None
    next_mark: str | None
    next_at: datetime | None
    waived: str | None
    over: bool
    timeline: tuple[Any, ...] = ()
    percent: float = 0.0
    provisional: bool = False
    parent: str | None = None
    cap: datetime | None = None
    shown_due: datetime | None = None

    @property
    def due_if_resumed_now(self) -> datetime | None:
        """The same as ``due_if_resumed``."""
        return self.due_if_resumed

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form; lengths of time in seconds."""
        return {
            "name": self.name,
            "phase": self.phase,
            "cycle": self.cycle,
            "calendar": self.calendar,
            "within": self.within.total_seconds(),
            "counted": self.counted.total_seconds(),
            "remaining": self.remaining.total_seconds(),
            "percent": round(self.percent, 3),
            "due": _at(self.due),
            "breached_at": _at(self.breached_at),
            "due_if_resumed": _at(self.due_if_resumed),
            "next_mark": self.next_mark,
            "next_at": _at(self.next_at),
            "waived": self.waived,
            "over": self.over,
            "provisional": self.provisional,
            "parent": self.parent,
            "cap": _at(self.cap),
            "shown_due": _at(self.shown_due),
            "timeline": [row.to_data() for row in self.timeline],
        }


@frozen(kw_only=True)
class NextUp:
    """What time alone will do first: what kind of thing, which one, and the instant it is set for."""

    at: datetime
    kind: str
    name: str

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"at": _at(self.at), "kind": self.kind, "name": self.name}


@frozen(kw_only=True)
class Explanation:
    """
    Why a ticket is where it is and what comes next, as of one instant.

    ``options`` are what could be done (in the name of nobody in particular), ``clocks`` what was promised,
    ``escalations`` the runs under way, ``slots`` how far dispatch has come with the sentence of a fresh
    look where a world is given, ``coming`` everything set by time in order. ``checklists`` are the steps of the
    active states, each with who did it and when or what it needs, ``approvals`` their votes, ``children`` the
    tickets it waits for. ``helpers`` are who helps, each with the promise they have, ``watchers`` who asked to hear
    of it. ``appointment`` is the visit that is booked, or what became of the last one, ``parts`` are the spare parts, each with
    what it waits for or what became of it. ``history`` is what became of
    every run of a chain, where the records were given, and ``dispatch`` how every slot was filled: who was considered, asked,
    waited for.
    """

    ticket: str
    state: str
    since: datetime
    at: datetime
    assignee: str | None
    closed: bool
    options: tuple[Option, ...] = ()
    clocks: tuple[ClockView, ...] = ()
    escalations: tuple[FrozenMap[str, Any], ...] = ()
    slots: tuple[FrozenMap[str, Any], ...] = ()
    coming: tuple[NextUp, ...] = ()
    checklists: tuple[FrozenMap[str, Any], ...] = ()
    approvals: tuple[FrozenMap[str, Any], ...] = ()
    children: tuple[str, ...] = ()
    helpers: tuple[FrozenMap[str, Any], ...] = ()
    watchers: tuple[str, ...] = ()
    history: tuple[RunStory, ...] = ()
    dispatch: tuple[SlotStory, ...] = ()
    appointment: FrozenMap[str, Any] | None = None
    parts: tuple[FrozenMap[str, Any], ...] = ()

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "ticket": self.ticket,
            "state": self.state,
            "since": _at(self.since),
            "at": _at(self.at),
            "assignee": self.assignee,
            "closed": self.closed,
            "options": [option.as_data() for option in self.options],
            "clocks": [clock.as_data() for clock in self.clocks],
            "escalations": [dict(run) for run in self.escalations],
            "slots": [dict(slot) for slot in self.slots],
            "coming": [item.as_data() for item in self.coming],
            "checklists": [plain_data(step) for step in self.checklists],
            "approvals": [plain_data(approval) for approval in self.approvals],
            "children": list(self.children),
            "helpers": [dict(helper) for helper in self.helpers],
            "watchers": list(self.watchers),
            "history": [run.as_data() for run in self.history],
            "dispatch": [story.as_data() for story in self.dispatch],
            "appointment": None if self.appointment is None else dict(self.appointment),
            "parts": [plain_data(line) for line in self.parts],
        }


def plain_data(value: Any) -> Any:
    """Facts as JSON-ready data."""
    if isinstance(value, Mapping):
        return {key: plain_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_data(item) for item in value]
    if isinstance(value, datetime):
        return write_instant(value)
    return value if value is None or isinstance(value, (str, bool, int, float)) else str(value)


def _at(value: datetime | None) -> str | None:
    return None if value is None else write_instant(value)
