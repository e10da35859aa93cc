"""Knows how questions about a ticket are answered by the code that would act; must not change anything."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from servflow import dispatch, escalation, sla
from servflow.engine import _appointing, _facts, _helping
from servflow.engine._as_of import as_of
from servflow.engine._call import OneCall
from servflow.engine._chain_plans import plan_of
from servflow.engine._given import Given
from servflow.engine._options import options_of
from servflow.engine._plan import named
from servflow.engine._slot_stories import slot_stories
from servflow.engine._views import ClockView, Explanation, NextUp
from servflow.model import Appointment, ClockRun, FrozenMap, Record, SlotProgress, Ticket, write_instant
from servflow.sla._parts import own_calendar

if TYPE_CHECKING:
    from servflow.engine._slots import SlotPlan
    from servflow.engine._workflow import Workflow


# explaining ---------------------------------------------------------------------------------------------------


def explain(workflow: Workflow, ticket: Ticket, given: Given, records: Iterable[Record] = ()) -> Explanation:
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
        clocks=tuple(_clock_view(call, run) for run in draft.clocks.values()),
        escalations=tuple(_run_view(call, index) for index in range(len(draft.chains))),
        slots=tuple(
            _slot_view(call, plan, progress)
            for plan in call.compiled.slots
            if (progress := draft.slots.get(plan.policy.slot)) is not None and progress.policy == plan.policy.name
        ),
        coming=tuple(sorted(_coming(call), key=lambda item: item.at)),
        checklists=tuple(_facts.step_rows(call)),
        approvals=tuple(_facts.approval_rows(call)),
        children=draft.children,
        helpers=tuple(_helper_view(call, person) for person in draft.helpers),
        watchers=draft.watchers,
        appointment=None if draft.appointment is None else _visit_view(draft.appointment),
        parts=tuple(_facts.part_rows(call)),
        history=named(workflow, escalation.history((*records, *call.records))) if records else (),
        dispatch=slot_stories(workflow.dispatch, (*records, *call.records)) if records and workflow.dispatch else (),
        options=options_of(call),  # last: asking what may be done leaves payloads behind
    )


def _clock_view(call: OneCall, run: ClockRun) -> ClockView:
    cal, draft = call.compiled.counting(run.calendar), call.draft
    counted = sla.counted(run, call.at, cal)
    clock = next(plan.clock for plan in call.compiled.clocks if plan.clock.name == run.name)
    resumed = sla.due_if_resumed(run, call.at, cal, clock) if run.phase == "paused" else None
    rests = run.breached_at is None and resumed is not None and cal is not None and cal.provisional(resumed)
    return ClockView(
        name=run.name,
        phase=run.phase,
        cycle=run.cycle,
        calendar=own_calendar(run.calendar, run.name),
        within=run.within,
        counted=counted,
        remaining=run.within - counted,
        due=run.due,
        breached_at=run.breached_at,
        due_if_resumed=resumed,
        next_mark=run.next_mark,
        next_at=run.next_at,
        waived=run.waived,
        over=counted > run.within,
        percent=sla.percent(run, call.at, cal),
        provisional=run.provisional or rests,
        parent=clock.parent,
        cap=run.cap,
        shown_due=sla.display_due(clock, run, cal),
        timeline=sla.rows(clock, run, call.at, cal, (draft.entered_at, draft.state)),
    )


def _run_view(call: OneCall, index: int) -> FrozenMap[str, Any]:
    run = call.draft.chains[index]
    plan = plan_of(call.compiled, run)
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
            "climb": run.climb,
            "reached": run.reached,
            "until": None if run.until is None else write_instant(run.until),
            "hash": run.hash,
            "current": plan.chain.hash == run.hash and not plan.past,
            "counts": "" if run.counted_in is None else run.counted_in.because,
        }
    )


def _helper_view(call: OneCall, person: str) -> FrozenMap[str, Any]:
    promise = call.draft.helping.get(person)
    found: dict[str, Any] = {"helper": person, "since": None, "within": None, "due": None, "breached_at": None, "counts": ""}
    if promise is not None:
        breached = promise.breached_at
        found |= {
            "since": write_instant(promise.since),
            "within": promise.within,
            "due": write_instant(promise.due),
            "breached_at": None if breached is None else write_instant(breached),
            "counts": promise.calendar or "" if promise.counted_in is None else promise.counted_in.because,
        }
    return FrozenMap(found)


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
        "proposed": progress.proposed,
        "silent": {who: write_instant(until) for who, until in progress.silent.items()},
        "overrun_at": None if progress.overrun_at is None else write_instant(progress.overrun_at),
        "again": progress.again,
    }
    if call.world is not None:
        hooks = call.workflow.extensions.hooks
        choice = dispatch.evaluate(plan.policy, call.snapshot(), call.world, call.at, hooks=hooks)
        found["now"] = choice.summary()
        found["now_zh"] = choice.summary("zh")
    return FrozenMap(found)


def _visit_view(held: Appointment) -> FrozenMap[str, Any]:
    return FrozenMap(
        {
            "phase": held.phase,
            "start": None if held.start is None else write_instant(held.start),
            "end": None if held.end is None else write_instant(held.end),
            "to": held.to,
            "moved": held.moved,
            "missed": held.missed,
            "lost": held.lost,
        }
    )


def _coming(call: OneCall) -> list[NextUp]:
    draft = call.draft
    found = [NextUp(at=timer.due, kind="timer", name=f"{timer.state}: {timer.event}") for timer in draft.timers]
    found += [NextUp(at=offer.expires, kind="offer", name=offer.to) for offer in draft.offers if offer.expires is not None]
    for progress in draft.slots.values():
        times = ((progress.relax_at, "relaxation"), (progress.change_at, "verdict changes"), (progress.overrun_at, "overrun"))
        for at, kind in times:
            if at is not None:
                found.append(NextUp(at=at, kind=kind, name=progress.policy))
    if draft.appointment is not None and (near := _appointing.next_reminder(call.compiled, draft)) is not None:
        found.append(NextUp(at=near[0], kind="visit", name=near[1].policy.name))
    for run in draft.clocks.values():
        if run.next_at is not None:
            found.append(NextUp(at=run.next_at, kind="mark", name=f"{run.name} {run.next_mark}"))
    found += [NextUp(at=at, kind="helper", name=person) for at, person in _helping.instants(draft.helping)]
    for chain in draft.chains:
        due: tuple[datetime, str] | None = escalation.next_due(chain)
        if due is not None:
            found.append(NextUp(at=due[0], kind=due[1], name=chain.chain))
    return found


__all__ = ["explain"]
