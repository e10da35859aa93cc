"""Knows a source of time that only tests move, and a desk that lives by it; must not know what is tested."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from servflow.desk import DeliverReport, Desk, Problem
from servflow.errors import InputError, LimitError, TimeError, shown
from servflow.model import Effect, Open, Span, World, instant, read_instant, write_instant
from servflow.stores import MemoryStore, Store

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""When virtual time begins unless told otherwise: a Monday morning."""

MOST_WAKES = 10_000
"""At how many instants tickets may wake while time passes at once."""

_MOST_ROUNDS = 100
_MANY = 10_000


class VirtualTime:
    """
    A source of time that stands still until somebody moves it, and goes forward only: ``Desk(..., now=time)``.

    Args:
        start: where it begins, an aware instant or RFC 3339 text; a Monday, 2026-03-02T09:00:00Z, unless given.

    Raises:
        TimeError: it is no aware instant.
    """

    def __init__(self, start: datetime | str = BEGIN) -> None:
        self._now = _read(start)

    def __call__(self) -> datetime:
        """The present, in UTC."""
        return self._now

    def advance(self, span: timedelta | str) -> datetime:
        """
        Let time pass: ``"2h"``, ``"30m"``, ``"3d"`` or a timedelta; gives the present then.

        Raises:
            TimeError: it is no length of time that passes; business days need a calendar.
        """
        read = Span.of(span)
        if read.business_days:
            raise TimeError(
                f"{read.text} is no time as it passes: which days count, a calendar says; give the instant to at()", code="span"
            )
        self._now += read.exact
        return self._now

    def at(self, at: datetime | str) -> datetime:
        """
        Go to an instant; gives it in UTC.

        Raises:
            TimeError: it is no aware instant, or lies behind the present.
        """
        there = _read(at)
        if there < self._now:
            raise TimeError(
                f"{write_instant(there)} lies behind the present, {write_instant(self._now)}; time goes forward only",
                code="back",
                at=there,
                now=self._now,
            )
        self._now = there
        return there

    def __repr__(self) -> str:
        return f"VirtualTime({write_instant(self._now)!r})"


def _read(at: datetime | str) -> datetime:
    return read_instant(at) if isinstance(at, str) else instant(at)


class VirtualDesk(Desk):
    """
    A desk for tests: its time is virtual, its store in memory, and what it asks the host for is kept in ``sent``.

    ``after`` and ``until`` let time pass and stop wherever a ticket wakes, so that timers, promises and chains happen at
    their instants and what they ask for is carried out then. A ticket that is opened of a workflow the desk does not have is
    left to another desk. Everything else is a ``Desk``.

    ``with VirtualDesk(...) as desk:`` closes its store at the end.

    Args:
        workflows: as for ``Desk``.
        time: its source of time; a new one unless given.
        store: where tickets live; in memory unless given. ``close`` closes it.
        handlers: as for ``Desk``; what has no handler is taken as carried out.
        world: as for ``Desk``; ``turn`` changes it.

    Raises:
        InputError: ``time`` is no VirtualTime, or as for ``Desk``.
    """

    def __init__(
        self,
        workflows: Any,
        *,
        time: VirtualTime | None = None,
        store: Store | None = None,
        handlers: Mapping[str, Callable[..., Any]] | None = None,
        world: Any = None,
        sources: Iterable[Any] = (),
    ) -> None:
        given: object = time
        if given is not None and not isinstance(given, VirtualTime):
            raise InputError(f"time is a VirtualTime, which tests move, not {shown(given)}", name="time")
        self.time = time or VirtualTime()
        self._heard: dict[str, Effect] = {}
        super().__init__(
            workflows,
            MemoryStore() if store is None else store,
            handlers={"*": _taken, **(handlers or {})},
            now=self.time,
            world=world,
            sources=tuple(sources),
        )

    @property
    def sent(self) -> tuple[Effect, ...]:
        """Every effect so far, in the order in which they were kept; those that ``open`` and ``send`` too."""
        self._hear()
        return tuple(self._heard.values())

    def deliver(self, limit: int = 100) -> DeliverReport:
        """As ``Desk.deliver``; what is handed out is kept in ``sent``, and what concerns workflows it lacks goes no further."""
        self._hear()
        known = self._steps.workflows.newest
        waiting = self.store.effects(_MANY)
        # Another desk of the host would open these; here they would be tried again for ever and hold up what comes after.
        self.store.ack([effect.id for effect in waiting if isinstance(effect, Open) and effect.workflow not in known])
        return super().deliver(limit)

    def _hear(self) -> None:
        after = None
        while page := self.store.effects(_MANY, after=after):
            for effect in page:
                self._heard.setdefault(effect.id, effect)
            after = page[-1].id

    def effect(self, id: str) -> Effect | None:  # noqa: A002 - the word of the whole library
        """An effect that was sent, by its id; None where none of that id was."""
        return self._heard.get(id)

    def settle(self) -> tuple[Problem, ...]:
        """
        Do what is due now and carry out what follows, until nothing does; gives what was refused or failed.

        Raises:
            LimitError: it goes on without end.
        """
        problems: list[Problem] = []
        for _ in range(_MOST_ROUNDS):
            ticked, delivered = self.tick(_MANY), self.deliver(_MANY)
            problems += (*ticked.problems, *delivered.problems)
            if not ticked.worked and not delivered.worked:
                return tuple(problems)
        raise LimitError(f"what is due sets off more, {_MOST_ROUNDS} rounds long", code="endless", limit=_MOST_ROUNDS)

    @property
    def world(self) -> World | None:
        """What lies outside the tickets at present, as this desk reads it."""
        return self._steps.around.world()

    def turn(self, world: Any) -> tuple[Problem, ...]:
        """
        From now on this is the world, and all tickets look at it: a ``World``, a mapping, or a function as for ``Desk``.

        Raises:
            InputError: it is no world.
            LimitError: what follows goes on without end.
        """
        self._steps.around.turn(world)
        looked = self.look_again()
        return (*looked.problems, *self.settle())

    def until(self, at: datetime | str) -> tuple[Problem, ...]:
        """
        Let time pass up to an instant, as it would in a host: what is set for an instant before happens at that instant.

        Raises:
            TimeError: it lies behind the present.
            LimitError: too much happens until then.
        """
        there, problems = _read(at), list[Problem]()
        if there < self.time():
            self.time.at(there)
        for _ in range(MOST_WAKES):
            claims = self.store.claim(there, 1)
            if not claims:
                self.time.at(there)
                return (*problems, *self.settle())
            self.time.at(max(self.time(), claims[0].wake))
            problems += self.settle()
        raise LimitError(
            f"tickets wake at more than {MOST_WAKES} instants until {write_instant(there)}; let time pass in smaller steps",
            code="endless",
            limit=MOST_WAKES,
        )

    def after(self, span: timedelta | str) -> tuple[Problem, ...]:
        """
        Let so much time pass, as ``until`` does.

        Raises:
            TimeError: it is no length of time that passes.
            LimitError: too much happens until then.
        """
        return self.until(VirtualTime(self.time()).advance(span))

    def close(self) -> None:
        """Let the store go."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _taken(_: Effect) -> None:
    """Take an effect as carried out."""


__all__ = ["BEGIN", "VirtualDesk", "VirtualTime"]
