"""Knows that the engine finds exactly the bursts that a plain walk finds; must not know how it joins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.errors import InputError, LimitError, TimeError
from servflow.integrations import Burst, bursts
from servflow.integrations._durable_worker import PATTERNS, ruleset
from servflow.model import FrozenMap, Record, Updated
from tests.requirements import require

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEYS = {"t-1": "pump", "t-2": "pump", "t-3": "valve", "t-4": None}


@pytest.fixture(autouse=True, scope="module")
def _installed() -> None:
    require("durable")


def _record(ticket: str, seconds: int, sequence: int = 1) -> tuple[str, Record]:
    return ticket, Updated(sequence=sequence, at=START + timedelta(seconds=seconds), fields=FrozenMap())


def _by(ticket: str, _: Record) -> str | None:
    return KEYS[ticket]


def _walk(records: list[tuple[str, Record]], count: int, within: timedelta) -> tuple[Burst, ...]:
    """The obvious way: keep for each key what is not too old; a burst empties it."""
    found = []
    kept: dict[str, list[tuple[str, Record]]] = {}
    for ticket, record in sorted(records, key=lambda pair: (pair[1].at, pair[0], pair[1].sequence)):
        key = _by(ticket, record)
        if key is None:
            continue
        kept[key] = [pair for pair in kept.get(key, []) if record.at - pair[1].at <= within] + [(ticket, record)]
        if len(kept[key]) == count:
            found.append(Burst(key=key, at=record.at, sources=tuple((name, one.sequence) for name, one in kept.pop(key))))
    return tuple(found)


def test_a_burst_is_found_with_its_sources() -> None:
    """Three records of one key within an hour are one burst, at the instant of the third."""
    records = [_record("t-1", 0), _record("t-2", 1800), _record("t-3", 1900), _record("t-1", 3600, 2)]
    found = bursts(records, by=_by, count=3, within="1h")

    assert (Burst(key="pump", at=START + timedelta(hours=1), sources=(("t-1", 1), ("t-2", 1), ("t-1", 2))),) == found


def test_a_microsecond_too_late_is_no_burst() -> None:
    """The span is a bound that still belongs; what comes after it does not."""
    late = Updated(sequence=2, at=START + timedelta(hours=1, microseconds=1), fields=FrozenMap())

    assert () == bursts([_record("t-1", 0), ("t-1", late)], by=_by, count=2, within="1h")


def test_the_order_given_does_not_matter() -> None:
    """Records are taken by instant, ticket and sequence, so two logs merged in any order give the same."""
    records = [_record("t-1", 5), _record("t-2", 5), _record("t-1", 0), _record("t-2", 9)]

    assert bursts(records, by=_by, count=2, within="10s") == bursts(records[::-1], by=_by, count=2, within="10s")


@given(
    st.lists(st.tuples(st.sampled_from(sorted(KEYS)), st.integers(0, 200)), max_size=50),
    st.integers(2, 4),
    st.sampled_from([5, 30]),
)
@settings(max_examples=10, deadline=None)  # each starts a process
def test_the_engine_finds_what_a_plain_walk_finds(hits: list[tuple[str, int]], count: int, seconds: int) -> None:
    """For any records the bursts are those of the obvious loop."""
    records = [_record(ticket, at, number) for number, (ticket, at) in enumerate(hits, 1)]
    within = timedelta(seconds=seconds)

    assert _walk(records, count, within) == bursts(records, by=_by, count=count, within=within)


@pytest.mark.parametrize("count", [1, 9, True, 2.0])
def test_a_count_out_of_bounds_is_refused(count: int) -> None:
    """One record is no burst, and too many are a number to count."""
    with pytest.raises(InputError, match="from 2 to 8"):
        bursts([], by=_by, count=count, within="1h")


def test_a_span_of_business_days_is_refused() -> None:
    """Across tickets there is no calendar; only elapsed time is a span."""
    with pytest.raises(TimeError):
        bursts([], by=_by, count=2, within="2 business days")


def test_an_engine_that_takes_too_long_is_stopped() -> None:
    """The host does not wait for ever: the error says how long it waited and what to change."""
    with pytest.raises(LimitError, match="no end within 1e-06 s"):
        bursts([_record("t-1", 0), _record("t-2", 1)], by=_by, count=2, within="1h", timeout=1e-6)


@pytest.mark.parametrize("find", sorted(PATTERNS))
def test_the_last_condition_that_joins_is_never_the_first_to_fail(find: str) -> None:
    """The engine reads on behind the end of its conditions where it is, so the first one is asked again as the last."""
    from durable import lang

    _, rules = ruleset(lang, f"joined {find}", {"find": find, "count": 3, "span": 10}, [])
    (rule,) = rules.values()
    conditions = [pattern[f"m{index}"]["$and"] for index, pattern in enumerate(rule["all"]) if index]
    joining = [[one for one in parts if "$gt" in one or "$lte" in one or "$neq" in one] for parts in conditions]

    assert [True, True] == [parts[0] == parts[-1] and len(parts) > 2 for parts in joining]
