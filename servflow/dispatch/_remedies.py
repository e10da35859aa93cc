"""Knows which single change would let one candidate meet a rule; must not know whether that is enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
from attrs import frozen

from servflow.dispatch._candidates import Candidate
from servflow.dispatch._case import Case
from servflow.dispatch._change import Situation
from servflow.dispatch._check import Check
from servflow.dispatch._visit import MOMENT
from servflow.errors import InputError
from servflow.model import EMPTY, Capacity, Engineer, FrozenMap, Outlet, Queue, Ticket, World

TIMELY = frozenset({"open", "absence", "window", "booked"})
"""Rules about somebody's time, of which one change may meet several."""


@frozen(kw_only=True)
class Remedy:
    """
    A change that may let somebody in, not yet tried.

    ``world`` or ``ticket`` is made only when it is tried; ``who`` are the candidates it is about as they would be, empty
    where it may be about anybody.
    """

    kind: str
    scope: str = "world"
    size: int = 1
    candidate: str | None = None
    what: str | None = None
    have: Any = None
    need: Any = None
    who: tuple[Candidate, ...] = ()
    site: str | None = None
    world: Callable[[World], World] | None = None
    ticket: Callable[[Ticket], Ticket] | None = None
    tweak: tuple[str, str, int] | None = None
    stage: int | None = None
    at: datetime | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells it from other changes."""
        return (self.kind, self.candidate, self.what, str(self.need), self.size)

    def situation(self, before: Situation) -> Situation:
        """
        All that the decision would be made from.

        Raises:
            InputError: nobody can be changed so.
        """
        made: Situation = _evolved(
            before,
            world=before.world if self.world is None else self.world(before.world),
            ticket=before.ticket if self.ticket is None else self.ticket(before.ticket),
            at=self.at or before.at,
            stage=before.stage if self.stage is None else self.stage,
            tweak=self.tweak,
        )
        return made


def remedies(case: Case, who: Candidate, failed: Sequence[Check]) -> Iterator[Remedy]:
    """Every change of a known kind that may let a candidate meet all the rules they fail."""
    kinds = {check.kind for check in failed}
    if any(check.why == "error" for check in failed):
        return
    try:
        if kinds <= TIMELY:
            yield from _time(case, who, failed)
        elif len(kinds) == 1:
            yield from _MAKERS.get(failed[0].kind, _nothing)(case, who, failed)
    except InputError:
        return  # the candidate cannot be so: a normal capacity above the most, say


def _evolved(item: Any, **changed: Any) -> Any:
    return attrs.evolve(item, **changed)


def _nothing(_: Case, __: Candidate, ___: Sequence[Check]) -> Iterator[Remedy]:
    return iter(())


def _changed(new: Candidate, **told: Any) -> Remedy:
    return Remedy(candidate=new.id, who=(new,), world=lambda world: world.with_entity(new), **told)


def _time(case: Case, who: Candidate, failed: Sequence[Check]) -> Iterator[Remedy]:
    kinds = {check.kind for check in failed}
    if isinstance(who, Engineer) and who.absences and kinds & {"absence", "window"}:
        stay = case.stay_at(case.at)
        until = max(stay.end, case.at + MOMENT)
        lifted = [item for item in who.absences if item[0] < until and item[1] > stay.first]
        kept = tuple(item for item in who.absences if item not in lifted)
        if lifted:
            yield _changed(_evolved(who, absences=kept), kind="absence", have=[list(item) for item in lifted])
    if kinds & {"open", "window"} and (who.shift is not None or (isinstance(who, Engineer) and who.shifts)):
        free = {"shift": None, "shifts": ()} if isinstance(who, Engineer) else {"shift": None}
        yield _changed(_evolved(who, **free), kind="shift", have=_shift(case, who, failed))
    if kinds & {"booked", "window"} and who.id in case.world.booked:
        others = {name: held for name, held in case.world.booked.items() if name != who.id}
        have = next((check.have(who) for check in failed if check.kind == "booked"), None)
        yield Remedy(kind="booked", candidate=who.id, have=have, who=(who,), world=lambda world: world.with_booked(others))


def _shift(case: Case, who: Candidate, failed: Sequence[Check]) -> Any:
    found = next((check.have(who) for check in failed if check.kind == "open" and check.need == "shift"), None)
    return found if found is not None else who.shift


def _short(who: Candidate, failed: Sequence[Check], held: Callable[[str], int]) -> tuple[str, int, int] | None:
    """The one name of which too little is held, how much is, and how much is asked; None where several are short."""
    asked: dict[str, int] = {}
    for check in failed:
        for name, least in check.names:
            if held(name) < least:
                asked[name] = max(least, asked.get(name, 0))
    if len(asked) != 1:
        return None
    [(name, least)] = asked.items()
    return name, held(name), least


def _skill(_: Case, who: Candidate, failed: Sequence[Check]) -> Iterator[Remedy]:
    found = _short(who, failed, lambda name: who.skills.get(name, 0))
    if found is not None:
        name, have, need = found
        new = _evolved(who, skills={**who.skills, name: need})
        yield _changed(new, kind="skill", what=name, have=have, need=need, size=need - have)


def _part(_: Case, who: Candidate, failed: Sequence[Check]) -> Iterator[Remedy]:
    if isinstance(who, Queue):
        return
    found = _short(who, failed, lambda name: who.parts.get(name, 0))
    if found is not None:
        name, have, need = found
        new = _evolved(who, parts={**who.parts, name: need})
        yield _changed(new, kind="part", what=name, have=have, need=need, size=need - have)


def _area(case: Case, who: Candidate, failed: Sequence[Check]) -> Iterator[Remedy]:
    lacking = [area for check in failed for area in check.names if area.isdisjoint(who.areas)]
    if not lacking or any(not check.names for check in failed):
        asked = [check.need for check in failed]  # with neighbours no areas are told: the one asked for will do
        common = {asked[0]} if len(set(map(str, asked))) == 1 and isinstance(asked[0], str) else set()
    else:
        common = set(frozenset.intersection(*lacking))
    if common:
        named = {check.need for check in failed if isinstance(check.need, str)}
        smallest = min(common, key=lambda area: (area not in named, -len(case.world.area_path(area)), area))
        new = _evolved(who, areas=(*who.areas, smallest))
        yield _changed(new, kind="area", what=smallest, have=who.areas, need=smallest)


def _lists(kind: str, attribute: str) -> Callable[[Case, Candidate, Sequence[Check]], Iterator[Remedy]]:
    """A name that one list of the candidate lacks."""

    def make(_: Case, who: Candidate, failed: Sequence[Check]) -> Iterator[Remedy]:
        held = getattr(who, attribute, None)
        if held is None:
            return
        lacking = {name for check in failed for name in check.names if name not in held}
        if len(lacking) == 1:
            [name] = lacking
            yield _changed(_evolved(who, **{attribute: (*held, name)}), kind=kind, what=name, have=held, need=name)

    return make


def _certificate(case: Case, who: Candidate, failed: Sequence[Check]) -> Iterator[Remedy]:
    if isinstance(who, Queue):
        return
    valid = case.valid_certificates(who, case.stay_at(case.at).end)
    lacking = {name for check in failed for name in _plain(check) if name not in valid or valid[name] is not None}
    if len(lacking) > 1:  # those that are there and only end, too early or not, may be told apart by trying
        lacking = {name for name in lacking if name not in valid}
    if len(lacking) == 1:
        [name] = lacking
        new = _evolved(who, certificates={**who.certificates, name: None})
        yield _changed(new, kind="certificate", what=name, have=who.certificates.get(name), need=name)


def _plain(check: Check) -> list[str]:
    return [item if isinstance(item, str) else item[0] for item in check.names]


def _contract(case: Case, who: Candidate, failed: Sequence[Check]) -> Iterator[Remedy]:
    held: Outlet | Queue | None = who if isinstance(who, Queue) else case.outlet_of(who)
    if held is None:
        return
    ways = [way for check in failed for way in check.names if way.isdisjoint(held.contracts)]
    # What meets all that is lacking: of one type just that one, of several the whole brand.
    common = frozenset.intersection(*ways) if ways else frozenset()
    name = max(common, key=lambda item: (len(item), item), default=None)
    if name is not None:
        new = _evolved(held, contracts=(*held.contracts, name))
        own = new.id == who.id
        yield Remedy(
            kind="contract",
            candidate=held.id,
            what=name,
            have=held.contracts,
            need=name,
            who=(new,) if own else (),
            site=None if own else held.id,
            world=lambda world: world.with_entity(new),
        )


def _presence(case: Case, who: Candidate, failed: Sequence[Check]) -> Iterator[Remedy]:
    others = {name: what for name, what in case.world.presence.items() if name != who.id}
    have = failed[0].have(who)
    yield Remedy(kind="presence", candidate=who.id, have=have, who=(who,), world=lambda world: world.with_presence(others))


def _forbidden(case: Case, who: Candidate, failed: Sequence[Check]) -> Iterator[Remedy]:
    customer = str(failed[0].need)
    barred = tuple(name for name in case.world.forbidden.get(customer, ()) if name != who.id)
    book = {**case.world.forbidden, customer: barred}
    yield Remedy(
        kind="forbidden", candidate=who.id, what=customer, who=(who,), world=lambda world: _with(world, forbidden=book)
    )


def _preferred(case: Case, who: Candidate, _: Sequence[Check]) -> Iterator[Remedy]:
    customer = case.customer()
    if customer is not None:
        book = {**case.world.preferred, customer: (*case.world.preferred.get(customer, ()), who.id)}
        yield Remedy(
            kind="preferred", candidate=who.id, what=customer, who=(who,), world=lambda world: _with(world, preferred=book)
        )


def _declined(_: Case, who: Candidate, __: Sequence[Check]) -> Iterator[Remedy]:
    yield Remedy(kind="declined", scope="ticket", candidate=who.id, who=(who,), tweak=("declined", who.id, 1))


def _cool_off(case: Case, who: Candidate, _: Sequence[Check]) -> Iterator[Remedy]:
    have = case.silent.get(who.id)
    yield Remedy(kind="cool_off", scope="ticket", candidate=who.id, have=have, who=(who,), tweak=("cool_off", who.id, 1))


def _of(case: Case, who: Candidate, failed: Sequence[Check]) -> Iterator[Remedy]:
    slot, found = case.policy.of, failed[0].have(who)
    if slot is None:
        return
    for value in found if isinstance(found, (list, tuple)) else [found]:
        if isinstance(value, str):
            yield Remedy(
                kind="slot",
                scope="ticket",
                what=slot,
                have=failed[0].need,
                need=value,
                ticket=lambda ticket, value=value: _filled(ticket, slot, value),  # type: ignore[misc]  # mypy cannot infer a bound default
            )


def _filled(ticket: Ticket, slot: str, value: str) -> Ticket:
    own = slot not in ticket.fields and slot in (attribute.name for attribute in attrs.fields(Ticket))
    made: Ticket = _evolved(ticket, **{slot: value} if own else {"fields": FrozenMap({**ticket.fields, slot: value})})
    return made


def _below(case: Case, who: Candidate, failed: Sequence[Check]) -> Iterator[Remedy]:
    load, channel, units = case.load(who), case.channel_load(who), case.units
    limits = [limit for check in failed if check.limit is not None and (limit := check.limit(who)) is not None]
    bounds = [most for check in failed if check.channel_limit is not None and (most := check.channel_limit(who)) is not None]
    over = max((load + units - limit for limit in limits), default=0)
    beyond = max((channel + units - most for most in bounds), default=0)
    name = str(case.ticket.channel)
    if over > 0 and beyond <= 0:
        attribute = "capacity"
        if not isinstance(who, Queue) and who.normal is not None and min(limits) == who.normal != who.capacity:
            attribute = "normal"
        new = _evolved(who, **{attribute: load + units})
        yield _changed(new, kind="capacity", have=min(limits), need=load + units, size=load + units - min(limits))
    if beyond > 0 and over <= 0 and not isinstance(who, Queue):
        held = who.per_channel.get(name, Capacity())
        low = held.normal is not None and min(bounds) == held.normal != held.most
        raised = _evolved(held, **{"normal" if low else "most": channel + units})
        new = _evolved(who, per_channel={**who.per_channel, name: raised})
        size = channel + units - min(bounds)
        yield _changed(new, kind="capacity", what=name, have=min(bounds), need=channel + units, size=size)
    if over > 0 and beyond <= 0 and load - over >= 0:
        less = case.world.loads.get(who.id, 0) - over
        yield _lighter(who, None, load, over, lambda world: world.with_load(who.id, less))
    if beyond > 0 and over <= 0 and channel - beyond >= 0:
        loads: Mapping[str, int] = case.world.channel_loads.get(who.id, EMPTY)
        book = {**case.world.channel_loads, who.id: {**loads, name: loads.get(name, 0) - beyond}}
        yield _lighter(who, name, channel, beyond, lambda world: _with(world, channel_loads=book))


def _lighter(who: Candidate, what: str | None, load: int, over: int, world: Callable[[World], World]) -> Remedy:
    """So much of a load is given back."""
    return Remedy(kind="load", candidate=who.id, what=what, have=load, need=load - over, size=over, who=(who,), world=world)


def _with(world: World, **parts: Any) -> World:
    made: World = _evolved(world, version=None, **parts)
    return made


_MAKERS: Mapping[str, Callable[[Case, Candidate, Sequence[Check]], Iterator[Remedy]]] = {
    "skill": _skill,
    "part": _part,
    "area": _area,
    "language": _lists("language", "languages"),
    "channel": _lists("channel", "serves"),
    "certificate": _certificate,
    "contract": _contract,
    "presence": _presence,
    "forbidden": _forbidden,
    "preferred": _preferred,
    "declined": _declined,
    "cool_off": _cool_off,
    "of": _of,
    "below": _below,
}
