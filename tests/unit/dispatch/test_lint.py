"""Knows what is said against worlds and against policies in a world; must not know how anyone is chosen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import servflow
from servflow.calendars import Calendar
from servflow.dispatch import check_policy, check_world, evaluate
from servflow.errors import InputError, TimeError
from servflow.model import Ticket, World

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = Calendar(zone="Asia/Shanghai", week={"mon-fri": ["09:00-18:00"]})
SOUND: dict[str, Any] = {
    "engineers": [
        {
            "id": "ann",
            "skills": {"ac": 2},
            "areas": ["a1"],
            "shift": "day",
            "outlet": "north",
            "capacity": 3,
            "languages": ["en"],
            "certificates": {"gas": AT + HOUR},
            "parts": {"fan": 1},
            "position": (30, 120),
            "shifts": [(AT, AT + HOUR)],
        },
        {"id": "bob"},
    ],
    "people": [{"id": "pat"}],
    "outlets": [{"id": "north", "areas": ["a"], "contracts": {"haile": ["out"], "mido": []}, "neighbours": ["p1"]}],
    "providers": [{"id": "p1"}],
    "queues": [{"id": "q"}],
    "areas": {"a1": "a", "a2": "a", "island": None},
    "calendars": {"day": DAY},
    "loads": {"ann": 3, "ann/chat": 1, "outlet:north": 4},
    "presence": {"pat": "away"},
    "forbidden": {"c1": ["bob"]},
    "travel": {"a1": {"a2": 20}},
}


def with_(**changed: Any) -> World:
    """The sound world with something else in it."""
    return World(**{**SOUND, **changed})


def engineer(**changed: Any) -> World:
    """The sound world with an engineer who is not quite as they should be."""
    return with_(engineers=[{**SOUND["engineers"][0], **changed}, {"id": "bob"}])


def told(world: Any, at: datetime | None = AT) -> list[tuple[str, str, str]]:
    """What is found, by code, path and severity."""
    return [(item.code, item.path, item.severity) for item in check_world(world, at)]


def test_a_sound_world_is_let_pass() -> None:
    """Nothing is said against a world in which all names are known and nobody holds more than they take."""
    assert [] == told(SOUND)
    assert [] == told({"engineers": [{"id": "ann", "areas": ["anywhere"]}]})


@pytest.mark.parametrize(
    ("world", "expected"),
    [
        ({}, ("world.empty", "world", "warning")),
        ({"people": [{"id": "pat"}]}, ("world.empty", "world", "warning")),
        (engineer(areas=["a3"]), ("world.unknown_area", "world.engineers.ann.areas", "warning")),
        (engineer(shift="dya", shifts=[]), ("world.unknown_calendar", "world.engineers.ann.shift", "warning")),
        (engineer(outlet="nroth"), ("world.unknown_outlet", "world.engineers.ann.outlet", "warning")),
        (engineer(position=(120, 30)), ("world.latitude", "world.engineers.ann.position", "warning")),
        (engineer(shifts=[(AT - HOUR, AT)]), ("world.roster_ended", "world.engineers.ann.shifts", "warning")),
        (with_(presence={"pat": "Offline"}), ("world.presence_word", "world.presence.pat", "warning")),
        (engineer(absences=[(AT, AT - HOUR)]), ("world.absence_empty", "world.engineers.ann.absences", "warning")),
        (with_(loads={"ann": 4}), ("world.over_capacity", "world.engineers.ann.capacity", "warning")),
        (with_(loads={"ann": -1}), ("world.below_zero", "world.loads.ann", "warning")),
        (with_(channel_loads={"ann": {"chat": -2}}), ("world.below_zero", "world.channel_loads.ann", "warning")),
        (engineer(capacity=-1), ("world.below_zero", "world.engineers.ann.capacity", "warning")),
        (engineer(per_channel={"chat": 1}), None),
        (with_(loads={"anne": 1}), ("world.unknown_candidate", "world.loads", "warning")),
        (with_(presence={"anne": "away"}), ("world.unknown_candidate", "world.presence", "warning")),
        (with_(forbidden={"c1": ["anne"]}), ("world.unheard_of", "world.forbidden.c1", "info")),
        (with_(travel={"a1": {"b9": 3}}), ("world.unknown_area", "world.travel", "warning")),
        (with_(bots=[{"id": "bob"}]), ("world.same_id", "world.bots.bob", "warning")),
        (
            with_(outlets=[{"id": "north", "neighbours": ["south"]}]),
            ("world.unknown_outlet", "world.outlets.north.neighbours", "warning"),
        ),
        (
            with_(outlets=[{"id": "north", "provider": "p2"}]),
            ("world.unknown_provider", "world.outlets.north.provider", "warning"),
        ),
    ],
)
def test_what_is_wrong_with_a_world(world: Any, expected: Any) -> None:
    """Each mistake is found once, where it stands, and nothing else with it."""
    assert ([] if expected is None else [expected]) == told(world)


def test_what_is_alike_is_told_once() -> None:
    """A thousand engineers with the same slip are one finding that says how many and names the first few."""
    world = World(engineers=[{"id": f"e{number:04}", "shift": "dya"} for number in range(1000)], calendars={"day": DAY})
    [found] = check_world(world)

    assert 1000 == found.facts["count"]
    assert ["e0000", "e0001", "e0002", "e0003", "e0004"] == found.facts["who"]
    assert "day" == found.facts["nearest"]
    for lang in ("en", "zh"):
        assert "dya" in found.text(lang)
        assert "<" not in found.text(lang)


def test_rosters_are_looked_at_from_an_instant_on() -> None:
    """Whether a roster is over depends on when; without an instant nothing is said of it."""
    world = engineer(shifts=[(AT - HOUR, AT)])

    assert [] == told(world, None)
    assert [] == told(world, AT - HOUR)
    with pytest.raises(TimeError):
        check_world(world, datetime(2026, 3, 2))


def asked(require: list[dict[str, Any]], world: Any = SOUND, **more: Any) -> list[tuple[str, str]]:
    """What is found of a policy that asks this, by code and path."""
    policy = {"name": "p", "require": require}
    return [(item.code, item.path) for item in check_policy(policy, world, AT, **more)]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"skill": "'ac'"}, None),
        ({"skill": "'ac'", "level": "2"}, None),
        ({"skill": "'ac'", "level": "3"}, "dispatch.too_little"),
        ({"skill": "'ca'"}, "dispatch.unheld"),
        ({"skill": "{'ac': 3}"}, "dispatch.too_little"),
        ({"skill": "'ca'", "level": "least"}, None),
        ({"skill": "category"}, None),
        ({"skill": "safety ? 'ca' : null"}, None),
        ({"area": "'a1'"}, None),
        ({"area": "'a2'"}, "dispatch.unserved"),
        ({"area": "'b'"}, "dispatch.unknown_area"),
        ({"language": "'en'"}, None),
        ({"language": "'zh'"}, "dispatch.unheld"),
        ({"certificate": "'gas'"}, None),
        ({"certificate": "'lift'"}, "dispatch.unheld"),
        ({"contract": "'mido/out'"}, None),
        ({"contract": "'haile/out'"}, None),
        ({"contract": "'haile'"}, "dispatch.unheld"),
        ({"part": "{'fan': 2}"}, "dispatch.too_little"),
        ({"channel": "'chat'"}, None),
        ({"open": "shift"}, None),
        ({"open": "dya"}, "dispatch.calendar_not_there"),
        ({"other_than": "'anne'"}, "dispatch.unknown_candidate"),
        ({"other_than": "'ann'"}, None),
        ({"below": "capacity"}, None),
        ({"when": "candidate.load < 2"}, None),
    ],
)
def test_what_nobody_can_meet(entry: dict[str, Any], code: str | None) -> None:
    """What is written out and nobody has is found; what depends on the ticket is not guessed at."""
    kind = next(iter(entry))

    assert ([] if code is None else [(code, f"require[0].{kind}")]) == asked([entry])


def test_each_value_of_a_field_is_looked_at() -> None:
    """Where a requirement is a field alone, each value that the field may have is asked for."""
    found = check_policy({"name": "p", "require": [{"skill": "category"}]}, SOUND, values={"category": ["ac", "tv"]})

    assert [("dispatch.unheld", "tv")] == [(item.code, item.facts["name"]) for item in found]


def test_an_expired_certificate_is_held_by_nobody() -> None:
    """From the end of the last valid certificate on nobody has it."""
    policy = {"name": "p", "require": [{"certificate": "'gas'"}]}

    assert () == check_policy(policy, SOUND, AT)
    assert ["dispatch.unheld"] == [item.code for item in check_policy(policy, SOUND, AT + HOUR)]


def test_a_policy_of_a_kind_the_world_has_nobody_of() -> None:
    """Choosing among agents in a world without any is found before anything else."""
    found = check_policy({"name": "p", "candidates": "agents", "require": [{"skill": "'ca'"}]}, SOUND)

    assert [("dispatch.no_candidates", "candidates")] == [(item.code, item.path) for item in found]


def test_what_is_found_is_so() -> None:
    """Whoever asks for what is found to be met by nobody finds nobody, and the rule says so."""
    ticket = Ticket(id="T", workflow="w", at=AT, opened_at=AT)
    for entry in ({"skill": "'ca'"}, {"area": "'a2'"}, {"open": "dya"}, {"contract": "'haile'"}, {"part": "{'fan': 2}"}):
        choice = evaluate({"name": "p", "require": [entry]}, ticket, SOUND, AT)

        assert {next(iter(entry)): 2} == choice.counts


@pytest.mark.parametrize(
    "world",
    [
        {"areas": {"a": "b", "b": "a"}, "engineers": [{"id": "ann"}]},
        {"engineers": [{"id": "ann", "shifts": [(AT, AT - HOUR)]}]},
        {"engineers": [{"id": "ann", "shifts": [(AT, AT + 2 * HOUR), (AT + HOUR, AT + 3 * HOUR)]}]},
        {"engineers": [{"id": "ann", "normal": 3, "capacity": 2}]},
        {"engineers": [{"id": "ann"}, {"id": "ann"}]},
    ],
)
def test_what_cannot_be_read_is_refused(world: Any) -> None:
    """Circles of areas, shifts that end before they begin or overlap, and two of one id are no world."""
    with pytest.raises(InputError):
        check_world(world)


def test_a_workflow_is_checked_against_a_world() -> None:
    """The findings of every policy come with its place in the definition; without dispatch a world is not looked at."""
    definition: dict[str, Any] = {
        "workflow": "w",
        "fields": {"category": {"type": "string", "one_of": ["ac", "tv"]}},
        "initial": "new",
        "states": {"new": {}, "done": {"closed": True}},
        "transitions": [{"event": "close", "source": "new", "target": "done"}],
        "dispatch": [{"name": "engineer", "state": "new", "require": [{"skill": "category"}]}],
    }
    world = engineer(shift="dya", shifts=[])
    plain = {**definition, "dispatch": []}

    def found(workflow: Any, around: Any) -> list[tuple[str, str]]:
        told = servflow.load(workflow).check(world=around, at=AT)
        return [(item.code, item.path) for item in told if item.code.split(".")[0] in ("world", "dispatch")]

    assert [
        ("world.unknown_calendar", "world.engineers.ann.shift"),
        ("dispatch.unheld", "dispatch[0].require[0].skill"),
    ] == found(definition, world)
    assert [] == found(plain, world)
    assert [] == found(definition, None)
    assert [("world.empty", "world")] == found(definition, World())
