"""Knows that the store on PostgreSQL answers like the one in memory, but for its numbers; must not know how either works."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from attrs import evolve
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from servflow.model import Notify
from servflow.stores import Claim, SqlStore, Store
from servflow.testing._store_machine import OFFERS, StoreMachine, _change, _Offer
from servflow.testing._store_values import NOON
from tests.postgres import fresh_database

LATER = NOON + timedelta(days=1)


def shape(claims: tuple[Claim, ...]) -> list[Any]:
    """Claims without numbers: those of mail that was undone, and those of releases, are the store's own affair."""
    return [
        (claim.ticket, claim.wake, claim.woken > 0, [evolve(message, id=0) for message in claim.messages]) for claim in claims
    ]


class SqlMachine(StoreMachine):
    """Each store is offered its own numbers; everything else must be equal."""

    runs: ClassVar[int] = 0

    def step(self, offer: _Offer) -> None:
        """As ``StoreMachine.step``."""
        name = offer.name
        change = _change(offer, self.both(lambda store: store.load(name)))
        made = []
        for _ in range(offer.effects):
            self.effects += 1
            number = f"e{self.effects}"
            made.append(Notify(id=number, ticket=name, at=NOON + offer.moment, cause="c", action="a", to="x", template="t"))

        def own(store: Store) -> Any:
            claims = {claim.ticket: claim for claim in store.claim(LATER)}
            waiting = claims[name].messages[:1] if name in claims and offer.count else ()
            return store.commit(
                [
                    evolve(
                        change,
                        effects=tuple(made),
                        reservations=offer.reservations,
                        keys=offer.keys,
                        index=offer.index,
                        consumed=tuple(message.id for message in waiting),
                        woken=claims[name].woken if name in claims else 0,
                        released=max(0, store.released() - offer.stale),
                    )
                ]
            )

        self.both(own)
        # Salts are a store's own; what they and the seals make of a chain is not.
        self.both(lambda store: [(one.sequence, one.body, one.salt == "", one.seal == "") for one in store.chain(name)])
        for store in self.stores:
            links = store.chain(name)
            before = ["", *(one.chain for one in links)]
            assert [True] * len(links) == [one.follows(before[place]) for place, one in enumerate(links)]

    @rule(offer=OFFERS)
    def offered(self, offer: _Offer) -> None:
        """Offer a change."""
        self.step(offer)

    def agree(self) -> None:
        """As ``StoreMachine.agree``, but for numbers."""

    @invariant()
    def all_but_numbers_agree(self) -> None:
        """Everything that can be read is equal."""
        self.both(lambda store: store.find())
        self.both(lambda store: [store.history(name) for name in ("A", "B", "乙")])
        self.both(lambda store: store.effects())
        self.both(lambda store: shape(store.claim(NOON + timedelta(minutes=2))))
        self.both(lambda store: list(store.usage().items()))
        self.both(lambda store: [store.answered(name, key) for name in ("A", "B", "乙") for key in ("k1", "k2", "é")])
        self.both(lambda store: store.released() > 0)
        self.both(lambda store: store.troubles())
        self.both(lambda store: store.find(order="due", where={"f": 1}))


def machine(base: SqlStore) -> type[SqlMachine]:
    """Machines that work in one database, each as a tenant of its own."""

    class Shared(SqlStore):
        """A tenant's handle that leaves the connections open."""

        def close(self) -> None:
            pass

    def make() -> Store:
        SqlMachine.runs += 1
        handle = base.for_tenant(f"run {SqlMachine.runs}")
        handle.__class__ = Shared
        return handle

    return type("Machine", (SqlMachine,), {"make": staticmethod(make)})


def test_the_stores_agree(postgres: str) -> None:
    """The store in memory is the oracle of the one in PostgreSQL, and the other way round."""
    few = settings(max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
    with SqlStore(fresh_database(postgres)) as base:
        run_state_machine_as_test(machine(base), settings=few)
