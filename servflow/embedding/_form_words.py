"""Knows what forms call events, keys and words that no definition names; must not know any ticket."""

from __future__ import annotations

from servflow.engine._called_words import EVENTS, KEYS
from servflow.errors._catalogue import spoken


def chinese(lang: str) -> bool:
    """Whether our own words are said in Chinese; in any other language they are English."""
    return spoken(lang) == "zh"


def word(name: str, lang: str) -> str:
    """What a key, an attribute or a listed word of the engine is called; a name that is none, in words."""
    known = KEYS.get(name)
    return plain(name) if known is None else known[chinese(lang)]


def event_title(event: str, lang: str) -> str:
    """What an event without a title is called: a built-in one by our words, else its name in words."""
    known = EVENTS.get(event)
    return plain(event) if known is None else known[chinese(lang)]


def plain(name: str) -> str:
    """A name of a definition as people read it: ``on_site`` as ``on site``."""
    return name.replace("_", " ").strip() or name


__all__ = ["chinese", "event_title", "plain", "word"]
