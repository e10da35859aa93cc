"""Knows how what is asked of somebody's time is judged over the whole visit; must not know what else is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from servflow.dispatch._candidates import Candidate
from servflow.dispatch._case import Case
from servflow.dispatch._check import TIME, Check, asked, told, wanted
from servflow.dispatch._requirement import Requirement
from servflow.dispatch._stretches import EARLIEST, Need, Stretches, common, merged, without
from servflow.dispatch._visit import MOMENT, Stay
from servflow.errors import ExpressionError, TimeError, shown
from servflow.model import Engineer, Queue, instant, read_instant


def opened(case: Case, rule: str, entry: Requirement) -> Check:
    """The candidate's shift, or a calendar of the world, is open for the whole visit."""
    if entry.open != "shift":
        name = str(entry.open)
        return Check(
            rule=rule,
            kind="open",
            need=name,
            passes=lambda _: case.is_open(name),
            have=lambda _: name if name in case.world.calendars else None,
            change=lambda _: case.calendar_change(name),
            phase=TIME,
        )

    stay = case.stay_at(case.at)

    def on_shift(who: Candidate) -> bool:
        if isinstance(who, Engineer) and who.shifts:
            return stay.within(merged(who.shifts))
        return who.shift is None or case.is_open(who.shift)

    def change(who: Candidate) -> datetime | None:
        if isinstance(who, Engineer) and who.shifts:
            return case.need.turn(case.at, merged(who.shifts))
        return None if who.shift is None else case.calendar_change(who.shift)

    return Check(
        rule=rule,
        kind="open",
        need="shift",
        passes=on_shift,
        have=lambda who: _roster(case, who) if isinstance(who, Engineer) and who.shifts else who.shift,
        change=change,
        phase=TIME,
    )


def _roster(case: Case, who: Engineer) -> Any:
    # What a roster has to say: the shift that is on or comes next, or that there is none any more.
    first = case.stay_at(case.at).first
    ahead = next((item for item in merged(who.shifts) if item[1] > first), None)
    return {"roster ended": who.shifts[-1][1]} if ahead is None else list(ahead)


def absence(case: Case) -> Check:
    """Nobody who is absent at any time of the visit takes a ticket, whatever a policy asks."""
    at = case.at
    stay = case.stay_at(at)
    moment = stay.length == MOMENT and stay.first == stay.last

    def present(who: Candidate) -> bool:
        stretches = who.absences if isinstance(who, Engineer) else ()
        if not stretches:
            return True
        if moment:
            return not any(start <= stay.first < end for start, end in stretches)
        return stay.within(without(merged(stretches)))

    def change(who: Candidate) -> datetime | None:
        stretches = who.absences if isinstance(who, Engineer) else ()
        return case.need.turn(at, without(merged(stretches))) if stretches else None

    def away(who: Candidate) -> Any:
        stretches = who.absences if isinstance(who, Engineer) else ()
        touching = (list(item) for item in stretches if item[0] < max(stay.end, at + MOMENT) and item[1] > stay.first)
        return next((item for item in touching if item[0] < item[1]), None)

    return Check(rule="absence", kind="absence", need=None, passes=present, have=away, change=change, phase=TIME)


def certificate(case: Case, rule: str, entry: Requirement) -> Check | None:
    """The candidate holds certificates that are valid for the whole visit."""
    names = wanted(case, entry)
    if names is None:
        return None
    every = tuple(name for name, _ in names)
    stay = case.stay_at(case.at)

    def held(who: Candidate) -> Stretches | None:
        # Up to when all of them are valid; None where one is missing.
        if isinstance(who, Queue) or not all(name in who.certificates for name in every):
            return None
        ends = [end for name in every if (end := who.certificates[name]) is not None]
        return ((EARLIEST, min(ends)),) if ends else ()

    def valid(who: Candidate) -> bool:
        stretches = held(who)
        return stretches is not None and (not stretches or stay.within(stretches))

    def expiry(who: Candidate) -> datetime | None:
        stretches = held(who)
        return case.need.turn(case.at, stretches) if stretches else None

    return Check(
        rule=rule,
        kind="certificate",
        need=told(names),
        passes=valid,
        have=lambda who: (
            {name: who.certificates[name] or "no end" for name in every if name in who.certificates}
            if not isinstance(who, Queue)
            else None
        ),
        change=expiry,
        names=every,
    )


def window(case: Case, rule: str, entry: Requirement) -> Check | None:
    """The candidate is on shift and not absent for long enough within the window of an appointment."""
    need = _window(case, asked(case, entry))
    if need is None or need.stay is None:
        return None
    at = case.at

    def free(who: Candidate, until: datetime) -> Stretches:
        away = without(merged(who.absences if isinstance(who, Engineer) else ()))
        if isinstance(who, Engineer) and who.shifts:
            return common(away, merged(who.shifts))
        if who.shift is None:
            return away
        return common(away, case.hours(who.shift).stretches(need.at(at).first, until))

    def passes(who: Candidate) -> bool:
        stay = need.at(at)
        return stay.within(free(who, stay.end))

    def change(who: Candidate) -> datetime | None:
        return case.growing(need, lambda until: need.turn(at, free(who, until), until))

    return Check(
        rule=rule,
        kind="window",
        need=[need.stay.first, need.stay.end],
        passes=passes,
        have=lambda who: [list(item) for item in common(free(who, need.stay.end), ((need.stay.first, need.stay.end),))][:5],  # type: ignore[union-attr]  # it is not None here
        change=change,
        phase=TIME,
    )


def _window(case: Case, value: Any) -> Need | None:
    if value is None or value is False:
        return None
    if value is True:
        return case.need
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ExpressionError(f"window must be true or a list of two instants, not {shown(value)}")
    start, end = (_instant(item) for item in value)
    length = MOMENT if case.need.stay is None else case.need.stay.length
    if end - length < start:
        raise ExpressionError(f"the window from {start.isoformat()} to {end.isoformat()} is shorter than the visit")
    return Need(Stay(start, end - length, length))


def _instant(value: Any) -> datetime:
    try:
        return read_instant(value) if isinstance(value, str) else instant(value, "an end of the window")
    except TimeError as error:
        raise ExpressionError(error.message) from None


def seen_turn(case: Case, who: Candidate, holds: Callable[[Mapping[str, Any]], bool]) -> datetime | None:
    """When a condition over ``candidate`` turns because a certificate it may look at is no longer valid."""
    if isinstance(who, Queue):
        return None
    ends = [(EARLIEST, end) for end in who.certificates.values() if end is not None]
    view = case.view(who)
    now = holds(view)
    for later in case.need.turns(case.at, ends):
        stay = case.stay_at(later)
        if holds({**view, "certificates": case.valid_certificates(who, stay.first + stay.length)}) != now:
            return later
    return None
