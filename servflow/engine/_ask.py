"""Knows how questions about a ticket are answered by the code that would act; must not change anything."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from servflow import dispatch, escalation, sla
from servflow.engine import _approval, _checklist, _facts
from servflow.engine._as_of import as_of
from servflow.engine._call import OneCall
from servflow.engine._definition import BUILT_IN
from servflow.engine._events import Attempt, choose, not_permitted
from servflow.engine._given import Given
from servflow.engine._permit import permitted
from servflow.engine._views import ClockView, Explanation, NextUp, Option
from servflow.errors import Finding
from servflow.model import EMPTY, ClockRun, Field, FrozenMap, SlotProgress, Ticket, write_instant

if TYPE_CHECKING:
    from servflow.engine._compile import Link
    from servflow.engine._placing import SlotPlan
    from servflow.engine._workflow import Workflow


def available(workflow: Workflow, ticket: Ticket, given: Given) -> tuple[Option, ...]:
    """Every event of the state, with whether it may happen and why not; built-in ones where granted."""
    call = as_of(workflow, ticket, given)
    compiled = call.compiled
    options = []
    named = [name for move in compiled.transitions if move.event for name in move.event.split()]
    for event in dict.fromkeys(name for name in named if "*" not in name):
        if compiled.raised.internal(event):
            continue  # raised by the workflow itself
        indexes = compiled.chart.candidates(call.draft.configuration, event)
        if indexes:
            options.append(_option(call, event, indexes))
    told = {event for event in compiled.events if event not in BUILT_IN and not compiled.raised.internal(event)}
    heard = sorted(event for event in told if not compiled.moves(event))
    options.extend(_heard(call, event) for event in heard)
    seen = {option.event for option in options}
    options.extend(option for event in BUILT_IN if event not in seen and (option := _built_in(call, event)) is not None)
    return tuple(options)


def _option(call: OneCall, event: str, indexes: tuple[int, ...]) -> Option:
    links = [call.compiled.links[index] for index in indexes]
    attempt = Attempt(event)
    chosen = choose(call, event, EMPTY, attempt)
    link = call.compiled.links[chosen[0]] if chosen else links[0]
    title = link.spec.title
    if chosen:
        return Option(event=event, status="ready", payload=_types(link), targets=_targets(call, chosen), title=title)
    only_payload = {link.index for link, problem in attempt.problems if problem.code == "payload"}
    for candidate in links:
        if candidate.index in only_payload:
            return Option(
                event=event,
                status="needs",
                payload=_types(candidate),
                targets=_targets(call, (candidate.index,)),
                code="payload",
                why="needs "
                + ", ".join(f"{name} ({kind})" for name, kind in _types(candidate).items() if not kind.endswith("?")),
                title=title,
            )
    problem = attempt.worst() or not_permitted(call, event, (), None)
    return Option(
        event=event,
        status="refused",
        why=problem.message,
        code=problem.code,
        payload=_types(link),
        targets=_targets(call, (link.index,)),
        title=title,
        facts=FrozenMap(problem.facts),
    )


def _types(link: Link) -> FrozenMap[str, str]:
    return FrozenMap({name: _type(spec) for name, spec in link.spec.payload.items()})


def _type(spec: Field) -> str:
    return f"{spec.type}?" if spec.optional or spec.default is not None else spec.type


def _targets(call: OneCall, indexes: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(target for index in indexes for target in call.compiled.links[index].spec.target))


def _heard(call: OneCall, event: str) -> Option:
    """An event that only clocks and chains listen to."""
    spec = call.workflow.events.get(event)
    allow, not_by = (spec.allow, spec.not_by) if spec is not None else ((), None)
    declared = spec.payload if spec is not None else EMPTY
    payload = FrozenMap({name: _type(kind) for name, kind in declared.items()})
    title = spec.title if spec is not None else ""
    if permitted(call, allow, not_by):
        needed = any(not kind.optional and kind.default is None for kind in declared.values())
        return Option(event=event, status="needs" if needed else "ready", payload=payload, title=title)
    problem = not_permitted(call, event, allow, not_by)
    return Option(event=event, status="refused", why=problem.message, code=problem.code, payload=payload, title=title)


def _built_in(call: OneCall, event: str) -> Option | None:
    spec = call.workflow.events.get(event)
    if event in _NEVER_OFFERED or not (spec is not None or not call.workflow.roles or _granted_in_part(call, event)):
        return None
    if event.startswith("offer.") and not call.draft.offers:
        return None
    if event.startswith("chain.") and not any(run.phase != "armed" for run in call.draft.chains):
        return None
    if event.startswith("approval."):
        return _vote(call, event, spec.title if spec is not None else "")
    if event == "step.check" and not any(state in call.draft.entered for state in call.compiled.checklists):
        return None
    if event == "step.uncheck" and not any(_facts.is_done(call, state, step.step) for state, step in _facts.steps(call)):
        return None
    if event == "clock.waive" and not any(run.breached_at for run in call.draft.clocks.values()):
        return None
    allow, not_by = (spec.allow, spec.not_by) if spec is not None else ((), None)
    asked = dict(BUILT_IN[event])
    if event == "ticket.update":
        asked = {name: f"{kind.type}?" for name, kind in call.workflow.fields.items()}
    if spec is not None:
        asked |= {name: _type(kind) for name, kind in spec.payload.items()}
    payload = FrozenMap(asked)
    if permitted(call, allow, not_by) or (event == _checklist.CHECK and _checklist.may_check(call)):
        mine = not event.startswith("offer.") or any(
            call.actor is not None and offer.to == call.actor.id for offer in call.draft.offers
        )
        if mine:
            needed = [f"{name} ({kind})" for name, kind in payload.items() if not kind.endswith("?")]
            if event == "ticket.update":
                needed = ["a field to update"]
            return Option(
                event=event,
                status="needs" if needed else "ready",
                payload=payload,
                code="payload" if needed else None,
                why=f"needs {', '.join(needed)}" if needed else "",
                title=spec.title if spec else "",
            )
    problem = not_permitted(call, event, allow, not_by)
    return Option(event=event, status="refused", why=problem.message, code=problem.code, payload=payload)


_NEVER_OFFERED = ("ticket.cancel", "ticket.reopen", "ticket.child_closed", "ticket.child_reopened")


def _granted_in_part(call: OneCall, event: str) -> bool:
    """Whether the state itself says who may: a checklist step or an approval with an ``allow`` of its own."""
    if event == _checklist.CHECK:
        return any(step.allow for _, step in _facts.steps(call))
    return event.startswith("approval.") and bool(_facts.voting(call))


def _vote(call: OneCall, event: str, title: str) -> Option | None:
    if not _facts.voting(call):
        return None
    payload = FrozenMap(BUILT_IN[event])
    problem = None if _approval.may_vote(call, event) else _approval.why_not(call, event)
    if problem is None:
        return Option(event=event, status="ready", payload=payload, title=title)
    why, code = problem.message, problem.code
    return Option(event=event, status="refused", why=why, code=code, payload=payload, title=title)


# explaining ---------------------------------------------------------------------------------------------------


def explain(workflow: Workflow, ticket: Ticket, given: Given) -> Explanation:
    """The ticket told for people, as of one instant."""
    call = as_of(workflow, ticket, given)
    draft = call.draft
    return Explanation(
        ticket=draft.id,
        state=draft.state,
        since=draft.entered_at,
        at=call.at,
        assignee=draft.assignee,
        closed=draft.closed,
        options=available(workflow, ticket, given),
        clocks=tuple(_clock_view(call, run) for run in draft.clocks.values()),
        escalations=tuple(_run_view(call, index) for index in range(len(draft.chains))),
        slots=tuple(
            _slot_view(call, plan, progress)
            for plan in call.compiled.slots
            if (progress := draft.slots.get(plan.policy.slot)) is not None and progress.policy == plan.policy.name
        ),
        coming=tuple(sorted(_coming(call), key=lambda item: item.at)),
    )


def _clock_view(call: OneCall, run: ClockRun) -> ClockView:
    cal = call.compiled.counting(run.calendar)
    counted = sla.counted(run, call.at, cal)
    clock = next(plan.clock for plan in call.compiled.clocks if plan.clock.name == run.name)
    return ClockView(
        name=run.name,
        phase=run.phase,
        cycle=run.cycle,
        calendar=run.calendar,
        within=run.within,
        counted=counted,
        remaining=run.within - counted,
        due=run.due,
        breached_at=run.breached_at,
        due_if_resumed=sla.due_if_resumed(run, call.at, cal) if run.phase == "paused" else None,
        next_mark=run.next_mark,
        next_at=run.next_at,
        waived=run.waived,
        over=counted > run.within,
        timeline=tuple(sla.explain(clock, run, call.at, cal)),
    )


def _run_view(call: OneCall, index: int) -> FrozenMap[str, Any]:
    run = call.draft.chains[index]
    plan = next(plan for plan in call.compiled.chains if plan.chain.name == run.chain)
    due = escalation.next_due(run)
    level = plan.chain.levels[run.level].name if run.level < len(plan.chain.levels) else None
    return FrozenMap(
        {
            "chain": run.chain,
            "cause": run.cause,
            "phase": run.phase,
            "started_at": write_instant(run.started_at),
            "next_level": level,
            "next_at": None if due is None else write_instant(due[0]),
            "by": run.by,
        }
    )


def _slot_view(call: OneCall, plan: SlotPlan, progress: SlotProgress) -> FrozenMap[str, Any]:
    found: dict[str, Any] = {
        "slot": plan.policy.slot,
        "policy": progress.policy,
        "phase": progress.phase,
        "since": write_instant(progress.since),
        "stage": progress.stage,
        "declined": list(progress.declined),
        "offers": [offer.to for offer in call.draft.offers if offer.policy == progress.policy],
        "waits": list(progress.waits),
        "relax_at": None if progress.relax_at is None else write_instant(progress.relax_at),
    }
    if call.world is not None:
        hooks = call.workflow.extensions.hooks
        choice = dispatch.evaluate(plan.policy, call.snapshot(), call.world, call.at, hooks=hooks)
        found["now"] = choice.summary()
        found["now_zh"] = choice.summary("zh")
    return FrozenMap(found)


def _coming(call: OneCall) -> list[NextUp]:
    draft = call.draft
    found = [NextUp(at=timer.due, kind="timer", name=f"{timer.state}: {timer.event}") for timer in draft.timers]
    found += [NextUp(at=offer.expires, kind="offer", name=offer.to) for offer in draft.offers if offer.expires is not None]
    for progress in draft.slots.values():
        for at, kind in ((progress.relax_at, "relaxation"), (progress.change_at, "verdict changes")):
            if at is not None:
                found.append(NextUp(at=at, kind=kind, name=progress.policy))
    for run in draft.clocks.values():
        if run.next_at is not None:
            found.append(NextUp(at=run.next_at, kind="mark", name=f"{run.name} {run.next_mark}"))
    for chain in draft.chains:
        due: tuple[datetime, str] | None = escalation.next_due(chain)
        if due is not None:
            found.append(NextUp(at=due[0], kind=due[1], name=chain.chain))
    return found


# about the definition -----------------------------------------------------------------------------------------


def findings(workflow: Workflow) -> tuple[Finding, ...]:
    """What can be said about a definition that loads: places nothing leads to or out of, tables, permissions."""
    compiled = workflow.compiled
    chart = compiled.chart
    found = [finding for finding in compiled.problems.findings if finding.severity != "error"]
    found += [Finding("state.unreachable", f"states.{state}", {"state": state}, "warning") for state in chart.unreachable()]
    for state in chart.dead_ends():
        if not compiled.is_closed((state,)):
            found.append(Finding("state.dead_end", f"states.{state}", {"state": state}, "warning"))
    heard = {timer.event for state in compiled.states.values() for timer in state.timers}
    if workflow.roles:
        for index, link in enumerate(compiled.links):
            move = link.spec
            if move.event is not None and not link.allow:
                found.append(Finding("transition.nobody", f"transitions[{index}].allow", {"event": move.event}, "warning"))
            if move.event in heard and "system" not in link.allow:
                found.append(Finding("timer.not_allowed", f"transitions[{index}].allow", {"event": move.event}, "warning"))
    for table in workflow.tables.values():
        for item in table.check():
            path = f"tables.{table.name}.{item.path}".rstrip(".")
            found.append(Finding(item.code, path, item.facts, item.severity, witness=item.witness))
    return tuple(found)


__all__ = ["available", "explain", "findings"]
