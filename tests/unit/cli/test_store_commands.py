"""Holds demo, show, explain and worker to what they say of a database, and to what they refuse."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from servflow.cli._explain_view import show_explanation
from servflow.cli._output import Say, command
from servflow.desk import Desk
from servflow.engine import Workflow
from servflow.stores import SqliteStore

Run = Callable[..., Result]


@pytest.fixture
def other_format(tmp_path: Path, demo: Any) -> Path:
    """A database that says a newer servflow wrote it."""
    path = tmp_path / "newer.db"
    path.write_bytes(demo.path.read_bytes())
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.commit()
    connection.close()
    return path


def test_demo_names_its_file_and_the_next_commands(run: Run, tmp_path: Path) -> None:
    """The week ends with a board, the database, and three commands to go on with."""
    path = tmp_path / "week.db"
    result = run("demo", "--tickets", 12, "--db", path)

    assert 0 == result.exit_code
    assert path.is_file()
    for said in ("SLA attainment", "CSAT", f"servflow explain {path} D0", f"servflow show {path}", "servflow graph "):
        assert said in result.stdout


def test_demo_speaks_chinese(run: Run, tmp_path: Path) -> None:
    """The board has Chinese titles with --lang zh."""
    result = run("demo", "--tickets", 5, "--db", tmp_path / "week.db", "--lang", "zh")

    assert 0 == result.exit_code
    assert "看板" in result.stdout
    assert "接下来可以试试" in result.stdout


def test_demo_overwrites_nothing_unasked(run: Run, tmp_path: Path) -> None:
    """A file that is there is refused with both ways out, untouched; --force replaces it."""
    path = tmp_path / "week.db"
    assert 0 == run("demo", "--tickets", 5, "--seed", 2, "--db", path, "--format", "json").exit_code
    before = path.read_bytes()
    refused = run("demo", "--tickets", 5, "--db", path)

    assert 2 == refused.exit_code
    assert "--force" in refused.stderr
    assert "--db" in refused.stderr
    assert before == path.read_bytes()
    assert 0 == run("demo", "--tickets", 5, "--db", path, "--force", "--format", "json").exit_code
    assert before != path.read_bytes()


def test_demo_replaces_nothing_but_a_database(run: Run, tmp_path: Path) -> None:
    """With --force, too, a file that is no SQLite database is refused and untouched; an empty one is replaced."""
    path, empty = tmp_path / "notes.yaml", tmp_path / "empty.db"
    path.write_text("precious", encoding="utf-8")
    empty.touch()
    refused = run("demo", "--tickets", 5, "--db", path, "--force")

    assert 2 == refused.exit_code
    assert "is no SQLite database" in refused.stderr
    assert "precious" == path.read_text(encoding="utf-8")
    assert 0 == run("demo", "--tickets", 5, "--db", empty, "--force", "--format", "json").exit_code


def test_demo_refuses_a_directory_that_is_not_there(run: Run, tmp_path: Path) -> None:
    """Nothing is created beside the point."""
    result = run("demo", "--tickets", 5, "--db", tmp_path / "none" / "week.db")

    assert 2 == result.exit_code
    assert "does not exist" in result.stderr


def test_show_tells_the_board_of_the_demo(run: Run, demo: Any) -> None:
    """The figures are those the demo ended with, because both are read from the file."""
    told = json.loads(run("show", demo.path, "--format", "json").stdout)

    assert demo.told["board"] == told["board"]
    assert demo.told["risks"] == told["risks"]


def test_show_as_text_in_both_languages(run: Run, demo: Any) -> None:
    """Titles are in the language asked for."""
    assert "Time to resolve" in run("show", demo.path).stdout
    chinese = run("show", demo.path, "--lang", "zh").stdout
    assert "解决时长" in chinese
    assert "未评价" in chinese
    assert "unrated" not in chinese


def test_show_groups_by_any_field(run: Run, demo: Any) -> None:
    """--by makes other groups of the same tickets."""
    board = json.loads(run("show", demo.path, "--by", "category", "--format", "json").stdout)["board"]

    assert "washer" in board["csat"]
    assert 60 == board["tickets"]


def test_show_refuses_a_group_nobody_has(run: Run, demo: Any) -> None:
    """A misspelt field gets a did-you-mean, another one the names there are; attributes and slots are known too."""
    near, far = run("show", demo.path, "--by", "categry"), run("show", demo.path, "--by", "zzzzzz")

    assert (2, "", 2) == (near.exit_code, near.stdout, far.exit_code)
    assert "did you mean 'category'?" in near.stderr
    assert "known are " in far.stderr
    assert {0} == {run("show", demo.path, "--by", name).exit_code for name in ("outlet", "assignee", "priority", "tier")}


def test_show_of_a_tenant_without_tickets_says_so(run: Run, demo: Any) -> None:
    """Nothing to count is one sentence and no board of zeros."""
    assert "There are no tickets of tenant other.\n" == run("show", demo.path, "--tenant", "other").stdout
    assert "租户 other 没有工单。\n" == run("show", demo.path, "--tenant", "other", "--lang", "zh").stdout


def test_shares_are_named_by_what_they_count(run: Run, demo: Any) -> None:
    """Promises are kept, offers accepted, ratings 4 or 5: no column of one is named as another's."""
    english = run("show", demo.path).stdout.splitlines()
    chinese = run("show", demo.path, "--lang", "zh").stdout.splitlines()

    assert ["clock"] == [line.split()[0] for line in english if "kept" in line and "95 % interval" in line]
    assert any("accepted" in line and "95 % interval" in line for line in english)
    assert any("4 or 5" in line and "95 % interval" in line for line in english)
    assert 1 == sum("按时" in line and "95% 区间" in line for line in chinese)
    assert any("4-5 分" in line and "95% 区间" in line for line in chinese)


def test_explain_tells_how_many_decisions_it_leaves_out(run: Run, demo: Any) -> None:
    """Where more decisions were made than are told, a line says how many are not."""
    told = json.loads(run("explain", demo.path, demo.told["ticket"], "--format", "json").stdout)
    slot = {**told["slots"][0], "story": [told["slots"][0]["story"][0]] * 23}

    @click.command()
    @command
    def shown(say: Say) -> None:
        show_explanation(say, {**told, "slots": [slot]}, "UTC")

    assert "Earlier decisions left out: 3; --format json tells all." in CliRunner().invoke(shown, []).stdout
    assert "省略了更早的 3 个决定" in CliRunner().invoke(shown, ["--lang", "zh"]).stdout


def test_looking_changes_nothing(run: Run, demo: Any) -> None:
    """After show and explain the file holds the very same bytes."""
    before = demo.path.read_bytes()
    run("show", demo.path)
    run("explain", demo.path, demo.told["ticket"])

    assert before == demo.path.read_bytes()


def test_explain_tells_state_engineer_and_due_instant(run: Run, demo: Any) -> None:
    """Why this state, why this engineer with the verdict of dispatch, and every clock with its counted segments."""
    told = json.loads(run("explain", demo.path, demo.told["ticket"], "--format", "json").stdout)

    assert told["state"] == told["moves"][-1]["to"]
    slots = {slot["slot"]: slot for slot in told["slots"]}
    assert slots["assignee"]["to"] == told["assignee"]
    assert any("engineers" in decision["summary"] for decision in slots["assignee"]["decisions"])
    clocks = {clock["name"]: clock for clock in told["clocks"]}
    assert {"response", "dispatch", "visit", "repair"} == clocks.keys()
    for clock in clocks.values():
        assert clock["counted"] == pytest.approx(clock["timeline"][-1]["total"])
        assert clock["counted"] == pytest.approx(sum(row["counted"] for row in clock["timeline"]))


def test_explain_as_text_in_both_languages(run: Run, demo: Any) -> None:
    """A reader gets sentences and tables in the language asked for."""
    english = run("explain", demo.path, demo.told["ticket"]).stdout
    chinese = run("explain", demo.path, demo.told["ticket"], "--lang", "zh").stdout

    assert all(said in english for said in ("Why this state", "as engineer", "counted", "What comes next"))
    assert all(said in chinese for said in ("为何处于此状态", "计时 维修时限", "计入", "接下来"))


def test_every_ticket_can_be_explained(run: Run, demo: Any) -> None:
    """Whatever state a ticket is in, there is an explanation."""
    with SqliteStore(demo.path) as store:
        ids = [ticket.id for ticket in store.find(limit=100)]
    assert 60 == len(ids)
    for name in ids[::4]:
        assert 0 == run("explain", demo.path, name, "--lang", "zh").exit_code


def test_explain_as_of_a_later_instant(run: Run, demo: Any) -> None:
    """--at counts clocks up to there; before what is known it is refused."""
    name = demo.told["ticket"]
    assert 0 == run("explain", demo.path, name, "--at", "2026-12-01T00:00:00Z").exit_code
    refused = run("explain", demo.path, name, "--at", "2026-01-01T00:00:00Z")

    assert 2 == refused.exit_code
    assert "may not lie before" in refused.stderr
    far = run("explain", demo.path, name, "--at", "9999-12-31T23:59:59Z")
    assert 2 == far.exit_code
    assert "in the years 1900 to 9000" in far.stderr


def test_unknown_ticket_gets_a_did_you_mean(run: Run, demo: Any) -> None:
    """A misspelt id names the closest one there is."""
    result = run("explain", demo.path, "D0001")

    assert (2, "") == (result.exit_code, result.stdout)
    assert "did you mean 'D000" in result.stderr


@pytest.mark.parametrize("words", [("show", "{}"), ("explain", "{}", "D00001"), ("worker", "{}", "--once")])
def test_database_that_cannot_be_read(run: Run, tmp_path: Path, other_format: Path, words: tuple[str, ...]) -> None:
    """Missing, empty, foreign and newer files each give a sentence and status 2, and are left as they are."""
    empty, foreign = tmp_path / "empty.db", tmp_path / "foreign.db"
    empty.touch()
    foreign.write_text(
        "this is not a database, but long enough to look like a file with something in it" * 20, encoding="utf-8"
    )
    expected = {
        tmp_path / "none.db": "there is no database",
        empty: "is empty and no database",
        foreign: "holds something else",
        other_format: "upgrade servflow",
    }
    for path, said in expected.items():
        before = path.read_bytes() if path.exists() else None
        result = run(*(word.format(path) for word in words))
        assert 2 == result.exit_code
        assert said in result.stderr
        assert before == (path.read_bytes() if path.exists() else None)


def test_other_kinds_of_store_are_refused(run: Run) -> None:
    """A URL of a store that is not there is named, with what can be given."""
    result = run("worker", "mysql://somewhere/db", "--once")

    assert 2 == result.exit_code
    assert "mysql://" in result.stderr


@pytest.fixture
def copy(tmp_path: Path, demo: Any) -> Path:
    """A database to work on."""
    path = tmp_path / "live.db"
    path.write_bytes(demo.path.read_bytes())
    return path


def test_worker_once_does_what_is_due(run: Run, tmp_path: Path) -> None:
    """One round does everything the present asks for; a second one finds nothing left."""
    path = tmp_path / "due.db"
    with SqliteStore(path) as store:
        Desk(SLEEPY, store, now=lambda: datetime(2020, 1, 1, tzinfo=UTC)).open("S1")
    first = json.loads(run("worker", f"sqlite:///{path}", "--once", "--format", "json").stdout)
    second = json.loads(run("worker", path, "--once", "--format", "json").stdout)

    assert (1, 0) == (first["advanced"], first["failed"])
    assert (0, 0, []) == (second["advanced"], second["failed"], second["problems"])
    with SqliteStore(path) as store:
        assert ["closed"] == [ticket.state for ticket in store.find()]


HOST = """
heard = []

def host():
    return {"handlers": {"*": heard.append}, "world": {"engineers": []}}

def wrong():
    return {"handler": {}}

def raises():
    raise KeyError("MAIL_PASSWORD")

def telemetry():
    return {"telemetry": 5}

def handlers():
    return {"handlers": [print]}

def sources():
    return {"sources": 5}

def no_source():
    return {"sources": ["mail"]}

def workflows():
    return {"workflows": 5}

def text():
    return {"workflows": "workflow: sleepy"}

def one():
    return {"workflows": SLEEPY}

def mapped():
    return {"workflows": {"sleepy": SLEEPY}}

nothing = None
"""

SLEEPY = Workflow(
    workflow="sleepy",
    initial="new",
    states={"new": {"timers": [{"after": "1h", "event": "close"}]}, "closed": {"closed": True}},
    transitions=[{"event": "close", "source": "new", "target": "closed"}],
)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module with factories in the working directory."""
    (tmp_path / "our_host.py").write_text(f"from tests.unit.cli.test_store_commands import SLEEPY\n{HOST}", encoding="utf-8")
    (tmp_path / "bad_host.py").write_text("1 / 0\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("host")
def test_worker_with_a_host_delivers(run: Run, copy: Path) -> None:
    """With handlers effects are handed out; without they stay pending."""
    with SqliteStore(copy) as store:
        store.post("D00001", "ticket.message", {"side": "agent"}, key="k1", at=store.load("D00001").at)  # type: ignore[union-attr]  # it is there
    result = run("worker", copy, "--once", "--host", "our_host:host")

    assert 0 == result.exit_code
    assert "1 refused" in result.stdout
    with SqliteStore(copy) as store:
        assert () == store.effects()
    sys.modules.pop("our_host", None)


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("our_host", "module:factory"),
        ("no_such_module:host", "cannot be imported"),
        ("our_host:none", "cannot be imported"),
        ("our_host:nothing", "is no function"),
        ("our_host:wrong", "did you mean 'handlers'?"),
        ("bad_host:host", "cannot be imported: ZeroDivisionError: division by zero ("),
        ("our_host:raises", "raised KeyError: 'MAIL_PASSWORD' ("),
        ("our_host:telemetry", "gave 5 as telemetry"),
        ("our_host:handlers", "handlers are a mapping"),
        ("our_host:sources", "sources are a list"),
        ("our_host:no_source", "a source is a function"),
        ("our_host:workflows", "expected workflows, got a int"),
        ("our_host:text", "expected workflows, got a str"),
    ],
)
def test_worker_refuses_a_wrong_host(run: Run, copy: Path, named: str, said: str) -> None:
    """A factory that cannot be used is named, with the next step."""
    result = run("worker", copy, "--once", "--host", named)

    assert 2 == result.exit_code
    assert said in result.stderr
    sys.modules.pop("our_host", None)


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize("factory", ["one", "mapped"])
def test_a_factory_gives_workflows_as_a_desk_takes_them(run: Run, tmp_path: Path, factory: str) -> None:
    """One workflow, or a mapping of them, does as well as a list."""
    with SqliteStore(tmp_path / "due.db") as store:
        Desk(SLEEPY, store, now=lambda: datetime(2020, 1, 1, tzinfo=UTC)).open("S1")
    result = run("worker", tmp_path / "due.db", "--once", "--host", f"our_host:{factory}", "--format", "json")

    assert (0, 1) == (result.exit_code, json.loads(result.stdout)["advanced"])
    sys.modules.pop("our_host", None)


def test_a_definition_that_is_gone_stops_nobody_elses_tickets(run: Run, tmp_path: Path) -> None:
    """Tickets whose version is kept are worked on; those of the one that was deleted are told."""
    path = tmp_path / "due.db"
    gone = Workflow(**{**SLEEPY.to_data(), "version": 2})
    with SqliteStore(path) as store:
        for name, flow in (("S1", SLEEPY), ("S2", gone)):
            Desk(flow, store, now=lambda: datetime(2020, 1, 1, tzinfo=UTC)).open(name)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("DELETE FROM definition WHERE hash = ?", (gone.hash,))
    result = run("worker", path, "--once", "--format", "json")
    told = json.loads(result.stdout)

    assert (1, 1, 1) == (result.exit_code, told["advanced"], told["failed"])
    assert ["S2"] == [problem["where"] for problem in told["problems"]]


def test_definitions_that_are_all_gone(run: Run, tmp_path: Path) -> None:
    """Where no workflow can be read it is said what is missing, and how it is given."""
    path = tmp_path / "due.db"
    with SqliteStore(path) as store:
        Desk(SLEEPY, store, now=lambda: datetime(2020, 1, 1, tzinfo=UTC)).open("S1")
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("DELETE FROM definition")
    result = run("worker", path, "--once")

    assert 2 == result.exit_code
    assert "give workflows, or the extensions they need, with --host" in result.stderr


def test_worker_needs_a_workflow(run: Run, tmp_path: Path) -> None:
    """A database without tickets names no workflow; the sentence says how to give one."""
    SqliteStore(tmp_path / "new.db").close()
    result = run("worker", tmp_path / "new.db", "--once")

    assert 2 == result.exit_code
    assert "--host" in result.stderr
