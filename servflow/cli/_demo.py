"""Knows how the demo's week is run on virtual time; must not know how it is shown or what anybody in it does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from attrs import define, frozen

from servflow.cli._demo_company import CATEGORIES, MONDAY, WEEK, BusyWorld, Customer, company, customers
from servflow.cli._demo_people import CHANNELS, Agenda, People
from servflow.desk import Desk
from servflow.engine import Workflow
from servflow.stores import Store

BATCH = 400
"""How many steps of the week share one transaction: durable soon enough, and one sync of the disk for all of them."""

_DAYS = (130, 105, 100, 95, 90, 14)
_HOURS = {  # when each channel is used, by hour of the local day
    "phone": (0,) * 8 + (6, 10, 10, 8, 5, 6, 7, 7, 6, 5, 4, 2) + (0,) * 4,
    "web": (1,) * 7 + (2, 4, 5, 5, 4, 4, 4, 4, 4, 4, 5, 6, 6, 7, 6, 4, 2),
    "mini_program": (1,) * 7 + (3, 5, 5, 4, 4, 5, 5, 4, 4, 4, 5, 6, 7, 8, 8, 6, 3),
    "email": (1,) * 7 + (2, 5, 7, 7, 5, 4, 5, 6, 6, 6, 5, 3, 2, 2, 2, 1, 1),
    "alarm": (1,) * 24,
}
_SHARES = (34, 22, 26, 12, 6)


@frozen(kw_only=True)
class Week:
    """How far the week has come, for whoever watches."""

    now: datetime
    start: datetime
    end: datetime
    opened: int
    events: int


@frozen(kw_only=True)
class Lived:
    """What the week came to: how many tickets and events, and how often the world had moved on before somebody acted."""

    end: datetime
    opened: int
    events: int
    refused: int


@define
class _Virtual:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


def live(workflow: Workflow, store: Store, *, seed: int, tickets: int, watch: Callable[[Week], None] | None = None) -> Lived:
    """
    Live through one working week, all of it in *store*.

    Args:
        workflow: the demo's workflow.
        store: where tickets go; should be empty.
        seed: the same seed gives the same week, to the last byte of every record.
        tickets: how many appliances fail.
        watch: called now and then with how far the week has come.
    """
    rng = Random(seed)
    clock = _Virtual(MONDAY)
    known = customers(rng, max(20, tickets * 3 // 4))
    roster = company(rng, known)
    people = People(rng, Agenda(), clock)
    people.desk = Desk(workflow, store, handlers=people.handlers, now=clock, world=BusyWorld(roster, store))
    people.employ(roster)
    _arrivals(rng, people, known, tickets)
    end = MONDAY + WEEK
    going = True
    while going:
        with people.desk.batch():
            for _ in range(BATCH):
                going = _step(people, store, clock, end)
                if not going:
                    break
        if watch is not None:
            watch(Week(now=clock.now, start=MONDAY, end=end, opened=people.opened, events=people.events))
    return Lived(end=end, opened=people.opened, events=people.events, refused=people.refused)


def _arrivals(rng: Random, people: People, known: list[Customer], tickets: int) -> None:
    """Write down when which appliance fails: Mondays are busy, nights are quiet but for alarms."""
    for _ in range(tickets):
        channel = rng.choices(CHANNELS, weights=_SHARES)[0]
        day = rng.choices(range(len(_DAYS)), weights=_DAYS)[0]
        hour = rng.choices(range(24), weights=_HOURS[channel])[0]
        at = MONDAY + timedelta(days=day, hours=hour, seconds=rng.randrange(3600))
        people.agenda.add(at, people.report_fault, rng.choice(known), rng.choice(CATEGORIES), channel)


def _step(people: People, store: Store, clock: _Virtual, end: datetime) -> bool:
    """The next thing that happens, by people or by time alone; False once the week is over."""
    desk, agenda = people.desk, people.agenda
    claims = store.claim(end, 1)
    wake = claims[0].wake if claims else None
    acts = agenda.next_at
    if wake is not None and (acts is None or wake <= acts):
        clock.now = max(clock.now, wake)
        report = desk.tick()
        people.news = True
        if report.failed:
            raise report.problems[0].error
    elif acts is not None and acts <= end:
        clock.now = acts
        what, facts = agenda.take()
        what(*facts)
    else:
        clock.now = end
        return False
    while people.news:
        handed = desk.deliver()
        if handed.failed:
            raise handed.problems[0].error
        people.news = handed.worked
    return True
