"""Knows how many seeds are played at once, and how that is told; must not know how one is played."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from statistics import median
from typing import Any

from attrs import frozen

from servflow.errors import InputError
from servflow.testing._check import read_factory
from servflow.testing._simulation import SimulationReport, simulate
from servflow.testing._simulation_scheduler import Faults

ABOUT = """
Play seeds: real desks, workers and clients at one store, while everything goes wrong that may.

A seed that breaks a promise is told with the command that plays it again, step by step. Without --host the library's own
small shop is played. HOST is module:name of a function that plays one seed of a host's own workflow:
  def play(seed): return servflow.testing.simulate(seed, workflow=..., events=...)

Ends with 0 where every promise was kept, 1 where one was broken, 2 where nothing could be played.
"""

CHUNK = 20
TOLD = 5
"""How many failing seeds are told in full; the others are counted, and the first of them are named."""
EVERY = 10.0
"""Seconds between two lines about how far it is; at a terminal one line says it all the time, and is gone at the end."""
_WIPED = "\r\x1b[K"

Play = Callable[[int], SimulationReport]


@frozen
class Played:
    """What some seeds came to: milliseconds of each, how much happened, and the text of each that broke a promise."""

    spent: tuple[float, ...]
    counts: Mapping[str, int]
    broken: tuple[tuple[int, str], ...]


def options(parser: ArgumentParser) -> None:
    """What the command takes."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--seed", type=int, metavar="N", help="play one seed")
    which.add_argument("--seeds", type=_span, metavar="A..B", help="play the seeds from A to B, both included")
    parser.add_argument("--host", metavar="HOST", help="module:name of what plays one seed of your own")
    parser.add_argument("--calm", action="store_true", help="nothing goes wrong; who goes on is still drawn")
    parser.add_argument("--trace", action="store_true", help="with --seed, print every step")
    parser.add_argument(
        "--processes",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="with --seeds, how many at once (as many as cores)",
    )


def _span(text: str) -> range:
    first, _, last = text.partition("..")
    made = range(int(first), int(last or first) + 1)
    if not made:
        raise ValueError(text)
    return made


def run(given: Namespace) -> int:
    """
    Play what was asked for and tell of it; the exit code.

    Raises:
        InputError: what shall play the seeds cannot be found, or gives no report.
    """
    play = _player(given.host, given.calm)
    more = f" --host {given.host}" * bool(given.host) + " --calm" * given.calm
    if given.seed is None:
        return _many(given, more)
    report = play(given.seed)
    if given.trace:
        print("\n".join(report.trace))
    print(report)
    print(", ".join(f"{count} {what}" for what, count in report.counts.items()))
    if not report:
        print(f"replay: {_again(report.seed, more)} --trace")
    return 0 if report else 1


def _again(seed: int, more: str) -> str:
    return f"python -m servflow.testing simulate --seed {seed}{more}"


def _player(host: str | None, calm: bool) -> Play:
    if host is None:
        return lambda seed: simulate(seed, faults=Faults.none() if calm else None)
    if calm:
        raise InputError("--calm is for the library's own shop; a host's function gives simulate its faults itself")
    found = read_factory(host)
    if not callable(found):
        raise InputError(f"{host} is not a function of a seed", host=host)

    def play(seed: int) -> SimulationReport:
        try:
            report: object = found(seed)
        except InputError:
            raise
        except Exception as error:  # a host's function may raise anything
            told = f"{type(error).__name__}: {error}".rstrip(": ")
            raise InputError(f"{host} fails when it is given seed {seed}: {told}", host=host, seed=seed) from error
        if not isinstance(report, SimulationReport):
            raise InputError(f"{host} gave {type(report).__name__}, not what servflow.testing.simulate gives", host=host)
        return report

    return play


def _chunk(host: str | None, calm: bool, seeds: range) -> Played:
    """Some seeds, one after the other."""
    play, counts, spent, broken = _player(host, calm), Counter[str](), [], []
    for seed in seeds:
        began = time.perf_counter()
        report = play(seed)
        spent.append((time.perf_counter() - began) * 1e3)
        counts.update(dict(report.counts))
        if not report:
            broken.append((seed, str(report)))
    return Played(tuple(spent), dict(counts), tuple(broken))


def _played(given: Namespace) -> Iterator[Played]:
    """The seeds, in pieces as they are done."""
    chunks = [given.seeds[start : start + CHUNK] for start in range(0, len(given.seeds), CHUNK)]
    if given.processes <= 1:
        yield from (_chunk(given.host, given.calm, chunk) for chunk in chunks)
        return
    # Started afresh: what is forked in the middle of other threads may wait for ever.
    with ProcessPoolExecutor(given.processes, mp_context=get_context("spawn")) as pool:
        futures: list[Future[Played]] = [pool.submit(_chunk, given.host, given.calm, chunk) for chunk in chunks]
        for future in as_completed(futures):
            yield future.result()


def _many(given: Namespace, more: str) -> int:
    counts, spent, broken = Counter[str](), list[float](), list[tuple[int, str]]()
    began = told = time.monotonic()
    seen = sys.stderr.isatty()
    for played in _played(given):
        counts.update(dict(played.counts))
        spent.extend(played.spent)
        for seed, text in played.broken:
            broken.append((seed, text))
            if len(broken) <= TOLD:
                print(end=_WIPED * seen, file=sys.stderr, flush=True)
                print(f"{text}\nreplay: {_again(seed, more)} --trace", flush=True)
        if (now := time.monotonic()) - told >= EVERY or seen:
            told = now
            line = f"{len(spent)} of {len(given.seeds)} seeds, {len(broken)} broken, {len(spent) / (now - began):.0f} a second"
            print(f"{_WIPED}{line}" if seen else line, file=sys.stderr, end="" if seen else "\n", flush=True)
    print(end=_WIPED * seen, file=sys.stderr, flush=True)
    print(_figures(given.seeds, spent, counts, time.monotonic() - began))
    if broken:
        print(f"{len(broken)} broken: seeds {', '.join(str(seed) for seed, _ in sorted(broken)[:100])}")
        return 1
    print("every promise was kept")
    return 0


def _figures(seeds: range, spent: list[float], counts: Mapping[str, Any], seconds: float) -> str:
    slow = sorted(spent)[int(len(spent) * 0.99)]
    told = ", ".join(f"{count:,} {what}" for what, count in counts.items())
    return (
        f"{len(seeds):,} seeds ({seeds[0]}..{seeds[-1]}) in {seconds:.0f} s;"
        f" milliseconds each: median {median(spent):.1f}, p99 {slow:.1f}\n{told}"
    )
