"""Knows what no text in the repository may contain; must not know what the texts say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.surface.layout import ROOT, name

# Written in pieces, so that this file does not contain what it looks for.
HOSTS = re.compile("|".join(("py" + r"pi\.org", "python" + r"hosted\.org", "registry" + r"\.npmjs", "proxy" + r"\.golang")))
MACHINE = re.compile("|".join((r"(?<![\w.])/" + "work/", r"(?<![\w.])/" + "root/", r"/home/\w+/", r"[A-Z]:\\Users\\")))

TEXTS = sorted(
    path
    for pattern in (
        "*.md",
        "docs/**/*.md",
        "examples/**/*",
        "benchmarks/**/*",
        "servflow/**/*",
        "tests/**/*",
        "Makefile",
        ".ci/*",
    )
    for path in ROOT.glob(pattern)
    if path.is_file()
    and path.suffix in {".md", ".py", ".yaml", ".yml", ".json", ".toml", ""}
    and "__pycache__" not in path.parts
)


@pytest.mark.parametrize("path", [pytest.param(path, id=name(path)) for path in TEXTS])
def test_no_machine_and_no_registry_is_named(path: Path) -> None:
    """What is written here is true on every machine: no folder of one of them, no package registry's host."""
    text = path.read_text("utf-8")

    assert [] == MACHINE.findall(text) + HOSTS.findall(text)
