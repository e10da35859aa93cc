"""Knows what a level says at once, what it holds back in quiet hours, and when that goes out; must not know what it does."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from servflow.engine import _chain_ends
from servflow.engine._call import Late
from servflow.engine._chain_deliveries import awaiting
from servflow.engine._chain_failures import data_of
from servflow.engine._chain_plans import calendars
from servflow.escalation._quiet import first_quiet, hold_back, quiet_until, spoken_for
from servflow.escalation._steps import speak
from servflow.model import EMPTY, ChainRun, HeldBack, Notify, QuietEnded, Reminded, replace

if TYPE_CHECKING:
    from servflow.engine._actions import Update
    from servflow.engine._call import OneCall
    from servflow.engine._chain_levels import Said
    from servflow.engine._chain_plans import ChainPlan
    from servflow.escalation import Quiet


MAX_NAMED = 5
"""How many people a record names whose zone nobody knows."""


def said(  # noqa: PLR0917 - what a level of which run came to, and when
    call: OneCall, plan: ChainPlan, run: ChainRun, place: int, at: datetime, came_to: Said, *, reminder: bool = False
) -> tuple[ChainRun, Said]:
    """
    The run after a level or its reminder spoke, and what of it is said at once.

    In quiet hours what is not urgent waits in the run, or is dropped; the run keeps who heard, and why nobody did.
    """
    before = run
    acts = came_to.acted or (came_to.outcome == "fired" and not reminder and _reaches(plan, place))
    reached = bool(came_to.told) or acts
    collapse = plan.chain.late == "collapse" and not reminder  # a reminder speaks for its own level alone
    if plan.chain.quiet is not None and came_to.told:
        came_to, ends = _resting(call, plan.chain.quiet, at, came_to)
        run, came_to, dropped = _hushed(plan, run, place, ends, came_to, collapse=collapse)
        reached = bool(came_to.told) or acts if dropped else reached
    if came_to.told and came_to.aloud and collapse:
        run = spoken_for(run, place)
    if run.quiet != before.quiet:
        _chain_ends.silence(call, before, run.quiet, f"{plan.chain.levels[place].name} spoke for it")
    if not reached:
        run = _chain_ends.unheard(plan, run, place, came_to.outcome, came_to.why)
    elif not run.heard or plan.chain.advance_on_failure != "never":  # it is taken back only where what was told may fail
        run = replace(run, heard=run.heard + 1, nobody=())
    effects, run = awaiting(plan, run, place, came_to.effects)
    return run, attrs.evolve(came_to, effects=effects)


def _resting(call: OneCall, quiet: Quiet, at: datetime, came_to: Said) -> tuple[Said, dict[str, datetime]]:
    """Those who are not to be told at an instant unless it is urgent, and until when; where nobody knows their zones, so."""
    cal_of = calendars(call)
    asked = quiet.zone == "recipient"
    people = {} if call.world is None or not asked else call.world.persons
    found, unknown = {}, []
    for to in came_to.told:
        zone = people[to].zone if to in people else None
        ends = quiet_until(quiet, at, cal_of, zone)
        if ends is not None:
            found[to] = ends
        if asked and zone is None:
            unknown.append(to)
    if unknown:
        named = ", ".join(unknown[:MAX_NAMED]) + (f" and {len(unknown) - MAX_NAMED} more" if len(unknown) > MAX_NAMED else "")
        nobody = "no world was given" if call.world is None else f"the world knows no zone of {named}"
        came_to = attrs.evolve(came_to, why=(*came_to.why, f"quiet hours read in {quiet.calendar}'s own zone: {nobody}"))
    return came_to, found


def _hushed(
    plan: ChainPlan, run: ChainRun, place: int, ends: dict[str, datetime], came_to: Said, *, collapse: bool
) -> tuple[ChainRun, Said, bool]:
    """The run with what waits, what is said now, and whether anything was dropped."""
    quiet = [effect for effect in came_to.effects if isinstance(effect, Notify) and not effect.urgent and effect.to in ends]
    if not quiet:
        return run, came_to, False
    later = plan.chain.quiet is not None and plan.chain.quiet.take == "later"
    # Within the level only: where that stands may be another place by the time quiet ends.
    notices = [
        HeldBack(level=place, action=_within(one.action), to=one.to, due=ends[one.to], reason=one.reason) for one in quiet
    ]
    kept: set[tuple[str, str]] = {(one.action, one.to) for one in notices}
    if later:
        run, over = hold_back(run, notices, collapse=collapse)
        kept -= {(one.action, one.to) for one in over}
    effects = [
        one for one in came_to.effects if not isinstance(one, Notify) or one.urgent or (_within(one.action), one.to) not in kept
    ]
    aloud = tuple(dict.fromkeys(one.to for one in effects if isinstance(one, Notify)))
    if later:
        why = [f"quiet hours: told at {end.isoformat()}" for end in sorted({notice.due for notice in notices})]
        return run, attrs.evolve(came_to, effects=effects, aloud=bool(aloud), why=(*came_to.why, *why)), False
    found = dict(zip(came_to.told, came_to.because, strict=False))
    because = tuple(found.get(to, "") for to in aloud)
    said_not = (*came_to.why, "quiet hours: not said")
    return run, attrs.evolve(came_to, effects=effects, told=aloud, because=because, aloud=bool(aloud), why=said_not), True


def _reaches(plan: ChainPlan, place: int) -> bool:
    """Whether a level reaches somebody by other means than telling: an assignment, a call, another ticket."""
    updates = [update for update in plan.levels[place][1] if update.kind not in ("notify", "unwatch", "remove_helper")]
    return any(update.kind in ("call", "open", "send") or "to" in update.parts for update in updates)


def _within(path: str) -> str:
    return path.rpartition(".")[2]


def fire_quiet(call: OneCall, plan: ChainPlan, run: ChainRun, scheduled: datetime) -> None:
    """Quiet hours ended: what a level had held back goes out, with its data as it is now."""
    notices = first_quiet(run)
    level = notices[0].level
    updates = plan.levels[level][1] if level < len(plan.levels) else ()
    call.cause += f":{level}"
    before = len(call.effects)
    for notice in notices:
        _notify(call, plan, updates, notice)
    made = call.effects[before:]
    del call.effects[before:]
    effects, run = awaiting(plan, run, level, made, more=True)
    after = speak(plan.chain, run)
    because = {notice.to: notice.reason for notice in reversed(notices)}  # the first reason of each
    told = tuple(dict.fromkeys(notice.to for notice in notices))
    if plan.chain.late == "collapse" and level < len(plan.levels):
        _speak_for(call, run, level, scheduled, f"{plan.chain.levels[level].name} spoke for it when quiet hours ended")
    call.record(QuietEnded, run=after, level=level, scheduled=scheduled, to=told, because=tuple(because[to] for to in told))
    call.late.append(Late(run, level, scheduled, len(call.records) - 1, effects))


def _speak_for(call: OneCall, run: ChainRun, level: int, scheduled: datetime, why: str) -> None:
    """Of the levels caught up in one call only the last one speaks; reminders speak for their own levels, and go out."""
    for late in [late for late in call.late if late.of(run) and late.level < level and late.scheduled < scheduled]:
        if not isinstance(call.records[late.place], Reminded):
            _chain_ends.fold_away(call, late, why)


def _notify(call: OneCall, plan: ChainPlan, updates: tuple[Update, ...], notice: HeldBack) -> None:
    notices = [update for update in updates if update.kind == "notify"]
    found = next((update for update in notices if _within(update.path) == notice.action), None)
    like = found or next(iter(notices), None)  # who stands in for nobody is told the same
    call.effect(
        Notify,
        notice.action if found is None else found.path,
        notice.to,
        to=notice.to,
        template=plan.chain.name if like is None else like.parts["template"],
        data=EMPTY if like is None else data_of(call, like),
        reason=notice.reason,
    )
