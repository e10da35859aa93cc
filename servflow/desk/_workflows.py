"""Knows which version of which workflow a ticket runs under; must not know what a workflow does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from attrs import frozen

from servflow.errors import InputError, NotFound, nearest
from servflow.model import Outcome, Record, Ticket


@runtime_checkable
class Runnable(Protocol):
    """What a desk needs of a workflow; ``servflow.Workflow`` is one."""

    @property
    def workflow(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def hash(self) -> str: ...
    def to_data(self) -> Mapping[str, Any]: ...
    def open(
        self,
        id: str,  # noqa: A002 - the word of the whole library
        fields: Mapping[str, Any] | None = None,
        *,
        at: datetime,
        actor: Any = None,
        world: Any = None,
        occurred: datetime | None = None,
    ) -> Outcome: ...
    def fire(
        self,
        ticket: Ticket,
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        at: datetime,
        actor: Any = None,
        world: Any = None,
        key: str | None = None,
        occurred: datetime | None = None,
        expect: int | None = None,
    ) -> Outcome: ...
    def advance(self, ticket: Ticket, *, at: datetime, world: Any = None) -> Outcome: ...
    def available(self, ticket: Ticket, *, at: datetime, actor: Any = None, world: Any = None) -> Any: ...
    def explain(self, ticket: Ticket, *, at: datetime, world: Any = None) -> Any: ...
    def fold(self, records: Iterable[Record]) -> Ticket: ...


@frozen
class Workflows:
    """The workflows of a desk: every version by its hash, the highest of each name for new tickets."""

    by_hash: Mapping[str, Runnable]
    newest: Mapping[str, Runnable]

    @classmethod
    def of(cls, given: Runnable | Iterable[Runnable] | Mapping[Any, Runnable]) -> Workflows:
        """
        Read one workflow, several, or a mapping of them.

        Raises:
            InputError: there is none, something else is among them, or two differ under one name and version.
        """
        if isinstance(given, Runnable):
            given = (given,)
        by_hash: dict[str, Runnable] = {}
        newest: dict[str, Runnable] = {}
        for flow in given.values() if isinstance(given, Mapping) else given:
            checked: object = flow
            if not isinstance(checked, Runnable):
                raise InputError(f"expected workflows, got a {type(checked).__name__}; load it first with servflow.load()")
            known = newest.get(flow.workflow)
            if known is not None and known.version == flow.version and known.hash != flow.hash:
                raise InputError(
                    f"two different workflows are called {flow.workflow!r} version {flow.version}; raise the newer's version",
                    workflow=flow.workflow,
                    version=flow.version,
                )
            by_hash[flow.hash] = flow
            # Of two that differ in their calendars only, which are versioned apart, the one given last counts.
            if known is None or flow.version >= known.version:
                newest[flow.workflow] = flow
        if not by_hash:
            raise InputError("a desk needs at least one workflow")
        return cls(by_hash, newest)

    def to_open(self, name: str | None) -> Runnable:
        """
        The workflow a new ticket runs under: the highest version of *name*, which may be left out where there is one.

        Raises:
            InputError: no name was given though there are several.
            NotFound: no workflow has this name.
        """
        if name is None:
            if len(self.newest) == 1:
                return next(iter(self.newest.values()))
            raise InputError(
                f"say which workflow the ticket is for: {', '.join(sorted(self.newest))}", known=sorted(self.newest)
            )
        flow = self.newest.get(name)
        if flow is None:
            close = nearest(name, self.newest)
            hint = f"did you mean {close!r}?" if close else f"known are {', '.join(sorted(self.newest))}"
            raise NotFound(f"no workflow is called {name!r}; {hint}", code="workflow", workflow=name)
        return flow

    def of_ticket(self, ticket: Ticket) -> Runnable:
        """
        The very version a ticket was opened under.

        Raises:
            NotFound: the desk was not given that version.
        """
        pinned = ticket.pins.get("workflow", "")
        flow = self.by_hash.get(pinned)
        if flow is None:
            raise NotFound(
                f"ticket {ticket.id!r} runs under {ticket.workflow!r} version {ticket.version} with hash {pinned!r}, which this"
                " desk was not given; pass that version too, the store keeps it: servflow.load(store.definition(hash))",
                code="workflow_version",
                ticket=ticket.id,
                workflow=ticket.workflow,
                version=ticket.version,
                hash=pinned,
            )
        return flow
