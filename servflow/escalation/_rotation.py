"""Knows who is on call in turns; must not know layers, overrides or tickets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from attrs import field, frozen

from servflow.calendars import WEEKDAYS, Calendar
from servflow.calendars._clock import window
from servflow.calendars._zones import EPOCH_ORDINAL, checked, resolve, zone_of
from servflow.errors import DefinitionError, Finding, LimitError, TimeError, shown
from servflow.escalation import _shape
from servflow.escalation._shape import Broken, broken, near
from servflow.escalation._turns import ELAPSED_UNITS, DutyDays, Period, Turns, Windows
from servflow.model import FrozenMap, from_micros, instant, micros

MAX_USERS = 1_000
MAX_LENGTH = 10_000
MAX_SHIFTS = 100_000
_LOOK_AHEAD = 500

Users = tuple[str, ...]


@frozen
class Shift:
    """One stretch of duty: half-open ``[start, end)`` in UTC, and who has it."""

    start: datetime
    end: datetime
    users: Users


def read_group(value: Any) -> Any:
    """The users of one entry, or what is wrong with it."""
    items = (value,) if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not 0 < len(items) <= MAX_USERS:
        return broken("escalation.users", value=shown(value))
    if not all(isinstance(user, str) and user for user in items):
        return broken("escalation.users", value=shown(value))
    return tuple(dict.fromkeys(items))


def _read_users(value: Any) -> Any:
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


def _read_zone(value: Any) -> Any:
    name = value.key if isinstance(value, ZoneInfo) else value
    try:
        zone_of(name if isinstance(name, str) else "")
    except KeyError:
        return broken("escalation.zone", zone=shown(name), nearest=near(name, available_timezones()))
    return name


def _read_start(value: Any) -> Any:
    if isinstance(value, str) and len(value) <= 40:
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return broken("escalation.wall_time", value=shown(value))
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a wall time; the zone stands beside it
    return broken("escalation.wall_time", value=shown(value))


def _read_period(value: Any) -> Any:
    period = Period.read(value)
    return broken("escalation.turn", value=shown(value)) if period is None else period.text


def _read_hold(value: Any) -> Any:
    return None if value is None else _read_period(value)


def _wall(value: datetime) -> tuple[int, int]:
    """Days since 1970-01-01 and microseconds of the day that a wall clock shows."""
    seconds = (value.hour * 60 + value.minute) * 60 + value.second
    return value.toordinal() - EPOCH_ORDINAL, seconds * 1_000_000 + value.microsecond


@frozen(slots=False)
class Rotation:
    """
    Who is on call in turns, before and after its start without end.

    The user at place 0 has the turn that begins at ``start``. A turn is ``every`` times ``length``
    long. Turns of days, weeks and months begin at the wall time of ``start`` in ``zone``: at the first
    occurrence of it, in a gap at the first instant that exists; the 31st is the last day of a shorter
    month. Turns of minutes and hours pass as time passes. A ``duty day`` is a day on which a window
    starts, so ``2 duty days`` with windows from Monday to Friday skips the weekend.

    Args:
        users: ids in order; an entry may be a list, which is a group that is on call together.
        start: an aware instant, or the wall time in ``zone`` as text or naive datetime.
        zone: the name of a time zone.
        every: ``1 week``, ``12 hours``, ``1 day``, ``1 duty day``, ``1 month``; any number of them.
        length: how many times ``every`` one turn lasts.
        windows: weekly windows of local time outside of which nobody is on call, such as
            ``{"mon-fri": ["09:00-17:00"]}``. A window lasts from the first occurrence of its start to
            the last of its end; it belongs to its start date and may run overnight.
        hold_for: how much of each turn is duty, from its beginning; None for all of it. With
            ``every: 2 weeks`` and ``hold_for: 1 week`` nobody has the second week.

    Raises:
        DefinitionError: with every part that is wrong.

    >>> turns = Rotation(["ann", "bob"], "2026-03-02T09:00", "Europe/Berlin")
    >>> turns.on_call(datetime(2026, 3, 10, tzinfo=UTC))
    ('bob',)
    """

    users: tuple[Users, ...] = field(converter=_read_users)
    start: str = field(converter=_read_start)
    zone: str = field(converter=_read_zone)
    every: str = field(default="1 week", converter=_read_period)
    length: int = 1
    windows: Mapping[str, tuple[str, ...]] | None = None
    hold_for: str | None = field(default=None, converter=_read_hold)

    def __attrs_post_init__(self) -> None:
        found = [*_shape.problems(self), *_shape.check_count(self.length, MAX_LENGTH, "length")]
        zone: Any = self.zone  # a name, or what is wrong with it
        if self.windows is not None:
            try:
                week = Calendar("UTC" if isinstance(zone, Broken) else zone, week=self.windows).week
                object.__setattr__(self, "windows", FrozenMap({day: tuple(texts) for day, texts in week}))
            except DefinitionError as error:
                found.extend(_window_findings(error.findings))
        found.extend(self._period_findings())
        if found:
            raise DefinitionError.of(found)
        object.__setattr__(self, "start", self._canonical_start(self.start))

    def _period_findings(self) -> list[Finding]:
        every = Period.read(self.every)
        found = []
        whole = not _shape.check_count(self.length, MAX_LENGTH, "length")
        if every is not None and whole and every.times(self.length) is None:
            found.append(Finding("escalation.turn", "length", {"value": f"{self.length} times {every.text}"}))
        for name in ("every", "hold_for"):
            period = Period.read(getattr(self, name))
            if period is not None and period.unit == "duty day" and self.windows is None:
                found.append(Finding("escalation.duty_days", name, {}))
        return found

    def _canonical_start(self, start: Any) -> str:
        """The wall time; with its offset only where it tells two occurrences apart that turns of hours count from."""
        if start.tzinfo is not None:
            try:
                start = instant(start, "start").astimezone(zone_of(self.zone))
            except OverflowError:
                raise TimeError(
                    f"start {start.isoformat()} lies outside the years 1 to 9999 in {self.zone}", code="range"
                ) from None
        elapsed = self.every.rstrip("s").endswith(tuple(ELAPSED_UNITS))
        if not (elapsed and start.tzinfo is not None and start.fold):
            start = start.replace(tzinfo=None, fold=0)
        return str(start.isoformat(timespec="auto" if start.second or start.microsecond else "minutes"))

    @cached_property
    def _turns(self) -> Turns:
        start = datetime.fromisoformat(self.start)
        day, wall = _wall(start)
        at = resolve(self.zone, day, wall) if start.tzinfo is None else micros(start.astimezone(UTC))
        every = Period.read(self.every)
        turn = every.times(self.length) if every else None
        if turn is None:
            raise AssertionError("checked when the rotation was made")
        duty = DutyDays(tuple(place for place, name in enumerate(WEEKDAYS) if name in (self.windows or ())))
        return Turns(self.zone, day, wall, at, turn, duty if duty.days else None)

    @cached_property
    def _hold(self) -> Period | None:
        return Period.read(self.hold_for)

    @cached_property
    def _windows(self) -> Windows | None:
        if self.windows is None:
            return None
        texts = [self.windows.get(name, ()) for name in WEEKDAYS]
        return Windows(self.zone, tuple(tuple(found for text in day if (found := window(text))) for day in texts))

    def on_call(self, at: datetime) -> Users:
        """
        Who is on call at an instant; nobody outside the windows and the duty of a turn.

        Raises:
            TimeError: *at* is naive.
        """
        moment = micros(instant(at))
        turn = self._turns.index(moment)
        if self._hold is not None and moment >= self._turns.until(turn, self._hold):
            return ()
        if self._windows is not None and not self._windows.is_open(moment):
            return ()
        return self._users(turn)

    def _users(self, turn: int) -> Users:
        return self.users[turn % len(self.users)]

    def _duty(self, turn: int) -> list[tuple[int, int]]:
        """The stretches of duty in a turn, none where its boundaries coincide."""
        start = self._turns.boundary(turn)
        end = self._turns.boundary(turn + 1) if self._hold is None else self._turns.until(turn, self._hold)
        if start >= end:
            return []
        return [(start, end)] if self._windows is None else self._windows.within(start, end)

    def shifts(self, a: datetime, b: datetime) -> tuple[Shift, ...]:
        """
        Every shift that meets ``[a, b)``, in order, whole: the first may start before *a*, the last end after *b*.

        Without windows and ``hold_for`` they follow each other without gap or overlap. Two turns of the
        same user are two shifts. A turn whose boundaries coincide gives none.

        Raises:
            TimeError: *a* or *b* is naive, or a shift leaves the years 1 to 9999.
            LimitError: there are more than 100,000.
        """
        low, high = micros(instant(a, "a")), micros(instant(b, "b"))
        found: list[Shift] = []
        turn = self._turns.index(low)
        examined = 0
        while low < high and self._turns.boundary(turn) < high:
            examined += 1
            if examined > MAX_SHIFTS or len(found) > MAX_SHIFTS:
                raise LimitError(f"more than {MAX_SHIFTS} shifts; ask for a shorter stretch of time", limit=MAX_SHIFTS)
            for start, end in self._duty(turn):
                if end > low and start < high:
                    found.append(Shift(from_micros(checked(start)), from_micros(checked(end)), self._users(turn)))
            turn += 1
        return tuple(found)

    def next_change(self, at: datetime) -> datetime | None:
        """The first instant after *at* at which a shift starts or ends; None where none does within 500 turns."""
        moment = micros(instant(at))
        first = self._turns.index(moment)
        for turn in range(first, first + _LOOK_AHEAD):
            for start, end in self._duty(turn):
                if end > moment:
                    return from_micros(checked(start if start > moment else end))
        return None

    def next_on_call(self, at: datetime) -> Users:
        """Who is on call next: the first users after *at* that differ from those at *at*; nobody where none do."""
        return first_other(self, at)

    def to_data(self) -> dict[str, Any]:
        """The canonical, JSON-ready form: ``Rotation(**data)`` is this rotation again."""
        data = _shape.to_data(self)
        data["users"] = [group[0] if len(group) == 1 else list(group) for group in self.users]
        return data


def _window_findings(findings: tuple[Finding, ...]) -> Iterator[Finding]:
    """A calendar's findings about a week, at the place where the windows stand."""
    for finding in findings:
        path = finding.path.removeprefix("week").removeprefix(".")
        yield from _shape.at_path("windows", [Finding(finding.code, path, finding.facts)])


def first_other(schedule: Any, at: datetime) -> Users:
    """The first users on call after *at* who are not those at *at*, looking at a bounded number of changes."""
    now = schedule.on_call(at)
    moment: datetime | None = at
    for _ in range(_LOOK_AHEAD):
        moment = schedule.next_change(moment)
        if moment is None:
            return ()
        users: Users = schedule.on_call(moment)
        if users and users != now:
            return users
    return ()
