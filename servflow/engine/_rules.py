"""Knows how the rules of a workflow run on a ticket; must not know how a condition is evaluated."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from servflow.engine._acting import run_updates
from servflow.engine._actions import Update, compile_updates
from servflow.errors import ExpressionError, Refused
from servflow.expressions import Expression
from servflow.model import Decided, FrozenMap, freeze
from servflow.rules import RuleSet
from servflow.rules._rule_parts import SCORE
from servflow.rules._ruleset_agenda import Agenda
from servflow.rules._ruleset_decide import endless, score_reason
from servflow.rules._ruleset_plan import Conditions, Plan, Scored, sums_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from servflow.engine._call import OneCall
    from servflow.engine._compile import Compiled
    from servflow.rules import Rule


class Ruling:
    """
    The rules of a workflow, linked: their conditions checked against its fields, their actions ready to be carried out.

    ``updates`` has, for each rule, the whole condition (None always holds) and what follows.
    """

    def __init__(self, compiled: Compiled) -> None:
        rules = compiled.workflow.rules
        checked = [_checked(compiled, rule, f"rules[{index}]") for index, rule in enumerate(rules)]
        self.conditions = tuple(conditions for conditions, _, _ in checked)
        self.updates = tuple((whole, made) for _, whole, made in checked)
        self.plan = Plan(rules, self.conditions, compiled.timeless)
        self._set = compiled.rule_set
        self._closers: dict[str | None, list[int]] = {}
        for index in self.plan.order:
            if rules[index].stop:
                self._closers.setdefault(rules[index].group, []).append(index)

    @cached_property
    def edition(self) -> FrozenMap[str, Any]:
        """What every decision of these rules says about them."""
        return FrozenMap({"hash": self._set.hash})

    def closers(self, rule: int) -> tuple[int, ...]:
        """The other rules that, acting, close the group of this one, in their order."""
        return tuple(index for index in self._closers.get(self.plan.rules[rule].group, ()) if index != rule)


def _checked(compiled: Compiled, rule: Rule, path: str) -> tuple[Conditions, Expression | None, tuple[Update, ...]]:
    when = compiled.condition(rule.when, f"{path}.when")
    terms = [compiled.condition(term.when, f"{path}.score[{index}].when") for index, term in enumerate(rule.score)]
    known = tuple(term for term in terms if term is not None)
    types: Mapping[str, Any] = compiled.timeless
    whole = when
    if rule.score:
        types = {**types, SCORE: "int" if sums_whole(rule) else "decimal"}
        if len(known) == len(terms) and (rule.when is None or when is not None):
            whole = compiled.condition(rule.condition, f"{path}.score")
    updates = compile_updates(compiled, rule.then, types, f"{path}.then", timeless=True)
    return Conditions(when, known if len(known) == len(terms) else ()), whole, updates


def react(call: OneCall) -> None:
    """
    Let rules look at what changed until nothing changes any more.

    At opening every rule is asked, later those that read a changed name, in their order. A rule that
    sets what another one reads has that one asked again. Which rules are in force is judged at the instant of
    the step.

    Raises:
        LimitError: rules set each other off without end.
        Refused: a condition cannot be computed on this ticket.
    """
    if not call.workflow.rules:
        return
    happening, compiled = call.happening, call.compiled
    plan = compiled.ruling.plan
    waiting = plan.every if happening.opened else compiled.rule_set.set_off(frozenset(happening.changed))
    if waiting:
        Agenda(plan, _OnTicket(call, plan, compiled.rule_set), waiting, plan.in_force(call.at)).run()


class _OnTicket:
    """A ticket in the middle of a call, for rules to be played on."""

    __slots__ = ("_call", "_plan", "_set")

    def __init__(self, call: OneCall, plan: Plan, rule_set: RuleSet) -> None:
        self._call = call
        self._plan = plan
        self._set = rule_set

    def values(self) -> Mapping[str, Any]:
        """What conditions read now."""
        return self._call.scope()

    def act(self, place: int, scored: Scored | None) -> int:
        """Record that a rule holds, and why, and carry it out; the rules that read what it changed."""
        call, index = self._call, self._plan.order[place]
        rule, happening = self._plan.rules[index], self._call.happening
        scope = call.scope()
        updates = call.compiled.ruling.updates[index][1]
        values = {name: freeze(scope.get(name)) for name in call.compiled.ruling.conditions[index].roots}
        result: Any = True if scored is None else scored.total
        why = call.compiled.ruling.edition
        if scored is not None:
            why = freeze({**why, **score_reason(rule, scored)})
        call.record(Decided, maker="rule", name=rule.name, values=FrozenMap(values), result=result, why=why)
        changed, happening.changed = happening.changed, set()
        if scored is not None:
            call.score, call.scope_cache = scored.total, None
        try:
            run_updates(call, updates, keep_person=not rule.overwrite)
        finally:
            if scored is not None:
                call.score, call.scope_cache = None, None
        fresh = frozenset(happening.changed)
        happening.changed |= changed
        return self._set.set_off(fresh) if fresh else 0

    def undecided(self, place: int, error: ExpressionError) -> NoReturn:
        """A condition cannot be decided on this ticket."""
        rule = self._plan.rules[self._plan.order[place]]
        raise Refused(
            f"rule {rule.name!r} cannot be decided: {error.message}", code="guard", rule=rule.name, why=error.message
        ) from error

    def endless(self, places: tuple[int, ...]) -> NoReturn:
        """Rules set each other off without end."""
        raise endless(self._plan, places, self._call.workflow.workflow)


__all__ = ["Ruling", "react"]
