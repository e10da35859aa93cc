"""Knows how the refusals of all transitions of one event are told together; must not know how any is decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from servflow.engine._choosing import Attempt, choose
from servflow.engine._payload_change import payload_change
from servflow.engine._payloads import payload_reads
from servflow.engine._smallest_change import Change, smallest_change
from servflow.errors import Refused, ServflowError
from servflow.model import EMPTY, FrozenMap

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._compile import Link

_TOLD = ("when", "operands", "lines", "needs", "not_by", "outlets", "problems", "until", "missing")


def each_of(problems: Iterable[tuple[Link, Refused]]) -> tuple[FrozenMap[str, Any], ...]:
    """
    Why each transition of an event was not taken, in the order in which they were looked at, JSON-ready.

    Each has ``transition`` (its index), ``source``, ``target``, ``code`` and ``why``; a guard also ``when``,
    ``operands`` (as ``Trace.as_data``) and ``lines`` by language, a missing role ``needs``, a payload ``problems``.
    """
    found: dict[int, FrozenMap[str, Any]] = {}
    for link, problem in problems:
        known = problem.facts
        facts = {name: known[name] for name in _TOLD if known.get(name) is not None}
        found.setdefault(
            link.index,
            FrozenMap(
                {
                    "transition": link.index,
                    "source": link.spec.source,
                    "target": link.spec.target,
                    "code": problem.code,
                    "why": problem.message,
                    **facts,
                }
            ),
        )
    return tuple(found.values())


def with_remedy(call: OneCall, attempt: Attempt, problem: Refused, payload: Mapping[str, Any], *, form: bool) -> Refused:
    """
    A refusal with what else stood in the way and, where a guard did, the one field, or else the one
    value of the payload, that would have to be another.

    That is worked out, as of now, when somebody looks.

    Args:
        call: the ticket as it stands.
        attempt: why each transition was not taken.
        problem: the refusal that is told.
        payload: what came with the event.
        form: whether the payload is still to be filled in: then parts of guards that read it do not count.
    """
    held = call.aside()

    def more() -> tuple[str, Mapping[str, Any]]:
        facts = {**problem.facts, "each": each_of(attempt.problems)}
        change = _change(held, attempt, payload, form=form) if problem.code == "guard" else None
        if change is None:
            return problem.message, facts
        remedy = change.said()
        return f"{problem.message}; {remedy['en']}", {**facts, "change": change.as_fact(), "remedy": remedy}

    return Refused.with_more("", {"code": problem.code, "event": attempt.event}, more)


def answer(call: OneCall, attempt: Attempt, link: Link) -> FrozenMap[str, Any] | None:
    """The value of the one thing that an event asks for with which its guard would hold; None where more than that is asked."""
    if not payload_reads(link) or len({name for name, spec in link.spec.payload.items() if not spec.optional}) > 1:
        return None
    held = call.aside()
    change = payload_change(held, [(link, EMPTY)], lambda payload: _happens(held, attempt.event, payload))
    return None if change is None else change.as_fact()


def _change(call: OneCall, attempt: Attempt, payload: Mapping[str, Any], *, form: bool) -> Change | None:
    failed = []
    for link, found in attempt.problems:
        if found.code == "guard" and link.guard is not None:
            typed = None if form or link.index not in attempt.payloads else attempt.payloads[link.index]
            failed.append((link, typed))

    def allowed(instead: Mapping[str, Any] = EMPTY) -> bool:
        again, sent = Attempt(attempt.event), {**payload, **instead}
        if choose(call, attempt.event, sent, again):
            return _happens(call, attempt.event, sent)
        return form and (bool(again.lacking) or any(other.code == "payload" for _, other in again.problems))

    change = smallest_change(call, failed, allowed) if failed else None
    sent = [(link, typed) for link, typed in failed if typed is not None]
    return change or (payload_change(call, sent, allowed) if sent else None)


def _happens(call: OneCall, event: str, payload: Mapping[str, Any]) -> bool:
    """Whether the event as a whole gets through: what a transition sets may fail where its guard holds."""
    try:
        call.workflow.fire(call.snapshot(), event, payload, at=call.at, actor=call.actor, world=call.world)
    except ServflowError:
        return False
    return True
