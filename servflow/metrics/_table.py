"""Knows how measures are told by group and period, from cases that stream by; must not know any measure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from attrs import define, field, frozen

from servflow.errors import InputError, nearest, shown
from servflow.metrics._cases import Case
from servflow.metrics._export import TABLE, flat_rows, to_csv, to_frame
from servflow.metrics._kinds import Tally
from servflow.metrics._measure import MEASURES, Measure, Seen, named
from servflow.metrics._periods import Period, period_of
from servflow.metrics._reading import counts, read_case
from servflow.metrics._values import Figure, counted, plain
from servflow.model import EMPTY, FrozenMap, Record, instant, write_instant

MAX_CELLS = 200_000
"""How many cells a table may have (measure, part, group and period): what it needs of memory is bounded by it."""

_LAST = datetime.max.replace(tzinfo=UTC)
_ALWAYS_LABELS = frozenset(
    {"assignee", "outlet", "owner", "queue", "channel", "customer", "asset", "priority", "tags", "parent", "workflow", "state"}
)

Key = tuple[str | None, str | None, Period | None]
"""Part, group and period of a cell; None for all."""


@frozen(kw_only=True)
class Row:
    """
    One figure of a table.

    ``part``, ``group`` and ``period`` are ``all`` where it is of all of them. ``value``, ``numerator``, ``low`` and
    ``high`` are numbers, times in seconds; ``value`` is None and ``denominator`` 0 where nothing was counted.
    ``since`` and ``until`` bound the period. ``figure`` has what the kind of figure has beside, such as a median.
    """

    measure: str
    part: str = "all"
    group: str = "all"
    period: str = "all"
    value: Any = None
    numerator: Any = 0
    denominator: int = 0
    excluded: FrozenMap[str, int] = EMPTY
    low: float | None = None
    high: float | None = None
    unit: str = ""
    since: datetime | None = None
    until: datetime | None = None
    figure: Figure | None = field(default=None, repr=False)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form; ``figure`` is that of the figure, None where nothing was counted."""
        return {
            "measure": self.measure,
            "part": self.part,
            "group": self.group,
            "period": self.period,
            "value": self.value,
            "numerator": self.numerator,
            "denominator": self.denominator,
            "excluded": dict(self.excluded),
            "low": self.low,
            "high": self.high,
            "unit": self.unit,
            "since": None if self.since is None else write_instant(self.since),
            "until": None if self.until is None else write_instant(self.until),
            "figure": None if self.figure is None else self.figure.as_data(),
        }


@frozen(kw_only=True)
class Table:
    """Measures by part, group and period, as of an instant; for every measure, ``all`` comes first."""

    at: datetime
    by: tuple[str, ...] = ()
    period: str | None = None
    zone: str = "UTC"
    rows: tuple[Row, ...] = ()

    def get(self, measure: str, part: str = "all", group: str = "all", period: str = "all") -> Row | None:
        """The row of that cell; None where there is none."""
        wanted = (measure, part, group, period)
        return next((row for row in self.rows if (row.measure, row.part, row.group, row.period) == wanted), None)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of its CSV and data frame."""
        return TABLE

    def flat(self) -> list[dict[str, Any]]:
        """One mapping for each row, as it is written to CSV and data frames."""
        return flat_rows(self.rows)

    def to_csv(self, file: Path | str | None = None) -> str:
        """
        The rows as CSV; see ``to_csv``.

        Raises:
            OSError: the file cannot be written.
        """
        return to_csv(self, file)

    def to_frame(self) -> Any:
        """
        The rows as a pandas data frame; see ``to_frame``.

        Raises:
            InputError: pandas is not installed.
        """
        return to_frame(self)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "at": write_instant(self.at),
            "by": list(self.by),
            "period": self.period,
            "zone": self.zone,
            "rows": [row.as_data() for row in self.rows],
        }


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


class Tabulation:
    """
    Measures that are counted while cases stream by, once each, without keeping them.

    Two tabulations asked the same may be merged, in any order and grouping: a large set can be counted in pieces.

    Args:
        names: measures, or their names; None for all.
        at: aware instant as of which stocks are counted and the running period ends; needed for those of them and where
            periods are asked for, else that of each case.
        by: labels whose values make groups (fields, attributes, slots, ``workflow``, ``state``); several make one group
            of their values, joined by `` / ``.
        period: ``day``, ``week``, ``month``, ``quarter`` or ``year`` of *zone*.
        settings: setting -> value for every measure that takes it, and measure -> its own settings.

    Raises:
        InputError: there is no such measure, setting, period or zone.
        TimeError: *at* is naive.
    """

    def __init__(
        self,
        names: Iterable[str | Measure[Any]] | None = None,
        *,
        at: datetime | None = None,
        by: str | Sequence[str] = (),
        period: str | None = None,
        zone: str = "UTC",
        settings: Mapping[str, Any] = EMPTY,
    ) -> None:
        self.measures = named(names)
        self.at = None if at is None else instant(at)
        self.by = (by,) if isinstance(by, str) else tuple(by)
        self.period, self.zone = period, zone
        self._calendar = None if period is None else _Calendar(period, zone)
        if period is not None:
            period_of(self.at or datetime(2000, 1, 1, tzinfo=UTC), period, zone)  # refuses an unknown unit or zone at once
        self._settings = _settings(self.measures, settings, self.at)
        self._cells: dict[str, dict[Key, Tally[Any]]] = {one.name: {} for one in self.measures}
        self._count = 0
        self._cases = 0
        self._labels: set[str] = set()

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
        self._cases += 1
        group = None
        if self.by:
            self._labels.update(case.labels, case.slots)
            group = " / ".join(map(case.label, self.by))
        at = self.at or case.at
        for measure in self.measures:
            if at is None and measure.shape != "event":
                raise InputError(f"measure {measure.name!r} is of an instant: give at=", code="at", measure=measure.name)
            cells = self._cells[measure.name]
            for seen in measure.seen(case, **self._settings[measure.name]):
                self._see(measure, cells, seen, group, at or _LAST)

    def _read(self, records: Any) -> Case | None:
        if not isinstance(records, Iterable) or isinstance(records, (str, bytes, Mapping)):
            raise InputError(f"a case or the records of a ticket are counted, not {shown(records)}", code="history")
        if self.at is None:
            raise InputError("records are read as of an instant: give at=", code="at")
        history = records if isinstance(records, Sequence) else tuple(records)
        return read_case(history, self.at) if counts(history, self.at) else None

    def _see(self, one: Measure[Any], cells: dict[Key, Tally[Any]], seen: Seen, group: str | None, at: datetime) -> None:
        pieces = _PIECES[one.shape](seen, at, self._calendar)
        for period, value, parts in pieces:
            told: tuple[str | None, ...] = (None, *parts) if one.whole else parts or (None,)
            for part in told:
                for where in (None,) if group is None else (None, group):
                    key = (part, where, period)
                    tally = cells.get(key)
                    if tally is None:
                        tally = cells[key] = self._start(one)
                    if seen.left is None:
                        tally.add(value)
                    else:
                        tally.leave(seen.left)

    def _start(self, one: Measure[Any]) -> Tally[Any]:
        self._count += 1
        if self._count > MAX_CELLS:
            raise InputError(
                f"a table has at most {MAX_CELLS} cells; ask for fewer measures, longer periods, or a label with fewer values",
                code="too_many_cells",
                limit=MAX_CELLS,
            )
        return one.start(self._settings[one.name])

    def merge(self, other: Tabulation) -> Self:
        """
        Take in all that another one counted, which then is of no more use; this one, for chaining.

        Raises:
            InputError: the other one was asked something else.
        """
        mine = (tuple(one.name for one in self.measures), self.at, self.by, self.period, self.zone, self._settings)
        its = (tuple(one.name for one in other.measures), other.at, other.by, other.period, other.zone, other._settings)
        if mine != its:
            raise InputError("only what was asked the same can be merged", code="merge")
        for name, cells in other._cells.items():
            own = self._cells[name]
            for key, tally in cells.items():
                if key not in own:
                    own[key] = self._start(MEASURES.get(name) or next(one for one in self.measures if one.name == name))
                own[key].merge(tally)
        self._cases += other._cases
        self._labels |= other._labels
        return self

    def figures(self, one: Measure[Any]) -> dict[str, Any]:
        """Part -> figure of all cases, ordered by name, ``all`` first where there is a whole."""
        cells = self._cells[one.name]
        parts = sorted((part for part, group, period in cells if group is None and period is None), key=_first)
        found = {_shown(part): self._figure(one, (part, None, None)) for part in parts}
        return found or {"all": self._figure(one, (None, None, None))}

    def _figure(self, one: Measure[Any], key: Key) -> Any:
        cells = self._cells[one.name]
        part, group, period = key
        base = cells.get((None, group, period)) if one.of_all and part is not None else None
        tally = cells.get(key) or one.start(self._settings[one.name])
        return tally.figure(period, base)

    def table(self) -> Table:
        """
        All figures so far; every measure has a row for every group, and one of all, even where nothing was counted.

        Raises:
            InputError: *by* names a label that no case has, with the one that was probably meant.
        """
        for name in self.by:
            if self._cases and name not in self._labels and name not in _ALWAYS_LABELS:
                close = nearest(name, self._labels)
                said = f"; did you mean {close!r}?" if close else f"; they have {', '.join(sorted(self._labels)) or 'none'}"
                raise InputError(f"no ticket has a label {shown(name)}{said}", code="label", label=shown(name), nearest=close)
        at = self.at or max((row.until for row in self._rows() if row.until), default=_LAST)
        return Table(at=at, by=self.by, period=self.period, zone=self.zone, rows=tuple(self._rows()))

    def _rows(self) -> Iterator[Row]:
        groups = {group for cells in self._cells.values() for _, group, _ in cells}
        for one in self.measures:
            cells = self._cells[one.name]
            keys = set(cells) | {(None, group, None) for group in groups | {None} if one.whole or not cells}
            for key in sorted(keys, key=_order):
                yield self._row(one, key)

    def _row(self, one: Measure[Any], key: Key) -> Row:
        part, group, period = key
        figure = self._figure(one, key)
        tally = self._cells[one.name].get(key)
        return Row(
            measure=one.name,
            part=_shown(part),
            group=_shown(group),
            period="all" if period is None else period.name,
            value=None if figure is None else plain(figure.value),
            numerator=0 if figure is None else plain(figure.numerator),
            denominator=0 if figure is None else plain(figure.denominator),
            excluded=figure.excluded if figure is not None else counted(tally.excluded) if tally is not None else EMPTY,
            low=getattr(figure, "low", None),
            high=getattr(figure, "high", None),
            unit=one.unit,
            since=None if period is None else period.start,
            until=None if period is None else period.end,
            figure=figure,
        )


def _settings(measures: Sequence[Measure[Any]], given: Mapping[str, Any], at: datetime | None) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {one.name: {} for one in measures}
    if at is not None:
        given = {"at": at, **given}
    for name, value in given.items():
        takers = [one for one in measures if name in one.settings]
        if name in found or name in MEASURES:
            own = next((one for one in measures if one.name == name), None)
            if own is None:
                continue  # of a measure that was not asked for
            if not isinstance(value, Mapping):
                raise InputError(f"the settings of {name!r} are a mapping, not {shown(value)}", code="setting", name=name)
            found[name].update(own.taking(value))
        elif takers:
            for one in takers:
                found[one.name] = {name: value, **found[one.name]}
        elif name not in {"at", *(setting for one in MEASURES.values() for setting in one.settings)}:
            known = {setting for one in measures for setting in one.settings} | set(found)
            close = nearest(name, known)
            said = f"; did you mean {close!r}?" if close else ""
            raise InputError(f"no measure and no setting {shown(name)}{said}", code="setting", name=shown(name), nearest=close)
    return found


_Piece = tuple[Period | None, Any, tuple[str, ...]]


def _event(seen: Seen, at: datetime, calendar: _Calendar | None) -> Iterator[_Piece]:
    yield None, seen.value, seen.parts
    if calendar is not None and seen.at is not None:
        yield calendar.of(seen.at), seen.value, seen.parts


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


_PIECES: Mapping[str, Callable[[Seen, datetime, _Calendar | None], Iterator[_Piece]]] = {
    "event": _event,
    "span": _span,
    "stock": _stock,
}


def _shown(name: str | None) -> str:
    return "all" if name is None else name


def _first(name: str | None) -> tuple[bool, str]:
    return name is not None, name or ""


def _order(key: Key) -> tuple[Any, ...]:
    part, group, period = key
    return *_first(part), *_first(group), period is not None, _LAST if period is None else period.start


def measure_table(
    cases: Iterable[Case | Iterable[Record]],
    names: Iterable[str | Measure[Any]] | None = None,
    *,
    at: datetime,
    by: str | Sequence[str] = (),
    period: str | None = None,
    zone: str = "UTC",
    settings: Mapping[str, Any] = EMPTY,
) -> Table:
    """
    Measures over many tickets, by group and by period, in one pass that keeps no case.

    Args:
        cases: cases, or the records of each ticket, which are then read as of *at* (``read_case`` knows states in which
            the work counts as done); tickets that open later and those of correlators are left out.
        names: measures or their names; None for all.
        at: aware instant as of which everything is told.
        by: labels that make the groups; see ``Tabulation``.
        period: ``day``, ``week``, ``month``, ``quarter`` or ``year`` of *zone*; with it, each measure is told for every
            period in which something fell, besides the whole.
        settings: see ``Tabulation``.

    Raises:
        InputError: there is no such measure, setting, label, period or zone; or a history does not begin with ``Opened``.
        TimeError: *at* is naive.
    """
    at = instant(at)
    made = Tabulation(names, at=at, by=by, period=period, zone=zone, settings=settings)
    for one in cases:
        made.add(one)
    return made.table()
