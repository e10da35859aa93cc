"""Holds ``servflow dispatch`` to what it says of who gets a ticket, in both languages and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import frozen
from click.testing import Result

Run = Callable[..., Result]
AT = "2026-03-02T02:00:00Z"
FLOW = """\
servflow: 1
workflow: repair
fields: {category: {type: string, default: ac}, region: {type: string, default: pudong}}
calendars: {day: {zone: Asia/Shanghai, week: {mon-fri: ["09:00-18:00"]}}}
initial: new
states: {new: {}, going: {}, closed: {closed: true}}
transitions:
  - {event: assigned.engineer, source: new, target: going}
  - {event: close, source: "*", target: closed}
dispatch:
  - name: engineer
    state: new
    require: [{skill: category, level: "2"}, {area: region}, {below: capacity}]
    prefer: [[{term: load, weight: -1}]]
"""
WORLD = """\
engineers:
  - {id: ann, skills: {ac: 3}, areas: [pudong], capacity: 3}
  - {id: bob, skills: {ac: 2}, areas: [pudong], capacity: 3}
  - {id: eve, skills: {ac: 1}, areas: [puxi], capacity: 3, absences: [["2026-03-02T00:00:00Z", "2026-03-02T06:00:00Z"]]}
loads: {ann: 2, bob: 1}
"""


@frozen
class Files:
    """A definition and a world on disk, and the options that name them."""

    flow: Path
    world: Path

    @property
    def asked(self) -> tuple[object, ...]:
        return (self.flow, "--world", self.world, "--fields", "{}", "--at", AT)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A small repair workflow and three engineers."""
    folder = tmp_path_factory.mktemp("dispatch")
    made = Files(folder / "repair.yaml", folder / "world.yaml")
    made.flow.write_text(FLOW, encoding="utf-8")
    made.world.write_text(WORLD, encoding="utf-8")
    return made


def test_why_not_tells_every_reason(run: Run, files: Files) -> None:
    """Whoever is kept out hears of every rule, with instants in the zone of the calendar."""
    found = run("dispatch", "why-not", *files.asked, "eve")

    assert 1 == found.exit_code
    assert "eve does not meet skill: has ac 1, asked ac 2" in found.stdout
    assert "eve does not meet area: has puxi, asked pudong" in found.stdout
    assert "changes at 2026-03-02 14:00" in found.stdout


def test_why_not_tells_who_is_ahead(run: Run, files: Files) -> None:
    """Whoever fits hears of the better one and by what."""
    found = run("dispatch", "why-not", *files.asked, "ann", "--lang", "zh")

    assert 0 == found.exit_code
    assert "ann 符合要求，在 2 个符合者中排第 2，落后于 bob：得分 -2 对 -1" in found.stdout
    assert "由第 1 层决定（ann : bob）：load 2 : 1" in found.stdout
    assert "bob fits, and is the best of 2" in run("dispatch", "why-not", *files.asked, "bob").stdout


def test_why_not_as_json(run: Run, files: Files) -> None:
    """A program reads the same verdicts."""
    told = json.loads(run("dispatch", "why-not", *files.asked, "eve", "--format", "json").stdout)

    assert ["skill", "area", "absence"] == [item["rule"] for item in told["verdicts"]]
    assert (False, None) == (told["fits"], told["again_at"])


def test_evaluate_tells_the_counts_and_the_places(run: Run, files: Files) -> None:
    """The sentence of counts, the places with their terms, and the fingerprint."""
    found = run("dispatch", "evaluate", *files.asked, "--verdicts")

    assert 0 == found.exit_code
    assert "3 engineers: 1 lacks skill ac level 2, 2 fit, best bob" in found.stdout
    assert "eve is absent (2026-03-02 08:00 to 2026-03-02 14:00); changes at 2026-03-02 14:00" in found.stdout
    assert 2 == len(json.loads(run("dispatch", "evaluate", *files.asked, "--format", "json").stdout)["ranked"])


def test_unblock_tells_the_smallest_changes(run: Run, files: Files) -> None:
    """The smallest change comes first; where somebody fits, who."""
    asked = (*files.asked[:3], "--fields", '{"category": "ac", "region": "hangzhou"}', "--at", AT)
    found = run("dispatch", "unblock", *asked)
    told = json.loads(run("dispatch", "unblock", *asked, "--format", "json", "--limit", 1).stdout)

    assert 1 == found.exit_code
    assert "1  let ann serve area hangzhou" in found.stdout
    assert "10  drop the requirement area; then ann, bob fit" in found.stdout
    assert [("area", "ann"), ("drop", None)] == [(item["kind"], item["candidate"]) for item in told["changes"]]
    assert not told["complete"]
    assert "已有人符合：bob, ann" in run("dispatch", "unblock", *files.asked, "--lang", "zh").stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["nobody"], "no candidate 'nobody'"),
        (["annn"], "did you mean 'ann'?"),
        (["ann", "--slot", "enginer"], "did you mean 'engineer'?"),
        (["ann", "--zone", "Mars/Base"], "no time zone"),
        (["ann", "--fields", "[]"], "--fields is a mapping as JSON"),
        (["ann", "--ticket", "gone.json"], "ask about a ticket with --ticket, or"),
    ],
)
def test_wrong_questions_say_what_to_do(run: Run, files: Files, options: list[str], said: str) -> None:
    """Names nobody has, zones that are none and tickets told twice end with status 2 and a sentence."""
    found = run("dispatch", "why-not", *files.asked, *options)

    assert 2 == found.exit_code
    assert said in found.output


def test_a_wrong_value_is_named_in_chinese_too(run: Run, files: Files) -> None:
    """Whoever asks about a ticket that cannot be opened is told which field is wrong, in either language."""
    asked = (files.flow, "--world", files.world, "--at", AT, "--fields", '{"categor": "ac"}')
    found = run("dispatch", "evaluate", *asked, "--lang", "zh")

    assert 2 == found.exit_code
    assert "open 的数据不符合要求：categor" in found.output
