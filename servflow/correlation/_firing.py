"""Knows what was found and the effects that follow from it; must not know how it was found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import frozen

from servflow.correlation._fact import Fact
from servflow.correlation._own import MARK
from servflow.correlation._reading import Sent
from servflow.correlation._search import same
from servflow.errors import ExpressionError, render, shown
from servflow.model import (
    EMPTY,
    FIRED,
    SET_OFF,
    Effect,
    FrozenMap,
    Notify,
    Open,
    Send,
    Unreachable,
    effect_id,
    freeze,
    set_off_key,
    storable,
    write_instant,
)

if TYPE_CHECKING:
    from servflow.correlation._definition import Correlator

MAX_TICKETS = 1_000
_MAX_ID = 200


@frozen(kw_only=True)
class Firing:
    """
    What a correlator was looking for, found for one key.

    ``at`` is when, in the time of the facts: the instant of the last of them, or when an absence was complete.
    ``facts`` are those behind it, oldest first, and ``by`` is the one that completed it: the last, unless it came late.
    """

    correlator: str
    key: str
    at: datetime
    facts: tuple[Fact, ...]
    by: Fact

    @property
    def count(self) -> int:
        """How many facts are behind it."""
        return len(self.facts)

    @property
    def first_at(self) -> datetime:
        """The instant of the first of them."""
        return self.facts[0].at

    @property
    def tickets(self) -> tuple[str, ...]:
        """The tickets they are from, each once, in the order of their first facts."""
        return tuple(dict.fromkeys(fact.ticket for fact in self.facts))

    @property
    def values(self) -> tuple[Any, ...]:
        """The different values of a distinct count, in the order of their first facts."""
        found = {same(fact.value): fact.value for fact in reversed(self.facts) if fact.value is not None}
        return tuple(reversed(found.values()))

    @property
    def carried(self) -> FrozenMap[str, Any]:
        """What the last fact carried."""
        return self.facts[-1].carried

    @property
    def cause(self) -> str:
        """What it is due to, the same however often and in whichever call it is found: by the fact that completed it."""
        return f"found:{self.by.id}"

    @property
    def names(self) -> dict[str, Any]:
        """What its actions may read."""
        tickets = self.tickets
        return {
            "correlator": self.correlator,
            "key": self.key,
            "count": self.count,
            "tickets": tickets,
            "first": tickets[0],
            "last": self.facts[-1].ticket,
            "at": self.at,
            "first_at": self.first_at,
            "values": self.values,
            "carried": self.carried,
        }

    def text(self, lang: str = "en") -> str:
        """
        One sentence that says which facts made it.

        Args:
            lang: ``en`` or ``zh``; anything else reads as ``en``.
        """
        facts = tuple(f"{fact.id} ({write_instant(fact.at)})" for fact in self.facts)
        said = {"name": self.correlator, "key": self.key, "at": write_instant(self.at), "facts": facts}
        return render("correlation.firing", said, lang)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form without what was carried: the key, when, and the facts as (ticket, sequence, instant)."""
        return {
            "correlator": self.correlator,
            "key": self.key,
            "at": write_instant(self.at),
            "facts": [[fact.ticket, fact.sequence, write_instant(fact.at)] for fact in self.facts],
        }


def effects_of(correlator: Correlator, firing: Firing) -> tuple[Effect, ...]:
    """
    What the host is to do because of a firing; the same firing gives the same effects with the same ids.

    An expression that fails on these facts gives an ``Unreachable`` with the reason and stops nothing else.
    """
    make = _Effects(correlator.ticket_id(firing.key), firing)
    for sent in correlator.sent:
        try:
            _MAKE[sent.kind](make, sent)
        except ExpressionError as error:
            make.add(Unreachable, sent.path, "failed", to=sent.kind, reason=error.message)
    return tuple(make.effects)


class _Effects:
    """Collects the effects of one firing."""

    def __init__(self, ticket: str, firing: Firing) -> None:
        self.ticket = ticket
        self.firing = firing
        self.names = firing.names
        self.effects: list[Effect] = []

    def id(self, action: str, recipient: str = "") -> str:
        """The id of an effect, by the rule of the whole library, marked: what a firing sets off feeds no correlator."""
        return SET_OFF + effect_id(self.ticket, self.firing.cause, action, recipient)

    def add(self, kind: type[Effect], action: str, recipient: str = "", /, **facts: Any) -> None:
        """Ask the host for something."""
        made = {"ticket": self.ticket, "at": self.firing.at, "cause": self.firing.cause, "action": action, **facts}
        self.effects.append(kind(id=self.id(action, recipient), **made))

    def values(self, sent: Sent) -> FrozenMap[str, Any]:
        """What the named expressions of an action come to."""
        return FrozenMap({name: freeze(made.value(self.names)) for name, made in sent.values.items()}) or EMPTY


def _send(make: _Effects, sent: Sent) -> None:
    asked = sent.parts["ticket"].value(make.names)
    targets = (asked,) if isinstance(asked, str) else asked
    event, payload = sent.parts["event"], make.values(sent)
    if event == FIRED:  # what a workflow knows without having declared it
        payload = FrozenMap({"count": make.firing.count, **payload, "correlator": make.firing.correlator})
    if not isinstance(targets, (list, tuple)) or not targets:
        make.add(Unreachable, sent.path, to="ticket", reason="no ticket to send to")
        return
    for target in dict.fromkeys(item if isinstance(item, str) else shown(item) for item in targets[:MAX_TICKETS]):
        if not 0 < len(target) <= _MAX_ID or not storable(target):
            make.add(Unreachable, sent.path, target, to="ticket", reason=f"{shown(target)} is no ticket")
            continue
        key = set_off_key(make.firing.correlator, make.id(sent.path, f"key:{target}"))
        make.add(Send, sent.path, target, to_ticket=target, event=event, payload=payload, key=key)


def _open(make: _Effects, sent: Sent) -> None:
    short = make.id(sent.path).removeprefix(SET_OFF)[:10]
    new = f"{make.ticket.removeprefix(MARK)}.{short}"  # without the mark: it is a ticket of the host
    make.add(Open, sent.path, workflow=sent.parts["workflow"], new_ticket=new, fields=make.values(sent))


def _notify(make: _Effects, sent: Sent) -> None:
    to = sent.parts["to"]
    said = {"template": sent.parts["template"], "urgent": sent.parts["urgent"], "data": make.values(sent)}
    make.add(Notify, sent.path, to, to=to, reason=make.firing.correlator, **said)


_MAKE: Mapping[str, Any] = {"send": _send, "open": _open, "notify": _notify}

__all__ = ["Firing", "effects_of"]
