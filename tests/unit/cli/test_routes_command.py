"""Holds ``servflow dispatch routes`` to what it says of who goes where and when, in both languages and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result

import servflow

Run = Callable[..., Result]
AT = "2026-03-02T00:00:00Z"
OPENED = datetime(2026, 3, 1, tzinfo=UTC)
FLOW = """\
servflow: 1
workflow: repair
fields:
  skill: {type: string, default: ac}
  area: {type: string, default: north}
  start: {type: timestamp}
calendars: {day: {zone: Asia/Shanghai, week: {mon-fri: ["09:00-12:00", "13:00-18:00"]}}}
initial: new
states: {new: {}, closed: {closed: true}}
transitions: [{event: close, source: "*", target: closed}]
dispatch:
  - {name: engineer, state: new, require: [{skill: skill}, {open: shift}], visit: {start: start, minutes: "60", window: "120"}}
"""
WORLD = """\
engineers: [{id: ann, skills: [ac], areas: [home], shift: day}]
calendars: {day: {zone: Asia/Shanghai, week: {mon-fri: ["09:00-12:00", "13:00-18:00"]}}}
travel: {home: {north: 30}, north: {home: 30, north: 5}}
"""


@pytest.fixture
def asked(tmp_path: Path) -> list[object]:
    """A definition, a world and three tickets on disk, as options name them."""
    flow, world, tickets = tmp_path / "repair.yaml", tmp_path / "world.yaml", tmp_path / "tickets.json"
    flow.write_text(FLOW, encoding="utf-8")
    world.write_text(WORLD, encoding="utf-8")
    workflow = servflow.load(flow)
    opened = workflow.open("T-1", {"start": "2026-03-02T01:30:00Z"}, at=OPENED).ticket
    given = [
        servflow.dump(opened),
        {"id": "T-2", "fields": {"start": "2026-03-02T02:00:00Z"}},
        {"id": "T-3", "fields": {"start": "2026-03-02T02:00:00Z", "skill": "tv"}},
    ]
    tickets.write_text(json.dumps(given), encoding="utf-8")
    return [flow, "--world", world, "--tickets", tickets, "--at", AT]


def test_routes_as_text(run: Run, asked: list[object]) -> None:
    """A table says when everybody leaves, arrives, begins, ends and is back; what is left out says why."""
    english, chinese = run("dispatch", "routes", *asked), run("dispatch", "routes", *asked, "--lang", "zh")

    assert (1, 1) == (english.exit_code, chinese.exit_code)
    assert "visits: 2, routes: 1, minutes on the way: 65" in english.output
    assert "T-3 is left out: skill" in english.output
    assert "T-3 未安排：skill" in chinese.output


def test_routes_as_json(run: Run, asked: list[object]) -> None:
    """The plan is told whole, with what an audit of it finds; a pinned visit stays with whom it has."""
    data = json.loads(run("dispatch", "routes", *asked, "--format", "json", "--pin", "T-3=ann").output)

    assert [["T-1", "ann"], ["T-3", "ann"]] == data["assignments"]
    assert [] == data["violations"]
    assert ["2026-03-02T01:30:00Z", 30] == [data["routes"][0]["stops"][0][key] for key in ("start", "travel")]


def test_what_cannot_be_read_is_refused(run: Run, asked: list[object], tmp_path: Path) -> None:
    """Files without tickets, pins without a name and numbers out of bounds say what to give instead."""
    empty, wrong = tmp_path / "empty.json", tmp_path / "wrong.json"
    empty.write_text("[]", encoding="utf-8")
    wrong.write_text("{}", encoding="utf-8")

    assert "holds no tickets" in run("dispatch", "routes", *asked[:4], empty, *asked[5:]).output
    assert "no JSON list" in run("dispatch", "routes", *asked[:4], wrong, *asked[5:]).output
    assert "T-1=ann" in run("dispatch", "routes", *asked, "--pin", "T-1").output
    assert "whole number" in run("dispatch", "routes", *asked, "--minutes", "0").output


def test_routes_told_as_json_are_audited_and_planned_again(run: Run, asked: list[object], tmp_path: Path) -> None:
    """``dispatch verify`` reads what ``dispatch routes`` tells as JSON; ``--current`` tells who is moved."""
    told, current = tmp_path / "told.json", tmp_path / "current.json"
    told.write_text(run("dispatch", "routes", *asked, "--format", "json").output, encoding="utf-8")
    current.write_text(json.dumps({"T-1": "bob"}), encoding="utf-8")

    sound = run("dispatch", "verify", *asked, "--plan", told)
    again = run("dispatch", "routes", *asked, "--current", current)
    told.write_text(
        told.read_text(encoding="utf-8").replace('"start": "2026-03-02T01:30', '"start": "2026-03-02T00:30'), encoding="utf-8"
    )
    wrong = run("dispatch", "verify", *asked, "--plan", told)

    assert [0, 1, 1] == [answer.exit_code for answer in (sound, again, wrong)], sound.output
    assert "T-1 moves from bob to ann" in again.output
    assert "starts_before_arrival" in wrong.output
