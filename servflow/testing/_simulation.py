"""Knows how one seed is played from its first step to rest; must not know how many are, or how it is told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from attrs import define, field, frozen

from servflow.desk import Desk
from servflow.errors import InputError, shown
from servflow.model import FrozenMap, Record, Ticket, World
from servflow.stores import MemoryStore, Store
from servflow.testing import _simulation_flows as shop
from servflow.testing._simulation_checks import Rest, listed
from servflow.testing._simulation_ledger import Ledger, Violation
from servflow.testing._simulation_processes import PATIENCE, Administrator, Client, Plant, Worker
from servflow.testing._simulation_scheduler import START, Faults, Process, Scheduler
from servflow.testing._simulation_script import Act, dealt

CALM = timedelta(days=3)
"""How long everybody has to come to rest once nothing goes wrong any more."""
MOST_ROUNDS = 1_000
MOST_REVIVED = 10
"""How often what was set aside is tried again at rest; a handler that fails even then always does."""

Flows = Callable[[Store], Sequence[Any]]
Script = Callable[[Random], Iterable[Act]]


@frozen(kw_only=True)
class SimulationReport:
    """
    What one simulation came to; true where every promise was kept.

    ``violations`` are the promises that were broken. ``counts`` tells how much happened: steps, tickets, records, effects,
    deliveries, and each kind of fault. ``tickets`` and ``histories`` are what is in the store at the end, and ``trace``
    is every step in order, a line each: the same seed, script and faults give the same trace in every process.
    """

    seed: int
    violations: tuple[Violation, ...]
    counts: Mapping[str, int]
    tickets: tuple[Ticket, ...]
    histories: Mapping[str, tuple[Record, ...]]
    steps: tuple[tuple[Any, ...], ...] = field(repr=False)

    def __bool__(self) -> bool:
        return not self.violations

    @property
    def trace(self) -> tuple[str, ...]:
        """Every step: when, by whom, what."""
        return tuple(_line(number, *step) for number, step in enumerate(self.steps))

    @property
    def digest(self) -> str:
        """A hash of the trace: two simulations with the same one went the same way."""
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()

    @property
    def command(self) -> str:
        """What plays this seed again, of the library's own shop and with all faults; a host gives its own ``--host``."""
        return f"python -m servflow.testing simulate --seed {self.seed}"

    def __str__(self) -> str:
        if self:
            return f"seed {self.seed}: every promise was kept in {self.counts['steps']} steps"
        told = (f"  {one.rule}: {one.told} (seen at step {one.step})" for one in self.violations)
        return "\n".join((f"seed {self.seed}: {len(self.violations)} promises were broken", *told))


def _line(number: int, time: Any, process: str, what: str, detail: Any) -> str:
    return f"{number:5} {time:%d %H:%M:%S.%f} {process:9} {what} {_said(detail)}".rstrip()


def _said(detail: Any) -> str:
    if isinstance(detail, tuple):
        return " ".join(_said(one) for one in detail)
    return str(detail)


def simulate(
    seed: int,
    *,
    workflow: Any = None,
    events: Script | None = None,
    handlers: Mapping[str, Callable[[Any], Any]] | None = None,
    world: World | Mapping[str, Any] | None = None,
    store: Callable[[], Store] = MemoryStore,
    faults: Faults | None = None,
) -> SimulationReport:
    """
    Play one seed: clients, workers and an administrator at one store, while everything goes wrong that may.

    The desks are real ones; who goes on, what time it is and what fails is drawn from the seed. After the script
    and what it leads to, faults stop, all is brought to rest, and every promise is checked against what was seen on the way.

    Args:
        seed: what everything is drawn from; the same one goes the same way.
        workflow: one workflow, or several; a small shop of the library's own where left out.
        events: gives the script, drawn from the random source it gets: ``Opening`` and ``Firing`` values, for any
            number of tickets. Needed where there is a workflow.
        handlers: effect kind -> function of the effect, as for ``Desk``; what it does must follow from the effect, or the
            seed cannot be played again. Kinds without one are carried out by doing nothing.
        world: what lies outside the tickets.
        store: makes the empty store that all share; it is closed at the end. It must let other threads in
            when its batch has ended.
        faults: what goes wrong at most.

    Raises:
        InputError: the seed is no whole number, or there is a workflow without a script.
    """
    given_seed: object = seed
    if not isinstance(given_seed, int) or isinstance(given_seed, bool):
        raise InputError(f"a seed is a whole number, not {shown(seed)}", value=seed)
    if (workflow is None) != (events is None):
        raise InputError("give a workflow together with events, the script of what happens to its tickets; or neither")
    flows: Flows = shop.flows
    script: Script = shop.events
    given = dict(handlers or {})
    if workflow is None or events is None:
        given, world = {"call:price": shop.price, **given}, shop.world(Random(seed))
    else:
        flows, script = _always(workflow), events
    simulation = _Simulation(seed, Scheduler(seed, Faults() if faults is None else faults), store())
    try:
        return simulation.run(flows, script, {"*": lambda _: None, **given}, World.of(world))
    finally:
        simulation.store.close()


def _always(workflow: Any) -> Flows:
    given = tuple(workflow) if isinstance(workflow, (list, tuple)) else (workflow,)
    return lambda _: given


@define
class _Simulation:
    """One seed while it is played."""

    seed: int
    scheduler: Scheduler
    store: Store

    def run(
        self,
        flows: Flows,
        script: Script,
        handlers: Mapping[str, Callable[[Any], Any]],
        world: World | None,
    ) -> SimulationReport:
        scheduler = self.scheduler
        ledger = Ledger(lambda: len(scheduler.trace))
        random = scheduler.random
        hands = dealt(script(random), random, random.choice((2, 3)), scheduler.faults.twice)
        last = max((one.due for hand in hands for one in hand), default=START)
        ends = last + timedelta(minutes=random.choice((0, 60, 240)))
        plant = Plant(scheduler, ledger, self.store, flows, handlers, world, ends)
        try:
            self._day(plant, hands)
            listed(self.store, ledger)
            self._rest(plant)
        except Exception as error:  # a simulation tells of everything that goes wrong, with the seed that leads there
            ledger.broken("raised", f"{type(error).__name__}: {error}")
        self._looked(plant).look()
        return self._report(ledger)

    def _day(self, plant: Plant, hands: list[list[Any]]) -> None:
        scheduler = self.scheduler
        works: list[tuple[Process, Callable[[Process], None]]] = [
            (scheduler.process(f"client {number}"), Client(plant, acts)) for number, acts in enumerate(hands, 1)
        ]
        clients = [process for process, _ in works]

        def look() -> None:
            self._looked(plant).asleep(rest=False)

        workers = range(1, scheduler.random.randint(1, 3) + 1)
        works.extend((scheduler.process(f"worker {number}"), Worker(plant, clients, look)) for number in workers)
        works.append((scheduler.process("admin"), Administrator(plant, clients)))
        scheduler.run(works)

    def _rest(self, plant: Plant) -> None:
        """Nothing goes wrong any more: all that was set aside is tried again, and everything is done that is to be done."""
        scheduler = self.scheduler
        scheduler.calm = True
        scheduler.time += 2 * scheduler.faults.skew
        scheduler.told(None, "faults stop")
        process = Process("at rest", scheduler)
        desk, worker = plant.desk(process), Worker(plant, ())
        self._revive(desk, aside=None)
        until, revived = scheduler.time + CALM, 0
        for _ in range(MOST_ROUNDS):
            if worker.round(desk, process, 100):
                continue
            # What nobody ever reported, because whoever took it died each time, is set aside only now.
            if revived < MOST_REVIVED and self._revive(desk, aside=True):
                revived += 1
                continue
            self._looked(plant).asleep()
            if not self._moves_on(until):
                return
        plant.ledger.broken("asleep", f"there was still something to do after {MOST_ROUNDS} rounds in which nothing went wrong")

    def _looked(self, plant: Plant) -> Rest:
        workflows = {flow.hash: flow for flow in plant.flows(self.store)}
        # As the scheduler knows it: what is asked of the store between two steps is nobody's operation.
        return Rest(self.store, plant.ledger, workflows, plant.world, self.scheduler.time)

    def _revive(self, desk: Desk, *, aside: bool | None) -> bool:
        troubles = desk.troubles(aside=aside, limit=100_000)
        for trouble in troubles:
            desk.revive(trouble.sort, [trouble.id])
        return bool(troubles)

    def _moves_on(self, until: datetime) -> bool:
        """Go to the next instant at which something is to be done; whether there is any."""
        scheduler, store = self.scheduler, self.store
        if store.effects(1):
            scheduler.time += PATIENCE
            return scheduler.time <= until + CALM
        wakes = [ticket.wake for ticket in store.find(limit=100_000) if ticket.wake is not None]
        wakes += [trouble.again for trouble in store.troubles(limit=100_000) if trouble.again is not None]
        if not wakes or min(wakes) > until:
            return False
        scheduler.time = max(scheduler.time + timedelta(microseconds=1), min(wakes))
        return True

    def _report(self, ledger: Ledger) -> SimulationReport:
        tickets = self.store.find(limit=100_000)
        counts = {
            "steps": self.scheduler.steps,
            "tickets": len(tickets),
            "records": sum(map(len, ledger.records.values())),
            "effects": len(ledger.emitted),
            "deliveries": ledger.deliveries,
            **dict(sorted(self.scheduler.counts.items())),
        }
        return SimulationReport(
            seed=self.seed,
            violations=tuple(ledger.violations),
            counts=FrozenMap(counts),
            tickets=tickets,
            histories=FrozenMap({ticket.id: tuple(ledger.records.get(ticket.id, ())) for ticket in tickets}),
            steps=tuple(self.scheduler.trace),
        )
