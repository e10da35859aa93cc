"""Knows the triggers of a chain linked with a workflow's names and conditions; must not know whether any has happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from servflow import sla
from servflow.engine._clock_conditions import with_payload
from servflow.escalation import Chain, Start, Trigger
from servflow.escalation._causes import starts_of
from servflow.expressions import Expression

if TYPE_CHECKING:
    from servflow.engine._compile import Compiled


@attrs.frozen(kw_only=True)
class Beginning:
    """
    Triggers of a chain that one happening sets off, linked.

    ``ways`` are, for each of them, the condition beside it and the level at which it enters, from 0; None where none is named.
    """

    head: str
    trigger: Trigger
    ways: tuple[tuple[Expression | None, int | None], ...]
    fields: tuple[str, ...] | None = None
    attributes: tuple[str, ...] = ()
    """Of a condition alone, all that it reads; *fields* is None where it reads anything that is worked out."""


def compile_starts(compiled: Compiled, chain: Chain, path: str) -> tuple[Beginning, ...]:
    """Link what starts a chain; what is not declared and conditions that read time go to the findings."""
    linked = []
    for place, trigger in enumerate(chain.start):
        where = f"{path}.start" if len(chain.start) == 1 else f"{path}.start[{place}]"
        _check(compiled, trigger, where)
        types = _readable(compiled, trigger)
        entry = None if trigger.level is None else chain.index(trigger.level)
        linked.append((compiled.condition(trigger.when, f"{where}.when", types=types), entry))
    return tuple(_together(compiled, start, linked) for start in starts_of(chain, sla.mark_name))


def _together(compiled: Compiled, start: Start, linked: list[tuple[Expression | None, int | None]]) -> Beginning:
    made = Beginning(head=start.head, trigger=start.trigger, ways=tuple(linked[place] for place in start.places))
    when = made.ways[0][0]
    if start.trigger.kind != "when" or when is None or when.asks:
        return made
    fields = tuple(sorted(name for name in when.roots if name in compiled.workflow.fields))
    others = tuple(sorted(name for name in when.roots if name not in compiled.workflow.fields))
    return attrs.evolve(made, fields=fields, attributes=others) if set(others) <= _KEPT else made


# What a ticket holds as it is read; everything else is worked out from something.
_KEPT = frozenset({"priority", "assignee", "owner", "queue", "customer", "requester", "asset", "outlet", "channel", "tags"})
_KEPT |= {"parent", "reopened", "opened_at", "closed_at"}


_RATING = {"scale": "string", "score": "int", "comment": "string"}


def _readable(compiled: Compiled, trigger: Trigger) -> Mapping[str, Any] | None:
    """What the condition of a trigger may read besides the ticket: what came with the event, and who did it."""
    if trigger.kind == "event":
        known = with_payload(compiled, trigger.event or "")
        # A rating is what everybody asks for: a name that is misspelt would never hold, and nobody would hear of it.
        return {**known, "payload": _RATING} if trigger.event == "rating.add" and known["payload"] == "map" else known
    if trigger.kind == "correlator":
        return {**compiled.timeless, "payload": "map", "actor": compiled.types["actor"]}
    return None


def _check(compiled: Compiled, trigger: Trigger, path: str) -> None:
    problems = compiled.problems
    if trigger.clock is not None and problems.known("clock", trigger.clock, compiled.clock_names, f"{path}.clock"):
        clock = next(promise.clock for promise in compiled.promises if promise.clock.name == trigger.clock)
        problems.known("mark", sla.mark_name(trigger.mark or ""), ("breach", *clock.warn), f"{path}.mark")
    if trigger.state is not None:
        problems.known("state", trigger.state, compiled.states, f"{path}.state")
    if trigger.calendar is not None:
        problems.known("calendar", trigger.calendar, compiled.calendars, f"{path}.calendar")
