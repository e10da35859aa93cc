"""Knows what a round of a desk comes to, however many tickets it does at once; must not know how it keeps them."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from servflow.desk import Desk
from servflow.model import Take
from servflow.stores import Change, MemoryStore
from tests.unit.desk.tiny import MINUTE, TinyWorkflow, Watch

KEY = "engineer:ann"
FIELDS = st.fixed_dictionaries(
    {}, optional={"wake": st.integers(1, 3), "bug": st.just(True), "stuck": st.just(True), "notify": st.just(["cora"])}
)
MAIL = st.tuples(
    st.sampled_from(["ok", "go", "no", "bug", "take"]),
    st.fixed_dictionaries({}, optional={"wake": st.integers(0, 2), "notify": st.just(["carl"]), "wait": st.just([KEY])}),
    st.sampled_from(["k1", "k2", "k3"]),
)
CASES = st.lists(st.tuples(FIELDS, st.lists(MAIL, max_size=3)), min_size=1, max_size=6)


class Counting(MemoryStore):
    """Counts how often something is kept."""

    commits = 0

    def commit(self, changes: Any) -> Any:
        """As the store's."""
        self.commits += 1
        return super().commit(changes)


def lived(cases: list[Any], limit: int) -> tuple[Any, ...]:
    """What a store holds after a few minutes in which a desk did so many tickets in each round."""
    flow, watch, store = TinyWorkflow(), Watch(), MemoryStore()
    desk = Desk(flow, store, now=watch)
    for number, (fields, _) in enumerate(cases):
        flow.reserve[f"T{number}", "take"] = (Take(key=KEY, units=1, limit=2),)
        desk.open(f"T{number}", fields)
    for number, (_, mail) in enumerate(cases):
        for event, payload, key in mail:
            store.post(f"T{number}", event, payload, key=key, at=watch())
    for _ in range(4):
        for _ in range(20):
            desk.tick(limit)
        watch.at += MINUTE
    tickets = store.find()
    failed = tuple(evolve(trouble, again=None) for trouble in store.troubles())
    effects = sorted((effect.id, repr(effect)) for effect in store.effects())
    return tickets, tuple(store.history(ticket.id) for ticket in tickets), failed, effects, dict(store.usage())


@given(CASES)
def test_many_at_once_come_to_what_one_after_the_other_come_to(cases: list[Any]) -> None:
    """Records, snapshots, failures, effects and what is held do not depend on how many tickets a round takes."""
    assert lived(cases, 1) == lived(cases, 100)


def test_many_timers_cost_one_commit() -> None:
    """A hundred tickets that wake at once are kept with one call, whatever fails among them apart."""
    flow, watch, store = TinyWorkflow(), Watch(), Counting()
    desk = Desk(flow, store, now=watch)
    for number in range(100):
        desk.open(f"T{number:03}", {"wake": 1, **({"bug": True} if number == 7 else {})})
    watch.at += MINUTE
    store.commits = 0
    report = desk.tick()
    assert (99, 1, 1) == (report.advanced, report.failed, store.commits)


def test_one_that_was_changed_meanwhile_is_decided_again() -> None:
    """Of many that wake at once, one that somebody else changes just before they are kept is done after them."""
    flow, watch = TinyWorkflow(), Watch()

    class Overtaken(MemoryStore):
        """Lets a clerk be first, once."""

        others: list[Change]

        def commit(self, changes: Any) -> Any:
            """As the store's, after the clerk's."""
            mine, self.others = getattr(self, "others", []), []
            if mine:
                super().commit(mine)
            return super().commit(changes)

    store = Overtaken()
    desk = Desk(flow, store, now=watch)
    for name in ("T1", "T2", "T3"):
        desk.open(name, {"wake": 1})
    ticket = desk.get("T2")
    watch.at += MINUTE
    store.others = [Change.of(flow.fire(ticket, "ok", {"wake": 0}, at=watch.at), ticket.revision)]
    report = desk.tick()
    assert (3, 3, 0) == (report.claimed, report.advanced, report.failed)
    assert ["woken"] * 3 == [desk.get(name).state for name in ("T1", "T2", "T3")]
