"""Knows what test authors import to prove workflows and stores; must not be imported by anything a host runs."""

import pytest

# Asked for before the modules are imported, so that a failing case of a contract shows both sides.
pytest.register_assert_rewrite(
    "servflow.testing._store_contract", "servflow.testing._store_contract_handles", "servflow.testing._store_contract_waking"
)

from servflow.testing._store_contract import StoreContract  # noqa: E402 - the line above has to come first
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
    "Step",
    "StoreContract",
    "actors_for",
    "event_sequences",
    "fields_for",
    "instants",
    "play",
    "values_for",
]
