"""Knows how workflows full of escalation chains are drawn, and what tickets of theirs may meet; must not know any law."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from attrs import frozen
from hypothesis import assume
from hypothesis import strategies as st

from servflow.errors import DefinitionError
from servflow.model import Actor, ChainRecord, ChainRun, Engineer, Escalated, Person, Queue, Record, Reminded, World
from tests.laws.kernel_workflows import NIGHT, OFFICE, Case

ANN = Actor("ann", ["agent"])

WORLD = World(
    engineers=[Engineer(id="bob", roles=["agent"], manager="sue", capacity=2)],
    people=[
        Person(id="ann", roles=["agent"], manager="sue", queues=["care"]),
        Person(id="sue", roles=["lead"], manager="dan", queues=["care"], zone="Europe/Berlin"),
        Person(id="dan", roles=["boss"], zone="Asia/Tokyo"),
    ],
    queues=[Queue(id="care", members=["ann", "sue"])],
)

MENU: tuple[tuple[str, Any, Any], ...] = (
    ("go", None, ANN),
    ("back", None, ANN),
    ("again", None, ANN),
    ("solve", None, ANN),
    ("complain", None, ANN),
    ("calm", None, ANN),
    ("chain.acknowledge", {}, ANN),
    ("chain.unacknowledge", {}, ANN),
    ("chain.snooze", {"until": "90m"}, ANN),
    ("chain.unsnooze", {}, ANN),
    ("chain.escalate", {}, ANN),
    ("chain.escalate", {"level": 0}, ANN),
    ("chain.deescalate", {}, ANN),
    ("chain.stop", {"reason": "settled by phone"}, ANN),
    ("chain.start", {"chain": "first"}, ANN),
    ("chain.failed", {"chain": "first", "to": "ann", "reason": "no such number"}, ANN),
    ("chain.failed", {"chain": "first", "to": "role:boss"}, ANN),
    ("chain.delivered", {"chain": "first", "to": "ann"}, ANN),
    ("helper.done", {"helper": "sue"}, ANN),
    ("ticket.update", {"flag": True}, ANN),
    ("ticket.update", {"flag": False, "who": "dan"}, ANN),
    ("ticket.update", {"who": ""}, ANN),
    ("ticket.message", {"side": "agent"}, ANN),
    ("ticket.message", {"side": "customer"}, ANN),
    ("ticket.assign", {"to": "bob"}, ANN),
    ("end", None, ANN),
    ("ticket.reopen", None, ANN),
)

spans = st.sampled_from(["0h", "5m", "20m", "1h", "90m", "4h", "1d"])
calendars = st.sampled_from([None, None, "office", "night"])
recipients = st.sampled_from(
    [
        {"role": "boss"},
        {"user": "ann"},
        {"queue": "care"},
        {"queue": "care", "pick": "random"},
        {"manager_of": "assignee"},
        "owner",
        {"field": "who"},
        [{"role": "lead"}, "assignee"],
    ]
)
actions = st.one_of(
    st.builds(lambda to, now: {"notify": {"to": to, "template": "late", "urgent": now}}, recipients, st.booleans()),
    st.builds(lambda to: {"notify": {"to": to, "template": "late"}}, recipients),
    st.sampled_from(
        [
            {"tag": "late"},
            {"set": {"n": "n + 1"}},
            {"raise_priority": 1},
            {"add_owner": {"to": {"user": "sue"}}},
            {"assign": {"to": {"user": "sue"}, "keep_owner": True}},
            {"add_helper": {"to": {"user": "sue"}, "within": "50m", "zone": "recipient"}},
            {"remove_helper": "helpers"},
            {"watch": {"to": "owner"}},
            {"unwatch": "watchers"},
            {"emit": {"event": "poke"}},
            {"emit": {"event": "calm"}},
            {"set": {"flag": "!flag"}},
        ]
    ),
)
triggers = st.sampled_from(
    [
        {"state": "b"},
        {"state": "b", "after": "40m"},
        {"event": "complain"},
        {"event": "poke"},
        {"event": "helper.breached"},
        {"clock": "k"},
        {"clock": "answer"},
        {"clock": "k", "mark": "50%"},
        {"age": "2h", "calendar": "office"},
        {"when": "flag"},
        {"silent": "agent", "after": "3h"},
        {"event": "complain", "when": "!flag"},
    ]
)
asked = st.sampled_from([{"zone": "recipient"}, {"calendar": {"of": "ticket"}}, {"calendar": {"of": "outlet"}}])
endings = st.sampled_from(
    [
        (),
        ({"state": "a"},),
        ({"event": "calm"},),
        ({"event": "solved"},),
        ({"state": "z"}, {"event": "calm"}),
        ({"message": "agent"},),
    ]
)


@st.composite
def levels(draw: st.DrawFn, names: list[str]) -> list[dict[str, Any]]:
    """One to four levels, with conditions, reminders and all they may come to."""
    count = draw(st.integers(1, 4))
    found: list[dict[str, Any]] = []
    for number in range(count):
        level: dict[str, Any] = {"name": f"level {number}", "after": draw(spans), "calendar": draw(calendars)}
        level["do"] = draw(st.lists(actions, min_size=1, max_size=3))
        if names and draw(st.integers(0, 5)) == 0:
            level["do"].append({draw(st.sampled_from(["start", "jump"])): draw(st.sampled_from(names))})
        if draw(st.integers(0, 3)) == 0:
            level |= draw(asked)
        if draw(st.integers(0, 2)) == 0:
            later = [{"goto": f"level {above}"} for above in range(number + 1, count)]
            level |= {"when": "flag", "otherwise": draw(st.sampled_from(["skip", "wait", *later]))}
        if draw(st.integers(0, 2)) == 0:
            level["remind"] = {"every": draw(spans.filter(lambda span: span != "0h")), "times": draw(st.integers(1, 3))}
        found.append(level)
    return found


@st.composite
def chains(draw: st.DrawFn, name: str, later: list[str]) -> dict[str, Any]:
    """A chain as a document has it; it may start those that come after it."""
    empty = draw(st.sampled_from([{}, {"on_empty": "hold"}, {"on_empty": "fallback", "fallback": {"role": "boss"}}]))
    return {
        "name": name,
        "start": draw(st.lists(triggers, min_size=1, max_size=2, unique_by=str)),
        "until": list(draw(endings)),
        "levels": draw(levels(later)),
        "late": draw(st.sampled_from(["collapse", "each"])),
        "on_ack": draw(st.sampled_from(["pause", "pause", "continue"])),
        "ack_ttl": draw(st.sampled_from([None, None, "45m", "2d"])),
        "unack": draw(st.sampled_from(["continue", "restart"])),
        "on_reopen": draw(st.sampled_from(["restart", "resume", "next"])),
        "repeat": draw(st.none() | st.builds(dict, times=st.integers(1, 2), after=spans)),
        "quiet": draw(st.sampled_from([None, None, "night", {"calendar": "office"}, {"calendar": "night", "take": "drop"}])),
        "advance_on_failure": draw(st.sampled_from(["never", "all", "any"])),
        **empty,
    }


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A workflow of three states with one to three chains, its world and all that may happen to its tickets."""
    names = ["first", "second", "third"][: draw(st.integers(1, 3))]
    drawn = [draw(chains(name, names[place + 1 :])) for place, name in enumerate(names)]
    definition = {
        "workflow": "climbing",
        "fields": {
            "flag": {"type": "bool", "default": draw(st.booleans())},
            "n": {"type": "int", "default": 0},
            "who": {"type": "string", "default": ""},
        },
        "queues": ["care"],
        "calendars": {"office": OFFICE, "night": NIGHT},
        "initial": "a",
        "states": {"a": {}, "b": {}, "z": {"closed": True}},
        "transitions": [
            {"event": "go", "source": "a", "target": "b"},
            {"event": "back", "source": "b", "target": "a"},
            {"event": "again", "source": "b", "target": "b"},
            {"event": "solve", "source": ["a", "b"], "do": [{"emit": {"event": "solved"}}]},
            {"event": "solved", "source": "b", "target": draw(st.sampled_from(["a", "z"]))},
            {"event": "complain", "source": ["a", "b"]},
            {"event": "calm", "source": ["a", "b"]},
            {"event": "poke", "source": ["a", "b"]},
            {"event": "end", "source": ["a", "b"], "target": "z"},
            {"event": "ticket.reopen", "source": "z", "target": "a"},
        ],
        "clocks": [
            {"name": "k", "within": "3h", "until": "b", "warn": ["50%"], "on_reopen": "new_cycle"},
            {"name": "answer", "within": "1h", "start": {"message": "customer"}, "stop": {"message": "agent"}},
        ],
        "escalations": drawn,
    }
    case = Case(
        name=str(drawn),
        definition=definition,
        world=WORLD,
        openings=({}, {"flag": True}, {"who": "dan"}),
        menu=MENU,
        path=(MENU[0], ("ticket.message", {"side": "customer"}, ANN), ("complain", None, ANN)),
    )
    try:
        assert case.workflow.escalations
    except DefinitionError as error:  # levels whose events lead back to them at once are refused at load
        assume({"chain.circle"} != {finding.code for finding in error.findings})
        raise
    return case


@frozen
class Reached:
    """One record of a level or reminder, with the climb in which it was reached and the number of its run."""

    record: Any
    run: tuple[str, int]
    climb: int


def runs_of(records: Iterable[Record]) -> Iterator[tuple[ChainRecord, ChainRun | None]]:
    """Every record of a chain with its run just before."""
    before: dict[tuple[str, int], ChainRun] = {}
    for record in records:
        if isinstance(record, ChainRecord):
            key = (record.run.chain, record.run.generation)
            yield record, before.get(key)
            before[key] = record.run


def reached(records: Iterable[Record]) -> list[Reached]:
    """Every level and reminder that records tell of."""
    return [
        Reached(record, (record.run.chain, record.run.generation), before.climb)
        for record, before in runs_of(records)
        if isinstance(record, (Escalated, Reminded)) and before is not None
    ]
