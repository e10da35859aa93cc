"""Knows what a rule is as it applies to one ticket, and how what is asked is read; must not know the rules."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from typing import Any

from attrs import define

from servflow.dispatch._candidates import Candidate
from servflow.dispatch._case import Case
from servflow.dispatch._requirement import Requirement
from servflow.errors import ExpressionError, shown

STATIC, CAPACITY, TIME = 0, 1, 2
"""What can turn a verdict: a change of ticket or world, a release of capacity, or time alone."""

ABSENT = ("away", "offline")


def never(_: Candidate) -> datetime | None:
    return None


def nothing(_: Candidate) -> Any:
    return None


@define(kw_only=True)
class Check:
    """
    One rule as it applies to this ticket.

    ``passes`` judges a candidate; ``have`` and ``change`` are asked only for explanations and for
    candidates that time can turn. ``names`` is what is asked after everything that was relaxed: (skill, least level)
    for ``skill``, (part, count) for ``part``, sets of areas of which one is to be served for ``area``, sets of contracts
    of which one is to be held for ``contract``, names else; empty where there are none. ``limit`` is the most of the
    candidate's capacity that may be taken, ``channel_limit`` the most of the ticket's channel.
    """

    rule: str
    kind: str
    need: Any
    passes: Callable[[Candidate], bool]
    have: Callable[[Candidate], Any] = nothing
    change: Callable[[Candidate], datetime | None] = never
    limit: Callable[[Candidate], int | None] | None = None
    channel_limit: Callable[[Candidate], int | None] | None = None
    names: tuple[Any, ...] = ()
    phase: int = STATIC
    excludes: bool = True
    why: str = "asked"
    key: Hashable = None
    told: tuple[str, str] | None = None


Wanted = tuple[tuple[str, int], ...]


_ASK = object()


def wanted(case: Case, entry: Requirement, value: Any = _ASK) -> Wanted | None:
    """
    The names a requirement asks for, each with its least level or quantity; None when nothing is asked.

    Args:
        case: the decision.
        entry: the requirement.
        value: what it asks for, where that is known; else its expression is asked.

    Raises:
        ExpressionError: the expression cannot be computed for this ticket.
    """
    least = whole_of(entry.level.value(case.bindings), "level", 1) if entry.level is not None else 1
    value = asked(case, entry) if value is _ASK else value
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return ((value, least),)
    if isinstance(value, Mapping):
        return tuple((_name(name), whole_of(level, "level", least)) for name, level in value.items()) or None
    if isinstance(value, (list, tuple)):
        return tuple((_name(name), least) for name in value) or None
    raise ExpressionError(f"{entry.kind} must be a name, a list of names or a map, not {shown(value)}")


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise ExpressionError(f"{shown(value)} is not a name")
    return value


def whole_of(value: Any, what: str, default: int) -> int:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        raise ExpressionError(f"{what} must be a whole number, not {shown(value)}")
    return int(value)


def asked(case: Case, entry: Requirement) -> Any:
    text = getattr(entry, entry.kind)
    return text.value(case.bindings)


def told(names: Wanted) -> Any:
    if all(level == 1 for _, level in names):
        return names[0][0] if len(names) == 1 else [name for name, _ in names]
    return dict(names)


def key_of(case: Case, check: Check) -> Hashable:
    """
    What a rule asks, to the last detail: two rules with one key let the same candidates through, as long as the index stands.

    What ``need`` does not say is how far the rule was widened, and how many steps to neighbours are let in.
    """
    wide, beside = case.widened.get(check.rule, 0), case.beside.get(check.rule, 0)
    names = frozen(check.need)
    return (check.kind, names, wide, beside) if wide or beside else (check.kind, names)


def frozen(value: Any) -> Hashable:
    """The same as something that can be looked up."""
    if isinstance(value, (list, tuple)):
        return tuple([frozen(item) for item in value])
    if isinstance(value, Mapping):
        return "", *((name, frozen(item)) for name, item in value.items())
    return value  # type: ignore[no-any-return]  # what is asked holds names, numbers and instants
