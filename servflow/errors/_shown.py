"""Knows how any value may be quoted in a message; must not know what the message is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

_LEVELS = 3
_ITEMS = 6
_TEXT = 80
_BITS = 256
_WHOLE = 300


def shown(value: Any) -> str:
    """
    A value as a message may quote it: what ``repr`` gives, cut so that it is short whatever the value is.

    At most 300 characters that UTF-8 can write. It never walks deeply, never writes a number of thousands of digits
    and never raises, even where the value's own ``repr`` does.
    """
    try:
        text = _short(value, _LEVELS)
    except Exception:
        text = f"<{type(value).__name__}>"
    return _cut(text if text.isascii() else text.encode(errors="backslashreplace").decode(), _WHOLE)


def _short(value: Any, level: int) -> str:
    if isinstance(value, (str, bytes, bytearray)):
        return repr(value) if len(value) <= _TEXT else f"{value[:_TEXT]!r}…"
    if isinstance(value, int) and value.bit_length() > _BITS:
        return f"<a whole number of {value.bit_length()} bits>"
    if isinstance(value, Mapping):
        pairs = ((_short(key, 0), item) for key, item in value.items())
        return _listed("{}", (f"{key}: {_short(item, level - 1)}" for key, item in pairs), len(value), level)
    if isinstance(value, list):
        return _listed("[]", (_short(item, level - 1) for item in value), len(value), level)
    if isinstance(value, tuple):
        return _listed("()", (_short(item, level - 1) for item in value), len(value), level)
    if isinstance(value, (set, frozenset)):
        # Sorted, so that one value is always quoted alike.
        return _listed("{}", iter(sorted(_short(item, 0) for item in islice(value, 1_000))), len(value), level)
    try:
        return _cut(repr(value), _TEXT)
    except Exception:  # the value is a stranger's, and its repr may do anything
        return f"<{type(value).__name__}>"


def _listed(brackets: str, items: Iterable[str], count: int, level: int) -> str:
    if level <= 0 and count:
        return f"{brackets[0]}…{brackets[1]}"
    said = [*islice(items, _ITEMS), *(["…"] if count > _ITEMS else [])]
    alone = "," if brackets == "()" and count == 1 else ""
    return f"{brackets[0]}{', '.join(said)}{alone}{brackets[1]}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
