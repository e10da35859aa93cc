"""Knows how it is said why each rule of a set acts or does not; must not know the order in which rules are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from servflow.errors import ExpressionError, render
from servflow.expressions import Expression
from servflow.model import FrozenMap
from servflow.rules._rules import Rule
from servflow.rules._ruleset_decide import Plain, Values, score_reason
from servflow.rules._ruleset_index import parts_of
from servflow.rules._ruleset_plan import Plan

Answer = Mapping[str, Any]


def explain_rules(plan: Plan, played: Plain, in_force: int, lang: str) -> tuple[Answer, ...]:
    """
    One entry per rule, in the order in which they come.

    An entry has ``rule``, its ``index``, ``fired`` and ``text``; one that did not act has ``why``: ``effective`` (not in
    force), ``stopped`` (with ``by``, the rule that closed its group), ``when`` (with ``condition``, the first part that
    does not hold, and ``lines``, what it saw) or ``score`` (with ``score``, ``threshold`` and ``terms``).
    """
    return tuple(_entry(plan, place, played, in_force, lang) for place in range(len(plan.rules)))


def _entry(plan: Plan, place: int, played: Plain, in_force: int, lang: str) -> Answer:
    index = plan.order[place]
    rule = plan.rules[index]
    entry: dict[str, Any] = {"rule": rule.name, "index": index, "fired": index in played.fired}
    if entry["fired"]:
        told = next(one for one in reversed(played.why) if one["index"] == index)
        entry |= {name: value for name, value in told.items() if name not in ("rule", "index")}
        code = "rules.rule_fired" if "score" not in told else "rules.rule_scored"
    elif not in_force >> place & 1:
        code = "rules.rule_not_in_force"
        period = rule.effective.to_data() if rule.effective is not None else {}
        entry |= {"why": "effective", "effective": period, "start": period.get("start", ""), "end": period.get("end", "")}
    else:
        code, why = _against(plan, place, played, lang)
        entry |= why
    entry["text"] = render(code, entry, lang)
    return FrozenMap({key: value for key, value in entry.items() if key not in ("start", "end", "saw")})


def _against(plan: Plan, place: int, played: Plain, lang: str) -> tuple[str, dict[str, Any]]:
    """The sentence about a rule in force that did not act, and its facts."""
    rule, values = plan.rules[plan.order[place]], played.values()
    closing = next((index for index in played.fired if _closes(plan.rules[index], rule)), None)
    stopped = {} if closing is None else {"why": "stopped", "by": plan.rules[closing].name}
    if closing is not None and plan.places[closing] < place:
        return "rules.rule_stopped", stopped
    failed = None if rule.when is None else failing_part(rule.when, values, rule)
    if failed is not None:
        lines = failed.trace(values).lines(lang)
        return "rules.rule_fails", {
            "why": "when",
            "condition": failed.text,
            "lines": lines,
            "saw": "; ".join(lines) or failed.text,
        }
    scoring = plan.scores[place]
    reached, scored = (True, None) if scoring is None else scoring.score(values)
    if scored is not None and not reached:
        return "rules.rule_scores_less", {"why": "score", **score_reason(rule, scored)}
    # Asked before the other one it did not hold; what rules changed since makes no difference any more.
    return ("rules.rule_stopped", stopped) if stopped else ("rules.rule_changed", {"why": "changed"})


def _closes(rule: Rule, other: Rule) -> bool:
    return rule.stop and rule.group == other.group


def failing_part(condition: Expression, values: Values, rule: Rule) -> Expression | None:
    """The first part of a condition that does not hold; the whole of it where no part can be told; None where all hold."""
    if condition.test(values):
        return None
    parts: Sequence[Mapping[str, Any]] = parts_of(condition.tree) or ()
    for part in parts if len(parts) > 1 else ():
        try:
            asked = Expression.from_tree(part, functions=rule.functions)
            if not asked.test(values):
                return asked
        except ExpressionError:
            continue  # another part is false, and so this one does not count
    return condition


__all__ = ["Answer", "explain_rules", "failing_part"]
