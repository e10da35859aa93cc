"""Knows what customers say and how often they come back; must not know how they were asked or served."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Self

from attrs import define, field, frozen

from servflow.errors import InputError, shown
from servflow.metrics._cases import Asked, Case, Score
from servflow.metrics._counting import Left, Seen
from servflow.metrics._figures import Ratio
from servflow.metrics._kinds import MEAN, NET, SHARE
from servflow.metrics._measure import measure
from servflow.metrics._periods import Period
from servflow.metrics._values import Share, counted
from servflow.model._spans import Span

PROMOTER, DETRACTOR = 9, 6
"""From this score on a customer promotes, up to that one he detracts, of ten (F. Reichheld, 2003)."""

SATISFIED = 4
"""From this score on, out of five, a customer is satisfied."""

EASY = 5
"""From this score on, out of seven, a customer found it easy: somewhat, quite or strongly (CES 2.0)."""


def _answers(case: Case, scale: str, about: str) -> Iterator[Score]:
    """The latest answer of each sort: about the same thing, from the same person."""
    latest: dict[tuple[str, str | None, str | None], Score] = {}
    for score in case.scores:
        if score.scale == scale and about in ("", score.about):
            latest[score.about, score.visit, score.rater or score.by] = score
    yield from latest.values()


def _unrated(case: Case, scale: str) -> Iterator[Seen]:
    if case.closed_at is not None and not case.cancelled and not any(score.scale == scale for score in case.scores):
        yield Left(case.closed_at, "unrated")


@measure(
    NET,
    titles=("Net promoter score", "净推荐值 NPS"),
    zh="9 至 10 分的比例减去 0 至 6 分的比例，以 -100 至 100 的点数表示；同一工单同一对象只计最后一次评分。",
    unit="points",
)
def nps(case: Case, *, scale: str = "nps", about: str = "") -> Iterable[Seen]:
    """
    Customers who would recommend (9 or 10) less those who would not (0 to 6), of all who answered, in points.

    The latest answer of a ticket counts, of each visit and of the relation apart; ``about`` takes only those about the
    ``ticket``, a ``visit`` or the ``relation``.

    Source: F. Reichheld, The One Number You Need to Grow, Harvard Business Review, 2003.
    Cohort: answers on the scale ``nps`` (0 to 10); tickets closed without one are left out (``unrated``).
    Clock: none.
    Open tickets: count once they are answered.
    Period: the one in which the answer was given; of the unrated, in which they were closed.

    Scores 10, 9, 8 and 3: two promoters less one detractor, of four.

    >>> from datetime import UTC, datetime
    >>> from servflow.metrics import Case, Score, nps
    >>> at = datetime(2026, 11, 2, tzinfo=UTC)
    >>> cases = [Case(id=str(n), began=at, scores=(Score(at=at, scale="nps", score=n),)) for n in (10, 9, 8, 3)]
    >>> found = nps([*cases, Case(id="x", began=at, closed_at=at)])
    >>> found.value, found.numerator, found.denominator, dict(found.excluded)
    (25.0, 1, 4, {'unrated': 1})
    """
    for answer in _answers(case, scale, about):
        yield Seen(answer.at, (answer.score >= PROMOTER) - (answer.score <= DETRACTOR))
    yield from _unrated(case, scale)


@measure(
    SHARE,
    name="csat",
    titles=("Customer satisfaction", "客户满意度 CSAT"),
    zh="评分为 4 或 5 的占全部 1 至 5 分评价的比例；同一工单同一对象只计最后一次评分。",
    unit="share",
)
def satisfaction(case: Case, *, scale: str = "csat", about: str = "", satisfied: int = SATISFIED) -> Iterable[Seen]:
    """
    Of all who answered how satisfied they are, how many said 4 or 5 of 5.

    The latest answer of a ticket counts, of each visit and of the relation apart; ``about`` takes only those about the
    ``ticket``, a ``visit`` or the ``relation``. ``satisfied`` is the least score that counts.

    Source: top-two-box CSAT, as of HDI and the large help desks.
    Cohort: answers on the scale ``csat`` (1 to 5); tickets closed without one are left out (``unrated``).
    Clock: none.
    Open tickets: count once they are answered.
    Period: the one in which the answer was given; of the unrated, in which they were closed.

    >>> from datetime import UTC, datetime
    >>> from servflow.metrics import Case, Score, satisfaction
    >>> at = datetime(2026, 11, 2, tzinfo=UTC)
    >>> cases = [Case(id=str(n), began=at, scores=(Score(at=at, scale="csat", score=n),)) for n in (5, 4, 3, 5)]
    >>> found = satisfaction([*cases, Case(id="x", began=at, closed_at=at)])
    >>> found.value, found.numerator, found.denominator, dict(found.excluded)
    (0.75, 3, 4, {'unrated': 1})
    """
    for answer in _answers(case, scale, about):
        yield Seen(answer.at, answer.score >= satisfied)
    yield from _unrated(case, scale)


@measure(
    MEAN,
    titles=("Customer effort score", "客户费力度 CES"),
    zh="1 至 7 分（7 为非常容易）评分的平均值；同一工单同一对象只计最后一次评分。",
    unit="points",
)
def ces(case: Case, *, scale: str = "ces", about: str = "") -> Iterable[Seen]:
    """
    How easy customers found it, on average, from 1 to 7 where 7 is easiest.

    Source: CES 2.0 (M. Dixon and others, The Effortless Experience, 2013): the mean of agreement that it was made easy.
    Cohort: answers on the scale ``ces``, the latest of each sort; tickets closed without one are left out (``unrated``).
    Clock: none.
    Open tickets: count once they are answered.
    Period: the one in which the answer was given; of the unrated, in which they were closed.

    >>> from datetime import UTC, datetime
    >>> from servflow.metrics import Case, Score, ces
    >>> at = datetime(2026, 11, 2, tzinfo=UTC)
    >>> ces([Case(id=str(n), began=at, scores=(Score(at=at, scale="ces", score=n),)) for n in (7, 6, 2, 5)]).value
    5.0
    """
    for answer in _answers(case, scale, about):
        yield Seen(answer.at, answer.score)
    yield from _unrated(case, scale)


@measure(
    SHARE,
    titles=("Customers who found it easy", "认为容易的客户比例"),
    zh="费力度评分 5 至 7 分（容易）占全部 1 至 7 分评价的比例。",
    unit="share",
)
def ces_top(case: Case, *, scale: str = "ces", about: str = "", easy: int = EASY) -> Iterable[Seen]:
    """
    Of all who answered how easy it was, how many said it was: 5, 6 or 7 of 7.

    Source: CES 2.0 (top three boxes of seven); ``easy=6`` counts the top two.
    Cohort: answers on the scale ``ces``, the latest of each sort; tickets closed without one are left out (``unrated``).
    Clock: none.
    Open tickets: count once they are answered.
    Period: the one in which the answer was given; of the unrated, in which they were closed.

    >>> from datetime import UTC, datetime
    >>> from servflow.metrics import Case, Score, ces_top
    >>> at = datetime(2026, 11, 2, tzinfo=UTC)
    >>> ces_top([Case(id=str(n), began=at, scores=(Score(at=at, scale="ces", score=n),)) for n in (7, 6, 2, 5)]).value
    0.75
    """
    for answer in _answers(case, scale, about):
        yield Seen(answer.at, answer.score >= easy)
    yield from _unrated(case, scale)


@define(eq=False)
class _Responses:
    """Counts answers to surveys and, for hosts that keep no surveys, answers of closed tickets."""

    asked: Counter[bool] = field(factory=Counter)
    closed: Counter[bool] = field(factory=Counter)
    excluded: Counter[str] = field(factory=Counter)

    def add(self, value: tuple[str, bool]) -> None:
        """Count one that was asked, or closed, and whether it answered."""
        (self.asked if value[0] == "asked" else self.closed)[value[1]] += 1

    def leave(self, reason: str) -> None:
        """Leave one out."""
        self.excluded[reason] += 1

    def merge(self, other: Self) -> None:
        """Take in another's."""
        self.asked.update(other.asked)
        self.closed.update(other.closed)
        self.excluded.update(other.excluded)

    def figure(self, period: Period | None, base: Self | None) -> Share | None:
        """The share of those asked, or of those closed where nobody was ever asked."""
        found = self.asked or self.closed
        left = Counter(self.excluded)
        if self.asked:
            left["unasked"] += self.closed.total()
        total = found.total()
        return Share(numerator=found[True], denominator=total, excluded=counted(left)) if total else None


def _same(one: Asked | Score, survey: Asked) -> bool:
    """Whether it is about what the survey asked; one that did not say which visit is answered for any."""
    return (one.scale, one.about) == (survey.scale, survey.about) and survey.visit in (None, one.visit)


@frozen
class _Response:
    name: str = "responses"

    def start(self, settings: Mapping[str, Any]) -> _Responses:
        return _Responses()


@measure(
    _Response(),
    titles=("Survey response rate", "调查回复率"),
    zh="发出的满意度调查中按时收到回复的比例（调查截止时刻及之后的回复不计）；没有任何调查记录时，按已关闭且有评分的工单占已关闭工单的比例计算。",
    unit="share",
    told={"parts": "the scale that was asked for"},
)
def response_rate(case: Case, *, scale: str = "", within: str | timedelta | None = None) -> Iterable[Seen]:
    """
    Of the surveys that were sent, how many were answered; where no survey is on record, of closed tickets, how many were rated.

    A survey is answered by a rating of what it asked about, on its scale, between its sending and the next one of the same;
    one at or after the instant until which the survey wanted its answer is a late one and no response, and so is one later
    than ``within``, where that is given. ``scale`` looks at one scale only. Tickets without a survey beside others that
    have one are left out (``unasked``), and so are surveys that were held back (``skipped``).

    Source: AAPOR, Standard Definitions: response rate 2 without partial answers (answers over all that were asked).
    Cohort: surveys sent; without any, closed tickets that were not cancelled.
    Clock: time as it passes, for the end of a survey and for ``within``.
    Open tickets: count as soon as they were asked, so that the latest surveys may still be answered.
    Period: the one in which the survey was sent, or the ticket closed.

    Two asked, one answered after a day and one after the week in which an answer was wanted; the third was spared.

    >>> from datetime import UTC, datetime, timedelta
    >>> from servflow.metrics import Asked, Case, Score, response_rate
    >>> at = datetime(2026, 11, 2, tzinfo=UTC)
    >>> asked = Asked(at=at, survey="csat", scale="csat", outcome="asked", until=at + timedelta(days=7))
    >>> one = Case(id="1", began=at, surveyed=(asked,), scores=(Score(at=at + timedelta(days=1), scale="csat", score=5),))
    >>> two = Case(id="2", began=at, surveyed=(asked,), scores=(Score(at=at + timedelta(days=7), scale="csat", score=5),))
    >>> three = Case(id="3", began=at, surveyed=(Asked(at=at, survey="csat", scale="csat", outcome="skipped"),))
    >>> found = response_rate([one, two, three])
    >>> found.value, found.numerator, found.denominator, dict(found.excluded)
    (0.5, 1, 2, {'skipped': 1})
    >>> response_rate([one, two, three], within="12h").value
    0.0
    """
    limit = None if within is None else Span.of(within).exact
    surveys = [one for one in case.surveyed if scale in ("", one.scale)]
    for index, survey in enumerate(surveys):
        if survey.outcome == "skipped":
            yield Left(survey.at, "skipped", (survey.scale,))
        elif survey.outcome == "asked":
            same = (one.at for one in surveys[index + 1 :] if one.outcome == "asked" and _same(one, survey))
            ends = [end for end in (next(same, None), survey.until) if end is not None]
            answered = any(
                _same(score, survey)
                and survey.at <= score.at
                and all(score.at < end for end in ends)
                and (limit is None or score.at - survey.at <= limit)
                for score in case.scores
            )
            yield Seen(survey.at, ("asked", answered), (survey.scale,))
    if not surveys and case.closed_at is not None and not case.cancelled:
        rated = any(scale in ("", score.scale) for score in case.scores)
        yield Seen(case.closed_at, ("closed", rated))


@define(eq=False)
class _Complaints:
    """Counts complaints and what they are held against; remembers who they are where each counts once."""

    per: str
    base: int | None
    complaints: int = 0
    tickets: int = 0
    complained: set[str] = field(factory=set)
    known: set[str] = field(factory=set)
    excluded: Counter[str] = field(factory=Counter)

    def add(self, value: tuple[bool, str | None]) -> None:
        """Count a complaint or another ticket, and of whom it is."""
        complaint, whose = value
        self.complaints += complaint
        self.tickets += not complaint
        if whose is not None:
            self.known.add(whose)
            if complaint:
                self.complained.add(whose)

    def leave(self, reason: str) -> None:
        """Leave one out."""
        self.excluded[reason] += 1

    def merge(self, other: Self) -> None:
        """Take in another's."""
        self.complaints += other.complaints
        self.tickets += other.tickets
        self.complained |= other.complained
        self.known |= other.known
        self.excluded.update(other.excluded)

    def figure(self, period: Period | None, base: Self | None) -> Ratio | None:
        """Complaints for each ticket, or complaining customers or assets of all."""
        counted_apart = self.per != "ticket"
        numerator = len(self.complained) if counted_apart else self.complaints
        denominator = len(self.known) if counted_apart else self.tickets
        if self.base is not None:
            denominator = self.base
        return Ratio(numerator=numerator, denominator=denominator, excluded=counted(self.excluded)) if denominator else None


@frozen
class _Complaint:
    name: str = "ratio"

    def start(self, settings: Mapping[str, Any]) -> _Complaints:
        per, base = settings["per"], settings["base"]
        if per not in PER:
            raise InputError(f"complaints are told per {', '.join(PER)}, not per {shown(per)}", code="per", per=shown(per))
        if base is not None and (isinstance(base, bool) or not isinstance(base, int) or base < 1):
            raise InputError(f"base is how many there are, a whole number from 1 on, not {shown(base)}", code="base")
        return _Complaints(per, base)


PER = ("ticket", "customer", "asset")
"""What complaints are held against."""


@measure(
    _Complaint(),
    titles=("Complaint rate", "投诉率"),
    zh="投诉工单数除以其他工单数；per=customer 或 asset 时为有投诉的客户（设备）数除以全部客户（设备）数；base 可给出基数。",
    unit="ratio",
)
def complaint_rate(
    case: Case,
    *,
    complaints: Collection[str] | str = ("complaint",),
    label: str = "workflow",
    per: str = "ticket",
    base: int | None = None,
) -> Iterable[Seen]:
    """
    Complaints for each other ticket, or customers or assets with a complaint of all that there are.

    A ticket is a complaint where ``label`` (its workflow, unless it names a field) has one of the values ``complaints``. With
    ``per="customer"`` or ``"asset"`` each of them counts once however often it complains. ``base`` is the number to hold it
    against instead, such as all devices sold; it then holds for each period.

    Source: ISO 10002 and ISO 10004 (complaints relative to transactions, customers or units in use).
    Cohort: every ticket; with customers or assets, those without one are left out (``unknown``).
    Clock: none.
    Open tickets: count like all others.
    Period: the one in which the case began.

    >>> from datetime import UTC, datetime
    >>> from servflow.metrics import Case, complaint_rate
    >>> at = datetime(2026, 11, 2, tzinfo=UTC)
    >>> said = ["repair li", "repair wu", "complaint li", "complaint li", "repair li", "repair xu"]
    >>> told = [text.split() for text in said]
    >>> cases = [Case(id=str(n), began=at, workflow=flow, labels={"customer": who}) for n, (flow, who) in enumerate(told)]
    >>> found = complaint_rate(cases)
    >>> found.value, found.numerator, found.denominator
    (0.5, 2, 4)
    >>> round(complaint_rate(cases, per="customer").value, 3), complaint_rate(cases, base=1000).value
    (0.333, 0.002)
    """
    wanted = (complaints,) if isinstance(complaints, str) else complaints
    complaint = case.label(label) in wanted
    if per == "ticket":
        yield Seen(case.began, (complaint, None))
        return
    whose = case.label(per)
    yield Left(case.began, "unknown") if whose == "-" else Seen(case.began, (complaint, whose))


@measure(
    SHARE,
    titles=("Deflection rate", "自助与远程解决率"),
    zh="先经过自助或远程尝试的工单中，未转人工即在该环节关闭的比例；仍在尝试中的不计。",
    unit="share",
    told={"parts": "the state of the attempt"},
)
def deflection(case: Case, *, attempts: Collection[str] | str = ("self_service", "remote")) -> Iterable[Seen]:
    """
    Of the tickets that were first tried by self-service or remotely, how many were closed by that and needed nothing more.

    ``attempts`` are the states that stand for it. An attempt worked where the ticket was closed straight from its state and
    is closed still. It counts once, as a part of its last attempt.

    Source: self-service practice of HDI and KCS (solved without assisted contact, of all that attempted).
    Cohort: tickets that were in one of the states; cancelled ones (``cancelled``) and those still there (``open``) are
        left out.
    Clock: none.
    Open tickets: count as not deflected once they went on to somebody.
    Period: the one in which the case began.

    Three tried themselves: one solved, one went on to a visit, one is at it.

    >>> from datetime import UTC, datetime
    >>> from servflow.metrics import Case, Stay, deflection
    >>> at, later = datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC)
    >>> tried = Stay(state="self_service", since=at, until=later)
    >>> one = Case(id="1", began=at, closed_at=later, stays=(tried, Stay(state="done", since=later, closed=True)))
    >>> two = Case(id="2", began=at, stays=(tried, Stay(state="visit", since=later)))
    >>> three = Case(id="3", began=at, stays=(Stay(state="self_service", since=at),))
    >>> found = deflection([one, two, three])
    >>> found.value, found.numerator, found.denominator, dict(found.excluded)
    (0.5, 1, 2, {'open': 1})
    """
    wanted = (attempts,) if isinstance(attempts, str) else tuple(attempts)
    tried = [stay for stay in case.stays if stay.state in wanted]
    if not tried:
        return
    part = (tried[-1].state,)
    if case.cancelled:
        yield Left(case.began, "cancelled", part)
    elif tried[-1].until is None:
        yield Left(case.began, "open", part)
    else:
        worked = [stay for stay in case.stays if not stay.closed]
        yield Seen(case.began, case.closed_at is not None and worked[-1] is tried[-1], part)
