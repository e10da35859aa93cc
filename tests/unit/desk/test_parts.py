"""Knows what a desk makes of spare parts that several tickets want; must not know how a ticket keeps them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from servflow import Desk, Workflow, World
from servflow.model import Call
from servflow.stores import MemoryStore, SqliteStore, SqlStore, Store, export, import_ticket
from tests.postgres import fresh_database

T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
REPAIR = Workflow(
    workflow="repair",
    initial="repairing",
    states={"repairing": {}, "waiting_parts": {}, "closed": {"closed": True}},
    transitions=[
        {"event": "parts.short", "source": "repairing", "target": "waiting_parts"},
        {"event": "parts.ready", "source": "waiting_parts", "target": "repairing"},
        {"event": "ticket.cancel", "source": "*", "target": "closed"},
        {
            "event": "part.use",
            "source": "repairing",
            "do": [{"call": {"name": "book_out", "data": {"ticket": "state"}, "reply": "part.booked"}}],
        },
    ],
)


class Workshop:
    """A desk whose clock and shelf the test moves."""

    def __init__(self, store: Store, stock: dict[str, int]) -> None:
        self.now, self.shelf, self.store = T0, stock, store
        self.booked: list[str] = []
        self.desk = self.another(store)

    def another(self, store: Store) -> Desk:
        return Desk(
            REPAIR,
            store,
            handlers={"call": self._book_out, "*": lambda effect: None},
            now=lambda: self.now,
            world=lambda: World(stock=self.shelf),
        )

    def _book_out(self, effect: object) -> dict[str, object]:
        self.shelf = {part: units - 1 for part, units in self.shelf.items()}
        self.booked.append("out")
        return {}

    def later(self) -> None:
        self.now += timedelta(minutes=1)
        self.desk.tick()

    def lines(self, id_: str) -> list[tuple[int, str]]:
        return [(line.quantity, line.state) for line in self.desk.get(id_).parts]


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Gives one more handle on the same storage, as another process has it."""
    made: list[Store] = []
    url = fresh_database(request.getfixturevalue("postgres")) if request.param == "postgres" else ""

    def handle() -> Store:
        if request.param == "memory":
            made.append(made[0] if made else MemoryStore())
        else:
            made.append(SqliteStore(tmp_path / "tickets.db") if request.param == "sqlite" else SqlStore(url))
        return made[-1]

    yield handle
    for one in made:
        one.close()


@pytest.fixture
def store(another: Callable[[], Store]) -> Store:
    """A store of each kind."""
    return another()


def test_what_one_gives_back_goes_to_the_most_urgent_who_waits(store: Store) -> None:
    """Of two who wait the more urgent gets the unit; the other one the next, and nobody polls."""
    shop = Workshop(store, {"pump": 1})
    for number, priority in (("R-1", 3), ("R-2", 3), ("R-3", 1)):
        shop.desk.open(number, {"priority": priority})
        shop.now += timedelta(minutes=1)
        shop.desk.fire(number, "part.need", {"part": "pump"})
    assert [("part:pump",)] * 2 == [shop.desk.get(number).waits for number in ("R-2", "R-3")]

    shop.desk.fire("R-1", "part.release")
    shop.later()
    assert ("waiting_parts", "repairing") == tuple(shop.desk.get(number).state for number in ("R-2", "R-3"))

    shop.desk.fire("R-3", "ticket.cancel")
    shop.later()
    assert [(1, "reserved")] == shop.lines("R-2")


def test_who_waited_longer_goes_first(store: Store) -> None:
    """Among equals first come is first served, by when the part was asked for and not by when the ticket was opened."""
    shop = Workshop(store, {"pump": 1})
    for number in ("R-1", "R-2", "R-3"):
        shop.desk.open(number)
    for number in ("R-1", "R-3", "R-2"):
        shop.now += timedelta(minutes=1)
        shop.desk.fire(number, "part.need", {"part": "pump"})
    shop.desk.fire("R-1", "part.release")
    shop.later()

    assert ([(1, "needed")], [(1, "reserved")]) == (shop.lines("R-2"), shop.lines("R-3"))


def test_a_delivery_is_seen_when_the_host_says_so(store: Store) -> None:
    """New stock wakes nobody by itself: the host that took it in lets the desk look again."""
    shop = Workshop(store, {"pump": 0})
    shop.desk.open("R-1")
    shop.desk.fire("R-1", "part.need", {"part": "pump", "quantity": 2})
    shop.shelf = {"pump": 2}
    shop.later()
    before = shop.desk.get("R-1").state
    report = shop.desk.look_again()

    assert ("waiting_parts", 1, "repairing") == (before, report.changed, shop.desk.get("R-1").state)


def test_a_used_part_is_booked_out_by_a_call(store: Store) -> None:
    """The host lessens its stock and answers; only then the reservation goes, so that no unit is promised twice."""
    shop = Workshop(store, {"pump": 2})
    shop.desk.open("R-1")
    shop.desk.open("R-2")
    shop.desk.fire("R-1", "part.need", {"part": "pump", "quantity": 2})
    shop.desk.fire("R-1", "part.use")
    shop.desk.fire("R-2", "part.need", {"part": "pump"})
    held = dict(store.usage("part:"))
    shop.desk.deliver()
    shop.later()

    assert ({"part:pump": 2}, ["out"], {"part:pump": 1}) == (held, shop.booked, dict(store.usage("part:")))
    assert [(1, "needed")] == shop.lines("R-2")


def test_a_call_books_out_what_it_was_about_and_nothing_else(store: Store) -> None:
    """Two parts are used; the stock has booked out the first only: the second one is promised to nobody meanwhile."""
    told = {"part": "payload.part", "quantity": "1", "place": "parts.origin"}
    moves = [*REPAIR.to_data()["transitions"][:3]]
    moves.append(
        {
            "event": "part.use",
            "source": "repairing",
            "payload": {"part": "string"},
            "do": [{"call": {"name": "book_out", "data": told, "reply": "part.booked"}}],
        }
    )
    shelf, now = {"pump": 1, "fuse": 1}, [T0]

    def book_out(effect: Call) -> dict[str, str]:
        if effect.data["part"] == "fuse" and now[0] == T0:
            raise OSError("the stock system does not answer")
        shelf[str(effect.data["part"])] -= 1
        return {}

    flow = Workflow(workflow="repair", initial="repairing", states=REPAIR.to_data()["states"], transitions=moves)
    desk = Desk(
        flow, store, handlers={"call": book_out, "*": lambda effect: None}, now=lambda: now[0], world=lambda: World(stock=shelf)
    )
    desk.open("R-1")
    for part in ("pump", "fuse"):
        desk.fire("R-1", "part.need", {"part": part})
        desk.fire("R-1", "part.use", {"part": part})
    desk.deliver()
    desk.tick()
    assert ({"pump": 0, "fuse": 1}, {"part:fuse": 1}) == (shelf, dict(store.usage("part:")))

    now[0] += timedelta(hours=1)
    desk.deliver()
    desk.tick()
    assert ({"pump": 0, "fuse": 0}, {}) == (shelf, dict(store.usage("part:")))


def test_a_desk_says_what_is_free(store: Store) -> None:
    """Whoever asks why a ticket waits is told what others hold."""
    shop = Workshop(store, {"pump": 3})
    shop.desk.open("R-1")
    shop.desk.open("R-2")
    shop.desk.fire("R-1", "part.need", {"part": "pump", "quantity": 2})
    shop.desk.fire("R-2", "part.need", {"part": "pump", "quantity": 2})

    assert "waits for 2 of pump: 1 of 3 free in the central stock" == shop.desk.explain("R-2").parts[0]["why"]


def test_a_ticket_that_moves_to_another_store_holds_its_parts_there(store: Store) -> None:
    """An export says what is put aside, and the other store counts it."""
    shop = Workshop(store, {"pump": 3})
    shop.desk.open("R-1")
    shop.desk.fire("R-1", "part.need", {"part": "pump", "quantity": 2})
    other = MemoryStore()
    import_ticket(other, export(store, "R-1"))

    assert {"part:pump": 2} == dict(other.usage("part:"))
    other.close()


def test_many_desks_at_once_give_out_what_is_there_and_no_more(another: Callable[[], Store]) -> None:
    """Eight engineers ask for the last three pumps at one moment, each at a desk of their own: three get one, five wait."""
    first = another()
    shop = Workshop(first, {"pump": 3})
    for number in range(8):
        shop.desk.open(f"R-{number}")
    gate, handles = threading.Barrier(8), [another() for _ in range(8)]

    def ask(number: int) -> None:
        desk = shop.another(handles[number])
        gate.wait()
        desk.fire(f"R-{number}", "part.need", {"part": "pump"})

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = sorted(shop.desk.get(f"R-{number}").state for number in range(8))
    assert (["repairing"] * 3 + ["waiting_parts"] * 5, 3) == (states, first.usage("part:")["part:pump"])

    going = next(f"R-{number}" for number in range(8) if shop.desk.get(f"R-{number}").state == "repairing")
    shop.desk.fire(going, "ticket.cancel")
    shop.later()
    states = sorted(shop.desk.get(f"R-{number}").state for number in range(8))
    assert (["closed"] + ["repairing"] * 3 + ["waiting_parts"] * 4, 3) == (states, first.usage("part:")["part:pump"])
