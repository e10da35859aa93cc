"""Holds check, schema, explain, show and worker to what they say of correlators."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

import servflow
import servflow.documents
from servflow.desk import Desk
from servflow.documents import load_correlator
from servflow.stores import SqliteStore

Run = Callable[..., Result]

TEMPLATE = Path(servflow.documents.__file__).parent / "templates" / "repeat_complaint.yaml"
FLOWS = """
workflow: complaint
states: {open: {}, closed: {closed: true}}
transitions: [{event: repeated, source: open}, {event: close, source: open, target: closed}]
---
workflow: care
fields: {about: {type: list}}
states: {new: {}, closed: {closed: true}}
transitions: [{event: close, source: new, target: closed}]
"""
HOST = """
import servflow
from servflow.documents import load_correlator

def host():
    flows = [servflow.load(text) for text in {texts!r}]
    return {{"workflows": [*flows, load_correlator({template!r})], "handlers": {{}}}}

def delivers():
    return {{"handlers": {{}}}}
"""


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A database with three complaints of one customer that nobody has counted yet."""
    path = tmp_path / "complaints.db"
    store = SqliteStore(path)
    now = [datetime(2026, 3, 2, 9, tzinfo=UTC)]
    flows = [*(servflow.load(text) for text in FLOWS.split("---")), load_correlator(TEMPLATE)]
    desk = Desk(flows, store, now=lambda: now[0])
    for number in range(3):
        desk.open(f"C{number}", {"customer": "li"}, workflow="complaint")
        now[0] += timedelta(hours=1)
    store.close()
    return path


def test_check_and_schema_know_correlators(run: Run, tmp_path: Path) -> None:
    """A correlator's file is checked like a workflow's, with its own keys, and its schema is to be had."""
    (wrong := tmp_path / "wrong.yaml").write_text("correlator: c\nkey: customr\nwithin: 1h\ncount: 2\n")
    fine, bad, zh = run("check", TEMPLATE), run("check", wrong, "--format", "json"), run("check", TEMPLATE, "--lang", "zh")
    told = json.loads(bad.stdout)

    assert (0, 1, 0) == (fine.exit_code, bad.exit_code, zh.exit_code)
    assert "correlator repeat_complaint version 1 loads: count within 24h" in fine.stdout
    assert "关联器 repeat_complaint" in zh.stdout
    assert [("key", 2)] == [(one["path"], one["line"]) for one in told["findings"]]
    assert "urn:servflow:schema:correlator:1" == json.loads(run("schema", "--correlator").stdout)["$id"]
    assert "urn:servflow:schema:workflow:1" == json.loads(run("schema").stdout)["$id"]


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of hosts to be found."""
    (tmp_path / "counting_host.py").write_text(HOST.format(texts=FLOWS.split("---"), template=str(TEMPLATE)))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "counting_host", raising=False)


@pytest.mark.usefixtures("hosts")
def test_a_worker_counts_and_explain_tells_why(run: Run, kept: Path) -> None:
    """A host gives correlators among its workflows; the facts of a firing are told afterwards, and figures leave them out."""
    worked = run("worker", kept, "--once", "--host", "counting_host:host", "--format", "json")
    told = run("explain", kept, "~repeat_complaint/li", "--format", "json")
    said, zh = run("explain", kept, "~repeat_complaint/li"), run("explain", kept, "~repeat_complaint/li", "--lang", "zh")
    shown = run("show", kept, "--format", "json")

    assert (0, 0, 0, 0, 0) == tuple(one.exit_code for one in (worked, told, said, zh, shown))
    (firing,) = json.loads(told.stdout)["firings"]
    assert ["C0", "C1", "C2"] == [fact["ticket"] for fact in firing["facts"]] == firing["sent"]
    assert 1 == len(firing["opened"])
    assert "found at 2026-03-02T11:00:00" in said.stdout
    assert "2026-03-02T10:00:00Z  C1, record 1" in said.stdout
    assert "C1 的第 1 条记录" in zh.stdout
    assert 4 == json.loads(shown.stdout)["board"]["tickets"]


@pytest.mark.usefixtures("hosts")
def test_a_worker_reads_correlators_from_the_database(run: Run, kept: Path) -> None:
    """A host that names no workflows: what is to be counted says which definition counts it, and that is in the database."""
    run("worker", kept, "--once", "--host", "counting_host:delivers")
    assert 1 == len(json.loads(run("explain", kept, "~repeat_complaint/li", "--format", "json").stdout)["firings"])
