"""Knows what is wrong with rules taken together, each with a witness; must not change anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import combinations, product
from typing import Any

from servflow.errors import ExpressionError, Finding, shown
from servflow.expressions import Expression, Solved, solve
from servflow.model import canonical, freeze
from servflow.rules._rules import Rule
from servflow.rules._ruleset_atoms import Atom
from servflow.rules._ruleset_cycles import Cycle, cycles, path_of
from servflow.rules._ruleset_index import parts_of
from servflow.rules._ruleset_plan import Conditions, Plan
from servflow.rules._ruleset_sketch import atoms_of, together

BUDGET = 200_000
"""How many values one check tries in all."""

_ONE = 2_000  # values tried for one question
_QUESTIONS = 3_000  # and how many questions are asked at most: each costs something, whatever it tries
_LOOKS = 300_000  # pairs of rules that are looked at
_SUBSETS = 8  # scores of more conditions than this are not taken to pieces
_TOLD = 50  # findings of one kind that are told one by one

_AT_LOAD = 8  # circles that are tried out when a definition is loaded
_SAID = 6  # values said in a sentence

_SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)  # a trial must be at some instant

Endless = Callable[[Mapping[str, Any], datetime], frozenset[str]]
"""The names of the rules that never come to rest on some fields at an instant; none where they do."""


Ways = tuple[tuple[tuple[Expression, ...], tuple[Expression, ...]], ...]
"""The ways in which a rule may hold: for each what must hold, and what must not."""


class RuleCheck:
    """
    One check of a set of rules.

    Args:
        plan: the rules, their conditions as they were checked.
        conditions: the same conditions, in document order.
        reads: what each rule reads, in document order.
        types: field types, where known.
        endless: which rules never come to rest on some fields.
        budget: how many values may be tried in all.
    """

    def __init__(
        self,
        plan: Plan,
        conditions: Sequence[Conditions],
        reads: Sequence[frozenset[str]],
        types: Mapping[str, Any],
        *,
        endless: Endless,
        budget: int | None = None,
    ) -> None:
        self._plan = plan
        self._rules: tuple[Rule, ...] = plan.rules
        self._conditions = conditions
        self._reads = reads
        self._types = types
        self._endless = endless
        self._left = BUDGET if budget is None else budget
        self._questions = _QUESTIONS
        self._open = 0
        self._shows: dict[int, Mapping[str, Any]] = {}

    @cached_property
    def _ways(self) -> list[Ways | None]:
        return [self._ways_of(index) for index in range(len(self._rules))]

    @cached_property
    def _atoms(self) -> list[tuple[Atom, ...]]:
        return [() if asked.when is None else atoms_of([asked.when]) for asked in self._conditions]

    def findings(self) -> tuple[Finding, ...]:
        """Everything found, in document order; what was not decided last."""
        found = [*self._dead(), *self._doubled(), *self._cycles()]
        found += self._pairs({int(finding.facts["index"]) for finding in found if finding.code == "rules.rule_dead"})
        found.sort(key=lambda finding: int(finding.facts["index"]))
        if self._open:
            found.append(Finding("rules.rules_undecided", "", {"count": self._open}, "info"))
        return tuple(found)

    def _tell(self, code: str, index: int, facts: Mapping[str, Any], witness: Any, severity: str = "warning") -> Finding:
        told = {"rule": self._rules[index].name, "index": index, **facts}
        return Finding(code, f"[{index}]", told, severity, witness=freeze(witness))

    # one rule ---------------------------------------------------------------------------------------------------

    def _ways_of(self, index: int) -> Ways | None:
        """The ways in which a rule may hold: what must hold and what must not; None where there are too many."""
        rule, asked = self._rules[index], self._conditions[index]
        first = () if asked.when is None else (asked.when,)
        if not rule.score:
            return ((first, ()),)
        if sum(max(term.weight, 0) for term in rule.score) < (rule.threshold or 0):
            return ()
        if len(asked.score) > _SUBSETS:
            return None
        ways = []
        for chosen in product((True, False), repeat=len(asked.score)):
            total = sum(term.weight for term, taken in zip(rule.score, chosen, strict=True) if taken)
            if total >= (rule.threshold or 0):
                holding = tuple(one for one, taken in zip(asked.score, chosen, strict=True) if taken)
                ways.append(
                    ((*first, *holding), tuple(one for one, taken in zip(asked.score, chosen, strict=True) if not taken))
                )
        return tuple(ways)

    def _solve(self, wanted: Sequence[Expression], unwanted: Sequence[Expression] = ()) -> Solved:
        if self._left <= 0 or self._questions <= 0:
            return Solved(status="open")
        self._questions -= 1
        made = solve(wanted, unwanted, types=self._types, budget=min(_ONE, self._left))
        self._left -= made.tried
        return made

    def _together(self, rules: Sequence[int], unwanted: Sequence[Expression] = ()) -> Solved:
        """Values on which these rules hold and these conditions do not; ``no`` only where every way is proved not to."""
        ways = [self._ways[index] for index in rules]
        if any(way is None for way in ways):
            return Solved(status="open")
        if not unwanted and not any(self._rules[index].score for index in rules):
            glance = self._glance(rules)
            if glance is not None:
                return glance
        undecided = False
        for chosen in product(*(way for way in ways if way is not None)):
            wanted = [one for way in chosen for one in way[0]]
            made = self._solve(wanted, [*unwanted, *(one for way in chosen for one in way[1])])
            if made:
                return made
            undecided = undecided or made.status == "open"
        return Solved(status="open" if undecided else "no")

    def _glance(self, rules: Sequence[int]) -> Solved | None:
        atoms = [atom for index in rules for atom in self._atoms[index]]
        conditions = [when for index in rules if (when := self._conditions[index].when) is not None]
        found = together(conditions, atoms, self._types)
        if found is None:
            return None
        return Solved(status="no") if isinstance(found, str) else Solved(status="yes", values=found, bindings=found)

    def _dead(self) -> Iterator[Finding]:
        for index in range(len(self._rules)):
            made = self._together([index])
            if made:
                self._shows[index] = made.bindings
            elif made.status == "no":
                parts = self._why_dead(index)
                yield self._tell("rules.rule_dead", index, {"parts": parts}, {"never": parts})
            else:
                self._open += 1

    def _why_dead(self, index: int) -> list[str]:
        """The fewest parts of a condition that never hold together, as far as pairs show it; else the score."""
        rule, when = self._rules[index], self._conditions[index].when
        if when is None or (rule.score and self._solve([when]).status != "no"):
            return [f"score >= {rule.threshold}"]
        return self._clash(when, rule)

    def _clash(self, when: Expression, rule: Rule) -> list[str]:
        parts = []
        for tree in parts_of(when.tree) or ():
            try:
                parts.append(Expression.from_tree(tree, self._types or None, functions=rule.functions))
            except ExpressionError:
                return [when.text]
        for size in (1, 2):
            for chosen in combinations(parts, size):
                if self._solve(chosen).status == "no":
                    return [part.text for part in chosen]
        return [when.text]

    def _doubled(self) -> Iterator[Finding]:
        seen: dict[bytes, int] = {}
        for index, rule in enumerate(self._rules):
            data = {key: value for key, value in rule.to_data().items() if key not in ("name", "note", "labels", "priority")}
            first = seen.setdefault(canonical(data), index)
            if first != index:
                facts = {"by": self._rules[first].name, "first": first}
                yield self._tell("rules.rule_redundant", index, facts, {"same": [self._rules[first].name, rule.name]}, "info")

    # two rules --------------------------------------------------------------------------------------------------

    def _pairs(self, dead: set[int]) -> Iterator[Finding]:
        told = 0
        for place, index in enumerate(self._plan.order):
            if index in dead:
                continue
            if told >= _TOLD:
                self._open += self._plan.stops[place] != 0
                continue
            shadow = self._shadowed(place, index, dead)
            if shadow is not None:
                told += 1
                yield shadow
        told = 0
        for first, second, name in self._disagreeing(dead):
            if told >= _TOLD:
                self._open += 1  # at least one more question, which is not asked
                break
            made = self._at_once(first, second)
            if made is not None:
                told += 1
                facts = {"by": self._rules[first].name, "first": first, "name": name}
                yield self._tell("rules.rule_conflict", second, facts, made, "info")

    def _shadowed(self, place: int, index: int, dead: set[int]) -> Finding | None:
        """Whether a rule before it that closes the group always holds when this one does."""
        witness = self._shows.get(index)
        left = self._plan.stops[place]
        if witness is None or not left:
            return None
        # Those that do not hold on the values on which this one does cannot always hold with it.
        memory = self._plan.look(witness)
        left &= memory.possible
        while left:
            bit = left & -left
            left ^= bit
            other = self._plan.order[bit.bit_length() - 1]
            when = self._conditions[other].when
            if other in dead or not _within(self._rules[index], self._rules[other]):
                continue
            if not self._holds_there(bit.bit_length() - 1, witness):
                continue
            if self._rules[other].score:
                self._open += 1
                continue
            made = Solved(status="no") if when is None else self._together([index], [when])
            if made.status == "no":
                return self._tell("rules.rule_shadowed", index, {"by": self._rules[other].name, "first": other}, witness)
            self._open += made.status == "open"
        return None

    def _disagreeing(self, dead: set[int]) -> Iterator[tuple[int, int, str]]:
        """Pairs of one priority that set one name to different constants, and may both act in one step."""
        setting: dict[tuple[int | None, str], list[tuple[int, Any]]] = {}
        for index, rule in enumerate(self._rules):
            for (_, name), value in rule.values.items():
                if index not in dead and not value.reads and not value.asks:
                    setting.setdefault((rule.priority, name), []).append((index, value.text))
        met: set[tuple[int, int]] = set()
        looks = 0
        for (_, name), listed in setting.items():
            values: dict[int, set[str]] = {}
            for index, text in listed:
                values.setdefault(index, set()).add(text)
            for first, second in self._beside_each_other(sorted(values)):
                looks += 1
                if self._questions <= 0 or looks > _LOOKS:
                    self._open += 1
                    return
                here, there = self._rules[first], self._rules[second]
                if values[first] == values[second] or (first, second) in met or not _overlap(here, there):
                    continue
                if not (here.stop and here.group == there.group):
                    met.add((first, second))
                    yield first, second, name

    def _beside_each_other(self, rules: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Pairs in document order that are not told apart by the values they list."""
        index, places = self._plan.index, self._plan.places
        if index is None:
            yield from combinations(rules, 2)
            return
        later = sum(1 << places[rule] for rule in rules)
        for first in rules:
            later &= ~(1 << places[first])
            left = later & index.beside(places[first])
            while left:
                bit = left & -left
                left ^= bit
                yield first, self._plan.order[bit.bit_length() - 1]

    def _at_once(self, first: int, second: int) -> Mapping[str, Any] | None:
        for values, other in ((self._shows.get(first), second), (self._shows.get(second), first)):
            place = self._plan.places[other]
            if values is not None and self._holds_there(place, values):
                return values
        made = self._together([first, second])
        self._open += made.status == "open"
        return made.bindings if made else None

    def _holds_there(self, place: int, fields: Mapping[str, Any]) -> bool:
        try:
            return self._plan.holds(place, fields, self._plan.look(fields))[0]
        except ExpressionError:
            return False

    # circles ----------------------------------------------------------------------------------------------------

    def endless(self) -> tuple[Finding, ...]:
        """The circles that do not come to rest, as far as a few trials show it: asked whenever a definition is loaded."""
        found = cycles(self._rules, self._reads)[:_AT_LOAD]
        told = [self._circle(cycle) for cycle in found]
        return tuple(finding for finding in told if finding.code == "rules.endless_cycle")

    def _cycles(self) -> Iterator[Finding]:
        for cycle in cycles(self._rules, self._reads):
            yield self._circle(cycle)

    def _circle(self, cycle: Cycle) -> Finding:
        at = self._time_of(cycle)
        for fields in self._trials(cycle):
            names = self._endless(fields, at)
            going = {index for index in cycle.part if self._rules[index].name in names}
            if going:
                # Of all that are entangled, these are the ones that really go round on these values.
                told = next(iter(cycles(self._rules, self._reads, frozenset(going))), cycle)
                said = ", ".join(f"{name} = {shown(value)}" for name, value in [*fields.items()][:_SAID])
                facts = {**self._way(told), "values": said or "{}"}
                return self._tell("rules.endless_cycle", told.rules[0], facts, fields, "error")
        return self._tell("rules.cycle", cycle.rules[0], self._way(cycle), {"path": path_of(cycle, self._rules)})

    def _time_of(self, cycle: Cycle) -> datetime:
        """An instant at which all rules of a circle are in force, where there is one."""
        bounds = [_bounds(self._rules[index]) for index in cycle.rules]
        starts: list[datetime] = [start for start, _ in bounds if start is not None]
        ends: list[datetime] = [end for _, end in bounds if end is not None]
        if starts:
            return max(starts)
        return min(_SOME_TIME, min(ends) - timedelta(seconds=1)) if ends else _SOME_TIME

    def _way(self, cycle: Cycle) -> dict[str, Any]:
        return {"path": path_of(cycle, self._rules), "rules": [self._rules[index].name for index in cycle.rules]}

    def _trials(self, cycle: Cycle) -> Iterator[Mapping[str, Any]]:
        """Fields on which the rules of a circle may never come to rest, to be tried out."""
        yield {}
        yield self._together(cycle.rules[:8]).bindings
        for index in cycle.rules[:4]:
            yield self._shows[index] if index in self._shows else self._together([index]).bindings


def _bounds(rule: Rule) -> tuple[Any, Any]:
    return (None, None) if rule.effective is None else rule.effective.bounds


def _within(rule: Rule, other: Rule) -> bool:
    """Whether the other rule is in force whenever this one is."""
    (start, end), (from_, until) = _bounds(rule), _bounds(other)
    return (from_ is None or (start is not None and start >= from_)) and (until is None or (end is not None and end <= until))


def _overlap(rule: Rule, other: Rule) -> bool:
    """Whether both are ever in force at once."""
    (start, end), (from_, until) = _bounds(rule), _bounds(other)
    return not (
        (end is not None and from_ is not None and end <= from_) or (until is not None and start is not None and until <= start)
    )


__all__ = ["BUDGET", "RuleCheck"]
