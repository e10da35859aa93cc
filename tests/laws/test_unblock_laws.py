"""Knows the laws of what unblocks a ticket; must not know how changes are searched for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.dispatch import Policy, evaluate, unblock, why_not
from servflow.model import FrozenMap, SlotProgress, Ticket, World
from tests.laws.test_dispatch_laws import AT, CALENDARS, DEFINITION, PLACES, bodies, tickets, worlds
from tests.oracles.unblock_brute import single_changes

HOUR = timedelta(hours=1)
RELAX = [{"after": "1h", "lower": "skill"}, {"after": "2h", "widen": "area"}]
POLICY = Policy(**{**DEFINITION, "relax": RELAX})
KINDS = {"later", "presence", "absence", "declined", "shift", "load", "capacity", "certificate", "skill", "forbidden"}
steady = settings(deadline=None)


def turning(world: World, at: datetime) -> list[datetime]:
    """Every instant of the next weeks at which a shift, an absence or a certificate of this world turns."""
    found = {end for who in world.engineers for item in who.absences for end in item}
    found |= {end for who in world.engineers for end in who.certificates.values() if end is not None}
    for calendar in CALENDARS.values():
        found |= {edge for pair in calendar.intervals(at, at + 14 * 24 * HOUR) for edge in pair}
    return sorted(item for item in found if item > at)


@steady
@given(tickets(), worlds(3), st.integers(-12, 24), st.integers(0, 2))
def test_every_single_change_that_helps_is_told_at_its_least(ticket: Ticket, world: World, hours: int, stage: int) -> None:
    """What trying every single change finds is what is told, with the same size; and nothing is told that does not help."""
    at = AT + hours * HOUR
    progress = attrs.evolve(ticket.slots["assignee"], stage=stage)
    ticket = attrs.evolve(ticket, slots=FrozenMap(assignee=progress))
    told = unblock(POLICY, ticket, world, at, limit=100)
    tried = {} if told.fit else single_changes(POLICY, ticket, world, at, turning(world, at))
    least = {key: size for key, size in tried.items() if key[0] in KINDS or key[0] in ("drop", "relax")}
    areas = {who for kind, who, _ in tried if kind == "area"}
    found = {(one.kind, one.candidate, one.what): one.size for one in told}

    assert told.complete
    assert least == {key: size for key, size in found.items() if key[0] in KINDS or key[0] in ("drop", "relax")}
    assert areas == {one.candidate for one in told if one.kind == "area"}


@steady
@given(tickets(), worlds(4), st.integers(-12, 24))
def test_what_is_told_is_proven_and_ordered(ticket: Ticket, world: World, hours: int) -> None:
    """Whoever a change is said to let in fits when it is decided again; smaller changes come first; misses do not fit."""
    at = AT + hours * HOUR
    told = unblock(POLICY, ticket, world, at)

    assert bool(told.fit) == bool(evaluate(POLICY, ticket, world, at).ranked)
    assert [one.size for one in told] == sorted(one.size for one in told)
    for one in told:
        choice = one.choice()
        assert choice is not None
        assert set(one.creates) <= {item.id for item in choice.ranked}
    for miss in told.misses:
        assert miss.verdicts == why_not(POLICY, ticket, world, at, miss.candidate).verdicts


@steady
@given(st.lists(bodies, max_size=4), st.sampled_from(PLACES), st.integers(0, 2))
def test_steps_of_the_policy_are_those_of_relaxation(people: list[dict[str, Any]], region: str, stage: int) -> None:
    """Widening by n steps, told for now, is what n relaxations that widen come to."""
    world = World(engineers=[{"id": f"e{i}", **body} for i, body in enumerate(people)], areas=WIDE, calendars=CALENDARS)
    policy = Policy(name="p", require=[{"area": "region"}], relax=[{"widen": "area"}] * 5)
    fields = FrozenMap(region=region)
    slots = FrozenMap(assignee=SlotProgress(policy="p", since=AT, stage=stage))
    ticket = Ticket(id="T", workflow="w", at=AT, opened_at=AT, fields=fields, slots=slots)
    found = {one.size for one in unblock(policy, ticket, world, AT) if one.kind == "widen"}
    steps = [n for n in range(1, 6 - stage) if evaluate(policy, ticket, world, AT, stage=stage + n).ranked]
    fits = bool(evaluate(policy, ticket, world, AT).ranked)

    assert (set() if fits or not steps else {steps[0]}) == {size for size in found if stage + size <= 5}


WIDE = {"a1": "a", "a2": "a", "b1": "b", "a": "top", "b": "top"}
