"""Knows that a machine read from `transitions` walks where the original walks; must not know how either steps."""

from __future__ import annotations

import random
from typing import Any

import pytest

import servflow
from servflow.errors import InputError
from servflow.integrations import Parts, from_transitions
from tests.requirements import require

STATES = ["new", "assigned", "waiting", "done"]
EVENTS = ["assign", "park", "resume", "finish", "reopen"]
NAMES = ["urgent", "covered", "complete"]


class Case:
    """What `transitions` moves about: its conditions are methods that read a mapping."""

    def __init__(self) -> None:
        self.facts: dict[str, bool] = {}

    def urgent(self, *_: Any) -> bool:
        """One of the named conditions."""
        return self.facts.get("urgent", False)

    def covered(self, *_: Any) -> bool:
        """One of the named conditions."""
        return self.facts.get("covered", False)

    def complete(self, *_: Any) -> bool:
        """One of the named conditions."""
        return self.facts.get("complete", False)


@pytest.fixture(autouse=True)
def _installed() -> None:
    require("transitions")


def _machine(case: Case | None = None, **options: Any) -> Any:
    import transitions

    options = {"states": STATES, "initial": "new", "auto_transitions": False, "ignore_invalid_triggers": True} | options
    return transitions.Machine(model=case or Case(), **options)


def _random_machine(chance: random.Random, case: Case) -> Any:
    machine = _machine(case)
    for _ in range(chance.randrange(3, 14)):
        source = chance.choice([*STATES, "*", chance.sample(STATES, 2)])
        target = chance.choice([*STATES, *STATES, "=", None])
        machine.add_transition(
            chance.choice(EVENTS),
            source,
            target,
            conditions=chance.sample(NAMES, chance.choice([0, 0, 1, 2])),
            unless=chance.sample(NAMES, chance.choice([0, 0, 0, 1])),
        )
    return machine


@pytest.mark.parametrize("seed", range(60))
def test_random_walks_agree(seed: int) -> None:
    """After every event of a random walk both machines are in the same state, whatever the conditions said."""
    chance = random.Random(seed)
    case = Case()
    theirs = _random_machine(chance, case)
    ours = from_transitions(theirs).machine()
    state = ours.start().state
    for _ in range(60):
        event = chance.choice([name for name in EVENTS if name in theirs.events] or ["nothing"])
        case.facts = {name: chance.random() < 0.5 for name in NAMES}
        if event != "nothing":
            case.trigger(event)  # type: ignore[attr-defined]  # put on the model by the package
        step = ours.step(state, event, case.facts)
        state = step.state

        assert (case.state,) == step.configuration  # type: ignore[attr-defined]  # put on the model by the package


def _repair(**options: Any) -> Any:
    machine = _machine(**options)
    machine.add_transition("assign", "new", "assigned")
    machine.add_transition("finish", "assigned", "done", conditions="complete", unless="urgent")
    return machine


def test_parts_are_plain_data() -> None:
    """States, moves and the fields of named conditions come out as the sections of a definition."""
    parts = from_transitions(_repair())

    assert "new" == parts.initial
    assert STATES == list(parts.states)
    assert [
        {"event": "assign", "source": "new", "target": "assigned"},
        {"event": "finish", "source": "assigned", "target": "done", "when": "complete && !urgent"},
    ] == [dict(move) for move in parts.transitions]
    assert {"complete": {"type": "bool", "default": False}, "urgent": {"type": "bool", "default": False}} == {
        name: dict(spec) for name, spec in parts.fields.items()
    }


def test_parts_make_a_workflow() -> None:
    """What was read is a workflow whose guard refuses and lets pass as the conditions said."""
    from datetime import UTC, datetime

    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    workflow = servflow.Workflow(**from_transitions(_repair()).definition("repair", version=2))
    ticket = workflow.fire(workflow.open("t", at=at).ticket, "assign", at=at).ticket
    with pytest.raises(servflow.Refused) as refused:
        workflow.fire(ticket, "finish", at=at)
    done = workflow.fire(workflow.fire(ticket, "ticket.update", {"complete": True}, at=at).ticket, "finish", at=at).ticket

    assert ("guard", "done", 2) == (refused.value.code, done.state, workflow.version)


def test_conditions_can_be_given_a_meaning() -> None:
    """A condition that is code takes the expression the caller gives for it, also where it is negated."""

    def over_limit(*_: Any) -> bool:
        return False

    machine = _machine()
    machine.add_transition("finish", "new", "done", unless=[over_limit], conditions=["complete"])
    parts = from_transitions(machine, {over_limit: "amount > 100", "complete": "size(photos) > 0"})

    assert "(size(photos) > 0) && !(amount > 100)" == parts.transitions[0]["when"]
    assert {} == parts.fields


def test_a_condition_that_is_code_is_refused() -> None:
    """Code cannot be put into a definition; the error names it and says what to pass."""
    machine = _machine()
    machine.add_transition("finish", "new", "done", conditions=[lambda *_: True])
    with pytest.raises(InputError, match=r"condition .*lambda.* of event 'finish' is code.*conditions="):
        from_transitions(machine)


def test_a_nested_machine_is_refused() -> None:
    """Only flat machines are read; a nested one says where nested states go."""
    from transitions.extensions import HierarchicalMachine

    machine = HierarchicalMachine(states=["a", {"name": "b", "children": ["c"]}], initial="a")
    with pytest.raises(InputError, match="only a flat machine"):
        from_transitions(machine)


def test_automatic_triggers_are_left_out() -> None:
    """The `to_<state>` triggers that the package adds are no events of the workflow."""
    parts = from_transitions(_repair(auto_transitions=True))

    assert {"assign", "finish"} == {move["event"] for move in parts.transitions}


def test_what_cannot_be_carried_over_is_named() -> None:
    """Callbacks are code: each is reported, none is dropped in silence."""
    machine = _machine(after_state_change="complete")
    machine.add_transition("finish", "new", "done", before="covered", after="urgent")
    machine.get_state("done").add_callback("enter", "urgent")
    parts: Parts = from_transitions(machine)

    assert (
        "after_state_change of the machine",
        "on_enter of state done",
        "before of finish from new",
        "after of finish from new",
    ) == parts.dropped


def test_final_states_close_the_ticket() -> None:
    """A final state marks work as done."""
    import transitions

    machine = _machine(states=["new", transitions.State("done", final=True)])

    assert {"new": {}, "done": {"closed": True}} == {
        name: dict(spec) for name, spec in from_transitions(machine).states.items()
    }


def test_enum_states_are_read_by_name() -> None:
    """States and the initial state may be members of an Enum."""
    import enum

    class Status(enum.Enum):
        NEW = 1
        DONE = 2

    machine = _machine(states=Status, initial=Status.NEW)
    machine.add_transition("finish", Status.NEW, Status.DONE)
    parts = from_transitions(machine)

    assert ("NEW", ["NEW", "DONE"], "DONE") == (parts.initial, list(parts.states), parts.transitions[0]["target"])
