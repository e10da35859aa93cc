"""Knows what can be said against a world, and against a policy in a world; must not know tickets or workflows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from servflow.dispatch._candidates import CANDIDATES, Candidate, everybody
from servflow.dispatch._check import ABSENT
from servflow.dispatch._policy import Policy
from servflow.dispatch._requirement import Requirement
from servflow.errors import ExpressionError, Finding, nearest
from servflow.expressions import Expression
from servflow.model import Engineer, Outlet, Queue, World, instant, write_instant

MAX_NAMED = 5
"""How many entities one finding names; it says how many there are."""

PRESENCE = ("available", "online", "busy", *ABSENT)
"""What presence usually says; only the last two keep tickets away."""

Mistakes = dict[tuple[str, str, str], list[str]]
"""(code, attribute, name) -> the entities, as paths, that are wrong in just that."""


def check_world(world: World | Mapping[str, Any], at: datetime | None = None) -> tuple[Finding, ...]:
    """
    What a world says that contradicts itself or can have no effect; nothing found is a good sign.

    A world is refused where it cannot be read: two of one id, circles of areas, shifts that overlap or end before they
    begin. What is found here can be read, and keeps tickets from people or people from tickets: names of nothing, loads
    above what somebody takes, rosters that are over. Everything alike is one finding with the first few it is true of.

    Args:
        world: the world, or its mapping.
        at: aware instant; where given, rosters are looked at from then on.

    Raises:
        TimeError: *at* is naive.
        InputError: the world cannot be read.
    """
    known = World.of(world) or World()
    moment = None if at is None else instant(at)
    if not any(everybody(known, kind) for kind in CANDIDATES):
        return (Finding("world.empty", "world", {}, "warning"),)
    found: Mistakes = {}
    for mistakes in (_names(known), _hours(known, moment), _loads(known), _books(known), _ids(known)):
        for code, attribute, name, path in mistakes:
            found.setdefault((code, attribute, name), []).append(path)
    close = _known_names(known)
    return tuple(_finding(key, paths, close) for key, paths in found.items())


Mistake = tuple[str, str, str, str]
"""A code, the attribute, the name or value that is wrong, and the path of the entity."""


def _finding(key: tuple[str, str, str], paths: list[str], close: Mapping[str, Iterable[str]]) -> Finding:
    code, attribute, name = key
    facts: dict[str, Any] = {"attribute": attribute, "name": name, "count": len(paths)}
    facts["who"] = [path.split(".", 2)[-1] for path in paths[:MAX_NAMED]]
    if code in close:
        facts["nearest"] = nearest(name, close[code])
    whole = code == "world.same_id" or paths[0].startswith(f"world.{attribute}.")  # the path of a book names the attribute
    path = paths[0] if whole else f"{paths[0]}.{attribute}"
    return Finding(code, path, facts, "info" if code == "world.unheard_of" else "warning")


def _known_names(world: World) -> Mapping[str, Iterable[str]]:
    return {
        "world.unknown_area": _areas(world),
        "world.unknown_calendar": world.calendars,
        "world.unknown_outlet": [site.id for site in (*world.outlets, *world.providers)],
        "world.unknown_provider": [site.id for site in world.providers],
        "world.unknown_candidate": _everyone(world),
        "world.unheard_of": _everyone(world),
        "world.presence_word": PRESENCE,
    }


def _areas(world: World) -> set[str]:
    return {*world.areas, *(above for above in world.areas.values() if above)}


def _everyone(world: World) -> set[str]:
    return {*world.persons, *(one.id for kind in ("outlets", "providers", "queues") for one in everybody(world, kind))}


def _listed(world: World) -> Iterator[tuple[str, Candidate]]:
    """Every candidate with its path."""
    for kind in CANDIDATES:
        if kind != "people":
            for who in everybody(world, kind):
                yield f"world.{kind}.{who.id}", who


def _names(world: World) -> Iterator[Mistake]:
    """Names of areas, calendars, outlets and providers that the world does not have."""
    areas = _areas(world)
    sites = {site.id for site in (*world.outlets, *world.providers)}
    providers = {site.id for site in world.providers}
    for path, who in _listed(world):
        for area in who.areas if areas else ():  # without a tree areas are just names
            if area not in areas:
                yield "world.unknown_area", "areas", area, path
        if who.shift is not None and who.shift not in world.calendars and not getattr(who, "shifts", ()):
            yield "world.unknown_calendar", "shift", who.shift, path
        if isinstance(who, Engineer) and who.outlet is not None and who.outlet not in sites:
            yield "world.unknown_outlet", "outlet", who.outlet, path
        if isinstance(who, Outlet):
            for name in who.neighbours:
                if name not in sites:
                    yield "world.unknown_outlet", "neighbours", name, path
            if who.provider is not None and providers and who.provider not in providers:
                yield "world.unknown_provider", "provider", who.provider, path
        if not isinstance(who, Queue):
            for attribute in ("position", "home"):
                place = getattr(who, attribute, None)
                if place is not None and not -90 <= place[0] <= 90:
                    yield "world.latitude", attribute, f"{place[0]:g}", path
    for here, others in world.travel.items():
        for area in (here, *others):
            if areas and area not in areas:
                yield "world.unknown_area", "travel", area, "world"


def _hours(world: World, at: datetime | None) -> Iterator[Mistake]:
    """Rosters that are over, and absences that last no time."""
    for path, who in _listed(world):
        if not isinstance(who, Engineer):
            continue
        if at is not None and who.shifts and who.shifts[-1][1] <= at:
            yield "world.roster_ended", "shifts", write_instant(who.shifts[-1][1]), path
        for start, end in who.absences:
            if end <= start:
                yield "world.absence_empty", "absences", write_instant(start), path


def _loads(world: World) -> Iterator[Mistake]:
    """Whoever holds more than they take, and whatever is below nothing."""
    for who_holds, load in world.loads.items():
        if load < 0:
            yield "world.below_zero", "loads", str(load), f"world.loads.{who_holds}"
    for who_holds, by_channel in world.channel_loads.items():
        for channel, load in by_channel.items():
            if load < 0:
                yield "world.below_zero", "channel_loads", f"{channel} {load}", f"world.channel_loads.{who_holds}"
    counted: set[str] = set()  # one id, one load
    for path, who in _listed(world):
        if who.capacity is not None and who.capacity < 0:
            yield "world.below_zero", "capacity", str(who.capacity), path
            continue
        load = world.loads.get(who.id, 0)
        if who.capacity is not None and load > who.capacity and who.id not in counted:
            counted.add(who.id)
            yield "world.over_capacity", "capacity", f"{load} > {who.capacity}", path
        for channel, limit in getattr(who, "per_channel", {}).items():
            held = world.channel_loads.get(who.id, {}).get(channel, 0)
            if limit.most is not None and held > limit.most:
                yield "world.over_capacity", "per_channel", f"{channel} {held} > {limit.most}", path


def _books(world: World) -> Iterator[Mistake]:
    """What is said of somebody whom the world does not have."""
    everyone = _everyone(world)
    for book in ("loads", "channel_loads", "presence", "free_at", "idle_since"):
        for name in getattr(world, book):
            # Loads by channel, and those of other things that a store counts, are no ids.
            if name not in everyone and "/" not in name and ":" not in name:
                yield "world.unknown_candidate", book, name, "world"
    for who, word in world.presence.items():
        if word not in PRESENCE:
            yield "world.presence_word", "presence", word, f"world.presence.{who}"
    for book in ("forbidden", "preferred"):
        for customer, names in getattr(world, book).items():
            for name in names:
                if name not in everyone:
                    yield "world.unheard_of", book, name, f"world.{book}.{customer}"


def _ids(world: World) -> Iterator[Mistake]:
    """One id for two: what they hold is counted together."""
    seen: dict[str, str] = {}
    for kind in ("engineers", "agents", "bots"):
        for who in everybody(world, kind):
            if who.id in seen:
                yield "world.same_id", "id", seen[who.id], f"world.{kind}.{who.id}"
            seen.setdefault(who.id, kind)


# policies ---------------------------------------------------------------------------------------------------------


def check_policy(
    policy: Policy | Mapping[str, Any],
    world: World | Mapping[str, Any],
    at: datetime | None = None,
    *,
    values: Mapping[str, Sequence[Any]] | None = None,
) -> tuple[Finding, ...]:
    """
    What a policy asks that nobody of a world can meet, whatever the ticket; paths begin below the policy.

    Looked at is what is written out: names and levels in the requirements, and where a requirement is a field alone,
    each value that the field may have. What expressions work out of a ticket is not guessed at.

    Args:
        policy: the policy, or its mapping.
        world: the world, or its mapping.
        at: aware instant; where given, certificates that have expired by then are held by nobody.
        values: field -> every value that it may have, where that is known.

    Raises:
        TimeError: *at* is naive.
        DefinitionError: the policy mapping is wrong.
        InputError: the world cannot be read.
    """
    read, known = Policy.read(policy), World.of(world) or World()
    moment = None if at is None else instant(at)
    candidates = everybody(known, read.candidates)
    if not candidates:
        return (Finding("dispatch.no_candidates", "candidates", {"candidates": read.candidates}, "warning"),)
    found: list[Finding] = []
    for index, entry in enumerate(read.require):
        path = f"require[{index}].{entry.kind}"
        severity = "info" if entry.optional else "warning"
        if entry.kind == "open" and entry.open != "shift" and entry.open not in known.calendars:
            facts = {"name": entry.open, "nearest": nearest(str(entry.open), known.calendars)}
            found.append(Finding("dispatch.calendar_not_there", path, facts, severity))
        for asked in _asked(entry, values or {}):
            for name, least in asked:
                found += _unmet(entry, (name, least), (known, candidates, moment), path, severity)
    return tuple(item for place, item in enumerate(found) if item not in found[:place])


Asked = list[tuple[str, int]]


def _asked(entry: Requirement, values: Mapping[str, Sequence[Any]]) -> Iterator[Asked]:
    """What a requirement asks where that is written out: the names, each with its least level or quantity."""
    text = getattr(entry, entry.kind)
    if entry.kind not in _HAS and entry.kind not in ("other_than", "preferred", "area"):
        return
    if not isinstance(text, Expression):
        return
    level = 1
    if entry.level is not None:
        fixed = _constant(entry.level)
        if not isinstance(fixed, int) or isinstance(fixed, bool):
            return  # how much is asked depends on the ticket
        level = fixed
    options = values[text.text] if text.text in values else [_constant(text)]
    for value in options:
        if isinstance(value, str) and value:
            yield [(value, level)]
        elif isinstance(value, (list, tuple)):
            yield [(name, level) for name in value if isinstance(name, str)]
        elif isinstance(value, Mapping) and entry.kind in ("skill", "part"):
            counts = ((name, least) for name, least in value.items() if isinstance(name, str))
            yield [(name, least if isinstance(least, int) else level) for name, least in counts]


def _constant(text: Expression) -> Any:
    """What an expression gives that reads nothing; None where it reads something or cannot be computed."""
    if text.roots or text.asks:
        return None
    try:
        return text.value({})
    except ExpressionError:
        return None


Around = tuple[World, list[Candidate], datetime | None]


def _unmet(entry: Requirement, asked: tuple[str, int], around: Around, path: str, severity: str) -> list[Finding]:
    """A finding where nobody has what is asked."""
    world, candidates, at = around
    (name, least), kind = asked, entry.kind
    if kind in ("other_than", "preferred"):
        ids = {who.id for who in candidates}
        if name in ids:
            return []
        return [Finding("dispatch.unknown_candidate", path, {"name": name, "nearest": nearest(name, ids)}, "info")]
    if kind == "area":
        tree = _areas(world)
        if tree and name not in tree and not any(name in who.areas for who in candidates):
            return [Finding("dispatch.unknown_area", path, {"name": name, "nearest": nearest(name, tree)}, severity)]
        around_it = world.area_path(name)
        if any(area in who.areas for who in candidates for area in around_it):
            return []
    else:
        have = _HAS[kind]
        if any(have(world, who, name, least, at) for who in candidates):
            return []
    held = sorted({found for who in candidates for found in _held(world, who, kind)})
    facts = {"kind": kind, "name": name, "nearest": None if name in held else nearest(name, held)}
    if kind == "area":
        return [Finding("dispatch.unserved", path, facts, severity)]
    if kind in ("skill", "part") and name in held:
        return [Finding("dispatch.too_little", path, {**facts, "level": least}, severity)]
    return [Finding("dispatch.unheld", path, facts, severity)]


def _held(world: World, who: Candidate, kind: str) -> Iterable[str]:
    attribute = {"skill": "skills", "language": "languages", "certificate": "certificates", "part": "parts", "area": "areas"}
    if kind == "contract":
        return _contracts(world, who)
    if kind == "channel":
        return who.serves or ()
    return getattr(who, attribute[kind], ())


def _contracts(world: World, who: Candidate) -> tuple[str, ...]:
    if isinstance(who, Engineer):
        site = world.by_id.get(who.outlet) if who.outlet else None
        return site.contracts if isinstance(site, Outlet) else ()
    return who.contracts


def _certified(_: World, who: Candidate, name: str, __: int, at: datetime | None) -> bool:
    if isinstance(who, Queue) or name not in who.certificates:
        return False
    end = who.certificates[name]
    return at is None or end is None or end > at


_HAS: Mapping[str, Callable[[World, Candidate, str, int, datetime | None], bool]] = {
    "skill": lambda _, who, name, least, __: who.skills.get(name, 0) >= least,
    "language": lambda _, who, name, __, ___: not isinstance(who, Queue) and name in who.languages,
    "certificate": _certified,
    "contract": lambda world, who, name, _, __: any(
        name == held or name.startswith(f"{held}/") for held in _contracts(world, who)
    ),
    "part": lambda _, who, name, least, __: not isinstance(who, Queue) and who.parts.get(name, 0) >= least,
    "channel": lambda _, who, name, __, ___: who.serves is None or name in who.serves,
}
"""Whether a candidate has what a requirement of a kind asks."""
