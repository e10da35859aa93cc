"""Knows where a configuration of XState goes otherwise once it is read; must not know how it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from servflow.integrations._parts import Parts

if TYPE_CHECKING:
    from servflow.integrations._xstate_read import Document


def differences(parts: Parts, document: Document) -> Iterator[str]:
    """Where a configuration goes otherwise here."""
    events = sorted({str(move["event"]) for move in parts.transitions if "event" in move})
    known = set(events)
    for event in events:
        words = event.split(".")
        taken = [".".join(words[:count]) for count in range(1, len(words))]
        yield from (
            f"{event} is also taken by transitions of {name}, which names what it begins with"
            for name in taken
            if name in known
        )
    yield from _passed_on(document)
    taken_by: dict[str, set[str]] = {}
    for move in parts.transitions:
        if "event" in move:
            taken_by.setdefault(str(move["source"]), set()).add(str(move["event"]))
    inside: dict[int, set[str]] = {}
    for node in reversed(document.nodes):
        own = taken_by.get(node.name if node.parent is not None else "*", set())
        below = inside.setdefault(id(node), set())
        if document.kind(node) == "parallel":
            around = [taken_by.get(above.name if above.parent is not None else "*", set()) for above in document.chain(node)]
            for event in sorted(below & set().union(*around)):
                named = node.name or "the machine"
                yield f"{event} is taken by {named} or a state around it also where one of its regions takes it"
        if node.parent is not None:
            inside.setdefault(id(node.parent), set()).update(below | own)


def _passed_on(document: Document) -> Iterator[str]:
    """Where version 5 asks no wildcard beside an event that is named, and here it is asked when no guard holds."""
    for node in document.nodes if document.version >= 5 else ():
        found = dict(document.entries(node))
        for event, given in found.items():
            moves = given if isinstance(given, list) else [given]
            if event.endswith("*") or not all(isinstance(move, Mapping) and "guard" in move for move in moves):
                continue
            wild = [name for name in found if name == "*" or (name.endswith(".*") and f"{event}.".startswith(name[:-1]))]
            if wild:
                named = node.name or "the machine"
                yield f"{event} in {named} is also taken by {', '.join(wild)} of the same state where no guard of its own holds"
