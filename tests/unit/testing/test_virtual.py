"""Holds virtual time and desks to going forward only, and to letting things happen at their instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import servflow
from servflow.model import Call, Notify, Open
from servflow.stores import SqliteStore
from servflow.testing import VirtualDesk, VirtualTime
from tests.unit.testing.repair import workflow


def test_time_stands_still_until_it_is_moved_and_goes_forward_only() -> None:
    """It is aware, moves by lengths of time and to instants, and refuses to go back or to count business days."""
    time = VirtualTime()

    assert datetime(2026, 3, 2, 9, tzinfo=UTC) == time() == time()
    assert time.advance("2h") == time() == datetime(2026, 3, 2, 11, tzinfo=UTC)
    assert time.advance(timedelta(days=1)) == time()
    assert datetime(2026, 3, 4, 8, tzinfo=UTC) == time.at("2026-03-04T09:00:00+01:00") == time()
    assert "VirtualTime('2026-03-04T08:00:00Z')" == repr(time)
    for wrong in (
        lambda: time.at("2026-03-04T07:59:59Z"),
        lambda: time.advance("2 business days"),
        lambda: time.advance("-1h"),
    ):
        with pytest.raises(servflow.TimeError):
            wrong()
    with pytest.raises(servflow.TimeError):
        VirtualTime(datetime(2026, 3, 2))
    assert datetime(2026, 3, 4, 8, tzinfo=UTC) == time()


@pytest.mark.parametrize("store", [None, SqliteStore], ids=["memory", "sqlite"])
def test_what_is_due_on_the_way_happens_at_its_instant(store: Any) -> None:
    """Levels, timers and what they ask for come at their own instants, and everything that was asked for is kept."""
    care = servflow.load("{workflow: care, states: {new: {}}}")
    desk = VirtualDesk([workflow(), care], store=None if store is None else store(":memory:"))
    desk.open("a", workflow="repair")
    problems = desk.after("100h")
    told = [effect for effect in desk.sent if isinstance(effect, Notify)]
    (opened,) = [effect for effect in desk.sent if isinstance(effect, Open)]
    desk.close()

    assert () == problems
    assert [("bea", 4), ("cy", 6)] == [
        (one.to, (one.at - datetime(2026, 3, 2, 9, tzinfo=UTC)) // timedelta(hours=1)) for one in told
    ]
    assert desk.effect(opened.id) == opened
    assert desk.effect("none") is None


def test_handlers_of_the_test_are_called() -> None:
    """What has a handler goes to it, and a ticket of a workflow that the desk lacks holds up nothing."""
    heard: list[Any] = []
    desk = VirtualDesk(workflow(), handlers={"notify": heard.append})
    desk.open("a")
    problems = desk.after("7h")
    with pytest.raises(servflow.TimeError):
        desk.until("2026-03-02T09:00:00Z")
    kinds = [type(effect) for effect in desk.sent]
    desk.close()

    assert () == problems
    assert ["bea", "cy"] == [one.to for one in heard]
    assert [Call, Notify, Open, Notify] == kinds


def test_a_handler_that_fails_is_told() -> None:
    """What a handler raises comes back with the effect, which is tried again as in a host."""

    def broken(effect: Call) -> None:
        raise ValueError(effect.name)

    desk = VirtualDesk(workflow(), handlers={"call:page": broken})
    desk.open("a")
    problems = desk.after("5h")
    named = {desk.effect(problem.what) for problem in problems}
    desk.close()

    assert {"page"} == {str(problem.error) for problem in problems}
    assert [Call] == [type(effect) for effect in named]


def test_a_desk_takes_no_other_source_of_time() -> None:
    """A fixture of the project's own under the same name is told at once, not when time is first asked."""
    with pytest.raises(servflow.InputError, match="time is a VirtualTime"):
        VirtualDesk(workflow(), time="2026-03-02")  # type: ignore[arg-type]  # what a slip would hand over


def test_a_desk_closes_itself_at_the_end(tmp_path: Path) -> None:
    """What a host hangs on it goes with it."""
    with VirtualDesk(workflow(), store=SqliteStore(tmp_path / "t.db")) as desk:
        assert () == desk.store.find()

    with pytest.raises(servflow.StoreError):
        desk.store.find()
