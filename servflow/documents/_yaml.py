"""Knows how YAML text becomes plain data with places; must not know what a definition is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from servflow.documents._limits import LONGEST_NUMBER
from servflow.documents._tree import Builder, refusal

# The core schema of YAML 1.2, chapter 10.3: `no`, `on` and 2026-10-01 are text.
_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]+", re.ASCII)
_OCTAL = re.compile(r"0o([0-7]+)", re.ASCII)
_HEX = re.compile(r"0x([0-9a-fA-F]+)", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
# The parser takes quadratic time for a long tag; none is understood anyway. Text that long without a space is rare.
_LONG_TAG = re.compile(r"![^\s]{10000}")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", re.ASCII)


def read_yaml(text: str, seen: list[Any] | None = None) -> Builder:
    """
    Read one YAML 1.2 document; the parser's events are put into *seen*, for whoever asks where everything stands.

    Anchors, aliases and tags are refused: they can make a small text large, and a definition needs none.
    It is read from the parser's events, so nothing is ever constructed and no nesting is followed by recursion.

    Raises:
        DefinitionError: the text is no YAML, or holds what is refused.
    """
    if found := _LONG_TAG.search(text):
        line, column = _place_of(text, found.start())
        raise refusal("tag", line, column, tag=found[0][:60])
    builder = Builder()
    documents = 0
    try:
        for event in _events(text):
            if seen is not None:
                seen.append(event)
            mark = event.start_mark
            line, column = mark.line + 1, mark.column + 1
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise refusal("several", line, column)
                if event.version is not None and tuple(event.version) != (1, 2):
                    raise refusal("yaml_version", line, column, version=".".join(map(str, event.version)))
            elif not isinstance(event, DocumentEndEvent):
                _piece(builder, event, line, column)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
        raise refusal("yaml", line, column, why=_sentence(error.problem or error.context)) from None
    except YAMLError as error:
        line, column = _place_of(text, getattr(error, "position", 0))
        raise refusal("yaml", line, column, why=_sentence(getattr(error, "reason", None))) from None
    return builder


def _events(text: str) -> Iterator[Any]:
    reader = YAML(typ="safe", pure=True)
    events: Iterator[Any] = reader.parse(text)
    return events


def _piece(builder: Builder, event: Any, line: int, column: int) -> None:
    if isinstance(event, (MappingEndEvent, SequenceEndEvent)):
        builder.close()
        return
    if isinstance(event, AliasEvent):
        raise refusal("alias", line, column, name=str(event.anchor)[:60])
    if not isinstance(event, (ScalarEvent, MappingStartEvent, SequenceStartEvent)):
        return
    if event.anchor is not None:
        raise refusal("anchor", line, column, name=str(event.anchor)[:60])
    if event.tag is not None:
        raise refusal("tag", line, column, tag=str(event.tag)[:60])
    if isinstance(event, ScalarEvent):
        if builder.wants_key:
            builder.key(event.value, line, column)
        else:
            builder.scalar(_value(event, line, column), line, column)
        return
    if builder.wants_key:
        raise refusal("key_text", line, column)
    builder.open({} if isinstance(event, MappingStartEvent) else [], line, column)


def _value(event: Any, line: int, column: int) -> Any:
    text: str = event.value
    if not event.implicit[0]:  # quoted, or a block of text
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    for pattern, read in ((_INT, int), (_FLOAT, float)):  # the whole numbers first: 1 is not 1.0
        if pattern.fullmatch(text):
            if len(text) > LONGEST_NUMBER:
                raise refusal("number", line, column, limit=LONGEST_NUMBER)
            number = read(text)
            if number in (float("inf"), float("-inf")):
                raise refusal("not_finite", line, column, value=text)
            return number
    for pattern, base in ((_OCTAL, 8), (_HEX, 16)):
        if found := pattern.fullmatch(text):
            if len(text) > LONGEST_NUMBER:
                raise refusal("number", line, column, limit=LONGEST_NUMBER)
            return int(found[1], base)
    if _NOT_FINITE.fullmatch(text):
        raise refusal("not_finite", line, column, value=text)
    return text


def _sentence(problem: object) -> str:
    """The parser's words as one line without its advice about its own use."""
    return " ".join(str(problem or "the text cannot be read").split())[:200]


def _place_of(text: str, position: Any) -> tuple[int, int]:
    before = text[: position if isinstance(position, int) else 0]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
