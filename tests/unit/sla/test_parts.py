"""Knows how the parts of a clock are written and what is told of those that are wrong; must not know how time is counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from servflow.errors import DefinitionError, shown
from servflow.sla import OPTIONS, PRESETS, Clock, Relative, span_of
from servflow.sla._parts import TableOutput, mark_name, mark_of

HOUR = timedelta(hours=1)
NO_SPAN = "'x' is not a span"


def found(**changes: Any) -> list[tuple[str, str, dict[str, Any]]]:
    """Code, path and facts of what is wrong with a clock."""
    with pytest.raises(DefinitionError) as caught:
        Clock(**{"name": "c", "within": "4h", **changes})
    return [(one.code, one.path, dict(one.facts)) for one in caught.value.findings]


@pytest.mark.parametrize(
    ("key", "value", "code", "near"),
    [
        ("within", {"tabel": "t", "table": "x"}, "table_output", "table"),
        ("within", {"table": "t"}, "table_output", None),
        ("within", {"table": "t", "take": " "}, "table_output", None),
        ("within", {"table": 7, "take": "x"}, "table_output", None),
        ("calendar", {"table": "t", "tak": "x"}, "table_output", "take"),
        ("within", {"end_off": "business day"}, "relative", "end_of"),
        ("within", {"end_of": 7}, "relative", None),
        ("within", {"at": "9:00"}, "relative", None),
        ("within", "0h", "zero", None),
        ("name", " ", "name", None),
        ("parent", " ", "parent", None),
        ("parent", 7, "parent", None),
        ("parent", " c ", "parent", None),
        ("shown", 7, "shown", None),
        ("shown", {"customer": " "}, "shown", None),
        ("shown", {"customer": 7}, "shown", None),
        ("shown", {f"a{n}": "x" for n in range(65)}, "shown", None),
        ("paused_in", 7, "names", None),
        ("paused_in", ["a", 7], "names", None),
        ("warn", 7, "mark", None),
        ("calendar", 7, "calendar", None),
        ("calendar", " ", "calendar", None),
        ("stop", 7, "conditions", None),
    ],
)
def test_a_part_that_is_wrong_is_told_with_its_value(key: str, value: Any, code: str, near: str | None) -> None:
    """The finding has the place, the value as written and a known word where one is near."""
    facts = {"value": shown(value)} | ({} if near is None else {"nearest": near})

    assert [(f"sla.{code}", key, facts)] == found(**{key: value})


@pytest.mark.parametrize(
    ("value", "code", "told", "near"),
    [
        ("end of next busines day", "day", "next busines day", "next business day"),
        ("end of 36526 business days", "day", "36526 business days", "business day"),
        ({"end_of": "zzz"}, "day", "zzz", None),
        ("9:60 of business day", "wall_time", "9:60", None),
        ({"at": 9, "of": "business day"}, "wall_time", 9, None),
        ({"at": "24:01", "of": "business day"}, "wall_time", "24:01", None),
        ({"at": "x", "of": "business day"}, "wall_time", "x", None),
    ],
)
def test_a_place_in_the_calendar_that_is_none_tells_which_word(value: Any, code: str, told: Any, near: str | None) -> None:
    """Only the day or the wall time that is wrong is shown, not the whole."""
    given = found(within=value)

    assert [(f"sla.{code}", "within", shown(told))] == [(one, path, facts["value"]) for one, path, facts in given]
    assert near is None or near == given[0][2].get("nearest")


@pytest.mark.parametrize(
    ("value", "code", "more"),
    [
        ("1001%", "percent", {}),
        ("100%", "percent", {}),
        ("4h", "mark", {}),
        ("2 business days before", "mark", {}),
        ("every 0h after", "mark", {}),
        ("every 4h", "mark", {}),
        ("every 4h after, 0 times", "times", {"limit": 1000}),
        ("every 4h after, 1001 times", "times", {"limit": 1000}),
        ("x before", "span", {"why": NO_SPAN}),
        ("every x after", "span", {"why": NO_SPAN}),
    ],
)
def test_a_mark_that_is_none_is_told_as_written(value: str, code: str, more: dict[str, Any]) -> None:
    """The whole text is the value; of a length that is none the reason stands beside it."""
    assert [(f"sla.{code}", "warn[0]", {"value": shown(value), **more})] == found(warn=[value])


def test_a_target_that_is_none_has_its_reason() -> None:
    """The reason does not repeat the examples of the hint."""
    assert [("sla.span", "within", {"value": "'x'", "why": NO_SPAN})] == found(within="x")


@pytest.mark.parametrize(
    ("line", "near"),
    [({"when": "a", "tak": "1h"}, "take"), ({"take": "1h", "wen": "a"}, "when"), ({"when": 7, "take": "1h"}, None), (7, None)],
)
def test_a_line_of_choices_that_is_none_is_told_whole(line: Any, near: str | None) -> None:
    """With its place in the list and the nearest word."""
    facts = {"value": shown(line)} | ({} if near is None else {"nearest": near})

    assert [("sla.choice", "within[0]", facts)] == found(within=[line, {"take": "1h"}])


@pytest.mark.parametrize(("value", "near"), [("cary", "carry"), ("zzz", None), (7, None)])
def test_an_option_that_is_not_known_lists_those_that_are(value: Any, near: str | None) -> None:
    """Its name, the value, all that is known, and the nearest."""
    facts = {"option": "on_retarget", "value": shown(value), "known": OPTIONS["on_retarget"]}

    assert [("sla.option", "on_retarget", facts | ({} if near is None else {"nearest": near}))] == found(on_retarget=value)


@pytest.mark.parametrize("preset", [7, ["x"], "zzz"])
def test_a_preset_that_is_not_known_lists_those_that_are(preset: Any) -> None:
    """Also where it is not even a text."""
    assert [("sla.option", "preset", {"option": "preset", "value": shown(preset), "known": tuple(PRESETS)})] == found(
        preset=preset
    )


@pytest.mark.parametrize(
    ("written", "meant", "data"),
    [
        ("end of business day", Relative(0), {"end_of": "business day"}),
        ("end of the next business day", Relative(1), {"end_of": "next business day"}),
        ("end of 36525 business days", Relative(36525), {"end_of": "36525 business days"}),
        ("9:59 of in 2 business days", Relative(2, "09:59"), {"at": "09:59", "of": "2 business days"}),
        ({"at": " 24:00 ", "of": "business day"}, Relative(0, "24:00"), {"at": "24:00", "of": "business day"}),
    ],
)
def test_a_place_in_the_calendar_is_written_one_way(written: Any, meant: Relative, data: dict[str, str]) -> None:
    """Text and mapping mean one place, which reads back from its data."""
    assert (meant, data, meant) == (span_of(written), meant.to_data(), span_of(data))


def test_what_is_no_target_is_refused_alone_too() -> None:
    """``span_of`` has the same findings as a clock, with no path before them."""
    with pytest.raises(DefinitionError) as caught:
        span_of("x")

    assert [("sla.span", "")] == [(one.code, one.path) for one in caught.value.findings]


def test_a_table_may_give_target_and_calendar() -> None:
    """Its output is written as the mapping it was read from, without spaces around names."""
    clock = Clock(name="c", within={"table": " t ", "take": " x "}, calendar={"table": "t", "take": "y"})

    assert (TableOutput("t", "x"), TableOutput("t", "y")) == (clock.within, clock.calendar)
    assert {"name": "c", "within": {"table": "t", "take": "x"}, "calendar": {"table": "t", "take": "y"}} == clock.to_data()
    assert clock == Clock(**clock.to_data()) == Clock(name="c", within=clock.within, calendar=clock.calendar)


def test_names_around_a_clock_are_part_of_its_data() -> None:
    """Its title, its parent and what others are told it is come back; spaces around the parent do not."""
    data = {"name": "c", "within": "4h", "title": "Repair", "parent": "whole", "shown": {"customer": "Repaired by"}}

    assert data == Clock(**{**data, "parent": " whole "}).to_data()
    assert (
        data | {"shown": {f"a{n}": "x" for n in range(64)}}
        == Clock(**{**data, "shown": {f"a{n}": "x" for n in range(64)}}).to_data()
    )


@pytest.mark.parametrize(
    ("written", "name", "amount"),
    [
        ("0.001%", "0.001%", HOUR / 100_000),
        ("12.50 %", "12.5%", HOUR / 8),
        ("50.005%", "50.005%", HOUR * 50_005 / 100_000),
        ("1000%", "1000%", 10 * HOUR),
        ("90m before", "1h30m before", timedelta()),
        ("1h  30m after", "1h30m after", 2.5 * HOUR),
        ("every 90m after, 1000 times", "every 1h30m after, 1000 times", 2.5 * HOUR),
    ],
)
def test_a_mark_has_one_name_and_one_amount(written: str, name: str, amount: timedelta) -> None:
    """However it is written; of one that repeats it is the first time. What is no mark stays as it is."""
    clock = Clock(name="c", within="1h", warn=[written])
    (mark,) = (*clock.early_marks, *clock.late_marks)

    assert (name, name, amount) == (mark.name, mark_name(written), mark.amount(HOUR))
    assert ("soon", name, name) == (mark_name("soon"), mark_of(name), mark_of(mark.numbered(7)))
    assert (7, 0, 0) == (mark.number(mark.numbered(7)), mark.number(name), mark.number("2h after #7"))


def test_a_mark_in_percent_is_never_later_than_its_share() -> None:
    """What does not come out even goes down to the microsecond before."""
    (mark,) = Clock(name="c", within="1h", warn=["50%"]).early_marks

    assert timedelta(microseconds=1) == mark.amount(timedelta(microseconds=3))


def test_a_name_that_stands_twice_is_told_once() -> None:
    """With the name itself."""
    assert [("sla.duplicate", "until", {"value": "'a'"})] == found(until=["a", "b", "a", "a"])


def test_a_list_of_targets_is_written_as_it_was_read() -> None:
    """The line that always holds has no condition in it."""
    within = [{"when": "x", "take": "1h"}, {"when": {"==": ["y", [1, 2]]}, "take": "2 business days"}, {"take": "3d"}]

    assert {"name": "c", "within": within} == Clock(name="c", within=within).to_data()


@pytest.mark.parametrize(
    ("key", "path", "line"),
    [
        ("within", "within", lambda n: {"when": f"x{n}", "take": "1h"}),
        ("stop", "stop", lambda n: {"event": f"e{n}"}),
        ("warn", "warn", lambda n: f"{n + 1}m after"),
    ],
)
def test_a_list_holds_so_many_and_no_more(key: str, path: str, line: Any) -> None:
    """As many as may be are taken; with one more the number and the limit are told."""
    lines = [line(n) for n in range(65)]

    assert 64 == len(getattr(Clock(**{"name": "c", "within": "1h", key: lines[:64]}), key))
    assert [("sla.too_many", path, {"count": 65, "limit": 64})] == found(**{key: lines})
    assert "sla.too_many" == found(stop={"event": [f"e{n}" for n in range(65)]})[0][0]


def test_lines_after_one_that_always_holds_are_counted() -> None:
    """The finding says how many can never be taken, and a wrong line before does not hide it."""
    lines = [7, {"take": "1h"}, {"when": "x", "take": "2h"}, {"take": "3h"}]

    assert [("sla.choice", "within[0]"), ("sla.unreachable", "within[1]")] == [one[:2] for one in found(within=lines)]
    assert {"number": 2} == found(within=lines)[1][2]
