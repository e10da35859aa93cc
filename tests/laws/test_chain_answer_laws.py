"""Knows what holds whatever people answer, in quiet hours and when notifications fail; must not know how a run does it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servflow.escalation import held, next_due
from servflow.model import ChainStopped, Escalated, Notify, QuietEnded, Unreachable, dump, load_ticket
from tests.laws.chain_strategies import ANN, cases, reached, runs_of
from tests.laws.kernel_strategies import (
    Opening,
    Said,
    Step,
    Story,
    again,
    between,
    extended,
    make,
    openings,
    play,
    step_lists,
    twice,
    unfolded,
)
from tests.laws.kernel_workflows import Case

LAWS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

RESULTS = tuple(
    (f"chain.{result}", {"chain": chain, "to": to}, ANN)
    for result in ("failed", "failed", "delivered")
    for chain in ("first", "second")
    for to in ("sue", "dan", "ann")
)
QUIET: tuple[Any, ...] = ("night", "office", {"calendar": "night", "take": "drop"}, {"calendar": "night", "zone": "recipient"})
WHILE = timedelta(days=9)


@st.composite
def hushed(draw: st.DrawFn) -> Case:
    """A workflow whose chains may be quiet at night and hear what becomes of what they send."""
    case = draw(cases())
    chains = [
        {
            **chain,
            "quiet": draw(st.sampled_from([None, *QUIET])),
            "advance_on_failure": draw(st.sampled_from(["never", "all", "any"])),
        }
        for chain in case.definition["escalations"]
    ]
    return evolve(case, name=str(chains), definition={**case.definition, "escalations": chains}, menu=(*case.menu, *RESULTS))


def told(case: Case, opening: Opening, steps: list[Step]) -> Story:
    story = play(case, opening, steps)
    return extended(story, Said("advance", story.end + WHILE))


@LAWS
@given(hushed(), openings, step_lists(), st.lists(st.floats(0, 1), max_size=5))
def test_any_ticks_give_the_same_run(case: Case, opening: Opening, steps: list[Step], where: list[float]) -> None:
    """Whenever anybody looks, the ticket and its records are the same but for who spoke for whom."""
    story = told(case, opening, steps)
    ticked = again(story, ticks=between(story, where))

    assert story.ticket == ticked.ticket
    assert [unfolded(record) for record in story.records] == [unfolded(record) for record in ticked.records]
    late, timely = ({effect.id: effect for effect in one.effects} for one in (story, ticked))
    assert late == {name: timely[name] for name in late if name in timely}
    assert all(isinstance(effect, (Notify, Unreachable)) for name, effect in timely.items() if name not in late)
    assert ([], []) == (twice(story.effects), twice(ticked.effects))


@LAWS
@given(hushed(), openings, step_lists())
def test_answers_never_break_a_run(case: Case, opening: Opening, steps: list[Step]) -> None:
    """A climb reaches a level once, nothing follows the end of a run, and JSON in between and folding change nothing."""
    story = told(case, opening, steps)
    ticket: Any = None
    for call, outcome in zip(story.calls, story.outcomes, strict=True):
        assert outcome == make(case, None if ticket is None else load_ticket(json.loads(json.dumps(dump(ticket)))), call)
        ticket = outcome.ticket
    assert story.ticket == case.workflow.fold(story.records)

    done = [
        (*one.run, one.climb, one.record.level)
        for one in reached(story.records)
        if isinstance(one.record, Escalated) and not (one.record.run.due is None and one.record.run.level == one.record.level)
    ]
    assert {} == {key: count for key, count in Counter(done).items() if count > 1}
    ended: dict[tuple[str, int], Any] = {}
    for record, _ in runs_of(story.records):
        key = (record.run.chain, record.run.generation)
        assert key not in ended
        if record.run.phase == "done":
            ended[key] = record
    for effect in story.effects:
        for (chain, number), record in ended.items():
            if effect.cause.startswith(f"chain:{chain}:{record.run.cause}:{number}:"):
                assert effect.at <= record.at


@LAWS
@given(hushed(), openings, step_lists())
def test_every_level_of_a_run_that_ended_has_an_outcome(case: Case, opening: Opening, steps: list[Step]) -> None:
    """Each level of the last climb was reached, skipped or named as not reached; and who was not told quietly, loudly."""
    story = told(case, opening, steps)
    chains = {chain.name: chain for chain in case.workflow.escalations}
    levels: dict[tuple[str, int, int], set[str]] = {}
    for record, before in runs_of(story.records):
        run = record.run
        # What waited for the morning is said or, on record, need not be said any more; nothing else makes it go away.
        assert isinstance(record, QuietEnded) or before is None or set(before.quiet) <= set(run.quiet)
        climb = run.climb if before is None else before.climb
        seen = levels.setdefault((run.chain, run.generation, climb), set())
        if isinstance(record, Escalated):
            seen.add(record.name)
        if run.phase != "done":
            continue
        if isinstance(record, ChainStopped):
            seen.update(record.levels)
        if climb == 1:  # in a climb that somebody began below, those further down are not asked again
            assert {level.name for level in chains[run.chain].levels[first(story, run) :]} <= seen

    quiet = {chain.name: chain.quiet for chain in case.workflow.escalations}
    for item in story.records:
        if isinstance(item, QuietEnded) and item.outcome == "fired":
            hours = quiet[item.run.chain]
            assert hours is not None
            assert "later" == hours.take
            assert hours.zone is not None or not case.workflow.calendars[hours.calendar].is_open(item.scheduled)


def first(story: Story, run: Any) -> int:
    """Where a run entered its chain."""
    return next(
        record.run.level
        for record, _ in runs_of(story.records)
        if (record.run.chain, record.run.generation) == (run.chain, run.generation)
    )


@LAWS
@given(hushed(), openings, step_lists())
def test_what_a_run_keeps_is_bounded(case: Case, opening: Opening, steps: list[Step]) -> None:
    """A snapshot keeps what its latest level sent, what waits for one morning, and some reasons; and only runs that go on."""
    chains = {chain.name: chain for chain in case.workflow.escalations}
    for outcome in told(case, opening, steps).outcomes:
        for run in outcome.ticket.chains:
            assert all(count <= most for count, most in ((len(run.sent), 101), (len(run.quiet), 200), (len(run.nobody), 20)))
            assert not (run.phase in ("acknowledged", "snoozed") and run.quiet)
            assert not (run.heard and run.nobody)
            if run.phase == "running":
                assert next_due(run) is not None or held(chains[run.chain], run)
