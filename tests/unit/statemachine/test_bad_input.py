"""Knows that whatever a stranger hands to a chart or a workflow is answered clearly; must not know how it is read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

import servflow
from servflow.errors import DefinitionError, LimitError, Refused
from servflow.model import canonical
from servflow.statemachine import Machine

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)

NAMED_TWICE = {"a": {"states": {"here": {}}}, "b": {"states": {"here": {}}}}
HISTORY = {"a": {"states": {"b": {}, "h": {"history": "shallow"}}}, "z": {}}

REFUSED: dict[str, tuple[dict[str, Any], str, tuple[str, ...]]] = {
    "a target that is not there": (
        {"states": {"open": {}}, "transitions": [{"event": "e", "source": "open", "target": "opne"}]},
        "machine.unknown_state",
        ("transitions[0].target", "opne", "open"),
    ),
    "a source that is not there": (
        {"states": {"open": {}}, "transitions": [{"event": "e", "source": ["open", "opem"]}]},
        "machine.unknown_state",
        ("transitions[0].source[1]", "opem", "open"),
    ),
    "a start that is not there": (
        {"states": {"open": {}}, "initial": "opn"},
        "machine.unknown_state",
        ("initial", "opn", "open"),
    ),
    "a guard about a state that is not there": (
        {"states": {"open": {}}, "transitions": [{"event": "e", "source": "open", "when": "in_state('opn')"}]},
        "machine.unknown_state",
        ("transitions[0].when", "opn", "open"),
    ),
    "a name used twice, in different states": (
        {"states": NAMED_TWICE},
        "machine.duplicate_state",
        ("states.b.states.here", "states.a.states.here"),
    ),
    "a default outside what the history remembers": (
        {"states": {"a": {"states": {"b": {}, "h": {"history": "deep", "default": "z"}}}, "z": {}}},
        "machine.outside",
        ("states.a.states.h.default", "z", "a"),
    ),
    "a history of nothing": ({"states": {"a": {}, "h": {"history": "deep"}}}, "machine.history_at_top", ("states.h",)),
    "a history that starts where it should be remembered": (
        {"states": {"a": {"initial": "h", "states": {"b": {}, "h": {"history": "shallow"}}}}},
        "machine.no_default",
        ("states.a.states.h",),
    ),
    "histories that send each other on": (
        {
            "states": {
                "a": {
                    "states": {
                        "b": {},
                        "g": {"history": "deep", "default": "h"},
                        "h": {"history": "deep", "default": "g"},
                    }
                }
            }
        },
        "machine.history_chain",
        ("states.a.states.g.default",),
    ),
    "eventless transitions in a circle": (
        {
            "states": {"a": {}, "b": {}, "c": {}},
            "transitions": [{"source": "a", "target": "b"}, {"source": "b", "target": "c"}, {"source": "c", "target": "a"}],
        },
        "machine.endless",
        ("transitions[0]", "a", "b", "c"),
    ),
    "an eventless transition that stays": (
        {"states": {"a": {}}, "transitions": [{"source": "a"}]},
        "machine.endless",
        ("transitions[0]",),
    ),
}


@pytest.mark.parametrize(("definition", "code", "told"), REFUSED.values(), ids=REFUSED)
def test_a_broken_chart_is_refused(definition: dict[str, Any], code: str, told: tuple[str, ...]) -> None:
    """Each mistake is refused with its code, its place and the names in question, in both languages."""
    with pytest.raises(DefinitionError) as caught:
        Machine(**definition)
    found = {finding.code: finding for finding in reversed(caught.value.findings)}

    assert code in found
    for lang in ("en", "zh"):
        text = f"{found[code].path}: {found[code].text(lang)}"
        assert [] == [part for part in told if part not in text]


def test_a_chart_that_contains_itself_is_refused() -> None:
    """States nested in themselves end as names used twice, not as a loop."""
    states: dict[str, Any] = {"a": {}}
    states["a"]["states"] = states

    with pytest.raises(DefinitionError, match="duplicate_state"):
        Machine(states=states)


def test_a_loop_that_only_data_closes_ends_with_its_cycle() -> None:
    """A guarded loop of eventless transitions is stopped, and the error names the transitions that went round."""
    machine = Machine(
        states={"a": {}, "b": {}, "c": {}},
        transitions=[
            {"event": "e", "source": "a", "target": "b"},
            {"source": "b", "target": "c", "when": "round"},
            {"source": "c", "target": "b", "when": "round"},
        ],
    )
    state = machine.start().state

    assert ("b",) == machine.step(state, "e", {"round": False}).configuration
    with pytest.raises(LimitError, match="b -> c -> b") as caught:
        machine.step(state, "e", {"round": True})
    assert {1, 2} == set(caught.value.facts["cycle"])
    assert ("b",) == machine.step(state, "e", {"round": False}).configuration


def test_a_loop_through_completions_ends_with_its_cycle() -> None:
    """Completions that set each other off without an event are stopped like eventless transitions."""
    machine = Machine(
        states={"a": {"states": {"x": {}, "f": {"final": True}}}},
        transitions=[
            {"event": "e", "source": "x", "target": "f"},
            {"event": "done.state.a", "source": "a", "target": "f"},
        ],
    )
    with pytest.raises(LimitError) as caught:
        machine.step(machine.start().state, "e")
    assert {1} == set(caught.value.facts["cycle"])


WORKFLOW = """
workflow: w
fields: {amount: {type: int, default: 0}, round: {type: bool, default: false}}
states: {new: {}, checked: {}, again: {}, done: {closed: true}}
transitions:
  - {event: check, source: new, target: checked, payload: {amount: int}, do: [{set: {amount: payload.amount}}]}
  - {event: spin, source: new, target: again, do: [{set: {round: "true"}}]}
  - {source: again, target: checked, when: round}
  - {source: checked, target: again, when: round}
  - {event: finish, source: checked, target: done}
"""


@pytest.mark.parametrize(
    ("event", "payload", "code", "told"),
    [
        ("chekc", {}, "unknown", "check"),
        ("", {}, "unknown", ""),
        ("finish", {}, "not_here", "checked"),
        ("check", {}, "payload", "amount"),
        ("check", {"amount": "much"}, "payload", "amount"),
    ],
)
def test_what_a_workflow_cannot_take_is_refused(event: str, payload: dict[str, Any], code: str, told: str) -> None:
    """Unknown events, events of other states and payloads that do not fit are refused; the ticket is what it was."""
    workflow = servflow.load(WORKFLOW)
    ticket = workflow.open("T", at=NINE).ticket
    before = canonical(ticket)

    with pytest.raises(Refused) as caught:
        workflow.fire(ticket, event, payload, at=NINE)

    assert code == caught.value.code
    assert told in str(caught.value)
    assert before == canonical(ticket)


def test_a_workflow_that_goes_round_is_stopped() -> None:
    """A loop of eventless transitions that an update closes names the states in it; the ticket is what it was."""
    workflow = servflow.load(WORKFLOW)
    ticket = workflow.open("T", at=NINE).ticket
    before = canonical(ticket)

    with pytest.raises(LimitError, match="checked -> again") as caught:
        workflow.fire(ticket, "spin", at=NINE)

    assert {"again", "checked"} == set(caught.value.facts["cycle"])
    assert before == canonical(ticket)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("workflow: w\nstates:\n  new: {}\n  done: {}\n  new: {}\n", 5),
        ("workflow: w\nstates:\n  a: {states: {x: {}}}\n  b: {states: {x: {}}}\n", 4),
        ("workflow: w\nstates: {a: {}}\nworkflow: v\n", 3),
    ],
)
def test_a_name_given_twice_in_a_document_is_told_with_its_line(text: str, line: int) -> None:
    """YAML keys and states that come twice are refused where they come the second time."""
    with pytest.raises(DefinitionError) as caught:
        servflow.load(text)

    assert line in {finding.line for finding in caught.value.findings}
