"""Knows how to prove that a store's records are those that were kept; must not know which store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

import attrs
from attrs import frozen

from servflow.documents import definition
from servflow.engine import Workflow
from servflow.errors import Finding, FormatError, InputError, NotFound, ServflowError, StoreError
from servflow.model import Erased, Record, Ticket, canonical, load, load_ticket
from servflow.stores._chain import START, Head, Link
from servflow.stores._kept import COLUMNS, row_of
from servflow.stores._protocol import Store
from servflow.stores._writing import read_text

PAGE = 500
"""How many ids are asked for at once."""


@frozen
class Noted:
    """Where a ticket's chain stood when somebody noted it outside of the store."""

    revision: int
    chain: str


@frozen
class Verified:
    """
    What looking at the records of a store came to.

    ``findings`` are what is wrong, each with the ticket and record as its path; a ``warning`` says what could not be
    looked at. ``heads`` is where each ticket's chain stands: who keeps them elsewhere can prove later that nobody
    wrote the whole log anew (``verify(store, noted=...)``). A report is true where nothing is wrong.
    """

    tickets: int
    records: int
    findings: tuple[Finding, ...]
    heads: Mapping[str, Noted]

    def __bool__(self) -> bool:
        return not any(finding.severity == "error" for finding in self.findings)


def verify(
    store: Store,
    id: str | None = None,  # noqa: A002 - the word of the whole library
    *,
    noted: Mapping[str, Noted] | None = None,
    workflows: Iterable[Workflow] = (),
    progress: Callable[[int], object] | None = None,
) -> Verified:
    """
    Prove that no record was changed, removed, added or put elsewhere, and that each ticket is what its records amount to.

    Each ticket is looked at in a transaction of its own, so others are stopped no longer than that takes. What is
    proved is that the log and the ticket's row, its columns too, agree with each other and with themselves; a record from
    which a person's data was erased must say what the record of that erasure says it does. Not in the chain is what is on
    its way (mail, effects, keys, failures), what tickets share, the values of indexed fields, and whose the rows are. Whoever
    may write the file and knows how it is made can write all of it anew: only *noted* heads, kept where they cannot write,
    prove that.

    Args:
        store: whose tickets, of the tenant of this handle.
        id: look at this ticket only.
        noted: ``Verified.heads`` of an earlier look: each must still be where it was in the chain.
        progress: is told after each ticket how many were looked at.
        workflows: definitions the store does not hold, or that need the host's functions; the others are read from it.

    Raises:
        NotFound: there is neither a ticket nor a record of that id.
        FormatError: something was written by a newer servflow; upgrade it.
    """
    look = _Look(store, {flow.hash: flow for flow in workflows}, dict(noted or {}) if id is None else _only(noted or {}, id))
    names = _ids(store) if id is None else iter((id,))
    for name in names:
        look.at(name)
        if progress is not None:
            progress(look.tickets)
    if id is not None and not look.tickets and not look.findings:
        raise NotFound(f"there is no ticket {id!r} and no record of one", code="ticket", ticket=id)
    for name, where in look.noted.items():
        if name not in look.seen:
            look.find("audit.gone", name, revision=where.revision)
    return Verified(look.tickets, look.records, tuple(look.findings), look.heads)


def _only(noted: Mapping[str, Noted], id_: str) -> dict[str, Noted]:
    return {id_: noted[id_]} if id_ in noted else {}


def _ids(store: Store) -> Iterator[str]:
    after: str | None = None
    while page := store.ids(PAGE, after=after):
        yield from page
        after = page[-1]


def broken(head: Head, links: Iterable[Link]) -> Iterator[tuple[str, int]]:
    """What is wrong with a chain: the code of a finding and the record it is about; nothing where it holds."""
    previous, last = START, 0
    for one in links:
        if one.sequence != last + 1:
            # What follows a gap cannot be compared with what was before it; its own chain is gone on from.
            yield "audit.missing", last + 1
        elif not one.follows(previous):
            yield "audit.changed", one.sequence
        previous, last = one.chain, one.sequence
    if last < head.revision:
        yield "audit.cut", last + 1
    elif last > head.revision:
        yield "audit.beyond", head.revision + 1
    elif previous != head.chain:
        yield "audit.head", last


def finding(code: str, ticket: str, sequence: int | None = None, *, severity: str = "error", **facts: Any) -> Finding:
    """A finding about a ticket, or about one of its records."""
    place = f"tickets[{ticket!r}]" if sequence is None else f"tickets[{ticket!r}].records[{sequence}]"
    found = {"ticket": ticket, **({} if sequence is None else {"sequence": sequence}), **facts}
    return Finding(code, place, found, severity=severity)


class _Look:
    """One look at a store, ticket by ticket."""

    def __init__(self, store: Store, workflows: dict[str, Workflow], noted: dict[str, Noted]) -> None:
        self.store = store
        self.noted = noted
        self.tickets = self.records = 0
        self.findings: list[Finding] = []
        self.heads: dict[str, Noted] = {}
        self.seen: set[str] = set()
        self._workflows: dict[str, Workflow | None] = dict(workflows)

    def find(self, code: str, ticket: str, sequence: int | None = None, *, severity: str = "error", **facts: Any) -> None:
        self.findings.append(finding(code, ticket, sequence, severity=severity, **facts))

    def at(self, name: str) -> None:
        head, links = self._read(name)
        if head is None:
            if links:
                self.seen.add(name)
                self.records += len(links)
                self.find("audit.no_ticket", name, count=len(links))
            return
        self.seen.add(name)
        self.tickets += 1
        self.records += len(links)
        revision: object = head.revision
        if not isinstance(revision, int):  # a file of SQLite holds anything anywhere
            self.find("audit.columns", name, names=("revision",))
            return
        self.heads[name] = Noted(head.revision, head.chain)
        before = len(self.findings)
        for code, sequence in broken(head, links):
            self.find(code, name, sequence, revision=head.revision)
        self._as_noted(name, links)
        records = self._records(name, links)
        self._erased(name, links, records)
        whole = before == len(self.findings)
        ticket = self._snapshot(name, head)
        if ticket is not None and records and whole:
            self._fold(name, ticket, records)

    def _read(self, name: str) -> tuple[Head | None, tuple[Link, ...]]:
        # Where a transaction does not stop others from writing, the row is read until it stood still around its records.
        while True:
            with self.store.batch():
                head, links, again = self.store.head(name), self.store.chain(name), self.store.head(name)
            if head == again:
                return head, links

    def _as_noted(self, name: str, links: Iterable[Link]) -> None:
        where = self.noted.get(name)
        if where is not None and not any(one.sequence == where.revision and one.chain == where.chain for one in links):
            self.find("audit.noted", name, where.revision)

    def _records(self, name: str, links: Iterable[Link]) -> list[Record]:
        records = []
        for one in links:
            try:
                record = load(read_text(one.body))
                if not isinstance(record, Record) or record.sequence != one.sequence:
                    raise InputError("it is numbered otherwise, or is no record")
                records.append(record)
            except FormatError:
                raise
            except ServflowError as error:
                self.find("audit.unreadable", name, one.sequence, problem=str(error))
        return records

    def _erased(self, name: str, links: Iterable[Link], records: Iterable[Record]) -> None:
        # A seal lets a record say something else than when it was kept: only a later record of the chain allows that.
        allowed: dict[str, tuple[int, str]] = {}
        for record in records:
            if isinstance(record, Erased):
                allowed.update((number, (record.sequence, told)) for number, told in record.records.items())
        for one in links:
            by, told = allowed.get(str(one.sequence), (0, ""))
            if one.seal and by <= one.sequence:
                self.find("audit.sealed", name, one.sequence)
            elif by > one.sequence and sha256(one.body.encode()).hexdigest() != told:
                self.find("audit.rewritten", name, one.sequence, by=by)

    def _snapshot(self, name: str, head: Head) -> Ticket | None:
        try:
            ticket = load_ticket(head.snapshot)
        except FormatError:
            raise
        except ServflowError as error:
            self.find("audit.snapshot_unreadable", name, problem=str(error))
            return None
        if (ticket.id, ticket.revision) != (name, head.revision):
            self.find("audit.snapshot", name, names=("id", "sequence"))
            return None
        said = dict(zip(COLUMNS, row_of(ticket), strict=True))
        if names := tuple(column for column, value in head.columns.items() if value != said.get(column)):
            self.find("audit.columns", name, names=names)
        return ticket

    def _fold(self, name: str, ticket: Ticket, records: list[Record]) -> None:
        hash_ = ticket.pins.get("workflow", "")
        workflow = self._workflow(hash_)
        if workflow is None:
            self.find("audit.not_folded", name, severity="warning", hash=hash_)
            return
        try:
            folded = workflow.fold(records)
        except ServflowError as error:
            self.find("audit.unfolded", name, problem=str(error))
            return
        if canonical(folded) != canonical(ticket):
            self.find("audit.snapshot", name, names=_differing(folded, ticket))

    def _workflow(self, hash_: str) -> Workflow | None:
        if hash_ not in self._workflows:
            self._workflows[hash_] = self._defined(hash_)
        return self._workflows[hash_]

    def _defined(self, hash_: str) -> Workflow | None:
        try:
            data: Any = self.store.definition(hash_)
            read: Workflow | None = None if data is None else definition(data)
        except StoreError as error:
            if error.code != "damaged":
                raise
            self.findings.append(Finding("audit.definition", f"definitions[{hash_!r}]", {"hash": hash_}))
            return None
        except (ServflowError, TypeError):  # it needs the host's functions, or was changed
            return None
        if read is not None and read.hash != hash_:
            self.findings.append(Finding("audit.definition", f"definitions[{hash_!r}]", {"hash": hash_}))
            return None
        return read


def _differing(folded: Ticket, ticket: Ticket) -> tuple[str, ...]:
    names = (attribute.name for attribute in attrs.fields(Ticket))
    return tuple(name for name in names if getattr(folded, name) != getattr(ticket, name))
