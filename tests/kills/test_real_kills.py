"""Knows how many die in one run, and that nothing may be lost or doubled by it; must not know how that is checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kills.__main__ import on_postgres, on_sqlite
from tests.requirements import require

KILLS = 12
RESTARTS = 2


@pytest.mark.slow
class TestRealKills:
    """Workers and clients are killed with signal 9 while they work, and the server under them is; then all is checked."""

    def test_sqlite(self, tmp_path: Path) -> None:
        """A dozen kills on one file: nothing acknowledged is lost, nothing happens twice, no effect is missing."""
        figures, wrong = on_sqlite(tmp_path, kills=KILLS, seed=1)

        assert [] == wrong
        assert figures.kills.total() >= KILLS
        assert figures.kills["clients"]
        assert figures.kills["workers"]

    def test_postgres(self, tmp_path: Path) -> None:
        """A dozen kills and two ends of the server: the same, and one worker lives through all of them and works on."""
        require("postgres")
        figures, wrong = on_postgres(tmp_path, kills=KILLS, restarts=RESTARTS, seed=1)

        assert [] == wrong
        assert figures.kills.total() >= KILLS
        assert figures.restarts.total() == RESTARTS
