"""Knows what plans of routes say and what an audit of them must catch; must not know the solver."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from servflow import Calendar
from servflow.dispatch import Plan, Route, Routing, Stop, insertions, plan, verify
from servflow.errors import InputError, LimitError, TimeError
from servflow.model import Appointment, FrozenMap, Ticket, World

AT = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
RULE: dict[str, Any] = {
    "name": "visits",
    "require": [{"skill": "skill"}, {"open": "shift"}, {"part": "part"}, {"certificate": "licence"}, {"below": "capacity"}],
    "visit": {"start": "start", "minutes": "minutes", "window": "window"},
}
WAYS = {
    "home": {"north": 30, "south": 20, "home": 0},
    "north": {"home": 30, "south": 15, "north": 5},
    "south": {"home": 20, "north": 15, "south": 5},
}
DAY = Calendar("UTC", {"mon-fri": ["08:00-12:00", "13:00-17:00"]})


def ticket(name: str, area: str = "north", hour: int = 8, window: int = 480, **fields: Any) -> Ticket:
    """A visit of an hour that may begin from an hour of the day on."""
    start = AT.replace(hour=hour, minute=0)
    told = {"area": area, "skill": "ac", "start": start, "minutes": 60, "window": window, **fields}
    return Ticket(id=name, workflow="w", at=AT, opened_at=AT, fields=FrozenMap(told))


def world(*people: dict[str, Any]) -> World:
    """People who live at home and work by day, with breaks."""
    usual: dict[str, Any] = {"skills": ["ac"], "areas": ["home"], "shift": "day"}
    return World(engineers=[{**usual, **person} for person in people], calendars={"day": DAY}, travel=WAYS)


def routes(tickets: list[Ticket], people: World, **options: Any) -> Plan:
    """The plan, which can be walked."""
    found = plan(RULE, tickets, people, AT, "routes", **{"routing": {"rounds": 100}, **options})

    assert () == verify(found, RULE, tickets, people, AT)
    return found


def test_a_day_of_visits() -> None:
    """A route says when somebody leaves, arrives, begins, ends and is back; nobody drives or works in the break."""
    found = routes(
        [ticket("1", hour=9, window=0), ticket("2", "south", hour=11), ticket("3", "south", hour=13)], world({"id": "ann"})
    )

    def at(text: str) -> datetime:
        return AT.replace(hour=int(text[:2]), minute=int(text[3:]))

    stops = (
        Stop("1", at("09:00"), at("09:00"), at("10:00"), 30),
        Stop("2", at("10:15"), at("11:00"), at("12:00"), 15),
        Stop("3", at("13:05"), at("13:05"), at("14:05"), 5),
    )
    assert (Route("ann", at("08:30"), stops, at("14:25"), 70),) == found.routes
    assert (("1", "ann"), ("2", "ann"), ("3", "ann")) == found.assignments
    assert (3, -9, -70) == found.objective


def test_a_plan_of_routes_as_data() -> None:
    """Routes are told as JSON-ready data; other plans have none."""
    people = world({"id": "ann"})
    data = routes([ticket("1", hour=9, window=0)], people).as_data()

    assert "2026-03-02T09:00:00Z" == data["routes"][0]["stops"][0]["start"]
    assert "routes" not in plan(RULE, [ticket("1", hour=9, window=0)], people, AT).as_data()


def test_a_plan_of_routes_is_read_from_its_data() -> None:
    """What a plan of routes tells as data can be read and audited again; what is none is refused with what is wrong in it."""
    people, tickets = world({"id": "ann"}), [ticket("1", hour=9, window=0), ticket("2", skill="tv")]
    found = routes(tickets, people)
    data = found.as_data()
    [route] = data["routes"]

    assert found == Plan.read(data)
    for wrong, said in (
        ({"routes": 3}, "must be a list"),
        ({"routes": [{**route, "stop": []}]}, "has no 'stop'; did you mean 'stops'"),
        ({"routes": [{**route, "leaves": "soon"}]}, "soon"),
        ({"routes": [{**route, "stops": [{"ticket": "1"}]}]}, "needs arrival"),
        ({"routes": [{**route, "travel": "1"}]}, "whole number"),
        ({"routes": [{**route, "candidate": 1}]}, "a name"),
    ):
        with pytest.raises((InputError, TimeError), match=said):
            Plan.read({**data, **wrong})


def test_who_is_left_out_and_why() -> None:
    """A visit is left out for a rule, for want of time at all, or since others fill the day; the urgent come first."""
    people = world({"id": "ann", "capacity": 2})
    urgent = attrs.evolve(ticket("1", hour=9, window=0), priority=1)
    tickets = [
        urgent,
        ticket("2", hour=9, window=0),
        ticket("3", hour=17),
        ticket("4", skill="tv"),
        ticket("5", hour=14),
    ]

    found = routes(tickets, people)

    assert (("1", "ann"), ("5", "ann")) == found.assignments
    assert {"2": "taken", "3": "time", "4": "skill"} == dict(found.unassigned)


def test_points_come_before_the_way() -> None:
    """What the policy prefers is worth more than a short way, and among equals the way decides."""
    people = world({"id": "ann", "cost": 9, "areas": ["north"]}, {"id": "bob", "cost": 1})
    cheap = {**RULE, "prefer": [[{"term": "cost", "weight": -1}]]}

    assert (("1", "bob"),) == plan(cheap, [ticket("1")], people, AT, "routes").assignments
    assert (("1", "ann"),) == plan(RULE, [ticket("1")], people, AT, "routes").assignments


def test_parts_and_capacity_last_for_the_route() -> None:
    """A part is used up by the visit that takes it, and capacity counts all visits with what is held."""
    people = world({"id": "ann", "parts": {"fan": 1}, "capacity": 3}, {"id": "bob", "parts": {"fan": 1}, "capacity": 1})
    tickets = [ticket(str(number), "south", part="fan") for number in range(3)]

    found = routes(tickets, people)

    assert ["ann", "bob"] == sorted(who for _, who in found.assignments)
    assert 1 == routes([ticket("1"), ticket("2")], world({"id": "bob", "capacity": 2}).with_loads({"bob": 1})).objective[0]


def test_absences_rosters_and_certificates() -> None:
    """Somebody absent does not drive or work, a roster counts instead of the calendar, a certificate holds to the end."""
    noon = AT.replace(hour=12, minute=0)
    people = world(
        {"id": "ann", "absences": [[noon - 3 * HOUR, noon + 9 * HOUR]], "certificates": {"gas": None}},
        {"id": "bob", "shifts": [[noon - HOUR, noon + 4 * HOUR]], "certificates": {"gas": noon + 2 * HOUR}},
    )

    found = routes([ticket("1", "south", hour=9, licence="gas")], people)

    [route] = found.routes or ()
    assert ("bob", noon - 40 * MINUTE) == (route.candidate, route.stops[0].start)
    assert (("2", "time"),) == routes([ticket("2", "south", hour=14, licence="gas")], people).unassigned


def test_a_day_begins_where_somebody_is_once_it_has_begun() -> None:
    """In the middle of a shift the way begins at the position, the next day at home."""
    here, there = (31.0, 121.0), (31.0, 121.5)
    people = World(
        engineers=[{"id": "ann", "shift": "day", "position": here, "home": there, "skills": ["ac"]}], calendars={"day": DAY}
    )
    near = attrs.evolve(ticket("1", hour=10), fields=ticket("1", hour=10).fields | {"position": here, "area": None})
    begun = AT.replace(hour=9)

    today = plan(RULE, [near], people, begun, "routes")
    early = plan(RULE, [near], people, AT, "routes")

    assert 0 == today.routes[0].stops[0].travel  # type: ignore[index]  # a plan of routes has some
    assert 72 == early.routes[0].stops[0].travel  # type: ignore[index]  # a plan of routes has some
    assert () == verify(today, RULE, [near], people, begun)
    assert () == verify(early, RULE, [near], people, AT)


def test_each_day_begins_at_home() -> None:
    """Over several days there is a route for each, and none goes through the night."""
    tickets = [ticket(str(number), "south", hour=13, window=24 * 60 + 120) for number in range(7)]

    found = routes(tickets, world({"id": "ann"}), routing={"until": AT + 40 * HOUR, "rounds": 50})

    assert 7 == found.objective[0]
    assert [2, 3] == [route.leaves.day for route in found.routes or ()]


def test_pinned_visits_stay() -> None:
    """A pinned visit keeps whom it has, though others would come cheaper and more visits would fit without it."""
    people = world({"id": "ann"}, {"id": "bob", "areas": ["north"]})
    tickets = [ticket(str(number), hour=9, window=0) for number in range(3)]

    found = plan(RULE, tickets, people, AT, "routes", pinned={"2": "ann"})

    assert ("2", "ann") in found.assignments
    assert 2 == found.objective[0]
    assert () == verify(found, RULE, tickets, people, AT, pinned={"2": "ann"})


def test_planning_again_moves_as_few_as_possible() -> None:
    """Who has a visit so far keeps it where that costs points of no other level, or of none at all where it comes first."""
    people = world({"id": "ann", "areas": ["north"], "cost": 1}, {"id": "bob", "cost": 9})
    cheap = {**RULE, "prefer": [[{"term": "cost", "weight": -1}]]}
    tickets, current = [ticket("1"), ticket("2", "south", hour=13)], {"1": "bob", "2": "bob"}

    def planned(rule: dict[str, Any], **options: Any) -> Plan:
        found = plan(rule, tickets, people, AT, "routes", current=current, **options)
        assert () == verify(found, rule, tickets, people, AT, current=current, **options)
        return found

    assert {"1": "ann", "2": "ann"} == dict(plan(RULE, tickets, people, AT, "routes").assignments)
    assert {"1": "bob", "2": "bob"} == dict(planned(RULE).assignments)
    assert (("1", "bob", "ann"), ("2", "bob", "ann")) == planned(cheap).moved
    assert ((), (2, 2, -18, -6, -65)) == ((again := planned(cheap, stability=0)).moved, again.objective)


def test_pinned_visits_that_cannot_be_driven() -> None:
    """A pinned visit needs no certificate or part by now; only where its time is taken by another pinned one is it left out."""
    people = world({"id": "ann", "certificates": {"gas": AT}, "capacity": 1, "parts": {"fan": 1}})
    tickets = [
        ticket("1", hour=9, window=0, licence="gas", part="fan"),
        ticket("2", hour=9, window=0),
        ticket("3", hour=14, part="fan"),
        ticket("4", hour=15),
    ]
    pins = {"1": "ann", "2": "ann", "4": "ann"}

    found = plan(RULE, tickets, people, AT, "routes", pinned=pins)

    assert {"1": "ann", "4": "ann"} == dict(found.assignments)
    assert {"2": "taken", "3": "taken"} == dict(found.unassigned)
    assert () == verify(found, RULE, tickets, people, AT, pinned=pins)
    assert "pinned" in {one.kind for one in verify(found, RULE, tickets, people, AT, pinned={"2": "ann"})}


def test_conditions_hold_at_the_time_of_the_visit() -> None:
    """A condition over certificates is asked of each time at which a visit may begin, not of the first one only."""
    rule = {**RULE, "require": [{"when": "'gas' in candidate.certificates"}]}
    people = world({"id": "ann", "certificates": {"gas": AT.replace(hour=11, minute=0)}})
    tickets = [ticket(str(number), "south", hour=9) for number in range(3)]

    found = plan(rule, tickets, people, AT, "routes")

    assert (1, (("1", "taken"), ("2", "taken"))) == (len(found.assignments), found.unassigned)
    assert () == verify(found, rule, tickets, people, AT)


def test_the_time_of_a_booked_visit_is_given_to_nobody_else() -> None:
    """While somebody is booked for a visit that cannot be made, they make no other one instead."""
    nine, noon = (AT.replace(hour=hour, minute=0) for hour in (9, 12))
    people = attrs.evolve(
        world({"id": "ann", "shift": None, "absences": [[nine, nine + HOUR]]}), booked={"ann": [[nine, noon]]}
    )
    promised = attrs.evolve(ticket("1"), appointment=Appointment(policy="visits", start=nine, end=noon, to="ann"))

    found = routes([promised, ticket("2", hour=10, window=0)], people)

    assert (("1", "time"), ("2", "time")) == found.unassigned


def test_booked_visits_are_kept() -> None:
    """Who was promised comes when it was agreed, and the time in which somebody is booked elsewhere is not theirs to give."""
    nine, ten, noon = (AT.replace(hour=hour, minute=0) for hour in (9, 10, 12))
    people = attrs.evolve(
        world({"id": "ann"}, {"id": "bob", "areas": ["north"]}), booked={"ann": [[nine, ten]], "bob": [[nine, noon]]}
    )
    promised = attrs.evolve(ticket("1"), appointment=Appointment(policy="visits", start=nine, end=ten, to="ann"))
    other = ticket("2", hour=9, window=120)

    found = routes([promised, other], people)

    assert (("1", "ann"), ("2", "ann")) == found.assignments
    assert [nine, ten + 5 * MINUTE] == [stop.start for route in found.routes or () for stop in route.stops]


def test_ways_nobody_knows() -> None:
    """A way of which nothing tells counts as nothing, or as the minutes given for such ways, and is told as unknown."""
    people = World(engineers=[{"id": "ann", "skills": ["ac"], "shift": "day"}], calendars={"day": DAY})
    tickets = [ticket("1", hour=8), ticket("2", hour=8)]

    free = routes(tickets, people)
    slow = routes(tickets, people, routing={"unknown": 20, "rounds": 10})

    assert [0, 60] == [-free.objective[-1], -slow.objective[-1]]
    assert None is slow.routes[0].stops[0].travel  # type: ignore[index]  # a plan of routes has some


def test_the_same_seed_gives_the_same_plan() -> None:
    """Neither the order of the tickets nor of the world matters, and a run can be done again."""
    people = world(*({"id": f"p{number}", "areas": [area]} for number, area in enumerate(("home", "north", "south"))))
    turned = attrs.evolve(people, engineers=people.engineers[::-1])
    tickets = [ticket(str(number), ("north", "south")[number % 2], hour=8 + number % 7, window=90) for number in range(16)]

    assert routes(tickets, people) == routes(tickets[::-1], turned)


def test_where_one_more_visit_fits() -> None:
    """The places left between planned visits say when one may begin there and how much longer the way gets."""
    people, planned = world({"id": "ann"}), [ticket("1", hour=9, window=0), ticket("2", hour=14, window=0)]
    found = routes(planned, people)

    one, other = insertions(found, RULE, [*planned, ticket("3", "south", hour=8)], people, AT, new="3")

    assert ["15:15", "15:40"] == [f"{instant:%H:%M}" for instant in (one.start, one.latest)]
    assert ["10:15", "11:00"] == [f"{instant:%H:%M}" for instant in (other.start, other.latest)]
    assert (("ann", 5), ("ann", 25)) == ((one.candidate, one.extra), (other.candidate, other.extra))
    fixed = ticket("3", "south", hour=11, window=0)
    assert 3 == routes([*planned, fixed], people).objective[0]


def test_where_nothing_more_fits() -> None:
    """Whom nobody can visit has no place; what is no plan of these people is refused."""
    people, planned = world({"id": "ann"}), [ticket("1", hour=9, window=0)]
    found, more = routes(planned, people), [*planned, ticket("3", skill="tv")]

    assert () == insertions(found, RULE, more, people, AT, new="3")
    with pytest.raises(InputError, match="no plan of routes"):
        insertions(Plan(), RULE, more, people, AT, new="3")
    with pytest.raises(InputError, match="cannot be kept"):
        insertions(found, RULE, more, world({"id": "bob"}), AT, new="3")
    with pytest.raises(InputError, match="not be planned yet"):
        insertions(found, RULE, more, people, AT, new="1")


def test_nobody_and_nothing() -> None:
    """Without tickets there are no routes, and without people nobody is on one."""
    assert Plan(routes=()) == plan(RULE, [], world({"id": "ann"}), AT, "routes")
    assert (("1", "nobody"),) == routes([ticket("1")], World()).unassigned


def test_arguments_are_checked() -> None:
    """Routes are of people, options are spelled out, and there are not too many visits at once."""
    with pytest.raises(InputError, match="chooses among outlets"):
        plan({"name": "p", "slot": "outlet"}, [ticket("1")], World(), AT, "routes")
    with pytest.raises(InputError, match="did you mean 'rounds'"):
        plan(RULE, [ticket("1")], World(), AT, "routes", routing={"round": 3})
    with pytest.raises(InputError, match="whole number"):
        Routing(minutes=0)
    with pytest.raises(InputError, match="its mapping"):
        plan(RULE, [ticket("1")], World(), AT, "routes", routing=3)  # type: ignore[arg-type]  # what a caller may get wrong
    with pytest.raises(LimitError, match="2001 tickets"):
        plan(RULE, [ticket(str(number)) for number in range(2001)], World(), AT, "routes")


PEOPLE = world(
    {"id": "ann", "parts": {"fan": 1}, "certificates": {"gas": None}, "absences": [[AT + 8 * HOUR, AT + 9 * HOUR]]},
    {"id": "bob", "parts": {"fan": 1}, "certificates": {"gas": AT + 4 * HOUR}},
    {"id": "unskilled", "skills": []},
)
TICKETS = [
    ticket("1", hour=9, window=60, part="fan"),
    ticket("2", "south", hour=10, window=60, licence="gas"),
    ticket("3", "south", hour=13, window=120),
]


def _stops(found: Plan, change: Callable[[list[Stop]], list[Stop]]) -> Plan:
    [first, *others] = found.routes or ()
    return attrs.evolve(found, routes=(attrs.evolve(first, stops=tuple(change(list(first.stops)))), *others))


def _moved(number: int, minutes: int) -> Callable[[Plan], Plan]:
    def move(stops: list[Stop]) -> list[Stop]:
        stop, by = stops[number], minutes * MINUTE
        stops[number] = attrs.evolve(stop, arrival=stop.arrival + by, start=stop.start + by, end=stop.end + by)
        return stops

    return lambda found: _stops(found, move)


def _changed(number: int, **changes: Any) -> Callable[[Plan], Plan]:
    return lambda found: _stops(
        found, lambda stops: [*stops[:number], attrs.evolve(stops[number], **changes), *stops[number + 1 :]]
    )


def _route(**changes: Any) -> Callable[[Plan], Plan]:
    return lambda found: attrs.evolve(found, routes=(attrs.evolve((found.routes or ())[0], **changes),))


def _all_to(who: str) -> Callable[[Plan], Plan]:
    def change(found: Plan) -> Plan:
        given = tuple((name, who) for name, _ in found.assignments)
        return attrs.evolve(_route(candidate=who)(found), assignments=given)

    return change


NOON = AT.replace(hour=12, minute=0)

WRONG: dict[str, tuple[str, Callable[[Plan], Plan]]] = {
    "begins before its window": ("too_early", _moved(0, -10)),
    "begins after its window": ("too_late", _moved(2, 125)),
    "begins before anybody is there": ("starts_before_arrival", _changed(0, arrival=AT + 2 * HOUR)),
    "is too short": ("duration", _changed(0, end=AT + 2 * HOUR)),
    "lies in a break": ("closed", _changed(1, start=NOON - 30 * MINUTE, end=NOON + 30 * MINUTE)),
    "lies in an absence": ("absence", _moved(2, 140)),
    "is at two places at once": ("overlap", _moved(0, 30)),
    "drives too fast": ("travel", _moved(1, -14)),
    "leaves home too late": ("travel", _route(leaves=AT + 70 * MINUTE)),
    "leaves before the plan": ("too_early", _route(leaves=AT - HOUR)),
    "is home too soon": ("travel", _route(back=AT + 385 * MINUTE)),
    "tells another way": ("travel_told", _changed(1, travel=3)),
    "tells less on the way": ("travel_told", _route(travel=3)),
    "lacks the skill": ("skill", _all_to("unskilled")),
    "lacks the part": ("part", _all_to("unskilled")),
    "visits twice": ("visited_twice", lambda found: _stops(found, lambda stops: [*stops, stops[0]])),
    "forgets a stop": ("no_stop", lambda found: _stops(found, lambda stops: stops[1:])),
    "visits what is somebody else's": ("other_route", _route(candidate="bob")),
    "is of nobody": ("unknown_candidate", _route(candidate="zoe")),
    "visits what nobody asked for": ("unknown_ticket", _changed(0, ticket="9")),
    "loses a ticket": ("missing", lambda found: attrs.evolve(found, assignments=found.assignments[1:])),
    "is on two routes at once": ("overlap", lambda found: attrs.evolve(found, routes=(found.routes or ()) * 2)),
    "is worth less than it says": ("objective", lambda found: attrs.evolve(found, objective=(9, 0, 0))),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_routes_is_found(name: str) -> None:
    """Each kind of mistake in a sound plan is told by its kind."""
    kind, spoil = WRONG[name]
    people = attrs.evolve(PEOPLE, engineers=[PEOPLE.engineers[0], PEOPLE.engineers[2]])
    sound = routes(TICKETS, people)
    everybody = attrs.evolve(PEOPLE, engineers=PEOPLE.engineers)

    assert () == verify(sound, RULE, TICKETS, everybody, AT)
    assert kind in {violation.kind for violation in verify(spoil(sound), RULE, TICKETS, everybody, AT)}


def test_what_was_left_out_though_there_is_room_is_found() -> None:
    """A visit that fits between two others, as they are, must not be left out; one that is in no time or rule may be."""
    people = world({"id": "ann", "capacity": 3})
    tickets = [ticket("1", hour=9, window=0), ticket("2", hour=13), ticket("3", "south", hour=10, window=60)]
    more = [*tickets, ticket("4", hour=9, window=30), ticket("5", skill="tv"), ticket("6", hour=15, window=60)]
    few = routes(tickets[:2], people)
    left = attrs.evolve(few, unassigned=tuple((one.id, "taken") for one in more[2:]))

    def told(given: list[Ticket], found: Plan, **options: Any) -> set[tuple[str, str | None]]:
        return {(one.kind, one.ticket) for one in verify(found, RULE, given, people, AT, **options)}

    assert {("could_be_assigned", "3")} == told(more, left)
    assert {("could_be_assigned", "3"), ("could_be_assigned", "6")} == told(more, left, routing={"rounds": 1})
    assert set() == told(more, attrs.evolve(routes(tickets, people), unassigned=left.unassigned[1:]), routing={})


def test_what_only_the_routing_says_is_audited_where_it_is_told() -> None:
    """With what the plan was made with, untold ways and lengths are audited as well, and how far the plan reaches."""
    people = World(engineers=[{"id": "ann", "skills": ["ac"], "shift": "day"}], calendars={"day": DAY})
    untold = [attrs.evolve(ticket(str(number)), fields=ticket("1").fields | {"start": None, "area": None}) for number in (1, 2)]
    found = plan(RULE, untold, people, AT, "routes", routing={"minutes": 30})

    def kinds(**routing: Any) -> set[str]:
        return {one.kind for one in verify(found, RULE, untold, people, AT, routing=routing)}

    assert set() == kinds(minutes=30)
    assert {"duration"} == kinds()
    assert {"travel"} == kinds(minutes=30, unknown=5)
    assert {"too_late"} == kinds(minutes=30, until=AT + HOUR)


def test_a_visit_outside_the_window_it_asks_for_is_found() -> None:
    """A window that a requirement asks for is around the visit itself, not only around some free time."""
    rule = {**RULE, "require": [{"window": "span"}]}
    nine = AT.replace(hour=9, minute=0)
    people, tickets = world({"id": "ann"}), [ticket("1", span=[nine, nine + 2 * HOUR])]
    found = plan(rule, tickets, people, AT, "routes")

    late = attrs.evolve(tickets[0], fields=tickets[0].fields | {"span": [nine + HOUR, nine + 2 * HOUR]})

    assert () == verify(found, rule, tickets, people, AT)
    assert {"window"} == {one.kind for one in verify(found, rule, [late], people, AT)}


def test_parts_used_up_and_certificates_expired_on_the_way() -> None:
    """A route of somebody who carries one part for two visits, or whose certificate ends before a visit does, is wrong."""
    tickets = [ticket("1", hour=9, part="fan"), ticket("2", hour=9, part="fan", licence="gas")]
    rich = world({"id": "bob", "parts": {"fan": 2}, "certificates": {"gas": None}})
    poor = world({"id": "bob", "parts": {"fan": 1}, "certificates": {"gas": AT + 2 * HOUR}})

    kinds = {violation.kind for violation in verify(routes(tickets, rich), RULE, tickets, poor, AT)}

    assert {"parts_used_up", "certificate"} == kinds
