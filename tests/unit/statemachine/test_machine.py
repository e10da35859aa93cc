"""Knows what single steps of a statechart do, case by case after the Recommendation; must not know how."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from servflow.errors import ExpressionError, InputError, LimitError
from servflow.expressions import Expression
from servflow.statemachine import Machine, Step


def _go(event: str | None, source: Any, target: Any = None, **more: Any) -> dict[str, Any]:
    return {"event": event, "source": source, "target": target, **more}


def _run(machine: Machine, *events: str, data: dict[str, Any] | None = None) -> Step:
    step = machine.start(data)
    for event in events:
        step = machine.step(step.state, event, data)
    return step


REGIONS = {
    "p": {
        "parallel": True,
        "states": {
            "x": {"states": {"x1": {}, "x2": {}, "xf": {"final": True}}},
            "y": {"states": {"y1": {}, "y2": {}, "yf": {"final": True}}},
        },
    },
    "out": {},
}


class TestStarting:
    def test_the_first_state_is_the_default(self) -> None:
        """Without initial, a machine and a compound state start in their first state."""
        step = Machine(states={"a": {"states": {"a1": {}, "a2": {}}}, "b": {}}).start()

        assert Step(("a1",), {}, ("a", "a1"), (), ()) == step

    def test_initial_may_be_deep(self) -> None:
        """Initial names a descendant; everything around it is entered first."""
        step = Machine(initial="a2x", states={"a": {"states": {"a1": {}, "a2": {"states": {"a2x": {}}}}}}).start()

        assert ("a", "a2", "a2x") == step.entered

    def test_initial_may_name_a_state_per_region(self) -> None:
        """A list starts several regions elsewhere; the others start by default."""
        assert ("x2", "y2") == Machine(initial=["y2", "x2"], states=REGIONS).start().configuration
        assert ("x2", "y1") == Machine(initial=["x2"], states=REGIONS).start().configuration

    def test_a_parallel_state_may_say_where_its_regions_start(self) -> None:
        """Initial of a parallel state counts when it is entered by itself, and each region's own otherwise."""
        states = {"a": {}, "p": {**REGIONS["p"], "initial": "y2"}}
        machine = Machine(states=states, transitions=[_go("e", "a", "p"), _go("f", "a", "x2")])

        assert ("x1", "y2") == _run(machine, "e").configuration
        assert ("x2", "y1") == _run(machine, "f").configuration

    def test_initial_may_be_a_history_state(self) -> None:
        """A compound state that starts in its history comes back to where it was."""
        states = {"a": {"initial": "h", "states": {"a1": {}, "a2": {}, "h": {"history": "shallow", "default": "a2"}}}, "b": {}}
        machine = Machine(states=states, transitions=[_go("to1", "a", "a1"), _go("away", "a", "b"), _go("back", "b", "a")])

        assert ("a2",) == machine.start().configuration
        assert ("a1",) == _run(machine, "to1", "away", "back").configuration

    def test_eventless_transitions_run_at_the_start(self) -> None:
        """Start takes what needs no event, too, and lists every state passed through."""
        step = Machine(states={"a": {}, "b": {}}, transitions=[_go(None, "a", "b")]).start()

        assert Step(("b",), {}, ("a", "b"), ("a",), (0,)) == step


class TestEvents:
    @pytest.mark.parametrize(
        ("descriptor", "event", "matches"),
        [
            ("error", "error", True),
            ("error", "error.send.failed", True),
            ("error.*", "error", True),
            ("error.*", "error.send", True),
            ("error.", "error.send", True),
            ("error", "errors.my", False),
            ("error", "errorhandler", False),
            ("error.send", "error", False),
            ("foo error", "error.send", True),
            ("foo error", "foobar", False),
            ("*", "anything.at.all", True),
            ("e", "E", False),
        ],
    )
    def test_descriptors_match_whole_words_from_the_left(self, descriptor: str, event: str, matches: bool) -> None:
        """A descriptor matches an event that it equals or is a prefix of by words (section 3.12.1)."""
        machine = Machine(states={"a": {}, "b": {}}, transitions=[_go(descriptor, "a", "b")])

        assert ("b" if matches else "a",) == _run(machine, event).configuration

    def test_nobody_listening_is_no_error(self) -> None:
        """An event that nothing handles is dropped."""
        machine = Machine(states={"a": {}, "b": {}}, transitions=[_go("e", "b", "a")])
        step = machine.start()

        assert Step(("a",), {}, (), (), ()) == machine.step(step.state, "e")
        assert Step(("a",), {}, (), (), ()) == machine.step(step.state, "strange")

    def test_document_order_breaks_ties(self) -> None:
        """The first of two transitions of a state that could be taken is."""
        machine = Machine(states={"a": {}, "b": {}, "c": {}}, transitions=[_go("e", "a", "c"), _go("*", "a", "b")])

        assert (0,) == _run(machine, "e").transitions

    def test_inner_transitions_come_first(self) -> None:
        """A transition of an inner state wins over one of a state around it, wherever it is listed."""
        machine = Machine(
            states={"a": {"states": {"a1": {}, "a2": {}}}, "b": {}},
            transitions=[_go("e", "*", "b"), _go("e", "a", "b"), _go("e", "a1", "a2")],
        )

        assert [("a2",), ("b",)] == [_run(machine, "e").configuration, _run(machine, "e", "e").configuration]
        assert (1,) == _run(machine, "e", "e").transitions

    def test_any_state_has_the_lowest_priority_and_leaves_all(self) -> None:
        """Source * matches in every configuration and exits everything active."""
        machine = Machine(states=REGIONS, transitions=[_go("e", "*", "p"), _go("f", "*")])
        step = _run(machine, "e")

        assert ("y1", "y", "x1", "x", "p") == step.exited
        assert ("p", "x", "x1", "y", "y1") == step.entered
        assert ((), (1,)) == (_run(machine, "f").exited, _run(machine, "f").transitions)


class TestTransitions:
    def test_targetless_stays(self) -> None:
        """Without a target a transition is taken and nothing is left or entered."""
        machine = Machine(states={"a": {}}, transitions=[_go("e", "a")])

        assert Step(("a",), {}, (), (), (0,)) == _run(machine, "e")

    def test_a_self_transition_leaves_and_enters(self) -> None:
        """A transition to its own source exits it and enters it again."""
        step = _run(Machine(states={"a": {"states": {"a1": {}, "a2": {}}}}, transitions=[_go("e", "a", "a")]), "e")

        assert (("a1", "a"), ("a", "a1")) == (step.exited, step.entered)

    def test_internal_does_not_leave_its_compound_source(self) -> None:
        """An internal transition to a state inside its compound source keeps the source; an external one does not."""
        states = {"a": {"states": {"a1": {}, "a2": {}}}}
        external = _run(Machine(states=states, transitions=[_go("e", "a", "a2")]), "e")
        internal = _run(Machine(states=states, transitions=[_go("e", "a", "a2", internal=True)]), "e")

        assert (("a1", "a"), ("a", "a2")) == (external.exited, external.entered)
        assert (("a1",), ("a2",)) == (internal.exited, internal.entered)

    def test_internal_of_a_parallel_source_is_external(self) -> None:
        """Type internal counts for compound sources only."""
        step = _run(Machine(states=REGIONS, transitions=[_go("e", "p", "x2", internal=True)]), "e")

        assert ("y1", "y", "x1", "x", "p") == step.exited

    def test_several_targets_enter_several_regions(self) -> None:
        """A transition to states in several regions enters the others by default, in document order."""
        step = _run(Machine(initial="out", states=REGIONS, transitions=[_go("e", "out", ["y2", "x2"])]), "e")

        assert ("p", "x", "x2", "y", "y2") == step.entered

    def test_a_target_may_be_named_with_a_state_around_it(self) -> None:
        """Naming a state beside one inside it leaves and enters both, once."""
        machine = Machine(states=REGIONS, transitions=[_go("e", "x1", ["x", "x2"])])

        assert ("x2", "y1") == _run(machine, "e").configuration
        assert ("y1", "y", "x1", "x", "p") == _run(machine, "e").exited

    def test_several_sources(self) -> None:
        """A list of sources stands for a transition from each; taken in two regions at once it is listed once."""
        machine = Machine(states=REGIONS, transitions=[_go("e", ["x1", "y1", "out"], "out"), _go("f", ["x1", "y1"])])

        assert Step(("out",), {}, ("out",), ("y1", "y", "x1", "x", "p"), (0,)) == _run(machine, "e")
        assert (1,) == _run(machine, "f").transitions

    def test_a_source_list_is_taken_from_the_innermost_that_wins(self) -> None:
        """Where one transition is enabled from a state and from inside it, the inner one decides how much is left."""
        machine = Machine(states=REGIONS, transitions=[_go("e", ["p", "y1"], "y2")])

        assert ("y1",) == _run(machine, "e").exited


class TestParallel:
    def test_regions_react_together(self) -> None:
        """One event moves every region that listens; exits run in reverse document order, entries forward."""
        machine = Machine(states=REGIONS, transitions=[_go("e", "y1", "y2"), _go("e", "x1", "x2")])
        step = _run(machine, "e")

        assert Step(("x2", "y2"), {}, ("x2", "y2"), ("y1", "x1"), (1, 0)) == step

    def test_the_first_region_wins_a_conflict(self) -> None:
        """Of two transitions that would leave a common state the one found first is taken."""
        machine = Machine(states=REGIONS, transitions=[_go("e", "y1", "out"), _go("e", "x1", "x2")])

        assert (1,) == _run(machine, "e").transitions

    def test_a_descendant_wins_a_conflict(self) -> None:
        """A transition from inside pre-empts one from around it even when that was found first."""
        machine = Machine(states=REGIONS, transitions=[_go("e", "p", "out"), _go("e", "y1", "y2")])

        assert Step(("x1", "y2"), {}, ("y2",), ("y1",), (1,)) == _run(machine, "e")

    def test_a_targetless_transition_conflicts_with_nothing(self) -> None:
        """A transition that leaves nothing is taken beside any other."""
        machine = Machine(states=REGIONS, transitions=[_go("e", "p", "out"), _go("e", "y1")])

        assert (0, 1) == _run(machine, "e").transitions


class TestCompletion:
    def test_a_compound_state_completes(self) -> None:
        """Entering a final child raises done.state of its parent, in the same step."""
        machine = Machine(
            states={"a": {"states": {"a1": {}, "af": {"final": True}}}, "b": {}},
            transitions=[_go("e", "a1", "af"), _go("done.state.a", "a", "b")],
        )

        assert Step(("b",), {}, ("af", "b"), ("a1", "af", "a"), (0, 1)) == _run(machine, "e")

    def test_a_parallel_state_completes_with_its_last_region(self) -> None:
        """Done.state of a parallel state is raised once all its regions are in final states, after the region's own."""
        rows = [_go("x", "x1", "xf"), _go("y", "y1", "yf"), _go("done.state.p", "p", "out"), _go("done.state.y", "p")]
        machine = Machine(states=REGIONS, transitions=rows)

        assert ("xf", "y1") == _run(machine, "x").configuration
        assert ((1, 3, 2), ("out",)) == (_run(machine, "x", "y").transitions, _run(machine, "x", "y").configuration)

    def test_both_regions_at_once_complete_once(self) -> None:
        """When one event ends all regions, completion is raised once."""
        rows = [_go("e", "x1", "xf"), _go("e", "y1", "yf"), _go("done.state.p", "p")]

        assert (0, 1, 2) == _run(Machine(states=REGIONS, transitions=rows), "e").transitions

    def test_nested_parallels_complete_outwards(self) -> None:
        """A parallel state that is a region completes the one around it (section 3.4)."""
        inner = {"parallel": True, "states": {"r": {"states": {"r1": {}, "rf": {"final": True}}}}}
        machine = Machine(
            states={"o": {"parallel": True, "states": {"q": inner}}, "z": {}},
            transitions=[_go("e", "r1", "rf"), _go("done.state.o", "o", "z")],
        )

        assert ("z",) == _run(machine, "e").configuration

    def test_internal_events_wait_for_eventless_transitions(self) -> None:
        """Eventless transitions go before a completion that was raised earlier."""
        machine = Machine(
            states={"a": {"states": {"a1": {}, "af": {"final": True}}}, "b": {}, "c": {}},
            transitions=[_go("e", "a1", "af"), _go("done.state.a", "a", "b"), _go(None, "af", "c")],
        )

        assert ((0, 2), ("c",)) == (_run(machine, "e").transitions, _run(machine, "e").configuration)

    def test_a_final_state_at_the_top_ends_the_step_only(self) -> None:
        """The step ends at once, as a session would; the configuration stays and further events are taken."""
        machine = Machine(
            states={"a": {}, "end": {"final": True}},
            transitions=[_go("e", "a", "end"), _go(None, "end", "a"), _go("again", "end", "a")],
        )
        step = _run(machine, "e")

        assert (("end",), (0,)) == (step.configuration, step.transitions)
        assert ("a",) == machine.step(step.state, "again").configuration


DEEP = {
    "a": {
        "states": {
            "a1": {},
            "a2": {"states": {"b1": {}, "b2": {}}},
            "hs": {"history": "shallow", "default": "a2"},
            "hd": {"history": "deep"},
        }
    },
    "z": {},
}
DEEP_ROWS = [
    _go("b2", "a", "b2"),
    _go("away", "a", "z"),
    _go("shallow", "z", "hs"),
    _go("deep", "z", "hd"),
    _go("stay", "a", "hs", internal=True),
]


class TestHistory:
    @pytest.mark.parametrize(
        ("events", "leaf"),
        [
            (["away", "shallow"], "a1"),
            (["b2", "away", "shallow"], "b1"),
            (["b2", "away", "deep"], "b2"),
            (["stay"], "b1"),
        ],
    )
    def test_history_brings_back(self, events: list[str], leaf: str) -> None:
        """Shallow history remembers the child, deep history the leaf, and a default stands in before that."""
        assert (leaf,) == _run(Machine(states=DEEP, transitions=DEEP_ROWS), *events).configuration

    def test_a_default_stands_in(self) -> None:
        """With nothing remembered history enters its default, or what its parent would enter."""
        machine = Machine(initial="z", states=DEEP, transitions=DEEP_ROWS)

        assert ("b1",) == _run(machine, "shallow").configuration
        assert ("a1",) == _run(machine, "deep").configuration

    def test_state_carries_history_through_json(self) -> None:
        """What is remembered lies in the state as plain data."""
        state = json.loads(json.dumps(_run(Machine(states=DEEP, transitions=DEEP_ROWS), "b2", "away").state))

        assert {"active": ["z"], "history": {"hs": ["a2"], "hd": ["b2"]}} == state

    def test_history_of_a_parallel_state(self) -> None:
        """Deep history of a parallel state brings every region back."""
        p = {"parallel": True, "states": {**REGIONS["p"]["states"], "h": {"history": "deep"}}}  # type: ignore[dict-item] # nested literals
        rows = [_go("x", "x1", "x2"), _go("y", "y1", "y2"), _go("away", "p", "out"), _go("back", "out", "h")]
        machine = Machine(states={"p": p, "out": {}}, transitions=rows)

        assert ("x2", "y1") == _run(machine, "x", "away", "back").configuration

    def test_a_default_into_a_sibling_region_keeps_the_others(self) -> None:
        """A default that leads back into a region which is active does not start the regions beside it again."""
        p = {"parallel": True, "states": {"x": {"states": {"x1": {}, "x2": {}}}, "y": {"states": {"y1": {}, "y2": {}}}}}
        states = {"a": {"states": {"p": p, "h": {"history": "deep", "default": "x2"}}}}
        machine = Machine(states=states, transitions=[_go("y", "y1", "y2"), _go("e", "x1", "h")])

        assert ("x2", "y2") == _run(machine, "y", "e").configuration

    def test_history_that_moves_the_domain_still_enters_all(self) -> None:
        """A parallel state that is left and entered through its history in one step is entered whole."""
        p = {"parallel": True, "states": {"x": {"states": {"x1": {}, "x2": {}}}, "h": {"history": "deep", "default": "x"}}}
        step = _run(Machine(states={"p": p}, transitions=[_go("e", "x1", "h")]), "e")

        assert (("x1", "x", "p"), ("p", "x", "x1")) == (step.exited, step.entered)


class TestGuards:
    def test_guards_read_the_data(self) -> None:
        """A transition is taken only if its condition holds for the data of this step."""
        rows = [_go("e", "a", "b", when="amount > 100"), _go("e", "a", "c", when=Expression.parse("amount > 10"))]
        machine = Machine(states={"a": {}, "b": {}, "c": {}}, transitions=rows)

        assert [("b",), ("c",), ("a",)] == [_run(machine, "e", data={"amount": n}).configuration for n in (101, 50, 5)]
        assert ("a",) == _run(machine, "e").configuration

    def test_guards_of_regions(self) -> None:
        """Each region asks its own guards."""
        rows = [_go("e", "x1", "x2", when="x"), _go("e", "y1", "y2", when="y"), _go("e", "p", "out", when="!x && !y")]
        machine = Machine(states=REGIONS, transitions=rows)
        data = [{"x": x, "y": y} for x in (True, False) for y in (True, False)]

        assert [("x2", "y2"), ("x2", "y1"), ("x1", "y2"), ("out",)] == [
            _run(machine, "e", data=one).configuration for one in data
        ]

    def test_a_guard_that_cannot_be_evaluated_says_so(self) -> None:
        """An error in a condition rises and nothing is changed."""
        machine = Machine(states={"a": {}}, transitions=[_go("e", "a", when="1 / n > 0")])
        state = machine.start().state

        with pytest.raises(ExpressionError):
            machine.step(state, "e", {"n": 0})
        assert {"active": ["a"], "history": {}} == state

    def test_a_guarded_loop_is_stopped(self) -> None:
        """Eventless transitions that go round while a condition holds end in a LimitError with the cycle."""
        rows = [_go(None, "a", "b", when="on"), _go(None, "b", "a")]
        machine = Machine(states={"a": {}, "b": {}}, transitions=rows)

        with pytest.raises(LimitError) as caught:
            machine.start({"on": True})
        assert {0, 1} == set(caught.value.cycle)
        assert 2 == len(caught.value.cycle)
        assert ("a",) == machine.start({"on": False}).configuration


class TestStates:
    @pytest.mark.parametrize(
        "state",
        [
            None,
            [],
            {},
            {"active": ["a1"]},
            {"active": "a1", "history": {}},
            {"active": [], "history": {}},
            {"active": ["a"], "history": {}},
            {"active": ["hs"], "history": {}},
            {"active": ["a1", "z"], "history": {}},
            {"active": ["a1", "a1"], "history": {}},
            {"active": ["nobody"], "history": {}},
            {"active": [["a1"]], "history": {}},
            {"active": [7], "history": {}},
            {"active": ["a1"], "history": []} | {"history": ["hs"]},
            {"active": ["a1"], "history": {"a": ["a1"]}},
            {"active": ["a1"], "history": {"hs": "a1"}},
            {"active": ["a1"], "history": {"hs": []}},
            {"active": ["a1"], "history": {"hs": ["b1"]}},
            {"active": ["a1"], "history": {"hs": ["a1", "a2"]}},
            {"active": ["a1"], "history": {"hd": ["a2"]}},
            {"active": ["a1"], "history": {"hd": ["z"]}},
            {"active": ["a1"], "history": {"hd": [["a1"]]}},
        ],
    )
    def test_a_damaged_state_is_refused(self, state: Any) -> None:
        """A state this machine cannot be in is an InputError, also when the event means nothing here."""
        machine = Machine(states=DEEP, transitions=DEEP_ROWS)
        for event in ("away", "nothing"):
            with pytest.raises(InputError):
                machine.step(state, event)

    @pytest.mark.parametrize("event", ["", None, 5, [], "e" * 1001])
    def test_a_strange_event_is_refused(self, event: Any) -> None:
        """An event is a name of bounded length."""
        machine = Machine(states={"a": {}})
        with pytest.raises(InputError):
            machine.step(machine.start().state, event)

    def test_regions_are_given_in_document_order(self) -> None:
        """A configuration in another order, or without a region, is refused rather than guessed."""
        machine = Machine(states=REGIONS)
        for active in (["y1", "x1"], ["x1"]):
            with pytest.raises(InputError):
                machine.step({"active": active, "history": {}}, "e")

    def test_changing_a_state_changes_no_step(self) -> None:
        """A host may change the state it got; steps hand out a new one each time."""
        machine = Machine(states={"a": {}})
        step = machine.start()
        step.state["active"].append("b")

        assert {"active": ["a"], "history": {}} == step.state
        with pytest.raises(TypeError):
            step.history["h"] = ("a",)  # type: ignore[index] # this is the mistake

    def test_an_unknown_event_every_time_stays_within_bounds(self) -> None:
        """Names nobody listens to do not make the tables grow without end."""
        machine = Machine(states={"a": {}, "b": {}}, transitions=[_go("*", "a", "b")], table_size=8)
        state = machine.start().state
        for number in range(100):
            assert ("b",) == machine.step(state, f"e{number}").configuration
        assert len(machine._quick) <= 8


class TestValue:
    def test_equal_definitions_make_equal_machines(self) -> None:
        """Spelling does not matter, document order does."""
        one = Machine(states={"a": {}, "b": None}, transitions=[_go("e.*", "a", "b")])
        same = Machine(initial="a", states={"a": {}, "b": {}}, transitions=[{"event": "e", "source": ["a"], "target": ["b"]}])
        other = Machine(initial="a", states={"b": {}, "a": {}}, transitions=[_go("e", "a", "b")])

        assert (one, hash(one)) == (same, hash(same))
        assert one != other
        assert one != "machine"

    def test_pickle(self) -> None:
        """A machine, its guards and its steps survive pickle."""
        machine = Machine(states={"a": {}, "b": {}}, transitions=[_go("e", "a", "b", when="x")], table_size=7)
        back = pickle.loads(pickle.dumps(machine))
        step = back.step(back.start().state, "e", {"x": True})

        assert (machine, 7, ("b",)) == (back, back.table_size, step.configuration)
        assert step == pickle.loads(pickle.dumps(step))

    def test_a_machine_does_not_change(self) -> None:
        """Setting or deleting an attribute is refused."""
        machine = Machine(states={"a": {}})
        with pytest.raises(AttributeError):
            machine.table_size = 1
        with pytest.raises(AttributeError):
            del machine.table_size
