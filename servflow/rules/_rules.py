"""Knows condition/action pairs and which of them a change concerns; must not carry an action out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import field, frozen

from servflow.errors import DefinitionError, ExpressionError, Finding
from servflow.expressions import Expression, Function
from servflow.model import Action, actions
from servflow.rules._cells import Functions
from servflow.rules._definition import check_flag, check_name
from servflow.rules._table import DecisionTable

MAX_RULES = 10_000
"""Most rules of one set."""

_MAX_CACHED = 1_024  # different sets of changed names remembered per set of rules


def _given(value: Any) -> Any:
    return value


@frozen(kw_only=True)
class Rule:
    """
    A condition and the actions that follow when it holds.

    The keywords are the keys of the document. ``when`` is an expression's text or tree; without it the rule
    always holds. ``then`` is an action or a list of them. What a person set stays as it is unless
    ``overwrite`` is true. ``reads`` are the names that set it off again when they change: those of ``when``
    and of the values it sets. ``functions`` are the host's functions; they are no part of the document.

    Raises:
        DefinitionError: with every part that cannot be read.
    """

    name: str
    when: Expression | None = field(default=None, converter=_given)
    then: tuple[Action, ...] = field(default=(), converter=_given)
    overwrite: bool = False
    functions: Mapping[str, Function] | None = field(default=None, eq=False, repr=False)
    reads: frozenset[str] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        found: list[Finding] = []
        check_name(self.name, found)
        check_flag(self.overwrite, "overwrite", found)
        when = _condition(self.when, self.functions, found)
        then: tuple[Action, ...] = ()
        try:
            then = actions(self.then)
        except DefinitionError as error:
            found.extend(_moved(finding) for finding in error.findings)
        except TypeError:
            found.append(Finding("rules.then_form", "then", {"value": self.then}))
        written = _written(then, self.functions, found)
        if found:
            raise DefinitionError.of(found)
        reads = (when.reads if when is not None else frozenset()) | written
        for name, value in (("when", when), ("then", then), ("reads", reads)):
            object.__setattr__(self, name, value)

    def to_data(self) -> dict[str, Any]:
        """The rule as its document writes it, ready for JSON where the actions' values are."""
        data: dict[str, Any] = {"name": self.name}
        if self.when is not None:
            data["when"] = self.when.text
        data["then"] = [{action.kind: action.value} for action in self.then]
        if self.overwrite:
            data["overwrite"] = True
        return data


def _condition(source: Any, functions: Functions, found: list[Finding]) -> Expression | None:
    if source is None or isinstance(source, Expression):
        return source
    try:
        if isinstance(source, Mapping):
            return Expression.from_tree(source, functions=functions)
        if isinstance(source, bool):
            return Expression.parse("true" if source else "false")
        if isinstance(source, str):
            return Expression.parse(source, functions=functions)
        found.append(Finding("rules.when_form", "when", {"value": source}))
    except ExpressionError as error:
        facts = {"cell": source, "problem": error.message, "position": error.facts.get("position")}
        found.append(Finding("rules.cell", "when", facts))
    return None


def _moved(finding: Finding) -> Finding:
    # Actions are read under the key ``do``; in a rule they stand under ``then``.
    path = "then" + finding.path[2:] if finding.path.startswith("do") else f"then.{finding.path}"
    return Finding(finding.code, path, finding.facts, finding.severity, witness=finding.witness)


def _written(then: tuple[Action, ...], functions: Functions, found: list[Finding]) -> frozenset[str]:
    """
    What the values of ``set`` read.

    A name that this very action sets is left out: ``visits: visits + 1`` counts once each time the rule runs
    for another reason, and never sets itself off.
    """
    names: set[str] = set()
    for index, action in enumerate(then):
        if action.kind != "set" or not isinstance(action.value, Mapping):
            continue
        for name, text in action.value.items():
            if not isinstance(text, str):
                continue
            try:
                reads = Expression.parse(text, functions=functions).reads
            except ExpressionError as error:
                facts = {"cell": text, "problem": error.message, "position": error.facts.get("position")}
                found.append(Finding("rules.cell", f"then[{index}].set.{name}", facts))
                continue
            names |= {read for read in reads if read.split(".", 1)[0] not in action.value}
    return frozenset(names)


class RuleSet:
    """
    Rules in document order, indexed by what they read.

    Args:
        rules: the rules.
        tables: decision tables by name: a rule that reads ``table.fee.total`` also reads what the table
            ``fee`` reads.

    Raises:
        DefinitionError: two rules share a name, or there are too many.
    """

    __slots__ = ("_by_name", "_cache", "_reads", "reads", "rules")

    def __init__(self, rules: Iterable[Rule] = (), tables: Mapping[str, DecisionTable] | None = None) -> None:
        self.rules: tuple[Rule, ...] = tuple(rules)
        found: list[Finding] = []
        if len(self.rules) > MAX_RULES:
            found.append(Finding("rules.too_many", "", {"count": len(self.rules), "limit": MAX_RULES}))
        seen: dict[str, int] = {}
        for index, rule in enumerate(self.rules):
            if rule.name in seen:
                found.append(Finding("rules.twice", f"[{index}].name", {"name": rule.name, "first": seen[rule.name]}))
            seen.setdefault(rule.name, index)
        if found:
            raise DefinitionError.of(found)
        self._index(self.rules, tuple(_expanded(rule.reads, tables or {}) for rule in self.rules))

    def _index(self, rules: tuple[Rule, ...], reads: tuple[frozenset[str], ...]) -> None:
        self.rules = rules
        self._reads = reads
        self.reads: frozenset[str] = frozenset().union(*reads)
        self._by_name: dict[str, set[int]] = {}
        for index, names in enumerate(reads):
            for name in names:
                for prefix in _prefixes(name):
                    self._by_name.setdefault(prefix, set()).add(index)
        self._cache: dict[frozenset[str], tuple[int, ...]] = {}

    def affected(self, changed: frozenset[str]) -> tuple[int, ...]:
        """
        The indexes of the rules that read any of these names, in document order.

        A change of ``customer`` concerns a rule that reads ``customer.level``, and the other way round. A rule
        that reads nothing is concerned by no change: it runs when the ticket opens.

        Args:
            changed: names of fields, dotted or not.
        """
        cached = self._cache.get(changed)
        if cached is None:
            concerned: set[int] = set()
            for name in changed:
                concerned |= self._by_name.get(name, set())
                for prefix in _prefixes(name):
                    if prefix != name:
                        concerned.update(index for index in self._by_name.get(prefix, ()) if prefix in self._reads[index])
            cached = tuple(sorted(concerned))
            if len(self._cache) >= _MAX_CACHED:
                self._cache.clear()
            self._cache[changed] = cached
        return cached

    def __len__(self) -> int:
        return len(self.rules)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __getitem__(self, index: int) -> Rule:
        return self.rules[index]

    def __repr__(self) -> str:
        return f"RuleSet({len(self.rules)} rules)"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.rules, self._reads)


def _restored(rules: tuple[Rule, ...], reads: tuple[frozenset[str], ...]) -> RuleSet:
    restored = RuleSet.__new__(RuleSet)
    restored._index(rules, reads)
    return restored


def _prefixes(name: str) -> Iterator[str]:
    end = name.find(".")
    while end >= 0:
        yield name[:end]
        end = name.find(".", end + 1)
    yield name


def _expanded(reads: frozenset[str], tables: Mapping[str, DecisionTable]) -> frozenset[str]:
    """The names read, with those of every table they reach, however many tables read each other."""
    names, pending = set(reads), list(reads)
    reached: set[str] = set()
    while pending:
        parts = pending.pop().split(".")
        if parts[0] != "table":
            continue
        asked = tables.keys() if len(parts) == 1 else {parts[1]} & tables.keys()
        for table in asked - reached:
            reached.add(table)
            pending.extend(tables[table].reads)
            names |= tables[table].reads
    return frozenset(names)
