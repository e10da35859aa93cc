"""Knows how often somebody has to come again; must not know what was done the first time."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from attrs import define, field, frozen

from servflow.metrics._cases import WENT, Case
from servflow.metrics._counted import names
from servflow.metrics._counting import Left, Seen
from servflow.metrics._kinds import MEAN, SHARE
from servflow.metrics._measure import measure
from servflow.metrics._periods import Period
from servflow.metrics._values import Share, counted
from servflow.model import instant
from servflow.model._instants import micros
from servflow.model._spans import Span

_MOMENT = timedelta.resolution
_LAST = datetime.max.replace(tzinfo=UTC)


@define(eq=False)
class _Repeats:
    """
    Remembers of each thing when work on it was done and when it came again, 8 bytes each.

    A comeback falls in the period of the work it comes back to, so a tally is told of comebacks up to the window's length
    after its period.
    """

    within: int
    at: int | None
    done: dict[str, list[int]] = field(factory=dict)
    again: dict[str, list[int]] = field(factory=dict)
    excluded: Counter[str] = field(factory=Counter)

    def add(self, value: tuple[bool, str, int]) -> None:
        """Work on something was done, or it came (again)."""
        done, what, at = value
        (self.done if done else self.again).setdefault(what, []).append(at)

    def leave(self, reason: str) -> None:
        """Leave one out."""
        self.excluded[reason] += 1

    def merge(self, other: Self) -> None:
        """Take in another's."""
        for mine, its in ((self.done, other.done), (self.again, other.again)):
            for what, instants in its.items():
                mine.setdefault(what, []).extend(instants)
        self.excluded.update(other.excluded)

    def figure(self, period: Period | None, base: Self | None) -> Share | None:
        """Of the work done, how much was come back to."""
        hits = total = early = 0
        for what, instants in self.done.items():
            again = sorted(self.again.get(what, ()))
            for at in instants:
                if self.at is not None and at + self.within > self.at:
                    early += 1
                    continue
                total += 1
                place = bisect_right(again, at)
                hits += place < len(again) and again[place] <= at + self.within
        left = Counter(self.excluded)
        left["too_early"] += early
        return Share(numerator=hits, denominator=total, excluded=counted(left)) if total else None


@frozen
class _Repeat:
    name: str = "share"

    def start(self, settings: Mapping[str, Any]) -> _Repeats:
        at = settings["at"]
        within = Span.of(settings["within"]).exact // _MOMENT
        return _Repeats(within, None if at is None else micros(instant(at)))


@measure(
    _Repeat(),
    titles=("Repeat visits", "重复报修率"),
    zh="完工后规定时间内（默认 30 天）同一设备再次报修的工单比例；完工未满该时间的不计。",
    unit="share",
    shape="span",
)
def repeat_visits(
    case: Case,
    *,
    key: Collection[str] | str = ("asset", "serial"),
    within: str | timedelta = "30d",
    at: datetime | None = None,
) -> Iterable[Seen]:
    """
    Of the tickets whose work was done, how many were followed by another of the same thing within so long.

    ``key`` is the field or attribute that says what it was (the first of several that the ticket has): an asset, a serial
    number, a customer. A ticket that began later than the work was done and no later than ``within`` after it comes back to it.

    Source: field service practice (recall or repeat rate within 30 days; the opposite of first-time fix).
    Cohort: tickets done; those of nothing known (``unknown``), done not long enough ago (``too_early``) and cancelled ones
        (``cancelled``) are left out.
    Clock: time as it passes.
    Open tickets: are no work that was done, but may be what comes again.
    Period: the one in which the work was done.

    Repaired on the 1st, again on the 11th, and on 20 December; seen on 31 January: the first of three came back in 30 days.

    >>> from datetime import UTC, datetime, timedelta
    >>> from servflow.metrics import Case, repeat_visits
    >>> days = [datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 11, tzinfo=UTC), datetime(2026, 12, 20, tzinfo=UTC)]
    >>> cases = [Case(id=str(n), began=at, done_at=at, closed_at=at, labels={"asset": "A7"}) for n, at in enumerate(days)]
    >>> found = repeat_visits(cases, at=datetime(2027, 1, 31, tzinfo=UTC))
    >>> found.numerator, found.denominator
    (1, 3)
    >>> repeat_visits(cases, within="10d", at=datetime(2026, 12, 21, tzinfo=UTC)).excluded["too_early"]
    1
    """
    what = next((found for name in names(key, "key") if (found := case.label(name)) != "-"), None)
    done = None if case.cancelled else case.done_at
    if what is None:
        if done is not None:
            yield Left(done, "unknown")
        return
    began, length = micros(case.began), Span.of(within).exact
    if case.cancelled:
        yield Left(case.closed_at, "cancelled")
    else:
        # Told to every period in which work may have been done that it comes back to.
        first = case.began - length if case.began - length < case.began else case.began
        yield Seen(first, _told((False, what, began)), (), case.began + _MOMENT)
    if done is not None:
        yield Seen(done, _told((True, what, micros(done))), (), done + _MOMENT)


def _told(value: tuple[bool, str, int]) -> Any:
    return lambda start, end: value


@measure(
    MEAN,
    titles=("Visits per ticket", "单均上门次数"),
    zh="有上门记录的已关闭工单平均上门次数；计已完成或扑空的预约，没有预约的按进入现场状态的次数计。",
    unit="visits",
)
def visits_per_ticket(
    case: Case, *, outcomes: Collection[str] = WENT, states: Collection[str] | str = ("on_site",)
) -> Iterable[Seen]:
    """
    How often somebody went for a closed ticket, of those somebody went for at all.

    A visit is an appointment that was done or missed, or a stay in one of ``states``, where these are more.

    Source: field service practice (truck rolls per job).
    Cohort: closed tickets with a visit; open ones are left out (``open``), cancelled ones too.
    Clock: none.
    Open tickets: are left out, since more visits may follow.
    Period: the one in which it was closed.

    >>> from datetime import UTC, datetime
    >>> from servflow.metrics import Case, Visit, visits_per_ticket
    >>> at = datetime(2026, 11, 2, tzinfo=UTC)
    >>> visit = Visit(start=at, end=at, outcome="done", at=at)
    >>> visits_per_ticket([Case(id=str(n), began=at, closed_at=at, visits=(visit,) * n) for n in (0, 1, 2)]).value
    1.5
    """
    count = _visits(case, outcomes, states)
    if count:
        yield from _went(case, count)


@measure(
    SHARE,
    titles=("Done in one visit", "一次上门解决率"),
    zh="有上门记录的已关闭工单中，只上门一次的比例；计已完成或扑空的预约，没有预约的按进入现场状态的次数计。",
    unit="share",
)
def one_visit(case: Case, *, outcomes: Collection[str] = WENT, states: Collection[str] | str = ("on_site",)) -> Iterable[Seen]:
    """
    Of the closed tickets that somebody went for, how many took just one visit.

    A visit is an appointment that was done or missed, or a stay in one of ``states``, where these are more: without
    appointments, a second visit is told by the engineer being on site a second time.

    Source: field service practice (first-time fix by visits).
    Cohort: closed tickets with a visit; open ones are left out (``open``), cancelled ones too.
    Clock: none.
    Open tickets: are left out, since more visits may follow.
    Period: the one in which it was closed.

    >>> from datetime import UTC, datetime
    >>> from servflow.metrics import Case, Visit, one_visit
    >>> at = datetime(2026, 11, 2, tzinfo=UTC)
    >>> visit = Visit(start=at, end=at, outcome="done", at=at)
    >>> one_visit([Case(id=str(n), began=at, closed_at=at, visits=(visit,) * n) for n in (0, 1, 2)]).value
    0.5
    """
    count = _visits(case, outcomes, states)
    if count:
        yield from _went(case, count == 1)


def _visits(case: Case, outcomes: Collection[str], states: Collection[str] | str) -> int:
    wanted = names(states, "states")
    agreed = sum(visit.outcome in outcomes for visit in case.visits)
    there, left = 0, datetime.min.replace(tzinfo=UTC)
    for stay in sorted((one for one in case.stays if one.state in wanted), key=lambda one: one.since):
        there += stay.since > left  # left and entered at one instant is one stay
        left = max(left, stay.until or _LAST)
    return max(agreed, there)


def _went(case: Case, value: float | bool) -> Iterable[Seen]:
    if case.closed_at is None:
        yield Left(case.began, "open")
    elif case.cancelled:
        yield Left(case.closed_at, "cancelled")
    else:
        yield Seen(case.closed_at, value)
