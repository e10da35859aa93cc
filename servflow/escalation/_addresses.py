"""Knows how a ``to`` is written and when it is written wrong; must not know any ticket or world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

from servflow.errors import DefinitionError, Finding, shown
from servflow.escalation import _shape
from servflow.escalation._shape import joined, near

RELATIONS = ("assignee", "owner", "helpers", "watchers", "customer", "requester", "outlet")
"""Words that mean whoever the ticket holds in that place."""

FORMS: Mapping[str, tuple[str, ...]] = {
    "user": (),
    "role": (),
    "queue": ("pick", "seed"),
    "outlet": (),
    "manager_of": ("n",),
    "field": (),
    "schedule": ("who",),
    "on_call": (),
    "webhook": (),
    "target": (),
}
"""Every form with one key, and what else may stand beside it."""

PICKS = ("all", "least_loaded", "first", "random", "round_robin")
"""Who of several that an address names is meant."""

WHO = ("now", "next", "previous")
MAX_TO = 50
MAX_UP = 10


@frozen
class _Declared:
    """What a ``to`` may name; None where nobody says."""

    role: tuple[str, ...]
    queue: tuple[str, ...]
    fields: tuple[str, ...] | None
    targets: tuple[str, ...] | None


def check_to(
    to: Any,
    path: str,
    roles: Iterable[str] = (),
    queues: Iterable[str] = (),
    *,
    targets: Iterable[str] | None = None,
    fields: Iterable[str] | None = None,
) -> list[Finding]:
    """
    Everything wrong with a ``to``, before any ticket is there.

    Args:
        path: where it stands in the definition.
        roles: the declared roles; none declared, none refused.
        queues: the declared queues, likewise.
        targets: the registered targets; None where the host may register them later.
        fields: the declared fields; None where they are not known.
    """
    declared = _Declared(
        tuple(roles),
        tuple(queues),
        None if fields is None else tuple(fields),
        None if targets is None else tuple(targets),
    )
    if isinstance(to, (list, tuple)):
        if not 0 < len(to) <= MAX_TO:
            return [Finding("escalation.to_list", path, {"count": len(to), "limit": MAX_TO})]
        found = []
        for index, item in enumerate(to):
            found.extend(_check_one(item, f"{path}[{index}]", declared))
        return found
    return _check_one(to, path, declared)


def _check_one(to: Any, path: str, declared: _Declared) -> list[Finding]:
    found: list[Finding] = []
    for _ in range(MAX_UP + 1):
        kind = form(to)
        if kind is None:
            known = (*RELATIONS, *FORMS)
            word = to if isinstance(to, str) else next(iter(to), "") if isinstance(to, Mapping) else ""
            return [
                *found,
                Finding("escalation.to", path, {"value": shown(to), "known": known, "nearest": near(word, known)}),
            ]
        if isinstance(to, str):
            return found
        found.extend(_check_beside(to, kind, path))
        if kind != "manager_of":
            return [*found, *_check_named(to[kind], kind, path, declared)]
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
    if "seed" in allowed and "seed" in to:
        found.extend(_shape.check_name(to["seed"], joined(path, "seed")))
        if to.get("pick") != "random":
            beside: dict[str, Any] = {"key": "seed", "kind": shown(to.get("pick", "all")), "kinds": ("random",)}
            found.append(Finding("escalation.belongs", joined(path, "seed"), beside))
    up = to.get("n", 1)
    if "n" in allowed and not (isinstance(up, int) and not isinstance(up, bool) and 1 <= up <= MAX_UP):
        found.append(Finding("escalation.count", joined(path, "n"), {"value": shown(up), "limit": MAX_UP}))
    return found


def _check_named(name: Any, kind: str, path: str, declared: _Declared) -> list[Finding]:
    wrong = _shape.check_name(name, joined(path, kind))
    if wrong:
        return wrong
    known = {"role": declared.role, "queue": declared.queue, "field": declared.fields or ()}.get(kind, ())
    if (known or (kind == "field" and declared.fields is not None)) and name not in known:
        facts = {"kind": kind, "name": name, "known": known, "nearest": near(name, known)}
        return [Finding("escalation.undeclared", joined(path, kind), facts)]
    if kind == "target" and declared.targets is not None and name not in declared.targets:
        facts = {"name": name, "known": declared.targets, "nearest": near(name, declared.targets)}
        return [Finding("escalation.target", joined(path, kind), facts)]
    return []


def form(to: Any) -> str | None:
    """Which form a single ``to`` has: a relation or the key of its mapping; None where it is no ``to``."""
    if isinstance(to, str):
        return to if to in RELATIONS else None
    if not isinstance(to, Mapping):
        return None
    kinds = [kind for kind in FORMS if kind in to]
    return kinds[0] if len(kinds) == 1 else None


def insist(to: Any) -> None:
    """
    See to it that a ``to`` is one.

    Raises:
        DefinitionError: it is none.
    """
    found = check_to(to, "to")
    if found:
        raise DefinitionError.of(found)


def listed(to: Any) -> tuple[Any, ...]:
    """The single parts of a ``to``, in their order."""
    return tuple(to) if isinstance(to, (list, tuple)) else (to,)


def levels_up(to: Any) -> tuple[int, Any]:
    """How many levels up the line a single ``to`` asks for in all, and above whom."""
    up = 0
    while isinstance(to, Mapping) and "manager_of" in to:
        up += to.get("n", 1)
        to = to["manager_of"]
    return up, to


def symbols(to: Any) -> tuple[str, ...]:
    """
    A ``to`` as words, with no ticket and no world: ``assignee``, ``role:director``, ``manager_of:assignee``.

    Raises:
        DefinitionError: it is no ``to``.
    """
    insist(to)
    return tuple(dict.fromkeys(_symbol(item) for item in listed(to)))


def _symbol(to: Any) -> str:
    up, to = levels_up(to)
    prefix = "manager_of:" * up
    if isinstance(to, str):
        return prefix + to
    kind = str(form(to))
    name = to[kind]
    if kind in ("schedule", "on_call"):
        return prefix + on_call_word(name, to.get("who", "now"))
    return prefix + (name if kind in ("user", "outlet") else f"{kind}:{name}")


def on_call_word(name: str, who: str) -> str:
    """A schedule as a word for the host, which is to find other people for ``next`` and ``previous`` than for now."""
    return f"schedule:{name}" if who == "now" else f"{who}:schedule:{name}"
