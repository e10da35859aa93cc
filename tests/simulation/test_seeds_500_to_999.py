"""Knows the second half of the seeds that every change has to pass; must not know what is played."""

from __future__ import annotations

import pytest

from tests.simulation.seeds import broken


@pytest.mark.parametrize("chunk", range(10, 20))
def test_every_promise_is_kept(chunk: int) -> None:
    """Whatever dies, gets lost, comes twice or late: nothing acknowledged is lost and nothing is applied twice."""
    assert [] == broken(chunk)
