"""Knows that what a machine is said to have really works there; must not know what it is used for."""

from __future__ import annotations

import pytest

from tests.requirements import NEEDS, demanded, require


def test_postgres_answers(postgres: str) -> None:
    """The server that tests bring along starts, whoever runs them, and answers a question."""
    import psycopg

    with psycopg.connect(postgres) as connection:
        row = connection.execute("select 1, current_setting('server_version_num')::int >= 120000").fetchone()

    assert (1, True) == row


def test_what_is_missing_is_skipped_with_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that lacks something is told the command that installs it."""
    monkeypatch.delenv("SERVFLOW_REQUIRE", raising=False)
    monkeypatch.setitem(NEEDS, "nothing", NEEDS["browser"].__class__(lambda: False, "install nothing"))
    with pytest.raises(pytest.skip.Exception, match="nothing is not installed; install nothing"):
        require("nothing")


def test_what_is_demanded_is_not_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `SERVFLOW_REQUIRE` names is a failure where it is missing, so that a run cannot lose tests unseen."""
    monkeypatch.setenv("SERVFLOW_REQUIRE", "postgres, nothing")
    monkeypatch.setitem(NEEDS, "nothing", NEEDS["browser"].__class__(lambda: False, "install nothing"))
    with pytest.raises(pytest.fail.Exception, match="demanded by SERVFLOW_REQUIRE"):
        require("nothing")

    assert (True, False) == (demanded("postgres"), demanded("post"))
