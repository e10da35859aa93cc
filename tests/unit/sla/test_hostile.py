"""Knows that strange arguments of a clock's history are told as errors of servflow; must not know a workflow."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from servflow.documents import load
from servflow.errors import DefinitionError, InputError, shown
from servflow.sla import Clock, run

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DEEP: list[Any] = []
for _ in range(5_000):
    DEEP = [DEEP]
CLOCK = Clock(name="c", within="4h")


@pytest.mark.parametrize("history", [None, 5, "start", {}, [5], [(AT, 10**5_000)], [(AT, DEEP)], [(AT, [])]], ids=shown)
def test_a_history_is_a_list_of_pairs(history: Any) -> None:
    """A history, or an entry of it, in another form is an InputError."""
    with pytest.raises(InputError):
        run(CLOCK, None, history, AT)


@pytest.mark.parametrize(("clock", "calendar"), [(None, None), (CLOCK, 5), (CLOCK, "office")])
def test_a_clock_and_a_calendar_are_what_they_are_called(clock: Any, calendar: Any) -> None:
    """Something else in place of the clock or the calendar is an InputError."""
    with pytest.raises(InputError):
        run(clock, calendar, [(AT, "start")], AT)


@pytest.mark.parametrize("key", ["name", "start", "until", "warn", "calendar", "on_reopen", "display"])
@pytest.mark.parametrize("value", [10**5_000, DEEP], ids=["long", "deep"])
def test_strange_parts_of_a_clock_are_findings(key: str, value: Any) -> None:
    """Numbers of thousands of digits and deep lists are findings, whichever part holds them."""
    with pytest.raises(DefinitionError):
        Clock(**{"name": "c", "within": "4h", key: value})


WRITTEN = """\
workflow: w
initial: a
states:
  a: {}
  z: {closed: true}
transitions:
  - {event: go, source: a, target: z}
calendars:
  office:
    zone: Europe/Berln
    week:
      mon: ["09:00-12:00", "11:00-13:00"]
      funday: ["09:00-10:00"]
    holidays: ["2026-02-30"]
  shut: {zone: UTC, week: {}}
clocks:
  - name: c
    within: 0h
    calendar: office
    until: z
    warn: ["100%", "5 x before"]
  - {name: d, within: -4h, calendar: offce, until: zz}
"""


def test_a_document_tells_all_its_problems_with_their_lines() -> None:
    """Zones, windows, dates, spans, marks and names that are wrong come at once, each with its line, in both languages."""
    with pytest.raises(DefinitionError) as refused:
        load(WRITTEN)

    assert [
        ("calendar.zone_unknown", 10),
        ("calendar.overlap", 12),
        ("calendar.weekday", 13),
        ("calendar.holiday", 14),
        ("calendar.never_opens", 15),
        ("sla.zero", 18),
        ("sla.percent", 21),
        ("sla.span", 21),
        ("sla.span", 22),
        ("name.unknown", 22),
        ("name.unknown", 22),
    ] == [(finding.code, finding.line) for finding in refused.value.findings]
    for finding in refused.value.findings:
        assert finding.text("en") != finding.text("zh")
        assert "{" not in finding.text("zh").replace("{end_of", "")


def test_a_span_of_nothing_in_a_list_is_told_where_it_stands() -> None:
    """Of a list of targets the one that leaves no time is named, whatever the others are."""
    with pytest.raises(DefinitionError) as refused:
        Clock(name="c", within=[{"when": "priority == 1", "take": "0m"}, {"take": "-1h"}, {"take": "2h"}])

    assert {"within[0].take", "within[1].take"} <= {finding.path for finding in refused.value.findings}
