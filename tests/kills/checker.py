"""
Knows what must be true of a database of jobs after processes died; must not know servflow, whose tables it reads by itself.

The rules are those of ``job.yaml``, the hashes those that the reference of records documents. What clients were promised is in
their journals, what reached the outside in the receipts: both were written by other processes than the database was.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

CAPACITY = 4
"""How many jobs one worker of ``host.py`` has at most."""
AFTER = {"working": timedelta(milliseconds=400), "resting": timedelta(milliseconds=200)}
"""What ``job.yaml`` says: how long a state is active before its timer runs out."""
ROUNDS = 2
BILL = 7
"""What the host's handler of the call ``bill`` answers."""


@dataclass(frozen=True)
class Kept:
    """
    The rows of a database as they are.

    ``tickets`` are (revision, chain, snapshot) by id, ``records`` (sequence, text, salt, chain, seal) by ticket, ``twins``
    what a second row of each ticket says of its revision and chain, ``damage`` what the database says of its own pages.
    """

    tickets: Mapping[str, tuple[int, str, str]]
    records: Mapping[str, Sequence[tuple[int, str, str, str, str]]]
    keys: Sequence[tuple[str, str, int, int]] = ()
    effects: int = 0
    mail: int = 0
    awake: int = 0
    troubles: int = 0
    held: Sequence[tuple[str, str, int]] = ()
    totals: Mapping[str, int] = field(default_factory=dict)
    twins: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    damage: Sequence[str] = ()


# -- reading


class _Rows:
    """One moment of a database: everything is read in one transaction."""

    def __init__(self, url: str) -> None:
        self.prefix = ""
        if "://" in url:
            import psycopg

            self._db: Any = psycopg.connect(url)
            self._db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            self.prefix = "servflow."
        else:
            self._db = sqlite3.connect(Path(url), isolation_level=None)
            self._db.execute("BEGIN")

    def __call__(self, columns: str, table: str) -> list[tuple[Any, ...]]:
        return list(self._db.execute(f"SELECT {columns} FROM {self.prefix}{table}"))

    def close(self) -> None:
        self._db.close()


def read(url: str) -> Kept:
    """The rows of a SQLite file, or of the schema ``servflow`` behind a ``postgresql://`` URL."""
    with closing(_Rows(url)) as rows:
        records: dict[str, list[tuple[int, str, str, str, str]]] = defaultdict(list)
        for ticket, *row in rows("ticket, sequence, body, salt, chain, seal", "record"):
            records[ticket].append(tuple(row))
        return Kept(
            tickets={row[0]: (row[1], row[2], row[3]) for row in rows("id, revision, chain, snapshot", "ticket")},
            records={ticket: sorted(found) for ticket, found in records.items()},
            keys=rows("ticket, key, first, last", "answered"),
            effects=rows("count(*)", "effect")[0][0],
            mail=rows("count(*)", "mail")[0][0],
            awake=_awake(rows),
            troubles=rows("count(*)", "trouble")[0][0],
            held=rows("key, ticket, units", "held"),
            totals=_totals(rows),
            twins={row[0]: (row[1], row[2]) for row in rows("ticket, revision, chain", "wake")} if rows.prefix else {},
            damage=[] if rows.prefix else [row[0] for row in rows("*", "pragma_integrity_check") if row[0] != "ok"],
        )


def _awake(rows: _Rows) -> int:
    return int(rows("count(due)", "wake" if rows.prefix else "ticket")[0][0])


def _totals(rows: _Rows) -> dict[str, int]:
    found = rows("key, units", "holding" if rows.prefix else "total")
    return {key: units for key, units in found if units}


def quiet(url: str) -> bool:
    """Whether nothing is left to be done: no mail, no effect, no ticket that wakes."""
    with closing(_Rows(url)) as rows:
        return not (rows("count(*)", "mail")[0][0] or rows("count(*)", "effect")[0][0] or _awake(rows))


def overfull(url: str) -> list[str]:
    """Whose capacity is exceeded, or counted otherwise than it is held, at this very moment."""
    with closing(_Rows(url)) as rows:
        return list(_capacity(rows("key, ticket, units", "held"), _totals(rows)))


def lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file that was only ever appended to; one that a dying process did not finish is passed over."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


# -- checking


@dataclass(frozen=True)
class Told:
    """What a client asked for, and what it was answered; None where it died first."""

    client: str
    number: int
    asked: Mapping[str, Any]
    answer: Mapping[str, Any] | None


def told(journals: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Told]:
    """The calls of every client's journal, in its order."""
    found = []
    for client, entries in journals.items():
        asked = {entry["try"]: entry["ask"] for entry in entries if "try" in entry}
        done = {entry["done"]: entry["answer"] for entry in entries if "done" in entry}
        found.extend(Told(client, number, ask, done.get(number)) for number, ask in asked.items())
    return found


def check(kept: Kept, journals: Mapping[str, Sequence[Mapping[str, Any]]], receipts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Everything that is not as it must be, in words; empty where all holds."""
    bodies = {ticket: [json.loads(row[1]) for row in rows] for ticket, rows in kept.records.items()}
    calls = told(journals)
    return [
        *_left(kept),
        *_numbered(kept, bodies),
        *_chained(kept),
        *_acknowledged(kept, bodies, calls),
        *_once(kept, bodies, calls),
        *_timers(bodies),
        *_snapshots(kept, bodies),
        *_capacity(kept.held, kept.totals),
        *_holdings(kept, bodies),
        *_delivered(bodies, receipts),
        *_sent(bodies),
    ]


def _left(kept: Kept) -> Iterator[str]:
    for what in ("mail", "effects", "awake", "troubles"):
        if getattr(kept, what):
            yield f"left: {getattr(kept, what)} rows of {what} after everything was done"


def _numbered(kept: Kept, bodies: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    yield from (f"damage: {line}" for line in kept.damage)
    heads = {ticket: row[:2] for ticket, row in kept.tickets.items()}
    if kept.twins and kept.twins != heads:
        yield f"rows: the two rows of a ticket differ: {sorted(kept.twins.items() ^ heads.items())}"
    if kept.tickets.keys() != kept.records.keys():
        yield f"rows: tickets without records or the other way: {sorted(kept.tickets.keys() ^ kept.records.keys())}"
    for ticket, rows in kept.records.items():
        numbers = [row[0] for row in rows]
        if numbers != list(range(1, len(rows) + 1)):
            yield f"numbering: the records of {ticket} are numbered {numbers}"
        if numbers != [body["sequence"] for body in bodies[ticket]]:
            yield f"numbering: the records of {ticket} say other numbers than their rows"
        if bodies[ticket][0]["kind"] != "opened" or any(body["kind"] == "opened" for body in bodies[ticket][1:]):
            yield f"opening: {ticket} is not opened exactly once, at the beginning"
        if (instants := [_at(body) for body in bodies[ticket]]) != sorted(instants):
            yield f"order: the instants of {ticket} go back"


def _chained(kept: Kept) -> Iterator[str]:
    for ticket, rows in kept.records.items():
        before = ""
        for sequence, body, salt, chain, seal in rows:
            sealed = seal or _sha(f"{salt}\n{body}")
            if _sha(f"{before}\n{sealed}") != chain:
                yield f"chain: record {sequence} of {ticket} does not follow from the one before"
                break
            before = chain
        if ticket in kept.tickets and kept.tickets[ticket][1] != rows[-1][3]:
            yield f"chain: {ticket} ends otherwise than its last record"


def _sha(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _at(body: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(body["at"])


def _acknowledged(kept: Kept, bodies: Mapping[str, Sequence[Mapping[str, Any]]], calls: Iterable[Told]) -> Iterator[str]:
    answered = {(ticket, key): (first, last) for ticket, key, first, last in kept.keys}
    order: dict[tuple[str, str, str], int] = {}
    for call in calls:
        ticket, key, do = call.asked["ticket"], call.asked["key"], call.asked["do"]
        found = [
            body["sequence"]
            for body in bodies.get(ticket, ())
            if (body["kind"] == "opened" if do == "open" else body.get("key") == key)
        ]
        if call.answer is None:
            if len(found) > 1:
                yield f"doubled: {do} {key} of {ticket} is in records {found}"
            continue
        if len(found) != 1:
            yield f"{'doubled' if found else 'lost'}: {do} {key} of {ticket} was acknowledged and is in records {found}"
            continue
        first, last = answered.get((ticket, key), (0, 0))
        if not first <= found[0] <= last:
            yield f"lost: {do} {key} of {ticket} is record {found[0]}, but its key stands for records {first} to {last}"
        if do != "post" and (call.answer["first"], call.answer["last"]) != (first, last):
            yield f"answer: {do} {key} of {ticket} was told to be other records than {first} to {last}: {call.answer}"
        if do != "open":
            if found[0] <= order.get((call.client, ticket, do), 0):
                yield f"order: {do} {key} of {ticket} came before what {call.client} asked for earlier"
            order[call.client, ticket, do] = found[0]


def _once(kept: Kept, bodies: Mapping[str, Sequence[Mapping[str, Any]]], calls: Iterable[Told]) -> Iterator[str]:
    asked = {call.asked["payload"]["mark"] for call in calls if "payload" in call.asked}
    for (ticket, key), count in Counter(row[:2] for row in kept.keys).items():
        if count > 1:
            yield f"doubled: key {key} of {ticket} is kept {count} times"
    marks: Counter[tuple[str, str]] = Counter()
    keys: Counter[tuple[str, str]] = Counter()
    for ticket, body in _received(bodies):
        if "mark" in body.get("payload", {}):
            marks[body["event"], body["payload"]["mark"]] += 1
        if body.get("key"):
            keys[ticket, body["key"]] += 1
    yield from (f"doubled: event {event} with the mark {mark} is in {n} records" for (event, mark), n in marks.items() if n > 1)
    yield from (f"doubled: key {key} is in {n} records of {ticket}" for (ticket, key), n in keys.items() if n > 1)
    yield from (f"made up: nobody asked for the mark {mark}" for _, mark in marks if mark not in asked)


def _received(bodies: Mapping[str, Sequence[Mapping[str, Any]]], event: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for ticket, records in bodies.items():
        for body in records:
            if body["kind"] == "received" and (not event or body["event"] == event):
                yield ticket, body


def _timers(bodies: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    for ticket, records in bodies.items():
        for state, after in AFTER.items():
            dues = [_at(body) + after for body in records if state in _entered(body)]
            fired = [body for body in records if body["kind"] == "timer_fired" and body["timer"]["state"] == state]
            if len(fired) != len(dues):
                yield f"timer: {state} of {ticket} was entered {len(dues)} times, its timer ran out {len(fired)} times"
            for due, body in zip(dues, fired, strict=False):
                if _at(body) < due:
                    yield f"timer: record {body['sequence']} of {ticket} is early: {body['at']}, not {due.isoformat()}"
                elif _at(body) > due:
                    yield f"timer: record {body['sequence']} of {ticket} is at {body['at']}, not {due.isoformat()}"


def _entered(body: Mapping[str, Any]) -> Sequence[str]:
    found: Sequence[str] = body.get("entered", ()) if body["kind"] == "moved" else ()
    return found


def _snapshots(kept: Kept, bodies: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    for ticket, (revision, _, text) in kept.tickets.items():
        snapshot, records = json.loads(text), bodies.get(ticket, ())
        if not records or not revision == snapshot["sequence"] == records[-1]["sequence"]:
            yield f"snapshot: {ticket} stands at {revision}, its snapshot at {snapshot['sequence']}, of {len(records)} records"
            continue
        if snapshot["at"] != records[-1]["at"]:
            yield f"snapshot: {ticket} is of {snapshot['at']}, its last record of {records[-1]['at']}"
        added = [body["payload"]["n"] for body in records if body["kind"] == "received" and body["event"] == "add"]
        wanted = {"rounds": ROUNDS, "total": sum(added), "bill": BILL}
        stands = {name: snapshot["fields"][name] for name in wanted}
        if snapshot["configuration"] != ["done"] or stands != wanted:
            yield f"snapshot: {ticket} is {snapshot['configuration']} with {stands}, its records come to done with {wanted}"


def _capacity(held: Iterable[tuple[str, str, int]], totals: Mapping[str, int]) -> Iterator[str]:
    summed: Counter[str] = Counter()
    for key, _, units in held:
        summed[key] += units
    for key in sorted(summed.keys() | totals.keys()):
        if summed[key] != totals.get(key, 0):
            yield f"capacity: {key} is counted as {totals.get(key, 0)}, but {summed[key]} are held"
        if summed[key] > CAPACITY:
            yield f"capacity: {summed[key]} of {CAPACITY} of {key} are held"


def _holdings(kept: Kept, bodies: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    come_to: Counter[tuple[str, str]] = Counter()
    for ticket, records in bodies.items():
        for body in records:
            if body["kind"] in ("reserved", "freed"):
                come_to[body["held"]["key"], ticket] += 1 if body["kind"] == "reserved" else -1
    stands = {(key, ticket): units for key, ticket, units in kept.held if units}
    if (wanted := {pair: units for pair, units in come_to.items() if units}) != stands:
        yield f"capacity: {stands} is held, the records come to {wanted}"


def _implied(bodies: Mapping[str, Sequence[Mapping[str, Any]]]) -> Counter[tuple[Any, ...]]:
    """What the host must have been asked to do, by what happened."""
    found: Counter[tuple[Any, ...]] = Counter()
    for ticket, records in bodies.items():
        rounds = 0
        for body in records:
            if body["kind"] == "assigned":
                found["assign", ticket, body["slot"], body["to"]] += 1
            elif body["kind"] == "received" and body["event"] == "add":
                found["notify", ticket, "added", body["payload"]["mark"]] += 1
            for state in _entered(body):
                rounds += state == "resting"
                found["notify", ticket, state, rounds] += 1
                if state == "done":
                    found["call", ticket, "bill"] += 1
    return found


def _delivered(bodies: Mapping[str, Sequence[Mapping[str, Any]]], receipts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    known: dict[str, Mapping[str, Any]] = {}
    for receipt in receipts:
        effect = receipt["effect"]
        if known.setdefault(effect["id"], effect) != effect:
            yield f"effect: {effect['id']} of {effect['ticket']} was delivered with two contents"
        if datetime.fromtimestamp(0, UTC) + timedelta(microseconds=receipt["seen"]) < _at(effect):
            yield f"effect: {effect['id']} of {effect['ticket']} belongs to {effect['at']} and was delivered early"
    delivered: Counter[tuple[Any, ...]] = Counter(_short(effect) for effect in known.values())
    implied = _implied(bodies)
    yield from (f"effect: {one} was never delivered" for one in (implied - delivered))
    yield from (f"effect: {one} was delivered, but nothing asked for it" for one in (delivered - implied))


def _short(effect: Mapping[str, Any]) -> tuple[Any, ...]:
    kind, ticket = effect["kind"], effect["ticket"]
    if kind == "assign":
        return kind, ticket, effect["slot"], effect["to"]
    if kind == "call":
        return kind, ticket, effect["name"]
    if kind == "notify":
        data = effect["data"]
        return kind, ticket, effect["template"], data["mark"] if effect["template"] == "added" else data["round"]
    return kind, ticket, effect["id"]


def _sent(bodies: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    """What one ticket asks of another, the workers themselves carry out: it is in the other one's records."""
    added = {(ticket, body["payload"]["mark"]) for ticket, body in _received(bodies, "add")}
    for ticket, body in _received(bodies, "pass_on"):
        if (body["payload"]["to"], body["payload"]["mark"]) not in added:
            yield f"effect: what {ticket} sent to {body['payload']['to']} with the mark {body['payload']['mark']} never came"
    children = {ticket: body[0]["fields"]["parent"] for ticket, body in bodies.items() if "parent" in body[0]["fields"]}
    linked = {body["other"]: ticket for ticket, records in bodies.items() for body in records if body["kind"] == "linked"}
    if children != linked:
        yield f"effect: children that were asked for and that are there differ: {sorted(children.items() ^ linked.items())}"
    spawned = Counter(ticket for ticket, _ in _received(bodies, "spawn"))
    if spawned != Counter(linked.values()):
        yield f"effect: {spawned.total()} children were asked for, {len(linked)} are there"
