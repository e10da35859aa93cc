"""Knows what becomes of a run when a notification of it was delivered or failed; must not know how it was delivered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from servflow.engine._chain_plans import find_plan
from servflow.escalation._spans import NEVER
from servflow.model import MAX_SENT, ChainRun, DeliveryNoted, Effect, FrozenMap, Notify, Sent, Unreachable, replace

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._chain_plans import ChainPlan


def awaiting(
    plan: ChainPlan, run: ChainRun, place: int, effects: Iterable[Effect], *, more: bool = False
) -> tuple[list[Effect], ChainRun]:
    """
    The notifications of a level, each asking what becomes of it, and the run that waits to hear; only where its chain asks.

    What an earlier level or reminder sent is not waited for any more; with *more* what the same level sent before still is.
    """
    made = list(effects)
    if plan.chain.advance_on_failure == "never" or not any(isinstance(effect, Notify) for effect in made):
        return made, run
    level = plan.chain.levels[place].name
    asking: list[Effect] = [
        attrs.evolve(one, report=FrozenMap({"chain": run.chain, "run": run.generation, "level": level, "to": one.to}))
        if isinstance(one, Notify)
        else one
        for one in made
    ]
    sent = [Sent(effect=one.id, to=one.to, level=place) for one in asking if isinstance(one, Notify)]
    if more:
        sent = [*(one for one in run.sent if one.level == place), *sent]
    if len(sent) > MAX_SENT:  # so many cannot all fail as far as anybody knows
        sent = [*sent[:MAX_SENT], Sent(effect="", to="", result="delivered")]
    return asking, replace(run, sent=tuple(sent))


def told(call: OneCall, payload: Mapping[str, Any], result: str) -> None:
    """
    A host or the desk tells what became of a notification: ``delivered`` or ``failed``.

    Of one that no live run waits to hear of nothing follows, but that whoever it was meant for was not reached is said.
    """
    for run in call.draft.chains:
        found = [place for place, sent in enumerate(run.sent) if _meant(call, run, sent, payload)]
        if found:
            _note(call, run, found, result, payload)
            return
    if result == "failed" and payload.get("to") and _asks(call, payload.get("chain")):
        _unreachable(call, str(payload["chain"]), str(payload["to"]), _reason(payload))


def _meant(call: OneCall, run: ChainRun, sent: Sent, payload: Mapping[str, Any]) -> bool:
    if payload.get("effect"):
        return bool(sent.effect) and sent.effect == payload["effect"]
    if payload.get("run") not in (None, run.generation):
        return False
    if sent.to != payload["to"] or run.chain != payload["chain"] or sent.result:
        return False
    level, plan = payload.get("level"), find_plan(call.compiled, run)
    if level is None or sent.level is None or plan is None:
        return True
    return sent.level == (plan.chain.index(level) if isinstance(level, str) else level)


def _asks(call: OneCall, chain: Any) -> bool:
    plan = call.compiled.chain_plans.get(chain) if isinstance(chain, str) else None
    return plan is not None and plan.chain.advance_on_failure != "never"


def _reason(payload: Mapping[str, Any]) -> str:
    return str(payload.get("reason") or "it could not be delivered")[:1_000]


def _note(call: OneCall, run: ChainRun, places: list[int], result: str, payload: Mapping[str, Any]) -> None:
    plan = find_plan(call.compiled, run)
    sent = list(run.sent)
    meant = sent[places[0]]
    if sent[places[0]].result == result or plan is None:
        return
    for place in places:
        sent[place] = attrs.evolve(sent[place], result=result)
    after = replace(run, sent=tuple(sent))
    level = _level_of(plan, run, meant, payload)
    failed = [one for one in sent if one.result == "failed"]
    # Those whom the same level tells when quiet hours end may hear of it yet.
    gone = len(failed) == len(sent) and not any(notice.level == meant.level for notice in run.quiet)
    over = result == "failed" and (plan.chain.advance_on_failure == "any" or gone)
    advanced = False
    if result == "delivered" and not after.heard:
        after = replace(after, heard=1, nobody=())
    if over:
        after, advanced = _advanced(call, after, gone=gone, reason=_reason(payload))
    reason = _reason(payload) if result == "failed" else ""
    call.record(DeliveryNoted, run=after, level=level, to=meant.to, effect=meant.effect, result=result, reason=reason)
    if over and not advanced:
        for one in [meant] if plan.chain.advance_on_failure == "any" else failed:
            _unreachable(call, run.chain, one.to, _reason(payload))


def _level_of(plan: ChainPlan, run: ChainRun, sent: Sent, payload: Mapping[str, Any]) -> int:
    if sent.level is not None:
        return sent.level
    named = payload.get("level")
    place = plan.chain.index(named) if isinstance(named, str) else None
    return place if place is not None else max(0, min(run.level, len(plan.chain.levels)) - 1)


def _advanced(call: OneCall, run: ChainRun, *, gone: bool, reason: str) -> tuple[ChainRun, bool]:
    """The run whose next level is due at once, and whether there was one to wait for; an answered run stays as it is."""
    if gone and run.heard and run.by is None:  # whoever took notice has heard, however
        nobody = (*run.nobody, reason[:200]) if run.heard == 1 else ()
        run = replace(run, heard=run.heard - 1, nobody=nobody)
    if run.phase != "running":
        return run, True
    if run.due is None:
        return run, False
    if call.at < run.due <= NEVER:
        run = replace(run, due=call.at)
    return run, True


def _unreachable(call: OneCall, chain: str, to: str, reason: str) -> None:
    call.effect(Unreachable, f"chain:{chain}", to, to=to, reason=reason)
