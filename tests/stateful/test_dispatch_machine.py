"""Tickets are offered, taken, declined and left alone by people at several desks over one store; whatever comes between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from servflow.desk import Desk
from servflow.engine import Workflow
from servflow.errors import Conflict, Refused, ReservationRefused
from servflow.model import Engineer, Offered, OfferEnded, Ticket, World
from servflow.stores import MemoryStore, SqliteStore

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PEOPLE = ("ann", "bob", "cat")
CAPACITY = 2
CHANNEL = 1
MODES = ("assign", "offer", "pool", "approve")


def flow(mode: str) -> Workflow:
    """A workflow whose tickets look for an engineer in one of the modes; whoever has one may give it back."""
    return Workflow(
        workflow=mode,
        states={"new": {}, "taken": {}, "done": {}, "closed": {"closed": True}},
        transitions=[
            {"event": "assigned.seek", "source": "new", "target": "taken"},
            {"event": "finish", "source": "taken", "target": "done"},
            {"event": "give_back", "source": "taken", "target": "new"},
            {"event": "ticket.cancel", "source": ["new", "taken", "done"], "target": "closed"},
            {"event": "ticket.reopen", "source": "closed", "target": "new"},
        ],
        dispatch=[
            {
                "name": "seek",
                "state": "new",
                "until": "done",
                "require": [{"below": "capacity"}],
                "prefer": [{"term": "load", "weight": -1}],
                "mode": mode,
                "offer": {"timeout": "10m", "parallel": 2, "cool_off": "20m"},
                "relax": [{"after": "2h", "mode": "pool"}],
                "redispatch": {"rejection": True, "overrun": "3h", "absence": True, "most": 2},
            }
        ],
    )


FLOWS = [flow(mode) for mode in MODES]


class Desks(RuleBasedStateMachine):
    """Two desks share a store; each sees the world as it was when it looked last, so both often want the same place."""

    kind: type = MemoryStore

    @initialize()
    def open_desks(self) -> None:
        self.store: Any = self.kind(":memory:") if self.kind is SqliteStore else self.kind()
        self.now = NOON
        self.leave: dict[str, datetime] = {}
        self.stale = World(engineers=self._people(), version="first")
        self.seen = 0
        self.desks = [Desk(FLOWS, self.store, now=lambda: self.now, world=self.world) for _ in range(2)]
        self.count = 0
        self.won: dict[str, int] = {}

    def _people(self) -> list[Engineer]:
        away = {who: [(start, start + timedelta(hours=1))] for who, start in self.leave.items()}
        return [
            Engineer(id=who, capacity=CAPACITY, per_channel={"chat": CHANNEL}, absences=away.get(who, ())) for who in PEOPLE
        ]

    def world(self) -> World:
        """What lies outside: now and then as it is, else as somebody saw it before."""
        self.seen += 1
        if self.seen % 3:
            return self.stale
        held = self.store.usage("engineer:")
        loads = {key.removeprefix("engineer:"): units for key, units in held.items() if "/" not in key}
        chats = {key.removeprefix("engineer:").removesuffix("/chat"): units for key, units in held.items() if "/" in key}
        split = {who: {"chat": units} for who, units in chats.items()}
        self.stale = World(engineers=self._people(), loads=loads, channel_loads=split)
        return self.stale

    def try_(self, desk: int, ticket: int, event: str, payload: dict[str, Any] | None = None, actor: str | None = None) -> None:
        """Do something that may well be refused; then nothing has changed."""
        if not self.count:
            return
        id_ = f"T{ticket % self.count}"
        before = self.store.load(id_)
        try:
            self.desks[desk].fire(id_, event, payload, actor=actor)
        except (Refused, ReservationRefused, Conflict):
            assert before == self.store.load(id_)

    @rule(desk=st.integers(0, 1), mode=st.sampled_from(MODES), chat=st.booleans())
    def open(self, desk: int, mode: str, chat: bool) -> None:
        """A ticket comes in."""
        if self.count < 6:
            try:
                self.desks[desk].open(f"T{self.count}", {"channel": "chat"} if chat else {}, workflow=mode)
            except ReservationRefused:
                return
            self.count += 1

    @rule(desk=st.integers(0, 1), ticket=st.integers(0, 5), who=st.sampled_from(PEOPLE), yes=st.booleans())
    def answer(self, desk: int, ticket: int, who: str, yes: bool) -> None:
        """Somebody says yes or no, whether or not they were asked."""
        self.try_(desk, ticket, "offer.accept" if yes else "offer.reject", actor=who)

    @rule(desk=st.integers(0, 1), ticket=st.integers(0, 5), who=st.sampled_from(PEOPLE))
    def two_accept_at_one_instant(self, desk: int, ticket: int, who: str) -> None:
        """Two people accept at two desks at the same instant."""
        self.try_(desk, ticket, "offer.accept", actor=who)
        self.try_(1 - desk, ticket, "offer.accept", actor=PEOPLE[(PEOPLE.index(who) + 1) % 3])

    @rule(desk=st.integers(0, 1), ticket=st.integers(0, 5), yes=st.booleans())
    def confirm(self, desk: int, ticket: int, yes: bool) -> None:
        """A dispatcher answers a proposal."""
        self.try_(desk, ticket, "dispatch.approve" if yes else "dispatch.decline")

    @rule(
        desk=st.integers(0, 1),
        ticket=st.integers(0, 5),
        event=st.sampled_from(["finish", "give_back", "ticket.cancel", "ticket.reopen"]),
    )
    def go_on(self, desk: int, ticket: int, event: str) -> None:
        """The ticket moves on, comes back, ends or begins again."""
        self.try_(desk, ticket, event)

    @rule(desk=st.integers(0, 1), minutes=st.sampled_from([1, 11, 45, 200]))
    def wait(self, desk: int, minutes: int) -> None:
        """Time passes and a desk looks."""
        self.now += timedelta(minutes=minutes)
        self.desks[desk].tick()

    @rule(desk=st.integers(0, 1), who=st.sampled_from(PEOPLE), minutes=st.sampled_from([0, 30]))
    def leave_soon(self, desk: int, who: str, minutes: int) -> None:
        """Somebody is away for an hour, now or soon, and a desk is told to look."""
        self.leave[who] = self.now + timedelta(minutes=minutes)
        self.seen = 2  # the next look shows the world as it is
        self.desks[desk].look_again()

    def tickets(self) -> list[Ticket]:
        """Every ticket as it is kept."""
        return [self.store.load(f"T{number}") for number in range(self.count)]

    @invariant()
    def capacity_is_never_exceeded(self) -> None:
        """Nobody holds more than they take, of all or of a channel, whoever gave it to them and whatever was believed."""
        if not hasattr(self, "store"):
            return
        for key, units in self.store.usage("engineer:").items():
            assert units <= (CHANNEL if key.endswith("/chat") else CAPACITY), (key, units)

    @invariant()
    def no_ticket_is_lost_or_held_twice(self) -> None:
        """Where somebody is sought there is a holder, an offer, a proposal, or a record of having found nobody."""
        if not hasattr(self, "store"):
            return
        for ticket in self.tickets():
            held = {held.key.removeprefix("engineer:").partition("/")[0] for held in ticket.held}
            open_to = {offer.to for offer in ticket.offers if not offer.pool}
            progress = ticket.slots.get("assignee")
            if ticket.assignee is not None and not ticket.closed and ticket.state != "done":
                assert ({ticket.assignee}, ()) == (held, ticket.offers)
            elif ticket.state in {"new", "taken"}:  # taken back, it is sought for where it is
                assert progress is not None
                proposed = {progress.proposed} - {None}
                assert held == open_to | proposed
                assert ticket.offers or proposed or (progress.phase == "waiting" and progress.exhausted)
            else:
                assert ((), set()) == (ticket.offers, held)

    @invariant()
    def an_offer_is_won_at_most_once(self) -> None:
        """Each offer ends once, and of those made at one time only one was accepted."""
        if not hasattr(self, "store"):
            return
        for ticket in self.tickets():
            records = self.store.history(ticket.id)
            made = [record.offer.id for record in records if isinstance(record, Offered)]
            ended = [record.offer.id for record in records if isinstance(record, OfferEnded)]
            assert len(made) == len(set(made))
            assert len(ended) == len(set(ended))
            assert set(made) == {*ended, *(offer.id for offer in ticket.offers)}
            flow_of = next(flow for flow in FLOWS if flow.workflow == ticket.workflow)
            assert ticket == flow_of.fold(records)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()


class DesksOnSqlite(Desks):
    """The same over a database."""

    kind = SqliteStore


def test_people_and_desks_never_overbook_or_lose_a_ticket() -> None:
    """Two desks over a store in memory."""
    run_state_machine_as_test(Desks, settings=settings(max_examples=20, stateful_step_count=25, deadline=None))


def test_people_and_desks_never_overbook_or_lose_a_ticket_on_sqlite() -> None:
    """Two desks over one database."""
    run_state_machine_as_test(DesksOnSqlite, settings=settings(max_examples=6, stateful_step_count=25, deadline=None))
