"""Knows how the repair shop moves from `transitions` to servflow; must not change what the shop does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import servflow
from servflow.integrations import as_model, from_transitions
from servflow.model import Call
from servflow.stores import SqliteStore

sys.path.insert(0, str(Path(__file__).parent))
import shop  # the shop's own code, beside this file


def story(repair: shop.Repair, model: Any) -> Iterator[None]:
    """One repair, line by line the same for the model of the package and for the one over a ticket."""
    model.dispatch()
    yield
    model.arrive()
    yield
    repair.missing.append("a pump")
    print(f"    may finish: {model.may_finish()}")
    model.park()
    yield
    repair.missing.clear()
    model.resume()
    yield
    print(f"    driving: {model.is_visit_driving()}, on a visit: {model.is_visit(allow_substates=True)}")
    model.arrive()
    yield
    model.finish()
    yield
    print(f"    {repair.number} is {model.state}")


class Host:
    """What the application brings now: the time, and what is done with effects."""

    def __init__(self, database: str) -> None:
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)
        self.repairs: dict[str, shop.Repair] = {}
        parts = from_transitions(shop.machine(None), supplied="payload")
        print(f"    read: {', '.join(parts.states)}; to be called: {len(parts.calls)}")
        for line in (*parts.dropped, *parts.differs):
            print(f"    to be looked at: {line}")
        # What the package had no word for is added to what was read: a promise that rests while parts are on their way.
        promise = {"name": "repair", "within": "3h", "until": "done", "paused_in": "waiting"}
        flow = servflow.Workflow(**parts.definition("repair", clocks=[promise]))
        self.desk = servflow.Desk(flow, SqliteStore(database), now=lambda: self.now, handlers={"call": self.call})

    def call(self, effect: Call) -> None:
        """What the machine called in the middle of a move is called here, after the move was kept."""
        getattr(self.repairs[effect.ticket], effect.name)()

    def open(self, number: str) -> tuple[shop.Repair, Any]:
        """A repair, and over its ticket the object that the shop's code knows."""
        repair = self.repairs[number] = shop.Repair(number)
        self.desk.open(number)
        conditions = {"van_is_free": lambda _: repair.van_is_free(), "parts_missing": lambda _: repair.parts_missing()}
        return repair, as_model(number, desk=self.desk, supply=conditions)

    def pass_time(self, **span: float) -> None:
        """Some time later: do what is due, and hand out what is to be done."""
        self.now += timedelta(**span)
        while self.desk.tick().worked or self.desk.deliver().worked:
            pass


def main(database: str) -> None:
    """The same repair twice: as it was, and as it is."""
    print("transitions")
    before = shop.Repair("R-1")
    shop.machine(before)
    for _ in story(before, before):
        pass

    print("servflow")
    host = Host(database)
    repair, model = host.open("R-1")
    for _ in story(repair, model):
        host.pass_time(hours=1)

    print("and what it knows besides")
    clock = host.desk.explain("R-1").clocks[0]
    print(f"    {clock.name}: {clock.counted} of {clock.within}, over: {clock.over}")
    try:
        model.park()
    except servflow.Refused as refused:
        print(f"    {refused}")
    print(f"    {len(host.desk.history('R-1'))} records")
    host.desk.store.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ":memory:")
