"""Knows how fields, spans, instants, maps and actors are read and refused; must not know any workflow."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from servflow.errors import DefinitionError, InputError, TimeError
from servflow.model import (
    ACTIONS,
    SYSTEM,
    Action,
    Actor,
    Field,
    FrozenMap,
    Span,
    ValueProblem,
    actions,
    freeze,
    from_micros,
    frozen_map,
    instant,
    micros,
    read_instant,
    same_value,
    write_instant,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


# fields ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "given", "held"),
    [
        ("string", "x", "x"),
        ("int", 5, 5),
        ("int", -(2**63), -(2**63)),
        ("uint", 2**64 - 1, 2**64 - 1),
        ("double", 5, 5.0),
        ("decimal", "12.50", Decimal("12.50")),
        ("decimal", 5, Decimal(5)),
        ("bool", False, False),
        ("timestamp", "2026-03-02T20:00:00+08:00", NOON),
        ("timestamp", NOON.astimezone(timezone(timedelta(hours=8))), NOON),
        ("duration", "4h", timedelta(hours=4)),
        ("duration", timedelta(-1), timedelta(-1)),
        ("bytes", bytearray(b"x"), b"x"),
        ("list", [1, [2]], (1, (2,))),
        ("map", {"a": [1]}, FrozenMap({"a": (1,)})),
        ("any", {"a": None}, FrozenMap({"a": None})),
        ("int", None, None),
    ],
)
def test_a_value_becomes_its_fields_type(kind: str, given: Any, held: Any) -> None:
    """What a host passes is held in the field's own type; null stays null."""
    converted = Field(kind).convert(given)

    assert (type(held), held) == (type(converted), converted)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("string", 5),
        ("string", "x" * 100_001),
        ("int", True),
        ("int", 1.0),
        ("int", "5"),
        ("int", 2**63),
        ("uint", -1),
        ("double", "1"),
        ("double", True),
        ("double", 10**400),
        ("decimal", 1.5),
        ("decimal", "x"),
        ("decimal", "NaN"),
        ("decimal", "Infinity"),
        ("decimal", "1e100"),
        ("decimal", "1" * 61),
        ("bool", 1),
        ("bool", "no"),
        ("timestamp", "2026-03-02T09:00:00"),
        ("timestamp", "2026-03-02"),
        ("timestamp", 5),
        ("timestamp", datetime(2026, 3, 2)),
        ("duration", "soon"),
        ("duration", 5),
        ("bytes", "x"),
        ("list", "x"),
        ("list", [0] * 10_001),
        ("list", [object()]),
        ("map", [1]),
        ("map", {1: 2}),
        ("any", object()),
        ("any", {"x": {1}}),
    ],
)
def test_a_value_of_another_type_is_refused(kind: str, given: Any) -> None:
    """Nothing is bent to fit: a value of another type, out of range or too large says what was expected."""
    with pytest.raises(ValueProblem) as caught:
        Field(kind).convert(given)
    assert str(caught.value)


def test_a_deep_value_is_refused() -> None:
    """Nesting has a bound."""
    deep: Any = 1
    for _ in range(40):
        deep = [deep]

    with pytest.raises(ValueProblem):
        Field("any").convert(deep)


def test_one_of_limits_to_its_values_in_the_fields_type() -> None:
    """Allowed values are compared as the field holds them."""
    spec = Field("decimal", one_of=("1.0", "2"))

    assert Decimal(1) == spec.convert("1.00")
    with pytest.raises(ValueProblem, match="one of"):
        spec.convert("3")


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [(1, 1, True), (1, True, False), (1, 1.0, False), (float("nan"), float("nan"), True), (None, None, True), ("1", 1, False)],
)
def test_sameness_looks_at_types(left: Any, right: Any, same: bool) -> None:
    """Two values are the same only in the same type; NaN is the same as NaN."""
    assert same == same_value(left, right)


# spans ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("4h", Span(timedelta(hours=4))),
        ("1h30m", Span(timedelta(minutes=90))),
        (" 90 m ", Span(timedelta(minutes=90))),
        ("0.5s", Span(timedelta(milliseconds=500))),
        ("250ms", Span(timedelta(milliseconds=250))),
        ("3d", Span(timedelta(days=3), elapsed=True)),
        ("2w", Span(timedelta(days=14), elapsed=True)),
        ("1w2d", Span(timedelta(days=9), elapsed=True)),
        ("2 business days", Span(business_days=2)),
        ("1 business day", Span(business_days=1)),
        ("0h", Span()),
    ],
)
def test_spans_are_read_with_their_meaning(text: str, span: Span) -> None:
    """Hours count, days pass, business days are days of the calendar; the canonical text reads back equal."""
    assert span == Span.of(text)
    assert span == Span.of(span.text)


def test_a_timedelta_counts_like_hours() -> None:
    """A timedelta of a day is 24 counted hours, not a day that passes."""
    assert Span.of("24h") == Span.of(timedelta(days=1))
    assert Span.of("1d") != Span.of(timedelta(days=1))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "h",
        "4",
        "4 hours",
        "1d4h",
        "-4h",
        "4h-",
        "1e3h",
        "٤h",
        "40000d",
        "999999 business days",
        timedelta(-1),
        timedelta(40_000),
        5,
        None,
        True,
    ],
)
def test_what_is_no_span_is_refused(value: Any) -> None:
    """A span is never negative, mixed, over a hundred years, or anything else."""
    with pytest.raises(TimeError):
        Span.of(value)


# instants -------------------------------------------------------------------------------------------------------


def test_an_instant_is_the_same_in_every_zone() -> None:
    """Any zone becomes UTC, and a fold is resolved."""
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 10, 25, 2, 30, tzinfo=berlin)
    second = first.replace(fold=1)

    assert NOON == instant(NOON.astimezone(berlin))
    assert UTC is instant(NOON.astimezone(berlin)).tzinfo
    assert timedelta(hours=1) == instant(second) - instant(first)


@pytest.mark.parametrize("value", [datetime(2026, 3, 2), None, "2026-03-02T00:00:00Z", 5])
def test_what_is_no_instant_is_refused(value: Any) -> None:
    """A naive datetime or anything else is an error that names the argument."""
    with pytest.raises(TimeError, match="opened"):
        instant(value, "opened")


def test_an_instant_outside_the_calendar_is_refused() -> None:
    """An instant that has no UTC within the years 1 to 9999 is refused."""
    with pytest.raises(TimeError):
        instant(datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))))


@pytest.mark.parametrize(
    "moment",
    [
        NOON,
        NOON + timedelta(microseconds=1),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_instants_are_written_and_read_without_loss(moment: datetime) -> None:
    """Text and microseconds keep an instant exactly."""
    assert moment == read_instant(write_instant(moment))
    assert moment == from_micros(micros(moment))


@pytest.mark.parametrize("text", ["", "2026-03-02", "2026-03-02T09:00:00", "yesterday", "2026-13-02T09:00:00Z"])
def test_a_text_that_is_no_instant_is_refused(text: str) -> None:
    """An instant's text has a date, a time and an offset."""
    with pytest.raises(TimeError):
        read_instant(text)


# maps -----------------------------------------------------------------------------------------------------------


def test_a_frozen_map_cannot_be_changed() -> None:
    """A frozen map gives new maps and stays as it is."""
    first = FrozenMap({"a": 1})

    second = first.with_item("b", 2).with_items({"a": 3}).without("b")

    assert ({"a": 1}, {"a": 3}) == (dict(first), dict(second))
    with pytest.raises(TypeError):
        first["a"] = 2


def test_frozen_maps_are_equal_by_content_and_survive_copies() -> None:
    """Equal content is equal, hashes too; pickle and copy keep it."""
    one, two = FrozenMap({"a": 1, "b": 2}), FrozenMap({"b": 2, "a": 1})

    assert one == two
    assert hash(one) == hash(two)
    assert one == pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == {"a": 1, "b": 2}


def test_freeze_goes_all_the_way_down() -> None:
    """Lists become tuples and mappings frozen maps, at every depth."""
    assert FrozenMap({"a": (1, FrozenMap({"b": (2,)}))}) == freeze({"a": [1, {"b": [2]}]})
    assert FrozenMap() == frozen_map(None)


# actors and actions ---------------------------------------------------------------------------------------------


def test_actors_are_read_in_three_forms() -> None:
    """An actor, its mapping and a bare id; the id system is the system."""
    ann = Actor("ann", ["b", "a", "a"])

    assert (("a", "b"), ann, None) == (ann.roles, Actor.of(ann), Actor.of(None))
    assert ann == Actor.of({"id": "ann", "roles": ["a", "b"]})
    assert (Actor("ann"), SYSTEM) == (Actor.of("ann"), Actor.of("system"))


@pytest.mark.parametrize(
    "value", [5, "", [], {}, {"id": ""}, {"id": "x", "role": "a"}, {"id": "x", "roles": 5}, {"id": "x", "roles": None}]
)
def test_what_is_no_actor_is_refused(value: Any) -> None:
    """Any other form is an error that shows how to write one."""
    with pytest.raises(InputError):
        Actor.of(value)


def test_actions_are_read_from_their_one_key() -> None:
    """An action is a mapping with one key; one alone is a list of one."""
    assert (Action("set", FrozenMap({"n": "1"})),) == actions({"set": {"n": "1"}})
    assert ("tag", "queue") == tuple(action.kind for action in actions([{"tag": "x"}, Action("queue", "q")]))
    assert () == actions(None)
    assert 18 == len(ACTIONS)


def test_all_wrong_actions_are_told_at_once() -> None:
    """Each action that cannot be read is a finding at its place, a misspelt one with the one meant."""
    with pytest.raises(DefinitionError) as caught:
        actions([{"sett": {}}, {"tag": "x"}, {"a": 1, "b": 2}, 5])

    assert ["do[0]", "do[2]", "do[3]"] == [finding.path for finding in caught.value.findings]
    assert "set" == caught.value.findings[0].facts["nearest"]
