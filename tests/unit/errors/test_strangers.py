"""Knows that a message stays short and writable whatever value it quotes; must not know any definition."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.errors import Finding, nearest

DEEP: list[Any] = []
for _ in range(5_000):
    DEEP = [DEEP]
STRANGE = (10**5_000, DEEP, {"a": DEEP}, [10**5_000], "x" * 1_000_000, "\ud800", {10**5_000: 1}, ["x" * 1_000_000] * 50)


@pytest.mark.parametrize("value", STRANGE, ids=range(len(STRANGE)))
@pytest.mark.parametrize("code", ["rules.cell_text", "rules.hit", "definition.value", "no.such.code"])
def test_a_finding_quotes_any_value_shortly(code: str, value: object) -> None:
    """A fact that is huge, deep or half a character gives a short sentence that UTF-8 can write, in both languages."""
    finding = Finding(code, "x", {"value": value, "hit": value, "why": value, "known": ("a",), "nearest": None})
    for lang in ("en", "zh"):
        assert len(finding.text(lang).encode()) < 30_000


@pytest.mark.parametrize("value", STRANGE, ids=range(len(STRANGE)))
def test_nothing_strange_is_near_a_word(value: object) -> None:
    """A did-you-mean for what is no word is None rather than a failure."""
    assert nearest(value, ("alpha", "beta")) is None  # type: ignore[arg-type]  # what a document may hold
