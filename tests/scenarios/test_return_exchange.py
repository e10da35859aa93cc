"""Knows how something bought comes back: to be refunded, exchanged or repaired; must not know how the engine works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from servflow import Desk, World
from servflow.documents import load, read_template
from servflow.errors import Refused
from servflow.model import Actor, Breached, Call, Notify, Ticket
from servflow.stores import MemoryStore

RETURN = load(read_template("return_exchange.yaml"))
MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)  # nine o'clock in Shanghai
KIM, ADA, INA = Actor("kim", ["customer"]), Actor("ada", ["agent"]), Actor("ina", ["inspector"])
TOM, KIT, SUE = Actor("tom", ["technician"]), Actor("kit", ["keeper"]), Actor("sue", ["supervisor"])


class Shop:
    """A shop with its shelf, where people do what they do and the host pays and books out."""

    def __init__(self, **stock: int) -> None:
        self.now, self.shelf = MONDAY, stock
        self.told: list[tuple[str, str]] = []
        self.done: list[tuple[str, dict[str, Any]]] = []
        self.desk = Desk(
            RETURN,
            MemoryStore(),
            handlers={"notify": self._notify, "call": self._call, "*": lambda effect: None},
            now=lambda: self.now,
            world=lambda: World(stock=self.shelf, people=[{"id": "sue", "roles": ["supervisor"]}]),
        )

    def _notify(self, effect: Notify) -> None:
        self.told.append((effect.to, effect.template))

    def _call(self, effect: Call) -> dict[str, Any]:
        self.done.append((effect.name, dict(effect.data)))
        if effect.name == "book_out":
            part = str(effect.data["part"])
            self.shelf = {**self.shelf, part: self.shelf[part] - int(effect.data["quantity"])}
        if effect.name == "take_in" and effect.data["condition"] == "good":
            part = str(effect.data["part"])
            self.shelf = {**self.shelf, part: self.shelf[part] + int(effect.data["quantity"])}
        return {}

    def asked(self, **fields: Any) -> Shop:
        """Kim wants something of what she bought."""
        given = {"order": "O-9", "item": "kettle", "paid": "199", "days": 5, "wants": "refund", "customer": "kim", **fields}
        self.desk.open("X-1", given, actor=KIM)
        return self

    def later(self, **length: float) -> Shop:
        self.now += timedelta(**length)
        for _ in range(3):
            self.desk.tick()
            self.desk.deliver()
        return self

    def does(self, who: Actor, event: str, payload: dict[str, Any] | None = None) -> Ticket:
        ticket = self.desk.fire("X-1", event, payload, actor=who).ticket
        self.desk.deliver()
        return ticket

    def inspected(self, **found: Any) -> Ticket:
        """It was approved, sent, has arrived and was looked at."""
        self.does(ADA, "approve")
        self.does(KIT, "arrived")
        return self.does(INA, "inspect", {"complete": True, **found})


@pytest.mark.parametrize(
    ("wants", "reason", "days", "remedy"),
    [
        ("refund", "not_wanted", 7, "refund"),
        ("refund", "not_wanted", 8, None),
        ("refund", "defect", 15, "exchange"),
        ("exchange", "defect", 16, "repair"),
        ("repair", "defect", 365, "repair"),
        ("refund", "wrong_item", 30, "refund"),
        ("refund", "defect", 366, None),
    ],
)
def test_what_the_customer_may_have(wants: str, reason: str, days: int, remedy: str | None) -> None:
    """The table decides, and whoever looks at it cannot promise more; only a supervisor may."""
    shop = Shop().asked(wants=wants, reason=reason, days=days)
    if remedy is None:
        with pytest.raises(Refused, match="policy"):
            shop.does(ADA, "approve")
        assert "rejected" == shop.does(ADA, "reject", {"reason": "too late"}).state
    else:
        assert ("sending", remedy) == (shop.does(ADA, "approve").state, shop.desk.get("X-1").fields["remedy"])


def test_nobody_looks_for_a_day() -> None:
    """After 24 hours the supervisor hears and the ticket is raised; waiting for the customer's answer does not count."""
    shop = Shop().asked().later(hours=20)
    shop.does(ADA, "ask", {"question": "which colour?"})
    shop.later(hours=30)
    shop.does(KIM, "ticket.message", {"side": "customer", "text": "the red one"})
    before = shop.later(hours=4).told[-1]
    after = shop.later(minutes=1).told[-1]
    breached = [one.clock for one in shop.desk.history("X-1") if isinstance(one, Breached)]

    assert (("sue", "review_late"), ["review"]) == (after, breached)
    assert ("sue", "review_late") != before


def test_money_back_less_what_is_missing() -> None:
    """Forty are deducted for the missing lid; a supervisor approves, and only then money goes out."""
    shop = Shop().asked()
    assert "refunding" == shop.inspected(deduction="40").state
    assert [] == [name for name, _ in shop.done]
    paid = shop.does(SUE, "approval.approve")

    assert ("evaluating", ("pay_refund", Decimal("159"))) == (paid.state, (shop.done[0][0], shop.done[0][1]["amount"]))


@pytest.mark.parametrize("deduction", ["200", "-1"])
def test_nobody_gets_more_than_they_paid(deduction: str) -> None:
    """A deduction lies between nothing and the price."""
    shop = Shop().asked()
    with pytest.raises(Refused, match="inspect is not allowed now"):
        shop.inspected(deduction=deduction)


def test_another_one_is_put_aside() -> None:
    """The new kettle is put aside, packed, booked out and shipped."""
    shop = Shop(kettle=1).asked(wants="exchange")
    assert "exchanging" == shop.inspected().state
    shop.does(ADA, "part.need", {"part": "kettle"})
    with pytest.raises(Refused, match="packed"):
        shop.does(KIT, "ship", {"parcel": "P-1"})
    shop.does(KIT, "part.use", {"part": "kettle", "quantity": 1, "serials": ["K-77"]})
    shipped = shop.later(minutes=1).does(KIT, "ship", {"parcel": "P-1"})

    assert ("shipped", {"kettle": 0}, ("K-77",), False) == (
        shipped.state,
        shop.shelf,
        shipped.parts[0].serials,
        shipped.parts[0].held,
    )


def test_there_is_no_other_one() -> None:
    """No kettle for a week: the customer is told that money is possible, takes it, and no kettle is kept for her any more."""
    shop = Shop(kettle=0).asked(wants="exchange")
    shop.inspected()
    shop.does(ADA, "part.need", {"part": "kettle"})
    assert "waiting_stock" == shop.desk.get("X-1").state
    shop.later(days=7, minutes=1)
    assert ("kim", "refund_instead") in shop.told

    shop.does(KIM, "refund_instead")
    shop.later(minutes=1)
    paid = shop.does(SUE, "approval.approve")

    assert ("evaluating", Decimal("199"), ()) == (paid.state, paid.fields["refund"], paid.waits)


def test_the_other_one_comes() -> None:
    """A delivery brings the kettle; the host says so, and the ticket goes on by itself."""
    shop = Shop(kettle=0).asked(wants="exchange")
    shop.inspected()
    shop.does(ADA, "part.need", {"part": "kettle"})
    shop.shelf = {"kettle": 3}
    shop.desk.look_again()

    assert "exchanging" == shop.desk.get("X-1").state


def test_repaired_in_two_days_with_a_part() -> None:
    """48 hours for the repair; the night the heater was awaited does not count."""
    shop = Shop(heater=0).asked(wants="repair", reason="defect", days=100)
    assert "repairing" == shop.inspected().state
    shop.later(hours=10).does(TOM, "part.need", {"part": "heater"})
    shop.shelf = {"heater": 1}
    shop.later(hours=40).desk.look_again()
    ticket = shop.desk.get("X-1")
    assert ("repairing", timedelta(hours=10)) == (ticket.state, ticket.clocks["repair"].counted)

    shop.does(TOM, "part.use", {"part": "heater", "quantity": 1})
    with pytest.raises(Refused, match="report"):
        shop.does(TOM, "repaired")
    back = shop.later(hours=37).does(TOM, "repaired", {"report": "new heater"})

    assert ("sending_back", "met", None) == (back.state, back.clocks["repair"].phase, back.clocks["repair"].breached_at)


def test_a_repair_that_takes_too_long() -> None:
    """At three quarters of its time and when it is over the supervisor hears."""
    shop = Shop().asked(wants="repair", reason="defect", days=100)
    shop.inspected()
    told = [len(shop.later(hours=hours).told) for hours in (35, 2, 12)]

    assert told == sorted(set(told)), "nothing new at 35 hours, then at 37, then at 49"
    assert ("sue", "repair_late") in shop.told


def test_it_cannot_be_repaired() -> None:
    """What cannot be repaired is exchanged, free of charge."""
    shop = Shop(kettle=2).asked(wants="repair", reason="defect", days=400)
    assert Decimal("120") == shop.inspected().fields["fee"]
    swapped = shop.does(TOM, "not_repairable", {"report": "cracked"})

    assert ("exchanging", "exchange", Decimal("0")) == (swapped.state, swapped.fields["remedy"], swapped.fields["fee"])


def test_nothing_is_shipped_but_what_was_packed() -> None:
    """A heater was built in before the kettle was given up: it is no replacement, and the parcel waits for a new kettle."""
    shop = Shop(heater=1, kettle=1).asked(wants="repair", reason="defect", days=100)
    shop.inspected()
    shop.does(TOM, "part.need", {"part": "heater"})
    shop.does(TOM, "part.use", {"part": "heater"})
    shop.later(minutes=1).does(TOM, "not_repairable", {"report": "cracked"})
    with pytest.raises(Refused, match="packed"):
        shop.does(KIT, "ship", {"parcel": "P-1"})
    shop.does(ADA, "part.need", {"part": "kettle"})
    shop.does(KIT, "part.use", {"part": "kettle"})
    shop.does(KIT, "part.return", {"part": "kettle", "reason": "the wrong colour"})
    with pytest.raises(Refused, match="packed"):
        shop.does(KIT, "ship", {"parcel": "P-1"})
    shop.later(minutes=1)
    assert {"heater": 0, "kettle": 1} == shop.shelf, "what was taken out of the parcel lies there again"

    shop.does(ADA, "part.need", {"part": "kettle"})
    shop.does(KIT, "part.use", {"part": "kettle"})
    assert "shipped" == shop.later(minutes=1).does(KIT, "ship", {"parcel": "P-1"}).state


def test_who_takes_the_money_gives_up_the_replacement() -> None:
    """The kettle that comes the next day is not put aside for whoever was refunded."""
    shop = Shop(kettle=0).asked(wants="exchange")
    shop.inspected()
    shop.does(ADA, "part.need", {"part": "kettle"})
    shop.does(KIM, "refund_instead")
    shop.later(minutes=1)
    shop.shelf = {"kettle": 1}
    shop.desk.look_again()

    assert ((), {}) == (shop.desk.get("X-1").parts, dict(shop.desk.store.usage("part:")))
