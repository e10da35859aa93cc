"""Knows what holds for every statechart; must not know how it is computed."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable, Container
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from servflow.errors import DefinitionError, InputError, LimitError
from servflow.statemachine import Machine, Move, draw
from tests.oracles.appendix_d import Oracle

EVENTS = ["e", "f", "e.x", "g"]
GUARDS: dict[str, Callable[[dict[str, bool]], bool]] = {
    "x": lambda data: data["x"],
    "!x": lambda data: not data["x"],
    "x && y": lambda data: data["x"] and data["y"],
}
# What a chart may ask of itself: the guards of all transitions see where it was before the microstep.
PLACES: dict[str, Callable[[dict[str, bool], bool], bool]] = {
    "in_state('s0')": lambda _, there: there,
    "!in_state('s0') && x": lambda data, there: not there and data["x"],
}
DATA = st.fixed_dictionaries({"x": st.booleans(), "y": st.booleans()})
LAWS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])


@st.composite
def trees(draw_from: st.DrawFn) -> tuple[dict[str, Any], list[str]]:
    """Nested states up to four deep and at most about 16, with the ids of all of them."""
    names: list[str] = []

    def one(depth: int, parallel_parent: bool) -> tuple[str, dict[str, Any]]:
        name = f"s{len(names)}"
        names.append(name)
        kinds = ["atomic", "atomic"] if parallel_parent else ["atomic", "atomic", "final"]
        if depth < 4 and len(names) < 16:
            kinds += ["compound", "compound", "parallel"]
        kind = draw_from(st.sampled_from(kinds))
        if kind == "atomic":
            return name, {}
        if kind == "final":
            return name, {"final": True}
        spec: dict[str, Any] = {"parallel": True} if kind == "parallel" else {}
        spec["states"] = dict(one(depth + 1, kind == "parallel") for _ in range(draw_from(st.integers(1, 3))))
        if draw_from(st.integers(0, 3)) == 0:
            names.append(f"h{len(names)}")
            spec["states"][names[-1]] = {"history": draw_from(st.sampled_from(["shallow", "deep"]))}
        return name, spec

    states = dict(one(1, False) for _ in range(draw_from(st.integers(1, 3))))
    return states, names


def _all(states: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, spec in states.items():
        found[name] = spec
        found.update(_all(spec.get("states") or {}))
    return found


@st.composite
def charts(draw_from: st.DrawFn) -> dict[str, Any]:
    """Whole definitions: entries anywhere inside, transitions of every kind."""
    states, names = draw_from(trees())
    specs = _all(states)
    plain = [name for name in names if "history" not in specs[name]]
    for name in plain:
        inside = list(_all(specs[name].get("states") or {}))
        compound = bool(inside) and not specs[name].get("parallel")
        if compound and draw_from(st.booleans()):
            specs[name]["initial"] = draw_from(st.sampled_from(inside))
        for child, spec in (specs[name].get("states") or {}).items():
            if "history" in spec and draw_from(st.booleans()):
                spec["default"] = draw_from(st.sampled_from([other for other in inside if other != child]))
    transitions = []
    completions = [f"done.state.{name}" for name in plain[:4]]
    for _ in range(draw_from(st.integers(2, 12))):
        event = draw_from(st.sampled_from([*EVENTS, "e", "f", "e f", "e.*", "*", *completions, "done.state", None]))
        targets = draw_from(st.lists(st.sampled_from(names), max_size=draw_from(st.sampled_from([0, 1, 1, 1, 2])), unique=True))
        sources = draw_from(st.lists(st.sampled_from([*plain, *plain, "*"]), min_size=1, max_size=2, unique=True))
        transitions.append(
            {
                "event": event,
                "source": sources[0] if len(sources) == 1 else sources,
                "target": None if not targets else targets[0] if len(targets) == 1 else targets,
                "internal": draw_from(st.booleans()),
                "when": draw_from(st.sampled_from([None, None, *GUARDS, *PLACES])),
            }
        )
    return {"states": states, "transitions": transitions, "initial": draw_from(st.sampled_from([None, *plain]))}


def _machine(definition: dict[str, Any]) -> Machine | None:
    # Targets drawn at random often cannot be active together; such a definition is refused, which is not the law here.
    try:
        return Machine(**definition, table_size=16)
    except DefinitionError as error:
        allowed = {"machine.not_together", "machine.endless", "machine.no_default", "machine.history_chain"}
        if {finding.code for finding in error.findings} <= allowed:
            return None
        raise


def _same(oracle: Oracle, step: Any) -> None:
    assert oracle.leaves == step.configuration
    assert oracle.entered == list(step.entered)
    assert oracle.exited == list(step.exited)
    assert oracle.taken == list(step.transitions)
    assert oracle.remembered == step.state["history"]


def _holds(when: str | None, data: dict[str, bool], active: Container[str]) -> bool:
    if when in PLACES:
        return PLACES[when](data, "s0" in active)
    return when is None or GUARDS[when](data)


def _oracle(definition: dict[str, Any], data: dict[str, bool]) -> Oracle:
    """The reference session; its guards read *data*, which callers may change between events."""

    def holds(index: int) -> bool:
        return _holds(definition["transitions"][index]["when"], data, oracle.configuration)

    oracle = Oracle(definition, holds)
    return oracle


@LAWS
@given(charts(), DATA, st.lists(st.tuples(st.sampled_from([*EVENTS, "e.x.y", "nobody"]), DATA), max_size=6))
def test_a_step_is_what_appendix_d_says(
    definition: dict[str, Any], data: dict[str, bool], events: list[tuple[str, dict[str, bool]]]
) -> None:
    """Law: start and step give the configuration, order and history of the Recommendation's algorithm."""
    machine = _machine(definition)
    assume(machine is not None)
    assert machine is not None
    held = dict(data)
    oracle = _oracle(definition, held)
    try:
        step = machine.start(data)
    except LimitError:
        assert not oracle.start()
        return
    assert oracle.start()
    _same(oracle, step)
    for event, data in events:
        held.update(data)
        try:
            step = machine.step(json.loads(json.dumps(step.state)), event, data)
        except LimitError:
            assert not oracle.step(event)
            return
        assert oracle.step(event)
        _same(oracle, step)


def _by_moves(
    machine: Machine, definition: dict[str, Any], event: str, at: Move, data: dict[str, bool]
) -> tuple[Move, list[int]]:
    """A macrostep put together from microsteps, as an engine does it."""
    taken: list[int] = []
    waiting: list[str | None] = [event]
    for _ in range(60):
        asked: list[int] = []

        active = {state for state in machine.states if machine.contains(at.configuration, state)}

        def decide(index: int, asked: list[int] = asked, active: set[str] = active) -> bool:
            asked.append(index)
            return _holds(definition["transitions"][index]["when"], data, active)

        name = waiting[0]
        chosen = machine.select(at.configuration, name, decide, history=at.history)
        assert len(asked) == len(set(asked))
        assert set(asked) <= set(machine.candidates(at.configuration, name))
        assert set(chosen) <= set(asked)
        if not chosen:
            waiting.pop(0)
            if not waiting:
                return at, taken
            continue
        before = at
        at = machine.apply(at.configuration, at.history, chosen)
        assert chosen == at.order
        assert (at.history is before.history) == (at.history == before.history)
        after = {state for state in machine.states if machine.contains(at.configuration, state)}
        assert after == (active - set(at.exited)) | set(at.entered)
        taken.extend(chosen)
        waiting = [None, *waiting[1:], *at.done]
    raise LimitError("too long for this law")


@LAWS
@given(charts(), DATA, st.lists(st.sampled_from(EVENTS), max_size=4))
def test_a_step_is_its_microsteps(definition: dict[str, Any], data: dict[str, bool], events: list[str]) -> None:
    """Law: select and apply, repeated until rest, take the transitions that step takes and end where it ends."""
    assume(not any("final" in spec for spec in definition["states"].values()))
    machine = _machine(definition)
    assume(machine is not None)
    assert machine is not None
    try:
        step = machine.start(data)
        for event in events:
            at = Move(step.configuration, step.history, (), (), (), ())
            expected = machine.step(step.state, event, data)
            at, taken = _by_moves(machine, definition, event, at, data)
            assert list(expected.transitions) == taken
            assert (expected.configuration, expected.history) == (at.configuration, at.history)
            step = expected
    except LimitError:
        return


@LAWS
@given(charts(), DATA, st.lists(st.sampled_from(EVENTS), max_size=4))
def test_what_is_remembered_changes_no_answer(definition: dict[str, Any], data: dict[str, bool], events: list[str]) -> None:
    """Law: a machine with room for one answer, a copy of it through pickle and a roomy one take the same steps."""
    tight = _machine(definition)
    assume(tight is not None)
    assert tight is not None
    roomy = Machine(**definition)
    copies = [Machine(**definition, table_size=1), pickle.loads(pickle.dumps(tight)), roomy, roomy]
    assert copies == [tight] * 4
    assert {hash(tight)} == {hash(copy) for copy in copies}
    try:
        step = tight.start(data)
        assert [step] * 4 == [copy.start(data) for copy in copies]
        for event in events:
            assert [tight.step(step.state, event, data)] * 4 == [copy.step(step.state, event, data) for copy in copies]
            step = tight.step(step.state, event, data)
    except LimitError:
        return


@LAWS
@given(charts(), DATA, st.lists(st.sampled_from(EVENTS), max_size=6))
def test_an_unreachable_state_is_never_entered(definition: dict[str, Any], data: dict[str, bool], events: list[str]) -> None:
    """Law: no run enters a state that was said to be unreachable."""
    machine = _machine(definition)
    assume(machine is not None)
    assert machine is not None
    try:
        step = machine.start(data)
        entered = set(step.entered)
        for event in events:
            step = machine.step(step.state, event, data)
            entered.update(step.entered)
    except LimitError:
        return
    assert set() == entered & set(machine.unreachable())


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["a", "b", "*", "", "e f", "e.*", "shallow", "x >"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["a", "b", "c", "states", "initial", "parallel", "history", "default", "final", "event", "source", "target"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@LAWS
@given(JUNK, JUNK, JUNK)
def test_a_strange_definition_is_refused_with_findings(states: Any, transitions: Any, initial: Any) -> None:
    """Law: whatever is given as a definition makes a machine or a DefinitionError, and every finding has a sentence."""
    try:
        machine = Machine(states=states, transitions=transitions, initial=initial)
    except DefinitionError as error:
        for finding in error.findings:
            for lang in ("en", "zh"):
                text = finding.text(lang)
                assert "<" not in text.replace("<class", "")
                assert f"{finding.code}:" not in text
        return
    try:
        assert machine.start().configuration
    except LimitError:
        return


@LAWS
@given(JUNK, st.sampled_from(["e", "", None, 5]))
def test_a_strange_state_is_refused(state: Any, event: Any) -> None:
    """Law: whatever is given as a state makes a step or an InputError."""
    machine = Machine(
        states={"a": {"states": {"b": {}, "c": {}, "h": {"history": "deep"}}}},
        transitions=[{"event": "e", "source": "a", "target": "h"}],
    )
    for given_state in (
        state,
        {"active": state, "history": {}},
        {"active": ["b"], "history": state},
        {"active": ["b"], "history": {"h": state}},
    ):
        try:
            step = machine.step(given_state, event)
        except InputError:
            continue
        assert step.configuration in [("b",), ("c",)]


@LAWS
@given(
    st.lists(
        st.text(min_size=1, max_size=12).filter(lambda text: text.strip() and text != "*"), min_size=4, max_size=4, unique=True
    )
)
def test_ids_cannot_add_to_a_drawing(ids: list[str]) -> None:
    """Law: a drawing has the same lines and structure whatever the states are called."""

    def shape(names: list[str], form: str) -> list[str]:
        a, b, c, d = names
        states = {a: {}, b: {"parallel": True, "states": {c: {"states": {d: {}}}}}}
        transitions = [{"event": "e", "source": a, "target": d}, {"event": "e", "source": "*", "target": None}]
        machine = Machine(states=states, transitions=transitions, initial=a)
        text = draw(machine, form, labels=lambda index: names[index], marked=[d])
        return [re.match(r"\s*(state|s\d+ -->|s\d+ ->|any|i\d+|\||[\w}\[]*)", line)[0] for line in text.split("\n")]  # type: ignore[index] # always matches

    for form in ("mermaid", "dot", "table"):
        assert shape(["w", "x", "y", "z"], form) == shape(ids, form)
