"""Knows what hierarchical machines of `transitions` read as; must not know how either package steps."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from typing import Any

import pytest

import servflow
from servflow.errors import InputError
from servflow.integrations import Parts, from_transitions
from servflow.statemachine import Machine
from tests.requirements import require

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _installed() -> None:
    require("transitions")


def _machine(states: Any, transitions: Any = (), initial: Any = "a", **options: Any) -> Any:
    from transitions.extensions import HierarchicalMachine

    options = {"auto_transitions": False, "model": None} | options
    return HierarchicalMachine(states=states, transitions=list(transitions), initial=initial, **options)


def _walk(parts: Parts, *events: str) -> list[tuple[str, ...]]:
    machine: Machine = parts.machine()
    step = machine.start()
    found = [step.configuration]
    for event in events:
        step = machine.step(step.state, event, {})
        found.append(step.configuration)
    return found


def _plain(value: Any) -> Any:
    if hasattr(value, "items"):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


SITE = ["a", {"name": "site", "initial": "travel", "children": ["check", "travel", "repair"]}]


def test_states_lie_in_one_another_by_their_full_names() -> None:
    """Nested states have the names they have in the machine, and start where they started."""
    parts = from_transitions(_machine(SITE, [["go", "a", "site"], ["next", "site_travel", "site_repair"]]))

    assert {
        "a": {},
        "site": {"initial": "site_travel", "states": {"site_check": {}, "site_travel": {}, "site_repair": {}}},
    } == _plain(parts.states)
    assert [("a",), ("site_travel",), ("site_repair",)] == _walk(parts, "go", "next")


def test_a_state_that_starts_in_no_child_gets_a_leaf_of_its_name() -> None:
    """Where the machine rests in the parent itself, so does the ticket, under the same name."""
    states = ["a", {"name": "coffee", "children": ["sip", "run"]}]
    moves = [["drink", "*", "coffee"], ["walk", ["coffee", "coffee_sip"], "coffee_run"], ["relax", "coffee", "a"]]
    parts = from_transitions(_machine(states, moves))

    assert {"initial": "coffee", "states": {"coffee": {}, "coffee_sip": {}, "coffee_run": {}}} == _plain(
        parts.states["coffee_*"]
    )
    assert [("a",), ("coffee",), ("coffee_run",), ("coffee",), ("coffee_run",), ("a",)] == _walk(
        parts, "drink", "walk", "drink", "walk", "relax"
    )


def test_a_parent_that_is_never_rested_in_stays_as_it_is() -> None:
    """No leaf is added where the machine only ever goes to the children."""
    parts = from_transitions(_machine(["a", {"name": "b", "children": ["x", "y"]}], [["go", "a", "b_y"]]))

    assert {"states": {"b_x": {}, "b_y": {}}} == _plain(parts.states["b"])


def test_what_is_left_depends_on_where_it_is() -> None:
    """A way deep into its own source leaves only what is not on the way, as there; it is written from each resting place."""
    states = ["a", {"name": "b", "initial": "m", "children": [{"name": "m", "initial": "x", "children": ["x", "y"]}, "n"]}]
    parts = from_transitions(_machine(states, [["deep", "b", "b_m_y"], ["side", "b", "b_n"]], initial="b"))
    machine = parts.machine()
    inside = machine.step(machine.start().state, "deep")
    outside = machine.step(machine.step(machine.start().state, "side").state, "deep")

    assert (("b_m_x",), ("b_m_y",)) == (inside.exited, inside.entered)
    assert (("b_n",), ("b_m", "b_m_y")) == (outside.exited, outside.entered)


def test_callbacks_of_states_are_those_left_and_entered() -> None:
    """A move from a parent calls what the child it happens to be in would have run."""
    states = [
        {"name": "a", "on_enter": "in_a"},
        {
            "name": "b",
            "on_enter": "in_b",
            "on_exit": "out_b",
            "initial": "x",
            "children": [{"name": "x", "on_enter": "in_x", "on_exit": "out_x"}, {"name": "y", "on_exit": "out_y"}],
        },
    ]
    parts = from_transitions(_machine(states, [["go", "a", "b"], ["next", "b_x", "b_y"], ["home", "b", "a"]]))
    workflow = servflow.Workflow(**parts.definition("walk"))
    ticket, called = workflow.open("t", at=AT).ticket, []
    for event in ("go", "home", "go", "next", "home"):
        outcome = workflow.fire(ticket, event, at=AT)
        ticket = outcome.ticket
        called.append([effect.name for effect in outcome.effects if isinstance(effect, servflow.model.Call)])

    assert [["in_b", "in_x"], ["out_x", "out_b", "in_a"], ["in_b", "in_x"], ["out_x"], ["out_y", "out_b", "in_a"]] == called


def test_transitions_written_in_a_state_are_read() -> None:
    """What a state says of its children counts before what the machine says, as there."""
    states = [{"name": "a", "initial": "x", "children": ["x", "y", "z"], "transitions": [["go", "x", "y"]]}]
    parts = from_transitions(_machine(states, [["go", "a_x", "a_z"], ["go", "a", "a_x"]]))

    assert [("a_x",), ("a_y",), ("a_x",)] == _walk(parts, "go", "go")


def test_a_transition_may_lead_out_of_the_state_it_is_written_in() -> None:
    """A name that is nowhere inside is looked for in the whole machine."""
    states = ["b", {"name": "a", "initial": "x", "children": ["x"], "transitions": [["go", "x", "b"]]}]

    assert [("a_x",), ("b",)] == _walk(from_transitions(_machine(states)), "go")


def test_machines_inside_machines_are_read() -> None:
    """A machine used as the children of a state brings its transitions; remapped states lead out of it."""
    inner = _machine(["1", "2", "done"], [["up", "1", "2"], ["finish", "2", "done"], ["zero", "*", "1"]], initial="1")
    outer = _machine(["a", {"name": "count", "children": inner, "remap": {"done": "a"}}], [["go", "a", "count_1"]])
    parts = from_transitions(outer)

    assert ["count_1", "count_2"] == list(parts.states["count"]["states"])
    assert [("a",), ("count_1",), ("count_2",), ("a",)] == _walk(parts, "go", "up", "finish")
    assert [("a",), ("count_1",), ("count_2",), ("count_1",)] == _walk(parts, "go", "up", "zero")


def test_parallel_states_are_read() -> None:
    """All children that are entered together are regions; an event moves each region that knows it."""
    states = [
        "a",
        {
            "name": "p",
            "parallel": [
                {"name": "l", "initial": "1", "children": ["1", "2"]},
                {"name": "r", "initial": "1", "children": ["1", "2"]},
            ],
        },
    ]
    moves = [
        ["go", "a", "p"],
        ["both", "p_l_1", "p_l_2"],
        ["both", "p_r_1", "p_r_2"],
        ["left", "p_l_2", "p_l_1"],
        ["home", "p", "a"],
    ]
    parts = from_transitions(_machine(states, moves))

    assert parts.states["p"]["parallel"] is True
    assert [("a",), ("p_l_1", "p_r_1"), ("p_l_2", "p_r_2"), ("p_l_1", "p_r_2"), ("a",)] == _walk(
        parts, "go", "both", "left", "home"
    )
    assert () == parts.differs


PARALLEL = ["a", {"name": "p", "parallel": ["x", {"name": "y", "initial": "1", "children": ["1", "2"]}]}]


@pytest.mark.parametrize(
    ("moves", "said"),
    [
        ([["go", "p_x", "p_x"]], "go from p_x to p_x: a statechart leaves and enters other states"),
        ([["go", "a", "p_y"]], "go from a to p_y: a statechart leaves and enters other states"),
        ([["go", "p_x", "p_y_2"]], "go from p_x to p_y_2: a statechart leaves and enters other states"),
        ([["go", "p_x", "a"], ["go", "p_y_1", "p_y_2"]], "go: one region of p leaves it, and then the others"),
        ([["go", "p_x", None], ["go", "p", "a"]], "go: handled in a region of p and outside, where one stays"),
    ],
)
def test_where_regions_go_otherwise_it_is_said(moves: Any, said: str) -> None:
    """Whatever a statechart does otherwise in a parallel state is told when the machine is read."""
    found = from_transitions(_machine(PARALLEL, moves)).differs

    assert [line for line in found if line.startswith(said)]


def test_an_event_written_in_a_parallel_state_is_told() -> None:
    """The machine asks it once for each region, a statechart once."""
    states = ["a", {"name": "p", "parallel": ["x", "y"], "transitions": [["go", "x", None]]}]

    assert ("go: written in p itself it is asked once, not once for each region",) == from_transitions(_machine(states)).differs


def test_callbacks_that_only_the_moment_tells_are_named() -> None:
    """Where a move leaves a region, what is active in it is not known; its callbacks are reported."""
    states = ["a", {"name": "p", "on_exit": "out_p", "parallel": ["x", {"name": "y", "initial": "1", "children": ["1", "2"]}]}]
    machine = _machine(states, [["home", "p", "a"]])
    machine.get_state("p_y_2").add_callback("exit", "out_2")
    machine.get_state("p_x").add_callback("exit", "out_x")
    parts = from_transitions(machine)

    assert ("on_exit of p_y_2 when home leaves p: nothing says that it is active there",) == parts.dropped
    assert ["out_x", "out_p"] == [action["call"] for action in parts.transitions[0]["do"]]


def test_a_parallel_state_elsewhere_changes_nothing() -> None:
    """An event that a parallel state handles too is written at the leaves of the other states, where it has to be."""
    states = ["a", *PARALLEL[1:], {"name": "b", "initial": "x", "children": [{"name": "x", "on_exit": "out_x"}, "y"]}]
    parts = from_transitions(_machine(states, [["home", "*", "a"]]))
    calls = {str(move["source"]): [action["call"] for action in move.get("do", ())] for move in parts.transitions}

    assert {"a": [], "p": [], "b_x": ["out_x"], "b_y": []} == calls


def test_some_children_at_once_are_refused() -> None:
    """A state that starts in two of three children is neither compound nor parallel."""
    states = [{"name": "a", "initial": ["x", "y"], "children": ["x", "y", "z"]}]
    with pytest.raises(InputError, match="state a starts in x, y but not in all of x, y, z"):
        from_transitions(_machine(states))

    with pytest.raises(InputError, match="starts in a and b at once"):
        from_transitions(_machine(["a", "b"], initial=["a", "b"]))


def test_final_children_close_and_call() -> None:
    """A final state deep inside means that the machine is done; what runs then is called after everything is entered."""
    states = ["a", {"name": "b", "on_final": "b_over", "children": ["x", {"name": "y", "final": True, "on_enter": "in_y"}]}]
    parts = from_transitions(
        _machine(states, [["go", "a", "b_x"], ["end", "b_x", "b_y", None, None, None, "after"]], on_final="over")
    )
    workflow = servflow.Workflow(**parts.definition("walk"))
    ticket = workflow.fire(workflow.open("t", at=AT).ticket, "go", at=AT).ticket
    outcome = workflow.fire(ticket, "end", at=AT)

    assert (False, True) == (ticket.closed, outcome.ticket.closed)
    assert ["in_y", "b_over", "over", "after"] == [
        effect.name for effect in outcome.effects if isinstance(effect, servflow.model.Call)
    ]


def test_final_regions_complete_the_parallel_state() -> None:
    """When all regions are final the statechart says so by an event; that it closes nothing by itself is told."""
    region = {"initial": "1", "children": ["1", {"name": "2", "final": True}]}
    states = ["a", {"name": "p", "parallel": [{"name": "l", **region}, {"name": "r", **region}]}]
    moves = [["go", "a", "p"], ["left", "p_l_1", "p_l_2"], ["right", "p_r_1", "p_r_2"]]
    parts = from_transitions(_machine(states, moves, on_final="over"))
    ending = {"event": "done.state.p", "source": "p", "target": "end"}
    machine = Machine(
        initial="a",
        states={**_plain(parts.states), "end": {}},
        transitions=[*({key: move[key] for key in ("event", "source", "target")} for move in parts.transitions), ending],
    )
    step = machine.start()
    for event in ("go", "left", "right"):
        step = machine.step(step.state, event)

    assert ("end",) == step.configuration
    assert ("on_final of the machine: whether all regions are final only the moment tells",) == parts.dropped
    assert ("state p: it is not closed once all regions are final; add a transition for done.state.p",) == parts.differs


def test_other_separators_and_enums_are_read() -> None:
    """Names are put together with the machine's own separator; members of an Enum go by their names."""
    from transitions.extensions.nesting import HierarchicalMachine, NestedState

    class Dotted(NestedState):  # type: ignore[misc]  # the package has no types
        separator = "."

    class Machined(HierarchicalMachine):  # type: ignore[misc]  # the package has no types
        state_cls = Dotted

    class Inner(enum.Enum):
        X = 1
        Y = 2

    class Outer(enum.Enum):
        A = 1
        B = Inner

    machine = Machined(model=None, states=Outer, initial=Outer.A, auto_transitions=False)
    machine.add_transition("go", Outer.A, Inner.X)
    machine.add_transition("go", Inner.X, Inner.Y)
    parts = from_transitions(machine)

    assert [("A",), ("B.X",), ("B.Y",)] == _walk(parts, "go", "go")


def test_automatic_triggers_of_nested_states_are_left_out() -> None:
    """Neither the machine's own nor those of a machine inside it become events."""
    inner = _machine(["1", {"name": "2", "children": ["x"]}], [["up", "1", "2"]], initial="1", auto_transitions=True)
    outer = _machine(["a", {"name": "count", "children": inner}], [["go", "a", "count"]], auto_transitions=True)

    assert {"go", "up"} == {move["event"] for move in from_transitions(outer).transitions}


def test_too_deep_is_refused() -> None:
    """States nested deeper than anybody means are refused rather than followed."""
    state: Any = "x"
    for _ in range(60):
        state = {"name": "x", "children": [state]}
    with pytest.raises(InputError, match="nests them deeper than 50"):
        from_transitions(_machine([state], initial="x"))
