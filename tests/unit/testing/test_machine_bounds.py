"""Knows how much machines and drawn lives may try before they report; must not know what they look for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

import servflow
from servflow.model import Actor, World
from servflow.testing import WorkflowMachine, histories_for, machine_for
from servflow.testing._calls import Calls
from servflow.testing._machine_bounds import MAX_AT_ONCE, SHRINK_STEPS, paced
from servflow.testing._machine_draws import START

RATED: dict[str, Any] = {
    "workflow": "rated",
    "initial": "open",
    "states": {"open": {}, "shut": {"closed": True}},
    "transitions": [{"event": "close", "source": "open", "target": "shut"}, {"event": "go", "source": "open"}],
    "escalations": [
        {
            "name": "unhappy",
            "start": {"event": "rating.add", "when": "payload.score <= 2"},
            "levels": [{"name": "boss", "after": "1h", "do": [{"notify": {"to": {"user": "boss"}, "template": "t"}}]}],
        }
    ],
}
SHORT = settings(
    max_examples=20,
    stateful_step_count=8,
    deadline=None,
    database=None,
    derandomize=True,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)

VISITED: dict[str, Any] = {
    "servflow": 1,
    "workflow": "visited",
    "version": 1,
    "fields": {"minutes": "int"},
    "roles": ["clerk"],
    "events": {"appointment.book": {"allow": ["clerk"]}},
    "calendars": {"day": {"zone": "UTC", "week": {"mon-sun": ["08:00-20:00"]}}},
    "initial": "booking",
    "states": {"booking": {}, "agreed": {}, "shut": {"closed": True}},
    "transitions": [
        {"event": "assigned.visit", "source": "booking", "target": "agreed"},
        {"event": "done", "source": "agreed", "target": "shut"},
    ],
    "dispatch": [
        {
            "name": "visit",
            "slot": "assignee",
            "state": "booking",
            "mode": "appointment",
            "appointment": {"calendar": "day", "step": 60, "minutes": "minutes", "days": 2},
        }
    ],
}


def failure(machine: type[WorkflowMachine], given: settings = SHORT) -> Exception:
    """How a machine fails."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever an invariant raises
        run_state_machine_as_test(machine, settings=given)
    return caught.value


def test_a_failing_run_is_made_short_within_bounds() -> None:
    """After the first failure a bounded number of steps is taken, and then the shortest run so far is told."""
    steps: list[int] = []

    def few(run: Any) -> bool:
        steps.append(len(run.records))
        return len(run.records) < 8

    machine = machine_for(servflow.load(RATED), invariants=[few])
    first = failure(machine)
    taken = len(steps)

    assert "the invariant few does not hold" in str(first)
    assert "The run, as Python" in first.__notes__[0]
    assert taken < SHRINK_STEPS + 20 * 8 * 8


def test_a_failing_property_of_lives_is_made_short_within_bounds() -> None:
    """After the first failure few lives are told; a test that runs again is not held to what it tried before."""
    workflow = servflow.load(RATED)
    steps: list[int] = []

    @settings(SHORT, max_examples=10, phases=[Phase.generate, Phase.shrink])
    @given(st.data())
    def few(data: st.DataObject) -> None:
        life = data.draw(histories_for(workflow))
        steps.append(len(life.records))
        assert len(life.records) < 8

    with pytest.raises(AssertionError):
        few()
    taken = len(steps)
    with pytest.raises(AssertionError):
        few()

    assert 1 < taken < SHRINK_STEPS
    assert 2 * taken == len(steps)


def test_the_usual_settings_explain_nothing() -> None:
    """What takes longest and says least is left out, for subclasses of an author too."""

    class Mine(machine_for(servflow.load(RATED))):  # type: ignore[misc]  # made at run time
        pass

    assert Phase.explain not in Mine.TestCase.settings.phases
    assert Phase.shrink in Mine.TestCase.settings.phases


def test_whatever_an_invariant_raises_comes_with_the_run() -> None:
    """A slip in an author's own invariant is told as it is, beside the run that led there."""
    machine = machine_for(servflow.load(RATED), invariants=[lambda ticket: ticket.fields["no such"] == 1])

    error = failure(machine, settings(SHORT, phases=[Phase.generate]))

    assert isinstance(error, KeyError)
    assert "ticket = workflow.open('T1'" in error.__notes__[0]


def test_what_begins_after_the_closing_is_meant() -> None:
    """A chain that a bad rating of a closed ticket starts goes on; one that its definition ends there does not."""
    run_state_machine_as_test(machine_for(servflow.load(RATED)), settings=SHORT)
    chain = {**RATED["escalations"][0], "until": {"state": "shut"}}
    wrong = servflow.load({**RATED, "escalations": [chain]})

    assert "go on: chain unhappy" in str(
        failure(machine_for(wrong), settings(SHORT, max_examples=200, phases=[Phase.generate]))
    )


@pytest.mark.parametrize(
    ("gap", "seen", "expected"),
    [
        (timedelta(days=40), 0, timedelta(days=40)),
        (timedelta(hours=2), 900, timedelta(hours=2)),
        (timedelta(days=40), 1, timedelta(days=37, hours=12)),
        (timedelta(days=40), MAX_AT_ONCE * 2, timedelta(hours=6)),
    ],
)
def test_busy_timers_make_jumps_short(gap: timedelta, seen: int, expected: timedelta) -> None:
    """The more happens in six hours, the shorter is a jump, and never shorter than that."""
    assert expected == min(gap, paced(gap, seen))


def test_a_visit_that_lasts_no_time_does_not_stop_a_run() -> None:
    """Where the length of a visit is no length, no visit can be had, and the machine goes on."""
    workflow = servflow.load(VISITED)
    ticket = workflow.open("T1", {"minutes": -5}, at=START).ticket
    calls = Calls(workflow, {"ann": ["clerk"]})
    options = calls.options_of(Actor("ann", ("clerk",)), ticket, START, World())
    booking = next(pair for pair in options if pair[1].event == "appointment.book")

    assert "appointment.book" == find(calls._sent_here(booking, (ticket, START, World())), lambda _: True).event
