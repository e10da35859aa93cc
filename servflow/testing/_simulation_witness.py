"""Knows what a workflow decided for a simulated desk, so that nothing else is kept; must not know stores or faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from servflow.model import Outcome, Record, Ticket
from servflow.testing._simulation_ledger import Ledger


@frozen
class Witness:
    """A host's workflow, which tells the ledger what it was asked and what it decided; all else is the workflow's own."""

    flow: Any
    ledger: Ledger

    workflow = property(lambda self: self.flow.workflow)
    version = property(lambda self: self.flow.version)
    hash = property(lambda self: self.flow.hash)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.flow, name)

    def open(
        self,
        id: str,  # noqa: A002 - the word of the whole library
        fields: Mapping[str, Any] | None = None,
        *,
        at: datetime,
        **more: Any,
    ) -> Outcome:
        """As ``Workflow.open``."""
        return self.ledger.decides(self.flow.open(id, fields, at=at, **more))

    def fire(
        self,
        ticket: Ticket,
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        at: datetime,
        key: str | None = None,
        **more: Any,
    ) -> Outcome:
        """As ``Workflow.fire``."""
        self.ledger.asks(ticket.id, key, event, payload)
        return self.ledger.decides(self.flow.fire(ticket, event, payload, at=at, key=key, **more))

    def advance(self, ticket: Ticket, *, at: datetime, world: Any = None) -> Outcome:
        """As ``Workflow.advance``."""
        return self.ledger.decides(self.flow.advance(ticket, at=at, world=world))

    def to_data(self) -> Mapping[str, Any]:
        """As ``Workflow.to_data``."""
        data: Mapping[str, Any] = self.flow.to_data()
        return data

    def available(self, ticket: Ticket, *, at: datetime, actor: Any = None, world: Any = None) -> Any:
        """As ``Workflow.available``."""
        return self.flow.available(ticket, at=at, actor=actor, world=world)

    def explain(self, ticket: Ticket, *, at: datetime, world: Any = None) -> Any:
        """As ``Workflow.explain``."""
        return self.flow.explain(ticket, at=at, world=world)

    def fold(self, records: Any) -> Ticket:
        """As ``Workflow.fold``."""
        ticket: Ticket = self.flow.fold(records)
        return ticket


@frozen
class KeyWitness(Witness):
    """A host's correlator: what it wants of records is its own too."""

    def facts(self, before: Ticket | None, records: Iterable[Record], *, problems: list[Any] | None = None) -> Any:
        """As ``Correlator.facts``."""
        facts = self.flow.facts(before, records, problems=problems)
        self.ledger.wants(self.flow.workflow, [fact.event_key for fact in facts])
        return facts

    def ticket_id(self, key: str) -> str:
        """As ``Correlator.ticket_id``."""
        name: str = self.flow.ticket_id(key)
        return name


def witness(flow: Any, ledger: Ledger) -> Witness:
    """The witness of a workflow or of a correlator."""
    return KeyWitness(flow, ledger) if hasattr(flow, "ticket_id") else Witness(flow, ledger)
