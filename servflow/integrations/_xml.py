"""Knows how a stranger's XML is read without running, fetching or expanding anything; must not know what it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

from attrs import define, field

from servflow.errors import InputError

MAX_LENGTH = 4_000_000
MAX_ELEMENTS = 50_000
MAX_DEPTH = 60


@define
class Element:
    """
    One element: its namespace and name, its attributes, what is inside it, and its line.

    Attributes without a namespace go by their name, others by namespace, blank, name.
    """

    space: str
    name: str
    attributes: Mapping[str, str]
    line: int
    children: list[Element] = field(factory=list)
    text: list[str] = field(factory=list)


@define
class _Builder:
    parser: Any
    above: int = 0
    most: int = MAX_ELEMENTS
    root: Element | None = None
    open: list[Element] = field(factory=list)
    count: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        line = self.parser.CurrentLineNumber + self.above
        if self.count > self.most:
            raise _refusal(f"more than {self.most:,} elements", line)
        if len(self.open) >= MAX_DEPTH:
            raise _refusal(f"elements that lie more than {MAX_DEPTH} deep in one another", line)
        space, _, local = name.rpartition(" ")
        element = Element(space, local, attributes, line)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, _name: str) -> None:
        self.open.pop()

    def said(self, text: str) -> None:
        self.open[-1].text.append(text)

    def doctype(self, *_: Any) -> None:
        raise _refusal(
            "a DOCTYPE, which could define entities or fetch files; take it out", self.parser.CurrentLineNumber + self.above
        )


def _refusal(what: str, line: int) -> InputError:
    return InputError(f"line {line}: the XML has {what}", code="xml.refused", line=line, what=what)


def read_xml(source: str | bytes, *, longest: int = MAX_LENGTH, most: int = MAX_ELEMENTS) -> Element:
    """
    The root element of a document.

    Only the five entities that XML knows by itself and characters by number stand for something else.

    Args:
        source: the document; text is taken as it is, whatever encoding it declares.
        longest: how many characters or bytes it may have.
        most: how many elements it may have.

    Raises:
        InputError: it is no well-formed XML, too long, too deep, has too many elements or has a DOCTYPE.
    """
    given: object = source
    if not isinstance(given, (str, bytes)):
        raise InputError(f"XML is text or bytes, not {type(given).__name__}; read a file first", code="xml.refused")
    if len(source) > longest:
        raise InputError(f"the XML is longer than {longest:,} characters", code="xml.refused", length=len(source))
    # A blank cannot be in a namespace that means something, so it parts namespace and name.
    parser = expat.ParserCreate("utf-8" if isinstance(source, str) else None, " ")
    # A document in a text of many lines often begins on the second one, where XML allows no declaration.
    begun = source.lstrip()
    above = source[: len(source) - len(begun)].count("\n" if isinstance(source, str) else b"\n")  # type: ignore[arg-type]  # one or the other
    builder = _Builder(parser, above, most)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.said
    try:
        parser.Parse(begun.encode() if isinstance(begun, str) else begun, True)
    except expat.ExpatError as error:
        why = expat.ErrorString(error.code)
        raise InputError(
            f"this is no well-formed XML: {why} (line {error.lineno + above}, column {error.offset + 1})",
            code="xml.syntax",
            line=error.lineno + above,
            column=error.offset + 1,
            why=why,
        ) from None
    except InputError:  # what the builder refuses; a ValueError, as the following are
        raise
    except (UnicodeError, LookupError, ValueError) as error:
        raise InputError(f"the XML cannot be decoded: {error}; save it as UTF-8"[:300], code="xml.syntax") from None
    assert builder.root is not None  # a document without a root is not well-formed
    return builder.root
