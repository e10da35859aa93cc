"""Knows that values of the model come back equal from JSON; must not know any store."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from servflow.errors import FormatError, InputError, ServflowError
from servflow.model import (
    EMPTY,
    KINDS,
    ApprovalRound,
    ChainRun,
    Check,
    ClockRun,
    FrozenMap,
    Held,
    Notify,
    OfferMade,
    Opened,
    Outcome,
    RefusedTimer,
    ReminderDue,
    Segment,
    ShownStep,
    SlotProgress,
    StateTimer,
    Take,
    Ticket,
    Vote,
    canonical,
    decode_value,
    dump,
    encode_value,
    load,
    load_ticket,
)

NOON = datetime(2026, 3, 2, 12, 30, 15, 123456, tzinfo=UTC)
TIMER = StateTimer(state="a", index=0, event="go", due=NOON, generation=4)
FULL = Ticket(
    id="T1",
    workflow="w",
    at=NOON,
    opened_at=NOON,
    sequence=9,
    configuration=("a",),
    entered=FrozenMap({"a": NOON}),
    history=FrozenMap({"h": ("a",)}),
    fields=FrozenMap(
        {"n": 5, "sum": Decimal("12.50"), "when": NOON, "wait": timedelta(hours=4), "raw": b"\x00\xff", "list": (1, "x")}
    ),
    tags=("x", "y"),
    checklist=FrozenMap({"a": FrozenMap({"look": Check(NOON, "ann", FrozenMap({"photo": "p1"}))})}),
    clocks=FrozenMap(
        {"k": ClockRun(name="k", within=timedelta(hours=1), started_at=NOON, segments=(Segment(NOON),), since=NOON)}
    ),
    chains=(ChainRun(chain="c", hash="h", cause="x", started_at=NOON, reminders=(ReminderDue(level=0, due=NOON, left=2),)),),
    offers=(OfferMade(id="o", policy="p", slot="assignee", to="ann", made_at=NOON),),
    slots=FrozenMap({"assignee": SlotProgress(policy="p", since=NOON, waits=("engineer:ann",))}),
    held=(Held("engineer:ann"),),
    children_closed=("c0",),
    children_total=2,
    approvals=FrozenMap({"review": ApprovalRound(votes=(Vote(by="sue", vote="approve", at=NOON, roles=("lead",)),))}),
    shown=FrozenMap({"customer": (ShownStep(state="a", at=NOON, current=False), ShownStep(state="b", at=NOON))}),
    timers=(TIMER,),
    refused_timers=(RefusedTimer(timer=TIMER, reads=("n",)),),
    wake=NOON,
)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        5,
        -(2**63),
        2**64 - 1,
        1.5,
        float("inf"),
        float("-inf"),
        "text",
        "文字",
        Decimal("12.50"),
        Decimal("1E+40"),
        NOON,
        timedelta(microseconds=-1),
        timedelta(days=36_525),
        b"\x00\xff",
        (),
        (1, ("x", None)),
        FrozenMap({"a": (1, FrozenMap({"b": Decimal(1)}))}),
        FrozenMap({"$decimal": "1"}),
        FrozenMap({"$map": 1, "x": FrozenMap({"$timestamp": "no"})}),
        FrozenMap({"$unknown": 1}),
    ],
)
def test_plain_values_come_back_as_they_were(value: Any) -> None:
    """Every plain value, tagged ones and those that look like a tag included, survives JSON with its type."""
    again = decode_value(json.loads(json.dumps(encode_value(value))))

    assert (type(value), value) == (type(again), again)


def test_what_is_no_number_comes_back_too() -> None:
    """NaN survives JSON."""
    assert "nan" == repr(decode_value(json.loads(json.dumps(encode_value(float("nan"))))))


def test_what_is_no_plain_value_cannot_be_kept() -> None:
    """An object of the host is refused with its type."""
    with pytest.raises(InputError):
        encode_value(object())


def test_a_full_ticket_comes_back_equal() -> None:
    """A ticket with everything on it survives JSON, and writes the same bytes again."""
    again = load_ticket(json.loads(json.dumps(dump(FULL))))

    assert FULL == again
    assert canonical(dump(FULL)) == canonical(dump(again))


def test_what_equals_its_default_is_left_out() -> None:
    """A snapshot holds only what is particular to its ticket."""
    plain = dump(Ticket(id="T1", workflow="w", at=NOON, opened_at=NOON))

    assert {"kind", "format", "id", "workflow", "at", "opened_at", "wake"} == set(plain)


def test_an_outcome_comes_back_with_records_effects_and_reservations() -> None:
    """What one call gave can be written away as a whole."""
    outcome = Outcome(
        ticket=FULL,
        records=(Opened(sequence=1, at=NOON, id="T1", workflow="w", version=1, configuration=("a",)),),
        effects=(Notify(id="e", ticket="T1", at=NOON, cause="open", action="a", to="ann", template="t"),),
        reservations=(Take(key="engineer:ann", limit=2),),
    )

    assert outcome == load(json.loads(json.dumps(dump(outcome))))


def test_every_kind_has_one_name() -> None:
    """Each class that is written has its own name, in snake case."""
    assert len(KINDS) == len(set(KINDS.values()))
    assert {"ticket", "opened", "clock_run", "notify", "take", "outcome"} <= set(KINDS)
    assert all(name == name.lower() for name in KINDS)


def test_canonical_bytes_do_not_depend_on_the_order_of_keys() -> None:
    """Equal data has equal bytes, in UTF-8 and without spaces."""
    assert canonical({"b": 1, "a": "文"}) == canonical({"a": "文", "b": 1})
    assert '{"a":"文","b":1}'.encode() == canonical({"b": 1, "a": "文"})


@pytest.mark.parametrize("data", [{}, {"kind": "tikcet"}, {"kind": "opened"}, 5, None, [], "x", {"kind": ["ticket"]}])
def test_what_is_no_ticket_is_refused(data: Any) -> None:
    """A row that holds no ticket is an error of ours, not of Python."""
    with pytest.raises(ServflowError):
        load_ticket(data)


def test_a_newer_form_is_refused() -> None:
    """A ticket written by a newer version is left alone."""
    with pytest.raises(FormatError):
        load_ticket({**dump(FULL), "format": 99})


@pytest.mark.parametrize("change", [{"at": "yesterday"}, {"at": 5}, {"clocks": 5}, {"at": "2026-03-02T12:00:00"}])
def test_a_damaged_ticket_is_refused(change: dict[str, Any]) -> None:
    """A row whose values cannot be read is an error of ours that says so."""
    with pytest.raises(ServflowError):
        load_ticket({**dump(FULL), **change})


def test_a_ticket_without_what_every_ticket_has_is_refused() -> None:
    """A row that lacks a needed value is an error of ours."""
    data = dump(FULL)
    del data["workflow"]

    with pytest.raises(ServflowError):
        load_ticket(data)


def test_an_empty_map_is_shared() -> None:
    """The empty map is equal to any other empty one."""
    assert EMPTY == FrozenMap({})
