"""Knows who a ``to`` means for a ticket and a world; must not know how anybody is told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from attrs import frozen

from servflow.errors import DefinitionError, Finding, shown
from servflow.escalation._shape import joined, near
from servflow.model import Ticket, World

RELATIONS = ("assignee", "owner", "helpers", "customer", "requester", "outlet")
"""Words that mean whoever the ticket holds in that place."""

FORMS: Mapping[str, tuple[str, ...]] = {
    "user": (),
    "role": (),
    "queue": ("pick",),
    "manager_of": ("n",),
    "field": (),
    "schedule": ("who",),
    "on_call": (),
    "webhook": (),
    "target": (),
}
"""Every form with one key, and what else may stand beside it."""

PICKS = ("all", "least_loaded", "first", "random")
WHO = ("now", "next")
MAX_TO = 50
MAX_UP = 10

Target = Callable[[Ticket, World | None, datetime], Iterable[str]]
"""A host's own way to find recipients: pure, from a ticket, a world and an instant to ids."""


@runtime_checkable
class KnowsNext(Protocol):
    """A schedule that can also tell whose turn comes next."""

    def next_on_call(self, at: datetime) -> tuple[str, ...]: ...


@frozen
class Recipients:
    """
    Who was found: ``ids``, each once, in the order asked; ``reason`` says how, or why there is nobody.

    ``symbolic`` means that some id is not a person but asks the host to find out, such as
    ``role:director``, ``queue:care``, ``manager_of:ann``, ``schedule:night`` or ``webhook:pager``.
    """

    ids: tuple[str, ...] = ()
    reason: str = ""
    symbolic: bool = False


def check_to(
    to: Any, path: str, roles: Iterable[str] = (), queues: Iterable[str] = (), *, targets: Iterable[str] | None = None
) -> list[Finding]:
    """
    Everything wrong with a ``to``, before any ticket is there.

    Args:
        path: where it stands in the definition.
        roles: the declared roles; none declared, none refused.
        queues: the declared queues, likewise.
        targets: the registered targets; None where the host may register them later.
    """
    declared = {"role": tuple(roles), "queue": tuple(queues)}
    if isinstance(to, (list, tuple)):
        if not 0 < len(to) <= MAX_TO:
            return [Finding("escalation.to_list", path, {"count": len(to), "limit": MAX_TO})]
        found = []
        for index, item in enumerate(to):
            found.extend(_check_one(item, f"{path}[{index}]", declared, targets))
        return found
    return _check_one(to, path, declared, targets)


def _check_one(to: Any, path: str, declared: Mapping[str, tuple[str, ...]], targets: Iterable[str] | None) -> list[Finding]:
    found: list[Finding] = []
    for _ in range(MAX_UP + 1):
        kind = _form(to)
        if kind in RELATIONS:
            return found
        if kind is None:
            known = (*RELATIONS, *FORMS)
            word = to if isinstance(to, str) else next(iter(to), "") if isinstance(to, Mapping) else ""
            return [
                *found,
                Finding("escalation.to", path, {"value": shown(to), "known": known, "nearest": near(word, known)}),
            ]
        found.extend(_check_beside(to, kind, path))
        if kind != "manager_of":
            return [*found, *_check_named(to[kind], kind, path, declared, targets)]
        to, path = to["manager_of"], joined(path, "manager_of")
    return [*found, Finding("escalation.to_deep", path, {"limit": MAX_UP})]


def _check_beside(to: Mapping[str, Any], kind: str, path: str) -> list[Finding]:
    allowed = FORMS[kind]
    found = [
        Finding(
            "escalation.unknown_key",
            joined(path, str(key)),
            {"key": str(key), "known": (kind, *allowed), "nearest": near(key, allowed)},
        )
        for key in to
        if key != kind and key not in allowed
    ]
    for key, known in (("pick", PICKS), ("who", WHO)):
        if key in allowed and to.get(key, known[0]) not in known:
            facts = {"value": shown(to[key]), "known": known, "nearest": near(to[key], known)}
            found.append(Finding("escalation.option", joined(path, key), facts))
    up = to.get("n", 1)
    if "n" in allowed and not (isinstance(up, int) and not isinstance(up, bool) and 1 <= up <= MAX_UP):
        found.append(Finding("escalation.count", joined(path, "n"), {"value": shown(up), "limit": MAX_UP}))
    return found


def _check_named(
    name: Any, kind: str, path: str, declared: Mapping[str, tuple[str, ...]], targets: Iterable[str] | None
) -> list[Finding]:
    if not isinstance(name, str) or not name:
        return [Finding("escalation.name", joined(path, kind), {"value": shown(name)})]
    known = declared.get(kind, ())
    if known and name not in known:
        facts = {"kind": kind, "name": name, "known": known, "nearest": near(name, known)}
        return [Finding("escalation.undeclared", joined(path, kind), facts)]
    if kind == "target" and targets is not None and name not in (registered := tuple(targets)):
        facts = {"name": name, "known": registered, "nearest": near(name, registered)}
        return [Finding("escalation.target", joined(path, kind), facts)]
    return []


def _form(to: Any) -> str | None:
    if isinstance(to, str):
        return to if to in RELATIONS else None
    if not isinstance(to, Mapping):
        return None
    kinds = [kind for kind in FORMS if kind in to]
    return kinds[0] if len(kinds) == 1 else None


def symbols(to: Any) -> tuple[str, ...]:
    """
    A ``to`` as words, with no ticket and no world: ``assignee``, ``role:director``, ``manager_of:assignee``.

    Raises:
        DefinitionError: it is no ``to``.
    """
    _insist(to)
    items = to if isinstance(to, (list, tuple)) else (to,)
    return tuple(dict.fromkeys(_symbol(item) for item in items))


def _symbol(to: Any) -> str:
    prefix = ""
    while isinstance(to, Mapping) and "manager_of" in to:
        prefix += "manager_of:" * to.get("n", 1)
        to = to["manager_of"]
    if isinstance(to, str):
        return prefix + to
    kind = str(_form(to))
    name = to[kind]
    return prefix + (name if kind == "user" else f"{'schedule' if kind == 'on_call' else kind}:{name}")


def _insist(to: Any) -> None:
    found = check_to(to, "to")
    if found:
        raise DefinitionError.of(found)


def resolve(
    to: Any, ticket: Ticket, world: World | None, at: datetime, *, targets: Mapping[str, Target] | None = None
) -> Recipients:
    """
    Who a ``to`` means now.

    The forms: a relation (``assignee``, ``owner``, ``helpers``, ``customer``, ``requester``,
    ``outlet``), ``{user: id}``, ``{role: r}``, ``{queue: q, pick: all | least_loaded | first |
    random}``, ``{manager_of: <to>, n: 1}``, ``{field: name}``, ``{schedule: s, who: now | next}``,
    ``{on_call: s}``, ``{webhook: name}``, ``{target: name}`` (the host's own function), or a list of
    them. ``random`` is a stable draw by ticket and queue. Where one is picked, somebody away or offline
    is picked only when everybody is.

    Args:
        world: None where the host finds people itself; roles, queues, managers and schedules then stay
            symbolic.
        targets: the host's functions by name.

    Raises:
        DefinitionError: *to* is none of these forms.
    """
    _insist(to)
    items: Sequence[Any] = to if isinstance(to, (list, tuple)) else (to,)
    found = [_Question(ticket, world, at, targets or {}).one(item) for item in items]
    ids = tuple(dict.fromkeys(known for part in found for known in part.ids))
    reason = "; ".join(dict.fromkeys(part.reason for part in found))
    return Recipients(ids, reason, any(part.symbolic for part in found))


@frozen
class _Question:
    ticket: Ticket
    world: World | None
    at: datetime
    targets: Mapping[str, Target]

    def one(self, to: Any) -> Recipients:
        # Managers are asked for from the inside out, in a loop: no definition makes this deep.
        ups: list[int] = []
        while isinstance(to, Mapping) and "manager_of" in to:
            ups.append(to.get("n", 1))
            to = to["manager_of"]
        found = self._plain(to)
        for up in reversed(ups):
            for _ in range(up):
                found = self._manager(found)
        return found

    def _plain(self, to: Any) -> Recipients:
        if isinstance(to, str):
            return self._relation(to)
        kind = str(_form(to))
        name = to[kind]
        if kind == "user":
            return Recipients((name,), f"user {name}")
        if kind == "role":
            return self._role(name)
        if kind == "queue":
            return self._queue(name, to.get("pick", "all"))
        if kind == "field":
            return self._field(name)
        if kind == "webhook":
            return Recipients((f"webhook:{name}",), f"webhook {name}", True)
        if kind == "target":
            return self._target(name)
        return self._schedule(name, to.get("who", "now"))

    def _relation(self, name: str) -> Recipients:
        held = {
            "assignee": self.ticket.assignee,
            "owner": self.ticket.owner,
            "helpers": self.ticket.helpers,
            "customer": self.ticket.customer,
            "requester": self.ticket.requester,
            "outlet": self.ticket.outlet,
        }[name]
        ids = held if isinstance(held, tuple) else (held,) if held else ()
        return Recipients(ids, name if ids else f"{name} is nobody")

    def _role(self, role: str) -> Recipients:
        if self.world is None:
            return Recipients((f"role:{role}",), f"role {role}", True)
        ids = self.world.holders.get(role, ())
        return Recipients(ids, f"role {role}" if ids else f"role {role} is held by nobody")

    def _queue(self, queue: str, pick: str) -> Recipients:
        if self.world is None:
            return Recipients((f"queue:{queue}",), f"queue {queue}", True)
        ids = self.world.members.get(queue, ())
        if not ids:
            return Recipients((), f"queue {queue} has no members")
        if pick == "all":
            return Recipients(ids, f"queue {queue}")
        return Recipients((self._picked(queue, ids, pick),), f"{pick} of queue {queue}")

    def _picked(self, queue: str, ids: tuple[str, ...], pick: str) -> str:
        world = self.world
        if world is None:
            return ids[0]
        here = tuple(known for known in ids if world.presence.get(known) not in ("away", "offline")) or ids
        if pick == "least_loaded":
            return min(here, key=lambda known: (world.loads.get(known, 0), known))
        if pick == "random":
            draw = hashlib.blake2b(f"{self.ticket.id}\0{queue}".encode(), digest_size=8).digest()
            return here[int.from_bytes(draw) % len(here)]
        return here[0]

    def _field(self, name: str) -> Recipients:
        value = self.ticket.fields.get(name)
        items = value if isinstance(value, (list, tuple)) else (value,)
        ids = tuple(dict.fromkeys(item for item in items if isinstance(item, str) and item))
        return Recipients(ids, f"field {name}" if ids else f"field {name} names nobody")

    def _target(self, name: str) -> Recipients:
        function = self.targets.get(name)
        if function is None:
            return Recipients((f"target:{name}",), f"target {name}", True)
        ids = tuple(dict.fromkeys(function(self.ticket, self.world, self.at)))
        return Recipients(ids, f"target {name}" if ids else f"target {name} found nobody")

    def _schedule(self, name: str, who: str) -> Recipients:
        if self.world is None:
            return Recipients((f"schedule:{name}",), f"schedule {name}", True)
        schedule = self.world.schedules.get(name)
        if schedule is None:
            return Recipients((), f"schedule {name} is not in the world")
        if who == "now":
            ids = tuple(schedule.on_call(self.at))
            return Recipients(ids, f"on call in {name}" if ids else f"nobody is on call in {name}")
        if not isinstance(schedule, KnowsNext):
            return Recipients((), f"schedule {name} cannot tell who is next")
        ids = schedule.next_on_call(self.at)
        return Recipients(ids, f"next on call in {name}" if ids else f"nobody is next on call in {name}")

    def _manager(self, found: Recipients) -> Recipients:
        if not found.ids:
            return found
        world = self.world
        if world is None or found.symbolic:
            ids = tuple(f"manager_of:{known}" for known in found.ids)
            return Recipients(ids, f"manager of {found.reason}", True)
        bosses = {known: world.manager_of(known) for known in found.ids}
        ids = tuple(dict.fromkeys(boss for boss in bosses.values() if boss))
        if ids:
            return Recipients(ids, f"manager of {found.reason}")
        return Recipients((), f"{', '.join(bosses)} has no manager")
