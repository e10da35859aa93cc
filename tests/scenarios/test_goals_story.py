"""Knows what a service manager expects of monthly goals; must not know how figures are counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import servflow
import servflow.documents
from servflow.desk import Desk
from servflow.metrics import Goals, load_goals
from servflow.model import Actor, Notify, Ticket
from servflow.stores import SqliteStore, verify

TEMPLATES = Path(servflow.documents.__file__).parent / "templates"
LI, WANG, DIRECTOR = Actor("li", ["lead"]), Actor("wang", ["manager"]), Actor("zhao", ["director"])
REPAIR = """
workflow: repair
fields: {region: {type: string}}
states: {open: {}, closed: {closed: true}}
transitions: [{event: close, source: open, target: closed}]
"""
GOALS = """
goals: service
zone: Asia/Shanghai
grace: 2d
targets:
  - {name: content, metric: csat, by: region, target: ">= 75 %", min_cases: 3, fields: {metric: csat}}
"""


class Company:
    """A repair company in Shanghai whose desk ticks every morning at nine."""

    def __init__(self, path: Path, goals: str = GOALS) -> None:
        self.now = datetime(2026, 10, 1, 1, tzinfo=UTC)
        self.told: list[tuple[str, str]] = []
        self.store = SqliteStore(path / "company.db")
        self.goals = goals
        self.count = 0
        self.year = 2026
        self.restart()

    def restart(self) -> Company:
        """Begin anew with nothing but the database."""
        self.source = Goals(load_goals(self.goals), self.store)
        flows = [servflow.load(REPAIR), servflow.load(TEMPLATES / "goal_review.yaml")]
        self.desk = Desk(flows, self.store, now=lambda: self.now, handlers={"notify": self._tell}, sources=[self.source])
        return self

    def _tell(self, effect: Notify) -> None:
        self.told.append((effect.to, effect.template))

    def until(self, month: int, day: int, hour: int = 1) -> Company:
        """Every morning up to this day the desk ticks, at nine in Shanghai."""
        end = datetime(self.year, month, day, hour, tzinfo=UTC)
        while self.now + timedelta(days=1) <= end:
            self.now += timedelta(days=1)
            self.tick()
        self.now = end
        return self.tick()

    def tick(self) -> Company:
        """The desk does all there is to do."""
        while True:
            report = self.desk.tick()
            assert () == report.problems
            if not report.worked and not self.desk.deliver().worked:
                return self

    def rated(self, region: str, *scores: int) -> Company:
        """So many repairs are done in a region, and rated."""
        for score in scores:
            self.count += 1
            name = f"R{self.count}"
            self.desk.open(name, {"region": region}, workflow="repair")
            self.desk.fire(name, "close")
            self.desk.fire(name, "rating.add", {"scale": "csat", "score": score})
        return self

    def explained(self, review: Ticket) -> Company:
        """The lead says why it was missed and what is done about it."""
        self.desk.fire(review.id, "explain", {"reason": "two engineers were ill"}, actor=LI)
        self.desk.fire(review.id, "act", {"action": "a third engineer", "responsible": "li"}, actor=LI)
        return self

    def reviews(self) -> tuple[Ticket, ...]:
        """The reviews there are, the earliest first."""
        return tuple(sorted(self.desk.find(workflow="goal_review"), key=lambda one: (one.opened_at, one.id)))


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    """The company on the first of October, at nine in the morning."""
    made = Company(tmp_path)
    yield made
    assert [] == list(verify(made.store).findings)
    made.store.close()


def said(ticket: Ticket) -> dict[str, Any]:
    """What a review says was missed."""
    return {name: ticket.fields[name] for name in ("goal", "group", "period", "value", "target", "cases")}


def test_a_missed_month_asks_for_a_reason_once(company: Company) -> None:
    """Two of four content customers in the north are too few: from the third of November on there is one review."""
    company.until(10, 20).rated("north", 5, 4, 2, 1).rated("south", 5, 5, 4, 1).rated("west", 1, 1)
    assert () == company.until(11, 2).reviews()

    (review,) = company.until(11, 3).reviews()
    assert {
        "goal": "content",
        "group": "north",
        "period": "2026-10",
        "value": "50.0 %",
        "target": ">= 75 %",
        "cases": 4,
    } == said(review)
    assert "asked" == review.state

    assert [review.id] == [one.id for one in company.until(11, 5).restart().until(11, 6).reviews()]


def test_what_is_told_in_the_days_of_grace_counts_and_what_is_told_later_does_not(company: Company) -> None:
    """Ratings belong to the month they are given in; one that is recorded after the judgement changes nothing any more."""
    company.until(10, 20).rated("north", 5, 4, 2)
    company.until(11, 3)
    assert 1 == len(company.reviews())

    company.rated("north", 5, 5, 5, 5, 5).restart().tick()
    assert ["2026-10"] == [review.fields["period"] for review in company.reviews()]


def test_nobody_answers_and_it_climbs(company: Company) -> None:
    """After three working days the manager hears of a review without a reason, two working days later the director."""
    company.until(10, 20).rated("north", 1, 1, 1).until(11, 3)
    assert [] == company.told

    company.until(11, 6, 12)
    assert [("role:manager", "goal_unexplained")] == company.told
    company.until(11, 10, 12)
    assert [("role:manager", "goal_unexplained"), ("role:director", "goal_unexplained")] == company.told


def test_the_next_month_tells_whether_the_action_helped(company: Company) -> None:
    """The lead says why and what is done; November is met, and that closes the review."""
    company.until(10, 20).rated("north", 1, 1, 5)
    (review,) = company.until(11, 3).reviews()
    company.explained(review).until(11, 20).rated("north", 5, 5, 4).until(12, 3)

    (review,) = company.reviews()
    assert ("closed", True, "100.0 %", "2026-11") == (
        review.state,
        *(review.fields[name] for name in ("met", "next_value", "next_period")),
    )


def test_missed_again_asks_for_another_action(company: Company) -> None:
    """November is missed as well: the first review is open again, the director hears of it, and November has its own review."""
    company.until(10, 20).rated("north", 1, 1, 5)
    (first,) = company.until(11, 3).reviews()
    company.explained(first).until(11, 20).rated("north", 1, 2, 5).until(12, 3)

    first, second = company.reviews()
    assert ("explained", 1, "33.3 %") == (first.state, first.fields["rounds"], first.fields["next_value"])
    assert ("asked", "2026-11") == (second.state, second.fields["period"])
    assert ("role:director", "goal_missed_again") in company.told


def test_another_action_is_judged_by_the_month_after(company: Company) -> None:
    """The first action did not help in November; what is done instead is held against December, which closes both reviews."""
    company.until(10, 20).rated("north", 1, 1, 5)
    (first,) = company.until(11, 3).reviews()
    company.explained(first).until(11, 20).rated("north", 1, 2, 5).until(12, 3)
    company.desk.fire(first.id, "act", {"action": "a new lead", "responsible": "wu"}, actor=LI)
    company.explained(company.reviews()[1]).until(12, 20).rated("north", 5, 5, 5).until(12, 31).year = 2027
    company.until(1, 3)

    assert [("closed", "2026-12")] * 2 == [(one.state, one.fields["next_period"]) for one in company.reviews()]


def test_a_month_with_too_few_cases_tells_nothing(company: Company) -> None:
    """The review waits for December, across a restart."""
    company.until(10, 20).rated("north", 1, 1, 5)
    (first,) = company.until(11, 3).reviews()
    company.explained(first).until(11, 20).rated("north", 5).until(12, 3)
    assert ["acting"] == [one.state for one in company.reviews()]

    company.restart().until(12, 20).rated("north", 5, 5, 5).until(12, 31).year = 2027
    company.until(1, 3)
    assert [("closed", "2026-12")] == [(one.state, one.fields["next_period"]) for one in company.reviews()]


def test_a_desk_that_slept_through_a_month_judges_it_when_it_wakes(tmp_path: Path) -> None:
    """With a first day that counts, every month since is judged; without one only the latest."""
    for goals, periods in ((GOALS + "since: 2026-10-01\n", ["2026-10", "2026-11"]), (GOALS, ["2026-11"])):
        place = tmp_path / f"{len(periods)}"
        place.mkdir()
        company = Company(place, goals)
        company.now = datetime(2026, 10, 5, tzinfo=UTC)
        company.rated("north", 1, 1, 1)
        company.now = datetime(2026, 11, 5, tzinfo=UTC)
        company.rated("north", 1, 1, 1)
        company.now = datetime(2026, 12, 5, tzinfo=UTC)
        company.tick().tick().tick()

        assert periods == [review.fields["period"] for review in company.reviews()]
        company.store.close()


def test_a_goal_that_cannot_be_counted_stops_no_other(tmp_path: Path) -> None:
    """A label that no ticket has is told as a problem; the other goal is judged all the same."""
    company = Company(tmp_path, GOALS + '  - {name: odd, metric: csat, by: regoin, target: ">= 0.9"}\n')
    company.until(10, 20).rated("north", 1, 1, 1).until(11, 3)

    assert ["content"] == [review.fields["goal"] for review in company.reviews()]
    (problem,) = company.source.problems
    assert ("odd", "refused") == (problem.goal.name, problem.why)
    assert "did you mean 'region'" in problem.problem
    company.store.close()
