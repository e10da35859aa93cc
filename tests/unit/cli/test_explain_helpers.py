"""Holds explain to what it tells of helpers and watchers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from click.testing import Result

from servflow.desk import Desk
from servflow.documents import load
from servflow.stores import SqliteStore

Run = Callable[..., Result]

NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)
DEFINITION = """
workflow: repair
initial: open
states: {open: {}, closed: {closed: true}}
transitions:
  - event: ask
    source: open
    do:
      - add_helper: {to: {user: otto}, within: 2h}
      - add_helper: {to: {user: ann}, within: 9h}
      - add_helper: {to: {user: bob}}
"""


def test_explain_tells_who_helps_and_who_watches(run: Run, tmp_path: Path) -> None:
    """Each helper with by when they are or were to be done, and everybody who watches, in both languages."""
    path = tmp_path / "tickets.db"
    with SqliteStore(path) as store:
        now = [NINE]
        desk = Desk(load(DEFINITION), store, now=lambda: now[0])
        desk.open("T1")
        desk.fire("T1", "ask")
        desk.fire("T1", "ticket.watch", {"who": "max"})
        now[0] += timedelta(hours=3)
        desk.tick()
    at = (NINE + timedelta(hours=3)).isoformat()

    told = json.loads(run("explain", path, "T1", "--at", at, "--format", "json").stdout)
    text, chinese = (run("explain", path, "T1", "--at", at, "--lang", lang).stdout for lang in ("en", "zh"))

    assert [("otto", True), ("ann", False), ("bob", False)] == [
        (helper["helper"], helper["breached_at"] is not None) for helper in told["helpers"]
    ]
    for said in (
        "otto helps and was to be done within 2h",
        "ann helps and is to be done within 9h",
        "bob helps.",
        "Watched by max.",
    ):
        assert said in text
    assert "关注人：max。" in chinese


CHAINS = """
workflow: chased
initial: open
states: {open: {}}
escalations:
  - name: first
    start: {state: open}
    levels:
      - name: one
        remind: {every: 5m, times: 1}
        do: [{add_owner: {to: {user: ann}}}, {notify: {to: owner, template: t}}, {start: second}]
      - {name: far, after: 9h, do: [{notify: {to: owner, template: t}}]}
  - name: second
    start: {correlator: never}
    levels: [{name: two, after: 5m, do: [{notify: {to: owner, template: t}}]}]
"""


def test_explain_tells_what_chains_did_as_it_happened(run: Run, tmp_path: Path) -> None:
    """Two chains at one instant stand in the order of their records, and what a level did is told in the language."""
    path = tmp_path / "tickets.db"
    with SqliteStore(path) as store:
        now = [NINE]
        desk = Desk(load(CHAINS), store, now=lambda: now[0])
        desk.open("T1")
        now[0] += timedelta(minutes=6)
        desk.tick()

    told = json.loads(run("explain", path, "T1", "--at", now[0].isoformat(), "--format", "json").stdout)["escalations"]
    chinese = run("explain", path, "T1", "--at", now[0].isoformat(), "--lang", "zh").stdout

    assert [("first", "one"), ("second", "two"), ("first", "one")] == [
        (item["chain"], item["level"]) for item in told if item["level"]
    ]
    assert "负责人：ann；负责人" in chinese
