"""Knows who takes turns from when on, and who keeps theirs when the list is edited; must not know how turns are computed."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from attrs import field, frozen

from servflow.errors import DefinitionError, Finding, TimeError, shown
from servflow.escalation import _shape
from servflow.escalation._shape import Broken, broken, near
from servflow.model import instant, micros, read_instant, write_instant

MAX_USERS = 1_000
MAX_CHANGES = 1_000
FOREVER = 1 << 62
"""Microseconds beyond any instant."""

Users = tuple[str, ...]


def read_group(value: Any) -> Any:
    """The users of one entry, or what is wrong with it."""
    items = (value,) if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not 0 < len(items) <= MAX_USERS:
        return broken("escalation.users", value=shown(value))
    if not all(isinstance(user, str) and user for user in items):
        return broken("escalation.users", value=shown(value))
    return tuple(dict.fromkeys(items))


def read_users(value: Any) -> Any:
    """The entries that take turns, in order, each a group of users; or everything that is wrong with them."""
    items = (value,) if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not 0 < len(items) <= MAX_USERS:
        return broken("escalation.users", value=shown(value))
    read = [read_group(item) for item in items]
    wrong = [
        finding
        for place, group in enumerate(read)
        if isinstance(group, Broken)
        for finding in _shape.at_path(f"[{place}]", group.findings)
    ]
    return Broken(tuple(wrong)) if wrong else tuple(read)


def read_at(value: Any) -> Any:
    """The instant a definition wrote, or what is wrong with it."""
    try:
        return read_instant(value) if isinstance(value, str) else instant(value)
    except TimeError:
        return broken("escalation.instant", value=shown(value))


def write_users(users: Iterable[Users]) -> list[Any]:
    """Entries as a definition writes them: one user alone, several as a list."""
    return [group[0] if len(group) == 1 else list(group) for group in users]


def check_anchor(anchor: Any, users: Any) -> list[Finding]:
    """An anchor is one of the users."""
    if anchor is None or isinstance(users, Broken):
        return []
    known = tuple(dict.fromkeys(user for group in users for user in group))
    if anchor in known:
        return []
    return [Finding("rotation.anchor", "anchor", {"value": shown(anchor), "known": known, "nearest": near(anchor, known)})]


@frozen(kw_only=True)
class Members:
    """
    Who takes the turns of a rotation from an instant on, as if they always had.

    The turns stay where they are. Whoever has the turn that runs at ``at`` keeps it, and from there on the order is that
    of ``users``; where they are no longer among ``users``, the next of the old order who still is takes over at once,
    and where nobody is, the first of ``users``. A group stays on while anybody of it does.

    Args:
        at: an aware instant, or text with an offset.
        users: ids in order; an entry may be a list, which is a group.
        anchor: who has the turn that runs at ``at`` instead, one of ``users``.

    Raises:
        DefinitionError: with every part that is wrong.
    """

    at: datetime = field(converter=read_at)
    users: tuple[Users, ...] = field(converter=read_users)
    anchor: str | None = None

    def __attrs_post_init__(self) -> None:
        found = [*_shape.problems(self), *check_anchor(self.anchor, self.users)]
        if found:
            raise DefinitionError.of(found)

    def to_data(self) -> dict[str, Any]:
        """The change as its JSON-ready mapping."""
        data: dict[str, Any] = {"at": write_instant(self.at), "users": write_users(self.users)}
        return data if self.anchor is None else {**data, "anchor": self.anchor}


@frozen
class Epoch:
    """From an instant on, turn *k* is that of the user at place ``k + offset`` of the list, counted around."""

    users: tuple[Users, ...]
    offset: int

    def of(self, turn: int) -> Users:
        """Who has a turn."""
        return self.users[(turn + self.offset) % len(self.users)]

    def followed(self, users: tuple[Users, ...], turn: int, anchor: str | None) -> Epoch:
        """The epoch after an edit during a turn."""
        place = place_of(anchor, users) if anchor is not None else self._carried(users, turn)
        return Epoch(users, place - turn)

    def _carried(self, users: tuple[Users, ...], turn: int) -> int:
        """The place in an edited list of whoever has a turn, or of the next in the old order who is still there."""
        whole, each = set(users), set(chain.from_iterable(users))
        here = (turn + self.offset) % len(self.users)
        for place in (*range(here, len(self.users)), *range(here)):
            group = self.users[place]
            if group in whole:
                # Somebody listed twice stays the second of themselves where there still is a second.
                same = [other for other, found in enumerate(users) if found == group]
                return same[min(self.users[:place].count(group), len(same) - 1)]
            if not each.isdisjoint(group):
                meant = Counter(other for user in group for other, found in enumerate(users) if user in found)
                return meant.most_common(1)[0][0]
        return 0


def place_of(anchor: str, users: Sequence[Users]) -> int:
    """The first place of somebody in a list."""
    return next(place for place, group in enumerate(users) if anchor in group)


@frozen
class Epochs:
    """Who takes the turns at every instant: the first epoch reaches back without end."""

    starts: tuple[int, ...]  # of all epochs but the first, in microseconds
    epochs: tuple[Epoch, ...]

    @classmethod
    def of(cls, first: Epoch, changes: Iterable[Members], turn_at: Any) -> Epochs:
        """The epochs that edits make; ``turn_at`` tells the turn at an instant in microseconds."""
        starts: list[int] = []
        epochs = [first]
        for change in changes:
            at = micros(change.at)
            starts.append(at)
            epochs.append(epochs[-1].followed(change.users, turn_at(at), change.anchor))
        return cls(tuple(starts), tuple(epochs))

    def at(self, at: int) -> Epoch:
        """The epoch of an instant."""
        return self.epochs[bisect_right(self.starts, at) if self.starts else 0]

    def around(self, at: int) -> tuple[int, int]:
        """From when to when the epoch of an instant lasts."""
        place = bisect_right(self.starts, at) if self.starts else 0
        return (
            self.starts[place - 1] if place else -FOREVER,
            self.starts[place] if place < len(self.starts) else FOREVER,
        )

    def pieces(self, turn: int, start: int, end: int) -> list[tuple[int, int, Users]]:
        """A stretch of one turn, cut where an edit passed it on to others."""
        if not self.starts:
            return [(start, end, self.epochs[0].of(turn))]
        place, last = bisect_right(self.starts, start), bisect_right(self.starts, end - 1)
        found = [(start, end, self.epochs[place].of(turn))]
        for later in range(place, last):
            begun, _, users = found[-1]
            cut, others = self.starts[later], self.epochs[later + 1].of(turn)
            if others != users:
                found[-1:] = [(begun, cut, users), (cut, end, others)]
        return found
