"""Knows where reference data for tests may lie beside the checkout; tests that need it skip where it is absent."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def needs_shared(relative: str) -> pytest.MarkDecorator:
    """Skip a test, saying which file is missing, unless the reference data lies beside the checkout."""
    path = SHARED / relative
    return pytest.mark.skipif(not path.exists(), reason=f"reference data {relative} does not lie beside this checkout")
