"""Knows which edition of a table or of a set of rules is in force while a host runs; must not know what one says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from servflow.errors import Conflict, render


class Edition(Protocol):
    """What can be in force: a table or a set of rules, which never changes and has a content hash."""

    @property
    def hash(self) -> str: ...  # of its content

    def decide(self, fields: Mapping[str, Any], at: datetime | None = None) -> Any:
        """What it says about these fields."""


E = TypeVar("E", bound=Edition)


class _Link(Generic[E]):
    """One edition and, once it is replaced, what came after it."""

    __slots__ = ("after", "edition")

    def __init__(self, edition: E) -> None:
        self.edition = edition
        self.after: dict[str, _Link[E]] = {}


class Current(Generic[E]):
    """
    The edition in force, which a host swaps for another one while other threads decide.

    An edition never changes, so every decision comes whole from one edition: the one in force when ``decide`` was
    called. ``swap`` puts another one in force at once for every call that begins later; two swaps that expect the same
    edition never both succeed. Any thread may call anything, and nobody ever waits.

    Args:
        edition: a table or a set of rules, in force from the beginning.
    """

    __slots__ = ("_last",)

    def __init__(self, edition: E) -> None:
        self._last: _Link[E] = _Link(edition)

    def _newest(self) -> _Link[E]:
        # The kernel knows no locks. Editions form a chain, and setdefault lets exactly one thread add to its end, which
        # Python promises; where another thread was quicker, or wrote ``_last`` late, the chain leads on.
        link = self._last
        while True:
            following = link.after.get("next")
            if following is None:
                return link
            self._last = link = following

    def get(self) -> E:
        """The edition in force now."""
        return self._newest().edition

    def decide(self, fields: Mapping[str, Any], at: datetime | None = None) -> Any:
        """
        What the edition in force now says; the decision names its ``version`` and ``hash``.

        Args:
            fields: as for ``decide`` of the edition.
            at: likewise.
        """
        return self._newest().edition.decide(fields, at)

    def swap(self, new: E, expect: str | None = None) -> E:
        """
        Put another edition in force.

        Args:
            new: the edition; it is checked already, for one that has mistakes cannot be made.
            expect: the hash of the edition that must still be in force; without it whatever is in force is replaced.

        Returns:
            The edition that was in force until now.

        Raises:
            Conflict: ``rules.stale``: another edition than the expected one is in force; nothing is changed.
        """
        made = _Link(new)
        while True:
            link = self._newest()
            if expect is not None and link.edition.hash != expect:
                facts = {"expected": expect, "found": link.edition.hash}
                raise Conflict(render("rules.stale", facts), code="rules.stale", **facts)
            if link.after.setdefault("next", made) is made:
                self._last = made
                return link.edition

    def __repr__(self) -> str:
        return f"Current({self.get()!r})"
