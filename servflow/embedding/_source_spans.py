"""Knows where every value of a YAML or JSON text begins and ends; must not know what the values mean or how they change."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from functools import lru_cache
from typing import Any

from attrs import define, field

from servflow.documents._source import Document, read_text
from servflow.errors import DefinitionError

Steps = tuple[str | int, ...]
"""How a value is reached from the root: keys and indices."""

_JSON_SPACE = re.compile(r"[ \t\r\n]*")
_JSON_SCALAR = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,\[\]{}:"]+')


@define(eq=False)
class Span:
    """
    Where a value stands: from ``start`` up to ``end``, in characters.

    ``keys`` and ``names`` are those of a mapping, ``items`` what is in it or in a list. ``flow`` says that it stands in
    brackets. A value that is left out has no length and stands behind its colon or dash.
    """

    start: int
    end: int
    kind: str
    flow: bool = False
    style: str | None = None
    names: list[str] = field(factory=list)
    keys: list[Span] = field(factory=list)
    items: list[Span] = field(factory=list)

    def at(self, step: str | int) -> Span | None:
        """What is in it under a key or index."""
        if isinstance(step, int):
            return self.items[step] if self.kind == "list" and 0 <= step < len(self.items) else None
        return self.items[self.names.index(step)] if self.kind == "map" and step in self.names else None


@define(eq=False)
class Read:
    """A text with its data and where everything in it stands."""

    text: str
    data: dict[str, Any]
    root: Span
    document: Document
    json: bool = False
    starts: list[int] = field(factory=list)

    def find(self, steps: Steps) -> Span | None:
        """Where a value stands; None where there is none."""
        here: Span | None = self.root
        for step in steps:
            here = None if here is None else here.at(step)
        return here

    def line(self, at: int) -> int:
        """The line of a place, from 1."""
        if not self.starts:
            self.starts += [0, *(found.end() for found in re.finditer("\n", self.text))]
        return bisect_right(self.starts, at)

    def column(self, at: int) -> int:
        """How many characters stand before a place in its line."""
        return at - (self.text.rfind("\n", 0, at) + 1)

    def line_start(self, at: int) -> int:
        """Where the line of a place begins."""
        return self.text.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """Where the line after that of a place begins."""
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1


@lru_cache(maxsize=16)
def read(text: str) -> Read:
    """
    Read a text with the limits of every definition, and where everything in it stands.

    The data is shared between calls and must not be changed.

    Raises:
        DefinitionError: it cannot be read, has anchors or tags, gives a key twice, or is too large.
    """
    events: list[Any] = []
    document = read_text(text, seen=events)
    if document.findings:
        raise DefinitionError.of(document.findings)
    text = text.removeprefix("\ufeff")
    spans = _yaml_spans(text, events) if events else _json_spans(text)
    return Read(text, document.data, spans, document, json=not events)


def _json_spans(text: str) -> Span:
    # The text was read as JSON, so that nothing here can be missing.
    root: Span | None = None
    stack: list[Span] = []
    at = 0
    while True:
        at = _after_space(text, at)
        if at >= len(text):
            break
        mark = text[at]
        if mark in "]}":
            stack.pop().end = at + 1
            at += 1
            continue
        if mark in ",:":
            at += 1
            continue
        if mark in "[{":
            made = Span(at, at + 1, "map" if mark == "{" else "list", flow=True)
            at += 1
        else:
            found = _JSON_SCALAR.match(text, at)
            end = at + 1 if found is None else found.end()
            made = Span(at, end, "scalar", style='"' if mark == '"' else None)
            at = end
        if stack:
            top = stack[-1]
            if top.kind == "map" and len(top.keys) == len(top.items):
                top.keys.append(made)
                top.names.append(json.loads(text[made.start : made.end]))
            else:
                top.items.append(made)
        else:
            root = made
        if made.kind != "scalar":
            stack.append(made)
    return root or Span(0, 0, "map", flow=True)


def _after_space(text: str, at: int) -> int:
    found = _JSON_SPACE.match(text, at)
    return at if found is None else found.end()


def _yaml_spans(text: str, events: list[Any]) -> Span:
    # Imported here so that a program that edits nothing loads no YAML.
    from ruamel.yaml.events import MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

    root: Span | None = None
    stack: list[Span] = []
    for event in events:
        if isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            span = stack.pop()
            if span.flow:
                span.end = event.end_mark.index
            else:
                span.end = span.items[-1].end if span.items else span.start
            continue
        if isinstance(event, ScalarEvent):
            made = _scalar(text, event, stack[-1] if stack else None)
        elif isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            kind = "map" if isinstance(event, MappingStartEvent) else "list"
            made = Span(event.start_mark.index, event.end_mark.index, kind, flow=bool(event.flow_style))
        else:
            continue
        if not stack:
            root = made
        elif stack[-1].kind == "map" and len(stack[-1].keys) == len(stack[-1].items):
            stack[-1].keys.append(made)
            stack[-1].names.append(event.value if isinstance(event, ScalarEvent) else "")
        else:
            stack[-1].items.append(made)
        if made.kind != "scalar":
            stack.append(made)
    return root or Span(0, 0, "map")


def _scalar(text: str, event: Any, holder: Span | None) -> Span:
    start, end = event.start_mark.index, event.end_mark.index
    if event.style in ("|", ">"):
        end = start + len(text[start:end].rstrip(" \r\n"))
    if start == end and event.style is None and holder is not None:
        # Nothing is written: its place is behind the colon or the dash.
        if holder.kind == "map" and holder.keys:
            start = end = text.index(":", holder.keys[-1].end) + 1
        elif holder.kind == "list":
            after = holder.items[-1].end if holder.items else holder.start
            start = end = _after_dash(text, after, start, first=not holder.items)
    return Span(start, end, "scalar", style=event.style)


def _after_dash(text: str, after: int, before: int, *, first: bool) -> int:
    if first:
        return after + 1 if text[after : after + 1] == "-" else before
    found = re.compile(r"\n *-").search(text, after, before)
    return before if found is None else found.end()
