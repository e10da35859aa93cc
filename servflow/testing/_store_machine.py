"""Knows what is asked of two stores, in whatever order, so that they must answer alike; must not know how either works."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Literal, TypeVar

from attrs import evolve, frozen
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from servflow.model import FrozenMap, Moved, Next, Notify, Opened, Release, Reservation, SlotProgress, Take, Ticket, Unique
from servflow.stores import Change, MemoryStore, Sort, Store
from servflow.testing._store_values import NOON, clock, said

T = TypeVar("T")

NAMES = st.sampled_from(["A", "B", "乙"])
KEYS = st.sampled_from(["k1", "k2", "engineer:ann", "é"])
MINUTES = st.integers(0, 5).map(lambda n: timedelta(minutes=n))
VALUES = st.sampled_from([1, 1.0, "é"])
HELD = st.sampled_from(["k1", "engineer:ann"])
"""Few, so that tickets get into each other's way."""
RESERVATIONS = st.lists(
    st.one_of(
        st.builds(Take, key=HELD, units=st.integers(1, 3), limit=st.sampled_from([1, 2, 3, None])),
        st.builds(Release, key=HELD, units=st.integers(1, 3)),
        st.builds(Unique, key=HELD, until=st.none() | MINUTES.map(lambda d: NOON + d)),
        st.builds(Next, counter=HELD, expected=st.integers(0, 2)),
    ),
    max_size=4,
).map(tuple)


@frozen(kw_only=True)
class _Offer:
    """What a step of the machine is drawn from."""

    name: str
    stale: int = 0
    count: int = 1
    reservations: tuple[Reservation, ...] = ()
    keys: tuple[str, ...] = ()
    moment: timedelta = timedelta()
    wake: timedelta | None = None
    effects: int = 1
    waits: tuple[str, ...] = ()
    due: timedelta | None = None
    index: FrozenMap[str, Any] | None = None
    erased: bool = False


OFFERS = st.builds(
    _Offer,
    name=NAMES,
    stale=st.integers(0, 1),
    count=st.integers(0, 2),
    reservations=RESERVATIONS,
    keys=st.lists(KEYS, max_size=2, unique=True).map(tuple),
    moment=MINUTES,
    wake=st.none() | MINUTES,
    effects=st.integers(0, 2),
    waits=st.lists(KEYS, max_size=2, unique=True).map(tuple),
    due=st.none() | MINUTES,
    index=st.none() | st.dictionaries(st.sampled_from("fg"), VALUES).map(FrozenMap),
    erased=st.booleans(),
)


def _change(offer: _Offer, ticket: Ticket | None) -> Change:
    """The change of an offer to a ticket, or the one that opens it."""
    at, count = NOON + offer.moment, offer.count
    slots = FrozenMap({"assignee": SlotProgress(policy="p", since=NOON, waits=offer.waits)}) if offer.waits else FrozenMap()
    clocks = FrozenMap() if offer.due is None else FrozenMap(c=clock("c", NOON + offer.due))
    if ticket is None:
        made = Ticket(id=offer.name, workflow="w", at=at, sequence=1, opened_at=at, slots=slots, clocks=clocks, queue="q1")
        opening = Opened(sequence=1, at=at, id=offer.name, workflow="w", version=1)
        return Change(ticket=made, expected=None, records=(opening,))
    if not count:
        return Change(ticket=ticket, expected=ticket.revision)
    # A stale offer is numbered as if the last record had not been seen.
    start = ticket.revision - (1 if offer.stale and ticket.revision > 1 else 0)
    moved = evolve(
        ticket,
        sequence=start + count,
        at=at,
        slots=slots,
        wake=None if offer.wake is None else NOON + offer.wake,
        configuration=(f"s{count}",),
        queue=f"q{count}",
        clocks=clocks,
    )
    records = tuple(Moved(sequence=start + 1 + number, at=at, event="e") for number in range(count))
    return Change(
        ticket=moved, expected=start, records=records, erased=(said(1 + start // 3, str(start)),) if offer.erased else ()
    )


class Undone(Exception):
    """What makes a batch fail."""


class StoreMachine(RuleBasedStateMachine):
    """The same operations on a store and on the one in memory; every answer and everything that can be read is equal."""

    make: Callable[[], Store]
    """What gives an empty store, called once for each run."""

    def __init__(self) -> None:
        super().__init__()
        self.stores: tuple[Store, ...] = ()
        self.effects = 0
        self.depth: list[Any] = []

    def teardown(self) -> None:
        for blocks in reversed(self.depth):
            for block in blocks:
                block.__exit__(None, None, None)
        for store in self.stores:
            store.close()

    def both(self, work: Callable[[Store], T]) -> T:
        """What both stores answer."""
        expected, actual = (work(store) for store in self.stores)
        assert expected == actual
        return expected

    @initialize()
    def start(self) -> None:
        """Begin with one ticket, so that there is something to do."""
        # Not when the machine is made: hypothesis makes some that it never runs, and nobody would close their stores.
        self.stores = (MemoryStore(), type(self).make())
        self.step(_Offer(name="A"))

    @rule(offer=OFFERS)
    def step(self, offer: _Offer) -> None:
        """Offer a change, now and then a stale one; with what is waiting for the ticket consumed."""
        name = offer.name
        change = _change(offer, self.both(lambda store: store.load(name)))
        made = []
        for _ in range(offer.effects):
            self.effects += 1
            number = f"e{self.effects}"
            made.append(Notify(id=number, ticket=name, at=NOON + offer.moment, cause="c", action="a", to="x", template="t"))
        claims = {claim.ticket: claim for claim in self.both(lambda store: store.claim(NOON + timedelta(days=1)))}
        consumed = tuple(message.id for message in claims[name].messages[:1]) if name in claims and offer.count else ()
        change = evolve(
            change,
            effects=tuple(made),
            reservations=offer.reservations,
            keys=offer.keys,
            index=offer.index,
            consumed=consumed,
            woken=claims[name].woken if name in claims else 0,
            released=max(0, self.both(lambda store: store.released()) - offer.stale),
        )
        self.both(lambda store: store.commit([change]))
        # Salts are a store's own; what they and the seals make of a chain is not.
        shapes = self.both(
            lambda store: [(one.sequence, one.body, one.salt == "", one.seal == "") for one in store.chain(name)]
        )
        for store in self.stores:
            links = store.chain(name)
            chains = ["", *(one.chain for one in links)]
            assert [True] * len(shapes) == [one.follows(chains[place]) for place, one in enumerate(links)]

    @rule(name=NAMES, due=st.none() | MINUTES, value=st.none() | VALUES, erased=st.booleans())
    def move(self, name: str, due: timedelta | None, value: Any, erased: bool) -> None:
        """Offer a change that nothing speaks against, so that there is more to look at."""
        index = None if value is None else FrozenMap(f=value)
        self.step(_Offer(name=name, wake=due, due=due, index=index, erased=erased))

    @rule(name=NAMES, key=KEYS, moment=MINUTES)
    def post(self, name: str, key: str, moment: Any) -> None:
        """Put mail into a box."""
        self.both(lambda store: store.post(name, "go", {"n": key}, key=key, at=NOON + moment, actor="ann"))

    @rule(which=st.integers(0, 3))
    def ack(self, which: int) -> None:
        """Acknowledge one of the first pending effects."""
        pending = self.both(lambda store: store.effects())
        for effect in pending[which : which + 1]:
            self._ack(effect.id)

    def _ack(self, effect: str) -> None:
        self.both(lambda store: store.ack([effect]))

    @rule(moment=MINUTES, length=MINUTES, limit=st.integers(0, 4))
    def take(self, moment: timedelta, length: timedelta, limit: int) -> None:
        """Take effects for a while, which may be over at once."""
        self.both(lambda store: store.take(NOON + moment, NOON + moment + length, limit))

    @rule(which=st.integers(0, 3), moment=MINUTES, again=st.none() | MINUTES, error=KEYS)
    def fail_effect(self, which: int, moment: timedelta, again: timedelta | None, error: str) -> None:
        """Report one of the first pending effects, taken or not, or one that is none."""
        pending = self.both(lambda store: store.effects())
        self._fail("effect", pending[which].id if which < len(pending) else "nobody", moment, again, error)

    @rule(name=NAMES, moment=MINUTES, again=st.none() | MINUTES, error=KEYS)
    def fail_ticket(self, name: str, moment: timedelta, again: timedelta | None, error: str) -> None:
        """Report a ticket, there or not."""
        self._fail("ticket", name, moment, again, error)

    def _fail(self, sort: Sort, name: str, moment: timedelta, again: timedelta | None, error: str) -> None:
        next_try = None if again is None else NOON + again
        self.both(lambda store: store.fail(sort, name, error, at=NOON + moment, again=next_try))

    @rule(sort=st.sampled_from(["ticket", "effect"]), which=st.integers(0, 3))
    def revive(self, sort: Sort, which: int) -> None:
        """Revive some of what is in trouble."""
        ids = [trouble.id for trouble in self.both(lambda store: store.troubles(limit=which + 1))]
        self.both(lambda store: store.revive(sort, ids))

    @rule(name=NAMES, limit=st.integers(1, 2), order=st.sampled_from(["id", "due"]), value=VALUES, before=st.none() | MINUTES)
    def page(self, name: str, limit: int, order: Literal["id", "due"], value: Any, before: timedelta | None) -> None:
        """Look for tickets, behind one that is there."""
        after = name if self.both(lambda store: store.load(name)) else None
        due_before = None if before is None else NOON + before
        self.both(lambda store: store.find(order=order, limit=limit, after=after, due_before=due_before))
        self.both(lambda store: store.find(order=order, limit=limit, after=after, where={"f": value}, queue="q1"))

    @precondition(lambda self: len(self.depth) < 3)
    @rule()
    def begin(self) -> None:
        """Open a batch, possibly inside another."""
        blocks = [store.batch() for store in self.stores]
        for block in blocks:
            block.__enter__()
        self.depth.append(blocks)

    @precondition(lambda self: self.depth)
    @rule(undo=st.booleans())
    def end(self, undo: bool) -> None:
        """End the innermost batch, well or badly."""
        for block in self.depth.pop():
            if not undo:
                block.__exit__(None, None, None)
                continue
            # A block that gives up either raises the error itself or leaves that to the caller.
            with suppress(Undone):
                block.__exit__(Undone, Undone(), None)

    @invariant()
    def agree(self) -> None:
        """Everything that can be read is equal."""
        self.both(lambda store: store.find())
        self.both(lambda store: [store.history(name) for name in ("A", "B", "乙")])
        self.both(lambda store: store.effects())
        self.both(lambda store: store.claim(NOON + timedelta(minutes=2)))
        self.both(lambda store: list(store.usage().items()))
        self.both(lambda store: [store.answered(name, key) for name in ("A", "B", "乙") for key in ("k1", "k2", "é")])
        self.both(lambda store: store.released())
        self.both(lambda store: store.troubles())
        self.both(lambda store: store.find(order="due", where={"f": 1}))


def store_machine(factory: Callable[[], Store]) -> type[StoreMachine]:
    """
    A Hypothesis state machine that compares the empty stores *factory* gives with ``MemoryStore``.

    Its ``TestCase`` is what a test module takes in::

        TestOurStore = store_machine(lambda: OurStore(fresh_database())).TestCase
    """
    return type("StoreMachine", (StoreMachine,), {"make": staticmethod(factory)})
