"""Knows how documents write an expression, and how it is told what is wrong with one; must not know which documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from servflow.errors import ExpressionError, Finding, shown
from servflow.expressions._builtins import Function
from servflow.expressions._expression import Expression


def read_expression(
    value: Any,
    types: Mapping[str, Any] | None,
    path: str,
    *,
    functions: Mapping[str, Function] | None = None,
    strict: bool = False,
) -> Expression | Finding:
    """
    An expression as a document writes it, or what is wrong with it.

    Args:
        value: its text, its tree, an expression, or a constant: a boolean or a number.
        types: what it may read, as ``Expression.parse`` takes it.
        path: where it stands, for the finding.
        functions: the host's functions by name.
        strict: as ``Expression.parse`` takes it.
    """
    text = _written(value)
    try:
        if isinstance(value, Mapping):
            text = Expression.from_tree(value, functions=functions).text
        return Expression.parse(text, types, functions=functions, strict=strict)
    except ExpressionError as error:
        facts = dict(error.facts)
        told = {"text": text, "why": error.message, "cause": (error.code, facts)}
        return Finding("expression.invalid", path, {**told, **{name: facts.get(name) for name in ("nearest", "position")}})


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    return shown(value)


__all__ = ["read_expression"]
