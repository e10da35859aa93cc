"""Knows the kernel's laws about late events, pauses and definitions that go round; must not know how time is counted."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from servflow.engine import Workflow
from servflow.errors import LimitError
from servflow.model import Amended, Breached, ChainRun, Moved, Record, Updated, Warned, canonical
from tests.laws.kernel_strategies import (
    MINUTE,
    Opening,
    Said,
    Step,
    Story,
    between,
    extended,
    openings,
    person,
    play,
    refusal,
    step_lists,
)
from tests.laws.kernel_workflows import CLOCKS, START

LAWS = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
punctual = st.tuples(st.integers(0, 7), st.integers(0, 10_000), st.none(), st.integers(0, 11), st.sampled_from([1, 45, 400]))
delays = st.one_of(st.integers(1, 120), st.integers(1, 3000))


def told(story: Story, entry: int, occurred: int, at: int, looks: list[float]) -> Story | None:
    """The story with one more event, which occurred so many minutes after it and is told so many minutes later."""
    event, payload, who = CLOCKS.menu[entry % len(CLOCKS.menu)]
    happened, now = story.end + occurred * MINUTE, story.end + (occurred + at) * MINUTE
    for share in sorted(looks):
        story = extended(story, Said("advance", happened + (now - happened) * share))
    call = Said("fire", now, event, payload, person(story.ticket, who), happened if at else None)
    return None if refusal(CLOCKS, story.ticket, call) else extended(story, call)


def marks(records: tuple[Record, ...]) -> set[tuple[str, str, Any]]:
    """Every mark that was told as reached: clock, mark and instant."""
    found = {(item.clock, item.mark, item.instant) for item in records if isinstance(item, Warned)}
    return found | {(item.clock, "breach", item.instant) for item in records if isinstance(item, Breached)}


def live(chains: tuple[ChainRun, ...]) -> set[tuple[Any, ...]]:
    return {(run.chain, run.cause, run.phase, run.level, run.due) for run in chains}


@LAWS
@given(punctual, step_lists(late=False, most=8), st.integers(0, 40), st.integers(0, 600), delays, st.lists(st.floats(0, 1)))
def test_a_late_event_counts_as_on_time(
    opening: Opening, steps: list[Step], entry: int, occurred: int, delay: int, looks: list[float]
) -> None:
    """An event told late leaves every clock, and every run a clock started, as if it had been told when it occurred."""
    story = play(CLOCKS, opening, steps)
    prompt, late = told(story, entry, occurred, 0, []), told(story, entry, occurred, delay, looks)
    assume(prompt is not None and late is not None)
    assert prompt is not None
    assert late is not None
    # Levels that change the ticket itself while the event is under way are history, not clocks.
    known = len(story.outcomes)
    prompt = extended(prompt, Said("advance", late.end))
    assume(not any(isinstance(item, Updated) for outcome in late.outcomes[known:-1] for item in outcome.records))
    assume(not any(isinstance(item, Updated) for item in prompt.outcomes[-1].records))
    assume(sum(isinstance(item, Updated) for item in late.outcomes[-1].records) <= 1)
    looked = Said("advance", late.end + MINUTE)

    prompt, late = extended(prompt, looked), extended(late, looked)

    assert dict(prompt.ticket.clocks) == dict(late.ticket.clocks)
    assert live(prompt.ticket.chains) == live(late.ticket.chains)
    amended = {(item.clock, item.mark, item.was) for item in late.records if isinstance(item, Amended)}
    assert marks(late.records) - marks(prompt.records) <= amended


@LAWS
@given(openings, step_lists())
def test_no_clock_begins_before_its_ticket(opening: Opening, steps: list[Step]) -> None:
    """However early an event occurred, no clock starts, stops or counts before the ticket was opened."""
    story = play(CLOCKS, opening, steps)

    for outcome in story.outcomes:
        opened = outcome.ticket.opened_at
        for run in outcome.ticket.clocks.values():
            instants = [run.started_at, run.stopped_at, run.paused_at, *(segment.start for segment in run.segments)]
            assert all(instant >= opened for instant in instants if instant is not None)
            assert run.counted >= timedelta()
            ends = [(segment.start, segment.end or outcome.ticket.at) for segment in run.segments]
            assert all(one[1] <= two[0] for one, two in pairwise(ends))


@LAWS
@given(punctual, step_lists(late=False), st.floats(0, 1), st.integers(0, 5000))
def test_pausing_never_brings_a_breach_nearer(opening: Opening, steps: list[Step], where: float, rest: int) -> None:
    """The same history with one pause more breaches a clock at the same instant, later or not at all."""
    plain = play(CLOCKS, opening, steps)
    (at,) = between(plain, [where])
    before = [call for call in plain.calls if call.at <= at]
    after = [call for call in plain.calls if call.at > at]
    first = Story(CLOCKS, tuple(before), plain.outcomes[: len(before)])
    held = extended(first, Said("fire", max(at, first.end), "hold"), *after)
    look = Said("advance", plain.end + rest * MINUTE)

    runs = [extended(story, look).ticket.clocks["recount"] for story in (plain, held)]

    nearest = [run.breached_at or (run.due if run.phase == "running" else None) for run in runs]
    assert runs[0].cycle == runs[1].cycle
    assert nearest[1] is None or (nearest[0] is not None and nearest[1] >= nearest[0])


@LAWS
@given(openings, step_lists(most=6), st.integers(0, 5000))
def test_occurred_now_is_no_lateness(opening: Opening, steps: list[Step], wait: int) -> None:
    """An event that occurred at the very instant it is told is the event without a word of when it occurred."""
    story = play(CLOCKS, opening, steps)
    event, payload, who = CLOCKS.menu[wait % len(CLOCKS.menu)]
    at = story.end + wait * MINUTE
    plain = Said("fire", at, event, payload, person(story.ticket, who))
    assume(refusal(CLOCKS, story.ticket, plain) is None)

    same = extended(story, Said("fire", at, event, payload, person(story.ticket, who), at))

    assert extended(story, plain).outcomes == same.outcomes


@LAWS
@given(openings, step_lists(most=6), st.integers(1, 10**9))
def test_what_has_not_happened_cannot_be_told(opening: Opening, steps: list[Step], ahead: int) -> None:
    """occurred later than at is refused as past, whatever the event, and nothing changes."""
    story = play(CLOCKS, opening, steps)
    before = canonical(story.ticket)

    for event, payload, who in CLOCKS.menu:
        later = story.end + timedelta(microseconds=ahead)
        assert "past" == refusal(
            CLOCKS, story.ticket, Said("fire", story.end, event, payload, person(story.ticket, who), later)
        )
    assert before == canonical(story.ticket)


# definitions that go round ----------------------------------------------------------------------------------------

ROUND: dict[str, dict[str, Any]] = {
    "rules": {
        "fields": {"n": {"type": "int", "default": 0}, "k": {"type": "int", "default": 0}},
        # In the state of opening they rest: a definition that never can is refused when it is loaded.
        "states": {"a": {}, "b": {}},
        "rules": [
            {"name": "up", "when": "state == 'b' && n > 0 && n >= k", "then": [{"set": {"k": "n + 1"}}]},
            {"name": "too", "when": "k > n", "then": [{"set": {"n": "k + 1"}}]},
        ],
        "transitions": [{"event": "go", "source": "a", "target": "b", "do": [{"set": {"n": "1"}}]}],
    },
    "emits": {
        "fields": {"n": {"type": "int", "default": 0}},
        "states": {"a": {}},
        "transitions": [
            {"event": "go", "source": "a", "do": [{"emit": "ping"}]},
            {"event": "ping", "source": "a", "do": [{"set": {"n": "n + 1"}}, {"emit": "pong"}]},
            {"event": "pong", "source": "a", "do": [{"emit": "ping"}, {"notify": {"to": "requester", "template": "t"}}]},
        ],
    },
    "eventless": {
        "fields": {"on": {"type": "bool", "default": False}},
        "states": {"a": {}, "b": {}},
        "transitions": [
            {"event": "go", "source": "a", "do": [{"set": {"on": "true"}}]},
            {"source": "a", "target": "b", "when": "on"},
            {"source": "b", "target": "a", "when": "on"},
        ],
    },
    "rules and eventless": {
        "fields": {"n": {"type": "int", "default": 0}},
        "states": {"a": {}, "b": {}},
        "rules": [{"name": "up", "when": "state == 'b' && n > 0", "then": [{"set": {"n": "n + 1"}}]}],
        "transitions": [
            {"event": "go", "source": "a", "do": [{"set": {"n": "1"}}]},
            {"source": "a", "target": "b", "when": "n % 2 == 1"},
            {"source": "b", "target": "a", "when": "n % 2 == 0", "do": [{"set": {"n": "n + 1"}}]},
        ],
    },
    "done": {
        "states": {
            "a": {},
            "c": {"initial": "f", "states": {"f": {"final": True}}},
            "d": {"initial": "g", "states": {"g": {"final": True}}},
        },
        "transitions": [
            {"event": "go", "source": "a", "target": "c"},
            {"event": "done.state.c", "source": "c", "target": "d"},
            {"event": "done.state.d", "source": "d", "target": "c"},
        ],
    },
}


@pytest.mark.parametrize("name", ROUND)
def test_what_goes_round_is_stopped(name: str) -> None:
    """Rules, emitted events, eventless moves and completions that go round end in LimitError; the ticket is unchanged."""
    workflow = Workflow(workflow="round", initial="a", **ROUND[name])
    ticket = workflow.open("T1", at=START).ticket
    before = canonical(ticket)

    with pytest.raises(LimitError) as caught:
        workflow.fire(ticket, "go", at=START + MINUTE)

    assert caught.value.facts
    assert before == canonical(ticket)
    assert workflow.advance(ticket, at=START + 10 * MINUTE).ticket == ticket


@pytest.mark.parametrize("name", ROUND)
def test_what_goes_round_by_time_does_not_stop_the_ticket(name: str) -> None:
    """The same, set off by a timer, is noted and the ticket goes on: time alone never makes a ticket unusable."""
    definition = {**ROUND[name], "states": {**ROUND[name]["states"], "a": {"timers": [{"after": "5m", "event": "go"}]}}}
    moves = [*definition["transitions"], {"event": "say", "source": "*"}]
    workflow = Workflow(workflow="round", initial="a", **{**definition, "transitions": moves})
    ticket = workflow.open("T1", at=START).ticket

    outcome = workflow.fire(ticket, "say", at=START + 10 * MINUTE)

    assert outcome.ticket == workflow.fold([*workflow.open("T1", at=START).records, *outcome.records])
    assert outcome.wake is None or outcome.wake > START + 10 * MINUTE


def test_timers_that_set_each_other_at_one_instant_are_bounded() -> None:
    """Timers of no length that set each other come to an end: an error that says so, or a ticket that goes on."""
    states = {"a": {"timers": [{"after": "0s", "event": "t"}]}, "b": {"timers": [{"after": "0s", "event": "t"}]}}
    moves = [{"event": "t", "source": "a", "target": "b"}, {"event": "t", "source": "b", "target": "a"}]
    workflow = Workflow(workflow="round", initial="a", states=states, transitions=moves)
    opened = workflow.open("T1", at=START)
    before = canonical(opened.ticket)

    try:
        outcome = workflow.advance(opened.ticket, at=START + MINUTE)
    except LimitError as limit:
        assert limit.facts  # noqa: PT017 - ending in an error is one of the two good ends
        assert before == canonical(opened.ticket)
    else:
        assert outcome.ticket == workflow.fold([*opened.records, *outcome.records])


@LAWS
@given(punctual, step_lists(late=False))
def test_closing_ends_what_was_promised(opening: Opening, steps: list[Step]) -> None:
    """closed_at is when the ticket last became closed; from then on only what a later message starts counts or climbs."""
    story = play(CLOCKS, opening, steps)
    closing = None

    for outcome in story.outcomes:
        ticket = outcome.ticket
        for record in outcome.records:
            if isinstance(record, Moved) and "done" in record.entered:
                closing = record.at
        assert closing == ticket.closed_at
        if ticket.closed:
            counting = {name for name, run in ticket.clocks.items() if run.phase in {"running", "paused"}}
            assert not counting & {"carry", "restart", "recount"}
            assert {run.cause.split(":")[1] for run in ticket.chains} <= {"answer"}
