"""Knows how tickets went: at once, again, from hand to hand, up the chains, in time; must not know how figures are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from servflow.calendars._local import length
from servflow.metrics._cases import WENT, Case, Cycle, Stay, Stint
from servflow.metrics._counted import names, span
from servflow.metrics._counting import Left, Seen
from servflow.metrics._kinds import MEAN, SHARE
from servflow.metrics._measure import measure


@measure(
    SHARE,
    titles=("First-contact resolution", "首次解决率"),
    zh="已解决工单中一次接触即解决的比例：未重开、未换人换队列换网点、未再次进入已离开的状态（如等件后再次上门）、"  # noqa: RUF001 - Chinese punctuation
    "上门不超过一次、客服公开消息不超过一条、客户得到答复后未再来信；联系后仅上门一次即解决的也算，visits 设为 0 则不算",  # noqa: RUF001 - Chinese punctuation
    unit="share",
)
def first_contact_resolution(
    case: Case,
    *,
    contacts: int = 1,
    repeats: int = 0,
    visits: int = 1,
    slots: Sequence[str] = ("assignee", "queue", "outlet"),
    states: Sequence[str] = (),
    settled: timedelta | None = None,
) -> Iterator[Seen]:
    """
    Resolved tickets that took one contact, of all resolved: one answer, one visit, one holder, one pass through the
    workflow, no further question, no reopening.

    Source: SQM and HDI, first contact resolution (no repeat contact, no transfer, no call-back); Zendesk, one-touch tickets
      (one answer); Freshservice, FCR (the customer does not come back); field service, first-time fix (no second visit). A
      contact is each public message of an agent, each public message of the customer after the first of those, each visit
      (done or missed), each holder, and each time a state is entered again that was left before: work that was put
      aside, for parts or for the customer, and taken up again. At most ``contacts`` messages of agents (2 where an
      acknowledgement is one; none at all, as by telephone, is one contact too), ``repeats`` of the customer and ``visits``
      visits (0: what needed somebody to come was not resolved at first contact, as help desks count); none of ``slots``
      had more than one holder; none of ``states`` (all of them unless given) was entered again before the work was
      done; never reopened. A state that is left and entered at one instant is one stay.
    Cohort: tickets whose work is done; cancelled ones are left out as ``cancelled``. With ``settled`` those done less than
      that long ago are left out as ``too early``, because they may still come back.
    Clock: none.
    Open tickets: are left out as ``open``.
    Period: that in which the work was last done; cancelled tickets by their closing, open ones in none.

    >>> from servflow.metrics import Case, Said, Stint, first_contact_resolution
    >>> from servflow.metrics._example import at
    >>> hands = tuple(Stint(slot="assignee", who=who, since=at(9)) for who in ("bo", "cy"))
    >>> cases = [
    ...     Case(id="a", began=at(9), done_at=at(10), said=(Said(at=at(10), side="agent"),)),
    ...     Case(id="b", began=at(9), done_at=at(10), stints=hands),
    ...     Case(id="c", began=at(9), done_at=at(30), reopened=1),
    ...     Case(id="d", began=at(9)),
    ... ]
    >>> found = first_contact_resolution(cases)
    >>> found.numerator, found.denominator, dict(found.excluded), round(found.low, 3), round(found.high, 3)
    (1, 3, {'open': 1}, 0.061, 0.792)
    """
    done, wait = case.done_at, span(settled, "settled")
    if done is None or case.cancelled:
        yield Left(case.closed_at, "cancelled" if case.cancelled else "open")
    elif wait is not None and case.at is not None and case.at < done + wait:
        yield Left(done, "too early")
    else:
        said = [one for one in case.said if one.public]
        answers = sorted(one.at for one in said if one.side == "agent")
        asked = sum(one.side == "customer" and one.at > answers[0] for one in said) if answers else 0
        went = sum(visit.outcome in WENT for visit in case.visits)
        handed = any(len({stint.who for stint in case.stints if stint.slot == slot}) > 1 for slot in names(slots, "slots"))
        again = case.reopened or handed or _entered_again(case, done, names(states, "states"))
        yield Seen(done, not again and len(answers) <= contacts and asked <= repeats and went <= visits)


def _entered_again(case: Case, done: datetime, wanted: tuple[str, ...]) -> bool:
    """Whether a state was entered, until the work was done, that had been left earlier."""
    left: dict[str, datetime] = {}
    for stay in sorted(case.stays, key=_since):
        if stay.since > done:
            break
        if stay.closed or (wanted and stay.state not in wanted):
            continue
        if stay.state in left and stay.since > left[stay.state]:
            return True
        if stay.until is not None:
            left[stay.state] = stay.until
    return False


def _since(stay: Stay) -> datetime:
    return stay.since


@measure(
    SHARE,
    titles=("Reopen rate", "重开率"),
    zh="关闭过的工单中被重开过的比例；可限定在关闭后多久之内重开",  # noqa: RUF001 - Chinese punctuation
    unit="share",
)
def reopen_rate(case: Case, *, within: timedelta | None = None) -> Iterator[Seen]:
    """
    Tickets that were reopened at least once, of all that were ever closed; with ``within``, no later than that after a closing.

    Source: HDI and MetricNet, ticket reopen rate.
    Cohort: tickets that were closed at least once; those closed by cancelling and never reopened are left out as
      ``cancelled``. With ``within``, those last closed less than that ago and not reopened are left out as ``too early``.
    Clock: time as it passes from a closing to the reopening after it; exactly ``within`` is within.
    Open tickets: count once they were closed before; until then they are left out as ``open``.
    Period: that of the first closing; open tickets in none.

    >>> from datetime import timedelta
    >>> from servflow.metrics import Case, reopen_rate
    >>> from servflow.metrics._example import at
    >>> cases = [
    ...     Case(id="a", began=at(0), closings=(at(9), at(20)), reopenings=(at(12),), closed_at=at(20)),
    ...     Case(id="b", began=at(0), closings=(at(10),), closed_at=at(10)),
    ...     Case(id="c", began=at(0)),
    ... ]
    >>> reopen_rate(cases).share, reopen_rate(cases, within=timedelta(hours=2)).share
    (0.5, 0.0)
    """
    closings = case.closings or (() if case.closed_at is None else (case.closed_at,))
    longest = span(within, "within")
    if not closings:
        yield Left(None, "open")
        return
    again = any(longest is None or back - closed <= longest for closed, back in zip(closings, case.reopenings, strict=False))
    at = closings[0]
    if again:
        yield Seen(at, True)
    elif case.cancelled and not case.reopenings:
        yield Left(at, "cancelled")
    elif longest is not None and case.at is not None and case.closed_at is not None and case.at < case.closed_at + longest:
        yield Left(at, "too early")
    else:
        yield Seen(at, False)


@measure(
    MEAN,
    titles=("Reassignments per ticket", "每单转派次数"),
    zh="每张有人持有过的工单换到另一人（或队列、网点）的次数",  # noqa: RUF001 - Chinese punctuation
    unit="changes",
    told={"parts": "the slot", "whole": False},
)
def reassignments(case: Case, *, slots: Sequence[str] = ("assignee",)) -> Iterator[Seen]:
    """
    How often a ticket went from one holder to another, on average; the whole counts the changes in all ``slots`` together.

    Source: ITIL practice and ServiceNow, reassignment count; the first assignment is none, and neither is getting the ticket
      back after nobody had it.
    Cohort: tickets that somebody ever had in one of the slots, and for a part in that slot; others are left out as
      ``never assigned``.
    Clock: none.
    Open tickets: count with what they have had so far.
    Period: that in which the ticket began.

    >>> from servflow.metrics import Case, Stint, reassignments
    >>> from servflow.metrics._example import at
    >>> def had(*people):
    ...     return tuple(Stint(slot="assignee", who=who, since=at(hour)) for hour, who in enumerate(people))
    >>> cases = [
    ...     Case(id="a", began=at(0), stints=had("bo", "cy", "bo")),
    ...     Case(id="b", began=at(0), stints=had("bo", "bo")),
    ...     Case(id="c", began=at(0)),
    ... ]
    >>> found = reassignments(cases)
    >>> found.numerator, found.denominator, found.value, dict(found.excluded)
    (2, 2, 1.0, {'never assigned': 1})
    """
    changes = {slot: len(held) - 1 for slot in names(slots, "slots") if (held := _hands(case.stints, slot))}
    if not changes:
        yield Left(case.began, "never assigned")
        return
    yield Seen(case.began, sum(changes.values()))
    for slot, count in changes.items():
        yield Seen(case.began, count, (slot,))


@measure(
    SHARE,
    titles=("Reassignment rate", "转派率"),
    zh="有人持有过的工单中至少换过一次持有者的比例",
    unit="share",
    told={"parts": "the slot", "whole": False},
)
def reassignment_rate(case: Case, *, slots: Sequence[str] = ("assignee",)) -> Iterator[Seen]:
    """
    Tickets that went from one holder to another at least once, of all that somebody ever had; the whole: in any of ``slots``.

    Source: ITIL practice, reassigned tickets; what counts as a change is told under ``reassignments``.
    Cohort: tickets that somebody ever had in one of the slots, and for a part in that slot; others are left out as
      ``never assigned``.
    Clock: none.
    Open tickets: count with what they have had so far.
    Period: that in which the ticket began.

    >>> from servflow.metrics import Case, Stint, reassignment_rate
    >>> from servflow.metrics._example import at
    >>> hands = tuple(Stint(slot="assignee", who=who, since=at(hour)) for hour, who in enumerate(("bo", "cy")))
    >>> found = reassignment_rate([Case(id="a", began=at(0), stints=hands), Case(id="b", began=at(0), stints=hands[:1])])
    >>> found.numerator, found.denominator
    (1, 2)
    """
    return _of_hands(case, slots, _changed)


@measure(
    SHARE,
    titles=("Ping-pong rate", "来回转派率"),
    zh="有人持有过的工单中，经他人之手后又回到原持有者的比例；重开之后另算",  # noqa: RUF001 - Chinese punctuation
    unit="share",
    told={"parts": "the slot", "whole": False},
)
def ping_pong(case: Case, *, slots: Sequence[str] = ("assignee", "queue", "outlet")) -> Iterator[Seen]:
    """
    Tickets that came back to a person, queue or outlet that had them before, by way of another; the whole: in any of ``slots``.

    Source: process mining of incidents at Volvo IT (BPI Challenge 2013), ping-pong behaviour. Going back to whoever had a
      ticket before it was closed and reopened is none.
    Cohort: tickets that somebody ever had in one of the slots, and for a part in that slot; others are left out as
      ``never assigned``.
    Clock: none.
    Open tickets: count with what they have had so far.
    Period: that in which the ticket began.

    >>> from servflow.metrics import Case, Stint, ping_pong
    >>> from servflow.metrics._example import at
    >>> def had(*people):
    ...     return tuple(Stint(slot="queue", who=who, since=at(hour)) for hour, who in enumerate(people))
    >>> cases = [Case(id=way[0], began=at(0), stints=had(*way)) for way in (("north", "south", "north"), ("north",))]
    >>> {part: (found.numerator, found.denominator) for part, found in ping_pong.by_part(cases).items()}
    {'all': (1, 2), 'queue': (1, 2)}
    """
    return _of_hands(case, slots, _back)


def _of_hands(case: Case, slots: Sequence[str], hit: Callable[[Case, str], bool]) -> Iterator[Seen]:
    held = {stint.slot for stint in case.stints}
    found = {slot: hit(case, slot) for slot in names(slots, "slots") if slot in held}
    if not found:
        yield Left(case.began, "never assigned")
        return
    yield Seen(case.began, any(found.values()))
    for slot, value in found.items():
        yield Seen(case.began, value, (slot,))


def _hands(stints: Iterable[Stint], slot: str) -> list[str]:
    """Who had it in turn; whoever got it back from nobody is there once."""
    held: list[str] = []
    for stint in stints:
        if stint.slot == slot and held[-1:] != [stint.who]:
            held.append(stint.who)
    return held


def _changed(case: Case, slot: str) -> bool:
    """Whether it went to somebody else."""
    return len(_hands(case.stints, slot)) > 1


def _back(case: Case, slot: str) -> bool:
    """Whether it came back to somebody while it was open without a break."""
    starts = (case.began, *case.reopenings)
    for index, start in enumerate(starts):
        end = starts[index + 1] if index + 1 < len(starts) else None
        held = _hands((one for one in case.stints if _within(one, start, end)), slot)
        if len(set(held)) < len(held):
            return True
    return False


def _within(stint: Stint, start: datetime, end: datetime | None) -> bool:
    # Whoever had it when it was reopened has it in both; an opening that occurred earlier had nobody before it was known.
    return (end is None or stint.since < end) and (stint.until is None or stint.until > start)


@measure(
    SHARE,
    titles=("Escalation rate", "升级率"),
    zh="全部工单中到达升级链某一级别的比例；合计为到达任一级别的比例",  # noqa: RUF001 - Chinese punctuation
    unit="share",
    told={"parts": "the chain, and the chain and level", "whole": False, "of_all": True},
)
def escalation_rate(case: Case, *, chains: Sequence[str] = ()) -> Iterator[Seen]:
    """
    Tickets that reached a level of an escalation chain, of all tickets; per chain (``late``) and level (``late/lead``).

    Source: ITIL and HDI, escalation rate. A level that was reached late counts although a later one spoke for it; one that was
      passed over because its condition did not hold, or that was forestalled, does not. ``chains`` counts only some.
    Cohort: every ticket that opened, once, however often it climbed.
    Clock: none.
    Open tickets: count with the levels they have reached so far.
    Period: that in which the ticket began.

    >>> from servflow.metrics import Case, Reached, escalation_rate
    >>> from servflow.metrics._example import at
    >>> levels = tuple(Reached(chain="late", level=name, at=at(9)) for name in ("lead", "head"))
    >>> cases = [Case(id="abc"[count], began=at(0), reached=levels[:count]) for count in (0, 1, 2)]
    >>> {part: f"{found.numerator}/{found.denominator}" for part, found in escalation_rate.by_part(cases).items()}
    {'all': '2/3', 'late': '2/3', 'late/head': '1/3', 'late/lead': '2/3'}
    """
    wanted = names(chains, "chains")
    reached = [one for one in case.reached if not wanted or one.chain in wanted]
    yield Seen(case.began, bool(reached))
    told = {name: None for one in reached for name in (one.chain, f"{one.chain}/{one.level}")}
    if told:
        yield Seen(case.began, True, tuple(told))


@measure(
    SHARE,
    titles=("SLA attainment", "SLA 达成率"),
    zh="按时完成的计时周期占已完成、已违约和已逾期周期的比例，按时钟和目标分列；附 95% Wilson 区间",  # noqa: RUF001 - Chinese punctuation
    unit="share",
    told={"parts": "the clock, and the clock with its target"},
)
def attainment(case: Case, *, clocks: Sequence[str] = ()) -> Iterator[Seen]:
    """
    Cycles of clocks that were kept in time, of those whose outcome is known; per clock and per target it had last.

    Source: ITIL, service level attainment; interval: E. B. Wilson, 1927. Kept means stopped no later than its due instant;
      ``repair 24h office`` is a part for a target of 24 hours counted in that calendar. ``clocks`` counts only some.
    Cohort: cycles that were kept (``met``) or broken (``late``, or ``overdue``: past due and still running); cancelled and
      waived ones are left out as ``cancelled`` and ``waived``. Every cycle counts, so a ticket may count several times.
    Clock: that of the promise, with its calendar and pauses.
    Open tickets: count where they are overdue; cycles that are still in time are left out as ``open``.
    Period: that in which the promise was kept, broken or given up; open cycles in none.

    >>> from datetime import timedelta
    >>> from servflow.metrics import Case, Cycle, attainment
    >>> from servflow.metrics._example import at
    >>> def cycle(outcome, hours):
    ...     return Cycle(clock="repair", outcome=outcome, started_at=at(0), target=timedelta(hours=hours))
    >>> outcomes = [("met", 4), ("met", 4), ("late", 4), ("met", 24), ("overdue", 24), ("open", 24), ("waived", 24)]
    >>> cases = [Case(id="a", began=at(0), cycles=tuple(cycle(*one) for one in outcomes))]
    >>> {part: f"{found.numerator}/{found.denominator}" for part, found in attainment.by_part(cases).items()}
    {'all': '3/5', 'repair': '3/5', 'repair 24h': '1/2', 'repair 4h': '2/3'}
    >>> found = attainment(cases)
    >>> round(found.low, 3), round(found.high, 3), dict(found.excluded)
    (0.231, 0.882, {'open': 1, 'waived': 1})
    """
    wanted = names(clocks, "clocks")
    for cycle in case.cycles:
        if wanted and cycle.clock not in wanted:
            continue
        parts = _of_cycle(cycle)
        if cycle.outcome == "open":
            yield Left(None, "open", parts)
        elif cycle.outcome in ("cancelled", "waived"):
            yield Left(cycle.stopped_at or cycle.breached_at or cycle.started_at, cycle.outcome, parts)
        else:
            known = cycle.stopped_at if cycle.outcome == "met" else cycle.breached_at
            yield Seen(known or cycle.started_at, cycle.outcome == "met", parts)


def _of_cycle(cycle: Cycle) -> tuple[str, ...]:
    if cycle.target is None:
        return (cycle.clock,)
    counted_in = f" {cycle.calendar}" if cycle.calendar else ""
    return cycle.clock, f"{cycle.clock} {length(cycle.target)}{counted_in}"
