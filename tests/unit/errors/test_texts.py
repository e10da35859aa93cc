"""Knows that every sentence that is written can be said; must not know who raises its code."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

import servflow.errors
from servflow.errors import render

PARTS = sorted(path.stem for path in Path(servflow.errors.__file__).parent.glob("_texts_*.py"))
TEXTS: dict[str, tuple[str, Any]] = {}
TWICE: list[str] = []
for _part in PARTS:
    for _code, _text in import_module(f"servflow.errors.{_part}").TEXTS.items():
        if _code in TEXTS:
            TWICE.append(_code)
        TEXTS[_code] = (_part, _text)


def test_texts_are_found() -> None:
    """The files with sentences are where this test looks, and no code has two."""
    assert {"_texts_common", "_texts_lab"} <= set(PARTS)
    assert [] == TWICE


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("part", PARTS)
def test_every_code_says_its_own_sentence(part: str, lang: str) -> None:
    """The catalogue loads each file of sentences: every code in it reads as what is written there, in both languages."""
    for code, (home, text) in TEXTS.items():
        if home == part:
            template = getattr(text, lang)
            places = {place.partition(".")[0].partition("[")[0] for _, place, _, _ in Formatter().parse(template) if place}
            facts = dict.fromkeys(places | ({"kind"} if "said_kind" in places else set()), "7")

            assert template.format_map(facts) == render(code, facts, lang), code
