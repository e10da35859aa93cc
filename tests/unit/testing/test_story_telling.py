"""Holds stories to what their authors may write, and failures to saying what was expected, what was found, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.vendor.pretty import pretty

import servflow
from servflow.testing import History, StoryReport, histories_for, load_stories, run_stories
from tests.unit.testing.repair import WORKFLOW, stories, workflow

VISITS = """
workflow: visits
fields: {day: {type: timestamp, optional: true}}
states: {new: {timers: [{after: 3d, event: forget}]}, agreed: {}, gone: {closed: true}}
transitions:
  - {event: agree, source: new, target: agreed, payload: {day: timestamp}, do: [{set: {day: payload.day}}]}
  - {event: forget, source: new, target: gone}
  - {event: part, source: agreed, internal: true, do: [{open: {workflow: visits}}]}
"""


def told(*steps: dict[str, Any], **given: Any) -> StoryReport:
    """What a story of visits in Shanghai comes to."""
    document = {
        "stories": "visits",
        "start": "2026-03-02 09:00",
        "zone": "Asia/Shanghai",
        "cases": [{"story": "one", "given": given, "steps": list(steps)}],
    }
    return run_stories(document, servflow.load(VISITS))


def test_wall_times_stand_for_instants_wherever_a_ticket_takes_one() -> None:
    """In fields, payloads and what is to be true they are those of the zone; what is none is refused as it would be."""
    agreed = told(
        {"then": {"fields": {"day": "2026-03-03 10:00"}}},
        {"when": "agree", "payload": {"day": "2026-03-04 14:00"}},
        {"then": {"fields": {"day": "2026-03-04T06:00:00Z"}}},
        fields={"day": "2026-03-03 10:00"},
    )
    never = told({"when": "agree", "payload": {"day": "2026-13-04 14:00"}, "refused": "payload"})

    assert agreed.passed, agreed.text()
    assert never.passed, never.text()


def test_built_in_events_take_wall_times_too() -> None:
    """A visit is booked by the clocks of the zone."""
    flow = servflow.load(
        "{workflow: w, states: {booking: {}, agreed: {}}, calendars: {always: {zone: Asia/Shanghai,"
        " week: {mon-sun: ['00:00-24:00']}}},"
        " transitions: [{event: assigned.visit, source: booking, target: agreed}],"
        " dispatch: [{name: visit, slot: assignee, state: booking, mode: appointment,"
        " appointment: {calendar: always, step: 60, minutes: 60, days: 3}}]}"
    )
    document = {
        "stories": "w",
        "start": "2026-03-02 09:00",
        "zone": "Asia/Shanghai",
        "world": {"engineers": [{"id": "ann", "capacity": 1}]},
        "cases": [
            {
                "story": "booked",
                "steps": [{"when": "appointment.book", "payload": {"start": "2026-03-02 14:00"}, "then": {"state": "agreed"}}],
            }
        ],
    }
    report = run_stories(document, flow)

    assert report.passed, report.text()


def test_a_ticket_that_was_opened_is_named_by_who_opened_it() -> None:
    """`T1.2` is the second that T1 has opened; one that was not opened is none."""
    agree = {"when": "agree", "payload": {"day": "2026-03-04 14:00"}}
    both = told(
        agree,
        {"when": "part"},
        {"when": "part"},
        {"ticket": "T1.2", **agree},
        {"ticket": "T1.2", "then": {"state": "agreed"}},
        {"ticket": "T1.1", "then": {"state": "new"}},
    )
    none = told({"ticket": "T1.1", "then": {"state": "new"}})

    assert both.passed, both.text()
    assert ["story.no_ticket"] == [one.code for one in none.results[0].problems]
    with pytest.raises(servflow.DefinitionError, match=r"there is no ticket 'T2\.1'"):
        told({"ticket": "T2.1", "then": {"state": "new"}})


def test_what_time_does_next_is_told() -> None:
    """Whoever looks at the very instant of a timer reads that it fires right after, whoever looks earlier reads when."""
    sharp = told({"after": "3d", "then": {"state": "gone"}})
    early = told({"after": "1d", "then": {"state": "gone"}})

    assert "    right after this very instant, so that 'after: 1s' shows it: timer of new: forget, now in gone" in sharp.text()
    assert "    就在此刻之后（用 after: 1s 才能看到）：new 的定时器：forget；转到 gone" in sharp.text("zh")
    assert "    next, Thu 2026-03-05 09:00: timer of new: forget, now in gone" in early.text()


def test_each_difference_is_told_with_its_line_and_in_words_of_one_language(tmp_path: Path) -> None:
    """The head names the line of the first, each other one its own; instants and persons are in the language asked for."""
    (tmp_path / "repair.yaml").write_text(WORKFLOW)
    file = tmp_path / "repair.stories.yaml"
    file.write_text(
        """
stories: repair
title: {en: Repairs, zh: 维修}
start: "2026-03-02 09:00"
zone: Europe/Berlin
cases:
  - story: three slips
    steps:
      - then:
          fields:
            tier: gold
            amount: 5
          clocks:
            fix: {due: "2026-03-02 14:00"}
          notified: [late]
          available: finish
"""
    )
    report = run_stories(file)
    text, chinese = report.text().splitlines(), report.text("zh")

    assert "维修" == load_stories(file).title.languages["zh"]  # type: ignore[attr-defined] - a Title, as two languages are given
    assert f"{file}:11: failed: three slips" == text[0]
    assert "    tier is standard, expected gold [story.differs]" == text[2]
    assert "    line 12: amount is 0, expected 5 [story.differs]" == text[3]
    assert "    line 14: clock fix, due, is Mon 2026-03-02 13:00, expected Mon 2026-03-02 14:00 [story.differs]" == text[4]
    assert (
        "    line 15: late was sent 0 times since the last look, expected at least once; sent were: nothing [story.not_told]"
        == text[5]
    )
    assert (
        "    line 16: finish is refused to somebody without a name, expected it to be available [story.unavailable]" == text[6]
    )
    assert "周一 2026-03-02 13:00，应为 周一 2026-03-02 14:00" in chinese
    assert "Mon 2026" not in chinese


def test_an_event_that_went_otherwise_is_explained() -> None:
    """One that was taken, and one that was refused, come with what had happened before."""
    arrive = {"when": "arrive", "actor": "ann"}
    taken = run_stories(stories({**arrive, "refused": "guard"}), workflow()).text()
    refused = run_stories(stories(arrive, arrive), workflow()).text()

    assert "    Mon 2026-03-02 09:00  now in on_site" in taken.splitlines()
    assert "    Mon 2026-03-02 09:00  arrive by ann" in refused.splitlines()


def test_what_is_opened_elsewhere_and_who_works_in_queues_is_known() -> None:
    """`children` may name a workflow that nobody gave, as the definition opens it; members of queues are people."""
    opened = load_stories(stories({"after": "7h", "then": {"children": "care"}}), workflow())
    member = load_stories(
        stories({"then": {"owner": "kim"}}, world={"queues": [{"id": "care", "members": ["kim"]}]}), workflow()
    )

    assert (1, 1) == (len(opened.cases), len(member.cases))


def test_a_name_too_long_for_any_file_is_only_unknown(tmp_path: Path) -> None:
    """Stories of a workflow whose name no file can have ask for the workflow."""
    file = tmp_path / "x.stories.yaml"
    file.write_text(f"{{stories: {'x' * 9_000}, start: '2026-03-02 09:00', cases: [{{story: s, steps: [{{after: 1h}}]}}]}}")

    with pytest.raises(servflow.InputError, match="nobody gave the workflow"):
        run_stories(file)


@settings(max_examples=5)
@given(history=histories_for(workflow()))
def test_a_drawn_history_is_printed_as_what_happened(history: History) -> None:
    """Hypothesis prints an example that fails as a line for each thing that happened, in place of all its fields."""
    first, second, *_ = pretty(history).splitlines()

    assert first.startswith(f"<History of repair in {history.ticket.state}, {len(history.records)} records, ")
    assert "opened" in second
