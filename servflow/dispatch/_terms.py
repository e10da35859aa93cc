"""Knows how much speaks for a candidate; must not know who may be one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from servflow.dispatch import _travel, _turns
from servflow.dispatch._asking import answered, failed, labels, no_number
from servflow.dispatch._case import Candidate, Case
from servflow.dispatch._check import wanted
from servflow.dispatch._term import MINUTES_LEFT, Term
from servflow.errors import ExpressionError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)

FARTHEST = 20_038
"""Kilometres to the other side of the earth; an unknown distance counts as this."""

FOREVER = 43_200
"""Minutes of thirty days; an unknown way counts as this."""

Measure = Callable[[Candidate], int]


def measures(case: Case) -> list[list[tuple[str, int, Measure]]]:
    """For every level of the policy its terms: what explanations call it, the weight, and the measure."""
    return [
        [(label, term.weight, measure_of(case, term, label)) for label, term in zip(names, level, strict=True)]
        for names, level in zip(titles(case.policy.prefer), case.policy.prefer, strict=True)
    ]


def titles(prefer: Iterable[Iterable[Term]]) -> list[list[str]]:
    """For every level of a policy what explanations call its terms, each name once."""
    out, taken = [], set()
    for level in prefer:
        names = []
        for term in level:
            label, number = term.label, 1
            while label in taken:
                number += 1
                label = f"{term.label}_{number}"
            taken.add(label)
            names.append(label)
        out.append(names)
    return out


def measure_of(case: Case, term: Term, label: str) -> Measure:
    """What measures one term, which explanations call *label*."""
    if term.host is not None:
        return _host(case, term)
    if term.value is not None:
        return _value(case, term, label)
    if term.term == "round_robin":
        return _turns.measure(case, term)
    return MEASURES[str(term.term)](case)


def tie_break(case: Case, candidate: str) -> str:
    """A number without meaning that settles ties: the same in every process, different for every ticket."""
    return tie_breaks(case)(candidate)


def tie_breaks(case: Case) -> Callable[[str], str]:
    """What settles ties between candidates of one case, for many of them."""
    seed = () if case.policy.seed is None else (case.policy.seed,)
    begun = hashlib.blake2b(
        "\x1f".join((*seed, case.policy.name, case.ticket.id, "")).encode(errors="surrogatepass"), digest_size=8
    )

    def settle(candidate: str) -> str:
        whole = begun.copy()
        whole.update(candidate.encode(errors="surrogatepass"))
        return whole.hexdigest()

    return settle


def _listed(case: Case, book: Mapping[str, tuple[str, ...]]) -> Measure:
    customer = case.customer()
    ids = frozenset(book.get(customer, ())) if customer is not None else frozenset()
    return lambda who: 1 if who.id in ids else 0


def _sticky(case: Case) -> Measure:
    return _listed(case, case.world.previous)


def _preferred(case: Case) -> Measure:
    return _listed(case, case.world.preferred)


def _same_asset(case: Case) -> Measure:
    asset = case.ticket.asset or case.ticket.fields.get("asset")
    ids = frozenset(case.world.serviced.get(asset, ())) if isinstance(asset, str) else frozenset()
    return lambda who: 1 if who.id in ids else 0


def _stability(case: Case) -> Measure:
    has = case.current
    return lambda who: 1 if who.id == has else 0


def _load(case: Case) -> Measure:
    return case.load


def _idle(case: Case) -> Measure:
    return lambda who: 1 if case.load(who) == 0 else 0


def _load_share(case: Case) -> Measure:
    def measure(who: Candidate) -> int:
        whole = _share_of(case.load(who), who.capacity)
        channel = case.channel_limits(who).most
        return whole if channel is None else max(whole, _share_of(case.channel_load(who), channel))

    return measure


def _share_of(load: int, capacity: int | None) -> int:
    if capacity is None:
        return 0
    return load * 1000 // capacity if capacity > 0 else 1000


def _longest_idle(case: Case) -> Measure:
    now = _minute(case.at)

    def measure(who: Candidate) -> int:
        since = case.world.idle_since.get(who.id)
        return 0 if since is None or case.load(who) > 0 else max(0, now - _minute(since))

    return measure


def _minute(at: datetime) -> int:
    # Cut to minutes before they are compared: how far two stretches differ then never depends on when it is asked.
    return (at - _EPOCH) // _MINUTE


def _cost(_: Case) -> Measure:
    return lambda who: who.cost


def _booked(book: Mapping[str, int]) -> Measure:
    return lambda who: book.get(who.id, 0)


def _urgency(case: Case) -> Measure:
    urgency = -case.minutes_left()
    return lambda _: urgency


def _travel_minutes(case: Case) -> Measure:
    here = _travel.place_of(case)

    def measure(who: Candidate) -> int:
        found = _travel.minutes(case.world, _travel.whereabouts(case, who), here)
        return FOREVER if found is None else min(FOREVER, found)

    return measure


def _lateness(case: Case) -> Measure:
    if case.ticket.due is None:
        return lambda _: 0
    left, way = case.minutes_left(), _travel_minutes(case)
    return lambda who: max(0, way(who) - left)


def _random(case: Case) -> Measure:
    settle = tie_breaks(case)
    return lambda who: int(settle(who.id), 16) % 1000


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
    return lambda who: -sum(abs(who.skills.get(name, 0) - level) for name, level in names)


def _distance(case: Case) -> Measure:
    here = _travel.position(case.bindings)
    if here is None:
        return _area_steps(case)

    def measure(who: Candidate) -> int:
        far = _travel.kilometres((here, None), _travel.whereabouts(case, who))
        return FARTHEST if far is None else far

    return measure


def _area_steps(case: Case) -> Measure:
    asked = _travel.place_of(case)[1]
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


def _value(case: Case, term: Term, label: str) -> Measure:
    text = term.value
    if text is None:
        return lambda _: 0
    bound = dict(case.bindings)
    if MINUTES_LEFT in text.roots:
        bound.setdefault(MINUTES_LEFT, case.minutes_left())

    def measure(who: Candidate) -> int:
        bound["candidate"] = case.view(who)
        try:
            found: Any = text.value(bound)
        except ExpressionError as error:
            failed(case, label, who.id, error.message)
            return 0
        if isinstance(found, int):  # a condition counts 1 where it holds
            return int(found)
        failed(case, label, who.id, no_number(found) or "")
        return 0

    return measure


def _host(case: Case, term: Term) -> Measure:
    ask, label, ticket = case.hooks.terms[str(term.host)], labels(case)[id(term)], case.ticket

    def measure(who: Candidate) -> int:
        found = answered(case, label, who.id, lambda: ask(who, ticket), no_number)
        return 0 if found is None else int(found)

    return measure


MEASURES: Mapping[str, Callable[[Case], Measure]] = {
    "sticky": _sticky,
    "same_asset": _same_asset,
    "preferred": _preferred,
    "stability": _stability,
    "load": _load,
    "load_share": _load_share,
    "idle": _idle,
    "longest_idle": _longest_idle,
    "worked": lambda case: _booked(case.world.worked),
    "given": lambda case: _booked(case.world.given),
    "price": lambda case: _booked(case.world.prices),
    "urgency": _urgency,
    "travel": _travel_minutes,
    "lateness": _lateness,
    "cost": _cost,
    "random": _random,
    "skill": _skill,
    "skill_fit": _skill_fit,
    "distance": _distance,
}
