"""Knows how a board and the list of late tickets look; must not know how figures are counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen

from servflow.cli._databases import done_states, tickets, workflow_of
from servflow.cli._output import Say, percent, span, stamp
from servflow.engine import Workflow
from servflow.errors import InputError, nearest
from servflow.metrics import DEFINITIONS, Board, Durations, Share, board
from servflow.model import EPOCH, Ticket
from servflow.stores import Store

BUSIEST = 5

USUAL = "tier"
"""The field that makes the groups where nobody names one; tickets may well have no such field."""

LABELS = ("assignee", "asset", "channel", "customer", "outlet", "owner", "parent", "priority", "queue")
"""What every ticket can be grouped by, whatever its workflow declares."""


@frozen(kw_only=True)
class Risk:
    """One open ticket whose promise is broken or close to it."""

    ticket: str
    state: str
    assignee: str | None
    clock: str
    due: datetime
    late: bool

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "ticket": self.ticket,
            "state": self.state,
            "assignee": self.assignee,
            "clock": self.clock,
            "due": stamp(self.due),
            "late": self.late,
        }


def risks(held: Iterable[Ticket], at: datetime) -> list[Risk]:
    """
    The open tickets with a running promise that is broken, or that has passed a warning mark; by due instant.

    Each ticket is told once, with its most urgent promise.
    """
    found = []
    for ticket in held:
        if ticket.closed:
            continue
        urgent = [
            Risk(
                ticket=ticket.id,
                state=ticket.state,
                assignee=ticket.assignee,
                clock=run.name,
                due=run.due,
                late=run.breached_at is not None or run.due < at,
            )
            for run in ticket.clocks.values()
            if run.phase in ("running", "paused") and run.due is not None and (run.breached_at or run.marks or run.due < at)
        ]
        if urgent:
            found.append(min(urgent, key=lambda risk: (risk.due, risk.clock)))
    return sorted(found, key=lambda risk: (risk.due, risk.ticket))


@frozen
class Look:
    """Everything `servflow show` tells of a store, as of its latest instant."""

    board: Board
    risks: list[Risk]
    tickets: tuple[Ticket, ...]

    @classmethod
    def at(cls, store: Store, by: str) -> Look:
        """
        Read the whole store; an empty one gives an empty board as of the epoch.

        Raises:
            InputError: *by* is no field, attribute or slot of any workflow here; with a did-you-mean.
        """
        held = tuple(tickets(store))
        at = max((ticket.at for ticket in held), default=EPOCH)
        hashes = {ticket.pins.get("workflow", "") for ticket in held}
        flows = [workflow_of(store, hash_) for hash_ in sorted(hashes)]
        _check_label(by, flows, held)
        done = done_states(flows)
        return cls(board((store.history(ticket.id) for ticket in held), at, by=by, done=done), risks(held, at), held)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"board": self.board.as_data(), "risks": [risk.as_data() for risk in self.risks]}


def _check_label(by: str, flows: Iterable[Workflow], held: Sequence[Ticket]) -> None:
    known = {*LABELS, *(name for flow in flows for name in (*flow.fields, *(policy.slot for policy in flow.dispatch)))}
    known.update(name for ticket in held for name in ticket.slots)
    if not held or by in known or by == USUAL:
        return
    close = nearest(by, known)
    hint = f"did you mean {close!r}?" if close else f"known are {', '.join(sorted(known))}"
    raise InputError(f"no ticket here has a field, attribute or slot {by!r} to group by; {hint}", by=by, nearest=close)


def show_board(say: Say, found: Board, zone: str) -> None:
    """Write a board as text."""
    words = say.words
    say.head(words("board.title", at=say.at(found.at, zone), zone=zone))
    say.line(
        words(
            "board.head",
            tickets=found.tickets,
            closed=found.closed,
            open=found.open,
            cancelled=found.cancelled,
            reopened=found.reopened,
        )
    )
    _title(say, "volumes")
    say.table([words("channel"), words("tickets")], found.volumes.items(), right=[1])
    for measure in ("first_response", "time_to_resolve"):
        _title(say, measure)
        _durations(say, found, getattr(found, measure))
    _title(say, "attainment")
    rates = [((clock, _group(say, group)), figure) for clock, group, figure in _kept(found)]
    _shares(say, [words("clock"), found.by], rates, words("kept"))
    _title(say, "breaches")
    say.table([words("clock"), words("count")], found.breaches.items(), right=[1])
    _title(say, "escalations")
    rows = [(chain, level, count) for chain, levels in found.escalations.items() for level, count in levels.items()]
    say.table([words("chain"), words("level"), words("reached")], rows, right=[2])
    _title(say, "load")
    say.table(
        [words("outlet"), words("tickets"), words("open"), words("late")],
        [(one.who, one.tickets, one.open, one.late) for one in found.outlets],
        right=[1, 2, 3],
    )
    say.head(words("busiest"))
    say.table(
        [words("engineer"), words("tickets"), words("open"), words("late")],
        [
            (one.who, one.tickets, one.open, one.late)
            for one in sorted(found.engineers, key=lambda one: (-one.tickets, one.who))[:BUSIEST]
        ],
        right=[1, 2, 3],
    )
    _title(say, "offers")
    _shares(say, [""], [((_group(say, "all"),), found.offers)], words("offer.accepted"))
    _title(say, "csat")
    _shares(say, [found.by], [((_group(say, group),), figure) for group, figure in found.csat.items()], words("satisfied"))


def _title(say: Say, measure: str) -> None:
    definition = DEFINITIONS[measure]["zh" if say.lang == "zh" else "en"]
    say.head(say.words("title", title=say.words(measure), more=definition))


def _group(say: Say, group: str) -> str:
    return say.words("all") if group == "all" else group


def _kept(found: Board) -> list[tuple[str, str, Share | None]]:
    return [(clock, group, figure) for clock, groups in found.attainment.items() for group, figure in groups.items()]


def _durations(say: Say, found: Board, figures: Mapping[str, Durations | None]) -> None:
    words = say.words
    say.table(
        [found.by, words("count"), words("median"), words("p90"), words("mean")],
        [
            (_group(say, group), 0, "-", "-", "-")
            if figure is None
            else (_group(say, group), figure.count, span(figure.median), span(figure.p90), span(figure.mean))
            for group, figure in figures.items()
        ],
        right=[1, 2, 3, 4],
    )


def _shares(say: Say, columns: list[str], rows: Sequence[tuple[tuple[str, ...], Share | None]], counted: str) -> None:
    words = say.words
    wide = len(columns)
    say.table(
        [*columns, words("share"), counted, words("of"), words("interval"), words("left_out")],
        [
            (*names, "-", "-", "-", "-", "")
            if figure is None
            else (
                *names,
                percent(figure.share),
                figure.numerator,
                figure.denominator,
                f"{percent(figure.low)} - {percent(figure.high)}",
                ", ".join(f"{count} {words(f'reason.{reason}')}" for reason, count in figure.excluded.items()),
            )
            for names, figure in rows
        ],
        right=range(wide, wide + 4),
    )


def show_risks(say: Say, found: list[Risk], zone: str, limit: int) -> None:
    """Write the list of late tickets and those at risk."""
    words = say.words
    if not found:
        say.head(words("late.none"))
        return
    shown = found[:limit]
    say.head(words("late.title", shown=len(shown), count=len(found)))
    say.table(
        [words("ticket"), words("state"), words("assignee"), words("clock"), words("due"), words("promise")],
        [
            (
                risk.ticket,
                risk.state,
                risk.assignee or "-",
                risk.clock,
                say.at(risk.due, zone),
                words("risk.late" if risk.late else "risk.at_risk"),
            )
            for risk in shown
        ],
    )
