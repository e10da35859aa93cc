"""Knows what clients, workers and an administrator do with a desk in a simulation; must not know what must hold afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import define, field, frozen

from servflow.desk import Desk, Retry
from servflow.desk._steps import TRIES
from servflow.errors import Conflict, NotFound, ReservationRefused, ServflowError, StoreError
from servflow.model import Effect, Outcome
from servflow.stores import Store
from servflow.testing._simulation_ledger import CAPACITY, Ledger
from servflow.testing._simulation_scheduler import SECOND, START, Process, Scheduler
from servflow.testing._simulation_script import Firing, Opening, Planned
from servflow.testing._simulation_store import FaultyStore
from servflow.testing._simulation_witness import witness

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (1, 30, 600, 1_800, 3_000))
"""How long a worker rests between two rounds: others come in between at once, or the whole shop sleeps for most of an hour."""
PATIENCE = timedelta(minutes=5)
RETRY = Retry(tries=4, first=timedelta(seconds=20), most=timedelta(minutes=30))
MOST_TRIES = 6
"""How often a client asks again before it gives up; what it never got an answer to, nobody promised."""


class HandlerFailed(Exception):
    """What a simulated handler raises where the seed has it fail."""


@frozen
class Plant:
    """What all processes of one simulation share; ``flows`` gives the workflows of a desk over its store."""

    scheduler: Scheduler
    ledger: Ledger
    inner: Store
    flows: Callable[[Store], Sequence[Any]]
    handlers: Mapping[str, Callable[[Any], Any]]
    world: Any
    ends: datetime
    poisoned: dict[str, bool] = field(factory=dict)

    @property
    def pace(self) -> int:
        """How many times as long as in the shop everybody rests, where the script takes longer than its day."""
        return max(1, (self.ends - START) // timedelta(hours=8))

    def desk(self, process: Process) -> Desk:
        """A desk as one process builds it when it starts; everything it does is a step of this process."""
        store = FaultyStore(self.inner, process, self.ledger)
        handlers = {kind: self._watched(process, handler) for kind, handler in self.handlers.items()}
        return Desk(
            [witness(flow, self.ledger) for flow in self.flows(store)],
            store,
            handlers=handlers,
            now=process.now,
            world=self.world,
            retry=RETRY,
            patience=PATIENCE,
        )

    def _watched(self, process: Process, handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """A handler that may fail before or after it acted, be slow, or die in the middle."""
        scheduler = self.scheduler

        def handle(effect: Effect) -> Any:
            faults = scheduler.faults
            process.step("handler", effect.id)
            poisoned = self.poisoned.setdefault(effect.id, scheduler.chance(faults.fail * 0.2))
            if not scheduler.calm and (poisoned or scheduler.chance(faults.fail / 2)):
                scheduler.count("handler failures")
                raise HandlerFailed(f"the handler of {effect.id} was not reached")
            if scheduler.chance(faults.slow):
                scheduler.count("slow handlers")
                process.sleep(scheduler.between(SECOND, 3 * PATIENCE))
            value = handler(effect)
            self.ledger.carried_out(effect, value)
            process.step("acted", effect.id)
            if scheduler.chance(faults.fail / 2):
                scheduler.count("handler failures")
                raise HandlerFailed(f"the handler of {effect.id} acted and then failed")
            return value

        return handle


@define(eq=False)
class Client:
    """
    Somebody outside with a list of what to do; it asks again, with the same key, until it knows what became of it.

    The list and the place in it outlast its process, as an outbox would.
    """

    plant: Plant
    acts: list[Planned]
    place: int = 0
    tries: int = 0

    def __call__(self, process: Process) -> None:
        """Do what is left to be done."""
        scheduler, desk = self.plant.scheduler, _started(self.plant, process)
        while self.place < len(self.acts):
            planned = self.acts[self.place]
            if planned.due > scheduler.time:
                process.sleep(planned.due - scheduler.time)
            process.begins()
            self.tries += 1
            scheduler.told(process, "asks", planned.key)
            if self._settled(desk, process, planned) or self.tries >= MOST_TRIES:
                self.place, self.tries = self.place + 1, 0
            else:
                process.sleep(scheduler.between(SECOND, timedelta(minutes=5)))

    def _settled(self, desk: Desk, process: Process, planned: Planned) -> bool:
        act, ledger = planned.act, self.plant.ledger
        named = (act.event, act.payload) if isinstance(act, Firing) else (None, None)
        ledger.sends(act.ticket, planned.key, *named)
        before = ledger.changes.copy()
        try:
            if planned.mail and isinstance(act, Firing):
                desk.store.post(act.ticket, act.event, act.payload, key=planned.key, at=process.now(), actor=act.actor)
                ledger.promised.add((act.ticket, planned.key))
            else:
                ledger.acknowledged(act.ticket, planned.key, self._done(desk, act, planned.key))
        except ReservationRefused as error:  # what it asks for is somebody else's; it goes without
            counted = not (self.plant.world and self.plant.world.loads)
            if counted and error.facts["key"].startswith(CAPACITY) and ledger.changes.total() - before.total() < TRIES:
                ledger.broken("raised", f"{error}, though the world did not change so often meanwhile")
        except Conflict as error:
            if error.code != "exists" and ledger.changes[act.ticket] - before[act.ticket] < TRIES:
                ledger.broken("raised", f"{error}, though it did not change so often meanwhile")
            return error.code == "exists"
        except (NotFound, StoreError):
            return False
        except ServflowError:
            if not planned.doubled:  # the other time it may have been allowed
                ledger.refused.add((act.ticket, planned.key))
        return True

    def _done(self, desk: Desk, act: Opening | Firing, key: str) -> Outcome:
        if isinstance(act, Opening):
            return desk.open(act.ticket, act.fields, workflow=act.workflow, actor=act.actor, key=key)
        return desk.fire(act.ticket, act.event, act.payload, actor=act.actor, key=key)


def _started(plant: Plant, process: Process) -> Desk:
    """A desk, once the store lets it be built."""
    while True:
        try:
            return plant.desk(process)
        except StoreError:
            process.sleep(SECOND)


@define(eq=False)
class Worker:
    """Ticks and delivers now and then, until the day is over and every client has gone."""

    plant: Plant
    clients: Sequence[Process]
    looked: Callable[[], None] = lambda: None

    def __call__(self, process: Process) -> None:
        """Work until there is nobody left to work for."""
        scheduler, desk = self.plant.scheduler, _started(self.plant, process)
        while scheduler.time < self.plant.ends or not all(client.done for client in self.clients):
            limit = scheduler.random.choice((1, 5, 100))
            self.round(desk, process, limit)
            if scheduler.owner is None:
                self.looked()
            process.sleep(scheduler.random.choice(PAUSES) * self.plant.pace)

    def round(self, desk: Desk, process: Process, limit: int) -> bool:
        """One tick and one delivery; whether anything came of it."""
        worked = False
        for work in (desk.tick, desk.deliver):
            process.begins()
            try:
                report = work(limit)
            except StoreError as error:
                self.plant.scheduler.told(process, "its round ended", error.code)
                continue
            worked = worked or report.worked
            for problem in report.problems:
                self.plant.scheduler.told(process, "problem", (problem.where, problem.what, type(problem.error).__name__))
                if work == desk.tick and not isinstance(problem.error, ServflowError):  # a handler may raise what it likes
                    self.plant.ledger.broken("raised", f"{problem.where}, {problem.what}: {problem.error!r}")
        return worked


@define(eq=False)
class Administrator:
    """Looks now and then at what was set aside, and has some of it tried again."""

    plant: Plant
    clients: Sequence[Process]

    def __call__(self, process: Process) -> None:
        """Look after things until there is nobody left to work for."""
        scheduler, desk = self.plant.scheduler, _started(self.plant, process)
        while scheduler.time < self.plant.ends or not all(client.done for client in self.clients):
            process.sleep(scheduler.between(timedelta(minutes=20), timedelta(hours=2)) * self.plant.pace)
            process.begins()
            try:
                for trouble in desk.troubles(aside=True):
                    if scheduler.random.random() < 0.5:
                        desk.revive(trouble.sort, [trouble.id])
            except StoreError:
                continue
