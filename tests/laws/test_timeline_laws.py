"""Knows the laws of a clock's timeline: it adds up, whatever happened; must not know how it is cut or drawn."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servflow import sla
from servflow.calendars import Calendar, OpenTime
from servflow.model import ClockRecord, Moved, Opened
from servflow.sla import Timeline
from tests.laws.kernel_strategies import MINUTE, Opening, Step, Story, openings, play, step_lists
from tests.laws.kernel_workflows import CASES, CLOCKS, Case
from tests.oracles.timeline_walk import ORDER, walk

LAWS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
MISSING = re.compile(r"<[a-z_]+>")
BASE = datetime(2026, 3, 6, 0, 0, tzinfo=UTC)  # a Friday
OFFICE = Calendar("UTC", {"mon-fri": ["09:00-12:00", "13:00-18:00"]})
NIGHT = Calendar("America/New_York", {"mon-sun": ["22:00-06:00"]}, holidays=[{"date": "2026-03-07", "name": "a holiday"}])

languages = st.sampled_from(["en", "zh"])
calendars = st.sampled_from([None, Calendar.always(), OFFICE, NIGHT])
minutes = st.integers(0, 4 * 24 * 60)
histories = st.lists(
    st.tuples(st.one_of(minutes, st.integers(0, 40).map(lambda n: n * 180)), st.sampled_from(ORDER)), max_size=14
)


def minute(number: int) -> datetime:
    return BASE + timedelta(minutes=number)


def adds_up(line: Timeline) -> None:
    """The rows touch, none is empty, every sum is right, and nothing counts beyond what was open."""
    assert all(one.end == two.start for one, two in pairwise(line))
    assert all(row.start < row.end and row.elapsed == row.end - row.start for row in line)
    assert line.counted == sum((row.counted for row in line), timedelta())
    assert [row.total for row in line] == [
        sum((row.counted for row in line[: place + 1]), timedelta()) for place in range(len(line))
    ]
    for row in line:
        assert timedelta() <= row.open <= row.elapsed
        if row.phase != "folded":
            assert row.counted == (row.open if row.phase == "running" else timedelta())
    if line:
        end = line.at if line.stopped_at is None else min(line.at, line.stopped_at)
        assert (line.started_at, end) == (line[0].start, line[-1].end)
    assert all(
        (one.state, one.reason, one.phase, one.calendar) != (two.state, two.reason, two.phase, two.calendar)
        for one, two in pairwise(line)
    )


def arrives(line: Timeline) -> None:
    """The steps lead to the due instant: there what was left is used up, or nothing is due before it."""
    told = {step.code.removeprefix("sla.why_"): step.facts for step in line.why}
    assert "earlier" not in told
    if line.due is not None:
        assert line.due == told["due" if "due" in told else "due_ended"]["due"]
        reached = [told[code][fact] for code, fact in ENDS if code in told]
        assert line.due == reached[-1]


ENDS = [
    ("none_left", "since"),
    ("used_up", "found"),
    ("passed", "found"),
    ("floor_resume", "floor"),
    ("floor_change", "floor"),
    ("cap", "cap"),
    ("cap_alone", "cap"),
]


def readable(line: Timeline, lang: str) -> None:
    """Every form of it can be made; no sentence or fact is missing, and the drawing is one well-formed element."""
    data = line.to_data()
    assert data == json.loads(json.dumps(data))
    told = line.text(lang)
    assert "sla.why" not in told
    assert not MISSING.search(told)
    assert "{http://www.w3.org/2000/svg}svg" == ElementTree.fromstring(line.svg(lang)).tag


@LAWS
@given(calendars, st.integers(1, 24 * 60), histories, minutes, languages)
def test_the_rows_are_what_walking_every_minute_gives(
    cal: OpenTime | None, within: int, pairs: list[tuple[int, str]], at: int, lang: str
) -> None:
    """Each row counts what a walk over every minute counts, and the summary is that of the fold."""
    clock = sla.Clock(name="c", within=timedelta(minutes=within), warn=["50%", "1h after"])
    history = [(minute(when), operation) for when, operation in [(0, "start"), *pairs]]

    line = sla.explain_history(clock, cal, history, minute(at))

    adds_up(line)
    readable(line, lang)
    arrives(line)
    state = sla.run(clock, cal, history, minute(at))
    assert state == sla.ClockState(line.counted, line.remaining, line.due, line.breached_at, line.phase, line.cycle)
    walked = walk([(0, "start"), *pairs], at, lambda number: cal is None or cal.is_open(minute(number)))
    for row in line:
        first, last = (row.start - BASE) // MINUTE, (row.end - BASE) // MINUTE
        assert {row.phase} == {phase for phase, _, _, _ in walked[first:last]}
        assert row.open == timedelta(minutes=sum(opened for _, opened, _, _ in walked[first:last]))
        assert row.total == timedelta(minutes=walked[last - 1][3])


@LAWS
@given(calendars, st.integers(1, 24 * 60), histories, minutes)
def test_every_cycle_of_a_history_can_be_told(cal: OpenTime | None, within: int, pairs: list[tuple[int, str]], at: int) -> None:
    """Earlier cycles add up too, and end before the next one begins."""
    clock = sla.Clock(name="c", within=timedelta(minutes=within))
    history = [(minute(when), operation) for when, operation in [(0, "start"), *pairs]]

    latest = sla.explain_history(clock, cal, history, minute(at)).cycle
    lines = [sla.explain_history(clock, cal, history, minute(at), cycle=number) for number in range(1, latest + 1)]

    for line in lines:
        adds_up(line)
    assert [*range(1, latest + 1)] == [line.cycle for line in lines]
    for one, two in pairwise(lines):
        assert one.stopped_at is not None
        assert two.started_at is not None
        assert one.stopped_at <= two.started_at


def timelines(case: Case, story: Story, at: datetime) -> list[tuple[Timeline, Timeline]]:
    """Every clock of a ticket, told with its records and without."""
    flow, ticket = case.workflow, story.outcomes[-1].ticket
    return [
        (
            flow.explain_clock(ticket, name, at=at, records=story.records, world=case.world),
            flow.explain_clock(ticket, name, at=at, world=case.world),
        )
        for name in flow.compiled.clock_names
    ]


@LAWS
@given(st.sampled_from(CASES), openings, step_lists(), st.integers(0, 5000), languages)
def test_every_clock_of_every_ticket_adds_up(case: Case, opening: Opening, steps: list[Step], rest: int, lang: str) -> None:
    """After any history, late events among it, the records change what rows are called and never what they come to."""
    story = play(case, opening, steps)
    at = max(story.end, story.ticket.at) + rest * MINUTE

    for told, bare in timelines(case, story, at):
        adds_up(told)
        adds_up(bare)
        readable(told, lang)
        summary: tuple[Any, ...] = (told.counted, told.due, told.breached_at, told.phase, told.cycle, told.within)
        assert summary == (bare.counted, bare.due, bare.breached_at, bare.phase, bare.cycle, bare.within)
        assert all(row.state is not None for row in told if row.phase != "folded")


@LAWS
@given(openings, step_lists())
def test_states_and_earlier_instants_are_those_of_the_records(opening: Opening, steps: list[Step]) -> None:
    """Asked with records for an instant that has passed, a clock is told as it was then."""
    story = play(CLOCKS, opening, steps)
    states = {"+".join(item.configuration) for item in story.records if isinstance(item, (Moved, Opened))}
    clocks = {item.clock for item in story.records if isinstance(item, ClockRecord)}

    for outcome in story.outcomes[-3:-1]:
        then = outcome.ticket
        for name in clocks & set(then.clocks):
            back = CLOCKS.workflow.explain_clock(story.ticket, name, at=then.at, records=story.records, world=CLOCKS.world)
            known = [record for record in story.records if record.at <= then.at]
            adds_up(back)
            assert {row.state for row in back if row.state is not None} <= states
            assert back.cycle == max(
                record.run.cycle for record in known if isinstance(record, ClockRecord) and record.clock == name
            )


@LAWS
@given(calendars, st.integers(1, 24 * 60), histories, minutes, st.sampled_from(["Asia/Shanghai", "America/New_York"]))
def test_the_zone_of_the_telling_changes_no_figure(
    cal: OpenTime | None, within: int, pairs: list[tuple[int, str]], at: int, zone: str
) -> None:
    """Told in another zone the rows are the same; equal timelines are drawn with equal bytes."""
    clock = sla.Clock(name="c", within=timedelta(minutes=within))
    history = [(minute(when), operation) for when, operation in [(0, "start"), *pairs]]

    one, other = (sla.explain_history(clock, cal, history, minute(at), zone=each) for each in ("UTC", zone))

    assert (one.rows, one.marks, one.due) == (other.rows, other.marks, other.due)
    assert one.svg("zh", zone) == other.svg("zh")
