"""Knows what a level does when it is reached and whom it tells; must not know when it is reached."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from servflow import escalation
from servflow.engine import _chain_ends, _chain_quiet
from servflow.engine._actions import Update
from servflow.engine._addressing import find
from servflow.engine._call import Late
from servflow.engine._chain_ends import fold_away
from servflow.engine._chain_failures import act, data_of, doubt
from servflow.engine._chain_plans import ChainPlan, calendars
from servflow.model import (
    EMPTY,
    Assigned,
    Call,
    ChainRun,
    Effect,
    Escalated,
    Notify,
    Open,
    Reminded,
    Send,
    Unreachable,
    Watched,
)

if TYPE_CHECKING:
    from servflow.engine._call import OneCall


@attrs.frozen(kw_only=True)
class Said:
    """What a level came to: its notifications, held back since a later level may speak for them, and whom they tell."""

    outcome: str
    effects: list[Effect] = attrs.field(factory=list)
    told: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    """How each of those told was found, in the same order."""
    acted: bool = False
    """Whether it reached somebody by other means than telling, though some of those addressed are nobody."""
    aloud: bool = True
    """Whether anything of it is said now; False where quiet hours keep all of it back."""


def fire_level(call: OneCall, plan: ChainPlan, run: ChainRun, scheduled: datetime, *, failed: str = "") -> None:
    """
    Reach a level at its scheduled instant.

    Args:
        failed: why what followed from the level failed before; it only tells those it tells then.
    """
    level = plan.chain.levels[run.level]
    when, updates = plan.levels[run.level]
    not_met = doubt(call, when, f"level {level.name}")
    if not_met is not None:
        waits = level.otherwise == "wait"
        goes = "waits until it does" if waits else "" if level.goto is None else f"goes on with {level.goto}"
        said = Said(outcome="skipped", why=(not_met, *filter(None, (goes,))))
    else:
        before = call.savepoint() if plan.chain.on_empty == "hold" else None
        said = _say(call, plan, _notices(updates) if failed else updates, failed)
        waits = said.outcome == "empty" and before is not None
        if waits and before is not None:
            said = _undone(call, said, before)
    run, said = _chain_quiet.said(call, plan, run, run.level, scheduled, said)
    goto = plan.chain.index(level.goto) if said.outcome == "skipped" and level.goto is not None else None
    if waits:
        after = escalation.hold(run)
    else:
        after = escalation.climb(plan.chain, run, calendars(call), fired=said.outcome != "skipped", to=goto)
    if said.told and said.aloud:  # a level that tells nobody speaks for nobody
        _supersede(call, plan, run, scheduled, f"{level.name} spoke for it")
    call.record(
        Escalated,
        run=after,
        level=run.level,
        name=level.name,
        scheduled=scheduled,
        outcome=said.outcome,
        to=said.told,
        why=said.why,
        because=said.because,
    )
    _speak(call, run, run.level, scheduled, said)
    for place in range(run.level + 1, run.level if goto is None else goto):  # they end here as well, with the reason
        why = (f"{level.name} goes on with {level.goto}",)
        name = plan.chain.levels[place].name
        call.record(Escalated, run=after, level=place, name=name, scheduled=scheduled, outcome="skipped", why=why)
    _chain_ends.ended(call, plan, after, said.outcome)


def _undone(call: OneCall, said: Said, before: tuple[Any, ...]) -> Said:
    """
    What a level that waits for somebody to reach came to: nothing but the word that nobody is there.

    It tries again whole, so what it does to the ticket waits as well. Else each try would do it once more, and what it
    changes would make it try again.
    """
    call.rollback(before)
    call.cause += f":held:{call.draft.sequence}"  # it may try twice at one instant
    nobody = [effect for effect in said.effects if isinstance(effect, Unreachable)]
    told = [call.effect(Unreachable, effect.action, to=effect.to, reason=effect.reason) for effect in nobody]
    del call.effects[len(call.effects) - len(told) :]
    return attrs.evolve(said, effects=told, acted=False)


def _speak(call: OneCall, run: ChainRun, level: int, scheduled: datetime, said: Said) -> None:
    if said.outcome == "fired":
        call.late.append(Late(run, level, scheduled, len(call.records) - 1, said.effects))
    else:
        call.effects.extend(said.effects)


def _say(call: OneCall, plan: ChainPlan, updates: tuple[Update, ...], failed: str = "") -> Said:
    """Carry out a level's updates; its notifications are held back."""
    before, records = len(call.effects), len(call.records)
    call.missed = (f"all else of it failed: {failed}"[:500],) if failed else ()
    broke = act(call, updates)  # who is missed meanwhile is noted by the way
    call.missed += broke
    fresh = call.effects[before:]
    acted = any(isinstance(effect, (Call, Open, Send)) for effect in fresh) or any(
        (isinstance(record, Assigned) and record.to is not None) or (isinstance(record, Watched) and record.watching)
        for record in call.records[records:]
    )
    spoken: list[Effect] = [effect for effect in fresh if isinstance(effect, (Notify, Unreachable))]
    call.effects[before:] = [effect for effect in fresh if not isinstance(effect, (Notify, Unreachable))]
    empty = any(isinstance(effect, Unreachable) for effect in spoken)
    if empty and not any(isinstance(effect, Notify) for effect in spoken) and plan.chain.on_empty == "fallback":
        spoken.extend(_fallback(call, plan, updates))
    told: dict[str, str] = {}
    for effect in spoken:
        if isinstance(effect, Notify):
            told.setdefault(effect.to, effect.reason)
    reasons = [effect.reason for effect in spoken if isinstance(effect, (Notify, Unreachable)) and effect.reason]
    return Said(
        outcome="empty" if empty and not told else "fired",
        effects=spoken,
        told=tuple(told),
        why=tuple(dict.fromkeys((*reasons, *call.missed))),  # also why some of those addressed were nobody
        because=tuple(told.values()),
        acted=acted,
    )


def _notices(updates: tuple[Update, ...]) -> tuple[Update, ...]:
    return tuple(update for update in updates if update.kind == "notify")


def _fallback(call: OneCall, plan: ChainPlan, updates: tuple[Update, ...]) -> list[Effect]:
    """What the level would have said, to whom the chain names in place of nobody: as urgently, and with its data."""
    found = find(call, plan.chain.fallback)
    notices = _notices(updates)
    template = notices[0].parts["template"] if notices else plan.chain.name
    data: Mapping[str, Any] = data_of(call, notices[0]) if notices else EMPTY
    before = len(call.effects)
    for recipient in found.ids:
        call.effect(
            Notify,
            "fallback",
            recipient,
            to=recipient,
            template=template,
            data=data,
            reason=f"fallback: {found.because[recipient]}",
            urgent=any(update.parts["urgent"] for update in notices),
        )
    made = call.effects[before:]
    del call.effects[before:]
    return made


def _supersede(  # noqa: PLR0917 - whom it speaks for: of which run, since when, why
    call: OneCall, plan: ChainPlan, run: ChainRun, scheduled: datetime, why: str, level: int | None = None
) -> None:
    # Collapse: of the levels caught up in one call only the last one speaks. A reminder speaks for its own level alone, for
    # those above it are other people, who would hear of nothing.
    if plan.chain.late == "collapse":
        for late in [late for late in call.late if late.of(run) and late.scheduled < scheduled and level in (None, late.level)]:
            fold_away(call, late, why)


def fire_reminder(call: OneCall, plan: ChainPlan, run: ChainRun, scheduled: datetime) -> None:
    reminder = run.reminders[0]
    _, updates = plan.levels[reminder.level]
    call.cause += f":{reminder.level}:{reminder.left}"
    said = _say(call, plan, _notices(updates))
    run, said = _chain_quiet.said(call, plan, run, reminder.level, scheduled, said, reminder=True)
    if said.told and said.aloud:
        why = f"a later reminder of {plan.chain.levels[reminder.level].name} spoke for it"
        _supersede(call, plan, run, scheduled, why, reminder.level)
    after = escalation.remind(plan.chain, run, calendars(call))
    call.record(
        Reminded,
        run=after,
        level=reminder.level,
        scheduled=scheduled,
        outcome=said.outcome,
        to=said.told,
        why=said.why,
        because=said.because,
    )
    _speak(call, run, reminder.level, scheduled, said)
    _chain_ends.ended(call, plan, after, said.outcome)
