"""Knows which questions that many tickets ask have one answer, and asks them once; must not know how tickets are given out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from operator import add, attrgetter
from typing import Any

from attrs import define, field

from servflow.dispatch import _standing
from servflow.dispatch._booked import booked
from servflow.dispatch._candidates import PEOPLE
from servflow.dispatch._case import Case
from servflow.dispatch._check import Check
from servflow.dispatch._checks import required
from servflow.dispatch._index import Index
from servflow.dispatch._masks import met
from servflow.dispatch._requirement import Requirement
from servflow.dispatch._term import Term
from servflow.dispatch._terms import Measure, measure_of, titles
from servflow.dispatch._timely import absence
from servflow.dispatch._travel import position
from servflow.expressions import Expression

NAMED = ("skill", "area", "language", "contract", "part", "channel")
"""The requirements that depend on nothing of a ticket but what their expressions read."""

TIMED = ("open", "certificate")
"""Those that depend on when somebody is needed as well."""

ALWAYS = ("load", "idle", "longest_idle", "cost", "worked", "given", "price")
"""The terms that measure the same of a candidate whichever of the tickets asks."""

NOBODY = ("listed", None)
"""What a term depends on that measures 0 of everybody."""

_MISSING = object()

_phase = attrgetter("phase")


def plain(bindings: Mapping[str, Any], names: Sequence[str]) -> tuple[Hashable, ...] | None:
    """The values of these names as something to look up; None where one of them is neither a name, a number nor names."""
    found: list[Hashable] = []
    for name in names:
        value = bindings.get(name, _MISSING)
        kind = value.__class__
        if kind is tuple or kind is list:
            if not all(item.__class__ is str for item in value):
                return None
            value = ("", *value)
        elif not (kind is str or kind is int or value is None or value is _MISSING):
            return None
        found.append(value)
    return tuple(found)


def names_of(texts: Iterable[Expression | None]) -> tuple[str, ...] | None:
    """What expressions read; None where they ask which states are active, which no name holds."""
    names = sorted({root for text in texts if text is not None for root in text.roots})
    return None if "state" in names else tuple(names)


@define(eq=False)
class Alike:
    """
    The rules and terms of a policy for one ticket after the other, each distinct question asked once.

    ``case`` is any of those that are asked about; they share policy, world, instant and what the tickets hold. ``checks``
    are the rules that serve several tickets, by what they ask, and ``masks`` who meets them. A question that
    only one ticket asks is asked of those only whom it is about.
    """

    case: Case
    index: Index
    reads: list[tuple[str, Requirement, tuple[str, ...] | None]] = field(init=False)
    skills: tuple[str, ...] | None = field(init=False)
    area: tuple[str, ...] | None = field(init=False)
    titles: list[list[str]] = field(init=False)
    checks: dict[Hashable, Check | None] = field(factory=dict)
    masks: dict[int, int] = field(factory=dict)
    fresh: set[int] = field(factory=set)
    always: dict[int, list[int]] = field(factory=dict)
    known: dict[Hashable, dict[int, int]] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        policy = self.case.policy
        self.titles = titles(policy.prefer)
        self.reads = [(rule, entry, _read(entry)) for rule, entry in zip(policy.rules, policy.require, strict=True)]
        self.skills = names_of(
            text for entry in policy.require for text in (entry.skill, entry.level) if entry.skill is not None
        )
        area = names_of(text for entry in policy.require for text in (entry.area, entry.level) if entry.area is not None)
        self.area = None if area is None else (*area, "area")

    # rules ----------------------------------------------------------------------------------------------------------

    def rules(self, case: Case) -> list[Check]:
        """What ``checks`` says of a ticket, in its order; rules that ask the same as those of another ticket are those."""
        when = case.need.stay, case.need.moving
        standing = [
            _standing.forbidden(case),
            _standing.declined(case),
            self._once(("presence", case.presence_from), _standing.presence, case),
            *(_standing.fault(rule, why) for rule, why in case.faults.items()),
        ]
        asked = [self._asked(case, rule, entry, names, when) for rule, entry, names in self.reads]
        late = [self._once(("absence", when), absence, case)] if case.policy.candidates in PEOPLE else []
        late += [booked(case), _standing.cool_off(case)]
        every = [check for check in (_standing.of(case), *asked, *standing, *late) if check is not None]
        every.sort(key=_phase)
        return every

    def _asked(self, case: Case, rule: str, entry: Requirement, names: tuple[str, ...] | None, when: Hashable) -> Check:
        values = None if names is None else plain(case.bindings, names)
        if values is None:
            return required(case, rule, entry)
        more: Hashable = None
        if entry.kind in TIMED:
            more = when
        elif entry.kind == "below":
            more = case.units, case.ticket.channel
        key = rule, case.stage, values, more
        known = self.checks.get(key)
        if known is None:
            known = self.checks[key] = required(case, rule, entry)
            self.fresh.add(id(known))
        return known

    def _once(self, key: Hashable, make: Callable[[Case], Check | None], case: Case) -> Check | None:
        if key not in self.checks:
            made = self.checks[key] = make(case)
            self.fresh.add(id(made))
        return self.checks[key]

    def met(self, case: Case, check: Check, among: int) -> int:
        """Who of a set meets a rule."""
        name = id(check)
        known = self.masks.get(name)
        if known is not None:
            return known & among if known >= 0 else self._whole(case, check) & among
        if name in self.fresh:
            self.fresh.discard(name)
            self.masks[name] = -1  # whoever asks next asks for everybody
        return met(case, self.index, check, among)

    def _whole(self, case: Case, check: Check) -> int:
        found = self.masks[id(check)] = met(case, self.index, check, self.index.full)
        return found

    # terms ----------------------------------------------------------------------------------------------------------

    def depends(self, case: Case, number: int) -> tuple[Hashable, ...]:
        """All that each term of a level depends on of a ticket; None for a term of which that cannot be said in short."""
        prefer = case.policy.prefer[number]
        return tuple([NOBODY if term.term in ALWAYS else self._key(case, term) for term in prefer])

    def points(self, case: Case, number: int, fitting: Sequence[int], keys: tuple[Hashable, ...]) -> list[int]:
        """What a level of the policy makes of those who fit a ticket; *keys* is what its terms depend on."""
        values: list[int] | None = None
        fixed = False
        for place, term in enumerate(case.policy.prefer[number]):
            if term.term in ALWAYS:
                fixed = True
            elif keys[place] != NOBODY:
                row = self._row(case, (number, place), fitting, keys[place])
                values = row if values is None else list(map(add, values, row))
        if fixed:
            row = list(map(self._always(case, number).__getitem__, fitting))
            values = row if values is None else list(map(add, values, row))
        return [0] * len(fitting) if values is None else values

    def _measure(self, case: Case, number: int, place: int) -> Measure:
        return measure_of(case, case.policy.prefer[number][place], self.titles[number][place])

    def _always(self, case: Case, number: int) -> list[int]:
        """For everybody, what those terms of a level give together that are the same for all tickets."""
        known = self.always.get(number)
        if known is None:
            terms = enumerate(case.policy.prefer[number])
            asked = [(term.weight, self._measure(case, number, place)) for place, term in terms if term.term in ALWAYS]
            known = self.always[number] = [sum(weight * ask(who) for weight, ask in asked) for who in self.index.order]
        return known

    def _row(self, case: Case, where: tuple[int, int], fitting: Sequence[int], key: Hashable) -> list[int]:
        """What a term makes of those who fit a ticket."""
        order, (number, place) = self.index.order, where
        weight = case.policy.prefer[number][place].weight
        if key is None:
            ask = self._measure(case, number, place)
            return [weight * ask(order[one]) for one in fitting]
        known = self.known.setdefault((number, place, key), {})
        try:
            return list(map(known.__getitem__, fitting))
        except KeyError:  # somebody was not asked about yet
            ask = self._measure(case, number, place)
            for one in fitting:
                if one not in known:
                    known[one] = weight * ask(order[one])
        return list(map(known.__getitem__, fitting))

    def _key(self, case: Case, term: Term) -> Hashable:
        """All that a term depends on of a ticket; None where that cannot be said in short."""
        kind, world = term.term, case.world
        if kind in ("sticky", "preferred"):
            customer = case.customer()
            return ("listed", customer) if customer in (world.previous if kind == "sticky" else world.preferred) else NOBODY
        if kind in ("skill", "skill_fit"):
            return None if self.skills is None else plain(case.bindings, self.skills)
        if kind == "load_share":
            return ("channel", case.ticket.channel)
        if kind == "urgency":
            return ("due", case.ticket.due)
        if kind == "stability":
            return ("with", case.current)
        if kind not in ("distance", "travel", "lateness"):
            return None
        here = position(case.bindings)
        if kind == "distance" and here is not None:
            return "at", here
        area = None if self.area is None else plain(case.bindings, self.area)
        if kind == "distance":
            return area
        return None if area is None else (here, area, case.ticket.due if kind == "lateness" else None)


def _read(entry: Requirement) -> tuple[str, ...] | None:
    if entry.kind == "open":
        return ()
    if entry.kind not in (*NAMED, *TIMED, "below"):
        return None
    text = getattr(entry, entry.kind)
    return names_of((text if isinstance(text, Expression) else None, entry.level))
