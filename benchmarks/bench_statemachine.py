"""Knows how long a step takes beside hand-written code and another library; must not know whether that is good."""

from __future__ import annotations

from collections.abc import Callable
from timeit import repeat
from typing import Any

from servflow.statemachine import Machine

ROUNDS = 50_000
DATA = {"amount": 150}
STATES = 20


def measure(name: str, call: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Print and return the best microseconds for one call."""
    call()
    best = min(repeat(call, number=rounds, repeat=5)) / rounds * 1e6
    print(f"{name:<52}{best:>10.2f} us")
    return best


def flat() -> Machine:
    """A ring of states, each with one guarded transition."""
    rows = [
        {"event": "next", "source": f"s{n}", "target": f"s{(n + 1) % STATES}", "when": "amount > 100"} for n in range(STATES)
    ]
    return Machine(initial="s0", states={f"s{n}": {} for n in range(STATES)}, transitions=rows)


def wide() -> Machine:
    """Three regions that all react to one event."""
    regions = {region: {"states": {f"{region}{n}": {} for n in range(4)}} for region in "abc"}
    rows = [
        {"event": "next", "source": f"{region}{n}", "target": f"{region}{(n + 1) % 4}", "when": "amount > 100"}
        for region in "abc"
        for n in range(4)
    ]
    return Machine(states={"p": {"parallel": True, "states": regions}}, transitions=rows)


def by_hand() -> Callable[[], Any]:
    """What a careful developer writes instead: a dict of guards and targets, and a new snapshot."""
    rows = {(f"s{n}", "next"): [(lambda data: data["amount"] > 100, f"s{(n + 1) % STATES}")] for n in range(STATES)}
    snapshot = {"state": "s0", "history": {}}

    def step() -> dict[str, Any]:
        for guard, target in rows.get((str(snapshot["state"]), "next"), ()):
            if guard(DATA):
                return {**snapshot, "state": target}
        return snapshot

    return step


def by_moves(machine: Machine) -> Callable[[], Any]:
    """One microstep as an engine asks for it, with the guard left out."""
    first = machine.initial_move()

    def decide(index: int) -> bool:
        return index >= 0

    def step() -> Any:
        chosen = machine.select(first.configuration, "next", decide)
        return machine.apply(first.configuration, first.history, chosen)

    return step


def peer() -> Callable[[], Any] | None:
    """The same ring in the transitions package, where it is installed; it changes a model in place."""
    try:
        from transitions import Machine as Peer
    except ImportError:
        return None
    other = Peer(states=[f"s{n}" for n in range(STATES)], initial="s0", auto_transitions=False)
    for n in range(STATES):
        other.add_transition("next", f"s{n}", f"s{(n + 1) % STATES}", conditions=[lambda: DATA["amount"] > 100])
    return lambda: other.trigger("next")


def main() -> None:
    """Print one line per measurement."""
    machine, parallel = flat(), wide()
    state, regions = machine.start().state, parallel.start().state
    hand = measure("flat guarded step, dict by hand", by_hand())
    ours = measure("flat guarded step", lambda: machine.step(state, "next", DATA))
    stored = measure("flat guarded step and its state", lambda: machine.step(state, "next", DATA).state)
    other = peer()
    if other is not None:
        measure("flat guarded step, transitions package", other)
    measure("flat select and apply, as an engine asks", by_moves(machine))
    measure("three guarded regions step", lambda: parallel.step(regions, "next", DATA))
    measure("an event nobody handles", lambda: machine.step(state, "strange", DATA))
    measure("read a definition of 20 states", flat, 50)
    print(f"flat step / by hand: {ours / hand:.2f}, with its state: {stored / hand:.2f}")


if __name__ == "__main__":
    main()
