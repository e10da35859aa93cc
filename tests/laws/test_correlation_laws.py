"""Knows the laws of looking across tickets; must not know how what is remembered is kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servflow.correlation import Correlation, Correlator, Fact, Firing, View
from servflow.correlation._names import OF_TICKET as TICKET
from servflow.model import Outcome, Record, Ticket, dump, load
from tests.laws.kernel_strategies import Opening, Step, openings, play, step_lists
from tests.laws.kernel_workflows import CASES, Case
from tests.oracles.window_scan import Seen, scan, seconds

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
FAR = START + seconds(10_000)
ACTIONS = [{"send": {"event": "found"}}, {"open": {"workflow": "care", "fields": {"customer": "key"}}}]

instants = st.integers(0, 30)
spans = st.integers(3, 10).map(lambda number: f"{number}s")
grace = st.sampled_from([None, "2s", "6s"])
wide = {"keep": 200}


def correlators(grace: st.SearchStrategy[Any] = grace, **more: Any) -> st.SearchStrategy[Correlator]:
    """Every kind of correlator, with every option; ``kind`` etc. play no part, since facts are drawn as they are."""
    after = st.sampled_from([{}, {"after": "slide"}, {"after": "once"}, {"quiet": "4s"}, {"after": "slide", "quiet": "4s"}])
    finds = st.one_of(
        st.builds(lambda count, how: {"find": "count", "count": count, **how}, st.integers(1, 4), after),
        st.builds(lambda count, how: {"find": "distinct", "count": count, "of": "asset", **how}, st.integers(2, 3), after),
        st.builds(lambda steps, how: {"find": "sequence", "steps": ["closed"] * steps, **how}, st.integers(2, 3), after),
        st.just({"find": "absence"}),
    )
    return st.builds(
        lambda find, within, wait: Correlator(
            name="watch", key="customer", within=within, grace=wait, do=ACTIONS, **find, **more
        ),
        finds,
        spans,
        grace,
    )


@st.composite
def facts(draw: st.DrawFn, correlator: Correlator, keys: str = "ab", most: int = 14) -> list[Fact]:
    """Facts of a few keys, as this correlator would make them."""
    made = []
    for number in range(draw(st.integers(0, most))):
        steps = draw(st.sets(st.integers(0, 2), max_size=2)) if correlator.find == "sequence" else ()
        starts, ends = draw(st.sampled_from([(True, False), (True, True), (False, True)]))
        waited = correlator.find == "absence"
        made.append(
            Fact(
                key=draw(st.sampled_from(keys)),
                ticket=f"t{number % 3}",
                sequence=number + 1,
                at=START + seconds(draw(instants)),
                value=draw(st.sampled_from(["x", "y", "z", 1, True])) if correlator.find == "distinct" else None,
                steps=tuple(sorted(steps)),
                starts=starts or not waited,
                ends=ends and waited,
            )
        )
    return made


def seen(found: Iterable[Firing]) -> list[Seen]:
    """What the oracle tells of firings."""
    return sorted((one.at, one.key, tuple(fact.id for fact in one.facts)) for one in found)


def in_order(made: list[Fact]) -> list[Fact]:
    return sorted(made, key=lambda fact: fact.position)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_in_order_all_is_found_that_looking_at_everything_again_finds(data: st.DataObject) -> None:
    """What is remembered is enough: the state finds exactly what a scan of all facts finds."""
    correlator = data.draw(correlators(grace=st.none(), **wide))
    made = data.draw(facts(correlator))
    engine = Correlation(correlator)

    found = [firing for fact in in_order(made) for firing in engine.feed((fact,))]

    assert scan(correlator, made, FAR) == seen((*found, *engine.advance(FAR)))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_within_the_grace_the_order_of_arrival_changes_nothing(data: st.DataObject) -> None:
    """However facts overtake each other, those that come within the grace give what their own order gives."""
    correlator = data.draw(correlators(grace=st.sampled_from(["2s", "6s"]), **wide))
    made = data.draw(facts(correlator))
    delays = {fact.id: data.draw(st.integers(0, int(correlator.grace.exact.total_seconds()))) for fact in made}
    arriving = data.draw(st.permutations(made))
    engine = Correlation(correlator)

    found = []
    for fact in sorted(arriving, key=lambda one: one.at + seconds(delays[one.id])):
        found += engine.feed((fact,), at=fact.at + seconds(delays[fact.id]))

    assert scan(correlator, made, FAR) == seen((*found, *engine.advance(FAR)))


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_silence_is_found_in_whatever_order_its_facts_come(data: st.DataObject) -> None:
    """Even without a grace: an end that comes late ends what it ends, and the wait that began after it goes on."""
    correlator = Correlator(name="watch", key="customer", find="absence", within="30s", keep=200)
    made = data.draw(facts(correlator, keys="a", most=6))
    engine = Correlation(correlator)

    engine.feed(data.draw(st.permutations(made)), at=START + seconds(30))

    assert scan(correlator, made, FAR) == seen(engine.advance(FAR))


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_looking_more_often_changes_nothing(data: st.DataObject) -> None:
    """Time may pass in one step or in many: what is found is the same, and found once."""
    correlator = data.draw(correlators(**wide))
    made = in_order(data.draw(facts(correlator)))
    looks = sorted(data.draw(st.lists(st.integers(30, 70), max_size=6)))
    once, often = Correlation(correlator), Correlation(correlator)
    for engine in (once, often):
        engine.feed(made, at=START + seconds(30))

    split = [firing for look in looks for firing in often.advance(START + seconds(look))]

    assert once.advance(FAR) == tuple(sorted((*split, *often.advance(FAR)), key=lambda one: (one.at, one.key, one.by.position)))


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_what_comes_twice_counts_once(data: st.DataObject) -> None:
    """Facts that are delivered again, any number of times and in any order, change nothing at all."""
    correlator = data.draw(correlators(**wide))
    made = in_order(data.draw(facts(correlator, most=8)))
    plain, again = Correlation(correlator), Correlation(correlator)

    for index, fact in enumerate(made):
        repeated = data.draw(st.lists(st.sampled_from(made[: index + 1]), max_size=3))
        assert plain.feed((fact,)) == again.feed((fact, fact))
        assert () == again.feed(repeated)

    assert plain.advance(FAR) == again.advance(FAR)


@given(st.data(), st.integers(1, 5))
@settings(max_examples=50, deadline=None)
def test_memory_is_bounded_whatever_comes(data: st.DataObject, least: int) -> None:
    """However many facts come, late or not, no key keeps more than it may; when their time is over nothing is kept."""
    correlator = data.draw(correlators(late=data.draw(st.sampled_from(["place", "drop"])), keep=least + 5))
    engine = Correlation(correlator)

    for fact in data.draw(facts(correlator, most=40)):
        engine.feed((fact,))
        state = engine.state(fact.key)
        assert max(len(state.live), len(state.spent), len(state.behind)) <= correlator.rule.keep
    engine.advance(FAR)

    assert () == engine.keys


def lived(correlator: Correlator, made: list[Fact], data: st.DataObject) -> tuple[Ticket, list[Record], list[Any]]:
    """One key as a ticket: facts come after their own instants, time passes now and then."""
    outcome = correlator.open(correlator.ticket_id("a"), {"key": "a"}, at=START)
    records, effects = [*outcome.records], [*outcome.effects]
    at = START
    for fact in made:
        at = max(at, fact.at) + seconds(data.draw(st.integers(0, 3)))
        if data.draw(st.booleans()) and at <= fact.at + correlator.grace.exact:
            outcome = advanced(correlator, outcome.ticket, at)
            records, effects = [*records, *outcome.records], [*effects, *outcome.effects]
        outcome = correlator.fire(outcome.ticket, "record", fact.payload, at=at, key=fact.event_key)
        records, effects = [*records, *outcome.records], [*effects, *outcome.effects]
        assert outcome.ticket.wake is None or outcome.ticket.wake > outcome.ticket.at
    outcome = advanced(correlator, outcome.ticket, FAR)
    return outcome.ticket, [*records, *outcome.records], [*effects, *outcome.effects]


def advanced(correlator: Correlator, ticket: Ticket, at: datetime) -> Outcome:
    return correlator.advance(ticket, at=max(at, ticket.at))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_key_is_a_ticket_like_any_other(data: st.DataObject) -> None:
    """In whatever order facts come: ``fold(records) == ticket``; rerun, dump and load give the same; no effect id twice."""
    correlator = data.draw(correlators())
    made = data.draw(facts(correlator, keys="a"))

    ticket, records, effects = lived(correlator, made, data)

    assert ticket == correlator.fold(records)
    assert Outcome(ticket=ticket, records=tuple(records)) == correlator.rerun(records)
    assert ticket == load(dump(ticket))
    assert len(effects) == len({effect.id for effect in effects})
    assert (ticket.closed, ticket.wake) == (bool(made), None)


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_the_ticket_of_a_key_finds_what_the_scan_finds(data: st.DataObject) -> None:
    """Kept as records and effects, the same is found, whenever somebody looks."""
    correlator = data.draw(correlators(**wide))
    made = in_order(data.draw(facts(correlator, keys="a")))

    _, records, _ = lived(correlator, made, data)

    found = [record for record in records if type(record).__name__ == "Decided"]
    told = sorted(
        (one.values["at"], one.values["key"], tuple(f"{ticket}:{sequence}" for ticket, sequence, _ in one.why["facts"]))
        for one in found
    )
    assert scan(correlator, made, FAR) == told


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_advancing_in_two_steps_gives_the_ticket_of_one(data: st.DataObject) -> None:
    """For a <= b, ``advance(a); advance(b)`` gives the ticket and the effects of ``advance(b)``."""
    correlator = data.draw(correlators())
    ticket = correlator.open(correlator.ticket_id("a"), {"key": "a"}, at=START).ticket
    for fact in in_order(data.draw(facts(correlator, keys="a"))):
        ticket = correlator.fire(ticket, "record", fact.payload, at=fact.at).ticket
    middle = START + seconds(data.draw(st.integers(31, 60)))

    half = correlator.advance(ticket, at=middle)
    rest = correlator.advance(half.ticket, at=max(FAR, half.ticket.at))
    whole = correlator.advance(ticket, at=FAR)

    assert whole.ticket == rest.ticket
    assert whole.records == (*half.records, *rest.records)
    assert whole.effects == (*half.effects, *rest.effects)


@pytest.mark.parametrize("case", CASES[:4], ids=lambda case: case.name)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(openings, step_lists())
def test_what_conditions_read_is_what_the_kernel_folds(case: Case, opening: Opening, steps: list[Step]) -> None:
    """After every call the names of a record are the ticket's own, whether the view began with the opening or in the middle."""
    outcomes = play(case, opening, steps).outcomes
    view = View()
    for before, outcome in zip((None, *outcomes), outcomes, strict=False):
        middle = View(None if before is None else before.ticket)
        for record in outcome.records:
            assert view.see(record, whole=True) == middle.see(record, whole=True)
        ticket = outcome.ticket
        named = {name: view.names[name] for name in TICKET if name != "ticket"}
        assert {name: getattr(ticket, name) for name in named} == named
        assert ticket.id == view.names["ticket"]
