"""Knows who a ``to`` means; must not know how anybody is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from servflow.errors import DefinitionError
from servflow.escalation import Recipients, Rotation, Schedule, resolve
from servflow.escalation._addresses import check_to, symbols
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
    reports_to={"north": "sue"},
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
        ({"outlet": "north"}, ("north",)),
        ({"manager_of": {"outlet": "north"}}, ("sue",)),
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
        (
            [{"on_call": "night"}, {"schedule": "night", "who": "next"}, {"schedule": "night", "who": "previous"}],
            ("schedule:night", "next:schedule:night", "previous:schedule:night"),
        ),
        ({"webhook": "pager"}, ("webhook:pager",)),
        ({"target": "mine"}, ("target:mine",)),
    ],
)
def test_without_a_world_the_host_finds_people(to: Any, expected: tuple[str, ...]) -> None:
    """What only a world could tell stays a word that the host resolves."""
    found = resolve(to, TICKET, None, AT)

    assert (expected, True) == (found.ids, found.symbolic)
    assert found.ids == (symbols(to) if to != {"manager_of": "assignee"} else expected)  # a plan knows no ticket


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


def ticket(number: int = 1, **more: Any) -> Ticket:
    return Ticket(id=f"t{number}", workflow="w", at=AT, opened_at=AT, **more)


ROUND = {"queue": "care", "pick": "round_robin"}


def test_turns_are_fair_over_tickets() -> None:
    """The world counts turns: each ticket gets the next one, and what the store has to hold is told."""
    found = [resolve(ROUND, ticket(number), World(queues=WORLD.queues, turns={"care": number}), AT) for number in range(6)]

    assert [("x",), ("y",), ("z",), ("x",), ("y",), ("z",)] == [one.ids for one in found]
    assert [{"care": number} for number in range(6)] == [dict(one.counted) for one in found]
    assert "round_robin of queue care" == found[0].because["x"]


def test_a_ticket_goes_on_from_its_own_turn() -> None:
    """Once a ticket has had a turn it goes on by itself, whatever the world counts meanwhile."""
    world = World(queues=WORLD.queues, turns={"care": 7})
    later = resolve(ROUND, ticket(turns=FrozenMap({"care": 2})), world, AT)
    twice = resolve([ROUND, ROUND], ticket(), world, AT)

    assert (("z",), {"care": 2}, {}) == (later.ids, dict(later.turns), dict(later.counted))
    assert (("y", "z"), {"care": 8}, {"care": 7}) == (twice.ids, dict(twice.turns), dict(twice.counted))


def test_turns_pass_over_who_is_away() -> None:
    """Somebody away, offline or absent is passed over for the next one, unless everybody is."""
    absent = {"id": "z", "absences": [(AT, AT.replace(day=4))]}
    world = World(queues=WORLD.queues, engineers=[absent], presence={"x": "away"}, turns={"care": 2})
    nobody = World(queues=WORLD.queues, presence=dict.fromkeys("xyz", "offline"), turns={"care": 1})

    assert ("y",) == resolve(ROUND, ticket(), world, AT).ids
    assert ("x",) == resolve(ROUND, ticket(), World(queues=WORLD.queues, engineers=[absent], turns={"care": 2}), AT).ids
    assert ("y",) == resolve(ROUND, ticket(), nobody, AT).ids
    assert "round_robin of queue care, where everybody is away" == resolve(ROUND, ticket(), nobody, AT).reason
    assert ("z",) == resolve(
        {"queue": "care", "pick": "first"}, ticket(), World(queues=[{"id": "care", "members": ["z"]}]), AT
    ).ids


def test_without_a_count_of_turns_the_first_is_a_stable_draw() -> None:
    """Nothing is reserved then; over many tickets everybody gets about as many."""
    found = [resolve(ROUND, ticket(number), World(queues=WORLD.queues), AT) for number in range(300)]
    shares = [sum(one.ids == (person,) for one in found) for person in "xyz"]

    assert [{}] * 300 == [dict(one.counted) for one in found]
    assert all(share > 70 for share in shares), shares
    assert found[7] == resolve(ROUND, ticket(7), World(queues=WORLD.queues), AT)


def test_a_seed_changes_the_draw() -> None:
    """Two places of a definition need not draw the same person."""
    drawn = {
        seed: [
            resolve({"queue": "care", "pick": "random", **({"seed": seed} if seed else {})}, ticket(n), WORLD, AT).ids
            for n in range(40)
        ]
        for seed in ("", "a", "b")
    }

    assert drawn["a"] != drawn["b"] != drawn[""] != drawn["a"]


LINE = World(reports_to={"ann": "bob", "bob": "cal", "cal": "bob", "hal": "ida", "ida": "joe"})


@pytest.mark.parametrize(
    ("to", "expected", "reason"),
    [
        ({"manager_of": "assignee", "n": 2}, ("cal",), "manager of manager of assignee"),
        ({"manager_of": {"manager_of": "assignee"}}, ("cal",), "manager of manager of assignee"),
        ({"manager_of": "assignee", "n": 3}, (), "the reporting line of ann goes in a circle: ann > bob > cal > bob"),
        (
            {"manager_of": {"manager_of": {"manager_of": "assignee"}}},
            (),
            "the reporting line of ann goes in a circle: ann > bob > cal > bob",
        ),
        ({"manager_of": {"user": "ida"}, "n": 3}, (), "joe has no manager, and ida is asked for 3 levels up"),
        (
            {"manager_of": "helpers", "n": 2},
            ("joe",),
            "manager of manager of helpers; joe has no manager, and ida is asked for 2 levels up",
        ),
    ],
)
def test_managers_are_walked_up_a_line_that_ends(to: Any, expected: tuple[str, ...], reason: str) -> None:
    """Who has fewer managers has none so far up, a circle has no further one, and each is told."""
    found = resolve(to, TICKET, LINE, AT)

    assert (expected, reason) == (found.ids, found.reason)


def test_each_recipient_has_a_reason_of_their_own() -> None:
    """Of several parts, each id is there for one of them, and parts that found nobody are told."""
    found = resolve(
        ["owner", {"role": "engineer"}, "assignee", {"manager_of": "helpers"}, {"webhook": "pager"}], TICKET, LINE, AT
    )

    assert {
        "ann": "assignee",
        "ida": "manager of hal (helpers)",
        "joe": "manager of ida (helpers)",
        "webhook:pager": "webhook pager",
    } == dict(found.because)
    assert ("owner is nobody", "role engineer is held by nobody") == found.nobody
    assert (True, ("ann", "ida", "joe")) == (found.symbolic, found.people)


def boom(*_: Any) -> Any:
    raise RuntimeError("no")


def endless(*_: Any) -> Any:
    number = 0
    while True:
        yield f"p{number}"
        number += 1


class Odd:
    """A schedule of a host that answers as badly as a target."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def on_call(self, at: datetime) -> Any:
        """Whatever it was given."""
        return self.answer() if callable(self.answer) else self.answer


@pytest.mark.parametrize(
    ("answer", "count", "reason"),
    [
        (boom, 0, " failed with RuntimeError"),
        (endless, 1000, " gave more than 1000 ids"),
        (lambda *_: None, 0, " failed with TypeError"),
        (lambda *_: "ann", 1, ""),
        (lambda *_: [1, None, "ann", ""], 1, " gave what is no id (int, NoneType, str)"),
        (lambda *_: ["\ud800"], 0, " gave what is no id (str)"),
        (lambda *_: [[]], 0, " gave what is no id (list)"),
    ],
)
def test_a_host_that_answers_badly_breaks_nothing(answer: Any, count: int, reason: str) -> None:
    """Whatever a target or a schedule of the host raises or gives, there is an answer and a reason."""
    target = resolve({"target": "mine"}, TICKET, WORLD, AT, targets={"mine": answer})
    schedule = resolve({"on_call": "odd"}, TICKET, World(schedules={"odd": Odd(answer)}), AT)

    assert (count, count) == (len(target.ids), len(schedule.ids))
    assert (reason in target.reason, reason in schedule.reason) == (True, True)
    assert all(isinstance(known, str) for known in target.ids)


def test_a_schedule_that_cannot_look_back_says_so() -> None:
    """A host's own schedule need not know more than who is on call."""
    world = World(schedules={"odd": Odd(["ann"])})

    assert (
        "schedule odd cannot tell who is previous" == resolve({"schedule": "odd", "who": "previous"}, TICKET, world, AT).reason
    )


def test_a_field_nobody_declared_is_found_at_load() -> None:
    """A field that is read for a person has to be one."""
    (found,) = check_to({"field": "managr"}, "to", fields=["manager"])

    assert ("to.field", "escalation.undeclared", "manager") == (found.path, found.code, found.facts["nearest"])
    assert [] == check_to({"field": "managr"}, "to")


@pytest.mark.parametrize(
    ("to", "path", "code"),
    [
        ({"queue": "care", "seed": "x"}, "to.seed", "belongs"),
        ({"queue": "care", "pick": "round_robin", "seed": "x"}, "to.seed", "belongs"),
        ({"queue": "care", "pick": "random", "seed": 5}, "to.seed", "name"),
        ({"user": "x" * 201}, "to.user", "name"),
    ],
)
def test_a_seed_goes_with_a_random_pick(to: Any, path: str, code: str) -> None:
    """What would say nothing is refused."""
    assert [(path, f"escalation.{code}")] == [(found.path, found.code) for found in check_to(to, "to")]
