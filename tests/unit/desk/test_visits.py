"""Two desks on one store: nobody pulls the same ticket twice, and nobody is booked twice, whoever is faster."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from servflow.desk import AsyncDesk, Desk
from servflow.engine import Extensions, Workflow
from servflow.errors import InputError, Refused
from servflow.model import Outcome, Ticket, World
from servflow.stores import MemoryStore, SqliteStore, Store

EIGHT = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
PEOPLE = World(engineers=[{"id": "ann", "capacity": 2}, {"id": "bob", "capacity": 2}])
CALLS = Workflow(
    workflow="calls",
    initial="waiting",
    states={"waiting": {}, "talking": {}},
    transitions=[{"event": "assigned.line", "source": "waiting", "target": "talking"}],
    dispatch=[{"name": "line", "state": "waiting", "mode": "queue", "require": [{"below": "capacity"}]}],
)
VISITS = Workflow(
    workflow="visits",
    fields={"long": {"type": "int", "default": 60}},
    initial="booking",
    states={"booking": {}, "agreed": {}},
    transitions=[
        {"event": "assigned.visit", "source": "booking", "target": "agreed"},
        {"event": "unbooked.visit", "source": "agreed", "target": "booking"},
    ],
    dispatch=[
        {
            "name": "visit",
            "state": "booking",
            "mode": "appointment",
            "appointment": {"zone": "UTC", "step": 30, "minutes": "long", "days": 1},
        }
    ],
)


class Between:
    """A store that does something once, between what a desk decides and its commit."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.then: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def commit(self, changes: Any) -> Any:
        if self.then:
            self.then.pop(0)()
        return self.store.commit(changes)


@pytest.fixture(params=["memory", "sqlite"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    """Two handles on one store."""
    if request.param == "memory":
        one = MemoryStore()
        yield one, one
    else:
        first, second = SqliteStore(tmp_path / "t.db"), SqliteStore(tmp_path / "t.db")
        yield first, second
        first.close()
        second.close()


def desk(store: Any, *flows: Workflow, world: Any = PEOPLE, at: datetime = EIGHT) -> Desk:
    return Desk(flows or (CALLS, VISITS), store, now=lambda: at, world=world)


# pulling ----------------------------------------------------------------------------------------------------------


def test_two_who_pull_at_once_get_two_tickets(stores: tuple[Store, Store]) -> None:
    """Whoever is slower by a commit gets the next best one, and no ticket has two."""
    between = Between(stores[0])
    slow, fast = desk(between), desk(stores[1])
    for number in range(3):
        slow.open(f"T{number}", {"priority": 1 + number}, workflow="calls")
    taken: list[Any] = []
    between.then.append(lambda: taken.append(fast.next_for("bob")))

    got = slow.next_for("ann")

    assert ("T0", "bob") == (taken[0].ticket.id, taken[0].ticket.assignee)
    assert got.ticket is not None
    assert ("T1", "ann") == (got.ticket.id, got.ticket.assignee)
    assert {"T0": "bob", "T1": "ann", "T2": None} == {ticket.id: ticket.assignee for ticket in slow.find(workflow="calls")}


def test_one_who_pulls_twice_at_once_is_not_overfilled(stores: tuple[Store, Store]) -> None:
    """Capacity is checked at the commit: of two pulls of one person for their last place one gets nothing."""
    between = Between(stores[0])
    slow, fast = desk(between), desk(stores[1])
    for number in range(4):
        slow.open(f"T{number}", workflow="calls")
    slow.next_for("ann")
    between.then.append(lambda: fast.next_for("ann"))

    got = slow.next_for("ann")

    assert (None, {"below"}) == (got.ticket, {verdict.rule for why in got.seen.passed_over.values() for verdict in why})
    assert {"engineer:ann": 2} == dict(slow.store.usage("engineer:"))


@pytest.mark.parametrize("order", list(permutations([0, 0, 1, 1]))[::5])
def test_whatever_the_order_each_ticket_goes_to_one(order: tuple[int, ...]) -> None:
    """Two desks that pull in any order give away every ticket once, until nobody has room."""
    store = MemoryStore()
    desks = (desk(store), desk(store))
    for number in range(5):
        desks[0].open(f"T{number}", workflow="calls")

    got = [desks[which].next_for(("ann", "bob")[which]).ticket for which in order]

    assert 4 == len({ticket.id for ticket in got if ticket is not None})
    assert 1 == len(desks[1].store.find(state="waiting"))


class Counting(MemoryStore):
    """A store that notes how many tickets each search found."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[int] = []

    def find(self, **asked: Any) -> tuple[Ticket, ...]:
        page = super().find(**asked)
        self.found.append(len(page))
        return page


def test_only_what_waits_is_read() -> None:
    """A pull asks the store for tickets in the line: all others cost nothing."""
    store = Counting()
    one = desk(store)
    for number in range(5):
        one.open(f"T{number}", workflow="calls")
    one.next_for("bob")
    store.found.clear()

    assert one.next_for("ann", take=False).seen.ticket is not None
    assert [4] == store.found


def test_looking_takes_nothing() -> None:
    """``take=False`` tells the line and leaves it as it is."""
    one = desk(MemoryStore())
    one.open("T1", workflow="calls")

    assert ("T1", None) == (one.next_for("ann", take=False).seen.ticket, one.get("T1").assignee)


def test_lines_of_several_workflows_are_one() -> None:
    """Somebody who serves several lines gets the most urgent ticket of all, and may ask for one line."""
    mails = Workflow(
        workflow="mails",
        initial="waiting",
        states={"waiting": {}},
        dispatch=[{"name": "mail", "state": "waiting", "mode": "queue"}],
    )
    one = desk(MemoryStore(), CALLS, mails)
    for name, workflow, priority in (("c", "calls", 2), ("m", "mails", 1), ("n", "mails", 3)):
        one.open(name, {"priority": priority}, workflow=workflow)

    assert ["m", "c", "n"] == [item.ticket for item in one.next_for("ann", take=False).seen.ranked]
    assert ["c"] == [item.ticket for item in one.next_for("ann", workflow="calls", take=False).seen.ranked]
    assert ["m", "n"] == [item.ticket for item in one.next_for("ann", policy="mail", take=False).seen.ranked]


def test_every_line_keeps_its_own_order() -> None:
    """Of lines that are ordered differently the more urgent of their first comes next, and nobody is moved within one."""
    now = [EIGHT]

    def line(name: str, order: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "mode": "queue", "pull": {"order": [order]}, **more}

    states = {"waiting": {}, "other": {}}
    go = [{"event": "go", "source": "waiting", "target": "other"}]
    two = Workflow(
        workflow="two",
        initial="waiting",
        states=states,
        transitions=go,
        dispatch=[line("old", "age", state="waiting"), line("urgent", "priority", state="other")],
    )
    one = Workflow(workflow="one", initial="waiting", states=states, dispatch=[line("old", "age", state="waiting")])
    of = Desk((one, two), MemoryStore(), now=lambda: now[0], world=PEOPLE)
    for name, priority, flow in (("A", 3, "two"), ("B", 1, "two"), ("C", 2, "one"), ("D", 2, "two"), ("E", 1, "two")):
        of.open(name, {"priority": priority}, workflow=flow)
        now[0] += HOUR
    of.fire("D", "go")
    of.fire("E", "go")

    assert ["E", "D", "A", "B", "C"] == [one.ticket for one in of.next_for("ann", take=False).seen.ranked]


def test_one_ticket_of_another_version_does_not_stop_the_line() -> None:
    """Whoever pulls from a desk that lacks the version of one ticket gets the others."""
    store = MemoryStore()
    newer = CALLS.to_data()
    newer["dispatch"] = [{**newer["dispatch"][0], "require": [{"host": "near"}]}]
    host = Extensions(requirements={"near": lambda *_: True})
    desk(store, Workflow(**{**newer, "version": 2}, extensions=host)).open("C-0")
    desk(store, CALLS).open("C-1")
    found = desk(store, CALLS).next_for("ann")

    assert "C-1" == found.ticket.id  # type: ignore[union-attr]  # there is one


def test_a_pull_that_cannot_be_is_told() -> None:
    """No line, no world or nobody of that name is an error with the next step, not an empty answer."""
    with pytest.raises(InputError, match="no line 'other' to pull from"):
        desk(MemoryStore()).next_for("ann", policy="other")
    with pytest.raises(InputError, match="has no world"):
        desk(MemoryStore(), world=None).next_for("ann")
    with pytest.raises(InputError, match="say who pulls"):
        desk(MemoryStore()).next_for(None)  # type: ignore[arg-type]  # what a careless host passes
    one = desk(MemoryStore())
    one.open("T1", workflow="calls")
    with pytest.raises(InputError, match="did you mean 'ann'"):
        one.next_for("anne")


# booking ----------------------------------------------------------------------------------------------------------


def visiting(store: Any, count: int, **fields: Any) -> Desk:
    one = desk(store, world=World(engineers=[{"id": "ann"}]))
    for number in range(count):
        one.open(f"V{number}", fields, workflow="visits")
    return one


def test_the_last_window_goes_to_one(stores: tuple[Store, Store]) -> None:
    """Of two customers who book it at once one gets it, the other is told and offered others."""
    between = Between(stores[0])
    slow, fast = visiting(between, 2), desk(stores[1], world=World(engineers=[{"id": "ann"}]))
    between.then.append(lambda: fast.fire("V1", "appointment.book", {"start": EIGHT + 2 * HOUR}))

    with pytest.raises(Refused, match="1 booked by other customers then") as refused:
        slow.fire("V0", "appointment.book", {"start": EIGHT + 2 * HOUR})

    assert [EIGHT, EIGHT + HOUR / 2, EIGHT + HOUR, EIGHT + 3 * HOUR, EIGHT + 3.5 * HOUR] == list(refused.value.facts["offered"])
    assert ("booking", "agreed") == (slow.get("V0").state, slow.get("V1").state)


def test_whoever_is_slower_gets_another_engineer(stores: tuple[Store, Store]) -> None:
    """Where somebody else can come as well, both customers get their window."""
    between = Between(stores[0])
    slow, fast = desk(between), desk(stores[1])
    for number in range(2):
        slow.open(f"V{number}", workflow="visits")
    between.then.append(lambda: fast.fire("V1", "appointment.book", {"start": EIGHT + 2 * HOUR}))

    slow.fire("V0", "appointment.book", {"start": EIGHT + 2 * HOUR})

    assert {"ann", "bob"} == {slow.get("V0").assignee, slow.get("V1").assignee}


def test_visits_of_different_lengths_collide() -> None:
    """A long visit takes every window that it overlaps, and gives them back when it is cancelled."""
    one = visiting(MemoryStore(), 1, long=150)
    one.open("S", {"long": 30}, workflow="visits")
    one.fire("V0", "appointment.book", {"start": EIGHT + 2 * HOUR})

    starts = {window.start for window in one.slots("S")}
    with pytest.raises(Refused, match="booked by other customers"):
        one.fire("S", "appointment.book", {"start": EIGHT + 4 * HOUR})
    one.fire("S", "appointment.book", {"start": EIGHT + 4.5 * HOUR})
    one.fire("V0", "appointment.cancel")

    assert {EIGHT + number * HOUR / 2 for number in range(4, 9)} == {EIGHT + number * HOUR / 2 for number in range(32)} - starts
    assert ["visit:2026-03-02T12:30/ann", "visit:2026-03-02T12:35/ann"] == list(one.store.usage("visit:"))[:2]


def test_many_may_be_busy() -> None:
    """However much the store holds, the world that counts it has a version that can be kept."""
    crowd = World(engineers=[{"id": f"engineer-{number}", "capacity": 1} for number in range(30)], version="v" * 200)
    of = desk(MemoryStore(), VISITS, world=crowd)
    for number in range(30):
        of.open(f"T-{number}")
        of.fire(f"T-{number}", "appointment.book", {"start": EIGHT + HOUR})
    of.open("T-30")

    assert 30 == len({ticket.assignee for ticket in of.find() if ticket.assignee})
    with pytest.raises(Refused):
        of.fire("T-30", "appointment.book", {"start": EIGHT + 1.5 * HOUR})


def test_handing_a_visit_to_somebody_who_is_with_another_customer_is_refused() -> None:
    """Whoever hands a ticket over is told who is booked then; the ticket stays with whoever had it."""
    of = desk(MemoryStore(), VISITS)
    for name, who, hours in (("T1", "ann", 1), ("T2", "bob", 1.5)):
        of.open(name)
        of.fire(name, "appointment.book", {"start": EIGHT + hours * HOUR, "to": who})

    with pytest.raises(Refused, match="ann"):
        of.fire("T2", "ticket.assign", {"to": "ann"})
    assert ("bob", "bob") == (of.get("T2").assignee, of.get("T2").appointment.to)  # type: ignore[union-attr]  # it is booked


def test_a_world_of_the_host_may_know_more() -> None:
    """What a host says of bookings, such as other calendars, counts beside those of the store."""
    busy = World(engineers=[{"id": "ann"}], booked={"ann": [(EIGHT + HOUR, EIGHT + 2 * HOUR)]})
    one = desk(MemoryStore(), world=lambda: busy)
    for name in ("V0", "V1"):
        one.open(name, workflow="visits")
    one.fire("V0", "appointment.book", {"start": EIGHT})

    assert [EIGHT + 2 * HOUR, EIGHT + 2.5 * HOUR] == [window.start for window in one.slots("V1")[:2]]
    assert "agreed" == one.preview("V1", "appointment.book", {"start": EIGHT + 2 * HOUR}).ticket.state
    with pytest.raises(Refused, match="1 booked by other customers then"):
        one.preview("V1", "appointment.book", {"start": EIGHT})


def test_a_booking_by_mail_sees_what_is_booked() -> None:
    """An event that came by mail is decided again where somebody booked before, and told to nobody but the records."""
    one = visiting(MemoryStore(), 2)
    one.fire("V0", "appointment.book", {"start": EIGHT})
    one.store.post("V1", "appointment.book", {"start": "2026-03-02T08:00:00Z"}, key="m1", at=EIGHT)
    one.store.post("V1", "appointment.book", {"start": "2026-03-02T09:00:00Z"}, key="m2", at=EIGHT)

    one.tick()

    ticket: Ticket = one.get("V1")
    assert (EIGHT + HOUR, "ann") == (ticket.appointment.start, ticket.assignee)  # type: ignore[union-attr]  # it was booked


def test_closed_tickets_of_others_have_no_visits() -> None:
    """A ticket whose workflow books no visits is told so."""
    one = desk(MemoryStore())
    one.open("T1", workflow="calls")
    with pytest.raises(InputError, match="no visits of ticket T1 can be booked; entries of calls with appointments: none"):
        one.slots("T1")


def test_coroutines_ask_the_same() -> None:
    """The asynchronous desk has both verbs."""

    async def story() -> tuple[Any, Outcome, Any]:
        one = AsyncDesk([CALLS, VISITS], MemoryStore(), now=lambda: EIGHT, world=PEOPLE)
        await one.open("T1", workflow="calls")
        await one.open("V1", workflow="visits")
        window = (await one.slots("V1", days=1))[0]
        outcome = await one.fire("V1", "appointment.book", {"start": window.start})
        return window, outcome, await one.next_for("ann")

    window, outcome, pulled = asyncio.run(story())

    assert window.start == outcome.ticket.appointment.start  # type: ignore[union-attr]  # it was booked
    assert "T1" == pulled.ticket.id


def test_tenants_do_not_meet() -> None:
    """Nobody pulls another tenant's ticket, and nobody's time is taken by another tenant's visits."""
    store = MemoryStore()
    north, south = (desk(store.for_tenant(name), world=World(engineers=[{"id": "ann"}])) for name in ("north", "south"))
    north.open("T1", workflow="calls")
    for one in (north, south):
        one.open("V1", workflow="visits")
        one.fire("V1", "appointment.book", {"start": EIGHT})

    assert None is south.next_for("ann").ticket
    assert "T1" == north.next_for("ann").ticket.id  # type: ignore[union-attr]  # there is one
    assert {"ann"} == {one.get("V1").assignee for one in (north, south)}
