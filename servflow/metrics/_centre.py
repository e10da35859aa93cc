"""Knows how long contacts wait and how many are answered; must not know who answers or what they are about."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from servflow.errors import InputError, shown
from servflow.metrics._cases import Case
from servflow.metrics._counting import Left, Seen
from servflow.metrics._kinds import SHARE, TIMES
from servflow.metrics._measure import measure
from servflow.model._spans import Span

ABANDONED = ("missed", "left_out", "short_left_out", "short_served")
"""How contacts that were abandoned count in the service level; the first is the default."""

_NONE = timedelta()


def answered_at(case: Case, answered: Collection[str] | str = ()) -> datetime | None:
    """
    When a contact was answered; None: not yet, or never.

    Args:
        answered: states on whose entry, or events with which, it is; without any, it is when somebody was first assigned or
            an agent first wrote to the customer, whichever was earlier.
    """
    names = (answered,) if isinstance(answered, str) else tuple(answered)
    if names:
        found = [stay.since for stay in case.stays if stay.state in names and not stay.closed]
        found += [step.at for step in case.moves if step.event in names]
    else:
        found = [stint.since for stint in case.stints if stint.slot == "assignee"]
        found += [case.responded] if case.responded is not None else []
    return min(found, default=None)


def _ended(case: Case, answered: Collection[str] | str) -> tuple[datetime | None, datetime | None]:
    """When it was answered, or else abandoned: closed before anybody answered."""
    at = answered_at(case, answered)
    gone = min(case.closings, default=case.closed_at)
    if at is not None and (gone is None or at <= gone):
        return at, None
    return None, gone


@measure(
    SHARE,
    titles=("Answer rate", "接通率"),
    zh="已接起的来访占已接起与已放弃之和的比例；仍在等待的不计。",
    unit="share",
)
def answer_rate(case: Case, *, answered: Collection[str] | str = (), short: str | timedelta = _NONE) -> Iterable[Seen]:
    """
    Of the contacts that were answered or abandoned, how many were answered.

    A contact is a ticket. It is answered when it enters a state or takes an event of ``answered`` (without any: when somebody
    is first assigned, or an agent first writes to the customer), and abandoned when it is closed or cancelled before. Those
    abandoned within ``short`` (5s in many centres: wrong numbers) are left out; none are, unless it is given.

    Source: ISO 18295-1 and COPC (handled over offered).
    Cohort: tickets whose wait is over; others are left out (``waiting``), and short ones (``short``).
    Clock: time as it passes, from the beginning of the case.
    Open tickets: count once they are answered.
    Period: the one in which the case began.

    >>> from datetime import UTC, datetime
    >>> from servflow.metrics import Case, Stint, answer_rate
    >>> at, later = (datetime(2026, 11, 2, 9, 0, second, tzinfo=UTC) for second in (0, 12))
    >>> one = Case(id="1", began=at, stints=(Stint(slot="assignee", who="li", since=later),))
    >>> two, three = Case(id="2", began=at, closed_at=later, cancelled=True), Case(id="3", began=at)
    >>> found = answer_rate([one, two, three])
    >>> found.value, found.numerator, found.denominator, dict(found.excluded)
    (0.5, 1, 2, {'waiting': 1})
    """
    yield _either(case, answered, short, answering=True)


@measure(
    SHARE,
    titles=("Abandon rate", "放弃率"),
    zh="接起之前即关闭或取消的来访占已接起与已放弃之和的比例；仍在等待的不计。",
    unit="share",
)
def abandon_rate(case: Case, *, answered: Collection[str] | str = (), short: str | timedelta = _NONE) -> Iterable[Seen]:
    """
    Of the contacts that were answered or abandoned, how many were abandoned; the answer rate is the rest.

    Source: ISO 18295-1 and COPC (abandoned over offered).
    Cohort: tickets whose wait is over; others are left out (``waiting``), and short ones (``short``).
    Clock: time as it passes, from the beginning of the case.
    Open tickets: count once they are answered.
    Period: the one in which the case began.

    >>> from datetime import UTC, datetime
    >>> from servflow.metrics import Case, abandon_rate
    >>> at, soon, later = (datetime(2026, 11, 2, 9, 0, second, tzinfo=UTC) for second in (0, 3, 40))
    >>> gone = [Case(id="1", began=at, closed_at=soon), Case(id="2", began=at, closed_at=later)]
    >>> kept = Case(id="3", began=at, responded=soon)
    >>> round(abandon_rate([*gone, kept]).value, 3), abandon_rate([*gone, kept], short="5s").value
    (0.667, 0.5)
    """
    yield _either(case, answered, short, answering=False)


def _either(case: Case, answered: Collection[str] | str, short: str | timedelta, *, answering: bool) -> Seen:
    at, gone = _ended(case, answered)
    if at is None and gone is None:
        return Left(case.began, "waiting")
    if gone is not None and gone - case.began <= Span.of(short).exact and Span.of(short).exact:
        return Left(case.began, "short")
    return Seen(case.began, (at is not None) == answering)


@measure(
    SHARE,
    titles=("Service level", "服务水平"),
    zh="在规定时间内（默认 20 秒）接起的来访比例；放弃的来访如何计入由 abandoned 指定，默认计为未达标。",
    unit="share",
)
def service_level(
    case: Case, *, within: str | timedelta = "20s", abandoned: str = ABANDONED[0], answered: Collection[str] | str = ()
) -> Iterable[Seen]:
    """
    Of the contacts offered, how many were answered within so long: ``80/20`` is 0.8 within 20 s.

    An answer exactly after that time is in time. Centres differ in what they do with abandoned contacts, so say which:
    ``missed`` (the default) counts all of them as not served; ``left_out`` takes answered ones only; ``short_left_out``
    leaves out those abandoned within the time and counts later ones as not served; ``short_served`` counts those as served.

    Source: service level X/Y as in A. K. Erlang's waiting systems; the four variants are those that switch vendors offer.
    Cohort: tickets answered, abandoned, or waiting for longer already; others are left out (``waiting``, ``abandoned``).
    Clock: time as it passes, from the beginning of the case; see ``answer_rate`` for what an answer is.
    Open tickets: one that waits for longer already was not served.
    Period: the one in which the case began.

    Answered after 10 s and 30 s, abandoned after 5 s and 60 s: 1 of 4, 1 of 2, 1 of 3, or 2 of 4.

    >>> from datetime import UTC, datetime, timedelta
    >>> from servflow.metrics import ABANDONED, Case, service_level
    >>> at = datetime(2026, 11, 2, 9, tzinfo=UTC)
    >>> cases = [Case(id=str(s), began=at, responded=at + timedelta(seconds=s)) for s in (10, 30)]
    >>> cases += [Case(id=str(s), began=at, closed_at=at + timedelta(seconds=s)) for s in (5, 60)]
    >>> [round(service_level(cases, abandoned=how).value, 2) for how in ABANDONED]
    [0.25, 0.5, 0.33, 0.5]
    """
    if abandoned not in ABANDONED:
        raise InputError(f"abandoned contacts are {', '.join(ABANDONED)}, not {shown(abandoned)}", code="abandoned")
    limit = Span.of(within).exact
    at, gone = _ended(case, answered)
    if at is not None:
        yield Seen(case.began, at - case.began <= limit)
    elif gone is None:
        late = case.at is not None and case.at - case.began > limit
        yield Seen(case.began, False) if late else Left(case.began, "waiting")
    elif abandoned == "left_out" or (abandoned == "short_left_out" and gone - case.began <= limit):
        yield Left(case.began, "abandoned")
    else:
        yield Seen(case.began, abandoned == "short_served" and gone - case.began <= limit)


@measure(
    TIMES,
    titles=("Time to answer", "接起等待时间"),
    zh="从来访开始到接起所经过的时间；放弃的和仍在等待的不计。",
    unit="seconds",
)
def time_to_answer(case: Case, *, answered: Collection[str] | str = ()) -> Iterable[Seen]:
    """
    Time as it passes from the beginning until a contact is answered; its mean is the average speed of answer (ASA).

    Source: COPC (average speed of answer).
    Cohort: answered tickets; others are left out (``waiting``, ``abandoned``).
    Clock: time as it passes; see ``answer_rate`` for what an answer is.
    Open tickets: count once they are answered.
    Period: the one in which the case began.

    >>> from datetime import UTC, datetime, timedelta
    >>> from servflow.metrics import Case, time_to_answer
    >>> at = datetime(2026, 11, 2, 9, tzinfo=UTC)
    >>> cases = [Case(id=str(s), began=at, responded=at + timedelta(seconds=s)) for s in (10, 30)]
    >>> time_to_answer([*cases, Case(id="x", began=at)]).value.seconds
    20
    """
    at, gone = _ended(case, answered)
    if at is not None:
        yield Seen(case.began, at - case.began)
    else:
        yield Left(case.began, "waiting" if gone is None else "abandoned")


@measure(
    TIMES,
    titles=("Queue time", "排队时间"),
    zh="未关闭而无人负责的时间：每次从开始等待到有人负责为止，按所在队列分组；放弃的和仍在等待的不计。",
    unit="seconds",
    told={"parts": "the queue it waited in"},
)
def queue_time(case: Case, *, slot: str = "assignee") -> Iterable[Seen]:
    """
    Time as it passes while a ticket is open and nobody has it, each wait until somebody was assigned.

    A ticket waits from its beginning, from a reopening, or from when it was taken off somebody. Its part is the queue it was in
    when the wait ended, ``-`` without one. ``slot="outlet"`` measures the wait for an outlet instead.

    Source: waiting time of queueing theory (time in queue, without service).
    Cohort: waits that ended with somebody; others are left out (``waiting``; ``abandoned`` where the ticket closed).
    Clock: time as it passes.
    Open tickets: count with each wait that ended.
    Period: the one in which the wait began.

    Opened at 9:00, assigned at 9:20, taken back at 9:30, assigned again at 9:40: 20 and 10 minutes.

    >>> from datetime import UTC, datetime
    >>> from servflow.metrics import Case, Stint, queue_time
    >>> nine, twenty, thirty, forty = (datetime(2026, 11, 2, 9, minute, tzinfo=UTC) for minute in (0, 20, 30, 40))
    >>> held = (Stint(slot="assignee", who="li", since=twenty, until=thirty), Stint(slot="assignee", who="wu", since=forty))
    >>> found = queue_time([Case(id="1", began=nine, stints=held)])
    >>> found.count, found.value.seconds // 60
    (2, 15)
    """
    stints = sorted((stint for stint in case.stints if stint.slot == slot), key=lambda stint: stint.since)
    for since, until in case.open_spans:
        free: datetime | None = since
        for stint in stints:
            if free is None or (until is not None and stint.since >= until):
                break
            if stint.until is not None and stint.until <= free:
                continue
            if stint.since > free:
                yield Seen(free, stint.since - free, (_queue(case, stint.since),))
            free = stint.until
        if free is not None and (until is None or free < until):
            ended = until or case.at
            parts = ("-" if ended is None else _queue(case, ended),)
            yield Left(free, "waiting" if until is None else "abandoned", parts)


def _queue(case: Case, at: datetime) -> str:
    held = [stint for stint in case.stints if stint.slot == "queue" and stint.since <= at]
    return next((stint.who for stint in reversed(held) if stint.until is None or at <= stint.until), "-")
