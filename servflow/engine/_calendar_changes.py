"""Knows what changed calendars make of a ticket's clocks, and which they were before; must not know what starts a clock."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import frozen

from servflow import sla
from servflow.calendars import OpenTime, from_data
from servflow.engine import _chains
from servflow.engine._clock_caps import follow
from servflow.engine._clock_records import retargeted
from servflow.engine._clock_targets import LIVE
from servflow.engine._timeline import catch_up
from servflow.errors import DefinitionError, Finding, TimeError, shown
from servflow.model import ClockRun, FrozenMap, canonical, instant, read_instant, replace

if TYPE_CHECKING:
    from servflow.engine._call import OneCall
    from servflow.engine._clock_plans import ClockPlan
    from servflow.engine._compile import Compiled

CHANGED = "calendars changed"
_MOST = 1_000  # editions of the calendars of one workflow


@frozen
class PastCalendars:
    """
    Calendars as they were before: one edition of them, found by the hash the tickets ran under.

    ``calendars`` gives those that have changed since by name, or all of that time where names were added since; ``until``
    is the aware instant from which on the next edition counts, None: from the first call under it.
    """

    calendars: Mapping[str, OpenTime]
    until: datetime | None = None


def read_past(given: Any) -> tuple[tuple[PastCalendars, ...], list[Finding]]:
    """The editions given, the oldest first, and what is wrong with them."""
    single = given is None or isinstance(given, (Mapping, PastCalendars))
    listed = () if given is None else (given,) if single else given
    if not isinstance(listed, (list, tuple)) or len(listed) > _MOST:
        return (), [Finding("definition.past_calendars", "past_calendars", {"value": shown(given)})]
    editions: list[PastCalendars] = []
    findings: list[Finding] = []
    for index, item in enumerate(listed):
        path = "past_calendars" if single else f"past_calendars[{index}]"
        try:
            editions.append(_edition(item))
        except DefinitionError as error:
            findings += [Finding(found.code, _printable(f"{path}.{found.path}"), found.facts) for found in error.findings]
        except (TypeError, TimeError):
            findings.append(Finding("definition.past_calendars", path, {"value": shown(item)}))
    return tuple(editions), findings


def _printable(path: str) -> str:
    # A key may hold half of a surrogate pair, which no terminal and no log takes.
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _edition(item: Any) -> PastCalendars:
    until: Any = None
    named: Any = item
    if isinstance(item, PastCalendars):
        named, until = item.calendars, item.until
    elif isinstance(item, Mapping) and set(item) == {"calendars", "until"}:
        named, until = item["calendars"], item["until"]
    if not isinstance(named, Mapping) or not all(isinstance(name, str) for name in named):
        raise TypeError
    calendars = {name: one if isinstance(one, OpenTime) else from_data(one) for name, one in named.items()}
    if isinstance(until, str):
        until = read_instant(until)
    return PastCalendars(FrozenMap(calendars), None if until is None else instant(until, "until"))


def hash_of(calendars: Mapping[str, OpenTime]) -> str:
    """SHA-256 over calendars by name."""
    return hashlib.sha256(canonical({name: calendar.hash for name, calendar in calendars.items()})).hexdigest()


def recalendar(call: OneCall, pinned: str, now: datetime) -> str:
    """
    Calendars have changed since the ticket was last touched: count its live clocks again; gives what was done in words.

    A clock that recomputes counts its whole cycle by the new ones. One that says ``prospective`` counts by the earlier
    ones up to the change where these are known (``past_calendars``), and by the new ones from there. Where they are not, it
    counts by the new ones from its latest start or resume: at once if the ticket has not been touched since, else as soon
    as anything next happens to the clock, whose due instant stays until then.

    Args:
        pinned: the hash of the calendars the ticket ran under.
        now: the instant of the call; ``call.at`` is that of the ticket.
    """
    live = [(plan, run) for plan in call.compiled.clocks if (run := _live(call, plan)) is not None]
    waiting = [plan for plan, _ in live if plan.clock.on_calendar_change == "prospective"]
    for plan, run in live:
        if plan not in waiting:
            _change(call, plan, call.at, call.compiled.counting(run.calendar), None)
    steps = _steps(call.compiled, pinned) if waiting else ()
    left: list[str] = []
    if steps:
        _go_on(call, steps, waiting, now)
    else:
        for plan in waiting:
            run = call.draft.clocks[plan.clock.name]
            if run.since is not None and run.since < call.at:
                left.append(plan.clock.name)
            else:
                _change(call, plan, call.at, call.compiled.counting(run.calendar), None)
    follow(call)
    _chains.amend(call)
    if not left:
        return CHANGED
    names = ", ".join(left)
    return f"{CHANGED}; the earlier ones are not known, so what is due stays until the clock next changes: {names}"


def _live(call: OneCall, plan: ClockPlan) -> ClockRun | None:
    run = call.draft.clocks.get(plan.clock.name)
    return None if run is None or run.phase not in LIVE or run.calendar is None else run


def _change(call: OneCall, plan: ClockPlan, at: datetime, cal: OpenTime | None, old: OpenTime | None) -> None:
    run = call.draft.clocks[plan.clock.name]
    after = sla.recalendar(plan.clock, run, at, cal, old)
    if after != replace(run, retargeted_at=after.retargeted_at) or after.segments != run.segments:
        retargeted(call, plan.clock, run, after, at, reason=CHANGED)


def _steps(compiled: Compiled, pinned: str) -> tuple[tuple[Mapping[str, OpenTime], datetime | None], ...]:
    """Each edition from the pinned one on, whole, with the instant at which the next one counts; none: it is not known."""
    editions = compiled.workflow.past_calendars
    for place, edition in enumerate(editions):
        merged = {**compiled.calendars, **edition.calendars}
        if pinned in (hash_of(merged), hash_of(edition.calendars)):
            return tuple(({**compiled.calendars, **item.calendars}, item.until) for item in editions[place:])
    return ()


def counts_until_now(compiled: Compiled, pinned: str) -> bool:
    """Whether the earlier calendars are known, are one edition, and count up to the call, whenever that is."""
    return [until for _, until in _steps(compiled, pinned)] == [None]


def _go_on(
    call: OneCall,
    steps: tuple[tuple[Mapping[str, OpenTime], datetime | None], ...],
    waiting: list[ClockPlan],
    now: datetime,
) -> None:
    """Let each edition count up to its end: what time sets until then happens by it."""
    present = call.compiled
    own = {plan.clock.name: present.calendars for plan in present.clocks if plan not in waiting}
    try:
        for (calendars, until), following in _pairs(steps, present.calendars):
            change = min(now if until is None else max(until, call.at), now)
            call.compiled = copy.copy(present)
            call.compiled.calendars = dict(calendars)
            call.compiled.own_calendars = own
            if call.records or (call.draft.wake is not None and call.draft.wake <= change):
                catch_up(call, change)
            call.at = change
            for plan in waiting:
                run = _live(call, plan)
                if run is not None:
                    name = run.calendar or ""
                    _change(call, plan, change, following.get(name), calendars.get(name))
    finally:
        call.compiled = present


def _pairs(
    steps: tuple[tuple[Mapping[str, OpenTime], datetime | None], ...], present: Mapping[str, OpenTime]
) -> Iterator[tuple[tuple[Mapping[str, OpenTime], datetime | None], Mapping[str, OpenTime]]]:
    return zip(steps, [*(calendars for calendars, _ in steps[1:]), present], strict=True)


__all__ = ["PastCalendars", "counts_until_now", "hash_of", "read_past", "recalendar"]
