"""Knows how measures are told by group and period, from cases that stream by; must not know any measure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from attrs import field, frozen

from servflow.errors import InputError, nearest, shown
from servflow.metrics._cases import Case
from servflow.metrics._counting import LAST, Counting, Key, first, shown_as
from servflow.metrics._export import TABLE, flat_rows, to_csv, to_frame
from servflow.metrics._measure import MEASURES, Measure, named
from servflow.metrics._values import Figure, counted, plain
from servflow.model import EMPTY, FrozenMap, Record, instant, write_instant

_ALWAYS_LABELS = frozenset(
    {"assignee", "outlet", "owner", "queue", "channel", "customer", "asset", "priority", "tags", "parent", "workflow", "state"}
)


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


class Tabulation(Counting):
    """
    Measures that are counted while cases stream by, once each, without keeping them.

    Two tabulations asked the same may be merged, in any order and grouping: a large set can be counted in pieces.

    Args:
        names: measures, or their names; None for all.
        at: aware instant as of which stocks are counted and the running period ends; needed for those of them and where
            periods are asked for, else that of each case.
        by: labels whose values make groups (fields, attributes, slots, ``workflow``, ``state``); several make one group
            of their values, joined by ``" / "``.
        period: ``day``, ``week``, ``month``, ``quarter`` or ``year`` of *zone*.
        done: states on whose entry the work counts as done, where records are given; cases were read with theirs.
        settings: setting -> value for every measure that takes it, and measure -> its own settings.

    Raises:
        InputError: there is no such measure, setting or period.
        TimeError: *at* is naive, or there is no such zone.
    """

    def __init__(
        self,
        names: Iterable[str | Measure[Any]] | None = None,
        *,
        at: datetime | None = None,
        by: str | Sequence[str] = (),
        period: str | None = None,
        zone: str = "UTC",
        done: Collection[str] = (),
        settings: Mapping[str, Any] = EMPTY,
    ) -> None:
        self.asked = named(names)
        at = None if at is None else instant(at)
        by = (by,) if isinstance(by, str) else tuple(by)
        super().__init__(self.asked, _settings(self.asked, settings, at), at=at, by=by, period=period, zone=zone, done=done)

    def table(self) -> Table:
        """
        All figures so far; every measure has a row for every group, and one of all, even where nothing was counted.

        Raises:
            InputError: *by* names a label that no case has, with the one that was probably meant.
        """
        for name in self.by:
            if self.cases and name not in self.labels and name not in _ALWAYS_LABELS:
                close = nearest(name, self.labels)
                said = f"; did you mean {close!r}?" if close else f"; they have {', '.join(sorted(self.labels)) or 'none'}"
                raise InputError(f"no ticket has a label {shown(name)}{said}", code="label", label=shown(name), nearest=close)
        at = self.at or max((row.until for row in self._rows() if row.until), default=LAST)
        return Table(at=at, by=self.by, period=self.period, zone=self.zone, rows=tuple(self._rows()))

    def _rows(self) -> Iterator[Row]:
        groups = {group for cells in self.cells.values() for _, group, _ in cells} | self.groups()
        for one in self.asked:
            cells = self.cells[one.name]
            keys = {*cells, *self.empty(one)} | {(None, group, None) for group in groups | {None} if one.whole or not cells}
            for key in sorted(keys, key=_order):
                yield self._row(one, key)

    def _row(self, one: Measure[Any], key: Key) -> Row:
        part, group, period = key
        figure = self.figure(one, key)
        tally = self.cells[one.name].get(key)
        return Row(
            measure=one.name,
            part=shown_as(part),
            group=shown_as(group),
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
                found[one.name] = {**one.taking({name: value}), **found[one.name]}
        elif name not in {"at", *(setting for one in MEASURES.values() for setting in one.settings)}:
            known = {setting for one in measures for setting in one.settings} | set(found)
            close = nearest(name, known)
            said = f"; did you mean {close!r}?" if close else ""
            raise InputError(f"no measure and no setting {shown(name)}{said}", code="setting", name=shown(name), nearest=close)
    return found


def _order(key: Key) -> tuple[Any, ...]:
    part, group, period = key
    return *first(part), *first(group), period is not None, LAST if period is None else period.start


def measure_table(
    cases: Iterable[Case | Iterable[Record]],
    names: Iterable[str | Measure[Any]] | None = None,
    *,
    at: datetime,
    by: str | Sequence[str] = (),
    period: str | None = None,
    zone: str = "UTC",
    done: Collection[str] = (),
    settings: Mapping[str, Any] = EMPTY,
) -> Table:
    """
    Measures over many tickets, by group and by period, in one pass that keeps no case.

    Args:
        cases: cases, or the records of each ticket, which are then read as of *at*; tickets that open later and those of
            correlators are left out.
        names: measures or their names; None for all.
        at: aware instant as of which everything is told.
        by: labels that make the groups; see ``Tabulation``.
        period: ``day``, ``week``, ``month``, ``quarter`` or ``year`` of *zone*; with it, each measure is told for every
            period in which something fell, besides the whole.
        done: states on whose entry the work counts as done, where records are given; see ``read_case``.
        settings: see ``Tabulation``.

    Raises:
        InputError: there is no such measure, setting, label or period; or a history does not begin with ``Opened``.
        TimeError: *at* is naive, or there is no such zone.
    """
    at = instant(at)
    made = Tabulation(names, at=at, by=by, period=period, zone=zone, done=done, settings=settings)
    for one in cases:
        made.add(one)
    return made.table()
