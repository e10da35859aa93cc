"""Knows what a desk promises for handing out effects; must not know how a store keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from servflow.desk import Desk
from servflow.errors import InputError, NotFound
from servflow.model import Effect, Opened, Received
from servflow.stores import MemoryStore, SqliteStore, Store
from tests.unit.desk.tiny import NOON, TinyWorkflow


@pytest.fixture(params=[MemoryStore, lambda: SqliteStore(":memory:")], ids=["memory", "sqlite"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store of each kind."""
    made = request.param()
    yield made
    made.close()


@pytest.fixture
def make(store: Store) -> Callable[..., Desk]:
    """Makes a desk with handlers, at noon."""
    return lambda **handlers: Desk(
        TinyWorkflow(),
        store,
        now=lambda: NOON,
        handlers={name.replace("__", ":"): handler for name, handler in handlers.items()},
    )


class Flaky:
    """A handler that fails for the recipients it is told to, and remembers whom it reached."""

    def __init__(self, *broken: str) -> None:
        self.broken = set(broken)
        self.reached: list[str] = []
        self.tried: list[str] = []

    def __call__(self, effect: Any) -> None:
        self.tried.append(effect.to)
        if effect.to in self.broken:
            raise ConnectionError(effect.to)
        self.reached.append(effect.to)


class TestHandlers:
    """Which handler gets which effect."""

    def test_most_particular_handler(self, make: Any) -> None:
        """A call goes to its named handler, else to the one for calls, else to the one for the rest."""
        seen: list[tuple[str, str]] = []

        def named(name: str) -> Callable[[Effect], None]:
            return lambda effect: seen.append((name, type(effect).__name__))

        desk = Desk(
            TinyWorkflow(),
            make().store,
            now=lambda: NOON,
            handlers={"call:stock": named("stock"), "call": named("call"), "*": named("rest")},
        )
        desk.open("T1", {"notify": ["ann"], "call": [{"name": "stock"}, {"name": "price"}]})
        report = desk.deliver()

        assert [("rest", "Notify"), ("stock", "Call"), ("call", "Call")] == seen
        assert (3, True) == (report.delivered, report.worked)
        assert not desk.deliver().worked

    def test_without_a_handler(self, make: Any) -> None:
        """An effect nobody handles is acknowledged and shown, by kind."""
        desk = make()
        desk.open("T1", {"notify": ["ann", "bob"], "call": [{"name": "stock"}]})
        report = desk.deliver()

        assert (3, (("call", 1), ("notify", 2))) == (report.unhandled, report.kinds)
        assert () == desk.store.effects()

    @pytest.mark.parametrize(
        ("handlers", "words"),
        [
            ({"notifi": print}, "did you mean 'notify'"),
            ({"open": print}, "no effect is of kind 'open'"),
            ({"call:": print}, "no effect is of kind"),
            ({"notify": "print"}, "cannot be called"),
        ],
    )
    def test_handlers_are_checked(self, handlers: Any, words: str) -> None:
        """A handler for a kind that does not exist, or that cannot be called, is refused when the desk is made."""
        with pytest.raises(InputError, match=words):
            Desk(TinyWorkflow(), MemoryStore(), handlers=handlers)


class TestAtLeastOnce:
    """What fails comes again."""

    def test_a_failing_handler(self, make: Any) -> None:
        """What failed stays with its id; later effects of that ticket wait; other tickets go on."""
        handler = Flaky("ann")
        desk = make(notify=handler)
        desk.open("T1", {"notify": ["ann", "later"]})
        desk.open("T2", {"notify": ["bob"]})
        report = desk.deliver()

        assert (1, 1, 1) == (report.delivered, report.failed, report.waiting)
        assert ("T1", ConnectionError) == (report.problems[0].where, type(report.problems[0].error))
        assert ["bob"] == handler.reached
        pending = desk.store.effects()
        handler.broken.clear()
        assert 2 == desk.deliver().delivered
        assert ["bob", "ann", "later"] == handler.reached
        assert report.problems[0].what == pending[0].id

    def test_the_process_dies_before_the_acknowledgement(self, make: Any, store: Store) -> None:
        """An effect whose handler returned but was not acknowledged is handed out again with the same id."""
        seen: list[str] = []

        def once(effect: Effect) -> None:
            seen.append(effect.id)
            if len(seen) == 1:
                raise KeyboardInterrupt

        make(notify=once).open("T1", {"notify": ["ann"]})
        with pytest.raises(KeyboardInterrupt):
            make(notify=once).deliver()
        make(notify=once).deliver()

        assert 2 == len(seen)
        assert 1 == len(set(seen))

    def test_many_failing_tickets_starve_nobody(self, make: Any) -> None:
        """However many tickets keep failing, the others are reached; the failing ones are tried in turn."""
        sick = [f"sick{index}" for index in range(130)]
        handler = Flaky(*sick)
        desk = make(notify=handler)
        for index, who in enumerate(sick):
            desk.open(f"S{index:03}", {"notify": [who]})
        for index in range(5):
            desk.open(f"W{index}", {"notify": [f"well{index}"]})
        rounds = 0
        while len(handler.reached) < 5:
            desk.deliver(limit=10)
            rounds += 1
            assert rounds < 100

        assert [f"well{index}" for index in range(5)] == handler.reached
        for _ in range(40):
            desk.deliver(limit=10)
        assert min(handler.tried.count(who) for who in sick) >= 2

    def test_a_failure_among_many(self, make: Any) -> None:
        """What failed is passed over for the rest of the round, however many come after it."""
        desk = make(notify=Flaky("ann"))
        desk.open("T1", {"notify": ["ann"]})
        desk.open("T2", {"notify": [str(index) for index in range(150)]})
        report = desk.deliver(limit=1000)

        assert (150, 1, 0) == (report.delivered, report.failed, report.waiting)

    def test_limit(self, make: Any) -> None:
        """A round makes as many attempts as it may."""
        desk = make(notify=Flaky())
        desk.open("T1", {"notify": [str(index) for index in range(250)]})

        assert [120, 120, 10, 0] == [desk.deliver(limit=120).delivered for _ in range(4)]


class TestCallsAndTickets:
    """What the desk carries out itself."""

    def test_a_reply_comes_back_as_an_event(self, make: Any) -> None:
        """The mapping a handler returns is fired on the ticket that called, once."""
        desk = make(call__stock=lambda effect: {"left": 3})
        desk.open("T1", {"call": [{"name": "stock", "reply": "stocked"}]})
        desk.deliver()
        desk.tick()

        received = [record for record in desk.history("T1") if isinstance(record, Received)]
        assert [("stocked", {"left": 3}, "system")] == [(record.event, record.payload, record.actor) for record in received]
        assert received[0].key.startswith("reply:")

    def test_no_reply(self, make: Any) -> None:
        """A handler that returns None answers later by itself; one that returns something odd has failed."""
        desk = make(call__later=lambda effect: None, call__odd=lambda effect: 7)
        desk.open("T1", {"call": [{"name": "later", "reply": "r"}, {"name": "odd"}]})
        assert 2 == desk.deliver().delivered
        assert 0 == desk.tick().claimed
        desk.open("T2", {"call": [{"name": "odd", "reply": "r"}]})
        report = desk.deliver()

        assert (1, "input") == (report.failed, report.problems[0].error.code)

    def test_opening_another_ticket(self, make: Any, store: Store) -> None:
        """An Open effect opens the ticket it names, with its parent, once, however often it is delivered."""
        desk = make()
        desk.open("T1", {"open": [{"workflow": "tiny", "new_ticket": "T1.1", "fields": {"a": 1}, "parent": "T1"}]})
        (effect,) = store.effects()
        assert 1 == desk.deliver().delivered
        opened = desk.history("T1.1")[0]

        assert isinstance(opened, Opened)
        assert {"a": 1, "parent": "T1"} == opened.fields
        again = Desk(TinyWorkflow(), store, now=lambda: NOON, sources=[lambda desk, now: [effect]]).tick()
        assert (0, 0) == (again.sent, again.failed)

    def test_a_ticket_that_can_never_be_opened(self, make: Any) -> None:
        """A refused opening, or an id somebody else took, is acknowledged and told of; what comes after goes on."""
        desk = make(notify=Flaky())
        desk.open("taken")
        refused = {"workflow": "tiny", "new_ticket": "N", "fields": {"no": True}}
        taken = {"workflow": "tiny", "new_ticket": "taken"}
        desk.open("T1", {"open": [refused, taken], "notify": ["ann"]})
        report = desk.deliver()

        assert (1, 2, 0) == (report.delivered, report.refused, report.failed)
        assert ["payload", "exists"] == [problem.error.code for problem in report.problems]
        with pytest.raises(NotFound):
            desk.get("N")

    def test_a_workflow_that_is_missing(self, make: Any) -> None:
        """Opening a ticket of a workflow the desk lacks stays pending for a desk that has it."""
        desk = make()
        desk.open("T1", {"open": [{"workflow": "other", "new_ticket": "N"}]})
        assert 1 == desk.deliver().failed
        both = Desk([TinyWorkflow(), TinyWorkflow("other")], desk.store, now=lambda: NOON)

        assert 1 == both.deliver().delivered
        assert "other" == both.get("N").workflow

    def test_sending_to_another_ticket(self, make: Any) -> None:
        """A Send effect is fired on the other ticket in the next round, once, in the system's name."""
        desk = make()
        desk.open("T2")
        desk.open("T1", {"send": [{"to_ticket": "T2", "event": "go", "key": "k", "payload": {"x": 1}}]})
        desk.deliver()
        assert 1 == desk.tick().fired

        received = desk.history("T2")[1]
        assert ("go", {"x": 1}, "k", "system") == (received.event, received.payload, received.key, received.actor)
