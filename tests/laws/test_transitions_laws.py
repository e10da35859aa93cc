"""
Knows that machines read from `transitions` walk as they did there; must not know how they are read.

Flat machines agree in everything that is looked at, and so do nested ones. Those with parallel states, and with transitions
written inside a state about what lies deeper in it, agree wherever the reader does not say in ``differs`` that they
will not, which is all that is assumed of them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import servflow
from servflow.errors import Refused
from servflow.integrations import Parts, as_model, from_transitions
from servflow.model import Call
from servflow.statemachine import Machine
from tests.requirements import require

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
NAMES = ("urgent", "covered", "complete")
EVENTS = ("go", "back", "stay")

MANY = settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))
SOME = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
SEEDS = st.integers(0, 2**48)


@pytest.fixture(autouse=True, scope="module")
def _installed() -> None:
    require("transitions")


class Case:
    """What `transitions` moves about: conditions read ``facts``, every callback writes its name into ``log``."""

    def __init__(self) -> None:
        self.facts: dict[str, bool] = dict.fromkeys(NAMES, False)
        self.log: list[str] = []
        self.tried: list[str] = []
        self.state: Any  # put here by the package, as is ``trigger``

    def __getattr__(self, name: str) -> Any:
        if name in NAMES:
            return lambda *_: self.facts[name]
        if name.startswith("try_"):
            return lambda *_: self.tried.append(name)
        if name[:2] in ("+ ", "- ", "! "):  # entering, leaving, any other callback
            return lambda *_: self.log.append(name)
        raise AttributeError(name)


def fire(case: Any, event: str) -> bool:
    """Whether the event was taken; one that is not allowed leaves the case alone."""
    from transitions import MachineError

    case.log.clear()
    case.tried.clear()
    try:
        return bool(case.trigger(event))
    except (MachineError, AttributeError, ValueError):  # the last where it cannot name where it is, one region inside another
        assert [] == [line for line in case.log if line[0] != "!"]
        return False


def guards(chance: random.Random) -> dict[str, list[str]]:
    """Conditions for a transition, mostly few."""
    return {
        "conditions": chance.sample(NAMES, chance.choice([0, 0, 0, 1, 2])),
        "unless": chance.sample(NAMES, chance.choice([0, 0, 0, 1])),
    }


def facts(chance: random.Random) -> dict[str, bool]:
    """What holds at one event."""
    return {name: chance.random() < 0.5 for name in NAMES}


# flat -------------------------------------------------------------------------------------------------------------


def flat(chance: random.Random) -> tuple[list[str], list[dict[str, Any]]]:
    """States, and transitions as ``add_transition`` takes them: lists of sources, ``*``, ``=`` and None among them."""
    states = [f"q{index}" for index in range(chance.randrange(1, 6))]
    moves = []
    for index in range(chance.randrange(1, 11)):
        source = chance.choice([*states, "*", chance.sample(states, chance.randrange(1, len(states) + 1))])
        moves.append(
            {
                "trigger": chance.choice(EVENTS),
                "source": source,
                "dest": chance.choice([*states, *states, "=", None]),
                "prepare": f"try_{index}",
                **guards(chance),
            }
        )
    return states, moves


def by_hand(states: list[str], moves: list[dict[str, Any]]) -> tuple[Machine, list[str], list[str | None]]:
    """The same machine built without the reader, and for each of its transitions the name of the one it stands for."""
    rows, names = [], []
    for index, move in enumerate(moves):
        sources = states if move["source"] == "*" else move["source"] if isinstance(move["source"], list) else [move["source"]]
        when = " && ".join([*move["conditions"], *(f"!{name}" for name in move["unless"])]) or None
        for one in [[source] for source in sources] if move["dest"] == "=" else [sources]:
            target = one[0] if move["dest"] == "=" else move["dest"]
            rows.append({"event": move["trigger"], "source": one, "target": target, "when": when})
            names.append(f"try_{index}")
    return Machine(initial=states[0], states=dict.fromkeys(states), transitions=rows), names, [row["when"] for row in rows]


def read(parts: Parts) -> tuple[Machine, list[str], list[str | None]]:
    """The machine that was read, the names of its transitions, which their effects tell, and their guards."""
    names = [next(do["call"] for do in move["do"] if do["call"].startswith("try_")) for move in parts.transitions]
    return parts.machine(), names, [move.get("when") for move in parts.transitions]


def asked(machine: Machine, guards_of: list[str | None], before: Any, event: str, held: Mapping[str, bool]) -> list[int]:
    """The transitions in the order in which their conditions are looked at."""
    seen: list[int] = []

    def decide(index: int) -> bool:
        seen.append(index)
        words = (guards_of[index] or "").split(" && ")
        return all(held[word.lstrip("!")] != word.startswith("!") for word in words if word)

    machine.select(before.configuration, event, decide)
    return seen


@MANY
@given(SEEDS)
def test_a_flat_machine_moves_like_the_transitions_package(seed: int) -> None:
    """Law: states, the order of exits and entries, which guards are asked and which decided agree, read or built by hand."""
    from transitions import Machine as Peer

    chance = random.Random(seed)
    states, moves = flat(chance)
    case = Case()
    hooked = [{"name": name, "on_enter": f"+ {name}", "on_exit": f"- {name}"} for name in states]
    peer = Peer(case, states=hooked, initial=states[0], transitions=moves, auto_transitions=False)
    ways = [read(from_transitions(peer)), by_hand(states, moves)]
    before = [machine.start() for machine, _, _ in ways]
    for _ in range(chance.randrange(1, 9)):
        event = chance.choice(EVENTS)
        case.facts = facts(chance)
        fire(case, event)
        for place, (machine, names, tests) in enumerate(ways):
            tried = asked(machine, tests, before[place], event, case.facts)
            step = before[place] = machine.step(before[place].state, event, case.facts)

            assert (case.state,) == step.configuration
            assert case.log == [f"- {name}" for name in step.exited] + [f"+ {name}" for name in step.entered]
            assert case.tried == [names[index] for index in tried]
            assert tuple(tried[-1:]) == step.transitions or not step.transitions


# nested -----------------------------------------------------------------------------------------------------------


def nested(chance: random.Random, *, parallel: float = 0, bare: float = 0.3) -> tuple[list[dict[str, Any]], list[str]]:
    """States up to three deep, most with a child they start in, some with callbacks, and the names of all of them."""
    names: list[str] = []
    hooked = chance.choice([0, 0.3, 1])

    def one(around: tuple[str, ...], place: int) -> dict[str, Any]:
        path = (*around, "abcd"[place])
        name = "_".join(path)
        names.append(name)
        spec: dict[str, Any] = {"name": path[-1]}
        if chance.random() < hooked:
            spec |= {"on_enter": f"! enter {name}", "on_exit": f"! exit {name}"}
        if len(path) < 3 and len(names) < 12 and chance.random() < 0.6:
            children = [one(path, inner) for inner in range(chance.randrange(1, 4))]
            spec["children"] = children
            if chance.random() < parallel and len(children) > 1:
                spec["initial"] = [child["name"] for child in children]
            elif chance.random() >= bare:
                spec["initial"] = chance.choice(children)["name"]
        return spec

    return [one((), place) for place in range(chance.randrange(1, 4))], names


def nested_moves(chance: random.Random, names: list[str]) -> list[dict[str, Any]]:
    """Transitions among all states, whatever lies inside whatever."""
    return [
        {
            "trigger": chance.choice(EVENTS),
            "source": chance.choice([*names, *names, "*", chance.sample(names, min(2, len(names)))]),
            "dest": chance.choice([*names, *names, "=", None]),
            "prepare": f"try_{index}",
            "before": f"! before {index}",
            "after": f"! after {index}",
            **guards(chance),
        }
        for index in range(chance.randrange(1, 11))
    ]


def scoped(chance: random.Random, states: list[dict[str, Any]]) -> None:
    """Gives some states transitions of their own, among what lies in them."""
    for state in states:
        inside = below(state)
        if inside and chance.random() < 0.5:
            state["transitions"] = [
                {
                    "trigger": chance.choice(EVENTS),
                    "source": chance.choice(inside),
                    "dest": chance.choice([*inside, "=", None]),
                    "prepare": f"try_{chance.randrange(100, 200)}",
                    **guards(chance),
                }
                for _ in range(chance.randrange(1, 3))
            ]
        scoped(chance, state.get("children", []))


def below(state: dict[str, Any]) -> list[str]:
    """What lies in a state, as transitions written in it call it."""
    return [
        name
        for child in state.get("children", ())
        for name in (child["name"], *(f"{child['name']}_{inner}" for inner in below(child)))
    ]


def unsaid(parts: Parts) -> list[str]:
    """The events of which the reader does not say that they go otherwise."""
    otherwise = {line.split(maxsplit=1)[0].rstrip(":") for line in parts.differs}
    return [event for event in EVENTS if event not in otherwise]


def told(entered: tuple[str, ...], parts: Parts) -> list[str]:
    """What a step entered or left, by the names of the machine: a group has its leaf's name, and counts once."""
    groups = {name[:-2] for name in names_of(parts.states) if name.endswith("_*")}
    return [name.removesuffix("_*") for name in entered if name not in groups]


def names_of(states: Mapping[str, Any]) -> list[str]:
    """Every id, those inside others too."""
    return [name for key, spec in states.items() for name in (key, *names_of(spec.get("states", {})))]


def nested_by_hand(states: list[dict[str, Any]], names: list[str], moves: list[dict[str, Any]], initial: str) -> Machine | None:
    """The same machine built without the reader, where each move reads the same in both: None where one does not."""
    rows = []
    for move in moves:
        everywhere = names if move["dest"] == "=" else [state["name"] for state in states]
        sources = (
            everywhere if move["source"] == "*" else move["source"] if isinstance(move["source"], list) else [move["source"]]
        )
        when = " && ".join([*move["conditions"], *(f"!{name}" for name in move["unless"])]) or None
        for source in sources:
            target = source if move["dest"] == "=" else move["dest"]
            below = target is not None and target.startswith(f"{source}_")
            if below and target.count("_") > source.count("_") + 1:
                return None
            rows.append({"event": move["trigger"], "source": source, "target": target, "when": when, "internal": below})

    def made(inside: list[dict[str, Any]], around: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for state in inside:
            spec = found[f"{around}{state['name']}"] = {}
            if "children" in state:
                spec["states"] = made(state["children"], f"{around}{state['name']}_")
                spec["initial"] = f"{around}{state['name']}_{state['initial']}"
        return found

    return Machine(initial=initial, states=made(states, ""), transitions=rows)


def hierarchical(case: Case, states: list[dict[str, Any]], moves: list[dict[str, Any]], initial: str) -> Any:
    """The machine of the package, whose states note by themselves when they are entered and left."""
    from transitions.extensions.nesting import HierarchicalMachine, NestedState

    class Watched(NestedState):  # type: ignore[misc]  # the package has no types
        def enter(self, event_data: Any) -> None:
            event_data.model.log.append(f"+ {self.name}")
            super().enter(event_data)

        def exit(self, event_data: Any) -> None:
            event_data.model.log.append(f"- {self.name}")
            super().exit(event_data)

    class Peer(HierarchicalMachine):  # type: ignore[misc]  # the package has no types
        state_cls = Watched

    return Peer(case, states=states, transitions=moves, initial=initial, auto_transitions=False)


@SOME
@given(SEEDS, st.booleans())
def test_a_nested_machine_moves_like_the_transitions_package(seed: int, own: bool) -> None:
    """Law: without parallel states all agrees: state, order of exits and entries, which guards are asked, what is called."""
    chance = random.Random(seed)
    states, names = nested(chance)
    if own:
        scoped(chance, states)
    moves = nested_moves(chance, names)
    case = Case()
    peer = hierarchical(case, states, moves, chance.choice(names))
    parts = from_transitions(peer)
    alike = unsaid(parts)
    assert own or list(EVENTS) == alike
    assume(alike)
    machine, tries, tests = read(parts)
    step = machine.start()
    assert (case.state,) == step.configuration
    for _ in range(chance.randrange(1, 9)):
        event = chance.choice(alike)
        case.facts = facts(chance)
        fire(case, event)
        tried = asked(machine, tests, step, event, case.facts)
        step = machine.step(step.state, event, case.facts)
        calls = [do["call"] for index in step.transitions for do in parts.transitions[index].get("do", ())]

        assert (case.state,) == step.configuration
        moved = [line for line in case.log if line[0] != "!"]
        assert moved == [f"- {name}" for name in told(step.exited, parts)] + [f"+ {name}" for name in told(step.entered, parts)]
        assert [line for line in case.log if line[0] == "!"] == [name for name in calls if not name.startswith("try_")]
        assert case.tried == [tries[index] for index in tried]


def leaves(state: Any) -> list[str]:
    """The names in a model's state, however they are nested."""
    return [name for item in state for name in leaves(item)] if isinstance(state, list) else [state]


@SOME
@given(SEEDS)
def test_a_nested_machine_built_by_hand_moves_like_it_too(seed: int) -> None:
    """Law: written as a statechart, states that lie in one another need no reader to agree in state and order."""
    chance = random.Random(seed)
    states, names = nested(chance, bare=0)
    moves = nested_moves(chance, names)
    initial = chance.choice(names)
    machine = nested_by_hand(states, names, moves, initial)
    assume(machine is not None)
    assert machine is not None
    case = Case()
    hierarchical(case, states, moves, initial)
    step = machine.start()
    for _ in range(chance.randrange(1, 9)):
        event = chance.choice(EVENTS)
        case.facts = facts(chance)
        fire(case, event)
        step = machine.step(step.state, event, case.facts)

        assert (case.state,) == step.configuration
        assert [line for line in case.log if line[0] != "!"] == [
            *(f"- {name}" for name in step.exited),
            *(f"+ {name}" for name in step.entered),
        ]


@SOME
@given(SEEDS)
def test_a_parallel_machine_moves_like_the_transitions_package(seed: int) -> None:
    """Law: where the reader says of no event that it goes otherwise, configurations agree, and what is left and entered."""
    chance = random.Random(seed)
    states, names = nested(chance, parallel=0.7, bare=0.2)
    scoped(chance, states) if chance.random() < 0.2 else None
    moves = nested_moves(chance, names)
    case = Case()
    peer = hierarchical(case, states, moves, chance.choice([name for name in names if "_" not in name]))
    parts = from_transitions(peer)
    alike = unsaid(parts)
    assume(alike)
    machine = parts.machine()
    step = machine.start()
    assert sorted(leaves(case.state)) == sorted(step.configuration)
    for _ in range(chance.randrange(1, 9)):
        event = chance.choice(alike)
        case.facts = facts(chance)
        fire(case, event)
        step = machine.step(step.state, event, case.facts)
        moved = [line for line in case.log if line[0] != "!"]

        assert sorted(leaves(case.state)) == sorted(step.configuration)
        assert sorted(moved) == sorted(
            [*(f"- {name}" for name in told(step.exited, parts)), *(f"+ {name}" for name in told(step.entered, parts))]
        )
        if not parts.dropped:
            calls = [do["call"] for index in step.transitions for do in parts.transitions[index].get("do", ())]
            called = sorted(name for name in calls if not name.startswith("try_"))
            assert sorted(line for line in case.log if line[0] == "!") == called


# the object they know ---------------------------------------------------------------------------------------------


@FEW
@given(SEEDS, st.booleans())
def test_a_model_answers_like_the_one_of_the_transitions_package(seed: int, deep: bool) -> None:
    """Law: where it is, what it may do, where it goes and whom it calls agree, conditions supplied as they are asked for."""
    from transitions import Machine as Peer

    chance = random.Random(seed)
    case = Case()
    if deep:
        states, names = nested(chance)
        moves = nested_moves(chance, names)
        peer = hierarchical(case, states, moves, names[0])
    else:
        names, moves = flat(chance)
        hooked = [{"name": name, "on_enter": f"! enter {name}", "on_exit": f"! exit {name}"} for name in names]
        peer = Peer(case, states=hooked, initial=names[0], transitions=moves, auto_transitions=False)
    parts = from_transitions(peer, calls={f"try_{index}": None for index in range(len(moves))}, supplied="payload")
    flow = servflow.Workflow(**parts.definition("case"))
    supply = {name: lambda _, name=name: case.facts[name] for name in NAMES}
    model = as_model(flow.open("t", at=AT), flow, now=lambda: AT, supply=supply)
    for _ in range(chance.randrange(1, 6)):
        event = chance.choice(EVENTS)
        case.facts = facts(chance)
        if event in flow.compiled.events:
            assert case.may_trigger(event) == getattr(model, f"may_{event}")()
            before = len(model.outcomes)
            try:
                outcome = getattr(model, event)()
            except Refused:
                outcome = None
            moved = fire(case, event)
            assert moved == (outcome is not None)
            assert len(model.outcomes) == before + moved
            called = [effect.name for effect in outcome.effects if isinstance(effect, Call)] if outcome is not None else []
            assert [line for line in case.log if line[0] == "!"] == called
        assert case.state == model.state
        for name in names:
            assert getattr(case, f"is_{name}")() == getattr(model, f"is_{name}")()
            assert not deep or peer.is_state(name, case, True) == model.is_state(name, allow_substates=True)
