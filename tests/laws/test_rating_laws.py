"""Knows what holds of ratings and surveys whatever happens in whatever order; must not know how they are compiled."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import ceil
from random import Random
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from servflow.desk import Desk
from servflow.engine import Workflow
from servflow.errors import Refused
from servflow.evaluation import Sampling, Surveys
from servflow.model import Open, Rated, Record, Surveyed, dump, load_ticket
from servflow.stores import MemoryStore

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
FLOW = Workflow(
    workflow="repair",
    fields={"agent": {"type": "string", "optional": True}},
    states={
        "open": {},
        "closed": {"closed": True, "timers": [{"after": "5d", "event": "archive"}]},
        "archived": {"closed": True},
    },
    transitions=[
        {"event": "close", "source": "open", "target": "closed"},
        {"event": "archive", "source": "closed", "target": "archived"},
        {"event": "ticket.reopen", "source": ["closed", "archived"], "target": "open"},
    ],
    surveys=[
        {"name": "csat", "state": "closed", "after": "2h", "low": 2, "fatigue": "3d"},
        {"name": "visit", "state": "closed", "after": "1d", "about": "visit", "low": 3, "fatigue": "1d"},
        {"name": "nps", "state": "archived", "scale": "nps", "about": "relation", "after": "1h", "low": {"at_most": 6}},
    ],
)

rating = st.fixed_dictionaries(
    {"score": st.integers(-1, 11)},
    optional={
        "scale": st.sampled_from(["csat", "nps", "ces", "stars"]),
        "about": st.sampled_from(["ticket", "visit", "relation"]),
        "visit": st.sampled_from(["v1", "v2"]),
        "rater": st.sampled_from(["c1", "c2"]),
    },
)
step = st.tuples(
    st.timedeltas(timedelta(0), timedelta(days=4)),
    st.one_of(
        st.tuples(st.sampled_from(["close", "ticket.reopen", "archive"]), st.none()),
        st.tuples(st.just("rating.add"), rating),
        st.tuples(st.just("survey.asked"), st.just({"survey": "csat", "to": "c1"})),
        st.tuples(st.just("survey.skipped"), st.just({"survey": "nps", "reason": "rated"})),
    ),
)


def played(steps: list[Any]) -> tuple[Any, list[Record], list[Any]]:
    """The ticket, its records and its effects after some steps; what is refused changes nothing."""
    outcome = FLOW.open("T1", {"customer": "c1"}, at=MONDAY)
    ticket, records, effects, now = outcome.ticket, [*outcome.records], [*outcome.effects], MONDAY
    for length, (event, payload) in steps:
        now += length
        actor = "system" if event.startswith("survey.") else "c1"
        try:
            outcome = FLOW.fire(ticket, event, payload, at=now, actor=actor)
        except Refused:
            outcome = FLOW.advance(ticket, at=now)
        ticket = outcome.ticket
        records += outcome.records
        effects += outcome.effects
    return ticket, records, effects


@settings(deadline=None)
@given(st.lists(step, max_size=14))
def test_a_ticket_with_ratings_is_what_its_records_say(steps: list[Any]) -> None:
    """Fold gives the ticket, its row reads back, time in one go or in two gives the same, and no effect has an id twice."""
    ticket, records, effects = played(steps)

    assert ticket == FLOW.fold(records)
    assert ticket == load_ticket(dump(ticket))
    assert [] == [one for one, count in Counter(effect.id for effect in effects).items() if count > 1]
    later = ticket.at + timedelta(days=9)
    halfway = FLOW.advance(ticket, at=ticket.at + timedelta(days=1)).ticket
    assert FLOW.advance(ticket, at=later).ticket == FLOW.advance(halfway, at=later).ticket


@settings(deadline=None)
@given(st.lists(step, max_size=14))
def test_every_low_opinion_is_answered_once_until_the_work_is_done_again(steps: list[Any]) -> None:
    """Computed from the records alone: the first low rating of an opinion since the opening or a reopening, and no other."""
    _, records, effects = played(steps)
    low = {("csat", "ticket"): 2, ("csat", "visit"): 3, ("nps", "relation"): 6}
    answered: set[Any] = set()
    expected = 0
    for record in records:
        if getattr(record, "reopened", False):
            answered.clear()
        if (
            isinstance(record, Rated)
            and record.score <= low.get((record.scale, record.about), -1)
            and record.of not in answered
        ):
            answered.add(record.of)
            expected += 1

    assert expected == sum(isinstance(effect, Open) for effect in effects)
    assert expected == sum(isinstance(record, Rated) and record.low is not None for record in records)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["c1", "c2"])), min_size=1, max_size=8), st.booleans())
def test_nobody_is_asked_twice_within_the_fatigue(cases: list[tuple[int, str]], stop: bool) -> None:
    """Whatever is closed when, and however often the program is started anew: a survey keeps all others off for its fatigue."""
    store, now = MemoryStore(), MONDAY
    asked: list[tuple[str, datetime]] = []

    def desk() -> Desk:
        surveys = Surveys(now=lambda: now)
        note = {"notify": lambda effect: asked.append((effect.to, effect.at)), "*": lambda effect: None}
        return surveys_joined(surveys, Desk(FLOW, store, handlers={"call:survey": surveys, **note}, now=lambda: now))

    def surveys_joined(surveys: Surveys, made: Desk) -> Desk:
        surveys.join(made)
        return made

    office = desk()
    for number, (hours, customer) in enumerate(cases):
        office.open(f"T{number}", {"customer": customer})
        office.fire(f"T{number}", "close")
        for _ in range(hours):
            now += timedelta(hours=1)
            office.tick()
            while office.deliver().delivered:
                pass
        if stop:
            office = desk()
    for customer in ("c1", "c2"):
        mine = [at for who, at in asked if who == customer]
        # The survey that asked says for how long: csat three days, visit one.
        assert [] == [before for before, after in pairwise(mine) if after - before < timedelta(days=1)]
    told = [one for number in range(len(cases)) for one in office.history(f"T{number}") if isinstance(one, Surveyed)]
    assert len(asked) == sum(one.outcome == "asked" for one in told)
    by_csat = sorted((one.to, one.at) for one in told if one.outcome == "asked" and one.survey == "csat")
    for who, since in by_csat:
        assert 1 == sum(to == who and timedelta(0) <= at - since < timedelta(days=3) for to, at in asked)
    store.close()


@settings(deadline=None, max_examples=25)
@given(
    st.dictionaries(st.text("abcdef0123456789", min_size=1, max_size=6), st.sampled_from(["ann", "bob", None]), max_size=25),
    st.integers(1, 100),
    st.randoms(),
)
@example({"0": None}, 1, Random(0))
def test_a_draw_is_the_same_in_whatever_order_it_is_read(closed: dict[str, str | None], percent: int, chance: Any) -> None:
    """Tickets opened in another order, read in other pages: the same are drawn, of every agent the share rounded up."""
    drawn = []
    for batch in (1, 2_000):
        store = MemoryStore()
        rule = {"sampling": "s", "workflows": ["repair"], "percent": percent, "agent": "agent", "period": "day", "batch": batch}
        sampling = Sampling.from_data(rule)
        desk = Desk(FLOW, store, now=lambda: MONDAY)
        tickets = list(closed.items())
        chance.shuffle(tickets)
        for ticket, agent in tickets:
            desk.open(ticket, {} if agent is None else {"agent": agent})
            desk.fire(ticket, "close")
        for _ in range(300):
            found = sampling(desk, MONDAY + timedelta(days=2))
            if found:
                break
        [sample] = found
        assert isinstance(sample, Open)
        drawn.append(sample.fields["drawn"])
        store.close()
    counts = Counter(agent for agent in closed.values() if agent is not None)

    assert drawn[0] == drawn[1]
    quota = {agent: ceil(Fraction(count * percent, 100)) for agent, count in counts.items()}
    assert quota == Counter(item["agent"] for item in drawn[0])
