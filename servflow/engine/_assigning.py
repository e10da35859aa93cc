"""Knows how a slot of the ticket is filled and emptied and what capacity that holds; must not know who is best for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

from servflow.dispatch import Policy
from servflow.dispatch._admit import admit
from servflow.dispatch._candidates import capacity_key as key_of_kind
from servflow.model import Assign, Assigned, Freed, FrozenMap, Held, Release, Reserved, Take

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

SLOTS = ("assignee", "outlet", "owner", "queue", "provider")
"""What dispatch and ``ticket.assign`` fill."""

_KINDS = {"assignee": "engineer", "outlet": "outlet", "queue": "queue", "provider": "provider"}


def capacity_key(slot: str, candidate: str) -> str | None:
    """The key under which a candidate's capacity is counted; None for slots that take none."""
    kind = _KINDS.get(slot)
    return None if kind is None else f"{kind}:{candidate}"


def needed(call: OneCall, slot: str, candidate: str) -> tuple[Take, ...]:
    """
    What a candidate's capacity is taken of where a person gives them the ticket: without limits, for people may overbook.

    It takes what the policy takes that looks after the slot, or else the first one for it.
    """
    key = capacity_key(slot, candidate)
    if key is None:
        return ()
    policy = _policy_of(call, slot)
    if policy is None:
        return () if slot == "queue" else (Take(key=key),)
    hooks = call.workflow.extensions.hooks
    admitted = admit(policy, call.snapshot(), call.world, call.at, candidate, hooks=hooks)
    takes = [Take(key=take.key, units=take.units) for take in admitted.takes]
    if call.world is None:  # nobody tells which channels are counted apart: what is held of this one stays held
        counted = f"{takes[0].key}/{call.draft.channel}"
        takes += [Take(key=counted, units=takes[0].units) for held in call.draft.held if held.key == counted]
    return tuple(takes)


def hold(call: OneCall, takes: Iterable[Take]) -> None:
    """
    Take hold of a candidate's capacity: of what the ticket holds already only what it needs more or less by now.

    *takes* are all keys of one candidate, their own first; what the ticket holds of another channel of theirs is freed.
    A limit asks the store to refuse it beyond the candidate's capacity when the outcome is committed.
    """
    wanted = {take.key: take for take in takes}
    own = next(iter(wanted), None)
    for held in call.draft.held:
        if own is not None and held.key.startswith(f"{own}/") and held.key not in wanted:
            _free(call, held)
    for take in wanted.values():
        held_now = next((held for held in call.draft.held if held.key == take.key), None)
        if held_now is not None and held_now.units == take.units:
            continue
        more = take.units - (0 if held_now is None else held_now.units)
        call.reservations.append(attrs.evolve(take, units=more) if more > 0 else Release(key=take.key, units=-more))
        if held_now is not None:
            call.record(Freed, held=held_now)
        call.record(Reserved, held=Held(take.key, take.units))


def _free(call: OneCall, held: Held) -> None:
    call.reservations.append(Release(key=held.key, units=held.units))
    call.record(Freed, held=held)


def release(call: OneCall, slot: str, candidate: str | None) -> None:
    """Give a candidate's capacity back, of every channel, where the ticket holds any."""
    if candidate is None or not call.draft.held or slot not in _KINDS:
        return
    kinds = {policy.candidates for policy in call.workflow.dispatch if policy.slot == slot}
    keys = {f"{_KINDS[slot]}:{candidate}", *(key_of_kind(kind, candidate) for kind in kinds)}
    for held in call.draft.held:
        if held.key in keys or any(held.key.startswith(f"{key}/") for key in keys):
            _free(call, held)


def holds(call: OneCall, slot: str) -> bool:
    """Whether the ticket holds capacity of whoever has a slot."""
    who = getattr(call.draft, slot)
    key = None if who is None else capacity_key(slot, who)
    return key is not None and any(held.key == key for held in call.draft.held)


def hold_again(call: OneCall) -> None:
    """Take the capacity of whoever still has a reopened ticket; closing had given it back."""
    for slot in _KINDS:
        hold_anew(call, slot)


def hold_anew(call: OneCall, slot: str) -> None:
    """Take the capacity of whoever has a slot, unless their work is done or they hold it already."""
    held = getattr(call.draft, slot)
    if held is not None and not _is_done(call, slot):
        hold(call, needed(call, slot, held))


def _is_done(call: OneCall, slot: str) -> bool:
    """Whether the ticket is closed, or stands where the work of a slot is done, so that nobody's capacity is taken."""
    done = {state for policy in call.workflow.dispatch if policy.slot == slot for state in policy.until}
    return call.draft.closed or any(state in done for state in call.draft.entered)


def release_all(call: OneCall) -> None:
    """Give all capacity back: the work is done."""
    for held in call.draft.held:
        _free(call, held)


def assign(
    call: OneCall,
    slot: str,
    to: str,
    source: str,
    *,
    policy: str | None = None,
    takes: tuple[Take, ...] | None = None,
    because: str = "",
) -> None:
    """
    Fill a slot; whoever had it is released.

    Raises the internal event ``assigned.<policy>`` (``assigned.<slot>`` where no dispatch entry fills the slot).
    ``takes`` is what dispatch found that they take of their capacity; a person who assigns knows what they do.
    """
    previous = getattr(call.draft, slot)
    if previous is not None and previous != to:
        release(call, slot, previous)
    if not _is_done(call, slot):
        hold(call, needed(call, slot, to) if takes is None else takes)
    if previous != to:
        _filled(call, slot, to, source, because)
    found = _policy_of(call, slot)
    name = policy or (found.name if found is not None else slot)
    call.raise_event(f"assigned.{name}", FrozenMap({"to": to}))


def own(call: OneCall, to: str, source: str, because: str = "") -> None:
    """Let somebody own the ticket instead of whoever did; nothing happens where they do."""
    if call.draft.owner != to:
        _filled(call, "owner", to, source, because)


def unassign(call: OneCall, slot: str, source: str, because: str = "") -> None:
    """Empty a slot and give its capacity back; nothing happens where it is empty."""
    previous = getattr(call.draft, slot)
    if previous is None:
        return
    release(call, slot, previous)
    _filled(call, slot, None, source, because)


def _filled(call: OneCall, slot: str, to: str | None, source: str, because: str) -> None:
    previous = getattr(call.draft, slot)
    if slot == "queue" and not call.happening.queue:  # clocks and chains listen to where it waits
        call.happening.queue, call.happening.came_from = True, previous
    call.record(Assigned, slot=slot, to=to, previous=previous, source=source, because=because)
    call.effect(Assign, source, (to or previous) or "", slot=slot, to=to, previous=previous)
    call.happening.changed.add(slot)


def _policy_of(call: OneCall, slot: str) -> Policy | None:
    # The entry that is looking right now goes before another one for the same slot.
    progress = call.draft.slots.get(slot)
    policies = [policy for policy in call.workflow.dispatch if policy.slot == slot]
    if progress is not None:
        policies.sort(key=lambda policy: policy.name != progress.policy)
    return policies[0] if policies else None
