"""Knows how a story about tickets is told: given, when, then; must not know any workflow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from servflow.engine import Workflow
from servflow.errors import Refused
from servflow.model import Actor, Notify, Record, Ticket, World


class Story:
    """One ticket, told as it happens; every sentence is at an instant that the story names."""

    def __init__(self, workflow: Workflow, now: datetime, world: World | None = None) -> None:
        self.workflow, self.now, self.world = workflow, now, world
        self.ticket: Ticket
        self.records: list[Record] = []
        self.told: list[tuple[str, str, datetime]] = []
        self.calls = 0

    def _keep(self, outcome: Any) -> None:
        self.ticket = outcome.ticket
        self.records.extend(outcome.records)
        self.calls += 1
        self.told.extend((effect.to, effect.template, effect.at) for effect in outcome.effects if isinstance(effect, Notify))

    # given

    def opened(self, fields: dict[str, Any], by: Actor | None = None) -> Story:
        """The ticket is opened now."""
        self._keep(self.workflow.open("T1", fields, at=self.now, actor=by, world=self.world))
        return self

    # when

    def later(self, **length: float) -> Story:
        """So much time passes; a host that keeps its promises has woken the ticket whenever it asked for it."""
        end = self.now + timedelta(**length)
        while self.ticket.wake is not None and self.ticket.wake <= end:
            self._keep(self.workflow.advance(self.ticket, at=self.ticket.wake, world=self.world))
        self.now = end
        return self

    def silence(self, **length: float) -> Story:
        """So much time passes while nothing runs at all."""
        self.now += timedelta(**length)
        return self

    def back_again(self) -> Story:
        """What slept wakes up once, and catches up."""
        self._keep(self.workflow.advance(self.ticket, at=self.now, world=self.world))
        return self

    def does(self, who: Actor, event: str, payload: dict[str, Any] | None = None, *, occurred: datetime | None = None) -> Story:
        """Somebody does something now."""
        self._keep(self.workflow.fire(self.ticket, event, payload, at=self.now, actor=who, world=self.world, occurred=occurred))
        return self

    def cannot(self, who: Actor, event: str, payload: dict[str, Any] | None = None) -> Refused:
        """Somebody tries something and is refused; the ticket is as before. Gives the refusal."""
        before = self.ticket
        try:
            self.workflow.fire(self.ticket, event, payload, at=self.now, actor=who, world=self.world)
        except Refused as refusal:
            assert before is self.ticket
            return refusal
        raise AssertionError(f"{who.id} could {event}")

    # then

    def notices(self) -> list[tuple[str, str]]:
        """Who was told what, so far, in order."""
        return [(who, what) for who, what, _ in self.told]

    def happened(self, kind: type[Record]) -> list[Any]:
        """The records of one kind, so far."""
        return [record for record in self.records if type(record) is kind]

    def adds_up(self) -> bool:
        """Whether the ticket is what its records amount to, without the world."""
        return self.workflow.fold(self.records) == self.ticket


def places(records: Iterable[Any]) -> list[str]:
    """The states a ticket went through, from its moves."""
    return [state for record in records if hasattr(record, "entered") for state in record.entered]
