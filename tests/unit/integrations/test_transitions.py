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


def test_automatic_triggers_are_left_out() -> None:
    """The `to_<state>` triggers that the package adds are no events of the workflow."""
    parts = from_transitions(_repair(auto_transitions=True))

    assert {"assign", "finish"} == {move["event"] for move in parts.transitions}


def _do(parts: Parts, index: int = 0) -> list[dict[str, Any]]:
    return [dict(action) for action in parts.transitions[index].get("do", ())]


def test_callbacks_become_calls_in_their_order() -> None:
    """A move calls what the machine would run, in the order it would, and the parts list every name once."""
    machine = _machine(
        prepare_event="a", before_state_change="c", after_state_change="h", finalize_event=["i", "a"], send_event=True
    )
    machine.add_transition("finish", "new", "done", prepare="b", before="d", after="g")
    machine.get_state("new").add_callback("exit", "e")
    machine.get_state("done").add_callback("enter", "f")
    parts = from_transitions(machine)

    assert [{"call": name} for name in "abcdefghia"] == _do(parts)
    assert tuple("abcdefghi") == parts.calls
    assert () == parts.dropped


def test_a_move_that_stays_leaves_and_enters_nothing() -> None:
    """Without a destination only callbacks of the transition and the machine run; with `=` the state is left, too."""
    machine = _machine()
    machine.add_transition("note", "new", None, after="told")
    machine.add_transition("again", "new", "=", after="told")
    machine.get_state("new").add_callback("exit", "left")
    machine.get_state("new").add_callback("enter", "entered")
    parts = from_transitions(machine)

    assert [{"call": "told"}] == _do(parts)
    assert [{"call": "left"}, {"call": "entered"}, {"call": "told"}] == _do(parts, 1)


def test_calls_reach_the_host() -> None:
    """The workflow asks the host for each call when the move is made, and for none when it is refused."""
    from datetime import UTC, datetime

    machine = _machine()
    machine.add_transition("finish", "new", "done", conditions="complete", before="pack", after=["mail", "bill"])
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    workflow = servflow.Workflow(**from_transitions(machine).definition("repair"))
    ticket = workflow.open("t", {"complete": True}, at=at).ticket

    assert ["pack", "mail", "bill"] == [
        effect.name for effect in workflow.fire(ticket, "finish", at=at).effects if isinstance(effect, servflow.model.Call)
    ]


def test_functions_go_by_their_names() -> None:
    """A function, a method and a partial are called what they are called; code without a name what the caller says."""
    from functools import partial

    def mail(*_: Any) -> None: ...

    def print_label(*_: Any) -> None: ...

    label = partial(partial(print_label, "A5"), copies=2)

    class Shop:
        def bill(self, *_: Any) -> None: ...

    nameless = lambda *_: None  # noqa: E731 - what has no name is what is tried
    machine = _machine()
    machine.add_transition("finish", "new", "done", after=[mail, Shop().bill, label, nameless, "pack"])
    named = from_transitions(machine, calls={nameless: "log", "pack": None})
    unnamed = from_transitions(machine)

    assert [{"call": name} for name in ("mail", "bill", "print_label", "log")] == _do(named)
    assert () == named.dropped
    assert [{"call": name} for name in ("mail", "bill", "print_label", "pack")] == _do(unnamed)
    assert 1 == len(unnamed.dropped)
    assert "after of finish from new: it has no name" in unnamed.dropped[0]


def test_two_functions_of_one_name_are_refused() -> None:
    """Which of two functions a call means cannot be guessed."""

    class One:
        @staticmethod
        def run(*_: Any) -> None: ...

    class Two:
        @staticmethod
        def run(*_: Any) -> None: ...

    machine = _machine()
    machine.add_transition("finish", "new", "done", before=One.run, after=Two.run)
    with pytest.raises(InputError, match=r"One\.run and .*Two\.run would both be the call 'run'; pass calls="):
        from_transitions(machine)

    assert [{"call": "run"}, {"call": "other"}] == _do(from_transitions(machine, calls={Two.run: "other"}))


def test_a_callback_that_is_a_trigger_is_raised() -> None:
    """What a callback triggers the ticket raises itself, automatic triggers too, and the ticket moves on with it."""
    from datetime import UTC, datetime

    machine = _machine(auto_transitions=True)
    machine.add_transition("assign", "new", "assigned", after="to_done")
    parts = from_transitions(machine)
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    workflow = servflow.Workflow(**parts.definition("repair"))

    assert [{"emit": "to_done"}] == _do(parts, [move["event"] for move in parts.transitions].index("assign"))
    assert "done" == workflow.fire(workflow.open("t", at=at).ticket, "assign", at=at).ticket.state
    assert any(line.startswith("to_done: raised by a callback") for line in parts.differs)


def test_what_cannot_be_carried_over_is_named() -> None:
    """What a definition has no place for is reported, none is dropped in silence."""
    import transitions
    from transitions.extensions.states import Retry, Tags, Volatile, add_state_features

    @add_state_features(Tags, Retry, Volatile)
    class Rich(transitions.Machine):  # type: ignore[misc]  # the package has no types
        pass

    states = ["new", {"name": "busy", "tags": ["hot", "late"], "retries": 2, "on_failure": "give_up"}]
    machine = Rich(Case(), states=states, initial="new", on_exception="shout", auto_transitions=False)
    parts = from_transitions(machine)

    assert (
        "on_exception of the machine: a refused event raises, and nothing else runs in a move",
        "the volatile object of state new",
        "retries of state busy: count them in a field and guard with it",
        "the volatile object of state busy",
        "tags of state busy: hot, late",
    ) == parts.dropped


def test_what_goes_otherwise_is_named() -> None:
    """Events that are ignored or named like those of tickets are told, and callbacks that run before anything is decided."""
    machine = _machine()
    for event in ("done", "wait", "wait.long"):
        machine.add_transition(event, "new", "done")
    machine.add_transition("assign", "new", "assigned", prepare="look_up")

    assert (
        "an event that is not allowed is refused, also where the machine ignored it",
        "prepare_event, prepare and finalize_event become effects of a transition that is taken, and of no other",
        "event done: tickets raise events that begin with this word themselves; give it another",
        "event wait.long: it is also taken by transitions of wait, whose words it begins with",
    ) == from_transitions(machine).differs
    assert () == from_transitions(_repair(ignore_invalid_triggers=False)).differs


def test_a_timeout_becomes_a_timer() -> None:
    """What ran when a state timed out is called or raised by a timer, which only the system lets run out."""
    from datetime import UTC, datetime, timedelta

    import transitions
    from transitions.extensions.states import Timeout, add_state_features

    @add_state_features(Timeout)
    class Timed(transitions.Machine):  # type: ignore[misc]  # the package has no types
        pass

    class Thing:
        def ring(self) -> None: ...

    states = ["new", {"name": "busy", "timeout": 90, "on_timeout": ["ring", "drop"]}, "done"]
    machine = Timed(Thing(), states=states, initial="new", auto_transitions=False)
    machine.add_transition("start", "new", "busy")
    machine.add_transition("drop", "busy", "done")
    parts = from_transitions(machine)
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    workflow = servflow.Workflow(**parts.definition("repair"))
    ticket = workflow.fire(workflow.open("t", at=at).ticket, "start", at=at).ticket
    with pytest.raises(servflow.Refused):
        workflow.fire(ticket, "timeout_busy", at=at, actor="ann")
    later = workflow.advance(ticket, at=at + timedelta(seconds=91))

    assert at + timedelta(seconds=90, microseconds=1) == ticket.wake
    assert ["ring"] == [effect.name for effect in later.effects if isinstance(effect, servflow.model.Call)]
    assert "done" == later.ticket.state
    assert () == parts.dropped + parts.differs


def test_conditions_can_come_with_the_event() -> None:
    """Named conditions become payload on request, false where the host says nothing, and need no fields."""
    from datetime import UTC, datetime

    parts = from_transitions(_repair(), supplied="payload")
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    workflow = servflow.Workflow(**parts.definition("repair"))
    ticket = workflow.fire(workflow.open("t", at=at).ticket, "assign", at=at).ticket
    with pytest.raises(servflow.Refused) as refused:
        workflow.fire(ticket, "finish", at=at)

    assert {} == parts.fields
    assert "payload.complete && !payload.urgent" == parts.transitions[1]["when"]
    assert ("guard", "payload.complete is false") == (refused.value.code, refused.value.facts["lines"]["en"][0])
    assert "done" == workflow.fire(ticket, "finish", {"complete": True}, at=at).ticket.state
    with pytest.raises(InputError, match="'fields' or 'payload', not 'globals'"):
        from_transitions(_repair(), supplied="globals")


def test_a_condition_that_is_no_name_is_refused() -> None:
    """A condition that the package would import by its path needs an expression."""
    machine = _machine()
    machine.add_transition("finish", "new", "done", conditions="shop.rules.ready")
    with pytest.raises(InputError, match=r"'shop\.rules\.ready' of event 'finish' cannot be the name of a field; pass cond"):
        from_transitions(machine)

    assert "(size(items) > 0)" == from_transitions(machine, {"shop.rules.ready": "size(items) > 0"}).transitions[0]["when"]


def test_what_is_no_machine_is_refused() -> None:
    """Definitions and models are not machines; the error names what was given."""
    for given in ({"states": STATES}, Case(), None):
        with pytest.raises(InputError, match=f"is expected, not a {type(given).__name__}"):
            from_transitions(given)


def test_a_name_that_leads_nowhere_is_refused() -> None:
    """A source, a destination or an initial state that is not there is told with the nearest that is."""
    import transitions

    machine = _machine()
    machine.add_transition("finish", "new", "doen")
    with pytest.raises(InputError, match=r"a transition of 'finish' names 'doen', which is no state .* mean 'done'"):
        from_transitions(machine)

    with pytest.raises(InputError, match="no initial state"):
        from_transitions(transitions.Machine(model=None, states=STATES, initial=None))


@pytest.mark.parametrize("trigger", ["go home", "go*", "go..home", ".go"])
def test_a_trigger_that_is_no_event_is_refused(trigger: str) -> None:
    """A name that a definition would read as several events, or as any, is told."""
    machine = _machine()
    machine.add_transition(trigger, "new", "done")
    with pytest.raises(InputError, match="cannot be the name of an event"):
        from_transitions(machine)


def test_ordered_transitions_are_read() -> None:
    """The circle that the machine makes of its states is that of the definition."""
    parts = from_transitions(_machine(ordered_transitions=True))

    assert [("new", "assigned"), ("assigned", "waiting"), ("waiting", "done"), ("done", "new")] == [
        (move["source"], move["target"]) for move in parts.transitions
    ]


@pytest.mark.parametrize(
    "kind", ["LockedMachine", "AsyncMachine", "GraphMachine", "HierarchicalMachine", "LockedHierarchicalMachine"]
)
def test_every_kind_of_machine_is_read(kind: str) -> None:
    """Locks, drawings and coroutines are no part of what a machine means."""
    import transitions.extensions as extensions

    more = {"graph_engine": "mermaid"} if "Graph" in kind else {}
    machine = getattr(extensions, kind)(states=STATES, initial="new", auto_transitions=False, **more)
    machine.add_transition("finish", "new", "done", conditions="complete")
    parts = from_transitions(machine)

    assert [{"event": "finish", "source": "new", "target": "done", "when": "complete"}] == [
        dict(move) for move in parts.transitions
    ]
    assert () == parts.dropped + parts.differs


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


def test_what_states_do_by_themselves_is_told() -> None:
    """The error of a state without a way out is lost; a timeout runs from the start, where the machine had entered nothing."""

    import transitions
    from transitions.extensions.states import Error, Timeout, add_state_features

    @add_state_features(Error, Timeout)
    class Featured(transitions.Machine):  # type: ignore[misc]  # the package has no types
        pass

    machine = Featured(
        model=None,
        states=[{"name": "a", "timeout": 5, "on_timeout": "go"}, "b", {"name": "c", "accepted": True}],
        transitions=[["go", "a", "b"], ["step.check", "a", "c"]],
        initial="a",
        auto_transitions=False,
    )
    parts = from_transitions(machine)

    assert ("the error raised on entry of state b, which nothing leads out of", "tags of state c: accepted") == parts.dropped
    assert (
        "event step.check: it does something to every ticket by itself; give it another name",
        "timeout of state a: it runs from the start, not only once the state is entered again",
    ) == parts.differs
