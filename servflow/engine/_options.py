"""Knows what could be done with a ticket now and why not, by the code that would do it; must not change anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve

from servflow.engine import (
    _answering,
    _appointing,
    _approval,
    _approving,
    _checklist,
    _facts,
    _helping,
    _parts,
    _queueing,
    _taking_back,
)
from servflow.engine._as_of import as_of
from servflow.engine._builtin_chains import offered
from servflow.engine._call import Happening, OneCall
from servflow.engine._choosing import Attempt, choose
from servflow.engine._definition import BUILT_IN
from servflow.engine._dispatching import ANSWER
from servflow.engine._events import take
from servflow.engine._given import Given
from servflow.engine._payloads import payload_reads
from servflow.engine._permit import not_permitted, permitted
from servflow.engine._refusals import answer, each_of, with_remedy
from servflow.engine._slots import plan_of
from servflow.engine._surveys import ASKED, SKIPPED
from servflow.engine._views import Option
from servflow.errors import LimitError, Refused
from servflow.model import EMPTY, FIRED, FrozenMap, OfferMade, Ticket
from servflow.statemachine import NOTHING

if TYPE_CHECKING:
    from servflow.engine._compile import Link
    from servflow.engine._workflow import Workflow


def available(workflow: Workflow, ticket: Ticket, given: Given) -> tuple[Option, ...]:
    """Every event of the state, with whether it may happen and why not; built-in ones where granted."""
    return options_of(as_of(workflow, ticket, given))


def options_of(call: OneCall) -> tuple[Option, ...]:
    """The same of a ticket as a call has it; what is told of payloads then stands in the call."""
    compiled = call.compiled
    options = []
    for event in _named(call):
        indexes = compiled.chart.candidates(call.draft.configuration, event)
        if indexes:
            taken = _option(call, event, indexes)
            options.append(_of_parts(call, taken) if event in _parts.EVENTS else _of_built_in(taken))
    told = {event for event in compiled.events if event not in BUILT_IN and not compiled.raised.internal(event)}
    heard = sorted(event for event in told if not compiled.moves(event))
    options.extend(_heard(call, event) for event in heard)
    seen = {option.event for option in options}
    options.extend(option for event in BUILT_IN if event not in seen and (option := _built_in(call, event)) is not None)
    return tuple(options)


def _named(call: OneCall) -> list[str]:
    """
    The events a host may name that transitions could take, in the order of the definition.

    A descriptor with a wildcard is no event; the events it takes are told as far as the definition names them.
    """
    compiled = call.compiled
    written = [name for move in compiled.transitions if move.event for name in move.event.split()]
    named = [name for name in written if "*" not in name]
    known = [*call.workflow.events, *sorted(compiled.heard)]
    named += [name for name in known if name not in BUILT_IN and compiled.moves(name)]
    return [event for event in dict.fromkeys(named) if not compiled.raised.internal(event)]


def _option(call: OneCall, event: str, indexes: tuple[int, ...]) -> Option:
    links = [call.compiled.links[index] for index in indexes]
    attempt = Attempt(event)
    chosen = choose(call, event, EMPTY, attempt)
    if chosen:
        link = call.compiled.links[chosen[0]]
        leads, stays = _leads(call, chosen)
        failure = _failure(call, event, chosen, attempt)
        if failure is not None:
            failed = _refused(event, failure, _types(link), link.spec.title)
            return evolve(failed, targets=leads, stays=stays, asks=link.spec.payload)
        return Option(
            event=event,
            status="ready",
            payload=_types(link),
            targets=leads,
            stays=stays,
            title=link.spec.title,
            asks=link.spec.payload,
            refusals=each_of(attempt.problems),
        )
    form = _form(attempt)
    if form is not None:
        open_form, code, missed = form
        asked = _asked(open_form)
        leads, stays = _leads(call, (open_form.index,))
        return Option(
            event=event,
            status="needs",
            payload=asked,
            targets=leads,
            stays=stays,
            code=code,
            why="needs " + ", ".join(f"{name} ({asked[name].rstrip('?')})" for name in missed),
            title=open_form.spec.title,
            asks=open_form.spec.payload,
            refusals=each_of(attempt.problems),
            change=answer(call, attempt, open_form),
        )
    problem = attempt.worst() or not_permitted(call, event, (), None)
    told = next((link for link, found in attempt.problems if found is problem), links[0])
    problem = with_remedy(call, attempt, problem, EMPTY, form=True)
    each = [_leads(call, (index,)) for index in dict.fromkeys(link.index for link, _ in attempt.problems)]
    leads = tuple(dict.fromkeys(leaf for entered, _ in each for leaf in entered))
    return Option(
        event=event,
        status="refused",
        why=problem.message,
        code=problem.code,
        payload=_asked(told),
        targets=leads,
        stays=not leads,
        title=told.spec.title,
        asks=told.spec.payload,
        facts=FrozenMap(problem.facts),
        refusals=problem.facts["each"],
        change=problem.facts.get("change"),
    )


def _of_parts(call: OneCall, option: Option) -> Option:
    """The option of an event of parts that transitions take: what there is of parts, and what must be said of them, counts."""
    if option.status == "refused":
        return option
    problem = _parts.hindrance(call, option.event)
    asked = {**BUILT_IN[option.event], **_parts.must_name(call, option.event)}
    if problem is not None:
        told = _refused(option.event, problem, {**asked, **option.payload}, option.title)
        return evolve(told, targets=option.targets, stays=option.stays, asks=option.asks)
    return _with_asked(option, asked)


def _of_built_in(option: Option) -> Option:
    """The option of an event that transitions take: where it is built in and asks for something itself, that counts too."""
    asked = BUILT_IN.get(option.event, EMPTY)
    if option.status == "refused" or all(kind.endswith("?") for kind in asked.values()):
        return option
    return _with_asked(option, asked)


def _with_asked(option: Option, asked: Mapping[str, str]) -> Option:
    payload = FrozenMap({**asked, **option.payload})
    needed = [f"{name} ({kind})" for name, kind in payload.items() if not kind.endswith("?")]
    if not needed:
        return evolve(option, payload=payload)
    return evolve(option, status="needs", code="payload", why=f"needs {', '.join(needed)}", payload=payload)


def _form(attempt: Attempt) -> tuple[Link, str, Iterable[str]] | None:
    """The first transition that only a payload keeps from being taken, the code ``fire`` refuses with, what is missing."""
    for link, problem in attempt.problems:
        if problem.code == "payload":
            return link, problem.code, problem.facts["problems"]
    return next(
        ((link, found.code, attempt.lacking[link.index]) for link, found in attempt.problems if link.index in attempt.lacking),
        None,
    )


def _failure(call: OneCall, event: str, chosen: tuple[int, ...], attempt: Attempt) -> Refused | LimitError | None:
    """Why taking transitions that are allowed comes to nothing: an update that fails, or eventless ones without end."""
    compiled = call.compiled
    if not compiled.has_eventless and not any(compiled.links[index].updates for index in chosen):
        return None
    before, payload = call.savepoint(), call.payload
    call.cause = f"event:{call.draft.sequence + 1}"
    call.happening = Happening(event=event)
    try:
        take(call, event, chosen, attempt)
    except (Refused, LimitError) as failure:
        return failure
    finally:
        call.rollback(before)
        call.payload = payload
    return None


def _asked(link: Link) -> FrozenMap[str, str]:
    """The payload a transition takes: what it declares, and what its guard reads besides."""
    found = {name: _facts.asked_type(spec) for name, spec in link.spec.payload.items()}
    return FrozenMap({**dict.fromkeys(payload_reads(link), "any"), **found})


def _types(link: Link) -> FrozenMap[str, str]:
    return FrozenMap({name: _facts.asked_type(spec) for name, spec in link.spec.payload.items()})


def _leads(call: OneCall, indexes: tuple[int, ...]) -> tuple[tuple[str, ...], bool]:
    """The leaf states that taking these transitions enters, and whether the ticket stays where it is."""
    draft = call.draft
    move = call.compiled.chart.apply(draft.configuration, draft.history or NOTHING, indexes)
    return tuple(leaf for leaf in move.configuration if leaf in move.entered), not move.entered


def _heard(call: OneCall, event: str) -> Option:
    """An event that only clocks and chains listen to."""
    spec = call.workflow.events.get(event)
    allow, not_by = (spec.allow, spec.not_by) if spec is not None else ((), None)
    declared = spec.payload if spec is not None else EMPTY
    payload = FrozenMap({name: _facts.asked_type(kind) for name, kind in declared.items()})
    title = spec.title if spec is not None else ""
    if permitted(call, allow, not_by):
        needed = any(not kind.optional and kind.default is None for kind in declared.values())
        status, code = ("needs", "payload") if needed else ("ready", None)
        return Option(event=event, status=status, code=code, payload=payload, title=title, stays=True, asks=declared)
    problem = not_permitted(call, event, allow, not_by)
    return evolve(_refused(event, problem, payload, title), asks=declared)


def _refused(event: str, problem: Refused | LimitError, payload: Mapping[str, str], title: str) -> Option:
    """A refusal that the guards and grants of transitions have no part in."""
    told = FrozenMap({"transition": None, "code": problem.code, "why": problem.message, **_who(problem)})
    return Option(
        event=event,
        status="refused",
        why=problem.message,
        code=problem.code,
        payload=FrozenMap(payload),
        title=title,
        facts=FrozenMap(problem.facts),
        refusals=(told,),
        stays=True,
    )


def _who(problem: Refused | LimitError) -> dict[str, Any]:
    return {name: problem.facts[name] for name in ("needs", "not_by") if problem.facts.get(name)}


def _built_in(call: OneCall, event: str) -> Option | None:
    spec = call.workflow.events.get(event)
    if event in _NEVER_OFFERED or not (spec is not None or not call.workflow.roles or _granted_in_part(call, event)):
        return None
    if event.startswith("offer.") and not call.draft.offers and not _gives_back(call, event):
        return None
    if event in (_approving.APPROVE, _approving.DECLINE) and not _approving.proposals(call):
        return None
    if event in _appointing.IDLE and _appointing.IDLE[event](call):
        return None
    if _parts.idle(call, event):
        return None
    if event.startswith("chain.") and not offered(call, event):
        return None
    if event.startswith("approval."):
        return _vote(call, event, spec.title if spec is not None else "")
    if event == "step.check" and not any(state in call.draft.entered for state in call.compiled.checklists):
        return None
    if event == "helper.done" and (call.actor is None or call.actor.id not in call.draft.helpers):
        return None
    if (event == "helper.remove" and not call.draft.helpers) or (event == "ticket.unwatch" and not call.draft.watchers):
        return None
    if event == "step.uncheck" and not any(_facts.is_done(call, state, step.step) for state, step in _facts.steps(call)):
        return None
    if event == "clock.waive" and not any(run.breached_at or run.summary.late for run in call.draft.clocks.values()):
        return None
    allow, not_by = (spec.allow, spec.not_by) if spec is not None else ((), None)
    asked, asks = dict(BUILT_IN[event]), spec.payload if spec is not None else EMPTY
    if event == "ticket.update":
        asks = FrozenMap({**call.workflow.fields, **asks})
        asked = {name: f"{kind.type}?" for name, kind in call.workflow.fields.items()}
    if _helping.must_name(call, event):
        asked["who"] = "string"
    asked |= _parts.must_name(call, event)
    if spec is not None:
        asked |= {name: _facts.asked_type(kind) for name, kind in spec.payload.items()}
    payload = FrozenMap(asked)
    if permitted(call, allow, not_by) or (event == _checklist.CHECK and _checklist.may_check(call)):
        mine = not event.startswith("offer.") or _offer_of(call) is not None or _gives_back(call, event)
        if mine and (problem := _keeps_from_it(call, event)) is not None:
            return evolve(_refused(event, problem, payload, spec.title if spec else ""), asks=asks)
        if mine:
            needed = [f"{name} ({kind})" for name, kind in payload.items() if not kind.endswith("?")]
            if event == "ticket.update":
                needed = ["a field to update"]
            return Option(
                event=event,
                status="needs" if needed else "ready",
                payload=payload,
                code="payload" if needed else None,
                why=f"needs {', '.join(needed)}" if needed else "",
                title=spec.title if spec else "",
                stays=True,
                asks=asks,
            )
    problem = not_permitted(call, event, allow, not_by)
    return evolve(_refused(event, problem, payload, spec.title if spec else ""), asks=asks)


def _keeps_from_it(call: OneCall, event: str) -> Refused | None:
    """What of dispatch keeps the actor from an event that is permitted; None where nothing does."""
    offer = _offer_of(call) if event == "offer.accept" else None
    try:
        if event == _queueing.TAKE:
            _queueing.admitted(call, {})
        elif offer is not None:
            _answering.still(call, plan_of(call, offer.policy), offer.to, event)
        elif event in (_approving.APPROVE, _approving.DECLINE):
            _approving.ready(call, event)
    except Refused as problem:
        return problem
    return None


def _offer_of(call: OneCall) -> OfferMade | None:
    """The open offer that the actor would answer."""
    return next((offer for offer in call.draft.offers if call.actor is not None and offer.to == call.actor.id), None)


def _gives_back(call: OneCall, event: str) -> bool:
    """Whether the actor may give back by this event what they have."""
    who = call.actor.id if call.actor is not None else None
    return event == "offer.reject" and any(_taking_back.may_give_back(call, plan, who) for plan in call.compiled.slots)


_NEVER_OFFERED = (
    *("ticket.cancel", "ticket.reopen", FIRED, ANSWER, ASKED, SKIPPED),
    *("ticket.child_opened", "ticket.child_closed", "ticket.child_reopened"),
)


def _granted_in_part(call: OneCall, event: str) -> bool:
    """Whether the state itself says who may: a checklist step or an approval with an ``allow`` of its own."""
    if event == _checklist.CHECK:
        return any(step.allow for _, step in _facts.steps(call))
    return event.startswith("approval.") and bool(_facts.voting(call))


def _vote(call: OneCall, event: str, title: str) -> Option | None:
    if not _facts.voting(call):
        return None
    payload = FrozenMap(BUILT_IN[event])
    problem = None if _approval.may_vote(call, event) else _approval.why_not(call, event)
    if problem is None:
        return Option(event=event, status="ready", payload=payload, title=title, stays=True)
    return _refused(event, problem, payload, title)


__all__ = ["available", "options_of"]
