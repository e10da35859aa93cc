"""Knows how calls are timed against each other and how a ratio is told; must not know what is measured."""

from __future__ import annotations

import gc
import statistics
import tracemalloc
from collections.abc import Callable, Mapping
from time import process_time
from typing import Any

ROUNDS = 9
LONG_ENOUGH = 0.02
"""CPU seconds one round of one call should take at least, so that the timer's own steps do not show."""


def _timed(call: Callable[[], Any], times: int) -> float:
    begun = process_time()
    for _ in range(times):
        call()
    return process_time() - begun


def _times(call: Callable[[], Any]) -> int:
    """How often to call within one round; the first calls also fill whatever is remembered."""
    times = 1
    while (taken := _timed(call, times)) < LONG_ENOUGH:
        times = max(times * 2, int(times * LONG_ENOUGH / taken)) if taken > 0 else times * 10
    return times


def medians(calls: Mapping[str, Callable[[], Any]], rounds: int = ROUNDS) -> dict[str, float]:
    """
    Print and return, for each call, the median of its CPU microseconds over a few rounds.

    The calls take turns within a round, so that whatever else the machine does weighs on all of them alike. The cost
    of the empty loop around a call is part of it, for all of them.
    """
    taken = _rounds(calls, rounds)
    found = {name: statistics.median(each) for name, each in taken.items()}
    for name, median in found.items():
        print(f"  {name:<66}{median:>10.2f} us   ({min(taken[name]):.2f} to {max(taken[name]):.2f})")
    return found


def times_of(calls: Mapping[str, Callable[[], Any]], other: Callable[[], Any], rounds: int = ROUNDS) -> dict[str, float]:
    """
    How many times the CPU time of each call another one takes: the median over rounds in which all take their turn.

    Neighbours in a round meet the same weather: a machine that slows down half way changes both and not their ratio.
    """
    taken = _rounds({**calls, "": other}, rounds)
    return {
        name: statistics.median(theirs / ours for theirs, ours in zip(taken[""], taken[name], strict=True)) for name in calls
    }


def _rounds(calls: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    times = {name: _times(call) for name, call in calls.items()}
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            gc.collect()
            taken[name].append(_timed(call, times[name]) / times[name] * 1e6)
    return taken


def ratio(name: str, value: float, *, least: float | None = None, most: float | None = None) -> None:
    """Print a ratio beside what it should be."""
    wanted = f"at least {least:g}" if least is not None else f"at most {most:g}"
    met = value >= least if least is not None else most is not None and value <= most
    print(f"  {name:<92}{value:>10.2f} times ({wanted}: {'ok' if met else 'MISSED'})")


def held(make: Callable[[int], Any], count: int) -> float:
    """Bytes that one of many values keeps allocated, beyond what the first of them left behind for all."""
    make(count)
    gc.collect()
    tracemalloc.start()
    kept = [make(number) for number in range(count)]
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / len(kept)
