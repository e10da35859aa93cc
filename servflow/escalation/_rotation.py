"""Knows who is on call in turns; must not know layers, overrides or tickets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from typing import Any

import attrs
from attrs import field, frozen

from servflow.calendars import WEEKDAYS, Calendar
from servflow.calendars._clock import window
from servflow.calendars._zones import LATEST, checked, generation, resolve, zone_of
from servflow.errors import DefinitionError, Finding, LimitError, TimeError
from servflow.escalation import _shape
from servflow.escalation._members import FOREVER, Epoch, Epochs, Members, Users, check_anchor, place_of, read_users, write_users
from servflow.escalation._rotation_parts import (
    instant_in,
    read_bound,
    read_changes,
    read_hold,
    read_period,
    read_start,
    read_windows_zone,
    read_zone,
    wall_time,
    window_findings,
)
from servflow.escalation._shape import Broken
from servflow.escalation._turns import ELAPSED_UNITS, DutyDays, Period, Turns
from servflow.escalation._windows import Windows
from servflow.model import FrozenMap, from_micros, instant, micros, write_instant

MAX_LENGTH = 10_000
MAX_LEVEL = 1_000
MAX_SHIFTS = 100_000
# After how many turns without any duty the search for one ends, by what turns are counted in: a week has 10,080
# minutes, dates fall on the same weekdays within fifty years, and turns of days do after at most seven.
MAX_IDLE = 12_000
IDLE_MONTHS = 600
IDLE_TURNS = 14
IDLE_DAYS = 800
MAX_OTHERS = 2_500

Piece = tuple[int, int, Users]
"""A stretch of duty in microseconds, and who has it."""


@frozen
class Shift:
    """One stretch of duty: half-open ``[start, end)`` in UTC, and who has it."""

    start: datetime
    end: datetime
    users: Users

    def to_data(self) -> dict[str, Any]:
        """The shift as its JSON-ready mapping."""
        return {"start": write_instant(self.start), "end": write_instant(self.end), "users": list(self.users)}


@frozen(slots=False)
class Rotation:
    """
    Who is on call in turns, before and after its start without end.

    The user at place 0 has the turn that begins at ``start``. A turn is ``every`` times ``length``
    long. Turns of days, weeks and months begin at the wall time of ``start`` in ``zone``: at the first
    occurrence of it, in a gap at the first instant that exists; the 31st is the last day of a shorter
    month. Turns of minutes and hours pass as time passes: ``12 hours`` from 08:00 begin at 09:00 and 21:00
    once clocks have gone forward. ``12 wall hours`` begin at 08:00 and 20:00 all year, and one of them is
    shorter or longer on the day clocks change. A ``duty day`` is a day on which a window starts, so
    ``2 duty days`` with windows from Monday to Friday skips the weekend.

    Args:
        users: ids in order; an entry may be a list, which is a group that is on call together.
        start: an aware instant, or the wall time in ``zone`` as text or naive datetime.
        zone: the name of a time zone.
        every: ``1 week``, ``12 hours``, ``12 wall hours``, ``1 day``, ``1 duty day``, ``1 month``; any number of them.
        length: how many times ``every`` one turn lasts.
        windows: weekly windows of local time outside of which nobody is on call, such as
            ``{"mon-fri": ["09:00-17:00"]}``. A window lasts from the first occurrence of its start to
            the last of its end; it belongs to its start date and may run overnight.
        hold_for: how much of each turn is duty, from its beginning; None for all of it. With
            ``every: 2 weeks`` and ``hold_for: 1 week`` nobody has the second week.
        windows_zone: the zone whose local time the windows are; ``zone`` unless given.
        begins: when its duty first begins, aware or as wall time in ``zone``; None: it reaches back
            without end. Turns are counted from ``start`` all the same.
        ends: when it is over, likewise; nobody is on call from then on.
        anchor: who has the turn that begins at ``start``; the first of ``users`` unless given.
        level: how high it lies in a schedule with ``top``, from 1; layers of one level are taken together.
        changes: edits of the users, each a `Members` or its mapping ``{at, users, anchor}``; what was
            before one stays true. `with_users` adds one.

    Raises:
        DefinitionError: with every part that is wrong.

    >>> turns = Rotation(["ann", "bob"], "2026-03-02T09:00", "Europe/Berlin")
    >>> turns.on_call(datetime(2026, 3, 10, tzinfo=UTC))
    ('bob',)
    >>> more = turns.with_users(["zoe", "ann", "bob"], datetime(2026, 3, 10, tzinfo=UTC))
    >>> [*more.on_call(datetime(2026, 3, 10, tzinfo=UTC)), *more.next_on_call(datetime(2026, 3, 10, tzinfo=UTC))]
    ['bob', 'zoe']
    """

    users: tuple[Users, ...] = field(converter=read_users)
    start: str = field(converter=read_start)
    zone: str = field(converter=read_zone)
    every: str = field(default="1 week", converter=read_period)
    length: int = 1
    windows: Mapping[str, tuple[str, ...]] | None = None
    hold_for: str | None = field(default=None, converter=read_hold)
    windows_zone: str | None = field(default=None, converter=read_windows_zone, kw_only=True)
    begins: datetime | None = field(default=None, converter=read_bound, kw_only=True)
    ends: datetime | None = field(default=None, converter=read_bound, kw_only=True)
    anchor: str | None = field(default=None, kw_only=True)
    changes: tuple[Members, ...] = field(default=(), converter=read_changes, kw_only=True)
    level: int | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        found = [*_shape.problems(self), *_shape.check_count(self.length, MAX_LENGTH, "length")]
        zone: Any = self.zone  # a name, or what is wrong with it
        if self.windows is not None:
            try:
                week = Calendar("UTC" if isinstance(zone, Broken) else zone, week=self.windows).week
                object.__setattr__(self, "windows", FrozenMap({day: tuple(texts) for day, texts in week}))
            except DefinitionError as error:
                found.extend(window_findings(error.findings))
        if self.level is not None:
            found.extend(_shape.check_count(self.level, MAX_LEVEL, "level"))
        found.extend([*self._period_findings(), *self._zone_findings(), *check_anchor(self.anchor, self.users)])
        if not isinstance(zone, Broken):
            for name in ("begins", "ends"):
                object.__setattr__(self, name, instant_in(zone, getattr(self, name), name))
            found.extend(self._life_findings())
        if found:
            raise DefinitionError.of(found)
        object.__setattr__(self, "start", self._canonical_start(self.start))
        if self.windows_zone == self.zone:
            object.__setattr__(self, "windows_zone", None)
        if self.anchor is not None and place_of(self.anchor, self.users) == 0:
            object.__setattr__(self, "anchor", None)

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

    def _zone_findings(self) -> list[Finding]:
        other = self.windows_zone
        if other is None or isinstance(other, Broken) or other == self.zone:
            return []
        if self.windows is None:
            return [Finding("rotation.windows_zone", "windows_zone", {})]
        # Which date a duty day is would differ between the two zones, and turns would change in the middle of a window.
        periods = [Period.read(self.every), Period.read(self.hold_for)]
        if any(period is not None and period.unit == "duty day" for period in periods):
            return [Finding("rotation.duty_zone", "windows_zone", {"zone": other})]
        return []

    def _life_findings(self) -> list[Finding]:
        begins, ends = self.begins, self.ends
        if not isinstance(begins, datetime) or not isinstance(ends, datetime) or begins < ends:
            return []
        return [Finding("rotation.life", "ends", {"begins": write_instant(begins), "ends": write_instant(ends)})]

    def _canonical_start(self, start: Any) -> str:
        """The wall time; with its offset only where it tells two occurrences apart that turns of hours count from."""
        if start.tzinfo is not None:
            try:
                start = instant(start, "start").astimezone(zone_of(self.zone))
            except OverflowError:
                raise TimeError(
                    f"start {start.isoformat()} lies outside the years 1 to 9999 in {self.zone}", code="range"
                ) from None
        every = Period.read(self.every)
        elapsed = every is not None and every.unit in ELAPSED_UNITS
        if not (elapsed and start.tzinfo is not None and start.fold):
            start = start.replace(tzinfo=None, fold=0)
        return str(start.isoformat(timespec="auto" if start.second or start.microsecond else "minutes"))

    @property
    def _compiled(self) -> tuple[Turns, Epochs]:
        """The turns and who has them, by the zones as they are."""
        held: tuple[int, Turns, Epochs] | None = self.__dict__.get("_held")
        if held is None or held[0] != generation():
            turns = self._counted()
            place = 0 if self.anchor is None else place_of(self.anchor, self.users)
            held = generation(), turns, Epochs.of(Epoch(self.users, place), self.changes, turns.index)
            self.__dict__["_held"] = held
        return held[1:]

    def _counted(self) -> Turns:
        start = datetime.fromisoformat(self.start)
        day, wall = wall_time(start)
        at = resolve(self.zone, day, wall) if start.tzinfo is None else micros(start.astimezone(UTC))
        every = Period.read(self.every)
        turn = every.times(self.length) if every else None
        if turn is None:
            raise AssertionError("checked when the rotation was made")
        duty = DutyDays(tuple(place for place, name in enumerate(WEEKDAYS) if name in (self.windows or ())))
        return Turns(self.zone, day, wall, at, turn, duty if duty.days else None)

    @cached_property
    def _asked(self) -> list[tuple[int, int, Users, int]]:
        """From when to when who is on call, and by which zones: of the turn that was asked about last."""
        return [(0, 0, (), 0)]

    @cached_property
    def _hold(self) -> Period | None:
        return Period.read(self.hold_for)

    @cached_property
    def _windows(self) -> Windows | None:
        if self.windows is None:
            return None
        texts = [self.windows.get(name, ()) for name in WEEKDAYS]
        week = tuple(tuple(found for text in day if (found := window(text))) for day in texts)
        windows = Windows(self.windows_zone or self.zone, week)
        return None if windows.always else windows

    @cached_property
    def _life(self) -> tuple[int, int]:
        """From when to when it lasts, in microseconds."""
        return (
            -FOREVER if self.begins is None else micros(self.begins),
            FOREVER if self.ends is None else micros(self.ends),
        )

    @cached_property
    def _idle(self) -> int:
        """How many turns without duty tell that there is none."""
        every = self._compiled[0].every
        if every.unit in ELAPSED_UNITS or every.unit == "wall hour":
            return MAX_IDLE
        if every.unit == "month":
            return max(IDLE_TURNS, IDLE_MONTHS // every.count)
        return max(IDLE_TURNS, IDLE_DAYS // (every.count * (7 if every.unit == "week" else 1)))

    @cached_property
    def alone(self) -> bool:
        """Whether one and the same group has every turn whole, so that turns make no difference to who is on call."""
        return self._hold is None and self._single

    @cached_property
    def _single(self) -> bool:
        """Whether one and the same group has every turn."""
        return len({group for epoch in self._compiled[1].epochs for group in epoch.users}) == 1

    def __getstate__(self) -> dict[str, Any]:
        """What it is made of, without what was worked out of it."""
        return {attribute.name: getattr(self, attribute.name) for attribute in attrs.fields(type(self))}

    @property
    def _most(self) -> int:
        """How many stretches to look at for other users: where there is one group only, the nearest is it or nobody is."""
        return 3 if self._single else MAX_OTHERS

    @property
    def unbroken(self) -> bool:
        """Whether somebody is on call at every instant there is."""
        return self._windows is None and self._hold is None and self.begins is None and self.ends is None

    def users_at(self, at: datetime) -> tuple[Users, ...]:
        """The list that takes turns at an instant, as edited until then, on duty or not."""
        return self._compiled[1].at(micros(instant(at))).users

    def with_users(self, users: Any, at: datetime, *, anchor: str | None = None) -> Rotation:
        """
        This rotation with other users from an instant on, and everybody else's turn where it was.

        The turn that runs at *at* stays with whoever has it; where they are gone, the next of the old order who is
        still there takes over at once. From there on the order of *users* holds. Before *at* nothing changes, and an
        edit that was already set for later stays set; one set for *at* itself is replaced.

        Args:
            users: all of them, in order.
            at: the instant of the edit.
            anchor: who has the running turn instead.

        Raises:
            TimeError: *at* is naive.
            DefinitionError: *users* or *anchor* are wrong, or there are more than 1,000 edits.
        """
        at = instant(at)
        edit = Members(at=at, users=users, anchor=anchor)
        return attrs.evolve(self, changes=(*(change for change in self.changes if change.at != at), edit))

    def on_call(self, at: datetime) -> Users:
        """
        Who is on call at an instant; nobody outside the windows, the duty of a turn, or before it begins or once it ends.

        Raises:
            TimeError: *at* is naive.
        """
        return self.at_micros(micros(instant(at)))

    def at_micros(self, moment: int) -> Users:
        """Who is on call at an instant in microseconds since 1970-01-01T00:00Z."""
        low, high, users, known = self._asked[0]
        # Nearly every question is about now, and so about the turn that was asked about last.
        if low <= moment < high and known == generation():
            return users
        begins, ends = self._life
        if not begins <= moment < ends:
            return ()
        if self._windows is not None and not self._windows.is_open(moment):
            return ()
        known = generation()
        turns, epochs = self._compiled
        turn, low, high = turns.around(moment)
        if self._hold is not None and moment >= turns.until(turn, self._hold):
            return ()
        users = epochs.at(moment).of(turn)
        if self._windows is None and self._hold is None:
            if epochs.starts:
                first, last = epochs.around(moment)
                low, high = max(low, first), min(high, last)
            self._asked[0] = low if low > begins else begins, high if high < ends else ends, users, known
        return users

    def pieces(self, moment: int, until: int = FOREVER) -> Iterator[Piece]:
        """
        Stretches of duty, each of one turn and one set of users, whole, from the first that ends after an instant.

        None is looked for once *until* has come.
        """
        (turns, epochs), windows = self._compiled, self._windows
        begins, ends = self._life
        low = max(moment, begins)
        turn, idle, last = turns.index(low), 0, min(ends, until)
        edge = (turn, turns.boundary(turn))  # a turn begins where the one before it ends
        while low < last and idle < self._idle:
            idle += 1
            start = edge[1] if edge[0] == turn else turns.boundary(turn)
            after = turns.boundary(turn + 1)
            edge = (turn + 1, after)
            over = after if self._hold is None else turns.until(turn, self._hold)
            if low >= over:
                low, turn = max(low, after), turn + 1
                continue
            end = over
            if windows is not None:
                opened = windows.first(max(low, start))
                if opened is None or opened[0] >= ends:
                    return
                if opened[0] >= over:  # all turns that pass until then have no duty
                    low = max(opened[0], after)
                    turn = turn + 1 if low == after else turns.index(low)
                    continue
                start, end = max(start, opened[0]), min(over, opened[1])
            if start >= ends:
                return
            for piece in epochs.pieces(turn, max(start, begins), min(end, ends)):
                if piece[1] > moment:
                    yield piece
            low, idle = end, 0
            if end == over:
                low, turn = after, turn + 1

    def pieces_back(self, moment: int) -> Iterator[Piece]:
        """The same stretches backwards, from the last that starts before an instant."""
        (turns, epochs), windows = self._compiled, self._windows
        begins, ends = self._life
        high = min(moment, ends)
        turn, idle = turns.index(high - 1), 0
        while high > begins and idle < self._idle:
            idle += 1
            start = first = turns.boundary(turn)
            end = turns.boundary(turn + 1) if self._hold is None else turns.until(turn, self._hold)
            if first >= min(high, end):
                high, turn = min(high, first), turn - 1
                continue
            if windows is not None:
                opened = windows.last(min(high, end))
                if opened is None or opened[1] <= begins:
                    return
                if opened[1] <= first:
                    high = opened[1]
                    turn = turns.index(high - 1)
                    continue
                start, end = max(first, opened[0]), min(end, opened[1])
            if end <= begins:
                return
            for piece in reversed(epochs.pieces(turn, max(start, begins), min(end, ends))):
                if piece[0] < moment:
                    yield piece
            high, idle = start, 0
            if start == first:
                turn -= 1

    def runs(self, moment: int, back: bool = False) -> Iterator[Piece]:
        """The stretches of duty like `pieces`, those of one group that has all turns as long as its windows allow."""
        if not self.alone:
            yield from self.pieces_back(moment) if back else self.pieces(moment)
            return
        begins, ends = self._life
        users = self._compiled[1].epochs[0].users[0]
        if self._windows is None:
            if (begins < moment) if back else (moment < ends):
                yield begins, ends, users
            return
        at = min(moment, ends) if back else max(moment, begins)
        while (at > begins) if back else (at < ends):
            opened = self._windows.last(at) if back else self._windows.first(at)
            if opened is None:
                return
            start, end = max(opened[0], begins), min(opened[1], ends)
            if start >= end:
                return
            yield start, end, users
            at = opened[0] if back else opened[1]

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
        return gathered(self.pieces(low, high), high) if low < high else ()

    def next_change(self, at: datetime) -> datetime | None:
        """
        The first instant after *at* at which a shift starts or ends; None where none does until the year 9999 ends.

        None, too, where ``hold_for`` and ``windows`` never meet within some years.
        """
        moment = micros(instant(at))
        for start, end, _ in self.pieces(moment):
            change = start if start > moment else end
            return from_micros(change) if change <= LATEST else None
        return None

    def next_on_call(self, at: datetime) -> Users:
        """Who is on call next: the first users after *at* that differ from those at *at*; nobody where none do."""
        moment = micros(instant(at))
        return other_users(self.runs(moment), self.at_micros(moment), lambda piece: piece[0] > moment, self._most)

    def previous_on_call(self, at: datetime) -> Users:
        """Who was on call before: the last users before *at* that differ from those at *at*; nobody where none do."""
        moment = micros(instant(at))
        return other_users(self.runs(moment, True), self.at_micros(moment), lambda piece: piece[1] <= moment, self._most)

    def to_data(self) -> dict[str, Any]:
        """The canonical, JSON-ready form: ``Rotation(**data)`` is this rotation again."""
        data = _shape.to_data(self)
        data["users"] = write_users(self.users)
        for name in ("begins", "ends"):
            if name in data:
                data[name] = write_instant(data[name])
        return data


def gathered(pieces: Iterator[Piece], high: int) -> tuple[Shift, ...]:
    """
    The shifts that start before an instant.

    Raises:
        TimeError: a shift leaves the years 1 to 9999.
        LimitError: there are more than 100,000.
    """
    found: list[Shift] = []
    for start, end, users in pieces:
        if start >= high:
            break
        if len(found) >= MAX_SHIFTS:
            raise LimitError(f"more than {MAX_SHIFTS} shifts; ask for a shorter stretch of time", limit=MAX_SHIFTS)
        found.append(Shift(from_micros(checked(start)), from_micros(checked(end)), users))
    return tuple(found)


def other_users(pieces: Iterator[Piece], now: Users, counts: Callable[[Piece], bool], most: int) -> Users:
    """The users of the first piece that counts, has somebody and has not those of now, among a bounded number."""
    for piece in islice(pieces, most):
        if piece[2] and piece[2] != now and counts(piece):
            return piece[2]
    return ()
