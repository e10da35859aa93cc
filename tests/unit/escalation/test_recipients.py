"""Knows who a ``to`` means; must not know how anybody is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from servflow.errors import DefinitionError
from servflow.escalation import Recipients, Rotation, Schedule, check_to, resolve, symbols
from servflow.model import FrozenMap, Ticket, World

AT = datetime(2026, 3, 3, tzinfo=UTC)
TICKET = Ticket(
    id="t1",
    workflow="w",
    at=AT,
    opened_at=AT,
    assignee="ann",
    customer="cus",
    helpers=("hal", "ida"),
    fields=FrozenMap({"account_manager": "kim", "watchers": ("lee", "kim"), "amount": 5}),
)
TURNS = Rotation(["ann", "bob"], "2026-03-02", "UTC")
WORLD = World(
    people=[
        {"id": "ann", "roles": ["engineer"], "manager": "sue"},
        {"id": "sue", "roles": ["supervisor"], "manager": "dan"},
        {"id": "bob", "roles": ["engineer", "supervisor"]},
    ],
    queues=[{"id": "care", "members": ["x", "y", "z"]}, {"id": "empty"}],
    loads={"x": 3, "y": 1, "z": 1},
    presence={"x": "away"},
    schedules={"night": TURNS, "all": Schedule([TURNS], combine="top"), "none": Schedule()},
)


def ids(to: Any, world: World | None = WORLD) -> tuple[str, ...]:
    return resolve(to, TICKET, world, AT).ids


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("assignee", ("ann",)),
        ("customer", ("cus",)),
        ("helpers", ("hal", "ida")),
        ({"user": "zed"}, ("zed",)),
        ({"role": "supervisor"}, ("bob", "sue")),
        ({"queue": "care"}, ("x", "y", "z")),
        ({"queue": "care", "pick": "least_loaded"}, ("y",)),
        ({"queue": "care", "pick": "first"}, ("y",)),
        ({"manager_of": "assignee"}, ("sue",)),
        ({"manager_of": "assignee", "n": 2}, ("dan",)),
        ({"manager_of": {"manager_of": {"user": "ann"}}}, ("dan",)),
        ({"field": "account_manager"}, ("kim",)),
        ({"field": "watchers"}, ("lee", "kim")),
        ({"on_call": "night"}, ("ann",)),
        ({"schedule": "all"}, ("ann",)),
        ({"schedule": "night", "who": "next"}, ("bob",)),
        ({"schedule": "all", "who": "next"}, ("bob",)),
        (["assignee", {"role": "engineer"}, {"field": "watchers"}], ("ann", "bob", "lee", "kim")),
    ],
)
def test_people_are_found(to: Any, expected: tuple[str, ...]) -> None:
    """Every form finds its people in the ticket and the world, each once, in the order asked."""
    assert [] == check_to(to, "to")
    assert Recipients(expected, resolve(to, TICKET, WORLD, AT).reason) == resolve(to, TICKET, WORLD, AT)


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ({"role": "director"}, ("role:director",)),
        ({"queue": "care", "pick": "random"}, ("queue:care",)),
        ({"manager_of": "assignee"}, ("manager_of:ann",)),
        ({"manager_of": {"role": "director"}, "n": 2}, ("manager_of:manager_of:role:director",)),
        ({"schedule": "night"}, ("schedule:night",)),
        ({"webhook": "pager"}, ("webhook:pager",)),
        ({"target": "mine"}, ("target:mine",)),
    ],
)
def test_without_a_world_the_host_finds_people(to: Any, expected: tuple[str, ...]) -> None:
    """What only a world could tell stays a word that the host resolves."""
    found = resolve(to, TICKET, None, AT)

    assert (expected, True) == (found.ids, found.symbolic)


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("owner", "owner is nobody"),
        ({"role": "director"}, "role director is held by nobody"),
        ({"queue": "empty"}, "queue empty has no members"),
        ({"queue": "nowhere"}, "queue nowhere has no members"),
        ({"manager_of": "owner"}, "owner is nobody"),
        ({"manager_of": {"user": "bob"}}, "bob has no manager"),
        ({"field": "amount"}, "field amount names nobody"),
        ({"schedule": "day"}, "schedule day is not in the world"),
        ({"schedule": "none"}, "nobody is on call in none"),
        ({"schedule": "none", "who": "next"}, "nobody is next on call in none"),
        (["owner", {"role": "director"}], "owner is nobody; role director is held by nobody"),
    ],
)
def test_nobody_has_a_reason(to: Any, reason: str) -> None:
    """An empty answer says why, so that silence can be told from a mistake."""
    assert Recipients((), reason) == resolve(to, TICKET, WORLD, AT)


def test_a_random_pick_is_stable() -> None:
    """The draw depends on ticket and queue alone, and somebody away is drawn only when everybody is."""
    draws = {
        resolve({"queue": "care", "pick": "random"}, Ticket(id=f"t{n}", workflow="w", at=AT, opened_at=AT), WORLD, AT).ids
        for n in range(40)
    }
    away = World(queues=[{"id": "care", "members": ["x"]}], presence={"x": "offline"})

    assert ids({"queue": "care", "pick": "random"}) == ids({"queue": "care", "pick": "random"})
    assert {("y",), ("z",)} == draws
    assert ["x"] == list(ids({"queue": "care", "pick": "first"}, away))


def test_a_host_may_register_targets() -> None:
    """A target is the host's own function from ticket, world and instant to ids."""
    targets = {"mine": lambda ticket, world, at: [ticket.customer, "bo", "bo"], "none": lambda ticket, world, at: ()}

    assert Recipients(("cus", "bo"), "target mine") == resolve({"target": "mine"}, TICKET, WORLD, AT, targets=targets)
    assert Recipients((), "target none found nobody") == resolve({"target": "none"}, TICKET, WORLD, AT, targets=targets)
    assert ["escalation.target"] == [finding.code for finding in check_to({"target": "min"}, "to", targets=targets)]
    assert [] == check_to({"target": "min"}, "to")


@pytest.mark.parametrize(
    ("to", "path", "code", "close"),
    [
        ("asignee", "to", "to", "assignee"),
        ({"rol": "x"}, "to", "to", "role"),
        ({"role": "x", "queue": "y"}, "to", "to", "role"),
        ({"role": "directr"}, "to.role", "undeclared", "director"),
        ({"queue": "car"}, "to.queue", "undeclared", "care"),
        ({"queue": "care", "pik": "all"}, "to.pik", "unknown_key", "pick"),
        ({"queue": "care", "pick": "frist"}, "to.pick", "option", "first"),
        ({"schedule": "s", "who": "then"}, "to.who", "option", None),
        ({"manager_of": {"role": "directr"}}, "to.manager_of.role", "undeclared", "director"),
        ({"manager_of": "owner", "n": 0}, "to.n", "count", None),
        ({"user": ""}, "to.user", "name", None),
        ({"user": 5}, "to.user", "name", None),
        ([], "to", "to_list", None),
        (["owner", "x"], "to[1]", "to", None),
        ([["owner"]], "to[0]", "to", None),
        (5, "to", "to", None),
    ],
)
def test_a_wrong_to_is_found_at_load(to: Any, path: str, code: str, close: str | None) -> None:
    """Each problem of a ``to`` has its path, its code and what was probably meant."""
    (found,) = check_to(to, "to", ["director", "clerk"], ["care"])

    assert (path, f"escalation.{code}", close) == (found.path, found.code, found.facts.get("nearest"))


def test_undeclared_names_pass_where_nothing_is_declared() -> None:
    """A workflow without roles or queues leaves them to the host."""
    assert [] == check_to([{"role": "x"}, {"queue": "y"}], "to")


def test_a_to_without_an_end_is_refused() -> None:
    """Managers of managers are bounded, however a definition is built."""
    endless: Any = "owner"
    for _ in range(100_000):
        endless = {"manager_of": endless}

    assert ["escalation.to_deep"] == [finding.code for finding in check_to(endless, "to")]
    with pytest.raises(DefinitionError):
        resolve(endless, TICKET, WORLD, AT)
    with pytest.raises(DefinitionError):
        symbols(endless)


def test_a_to_can_be_said_in_words() -> None:
    """A plan shows recipients without any ticket."""
    to = ["assignee", {"user": "zed"}, {"on_call": "night"}, {"manager_of": {"queue": "care"}, "n": 2}]

    assert ("assignee", "zed", "schedule:night", "manager_of:manager_of:queue:care") == symbols(to)
