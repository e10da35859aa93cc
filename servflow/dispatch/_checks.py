"""Knows how one candidate is judged by one rule; must not know who is best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from attrs import define

from servflow.dispatch._case import Candidate, Case
from servflow.dispatch._parts import Requirement
from servflow.errors import ExpressionError, shown
from servflow.model import Engineer

STATIC, CAPACITY, TIME = 0, 1, 2
"""What can turn a verdict: a change of ticket or world, a release of capacity, or time alone."""

ABSENT = ("away", "offline")


def _never(_: Candidate) -> datetime | None:
    return None


def _nothing(_: Candidate) -> Any:
    return None


@define(kw_only=True)
class Check:
    """
    One rule as it applies to this ticket.

    ``passes`` judges a candidate; ``have`` and ``change`` are asked only for explanations and for
    candidates that time can turn.
    """

    rule: str
    kind: str
    need: Any
    passes: Callable[[Candidate], bool]
    have: Callable[[Candidate], Any] = _nothing
    change: Callable[[Candidate], datetime | None] = _never
    limit: Callable[[Candidate], int | None] | None = None
    phase: int = STATIC
    excludes: bool = True
    why: str = "asked"


Wanted = tuple[tuple[str, int], ...]


def wanted(case: Case, entry: Requirement) -> Wanted | None:
    """
    The names a requirement asks for, each with its least level or quantity; None when nothing is asked.

    Raises:
        ExpressionError: the expression cannot be computed for this ticket.
    """
    least = _whole(entry.level.value(case.bindings), "level", 1) if entry.level is not None else 1
    value = _value(case, entry)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return ((value, least),)
    if isinstance(value, Mapping):
        return tuple((_name(name), _whole(level, "level", least)) for name, level in value.items()) or None
    if isinstance(value, (list, tuple)):
        return tuple((_name(name), least) for name in value) or None
    raise ExpressionError(f"{entry.kind} must be a name, a list of names or a map, not {shown(value)}")


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise ExpressionError(f"{shown(value)} is not a name")
    return value


def _whole(value: Any, what: str, default: int) -> int:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        raise ExpressionError(f"{what} must be a whole number, not {shown(value)}")
    return int(value)


def _value(case: Case, entry: Requirement) -> Any:
    text = getattr(entry, entry.kind)
    return text.value(case.bindings)


def _told(names: Wanted) -> Any:
    if all(level == 1 for _, level in names):
        return names[0][0] if len(names) == 1 else [name for name, _ in names]
    return dict(names)


def checks(case: Case) -> list[Check]:
    """
    Every rule that applies to this ticket, in the order in which they are looked at.

    First what only ticket or world can change, then capacity, then time: a candidate whom a static rule
    keeps out needs no look at the others.
    """
    out = [check for check in (_of(case), _forbidden(case), _declined(case), _presence(case)) if check is not None]
    limiting = out[:1] if case.policy.of is not None else []
    standing = out[len(limiting) :]
    asked = [_required(case, rule, entry) for rule, entry in zip(case.policy.rules, case.policy.require, strict=True)]
    ordered = [*limiting, *asked, *standing]
    if case.policy.candidates == "engineers":
        ordered.append(_absence(case))
    return sorted(ordered, key=lambda check: check.phase)


def _required(case: Case, rule: str, entry: Requirement) -> Check:
    if rule in case.drops:
        return _free(rule, entry, "relaxed")
    try:
        made = BUILDERS[entry.kind](case, rule, entry)
    except ExpressionError as error:
        made = Check(rule=rule, kind=entry.kind, need=error.message, passes=lambda _: False, why="error")
    if made is None:
        return _free(rule, entry, "nothing asked")
    made.excludes = not entry.optional
    return made


def _free(rule: str, entry: Requirement, why: str) -> Check:
    return Check(rule=rule, kind=entry.kind, need=None, passes=lambda _: True, excludes=not entry.optional, why=why)


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
            need=_told(names),
            passes=lambda who: who.skills.get(only, 0) >= least,
            have=lambda who: {only: who.skills.get(only, 0)},
        )
    return Check(
        rule=rule,
        kind="skill",
        need=_told(names),
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
            need=_told(names),
            passes=lambda who: not only.isdisjoint(who.areas),
            have=lambda who: who.areas,
        )
    return Check(
        rule=rule,
        kind="area",
        need=_told(names),
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
    most = _value(case, entry)
    if most is None:
        return None
    limit = _whole(most, "below", 0)
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
    return Check(rule=rule, kind=entry.kind, need=_told(names), passes=lambda who: every.issubset(held(who)), have=held)


def _part(case: Case, rule: str, entry: Requirement) -> Check | None:
    names = wanted(case, entry)
    if names is None:
        return None

    def stock(who: Candidate, name: str) -> int:
        return who.parts.get(name, 0) if isinstance(who, Engineer) else 0

    return Check(
        rule=rule,
        kind="part",
        need=_told(names),
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
        need=_told(names),
        passes=lambda who: all(valid(who, name) for name in asked),
        have=lambda who: (
            {name: who.certificates[name] or "no end" for name in asked if name in who.certificates}
            if isinstance(who, Engineer)
            else None
        ),
        change=expiry,
    )


def _other_than(case: Case, rule: str, entry: Requirement) -> Check | None:
    value = _value(case, entry)
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
    ask = case.hooks.requirements[str(entry.host)]
    return Check(rule=rule, kind="host", need=need, passes=lambda who: bool(ask(who, need)))


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


def _of(case: Case) -> Check | None:
    slot = case.policy.of
    if slot is None:
        return None
    value = case.bindings.get(slot)
    if case.policy.candidates == "outlets":
        return Check(
            rule="of",
            kind="of",
            need=value,
            passes=lambda who: value is not None and case.view(who)["provider"] == value,
            have=lambda who: case.view(who)["provider"],
        )
    if slot == "queue":
        members = frozenset(case.world.members.get(value, ())) if isinstance(value, str) else frozenset()
        return Check(
            rule="of",
            kind="of",
            need=value,
            passes=lambda who: who.id in members,
            have=lambda who: case.view(who).get("queues"),
        )
    return Check(
        rule="of",
        kind="of",
        need=value,
        passes=lambda who: value is not None and isinstance(who, Engineer) and who.outlet == value,
        have=lambda who: who.outlet if isinstance(who, Engineer) else None,
    )


def _forbidden(case: Case) -> Check | None:
    customer = case.customer()
    barred = frozenset(case.world.forbidden.get(customer, ())) if customer is not None else frozenset()
    if not barred:
        return None
    return Check(
        rule="forbidden", kind="forbidden", need=customer, passes=lambda who: who.id not in barred, have=lambda who: who.id
    )


def _declined(case: Case) -> Check | None:
    if not case.declined:
        return None
    return Check(
        rule="declined", kind="declined", need=None, passes=lambda who: who.id not in case.declined, have=lambda who: who.id
    )


def _presence(case: Case) -> Check | None:
    presence = case.world.presence
    if not presence:
        return None
    return Check(
        rule="presence",
        kind="presence",
        need="available",
        passes=lambda who: presence.get(who.id) not in ABSENT,
        have=lambda who: presence.get(who.id, "available"),
    )


def _absence(case: Case) -> Check:
    at = case.at

    def present(who: Candidate) -> bool:
        return not who.absences or not any(start <= at < end for start, end in who.absences)  # type: ignore[union-attr]  # engineers only

    def change(who: Candidate) -> datetime | None:
        stretches = sorted(item for item in who.absences if item[1] > item[0]) if isinstance(who, Engineer) else []
        until = at
        for start, end in stretches:
            if start <= until < end:
                until = end  # stretches that touch are one absence
        if until > at:
            return until
        return min((start for start, _ in stretches if start > at), default=None)

    def away(who: Candidate) -> Any:
        stretches = who.absences if isinstance(who, Engineer) else ()
        return next((list(item) for item in stretches if item[0] <= at < item[1]), None)

    return Check(rule="absence", kind="absence", need=None, passes=present, have=away, change=change, phase=TIME)
