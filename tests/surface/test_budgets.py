"""Knows how large and how plain the source may be; must not know what it does."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.surface.layout import ROOT, comments, functions, modules, name, tree

MAX_LINES = 500
MAX_FUNCTION = 60
MAX_PARAMETERS = 6

# Functions that may take more, each with the reason: a verb of the design whose every parameter is a word of the domain.
MANY_PARAMETERS: dict[str, str] = {
    f"servflow/{where}.find": "each keyword is one thing a screen asks for, and all stores take the same"
    for where in (
        "stores/_async.py:AsyncStore",
        "stores/_async.py:InThreads",
        "stores/_memory.py:MemoryStore",
        "stores/_protocol.py:Store",
        "stores/_sql.py:SqlStore",
        "stores/_sqlite.py:SqliteStore",
        "testing/_simulation_store.py:FaultyStore",
    )
}

ALL = [pytest.param(path, id=name(path)) for path in modules()]


def _free(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    named = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    return len([one for one in named if one not in ("self", "cls")])


@pytest.mark.parametrize("path", ALL)
def test_module_is_short(path: Path) -> None:
    """No module is longer than a person reads in one go."""
    assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", ALL)
def test_functions_are_short(path: Path) -> None:
    """No function is longer than a screen."""
    long = {
        f"{name(path)}:{called}": lines
        for called, node in functions(path)
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION
    }

    assert {} == long


@pytest.mark.parametrize("path", ALL)
def test_functions_take_few_parameters(path: Path) -> None:
    """No function takes more than six parameters by position, nor more than six by keyword only."""
    wide = {
        f"{name(path)}:{called}": (_free(node), len(node.args.kwonlyargs))
        for called, node in functions(path)
        if max(_free(node), len(node.args.kwonlyargs)) > MAX_PARAMETERS and f"{name(path)}:{called}" not in MANY_PARAMETERS
    }

    assert {} == wide


def test_no_exception_is_left_over() -> None:
    """Every listed exception still is one, so that the list only ever shrinks."""
    over = {
        f"{name(path)}:{called}"
        for path in modules()
        for called, node in functions(path)
        if max(_free(node), len(node.args.kwonlyargs)) > MAX_PARAMETERS
    }

    assert set(MANY_PARAMETERS) <= over


@pytest.mark.parametrize("path", ALL)
def test_module_says_what_it_must_not_know(path: Path) -> None:
    """A module begins by saying what it knows and what it must not know, must not do, or who must not import it."""
    said = " ".join((ast.get_docstring(tree(path)) or "").split())

    assert re.match(r"Knows .*?[;:,]? must not ", said), said[:200]


UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
SWITCHED_OFF = re.compile(r"(type:\s*ignore|noqa|pragma)")
WITH_REASON = re.compile(
    r"""\#\s*(?:ruff:\s*)?
        (?: type:\s*ignore\[[a-z0-9, -]+\] | noqa:\s*[A-Z]+[0-9]+(?:,\s*[A-Z]+[0-9]+)* )
        \s*(?:\#|-)\s*\w.{7,}""",
    re.VERBOSE,
)


def _sources() -> list[object]:
    places = ("servflow", "tests", "benchmarks", "examples")
    found = sorted(path for place in places for path in (ROOT / place).rglob("*.py"))
    return [pytest.param(path, id=name(path)) for path in found]


@pytest.mark.parametrize("path", _sources())
def test_no_work_is_left_behind(path: Path) -> None:
    """Nothing is marked as still to be done, and nothing raises that it is not implemented."""
    marked = [(line, text) for line, text in comments(path) if UNFINISHED.search(text)]
    raised = [
        node.lineno
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Raise) and node.exc is not None and "NotImplementedError" in ast.dump(node.exc)
    ]

    assert ([], []) == (marked, raised)


@pytest.mark.parametrize("path", _sources())
def test_every_check_that_is_switched_off_says_why(path: Path) -> None:
    """Whoever silences a tool names the check and the reason."""
    silent = [(line, text) for line, text in comments(path) if SWITCHED_OFF.search(text) and not WITH_REASON.match(text)]

    assert [] == silent
