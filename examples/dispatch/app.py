"""A day of dispatch: who got each ticket and why, why somebody else did not, and what would have let somebody in."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import servflow
from servflow.desk import Desk
from servflow.documents import load_world
from servflow.stores import MemoryStore

HERE = Path(__file__).parent
ZONE = "Asia/Shanghai"
ENGINEER = {"roles": ["engineer"]}


class Day:
    """A source of time that goes on only when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def main() -> None:
    """Let a day go by, and tell of it."""
    day, flow, world = Day(), servflow.load(HERE / "repair.yaml"), load_world(HERE / "world.yaml")
    store = MemoryStore()
    desk = Desk(flow, store, now=day, world=world)

    def later(minutes: int) -> None:
        day.now += timedelta(minutes=minutes)
        desk.tick()

    desk.open("R-1", {"category": "ac", "level": 2, "region": "pudong", "customer": "lin"})
    desk.open("R-2", {"category": "washer", "region": "puxi", "customer": "lin"})
    later(5)
    desk.fire("R-1", "offer.accept", actor={"id": "ann", **ENGINEER})
    desk.fire("R-2", "offer.accept", actor={"id": "bob", **ENGINEER})
    desk.open("R-3", {"category": "ac", "level": 3, "region": "pudong", "customer": "wu"})
    later(10)

    print("R-2: why bob?")
    print(desk.explain("R-2").dispatch[0].text(zone=ZONE))
    print("\nR-1: why not ...?")
    for who in ("bob", "cai", "dan"):
        print(desk.why_not("R-1", who).text(zone=ZONE))
    print("\nR-3 waits:", desk.choice("R-3").text(zone=ZONE))
    print("What would let somebody in?")
    for change in desk.unblock("R-3", limit=2):
        print(f"  {change.size:2}  {change.text(zone=ZONE)}")

    while desk.get("R-3").offers == ():
        later(30)
    desk.fire("R-3", "offer.accept", actor={"id": desk.get("R-3").offers[0].to, **ENGINEER})
    print("\nR-3, in the evening:")
    print(desk.explain("R-3").dispatch[0].text(zone=ZONE))
    print("\nThe first decision about R-2, decided again with the world of this evening:")
    records = desk.history("R-2")
    print(flow.again(records, world=world.with_load("bob", 2)).text(zone=ZONE))
    store.close()


if __name__ == "__main__":
    main()
