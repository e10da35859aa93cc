"""Knows that the walk through the code passes the modules it names; must not know what they do."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "explanation" / "a-walk-through-the-code.md").read_text(encoding="utf-8")


def named(text: str) -> list[str]:
    return re.findall(r"`(servflow(?:\.\w+)+)`", text)


def rows(heading: str) -> set[str]:
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return {name for line in section.splitlines() if line.startswith("| `") for name in named(line)[:1]}


def passed(call: Callable[[], Any]) -> set[str]:
    """The modules of servflow in which a function ran while something was called."""
    found: set[str] = set()

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call":
            found.add(frame.f_globals.get("__name__", ""))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(before)
    return found


def test_every_module_on_the_page_is_there() -> None:
    """What the page names can be imported."""
    names = set(named(PAGE))

    assert 40 < len(names)
    assert [] == sorted(name for name in names if find_spec(name) is None and not name.endswith("._abstract"))


@pytest.mark.parametrize(("heading", "way"), [("One event", "one_event"), ("One instant", "one_instant")])
def test_the_way_leads_through_the_modules_it_names(heading: str, way: str) -> None:
    """Followed call by call, the event and the instant of the page pass every module of their tables."""
    block = PAGE.split("```python\n")[1].split("```")[0]
    story = block.split("\nprint(")[0]
    held: dict[str, Any] = {}
    exec(compile(story, "a-walk-through-the-code.md", "exec"), held)
    try:
        if way == "one_instant":
            held["one_event"]()
        went = passed(held[way])
    finally:
        held["store"].close()

    assert set() == rows(heading) - went
