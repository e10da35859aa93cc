"""Knows how a ticket finds its engineer and who hears when that takes too long; must not know how the engine works."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.desk import AsyncDesk, Desk
from servflow.engine import Workflow
from servflow.errors import Refused
from servflow.model import (
    Actor,
    Assigned,
    Breached,
    Decided,
    Engineer,
    OfferEnded,
    Outlet,
    Person,
    Provider,
    Release,
    SlotChanged,
    Take,
    Warned,
    World,
)
from servflow.stores import MemoryStore, SqliteStore
from tests.scenarios.story import Story

VISIT = Workflow(
    workflow="visit",
    fields={"skill": {"type": "string"}, "area": {"type": "string"}},
    roles=["dispatcher", "engineer", "manager"],
    events={
        "ticket.assign": {"allow": ["dispatcher"]},
        "offer.accept": {"allow": ["engineer"]},
        "offer.reject": {"allow": ["engineer"]},
        "chain.acknowledge": {"allow": ["dispatcher", "manager"]},
    },
    initial="routing",
    states={"routing": {}, "dispatching": {}, "taken": {}, "done": {}, "closed": {"closed": True}},
    transitions=[
        {"event": "assigned.outlet", "source": "routing", "target": "dispatching", "allow": ["system"]},
        {"event": "assigned.engineer", "source": "dispatching", "target": "taken", "allow": ["system"]},
        {
            "event": "exhausted.engineer",
            "source": "dispatching",
            "allow": ["system"],
            "do": [{"notify": {"to": {"role": "dispatcher"}, "template": "nobody_fits"}}],
        },
        {"event": "finish", "source": "taken", "target": "done", "allow": ["assignee"]},
        {"event": "close", "source": "done", "target": "closed", "allow": ["dispatcher"]},
        {"event": "give_back", "source": "taken", "target": "dispatching", "allow": ["assignee", "dispatcher"]},
    ],
    dispatch=[
        {
            "name": "outlet",
            "slot": "outlet",
            "state": "routing",
            "require": [{"area": "area"}],
            "prefer": [{"term": "cost", "weight": -1}],
        },
        {
            "name": "engineer",
            "slot": "assignee",
            "of": "outlet",
            "state": "dispatching",
            "until": "done",
            "require": [{"skill": "skill"}, {"below": "capacity"}],
            "prefer": [{"term": "load", "weight": -1}],
            "mode": "offer",
            "offer": {"timeout": "3m"},
            "relax": [{"after": "20m", "drop": "skill"}],
        },
    ],
    clocks=[{"name": "dispatch", "within": "5m", "start": {"state": "dispatching"}, "until": "taken", "warn": ["80%"]}],
    escalations=[
        {
            "name": "slow dispatch",
            "start": {"clock": "dispatch", "mark": "80%"},
            "until": {"state": "taken"},
            "levels": [
                {"name": "warn", "do": [{"notify": {"to": {"role": "dispatcher"}, "template": "soon_late"}}]},
                {"name": "late", "after": "1m", "do": [{"notify": {"to": {"role": "dispatcher"}, "template": "late"}}]},
                {"name": "manager", "after": "10m", "do": [{"notify": {"to": {"role": "manager"}, "template": "very_late"}}]},
            ],
        }
    ],
)
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
DORA, MIA = Actor("dora", ["dispatcher"]), Actor("mia", ["manager"])


def engineer(name: str, outlet: str = "north", skill: str = "gas") -> Engineer:
    """An engineer of an outlet with room for two tickets."""
    return Engineer(id=name, roles=["engineer"], outlet=outlet, skills=[skill], capacity=2)


def a_world(*engineers: Engineer, **loads: int) -> World:
    """Two outlets, of which north is cheaper, and whoever works there."""
    return World(
        outlets=[
            Outlet(id="north", areas=["city"]),
            Outlet(id="south", areas=["city"], cost=9),
            Outlet(id="far", areas=["coast"]),
        ],
        engineers=engineers,
        people=[Person(id="dora", roles=["dispatcher"]), Person(id="mia", roles=["manager"])],
        loads=loads,
    )


def a_visit(*engineers: Engineer, **loads: int) -> Story:
    """A gas heater in the city needs a visit at nine."""
    return Story(VISIT, NINE, a_world(*engineers, **loads)).opened({"skill": "gas", "area": "city"}, by=DORA)


def minutes(story: Story) -> list[tuple[str, str, int]]:
    """Who was told what, after how many minutes."""
    return [(who, what, (at - NINE) // timedelta(minutes=1)) for who, what, at in story.told]


def test_slow_dispatch_is_told_step_by_step() -> None:
    """Warned after 4 minutes, breached after 5, the manager after 15."""
    story = a_visit(engineer("ann"), engineer("bob"), engineer("cat"), engineer("dan"), engineer("eve"), engineer("fay")).later(
        minutes=18
    )

    assert [("dora", "soon_late", 4), ("dora", "late", 5), ("mia", "very_late", 15)] == minutes(story)
    assert [NINE + timedelta(minutes=4)] == [warned.instant for warned in story.happened(Warned)]
    assert [NINE + timedelta(minutes=5)] == [breach.instant for breach in story.happened(Breached)]


def test_accepted_in_time_nobody_hears_of_it() -> None:
    """Taken within four minutes the story is over."""
    story = a_visit(engineer("ann")).later(minutes=2).does(Actor("ann", ["engineer"]), "offer.accept").later(hours=9)

    assert ([], "met", None) == (story.notices(), story.ticket.clocks["dispatch"].phase, story.ticket.wake)


def test_accepted_after_the_warning_it_goes_no_higher() -> None:
    """Taken between warning and breach, only the warning went out."""
    story = a_visit(engineer("ann"), engineer("bob")).later(minutes=4, seconds=30)
    who = story.ticket.offers[0].to

    story.does(Actor(who, ["engineer"]), "offer.accept").later(hours=9)

    assert [("dora", "soon_late", 4)] == minutes(story)


def test_the_manager_is_spared_when_somebody_cares() -> None:
    """The dispatcher takes notice after six minutes: the climb rests there."""
    story = a_visit(engineer("ann"), engineer("bob")).later(minutes=6).does(DORA, "chain.acknowledge").later(hours=1)

    assert "very_late" not in [what for _, what in story.notices()]


def test_first_the_outlet_then_its_engineer() -> None:
    """The cheaper outlet of the area is chosen, then whoever there has least to do; engineers of others are not asked."""
    story = a_visit(engineer("ann", "south"), engineer("bob"), engineer("cat"), bob=1)

    assert ("north", ["cat"]) == (story.ticket.outlet, [offer.to for offer in story.ticket.offers])
    assert ["outlet", "engineer"] == [made.name for made in story.happened(Decided)]


def test_the_offer_goes_round() -> None:
    """Each has three minutes; who does not answer is not asked again; when all are through the dispatcher is told."""
    story = a_visit(engineer("ann"), engineer("bob"), bob=1).later(minutes=7)

    assert [("expired", "ann"), ("expired", "bob")] == [(ended.outcome, ended.offer.to) for ended in story.happened(OfferEnded)]
    assert ("dora", "nobody_fits", 6) in minutes(story)


def test_after_twenty_minutes_less_is_asked() -> None:
    """When nobody with the skill is left, anybody of the outlet is asked after twenty minutes."""
    story = a_visit(engineer("ann", skill="power")).later(minutes=21)

    assert ["ann"] == [offer.to for offer in story.ticket.offers]
    assert NINE + timedelta(minutes=20) == story.ticket.offers[0].made_at


def test_a_full_engineer_is_waited_for() -> None:
    """Ann is full: the ticket waits for her key, and the next look with less on her plate asks her."""
    story = a_visit(engineer("ann"), ann=2)
    assert ("engineer:ann",) == story.ticket.waits

    story.world = a_world(engineer("ann"), ann=1)
    story.later(minutes=1).back_again()

    assert ["ann"] == [offer.to for offer in story.ticket.offers]


def test_capacity_is_held_from_the_offer_to_the_end_of_the_work() -> None:
    """An offer holds a place, the work keeps it, finishing gives it back, and ann's name stays."""
    story = Story(VISIT, NINE, a_world(engineer("ann")))
    opened = VISIT.open("T1", {"skill": "gas", "area": "city"}, at=NINE, actor=DORA, world=story.world)
    assert Take(key="engineer:ann", limit=2) in opened.reservations

    taken = VISIT.fire(opened.ticket, "offer.accept", at=NINE, actor="ann", world=story.world)
    assert () == taken.reservations
    done = VISIT.fire(taken.ticket, "finish", at=NINE, actor="ann", world=story.world)

    assert ((Release(key="engineer:ann"),), "ann") == (done.reservations, done.ticket.assignee)


def test_given_back_it_is_dispatched_anew() -> None:
    """Ann gives it back: she lets go, the promise starts again, and she may be asked again."""
    ann = Actor("ann", ["engineer"])
    story = a_visit(engineer("ann")).does(ann, "offer.accept").later(minutes=30).does(ann, "give_back")

    assert (None, ["ann"], 2) == (
        story.ticket.assignee,
        [offer.to for offer in story.ticket.offers],
        story.ticket.clocks["dispatch"].cycle,
    )


def test_the_dispatcher_may_decide_alone() -> None:
    """Dora gives it to dan of the other outlet by hand: the open offer is withdrawn and the ticket is taken."""
    story = a_visit(engineer("ann"), engineer("dan", "south")).does(DORA, "ticket.assign", {"to": "dan"})

    assert ("taken", "dan", ()) == (story.ticket.state, story.ticket.assignee, story.ticket.offers)
    assert [("outlet", "north"), ("assignee", "dan")] == [(given.slot, given.to) for given in story.happened(Assigned)]
    assert story.adds_up()


# a service company at work --------------------------------------------------------------------------------------------

COMPANY = Workflow(
    workflow="repair",
    fields={"brand": {"type": "string"}, "area": {"type": "string"}, "safety": {"type": "bool", "default": False}},
    roles=["clerk", "dispatcher", "engineer"],
    events={
        "ticket.assign": {"allow": ["dispatcher"]},
        "ticket.update": {"allow": ["clerk"]},
        "offer.accept": {"allow": ["engineer"]},
        "offer.reject": {"allow": ["engineer"]},
    },
    states={"routing": {}, "choosing": {}, "dispatching": {}, "driving": {}, "on_site": {}, "done": {"closed": True}},
    transitions=[
        {"event": "assigned.brand", "source": "routing", "target": "choosing", "allow": ["system"]},
        {"event": "assigned.site", "source": "choosing", "target": "dispatching", "allow": ["system"]},
        {"event": "assigned.person", "source": "dispatching", "target": "driving", "allow": ["system"]},
        {"event": "arrive", "source": "driving", "target": "on_site", "allow": ["assignee"]},
        {"event": "finish", "source": "on_site", "target": "done", "allow": ["assignee"]},
    ],
    rules=[{"name": "safety first", "when": "safety", "then": [{"set": {"priority": "1"}}]}],
    dispatch=[
        {"name": "brand", "slot": "provider", "state": "routing", "require": [{"contract": "brand"}]},
        {"name": "site", "slot": "outlet", "of": "provider", "state": "choosing", "require": [{"area": "area"}]},
        {
            "name": "person",
            "of": "outlet",
            "state": "dispatching",
            "require": [{"below": "capacity"}],
            "prefer": [{"term": "cost", "weight": -1}],
            "mode": "offer",
            "offer": {"timeout": "3m", "cool_off": "30m"},
            "redispatch": {"absence": True, "rejection": True, "overrun": "2h"},
        },
    ],
    clocks=[{"name": "dispatch", "within": "5m", "until": "driving"}],
)
CLARA = Actor("clara", ["clerk"])


def company(*engineers: Engineer) -> World:
    """Frost and heat are looked after by two providers, each with an outlet in town."""
    return World(
        providers=[Provider(id="nord", contracts=["frost"]), Provider(id="sud", contracts=["heat"])],
        outlets=[Outlet(id="nord 1", provider="nord", areas=["town"]), Outlet(id="sud 1", provider="sud", areas=["town"])],
        engineers=engineers,
    )


def hand(name: str, cost: int = 1, outlet: str = "nord 1", **more: Any) -> Engineer:
    """An engineer of an outlet who takes one ticket at a time."""
    return Engineer(id=name, roles=["engineer"], outlet=outlet, cost=cost, capacity=1, **more)


class Office:
    """The company's desk over a store, and its time."""

    def __init__(self, world: World, store: Any) -> None:
        self.now = NINE
        self.store = store
        self.desk = Desk(COMPANY, store, handlers={}, now=lambda: self.now, world=world)

    def call_comes_in(self, name: str, brand: str = "frost") -> Any:
        """A customer calls about an appliance of a brand."""
        return self.desk.open(name, {"brand": brand, "area": "town"}, actor=CLARA).ticket

    def later(self, minutes: float) -> None:
        """So much time passes; the desk ticks every minute."""
        for _ in range(round(minutes)):
            self.now += timedelta(minutes=1)
            self.desk.tick()

    def says(self, who: str, event: str, ticket: str = "T1") -> Any:
        """An engineer does something."""
        return self.desk.fire(ticket, event, actor=Actor(who, ["engineer"])).ticket

    def asked(self, ticket: str = "T1") -> list[str]:
        """Who has an open offer of a ticket."""
        return [offer.to for offer in self.desk.get(ticket).offers]


@pytest.fixture(params=["memory", "sqlite"])
def office(request: pytest.FixtureRequest) -> Any:
    """A way to open the office with a world; its store is closed in the end."""
    stores: list[Any] = []

    def opened(world: World) -> Office:
        stores.append(MemoryStore() if request.param == "memory" else SqliteStore(":memory:"))
        return Office(world, stores[-1])

    yield opened
    for store in stores:
        store.close()


def test_preset_rules_dispatch_within_five_minutes(office: Any) -> None:
    """Brand, outlet and engineer are found by themselves; who does not answer is followed by the next, within the promise."""
    at = office(company(hand("ann"), hand("bob", 2), hand("sue", outlet="sud 1")))
    ticket = at.call_comes_in("T1")
    assert ("nord", "nord 1", ["ann"]) == (ticket.provider, ticket.outlet, at.asked())

    at.later(4)
    assert ["bob"] == at.asked()
    ticket = at.says("bob", "offer.accept")

    assert ("driving", "bob", "met") == (ticket.state, ticket.assignee, ticket.clocks["dispatch"].phase)
    assert ["brand", "site", "person", "person"] == [r.name for r in at.desk.history("T1") if isinstance(r, Decided)]


def test_whoever_is_on_leave_gets_nothing(office: Any) -> None:
    """Ann is on leave until noon and cheapest: nobody asks her before, and she is asked the moment she is back."""
    at = office(company(hand("ann", absences=[(NINE - timedelta(days=1), NINE + timedelta(hours=3))])))
    at.call_comes_in("T1")
    assert ([], NINE + timedelta(hours=3)) == (at.asked(), at.desk.get("T1").slots["assignee"].change_at)

    at.later(181)

    assert (["ann"], NINE + timedelta(hours=3)) == (at.asked(), at.desk.get("T1").offers[0].made_at)


def test_when_capacity_returns_the_waiting_ticket_goes_out(office: Any) -> None:
    """Ann is on her way to the first customer; the second waits for her, and goes out by itself when she is done."""
    at = office(company(hand("ann")))
    at.call_comes_in("T1")
    at.says("ann", "offer.accept")
    at.call_comes_in("T2")
    at.later(6)
    assert ([], ("engineer:ann",), None) == (at.asked("T2"), at.desk.get("T2").waits, at.desk.get("T2").wake)

    at.says("ann", "arrive")
    at.says("ann", "finish")
    at.later(1)

    assert ["ann"] == at.asked("T2")
    assert {"engineer:ann": 1} == dict(at.store.usage("engineer:"))


def test_two_engineers_at_one_instant_and_one_of_them_wins(office: Any) -> None:
    """What two desks are told at the same instant: the first acceptance wins, the second hears who has it."""
    world = company(hand("ann"), hand("bob", 2))
    at = office(world)
    at.call_comes_in("T1")
    other = Desk(COMPANY, at.store, now=lambda: at.now, world=world)
    at.later(4)

    assert "bob" == other.fire("T1", "offer.accept", actor=Actor("bob", ["engineer"])).ticket.assignee
    with pytest.raises(Refused, match="bob has it"):
        at.says("ann", "offer.accept")


def test_leave_begins_before_the_work_does(office: Any) -> None:
    """Ann accepts, but her leave begins before she arrives: the ticket goes to bob then, and the record says why."""
    leave = [(NINE + timedelta(minutes=60), NINE + timedelta(days=2))]
    at = office(company(hand("ann", absences=leave), hand("bob", 2)))
    at.call_comes_in("T1")
    at.says("ann", "offer.accept")

    at.later(62)

    assert ["bob"] == at.asked()
    assert "redispatch for absence: ann is absent" in [r.reason for r in at.desk.history("T1") if isinstance(r, SlotChanged)]
    assert {"engineer:bob": 1} == dict(at.store.usage("engineer:"))


def test_an_offer_is_accepted_through_a_desk_of_coroutines() -> None:
    """A host that runs on a loop says the same with the same words."""
    store = MemoryStore()

    async def story() -> Any:
        on_loop = AsyncDesk(COMPANY, store, now=lambda: NINE, world=company(hand("ann")))
        await on_loop.open("T1", {"brand": "frost", "area": "town"}, actor=CLARA)
        return (await on_loop.fire("T1", "offer.accept", actor=Actor("ann", ["engineer"]))).ticket

    assert "ann" == asyncio.run(story()).assignee
    store.close()


def test_chats_are_counted_apart(office: Any) -> None:
    """Ann takes one chat at a time: the second chat waits for that place, and comes to her when the first is over."""
    at = office(company(Engineer(id="ann", roles=["engineer"], outlet="nord 1", capacity=5, per_channel={"chat": 1})))
    for name in ("T1", "T2"):
        at.desk.open(name, {"brand": "frost", "area": "town", "channel": "chat"}, actor=CLARA)
    assert (["ann"], []) == (at.asked("T1"), at.asked("T2"))
    at.says("ann", "offer.accept")
    at.later(1)
    assert {"engineer:ann": 1, "engineer:ann/chat": 1} == dict(at.store.usage("engineer:"))

    at.says("ann", "arrive")
    at.says("ann", "finish")
    at.later(1)

    assert ["ann"] == at.asked("T2")
