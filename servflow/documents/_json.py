"""Knows how JSON text becomes plain data with places; must not know what a definition is."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import Any

from attrs import define, field

from servflow.documents._limits import LONGEST_NUMBER
from servflow.documents._tree import Builder, refusal

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", re.ASCII)
_DECODER = json.JSONDecoder()
_WORDS = {"true": True, "false": False, "null": None}


@define
class _Scanner:
    """Reads JSON piece by piece; ``expected`` is what may come next."""

    text: str
    builder: Builder = field(factory=Builder)
    at: int = 0
    closers: list[str] = field(factory=list)
    starts: list[int] = field(factory=list)

    def place(self, at: int) -> tuple[int, int]:
        line = bisect_right(self.starts, at)
        return line, at - self.starts[line - 1] + 1

    def skip(self) -> str:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.text[self.at : self.at + 1]

    def fail(self, why: str) -> Any:
        line, column = self.place(self.at)
        raise refusal("json", line, column, why=why)

    def string(self) -> str:
        try:
            value, self.at = _DECODER.raw_decode(self.text, self.at)
        except json.JSONDecodeError as error:
            self.at = error.pos
            self.fail(error.msg[:1].lower() + error.msg[1:])
        return str(value)

    def run(self) -> Builder:
        self.starts = [0, *(found.end() for found in re.finditer("\n", self.text))]
        self.value()
        while self.closers:
            self.after_value()
        if self.skip():
            self.fail("more text after the end of the document")
        return self.builder

    def after_value(self) -> None:
        """What follows within the innermost object or array: its end, or the next entry."""
        closer = self.closers[-1]
        found = self.skip()
        if found == closer:
            self.at += 1
            self.closers.pop()
            self.builder.close()
        elif found == ",":
            self.at += 1
            self.entry()
        else:
            self.fail(f"expected a comma or '{closer}'")

    def entry(self) -> None:
        if self.closers[-1] == "}":
            if self.skip() != '"':
                self.fail("expected a key in double quotes")
            line, column = self.place(self.at)
            self.builder.key(self.string(), line, column)
            if self.skip() != ":":
                self.fail("expected a colon after the key")
            self.at += 1
        self.value()

    def value(self) -> None:
        """One scalar, or the opening of an object or array with its first entry left to come."""
        # Openings follow each other in a loop: nesting never costs a call.
        while True:
            found = self.skip()
            line, column = self.place(self.at)
            if found not in ("{", "["):
                self.builder.scalar(self.scalar(found, line, column), line, column)
                return
            self.builder.open({} if found == "{" else [], line, column)
            self.closers.append("}" if found == "{" else "]")
            self.at += 1
            following = self.skip()
            if following == self.closers[-1]:
                return
            if found == "{":
                if following != '"':
                    self.fail("expected a key in double quotes")
                line, column = self.place(self.at)
                self.builder.key(self.string(), line, column)
                if self.skip() != ":":
                    self.fail("expected a colon after the key")
                self.at += 1

    def scalar(self, found: str, line: int, column: int) -> Any:
        if found == '"':
            return self.string()
        number = _NUMBER.match(self.text, self.at)
        if number:
            if number.end() - self.at > LONGEST_NUMBER:
                raise refusal("number", line, column, limit=LONGEST_NUMBER)
            self.at = number.end()
            read = float(number[0]) if number[2] or number[3] else int(number[0])
            if read in (float("inf"), float("-inf")):
                raise refusal("not_finite", line, column, value=number[0])
            return read
        for word, value in _WORDS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value
        return self.fail("expected a value")


def read_json(text: str) -> Builder:
    """
    Read one JSON document, with the line and column of every value.

    Raises:
        DefinitionError: the text is no JSON, or is too deep or too large.
    """
    return _Scanner(text).run()
