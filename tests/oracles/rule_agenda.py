"""Knows what a set of rules comes to, played one rule at a time; must not know bits, indexes or what was asked before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from servflow.errors import ExpressionError
from servflow.expressions import Expression

parsed = cache(Expression.parse)


class Endless(Exception):
    """Rules act again and again; says which one acted once too often."""


class Undecided(Exception):
    """A condition cannot be decided; says whose."""


def place(rules: list[dict[str, Any]], index: int) -> tuple[bool, int, int]:
    """Where a rule comes: those with a priority first."""
    priority = rules[index].get("priority")
    return priority is None, priority or 0, index


def reads(rule: dict[str, Any]) -> set[str]:
    """The names whose change sets a rule off, without what is inside them."""
    texts = [rule.get("when"), *(term["when"] for term in rule.get("score", ()))]
    found = {name for text in texts if text is not None for name in parsed(text).roots}
    values = rule.get("then", {}).get("set", {})
    for value in values.values():
        found |= {name for name in parsed(value).roots if name not in values}
    return found - ({"score"} if "score" in rule else set())


def holds(rules: list[dict[str, Any]], index: int, fields: Mapping[str, Any]) -> tuple[bool, Any]:
    """Whether a rule holds by its own condition and score, and the score."""
    rule = rules[index]
    try:
        if rule.get("when") is not None and not parsed(rule["when"]).test(fields):
            return False, None
        if "score" not in rule:
            return True, None
        total = Decimal(0)
        for term in rule["score"]:
            total += Decimal(str(term["weight"])) * parsed(term["when"]).test(fields)
        return total >= Decimal(str(rule["threshold"])), total
    except ExpressionError:
        raise Undecided(rule["name"]) from None


def play(
    rules: list[dict[str, Any]], given: Mapping[str, Any], in_force: Iterable[int] | None = None, person: Iterable[str] = ()
) -> tuple[list[str], dict[str, Any]]:
    """The rules that act, in order, and the fields at rest."""
    fields, fired, held = dict(given), [], set()
    asked_in_vain: set[int] = set()
    open_ = set(range(len(rules)) if in_force is None else in_force)
    waiting = set(range(len(rules)))
    again = 0
    while waiting & open_:
        index = min(waiting & open_, key=lambda one: place(rules, one))
        waiting.discard(index)
        group = rules[index].get("group")
        asked_in_vain.add(index)
        good, score = holds(rules, index, fields)
        if not good:
            continue
        asked_in_vain.discard(index)
        closing = [
            other
            for other in sorted(open_ - asked_in_vain, key=lambda one: place(rules, one))
            if rules[other].get("stop") and rules[other].get("group") == group and place(rules, other) < place(rules, index)
        ]
        if any(holds(rules, other, fields)[0] for other in reversed(closing)):
            held.add(index)
            continue
        again += rules[index]["name"] in fired
        if again > max(200, 2 * len(rules)):
            raise Endless(rules[index]["name"])
        fired.append(rules[index]["name"])
        if rules[index].get("stop"):
            open_ -= {other for other in open_ if other != index and rules[other].get("group") == group}
        changed = carry_out(rules[index], fields, score, person)
        fresh = {other for other in range(len(rules)) if other != index and reads(rules[other]) & changed}
        if any(rules[other].get("stop") for other in fresh):
            fresh |= held
            held = set()
        waiting |= fresh
        asked_in_vain -= fresh
    return fired, fields


def carry_out(rule: dict[str, Any], fields: dict[str, Any], score: Any, person: Iterable[str]) -> set[str]:
    """Set what a rule sets; the names whose values changed."""
    read = fields if score is None else {**fields, "score": score}
    found = {}
    for name, text in rule.get("then", {}).get("set", {}).items():
        if name in person and not rule.get("overwrite"):
            continue
        value = parsed(text).value(read)
        if type(value) is not type(fields.get(name, ...)) or value != fields[name]:
            found[name] = value
    fields.update(found)
    return set(found)
