"""Knows how one ticket moves to another version of its definition, as records; must not know how plans are made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from servflow import sla
from servflow.engine import _carrying
from servflow.engine._call import Happening, OneCall, Retry
from servflow.engine._draft import Draft
from servflow.engine._events import drain, settle
from servflow.engine._fitting import fitted
from servflow.engine._given import Given
from servflow.engine._migration import MigrationPlan
from servflow.engine._timeline import catch_up
from servflow.engine._verbs import begin
from servflow.errors import DefinitionError, ExpressionError, Finding, InputError, Refused
from servflow.model import EMPTY, SYSTEM, FrozenMap, Migrated, Moved, Outcome, Record, Ticket, Updated, World, same_value
from servflow.statemachine import Machine

if TYPE_CHECKING:
    from servflow.statemachine import Move

BY = "migration"
"""What records of a move give as their event and source."""

_LONGEST_WHOLE = 19
"""The exponent of the largest whole number that a field may hold."""


def migrate(
    ticket: Ticket, plan: MigrationPlan, *, at: datetime | None = None, world: World | Mapping[str, Any] | None = None
) -> Outcome:
    """
    Move a ticket to the new definition of a plan.

    First everything set for an instant strictly before *at* happens under the old definition; then the ticket is the
    new one's, and everything live on it is carried over or ended with a record that says why. A ticket in a state of
    identical future moves whatever else the plan leaves open. A ticket that runs under the new definition already is
    given back as it is.

    Args:
        ticket: a ticket of the plan's old definition.
        plan: what `plan_migration` gave.
        at: aware instant of the move, the ticket's own where left out.
        world: what dispatch may read where the move makes it decide.

    Raises:
        Refused: an answer is missing or a value does not fit; ``findings`` tell all of it (``migration``).
        InputError: the ticket runs under neither definition of the plan.
        TimeError: the instant is naive.
    """
    given_ticket: object = ticket
    if not isinstance(given_ticket, Ticket):
        raise InputError(f"pass a Ticket, not a {type(given_ticket).__name__}; load_ticket(row) reads a stored one")
    given = Given.of(ticket.at if at is None else at, None, world, None)
    if runs_under(ticket, plan.new) and (plan.old.hash != plan.new.hash or ticket.pins == plan.new.pins):
        return Outcome(ticket=ticket)
    if not runs_under(ticket, plan.old):
        pinned = ticket.pins.get("workflow", "")
        raise InputError(
            f"ticket {ticket.id} runs under definition {pinned[:12]!r} and the plan leads from {plan.old.hash[:12]!r} to "
            f"{plan.new.hash[:12]!r}; make a plan that begins with the definition in ticket.pins",
            code="migration.other_version",
            ticket=ticket.id,
            hash=pinned,
        )
    call = begin(plan.old, ticket, given)
    catch_up(call, at_of := call.at)
    call.at = at_of
    problems = obstacles(call.draft, plan)
    if problems:
        why = "; ".join(finding.message() for finding in problems[:5])
        raise Refused(
            f"ticket {ticket.id} cannot be migrated: {why}",
            code="migration",
            ticket=ticket.id,
            why={"en": why, "zh": "；".join(finding.message("zh") for finding in problems[:5])},  # noqa: RUF001 - Chinese text uses full-width punctuation
            findings=tuple(problems),
        )
    try:
        return call.outcome(_move(call, plan, at_of))
    except (ExpressionError, Refused) as error:
        raise Refused(
            f"ticket {ticket.id} cannot be migrated: what follows from the new definition failed: {error.message}",
            code="migration",
            ticket=ticket.id,
            why=error.message,
            findings=(Finding("migration.failed", "", {"why": error.message}),),
        ) from error


def runs_under(ticket: Ticket | Draft, workflow: Any) -> bool:
    """Whether a ticket is pinned to a definition."""
    return bool(ticket.pins.get("workflow") == workflow.hash)


# what stands in the way ---------------------------------------------------------------------------------------


def obstacles(draft: Draft | Ticket, plan: MigrationPlan) -> list[Finding]:
    """Everything about this ticket that keeps it from moving as the plan stands."""
    blocked = {finding.path: finding for finding in plan.blocked}
    found = [blocked[f"states.{leaf}"] for leaf in draft.configuration if f"states.{leaf}" in blocked]
    if not found:
        targets = _targets(draft, plan)
        try:
            entry(plan, targets)
        except DefinitionError:
            found.append(Finding("migration.configuration", "states", {"targets": targets}))
    values, problems = carried(draft, plan)
    found += problems
    for name, spec in plan.new.fields.items():
        erased = spec.personal and values.get(name, name) is None  # it was there and is gone for good
        if spec.required and spec.default is None and values.get(name) is None and not erased:
            found.append(Finding("migration.required", f"fields.{name}", {"name": name}))
    return found


def carried(draft: Draft | Ticket, plan: MigrationPlan) -> tuple[dict[str, Any], list[Finding]]:
    """The fields as the new definition holds them, and what does not fit it."""
    values: dict[str, Any] = {}
    problems: list[Finding] = []
    blocked = {finding.path: finding for finding in plan.blocked}
    given = plan.answers.values
    for name, value in draft.fields.items():
        part = plan.fields.get(name)
        if value is None and part is None:
            continue
        target = name if part is None else part.target
        if target is None:
            if value is not None and f"fields.{name}" in blocked:
                problems.append(blocked[f"fields.{name}"])
            continue
        if part is None or part.status == "identical" or value is None:
            values[target] = value
            continue
        try:
            values[target] = converted(plan.new.fields[target], value, target)
        except Refused as error:
            if target in given:
                values[target] = given[target]
                continue
            facts = {"name": name, "value": value, "expected": error.facts.get("expected", "")}
            problems.append(Finding("migration.value", f"fields.{name}", facts))
    for name, spec in plan.new.fields.items():
        if values.get(name) is not None:
            continue
        if name in given:
            values[name] = given[name]
        elif spec.default is not None and name not in values and plan.fields[name].status == "added":
            values[name] = fitted(spec, spec.default, name)
    return values, problems


def converted(spec: Any, value: Any, name: str) -> Any:
    """
    A value as a field of another type holds it: as it is, or read from what it says without losing any of it.

    Raises:
        Refused: nothing of that type says the same; the code is ``payload``.
    """
    try:
        return fitted(spec, value, name)
    except Refused:
        read = _reread(spec.type, value)
        if read is None:
            raise
        return fitted(spec, read, name)


def _reread(kind: str, value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower() if kind == "string" else None
    if kind == "list":
        return (value,)
    if not isinstance(value, (str, int, float, Decimal)):
        return None
    try:
        if kind == "string" and isinstance(value, (int, float, Decimal)):
            return str(value)
        if kind in ("int", "uint"):
            number = Decimal(value)
            short = number.adjusted() <= _LONGEST_WHOLE  # what a customer wrote may be 1e999999999
            return int(number) if short and number == number.to_integral_value() else None
        if kind == "double":
            near = float(value)
            return near if math.isfinite(near) and Decimal(value) == Decimal(repr(near)) else None
        if kind == "decimal" and isinstance(value, float):
            return Decimal(repr(value))
        if kind == "bool" and isinstance(value, str):
            return {"true": True, "false": False}.get(value)
    except (ValueError, ArithmeticError):
        return None
    return None


# where it goes ------------------------------------------------------------------------------------------------


def stays(plan: MigrationPlan, name: str) -> str | None:
    """What a state in which a ticket simply goes on is called now; None where the ticket leaves it."""
    part = plan.states.get(name)
    if part is None or part.target is None or part.status == "removed":
        return None
    return part.target if part.target == name or part.status == "renamed" else None


def _targets(draft: Draft | Ticket, plan: MigrationPlan) -> tuple[str, ...]:
    parts = [plan.states.get(leaf) for leaf in draft.configuration]
    found = (leaf if part is None else part.target or leaf for leaf, part in zip(draft.configuration, parts, strict=True))
    return tuple(dict.fromkeys(found))


def entry(plan: MigrationPlan, targets: tuple[str, ...]) -> Move:
    """
    The configuration of the new definition in which these states are active.

    Raises:
        DefinitionError: there is none.
    """
    made = plan.entries.get(targets)
    if made is None:
        spec = plan.new
        machine = Machine(
            initial=list(targets), states={name: state.chart() for name, state in spec.states.items()}, transitions=[]
        )
        made = plan.entries[targets] = machine.initial_move()
    move: Move = made
    return move


# the move -----------------------------------------------------------------------------------------------------


def _move(call: OneCall, plan: MigrationPlan, at: datetime) -> datetime | None:
    draft = call.draft
    call.act_as(SYSTEM)
    call.cause = f"{BY}:{draft.sequence + 1}:{plan.new.hash[:16]}"
    call.happening = Happening()
    identical = all(plan.states[leaf].status == "identical" for leaf in draft.configuration)
    move = entry(plan, _targets(draft, plan))
    names = {name: now for name in draft.entered if (now := stays(plan, name)) is not None and now in move.entered}
    before, inside = dict(draft.fields), frozenset(draft.entered)
    runs = _carrying.let_go(call, plan, frozenset(names.values()))
    timers = _carrying.timers(call, plan, names)
    values, _ = carried(draft, plan)
    leaving = tuple(reversed([name for name in draft.entered if name not in names]))
    since = _since(call, plan, move, names)
    call.workflow, call.compiled = plan.new, plan.new.compiled
    call.scope_cache = None
    kept = tuple(names.get(leaf, leaf) for leaf in draft.configuration)
    coming = tuple(name for name in move.entered if name not in since)
    changes = bool(leaving or coming)
    clocks = {name: part.target if (part := plan.clocks.get(name)) is not None else None for name in draft.clocks}
    closed = draft.closed if changes else call.compiled.is_closed(move.configuration)
    call.record(
        Migrated,
        version=plan.new.version,
        before=draft.pins,
        pins=plan.new.pins,
        states=FrozenMap({name: now for name, now in {**_remembered(draft, plan), **names}.items() if name != now}),
        fields=_renamed_fields(draft, plan),
        configuration=kept if changes else move.configuration,
        entered=FrozenMap({**{name: draft.entered[name] for name in leaving}, **since}),
        history=_history(draft, plan),
        closed=closed,
        timers=timers.running,
        refused_timers=timers.refused,
        resting_timers=timers.resting,
        chains=runs,
        clocks=FrozenMap({name: now for name, now in clocks.items() if now is not None and now != name}),
        dropped=tuple(name for name, now in clocks.items() if now is None),
    )
    if changes:
        _enter(call, move, leaving, coming)
    _update(call, plan, before, values)
    _carrying.clocks(call, plan, inside)
    _carrying.searches(call, plan)
    _carrying.set_anew(call, timers.anew)
    if not identical:
        call.queue.extend(Retry(refused) for refused in draft.refused_timers)
    if call.compiled.watching:  # what holds under the new definition has not become true by anything that happened
        call.base, call.held = call.snapshot(), EMPTY
    happening = call.happening
    if changes or happening.changed or happening.closed:
        settle(call)
    drain(call)
    return catch_up(call, at)


def _remembered(draft: Draft, plan: MigrationPlan) -> dict[str, str]:
    """What states in which the ticket is not, but of which it keeps checks, votes or steps shown, are called now."""
    found = {*draft.checklist, *(state for held in draft.voters.values() for state in held)}
    found |= {step.state for steps in draft.shown.values() for step in steps}
    return {name: now for name in sorted(found - draft.entered.keys()) if (now := stays(plan, name)) is not None}


def _since(call: OneCall, plan: MigrationPlan, move: Move, names: Mapping[str, str]) -> dict[str, datetime]:
    """Since when each state of the new configuration is active that the ticket does not enter only now."""
    draft = call.draft
    held = {now: draft.entered[name] for name, now in names.items()}
    chart = plan.new.compiled.chart
    around: dict[str, datetime] = {}
    for name, since in held.items():
        for above in chart.ancestors(name):
            around[above] = min(around.get(above, since), since)
    # A state put around one in which the ticket stays is no place it comes to.
    return {name: held.get(name) or around[name] for name in move.entered if name in held or name in around}


def _enter(call: OneCall, move: Move, leaving: tuple[str, ...], coming: tuple[str, ...]) -> None:
    draft, happening = call.draft, call.happening
    closed = call.compiled.is_closed(move.configuration)
    reopened = draft.closed and not closed
    call.record(
        Moved,
        event=BY,
        exited=leaving,
        entered=coming,
        configuration=move.configuration,
        history=draft.history,
        closed=closed,
        reopened=reopened,
    )
    happening.exited.extend(leaving)
    happening.entered.extend(coming)
    happening.changed.add("state")
    happening.reopened = reopened
    happening.closed = closed and bool(coming)


def _history(draft: Draft, plan: MigrationPlan) -> FrozenMap[str, tuple[str, ...]]:
    found = {}
    for name, states in draft.history.items():
        now = tuple(known for state in states if (known := stays(plan, state)) is not None)
        target = stays(plan, name)
        if target is not None and len(now) == len(states):
            found[target] = now
    # A state may stand elsewhere in the new chart, where its history never leads.
    return FrozenMap(plan.new.compiled.chart.remembered(found))


def _renamed_fields(draft: Draft, plan: MigrationPlan) -> FrozenMap[str, Any]:
    return FrozenMap(
        {name: part.target for name in draft.fields if (part := plan.fields.get(name)) is not None and part.target != name}
    )


def _update(call: OneCall, plan: MigrationPlan, before: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    fields = call.draft.fields
    changed = {name: value for name, value in values.items() if name not in fields or not same_value(fields[name], value)}
    if changed:
        call.record(Updated, fields=FrozenMap(changed), source=BY)
    renamed = {part.target for name, part in plan.fields.items() if name in before and part.status == "renamed"}
    call.happening.changed.update(changed, (name for name in renamed if name is not None))


# what it came to ----------------------------------------------------------------------------------------------


def made_by_move(records: tuple[Record, ...]) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
    """The records before the move itself, under the old definition, and those from it on."""
    place = next((index for index, record in enumerate(records) if isinstance(record, Migrated)), len(records))
    return records[:place], records[place:]


def over(ticket: Ticket, name: str, plan: MigrationPlan, at: datetime) -> timedelta:
    """How far a clock is over its target at an instant."""
    run = ticket.clocks[name]
    return sla.counted(run, at, plan.new.compiled.counting(run.calendar)) - run.within


__all__ = ["converted", "entry", "migrate", "obstacles", "over", "runs_under", "stays"]
