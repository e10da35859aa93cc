"""Knows what strangers may pass; must not know what a workflow makes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import Enum
from typing import Any

import attrs
import pytest

from servflow.engine import State, Workflow
from servflow.errors import DefinitionError, InputError, ServflowError, TimeError, shown
from servflow.model import (
    CONVERTERS,
    Actor,
    Field,
    PlainData,
    Span,
    ValueProblem,
    World,
    canonical,
    instant,
    load,
    read_instant,
)

HUGE = 10**5_000
LONE = "\ud800"


def kind(value: Any) -> str:
    """The name of a case, whose values may be too much to write."""
    return type(value).__name__


def deep(levels: int = 5_000) -> list[Any]:
    """A list nested that often."""
    outer: list[Any] = []
    for _ in range(levels):
        outer = [outer]
    return outer


def shared_parts() -> list[Any]:
    """A small value that holds 100 to the power of 12 others."""
    value: list[Any] = [0] * 100
    for _ in range(11):
        value = [value] * 100
    return value


class Angry:
    """A host's object that cannot be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


class Zone(tzinfo):
    """A zone that gives an offset no zone has, or fails."""

    def __init__(self, offset: timedelta | None) -> None:
        self.offset = offset

    def utcoffset(self, _: datetime | None) -> timedelta:
        if self.offset is None:
            raise RuntimeError("no")
        return self.offset

    def dst(self, _: datetime | None) -> None:
        """No summer time."""

    def tzname(self, _: datetime | None) -> None:
        """No name."""


class Stamp(datetime):
    """A host's own kind of instant."""


ODD: list[Any] = [
    HUGE,
    deep(),
    shared_parts(),
    Angry(),
    LONE,
    "x" * 1_000_000,
    {HUGE: deep()},
    {"a": {1, 2}},
    b"x",
    None,
    5,
    [[]],
]


@pytest.mark.parametrize("value", ODD, ids=kind)
def test_any_value_is_quoted_shortly(value: Any) -> None:
    """Whatever a value is, a message can quote it in a few characters that can be written."""
    text = shown(value)

    assert len(text) <= 300
    assert text.encode()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "'a'"),
        (5, "5"),
        ([1, (2,), {"a": {3}}], "[1, (2,), {'a': {3}}]"),
        (list(range(9)), "[0, 1, 2, 3, 4, 5, …]"),
        (HUGE, "<a whole number of 16610 bits>"),
        (Angry(), "<Angry>"),
        ({"b", "a"}, "{'a', 'b'}"),
        ([], "[]"),
    ],
    ids=kind,
)
def test_small_values_are_quoted_as_they_are(value: Any, text: str) -> None:
    """A small value reads as Python writes it."""
    assert text == shown(value)


@pytest.mark.parametrize("value", ["1" * 100_000, "1h" * 50, 5, None, HUGE, deep(), LONE, "-1h", "4h 2d"], ids=kind)
def test_a_span_is_refused_before_it_is_searched(value: Any) -> None:
    """What is no span is refused at once, however long it is, with a short message."""
    with pytest.raises(TimeError) as caught:
        Span.of(value)

    assert len(caught.value.message) < 400


@pytest.mark.parametrize("of", ["any", "list", "map", "string", "int", "duration", "timestamp"])
@pytest.mark.parametrize(
    "value",
    [LONE, [LONE], {LONE: 1}, {"a": LONE}, {1: 2}, HUGE, [HUGE], deep(), shared_parts(), {"a": shared_parts()}, [0] * 20_000],
    ids=kind,
)
def test_fields_take_no_value_that_cannot_be_kept(of: str, value: Any) -> None:
    """Whatever comes as a field is converted or refused, and what is converted can be written as bytes."""
    with pytest.raises(ValueProblem):
        CONVERTERS[of](value)


def test_a_field_of_one_of_many_says_some() -> None:
    """The refusal of a value of a long list names the first ones only."""
    field = Field("string", one_of=[f"v{number}" for number in range(1_000)])

    with pytest.raises(ValueProblem) as caught:
        field.convert("w")
    assert str(caught.value).endswith("v18, v19, …")


def test_a_member_of_an_enum_is_the_text_it_holds() -> None:
    """A text of a host's own kind is kept as the plain text."""

    class Tier(str, Enum):  # noqa: UP042 - what hosts have, and what prints as its name
        GOLD = "gold"

    assert "gold" == CONVERTERS["string"](Tier.GOLD)
    assert str is type(CONVERTERS["any"](Tier.GOLD))


@pytest.mark.parametrize(
    "value",
    [
        5,
        True,
        "",
        LONE,
        "x" * 201,
        HUGE,
        deep(),
        b"a",
        {},
        {"id": ""},
        {"id": 5},
        {"id": "a", "roles": 5},
        {"id": "a", "roles": None},
        {"id": "a", "roles": [5]},
        {"id": "a", "roles": [[]]},
        {"id": "a", "roles": {"b": 1}},
        {"id": "a", "outlets": [LONE]},
        {"id": "a", "role": "b"},
        {"id": "a", 5: 6},
    ],
    ids=kind,
)
def test_what_is_no_actor_is_refused(value: Any) -> None:
    """An actor is an id with names of roles and outlets; everything else is an error of input."""
    with pytest.raises(InputError) as caught:
        Actor.of(value)

    assert len(caught.value.message) < 500


def test_actors_are_read_from_three_forms() -> None:
    """An actor, its mapping and an id are the same actor."""
    assert Actor("ann") == Actor.of("ann") == Actor.of({"id": "ann"}) == Actor.of(Actor("ann"))
    assert Actor("a", ["b", "c"], ["o"]) == Actor.of({"id": "a", "roles": ("c", "b", "b"), "outlets": "o"})
    assert None is Actor.of(None)


@pytest.mark.parametrize(
    "source",
    [
        5,
        "world",
        [],
        {"zzz": 1},
        {1: 2},
        {"engineers": 5},
        {"engineers": "ann"},
        {"engineers": [5]},
        {"engineers": {"e": 5}},
        {"engineers": [{"id": []}]},
        {"engineers": [{"id": ""}]},
        {"engineers": [{"id": LONE}]},
        {"engineers": [{"name": "e"}]},
        {"engineers": [{"id": "e", "skills": 5}]},
        {"engineers": [{"id": "e", "skills": {"a": "b"}}]},
        {"engineers": [{"id": "e", "absences": [5]}]},
        {"engineers": [{"id": "e", "absences": 5}]},
        {"engineers": [{"id": "e", "capacity": "2"}]},
        {"engineers": [{"id": "e", "position": [1]}]},
        {"engineers": [{"id": "e", "certificates": ["gas"]}]},
        {"engineers": [{"id": "e", "rolez": ["gas"]}]},
        {"engineers": [{"id": "e"}, {"id": "e"}]},
        {"absences": [5]},
        {"loads": 5},
        {"loads": {"e": HUGE}},
        {"loads": {"e": "2"}},
        {"areas": {"a": []}},
        {"areas": {"a": "b", "b": "a"}},
        {"queues": [{"id": "q", "members": 5}]},
        {"calendars": {"office": 5}},
        {"schedules": {"duty": {}}},
        {"previous": {"c": 5}},
        {"facts": 5},
        {"facts": {"a": deep()}},
        {"facts": {"a": shared_parts()}},
        {"facts": {"a": HUGE}},
        {"facts": {"a": LONE}},
        {"version": 5},
        {"version": ""},
    ],
    ids=kind,
)
def test_what_is_no_world_is_refused(source: Any) -> None:
    """A world of a wrong shape is an error of input, told shortly."""
    with pytest.raises(InputError) as caught:
        World.of(source)

    assert len(caught.value.message) < 700


def test_a_misspelt_key_of_the_world_is_told() -> None:
    """An unknown key says which was probably meant."""
    with pytest.raises(InputError, match="did you mean 'engineers'"):
        World.of({"enginers": []})
    with pytest.raises(InputError, match="'ann' has no attribute 'skils'; did you mean 'skills'"):
        World.of({"engineers": {"ann": {"skils": ["gas"]}}})


def test_a_naive_absence_is_an_error_of_time() -> None:
    """An end without a zone is refused as every naive instant is."""
    with pytest.raises(TimeError):
        World.of({"engineers": [{"id": "e", "absences": [("2026-03-02T09:00:00", "2026-03-03T09:00:00Z")]}]})


def test_worlds_written_in_plain_data_are_the_worlds_built() -> None:
    """Lists and sets, texts and instants, mappings by id and lists give one world."""
    expiry = datetime(2027, 1, 1, tzinfo=UTC)
    parts: dict[str, Any] = {
        "areas": {"north": "all", "all": None},
        "previous": {"c": ["ann"]},
        "facts": {"x": [{"b": 1, 2: 3}]},
    }
    written = World.of(
        {
            "engineers": {
                "ann": {"roles": ["a", "b"], "position": [31, 121.5], "certificates": {"gas": "2027-01-01T00:00:00Z"}}
            },
            **parts,
        }
    )
    built = World(
        engineers=[{"id": "ann", "roles": {"b", "a"}, "position": (31, 121.5), "certificates": {"gas": expiry}}],
        **parts,
    )

    assert written == built
    assert written is World.of(written)
    assert None is World.of(None)
    assert built == World(engineers=built.engineers, **parts)


def test_a_long_way_up_the_areas_is_walked_once() -> None:
    """A chain of 10,000 areas is read at once."""
    world = World(areas={f"a{number}": f"a{number + 1}" for number in range(10_000)})

    assert 10_001 == len(world.area_path("a0"))


@pytest.mark.parametrize("zone", [Zone(None), Zone(timedelta(hours=30)), Zone("+1")], ids=kind)  # type: ignore[arg-type]  # a zone may give anything
def test_a_zone_that_does_not_work_is_an_error_of_time(zone: tzinfo) -> None:
    """Whatever a zone of a host does, the answer is an error of time."""
    with pytest.raises(TimeError, match="at has a zone that does not work"):
        instant(datetime(2026, 3, 2, tzinfo=zone))


def test_instants_of_other_kinds_keep_every_microsecond() -> None:
    """A subclass of datetime becomes the plain instant, exactly, at both ends of time."""
    for plain in (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC)):
        fields = (plain.year, plain.month, plain.day, plain.hour, plain.minute, plain.second, plain.microsecond)
        moved = instant(Stamp(*fields, tzinfo=timezone(timedelta(0))))
        assert (plain, datetime, UTC) == (moved, type(moved), moved.tzinfo)
    with pytest.raises(TimeError):
        instant(datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-2))))


@pytest.mark.parametrize("text", ["1" * 100_000, LONE, HUGE, deep()], ids=kind)
def test_what_is_no_instant_is_refused(text: Any) -> None:
    """A text that is no instant is refused with a short message."""
    with pytest.raises(TimeError) as caught:
        read_instant(text)

    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    "data", [{"format": HUGE}, {"kind": HUGE}, {"kind": []}, {"kind": "ticket", "fields": deep()}], ids=kind
)
def test_damaged_data_is_told(data: Any) -> None:
    """Data that nobody dumped is refused by an error of servflow."""
    with pytest.raises(ServflowError):
        load(data)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": [1, {"b": HUGE}]}, "x.a[1].b"),
        ({LONE: 1}, "x.'\\ud800'"),
        ([LONE], "x[0]"),
        ({("a",): 1}, "x.('a',)"),
        ([b"x"], "x[0]"),
        (deep(33), "x" + "[0]" * 32),
        ({2**64}, "x[0]"),
    ],
    ids=kind,
)
def test_flaws_of_plain_data_are_found_where_they_are(value: Any, path: str) -> None:
    """The walk tells the path of what cannot be read, and ends."""
    flaws = PlainData().flaws(value, "x")

    assert [path] == [where for where, _ in flaws]


def test_what_is_sound_has_no_flaws() -> None:
    """Scalars, texts of any language, 64 bits, 32 levels and values of this library are taken."""
    sound = {"a": [None, True, 1.5, "正常", 2**64 - 1, -(2**63), datetime(2026, 1, 1, tzinfo=UTC), State()], 5: {None: 1}}

    assert [] == PlainData().flaws(sound, "")
    assert [] == PlainData().flaws(deep(31), "")


PLACES = tuple(attribute.name for attribute in attrs.fields(Workflow) if attribute.init and attribute.name != "extensions")


def definition(**parts: Any) -> dict[str, Any]:
    """A workflow of two states with something changed."""
    return {
        "workflow": "w",
        "states": {"a": {}, "b": {"closed": True}},
        "transitions": [{"event": "go", "source": "a", "target": "b"}],
        **parts,
    }


@pytest.mark.parametrize("odd", [HUGE, deep(), LONE, b"x", {LONE: LONE}, {("a",): 1}], ids=kind)
@pytest.mark.parametrize(
    "place",
    PLACES,
)
def test_no_section_of_a_definition_can_break_the_reader(place: str, odd: Any) -> None:
    """Whatever stands in a section, alone or as an element, is told with findings that can be printed."""
    for value in (odd, [odd], {"x": odd}, {"x": {"title": odd}}, [{"title": odd}]):
        with pytest.raises(DefinitionError) as caught:
            Workflow(**definition(**{place: value}))
        assert all(finding.text(lang).encode() for finding in caught.value.findings for lang in ("en", "zh"))


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({"states": {"a": {}, "b": {"closed": "no"}}}, "states.b.closed"),
        ({"states": {"a": {"states": {"c": {"ordered": 1}}}, "b": {}}}, "states.a.c.ordered"),
        ({"states": {"a": {"timers": [{"after": "1h", "event": 5}]}, "b": {}}}, "states.a.timers[0].event"),
        ({"transitions": [{"event": 5, "source": "a"}]}, "transitions[0].event"),
        ({"transitions": [{"event": "go", "source": "a", "internal": "yes"}]}, "transitions[0].internal"),
        ({"fields": {"n": {"type": "int", "required": "yes"}}}, "fields.n.required"),
        ({"fields": {"n": {"type": ["int"]}}}, "fields.n.type"),
        ({"roles": 5}, "roles"),
        ({"roles": ["a", 5]}, "roles[1]"),
        ({"queues": {"a": 1}}, "queues"),
        ({"title": 5}, "title"),
        ({"extensions": 5}, "extensions"),
    ],
)
def test_wrong_kinds_are_told_where_they_stand(parts: dict[str, Any], path: str) -> None:
    """Flags, names and texts of another kind are findings with their path, in both languages."""
    with pytest.raises(DefinitionError) as caught:
        Workflow(**definition(**parts))

    assert path in [finding.path for finding in caught.value.findings]


def test_too_many_values_are_told_once() -> None:
    """A definition of more values than anybody writes is given up with one finding about it."""
    many = {f"s{number}": {"title": [0] * 1_000} for number in range(300)}

    for parts in ({"states": many}, {"fields": {"x": {"default": shared_parts()}}, "initial": shared_parts()}):
        with pytest.raises(DefinitionError) as caught:
            Workflow(**definition(**parts))
        assert 1 == sum("too many values" in finding.message() for finding in caught.value.findings)


def test_roles_are_one_name_or_several() -> None:
    """A single role may be written without a list, and the definition has canonical bytes."""
    one = Workflow(**definition(roles="clerk", queues=("care",)))

    assert one == Workflow(**definition(roles=["clerk"], queues=["care"]))
    assert canonical(one.to_data())
