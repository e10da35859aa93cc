"""Knows what a step, a machine state and a ticket cost beside hand-written code and other libraries; must not judge it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import servflow
from benchmarks._measure import held, medians, ratio
from servflow.engine import Workflow
from servflow.statemachine import Machine

STATES = 8
REGIONS = "abc"
TICKETS = 10_000
DATA = {"amount": 150}
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = NINE + timedelta(minutes=7)
RING = [(f"s{n}", f"s{(n + 1) % STATES}") for n in range(STATES)]

Calls = dict[str, Callable[[], Any]]


class Case:
    """One ticket of a host that keeps it in an object; ``transitions`` adds its triggers and its state."""

    amount = 150

    def enough(self) -> bool:
        """The guard, as a method of the model."""
        return self.amount > 100


def flat() -> Machine:
    """A ring of states, each with one guarded transition."""
    rows = [{"event": "next", "source": a, "target": b, "when": "amount > 100"} for a, b in RING]
    return Machine(initial="s0", states={a: {} for a, _ in RING}, transitions=rows)


def wide() -> Machine:
    """Three regions that all react to one event."""
    regions = {region: {"states": {f"{region}{n}": {} for n in range(4)}} for region in REGIONS}
    rows = [
        {"event": "next", "source": f"{region}{n}", "target": f"{region}{(n + 1) % 4}", "when": "amount > 100"}
        for region in REGIONS
        for n in range(4)
    ]
    return Machine(states={"p": {"parallel": True, "states": regions}}, transitions=rows)


def workflow() -> Workflow:
    """The same ring as a whole workflow, with one field and nothing else."""
    return servflow.load(
        {
            "workflow": "ring",
            "initial": "s0",
            "fields": {"amount": {"type": "int", "default": 150}},
            "states": {a: {} for a, _ in RING},
            "transitions": [{"event": "next", "source": a, "target": b, "when": "amount > 100"} for a, b in RING],
        }
    )


def going(machine: Machine) -> Callable[[], Any]:
    """Step after step, each from what the one before left: a state ready for JSON."""
    state = machine.start().state

    def step() -> Any:
        nonlocal state
        state = machine.step(state, "next", DATA).state
        return state

    return step


def by_hand() -> Callable[[], Any]:
    """What a careful developer writes instead: a dict of guards and targets, and a new snapshot at each step."""
    rows = {(a, "next"): [(lambda data: data["amount"] > 100, b)] for a, b in RING}

    def take(snapshot: Mapping[str, Any], event: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        for guard, target in rows.get((snapshot["state"], event), ()):
            if guard(data):
                return {**snapshot, "state": target}
        return snapshot

    snapshot: Mapping[str, Any] = {"state": "s0", "history": {}}

    def step() -> Any:
        nonlocal snapshot
        snapshot = take(snapshot, "next", DATA)
        return snapshot

    return step


def shared_peer(**options: Any) -> Any:
    """The ring in ``transitions``: one machine for all models."""
    from transitions import Machine as Peer

    rows = [["next", a, b, "enough"] for a, b in RING]
    return Peer(model=None, states=[a for a, _ in RING], transitions=rows, initial="s0", **options)


def peer_step() -> Callable[[], Any]:
    """A step of a model on a shared machine."""
    case: Any = Case()
    shared_peer(auto_transitions=False).add_model(case)
    step: Callable[[], Any] = case.next
    return step


def hierarchical_step() -> Callable[[], Any]:
    """The three regions in ``transitions``."""
    from transitions.extensions import HierarchicalMachine

    regions = [{"name": region, "initial": "0", "children": [str(n) for n in range(4)]} for region in REGIONS]
    case: Any = Case()
    machine = HierarchicalMachine(
        case, states=[{"name": "p", "parallel": regions}], initial="p", auto_transitions=False, send_event=False
    )
    for region in REGIONS:
        for n in range(4):
            machine.add_transition("next", f"p_{region}_{n}", f"p_{region}_{(n + 1) % 4}", conditions="enough")
    case.next()
    assert case.state == [f"p_{region}_1" for region in REGIONS]
    step: Callable[[], Any] = case.next
    return step


def statechart_step() -> Callable[[], Any]:
    """The three regions in ``python-statemachine``."""
    from statemachine import State, StateChart

    def region(name: str) -> Any:
        states = {f"{name}{n}": State(initial=n == 0) for n in range(4)}
        each = list(states.values())
        moves = each[3].to(each[0], cond="enough")
        for n in range(3):
            moves |= each[n].to(each[n + 1], cond="enough")
        return type(State.Compound)(name, (State.Compound,), {**states, "step": moves})

    regions = type(State.Parallel)("p", (State.Parallel,), {name: region(name) for name in REGIONS})
    chart: Any = type(StateChart)("Chart", (StateChart,), {"p": regions, "enough": Case.enough, "amount": 150})()
    chart.send("step")
    assert {f"{name}1" for name in REGIONS} < {str(value) for value in chart.configuration_values}
    return lambda: chart.send("step")


def steps() -> None:
    """A step of a flat and of a parallel machine."""
    machine, parallel = flat(), wide()
    first, apart = machine.start().state, parallel.start().state
    calls: Calls = {
        "flat guarded step": going(machine),
        "flat guarded step, a dict by hand": by_hand(),
        "three guarded regions step": going(parallel),
        "an event nobody handles": lambda: machine.step(first, "strange", DATA),
        "read a definition of 8 states": flat,
    }
    peers = {
        "flat guarded step, transitions, a shared machine": peer_step,
        "three guarded regions step, transitions.HierarchicalMachine": hierarchical_step,
        "three guarded regions step, python-statemachine": statechart_step,
    }
    assert len(parallel.step(apart, "next", DATA).transitions) == len(REGIONS)
    print("steps of a machine, each with its new state")
    found = medians(calls | _installed(peers))
    ratio("by hand", found["flat guarded step"] / found["flat guarded step, a dict by hand"], most=3)
    for name, least in zip(peers, (6, 100, 100), strict=True):
        if name in found:
            ratio(f"beside {name.partition(', ')[2]}", found[name] / found[name.partition(", ")[0]], least=least)


def _installed(peers: Mapping[str, Callable[[], Callable[[], Any]]]) -> Calls:
    """The peers that can be imported here; the others are told."""
    found: Calls = {}
    for name, make in peers.items():
        try:
            found[name] = make()
        except ImportError as error:
            print(f"  {name}: {error.name} is not installed (pip install 'servflow[bench]')")
    return found


def added(**options: Any) -> Callable[[], Any]:
    """A model added to a shared machine; taken away again, since the machine looks through all it has."""
    machine = shared_peer(**options)

    def add() -> Any:
        case = Case()
        machine.add_model(case, initial="s3")
        machine.models.clear()
        return case

    return add


def own(**options: Any) -> Callable[[], Any]:
    """A model with a machine of its own."""
    from transitions import Machine as Peer

    rows = [["next", a, b, "enough"] for a, b in RING]
    return lambda: Peer(model=Case(), states=[a for a, _ in RING], transitions=rows, initial="s3", **options)


def lives() -> None:
    """What it costs to have one more ticket: to create it, and to have it back from where it was stored."""
    machine, ring = flat(), workflow()
    ticket = ring.open("T", at=NINE).ticket
    stored, row = machine.start().state, servflow.dump(ticket)
    text = json.dumps(row)
    calls: Calls = {
        "create a machine state": lambda: machine.start().state,
        "restore a machine state": lambda: machine.step(stored, "nothing"),
        "create a ticket (a whole open)": lambda: ring.open("T", at=NINE),
        "create a ticket, its field given by a person": lambda: ring.open("T", {"amount": 120}, at=NINE, actor="ann"),
        "restore a ticket": lambda: servflow.load_ticket(row),
        "restore a ticket from text": lambda: servflow.load_ticket(text),
        "a whole fire": lambda: ring.fire(ticket, "next", at=LATER),
        "dump a ticket": lambda: servflow.dump(ticket),
    }
    tuned = "transitions, a model added to a shared machine, tuned"
    peers: dict[str, Callable[[], Callable[[], Any]]] = {
        tuned: lambda: added(auto_transitions=False),
        "transitions, a model added to a shared machine": added,
        "transitions, a machine for each model": own,
    }
    print("\na ticket more: `transitions` creates and restores alike, by adding a model in its state")
    found = medians(calls | _installed(peers))
    for name, least in (("create a machine state", 50), ("restore a machine state", 50)):
        for peer in peers:
            if peer in found:
                ratio(f"{name} beside {peer}", found[peer] / found[name], least=least)
    for name in ("create a ticket (a whole open)", "restore a ticket"):
        for peer in peers:
            if peer in found:
                ratio(f"{name} beside {peer}", found[peer] / found[name], least=4)


def memory() -> None:
    """What one live ticket keeps allocated."""
    ring = workflow()
    text = json.dumps(servflow.dump(ring.open("T0000001", at=NINE).ticket))

    def moved(number: int) -> Any:
        return ring.fire(ring.open(f"T{number:07}", at=NINE).ticket, "next", at=LATER).ticket

    def case() -> Callable[[int], Any]:
        machine = shared_peer()

        def make(_number: int) -> Any:
            one = Case()
            machine.add_model(one)
            machine.models.clear()
            return one

        return make

    print(f"\nbytes of one live ticket, over {TICKETS:,} of them")
    calls: dict[str, Callable[[int], Any]] = {
        "opened": lambda number: ring.open(f"T{number:07}", at=NINE).ticket,
        "opened, and moved once": moved,
        "restored from text": lambda _: servflow.load_ticket(text),
    }
    for name, make in calls.items():
        print(f"  {name:<66}{held(make, TICKETS):>10.0f} bytes")
    try:
        print(f"  {'a model of transitions on a shared machine':<66}{held(case(), TICKETS):>10.0f} bytes")
    except ImportError:
        return


def main() -> None:
    """Print every measurement, and every ratio beside what it should be."""
    steps()
    lives()
    memory()


if __name__ == "__main__":
    main()
