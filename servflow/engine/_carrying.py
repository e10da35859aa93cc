"""Knows how what is live on a ticket is carried over to another version, part by part; must not know in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from servflow import escalation, sla
from servflow.engine import (
    _appointed,
    _chain_ends,
    _chains,
    _clock_caps,
    _clock_conditions,
    _clock_since,
    _clock_targets,
    _dispatching,
    _placing,
    _slots,
)
from servflow.engine._chain_plans import find_plan
from servflow.engine._clock_records import retargeted
from servflow.escalation._causes import state_of, with_states
from servflow.escalation._spans import later
from servflow.model import (
    ChainRun,
    ClockPaused,
    ClockResumed,
    ClockRetargeted,
    ClockRun,
    ClockStopped,
    RefusedTimer,
    SlotChanged,
    StateTimer,
    TimerSet,
    replace,
)

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._clock_plans import ClockPlan
    from servflow.engine._compile import Compiled
    from servflow.engine._definition import Timer
    from servflow.engine._migration import MigrationPlan
    from servflow.engine._slots import SlotPlan

GONE = "the new definition does not have it"
CHANGED = "the definition changed"


# before the change, under the old definition -------------------------------------------------------------------


def let_go(call: OneCall, plan: MigrationPlan, staying: frozenset[str]) -> tuple[ChainRun, ...]:
    """
    End, under the old definition, what the new one cannot go on with.

    Args:
        staying: the states of the new definition in which the ticket goes on without being moved.

    Returns:
        The runs of chains that go on, as the new definition continues them.
    """
    slots = {entry.policy.name: entry for entry in plan.new.compiled.slots}
    for slot, progress in list(call.draft.slots.items()):
        entry = slots.get(progress.policy)
        stays = entry is not None and (not entry.policy.state or not staying.isdisjoint(entry.policy.state))
        if entry is None or entry.policy.slot != slot or not stays:
            _placing.drop(call, _slots.plan_of(call, progress.policy), GONE if entry is None else CHANGED)
    visit = call.draft.appointment
    if visit is not None and visit.booked:
        entry = slots.get(visit.policy)
        if entry is None or entry.policy.slot != visit.slot or entry.policy.appointment is None:
            _appointed.end(call, visit, "cancelled", GONE if entry is None else CHANGED)
    for clock in call.compiled.clocks:
        run = call.draft.clocks.get(clock.clock.name)
        if run is not None and run.phase in _clock_targets.LIVE and plan.clocks[clock.clock.name].target is None:
            cal = call.compiled.counting(run.calendar)
            call.record(
                ClockStopped, clock=run.name, instant=call.at, run=sla.cancel(clock.clock, run, call.at, cal), reason=GONE
            )
    kept = []
    for held in call.draft.chains:
        after = _chain_run(plan, held)
        if after is None:
            _chain_ends.stop(
                call, held, GONE if held.chain not in plan.new.compiled.chain_plans else f"{CHANGED}: no level is left above"
            )
        else:
            _silence(call, plan, held, after)
            kept.append(after)
    return tuple(kept)


def _silence(call: OneCall, plan: MigrationPlan, held: ChainRun, after: ChainRun) -> None:
    """What waited for quiet hours to end is not said where its level is gone, on record."""
    climbed = find_plan(plan.old.compiled, held)
    if len(held.quiet) == len(after.quiet) or climbed is None:
        return
    levels, present = climbed.chain.levels, plan.new.compiled.chain_plans[held.chain].chain
    kept = [one for one in held.quiet if one.level < len(levels) and present.index(levels[one.level].name) is not None]
    _chain_ends.silence(call, held, kept, f"{CHANGED}: its level is gone")


def _chain_run(plan: MigrationPlan, run: ChainRun) -> ChainRun | None:
    """
    A run as the new definition continues it.

    Under the edition it is pinned to where the new definition is given it and nobody asked to move runs; else under the
    present one, at the level of the same name with the due instant it had. None where neither can be.
    """
    climbed, present = find_plan(plan.old.compiled, run), plan.new.compiled.chain_plans.get(run.chain)
    if climbed is None or present is None:
        return None
    part = plan.states.get(state_of(run.cause) or "")
    if part is not None and part.target is not None:
        run = attrs.evolve(run, cause=with_states(run.cause, {part.name: part.target}))
    if run.hash == present.chain.hash or (plan.answers.chains == "keep" and run.hash in plan.new.compiled.past_chains):
        return run
    if run.phase == "armed":
        return escalation.migrate(run, present.chain)
    if run.level >= len(climbed.chain.levels):
        moved = escalation.migrate(run, present.chain, old=climbed.chain)
        return None if moved.phase == "done" else moved
    # Where its next level is gone, the one above that is still there comes instead, at the very instant.
    above = (level.name for level in climbed.chain.levels[run.level :] if present.chain.index(level.name) is not None)
    coming = next(above, None)
    return None if coming is None else escalation.migrate(run, present.chain, coming, old=climbed.chain)


# timers ---------------------------------------------------------------------------------------------------------


@attrs.frozen
class Timers:
    """The timers of a ticket after the change: what goes on, what rests, what was refused, and what is set anew."""

    running: tuple[StateTimer, ...]
    refused: tuple[RefusedTimer, ...]
    resting: tuple[Any, ...]
    anew: tuple[tuple[str, int], ...]


def timers(call: OneCall, plan: MigrationPlan, names: dict[str, str]) -> Timers:
    """
    Which timers go on: those that are the same keep their deadline, those whose span changed are set anew.

    Args:
        names: the states in which the ticket stays, and what they are called now.
    """
    draft, old, new = call.draft, plan.old.compiled, plan.new.compiled
    anew: list[tuple[str, int]] = []
    kept: dict[tuple[str, int], int] = {}
    for name, now in names.items():
        before, after = old.timed_states.get(name, ()), new.timed_states.get(now, ())
        if not before and not after:
            continue
        pairs = _matched(before, after)
        armed = {timer.index for timer in draft.timers if timer.state == name}
        armed |= {held.timer.index for held in draft.refused_timers if held.timer.state == name}
        for index, spec in enumerate(after):
            source = pairs.get(index)
            if source is None:
                anew.append((now, index))
            elif before[source] == spec:
                kept[name, source] = index
            elif source in armed:
                anew.append((now, index))

    def renamed(timer: StateTimer) -> StateTimer | None:
        index = kept.get((timer.state, timer.index))
        return None if index is None else attrs.evolve(timer, state=names[timer.state], index=index)

    running = tuple(carried for timer in draft.timers if (carried := renamed(timer)) is not None)
    refused = tuple(
        attrs.evolve(held, timer=carried) for held in draft.refused_timers if (carried := renamed(held.timer)) is not None
    )
    return Timers(running, refused, tuple(_resting(call, plan)), tuple(anew))


def _matched(before: tuple[Timer, ...], after: tuple[Timer, ...]) -> dict[int, int]:
    """New timer -> the old one it was: the same one first, then one that fires the same event."""
    found: dict[int, int] = {}
    for exactly in (True, False):
        for index, spec in enumerate(after):
            if index in found:
                continue
            left = [(i, one) for i, one in enumerate(before) if i not in found.values()]
            place = next((i for i, one in left if (one == spec if exactly else one.event == spec.event)), None)
            if place is not None:
                found[index] = place
    return found


def _resting(call: OneCall, plan: MigrationPlan) -> list[Any]:
    found = []
    for resting in call.draft.resting_timers:
        part = plan.states.get(resting.timer.state)
        now = part.target if part is not None else None
        before = plan.old.compiled.timed_states.get(resting.timer.state, ())
        after = plan.new.compiled.timed_states.get(now or "", ())
        index = next((new for new, old in _matched(before, after).items() if old == resting.timer.index), None)
        if now is not None and index is not None and before[resting.timer.index] == after[index]:
            found.append(attrs.evolve(resting, timer=attrs.evolve(resting.timer, state=now, index=index)))
    return found


def set_anew(call: OneCall, places: tuple[tuple[str, int], ...]) -> None:
    """Set timers that are new or changed, from when their state was entered."""
    for state, index in places:
        if state not in call.draft.entered:
            continue
        timer = call.compiled.timed_states[state][index]
        due = later(timer.after, call.draft.entered[state], call.compiled.calendar(timer.calendar))
        generation = call.draft.sequence + 1
        call.record(TimerSet, timer=StateTimer(state=state, index=index, event=timer.event, due=due, generation=generation))


# clocks ---------------------------------------------------------------------------------------------------------


def clocks(call: OneCall, plan: MigrationPlan, before: frozenset[str]) -> None:
    """
    Let every clock go on under its new definition, and start those that are new.

    Args:
        before: the states the ticket was in, by the names they had.
    """
    old = {plan.clocks[entry.clock.name].target: entry for entry in plan.old.compiled.clocks}
    same = plan.old.calendars_hash == plan.new.calendars_hash
    for entry in call.compiled.clocks:
        name = entry.clock.name
        run, was = call.draft.clocks.get(name), old.get(name)
        if run is None:
            if was is None:
                start = _clock_since.since(call, entry)
                asked = plan.answers.clocks.get(name, "since")
                if start is not None and asked != "never":
                    _clock_since.begin(call, entry, call.at if asked == "now" else start, CHANGED)
            continue
        if was is None or (plan.clocks[was.clock.name].status == "identical" and same):
            continue
        if run.phase in _clock_targets.LIVE:
            _go_on(call, entry, run, was, plan)
            _settle(call, entry, was, before)
        elif run.calendar is not None and run.calendar not in call.compiled.calendars:
            call.record(ClockRetargeted, clock=name, instant=call.at, run=replace(run, calendar=None), reason=CHANGED)
    _clock_caps.follow(call)
    _chains.amend(call)


def _go_on(call: OneCall, entry: ClockPlan, run: ClockRun, was: ClockPlan, plan: MigrationPlan) -> None:
    """The target, the calendar and the marks of a live clock as the new definition has them."""
    clock, at = entry.clock, call.at
    before = _counting(plan.old.compiled, run.calendar)
    within, name, cal = _clock_targets.choose(call, entry, run.started_at)
    if within is None:
        if run.calendar is not None and run.calendar not in call.compiled.calendars:
            stopped = replace(sla.cancel(clock, run, at, before), calendar=None)
            call.record(ClockStopped, clock=clock.name, instant=at, run=stopped, reason=f"{CHANGED}: no target applies")
        return
    after = run
    if (within, name) != (run.within, run.calendar):
        lost = run.calendar is not None and run.calendar not in call.compiled.calendars
        forced = attrs.evolve(clock, on_retarget="carry") if lost and clock.on_retarget == "keep" else clock
        after = sla.retarget(forced, run, at, within, name, cal, old_cal=before)
    elif run.calendar is not None and cal != before:
        after = sla.recalendar(clock, run, at, cal, before)
    if clock.warn != was.clock.warn:
        after = sla.remark(clock, after, at, call.compiled.counting(after.calendar))
    if after != replace(run, retargeted_at=after.retargeted_at):
        retargeted(call, clock, run, after, at, reason=CHANGED)


def _counting(compiled: Compiled, name: str | None) -> Any:
    return None if name is None else compiled.calendars.get(name)


def _settle(call: OneCall, entry: ClockPlan, was: ClockPlan, before: frozenset[str]) -> None:
    """Where the states of a clock's conditions changed: it stops, pauses or goes on as if the ticket had just come."""
    run = call.draft.clocks[entry.clock.name]
    if run.phase not in _clock_targets.LIVE:
        return
    cal = call.compiled.counting(run.calendar)
    here = frozenset(call.draft.entered)
    paused_before = bool(was.paused_in & before) or (bool(was.counts_in) and was.counts_in.isdisjoint(before))
    inside = _clock_conditions.resting(call, entry) is not None
    if not entry.stop_states.isdisjoint(here):
        after = sla.stop(entry.clock, run, call.at, cal)
        call.record(ClockStopped, clock=entry.clock.name, instant=call.at, run=after, reason=f"{CHANGED}: reached")
    elif run.phase == "running" and inside:
        after = sla.pause(entry.clock, run, call.at, cal)
        call.record(ClockPaused, clock=entry.clock.name, instant=call.at, run=after, reason=f"{CHANGED}: paused here")
    elif run.phase == "paused" and not inside and paused_before and call.at >= (run.paused_at or call.at):
        after = sla.resume(entry.clock, run, call.at, cal)
        call.record(ClockResumed, clock=entry.clock.name, instant=call.at, run=after, reason=CHANGED)


def _now(plan: MigrationPlan, name: str) -> str:
    part = plan.states.get(name)
    return name if part is None or part.target is None else part.target


# dispatch -------------------------------------------------------------------------------------------------------


def searches(call: OneCall, plan: MigrationPlan) -> None:
    """Let dispatch go on with the new entries, and begin where an entry now covers a state that has nobody."""
    old = {entry.policy.name: entry for entry in plan.old.compiled.slots}
    for entry in call.compiled.slots:
        policy = entry.policy
        part, was = plan.dispatch.get(policy.name), old.get(policy.name)
        progress = call.draft.slots.get(policy.slot)
        if part is not None and part.status == "identical":
            continue
        if progress is not None and progress.policy == policy.name:
            _search_on(call, entry)
            continue
        covered = set() if was is None else {_now(plan, name) for name in was.policy.state}
        fresh = [name for name in policy.state if name in call.draft.entered and name not in covered]
        if progress is None and fresh and getattr(call.draft, policy.slot) is None and not call.draft.closed:
            _placing.begin(call, entry)


def _search_on(call: OneCall, entry: SlotPlan) -> None:
    progress = call.draft.slots[entry.policy.slot]
    stage = min(progress.stage, len(entry.policy.relax))
    relax_at = None if progress.phase == "filled" else _dispatching.relax_at(call, entry, progress.since, stage)
    # As if no world had been looked at yet, so that the next call with one decides anew.
    world = progress.world if progress.phase == "filled" else ""
    after = attrs.evolve(progress, stage=stage, relax_at=relax_at, world=world)
    if after != progress:
        call.record(SlotChanged, slot=entry.policy.slot, policy=entry.policy.name, progress=after, reason=CHANGED)
