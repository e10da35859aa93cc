"""Knows how a text for people is said in several languages; must not know where it is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from servflow.errors import DefinitionError, Finding, nearest, shown
from servflow.model._maps import FrozenMap

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_LONGEST = 10_000
_MOST = 100


class Title(str):
    """
    A title or a description in several languages: a text that knows how others say it.

    Anything that takes a text takes it, and sees what is said first (English, where it is said). ``languages`` maps
    each language tag to its text; `in_language` finds the right one. A title in one language is a plain text.
    """

    __slots__ = ("languages",)
    languages: Mapping[str, str]

    def __new__(cls, languages: Mapping[str, str]) -> Title:
        made = super().__new__(cls, _first(languages))
        made.languages = FrozenMap(languages)
        return made

    def to_data(self) -> dict[str, str]:
        """The texts by language, as a definition writes them."""
        return dict(self.languages)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Title) and self.languages == other.languages

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(frozenset(self.languages.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return Title, (dict(self.languages),)

    def __repr__(self) -> str:
        return repr(self.languages)


def titled(value: Any) -> Any:
    """
    A title from what a definition holds: a text as it is, a mapping of languages as a `Title`.

    Anything else is given back for whoever checks the shapes of the part to refuse.

    Raises:
        DefinitionError: with every language that is none, and every text that is none or empty.
    """
    return _in_languages(value, "title")


def described(value: Any) -> Any:
    """What ``titled`` reads, for ``description``: its problems name that key."""
    return _in_languages(value, "description")


def read_title(value: Any, found: list[Finding], path: str = "title") -> str:
    """A title for whoever collects findings: a text, a `Title`, or nothing where it is none, which *found* then tells."""
    if value is None or value == "":
        return ""
    try:
        made = _in_languages(value, path)
    except DefinitionError as error:
        found.extend(error.findings)
        return ""
    wrong = _wrong_text(path, made)
    found.extend(wrong)
    return "" if wrong else made


def written(title: str) -> Any:
    """A title as a definition writes it: a text, or the texts by language."""
    return title.to_data() if isinstance(title, Title) else title


def titles(value: Any) -> Any:
    """
    What listed values are called: for each, by its text, a title as ``titled`` reads it.

    Anything but a mapping is given back for whoever checks the shapes of the part to refuse.

    Raises:
        DefinitionError: with every title that is none.
    """
    if not isinstance(value, Mapping):
        return FrozenMap() if value is None else value
    made: dict[Any, Any] = {}
    findings: list[Finding] = []
    for name, title in value.items():
        key = f"titles.{name if isinstance(name, str) else shown(name)}"
        if not isinstance(title, Mapping):
            findings += _wrong_text(key, title)
            made[name] = title
            continue
        try:
            made[name] = _in_languages(title, key)
        except DefinitionError as error:
            findings += error.findings
    if findings:
        raise DefinitionError.of(findings)
    return FrozenMap(made)


def _in_languages(value: Any, key: str) -> Any:
    if not isinstance(value, Mapping):
        return value
    findings = [finding for tag, text in list(value.items())[:_MOST] for finding in _problems(key, tag, text)]
    if not value or len(value) > _MOST:
        why = {"en": f"it says a text in 1 to {_MOST} languages", "zh": f"应以 1 至 {_MOST} 种语言书写"}
        findings.append(Finding("definition.value", key, {"why": why}))
    tags = {str(tag).lower() for tag in value}
    if len(tags) < len(value) <= _MOST:
        findings.append(Finding("definition.value", key, {"why": {"en": "it says a language twice", "zh": "同一语言写了两次"}}))
    if findings:
        raise DefinitionError.of(findings)
    return Title({str(tag): str(text) for tag, text in value.items()})


def in_language(title: str, lang: str = "en") -> str:
    """
    A title in a language.

    Where it is not said in that language: in the same language elsewhere (``zh`` for ``zh-CN``, and the other way round),
    else in English, else in the language it is said in first. A plain text is the same in all.

    Args:
        title: a text or a `Title`.
        lang: a language tag such as ``en``, ``zh`` or ``pt-BR``; capitals say nothing.
    """
    if not isinstance(title, Title):
        return title
    by_tag = {tag.lower(): text for tag, text in title.languages.items()}
    asked = str(lang).lower().replace("_", "-")  # what is no tag is a language in which nothing is said
    if asked in by_tag:
        return by_tag[asked]
    plain = asked.partition("-")[0]
    near = next((text for tag, text in by_tag.items() if tag.partition("-")[0] == plain), None)
    return by_tag.get(plain) or near or str.__str__(title)


def _first(languages: Mapping[str, str]) -> str:
    by_tag = {tag.lower(): text for tag, text in languages.items()}
    english = next((text for tag, text in by_tag.items() if tag.startswith("en-")), None)
    return by_tag.get("en") or english or next(iter(languages.values()))


def _problems(key: str, tag: Any, text: Any) -> list[Finding]:
    if not isinstance(tag, str) or not _LANGUAGE.fullmatch(tag):
        name = tag if isinstance(tag, str) else shown(tag)
        close = nearest(name, ("en", "zh"))
        why = {
            "en": f"{shown(tag)} is no language tag such as en, zh or pt-BR",
            "zh": f"{shown(tag)} 不是 en、zh、pt-BR 之类的语言标签",
        }
        return [Finding("definition.value", key, {"why": why, "nearest": close} if close else {"why": why})]
    return _wrong_text(f"{key}.{tag}", text)


def _wrong_text(path: str, text: Any) -> list[Finding]:
    if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
        why = {
            "en": f"it is a text of 1 to {_LONGEST} characters, not {shown(text)}",
            "zh": f"应为 1 至 {_LONGEST} 个字符的文本，而不是 {shown(text)}",  # noqa: RUF001 - Chinese text uses full-width punctuation
        }
        return [Finding("definition.value", path, {"why": why})]
    return []


__all__ = ["Title", "described", "in_language", "read_title", "titled", "titles", "written"]
