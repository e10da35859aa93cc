"""Knows a set of rules as hosts use it: which of them a change concerns, and what they come to; must not run them itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import attrs

from servflow.errors import DefinitionError, Finding, InputError, LimitError, ServflowError, nearest, render, shown
from servflow.expressions import Function
from servflow.model import FrozenMap, canonical
from servflow.rules._definition import check_version
from servflow.rules._effective import asked_at
from servflow.rules._rules import Rule
from servflow.rules._ruleset_agenda import Agenda
from servflow.rules._ruleset_check import RuleCheck
from servflow.rules._ruleset_decide import Plain, RulesDecision, Values
from servflow.rules._ruleset_explain import explain_rules
from servflow.rules._ruleset_nearest import ExplainedRules
from servflow.rules._ruleset_plan import Conditions, Plan
from servflow.rules._table import DecisionTable

MAX_RULES = 10_000
"""Most rules of one set."""

_KEYS = tuple(part.name for part in attrs.fields(Rule) if part.init and part.name != "functions")

_MAX_CACHED = 1_024  # different sets of changed names remembered per set of rules


class RuleSet:
    """
    Rules that react to fields and to each other, indexed by what they read.

    Args:
        rules: the rules, or mappings of their keys.
        tables: decision tables by name: a rule that reads ``table.fee.total`` also reads what the table
            ``fee`` reads.
        name: what the set is called.
        version: for people: a whole number or a text.
        functions: the host's functions by name, for the rules that are given as mappings.

    Raises:
        DefinitionError: a rule cannot be read, two rules share a name, or there are too many.
    """

    def __init__(
        self,
        rules: Iterable[Rule | Mapping[str, Any]] = (),
        tables: Mapping[str, DecisionTable] | None = None,
        *,
        name: str | None = None,
        version: int | str | None = None,
        functions: Mapping[str, Function] | None = None,
    ) -> None:
        found: list[Finding] = []
        given = tuple(rules)
        if len(given) > MAX_RULES:
            found.append(Finding("rules.too_many", "", {"count": len(given), "limit": MAX_RULES}))
            given = given[:MAX_RULES]
        read = tuple(_read(rule, index, functions, found) for index, rule in enumerate(given))
        check_version(version, found)
        seen: dict[str, int] = {}
        for index, rule in enumerate(read):
            if rule is not None and rule.name in seen:
                found.append(Finding("rules.twice", f"[{index}].name", {"name": rule.name, "first": seen[rule.name]}))
            elif rule is not None:
                seen[rule.name] = index
        if found:
            raise DefinitionError.of(found)
        self.rules: tuple[Rule, ...] = tuple(rule for rule in read if rule is not None)
        self.tables: Mapping[str, DecisionTable] = dict(tables or {})
        self.name = name
        self.version = version
        self.reads_of: tuple[frozenset[str], ...] = tuple(_expanded(rule.reads, self.tables) for rule in self.rules)
        self.reads: frozenset[str] = frozenset().union(*self.reads_of)
        self._by_name: dict[str, set[int]] = {}
        for index, names in enumerate(self.reads_of):
            for read_name in names:
                for prefix in _prefixes(read_name):
                    self._by_name.setdefault(prefix, set()).add(index)
        self._cache: dict[frozenset[str], tuple[int, ...]] = {}
        self._places: dict[frozenset[str], int] = {}

    # what a change concerns -------------------------------------------------------------------------------------

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
                        concerned.update(index for index in self._by_name.get(prefix, ()) if prefix in self.reads_of[index])
            cached = tuple(sorted(concerned))
            if len(self._cache) >= _MAX_CACHED:
                self._cache.clear()
            self._cache[changed] = cached
        return cached

    def set_off(self, changed: frozenset[str]) -> int:
        """The rules that read any of these names, as bits by their place in the order."""
        cached = self._places.get(changed)
        if cached is None:
            cached = 0
            for index in self.affected(changed):
                cached |= 1 << self.plan.places[index]
            if len(self._places) >= _MAX_CACHED:
                self._places.clear()
            self._places[changed] = cached
        return cached

    @cached_property
    def plan(self) -> Plan:
        """The rules ready to be asked, their conditions as the rules themselves read them."""
        return Plan(self.rules, [Conditions.of(rule) for rule in self.rules])

    # deciding ---------------------------------------------------------------------------------------------------

    def decide(
        self, fields: Mapping[str, Any], at: datetime | None = None, *, set_by_person: Iterable[str] = ()
    ) -> RulesDecision:
        """
        Run all rules over these fields until nothing changes any more, as a workflow does at opening.

        Only ``set`` changes anything here, and what it sets other rules read; every other action is returned for the
        host to carry out.

        Args:
            fields: names and values; a missing name is null. They are left as they are.
            at: the instant at which rules must be in force; without it the field ``at`` is taken, where it is an instant.
                Only needed where a rule has ``effective``.
            set_by_person: names that only rules with ``overwrite`` may change.

        Raises:
            ExpressionError: a condition or a value cannot be computed; says whose.
            InputError: ``rules.fields`` (*fields* is no mapping), ``rules.at`` (rules have periods, and no instant is
                given); or as for the tables that are read.
            LimitError: rules set each other off without end.
            TimeError: *at* is naive.
        """
        stage = self._played(fields, at, set_by_person)
        outputs = FrozenMap(stage.values().items())
        fired = tuple(self.rules[index].name for index in stage.fired)
        return RulesDecision(fired, outputs, tuple(stage.actions), tuple(stage.why), self.version, self.hash)

    def _played(self, fields: Mapping[str, Any], at: datetime | None, person: Iterable[str]) -> Plain:
        given: object = fields
        if not isinstance(given, Mapping):
            facts = {"value": shown(given)}
            raise InputError(render("rules.not_fields", facts), code="rules.fields", **facts)
        plan, asked = self.plan, asked_at(at, fields)
        if asked is None and plan.timed:
            facts = {"set": self.title}
            raise InputError(render("rules.set_at", facts), code="rules.at", **facts)
        values = Values(fields, self.tables, asked)
        stage = Plain(plan, values, person, self.set_off, self.title)
        Agenda(plan, stage, plan.every, plan.in_force(asked)).run()
        return stage

    def explain(
        self,
        fields: Mapping[str, Any],
        lang: str = "en",
        at: datetime | None = None,
        *,
        set_by_person: Iterable[str] = (),
    ) -> ExplainedRules:
        """
        For every rule, in the order in which they come, whether it acts on these fields and, where not, why.

        The answer is a tuple of entries, and tells besides the ``nearest`` miss, the smallest ``change`` found after which
        other rules act, and all of it as ``text``.

        Args:
            fields: as for ``decide``.
            lang: ``en`` or ``zh``.
            at: as for ``decide``.
            set_by_person: as for ``decide``.

        Raises:
            ExpressionError: as for ``decide``, and so all others.
        """
        person = tuple(set_by_person)
        stage = self._played(fields, at, person)
        entries = explain_rules(self.plan, stage, self.plan.in_force(asked_at(at, fields)), lang)

        def decide(other: Mapping[str, Any]) -> RulesDecision:
            return self.decide(other, at, set_by_person=person)

        return ExplainedRules.of(entries, self.rules, decide, fields, lang)

    def check(self, fields: Mapping[str, Any] | None = None, *, budget: int | None = None) -> tuple[Finding, ...]:
        """
        What is wrong with the rules taken together, each with a witness: fields that show it.

        ``rules.rule_dead`` (a rule never holds), ``rules.rule_shadowed`` (whenever it holds, one before it with ``stop`` does),
        ``rules.rule_conflict`` (two rules of equal priority hold together and set one name to different constants),
        ``rules.rule_redundant`` (a rule says what another one says), ``rules.cycle`` (rules set each other off) and
        ``rules.endless_cycle`` (and on the witness they never come to rest). What could not be decided within the budget
        is said once, as ``rules.rules_undecided``.

        Args:
            fields: field types, where known: they say which values there are.
            budget: how many values may be tried in all.
        """
        conditions = [Conditions.of(rule) for rule in self.rules]
        return RuleCheck(self.plan, conditions, self.reads_of, fields or {}, endless=self._endless, budget=budget).findings()

    def _endless(self, fields: Mapping[str, Any], at: datetime) -> frozenset[str]:
        try:
            self.decide(fields, at)
        except LimitError as error:
            return frozenset(error.facts["rules"]) if error.code == "rules" else frozenset()
        except ServflowError:
            pass
        return frozenset()

    # data -------------------------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """What the set is called in sentences."""
        return self.name or "rules"

    def to_data(self) -> list[dict[str, Any]]:
        """The rules as a definition writes them: ``RuleSet(rule_set.to_data())`` has equal rules."""
        return [rule.to_data() for rule in self.rules]

    @cached_property
    def hash(self) -> str:
        """SHA-256 of what the rules mean: labels, notes, name and version aside, the tables they read included."""
        kept = [_meant(data) for data in self.to_data()]
        return hashlib.sha256(canonical([kept, _reached(self.reads, self.tables)])).hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RuleSet):
            return NotImplemented
        return (self.rules, self.tables, self.name, self.version) == (other.rules, other.tables, other.name, other.version)

    def __hash__(self) -> int:
        return hash((self.rules, self.name, self.version))

    def __len__(self) -> int:
        return len(self.rules)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __getitem__(self, index: int) -> Rule:
        return self.rules[index]

    def __repr__(self) -> str:
        return f"RuleSet({len(self.rules)} rules)"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.rules, self.tables, self.name, self.version)


def _restored(
    rules: Sequence[Rule], tables: Mapping[str, DecisionTable], name: str | None, version: int | str | None
) -> RuleSet:
    return RuleSet(rules, tables, name=name, version=version)


def _read(rule: Any, index: int, functions: Mapping[str, Function] | None, found: list[Finding]) -> Rule | None:
    if isinstance(rule, Rule):
        return rule
    try:
        if isinstance(rule, Mapping):
            unknown = [key for key in rule if key not in _KEYS]
            for key in unknown:
                facts = {"key": shown(key), "known": _KEYS, "nearest": nearest(shown(key), _KEYS)}
                found.append(Finding("rules.unknown_key", f"[{index}]", facts))
            made = Rule(**{key: value for key, value in rule.items() if key not in unknown}, functions=functions)
            return None if unknown else made
        found.append(Finding("rules.rule_form", f"[{index}]", {"value": shown(rule)}))
    except DefinitionError as error:
        found.extend(Finding(one.code, f"[{index}].{one.path}", one.facts, one.severity) for one in error.findings)
    except TypeError as error:
        found.append(Finding("rules.rule_keys", f"[{index}]", {"why": str(error).replace("Rule.__init__() ", "")}))
    return None


def _meant(data: Mapping[str, Any]) -> dict[str, Any]:
    """A rule without what is only there for people."""
    kept = {key: value for key, value in data.items() if key not in ("labels", "note")}
    if "score" in kept:
        kept["score"] = [{key: value for key, value in term.items() if key != "note"} for term in kept["score"]]
    return kept


def _prefixes(name: str) -> Iterator[str]:
    end = name.find(".")
    while end >= 0:
        yield name[:end]
        end = name.find(".", end + 1)
    yield name


def _reached(reads: frozenset[str], tables: Mapping[str, DecisionTable]) -> dict[str, str]:
    """The hashes of the tables that are read, by name; all of them where a rule reads them by no name."""
    named = [name.split(".") for name in reads if name.split(".", 1)[0] == "table"]
    asked = set(tables) if ["table"] in named else {parts[1] for parts in named} & tables.keys()
    return {name: tables[name].hash for name in sorted(asked)}


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


__all__ = ["MAX_RULES", "RuleSet"]
