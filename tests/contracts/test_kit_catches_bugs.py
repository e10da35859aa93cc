"""Knows that the contract tells stores that keep it from stores that break it; must not know how it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from servflow.stores import MemoryStore, SqliteStore
from servflow.testing._check import EXAMPLES, MACHINE, run_contract
from servflow.testing._store_machine import store_machine
from tests.contracts import broken_calls, broken_tries
from tests.contracts.broken_stores import (
    MEMORY,
    SQLITE,
    AcksEverything,
    BatchesAreNotAtomic,
    BatchesOverlap,
    IgnoresKeys,
    LosesUpdates,
    NeverFull,
    WakesForGood,
    sqlite_contract,
)

# As the contract searches, but for making what was found short: that takes longest, and here nobody reads it.
SEARCH = settings(
    max_examples=EXAMPLES,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
    report_multiple_bugs=False,
)


def broken(factory: object, only: str = "") -> list[str]:
    """Names of the clauses a store breaks."""
    return [clause.name for clause in run_contract(factory, only) if clause.status == "broken"]


def named(*pairs: tuple[type, str]) -> list[Any]:
    """What a test is tried with, called as the store is."""
    return [pytest.param(*pair, id=pair[0].__name__) for pair in pairs]


def test_a_good_store_in_memory_breaks_nothing() -> None:
    """The store in memory, with two handles, keeps every clause but the one about a handle that dies alone."""

    def factory() -> tuple[MemoryStore, MemoryStore]:
        store = MemoryStore()
        return store, store.for_tenant("default")

    # Closing one handle in memory closes all, so there is none that could die alone.
    assert ["a_claim_is_free_when_its_handle_dies"] == broken(factory)


def test_a_good_store_in_a_file_proves_every_clause(tmp_path: Path) -> None:
    """The store in SQLite keeps every clause, and there is none it is not tried on."""
    clauses = list(run_contract(sqlite_contract(SqliteStore, tmp_path)))

    assert [] == [clause for clause in clauses if clause.status != "kept"]
    assert 150 <= len(clauses)
    assert all(clause.sentence for clause in clauses)


@pytest.mark.parametrize(("kind", "clause"), named(*MEMORY, *broken_tries.MEMORY, *broken_calls.MEMORY))
def test_a_bug_is_caught_by_name(kind: type[MemoryStore], clause: str) -> None:
    """A store with one promise broken fails the clause that makes the promise, and says where."""
    (found,) = (one for one in run_contract(kind, clause) if one.name == clause)

    assert "broken" == found.status
    assert "_store_contract" in found.detail


@pytest.mark.parametrize(("kind", "clause"), named(*SQLITE, *broken_tries.SQLITE))
def test_a_bug_between_handles_is_caught_by_name(kind: type[SqliteStore], clause: str, tmp_path: Path) -> None:
    """A store that fails only between processes, after reopening or when the storage fails is caught too."""
    assert [clause] == broken(sqlite_contract(kind, tmp_path), clause)


@pytest.mark.parametrize(
    "kind",
    [
        LosesUpdates,
        AcksEverything,
        WakesForGood,
        NeverFull,
        BatchesAreNotAtomic,
        broken_tries.TakesForGood,
        broken_tries.SealsAgain,
        broken_tries.PagesById,
    ],
)
def test_the_machine_catches_bugs_too(kind: type[MemoryStore]) -> None:
    """What differs from the store in memory in any order of operations is found without a clause about it."""
    with pytest.raises(AssertionError):
        run_state_machine_as_test(store_machine(kind), settings=SEARCH)


def test_what_the_machine_catches_is_told() -> None:
    """A store that differs from the one in memory breaks the clause that stands for the machine."""
    assert [MACHINE] == broken(IgnoresKeys, MACHINE)


def test_overlapping_batches_are_caught_in_memory() -> None:
    """Two handles in one process that let each other into their batches are told by the clause about claims."""

    def factory() -> tuple[MemoryStore, MemoryStore]:
        store = BatchesOverlap()
        return store, store.for_tenant("default")

    assert ["claims_are_disjoint"] == broken(factory, "claims_are_disjoint")
