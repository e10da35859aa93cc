"""Knows how long replaying a log takes beside the bare state changes of another library; must not know whether that is good."""

from __future__ import annotations

import gc
import json
import statistics
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import Any

import servflow
from servflow.engine import Workflow
from servflow.lab import LogMap, replay
from servflow.lab._log import Log

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "incident_log"
LOG = ROOT.parent / "shared" / "data" / "uci_incident_event_log.zip"
ROUNDS = 3
LIVE = 2_000

READ = "read the log alone"
REPLAY = "replay the log, two clocks a ticket"
BARE = "transitions as it comes, bare changes, a model a case"
TUNED = "transitions without its automatic transitions"


def cpu(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """
    Print and return the median of the CPU seconds of a few rounds.

    The calls take turns, so that whatever else the machine does weighs on all of them alike.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            gc.collect()
            begun = process_time()
            call()
            times[name].append(process_time() - begun)
    for name, taken in times.items():
        print(f"{name:<58}{statistics.median(taken):>9.3f} s   ({', '.join(f'{one:.3f}' for one in taken)})")
    return {name: statistics.median(taken) for name, taken in times.items()}


def paths(log: Path, spec: LogMap) -> list[list[str]]:
    """The states of every case, read before anything is measured."""
    with ExitStack() as stack:
        return [
            [change.state for change in case.changes] for case in Log(log, spec, stack, frozenset(spec.states), None).cases()
        ]


def bare(every: list[list[str]], **options: Any) -> Callable[[], object]:
    """The same state changes by the ``transitions`` package: one model per case and one trigger per edge."""
    from transitions import Machine

    states = sorted({state for path in every for state in path})
    moves = sorted({edge for path in every for edge in pairwise(path)})
    names = {state: f"to_state_{index}" for index, state in enumerate(states)}

    class Model:
        """One case; the machine adds its triggers."""

    def run() -> int:
        machine = Machine(model=None, states=states, initial=states[0], **options)
        for source, target in moves:
            machine.add_transition(names[target], source, target)
        count = 0
        for path in every:
            model: Any = Model()
            machine.add_model(model, initial=path[0])
            for state in path[1:]:
                getattr(model, names[state])()
                count += 1
            # The machine looks through all its models for each new one; a case that is over need not slow the others.
            machine.remove_model(model)
        return count

    return run


def live(workflow: Workflow) -> Iterator[Any]:
    """Tickets in the middle of their life, with both clocks running or paused."""
    begun = datetime(2026, 3, 2, 9, tzinfo=UTC)
    for number in range(LIVE):
        at = begun + timedelta(minutes=number)
        ticket = workflow.open(f"T{number:07}", at=at).ticket
        for step, event in enumerate(("log", "work", "await_user", "work"), 1):
            ticket = workflow.fire(ticket, event, at=at + timedelta(minutes=7 * step)).ticket
        yield ticket


def memory(workflow: Workflow) -> None:
    """Print what one live ticket weighs in memory, and dumped as JSON."""
    list(live(workflow))  # fills what is shared by all tickets
    gc.collect()
    tracemalloc.start()
    tickets = list(live(workflow))
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"{'memory of one live ticket with two clocks':<58}{held / LIVE:>9.0f} bytes")
    dump = getattr(servflow, "dump", None)
    if dump is not None:
        sizes = [len(json.dumps(dump(ticket), ensure_ascii=False, separators=(",", ":")).encode()) for ticket in tickets[:200]]
        print(f"{'one dumped ticket':<58}{statistics.mean(sizes):>9.0f} bytes")


def main() -> int:
    """Run all measurements on the log given, else on the reference log beside the checkout."""
    log = Path(sys.argv[1]) if len(sys.argv) > 1 else LOG
    workflow = servflow.load(EXAMPLE / "d.yaml")
    memory(workflow)
    if not log.exists():
        print(f"no log at {log}: give the path of the zip to measure the replay")
        return 0
    spec = LogMap.load(EXAMPLE / "map.yaml")
    every = paths(log, spec)
    changes = sum(len(path) - 1 for path in every)
    print(f"{len(every)} cases, {changes} state changes")
    calls: dict[str, Callable[[], object]] = {READ: lambda: paths(log, spec), REPLAY: lambda: replay(log, spec, workflow)}
    try:
        calls[BARE] = bare(every)
        calls[TUNED] = bare(every, auto_transitions=False)
    except ImportError:
        print("transitions is not installed: pip install transitions")
    taken = cpu(calls)
    for peer in (BARE, TUNED):
        if peer in taken:
            print(f"{'replay beside ' + peer:<72}{taken[REPLAY] / taken[peer]:>6.2f} times")
            print(f"{'  without reading the log':<72}{(taken[REPLAY] - taken[READ]) / taken[peer]:>6.2f} times")
    return 0


if __name__ == "__main__":
    sys.exit(main())
