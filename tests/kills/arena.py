"""
Knows how workers and clients run as processes, die at random moments and are replaced; must not know what must hold after.

A kill is due once the others got on by a random number of answers, and a random few milliseconds later, so that it meets
whatever the process is doing. Nothing here waits for time to pass: it reads what the processes say.
"""

from __future__ import annotations

import os
import random
import selectors
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.kills import checker
from tests.kills.host import RECEIPTS
from tests.kills.server import How, Server

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 300.0
"""Seconds without any answer after which a run is given up as stuck; nothing else depends on it."""
SERVFLOW = (sys.executable, "-c", "from servflow.cli import main; main()")
"""What the console script ``servflow`` does."""


class StuckError(AssertionError):
    """The processes no longer get on, or one ended by itself."""


@dataclass(eq=False)
class Process:
    """One worker or client; how many lines it has said, and how many of them were calls it is about to make."""

    name: str
    popen: subprocess.Popen[bytes]
    errors: Path
    lines: int = 0
    asked: int = 0
    said: bytes = b""
    rest: bytes = b""

    def take(self, data: bytes) -> int:
        """Read what it said; how many answers, or lines of a worker, that were."""
        self.said = (self.said + data)[-20_000:]
        *found, self.rest = (self.rest + data).split(b"\n")
        asked = found.count(b"ask")
        self.asked += asked
        self.lines += len(found)
        return len(found) - asked


@dataclass
class Figures:
    """What a run came to."""

    kills: Counter[str] = field(default_factory=Counter)
    restarts: Counter[str] = field(default_factory=Counter)
    in_call: int = 0
    answered: int = 0
    tickets: int = 0
    records: int = 0
    effects: int = 0
    again: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        restarts = f", {self.restarts.total()} restarts of the server ({_counts(self.restarts)})" if self.restarts else ""
        return (
            f"{self.kills.total()} kills ({_counts(self.kills)}){restarts} in {self.seconds:.0f} s: {self.answered} calls"
            f" acknowledged, {self.in_call} clients killed inside a call, {self.tickets} tickets, {self.records} records,"
            f" {self.effects} effects delivered, {self.again} of them more than once"
        )


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counter.items()))


class Arena:
    """One database with its workers and clients."""

    def __init__(self, url: str, folder: Path, *, seed: int, workers: int = 2, clients: int = 2) -> None:
        self.url, self.folder = url, folder
        self.chance = random.Random(seed)
        self.figures = Figures()
        self.receipts = folder / "receipts"
        self.receipts.touch()
        self._selector = selectors.DefaultSelector()
        self._processes: dict[str, Process] = {}
        self._made = 0
        self._began = time.monotonic()
        self._names = {"client": [f"c{n}" for n in range(clients)], "worker": [f"w{n}" for n in range(workers)]}

    # -- processes

    def start(self, name: str) -> Process:
        """Start a worker (w...) or a client (c...), which goes on with the journal of the one before it."""
        self._made += 1
        errors = self.folder / f"{name}.{self._made}.err"
        if name.startswith("c"):
            ask = [sys.executable, "-m", "tests.kills.client", self.url, str(self.folder / f"{name}.journal"), name]
            command = [*ask, f"{name}/{self._made}/{self.chance.random()}"]
        else:
            command = [*SERVFLOW, *worker_arguments(self.url)]
        with errors.open("wb") as stderr:
            popen = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, RECEIPTS: str(self.receipts), "PYTHONUNBUFFERED": "1", "SERVFLOW_LANG": "en"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        one = self._processes[name] = Process(name, popen, errors)
        self._selector.register(_out(one), selectors.EVENT_READ, one)
        return one

    def _forget(self, one: Process) -> None:
        self._selector.unregister(_out(one))
        del self._processes[one.name]
        for pipe in (one.popen.stdin, one.popen.stdout):
            if pipe is not None:
                pipe.close()

    def kill(self, one: Process) -> None:
        """``kill -9``, from one instant to the next."""
        one.popen.kill()
        one.popen.wait()
        self._forget(one)
        self.figures.kills["workers" if one.name.startswith("w") else "clients"] += 1
        if one.name.startswith("c"):
            entries = checker.lines(self.folder / f"{one.name}.journal")
            self.figures.in_call += bool(entries) and "try" in entries[-1]

    # -- what they say

    def listen(self, seconds: float) -> Counter[str]:
        """What came within at most that many seconds: answers, or lines of a worker, by the name of the process."""
        found: Counter[str] = Counter()
        for key, _ in self._selector.select(seconds):
            one: Process = key.data
            data = os.read(_out(one).fileno(), 65_536)
            if data:
                found[one.name] += one.take(data)
            elif one.popen.wait() != 0 or one.name.startswith("c"):
                raise StuckError(f"{one.name} ended by itself with status {one.popen.returncode}:\n{self._last_words(one)}")
        return found

    def until(self, reached: Callable[[Counter[str]], bool], what: str) -> None:
        """Listen until the answers given meanwhile are enough."""
        said: Counter[str] = Counter()
        heard = time.monotonic()
        while not reached(said):
            new = self.listen(1.0)
            said.update(new)
            if any(name.startswith("c") for name in new):
                heard = time.monotonic()
            if time.monotonic() - heard > PATIENCE:
                raise StuckError(f"no {what}:\n" + "\n".join(self._last_words(one) for one in self._processes.values()))

    def _last_words(self, one: Process) -> str:
        said, errors = one.said.decode(errors="replace")[-1_500:], one.errors.read_text("utf-8", "replace")[-1_500:]
        return f"--- {one.name} said\n{said}\n--- and to stderr\n{errors}"

    def _answers(self, number: int) -> None:
        self.until(lambda said: sum(said[name] for name in self._names["client"]) >= number, f"{number} answers of clients")

    def _linger(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.listen(left)

    # -- the run

    def begin(self) -> None:
        """Start everybody: a client first, which makes the database."""
        self.start("c0")
        self._answers(1)
        for name in (*self._names["client"][1:], *self._names["worker"]):
            self.start(name)

    def strike(self, kills: int, spare: str = "") -> None:
        """Kill so many of them one after the other, each replaced at once; nobody dies before he said something."""
        for _ in range(kills):
            self._answers(self.chance.randint(2, 12))
            victim = self._drawn(spare)
            if victim.name.startswith("c"):  # it dies in the middle of a call, or just behind one
                asked = victim.asked
                self.until(lambda _, one=victim, asked=asked: one.asked > asked, f"call of {victim.name}")
            self._linger(self.chance.random() * 0.01)
            self.kill(victim)
            self.observe()
            self.start(victim.name)

    def _drawn(self, spare: str) -> Process:
        """Who dies next, as soon as he has said something; the chance decides it, not who was quick."""
        one = self._processes[self.chance.choice(sorted(self._processes.keys() - {spare}))]
        self.until(lambda _: one.lines > 0, f"beginning of {one.name}")
        return one

    def observe(self) -> None:
        """What holds at every moment must hold at this one too."""
        wrong = checker.overfull(self.url)
        if wrong:
            raise StuckError("\n".join(wrong))

    def restart(self, server: Server, how: How, spare: str) -> None:
        """End the server under everybody's feet, kill one of them meanwhile, and see the spared worker work again."""
        self._answers(self.chance.randint(2, 12))
        victim, veteran = self._drawn(spare), self._processes[spare]
        server.down(how)
        self.figures.restarts[how] += 1
        self.kill(victim)
        self.start(victim.name)
        self._linger(self.chance.random() * 0.5)
        server.up()
        self._answers(8)
        worked = len(self._by(veteran))
        self.until(lambda _: len(self._by(veteran)) > worked, f"work of {spare} after the restart")

    def _by(self, one: Process) -> list[Any]:
        return [line for line in checker.lines(self.receipts) if line["by"] == one.popen.pid]

    def end(self) -> None:
        """Let the clients finish, kill the workers, and have fresh ones do what is left."""
        for name in self._names["client"]:
            one = self._processes[name]
            assert one.popen.stdin is not None
            one.popen.stdin.close()
            one.popen.wait(PATIENCE)
            if one.popen.returncode:
                raise StuckError(f"{name} ended with status {one.popen.returncode}:\n{self._last_words(one)}")
            self._forget(one)
        for name in self._names["worker"]:
            self.kill(self._processes[name])
        for name in self._names["worker"]:
            self.start(name)
        until = time.monotonic() + PATIENCE
        while not checker.quiet(self.url):
            self.listen(1.0)
            if time.monotonic() > until:
                raise StuckError("work is left:\n" + "\n".join(self._last_words(one) for one in self._processes.values()))
        for name in self._names["worker"]:
            one = self._processes[name]
            self.until(lambda _, one=one: one.lines > 0, f"beginning of {name}")  # type: ignore[misc]  # bound at once
            one.popen.send_signal(signal.SIGTERM)
            one.popen.wait(PATIENCE)
            if one.popen.returncode:
                raise StuckError(f"{name} was asked to end and gave {one.popen.returncode}:\n{self._last_words(one)}")
            self._forget(one)

    def verdict(self) -> list[str]:
        """What the checker finds, and the figures of the run."""
        kept, receipts = checker.read(self.url), checker.lines(self.receipts)
        journals = {name: checker.lines(self.folder / f"{name}.journal") for name in self._names["client"]}
        calls = checker.told(journals)
        delivered = Counter(line["effect"]["id"] for line in receipts)
        self.figures.answered = sum(call.answer is not None for call in calls)
        self.figures.tickets, self.figures.records = len(kept.tickets), sum(len(rows) for rows in kept.records.values())
        self.figures.effects, self.figures.again = len(delivered), sum(count > 1 for count in delivered.values())
        self.figures.seconds = time.monotonic() - self._began
        return checker.check(kept, journals, receipts)

    def close(self) -> None:
        """End whoever is left."""
        for one in list(self._processes.values()):
            one.popen.kill()
            one.popen.wait()
            self._forget(one)
        self._selector.close()


def _out(one: Process) -> IO[bytes]:
    assert one.popen.stdout is not None
    return one.popen.stdout


def worker_arguments(url: str) -> list[str]:
    """The command line of a worker of these tests."""
    often = ["--every", "0.05", "--timeout", "1", "--report", "0.1"]
    return ["worker", url, "--host", "tests.kills.host:host", *often, "--format", "json"]


@contextmanager
def arena(url: str, folder: Path, *, seed: int, workers: int = 2, clients: int = 2) -> Iterator[Arena]:
    """An arena whose processes are gone in the end, however it ends."""
    made = Arena(url, folder, seed=seed, workers=workers, clients=clients)
    try:
        yield made
    finally:
        made.close()
