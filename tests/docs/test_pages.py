"""Knows that every page tells the truth: its Python runs, its YAML loads, its links lead somewhere; must not know the pages."""

from __future__ import annotations

import logging
import os
import re
import shlex
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import servflow
from tests.postgres import fresh_database
from tests.requirements import require
from tests.surface.layout import ROOT, name

PAGES = sorted(
    path
    for pattern in ("README.md", "CHANGELOG.md", "docs/**/*.md", "examples/**/*.md", "benchmarks/*.md", "tests/*.md")
    for path in ROOT.glob(pattern)
)

FENCE = re.compile(r"^(?P<mark><!-- (?P<note>[a-z_. ]+) -->\n+)?```(?P<kind>\w+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
NEEDS = re.compile(r"^<!-- needs ([a-z ]+) -->$", re.MULTILINE)
"""What a page says its machine must have; one that needs ``postgres`` finds a database of its own as ``url``."""
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?:|mailto:)([^)#\s]*)(?:#[^)]*)?\)")

pages = pytest.mark.parametrize("page", [pytest.param(path, id=name(path)) for path in PAGES])


def _blocks(page: Path) -> list[tuple[int, str, str, str]]:
    """Line, kind, note and text of every fenced block; indented by nothing, so that a list cannot hide one."""
    text = page.read_text("utf-8")
    return [
        (text[: found.start("code")].count("\n") + 1, found["kind"], found["note"] or "", found["code"])
        for found in FENCE.finditer(text)
    ]


# A page that needs data which is not shipped is run by the scenario that has the data.
WITH_DATA = {ROOT / "examples" / "incident_log" / "README.md"}

TRANSLATED = {ROOT / "docs" / "zh" / "first-workflow.md": ROOT / "docs" / "tutorial" / "first-workflow.md"}
"""Lessons in Chinese: their blocks are those of the English ones, to the letter (test_translations), so one run proves both."""


@pytest.mark.parametrize(
    "page", [pytest.param(path, id=name(path)) for path in PAGES if path not in WITH_DATA | TRANSLATED.keys()]
)
def test_page_runs(
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    """The Python of a page runs from top to bottom in one namespace, and prints what the page says it prints."""
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {"__name__": "__page__"}
    for need in [one for found in NEEDS.findall(page.read_text("utf-8")) for one in found.split()]:
        require(need)
        if need == "dbos":  # it flushes what it logged to before, which may be the output of another test, closed since
            logging.getLogger("dbos").handlers.clear()
        if need == "postgres":
            scope["url"] = fresh_database(request.getfixturevalue("postgres"))
    for line, kind, note, code in _blocks(page):
        if kind == "yaml" and note == "load":
            scope["workflow"] = servflow.load(code)
            scope["yaml"] = code
        elif kind == "yaml" and note.startswith("save as ") and "." not in note:
            (tmp_path / note.removeprefix("save as ").replace(" ", "_")).with_suffix(".yaml").write_text(code, "utf-8")
        elif note.startswith("save as "):
            (tmp_path / note.removeprefix("save as ")).write_text(code, "utf-8")
        elif note.startswith("edit "):
            _edit(tmp_path / note.removeprefix("edit "), code)
        elif kind == "console" and note != "not run":
            _console(code, tmp_path, f"{page.name}, line {line}")
        elif kind == "python" and note != "not run":
            capsys.readouterr()
            # Line numbers of the page are kept, so that a failure points to it.
            # Without what this module imports from the future: a reader's annotations are values.
            exec(compile("\n" * (line - 1) + code, str(page), "exec", dont_inherit=True), scope)
        elif kind == "text" and note == "output":
            assert code.rstrip() == capsys.readouterr().out.rstrip(), f"{page.name}, line {line}"


def _edit(path: Path, code: str) -> None:
    """What ``<!-- edit x -->`` asks of a reader: each line takes the place of the only one that begins with the same word."""
    lines = path.read_text("utf-8").splitlines()
    for line in code.splitlines():
        [place] = [number for number, one in enumerate(lines) if one.split()[:1] == line.split()[:1]]
        lines[place] = line
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _console(code: str, folder: Path, where: str) -> None:
    """Run each command after a ``$`` as a reader would, and compare what it says; ``...`` stands for anything."""
    folders = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    plain = {"PATH": folders, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COVERAGE_", "SERVFLOW_"))}
    for one in code.removeprefix("$ ").split("\n$ "):
        command, _, said = one.partition("\n")
        run = subprocess.run(
            shlex.split(command), cwd=folder, env=alone | plain, capture_output=True, encoding="utf-8", timeout=300, check=False
        )
        told = "\n".join(line.rstrip() for line in (run.stdout + run.stderr).strip().splitlines())
        expected = re.escape(said.strip()).replace(r"\.\.\.", ".*")
        assert re.fullmatch(expected, told, re.DOTALL), f"{where}: `{command}` said\n{told}\nand not\n{said}"


@pages
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page is a file in the repository."""
    dead = [link for link in LINK.findall(page.read_text("utf-8")) if link and not (page.parent / link).exists()]

    assert [] == dead


@pages
def test_page_can_be_reached(page: Path) -> None:
    """Every page of the documentation is linked from the front page or from a page linked there."""
    if "docs" not in page.parts:
        return
    if page.parent.name == "decisions":
        return  # reached through the folder, of which the front page says what it holds

    assert page.resolve() in _reached()


@cache
def _reached() -> frozenset[Path]:
    """Every page that links lead to, from the front page on."""
    seen, waiting = set(), [ROOT / "docs" / "index.md"]
    while waiting:
        here = waiting.pop().resolve()
        if here in seen or here.suffix != ".md":
            continue
        seen.add(here)
        waiting += [here.parent / link for link in LINK.findall(here.read_text("utf-8")) if (here.parent / link).exists()]
    return frozenset(seen)


def test_reference_is_drawn_from_the_code() -> None:
    """The tables of the reference are those the engine runs; `make docs` draws them anew."""
    draw_reference = _drawn("draw_reference")
    stale = [
        page
        for page in draw_reference.PAGES
        if (text := (draw_reference.HERE / page).read_text("utf-8")) != draw_reference.drawn(text)
    ]

    assert [] == stale, "run `make docs`"


def test_every_public_name_has_its_page() -> None:
    """Every public name is described once, on the page of the package it comes from; `make docs` writes the lists anew."""
    pages = _drawn("draw_api").pages()
    missing = [path.name for path, text in pages.items() if not path.exists() or path.read_text("utf-8") != text]
    left = sorted(path.name for path in (ROOT / "docs" / "reference" / "api").glob("*.md") if path not in pages)
    names = re.findall(r"^\.\. auto\w+:: (\S+)$", "".join(pages.values()), re.MULTILINE)

    assert ([], []) == (missing, left), "run `make docs`"
    assert sorted(set(names)) == sorted(names)
    assert {"servflow.sla.Clock", "servflow.engine.Workflow", "servflow.testing.machine_for"} <= set(names)


def test_drawings_show_what_the_library_says() -> None:
    """The figures in the drawings are those that the library answers today; `make docs` draws them anew."""
    drawings = _drawn("draw_drawings").drawings()

    assert [] == [path.name for path, text in drawings.items() if not path.exists() or path.read_text("utf-8") != text], (
        "run `make docs`"
    )


def _drawn(module: str) -> ModuleType:
    """A script of the documentation."""
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        return import_module(module)
    finally:
        sys.path.remove(str(ROOT / "docs"))


def test_readme_is_short() -> None:
    """The front page is read in one go."""
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 120


def test_readme_says_where_each_package_is_used() -> None:
    """The README and `servflow doctor` tell the same, since they tell it from one list."""
    from servflow.cli._doctor import USES

    text = (ROOT / "README.md").read_text("utf-8")

    assert [] == [name for name, where in USES if f"| `{name}` | {where} |" not in text]


def test_readme_lists_every_package() -> None:
    """The table of packages is complete."""
    text = (ROOT / "README.md").read_text("utf-8")
    packages = sorted(path.parent.name for path in (ROOT / "servflow").glob("*/__init__.py"))

    assert [] == [name for name in packages if f"`{name}`" not in text]


def test_readme_example_is_short() -> None:
    """The example a newcomer sees first has at most twenty lines of Python."""
    code = [code for _, kind, _, code in _blocks(ROOT / "README.md") if kind == "python"]

    assert len([line for line in code[0].splitlines() if line.strip()]) <= 20
