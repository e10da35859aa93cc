"""Knows which definitions are refused and with which finding; must not know how they are read."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.errors import DefinitionError, Finding, InputError
from servflow.statemachine import Machine


def _findings(states: Any, transitions: Any = (), initial: Any = None) -> list[Finding]:
    with pytest.raises(DefinitionError) as caught:
        Machine(states=states, transitions=transitions, initial=initial)
    return list(caught.value.findings)


def _nested(depth: int) -> dict[str, Any]:
    states: dict[str, Any] = {"s0": {}}
    for level in range(1, depth):
        states = {f"s{level}": {"states": states}}
    return states


FORK = {"p": {"parallel": True, "states": {"x": {"states": {"x1": {}, "x2": {}}}, "y": {}}}}
KEPT = {"a": {"states": {"b": {}, "c": {}, "h": {"history": "shallow", "default": "b"}}}, "z": {}}

STATES: list[tuple[str, str, Any, Any]] = [
    ("no_states", "states", {}, None),
    ("no_states", "states", None, None),
    ("shape", "states.a", {"a": 5}, None),
    ("shape", "states.a.states", {"a": {"states": ["b"]}}, None),
    ("shape", "states.a.final", {"a": {"final": "yes"}}, None),
    ("unknown_key", "states.a", {"a": {"paralel": True}}, None),
    ("bad_id", "states", {"*": {}}, None),
    ("bad_id", "states", {7: {}}, None),
    ("bad_id", "states", {" ": {}, "a": {}}, None),
    ("duplicate_state", "states.b.states.a", {"a": {}, "b": {"states": {"a": {}, "c": {}}}}, None),
    ("too_deep", "", _nested(51), None),
    ("mixed_kind", "states.a", {"a": {"parallel": True, "final": True}}, None),
    ("history_kind", "states.a.states.h.history", {"a": {"states": {"b": {}, "h": {"history": "all"}}}}, None),
    ("states_inside", "states.a", {"a": {"final": True, "states": {"b": {}}}}, None),
    ("no_child", "states.a", {"a": {"parallel": True}}, None),
    ("no_child", "states.a", {"a": {"states": {"h": {"history": "deep"}}}}, None),
    ("final_region", "states.p.states.f", {"p": {"parallel": True, "states": {"f": {"final": True}}}}, None),
    ("history_at_top", "states.h", {"a": {}, "h": {"history": "deep"}}, None),
    (
        "history_chain",
        "",
        {"a": {"states": {"b": {}, "h": {"history": "deep", "default": "g"}, "g": {"history": "deep"}}}},
        None,
    ),
    ("no_default", "", {"a": {"initial": "h", "states": {"b": {}, "h": {"history": "deep"}}}}, None),
    ("default_without_history", "states.a.default", {"a": {"default": "b"}, "b": {}}, None),
    ("initial_on_leaf", "states.a.initial", {"a": {"initial": "b"}, "b": {}}, None),
    ("outside", "states.a.initial", {"a": {"states": {"b": {}}, "initial": "c"}, "c": {}}, None),
    ("outside", "", {"a": {"states": {"b": {}, "h": {"history": "deep", "default": "c"}}}, "c": {}}, None),
    ("unknown_state", "initial", {"open": {}}, "opne"),
    ("unknown_state", "initial[1]", FORK, ["x1", "y1"]),
    ("not_together", "initial", FORK, ["x1", "x2"]),
    ("shape", "initial", {"a": {}}, []),
    ("shape", "initial", {"a": {}}, 5),
]


@pytest.mark.parametrize(("code", "path", "states", "initial"), STATES)
def test_states_that_are_refused(code: str, path: str, states: Any, initial: Any) -> None:
    """Each mistake in the states is found, with its place."""
    found = {finding.code: finding.path for finding in _findings(states, initial=initial)}

    assert f"machine.{code}" in found
    assert found[f"machine.{code}"].startswith(path)


ROWS: list[tuple[str, str, Any]] = [
    ("shape", "transitions[0]", "a"),
    ("shape", "transitions[0].source", {"event": "e", "target": "a"}),
    ("shape", "transitions[0].target", {"event": "e", "source": "a", "target": []}),
    ("shape", "transitions[0].internal", {"event": "e", "source": "a", "internal": 1}),
    ("shape", "transitions[0].event", {"event": ["e"], "source": "a"}),
    ("shape", "transitions[0].when", {"event": "e", "source": "a", "when": 5}),
    ("unknown_key", "transitions[0]", {"event": "e", "source": "a", "traget": "z"}),
    ("unknown_state", "transitions[0].source", {"event": "e", "source": "q"}),
    ("unknown_state", "transitions[0].target[1]", {"event": "e", "source": "a", "target": ["b", "q"]}),
    ("not_together", "transitions[0].target", {"event": "e", "source": "a", "target": ["b", "c"]}),
    ("not_together", "transitions[0].target", {"event": "e", "source": "z", "target": ["h", "c"]}),
    ("history_source", "transitions[0].source", {"event": "e", "source": "h", "target": "z"}),
    ("no_event", "transitions[0].event", {"event": " ", "source": "a"}),
    ("bad_event", "transitions[0].event", {"event": "e*", "source": "a"}),
    ("bad_event", "transitions[0].event", {"event": "e..f", "source": "a"}),
    ("bad_event", "transitions[0].event", {"event": "*.e", "source": "a"}),
    ("guard", "transitions[0].when", {"event": "e", "source": "a", "when": "1 +"}),
    ("endless", "transitions[0]", {"source": "b"}),
    ("endless", "transitions[0]", {"source": "*", "target": "z"}),
]


@pytest.mark.parametrize(("code", "path", "row"), ROWS)
def test_transitions_that_are_refused(code: str, path: str, row: Any) -> None:
    """Each mistake in a transition is found, with its place."""
    assert [(f"machine.{code}", path)] == [(finding.code, finding.path) for finding in _findings(KEPT, [row])]


def test_all_problems_come_at_once_with_suggestions() -> None:
    """Every problem is listed, in document order, and a misspelt name comes with the likely one."""
    rows = [{"event": "e", "source": "opne", "target": "closd"}, {"event": "", "source": "open"}]
    found = _findings({"open": {}, "closed": {}}, rows, "oepn")

    places = ["initial", "transitions[0].source", "transitions[0].target", "transitions[1].event"]

    assert places == [one.path for one in found]
    assert "did you mean 'closed'?" in "".join(one.text() for one in found)
    assert "是否想写“closed”" in "".join(one.text("zh") for one in found)


def test_endless_loops_come_with_a_witness() -> None:
    """A loop of eventless transitions that no guard can stop is refused, with the transitions in it."""
    rows = [
        {"event": "go", "source": "a", "target": "b"},
        {"source": "b", "target": "c"},
        {"source": "c", "target": "d"},
        {"source": "d", "target": "c"},
    ]
    (found,) = _findings({"a": {}, "b": {}, "c": {}, "d": {}}, rows)

    assert ("machine.endless", (2, 3)) == (found.code, found.witness)


def test_a_guarded_or_unreachable_loop_is_left_alone() -> None:
    """What may end, or never begins, is no reason to refuse."""
    for rows in (
        [{"source": "a", "target": "b", "when": "x"}, {"source": "b", "target": "a"}],
        [{"source": "b", "target": "b"}],
    ):
        assert ("a",) == Machine(states={"a": {}, "b": {}}, transitions=rows).start().configuration


def test_sizes_are_bounded() -> None:
    """Too many states or transitions are refused, without working through them."""
    assert "machine.too_many_states" in {one.code for one in _findings({f"s{n}": {} for n in range(10_001)})}
    rows = [{"event": "e", "source": [f"s{n}" for n in range(400)], "target": "s0"}] * 130
    assert "machine.too_many_transitions" in {one.code for one in _findings({f"s{n}": {} for n in range(400)}, rows)}
    assert 10_000 == len(Machine(states={f"s{n}": {} for n in range(10_000)}).leaves)
    assert ("s0",) == Machine(states=_nested(50)).start().configuration
    with pytest.raises(InputError):
        Machine(states={"a": {}}, table_size=0)


class TestQuestions:
    MACHINE = Machine(
        states={
            "a": {"states": {"a1": {}, "h": {"history": "deep"}}},
            "p": {"parallel": True, "states": {"x": {}, "y": {"states": {"y1": {}, "y2": {}}}}},
            "stuck": {},
            "lost": {"states": {"lost1": {}}},
            "end": {"final": True},
        },
        transitions=[
            {"event": "b.* e", "source": "a", "target": "p"},
            {"event": "e", "source": "y1", "target": ["stuck"]},
            {"event": "e", "source": "stuck", "target": "stuck"},
            {"event": "e", "source": "lost", "target": "end"},
            {"event": "e", "source": "p", "target": "end"},
        ],
    )

    def test_unreachable(self) -> None:
        """States nothing leads to are told in document order, with what lies in them."""
        machine = Machine(
            states={"a": {}, "b": {"states": {"b1": {}}}}, transitions=[{"event": "e", "source": "b", "target": "a"}]
        )

        assert ("b", "b1") == machine.unreachable()
        assert ("y2", "lost", "lost1") == self.MACHINE.unreachable()

    def test_dead_ends(self) -> None:
        """Reachable leaves that nothing leaves are told; regions are left with a neighbour, final states are ends."""
        assert ("stuck",) == self.MACHINE.dead_ends()

    def test_names(self) -> None:
        """Events, leaves, ancestors and states are told by id."""
        assert ("b", "e") == self.MACHINE.events
        assert ("a1", "x", "y1", "y2", "stuck", "lost1", "end") == self.MACHINE.leaves
        assert ("y", "p") == self.MACHINE.ancestors("y1")
        assert ("deep", "a", ("a1",)) == tuple(getattr(self.MACHINE.states["h"], name) for name in ("kind", "parent", "entry"))
        assert list(range(12)) == [state.order for state in self.MACHINE.states.values()]
        with pytest.raises(InputError, match="did you mean 'lost1'"):
            self.MACHINE.ancestors("los1")

    def test_contains(self) -> None:
        """A configuration contains its leaves and what is around them."""
        active = [state for state in self.MACHINE.states if self.MACHINE.contains(("x", "y1"), state)]

        assert ["p", "x", "y", "y1"] == active
        assert not self.MACHINE.contains(("x", "y1"), "nobody")
