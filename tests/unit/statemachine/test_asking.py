"""Knows what guards of a bare machine may ask of its configuration; must not know workflows or tickets."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from servflow.errors import DefinitionError, ExpressionError
from servflow.expressions import Expression
from servflow.statemachine import Machine

STATES = {
    "p": {
        "parallel": True,
        "states": {"a": {"states": {"a1": {}, "a2": {}}}, "b": {"states": {"b1": {}, "b2": {}, "b3": {}}}},
    },
    "z": {},
}


def machine(*transitions: dict[str, Any], **more: Any) -> Machine:
    """Two regions side by side, and a state outside."""
    return Machine(initial="p", states=STATES, transitions=transitions, **more)


def row(event: str | None, source: str, target: str, when: str | None = None) -> dict[str, Any]:
    """A transition."""
    return {"event": event, "source": source, "target": target, **({} if when is None else {"when": when})}


def test_leaves_and_what_is_around_them_are_active() -> None:
    """A leaf, its region and the parallel state hold; a sibling, another region's leaf that was left and outside do not."""
    asked = machine(
        row("e", "b2", "b3", "in_state('b2') && in_state('b') && in_state('p') && !in_state('z') && !in_state('a2')")
    )
    there = machine(row("e", "b1", "b2")).start().state

    assert ("a1", "b1") == asked.step(there, "e").configuration
    assert ("a1", "b3") == asked.step({"active": ["a1", "b2"], "history": {}}, "e").configuration
    assert ("a2", "b2") == asked.step({"active": ["a2", "b2"], "history": {}}, "e").configuration


def test_all_guards_of_one_selection_see_the_same_states() -> None:
    """The second region decides on what was active before the first one moved."""
    both = machine(row("e", "a1", "a2"), row("e", "b1", "b2", "in_state('a1')"), row("e", "b1", "b3", "in_state('a2')"))

    assert ("a2", "b2") == both.step(both.start().state, "e").configuration


def test_eventless_guards_see_each_configuration_on_the_way() -> None:
    """Every microstep of a macrostep is decided on what the one before it reached."""
    made = machine(
        row("e", "a1", "a2"),
        row(None, "b1", "b2", "in_state('a2')"),
        row(None, "b2", "b3", "in_state('b2') && in_state('a2')"),
        row(None, "p", "z", "in_state('b3')"),
    )

    assert ("a1", "b1") == made.start().configuration
    step = made.step(made.start().state, "e")
    assert (("z",), (0, 1, 2, 3)) == (step.configuration, step.transitions)


def test_answers_are_remembered_by_configuration() -> None:
    """The same event in another configuration is asked again, in any order, and with data that decide besides."""
    made = machine(row("e", "a", "z", "in_state('b2') && n > 1"), row("f", "b1", "b2"))
    first = made.start().state
    second = made.step(first, "f").state

    for _ in range(3):
        assert ("a1", "b1") == made.step(first, "e", {"n": 5}).configuration
        assert ("z",) == made.step(second, "e", {"n": 5}).configuration
        assert ("a1", "b2") == made.step(second, "e", {"n": 0}).configuration
        assert ("a1", "b2") == made.step(second, "e").configuration


def test_a_state_through_json_is_asked_alike() -> None:
    """What a store gives back is the same configuration."""
    made = machine(row("e", "p", "z", "in_state('a1')"))

    assert ("z",) == made.step(json.loads(json.dumps(made.start().state)), "e").configuration


def test_data_cannot_pretend() -> None:
    """Whatever names the data hold, where the machine is stays the machine's own."""
    made = machine(row("e", "p", "z", "in_state('a2')"))
    data = {"in_state": True, "in state": {"a2"}, "state": "a2", "a2": True}

    assert ("a1", "b1") == made.step(made.start().state, "e", data).configuration


@pytest.mark.parametrize(
    ("when", "code", "nearest"),
    [
        ("in_state('a3')", "machine.unknown_state", "a"),
        ("in_state('q') && in_state('a1')", "machine.unknown_state", None),
        ("in_state(n)", "machine.guard", None),
        ("in_stat('a1')", "machine.guard", None),
        ("counted('office', a, b) > duration('1h')", "machine.guard", None),
    ],
)
def test_what_cannot_be_asked_is_refused_when_the_machine_is_made(when: str, code: str, nearest: str | None) -> None:
    """A state that is not there, a name that is not written out and functions of workflows are findings."""
    with pytest.raises(DefinitionError) as caught:
        machine(row("e", "p", "z", when))

    assert [(code, "transitions[0].when")] == [(finding.code, finding.path) for finding in caught.value.findings]


def test_the_same_condition_from_a_tree() -> None:
    """A guard may be an expression read from its tree, and a machine that asks survives pickling."""
    asked = Expression.from_tree(Expression.parse("in_state('a1')").tree)
    made = Machine(initial="p", states=STATES, transitions=[{"event": "e", "source": "p", "target": "z", "when": asked}])

    assert made == machine(row("e", "p", "z", "in_state('a1')"))
    assert ("z",) == pickle.loads(pickle.dumps(made)).step(made.start().state, "e").configuration


def test_by_itself_an_expression_has_no_states() -> None:
    """Outside a machine nobody can answer."""
    with pytest.raises(ExpressionError, match="no function in_state here"):
        Expression.parse("in_state('a1')").test({"a1": True})
