"""Knows how two editions answer the same recorded tickets; must not know what an edition is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from attrs import define, field, frozen

from servflow.errors import InputError, ServflowError, render, shown
from servflow.rules._hits import plainly

MAX_PAIRS = 1_000
"""Most different pairs of answers counted apart; the tickets of further pairs are counted together."""

EXAMPLES = 3
"""Tickets kept of each pair, unless told otherwise."""


class Decider(Protocol):
    """Anything that decides: a table, a set of rules, what is in force of either."""

    def decide(self, fields: Mapping[str, Any], at: datetime | None = None) -> Any:
        """What it says about these fields."""


@frozen
class Example:
    """One ticket: its place among those given, counted from 0, its id where it has one, and its fields."""

    index: int
    fields: Mapping[str, Any]
    id: str | None = None


@frozen
class Change:
    """
    How many tickets were answered *old* and are answered *new*, with the first of them.

    An answer is the ``outputs`` of the decision; of a set of rules a mapping of ``outputs`` and ``actions``. Where no answer
    was given it is a mapping of ``error``, the error's code.
    """

    old: Any
    new: Any
    count: int
    examples: tuple[Example, ...] = ()


@frozen
class Comparison:
    """
    What another edition would have answered.

    ``same``, ``changed`` and ``errors`` add up to ``total``; ``errors`` are the tickets that one of the two cannot answer.
    ``changes`` are the pairs of answers that differ, the commonest first. ``further`` tickets changed too and have no
    entry: there were more different pairs than are kept.
    """

    total: int
    same: int
    changed: int
    errors: int
    changes: tuple[Change, ...]
    further: int = 0

    @property
    def examples(self) -> tuple[Example, ...]:
        """The first tickets of every pair, in the order in which they were given."""
        return tuple(sorted((each for change in self.changes for each in change.examples), key=lambda each: each.index))

    def text(self, lang: str = "en") -> str:
        """
        The counts, and a line for each change.

        Args:
            lang: ``en`` or ``zh``.
        """
        facts = {name: getattr(self, name) for name in ("total", "same", "changed", "errors")}
        lines = [render("rules.compared", facts, lang)]
        lines += (
            render("rules.compared_change", {"count": each.count, "old": _said(each.old), "new": _said(each.new)}, lang)
            for each in self.changes
        )
        if self.further:
            lines.append(render("rules.compared_further", {"count": self.further}, lang))
        return "\n".join(lines)


def _said(answer: Any) -> str:
    return "null" if answer is None else str(answer)


@define
class _Count:
    old: Any
    new: Any
    first: int
    count: int = 0
    examples: list[Example] = field(factory=list)


def compare(
    old: Decider, new: Decider, tickets: Iterable[Any], *, at: datetime | None = None, examples: int = EXAMPLES
) -> Comparison:
    """
    Ask two editions about the same tickets, one ticket at a time; memory does not grow with their number.

    Args:
        old: a table or a set of rules.
        new: what it is compared with; of the same kind.
        tickets: mappings of fields, or anything with ``fields``; read once, so that a generator will do.
        at: the instant of all decisions. Without it the instant of a ticket (its ``at``) is its own.
        examples: how many tickets are kept of each pair of answers.

    Raises:
        InputError: something among the tickets has no fields; says which.
    """
    total = same = errors = further = 0
    counts: dict[str, _Count] = {}
    for index, item in enumerate(tickets):
        total += 1
        fields, asked, name = _read(item, index, at)
        before, after = _answer(old, fields, asked), _answer(new, fields, asked)
        failed = "error" in (before[0], after[0])
        errors += failed
        if before == after:
            same += not failed
            continue
        # Answers may hold lists: their text is what they are counted by.
        key = repr((before, after))
        if key not in counts and len(counts) >= MAX_PAIRS:
            further += 1
            continue
        entry = counts.setdefault(key, _Count(_told(before), _told(after), index))
        entry.count += 1
        if len(entry.examples) < examples:
            entry.examples.append(Example(index, dict(fields), name))
    ordered = sorted(counts.values(), key=lambda entry: (-entry.count, entry.first))
    changes = tuple(Change(entry.old, entry.new, entry.count, tuple(entry.examples)) for entry in ordered)
    return Comparison(total, same, total - same - errors, errors, changes, further)


def _read(item: Any, index: int, at: datetime | None) -> tuple[Mapping[str, Any], datetime | None, str | None]:
    if isinstance(item, Mapping):
        return item, at, None
    fields = getattr(item, "fields", None)
    if not isinstance(fields, Mapping):
        facts = {"index": index, "value": shown(item)}
        raise InputError(render("rules.no_fields", facts), code="rules.no_fields", **facts)
    own = getattr(item, "at", None)
    name = getattr(item, "id", None)
    instant = at if at is not None else own if isinstance(own, datetime) else None
    return fields, instant, name if isinstance(name, str) else None


def _answer(edition: Decider, fields: Mapping[str, Any], at: datetime | None) -> tuple[str, Any]:
    try:
        decision = edition.decide(fields, at)
    except ServflowError as error:
        return "error", error.code
    actions = getattr(decision, "actions", None)
    outputs = plainly(decision.outputs)
    if actions is None:
        return "answer", outputs
    return "answer", {"outputs": outputs, "actions": [plainly({action.kind: action.value}) for action in actions]}


def _told(answer: tuple[str, Any]) -> Any:
    return {"error": answer[1]} if answer[0] == "error" else answer[1]
