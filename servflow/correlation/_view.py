"""Knows how the records of a ticket, one after the other, look to conditions; must not know what the conditions are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from servflow import model
from servflow.correlation._names import ATTRIBUTES
from servflow.model import DEFAULT_PRIORITY, EMPTY, Record, Ticket

_ATTRIBUTES = (
    "priority",
    "queue",
    "customer",
    "requester",
    "asset",
    "outlet",
    "channel",
    "tags",
    "owner",
    "assignee",
    "parent",
)
_MIRRORED = ("customer", "asset", "outlet", "channel", "queue")
"""A field of one of these names is the attribute of that name as well, as the kernel has it."""

_NO_RECORD: Mapping[str, Any] = {
    "occurred": None,
    "event": None,
    "internal": False,
    "payload": EMPTY,
    "actor": None,
    "roles": (),
    "changed": (),
    "entered": (),
    "exited": (),
    "reopened": False,
}


class View:
    """
    What conditions read of one ticket and its latest record.

    ``names`` is one dict that changes with every record. Only what conditions may read is followed, and it is what the
    kernel's own fold gives after that record.
    """

    __slots__ = ("began", "names")

    def __init__(self, ticket: Ticket | None = None) -> None:
        self.began: datetime | None = None
        """When this step began a wait for something, if it did."""
        self.names: dict[str, Any] = {"ticket": "", "workflow": "", "configuration": (), "fields": EMPTY, **_NO_RECORD}
        self.names.update(dict.fromkeys(_ATTRIBUTES), closed=False, opened_at=None, closed_at=None, state="")
        self.names.update(priority=DEFAULT_PRIORITY, tags=())
        if ticket is not None:
            named = ("workflow", "configuration", "fields", "closed", "opened_at", "closed_at", "state", *_ATTRIBUTES)
            self.names.update({name: getattr(ticket, name) for name in named}, ticket=ticket.id)

    def see(self, record: Record, *, whole: bool = False) -> Mapping[str, Any]:
        """
        The names after a record.

        Args:
            whole: whether ``record`` is wanted, which is built anew each time.
        """
        names = self.names
        kind = type(record).__name__
        names.update(_NO_RECORD)
        names["kind"], names["at"], names["sequence"] = kind, record.at, record.sequence
        follow = _FOLLOW.get(type(record))
        if follow is not None:
            follow(names, record)
        if whole:
            names["record"] = {name: getattr(record, name) for name in ATTRIBUTES.get(kind, ())}
        return names


def _place(names: dict[str, Any], record: Any) -> None:
    names["configuration"] = record.configuration
    names["state"] = "+".join(record.configuration)
    if record.closed and not names["closed"]:
        names["closed_at"] = record.at
    names["closed"] = record.closed


def _values(names: dict[str, Any], record: Any, *, opening: bool) -> None:
    for name in _MIRRORED:
        value = record.fields.get(name, record)  # the record stands for a field that is not there
        if isinstance(value, str) or (value is None and not opening):
            names[name] = value
    names.update({name: value for name, value in record.attributes.items() if name in _ATTRIBUTES})


def _opened(names: dict[str, Any], record: model.Opened) -> None:
    names["ticket"], names["workflow"] = record.id, record.workflow
    names["opened_at"] = record.at if record.occurred is None else record.occurred
    names["requester"] = names["actor"] = record.actor
    names["roles"], names["occurred"] = record.roles, record.occurred
    names["fields"], names["changed"], names["entered"] = record.fields, record.given, record.entered
    _values(names, record, opening=True)
    _place(names, record)


def _received(names: dict[str, Any], record: model.Received) -> None:
    names["event"], names["payload"], names["internal"] = record.event, record.payload, record.internal
    names["actor"], names["roles"], names["occurred"] = record.actor, record.roles, record.occurred


def _moved(names: dict[str, Any], record: model.Moved) -> None:
    names["entered"], names["exited"], names["reopened"] = record.entered, record.exited, record.reopened
    _place(names, record)


def _updated(names: dict[str, Any], record: model.Updated) -> None:
    names["changed"] = tuple(sorted({*record.fields, *record.attributes}))
    if record.fields:
        names["fields"] = names["fields"].with_items(record.fields)
    _values(names, record, opening=False)


def _assigned(names: dict[str, Any], record: model.Assigned) -> None:
    if record.slot in _ATTRIBUTES:
        names[record.slot] = record.to


def _said(names: dict[str, Any], record: model.Messaged) -> None:
    names["actor"], names["occurred"] = record.actor, record.occurred


def _migrated(names: dict[str, Any], record: model.Migrated) -> None:
    if record.fields:
        renamed = ((record.fields.get(name, name), value) for name, value in names["fields"].items())
        names["fields"] = model.FrozenMap({name: value for name, value in renamed if name is not None})
    _place(names, record)


_FOLLOW: Mapping[type[Record], Callable[[dict[str, Any], Any], None]] = {
    model.Opened: _opened,
    model.Received: _received,
    model.Moved: _moved,
    model.Updated: _updated,
    model.Assigned: _assigned,
    model.Messaged: _said,
    model.Migrated: _migrated,
}
