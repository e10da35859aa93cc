"""Knows what a condition over a record, and an action of a firing, may read; must not know who asks."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from servflow import model
from servflow.expressions import FieldType
from servflow.model import Record

_SIMPLE: Mapping[Any, str] = {
    str: "string",
    int: "int",
    bool: "bool",
    datetime: "timestamp",
    timedelta: "duration",
    tuple[str, ...]: "list(string)",
}

RECORDS: Mapping[str, type[Record]] = {
    name: kind
    for name, kind in sorted(vars(model).items())
    if isinstance(kind, type)
    and issubclass(kind, Record)
    and kind not in (Record, model.ClockRecord, model.ChainRecord, model.LevelRecord)
}
"""The kinds of records by the name a condition calls them."""


def _told(kind: type[Record]) -> Mapping[str, str]:
    """The attributes of a record that a condition can read, with their types; those that are values of this library cannot."""
    hints = typing.get_type_hints(kind)
    return {attribute.name: word for attribute in attrs.fields(kind) if (word := _word(hints[attribute.name])) is not None}


def _word(hint: Any) -> str | None:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        rest = [part for part in typing.get_args(hint) if part is not type(None)]
        return _word(rest[0]) if len(rest) == 1 else None
    if hint is Any:
        return "any"
    if typing.get_origin(hint) is model.FrozenMap:
        return "map"
    return _SIMPLE.get(hint)


ATTRIBUTES: Mapping[str, Mapping[str, str]] = {name: _told(kind) for name, kind in RECORDS.items()}
"""Kind of record -> its attributes and their types."""


def _record_types() -> dict[str, str]:
    found: dict[str, str] = {}
    for told in ATTRIBUTES.values():
        for name, word in told.items():
            found[name] = word if found.get(name, word) == word else "any"
    return found


_KINDS: Any = tuple(RECORDS)

_OF_RECORD: Mapping[str, Any] = {
    "kind": FieldType("string", one_of=_KINDS),
    "at": "timestamp",
    "occurred": "timestamp",
    "sequence": "int",
    "event": "string",
    "internal": "bool",
    "actor": "string",
    "roles": "list(string)",
    "changed": "list(string)",
    "entered": "list(string)",
    "exited": "list(string)",
    "reopened": "bool",
    "record": _record_types(),
}

OF_TICKET: Mapping[str, Any] = {
    "ticket": "string",
    "workflow": "string",
    "state": "string",
    "configuration": "list(string)",
    "closed": "bool",
    "opened_at": "timestamp",
    "closed_at": "timestamp",
    "priority": "int",
    "queue": "string",
    "customer": "string",
    "requester": "string",
    "asset": "string",
    "outlet": "string",
    "channel": "string",
    "tags": "list(string)",
    "owner": "string",
    "assignee": "string",
    "parent": "string",
}

_OF_FIRING: Mapping[str, Any] = {
    "correlator": "string",
    "key": "string",
    "count": "int",
    "tickets": "list(string)",
    "first": "string",
    "last": "string",
    "at": "timestamp",
    "first_at": "timestamp",
    "values": "list",
}


def record_types(fields: Mapping[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
    """What a condition over a record may read; of the fields and of the payload anything, where no types are given."""
    return {**_OF_RECORD, **OF_TICKET, "fields": dict(fields) or "map", "payload": dict(payload) or "map"}


def firing_types(carried: Iterable[str]) -> dict[str, Any]:
    """What an action of a firing may read."""
    return {**_OF_FIRING, "carried": {name: FieldType("any") for name in carried}}
