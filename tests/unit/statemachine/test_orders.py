"""Knows what a step lists, case by case as other libraries' suites ask it; must not know how it is computed."""

from __future__ import annotations

from typing import Any

import pytest

from servflow.statemachine import Machine, Step

Rows = list[dict[str, Any]]


def _nested(*names: str) -> dict[str, Any]:
    """States one in the other, the first outermost."""
    states: dict[str, Any] = {}
    for name in reversed(names):
        states = {name: {"states": states} if states else {}}
    return states


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


DEEP = {**_nested("a", "b", "c", "d"), **_nested("p", "q", "r", "s"), "over": {}}
EDITOR = {
    "text": {
        "parallel": True,
        "states": {
            "bold": {"states": {"bold_off": {}, "bold_on": {}}},
            "italics": {"states": {"italics_off": {}, "italics_on": {}}},
            "list": {"states": {"none": {}, "bullets": {}, "numbers": {}}},
        },
    },
    "gone": {},
}
EDITING: Rows = [
    {"event": "bold", "source": "bold_off", "target": "bold_on"},
    {"event": "bold", "source": "bold_on", "target": "bold_off"},
    {"event": "italics", "source": "italics_off", "target": "italics_on"},
    {"event": "all", "source": "bold_off", "target": "bold_on"},
    {"event": "all", "source": "italics_off", "target": "italics_on"},
    {"event": "both", "source": "text", "target": ["numbers", "bold_on"]},
    {"event": "reset", "source": "text", "target": "text"},
    {"event": "inside", "source": "text", "target": "bullets", "internal": True},
    {"event": "leave", "source": "none", "target": "gone"},
    {"event": "note", "source": "list"},
    {"event": "note", "source": "bold_off", "target": "bold_on"},
]
TASKS = {
    "work": {
        "parallel": True,
        "states": {
            "left": {"states": {"l1": {}, "l_end": {"final": True}}},
            "right": {"states": {"r1": {}, "r_end": {"final": True}}},
        },
    },
    "checked": {"states": {"ok": {"final": True}}},
    "over": {"final": True},
}
DONE: Rows = [
    {"event": "left", "source": "l1", "target": "l_end"},
    {"event": "right", "source": "r1", "target": "r_end"},
    {"event": "done.state.work", "source": "work", "target": "checked"},
    {"event": "done.state.checked", "source": "checked", "target": "over"},
    {"event": "done.state.left", "source": "work"},
    {"event": "done.state", "source": "work"},
]
KEPT = {
    "on": {
        "states": {
            "x": {
                "parallel": True,
                "states": {"x1": {"states": {"x1a": {}, "x1b": {}}}, "x2": {"states": {"x2a": {}, "x2b": {}}}},
            },
            "y": {},
            "deep": {"history": "deep", "default": "y"},
            "shallow": {"history": "shallow", "default": "y"},
        }
    },
    "off": {},
}
RETURNING: Rows = [
    {"event": "one", "source": "x1a", "target": "x1b"},
    {"event": "two", "source": "x2a", "target": "x2b"},
    {"event": "leave", "source": "on", "target": "off"},
    {"event": "deep", "source": "off", "target": "deep"},
    {"event": "shallow", "source": "off", "target": "shallow"},
    {"event": "again", "source": "on", "target": "deep"},
]

# name: states, transitions, events before, the event, then what its step lists
CASES: dict[str, tuple[dict[str, Any], Rows, str, str, Step]] = {
    "out of the outermost": (
        DEEP,
        [{"event": "e", "source": "a", "target": "over"}, {"event": "e", "source": "*", "target": "p"}],
        "",
        "e",
        Step(("over",), {}, _words("over"), _words("d c b a"), (0,)),
    ),
    "out of the innermost": (
        DEEP,
        [{"event": "e", "source": "a", "target": "p"}, {"event": "e", "source": "d", "target": "over"}],
        "",
        "e",
        Step(("over",), {}, _words("over"), _words("d c b a"), (1,)),
    ),
    "deep into deep": (
        DEEP,
        [{"event": "e", "source": "d", "target": "s"}],
        "",
        "e",
        Step(("s",), {}, _words("p q r s"), _words("d c b a"), (0,)),
    ),
    "by default into deep": (
        DEEP,
        [{"event": "e", "source": "b", "target": "p"}],
        "",
        "e",
        Step(("s",), {}, _words("p q r s"), _words("d c b a"), (0,)),
    ),
    "into one's own inside, leaving oneself": (
        DEEP,
        [{"event": "e", "source": "b", "target": "c"}],
        "",
        "e",
        Step(("d",), {}, _words("b c d"), _words("d c b"), (0,)),
    ),
    "into one's own inside, staying": (
        DEEP,
        [{"event": "e", "source": "b", "target": "c", "internal": True}],
        "",
        "e",
        Step(("d",), {}, _words("c d"), _words("d c"), (0,)),
    ),
    "internal to oneself is external": (
        DEEP,
        [{"event": "e", "source": "b", "target": "b", "internal": True}],
        "",
        "e",
        Step(("d",), {}, _words("b c d"), _words("d c b"), (0,)),
    ),
    "an inner refusal shields the outer state": (
        DEEP,
        [{"event": "e", "source": "c"}, {"event": "e", "source": "a", "target": "over"}],
        "",
        "e",
        Step(("d",), {}, (), (), (0,)),
    ),
    "one region alone": (
        EDITOR,
        EDITING,
        "",
        "bold",
        Step(_words("bold_on italics_off none"), {}, _words("bold_on"), _words("bold_off"), (0,)),
    ),
    "two regions in document order": (
        EDITOR,
        EDITING,
        "",
        "all",
        Step(_words("bold_on italics_on none"), {}, _words("bold_on italics_on"), _words("italics_off bold_off"), (3, 4)),
    ),
    "two targets, the third region by default": (
        EDITOR,
        EDITING,
        "italics",
        "both",
        Step(
            _words("bold_on italics_off numbers"),
            {},
            _words("text bold bold_on italics italics_off list numbers"),
            _words("none list italics_on italics bold_off bold text"),
            (5,),
        ),
    ),
    "a parallel state anew": (
        EDITOR,
        EDITING,
        "all",
        "reset",
        Step(
            _words("bold_off italics_off none"),
            {},
            _words("text bold bold_off italics italics_off list none"),
            _words("none list italics_on italics bold_on bold text"),
            (6,),
        ),
    ),
    "internal to a parallel state is external": (
        EDITOR,
        EDITING,
        "bold",
        "inside",
        Step(
            _words("bold_off italics_off bullets"),
            {},
            _words("text bold bold_off italics italics_off list bullets"),
            _words("none list italics_off italics bold_on bold text"),
            (7,),
        ),
    ),
    "one region leads out of all": (
        EDITOR,
        EDITING,
        "bold",
        "leave",
        Step(("gone",), {}, _words("gone"), _words("none list italics_off italics bold_on bold text"), (8,)),
    ),
    "staying beside moving, in the order of regions": (
        EDITOR,
        EDITING,
        "",
        "note",
        Step(_words("bold_on italics_off none"), {}, _words("bold_on"), _words("bold_off"), (10, 9)),
    ),
    "one of two regions ends": (
        TASKS,
        DONE,
        "",
        "right",
        Step(_words("l1 r_end"), {}, _words("r_end"), _words("r1"), (1, 5)),
    ),
    "both have ended, and so on to the end": (
        TASKS,
        DONE,
        "right",
        "left",
        Step(("over",), {}, _words("l_end checked ok over"), _words("l1 r_end right l_end left work ok checked"), (0, 4, 2, 3)),
    ),
    "deep history brings back every region": (
        KEPT,
        RETURNING,
        "two leave",
        "deep",
        Step(
            _words("x1a x2b"),
            {"deep": _words("x1a x2b"), "shallow": _words("x")},
            _words("on x x1 x1a x2 x2b"),
            _words("off"),
            (3,),
        ),
    ),
    "shallow history brings back the child alone": (
        KEPT,
        RETURNING,
        "two leave",
        "shallow",
        Step(
            _words("x1a x2a"),
            {"deep": _words("x1a x2b"), "shallow": _words("x")},
            _words("on x x1 x1a x2 x2a"),
            _words("off"),
            (4,),
        ),
    ),
    "history of the very state that is left": (
        KEPT,
        RETURNING,
        "one",
        "again",
        Step(
            _words("x1b x2a"),
            {"deep": _words("x1b x2a"), "shallow": _words("x")},
            _words("on x x1 x1b x2 x2a"),
            _words("x2a x2 x1b x1 x on"),
            (5,),
        ),
    ),
}


@pytest.mark.parametrize(("states", "rows", "before", "event", "expected"), CASES.values(), ids=CASES)
def test_what_a_step_lists(states: dict[str, Any], rows: Rows, before: str, event: str, expected: Step) -> None:
    """Exits come inner first, entries outer first, transitions in the order they are taken, over the whole macrostep."""
    machine = Machine(states=states, transitions=rows)
    step = machine.start()
    for each in before.split():
        step = machine.step(step.state, each)

    assert expected == machine.step(step.state, event)


def test_what_is_general_waits_for_what_is_written_before_it() -> None:
    """Within one state the order written decides, however general a descriptor is; further out comes later."""
    rows: Rows = [
        {"event": "order.*", "source": "a", "target": "b"},
        {"event": "order.paid", "source": "a", "target": "c"},
        {"event": "*", "source": "b", "target": "c"},
        {"event": "order.paid", "source": "b", "target": "a"},
        {"event": "order.paid", "source": "*", "target": "b"},
    ]
    machine = Machine(states={"a": {}, "b": {}, "c": {}}, transitions=rows)
    seen = [machine.start()]
    for _ in range(3):
        seen.append(machine.step(seen[-1].state, "order.paid"))

    assert [(), (0,), (2,), (4,)] == [step.transitions for step in seen]
    assert () == machine.step(seen[0].state, "orders").transitions
    assert () == machine.step(seen[0].state, "Order.paid").transitions


def test_the_start_lists_all_it_enters() -> None:
    """Starting lists states outer first in document order, and what eventless transitions pass through."""
    machine = Machine(
        states={**EDITOR, "start": {"states": {"s1": {}}}},
        initial="start",
        transitions=[{"source": "s1", "target": ["bullets"], "when": "in_state('start')"}],
    )
    step = machine.start()

    assert _words("start s1 text bold bold_off italics italics_off list bullets") == step.entered
    assert _words("s1 start") == step.exited
    assert (0,) == step.transitions
