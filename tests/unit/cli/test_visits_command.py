"""The command that tells which visits of a ticket can be booked."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from servflow.cli._main import servflow as main
from servflow.desk import Desk
from servflow.documents import load
from servflow.stores import SqliteStore

FLOW = """
workflow: visit
fields: {skill: {type: string, default: ac}}
initial: booking
states: {booking: {}}
dispatch:
  - name: visit
    state: booking
    require: [{skill: skill}]
    mode: appointment
    appointment: {zone: Europe/Berlin, step: 720, minutes: 60, days: 2}
"""


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A workflow and a world."""
    world = {"engineers": [{"id": "ann", "skills": ["ac"]}, {"id": "bob"}]}
    (tmp_path / "flow.yaml").write_text(FLOW, "utf-8")
    (tmp_path / "world.json").write_text(json.dumps(world), "utf-8")
    return [str(tmp_path / "flow.yaml"), "--world", str(tmp_path / "world.json"), "--at", "2026-03-02T08:00:00Z"]


def test_visits_are_told_as_a_table_and_as_data(files: list[str]) -> None:
    """Every visit with when it begins and ends on the wall clock, and who could come; as JSON in UTC."""
    text = CliRunner().invoke(main, ["dispatch", "slots", *files, "--fields", "{}", "--zone", "Europe/Berlin"])
    data = CliRunner().invoke(main, ["dispatch", "slots", *files, "--fields", "{}", "--format", "json"])

    assert (0, 0) == (text.exit_code, data.exit_code)
    assert "12:00" in text.output
    assert "1 ann" in text.output
    assert ["2026-03-02T11:00:00Z", "2026-03-02T23:00:00Z", "2026-03-03T11:00:00Z"] == [
        window["start"] for window in json.loads(data.output)["slots"]
    ]


def test_why_nobody_could_come(files: list[str]) -> None:
    """With ``--why`` windows without anybody are there, with what keeps how many out; the status says that there is none."""
    asked = ["dispatch", "slots", *files, "--fields", '{"skill": "tv"}', "--lang", "zh"]
    plain, why = CliRunner().invoke(main, asked), CliRunner().invoke(main, [*asked, "--why", "--days", "1"])

    assert (1, 1) == (plain.exit_code, why.exit_code)
    assert "tv" in why.output
    assert "tv" not in plain.output


def test_explain_tells_of_the_visit(tmp_path: Path) -> None:
    """Who comes when, and afterwards why nobody does and how often that was so."""
    path = tmp_path / "tickets.db"
    with SqliteStore(path) as store:
        now = datetime(2026, 3, 2, 8, tzinfo=UTC)
        desk = Desk(load(FLOW), store, now=lambda: now, world={"engineers": [{"id": "ann", "skills": ["ac"]}]})
        for name in ("T-1", "T-2"):
            desk.open(name)
        desk.fire("T-1", "appointment.book", {"start": "2026-03-02T11:00:00Z"})
        desk.fire("T-2", "appointment.book", {"start": "2026-03-02T23:00:00Z"})
        desk.fire("T-2", "appointment.lost")

    def told(ticket: str, *more: str) -> str:
        asked = ["explain", str(path), ticket, "--at", now.isoformat(), *more]
        return CliRunner().invoke(main, asked).output

    assert "ann comes from Mon 2026-03-02 11:00" in told("T-1")
    assert "None is booked: who was to come could not" in told("T-2")
    assert "工程师无法上门 1 次" in told("T-2", "--lang", "zh")
    assert "lost" == json.loads(told("T-2", "--format", "json"))["appointment"]["phase"]
