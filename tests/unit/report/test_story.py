"""Holds the story of a ticket to being whole, in order, in both languages, and no longer than is read."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace

import pytest

from servflow.documents import load
from servflow.model import Breached, Escalated, Moved, World
from servflow.report import story_lines
from servflow.report._names import NO_NAMES
from servflow.report._story import MOST_LINES, story
from servflow.report._story_climbs import cause as cause_of
from tests.unit.report.conftest import Week

ZONE = "Asia/Shanghai"


def test_every_line_is_told_in_both_languages(week: Week) -> None:
    """No line lacks a language, and Chinese lines about people, promises and chains are Chinese."""
    for history in week.histories[:30]:
        lines = story(history, week.workflow, ZONE)["lines"]

        assert all(line["en"] and line["zh"] for line in lines)
        assert all(
            re.search("[\u4e00-\u9fff]", line["zh"]) for line in lines if line["kind"] in ("open", "clock", "climb", "bad")
        )


def test_what_matters_is_told_in_the_order_it_happened(week: Week) -> None:
    """Every move, broken promise and level of a chain has a line, and instants never go back."""
    worst = max(week.histories, key=lambda history: sum(isinstance(record, Escalated) for record in history))
    lines = story(worst, week.workflow, ZONE)["lines"]
    kinds = [line["kind"] for line in lines]

    assert sum(isinstance(record, Moved) and bool(record.entered) for record in worst) == kinds.count("move")
    assert sum(isinstance(record, Breached) for record in worst) == kinds.count("bad")
    assert sum(isinstance(record, Escalated) for record in worst) <= kinds.count("climb")
    moves = [line["at"] for line in lines if line["kind"] == "move"]
    assert sorted(moves) == moves


def test_a_host_is_given_the_same_lines(week: Week) -> None:
    """A screen of a host is told what the page tells, with aware instants and the number of the record behind each line."""
    records = week.histories[0]
    lines = story_lines(records, week.workflow, zone=ZONE)
    page = story(records, week.workflow, ZONE)["lines"]

    assert [(line["en"], line["zh"], line["kind"]) for line in page] == [
        (line.en, line.text("zh"), line.kind) for line in lines
    ]
    assert {line.sequence for line in lines} <= {record.sequence for record in records}
    assert all(line.at.tzinfo is not None for line in lines)


def test_without_the_definition_the_rest_is_told(week: Week) -> None:
    """What happened stands in the records; only why somebody was chosen and clocks are due needs the definition."""
    told = story(week.histories[0], None, ZONE)

    assert [] == told["clocks"]
    assert {"open", "move", "clock"} <= {line["kind"] for line in told["lines"]}


def test_a_search_that_finds_the_same_again_is_told_once(week: Week) -> None:
    """Somebody who is looked for all night in vain is one line with how often, not a page of them."""
    for history in week.histories:
        lines = [line for line in story(history, week.workflow, ZONE)["lines"] if line["kind"] == "who"]

        assert not any(one["en"] == other["en"] and "engineers:" in one["en"] for one, other in pairwise(lines))


def test_a_very_long_story_says_what_it_leaves_out(week: Week) -> None:
    """Of thousands of lines the first and the last are told, and how many lie in between."""
    records = week.histories[0]
    many = [*records[:-1], *[record for record in records if type(record).__name__ == "Messaged"] * 900, records[-1]]
    told = story(many, None, ZONE)

    assert MOST_LINES == len(told["lines"])
    assert told["cut"] > 0


PARTS = """
workflow: parts
fields: {start: {type: timestamp, optional: true}}
calendars: {office: {zone: Asia/Shanghai, week: {mon-fri: ["09:00-17:00"]}}}
states: {on_site: {title: The engineer is there}, waiting_parts: {title: Waits for a part}, closed: {closed: true}}
transitions:
  - {event: parts.short, source: on_site, target: waiting_parts}
  - {event: parts.ready, source: waiting_parts, target: on_site}
  - {event: leave_it, source: waiting_parts, target: closed}
clocks:
  - {name: repair_done, within: 3 business days, calendar: office, until: closed}
"""


def test_parts_and_counted_hours_are_told_in_words() -> None:
    """A part that is missing has its line; three business days are hours of a calendar, not a day; titles stand for ids."""
    workflow, at = load(PARTS), datetime(2026, 11, 2, 1, tzinfo=UTC)
    outcomes = [workflow.open("T-1", at=at, world=World(version="1", stock={"": {}}))]
    for event, payload in (("part.need", {"part": "pump_motor", "quantity": 1}), ("leave_it", None)):
        at += timedelta(hours=1)
        outcomes.append(workflow.fire(outcomes[-1].ticket, event, payload, at=at, world=World(version="1", stock={"": {}})))
    told = story([record for one in outcomes for record in one.records], workflow, ZONE)
    lines = told["lines"]
    said = [line["en"] for line in lines]

    assert [("repair done", "repair done")] == [clock["clock"] for clock in told["clocks"]]
    assert "Part: 1 × pump motor is not there and waited for" in said
    assert "配件：1 × pump motor 缺货待料" in [line["zh"] for line in lines]
    assert "The engineer is there → Waits for a part" in said
    assert "Waits for a part → closed (leave it)" in said
    assert "Promise repair done starts: within 24h of calendar office, due 2026-11-04 17:00" in said


@pytest.mark.parametrize(
    ("cause", "en", "zh"),
    [
        ("clock:first_line:1:breach", "the promise first line was broken", "承诺 first line 超时"),
        ("clock:a:2:75%", "the promise a came to 75% for the 2. time it ran", "承诺 a 第 2 次到达 75%"),
        ("clock:odd", "clock odd reached ? (cycle ?)", "时钟“odd”到达 ?（第 ? 周期）"),
        ("event:object", "event object happened", "发生事件 object"),
    ],
)
def test_what_set_a_chain_off_is_told_as_people_say_it(cause: str, en: str, zh: str) -> None:
    """No ids and no numbers of cycles where a promise ran once."""
    run = SimpleNamespace(cause=cause, definition=None)

    assert (en, zh) == (cause_of(run, NO_NAMES, "en"), cause_of(run, NO_NAMES, "zh"))
