"""Knows who goes on next, what time it is and what goes wrong, all from one seed; must not know stores or desks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import attrs
from attrs import define, field, frozen

from servflow.errors import InputError

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""When every simulation begins: a Monday morning."""

SECOND = timedelta(seconds=1)


class Crash(BaseException):
    """The process at hand dies here: what it had not kept is gone, and so is all it remembers."""


class Over(BaseException):
    """The simulation has ended; whoever still waits for a turn goes home."""


def _rate(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise InputError(f"{attribute.name} is a probability from 0 to 1, not {value!r}", name=attribute.name, value=value)


def _span(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, timedelta) or value < timedelta():
        raise InputError(f"{attribute.name} is a timedelta of at least zero, not {value!r}", name=attribute.name, value=value)


@frozen(kw_only=True)
class Faults:
    """
    What goes wrong in a simulation, and how often at most: each seed draws which of it happens, and how often, up to this.

    All but ``skew`` are probabilities from 0 to 1. At each step of a process it may ``crash`` or ``stall`` (nothing of it
    moves for minutes, as in a machine that swaps), and its clock may ``jump``. ``lost`` is that an operation of the
    store fails with nothing kept, ``unknown`` that a commit is kept and its answer lost. A handler may ``fail`` before or
    after it acted, or be so ``slow`` that another worker gets the same effect. ``twice`` is that an
    event comes a second time, later and from elsewhere. ``skew`` is how far each clock is off, either way.

    Raises:
        InputError: a probability is none, or the skew is below zero.
    """

    crash: float = field(default=0.02, validator=_rate)
    stall: float = field(default=0.01, validator=_rate)
    jump: float = field(default=0.01, validator=_rate)
    lost: float = field(default=0.02, validator=_rate)
    unknown: float = field(default=0.05, validator=_rate)
    fail: float = field(default=0.3, validator=_rate)
    slow: float = field(default=0.1, validator=_rate)
    twice: float = field(default=0.3, validator=_rate)
    skew: timedelta = field(default=timedelta(minutes=3), validator=_span)

    @classmethod
    def none(cls) -> Faults:
        """Nothing goes wrong; who goes on is still drawn."""
        nothing: dict[str, Any] = {one.name: timedelta() if one.name == "skew" else 0 for one in attrs.fields(cls)}
        return cls(**nothing)

    def drawn(self, random: Random) -> Faults:
        """What of it one seed does: each kind not at all, now and then or often, so that none of them hides another."""
        return Faults(**{one.name: getattr(self, one.name) * random.choice((0, 0.25, 1)) for one in attrs.fields(type(self))})


@define(eq=False)
class Process:
    """
    Something that runs beside others: it goes on only while it has the turn, and gives it up at its steps.

    ``ready`` is before when it cannot go on; ``asks`` that its next step needs the store; ``latest`` the
    latest instant its clock gave since it began what it does now.
    """

    name: str
    around: Scheduler
    turn: threading.Lock = field(factory=threading.Lock)
    ready: datetime = START
    asks: bool = False
    dead: bool = False
    done: bool = False
    skew: timedelta = timedelta()
    latest: datetime = START

    def now(self) -> datetime:
        """The present by its own clock."""
        given = self.around.time + self.skew
        self.latest = max(self.latest, given)
        return given

    def begins(self) -> None:
        """It begins something new: what its clock said before no longer counts."""
        self.latest = self.around.time + self.skew

    def step(self, what: str, detail: Any = "", *, store: bool = False, safe: bool = False) -> None:
        """
        A point at which others may go on, and at which it may die.

        Args:
            store: what comes next needs the store, so that it waits while another one has it for itself.
            safe: it does not die here.
        """
        self.around.step(self, what, detail, store=store, safe=safe)

    def sleep(self, span: timedelta) -> None:
        """Let others go on for a time."""
        self.ready = self.around.time + span
        self.around.hand_over(self)


class Scheduler:
    """
    Lets one process at a time go on, chosen by the seed, and moves time on where nobody can.

    Nothing in here depends on how threads are run: whoever does not have the turn waits for it.
    """

    def __init__(self, seed: int, faults: Faults) -> None:
        self.random = Random(seed)
        self.faults = faults.drawn(self.random)
        self.stay = self.random.choice((0.1, 0.5, 0.9))
        self.time = START
        self.processes: list[Process] = []
        self.owner: Process | None = None
        self.calm = False
        self.steps = 0
        self.counts: dict[str, int] = {}
        self.trace: list[tuple[datetime, str, str, Any]] = []
        self.failed: BaseException | None = None
        self._main = threading.Lock()

    def process(self, name: str) -> Process:
        """One more process, with a clock that is off by what the seed says."""
        made = Process(name, self, skew=self._skew())
        self.processes.append(made)
        return made

    def chance(self, rate: float) -> bool:
        """Whether something of this probability happens now; never once faults have stopped."""
        return not self.calm and rate > 0 and self.random.random() < rate

    def between(self, low: timedelta, high: timedelta) -> timedelta:
        """A span drawn between two, to the second."""
        return self.random.randint(low // SECOND, high // SECOND) * SECOND

    def count(self, what: str) -> None:
        """One more of something the report tells of."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def told(self, process: Process | None, what: str, detail: Any = "") -> None:
        """Put a line into the trace."""
        self.trace.append((self.time, "" if process is None else process.name, what, detail))

    def step(self, process: Process, what: str, detail: Any, *, store: bool, safe: bool) -> None:
        """As ``Process.step``."""
        if process.dead:  # what it still does while its stack is left, no process that died would do
            raise Crash
        self.steps += 1
        self.told(process, what, detail)
        random = self.random
        if not safe and not self.calm and self.processes:
            faults = self.faults
            if self.chance(faults.crash):
                self.die(process)
            if self.chance(faults.jump):
                process.skew = self._skew()
                self.count("jumps")
                self.told(process, "its clock jumps", process.skew)
            if self.owner is not process and self.chance(faults.stall):
                process.ready = self.time + self.between(SECOND, timedelta(minutes=20))
                self.count("stalls")
                self.told(process, "it stalls until", process.ready)
        if not self.calm and random.random() < 0.2:
            self.time += random.randint(1, 3_000) * timedelta(milliseconds=1)
        process.asks = store
        if not self._able(process) or random.random() >= self.stay:
            self.hand_over(process)
        process.asks = False

    def die(self, process: Process) -> None:
        """The process dies now."""
        process.dead = True
        self.count("crashes")
        self.told(process, "it dies")
        raise Crash

    def _skew(self) -> timedelta:
        most = self.faults.skew // SECOND
        return self.random.randint(-most, most) * SECOND

    def _able(self, process: Process) -> bool:
        return not process.done and process.ready <= self.time and not (process.asks and self.owner not in (None, process))

    def _next(self) -> Process | None:
        """Who goes on: one of those who can, drawn; where nobody can, the first who will."""
        able = [process for process in self.processes if self._able(process)]
        if not able:
            later = [one for one in self.processes if not one.done and (not one.asks or self.owner in (None, one))]
            if not later:
                return None
            self.time = min(one.ready for one in later)
            able = [process for process in later if process.ready <= self.time]
        return able[0] if len(able) == 1 else able[int(self.random.random() * len(able))]

    def hand_over(self, process: Process) -> None:
        """Let whoever comes next go on, and come back when it is this one's turn again."""
        if not self.processes:  # only one is left, and there is no thread to wait for
            self.time = max(self.time, process.ready)
            return
        following = self._next()
        if following is process:
            return
        (self._main if following is None else following.turn).release()
        process.turn.acquire()
        if self.failed is not None:
            raise Over

    def run(self, works: list[tuple[Process, Callable[[Process], None]]]) -> None:
        """
        Let processes run until each has done its work; one that dies begins its work anew after a while.

        Raises:
            BaseException: what a process failed with, if that was not its death.
        """
        threads = [threading.Thread(target=self._life, args=one, daemon=True) for one in works]
        self._main.acquire()
        for process, _ in works:
            process.turn.acquire()
        for thread in threads:
            thread.start()
        first = self._next()
        if first is not None:
            first.turn.release()
            self._main.acquire()
        if self.failed is not None:
            for process, _ in works:
                if not process.done:
                    process.turn.release()
        for thread in threads:
            thread.join()
        self.processes = []
        if self.failed is not None:
            raise self.failed

    def _life(self, process: Process, work: Callable[[Process], None]) -> None:
        process.turn.acquire()
        try:
            while self.failed is None:
                try:
                    work(process)
                    break
                except Crash:
                    process.dead = False
                    process.sleep(self.between(SECOND, timedelta(minutes=10)))
                    self.told(process, "it starts again")
        except Over:
            return
        except BaseException as error:  # whatever it was, the simulation ends with it
            process.done = True
            self.failed = error
            self._main.release()
            return
        process.done = True
        if self.failed is None:
            following = self._next()
            (self._main if following is None else following.turn).release()
