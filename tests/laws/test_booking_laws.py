"""Knows the laws of pulling and booking; must not know how either is decided."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servflow.calendars import Calendar
from servflow.desk import Desk
from servflow.engine import Workflow
from servflow.errors import Refused, ReservationRefused
from servflow.model import Ticket, World, dump, load_ticket
from servflow.stores import MemoryStore

EXAMPLES = 25
LAWS = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
EIGHT = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
TICKETS = ("a", "b", "c", "d")
FLOW = Workflow(
    workflow="visits",
    fields={"long": {"type": "int", "default": 60}, "skill": {"type": "string", "optional": True}},
    initial="booking",
    states={"booking": {}, "agreed": {}, "closed": {"closed": True}},
    transitions=[
        {"event": "assigned.visit", "source": "booking", "target": "agreed"},
        {"event": "unbooked.visit", "source": "agreed", "target": "booking"},
        {"event": "close", "source": "agreed", "target": "closed"},
        {"event": "ticket.reopen", "source": "closed", "target": "booking"},
    ],
    dispatch=[
        {
            "name": "visit",
            "state": "booking",
            "require": [{"skill": "skill"}, {"open": "shift"}],
            "mode": "appointment",
            "appointment": {"zone": "Europe/Berlin", "step": 15, "minutes": "long", "days": 1, "remind": ["1h"]},
        }
    ],
)
WORLD = World(
    engineers=[
        {"id": "ann", "skills": ["ac"], "shift": "day"},
        {"id": "bob", "absences": [(EIGHT + 3 * HOUR, EIGHT + 4 * HOUR)]},
    ],
    calendars={"day": Calendar(zone="Europe/Berlin", week={"mon": ["09:00-12:30", "13:00-15:00"]})},
)
ILL = World(engineers=[{"id": "ann", "skills": ["ac"], "absences": [(EIGHT, EIGHT + 9 * HOUR)]}, {"id": "bob"}])

steps = st.tuples(
    st.sampled_from(TICKETS),
    st.sampled_from(["book", "book", "book", "reschedule", "cancel", "lost", "no_show", "close", "reopen", "assign"]),
    st.integers(0, 28),
    st.sampled_from(["ann", "bob", None]),
    st.integers(0, 20),
)


class Between:
    """A store that lets another desk go first, between what this one decides and its commit."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.first: list[Callable[[], None]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def commit(self, changes: Any) -> Any:
        if self.first:
            self.first.pop()()
        return self.store.commit(changes)


def do(desk: Desk, step: tuple[str, str, int, str | None, int]) -> None:
    ticket, what, quarter, who, _ = step
    start = {"start": EIGHT + quarter * HOUR / 4, "to": who}
    events: dict[str, tuple[str, dict[str, Any]]] = {
        "close": ("close", {}),
        "reopen": ("ticket.reopen", {}),
        "assign": ("ticket.assign", {"to": who}),
    }
    event, payload = events.get(what, (f"appointment.{what}", start if what in ("book", "reschedule") else {}))
    with suppress(Refused):
        desk.fire(ticket, event, payload)


def visits(desk: Desk) -> list[tuple[str, datetime, datetime]]:
    booked = [desk.get(name).appointment for name in TICKETS]
    return [(one.to, one.start, one.end) for one in booked if one and one.booked and one.to and one.start and one.end]


@LAWS
@given(st.lists(st.tuples(steps, steps), max_size=12))
def test_nobody_is_booked_twice_under_any_interleaving(pairs: list[tuple[Any, Any]]) -> None:
    """
    No two booked visits of one person overlap, and the store holds the time of exactly those, whatever two desks do at once.

    One desk decides, the other one decides and commits, then the first commits.
    """
    store = MemoryStore()
    between = Between(store)
    now = [EIGHT]
    slow = Desk(FLOW, between, now=lambda: now[0], world=WORLD)  # type: ignore[arg-type]  # it answers as the store does
    fast = Desk(FLOW, store, now=lambda: now[0], world=WORLD)
    for number, name in enumerate(TICKETS):
        slow.open(name, {"long": 20 + 25 * number, "skill": "ac" if number % 2 else None})
    for first, second in pairs:
        between.first.append(partial(do, fast, second))
        with suppress(ReservationRefused):  # somebody gave a visit by hand to whoever is with another customer
            do(slow, first)
        between.first.clear()
        now[0] += first[4] * timedelta(minutes=1)
        slow.tick()

        held = sorted(visits(fast))
        assert all(one[0] != two[0] or one[2] <= two[1] for one, two in pairwise(held))
        assert sum((end - start) // timedelta(minutes=5) for _, start, end in held) == len(store.usage("visit:"))
        assert {1} >= set(store.usage("visit:").values())
    for name in TICKETS:
        assert FLOW.fold(slow.history(name)) == slow.get(name) == load_ticket(dump(slow.get(name)))


@settings(LAWS, max_examples=max(5, EXAMPLES // 2))
@given(
    st.integers(0, 600),
    st.sampled_from([20, 60, 95]),
    st.sampled_from(["ac", None]),
    st.lists(st.tuples(st.sampled_from(["ann", "bob"]), st.integers(0, 80), st.integers(1, 20)), max_size=4),
)
def test_a_slot_that_is_offered_can_be_booked(
    minute: int, long: int, skill: str | None, busy: list[tuple[str, int, int]]
) -> None:
    """With the same world and instant every window offered can be booked with everybody named, and no other begins."""
    at = EIGHT + timedelta(minutes=minute)
    booked: dict[str, list[tuple[datetime, datetime]]] = {}
    for who, first, length in busy:
        start = EIGHT + first * HOUR / 6
        booked.setdefault(who, []).append((start, start + length * HOUR / 12))
    world = WORLD.with_booked(booked)
    ticket = FLOW.open("T", {"long": long, "skill": skill}, at=at, world=world).ticket
    found = {window.start: window for window in FLOW.slots(ticket, at=at, world=world)}

    for quarter in range(0, 32, 5):
        start = EIGHT + quarter * HOUR / 4
        for who in ("ann", "bob"):
            try:
                made: Ticket | None = FLOW.fire(
                    ticket, "appointment.book", {"start": start, "to": who}, at=at, world=world
                ).ticket
            except Refused:
                made = None
            assert (start in found and who in found[start].who) == (made is not None)
            assert made is None or made.assignee == who


@LAWS
@given(st.integers(0, 300), st.integers(0, 300), st.booleans())
def test_catching_up_in_two_calls_is_catching_up_in_one(first: int, second: int, ill: bool) -> None:
    """For a fixed world reminders, and visits that are lost at them, come out the same however often a host looks."""
    a, b = sorted((EIGHT + timedelta(minutes=first), EIGHT + timedelta(minutes=second)))
    ticket = FLOW.open("T", at=EIGHT, world=WORLD).ticket
    ticket = FLOW.fire(ticket, "appointment.book", {"start": EIGHT + 2.5 * HOUR, "to": "ann"}, at=EIGHT, world=WORLD).ticket
    world = None if ill else WORLD

    assert (
        FLOW.advance(ticket, at=b, world=world).ticket
        == FLOW.advance(FLOW.advance(ticket, at=a, world=world).ticket, at=b, world=world).ticket
    )


LINE = Workflow(
    workflow="calls",
    fields={"skill": {"type": "string", "optional": True}},
    initial="waiting",
    states={"waiting": {}, "talking": {}},
    transitions=[
        {"event": "assigned.line", "source": "waiting", "target": "talking"},
        {"event": "back", "source": "talking", "target": "waiting"},
    ],
    dispatch=[{"name": "line", "state": "waiting", "mode": "queue", "require": [{"skill": "skill"}, {"below": "capacity"}]}],
)


def pull(desk: Desk, who: str, got: list[Ticket | None]) -> None:
    got.append(desk.next_for(who).ticket)


TEAM = World(engineers=[{"id": "ann", "skills": ["ac"], "capacity": 2}, {"id": "bob", "capacity": 3}])


@LAWS
@given(
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["ac", None])), max_size=6),
    st.lists(st.tuples(st.sampled_from(["ann", "bob"]), st.sampled_from(["ann", "bob"]), st.booleans()), max_size=6),
)
def test_nobody_pulls_what_somebody_has(waiting: list[tuple[int, str | None]], pulls: list[tuple[str, str, bool]]) -> None:
    """Two who pull at once never get one ticket, nobody gets more than they can take, and what nobody has still waits."""
    store = MemoryStore()
    between = Between(store)
    slow = Desk(LINE, between, now=lambda: EIGHT, world=TEAM)  # type: ignore[arg-type]  # it answers as the store does
    fast = Desk(LINE, store, now=lambda: EIGHT, world=TEAM)
    for number, (priority, skill) in enumerate(waiting):
        slow.open(f"T{number}", {"priority": priority, "skill": skill})
    for one, other, give_back in pulls:
        got: list[Ticket | None] = []
        between.first.append(partial(pull, fast, other, got))
        got.append(slow.next_for(one).ticket)
        between.first.clear()
        taken = [ticket.id for ticket in got if ticket is not None]
        assert len(taken) == len(set(taken))
        if give_back and taken:
            fast.fire(taken[0], "back")
    tickets = slow.find()
    held = [ticket.assignee for ticket in tickets if ticket.assignee is not None]
    assert held.count("ann") <= 2
    assert held.count("bob") <= 3
    assert {f"engineer:{who}": held.count(who) for who in set(held)} == dict(store.usage("engineer:"))
    assert {ticket.id for ticket in store.find(where={"queued:line": True})} == {
        ticket.id for ticket in tickets if ticket.assignee is None
    }
