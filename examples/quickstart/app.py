"""Knows the smallest host there is: a desk on a SQLite file, and a week moved by hand; must not read the real time."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import servflow
from servflow.model import Assign, Notify
from servflow.stores import SqliteStore

HERE = Path(__file__).parent


class Host:
    """What an application brings: the time, the people, and what is done with effects."""

    def __init__(self, database: str) -> None:
        self.now = datetime(2026, 3, 6, 9, tzinfo=UTC)  # a Friday, 10:00 in Berlin
        self.desk = servflow.Desk(
            [servflow.load(HERE / "repair.yaml")],
            SqliteStore(database),
            handlers={"notify": self.notify, "assign": self.assign},
            now=lambda: self.now,
            world=servflow.World(
                engineers=[servflow.Engineer(id="ann", capacity=1), servflow.Engineer(id="bo", capacity=1)],
                people=[servflow.Person(id="lea", roles=["lead"])],
            ),
        )

    def say(self, text: str) -> None:
        """Print with the time of this week."""
        print(f"{self.now:%a %H:%M}  {text}")

    def notify(self, effect: Notify) -> None:
        """Where mail would go out."""
        self.say(f"mail to {effect.to}: {effect.template}")

    def assign(self, effect: Assign) -> None:
        """Where somebody's work list would change."""
        if effect.to:
            self.say(f"{effect.ticket} goes to {effect.to}")

    def pass_time(self, **span: float) -> None:
        """Some time later: do what is due."""
        self.now += timedelta(**span)
        while self.desk.tick().worked or self.desk.deliver().worked:
            pass


def main(database: str) -> None:
    """Two repairs: one in time, one that is forgotten over the weekend."""
    host = Host(database)
    for name in ("R-1", "R-2"):
        host.desk.open(name, {"tier": "gold", "customer": f"customer of {name}"}, key=name)
    host.pass_time(minutes=1)

    engineer = host.desk.get("R-1").assignee
    host.pass_time(hours=2)
    host.desk.fire("R-1", "finish", {"amount": "80.00"}, actor=engineer)
    host.pass_time()
    host.pass_time(days=3)

    for name in ("R-1", "R-2"):
        ticket = host.desk.get(name)
        clock = host.desk.explain(name).clocks[0]
        host.say(f"{name} is {ticket.state}; {clock.name}: {clock.counted} counted, due {clock.due}, over: {clock.over}")
    host.desk.store.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ":memory:")
