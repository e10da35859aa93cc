"""Knows how long a closed ticket can be reopened; must not know what reopening does to clocks and chains."""

from __future__ import annotations

from typing import Any

import pytest

import servflow
from servflow.engine import Workflow
from servflow.errors import DefinitionError, Refused
from servflow.model import Actor
from tests.unit.engine.flows import CLERK, Case, after, flow, move

OFFICE = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}
CLOSED_AT = 6 * 60.0  # Monday at three in the afternoon
HOLIDAYS = {**OFFICE, "holidays": ["2026-03-03"]}


def windowed(*, office: Any = OFFICE, **window: Any) -> Workflow:
    """A ticket ends in z and leads back to a as long as the window is open."""
    return flow(
        states={"a": {}, "z": {"closed": True, "reopen": {"target": "a", "allow": ["clerk"], **window}}},
        transitions=[move("end", "a", "z", allow=["clerk"])],
        roles=["clerk"],
        calendars={"office": office},
        fields={"sum": {"type": "int", "default": 0}},
    )


def closed(workflow: Workflow, **fields: Any) -> Case:
    """A ticket that was closed on Monday at three."""
    case = Case(workflow, fields, actor=CLERK)
    case.fire("end", minutes=CLOSED_AT, actor=CLERK)
    return case


def refused(case: Case, minutes: float, **given: Any) -> Refused:
    """The refusal of an attempt to reopen."""
    with pytest.raises(Refused) as caught:
        case.fire("ticket.reopen", minutes=minutes, **{"actor": CLERK, **given})
    return caught.value


@pytest.mark.parametrize(
    ("window", "ends", "office"),
    [
        ({"within": "7d"}, CLOSED_AT + 7 * 24 * 60, OFFICE),
        ({"within": "5h"}, CLOSED_AT + 5 * 60, OFFICE),
        ({"within": "1.5s"}, CLOSED_AT + 1.5 / 60, OFFICE),
        ({"within": "5h", "calendar": "office"}, (24 + 3) * 60.0, OFFICE),  # two hours on Monday, three on Tuesday
        ({"within": "2h", "calendar": "office"}, 8 * 60.0, OFFICE),  # the closing of Monday, not the opening of Tuesday
        ({"within": "2 business days", "calendar": "office"}, CLOSED_AT + 2 * 24 * 60, OFFICE),
        ({"within": "1d", "calendar": "office"}, CLOSED_AT + 24 * 60, OFFICE),  # days pass as time passes
        ({"within": "5h", "calendar": "office"}, (48 + 3) * 60.0, HOLIDAYS),
        ({"within": "1 business days", "calendar": "office"}, CLOSED_AT + 2 * 24 * 60, HOLIDAYS),
    ],
)
def test_the_window_is_half_open(window: dict[str, Any], ends: float, office: dict[str, Any]) -> None:
    """Up to the last microsecond before its end a ticket can be reopened, at its end not any more."""
    workflow = windowed(office=office, **window)

    assert "a" == closed(workflow).fire("ticket.reopen", minutes=ends - 1 / 60_000_000, actor=CLERK).ticket.state
    error = refused(closed(workflow), ends)

    assert ("guard", after(ends)) == (error.code, error.facts["until"])


def test_the_refusal_says_until_when_it_was_possible() -> None:
    """Whoever comes too late reads when it would have been in time, in both languages."""
    error = refused(closed(windowed(within="7d")), CLOSED_AT + 8 * 24 * 60)

    assert "ticket.reopen is not allowed now: it was possible until 2026-03-09T15:00:00Z" in str(error)
    assert "只能在 2026-03-09T15:00:00Z 之前" == error.facts["lines"]["zh"][0]


def test_available_tells_the_same() -> None:
    """The button is there while the window is open and says why it is not afterwards."""
    case = closed(windowed(within="5h"))

    [early] = [o for o in case.workflow.available(case.ticket, at=after(400), actor=CLERK) if o.event == "ticket.reopen"]
    [late] = [o for o in case.workflow.available(case.ticket, at=after(4000), actor=CLERK) if o.event == "ticket.reopen"]

    assert ("ready", ("a",)) == (early.status, early.targets)
    assert ("refused", True) == (late.status, "until 2026-03-02T20:00:00Z" in late.why)


def test_without_a_window_it_is_always_possible() -> None:
    """No ``within``: a ticket can be reopened years later."""
    case = closed(windowed())

    assert "a" == case.fire("ticket.reopen", minutes=CLOSED_AT + 10_000_000, actor=CLERK).ticket.state


def test_only_those_allowed_may() -> None:
    """The grant is that of a transition: nobody else, and nobody at all where none is named."""
    assert "not_permitted" == refused(closed(windowed(within="7d")), CLOSED_AT + 1, actor=Actor("cora", ["customer"])).code
    assert "not_permitted" == refused(closed(windowed(within="7d", allow=[])), CLOSED_AT + 1).code


def test_a_condition_must_hold_besides() -> None:
    """``when`` holds in addition, whatever stands in it, and does not hide that the window was shut."""
    workflow = windowed(within="7d", when="sum > 5 || priority == 1")

    assert "sum (0) > 5 is false" in str(refused(closed(workflow), CLOSED_AT + 1))
    assert "until" not in refused(closed(workflow), CLOSED_AT + 1).facts
    assert "a" == closed(workflow, sum=9).fire("ticket.reopen", minutes=CLOSED_AT + 1, actor=CLERK).ticket.state
    assert "until" in refused(closed(workflow, sum=9), CLOSED_AT + 8 * 24 * 60).facts


def test_the_window_begins_anew_with_every_closing() -> None:
    """It counts from the latest closing."""
    case = closed(windowed(within="5h"))
    case.fire("ticket.reopen", minutes=CLOSED_AT + 290, actor=CLERK)
    case.fire("end", minutes=CLOSED_AT + 1000, actor=CLERK)

    assert "a" == case.fire("ticket.reopen", minutes=CLOSED_AT + 1290, actor=CLERK).ticket.state
    assert 2 == case.ticket.reopened


def test_updates_and_separation_of_duties() -> None:
    """What a transition may say else, the window may say too."""
    workflow = windowed(within="7d", not_by="end", do=[{"set": {"sum": "sum + 1"}}])

    assert "carl did end" in str(refused(closed(workflow), CLOSED_AT + 1))
    case = closed(workflow)
    assert 1 == case.fire("ticket.reopen", minutes=CLOSED_AT + 1, actor=Actor("eve", ["clerk"])).ticket.fields["sum"]


def test_it_is_short_for_an_ordinary_transition() -> None:
    """The same written out decides the same, at every hour of ten days."""
    short = closed(windowed(within="5h", calendar="office"))
    guard = "counted('office', closed_at, at) < duration('5h')"
    long = closed(
        flow(
            states={"a": {}, "z": {"closed": True}},
            transitions=[move("end", "a", "z", allow=["clerk"]), move("ticket.reopen", "z", "a", allow=["clerk"], when=guard)],
            roles=["clerk"],
            calendars={"office": OFFICE},
        )
    )

    def statuses(case: Case) -> list[Any]:
        asked = [after(CLOSED_AT + 60 * hour) for hour in range(240)]
        options = [case.workflow.available(case.ticket, at=at, actor=CLERK) for at in asked]
        return [[(option.event, option.status) for option in found] for found in options]

    assert statuses(long) == statuses(short)


def test_a_closed_state_inside_and_around() -> None:
    """A leaf of a compound state that is closed as a whole can say it, and so can the compound state for all of them."""
    inner = {"done": {"reopen": {"target": "a", "within": "5h"}}, "lost": {}}
    for states in (
        {"a": {}, "z": {"closed": True, "states": inner}},
        {"a": {}, "z": {"closed": True, "reopen": {"target": "a", "within": "5h"}, "states": {"done": {}, "lost": {}}}},
    ):
        case = Case(flow(states=states, transitions=[move("end", "a", "z")]))
        case.fire("end")
        assert "a" == case.fire("ticket.reopen", minutes=200).ticket.state


def test_reopening_into_history() -> None:
    """A ticket may be reopened where it was."""
    work = {"initial": "x", "states": {"x": {}, "y": {}, "back": {"history": "deep"}}}
    states = {"work": work, "z": {"closed": True, "reopen": {"target": "back", "within": "7d"}}}
    case = Case(flow(initial="work", states=states, transitions=[move("n", "x", "y"), move("end", "work", "z")]))
    case.fire("n")
    case.fire("end")

    assert "y" == case.fire("ticket.reopen").ticket.state


@pytest.mark.parametrize(
    ("window", "code", "path"),
    [
        ({"within": "2 business days"}, "reopen.needs_calendar", "within"),
        ({"within": "5h", "calendar": "ofice"}, "name.unknown", "calendar"),
        ({"within": "soon"}, "definition.span", "within"),
        ({"target": "q"}, "machine.unknown_state", "target[0]"),
        ({"when": "foo > 1"}, "expression.invalid", "when"),
        ({"when": "1 + 1", "within": "7d"}, "expression.not_a_condition", "when"),
        ({"allow": ["klerk"]}, "name.unknown", "allow"),
        ({"not_by": "ende"}, "name.unknown", "not_by"),
        ({"withn": "7d"}, "definition.unknown_key", "withn"),
    ],
)
def test_what_is_wrong_is_found_where_it_stands(window: dict[str, Any], code: str, path: str) -> None:
    """Every problem is told once, at the key of the state."""
    with pytest.raises(DefinitionError) as caught:
        windowed(**window)

    assert [(code, f"states.z.reopen.{path}")] == [(finding.code, finding.path) for finding in caught.value.findings]


def test_only_a_closed_state_can_be_reopened() -> None:
    """Where nothing is closed there is nothing to reopen."""
    with pytest.raises(DefinitionError) as caught:
        flow(states={"a": {}, "b": {"reopen": {"target": "a"}}, "z": {"closed": True}})

    assert [("reopen.not_closed", "states.b.reopen")] == [(finding.code, finding.path) for finding in caught.value.findings]


def test_it_is_written_as_it_is_read() -> None:
    """The definition keeps the short form, as data and as a document."""
    workflow = windowed(within="5h", calendar="office", title="Reopen")

    written = workflow.to_data()["states"]["z"]["reopen"]

    assert {"target": ["a"], "within": "5h", "calendar": "office", "allow": ["clerk"], "title": "Reopen"} == written
    assert 1 == len(workflow.to_data()["transitions"])
    assert workflow == servflow.load(workflow.to_data())
