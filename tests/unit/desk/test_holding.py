"""Knows what a desk promises of what a host adds to a change, and of giving back; must not know any workflow's decisions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from servflow.desk import AsyncDesk, Desk
from servflow.errors import InputError, NotFound, Refused, ReservationRefused
from servflow.model import Next, Notify, Release, Take, Ticket, Unique
from servflow.stores import MemoryStore, SqliteStore, Store
from tests.unit.desk.tiny import MINUTE, NOON, TinyWorkflow, Watch


@pytest.fixture(params=[MemoryStore, lambda: SqliteStore(":memory:")], ids=["memory", "sqlite"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store of each kind."""
    made = request.param()
    yield made
    made.close()


@pytest.fixture
def watch() -> Watch:
    """Noon, until moved."""
    return Watch()


@pytest.fixture
def desk(store: Store, watch: Watch) -> Desk:
    """A desk with one workflow."""
    return Desk(TinyWorkflow(), store, now=watch)


def note(ticket: str, name: str = "thanks") -> Notify:
    """An effect that a host adds."""
    return Notify(id=f"{name}-{ticket}", ticket=ticket, at=NOON, cause="intake", action="thanks", to="li", template=name)


def pending(store: Store) -> list[str]:
    """The ids of what is to be carried out."""
    return [effect.id for effect in store.effects()]


class TestWithAChange:
    """Reservations and effects of the host with one change of a ticket."""

    def test_opening_holds_and_asks(self, desk: Desk, store: Store) -> None:
        """What was added is kept with the opening; its effects come before those of the workflow."""
        outcome = desk.open("T1", {"notify": ["boss"]}, reservations=[Unique(key="li")], effects=[note("T1")])

        assert ["thanks-T1", "T1:1:Notify:0"] == pending(store)
        assert ["thanks-T1", "T1:1:Notify:0"] == [effect.id for effect in outcome.effects]
        assert (Unique(key="li"),) == outcome.reservations

    def test_what_is_held_by_another_opens_nothing(self, desk: Desk, store: Store) -> None:
        """The second ticket is not opened, nothing is asked for, and the error names the holder the first time."""
        desk.open("T1", reservations=[Unique(key="li")])
        with pytest.raises(ReservationRefused, match="'T1' stands against it") as caught:
            desk.open("T2", reservations=[Unique(key="li")], effects=[note("T2")], key="k")

        assert ("li", "T1", Unique(key="li")) == (caught.value.key, caught.value.held, caught.value.reservation)
        assert (None, None, []) == (store.load("T2"), store.answered("T2", "k"), pending(store))

    def test_it_is_free_at_its_end(self, desk: Desk, watch: Watch) -> None:
        """Held until an instant means: not at that instant any more."""
        desk.open("T1", reservations=[Unique(key="li", until=NOON + MINUTE)])
        watch.at = NOON + MINUTE
        desk.open("T2", reservations=[Unique(key="li", until=NOON + 2 * MINUTE)])

        assert "new" == desk.get("T2").state

    def test_a_repeated_key_adds_nothing(self, desk: Desk, store: Store) -> None:
        """The first result counts, whatever comes with the same key again."""
        desk.open("T1", key="k", reservations=[Unique(key="li")])
        again = desk.open("T1", key="k", reservations=[Unique(key="wang")], effects=[note("T1")])
        desk.open("T2", reservations=[Unique(key="wang")])

        assert ((), []) == (again.effects, pending(store))

    def test_events_hold_and_ask_too(self, desk: Desk, store: Store) -> None:
        """An event whose reservation does not hold changes nothing; one whose does is kept with it."""
        desk.open("T1", reservations=[Take(key="seat", limit=1)])
        desk.open("T2")
        with pytest.raises(ReservationRefused):
            desk.fire("T2", "go", reservations=[Take(key="seat", limit=1)], effects=[note("T2")])

        assert ("new", []) == (desk.get("T2").state, pending(store))

        desk.fire("T1", "go", reservations=[Release(key="seat"), Next(counter="n", expected=0)])
        desk.fire("T2", "go", reservations=[Take(key="seat", limit=1)], effects=[note("T2")], key="k")
        desk.fire("T2", "go", reservations=[Take(key="seat", limit=1)], effects=[note("T2", "more")], key="k")

        assert ["thanks-T2"] == pending(store)
        assert {"n": 1, "seat": 1} == dict(store.usage())

    def test_a_refused_event_adds_nothing(self, desk: Desk, store: Store) -> None:
        """Where the workflow says no, nothing is held and nothing asked for."""
        desk.open("T1")
        with pytest.raises(Refused):
            desk.fire("T1", "no", reservations=[Take(key="seat")], effects=[note("T1")])

        assert ({}, []) == (dict(store.usage()), pending(store))

    def test_somebody_faster_is_decided_again(self, store: Store, watch: Watch) -> None:
        """What was added goes with the decision that is kept, and once."""
        flow = TinyWorkflow()
        desk = Desk(flow, store, now=watch)
        desk.open("T1")

        def meanwhile() -> None:
            flow.meanwhile = None
            desk.fire("T1", "first")

        flow.meanwhile = meanwhile
        desk.fire("T1", "second", reservations=[Take(key="seat")], effects=[note("T1")])

        assert ("second", {"seat": 1}, ["thanks-T1"]) == (desk.get("T1").state, dict(store.usage()), pending(store))

    @pytest.mark.parametrize(
        "more",
        [
            {"reservations": "li"},
            {"reservations": 7},
            {"reservations": ["li"]},
            {"reservations": [Unique(key="k")] * 101},
            {"effects": [Unique(key="k")]},
            {"effects": [note("T2")]},
        ],
    )
    def test_what_is_none_is_refused(self, desk: Desk, store: Store, more: dict[str, Any]) -> None:
        """Nothing is opened with what is no reservation, or with another ticket's effect."""
        with pytest.raises(InputError, match=r"reservations|effect"):
            desk.open("T1", **more)

        assert store.load("T1") is None


class TestLetGo:
    """Giving back what a ticket holds."""

    def test_another_one_can_have_it(self, desk: Desk) -> None:
        """What is given back is free at once; the ticket has no new record."""
        desk.open("T1", reservations=[Unique(key="li")])
        before = desk.history("T1")

        assert desk.let_go("T1", ["li", "never held"])
        assert before == desk.history("T1")

        desk.open("T2", reservations=[Unique(key="li")])

        assert desk.let_go("T1", ["li"])
        with pytest.raises(ReservationRefused, match="'T2' stands"):
            desk.open("T3", reservations=[Unique(key="li")])

    def test_only_when(self, desk: Desk) -> None:
        """What the ticket is decides, as it then is."""
        desk.open("T1", reservations=[Unique(key="li")])

        assert not desk.let_go("T1", ["li"], when=lambda ticket: ticket.state == "go")
        with pytest.raises(ReservationRefused):
            desk.open("T2", reservations=[Unique(key="li")])

        desk.fire("T1", "go")

        assert desk.let_go("T1", ["li"], when=lambda ticket: ticket.state == "go")
        desk.open("T2", reservations=[Unique(key="li")])

    def test_somebody_faster_is_asked_again(self, desk: Desk) -> None:
        """A ticket that changes between looking and keeping is looked at again."""
        desk.open("T1", reservations=[Unique(key="li")])
        looked: list[str] = []

        def when(ticket: Ticket) -> bool:
            looked.append(ticket.state)
            if len(looked) == 1:
                desk.fire("T1", "go")
            return ticket.state == "new"

        assert not desk.let_go("T1", ["li"], when=when)
        assert ["new", "go"] == looked
        with pytest.raises(ReservationRefused):
            desk.open("T2", reservations=[Unique(key="li")])

    def test_bad_input(self, desk: Desk) -> None:
        """A ticket that is not there, and keys that are none, are named."""
        with pytest.raises(NotFound):
            desk.let_go("T1", ["li"])
        desk.open("T1")
        with pytest.raises(InputError, match="keys"):
            desk.let_go("T1", "li")
        with pytest.raises(InputError, match="keys"):
            desk.let_go("T1", [7])  # type: ignore[list-item] # the point of the test


def test_the_same_from_coroutines() -> None:
    """The twins hold, ask and let go as the desk does."""

    async def story() -> tuple[bool, str]:
        desk = AsyncDesk(TinyWorkflow(), MemoryStore(), now=lambda: NOON)
        await desk.open("T1", reservations=[Unique(key="li")], effects=[note("T1")])
        with pytest.raises(ReservationRefused):
            await desk.open("T2", reservations=[Unique(key="li")])
        await desk.fire("T1", "go", effects=[note("T1", "more")])
        gone = await desk.let_go("T1", ["li"], when=lambda ticket: ticket.state == "go")
        await desk.open("T2", reservations=[Unique(key="li")])
        return gone, ",".join(effect.id for effect in await desk.store.effects())

    assert (True, "thanks-T1,more-T1") == asyncio.run(story())
