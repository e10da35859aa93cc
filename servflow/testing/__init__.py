"""Knows what test authors import to prove workflows and stores; must not be imported by anything a host runs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from servflow.testing._correlator_contract import CorrelatorContract
    from servflow.testing._coverage import Coverage
    from servflow.testing._drawn_workflows import workflows
    from servflow.testing._histories import History, histories_for
    from servflow.testing._machine import WorkflowMachine
    from servflow.testing._machine_for import machine_for
    from servflow.testing._simulation import SimulationReport, simulate
    from servflow.testing._simulation_ledger import Violation
    from servflow.testing._simulation_scheduler import Faults
    from servflow.testing._simulation_script import Firing, Opening
    from servflow.testing._store_contract import StoreContract
    from servflow.testing._store_machine import StoreMachine, store_machine
    from servflow.testing._story import Stories
    from servflow.testing._story_reading import load_stories
    from servflow.testing._story_run import StoryReport, StoryResult, run_stories
    from servflow.testing._strategies import (
        PEOPLE,
        Step,
        actors_for,
        event_sequences,
        fields_for,
        instants,
        play,
        values_for,
    )
    from servflow.testing._virtual import VirtualDesk, VirtualTime
    from servflow.testing._worlds import worlds_for

__all__ = [
    "PEOPLE",
    "CorrelatorContract",
    "Coverage",
    "Faults",
    "Firing",
    "History",
    "Opening",
    "SimulationReport",
    "Step",
    "StoreContract",
    "StoreMachine",
    "Stories",
    "StoryReport",
    "StoryResult",
    "Violation",
    "VirtualDesk",
    "VirtualTime",
    "WorkflowMachine",
    "actors_for",
    "event_sequences",
    "fields_for",
    "histories_for",
    "instants",
    "load_stories",
    "machine_for",
    "play",
    "run_stories",
    "simulate",
    "store_machine",
    "values_for",
    "workflows",
    "worlds_for",
]

# Loaded on first use: stories and coverage need neither hypothesis nor pytest, and the plugin costs a test run nothing.
_LAZY = {
    "PEOPLE": "_strategies",
    "CorrelatorContract": "_correlator_contract",
    "Coverage": "_coverage",
    "Faults": "_simulation_scheduler",
    "Firing": "_simulation_script",
    "History": "_histories",
    "Opening": "_simulation_script",
    "SimulationReport": "_simulation",
    "Step": "_strategies",
    "StoreContract": "_store_contract",
    "StoreMachine": "_store_machine",
    "Stories": "_story",
    "StoryReport": "_story_run",
    "StoryResult": "_story_run",
    "Violation": "_simulation_ledger",
    "VirtualDesk": "_virtual",
    "VirtualTime": "_virtual",
    "WorkflowMachine": "_machine",
    "actors_for": "_strategies",
    "event_sequences": "_strategies",
    "fields_for": "_strategies",
    "histories_for": "_histories",
    "instants": "_strategies",
    "load_stories": "_story_reading",
    "machine_for": "_machine_for",
    "play": "_strategies",
    "run_stories": "_story_run",
    "simulate": "_simulation",
    "store_machine": "_store_machine",
    "values_for": "_strategies",
    "workflows": "_drawn_workflows",
    "worlds_for": "_worlds",
}

_REWRITTEN = (
    "_correlator_contract",
    "_store_contract",
    "_store_contract_audit",
    "_store_contract_handles",
    "_store_contract_waking",
    "_store_machine",
)
"""Modules whose assertions pytest shows with both sides."""


def __getattr__(name: str) -> Any:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module 'servflow.testing' has no attribute {name!r}")
    if module in _REWRITTEN:
        import pytest

        # Asked for before the modules are imported, so that a failing case of a contract shows both sides.
        pytest.register_assert_rewrite(*(f"servflow.testing.{each}" for each in _REWRITTEN))
    value = getattr(import_module(f"servflow.testing.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__} - {"Any", "TYPE_CHECKING", "annotations", "import_module"})
