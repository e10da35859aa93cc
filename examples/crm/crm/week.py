"""Knows a made-up week at the repair desk, which ends now; must not know any page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import servflow
from crm.service import ZONE, Service

CUSTOMERS = (
    ("Mia Schulz", "030 555 0101"),
    ("Ben Adler", "030 555 0102"),
    ("王芳", "030 555 0103"),
    ("Zoë O'Neil", "030 555 0104"),
    ("Ali Demir", "030 555 0105"),
    ("Ida Berg", "030 555 0106"),
    ("Noah Klein", "030 555 0107"),
    ("Lina Haas", "030 555 0108"),
)
FAULTS = {
    "washer": ("leaks at the door", "does not spin", "stops in the middle", "smells of burning"),
    "fridge": ("does not cool", "is loud at night", "ice on the back wall", "light stays on"),
    "ac": ("blows warm air", "drips on the floor", "remote control does nothing", "trips the fuse"),
}
NAMES = {"washer": "Washing machine", "fridge": "Fridge", "ac": "Air conditioner"}
STEP = timedelta(minutes=30)
FORGOTTEN = {2: "working", 5: "assigned", 8: "new"}
"""Where some of nine tickets lie and nobody looks at them again: what promises are for."""


class _Week:
    def __init__(self, database: str, start: datetime, end: datetime, seed: int) -> None:
        self.at, self.end, self.rng = start, end, Random(seed)
        self.service = Service(database, now=lambda: self.at)
        self.tickets: list[str] = []

    def run(self, count: int) -> None:
        """Half an hour after the other: something comes in, somebody does something, time does the rest."""
        steps = max(1, int((self.end - self.at) / STEP))
        left = count
        for number in range(steps):
            local = self.at.astimezone(ZoneInfo(ZONE))
            if local.weekday() < 5 and 8 <= local.hour < 18:
                self.service.work()
                for id_ in self.tickets[-3:]:
                    self.touch(id_)
                # As many as it takes for all to have come by the end, however the week lies between its weekends.
                while left and self.rng.random() < 2.5 * left / max(1, steps - number):
                    self.open()
                    left -= 1
                for id_ in self.rng.sample(self.tickets, min(len(self.tickets), 6)):
                    self.touch(id_)
            self.at += STEP
        self.at = self.end
        self.service.work()

    def open(self) -> None:
        """A customer calls."""
        rng = self.rng
        name, phone = rng.choice(CUSTOMERS)
        category = rng.choice(list(FAULTS))
        fields = {
            "subject": f"{NAMES[category]} {rng.choice(FAULTS[category])}",
            "category": category,
            "serial": f"S-{rng.randint(100, 999)}",
            "tier": rng.choices(("gold", "standard"), (1, 3))[0],
        }
        form = f"week-{len(self.tickets)}"
        self.tickets.append(self.service.open(form, {"name": name, "phone": phone}, fields, self.service.actors["kit"]))

    def touch(self, id_: str) -> None:
        """Somebody looks at a ticket, and does what comes next, or nothing."""
        rng, desk, actors = self.rng, self.service.desk, self.service.actors
        ticket = desk.get(id_)
        if ticket.state == FORGOTTEN.get(int(id_[2:]) % 9):
            return
        who = actors["kit"] if ticket.state in ("new", "solved") else actors.get(ticket.assignee or "kit", actors["kit"])
        options = {one.event: one for one in desk.available(id_, actor=who) if one.status != "refused"}
        if ticket.clocks["answer"].phase == "running" and rng.random() < 0.6:
            self.fire(id_, "ticket.message", who, {"side": "agent", "text": "Thank you, we look into it."})
        if "step.check" in options:
            for step in desk.explain(id_).checklists:
                if not step["done"]:
                    evidence = {"evidence": {"found": "worn out"}} if step["evidence"] else {}
                    self.fire(id_, "step.check", who, {"step": step["step"], **evidence})
        turns = {
            "accept": (0.2, {}),
            "start": (0.3, {}),
            "order_part": (0.12, {"part": "pump", "days": 2}),
            "part_came": (0.2, {}),
            "solve": (0.25, {"solution": "cleaned and tested", "amount": str(rng.randint(40, 300))}),
            "close": (0.05, {}),
        }
        for event, (chance, payload) in turns.items():
            if rng.random() < chance and self.fire(id_, event, who, payload):
                break
        if any(run.phase == "running" for run in ticket.chains) and rng.random() < 0.1:
            self.fire(id_, "chain.acknowledge", actors["lea"], {})

    def fire(self, id_: str, event: str, who: servflow.Actor, payload: dict[str, object]) -> bool:
        """What the ticket does not allow is left alone."""
        try:
            self.service.desk.fire(id_, event, payload or None, actor=who)
        except servflow.Refused:
            return False
        return True


def live(database: str, end: datetime | None = None, *, count: int = 40, seed: int = 7) -> None:
    """
    A week of tickets into a new database.

    Args:
        database: as for ``Service``.
        end: when the week is over; now where left out.
        count: about how many tickets.
        seed: another one is another week.
    """
    stop = (datetime.now(UTC) if end is None else end).replace(second=0, microsecond=0)
    week = _Week(database, stop - timedelta(days=7), stop, seed)
    try:
        week.run(count)
    finally:
        week.service.close()
