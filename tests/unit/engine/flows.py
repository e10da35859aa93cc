"""Knows how a small workflow is made and read in tests of the engine; must not know what any test expects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from servflow.engine import Workflow
from servflow.model import Actor, Notify, Outcome, Record, Ticket

R = TypeVar("R")

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""A Monday morning."""

CLERK = Actor("carl", ["clerk"])
BOSS = {"user": "boss"}


def after(minutes: float = 0, *, hours: float = 0, days: float = 0) -> datetime:
    """An instant so long after the start."""
    return START + timedelta(minutes=minutes, hours=hours, days=days)


def flow(**parts: Any) -> Workflow:
    """A workflow of three states, of which a test says only what it is about."""
    given: dict[str, Any] = {
        "workflow": "small",
        "initial": "a",
        "states": {"a": {}, "b": {}, "z": {"closed": True}},
        "transitions": [
            {"event": "go", "source": "a", "target": "b"},
            {"event": "back", "source": "b", "target": "a"},
            {"event": "end", "source": ["a", "b"], "target": "z"},
            {"event": "ticket.reopen", "source": "z", "target": "a"},
        ],
    }
    return Workflow(**{**given, **parts})


def move(event: str | None = "go", source: Any = "a", target: Any = "b", **more: Any) -> dict[str, Any]:
    """A transition, as a definition writes it."""
    return {"event": event, "source": source, "target": target, **more}


def notify(who: str, template: str = "late") -> dict[str, Any]:
    """An action that tells one person."""
    return {"notify": {"to": {"user": who}, "template": template}}


class Case:
    """One ticket on its way: every call keeps the outcome, and all records and effects so far."""

    def __init__(self, workflow: Workflow, fields: dict[str, Any] | None = None, **given: Any) -> None:
        self.workflow = workflow
        self.records: list[Record] = []
        self.effects: list[Any] = []
        self.last: Outcome
        self._keep(workflow.open("T1", fields, **{"at": START, **given}))

    def _keep(self, outcome: Outcome) -> Outcome:
        self.last = outcome
        self.records.extend(outcome.records)
        self.effects.extend(outcome.effects)
        return outcome

    @property
    def ticket(self) -> Ticket:
        """The ticket as it stands."""
        return self.last.ticket

    def fire(self, event: str, payload: Any = None, minutes: float = 0, **given: Any) -> Outcome:
        """Fire an event so many minutes after the start, or at the ticket's own instant."""
        at = max(after(minutes), self.ticket.at)
        return self._keep(self.workflow.fire(self.ticket, event, payload, **{"at": at, **given}))

    def until(self, minutes: float, **given: Any) -> Outcome:
        """Let time pass until so many minutes after the start."""
        return self._keep(self.workflow.advance(self.ticket, at=after(minutes), **given))

    def wake(self, **given: Any) -> Outcome:
        """Let time pass until it does something."""
        assert self.last.wake is not None
        return self._keep(self.workflow.advance(self.ticket, at=self.last.wake, **given))


def kinds(outcome: Outcome | Iterable[Any]) -> list[str]:
    """The kinds of an outcome's records, in order."""
    return [type(record).__name__ for record in (outcome.records if isinstance(outcome, Outcome) else outcome)]


def of(kind: type[R], things: Iterable[Any]) -> list[R]:
    """The records or effects of one kind."""
    return [thing for thing in things if type(thing) is kind]


def told(outcome: Outcome) -> list[str]:
    """Whom an outcome notifies, in order."""
    return [effect.to for effect in of(Notify, outcome.effects)]
