"""Knows how a world is changed in one place; must not know who reads it."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from servflow.errors import InputError
from servflow.model import Bot, Engineer, Outlet, Person, Queue, World

WORLD = World(
    engineers=[{"id": "ann", "skills": ["ac"], "queues": ["q"]}, {"id": "bob"}],
    outlets=[{"id": "north"}],
    queues=[{"id": "q", "members": ["bob"]}],
    loads={"ann": 2},
    areas={"a": "top"},
    facts={"ü": [1, {"b": 2, "a": 1}], "day": datetime(2026, 3, 2, tzinfo=UTC)},
)


def anew(world: World) -> World:
    """The same world from its parts, with nothing taken over."""
    parts = {item.name: getattr(world, item.name) for item in World.__attrs_attrs__ if item.name != "given_version"}
    return World(**parts)


@pytest.mark.parametrize(
    "change",
    [
        lambda world: world.with_load("bob", 4),
        lambda world: world.with_load("cy", 1).with_load("ann", 0),
        lambda world: world.with_loads({"bob": 1}),
        lambda world: world.with_presence({"ann": "away"}),
        lambda world: world.with_turns({"q": 3}),
        lambda world: world.with_engineer({"id": "ann", "skills": {"ac": 3}}),
        lambda world: world.with_engineer({"id": "eve", "queues": ["q"]}),
        lambda world: world.with_entity(Outlet(id="north", areas=["a"])),
        lambda world: world.with_entity(Bot(id="b1")),
        lambda world: world.with_entity(Queue(id="q", members=["eve"])),
        lambda world: world.with_entity(Person(id="pat", roles=["lead"])),
    ],
)
@pytest.mark.parametrize("warm", [True, False])
def test_a_changed_world_is_the_world_made_anew(change: Any, warm: bool) -> None:
    """Version, tables and whatever is worked out of them are those of a world built from the same parts."""
    before = anew(WORLD)
    if warm:
        assert all((before.version, before.members, before.by_id, before.persons))
        assert {} == before.leads
    changed = change(before)
    expected = anew(changed)

    assert expected.version == changed.version != before.version
    for name in ("persons", "by_id", "members", "holders", "leads"):
        assert getattr(expected, name) == getattr(changed, name)
    assert WORLD == before


def test_a_replaced_engineer_keeps_their_place() -> None:
    """Whoever has the id already is replaced where they stood, and somebody new comes last."""
    cy = Engineer(id="cy")
    changed = WORLD.with_engineer(Engineer(id="ann", cost=3)).with_engineer(cy)

    assert ["ann", "bob", "cy"] == [one.id for one in changed.engineers]
    assert 3 == changed.engineers[0].cost
    assert changed.engineers[1] is WORLD.engineers[1]


def test_the_version_given_counts() -> None:
    """A version given with the change is the version; without one it is a hash again, not the one of before."""
    given = anew(WORLD).with_load("ann", 3, version="r7")

    assert "r7" == given.version
    assert "r7" != given.with_load("ann", 4).version


@pytest.mark.parametrize(
    "change",
    [
        lambda: WORLD.with_load("ann", "two"),
        lambda: WORLD.with_load("", 2),
        lambda: WORLD.with_presence({"ann": 3}),
        lambda: WORLD.with_engineer({"id": "ann", "skils": []}),
        lambda: WORLD.with_entity("ann"),
    ],
)
def test_a_change_is_read_as_strictly_as_a_world(change: Any) -> None:
    """What no world could be made with cannot be changed into one either."""
    with pytest.raises(InputError):
        change()


def test_what_was_worked_out_stays_behind() -> None:
    """A pickled or evolved world carries what it says and nothing that was kept beside it."""
    world = anew(WORLD)
    world.derived["x"] = object()
    copied = pickle.loads(pickle.dumps(world))

    assert world == copied
    assert {} == copied.derived
    assert {} == attrs.evolve(world, loads={}).derived
    assert world.derived == world.with_load("ann", 3).derived
