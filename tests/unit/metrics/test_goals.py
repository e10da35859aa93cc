"""Holds goals to how they are written, judged and followed up; must not know any store."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import servflow
from servflow.documents import schema
from servflow.errors import DefinitionError, InputError
from servflow.metrics import Goals, Target, judge, load_goals, over_by, period_of, review_id
from servflow.metrics._goals import MOST_TOLD
from servflow.model import Open, Record, Send

AT = datetime(2026, 10, 10, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
FLOW = servflow.load("{workflow: repair, fields: {region: {}}, states: {open: {}, closed: {closed: true}}}")
CONTENT: dict[str, Any] = {"name": "content", "metric": "csat", "target": ">= 0.75"}


def plan(*targets: dict[str, Any], **more: Any) -> Any:
    """Goals of these targets."""
    return load_goals({"goals": "service", "targets": list(targets) or [CONTENT], **more})


def rated(name: str, score: int, at: datetime = AT, region: str = "north") -> list[Record]:
    """The records of a ticket that was rated."""
    opened = FLOW.open(name, {"region": region}, at=at)
    told = FLOW.fire(opened.ticket, "rating.add", {"scale": "csat", "score": score}, at=at)
    return [*opened.records, *told.records]


def codes(source: dict[str, Any] | str) -> list[str]:
    """What is wrong with goals."""
    with pytest.raises(DefinitionError) as error:
        load_goals(source)
    return [finding.code for finding in error.value.findings]


# targets ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value", "holds"),
    [
        (">= 90 %", 0.9, True),
        (">= 0.9", 0.8999, False),
        ("> 0.9", 0.9, False),
        ("< 0.9", 0.9, False),
        ("≤ 4h", timedelta(hours=4), True),
        ("<= 3d", timedelta(hours=73), False),
        (">= -10", -10.0, True),
        ("<= 99.5", Decimal("99.50"), True),
        ({"at_least": "60 %", "at_most": 0.85}, 0.85, True),
        ({"at_least": "60 %", "at_most": 0.85}, 0.5, False),
    ],
)
def test_a_bound_is_met_exactly_on_it(written: Any, value: Any, holds: bool) -> None:
    """Unless it is written with > or <; per cent are shares; what is written reads back."""
    target = Target.of(written)

    assert holds == target.holds(value)
    assert target == Target.of(target.to_data())


@pytest.mark.parametrize(
    "written",
    [
        "0.9",
        "",
        ">= ",
        ">= x",
        "=> 3",
        {},
        {"at_least": None},
        {"atleast": 3},
        {"at_least": True},
        {"at_most": float("nan")},
        {"at_most": float("inf")},
        {"at_least": "1h", "at_most": 3},
        {"at_least": 2, "at_most": 1},
        ">= 2 business days",
        3,
        None,
    ],
)
def test_what_is_no_target_is_refused(written: Any) -> None:
    """Numbers that are none, bounds of two kinds, and bounds nothing lies between."""
    with pytest.raises(InputError):
        Target.of(written)


def test_a_length_of_time_is_not_held_against_a_number() -> None:
    """Neither way round."""
    for target, value in ((">= 3", timedelta(3)), (">= 3h", 3.0)):
        with pytest.raises(InputError):
            Target.of(target).holds(value)


# documents ----------------------------------------------------------------------------------------------------


def test_all_that_is_wrong_is_told_at_once_with_its_line() -> None:
    """A wrong goal hides no other."""
    text = """
goals: x
zone: Mars/Olympus
grace: 2 business days
since: yesterday
targets:
  - {name: a, metric: csatt, target: ">= 0.9"}
  - {name: a, metric: csat, target: "0.9"}
  - {name: b, metric: first_response, target: ">= 0.9", period: months}
  - {name: c, metric: service_level, settings: {wthin: 3s}, target: ">= 80 %"}
  - {name: d, metric: service_level, settings: {abandoned: perhaps}, target: ">= 80 %"}
  - {name: e, metric: csat, number: median, target: ">= 80 %", only: [x]}
  - {nam: e, metric: csat, target: ">= 1"}
  - 7
  - {name: f, metric: response_rate, settings: {within: soon}, target: "> 0", min_cases: 0}
"""
    with pytest.raises(DefinitionError) as error:
        load_goals(text)

    found = [(finding.line, finding.code) for finding in error.value.findings]
    assert sorted(found) == sorted(
        [
            (3, "goals.zone"),
            (4, "goals.span"),
            (5, "goals.since"),
            (7, "goals.metric"),
            (8, "goals.twice"),
            (8, "goals.target"),
            (9, "goals.kind"),
            (9, "goals.period"),
            (10, "goals.option"),
            (11, "goals.refused"),
            (12, "goals.part"),
            (12, "goals.only"),
            (13, "document.missing"),
            (13, "document.unknown_key"),
            (14, "document.type"),
            (15, "goals.refused"),
            (15, "goals.number"),
        ]
    )
    assert "did you mean 'csat'" in str(error.value)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_finding_is_said_in_both_languages(lang: str) -> None:
    """No fact of a sentence is missing."""
    with pytest.raises(DefinitionError) as error:
        load_goals({"goals": "", "version": 0, "targets": [{**CONTENT, "metric": "nope"}]}, lang=lang)

    assert 3 == len(error.value.findings)
    assert "<" not in "".join(finding.text(lang) for finding in error.value.findings)


def test_goals_without_goals_and_with_too_many() -> None:
    """At least one, at most five hundred, and something that is a list."""
    assert ["goals.none"] == codes({"goals": "x", "targets": []})
    assert ["document.type"] == codes({"goals": "x", "targets": {}})
    assert ["document.missing"] == codes({"goals": "x"})
    assert ["goals.many"] == codes({"goals": "x", "targets": [{**CONTENT, "name": str(n)} for n in range(501)]})


def test_what_is_left_out_has_its_default() -> None:
    """A month of UTC, everybody, one case, judged at once, reviewed by goal_review."""
    made = plan()
    (goal,) = made.goals

    assert ("UTC", timedelta(), None, "goal_review") == (made.zone, made.grace, made.since, made.review)
    assert ("month", "value", "all", None, 1) == (goal.period, goal.number, goal.part, goal.by, goal.min_cases)


def test_the_schema_knows_every_key() -> None:
    """Editors complete what is read."""
    made = schema("goals")

    assert {"goals", "zone", "grace", "since", "targets", "review"} <= set(made["properties"])  # type: ignore[call-overload]  # a JSON value of a mapping


# periods ------------------------------------------------------------------------------------------------------


def test_a_period_is_over_once_time_is_past_its_grace() -> None:
    """At the very end of the grace something may still be recorded."""
    made = plan(grace="2d")
    goal, end = made.goals[0], NOVEMBER + timedelta(days=2)

    assert ["2026-09"] == [period.name for period in over_by(goal, made, end)]
    assert ["2026-10"] == [period.name for period in over_by(goal, made, end + timedelta(microseconds=1))]
    assert ["2026-08", "2026-09"] == [period.name for period in over_by(goal, made, end, 2)]


def test_periods_before_the_first_day_do_not_count() -> None:
    """The later of the day of all goals and that of the goal; a period that began before it is not judged."""
    made = plan({**CONTENT, "since": "2026-09-15"}, since="2026-08-01")

    assert date(2026, 9, 15) == made.goals[0].since
    assert ["2026-10"] == [period.name for period in over_by(made.goals[0], made, NOVEMBER + timedelta(days=3), 12)]


# verdicts -----------------------------------------------------------------------------------------------------


def test_verdicts_by_group() -> None:
    """Met, missed, too few, and a group that nobody has heard of."""
    made = plan({**CONTENT, "by": "region", "only": ["north", "south", "west", "east"], "min_cases": 2})
    histories = [rated(f"{region}{n}", score, region=region) for region, scores in
                 (("north", (5, 5)), ("south", (5, 1)), ("west", (5,))) for n, score in enumerate(scores)]  # fmt: skip
    found = judge(made, histories, [(made.goals[0], period_of(AT))], NOVEMBER)

    assert [("north", True, ""), ("south", False, ""), ("west", None, "few"), ("east", None, "nothing")] == [
        (one.group, one.met, one.why) for one in found
    ]
    assert {"value": 0.5, "numerator": 1, "denominator": 2, "target": ">= 0.75", "met": False}.items() <= found[
        1
    ].as_data().items()


def test_what_is_recorded_later_changes_no_verdict() -> None:
    """A rating of October that is recorded in November is not read as of the end of October."""
    made = plan()
    wanted = [(made.goals[0], period_of(AT))]
    early, late = rated("1", 1), rated("2", 5, NOVEMBER + timedelta(days=1))

    assert [False] == [one.met for one in judge(made, [early, late], wanted, NOVEMBER)]


def test_reviews_are_no_work_of_the_cohort() -> None:
    """A goal for opened tickets does not count the reviews it opens, unless it names them."""
    review = servflow.load("{workflow: goal_review, states: {open: {}}}").open("g", at=AT).records
    made = plan(
        {"name": "a", "metric": "opened", "target": ">= 0"},
        {"name": "b", "metric": "opened", "workflows": "goal_review", "target": ">= 0"},
    )
    found = judge(made, [rated("1", 5), rated("2", 5), review], [(goal, period_of(AT)) for goal in made.goals], NOVEMBER)

    assert [2, 1] == [one.value for one in found]


# the source ---------------------------------------------------------------------------------------------------


def test_a_source_of_any_histories_asks_the_same_again() -> None:
    """Ids do not depend on when or how often anybody looks."""
    made = plan()
    asked = [Goals(made, lambda: [rated("1", 1)]).due(NOVEMBER + timedelta(days=days)) for days in (1, 2, 20)]

    assert asked[0] == asked[1] == asked[2]
    (effect,) = asked[0]
    assert isinstance(effect, Open)
    assert (review_id(made, made.goals[0], period_of(AT)), NOVEMBER) == (effect.new_ticket, effect.at)


def test_nothing_is_read_where_nothing_is_to_be_judged() -> None:
    """Histories are read once for a period, however often a desk ticks."""
    read = []

    def histories() -> list[list[Record]]:
        read.append(1)
        return [rated("1", 5)]

    source = Goals(plan(), histories)
    for hours in range(1, 100):
        assert () == source.due(NOVEMBER + timedelta(hours=hours))
    assert 1 == len(read)


def test_open_reviews_hear_of_later_periods() -> None:
    """What is sent has a key of its own, the same each time; five years back nobody is asked any more."""
    made, before = plan(), period_of(AT).previous()
    asked: list[str] = []

    def opened(name: str) -> bool:
        asked.append(name)
        return name == review_id(made, made.goals[0], before)

    source = Goals(made, lambda: [rated("1", 5)], opened=opened)
    (sent,) = source.due(NOVEMBER + timedelta(days=1))

    assert MOST_TOLD == len(asked)

    assert isinstance(sent, Send)
    assert ("goal.checked", {"met": True, "value": "100.0 %", "period": "2026-10"}) == (sent.event, dict(sent.payload))
    assert asked[-1] == sent.to_ticket
