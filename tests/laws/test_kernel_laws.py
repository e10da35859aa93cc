"""Knows the kernel's laws about time: catching up, waking, ties and zones; must not know how anything is decided."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
    person,
    play,
    refusal,
    step_lists,
    unfolded,
)
from tests.laws.kernel_workflows import CASES, Case

LAWS = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)

shares = st.lists(st.floats(0, 1), max_size=5)
spans = st.one_of(st.integers(0, 180), st.integers(0, 20 * 24 * 60))


def moments(story: Story, minutes: int, due: int | None) -> datetime:
    """An instant after the story: some minutes on, or within microseconds of what time does next."""
    wake = story.ticket.wake
    if due is not None and wake is not None and wake - story.end < timedelta(days=60):
        return max(story.end, wake - MICRO + due * MICRO)
    return story.end + minutes * MINUTE


@EVERY
@LAWS
@given(
    openings, step_lists(), st.lists(st.tuples(spans, st.sampled_from([None, None, -1, 0, 1])), min_size=1, max_size=4), spans
)
def test_catching_up_in_many_calls_or_in_one(
    case: Case, opening: Opening, steps: list[Step], stops: list[tuple[int, int | None]], rest: int
) -> None:
    """For a <= b, advance(a); advance(b) gives the ticket, records and effects (but those folded) of advance(b)."""
    story = play(case, opening, steps)
    slow = story
    for minutes, due in stops:
        slow = extended(slow, Said("advance", moments(slow, minutes, due)))
    last = Said("advance", slow.end + rest * MINUTE)

    slow, quick = extended(slow, last), extended(story, last)

    assert quick.ticket == slow.ticket
    assert [unfolded(record) for record in quick.records] == [unfolded(record) for record in slow.records]
    assert ([], []) == difference(case, slow.effects, quick.effects)


@EVERY
@LAWS
@given(openings, step_lists(), shares, st.booleans())
def test_ticks_change_nothing(case: Case, opening: Opening, steps: list[Step], where: list[float], at_calls: bool) -> None:
    """Whenever a host ticks, also at the very instants of its own calls, the ticket after every call is the same."""
    story = play(case, opening, steps)
    ticks = between(story, where) + ([call.at for call in story.calls] if at_calls else [])

    ticked = again(story, ticks=ticks)

    own = [outcome.ticket for call, outcome in zip(ticked.calls, ticked.outcomes, strict=True) if call.verb != "advance"]
    assert [outcome.ticket for call, outcome in zip(story.calls, story.outcomes, strict=True) if call.verb != "advance"] == own
    extra, missing = difference(case, ticked.effects, story.effects, events=True)
    assert ([], []) == (extra, missing)


@EVERY
@LAWS
@given(openings, step_lists())
def test_wake_is_the_first_instant_at_which_time_does_something(case: Case, opening: Opening, steps: list[Step]) -> None:
    """wake > at or None; at wake something is recorded, a microsecond before it nothing, and then the ticket is the same."""
    story = play(case, opening, steps)

    for call, outcome in zip(story.calls, story.outcomes, strict=True):
        ticket, wake = outcome.ticket, outcome.wake
        assert ticket.wake == wake
        if wake is None:
            late = make(case, ticket, Said("advance", call.at + timedelta(days=3650)))
            assert (ticket, ()) == (late.ticket, late.records)
            continue
        assert wake > call.at
        early = make(case, ticket, Said("advance", wake - MICRO))
        assert early.ticket is ticket
        assert ((), (), ()) == (early.records, early.effects, early.reservations)
        assert make(case, ticket, Said("advance", wake)).records


@EVERY
@LAWS
@given(openings, step_lists(), st.sampled_from(["Asia/Kathmandu", "America/New_York", "Pacific/Apia", "Europe/Dublin"]))
def test_the_zone_an_instant_is_written_in_changes_nothing(case: Case, opening: Opening, steps: list[Step], zone: str) -> None:
    """The same instants written in another zone give equal tickets, records and effects."""
    story = play(case, opening, steps)
    there = ZoneInfo(zone)

    def moved(call: Said) -> Said:
        occurred = None if call.occurred is None else call.occurred.astimezone(there)
        return evolve(call, at=call.at.astimezone(there), occurred=occurred)

    assert story.outcomes == again(story, moved).outcomes


@EVERY
@LAWS
@given(openings, step_lists())
def test_rerun_of_its_own_history(case: Case, opening: Opening, steps: list[Step]) -> None:
    """A ticket's own received events decided again give the same ticket and the same records."""
    story = play(case, opening, steps)

    rerun = case.workflow.rerun(story.records, lambda _at: case.world)

    final = case.workflow.advance(rerun.ticket, at=story.end, world=case.world)
    assert story.ticket == final.ticket
    assert [unfolded(item) for item in story.records] == [unfolded(item) for item in (*rerun.records, *final.records)]


@EVERY
@LAWS
@given(openings, step_lists(most=6), st.data())
def test_skew_is_clamped_and_more_is_refused(case: Case, opening: Opening, steps: list[Step], data: Any) -> None:
    """An instant up to 5 s behind the ticket counts as the ticket's own; a microsecond more is refused as past."""
    story = play(case, opening, steps)
    ticket = story.ticket
    behind = data.draw(st.integers(0, 5_000_000))
    event, payload, who = case.menu[data.draw(st.integers(0, len(case.menu) - 1))]
    call = Said("fire", ticket.at - behind * MICRO, event, payload, person(ticket, who))

    assert "past" == refusal(case, ticket, evolve(call, at=ticket.at - 5_000_001 * MICRO))
    code = refusal(case, ticket, evolve(call, at=ticket.at))
    assert code == refusal(case, ticket, call)
    if code is None:
        on_time, clamped = make(case, ticket, evolve(call, at=ticket.at)), make(case, ticket, call)
        assert on_time.ticket == clamped.ticket
        assert on_time.effects == clamped.effects
        received: Any = clamped.records[0]
        assert (call.at if behind else None) == received.clamped
