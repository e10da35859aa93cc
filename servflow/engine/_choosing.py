"""Knows which transitions an event takes and why others are not taken; must not know what taking one does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from servflow.engine._call import OneCall
from servflow.engine._compile import Link
from servflow.engine._guards import held_back, part_that_fails
from servflow.engine._payloads import payload_reads, typed_payload
from servflow.engine._permit import not_permitted, permitted
from servflow.errors import Refused
from servflow.model import SYSTEM
from servflow.statemachine import NOTHING

_RANK = {"not_permitted": 0, "guard": 1, "payload": 2}  # a payload is missed last, when everything else holds


@attrs.define
class Attempt:
    """Why the transitions of one event were not taken, as far as they were looked at."""

    event: str
    problems: list[tuple[Link, Refused]] = attrs.field(factory=list)
    payloads: dict[int, Mapping[str, Any]] = attrs.field(factory=dict)
    lacking: dict[int, tuple[str, ...]] = attrs.field(factory=dict)
    """By transition, what its guard reads of the payload and was not given, where nothing else stands in its way."""

    def worst(self) -> Refused | None:
        """The refusal of the transition that came furthest."""
        if not self.problems:
            return None
        return max((problem for _, problem in self.problems), key=lambda problem: _RANK.get(problem.code, 0))


def choose(call: OneCall, event: str | None, payload: Mapping[str, Any], attempt: Attempt) -> tuple[int, ...]:
    """The transitions the event takes here, and into *attempt* why others were not."""
    machine = call.compiled.chart
    links = call.compiled.links

    def decide(index: int) -> bool:
        link = links[index]
        if link.free:
            return True
        problem = check(call, link, payload, attempt)
        if problem is not None:
            attempt.problems.append((link, problem))
        return problem is None

    return machine.select(call.draft.configuration, event, decide, history=call.draft.history or NOTHING)


def check(call: OneCall, link: Link, payload: Mapping[str, Any], attempt: Attempt) -> Refused | None:
    """
    Why a transition cannot be taken now: permission, then payload, then guard; None when it can.

    Parts of the guard that no payload can mend go before the payload. Where nothing else fails and the payload lacks
    what the guard reads of it, *attempt* has the names.
    """
    spec = link.spec
    event = attempt.event
    if spec.event is not None:
        own = ((link.allow, link.not_by),)
        for allow, not_by in own if event == spec.event or call.actor == SYSTEM else call.compiled.grants(link, event):
            if not permitted(call, allow, not_by):
                return not_permitted(call, event, allow, not_by)
    try:
        typed = typed_payload(spec.payload, payload, event)
    except Refused as problem:
        # What no payload can mend is told first: nobody should fill in a form in vain.
        return part_that_fails(call, event, link) or problem
    attempt.payloads[link.index] = typed
    if link.guard is None:
        return None
    call.payload = typed
    call.scope_cache = None
    no = held_back(call, event, link, link.guard)
    if no is None:
        return None
    lacking = tuple(name for name in payload_reads(link) if payload.get(name) is None)
    if lacking and part_that_fails(call, event, link) is None:
        attempt.lacking[link.index] = lacking
    return no


__all__ = ["Attempt", "check", "choose"]
