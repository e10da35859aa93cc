"""Knows who is asked for a rating, and who is left alone; must not know what follows from ratings."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import servflow
from servflow.desk import AsyncDesk, Desk
from servflow.errors import InputError, Refused
from servflow.evaluation import Surveys
from servflow.model import Call, Notify, Surveyed
from servflow.stores import MemoryStore, SqliteStore, Store

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
FLOW = servflow.load(
    """
    workflow: repair
    states: {open: {}, closed: {closed: true}}
    transitions:
      - {event: close, source: open, target: closed}
      - {event: ticket.reopen, source: closed, target: open}
    surveys:
      - {name: csat, state: closed, after: 2h, expires: 7d, fatigue: 30d}
      - {name: nps, state: closed, scale: nps, about: relation, after: 3d, expires: 7d, fatigue: 90d, template: recommend}
    """
)


class Office:
    """A desk that asks customers."""

    def __init__(self, store: Store) -> None:
        self.now, self.store = MONDAY, store
        self.sent: list[tuple[str, str, str]] = []
        self.unwilling: set[str] = set()
        self.start()

    def start(self) -> None:
        """The program is started anew."""
        self.surveys = Surveys(now=lambda: self.now, may_ask=lambda who: who not in self.unwilling)
        handlers = {"call:survey": self.surveys, "notify": self._send, "*": lambda effect: None}
        self.desk = Desk(FLOW, self.store, handlers=handlers, now=lambda: self.now)
        self.surveys.join(self.desk)

    def _send(self, effect: Notify) -> None:
        self.sent.append((effect.ticket, effect.to, effect.template))

    def closes(self, ticket: str, customer: str | None = "c1") -> None:
        """A ticket of a customer is opened and closed now."""
        self.desk.open(ticket, {} if customer is None else {"customer": customer})
        self.desk.fire(ticket, "close")

    def later(self, **length: float) -> None:
        """Time passes; the desk looks and delivers at its end."""
        self.now += timedelta(**length)
        self.desk.tick()
        while self.desk.deliver().delivered:
            pass

    def told(self, ticket: str) -> list[tuple[str, str, str]]:
        """What a ticket notes of its surveys."""
        records = self.desk.history(ticket)
        return [(one.survey, one.outcome, one.reason) for one in records if isinstance(one, Surveyed)]


@pytest.fixture(params=["memory", "sqlite"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """An office with a store of each kind."""
    store: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "tickets.db")
    yield Office(store)
    store.close()


def test_the_customer_is_asked_by_the_text_of_the_survey(office: Office) -> None:
    """The ticket notes whom it asked and how long an answer is in time; the host sends the question."""
    office.closes("T1")
    office.later(hours=3)
    [asked] = (one for one in office.desk.history("T1") if isinstance(one, Surveyed))

    assert [("T1", "c1", "rate_us")] == office.sent
    assert ("asked", "c1", office.now + timedelta(days=7)) == (asked.outcome, asked.to, asked.until)


def test_nobody_is_asked_twice_within_the_fatigue(office: Office) -> None:
    """Whatever the ticket: the second within thirty days is left out, and says why; another customer is asked."""
    office.closes("T1")
    office.later(hours=3)
    office.start()
    office.closes("T2")
    office.closes("T3", "c2")
    office.later(hours=3)

    assert [("T1", "c1", "rate_us"), ("T3", "c2", "rate_us")] == office.sent
    assert [("csat", "skipped", "fatigue")] == office.told("T2")


def test_the_fatigue_ends(office: Office) -> None:
    """Thirty days after the asking, to the second, the customer may be asked again."""
    office.closes("T1")
    office.later(hours=3)
    office.later(days=30, hours=-2, seconds=-2)
    office.closes("T2")
    office.later(hours=2, seconds=1)
    office.closes("T3")
    office.later(hours=2, seconds=1)

    assert [("csat", "skipped", "fatigue")] == office.told("T2")
    assert ("csat", "asked", "") == office.told("T3")[0]


def test_one_ticket_does_not_ask_twice_either(office: Office) -> None:
    """The relation's survey three days later finds that the same ticket has just asked the same customer."""
    office.closes("T1")
    office.later(hours=3)
    office.later(days=4)

    assert [("csat", "asked", ""), ("nps", "skipped", "fatigue")] == office.told("T1")


def test_the_longest_rest_holds(office: Office) -> None:
    """Who was asked about the relation is left alone for ninety days, also by another survey of the very same ticket."""
    office.unwilling.add("c1")
    office.closes("T1")
    office.later(hours=3)
    office.unwilling.clear()
    office.later(days=4)
    office.desk.fire("T1", "ticket.reopen")
    office.later(days=40)
    office.desk.fire("T1", "close")
    office.later(hours=3)
    office.closes("T2")
    office.later(hours=3)

    assert [("csat", "skipped", "opted_out"), ("nps", "asked", ""), ("csat", "skipped", "fatigue")] == office.told("T1")
    assert [("csat", "skipped", "fatigue")] == office.told("T2")


def test_a_survey_without_fatigue_asks_in_any_case(office: Office) -> None:
    """It minds nobody's rest, and takes nobody's; here and across tickets."""
    flow = servflow.load(
        """
        workflow: receipt
        states: {open: {}, closed: {closed: true}}
        transitions: [{event: close, source: open, target: closed}]
        surveys:
          - {name: first, state: closed, scale: ces, after: 1h, fatigue: 30d}
          - {name: second, state: closed, after: 2h, fatigue: null}
        """
    )
    surveys = Surveys(now=lambda: office.now)
    handlers = {"call:survey": surveys, "*": lambda effect: None}
    office.desk = Desk(flow, office.store, handlers=handlers, now=lambda: office.now)
    surveys.join(office.desk)
    for ticket in ("T1", "T2"):
        office.closes(ticket)
    office.later(hours=3)

    assert ["asked", "skipped"] == sorted(office.told(ticket)[0][1] for ticket in ("T1", "T2"))
    assert ["asked", "asked"] == [office.told(ticket)[1][1] for ticket in ("T1", "T2")]


@pytest.mark.parametrize("reason", ["nobody", "opted_out", "expired", "rated", "left"])
def test_why_nobody_is_asked(office: Office, reason: str) -> None:
    """Nobody is there; they do not want it; the desk stood still for too long; they rated already; it was reopened."""
    office.closes("T1", None if reason == "nobody" else "c1")
    if reason == "opted_out":
        office.unwilling.add("c1")
    if reason == "rated":
        office.desk.fire("T1", "rating.add", {"score": 5}, actor="c1")
    if reason == "left":
        office.now += timedelta(hours=3)
        office.desk.tick()
        office.desk.fire("T1", "ticket.reopen")
        office.now -= timedelta(hours=3)
    office.later(days=8 if reason == "expired" else 0, hours=3)

    assert ("csat", "skipped", reason) == office.told("T1")[0]
    assert [] == [sent for sent in office.sent if sent[2] == "rate_us"]


def test_who_was_erased_is_not_asked(office: Office) -> None:
    """Nobody is behind the stand-in, and it is no customer who could be left alone: other erased ones have the same."""
    for ticket, customer in (("T1", "c1"), ("T2", "c2"), ("T3", "c3")):
        office.closes(ticket, customer)
    for ticket, customer in (("T1", "c1"), ("T2", "c2")):
        office.desk.erase(ticket, people=[customer])
    office.later(hours=3)

    assert [("T3", "c3", "rate_us")] == office.sent
    assert [[("csat", "skipped", "nobody")]] * 2 == [office.told("T1"), office.told("T2")]


def test_a_rating_of_the_work_before_says_nothing_of_the_work_since(office: Office) -> None:
    """After a reopening the customer is asked though they had rated."""
    office.closes("T1")
    office.desk.fire("T1", "rating.add", {"score": 1}, actor="c1")
    office.desk.fire("T1", "ticket.reopen")
    office.desk.fire("T1", "close")
    office.later(hours=3)

    assert [("csat", "asked", "")] == office.told("T1")


@pytest.mark.parametrize("first", ["asked", "skipped"])
def test_what_was_decided_stays_decided(office: Office, first: str) -> None:
    """A call that comes again, after its handler was done and not acknowledged, asks nobody again and takes nothing back."""
    office.closes("T1")
    office.now += timedelta(hours=3)
    office.desk.tick()
    [call] = (one for one in office.store.effects() if isinstance(one, Call))
    if first == "skipped":
        office.unwilling.add("c1")
    office.surveys(call)
    office.unwilling.clear()
    office.start()
    office.surveys(call)
    office.later()

    assert [first] == [outcome for _, outcome, _ in office.told("T1")]
    assert (1 if first == "asked" else 0) == len(office.sent)


def test_two_desks_ask_once(office: Office) -> None:
    """Whichever desk keeps its asking first; the other one finds the customer held."""
    office.closes("T1")
    office.closes("T2")
    office.now += timedelta(hours=3)
    office.desk.tick()
    other = Surveys(Desk(FLOW, office.store, now=lambda: office.now), now=lambda: office.now)
    first, second = (one for one in office.store.effects() if isinstance(one, Call))
    office.surveys(first)
    other(second)

    assert ["asked", "skipped"] == [office.told(ticket)[0][1] for ticket in (first.ticket, second.ticket)]


def test_many_at_the_same_moment_ask_once(tmp_path: Path) -> None:
    """Eight workers, each with a handle of its own, have a ticket of the same customer each: one asks, seven say why not."""
    path, now = tmp_path / "tickets.db", MONDAY + timedelta(hours=3)

    def desk(store: Store) -> Desk:
        return Desk(FLOW, store, now=lambda: now)

    with closing(SqliteStore(path)) as store:
        for number in range(8):
            desk(store).open(f"T{number}", {"customer": "c1"}, occurred=MONDAY)
            desk(store).fire(f"T{number}", "close")
        now += timedelta(hours=3)
        desk(store).tick()
        calls = [one for one in store.effects() if isinstance(one, Call)]

        def ask(call: Call) -> None:
            with closing(SqliteStore(path)) as mine:
                Surveys(desk(mine), now=lambda: now)(call)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(ask, calls))
        told = [one for number in range(8) for one in store.history(f"T{number}") if isinstance(one, Surveyed)]

    assert 8 == len(calls)
    assert {("asked", ""): 1, ("skipped", "fatigue"): 7} == Counter((one.outcome, one.reason) for one in told)


def test_a_desk_for_coroutines_asks_too(tmp_path: Path) -> None:
    """It is joined like any other; what is no desk is refused."""
    now, sent = MONDAY, []

    async def send(effect: Notify) -> None:
        sent.append((effect.ticket, effect.to))

    async def story() -> list[str]:
        nonlocal now
        with closing(SqliteStore(tmp_path / "tickets.db")) as store:
            surveys = Surveys(now=lambda: now)
            handlers = {"call:survey": surveys, "notify": send, "*": lambda effect: None}
            desk = AsyncDesk(FLOW, store, handlers=handlers, now=lambda: now)
            surveys.join(desk)
            for ticket in ("T1", "T2"):
                await desk.open(ticket, {"customer": "c1"})
                await desk.fire(ticket, "close")
            now += timedelta(hours=3)
            await desk.tick()
            await desk.deliver()
            await desk.deliver()
            told = [one for ticket in ("T1", "T2") for one in await desk.history(ticket) if isinstance(one, Surveyed)]
            return [one.outcome for one in told]

    assert ["asked", "skipped"] == asyncio.run(story())
    assert [("T1", "c1")] == sent


@pytest.mark.parametrize("no_desk", [None, "desk", 1, MemoryStore()])
def test_what_is_no_desk_is_not_joined(no_desk: Any) -> None:
    """It is said what is joined."""
    with pytest.raises(InputError, match="join a Desk or an AsyncDesk"):
        Surveys().join(no_desk)


def test_surveys_that_cannot_ask() -> None:
    """Without a desk, or for another effect, it is said what is missing."""
    call = Call(id="e", ticket="T1", at=MONDAY, cause="c", action="a", name="survey", data={"survey": "csat"})
    with pytest.raises(InputError, match=r"surveys\.join"):
        Surveys()(call)
    store = MemoryStore()
    desk = Desk(FLOW, store, now=lambda: MONDAY)
    other: Any = Call(id="e", ticket="T1", at=MONDAY, cause="c", action="a", name="score")
    with pytest.raises(InputError, match="calls named survey"):
        Surveys(desk)(other)
    desk.open("T1")
    with pytest.raises(Refused, match="no survey 'gone'"):
        Surveys(desk)(Call(id="e", ticket="T1", at=MONDAY, cause="c", action="a", name="survey", data={"survey": "gone"}))
    store.close()
