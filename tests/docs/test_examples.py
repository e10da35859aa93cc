"""Knows that every example is listed with a command that its own page gives; must not know what any example does."""

from __future__ import annotations

import re

from tests.surface.layout import ROOT

PAGE = (ROOT / "docs" / "how-to" / "run-the-examples.md").read_text("utf-8")


def test_every_example_is_listed_with_its_command() -> None:
    """Each folder has a row, whose command runs a file of it and stands on the page of the example."""
    rows = dict(re.findall(r"^\| \[(\w+)\]\([^)]*\) \|.*\| ([^|]*) \|$", PAGE, re.MULTILINE))
    folders = sorted(path.name for path in (ROOT / "examples").iterdir() if (path / "README.md").exists())

    assert [] == [name for name in folders if name not in rows]
    for name in folders:
        for command in re.findall(r"`([^`]*)`", rows[name]):
            plain = command.removesuffix(" FOLDER")
            assert plain in (ROOT / "examples" / name / "README.md").read_text("utf-8"), command
            if plain.startswith("make "):
                target = plain.removeprefix("make ")
                found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
                assert found, plain
                plain = found[1]  # what it runs
                assert f"examples/{name}/" in plain
            for path in re.findall(r"examples/\S+", plain):
                assert (ROOT / path).exists(), path
