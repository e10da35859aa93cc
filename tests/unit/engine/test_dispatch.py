"""Knows how a slot of a ticket is offered, filled, waited for and given up; must not know who is best."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.errors import DefinitionError, Refused
from servflow.model import (
    Assign,
    Assigned,
    Call,
    Decided,
    Engineer,
    Offer,
    OfferEnded,
    Outlet,
    Received,
    Release,
    Take,
    Withdraw,
    World,
)
from tests.unit.engine.flows import Case, after, flow, kinds, move, of

# Costs make the order of candidates plain: ann, then bob, then cat.
ANN, BOB, CAT = (Engineer(id=name, cost=cost, capacity=2) for name, cost in (("ann", 1), ("bob", 2), ("cat", 3)))
WORLD = World(engineers=[ANN, BOB, CAT])
NOBODY = World()
CHEAP = [{"term": "cost", "weight": -1}]
WAYS = [
    move("assigned.d", "a", "b"),
    move("exhausted.d", "a", None, do=[{"tag": "nobody"}]),
    move("back", "b", "a"),
    move("end", ["a", "b"], "z"),
]


def placing(world: World | None = WORLD, parts: dict[str, Any] | None = None, **policy: Any) -> Case:
    """A ticket whose first state looks for an assignee."""
    spec = {"name": "d", "state": "a", "prefer": CHEAP, **policy}
    return Case(flow(**{"transitions": WAYS, "dispatch": [spec], **(parts or {})}), world=world)


def offered(**policy: Any) -> Case:
    """A ticket that is offered, ten minutes at a time."""
    return placing(**{"mode": "offer", "offer": {"timeout": "10m"}, **policy})


def asked(case: Case) -> list[str]:
    """Who has an open offer."""
    return [offer.to for offer in case.ticket.offers]


# assign ---------------------------------------------------------------------------------------------------------


def test_the_best_is_assigned_at_once() -> None:
    """With mode assign the best candidate gets the ticket in the very step, and the machine hears of it."""
    case = placing()

    assert ("ann", "b") == (case.ticket.assignee, case.ticket.state)
    assert ["ann"] == [effect.to for effect in of(Assign, case.effects)]
    assert ["assigned.d"] == [record.event for record in of(Received, case.records)]
    assert {"to": "ann"} == dict(of(Received, case.records)[0].payload)


def test_the_decision_is_recorded_with_its_reasons() -> None:
    """A decision tells the world's version, what came out, how many were looked at and who ranked how."""
    [decided] = of(Decided, placing().records)

    assert ("dispatch", "d", WORLD.version) == (decided.maker, decided.name, decided.world)
    assert {"action": "assign", "to": ("ann",)} == dict(decided.result)
    assert (3, ["ann", "bob", "cat"]) == (decided.why["considered"], [item["id"] for item in decided.why["ranked"]])


def test_capacity_is_taken_once_and_limited_where_it_is_asked_for() -> None:
    """The assignee's capacity is taken; the limit is told to the store only where the policy requires it."""
    assert (Take(key="engineer:ann"),) == placing().last.reservations
    assert (Take(key="engineer:ann", limit=2),) == placing(require=[{"below": "capacity"}]).last.reservations


def test_entering_the_state_again_empties_the_slot_and_searches_anew() -> None:
    """Coming back into the dispatch state lets go of the assignee and looks again."""
    case = placing()

    outcome = case.fire("back", world=World(engineers=[BOB]))

    assert ("bob", "b") == (outcome.ticket.assignee, outcome.ticket.state)
    assert (Release(key="engineer:ann"), Take(key="engineer:bob")) == outcome.reservations


def test_an_event_may_begin_the_search() -> None:
    """A policy may be run by an event, also by one that nothing else handles."""
    case = placing(state=[], event="redispatch")
    assert case.ticket.assignee is None

    assert "ann" == case.fire("redispatch", world=WORLD).ticket.assignee


def test_a_condition_keeps_the_search_from_beginning() -> None:
    """Where the policy's condition does not hold nobody is looked for."""
    case = placing(when="priority == 1")

    assert ({}, None) == (dict(case.ticket.slots), case.ticket.assignee)


# offers ---------------------------------------------------------------------------------------------------------


def test_an_offer_asks_the_best_first() -> None:
    """With mode offer the best candidate is asked, with a deadline, and capacity is held meanwhile."""
    case = offered()

    [offer] = of(Offer, case.effects)
    assert ("ann", after(10), False) == (offer.to, offer.expires, offer.pool)
    assert (None, ["ann"], (Take(key="engineer:ann"),)) == (case.ticket.assignee, asked(case), case.last.reservations)


def test_accepting_fills_the_slot() -> None:
    """Who accepts gets the ticket and keeps the capacity held."""
    case = offered()

    outcome = case.fire("offer.accept", minutes=3, actor="ann", world=WORLD)

    assert ("ann", "b", ()) == (outcome.ticket.assignee, outcome.ticket.state, outcome.ticket.offers)
    assert ((), ["engineer:ann"]) == (outcome.reservations, [held.key for held in outcome.ticket.held])
    assert ["accepted"] == [record.outcome for record in of(OfferEnded, outcome.records)]


def test_rejecting_asks_the_next() -> None:
    """Who says no is not asked again; the reason is on record, the capacity free, and the next one is asked."""
    case = offered()

    outcome = case.fire("offer.reject", {"reason": "too far"}, minutes=3, actor="ann", world=WORLD)

    assert (["bob"], ("ann",)) == (asked(case), case.ticket.slots["assignee"].declined)
    assert (Release(key="engineer:ann"), Take(key="engineer:bob")) == outcome.reservations
    assert [("rejected", "too far")] == [(record.outcome, record.reason) for record in of(OfferEnded, outcome.records)]
    assert [] == of(Withdraw, outcome.effects), "who said no need not be told"
    assert [after(13)] == [offer.expires for offer in case.ticket.offers]


def test_an_offer_nobody_answers_goes_to_the_next() -> None:
    """A timeout counts as a no, at its own instant, and the one who was asked is told."""
    case = offered()

    outcome = case.until(11, world=WORLD)

    assert ["bob"] == asked(case)
    assert [after(20)] == [offer.expires for offer in case.ticket.offers]
    assert [("ann", "no answer in time")] == [(effect.to, effect.reason) for effect in of(Withdraw, outcome.effects)]


def test_at_the_very_deadline_an_answer_still_counts() -> None:
    """An offer runs out once time is past its deadline."""
    assert "ann" == offered().fire("offer.accept", minutes=10, actor="ann", world=WORLD).ticket.assignee


def test_only_who_was_asked_can_answer() -> None:
    """An offer is answered by the person it was made to, and by nobody afterwards."""
    case = offered()

    for event in ("offer.accept", "offer.reject"):
        with pytest.raises(Refused) as caught:
            case.fire(event, actor="bob", world=WORLD)
        assert ("not_permitted", ("ann",)) == (caught.value.code, caught.value.needs)
    case.until(11, world=WORLD)
    with pytest.raises(Refused):
        case.fire("offer.accept", actor="ann", world=WORLD)


def test_several_may_be_asked_at_once() -> None:
    """With parallel so many are asked; who accepts first wins and the others are told."""
    case = offered(offer={"timeout": "10m", "parallel": 2})
    assert ["ann", "bob"] == asked(case)
    case.fire("offer.reject", actor="ann", world=WORLD)
    assert ["bob"] == asked(case), "the others may still answer"

    outcome = offered(offer={"parallel": 3}).fire("offer.accept", actor="bob", world=WORLD)

    assert [("ann", "somebody else took it"), ("cat", "somebody else took it")] == [
        (effect.to, effect.reason) for effect in of(Withdraw, outcome.effects)
    ]
    assert {Release(key="engineer:ann"), Release(key="engineer:cat")} == set(outcome.reservations)


def test_when_all_said_no_the_search_is_exhausted() -> None:
    """After the last no an event tells the machine, once, and the slot waits."""
    case = offered()
    for who in ("ann", "bob", "cat"):
        case.fire("offer.reject", actor=who, world=WORLD)

    assert (("nobody",), "waiting") == (case.ticket.tags, case.ticket.slots["assignee"].phase)
    assert 1 == len([record for record in of(Received, case.records) if record.event == "exhausted.d"])


def test_leaving_the_state_withdraws_open_offers() -> None:
    """A ticket that moves on is no longer offered to anybody."""
    case = offered()

    outcome = case.fire("end", world=WORLD)

    assert ((), {}, (Release(key="engineer:ann"),)) == (outcome.ticket.offers, dict(outcome.ticket.slots), outcome.reservations)
    assert ["ann"] == [effect.to for effect in of(Withdraw, outcome.effects)]


def test_assigning_by_hand_ends_the_search() -> None:
    """A dispatcher who assigns somebody else withdraws the offer, and the machine hears the same event."""
    case = offered()

    outcome = case.fire("ticket.assign", {"to": "cat"}, world=WORLD)

    assert ("cat", "b", ()) == (outcome.ticket.assignee, outcome.ticket.state, outcome.ticket.offers)
    assert ["engineer:cat"] == [held.key for held in outcome.ticket.held]


def test_assigning_by_hand_to_who_was_asked_keeps_their_capacity() -> None:
    """Given to the very person who was asked, the ticket goes on holding their capacity, and nothing is withdrawn from them."""
    case = offered(require=[{"below": "capacity"}])

    outcome = case.fire("ticket.assign", {"to": "ann"}, world=WORLD)

    assert ("ann", ["engineer:ann"]) == (outcome.ticket.assignee, [held.key for held in outcome.ticket.held])
    assert ((), []) == (outcome.reservations, of(Withdraw, outcome.effects))


def test_an_offers_timeout_may_count_in_a_calendar() -> None:
    """A deadline may count open time only."""
    office = {"zone": "UTC", "week": {"mon-fri": ["09:00-09:05", "14:00-17:00"]}}
    case = offered(offer={"timeout": "10m", "calendar": "office"}, parts={"calendars": {"office": office}})

    assert [after(5, hours=5)] == [offer.expires for offer in case.ticket.offers]


# pool -----------------------------------------------------------------------------------------------------------


def test_a_pool_asks_everybody_and_holds_nobody() -> None:
    """With mode pool everybody who fits may take it, nobody's capacity is held, and it does not run out."""
    case = placing(mode="pool", offer={"timeout": "10m"})

    assert (["ann", "bob", "cat"], (), None) == (asked(case), case.last.reservations, case.last.wake)
    assert all(effect.pool for effect in of(Offer, case.effects))


def test_who_takes_it_from_the_pool_gets_it() -> None:
    """The first to accept gets the ticket; the others are told."""
    case = placing(mode="pool")

    outcome = case.fire("offer.accept", actor="cat", world=WORLD)

    assert ("cat", (Take(key="engineer:cat"),)) == (outcome.ticket.assignee, outcome.reservations)
    assert {"ann", "bob"} == {effect.to for effect in of(Withdraw, outcome.effects)}


# waiting and asking for less ------------------------------------------------------------------------------------

NORTH = World(engineers=[Engineer(id="ned", areas=["north"])])


def test_nobody_who_fits_means_waiting() -> None:
    """Where nobody fits the slot waits, and the machine hears that the search is exhausted."""
    case = placing(world=NOBODY)

    assert ("waiting", ("nobody",), None) == (case.ticket.slots["assignee"].phase, case.ticket.tags, case.last.wake)


def test_after_a_while_less_is_asked() -> None:
    """Relaxations come in their order, each at its own instant counted from the beginning of the search."""
    case = placing(
        NORTH,
        require=[{"area": "'south'"}, {"skill": "'x'"}],
        relax=[{"after": "30m", "drop": "skill"}, {"after": "60m", "drop": "area"}],
    )

    assert ("a", 1) == (case.until(31, world=NORTH).ticket.state, case.ticket.slots["assignee"].stage)
    outcome = case.until(61, world=NORTH)

    assert ("ned", after(60)) == (outcome.ticket.assignee, outcome.ticket.at)
    assert ("nobody",) == case.ticket.tags


def test_an_area_may_be_widened() -> None:
    """Widening lets in who serves another part of the area around."""
    world = World(engineers=[Engineer(id="eve", areas=["west"])], areas={"east": "all", "west": "all"})
    case = placing(world, require=[{"area": "'east'"}], relax=[{"after": "30m", "widen": "area"}])

    assert case.ticket.assignee is None
    assert "eve" == case.until(31, world=world).ticket.assignee


def test_the_mode_may_change_after_a_while() -> None:
    """Changing to the pool withdraws the open offer and asks everybody, also who had said no."""
    case = offered(offer={"timeout": "2h"}, relax=[{"after": "60m", "mode": "pool"}])
    case.fire("offer.reject", actor="ann", world=WORLD)

    case.until(61, world=WORLD)

    assert (["ann", "bob", "cat"], "pool") == (asked(case), case.ticket.slots["assignee"].phase)


def test_a_shift_that_opens_is_waited_for() -> None:
    """A candidate whom only time keeps out is looked at again when their shift opens."""
    shift = Calendar(zone="UTC", week={"mon-fri": ["10:00-12:00"]})
    world = World(engineers=[Engineer(id="ann", shift="day")], calendars={"day": shift})
    case = placing(world, require=[{"open": "shift"}])

    outcome = case.until(61, world=world)

    assert ("ann", after(60)) == (outcome.ticket.assignee, outcome.ticket.at)


def test_full_candidates_are_waited_for_by_key() -> None:
    """Whom only capacity keeps out is waited for by the key whose release wakes the ticket."""
    case = placing(World(engineers=[ANN, BOB], loads={"ann": 2, "bob": 2}), require=[{"below": "capacity"}])

    assert (("engineer:ann", "engineer:bob"), None) == (case.last.waits, case.last.wake)


def test_another_world_decides_a_waiting_slot_again() -> None:
    """An advance with another version of the world looks again; with the same one it does nothing."""
    case = placing(NOBODY)

    assert [] == kinds(case.until(5, world=NOBODY))
    assert [] == kinds(case.until(6))
    outcome = case.until(7, world=WORLD)

    assert ("ann", after(7)) == (outcome.ticket.assignee, outcome.ticket.at)


def test_another_world_leaves_offers_and_assignments_alone() -> None:
    """Only waiting slots are decided again."""
    case = offered()

    assert [] == kinds(case.until(5, world=World(engineers=[CAT])))
    assert [] == kinds(placing().until(5, world=World(engineers=[CAT])))


def test_a_change_of_what_is_required_decides_a_waiting_slot_again() -> None:
    """A changed field that a requirement reads looks again at once."""
    world = World(engineers=[Engineer(id="ann", skills=["washer"])])
    parts = {"fields": {"kind": {"type": "string", "default": "fridge"}, "note": "string"}}
    case = placing(world, require=[{"skill": "kind"}], parts=parts)

    assert 0 == len(of(Decided, case.fire("ticket.update", {"note": "x"}, world=world).records))
    assert "ann" == case.fire("ticket.update", {"kind": "washer"}, world=world).ticket.assignee


def test_what_dispatch_assigns_cannot_hold_the_ticket_up() -> None:
    """Where the step after an assignment by time fails, the ticket goes on, visibly."""
    ways = [move("assigned.d", "a", "b", do=[{"set": {"priority": "p"}}])]
    parts = {"fields": {"p": {"type": "int", "default": 99}}, "transitions": ways}
    case = placing(WORLD, require=[{"skill": "'x'"}], relax=[{"after": "30m", "drop": "skill"}], parts=parts)

    outcome = case.until(31, world=WORLD)

    assert outcome.records
    assert outcome.wake is None


# without a world ------------------------------------------------------------------------------------------------


def test_without_a_world_the_host_is_asked() -> None:
    """A decision without a world becomes a call to the host, and an advance with one decides."""
    case = placing(None)

    assert [("dispatch", {"policy": "d", "slot": "assignee"})] == [
        (effect.name, dict(effect.data)) for effect in of(Call, case.effects)
    ]
    assert "ann" == case.until(1, world=WORLD).ticket.assignee


def test_a_timeout_without_a_world_asks_the_host_too() -> None:
    """An offer that runs out in a call without a world does not end the search silently."""
    case = offered()

    outcome = case.until(11)

    assert ["dispatch"] == [effect.name for effect in of(Call, outcome.effects)]
    assert ["bob"] == (case.until(12, world=WORLD), asked(case))[1]


# capacity -------------------------------------------------------------------------------------------------------


def test_capacity_is_free_when_the_work_is_done() -> None:
    """Entering a state of until gives the capacity back while the slot keeps the name."""
    parts = {
        "states": {"a": {}, "b": {}, "c": {}, "z": {"closed": True}},
        "transitions": [*WAYS, move("done", "b", "c"), move("end", "c", "z")],
    }
    case = placing(until="c", parts=parts)

    outcome = case.fire("done")

    assert ((Release(key="engineer:ann"),), "ann", ()) == (outcome.reservations, outcome.ticket.assignee, outcome.ticket.held)
    assert () == case.fire("end").reservations


def test_whose_work_is_done_takes_no_capacity_until_there_is_work_again() -> None:
    """Named by hand where the work is done nobody's place is taken; back at work whoever has the ticket takes one."""
    parts = {
        "states": {"a": {}, "b": {}, "c": {}, "z": {"closed": True}},
        "transitions": [*WAYS, move("done", "b", "c"), move("rework", "c", "b"), move("ticket.reopen", "z", "c")],
    }
    case = placing(until="c", parts={**parts, "transitions": [*parts["transitions"], move("end", "c", "z")]})
    case.fire("done")

    assert ((), "bob", ()) == (case.fire("ticket.assign", {"to": "bob"}).reservations, case.ticket.assignee, case.ticket.held)
    case.fire("end")
    assert () == case.fire("ticket.reopen").reservations
    assert (Take(key="engineer:bob"),) == case.fire("rework").reservations
    assert (Release(key="engineer:bob"),) == case.fire("done").reservations
    assert case.ticket == case.workflow.fold(case.records)


def test_what_is_held_follows_what_the_ticket_needs() -> None:
    """Grown between offer and acceptance, the rest is taken under the limit; grown or shrunk later, what is held follows."""
    fields = {"size": {"type": "int", "default": 1}}
    offered_ = {"mode": "offer", "offer": {"timeout": "1h"}}
    case = placing(parts={"fields": fields}, takes="size", require=[{"below": "capacity"}], **offered_)
    case.fire("ticket.update", {"size": 2})
    outcome = case.fire("offer.accept", actor="ann", world=WORLD.with_loads({"ann": 1}, version="held"))

    assert ((Take(key="engineer:ann", limit=2),), {"engineer:ann": 2}) == (outcome.reservations, held(case))
    assert (Take(key="engineer:ann", units=3),) == case.fire("ticket.update", {"size": 5}).reservations
    assert (Release(key="engineer:ann", units=4),) == case.fire("ticket.update", {"size": 1}).reservations
    assert (Release(key="engineer:ann"),) == case.fire("end").reservations
    assert case.ticket == case.workflow.fold(case.records)


def test_another_channel_is_another_place() -> None:
    """A ticket that goes on by phone takes no place among the chats any more."""
    ann = Engineer(id="ann", capacity=2, per_channel={"chat": 1, "phone": 1})
    flow_ = flow(transitions=WAYS, dispatch=[{"name": "d", "state": "a", "require": [{"below": "capacity"}]}])
    case = Case(flow_, {"channel": "chat"}, world=World(engineers=[ann]))
    assert () == case.fire("ticket.assign", {"to": "ann"}).reservations, "without a world what is held stays"
    case.fire("ticket.update", {"channel": "phone"}, world=World(engineers=[ann]))

    assert {"engineer:ann": 1, "engineer:ann/phone": 1} == held(case)
    assert (Release(key="engineer:ann/chat"), Take(key="engineer:ann/phone")) == case.last.reservations


def held(case: Case) -> dict[str, int]:
    """What the ticket holds."""
    return {one.key: one.units for one in case.ticket.held}


def test_going_on_from_where_the_work_is_done_takes_no_capacity() -> None:
    """Settled, then rated: whoever had the ticket is as free as before, also where it says otherwise how much it would take."""
    parts = {
        "states": {"a": {}, "b": {}, "c": {}, "d": {}, "z": {"closed": True}},
        "transitions": [
            *WAYS,
            move("done", "b", "c"),
            move("rated", "c", "d"),
            move("rework", "d", "b"),
            move("end", "d", "z"),
        ],
    }
    case = placing(until="c", parts=parts)
    case.fire("done")

    assert ((), ()) == (case.fire("rated").reservations, case.ticket.held)
    assert (Take(key="engineer:ann"),) == case.fire("rework").reservations
    assert case.ticket == case.workflow.fold(case.records)


def test_two_levels_are_two_entries() -> None:
    """First an outlet is found, then an engineer of that outlet."""
    world = World(
        outlets=[Outlet(id="north"), Outlet(id="south", cost=5)],
        engineers=[Engineer(id="ann", outlet="south"), Engineer(id="bob", outlet="north")],
    )
    workflow = flow(
        states={"a": {}, "b": {}, "c": {}},
        transitions=[move("assigned.site"), move("assigned.person", "b", "c")],
        dispatch=[
            {"name": "site", "slot": "outlet", "state": "a", "prefer": CHEAP},
            {"name": "person", "slot": "assignee", "of": "outlet", "state": "b"},
        ],
    )
    case = Case(workflow, world=world)

    assert ("c", "north", "bob") == (case.ticket.state, case.ticket.outlet, case.ticket.assignee)
    assert [("outlet", "north"), ("assignee", "bob")] == [(record.slot, record.to) for record in of(Assigned, case.records)]


def test_two_states_may_look_for_the_same_slot() -> None:
    """Each entry answers for its own state; the search of the one before is over."""
    workflow = flow(
        dispatch=[
            {"name": "d", "state": "a", "mode": "offer", "prefer": CHEAP},
            {"name": "e", "state": "b", "mode": "offer", "prefer": CHEAP},
        ]
    )
    case = Case(workflow, world=WORLD)
    case.fire("go", world=WORLD)

    assert [("e", "ann")] == [(offer.policy, offer.to) for offer in case.ticket.offers]
    assert ["engineer:ann"] == [held.key for held in case.ticket.held]


# definitions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "path"),
    [
        ({"state": "aa"}, "dispatch[0].state"),
        ({"until": "aa"}, "dispatch[0].until"),
        ({"slot": "chair"}, "dispatch[0].slot"),
        ({"state": []}, "dispatch[0]"),
        ({"when": "nn"}, "dispatch[0].when"),
        ({"when": "at > opened_at"}, "dispatch[0].when"),
        ({"require": [{"skill": "nn"}]}, "dispatch[0].require[0].skill"),
        ({"require": [{"host": "nosuch"}]}, "dispatch[0].require[0].host"),
        ({"prefer": [{"host": "nosuch"}]}, "dispatch[0].prefer[0][0].host"),
        ({"prefer": [{"value": "nn + 1"}]}, "dispatch[0].prefer[0][0].value"),
        ({"offer": {"timeout": "1h", "calendar": "ofice"}, "mode": "offer"}, "dispatch[0].offer.calendar"),
        ({"relax": [{"after": "1h", "calendar": "ofice", "mode": "pool"}]}, "dispatch[0].relax[0].calendar"),
        ({"relax": [{"after": "1h", "drop": "skill"}]}, "dispatch[0].relax[0].drop"),
    ],
)
def test_a_wrong_policy_is_found_at_its_place(policy: dict[str, Any], path: str) -> None:
    """A definition with a wrong dispatch entry is refused with a finding at its place."""
    with pytest.raises(DefinitionError) as caught:
        placing(**policy)

    places = [finding.path for finding in caught.value.findings]
    assert all(place.startswith(path) for place in places), places
