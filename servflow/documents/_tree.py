"""Knows how the pieces of a text become plain data with a place for every value; must not know YAML or JSON."""

from __future__ import annotations

import re
from typing import Any

from attrs import define, field

from servflow.documents._limits import LONGEST_KEY, MOST_DEPTH, MOST_NODES
from servflow.errors import DefinitionError, Finding

HALF_PAIR = re.compile("[\ud800-\udfff]")
"""Text that no encoding can write: JSON can spell it, and nothing could hash or store it."""


@define
class Place:
    """Where a value stands: line and column from 1, and the places of what is in it by key or index."""

    line: int
    column: int
    inner: dict[str | int, Place] = field(factory=dict)


@define
class _Open:
    """A mapping or list whose end is not yet read."""

    data: dict[str, Any] | list[Any]
    place: Place
    step: str | int
    key: str | None = None
    key_place: Place | None = None


def refusal(code: str, line: int, column: int, path: str = "", **facts: Any) -> DefinitionError:
    """The error for one problem at one place of a text."""
    return DefinitionError.of([Finding(f"document.{code}", path, facts, line=line, column=column)])


def _check_text(text: str, line: int, column: int) -> None:
    if HALF_PAIR.search(text):
        raise refusal("characters", line, column)


@define
class Builder:
    """
    Builds data and places from opening, closing and scalar pieces, with a stack of its own.

    What is wrong but leaves the rest readable (a key given twice) is collected in ``findings``.

    Raises:
        DefinitionError: too deep or too large; nothing more is read.
    """

    findings: list[Finding] = field(factory=list)
    data: Any = None
    place: Place | None = None
    _stack: list[_Open] = field(factory=list)
    _nodes: int = 0

    def open(self, data: dict[str, Any] | list[Any], line: int, column: int) -> None:
        """A mapping or a list begins."""
        if len(self._stack) >= MOST_DEPTH:
            raise refusal("too_deep", line, column, limit=MOST_DEPTH)
        step = self._step
        place = self._put(data, line, column)
        self._stack.append(_Open(data, place, step))

    def close(self) -> None:
        """The innermost mapping or list ends."""
        self._stack.pop()

    @property
    def wants_key(self) -> bool:
        """Whether the next piece is a key."""
        return bool(self._stack) and isinstance(self._stack[-1].data, dict) and self._stack[-1].key is None

    def key(self, text: str, line: int, column: int) -> None:
        """A key of the innermost mapping."""
        _check_text(text, line, column)
        if len(text) > LONGEST_KEY:
            raise refusal("key_length", line, column, limit=LONGEST_KEY)
        top = self._stack[-1]
        top.key, top.key_place = text, Place(line, column)

    def scalar(self, value: Any, line: int, column: int) -> None:
        """A text, number, truth value or nothing."""
        if isinstance(value, str):
            _check_text(value, line, column)
        self._put(value, line, column)

    def _put(self, value: Any, line: int, column: int) -> Place:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise refusal("too_many", line, column, limit=MOST_NODES)
        place = Place(line, column)
        if not self._stack:
            self.data, self.place = value, place
            return place
        top = self._stack[-1]
        if isinstance(top.data, list):
            top.place.inner[len(top.data)] = place
            top.data.append(value)
            return place
        # A problem with a value is best shown where its key stands.
        name, place = top.key or "", top.key_place or place
        top.key = top.key_place = None
        if name in top.data:
            first = top.place.inner[name]
            facts = {"key": name[:100], "first": first.line}
            found = Finding("document.key_twice", self._path(name), facts, line=place.line, column=place.column)
            self.findings.append(found)
            return place
        top.data[name] = value
        top.place.inner[name] = place
        return place

    @property
    def _step(self) -> str | int:
        """The key or index of the value that comes next."""
        if not self._stack:
            return ""
        top = self._stack[-1]
        return len(top.data) if isinstance(top.data, list) else top.key or ""

    def _path(self, last: str) -> str:
        path = ""
        for frame in self._stack[1:]:
            path = joined(path, frame.step)
        return joined(path, last)


def joined(path: str, step: str | int) -> str:
    """A path with one more key or index."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path else step


def find(root: Place | None, path: str) -> Place | None:
    """
    The place of a path, or of the nearest thing around it that the text has.

    A key may itself contain dots, so the longest key that fits is followed. An index into something
    written without its list (one trigger instead of a list of one) is skipped.
    """
    here, rest = root, path
    while here is not None and rest:
        step, after = _step(here, rest)
        if step is None:
            if rest.startswith("[0]"):
                rest = rest[3:].removeprefix(".")
                continue
            break
        here, rest = here.inner[step], after
    return here


def _step(here: Place, rest: str) -> tuple[str | int | None, str]:
    if rest.startswith("["):
        digits, _, after = rest[1:].partition("]")
        if digits.isascii() and digits.isdigit() and len(digits) < 9 and int(digits) in here.inner:
            return int(digits), after.removeprefix(".")
        return None, rest
    end = len(rest)
    while end > 0:
        if rest[:end] in here.inner:
            return rest[:end], rest[end:].removeprefix(".")
        end = max(rest.rfind(".", 0, end), rest.rfind("[", 0, end))
    return None, rest
