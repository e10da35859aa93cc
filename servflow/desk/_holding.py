"""Knows what a host adds to a change of a ticket, and how a ticket gives back what it holds; must not know what it is for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from attrs import evolve, frozen

from servflow.desk._steps import Steps
from servflow.errors import InputError, shown
from servflow.model import Effect, Next, Outcome, Release, Reservation, Take, Ticket, Unique, World

T = TypeVar("T")

MAX_JOINED = 100
"""How many reservations, and how many effects, a host may add to one change, and how many keys a ticket gives back at once."""


@frozen
class Joined:
    """Reservations and effects that a host adds to one change of one ticket."""

    reservations: tuple[Reservation, ...] = ()
    effects: tuple[Effect, ...] = ()

    @classmethod
    def of(cls, ticket: str, reservations: Iterable[Reservation], effects: Iterable[Effect]) -> Joined:
        """
        What was given, checked.

        Raises:
            InputError: one of them is none, there are more than ``MAX_JOINED``, or an effect is another ticket's.
        """
        held = _listed(reservations, "reservations", (Take, Release, Unique, Next), "Take, Release, Unique or Next")
        asked = _listed(effects, "effects", (Effect,), "an effect such as Notify or Call")
        for one in asked:
            if one.ticket != ticket:
                raise InputError(
                    f"effect {one.id!r} is of ticket {shown(one.ticket)}, but goes with a change of {ticket!r};"
                    f" make it with ticket={ticket!r}",
                    code="effects",
                    ticket=ticket,
                )
        return cls(held, asked)

    def to(self, outcome: Outcome) -> Outcome:
        """The outcome with them; effects come first, so that no trouble with the workflow's own holds them up."""
        if not (self.reservations or self.effects):
            return outcome
        return evolve(
            outcome,
            reservations=(*outcome.reservations, *self.reservations),
            effects=(*self.effects, *outcome.effects),
        )


def _listed(given: Iterable[T], name: str, kinds: tuple[type, ...], expected: str) -> tuple[T, ...]:
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise InputError(f"{name} are a list of {expected}, not {shown(given)}", code=name, name=name)
    found = tuple(given)
    if len(found) > MAX_JOINED:
        raise InputError(f"{len(found)} {name} with one change; at most {MAX_JOINED}", code=name, name=name)
    for one in found:
        if not isinstance(one, kinds):
            raise InputError(f"{name}: expected {expected}, got {shown(one)}", code=name, name=name)
    return found


class Holding:
    """Giving back what tickets hold, as a verb of a desk."""

    _steps: Steps

    def let_go(
        self,
        id: str,  # noqa: A002 - the word of the whole library
        keys: Iterable[str],
        *,
        when: Callable[[Ticket], bool] | None = None,
    ) -> bool:
        """
        Give back what a ticket holds by ``Unique``, so that another one can have it; what it does not hold is passed over.

        Nothing else of the ticket changes, and no record says so. It is decided on the ticket as it is when that is kept:
        where somebody is faster it is asked again.

        Args:
            keys: what to give back, at most 100.
            when: whether a ticket as it now stands is to give them back; where left out, it is.

        Returns:
            Whether it was to give them back.

        Raises:
            NotFound: there is no such ticket.
            Conflict: others were first, however often it was tried.
            InputError: *keys* are no texts.
        """
        named = _listed(keys, "keys", (str,), "texts")
        asked = False

        def decide(ticket: Ticket, _now: datetime, _world: World | None) -> Outcome:
            nonlocal asked
            asked = when is None or bool(when(ticket))
            back = tuple(Release(key=key) for key in named) if asked else ()
            return Outcome(ticket=ticket, reservations=back)

        self._steps.change(id, decide)
        return asked
