"""Knows how a candidate is judged by each kind of requirement; must not know who is best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any

from servflow.dispatch import _room, _timely
from servflow.dispatch._asking import answered, labels, no_verdict
from servflow.dispatch._candidates import Candidate
from servflow.dispatch._case import Case, contracts_in
from servflow.dispatch._check import STATIC, TIME, Check, asked, never, told, wanted, whole_of
from servflow.dispatch._requirement import Requirement
from servflow.dispatch._travel import NOWHERE, minutes, place_of, reach, whereabouts
from servflow.errors import ExpressionError, shown
from servflow.model import Engineer, Outlet, Queue


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
            names=names,
        )
    return Check(
        rule=rule,
        kind="skill",
        need=told(names),
        passes=lambda who: all(who.skills.get(name, 0) >= level for name, level in names),
        have=lambda who: {name: who.skills.get(name, 0) for name, _ in names},
        names=names,
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
            around |= _inside(case, wide)
        served.append(frozenset(around))
    beside = _sites_beside(case, served, case.beside[rule]) if rule in case.beside else frozenset()
    if len(served) == 1 and not beside:
        [only] = served
        return Check(
            rule=rule,
            kind="area",
            need=told(names),
            passes=lambda who: not only.isdisjoint(who.areas),
            have=lambda who: who.areas,
            names=(only,),
        )

    def near(who: Candidate) -> bool:
        if not any(area.isdisjoint(who.areas) for area in served):
            return True
        return who.id in beside if isinstance(who, Outlet) else isinstance(who, Engineer) and who.outlet in beside

    return Check(
        rule=rule,
        kind="area",
        need=told(names),
        passes=near,
        have=lambda who: who.areas,
        names=() if beside else tuple(served),
    )


def _inside(case: Case, wide: str) -> set[str]:
    """An area and every area that lies in it, however deep."""
    parts: dict[str, list[str]] = {}
    for area, above in case.world.areas.items():
        if above is not None:
            parts.setdefault(above, []).append(area)
    found = [wide]
    for area in found:  # it grows while it is walked; no area has two above it, so none comes twice
        found.extend(parts.get(area, ()))
    return set(found)


def _sites_beside(case: Case, served: list[frozenset[str]], steps: int) -> frozenset[str]:
    """The outlets up to so many steps away from those that serve the areas."""
    sites = (*case.world.outlets, *case.world.providers)
    return case.around({site.id for site in sites if not any(area.isdisjoint(site.areas) for area in served)}, steps)


def _named(case: Case, rule: str, entry: Requirement, held: Callable[[Candidate], tuple[str, ...] | None]) -> Check | None:
    names = wanted(case, entry)
    if names is None:
        return None
    every = frozenset(name for name, _ in names)

    def passes(who: Candidate) -> bool:
        has = held(who)
        return has is None or every.issubset(has)

    return Check(rule=rule, kind=entry.kind, need=told(names), passes=passes, have=held, names=tuple(name for name, _ in names))


def _language(case: Case, rule: str, entry: Requirement) -> Check | None:
    return _named(case, rule, entry, lambda who: () if isinstance(who, Queue) else who.languages)


def _channel(case: Case, rule: str, entry: Requirement) -> Check | None:
    return _named(case, rule, entry, lambda who: who.serves)  # None: all of them


def _contract(case: Case, rule: str, entry: Requirement) -> Check | None:
    value = asked(case, entry)
    if isinstance(value, Mapping):  # brand -> type of warranty, or several
        pairs = ((brand, kinds if isinstance(kinds, (list, tuple)) else [kinds]) for brand, kinds in value.items())
        value = [brand if kind is None else f"{brand}/{kind}" for brand, kinds in pairs for kind in kinds]
    names = wanted(case, entry, value)
    if names is None:
        return None
    # A contract for a brand covers every type of it: any beginning of brand/type up to a slash will do.
    ways = tuple(frozenset(_beginnings(name)) for name, _ in names)
    held = contracts_in(case.world.sites)
    return Check(
        rule=rule,
        kind="contract",
        need=told(names),
        passes=lambda who: not any(way.isdisjoint(held(who)) for way in ways),
        have=held,
        names=ways,
    )


def _beginnings(name: str) -> Iterable[str]:
    parts = name.split("/")
    return ("/".join(parts[:count]) for count in range(1, len(parts) + 1))


def _part(case: Case, rule: str, entry: Requirement) -> Check | None:
    names = wanted(case, entry)
    if names is None:
        return None

    def stock(who: Candidate, name: str) -> int:
        return 0 if isinstance(who, Queue) else who.parts.get(name, 0)

    return Check(
        rule=rule,
        kind="part",
        need=told(names),
        passes=lambda who: all(stock(who, name) >= count for name, count in names),
        have=lambda who: {name: stock(who, name) for name, _ in names},
        names=names,
    )


def _travel(case: Case, rule: str, entry: Requirement) -> Check | None:
    value = asked(case, entry)
    if value is None:
        return None
    most = whole_of(value, "travel", 0) * (1 + case.widened.get(rule, 0))
    if most < 0:
        raise ExpressionError(f"travel must be a whole number from 0 on, not {value}")
    there = place_of(case)
    if there == NOWHERE:
        raise ExpressionError("the ticket has neither a position nor an area to travel to")
    world, far = case.world, entry.unit == "kilometres"

    def way(who: Candidate) -> int | None:
        here = whereabouts(case, who)
        return reach(here, there) if far else minutes(world, here, there)

    return Check(
        rule=rule,
        kind="travel",
        need={entry.unit: most},
        passes=lambda who: (long := way(who)) is not None and long <= most,
        have=lambda who: None if (long := way(who)) is None else {entry.unit: long},
    )


def _preferred(case: Case, rule: str, entry: Requirement) -> Check | None:
    value = asked(case, entry)
    if value is True:
        customer = case.customer()
        value = list(case.world.preferred.get(customer, ())) if customer is not None else None
    ids = _ids(value if value is not False else None, "preferred")
    if not ids:
        return None  # there is nobody whom they prefer
    return Check(
        rule=rule,
        kind="preferred",
        need=list(ids),
        passes=lambda who: who.id in ids,
        have=lambda who: who.id,
        names=ids,
    )


def _separate(case: Case, rule: str, entry: Requirement) -> Check | None:
    ticket = case.ticket
    done = {ticket.last_actors[word] for word in entry.separate if word in ticket.last_actors}
    done.update(who for word in entry.separate for round_ in ticket.voters.get(word, {}).values() for who in round_)
    if not done:
        return None
    names = tuple(sorted(done))
    return Check(
        rule=rule,
        kind="separate",
        need=list(entry.separate),
        passes=lambda who: who.id not in done,
        have=lambda who: who.id,
        names=names,
    )


def _other_than(case: Case, rule: str, entry: Requirement) -> Check | None:
    value = asked(case, entry)
    ids = _ids(value, "other_than")
    if not ids:
        return None
    excluded = frozenset(ids)
    return Check(
        rule=rule,
        kind="other_than",
        need=value,
        passes=lambda who: who.id not in excluded,
        have=lambda who: who.id,
        names=ids,
    )


def _ids(value: Any, what: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, (str, list, tuple)):
        raise ExpressionError(f"{what} must be an id or a list of ids, not {shown(value)}")
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(str(item) for item in value if item is not None)  # a slot or field that is empty names nobody


def _when(case: Case, rule: str, entry: Requirement) -> Check | None:
    condition = entry.when
    if condition is None:
        return None
    bound = dict(case.bindings)

    def holds(view: Mapping[str, Any]) -> bool:
        bound["candidate"] = view
        try:
            return bool(condition.test(bound))
        except ExpressionError:
            return False  # a condition that cannot be computed is not met; `have` shows the values

    def seen(who: Candidate) -> Any:
        view = case.view(who)
        names = (name.split(".")[1] for name in sorted(condition.reads) if name.startswith("candidate."))
        return {name: view.get(name) for name in names}

    # A certificate that expires is no longer seen, and a condition may turn with it either way.
    expiring = any(name == "candidate" or name.startswith("candidate.certificates") for name in condition.reads)
    return Check(
        rule=rule,
        kind="when",
        need=condition.text,
        passes=lambda who: holds(case.view(who)),
        have=seen,
        change=(lambda who: _timely.seen_turn(case, who, holds)) if expiring else never,
        phase=TIME if expiring else STATIC,
    )


def _host(case: Case, rule: str, entry: Requirement) -> Check | None:
    need = entry.need.value(case.bindings) if entry.need is not None else None
    if need is None and entry.need is not None:
        return None
    ask, label = case.hooks.requirements[str(entry.host)], labels(case)[id(entry)]

    def met(who: Candidate) -> bool:
        # Each is asked with a value of its own: what a function does to it cannot change what is asked of the next.
        return answered(case, label, who.id, lambda: ask(who, deepcopy(need)), no_verdict) is True

    def answer(who: Candidate) -> Any:
        met(who)
        return case.answers[label][who.id]

    return Check(rule=rule, kind="host", need=need, passes=met, have=answer)


BUILDERS: Mapping[str, Callable[[Case, str, Requirement], Check | None]] = {
    "skill": _skill,
    "area": _area,
    "open": _timely.opened,
    "below": _room.below,
    "language": _language,
    "certificate": _timely.certificate,
    "contract": _contract,
    "part": _part,
    "channel": _channel,
    "travel": _travel,
    "window": _timely.window,
    "preferred": _preferred,
    "separate": _separate,
    "other_than": _other_than,
    "when": _when,
    "host": _host,
}

LASTING = frozenset({"skill", "area", "language", "contract", "part", "channel"})
"""Kinds whose rule, where nothing is relaxed, holds for every ticket that asks the same: it reads no more of the decision."""
