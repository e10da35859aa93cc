"""Knows what a machine hands back; must not know how it is worked out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from attrs import frozen


class Remembered(dict[str, tuple[str, ...]]):
    """
    What history states remember: history id to the states it brings back. Read-only.

    It is a dict so that it compares, pickles and turns into JSON as one, and so that results which share it
    cannot change each other it refuses every write.
    """

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("remembered history is read-only; make a dict of it to change a copy")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return Remembered, (dict(self),)

    def __hash__(self) -> int:  # type: ignore[override] # a dict has none because it changes; this one does not
        return hash(frozenset(self.items()))


NOTHING = Remembered()
"""The history of a machine that remembers nothing yet."""


class Chosen(tuple[int, ...]):
    """
    Transitions selected together, which also knows from which of their sources each is taken.

    Needed only where one transition lists several sources that can be active at once.
    """

    arms: tuple[int, ...]

    @classmethod
    def of(cls, rows: tuple[int, ...], arms: tuple[int, ...]) -> Chosen:
        chosen = cls(rows)
        chosen.arms = arms
        return chosen


@frozen
class Move:
    """
    One microstep: what is active afterwards and how it came about.

    ``configuration`` holds the active leaves in document order. ``history`` is what history states remember
    afterwards. ``exited`` is in exit order (inner first), ``entered`` in entry order (outer first). ``done``
    names the events that entering raised, in order. ``order`` holds the transitions in the order in which
    their actions run: after the exits, before the entries.
    """

    configuration: tuple[str, ...]
    history: Mapping[str, tuple[str, ...]]
    exited: tuple[str, ...]
    entered: tuple[str, ...]
    done: tuple[str, ...]
    order: tuple[int, ...]


@frozen
class Step:
    """
    One macrostep: an event and everything that follows from it without another one.

    ``configuration`` holds the active leaves in document order. ``exited``, ``entered`` and ``transitions``
    (indexes into the list the machine was given) run over all its microsteps in order, so a state passed
    through is in both. An event that nothing handles leaves all three empty.
    """

    configuration: tuple[str, ...]
    history: Mapping[str, tuple[str, ...]]
    entered: tuple[str, ...] = ()
    exited: tuple[str, ...] = ()
    transitions: tuple[int, ...] = ()

    @property
    def state(self) -> dict[str, Any]:
        """
        What to keep and to give to the next step: ``{"active": [...], "history": {...}}``, ready for JSON.

        Every reading gives a new dict, so a host may change its copy.
        """
        if not self.history:
            return {"active": [*self.configuration], "history": {}}
        return {"active": [*self.configuration], "history": {name: [*kept] for name, kept in self.history.items()}}


@frozen
class Node:
    """
    One state of a machine.

    ``kind`` is ``atomic``, ``compound``, ``parallel``, ``final``, ``shallow`` or ``deep``. ``parent`` is None at the top.
    ``entry`` is where entering it leads, or a history state's default. ``order`` counts in document order from 0.
    """

    id: str
    kind: str
    parent: str | None
    children: tuple[str, ...]
    entry: tuple[str, ...]
    order: int
