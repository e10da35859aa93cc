"""Holds measures to laws on drawn histories: in any order, in pieces, live, in any zone; must not know how they are defined."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servflow.engine import Workflow
from servflow.metrics import MEASURES, Case, Live, Share, Table, Tabulation, measure_table, read_case
from servflow.model import Record
from tests.laws import kernel_workflows
from tests.laws.kernel_strategies import (
    MINUTE,
    Opening,
    Said,
    Step,
    Story,
    again,
    between,
    extended,
    openings,
    play,
    step_lists,
)
from tests.oracles.metrics_walk import NONE, Walk

LAWS = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
EVERY = pytest.mark.parametrize("case", kernel_workflows.CASES, ids=lambda case: case.name)
NAMES = [
    "first_response",
    "next_response",
    "handle_time",
    "time_to_resolve",
    "first_contact_resolution",
    "reopen_rate",
    "reassignments",
    "reassignment_rate",
    "ping_pong",
    "escalation_rate",
    "attainment",
    "backlog",
    "backlog_age",
    "time_in_state",
    "time_per_step",
]
ASKED: dict[str, Any] = {"by": "assignee", "period": "day", "zone": "Europe/Lisbon"}

tales = st.lists(st.tuples(openings, step_lists()), min_size=1, max_size=4)
rests = st.integers(0, 9000)


def ends(case: kernel_workflows.Case, opening: Opening, steps: list[Step], rest: int) -> Story:
    """A story that is looked at some minutes after its last call."""
    story = play(case, opening, steps)
    return extended(story, Said("advance", story.end + rest * MINUTE))


def figures(table: Table) -> list[dict[str, Any]]:
    """All that a table says."""
    return [row.as_data() for row in table.rows]


def test_every_measure_of_time_is_held_to_the_laws() -> None:
    """None of those that are drawn here has been renamed."""
    assert set(NAMES) <= MEASURES.keys()


@EVERY
@LAWS
@given(tales, rests, st.randoms(use_true_random=False))
def test_live_is_batch(case: kernel_workflows.Case, told: list[tuple[Opening, list[Step]]], rest: int, dice: Any) -> None:
    """Records fed in any interleaving, some of them twice, give after every one of them what reading anew gives."""
    histories = {f"T{index}": play(case, *tale).records for index, tale in enumerate(told)}
    renamed = {name: [_renamed(record, name) for record in records] for name, records in histories.items()}
    live, fed = Live(), dict.fromkeys(renamed, 0)
    at = datetime.min.replace(tzinfo=UTC)
    while any(fed[name] < len(records) for name, records in renamed.items()):
        name = dice.choice([name for name, records in renamed.items() if fed[name] < len(records)])
        start = max(0, fed[name] - dice.randint(0, 2))
        fed[name] = min(len(renamed[name]), fed[name] + dice.randint(1, 9))
        live.feed(name, renamed[name][start : fed[name]])
        at = max(at, renamed[name][fed[name] - 1].at)
        now = at + rest * MINUTE
        cases = [read_case(renamed[name][:count], now) for name, count in fed.items() if count]

        assert sorted(cases, key=lambda one: one.id) == sorted(live.cases(now), key=lambda one: one.id)
    assert figures(measure_table(renamed.values(), NAMES, at=now, **ASKED)) == figures(live.table(NAMES, at=now, **ASKED))


def _renamed(record: Record, name: str) -> Record:
    from attrs import evolve

    return evolve(record, id=name) if type(record).__name__ == "Opened" else record  # type: ignore[call-arg]  # Opened has one


@EVERY
@LAWS
@given(tales, rests, st.randoms(use_true_random=False))
def test_pieces_add_up_in_any_order(
    case: kernel_workflows.Case, told: list[tuple[Opening, list[Step]]], rest: int, dice: Any
) -> None:
    """Counted in three pieces and merged in any order and grouping, everything comes to what it comes to at once."""
    stories = [play(case, *tale) for tale in told]
    now = max(story.end for story in stories) + rest * MINUTE
    cases = [read_case(story.records, now) for story in stories]
    pieces = [Tabulation(NAMES, at=now, **ASKED) for _ in range(3)]
    for one in cases:
        dice.choice(pieces).add(one)
    dice.shuffle(pieces)
    first, second, third = pieces
    merged = first.merge(second.merge(third)) if dice.random() < 0.5 else third.merge(first).merge(second)
    dice.shuffle(cases)

    assert figures(measure_table(cases, NAMES, at=now, **ASKED)) == figures(merged.table())


@EVERY
@LAWS
@given(tales, rests)
def test_what_holds_of_every_table(case: kernel_workflows.Case, told: list[tuple[Opening, list[Step]]], rest: int) -> None:
    """Shares lie between their bounds, groups add up to all, and the zone in which now is written changes nothing."""
    stories = [play(case, *tale) for tale in told]
    now = max(story.end for story in stories) + rest * MINUTE
    cases = [read_case(story.records, now) for story in stories]
    table = measure_table(cases, NAMES, at=now, **ASKED)
    elsewhere = measure_table(cases, NAMES, at=now.astimezone(ZoneInfo("Asia/Kathmandu")), **ASKED)

    assert figures(table) == figures(elsewhere)
    groups: dict[tuple[str, str, str], Counter[str]] = {}
    wholes: dict[tuple[str, str, str], Counter[str]] = {}
    for row in table.rows:
        assert (row.value is None) == (row.denominator == 0)
        if isinstance(row.figure, Share):
            assert 0 <= row.numerator <= row.denominator
            assert row.figure.low is not None
            assert row.figure.high is not None
            assert row.figure.low <= row.value <= row.figure.high
        counted = Counter({"": row.denominator, **row.excluded})
        if row.measure != "escalation_rate" or row.part == "all":  # the base of a level is all, in its group
            told_of = groups if row.group != "all" else wholes
            told_of.setdefault((row.measure, row.part, row.period), Counter()).update(counted)
    assert {key: +count for key, count in wholes.items()} == {key: +groups.get(key, Counter()) for key in wholes}


@EVERY
@LAWS
@given(openings, step_lists(), rests, st.lists(st.floats(0, 1), max_size=4))
def test_when_anyone_looked_changes_nothing(
    case: kernel_workflows.Case, opening: Opening, steps: list[Step], rest: int, where: list[float]
) -> None:
    """Ticks between the calls record nothing that a figure of time would tell otherwise."""
    story = ends(case, opening, steps, rest)
    ticked = again(story, ticks=between(story, where))
    tables = [measure_table([one.records], NAMES, at=story.end, period="day") for one in (story, ticked)]

    assert figures(tables[0]) == figures(tables[1])


@EVERY
@LAWS
@given(openings, step_lists(), rests, st.floats(0, 1))
def test_the_walk_counts_the_same(
    case: kernel_workflows.Case, opening: Opening, steps: list[Step], rest: int, share: float
) -> None:
    """A ticket folded anew after every record spends the same time in its states and with people, and goes the same ways."""
    story = ends(case, opening, steps, rest)
    now = between(story, [share])[0]
    walk, read = Walk(case.workflow, story.records, now), read_case(story.records, now)

    assert walk.in_states() == _together([(stay.state, stay.since, stay.until) for stay in read.stays if not stay.closed], now)
    assert walk.held("assignee") == _held(read, "assignee", now)
    assert walk.held("queue") == _held(read, "queue", now)
    for slot in ("assignee", "outlet", "owner", "queue"):
        assert walk.hands(slot) == _turns(read, slot)
    assert (tuple(walk.closings()), tuple(walk.reopenings())) == (read.closings, read.reopenings)
    assert walk.last.closed == (read.closed_at is not None)
    assert walk.steps() == Counter((done.state, done.step) for done in read.checks)
    found = MEASURES["next_response"]([read])
    assert (sum(walk.answers(), NONE), len(walk.answers())) == ((NONE, 0) if found is None else (found.total, found.count))


def _together(stays: list[tuple[str, datetime, datetime | None]], now: datetime) -> dict[str, timedelta]:
    found: dict[str, timedelta] = {}
    for name, since, until in stays:
        found[name] = found.get(name, NONE) + ((until or now) - since)
    return {name: taken for name, taken in found.items() if taken}


def _held(read: Case, slot: str, now: datetime) -> dict[str, timedelta]:
    pieces = [
        (stint.who, max(stint.since, since), min(stint.until or now, until or now))
        for stint in read.stints
        if stint.slot == slot
        for since, until in read.open_spans
    ]
    return _together([(who, since, max(since, until)) for who, since, until in pieces], now)


def _turns(read: Case, slot: str) -> list[str]:
    found: list[str] = []
    for stint in read.stints:
        if stint.slot == slot and found[-1:] != [stint.who]:
            found.append(stint.who)
    return found


@EVERY
@LAWS
@given(openings, step_lists(), rests)
def test_promises_come_out_as_the_clocks_say(
    case: kernel_workflows.Case, opening: Opening, steps: list[Step], rest: int
) -> None:
    """The latest cycle of every clock is broken, kept or running as the ticket itself has it, with the same target and due."""
    story = ends(case, opening, steps, rest)
    read = read_case(story.records, story.end)
    latest = {cycle.clock: cycle for cycle in sorted(read.cycles, key=lambda cycle: cycle.number)}
    for name, run in story.ticket.clocks.items():
        cycle = latest[name]
        before = [one for one in read.cycles if one.clock == name and one.number < run.cycle]

        assert (run.summary.cycles, run.summary.breached) == (len(before), sum(one.breached_at is not None for one in before))
        kept = {"met": ("met", "late"), "cancelled": ("cancelled",)}.get(run.phase, ("open", "overdue"))

        assert (run.cycle, run.within, run.calendar) == (cycle.number, cycle.target, cycle.calendar)
        assert cycle.outcome in ((*kept, "waived") if run.waived else kept)
        if cycle.outcome not in ("waived", "cancelled"):
            assert (run.breached_at is not None) == (cycle.outcome in ("late", "overdue"))


REPLY = Workflow(
    workflow="reply",
    states={"new": {}},
    clocks=[
        {
            "name": "reply",
            "within": "1h",
            "start": [{"message": {"side": "customer"}}],
            "stop": [{"message": {"side": "agent"}}],
        }
    ],
)
lateness = st.one_of(st.none(), st.integers(0, 200))
words = st.lists(st.tuples(st.integers(0, 90), st.sampled_from(["customer", "agent"]), lateness), max_size=12)


@LAWS
@given(words)
def test_next_response_is_what_a_clock_of_messages_counts(said: list[tuple[int, str, int | None]]) -> None:
    """Started by the customer's message and stopped by the agent's, late ones included, a clock counts the same answers."""
    now = start = datetime(2026, 11, 2, 9, tzinfo=UTC)
    out = REPLY.open("T1", at=start)
    ticket, records = out.ticket, list(out.records)
    for index, (gap, side, late) in enumerate(said):
        now += timedelta(minutes=gap, seconds=1)
        # Odd microseconds keep two messages from being written at one instant, where a clock has its own order.
        when = None if late is None else max(start, now - late * MINUTE) + timedelta(microseconds=index)
        told = None if when is None or when > now else when
        fired = REPLY.fire(ticket, "ticket.message", {"side": side, "text": "."}, at=now, occurred=told)
        ticket, records = fired.ticket, [*records, *fired.records]
    case = read_case(records, now)
    found = MEASURES["next_response"]([case], first=True)
    answered = [cycle for cycle in case.cycles if cycle.outcome in ("met", "late")]
    counted = sum((cycle.counted or NONE for cycle in answered), NONE)

    assert (len(answered), counted) == ((0, NONE) if found is None else (found.count, found.total))
