"""Knows which candidates of a world met what was asked before, as sets of bits; must not know policies or tickets."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import datetime
from itertools import compress
from typing import Any, cast

from attrs import define, field, frozen

from servflow.dispatch._candidates import Candidate, everybody
from servflow.model import Queue, World

Passes = Callable[[Candidate], bool]

MAX_ANSWERS, MAX_BYTES = 10_000, 32_000_000
"""How many answers are remembered for one world, and about how many bytes they may take."""

MAX_RULES = 5_000
"""How many rules are remembered with the names that they ask for."""

MAX_CHANGES = 256
"""How many changes of entities are kept track of; after so many, what candidates have in common is read anew."""

_PEOPLE, _PLACES = ("engineers", "agents", "bots"), ("outlets", "providers", "queues")

_TABLES = {"people": _PEOPLE, **{kind: (kind,) for kind in (*_PEOPLE, *_PLACES)}}
"""Where the candidates of a kind stand in a world."""

_AROUND = {
    kind: ("areas", *(name for name in (*_PEOPLE, *_PLACES, "people", "reports_to") if name not in tables))
    for kind, tables in _TABLES.items()
}
"""What else the answers that are remembered may depend on, for each kind: whoever belongs to whom, and where that is."""

_TRUTH = bytes(1 if code == ord("1") else 0 for code in range(256))


def index_of(world: World, kind: str) -> Index:
    """
    The candidates of a kind with what is remembered of them.

    It is kept with the world. A world made of this one by a change of a load, a presence or one entity takes it
    over: only those who changed are asked again.
    """
    key = f"dispatch/{kind}"
    found = world.derived.get(key)
    if found is None or not found.stands(world):
        found = world.derived[key] = Index.of(world, kind) if found is None else found.moved(world)
    return cast("Index", found)


@frozen
class _Spans:
    """When each of some stretches begins and ends, so that those that a stay touches are found by bisection."""

    starts: list[datetime]
    starting: list[int]
    ends: list[datetime]
    ending: list[int]
    anybody: int
    within: dict[tuple[int, int], int] = field(factory=dict)

    def touching(self, first: datetime, last: datetime) -> int:
        """Whoever has a stretch that is not over at *first* and has begun by *last*."""
        begun, over = bisect_right(self.starts, last), bisect_right(self.ends, first)
        known = self.within.get((begun, over))
        if known is None:
            counts: dict[int, int] = {}
            for number in self.starting[:begun]:
                counts[number] = counts.get(number, 0) + 1
            for number in self.ending[:over]:
                counts[number] -= 1
            known = mask_of(number for number, count in counts.items() if count > 0)
            if len(self.within) >= MAX_SPANS:
                self.within.clear()
            self.within[begun, over] = known
        return known


@frozen
class _Expiries:
    """Who holds one certificate, by the instant at which it expires; those of whom it never does are ``endless``."""

    ends: list[datetime]
    ending: list[int]
    endless: int
    ends_of: dict[int, datetime]
    valid: dict[int, int] = field(factory=dict)

    def after(self, at: datetime) -> int:
        """Whoever holds it beyond an instant."""
        over = bisect_right(self.ends, at)
        known = self.valid.get(over)
        if known is None:
            if len(self.valid) >= MAX_SPANS:
                self.valid.clear()
            known = self.valid[over] = self.endless | mask_of(self.ending[over:])
        return known

    def first(self, at: datetime, among: int) -> datetime | None:
        """When it expires for the first of some, after an instant."""
        if among.bit_count() <= FEW:
            known = [end for number in places(among) if (end := self.ends_of.get(number)) is not None and end > at]
            return min(known, default=None)
        for place in range(bisect_right(self.ends, at), len(self.ends)):
            if among >> self.ending[place] & 1:
                return self.ends[place]
        return None


FEW = 32
"""Of how many it is looked at each when their certificates expire; of more, which expires first."""

MAX_SPANS = 64
"""For how many instants at once it is remembered who is there."""


@define(eq=False)
class Index:
    """
    Everybody of one kind by id, the n-th as bit n, and the answers that are remembered of them.

    ``answers`` are who met what, ``room`` the same of what depends on loads; ``old`` are answers of before with the
    set of those who changed since. ``entities`` are the sets of those who changed, one after the other; ``rules`` what was
    made for one ticket and serves others.
    """

    kind: str
    order: tuple[Candidate, ...]
    place: dict[str, int]
    full: int
    tables: tuple[Any, ...]
    around: tuple[Any, ...]
    loads: Any
    channel_loads: Any
    entities: tuple[int, ...] = ()
    answers: dict[Hashable, int] = field(factory=dict)
    room: dict[Hashable, int] = field(factory=dict)
    old: dict[Hashable, tuple[int, int]] = field(factory=dict)
    once: set[Hashable] = field(factory=set)
    parts: dict[str, tuple[int, Any]] = field(factory=dict)
    hours: dict[Hashable, tuple[Any, Any]] = field(factory=dict)
    presence: tuple[Any, int] | None = None
    rules: dict[Hashable, Any] = field(factory=dict)

    @classmethod
    def of(cls, world: World, kind: str) -> Index:
        """Everybody of a kind, nothing asked yet."""
        order = tuple(everybody(world, kind))
        return cls(
            kind=kind,
            order=order,
            place={who.id: number for number, who in enumerate(order)},
            full=(1 << len(order)) - 1,
            tables=_held(world, _TABLES[kind]),
            around=_held(world, _AROUND[kind]),
            loads=world.loads,
            channel_loads=world.channel_loads,
        )

    def stands(self, world: World) -> bool:
        """Whether it is made of what this world holds."""
        return (
            self.loads is world.loads
            and self.channel_loads is world.channel_loads
            and _same(self.tables, _held(world, _TABLES[self.kind]))
            and _same(self.around, _held(world, _AROUND[self.kind]))
        )

    def moved(self, world: World) -> Index:
        """The index of a world that was made of the one of this index, or has little to do with it."""
        around = _held(world, _AROUND[self.kind])
        changed = self._changed(world) if _same(self.around, around) else None
        if changed is None or (self.kind in _PLACES and changed):  # a place may be another one's neighbour
            return Index.of(world, self.kind)
        order, entities = self.order, self.entities
        if changed:
            listed = list(order)
            for number, who in changed.items():
                listed[number] = who
            order, entities = tuple(listed), (*entities, mask_of(changed))
        forgets = len(entities) > MAX_CHANGES
        made = Index(
            kind=self.kind,
            order=order,
            place=self.place,
            full=self.full,
            tables=_held(world, _TABLES[self.kind]),
            around=around,
            loads=world.loads,
            channel_loads=world.channel_loads,
            entities=() if forgets else entities,
            once=set(self.once),
            parts={} if forgets else dict(self.parts),
            hours={} if changed else dict(self.hours),
            presence=self.presence,
            rules=self.rules,
        )
        new = mask_of(changed)
        loaded = new | self._reloaded(world)
        # Copied at once: another thread may be asking this index just now, and add to it.
        answers, room, old = dict(self.answers), dict(self.room), dict(self.old)
        if new:
            made.old = {key: (mask, new) for key, mask in answers.items()}
        else:
            made.answers = answers
        made.old |= {key: (mask, stale | loaded) for key, (mask, stale) in old.items()}
        made.old |= {key: (mask, loaded) for key, mask in room.items()}
        return made

    def _changed(self, world: World) -> dict[int, Candidate] | None:
        """Who is another one at which place; None where somebody came or went."""
        found: dict[int, Candidate] = {}
        for before, now in zip(self.tables, _held(world, _TABLES[self.kind]), strict=True):
            if before is now:
                continue
            if len(before) != len(now):
                return None
            for old, new in zip(before, now, strict=True):
                if old is new:
                    continue
                if old.id != new.id:
                    return None
                if self.order[self.place[new.id]] is old:  # of people, one may stand behind another of the same id
                    found[self.place[new.id]] = new
        return found

    def _reloaded(self, world: World) -> int:
        """Whose load is another one than before."""
        if self.loads is world.loads and self.channel_loads is world.channel_loads:
            return 0
        touched = vars(world).get("touched")
        if touched is not None and touched[0] is self.loads:
            names = [touched[1]]
        else:
            names = _differing(self.loads, world.loads) if self.loads is not world.loads else []
        if self.channel_loads is not world.channel_loads:
            names += _differing(self.channel_loads, world.channel_loads)
        return mask_of([self.place[name] for name in names if name in self.place])

    # asking -------------------------------------------------------------------------------------------------------

    def those(self, mask: int) -> Iterator[Candidate]:
        """The candidates of a set, by id."""
        count, size = mask.bit_count(), len(self.order)
        if count * 12 > size:
            return compress(self.order, bin(mask)[:1:-1].encode().translate(_TRUTH))
        return iter([self.order[number] for number in places(mask)])

    def ask(self, passes: Passes, among: int) -> int:
        """Who of a set meets something, asked one by one."""
        if among == self.full:
            return int("".join(["1" if passes(who) else "0" for who in reversed(self.order)]) or "0", 2)
        return mask_of([number for number in places(among) if passes(self.order[number])])

    def met(self, key: Hashable, passes: Passes, among: int, *, loads: bool = False, own: int = 0) -> int:
        """
        Who of a set meets something, from memory where that is known.

        Args:
            key: what is asked, to the last detail: two questions of one key have one answer for everybody.
            passes: the question.
            among: whom to look at.
            loads: whether the answer depends on the load.
            own: who is another one to this question than to others of its key; they are asked, and not remembered.
        """
        fresh = self.room if loads else self.answers
        known = fresh.get(key)
        if own:
            return self.ask(passes, among) if known is None else known & among & ~own | self.ask(passes, among & own)
        if known is None:
            before = self.old.pop(key, None)
            if before is not None:
                known = before[0] & ~before[1] | self.ask(passes, before[1])
            elif among == self.full or key in self.once:
                self.once.discard(key)
                known = self.ask(passes, self.full)
            else:
                # Whoever asks once, of a world that was just read, pays for nobody who is out already.
                self.once.add(key)
                return self.ask(passes, among)
            if len(fresh) + len(self.old) >= min(MAX_ANSWERS, MAX_BYTES // (len(self.order) // 8 + 400) + 16):
                fresh.clear()
                self.old.clear()
                self.once.clear()
            fresh[key] = known
        return known & among

    def keep(self, key: Hashable, rule: Any) -> None:
        """Remember a rule that was made for one ticket, for others that ask the same."""
        if len(self.rules) >= MAX_RULES:
            self.rules.clear()
        self.rules[key] = rule

    def except_for(self, names: Iterable[str]) -> int:
        """Everybody but those named."""
        place = self.place
        return self.full & ~mask_of(place[name] for name in names if name in place)

    def present(self, presence: Any, absent: tuple[str, ...]) -> int:
        """Everybody whom the presence of a world does not say to be one of these."""
        if self.presence is None or self.presence[0] is not presence:
            self.presence = presence, self.except_for(name for name, state in presence.items() if state in absent)
        return self.presence[1]

    # what candidates have in common ---------------------------------------------------------------------------------

    def alike(self, name: str, trait: Callable[[Candidate], Hashable]) -> tuple[dict[Hashable, int], int]:
        """
        The sets of those who are alike in a trait, by the trait, and the set of those who are like nobody else: None.

        Whoever has a trait of their own is to be asked one by one.
        """
        known = self.parts.get(name)
        if known is None or known[0] != len(self.entities):
            found: dict[Hashable, list[int]] = {}
            for number, who in enumerate(self.order):
                found.setdefault(trait(who), []).append(number)
            alone = mask_of(found.pop(None, ()))
            known = self.parts[name] = (
                len(self.entities),
                ({value: mask_of(numbers) for value, numbers in found.items()}, alone),
            )
        sets_of, alone = known[1]
        return sets_of, alone

    def spans(self, name: str, stretches: Callable[[Candidate], Iterable[tuple[datetime, datetime]]]) -> tuple[_Spans, int]:
        """Stretches of everybody, and who may have others by now because they changed since these were read."""
        known = self.parts.get(name)
        if known is None or len(self.entities) - known[0] > MAX_STALE:
            listed = [
                (start, end, number) for number, who in enumerate(self.order) for start, end in stretches(who) if end > start
            ]
            starts, starting = _sorted((start, number) for start, _, number in listed)
            ends, ending = _sorted((end, number) for _, end, number in listed)
            known = self.parts[name] = len(self.entities), _Spans(starts, starting, ends, ending, mask_of(set(starting)))
        return known[1], _union(self.entities[known[0] :])

    def expiries(self, name: str) -> tuple[_Expiries, int]:
        """When a certificate of everybody expires, and who may hold another one by now because they changed."""
        key = f"certificate {name}"
        known = self.parts.get(key)
        if known is None or len(self.entities) - known[0] > MAX_STALE:
            people = [(number, who) for number, who in enumerate(self.order) if not isinstance(who, Queue)]
            held = [(number, who.certificates[name]) for number, who in people if name in who.certificates]
            ends, ending = _sorted((end, number) for number, end in held if end is not None)
            endless = mask_of([number for number, end in held if end is None])
            if len(self.parts) >= MAX_PARTS:
                self.parts.clear()
            known = self.parts[key] = len(self.entities), _Expiries(ends, ending, endless, dict(zip(ending, ends, strict=True)))
        return known[1], _union(self.entities[known[0] :])


MAX_PARTS = 200
"""How many things that candidates have in common are kept; certificates are named by tickets, who may name any."""

MAX_STALE = 16
"""After how many changes of entities their stretches are read anew."""


def places(mask: int) -> list[int]:
    """The numbers of the bits that are set, the lowest first."""
    if mask.bit_count() <= 24:
        found = []
        while mask:
            top = mask.bit_length() - 1
            found.append(top)
            mask ^= 1 << top
        found.reverse()
        return found
    text, found, number = bin(mask)[:1:-1], [], -1
    while (number := text.find("1", number + 1)) >= 0:
        found.append(number)
    return found


def mask_of(numbers: Iterable[int]) -> int:
    """The set of these bits."""
    listed = list(numbers)
    if len(listed) <= 24:
        mask = 0
        for number in listed:
            mask |= 1 << number
        return mask
    held = bytearray(max(listed) // 8 + 1)
    for number in listed:
        held[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(held, "little")


def _union(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


def _held(world: World, names: Iterable[str]) -> tuple[Any, ...]:
    held = vars(world)
    return tuple([held[name] for name in names])


def _same(before: tuple[Any, ...], now: tuple[Any, ...]) -> bool:
    return all(map(_is, before, now))


def _is(one: object, other: object) -> bool:
    return one is other


def _differing(before: Any, now: Any) -> list[str]:
    gone = [name for name in before if name not in now]
    return [*gone, *(name for name, value in now.items() if before.get(name) != value)]


def _sorted(items: Iterable[tuple[datetime, int]]) -> tuple[list[datetime], list[int]]:
    found = sorted(items)
    return [at for at, _ in found], [number for _, number in found]
