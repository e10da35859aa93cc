"""Knows how a value is written in YAML and JSON beside what stands there already; must not know where it is put."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from servflow.documents._yaml import _FLOAT, _HEX, _INT, _NOT_FINITE, _OCTAL

WIDTH = 110
"""Up to how many characters an element is written on one line."""

_PLAIN = re.compile(r"[A-Za-z_\u4e00-\u9fff0-9][\w\u4e00-\u9fff .\-/()'\"=<>+*&|!%@~;$^?]*", re.ASCII)
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_DATE = re.compile(r"[0-9]{1,4}[-:][0-9]")
_RAW = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def scalar(value: Any, *, as_json: bool = False, style: str | None = None) -> str:
    """One text, number, truth value or nothing; a text in the quotes that stood there before, where they fit."""
    if not isinstance(value, str) or as_json:
        return json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else _double(value)
    if (style == "'" or (style is None and '"' in value and "'" not in value and not _is_plain(value))) and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    if style != '"' and _is_plain(value):
        return value
    return _double(value)


def _double(value: str) -> str:
    return _RAW.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _is_plain(text: str) -> bool:
    if not _PLAIN.fullmatch(text) or text[-1] == " " or text.lower() in _WORDS or len(text) > WIDTH:
        return False
    if text[0] in "0123456789" and (_DATE.match(text) or any(one.fullmatch(text) for one in (_INT, _FLOAT, _HEX, _OCTAL))):
        return False
    return not _NOT_FINITE.fullmatch(text)


def flow(value: Any, *, as_json: bool = False) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{scalar(str(key), as_json=as_json)}: {flow(item, as_json=as_json)}" for key, item in value.items())
        return "{" + inner + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow(item, as_json=as_json) for item in value) + "]"
    return scalar(value, as_json=as_json)


def block(value: Any, indent: int) -> str:
    """
    A value over as many lines as it needs; what fits on one line stands on one.

    The first line begins at the cursor, the others have *indent* spaces.
    """
    head = "\n" + " " * indent
    if isinstance(value, Mapping) and value:
        return head.join(f"{scalar(str(key))}:{after_colon(item, indent)}" for key, item in value.items())
    if isinstance(value, (list, tuple)) and value:
        return head.join(f"- {in_list(item, indent)}" for item in value)
    return flow(value)


def in_list(item: Any, indent: int) -> str:
    """What stands behind a dash that has *indent* spaces before it."""
    written = flow(item)
    return written if len(written) + indent <= WIDTH or not item else block(item, indent + 2)


def after_colon(item: Any, indent: int, *, spread: bool = False) -> str:
    """What stands behind the colon of a key that has *indent* spaces before it; *spread*: each element on its own line."""
    written = flow(item)
    plain = not isinstance(item, (Mapping, list, tuple)) or not item
    if plain or (not spread and len(written) + indent <= WIDTH):
        return " " + written
    return "\n" + " " * (indent + 2) + block(item, indent + 2)
