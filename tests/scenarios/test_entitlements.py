"""Knows what a service company owes its gold, silver and standard customers by the template entitlements; must not know how."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import servflow.documents
from servflow.desk import Desk
from servflow.errors import ReservationRefused
from servflow.model import Actor, Call, Person, Take, World
from servflow.stores import SqliteStore, verify
from tests.scenarios.story import Story

CONTRACT = servflow.load(Path(servflow.documents.__file__).parent / "templates" / "entitlements.yaml")
MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)  # nine o'clock in Shanghai
GUS, AGNES, EMIL = Actor("gus", ["customer"]), Actor("agnes", ["agent"]), Actor("emil", ["engineer"])
WORLD = World(people=[Person(id="sue", roles=["supervisor"])])
YEAR = {"contract": "K1", "contract_start": "2026-01-01T00:00:00+08:00", "contract_end": "2027-01-01T00:00:00+08:00"}
TOMORROW, NIGHT = "2026-03-03T10:00:00+08:00", "2026-03-03T23:00:00+08:00"


def asks(tier: str = "gold", at: datetime = MONDAY, **more: Any) -> Story:
    """Gus, who has a contract for 2026, wants help on Monday at nine, by the app unless said."""
    fields = {"customer": "gus", "channel": "app", "tier": tier, "visits_left": 2, **YEAR, **more}
    return Story(CONTRACT, at, WORLD).opened(fields, by=GUS)


def due(story: Story, clock: str) -> str:
    """When a promise is due, as a clock on the wall in Shanghai shows it."""
    at = story.ticket.clocks[clock].due
    return "-" if at is None else f"{at + timedelta(hours=8):%a %H:%M}"


@pytest.mark.parametrize(
    ("tier", "priority", "queue", "answered", "done"),
    [
        ("gold", 1, "gold_desk", "Mon 09:30", "Mon 17:00"),
        ("silver", 2, "service_desk", "Mon 11:00", "Wed 09:00"),
        ("standard", 3, "service_desk", "Mon 17:00", "Fri 18:00"),
    ],
)
def test_what_each_tier_is_promised(tier: str, priority: int, queue: str, answered: str, done: str) -> None:
    """Each tier has its desk, its hours, and its time until the answer and the solution."""
    story = asks(tier)

    assert ("entitled", True, priority, queue) == (
        story.ticket.state,
        story.ticket.fields["covered"],
        story.ticket.priority,
        story.ticket.queue,
    )
    assert (answered, done) == (due(story, "response"), due(story, "resolution"))


def test_on_sunday_only_gold_counts() -> None:
    """Asked on Sunday at noon, the gold desk is there; the others' time begins on Monday."""
    sunday = datetime(2026, 3, 1, 4, tzinfo=UTC)

    assert ["Sun 12:30", "Mon 10:00", "Mon 17:00"] == [
        due(asks(tier, sunday), "response") for tier in ("gold", "silver", "standard")
    ]


@pytest.mark.parametrize(
    ("tier", "channel", "state"),
    [
        ("gold", "engineer_direct", "entitled"),
        ("silver", "engineer_direct", "quoting"),
        ("silver", "phone", "entitled"),
        ("standard", "phone", "quoting"),
        ("standard", "mail", "entitled"),
    ],
)
def test_by_which_channel(tier: str, channel: str, state: str) -> None:
    """A gold customer calls the engineer, a silver one the desk, a standard one writes; else it is quoted."""
    assert state == asks(tier, channel=channel).ticket.state


@pytest.mark.parametrize(
    ("when", "state"),
    [
        ("2025-12-31T15:59:59.999999+00:00", "quoting"),
        ("2025-12-31T16:00:00+00:00", "entitled"),
        ("2026-12-31T15:59:59.999999+00:00", "entitled"),
        ("2026-12-31T16:00:00+00:00", "quoting"),
    ],
)
def test_a_contract_counts_from_its_first_instant_and_before_its_end(when: str, state: str) -> None:
    """The first instant belongs to it, the end does not; without a contract nothing is covered."""
    story = asks(at=datetime.fromisoformat(when))

    assert state == story.ticket.state
    assert "quoting" == asks(contract=None).ticket.state
    assert (None if state == "entitled" else "no contract at this time") == story.ticket.fields.get("why_not")


def test_visits_are_used_up() -> None:
    """Two visits are included; the third is quoted, and done once Gus agrees to the price."""
    story = asks().does(AGNES, "visit", {"at": TOMORROW}).does(EMIL, "visited")
    assert ("resolved", 1) == (story.ticket.state, story.ticket.fields["visits_left"])
    story.does(GUS, "not_solved").does(AGNES, "visit", {"at": TOMORROW}).does(EMIL, "visited").does(GUS, "not_solved")

    story.does(AGNES, "visit", {"at": TOMORROW})
    assert ("quoting", "no visits left") == (story.ticket.state, story.ticket.fields["why_not"])
    story.does(AGNES, "quote", {"price": "350"}).later(days=2)
    assert "paused" == story.ticket.clocks["resolution"].phase, "while Gus thinks about the price nothing counts"
    story.does(GUS, "agree").does(AGNES, "visit", {"at": "2026-03-06T10:00:00+08:00"})

    assert ("visiting", 0) == (story.ticket.state, story.ticket.fields["visits_left"])
    bill = CONTRACT.fire(story.ticket, "visited", at=story.now, actor=EMIL, world=WORLD)
    (invoice,) = [effect for effect in bill.effects if isinstance(effect, Call)]
    assert (Decimal(350), Decimal(0)) == (invoice.data["price"], invoice.data["surcharge"])


def billed(story: Story, who: Actor, event: str) -> list[tuple[Decimal, Decimal]]:
    """Price and surcharge that an event would have charged."""
    outcome = CONTRACT.fire(story.ticket, event, at=story.now, actor=who, world=WORLD)
    return [(one.data["price"], one.data["surcharge"]) for one in outcome.effects if isinstance(one, Call)]


def test_the_price_is_charged_once() -> None:
    """Gus agreed to 350: the second visit for the same matter costs nothing but the night, and from afar it costs the same."""
    story = asks("silver", contract=None).does(AGNES, "quote", {"price": "350"}).does(GUS, "agree")
    assert [(Decimal(350), Decimal(0))] == billed(story, AGNES, "solve")

    story.does(AGNES, "visit", {"at": TOMORROW})
    assert [(Decimal(350), Decimal(0))] == billed(story, EMIL, "visited")
    story.does(EMIL, "visited").does(GUS, "not_solved")
    assert [] == billed(story, AGNES, "solve")
    story.does(AGNES, "visit", {"at": NIGHT})
    assert [(Decimal(0), Decimal(200))] == billed(story, EMIL, "visited")
    assert [] == billed(asks(), AGNES, "solve"), "what a contract covers costs nothing"


def test_a_visit_that_does_not_come_about_is_not_used() -> None:
    """Called off, the visit is there again."""
    story = asks().does(AGNES, "visit", {"at": TOMORROW}).does(GUS, "no_visit")

    assert ("entitled", 2, Decimal(0)) == (
        story.ticket.state,
        story.ticket.fields["visits_left"],
        story.ticket.fields["surcharge"],
    )


@pytest.mark.parametrize(
    ("tier", "at", "extra"),
    [
        ("gold", NIGHT, 0),
        ("silver", NIGHT, 200),
        ("standard", NIGHT, 400),
        ("standard", TOMORROW, 0),
        ("silver", "2026-03-03T22:00:00+08:00", 200),
        ("silver", "2026-03-03T21:59:59+08:00", 0),
        ("silver", "2026-03-04T05:59:59+08:00", 200),
        ("silver", "2026-03-04T06:00:00+08:00", 0),
    ],
)
def test_the_night_costs_extra(tier: str, at: str, extra: int) -> None:
    """From ten in the evening until six in the morning, by the clock in Shanghai; gold has it included."""
    assert Decimal(extra) == asks(tier).does(AGNES, "visit", {"at": at}).ticket.fields["surcharge"]


def test_nobody_goes_back_in_time() -> None:
    """A visit in the past is refused."""
    assert "guard" == asks().cannot(AGNES, "visit", {"at": "2026-03-02T08:59:59+08:00"}).code


def test_an_offer_nobody_answers_is_declined() -> None:
    """After two weeks without an answer it is closed; what is not wanted costs nothing."""
    story = asks(contract=None).does(AGNES, "quote", {"price": "350"}).later(days=14, seconds=1)

    assert ("declined", True) == (story.ticket.state, story.ticket.closed)
    assert "cancelled" == story.ticket.clocks["response"].phase


def test_a_promise_at_risk() -> None:
    """At four fifths of its time the supervisor hears of it."""
    story = asks().does(AGNES, "ticket.message", {"text": "hello"}).later(hours=6, minutes=25)

    assert [("sue", "promise_at_risk")] == story.notices()


def test_two_tickets_want_the_last_visit(tmp_path: Path) -> None:
    """Where a desk holds the visits of a contract as a limit, the third of two is refused, and nothing of it is kept."""
    store = SqliteStore(tmp_path / "contracts.db")
    desk = Desk([CONTRACT], store, now=lambda: MONDAY, world=WORLD)
    visit = Take(key="visits:K1:2026", units=1, limit=2)
    for name in ("T1", "T2", "T3"):
        desk.open(name, {"customer": "gus", "channel": "app", "tier": "gold", "visits_left": 2, **YEAR}, actor=GUS)
    for name in ("T1", "T2"):
        desk.fire(name, "visit", {"at": TOMORROW}, actor=AGNES, reservations=(visit,))
        desk.fire(name, "visited", actor=EMIL)
        desk.fire(name, "close", actor=AGNES)

    with pytest.raises(ReservationRefused) as refused:
        desk.fire("T3", "visit", {"at": TOMORROW}, actor=AGNES, reservations=(visit,))

    assert ("visits:K1:2026", {"visits:K1:2026": 2}) == (refused.value.facts["key"], dict(store.usage("visits:")))
    assert "entitled" == desk.get("T3").state
    assert [] == list(verify(store).findings)
    store.close()
