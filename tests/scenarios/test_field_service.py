"""Knows how a repair at home goes from the first call to the last signature, with parts and money; must not know the engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from servflow import Desk
from servflow.documents import load, load_world, read_template
from servflow.errors import Refused
from servflow.model import Actor, Breached, Call, Notify, Open, Ticket
from servflow.stores import MemoryStore

REPAIR = load(read_template("field_service.yaml"))
CALL_BACK = load(read_template("call_back.yaml"))
TOWN = load_world(read_template("field_service_world.yaml"))
KIM, CLARA, FIN = Actor("kim", ["customer"]), Actor("clara", ["clerk"]), Actor("fin", ["finance"])
ANN, KIT, DEE = Actor("ann", ["engineer"]), Actor("kit", ["keeper"]), Actor("dee", ["dispatcher"])
STEPS: dict[str, dict[str, str]] = {
    "check_in": {"place": "31.2, 121.5"},
    "photo_before": {"photo": "p1.jpg"},
    "diagnose": {"found": "the pump is stuck"},
    "repair": {"done": "pump changed"},
    "photo_after": {"photo": "p2.jpg"},
    "sign_off": {"signature": "Kim"},
}


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """A wall time of Shanghai in March 2026; the second is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


class Town:
    """A town with its outlets, engineers and shelves; whoever runs it books out and takes in what goes and comes."""

    def __init__(self) -> None:
        self.now, self.world = local(2, 9), TOWN
        self.told: list[tuple[str, str]] = []
        self.done: list[tuple[str, dict[str, Any]]] = []
        self.desk = Desk(
            [REPAIR, CALL_BACK],
            MemoryStore(),
            handlers={"notify": self._notify, "call": self._call, "*": lambda effect: None},
            now=lambda: self.now,
            world=lambda: self.world,
        )

    def _notify(self, effect: Notify) -> None:
        self.told.append((effect.to, effect.template))

    def _call(self, effect: Call) -> dict[str, Any]:
        self.done.append((effect.name, dict(effect.data)))
        if effect.name == "survey":
            return {}
        if effect.name == "book_out":  # the stock system: less where it was taken from
            self.delivered(effect.data["part"], -effect.data["quantity"], effect.data["place"])
        if effect.name == "take_in" and effect.data["condition"] == "good":
            self.delivered(effect.data["part"], effect.data["quantity"], effect.data["place"])
        return {}

    def delivered(self, part: str, units: int, place: str = "") -> None:
        """Units come in, or go out, at a place; a van or an outlet keeps its own list."""
        stock = {name: dict(held) for name, held in (self.world.stock or {}).items()}
        if place not in stock and place in self.world.by_id:
            stock[place] = dict(self.world.by_id[place].parts)
        held = stock.setdefault(place, {})
        held[part] = held.get(part, 0) + units
        self.world = self.world.with_stock(stock)

    def at(self, when: datetime) -> Town:
        """Time goes on; whatever was due is done on the way, and the host carries out what it is asked."""
        self.now = when
        for _ in range(3):
            self.desk.tick()
            self.desk.deliver()
        return self

    def ticket(self, id_: str = "R-1") -> Ticket:
        return self.desk.get(id_)

    def open(self, id_: str, fields: dict[str, Any], actor: Actor) -> None:
        """Somebody reports a fault."""
        self.desk.open(id_, fields, workflow="field_service", actor=actor)

    def does(self, who: Actor, event: str, payload: dict[str, Any] | None = None, id_: str = "R-1") -> Ticket:
        """Somebody does something now, and the host carries out what follows."""
        ticket = self.desk.fire(id_, event, payload, actor=who).ticket
        self.desk.deliver()
        return ticket

    def on_site(self, **fields: Any) -> Town:
        """Kim's washer is reported at nine, accepted, given to Ann of the outlet in the north, who arrives at one."""
        given = {"category": "washer", "region": "north", "customer": "kim", "fault": "does not drain", **fields}
        self.open("R-1", given, actor=KIM)
        self.does(CLARA, "accept")
        offered = self.ticket().offers[0].to
        self.does(Actor(offered, ["engineer"]), "offer.accept")
        self.does(KIM, "appointment.book", {"start": local(2, 13)})
        self.at(local(2, 13)).does(Actor(offered, ["engineer"]), "arrive")
        return self

    def engineer(self) -> Actor:
        return Actor(str(self.ticket().assignee), ["engineer"])

    def works(self, *steps: str) -> Town:
        """The engineer goes through these steps, ten minutes each."""
        for step in steps:
            self.at(self.now + timedelta(minutes=10))
            self.does(self.engineer(), "step.check", {"step": step, "evidence": STEPS[step]})
        return self

    def reported(self) -> Ticket:
        self.does(self.engineer(), "finish")
        return self.does(self.engineer(), "report", {"result": "replaced_part", "cause": "wear"})


def test_from_the_call_to_the_visit() -> None:
    """Accepted, given to the outlet of the region, offered to its engineers; a visit is agreed with the one who said yes."""
    town = Town()
    town.open("R-1", {"category": "washer", "region": "north", "customer": "kim"}, actor=KIM)
    accepted = town.does(CLARA, "accept")
    assert ("to_engineer", "north") == (accepted.state, accepted.outlet)

    first = accepted.offers[0].to
    town.does(Actor(first, ["engineer"]), "offer.reject", {"reason": "off sick"})
    second = town.ticket().offers[0].to
    assert {"ann", "bob"} == {first, second}, "only the two of the north were asked"

    town.does(Actor(second, ["engineer"]), "offer.accept")
    assert ("booking", second) == (town.ticket().state, town.ticket().fields["engineer"])
    windows = town.desk.slots("R-1")
    assert {(second,)} == {window.who for window in windows}, "visits are with whoever said yes"

    booked = town.does(KIM, "appointment.book", {"start": local(2, 14)})
    assert ("agreed", second, local(2, 14)) == (booked.state, booked.assignee, booked.appointment and booked.appointment.start)


def test_the_work_step_by_step() -> None:
    """Steps come in their order, each with what proves it and within its time; who takes too long is seen at once."""
    town = Town().on_site()
    with pytest.raises(Refused, match="comes after check_in"):
        town.does(town.engineer(), "step.check", {"step": "repair", "evidence": STEPS["repair"]})
    with pytest.raises(Refused, match="photo"):
        town.works("check_in").does(town.engineer(), "step.check", {"step": "photo_before"})
    with pytest.raises(Refused, match="checklist"):
        town.does(town.engineer(), "finish")
    town.works("photo_before", "diagnose").at(town.now + timedelta(hours=2, minutes=1))
    late = [one.clock for one in town.desk.history("R-1") if isinstance(one, Breached)]

    assert ["step.on_site.repair"] == late
    assert ("lea", "stuck_on_site") in town.told


def test_the_engineer_is_late() -> None:
    """A quarter of an hour after the visit began the team leader and the customer are told; nobody had to watch a screen."""
    town = Town()
    town.open("R-1", {"category": "washer", "region": "north", "customer": "kim"}, actor=KIM)
    town.does(CLARA, "accept")
    town.does(Actor(town.ticket().offers[0].to, ["engineer"]), "offer.accept")
    town.does(KIM, "appointment.book", {"start": local(2, 13)})
    town.at(local(2, 13, 15))
    before = [what for _, what in town.told]
    town.at(local(2, 13, 16))

    assert ("late_visit" in before, ("lea", "late_visit") in town.told, ("kim", "we_are_late") in town.told) == (
        False,
        True,
        True,
    )


def test_a_part_from_the_van() -> None:
    """What the engineer has along is put aside and used without a word to the storekeeper, and booked out of the van."""
    town = Town().on_site().works("check_in", "photo_before", "diagnose")
    needed = town.does(town.engineer(), "part.need", {"part": "pump"})
    assert ("on_site", [("reserved", needed.assignee)]) == (needed.state, [(one.state, one.origin) for one in needed.parts])

    town.does(town.engineer(), "part.use", {"part": "pump", "quantity": 1, "serials": ["SN-77"]})
    town.at(town.now)
    used = town.ticket()
    assert (Decimal("80.50"), False) == (used.fields["material"], used.parts[0].held)
    assert 0 == town.world.on_hand("pump", str(used.assignee))


def test_a_part_is_missing_comes_and_one_goes_back() -> None:
    """No board anywhere: the ticket waits, its clock stands still, the board comes, a second visit, a wrong pump goes back."""
    town = Town().on_site().works("check_in", "photo_before", "diagnose")
    engineer = town.engineer()
    town.does(engineer, "part.need", {"part": "board"})
    waiting = town.ticket()
    assert ("waiting_parts", "paused") == (waiting.state, waiting.clocks["repair"].phase)
    assert ("kit", "part_is_short") in town.told
    told = town.desk.explain("R-1").parts[0]
    assert "waits for 1 of board: 0 of 0 free at ann, 0 of 0 free at north, 0 of 0 free in the central stock" == told["why"]

    town.delivered("board", 1)
    town.at(local(3, 9)).desk.look_again()
    town.desk.deliver()
    assert ("booking", ("kim", "part_is_here")) == (town.ticket().state, town.told[-1])

    town.does(KIM, "appointment.book", {"start": local(3, 15)})
    assert engineer.id == town.ticket().assignee, "the same engineer comes again"
    town.at(local(3, 15)).does(engineer, "arrive")
    town.does(engineer, "part.need", {"part": "pump"})
    town.does(engineer, "part.use", {"part": "pump", "quantity": 1})
    town.does(engineer, "part.use", {"part": "board", "quantity": 1})
    town.does(engineer, "part.return", {"part": "pump", "quantity": 1, "reason": "it was not the pump"})
    town.works("repair", "photo_after", "sign_off").at(town.now)
    after = town.reported()

    assert [("board", "used"), ("pump", "returned")] == [(one.part, one.state) for one in after.parts]
    assert (Decimal("320.00"), 2) == (after.fields["material"], after.fields["visits"])
    assert 1 == town.world.on_hand("pump", engineer.id), "the pump lies in the van again"
    assert {} == dict(town.desk.store.usage("part:"))


def test_two_repairs_want_the_last_compressor() -> None:
    """The second fridge waits; the first is cancelled, and the compressor is the second one's without anybody looking."""
    town = Town().on_site(category="fridge", customer="kim")
    town.open("R-2", {"category": "fridge", "region": "south", "customer": "zoe"}, actor=Actor("zoe", ["customer"]))
    town.does(CLARA, "accept", id_="R-2")
    town.does(Actor("cai", ["engineer"]), "offer.accept", id_="R-2")
    town.does(CLARA, "appointment.book", {"start": local(2, 15)}, id_="R-2")
    town.at(local(2, 15)).does(Actor("cai", ["engineer"]), "arrive", id_="R-2")
    town.does(town.engineer(), "part.need", {"part": "compressor"})
    town.does(Actor("cai", ["engineer"]), "part.need", {"part": "compressor"}, id_="R-2")
    town.does(town.engineer(), "part.need", {"part": "board"})
    assert ("waiting_parts", "waiting_parts") == (town.ticket().state, town.ticket("R-2").state)

    town.does(KIM, "ticket.cancel", {"reason": "bought a new one"})
    town.at(town.now + timedelta(minutes=1))

    assert ("cancelled", ()) == (town.ticket().state, town.ticket().parts)
    assert ("booking", "reserved") == (town.ticket("R-2").state, town.ticket("R-2").parts[0].state)


@pytest.mark.parametrize(
    ("warranty", "customer", "bearer", "provider"),
    [
        # labour 120, one pump 80.50, one trip; the outlet: 70 + 15 + 5 % of 80.50 to the cent, out of warranty 85 + 15 + 10 %
        ("in_warranty", "0", "200.50", "89.03"),
        ("extended", "16.10", "184.40", "89.03"),
        ("goodwill", "40.25", "160.25", "89.03"),
        ("out", "200.50", "0", "108.05"),
    ],
)
def test_who_pays_what(warranty: str, customer: str, bearer: str, provider: str) -> None:
    """Labour and material are shared by the kind of warranty; what the outlet gets does not hang on who pays for it."""
    town = Town().on_site(warranty=warranty).works("check_in", "photo_before", "diagnose")
    town.does(town.engineer(), "part.need", {"part": "pump"})
    town.does(town.engineer(), "part.use", {"part": "pump", "quantity": 1})
    ticket = town.works("repair", "photo_after", "sign_off").reported()
    owed = [Decimal(ticket.fields[name]) for name in ("due_from_customer", "due_from_bearer", "due_to_provider")]

    assert [Decimal(customer), Decimal(bearer), Decimal(provider)] == owed
    assert Decimal("200.50") == owed[0] + owed[1]
    assert {"in_warranty": "manufacturer", "extended": "insurer", "goodwill": "company", "out": "customer"}[
        warranty
    ] == ticket.fields["bearer"]
    assert ("paid" if customer == "0" else "owed") in ticket.configuration, "who owes nothing is settled at once"


def test_settled_with_the_customer_and_with_the_outlet() -> None:
    """Both sides are settled, in whichever order; too little is refused; only then is the customer asked how it was."""
    town = Town().on_site().works("check_in", "photo_before", "diagnose", "repair", "photo_after", "sign_off")
    town.reported()
    with pytest.raises(Refused, match="amount"):
        town.does(FIN, "pay", {"amount": "100"})
    town.does(FIN, "pay", {"amount": "120"})
    assert "open" in town.ticket().configuration
    cleared = town.does(FIN, "clear")

    assert "evaluating" == cleared.state
    assert ("pay_provider", {"outlet": "north", "amount": Decimal("100.0")}) in [
        (name, {**data, "amount": Decimal(str(data.get("amount", 0)))}) for name, data in town.done if name == "pay_provider"
    ]


def test_a_low_rating_is_called_back() -> None:
    """Two of five closes the repair and opens a call to the customer, who is still waiting to be heard."""
    town = (
        Town()
        .on_site(warranty="in_warranty")
        .works("check_in", "photo_before", "diagnose", "repair", "photo_after", "sign_off")
    )
    town.reported()
    town.does(FIN, "clear")
    outcome = town.desk.fire("R-1", "rating.add", {"score": 2, "comment": "came twice"}, actor=KIM)
    opened = [one for one in outcome.effects if isinstance(one, Open)]
    town.at(town.now + timedelta(minutes=1))
    call = town.desk.get(opened[0].new_ticket)

    assert ("closed", "call_back", "R-1") == (outcome.ticket.state, call.workflow, call.fields["rated"])
    assert ("to_call", 2) == (call.state, call.fields["score"])


def test_nobody_can_come_any_more() -> None:
    """Ann falls ill after the visit was agreed: it is given up, the customer hears, and another engineer is asked."""
    town = Town()
    town.open("R-1", {"category": "washer", "region": "north", "customer": "kim"}, actor=KIM)
    town.does(CLARA, "accept")
    first = town.ticket().offers[0].to
    town.does(Actor(first, ["engineer"]), "offer.accept")
    town.does(KIM, "appointment.book", {"start": local(3, 10)})
    lost = town.does(DEE, "appointment.lost", {"reason": "ill"})

    assert ("to_engineer", None) == (lost.state, lost.fields["engineer"])
    assert ("kim", "we_look_for_another") in town.told


def test_the_records_are_the_whole_story() -> None:
    """Whatever happened can be told again from the records alone."""
    town = Town().on_site().works("check_in")
    town.does(town.engineer(), "part.need", {"part": "board"})

    assert town.ticket() == REPAIR.fold(town.desk.history("R-1"))


def test_nobody_uses_a_part_without_its_price() -> None:
    """Using a part must say which, so that it is priced and booked out; before one is put aside there is nothing to use."""
    town = Town().on_site().works("check_in", "photo_before", "diagnose")
    engineer = town.engineer()
    options = {one.event: one for one in town.desk.available("R-1", actor=engineer)}
    assert ("refused", "guard") == (options["part.use"].status, options["part.use"].code)

    town.does(engineer, "part.need", {"part": "pump"})
    options = {one.event: one for one in town.desk.available("R-1", actor=engineer)}
    assert ("needs", "string", "int?") == (
        options["part.use"].status,
        options["part.use"].payload["part"],
        options["part.use"].payload["quantity"],
    )
    with pytest.raises(Refused, match="part takes string, which is missing"):
        town.does(engineer, "part.use")


def test_a_repair_that_is_taken_up_again_is_not_charged_twice() -> None:
    """The washer leaks again after a week: somebody comes, and the pump of the first visit is on no second bill."""
    town = Town().on_site(warranty="goodwill").works("check_in", "photo_before", "diagnose")
    town.does(town.engineer(), "part.need", {"part": "pump"})
    town.does(town.engineer(), "part.use", {"part": "pump"})
    first = town.works("repair", "photo_after", "sign_off").reported()
    town.does(FIN, "pay", {"amount": first.fields["due_from_customer"]})
    town.does(FIN, "clear")
    town.does(KIM, "rating.add", {"score": 5})
    again = town.at(local(9, 9)).does(KIM, "ticket.reopen", {"reason": "it leaks again"})

    assert ("to_engineer", Decimal("0"), 0) == (again.state, again.fields["material"], again.fields["visits"])
    assert [("pump", "used")] == [(line.part, line.state) for line in again.parts], "what was built in is remembered"
