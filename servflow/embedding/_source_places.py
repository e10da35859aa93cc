"""Knows where the elements of a definition stand: sections, places, lines; must not know how texts change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from attrs import evolve

from servflow.documents._prune import held_at
from servflow.embedding._refusing import refusal
from servflow.embedding._source_ids import INNER, NAMED, Element, Steps, elements, path_of
from servflow.embedding._source_spans import Read
from servflow.errors import shown

ROOT = tuple(name for name in NAMED if name not in ("timers", "checklist", "levels", "rows", "inputs", "outputs"))
"""The sections of the definition itself."""


def section_of(section: str, element: Callable[[str], Element]) -> tuple[Steps, str]:
    """
    Where a section stands, and of which kind its elements are.

    Args:
        section: ``states``, ``transitions`` ..., or that of an element: ``states/on_site/timers``.
        element: gives an element by its id.

    Raises:
        InputError: there is none.
    """
    asked: object = section
    if isinstance(asked, str):
        owner, _, name = asked.rpartition("/")
        if not owner and name in ROOT:
            return (name,), NAMED[name]
        if owner:
            holder = element(owner)
            inner = (*INNER.get(holder.kind, ()), *(("states",) if holder.kind == "state" else ()))
            if name in inner:
                if not isinstance(holder.data, Mapping) and holder.data is not None:
                    raise refusal("edit.in_short", id=owner, value=shown(holder.data))
                return (*holder.steps, name), NAMED[name]
    raise refusal("edit.section", section=shown(section))


def place_in(
    data: Mapping[str, Any], steps: Steps, before: str | None, after: str | None, element: Callable[[str], Element]
) -> int | None:
    """
    The place in a section that comes before or after an element of it; None where neither is said.

    Raises:
        InputError: the element does not stand there.
    """
    for id_, further in ((before, 0), (after, 1)):
        if id_ is None:
            continue
        found = element(id_)
        if found.steps == steps:  # it stands alone there, without a list
            return further
        if found.steps[:-1] != steps:
            raise refusal("edit.elsewhere", id=id_, at=path_of(steps))
        held, last = held_at(data, steps) or {}, found.steps[-1]
        return (list(held).index(str(last)) if isinstance(held, Mapping) else int(last)) + further
    return None


def located(doc: Read) -> Iterator[Element]:
    """Every element of a text with the line on which it begins, in the order of the text."""
    for element in elements(doc.data):
        span, holder, last = doc.find(element.steps), doc.find(element.steps[:-1]), element.steps[-1]
        if span is not None and holder is not None and isinstance(last, str) and last in holder.names:
            span = holder.keys[holder.names.index(last)]
        yield evolve(element, line=0 if span is None else doc.line(span.start))


def lines_at(doc: Read, places: Iterable[Steps]) -> list[tuple[int, str]]:
    """The line and the path of each place."""
    spans = [(doc.find(steps), path_of(steps)) for steps in places]
    return [(0 if span is None else doc.line(span.start), path) for span, path in spans]
