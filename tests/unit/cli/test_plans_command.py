"""Holds ``servflow dispatch plan`` and ``verify`` to what they say of who gets which ticket, in both languages and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
FLOW = """\
servflow: 1
workflow: repair
fields: {skill: {type: string, default: ac}}
initial: new
states: {new: {}, closed: {closed: true}}
transitions: [{event: close, source: "*", target: closed}]
dispatch:
  - {name: engineer, state: new, require: [{skill: skill}, {below: capacity}], prefer: [[{term: cost, weight: -1}]]}
"""
WORLD = """\
engineers:
  - {id: ann, skills: [ac, tv], capacity: 1, cost: 1}
  - {id: bob, skills: [ac], capacity: 1, cost: 9}
"""
TICKETS = [{"id": "T-1"}, {"id": "T-2", "fields": {"skill": "tv"}}, {"id": "T-3", "fields": {"skill": "oven"}}]


@pytest.fixture
def asked(tmp_path: Path) -> list[object]:
    """A definition, a world and three tickets on disk, as options name them."""
    flow, world, tickets = tmp_path / "repair.yaml", tmp_path / "world.yaml", tmp_path / "tickets.json"
    flow.write_text(FLOW, encoding="utf-8")
    world.write_text(WORLD, encoding="utf-8")
    tickets.write_text(json.dumps(TICKETS), encoding="utf-8")
    return [flow, "--world", world, "--tickets", tickets, "--at", "2026-03-02T00:00:00Z"]


def test_plan_as_text(run: Run, asked: list[object]) -> None:
    """What is given out, to whom, what is left out and why, and that the audit found nothing."""
    english, chinese = run("dispatch", "plan", *asked), run("dispatch", "plan", *asked, "--lang", "zh")

    assert (1, 1) == (english.exit_code, chinese.exit_code)
    assert "2 given out, 1 left; worth 2/-10 (found by: exact)" in english.output
    assert "the plan keeps every rule" in english.output
    assert "方案符合全部规则" in chinese.output


def test_a_plan_told_as_json_passes_the_audit(run: Run, asked: list[object], tmp_path: Path) -> None:
    """What ``plan`` tells as JSON is what ``verify`` reads; spoilt, it is told what is wrong."""
    told = run("dispatch", "plan", *asked, "--format", "json").output
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(told, encoding="utf-8")
    bad.write_text(told.replace('"ann"', '"bob"'), encoding="utf-8")

    audits = [run("dispatch", "verify", *asked, "--plan", path, "--format", "json") for path in (good, bad)]

    assert [["T-1", "bob"], ["T-2", "ann"]] == json.loads(told)["assignments"]
    assert [0, 1] == [audit.exit_code for audit in audits]
    assert {"skill", "over_capacity", "objective"} <= {one["kind"] for one in json.loads(audits[1].output)["violations"]}


def test_pins_and_what_is_so_far(run: Run, asked: list[object], tmp_path: Path) -> None:
    """Pinned tickets stay, and whoever is moved from what is so far is told."""
    current = tmp_path / "current.json"
    current.write_text(json.dumps({"T-1": "ann"}), encoding="utf-8")

    pinned = json.loads(run("dispatch", "plan", *asked, "--pin", "T-1=ann", "--format", "json").output)
    moved = run("dispatch", "plan", *asked, "--current", current)

    assert [["T-1", "ann"]] == pinned["assignments"]
    assert "T-1 moves from ann to bob" in moved.output


def test_bad_input(run: Run, asked: list[object], tmp_path: Path) -> None:
    """Files and options of a wrong shape are refused with what they should be."""
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"assignments": [1]}', encoding="utf-8")

    answers = [run("dispatch", "verify", *asked, "--plan", wrong), run("dispatch", "plan", *asked, "--pin", "T-1")]

    assert [2, 2] == [answer.exit_code for answer in answers]
    assert "assignments must hold lists of 2 names" in answers[0].output
    assert "T-1=ann" in answers[1].output


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("--tickets", "[1, ", "no JSON list of tickets"),
        ("--tickets", "[]", "holds no tickets"),
        ("--tickets", '[{"id": "T-1"}, {"id": "T-1"}]', "'T-1' is given twice"),
        ("--tickets", '[{"id": "T-1"}, {"id": "T-2", "field": {}}]', "ticket 2: {'id': 'T-2', 'field': {}} is neither"),
        ("--tickets", '[{"id": null}]', "id is a text"),
        ("--tickets", '[{"id": "T-1", "fields": {"skill": 7}}]', "field skill takes text, not 7"),
        ("--world", "", "engineers:"),
        ("--world", "engineers: [{name: Ann}]", "an engineer has no id"),
        ("--current", '{"T-1": 3}', "says of each ticket who has it"),
        ("--plan", "{", "no JSON mapping"),
        ("--plan", '{"given": []}', "a plan is a mapping of assignments"),
    ],
)
def test_files_that_cannot_be_read(
    run: Run, asked: list[object], tmp_path: Path, option: str, text: str, said: str, lang: str
) -> None:
    """Whatever is wrong with a file is told in a sentence and refused with status 2, whatever language is asked for."""
    wrong, plan = tmp_path / "wrong.yaml", tmp_path / "plan.json"
    wrong.write_text(text, encoding="utf-8")
    plan.write_text("{}", encoding="utf-8")

    answer = run("dispatch", "verify", *asked, "--plan", plan, option, wrong, "--lang", lang)

    assert (2, True) == (answer.exit_code, said in answer.output), answer.output


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--solver", "magic", "'exact', 'library', 'greedy'"),
        ("--slot", "nobody", "no dispatch entry and no slot is named 'nobody'"),
        ("--at", "2026-03-02T00:00:00", "not an instant with an offset"),
        ("--world", "nowhere.yaml", "does not exist"),
        ("--pin", "T-9=ann", "names the ticket 'T-9'"),
        ("--pin", "T-1=zed", "whom the world does not have"),
        ("--stability", "0", "needs current"),
    ],
)
def test_options_that_mean_nothing(run: Run, asked: list[object], option: str, value: str, said: str) -> None:
    """An option of a wrong value is refused with status 2 and what it takes."""
    answer = run("dispatch", "plan", *asked, option, value)

    assert (2, True) == (answer.exit_code, said in answer.output), answer.output


def test_a_ticket_is_pinned_once(run: Run, asked: list[object]) -> None:
    """Two pins of one ticket contradict each other, by plan and by routes alike; the same pin twice does not."""
    both = ["--pin", "T-1=ann", "--pin", "T-1=bob"]

    refused = [run("dispatch", command, *asked, *both) for command in ("plan", "routes")]

    assert [2, 2] == [answer.exit_code for answer in refused]
    assert ["'T-1' to 'ann' and to 'bob'" in answer.output for answer in refused] == [True, True]
    assert 2 != run("dispatch", "plan", *asked, "--pin", "T-1=ann", "--pin", "T-1=ann").exit_code
