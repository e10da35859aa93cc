"""Holds figures of people, contacts and customers to a count hour by hour; must not know how measures are counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servflow.calendars import Calendar
from servflow.metrics import (
    ABANDONED,
    Case,
    Score,
    Stint,
    Tabulation,
    ces,
    cost_of,
    measure_table,
    nps,
    queue_time,
    repeat_visits,
    satisfaction,
    service_level,
)
from servflow.metrics import utilisation as utilised
from servflow.metrics import workload as loaded
from servflow.model import FrozenMap, World
from tests.oracles import metrics_hours as oracle

LAWS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
HOUR = timedelta(hours=1)
START = datetime(2026, 10, 23, tzinfo=UTC)
"""A Friday in Lisbon; the clocks go back on Sunday."""
LONG = 4 * 24
AT = START + LONG * HOUR
ZONE = ZoneInfo("Europe/Lisbon")
WHO = ("li", "wu", "xu", "gone")

offsets = st.integers(0, LONG)


@st.composite
def pairs(draw: Any, most: int = 4) -> list[tuple[datetime, datetime]]:
    """Stretches that do not touch."""
    edges = sorted(draw(st.sets(offsets, max_size=2 * most)))
    return [(START + a * HOUR, START + b * HOUR) for a, b in zip(edges[::2], edges[1::2], strict=False)]


@st.composite
def people(draw: Any) -> list[dict[str, Any]]:
    """Three who are on the roster: on shifts of their own, in office hours, or nobody knows when; away now and then."""
    return [
        {
            "id": who,
            "shifts": draw(pairs()) if draw(st.booleans()) else [],
            "shift": draw(st.sampled_from([None, "office"])),
            "absences": draw(pairs(2)),
            "normal": draw(st.integers(0, 1)),
            "capacity": draw(st.integers(1, 3)),
        }
        for who in WHO[:3]
    ]


@st.composite
def cases(draw: Any) -> list[Case]:
    """Cases that are held by one after the other, with gaps, closed and opened again, rated and about some thing."""
    found = []
    for number in range(draw(st.integers(0, 6))):
        began, *rest = sorted(draw(st.sets(offsets, min_size=1, max_size=5)))
        turns = [START + hour * HOUR for hour in rest]
        closings, reopenings = tuple(turns[::2]), tuple(turns[1::2])
        # Nobody is given it just at the instant it is looked at: that is a stretch of no length, which hours do not show.
        edges = [edge for edge in sorted(draw(st.sets(st.integers(began, LONG), max_size=6))) if edge < LONG]
        ends: list[int | None] = [*edges[1:], None][: len(edges)]
        stints = tuple(
            Stint(
                slot="assignee",
                who=draw(st.sampled_from(WHO)),
                since=START + since * HOUR,
                until=None if until is None else START + until * HOUR,
            )
            for since, until in zip(edges, ends, strict=True)
            if draw(st.integers(0, 3))
        )
        closed = closings[-1] if len(closings) > len(reopenings) else None
        scores = tuple(
            Score(at=AT, scale=scale, score=score, about=about, visit=visit, rater=rater)
            for scale, score, (about, visit), rater in draw(
                st.lists(
                    st.tuples(
                        st.sampled_from(["csat", "nps", "ces"]),
                        st.integers(1, 5),
                        st.sampled_from([("ticket", None), ("visit", "1"), ("visit", "2"), ("relation", None)]),
                        st.sampled_from([None, "a"]),
                    ),
                    max_size=5,
                )
            )
        )
        found.append(
            Case(
                id=str(number),
                began=START + began * HOUR,
                at=AT,
                closings=closings,
                reopenings=reopenings,
                reopened=len(reopenings),
                closed_at=closed,
                done_at=closed,
                stints=stints,
                scores=scores,
                labels=FrozenMap({"region": draw(st.sampled_from("ns"))} | ({"asset": "A"} if draw(st.booleans()) else {})),
            )
        )
    return found


def world(given: list[dict[str, Any]]) -> World:
    """The roster as the library takes it."""
    office = Calendar("Europe/Lisbon", {"mon-fri": ["09:00-17:00"]})
    return World(calendars={"office": office}, engineers=[{k: v for k, v in one.items() if v is not None} for one in given])


def window_of(name: str) -> tuple[datetime, datetime]:
    """A local day of the zone, as far as it is over."""
    day = datetime.fromisoformat(name).replace(tzinfo=ZONE)
    after = (datetime.fromisoformat(name) + timedelta(days=1)).replace(tzinfo=ZONE)
    return max(day.astimezone(UTC), datetime.min.replace(tzinfo=UTC)), min(after.astimezone(UTC), AT)


@LAWS
@given(cases(), people())
def test_utilisation_is_what_a_count_of_hours_gives(drawn: list[Case], roster: list[dict[str, Any]]) -> None:
    """Of everybody and of each, by region and by day of a zone whose clocks go back; merged pieces give the same."""
    asked: dict[str, Any] = {"at": AT, "by": "region", "period": "day", "zone": "Europe/Lisbon"}
    table = measure_table(drawn, [utilised], settings={"roster": world(roster)}, **asked)
    pieces = [Tabulation([utilised], settings={"roster": world(roster)}, **asked) for _ in range(2)]
    for index, case in enumerate(drawn):
        pieces[index % 2].add(case)
    known = {one["id"]: one for one in roster if one["shifts"] or one["shift"]}

    assert [row.as_data() for row in table.rows] == [row.as_data() for row in pieces[0].merge(pieces[1]).table().rows]
    for row in table.rows:
        if row.period == "all":
            continue
        own = [case for case in drawn if row.group in ("all", case.label("region"))]
        who = list(known.values()) if row.part == "all" else [known[row.part]] if row.part in known else []
        worked, total, held = oracle.used(own, who, window_of(row.period), ZONE)
        if not total:
            assert row.value is None
            continue
        assert (worked * 3600, total * 3600) == (row.numerator, row.denominator)
        assert held * HOUR == row.figure.held  # type: ignore[union-attr]  # there is one where there is a value


@LAWS
@given(cases(), people())
def test_load_is_what_a_count_of_hours_gives(drawn: list[Case], roster: list[dict[str, Any]]) -> None:
    """Mean, most, last and time above both capacities of each, over all the time and by day."""
    table = measure_table(
        drawn, [loaded], at=AT, period="day", zone="Europe/Lisbon", settings={"roster": world(roster), "since": START}
    )
    limits = {one["id"]: (one["normal"], one["capacity"]) for one in roster}
    for row in table.rows:
        if row.part == "all" or row.figure is None:
            continue
        start, end = (START, AT) if row.period == "all" else window_of(row.period)
        start = max(start, START)
        levels = oracle.loads(drawn, row.part, (start, end))
        figure: Any = row.figure
        normal, most = limits.get(row.part, (None, None))

        assert (sum(levels) * HOUR, len(levels) * HOUR) == (figure.numerator, figure.denominator)
        assert max(levels) == figure.peak
        assert figure.peak_at is None or start + levels.index(figure.peak) * HOUR == figure.peak_at
        assert levels[-1] == figure.last
        assert (normal, most) == (figure.normal, figure.most)
        for limit, over in ((normal, figure.over_normal), (most, figure.over_most)):
            assert sum(limit is not None and level > limit for level in levels) * HOUR == over


@LAWS
@given(cases())
def test_waits_are_hours_in_which_nobody_had_it(drawn: list[Case]) -> None:
    """Each ends with somebody, with a closing, or not yet."""
    found = queue_time(drawn)
    waits = [wait for case in drawn for wait in oracle.waits(case, AT)]
    taken = [count for _, count, taken in waits if taken]

    assert (len(taken), sum(taken) * HOUR) == ((0, 0 * HOUR) if found is None else (found.count, found.total))


@LAWS
@given(cases(), st.integers(0, LONG), st.sampled_from(ABANDONED))
def test_service_level_counts_each_contact_once(drawn: list[Case], limit: int, how: str) -> None:
    """Answered when first assigned before it closed, else abandoned at its first closing, else waiting."""
    good = total = left = 0
    for case in drawn:
        first = min((one.since for one in case.stints), default=None)
        gone = min(case.closings, default=None)
        if first is not None and (gone is None or first <= gone):
            good, total = good + (first - case.began <= limit * HOUR), total + 1
        elif gone is None:
            late = AT - case.began > limit * HOUR
            total, left = total + late, left + (not late)
        else:
            short = gone - case.began <= limit * HOUR
            out = how == "left_out" or (how == "short_left_out" and short)
            good, total, left = good + (how == "short_served" and short), total + (not out), left + out
    found = service_level(drawn, within=f"{limit}h", abandoned=how)

    assert (found is None) == (not total)
    if found is not None:
        assert (good, total, left) == (found.numerator, found.denominator, sum(found.excluded.values()))


@LAWS
@given(cases(), st.integers(0, 60))
def test_comebacks_are_found_by_trying_every_pair(drawn: list[Case], within: int) -> None:
    """A ticket of the same thing that began after the work was done and soon enough; too early to tell is left out."""
    hits, total, early = oracle.comebacks(drawn, within * HOUR, AT)
    found = repeat_visits(drawn, within=f"{within}h", at=AT)

    assert (found is None) == (not total)
    if found is not None:
        assert (hits, total, early) == (found.numerator, found.denominator, found.excluded.get("too_early", 0))


@LAWS
@given(cases())
def test_the_last_answer_of_each_counts(drawn: list[Case]) -> None:
    """About each thing from each person; the mean, the satisfied and the net score are those of these answers."""
    for measure, scale in ((satisfaction, "csat"), (nps, "nps"), (ces, "ces")):
        answers = [score for case in drawn for score in oracle.latest_answers(case, scale)]
        silent = sum(case.closed_at is not None and not any(one.scale == scale for one in case.scores) for case in drawn)
        expected = {"csat": sum(a >= 4 for a in answers), "nps": -sum(a <= 6 for a in answers), "ces": sum(answers)}[scale]
        found: Any = measure(drawn)

        assert (found is None) == (not answers)
        if found is not None:
            assert (expected, len(answers), silent) == (found.numerator, found.denominator, found.excluded.get("unrated", 0))


@LAWS
@given(cases(), st.integers(0, 90))
def test_what_people_cost_is_their_hours(drawn: list[Case], rate: int) -> None:
    """Hours in which they have it while it is open, at so much an hour, to the cent."""
    for case in drawn:
        hours = sum(len(oracle.has(case, "assignee", hour)) for hour in oracle.hours(START, AT))
        cost = cost_of(case, rates={"*": rate})

        assert hours * rate == (0 if cost is None else cost)
