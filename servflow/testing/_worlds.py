"""Knows how to draw worlds that fit what a workflow asks of them; must not know how anybody is chosen from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen
from hypothesis import strategies as st

from servflow.calendars import Calendar
from servflow.engine import Workflow
from servflow.escalation import Rotation
from servflow.model import Engineer, Field, Outlet, Person, Queue, World
from servflow.testing._strategies import PEOPLE

AREAS = ("north", "south")
"""What free texts that dispatch compares with areas, skills and the like are, so that people and tickets can meet."""

_QUOTED = re.compile(r"'([^'\\]+)'|\"([^\"\\]+)\"")
_NAME = re.compile(r"[A-Za-z_]\w*")
_KINDS = ("skill", "area", "contract", "language", "certificate", "part")
_SHIFTS: Mapping[str, Mapping[str, Any]] = {
    "day": {"zone": "UTC", "week": {"mon-fri": ["08:00-18:00"]}},
    "night": {"zone": "Asia/Shanghai", "week": {"mon-sun": ["22:00-06:00"]}},
}
_FROM = "2024-01-01T09:00:00Z"


@frozen
class Wanted:
    """The words a workflow uses of the world outside."""

    words: Mapping[str, tuple[str, ...]]
    """For what dispatch requires (skill, area ...), the words tickets may come to ask for."""
    matched: frozenset[str]
    """Free text fields that dispatch compares, for which tickets should use the same words."""
    users: tuple[str, ...]
    queues: tuple[str, ...]
    schedules: tuple[str, ...]
    parts: tuple[str, ...]
    outlets: bool
    shifts: bool
    room: bool

    @classmethod
    def of(cls, workflow: Workflow) -> Wanted:
        data = workflow.to_data()
        words: dict[str, dict[str, None]] = {kind: {} for kind in _KINDS}
        matched: set[str] = set()
        for policy in data.get("dispatch", ()):
            for requirement in policy.get("require", ()):
                for kind in _KINDS:
                    if kind in requirement:
                        said, free = _read(str(requirement[kind]), workflow.fields)
                        words[kind].update(dict.fromkeys(said))
                        matched |= free
        found = dict(_mentions(data))
        return cls(
            {kind: tuple(said) for kind, said in words.items() if said},
            frozenset(matched),
            tuple(found.get("user", ())),
            tuple(dict.fromkeys([*workflow.queues, *found.get("queue", ())])),
            tuple(dict.fromkeys([*found.get("schedule", ()), *found.get("on_call", ())])),
            parts_of(workflow) if any(word in str(data) for word in ("part.need", "parts.")) else (),
            any(policy.get("slot") == "outlet" or policy.get("of") == "outlet" for policy in data.get("dispatch", ())),
            any("open" in item for policy in data.get("dispatch", ()) for item in policy.get("require", ())),
            bool(data.get("dispatch")),
        )


def parts_of(workflow: Workflow) -> tuple[str, ...]:
    """Spare parts by name: those that its tables tell apart, and two that none knows."""
    types = workflow.compiled.types
    told = [value for table in workflow.tables.values() for value in table.samples("part", types) if isinstance(value, str)]
    return tuple(dict.fromkeys([*(name for name in told if name), "pump", "fuse"]))[:6]


def _read(text: str, fields: Mapping[str, Field]) -> tuple[list[str], set[str]]:
    """The words an expression of dispatch can give, and the free text fields it reads them from."""
    said = [one or other for one, other in _QUOTED.findall(text)]
    free: set[str] = set()
    for name in dict.fromkeys(_NAME.findall(text)):
        spec = fields.get(name)
        if spec is not None and spec.one_of:
            said += [str(value) for value in spec.allowed]
        elif spec is not None and spec.type == "string":
            said += AREAS
            free.add(name)
    return said, free


def _mentions(data: Any) -> Mapping[str, dict[str, None]]:
    """Whom the definition names: users, queues and schedules, wherever they stand."""
    found: dict[str, dict[str, None]] = {}
    waiting = [data]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            for key in ("user", "queue", "schedule", "on_call"):
                if isinstance(part.get(key), str):
                    found.setdefault(key, {})[part[key]] = None
            waiting += part.values()
        elif isinstance(part, (list, tuple)):
            waiting += part
    return found


def worlds_for(workflow: Workflow) -> st.SearchStrategy[World]:
    """
    Worlds that the dispatch, the addressing and the escalation of a workflow can read.

    People hold its roles, sit in its queues, are on call in its schedules and have what its dispatch requires, in part: in
    some worlds somebody fits, in some everybody is away, full or on another shift, and now and then there is nobody at all.
    The same few ids are used as drawn actors have (``PEOPLE``).
    """
    wanted = Wanted.of(workflow)
    engineers = [_engineer(wanted, workflow.roles, name) for name in PEOPLE]
    some = st.lists(st.sampled_from(range(len(engineers))), unique=True, max_size=len(engineers)).map(sorted)
    people = st.tuples(some, st.tuples(*engineers)).map(lambda drawn: [drawn[1][index] for index in drawn[0]])
    whole = st.tuples(*engineers).map(list)
    outlets = st.lists(_outlet(wanted), max_size=2, unique_by=lambda outlet: outlet.id) if wanted.outlets else st.just([])
    loads = st.dictionaries(st.sampled_from(PEOPLE), st.integers(0, 3), max_size=2) if wanted.room else st.just({})
    presence = st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(["away", "offline"]), max_size=2)
    counts = st.sampled_from([9, 1, 0])
    stock = st.one_of(st.fixed_dictionaries(dict.fromkeys(wanted.parts, counts)), st.none()) if wanted.parts else st.none()
    parts = {"loads": loads, "presence": presence, "others": _others(workflow, wanted), "outlets": outlets, "stock": stock}
    return st.builds(_world, st.just(wanted), st.one_of(whole, whole, people), st.fixed_dictionaries(parts))


def _engineer(wanted: Wanted, roles: tuple[str, ...], name: str) -> st.SearchStrategy[Engineer]:
    words = wanted.words
    held = words.get("contract", ())
    parts: dict[str, st.SearchStrategy[Any]] = {
        "id": st.just(name),
        "roles": _most(roles),
        "skills": st.dictionaries(st.sampled_from(words["skill"]), st.integers(1, 3)) if "skill" in words else st.just(None),
        "areas": _most(words.get("area", ())),
        "languages": _most(words.get("language", ())),
        "certificates": _most(words.get("certificate", ())).map(dict.fromkeys),
        "queues": _most(wanted.queues),
        "manager": st.sampled_from([None, "mia", *PEOPLE]).map(lambda who: None if who == name else who),
        "shift": st.sampled_from([None, None, *_SHIFTS]) if wanted.shifts else st.none(),
        "capacity": st.sampled_from([None, 2, 1, 0]) if wanted.room else st.none(),
        "outlet": st.sampled_from(["o1", "o2"]) if wanted.outlets or held else st.none(),
    }
    return st.fixed_dictionaries(parts).map(lambda drawn: Engineer(**drawn))


def _outlet(wanted: Wanted) -> st.SearchStrategy[Outlet]:
    parts: dict[str, st.SearchStrategy[Any]] = {
        "id": st.sampled_from(["o1", "o2"]),
        "areas": _most(wanted.words.get("area", ())),
        "contracts": _most(wanted.words.get("contract", ())),
        "skills": _most(wanted.words.get("skill", ())),
        "shift": st.sampled_from([None, *_SHIFTS]) if wanted.shifts else st.none(),
        "capacity": st.sampled_from([None, 2, 1]),
    }
    return st.fixed_dictionaries(parts).map(lambda drawn: Outlet(**drawn))


def _others(workflow: Workflow, wanted: Wanted) -> st.SearchStrategy[list[Person]]:
    """Who is told but does no tickets: a manager who holds some roles, and everybody the definition names."""
    named = [Person(id=name) for name in wanted.users if name not in PEOPLE]
    manager = _most(workflow.roles).map(lambda roles: [Person(id="mia", roles=roles)])
    return st.one_of(manager, manager, st.just([])).map(lambda found: [*found, *(one for one in named if one.id != "mia")])


def _most(words: Iterable[str]) -> st.SearchStrategy[list[str]]:
    """All of the words, often, or some of them."""
    known = list(dict.fromkeys(words))
    if not known:
        return st.just([])
    return st.one_of(st.just(known), st.lists(st.sampled_from(known), unique=True))


def _world(wanted: Wanted, engineers: list[Engineer], parts: Mapping[str, Any]) -> World:
    others: list[Person] = parts["others"]
    on_call = tuple(engineer.id for engineer in engineers) or tuple(person.id for person in others)
    shifts = {one.shift for one in (*engineers, *parts["outlets"])}
    present = {engineer.id for engineer in engineers}
    return World(
        engineers=engineers,
        outlets=parts["outlets"],
        people=others,
        queues=[Queue(id=name, manager=others[0].id if others else None) for name in wanted.queues],
        loads={who: load for who, load in parts["loads"].items() if who in present},
        presence=parts["presence"],
        calendars={name: Calendar(**data) for name, data in _SHIFTS.items() if name in shifts},
        stock=parts["stock"],
        schedules={name: Rotation(on_call, _FROM, "UTC") for name in wanted.schedules} if on_call else {},
    )
