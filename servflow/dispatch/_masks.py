"""Knows which rules a set of candidates answers at once, and how; must not know in what order rules are looked at."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from datetime import datetime

from servflow.dispatch._candidates import PEOPLE, Candidate
from servflow.dispatch._case import Case
from servflow.dispatch._check import ABSENT, STATIC, Check, key_of, never
from servflow.dispatch._index import Index

Met = Callable[[Case, Index, Check, int], int]

Changes = Iterator[tuple[datetime | None, int]]
"""Instants at which time turns a rule, each with for how many candidates it does so."""


def met(case: Case, index: Index, check: Check, among: int) -> int:
    """
    Who of a set passes a rule: exactly those whom ``check.passes`` lets through.

    Kinds that nobody told this module of are asked candidate by candidate.
    """
    if check.why != "asked":
        return 0 if check.why == "error" else among
    known = _MET.get(check.kind)
    return index.ask(check.passes, among) if known is None else known(case, index, check, among)


def changes(case: Case, index: Index, check: Check, among: int) -> Changes:
    """When time turns a rule for a set of candidates, as ``check.change`` says it for each."""
    if check.change is never or (check.kind == "below" and not case.world.free_at):
        yield None, among.bit_count()
    elif check.kind == "open":
        hours, alone = _hours(case, index, check)
        for part in hours:
            if part.mask & among:
                yield part.change(check), (part.mask & among).bit_count()
        for who in index.those(alone & among):
            yield check.change(who), 1
    elif check.kind == "absence":
        spans, stale = index.spans("absences", _absences)
        asked = among & (spans.anybody | stale)
        if asked != among:
            yield None, (among & ~asked).bit_count()
        for who in index.those(asked):
            yield check.change(who), 1
    else:
        for who in index.those(among):
            yield check.change(who), 1


def soonest(case: Case, index: Index, check: Check, among: int) -> datetime | None:
    """The first instant at which time turns a rule for anybody of a set, all of whom have passed it if it is static."""
    if check.kind == "certificate" and check.phase == STATIC and case.need.stay is None:
        found: list[datetime | None] = []
        for name in check.names:
            expiries, stale = index.expiries(name)
            found.append(expiries.first(case.at, among & ~stale))
            found += [check.change(who) for who in index.those(among & stale)]
    else:
        found = [instant for instant, _ in changes(case, index, check, among)]
    return min((instant for instant in found if instant is not None), default=None)


def _remembered(case: Case, index: Index, check: Check, among: int) -> int:
    check.key = key_of(case, check)
    return index.met(check.key, check.passes, among)


def _of(case: Case, index: Index, check: Check, among: int) -> int:
    if not isinstance(check.need, str):
        return 0  # only a name can be that of a place
    if case.policy.of != "outlet" or index.kind not in PEOPLE:
        return index.ask(check.passes, among)
    return _remembered(case, index, check, among)


def _but_for(_: Case, index: Index, check: Check, among: int) -> int:
    return index.except_for(check.names) & among


def _those(_: Case, index: Index, check: Check, among: int) -> int:
    return index.full & ~index.except_for(check.names) & among


def _below(case: Case, index: Index, check: Check, among: int) -> int:
    key = key_of(case, check), case.units, case.ticket.channel
    # What the ticket itself holds of somebody does not count, so they are asked apart.
    own = _holders(case, index) if case.held else 0
    return index.met(key, check.passes, among, loads=True, own=own)


def _holders(case: Case, index: Index) -> int:
    found = 0
    for key in case.held:
        name = key.partition(":")[2]
        for held in (name, name.rpartition("/")[0]):
            if held in index.place:
                found |= 1 << index.place[held]
    return found


def _presence(case: Case, index: Index, _: Check, among: int) -> int:
    return index.present(case.world.presence, ABSENT) & among


def _open(case: Case, index: Index, check: Check, among: int) -> int:
    hours, alone = _hours(case, index, check)
    found = 0
    for part in hours:
        if part.mask & among and part.passes(check):
            found |= part.mask & among
    return found | index.ask(check.passes, alone & among) if alone & among else found


class _Hours:
    """Some who work the same hours: whether these are open, and when that changes, asked once of one of them."""

    __slots__ = ("_change", "_passes", "mask", "who")

    def __init__(self, mask: int, who: Candidate) -> None:
        self.mask, self.who = mask, who
        self._passes: bool | None = None
        self._change: datetime | Check | None = UNKNOWN

    def passes(self, check: Check) -> bool:
        if self._passes is None:
            self._passes = check.passes(self.who)
        return self._passes

    def change(self, check: Check) -> datetime | None:
        if self._change is UNKNOWN:
            self._change = check.change(self.who)
        return self._change  # type: ignore[return-value]  # no rule is kept there any more


UNKNOWN = Check(rule="", kind="", need=None, passes=lambda _: False)


def _hours(case: Case, index: Index, check: Check) -> tuple[list[_Hours], int]:
    """Everybody by the hours they work, and those who have a roster of their own: they are asked one by one."""
    # Tickets that are decided at one instant share what the calendars say of it.
    key = None if case.need.stay is not None else (check.need, case.at)
    calendars = case.world.calendars
    if key is not None and index.hours.get(key, _NONE)[0] is calendars:
        known: tuple[list[_Hours], int] = index.hours[key][1]
        return known
    if check.need != "shift":
        made = [_Hours(index.full, index.order[0])] if index.order else [], 0  # a calendar of the world, whoever is looked at
    else:
        shifts, alone = index.alike("shift", _shift)
        made = [_Hours(mask, index.order[mask.bit_length() - 1]) for mask in shifts.values()], alone
    if key is not None:
        if len(index.hours) >= MAX_HOURS:
            index.hours.clear()
        index.hours[key] = calendars, made
    return made


MAX_HOURS = 16
"""For how many instants it is remembered whose hours are open."""

_NONE = (None, None)


def _shift(who: Candidate) -> Hashable:
    return None if getattr(who, "shifts", ()) else (who.shift,)


def _absence(case: Case, index: Index, check: Check, among: int) -> int:
    first, last = _asked_for(case)
    spans, stale = index.spans("absences", _absences)
    touched = among & (spans.touching(first, last) | stale)
    return among & ~touched | index.ask(check.passes, touched) if touched else among


def _absences(who: Candidate) -> tuple[tuple[datetime, datetime], ...]:
    return getattr(who, "absences", ())


def _certificate(case: Case, index: Index, check: Check, among: int) -> int:
    first, last = _asked_for(case)
    sure = maybe = among
    for name in check.names:
        expiries, stale = index.expiries(name)
        sure &= expiries.after(last) & ~stale
        maybe &= expiries.after(first) | stale
    asked = maybe & ~sure
    return sure | index.ask(check.passes, asked) if asked else sure


def _asked_for(case: Case) -> tuple[datetime, datetime]:
    """From when to when somebody is looked at: now, and while they are needed."""
    if case.need.stay is None:
        return case.at, case.at
    stay = case.need.at(case.at)
    return min(case.at, stay.first), max(case.at, stay.end)


_MET: Mapping[str, Met] = {
    "skill": _remembered,
    "area": _remembered,
    "language": _remembered,
    "contract": _remembered,
    "part": _remembered,
    "channel": _remembered,
    "of": _of,
    "forbidden": _but_for,
    "declined": _but_for,
    "separate": _but_for,
    "other_than": _but_for,
    "preferred": _those,
    "below": _below,
    "presence": _presence,
    "open": _open,
    "absence": _absence,
    "certificate": _certificate,
}
