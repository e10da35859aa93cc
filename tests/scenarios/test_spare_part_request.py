"""Knows how parts get from the store to a van, and old ones back; must not know how the engine works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from servflow import Desk, World
from servflow.documents import load, read_template
from servflow.errors import Refused
from servflow.model import Actor, Call, Notify, Ticket
from servflow.stores import MemoryStore

REQUEST = load(read_template("spare_part_request.yaml"))
MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)  # nine o'clock in Shanghai
ANN, BOB, KIT, SUE = (
    Actor("ann", ["engineer"]),
    Actor("bob", ["engineer"]),
    Actor("kit", ["keeper"]),
    Actor("sue", ["supervisor"]),
)


class Warehouse:
    """The central store, whose stock is booked out when a parcel is packed."""

    def __init__(self, **stock: int) -> None:
        self.now, self.shelf = MONDAY, stock
        self.told: list[tuple[str, str]] = []
        self.desk = Desk(
            REQUEST,
            MemoryStore(),
            handlers={"notify": self._notify, "call": self._call, "*": lambda effect: None},
            now=lambda: self.now,
            world=lambda: World(
                stock=self.shelf,
                people=[
                    {"id": "sue", "roles": ["supervisor"]},
                    {"id": "kit", "roles": ["keeper"]},
                    {"id": "lea", "roles": ["lead"]},
                ],
            ),
        )

    def _notify(self, effect: Notify) -> None:
        self.told.append((effect.to, effect.template))

    def _call(self, effect: Call) -> dict[str, Any]:
        part = str(effect.data["part"])
        self.shelf = {**self.shelf, part: self.shelf[part] - int(effect.data["quantity"])}
        return {}

    def later(self, **length: float) -> Warehouse:
        self.now += timedelta(**length)
        for _ in range(3):
            self.desk.tick()
            self.desk.deliver()
        return self

    def does(self, who: Actor, event: str, payload: dict[str, Any] | None = None, id_: str = "S-1") -> Ticket:
        ticket = self.desk.fire(id_, event, payload, actor=who).ticket
        self.desk.deliver()
        return ticket

    def lists(self, *parts: tuple[str, int], who: Actor = ANN, id_: str = "S-1", **fields: Any) -> Warehouse:
        """Somebody lists what their van needs."""
        self.desk.open(id_, {"place": f"van-{who.id}", **fields}, actor=who)
        for part, quantity in parts:
            self.does(who, "part.need", {"part": part, "quantity": quantity}, id_)
        return self

    def packed(self, *parts: tuple[str, int]) -> Ticket:
        for part, quantity in parts:
            self.does(KIT, "part.use", {"part": part, "quantity": quantity})
        self.later(minutes=1)
        return self.does(KIT, "ship", {"parcel": "P-1"})


def test_a_van_is_filled_up() -> None:
    """Two parts that are there: put aside when they are listed, packed, booked out, shipped, received."""
    store = Warehouse(pump=5, hose=10).lists(("pump", 2), ("hose", 4))
    assert Decimal("261.00") == store.desk.get("S-1").fields["value"]
    assert "picking" == store.does(ANN, "submit").state
    shipped = store.packed(("pump", 2), ("hose", 4))
    assert ("shipped", {"pump": 3, "hose": 6}, [False, False]) == (
        shipped.state,
        store.shelf,
        [one.held for one in shipped.parts],
    )

    assert "closed" == store.does(ANN, "receive").state


def test_an_empty_list_is_no_request() -> None:
    """There must be something to pack."""
    store = Warehouse().lists()
    with pytest.raises(Refused, match="parts"):
        store.does(ANN, "submit")


def test_dear_parts_are_approved_by_somebody_else() -> None:
    """Above a thousand a supervisor says yes or no; a no gives back what was put aside."""
    store = Warehouse(compressor=2).lists(("compressor", 2))
    assert "approving" == store.does(ANN, "submit").state
    denied = store.does(SUE, "approval.reject", {"comment": "one is enough"})

    assert ("cancelled", (), {}) == (denied.state, denied.parts, dict(store.desk.store.usage("part:")))


def test_the_rest_is_awaited() -> None:
    """Three of five pumps are short: nothing is packed by halves, and the whole goes out when the delivery came."""
    store = Warehouse(pump=2, hose=10).lists(("hose", 4), ("pump", 5))
    assert "back_order" == store.does(ANN, "submit").state
    store.shelf = {**store.shelf, "pump": 6}
    store.desk.look_again()
    store.desk.deliver()

    assert ("picking", ("ann", "parts_are_here")) == (store.desk.get("S-1").state, store.told[-1])


def test_who_does_not_want_to_wait_lets_the_rest_go() -> None:
    """Giving up what is short sends the others on their way at once."""
    store = Warehouse(pump=0, hose=10).lists(("hose", 4), ("pump", 5))
    store.does(ANN, "submit")
    going = store.does(ANN, "part.release", {"part": "pump"})

    assert ("picking", [("hose", 4, "reserved")]) == (going.state, [(one.part, one.quantity, one.state) for one in going.parts])


def test_the_one_who_waited_longer_is_served_first_but_a_repair_before_a_refill() -> None:
    """Ann asked first to fill up; Bob needs the board for a customer who waits: one board comes, and it is Bob's."""
    store = Warehouse(board=0).lists(("board", 1))
    store.does(ANN, "submit")
    store.later(hours=1).lists(("board", 1), who=BOB, id_="S-2", purpose="repair", repair="R-7")
    store.does(BOB, "submit", id_="S-2")
    store.shelf = {"board": 1}
    store.desk.look_again()

    assert ("back_order", "picking") == (store.desk.get("S-1").state, store.desk.get("S-2").state)


def test_a_parcel_arrives_with_something_missing() -> None:
    """What is missing is said, the storekeeper hears, and it is received once it came after all."""
    store = Warehouse(pump=1).lists(("pump", 1))
    store.does(ANN, "submit")
    store.packed(("pump", 1))
    assert "trouble" == store.does(ANN, "complain", {"missing": "the seal"}).state
    assert ("kit", "parts_missing") in store.told

    assert "closed" == store.does(ANN, "receive").state


def test_the_old_part_goes_back() -> None:
    """Parts for a repair are paid for with the old one; after a fortnight engineer and leader are reminded."""
    store = Warehouse(board=1).lists(("board", 1), purpose="repair", repair="R-7")
    store.does(ANN, "submit")
    store.packed(("board", 1))
    assert "old_part" == store.does(ANN, "receive").state
    store.later(days=15)
    assert {("ann", "old_part_late"), ("lea", "old_part_late")} <= set(store.told)

    assert "closed" == store.does(KIT, "old_part_back", {"condition": "complete"}).state


def test_a_back_order_grows_old() -> None:
    """After five days the storekeeper hears, after ten the supervisor."""
    store = Warehouse(board=0).lists(("board", 1))
    store.does(ANN, "submit")
    store.later(days=5, minutes=1)
    first = [who for who, what in store.told if what == "back_order_old"]
    store.later(days=5)

    assert (["kit"], ["kit", "sue"]) == (first, [who for who, what in store.told if what == "back_order_old"])


def test_what_is_struck_from_the_list_needs_no_approval() -> None:
    """Two compressors would be dear; one of them and all its price are struck, and the rest goes out unasked."""
    store = Warehouse(compressor=2).lists(("compressor", 2))
    store.does(ANN, "part.release", {"part": "compressor", "quantity": 1})

    assert ("picking", Decimal("850")) == (store.does(ANN, "submit").state, store.desk.get("S-1").fields["value"])
