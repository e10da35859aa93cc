"""Knows how much speaks for a candidate; must not know who may be one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from servflow.dispatch import _travel
from servflow.dispatch._case import Candidate, Case
from servflow.dispatch._check import wanted
from servflow.dispatch._term import Term
from servflow.errors import ExpressionError, InputError, shown

FARTHEST = 20_038
"""Kilometres to the other side of the earth; an unknown distance counts as this."""

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
    here = _travel.position(case.bindings)
    if here is None:
        return _area_steps(case)

    def measure(who: Candidate) -> int:
        far = _travel.kilometres((here, None), _travel.whereabouts(case, who))
        return FARTHEST if far is None else far

    return measure


def _area_steps(case: Case) -> Measure:
    asked = _travel.asked_area(case)
    steps = {area: index for index, area in enumerate(case.world.area_path(asked))} if asked is not None else {}

    def measure(who: Candidate) -> int:
        best = FARTHEST
        for area in who.areas if steps else ():
            for index, above in enumerate(case.world.area_path(area)):
                if above in steps:
                    best = min(best, index + steps[above])
                    break
        return best

    return measure


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
