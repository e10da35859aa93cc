"""Holds progress to being shown on a terminal alone, and to leaving what is reported as it is."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from attrs import frozen
from click.testing import Result

from servflow.cli._main import servflow

Run = Callable[..., Result]


@frozen
class Told:
    """What a command wrote on standard output, and what a terminal got that stood for standard error."""

    stdout: str
    terminal: str


Terminal = Callable[..., Told]


@pytest.fixture
def on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """Run the command where standard error is a terminal and standard output is not."""

    def run(*arguments: object) -> Told:
        ours, theirs = os.openpty()
        seen: list[bytes] = []
        reader = Thread(target=drain, args=(ours, seen))
        reader.start()
        with os.fdopen(theirs, "w", encoding="utf-8") as terminal, monkeypatch.context() as patch:
            patch.setenv("TERM", "xterm")
            patch.setattr(sys, "stderr", terminal)
            servflow.main([str(item) for item in arguments], standalone_mode=False)
        reader.join()
        os.close(ours)
        return Told(capsys.readouterr().out, b"".join(seen).decode())

    return run


def drain(ours: int, seen: list[bytes]) -> None:
    """Read all that a terminal is written, which holds little itself."""
    try:
        while piece := os.read(ours, 65_536):
            seen.append(piece)
    except OSError:
        return  # Linux says so where nobody holds the other side any more


def test_a_terminal_sees_how_far_it_is_and_the_report_stays_as_it_is(run: Run, demo: Any, on_a_terminal: Terminal) -> None:
    """The bar is on standard error; standard output is what a pipe gets."""
    told = on_a_terminal("metrics", demo.path, "--lang", "zh")

    assert "读取工单" in told.terminal
    assert run("metrics", demo.path, "--lang", "zh").stdout == told.stdout


def test_programs_get_no_progress_even_on_a_terminal(demo: Any, on_a_terminal: Terminal) -> None:
    """JSON is for programs, so nothing else is written anywhere."""
    told = on_a_terminal("verify", demo.path, "--format", "json")

    assert "" == told.terminal
    assert 60 <= json.loads(told.stdout)["tickets"]


@pytest.mark.parametrize("format_", ["text", "json"])
def test_a_pipe_gets_no_progress(run: Run, demo: Any, tmp_path: Path, format_: str) -> None:
    """Where standard error is no terminal it stays empty, whatever takes long."""
    page = tmp_path / "page.html"
    asked: list[tuple[object, ...]] = [
        ("metrics", demo.path),
        ("verify", demo.path),
        ("report", demo.path, "--html", page),
        ("export", demo.path, demo.told["ticket"]),
    ]

    assert [""] * len(asked) == [run(*words, "--format", format_).stderr for words in asked]
