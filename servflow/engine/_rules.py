"""Knows how the rules of a workflow run on a ticket; must not know how a condition is evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from servflow.engine._actions import run_updates
from servflow.errors import ExpressionError, LimitError, Refused
from servflow.model import Decided, FrozenMap, freeze

if TYPE_CHECKING:
    from servflow.engine._call import OneCall

MAX_FIRINGS = 200
"""How many rules may fire in one step before the step is stopped as running in a circle."""


def react(call: OneCall) -> None:
    """
    Let rules look at what changed until nothing changes any more.

    At opening every rule is asked, later those that read a changed name, in document order. A rule that
    sets what another one reads has that one asked again.

    Raises:
        LimitError: rules set each other off without end.
        Refused: a condition cannot be computed on this ticket.
    """
    rules = call.workflow.rules
    if not rules:
        return
    happening, compiled = call.happening, call.compiled
    waiting = list(range(len(rules))) if happening.opened else list(compiled.rule_set.affected(frozenset(happening.changed)))
    fired = 0
    while waiting:
        index = waiting.pop(0)
        changed, happening.changed = happening.changed, set()
        if _ask(call, index):
            fired += 1
        fresh = frozenset(happening.changed)
        happening.changed |= changed
        if fired > MAX_FIRINGS:
            raise LimitError(
                f"rules of {call.workflow.workflow} fired more than {MAX_FIRINGS} times in one step; "
                f"{rules[index].name!r} and others set each other off",
                code="rules",
                limit=MAX_FIRINGS,
                rule=rules[index].name,
            )
        if fresh:
            waiting.extend(other for other in compiled.rule_set.affected(fresh) if other != index and other not in waiting)


def _ask(call: OneCall, index: int) -> bool:
    rule = call.workflow.rules[index]
    when, updates = call.compiled.rule_updates[index]
    scope = call.scope()
    try:
        if when is not None and not when.test(scope):
            return False
    except ExpressionError as error:
        raise Refused(
            f"rule {rule.name!r} cannot be decided: {error.message}", code="guard", rule=rule.name, why=error.message
        ) from error
    values = {} if when is None else {name: freeze(scope.get(name)) for name in sorted(when.roots)}
    call.record(Decided, maker="rule", name=rule.name, values=FrozenMap(values), result=True)
    run_updates(call, updates, keep_person=not rule.overwrite)
    return True
