"""Knows who may do something to a ticket; must not know what is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from servflow.errors import Refused
from servflow.model import SYSTEM

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._draft import Draft


def permitted(call: OneCall, allow: tuple[Any, ...], not_by: str | None = None) -> bool:
    """
    Whether the present actor may.

    Nothing listed means everybody while the workflow declares no roles, and nobody once it does.
    ``not_by`` names an event, or several: whoever did one of them last may not do this. An event that is only
    tried needs nobody's permission.
    """
    if call.unasked:
        return True
    if not_by is not None and call.actor is not None and call.actor.id in done_by(call.draft, not_by):
        return False
    if not allow:
        return not call.workflow.roles
    return is_one_of(call, allow)


def done_by(draft: Draft, not_by: str | None) -> frozenset[str]:
    """Who did last what a ``not_by`` names; of a vote everybody who gave one in the latest round."""
    if not_by is None:
        return frozenset()
    found = {draft.last_actors[word] for word in not_by.split() if word in draft.last_actors}
    if draft.voters:
        found.update(person for word in not_by.split() for who in draft.voters.get(word, {}).values() for person in who)
    return frozenset(found)


def is_one_of(call: OneCall, entries: tuple[Any, ...]) -> bool:
    """Whether the present actor has one of these roles or relations."""
    return any(_holds(call, entry) for entry in entries)


def _holds(call: OneCall, entry: Any) -> bool:
    actor = call.actor
    if actor is None:
        return False
    if isinstance(entry, Mapping):
        return _manages(call, actor.id, entry)
    if entry == SYSTEM.id:  # a relation, not a role that somebody may happen to hold
        return actor.id == SYSTEM.id
    if entry in ("assignee", "owner"):
        held = getattr(call.draft, entry)
        return held is not None and held == actor.id
    if entry == "requester":
        return actor.id in (call.draft.requester, call.draft.customer)
    return entry in call.roles and _in_scope(call)


def _manages(call: OneCall, person: str, entry: Mapping[str, Any]) -> bool:
    subject = getattr(call.draft, entry["manager_of"])
    return subject is not None and call.world is not None and call.world.manager_of(subject) == person


def _in_scope(call: OneCall) -> bool:
    # People of a service provider act on the tickets of their outlets only.
    return not call.outlets or (call.draft.outlet is not None and call.draft.outlet in call.outlets)


def who(allow: tuple[Any, ...]) -> tuple[str, ...]:
    """The roles and relations of an ``allow`` as text for people."""
    return tuple(f"manager of {entry['manager_of']}" if isinstance(entry, Mapping) else str(entry) for entry in allow)


def not_permitted(call: OneCall, event: str, allow: tuple[Any, ...], not_by: str | None, *, what: str | None = None) -> Refused:
    """The refusal for an actor who may not, with who may; *what* is said in place of the event where that says more."""
    actor = call.actor.id if call.actor is not None else None
    needs = who(allow)
    facts: dict[str, Any] = {}
    if actor in done_by(call.draft, not_by):
        said = f"{actor} did {not_by}, and whoever did that may not"
        facts["did"] = not_by
    elif any(entry in call.roles for entry in allow) and not _in_scope(call):
        outlet = call.draft.outlet or "none"
        said = f"{actor} acts on tickets of {', '.join(call.outlets)} only, and this one is of {outlet}"
        facts.update(outlets=call.outlets, outlet=call.draft.outlet)
    elif needs:
        said = f"it takes {' or '.join(needs)}" + (f", and {actor} is none of these" if actor else ", and no actor was given")
    else:
        said = "nobody was granted it"
    return Refused(
        f"{what or event} is not permitted: {said}",
        code="not_permitted",
        event=event,
        actor=actor,
        roles=call.roles,
        needs=needs,
        not_by=not_by,
        **facts,
    )
