"""Knows what is told, and what is refused, when it is asked what would be; must not know the law behind it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import servflow
from servflow.calendars import Calendar
from servflow.errors import InputError, Refused, TimeError
from servflow.model import Breached, dump

OFFICE = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOON = MONDAY + timedelta(hours=3)
DEFINITION: dict[str, Any] = {
    "workflow": "repair",
    "fields": {
        "tier": {"type": "string", "one_of": ["gold", "silver"], "default": "silver"},
        "event": {"type": "string", "optional": True},
    },
    "roles": ["clerk", "engineer"],
    "events": {"ticket.update": {"allow": ["clerk"]}},
    "calendars": {"office": OFFICE},
    "initial": "open",
    "states": {"open": {}, "waiting": {}, "done": {"closed": True}},
    "transitions": [
        {"event": "wait", "source": "open", "target": "waiting", "allow": ["engineer"]},
        {"event": "sign", "source": "open", "target": "done", "allow": ["assignee"], "not_by": "wait"},
    ],
    "clocks": [
        {
            "name": "repair",
            "within": [{"when": "tier == 'gold'", "take": "2h"}, {"take": "16h"}],
            "calendar": "office",
            "until": "done",
            "paused_in": "waiting",
            "warn": ["50%", "4h after"],
        },
        {"name": "child", "parent": "repair", "within": "100h", "until": "done"},
        {"name": "visit", "within": "8h", "start": {"event": "wait"}, "until": "done"},
    ],
}
FLOW = servflow.Workflow(**DEFINITION)
TICKET = FLOW.open("T1", at=MONDAY).ticket


def test_nobody_needs_permission_to_ask() -> None:
    """Whoever may not update, nor wait, nor sign, may still ask what it would come to; the answer is the whole outcome."""
    with pytest.raises(Refused, match="not permitted"):
        FLOW.fire(TICKET, "ticket.update", {"tier": "gold"}, at=NOON, actor="ann")

    assert {"tier": ("silver", "gold")} == FLOW.what_if(TICKET, at=NOON, tier="gold").changed
    assert "waiting" == FLOW.what_if(TICKET, at=NOON, event="wait").outcome.ticket.state
    assert "done" == FLOW.what_if(TICKET, at=NOON, event="sign").outcome.ticket.state
    with pytest.raises(Refused, match="not permitted"):
        FLOW.fire(TICKET, "wait", at=NOON, actor="ann")


def test_all_that_is_told_is_data_too() -> None:
    """It is JSON-ready, and both languages say the same things; the ticket is as it was."""
    before = dump(TICKET)

    found = FLOW.what_if(TICKET, at=NOON, tier="gold", until=NOON + timedelta(days=2))

    data = json.loads(json.dumps(found.as_data()))
    assert [True] == [item["at_once"] for item in data["breaches"] if item["clock"] == "repair"]
    assert {"mark", "state", "level", "timer"} >= {item["kind"] for item in data["then"]}
    assert len(found.text().splitlines()) == len(found.text("zh").splitlines())
    assert "repair: due 2026-03-02 12:00, was 2026-03-03 17:00" in found.text()
    assert before == dump(TICKET)


def test_the_horizon_tells_what_comes_with_the_change_and_without() -> None:
    """Until then both tickets are lived through; the marks are those that will be recorded."""
    until = MONDAY + timedelta(days=2)

    found = FLOW.what_if(TICKET, at=NOON, tier="gold", until=until)

    done = FLOW.fire(TICKET, "ticket.update", {"tier": "gold"}, at=NOON, actor=servflow.Actor("ann", ["clerk"])).ticket
    breached = [record for record in FLOW.advance(done, at=until).records if isinstance(record, Breached)]
    assert [(record.instant, f"{record.clock} breach") for record in breached] == [
        (item.at, item.name) for item in found.then if item.name.endswith(" breach")
    ]
    assert [MONDAY + timedelta(days=1, hours=8)] == [item.at for item in found.otherwise if item.name == "repair breach"]


def test_a_clock_that_starts_or_pauses_is_told() -> None:
    """Waiting pauses one promise, whose due instant recedes, and begins another."""
    found = FLOW.what_if(TICKET, at=NOON, event="wait")

    told = {change.clock: change for change in found.clocks}
    repair, visit = told["repair"], told["visit"]
    assert repair.after is not None
    assert visit.after is not None
    assert ("paused", None, datetime(2026, 3, 3, 17, tzinfo=UTC)) == (
        repair.after.phase,
        repair.after.due,
        repair.after.due_if_resumed,
    )
    assert (None, NOON + timedelta(hours=8)) == (visit.before, visit.after.due)
    assert "repair: paused, was running, due never, was 2026-03-03 17:00" == repair.text().removeprefix("T1 ")


def test_other_calendars_can_be_tried_with_or_without_a_change() -> None:
    """A day less is told as recompute tells it."""
    closed = Calendar("UTC", {"mon-fri": ["09:00-17:00"]}, holidays=["2026-03-03"])

    alone = FLOW.what_if(TICKET, at=NOON, calendars={"office": closed})
    both = FLOW.what_if(TICKET, at=NOON, calendars={"office": closed}, tier="gold")

    assert FLOW.recompute([TICKET], calendars={"office": closed}, at=NOON) == alone.clocks
    assert {} == alone.changed
    assert {"tier": ("silver", "gold")} == both.changed


def test_a_name_that_is_a_parameter_goes_into_fields() -> None:
    """The field ``event`` is set by name in ``fields``."""
    assert {"event": (None, "storm")} == FLOW.what_if(TICKET, at=NOON, fields={"event": "storm"}).changed


@pytest.mark.parametrize(
    ("asked", "kind", "said"),
    [
        ({}, InputError, "say what would change"),
        ({"tire": "gold"}, Refused, "did you mean 'tier'"),
        ({"tier": "brass"}, Refused, "one of gold, silver"),
        ({"priority": "P0"}, Refused, "whole number from 1"),
        ({"event": "waite"}, Refused, "did you mean 'wait'"),
        ({"tier": "gold", "fields": {"tier": "gold"}}, InputError, "given both"),
        ({"fields": ["tier"]}, InputError, "a mapping"),
        ({"calendars": {"offise": OFFICE}}, InputError, "did you mean 'office'"),
        ({"calendars": 7}, InputError, "a mapping of names"),
        ({"tier": "gold", "until": MONDAY}, InputError, "a horizon lies ahead"),
        ({"tier": "gold", "until": datetime(2026, 3, 9)}, TimeError, "naive"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked: dict[str, Any], kind: type[Exception], said: str) -> None:
    """A slip is told with the next step, as the change itself would tell it."""
    with pytest.raises(kind, match=said):
        FLOW.what_if(TICKET, at=NOON, **asked)


def test_a_breach_ahead_is_told_in_the_language_asked_for() -> None:
    """What time brings is worded like what changes, and lengths of less than an hour are minutes."""
    found = FLOW.what_if(TICKET, at=MONDAY + timedelta(minutes=90), tier="gold", until=MONDAY + timedelta(days=2))

    assert "节点 repair 违约" in found.text("zh")
    assert "mark repair breach" in found.text("en")
    assert "breach" not in found.text("zh")
    assert "30m left, was 14h30m" in found.text()


def test_texts_are_refused_in_zones_and_languages_that_are_not_there() -> None:
    """All three answers name the zone or the language, as the timeline of a clock does."""
    new = Calendar("UTC", {"mon-fri": ["09:00-16:00"]})
    answers = (
        FLOW.what_if(TICKET, at=NOON, tier="gold"),
        FLOW.forecast(TICKET, "repair", "4h", at=NOON),
        FLOW.recompute([TICKET], calendar=new, at=NOON)[0],
    )
    for answer in answers:
        with pytest.raises(InputError, match="did you mean 'Asia/Shanghai'"):
            answer.text("en", "Asia/Shangai")
        with pytest.raises(InputError, match="texts are in en and zh"):
            answer.text("de")


def test_recompute_takes_a_list_of_tickets() -> None:
    """One ticket by itself, or none, is told with what to pass."""
    for wrong in (TICKET, None, 7):
        with pytest.raises(InputError, match="pass a list of Tickets"):
            FLOW.recompute(wrong, calendar=OFFICE, at=NOON)  # type: ignore[arg-type] - as a slip would


def test_a_paused_clock_is_forecast_by_what_it_would_be_due_by() -> None:
    """Its parent's promise holds for it too, and so does its own option; the timeline says the same."""
    promise = {"calendar": "office", "until": "done", "paused_in": "waiting"}
    flow = servflow.Workflow(
        **{
            **DEFINITION,
            "clocks": [
                {"name": "parent", "within": "6h", "calendar": "office", "until": "done"},
                {"name": "child", "parent": "parent", "within": "20h", **promise},
                {"name": "over", "within": "8h", "breached_by": "over", **promise},
            ],
        }
    )
    at = MONDAY + timedelta(hours=1)
    ticket = flow.fire(flow.open("T1", at=MONDAY).ticket, "wait", at=at, actor={"id": "ann", "roles": ["engineer"]}).ticket

    child, over = (flow.forecast(ticket, name, "2h", at=at) for name in ("child", "over"))

    assert (MONDAY + timedelta(hours=6), timedelta(hours=3), True) == (child.due, child.slack, child.feasible)
    assert (MONDAY + timedelta(days=1), timedelta(hours=5)) == (over.due, over.slack)
    for found in (child, over):
        assert flow.explain_clock(ticket, found.clock, at=at).due_if_resumed == found.due


def test_a_priority_may_be_asked_for_as_people_write_it() -> None:
    """P1 to P9 are understood as 1 to 9 where the built-in priority is asked about, and nowhere else."""
    found = FLOW.what_if(TICKET, at=NOON, priority="P1")

    assert FLOW.what_if(TICKET, at=NOON, priority=1) == found
    assert {"priority": (3, 1)} == found.changed
    assert FLOW.what_if(TICKET, at=NOON, fields={"priority": "p9"}).changed == {"priority": (3, 9)}
    for wrong in ("P0", "P10", "urgent"):
        with pytest.raises(Refused, match="whole number from 1"):
            FLOW.what_if(TICKET, at=NOON, priority=wrong)
    with pytest.raises(Refused, match="whole number from 1"):
        FLOW.fire(TICKET, "ticket.update", {"priority": "P1"}, at=NOON, actor={"id": "ann", "roles": ["clerk"]})


def test_the_only_calendar_needs_no_name() -> None:
    """One calendar, or its data, says all where the workflow has one; else the error names those it has."""
    new = Calendar("UTC", {"mon-fri": ["09:00-17:00"]}, holidays=["2026-03-03"])
    named = FLOW.recompute([TICKET], calendars={"office": new}, at=NOON)
    two = servflow.Workflow(**{**DEFINITION, "calendars": {"office": OFFICE, "night": OFFICE}})

    assert FLOW.recompute([TICKET], calendar=new, at=NOON) == named
    assert FLOW.recompute([TICKET], calendar=new.to_data(), at=NOON) == named
    for given, said in (
        ({"calendar": new, "calendars": {"office": new}}, "not both"),
        ({}, "say which calendars change"),
        ({"calendar": "office"}, "calendar or the data of one"),
    ):
        with pytest.raises(InputError, match=said):
            FLOW.recompute([TICKET], at=NOON, **given)
    with pytest.raises(InputError, match="repair has office, night"):
        two.recompute([], calendar=new, at=NOON)


def test_behind_the_ticket_nothing_can_be_asked() -> None:
    """The past is refused, the ticket's own few seconds are not."""
    with pytest.raises(Refused, match="behind ticket"):
        FLOW.what_if(TICKET, at=MONDAY - timedelta(minutes=1), tier="gold")

    assert MONDAY == FLOW.what_if(TICKET, at=MONDAY - timedelta(seconds=2), tier="gold").at


def test_a_child_follows_its_parent_in_recompute() -> None:
    """What only a parent's calendar changes is told of its child as well."""
    flow = servflow.Workflow(
        **{**DEFINITION, "clocks": [DEFINITION["clocks"][0], {**DEFINITION["clocks"][1], "within": "400h"}]}
    )
    ticket = flow.open("T1", at=MONDAY).ticket
    closed = Calendar("UTC", {"mon-fri": ["09:00-17:00"]}, holidays=["2026-03-03"])

    found = flow.recompute([ticket], calendars=closed, at=NOON)

    assert ["repair", "child"] == [change.clock for change in found]
    assert all(change.moved == timedelta(days=1) for change in found)


def test_recompute_refuses_what_it_cannot_compare() -> None:
    """Tickets of another workflow, rows that were not loaded, names that are no calendar."""
    other = servflow.Workflow(workflow="other", initial="open", states={"open": {}})
    stranger = other.open("X", at=MONDAY).ticket
    for tickets, said in (([stranger], "belongs to workflow 'other'"), ([dump(TICKET)], "load_ticket")):
        with pytest.raises(InputError, match=said):
            FLOW.recompute(tickets, calendars={"office": OFFICE}, at=NOON)
    with pytest.raises(InputError, match="say which calendar"):
        other.recompute([stranger], calendars=OFFICE, at=NOON)
    with pytest.raises(TimeError, match="naive"):
        FLOW.recompute([TICKET], calendars=OFFICE, at=datetime(2026, 3, 2))

    assert () == FLOW.recompute([TICKET], calendars={"office": OFFICE}, at=NOON)
    assert () == FLOW.recompute([], calendars={"office": OFFICE}, at=NOON)


@pytest.mark.parametrize(
    ("clock", "estimate", "kind", "said"),
    [
        ("repiar", "4h", InputError, "did you mean 'repair'"),
        (7, "4h", InputError, "has no clock 7"),
        ("repair", "3d", InputError, "write hours"),
        ("visit", "2 business days", InputError, "needs a calendar"),
        ("repair", "soon", TimeError, "not a span"),
        ("repair", timedelta(hours=-1), TimeError, "negative"),
    ],
)
def test_a_forecast_needs_a_clock_and_a_length_of_work(clock: Any, estimate: Any, kind: type[Exception], said: str) -> None:
    """What is no clock or no work is refused with what may be meant."""
    with pytest.raises(kind, match=said):
        FLOW.forecast(TICKET, clock, estimate, at=NOON)
