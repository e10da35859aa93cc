"""Knows what a change would make of a ticket before anybody commits to it; must not know who may make it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from servflow import sla
from servflow.calendars._local import language
from servflow.engine import _verbs
from servflow.engine._given import Given
from servflow.engine._recompute import with_calendars
from servflow.engine._views import plain_data
from servflow.errors import InputError, LimitError
from servflow.model import (
    Actor,
    Breached,
    Effect,
    Escalated,
    Moved,
    Outcome,
    Record,
    Ticket,
    TimerFired,
    Warned,
    World,
    instant,
    same_value,
    write_instant,
)
from servflow.sla import BREACH, ClockChange
from servflow.sla._standing import told

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation
_WORDS: Mapping[str, tuple[str, str]] = {
    "field": ("{name}: {new}, was {old}", "{name}：{new}，原为 {old}"),
    "nothing": ("nothing would change", "不会有任何变化"),
    "at_once": ("{clock} {mark} at once", "{clock} {mark} 立即到达"),
    "coming": ("{clock} {mark} at {new}, was {old}", "{clock} {mark} 于 {new}，原为 {old}"),
    "gone": ("{clock} {mark} no longer comes, was {old}", "{clock} {mark} 不再到来，原为 {old}"),
    "breach": ("breach", "违约"),
    "then": ("until {until} it would come to:", "至 {until} 将发生："),
    "otherwise": ("as it is, it comes to:", "若不改变则发生："),
    "mark": ("mark", "节点"),
    "level": ("level", "升级"),
    "timer": ("timer", "定时器"),
    "state": ("state", "状态"),
}
_LEVEL = re.compile("[Pp][1-9]")
"""How people write the built-in priority; as a question it is understood."""

_MOST_MARKS = 100
"""How many marks of one clock are told of; a clock that warns every hour has no last one."""


@frozen(kw_only=True)
class Coming:
    """
    One mark of a clock, where it lies now and where the change puts it.

    ``before`` and ``after`` are its instants: also those of marks reached already, None where it does not come. ``at_once``:
    the change puts it at the very instant of the change or before, where it was not.
    """

    clock: str
    mark: str
    before: datetime | None
    after: datetime | None
    at_once: bool = False

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "clock": self.clock,
            "mark": self.mark,
            "before": _at(self.before),
            "after": _at(self.after),
            "at_once": self.at_once,
        }

    def text(self, lang: str = "en", zone: str = "UTC") -> str:
        """One line for people."""
        mark = _word("breach", lang) if self.mark == BREACH else self.mark
        key = "gone" if self.after is None else "at_once" if self.at_once else "coming"
        new, old = (told(one, zone, lang) for one in (self.after, self.before))
        return _word(key, lang, clock=self.clock, mark=mark, new=new, old=old)


@frozen(kw_only=True)
class Following:
    """
    What time brings a ticket to: ``kind`` is ``mark``, ``level``, ``timer``, ``state``, or that of an effect.

    ``name`` says which; ``to`` who is addressed, where somebody is.
    """

    at: datetime
    kind: str
    name: str
    to: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"at": _at(self.at), "kind": self.kind, "name": self.name, "to": list(self.to)}

    def text(self, lang: str = "en", zone: str = "UTC") -> str:
        """One line for people."""
        kind, name = _word(self.kind, lang) if self.kind in _WORDS else self.kind, self.name
        if self.kind == "mark" and name.endswith(f" {BREACH}"):
            name = f"{name.removesuffix(BREACH)}{_word('breach', lang)}"
        return f"{told(self.at, zone, lang)} {kind} {name}" + (f" -> {', '.join(self.to)}" if self.to else "")


@frozen(kw_only=True)
class WhatIf:
    """
    What a change would make of a ticket, as of ``at``, beside what it is without it.

    ``changed`` tells every field and attribute that would be another, set by the change itself or by what follows from it, as
    (before, after). ``clocks`` are those that would stand otherwise. ``warnings`` and ``breaches`` are the marks that would
    come at another instant, be it at once, or not at all: of the breaches those that any horizon changes. ``then`` is what time
    would bring until ``until``, ``otherwise`` what it brings without the change; both are empty without a horizon.
    ``outcome`` is the change itself, with its ticket, records and effects, as the verb would have given it.
    """

    ticket: str
    at: datetime
    event: str
    changed: Mapping[str, tuple[Any, Any]]
    clocks: tuple[ClockChange, ...]
    warnings: tuple[Coming, ...]
    breaches: tuple[Coming, ...]
    until: datetime | None = None
    then: tuple[Following, ...] = ()
    otherwise: tuple[Following, ...] = ()
    outcome: Outcome = field(repr=False)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form, without ``outcome``, which ``dump`` writes."""
        return {
            "ticket": self.ticket,
            "at": _at(self.at),
            "event": self.event,
            "changed": {name: [plain_data(old), plain_data(new)] for name, (old, new) in self.changed.items()},
            "clocks": [clock.as_data() for clock in self.clocks],
            "warnings": [item.as_data() for item in self.warnings],
            "breaches": [item.as_data() for item in self.breaches],
            "until": _at(self.until),
            "then": [item.as_data() for item in self.then],
            "otherwise": [item.as_data() for item in self.otherwise],
        }

    def text(self, lang: str = "en", zone: str = "UTC") -> str:
        """
        Lines for people; instants as a wall clock of the zone shows them.

        Raises:
            InputError: no such zone, or another language.
        """
        lines = [_word("field", lang, name=name, new=_shown(new), old=_shown(old)) for name, (old, new) in self.changed.items()]
        lines += [clock.text(lang, zone).removeprefix(f"{self.ticket} ") for clock in self.clocks]
        lines += [item.text(lang, zone) for item in (*self.breaches, *self.warnings)]
        if self.until is not None:
            for key, items in (("then", self.then), ("otherwise", self.otherwise)):
                lines.append(_word(key, lang, until=told(self.until, zone, lang)))
                lines += [f"  {item.text(lang, zone)}" for item in items] or ["  -"]
        return "\n".join(lines) if lines else _word("nothing", lang)


def _word(key: str, lang: str, /, **facts: Any) -> str:
    return _WORDS[key][language(lang) == "zh"].format(**facts)


def _shown(value: Any) -> str:
    return "-" if value is None else ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _at(at: datetime | None) -> str | None:
    return None if at is None else write_instant(at)


@frozen(kw_only=True)
class Change:
    """What is tried: an event with its payload, other calendars, and how far to look ahead."""

    event: str
    payload: Mapping[str, Any]
    calendars: Any = None
    until: datetime | None = None

    @classmethod
    def of(
        cls, event: str | None, fields: Mapping[str, Any] | None, named: Mapping[str, Any], calendars: Any, until: Any
    ) -> Change:
        """
        Read what a host passed.

        Raises:
            InputError: nothing to try was given, or a field was given twice.
            TimeError: *until* is naive.
        """
        given: object = {} if fields is None else fields
        if not isinstance(given, Mapping):
            raise InputError(f"fields are a mapping of names to values, not a {type(given).__name__}", code="argument")
        twice = sorted(given.keys() & named.keys())
        if twice:
            raise InputError(f"{', '.join(twice)} was given both by name and in fields; give it once", code="argument")
        payload = {**given, **named}
        level = payload.get("priority")
        if event in (None, "ticket.update") and isinstance(level, str) and _LEVEL.fullmatch(level):
            payload["priority"] = int(level[1:])
        if event is None and not payload and calendars is None:
            raise InputError("say what would change: priority=1, fields={...}, event=... or calendars={...}", code="argument")
        horizon = None if until is None else instant(until, "until")
        return cls(event=event or ("ticket.update" if payload else ""), payload=payload, calendars=calendars, until=horizon)


def what_if(workflow: Workflow, ticket: Ticket, change: Change, given: Given) -> WhatIf:
    """
    A change on a copy of a ticket, by the code that would make it; nothing is committed and nobody's permission is asked.

    Raises:
        Refused: a value does not fit, or the event is not possible here and now.
        InputError: the ticket or a calendar is of another workflow.
    """
    flow = workflow if change.calendars is None else with_calendars(workflow, change.calendars)
    at, world = given.at, given.world
    if change.until is not None and change.until < at:
        raise InputError(
            f"until {change.until.isoformat()} lies before at {at.isoformat()}; a horizon lies ahead", code="argument"
        )
    before = workflow.advance(ticket, at=at, world=world)
    at = max(at, ticket.at)  # a little behind the ticket is the ticket's own instant
    after = flow.advance(ticket, at=at, world=world) if not change.event else _fired(flow, ticket, change, given)
    sides = ((workflow, before.ticket), (flow, after.ticket))
    warnings, breaches = _marks(sides, at, change.until)
    then: tuple[Following, ...] = ()
    otherwise: tuple[Following, ...] = ()
    if change.until is not None:
        known = {effect.id for effect in before.effects}  # they go out either way
        own = tuple(effect for effect in after.effects if effect.id not in known)
        then = _following(flow, after.ticket, own, change.until, world)
        otherwise = _following(workflow, before.ticket, (), change.until, world)
    return WhatIf(
        ticket=ticket.id,
        at=at,
        event=change.event,
        changed=_changed(before.ticket, after.ticket),
        clocks=_clocks(sides, at),
        warnings=warnings,
        breaches=breaches,
        until=change.until,
        then=then,
        otherwise=otherwise,
        outcome=after,
    )


def _fired(flow: Workflow, ticket: Ticket, change: Change, given: Given) -> Outcome:
    """What firing would give, in the name of a person who may do anything: what a person sets stays set."""
    person = Actor("what-if", tuple(sorted(flow.roles)))
    return _verbs.fire(flow, ticket, change.event, change.payload, Given(given.at, person, given.world, None, unasked=True))


def _changed(before: Ticket, after: Ticket) -> Mapping[str, tuple[Any, Any]]:
    found = {}
    for name in _ATTRIBUTES:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            found[name] = (old, new)
    for name in dict.fromkeys((*before.fields, *after.fields)):
        held, now = before.fields.get(name), after.fields.get(name)
        if not same_value(held, now):
            found[name] = (held, now)
    return found


_ATTRIBUTES = ("state", "priority", "queue", "assignee", "owner", "outlet", "customer", "asset", "channel", "tags")


def _clocks(sides: Any, at: datetime) -> tuple[ClockChange, ...]:
    (old, before), (new, after) = sides
    clocks = {plan.clock.name: plan.clock for plan in new.compiled.clocks}
    found = []
    for name in dict.fromkeys((*before.clocks, *after.clocks)):
        standings = [
            None
            if (run := ticket.clocks.get(name)) is None
            else sla.standing(run, at, flow.compiled.counting(run.calendar), clocks[name])
            for flow, ticket in ((old, before), (new, after))
        ]
        change = ClockChange(ticket=before.id, clock=name, at=at, before=standings[0], after=standings[1])
        if change.differs:
            found.append(change)
    return tuple(found)


def _marks(sides: Any, at: datetime, until: datetime | None) -> tuple[tuple[Coming, ...], tuple[Coming, ...]]:
    """The marks that come at another instant: warnings and breaches."""
    tables = [_instants(flow, ticket, until) for flow, ticket in sides]
    found = []
    for key in dict.fromkeys((*tables[1], *tables[0])):
        before, after = tables[0].get(key), tables[1].get(key)
        if before != after:
            at_once = after is not None and after <= at and (before is None or before > at)
            found.append(Coming(clock=key[0], mark=key[1], before=before, after=after, at_once=at_once))
    found.sort(key=lambda item: (item.after or item.before or at, item.clock))
    return tuple(item for item in found if item.mark != BREACH), tuple(item for item in found if item.mark == BREACH)


def _instants(flow: Workflow, ticket: Ticket, until: datetime | None) -> dict[tuple[str, str], datetime]:
    """
    When each mark of the open cycles was or will be reached if nothing else happens.

    What comes after the breach is told only up to a horizon.
    """
    found: dict[tuple[str, str], datetime] = {}
    plans = {plan.clock.name: plan.clock for plan in flow.compiled.clocks}
    for name, run in ticket.clocks.items():
        cal, clock = flow.compiled.counting(run.calendar), plans[name]
        found.update({(name, mark): at for mark, at in zip(run.marks, run.reached, strict=True)})
        for _ in range(_MOST_MARKS):
            if run.next_mark is None or run.next_at is None:
                break
            if until is None and run.breached_at is not None:
                break
            if until is not None and run.next_at > until and run.breached_at is not None:
                break
            found[name, run.next_mark] = run.next_at
            run = sla.reach(clock, run, cal)
    return found


def _following(
    flow: Workflow, ticket: Ticket, effects: tuple[Effect, ...], until: datetime, world: World | None
) -> tuple[Following, ...]:
    """What time brings a ticket to until an instant, in order, behind the effects of the change itself."""
    found = [_of_effect(effect) for effect in effects]
    while True:
        try:
            outcome = flow.advance(ticket, at=until, world=world)
        except LimitError as error:
            reached = error.facts.get("reached")
            if reached is None or reached <= ticket.at:
                raise
            outcome = flow.advance(ticket, at=reached, world=world)
            found += _told(outcome)
            ticket = outcome.ticket
            continue
        found += _told(outcome)
        return tuple(found)


def _told(outcome: Outcome) -> list[Following]:
    made = [item for record in outcome.records if (item := _of_record(record)) is not None]
    made += [_of_effect(effect) for effect in outcome.effects]
    return sorted(made, key=lambda item: item.at)


def _of_record(record: Record) -> Following | None:
    if isinstance(record, Warned):
        return Following(at=record.instant, kind="mark", name=f"{record.clock} {record.mark}")
    if isinstance(record, Breached):
        return Following(at=record.instant, kind="mark", name=f"{record.clock} {BREACH}")
    if isinstance(record, Escalated):
        return Following(at=record.scheduled, kind="level", name=f"{record.run.chain} {record.name}", to=record.to)
    if isinstance(record, TimerFired):
        return Following(at=record.at, kind="timer", name=f"{record.timer.state} {record.timer.event}")
    if isinstance(record, Moved):
        return Following(at=record.at, kind="state", name="+".join(record.configuration))
    return None


def _of_effect(effect: Effect) -> Following:
    return Following(at=effect.at, kind=type(effect).__name__.lower(), name=_name_of(effect), to=_to(effect))


def _name_of(effect: Effect) -> str:
    words = (getattr(effect, key, None) for key in ("template", "name", "event", "workflow", "policy"))
    return next((word for word in words if isinstance(word, str) and word), "")


def _to(effect: Effect) -> tuple[str, ...]:
    to = getattr(effect, "to", ())
    return (to,) if isinstance(to, str) else tuple(map(str, to or ()))


__all__ = ["Change", "Coming", "Following", "WhatIf", "what_if"]
