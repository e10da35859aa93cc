"""Knows which facts a machine gives with what it refuses: names, places and what was meant; must not know how it looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from servflow.errors import LimitError, ServflowError
from servflow.statemachine import Machine

INNER = {"open": {}, "held": {}, "h": {"history": "shallow"}, "d": {"history": "deep"}}
MACHINE = Machine(
    states={"work": {"states": INNER}, "side": {"parallel": True, "states": {"l": {}, "r": {}}}, "done": {}},
    transitions=[
        {"event": "hold", "source": "open", "target": "held"},
        {"event": "end", "source": "work", "target": "done"},
        {"event": "both", "source": "l", "target": "done"},
        {"event": "both", "source": "r", "target": "work"},
    ],
)
WIDE = Machine(states={f"s{number}": {} for number in range(1_000)})
LONG = "o" * 200

Row = tuple[Callable[[], Any], dict[str, Any], tuple[str, ...]]


def looking(*configuration: Any) -> Callable[[], Any]:
    """Ask what could happen in a configuration."""
    return lambda: MACHINE.candidates(configuration, "hold")


def taking(chosen: tuple[Any, ...], *configuration: str, **history: Any) -> Callable[[], Any]:
    """Take transitions in a configuration."""
    return lambda: MACHINE.apply(configuration, history, chosen)


def going_on(state: Any, event: Any = "hold") -> Callable[[], Any]:
    """Take an event in a state as a step returned it."""
    return lambda: MACHINE.step(state, event)


def lost(state: Any, close: str | None) -> dict[str, Any]:
    """The facts of a state that is no leaf."""
    return {"code": "machine.configuration", "state": state, "nearest": close}


REFUSED: dict[str, Row] = {
    "a misspelt leaf": (looking("opne"), lost("opne", "open"), ("no leaf state 'opne'", "active leaves only")),
    "the first state": (looking("wrk"), lost("wrk", "work"), ("'wrk'",)),
    "a state that is no leaf": (looking("work"), lost("work", "work"), ("'work'",)),
    "a leaf that is no text": (looking(5), lost(5, None), ("'5'",)),
    "a long name is cut": (looking(LONG), lost(LONG, None), ("'" + "o" * 100 + "'",)),
    "among very many states none is looked for": (
        lambda: WIDE.candidates(("s1000",), None),
        lost("s1000", None),
        ("'s1000'",),
    ),
    "two leaves of which one may be active": (
        looking("open", "held"),
        {"code": "machine.configuration", "configuration": ("open", "held")},
        ("['open', 'held'] is not a configuration", "document order"),
    ),
    "one of two regions": (looking("l"), {"code": "machine.configuration", "configuration": ("l",)}, ("every region",)),
    "an event that is none": (
        lambda: MACHINE.candidates(("open",), ""),
        {"code": "machine.event"},
        ("1 to 1000 characters, not ''",),
    ),
    "an event that is too long": (
        lambda: MACHINE.candidates(("open",), "e" * 1_001),
        {"code": "machine.event"},
        ("not '" + "e" * 50 + "'",),
    ),
    "history of nothing": (
        taking((0,), "open", x=("open",)),
        {"code": "machine.history", "states": ["x"]},
        ("no history state named ['x']",),
    ),
    "history of what was never inside": (
        taking((0,), "open", h=("done",)),
        {"code": "machine.history", "state": "h", "remembered": ("done",)},
        ("history state 'h' cannot remember ['done']",),
    ),
    "history of what is not there": (
        taking((0,), "open", d=("nowhere",)),
        {"code": "machine.history", "state": "d", "remembered": ("nowhere",)},
        ("'d' cannot remember ['nowhere']",),
    ),
    "a transition from elsewhere": (
        taking((0,), "held"),
        {"code": "machine.chosen", "transition": 0},
        ("transition 0 cannot be taken in ['held']",),
    ),
    "a transition that is not there": (taking((4,), "open"), {"code": "machine.chosen", "transition": 4}, ("transition 4",)),
    "transitions that exclude each other": (
        taking((2, 3), "l", "r"),
        {"code": "machine.chosen", "transitions": (2, 3)},
        ("transitions [2, 3] conflict", "take what select returns"),
    ),
    "no state": (going_on({"active": ["open"]}), {"code": "machine.state"}, ('"active"', '"history"', "as a step returned it")),
    "history that is no list": (going_on({"active": ["open"], "history": {"h": 5}}), {"code": "machine.state"}, ('"history"',)),
    "an event that is no name": (
        going_on({"active": ["open"], "history": {}}, 5),
        {"code": "machine.event"},
        ("an event is a name, not int",),
    ),
    "around a state that is not there": (
        lambda: MACHINE.ancestors("hled"),
        {"code": "machine.unknown_state", "state": "hled", "nearest": "held"},
        ("no state named 'hled'; did you mean 'held'?",),
    ),
    "around a state far from any": (
        lambda: MACHINE.ancestors("xylophone"),
        {"code": "machine.unknown_state", "state": "xylophone", "nearest": None},
        ("no state named 'xylophone'",),
    ),
    "a table of no size": (
        lambda: Machine(states={"a": {}}, table_size=0),
        {"code": "machine.table_size"},
        ("from 1, not 0",),
    ),
}


@pytest.mark.parametrize(("act", "facts", "says"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_carries_its_facts(act: Callable[[], Any], facts: dict[str, Any], says: tuple[str, ...]) -> None:
    """A program finds every name in the facts, and people find it in the sentence, with what was meant."""
    with pytest.raises(ServflowError) as caught:
        act()

    assert facts == caught.value.facts
    assert [] == [words for words in says if words not in str(caught.value)]


def test_a_loop_names_what_went_round() -> None:
    """Transitions that go round are told once each, with where they lead and after how many steps it was stopped."""
    round_trip = [{"event": "e", "source": "a", "target": "b"}]
    round_trip += [{"source": "b", "target": "c", "when": "x"}, {"source": "c", "target": "b", "when": "x"}]
    machine = Machine(states={"a": {}, "b": {}, "c": {}}, transitions=round_trip)

    with pytest.raises(LimitError) as caught:
        machine.step(machine.start().state, "e", {"x": True})

    assert {1, 2} == set(caught.value.facts["cycle"])
    assert 2 == len(caught.value.facts["cycle"])
    assert {("b",), ("c",)} == set(caught.value.facts["configurations"])
    assert "after 1004 microsteps" in str(caught.value)
