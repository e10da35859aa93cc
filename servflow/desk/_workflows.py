"""Knows which version of which workflow a ticket runs under; must not know what a workflow does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from attrs import field, frozen

from servflow.desk._editions import chains_of, with_chains, with_edition
from servflow.documents import definition
from servflow.engine import Workflow
from servflow.errors import DefinitionError, InputError, NotFound, nearest
from servflow.model import Migrated, Opened, Outcome, Record, Ticket


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


@runtime_checkable
class Correlating(Runnable, Protocol):
    """
    What a desk needs of a correlator: it runs the ticket of each key, and says what other tickets' records feed it.

    ``servflow.correlation.Correlator`` is one.
    """

    def facts(
        self, before: Ticket | None, records: Iterable[Record], *, problems: list[Any] | None = None
    ) -> tuple[Any, ...]: ...
    def ticket_id(self, key: str) -> str: ...


@frozen
class Workflows:
    """
    The workflows of a desk: every version by its hash, the highest of each name for new tickets.

    ``kept`` gives the definition a store keeps under a hash: a version the desk was not given is read from there.
    ``correlators`` are the highest versions of those that are fed by the records of tickets.
    """

    by_hash: dict[str, Runnable]
    newest: dict[str, Runnable]
    kept: Callable[[str], Mapping[str, Any] | None] = field(default=lambda _: None)
    correlators: dict[str, Correlating] = field(factory=dict)
    editions: dict[str, set[str]] = field(factory=dict)
    """Of each version the hashes of the calendars and chains that it knows by now, or that the store does not keep."""

    @classmethod
    def of(
        cls,
        given: Runnable | Iterable[Runnable] | Mapping[Any, Runnable],
        kept: Callable[[str], Mapping[str, Any] | None] = lambda _: None,
    ) -> Workflows:
        """
        Read one workflow, several, or a mapping of them.

        Raises:
            InputError: there is none, something else is among them, or two differ under one name and version.
        """
        if isinstance(given, Runnable):
            given = (given,)
        made = cls({}, {}, kept)
        whole: object = given
        if isinstance(whole, (str, bytes)) or not isinstance(whole, Iterable):
            raise _no_workflow(whole)
        for flow in given.values() if isinstance(given, Mapping) else given:
            checked: object = flow
            if not isinstance(checked, Runnable):
                raise _no_workflow(checked)
            made.add(flow)
        if not made.by_hash:
            raise InputError("a desk needs at least one workflow")
        return made

    def add(self, flow: Runnable) -> None:
        """
        Take in one more version; where it is the highest of its name, new tickets run under it.

        Raises:
            InputError: another one has the same name and version.
        """
        known = self.newest.get(flow.workflow)
        if known is not None and known.version == flow.version and known.hash != flow.hash:
            raise InputError(
                f"two different workflows are called {flow.workflow!r} version {flow.version}; raise the newer's version",
                workflow=flow.workflow,
                version=flow.version,
            )
        self.by_hash[flow.hash] = flow
        # Of two that differ in their calendars only, which are versioned apart, the one given last counts.
        if known is None or flow.version >= known.version:
            self.newest[flow.workflow] = flow
            self.correlators.pop(flow.workflow, None)
            if isinstance(flow, Correlating):
                self.correlators[flow.workflow] = flow

    def to_open(self, name: str | None) -> Runnable:
        """
        The workflow a new ticket runs under: the highest version of *name*, which may be left out where there is one beside
        correlators.

        Raises:
            InputError: no name was given though there are several.
            NotFound: no workflow has this name.
        """
        if name is None:
            # A correlator opens its tickets itself; nobody means it who does not say so.
            names = sorted(self.newest.keys() - self.correlators.keys()) or sorted(self.newest)
            if len(names) == 1:
                return self.newest[names[0]]
            raise InputError(f"say which workflow the ticket is for: {', '.join(names)}", known=names)
        flow = self.newest.get(name)
        if flow is None:
            close = nearest(name, self.newest)
            hint = f"did you mean {close!r}?" if close else f"known are {', '.join(sorted(self.newest))}"
            raise NotFound(f"no workflow is called {name!r}; {hint}", code="workflow", workflow=name)
        return flow

    def of_ticket(self, ticket: Ticket) -> Runnable:
        """
        The very version a ticket runs under; a correlator's own ticket goes on under the highest that is known,
        to the desk or to the ticket.

        Raises:
            NotFound: the desk was not given that version, and the store has none that can be read by itself.
        """
        pinned = ticket.pins.get("workflow", "")
        # The ticket of a key is never done, so that it would count by its first version for ever. One that a newer desk moved
        # on is not moved back: while two versions run side by side they would take it from each other.
        newest = self.correlators.get(ticket.workflow)
        older = newest is not None and newest.version < ticket.version
        flow = (None if older else newest) or self.of_hash(ticket.workflow, pinned) or newest
        if flow is None:
            raise NotFound(
                f"ticket {ticket.id!r} runs under {ticket.workflow!r} version {ticket.version} with hash {pinned!r}, which this"
                " desk was not given and cannot read from the store by itself; pass that version too, with the host functions"
                " it needs: servflow.load(store.definition(hash), extensions=...)",
                code="workflow_version",
                ticket=ticket.id,
                workflow=ticket.workflow,
                version=ticket.version,
                hash=pinned,
            )
        return self._with_edition(flow, ticket)

    def _with_edition(self, flow: Runnable, ticket: Ticket) -> Runnable:
        pinned = {ticket.pins.get("calendars", ""), *(run.hash for run in ticket.chains)}
        if not isinstance(flow, Workflow):
            return flow
        known = self.editions.get(flow.hash)
        if known is None:
            known = self.editions[flow.hash] = {flow.calendars_hash, *chains_of(flow)}
        if pinned <= known:
            return flow
        known |= pinned  # asked once: what the store does not keep now it never will
        made = with_edition(with_chains(flow, (run.hash for run in ticket.chains), self.kept), ticket, self.kept)
        if made is not flow:
            self.by_hash[flow.hash] = made
            if self.newest.get(flow.workflow) is flow:
                self.newest[flow.workflow] = made
        return made

    def of_hash(self, name: str, hash: str) -> Runnable | None:  # noqa: A002 - what it is called
        """A version by its hash, read from the store where the desk was not given it; None where that cannot be."""
        return self.by_hash.get(hash) or self._read(name, hash)

    @property
    def counting(self) -> bool:
        """Whether some correlator is known, also one that was read from the store."""
        return bool(self.correlators) or any(isinstance(flow, Correlating) for flow in tuple(self.by_hash.values()))

    def before(self, ticket: Ticket, records: Iterable[Record]) -> Runnable:
        """
        The version under which a ticket ran at the end of some of its first records.

        Raises:
            NotFound: as ``of_ticket``.
        """
        pins = ticket.pins
        for record in records:
            if isinstance(record, (Opened, Migrated)):
                pins = record.pins
        return self.of_hash(ticket.workflow, pins.get("workflow", "")) or self.of_ticket(ticket)

    def _read(self, name: str, pinned: str) -> Runnable | None:
        """
        A version read from the store, with the host functions and calendars of the newest one the desk was given.

        Kept from then on, but never taken for new tickets.
        """
        data, newest = self.kept(pinned), self.newest.get(name)
        if data is None:
            return None
        host: dict[str, Any] = {}
        if isinstance(newest, Workflow):
            host = {"extensions": newest.extensions, "calendars": newest.named_calendars}
        try:
            flow: Runnable = definition(data, **host)
        except (DefinitionError, InputError, TypeError):
            return None  # it needs what only the host has, or is no definition of this library
        if flow.hash != pinned:
            return None
        self.by_hash[pinned] = flow
        return flow


def _no_workflow(given: object) -> InputError:
    return InputError(f"expected workflows, got a {type(given).__name__}; load it first with servflow.load()")
