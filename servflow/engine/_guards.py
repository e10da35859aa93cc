"""Knows how a guard is asked and how its no is told; must not know what the transition does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from servflow.errors import ExpressionError, Refused, ServflowError
from servflow.expressions import Expression, Function
from servflow.model import write_instant

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._compile import Link


def held_back(call: OneCall, event: str, link: Link, condition: Expression) -> Refused | None:
    """The refusal of a condition that does not hold, with each operand's value; None where it holds."""
    try:
        if condition.compiled_test(call.scope()):
            return None
    except ExpressionError as error:
        return Refused(
            f"{event}: the condition {condition.text} cannot be decided: {error.message}",
            code="guard",
            event=event,
            transition=link.index,
            when=condition.text,
            why=error.message,
            **_unfilled(error),
        )
    held = call.aside()
    known = {"code": "guard", "event": event, "state": held.draft.state, "transition": link.index, "when": condition.text}
    return Refused.with_more(f"{event} is not allowed now: ", known, lambda: _told(held, link, condition))


def _told(call: OneCall, link: Link, condition: Expression) -> tuple[str, Mapping[str, Any]]:
    """What a guard's no says of each operand: an event may be refused by many transitions, of which few are looked at."""
    trace = condition.trace(call.scope())
    lines, lines_zh = trace.lines(), trace.lines("zh")
    facts: dict[str, Any] = {}
    until = _shut(call, link)
    if until is not None:
        facts["until"] = until
        lines = (f"it was possible until {write_instant(until)}", *lines)
        lines_zh = (f"只能在 {write_instant(until)} 之前", *lines_zh)
    if "checklist.complete" in condition.reads and (missing := call.scope()["checklist"]["missing"]):
        facts["missing"] = missing
        steps = ", ".join(missing)
        lines, lines_zh = (*lines, f"still to be done: {steps}"), (*lines_zh, f"还缺 {steps}")
    said = "; ".join(lines) or f"{condition.text} is false"
    return said, {"operands": trace.as_data(), "lines": {"en": lines, "zh": lines_zh}, **facts}


def _unfilled(error: ExpressionError) -> dict[str, Any]:
    """The name a strict condition found nothing in, as a refusal tells it."""
    asked = error.__cause__
    if isinstance(asked, ServflowError) and asked.code in ("rules.null", "rules.null_input"):
        return {"missing": (asked.facts["name"],)}  # by a table that the condition asks
    return {"missing": (error.facts["name"],)} if error.code == "expression.null" else {}


def _shut(call: OneCall, link: Link) -> datetime | None:
    """The instant at which the time to reopen had passed; None where it has not, or never does."""
    closed_at = call.draft.closed_at
    if link.reopen is None or link.reopen.within is None or closed_at is None:
        return None
    until = link.reopen.ends(closed_at, call.compiled.calendar(link.reopen.calendar))
    return until if call.at >= until else None


def part_that_fails(call: OneCall, event: str, link: Link) -> Refused | None:
    """The refusal of the first part of a transition's guard that reads no payload and does not hold."""
    if link.guard is None:
        return None
    for part in parts_of(call, link):
        if "payload" not in part.roots:
            refused = held_back(call, event, link, part)
            if refused is not None:
                return refused
    return None


def parts_of(call: OneCall, link: Link) -> tuple[Expression, ...]:
    """The parts of a transition's guard joined by ``&&`` at the top; made once for a workflow."""
    known = call.compiled.guard_parts.get(link.index)
    if known is None:
        made = () if link.guard is None else conjuncts(link.guard, call.compiled.functions)
        known = call.compiled.guard_parts[link.index] = tuple(made)
    return known


def conjuncts(expression: Expression, functions: Mapping[str, Function]) -> list[Expression]:
    """The parts of a condition joined by ``&&`` at the top."""
    found: list[Expression] = []
    waiting: list[Any] = [expression.tree]
    while waiting:
        tree = waiting.pop(0)
        if isinstance(tree, dict) and tree.get("call") == "_&&_":
            waiting = [*tree["args"], *waiting]
        else:
            found.append(Expression.from_tree(tree, functions=functions, strict=expression.strict))
    return found
