"""Knows what the parts of workflows are called on a page, in both languages; must not know where they stand on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import frozen

from servflow.engine._called_words import EVENTS, KEYS
from servflow.model import EMPTY, value_text
from servflow.report._entries import CAUSES
from servflow.report._words import LANGS, Both, pick, plain

if TYPE_CHECKING:
    from servflow.engine import Workflow

AS_WRITTEN = ("outlet", "assignee")
"""Groups whose names are those of people and places."""

Key = tuple[str, str, str]
"""Kind, name, and the name of what it is a part of, as ``Workflow.called`` takes them."""


@frozen
class Names:
    """What people call the parts of some workflows: by titles where they have them, else by their names in words."""

    titles: Mapping[Key, Both] = EMPTY

    @classmethod
    def of(cls, workflows: Iterable[Workflow]) -> Names:
        """
        The names of several definitions, of a workflow's editions the last one given.

        What two workflows call differently has no title here: a page counts it together.
        """
        editions = {workflow.workflow: workflow for workflow in workflows}
        found: dict[Key, Both] = {}
        torn: set[Key] = set()
        for workflow in editions.values():
            for key in workflow.titles_by_name:
                kind, name, of = key
                en, zh = (workflow.called(kind, name, of=of, lang=lang) for lang in LANGS)
                if found.setdefault(key, (en, zh)) != (en, zh):
                    torn.add(key)
        return cls({key: title for key, title in found.items() if key not in torn})

    def both(self, kind: str, name: str, of: str = "") -> Both:
        """What a part is called in English and in Chinese."""
        return self.titles.get((kind, name, of)) or (plain(name), plain(name))

    def clock(self, name: str) -> Both:
        """A clock, or a target of one: the clock's name, then how long, then by which calendar (``repair 6h service``)."""
        clock = self._longest("clock", lambda known: name.startswith(f"{known} "))
        if ("clock", name, "") in self.titles or not clock:
            return self.both("clock", name)
        rest = name[len(clock) + 1 :]
        calendar = self._longest("calendar", lambda known: rest.endswith(f" {known}"))
        target = plain(rest.removesuffix(f" {calendar}") if calendar else rest)
        ends = self.both("calendar", calendar) if calendar else ("", "")
        en, zh = (f"{first} {target} {end}".rstrip() for first, end in zip(self.both("clock", clock), ends, strict=True))
        return en, zh

    def _longest(self, kind: str, fits: Callable[[str], bool]) -> str:
        return max((name for known, name, _ in self.titles if known == kind and fits(name)), key=len, default="")

    def said(self, lang: str) -> Callable[[str, str], str]:
        """What gives the name of a part in one language, for whoever tells in that language only."""

        def called(kind: str, name: str) -> str:
            by_kind = {"event": self.event, "clock": self.clock, "slot": self.word, "field": self.field}
            known = by_kind.get(kind)
            return pick(self.both(kind, name) if known is None else known(name), lang)

        return called

    def chain(self, name: str) -> Both:
        """An escalation chain."""
        return self.both("chain", name)

    def event(self, name: str) -> Both:
        """An event; one that is built in is called by our words where the definition calls it nothing."""
        return self.titles.get(("event", name, "")) or EVENTS.get(name) or (plain(name), plain(name))

    def word(self, name: str) -> Both:
        """An attribute of tickets or a slot, called by the definition or by our words."""
        return self.titles.get(("slot", name, "")) or KEYS.get(name) or (plain(name), plain(name))

    def field(self, name: str) -> Both:
        """A field, or an attribute of every ticket."""
        return self.titles.get(("field", name, "")) or KEYS.get(name) or (plain(name), plain(name))

    def value(self, field: str, value: Any) -> tuple[Any, Any]:
        """A value of a field or an attribute; one that has no title as it is."""
        if field == "queue":
            key: Key = ("queue", str(value), "")
        else:
            key = ("value", value_text(value) if value is not None else "", field)
        return self.titles.get(key) or (value, value)

    def label(self, dim: str, name: str) -> Both:
        """A value that tickets are grouped by, in words; people and outlets as they are called."""
        if dim in AS_WRITTEN:
            return name, name
        if dim == "queue":
            return self.both("queue", name)
        keys: Iterator[Key] = (("value", name, field) for field in (CAUSES if dim == "cause" else (dim,)))
        return next((self.titles[key] for key in keys if key in self.titles), (plain(name), plain(name)))


NO_NAMES = Names()
"""Where no definition is there."""

__all__ = ["NO_NAMES", "Names"]
