"""Knows how much speaks for a candidate; must not know who may be one."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from servflow.dispatch._case import Candidate, Case
from servflow.dispatch._check import wanted
from servflow.dispatch._term import Term
from servflow.errors import ExpressionError, InputError, shown
from servflow.model import Engineer

FARTHEST = 20_038
"""Kilometres to the other side of the earth; an unknown distance counts as this."""

EARTH_KM = 6371.0088
"""Mean radius of the earth (IUGG)."""

Measure = Callable[[Candidate], int]


def measures(case: Case) -> list[list[tuple[str, int, Measure]]]:
    """For every level of the policy its terms: what explanations call it, the weight, and the measure."""
    out, taken = [], set()
    for level in case.policy.prefer:
        terms = []
        for term in level:
            label, number = term.label, 1
            while label in taken:
                number += 1
                label = f"{term.label}_{number}"
            taken.add(label)
            terms.append((label, term.weight, _measure(case, term)))
        out.append(terms)
    return out


def _measure(case: Case, term: Term) -> Measure:
    if term.host is not None:
        return _host(case, term.host)
    if term.value is not None:
        return _value(case, term)
    return MEASURES[str(term.term)](case)


def tie_break(case: Case, candidate: str) -> str:
    """A number without meaning that settles ties: the same in every process, different for every ticket."""
    text = "\x1f".join((case.policy.name, case.ticket.id, candidate))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _listed(case: Case, book: Mapping[str, tuple[str, ...]]) -> Measure:
    customer = case.customer()
    ids = frozenset(book.get(customer, ())) if customer is not None else frozenset()
    return lambda who: 1 if who.id in ids else 0


def _sticky(case: Case) -> Measure:
    return _listed(case, case.world.previous)


def _preferred(case: Case) -> Measure:
    return _listed(case, case.world.preferred)


def _load(case: Case) -> Measure:
    return case.load


def _idle(case: Case) -> Measure:
    return lambda who: 1 if case.load(who) == 0 else 0


def _cost(_: Case) -> Measure:
    return lambda who: who.cost


def _random(case: Case) -> Measure:
    return lambda who: int(tie_break(case, who.id), 16) % 1000


def _skills(case: Case) -> list[tuple[str, int]]:
    names: list[tuple[str, int]] = []
    for entry in case.policy.require:
        if entry.kind == "skill":
            try:
                names.extend(wanted(case, entry) or ())
            except ExpressionError:
                continue  # the requirement itself says so; a preference just cannot tell
    return names


def _skill(case: Case) -> Measure:
    names = {name for name, _ in _skills(case)}
    return lambda who: sum(who.skills.get(name, 0) for name in names)


def _skill_fit(case: Case) -> Measure:
    names = _skills(case)
    return lambda who: -sum(max(0, who.skills.get(name, 0) - level) for name, level in names)


def _distance(case: Case) -> Measure:
    here = _position(case.bindings)
    if here is not None:
        return lambda who: _kilometres(here, who.position or _outlet_position(case, who))
    return _area_steps(case)


def _outlet_position(case: Case, who: Candidate) -> tuple[float, float] | None:
    outlet = case.outlet_of(who) if isinstance(who, Engineer) else None
    return outlet.position if outlet is not None else None


def _position(bindings: Mapping[str, Any]) -> tuple[float, float] | None:
    given: Any = bindings.get("position")
    if isinstance(given, Mapping):
        given = (given.get("latitude"), given.get("longitude"))
    if not isinstance(given, (list, tuple)) or len(given) != 2:
        given = (bindings.get("latitude"), bindings.get("longitude"))
    latitude, longitude = (_degrees(value) for value in given)
    return None if latitude is None or longitude is None else (latitude, longitude)


def _degrees(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    try:
        degrees = float(value)
    except (OverflowError, ValueError):
        return None
    return degrees if -360 <= degrees <= 360 else None


def _kilometres(here: tuple[float, float], there: tuple[float, float] | None) -> int:
    if there is None:
        return FARTHEST
    a, b = math.radians(here[0]), math.radians(there[0])
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(there[1] - here[1]) / 2) ** 2
    return int(2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half))))


def _area_steps(case: Case) -> Measure:
    path = _asked_area(case)
    steps = {area: index for index, area in enumerate(path)}

    def measure(who: Candidate) -> int:
        best = FARTHEST
        for area in who.areas if steps else ():
            for index, above in enumerate(case.world.area_path(area)):
                if above in steps:
                    best = min(best, index + steps[above])
                    break
        return best

    return measure


def _asked_area(case: Case) -> tuple[str, ...]:
    for entry in case.policy.require:
        if entry.kind == "area":
            try:
                names = wanted(case, entry)
            except ExpressionError:
                continue
            if names:
                return case.world.area_path(names[0][0])
    return ()


def _value(case: Case, term: Term) -> Measure:
    bound = dict(case.bindings)
    text = term.value
    if text is None:
        return lambda _: 0

    def measure(who: Candidate) -> int:
        bound["candidate"] = case.view(who)
        try:
            found: Any = text.value(bound)
        except ExpressionError:
            return 0
        return int(found) if isinstance(found, int) else 0

    return measure


def _host(case: Case, name: str) -> Measure:
    ask = case.hooks.terms[name]

    def measure(who: Candidate) -> int:
        found: object = ask(who, case.ticket)
        if isinstance(found, bool) or not isinstance(found, int):
            raise InputError(
                f"the term {name!r} of the host gave {shown(found)} for {who.id!r}; it must give a whole number", term=name
            )
        return found

    return measure


MEASURES: Mapping[str, Callable[[Case], Measure]] = {
    "sticky": _sticky,
    "preferred": _preferred,
    "load": _load,
    "idle": _idle,
    "cost": _cost,
    "random": _random,
    "skill": _skill,
    "skill_fit": _skill_fit,
    "distance": _distance,
}
