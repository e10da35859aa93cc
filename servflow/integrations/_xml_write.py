"""Knows how texts are written in XML so that they read back as they were; must not know what they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping

from servflow.errors import InputError

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_SPECIAL = re.compile('[&<>"\t\n\r]')


def escaped(text: str) -> str:
    """
    A text for an attribute.

    Raises:
        InputError: it holds a character that XML cannot.
    """
    bad = _ILLEGAL.search(text)
    if bad is not None:
        raise InputError(
            f"XML cannot hold the character U+{ord(bad[0]):04X} in {text[:60]!r}; take it out before exporting",
            code="xml.character",
            text=text[:60],
        )
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], text)


def escaped_text(text: str) -> str:
    """
    A text inside an element; quotes and line feeds stay as they are.

    Raises:
        InputError: it holds a character that XML cannot.
    """
    return escaped(text).replace("&quot;", '"').replace("&#10;", "\n").replace("&#9;", "\t")


def tag(name: str, attributes: Mapping[str, str | None], *, closed: bool) -> str:
    """A tag with those attributes that are not None."""
    said = "".join(f' {key}="{escaped(value)}"' for key, value in attributes.items() if value is not None)
    return f"<{name}{said}{'/' if closed else ''}>"
