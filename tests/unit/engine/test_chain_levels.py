"""Knows whose calendar a level of a ticket counts in and where a climb goes on; must not know how calendars count."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.engine import Workflow
from servflow.errors import DefinitionError
from servflow.model import ChainStarted, Escalated, World, dump, load_ticket
from tests.unit.engine.climbs import climbing, level, reached
from tests.unit.engine.flows import after, move, notify, of

NIGHT = Calendar("UTC", {"mon-fri": ["20:00-22:00"]})
WORLD = World(
    engineers=[{"id": "bob", "shift": "night"}, {"id": "ann"}],
    people=[{"id": "sue", "zone": "America/New_York"}],
    outlets=[{"id": "north", "shift": "night"}],
    calendars={"night": NIGHT},
)


def asks(**more: Any) -> dict[str, Any]:
    return {"name": "one", "after": "1h", "do": [{"notify": {"to": "assignee", "template": "late"}}], **more}


def held(by: str | None = "bob", outlet: str | None = None, *levels: dict[str, Any], **more: Any) -> Any:
    case = climbing(*(levels or (asks(zone="recipient"),)), **more)
    if by is not None:
        case.fire("ticket.assign", {"to": by}, world=WORLD)
    if outlet is not None:
        case.fire("ticket.update", {"outlet": outlet}, world=WORLD)
    case.fire("go", world=WORLD)
    return case


@pytest.mark.parametrize(
    ("by", "outlet", "more", "due"),
    [
        ("bob", None, {"zone": "recipient"}, after(hours=12)),
        ("ann", "north", {"calendar": {"of": "outlet"}}, after(hours=12)),
        ("sue", None, {"calendar": "office", "zone": "recipient"}, after(hours=6)),
        ("sue", None, {"zone": "recipient"}, after(hours=6)),
        ("ann", None, {"zone": "recipient"}, after(hours=1)),
        ("ann", None, {"calendar": {"of": "ticket"}}, after(hours=1)),
        ("ann", None, {"calendar": "office", "zone": "Asia/Tokyo"}, datetime(2026, 3, 3, 1, tzinfo=UTC)),
    ],
)
def test_a_level_is_due_in_the_time_of_whom_it_concerns(
    by: str, outlet: str | None, more: dict[str, Any], due: datetime
) -> None:
    """The shift or the zone of the addressee or outlet decides when a level is due."""
    assert [due] == [run.due for run in held(by, outlet, asks(**more)).ticket.chains]


def test_the_fallback_is_in_the_record() -> None:
    """Where the world does not know whose time counts, the record of the start says what counts instead."""
    (started,) = of(ChainStarted, held("ann").records)

    because = started.run.counted_in.because if started.run.counted_in else ""
    said = "the world knows no shift of ann; counts in office, the calendar of the ticket; the world knows no zone of ann"
    assert said == because


def test_the_clock_that_runs_is_the_calendar_of_the_ticket() -> None:
    """Of several calendars the one that the ticket's first running clock counts in is its own."""
    parts = {
        "calendars": {"office": {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}, "eve": NIGHT},
        "clocks": [{"name": "k", "within": "9h", "calendar": "eve"}],
    }
    case = climbing(asks(calendar={"of": "ticket"}), parts=parts)
    case.fire("go")

    assert [after(hours=12)] == [run.due for run in case.ticket.chains]


def test_when_it_is_due_does_not_hang_on_when_anybody_looks() -> None:
    """One late look gives the same ticket and the same scheduled instants as many looks in time."""
    levels = (asks(zone="recipient"), asks(name="two", after="30m", zone="recipient", remind={"every": "30m", "times": 2}))
    often, once = held("bob", None, *levels), held("bob", None, *levels)
    for hour in range(1, 60):
        often.until(hour * 60, world=WORLD)

    once.until(59 * 60, world=WORLD)

    assert often.ticket == once.ticket
    scheduled = [[record.scheduled for record in of(Escalated, case.records)] for case in (often, once)]
    assert [[after(hours=12), after(hours=12.5)]] * 2 == scheduled


def test_a_rest_counts_in_the_calendar_the_delay_began_in() -> None:
    """Acknowledged half way, handed on and taken back: what was left counts in the first shift, also through JSON."""
    case = held("bob", None, asks(after="2h", zone="recipient"))
    case.fire("chain.acknowledge", minutes=12 * 60, world=WORLD)
    case.fire("ticket.assign", {"to": "ann"}, world=WORLD)
    kept = load_ticket(json.loads(json.dumps(dump(case.ticket))))

    outcome = case.workflow.fire(kept, "chain.unacknowledge", at=after(hours=20), world=WORLD)

    assert [after(days=1, hours=12)] == [run.due for run in outcome.ticket.chains]


def test_a_climb_may_go_on_with_a_later_level() -> None:
    """Where its condition does not hold a level may send the climb on; every level passed over says so."""
    first = level("one", when="!urgent", otherwise={"goto": "three"})
    case = climbing(first, level("two"), level("three", "30m"), fields={"urgent": {"type": "bool", "default": True}})
    case.fire("go")
    case.until(60 * 5)

    found = [(record.name, record.outcome, record.scheduled, record.why) for record in of(Escalated, case.records)]
    assert [
        ("one", "skipped", after(60), ("!urgent does not hold", "goes on with three")),
        ("two", "skipped", after(60), ("one goes on with three",)),
        ("three", "fired", after(90), ("user three",)),
    ] == found
    assert ((), ["three"]) == (case.ticket.chains, [effect.to for effect in case.effects])


def test_a_climb_whose_condition_holds_goes_on_with_the_next_level() -> None:
    """A goto is taken only where the condition does not hold, and no level fires twice."""
    case = climbing(level("one", when="true", otherwise={"goto": "three"}), level("two"), level("three"), repeat={"times": 1})
    case.fire("go")

    assert [("one", "fired"), ("two", "fired"), ("three", "fired")] * 2 == [
        pair for minute in range(0, 60 * 8, 10) for pair in reached(case.until(minute))
    ]


@pytest.mark.parametrize("where", ["level", "action"])
def test_who_had_the_ticket_stays_its_owner(where: str) -> None:
    """With keep_owner whoever loses the ticket becomes its owner; an owner there was stays."""
    action = {"to": {"user": "expert"}, **({"keep_owner": True} if where == "action" else {})}
    one = {"name": "one", "do": [{"assign": action}], **({"keep_owner": True} if where == "level" else {})}
    kept = held("bob", None, one)
    owned = held("bob", None, one, parts={"transitions": [move(do=[{"add_owner": {"to": {"user": "olga"}}}])]})
    for case in (kept, owned):
        case.until(1, world=WORLD)

    assert [("expert", "bob"), ("expert", "olga")] == [(case.ticket.assignee, case.ticket.owner) for case in (kept, owned)]


def test_nobody_becomes_owner_where_nobody_had_it() -> None:
    """The first assignment leaves the owner empty, and one to whoever has it already too."""
    one = {"name": "one", "do": [{"assign": {"to": {"user": "bob"}, "keep_owner": True}}]}
    for by in (None, "bob"):
        case = held(by, None, one)
        case.until(1, world=WORLD)

        assert ("bob", None) == (case.ticket.assignee, case.ticket.owner)


@pytest.mark.parametrize(
    ("more", "path", "code"),
    [
        ({"calendar": "nowhere"}, "escalations[0].levels[0].calendar", "name.unknown"),
        ({"otherwise": {"goto": "one"}}, "escalations[0].levels[0].otherwise.goto", "escalation.goto"),
        ({"zone": "Mars"}, "escalations[0].levels[0].zone", "escalation.zone"),
    ],
)
def test_what_a_level_names_is_checked_at_load(more: dict[str, Any], path: str, code: str) -> None:
    """Calendars that are not declared, ways back and zones that do not exist are refused with their place."""
    with pytest.raises(DefinitionError) as caught:
        climbing(level("one", **{"after": "1h", "calendar": "office", **more}))

    assert (path, code) in [(finding.path, finding.code) for finding in caught.value.findings]


def test_a_level_that_asks_nobody_is_as_before() -> None:
    """A chain without the new parts keeps its form, so its hash and the runs pinned to it stay."""
    case = climbing(level("one", "2h", calendar="office"))
    case.fire("go")

    (chain,) = case.workflow.escalations
    assert {"name": "one", "after": "2h", "calendar": "office", "do": [notify("one")]} == chain.levels[0].to_data()
    assert "counted_in" not in json.dumps(dump(case.ticket))
    assert isinstance(case.workflow, Workflow)
