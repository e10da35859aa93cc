"""Knows which goals a period met, and what follows from a miss; must not know how measures are counted or tickets kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from attrs import define, field, frozen

from servflow.errors import ServflowError
from servflow.metrics._cases import Case
from servflow.metrics._goal_plan import Goal, GoalPlan
from servflow.metrics._periods import Period, period_of
from servflow.metrics._reading import counts, read_case
from servflow.metrics._table import Row, Tabulation
from servflow.metrics._values import plain
from servflow.model import EMPTY, FrozenMap, Open, Record, Send, Ticket, effect_id, instant, write_instant
from servflow.model._spans import Span

MOST_BACK = 12
"""How many periods of a goal are judged at most when nobody has asked for long; earlier ones stay as they are."""

MOST_TOLD = 60
"""How many periods back open reviews still hear what later ones came to."""

CHECKED = "goal.checked"
"""The event an open review is sent whenever a later period of its goal and group is judged."""

_PAGE = 500
_MOST = 2**63

Histories = Callable[[], Iterable[Sequence[Record]]]


class Kept(Protocol):
    """What goals need of a store: its tickets by id, page by page, and their records."""

    def find(self, *, limit: int, after: str | None) -> Sequence[Ticket]: ...
    def load(self, id: str) -> Ticket | None: ...  # noqa: A002 - the word of the whole library
    def history(self, id: str) -> Sequence[Record]: ...  # noqa: A002 - as above


@frozen(kw_only=True)
class Verdict:
    """
    What a period came to for one goal and group.

    ``met`` is None where it was not judged, and ``why`` says why: ``nothing`` was counted, ``few`` cases, or the goal cannot be
    counted as it is written (``refused``, and ``problem`` says what is wrong). ``at`` is the instant as of which all was
    read. ``value`` is the number the target is held against.
    """

    goal: Goal
    period: Period
    at: datetime
    group: str = "all"
    met: bool | None = None
    why: str = ""
    value: Any = None
    problem: str = ""
    row: Row | None = field(default=None, repr=False)

    @property
    def text(self) -> str:
        """The value for people: a share in per cent, a length of time, else a number."""
        return value_text(self.value, self.goal.unit)

    def as_data(self) -> dict[str, Any]:
        """JSON-ready form."""
        row = self.row
        return {
            "goal": self.goal.name,
            "title": self.goal.title,
            "metric": self.goal.metric,
            "part": self.goal.part,
            "group": self.group,
            "period": self.period.name,
            "since": write_instant(self.period.start),
            "until": write_instant(self.period.end),
            "at": write_instant(self.at),
            "target": self.goal.target.text,
            "met": self.met,
            "why": self.why,
            "problem": self.problem,
            "value": plain(self.value),
            "numerator": None if row is None else row.numerator,
            "denominator": 0 if row is None else row.denominator,
            "excluded": {} if row is None else dict(row.excluded),
        }


def value_text(value: Any, unit: str = "") -> str:
    """A value for people; ``-`` where there is none."""
    if value is None:
        return "-"
    if isinstance(value, timedelta):
        sign = "-" if value < timedelta() else ""
        return sign + Span(timedelta(seconds=round(abs(value).total_seconds()))).text
    if unit == "share":
        return f"{100 * value:.1f} %"
    return format(value, "f") if isinstance(value, Decimal) else f"{value:.4g}" if isinstance(value, float) else str(value)


def judge(
    plan: GoalPlan,
    histories: Iterable[Sequence[Record]],
    wanted: Iterable[tuple[Goal, Period]],
    at: datetime,
    settings: Mapping[str, Any] = EMPTY,
) -> tuple[Verdict, ...]:
    """
    Hold goals against periods, reading every history once, as of one instant.

    Args:
        histories: the records of each ticket; those later than *at* are not read.
        wanted: goals and the periods they are to be judged for.
        at: aware instant.
        settings: what measures take of the host besides, such as ``roster`` and ``calendar``.

    Raises:
        TimeError: *at* is naive.
    """
    at = instant(at)
    asked: dict[str, _Counting] = {}
    for goal, period in wanted:
        if goal.name not in asked:
            asked[goal.name] = _Counting(goal)
            asked[goal.name].begin(plan, at, settings)
        asked[goal.name].periods.append(period)
    reviews = plan.reviews
    for records in histories:
        if counts(records, at):
            case = read_case(records, at, plan.done)
            for one in asked.values():
                # A review is no work of the cohort, unless somebody sets a goal for reviews.
                if case.workflow in one.goal.workflows or not (one.goal.workflows or case.workflow in reviews):
                    one.add(case)
    return tuple(verdict for one in asked.values() for verdict in one.verdicts(at))


@define(eq=False)
class _Counting:
    """A goal while cases stream by; what its document may have set wrongly ends it, and no other goal."""

    goal: Goal
    periods: list[Period] = field(factory=list)
    made: Tabulation | None = None
    problem: str = ""

    def begin(self, plan: GoalPlan, at: datetime, settings: Mapping[str, Any]) -> None:
        goal = self.goal
        try:
            common = {name: value for name, value in settings.items() if name in goal.measure.settings}
            told = {goal.metric: {**common, **goal.settings}}
            self.made = Tabulation([goal.metric], at=at, by=goal.by or (), period=goal.period, zone=plan.zone, settings=told)
        except _WRONG as error:
            self._fail(error)

    def add(self, case: Case) -> None:
        if self.made is not None:
            try:
                self.made.add(case)
            except _WRONG as error:
                self._fail(error)

    def verdicts(self, at: datetime) -> Iterator[Verdict]:
        rows: dict[tuple[str, str], Row] = {}
        if self.made is not None:
            try:
                rows = {(row.group, row.period): row for row in self.made.table().rows if row.part == self.goal.part}
            except _WRONG as error:
                self._fail(error)
        for period in self.periods:
            if self.problem:
                yield Verdict(goal=self.goal, period=period, at=at, why="refused", problem=self.problem)
            else:
                yield from _verdicts(self.goal, period, at, rows)

    def _fail(self, error: Exception) -> None:
        self.made = None
        self.problem = error.message if isinstance(error, ServflowError) else f"{type(error).__name__}: {error}"


_WRONG = (ServflowError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a setting of a wrong kind makes of a measure: a document is untrusted, so it is told and is no error of this library."""


def _verdicts(goal: Goal, period: Period, at: datetime, rows: Mapping[tuple[str, str], Row]) -> Iterator[Verdict]:
    groups = ["all"] if goal.by is None else list(goal.only) or sorted({group for group, _ in rows if group != "all"})
    for group in groups:
        row = rows.get((group, period.name))
        value = None if row is None else _number(goal, row.figure)
        if row is None or value is None:
            yield Verdict(goal=goal, period=period, at=at, group=group, why="nothing", row=row)
        elif _cases(row) < goal.min_cases:
            yield Verdict(goal=goal, period=period, at=at, group=group, why="few", value=value, row=row)
        elif isinstance(value, timedelta) != goal.target.of_time:
            problem = f"its {goal.number} is {value_text(value)}, which cannot be held against {goal.target.text}"
            yield Verdict(goal=goal, period=period, at=at, group=group, why="refused", problem=problem, value=value, row=row)
        else:
            yield Verdict(goal=goal, period=period, at=at, group=group, met=goal.target.holds(value), value=value, row=row)


def _cases(row: Row) -> int:
    # What is counted in time, such as hours on a roster, has no number of cases.
    figure: Any = row.figure
    return row.denominator if isinstance(getattr(figure, "denominator", None), int) else _MOST


def _number(goal: Goal, figure: Any) -> Any:
    value = getattr(figure, goal.number, None)
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float, Decimal, timedelta))):
        value = None
    return value


def over_by(goal: Goal, plan: GoalPlan, now: datetime, most: int = 1) -> tuple[Period, ...]:
    """
    The latest periods of a goal that can be judged at an instant, in order: they and the grace after them are over.

    Args:
        most: how many at most.

    Raises:
        TimeError: *now* is naive.
    """
    now, first = instant(now), plan.first(goal)
    period = period_of(now, goal.period, plan.zone)
    found: list[Period] = []
    while len(found) < most and (first is None or period.start >= first):
        if plan.judged_at(goal, period.end) < now:
            found.append(period)
        period = period.previous()
    return tuple(reversed(found))


@define(eq=False)
class Goals:
    """
    A source of a desk's tick: opens one review for every goal, group and period that was missed.

    A period is judged once it and the grace after it are over, as of just that instant: what is recorded later changes
    nothing, so that judging again after a restart comes to the same, and ids of reviews make them once. Without ``since`` in
    the goals only the latest period is judged; with it up to ``MOST_BACK`` of them are, where nobody asked for long.

    When a later period is judged, every review of that goal and group that is still open (up to ``MOST_TOLD`` periods
    back) is sent the event ``goal.checked`` with ``met``, ``value`` and ``period``: the earliest first, so that one whose
    next period had too few cases hears of the one after it, and one whose action did not help hears of the next. A call
    reads all histories once for each instant as of which something is to be judged; with nothing to judge it reads
    nothing. ``problems`` are the verdicts of the latest judgement that could not be counted as they are written.

    Args:
        plan: the goals.
        kept: the store that the desk uses; or a function that gives the records of each ticket, in which case nobody
            is sent ``goal.checked`` unless ``opened`` is given.
        opened: whether there is an open ticket of an id; asked of the store unless given.
        settings: what measures take of the host, such as ``roster`` (a world) and ``calendar``; or a function that gives it.
    """

    plan: GoalPlan
    kept: Kept | Histories
    opened: Callable[[str], bool] | None = field(default=None, kw_only=True)
    settings: Mapping[str, Any] | Callable[[], Mapping[str, Any]] = field(default=EMPTY, kw_only=True)
    problems: tuple[Verdict, ...] = field(default=(), init=False)
    _judged: set[tuple[str, str]] = field(factory=set, init=False)
    _asked: dict[str, Open] = field(factory=dict, init=False)
    _open: set[str] = field(factory=set, init=False)
    _earlier: tuple[tuple[str, str], tuple[Period, ...]] = field(default=(("", ""), ()), init=False)

    def due(self, now: datetime) -> tuple[Open | Send, ...]:
        """
        The effects that are due: reviews to open, and what open reviews are to be told.

        Raises:
            TimeError: *now* is naive.
        """
        found: list[Open | Send] = []
        problems: list[Verdict] = []
        waiting = self._waiting(now)
        if waiting and callable(self.kept):
            self._asked = {}  # whether they were opened is not known, and was tried since
        for at, wanted in waiting:
            verdicts = judge(self.plan, self._histories(), wanted, at, self._settings())
            problems.extend(verdict for verdict in verdicts if verdict.problem)
            for verdict in verdicts:
                found.extend(self._effects(verdict))
            self._judged.update((goal.name, period.name) for goal, period in wanted)
        if waiting:
            self.problems = tuple(problems)
        # A review that could not be opened is asked for again until it is there.
        self._asked = {name: effect for name, effect in self._asked.items() if not self._exists(name)}
        return (*self._asked.values(), *found)

    def _waiting(self, now: datetime) -> list[tuple[datetime, list[tuple[Goal, Period]]]]:
        """What was not judged yet, with the instant as of which it is to be, the earliest first."""
        found: dict[datetime, list[tuple[Goal, Period]]] = {}
        for goal in self.plan.goals:
            for period in over_by(goal, self.plan, now, 1 if self.plan.first(goal) is None else MOST_BACK):
                if (goal.name, period.name) not in self._judged:
                    found.setdefault(self.plan.judged_at(goal, period.end), []).append((goal, period))
        return sorted(found.items(), key=lambda item: item[0])

    def _histories(self) -> Iterator[Sequence[Record]]:
        if callable(self.kept):
            yield from self.kept()
            return
        after: str | None = None
        self._open.clear()
        while page := self.kept.find(limit=_PAGE, after=after):
            for ticket in page:
                if ticket.workflow in self.plan.reviews and not ticket.closed:
                    self._open.add(ticket.id)
                yield self.kept.history(ticket.id)
            after = page[-1].id

    def _settings(self) -> Mapping[str, Any]:
        return self.settings() if callable(self.settings) else self.settings

    def _exists(self, name: str) -> bool:
        return not callable(self.kept) and self.kept.load(name) is not None

    def _is_open(self, name: str) -> bool:
        if name in self._asked:
            return True  # it is opened before it is told anything
        return name in self._open if self.opened is None else self.opened(name)

    def _effects(self, verdict: Verdict) -> Iterator[Send]:
        if verdict.met is not None:
            for period in self._before(verdict.goal, verdict.period):
                review = review_id(self.plan, verdict.goal, period, verdict.group)
                if self._is_open(review):
                    yield self._told(verdict, review)
        if verdict.met is False:
            effect = self._review(verdict)
            self._asked[effect.new_ticket] = effect

    def _before(self, goal: Goal, period: Period) -> tuple[Period, ...]:
        """The periods whose reviews hear of one, the earliest first."""
        key = (goal.name, period.name)
        if self._earlier[0] != key:
            first, found = self.plan.first(goal), [period.previous()]
            while len(found) < MOST_TOLD and (first is None or found[-1].start > first):
                found.append(found[-1].previous())
            self._earlier = key, tuple(reversed(found))
        return self._earlier[1]

    def _review(self, verdict: Verdict) -> Open:
        goal, period = verdict.goal, verdict.period
        name = review_id(self.plan, goal, period, verdict.group)
        row = verdict.row
        fields = {
            **goal.fields,
            "goal": goal.name,
            "metric": goal.metric,
            "group": verdict.group,
            "period": period.name,
            "value": verdict.text,
            "target": goal.aim,
            "cases": 0 if row is None or _cases(row) == _MOST else row.denominator,
        }
        return Open(
            id=name,
            ticket=f"goals:{self.plan.name}",
            at=verdict.at,
            cause=f"period:{period.name}",
            action=f"targets[{goal.name}]",
            workflow=goal.review or self.plan.review,
            new_ticket=name,
            fields=FrozenMap(fields),
        )

    def _told(self, verdict: Verdict, review: str) -> Send:
        made = effect_id(f"goals:{self.plan.name}", f"period:{verdict.period.name}", "checked", review)
        payload = {"met": verdict.met, "value": verdict.text, "period": verdict.period.name}
        return Send(
            id=made,
            ticket=f"goals:{self.plan.name}",
            at=verdict.at,
            cause=f"period:{verdict.period.name}",
            action=f"targets[{verdict.goal.name}]",
            to_ticket=review,
            event=CHECKED,
            payload=FrozenMap(payload),
            key=made,
        )


def review_id(plan: GoalPlan, goal: Goal, period: Period, group: str = "all") -> str:
    """The id of the review of a miss: the same however often it is asked for."""
    return effect_id(f"goals:{plan.name}", f"period:{period.name}", goal.name, group)
