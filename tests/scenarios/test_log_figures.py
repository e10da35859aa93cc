"""Knows that measures of the incident log are what pandas counts from its columns; must not know how either does it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.documents import load
from servflow.engine import Workflow
from servflow.lab import LogMap, histories
from servflow.lab._log import Case as LogCase
from servflow.lab._log import Log
from servflow.metrics import (
    MEASURES,
    Case,
    Table,
    attainment,
    backlog,
    backlog_age,
    closed,
    first_contact_resolution,
    handle_time,
    measure_table,
    opened,
    pareto,
    queue_time,
    read_case,
    reassignments,
    reopen_rate,
    repeat_visits,
    service_level,
    time_in_state,
    time_to_answer,
    time_to_resolve,
    utilisation,
    workload,
)
from servflow.model import Assigned, FrozenMap, Moved, Opened, Record, World
from tests.shared import SHARED, needs_shared

pandas = pytest.importorskip("pandas", reason="pandas is not installed; the log is counted with it")

from tests.oracles import metrics_pandas as oracle  # noqa: E402 - it needs pandas

DATA = "data/uci_incident_event_log.zip"
EXAMPLE = Path(__file__).parents[2] / "examples" / "incident_log"
END = datetime(2017, 3, 1, tzinfo=UTC)
APRIL, MAY = datetime(2016, 4, 1, tzinfo=UTC), datetime(2016, 5, 1, tzinfo=UTC)
FIELDS = {"channel": 14, "place": 15, "category": 16, "customer": 7, "cause": 32}

pytestmark = [needs_shared(DATA), pytest.mark.slow]


def logged(column: int) -> Iterator[LogCase]:
    """Every case of the log, changing with one of its columns."""
    spec = LogMap(
        columns={"case": 0, "at": 13, "state": column, "opened": 9},
        formats=["%d/%m/%Y %H:%M"],
        missing=["?", ""],
        fields=FIELDS,
    )
    with ExitStack() as stack:
        yield from Log(SHARED / DATA, spec, stack, frozenset(), None).cases()


def history(states: LogCase, people: LogCase | None) -> list[Record]:
    """What a desk that had run a case would have kept of it."""
    fields = FrozenMap({name: value for name, value in states.fields.items() if value not in ("", "?")})
    first = Opened(
        sequence=1, at=states.opened, id=states.id, workflow="incident", version=1, fields=fields, configuration=("received",)
    )
    later: list[Record] = []
    before = "received"
    for change in states.changes:
        later.append(
            Moved(
                sequence=2,
                at=change.at,
                event="log",
                exited=(before,),
                entered=(change.state,),
                configuration=(change.state,),
                closed=change.state == "Closed",
                reopened=before == "Closed",
            )
        )
        before = change.state
    previous: str | None = None
    for change in people.changes if people is not None else ():
        later.append(Assigned(sequence=2, at=change.at, slot="assignee", to=change.state, previous=previous))
        previous = change.state
    return [first, *sorted(later, key=attrgetter("at"))]


@pytest.fixture(scope="module")
def frames() -> oracle.Frames:
    """The log as pandas reads it."""
    return oracle.read(SHARED / DATA)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """The log as the lab reads it, case by case."""
    # Both read the same rows in the same order, and one has a case where the other has none.
    found, people = [], logged(24)
    one = next(people, None)
    for states in logged(1):
        same = one if one is not None and one.id == states.id else None
        found.append(read_case(history(states, same), END, ["Resolved"]))
        one = next(people, None) if same is not None else one
    return found


@pytest.fixture(scope="module")
def replayed() -> list[Case]:
    """The log as a workflow lived through it, ticket by ticket, with the promise that all is resolved within five days."""
    flow = load(EXAMPLE / "a.yaml").to_data()
    flow["clocks"] = [{"name": "resolve", "within": "120h", "until": ["resolved", "closed"]}]
    told = histories(SHARED / DATA, LogMap.load(EXAMPLE / "map.yaml"), Workflow(**flow))
    return [read_case(records, END, ["resolved"]) for records in told]


def seconds(value: Any) -> float:
    """A length of time in seconds."""
    return float(value.total_seconds())


def test_every_case_is_there(frames: oracle.Frames, cases: list[Case]) -> None:
    """Both read the same cases."""
    assert (24_918, 24_918) == (len(frames.cases), len(cases))


def test_a_replayed_log_is_measured_like_a_desk(replayed: list[Case]) -> None:
    """What a replay amounts to is what pandas counts: resolved, in one go, reopened, kept, and how long in each state."""
    frames = oracle.read(SHARED / DATA, ("?", "-100"))
    taken, resolve, once = oracle.resolution(frames), time_to_resolve(replayed), first_contact_resolution(replayed)
    again, kept = reopen_rate(replayed), attainment(replayed)
    states = {
        part.replace("_", " ").title().replace("Awaiting User", "Awaiting User Info"): (figure.count, seconds(figure.total))
        for part, figure in time_in_state.by_part(replayed).items()
        if figure and part not in ("all", "received")
    }

    assert resolve is not None
    assert once is not None
    assert again is not None
    assert kept is not None
    assert (len(taken), seconds(taken.sum())) == (resolve.count, seconds(resolve.total))
    assert oracle.in_one_go(frames) == (once.numerator, once.denominator)
    assert oracle.reopenings(frames)[1] == again.numerator
    assert oracle.kept_within(frames, 5) == (kept.numerator, kept.denominator)
    expected = oracle.times_in(frames)
    expected.pop("Closed")
    assert expected == states


def test_tickets_by_channel_category_and_place(frames: oracle.Frames, cases: list[Case]) -> None:
    """Volumes by label are the same, the unknown among them."""
    for label in ("channel", "category", "place"):
        found = {part: figure.value for part, figure in opened.by_part(cases, by=label).items() if figure and part != "all"}
        assert oracle.volumes(frames, label) == found


def test_tickets_by_hour(frames: oracle.Frames, cases: list[Case]) -> None:
    """Volumes by hour of the day are the same."""
    found = {int(part): figure.value for part, figure in opened.by_part(cases, by="hour").items() if figure and part != "all"}

    assert oracle.hours(frames) == found


def test_closings(frames: oracle.Frames, cases: list[Case]) -> None:
    """Every closing counts, also the second one of a case that was reopened."""
    figure = closed(cases)

    assert figure is not None
    assert int((frames.moves["value"] == "Closed").sum()) == figure.value


def test_time_to_resolve(frames: oracle.Frames, cases: list[Case]) -> None:
    """Total, median and 90 % of the time until work was last done are the same, to the minute."""
    taken, figure = oracle.resolution(frames), time_to_resolve(cases)

    assert figure is not None
    expected = (len(taken), *(seconds(one) for one in (taken.sum(), *(oracle.nearest_rank(taken, p) for p in (0.5, 0.9)))))
    assert expected == (figure.count, *(seconds(one) for one in (figure.total, figure.median, figure.p90)))


def test_time_per_state(frames: oracle.Frames, cases: list[Case]) -> None:
    """How often each state was left, and how long cases were in it together."""
    found = {
        part: (figure.count, seconds(figure.total))
        for part, figure in time_in_state.by_part(cases).items()
        if figure and part not in ("all", "received")
    }

    expected = oracle.times_in(frames)
    assert {state: expected[state] for state in ("New", "Active", "Awaiting User Info", "Awaiting Vendor")} == {
        state: found[state] for state in ("New", "Active", "Awaiting User Info", "Awaiting Vendor")
    }


def test_queue_time_and_handovers(frames: oracle.Frames, cases: list[Case]) -> None:
    """The wait for the first assignee, and how often cases went from one to another."""
    waits = oracle.first_wait(frames)
    waited = waits[waits > pandas.Timedelta(0)]
    figure, handed = queue_time(cases), reassignments(cases)

    assert figure is not None
    assert handed is not None
    assert (len(waited), seconds(waited.sum())) == (figure.count, seconds(figure.total))
    assert (oracle.handovers(frames)[0], len(waits)) == (handed.numerator, handed.denominator)


def test_reopenings(frames: oracle.Frames, cases: list[Case]) -> None:
    """Cases that were open again after they had been closed, of those ever closed."""
    figure = reopen_rate(cases)

    assert figure is not None
    ever = frames.moves[frames.moves["value"] == "Closed"]["case"].nunique()
    assert (oracle.reopenings(frames)[1], ever) == (figure.numerator, figure.denominator)


def test_service_level(frames: oracle.Frames, cases: list[Case]) -> None:
    """Cases that were active within 20 minutes, of those that ever were."""
    figure = service_level(cases, within="20m", abandoned="left_out", answered="Active")
    answers = time_to_answer(cases, answered="Active")

    assert figure is not None
    assert answers is not None
    assert oracle.answered_within(frames, 1200) == (figure.numerator, figure.denominator)
    assert figure.denominator == answers.count


def test_backlog(frames: oracle.Frames, cases: list[Case]) -> None:
    """What was open on the first of April 2016."""
    ages = oracle.backlog(frames, pandas.Timestamp("2016-04-01"))
    table = measure_table(cases, [backlog, backlog_age], at=APRIL)
    count, age = table.get("backlog"), table.get("backlog_age")

    assert count is not None
    assert age is not None
    assert (len(ages), seconds(ages.sum()), len(ages)) == (count.value, age.numerator, age.denominator)


def test_root_causes(frames: oracle.Frames, cases: list[Case]) -> None:
    """The causes in their order, with cumulative shares; the unknown are left out."""
    found = pareto(cases, "cause")

    assert found is not None
    expected = oracle.causes(frames)
    assert [(name, count) for name, count, _ in expected] == [(one.name, one.cases) for one in found.causes]
    assert [share for *_, share in expected] == pytest.approx([one.cumulative for one in found.causes])
    assert ["6", "7", "9"] == [one.name for one in found.causes if one.vital]


def test_repeats(frames: oracle.Frames, cases: list[Case]) -> None:
    """Callers who were back within a week of when their case was done."""
    figure = repeat_visits(cases, key="customer", within="7d", at=END)

    assert figure is not None
    assert oracle.repeats(frames, 7, pandas.Timestamp("2017-03-01")) == (figure.numerator, figure.denominator)


def test_load_of_april(frames: oracle.Frames, cases: list[Case]) -> None:
    """What each assignee held at once in April: at most, and on average."""
    expected = oracle.peaks(oracle.held(frames), pandas.Timestamp("2016-04-01"), pandas.Timestamp("2016-05-01"))
    table = measure_table(cases, [workload], at=END, period="month")
    found = {row.part: row.figure for row in table.rows if row.period == "2016-04" and row.part != "all"}

    assert {who: most for who, (most, _) in expected.items()} == {who: figure.peak for who, figure in found.items()}
    assert {who: mean for who, (_, mean) in expected.items()} == pytest.approx(
        {who: figure.value for who, figure in found.items()}
    )


def test_utilisation_of_april(frames: oracle.Frames, cases: list[Case]) -> None:
    """How much of their office hours assignees had something open, and how much at once."""
    held = oracle.held(frames)
    start, end = pandas.Timestamp("2016-04-01"), pandas.Timestamp("2016-05-01")
    people = [who for who, _ in sorted(oracle.peaks(held, start, end).items(), key=lambda item: item[1][1])][::25]
    office = Calendar(zone="UTC", week={"mon-fri": ["09:00-17:00"]})
    world = World(calendars={"office": office}, engineers=[{"id": who, "shift": "office"} for who in people])
    found = utilisation.by_part(cases, roster=world, since=APRIL, at=MAY)

    for who in people:
        worked, there, pieces = oracle.busy(held, who, start, end)
        figure = found[who]
        assert figure is not None
        assert (worked, there, pieces) == (seconds(figure.numerator), seconds(figure.denominator), seconds(figure.held))


def test_months_come_to_the_whole(frames: oracle.Frames, cases: list[Case]) -> None:
    """Tickets opened and closed by month are those that pandas finds, and add up."""
    table: Table = measure_table(cases, ["opened", "closed", "handle_time"], at=END, period="month")
    expected = {str(month): int(count) for month, count in frames.cases["opened"].dt.to_period("M").value_counts().items()}
    found = {row.period: row.value for row in table.rows if (row.measure, row.part) == ("opened", "all")}

    assert 24_918 == found.pop("all")
    assert expected == found
    assert handle_time(cases) is not None
    assert {"opened", "closed", "handle_time"} <= set(MEASURES)
