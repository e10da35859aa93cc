"""Knows what test authors import to prove workflows and stores; must not be imported by anything a host runs."""

import pytest

# Asked for before the modules are imported, so that a failing case of a contract shows both sides.
pytest.register_assert_rewrite("servflow.testing._store_contract", "servflow.testing._store_contract_waking")

from servflow.testing._store_contract import StoreContract  # noqa: E402 - the line above has to come first

__all__ = [
    "StoreContract",
]
