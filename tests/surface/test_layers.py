"""Knows which part of servflow may import which; must not know what the parts do."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from tests.surface.layout import PACKAGES, ROOT, SOURCE, modules, name, tree


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Who imports whom while running; imports for type checkers only are left out."""
    return grimp.build_graph("servflow", exclude_type_checking_imports=True, cache_dir=None)


def test_the_packages_are_those_of_the_design() -> None:
    """Every layer is a package, and there is no other."""
    found = {path.parent.name for path in SOURCE.glob("*/__init__.py")}

    assert set(PACKAGES) == found


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_does_something(package: str) -> None:
    """No package is a placeholder: each defines a function or a class of its own."""
    text = "".join(path.read_text("utf-8") for path in (SOURCE / package).glob("*.py"))

    assert "\ndef " in text or "\nclass " in text


def test_imports_point_down_only() -> None:
    """The contracts in pyproject.toml hold: layers, forbidden imports of the kernel, one home for each dependency."""
    lint = Path(sys.executable).with_name("lint-imports")
    if not lint.exists():
        pytest.skip("import-linter is not installed; pip install import-linter")
    run = subprocess.run(
        [str(lint), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )

    assert 0 == run.returncode, run.stdout[-4000:] + run.stderr[-1000:]


def test_no_module_imports_itself_by_way_of_others(graph: grimp.ImportGraph) -> None:
    """There is no import cycle: modules can be put in a row in which each imports only earlier ones."""
    waiting = {module: set(graph.find_modules_directly_imported_by(module)) - {module} for module in graph.modules}
    while ready := {module for module, needs in waiting.items() if not needs}:
        waiting = {module: needs - ready for module, needs in waiting.items() if module not in ready}

    assert {} == waiting


KERNEL = PACKAGES[PACKAGES.index("engine") :]
READS_A_CLOCK = {"now", "utcnow", "today"}
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}


@pytest.mark.parametrize("path", [pytest.param(path, id=name(path)) for path in modules() if path.parent.name in KERNEL])
def test_the_kernel_reads_no_clock_and_runs_no_text(path: Path) -> None:
    """Nothing in the kernel asks what time it is, which no import contract can see, nor runs what a definition holds."""
    called = [node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    clocks = [one.lineno for one in called if isinstance(one, ast.Attribute) and one.attr in READS_A_CLOCK]
    texts = [one.lineno for one in called if isinstance(one, ast.Name) and one.id in RUNS_TEXT]

    assert ([], []) == (clocks, texts)
