"""Knows how one ticket with all that proves it leaves a store and comes into another; must not know which stores."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import evolve, frozen

from servflow.calendars import from_data
from servflow.documents import definition
from servflow.engine import Workflow
from servflow.errors import FormatError, InputError, NotFound, ServflowError, StoreError, shown
from servflow.model import (
    Actor,
    Effect,
    FrozenMap,
    Migrated,
    Opened,
    Received,
    Record,
    Take,
    Ticket,
    canonical,
    decode_value,
    dump,
    frozen_map,
    load,
    read_instant,
    visit_keys,
    write_instant,
)
from servflow.stores._chain import Head, Link
from servflow.stores._memory import MemoryStore
from servflow.stores._protocol import Change, Message, Store
from servflow.stores._verify import Noted, broken, finding, verify
from servflow.stores._writing import written_actor, written_payload

FORMAT = 2
"""Version of the exported form; 1 knew neither seals of erased records nor mail, and is read."""

PAGE = 500


def export(store: Store, id: str, *, workflows: Iterable[Workflow] = ()) -> dict[str, Any]:  # noqa: A002 - as everywhere
    """
    One ticket as JSON-ready data that needs nothing else: its records with their chain, the ticket, its pending effects, the
    mail that waits for it, the keys of its events, every definition it ran under and the calendars that count for it. It says
    nothing of the tenant, nor of what failed: an effect that was set aside is pending where it comes to.

    Args:
        store: where it is kept; it stays there.
        id: which ticket.
        workflows: definitions that need the host's functions.

    Raises:
        NotFound: there is no such ticket.
        StoreError: its records do not prove it; ``verify`` says what is wrong.
    """
    given = tuple(workflows)
    with store.batch():
        # Where a transaction does not stop others from writing, it is read until it stood still meanwhile.
        while True:
            before = store.head(id)
            data = _whole(store, id, given)
            if store.head(id) == before:
                return data


def _whole(store: Store, id_: str, workflows: tuple[Workflow, ...]) -> dict[str, Any]:
    report = verify(store, id_, workflows=workflows)
    if not report:
        raise StoreError(f"ticket {id_!r} is not exported: {report.findings[0]}", code="export", ticket=id_)
    head, ticket = store.head(id_), store.load(id_)
    if head is None or ticket is None:
        raise NotFound(f"there is no ticket {id_!r}", code="ticket", ticket=id_)
    records = store.history(id_)
    keys = [record.key for record in records if isinstance(record, Received) and record.key is not None]
    known = {key: answer for key in keys if (answer := store.answered(id_, key)) is not None}
    definitions = {hash_: data for hash_ in dict.fromkeys(_pinned(records)) if (data := store.definition(hash_)) is not None}
    return {
        "kind": "export",
        "format": FORMAT,
        "id": id_,
        "chain": head.chain,
        "ticket": dump(ticket),
        "records": [_linked(one) for one in store.chain(id_)],
        "keys": {key: [answer.first, answer.last] for key, answer in known.items()},
        "effects": [dump(effect) for effect in _pending(store) if effect.ticket == id_],
        "mail": [_sent(message) for message in _mail(store, id_)],
        "definitions": {hash_: dict(data) for hash_, data in definitions.items()},
        "calendars": _counting(store, ticket),
    }


def _counting(store: Store, ticket: Ticket) -> dict[str, Any]:
    """The calendars a ticket is counted by, where a desk kept them: there its clocks go on by them up to a change."""
    pinned = ticket.pins.get("calendars", "")
    kept = store.definition(pinned) if pinned else None
    return {pinned: dict(kept)} if kept is not None and isinstance(kept.get("calendars"), Mapping) else {}


def _sent(message: Message) -> dict[str, Any]:
    actor = written_actor(message.actor)
    return {
        "event": message.event,
        "payload": json.loads(written_payload(message.payload)),
        "key": message.key,
        "actor": None if actor is None else json.loads(actor),
        "at": write_instant(message.at),
    }


def _mail(store: Store, id_: str) -> Iterator[Message]:
    after = 0
    while page := store.mail(id_, PAGE, after=after):
        yield from page
        after = page[-1].id


def _linked(one: Link) -> dict[str, Any]:
    sealed = {"seal": one.seal} if one.seal else {}
    return {"salt": one.salt, **sealed, "chain": one.chain, "record": json.loads(one.body)}


def _pinned(records: Iterable[Record]) -> Iterator[str]:
    for record in records:
        if isinstance(record, (Opened, Migrated)) and "workflow" in record.pins:
            yield record.pins["workflow"]


def _pending(store: Store) -> Iterator[Effect]:
    after: str | None = None
    while page := store.effects(PAGE, after=after):
        yield from page
        after = page[-1].id


@frozen
class _Read:
    """An exported ticket, read."""

    ticket: Ticket
    chain: str
    records: tuple[Record, ...]
    links: tuple[Link, ...]
    keys: Mapping[str, tuple[int, int]]
    effects: tuple[Effect, ...]
    mail: tuple[Message, ...]
    definitions: Mapping[str, Mapping[str, Any]]
    calendars: Mapping[str, Mapping[str, Any]]


def import_ticket(store: Store, data: Mapping[str, Any], *, workflows: Iterable[Workflow] = ()) -> Ticket:
    """
    Take in a ticket that ``export`` gave, with the same records, salts and chain, once all of it is proved.

    It is due when it was due, and holds the capacity it held, also beyond a limit. Nothing is kept where anything is wrong.

    Args:
        store: where it is to be kept.
        data: what ``export`` gave, also after it went through JSON.
        workflows: definitions that need the host's functions.

    Raises:
        InputError: this is no export, its records do not prove it, or a definition is not what its hash says.
        FormatError: it was exported by a newer servflow.
        StoreError: the store has a ticket of that id, or its storage failed.
    """
    given = tuple(workflows)
    read = _read(data)
    head = Head(read.ticket.revision, read.chain, "")
    for code, sequence in broken(head, read.links):
        raise InputError(
            f"ticket {read.ticket.id!r} is not imported: {finding(code, read.ticket.id, sequence, revision=head.revision)}",
            code="import",
            ticket=read.ticket.id,
        )
    _proved(read, given)
    with store.batch():
        if store.head(read.ticket.id) is not None or store.chain(read.ticket.id, limit=1):
            raise StoreError(
                f"there is a ticket {read.ticket.id!r} already; import into another tenant or store",
                code="exists",
                ticket=read.ticket.id,
            )
        _keep(store, read, _index(read, given))
    return read.ticket


def _index(read: _Read, workflows: tuple[Workflow, ...]) -> FrozenMap[str, Any] | None:
    """What the ticket is found by, as the definition it runs under says; None where that cannot be read."""
    pinned = read.ticket.pins.get("workflow", "")
    flow = next((flow for flow in workflows if flow.hash == pinned), None)
    if flow is None and pinned in read.definitions:
        flow = definition(read.definitions[pinned])
    give = getattr(flow, "index", None)  # a correlator's ticket is found by nothing
    return None if give is None else frozen_map(give(read.ticket))


def _proved(read: _Read, workflows: tuple[Workflow, ...]) -> None:
    """Refuse what would not be proved in a store of its own."""
    for hash_, data in read.definitions.items():
        try:
            known = hash_ in {flow.hash for flow in workflows} or definition(data).hash == hash_
        except (ServflowError, TypeError) as error:
            told = f"definition {shown(hash_)} cannot be read: {error}; give its workflow with workflows=[...]"
            raise InputError(told, code="definition", hash=hash_) from error
        if not known:
            raise InputError(f"definition {shown(hash_)} is not what its hash says", code="definition", hash=hash_)
    for hash_, kept in read.calendars.items():
        if _hash_of(kept.get("calendars")) != hash_:
            raise InputError(f"the calendars {shown(hash_)} are not what their hash says", code="definition", hash=hash_)
    alone = MemoryStore()
    _keep(alone, read)
    report = verify(alone, read.ticket.id, noted={read.ticket.id: Noted(read.ticket.revision, read.chain)}, workflows=workflows)
    for one in report.findings:  # what could not be compared is not taken in either
        raise InputError(f"ticket {read.ticket.id!r} is not imported: {one}", code="import", ticket=read.ticket.id)


def _hash_of(calendars: Any) -> str | None:
    """The hash a ticket is pinned to by calendars; None for what are none."""
    try:
        found = {str(name): from_data(data).hash for name, data in calendars.items()}
    except (ServflowError, TypeError, AttributeError):
        return None
    return hashlib.sha256(canonical(found)).hexdigest()


def _keep(store: Store, read: _Read, index: FrozenMap[str, Any] | None = None) -> None:
    for hash_, data in read.definitions.items():
        if store.definition(hash_) is None:
            store.define(hash_, str(data.get("workflow", "")), int(data.get("version", 0)), data)
    for hash_, data in read.calendars.items():
        if store.definition(hash_) is None:
            store.define(hash_, read.ticket.workflow, read.ticket.version, data)
    # One change for each key, so that each answers its own records; nobody sees the ticket before the last.
    at: int | None = None
    for end, keys in _cuts(read):
        last = end == read.ticket.revision
        (answer,) = store.commit(
            [
                Change(
                    ticket=read.ticket if last else evolve(read.ticket, sequence=end),
                    expected=at,
                    records=read.records[at or 0 : end],
                    effects=read.effects if last else (),
                    index=index if last else None,
                    reservations=_holds(read.ticket) if last else (),
                    keys=keys,
                    salts=tuple(one.salt for one in read.links[at or 0 : end]),
                    seals=tuple(one.seal for one in read.links[at or 0 : end]),
                )
            ]
        )
        if answer.status != "applied":
            raise StoreError(
                f"ticket {read.ticket.id!r} is not imported: the store answered {answer.status}",
                code="import",
                ticket=read.ticket.id,
            )
        at = end
    for message in read.mail:
        # A key that came another way meanwhile is known: the message would be read as a duplicate and consumed.
        store.post(message.ticket, message.event, message.payload, key=message.key, at=message.at, actor=message.actor)


def _holds(ticket: Ticket) -> tuple[Take, ...]:
    """What a ticket holds of people's capacity, of spare parts, and of the time of whoever comes to its visit."""
    visit = ticket.appointment
    cells: tuple[str, ...] = ()
    if visit is not None and visit.booked and visit.to is not None and visit.start is not None and visit.end is not None:
        cells = visit_keys(visit.to, visit.start, visit.end)
    return (
        *(Take(key=held.key, units=held.units) for held in ticket.held),
        *(Take(key=line.key, units=line.quantity) for line in ticket.parts if line.held),
        *(Take(key=key) for key in cells),
    )


def _cuts(read: _Read) -> list[tuple[int, tuple[str, ...]]]:
    """Where changes end, with the keys each keeps."""
    total = read.ticket.revision
    ends = {total: (), **{first - 1: () for first, _ in read.keys.values() if first > 1}}
    cuts: dict[int, tuple[str, ...]] = dict(ends)
    for key, (_, last) in read.keys.items():
        cuts[last] = (*cuts.get(last, ()), key)
    return sorted(cuts.items())


def _read(data: Any) -> _Read:
    if not isinstance(data, Mapping) or data.get("kind") != "export":
        raise InputError("this is no exported ticket; give what export writes", code="export")
    written = data.get("format")
    if type(written) is not int or written > FORMAT:
        raise FormatError(
            f"the export has format {shown(written)}, this servflow reads up to {FORMAT}; upgrade servflow",
            format=written,
            known=FORMAT,
        )
    try:
        links = tuple(
            Link(
                sequence=one["record"]["sequence"],
                body=canonical(one["record"]).decode(),
                salt=str(one["salt"]),
                chain=str(one["chain"]),
                seal=str(one.get("seal", "")),
            )
            for one in data["records"]
        )
        read = _Read(
            ticket=load(data["ticket"]),
            chain=str(data["chain"]),
            records=tuple(load(one["record"]) for one in data["records"]),
            links=links,
            keys={str(key): (int(first), int(last)) for key, (first, last) in data["keys"].items()},
            effects=tuple(load(effect) for effect in data["effects"]),
            mail=tuple(_received(number, str(data["id"]), one) for number, one in enumerate(data.get("mail", ()), 1)),
            definitions={str(hash_): dict(body) for hash_, body in data["definitions"].items()},
            calendars={str(hash_): dict(body) for hash_, body in data.get("calendars", {}).items()},
        )
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise InputError(f"this is no exported ticket, or a damaged one: {error!r}", code="export") from error
    _fits(read, data)
    return read


def _received(number: int, ticket: str, one: Mapping[str, Any]) -> Message:
    event, key, payload = one["event"], one["key"], decode_value(one["payload"])
    if not (isinstance(event, str) and isinstance(key, str) and isinstance(payload, FrozenMap)):
        raise ValueError(f"message {number} is none")
    return Message(
        id=number,
        ticket=ticket,
        event=event,
        payload=payload,
        key=key,
        actor=Actor.of(one["actor"]),
        at=read_instant(one["at"]),
    )


def _fits(read: _Read, data: Mapping[str, Any]) -> None:
    ticket: Any = read.ticket
    parts: tuple[Any, ...] = (*read.records, *read.effects)
    kinds = (Record,) * len(read.records) + (Effect,) * len(read.effects)
    if (
        not isinstance(ticket, Ticket)
        or ticket.id != data.get("id")
        or not all(isinstance(part, kind) for part, kind in zip(parts, kinds, strict=True))
        or not all(effect.ticket == ticket.id for effect in read.effects)
        or not all(1 <= first <= last <= ticket.revision for first, last in read.keys.values())
    ):
        raise InputError("this is a damaged export: its parts are not of one ticket", code="export")
    for record, one in zip(read.records, read.links, strict=True):
        if canonical(record).decode() != one.body:
            told = f"record {one.sequence} of ticket {ticket.id!r} has parts no record has; it was not written by servflow"
            raise InputError(told, code="export", ticket=ticket.id)
