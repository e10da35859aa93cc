"""Holds ``servflow plan`` to what it says of a chain alone, of an imagined ticket and of a stored one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result

import servflow
from servflow.desk import Desk
from servflow.stores import SqliteStore
from tests.oracles.sequence_reader import read_sequence

Run = Callable[..., Result]
AT = "2026-11-02T09:00:00Z"
TINY = """\
servflow: 1
workflow: tiny
roles: [lead, boss]
fields: {vip: {type: bool, default: false}}
initial: new
states: {new: {}, closed: {closed: true}}
transitions: [{event: close, source: new, target: closed, allow: [lead]}]
escalations:
  - name: late
    start: {age: 1h}
    levels:
      - {name: lead, do: [{notify: {to: {role: lead}, template: late}}]}
      - {name: boss, after: 2h, when: vip, do: [{notify: {to: {role: boss}, template: late}}]}
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A definition with one chain, whose second level has a condition."""
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY, encoding="utf-8")
    return path


def test_an_imagined_ticket_is_tried(run: Run, tiny: Path, tmp_path: Path) -> None:
    """With fields the trigger, the conditions and the people of a world are those of a ticket."""
    world = tmp_path / "world.yaml"
    world.write_text("people: [{id: ann, roles: [lead]}]\n", encoding="utf-8")
    told = json.loads(run("plan", tiny, "--at", AT, "--fields", "{}", "--world", world, "--format", "json").stdout)

    assert [
        ("2026-11-02T10:00:00Z", "lead", "fired", ["ann"]),
        ("2026-11-02T12:00:00Z", "boss", "skipped", []),
    ] == [(item["at"], item["name"], item["outcome"], item["to"]) for item in told["planned"]]
    assert "every level was climbed" == told["runs"][0]["ended"]


def test_what_happens_meanwhile(run: Run, tiny: Path) -> None:
    """Acknowledgements, other events and outages take part; the chain alone knows what people do too."""
    vip = ("plan", tiny, "--at", AT, "--fields", '{"vip": true}')
    acked = run(*vip, "--ack", "2026-11-02T11:00:00Z", "--do", "2026-11-02T15:00:00Z unack", "--lang", "zh").stdout
    closed = run(*vip, "--do", "2026-11-02T11:00:00Z close").stdout
    down = run(*vip, "--down", AT, "2026-11-03T09:00:00Z").stdout
    snoozed = run("plan", tiny, "--at", AT, "--do", '2026-11-02T10:00:00Z snooze "4h"', "--format", "json").stdout

    assert "2026-11-02 16:00  late    boss  触发" in acked
    assert "the ticket closed" in closed
    assert ("coalesced" in down, "engine down" in down) == (True, True)
    assert ["2026-11-02T09:00:00Z", "2026-11-02T15:00:00Z"] == [item["at"] for item in json.loads(snoozed)["planned"]]


def test_a_chain_may_be_started_whatever_starts_it(run: Run, tiny: Path) -> None:
    """With --start the run begins at --at."""
    told = json.loads(run("plan", tiny, "--at", AT, "--fields", "{}", "--start", "--for", "30m", "--format", "json").stdout)

    assert [(AT, "lead")] == [(item["at"], item["name"]) for item in told["planned"]]


def test_a_stored_ticket_goes_on(run: Run, tiny: Path, tmp_path: Path) -> None:
    """A ticket comes from a database by its id, or from a file or standard input as its JSON."""
    at = datetime(2026, 11, 2, 9, tzinfo=UTC)
    flow = servflow.load(tiny)
    with SqliteStore(tmp_path / "t.db") as store:
        Desk(flow, store, now=lambda: at).open("T1", {"vip": True})
        snapshot = json.dumps(servflow.dump(store.load("T1")))
    base = ("plan", tiny, "--at", "2026-11-02T09:30:00Z", "--format", "json")
    stored = run(*base, "--db", tmp_path / "t.db", "--ticket", "T1").stdout

    assert ["lead", "boss"] == [item["name"] for item in json.loads(stored)["planned"]]
    assert stored == run(*base, "--ticket", "-", stdin=snapshot).stdout


def test_a_plan_is_drawn(run: Run, tiny: Path) -> None:
    """As Mermaid, alone or within JSON."""
    drawn = run("plan", tiny, "--at", AT, "--kind", "mermaid").stdout

    assert ["late", "role:lead", "role:boss"] == [text for kind, _, _, text in read_sequence(drawn) if kind == "participant"]
    assert drawn == json.loads(run("plan", tiny, "--at", AT, "--kind", "mermaid", "--format", "json").stdout)["text"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--fields", "{}", "--chain", "lat"), "did you mean 'late'?"),
        (("--fields", "[]"), "a mapping as JSON"),
        (("--fields", '{"vp": 1}'), "vip"),
        (("--do", "close"), "written as 'INSTANT EVENT'"),
        (("--do", "soon close"), "is not an instant"),
        (("--do", f"{AT} nap"), "it knows ack"),
        (("--do", f"{AT} close"), "give --fields"),
        (("--fields", "{}", "--ticket", "-"), "give one of them"),
        (("--fields", "{}", "--down", AT, AT), "ends after it starts"),
        (("--zone", "Mars/Base"), "no zone"),
    ],
)
def test_bad_input_is_told_in_a_sentence(run: Run, tiny: Path, options: tuple[str, ...], said: str) -> None:
    """What is no chain, no JSON, no instant or no operation ends with status 2."""
    snapshot = json.dumps(servflow.dump(servflow.load(tiny).open("T", at=datetime(2026, 11, 2, tzinfo=UTC)).ticket))
    result = run("plan", tiny, "--at", AT, *options, stdin=snapshot)

    assert (2, True) == (result.exit_code, said in result.stderr), result.stderr
