"""Knows the parts of a rule besides its condition and actions: period, score, labels; must not know when a rule runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from itertools import product
from typing import Any

from attrs import field, frozen

from servflow.errors import ExpressionError, Finding, nearest, shown
from servflow.expressions import Expression
from servflow.rules._cells import Functions
from servflow.rules._definition import plain
from servflow.rules._effective import Bounds, Effective, bounds_of, read_effective, read_zone

MAX_TERMS = 100
"""Most weighted conditions of one score."""

_WRITTEN_OUT = 4  # terms of a score whose ways to the threshold are written out

MAX_LABELS = 100
"""Most labels of one rule, each of at most 200 characters."""

MAX_NOTE = 10_000
"""Longest note, in characters."""

MAX_PRIORITY = 1_000_000
"""The lowest priority that can be written."""

_SCALE = 6  # digits after the point a weight may have; sums are whole numbers of this unit and so exact
_UNIT: int = 10**_SCALE
_MOST = 10**9  # how large a weight may be: sums of as many as there may be fit 64 bits
_NUMBER = re.compile(r"[+-]?[0-9]{1,10}(\.[0-9]{1,6}0*)?")

SCORE = "score"
"""What the actions of a scoring rule read the sum as."""


@frozen
class Period:
    """
    When a rule is in force: from *start* on and before *end*; an open side is None.

    Each is an instant with its offset, or a date, which is the first instant of that date in *zone*.
    """

    start: str | None = None
    end: str | None = None
    zone: str | None = None
    bounds: Bounds = field(default=(None, None), eq=False, repr=False)

    def to_data(self) -> dict[str, str]:
        """The period as a rule writes it."""
        parts = (("start", self.start), ("end", self.end), ("zone", self.zone))
        return {name: text for name, text in parts if text is not None}


@frozen
class Term:
    """One weighted condition of a score: *weight* counts where *when* holds."""

    when: Expression
    weight: int | Decimal
    note: str | None = None

    def to_data(self) -> dict[str, Any]:
        """The term as a rule writes it."""
        data: dict[str, Any] = {"when": self.when.text, "weight": plain(self.weight)}
        if self.note is not None:
            data["note"] = self.note
        return data


def units(value: int | Decimal) -> int:
    """A weight as a whole number of the smallest unit, so that sums are exact whatever the order."""
    return int(value * _UNIT if isinstance(value, int) else value.scaleb(_SCALE))


def from_units(total: int, *, whole: bool) -> int | Decimal:
    """What a sum of units comes to: an int where all weights are, otherwise a decimal."""
    if whole:
        return total // _UNIT
    sign, digits = ("-" if total < 0 else ""), str(abs(total)).rjust(_SCALE + 1, "0")
    fraction = digits[-_SCALE:].rstrip("0")
    return Decimal(f"{sign}{digits[:-_SCALE]}" + (f".{fraction}" if fraction else ""))


def read_condition(source: Any, functions: Functions, path: str, found: list[Finding]) -> Expression | None:
    """Read a condition from its text, its tree, or true or false; what cannot be read becomes a finding."""
    if source is None or isinstance(source, Expression):
        return source
    try:
        if isinstance(source, Mapping):
            return Expression.from_tree(source, functions=functions)
        if isinstance(source, bool):
            return Expression.parse("true" if source else "false")
        if isinstance(source, str):
            return Expression.parse(source, functions=functions)
        found.append(Finding("rules.when_form", path, {"value": source}))
    except ExpressionError as error:
        facts = {"cell": source, "problem": error.message, "position": error.facts.get("position")}
        found.append(Finding("rules.cell", path, facts))
    return None


def read_priority(value: Any, found: list[Finding]) -> int | None:
    """Read a priority: a whole number from 1, the highest."""
    if value is None or (type(value) is int and 1 <= value <= MAX_PRIORITY):
        return value
    found.append(Finding("rules.priority", "priority", {"value": shown(value)}))
    return None


def read_word(value: Any, path: str, found: list[Finding], longest: int = 200) -> str | None:
    """Read a short text that is not empty."""
    if value is None or (isinstance(value, str) and value.strip() and len(value) <= longest):
        return value
    found.append(Finding("rules.word", path, {"value": shown(value), "limit": longest}))
    return None


def read_labels(source: Any, found: list[Finding]) -> tuple[str, ...]:
    """Read a list of labels; one label may stand alone."""
    items = (source,) if isinstance(source, str) else () if source is None else source
    if not isinstance(items, (list, tuple)) or len(items) > MAX_LABELS:
        found.append(Finding("rules.rule_labels", "labels", {"value": shown(source), "limit": MAX_LABELS}))
        return ()
    read = [read_word(item, f"labels[{index}]", found) for index, item in enumerate(items)]
    return tuple(dict.fromkeys(label for label in read if label is not None))


def read_period(source: Any, found: list[Finding]) -> Period | None:
    """Read when a rule is in force; a period open on both sides is none."""
    zone: Any = None
    if isinstance(source, Period):
        source, zone = Effective(source.start, source.end), source.zone
    elif isinstance(source, Mapping):
        zone, source = source.get("zone"), {key: value for key, value in source.items() if key != "zone"}
    read: list[Finding] = []
    known_zone = read_zone(zone, read)
    found.extend(Finding(finding.code, "effective.zone", finding.facts) for finding in read)
    before = len(found)
    effective = read_effective(source, "effective", found, beside=("zone",))
    if effective is None or len(found) > before:
        return None
    told: list[Finding] = []
    bounds = bounds_of(effective, known_zone, "effective", told)
    missing = zone is None
    for finding in told:
        if finding.code != "rules.effective_zone":
            found.append(finding)
        elif missing:  # a zone that is none was told already
            found.append(Finding("rules.period_zone", finding.path, finding.facts))
    return Period(effective.start, effective.end, known_zone, bounds)


def read_score(source: Any, threshold: Any, functions: Functions, found: list[Finding]) -> tuple[tuple[Term, ...], Any]:
    """Read the weighted conditions and the threshold, which only go together."""
    if source is None or (isinstance(source, (list, tuple)) and not source):
        if threshold is not None:
            found.append(Finding("rules.threshold_alone", "threshold", {"value": shown(threshold)}))
        return (), None
    if isinstance(source, (Mapping, Term)):
        source = [source]
    if not isinstance(source, (list, tuple)) or len(source) > MAX_TERMS:
        found.append(Finding("rules.score_form", "score", {"value": shown(source), "limit": MAX_TERMS}))
        return (), None
    terms = [_term(item, f"score[{index}]", functions, found) for index, item in enumerate(source)]
    if threshold is None:
        found.append(Finding("rules.threshold", "threshold", {}))
        return (), None
    limit = _weight(threshold, "threshold", found)
    return tuple(term for term in terms if term is not None), limit


def _term(item: Any, path: str, functions: Functions, found: list[Finding]) -> Term | None:
    if isinstance(item, Term):
        item = {"when": item.when, "weight": item.weight, "note": item.note}
    if not isinstance(item, Mapping):
        found.append(Finding("rules.term_form", path, {"value": shown(item)}))
        return None
    known = ("when", "weight", "note")
    for key in item:
        if key not in known:
            facts = {"key": shown(key), "known": known, "nearest": nearest(shown(key), known)}
            found.append(Finding("rules.unknown_key", path, facts))
    if item.get("when") is None or item.get("weight") is None:
        found.append(Finding("rules.term_form", path, {"value": shown(dict(item))}))
        return None
    when = read_condition(item["when"], functions, f"{path}.when", found)
    weight = _weight(item["weight"], f"{path}.weight", found)
    note = read_word(item.get("note"), f"{path}.note", found, MAX_NOTE)
    return None if when is None or weight is None else Term(when, weight, note)


def whole_condition(
    when: Expression | None, score: tuple[Term, ...], threshold: int | Decimal, functions: Functions
) -> Expression:
    """
    A scoring rule as one condition, for whoever reasons about it.

    Few terms are written out as the ways in which they reach the threshold, which can be reasoned about; more of them as
    the sum of the weights. What fails may fail otherwise here, so it is not what the rule is asked by.

    Raises:
        ExpressionError: it would be longer than a condition may be.
    """
    reached = _ways(score, threshold) if len(score) <= _WRITTEN_OUT else _sum(score, threshold)
    tree = reached if when is None else {"call": "_&&_", "args": [when.tree, reached]}
    return Expression.from_tree(tree, functions=functions)


def _ways(score: tuple[Term, ...], threshold: int | Decimal) -> dict[str, Any]:
    ways: list[dict[str, Any]] = []
    for chosen in product((True, False), repeat=len(score)):
        if sum(term.weight for term, taken in zip(score, chosen, strict=True) if taken) >= threshold:
            parts = [
                term.when.tree if taken else {"call": "!_", "args": [term.when.tree]}
                for term, taken in zip(score, chosen, strict=True)
            ]
            ways.append(parts[0] if len(parts) == 1 else {"call": "_&&_", "args": parts})
    if len(ways) < 2:
        return ways[0] if ways else {"const": False}
    return {"call": "_||_", "args": ways}


def _sum(score: tuple[Term, ...], threshold: int | Decimal) -> dict[str, Any]:
    sums: list[Any] = [
        {"call": "_?_:_", "args": [term.when.tree, {"const": units(term.weight)}, {"const": 0}]} for term in score
    ]
    while len(sums) > 1:  # pair by pair, so that it stays low
        pairs = [sums[index : index + 2] for index in range(0, len(sums), 2)]
        sums = [pair[0] if len(pair) == 1 else {"call": "_+_", "args": pair} for pair in pairs]
    return {"call": "_>=_", "args": [sums[0], {"const": units(threshold)}]}


def _weight(value: Any, path: str, found: list[Finding]) -> int | Decimal | None:
    read = _exact(value)
    if read is None:
        found.append(Finding("rules.weight", path, {"value": shown(value), "digits": _SCALE}))
    return read


def _exact(value: Any) -> int | Decimal | None:
    """A number of at most nine digits before the point and six after it; a float is the shortest text that is it."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        return None
    if isinstance(value, int):
        return value if -_MOST <= value <= _MOST else None
    try:
        number = Decimal(value.strip() if isinstance(value, str) else repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        return None
    if not number.is_finite() or len(str(value)) > 60 or abs(number) > _MOST:
        return None
    written = format(number, "f") if abs(number.as_tuple().exponent) <= 40 else ""  # type: ignore[arg-type] # finite, so an int
    if not _NUMBER.fullmatch(written):
        return None
    whole = number == int(number)
    return int(number) if whole else from_units(units(number), whole=False)


__all__ = [
    "MAX_LABELS",
    "MAX_NOTE",
    "MAX_PRIORITY",
    "MAX_TERMS",
    "SCORE",
    "Period",
    "Term",
    "from_units",
    "read_condition",
    "read_labels",
    "read_period",
    "read_priority",
    "read_score",
    "read_word",
    "units",
    "whole_condition",
]
