"""Knows how values, rows and reasons are put into words and into data; must not know what they explain."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from servflow.errors import TimeError, render
from servflow.expressions import Trace
from servflow.model import Span, write_instant

MAX_DEPTH = 24
"""How deep a value is told; values of fields and outputs are never nested deeper."""

_LONGEST = 120


def plain_data(value: Any, depth: int = 0) -> Any:
    """A value as fresh JSON-ready data: exact numbers, instants, lengths of time and bytes as text."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return write_instant(value)
    if isinstance(value, timedelta):
        return _length(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (Mapping, list, tuple, set, frozenset)):
        if depth >= MAX_DEPTH:
            return "…"
        if isinstance(value, Mapping):
            return {str(name): plain_data(item, depth + 1) for name, item in value.items()}
        return [plain_data(item, depth + 1) for item in value]
    return str(float(value)) if isinstance(value, Fraction) else str(value)


def _length(value: timedelta) -> str:
    try:
        return Span.of(value).text
    except TimeError:  # negative, or longer than a span may be
        return f"{value.total_seconds():g}s"


def said(value: Any, depth: int = 0) -> str:
    """A value as people read it and cells write it: text in quotes, everything else bare."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _short(repr(value)) if isinstance(value, float) or value.bit_length() < 200 else "…"
    if depth >= MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return _short(", ".join(f"{name} = {said(item, depth + 1)}" for name, item in list(value.items())[:20]))
    if isinstance(value, (list, tuple)):
        told = [said(item, depth + 1) for item in value[:20]]
        pieces = [f"{{{text}}}" if isinstance(item, Mapping) else text for text, item in zip(told, value, strict=False)]
        return _short("[" + ", ".join(pieces) + (", …" if len(value) > 20 else "") + "]")
    if isinstance(value, str):
        return _short(json.dumps(value, ensure_ascii=False))
    return _short(str(plain_data(value)))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def row_words(row: int, name: str | None, lang: str) -> str:
    """A row as it is named in a sentence: its number from 0, and its id where it has one."""
    if name is None:
        return str(row)
    return f"{row}「{name}」" if lang == "zh" else f"{row} ({name})"


def trace_lines(traces: Iterable[Trace], lang: str = "en") -> tuple[str, ...]:
    """What expressions came to, as sentences: the comparisons of a condition, or the value of anything else."""
    lines: list[str] = []
    for trace in traces:
        if isinstance(trace.value, bool) or trace.error is not None:
            lines += trace.lines(lang)
        else:
            lines.append(words("value", lang, text=trace.text, value=said(trace.value)))
    return tuple(lines)


def listed(items: Iterable[str], lang: str) -> str:
    """Several things in one sentence."""
    return ("；" if lang == "zh" else "; ").join(items)  # noqa: RUF001 - Chinese punctuation


def words(name: str, lang: str, **facts: Any) -> str:
    """One sentence of an explanation."""
    return sentence(f"rules.told_{name}", facts, lang)


def sentence(code: str, facts: Mapping[str, Any], lang: str) -> str:
    """The sentence of a code; beside a closing Chinese bracket there is no space."""
    return render(code, facts, lang).replace("」 行", "」行")
