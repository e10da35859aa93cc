"""Holds `servflow stubs` to writing what the definition says, and to telling when the file is behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from servflow import load
from servflow.embedding import stubs

Run = Callable[..., Result]

FLOW = """
workflow: w
initial: a
states: {a: {}, b: {closed: true}}
transitions: [{event: go, source: a, target: b}]
"""


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    """A definition in a file."""
    path = tmp_path / "w.yaml"
    path.write_text(FLOW, encoding="utf-8")
    return path


def test_it_prints_the_module(run: Run, flow: Path) -> None:
    """Without --out the module itself is printed; JSON has it as a text."""
    assert stubs(load(FLOW)) == run("stubs", flow).stdout
    assert {"workflow": "w", "text": stubs(load(FLOW))} == json.loads(run("stubs", flow, "--format", "json").stdout)


def test_it_writes_and_checks(run: Run, flow: Path, tmp_path: Path) -> None:
    """A module that is missing, changed or behind is told with status 1 and left alone; a fresh one is fine."""
    out = tmp_path / "w_types.py"

    assert 1 == run("stubs", flow, "--out", out, "--check").exit_code
    assert not out.exists()
    assert "w: types written to" in run("stubs", flow, "--out", out).stdout
    assert 0 == run("stubs", flow, "--out", out, "--check").exit_code
    flow.write_text(FLOW.replace("go,", "leave,"), encoding="utf-8")
    stale = run("stubs", flow, "--out", out, "--check")
    assert (1, True) == (stale.exit_code, f"servflow stubs {flow} --out {out}" in stale.stdout)
    assert {"workflow": "w", "file": str(out), "fresh": False, "written": False} == json.loads(
        run("stubs", flow, "--out", out, "--check", "--format", "json").stdout
    )
    out.write_bytes(b"\xff")
    assert 1 == run("stubs", flow, "--out", out, "--check").exit_code


def test_bad_input_is_told(run: Run, flow: Path, tmp_path: Path) -> None:
    """A definition that does not load, --check of nothing, and a place that cannot be written to have status 2."""
    flow.write_text(FLOW.replace("target: b", "target: c"), encoding="utf-8")
    wrong = run("stubs", flow)

    assert (2, "") == (wrong.exit_code, wrong.stdout)
    assert "no state named 'c'" in wrong.stderr
    assert 2 == run("stubs", flow, "--check").exit_code
    flow.write_text(FLOW, encoding="utf-8")
    assert 2 == run("stubs", flow, "--out", tmp_path / "none" / "w.py").exit_code
