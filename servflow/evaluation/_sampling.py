"""Knows which closed tickets are judged, the same whoever asks; must not know how they are judged."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from heapq import heappush, heappushpop, nlargest
from math import ceil
from typing import Any, ClassVar, Protocol
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from attrs import define, field, frozen

from servflow.errors import DefinitionError, ExpressionError, Finding, InputError, TimeError
from servflow.evaluation._periods import PERIODS, Span, ended
from servflow.evaluation._scorecard import exact, version_of
from servflow.expressions import Expression
from servflow.expressions._given import read_expression
from servflow.model import Effect, FrozenMap, Open, Ticket, effect_id
from servflow.model import Span as Length

MOST = 5_000
"""How many tickets one period's sample has at most."""

PAGE = 200
"""How many tickets are read from the store at once, and how many reviews are opened in one tick."""

KEPT = 50_000
"""How many tickets a drawing remembers while it counts; where there are more, it reads them a second time."""

LONGEST = 100
"""How many signs the name of a sampling has at most; it is part of the ids of tickets."""

READ = (
    *("id", "workflow", "version", "state", "priority", "queue", "customer", "requester", "asset", "parent", "outlet"),
    *("provider", "channel", "assignee", "owner", "reopened", "opened_at", "closed_at"),
)
"""What expressions of a sampling read of a ticket besides its tags and fields."""


class SamplesDesk(Protocol):
    """What is needed of a desk."""

    def find(self, **asked: Any) -> tuple[Ticket, ...]: ...

    @property
    def store(self) -> Any: ...


def place(seed: str, ticket: str) -> int:
    """Where a ticket stands in the draw: a number below 2**64 that only its id and the seed decide."""
    data = f"{len(seed)}:{seed}{ticket}".encode()
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


@define
class _Drawing:
    """
    One drawing as far as it has come: all are counted, and of each agent's the lowest places are kept.

    How many of them are drawn is known only when all are counted; until then as many are kept as could be drawn. Where that
    comes to too many, none is kept while counting, and the tickets are read again.
    """

    period: Span
    after: tuple[int, str | None] = (0, None)
    counting: bool = True
    keeping: bool = True
    counts: dict[str, int] = field(factory=dict)
    nobody: int = 0
    kept: dict[str, list[tuple[int, str]]] = field(factory=dict)
    held: int = 0
    seen: Ticket | None = None
    unseen: frozenset[str] = frozenset()

    def keep(self, agent: str, item: tuple[int, str], most: int) -> None:
        """Keep a ticket if it is among the lowest of its agent; the highest of them is on top of the heap."""
        kept = self.kept.setdefault(agent, [])
        if len(kept) < most:
            heappush(kept, item)
            self.held += 1
        elif kept:
            heappushpop(kept, item)
        if self.counting and self.held > KEPT:
            self.keeping, self.held, self.kept = False, 0, {}


@define
class _Progress:
    """What one desk has done so far: periods that are over with, drawings, and reviews that may have to be opened."""

    done: set[str] = field(factory=set)
    drawings: dict[str, _Drawing] = field(factory=dict)
    left: dict[str, deque[Mapping[str, Any]]] = field(factory=dict)


@frozen(kw_only=True)
class Sampling:
    """
    Draws a share of every agent's closed tickets of a period for review: a source of the desk's tick.

    Once a period and ``wait`` are over, of the N tickets that an agent closed in it (and that are still closed, and for
    which ``when`` holds) ceil(N x ``percent`` / 100) are drawn, at least ``at_least`` and at most ``at_most`` (which counts
    where it is less), never more than N: those whose place in the draw is lowest, which only the ticket's id and ``seed``
    decide. So whoever draws, in whatever order, draws the same. What was drawn is kept as a ticket of its own
    (``sample_workflow``), from whose list the reviews are opened: a restart, or a second desk, opens none twice and draws no
    other ones. A ticket that was reopened and closed again belongs to the period of its last closing.

    A drawing reads ``batch`` tickets of the store per tick, each once, and keeps in memory what it may draw: at most 50,000
    ids and, where that is not enough, no more than what it draws, for which it reads twice.

    Args:
        name: its name; the seed, unless another is given.
        workflows: whose closed tickets; one name or several.
        percent: above 0 and at most 100.
        period: ``day``, ``week`` (from Monday), ``month`` or ``quarter``, of ``zone``.
        agent: an expression over the ticket that gives whose work it was; the assignee unless given.
        when: an expression; which tickets may be drawn.
        wait: elapsed time after a period before it is drawn, so that reopened tickets are known.
        back: how many periods that have ended are looked at, so that a desk that stood still leaves none out.
        review: the workflow of the tickets that are opened; they get ``agent``, ``reviewed`` (the ticket), ``period`` and
            ``sample`` (the ticket that keeps the draw).
    """

    name: str
    workflows: tuple[str, ...]
    percent: Fraction
    period: str = "month"
    zone: ZoneInfo = field(factory=lambda: ZoneInfo("UTC"))
    agent: Expression = field(factory=lambda: Expression.parse("assignee"))
    when: Expression | None = None
    at_least: int = 0
    at_most: int = MOST
    wait: timedelta = timedelta(days=1)
    back: int = 1
    seed: str = ""
    review: str = "quality_review"
    sample_workflow: str = "quality_sample"
    batch: int = 2_000
    version: int = 1
    title: str = ""
    BLANK: ClassVar[Mapping[str, Any]] = {"sampling": "?", "workflows": "?", "percent": 1}
    """What stands for the parts that a document must have, while the others are judged."""
    # By the desk, since one sampling may be given to the desks of several tenants, and each draws of its own tickets.
    _progress: WeakKeyDictionary[Any, _Progress] = field(factory=WeakKeyDictionary, eq=False, repr=False, init=False)

    def __call__(self, desk: SamplesDesk, now: datetime) -> tuple[Effect, ...]:
        """
        What is to be opened now: reviews of a draw that is kept, or one that was drawn just now.

        Raises:
            InputError: a sample would be larger than a sample may be; other periods are drawn all the same.
        """
        progress = self._progress.setdefault(desk, _Progress())
        found: list[Effect] = []
        wrong: InputError | None = None
        for period in ended(self.period, self.zone, now - self.wait, self.back):
            if period.name in progress.done:
                continue
            sample = desk.store.load(self.sample_id(period))
            if sample is not None:
                progress.drawings.pop(period.name, None)
                found += self._reviews(desk, progress, sample, period, now)
                continue
            drawing = progress.drawings.setdefault(period.name, _Drawing(period, unseen=self._reads()))
            try:
                drawn = self._draw(desk, drawing)
            except InputError as error:
                wrong = wrong or error
                continue
            if drawn:
                found.append(self._sample(drawing, now))
                del progress.drawings[period.name]  # the next tick reads what was kept, whoever kept it
            break  # one period at a time: a tick is to be short
        if wrong is not None and not found:
            raise wrong
        return tuple(found)

    @property
    def share(self) -> str:
        """The percentage as it would be written: 5, 2.5 or 1/3."""
        text = format(self.percent.numerator / self.percent.denominator, "g")
        return text if Fraction(text) == self.percent else str(self.percent)

    def sample_id(self, period: Span) -> str:
        """The id of the ticket that keeps the draw of a period."""
        return f"{self.sample_workflow}/{self.name}/{period.name}"

    def quota(self, closed: int) -> int:
        """How many of so many closed tickets of one agent are drawn."""
        return min(closed, self.at_most, max(self.at_least, ceil(closed * self.percent / 100)))

    # drawing -------------------------------------------------------------------------------------------------------

    def _draw(self, desk: SamplesDesk, drawing: _Drawing) -> bool:
        """Go on with a drawing; whether it is done."""
        left = self.batch
        while left > 0:
            index, after = drawing.after
            if index == len(self.workflows):
                if drawing.counting:
                    self._check_size(desk, drawing)
                    drawing.counting = False
                    if not drawing.keeping:
                        drawing.after = (0, None)
                        continue
                return True
            page = desk.find(workflow=self.workflows[index], after=after, limit=min(PAGE, left))
            for ticket in page:
                self._take(drawing, ticket)
            left -= max(len(page), 1)
            drawing.after = (index, page[-1].id) if page else (index + 1, None)
        return False

    def _check_size(self, desk: SamplesDesk, drawing: _Drawing) -> None:
        drawn = sum(self.quota(closed) for closed in drawing.counts.values())
        if drawn > MOST or len(drawing.counts) > MOST:
            raise InputError(
                f"sampling {self.name} would draw {drawn} tickets of {len(drawing.counts)} agents for {drawing.period.name};"
                f" a sample has at most {MOST} of either: lower percent or at_most, shorten the period, or say which with when",
                code="sample",
                sampling=self.name,
                period=drawing.period.name,
                drawn=drawn,
            )
        unknown = drawing.unseen - _declared(desk, drawing.seen) if not drawing.counts else ()
        if drawing.seen is not None and unknown:
            names = ", ".join(sorted(unknown))
            raise InputError(
                f"sampling {self.name} would draw nothing for {drawing.period.name}: no ticket that was closed then has"
                f" {names}; correct when or agent, which read it",
                code="sample",
                sampling=self.name,
                period=drawing.period.name,
                drawn=0,
            )

    def _reads(self) -> frozenset[str]:
        """The first part of every name that the expressions read."""
        read = (one.reads for one in (self.agent, self.when) if one is not None)
        return frozenset(name.partition(".")[0] for names in read for name in names)

    def _take(self, drawing: _Drawing, ticket: Ticket) -> None:
        closed_at = ticket.closed_at
        if not ticket.closed or closed_at is None or not drawing.period.start <= closed_at < drawing.period.end:
            return
        scope = _scope(ticket)
        drawing.seen = ticket
        drawing.unseen -= scope.keys()
        if self.when is not None and _value(self.when, scope) is not True:
            return
        agent = _value(self.agent, scope)
        if not isinstance(agent, str) or not agent:
            drawing.nobody += drawing.counting
            return
        if drawing.counting:
            drawing.counts[agent] = drawing.counts.get(agent, 0) + 1
            if not drawing.keeping:
                return
        most = self.at_most if drawing.counting else self.quota(drawing.counts.get(agent, 0))
        drawing.keep(agent, (-place(self.seed or self.name, ticket.id), ticket.id), most)

    def _sample(self, drawing: _Drawing, now: datetime) -> Open:
        quotas = {agent: self.quota(drawing.counts.get(agent, 0)) for agent in drawing.kept}
        drawn = {
            agent: sorted(ticket for _, ticket in nlargest(quotas[agent], kept)) for agent, kept in sorted(drawing.kept.items())
        }
        listed = [FrozenMap({"ticket": ticket, "agent": agent}) for agent, ids in drawn.items() for ticket in ids]
        fields = {
            "sampling": self.name,
            "period": drawing.period.name,
            "percent": self.share,
            "closed": FrozenMap(dict(sorted(drawing.counts.items()))),
            "without_agent": drawing.nobody,
            "drawn": tuple(listed),
        }
        new = self.sample_id(drawing.period)
        return _open(new, "sample", self.sample_workflow, new, at=now, fields=fields)

    def _reviews(self, desk: SamplesDesk, progress: _Progress, sample: Ticket, period: Span, now: datetime) -> Iterator[Open]:
        """
        Those reviews of a sample that are not there, some at a time.

        One that was asked for is looked for again in a later tick, since a store may fail in the midst of them.
        """
        left = progress.left.setdefault(period.name, deque(sample.fields.get("drawn") or ()))
        for _ in range(min(PAGE, len(left))):
            item = left.popleft()
            ticket, agent = item["ticket"], item["agent"]
            new = f"{self.review}/{self.name}/{period.name}/{ticket}"
            if desk.store.load(new) is None:
                left.append(item)
                fields = {"agent": agent, "reviewed": ticket, "period": period.name, "sample": sample.id}
                yield _open(sample.id, f"review:{ticket}", self.review, new, at=now, fields=fields)
        if not left:
            progress.done.add(period.name)
            del progress.left[period.name]

    # reading -------------------------------------------------------------------------------------------------------

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Sampling:
        """
        A sampling from the plain data of its document.

        Raises:
            DefinitionError: with everything that is wrong.
        """
        found: list[Finding] = []
        given: dict[str, Any] = {"name": str(data["sampling"]), "version": version_of(data, found)}
        workflows = data.get("workflows") or ()
        given["workflows"] = (workflows,) if isinstance(workflows, str) else tuple(workflows)
        if not given["workflows"]:
            found.append(Finding("definition.missing_key", "workflows", {"key": "workflows"}))
        if not 0 < len(given["name"]) <= LONGEST:
            found.append(Finding("definition.key", "sampling", {"key": given["name"]}))
        for index, name in enumerate(given["workflows"]):
            if name in given["workflows"][:index]:  # its tickets would count, and be drawn, twice
                found.append(Finding("name.twice", f"workflows[{index}]", {"name": name, "kind": "workflows"}))
        percent = exact(data.get("percent"))
        if percent is None or not 0 < percent <= 100:
            found.append(Finding("sampling.share", "percent", {"value": data.get("percent")}))
        given["percent"] = percent
        given.update({key: data[key] for key in ("review", "sample_workflow", "seed", "title") if data.get(key)})
        for key, lowest, highest in (("at_least", 0, MOST), ("at_most", 1, MOST), ("back", 1, 36), ("batch", 1, 100_000)):
            if key in data:
                given[key] = value = data[key]
                if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
                    facts = {"key": key, "value": value, "lowest": lowest, "highest": highest}
                    found.append(Finding("sampling.number", key, facts))
        given.update(_read_time(data, found), **_read_expressions(data, found))
        if found:
            raise DefinitionError.of(found)
        return cls(**given)


def _read_time(data: Mapping[str, Any], found: list[Finding]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    if data.get("period") is not None:
        read["period"] = data["period"]
        if data["period"] not in PERIODS:
            facts = {"kind": "period", "name": data["period"], "known": PERIODS, "nearest": None}
            found.append(Finding("name.unknown", "period", facts))
    if data.get("zone") is not None:
        try:
            read["zone"] = ZoneInfo(str(data["zone"]))
        except (ValueError, OSError, KeyError):
            found.append(Finding("sampling.zone", "zone", {"value": data["zone"]}))
    if data.get("wait") is not None:
        try:
            length = Length.of(data["wait"])
        except TimeError as error:
            found.append(Finding("definition.span", "wait", {"value": data["wait"], "why": error.message}))
            return read
        read["wait"] = length.exact
        if length.business_days:
            found.append(Finding("sampling.wait", "wait", {"value": data["wait"]}))
    return read


def _read_expressions(data: Mapping[str, Any], found: list[Finding]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for key in ("agent", "when"):
        if data.get(key) is not None:
            # Fields are whatever the workflows have, so names that are no attribute are read as fields.
            made = read_expression(data[key], None, key)
            if isinstance(made, Finding):
                found.append(made)
            else:
                read[key] = made
    return read


def _declared(desk: SamplesDesk, ticket: Ticket | None) -> frozenset[str]:
    """The fields that a ticket's workflow declares: one that nobody set is not mistyped."""
    kept = None if ticket is None else desk.store.definition(ticket.pins.get("workflow", ""))
    return frozenset((kept or {}).get("fields", ()))


def _scope(ticket: Ticket) -> dict[str, Any]:
    known = {name: getattr(ticket, name) for name in READ}
    return {**known, "tags": list(ticket.tags), **ticket.fields}


def _value(expression: Expression, scope: Mapping[str, Any]) -> Any:
    """What an expression gives of a ticket; None where it cannot say, as where another workflow has no such field."""
    try:
        return expression.evaluate(scope)
    except ExpressionError:
        return None


def _open(cause: str, action: str, workflow: str, new: str, *, at: datetime, fields: Mapping[str, Any]) -> Open:
    return Open(
        id=effect_id(cause, "sampling", action),
        ticket=cause,
        at=at,
        cause="sampling",
        action=action,
        workflow=workflow,
        new_ticket=new,
        fields=FrozenMap(fields),
    )


__all__ = ["MOST", "Sampling", "place"]
