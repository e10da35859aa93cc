"""Knows how a slot of the ticket is filled and emptied and what capacity that holds; must not know who is best for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from servflow.model import Assign, Assigned, Freed, FrozenMap, Held, Release, Reserved, Take

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

_KINDS = {"assignee": "engineer", "outlet": "outlet"}


def capacity_key(slot: str, candidate: str) -> str | None:
    """The key under which a candidate's capacity is counted; None for slots that take none."""
    kind = _KINDS.get(slot)
    return None if kind is None else f"{kind}:{candidate}"


def hold(call: OneCall, slot: str, candidate: str, *, limited: bool) -> None:
    """
    Take hold of one unit of a candidate's capacity, once.

    ``limited`` asks the store to refuse it beyond the candidate's capacity; a person may overbook knowingly.
    """
    key = capacity_key(slot, candidate)
    if key is None or any(held.key == key for held in call.draft.held):
        return
    known = call.world.by_id.get(candidate) if call.world is not None else None
    limit = known.capacity if limited and known is not None else None
    call.reservations.append(Take(key=key, limit=limit))
    call.record(Reserved, held=Held(key))


def release(call: OneCall, slot: str, candidate: str | None) -> None:
    """Give a candidate's capacity back, where the ticket holds any."""
    key = None if candidate is None else capacity_key(slot, candidate)
    for held in call.draft.held:
        if held.key == key:
            call.reservations.append(Release(key=held.key, units=held.units))
            call.record(Freed, held=held)


def hold_again(call: OneCall) -> None:
    """Take the capacity of whoever still has a reopened ticket; closing had given it back."""
    for slot in _KINDS:
        held = getattr(call.draft, slot)
        if held is not None:
            hold(call, slot, held, limited=False)


def release_all(call: OneCall) -> None:
    """Give all capacity back: the work is done."""
    for held in call.draft.held:
        call.reservations.append(Release(key=held.key, units=held.units))
        call.record(Freed, held=held)


def assign(
    call: OneCall, slot: str, to: str, source: str, *, policy: str | None = None, limited: bool = False, because: str = ""
) -> None:
    """
    Fill a slot; whoever had it is released.

    Raises the internal event ``assigned.<policy>`` (``assigned.<slot>`` where no dispatch entry fills the slot).
    """
    previous = getattr(call.draft, slot)
    if previous is not None and previous != to:
        release(call, slot, previous)
    if not call.draft.closed:
        hold(call, slot, to, limited=limited)
    if previous != to:
        call.record(Assigned, slot=slot, to=to, previous=previous, source=source, because=because)
        call.effect(Assign, source, to, slot=slot, to=to, previous=previous)
        call.happening.changed.add(slot)
    name = policy or _policy_of(call, slot) or slot
    call.raise_event(f"assigned.{name}", FrozenMap({"to": to}))


def own(call: OneCall, to: str, source: str, because: str = "") -> None:
    """Let somebody own the ticket instead of whoever did; nothing happens where they do."""
    previous = call.draft.owner
    if previous != to:
        call.record(Assigned, slot="owner", to=to, previous=previous, source=source, because=because)
        call.effect(Assign, source, to, slot="owner", to=to, previous=previous)
        call.happening.changed.add("owner")


def unassign(call: OneCall, slot: str, source: str) -> None:
    """Empty a slot and give its capacity back; nothing happens where it is empty."""
    previous = getattr(call.draft, slot)
    if previous is None:
        return
    release(call, slot, previous)
    call.record(Assigned, slot=slot, to=None, previous=previous, source=source)
    call.effect(Assign, source, previous, slot=slot, to=None, previous=previous)
    call.happening.changed.add(slot)


def _policy_of(call: OneCall, slot: str) -> str | None:
    # The entry that is looking right now goes before another one for the same slot.
    progress = call.draft.slots.get(slot)
    if progress is not None:
        return progress.policy
    return next((policy.name for policy in call.workflow.dispatch if policy.slot == slot), None)
