"""Laws of models of hosts and of forms: what goes in comes back."""

from __future__ import annotations

import dataclasses
import enum
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs
import pydantic
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import servflow
from servflow.embedding import Input, as_model, forms, opening_form, read_form, values_of, with_fields
from servflow.testing import fields_for

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.integers(-(2**63), 2**63 - 1)
EXACT = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=4)
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.timezones())
SPANS = st.timedeltas(timedelta(days=-3000), timedelta(days=3000))


class Tier(enum.Enum):
    GOLD = "gold"
    SILVER = "silver"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 9


SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: NUMBERS,
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    Decimal: EXACT,
    datetime: INSTANTS,
    timedelta: SPANS,
    bytes: st.binary(max_size=12),
    date: st.dates(),
    UUID: st.uuids(),
    Tier: st.sampled_from(Tier),
    Level: st.sampled_from(Level),
}
"""Type of an attribute -> its values."""


@st.composite
def annotated(draw: st.DrawFn, depth: int = 0) -> tuple[Any, st.SearchStrategy[Any]]:
    """A type that a model may give an attribute, and what it can hold."""
    kind = draw(st.sampled_from(["scalar", "optional", "list", "tuple", "set", "dict"] if depth < 2 else ["scalar"]))
    if kind == "scalar":
        scalar = draw(st.sampled_from(list(SCALARS)))
        return scalar, SCALARS[scalar]
    inner, values = draw(annotated(depth + 1))
    if kind == "optional":
        return inner | None, st.none() | values
    if kind == "list":
        return list[inner], st.lists(values, max_size=3)
    if kind == "tuple":
        return tuple[inner, ...], st.lists(values, max_size=3).map(tuple)
    if kind == "dict":
        return dict[str, inner], st.dictionaries(TEXTS, values, max_size=3)
    scalar = draw(st.sampled_from([str, int, date, Tier]))
    return frozenset[scalar], st.frozensets(SCALARS[scalar], max_size=3)


def made_with(library: str, shapes: dict[str, Any]) -> Any:
    """A model of a library with these attributes."""
    if library == "pydantic":
        return pydantic.create_model("Model", **{name: (kind, ...) for name, kind in shapes.items()})
    if library == "attrs":
        return attrs.make_class("Model", {name: attrs.field(type=kind) for name, kind in shapes.items()})
    return dataclasses.make_dataclass("Model", list(shapes.items()))


@pytest.mark.parametrize("library", ["pydantic", "attrs", "dataclass"])
@settings(suppress_health_check=[HealthCheck.too_slow])  # a model is made anew for every example
@given(data=st.data())
def test_a_ticket_opened_with_a_model_is_given_back_as_it(library: str, data: st.DataObject) -> None:
    """``as_model(open(values_of(m))) == m`` for what a model can hold, through a store and out of the definition's text."""
    drawn = {f"a{place}": data.draw(annotated()) for place in range(data.draw(st.integers(1, 4)))}
    inside = made_with(library, {name: kind for name, (kind, _) in drawn.items()})
    model = made_with(library, {"inner": inside, "again": list[inside]})
    each = st.fixed_dictionaries({name: values for name, (_, values) in drawn.items()})
    instance = model(inner=inside(**data.draw(each)), again=[inside(**one) for one in data.draw(st.lists(each, max_size=2))])

    workflow = servflow.load(servflow.dump(with_fields({"workflow": "w", "states": {"s": {}}}, model)))
    ticket = workflow.open("1", values_of(instance), at=AT).ticket

    assert instance == as_model(ticket, model)
    assert instance == as_model(servflow.load_ticket(servflow.dump(ticket)), model)


FLAT = servflow.load(
    {
        "workflow": "w",
        "fields": {
            "text": {"one_of": ["a", "b"]},
            "count": "int",
            "share": "double",
            "amount": "decimal",
            "flag": "bool",
            "seen": "timestamp",
            "wait": "duration",
            "photo": "bytes",
            "names": "list",
            "where": "map",
        },
        "states": {"s": {}},
    }
)


def sent(one: Input) -> dict[str, str]:
    """What a browser sends for an input that nobody touched."""
    if one.widget == "checkbox":
        return {one.name: "on"} if one.value else {}
    return {one.name: one.shown}


@given(data=st.data(), zone=st.sampled_from([None, "UTC", "Asia/Shanghai"]))
def test_a_form_that_nobody_touched_changes_nothing(data: st.DataObject, zone: str | None) -> None:
    """Whatever the fields hold is shown such that sending it back says nothing."""
    fields = data.draw(fields_for(FLAT))
    ticket = FLAT.open("1", fields, at=AT).ticket
    update = next(form for form in forms(FLAT, ticket, at=AT, zone=zone) if form.event == "ticket.update")
    read = read_form(update, {name: text for one in update.inputs for name, text in sent(one).items()}, html=True)

    assert ["form.nothing"] == [problem.code for problem in read.problems.values()]


JUNK = st.dictionaries(
    st.sampled_from([*FLAT.fields, "_expect", "_form", "other"]),
    st.recursive(
        st.none() | st.booleans() | NUMBERS | st.floats() | st.text(max_size=12),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=6,
    ),
)


@given(submitted=JUNK)
def test_whatever_is_sent_is_a_payload_that_opens_or_problems_that_can_be_read(submitted: dict[str, Any]) -> None:
    """No submission breaks the reader, and none that it lets through is refused for its types."""
    read = read_form(opening_form(FLAT, zone="Europe/Berlin"), submitted)

    for problem in read.problems.values():
        assert problem.text("en")
        assert problem.text("zh")
    if read.ok:
        FLAT.open("1", read.payload, at=AT)
