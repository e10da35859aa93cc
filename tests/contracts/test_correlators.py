"""Knows who runs correlators here, and holds each to the one contract; must not know how either does it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from random import Random
from typing import Any

import pytest

from servflow.correlation import Correlation, Correlator, Firing
from servflow.errors import InputError, LimitError
from servflow.integrations import DurableCorrelator
from servflow.integrations import _durable_process as process
from servflow.testing import CorrelatorContract
from servflow.testing._correlator_contract import counting, fact, told
from tests.requirements import require

JOINED: list[dict[str, Any]] = [
    *({"count": count} for count in (2, 4, 8)),
    *({"find": "distinct", "of": "asset", "count": count} for count in (2, 4, 8)),
    *({"find": "sequence", "steps": ["closed"] * steps} for steps in (2, 3, 4)),
]


class TestCorrelation(CorrelatorContract):
    """This library's own."""

    def running(self, correlator: Correlator) -> AbstractContextManager[Any]:
        return nullcontext(Correlation(correlator))


class TestDurableCorrelator(CorrelatorContract):
    """The one on durable-rules."""

    @pytest.fixture(autouse=True)
    def _installed(self) -> None:
        require("durable")

    def running(self, correlator: Correlator) -> AbstractContextManager[Any]:
        return DurableCorrelator(correlator)

    def cannot(self, correlator: Correlator) -> bool:
        return correlator.find == "absence" or correlator.after == "slide"

    def test_what_an_action_raises_is_raised_and_the_firing_given_again(self) -> None:
        """An action that fails is not swallowed; the next call gives it the same firing."""
        seen: list[Firing] = []

        def act(firing: Firing) -> None:
            seen.append(firing)
            if len(seen) == 1:
                raise ValueError("no line to the host")

        with DurableCorrelator(counting(2), act=act) as engine:
            with pytest.raises(ValueError, match="no line"):
                engine.feed([fact("c1", 0, 1), fact("c1", 1, 2)])
            again = engine.feed([])

        assert [("c1", ("t00001", "t00002"))] == [(key, tickets) for key, _, tickets in told(again)]
        assert seen[0] == seen[1]

    def test_keys_give_way_before_the_cap_and_come_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A key whose context another one got meanwhile is loaded again with what still counts."""
        monkeypatch.setattr(process, "CONTEXTS", 3)
        values = ("x", "x", "y", "z")
        correlator = Correlator(name="spread", key="customer", find="distinct", of="asset", count=3, within="24h")
        with DurableCorrelator(correlator) as engine:
            facts = [fact(f"k{key}", at, 10 * key + at, value=value) for at, value in enumerate(values) for key in range(9)]
            found = engine.feed(facts)

        assert [(f"k{key}", ("x", "y", "z")) for key in range(9)] == [(one.key, one.values) for one in found]

    def test_a_process_that_died_is_started_again_and_loses_nothing(self) -> None:
        """What the engine held is loaded into the next one."""
        with DurableCorrelator(counting(2)) as engine:
            engine.feed([fact("c1", 0, 1)])
            engine.close()
            assert 1 == len(engine.feed([fact("c1", 1, 2)]))

    def test_an_engine_that_a_signal_ends_is_asked_again(self) -> None:
        """Its process may break down of itself: the next one is given what it held, and the answer is the same."""
        with DurableCorrelator(counting(3)) as engine:
            engine.feed([fact("c1", 0, 1), fact("c1", 1, 2), fact("c1", 2, 3), fact("c1", 3, 4), fact("c1", 4, 5)])
            running = engine._process._process
            assert running is not None
            running.kill()
            running.wait()
            again = engine.feed([fact("c1", 5, 6)])

        assert [("c1", ("t00004", "t00005", "t00006"))] == [(key, tickets) for key, _, tickets in told(again)]

    def test_what_the_engine_raises_is_raised(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A message that the engine cannot take is an error of the call, and the fact is taken up again by the next one."""
        with DurableCorrelator(counting(2)) as engine:
            engine.feed([fact("c1", 0, 1)])
            with monkeypatch.context() as broken:
                broken.setattr(process, "micros", lambda at: {"no": "number"})
                with pytest.raises(LimitError, match="raised"):
                    engine.feed([fact("c1", 1, 2)])
            assert 1 == len(engine.feed([]) or engine.feed([fact("c1", 2, 3)]))

    @pytest.mark.parametrize("asked", JOINED, ids=str)
    def test_as_many_as_it_takes_are_joined_in_whatever_order_they_come(self, asked: dict[str, Any]) -> None:
        """From two records in one rule to the most there may be, late ones too, it finds what this library finds."""
        correlator = Correlator(name="joined", key="customer", within="24h", **asked)
        ours, draw = Correlation(correlator), Random(1)
        hours = [number + draw.choice((0, 0, 5)) for number in range(40)]
        facts = [
            fact("c1", hour, number, value=number % 9, steps=tuple({number % 3, number % 4}))
            for number, hour in enumerate(hours)
        ]
        with DurableCorrelator(correlator, timeout=300) as engine:
            expected = [told(ours.feed([one])) for one in facts]
            assert expected == [told(engine.feed([one])) for one in facts]

        assert any(expected)

    def test_what_it_matched_does_not_hang_on_how_its_memory_lies(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Completing a match of four, the engine reads memory that has moved, which Python's development mode shows."""
        monkeypatch.setenv("PYTHONDEVMODE", "1")
        facts = [fact("c1", hour, hour) for hour in range(9)]
        with DurableCorrelator(counting(4)) as engine:
            found = [one for each in facts for one in engine.feed([each])]

        assert [("t00000", "t00001", "t00002", "t00003"), ("t00004", "t00005", "t00006", "t00007")] == [
            tickets for _, _, tickets in told(found)
        ]

    def test_more_rules_than_it_can_hold_are_refused(self) -> None:
        """Before anything is started, with how many there may be."""
        many = [Correlator(name=f"r{number}", key="customer", count=2, within="1h") for number in range(33)]

        with pytest.raises(InputError, match="33 correlators are more than the 32"):
            DurableCorrelator(many)

    @pytest.mark.parametrize("asked", [{"count": 9}, {"count": 2, "quiet": "1h"}, {"count": 2, "after": "slide"}])
    def test_what_the_engine_cannot_do_is_refused_with_the_reason(self, asked: dict[str, Any]) -> None:
        """A correlator that it would run otherwise than said is not run."""
        with pytest.raises(InputError, match="durable_rules cannot run correlator 'r'"):
            DurableCorrelator(Correlator(name="r", key="customer", within="1h", **asked))

    def test_several_correlators_share_one_engine(self) -> None:
        """Each is fed by its name; 32 of them work."""
        many = [Correlator(name=f"r{number}", key="customer", count=2, within="1h") for number in range(32)]
        with DurableCorrelator(many) as engine:
            found = engine.feed({one.name: [fact("c1", 0, 1), fact("c1", 1, 2)] for one in many})
            with pytest.raises(InputError, match="for which correlator"):
                engine.feed([fact("c1", 2, 3)])

        assert [one.name for one in many] == [one.correlator for one in found]
