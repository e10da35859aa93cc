"""Knows the sentences of all findings in English and Chinese; must not know what the facts mean."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from attrs import frozen

LANGUAGES = ("en", "zh")

_PARTS = ("common", "expressions", "calendars", "statemachine", "rules", "dispatch", "sla", "escalation", "engine", "documents")


@frozen
class Text:
    """A sentence with ``{fact}`` places in both languages, and the hint that goes with it."""

    en: str
    zh: str
    hint_en: str = ""
    hint_zh: str = ""


_CATALOGUE: dict[str, Text] = {}


def _catalogue() -> dict[str, Text]:
    # Loaded on the first sentence: a program that never fails never pays for the texts.
    if not _CATALOGUE:
        for part in _PARTS:
            _CATALOGUE.update(import_module(f"servflow.errors._texts_{part}").TEXTS)
    return _CATALOGUE


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"<{key}>"


def _fill(template: str, facts: Mapping[str, Any]) -> str:
    return template.format_map(_Facts({name: _shown(value) for name, value in facts.items()}))


def _shown(value: Any) -> Any:
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(str(item) for item in value) or "-"
    return value


def render(code: str, facts: Mapping[str, Any], lang: str = "en") -> str:
    """
    The sentence for a code, filled with its facts.

    A code without a sentence reads as the code and its facts, so that nothing is ever lost.
    """
    text = _catalogue().get(code)
    if text is None:
        listed = ", ".join(f"{name}={value}" for name, value in facts.items())
        return f"{code}: {listed}" if listed else code
    return _fill(text.zh if lang == "zh" else text.en, facts)


def hint_for(code: str, facts: Mapping[str, Any], lang: str = "en") -> str:
    """The hint for a code; the fact ``nearest`` adds a did-you-mean."""
    text = _catalogue().get(code)
    hint = "" if text is None else _fill(text.hint_zh if lang == "zh" else text.hint_en, facts)
    close = facts.get("nearest")
    if close:
        asked = f"是否想写“{close}”？" if lang == "zh" else f"did you mean {close!r}?"  # noqa: RUF001 - Chinese punctuation
        hint = f"{asked} {hint}".strip()
    return hint


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like a misspelt one, or None when nothing is close."""
    found = difflib.get_close_matches(str(word), [str(name) for name in known], n=1, cutoff=0.6)
    return found[0] if found else None
