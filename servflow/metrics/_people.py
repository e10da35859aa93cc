"""Knows how much work people and places have, against their time and capacity; must not know who answers or pays for it."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from servflow.metrics._cases import Case
from servflow.metrics._counting import Left, Seen
from servflow.metrics._figures import LOADED, USED
from servflow.metrics._held import held_spans
from servflow.metrics._measure import measure


def _names(given: Collection[str] | str) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


@measure(
    USED,
    titles=("Utilisation", "工时利用率"),
    zh="在班时间中手上有工单的时间所占的比例：同时持有的多张工单只计一次；缺勤不算在班；没有排班的人员不计。",
    unit="share",
    shape="span",
    told={"parts": "who has the ticket", "of_all": True},
)
def utilisation(
    case: Case,
    *,
    slot: Collection[str] | str = ("assignee",),
    states: Collection[str] | str = (),
    roster: Any = None,
    since: datetime | None = None,
    at: datetime | None = None,
) -> Iterable[Seen]:
    """
    Of the time in which people are there by their roster, how much they had work in hand.

    Tickets held at once count once; how many they are is told as ``concurrency``. ``roster`` is the world (or the mapping of
    one) whose engineers and agents have ``shifts``, or a ``shift`` that names a calendar; it is asked about the past as it is
    now. ``states`` limits the work to states such as ``on_site``; ``slot`` may be ``helper`` too. The whole counts everybody
    on the roster, also those who had nothing; a part one person who had something. Without a roster there is no figure.

    Source: field service practice (worked time over available time); FSM vendors call it technician utilisation.
    Cohort: engineers and agents of the roster; those with work but no shift there, such as who left, are left out
        (``no_roster``: how many people).
    Clock: the roster: shifts or calendar, less absences, within the period or from ``since`` (else the first work) to ``at``.
    Open tickets: count until the present.
    Period: work is cut at its bounds, and so is the roster.

    A ticket held from 9:00 to 11:00 and another from 10:00 to 12:00, of a day from 9:00 to 17:00: 3 of 8 hours.

    >>> from datetime import UTC, datetime
    >>> from servflow.metrics import Case, Stint, utilisation
    >>> from servflow.model import World
    >>> nine, eleven, ten, noon, five = (datetime(2026, 11, 2, hour, tzinfo=UTC) for hour in (9, 11, 10, 12, 17))
    >>> world = World(engineers=[{"id": "li", "shifts": [(nine, five)]}])
    >>> one = Case(id="1", began=nine, stints=(Stint(slot="assignee", who="li", since=nine, until=eleven),))
    >>> two = Case(id="2", began=nine, stints=(Stint(slot="assignee", who="li", since=ten, until=noon),))
    >>> found = utilisation([one, two], roster=world, since=nine, at=five)
    >>> found.value, found.numerator.seconds // 3600, found.denominator.seconds // 3600, round(found.concurrency, 2)
    (0.375, 3, 8, 1.33)
    """
    for who, start, end in held_spans(case, _names(slot), _names(states)):
        yield Seen(start, _piece(who), (who,), end)


@measure(
    LOADED,
    titles=("Load", "负荷"),
    zh="同时持有的未关闭工单数（或 takes 字段给出的分钟数等容量单位）：平均、最高、期末，以及超过正常负荷和最大负荷的时长。",
    unit="tickets",
    shape="span",
    told={"parts": "who has the ticket"},
)
def workload(
    case: Case,
    *,
    slot: Collection[str] | str = ("assignee",),
    states: Collection[str] | str = (),
    takes: str = "",
    roster: Any = None,
    since: datetime | None = None,
    at: datetime | None = None,
) -> Iterable[Seen]:
    """
    Open tickets held at once: on average, at most, at the end, and for how long above normal and maximum capacity.

    ``slot="outlet"`` gives the load of outlets. Where capacity is counted in minutes or other units, ``takes`` is the field
    that says how many a ticket takes, as for dispatch; tickets without a whole number there are left out (``unknown``).
    ``roster`` is the world that says what their ``normal`` and most ``capacity`` is; without it, or where it sets no limit,
    only what was held is told.

    Source: work-in-progress per resource (Little's law: its mean is arrival rate times time held).
    Cohort: everybody who had an open ticket.
    Clock: time as it passes, within the period or from ``since`` (else the first ticket held) to ``at``.
    Open tickets: count until the present.
    Period: what is held is cut at its bounds.

    One ticket from 9:00 to 11:00 and one from 10:00 to 11:00, seen from 9:00 to 12:00: 3 ticket hours in 3 hours, at most 2.

    >>> from datetime import UTC, datetime
    >>> from servflow.metrics import Case, Stint, workload
    >>> from servflow.model import World
    >>> nine, ten, eleven, noon = (datetime(2026, 11, 2, hour, tzinfo=UTC) for hour in (9, 10, 11, 12))
    >>> one = Case(id="1", began=nine, stints=(Stint(slot="assignee", who="li", since=nine, until=eleven),))
    >>> two = Case(id="2", began=nine, stints=(Stint(slot="assignee", who="li", since=ten, until=eleven),))
    >>> world = World(engineers=[{"id": "li", "normal": 1, "capacity": 3}])
    >>> found = workload([one, two], roster=world, since=nine, at=noon)
    >>> found.value, found.peak, found.peak_at.hour, found.last, str(found.over_normal), str(found.over_most)
    (1.0, 2, 10, 0, '1:00:00', '0:00:00')
    """
    units: Any = case.labels.get(takes) if takes else 1
    if isinstance(units, bool) or not isinstance(units, int) or units < 0:
        yield Left(case.began, "unknown")
        return
    for who, start, end in held_spans(case, _names(slot), _names(states)):
        yield Seen(start, _piece(who, units), (who,), end)


def _piece(who: str, units: int = 1) -> Any:
    return lambda start, end: (who, start, end, units)
