"""Knows who stands in for whom and what replaces everything for a while; must not know turns nor layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import field, frozen

from servflow.errors import DefinitionError, Finding, shown
from servflow.escalation import _shape
from servflow.escalation._members import Users, read_at, read_group
from servflow.escalation._rotation import Shift
from servflow.escalation._shape import Broken
from servflow.model import micros, write_instant

MAX_OVERRIDES = 10_000
MAX_TEMPORARY = 1_000
ACTIONS = ("replace", "add", "remove")

# Two can swap their duty, so somebody may be covered for and stand in at the same time.
_DIFFER = {"named": ("away",), "away": ("named", "covered"), "covered": ("away", "covered")}


def _order(owner: Any) -> list[Finding]:
    """A stretch ends after it starts."""
    if isinstance(owner.start, Broken) or isinstance(owner.end, Broken) or owner.end > owner.start:
        return []
    return [Finding("escalation.override", "end", {"start": write_instant(owner.start), "end": write_instant(owner.end)})]


def _read_covered(value: Any) -> Any:
    return () if value is None or value == () else read_group(value)


@frozen(kw_only=True)
class Override:
    """
    A change to who is on call for one stretch of time, half-open ``[start, end)``.

    ``action`` says what becomes of those on call: ``replace`` (the default: only ``users`` are),
    ``add`` or ``remove``. ``users`` is an id or several. Instants are aware, or text with an offset.

    A ``replace`` with ``instead_of`` covers for somebody: ``users`` are on call where those would be, and everybody
    else as before. So a week of holidays is covered without knowing the days of duty in it.

    Raises:
        DefinitionError: with every part that is wrong.
    """

    start: datetime = field(converter=read_at)
    end: datetime = field(converter=read_at)
    users: Users = field(converter=read_group)
    action: str = "replace"
    instead_of: Users = field(default=(), converter=_read_covered)

    def __attrs_post_init__(self) -> None:
        found = [*_shape.problems(self), *_shape.check_option(self.action, ACTIONS, "action"), *_order(self)]
        if self.instead_of and self.action != "replace":
            found.append(Finding("schedule.instead_of", "instead_of", {"action": shown(self.action)}))
        if found:
            raise DefinitionError.of(found)

    def to_data(self) -> dict[str, Any]:
        """The override as its JSON-ready mapping."""
        data: dict[str, Any] = {"start": write_instant(self.start), "end": write_instant(self.end), "users": list(self.users)}
        if self.action != "replace":
            data["action"] = self.action
        if self.instead_of:
            data["instead_of"] = list(self.instead_of)
        return data

    @property
    def wholly(self) -> bool:
        """Whether it says alone who is on call."""
        return self.action == "replace" and not self.instead_of


@frozen(kw_only=True)
class _Duty:
    start: datetime = field(converter=read_at)
    end: datetime = field(converter=read_at)
    users: Users = field(converter=read_group)

    def __attrs_post_init__(self) -> None:
        found = [*_shape.problems(self), *_order(self)]
        if found:
            raise DefinitionError.of(found)


def _duties(value: Any) -> Any:
    items = (value,) if isinstance(value, (Shift, Mapping)) else value
    if isinstance(items, (list, tuple)):
        items = [item.to_data() if isinstance(item, Shift) else item for item in items]
    read = _shape.read_values(_Duty, items, MAX_OVERRIDES)
    if isinstance(read, Broken):
        return read
    shifts = (Shift(duty.start, duty.end, duty.users) for duty in read)
    return tuple(sorted(shifts, key=lambda shift: (shift.start, shift.end)))


@frozen(kw_only=True)
class Temporary:
    """
    A stretch, half-open ``[start, end)``, in which only the shifts written here count: neither layers nor overrides do.

    Where its shifts leave a gap nobody is on call; where they overlap, everybody named is.

    Args:
        start: an aware instant, or text with an offset.
        end: likewise, later.
        shifts: ``{start, end, users}`` each, within the stretch.

    Raises:
        DefinitionError: with every part that is wrong.
    """

    start: datetime = field(converter=read_at)
    end: datetime = field(converter=read_at)
    shifts: tuple[Shift, ...] = field(default=(), converter=_duties)

    def __attrs_post_init__(self) -> None:
        found = [*_shape.problems(self), *_order(self)]
        if not found:
            facts = {"start": write_instant(self.start), "end": write_instant(self.end)}
            found = [
                Finding("schedule.outside", f"shifts[{place}]", facts)
                for place, shift in enumerate(self.shifts)
                if shift.start < self.start or shift.end > self.end
            ]
        if found:
            raise DefinitionError.of(found)

    def to_data(self) -> dict[str, Any]:
        """The stretch as its JSON-ready mapping."""
        data: dict[str, Any] = {"start": write_instant(self.start), "end": write_instant(self.end)}
        return {**data, "shifts": [shift.to_data() for shift in self.shifts]} if self.shifts else data


def read_overrides(value: Any) -> Any:
    """The overrides of a schedule, or everything that is wrong with them."""
    return _without_clashes(_shape.read_values(Override, value, MAX_OVERRIDES), _clashes)


def read_temporary(value: Any) -> Any:
    """The temporary stretches of a schedule, or everything that is wrong with them."""
    return _without_clashes(_shape.read_values(Temporary, value, MAX_TEMPORARY), _overlaps)


def _without_clashes(read: Any, found_in: Any) -> Any:
    if isinstance(read, Broken):
        return read
    found = tuple(found_in(read))
    return Broken(found) if found else read


def _overlaps(items: Sequence[Any]) -> Iterator[Finding]:
    """Each that overlaps one which starts no later."""
    ordered = sorted(range(len(items)), key=lambda place: (items[place].start, place))
    longest: int | None = None
    for place in ordered:
        item = items[place]
        if longest is not None and items[longest].end > item.start:
            end = min(item.end, items[longest].end)
            facts = {"other": longest + 1, "start": write_instant(item.start), "end": write_instant(end)}
            yield Finding("schedule.overlap", f"[{place}]", facts)
        if longest is None or item.end > items[longest].end:
            longest = place


def _clashes(overrides: Sequence[Override]) -> Iterator[Finding]:
    """Overrides of which no order says what holds: two that replace everybody, and two that differ about one user."""
    places = [place for place, override in enumerate(overrides) if override.wholly]
    for finding in _overlaps([overrides[place] for place in places]):
        place, other = places[int(finding.path[1:-1])], places[finding.facts["other"] - 1]
        yield Finding(finding.code, f"[{place}]", {**finding.facts, "other": other + 1})
    about: dict[str, list[tuple[datetime, int, str]]] = {}
    for place, override in enumerate(overrides):
        for user in override.users:
            about.setdefault(user, []).append((override.start, place, "away" if override.action == "remove" else "named"))
        for user in override.instead_of:
            about.setdefault(user, []).append((override.start, place, "covered"))
    told: set[int] = set()
    for user, said in about.items():
        latest: dict[str, int] = {}  # of those that say the same, the one that ends last
        for start, place, what in sorted(said):
            others = [latest[other] for other in _DIFFER[what] if other in latest]
            differing = [other for other in others if overrides[other].end > start and other != place]
            if differing and place not in told:
                told.add(place)
                facts = {"other": differing[0] + 1, "user": shown(user), "start": write_instant(start)}
                yield Finding("schedule.contradiction", f"[{place}]", facts)
            if what not in latest or overrides[place].end > overrides[latest[what]].end:
                latest[what] = place


@frozen
class Stretches:
    """Finds the stretches that hold at an instant among many, without looking at all of them."""

    starts: tuple[int, ...]  # in order
    ends: tuple[int, ...]
    latest: tuple[int, ...]  # the latest end within the part of which each is the middle
    places: tuple[int, ...]  # where each stood in the list given

    @classmethod
    def of(cls, items: Iterable[Any]) -> Stretches:
        """Of anything with a start and an end."""
        found = sorted((micros(item.start), micros(item.end), place) for place, item in enumerate(items))
        ends = [end for _, end, _ in found]
        latest = list(ends)
        parts, stack = [], [(0, len(found))]
        while stack:
            low, high = stack.pop()
            if low < high:
                middle = (low + high) // 2
                parts.append((low, middle, high))
                stack += [(low, middle), (middle + 1, high)]
        for low, middle, high in reversed(parts):  # smaller parts first
            for first, last in ((low, middle), (middle + 1, high)):
                if first < last:
                    latest[middle] = max(latest[middle], latest[(first + last) // 2])
        return cls(tuple(start for start, _, _ in found), tuple(ends), tuple(latest), tuple(place for _, _, place in found))

    def at(self, moment: int) -> list[int]:
        """The places of those that hold at an instant, in order."""
        found: list[int] = []
        stack = [(0, len(self.starts))]
        while stack:
            low, high = stack.pop()
            if low >= high or self.latest[middle := (low + high) // 2] <= moment:
                continue
            stack.append((low, middle))
            if self.starts[middle] <= moment:
                if self.ends[middle] > moment:
                    found.append(self.places[middle])
                stack.append((middle + 1, high))
        return sorted(found)

    def edges(self) -> set[int]:
        """Every instant at which one starts or ends."""
        return {*self.starts, *self.ends}
