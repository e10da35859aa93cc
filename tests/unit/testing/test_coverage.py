"""Holds coverage to counting what was exercised, from steps, desks and histories, and to telling what never was."""

from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import servflow
from servflow.model import Actor
from servflow.testing import Coverage, event_sequences, fields_for, play
from servflow.testing._coverage_tally import Tally
from tests.unit.testing.repair import workflow

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANN = Actor("ann", ("engineer",))
HOUR = timedelta(hours=1)


def exercised(coverage: Coverage, kind: str) -> set[tuple[str, str]]:
    """What of one kind was exercised, by name and answer."""
    missed = set(coverage.missed)
    return {(item.name, item.answer) for item in coverage.items if item.kind == kind and item not in missed}


def lived(flow: servflow.Workflow, tier: str = "standard") -> list[Any]:
    """A ticket that ran late, was finished after a first refusal, and its records."""
    outcome = flow.open("a", {"tier": tier}, at=AT)
    records = list(outcome.records)
    outcome = flow.advance(outcome.ticket, at=AT + 7 * HOUR)
    records += outcome.records
    outcome = flow.fire(outcome.ticket, "arrive", at=AT + 8 * HOUR, actor=ANN)
    records += outcome.records
    with pytest.raises(servflow.Refused):
        flow.fire(outcome.ticket, "finish", {"amount": "900"}, at=AT + 8 * HOUR, actor=ANN)
    outcome = flow.fire(outcome.ticket, "finish", {"amount": "9"}, at=AT + 9 * HOUR, actor=ANN)
    return [*records, *outcome.records]


def test_everything_that_can_be_exercised_is_listed_once() -> None:
    """Each part of a definition has an item with its path, each answer of a guard and each mark of a clock one of its own."""
    coverage = Coverage(workflow())
    keys = [item.key for item in coverage.items]

    assert len(keys) == len(set(keys))
    assert coverage.items == coverage.missed
    assert 0.0 == coverage.percent
    assert {
        ("transition", "new --arrive--> on_site", "", "transitions[0]"),
        ("guard", "on_site --finish--> done", "true", "transitions[1].when"),
        ("guard", "on_site --finish--> done", "false", "transitions[1].when"),
        ("timer", "new: forget after 3d", "", "states.new.timers[0]"),
        ("clock", "fix", "50%", "clocks[0].warn[0]"),
        ("clock", "fix", "breach", "clocks[0]"),
        ("level", "late: chief", "", "escalations[0].levels[1]"),
        ("row", 'fee: 1 ("gold")', "", "tables.fee.rows[0]"),
        ("row", "fee", "none", "tables.fee"),
        ("rule", "first", "", "rules[0]"),
    } <= {(item.kind, item.name, item.answer, item.path) for item in coverage.items}


def test_a_watched_workflow_counts_what_it_does_and_asks() -> None:
    """States, transitions, both answers of a guard, marks, levels and the rows of a table that only a `set` reads."""
    coverage = Coverage(workflow())
    lived(coverage.watched)

    assert {("new", ""), ("on_site", ""), ("done", "")} == exercised(coverage, "state")
    assert {("on_site --finish--> done", "true"), ("on_site --finish--> done", "false")} == exercised(coverage, "guard")
    assert {("new --arrive--> on_site", ""), ("on_site --finish--> done", "")} == exercised(coverage, "transition")
    assert {("fix", "start"), ("fix", "50%"), ("fix", "breach")} == exercised(coverage, "clock")
    assert {("late: boss", ""), ("late: chief", "")} == exercised(coverage, "level")
    assert {('fee: 2 ("standard")', "")} == exercised(coverage, "row")
    assert set() == exercised(coverage, "rule") | exercised(coverage, "timer")
    assert (5, 1) == (coverage.steps, coverage.refused)


def test_the_rest_is_reached_by_the_rest() -> None:
    """A rule, a timer, another row and a default are counted when they speak, until nothing is missing."""
    coverage = Coverage(workflow())
    flow = coverage.watched
    lived(flow)
    lived(flow, "gold")
    flow.advance(flow.open("b", at=AT).ticket, at=AT + 100 * HOUR)
    here = flow.fire(flow.open("c", {"tier": None}, at=AT).ticket, "arrive", at=AT, actor=ANN).ticket
    flow.fire(here, "finish", {"amount": "9"}, at=AT, actor=ANN)

    assert () == coverage.missed
    assert 100.0 == coverage.percent
    assert "everything was exercised" in coverage.text()


def test_a_watched_workflow_is_the_same_workflow() -> None:
    """It gives the very outcomes, has the hash, equals the original and goes over processes as it."""
    flow = workflow()
    twin = Coverage(flow).watched

    assert lived(flow) == lived(twin)
    assert (flow, flow.hash, hash(flow)) == (twin, twin.hash, hash(twin))
    assert type(flow) is type(pickle.loads(pickle.dumps(twin)))


def test_what_is_only_asked_for_a_screen_counts_nothing() -> None:
    """`available`, `explain`, and the remedy of a refusal that somebody reads later are no tests of a guard."""
    coverage = Coverage(workflow())
    flow = coverage.watched
    ticket = flow.fire(flow.open("a", at=AT).ticket, "arrive", at=AT, actor=ANN).ticket
    flow.available(ticket, at=AT, actor=ANN)
    flow.explain(ticket, at=AT)
    with pytest.raises(servflow.Refused) as refused:
        flow.fire(ticket, "finish", {"amount": "900"}, at=AT, actor=ANN)
    before = dict(coverage.counts)

    assert refused.value.facts["each"]
    assert before == dict(coverage.counts)
    assert {("on_site --finish--> done", "false")} == exercised(coverage, "guard")


def test_single_steps_are_observed() -> None:
    """A step taken elsewhere is taken again for what it asks; its outcome or refusal comes back."""
    coverage, flow = Coverage(workflow()), workflow()
    opened = flow.open("a", at=AT)
    arrived = flow.fire(opened.ticket, "arrive", at=AT, actor=ANN)

    assert opened == coverage.observe(None, "a", at=AT)
    assert arrived == coverage.observe(opened.ticket, "arrive", at=AT, actor=ANN)
    refused = coverage.observe(arrived.ticket, "finish", {"amount": "900"}, at=AT, actor=ANN)
    assert isinstance(refused, servflow.Refused)
    coverage.observe(arrived.ticket, at=AT + 5 * HOUR)

    assert {("on_site --finish--> done", "false")} == exercised(coverage, "guard")
    assert ("fix", "breach") in exercised(coverage, "clock")


def test_histories_are_asked_again() -> None:
    """From the records alone come the same items, but for what only refused events asked."""
    flow = workflow()
    watched = Coverage(flow)
    records = lived(watched.watched)
    coverage = Coverage.of(flow, records)

    assert {("on_site --finish--> done", "false")} == exercised(watched, "guard") - exercised(coverage, "guard")
    assert {item for item in coverage.missed if item.kind != "guard"} == {
        item for item in watched.missed if item.kind != "guard"
    }
    assert coverage.counts == Coverage.of(flow, [records]).counts


@given(st.data())
def test_a_history_never_tells_more_than_the_steps_that_made_it(data: st.DataObject) -> None:
    """Whatever happens to a ticket, what its history exercised was exercised when it happened."""
    flow = workflow()
    coverage = Coverage(flow)
    outcome = coverage.watched.open("a", data.draw(fields_for(flow)), at=AT)
    records = list(outcome.records)
    for _, one in play(coverage.watched, outcome.ticket, data.draw(event_sequences(flow))):
        if not isinstance(one, servflow.Refused):
            records += one.records

    assert set(Coverage.of(flow, records).counts) <= set(coverage.counts)


def test_records_of_other_versions_and_workflows_are_not_counted() -> None:
    """Another version is passed over and said so; another workflow and what is no history are refused."""
    records = lived(workflow())
    newer = servflow.load({**workflow().to_data(), "version": 2})
    other = servflow.load("{workflow: other, states: {new: {}}}")
    coverage = Coverage.of(newer, records)

    assert len(records) == coverage.passed_over
    assert "belong to another version" in coverage.text()
    assert 0.0 == coverage.percent
    for given_ in (other.open("x", at=AT).records, records[1:], [1], [[1]], [*records, [1]]):
        with pytest.raises(servflow.InputError):
            Coverage.of(newer, given_)


def test_what_was_counted_in_two_places_is_joined_and_kept() -> None:
    """`|` adds counts of one definition and refuses another one's; JSON gives back what it was given."""
    flow = workflow()
    one, two = Coverage(flow), Coverage(flow)
    lived(one.watched)
    two.watched.open("b", {"tier": "gold"}, at=AT)
    both = one | two

    assert one.counts + two.counts == both.counts
    assert (6, 1) == (both.steps, both.refused)
    assert both.counts == Coverage.from_data(flow, both.as_data()).counts
    assert both.as_data() == Coverage.from_data(flow, both.as_data()).as_data()
    with pytest.raises(servflow.InputError, match="not the same definition"):
        one | Coverage(servflow.load("{workflow: other, states: {new: {}}}"))
    for data in ({}, {**one.as_data(), "hash": "x"}, None):
        with pytest.raises(servflow.InputError, match="was not counted of"):
            Coverage.from_data(flow, data)  # type: ignore[arg-type]  # what a file may hold
    with pytest.raises(servflow.InputError, match="coverage is of a"):
        Coverage("repair")  # type: ignore[arg-type]  # what a slip would hand over


def test_the_report_tells_what_is_missing_with_its_place() -> None:
    """Percentages by kind, then each part with its path and line, in both languages."""
    coverage = Coverage(workflow(), locate={"transitions[1].when": 15}.get)
    coverage.watched.open("a", at=AT)
    text, chinese = coverage.text(), coverage.text("zh")

    assert "  states: 1 of 3 (33 %)" in text.splitlines()
    assert "  guard on_site --finish--> done, never asked (transitions[1].when, line 15)" in text.splitlines()
    assert "  clock fix, never reached 50% (clocks[0].warn[0])" in text.splitlines()
    assert "  row fee, its default was never needed (tables.fee)" in text.splitlines()
    assert "  条件 on_site --finish--> done，从未判断（transitions[1].when，第 15 行）" in chinese.splitlines()
    assert len(text.splitlines()) == len(chinese.splitlines())
    assert {
        "kind": "guard",
        "name": "on_site --finish--> done",
        "answer": "true",
        "path": "transitions[1].when",
        "line": 15,
        "impossible": False,
    } in (coverage.as_data()["missed"])


def test_what_nothing_can_exercise_is_told_apart() -> None:
    """A state nobody reaches, a guard that always or never holds: to be mended in the definition, not in the tests."""
    flow = servflow.load(
        "{workflow: w, states: {a: {}, b: {}, c: {closed: true}}, transitions: [{event: z, source: b, target: c},"
        " {event: x, source: a, target: c, when: '1 == 1'}, {event: y, source: a, target: c, when: '1 == 2'}]}"
    )
    coverage = Coverage(flow)
    lines = coverage.text().splitlines()
    apart = lines.index("impossible to exercise, as servflow check tells:")
    far = Tally.read(coverage.written())
    whole = lines[lines.index("never exercised:") :]

    assert {"state:b", "transition:0", "transition:2", "guard:1:false", "guard:2:true"} == coverage.impossible
    assert ["  state b (states.b)", "  transition b --z--> c (transitions[0])", "  transition a --y--> c (transitions[2])"] == (
        lines[apart + 1 : apart + 4]
    )
    assert "  transition a --x--> c (transitions[1])" in whole[: whole.index(lines[apart])]
    assert coverage.text("zh").splitlines() == far.text("zh").splitlines()


def test_threads_share_one_coverage() -> None:
    """Nothing is lost where several threads run one watched workflow."""
    coverage = Coverage(workflow())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: lived(coverage.watched), range(20)))

    assert 100 == coverage.steps
    assert 20 == coverage.counts["transition:0"]
    assert 20 == coverage.counts["guard:1:false"] / 2


def test_coverage_and_stories_need_neither_hypothesis_nor_pytest() -> None:
    """A host that tests its workflows without them loads neither."""
    code = "import sys; from servflow.testing import Coverage, run_stories; print({'pytest','hypothesis'} & set(sys.modules))"

    assert "set()" == subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_drawing_shows_what_was_never_exercised() -> None:
    """Counts stand on transitions, red and amber on states, and the page lists the rest with its place, in both languages."""
    coverage = Coverage(workflow(), locate={"transitions[1]": 15, "transitions[1].when": 16}.get)
    outcome = coverage.watched.open("a", at=AT)
    coverage.watched.fire(outcome.ticket, "arrive", at=AT, actor=ANN)
    page, chinese, table = coverage.graph("html"), coverage.graph("html", lang="zh"), coverage.graph("table")

    assert "| arrive (1×) |" in table
    assert "| finish (never) | payload.amount &#60; 500: never asked |" in table
    assert "| guard on_site --finish--&#62; done, never asked | line 16: transitions\\[1\\].when |" in table
    assert '<b style="background:#ff9d9d">done</b>' in page
    assert '<b style="background:#ffc04d">new</b>' in page
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert '<meta name="viewport"' in page
    assert ["目标状态", "target"] == [
        next(head for head in ("目标状态", "target") if f"<th>{head}</th>" in one) for one in (chinese, page)
    ]
    assert "第 15 行" in chinese
    assert "class s3 breached" in coverage.graph()
    assert "digraph" in coverage.graph("dot")
    with pytest.raises(servflow.InputError, match="no drawing in format 'svg'"):
        coverage.graph("svg")


def test_what_strangers_wrote_stays_text_in_the_page() -> None:
    """Names and conditions of a definition are escaped."""
    hostile = servflow.load({"workflow": "w<script>", "states": {"<b>": {}, "b": {}}, "transitions": [
        {"event": "<i>", "source": "<b>", "target": "b", "when": "'<u>' == '<u>'"},
    ]})  # fmt: skip
    page = Coverage(hostile).graph("html")

    assert not [tag for tag in ("<script>", "<b>", "<i>", "<u>") if tag in page.replace("<b style", "").replace("<p><b>", "")]


def test_what_is_tried_only_to_say_what_would_help_is_not_counted() -> None:
    """A refusal that a payload could mend is told without a halt; neither that nor ``available`` exercises anything."""
    moves = [{"event": "go", "source": "a", "target": "b", "payload": {"x": "int"}, "when": "payload.x > 3"}]
    coverage = Coverage(servflow.load({"workflow": "w", "initial": "a", "states": {"a": {}, "b": {}}, "transitions": moves}))
    at = datetime(2026, 3, 2, tzinfo=UTC)
    ticket = coverage.watched.open("T", at=at).ticket

    with pytest.raises(servflow.Refused) as caught:
        coverage.watched.fire(ticket, "go", {"x": 1}, at=at)
    coverage.watched.available(ticket, at=at)

    assert "payload.x" in str(caught.value)
    assert (2, 1) == (coverage.steps, coverage.refused)
    assert 0 == coverage.counts["transition:0"]
    assert not any("true" in key or "b" in key.split(":") for key in coverage.counts)
