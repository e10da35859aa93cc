"""Knows who a ``to`` means for a ticket and a world; must not know how anybody is told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Protocol, runtime_checkable

from attrs import define, evolve, field, frozen

from servflow.escalation._addresses import (
    form,
    insist,
    levels_up,
    listed,
    on_call_word,
)
from servflow.model import EMPTY, FrozenMap, Ticket, World
from servflow.model._fields import name_flaw

MAX_FOUND = 1_000
"""How many recipients a function or a schedule of the host may name."""

Target = Callable[[Ticket, World | None, datetime], Iterable[str]]
"""A host's own way to find recipients: pure, from a ticket, a world and an instant to ids."""


@runtime_checkable
class KnowsNext(Protocol):
    """A schedule that can also tell whose turn comes next."""

    def next_on_call(self, at: datetime) -> tuple[str, ...]: ...


@runtime_checkable
class KnowsPrevious(Protocol):
    """A schedule that can also tell whose turn was before."""

    def previous_on_call(self, at: datetime) -> tuple[str, ...]: ...


@frozen
class Recipients:
    """
    Who was found: ``ids``, each once, in the order asked; ``reason`` says how, or why there is nobody.

    ``symbolic`` means that some id is not a person but asks the host to find out, such as
    ``role:director``, ``queue:care``, ``manager_of:ann``, ``schedule:night``, ``next:schedule:night`` or ``webhook:pager``;
    ``words`` are those.
    ``because`` gives each id the reason of its own, ``nobody`` why parts of the ``to`` found nobody. ``turns`` are the
    turns of queues that were drawn, queue -> the last of them, and ``counted`` those that were given by a count of the
    world: the first of each queue for the ticket.
    """

    ids: tuple[str, ...] = ()
    reason: str = ""
    symbolic: bool = False
    because: Mapping[str, str] = field(default=EMPTY, eq=False)
    nobody: tuple[str, ...] = field(default=(), eq=False)
    words: tuple[str, ...] = field(default=(), eq=False)
    turns: Mapping[str, int] = field(default=EMPTY, eq=False)
    counted: Mapping[str, int] = field(default=EMPTY, eq=False)

    @property
    def people(self) -> tuple[str, ...]:
        """The ids that stand for somebody, and not for a question to the host."""
        return tuple(known for known in self.ids if known not in self.words)


def resolve(
    to: Any,
    ticket: Ticket,
    world: World | None,
    at: datetime,
    *,
    targets: Mapping[str, Target] | None = None,
    checked: bool = False,
) -> Recipients:
    """
    Who a ``to`` means now.

    The forms: a relation (``assignee``, ``owner``, ``helpers``, ``watchers``, ``customer``, ``requester``,
    ``outlet``), ``{user: id}``, ``{role: r}``, ``{queue: q, pick: all | least_loaded | first |
    random | round_robin}``, ``{outlet: id}``, ``{manager_of: <to>, n: 1}``, ``{field: name}``, ``{schedule: s, who: now
    | next | previous}``, ``{on_call: s}``, ``{webhook: name}``, ``{target: name}`` (the host's own function), or a
    list of them. ``random`` is a stable draw by ticket and queue, and by ``seed`` where one is given. ``round_robin``
    gives a ticket the next turn of the queue, which ``World.turns`` counts, and goes on from there for that ticket;
    where the world does not count turns, the first is a stable draw. Where one is picked, somebody away, offline or
    absent is picked only when everybody is.

    ``n`` managers up is a walk along the reporting line. Who has fewer has none; a line that comes to somebody again ends.

    A function of the host or a schedule that raises, or gives something that is no id, finds nobody; the reason says so.

    Args:
        world: None where the host finds people itself; roles, queues, managers and schedules then stay
            symbolic.
        targets: the host's functions by name.
        checked: whether *to* has been through ``check_to``, as everything in a definition has.

    Raises:
        DefinitionError: *to* is none of these forms.
    """
    if not checked:
        insist(to)
    asked = _Question(ticket, world, at, targets or {}, dict(ticket.turns))
    found = [asked.one(item) for item in listed(to)]
    because: dict[str, str] = {}
    words: list[str] = []
    for part in found:
        for known in part.ids:
            because.setdefault(known, part.because.get(known, part.reason))
        words.extend(part.words)
    return Recipients(
        tuple(because),
        "; ".join(dict.fromkeys(part.reason for part in found)),
        bool(words),
        because=FrozenMap(because),
        nobody=tuple(dict.fromkeys(why for part in found for why in part.nobody)),
        words=tuple(dict.fromkeys(words)),
        turns=FrozenMap(asked.drawn),
        counted=FrozenMap(asked.counted),
    )


def _some(ids: tuple[str, ...], reason: str) -> Recipients:
    return Recipients(ids, reason)


def _none(reason: str) -> Recipients:
    return Recipients((), reason, nobody=(reason,))


def _word(word: str, reason: str) -> Recipients:
    return Recipients((word,), reason, True, words=(word,))


@define
class _Question:
    ticket: Ticket
    world: World | None
    at: datetime
    targets: Mapping[str, Target]
    taken: dict[str, int]
    drawn: dict[str, int] = field(factory=dict)
    counted: dict[str, int] = field(factory=dict)

    def one(self, to: Any) -> Recipients:
        up, base = levels_up(to)
        found = self._plain(base)
        return self._managers(found, up) if up and found.ids else found

    def _plain(self, to: Any) -> Recipients:
        if isinstance(to, str):
            return self._relation(to)
        kind = str(form(to))
        name = to[kind]
        if kind in ("user", "outlet"):
            return _some((name,), f"{kind} {name}")
        if kind == "role":
            return self._role(name)
        if kind == "queue":
            return self._queue(name, to)
        if kind == "field":
            return self._field(name)
        if kind == "webhook":
            return _word(f"webhook:{name}", f"webhook {name}")
        if kind == "target":
            return self._target(name)
        return self._schedule(name, to.get("who", "now"))

    def _relation(self, name: str) -> Recipients:
        held = getattr(self.ticket, name)
        ids = tuple(held) if isinstance(held, (tuple, list)) else (held,) if held else ()
        return _some(ids, name) if ids else _none(f"{name} is nobody")

    def _role(self, role: str) -> Recipients:
        if self.world is None:
            return _word(f"role:{role}", f"role {role}")
        ids = self.world.holders.get(role, ())
        return _some(ids, f"role {role}") if ids else _none(f"role {role} is held by nobody")

    def _field(self, name: str) -> Recipients:
        value = self.ticket.fields.get(name)
        items = value if isinstance(value, (list, tuple)) else (value,)
        ids = tuple(dict.fromkeys(item for item in items if isinstance(item, str) and item))
        return _some(ids, f"field {name}") if ids else _none(f"field {name} names nobody")

    # one of a queue ---------------------------------------------------------------------------------------------

    def _queue(self, queue: str, to: Mapping[str, Any]) -> Recipients:
        world, pick = self.world, to.get("pick", "all")
        if world is None:
            return _word(f"queue:{queue}", f"queue {queue}" if pick == "all" else f"{pick} of queue {queue}")
        ids = world.members.get(queue, ())
        if not ids:
            return _none(f"queue {queue} has no members")
        if pick == "all":
            return _some(ids, f"queue {queue}")
        here = tuple(known for known in ids if not self._away(world, known))
        reason = f"{pick} of queue {queue}" + ("" if here else ", where everybody is away")
        if pick == "round_robin":
            turn = self._turn(world, queue)
            ahead = (ids[(turn + step) % len(ids)] for step in range(len(ids)))
            picked = next((known for known in ahead if known in here), ids[turn % len(ids)])
            return _some((picked,), reason)
        return _some((self._picked(world, here or ids, to),), reason)

    def _away(self, world: World, person: str) -> bool:
        if world.presence.get(person) in ("away", "offline"):
            return True
        absences = getattr(world.persons.get(person), "absences", ())
        return any(begins <= self.at < ends for begins, ends in absences)

    def _picked(self, world: World, here: tuple[str, ...], to: Mapping[str, Any]) -> str:
        if to["pick"] == "least_loaded":
            return min(here, key=lambda known: (world.loads.get(known, 0), known))
        return here[self._draw(to["queue"], to.get("seed")) % len(here)] if to["pick"] == "random" else here[0]

    def _draw(self, queue: str, seed: str | None = None) -> int:
        text = f"{self.ticket.id}\0{queue}" + ("" if seed is None else f"\0{seed}")
        draw = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
        return int.from_bytes(draw)

    def _turn(self, world: World, queue: str) -> int:
        # A ticket draws one turn and goes on from it by itself: catching up in one call or in ten comes to the same.
        turn = self.taken.get(queue)
        if turn is None:
            counts = world.turns
            turn = self._draw(queue, "turn") % MAX_FOUND if counts is None else counts.get(queue, 0)
            if counts is not None:
                self.counted[queue] = turn
        self.taken[queue] = turn + 1
        self.drawn[queue] = turn
        return turn

    # what the host answers --------------------------------------------------------------------------------------

    def _target(self, name: str) -> Recipients:
        function = self.targets.get(name)
        if function is None:
            return _word(f"target:{name}", f"target {name}")
        return _answered(lambda: function(self.ticket, self.world, self.at), f"target {name}", f"target {name} found nobody")

    def _schedule(self, name: str, who: str) -> Recipients:
        if self.world is None:
            return _word(on_call_word(name, who), f"schedule {name}" if who == "now" else f"{who} of schedule {name}")
        schedule = self.world.schedules.get(name)
        if schedule is None:
            return _none(f"schedule {name} is not in the world")
        if who == "now":
            return _answered(lambda: schedule.on_call(self.at), f"on call in {name}", f"nobody is on call in {name}")
        knows = isinstance(schedule, KnowsNext if who == "next" else KnowsPrevious)
        if not knows:
            return _none(f"schedule {name} cannot tell who is {who}")
        ask = schedule.next_on_call if who == "next" else schedule.previous_on_call
        return _answered(lambda: ask(self.at), f"{who} on call in {name}", f"nobody is {who} on call in {name}")

    # up the line ------------------------------------------------------------------------------------------------

    def _managers(self, found: Recipients, up: int) -> Recipients:
        reason = "manager of " * up + found.reason
        world = self.world
        above: dict[str, str] = {}
        words: list[str] = []
        nobody = list(found.nobody)
        for known in found.ids:
            if world is None or known in found.words:
                word = "manager_of:" * up + known
                words.append(word)
                above.setdefault(word, reason)
                continue
            line = world.managers_of(known, up)
            if len(line) == up:
                above.setdefault(line[-1], f"{'manager of ' * up}{known} ({found.because.get(known, found.reason)})")
            else:
                nobody.append(_ends(world, known, line, up))
        if not above:
            return evolve(_none("; ".join(dict.fromkeys(nobody))), nobody=tuple(nobody))
        told = "; ".join(dict.fromkeys((reason, *nobody)))
        return Recipients(tuple(above), told, bool(words), because=above, nobody=tuple(nobody), words=tuple(words))


def _ends(world: World, person: str, line: tuple[str, ...], up: int) -> str:
    """Why a reporting line has nobody so far up."""
    last = line[-1] if line else person
    above = world.manager_of(last)
    if above is not None:
        return f"the reporting line of {person} goes in a circle: {' > '.join((person, *line, above))}"
    return f"{last} has no manager" + (f", and {person} is asked for {up} levels up" if line else "")


def _answered(ask: Callable[[], Any], reason: str, empty: str) -> Recipients:
    """What the host's own code answers; nothing that it does wrong reaches the ticket."""
    try:
        answer = ask()
        items = [answer] if isinstance(answer, str) else list(islice(iter(answer), MAX_FOUND + 1))
    except Exception as error:
        return _none(f"{reason} failed with {type(error).__name__}")
    nobody = tuple(_nonsense(items, reason))
    ids = tuple(dict.fromkeys(item for item in items[:MAX_FOUND] if name_flaw(item) is None))
    if not ids:
        return evolve(_none("; ".join((empty, *nobody))), nobody=(empty, *nobody))
    return Recipients(ids, "; ".join((reason, *nobody)), because=FrozenMap(dict.fromkeys(ids, reason)), nobody=nobody)


def _nonsense(items: list[Any], reason: str) -> Iterator[str]:
    wrong = dict.fromkeys(type(item).__name__ for item in items if name_flaw(item) is not None)
    if wrong:
        yield f"{reason} gave what is no id ({', '.join(wrong)})"
    if len(items) > MAX_FOUND:
        yield f"{reason} gave more than {MAX_FOUND} ids"


__all__ = ["KnowsNext", "KnowsPrevious", "Recipients", "Target", "resolve"]
