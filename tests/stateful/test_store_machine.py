"""Knows that both stores answer alike whatever is asked of them in whatever order; must not know how either works."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from attrs import evolve
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from servflow.model import FrozenMap, Moved, Next, Notify, Opened, Release, SlotProgress, Take, Ticket, Unique
from servflow.stores import Change, MemoryStore, SqliteStore, Store
from servflow.testing._store_values import NOON

NAMES = st.sampled_from(["A", "B", "乙"])
KEYS = st.sampled_from(["k1", "k2", "engineer:ann", "é"])
MINUTES = st.integers(0, 5).map(lambda n: timedelta(minutes=n))
RESERVATIONS = st.lists(
    st.one_of(
        st.builds(Take, key=KEYS, units=st.integers(1, 3), limit=st.none() | st.integers(1, 4)),
        st.builds(Release, key=KEYS, units=st.integers(1, 3)),
        st.builds(Unique, key=KEYS, until=st.none() | MINUTES.map(lambda d: NOON + d)),
        st.builds(Next, counter=KEYS, expected=st.integers(0, 2)),
    ),
    max_size=4,
).map(tuple)


class Undone(Exception):
    """What makes a batch fail."""


class StoreMachine(RuleBasedStateMachine):
    """The same operations on both stores; every answer and everything that can be read is equal."""

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

    def both(self, work: Any) -> Any:
        """What both stores answer."""
        memory, sqlite = (work(store) for store in self.stores)
        assert memory == sqlite
        return memory

    @initialize()
    def start(self) -> None:
        """Begin with one ticket, so that there is something to do."""
        # Not when the machine is made: hypothesis makes some that it never runs, and nobody would close their stores.
        self.stores = (MemoryStore(), SqliteStore(":memory:"))
        self.step("A", 0, 1, (), [], NOON - NOON, None, 1, None)

    @rule(
        name=NAMES,
        stale=st.integers(0, 1),
        count=st.integers(0, 2),
        reservations=RESERVATIONS,
        keys=st.lists(KEYS, max_size=2, unique=True),
        moment=MINUTES,
        wake=st.none() | MINUTES,
        effects=st.integers(0, 2),
        waits=st.none() | st.lists(KEYS, max_size=2, unique=True),
    )
    def step(
        self, name: str, stale: int, count: int, reservations: Any, keys: Any, moment: Any, wake: Any, effects: int, waits: Any
    ) -> None:
        """Offer a change, now and then a stale one; with what is waiting for the ticket consumed."""
        ticket = self.both(lambda store: store.load(name))
        at = NOON + moment
        slots = FrozenMap({"assignee": SlotProgress(policy="p", since=NOON, waits=tuple(waits))}) if waits else FrozenMap()
        if ticket is None:
            made = Ticket(id=name, workflow="w", at=at, sequence=1, opened_at=at, slots=slots)
            change = Change(ticket=made, expected=None, records=(Opened(sequence=1, at=at, id=name, workflow="w", version=1),))
        else:
            count = max(count, 0)
            records = tuple(Moved(sequence=ticket.sequence + 1 + n, at=at, event="e") for n in range(count))
            moved = evolve(ticket, sequence=ticket.sequence + count, at=at, slots=slots) if count else ticket
            if count:
                moved = evolve(moved, wake=None if wake is None else NOON + wake, configuration=(f"s{count}",))
            change = Change(ticket=moved, expected=ticket.revision, records=records)
            if stale and ticket.revision > 1 and count:
                records = tuple(evolve(record, sequence=record.sequence - 1) for record in records)
                earlier = evolve(moved, sequence=moved.sequence - 1)
                change = Change(ticket=earlier, expected=ticket.revision - 1, records=records)
        made_effects = []
        for _ in range(effects):
            self.effects += 1
            made_effects.append(Notify(id=f"e{self.effects}", ticket=name, at=at, cause="c", action="a", to="x", template="t"))
        claims = {claim.ticket: claim for claim in self.both(lambda store: store.claim(NOON + timedelta(days=1)))}
        consumed = tuple(message.id for message in claims[name].messages[:1]) if name in claims and count else ()
        woken = claims[name].woken if name in claims else 0
        released = max(0, self.both(lambda store: store.released()) - stale)
        change = evolve(change, effects=tuple(made_effects), reservations=reservations, keys=tuple(keys))
        change = evolve(change, consumed=consumed, woken=woken, released=released)
        self.both(lambda store: store.commit([change]))

    @rule(name=NAMES, key=KEYS, moment=MINUTES)
    def post(self, name: str, key: str, moment: Any) -> None:
        """Put mail into a box."""
        self.both(lambda store: store.post(name, "go", {"n": key}, key=key, at=NOON + moment, actor="ann"))

    @rule(which=st.integers(0, 3))
    def ack(self, which: int) -> None:
        """Acknowledge one of the first pending effects."""
        pending = self.both(lambda store: store.effects())
        for effect in pending[which : which + 1]:
            self.both(lambda store, effect=effect: store.ack([effect.id]))

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


StoreMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


class TestStoresAgree(StoreMachine.TestCase):  # type: ignore[name-defined,misc]  # hypothesis makes the class at run time
    """The store in memory is the oracle of the one in SQLite, and the other way round."""
