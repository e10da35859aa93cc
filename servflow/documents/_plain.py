"""Knows how a mapping from the host becomes plain data of its own; must not know what a definition is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from servflow.documents._limits import LONGEST_KEY, LONGEST_NUMBER, MOST_BYTES, MOST_DEPTH, MOST_NODES
from servflow.documents._tree import HALF_PAIR, joined
from servflow.errors import DefinitionError, Finding, ServflowError
from servflow.model import Span, Title

_LARGEST = 10**LONGEST_NUMBER


def plain_mapping(source: Mapping[Any, Any]) -> tuple[dict[str, Any], list[Finding]]:
    """
    A copy that consists of dicts with text keys, lists and scalars, and what could not be copied.

    Dates become ISO text, lengths of time their spelling and exact numbers text, as a document writes them.

    Raises:
        DefinitionError: too deep or too large; a mapping that contains itself is too deep.
    """
    findings: list[Finding] = []
    copy: dict[str, Any] = {}
    left = MOST_NODES
    # An explicit stack: what the host passes on may come from anywhere.
    stack: list[tuple[Any, dict[str, Any] | list[Any], str, int]] = [(source, copy, "", 1)]
    while stack:
        container, target, path, depth = stack.pop()
        if depth > MOST_DEPTH:
            raise DefinitionError.of([Finding("document.too_deep", path[:200], {"limit": MOST_DEPTH})])
        left -= len(container)
        if left < 0:
            raise DefinitionError.of([Finding("document.too_many", path[:200], {"limit": MOST_NODES})])
        pairs = container.items() if isinstance(container, Mapping) else enumerate(container)
        for step, value in pairs:
            name = _key(step) if isinstance(target, dict) else step
            if name is None:
                findings.append(Finding("document.key_text", path, {"key": repr(step)[:60]}))
                continue
            place = joined(path, name)
            if isinstance(value, Title):  # a title in several languages is written as a mapping of them
                value = value.to_data()
            if isinstance(value, Mapping):
                read: Any = {}
                stack.append((value, read, place, depth + 1))
            elif isinstance(value, (list, tuple)):
                read = []
                stack.append((value, read, place, depth + 1))
            else:
                read = _scalar(value, place, findings)
            if isinstance(target, dict):
                target[str(name)] = read
            else:
                target.append(read)
    return copy, findings


def _key(key: object) -> str | None:
    if isinstance(key, date) and not isinstance(key, datetime):
        return key.isoformat()
    return str(key) if isinstance(key, str) and len(key) <= LONGEST_KEY and not HALF_PAIR.search(key) else None


def _scalar(value: Any, path: str, findings: list[Finding]) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) <= MOST_BYTES:
        if HALF_PAIR.search(value):
            findings.append(Finding("document.characters", path))
            return ""
        return str(value)
    if isinstance(value, int) and -_LARGEST < value < _LARGEST:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    if isinstance(value, timedelta):
        try:
            return Span.of(value).text
        except ServflowError:
            pass
    findings.append(Finding("document.plain", path, {"value": type(value).__name__}))
    return None
