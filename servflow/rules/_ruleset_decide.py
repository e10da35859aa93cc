"""Knows how rules run over plain fields, without a ticket; must not know the order in which they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from attrs import field, frozen

from servflow.errors import ExpressionError, LimitError, render
from servflow.model import Action, FrozenMap, freeze, same_value
from servflow.rules._rule_parts import SCORE
from servflow.rules._ruleset_agenda import most_firings
from servflow.rules._ruleset_plan import Plan, Scored
from servflow.rules._table import DecisionTable

if TYPE_CHECKING:
    from servflow.rules._rules import Rule

_GONE = object()
_NAMED = 10  # rules named in a sentence


@frozen
class RulesDecision:
    """
    What a set of rules comes to on some fields, and why.

    ``fired`` names the rules that acted, in the order in which they did, one that acted again named again. ``outputs``
    holds what their ``set`` actions changed: ``{**fields, **outputs}`` are the fields at rest. ``actions`` are all
    other actions in order, for the host to carry out. ``why`` has one entry for each time a rule acted: ``rule``, its
    ``index`` in the set, ``values`` (what its conditions read), ``set`` (what it changed), for a scoring rule ``score``,
    ``threshold`` and ``terms`` (each with ``when``, ``weight``, ``holds``), and ``note`` where written. ``version`` and
    ``hash`` say by which set.
    """

    fired: tuple[str, ...] = ()
    outputs: Mapping[str, Any] = field(factory=FrozenMap)
    actions: tuple[Action, ...] = ()
    why: tuple[Mapping[str, Any], ...] = ()
    version: int | str | None = None
    hash: str = ""


def reason(rule: Rule, read: Callable[[str], Any], scored: Scored | None) -> dict[str, Any]:
    """What a rule that holds saw: each name its conditions read with its value, and its score term by term."""
    names = set() if rule.when is None else set(rule.when.reads)
    for term in rule.score:
        names |= term.when.reads
    found: dict[str, Any] = {"values": {name: read(name) for name in sorted(names)}}
    if scored is not None:
        found |= score_reason(rule, scored)
    if rule.note is not None:
        found["note"] = rule.note
    return found


def score_reason(rule: Rule, scored: Scored) -> dict[str, Any]:
    """How a score came about, term by term."""
    return {
        "score": scored.total,
        "threshold": rule.threshold,
        "terms": [
            {"when": term.when.text, "weight": term.weight, "holds": holds} | ({} if term.note is None else {"note": term.note})
            for term, holds in zip(rule.score, scored.held, strict=True)
        ],
    }


class Values(dict[str, Any]):
    """The fields as rules read them: what was set over what was given, and tables decided when they are asked for."""

    __slots__ = ("at", "base", "tables")

    def __init__(self, base: Mapping[str, Any], tables: Mapping[str, DecisionTable], at: datetime | None) -> None:
        super().__init__()
        self.base = base
        self.tables = tables
        self.at = at

    def __missing__(self, name: str) -> Any:
        if name == "table" and self.tables:
            return _Tables(self)
        return self.base[name]

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or (name == "table" and bool(self.tables)) or name in self.base

    def at_path(self, name: str) -> Any:
        """The value of a dotted name; null where something on the way is missing."""
        value: Any = self
        for part in name.split("."):
            if not isinstance(value, Mapping):
                return None
            try:
                value = value[part]
            except KeyError:
                return None
        return value


class _Tables(dict[str, Any]):
    __slots__ = ("values_",)

    def __init__(self, values: Values) -> None:
        super().__init__()
        self.values_ = values

    def __missing__(self, name: str) -> Any:
        read = self.values_
        table = read.tables[name]
        outputs: Any = table.decide(read, read.at if table.timed else None).outputs
        return outputs if isinstance(outputs, Mapping) else None

    def __contains__(self, name: object) -> bool:
        return name in self.values_.tables


class Plain:
    """
    A stage of plain fields: ``set`` sets them, every other action is put by for the host.

    Args:
        plan: the rules.
        values: what they read.
        person: the names a person has set, which only rules with ``overwrite`` change.
        set_off: from changed names to the rules that read them.
        title: what the set is called in messages.
    """

    def __init__(
        self,
        plan: Plan,
        values: Values,
        person: Iterable[str],
        set_off: Callable[[frozenset[str]], int],
        title: str,
    ) -> None:
        self._plan = plan
        self._values = values
        self._person = frozenset(person)
        self._set_off = set_off
        self._title = title
        self.fired: list[int] = []
        self.actions: list[Action] = []
        self.why: list[Mapping[str, Any]] = []

    def values(self) -> Values:
        """What conditions read now."""
        return self._values

    def act(self, place: int, scored: Scored | None) -> int:
        """Set what a rule sets and put its other actions by; the rules that read what changed."""
        index = self._plan.order[place]
        rule = self._plan.rules[index]
        told = reason(rule, self._values.at_path, scored)
        changed: dict[str, Any] = {}
        for number, action in enumerate(rule.then):
            if action.kind == "set" and isinstance(action.value, Mapping):
                changed |= self._set(rule, number, action.value, scored)
            else:
                self.actions.append(action)
        self.fired.append(index)
        self.why.append(freeze({"rule": rule.name, "index": index, **told, "set": changed}))
        return self._set_off(frozenset(changed)) if changed else 0

    def _set(self, rule: Rule, number: int, wanted: Mapping[str, Any], scored: Scored | None) -> dict[str, Any]:
        values = self._values
        read: Mapping[str, Any] = values
        if scored is not None:
            read = Values(values, values.tables, values.at)
            read[SCORE] = scored.total
        found: dict[str, Any] = {}
        for name, plain in wanted.items():
            if name in self._person and not rule.overwrite:
                continue
            expression = rule.values.get((number, name))
            try:
                value = plain if expression is None else expression.value(read)
            except ExpressionError as error:
                raise _located(rule.name, error, f"then[{number}].set.{name}") from error
            if not same_value(freeze(values.get(name, _GONE)), freeze(value)):
                found[name] = value
        values.update(found)  # all of one action at once: none of its values reads another of them
        return found

    def undecided(self, place: int, error: ExpressionError) -> NoReturn:
        """A condition cannot be decided on these fields."""
        rule = self._plan.rules[self._plan.order[place]]
        raise _located(rule.name, error, "when") from error

    def endless(self, places: tuple[int, ...]) -> NoReturn:
        """Rules set each other off without end."""
        raise endless(self._plan, places, self._title)


def endless(plan: Plan, places: tuple[int, ...], title: str) -> LimitError:
    """The error that says which rules were still acting again when they were stopped."""
    names = tuple(plan.rules[plan.order[place]].name for place in places)
    facts = {"set": title, "limit": most_firings(len(plan.rules)), "rules": names[:_NAMED]}
    return LimitError(render("rules.endless", facts), code="rules", rule=names[0], **{**facts, "rules": names})


def _located(rule: str, error: ExpressionError, path: str) -> ExpressionError:
    return ExpressionError(f"rule {rule}, {path}: {error.message}", **{**error.facts, "rule": rule, "path": path})


__all__ = ["Plain", "RulesDecision", "Values", "endless", "reason", "score_reason"]
