"""Knows how a candidate is judged by each kind of requirement; must not know who is best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from servflow.dispatch._case import Candidate, Case
from servflow.dispatch._check import (
    CAPACITY,
    TIME,
    Check,
    asked,
    told,
    wanted,
    whole_of,
)
from servflow.dispatch._asking import answered, labels, no_verdict
from servflow.dispatch._requirement import Requirement
from servflow.errors import ExpressionError, shown
from servflow.model import Engineer


def _skill(case: Case, rule: str, entry: Requirement) -> Check | None:
    names = wanted(case, entry)
    if names is None:
        return None
    lower = case.lowered.get(rule, 0)
    names = tuple((name, max(min(1, level), level - lower)) for name, level in names)
    if len(names) == 1:
        [(only, least)] = names
        return Check(
            rule=rule,
            kind="skill",
            need=told(names),
            passes=lambda who: who.skills.get(only, 0) >= least,
            have=lambda who: {only: who.skills.get(only, 0)},
        )
    return Check(
        rule=rule,
        kind="skill",
        need=told(names),
        passes=lambda who: all(who.skills.get(name, 0) >= level for name, level in names),
        have=lambda who: {name: who.skills.get(name, 0) for name, _ in names},
    )


def _area(case: Case, rule: str, entry: Requirement) -> Check | None:
    names = wanted(case, entry)
    if names is None:
        return None
    steps = case.widened.get(rule, 0)
    world = case.world
    served: list[frozenset[str]] = []
    for name, _ in names:
        path = world.area_path(name)
        # Whoever serves the area or one around it; widened, also whoever serves any part of the wider one.
        around = set(path)
        if steps:
            wide = path[min(steps, len(path) - 1)]
            around.update(area for area in _areas(case) if wide in world.area_path(area))
        served.append(frozenset(around))
    if len(served) == 1:
        [only] = served
        return Check(
            rule=rule,
            kind="area",
            need=told(names),
            passes=lambda who: not only.isdisjoint(who.areas),
            have=lambda who: who.areas,
        )
    return Check(
        rule=rule,
        kind="area",
        need=told(names),
        passes=lambda who: not any(area.isdisjoint(who.areas) for area in served),
        have=lambda who: who.areas,
    )


def _areas(case: Case) -> Iterable[str]:
    return {*case.world.areas, *case.world.areas.values()}


def _open(case: Case, rule: str, entry: Requirement) -> Check:
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
    return Check(
        rule=rule,
        kind="open",
        need="shift",
        passes=lambda who: who.shift is None or case.is_open(who.shift),
        have=lambda who: who.shift,
        change=lambda who: None if who.shift is None else case.calendar_change(who.shift),
        phase=TIME,
    )


def _below(case: Case, rule: str, entry: Requirement) -> Check | None:
    if entry.below == "capacity":
        return Check(
            rule=rule,
            kind="below",
            need="capacity",
            passes=lambda who: who.capacity is None or case.load(who) < who.capacity,
            have=lambda who: {"load": case.load(who), "capacity": who.capacity},
            limit=lambda who: who.capacity,
            phase=CAPACITY,
        )
    most = asked(case, entry)
    if most is None:
        return None
    limit = whole_of(most, "below", 0)
    return Check(
        rule=rule,
        kind="below",
        need=limit,
        passes=lambda who: case.load(who) < limit,
        have=lambda who: {"load": case.load(who)},
        limit=lambda _: limit,
        phase=CAPACITY,
    )


def _language(case: Case, rule: str, entry: Requirement) -> Check | None:
    return _named(case, rule, entry, lambda who: who.languages if isinstance(who, Engineer) else ())


def _contract(case: Case, rule: str, entry: Requirement) -> Check | None:
    def held(who: Candidate) -> tuple[str, ...]:
        outlet = case.outlet_of(who)
        return outlet.contracts if outlet is not None else ()

    return _named(case, rule, entry, held)


def _named(case: Case, rule: str, entry: Requirement, held: Callable[[Candidate], tuple[str, ...]]) -> Check | None:
    names = wanted(case, entry)
    if names is None:
        return None
    every = frozenset(name for name, _ in names)
    return Check(rule=rule, kind=entry.kind, need=told(names), passes=lambda who: every.issubset(held(who)), have=held)


def _part(case: Case, rule: str, entry: Requirement) -> Check | None:
    names = wanted(case, entry)
    if names is None:
        return None

    def stock(who: Candidate, name: str) -> int:
        return who.parts.get(name, 0) if isinstance(who, Engineer) else 0

    return Check(
        rule=rule,
        kind="part",
        need=told(names),
        passes=lambda who: all(stock(who, name) >= count for name, count in names),
        have=lambda who: {name: stock(who, name) for name, _ in names},
    )


def _certificate(case: Case, rule: str, entry: Requirement) -> Check | None:
    names = wanted(case, entry)
    if names is None:
        return None
    asked = tuple(name for name, _ in names)

    def valid(who: Candidate, name: str) -> bool:
        if not isinstance(who, Engineer) or name not in who.certificates:
            return False
        expires = who.certificates[name]
        return expires is None or expires > case.at

    def expiry(who: Candidate) -> datetime | None:
        # One that has expired never comes back by time alone; one that holds is lost when the first expires.
        if not isinstance(who, Engineer) or not all(valid(who, name) for name in asked):
            return None
        return min((end for name in asked if (end := who.certificates[name]) is not None), default=None)

    return Check(
        rule=rule,
        kind="certificate",
        need=told(names),
        passes=lambda who: all(valid(who, name) for name in asked),
        have=lambda who: (
            {name: who.certificates[name] or "no end" for name in asked if name in who.certificates}
            if isinstance(who, Engineer)
            else None
        ),
        change=expiry,
    )


def _other_than(case: Case, rule: str, entry: Requirement) -> Check | None:
    value = asked(case, entry)
    if value is None or (isinstance(value, (str, list, tuple)) and not value):
        return None
    if not isinstance(value, (str, list, tuple)):
        raise ExpressionError(f"other_than must be an id or a list of ids, not {shown(value)}")
    excluded = frozenset([value] if isinstance(value, str) else map(str, value))
    return Check(rule=rule, kind="other_than", need=value, passes=lambda who: who.id not in excluded, have=lambda who: who.id)


def _when(case: Case, rule: str, entry: Requirement) -> Check | None:
    condition = entry.when
    if condition is None:
        return None
    bound = dict(case.bindings)

    def holds(who: Candidate) -> bool:
        bound["candidate"] = case.view(who)
        try:
            return bool(condition.test(bound))
        except ExpressionError:
            return False  # a condition that cannot be computed is not met; `have` shows the values

    def seen(who: Candidate) -> Any:
        view = case.view(who)
        names = (name.split(".")[1] for name in sorted(condition.reads) if name.startswith("candidate."))
        return {name: view.get(name) for name in names}

    return Check(rule=rule, kind="when", need=condition.text, passes=holds, have=seen)


def _host(case: Case, rule: str, entry: Requirement) -> Check | None:
    need = entry.need.value(case.bindings) if entry.need is not None else None
    if need is None and entry.need is not None:
        return None
    ask, label = case.hooks.requirements[str(entry.host)], labels(case)[id(entry)]

    def met(who: Candidate) -> bool:
        return answered(case, label, who.id, lambda: ask(who, need), no_verdict) is True

    def answer(who: Candidate) -> Any:
        met(who)
        return case.answers[label][who.id]

    return Check(rule=rule, kind="host", need=need, passes=met, have=answer)


BUILDERS: Mapping[str, Callable[[Case, str, Requirement], Check | None]] = {
    "skill": _skill,
    "area": _area,
    "open": _open,
    "below": _below,
    "language": _language,
    "certificate": _certificate,
    "contract": _contract,
    "part": _part,
    "other_than": _other_than,
    "when": _when,
    "host": _host,
}
