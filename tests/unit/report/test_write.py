"""Holds the writer to bad and strange input: nothing breaks out, nothing is lost, nothing grows without bound."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from io import StringIO
from typing import Any

import pytest
from attrs import evolve

from servflow.documents import load
from servflow.engine import Workflow
from servflow.errors import InputError, TimeError
from servflow.metrics import Case, backlog, closed, opened, read_case, time_in_state
from servflow.model import Record
from servflow.report import Unread, _write, html, write
from servflow.report._entries import read_entry
from servflow.report._figures import AGES, figures
from servflow.report._flow import ways_of
from servflow.report._frame import frame
from tests.unit.report.conftest import Week

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)

EVIL = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\u202eRTL\u2066x",
    "e\u0301" * 900,
    "😀" * 300,
    "'\"><img src=x onerror=alert(1)>",
    "\u2028\u2029&amp;\x07",
)

ODD = """
servflow: 1
workflow: odd
version: 1
title: "</title><script>alert(1)</script> <b>"
fields:
  region: {type: string, optional: true}
  root_cause: {type: string, optional: true}
initial: a
states:
  a: {title: "<img src=x onerror=alert(1)>", initial: a1, states: {a1: {}, a2: {title: "处理中"}}}
  p: {parallel: true, states: {left: {initial: l1, states: {l1: {}, l2: {}}}, right: {initial: r1, states: {r1: {}, r2: {}}}}}
  done: {closed: true}
transitions:
  - {event: next, source: a1, target: a2}
  - {event: back, source: a2, target: a1}
  - {event: again, source: a2, target: a2}
  - {event: split, source: a, target: p}
  - {event: lefty, source: l1, target: l2}
  - {event: close, source: p, target: done}
clocks:
  - {name: do, within: 1h, until: done}
"""

WAY = ("next", "back", "next", "again", "ticket.message", "split", "lefty", "close")


@pytest.fixture(scope="module")
def odd() -> Workflow:
    """A workflow with a state inside a state, two regions, loops, and titles that are no text."""
    return load(ODD)


def ticket(workflow: Workflow, name: str, text: str = "x", at: datetime = AT, steps: int = len(WAY)) -> list[Record]:
    """The records of one ticket that goes its way."""
    made = workflow.open(name, {"region": text, "root_cause": text[:90]}, at=at)
    records, now = list(made.records), made.ticket
    for place, event in enumerate(WAY[:steps]):
        payload = {"side": "agent", "text": text} if event == "ticket.message" else None
        made = workflow.fire(now, event, payload, at=at + timedelta(minutes=10 * (place + 1)))
        records, now = [*records, *made.records], made.ticket
    return records


class Tags(HTMLParser):
    """What a browser would find of elements in the page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.scripts[-1] += data


def read(text: str) -> Tags:
    """The elements of a page."""
    tags = Tags()
    tags.feed(text)
    return tags


def test_nothing_that_anybody_wrote_becomes_part_of_the_page(odd: Workflow) -> None:
    """Ids, fields, messages, titles and reasons that look like HTML stay text: four scripts, no image, no handler."""
    histories = [ticket(odd, f"{place}-{text[:40]}", text) for place, text in enumerate(EVIL)]
    text = html([*histories, Unread("<b>x</b>", "</script>")], [odd], at=AT + timedelta(days=1), title="</title><script>")
    tags = read(text)

    assert 4 == sum(tag == "script" for tag, _ in tags.found)
    assert [] == [tag for tag, _ in tags.found if tag in {"img", "iframe", "object", "b"} - {"b"}]
    assert [] == [name for _, attrs in tags.found for name in attrs if name.startswith("on") or name == "style"]
    assert "\u202e" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    told = json.loads(tags.scripts[0])
    assert {f"{place}-{one[:40]}" for place, one in enumerate(EVIL)} == {row[0] for row in told["rows"]}


def test_the_page_asks_for_nothing_and_runs_nothing_else(week: Week) -> None:
    """Its policy forbids everything but its own style and script, and no address of another place stands in it."""
    text = html(week.histories[:5], week.known, at=week.at)
    tags = read(text)
    policy = next(attrs["content"] for tag, attrs in tags.found if attrs.get("http-equiv") == "Content-Security-Policy")

    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert [] == [attrs for _, attrs in tags.found for name in ("src", "href") if str(attrs.get(name) or "#")[0] not in "#d"]
    assert "http://" not in text.replace("http://www.w3.org", "")


def test_the_same_tickets_give_the_same_page(week: Week) -> None:
    """Nothing in the page depends on when or where it was made."""
    options: dict[str, Any] = {"at": week.at, "zone": "Asia/Shanghai", "limit": 5}

    assert html(week.histories, week.known, **options) == html(week.histories, week.known, **options)


def test_what_cannot_be_read_is_named_and_counts_nowhere(odd: Workflow) -> None:
    """Records that lack their beginning, none at all, and what a store could not read are told, and the rest is counted."""
    whole = ticket(odd, "T-1")
    out = StringIO()
    told = write(out, [whole, whole[3:], [], Unread("T-9", "torn row")], [odd], at=AT + timedelta(days=1))

    assert (1, 3) == (told.tickets, told.unread)
    assert ["torn row"] == [one.reason for one in told.unread_first if one.id == "T-9"]
    assert "torn row" in out.getvalue()
    assert 3 == told.as_data()["unread"]


def test_without_its_definition_a_workflow_is_drawn_from_what_tickets_did(odd: Workflow) -> None:
    """A definition that is nowhere takes away titles and nesting, no ticket and no way."""
    text = html([ticket(odd, "T-1"), ticket(odd, "T-2")], at=AT + timedelta(days=1))

    assert "The definition of this workflow is not in the database" in text
    assert 'class="flow"' in text
    assert all(f">{name}</text>" in text for name in ("a1", "a2", "l1", "l2", "r1", "done"))


def test_regions_and_inner_states_are_boxes(odd: Workflow) -> None:
    """A state that holds others is a box around them; one with regions is dashed; a loop has a line of its own."""
    text = html([ticket(odd, "T-1")], [odd], at=AT + timedelta(days=1))

    assert (3, 1) == (text.count('<g class="nest">'), text.count('<g class="nest side">'))
    assert re.search(r'class="way"[^>]*d="M[\d. ]+c', text)


def test_only_so_many_tickets_are_held(odd: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more tickets than a page holds the latest are on it; how many are left out stands at the top, and all are told of."""
    monkeypatch.setattr(_write, "ROWS", 5)
    histories = (ticket(odd, f"T-{place:02}", at=AT + timedelta(hours=place), steps=2) for place in range(12))
    out = StringIO()
    told = write(out, histories, [odd], at=AT + timedelta(days=2), limit=3)
    rows = json.loads(read(out.getvalue()).scripts[0])["rows"]

    assert (5, 7, 3) == (told.tickets, told.left, told.stories)
    assert {f"T-{place:02}" for place in range(7, 12)} == {row[0] for row in rows}
    top, _, _ = out.getvalue().partition("</header>")
    assert "The page holds the latest 5 of 12 tickets; 7 older ones are left out of every figure." in top


def test_the_stories_told_are_those_with_most_to_tell(week: Week) -> None:
    """Late, escalated and reopened tickets come first; the others are listed without their story."""
    text = html(week.histories, week.known, at=week.at, limit=4)
    tags = read(text)
    rows = json.loads(tags.scripts[0])["rows"]

    assert 4 == len(json.loads(tags.scripts[2]))
    assert [0, 1, 2, 3] == sorted(row[-1] for row in rows if row[-1] >= 0)
    assert all(row[8] & 2 or row[16] for row in rows if row[-1] >= 0)


def test_what_happened_after_the_end_is_not_looked_at(odd: Workflow) -> None:
    """As of an hour into its life a ticket is open and where it then was."""
    text = html([ticket(odd, "T-1"), ticket(odd, "T-2", at=AT + timedelta(days=3))], [odd], at=AT + timedelta(minutes=25))
    told = json.loads(read(text).scripts[0])

    assert [("T-1", "a1", None)] == [(row[0], told["states"][row[2]][0], row[6]) for row in told["rows"]]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"lang": "fr"}, InputError),
        ({"zone": "Mars/Olympus"}, InputError),
        ({"zone": "../../etc/passwd"}, InputError),
        ({"limit": -1}, InputError),
        ({"since": AT}, InputError),
        ({"at": datetime(2026, 11, 2)}, TimeError),
    ],
)
def test_bad_options_are_refused_by_name(options: dict[str, Any], error: type[Exception]) -> None:
    """What cannot be meant is said in a sentence before anything is written."""
    out = StringIO()
    with pytest.raises(error):
        write(out, (), **{"at": AT, **options})

    assert "" == out.getvalue()


@pytest.mark.parametrize(("days", "unit"), [(7, "day"), (200, "week"), (1500, "month"), (5000, "quarter"), (40_000, "year")])
def test_long_periods_are_told_in_longer_stretches(odd: Workflow, days: int, unit: str) -> None:
    """A chart over time has at most some ninety columns, whatever the period."""
    histories = [ticket(odd, "T-1", at=AT - timedelta(days=days)), ticket(odd, "T-2")]
    told = json.loads(read(html(histories, [odd], at=AT + timedelta(hours=8))).scripts[0])

    assert unit == told["unit"]
    assert len(told["buckets"]) <= 185


def test_a_thousand_regions_are_sixty_and_all_others(odd: Workflow) -> None:
    """More values than anybody reads are one group, and no ticket is lost in it."""
    histories = [ticket(odd, f"T-{place}", f"region {place}", steps=0) for place in range(200)]
    told = json.loads(read(html(histories, [odd], at=AT + timedelta(days=1), limit=0)).scripts[0])

    assert (61, None) == (len(told["names"]["region"]), told["names"]["region"][-1])
    assert 140 == sum(row[16][told["dims"].index("region")] == 60 for row in told["rows"])


def test_plain_counts_are_those_of_the_measures(week: Week) -> None:
    """How many were opened, closed and open, how old, and how long they stayed in a state are what servflow.metrics says."""
    cases = [read_case(records, week.at) for records in week.histories]
    entries = [read_entry(records, week.at) for records in week.histories]
    found, ways = frame(entries, at=week.at, since=None, zone="UTC"), ways_of(entries, week.known)
    made = figures(entries, found, ways)
    edges = tuple(timedelta(days=days) for days in AGES)
    aged = {part: figure.value for part, figure in backlog.by_part(cases, at=week.at, buckets=edges).items() if part != "all"}
    (flow,) = ways.values()
    stayed = time_in_state.by_part(cases)

    counted = [measure(cases, at=week.at) for measure in (opened, closed, backlog)]
    assert [figure.value for figure in counted] == [made["opened"], made["closed"], made["open"]]
    assert sum(aged.values()) == sum(made["age"])
    assert sorted(aged.values()) == sorted(count for count in made["age"] if count)
    for state, figure in stayed.items():
        if state != "all":
            told = made["flow"][0]["s"][flow.place(state)]
            assert (figure.count, figure.median) == (told["n"], None if told["m"] is None else timedelta(seconds=told["m"]))


def test_a_ticket_that_came_back_is_closed_twice(odd: Workflow) -> None:
    """Closings are what is counted, as the measure does: twice for a ticket that was reopened and closed again."""
    case = Case(
        id="T", began=AT, closings=(AT + timedelta(hours=1), AT + timedelta(hours=3)), closed_at=AT + timedelta(hours=3)
    )
    case = evolve(case, reopenings=(AT + timedelta(hours=2),), reopened=1)
    once = read_entry(ticket(odd, "T", "north"), AT + timedelta(days=1))
    entry = evolve(once, case=evolve(case, cycles=once.case.cycles))
    found = frame([entry], at=AT + timedelta(days=1), since=None, zone="UTC")
    made = figures([entry], found, {})

    assert (closed([case]).value, 2) == (made["closed"], sum(day["c"] for day in made["day"]))
