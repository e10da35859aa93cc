"""Knows what a rule is: a condition and the actions that follow; must not carry an action out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from servflow.errors import DefinitionError, ExpressionError, Finding
from servflow.expressions import Expression, Function
from servflow.model import Action, actions
from servflow.rules._cells import Functions
from servflow.rules._definition import check_flag, check_name, plain
from servflow.rules._rule_parts import (
    MAX_NOTE,
    SCORE,
    Period,
    Term,
    read_condition,
    read_labels,
    read_period,
    read_priority,
    read_score,
    read_word,
    whole_condition,
)


def _given(value: Any) -> Any:
    return value


@frozen(kw_only=True)
class Rule:
    """
    A condition and the actions that follow when it holds.

    The keywords are the keys of the document. ``when`` is an expression's text or tree; without it the rule
    always holds. ``then`` is an action or a list of them. What a person set stays as it is unless
    ``overwrite`` is true.

    ``priority`` is a whole number, 1 the highest; rules without one come after those with, and equal ones in the
    order of the document. While a rule with ``stop`` holds, no rule of its ``group`` that comes after it acts, and once it
    has acted no other rule of the group acts in that step; the rules without a group are one group. ``effective`` is
    ``{start, end, zone}``: outside that period, which includes its start and not its end, the rule is not asked. A rule with
    ``score``, a list of ``{when, weight, note}``, holds when ``when`` does and the weights of the conditions that hold
    add up to ``threshold`` or more; weights are exact (six digits after the point) and may be negative, and the values of
    ``then`` read the sum as ``score``. ``labels`` and ``note`` are for people.

    ``reads`` are the names that set it off again when they change: those of its conditions and of the values it
    sets; ``writes`` the names its actions may change; ``condition`` is ``when`` and the score as one condition, ``values``
    the expressions of ``set`` by the action's index and the name they set. ``functions`` are the host's functions; they
    are no part of the document.

    Raises:
        DefinitionError: with every part that cannot be read.
    """

    name: str
    when: Expression | None = field(default=None, converter=_given)
    then: tuple[Action, ...] = field(default=(), converter=_given)
    overwrite: bool = False
    priority: int | None = None
    stop: bool = False
    group: str | None = None
    effective: Period | None = field(default=None, converter=_given)
    score: tuple[Term, ...] = field(default=(), converter=_given)
    threshold: int | Decimal | None = field(default=None, converter=_given)
    labels: tuple[str, ...] = field(default=(), converter=_given)
    note: str | None = None
    functions: Mapping[str, Function] | None = field(default=None, eq=False, repr=False)
    reads: frozenset[str] = field(init=False, eq=False, repr=False)
    writes: frozenset[str] = field(init=False, eq=False, repr=False)
    values: Mapping[tuple[int, str], Expression] = field(init=False, eq=False, repr=False)
    condition: Expression | None = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        check_name(self.name, found)
        check_flag(self.overwrite, "overwrite", found)
        check_flag(self.stop, "stop", found)
        when = read_condition(self.when, self.functions, "when", found)
        read_priority(self.priority, found)
        read_word(self.group, "group", found)
        read_word(self.note, "note", found, MAX_NOTE)
        period = read_period(self.effective, found)
        score, threshold = read_score(self.score, self.threshold, self.functions, found)
        labels = read_labels(self.labels, found)
        then: tuple[Action, ...] = ()
        try:
            then = actions(self.then)
        except DefinitionError as error:
            found.extend(_moved(finding) for finding in error.findings)
        except TypeError:
            found.append(Finding("rules.then_form", "then", {"value": self.then}))
        values = _values(then, self.functions, found)
        condition = when
        if score and not found:
            try:
                condition = whole_condition(when, score, threshold, self.functions)
            except ExpressionError as error:
                found.append(Finding("rules.score_long", "score", {"problem": error.message}))
        if found:
            raise DefinitionError.of(found)
        asked = [*([when] if when is not None else []), *(term.when for term in score)]
        reads = frozenset().union(*(one.reads for one in asked), _read_to_write(then, values, scores=bool(score)))
        for name, value in (
            ("when", when),
            ("then", then),
            ("effective", period),
            ("score", score),
            ("threshold", threshold),
            ("labels", labels),
            ("reads", reads),
            ("writes", _writes(then)),
            ("values", values),
            ("condition", condition),
        ):
            object.__setattr__(self, name, value)

    def to_data(self) -> dict[str, Any]:
        """The rule as its document writes it, ready for JSON where the actions' values are."""
        data: dict[str, Any] = {"name": self.name}
        if self.when is not None:
            data["when"] = self.when.text
        if self.score:
            data["score"] = [term.to_data() for term in self.score]
            data["threshold"] = plain(self.threshold)
        data["then"] = [{action.kind: action.value} for action in self.then]
        if self.effective is not None:
            data["effective"] = self.effective.to_data()
        for key in ("overwrite", "priority", "stop", "group", "note"):
            value = getattr(self, key)
            if value not in (None, False):
                data[key] = value
        if self.labels:
            data["labels"] = list(self.labels)
        return data


def _moved(finding: Finding) -> Finding:
    # Actions are read under the key ``do``; in a rule they stand under ``then``.
    path = "then" + finding.path[2:] if finding.path.startswith("do") else f"then.{finding.path}"
    return Finding(finding.code, path, finding.facts, finding.severity, witness=finding.witness)


def _values(then: tuple[Action, ...], functions: Functions, found: list[Finding]) -> Mapping[tuple[int, str], Expression]:
    """The expressions of ``set``, by the action's index and the name they set."""
    values: dict[tuple[int, str], Expression] = {}
    for index, action in enumerate(then):
        if action.kind != "set" or not isinstance(action.value, Mapping):
            continue
        for name, text in action.value.items():
            if not isinstance(text, str):
                continue
            try:
                values[index, name] = Expression.parse(text, functions=functions)
            except ExpressionError as error:
                facts = {"cell": text, "problem": error.message, "position": error.facts.get("position")}
                found.append(Finding("rules.cell", f"then[{index}].set.{name}", facts))
    return values


def _read_to_write(then: tuple[Action, ...], values: Mapping[tuple[int, str], Expression], *, scores: bool) -> frozenset[str]:
    """
    What the values of ``set`` read.

    A name that this very action sets is left out: ``visits: visits + 1`` counts once each time the rule runs
    for another reason, and never sets itself off. The sum of a score is no name of the ticket.
    """
    names: set[str] = set()
    for (index, _), expression in values.items():
        own = then[index].value
        names |= {read for read in expression.reads if read.split(".", 1)[0] not in own}
    return frozenset(name for name in names if not (scores and name.split(".", 1)[0] == SCORE))


_CHANGED: Mapping[str, str] = {
    "queue": "queue",
    "raise_priority": "priority",
    "assign": "assignee",
    "add_owner": "owner",
    "add_helper": "helpers",
    "remove_helper": "helpers",
    "watch": "watchers",
    "unwatch": "watchers",
    "tag": "tags",
    "open": "children",
}


def _writes(then: tuple[Action, ...]) -> frozenset[str]:
    names: set[str] = set()
    for action in then:
        if action.kind == "set" and isinstance(action.value, Mapping):
            names.update(name for name in action.value if isinstance(name, str))
        elif action.kind == "unassign":
            names.add(action.value if isinstance(action.value, str) else "assignee")
        elif action.kind in _CHANGED:
            names.add(_CHANGED[action.kind])
            if action.kind == "assign" and isinstance(action.value, Mapping) and action.value.get("keep_owner"):
                names.add("owner")
    return frozenset(names)


__all__ = ["Rule"]
