"""Knows how single cells of a spreadsheet read and are written; must not know rows, columns or tables."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from servflow.errors import ExpressionError, shown
from servflow.expressions import Expression
from servflow.model import write_instant

SETTINGS = ("table", "hit", "zone", "version", "strict", "words", "commas", "dates")
DETAILS = ("type", "one of", "default", "expr")
SPECIAL = ("id", "note", "start", "end", "labels")

HIT_LETTERS: Mapping[str, str] = {
    "u": "unique",
    "f": "first",
    "p": "priority",
    "a": "any",
    "c": "collect",
    "c+": "collect sum",
    "c<": "collect min",
    "c>": "collect max",
    "c#": "collect count",
    "r": "rule order",
    "o": "output order",
}
"""The letters DMN draws in the corner of a table."""

_MARKS = "in|out|type|one of|default|expr|table|hit|zone|version|strict|words|commas|dates"
_MARK = re.compile(rf"({_MARKS})\s*:\s*(.*)", re.IGNORECASE | re.DOTALL)
_WIDE_MARK = re.compile(rf"({_MARKS})\s*\uff1a", re.IGNORECASE)
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", re.DOTALL)
_QUOTE = re.compile("[\"']")
_WHOLE_SINGLE = re.compile(r"'(?:\\.|[^'\\])*'", re.DOTALL)
_LITERAL = re.compile(r"\"(?:\\.|[^\"\\\n])*\"")
_FORMULA = "=+-@\t\r\n"
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_BARE = re.compile(r"[^\W\d][\w.]*(?: +[\w.]+)*")
_WORDS = ("true", "false", "null")
_DECIMAL_COMMA = re.compile(r"(?<![\w.,])[0-9]+,[0-9]+(?![\w,])")
_DATE = re.compile(r"(?<![\w.])[0-9]{1,4}([-/])[0-9]{1,2}\1[0-9]{1,4}(?!\w)")
_SPAN = re.compile(r"[0-9]+(?:\.[0-9]+)?\s*[-/]\s*[0-9]+(?:\.[0-9]+)?")
_THOUSANDS = re.compile(r"(?<![\w.,])[0-9]{1,3}(?:,[0-9]{3})+(?![\w,])")

# What an input method for Chinese or a word processor puts where ASCII is meant.
_WRITE = {
    "\u201c": '"',
    "\u201d": '"',
    "\u2018": "'",
    "\u2019": "'",
    "\u3001": ",",
    "\u3002": ".",
    "\u3000": " ",
    "\u2013": "-",
    "\u2014": "-",
    "\u2212": "-",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u2260": "!=",
    "\u3010": "[",
    "\u3011": "]",
}


class NoCell(ValueError):
    """A value cannot stand in a cell; the text is the code of the finding."""


def reference(row: int, column: int) -> str:
    """The cell as spreadsheets call it: ``B7``; both count from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def marked(text: str) -> tuple[str, str] | None:
    """The mark before a colon, in lower case, and what follows it; None where there is none."""
    found = _MARK.fullmatch(text)
    return (found[1].lower(), found[2].strip()) if found else None


def widely_marked(text: str) -> bool:
    """Whether a mark is followed by a colon of full width."""
    return _WIDE_MARK.match(text) is not None


def text_of(value: Any, zone: str | None) -> str:
    """
    What a value of a spreadsheet library is as the text of a cell.

    Args:
        value: text, number, bool, date, instant, span or None.
        zone: where dates without an offset are meant.

    Raises:
        NoCell: nothing says what it is.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() <= 200:
        return str(value)
    if isinstance(value, (float, Decimal)):
        if not math.isfinite(value):
            raise NoCell("sheet.value")
        number = Decimal(repr(value)) if isinstance(value, float) else value
        if abs(number.adjusted()) > 60:
            raise NoCell("sheet.value")
        if isinstance(value, float) and number == number.to_integral_value():
            return str(int(number))
        return format(number, "f")
    if isinstance(value, (date, datetime)):
        return f'timestamp("{write_instant(_moment(value, zone))}")'
    if isinstance(value, timedelta):
        return span_text(value)
    raise NoCell("sheet.value")


def _moment(value: date | datetime, zone: str | None) -> datetime:
    at = value if isinstance(value, datetime) else datetime.combine(value, time())
    if at.tzinfo is None:
        if zone is None:
            raise NoCell("sheet.zone")
        at = at.replace(tzinfo=ZoneInfo(zone))
    return at


def span_text(value: timedelta) -> str:
    """A span as the expression that gives it."""
    micros = value // timedelta(microseconds=1)
    whole, rest = divmod(abs(micros), 1_000_000)
    part = f".{rest:06d}".rstrip("0") if rest else ""
    return f'duration("{"-" if micros < 0 else ""}{whole}{part}s")'


def unescaped(text: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    if len(text) > 1 and text[0] == "'" and text[1] in "'" + _FORMULA and not _WHOLE_SINGLE.fullmatch(text):
        return text[1:]
    return text


def escaped(text: str) -> str:
    """A cell that no spreadsheet takes for a formula and that ``unescaped`` gives back."""
    risky = text[:1] in tuple(_FORMULA) and text != "-" and not _NUMBER.fullmatch(text)
    return "'" + text if risky or unescaped(text) != text else text


def free_text(text: str) -> str | None:
    """What a cell for people holds; an apostrophe in front says that all after it is the text as it stands."""
    return text[1:] if text.startswith("'") else text.strip() or None


def freely(text: str | None, *, safe: bool) -> str:
    """A text for people as ``free_text`` reads it."""
    if text is None:
        return ""
    held = text == "" or text != text.strip() or text[0] == "'" or (safe and text[0] in _FORMULA)
    return "'" + text if held else text


def word(text: str) -> str:
    """A name as a heading or setting holds it: in quotes where it would not survive as it stands."""
    plain = text == text.strip() and text[:1] != '"' and text and marked(text) is None
    return text if plain else literal(text)


def named(text: str) -> str:
    """The name that ``word`` wrote, or somebody else did."""
    if _LITERAL.fullmatch(text):
        try:
            return str(Expression.parse(text).evaluate({}))
        except ExpressionError:
            return text
    return text


def literal(value: Any) -> str:
    """
    A value as an expression that gives it.

    Raises:
        NoCell: there is none.
    """
    if isinstance(value, Decimal):
        return f'decimal("{value}")'
    if isinstance(value, datetime):
        return f'timestamp("{write_instant(value)}")'
    if isinstance(value, timedelta):
        return span_text(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    try:
        kind = {"type": "double"} if isinstance(value, float) else {}
        return Expression.from_tree({"const": value, **kind}).text
    except ExpressionError:
        raise NoCell(shown(value)) from None


def outside_quotes(text: str) -> str:
    """The text with every quoted part blanked out."""
    pieces, at, unclosed = [], 0, set()
    for mark in _QUOTE.finditer(text):
        if mark.start() < at or mark[0] in unclosed:
            continue
        found = _QUOTED.match(text, mark.start())
        if found is None:  # nor is any later quote of this kind closed: looking on from each would take forever
            unclosed.add(mark[0])
        else:
            pieces += [text[at : mark.start()], " " * len(found[0])]
            at = found.end()
    return "".join(pieces) + text[at:]


def full_width(text: str) -> tuple[str, str] | None:
    """The characters outside quotes that are of full width where ASCII is meant, and the cell as it should be."""
    if text.isascii():  # as nearly every cell is
        return None
    bare = outside_quotes(text)
    found = sorted({sign for sign in bare if _narrow(sign) != sign})
    if not found:
        return None
    instead = "".join(_narrow(sign) if bare[index] == sign else sign for index, sign in enumerate(text))
    return "".join(found), instead


def _narrow(sign: str) -> str:
    if sign in _WRITE:
        return _WRITE[sign]
    return unicodedata.normalize("NFKC", sign) if "\uff01" <= sign <= "\uff5e" else sign


def comma_number(text: str, *, decimal: bool) -> tuple[str, str, str] | None:
    """
    A number with a comma in it, the number it may mean, and the list it may mean.

    Args:
        decimal: whether a comma may be a decimal comma here, and not only part thousands.
    """
    if "," not in text:
        return None
    bare = outside_quotes(text)
    found = _THOUSANDS.search(bare)
    if found:
        return found[0], found[0].replace(",", ""), found[0].replace(",", ", ")
    found = _DECIMAL_COMMA.search(bare) if decimal else None
    return (found[0], found[0].replace(",", "."), found[0].replace(",", ", ")) if found else None


def like_a_date(text: str) -> str | None:
    """What looks like a date or like one number to another, and would be calculated: ``2026/1/5``, ``1-5``."""
    if "-" not in text and "/" not in text:
        return None
    bare = outside_quotes(text)
    found = _DATE.search(bare)
    if found:
        return found[0]
    parts = (part.strip("<>=![]() \t") for part in bare.split(","))
    return next((part for part in parts if _SPAN.fullmatch(part)), None)


def bare_words(text: str) -> tuple[str, ...]:
    """The parts of a comma list, or of ``not(...)`` around one, that are words without quotes."""
    inner = _inside(text)
    return tuple(part.strip() for part in _parts(inner) if _is_bare(part.strip()))


def quoted_words(text: str, keep: frozenset[str]) -> str:
    """The same cell with its bare words as texts, but for those to keep."""
    inner = _inside(text)
    made = []
    for part in _parts(inner):
        bare = part.strip()
        made.append(part.replace(bare, literal(bare)) if _is_bare(bare) and bare not in keep else part)
    joined = ",".join(made)
    return text.replace(inner, joined, 1) if inner != text else joined


def _is_bare(text: str) -> bool:
    return _BARE.fullmatch(text) is not None and text not in _WORDS


def _inside(text: str) -> str:
    found = re.fullmatch(r"not\s*\((.*)\)", text, re.DOTALL)
    return found[1] if found else text


def _parts(text: str) -> list[str]:
    bare = outside_quotes(text)
    if any(sign in bare for sign in "()[]{}"):
        return [text]
    places = [-1, *(index for index, sign in enumerate(bare) if sign == ","), len(text)]
    return [text[start + 1 : end] for start, end in pairwise(places)]
