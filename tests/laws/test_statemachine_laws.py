"""Knows what holds for every statechart; must not know how it is computed."""

from __future__ import annotations

import json
import pickle
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from servflow.errors import DefinitionError, LimitError
from servflow.statemachine import Machine, Move, draw
from tests.oracles.appendix_d import Oracle

EVENTS = ["e", "f", "e.x", "g"]
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
            }
        )
    return {"states": states, "transitions": transitions, "initial": draw_from(st.sampled_from([None, *plain]))}


def _machine(definition: dict[str, Any]) -> Machine | None:
    # Targets drawn at random often cannot be active together; such a definition is refused, which is not the law here.
    try:
        return Machine(**definition, table_size=16)
    except DefinitionError as error:
        allowed = {"machine.not_together", "machine.endless", "machine.no_default", "machine.history_chain"}
        assert {finding.code for finding in error.findings} <= allowed
        return None


def _same(oracle: Oracle, step: Any) -> None:
    assert oracle.leaves == step.configuration
    assert oracle.entered == list(step.entered)
    assert oracle.exited == list(step.exited)
    assert oracle.taken == list(step.transitions)
    assert oracle.remembered == step.state["history"]


@LAWS
@given(charts(), st.lists(st.sampled_from([*EVENTS, "e.x.y", "nobody"]), max_size=6))
def test_a_step_is_what_appendix_d_says(definition: dict[str, Any], events: list[str]) -> None:
    """Law: start and step give the configuration, order and history of the Recommendation's algorithm."""
    machine = _machine(definition)
    assume(machine is not None)
    assert machine is not None
    oracle = Oracle(definition)
    try:
        step = machine.start()
    except LimitError:
        assert not oracle.start()
        return
    assert oracle.start()
    _same(oracle, step)
    for event in events:
        try:
            step = machine.step(json.loads(json.dumps(step.state)), event)
        except LimitError:
            assert not oracle.step(event)
            return
        assert oracle.step(event)
        _same(oracle, step)
