"""Knows how a clock's definition is read; must not know how it counts."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import timedelta
from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.errors import DefinitionError
from servflow.model import Span
from servflow.sla import OPTIONS, Choice, Clock, Condition, Mark, Relative

OFFICE = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})
FULL: dict[str, Any] = {
    "name": "repair",
    "within": [
        {"when": "tier == 'gold'", "take": "24h"},
        {"when": {"==": ["tier", "x"]}, "take": "2 business days"},
        {"take": "3d"},
    ],
    "calendar": [{"when": "night", "take": "night"}, {"take": "office"}],
    "start": [{"event": "arrive"}],
    "until": ["settling"],
    "stop": [{"message": {"side": "agent", "public": True}}],
    "pause": [{"queue": "parts"}],
    "paused_in": ["waiting"],
    "resume": [{"field": "part"}],
    "reset": [{"field": {"priority": 1}}],
    "cancel": [{"event": "void"}],
    "warn": ["50%", "30m before", "1h after", "12.5%"],
    "on_retarget": "restart",
    "on_reopen": "ignore",
    "on_calendar_change": "prospective",
    "display": "next_opening",
}


def codes(**changes: Any) -> list[tuple[str, str]]:
    """The codes and paths of what is wrong with a clock."""
    with pytest.raises(DefinitionError) as caught:
        Clock(**{"name": "c", "within": "4h", **changes})
    for finding in caught.value.findings:
        for lang in ("en", "zh"):
            assert "<" not in finding.text(lang)
            assert not finding.message(lang).startswith("sla.")
    return [(finding.code, finding.path) for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"within": "4h"}, {"within": timedelta(hours=4)}),
        ({"within": "90m"}, {"within": "1h 30m"}),
        ({"within": [{"take": "4h"}]}, {"within": Span.of("4h")}),
        ({"within": {"end_of": "next business day"}}, {"within": {"end_of": "1  business day"}}),
        ({"within": {"end_of": "business day"}}, {"within": Relative(0)}),
        ({"within": {"at": "9:00", "of": "in 2 business days"}}, {"within": Relative(2, "09:00")}),
        ({"until": "done"}, {"stop": [{"state": "done"}]}),
        ({"until": ["a", "b"]}, {"stop": {"state": ["a", "b"]}}),
        ({"until": "a", "stop": [{"event": "e"}]}, {"stop": [{"event": "e"}, {"state": "a"}]}),
        ({"stop": {"message": "agent"}}, {"stop": [{"message": {"side": "agent"}}]}),
        ({"stop": [Condition("event", "e")]}, {"stop": [{"event": "e"}]}),
        ({"warn": "50%"}, {"warn": ["50.0 %"]}),
        ({"warn": ["90m before"]}, {"warn": ["1h30m  before"]}),
        ({"on_retarget": "carry"}, {}),
        ({"calendar": [{"take": "office"}]}, {"calendar": "office"}),
        ({"calendar": OFFICE.to_data()}, {"calendar": OFFICE}),
    ],
)
def test_spellings_of_one_clock_are_equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    """What means the same compares, hashes and is written the same."""
    left, right = (Clock(**{"name": "c", "within": "4h", **each}) for each in (one, other))

    assert left == right
    assert hash(left) == hash(right)
    assert left.to_data() == right.to_data()


@pytest.mark.parametrize(
    "data",
    [
        FULL,
        {"name": "c", "within": {"at": "16:00", "of": "next business day"}},
        {"name": "c", "within": "1h", "calendar": OFFICE},
    ],
)
def test_a_clock_comes_back_from_its_data(data: dict[str, Any]) -> None:
    """Data, JSON, pickle and copy give an equal clock."""
    clock = Clock(**data)

    assert clock == Clock(**json.loads(json.dumps(clock.to_data())))
    assert clock == pickle.loads(pickle.dumps(clock))
    assert clock == copy.deepcopy(clock)
    assert clock.early_marks == pickle.loads(pickle.dumps(clock)).early_marks


def test_defaults_are_left_out_of_the_data() -> None:
    """A plain clock is written as plainly as it was given."""
    assert {"name": "c", "within": "4h", "until": ["done"]} == Clock(name="c", within="4h", until="done").to_data()


def test_both_attributes_of_an_ending_tell_the_whole() -> None:
    """``until`` names all states that stop it, ``stop`` holds all conditions, however they were written."""
    clock = Clock(name="c", within="4h", until="a", stop=[{"state": "b"}, {"event": "e"}])

    assert ("a", "b") == clock.until
    assert (Condition("state", "a"), Condition("state", "b"), Condition("event", "e")) == clock.stop


def test_targets_and_calendars_read_as_choices() -> None:
    """A single value is a list of one choice without a condition."""
    clock = Clock(name="c", within="2 business days")

    assert (Choice(None, Span(business_days=2)),) == clock.choices
    assert (Choice(None, None),) == clock.calendars
    assert clock.counts_days
    assert not Clock(name="c", within="4h").counts_days


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": " "}, [("sla.name", "name")]),
        ({"within": "0h"}, [("sla.zero", "within")]),
        ({"within": timedelta(0)}, [("sla.zero", "within")]),
        ({"within": timedelta(-1)}, [("sla.span", "within")]),
        ({"within": 4}, [("sla.span", "within")]),
        ({"within": None}, [("sla.span", "within")]),
        ({"within": []}, [("sla.empty", "within")]),
        ({"within": [{"take": "1h"}, {"take": "2h"}]}, [("sla.unreachable", "within[0]")]),
        ({"within": [{"when": " ", "take": "1h"}]}, [("sla.choice", "within[0]")]),
        ({"within": [{"when": "a", "tak": "1h"}]}, [("sla.choice", "within[0]")]),
        ({"within": [{"when": "a", "take": "x"}]}, [("sla.span", "within[0].take")]),
        ({"within": {"end_off": "business day"}}, [("sla.relative", "within")]),
        ({"within": {"end_of": "tomorrow"}}, [("sla.day", "within")]),
        ({"within": {"end_of": "99999 business days"}}, [("sla.day", "within")]),
        ({"within": {"at": "24:01", "of": "business day"}}, [("sla.wall_time", "within")]),
        ({"calendar": 4}, [("sla.calendar", "calendar")]),
        ({"stop": "done"}, [("sla.conditions", "stop")]),
        ({"stop": [{"stat": "x"}]}, [("sla.condition", "stop[0]")]),
        ({"stop": [{"state": "x", "event": "y"}]}, [("sla.condition", "stop[0]")]),
        ({"stop": [{"state": 4}]}, [("sla.names", "stop[0].state")]),
        ({"stop": [{"event": "e"}, {"event": "e"}]}, [("sla.duplicate", "stop[1]")]),
        ({"stop": [{"message": {"sides": "agent"}}]}, [("sla.message", "stop[0]")]),
        ({"stop": [{"message": {"public": "yes"}}]}, [("sla.message", "stop[0]")]),
        ({"stop": [{"field": {"a": 1, "b": 2}}]}, [("sla.field", "stop[0]")]),
        ({"stop": [{"event": f"e{n}"} for n in range(65)]}, [("sla.too_many", "stop")]),
        ({"until": ["a", "a"]}, [("sla.duplicate", "until")]),
        ({"paused_in": [""]}, [("sla.names", "paused_in")]),
        ({"warn": ["100%"]}, [("sla.percent", "warn[0]")]),
        ({"warn": ["0%"]}, [("sla.percent", "warn[0]")]),
        ({"warn": ["1001%"]}, [("sla.percent", "warn[0]")]),
        ({"warn": ["50%", "50.0%"]}, [("sla.duplicate", "warn[1]")]),
        ({"warn": ["30m"]}, [("sla.mark", "warn[0]")]),
        ({"warn": ["x before"]}, [("sla.span", "warn[0]")]),
        ({"warn": ["2 business days before"]}, [("sla.mark", "warn[0]")]),
        ({"warn": ["1d before"], "calendar": "office"}, [("sla.mark_days", "warn[0]")]),
        ({"warn": 50}, [("sla.mark", "warn")]),
        ({"on_retarget": "cary"}, [("sla.option", "on_retarget")]),
        ({"display": "x", "name": ""}, [("sla.name", "name"), ("sla.option", "display")]),
    ],
)
def test_what_is_wrong_is_told_with_its_place(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """Every problem has a code, a path and a sentence in both languages; all are told at once."""
    assert expected == codes(**changes)


def test_problems_of_an_inline_calendar_are_told_under_its_path() -> None:
    """A calendar written inside a clock reports where in the clock it is wrong."""
    (found,) = codes(calendar={"zone": "Asia/Shangai", "week": {"mon": ["09:00-17:00"]}})

    assert found[0].startswith("calendar.")
    assert found[1].startswith("calendar.")


def test_a_misspelt_option_is_answered_with_the_right_one() -> None:
    """The nearest known word is offered."""
    with pytest.raises(DefinitionError, match="did you mean 'carry'"):
        Clock(name="c", within="4h", on_retarget="cary")


@pytest.mark.parametrize("key", list(OPTIONS))
def test_every_option_is_taken(key: str) -> None:
    """Each named value of an option is accepted and the first is the default."""
    for value in OPTIONS[key]:
        assert value == getattr(Clock(name="c", within="4h", **{key: value}), key)
    assert OPTIONS[key][0] == getattr(Clock(name="c", within="4h"), key)


def test_days_before_the_end_are_clear_where_time_passes() -> None:
    """Without a calendar, or with a target that passes, a mark may be told in days."""
    assert ("1d before",) == Clock(name="c", within="72h", warn=["1d before"]).warn
    assert ("1d before",) == Clock(name="c", within="3d", calendar="office", warn=["1d before"]).warn


def test_a_condition_reads_alone() -> None:
    """``Condition.of`` reads one mapping and refuses what is none."""
    condition = Condition.of({"message": {"side": "agent", "public": True}})

    assert condition == Condition.of(condition.to_data())
    with pytest.raises(DefinitionError, match="stat"):
        Condition.of({"stat": "x"})


def test_a_condition_tree_is_bounded() -> None:
    """A tree that is nested too deeply, or shares itself into a huge one, is refused and not walked."""
    deep: Any = "x"
    for _ in range(5000):
        deep = {"!": deep}
    wide: Any = ["x"]
    for _ in range(40):
        wide = [wide, wide]

    assert [("sla.choice", "within[0]")] == codes(within=[{"when": deep, "take": "1h"}])
    assert [("sla.choice", "within[0]")] == codes(within=[{"when": {"a": wide}, "take": "1h"}])


@pytest.mark.parametrize(
    ("text", "amount", "late"),
    [
        ("50%", timedelta(hours=2), False),
        ("12.5%", timedelta(minutes=30), False),
        ("150%", timedelta(hours=6), True),
        ("30m before", timedelta(hours=3, minutes=30), False),
        ("9h before", timedelta(0), False),
        ("1h after", timedelta(hours=5), True),
    ],
)
def test_marks_are_amounts(text: str, amount: timedelta, late: bool) -> None:
    """A mark lies at an amount of the target, never before the start, and is late beyond it."""
    clock = Clock(name="c", within="4h", warn=[text])
    marks: tuple[Mark, ...] = clock.early_marks + clock.late_marks

    assert (amount, late) == (marks[0].amount(timedelta(hours=4)), marks[0].late)
