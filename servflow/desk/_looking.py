"""Knows which tickets look for somebody and in which order they come; must not know who gets them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial

from servflow.desk._failures import concerns_all
from servflow.desk._reports import LookReport
from servflow.desk._steps import Steps
from servflow.desk._sweep import NEARER, PAGE, sweep
from servflow.desk._waking import brought_on
from servflow.errors import StoreError
from servflow.model import Outcome, Ticket, World
from servflow.stores import Claim, Store

HERD = 1_000
"""Of how many tickets that one release woke the first are found; what lies behind is ordered by id."""

_LAST = 1 << 63
"""Behind every priority."""


def in_turn(store: Store, claims: Sequence[Claim]) -> list[Claim]:
    """
    Claims with those among them in a fair order that a release woke, for there may be room for one only.

    The most urgent ticket comes first, of two that are equal the one that has looked for longer. Others keep their place.
    """
    woken = [claim for claim in claims if claim.woken]
    if len(woken) < 2:
        return list(claims)
    places = {claim.ticket: _place(_loaded(store, claim.ticket)) for claim in woken}
    ordered = iter(sorted(woken, key=lambda claim: (places[claim.ticket], claim.ticket)))
    return [next(ordered) if claim.woken else claim for claim in claims]


def _loaded(store: Store, id_: str) -> Ticket | None:
    try:
        return store.load(id_)
    except StoreError as error:
        if concerns_all(error):
            raise
        return None  # it is damaged: whoever answers it alone tells


def _place(ticket: Ticket | None) -> tuple[int, str]:
    if ticket is None:
        return _LAST, ""
    waited = [progress.since for progress in ticket.slots.values()]
    waited += [line.since for line in ticket.parts if line.state == "needed"]
    since = min(waited, default=ticket.opened_at)
    return ticket.priority, since.isoformat()


def look_again(steps: Steps, name: str | None, tickets: Iterable[str] | None, limit: int | None) -> LookReport:
    """Let tickets that somebody is sought for, or was found for, look at the present world."""
    ids = _concerned(steps.store, name) if tickets is None else tuple(tickets)
    swept = sweep(steps, ids, partial(_decided, steps), verb="look_again", enough=(limit, ("changed",)), refused="failed")
    names = ("changed", "same", "failed")
    return LookReport(**{key: swept.counts[key] for key in names}, more=swept.more, problems=swept.problems)


def _concerned(store: Store, name: str | None) -> Iterator[str]:
    """
    Tickets with something that the world may change.

    First those that somebody has or is to visit: whoever cannot come frees places for those that wait.
    """
    found: list[tuple[bool, tuple[int, str], str]] = []
    after: str | None = None
    while page := store.find(workflow=name, limit=PAGE, after=after):
        after = page[-1].id
        for ticket in page:
            booked = ticket.appointment is not None and ticket.appointment.booked
            if ticket.slots or booked or ticket.waits:
                waits = not booked and all(progress.phase == "waiting" for progress in ticket.slots.values())
                found.append((waits, _place(ticket), ticket.id))
    return (id_ for _, _, id_ in sorted(found))


def _decided(steps: Steps, ticket: Ticket, at: datetime, world: World | None) -> tuple[str, Outcome]:
    outcome, arrived = brought_on(steps, ticket, at, world)
    if not arrived:
        return NEARER, outcome
    return "changed" if outcome.records else "same", outcome


__all__ = ["HERD", "in_turn", "look_again"]
