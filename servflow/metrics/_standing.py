"""Knows where tickets stand and for how long: backlog, age, states and checklist steps; must not know how figures are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from servflow.calendars._local import length
from servflow.errors import InputError, shown
from servflow.metrics._cases import Case
from servflow.metrics._counted import counting, names
from servflow.metrics._counting import Left, Seen
from servflow.metrics._kinds import TIMES, TOTAL
from servflow.metrics._measure import measure

_DAY = timedelta(days=1)
BUCKETS = (_DAY, 3 * _DAY, 7 * _DAY, 30 * _DAY)
"""The ages that part the backlog unless others are given."""


@measure(
    TOTAL,
    titles=("Backlog", "积压工单"),
    zh="某一时刻未关闭的工单数，占当时已有工单；按开单以来的时长分段",  # noqa: RUF001 - Chinese punctuation
    unit="tickets",
    shape="stock",
    told={"parts": "the age, half-open"},
)
def backlog(case: Case, *, buckets: Sequence[timedelta] = BUCKETS) -> Iterator[Seen]:
    """
    Tickets that are open at an instant, of all that had begun by then, in all and by how long ago they began.

    Source: HDI, ticket backlog. Ages are half-open, ``1d-3d`` from one day until before three, and count from the beginning
      also where a ticket was reopened.
    Cohort: tickets that had begun by the instant, closed ones too: where all of them are closed the backlog is 0, where there
      were none yet there is no figure. Counted are those closed after it or not at all.
    Clock: time as it passes.
    Open tickets: are what is counted, in whichever state.
    Period: every one since the first ticket began, as of its end (the instant before the next begins); the running one as
      of now.

    >>> from servflow.metrics import Case, backlog
    >>> from servflow.metrics._example import at
    >>> cases = [
    ...     Case(id="a", began=at(0), at=at(100)),
    ...     Case(id="b", began=at(90), at=at(100)),
    ...     Case(id="c", began=at(0), at=at(100), closed_at=at(99)),
    ... ]
    >>> {part: found.value for part, found in backlog.by_part(cases).items()}
    {'all': 2, '0d-1d': 1, '3d-7d': 1}
    >>> found = backlog(cases[2:])
    >>> found.value, found.denominator
    (0, 1)
    """
    tell = _aged(case, tuple(buckets))
    for since, until in case.open_spans:
        yield Seen(since, 1, tell, until)


@measure(
    TIMES,
    titles=("Age of the backlog", "积压时长"),
    zh="某一时刻未关闭的工单自开始以来的时间",
    unit="seconds",
    shape="stock",
)
def backlog_age(case: Case, *, calendar: Any = None) -> Iterator[Seen]:
    """
    How long ago the tickets that are open at an instant began.

    Source: HDI, age of backlog; from the beginning also where a ticket was reopened, because that is what the customer waits.
    Cohort: tickets open at the instant, as for ``backlog``.
    Clock: time as it passes, or counted in ``calendar``.
    Open tickets: are what is counted, in whichever state.
    Period: every one at whose end the ticket is open, with its age then; the running one as of now.

    >>> from servflow.metrics import Case, backlog_age
    >>> from servflow.metrics._example import at
    >>> cases = [Case(id="a", began=at(0), at=at(10)), Case(id="b", began=at(4), at=at(10))]
    >>> str(backlog_age(cases).mean)
    '8:00:00'
    """
    taken = counting(calendar)
    for since, until in case.open_spans:
        yield Seen(since, lambda at: taken(case.began, at), (), until)


def _aged(case: Case, buckets: tuple[timedelta, ...]) -> Callable[[datetime], tuple[str, ...]]:
    if not all(isinstance(edge, timedelta) for edge in buckets) or list(buckets) != sorted({*buckets, timedelta()})[1:]:
        raise InputError(
            f"buckets are timedeltas above 0, in order, not {shown(list(buckets))}", code="setting", name="buckets"
        )
    edges = (timedelta(), *buckets)

    def part(at: datetime) -> tuple[str, ...]:
        age = at - case.began
        index = max((number for number, edge in enumerate(edges) if edge <= age), default=0)
        end = _short(edges[index + 1]) if index + 1 < len(edges) else ""
        return (f"{_short(edges[index])}-{end}" if end else f"{_short(edges[index])}+",)

    return part


def _short(value: timedelta) -> str:
    days, rest = divmod(value, _DAY)
    return f"{days}d" if not rest else length(value)


@measure(
    TIMES,
    titles=("Time per state", "各状态停留时间"),
    zh="每次进入一个状态到离开它的时间，按状态分列；关闭状态不计",  # noqa: RUF001 - Chinese punctuation
    unit="seconds",
    told={"parts": "the state"},
)
def time_in_state(case: Case, *, states: Sequence[str] = (), calendar: Any = None) -> Iterator[Seen]:
    """
    How long tickets stayed in a state, from entering it to leaving it, once per stay.

    Source: process mining, sojourn time of an activity. ``states`` counts only some. A state that a migration renamed is
      left under its old name and entered under its new one at that instant.
    Cohort: stays that ended, in states in which the ticket is not closed; parallel states count each.
    Clock: time as it passes, or counted in ``calendar``.
    Open tickets: the stays they are in are left out as ``still there``.
    Period: that in which the state was left; stays that go on in none.

    >>> from servflow.metrics import Case, Stay, time_in_state
    >>> from servflow.metrics._example import at
    >>> stays = (
    ...     Stay(state="new", since=at(9), until=at(10)),
    ...     Stay(state="parts", since=at(10), until=at(13)),
    ...     Stay(state="parts", since=at(14), until=at(15)),
    ...     Stay(state="new", since=at(15)),
    ... )
    >>> found = time_in_state.by_part([Case(id="a", began=at(9), stays=stays)])
    >>> {state: (str(figure.mean), figure.count, dict(figure.excluded)) for state, figure in found.items() if state != "all"}
    {'new': ('1:00:00', 1, {'still there': 1}), 'parts': ('2:00:00', 2, {})}
    """
    taken, wanted = counting(calendar), names(states, "states")
    for stay in case.stays:
        if stay.closed or (wanted and stay.state not in wanted):
            continue
        if stay.until is None:
            yield Left(None, "still there", (stay.state,))
        else:
            yield Seen(stay.until, taken(stay.since, stay.until), (stay.state,))


@measure(
    TIMES,
    titles=("Time per checklist step", "各检查步骤用时"),
    zh="每个检查步骤的用时：从进入状态或上一步完成起，到该步完成；被撤回的不计",  # noqa: RUF001 - Chinese punctuation
    unit="seconds",
    told={"parts": "the state and step"},
)
def time_per_step(case: Case, *, calendar: Any = None) -> Iterator[Seen]:
    """
    How long a checklist step took: since its state was entered or, if later, since the check before it in the same state.

    Source: standard work measurement, time per element; steps are timed by when they were checked, in whichever order.
    Cohort: steps that were checked and not taken back; one that was checked again counts by its last check, except that
      checks from before a reopening stand beside those after it.
    Clock: time as it passes, or counted in ``calendar``.
    Open tickets: count with the steps they have done.
    Period: that in which the step was checked.

    >>> from datetime import timedelta
    >>> from servflow.metrics import Case, StepDone, time_per_step
    >>> from servflow.metrics._example import at
    >>> checks = (
    ...     StepDone(state="on_site", step="photo", at=at(10), after=timedelta(minutes=20)),
    ...     StepDone(state="on_site", step="repair", at=at(12), after=timedelta(hours=2)),
    ... )
    >>> found = time_per_step.by_part([Case(id="a", began=at(9), checks=checks)])
    >>> {step: str(figure.mean) for step, figure in found.items()}
    {'all': '1:10:00', 'on_site/photo': '0:20:00', 'on_site/repair': '2:00:00'}
    """
    taken = counting(calendar)
    for done in case.checks:
        yield Seen(done.at, taken(done.at - done.after, done.at), (f"{done.state}/{done.step}",))
