"""Knows what an engine asks of a machine between two events; must not know how answers are kept."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.errors import InputError
from servflow.statemachine import Machine, Move

FLAT = Machine(
    states={"a": {}, "b": {}},
    transitions=[
        {"event": "e", "source": "a", "target": "b"},
        {"event": "e", "source": "a"},
        {"event": "e", "source": "*", "target": "a"},
        {"event": None, "source": "b", "target": "a", "when": "x"},
    ],
)
WIDE = Machine(
    states={
        "p": {
            "parallel": True,
            "states": {
                "x": {"states": {"x1": {}, "xf": {"final": True}}},
                "y": {"states": {"y1": {}, "yf": {"final": True}, "h": {"history": "shallow"}}},
            },
        },
        "z": {},
    },
    transitions=[
        {"event": "e", "source": "p", "target": "z"},
        {"event": "e", "source": "y1", "target": "yf"},
        {"event": "e", "source": "x1", "target": "xf"},
        {"event": "e", "source": "x"},
        {"event": "back", "source": "z", "target": "h"},
    ],
)


def test_initial_move() -> None:
    """The first move enters; nothing follows from it yet."""
    assert Move(("x1", "y1"), {}, (), ("p", "x", "x1", "y", "y1"), (), ()) == WIDE.initial_move()


def test_candidates_come_in_the_order_they_are_considered() -> None:
    """Leaf by leaf, inner first, then document order; each once; * last; None asks for eventless ones."""
    assert (0, 1, 2) == FLAT.candidates(("a",), "e")
    assert (3,) == FLAT.candidates(("b",), None)
    assert () == FLAT.candidates(("b",), "nobody")
    assert (2, 3, 0, 1) == WIDE.candidates(("x1", "y1"), "e")


@pytest.mark.parametrize(
    ("holds", "chosen", "asked"),
    [
        ({0, 1, 2, 3}, (2, 1), [2, 1]),
        ({0, 1}, (1,), [2, 3, 0, 1]),
        ({0, 3}, (3, 0), [2, 3, 1, 0]),
        ({0}, (0,), [2, 3, 0, 1]),
        (set(), (), [2, 3, 0, 1]),
    ],
)
def test_select_asks_each_once_and_settles_conflicts(holds: set[int], chosen: tuple[int, ...], asked: list[int]) -> None:
    """Guards are asked in order, at most once each, and not for transitions that cannot win."""
    log: list[int] = []

    def decide(index: int) -> bool:
        log.append(index)
        return index in holds

    assert chosen == WIDE.select(("x1", "y1"), "e", decide)
    assert asked == log


def test_apply_tells_all_about_a_move() -> None:
    """Exits, entries, completions and the order of actions come back with the new configuration."""
    move = WIDE.apply(("x1", "y1"), {}, (2, 1))

    assert Move(("xf", "yf"), {}, ("y1", "x1"), ("xf", "yf"), ("done.state.x", "done.state.y", "done.state.p"), (2, 1)) == move


def test_history_is_the_same_object_unless_it_changed() -> None:
    """An engine can tell by identity whether anything new is remembered."""
    for mine in ({}, {"h": ("y1",)}):
        assert mine is WIDE.apply(("x1", "y1"), mine, (2, 1)).history
    left = WIDE.apply(("x1", "yf"), {}, (0,))
    assert {"h": ("yf",)} == left.history
    back = WIDE.apply(left.configuration, left.history, (4,))
    assert (("x1", "yf"), True) == (back.configuration, back.history is left.history)
    again = WIDE.apply(("x1", "yf"), back.history, (0,))
    assert again.history is back.history


def test_what_is_remembered_comes_from_the_arguments() -> None:
    """The same transition with other history is another move, also when the first is known already."""
    for leaf in ("y1", "yf", "y1"):
        assert ("x1", leaf) == WIDE.apply(("z",), {"h": (leaf,)}, (4,)).configuration


@pytest.mark.parametrize(
    ("configuration", "history", "chosen"),
    [
        (("z",), {}, (0,)),
        (("z",), {}, (9,)),
        (("z",), {}, (-1,)),
        (("z",), {"q": ("y1",)}, (4,)),
        (("z",), {"h": ("x1",)}, (4,)),
        (("x1",), {}, (2,)),
        (("x1", "y1"), {}, (0, 1)),
    ],
)
def test_what_cannot_be_taken_is_refused(configuration: tuple[str, ...], history: Any, chosen: tuple[int, ...]) -> None:
    """Transitions without an active source, in conflict, or with foreign history are an InputError."""
    with pytest.raises(InputError):
        WIDE.apply(configuration, history, chosen)


def test_a_source_list_keeps_its_source_between_select_and_apply() -> None:
    """What select chose is applied from the source that won, and the choice still compares as plain indexes."""
    machine = Machine(
        states={"p": {"parallel": True, "states": {"x": {"states": {"x1": {}}}, "y": {"states": {"y1": {}, "y2": {}}}}}},
        transitions=[{"event": "e", "source": ["p", "y1"], "target": "y2"}],
    )
    chosen = machine.select(("x1", "y1"), "e", lambda index: True)

    assert (0,) == chosen
    assert ("y1",) == machine.apply(("x1", "y1"), {}, chosen).exited
