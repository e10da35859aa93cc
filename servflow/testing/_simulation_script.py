"""Knows what the outside world does in a simulation, and when; must not know how it is carried out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from attrs import evolve, field, frozen

from servflow.errors import InputError, shown
from servflow.model import Actor
from servflow.testing._simulation_scheduler import SECOND, START

Who = Actor | Mapping[str, Any] | str | None


@frozen
class Opening:
    """Somebody opens a ticket, ``after`` a span of elapsed time behind what the script did with this ticket before."""

    ticket: str
    fields: Mapping[str, Any] | None = None
    workflow: str | None = field(default=None, kw_only=True)
    actor: Who = field(default=None, kw_only=True)
    after: timedelta = field(default=timedelta(), kw_only=True)


@frozen
class Firing:
    """
    Somebody fires an event on a ticket, ``after`` a span of elapsed time behind what the script did with it before.

    ``by_mail`` has it posted into the ticket's mailbox and True or False; where it is None the seed says.
    """

    ticket: str
    event: str
    payload: Mapping[str, Any] | None = None
    actor: Who = field(default=None, kw_only=True)
    after: timedelta = field(default=timedelta(), kw_only=True)
    by_mail: bool | None = field(default=None, kw_only=True)


Act = Opening | Firing


@frozen
class Planned:
    """One act with its key and when it is due; ``mail`` says whether it is posted, ``doubled`` that it comes twice."""

    act: Act
    key: str
    due: datetime
    mail: bool
    doubled: bool = False


def dealt(acts: Iterable[Act], random: Random, clients: int, twice: float) -> list[list[Planned]]:
    """
    Who does what: each client's acts in the order in which they are due; some come a second time, from anybody.

    Raises:
        InputError: the script has something else than openings and firings.
    """
    hands: list[list[Planned]] = [[] for _ in range(clients)]
    due: dict[str, datetime] = {}
    for number, given in enumerate(acts):
        act: object = given
        if not isinstance(act, (Opening, Firing)):
            raise InputError(f"events gives Opening and Firing values, not {shown(act)}", value=act)
        at = due[act.ticket] = due.get(act.ticket, START) + act.after
        mail = isinstance(act, Firing) and (random.random() < 0.5 if act.by_mail is None else act.by_mail)
        doubled = random.random() < twice
        planned = Planned(act, f"{act.ticket}/{number}", at, mail, doubled)
        home = list(due).index(act.ticket) if random.random() < 0.5 else random.randrange(clients)
        hands[home % clients].append(planned)
        if doubled:
            late = random.choice((0, 1, 60, 3_600)) * SECOND
            hands[random.randrange(clients)].append(evolve(planned, due=at + late))
    return [sorted(hand, key=lambda one: one.due) for hand in hands]
