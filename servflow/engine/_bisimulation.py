"""
Knows in which states two definitions have the same future; must not know what happens to tickets that differ.

A state's future is everything a ticket in it can come to by events, by time and by dispatch. Both definitions are read as
labelled graphs whose nodes are states; a label says all that can tell one state from another (its transitions with guard,
permission, payload and updates for every event that is told apart, its timers and checklist, the clocks and chains that
may be live in it, the rules, and the fields and tables that any of these read). A state's name is part of what can be
seen of it, so the coarsest partition that refines labels has blocks of at most one state of each side, and it is
found by striking out the pairs that differ and then, backwards, every pair that leads to one. ``ticket.force`` is
left aside: it leads from everywhere to everywhere.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import define, field, frozen

from servflow.engine._definition import BUILT_IN
from servflow.engine._untitled import untitled
from servflow.model import canonical

Data = Mapping[str, Any]

_READS_CLOCKS = re.compile(r"\bclock\s*[.\[)]")
_WORD = re.compile(r"[^\W\d]\w*")
_TOLD_APART = ".?"  # what follows a prefix without being named anywhere
_RAISED = ("checked.", "unchecked.", "done.", "approved.", "rejected.", "children.")
_AUDIENCE = ("title", "description", "id")
_MOVING = ("event", "source", "target")
_KNOWN = frozenset(
    {"servflow", "workflow", "version", "fields", "roles", "queues", "events", "initial", "states", "transitions"}
    | {"tables", "rules", "dispatch", "clocks", "escalations", "laws", "calendars", *_AUDIENCE}
)


@frozen
class Futures:
    """Which states have the same future, and of the others what differs in them or where they lead to such."""

    same: frozenset[str]
    differs: Mapping[str, tuple[str, ...]]
    parts: Mapping[tuple[str, str], bool]
    """Section and name of every clock, chain and dispatch entry of both sides -> whether it means the same there."""


def same_futures(old: Data, new: Data, *, extensions: bool = True) -> Futures:
    """
    Compare the states of two definitions.

    Args:
        old: the canonical data of the definition before, with the names the new one has.
        new: the canonical data of the definition after.
        extensions: whether both run with the same host functions; where they do not, nothing is the same.
    """
    shared = _Shared.of(old, new)
    before, after = _Graph.of(old, shared), _Graph.of(new, shared)
    if not extensions:
        after.everywhere["extensions"] = "others"
    general = _differing(before.everywhere, after.everywhere)
    differs: dict[str, tuple[str, ...]] = {}
    for name in before.labels.keys() & after.labels.keys():
        found = (*general, *_differing(before.labels[name], after.labels[name]))
        if found or before.follow[name] != after.follow[name]:
            differs[name] = found or ("structure",)
    for name in before.labels.keys() ^ after.labels.keys():
        differs[name] = ("removed",) if name in before.labels else ("added",)
    into: dict[str, set[str]] = {}
    for graph in (before, after):
        for name, following in graph.follow.items():
            for other in following:
                into.setdefault(other, set()).add(name)
    waiting = deque(sorted(differs))
    while waiting:
        changed = waiting.popleft()
        for name in sorted(into.get(changed, ())):
            if name not in differs:
                differs[name] = (f"leads to {changed}",)
                waiting.append(name)
    parts = {
        key: part == after.parts[key] and (extensions or part == "") for key, part in before.parts.items() if key in after.parts
    }
    return Futures(frozenset(before.labels.keys() - differs.keys()), differs, parts)


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[str, ...]:
    found = {key.removesuffix(_TOLD_APART) for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    return tuple(sorted(key if key != "on " else "on *" for key in found))


# what both sides have in common -------------------------------------------------------------------------------


@frozen
class _Shared:
    """What is looked at on both sides: events that can be told apart, and the names the older side has."""

    events: tuple[str, ...]
    fields: frozenset[str]
    queues: frozenset[str]
    under: Mapping[str, list[str]]

    @classmethod
    def of(cls, old: Data, new: Data) -> _Shared:
        words = {word for data in (old, new) for move in data.get("transitions", ()) for word in _descriptors(move)}
        bases = {word.removesuffix(".*") for word in words if word != "*"}
        events = bases | {base + _TOLD_APART for base in bases} | {_TOLD_APART}
        under: dict[str, list[str]] = {}
        for event in sorted(events):
            parts = event.split(".")
            for length in range(1, len(parts) + 1):
                under.setdefault(".".join(parts[:length]), []).append(event)
        return cls(tuple(sorted(events)), frozenset(old.get("fields", {})), frozenset(old.get("queues", ())), under)

    def matched(self, descriptors: Iterable[str]) -> list[str]:
        """The events that one of the descriptors of a transition takes."""
        found: set[str] = set()
        for word in descriptors:
            if word == "*":
                return list(self.events)
            stem = word.removesuffix(".*")
            found.update(event for event in self.under.get(stem, ()) if event != stem or stem == word)
        return sorted(found)


def _descriptors(move: Data) -> tuple[str, ...]:
    return tuple((move.get("event") or "").split())


def _takes(move: Data, event: str) -> bool:
    return any(word in ("*", event) or event.startswith(word.removesuffix(".*") + ".") for word in _descriptors(move))


def _list(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)


# one side -----------------------------------------------------------------------------------------------------


@define
class _Graph:
    """One definition: the label of every state, part by part, and the states that may come next."""

    data: Data
    shared: _Shared
    states: dict[str, Data] = field(factory=dict)
    parent: dict[str, str | None] = field(factory=dict)
    labels: dict[str, dict[str, str]] = field(factory=dict)
    follow: dict[str, frozenset[str]] = field(factory=dict)
    everywhere: dict[str, str] = field(factory=dict)
    heard: list[str] = field(factory=list)
    parts: dict[tuple[str, str], str] = field(factory=dict)

    @classmethod
    def of(cls, data: Data, shared: _Shared) -> _Graph:
        data = untitled(data)
        fields = {name: _without(spec, _AUDIENCE) for name, spec in data.get("fields", {}).items()}
        # Cells are read in the order of outputs, and a mapping is compared without one; cases only test a table.
        tables = {
            name: {**_without(table, frozenset({"cases"})), "order": list(table.get("outputs", ()))}
            for name, table in data.get("tables", {}).items()
        }
        made = cls({**data, "fields": fields, "tables": tables}, shared)
        words = {word.removesuffix(".*") + "." for move in data.get("transitions", ()) for word in _descriptors(move)}
        made.heard = sorted(word for word in words if word.startswith(_RAISED))
        made._collect()
        made._moves()
        made._live()
        made._general()
        for section in ("clocks", "escalations", "dispatch"):
            for item in data.get(section, ()):
                made.parts[section, item["name"]] = made._whole(item)
        return made

    def _collect(self) -> None:
        waiting: deque[tuple[str | None, Data]] = deque([(None, self.data.get("states", {}))])
        while waiting:
            above, level = waiting.popleft()
            for name, state in level.items():
                self.states[name], self.parent[name] = state, above
                if state.get("states"):
                    waiting.append((name, state["states"]))
        for name, state in self.states.items():
            kept = _without(state, (*_AUDIENCE, "states"))
            if state.get("timers"):
                kept["timers"] = [_without(timer, _AUDIENCE) for timer in state["timers"]]
            if state.get("checklist"):
                kept["step.check"] = self.data.get("events", {}).get("step.check")
            if state.get("checklist") or state.get("approval"):
                kept["raises"] = self._raises(name)
            self.labels[name] = {"state": self._whole(kept)}
            if self.parent[name] is not None or state.get("states"):
                inside = list(state.get("states", {}))
                # Regions are entered in their order, and the first state may be the initial one.
                ordered = state.get("parallel") or not state.get("initial")
                self.labels[name]["structure"] = _text([inside if ordered else sorted(inside), self.parent[name]])

    def _moves(self) -> None:
        following: dict[str, set[str]] = {name: set() for name in self.states}
        for name, above in self.parent.items():
            if above is not None:  # whatever is around a state, or inside it, may be active with it
                following[above].add(name)
                following[name].add(above)
        for name, state in self.states.items():
            reopened = state.get("reopen")
            following[name].update(_list(reopened.get("target")) if isinstance(reopened, Mapping) else ())
        taken: dict[str, list[tuple[Data, str]]] = {name: [] for name in self.states}
        for move in self.data.get("transitions", ()):
            text = self._whole(self._granted(move)) + _text(_list(move.get("target")))
            for source in _list(move.get("source")):
                for name in self.states if source == "*" else (source,):
                    taken[name].append((move, text))
                    following[name].update(_list(move.get("target")))
        remembered = self._remembered()
        heard: dict[str, list[str]] = {}
        for name, moves in taken.items():
            chosen: dict[str, list[str]] = {}
            for move, text in moves:
                described = move.get("event") or ""
                if described not in heard:
                    heard[described] = self.shared.matched(_descriptors(move))
                for event in heard[described] if described else ("",):
                    chosen.setdefault(event, []).append(text)
            for event, texts in chosen.items():
                self.labels[name][f"on {event}" if event else "eventless"] = _text([texts, event in remembered])
            self.follow[name] = frozenset(following[name])

    def _raises(self, name: str) -> list[str]:
        """What is listened for of what a checklist or an approval here raises; what nobody listens for is not raised."""
        own = [f"{first}.{name}." for first in ("checked", "unchecked", "done.checklist", "approved", "rejected")]
        return [word for word in self.heard if any(word.startswith(event) or event.startswith(word) for event in own)]

    def _granted(self, move: Data) -> Data:
        """A transition without what places it, with the permission that holds for it."""
        kept = _without(move, (*_MOVING, *_AUDIENCE))
        grant = self.data.get("events", {}).get(move.get("event") or "", {})
        for key in ("allow", "not_by"):
            if not kept.get(key) and grant.get(key):
                kept[key] = grant[key]
        return kept

    def _remembered(self) -> frozenset[str]:
        specs = [*self.data.get("transitions", ()), *self.data.get("events", {}).values()]
        return frozenset(spec["not_by"] for spec in specs if spec.get("not_by"))

    # clocks, chains and dispatch: where they may be live

    def _live(self) -> None:
        live_clocks: dict[str, set[str]] = {}
        for clock in self.data.get("clocks", ()):
            found = live_clocks[clock["name"]] = self._clock_lives(clock)
            whole = self._whole([clock, *self._above(clock)])
            for name in found:
                self.labels[name][f"clock {clock['name']}"] = whole
        for place, state in self.states.items():
            steps = [step for step in state.get("checklist", ()) if isinstance(step, Mapping) and step.get("within")]
            if isinstance(vote := state.get("approval"), Mapping) and vote.get("within"):
                steps.append(vote)
            if steps:  # what a step promises rests while its state is left, and ends when the ticket closes
                for name in self._reach([place], self._closed()):
                    self.labels[name][f"steps of {place}"] = self._whole([steps, state.get("ordered")])
        for chain in self.data.get("escalations", ()):
            for name in self._chain_lives(chain, live_clocks):
                # Chains look at what happened one after the other.
                self.labels[name][f"chain {chain['name']}"] = self._whole(chain)
                self.labels[name]["chains"] = self.labels[name].get("chains", "") + f"{chain['name']};"
        for policy in self.data.get("dispatch", ()):
            states = {*_list(policy.get("state")), *_list(policy.get("until"))}
            for name in self.states if policy.get("event") or not states else states:
                self.labels[name][f"dispatch {policy['name']}"] = self._whole(policy)

    def _above(self, clock: Data) -> list[Data]:
        """The clocks that hold a clock to what they promise."""
        known = {one["name"]: one for one in self.data.get("clocks", ())}
        found: list[Data] = []
        while (clock := known.pop(clock.get("parent", ""), {})) != {}:
            found.append(clock)
        return found

    def _clock_lives(self, clock: Data) -> set[str]:
        stops = {*_list(clock.get("until")), *(one["state"] for one in _conditions(clock, "stop") if "state" in one)}
        starts = _conditions(clock, "start")
        entries = {one["state"] for one in starts if "state" in one} - stops
        seeds = set(entries)
        if any("state" not in one for one in starts):
            seeds |= self.states.keys() - stops
        if not starts:
            seeds |= self._initial()
        if clock.get("on_reopen") != "ignore":
            seeds |= self._reopened()
        return self._reach(seeds - stops, (stops | self._closed()) - entries)

    def _chain_lives(self, chain: Data, clocks: Mapping[str, set[str]]) -> set[str]:
        seeds: set[str] = set()
        for trigger in _conditions(chain, "start"):
            if "clock" in trigger:
                # A clock that a part of a state makes may be running wherever that state is remembered.
                seeds |= clocks.get(trigger["clock"], self.states.keys())
            elif "state" in trigger:
                seeds.add(trigger["state"])
            elif "age" in trigger:
                seeds |= self._initial() | self._reopened()
            else:
                seeds |= self.states.keys()
        if not _conditions(chain, "start") or self._asked_for(chain["name"]):
            seeds |= self.states.keys()
        stops = {one["state"] for one in _conditions(chain, "until") if "state" in one}
        return self._reach(seeds, (stops | self._closed()) - seeds)

    def _asked_for(self, chain: str) -> bool:
        doing = [move.get("do") for move in self.data.get("transitions", ())]
        doing += [rule.get("then") for rule in self.data.get("rules", ())]
        doing += [level.get("do") for one in self.data.get("escalations", ()) for level in one.get("levels", ())]
        return chain in _texts(doing)

    def _initial(self) -> set[str]:
        named = set(_list(self.data.get("initial"))) or set(list(self.data.get("states", {}))[:1])
        around = {above for name in named for above in self._around(name)}
        return self._inside(named) | around

    def _around(self, name: str) -> Iterator[str]:
        above = self.parent.get(name)
        while above is not None:
            yield above
            above = self.parent[above]

    def _inside(self, names: Iterable[str]) -> set[str]:
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found and name in self.states:
                found.add(name)
                waiting.extend(self.states[name].get("states", ()))
        return found

    def _closed(self) -> set[str]:
        return self._inside(name for name, state in self.states.items() if state.get("closed"))

    def _reopened(self) -> set[str]:
        closed = self._closed()
        found = {name for source in closed for name in self.follow[source]}
        return self._inside(found) - closed

    def _reach(self, seeds: Iterable[str], ends: set[str]) -> set[str]:
        """The states in which what begins in some may be live; one step of eventless moves may pass what ends it."""
        if any(not move.get("event") for move in self.data.get("transitions", ())):
            ends = set()
        found = {name for name in seeds if name in self.states}
        waiting = list(found)
        while waiting:
            for name in self.follow[waiting.pop()]:
                if name not in found and name not in ends and name in self.states:
                    found.add(name)
                    waiting.append(name)
        return found

    # what holds in every state

    def _general(self) -> None:
        data, shared = self.data, self.shared
        events, fields = data.get("events", {}), data.get("fields", {})
        moved = {word for move in data.get("transitions", ()) for word in _descriptors(move)}
        anywhere = {
            name: _without(spec, _AUDIENCE)
            for name, spec in events.items()
            if name != "step.check" and (name in BUILT_IN or name not in moved)
        }
        heard = sorted(
            {
                item.get("event", "")
                for section in ("clocks", "escalations")
                for one in data.get(section, ())
                for key in ("start", "stop", "pause", "resume", "reset", "cancel", "until")
                for item in _conditions(one, key)
            }
        )
        slots: dict[str, str] = {}
        for policy in data.get("dispatch", ()):
            slots.setdefault(policy.get("slot", ""), policy["name"])
        remembered = self._remembered()
        parts: dict[str, Any] = {
            "roles": bool(data.get("roles")),
            "events": anywhere,
            "heard events": [(name, any(_takes(move, name) for move in data.get("transitions", ()))) for name in heard],
            "remembered events": sorted(name for name in remembered if name in BUILT_IN or name not in moved),
            "slots": slots,
            "children": "children.closed." in self.heard or "children." in self.heard,
        }
        if not data.get("roles") or "ticket.update" in events:
            parts["fields"] = {name: spec for name, spec in fields.items() if name in shared.fields}
            queues = data.get("queues", ())
            parts["queues"] = [bool(queues), sorted(shared.queues.intersection(queues))]
        parts |= {key: value for key, value in data.items() if key not in _KNOWN}
        self.everywhere = {key: _text(value) for key, value in parts.items()}
        self.everywhere["rules"] = self._whole(list(data.get("rules", ())))

    def _whole(self, part: Any) -> str:
        """A part of the definition with every field, table and clock it may read: named anywhere in its texts."""
        named: dict[str, Any] = {}
        waiting = [part]
        while waiting:
            texts = list(_texts(waiting.pop()))
            words = {word for text in texts for word in _WORD.findall(text)}
            for section in ("fields", "tables"):
                for name in sorted(words & self.data.get(section, {}).keys()):
                    key = f"{section}.{name}"
                    if key not in named:
                        named[key] = self.data[section][name]
                        waiting.append(named[key])
            if any(_READS_CLOCKS.search(text) for text in texts):
                made = {name: [state.get("checklist"), state.get("approval")] for name, state in self.states.items()}
                for name, clock in [*((one["name"], one) for one in self.data.get("clocks", ())), ("made by states", made)]:
                    if f"clocks.{name}" not in named:
                        named[f"clocks.{name}"] = clock
                        waiting.append(clock)
        return _text([part, named])


def _without(part: Data, keys: Iterable[str]) -> dict[str, Any]:
    gone = frozenset(keys)
    return {key: value for key, value in part.items() if key not in gone}


def _conditions(part: Data, key: str) -> list[Data]:
    value = part.get(key)
    return [item for item in (value if isinstance(value, (list, tuple)) else [value]) if isinstance(item, Mapping)]


def _texts(value: Any) -> Iterator[str]:
    """Every text in plain data, keys included."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping):
            waiting.extend(item.keys())
            waiting.extend(item.values())
        elif isinstance(item, (list, tuple)):
            waiting.extend(item)


def _text(value: Any) -> str:
    return canonical([value]).decode()


__all__ = ["Futures", "same_futures"]
