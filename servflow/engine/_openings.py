"""Knows what every opening of a workflow says, and when nothing more is to be said; must not know what could react to one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from servflow.engine._draft import MIRRORED
from servflow.engine._fitting import fitted
from servflow.engine._given import Given
from servflow.engine._payloads import plain_payload
from servflow.errors import Refused
from servflow.model import SYSTEM, FrozenMap, Opened, Outcome, Ticket, from_dict

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow

_TOLD = frozenset(
    (
        *("id", "workflow", "version", "at", "sequence", "opened_at", "requester", "configuration", "entered"),
        *("closed", "fields", "set_by_person", "pins", "wake"),
    )
)


def opens_plainly(workflow: Workflow, outcome: Outcome) -> bool:
    """Whether nothing reacts to openings, so that others differ from this one in what was given only."""
    compiled, ticket, record = workflow.compiled, outcome.ticket, outcome.records[0]
    reacts = (
        *(workflow.rules, compiled.clocks, compiled.chains, compiled.slots, compiled.has_eventless, compiled.views),
        *(compiled.states[name].timers for name in ticket.entered),
    )
    follows = (len(outcome.records) > 1, outcome.effects, outcome.reservations, ticket.wake, ticket.closed)
    given = (isinstance(record, Opened) and (record.attributes or record.occurred), not MIRRORED.isdisjoint(workflow.fields))
    return not any((*reacts, *follows, *given)) and _TOLD.issuperset(ticket.__dict__)


def open_again(workflow: Workflow, ticket_id: str, fields: Mapping[str, Any] | None, given: Given) -> Outcome | None:
    """
    What an opening comes to where nothing reacts to it, after the first that was opened so; None where more is to be done.

    Whatever is unusual, or wrong, is left to those who can tell what it is.
    """
    first = workflow.compiled.plain_opening
    if first is None or given.world is not None or given.occurred is not None:
        return None
    payload = plain_payload(fields, "open")
    declared = workflow.fields
    if not payload.keys() <= declared.keys():
        return None
    try:
        values = first_fields(workflow, {name: fitted(declared[name], value, name) for name, value in payload.items()})
    except Refused:
        return None
    at, actor = given.at, given.actor
    named = tuple(sorted(payload))
    person = actor is not None and actor != SYSTEM
    who = None if actor is None else actor.id
    entered = FrozenMap(dict.fromkeys(first.ticket.entered, at))
    ticket = {**first.ticket.__dict__, "id": ticket_id, "at": at, "opened_at": at, "entered": entered, "fields": values}
    ticket["requester"] = who
    ticket["set_by_person"] = named if person else ()
    record = {**first.records[0].__dict__, "id": ticket_id, "at": at, "fields": values, "given": named, "person": person}
    record["actor"] = who
    record["roles"] = () if actor is None else actor.roles
    return from_dict(Outcome, {"ticket": from_dict(Ticket, ticket), "records": (from_dict(Opened, record),)})


def first_fields(workflow: Workflow, values: Mapping[str, Any]) -> FrozenMap[str, Any]:
    """The fields given with the defaults of the others; tickets opened with defaults alone share one map."""
    if values:
        return FrozenMap({**_defaults(workflow, values), **values})
    compiled = workflow.compiled
    if compiled.first_fields is None:
        compiled.first_fields = FrozenMap(_defaults(workflow, values))
    return compiled.first_fields


def _defaults(workflow: Workflow, values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    missing = []
    for name, spec in workflow.fields.items():
        needed = spec.required and spec.default is None
        if name in values and (values[name] is not None or not needed):
            continue
        if needed:  # null is no value: whoever passes it has left the field out
            missing.append(name)
        elif spec.default is not None:
            found[name] = fitted(spec, spec.default, name)
    if missing:
        raise Refused(
            f"open needs {', '.join(missing)}",
            code="payload",
            event="open",
            needs={name: workflow.fields[name].type for name in missing},
        )
    return found
