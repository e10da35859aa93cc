"""Knows how large and how plain the source may be; must not know what it does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

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


def _free(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    named = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    return len([one for one in named if one not in ("self", "cls")])


def test_modules_are_short() -> None:
    """No module is longer than a person reads in one go."""
    long = {name(path): lines for path in modules() if (lines := len(path.read_text("utf-8").splitlines())) > MAX_LINES}

    assert {} == long


def test_functions_are_short() -> None:
    """No function is longer than a screen."""
    long = {
        f"{name(path)}:{called}": lines
        for path in modules()
        for called, node in functions(path)
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION
    }

    assert {} == long


def test_functions_take_few_parameters() -> None:
    """No function takes more than six parameters by position, nor more than six by keyword only."""
    wide = {
        f"{name(path)}:{called}": (_free(node), len(node.args.kwonlyargs))
        for path in modules()
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


def test_modules_say_what_they_must_not_know() -> None:
    """A module begins by saying what it knows and what it must not know, must not do, or who must not import it."""
    told = {name(path): " ".join((ast.get_docstring(tree(path)) or "").split()) for path in modules()}
    silent = {module: said[:200] for module, said in told.items() if not re.match(r"Knows .*?[;:,]? must not ", said)}

    assert {} == silent


UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
SWITCHED_OFF = re.compile(r"(type:\s*ignore|noqa|pragma)")
WITH_REASON = re.compile(
    r"""\#\s*(?:ruff:\s*)?
        (?: type:\s*ignore\[[a-z0-9, -]+\] | noqa:\s*[A-Z]+[0-9]+(?:,\s*[A-Z]+[0-9]+)* )
        \s*(?:\#|-)\s*\w.{7,}""",
    re.VERBOSE,
)


def _sources() -> list[Path]:
    places = ("servflow", "tests", "benchmarks", "examples")
    return sorted(path for place in places for path in (ROOT / place).rglob("*.py"))


def _said(pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Where a comment says something, and the comment; a file that says it nowhere is not taken apart."""
    for path in _sources():
        if pattern.search(path.read_text("utf-8")):
            yield from ((f"{name(path)}:{line}", text) for line, text in comments(path) if pattern.search(text))


def test_no_work_is_left_behind() -> None:
    """Nothing is marked as still to be done, and nothing raises that it is not implemented."""
    marked = [*_said(UNFINISHED)]
    raised = [
        f"{name(path)}:{node.lineno}"
        for path in _sources()
        if "NotImplementedError" in path.read_text("utf-8")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Raise) and node.exc is not None and "NotImplementedError" in ast.dump(node.exc)
    ]

    assert ([], []) == (marked, raised)


def test_every_check_that_is_switched_off_says_why() -> None:
    """Whoever silences a tool names the check and the reason."""
    silent = [(place, text) for place, text in _said(SWITCHED_OFF) if not WITH_REASON.match(text)]

    assert [] == silent
