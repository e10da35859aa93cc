"""Knows how the people of the demo behave: who answers, drives, repairs, forgets; must not know how tickets are decided."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from attrs import define, field

from servflow.calendars import Calendar
from servflow.cli._demo_company import SERVICE, SHIFTS, Customer
from servflow.desk import Desk
from servflow.errors import Refused, ReservationRefused
from servflow.model import Assign, Notify, Offer, Ticket, World

CHANNELS = ("phone", "web", "mini_program", "email", "alarm")
PARTS = ("compressor", "drain_pump", "door_seal", "control_board")
RANK = {"gold": 0, "silver": 1, "standard": 2}


@define
class Agenda:
    """What is going to happen, in order of time; at one instant in the order it was written down."""

    entries: list[tuple[datetime, int, Callable[..., None], tuple[Any, ...]]] = field(factory=list)
    written: int = 0

    def add(self, at: datetime, what: Callable[..., None], *facts: Any) -> None:
        """Have something happen at an instant."""
        self.written += 1
        heapq.heappush(self.entries, (at, self.written, what, facts))

    @property
    def next_at(self) -> datetime | None:
        """The instant of the first entry."""
        return self.entries[0][0] if self.entries else None

    def take(self) -> tuple[Callable[..., None], tuple[Any, ...]]:
        """The first entry, which is then done."""
        _, _, what, facts = heapq.heappop(self.entries)
        return what, facts


@define
class Van:
    """One engineer: the jobs waiting, and whether one is under way."""

    shift: Calendar
    jobs: list[str] = field(factory=list)
    busy: bool = False


@define(slots=False)
class People:
    """
    Everybody outside the tickets: they hear of effects, and act through the desk some time later.

    Chance decides what they do and when, always drawn from one seeded source in the order of virtual time.
    ``news`` says that there is something to deliver.
    """

    rng: Random
    agenda: Agenda
    now: Callable[[], datetime]
    desk: Desk = field(init=False)
    vans: dict[str, Van] = field(factory=dict)
    skilled: dict[str, Mapping[str, int]] = field(factory=dict)
    opened: int = 0
    events: int = 0
    refused: int = 0
    news: bool = False
    _numbers: int = 0

    def employ(self, world: World) -> None:
        """Give every engineer of the world a van."""
        self.vans = {one.id: Van(SHIFTS[str(one.shift)]) for one in world.engineers}
        self.skilled = {one.id: one.skills for one in world.engineers}

    @property
    def handlers(self) -> dict[str, Callable[[Any], None]]:
        """What a desk is given to hand effects to."""
        return {"offer": self.hear_offer, "assign": self.hear_assign, "notify": self.hear_notice, "*": self.hear_nothing}

    # doing things -----------------------------------------------------------------------------------------------

    def later(self, what: Callable[..., None], *facts: Any, minutes: float, hours: Calendar | None = None) -> None:
        """Write something down for later, counted in somebody's working hours where given."""
        wait = timedelta(seconds=max(1, round(minutes * 60)))
        self.agenda.add(self.now() + wait if hours is None else hours.after(self.now(), wait), what, *facts)

    def fire(self, ticket: str, event: str, payload: Mapping[str, Any] | None = None, *, actor: Any) -> bool:
        """Do something to a ticket; what it does not allow any more is shrugged off."""
        try:
            outcome = self.desk.fire(ticket, event, payload, actor=actor)
        except (Refused, ReservationRefused):  # too late, or no room left for one more
            self.refused += 1
            return False
        self.events += 1
        self.news = self.news or bool(outcome.effects)
        return True

    def customer(self, ticket: str) -> dict[str, Any]:
        """The customer of a ticket, as an actor."""
        return {"id": str(self.desk.get(ticket).customer), "roles": ["customer"]}

    # the customers' side ----------------------------------------------------------------------------------------

    def report_fault(self, customer: Customer, category: str, channel: str) -> None:
        """An appliance fails, and a ticket is opened."""
        rng = self.rng
        self._numbers += 1
        ticket = f"D{self._numbers:05}"
        fields = {
            "category": category,
            "tier": customer.tier,
            "region": customer.region,
            "warranty": rng.choices(("in_warranty", "extended", "out"), weights=(4, 2, 4))[0],
            "safety": channel == "alarm" and rng.random() < 0.3,
            "customer": customer.id,
            "channel": channel,
            "asset": f"{category}-{rng.randint(1000, 9999)}",
        }
        # A mail lies in the box for a while before it is read; its promises count from when it came.
        sent = self.now() - timedelta(minutes=rng.randint(2, 25)) if channel == "email" else None
        opened = self.desk.open(ticket, fields, actor="clerk-1", occurred=sent)
        self.news = self.news or bool(opened.effects)
        self.opened += 1
        self.events += 1
        usual = {"phone": 2.0, "alarm": 6.0}.get(channel, 12.0)
        self.later(self.say_hello, ticket, minutes=usual * rng.lognormvariate(0, 0.7), hours=SERVICE)
        if rng.random() < 0.025:
            self.later(self.cancel, ticket, minutes=rng.uniform(20, 300))

    def say_hello(self, ticket: str) -> None:
        """The front desk answers for the first time."""
        self.fire(ticket, "ticket.message", {"side": "agent", "text": "We are on it."}, actor="clerk-2")

    def cancel(self, ticket: str) -> None:
        """The appliance works again, or patience has run out."""
        self.fire(ticket, "ticket.cancel", {"reason": "not needed any more"}, actor="clerk-1")

    def rate(self, ticket: str, late: bool) -> None:
        """The customer rates; one who is unhappy may come back."""
        weights = (22, 24, 24, 20, 10) if late else (2, 3, 10, 35, 50)
        score = self.rng.choices((1, 2, 3, 4, 5), weights=weights)[0]
        rated = self.fire(ticket, "rating.add", {"scale": "csat", "score": score}, actor=self.customer(ticket))
        if rated and score <= 2 and self.rng.random() < 0.5:
            self.later(self.reopen, ticket, minutes=self.rng.uniform(60, 1200), hours=SERVICE)

    def reopen(self, ticket: str) -> None:
        """It is broken again."""
        if self.fire(ticket, "ticket.reopen", {"reason": "the fault is back"}, actor="clerk-1"):
            self.later(self.say_hello, ticket, minutes=self.rng.uniform(1, 20), hours=SERVICE)

    # what the engineers hear ------------------------------------------------------------------------------------

    def hear_offer(self, offer: Offer) -> None:
        """An engineer looks at the offer: most say yes, some no, a few say nothing."""
        mood = self.rng.random()
        if offer.pool:
            self.later(self.look_at_pool, offer.ticket, offer.to, minutes=self.rng.uniform(1, 30))
        elif mood < 0.86:
            self.later(self.answer, offer.ticket, offer.to, "offer.accept", minutes=self.rng.expovariate(1 / 3))
        elif mood < 0.94:
            self.later(self.answer, offer.ticket, offer.to, "offer.reject", minutes=self.rng.uniform(1, 6))

    def answer(self, ticket: str, engineer: str, event: str) -> None:
        """The answer arrives, if the offer still stands."""
        if any(offer.to == engineer for offer in self.desk.get(ticket).offers):
            self.fire(ticket, event, {"reason": "too far"} if event == "offer.reject" else None, actor=engineer)

    def look_at_pool(self, ticket: str, engineer: str) -> None:
        """The list of tickets anybody may take is looked at now and then; who has little to do takes one."""
        if all(offer.to != engineer for offer in self.desk.get(ticket).offers):
            return
        van = self.vans[engineer]
        if len(van.jobs) < 5 and self.rng.random() < 0.6:
            self.answer(ticket, engineer, "offer.accept")
        self.later(self.look_at_pool, ticket, engineer, minutes=self.rng.uniform(30, 90), hours=van.shift)

    def hear_assign(self, effect: Assign) -> None:
        """A job comes or goes."""
        if effect.slot != "assignee":
            return
        if effect.previous is not None and effect.ticket in self.vans[effect.previous].jobs:
            self.vans[effect.previous].jobs.remove(effect.ticket)
        if effect.to is not None:
            self.take_on(effect.to, effect.ticket)

    def take_on(self, engineer: str, ticket: str) -> None:
        """A job is put into the van's list."""
        van = self.vans[engineer]
        if ticket not in van.jobs:
            van.jobs.append(ticket)
        if not van.busy:
            self.next_job(engineer)

    def next_job(self, engineer: str) -> None:
        """The most urgent job is begun: the drive there, in working hours."""
        van = self.vans[engineer]
        open_jobs = [(ticket, self.desk.get(ticket)) for ticket in van.jobs]
        mine = [(ticket, held) for ticket, held in open_jobs if held.state == "scheduled" and held.assignee == engineer]
        van.jobs = [ticket for ticket, _ in mine]
        van.busy = bool(mine)
        if mine:
            ticket, _ = min(mine, key=lambda pair: (pair[1].priority, RANK[pair[1].fields["tier"]], pair[1].opened_at, pair[0]))
            van.jobs.remove(ticket)
            self.later(self.arrive, engineer, ticket, minutes=self.rng.uniform(8, 22), hours=van.shift)

    def arrive(self, engineer: str, ticket: str) -> None:
        """At the door."""
        if not self.fire(ticket, "arrive", actor=engineer):
            self.next_job(engineer)
            return
        held = self.desk.get(ticket)
        work = self.rng.lognormvariate(0, 0.45) * (34 if held.fields["category"] in ("ac", "heater") else 26)
        if "diagnose" in held.checklist.get("on_site", {}):
            self.later(self.finish, engineer, ticket, minutes=work, hours=self.vans[engineer].shift)
        else:
            self.later(self.diagnose, engineer, ticket, work, minutes=work * 0.3, hours=self.vans[engineer].shift)

    def diagnose(self, engineer: str, ticket: str, work: float) -> None:
        """What is broken? One time in seven a part is missing."""
        self.fire(ticket, "step.check", {"step": "check_in"}, actor=engineer)
        self.fire(ticket, "step.check", {"step": "diagnose"}, actor=engineer)
        if self.rng.random() < 0.14:
            self.fire(ticket, "wait_for_parts", {"part": self.rng.choice(PARTS)}, actor=engineer)
            self.later(self.bring_parts, engineer, ticket, minutes=self.rng.uniform(240, 1100), hours=SERVICE)
            self.next_job(engineer)
        else:
            self.later(self.finish, engineer, ticket, minutes=work * 0.7, hours=self.vans[engineer].shift)

    def bring_parts(self, engineer: str, ticket: str) -> None:
        """The part is there, and so is the job again."""
        if self.fire(ticket, "parts_arrived", actor="dispatcher-1"):
            self.take_on(engineer, ticket)

    def finish(self, engineer: str, ticket: str) -> None:
        """Done: the last photo, the finance desk, the next job."""
        self.fire(ticket, "step.check", {"step": "photo_after", "evidence": f"{ticket}.jpg"}, actor=engineer)
        if self.fire(ticket, "finish", actor=engineer):
            self.later(self.settle, ticket, minutes=self.rng.lognormvariate(3.4, 0.8), hours=SERVICE)
        self.next_job(engineer)

    def settle(self, ticket: str) -> None:
        """The fee is booked."""
        self.fire(ticket, "settle", actor="finance-1")

    # what everybody else hears ----------------------------------------------------------------------------------

    def hear_notice(self, notice: Notify) -> None:
        """A customer is asked for a rating; somebody in charge hears of a late case, and may stay silent."""
        if notice.template == "rate_us":
            if self.rng.random() < 0.6:
                late = bool(self._broken(self.desk.get(notice.ticket)))
                self.later(self.rate, notice.ticket, late, minutes=self.rng.expovariate(1 / 200))
        elif notice.template in ("late_repair", "nobody_found"):
            role = notice.to.rpartition("-")[2] if notice.to.endswith("lead") else notice.to.partition("-")[0]
            awake = {"lead": 0.4, "supervisor": 0.5, "director": 0.9, "dispatcher": 0.6}.get(role, 0.0)
            if self.rng.random() < awake:
                self.later(self.acknowledge, notice.ticket, notice.to, minutes=self.rng.uniform(5, 50), hours=SERVICE)

    def _broken(self, ticket: Ticket) -> list[str]:
        return [name for name, run in ticket.clocks.items() if run.breached_at is not None]

    def acknowledge(self, ticket: str, who: str) -> None:
        """Somebody takes notice; where nobody was found, they hand the ticket to whoever has least to do."""
        held = self.desk.get(ticket)
        if not any(run.phase == "running" for run in held.chains):
            return
        self.fire(ticket, "chain.acknowledge", actor=who)
        if held.state == "placing":
            able = sorted(name for name, skills in self.skilled.items() if held.fields["category"] in skills)
            near = [name for name in able if name.startswith(f"{held.outlet}-")] or able
            to = min(near, key=lambda name: (len(self.vans[name].jobs), name))
            self.fire(ticket, "ticket.assign", {"to": to}, actor="dispatcher-1")

    def hear_nothing(self, _: Any) -> None:
        """Withdrawn offers and the like: nobody in the demo acts on them."""
