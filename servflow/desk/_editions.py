"""Knows how a desk keeps each edition of the calendars and chains its tickets run under; must not know what these do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from attrs import evolve

from servflow.engine import Workflow
from servflow.errors import DefinitionError
from servflow.model import Ticket, write_instant
from servflow.stores import Store

Kept = Callable[[str], Mapping[str, Any] | None]


_MOST = 500
"""How many editions of a definition's calendars are remembered in their order."""


def keep(store: Store, flow: object, now: Callable[[], datetime]) -> None:
    """
    Keep the calendars of a workflow under their hash, with when they were first counted by and after which others; and its
    chains under theirs.

    So that after a change a clock can count by the earlier ones up to it, and a run goes on under the chain it is pinned
    to, whichever desk meets the ticket.
    """
    if not isinstance(flow, Workflow):
        return
    for chain in (*flow.escalations, *flow.past_chains):
        if store.definition(chain.hash) is None:
            store.define(chain.hash, flow.workflow, flow.version, {"chain": chain.to_data()})
    if not flow.compiled.calendars:
        return
    if store.definition(flow.calendars_hash) is None:
        calendars = {name: calendar.to_data() for name, calendar in flow.compiled.calendars.items()}
        data = {"calendars": calendars, "since": write_instant(now())}
        store.define(flow.calendars_hash, flow.workflow, flow.version, data)
    order = _order(flow, store.definition)
    if flow.calendars_hash not in order and len(order) < _MOST:
        store.define(_place(flow, len(order)), flow.workflow, flow.version, {"edition": flow.calendars_hash})


def _place(flow: Workflow, number: int) -> str:
    return f"{flow.hash}:calendars:{number}"


def _order(flow: Workflow, kept: Kept) -> list[str]:
    """The hashes of the editions a definition was counted by, in the order in which they were first met."""
    found: list[str] = []
    while (one := kept(_place(flow, len(found)))) is not None:
        found.append(str(one.get("edition")))
    return found


def with_edition(flow: Workflow, ticket: Ticket, kept: Kept) -> Workflow:
    """
    The workflow with the calendars a ticket ran under, where they are others, matter, and the store keeps them.

    With them come those that were counted by between them and the present ones, each up to the next: what a clock comes to
    does not depend on whether anything has touched its ticket meanwhile.
    """
    pinned = ticket.pins.get("calendars")
    if pinned is None or pinned == flow.calendars_hash or pinned in flow.past_hashes:
        return flow
    if all(plan.clock.on_calendar_change == "recompute" for plan in flow.compiled.clocks):
        return flow
    hashes = [pinned, flow.calendars_hash]
    if not flow.past_calendars:  # those of the host have their own order
        order = _order(flow, kept)
        if pinned in order and flow.calendars_hash in order[order.index(pinned) :]:
            hashes = order[: order.index(flow.calendars_hash) + 1]
    editions = [kept(hash_) or {} for hash_ in hashes]
    past = [
        {"calendars": one["calendars"], "until": following.get("since")}
        for one, following in pairwise(editions)
        if "calendars" in one
    ]
    try:
        return evolve(flow, past_calendars=(*flow.past_calendars, *past)) if past else flow
    except DefinitionError:
        return flow  # it was changed, or is no such thing


def chains_of(flow: Workflow) -> frozenset[str]:
    """The hashes of the editions of chains that a workflow knows."""
    return frozenset(chain.hash for chain in (*flow.escalations, *flow.past_chains))


def with_chains(flow: Workflow, pinned: Iterable[str], kept: Kept) -> Workflow:
    """The workflow with the editions of chains that runs are pinned to, as far as the store keeps them and they fit it."""
    found = [kept(hash_) or {} for hash_ in sorted(set(pinned) - chains_of(flow))]
    for chain in [one["chain"] for one in found if "chain" in one]:
        try:
            flow = evolve(flow, past_chains=(*flow.past_chains, chain))
        except DefinitionError:
            continue  # the definition has no longer what it names
    return flow


__all__ = ["chains_of", "keep", "with_chains", "with_edition"]
