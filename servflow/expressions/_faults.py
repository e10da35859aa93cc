"""Knows how an expression error is made from a code and its facts; must not know when one is due."""

from __future__ import annotations

from typing import Any

from servflow.errors import ExpressionError, render


class OutOfSteps(Exception):
    """
    The evaluation did more work than it may.

    Not an ExpressionError, so that ``&&``, ``||`` and the macros do not absorb it.
    """


def fault(code: str, **facts: Any) -> ExpressionError:
    """
    The error for a code under ``expression.``, its sentence filled from the facts.

    The fact ``nearest`` adds a did-you-mean; None leaves it out.
    """
    if facts.get("nearest") is None:
        facts.pop("nearest", None)
    full = f"expression.{code}"
    message = render(full, facts)
    if "nearest" in facts:
        message = f"{message}; did you mean {facts['nearest']!r}?"
    facts.setdefault("position", None)
    return ExpressionError(message, code=full, **facts)


def placed(error: ExpressionError, position: int) -> ExpressionError:
    """The same error, told where it happened unless it knows already."""
    if error.facts.get("position") is None:
        error.facts["position"] = position
    return error


def sourced(error: ExpressionError, text: str) -> ExpressionError:
    """The same error, told in which text its position lies; position 0 when nothing better is known."""
    error.facts.setdefault("text", text)
    return placed(error, 0)


def foreign(error: BaseException, text: str) -> ExpressionError:
    """What a host's mapping, an exhausted stack or the step limit raised, as an expression error."""
    if isinstance(error, OutOfSteps):
        return sourced(fault("steps"), text)
    if isinstance(error, RecursionError):
        return sourced(fault("stack"), text)
    return sourced(fault("host", kind=type(error).__name__, reason=str(error)[:200]), text)
