"""Knows which ratings answer a survey, and whose opinion counts once; must not know how anybody was asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.metrics import Asked, Case, Score, ces, read_cases, response_rate, satisfaction
from servflow.model import Opened, Rated, Surveyed

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
WEEK = timedelta(days=7)
SECOND = timedelta(seconds=1)


def asked(**facts: object) -> Asked:
    """A survey that was asked on Monday and wants its answer within a week."""
    given: dict[str, object] = {"at": AT, "survey": "s", "scale": "csat", "outcome": "asked", "until": AT + WEEK, **facts}
    return Asked(**given)  # type: ignore[arg-type]  # facts are those of the class


def score(after: timedelta, **facts: object) -> Score:
    """A rating so long after the survey."""
    given: dict[str, object] = {"at": AT + after, "scale": "csat", "score": 5, **facts}
    return Score(**given)  # type: ignore[arg-type]  # as above


def answered(surveys: tuple[Asked, ...], *scores: Score) -> tuple[int, int]:
    """How many of one ticket's surveys were answered, of how many."""
    found = response_rate([Case(id="T1", began=AT, surveyed=surveys, scores=scores)])
    assert found is not None
    return found.numerator, found.denominator


@pytest.mark.parametrize(("after", "counts"), [(WEEK - SECOND, 1), (WEEK, 0), (WEEK + SECOND, 0), (-SECOND, 0)])
def test_an_answer_in_time_is_a_response(after: timedelta, counts: int) -> None:
    """The end of a survey does not belong to it: an answer at that instant is late, and so is all that comes later."""
    assert (counts, 1) == answered((asked(),), score(after))


def test_a_late_answer_is_still_an_answer() -> None:
    """It counts in the satisfaction, though not in the response rate; without an end it is never late."""
    late = Case(id="T1", began=AT, surveyed=(asked(),), scores=(score(WEEK),))

    assert 1.0 == getattr(satisfaction([late]), "value", None)
    assert (1, 1) == answered((asked(until=None),), score(52 * WEEK))


def test_a_rating_of_something_else_is_no_response() -> None:
    """Who was asked about a visit and rates the ticket, the relation or another visit did not answer."""
    visit = asked(about="visit", visit="v1")

    assert (0, 1) == answered((visit,), score(SECOND))
    assert (0, 1) == answered((visit,), score(SECOND, about="relation"))
    assert (0, 1) == answered((visit,), score(SECOND, about="visit", visit="v2"))
    assert (1, 1) == answered((visit,), score(SECOND, about="visit", visit="v1"))
    assert (1, 1) == answered((asked(about="visit"),), score(SECOND, about="visit", visit="v2"))


def test_two_visits_are_asked_about_apart() -> None:
    """The question about the second visit does not end the one about the first."""
    surveys = (asked(about="visit", visit="v1"), asked(about="visit", visit="v2", at=AT + timedelta(days=1)))

    assert (1, 2) == answered(surveys, score(timedelta(days=2), about="visit", visit="v1"))


def test_the_records_say_until_when() -> None:
    """What a ticket noted of its surveys is read with what they were about and how long they wait."""
    told: dict[str, Any] = {"scale": "ces", "about": "visit", "visit": "v1"}
    history = (
        Opened(sequence=1, at=AT, id="T1", workflow="repair", version=1),
        Surveyed(sequence=2, at=AT, survey="s", outcome="asked", until=AT + WEEK, **told),
        Rated(sequence=3, at=AT + WEEK, score=2, **told),
    )
    [case] = read_cases([history], AT + 2 * WEEK)
    rate = response_rate([case])

    assert (asked(scale="ces", about="visit", visit="v1"),) == case.surveyed
    assert rate is not None
    assert (0, 1) == (rate.numerator, rate.denominator)


def test_one_opinion_whoever_typed_it() -> None:
    """A customer's own rating and the one that the care team types for them later are one opinion: the latest counts."""
    own = score(SECOND, scale="ces", score=1, by="liu")
    typed = score(2 * SECOND, scale="ces", score=7, by="care", rater="liu")
    other = score(3 * SECOND, scale="ces", score=4, by="wu")
    found = ces([Case(id="T1", began=AT, scores=(own, typed, other))])

    assert found is not None
    assert (11, 2) == (found.numerator, found.denominator)
