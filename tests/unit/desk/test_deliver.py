"""Knows what a desk promises for handing out effects; must not know how a store keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from servflow.desk import Desk, Retry
from servflow.errors import InputError, NotFound, StoreError
from servflow.model import Effect, Opened, Received
from servflow.stores import MemoryStore, SqliteStore, Store
from tests.unit.desk.tiny import MINUTE, NOON, TinyWorkflow, Watch

RESOLUTION = timedelta(microseconds=1)


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
def make(store: Store, watch: Watch) -> Callable[..., Desk]:
    """Makes a desk with handlers; they are named, with __ for the colon."""

    def made(retry: Retry = Retry(tries=3), **handlers: Any) -> Desk:  # noqa: B008 - it is frozen, so one may serve all
        named = {name.replace("__", ":"): handler for name, handler in handlers.items()}
        return Desk(TinyWorkflow(), store, now=watch, handlers=named, retry=retry)

    return made


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

    def test_a_failing_handler(self, make: Any, watch: Watch) -> None:
        """What failed stays with its id and waits; later effects of that ticket wait behind it; other tickets go on."""
        handler = Flaky("ann")
        desk = make(notify=handler)
        desk.open("T1", {"notify": ["ann", "later"]})
        desk.open("T2", {"notify": ["bob"]})
        report = desk.deliver()

        assert (1, 1, 0) == (report.delivered, report.failed, report.set_aside)
        assert ("T1", ConnectionError) == (report.problems[0].where, type(report.problems[0].error))
        assert ["bob"] == handler.reached
        pending = desk.store.effects()
        assert report.problems[0].what == pending[0].id
        handler.broken.clear()
        assert not desk.deliver().worked
        watch.at += MINUTE
        assert 2 == desk.deliver().delivered
        assert ["bob", "ann", "later"] == handler.reached
        assert () == desk.troubles()

    def test_when_it_is_tried_again(self, make: Any, watch: Watch) -> None:
        """Not before the instant that the retry gives, and at that instant."""
        desk = make(notify=Flaky("ann"))
        desk.open("T1", {"notify": ["ann"]})
        assert 1 == desk.deliver().failed
        (trouble,) = desk.troubles()
        assert Retry().again(trouble.id, 1, NOON) == trouble.again
        assert (1, "ConnectionError: ann", "T1", NOON) == (trouble.tries, trouble.error, trouble.ticket, trouble.since)
        watch.at = trouble.again - RESOLUTION
        assert 0 == desk.deliver().failed
        watch.at = trouble.again

        assert 1 == desk.deliver().failed
        assert (2, NOON, watch.at) == (desk.troubles()[0].tries, desk.troubles()[0].since, desk.troubles()[0].at)

    def test_a_dead_letter(self, make: Any, watch: Watch) -> None:
        """After the last try it is set aside, and the later effects of its ticket go on; revived, it is tried again."""
        handler = Flaky("ann")
        desk = make(notify=handler)
        desk.open("T1", {"notify": ["ann", "bob"]})
        seen = []
        for _ in range(3):
            report = desk.deliver()
            seen.append((report.failed, report.set_aside, report.delivered))
            watch.at += MINUTE
        assert [(1, 0, 0), (1, 0, 0), (1, 1, 1)] == seen
        assert ["bob"] == handler.reached
        watch.at += 10_000 * MINUTE
        assert not desk.deliver().worked
        (letter,) = desk.troubles(aside=True)
        assert ((), 3, None) == (desk.troubles(aside=False), letter.tries, letter.again)

        handler.broken.clear()
        assert 1 == desk.revive("effect", [letter.id])
        assert 1 == desk.deliver().delivered
        assert (["bob", "ann"], (), ()) == (handler.reached, desk.troubles(), desk.store.effects())

    def test_one_that_kills_its_workers(self, make: Any, store: Store, watch: Watch) -> None:
        """An effect that was taken as often as it may be, and never reported, is set aside without being tried."""
        handler = Flaky()
        desk = make(notify=handler)
        desk.open("T1", {"notify": ["ann", "bob"]})
        for _ in range(3):
            assert 1 == len(store.take(watch.at, watch.at + MINUTE))  # and the process is gone
            watch.at += MINUTE
        report = desk.deliver()

        assert (1, 1, "never_reported") == (report.set_aside, report.delivered, report.problems[0].error.code)
        assert (["bob"], 3) == (handler.reached, report.problems[0].error.tries)
        assert 1 == desk.revive("effect", [report.problems[0].what])
        assert 1 == desk.deliver().delivered

    def test_the_process_is_interrupted(self, make: Any) -> None:
        """What a round took and did not do is handed out again at once, with the same ids, where the round could say so."""
        seen: list[str] = []

        def once(effect: Effect) -> None:
            seen.append(effect.id)
            if len(seen) == 2:
                raise KeyboardInterrupt

        first = make(notify=once)
        for name in ("T1", "T2", "T3", "T4"):
            first.open(name, {"notify": ["ann"]})
        with pytest.raises(KeyboardInterrupt):
            first.deliver()
        assert 3 == make(notify=once).deliver().delivered

        assert (5, 4) == (len(seen), len(set(seen)))
        assert () == first.troubles()

    def test_the_process_dies_before_the_acknowledgement(self, make: Any, store: Store, watch: Watch) -> None:
        """An effect whose handler returned but was not acknowledged comes again with the same id, when patience is over."""
        seen: set[str] = set()
        desk = make(notify=lambda effect: seen.add(effect.id))
        desk.open("T1", {"notify": ["ann"]})
        (pending,) = store.take(watch.at, watch.at + MINUTE)
        seen.add(pending.effect.id)  # here it dies
        assert 0 == desk.deliver().delivered
        watch.at += MINUTE

        assert 1 == desk.deliver().delivered
        assert 1 == len(seen)
        assert () == store.effects()

    def test_slow_handlers_keep_nothing_for_later(self, make: Any, store: Store, watch: Watch) -> None:
        """What was taken with others and not begun before it is anybody's again is left to others, and not lost."""
        tried: list[str] = []

        def slow(effect: Effect) -> None:
            tried.append(effect.ticket)
            watch.at += 3 * MINUTE

        desk = make(Retry(tries=8), notify=slow)
        for index in range(6):
            desk.open(f"T{index}", {"notify": ["ann"]})
        desk._delivery.size = 4
        while desk.deliver().worked:
            pass

        assert [f"T{index}" for index in range(6)] == sorted(tried)
        assert ((), ()) == (store.effects(), desk.troubles())

    def test_many_failing_tickets_starve_nobody(self, make: Any, watch: Watch) -> None:
        """However many tickets keep failing, the others are reached; who failed often waits longer, so all are tried again."""
        sick = [f"sick{index}" for index in range(130)]
        handler = Flaky(*sick)
        desk = make(Retry(first=MINUTE, factor=10, most=10_000 * MINUTE), notify=handler)
        for index, who in enumerate(sick):
            desk.open(f"S{index:03}", {"notify": [who]})
        for index in range(5):
            desk.open(f"W{index}", {"notify": [f"well{index}"]})
        rounds = 0
        while len(handler.reached) < 5:
            desk.deliver(limit=10)
            watch.at += MINUTE  # so that all that failed before is due again
            rounds += 1
            assert rounds < 100

        assert [f"well{index}" for index in range(5)] == handler.reached
        for _ in range(60):
            desk.deliver(limit=10)
            watch.at += MINUTE
        assert min(handler.tried.count(who) for who in sick) >= 2

    def test_a_failure_among_many(self, make: Any) -> None:
        """What failed is passed over for the rest of the round, however many come after it."""
        desk = make(notify=Flaky("ann"))
        desk.open("T1", {"notify": ["ann"]})
        desk.open("T2", {"notify": [str(index) for index in range(150)]})
        report = desk.deliver(limit=1000)

        assert (150, 1, 0) == (report.delivered, report.failed, report.set_aside)

    def test_an_error_that_cannot_be_written(self, make: Any) -> None:
        """Whatever an error says is kept in text that any database takes, and no longer than a store keeps."""

        class Silent(Exception):
            def __str__(self) -> str:
                raise ZeroDivisionError

        errors = [ValueError("a\0b\ud800"), Silent(), ValueError("x" * 100_000), ZeroDivisionError()]

        def broken(effect: Any) -> None:
            raise errors[int(effect.to)]

        desk = make(notify=broken)
        for index in range(4):
            desk.open(f"T{index}", {"notify": [str(index)]})
        assert 4 == desk.deliver().failed
        told = [trouble.error for trouble in desk.troubles()]

        assert [
            "ValueError: a\\x00b\\ud800",
            "Silent: (it cannot be shown)",
            f"ValueError: {'x' * 1988}",
            "ZeroDivisionError",
        ] == told

    def test_a_handler_that_is_to_be_awaited(self, make: Any) -> None:
        """A plain desk cannot await: the effect fails with a sentence that says who can."""

        async def later(_: Effect) -> None: ...

        desk = make(notify=later)
        desk.open("T1", {"notify": ["ann"]})
        report = desk.deliver()

        assert (1, "awaitable") == (report.failed, report.problems[0].error.code)
        assert "Worker" in report.problems[0].error.message

    def test_a_store_that_fails_ends_the_round(self, store: Store, make: Any) -> None:
        """A failure of the store is no failure of the effect at hand: it raises, and the effect is not counted as failed."""

        def gone(*_: Any, **__: Any) -> bool:
            raise StoreError("the line is cut", code="lost")

        desk = make(call=lambda _: {"x": 1})
        desk.open("T1", {"call": [{"name": "c", "reply": "r"}]})
        post, store.post = store.post, gone  # type: ignore[method-assign]  # the line is cut just here
        with pytest.raises(StoreError, match="cut"):
            desk.deliver()
        store.post = post  # type: ignore[method-assign]  # and mended
        assert 1 == desk.deliver().delivered

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

    def test_a_workflow_that_is_missing(self, make: Any, watch: Watch) -> None:
        """Opening a ticket of a workflow the desk lacks stays pending for a desk that has it."""
        desk = make()
        desk.open("T1", {"open": [{"workflow": "other", "new_ticket": "N"}]})
        assert 1 == desk.deliver().failed
        both = Desk([TinyWorkflow(), TinyWorkflow("other")], desk.store, now=watch)
        watch.at += MINUTE

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
