"""Knows what an engine asks of a machine between two events; must not know how answers are kept."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.errors import InputError
from servflow.statemachine import Machine, Move
from servflow.statemachine._moves import EVENT_LIMIT

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


NESTED = Machine(
    states={
        "p": {
            "parallel": True,
            "states": {
                "x": {"states": {"x1": {}, "x2": {}}},
                "y": {
                    "states": {
                        "q": {
                            "parallel": True,
                            "states": {"r": {"states": {"r1": {}, "r2": {}}}, "s": {"states": {"s1": {}, "s2": {}}}},
                        },
                        "z": {},
                    },
                },
            },
        },
        "out": {},
    },
    transitions=[
        {"event": "e", "source": "x1", "target": "x2"},
        {"event": "e", "source": "r1", "target": "z"},
        {"event": "e", "source": "s1", "target": "s2"},
        {"event": "f", "source": "r1", "target": "r2"},
        {"event": "f", "source": "s1", "target": "z"},
        {"event": "f", "source": "x1", "target": "x2"},
        {"event": "g", "source": "x1", "target": "x2"},
        {"event": "g", "source": "r1", "target": "r2"},
        {"event": "g", "source": "s1", "target": "out"},
    ],
)


@pytest.mark.parametrize(
    ("event", "chosen"),
    [
        ("e", (0, 1)),  # leaving q comes first in document order; what happens inside it beside that is lost
        ("f", (5, 3)),  # the region inside comes first, and what would leave it as well is lost
        ("g", (6, 7)),  # two regions move, and what would leave both is lost
    ],
)
def test_of_two_that_leave_one_state_the_first_is_taken(event: str, chosen: tuple[int, ...]) -> None:
    """Conflicts are settled where states are shared, however deep, and regions beside them go their own way."""
    assert chosen == NESTED.select(("x1", "r1", "s1"), event, lambda index: True)


def test_regions_may_be_moved_in_any_order() -> None:
    """Transitions that share no state can be taken in any order; it is the order of their actions only."""
    there, back = (NESTED.apply(("x1", "r1", "s1"), {}, chosen) for chosen in ((0, 2), (2, 0)))

    assert ("x2", "r1", "s2") == there.configuration == back.configuration
    assert ((0, 2), (2, 0)) == (there.order, back.order)


def test_an_event_of_many_words_is_heard_by_each_beginning_of_it() -> None:
    """A descriptor hears what begins with its words, whole ones only, whatever their number."""
    heard = {}
    for name in ("a", "a.b", "a.b.c", "a.b.c.d", "a.b.c.d.e", "b", "a.b.cc", "*"):
        machine = Machine(states={"s": {}}, transitions=[{"event": name, "source": "s"}])
        heard[name] = machine.candidates(("s",), "a.b.c.d") == (0,)

    assert {"a", "a.b", "a.b.c", "a.b.c.d", "*"} == {name for name, yes in heard.items() if yes}


def test_an_event_may_be_as_long_as_the_limit() -> None:
    """The longest event that is allowed is asked like any other; one letter more is refused, and so is none."""
    machine = Machine(states={"s": {}}, transitions=[{"event": "*", "source": "s"}])

    assert (0,) == machine.candidates(("s",), "e" * EVENT_LIMIT)
    for event in ("e" * (EVENT_LIMIT + 1), ""):
        with pytest.raises(InputError, match="an event is a name"):
            machine.candidates(("s",), event)


REMEMBERING = Machine(
    states={
        "away": {},
        "p": {
            "parallel": True,
            "states": {
                "x": {"states": {"x1": {}, "x2": {"states": {"x3": {}, "x4": {}}}}},
                "y": {"states": {"y1": {}, "y2": {}}},
                "hp": {"history": "deep"},
                "hs": {"history": "shallow"},
            },
        },
        "c": {
            "states": {
                "c1": {"states": {"c2": {}, "c3": {}}},
                "c4": {},
                "hc": {"history": "shallow"},
                "hd": {"history": "deep"},
            }
        },
    },
    initial="away",
    transitions=[{"event": name, "source": "away", "target": name} for name in ("hp", "hs", "hc", "hd")],
)


@pytest.mark.parametrize(
    ("row", "history", "entered"),
    [
        (0, {"hp": ("x4", "y2")}, ("x4", "y2")),
        (1, {"hs": ("x", "y")}, ("x1", "y1")),
        (2, {"hc": ("c1",)}, ("c2",)),
        (2, {"hc": ("c4",)}, ("c4",)),
        (3, {"hd": ("c3",)}, ("c3",)),
    ],
)
def test_what_may_be_remembered(row: int, history: dict[str, tuple[str, ...]], entered: tuple[str, ...]) -> None:
    """A deep history remembers leaves, one of each region; a shallow one the children that were active."""
    assert entered == REMEMBERING.apply(("away",), history, (row,)).configuration


@pytest.mark.parametrize(
    ("row", "history"),
    [
        (0, {"hp": ("x4",)}),
        (0, {"hp": ("y2", "x4")}),
        (0, {"hp": ("x4", "y2", "y2")}),
        (0, {"hp": ("x2", "y2")}),
        (0, {"hp": ("x3", "x4", "y2")}),
        (0, {"hp": ("nowhere", "y2")}),
        (0, {"hp": ("x4", "c4")}),
        (1, {"hs": ("x",)}),
        (1, {"hs": ("x1", "y1")}),
        (2, {"hc": ("c1", "c4")}),
        (2, {"hc": ("c2",)}),
        (2, {"hc": ()}),
        (3, {"hd": ("c1",)}),
        (3, {"hd": ("away",)}),
    ],
)
def test_what_can_never_have_been_active_is_not_remembered(row: int, history: dict[str, tuple[str, ...]]) -> None:
    """Too few, too many, in another order, from elsewhere or at another depth: a history that lies is refused by name."""
    with pytest.raises(InputError, match="cannot remember") as caught:
        REMEMBERING.apply(("away",), history, (row,))

    assert ("machine.history", next(iter(history))) == (caught.value.code, caught.value.facts["state"])


def test_a_history_nobody_has_is_named() -> None:
    """Of what is given as remembered only the strange names are told."""
    with pytest.raises(InputError, match="no history state named") as caught:
        REMEMBERING.apply(("away",), {"hc": ("c4",), "hx": ("c4",)}, (2,))

    assert ["hx"] == caught.value.facts["states"]


def test_a_region_without_an_end_never_completes() -> None:
    """A parallel state is complete when all its regions have ended; one that is a single state never does."""
    machine = Machine(
        states={"p": {"parallel": True, "states": {"x": {"states": {"x1": {}, "xf": {"final": True}}}, "y": {}}}},
        transitions=[{"event": "e", "source": "x1", "target": "xf"}],
    )

    assert ("done.state.x",) == machine.apply(("x1", "y"), {}, (0,)).done


def test_whether_two_conflict_may_depend_on_what_is_remembered() -> None:
    """A history that leads to the region itself disturbs no other; one that leads out of all regions leaves the first alone."""
    regions = {"c": {"states": {"c1": {}, "c2": {}}}, "e": {"states": {"e1": {}, "e2": {}}}}
    inside = {"q": {"parallel": True, "states": regions}, "d": {}, "h": {"history": "shallow", "default": "c2"}}
    machine = Machine(
        states={"x": {"states": inside}},
        transitions=[{"event": "go", "source": "c1", "target": "h"}, {"event": "go", "source": "e1", "target": "e2"}],
    )
    found = [machine.select(("c1", "e1"), "go", lambda _: True, history=held) for held in ({}, {"h": ("d",)}, {})]
    steps = [machine.step({"active": ["c1", "e1"], "history": held}, "go") for held in ({}, {"h": ["d"]}, {})]

    assert [(0, 1), (0,), (0, 1)] == found
    assert [("c2", "e2"), ("d",), ("c2", "e2")] == [step.configuration for step in steps]


def test_a_guard_is_asked_once_though_two_regions_listen() -> None:
    """One transition out of several states that are active at once is one question."""
    machine = Machine(
        states={"p": {"parallel": True, "states": {"x": {"states": {"x1": {}}}, "y": {"states": {"y1": {}}}}}},
        transitions=[{"event": "e", "source": ["x1", "y1"]}, {"event": "e", "source": "p"}],
    )
    asked: list[int] = []

    assert () == machine.select(("x1", "y1"), "e", lambda row: bool(asked.append(row)))
    assert [0, 1] == asked


def test_history_is_refused_where_there_is_none_though_the_move_is_known() -> None:
    """What was remembered of a move without history is no answer for one with a history that cannot be."""
    assert ("b",) == FLAT.apply(("a",), {}, (0,)).configuration
    with pytest.raises(InputError, match="no history state named"):
        FLAT.apply(("a",), {"h": ("a",)}, (0,))
