"""Knows how a customer books, moves and loses a visit, and when nobody is in; must not know how the engine works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from servflow import Calendar, Desk, Workflow, World
from servflow.errors import Refused
from servflow.model import Actor, Unbooked
from servflow.stores import MemoryStore

REPAIR = Workflow(
    workflow="repair",
    fields={"skill": {"type": "string", "default": "washer"}, "minutes": {"type": "int", "default": 120}},
    roles=["customer", "dispatcher", "engineer"],
    events={
        "appointment.book": {"allow": ["customer", "dispatcher"]},
        "appointment.reschedule": {"allow": ["customer"]},
        "appointment.no_show": {"allow": ["assignee"]},
        "appointment.lost": {"allow": ["dispatcher"]},
    },
    calendars={"visits": {"zone": "Asia/Shanghai", "week": {"mon-sat": ["09:00-18:00"]}}},
    initial="booking",
    states={"booking": {}, "agreed": {}, "charged": {}, "on_site": {}, "closed": {"closed": True}},
    transitions=[
        {"event": "assigned.visit", "source": "booking", "target": "agreed", "allow": ["system"]},
        {
            "event": "unbooked.visit",
            "source": "agreed",
            "target": "booking",
            "allow": ["system"],
            "do": [{"notify": {"to": "customer", "template": "book_again"}}],
        },
        {
            "event": "upcoming.visit",
            "source": "agreed",
            "allow": ["system"],
            "do": [{"notify": {"to": "customer", "template": "tomorrow"}}],
        },
        {
            "event": "appointment.no_show",
            "source": "agreed",
            "target": "charged",
            "allow": ["assignee"],
            "when": "appointment.missed >= 1",
        },
        {"event": "arrive", "source": "agreed", "target": "on_site", "allow": ["assignee"]},
        {"event": "solve", "source": "on_site", "target": "closed", "allow": ["assignee"]},
    ],
    dispatch=[
        {
            "name": "visit",
            "state": "booking",
            "until": "on_site",
            "require": [{"skill": "skill"}, {"open": "shift"}],
            "prefer": [[{"term": "sticky"}]],
            "mode": "appointment",
            "appointment": {
                "calendar": "visits",
                "step": 60,
                "minutes": "minutes",
                "days": 3,
                "lead": "4h",
                "moves": 1,
                "remind": ["24h"],
            },
        }
    ],
)
KIM, DEE = Actor("kim", ["customer"]), Actor("dee", ["dispatcher"])
PEOPLE = [
    {"id": "ann", "skills": ["washer"], "roles": ["engineer"], "shift": "early"},
    {"id": "bob", "skills": ["washer"], "roles": ["engineer"]},
]
EARLY = Calendar(zone="Asia/Shanghai", week={"mon-sat": ["09:00-13:00"]})


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """A wall time of Shanghai in March 2026, which begins on a Sunday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


class Town:
    """One town with its people, whose clock and world the story moves."""

    def __init__(self) -> None:
        self.now = local(2, 9)
        self.world = World(engineers=PEOPLE, calendars={"early": EARLY}, previous={"kim": ["ann"]})
        self.told: list[str] = []
        self.desk = Desk(
            REPAIR,
            MemoryStore(),
            handlers={"notify": lambda effect: self.told.append(f"{effect.to}:{effect.template}"), "*": lambda effect: None},
            now=lambda: self.now,
            world=lambda: self.world,
        )

    def later(self, at: datetime) -> None:
        self.now = at
        self.desk.tick()
        self.desk.deliver()


def test_a_customer_books_moves_and_is_visited() -> None:
    """Kim books with the one she knows, moves the visit to an hour at which only the other can come, and is reminded."""
    town = Town()
    town.desk.open("R-1", {"customer": "kim"}, actor=KIM)

    first = town.desk.slots("R-1")[0]
    assert (local(2, 13), local(2, 15), ("bob",)) == (first.start, first.end, first.who)

    booked = town.desk.fire("R-1", "appointment.book", {"start": local(4, 9)}, actor=KIM).ticket
    assert ("agreed", "ann") == (booked.state, booked.assignee)

    moved = town.desk.fire("R-1", "appointment.reschedule", {"start": local(4, 14)}, actor=KIM).ticket
    assert ("bob", local(4, 14), 1) == (moved.assignee, moved.appointment.start, moved.appointment.moved)  # type: ignore[union-attr]  # it is booked
    with pytest.raises(Refused, match="was moved 1 times, and 1 are allowed"):
        town.desk.fire("R-1", "appointment.reschedule", {"start": local(4, 15)}, actor=KIM)

    town.later(local(3, 14))
    assert [] == town.told
    town.later(local(3, 14, 1))
    assert ["kim:tomorrow"] == town.told

    town.now = local(4, 14)
    town.desk.fire("R-1", "arrive", actor="bob")
    town.now = local(4, 15)
    town.desk.fire("R-1", "solve", actor="bob")

    assert {} == dict(town.desk.store.usage())
    assert REPAIR.fold(town.desk.history("R-1")) == town.desk.get("R-1")


def test_nobody_is_in_twice() -> None:
    """The first time another visit can be booked, the second time the customer is charged, as the definition says."""
    town = Town()
    town.desk.open("R-1", {"customer": "kim"}, actor=KIM)
    for day in (3, 4):
        town.desk.fire("R-1", "appointment.book", {"start": local(day, 9)}, actor=KIM)
        town.now = local(day, 9, 30)
        ticket = town.desk.fire("R-1", "appointment.no_show", {"reason": "nobody opened"}, actor="ann").ticket

    assert ("charged", 2, None) == (ticket.state, ticket.appointment.missed, ticket.assignee)  # type: ignore[union-attr]  # it had one
    assert {} == dict(town.desk.store.usage())


def test_an_engineer_falls_ill() -> None:
    """At the reminder nobody announces somebody who will not come: the visit is given up, with the reason, and booked anew."""
    town = Town()
    town.desk.open("R-1", {"customer": "kim"}, actor=KIM)
    town.desk.fire("R-1", "appointment.book", {"start": local(4, 9)}, actor=KIM)
    ill = {**PEOPLE[0], "absences": [(local(3, 0), local(7, 0))]}
    town.world = World(engineers=[ill, PEOPLE[1]], calendars={"early": EARLY})

    town.later(local(3, 9, 1))

    lost = [record for record in town.desk.history("R-1") if isinstance(record, Unbooked)]
    assert ["kim:book_again"] == town.told
    assert [("lost", "ann")] == [(record.appointment.phase, record.was.to) for record in lost]
    assert "absen" in lost[0].reason
    assert {("bob",)} == {window.who for window in town.desk.slots("R-1")}
    assert "bob" == town.desk.fire("R-1", "appointment.book", {"start": local(4, 9)}, actor=KIM).ticket.assignee


def test_somebody_calls_in_ill() -> None:
    """A dispatcher gives up all visits of somebody at once, and every customer hears of it."""
    town = Town()
    for number, hour in enumerate((9, 11)):
        town.desk.open(f"R-{number}", {"customer": f"c-{number}"}, actor=KIM)
        town.desk.fire(f"R-{number}", "appointment.book", {"start": local(4, hour), "to": "ann"}, actor=KIM)
    for ticket in town.desk.find(assignee="ann"):
        town.desk.fire(ticket.id, "appointment.lost", {"reason": "ann is ill"}, actor=DEE)
    town.later(local(2, 10))

    assert ["c-0:book_again", "c-1:book_again"] == town.told
    assert {"booking"} == {ticket.state for ticket in town.desk.find()}


def test_the_whole_day_is_sold_out() -> None:
    """Visits fill the day of both until nobody can come; whoever cancels makes room again."""
    town = Town()
    starts = []
    for number in range(20):
        town.desk.open(f"R-{number}", {"customer": f"c-{number}"}, actor=KIM)
        free = town.desk.slots(f"R-{number}", days=2)
        if not free:
            break
        starts.append(free[0].start)
        town.desk.fire(f"R-{number}", "appointment.book", {"start": free[0].start}, actor=KIM)

    # bob: two visits today, four tomorrow; ann: two in her morning.
    assert 8 == len(starts)
    with pytest.raises(Refused, match="nobody can come"):
        town.desk.fire("R-8", "appointment.book", {"start": local(3, 9)}, actor=KIM)
    town.desk.fire("R-3", "appointment.lost", actor=DEE)
    assert 1 == len({window.start for window in town.desk.slots("R-8", days=2)})
