"""Knows when a ticket that somebody has is given out anew; must not know who is best."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.engine import Extensions, Workflow, migrate, plan_migration
from servflow.engine._filling import LOOK_AGAIN
from servflow.errors import DefinitionError, Refused
from servflow.model import (
    Assigned,
    Engineer,
    Outlet,
    Provider,
    Queue,
    Received,
    Release,
    SlotChanged,
    SlotProgress,
    Take,
    Withdraw,
    World,
    dump,
    load_ticket,
)
from tests.unit.engine.flows import Case, after, flow, move, of
from tests.unit.engine.test_dispatch import ANN, BOB, WAYS, WORLD, asked, placing

STATES = {"a": {}, "b": {}, "c": {}, "z": {"closed": True}}
TRAVELLING = [*WAYS, move("arrive", "b", "c"), move("end", "c", "z")]


def given(world: World | None = WORLD, cause: Any = None, parts: dict[str, Any] | None = None, **policy: Any) -> Case:
    """A ticket that ann has and has not begun with: in b until she arrives."""
    more = {"states": STATES, "transitions": TRAVELLING, **(parts or {})}
    return placing(world, redispatch=cause, parts=more, **policy)


def people(*engineers: Engineer, **more: Any) -> World:
    """A world of these engineers."""
    return World(engineers=engineers, **more)


def away(name: str, start: float, end: float, cost: int = 1) -> Engineer:
    """An engineer who is on leave from one minute to another."""
    return Engineer(id=name, cost=cost, capacity=2, absences=[(after(start), after(end))])


def why(case: Case) -> list[str]:
    """For what the ticket was taken back."""
    return [change.reason for change in of(SlotChanged, case.records) if change.reason.startswith("redispatch")]


def test_leave_that_is_known_takes_the_ticket_back_when_it_begins() -> None:
    """Ann's leave begins before she does: at that instant, without anybody looking, bob has the ticket, on record."""
    world = people(away("ann", 60, 600), BOB)
    case = given(world, ["absence"])
    assert ("ann", after(60)) == (case.ticket.assignee, case.ticket.slots["assignee"].change_at)

    outcome = case.until(61, world=world)

    assert ("bob", "b", after(60)) == (outcome.ticket.assignee, outcome.ticket.state, outcome.ticket.at)
    assert ["redispatch for absence: ann is absent"] == why(case)
    assert (Release(key="engineer:ann"), Take(key="engineer:bob")) == outcome.reservations
    assert case.ticket == case.workflow.fold(case.records) == load_ticket(dump(case.ticket))


def test_without_asking_for_it_nothing_is_taken_back() -> None:
    """Each cause is opted into; leave alone changes nobody."""
    world = people(away("ann", 60, 600), BOB)

    for cause in (None, ["changed"], {"overrun": "9h"}):
        assert "ann" == (case := given(world, cause), case.until(61, world=world))[0].ticket.assignee


@pytest.mark.parametrize(
    ("cause", "world"),
    [
        ("absence", people(away("ann", -5, 600), BOB)),
        ("absence", people(BOB)),
        ("presence", people(ANN, BOB, presence={"ann": "offline"})),
    ],
)
def test_another_world_may_take_it_back(cause: str, world: World) -> None:
    """Somebody who falls ill, leaves or goes offline loses the ticket at the next look with the new world."""
    case = given(WORLD, [cause])
    assert () == case.until(5, world=WORLD).records

    assert "bob" == case.until(6, world=world).ticket.assignee


def test_who_has_begun_keeps_it() -> None:
    """Once the ticket has left the states of travelling, or its work is done, nothing takes it back."""
    world = people(away("ann", 60, 600), BOB)
    case = given(world, ["absence"])
    case.fire("arrive", world=world)

    assert ({}, "ann") == (dict(case.ticket.slots), case.until(61, world=world).ticket.assignee)


def test_work_that_does_not_begin_in_time_goes_to_another() -> None:
    """An overrun is a timer; whoever did not come is not asked again."""
    case = given(WORLD, {"overrun": "2h"})
    case.until(121, world=WORLD)

    assert ("bob", ("ann",), 1) == (
        case.ticket.assignee,
        case.ticket.slots["assignee"].declined,
        case.ticket.slots["assignee"].again,
    )
    assert "cat" == case.until(241, world=WORLD).ticket.assignee
    assert case.ticket == case.workflow.fold(case.records)


def test_it_does_not_go_round_without_end() -> None:
    """After as many times as the definition allows, it stays with whoever has it."""
    case = given(WORLD, {"overrun": "1h", "most": 1})
    case.until(1000, world=WORLD)

    assert ("bob", None, 1) == (case.ticket.assignee, case.ticket.wake, len(why(case)))


def test_a_changed_ticket_goes_to_somebody_who_can() -> None:
    """A field that a requirement reads changes so that ann no longer meets it: bob gets it. Other changes change nothing."""
    world = people(Engineer(id="ann", skills=["washer"]), Engineer(id="bob", skills=["fridge"]))
    parts = {"fields": {"kind": {"type": "string", "default": "washer"}, "note": "string"}}
    case = given(world, ["changed"], parts, require=[{"skill": "kind"}])
    case.fire("ticket.update", {"note": "x"}, world=world)
    assert "ann" == case.ticket.assignee

    assert "bob" == case.fire("ticket.update", {"kind": "fridge"}, world=world).ticket.assignee
    assert ["redispatch for changed: ann does not meet skill any more"] == why(case)


def test_a_change_without_a_world_is_looked_at_with_the_next() -> None:
    """Where no world is given when the field changes, the next look with one takes it back."""
    world = people(Engineer(id="ann", skills=["washer"]), Engineer(id="bob", skills=["fridge"]))
    parts = {"fields": {"kind": {"type": "string", "default": "washer"}}}
    case = given(world, ["changed"], parts, require=[{"skill": "kind"}])
    case.fire("ticket.update", {"kind": "fridge"})
    assert "ann" == case.ticket.assignee

    assert "bob" == case.until(1, world=world).ticket.assignee


def test_whoever_has_it_may_give_it_back() -> None:
    """With rejection opted into, offer.reject after the acceptance looks for another; nobody else can give it back."""
    case = given(WORLD, ["rejection"], mode="offer")
    case.fire("offer.accept", actor="ann", world=WORLD)
    with pytest.raises(Refused):
        case.fire("offer.reject", actor="bob", world=WORLD)

    case.fire("offer.reject", {"reason": "car broke down"}, actor="ann", world=WORLD)

    assert (None, ["bob"], ["redispatch for rejection: ann gave it back: car broke down"]) == (
        case.ticket.assignee,
        asked(case),
        why(case),
    )


def test_returned_capacity_brings_who_meets_all_of_it() -> None:
    """Given under relaxed requirements, the ticket goes to who meets all of them as soon as they have room again."""
    full = people(Engineer(id="ann", skills=["gas"], capacity=1), BOB, loads={"ann": 1})
    case = given(
        full, ["capacity"], require=[{"skill": "'gas'"}, {"below": "capacity"}], relax=[{"after": "30m", "drop": "skill"}]
    )
    case.until(31, world=full)
    assert ("bob", ("engineer:ann",)) == (case.ticket.assignee, case.ticket.waits)

    case.until(40, world=full.with_loads({"ann": 0}))

    assert ("ann", ["redispatch for capacity: ann has room again and meets all that was asked"]) == (
        case.ticket.assignee,
        why(case),
    )


def test_what_a_person_assigned_stays_for_what_changes_but_not_when_they_leave() -> None:
    """A dispatcher's choice is not judged by the rules; but somebody on leave cannot come."""
    world = people(Engineer(id="ann", skills=["washer"]), away("dan", 60, 600), Engineer(id="bob", skills=["fridge"]))
    parts = {"fields": {"kind": {"type": "string", "default": "washer"}}}
    case = given(world, ["changed", "absence"], parts, require=[{"skill": "kind"}], mode="offer")
    case.fire("ticket.assign", {"to": "dan"}, world=world)
    case.fire("ticket.update", {"kind": "fridge"}, world=world)
    assert "dan" == case.ticket.assignee

    assert ["bob"] == (case.until(61, world=world), asked(case))[1]


def test_the_machine_may_move_the_ticket_first() -> None:
    """Where something listens to redispatched, the ticket goes there before somebody is sought, and is asked for once."""
    ways = [*TRAVELLING, move("redispatched.d", "b", "a", do=[{"tag": "again"}])]
    case = given(WORLD, {"overrun": "1h", "most": 1}, {"transitions": ways}, mode="offer")
    case.fire("offer.accept", actor="ann", world=WORLD)
    assert "b" == case.ticket.state

    case.until(61, world=WORLD)

    assert ("a", ("again",), ["bob"], 1) == (
        case.ticket.state,
        case.ticket.tags,
        asked(case),
        case.ticket.slots["assignee"].again,
    )
    assert 1 == len([record for record in of(Received, case.records) if record.event == "redispatched.d"])
    case.fire("offer.accept", actor="bob", minutes=70, world=WORLD)
    assert ("bob", None) == (case.ticket.assignee, case.until(900, world=WORLD).wake)


def test_offers_to_people_who_left_are_taken_back() -> None:
    """With absence opted into, an offer to somebody who falls ill goes to the next at the next look."""
    case = given(WORLD, ["absence"], mode="offer")
    case.until(1, world=people(away("ann", -5, 600), BOB))

    assert ["bob"] == asked(case)


@pytest.mark.parametrize(
    ("redispatch", "path"),
    [
        ({}, "dispatch[0].redispatch"),
        ([], "dispatch[0].redispatch"),
        (["abscence"], "dispatch[0].redispatch.[0]"),
        ({"absence": "yes"}, "dispatch[0].redispatch.absence"),
        ({"overrun": "soon"}, "dispatch[0].redispatch.overrun"),
        ({"overrun": "0h"}, "dispatch[0].redispatch.overrun"),
        ({"absence": True, "most": 0}, "dispatch[0].redispatch.most"),
        ({"absence": True, "state": "bb"}, "dispatch[0].redispatch.state"),
        ({"overrun": "1h", "calendar": "ofice"}, "dispatch[0].redispatch.calendar"),
        ({"absense": True}, "dispatch[0].redispatch.absense"),
    ],
)
def test_a_wrong_redispatch_is_found_at_its_place(redispatch: Any, path: str) -> None:
    """What cannot be read, or names what is not there, is told where it stands."""
    with pytest.raises(DefinitionError) as caught:
        given(WORLD, redispatch)

    assert path in {finding.path for finding in caught.value.findings}


# several slots in turn ------------------------------------------------------------------------------------------

BRANDS = World(
    providers=[Provider(id="acme", contracts=["frost"]), Provider(id="zen", contracts=["heat"])],
    outlets=[Outlet(id="north", provider="acme"), Outlet(id="south", provider="zen")],
    engineers=[Engineer(id="ann", outlet="south"), Engineer(id="bob", outlet="north", capacity=1)],
    queues=[Queue(id="cold", skills=["frost"], capacity=3), Queue(id="warm", skills=["heat"])],
)


def test_provider_outlet_and_engineer_are_found_in_turn() -> None:
    """The brand's provider, an outlet of theirs, an engineer of it: each reserved, each on record, each under its slot."""
    workflow = flow(
        states={"a": {}, "b": {}, "c": {}, "d": {}},
        fields={"brand": "string"},
        transitions=[move("assigned.brand"), move("assigned.site", "b", "c"), move("assigned.person", "c", "d")],
        dispatch=[
            {"name": "brand", "slot": "provider", "state": "a", "require": [{"contract": "brand"}]},
            {"name": "site", "slot": "outlet", "of": "provider", "state": "b"},
            {"name": "person", "of": "outlet", "state": "c", "require": [{"below": "capacity"}]},
        ],
    )
    case = Case(workflow, {"brand": "frost"}, world=BRANDS)

    assert ("d", "acme", "north", "bob") == (case.ticket.state, case.ticket.provider, case.ticket.outlet, case.ticket.assignee)
    assert [("provider", "acme"), ("outlet", "north"), ("assignee", "bob")] == [
        (r.slot, r.to) for r in of(Assigned, case.records)
    ]
    assert (Take(key="provider:acme"), Take(key="outlet:north"), Take(key="engineer:bob", limit=1)) == case.last.reservations
    assert case.ticket == workflow.fold(case.records) == load_ticket(dump(case.ticket))


def test_another_outlet_is_another_search() -> None:
    """Named another outlet by hand, a ticket looks among its engineers: one that waits, and one that somebody has."""
    north, south = Outlet(id="north"), Outlet(id="south")
    ann, sue = Engineer(id="ann", outlet="north"), Engineer(id="sue", outlet="south")
    entry = {"name": "d", "of": "outlet", "state": "a", "redispatch": {"changed": True}}
    definition = flow(transitions=[move("assigned.d", "a", "b")], dispatch=[entry])
    world = World(outlets=[north, south], engineers=[ann, sue])
    case = Case(definition, world=world)

    assert "sue" == case.fire("ticket.assign", {"slot": "outlet", "to": "south"}, world=world).ticket.assignee
    assert "ann" == case.fire("ticket.assign", {"slot": "outlet", "to": "north"}, world=world).ticket.assignee
    assert case.ticket == case.workflow.fold(case.records)


def test_a_queue_is_a_slot_too() -> None:
    """Dispatch may choose the waiting line; clocks hear of it, its capacity is counted and freed when it moves on."""
    workflow = flow(
        fields={"skill": "string"},
        queues=["cold", "warm"],
        dispatch=[{"name": "line", "slot": "queue", "state": "a", "require": [{"skill": "skill"}, {"below": "capacity"}]}],
        clocks=[{"name": "answer", "within": "1h", "start": {"queue": "cold"}}],
    )
    case = Case(workflow, {"skill": "frost"}, world=BRANDS)

    assert ("cold", (Take(key="queue:cold", limit=3),), "running") == (
        case.ticket.queue,
        case.last.reservations,
        case.ticket.clocks["answer"].phase,
    )
    assert (Release(key="queue:cold"),) == case.fire("ticket.update", {"queue": "warm"}, world=BRANDS).reservations
    with pytest.raises(Refused, match="no queue 'cool'"):
        case.fire("ticket.assign", {"slot": "queue", "to": "cool"})


def test_a_hand_assigned_provider_is_a_slot() -> None:
    """A person may fill the provider as well, and take it away."""
    case = Case(flow(), {})

    assert "acme" == case.fire("ticket.assign", {"slot": "provider", "to": "acme"}).ticket.provider
    assert (None, ()) == (case.fire("ticket.assign", {"slot": "provider", "to": None}).ticket.provider, case.ticket.held)


def moved_on(case: Case, new: Workflow, minutes: float) -> None:
    """The ticket comes under another definition."""
    case._keep(migrate(case.ticket, plan_migration(case.workflow, new), at=after(minutes)))
    case.workflow = new


def slot(case: Case) -> SlotProgress:
    """How far the search for an assignee has come."""
    return case.ticket.slots["assignee"]


def test_leave_that_begins_where_no_world_is_given() -> None:
    """Nobody can tell then, once, on record; the next call with a world takes the ticket back."""
    world = people(away("ann", 60, 600), BOB)
    case = given(world, ["absence"])

    case.until(61)
    assert ("ann", None, LOOK_AGAIN, "no world was given") == (
        case.ticket.assignee,
        slot(case).change_at,
        slot(case).world,
        of(SlotChanged, case.records)[-1].reason,
    )
    assert case.ticket.wake is None
    case.until(90, world=world)

    assert ("bob", ["redispatch for absence: ann is absent"]) == (case.ticket.assignee, why(case))


def test_a_definition_that_takes_nothing_back_any_more() -> None:
    """What was waited for comes and changes nothing, each once; then nothing is waited for."""
    world = people(away("ann", 60, 600), BOB)
    still = {"transitions": [move("go", "a", "c"), move("end", "c", "z")]}
    case = given(world, {"absence": True, "overrun": "50m"}, still)
    moved_on(case, given(None, None, still).workflow, 10)

    case.until(55)
    case.until(70, world=world)

    assert ("ann", None, None, None) == (case.ticket.assignee, slot(case).overrun_at, slot(case).change_at, case.ticket.wake)
    assert ["nothing takes it back"] * 2 == [change.reason for change in of(SlotChanged, case.records)][-2:]
    assert case.ticket == case.workflow.fold(case.records)


def test_another_world_may_bring_another_leave() -> None:
    """Leave that is told later is waited for; a world in which nothing of it changed leaves no record."""
    case = given(people(ANN, BOB, loads={"bob": 1}), ["absence"])
    assert () == case.until(5, world=people(ANN, BOB)).records

    later = case.until(10, world=people(away("ann", 60, 600), BOB))

    assert (["looked at again"], after(60)) == ([one.reason for one in of(SlotChanged, later.records)], slot(case).change_at)
    assert "bob" == case.until(61, world=people(away("ann", 60, 600), BOB)).ticket.assignee


@pytest.mark.parametrize(
    ("world", "cause", "said"),
    [
        (people(BOB), "absence", "ann is not there any more"),
        (people(away("ann", -5, 600), BOB), "absence", "ann is absent"),
        (people(ANN, BOB, presence={"ann": "away"}), "presence", "ann is away or offline"),
    ],
)
def test_why_it_was_taken_back_is_told_to_those_who_listen(world: World, cause: str, said: str) -> None:
    """The event says from whom and for what; the record says how that shows."""
    ways = [*TRAVELLING, move("redispatched.d", "b", None, do=[{"tag": "payload.previous + ' ' + payload.cause"}])]
    case = given(people(ANN, BOB), [cause], {"transitions": ways})

    case.until(5, world=world)

    told = [record for record in of(Received, case.records) if record.event == "redispatched.d"]
    assert [{"previous": "ann", "cause": cause}] == [dict(record.payload) for record in told]
    assert [f"redispatch for {cause}: {said}"] == why(case)


def test_only_the_offers_of_those_who_left_are_taken_back() -> None:
    """Whoever is still there may answer; nobody else is asked while they may, and each is told why theirs is over."""
    case = given(WORLD, ["absence"], mode="offer", offer={"timeout": "10m", "parallel": 2})
    made = {offer.to: offer.id for offer in case.ticket.offers}
    world = people(away("ann", -5, 600), BOB, *WORLD.engineers[2:])

    outcome = case.until(1, world=world)

    assert ["bob"] == asked(case)
    assert [("ann", made["ann"], "ann is absent")] == [(one.to, one.offer, one.reason) for one in of(Withdraw, outcome.effects)]
    assert () == case.until(2, world=world).records


def test_a_requirement_of_the_host_is_asked_of_who_accepts() -> None:
    """The host's own function judges whoever accepts as it judged whom to ask; the refusal tells which rule it was."""
    able = {"ann", "bob", "cat"}
    extensions = Extensions(requirements={"van": lambda who, _: who.id in able})
    case = given(WORLD, None, {"extensions": extensions}, mode="offer", require=[{"host": "van"}])
    able.remove("ann")

    with pytest.raises(Refused, match=r"offer\.accept is not allowed now") as caught:
        case.fire("offer.accept", actor="ann", world=WORLD)
    assert ("guard", "offer.accept", "ann", "host") == tuple(
        caught.value.facts[key] for key in ("code", "event", "candidate", "rules")
    )
    assert ["ann"] == asked(case)
    able.add("ann")
    assert "ann" == case.fire("offer.accept", actor="ann", world=WORLD).ticket.assignee


def test_several_who_did_not_answer_are_each_left_alone_for_their_time() -> None:
    """Each cool-off ends by itself, in the hours it counts in."""
    hours = {"office": {"zone": "UTC", "week": {"mon-fri": ["09:00-10:00"]}}}
    offer = {"timeout": "10m", "cool_off": "45m", "calendar": "office"}
    case = given(people(ANN, BOB), None, {"calendars": hours}, mode="offer", offer=offer)

    case.until(11, world=people(ANN, BOB))
    case.until(21, world=people(ANN, BOB))

    # Of bob's forty-five minutes forty are left of this morning, the others come tomorrow.
    assert {"ann": after(55), "bob": after(5, days=1)} == dict(slot(case).silent)
    case.until(56, world=people(ANN, BOB))
    assert ["ann"] == asked(case)
