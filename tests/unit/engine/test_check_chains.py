"""Knows a flawed chain for each finding about chains and a near one that is sound; must not know how they are found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.engine import Workflow
from servflow.engine._check import _look
from servflow.engine._check_chain_ends import Lifetimes
from servflow.engine._check_chain_fights import MAX_SOLVED, fights
from servflow.engine._check_chains import Chains
from servflow.engine._check_clocks import Paths
from servflow.errors import DefinitionError, Finding
from servflow.escalation import Rotation, Schedule
from servflow.model import Escalated, World
from tests.unit.engine.climbs import OFFICE, level
from tests.unit.engine.flows import Case, flow, move

AT = datetime(2026, 3, 2, tzinfo=UTC)
OVER = {"zone": "UTC", "shifts": {"2026-01-05": ["09:00-17:00"]}}
ALWAYS = {"zone": "UTC", "week": {"mon-sun": ["00:00-24:00"]}}
ROLES = {"roles": ["clerk", "boss"]}
DAYS = {"mon-fri": ["09:00-17:00"]}
GAPPED = Rotation(["ann", "bob"], "2026-03-02T09:00", "UTC", windows=DAYS)
FULL = Rotation(["ann", "bob"], "2026-03-02T09:00", "UTC")
NEVER = Rotation(["ann"], "2026-03-02T00:00", "UTC", hold_for="1 day", windows={"sat": ["09:00-17:00"]})
WORLD: dict[str, Any] = {
    "people": [
        {"id": "ann", "roles": ["boss"], "manager": "sue", "channels": ["mail"]},
        {"id": "sue", "channels": ["phone"]},
        {"id": "mute", "roles": ["clerk"], "channels": []},
    ],
    "queues": [{"id": "care", "members": ["ann"]}, {"id": "empty"}],
    "schedules": {"full": FULL, "gapped": GAPPED, "empty": Schedule(), "never": Schedule([FULL, NEVER])},
}


def chain(*levels: Mapping[str, Any], name: str = "c", start: Any = None, **more: Any) -> dict[str, Any]:
    """A chain that starts when the ticket comes into b unless said otherwise."""
    return {"name": name, "start": start or {"state": "b"}, "levels": list(levels or (level("one"),)), **more}


def made(*chains: Mapping[str, Any], **parts: Any) -> Workflow:
    """A small workflow with chains."""
    calendars = {"office": OFFICE, "over": OVER, "always": ALWAYS}
    return flow(**{"calendars": calendars, "escalations": list(chains), "fields": {"n": "int"}, **parts})


def told(workflow: Workflow, **given: Any) -> list[Finding]:
    """What check() says of chains."""
    return [finding for finding in workflow.check(**given) if finding.code.startswith("chain.")]


def to(who: Any, kind: str = "notify") -> dict[str, Any]:
    """A level that addresses somebody."""
    return {"name": "one", "after": "1h", "do": [{kind: {"to": who, **({"template": "late"} if kind == "notify" else {})}}]}


def sets(name: str, value: str, **more: Any) -> dict[str, Any]:
    """A level that sets something."""
    return {"name": "one", "after": "1h", "do": [{"set": {name: value}}], **more}


TIMED: dict[str, Any] = {
    "states": {"a": {}, "b": {"timers": [{"after": "2d", "event": "end"}]}, "z": {"closed": True}},
    "transitions": [move(), move("end", "b", "z"), move("ticket.reopen", "z", "a")],
}
THROUGH: dict[str, Any] = {
    "states": {
        "a": {"timers": [{"after": "1d", "event": "go"}]},
        "b": {"timers": [{"after": "1d", "event": "end"}]},
        "z": {"closed": True},
    },
    "transitions": [move(), move("end", "b", "z")],
}
EMITS = {"name": "one", "after": "1h", "do": [{"emit": "nag"}]}

Part = tuple[tuple[Mapping[str, Any], ...], dict[str, Any]]


def of(*chains: Mapping[str, Any], **parts: Any) -> Part:
    return chains, parts


CASES: list[tuple[str, str, Part, Part]] = [
    (
        "chain.level_never",
        "escalations[0].levels[1].when",
        of(chain(level("one"), level("two", when="n > 5 && n < 3"))),
        of(chain(level("one"), level("two", when="n > 5 && n < 7"))),
    ),
    (
        "chain.never_starts",
        "escalations[0].when",
        of(chain(when="n > 5 && n < 3")),
        of(chain(when="n > 5")),
    ),
    ("chain.never_starts", "escalations[0].start", of(chain(start={"state": "z"})), of(chain(start={"state": "a"}))),
    (
        "chain.never_starts",
        "escalations[0].start[1]",
        of(chain(start=[{"state": "b"}, {"when": "n > 5 && n < 3"}])),
        of(chain(start=[{"state": "b"}, {"when": "n > 5"}])),
    ),
    (
        "chain.never_starts",
        "escalations[0].start",
        of(chain(start={"event": "complain"}), **ROLES),
        of(chain(start={"event": "complain"}), events={"complain": {"allow": ["clerk"]}}, **ROLES),
    ),
    (
        "chain.never_starts",
        "escalations[0].start",
        of(
            chain(start={"clock": "k"}),
            states={"a": {}, "b": {}, "c": {}, "z": {"closed": True}},
            clocks=[{"name": "k", "within": "1h", "start": {"state": "c"}, "until": "z"}],
        ),
        of(chain(start={"clock": "k"}), clocks=[{"name": "k", "within": "1h", "start": {"state": "b"}, "until": "z"}]),
    ),
    (
        "chain.too_late",
        "escalations[0].levels[1]",
        of(chain(level("one", "1d"), level("two", "1d")), **TIMED),
        of(chain(level("one", "1d"), level("two", "23h")), **TIMED),
    ),
    (
        "chain.too_late",
        "escalations[0].levels[0]",
        of(chain(level("one", "5 business days", calendar="office")), **TIMED),
        of(chain(level("one", "2 business days", calendar="office")), **TIMED),
    ),
    (
        "chain.too_late",
        "escalations[0].levels[0]",
        of(chain(level("one", "1h"), start={"age": "2d"}), **THROUGH),
        of(chain(level("one", "1h"), start={"age": "1d"}), **THROUGH),
    ),
    (
        "chain.too_late",
        "escalations[0].levels[0]",
        of(chain(level("one", "1d"), until={"state": "b"}, start={"state": "a"}), **THROUGH),
        of(chain(level("one", "1d"), start={"state": "a"}), **THROUGH),
    ),
    (
        "chain.too_late_to_start",
        "escalations[0].start",
        of(chain(start={"state": "a", "after": "1d"}), **THROUGH),
        of(chain(start={"state": "a", "after": "23h"}), **THROUGH),
    ),
    (
        "chain.idle_option",
        "escalations[0].ack_ttl",
        of(chain(on_ack="continue", ack_ttl="1h")),
        of(chain(ack_ttl="1h")),
    ),
    (
        "chain.idle_option",
        "escalations[0].unack",
        of(chain(on_ack="continue", unack="restart")),
        of(chain(unack="restart")),
    ),
    (
        "chain.idle_option",
        "escalations[0].levels[0].remind",
        of(chain(sets("n", "1", remind={"every": "1h"}))),
        of(chain(level("one", remind={"every": "1h"}))),
    ),
    (
        "chain.idle_option",
        "escalations[0].levels[0].otherwise",
        of(chain(level("one", otherwise="wait"))),
        of(chain(level("one", when="n > 1", otherwise="wait"))),
    ),
    (
        "chain.again",
        "escalations[0].levels[0].do[0].emit",
        of(chain(EMITS, start={"event": "nag"}, advance_on_failure="any")),
        of(chain(EMITS, level("two"), start={"event": "nag"})),
    ),
    (
        "chain.again",
        "escalations[0].levels[0].do[0].emit",
        of(
            chain(EMITS, start={"event": "first"}, advance_on_failure="any"),
            chain({**EMITS, "do": [{"emit": "first"}]}, name="d", start={"event": "nag"}),
        ),
        of(chain(EMITS, start={"event": "first"}), chain(name="d", start={"event": "nag"})),
    ),
    (
        "chain.again",
        "escalations[0].levels[0].do[0].emit",
        of(
            chain(EMITS, start={"state": "b", "after": "1d"}),
            transitions=[move(), move("end", "b", "z"), move("nag", "b", "b")],
        ),
        of(
            chain(EMITS, start={"state": "b", "after": "1d"}),
            transitions=[move(), move("end", "b", "z"), move("nag", "b", "a")],
        ),
    ),
    (
        "chain.emit_idle",
        "escalations[0].levels[0].do[0].emit",
        of(chain({**EMITS, "do": [{"emit": "chain.start"}]})),
        of(
            chain({**EMITS, "do": [{"emit": "ticket.reopen"}]}),
            transitions=[move(), move("end", "b", "z"), move("ticket.reopen", "z", "a")],
        ),
    ),
    (
        "chain.fight",
        "escalations[0].levels[0].do[0].set",
        of(chain(sets("priority", "1")), chain(sets("priority", "2"), name="d")),
        of(chain(sets("priority", "1")), chain(sets("priority", "1"), name="d")),
    ),
    (
        "chain.fight",
        "escalations[0].levels[0].do[0].raise_priority",
        of(chain({"name": "one", "do": [{"raise_priority": 1}]}), chain(sets("priority", "2"), name="d")),
        of(*(chain({"name": "one", "do": [{"raise_priority": 1}]}, name=name) for name in "cd")),
    ),
    (
        "chain.fight",
        "escalations[0].levels[0].do[0].add_owner",
        of(chain(to({"user": "ann"}, "add_owner")), chain(to({"user": "bob"}, "add_owner"), name="d")),
        of(chain(to({"user": "ann"}, "add_owner")), chain(to({"user": "bob"}, "add_helper"), name="d")),
    ),
    (
        "chain.fight",
        "escalations[0].levels[0].do[0].queue",
        of(*(chain({"name": "one", "do": [{"queue": f"q{name}"}]}, name=name) for name in "cd")),
        of(
            *(
                chain({"name": "one", "do": [{"queue": f"q{name}"}]}, name=name, when=when)
                for name, when in (("c", "n > 5"), ("d", "n < 5"))
            )
        ),
    ),
    (
        "chain.fight",
        "escalations[0].levels[0].do[0].set",
        of(chain(sets("n", "1"), start={"state": "a"}), chain(sets("n", "2"), name="d")),
        of(
            chain(sets("n", "1"), start={"state": "a"}, until={"state": "b"}),
            chain(sets("n", "2"), name="d", until={"state": "a"}),
        ),
    ),
    (
        "chain.nobody",
        "escalations[0].levels[0].do[0].notify.to",
        of(chain(to("owner"), start={"age": "1h"}), **ROLES),
        of(
            chain(to("owner"), start={"age": "1h"}),
            chain(to({"user": "ann"}, "add_owner"), name="d", start={"age": "1h"}),
            **ROLES,
        ),
    ),
    (
        "chain.nobody",
        "escalations[0].levels[0].do[0].notify.to",
        of(chain(to({"field": "n"}))),
        of(chain(to({"field": "who"})), fields={"who": "string"}),
    ),
]


@pytest.mark.parametrize(("code", "path", "flawed", "sound"), CASES)
def test_a_flaw_is_told_and_a_sound_chain_is_not(code: str, path: str, flawed: Part, sound: Part) -> None:
    """Each finding has a code, the place where it stands, a sentence and a next step in both languages."""
    (found,) = told(made(*flawed[0], **flawed[1]), at=AT)

    assert (code, path) == (found.code, found.path)
    assert None is re.search(r"<\w+>", found.message("en") + found.message("zh"))
    assert [] == told(made(*sound[0], **sound[1]), at=AT)


GROUPS: list[tuple[str, Any, Any]] = [
    ("chain.nobody", {"role": "ghost"}, {"role": "boss"}),
    ("chain.nobody", {"queue": "empty"}, {"queue": "care"}),
    ("chain.nobody", {"queue": "nowhere", "pick": "round_robin"}, {"queue": "care", "pick": "round_robin"}),
    ("chain.nobody", {"on_call": "night"}, {"on_call": "full"}),
    ("chain.nobody", {"manager_of": {"user": "sue"}}, {"manager_of": {"user": "ann"}}),
    ("chain.nobody", {"manager_of": {"role": "clerk"}}, {"manager_of": {"role": "boss"}}),
    ("chain.nobody", {"manager_of": "requester", "n": 2}, {"manager_of": "requester"}),
    ("chain.no_channel", {"role": "clerk"}, {"user": "sue"}),
    ("chain.no_channel", {"user": "mute"}, {"user": "stranger"}),
    ("chain.schedule_empty", {"on_call": "empty"}, {"on_call": "full"}),
    ("chain.schedule_gap", {"schedule": "gapped"}, {"schedule": "gapped", "who": "next"}),
    ("chain.layer_idle", {"on_call": "never"}, {"on_call": "full"}),
]


@pytest.mark.parametrize(("code", "flawed", "sound"), GROUPS)
def test_a_world_without_somebody_is_told(code: str, flawed: Any, sound: Any) -> None:
    """Whom a level cannot reach in this world is told at its address; without a world nothing is known of it."""
    (found,) = told(made(chain(to(flawed))), at=AT, world=WORLD)

    assert (code, "escalations[0].levels[0].do[0].notify.to", "warning") == (found.code, found.path, found.severity)
    assert None is re.search(r"<\w+>", found.message("en") + found.message("zh"))
    assert [] == told(made(chain(to(sound))), at=AT, world=WORLD)
    assert [] == told(made(chain(to(flawed))), at=AT)


@pytest.mark.parametrize(
    ("more", "severity"),
    [({"on_empty": "fallback", "fallback": {"user": "ann"}}, "info"), ({"on_empty": "hold"}, "warning")],
)
def test_a_fallback_takes_the_edge_off(more: dict[str, Any], severity: str) -> None:
    """A level that reaches nobody is a note where the fallback reaches somebody."""
    (found,) = told(made(chain(to({"role": "ghost"}), **more)), world=WORLD)

    assert ("chain.nobody", severity) == (found.code, found.severity)


def test_a_fallback_that_reaches_nobody_is_told_too() -> None:
    """Two nobodies are two findings."""
    found = told(made(chain(to({"role": "ghost"}), on_empty="fallback", fallback={"queue": "empty"})), world=WORLD)

    assert ["escalations[0].fallback", "escalations[0].levels[0].do[0].notify.to"] == [one.path for one in found]


def test_one_of_several_who_is_nobody_is_a_note() -> None:
    """Where others are reached, the one who is not has a note at its own place."""
    (found,) = told(made(chain(to([{"user": "ann"}, {"role": "ghost"}]))), world=WORLD)

    assert ("escalations[0].levels[0].do[0].notify.to[1]", "info") == (found.path, found.severity)


def test_a_gap_says_when_and_how_long() -> None:
    """The first gap, how many there are in so many days, and how many hours they are."""
    (found,) = told(made(chain(to({"on_call": "gapped"}))), at=AT, world=WORLD, days=7)

    assert ("2026-03-02T00:00:00Z", "2026-03-02T09:00:00Z") == (found.facts["start"], found.facts["end"])
    assert (6, "128", 7) == (found.facts["count"], found.facts["hours"], found.facts["days"])


class Broken:
    """A schedule of a host whose every answer fails."""

    def on_call(self, at: datetime) -> tuple[str, ...]:
        """Nothing."""
        raise RuntimeError(at)

    next_change = on_call


def test_a_schedule_that_fails_stops_no_check() -> None:
    """Of what a host's own schedule cannot tell nothing is said."""
    assert [] == told(made(chain(to({"on_call": "odd"}))), at=AT, world=World(schedules={"odd": Broken()}))


@pytest.mark.parametrize(
    ("code", "flawed", "sound"),
    [
        (
            "chain.never_due",
            chain(level("one", "4h", calendar="over")),
            chain(level("one", "4d", calendar="over")),
        ),
        ("chain.never_due", chain(level("one", "2 business days", calendar="over")), chain(level("one", calendar="office"))),
        (
            "chain.never_due",
            chain(start={"state": "b", "after": "1h", "calendar": "over"}),
            chain(start={"state": "b", "after": "1h", "calendar": "office"}),
        ),
        ("chain.quiet_idle", chain(quiet="always"), chain(quiet="office")),
        ("chain.quiet_idle", chain(quiet="over"), chain(quiet={"calendar": "office", "take": "drop"})),
    ],
)
def test_hours_that_never_come_are_told(code: str, flawed: Mapping[str, Any], sound: Mapping[str, Any]) -> None:
    """A calendar that does not open long enough any more makes a part of a chain never due."""
    (found,) = told(made(flawed), at=AT)

    assert code == found.code
    assert None is re.search(r"<\w+>", found.message("en") + found.message("zh"))
    assert ([], []) == (told(made(flawed)), told(made(sound), at=AT))


@pytest.mark.parametrize(
    "parts",
    [
        {"transitions": [move(), move("end", "b", "z", when="n > 1")]},
        {"transitions": [move(), move("end", "b", "z", payload={"why": "string"})]},
        {"transitions": [move(), move("end", "b", "z")], "events": {"end": {"payload": {"why": "string"}}}},
        {"transitions": [move(), move("end", "b", "z"), move("on", "b", "a")]},
        {"transitions": [move(), move("end", "b", "z"), move("again", "b", "b")]},
        {"transitions": [move(), move("end", "b", "a")]},
        {"transitions": [move(), move("end", "b", "z", do=[{"set": {"n": "n + 1"}}])]},
        {"states": {**TIMED["states"], "b": {"timers": [{"after": "30h", "event": "end", "calendar": "office"}]}}},
        {"states": {**TIMED["states"], "b": {"timers": [{"after": "2 business days", "event": "end", "calendar": "office"}]}}},
    ],
)
def test_a_level_that_may_come_is_not_said_to_be_too_late(parts: dict[str, Any]) -> None:
    """A timer that may be refused, counts in a calendar, or leads elsewhere or round does not end a run for certain."""
    late = chain(level("one", "1d"), level("two", "1d"))

    assert ["chain.too_late"] == [finding.code for finding in told(made(late, **TIMED))]
    assert [] == told(made(late, **{**TIMED, **parts}))


@pytest.mark.parametrize(
    "event", ["assigned.assignee", "exhausted.engineer", "offer.accept", "ticket.child_closed", "answered"]
)
def test_what_the_system_brings_may_start_a_chain(event: str) -> None:
    """Events that nobody has to be granted, or that the system is, come by themselves, by replies and correlators."""
    events = {"answered": {"allow": ["system"]}} if event == "answered" else {}

    assert [] == told(made(chain(start={"event": event}), events=events, **ROLES), at=AT)


def test_an_event_that_nobody_in_a_world_may_fire_says_for_lack_of_whom() -> None:
    """A world that holds the staff alone has no customer: the finding names the role, and is gone with one who holds it."""
    parts = {"roles": ["clerk", "customer"], "events": {"complain": {"allow": ["customer"]}}}
    workflow = made(chain(start={"event": "complain"}), transitions=[move(allow=["clerk"])], **parts)
    staff = [{"id": "ann", "roles": ["clerk"]}]

    [found] = told(workflow, world=World(people=staff))
    assert "as nobody in this world holds customer" in found.message("en")
    assert "当前无人担任 customer" in found.message("zh")
    assert [] == told(workflow, world=World(people=[*staff, {"id": "kim", "roles": ["customer"]}]))
    assert [] == told(workflow)


@pytest.mark.parametrize(
    "more",
    [
        {"start": {"state": "b", "level": "two"}},
        {"advance_on_failure": "any"},
        {"on_reopen": "next"},
        {"start": [{"state": "b"}, {"event": "ask", "level": "two"}]},
    ],
)
def test_a_level_that_may_be_entered_at_is_not_said_to_be_too_late(more: dict[str, Any]) -> None:
    """Where runs may enter higher up, or be sent up by a failure, nothing is certain."""
    assert [] == told(made(chain(level("one", "1d"), level("two", "1d"), **more), **TIMED))


@pytest.mark.parametrize(
    ("chains", "parts"),
    [case[2] for case in CASES if case[0] == "chain.again"],
)
def test_a_chain_that_never_ends_does_not_end(chains: tuple[Mapping[str, Any], ...], parts: dict[str, Any]) -> None:
    """What is said to start itself again does, again and again, on the kernel."""
    case = Case(made(*chains, **parts))
    case.fire(chains[0]["start"].get("event", "go"))
    case.until(40 * 24 * 60)

    assert 20 < sum(isinstance(record, Escalated) and record.name == "one" for record in case.records)


def test_a_shift_that_never_opens_again_is_told() -> None:
    """A level that counts in the hours of whoever is asked is looked at for all whose hours the world has."""
    outlets = [{"id": "north", "shift": "over"}, {"id": "south", "shift": "day"}]
    hours = {"over": Calendar(**OVER), "day": Calendar(**OFFICE)}
    workflow = made(chain(level("one", calendar={"of": "outlet"})))
    (found,) = told(workflow, at=AT, world={"outlets": outlets, "calendars": hours})

    assert ("chain.never_due", "escalations[0].levels[0].after", "over") == (found.code, found.path, found.facts["calendar"])
    assert [] == told(workflow, at=AT, world={"outlets": outlets[1:], "calendars": hours})


def test_many_chains_with_conditions_are_compared_for_a_bounded_time() -> None:
    """Every level has a condition of its own, which excludes all others: only so many of them are solved together."""
    values = [[10 * number + step for step in range(10)] for number in range(8)]
    levels = [[{**sets("n", f"{n}", when=f"n == {n}"), "name": f"l{n}"} for n in listed] for listed in values]
    flow_of_many = made(*(chain(*listed, name=f"c{number}") for number, listed in enumerate(levels)))
    seen = _look(flow_of_many, None)
    chains = Chains(seen, Paths(seen), Lifetimes(seen), dict(flow_of_many.compiled.types))
    chains.lives |= {plan.chain.name: chains.paths.everywhere for plan in chains.plans}

    assert [] == list(fights(chains))
    assert MAX_SOLVED == len(chains.solved) < 28 * 100  # pairs of chains, times pairs of their levels


def mutated(value: Any, random: Random) -> Any:
    """A part of a definition of which something is left out, or is something else."""
    if random.random() < 0.06:
        return random.choice(
            [None, True, 0, -1, 10**30, "", "x", "-4h", "1e9h", "\ud800", "a" * 300, b"x", [], {}, {"to": {}}, object()]
        )
    if isinstance(value, dict):
        return {key: mutated(item, random) for key, item in value.items() if random.random() > 0.04}
    return [mutated(item, random) for item in value] if isinstance(value, list) else value


WHOLE: dict[str, Any] = {
    "name": "c",
    "start": [{"state": "a", "after": "1h", "calendar": "office"}, {"when": "n > 1"}],
    "until": [{"state": "b"}],
    "when": "n > 1",
    "on_empty": "fallback",
    "fallback": {"user": "x"},
    "ack_ttl": "1h",
    "repeat": {"times": 2, "after": "1h"},
    "quiet": "office",
    "levels": [
        {
            "name": "one",
            "after": "1h",
            "calendar": "office",
            "when": "n > 1",
            "otherwise": {"goto": "two"},
            "remind": {"every": "1h", "times": 2},
            "do": [
                {"notify": {"to": [{"role": "boss"}, {"manager_of": "assignee", "n": 2}], "template": "t"}},
                {"assign": {"to": {"queue": "care", "pick": "random", "seed": "s"}}},
                {"raise_priority": {"by": 1, "ceiling": 2}},
            ],
        },
        {"name": "two", "after": "2 business days", "calendar": {"of": "recipient"}, "do": [{"set": {"n": "1"}}]},
    ],
}


@pytest.mark.parametrize("seed", range(8))
def test_a_hostile_chain_is_refused_with_findings_or_runs(seed: int) -> None:
    """Whatever is written for a chain, it is refused with a sentence for each problem, or it loads, is checked and runs."""
    random = Random(seed)
    refused: list[Finding] = []
    for _ in range(60):
        try:
            workflow = made(mutated(WHOLE, random))
        except DefinitionError as error:
            refused.extend(error.findings)
            continue
        told(workflow, at=AT, world=WORLD)
        opened = workflow.open("T1", {"n": 2}, at=AT, world=WORLD)
        assert workflow.advance(opened.ticket, at=AT.replace(year=2027), world=WORLD).ticket.at >= opened.ticket.at

    assert refused
    assert all(finding.message("en") and finding.message("zh") for finding in refused)
