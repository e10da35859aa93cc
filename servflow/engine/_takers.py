"""Knows which transitions take an event, found by its words; must not know states, guards or who may."""

from __future__ import annotations

from collections.abc import Iterable


class Takers:
    """An index over what transitions listen to, which answers as ``takes`` does without asking each of them."""

    __slots__ = ("_by_word",)

    def __init__(self, descriptors: Iterable[str | None]) -> None:
        self._by_word: dict[str, list[int]] = {}
        for index, listed in enumerate(descriptors):
            for word in dict.fromkeys(one.removesuffix(".*").removesuffix(".") for one in (listed or "").split()):
                self._by_word.setdefault(word, []).append(index)

    def some(self, event: str) -> bool:
        """Whether any transition takes the event."""
        return event in self._by_word or any(word in self._by_word for word in _words(event))

    def of(self, event: str) -> list[int]:
        """The indexes of the transitions that take the event, in their order."""
        return sorted({index for word in _words(event) for index in self._by_word.get(word, ())})


def _words(event: str) -> Iterable[str]:
    """Everything that a transition may listen to that takes the event: ``a.b`` for ``*``, ``a`` and ``a.b``."""
    yield "*"
    place = event.find(".")
    while place >= 0:
        yield event[:place]
        place = event.find(".", place + 1)
    yield event
