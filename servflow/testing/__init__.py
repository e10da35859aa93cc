"""Knows what test authors import to prove workflows and stores; must not be imported by anything a host runs."""

import pytest

# Asked for before the modules are imported, so that a failing case of a contract shows both sides.
pytest.register_assert_rewrite(
    "servflow.testing._correlator_contract",
    "servflow.testing._store_contract",
    "servflow.testing._store_contract_audit",
    "servflow.testing._store_contract_handles",
    "servflow.testing._store_contract_waking",
    "servflow.testing._store_machine",
)

from servflow.testing._correlator_contract import CorrelatorContract  # noqa: E402 - the lines above have to come first
from servflow.testing._simulation import SimulationReport, simulate  # noqa: E402 - the line above has to come first
from servflow.testing._simulation_ledger import Violation  # noqa: E402 - as above
from servflow.testing._simulation_scheduler import Faults  # noqa: E402 - as above
from servflow.testing._simulation_script import Firing, Opening  # noqa: E402 - as above
from servflow.testing._store_contract import StoreContract  # noqa: E402 - as above
from servflow.testing._store_machine import StoreMachine, store_machine  # noqa: E402 - as above
from servflow.testing._strategies import (  # noqa: E402 - as above
    PEOPLE,
    Step,
    actors_for,
    event_sequences,
    fields_for,
    instants,
    play,
    values_for,
)

__all__ = [
    "PEOPLE",
    "CorrelatorContract",
    "Faults",
    "Firing",
    "Opening",
    "SimulationReport",
    "Step",
    "StoreContract",
    "StoreMachine",
    "Violation",
    "actors_for",
    "event_sequences",
    "fields_for",
    "instants",
    "play",
    "simulate",
    "store_machine",
    "values_for",
]
