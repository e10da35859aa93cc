"""Knows how many tickets came and went, by the clock and by what they are about; must not know how they were served."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from servflow.errors import InputError, shown
from servflow.metrics._cases import Case
from servflow.metrics._counting import Seen
from servflow.metrics._kinds import TOTAL
from servflow.metrics._measure import measure
from servflow.metrics._periods import PERIODS, period_of, zone_named

CLOCK = ("hour", "weekday", "weekday hour")
"""By which hands of the clock volumes are told, besides periods."""

_DAYS = ("1 Mon", "2 Tue", "3 Wed", "4 Thu", "5 Fri", "6 Sat", "7 Sun")


def groups_of(case: Case, by: str, at: datetime, zone: str = "UTC") -> tuple[str, ...]:
    """
    The groups of volumes that a ticket is in.

    Args:
        by: ``hour`` (``00`` to ``23``), ``weekday``, ``weekday hour``, a period such as ``day``; ``tag``, in which case a
            ticket is in the group of each of its tags; else a field, attribute or slot. ``-``: those without any.
        at: the instant that hour, weekday and period are those of, as a wall clock of *zone* shows it.

    Raises:
        TimeError: there is no such zone.
    """
    if by in ("tag", "tags"):
        return tuple(dict.fromkeys(case.tags)) or ("-",)
    if by in PERIODS:
        return (period_of(at, by, zone).name,)
    if by in CLOCK:
        here = at.astimezone(zone_named(zone))
        day, hour = _DAYS[here.weekday()], f"{here.hour:02}"
        return ({"hour": hour, "weekday": day, "weekday hour": f"{day} {hour}"}[by],)
    if not by:
        raise InputError(f"volumes are told by a label, by tag, {', '.join(CLOCK)} or a period, not by {shown(by)}", code="by")
    return (case.label(by),)


@measure(
    TOTAL,
    titles=("Tickets opened", "新开工单数"),
    zh="新开的工单数，不论后来如何；可按小时、星期、标签、地区、渠道等分组。",
    unit="tickets",
    told={"parts": "the group that `by` names: an hour, weekday, period, tag or label"},
)
def opened(case: Case, *, by: str = "channel", zone: str = "UTC") -> Iterable[Seen]:
    """
    Tickets opened, whatever became of them, by hour, weekday, tag, region, channel or any other label.

    ``by`` is ``hour``, ``weekday``, ``weekday hour``, ``day``, ``week``, ``month``, ``quarter``, ``year``, ``tag``, or a field,
    attribute or slot. A ticket with several tags counts in each of them, so that tags may come to more than all tickets.

    Source: contact volume (COPC, ITIL practice guides): arrivals per interval.
    Cohort: every ticket.
    Clock: the wall clock of ``zone``, as of when the case began.
    Open tickets: count like all others.
    Period: the one in which the case began.

    >>> from datetime import UTC, datetime
    >>> from servflow.metrics import Case, opened
    >>> cases = [Case(id=str(hour), began=datetime(2026, 11, 2, hour, tzinfo=UTC)) for hour in (1, 1, 15)]
    >>> {part: figure.value for part, figure in opened.by_part(cases, by="hour", zone="Asia/Shanghai").items()}
    {'all': 3, '09': 2, '23': 1}
    """
    yield Seen(case.began, 1, groups_of(case, by, case.began, zone))


@measure(
    TOTAL,
    titles=("Tickets closed", "关闭工单数"),
    zh="关闭的次数；重新打开后再次关闭的工单计多次，取消的工单也计入。",
    unit="tickets",
    told={"parts": "the group that `by` names: an hour, weekday, period, tag or label"},
)
def closed(case: Case, *, by: str = "channel", zone: str = "UTC") -> Iterable[Seen]:
    """
    Closings, in the same groups as tickets opened; a ticket that was reopened counts again when it is closed again.

    Source: throughput (departures per interval).
    Cohort: every closing, also by cancelling.
    Clock: the wall clock of ``zone``, as of the closing.
    Open tickets: have none.
    Period: the one in which it was closed.

    >>> from datetime import UTC, datetime
    >>> from servflow.metrics import Case, closed
    >>> one, two = datetime(2026, 11, 2, 10, tzinfo=UTC), datetime(2026, 11, 3, 10, tzinfo=UTC)
    >>> closed([Case(id="1", began=one, closings=(one, two), closed_at=two), Case(id="2", began=one)]).value
    2
    """
    for at in case.closings or (() if case.closed_at is None else (case.closed_at,)):
        yield Seen(at, 1, groups_of(case, by, at, zone))
