"""Knows by what an open ticket could go on from where it stands; must not know who is there to do it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from servflow.engine import BUILT_IN, Workflow
from servflow.engine._definition import Transition
from servflow.expressions import Expression, solve
from servflow.model import Ticket

_BUDGET = 200
"""How many values are tried to prove that a guard stays shut: what takes more may open."""


class DeadEnds:
    """The moves of a workflow that lead a ticket on, but for those that what is on the ticket keeps shut for good."""

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self._by_hand = not workflow.roles or "ticket.update" in workflow.events
        data = workflow.to_data()
        parts = {name: data.get(name, ()) for name in ("rules", "escalations", "surveys", "clocks", "dispatch")}
        self._changing = frozenset(_set_in([parts["rules"], parts["escalations"], parts["surveys"]]))
        self._heard = frozenset(_words([parts["escalations"], parts["clocks"], parts["dispatch"]]))
        self._shut: dict[Any, bool] = {}

    def ways_out(self, ticket: Ticket) -> set[str] | None:
        """
        The events by which somebody may lead a ticket on; None where something else than people of a role may do so.

        A move whose guard no value of what is not on the ticket can open leads nowhere, where nobody may change fields by
        hand. Whatever only stays, setting fields or telling people, does not count beside moves that lead away.
        """
        here = {*ticket.entered, "*"}
        moves = self.workflow.compiled.transitions
        rows = [(row, move) for row, move in enumerate(moves) if not here.isdisjoint(move.source)]
        staying = [(row, move) for row, move in rows if not move.target]
        away = [(row, move) for row, move in rows if move.target]
        if away and not self._by_hand:
            free = self._may_change(staying, ticket)
            leading = [move for row, move in away if not self._stays_shut(row, ticket, free)]
            leading += [move for _, move in staying if not self._only(move, {"set", "notify"})]
        else:
            leading = [move for _, move in rows if move.target or away or not self._only(move, {"notify"})]
        if any(self._by_itself(move, ticket) for move in leading):
            return None
        return {word for move in leading for word in (move.event or "").split()}

    def _may_change(self, staying: Iterable[tuple[int, Transition]], ticket: Ticket) -> frozenset[str]:
        """The fields that may come to hold something else while a ticket stays where it is."""
        free = self._changing
        while True:
            opened = (move for row, move in staying if not self._stays_shut(row, ticket, free))
            more = free.union(*(action.value for move in opened for action in move.do if action.kind == "set"))
            if more == free:
                return free
            free = more

    def _by_itself(self, move: Transition, ticket: Ticket) -> bool:
        """
        Whether something else than a person of a role may bring a move about: dispatch, an assignment, a child.

        That the last child closes comes once; where all are closed already it does not come any more.
        """
        words = (move.event or "").split()
        related = any(who not in self.workflow.roles and who != "system" for who in move.allow)
        over = {"children.closed"} if ticket.children_total and not ticket.children else set()
        return not words or related or any(self.workflow.compiled.raised.internal(word) for word in words if word not in over)

    def _only(self, move: Transition, kinds: set[str]) -> bool:
        """Whether a move does nothing but some kinds of actions, and nothing else waits for its event."""
        words = (move.event or "").split()
        done = {action.kind for action in move.do}
        return bool(words) and done <= kinds and self._heard.isdisjoint(words) and BUILT_IN.keys().isdisjoint(words)

    def _stays_shut(self, row: int, ticket: Ticket, free: frozenset[str]) -> bool:
        """Whether it is proved that a guard holds on nothing, as long as the other fields are what they are."""
        compiled = self.workflow.compiled
        guard = compiled.links[row].guard
        if guard is None or guard.asks:
            return False
        fixed = {name: ticket.fields.get(name) for name in self._fields_of(guard) if name not in free}
        key = row, tuple((name, repr(value)) for name, value in fixed.items())
        if key not in self._shut:
            types = {**compiled.types, "payload": compiled.links[row].spec.payload or "map"}
            self._shut[key] = solve([guard], types=types, fixed=fixed, budget=_BUDGET).status == "no"
        return self._shut[key]

    def _fields_of(self, guard: Expression) -> list[str]:
        return sorted({read.partition(".")[0] for read in guard.reads} & self.workflow.fields.keys())


def _set_in(data: Any) -> Iterator[str]:
    """The fields that actions in a part of a definition set."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key == "set" and isinstance(value, Mapping):
                yield from map(str, value)
            else:
                yield from _set_in(value)
    elif isinstance(data, (list, tuple)):
        for item in data:
            yield from _set_in(item)


def _words(data: Any) -> Iterator[str]:
    """Every text in a part of a definition."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from _words(value)
    elif isinstance(data, (list, tuple)):
        for item in data:
            yield from _words(item)


__all__ = ["DeadEnds"]
