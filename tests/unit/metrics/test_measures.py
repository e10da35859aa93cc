"""Holds each measure to its definition: what counts, what is left out, and None where there is nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from math import isclose

from servflow.metrics import (
    DEFINITIONS,
    Board,
    Case,
    Cycle,
    Share,
    board,
    breaches,
    csat,
    durations,
    escalations,
    first_response,
    load,
    offers,
    sla_attainment,
    time_to_resolve,
    volumes,
)
from servflow.model import FrozenMap

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def case(number: int, **facts: object) -> Case:
    """A case that began at the start."""
    return Case(id=f"T{number}", began=START, **facts)  # type: ignore[arg-type]  # facts are those of the class


def cycle(outcome: str, clock: str = "repair") -> Cycle:
    """A cycle with this outcome."""
    broken = START if outcome in ("late", "overdue", "waived") else None
    return Cycle(clock=clock, outcome=outcome, started_at=START, breached_at=broken)


def test_nothing_counted_is_none() -> None:
    """An empty cohort has no figure, not a zero."""
    assert [None] * 5 == [
        first_response([]),
        time_to_resolve([]),
        sla_attainment([], "repair"),
        offers([]),
        csat([]),
    ]
    assert ({}, {}, {}, ()) == (volumes([]), breaches([]), escalations([]), load([]))


def test_quantiles_are_times_of_cases() -> None:
    """Median and 90 % are found by nearest rank."""
    found = durations([minutes * MINUTE for minutes in (10, 1, 2, 3, 4, 5, 6, 7, 8, 9)])

    assert found is not None
    assert (10, 5 * MINUTE, 9 * MINUTE, 5.5 * MINUTE) == (found.count, found.median, found.p90, found.mean)


def test_single_case_is_every_quantile() -> None:
    """One time is its own median, 90 % and mean."""
    found = durations([MINUTE])

    assert found is not None
    assert (MINUTE, MINUTE, MINUTE) == (found.median, found.p90, found.mean)


def test_unanswered_and_open_tickets_are_left_out_and_told() -> None:
    """What has no time yet is counted among the left out."""
    cases = [
        case(1, responded=START + MINUTE, closed_at=START + 9 * MINUTE, done_at=START + 5 * MINUTE),
        case(2),
        case(3, closed_at=START, cancelled=True),
    ]
    answered, resolved = first_response(cases), time_to_resolve(cases)

    assert answered is not None
    assert resolved is not None
    assert (1, {"unanswered": 2}) == (answered.count, dict(answered.excluded))
    assert (5 * MINUTE, {"open": 1, "cancelled": 1}) == (resolved.median, dict(resolved.excluded))


def test_attainment_counts_known_outcomes_only() -> None:
    """Kept of kept, late and overdue; open, cancelled and waived cycles are left out and told."""
    names = ("met", "met", "met", "late", "overdue", "open", "cancelled", "waived")
    found = sla_attainment([case(index, cycles=(cycle(name),)) for index, name in enumerate(names)], "repair")

    assert found is not None
    assert (3, 5, 0.6) == (found.numerator, found.denominator, found.share)
    assert {"open": 1, "cancelled": 1, "waived": 1} == dict(found.excluded)


def test_wilson_interval_is_the_published_one() -> None:
    """The bounds for 7 of 10, 0 of 10 and 10 of 10 are those that tables of Wilson's interval give."""
    for kept, of, low, high in ((7, 10, 0.396779, 0.892210), (0, 10, 0.0, 0.277533), (10, 10, 0.722467, 1.0)):
        found = Share(numerator=kept, denominator=of)
        assert found.low is not None
        assert found.high is not None
        assert isclose(low, found.low, abs_tol=2e-5)
        assert isclose(high, found.high, abs_tol=2e-5)


def test_breaches_count_excused_ones_too() -> None:
    """A waived breach did happen; a clock that always held is there with none."""
    cases = [case(1, cycles=(cycle("late"), cycle("met", "hello"))), case(2, cycles=(cycle("waived"), cycle("overdue")))]

    assert {"hello": 0, "repair": 3} == breaches(cases)


def test_escalations_per_chain_and_level() -> None:
    """Levels are counted under their chain, in the order in which they were first reached."""
    cases = [case(1, escalations=(("late", "lead"), ("late", "director"))), case(2, escalations=(("late", "lead"),))]

    assert {"late": {"lead": 2, "director": 1}} == escalations(cases)


def test_load_is_of_whoever_has_it_last() -> None:
    """Open and late tickets are counted for the outlet they are at."""
    cases = [
        case(1, slots=FrozenMap({"outlet": "north"}), closed_at=START, cycles=(cycle("late"),)),
        case(2, slots=FrozenMap({"outlet": "north"})),
        case(3),
    ]

    assert [("north", 2, 1, 1)] == [(one.who, one.tickets, one.open, one.late) for one in load(cases)]


def test_csat_is_the_share_of_fours_and_fives() -> None:
    """Closed tickets without an answer are left out and told; open ones are not yet asked."""
    cases = [case(score, ratings=FrozenMap({"csat": score})) for score in range(1, 6)]
    found = csat([*cases, case(9, closed_at=START), case(10), case(11, closed_at=START, cancelled=True)])

    assert found is not None
    assert (2, 5, {"unrated": 1}) == (found.numerator, found.denominator, dict(found.excluded))


def test_offers_withdrawn_are_no_answers() -> None:
    """Of two accepted, one rejected and one run out, half were accepted."""
    found = offers([case(1, offers=FrozenMap({"accepted": 2, "rejected": 1, "expired": 1, "withdrawn": 7}))])

    assert found is not None
    assert (0.5, {"withdrawn": 7}) == (found.share, dict(found.excluded))


def test_board_groups_and_defines_everything_it_tells() -> None:
    """Every group and the whole are there, the board is JSON-ready, and each measure has its sentence in both languages."""
    made = board(
        [
            case(1, labels=FrozenMap({"tier": "gold", "channel": "web"}), cycles=(cycle("met"),)),
            case(2, cycles=(cycle("open"),)),
        ],
        START,
    )

    assert ("all", "-", "gold") == made.groups
    assert {"-": 1, "web": 1} == made.volumes
    assert {"all", "-", "gold"} == made.attainment["repair"].keys()
    assert 2 == json.loads(json.dumps(made.as_data()))["tickets"]
    assert all(definition[lang] for definition in DEFINITIONS.values() for lang in ("en", "zh"))
    measured = set(made.as_data()) - {"at", "by", "tickets", "open", "closed", "cancelled", "reopened", "outlets", "engineers"}
    assert measured <= DEFINITIONS.keys()


def test_empty_board_has_no_figures() -> None:
    """Without tickets there is a board, and every figure on it is None or empty."""
    made = board([], START)

    assert isinstance(made, Board)
    assert (0, None, None) == (made.tickets, made.offers, made.csat["all"])
