"""Knows what was exercised, once it is counted, and what was not; must not know who counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Any

from servflow.errors import InputError
from servflow.testing._coverage_items import KINDS, Item

Place = Callable[[str], int | None]


class Tally:
    """
    What of one definition was exercised, and what never was.

    It needs no workflow, so that one can be put together from what several processes wrote.
    """

    def __init__(self, name: str, version: int, hash: str, items: Iterable[Item] | None, locate: Place | None = None) -> None:  # noqa: A002 - the word of the whole library
        self.name = name
        self.version = version
        self.hash = hash
        self.locate = locate
        self.counts: Counter[str] = Counter()
        """By the key of each item how often it was exercised."""
        self.steps = 0
        """How many calls were counted, refused ones among them."""
        self.refused = 0
        """How many of them were refused."""
        self.passed_over = 0
        """How many records of histories belong to another version of the workflow and were not counted."""
        self._items = None if items is None else tuple(items)
        self._impossible: frozenset[str] | None = None
        self._lock = Lock()

    @property
    def items(self) -> tuple[Item, ...]:
        """Everything that can be exercised."""
        if self._items is None:
            self._items = self._list()
        return self._items

    def _list(self) -> tuple[Item, ...]:
        return ()

    @property
    def impossible(self) -> frozenset[str]:
        """The keys of items that nothing can exercise, as far as the definition tells: it is what to mend."""
        if self._impossible is None:
            self._impossible = self._none_can()
        return self._impossible

    def _none_can(self) -> frozenset[str]:
        return frozenset()

    def add(self, other: Tally) -> None:
        """
        Count what another one counted as well.

        Raises:
            InputError: it is of another definition.
        """
        if other.hash != self.hash:
            raise InputError(
                f"what was exercised of {self.name!r} version {self.version} and of {other.name!r} version {other.version} "
                "cannot be joined: they are not the same definition; count them apart",
                code="coverage",
                hashes=(self.hash, other.hash),
            )
        with self._lock:
            self.counts.update(other.counts)
            self.steps += other.steps
            self.refused += other.refused
            self.passed_over += other.passed_over
        self.locate = self.locate or other.locate

    # what it comes to -------------------------------------------------------------------------------------------

    @property
    def missed(self) -> tuple[Item, ...]:
        """What was never exercised, by kind and then in the order of the document."""
        return tuple(item for item in self.items if not self.counts[item.key])

    @property
    def percent(self) -> float:
        """The share of everything that was exercised, from 0 to 100; 100 where there is nothing to exercise."""
        return _share(len(self.items) - len(self.missed), len(self.items))

    @property
    def kinds(self) -> Mapping[str, tuple[int, int]]:
        """By kind how many were exercised, of how many; kinds that the workflow has none of are left out."""
        found = {kind: [item for item in self.items if item.kind == kind] for kind in KINDS}
        return {
            kind: (sum(bool(self.counts[item.key]) for item in items), len(items)) for kind, items in found.items() if items
        }

    def line_of(self, item: Item) -> int | None:
        """The line of an item in the definition's text; None where nobody knows."""
        return None if self.locate is None else self.locate(item.path)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form: percentages, what was missed, and the counts, which ``from_data`` reads back."""
        return {
            "workflow": self.name,
            "version": self.version,
            "hash": self.hash,
            "percent": round(self.percent, 1),
            "steps": self.steps,
            "refused": self.refused,
            "passed_over": self.passed_over,
            "kinds": {
                kind: {"exercised": hit, "of": many, "percent": round(_share(hit, many), 1)}
                for kind, (hit, many) in self.kinds.items()
            },
            "missed": [
                {
                    "kind": item.kind,
                    "name": item.name,
                    "answer": item.answer,
                    "path": item.path,
                    "line": self.line_of(item),
                    "impossible": item.key in self.impossible,
                }
                for item in self.missed
            ],
            "counts": {item.key: self.counts[item.key] for item in self.items if self.counts[item.key]},
        }

    def text(self, lang: str = "en") -> str:
        """The report for people: percentages by kind, then what was never exercised, each with its place."""
        from servflow.testing._coverage_text import told

        return told(self, lang)

    def written(self) -> dict[str, Any]:
        """Everything that another process needs to go on counting, as JSON-ready data."""
        items = [[item.kind, item.key, item.path, item.name, item.answer] for item in self.items]
        lines = {item.path: line for item in self.items if (line := self.line_of(item)) is not None}
        return {**self.as_data(), "items": items, "impossible": sorted(self.impossible), "lines": lines}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Tally:
        """What ``written`` gave."""
        items = (
            Item(kind=kind, key=key, path=path, name=name, answer=answer) for kind, key, path, name, answer in data["items"]
        )
        made = Tally(data["workflow"], data["version"], data["hash"], items, data["lines"].get if data["lines"] else None)
        made.counts.update(data["counts"])
        made._impossible = frozenset(data["impossible"])
        made.steps, made.refused, made.passed_over = data["steps"], data["refused"], data["passed_over"]
        return made

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.percent:.1f} % in {self.steps} steps)"


def _share(hit: int, many: int) -> float:
    return 100.0 * hit / many if many else 100.0
