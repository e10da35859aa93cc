"""Knows what whoever runs correlators must do, as tests a host runs against its own; must not know any particular one."""
# ruff: noqa: SIM300 - expected == actual is the order of the whole suite

from __future__ import annotations

import random
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest

from servflow.correlation import Correlation, Correlator, Fact, Firing
from servflow.errors import InputError, TimeError

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


class Correlating(Protocol):
    """What is put to the test: ``servflow.correlation.Correlation`` is one."""

    def feed(self, facts: Iterable[Fact], at: datetime | None = None) -> tuple[Firing, ...]:
        """Take in some facts; what is complete now."""
        ...

    def advance(self, at: datetime) -> tuple[Firing, ...]:
        """Let time pass; what is complete strictly before an instant."""
        ...


def fact(key: str, hours: float, number: int, **more: Any) -> Fact:
    """A fact some hours after noon, of a ticket of its own."""
    return Fact(key=key, ticket=f"t{number:05}", sequence=1, at=NOON + hours * HOUR, **more)


def told(found: Iterable[Firing]) -> list[tuple[str, datetime, tuple[str, ...]]]:
    """What a firing is known by: its key, when, and the facts behind it."""
    return [(one.key, one.at, tuple(fact.ticket for fact in one.facts)) for one in found]


def counting(count: int = 3, within: str = "24h", **more: Any) -> Correlator:
    """So many records of a customer within a span."""
    return Correlator(name="repeated", key="customer", find="count", count=count, within=within, **more)


def week(seed: int = 7, complaints: int = 700, customers: int = 60) -> list[Fact]:
    """A week of complaints, some customers with many more than others, in the order they came in."""
    draw = random.Random(seed)  # noqa: S311,RUF100 - a made-up week, the same each time
    made = []
    for number in range(complaints):
        customer = min(draw.randrange(customers), draw.randrange(customers))
        seconds = draw.randrange(7 * 86_400)
        asset, steps = f"a{draw.randrange(4)}", tuple(step for step in range(2) if draw.random() < 0.5)
        made.append(
            (
                seconds,
                Fact(
                    key=f"c{customer}",
                    ticket=f"t{number:05}",
                    sequence=1,
                    at=NOON + timedelta(seconds=seconds),
                    value=asset,
                    steps=steps,
                ),
            )
        )
    return [one for _, one in sorted(made, key=lambda pair: pair[1].position)]


class CorrelatorContract:
    """
    What a host runs against whatever runs its correlators: a pytest class to inherit from.

    Override ``running``, which gives one at work, and ``cannot`` where it cannot do everything that a correlator may ask
    for: such a one is to be refused with ``InputError`` when it is built, and its cases then only test that.
    """

    def running(self, correlator: Correlator) -> AbstractContextManager[Correlating]:
        """One that runs this correlator, for the length of a test."""
        raise InputError("override running(correlator) to give what is to be tested", code="contract")

    def cannot(self, correlator: Correlator) -> bool:
        """Whether this correlator is one that it refuses."""
        return False

    def at_work(self, correlator: Correlator) -> AbstractContextManager[Correlating]:
        """``running``, or the test is over once the refusal was seen."""
        if self.cannot(correlator):
            with pytest.raises(InputError):
                self.running(correlator).__enter__()  # noqa: PLC2801,RUF100 - it raises
            pytest.skip("it refuses this kind of correlator, as it says")
        return self.running(correlator)

    # what is looked for --------------------------------------------------------------------------------------------

    def test_the_third_of_a_day_is_found(self) -> None:
        """Three records of one customer within a day: found with the third, with all three behind it."""
        with self.at_work(counting()) as engine:
            assert () == engine.feed([fact("c1", 0, 1), fact("c2", 1, 2), fact("c1", 2, 3)])
            found = engine.feed([fact("c1", 5, 4)])

        assert [("c1", NOON + 5 * HOUR, ("t00001", "t00003", "t00004"))] == told(found)

    def test_exactly_the_span_later_still_belongs(self) -> None:
        """The span is a bound that still belongs; a microsecond more does not."""
        with self.at_work(counting(2)) as engine:
            assert 1 == len(engine.feed([fact("c1", 0, 1), fact("c1", 24, 2)]))
        late = Fact(key="c1", ticket="t00002", sequence=1, at=NOON + 24 * HOUR + TICK)
        with self.at_work(counting(2)) as engine:
            assert () == engine.feed([fact("c1", 0, 1), late])

    def test_counting_begins_anew_after_a_firing(self) -> None:
        """What made a firing counts for no other one."""
        with self.at_work(counting(2)) as engine:
            found = engine.feed([fact("c1", hour, hour) for hour in range(5)])

        assert [("t00000", "t00001"), ("t00002", "t00003")] == [tickets for _, _, tickets in told(found)]

    def test_a_sliding_count_fires_with_every_further_record(self) -> None:
        """With ``after: slide`` what made a firing goes on counting."""
        with self.at_work(counting(2, after="slide")) as engine:
            found = engine.feed([fact("c1", hour, hour) for hour in range(4)])

        assert [2, 3, 4] == [one.count for one in found]

    def test_an_alarm_told_once_is_told_again_after_quiet(self) -> None:
        """With ``after: once`` there is no other firing for as long as each record comes within the span of the one before."""
        with self.at_work(counting(2, after="once")) as engine:
            found = engine.feed([fact("c1", hour, hour) for hour in (0, 1, 20, 40, 65, 66)])

        assert [NOON + HOUR, NOON + 66 * HOUR] == [one.at for one in found]

    def test_different_values_are_counted_once_each(self) -> None:
        """Three different assets within a day, however often one of them comes."""
        correlator = Correlator(name="spread", key="customer", find="distinct", of="asset", count=3, within="24h")
        with self.at_work(correlator) as engine:
            assets = ["a", "a", "b", "b", "c"]
            found = engine.feed([fact("c1", hour, hour, value=value) for hour, value in enumerate(assets)])

        assert [("c1", NOON + 4 * HOUR, ("a", "b", "c"))] == [(one.key, one.at, one.values) for one in found]

    def test_steps_come_in_order(self) -> None:
        """A sequence is found when its last step comes within the span of its first, with others in between or not."""
        steps = ["kind == 'Opened'", "closed", "reopened"]
        correlator = Correlator(name="again", key="asset", find="sequence", steps=steps, within="24h")
        with self.at_work(correlator) as engine:
            coming = [(1,), (0,), (2,), (1,), (2,)]
            found = engine.feed([fact("x", hour, hour, steps=steps) for hour, steps in enumerate(coming)])

        assert [("x", NOON + 4 * HOUR, ("t00001", "t00003", "t00004"))] == told(found)

    def test_silence_is_found_once_its_time_is_past(self) -> None:
        """An absence fires once time is past its span, not with it; what comes in time starts it anew, what ends it ends it."""
        correlator = Correlator(name="silent", key="ticket", find="absence", when="!closed", within="4h")
        with self.at_work(correlator) as engine:
            assert () == engine.feed([fact("x", 0, 1, ends=True), fact("x", 3, 2, ends=True), fact("y", 3, 3, ends=True)])
            assert () == engine.feed([fact("y", 4, 4, starts=False, ends=True)])
            assert () == engine.advance(NOON + 7 * HOUR)
            found = engine.advance(NOON + 7 * HOUR + TICK)

        assert [("x", NOON + 7 * HOUR, ("t00002",))] == told(found)

    # what comes late, twice or in another order ---------------------------------------------------------------------

    def test_a_fact_counts_once(self) -> None:
        """What is delivered twice counts once, before a firing and after it."""
        first, second = fact("c1", 0, 1), fact("c1", 1, 2)
        with self.at_work(counting(2)) as engine:
            assert () == engine.feed([first, first])
            assert 1 == len(engine.feed([second, first]))
            assert () == engine.feed([first, second, first])

    def test_within_the_grace_order_does_not_matter(self) -> None:
        """What overtakes others on the way is put in its place, and found once the grace is past."""
        facts = [fact("c1", hour, hour) for hour in range(5)]
        found = []
        for order in ([0, 1, 2, 3, 4], [4, 2, 0, 3, 1]):
            with self.at_work(counting(2, grace="6h")) as engine:
                early = [engine.feed([facts[number]], at=NOON + 5 * HOUR) for number in order]
                found.append((early, told(engine.advance(NOON + 30 * HOUR))))

        assert [[()] * 5] * 2 == [early for early, _ in found]
        assert [[("t00000", "t00001"), ("t00002", "t00003")]] * 2 == [[names for _, _, names in one] for _, one in found]

    def test_a_late_fact_is_put_in_its_place(self) -> None:
        """Without grace what comes late counts where it belongs, unless it is to be dropped."""
        for late, expected in (("place", 1), ("drop", 0)):
            with self.at_work(counting(3, late=late)) as engine:
                found = engine.feed([fact("c1", 2, 1), fact("c1", 4, 2), fact("c1", 3, 3)])
            assert expected == len(found)

    def test_what_is_older_than_the_span_comes_too_late(self) -> None:
        """A fact that is more than the span older than the latest of its key can no longer count."""
        with self.at_work(counting(2)) as engine:
            assert () == engine.feed([fact("c1", 30, 1), fact("c1", 1, 2), fact("c1", 2, 3)])

    def test_time_does_not_go_back(self) -> None:
        """The instant of a call is never before that of an earlier one."""
        with self.at_work(counting()) as engine:
            engine.advance(NOON)
            with pytest.raises(TimeError):
                engine.advance(NOON - HOUR)

    # many ---------------------------------------------------------------------------------------------------------

    def test_three_thousand_keys_at_once(self) -> None:
        """As many keys as there are customers; none is lost because others came in between."""
        with self.at_work(counting(2)) as engine:
            assert () == engine.feed(fact(f"k{number}", 0, number) for number in range(3_000))
            found = engine.feed(fact(f"k{number}", 1, 3_000 + number) for number in range(1_100))
            found += engine.feed(fact(f"k{number}", 2, 6_000 + number) for number in (*range(5), 2_999))

        assert sorted([*(f"k{number}" for number in range(1_100)), "k2999"]) == sorted(one.key for one in found)

    @pytest.mark.parametrize("find", ["count", "distinct", "sequence"])
    def test_a_week_of_complaints(self, find: str) -> None:
        """Over a week of complaints it finds what this library finds, fact by fact."""
        asked: dict[str, dict[str, Any]] = {
            "count": {"count": 3},
            "distinct": {"count": 3, "of": "asset"},
            "sequence": {"steps": ["kind == 'Opened'", "closed"]},
        }
        correlator = Correlator(name="week", key="customer", find=find, within="24h", **asked[find])
        with nullcontext(Correlation(correlator)) as ours, self.at_work(correlator) as engine:
            expected = [told(ours.feed([one])) for one in week()]
            actual = [told(engine.feed([one])) for one in week()]

        assert expected == actual
        assert 30 < sum(len(found) for found in actual)
