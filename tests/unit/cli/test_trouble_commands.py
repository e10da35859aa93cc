"""Holds troubles, revive and drop to what they say of a database, and worker to what it does in a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from servflow.desk import Desk, Retry
from servflow.engine import Workflow
from servflow.stores import SqliteStore

Run = Callable[..., Result]
THEN = datetime(2026, 1, 5, 9, tzinfo=UTC)

FLOW = Workflow(
    workflow="calls",
    initial="new",
    states={"new": {"timers": [{"after": "1h", "event": "close"}]}, "closed": {"closed": True}},
    transitions=[
        {"event": "tell", "source": "new", "do": [{"notify": {"to": {"user": "ann"}, "template": "t"}}]},
        {"event": "close", "source": "new", "target": "closed"},
    ],
)


def broken(_: Any) -> None:
    """A handler that never gets through."""
    raise ConnectionError("no [line]\nto the mail server")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with one dead letter and one effect that will be tried again."""
    path = tmp_path / "calls.db"
    with SqliteStore(path) as store:
        for name, tries in (("T1", 1), ("T2", 2)):
            desk = Desk(FLOW, store, now=lambda: THEN, handlers={"notify": broken}, retry=Retry(tries=tries, jitter=0))
            desk.open(name)
            desk.fire(name, "tell")
            desk.deliver()
    return path


def told(result: Result) -> Any:
    """What a command wrote for programs."""
    return json.loads(result.stdout)


def test_what_is_in_trouble(run: Run, path: Path) -> None:
    """Everything that failed is listed with its error; the status is 1 where something was set aside."""
    everything = run("troubles", path, "--format", "json")
    rows = told(everything)["troubles"]

    assert (1, False) == (everything.exit_code, told(everything)["more"])
    assert {("effect", "T1", 1, None), ("effect", "T2", 1, "2026-01-05T09:00:01Z")} == {
        (row["sort"], row["ticket"], row["tries"], row["again"]) for row in rows
    }
    assert {"ConnectionError: no [line]\nto the mail server"} == {row["error"] for row in rows}
    waiting = run("troubles", path, "--waiting", "--format", "json")
    assert (0, ["T2"]) == (waiting.exit_code, [row["ticket"] for row in told(waiting)["troubles"]])
    assert ["T1"] == [row["ticket"] for row in told(run("troubles", path, "--aside", "--format", "json"))["troubles"]]
    assert [] == told(run("troubles", path, "--sort", "ticket", "--format", "json"))["troubles"]
    assert told(run("troubles", path, "--limit", 1, "--format", "json"))["more"]


def test_in_words(run: Run, path: Path) -> None:
    """People get a sentence and the first line of the error, in the language asked for."""
    english, chinese = run("troubles", path).stdout, run("troubles", path, "--lang", "zh").stdout

    assert "ConnectionError: no [line]" in english
    assert "mail server" not in english
    assert "set aside" in english
    assert "已搁置" in chinese
    assert "Nothing is in trouble.\n" == run("troubles", path, "--sort", "ticket").stdout
    assert "There are more" in run("troubles", path, "--limit", 1).stdout


def test_what_is_tried_again(run: Run, path: Path) -> None:
    """By id or all that was set aside; an id that is not in trouble is named, with status 1."""
    rows = {row["ticket"]: row["id"] for row in told(run("troubles", path, "--format", "json"))["troubles"]}
    one = run("revive", path, rows["T1"], "no-such-id", "--format", "json")
    assert (1, {"revived": 1, "unknown": ["no-such-id"]}) == (one.exit_code, told(one))
    assert "1 will be tried again." in run("revive", path, rows["T2"], "--sort", "effect").stdout
    assert (0, {"revived": 0, "unknown": []}) == (
        (again := run("revive", path, "--all", "--format", "json")).exit_code,
        told(again),
    )
    assert "not in trouble: x" in run("revive", path, "x").stdout
    for wrong in ((), ("x", "--all")):
        assert 2 == run("revive", path, *wrong).exit_code

    assert "Nothing is in trouble.\n" == run("troubles", path).stdout
    with SqliteStore(path) as store:
        assert 2 == len(store.take(THEN, THEN + timedelta(minutes=1)))


def test_all_at_once(run: Run, path: Path) -> None:
    """--all takes what was set aside and leaves what is tried again by itself."""
    assert {"revived": 1, "unknown": []} == told(run("revive", path, "--all", "--format", "json"))
    assert ["T2"] == [row["ticket"] for row in told(run("troubles", path, "--format", "json"))["troubles"]]


def test_what_is_never_done(run: Run, path: Path) -> None:
    """Only a dead letter is dropped; what is still tried again stays."""
    rows = {row["ticket"]: row["id"] for row in told(run("troubles", path, "--format", "json"))["troubles"]}
    result = run("drop", path, rows["T1"], rows["T2"], "--format", "json")

    assert (1, {"dropped": 1, "unknown": [rows["T2"]]}) == (result.exit_code, told(result))
    assert "no dead letter" in run("drop", path, rows["T2"]).stdout
    with SqliteStore(path) as store:
        assert [rows["T2"]] == [effect.id for effect in store.effects()]
    assert 2 == run("drop", path).exit_code


HOST = """
import os
from datetime import timedelta

from servflow.desk import Retry
from servflow.engine import Extensions

def said(word, effect):
    os.write(2, f"{word} {effect.ticket}\\n".encode())  # print writes word by word, and threads would mix them

def tell(effect):
    said("handled", effect)

async def tell_later(effect):
    said("handled", effect)

def hang(effect):
    said("begun", effect)
    import threading
    threading.Event().wait()

def broken(effect):
    raise ConnectionError("no line")

def plain(): return {"handlers": {"notify": tell}, "retry": Retry(tries=3), "extensions": Extensions()}
def later(): return {"handlers": {"notify": tell_later}, "patience": timedelta(minutes=5)}
def hangs(): return {"handlers": {"notify": hang}}
def fails(): return {"handlers": {"notify": broken}}
def deaf(): return {"handlers": {"call": tell}}
def mumble(effect):
    if effect.ticket == "T1":
        raise ConnectionError
    raise ValueError("half of \\ud83d\\nand more")

def mumbles(): return {"handlers": {"notify": mumble}}
def wrong(): return {"retry": 3}
def odd(): return {"patience": 60}
def strange(): return {"extensions": {}}
"""


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory with a module of factories, which the test is in."""
    (tmp_path / "a_host.py").write_text(HOST, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("a_host", None)


@pytest.fixture
def fresh(host: Path) -> Path:
    """A database with three tickets, each with something to tell and a timer that is due."""
    path = host / "fresh.db"
    with SqliteStore(path) as store:
        desk = Desk(FLOW, store, now=lambda: THEN)
        for name in ("T1", "T2", "T3"):
            desk.open(name)
            desk.fire(name, "tell")
    return path


@pytest.mark.parametrize("factory", ["plain", "later"])
def test_one_round(run: Run, fresh: Path, factory: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Handlers of either kind get what is theirs; what was done is told as one line of JSON."""
    result = run("worker", fresh, "--once", "--host", f"a_host:{factory}", "--format", "json")
    (line,) = result.stdout.splitlines()
    counts = json.loads(line)

    assert (0, 3, 3, 0, 0) == (result.exit_code, *(counts[name] for name in ("advanced", "delivered", "failed", "hanging")))


def test_a_round_that_fails(run: Run, fresh: Path) -> None:
    """The status is 1, the problems are told, and --tries says when they are dead letters."""
    first = run("worker", fresh, "--once", "--host", "a_host:fails", "--tries", 1)

    assert 1 == first.exit_code
    assert "effects retried: 0, dead: 3" in first.stdout
    assert "ConnectionError" in run("troubles", fresh, "--aside").stdout
    assert "no line" in first.stdout
    assert 0 == run("worker", fresh, "--once", "--host", "a_host:fails", "--lang", "zh").exit_code


def test_effects_without_a_handler_are_told(run: Run, fresh: Path) -> None:
    """A handler that was forgotten is heard of: what nothing took counts as done, and how much that was is said."""
    told = run("worker", fresh, "--once", "--host", "a_host:deaf")

    assert 0 == told.exit_code
    assert "3 effects had no handler" in told.stdout
    assert "handler" not in run("worker", fresh, "--once", "--host", "a_host:deaf").stdout


@pytest.mark.parametrize("form", ["text", "json"])
def test_errors_that_are_hard_to_print(run: Run, fresh: Path, form: str) -> None:
    """An error without words is told by its name, and one that no file takes is written so that it does."""
    told = run("worker", fresh, "--once", "--host", "a_host:mumbles", "--format", form)

    assert 1 == told.exit_code
    assert "ConnectionError" in told.stdout
    assert "half of \\ud83d and more" in told.stdout.replace("\\\\", "\\")
    assert "half of \\ud83d" in run("troubles", fresh).stdout


@pytest.mark.parametrize("factory", ["wrong", "odd", "strange"])
def test_what_a_factory_may_not_give(run: Run, fresh: Path, factory: str) -> None:
    """What a desk could not use is named by its word."""
    result = run("worker", fresh, "--once", "--host", f"a_host:{factory}")

    assert 2 == result.exit_code
    assert re.search("retry|patience|extensions", result.stderr)


def begun(folder: Path, *arguments: object) -> subprocess.Popen[str]:
    """A worker in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", "from servflow.cli import main; main()", "worker", *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[3]), str(folder)])},
    )


def lines(process: subprocess.Popen[str], begin: str, count: int) -> None:
    """Read standard error until so many lines begin with a word; at its end there are no more."""
    assert process.stderr is not None
    for line in process.stderr:
        count -= line.startswith(begin)
        if not count:
            return
    raise AssertionError(f"the worker ended before it said {begin!r}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end(fresh: Path, number: signal.Signals) -> None:
    """A worker that is asked to end finishes, tells what it did, and ends with status 0."""
    process = begun(fresh.parent, fresh, "--host", "a_host:plain", "--format", "json", "--every", 0.05)
    try:
        lines(process, "handled", 3)
        process.send_signal(number)
        out, _ = process.communicate(timeout=300)
    finally:
        process.kill()

    assert 0 == process.returncode
    assert (3, 3) == tuple(sum(json.loads(line)[name] for line in out.splitlines()) for name in ("delivered", "advanced"))


def test_asked_twice(fresh: Path) -> None:
    """While a handler hangs the first signal waits for its time to be over, and the second ends the process at once."""
    process = begun(fresh.parent, fresh, "--host", "a_host:hangs", "--timeout", 600)
    try:
        lines(process, "begun", 3)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        while process.poll() is None:  # two signals that wait may be handed over in either order
            process.send_signal(signal.SIGTERM)
    finally:
        process.kill()
        process.communicate()

    assert process.returncode in (128 + signal.SIGTERM, 128 + signal.SIGINT)
    with SqliteStore(fresh) as store:
        assert 3 == len(store.effects())
