"""Knows which levels reach nobody in a world, and what never opens or has nobody on call; must not know paths of tickets."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs

from servflow.errors import Finding, ServflowError
from servflow.escalation._addresses import form, levels_up, listed
from servflow.escalation._reports import named
from servflow.model import Span, World, write_instant

if TYPE_CHECKING:
    from servflow.engine._chain_plans import ChainPlan
    from servflow.engine._check_chains import Chains
    from servflow.escalation import Level

MAX_STEPS = 5_000
"""How many changes of one schedule are looked at."""

MAX_NAMED = 20
"""How many people one finding names."""

Why = Mapping[str, str]
_ADDRESSING = ("notify", "assign", "add_owner", "add_helper", "watch")
_TEXTS = ("string", "list", "any", "map")


def _why(en: str, zh: str) -> Why:
    return {"en": en, "zh": zh}


@attrs.frozen
class _Reached:
    """Whom a ``to`` can come to: ``ids`` where that is known, ``why`` where it is nobody for certain."""

    ids: frozenset[str] | None = None
    why: Why | None = None


@attrs.define(eq=False, slots=False)
class _Look:
    """One look at a definition with a world, where one is given."""

    chains: Chains
    world: World | None
    at: datetime | None

    @property
    def workflow(self) -> Any:
        return self.chains.seen.machine.workflow

    @cached_property
    def _made(self) -> frozenset[str]:
        """The places of the ticket that something of the definition fills with people."""
        machine = self.chains.seen.machine
        fills = {"assign": "assignee", "add_owner": "owner", "add_helper": "helpers", "watch": "watchers"}
        found = {fills[update.kind] for update, _ in machine._updates() if update.kind in fills}
        if any(update.parts.get("keep_owner") for update, _ in machine._updates()):
            found.add("owner")
        found |= {policy.slot for policy in self.workflow.dispatch}
        if machine.assignable_cached:
            found.add("assignee")
        if not self.workflow.roles or machine.usable("ticket.assign") or machine.usable("ticket.update"):
            found |= set(fills.values())
        return frozenset(found)

    @cached_property
    def _everybody(self) -> frozenset[str]:
        """Every id of the world that may have a manager."""
        world = self.world
        if world is None:
            return frozenset()
        members = (person for queue in world.members.values() for person in queue)
        return frozenset((*world.persons, *world.reports_to, *members))

    def reached(self, to: Any) -> _Reached:
        """Whom a single ``to`` can come to."""
        up, base = levels_up(to)
        found = self._base(base)
        if not up or found.why is not None or self.world is None:
            return found
        starts = self._everybody if found.ids is None else found.ids
        lines = (self.world.managers_of(known, up) for known in starts)
        above = frozenset(line[-1] for line in lines if len(line) == up)
        if not above:
            who = "anybody" if found.ids is None else ", ".join(sorted(found.ids)[:MAX_NAMED])
            zh = "任何人" if found.ids is None else who
            return _Reached(why=_why(f"the reporting line above {who} has no {up} levels", f"{zh}之上没有 {up} 级上级"))
        return _Reached(above if found.ids is not None else None)

    def _base(self, to: Any) -> _Reached:
        if isinstance(to, str):
            if to in ("assignee", "owner", "helpers", "watchers") and to not in self._made:
                return _Reached(why=_why(f"nothing ever makes anybody the {to}", f"没有任何操作会设定 {to}"))
            return _Reached()
        kind = str(form(to))
        name = to[kind]
        if kind in ("user", "outlet"):
            return _Reached(frozenset((name,)))
        if kind == "field":
            spec = self.workflow.fields.get(name)
            if spec is not None and spec.type not in _TEXTS:
                return _Reached(
                    why=_why(
                        f"the field {name} holds {spec.type}, which names nobody",
                        f"字段 {name} 的类型 {spec.type} 不能表示人员",
                    )
                )
            return _Reached()
        return self._of_world(kind, name, to)

    def _of_world(self, kind: str, name: str, to: Mapping[str, Any]) -> _Reached:
        world = self.world
        if world is None or kind in ("webhook", "target"):
            return _Reached()
        if kind == "role":
            ids: Iterable[str] = world.holders.get(name, ())
            why = _why(f"nobody in this world holds the role {name}", f"当前无人担任角色 {name}")
        elif kind == "queue":
            ids = world.members.get(name, ())
            why = _why(f"the queue {name} has no members in this world", f"队列 {name} 没有成员")
        else:
            schedule = world.schedules.get(name)
            missing = _why(f"the schedule {name} is not in this world", f"没有名为 {name} 的值班表")
            return _Reached(_users(schedule)) if schedule is not None else _Reached(why=missing)
        return _Reached(frozenset(ids)) if ids else _Reached(why=why)


def _users(schedule: Any) -> frozenset[str] | None:
    """Everybody a schedule of this library may name; None for one of the host's own."""
    return frozenset(named(schedule)) or None


def people(chains: Chains, world: World | None, at: datetime | None, ahead: timedelta) -> Iterator[Finding]:
    """Whom the levels of all chains reach, and the calendars and schedules they name."""
    look = _Look(chains, world, at)
    told: set[tuple[str, str]] = set()
    for plan in chains.plans:
        yield from _levels(look, plan)
        if at is not None:
            yield from _calendars(look, plan, at)
            if world is not None:
                for finding in _schedules(look, plan, at, ahead):
                    key = (finding.code, str(finding.facts.get("schedule")))
                    if key not in told:  # a schedule is told of where it is named first
                        told.add(key)
                        yield finding


def _addressed(plan: ChainPlan) -> Iterator[tuple[int, str, str, Any]]:
    """Every ``to`` of a chain with its level, the kind of its action and its path."""
    for index, (_, updates) in enumerate(plan.levels):
        for update in updates:
            if update.kind in _ADDRESSING and update.parts.get("to") is not None:
                yield index, update.kind, f"{update.path}.{update.kind}.to", update.parts["to"]


def _told(code: str, path: str, plan: ChainPlan, severity: str = "warning", **facts: Any) -> Finding:
    return Finding(code, path, {"chain": plan.chain.name, **facts}, severity)


# who is reached -------------------------------------------------------------------------------------------------


def _levels(look: _Look, plan: ChainPlan) -> Iterator[Finding]:
    chain = plan.chain
    spare = chain.fallback is not None and any(look.reached(item).why is None for item in listed(chain.fallback))
    if chain.fallback is not None and not spare:
        yield from _nobody(look, plan, None, f"escalations[{plan.order}].fallback", chain.fallback, spare=False)
    for index, kind, path, to in _addressed(plan):
        yield from _nobody(look, plan, index, path, to, spare=spare)
        if kind == "notify" and look.world is not None:
            yield from _channels(look, look.world, plan, index, path, to)


def _nobody(look: _Look, plan: ChainPlan, index: int | None, path: str, to: Any, *, spare: bool) -> Iterator[Finding]:
    items = listed(to)
    reasons = [look.reached(item).why for item in items]
    level = "fallback" if index is None else plan.chain.levels[index].name
    whole = all(why is not None for why in reasons)
    for place, why in enumerate(reasons):
        if why is not None:
            where = path if len(items) == 1 else f"{path}[{place}]"
            severity = "warning" if whole and not spare else "info"
            yield _told("chain.nobody", where, plan, severity, level=level, why=why)


def _channels(  # noqa: PLR0917 - where the address stands
    look: _Look, world: World, plan: ChainPlan, index: int, path: str, to: Any
) -> Iterator[Finding]:
    known = [look.reached(item).ids for item in listed(to)]
    mute = sorted(
        person
        for person in frozenset[str]().union(*(ids for ids in known if ids is not None))
        if person in world.persons and world.persons[person].channels == ()
    )
    if mute:
        level, named = plan.chain.levels[index].name, tuple(mute[:MAX_NAMED])
        yield _told("chain.no_channel", path, plan, level=level, people=named)


# what never opens -------------------------------------------------------------------------------------------------


def _calendars(look: _Look, plan: ChainPlan, at: datetime) -> Iterator[Finding]:
    chain, path = plan.chain, f"escalations[{plan.order}]"
    for index, trigger in enumerate(chain.start):
        where = f"{path}.start" + (f"[{index}]" if len(chain.start) > 1 else "")
        yield from _opens(look, plan, at, f"{where}.calendar", trigger.calendar, trigger.delay)
    for index, level in enumerate(chain.levels):
        where = f"{path}.levels[{index}]"
        for span in (level.after, level.remind.every if level.remind is not None else None):
            found = list(_opens(look, plan, at, f"{where}.calendar", level.named, span))
            yield from found[:1]
            if found:
                break
        yield from _shifts(look, plan, at, where, level)
    if chain.quiet is not None:
        yield from _quiet(look, plan, at, chain.quiet.calendar)


def _shifts(look: _Look, plan: ChainPlan, at: datetime, where: str, level: Level) -> Iterator[Finding]:
    """The shifts of the world that a level may come to count in."""
    world = look.world
    if world is None or level.counts_of not in ("outlet", "recipient") or level.after.elapsed or level.after == Span():
        return
    named = world.outlets if level.counts_of == "outlet" else world.engineers
    for shift in sorted({one.shift for one in named if one.shift is not None and one.shift in world.calendars}):
        try:
            world.calendars[shift].next_opening(at)
        except ServflowError:
            yield _told("chain.never_due", f"{where}.after", plan, calendar=shift, span=level.after.text, at=write_instant(at))


def _opens(  # noqa: PLR0917 - a span in a calendar from an instant, and where it stands
    look: _Look, plan: ChainPlan, at: datetime, path: str, name: str | None, span: Span | None
) -> Iterator[Finding]:
    if name is None or span is None or (span.elapsed and not span.business_days) or not (span.exact or span.business_days):
        return
    calendar: Any = look.chains.seen.machine.compiled.calendar(name)
    try:
        if span.business_days:
            calendar.after_days(at, span.business_days)
        else:
            calendar.after(at, span.exact)
    except ServflowError:
        facts = {"calendar": name, "span": span.text, "at": write_instant(at)}
        yield _told("chain.never_due", path, plan, **facts)


def _quiet(look: _Look, plan: ChainPlan, at: datetime, name: str) -> Iterator[Finding]:
    calendar: Any = look.chains.seen.machine.compiled.calendar(name)
    span = timedelta(days=400)
    try:
        open_for = calendar.between(at, at + span)
    except (ServflowError, OverflowError):
        return
    if open_for == span:
        why = _why(
            f"the calendar {name} is always open, and nothing waits for an end", f"日历 {name} 始终开放，没有结束时间可等"
        )
        yield _told("chain.quiet_idle", f"escalations[{plan.order}].quiet", plan, why=why)
    elif not open_for:
        why = _why(f"the calendar {name} does not open within 400 days", f"日历 {name} 在 400 天内从不开放")
        yield _told("chain.quiet_idle", f"escalations[{plan.order}].quiet", plan, why=why)


# who is on call ---------------------------------------------------------------------------------------------------


def _schedules(look: _Look, plan: ChainPlan, at: datetime, ahead: timedelta) -> Iterator[Finding]:
    world = look.world
    for index, _, path, to in _addressed(plan):
        items = listed(to)
        for place, item in enumerate(items):
            _, base = levels_up(item)
            kind = None if isinstance(base, str) else form(base)
            if kind not in ("schedule", "on_call") or world is None or base[kind] not in world.schedules:
                continue
            where = path if len(items) == 1 else f"{path}[{place}]"
            name, schedule = base[kind], world.schedules[base[kind]]
            level = plan.chain.levels[index].name
            for layer in _idle_layers(schedule, at):
                yield _told("chain.layer_idle", where, plan, level=level, schedule=name, layer=layer, at=write_instant(at))
            gaps = _gaps(schedule, at, ahead)
            if not gaps or base.get("who", "now") != "now":
                continue
            handled = len(items) > 1 or plan.chain.on_empty != "skip"
            first, last = gaps[0]
            facts: dict[str, Any] = {"level": level, "schedule": name, "days": ahead.days}
            if gaps == [(at, at + ahead)]:
                yield _told("chain.schedule_empty", where, plan, at=write_instant(at), **facts)
                continue
            hours = sum(((end - start) for start, end in gaps), timedelta()) / timedelta(hours=1)
            facts |= {"start": write_instant(first), "end": write_instant(last), "count": len(gaps), "hours": f"{hours:g}"}
            yield _told("chain.schedule_gap", where, plan, "info" if handled else "warning", **facts)


def _idle_layers(schedule: Any, at: datetime) -> Iterator[int]:
    """The layers, from 1, on which nobody is on call ever again."""
    for index, layer in enumerate(getattr(schedule, "layers", (schedule,)), start=1):
        try:
            ends = getattr(layer, "ends", None)
            over = isinstance(ends, datetime) and ends <= at
            if not over and not layer.on_call(at) and layer.next_change(at) is None:
                yield index
        except Exception:
            continue


def _gaps(schedule: Any, at: datetime, ahead: timedelta) -> list[tuple[datetime, datetime]]:
    """The stretches in which nobody is on call; nothing where the schedule cannot tell when it changes."""
    found: list[tuple[datetime, datetime]] = []
    try:
        end = at + ahead
        moment = at
        for _ in range(MAX_STEPS):
            following = schedule.next_change(moment)
            until = end if following is None else min(following, end)
            if not schedule.on_call(moment):
                if found and found[-1][1] == moment:
                    found[-1] = (found[-1][0], until)
                else:
                    found.append((moment, until))
            if until >= end:
                break
            moment = until
    except Exception:
        return []
    return found


__all__ = ["people"]
