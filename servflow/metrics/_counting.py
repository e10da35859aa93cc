"""Knows how what measures see in cases is counted by part, group and period; must not know any measure or table."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any, Protocol, Self

from attrs import define, field, frozen

from servflow.errors import InputError, shown
from servflow.metrics._cases import Case
from servflow.metrics._counted import names
from servflow.metrics._kinds import Amounts, Tally
from servflow.metrics._periods import Period, period_of, zone_named
from servflow.metrics._reading import counts, read_case
from servflow.model import Record, instant

MAX_CELLS = 200_000
"""How many cells a table may have (measure, part, group and period): what it needs of memory is bounded by it."""

LAST = datetime.max.replace(tzinfo=UTC)

Key = tuple[str | None, str | None, Period | None]
"""Part, group and period of a cell; None for all."""

SHAPES = ("event", "span", "stock")


@frozen
class Seen:
    """
    One thing to count that a measure found in a case.

    ``at`` is the instant by which it falls in a period; None: in none, it counts in the whole only. ``parts`` name what
    it is a part of (a clock, a level, a person), and it counts in each. For the shape ``span`` it is the stretch
    ``[at, until)``, cut where periods end; ``value`` is then a function of the two ends of a piece, or None for the time
    that passes in it. For ``stock`` it counts wherever it was there, and ``value`` and ``parts`` may be functions of the
    instant. ``until`` None: to this day.
    """

    at: datetime | None
    value: Any = True
    parts: Any = ()
    until: datetime | None = None
    left: str | None = None


def Left(at: datetime | None, reason: str, parts: tuple[str, ...] = ()) -> Seen:  # noqa: N802 - reads like the class it makes
    """One that is left out, for a reason of one or two words."""
    return Seen(at, None, parts, None, reason)


class Asked(Protocol):
    """What counting needs of a measure; see ``Measure``."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def shape(self) -> str:
        """``event``, ``span`` or ``stock``."""

    @property
    def whole(self) -> bool:
        """Whether its parts together are all."""

    @property
    def of_all(self) -> bool:
        """Whether its parts are told as shares of all."""

    @property
    def seen(self) -> Callable[..., Iterable[Seen]]:
        """What it sees in a case."""

    def start(self, settings: Mapping[str, Any]) -> Tally[Any]:
        """A tally of nothing yet."""


@define(eq=False)
class _Calendar:
    """The periods there were, found by bisection once one of their instants was asked for."""

    unit: str
    zone: str
    starts: list[datetime] = field(factory=list)
    known: list[Period] = field(factory=list)

    def of(self, at: datetime) -> Period:
        index = bisect_right(self.starts, at) - 1
        if index >= 0 and at < self.known[index].end:
            return self.known[index]
        found = period_of(at, self.unit, self.zone)
        if at >= found.end:  # a local date that comes back for an hour after its end belongs to the next
            found = found.next()
        self.starts.insert(index + 1, found.start)
        self.known.insert(index + 1, found)
        return found


class Counting:
    """
    Measures that are counted while cases stream by, once each, without keeping them.

    ``settings`` are those of each measure by its name, ``done`` the states on whose entry the work counts as done, for
    records that are read here.
    """

    def __init__(
        self,
        measures: Sequence[Asked],
        settings: Mapping[str, Mapping[str, Any]],
        *,
        at: datetime | None = None,
        by: tuple[str, ...] = (),
        period: str | None = None,
        zone: str = "UTC",
        done: Collection[str] = (),
    ) -> None:
        self.measures, self.settings = measures, settings
        self.done = frozenset(names(done, "done"))
        self.at = None if at is None else instant(at)
        self.by, self.period, self.zone = by, period, zone
        self._calendar = None if period is None else _Calendar(period, zone)
        zone_named(zone)  # a slip is one where nothing is counted by periods, too
        if period is not None:
            period_of(self.at or datetime(2000, 1, 1, tzinfo=UTC), period, zone)  # refuses an unknown unit at once
        self.cells: dict[str, dict[Key, Tally[Any]]] = {one.name: {} for one in measures}
        self.cases = 0
        self.labels: set[str] = set()
        self._count = 0
        self._known: dict[tuple[str | None, Period | None], int] = {}
        self._until: dict[str | None, tuple[int, list[datetime], list[int]]] = {}

    def add(self, one: Case | Iterable[Record]) -> None:
        """
        Count a case, or the records of a ticket, which are read as of *at*.

        A ticket that opens later, or is a correlator's own, is passed over.

        Raises:
            InputError: it is neither; the table becomes larger than ``MAX_CELLS``; a setting does not fit the measure; or
                *at* was not given and is needed.
        """
        case = one if isinstance(one, Case) else self._read(one)
        if case is None:
            return
        self.cases += 1
        groups: tuple[str | None, ...] = (None,)
        if self.by:
            self.labels.update(case.labels, case.slots)
            groups = (None, " / ".join(map(case.label, self.by)))
        at = self.at or case.at
        if at is None or case.began <= at:
            began = None if self._calendar is None else self._calendar.of(case.began)
            for where in groups:
                self._known[where, began] = self._known.get((where, began), 0) + 1
        for measure in self.measures:
            if at is None and measure.shape != "event":
                raise InputError(f"measure {measure.name!r} is of an instant: give at=", code="at", measure=measure.name)
            cells = self.cells[measure.name]
            for seen in measure.seen(case, **self.settings[measure.name]):
                self._see(measure, cells, seen, groups, at or LAST)

    def _read(self, records: Any) -> Case | None:
        if not isinstance(records, Iterable) or isinstance(records, (str, bytes, Mapping)):
            raise InputError(f"a case or the records of a ticket are counted, not {shown(records)}", code="history")
        if self.at is None:
            raise InputError("records are read as of an instant: give at=", code="at")
        history = records if isinstance(records, Sequence) else tuple(records)
        return read_case(history, self.at, self.done) if counts(history, self.at) else None

    def _see(self, one: Asked, cells: dict[Key, Tally[Any]], seen: Seen, groups: tuple[str | None, ...], at: datetime) -> None:
        pieces = _PIECES[one.shape](seen, at, self._calendar)
        for period, value, parts in pieces:
            told: tuple[str | None, ...] = (None, *parts) if one.whole else parts or (None,)
            for part in told:
                for where in groups:
                    key = (part, where, period)
                    tally = cells.get(key)
                    if tally is None:
                        tally = cells[key] = self._start(one)
                    if seen.left is None:
                        tally.add(value)
                    else:
                        tally.leave(seen.left)

    def _start(self, one: Asked) -> Tally[Any]:
        self._count += 1
        if self._count > MAX_CELLS:
            raise _too_many()
        return one.start(self.settings[one.name])

    def merge(self, other: Counting) -> Self:
        """
        Take in all that another one counted, which then is of no more use; this one, for chaining.

        Raises:
            InputError: the other one was asked something else.
        """
        if self._question() != other._question():
            raise InputError("only what was asked the same can be merged", code="merge")
        for name, cells in other.cells.items():
            own = self.cells[name]
            for key, tally in cells.items():
                if key not in own:
                    own[key] = self._start(next(one for one in self.measures if one.name == name))
                own[key].merge(tally)
        for where, count in other._known.items():
            self._known[where] = self._known.get(where, 0) + count
        self.cases += other.cases
        self.labels |= other.labels
        return self

    def _question(self) -> tuple[Any, ...]:
        asked = tuple(one.name for one in self.measures)
        return asked, self.at, self.by, self.period, self.zone, self.done, self.settings

    def figures(self, one: Asked) -> dict[str, Any]:
        """Part -> figure of all cases, ordered by name, ``all`` first where there is a whole."""
        cells = self.cells[one.name]
        parts = sorted((part for part, group, period in cells if group is None and period is None), key=first)
        found = {shown_as(part): self.figure(one, (part, None, None)) for part in parts}
        return found or {"all": self.figure(one, (None, None, None))}

    def figure(self, one: Asked, key: Key) -> Any:
        """The figure of one cell; None where nothing was counted."""
        cells = self.cells[one.name]
        part, group, period = key
        base = cells.get((None, group, period)) if one.of_all and part is not None else None
        tally = cells.get(key) or one.start(self.settings[one.name])
        if part is None and one.shape == "stock" and isinstance(tally, Amounts) and tally.sum:
            base = Amounts(count=self._known_until(group, period))
        return tally.figure(period, base)

    def empty(self, one: Asked) -> Iterator[Key]:
        """
        The cells of a stock that is counted in which there may be nothing: for every group, each period from when its first
        ticket began to now. Tickets were known then, so that there was none of them is a figure.

        Raises:
            InputError: they are more than ``MAX_CELLS``.
        """
        calendar = self._calendar
        if calendar is None or self.at is None or one.shape != "stock" or not isinstance(self._tally(one), Amounts):
            return
        count = 0
        for group in {where for where, _ in self._known}:
            period = min((began for where, began in self._known if where == group and began is not None), key=_start)
            while period.start <= self.at:
                count += 1
                if count > MAX_CELLS:
                    raise _too_many()
                yield None, group, period
                period = calendar.of(period.end)

    def _tally(self, one: Asked) -> Tally[Any]:
        return one.start(self.settings[one.name])

    def groups(self) -> set[str | None]:
        """The groups of the tickets that were counted, None for all of them."""
        return {where for where, _ in self._known}

    def _known_until(self, group: str | None, period: Period | None) -> int:
        """How many tickets of a group began until the end of a period."""
        found = self._until.get(group)
        if found is None or found[0] != self.cases:
            began: dict[datetime, int] = {}
            for (where, when), count in self._known.items():
                if where == group:
                    start = LAST if when is None else when.start
                    began[start] = began.get(start, 0) + count
            starts = sorted(began)
            found = self._until[group] = (self.cases, starts, [0, *accumulate(began[start] for start in starts)])
        _, starts, sums = found
        return sums[-1] if period is None else sums[bisect_right(starts, period.start)]


def _too_many() -> InputError:
    return InputError(
        f"a table has at most {MAX_CELLS} cells; ask for fewer measures, longer periods, or a label with fewer values",
        code="too_many_cells",
        limit=MAX_CELLS,
    )


def _start(period: Period) -> datetime:
    return period.start


_Piece = tuple[Period | None, Any, tuple[str, ...]]


def _event(seen: Seen, at: datetime, calendar: _Calendar | None) -> tuple[_Piece, ...]:
    value, parts = seen.value, seen.parts
    if calendar is None or seen.at is None:
        return ((None, value, parts),)
    return (None, value, parts), (calendar.of(seen.at), value, parts)


def _span(seen: Seen, at: datetime, calendar: _Calendar | None) -> Iterator[_Piece]:
    since, until = seen.at, at if seen.until is None else min(seen.until, at)
    if since is None or seen.left is not None:
        yield from _event(seen, at, calendar)
        return
    if since > until:  # it begins later than what is told
        return
    yield None, _long(seen, since, until), seen.parts
    while calendar is not None and since < until:
        period = calendar.of(since)
        end = min(until, period.end)
        yield period, _long(seen, since, end), seen.parts
        since = end


def _long(seen: Seen, since: datetime, until: datetime) -> Any:
    return seen.value(since, until) if callable(seen.value) else until - since


def _stock(seen: Seen, at: datetime, calendar: _Calendar | None) -> Iterator[_Piece]:
    since, until = seen.at, seen.until
    if since is None or since > at or seen.left is not None:
        if seen.left is not None:
            yield from _event(seen, at, calendar)
        return
    if until is None or at < until:
        yield None, *_there(seen, at)
    if calendar is None:
        return
    period = calendar.of(since)
    while period.end <= at and (until is None or period.end <= until):
        yield period, *_there(seen, period.end)
        period = calendar.of(period.end)
    if period.start <= at < period.end and (until is None or at < until):
        yield period, *_there(seen, at)


def _there(seen: Seen, at: datetime) -> tuple[Any, tuple[str, ...]]:
    return (seen.value(at) if callable(seen.value) else seen.value), (seen.parts(at) if callable(seen.parts) else seen.parts)


_PIECES: Mapping[str, Callable[[Seen, datetime, _Calendar | None], Iterable[_Piece]]] = {
    "event": _event,
    "span": _span,
    "stock": _stock,
}


def shown_as(name: str | None) -> str:
    """A part or group as it is told."""
    return "all" if name is None else name


def first(name: str | None) -> tuple[bool, str]:
    """Orders all before the others, and those by name."""
    return name is not None, name or ""
