"""Knows how long customers wait and work takes; must not know how records are read or figures shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from servflow.metrics._cases import Case
from servflow.metrics._counted import counting, joined, names
from servflow.metrics._counting import Left, Seen
from servflow.metrics._kinds import TIMES
from servflow.metrics._measure import measure


@measure(
    TIMES,
    titles=("First response time", "首次响应时间"),
    zh="从工单开始到客服首次公开回复的时间；内部备注不算回复",  # noqa: RUF001 - Chinese punctuation
    unit="seconds",
)
def first_response(case: Case, *, calendar: Any = None) -> Iterator[Seen]:
    """
    Time from the beginning of a ticket to the first public message of an agent; internal notes count for nothing.

    Source: Zendesk, first reply time; HDI, time to first response.
    Cohort: every ticket that opened; one without an answer is left out as ``unanswered``.
    Clock: time as it passes, or counted in ``calendar``, from the beginning (when it occurred, if that was before it was
      opened); an answer that lies before the beginning waited for nothing.
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
        yield Seen(case.began, counting(calendar)(case.began, case.responded))


@measure(
    TIMES,
    titles=("Next response time", "后续响应时间"),
    zh="首次回复之后，从客户最早一条未答复的公开消息到客服下一条公开消息的时间，每次往复计一次",  # noqa: RUF001 - Chinese punctuation
    unit="seconds",
)
def next_response(case: Case, *, calendar: Any = None, first: bool = False) -> Iterator[Seen]:
    """
    Time from the oldest unanswered public message of the customer to the next public message of an agent, once per answer.

    Source: Zendesk, next reply time, which begins after the first reply; with ``first`` messages before the first answer
      count as well, as a clock does that a customer's message starts and an agent's stops.
    Cohort: every answer to a customer; messages nobody has answered are one left out: ``waiting``, or ``closed`` where the
      ticket was closed after them without an answer.
    Clock: time as it passes, or counted in ``calendar``; messages stand in the order in which they were written.
    Open tickets: count with the answers they have had.
    Period: that in which the customer wrote.

    >>> from servflow.metrics import Case, Said, next_response
    >>> from servflow.metrics._example import at
    >>> said = [(9, "customer"), (10, "agent"), (11, "customer"), (12, "customer"), (14, "agent"), (15, "customer")]
    >>> case = Case(id="a", began=at(9), said=tuple(Said(at=at(hour), side=side) for hour, side in said))
    >>> found = next_response([case])
    >>> str(found.mean), found.denominator, dict(found.excluded)
    ('3:00:00', 1, {'waiting': 1})
    >>> str(next_response([case], first=True).mean)
    '2:00:00'
    """
    taken = counting(calendar)
    answered = first
    asked: datetime | None = None
    for said in sorted((one for one in case.said if one.public), key=lambda one: one.at):
        if said.side == "customer" and asked is None and answered:
            asked = said.at
        elif said.side == "agent":
            answered = True
            if asked is not None:
                yield Seen(asked, taken(asked, said.at))
                asked = None
    if asked is not None:
        yield Left(asked, "closed" if case.closed_at is not None and case.closed_at >= asked else "waiting")


@measure(
    TIMES,
    titles=("Handle time", "处理时长"),
    zh="每张已解决工单被处理的时间：有人持有且未关闭的时间，或处于指定状态的时间",  # noqa: RUF001 - Chinese punctuation
    unit="seconds",
)
def handle_time(case: Case, *, states: Sequence[str] = (), slot: str = "assignee", calendar: Any = None) -> Iterator[Seen]:
    """
    Time in which a resolved ticket was worked on: while it was in one of ``states``; without them, while somebody had it.

    Source: COPC and HDI, (average) handle time, with what counts as work told by states or by who has the ticket, since
      records know no wrap-up by telephone.
    Cohort: resolved tickets, once each, with all their work together; cancelled ones are left out as ``cancelled``, those
      nobody worked on as ``no work``, and those held by somebody without a calendar of their own as ``no calendar``.
    Clock: time as it passes; or counted in ``calendar``, one for all or, as a mapping, that of the shifts of whoever had the
      ticket in ``slot``. Time in two states at once counts once; none counts while the ticket is closed.
    Open tickets: are left out as ``open``.
    Period: that in which the work was done; cancelled tickets by their closing, open ones in none.

    >>> from servflow.metrics import Case, Stint, handle_time
    >>> from servflow.metrics._example import at
    >>> stints = (
    ...     Stint(slot="assignee", who="bo", since=at(10), until=at(11)),
    ...     Stint(slot="assignee", who="cy", since=at(12)),
    ... )
    >>> cases = [Case(id="a", began=at(9), done_at=at(14), closed_at=at(14), stints=stints), Case(id="b", began=at(9))]
    >>> found = handle_time(cases)
    >>> str(found.mean), found.denominator, dict(found.excluded)
    ('3:00:00', 1, {'open': 1})
    """
    if case.closed_at is not None and case.cancelled:
        yield Left(case.closed_at, "cancelled")
        return
    end = case.done_at
    if end is None:
        yield Left(None, "open")
        return
    wanted = names(states, "states")
    held = (
        [("", stay.since, stay.until) for stay in case.stays if stay.state in wanted]
        if wanted
        else [(stint.who, stint.since, stint.until) for stint in case.stints if stint.slot == slot]
    )
    worked: dict[str, list[tuple[datetime, datetime]]] = {}
    for who, since, until in held:
        for start, stop in case.open_spans:
            last = min(one for one in (until, stop, end) if one is not None)
            if max(since, start) < last:
                worked.setdefault(who, []).append((max(since, start), last))
    if not worked:
        yield Left(end, "no work")
    elif isinstance(calendar, Mapping) and not worked.keys() <= calendar.keys():
        yield Left(end, "no calendar")
    else:
        total = timedelta()
        for who, stretches in worked.items():
            taken = counting(calendar[who] if isinstance(calendar, Mapping) else calendar)
            total += sum((taken(since, until) for since, until in joined(stretches)), timedelta())
        yield Seen(end, total)


@measure(
    TIMES,
    titles=("Time to resolve", "解决时间"),
    zh="从工单开始到最后一次完工的时间，重开的工单从头计算",  # noqa: RUF001 - Chinese punctuation
    unit="seconds",
)
def time_to_resolve(case: Case, *, calendar: Any = None) -> Iterator[Seen]:
    """
    Time from the beginning of a ticket until its work was last done, so that a reopened ticket counts in full.

    Source: ITIL and HDI, mean time to resolve; Zendesk, full resolution time.
    Cohort: tickets whose work is done (``read_case`` knows by which states; else by closing); cancelled ones are left out
      as ``cancelled``.
    Clock: time as it passes, or counted in ``calendar``; waiting for the customer or for parts is part of it.
    Open tickets: are left out as ``open`` until their work is done.
    Period: that in which the work was done; cancelled tickets by their closing, open ones in none.

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
    if case.done_at is not None and not case.cancelled:
        yield Seen(case.done_at, counting(calendar)(case.began, case.done_at))
    else:
        yield Left(case.closed_at, "cancelled" if case.cancelled else "open")
