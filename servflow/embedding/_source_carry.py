"""Knows how an entry of a text stands elsewhere as it stood here, comments and all; must not know definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from servflow.documents._prune import held_at
from servflow.embedding._source_spans import Read, Span, Steps, read
from servflow.embedding._source_splice import as_item, ended, lined, lines_of, says, with_comments
from servflow.embedding._source_write import after_colon, in_list, scalar


def bared(text: str, steps: Steps) -> str:
    """The text without the comments directly above an entry of a block."""
    doc = read(text)
    lines = _entry(doc, steps)
    return text if lines is None else text[: with_comments(doc, lines[0])] + text[lines[0] :]


def carried(before: str, old: Steps, text: str, new: Steps) -> str | None:
    """
    The text in which an entry stands as it stood elsewhere, with the comments in it and above it; None where it cannot.

    Args:
        before: the text in which it stood, at *old*.
        text: the text in which it was written anew, at *new*; brackets around it become lines where comments need them.
    """
    piece = _piece(read(before), old, alone=isinstance(new[-1], int) and not isinstance(old[-1], int))
    if piece is None:
        return None
    if _entry(read(text), new) is None and "#" in piece:
        text = opened(text, new[:-1])
    target = read(text)
    place = _entry(target, new)
    if place is None:
        return None
    margin = _margin(text, place[0])
    moved = "".join(" " * margin + line if line.strip() else line for line in lined(piece))
    made = ended(text, text[: place[0]] + moved.rstrip("\r\n") + "\n" + text[place[1] :])
    return made if says(made, target.data) else None


def _piece(doc: Read, steps: Steps, *, alone: bool) -> str | None:
    """The lines of an entry, from the left margin on; what stood *alone* under a key as an item of a list."""
    span = doc.find(steps)
    if alone and span is not None and not span.flow and span.kind == "map":
        lines: tuple[int, int] | None = (doc.line_start(span.start), doc.line_end(span.end))
    elif alone:
        return None if span is None else "- " + doc.text[span.start : doc.line_end(span.end)]
    else:
        lines = _entry(doc, steps)
    if lines is None:
        return None
    margin = _margin(doc.text, lines[0])
    chunk = doc.text[with_comments(doc, lines[0]) : lines[1]]
    made = "".join(line[min(margin, len(line) - len(line.lstrip(" "))) :] for line in lined(chunk))
    made = made.replace("\r\n", "\n")  # lines end as those of where it goes
    return as_item(made) if alone else made


def _entry(doc: Read, steps: Steps) -> tuple[int, int] | None:
    """The whole lines of a key and its value, or of an item; None where it has no lines of its own."""
    holder, last = doc.find(steps[:-1]), steps[-1]
    if holder is None or holder.flow or (holder.kind == "list") != isinstance(last, int):
        return None
    return lines_of(doc, holder, last if isinstance(last, int) else holder.names.index(last))


def _margin(text: str, at: int) -> int:
    return len(text[at:]) - len(text[at:].lstrip(" "))


def opened(text: str, steps: Steps) -> str:
    """The text in which what stands in brackets down to a place stands on lines of its own; as it was where it cannot."""
    doc = read(text)
    around = next((steps[:depth] for depth in range(1, len(steps) + 1) if _in_brackets(doc.find(steps[:depth]))), None)
    holder = None if around is None else doc.find(around[:-1])
    span = None if around is None else doc.find(around)
    if (
        doc.json
        or around is None
        or holder is None
        or span is None
        or holder.kind != "map"
        or "\n" in text[span.start : span.end]
    ):
        return text
    indent = doc.column(holder.keys[0].start)
    colon = text.index(":", holder.keys[holder.names.index(str(around[-1]))].end) + 1
    rest = doc.line_end(span.end)
    beside = text[span.end : rest].rstrip("\r\n")
    lines = _opened(held_at(doc.data, around), steps[len(around) :], indent + 2)
    made = text[:colon] + beside + "\n" + lines + text[rest:]
    return made if says(made, doc.data) else text


def _in_brackets(span: Span | None) -> bool:
    return span is not None and span.flow


def _opened(value: Any, path: Steps, indent: int) -> str:
    gap = " " * indent
    if isinstance(value, Mapping):
        told = ""
        for key, item in value.items():
            inside = path[:1] == (key,) and isinstance(item, (Mapping, list)) and item
            told += f"{gap}{scalar(str(key))}:" + (
                "\n" + _opened(item, path[1:], indent + 2) if inside else after_colon(item, indent) + "\n"
            )
        return told
    return "".join(f"{gap}- {in_list(item, indent)}\n" for item in value)
