"""Knows where a record can say something of a person, and what stands there once it is taken out; must not know who asks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
from attrs import field, frozen

from servflow.model import (
    EMPTY,
    Checked,
    FrozenMap,
    Migrated,
    Opened,
    Received,
    Record,
    Updated,
    from_dict,
    write_instant,
)

MARK = "[erased]"
"""What stands in place of a text that said something of a person."""

FREE = frozenset({"text", "channel", "evidence", "reason", "because", "comment", "result", "why", "waived", "nobody"})
"""Parts of a record, and of what it holds, in which people or the kernel write freely: they may quote any value."""

NAMED = frozenset({"fields", "attributes", "payload", "values"})
"""Parts that hold values by name."""

WHO = frozenset({"actor", "by", "who", "rater"})
"""Parts that say who did something; in a ``to`` of those who were merely told, the same."""

STAFF = frozenset({"to", "previous", "helper", "declined", "waits", "held", "proposed", "silent", "had"})
"""Parts that say who was to do the work."""

TOLD = frozenset({"Escalated", "Reminded", "QuietEnded", "DeliveryNoted", "Surveyed"})
"""Records whose ``to`` says who was told."""

QUOTED = 4
"""From how many characters on a text is found inside other words; shorter ones only as words of their own."""

_BEGINNING = 24
_DISTINCT = 10_000


@frozen
class Names:
    """What is to be taken out by its name, in the definition that was in force for a record."""

    fields: frozenset[str]
    declared: frozenset[str]
    payload: Callable[[str], frozenset[str]]
    evidence: Callable[[str], frozenset[str]]
    choices: Callable[[str], tuple[Any, ...]]


@frozen
class Sought:
    """Values that are to be found wherever they were copied to: as a whole, or quoted in a text."""

    whole: frozenset[Any] = frozenset()
    quoted: re.Pattern[str] | None = None
    people: Mapping[str, str] = field(factory=dict)

    def text(self, text: str) -> str:
        """The text, or what stands in its place."""
        if text in self.people:
            return self.people[text]
        found = text.strip() in self.whole or (self.quoted is not None and self.quoted.search(text) is not None)
        return MARK if found else text

    def value(self, value: Any) -> Any:
        """The value without anything sought, at any depth."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return FrozenMap({self.text(key): self.value(item) for key, item in value.items()})
        if isinstance(value, (tuple, list)):
            return tuple(self.value(item) for item in value)
        return None if _distinct(value) and value in self.whole else value


def _distinct(value: Any) -> bool:
    """Whether a value that is no text says enough to be known again elsewhere."""
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, (int, float)):
        return abs(value) >= _DISTINCT
    if isinstance(value, Decimal):
        return len(value.as_tuple().digits) > QUOTED
    return isinstance(value, (datetime, timedelta, bytes)) and bool(value)


def leaves(value: Any) -> Iterator[Any]:
    """The single values of a value; names inside of maps say nothing of a person."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def sought(values: Iterable[Any], whole: Iterable[Any], people: Mapping[str, str]) -> Sought:
    """
    What finds values and the ids of people again.

    Args:
        values: taken out of fields and payloads; also found where a text quotes them.
        whole: texts that people wrote; found as a whole only.
        people: their ids and what stands for each.
    """
    singles = [one for value in values for one in leaves(value)]
    exact = {one.strip() for one in (*singles, *(one for value in whole for one in leaves(value))) if isinstance(one, str)}
    exact = {one for one in exact if one not in ("", MARK)}
    texts = {one.strip() for one in singles if isinstance(one, str)} | set(people)
    others = {one for one in singles if _distinct(one)}
    parts = {pattern for text in texts - {"", MARK} for pattern in _patterns(text)}
    parts |= {rf"(?<!\w){re.escape(text)}(?!\w)" for one in others for text in _written(one)}
    quoted = re.compile("|".join(sorted(parts, key=len, reverse=True)), re.IGNORECASE) if parts else None
    return Sought(frozenset(exact | others), quoted, dict(people))


def _patterns(text: str) -> Iterator[str]:
    """How a text may stand in another: as it is, or as a message quotes it, which may break off."""
    for said in {text, repr(text)[1:-1], json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}:
        if len(text) >= QUOTED or (len(text) > 1 and not text.isascii()):
            yield re.escape(said[:_BEGINNING])
        elif len(text) > 1:
            yield rf"(?<!\w){re.escape(said)}(?!\w)"


def _written(value: Any) -> Iterator[str]:
    if isinstance(value, datetime):
        yield from (write_instant(value), value.isoformat(), str(value))
    elif isinstance(value, Decimal):
        yield from (str(value), format(value, "f"))
    elif isinstance(value, bytes):
        yield from (value.hex(), repr(value)[2:-1])
    elif not isinstance(value, timedelta):
        yield str(value)


# what is taken out by name ------------------------------------------------------------------------------------


def named_values(record: Record, names: Names) -> Iterator[Any]:
    """The values of a record that are taken out by their name and are worth looking for elsewhere."""
    for part in ("fields", "attributes", "values", "payload"):
        held = _by_name(record, part)
        for name in held.keys() & _names(record, part, names):
            if held[name] not in names.choices(name):
                yield held[name]
    for evidence, step in _evidence(record):
        for name in evidence.keys() & names.evidence(step):
            yield evidence[name]
    if isinstance(record, Received):
        for name in record.payload.keys() & names.payload(record.event):
            yield record.payload[name]


def _by_name(record: Record, part: str) -> Mapping[str, Any]:
    held = getattr(record, part, EMPTY)
    return held if isinstance(held, Mapping) and not isinstance(record, Migrated) else EMPTY


def _names(record: Record, part: str, names: Names) -> frozenset[str]:
    if part == "payload" and isinstance(record, Received):
        return names.fields | names.payload(record.event)
    return names.fields


def _evidence(record: Record) -> Iterator[tuple[Mapping[str, Any], str]]:
    if isinstance(record, Checked) and isinstance(record.evidence, Mapping):
        yield record.evidence, record.step
    if isinstance(record, Received) and record.event == "step.check":
        evidence, step = record.payload.get("evidence"), record.payload.get("step")
        if isinstance(evidence, Mapping) and isinstance(step, str):
            yield evidence, step


# what stands there then ---------------------------------------------------------------------------------------


def redacted(record: Record, names: Names, found: Sought) -> Record:
    """The record without what it says of a person; the same one where it says nothing."""
    changes: dict[str, Any] = {}
    for attribute in attrs.fields(type(record)):
        name, held = attribute.name, getattr(record, attribute.name)
        after = _part(record, name, held, names, found)
        if after is not held and after != held:
            changes[name] = after
    return from_dict(type(record), {**record.__dict__, **changes}) if changes else record


def _part(record: Record, name: str, held: Any, names: Names, found: Sought) -> Any:
    if held is None or isinstance(held, (bool, int, datetime)):
        return held
    if name in NAMED and isinstance(held, Mapping) and not isinstance(record, Migrated):
        return _mapping(record, name, held, names, found)
    if name == "evidence" and isinstance(held, Mapping) and isinstance(record, Checked):
        return _without(held, names.evidence(record.step), found)
    if name in FREE:
        return found.value(held)
    if name in WHO:
        return found.people.get(held, held)
    if name == "to" and type(record).__name__ in TOLD:
        told = tuple(found.people.get(one, one) for one in _several(held))
        return told if isinstance(held, tuple) else told[0]
    return _deep(held, found)


def _deep(held: Any, found: Sought) -> Any:
    if isinstance(held, tuple) and any(attrs.has(type(one)) for one in held):
        return tuple(_deep(one, found) for one in held)
    return _inside(held, found) if attrs.has(type(held)) else held


def _mapping(record: Record, part: str, held: Mapping[str, Any], names: Names, found: Sought) -> Mapping[str, Any]:
    gone = _names(record, part, names)
    if isinstance(record, (Opened, Updated)):  # what the ticket holds is taken out by its name alone
        return FrozenMap({name: _held(part, name, value, gone, found) for name, value in held.items()})
    kept = (
        names.declared - gone if part == "values" or (isinstance(record, Received) and record.event == "ticket.update") else ()
    )
    out: dict[str, Any] = {}
    for name, value in held.items():
        if name in gone:
            out[name] = None
        elif name in kept:
            out[name] = value
        elif part == "payload" and name == "evidence" and isinstance(value, Mapping):
            out[name] = _without(value, names.evidence(str(held.get("step"))), found)
        elif part == "values" and name == "payload" and isinstance(value, Mapping):
            out[name] = _without(value, names.fields | names.payload(""), found)
        else:
            out[name] = found.value(value)
    return FrozenMap(out)


def _held(part: str, name: str, value: Any, gone: frozenset[str], found: Sought) -> Any:
    if name in gone:
        return () if part == "attributes" and name == "tags" else None
    return found.people[value] if name == "customer" and isinstance(value, str) and value in found.people else value


def _without(held: Mapping[str, Any], gone: frozenset[str], found: Sought) -> Mapping[str, Any]:
    return FrozenMap({name: None if name in gone else found.value(value) for name, value in held.items()})


def _inside(held: Any, found: Sought) -> Any:
    """A part that is kept on the ticket too: a clock with why a breach is excused, a chain with who acknowledged it."""
    changes: dict[str, Any] = {}
    for attribute in attrs.fields(type(held)):
        value = getattr(held, attribute.name)
        if attribute.name in FREE:
            changes[attribute.name] = found.value(value)
        elif isinstance(value, str):
            if attribute.name in WHO or attribute.name == "to":
                changes[attribute.name] = found.people.get(value, value)
        else:
            changes[attribute.name] = _deep(value, found)
    changes = {name: value for name, value in changes.items() if value != getattr(held, name)}
    return attrs.evolve(held, **changes) if changes else held


# who did something ----------------------------------------------------------------------------------------------


def staff(record: Record) -> Iterator[str]:
    """Who was to do the work, as far as a record says."""
    if type(record).__name__ in TOLD:
        return
    for name in STAFF:
        yield from _ids(getattr(record, name, None))
    for part in ("offer", "progress", "held", "appointment", "was"):
        inside = getattr(record, part, None)
        for name in ("to", "declined", "waits", "key", "proposed", "had"):
            yield from _ids(getattr(inside, name, None))
        yield from getattr(inside, "silent", ())


def _ids(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(one, str):
            who = one.rpartition(":")[2]  # of capacity the kind stands before the id, and a channel may stand behind it
            yield from (one, who, who.rpartition("/")[0] or who)


def people(record: Record) -> Iterator[str]:
    """Who did something, or was told, as far as a record says."""
    for name in WHO:
        yield from (one for one in (getattr(record, name, None),) if isinstance(one, str))
    if type(record).__name__ in TOLD:
        yield from (one for one in _several(getattr(record, "to", ())) if one is not None)


def _several(held: Any) -> tuple[Any, ...]:
    return held if isinstance(held, tuple) else (held,)
