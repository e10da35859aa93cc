"""Knows how elements are copied, also from another definition; must not know how texts change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import evolve, field, frozen

from servflow.embedding import _source_carry as carry
from servflow.embedding._refusing import refusal
from servflow.embedding._source import Source, edit
from servflow.embedding._source_ids import Element
from servflow.embedding._source_names import MAPS_KINDS
from servflow.embedding._source_parts import within
from servflow.embedding._source_places import ROOT
from servflow.errors import shown

_NEEDED = ("field", "calendar", "table")
_LISTED = {"role": "roles", "queue": "queues"}
"""What comes along from another definition where there is none of that name; what is only listed, where anything is."""

_NUMBERED = re.compile(r"(.+)_(\d{1,9})")


def paste(source: Any, *ids: str, of: Any = None, names: Mapping[str, str] | None = None) -> Source:
    """
    Put copies of elements into a source, under names that are free; one step of ``undo``.

    What the copies say of each other is said of the copies: conditions, events such as ``approved.check``, initial states.
    With a state come the states in it, its timers and steps, and the transitions that lead out of it, from the copy alone;
    comments in what is copied come along. From another source come the fields, calendars and tables that the copies name,
    where there are none of these names.

    Args:
        source: a ``Source``, or what ``edit`` takes, that gets the copies.
        ids: the elements, such as those chosen in an editor: states, transitions, clocks, tables and whatever else stands
            in a section of the definition itself.
        of: the source that they are copied from, or what ``edit`` takes; *source* itself unless given.
        names: for ids, how their copies are to be called.

    Returns:
        The changed source. ``moved`` maps the ids of all that was copied to those of the copies. Where the copies name what
        is not there, its ``findings`` tell.

    Raises:
        InputError: there is no such element, or it cannot stand alone; a name is taken. Nothing is changed then.
        DefinitionError: a source cannot be read at all.
    """
    given: object = names
    if given is not None and not isinstance(given, Mapping):
        raise refusal("edit.mapping", "names")
    target = edit(source)
    origin = target if of is None else edit(of)
    work = _Paste(target, origin, dict(names or {}))
    unknown = [id_ for id_ in work.names if id_ not in ids]
    if unknown:
        raise refusal("edit.unknown", id=shown(unknown[0]), nearest=None)
    chosen = work.chosen(ids)
    if of is not None:
        chosen = [*work.needed(chosen), *chosen]
    return target.at_once(work.made(chosen))


@frozen
class _Paste:
    target: Source
    origin: Source
    names: dict[str, str]
    now: dict[str, str] = field(factory=dict)
    """The ids of what is copied -> those that they have in the origin while it is renamed."""

    def chosen(self, ids: Iterable[str]) -> list[Element]:
        """The elements that are copied as a whole, with the transitions of their states."""
        found = {id_: self.origin.element(id_) for id_ in ids}
        for element in found.values():
            if not element.steps or element.steps[0] not in ROOT or (len(element.steps) > 2 and element.kind != "state"):
                raise refusal("edit.copied", id=element.id or "''")
        outer = [
            one
            for one in found.values()
            if not any(other is not one and within(one.steps, other.steps) for other in found.values())
        ]
        inside = set(self._states(outer))
        more = [
            one
            for one in self.origin.elements.values()
            if one.kind == "transition" and one.id not in found and inside & set(_sources(one.data))
        ]
        return [*outer, *more]

    def _states(self, chosen: Iterable[Element]) -> Iterator[str]:
        for one in self.origin.elements.values():
            if one.kind == "state" and any(within(one.steps, outer.steps) for outer in chosen):
                yield one.name

    def needed(self, chosen: list[Element]) -> list[Element]:
        """What the copies name and the target has not, and what that names in turn."""
        there = {(one.kind, one.name) for one in self.target.elements.values()}
        waiting = [
            one
            for one in self.origin.elements.values()
            if (one.kind in _NEEDED or self.target.data.get(_LISTED.get(one.kind, "")))
            and len(one.steps) == 2
            and (one.kind, one.name) not in there
            and one not in chosen
        ]
        uses = {one.id: [use.steps for use in self.origin.uses(one.id)] for one in waiting}
        found: list[Element] = []
        size = -1
        while size != len(found):
            size = len(found)
            taken = [one.steps for one in (*chosen, *found)]
            found += [
                one
                for one in waiting
                if one not in found and any(within(use, outer) for use in uses[one.id] for outer in taken)
            ]
        return found

    def made(self, chosen: list[Element]) -> Source:
        origin, named = self.origin, {one.id: one for one in self._named(chosen)}
        self.now.update({one.id: one.id for one in (*chosen, *named.values())})
        for id_, element in named.items():
            name = self._free(element, origin)
            if name != element.name:
                origin = origin.rename(self.now[id_], name)
                self.now.update({key: origin.moved.get(value, value) for key, value in self.now.items()})
        states = [origin.element(self.now[one.id]).name for one in named.values() if one.kind == "state"]
        made = self.target
        moved: dict[str, str] = {}
        for element in chosen:
            made, id_ = self._added(made, origin, origin.element(self.now[element.id]), element, states)
            moved = {key: made.moved.get(value, value) for key, value in moved.items()} | {element.id: id_}
        inner = {id_: self.now[id_] for id_ in named if id_ not in moved}
        return evolve(made, moved={**moved, **inner})

    def _named(self, chosen: Iterable[Element]) -> Iterator[Element]:
        """What gets a name of its own: the elements, and the states in them, whose names are those of the whole chart."""
        for one in self.origin.elements.values():
            outer = next((outer for outer in chosen if within(one.steps, outer.steps)), None)
            if one.name and outer is not None and (one is outer or one.kind == "state"):
                yield one

    def _free(self, element: Element, origin: Source) -> str:
        wanted = self.names.get(element.id)
        if wanted is not None:
            return wanted
        taken = {one.name for one in (*self.target.elements.values(), *origin.elements.values()) if one.kind == element.kind}
        if element.name not in {one.name for one in self.target.elements.values() if one.kind == element.kind}:
            return element.name
        found = _NUMBERED.fullmatch(element.name)
        base, number = (found[1], int(found[2])) if found else (element.name, 1)
        while f"{base}_{number + 1}" in taken:
            number += 1
        return f"{base}_{number + 1}"

    def _added(self, made: Source, origin: Source, element: Element, was: Element, states: list[str]) -> tuple[Source, str]:
        data, section = element.data, str(element.steps[0])
        if element.kind == "transition" and isinstance(data, Mapping):
            data = {key: value for key, value in data.items() if key != "id"}
            kept = [name for name in _sources(data) if name in states]
            if kept:
                data["source"] = kept[0] if len(kept) == 1 else kept
        beside = self.origin is self.target and len(was.steps) == 2
        after = was.id if beside else None
        other = made.add(section, data, name=element.name if element.kind in MAPS_KINDS else None, after=after)
        fresh = other.added or ""
        if data == element.data and fresh:
            whole = carry.carried(origin.text, element.steps, other.text, other.elements[fresh].steps)
            other = other if whole is None else evolve(other, text=whole)
        return other, fresh


def _sources(data: Any) -> tuple[str, ...]:
    value = data.get("source") if isinstance(data, Mapping) else None
    listed = value if isinstance(value, list) else [value]
    return tuple(one for one in listed if isinstance(one, str))
