"""Knows what a ticket has to be without what it says of a person, and what records it; must not know where records are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from servflow.engine._building import takes
from servflow.engine._builtin import BUILT_IN_EVENTS
from servflow.engine._given import Given
from servflow.engine._redacting import Names, named_values, people, redacted, sought, staff
from servflow.engine._verbs import fold, not_before
from servflow.errors import InputError, nearest, shown
from servflow.model import Erased, FrozenMap, Migrated, Opened, Outcome, Received, Record, Ticket, canonical

if TYPE_CHECKING:
    from servflow.engine._workflow import Workflow

ATTRIBUTES = ("customer", "asset", "channel", "tags")
"""Attributes of a ticket that can be erased by name, besides its fields."""

WRITTEN = frozenset({"text", "comment", "reason"})
"""What people write with the built-in events."""

_STAND_IN = re.compile(r"erased-([1-9][0-9]{0,8})\Z")


@frozen(kw_only=True)
class Erasure:
    """
    What erasing comes to: the outcome to keep, and the earlier records in the form that is kept of them from now on.

    Both go into one change of a store: ``Change.of(outcome, revision, erased=records)``. Where nothing was to be erased,
    neither holds a record and the ticket is the one given.
    """

    outcome: Outcome
    records: tuple[Record, ...] = ()


@frozen(kw_only=True)
class Wanted:
    """What is to be erased: fields (None: all that is marked), ids of people, and all that people wrote."""

    fields: tuple[str, ...] | None
    people: tuple[str, ...]
    written: bool
    reason: str
    before: tuple[Workflow, ...] = ()

    @classmethod
    def of(
        cls, fields: Iterable[str] | None, who: Iterable[str], written: bool, reason: str | None, before: Iterable[Workflow]
    ) -> Wanted:
        """
        Read what a host passed.

        Raises:
            InputError: a name or the reason is no text.
        """
        named = None if fields is None else _texts(fields, "fields")
        said: object = reason
        if (said is not None and not isinstance(said, str)) or len(reason or "") > 1_000:
            raise InputError(f"reason is a text of at most 1000 characters, not {shown(reason)}", code="erase")
        return cls(fields=named, people=_texts(who, "people"), written=bool(written), reason=reason or "", before=tuple(before))


def _texts(given: Iterable[str], name: str) -> tuple[str, ...]:
    held: tuple[Any, ...] = (given,) if isinstance(given, str) else tuple(given)
    for one in held:
        if not isinstance(one, str) or not one:
            raise InputError(f"{name} are texts, not {shown(one)}", code="erase")
    return tuple(dict.fromkeys(held))


@frozen
class _Stretch:
    """The records a ticket made under one definition, from a number on, and the names fields had in it."""

    first: int
    flow: Workflow
    renamed: dict[str, str | None] = field(factory=dict)
    """What a field of the stretch before is called in this one; None where it was let go."""
    names: frozenset[str] = frozenset()


def erase(workflow: Workflow, ticket: Ticket, records: Sequence[Record], wanted: Wanted, given: Given) -> Erasure:
    """One call of ``erase``; nothing else happens to the ticket, and no rule or clock looks at what is gone."""
    given_ticket: object = ticket
    if not isinstance(given_ticket, Ticket):
        raise InputError(f"pass a Ticket, not a {type(given_ticket).__name__}; load_ticket(row) reads a stored one")
    at = not_before(ticket, given.at)
    if ticket.wake is not None and ticket.wake <= at:
        raise InputError(
            f"ticket {ticket.id} has something to do since {ticket.wake.isoformat()}; advance it first",
            code="due",
            wake=ticket.wake,
        )
    _prove(workflow, ticket, records)
    stretches = _spread(_stretches({flow.hash: flow for flow in (*wanted.before, workflow)}, ticket, records), wanted)
    _known(ticket, stretches, wanted)
    known = [_names(stretch, wanted) for stretch in stretches]
    each = list(_in_force(records, stretches, known))
    stand_ins = _stand_ins(ticket, records, wanted.people)
    values = [value for record, names in each for value in named_values(record, names)]
    written = [value for record in records for value in _by_people(record)] if wanted.written else []
    found = sought(values, written, stand_ins)
    after = [redacted(record, names, found) for record, names in each]
    changed = tuple(new for old, new in zip(records, after, strict=True) if new is not old)
    if not changed:
        return Erasure(outcome=Outcome(ticket=ticket))
    made = Erased(
        sequence=ticket.sequence + 1,
        at=at,
        fields=tuple(sorted(stretches[-1].names)),
        people=tuple(name for name in stand_ins.values() if any(f'"{name}"' in canonical(one).decode() for one in changed)),
        written=wanted.written,
        records=FrozenMap({str(one.sequence): sha256(canonical(one)).hexdigest() for one in changed}),
        actor=None if given.actor is None else stand_ins.get(given.actor.id, given.actor.id),
        roles=() if given.actor is None else given.actor.roles,
        reason=found.text(wanted.reason),
    )
    return Erasure(outcome=Outcome(ticket=fold(workflow, [*after, made]), records=(made,)), records=changed)


def _prove(workflow: Workflow, ticket: Ticket, records: Sequence[Record]) -> None:
    if not records or canonical(fold(workflow, records)) != canonical(ticket):
        raise InputError(
            f"the records given are not all of ticket {ticket.id}, or it is not what they amount to; give its whole history,"
            " and ask verify of the store what is wrong",
            code="erase",
            ticket=ticket.id,
        )


# under which definition -----------------------------------------------------------------------------------------


def _stretches(flows: dict[str, Workflow], ticket: Ticket, records: Sequence[Record]) -> list[_Stretch]:
    made: list[_Stretch] = []
    for record in records:
        if isinstance(record, (Opened, Migrated)):
            pinned = record.pins.get("workflow", "")
            if pinned not in flows:
                raise InputError(
                    f"ticket {ticket.id} ran under definition {pinned[:12]!r} before, and what was personal in it is not known;"
                    " give that workflow in before=[...]",
                    code="version",
                    ticket=ticket.id,
                    hash=pinned,
                )
            made.append(_Stretch(record.sequence, flows[pinned], dict(record.fields) if isinstance(record, Migrated) else {}))
    return made


def _spread(stretches: list[_Stretch], wanted: Wanted) -> list[_Stretch]:
    """The stretches with the names to be erased in each: a field stays the same one when it is renamed."""
    marked = [_marked(stretch.flow) if wanted.fields is None else frozenset[str]() for stretch in stretches]
    marked[-1] |= frozenset(wanted.fields or ())
    for index in range(1, len(stretches)):
        renamed = (stretches[index].renamed.get(name, name) for name in marked[index - 1])
        marked[index] |= {name for name in renamed if name is not None}
    for index in range(len(stretches) - 1, 0, -1):
        renames = stretches[index].renamed
        old = {name: before for before, name in renames.items() if name is not None}
        same = {name for name in marked[index] if name not in old and name not in renames}
        marked[index - 1] |= same | {old[name] for name in marked[index] if name in old}
    return [evolve(stretch, names=names) for stretch, names in zip(stretches, marked, strict=True)]


def _marked(flow: Workflow) -> frozenset[str]:
    return frozenset(name for name, spec in flow.fields.items() if spec.personal)


def _known(ticket: Ticket, stretches: list[_Stretch], wanted: Wanted) -> None:
    known = {*ATTRIBUTES, *(name for stretch in stretches for name in stretch.flow.fields)}
    for name in wanted.fields or ():
        if name not in known:
            close = nearest(name, known)
            raise InputError(
                f"ticket {ticket.id} has no field {name!r}" + (f"; did you mean {close!r}?" if close else ""),
                code="field",
                field=name,
                nearest=close,
                known=tuple(sorted(known)),
            )


def _names(stretch: _Stretch, wanted: Wanted) -> Names:
    flow, marks = stretch.flow, wanted.fields is None
    payloads: dict[str, frozenset[str]] = {}

    def payload(event: str) -> frozenset[str]:
        if event not in payloads:
            payloads[event] = _payload(flow, event) if marks else frozenset()
            if wanted.written and event in BUILT_IN_EVENTS:
                payloads[event] |= WRITTEN
        return payloads[event]

    def evidence(step: str) -> frozenset[str]:
        listed = [item for steps in flow.compiled.checklists.values() for item in steps if item.step == step] if marks else []
        marked = {name for item in listed for name, spec in (item.evidence or {}).items() if spec.personal}
        return stretch.names | marked

    def choices(name: str) -> tuple[Any, ...]:
        spec = flow.fields.get(name)
        return () if spec is None else (*spec.one_of, spec.default, None)

    return Names(stretch.names, frozenset(flow.fields), payload, evidence, choices)


def _payload(flow: Workflow, event: str) -> frozenset[str]:
    """What is marked of an event's payload; of every event for the empty name."""
    specs = [link.spec.payload for link in flow.compiled.links if not event or takes(link.spec.event or "", event)]
    specs += [spec.payload for name, spec in flow.events.items() if event in ("", name)]
    return frozenset(name for declared in specs for name, spec in declared.items() if spec.personal)


def _in_force(records: Sequence[Record], stretches: list[_Stretch], known: list[Names]) -> Iterable[tuple[Record, Names]]:
    at = -1
    for record in records:
        while at + 1 < len(stretches) and stretches[at + 1].first <= record.sequence:
            at += 1
        yield record, known[at]


# who and what people wrote --------------------------------------------------------------------------------------


def _stand_ins(ticket: Ticket, records: Sequence[Record], wanted: tuple[str, ...]) -> dict[str, str]:
    """What stands for each of these people; who was to do the work cannot be taken out."""
    if not wanted:
        return {}
    workers = {one for record in records for one in staff(record)}
    for person in wanted:
        if person in workers:
            raise InputError(
                f"{person} was to do work on ticket {ticket.id}; who did stays, so that it can be accounted for",
                code="staff",
                ticket=ticket.id,
                person=person,
            )
    used = {one for record in records for one in people(record)} | {ticket.customer or "", ticket.requester or ""}
    last = max((int(found[1]) for one in used if (found := _STAND_IN.match(one))), default=0)
    gone = [person for person in wanted if not _STAND_IN.match(person)]
    return {person: f"erased-{last + number}" for number, person in enumerate(gone, 1)}


def _by_people(record: Record) -> Iterable[Any]:
    if isinstance(record, Received) and record.event in BUILT_IN_EVENTS:
        yield from (record.payload[name] for name in WRITTEN if name in record.payload)
        if isinstance(record.payload.get("evidence"), str):
            yield record.payload["evidence"]


__all__ = ["ATTRIBUTES", "Erasure", "Wanted", "erase"]
