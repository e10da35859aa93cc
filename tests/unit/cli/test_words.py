"""Holds the words of the command line to being there in both languages, with the same places to fill."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from servflow import cli as package
from servflow.cli._listed import COMMANDS
from servflow.cli._output import span
from servflow.cli._words import WORDS, Words


def places(text: str) -> set[str]:
    """The facts a sentence is filled with."""
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("key", WORDS)
def test_both_languages_tell_the_same_facts(key: str) -> None:
    """No sentence lacks a fact that the other language has."""
    english, chinese = WORDS[key]

    assert english
    assert chinese
    assert places(english) == places(chinese)


def test_every_key_that_is_said_is_known() -> None:
    """A key written out in a module of the command line has its words, and words nobody says are gone."""
    modules = sorted(path for path in Path(package.__file__).parent.glob("*.py") if not path.name.startswith("_words"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in modules)
    said = set(re.findall(r"""words\(\s*["']([\w.]+)["']""", text))
    built = {"coming", "doctor", "error", "event", "phase", "outcome", "offer", "option", "reason", "migration"}
    unsaid = {key for key in WORDS if not re.search(rf"""["']{re.escape(key)}["']""", text)}

    assert said <= WORDS.keys()
    assert {key for key in unsaid if key.split(".")[0] not in built} <= set()


def test_one_thing_is_told_in_the_singular() -> None:
    """One finding is no "1 findings"; what users wrote is left as it is."""
    words = Words("en")

    assert "1 finding in 1 findings.yaml:" == words("check.found", count=1, file="1 findings.yaml")
    assert "2 findings in a.yaml:" == words("check.found", count=2, file="a.yaml")
    assert "w version 1 loads, with 1 warning:" == words("check.loads", name="w", version=1, count=1)
    assert "a.yaml 中有 1 个发现：" == Words("zh")("check.found", count=1, file="a.yaml")


def test_language_falls_to_the_asked_one() -> None:
    """The same key is said in the language asked for."""
    assert ("late", "超时") == (Words("en")("late"), Words("zh")("late"))


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (None, "-"),
        (timedelta(), "0s"),
        (timedelta(microseconds=900), "0s"),
        (timedelta(seconds=61), "1m 1s"),
        (timedelta(days=2, hours=3, minutes=4, seconds=5), "2d 3h 4m"),
        (-timedelta(minutes=90), "-1h 30m"),
    ],
)
def test_lengths_for_people(length: timedelta | None, shown: str) -> None:
    """The three largest parts are told, a negative one with its sign."""
    assert shown == span(length)


ROOT = Path(package.__file__).parents[2]


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md", "docs/reference/cli.md"])
def test_every_command_is_listed(page: str) -> None:
    """The pages that list commands leave none out."""
    text = (ROOT / page).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith(("| `cli`", "* `servflow ", "## "))]

    assert set() == {name for name in COMMANDS if not any(re.search(rf"\b{name}\b", line) for line in lines)}
