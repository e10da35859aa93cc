"""Knows what a world tells about people and places and which are refused; must not know any decision."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from servflow.errors import InputError, ServflowError, TimeError
from servflow.model import Capacity, Engineer, Outlet, Person, Queue, World

WORLD = World(
    engineers=[
        Engineer(id="ann", roles=["engineer"], queues="care", skills={"gas": 3}, manager="mia"),
        {"id": "bob", "skills": ["gas"]},
    ],
    outlets={"north": {"areas": ["city"]}, "south": None},
    people=[Person(id="mia", roles=["manager"]), Person(id="cal", queues=["care"])],
    queues=[Queue(id="care", members=["dan"], manager="lea")],
    areas={"street": "city", "city": "land"},
    loads={"ann": 1},
)


def test_entities_may_be_written_as_mappings() -> None:
    """A world takes values, mappings, or a mapping by id."""
    assert ["ann", "bob"] == [engineer.id for engineer in WORLD.engineers]
    assert [Outlet(id="north", areas=("city",)), Outlet(id="south")] == list(WORLD.outlets)
    assert ({"gas": 3}, {"gas": 1}) == tuple(dict(engineer.skills) for engineer in WORLD.engineers)


def test_who_is_who() -> None:
    """Persons by id, queues and roles by those in them, whichever side names them."""
    assert {"ann", "bob", "mia", "cal"} == set(WORLD.persons)
    assert {"ann", "bob", "north", "south"} == set(WORLD.by_id)
    assert ("ann", "cal", "dan") == WORLD.members["care"]
    assert ("mia",) == WORLD.holders["manager"]


@pytest.mark.parametrize(("person", "manager"), [("ann", "mia"), ("cal", "lea"), ("bob", None), ("nobody", None)])
def test_managers_come_from_the_person_or_their_queue(person: str, manager: str | None) -> None:
    """A person's own manager goes before the one who leads their queue."""
    assert manager == WORLD.manager_of(person)


def test_a_reporting_line_may_stand_beside_the_people() -> None:
    """Whose own entry names no manager reports by the line, before the lead of a queue; who leads it reports to no self."""
    world = World(
        people=[Person(id="ann", manager="mia"), Person(id="cal", queues=["care"]), Person(id="lea", queues=["care"])],
        queues=[Queue(id="care", members=["dan", "eve"], manager="lea")],
        reports_to={"ann": "other", "mia": "zoe", "eve": "mia", "zoe": None},
    )

    assert ["mia", "lea", None, "lea", "mia", "zoe", None] == [
        world.manager_of(person) for person in ("ann", "cal", "lea", "dan", "eve", "mia", "zoe")
    ]
    assert (("mia",), ("mia", "zoe"), ("mia", "zoe")) == tuple(world.managers_of("ann", n) for n in (1, 2, 9))


def test_a_reporting_line_that_goes_round_ends() -> None:
    """Nobody comes twice on the way up, and nobody is above themselves."""
    world = World(reports_to={"ann": "bob", "bob": "cal", "cal": "bob", "me": "me"})

    assert ("bob", "cal") == world.managers_of("ann", 10)
    assert () == world.managers_of("me", 3)


def test_a_long_line_is_walked_no_further_than_asked() -> None:
    """Ten levels of a line of many thousands take no longer than ten steps."""
    world = World(reports_to={f"p{number}": f"p{number + 1}" for number in range(50_000)})

    assert tuple(f"p{number}" for number in range(1, 11)) == world.managers_of("p0", 10)


def test_zones_and_channels_are_optional() -> None:
    """Not known is not none, and what is not said leaves the version of a world as it was."""
    person = Person(id="ann", zone="Asia/Shanghai", channels=["phone", "mail"])

    assert ("Asia/Shanghai", ("phone", "mail")) == (person.zone, person.channels)
    assert (None, None) == (Person(id="ann").zone, Person(id="ann").channels)
    assert () == Person(id="ann", channels=[]).channels
    assert "Europe/Berlin" == Outlet(id="north", zone="Europe/Berlin").zone
    old = World(people=[Person(id="ann", manager="mia")], outlets=[Outlet(id="north")], loads={"ann": 1})
    assert "7608679806a3f962756cf957" == old.version
    assert World(people=[person]).version != World(people=[{"id": "ann"}]).version
    assert World(turns={}).version != World().version


def test_turns_may_be_given_later() -> None:
    """Another count of turns gives another world; all else is shared."""
    later = WORLD.with_turns({"care": 7})

    assert ({"care": 7}, WORLD.engineers, dict(WORLD.loads)) == (dict(later.turns or {}), later.engineers, dict(later.loads))
    assert None is WORLD.turns


def test_areas_lie_in_areas() -> None:
    """An area's path goes up to the largest."""
    assert ("street", "city", "land") == WORLD.area_path("street")
    assert ("elsewhere",) == WORLD.area_path("elsewhere")


@pytest.mark.parametrize(
    "parts",
    [
        {"engineers": [{"id": "x", "skillz": ["a"]}]},
        {"engineers": [{"id": "x"}, {"id": "x"}]},
        {"people": [{"id": "x", "zone": "Asia/Shanghia"}]},
        {"people": [{"id": "x", "zone": "../etc/passwd"}]},
        {"people": [{"id": "x", "zone": "America"}]},
        {"people": [{"id": "x", "zone": 8}]},
        {"people": [{"id": "x", "channels": 8}]},
        {"outlets": [{"id": "x", "zone": ""}]},
        {"reports_to": ["x"]},
        {"turns": {"x": 1.5}},
        {"engineers": ["x"]},
        {"areas": {"a": "b", "b": "a"}},
        {"areas": {"a": "a"}},
    ],
)
def test_a_wrong_world_is_refused(parts: dict[str, Any]) -> None:
    """An unknown attribute, somebody named twice, something else, or areas in a circle are errors of ours."""
    with pytest.raises(InputError):
        World(**parts)


@pytest.mark.parametrize("value", [5, "x", ["x"], {"nosuch": 1}, {"engineers": 5}])
def test_what_is_no_world_is_refused(value: Any) -> None:
    """A world comes as a world or its mapping; anything else is an error of ours."""
    with pytest.raises(InputError):
        World.of(value)


def test_absences_are_instants() -> None:
    """An absence is a pair of instants, as text or as datetimes; naive ones are refused."""
    early, late = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)

    assert ((early, late),) == Engineer(id="x", absences=[("2026-03-02T00:00:00Z", late)]).absences
    with pytest.raises(TimeError):
        Engineer(id="x", absences=[(datetime(2026, 3, 2), late)])


def test_the_version_follows_the_content() -> None:
    """Equal content has an equal version, any change another one, and a host's own version goes before."""
    assert World(engineers=[{"id": "x"}]) == World(engineers=[Engineer(id="x")])
    assert World(engineers=[{"id": "x"}]).version != World(engineers=[{"id": "x", "capacity": 1}]).version
    assert WORLD.version != WORLD.with_loads({"ann": 2}).version
    assert World(version="7") == World(version="7", loads={"x": 1})
    assert "8" == WORLD.with_loads({}, version="8").version


def test_the_version_does_not_depend_on_the_hash_seed() -> None:
    """Another process gives the same content the same version."""
    program = (
        "from servflow.model import World\n"
        "print(World(engineers=[{'id': 'x', 'skills': {'b': 1, 'a': 2}, 'roles': ['q', 'p']}]).version)"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }

    assert 1 == len(said)


def test_who_else_takes_tickets() -> None:
    """Agents, bots and providers are candidates beside engineers and outlets, and persons where they are persons."""
    world = World(agents=[{"id": "amy"}], bots={"help": {"serves": "chat"}}, providers=[{"id": "corp"}])

    assert ({"amy", "help", "corp"}, {"amy", "help"}) == (set(world.by_id), set(world.persons))


def test_capacity_by_channel_and_in_a_pinch() -> None:
    """A whole number is the most; a normal capacity above it is refused."""
    engineer = Engineer(id="ann", capacity=5, normal=4, per_channel={"chat": 3, "phone": {"most": 2, "normal": 1}})

    assert {"chat": Capacity(3), "phone": Capacity(2, 1)} == dict(engineer.per_channel)
    with pytest.raises(InputError, match="normal capacity 6 is above the capacity 5"):
        Engineer(id="ann", capacity=5, normal=6)


@pytest.mark.parametrize(
    ("shifts", "match"),
    [
        ([("2026-11-23T08:00Z", "2026-11-23T12:00Z"), ("2026-11-23T11:00Z", "2026-11-23T13:00Z")], "overlaps"),
        ([("2026-11-23T08:00Z", "2026-11-23T08:00Z")], "not after its start"),
    ],
)
def test_shifts_of_a_roster_come_one_after_the_other(shifts: Any, match: str) -> None:
    """Shifts that overlap, or have no length, are refused with their ends."""
    with pytest.raises(InputError, match=match):
        Engineer(id="ann", shifts=shifts)


def test_contracts_by_brand_and_warranty() -> None:
    """A mapping gives the warranty types of each brand; a brand without types is covered whole."""
    outlet = Outlet(id="north", contracts={"cool": ["in_warranty", "extended"], "warm": None})

    assert ("cool/in_warranty", "cool/extended", "warm") == outlet.contracts


def test_what_worlds_were_given_later_leaves_old_versions_alone() -> None:
    """A world that says nothing of what came later keeps the version it always had."""
    world = World(engineers=[{"id": "ann"}], queues=[{"id": "q"}], outlets=[{"id": "n"}])

    assert "e0a9612057e345f5ea573a18" == world.version


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"skills": {"ac": "three"}}, "engineer 'ann', skills: expected a whole number"),
        ({"certificates": {"gas": "2026-12-31"}}, "engineer 'ann', certificates: at 2026-12-31T00:00:00 is naive"),
        ({"capacity": {"chat": 2}}, "engineer 'ann', capacity: .* said as per_channel"),
        ({"position": [True, 1]}, "engineer 'ann', position: "),
        ({"capacity": 1, "normal": 2}, "engineer 'ann': the normal capacity 2 is above the capacity 1"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(entry: dict[str, Any], said: str) -> None:
    """Whoever loads a thousand engineers is told which one, and which attribute of theirs."""
    with pytest.raises(ServflowError, match=said) as refused:
        World(engineers=[{"id": "ann", **entry}])

    assert "ann" == refused.value.entity


def test_somebody_without_an_id_is_refused() -> None:
    """Whoever left an id out reads which kind of entry lacks it, and the entry."""
    with pytest.raises(InputError, match=r"^an engineer has no id: {'name': 'Ann'}"):
        World(engineers=[{"name": "Ann"}])
    with pytest.raises(InputError, match=r"^a bot has no id"):
        World(bots=[{}])


def test_a_calendar_is_no_mapping() -> None:
    """A mapping where a calendar is wanted is refused with what makes one of it."""
    with pytest.raises(InputError, match="load_world"):
        World(calendars={"day": {"zone": "UTC", "week": {"mon": ["09:00-18:00"]}}})


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"loads": {"ann": 1, "ben": "3"}}, "the world, loads of 'ben': expected a whole number"),
        ({"travel": {"a1": {"b1": -3}}}, "the world, travel of 'a1': expected a whole number from 0 on"),
        ({"loads": ["ann"]}, "the world, loads: expected a mapping by name"),
        ({"speed": 0}, "the world, speed: "),
    ],
)
def test_what_cannot_be_read_of_a_world_is_told_with_its_place(mapping: dict[str, Any], said: str) -> None:
    """Whoever loads a world is told which of its parts is wrong, and whose value; ways of less than no minutes are refused."""
    with pytest.raises(InputError, match=said):
        World.of(mapping)


def test_other_loads_may_be_no_list() -> None:
    """What is no mapping is refused as the world's own loads are, and not with an error of Python."""
    with pytest.raises(InputError, match="expected a mapping by name"):
        World().with_loads(["ann"])  # type: ignore[arg-type]  # that is the mistake
    with pytest.raises(InputError, match="expected a mapping by name"):
        World().with_presence(["ann"])  # type: ignore[arg-type]  # that is the mistake


def test_the_order_of_people_and_places_says_nothing() -> None:
    """Worlds that list the same engineers, outlets and people in another order are one world."""
    there = World(engineers=[{"id": "ann"}, {"id": "bob"}], outlets=[{"id": "n"}, {"id": "s"}], people=[{"id": "p"}])
    back = World(engineers=[{"id": "bob"}, {"id": "ann"}], outlets=[{"id": "s"}, {"id": "n"}], people=[{"id": "p"}])

    assert (there, there.version) == (back, back.version)
