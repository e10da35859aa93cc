"""Knows how a repair waits for the parts it ordered, through a desk and its store; must not know how stores keep tickets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import servflow
from servflow.model import Linked
from servflow.stores import MemoryStore, SqliteStore, Store

REPAIR = servflow.load(
    """
servflow: 1
workflow: repair
initial: diagnosing
states:
  diagnosing: {shown: {customer: Being looked at}}
  waiting_parts: {shown: {customer: Waiting for parts}}
  repairing: {shown: {customer: In repair}}
  closed: {closed: true, shown: {customer: Repaired}}
transitions:
  - event: order
    source: diagnosing
    target: waiting_parts
    do: [{open: {workflow: part, fields: {name: "'pump'"}}}, {open: {workflow: part, fields: {name: "'seal'"}}}]
  - {event: children.closed, source: waiting_parts, target: repairing}
  - {event: finish, source: repairing, target: closed, when: children.open == 0}
clocks:
  - {name: repair, within: 8h, until: closed, paused_in: waiting_parts, shown: {customer: Repaired by}}
"""
)
PART = servflow.load(
    """
servflow: 1
workflow: part
fields: {name: string}
initial: ordered
states: {ordered: {}, delivered: {closed: true}}
transitions:
  - {event: arrived, source: ordered, target: delivered}
  - {event: ticket.reopen, source: delivered, target: ordered}
"""
)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore() if request.param == "memory" else SqliteStore(str(tmp_path / "tickets.db"))
    yield made
    made.close()


class Shop:
    """A desk with its hands: time that is moved, and rounds that carry word until there is none left."""

    def __init__(self, store: Store) -> None:
        self.now = datetime(2026, 11, 2, 1, tzinfo=UTC)
        self.desk = servflow.Desk([REPAIR, PART], store, now=lambda: self.now)
        self.desk.open("R-1", workflow="repair")
        self.desk.fire("R-1", "order")
        self.rounds()
        self.parts = self.desk.get("R-1").children

    def rounds(self) -> None:
        for _ in range(3):
            self.desk.deliver()
            self.desk.tick()

    def arrives(self, part: str, *, told: bool = True) -> None:
        self.desk.fire(part, "arrived")
        if told:
            self.rounds()

    @property
    def state(self) -> str:
        return self.desk.get("R-1").state


def test_a_repair_goes_on_when_the_last_part_is_here(store: Store) -> None:
    """The first part changes nothing; the second lets the repair go on, and the promise rested meanwhile."""
    shop = Shop(store)
    assert ("waiting_parts", 2) == (shop.state, len(shop.parts))
    assert ["pump", "seal"] == [shop.desk.get(part).fields["name"] for part in shop.parts]
    shop.now += timedelta(days=2)
    shop.arrives(shop.parts[1])
    assert "waiting_parts" == shop.state
    shop.now += timedelta(days=2)
    shop.arrives(shop.parts[0])
    assert "repairing" == shop.state

    progress = shop.desk.progress("R-1")
    assert (("In repair",), shop.now + timedelta(hours=8)) == (progress.current, progress.promises[0].due)
    shop.desk.fire("R-1", "finish")
    assert "closed" == shop.state


def test_parts_that_arrive_together_join_once(store: Store) -> None:
    """Both closings reach the repair in one round; it goes on once."""
    shop = Shop(store)
    for part in shop.parts:
        shop.arrives(part, told=False)
    assert "waiting_parts" == shop.state
    shop.rounds()

    assert "repairing" == shop.state
    joins = [record for record in shop.desk.history("R-1") if getattr(record, "event", None) == "children.closed"]
    assert 1 == sum(type(record).__name__ == "Moved" for record in joins)


def test_word_delivered_twice_is_one_word(store: Store) -> None:
    """The same closing told again, under its own key or another, changes nothing."""
    shop = Shop(store)
    first, second = shop.parts
    shop.arrives(first)
    for key in ("again", "and again"):
        store.post("R-1", "ticket.child_closed", {"child": first}, key=key, at=shop.now, actor=servflow.model.SYSTEM)
    shop.rounds()
    assert ("waiting_parts", (second,)) == (shop.state, shop.desk.get("R-1").children)

    shop.arrives(second)
    closed = [
        record.other for record in shop.desk.history("R-1") if isinstance(record, Linked) and record.relation == "child_closed"
    ]
    assert ("repairing", [first, second]) == (shop.state, closed)


def test_a_part_that_was_wrong_is_waited_for_again(store: Store) -> None:
    """A part reopened after the join holds up the end of the repair until it is here again."""
    shop = Shop(store)
    for part in shop.parts:
        shop.arrives(part)
    shop.desk.fire(shop.parts[0], "ticket.reopen")
    shop.rounds()
    with pytest.raises(servflow.Refused, match=r"children.open \(1\) == 0"):
        shop.desk.fire("R-1", "finish")
    shop.arrives(shop.parts[0])
    shop.desk.fire("R-1", "finish")

    assert "closed" == shop.state


def test_a_part_ordered_by_hand_is_waited_for_too(store: Store) -> None:
    """Somebody opens another part for the repair; the join takes it in."""
    shop = Shop(store)
    shop.desk.open("extra", {"parent": "R-1", "name": "hose"}, workflow="part", actor="kit")
    shop.rounds()
    for part in shop.parts:
        shop.arrives(part)
    assert ("waiting_parts", ("extra",)) == (shop.state, shop.desk.get("R-1").children)

    shop.arrives("extra")
    assert "repairing" == shop.state
