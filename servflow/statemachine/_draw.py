"""Knows in which formats a chart can be drawn; must not know how any of them is written, nor what states mean to a host."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from servflow.errors import InputError, nearest
from servflow.statemachine._draw_dot import dot
from servflow.statemachine._draw_mermaid import mermaid
from servflow.statemachine._draw_table import html, table
from servflow.statemachine._picture import Look, Picture

if TYPE_CHECKING:
    from servflow.statemachine._machine import Machine

_WRITERS: Mapping[str, Callable[[Picture], str]] = {"mermaid": mermaid, "dot": dot, "table": table, "html": html}

FORMATS = tuple(_WRITERS)
"""What a drawing can be: ``mermaid`` (a stateDiagram-v2), ``dot`` (Graphviz), ``table`` (Markdown) or ``html``."""


def draw(
    machine: Machine,
    format: str = "mermaid",  # noqa: A002 - the word users type, in Python as on the command line
    *,
    labels: Callable[[int], str] | None = None,
    marked: Collection[str] = (),
    look: Look | None = None,
) -> str:
    """
    The machine as text, drawn from the very tables that steps run on.

    Ids, labels and notes are escaped, so a definition from outside cannot add lines, links or markup to the drawing.
    Long labels are broken or cut in pictures; the tables have them in full.

    Args:
        machine: what to draw.
        format: ``mermaid`` (a stateDiagram-v2), ``dot`` (Graphviz), ``table`` (Markdown, one line per transition) or
            ``html`` (the same table).
        labels: what to write on a transition, by its index; its events and condition if None.
        marked: ids of states to stand out, such as those of a configuration; unknown ones are ignored.
        look: what else is drawn: notes, tones, borders, captions, tables.

    Raises:
        InputError: no such format.
    """
    asked: object = format  # whatever a host passed
    if not isinstance(asked, str) or asked not in _WRITERS:
        close = nearest(str(format), FORMATS)
        raise InputError(
            f"no drawing in format {str(format)[:50]!r}; there are {', '.join(FORMATS)}",
            code="machine.format",
            format=format,
            nearest=close,
        )
    look = look or Look()
    tones = {**dict.fromkeys(marked, "marked"), **look.tones}
    return _WRITERS[format](Picture(machine._chart, labels, attrs.evolve(look, tones=tones)))


def mime_bundle(plain: str, drawn: Callable[[str], str]) -> dict[str, Any]:
    """What a notebook shows of something that can be drawn: the richest form it knows, none with a script in it."""
    picture = drawn("mermaid")
    return {
        "text/plain": plain,
        "text/vnd.mermaid": picture,
        "text/markdown": f"```mermaid\n{picture}```\n",
        "text/html": drawn("html"),
    }
