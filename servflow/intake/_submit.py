"""Knows how a request becomes a ticket, or part of one that is open; must not know what a message or a table is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve

from servflow.desk import Desk
from servflow.desk._holding import Joined
from servflow.desk._joining import Adding, NotOpen, add, free
from servflow.desk._steps import Steps
from servflow.errors import Conflict, InputError, Refused, ReservationRefused, shown
from servflow.intake import _matching
from servflow.intake._channel import bounded
from servflow.intake._request import Receipt, Request, Status
from servflow.model import Actor, Notify, Outcome, Ticket, Unique, World, effect_id
from servflow.stores import Answer

if TYPE_CHECKING:
    from servflow.intake._intake import Intake

TRIES = 50
"""How often a message looks for its ticket again; each time somebody else opened, closed or reopened one meanwhile."""


def submit(intake: Intake, desk: Desk, message: Mapping[str, Any]) -> Receipt:
    """As ``Intake.submit``, for a plain desk."""
    given: object = desk
    if not isinstance(given, Desk):
        raise InputError(f"submit takes a servflow.Desk or an AsyncDesk, not {shown(given)}", code="argument")
    steps = desk._steps  # the public verbs do not tell a first answer from a repeated one
    channel = intake.channel_of(message)
    bounded(message, channel.name)
    id_, once = _matching.ids(channel.name, channel.key_of(message))
    if steps.store.answered(id_, once) is not None:  # before it is read: what was taken in stays so, whatever tables say now
        return Receipt(status="duplicate", ticket=id_, first="opened", channel=channel.name, key=once)
    now = steps.around.now()
    named = channel.answered(message)
    ticket = None if named is None else steps.store.load(named)
    if ticket is None:
        return _taken(intake, steps, intake.receive(message, now))
    answered = _answered(intake, steps, intake._answer(message, ticket, now), ticket)
    if isinstance(answered, Receipt):
        return answered
    receipt = _taken(intake, steps, intake.receive(message, now))
    told = receipt.status == "duplicate" or receipt.ticket == ticket.id or receipt.beside is not None
    return receipt if told else evolve(receipt, beside=ticket.id, reason=answered)


def _answered(intake: Intake, steps: Steps, request: Request, ticket: Ticket) -> Receipt | str:
    """The receipt of a message that answers a ticket; where that does not take it, why."""
    theirs = {ticket.customer, ticket.requester, *ticket.watchers} - {None}
    if request.sender not in (theirs or {None}):  # a ticket of nobody is answered by nobody, such as another device
        return f"ticket {ticket.id!r} is not one of {shown(request.sender)}"
    try:
        return _merged(intake, steps, request, ticket.id)
    except NotOpen:
        return f"ticket {ticket.id!r} is closed"
    except Refused as refused:
        return refused.message
    except ReservationRefused as refused:
        if refused.facts.get("key") != request.once.key:
            raise
        return _known(request, str(refused.facts["held"]))


def _taken(intake: Intake, steps: Steps, request: Request) -> Receipt:
    if intake.unique is None:
        return _opened(steps, request, ())
    for _ in range(TRIES):
        try:
            return _opened(steps, request, request.reservations)
        except ReservationRefused as refused:
            if refused.facts.get("key") not in (request.once.key, request.matter):
                raise  # something of the workflow's own
            if refused.facts["key"] == request.once.key:
                return _known(request, str(refused.facts["held"]))
            holder = str(refused.facts["held"])
        try:
            return _merged(intake, steps, request, holder)
        except NotOpen:
            free(steps, holder, str(request.matter))
        except ReservationRefused as refused:
            if refused.facts.get("key") != request.once.key:
                raise
            return _known(request, str(refused.facts["held"]))
        except Refused as no:
            return _apart(steps, request, holder, no)
    raise Conflict(
        f"tickets about the matter of message {request.key!r} were opened and closed {TRIES} times in a row while it looked for"
        " one; submit it again",
        code="intake.busy",
        key=request.key,
        tries=TRIES,
    )


def _opened(steps: Steps, request: Request, reservations: tuple[Unique, ...], **beside: Any) -> Receipt:
    flow = steps.workflows.to_open(request.workflow)
    given = request.arguments()
    more = Joined.of(request.id, reservations, _thanks(request, request.id, "opened"))

    def decide(now: datetime, world: World | None) -> Outcome:
        return more.to(flow.open(request.id, given["fields"], at=now, world=world, occurred=given["occurred"]))

    answer, _ = steps.open(request.id, decide, key=request.key, given=more.reservations)
    return _receipt(answer, request, request.id, "opened", **beside)


def _merged(intake: Intake, steps: Steps, request: Request, holder: str) -> Receipt:
    asked = intake.unique
    reopen, roles = (False, ("customer",)) if asked is None else (asked.merge == "reopen", asked.roles)
    # What answers a ticket was not sorted by tables, so that there is nothing that it could change beside.
    merging = None if request.matter is None else intake.merged.get(request.workflow)
    values = {**request.values, "channel": request.channel}
    why: list[str] = []

    def beside(ticket: Ticket) -> tuple[str, Mapping[str, Any]] | None:
        why.clear()  # decided again where somebody was faster
        payload = _matching.changes(merging, values, ticket)
        return None if payload is None or merging is None else (merging.event, payload)

    adding = Adding(
        payload={"side": "customer", "public": True, "channel": request.channel, "text": request.text},
        actor=Actor(request.sender or f"channel:{request.channel}", roles),
        key=request.key,
        occurred=request.occurred,
        more=Joined.of(holder, (request.once,), _thanks(request, holder, "merged")),
        reopen=reopen,
        beside=beside,
        refused=why.append,
    )
    answer = add(steps, holder, adding)
    return _receipt(answer, request, holder, "merged", reason="".join(why))


def _apart(steps: Steps, request: Request, holder: str, refused: Refused) -> Receipt:
    """A ticket of its own, since the open one about the same matter does not take the message, which must not be lost."""
    try:
        return _opened(steps, request, (request.once,), beside=holder, reason=refused.message)
    except ReservationRefused as again:
        if again.facts.get("key") != request.once.key:
            raise
        return _known(request, str(again.facts["held"]))


def _receipt(answer: Answer, request: Request, ticket: str, first: Literal["opened", "merged"], **beside: Any) -> Receipt:
    duplicate = answer.status == "duplicate"
    status: Status = "duplicate" if duplicate else first
    told = {} if duplicate else beside
    return Receipt(status=status, ticket=ticket, first=first, channel=request.channel, key=request.key, request=request, **told)


def _known(request: Request, holder: str) -> Receipt:
    first: Literal["opened", "merged"] = "opened" if holder == request.id else "merged"
    return Receipt(status="duplicate", ticket=holder, first=first, channel=request.channel, key=request.key, request=request)


def _thanks(request: Request, ticket: str, status: Literal["opened", "merged"]) -> tuple[Notify, ...]:
    """The acknowledgement, with an id that is the same however often it is made."""
    told = request.thanks
    if told is None:
        return ()
    data = {"ticket": ticket, "channel": request.channel, "status": status, **told.data}
    return (
        Notify(
            id=effect_id(ticket, request.key, "intake.acknowledge", told.to),
            ticket=ticket,
            at=request.received,
            cause=request.key,
            action="intake.acknowledge",
            to=told.to,
            template=told.template if status == "opened" else told.merged,
            data=type(told.data)(data),
        ),
    )
