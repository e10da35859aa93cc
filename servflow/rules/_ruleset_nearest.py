"""Knows which rule of a set nearly acted, and which change would have others act; must not know how rules run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

from servflow.errors import ExpressionError, ServflowError
from servflow.expressions import Expression, distance, solve
from servflow.model import FrozenMap
from servflow.rules._altering import put
from servflow.rules._question import at_path
from servflow.rules._rules import Rule
from servflow.rules._ruleset_decide import RulesDecision
from servflow.rules._ruleset_index import parts_of
from servflow.rules._said import listed, plain_data, said, words
from servflow.rules._trying import type_words

MAX_MEASURED = 40
"""Most rules with equally few conditions against them whose distance is measured."""

MAX_SOLVED = 60
"""Most rules whose condition is solved for one answer, those with the fewest conditions against them first."""

BUDGET = 400
"""Most values tried for one condition."""

_UNALTERABLE = ("at",)

Answer = Mapping[str, Any]


class ExplainedRules(tuple[Answer, ...]):
    """
    Why each rule of a set acts or does not: a tuple of one entry per rule, in the order in which they come.

    ``nearest`` and ``change`` are worked out when somebody looks.
    """

    _rules: Sequence[Rule]
    _decide: Callable[[Mapping[str, Any]], RulesDecision]
    _fields: Mapping[str, Any]
    lang: str

    @classmethod
    def of(
        cls,
        entries: Iterable[Answer],
        rules: Sequence[Rule],
        decide: Callable[[Mapping[str, Any]], RulesDecision],
        fields: Mapping[str, Any],
        lang: str,
    ) -> ExplainedRules:
        """
        The entries with what is needed to tell more.

        Args:
            entries: one per rule.
            rules: the rules in document order.
            decide: asks the set on other fields.
            fields: as given; kept by itself.
            lang: ``en`` or ``zh``.
        """
        made = cls(entries)
        made._rules, made._decide, made.lang = rules, decide, "zh" if lang == "zh" else "en"
        roots = {name.split(".", 1)[0] for rule in rules for name in rule.reads} | {"at"}
        made._fields = {name: fields[name] for name in sorted(roots) if name in fields}
        return made

    @cached_property
    def decision(self) -> RulesDecision:
        """What the set comes to on these fields."""
        return self._decide(self._fields)

    @cached_property
    def _rest(self) -> Mapping[str, Any]:
        """The fields once all rules have run: what the conditions saw last."""
        return {**self._fields, **self.decision.outputs}

    @cached_property
    def _against(self) -> list[tuple[int, tuple[Expression, ...]]]:
        """By rule that was asked and whose condition does not hold, the parts that stand against it; the fewest first."""
        found: list[tuple[int, tuple[Expression, ...]]] = []
        for entry in self:
            rule = self._rules[entry["index"]]
            if not entry["fired"] and entry.get("why") == "when" and rule.when is not None:
                found.append((entry["index"], self._failing(rule, rule.when)))
        return sorted(found, key=lambda each: (len(each[1]), each[0]))

    def _failing(self, rule: Rule, when: Expression) -> tuple[Expression, ...]:
        parts = parts_of(when.tree) or ()
        read = [Expression.from_tree(part, functions=rule.functions) for part in parts] if len(parts) > 1 else [when]
        return tuple(part for part in read if not _holds(part, self._rest)) or (when,)

    # what nearly was ---------------------------------------------------------------------------------------------

    @cached_property
    def nearest(self) -> Answer | None:
        """
        The nearest miss: of the rules whose condition does not hold the one with the fewest parts against it.

        Of several the one whose parts are the least far from holding in sum, then the first. ``failed`` lists each part with
        its ``condition``, its ``lines`` and, where one is known, the ``to`` that would do: names with their values. Rules that
        were stopped, are not in force or score too little are no misses. None where every condition holds.
        """
        if not self._against:
            return None
        fewest = len(self._against[0][1])
        tied = [each for each in self._against if len(each[1]) == fewest][:MAX_MEASURED]
        measured = [(sum((self._far(part)[0] for part in parts), Fraction(0)), index, parts) for index, parts in tied]
        far, index, parts = min(measured, key=lambda each: each[:2])
        failed = tuple(self._told(part) for part in parts)
        return FrozenMap({"rule": self._rules[index].name, "index": index, "failed": failed, "distance": float(far)})

    def _far(self, part: Expression) -> tuple[Fraction, Mapping[str, Any]]:
        """How far a condition is from holding, and the values on which it would."""
        near = _near(part, self._rest)
        solved = None if near is None else solve((part,), types=type_words(part.reads, self._rest), near=near, budget=BUDGET)
        if not solved:
            return Fraction(1), {}
        changes = _differing(solved.values, self._rest)
        return sum(
            (distance(at_path(self._rest, name.split(".")), value) for name, value in changes.items()), Fraction(0)
        ), changes

    def _told(self, part: Expression) -> Answer:
        told: dict[str, Any] = {"condition": part.text, "lines": part.trace(self._rest).lines(self.lang)}
        changes = self._far(part)[1]
        return FrozenMap({**told, "to": FrozenMap(changes)} if changes else told)

    # what would be -----------------------------------------------------------------------------------------------

    @cached_property
    def change(self) -> Answer | None:
        """
        The smallest change found of fields after which other rules act; None where none was found.

        The fewest fields, then the least different values. ``fields`` lists ``field``, ``from`` and ``to``; ``fired`` and
        ``outputs`` are what the set comes to then: it was asked. Time is never changed, and an error is no result.
        """
        best: tuple[int, Fraction, int, FrozenMap[str, Any]] | None = None
        for number, (wanted, unwanted) in enumerate(self._questions()):
            part = (*wanted, *unwanted)[0]
            types, near = type_words(part.reads, self._fields), _near(part, self._fields)
            if near is None:
                continue
            solved = solve(wanted, unwanted, types=types, near=near, fixed=_fixed(part, self._fields), budget=BUDGET)
            changes = _differing(solved.values, self._fields) if solved else {}
            if not changes:
                continue
            far = sum((distance(at_path(self._fields, name.split(".")), value) for name, value in changes.items()), Fraction(0))
            if best is not None and (len(changes), far, number) >= best[:3]:
                continue
            found = self._asked(changes)
            if found is not None:
                best = (len(changes), far, number, found)
        return None if best is None else best[3]

    def _questions(self) -> Iterable[tuple[tuple[Expression, ...], tuple[Expression, ...]]]:
        """What could be otherwise: a rule that did not act would, or one that did would not."""
        acted = {entry["index"] for entry in self if entry["fired"]}
        for index in sorted(acted)[:MAX_SOLVED]:
            when = self._rules[index].condition
            if when is not None and when.reads:
                yield (), (when,)
        scored = [entry["index"] for entry in self if not entry["fired"] and entry.get("why") == "score"]
        for index in [*scored, *(index for index, _ in self._against)][:MAX_SOLVED]:
            when = self._rules[index].condition
            if when is not None and when.reads:
                yield (when,), ()

    def _asked(self, changes: Mapping[str, Any]) -> FrozenMap[str, Any] | None:
        fields = self._fields
        for name, value in changes.items():
            fields = put(fields, tuple(name.split(".")), value)
        try:
            decision = self._decide(fields)
        except ServflowError:
            return None
        if decision.fired == self.decision.fired:
            return None
        told = tuple(
            FrozenMap({"field": name, "from": at_path(self._fields, name.split(".")), "to": value})
            for name, value in changes.items()
        )
        return FrozenMap({"fields": told, "fired": decision.fired, "outputs": decision.outputs})

    # told --------------------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The whole explanation for people: every rule, the nearest miss, and the change that would have others act."""
        lines = [str(entry["text"]) for entry in self[:MAX_MEASURED]]
        if len(self) > MAX_MEASURED:
            lines.append(words("more_rules", self.lang, count=len(self) - MAX_MEASURED))
        if self.nearest is not None:
            lines += ["", words("nearest_rule", self.lang, rule=self.nearest["rule"], count=len(self.nearest["failed"]))]
            lines += [f"  {line}" for part in self.nearest["failed"] for line in part["lines"]]
        if self.change is not None:
            lines += ["", words("change_rules", self.lang)]
            for part in self.change["fields"]:
                lines.append(
                    "  " + words("becomes", self.lang, field=part["field"], old=said(part["from"]), to=said(part["to"]))
                )
            fired = listed(self.change["fired"], self.lang) or "-"
            lines.append("  " + words("then_rules", self.lang, fired=fired, outputs=said(self.change["outputs"]) or "-"))
        return "\n".join(lines)

    def to_data(self) -> dict[str, Any]:
        """The explanation as fresh JSON-ready data."""
        found: dict[str, Any] = plain_data({"rules": tuple(self), "nearest": self.nearest, "change": self.change})
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (tuple(self),)


def _holds(part: Expression, values: Mapping[str, Any]) -> bool:
    try:
        return part.test(values)
    except ExpressionError:
        return False


def _near(part: Expression, fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """The present values; None where one is a holder as a whole, for which no others are looked for."""
    values = {name: at_path(fields, name.split(".")) for name in part.reads}
    return None if any(isinstance(value, Mapping) for value in values.values()) else values


def _fixed(part: Expression, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What no change is told of: time, and what tables give."""
    kept = [name for name in part.reads if name.split(".", 1)[0] in (*_UNALTERABLE, "table")]
    return {name: at_path(fields, name.split(".")) for name in kept}


def _differing(values: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        old = at_path(fields, name.split("."))
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            continue  # a holder: what it holds is told by itself
        if type(old) is not type(value) or old != value:
            found[name] = value
    return found
