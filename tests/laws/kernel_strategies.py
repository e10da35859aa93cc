"""Knows how random histories of a ticket are drawn, played and played again otherwise; must not know any law."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve, field, frozen
from hypothesis import strategies as st

from servflow.errors import Refused
from servflow.model import Actor, Effect, Notify, Offer, Outcome, Record, Ticket, Unreachable, Withdraw, canonical
from tests.laws.kernel_workflows import START, Case

MICRO = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
FAR = timedelta(days=60)
Opening = tuple[int, int, int | None, int, int]


@frozen
class Step:
    """
    One thing drawn: which entry of the menu (None: time passes), how long after the last one, how late it is told.

    ``due`` counts microseconds from what time alone does next, instead of ``gap`` minutes from the last step.
    ``eager`` goes on along the menu until an entry is accepted.
    """

    what: int | None
    gap: int = 0
    due: int | None = None
    late: int | None = None
    eager: bool = True
    path: bool = False


@frozen
class Said:
    """One call of the kernel, ready to be made again."""

    verb: str
    at: datetime
    event: str = ""
    payload: Mapping[str, Any] | None = None
    actor: Actor | None = None
    occurred: datetime | None = None


@frozen
class Story:
    """The calls of a history that were accepted, and what each of them came to."""

    case: Case
    calls: tuple[Said, ...]
    outcomes: tuple[Outcome, ...] = field(repr=False)

    @property
    def ticket(self) -> Ticket:
        return self.outcomes[-1].ticket

    @property
    def end(self) -> datetime:
        return self.calls[-1].at

    @property
    def records(self) -> tuple[Record, ...]:
        return tuple(record for outcome in self.outcomes for record in outcome.records)

    @property
    def effects(self) -> tuple[Effect, ...]:
        return tuple(effect for outcome in self.outcomes for effect in outcome.effects)


gaps = st.one_of(st.just(0), st.integers(0, 90), st.integers(0, 2 * 24 * 60), st.integers(0, 300).map(lambda n: n * 30))
dues = st.one_of(st.none(), st.none(), st.sampled_from([-1, 0, 1, 2]))
lates = st.one_of(st.none(), st.none(), st.integers(0, 300))


def step_lists(*, late: bool = True, most: int = 12) -> st.SearchStrategy[list[Step]]:
    """Steps in which events are frequent, ties are common, and the instants of timers are met to the microsecond."""
    one = st.builds(
        Step,
        what=st.one_of(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.none()),
        gap=gaps,
        due=dues,
        late=lates if late else st.none(),
        eager=st.sampled_from([True, True, False]),
    )
    return st.lists(one, max_size=most)


openings = st.tuples(
    st.integers(0, 7),
    st.one_of(st.just(0), st.integers(0, 10_000)),
    lates,
    st.integers(0, 11),
    st.sampled_from([0, 1, 7, 45, 400]),
)
"""Which fields, how many minutes after the start, how late it is told, how far along the case's path, and its pace."""


def make(case: Case, ticket: Ticket | None, call: Said) -> Outcome:
    """Make one call with the world of the case."""
    workflow, world = case.workflow, case.world
    if call.verb == "open":
        return workflow.open("T1", call.payload, at=call.at, actor=call.actor, world=world, occurred=call.occurred)
    assert ticket is not None
    if call.verb == "advance":
        return workflow.advance(ticket, at=call.at, world=world)
    return workflow.fire(ticket, call.event, call.payload, at=call.at, actor=call.actor, world=world, occurred=call.occurred)


def refusal(case: Case, ticket: Ticket, call: Said) -> str | None:
    """The code a call is refused with; None where it is not."""
    try:
        make(case, ticket, call)
    except Refused as refused:
        return refused.code
    return None


def play(case: Case, opening: Opening, steps: Sequence[Step]) -> Story:
    """Make the drawn calls, after some of those of the case's path; what is refused is left out."""
    which, minutes, late, depth, pace = opening
    at = START + minutes * MINUTE
    first = Said(
        "open",
        at,
        payload=case.openings[which % len(case.openings)],
        actor=case.opener,
        occurred=None if late is None else at - late * MINUTE,
    )
    calls, outcomes = [first], [make(case, None, first)]
    ahead = [Step(index, pace, eager=False, path=True) for index in range(min(depth, len(case.path)))]
    for step in (*ahead, *steps):
        ticket = outcomes[-1].ticket
        at = instant_of(step, ticket, calls[-1].at)
        for call in candidates(case, step, ticket, at):
            try:
                outcome = make(case, ticket, call)
            except Refused:
                continue
            calls.append(call)
            outcomes.append(outcome)
            break
    return Story(case, tuple(calls), tuple(outcomes))


def instant_of(step: Step, ticket: Ticket, now: datetime) -> datetime:
    if step.due is not None and ticket.wake is not None and ticket.wake - now < FAR:
        return max(now, ticket.wake - MICRO + step.due * MICRO)
    return now + step.gap * MINUTE


def candidates(case: Case, step: Step, ticket: Ticket, at: datetime) -> Iterable[Said]:
    if step.what is None:
        yield Said("advance", at)
        return
    entries = case.path if step.path else case.menu
    for turn in range(len(entries) if step.eager else 1):
        event, payload, who = entries[(step.what + turn) % len(entries)]
        late = None if step.late is None else at - step.late * MINUTE
        yield Said("fire", at, event, meant(ticket, event, payload), person(ticket, who), late)


def meant(ticket: Ticket, event: str, payload: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What an entry of a menu carries on this ticket: of its children, the ``first``, the ``last`` or a ``closed`` one."""
    if payload is None or not event.startswith("ticket.child_"):
        return payload
    if payload["child"] == "by hand":
        return payload
    named = {"first": ticket.children[:1], "last": ticket.children[-1:], "closed": ticket.children_closed[:1]}
    return {"child": next(iter(named[payload["child"]]), "none")}


def person(ticket: Ticket, who: Actor | str | None) -> Actor | None:
    """Who an entry of a menu means on this ticket."""
    if who == "assignee":
        return Actor(ticket.assignee or "nobody", ["engineer"])
    if who == "offered":
        return Actor(ticket.offers[0].to if ticket.offers else "nobody", ["engineer"])
    assert not isinstance(who, str)
    return who


def again(story: Story, change: Callable[[Said], Said] = lambda call: call, ticks: Iterable[datetime] = ()) -> Story:
    """The same calls once more, each changed, with ticks at further instants before calls of the same instant."""
    ahead = sorted(ticks)
    calls: list[Said] = []
    outcomes: list[Outcome] = []
    ticket: Ticket | None = None
    for call in story.calls:
        while ticket is not None and ahead and ahead[0] <= call.at:
            tick = Said("advance", ahead.pop(0))
            outcomes.append(make(story.case, ticket, tick))
            calls.append(tick)
            ticket = outcomes[-1].ticket
        calls.append(change(call))
        outcomes.append(make(story.case, ticket, calls[-1]))
        ticket = outcomes[-1].ticket
    return Story(story.case, tuple(calls), tuple(outcomes))


def extended(story: Story, *calls: Said) -> Story:
    """The story with further calls."""
    outcomes = list(story.outcomes)
    for call in calls:
        outcomes.append(make(story.case, outcomes[-1].ticket, call))
    return evolve(story, calls=(*story.calls, *calls), outcomes=tuple(outcomes))


def between(story: Story, shares: Iterable[float]) -> list[datetime]:
    """Instants spread over the story by their share of its length."""
    length = story.end - story.calls[0].at
    return [story.calls[0].at + length * share for share in shares]


def excused(case: Case, effect: Effect, events: bool) -> bool:
    """
    Whether catching up at once may leave the effect out: a notification that is folded, an offer that came to nothing.

    Where the history has ``events`` of its own, one may end the very run whose level is caught up in its call; then that
    level tells nobody, whatever its chain says about being late.
    """
    if isinstance(effect, (Offer, Withdraw)):
        return True
    if not isinstance(effect, (Notify, Unreachable)):
        return False
    chains = case.workflow.escalations
    return any(
        (events or chain.late == "collapse")
        and (effect.action.startswith(f"escalations[{index}]") or effect.action == "fallback")
        for index, chain in enumerate(chains)
    )


def difference(
    case: Case, more: Iterable[Effect], fewer: Iterable[Effect], *, events: bool = False
) -> tuple[list[Effect], list[Effect]]:
    """What only the first has and nothing excuses, and what only the second has; see ``excused``."""
    many, few = {effect.id: effect for effect in more}, {effect.id: effect for effect in fewer}
    extra = [effect for name, effect in many.items() if name not in few and not excused(case, effect, events)]
    return extra, [effect for name, effect in few.items() if name not in many]


def twice(effects: Iterable[Effect]) -> list[str]:
    """Ids that occur more than once."""
    return [name for name, count in Counter(effect.id for effect in effects).items() if count > 1]


def unfolded(record: Record) -> bytes:
    """A record without what catching up at once may tell otherwise: that a later level spoke for this one."""
    if getattr(record, "outcome", None) == "coalesced":
        record = evolve(record, outcome="fired", why=record.why[:-1])  # type: ignore[call-arg, attr-defined]  # those that have one
    return canonical(record)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)
