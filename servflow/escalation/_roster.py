"""Knows who is on call where every shift is written out; must not know turns, tickets or where the shifts come from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from attrs import field, frozen

from servflow.errors import DefinitionError, Finding, shown
from servflow.escalation import _shape
from servflow.escalation._members import Users, read_at, read_group
from servflow.escalation._overrides import Override
from servflow.escalation._rotation import Shift
from servflow.escalation._shape import Broken, at_path, broken
from servflow.model import instant, write_instant

MAX_DUTIES = 20_000
MAX_AT_ONCE = 100

_KEYS = ("start", "end", "users")


def _moment_or_none(value: Any) -> Any:
    return None if value is None else read_at(value)


def _duty(value: Any) -> Any:
    if isinstance(value, Shift):
        value = {"start": value.start, "end": value.end, "users": value.users}
    if not isinstance(value, Mapping):
        return broken("escalation.mapping", value=shown(value))
    found = [
        Finding("escalation.unknown_key", str(key), {"key": str(key), "known": _KEYS, "nearest": _shape.near(key, _KEYS)})
        for key in value
        if key not in _KEYS
    ]
    found += [Finding("escalation.missing", key, {"key": key}) for key in _KEYS if key not in value]
    read = {key: (read_group if key == "users" else read_at)(value[key]) for key in _KEYS if key in value}
    for key, part in read.items():
        if isinstance(part, Broken):
            found += at_path(key, part.findings)
    if not found and read["end"] <= read["start"]:
        facts = {"start": write_instant(read["start"]), "end": write_instant(read["end"])}
        found.append(Finding("roster.order", "end", facts))
    return Broken(tuple(found)) if found else Shift(read["start"], read["end"], read["users"])


def _duties(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        return broken("escalation.list", value=shown(value))
    if len(value) > MAX_DUTIES:
        return broken("escalation.too_many", count=len(value), limit=MAX_DUTIES)
    read = [_duty(item) for item in value]
    wrong = [one for index, item in enumerate(read) if isinstance(item, Broken) for one in at_path(f"[{index}]", item.findings)]
    return Broken(tuple(wrong)) if wrong else tuple(sorted(read, key=lambda duty: (duty.start, duty.end)))


def _notes(value: Any) -> Any:
    good = isinstance(value, tuple) and all(isinstance(note, Finding) for note in value)
    return value if good else broken("escalation.list", value=shown(value))


@frozen(slots=False)
class Roster:
    """
    Who is on call where every shift is written out, as a calendar or another system says it.

    Where shifts overlap, everybody whom one of them names is on call. It can stand wherever a ``Schedule`` can in a world.
    Outside its shifts nobody is on call, so also before and after what it knows.

    Args:
        duties: ``{start, end, users}`` each, half-open, of aware instants or text with an offset; in any order, and at most
            100 at any one time.
        known_from: since when it says all shifts; None where it does not tell.
        known_until: until when it does.
        name: where it comes from, for people; it changes nothing.
        notes: what was not understood where it was read; not part of its data, and two rosters are equal without them.

    Raises:
        DefinitionError: with every part that is wrong.

    >>> night = {"start": "2026-03-02T22:00Z", "end": "2026-03-03T06:00Z", "users": "ann"}
    >>> Roster([night]).on_call(datetime.fromisoformat("2026-03-03T00:00Z"))
    ('ann',)
    """

    duties: tuple[Shift, ...] = field(converter=_duties)
    known_from: datetime | None = field(default=None, converter=_moment_or_none)
    known_until: datetime | None = field(default=None, converter=_moment_or_none)
    name: str = ""
    notes: tuple[Finding, ...] = field(default=(), converter=_notes, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        found = _shape.problems(self)
        found += _shape.check_name(self.name, "name") if self.name != "" else ()
        if not found and self.known_from is not None and self.known_until is not None and self.known_until < self.known_from:
            facts = {"start": write_instant(self.known_from), "end": write_instant(self.known_until)}
            found += [Finding("roster.order", "known_until", facts)]
        if not found and self._most() > MAX_AT_ONCE:
            found += [Finding("roster.at_once", "duties", {"count": self._most(), "limit": MAX_AT_ONCE})]
        if found:
            raise DefinitionError.of(found)

    @classmethod
    def of(cls, source: Roster | Mapping[str, Any]) -> Roster:
        """
        Read a roster from a mapping with the constructor's keys; a roster is returned as it is.

        Raises:
            DefinitionError: with every problem, unknown keys included.
        """
        read = _shape.read_value(cls, source)
        if isinstance(read, Broken):
            raise DefinitionError.of(read.findings)
        roster: Roster = read
        return roster

    def _edges(self) -> list[tuple[datetime, bool, int]]:
        """Every start (True) and end, with the place of its shift, in the order of time; ends before starts."""
        edges = [(duty.start, True, place) for place, duty in enumerate(self.duties)]
        edges += [(duty.end, False, place) for place, duty in enumerate(self.duties)]
        return sorted(edges)

    def _most(self) -> int:
        most = now = 0
        for _, starts, place in self._edges():
            now += len(self.duties[place].users) * (1 if starts else -1)
            most = max(most, now)
        return most

    @cached_property
    def _steps(self) -> tuple[tuple[datetime, ...], tuple[Users, ...]]:
        """The instants at which somebody else is on call, and who is from each of them on."""
        moments: list[datetime] = []
        groups: list[Users] = []
        active: set[int] = set()
        edges = self._edges()
        for index, (moment, starts, place) in enumerate(edges):
            if starts:
                active.add(place)
            else:
                active.discard(place)
            if index + 1 < len(edges) and edges[index + 1][0] == moment:
                continue
            users = tuple(dict.fromkeys(user for one in sorted(active) for user in self.duties[one].users))
            if users != (groups[-1] if groups else ()):
                moments.append(moment)
                groups.append(users)
        return tuple(moments), tuple(groups)

    @property
    def users(self) -> Users:
        """Everybody who has a shift, in the order of their first ones."""
        return tuple(dict.fromkeys(user for duty in self.duties for user in duty.users))

    def on_call(self, at: datetime) -> Users:
        """
        Who is on call at an instant, each once.

        Raises:
            TimeError: *at* is naive.
        """
        moments, groups = self._steps
        place = bisect_right(moments, instant(at)) - 1
        return groups[place] if place >= 0 else ()

    def next_change(self, at: datetime) -> datetime | None:
        """The first instant after *at* from which somebody else is on call, or nobody; None where none follows."""
        moments, _ = self._steps
        place = bisect_right(moments, instant(at))
        return moments[place] if place < len(moments) else None

    def next_on_call(self, at: datetime) -> Users:
        """Who is on call next: the first users after *at* that differ from those at *at*; nobody where none do."""
        moments, groups = self._steps
        place = bisect_right(moments, instant(at))
        now = groups[place - 1] if place else ()
        return next((users for users in groups[place:] if users and users != now), ())

    def previous_on_call(self, at: datetime) -> Users:
        """Who was on call before: the last users before *at* that differ from those at *at*; nobody where none do."""
        moments, groups = self._steps
        place = bisect_right(moments, instant(at)) - 1
        now = groups[place] if place >= 0 else ()
        return next((users for users in reversed(groups[: max(place, 0)]) if users and users != now), ())

    def shifts(self, a: datetime, b: datetime) -> tuple[Shift, ...]:
        """
        Every shift that meets ``[a, b)``, in the order of their starts, whole and as it is written.

        Raises:
            TimeError: *a* or *b* is naive.
        """
        low, high = instant(a, "a"), instant(b, "b")
        last = bisect_left(self.duties, high, key=lambda duty: duty.start)
        return tuple(duty for duty in self.duties[:last] if duty.end > low) if low < high else ()

    def as_overrides(self, action: str = "replace") -> tuple[Override, ...]:
        """
        The roster as overrides of a ``Schedule``, one for each stretch with somebody on call.

        Args:
            action: ``replace`` or ``add``, as for ``Override``.

        Raises:
            DefinitionError: there is no such action.
        """
        return tuple(Override(start=start, end=end, users=users, action=action) for start, end, users in self._stretches())

    def _stretches(self) -> Iterator[tuple[datetime, datetime, Users]]:
        moments, groups = self._steps
        for place, users in enumerate(groups):
            if users:
                yield moments[place], moments[place + 1], users

    def to_data(self) -> dict[str, Any]:
        """The canonical, JSON-ready form: ``Roster(**data)`` is this roster again."""
        data: dict[str, Any] = {
            "duties": [
                {"start": write_instant(duty.start), "end": write_instant(duty.end), "users": list(duty.users)}
                for duty in self.duties
            ]
        }
        for key in ("known_from", "known_until"):
            held = getattr(self, key)
            if held is not None:
                data[key] = write_instant(held)
        return {**data, "name": self.name} if self.name else data
