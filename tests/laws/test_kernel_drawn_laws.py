"""Knows the kernel's laws on workflows nobody thought of: drawn from a small grammar; must not know their reasons."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st

from servflow.errors import DefinitionError, LimitError, Refused
from servflow.model import Actor, Engineer, Outlet, Person, Queue, World, canonical, dump, load
from servflow.testing._drawn_workflows import (
    EVENTS,
    STATES,
    chains,
    clocks,
    eventless,
    idioms,
    named,
    policies,
    raised,
    reopenings,
    rules,
    states,
    timers,
    transitions,
)
from tests.laws.kernel_strategies import (
    MICRO,
    MINUTE,
    Opening,
    Said,
    Step,
    Story,
    again,
    between,
    difference,
    extended,
    make,
    openings,
    play,
    step_lists,
    twice,
    unfolded,
)
from tests.laws.kernel_workflows import NIGHT, ODD, OFFICE, Case, Entry, calendar

LAWS = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

WORLD = World(
    engineers=[
        Engineer(id="ann", skills=["s"], capacity=1, shift="office", outlet="o1", manager="sue"),
        Engineer(id="bob", skills={"s": 2}, capacity=2, shift="odd", outlet="o2"),
        Engineer(id="cid", absences=[("2026-03-06T00:00:00Z", "2026-03-08T00:00:00Z")], outlet="o1"),
    ],
    outlets=[Outlet(id="o1", shift="night"), Outlet(id="o2", capacity=1)],
    people=[Person(id="sue", roles=["lead"])],
    queues=[Queue(id="q", members=["ann", "sue"])],
    loads={"bob": 1},
    calendars={"office": calendar(OFFICE), "odd": calendar(ODD), "night": calendar(NIGHT)},
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A workflow of up to a few of everything, and what may happen to its tickets."""
    reopen = draw(reopenings)
    places = {name: {"timers": draw(timers), **draw(idioms)} for name in STATES[:3]}
    escalations = draw(st.lists(chains, max_size=3))
    definition = {
        "workflow": "drawn",
        "fields": {"n": {"type": "int", "default": 1}, "flag": {"type": "bool", "default": False}, "x": {"type": "string"}},
        "queues": ["q", "other"],
        "calendars": {"office": OFFICE, "odd": ODD, "night": NIGHT},
        "initial": "a",
        "states": {**places, "d": {"closed": True, **({"reopen": reopen} if reopen is not None else {})}},
        "transitions": [
            *draw(st.lists(transitions, min_size=2, max_size=6)),
            *draw(st.lists(eventless, max_size=1)),
            *draw(st.lists(raised, max_size=2)),
            *({"event": name, "source": "*"} for name in EVENTS),
            {"event": "assigned.p0", "source": draw(states), "target": draw(states)},
            *([{"event": "ticket.reopen", "source": "d", "target": "a"}] if reopen is None else []),
        ],
        "rules": named("r", draw(st.lists(rules, max_size=2))),
        "clocks": named("k", [{"within": "3h", "warn": ["50%"]}, *draw(st.lists(clocks, max_size=2))]),
        "escalations": named("c", [{**item, "levels": named("l", item["levels"])} for item in escalations]),
        "dispatch": named("p", draw(st.lists(policies, max_size=2))),
    }
    if len(definition["dispatch"]) == 2:
        definition["dispatch"][1]["slot"] = draw(st.sampled_from(["assignee", "outlet"]))
        if definition["dispatch"][1]["slot"] == "outlet":
            definition["dispatch"][1]["require"] = [{"open": "shift"}]
    menu: list[Entry] = [(name, None, None) for name in EVENTS]
    ann = Actor("ann")
    menu += [
        ("ticket.update", {"n": 2}, ann),
        ("ticket.update", {"flag": True}, ann),
        ("ticket.update", {"x": "ann", "priority": 2}, ann),
        ("ticket.update", {"n": 0, "queue": "q"}, None),
        ("chain.acknowledge", None, ann),
        ("chain.snooze", {"until": "1h"}, ann),
        ("chain.escalate", None, ann),
        ("offer.accept", None, "offered"),
        ("offer.reject", None, "offered"),
        ("ticket.assign", {"to": "ann"}, ann),
        ("ticket.assign", {"to": None}, ann),
        ("ticket.force", {"state": draw(states), "reason": "so"}, ann),
        ("ticket.reopen", None, None),
        ("ticket.message", {"side": "customer"}, None),
        *(("step.check", {"step": step}, ann) for step in ("s1", "s2", "s3")),
        ("step.uncheck", {"step": "s1", "reason": "so"}, ann),
        ("approval.approve", None, ann),
        ("approval.approve", None, Actor("bob")),
        ("approval.reject", None, ann),
    ]
    return at_rest(
        Case(
            name="drawn",
            definition=definition,
            world=WORLD,
            openings=({}, {"n": 2}, {"flag": True}),
            menu=tuple(menu),
            opener=ann,
        )
    )


ENDLESS = frozenset({"rules.endless_cycle", "chain.circle"})


def at_rest(case: Case) -> Case:
    """The case, where neither its rules nor its chains set each other off for ever, which is refused at load."""
    try:
        assert case.workflow.rules is not None
    except DefinitionError as error:
        assume(not only_endless(error))
        raise
    return case


def only_endless(error: DefinitionError) -> bool:
    """Whether a definition is refused for nothing but that; warnings are told beside it."""
    return ENDLESS.issuperset(finding.code for finding in error.findings if finding.severity == "error")


def told(case: Case, opening: Opening, steps: list[Step]) -> Story:
    """The story, where the definition does not go round and can be opened at all."""
    note(json.dumps(case.definition))
    try:
        return play(case, opening, steps)
    except (LimitError, Refused):
        assume(False)
        raise


@LAWS
@given(cases(), openings, step_lists(most=8), st.lists(st.integers(0, 4000), max_size=3), st.integers(0, 9000))
def test_catching_up_in_many_calls_or_in_one(
    case: Case, opening: Opening, steps: list[Step], stops: list[int], rest: int
) -> None:
    """For a <= b, advance(a); advance(b) is advance(b): ticket, records, and effects but for what is folded."""
    story = told(case, opening, steps)
    slow = story
    for minutes in stops:
        slow = extended(slow, Said("advance", slow.end + minutes * MINUTE))
    last = Said("advance", slow.end + rest * MINUTE)

    slow, quick = extended(slow, last), extended(story, last)

    assert quick.ticket == slow.ticket
    assert [unfolded(record) for record in quick.records] == [unfolded(record) for record in slow.records]
    assert ([], []) == difference(case, slow.effects, quick.effects)


@LAWS
@given(cases(), openings, step_lists(most=8), st.lists(st.floats(0, 1), max_size=4))
def test_ticks_change_nothing(case: Case, opening: Opening, steps: list[Step], where: list[float]) -> None:
    """Whenever a host ticks, also at the instants of its own calls, the ticket comes out the same."""
    story = told(case, opening, steps)

    ticked = again(story, ticks=between(story, where) + [call.at for call in story.calls])

    assert story.ticket == ticked.ticket
    assert ([], []) == difference(case, ticked.effects, story.effects, events=True)


@LAWS
@given(cases(), openings, step_lists(most=8), st.integers(0, 9000))
def test_what_holds_of_every_history(case: Case, opening: Opening, steps: list[Step], rest: int) -> None:
    """Fold, JSON, ids, numbers, wake: each law on each call."""
    story = told(case, opening, steps)
    story = extended(story, Said("advance", story.end + rest * MINUTE))
    known: list[Any] = []

    assert [] == twice(story.effects)
    for call, outcome in zip(story.calls, story.outcomes, strict=True):
        known += outcome.records
        assert outcome.ticket == case.workflow.fold(known)
        assert outcome == load(json.loads(json.dumps(dump(outcome))))
        if outcome.wake is not None:
            assert outcome.wake > call.at
            assert make(case, outcome.ticket, Said("advance", outcome.wake - MICRO)).ticket is outcome.ticket
            assert make(case, outcome.ticket, Said("advance", outcome.wake)).records
    assert list(range(1, len(known) + 1)) == [record.sequence for record in known]
    assert sorted(record.at for record in known) == [record.at for record in known]


@LAWS
@given(cases(), openings, step_lists(most=8))
def test_rerun_of_its_own_history(case: Case, opening: Opening, steps: list[Step]) -> None:
    """A ticket's own received events decided again give the same ticket."""
    story = told(case, opening, steps)

    rerun = case.workflow.rerun(story.records, lambda _at: case.world)

    final = case.workflow.advance(rerun.ticket, at=story.end, world=case.world)
    assert canonical(story.ticket) == canonical(final.ticket)
