"""Holds diff and plan-migration to their output, their languages and their exit status."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result

from servflow.desk import Desk
from servflow.documents import load
from servflow.stores import SqliteStore

Run = Callable[..., Result]

OLD = """\
servflow: 1
workflow: tiny
fields: {amount: string}
initial: new
states: {new: {}, waiting: {}, closed: {closed: true}}
transitions:
  - {event: wait, source: new, target: waiting}
  - {event: close, source: [new, waiting], target: closed}
"""
NEW = OLD.replace("waiting", "parts").replace("workflow: tiny", "workflow: tiny\nversion: 2") + (
    "clocks:\n  - {name: reply, within: 1h, until: closed}\n"
)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Two versions of a definition, and a database with a ticket in each state of the old one."""
    old, new, db = tmp_path / "old.yaml", tmp_path / "new.yaml", tmp_path / "tickets.db"
    old.write_text(OLD, encoding="utf-8")
    new.write_text(NEW, encoding="utf-8")
    store = SqliteStore(db)
    desk = Desk(load(OLD), store, now=lambda: datetime(2026, 11, 16, 9, tzinfo=UTC))
    for name in ("T1", "T2"):
        desk.open(name)
    desk.fire("T2", "wait")
    store.close()
    return old, new, db


def test_diff_of_equals(run: Run, files: tuple[Path, Path, Path]) -> None:
    """Equal definitions end with 0."""
    result = run("diff", files[0], files[0])

    assert (0, "The definitions are equal.\n") == (result.exit_code, result.stdout)


def test_diff(run: Run, files: tuple[Path, Path, Path]) -> None:
    """A difference ends with 1, each change on a line, in either language and as data."""
    old, new, _ = files
    english, chinese = run("diff", old, new), run("diff", old, new, "--lang", "zh")
    data = json.loads(run("diff", old, new, "--format", "json").stdout)

    assert (1, 1) == (english.exit_code, chinese.exit_code)
    assert "state 'parts' is new" in english.stdout
    assert "新增状态“parts”" in chinese.stdout
    assert {"path": "version", "kind": "changed", "old": 1, "new": 2} == {
        key: value for key, value in data["changes"][0].items() if key != "text"
    }


def test_plan_without_a_database(run: Run, files: tuple[Path, Path, Path]) -> None:
    """Without tickets the plan tells what must be answered; answered, it ends with 0."""
    old, new, _ = files
    asked = run("plan-migration", old, new)
    answered = run("plan-migration", old, new, "--map", "waiting=parts")

    assert (1, 0) == (asked.exit_code, answered.exit_code)
    assert "renamed?" in asked.stdout
    assert "confirm it with --map waiting=parts, or name another state" in asked.stdout
    assert "To be answered" not in answered.stdout


def test_what_to_write_for_fields(run: Run, files: tuple[Path, Path, Path]) -> None:
    """Fields that are gone, that lack a value or hold one that does not fit are answered by options of the command."""
    old, new, db = files
    text = NEW.replace("fields: {amount: string}", "fields: {size: int, sum: {type: decimal, required: true}}")
    new.write_text(text, encoding="utf-8")
    asked = run("plan-migration", old, new, "--store", db)
    kept = run("plan-migration", old, new, "--store", db, "--field", "amount=", "--map", "waiting=parts", "--lang", "zh")

    assert "or let it go with --field amount=" in asked.stdout or "say --field amount= to let it go" in asked.stdout
    assert "请写 --value sum=JSON" in kept.stdout
    answered = run(
        "plan-migration", old, new, "--store", db, "--field", "amount=", "--value", 'sum="3"', "--map", "waiting=parts"
    )
    assert "To be answered" not in answered.stdout
    assert "2 tickets: 0 with an identical future, 2 change, 0 cannot move" in answered.stdout


def test_plan_with_tickets(run: Run, files: tuple[Path, Path, Path]) -> None:
    """Each ticket is looked at: which cannot move, and which promise the move breaks at once."""
    old, new, db = files
    told = run("plan-migration", old, new, "--store", db, "--at", "2026-11-16T11:00:00Z")
    data = json.loads(run("plan-migration", old, new, "--store", db, "--format", "json", "--lang", "zh").stdout)

    assert 1 == told.exit_code
    assert "2 tickets: 0 with an identical future, 1 change, 1 cannot move" in told.stdout
    assert "T2: states.waiting" in told.stdout
    assert "states={" not in told.stdout
    assert "T1      reply" in told.stdout
    assert ["moves", "blocked"] == [ticket["status"] for ticket in data["tickets"]]
    assert "新名称" in data["blocked"][0]["message"]
    assert data["blocked"] == data["tickets"][1]["problems"]
    assert "请用 --map waiting=parts 确认" in data["blocked"][0]["hint"]
    assert data["applied"] is None


def test_apply(run: Run, files: tuple[Path, Path, Path]) -> None:
    """--apply moves what can move and leaves the rest; run again it finds nothing to do."""
    old, new, db = files
    some = run("plan-migration", old, new, "--store", db, "--apply")
    rest = run("plan-migration", old, new, "--store", db, "--map", "waiting=parts", "--clock", "reply=now", "--apply")
    again = run("plan-migration", old, new, "--store", db, "--map", "waiting=parts", "--apply", "--lang", "zh")
    store = SqliteStore(db)

    assert (1, 0, 0) == (some.exit_code, rest.exit_code, again.exit_code)
    assert "1 moved, 1 refused, 0 failed." in some.stdout
    assert "1 moved, 0 refused, 0 failed." in rest.stdout
    assert "迁移 0，拒绝 0，失败 0。" in again.stdout
    assert ["new", "parts"] == [ticket.state for ticket in store.find()]
    store.close()


@pytest.mark.parametrize(("chains", "step"), [("keep", []), ("move", ["ChainStopped late"])])
def test_a_plan_tells_what_becomes_of_live_runs(run: Run, tmp_path: Path, chains: str, step: list[str]) -> None:
    """What is shown is what is done: a run keeps the edition it is pinned to, or ends where told to move."""
    old, new, db = tmp_path / "old.yaml", tmp_path / "new.yaml", tmp_path / "tickets.db"
    chain = "escalations:\n  - {name: late, start: {event: wait}, levels: [{name: one, after: 1h}]}\n"
    old.write_text(OLD + chain, encoding="utf-8")
    new.write_text(OLD.replace("workflow: tiny", "workflow: tiny\nversion: 2") + chain.replace("one", "two"), encoding="utf-8")
    store = SqliteStore(db)
    desk = Desk(load(old), store, now=lambda: datetime(2026, 11, 16, 9, tzinfo=UTC))
    desk.open("T1")
    desk.fire("T1", "wait")
    store.close()
    data = json.loads(run("plan-migration", old, new, "--store", db, "--chains", chains, "--apply", "--format", "json").stdout)
    store = SqliteStore(db)
    (moved,) = store.find()
    store.close()

    assert [step] == [ticket["steps"] for ticket in data["tickets"]]
    assert (1, bool(step)) == (data["applied"]["moved"], not moved.chains)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--map", "waiting"], "OLD=NEW"),
        (["--map", "wating=parts"], "did you mean 'waiting'"),
        (["--value", "amount=abc"], "JSON"),
        (["--clock", "reply=later"], "never"),
        (["--apply"], "--store"),
    ],
)
def test_bad_usage(run: Run, files: tuple[Path, Path, Path], options: list[str], said: str) -> None:
    """What cannot be meant ends with 2 and says what to write."""
    result = run("plan-migration", files[0], files[1], *options)

    assert 2 == result.exit_code
    assert said in result.stderr
