"""Knows what must hold where tickets that wake at once are kept at once; must not know how that is done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import servflow
from servflow.desk import Desk, Retry
from servflow.errors import InputError
from servflow.model import Received, Take
from servflow.stores import MemoryStore, SqliteStore, SqlStore, Store, verify
from tests.postgres import fresh_database
from tests.unit.desk.tiny import MINUTE, NOON, TinyWorkflow, Watch


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    made: Store
    if request.param == "postgres":
        made = SqlStore(fresh_database(request.getfixturevalue("postgres")))
    else:
        made = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "tickets.db")
    yield made
    made.close()


@pytest.fixture
def watch() -> Watch:
    """Noon, until moved."""
    return Watch()


@pytest.fixture
def flow() -> TinyWorkflow:
    """A workflow whose events do what their payload says."""
    return TinyWorkflow()


@pytest.fixture
def desk(flow: TinyWorkflow, store: Store, watch: Watch) -> Desk:
    """A desk with three tickets."""
    made = Desk(flow, store, now=watch, retry=Retry(tries=3))
    for name in ("T1", "T2", "T3"):
        made.open(name)
    return made


def events(desk: Desk, name: str) -> list[str]:
    """The events of a ticket, in order."""
    return [record.event for record in desk.history(name) if isinstance(record, Received)]


def whole(desk: Desk) -> bool:
    """Whether every ticket is what its records say."""
    same = [desk.get(name) == desk.workflow_of(name).fold(desk.history(name)) for name in desk.store.ids()]
    return all(same) and not [one for one in verify(desk.store).findings if one.severity == "error"]


def test_somebody_else_is_faster_in_between(desk: Desk, flow: TinyWorkflow, store: Store, watch: Watch) -> None:
    """What was decided on top of a step that is not kept is not kept either, though its number would fit."""
    for name in ("T1", "T2"):
        for event in ("first", "second"):
            store.post(name, event, key=f"{name}-{event}", at=NOON)

    def another() -> None:
        if flow.asked[-1][:2] == ("T2", "first"):
            flow.meanwhile = None
            desk.fire("T1", "other")

    flow.meanwhile = another
    report = desk.tick()

    assert (4, 0, 2) == (report.fired, report.duplicates, report.claimed)
    assert (["other", "first", "second"], ["first", "second"]) == (events(desk, "T1"), events(desk, "T2"))
    assert whole(desk)


def test_a_key_that_is_known(desk: Desk, store: Store, watch: Watch) -> None:
    """A message whose key an event had meanwhile changes nothing; what comes behind it is read, and all is counted once."""
    for name in ("T1", "T2", "T3"):
        store.post(name, "go", key=f"{name}-k", at=NOON)
        store.post(name, "on", key=f"{name}-l", at=NOON)
    desk.fire("T2", "go", key="T2-k")
    report = desk.tick()

    assert (3, 5, 1, 0) == (report.claimed, report.fired, report.duplicates, report.failed)
    assert [["go", "on"]] * 3 == [events(desk, name) for name in ("T1", "T2", "T3")]
    assert whole(desk)
    assert 0 == desk.tick().claimed


def test_one_that_is_not_plain_among_plain_ones(desk: Desk, flow: TinyWorkflow, store: Store, watch: Watch) -> None:
    """Refused and poison mail, and what takes capacity, go their own way; order within a ticket holds."""
    flow.reserve["T2", "take"] = (Take(key="engineer:li", limit=1),)
    for name, sent in (("T1", ("no", "go")), ("T2", ("take", "go")), ("T3", ("go", "bug", "late"))):
        for index, event in enumerate(sent):
            store.post(name, event, key=f"{name}-{index}", at=NOON)
    report = desk.tick()

    assert (3, 4, 1, 1) == (report.claimed, report.fired, report.refused, report.failed)
    assert [["go"], ["take", "go"], ["go"]] == [events(desk, name) for name in ("T1", "T2", "T3")]
    assert {"engineer:li": 1} == dict(store.usage())
    assert whole(desk)


def test_one_at_a_time(desk: Desk, store: Store, watch: Watch) -> None:
    """Rounds of one ticket each come to the same as one of all."""
    for name in ("T1", "T2", "T3"):
        store.post(name, "go", {"wake": 1}, key=f"{name}-k", at=NOON)
    reports = [desk.tick(1) for _ in range(3)]
    watch.at += MINUTE
    reports += [desk.tick(1) for _ in range(3)]

    assert [(1, 1, 0)] * 3 + [(1, 0, 1)] * 3 == [(one.claimed, one.fired, one.advanced) for one in reports]
    assert not desk.tick().worked


def test_a_world_that_fires(flow: TinyWorkflow, store: Store, watch: Watch) -> None:
    """A world that changes tickets while it is read undoes nothing, and what it changed is seen."""
    asked: list[str] = []

    def world() -> None:
        asked.append("")
        if len(asked) == 6:
            made.fire("T1", "other")

    made = desk = Desk(flow, store, now=watch, world=world)
    for name in ("T1", "T2", "T3"):
        desk.open(name)
        store.post(name, "go", key=f"{name}-k", at=NOON)
    asked[:] = [""] * 5
    report = desk.tick()

    assert (3, ["other", "go"], ["go"]) == (report.fired, events(desk, "T1"), events(desk, "T2"))
    assert whole(desk)


@pytest.mark.parametrize("times", [1, 2])
def test_a_world_that_is_away_for_a_moment(flow: TinyWorkflow, store: Store, watch: Watch, times: int) -> None:
    """No mail is taken for refused because the world could not be had, even if it is back at once."""
    wrong: list[Exception] = []

    def world() -> None:
        if wrong:
            raise wrong.pop()

    desk = Desk(flow, store, now=watch, world=world)
    for name in ("T1", "T2", "T3"):
        desk.open(name)
        store.post(name, "go", key=f"{name}-k", at=NOON)
    wrong[:] = [InputError("the list of engineers is empty")] * times
    reports = [desk.tick(), desk.tick()]

    assert (0, 3) == (sum(one.refused for one in reports), sum(one.fired for one in reports))
    assert () == desk.troubles()


def test_mail_after_a_very_long_sleep(store: Store, watch: Watch) -> None:
    """Mail waits until time has done what it has to before: it is neither refused nor lost."""
    clock = servflow.load("""
workflow: clock
states: {tick: {timers: [{after: 1m, event: next}]}, tock: {timers: [{after: 1m, event: next}]}, done: {closed: true}}
transitions:
  - {event: next, source: tick, target: tock}
  - {event: next, source: tock, target: tick}
  - {event: stop, source: [tick, tock], target: done}
""")
    desk = Desk(clock, store, now=watch)
    desk.open("T1")
    watch.at += timedelta(days=15)
    store.post("T1", "stop", key="k", at=watch.at)
    reports = [desk.tick()]
    while not reports[-1].fired and len(reports) < 5:
        watch.at += MINUTE
        reports.append(desk.tick())

    assert ("done", 0, ()) == (desk.get("T1").state, sum(one.refused for one in reports), desk.troubles())
    assert any(one.failed for one in reports)


def test_one_that_cannot_be_written(desk: Desk, flow: TinyWorkflow, store: Store, watch: Watch) -> None:
    """What no store can keep holds up only its own ticket."""

    class Wide(TinyWorkflow):
        def fire(self, ticket: Any, event: str, payload: Any = None, **given: Any) -> Any:
            return super().fire(ticket, event, {"huge": 1 << 70} if event == "huge" else payload, **given)

    wide = Desk(Wide(), store, now=watch, retry=Retry(tries=3))
    for name, event in (("T1", "go"), ("T2", "huge"), ("T3", "go")):
        store.post(name, event, key=name, at=NOON)
    report = wide.tick()

    assert (2, 1) == (report.fired, report.failed + report.refused)
    assert [["go"], [], ["go"]] == [events(wide, name) for name in ("T1", "T2", "T3")]
