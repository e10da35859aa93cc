"""Knows what of a chain never happens, or never ends, whoever is there; must not know who is told."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from servflow.engine._abstract import SOLVING
from servflow.engine._abstract_search import Found, components
from servflow.engine._building import takes
from servflow.engine._chain_plans import ChainPlan
from servflow.engine._check_chain_ends import Lifetimes
from servflow.engine._check_chain_fights import fights
from servflow.engine._check_chain_people import people
from servflow.engine._check_clocks import Paths
from servflow.engine._definition import BUILT_IN
from servflow.errors import Finding
from servflow.escalation import Trigger
from servflow.expressions import Expression, solve
from servflow.model import SYSTEM, Span, World
from servflow.sla import Condition

if TYPE_CHECKING:
    from servflow.engine._actions import Update
    from servflow.engine._compile import Link

DAYS = 30
"""How many days of schedules are looked at unless given."""

MOST_DAYS = 3_660


@attrs.define(eq=False)
class Chains:
    """The chains of a definition with the places in which each may begin and live; what is not known counts as possible."""

    seen: Found
    paths: Paths
    lifetimes: Lifetimes
    types: Mapping[str, Any]
    begins: dict[str, frozenset[int]] = attrs.field(factory=dict)
    lives: dict[str, frozenset[int]] = attrs.field(factory=dict)
    solved: dict[frozenset[str], bool] = attrs.field(factory=dict)
    """Conditions, by their texts, and whether they hold together on no values; chains ask the same over and over."""

    def never(self, *conditions: Expression | None) -> bool:
        """Whether some conditions hold together on no values."""
        asked = {one.text: one for one in conditions if one is not None}
        if not asked:
            return False
        key = frozenset(asked)
        if key not in self.solved:
            self.solved[key] = solve(list(asked.values()), types=self.types, budget=SOLVING).status == "no"
        return self.solved[key]

    @property
    def plans(self) -> tuple[ChainPlan, ...]:
        """The chains of the definition, in its order."""
        return self.seen.machine.compiled.chains


def chain_findings(
    seen: Found, world: World | None, at: datetime | None, days: int, dead_clocks: frozenset[str]
) -> Iterator[Finding]:
    """
    What is wrong with the chains of a definition beyond what load refuses.

    Args:
        world: where given, who is addressed is looked for in it.
        at: where given, calendars and schedules are looked at from then on, schedules for so many days.
        dead_clocks: the clocks that never start.
    """
    compiled = seen.machine.compiled
    if not compiled.chains or not seen.places:
        return
    types = {**compiled.types, "payload": "map"}
    chains = Chains(seen, Paths(seen), Lifetimes(seen), types)
    for plan in compiled.chains:
        yield from _life(chains, plan, dead_clocks)
        yield from _unheard(chains, plan)
        yield from _idle(plan)
    yield from _again(chains)
    yield from fights(chains)
    yield from people(chains, world, at, timedelta(days=min(max(days, 1), MOST_DAYS)))


def path_of(plan: ChainPlan) -> str:
    """Where a chain stands in the definition."""
    return f"escalations[{plan.order}]"


def told(code: str, path: str, plan: ChainPlan, severity: str = "warning", **facts: Any) -> Finding:
    """One finding about a chain."""
    return Finding(code, path, {"chain": plan.chain.name, **facts}, severity)


# what begins --------------------------------------------------------------------------------------------------


def _life(chains: Chains, plan: ChainPlan, dead_clocks: frozenset[str]) -> Iterator[Finding]:
    chain, path = plan.chain, path_of(plan)
    whole = chains.never(plan.when)
    if whole:
        yield told("chain.never_starts", f"{path}.when", plan, why=_never(plan.when))
    begins: frozenset[int] = frozenset()
    elsewhere = _asked_for(chains, plan)
    for beginning in plan.starts:
        trigger = beginning.trigger
        places, why = _places(chains, plan, trigger, dead_clocks)
        ways = [when for when, _ in beginning.ways]
        if places and ways and all(when is not None and chains.never(when, plan.when) for when in ways) and not whole:
            places, why = frozenset(), _never(ways[0])
        begins |= places
        if not places and not whole:
            yield told("chain.never_starts", _trigger_path(plan, trigger), plan, why=why)
    if elsewhere:
        begins = chains.paths.everywhere
    chains.begins[chain.name] = frozenset() if whole else begins
    alive = chains.lifetimes.alive(plan, chains.begins[chain.name])
    chains.lives[chain.name] = chains.paths.everywhere if _loose(plan) and chains.begins[chain.name] else alive
    for index, (level, (when, _)) in enumerate(zip(chain.levels, plan.levels, strict=True)):
        if chains.never(when):
            yield told("chain.level_never", f"{path}.levels[{index}].when", plan, level=level.name, why=_never(when))
    if begins and not whole:
        yield from _too_late(chains, plan, elsewhere=elsewhere)


def _never(when: Expression | None) -> Mapping[str, str]:
    text = "" if when is None else when.text
    return {"en": f"{text} holds on no values", "zh": f"{text} 在任何取值下都不成立"}


def _trigger_path(plan: ChainPlan, trigger: Trigger) -> str:
    starts = plan.chain.start
    return f"{path_of(plan)}.start" + (f"[{starts.index(trigger)}]" if len(starts) > 1 else "")


def _asked_for(chains: Chains, plan: ChainPlan) -> bool:
    """Whether an action, or somebody who was granted it, starts a chain besides its own triggers."""
    machine = chains.seen.machine
    if machine.granted("chain.start"):
        return True
    named = (update.parts.get("chain") for update, _ in machine._updates() if update.kind in ("start", "jump"))
    return plan.chain.name in named


def _loose(plan: ChainPlan) -> bool:
    """Whether a run may begin on a ticket that is closed: by an event that the chain names, or by a clock that goes on."""
    return bool(plan.events) or any(trigger.closed or trigger.kind in ("clock", "correlator") for trigger in plan.chain.start)


def _places(
    chains: Chains, plan: ChainPlan, trigger: Trigger, dead_clocks: frozenset[str]
) -> tuple[frozenset[int], Mapping[str, str]]:
    """The places in which a trigger may begin a run, or why there are none."""
    paths, compiled = chains.paths, chains.seen.machine.compiled
    if trigger.state is not None:
        closed = compiled.is_closed((trigger.state,)) and not _loose(plan)
        found = frozenset[int]() if closed else paths.standing([trigger.state])
        en = "a ticket in it is closed, and no run begins then" if closed else "no ticket stays in it"
        zh = "处于该状态的工单已关闭，此时不会启动" if closed else "没有工单会停留在该状态"
        return found, {"en": f"state {trigger.state}: {en}", "zh": f"状态 {trigger.state}：{zh}"}
    if trigger.clock is not None and trigger.clock in dead_clocks:
        text = f"the clock {trigger.clock} never starts"
        return frozenset(), {"en": text, "zh": f"时钟 {trigger.clock} 永远不会启动"}
    if trigger.event is not None and not _heard(chains, trigger.event):
        name, missing = trigger.event, ", ".join(_unheld(chains, trigger.event))
        en, zh = f"nobody may fire {name} wherever a ticket is", f"任何时候都没有人可以触发 {name}"
        if missing:  # most worlds hold the staff alone
            en, zh = f"{en}, as nobody in this world holds {missing}", f"{zh}（当前无人担任 {missing}）"
        return frozenset(), {"en": en, "zh": zh}
    return paths.everywhere, {}


def _heard(chains: Chains, event: str) -> bool:
    """Whether an event may happen somewhere; what the system may do is done by replies, other tickets and correlators."""
    return SYSTEM.id in _granted(chains, event) or bool(chains.paths.of([Condition("event", event)]))


def _granted(chains: Chains, event: str) -> list[Any]:
    """Whoever a definition lets an event be fired by, wherever."""
    compiled = chains.seen.machine.compiled
    spec = compiled.workflow.events.get(event)
    granted = [*(spec.allow if spec is not None else ())]
    return granted + [entry for link in compiled.links if takes(link.spec.event or "", event) for entry in link.allow]


def _unheld(chains: Chains, event: str) -> list[str]:
    """The roles an event is granted to that nobody in the world holds."""
    machine = chains.seen.machine
    roles = [entry for entry in _granted(chains, event) if isinstance(entry, str) and entry in machine.compiled.workflow.roles]
    return [] if machine.held is None else [role for role in dict.fromkeys(roles) if role not in machine.held]


# what comes too late ------------------------------------------------------------------------------------------


def _too_late(chains: Chains, plan: ChainPlan, *, elsewhere: bool) -> Iterator[Finding]:
    """Levels that would be due only once every run has ended, by timers alone, and triggers of the same kind."""
    chain, lifetimes = plan.chain, chains.lifetimes
    longest: timedelta | None = timedelta()
    earliest: timedelta | None = None
    for trigger in chain.start:
        places = chains.paths.everywhere if trigger.state is None else chains.paths.standing([trigger.state])
        waits = least(trigger.delay)
        if trigger.state is not None:
            stays = lifetimes.stay((trigger.state,))
            if stays is not None and trigger.delay is not None and waits >= stays:
                facts = {"level": trigger.state, "after": _text(waits), "ends": _text(stays)}
                yield told("chain.too_late_to_start", _trigger_path(plan, trigger), plan, **facts)
                continue
        ends = lifetimes.longest(plan, places)
        longest = None if longest is None or ends is None else max(longest, ends)
        earliest = waits if earliest is None else min(earliest, waits)
        elsewhere = elsewhere or trigger.level is not None
    reopens = chain.on_reopen != "restart" and lifetimes.reopens
    if elsewhere or _loose(plan) or reopens or longest is None or earliest is None or chain.advance_on_failure != "never":
        return
    for index, due in enumerate(_offsets(plan, earliest)):
        if due >= longest:
            facts = {"level": chain.levels[index].name, "after": _text(due), "ends": _text(longest)}
            yield told("chain.too_late", f"{path_of(plan)}.levels[{index}]", plan, **facts)
            return  # what comes above it is told once this is mended


def _offsets(plan: ChainPlan, start: timedelta) -> Iterator[timedelta]:
    """How long after its cause each level is due at the earliest, by time alone."""
    levels = plan.chain.levels
    jumped: dict[int, timedelta] = {}
    before = start
    for index, level in enumerate(levels):
        if index in jumped:
            before = min(before, jumped[index])
        before += least(level.after)
        target = plan.chain.index(level.goto) if level.goto is not None else None
        if target is not None:
            jumped[target] = min(before, jumped.get(target, before))
        yield before


def least(span: Span | None) -> timedelta:
    """How much time a span takes at the least, whatever counts it."""
    if span is None:
        return timedelta()
    # A day that counts keeps the wall time, which may be brought forward to where the calendar closes.
    return timedelta(days=max(0, span.business_days - 2)) if span.business_days else span.exact


def _text(span: timedelta) -> str:
    return Span(span, elapsed=True).text if span.seconds == 0 and span.days and not span.microseconds else Span(span).text


# what says nothing ----------------------------------------------------------------------------------------------


def _unheard(chains: Chains, plan: ChainPlan) -> Iterator[Finding]:
    """Built-in events that a level emits: what they do for a host they do not do here, so something has to take them."""
    compiled = chains.seen.machine.compiled
    for level, (_, updates) in zip(plan.chain.levels, plan.levels, strict=True):
        for update in updates:
            event = str(update.parts["event"]) if update.kind == "emit" else ""
            if event in BUILT_IN and not compiled.moves(event) and event not in compiled.heard:
                yield told("chain.emit_idle", f"{update.path}.emit", plan, level=level.name, event=event)


def _idle(plan: ChainPlan) -> Iterator[Finding]:
    """Options that say nothing beside the others."""
    chain, path = plan.chain, path_of(plan)
    if chain.on_ack == "continue":
        for option, idle in (("ack_ttl", chain.ack_ttl is not None), ("unack", chain.unack != "continue")):
            if idle:
                yield told("chain.idle_option", f"{path}.{option}", plan, option=option, other="on_ack: continue")
    for index, (level, (_, updates)) in enumerate(zip(chain.levels, plan.levels, strict=True)):
        where = f"{path}.levels[{index}]"
        if level.remind is not None and not any(update.kind == "notify" for update in updates):
            other = {"en": "a level that notifies nobody", "zh": "不发送通知的级别"}
            yield told("chain.idle_option", f"{where}.remind", plan, option="remind", other=other)
        if level.when is None and level.otherwise != "skip":
            other = {"en": "a level without when", "zh": "没有 when 的级别"}
            yield told("chain.idle_option", f"{where}.otherwise", plan, option="otherwise", other=other)


# what never ends ------------------------------------------------------------------------------------------------


def _again(chains: Chains) -> Iterator[Finding]:
    """Chains whose last level starts them again, by themselves or by each other, without anything that counts."""
    plans = chains.plans
    edges: dict[int, list[int]] = {}
    paths: dict[tuple[int, int], str] = {}
    for plan in plans:
        for update in _last(plan):
            for other in plans:
                if chains.begins[other.chain.name] and _restarts(chains, update, other):
                    edges.setdefault(plan.order, []).append(other.order)
                    paths.setdefault((plan.order, other.order), f"{update.path}.emit")
    for part in components(range(len(plans)), lambda order: edges.get(order, [])):
        inside = [(here, there) for here in part for there in edges.get(here, []) if there in part]
        if inside:
            here, there = min(inside)
            names = [plans[order].chain.name for order in _round(edges, here, there, frozenset(part))]
            yield told("chain.again", paths[here, there], plans[here], circle=names)


def _last(plan: ChainPlan) -> list[Update]:
    """What the last level raises when its run is over, under no condition."""
    level, (when, updates) = plan.chain.levels[-1], plan.levels[-1]
    if plan.when is not None or when is not None or level.remind is not None or plan.chain.quiet is not None:
        return []
    return [update for update in updates if update.kind == "emit"]


def _restarts(chains: Chains, update: Update, plan: ChainPlan) -> bool:
    event, compiled = update.parts.get("event"), chains.seen.machine.compiled
    if plan.when is not None:
        return False
    for beginning in plan.starts:
        trigger = beginning.trigger
        free = any(when is None for when, _ in beginning.ways)
        if free and trigger.event is not None and trigger.event == event:
            return True
        if free and trigger.state is not None and all(ending.value != trigger.state for ending in plan.chain.until):
            for link in compiled.links:
                source, target = link.spec.source, link.spec.target
                if link.spec.event == event and (trigger.state,) == source == target and _sure(chains, link):
                    return True
    return False


def _sure(chains: Chains, link: Link) -> bool:
    allowed = SYSTEM.id in link.allow if link.allow else not chains.seen.machine.workflow.roles
    return allowed and link.guard is None and not link.spec.payload and not link.spec.internal


def _round(edges: Mapping[int, list[int]], here: int, there: int, inside: frozenset[int]) -> list[int]:
    """The shortest way round through one edge."""
    came: dict[int, int] = {}
    waiting = deque([there])
    while waiting and here not in came and there != here:
        now = waiting.popleft()
        for other in edges.get(now, []):
            if other in inside and other not in came and other != there:
                came[other] = now
                waiting.append(other)
    back = [here]
    while back[-1] != there and back[-1] in came:
        back.append(came[back[-1]])
    return [*reversed(back), there] if there != here else [here, here]


__all__ = ["DAYS", "Chains", "chain_findings", "least", "path_of", "told"]
