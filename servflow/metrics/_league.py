"""Knows how people are put in order by several measures, and when that would not be fair; must not know any measure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from servflow.errors import InputError, shown
from servflow.metrics._cases import Case
from servflow.metrics._measure import Measure, named
from servflow.metrics._table import Row, Tabulation
from servflow.model import EMPTY, FrozenMap

MIN_CASES = 10
"""With fewer cases somebody is not ranked."""

LOW_IS_BETTER = frozenset(
    {
        *("abandon_rate", "reopen_rate", "repeat_visits", "complaint_rate", "reassignment_rate", "reassignments", "ping_pong"),
        *("escalation_rate", "visits_per_ticket", "cost_per_ticket", "backlog", "backlog_age"),
    }
)
"""Measures of which less is better; so is less time of every measure of times."""


@frozen(kw_only=True)
class Standing:
    """
    Where somebody stands: ``place`` among those who are ranked in every measure (None: they are not), ``mean`` their mean rank.

    ``ranks`` and ``rows`` are by measure; a rank is None with too few cases. ``cases`` is the most that any measure counted.
    """

    who: str
    place: int | None
    mean: float | None
    cases: int
    ranks: FrozenMap[str, int | None] = EMPTY
    rows: FrozenMap[str, Row] = EMPTY

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "who": self.who,
            "place": self.place,
            "mean_rank": self.mean,
            "cases": self.cases,
            "ranks": dict(self.ranks),
            "figures": {name: row.as_data() for name, row in self.rows.items()},
        }


@frozen(kw_only=True)
class League:
    """
    Who stands where, the best first; those with too few cases come last, by name, without a place.

    People with the same mean rank share a place, and the next place counts them (1, 1, 3).
    """

    by: str
    measures: tuple[str, ...]
    min_cases: int
    standings: tuple[Standing, ...]

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "by": self.by,
            "measures": list(self.measures),
            "min_cases": self.min_cases,
            "standings": [one.as_data() for one in self.standings],
        }

    def flat(self) -> list[dict[str, Any]]:
        """One mapping for each person, as it is written to CSV and data frames."""
        out = []
        for one in self.standings:
            row: dict[str, Any] = {self.by: one.who, "place": one.place, "mean_rank": one.mean, "cases": one.cases}
            for name in self.measures:
                held = one.rows.get(name)
                row[name] = None if held is None else held.value
                row[f"{name}_cases"] = 0 if held is None else held.denominator
                row[f"{name}_rank"] = one.ranks.get(name)
            out.append(row)
        return out


def league(
    cases: Iterable[Case],
    names: Sequence[str | Measure[Any]] = ("csat", "time_to_resolve"),
    *,
    at: datetime,
    by: str = "assignee",
    min_cases: int = MIN_CASES,
    settings: Mapping[str, Any] = EMPTY,
) -> League:
    """
    Put people (or outlets, with ``by="outlet"``) in order by several measures.

    A ticket counts for whoever has it last. Where a measure has an interval, its worse end is compared, not the figure: of
    two people with all customers content, the one with thirty answers stands before the one with ten. Without an interval
    the figure itself is compared; of times, the median. Equal figures share a rank.

    Args:
        cases: read once.
        names: measures; each ranks everybody who has *min_cases* in it.
        at: aware instant as of which figures are told.
        by: who is put in order.
        min_cases: with fewer cases somebody is not ranked in that measure, and has no place.
        settings: what measures are told; see ``Tabulation``.

    >>> from datetime import UTC, datetime
    >>> from servflow.metrics import Case, Score
    >>> at = datetime(2026, 11, 2, tzinfo=UTC)
    >>> def rated(who, score):
    ...     return Case(id="1", began=at, slots={"assignee": who}, scores=(Score(at=at, scale="csat", score=score),))
    >>> cases = [rated("li", 5)] * 30 + [rated("li", 1)] + [rated("wu", 5)] * 10 + [rated("xu", 5)] * 3
    >>> [(one.who, one.place, one.cases) for one in league(cases, ["csat"], at=at).standings]
    [('li', 1, 31), ('wu', 2, 10), ('xu', None, 3)]

    Raises:
        InputError: there is no such measure, label or setting, no measure is given, or *min_cases* is below 1.
        TimeError: *at* is naive.
    """
    least: Any = min_cases
    if isinstance(least, bool) or not isinstance(least, int) or least < 1:
        raise InputError(f"min_cases is a whole number from 1 on, not {shown(min_cases)}", code="min_cases")
    measures = named(names)
    if not measures:
        raise InputError("a league needs a measure to compare people by", code="measure")
    made = Tabulation(measures, at=at, by=by, settings=settings)
    for case in cases:
        made.add(case)
    held: dict[str, dict[str, Row]] = {}
    for row in made.table().rows:
        if row.part == "all" and row.group not in ("all", "-") and row.period == "all":
            held.setdefault(row.group, {})[row.measure] = row
    ranks = {one.name: _ranks(one, held, min_cases) for one in measures}
    standings = _placed(held, ranks)
    return League(by=by, measures=tuple(one.name for one in measures), min_cases=min_cases, standings=standings)


def _ranks(one: Measure[Any], held: Mapping[str, Mapping[str, Row]], min_cases: int) -> dict[str, int]:
    keys = {
        who: key
        for who, rows in held.items()
        if (row := rows.get(one.name)) is not None and _cases(row) >= min_cases and (key := _key(one, row)) is not None
    }
    ordered = sorted(keys.values())
    return {who: bisect_left(ordered, key) + 1 for who, key in keys.items()}


def _cases(row: Row) -> int:
    # What is counted in time, such as hours on a roster, is enough of a case.
    counted = getattr(row.figure, "denominator", 0)
    return counted if isinstance(counted, int) else 10**9


def _key(one: Measure[Any], row: Row) -> float | None:
    """What is compared, the smallest being the best."""
    figure: Any = row.figure
    if figure is None or row.value is None:
        return None
    if one.kind.name in ("times", "ages"):
        median = getattr(figure, "median", None)
        return median.total_seconds() if isinstance(median, timedelta) else float(row.value)
    low_is_better = one.name in LOW_IS_BETTER
    worse = row.high if low_is_better else row.low
    value = float(row.value if worse is None else worse)
    return value if low_is_better else -value


def _placed(held: Mapping[str, Mapping[str, Row]], ranks: Mapping[str, Mapping[str, int]]) -> tuple[Standing, ...]:
    means = {
        who: sum(given[who] for given in ranks.values()) / len(ranks)
        for who in held
        if all(who in given for given in ranks.values())
    }
    ordered = sorted(means.values())
    made = [
        Standing(
            who=who,
            place=bisect_left(ordered, means[who]) + 1 if who in means else None,
            mean=means.get(who),
            cases=max((_told(row) for row in rows.values()), default=0),
            ranks=FrozenMap({name: given.get(who) for name, given in ranks.items()}),
            rows=FrozenMap(rows),
        )
        for who, rows in held.items()
    ]
    return tuple(sorted(made, key=lambda one: (one.place is None, one.place or 0, one.who)))


def _told(row: Row) -> int:
    counted = getattr(row.figure, "denominator", 0)
    return counted if isinstance(counted, int) else 0
