"""Knows every reference figure of the incident log; must not know how any of them is found."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from servflow.documents import load
from servflow.lab import LogMap, Report, replay, replay_all
from servflow.metrics import Tabulation
from tests.shared import SHARED, needs_shared

DATA = "data/uci_incident_event_log.zip"
LOG = SHARED / DATA
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "incident_log"
MODELS = ("a", "b", "b_any_start", "c", "d")
MEASURED = ("incident_d", "incident_resolution")
END = datetime(2017, 3, 1, tzinfo=UTC)

pytestmark = [needs_shared(DATA), pytest.mark.slow]


@pytest.fixture(scope="module")
def attained() -> dict[str, Tabulation]:
    """Workflow -> whether its promises were kept, counted while the cases pass by."""
    return {name: Tabulation(["attainment"], at=END) for name in MEASURED}


@pytest.fixture(scope="module")
def reports(attained: dict[str, Tabulation]) -> dict[str, Report]:
    """The log through every workflow of the example, read once."""
    workflows = [load(EXAMPLE / f"{name}.yaml") for name in MODELS]
    spec = LogMap.load(EXAMPLE / "map.yaml")
    return dict(zip(MODELS, replay_all(LOG, spec, workflows, keep=counting(attained)), strict=True))


@pytest.fixture(scope="module")
def resolution(attained: dict[str, Tabulation]) -> Report:
    """The final instants of the log through the workflow that knows only opening and resolution."""
    spec = LogMap.load(EXAMPLE / "resolution_map.yaml")
    return replay(LOG, spec, load(EXAMPLE / "resolution.yaml"), keep=counting(attained))


def counting(attained: dict[str, Tabulation]) -> Any:
    """What is told of every case, and counts those of the workflows that are measured."""

    def keep(workflow: object, ticket: object, records: Any) -> None:
        made = attained.get(records[0].workflow)
        if made is not None:
            made.add(records)

    return keep


def kept(made: Tabulation, clock: str) -> tuple[int, int]:
    """Promises of a clock that were kept, and that were broken or are overdue."""
    row = made.table().get("attainment", clock)
    assert row is not None
    assert {} == row.excluded
    return row.numerator, row.denominator - row.numerator


@pytest.mark.parametrize("name", MODELS)
def test_counts_of_the_log(reports: dict[str, Report], name: str) -> None:
    """Under every workflow the log has the same rows, cases, edges and paths, and nothing is left out."""
    report = reports[name]

    assert (141_712, 24_918, 64_033, 40, 189) == (report.rows, report.cases, report.edges, report.kinds, report.variants)
    assert ({}, 0, 0) == (report.damaged, report.without_opening, report.returned.rows)


@pytest.mark.parametrize(
    ("name", "conforming"), [("a", 5_492), ("b", 16_065), ("b_any_start", 24_504), ("c", 24_889), ("d", 24_912)]
)
def test_conforming_cases(reports: dict[str, Report], name: str, conforming: int) -> None:
    """As many cases begin, go on and end as the workflow allows as the reference says."""
    assert conforming == reports[name].conforming


def test_first_states(reports: dict[str, Report]) -> None:
    """Cases begin in five different states, most of them not refused by the last workflow."""
    starts = {edge.target: edge.count for edge in reports["d"].starts}

    assert {"New": 16_397, "Active": 6_503, "Resolved": 1_819, "Awaiting User Info": 193, "Awaiting Problem": 6} == starts
    assert 0 == sum(edge.refused for edge in reports["d"].starts)
    assert 24_918 - 16_397 == sum(edge.refused for edge in reports["a"].starts)


def test_junk_state_is_told_with_its_rows(reports: dict[str, Report]) -> None:
    """The state that means nothing is reported with every one of its rows."""
    (unknown,) = reports["d"].unknown

    assert ("-100", 5, 2) == (unknown.state, unknown.rows, unknown.cases)
    assert (115_643, 115_644, 124_509, 124_510, 124_511) == unknown.lines
    assert ("0028089", "0030413") == unknown.examples


def test_where_six_cases_leave_the_last_workflow(reports: dict[str, Report]) -> None:
    """What keeps six cases from conforming is told edge by edge with their ids."""
    deviations = {(edge.source, edge.target): (edge.refused, edge.examples) for edge in reports["d"].deviations}

    assert {
        ("Resolved", "Awaiting User Info"): (2, ("0004721", "0007338")),
        ("-100", "Resolved"): (2, ("0028089", "0030413")),
        ("New", "-100"): (1, ("0028089",)),
        ("Active", "-100"): (1, ("0030413",)),
        ("Active", "Closed"): (1, ("0020014",)),
        ("Awaiting User Info", "Closed"): (1, ("0120495",)),
    } == deviations


def test_instants_that_go_back_are_counted(reports: dict[str, Report]) -> None:
    """Seven rows lie before what their case has seen, five of them before its opening."""
    assert (7, 5) == (reports["d"].clamped, reports["d"].before_opening)


def test_clock_that_waiting_pauses(reports: dict[str, Report]) -> None:
    """The clock from opening to resolution counts, pauses and breaches to the minute as the reference says."""
    clock = reports["d"].clock("resolution").as_data()
    stopped = clock["stopped"]

    assert (24_918, 0, 0) == (stopped["cycles"], clock["open"]["cycles"], clock["cancelled"]["cycles"])
    assert (148_160_544, 95_301_336) == (stopped["counted_minutes"], stopped["paused_minutes"])
    assert (4_311, 4_311, 5_771) == (stopped["over"], stopped["breached"], stopped["with_pause"])


def test_attainment_of_the_clock_that_waiting_pauses(reports: dict[str, Report], attained: dict[str, Tabulation]) -> None:
    """The measure counts the promises of the log as its clocks do: 4,311 of 24,918 were broken, by target too."""
    counted = attained["incident_d"]

    assert (24_918 - 4_311, 4_311) == kept(counted, "resolution") == kept(counted, "resolution 120h")
    broken = reports["d"].clock("resolution in office hours").stopped.breached
    assert (24_918 - broken, broken) == kept(counted, "resolution in office hours")


def test_attainment_of_resolution(resolution: Report, attained: dict[str, Tabulation]) -> None:
    """6,740 of 23,362 were resolved too late, and the 1,556 that never were are overdue in the end."""
    counted = attained["incident_resolution"]

    assert (23_362 - 6_740, 6_740 + 1_556) == kept(counted, "around the clock")
    broken = resolution.clock("office hours").stopped.breached
    assert (23_362 - broken, broken + 1_556) == kept(counted, "office hours 40h office")


def test_resolution_around_the_clock(resolution: Report) -> None:
    """From opening to the final instant of resolution, around the clock."""
    clock = resolution.clock("around the clock")

    assert (23_362, 1_556) == (clock.stopped.cycles, clock.open.cycles)
    assert (6_740, 6_740, 6_743) == (clock.stopped.breached, clock.stopped.over, clock.stopped.at_least)
    assert 23_362 - 6_740 == clock.stopped.met


def test_resolution_in_office_hours(resolution: Report) -> None:
    """From opening to the final instant of resolution in office hours, where over and breached are not the same."""
    stopped = resolution.clock("office hours").stopped.as_data()

    assert (5_348, 5_386, 23_362) == (stopped["over"], stopped["at_least"], stopped["cycles"])
    assert (60_133_431, 386) == (stopped["counted_minutes"], stopped["median_minutes"])
    assert stopped["over"] <= stopped["breached"] <= stopped["at_least"]


def test_cases_without_resolution_are_left_open(resolution: Report) -> None:
    """The cases that have no instant of resolution are told as left open."""
    (end,) = resolution.ends

    assert (23_362, 1_556, "open") == (resolution.conforming, end.count, end.source)


def test_report_reads_as_data_and_as_text(reports: dict[str, Report]) -> None:
    """A report can be written as JSON and read as a table in both languages."""
    report = reports["d"]

    assert 24_912 == json.loads(json.dumps(report.as_data()))["conforming"]
    assert "148,160,544" in report.text()
    assert "148,160,544" in report.text("zh")
    assert "时钟" in report.text("zh")
