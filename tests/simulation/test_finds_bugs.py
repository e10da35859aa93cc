"""Knows that a simulation finds what is broken; must not know how what is broken works."""

from __future__ import annotations

import pytest

from servflow.stores import MemoryStore
from servflow.testing import Faults, simulate
from tests.simulation.bugs import DESKS, STORES

WITHIN = 1_000
FAULTS = (Faults(), Faults(stall=0.05))
"""Each seed is played twice: only where somebody stalls do others often change a ticket between its reading and keeping."""


def first(store: type[MemoryStore]) -> int | None:
    """The first seed that breaks a promise."""
    played = ((seed, simulate(seed, store=store, faults=faults)) for seed in range(WITHIN) for faults in FAULTS)
    return next((seed for seed, report in played if not report), None)


@pytest.mark.parametrize("name", STORES)
def test_a_broken_store_is_found(name: str) -> None:
    """A store with one bug breaks a promise within a thousand seeds."""
    assert first(STORES[name]) is not None


@pytest.mark.parametrize("name", DESKS)
def test_a_broken_desk_is_found(name: str) -> None:
    """A desk with one bug, over a store without any, breaks a promise within a thousand seeds."""
    with DESKS[name]():
        found = first(MemoryStore)

    assert found is not None


def test_there_are_enough() -> None:
    """At least twelve bugs of different kinds are looked for."""
    assert len(STORES) + len(DESKS) >= 12
