"""Knows how long customers wait and work takes; must not know how records are read or figures shown."""

from __future__ import annotations

from collections.abc import Iterator

from servflow.metrics._cases import Case
from servflow.metrics._kinds import TIMES
from servflow.metrics._measure import Left, Seen, measure


@measure(
    TIMES,
    titles=("First response time", "首次响应时间"),
    zh="从工单开始到客服首次公开回复的时间；内部备注和客户自己的消息不算回复",  # noqa: RUF001 - Chinese punctuation
    unit="seconds",
)
def first_response(case: Case) -> Iterator[Seen]:
    """
    Time from the beginning of a ticket to the first public message of an agent; internal notes count for nothing.

    Source: HDI and Zendesk, first reply time; the first answer by a person of the desk, not an automatic acknowledgement.
    Cohort: every ticket that opened; without an answer it is left out as ``unanswered``.
    Clock: time as it passes, from the beginning (when it occurred, if that was before it was opened).
    Open tickets: count once they are answered.
    Period: that in which the ticket began.

    >>> from servflow.metrics import Case, first_response
    >>> from servflow.metrics._example import at
    >>> cases = [
    ...     Case(id="a", began=at(9), responded=at(9.5)),
    ...     Case(id="b", began=at(9), responded=at(11)),
    ...     Case(id="c", began=at(10)),
    ... ]
    >>> found = first_response(cases)
    >>> str(found.mean), found.denominator, dict(found.excluded)
    ('1:15:00', 2, {'unanswered': 1})
    """
    if case.responded is None:
        yield Left(case.began, "unanswered")
    else:
        yield Seen(case.began, case.responded - case.began)


@measure(
    TIMES,
    titles=("Time to resolve", "解决时间"),
    zh="从工单开始到最后一次完工的时间，重开的工单从头计算",  # noqa: RUF001 - Chinese punctuation
    unit="seconds",
)
def time_to_resolve(case: Case) -> Iterator[Seen]:
    """
    Time from the beginning of a ticket until its work was last done, so that a reopened ticket counts in full.

    Source: ITIL and HDI, mean time to resolve; Zendesk, full resolution time.
    Cohort: tickets whose work is done (``read_case`` knows by which states; else by closing); cancelled ones are left out
      as ``cancelled``.
    Clock: time as it passes, waiting for the customer or for parts included.
    Open tickets: are left out as ``open``.
    Period: that in which the work was done; what is left out falls in that of the closing, and open tickets in none.

    >>> from servflow.metrics import Case, time_to_resolve
    >>> from servflow.metrics._example import at
    >>> cases = [
    ...     Case(id="a", began=at(9), done_at=at(11), closed_at=at(40)),
    ...     Case(id="b", began=at(9), done_at=at(15), closed_at=at(15)),
    ...     Case(id="c", began=at(9), closed_at=at(10), cancelled=True),
    ...     Case(id="d", began=at(9)),
    ... ]
    >>> found = time_to_resolve(cases)
    >>> str(found.mean), found.denominator, dict(found.excluded)
    ('4:00:00', 2, {'cancelled': 1, 'open': 1})
    """
    if (taken := case.resolved_after) is not None:
        yield Seen(case.done_at, taken)
    else:
        yield Left(case.closed_at, "cancelled" if case.cancelled else "open")
