"""Knows the life of a repair from the first call to the last rating; must not know how the engine works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import servflow
from servflow.model import (
    Actor,
    Breached,
    ClockPaused,
    ClockResumed,
    Engineer,
    Escalated,
    Moved,
    OfferEnded,
    Person,
    Queue,
    Rated,
    Warned,
    World,
)
from tests.scenarios.story import Story, places

REPAIR = servflow.load(Path(__file__).with_name("appliance_repair.yaml"))
MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # nine o'clock in Shanghai
CLERK, FINANCE, CUSTOMER = Actor("kate", ["clerk"]), Actor("fay", ["finance"]), Actor("cora", ["customer"])
ANN, BOB = Actor("ann", ["engineer"]), Actor("bob", ["engineer"])
WORLD = World(
    engineers=[
        Engineer(id="ann", roles=["engineer"], skills=["washer"], areas=["north"], shift="office", capacity=3, manager="sue"),
        Engineer(id="bob", roles=["engineer"], skills=["washer"], areas=["north"], shift="office", capacity=3, manager="sue"),
        Engineer(id="eve", roles=["engineer"], skills=["fridge"], areas=["north"], shift="office", capacity=3),
    ],
    people=[Person(id="dee", roles=["director"]), Person(id="sue", roles=["supervisor"])],
    queues=[Queue(id="care", members=["carl", "cleo"])],
    loads={"carl": 4, "cleo": 1, "bob": 2},
    previous={"cora": ("ann",)},
    calendars={"office": REPAIR.calendars["office"]},
)
WASHER = {"category": "washer", "region": "north", "customer": "cora", "tier": "gold"}


def a_repair(**fields: object) -> Story:
    """A washer in the north is broken; the clerk opens a ticket on Monday morning."""
    return Story(REPAIR, MONDAY, WORLD).opened({**WASHER, **fields}, by=CLERK)


def on_site() -> Story:
    """Ann took the ticket after a minute and is on site half an hour later."""
    return a_repair().later(minutes=1).does(ANN, "offer.accept").later(minutes=30).does(ANN, "arrive")


def all_checked(story: Story) -> Story:
    """Ann checks every step of her list."""
    for step in ("check_in", "photo_before", "repair", "photo_after"):
        story.later(minutes=5).does(ANN, "step.check", {"step": step})
    return story


def test_the_example_loads_without_findings() -> None:
    """The definition has nothing to be said about."""
    assert () == REPAIR.check()


def test_from_open_to_closed() -> None:
    """Offered, accepted, repaired after a wait for parts, settled, rated, closed after two weeks, and reopened within one."""
    story = on_site()

    # parts are missing: the promise to the customer rests
    story.does(ANN, "wait_for_parts").later(hours=3).does(ANN, "resume")
    assert [1, 1] == [len(story.happened(ClockPaused)), len(story.happened(ClockResumed))]
    assert timedelta(minutes=31) == story.ticket.clocks["repair"].counted, "nothing counted while parts were on their way"

    # the work is done and signed; the fee comes from the table
    story.does(ANN, "step.check", {"step": "check_in"})
    assert "checklist.complete" in str(story.cannot(ANN, "finish", {"signature": "Cora"}))
    all_checked(story)
    assert "payload.signature" in str(story.cannot(ANN, "finish", {"signature": ""}))
    story.does(ANN, "finish", {"signature": "Cora"})
    assert (Decimal(120), "Cora") == (story.ticket.fields["amount"], story.ticket.fields["signature"])
    assert ("met", None) == ((clock := story.ticket.clocks["repair"]).phase, clock.breached_at)

    # finance settles, the customer is asked and rates
    story.does(FINANCE, "settle")
    assert [("cora", "rate_us")] == story.notices()
    story.later(days=1).does(CUSTOMER, "rating.add", {"score": 5, "comment": "quick"})
    assert [5] == [rating.score for rating in story.happened(Rated)]

    # two weeks after settling the ticket closes by itself, and ann is free again
    story.later(days=14)
    assert (True, "closed", None, ()) == (story.ticket.closed, story.ticket.state, story.ticket.wake, story.ticket.held)

    # it breaks again: the clerk reopens it, everything is checked anew and ann, who knows it, is asked first
    story.later(hours=1).does(CLERK, "ticket.reopen")
    assert ("new", {}, ["ann"]) == (
        story.ticket.state,
        dict(story.ticket.checklist),
        [offer.to for offer in story.ticket.offers],
    )
    assert ["dispatched", "on_site", "waiting_parts", "on_site", "settling", "evaluating", "closed", "new"] == places(
        story.happened(Moved)
    )
    assert story.adds_up()


def test_after_a_week_it_cannot_be_reopened() -> None:
    """Reopening is possible for a week; after that the refusal says why."""
    story = all_checked(on_site()).does(ANN, "finish", {"signature": "x"}).does(FINANCE, "settle").later(days=22)

    assert "guard" == story.cannot(CLERK, "ticket.reopen").code


def test_who_knows_the_customer_is_asked_first() -> None:
    """Ann, who came last time, is asked; when she says no, bob is; the refusal is on record."""
    story = a_repair()
    assert ["ann"] == [offer.to for offer in story.ticket.offers]

    story.later(minutes=2).does(ANN, "offer.reject", {"reason": "holiday"})

    assert ["bob"] == [offer.to for offer in story.ticket.offers]
    assert [("rejected", "holiday")] == [(ended.outcome, ended.reason) for ended in story.happened(OfferEnded)]
    assert "not_permitted" == story.cannot(ANN, "offer.accept").code
    assert "bob" == story.does(BOB, "offer.accept").ticket.assignee


def test_silence_goes_to_the_next_and_the_dispatch_promise_is_broken() -> None:
    """Ann does not answer for ten minutes: bob is asked; the five minutes promised for dispatch are long over."""
    story = a_repair().later(minutes=11)

    assert ["bob"] == [offer.to for offer in story.ticket.offers]
    assert [("dispatch", MONDAY + timedelta(minutes=5))] == [
        (breach.clock, breach.instant) for breach in story.happened(Breached)
    ]


def test_after_an_hour_it_is_in_the_pool() -> None:
    """When nobody wants it, everybody who fits may take it after an hour; eve, who mends fridges, may not."""
    story = a_repair().does(ANN, "offer.reject").does(BOB, "offer.reject").later(minutes=61)

    assert {"ann", "bob"} == {offer.to for offer in story.ticket.offers}
    assert "bob" == story.does(BOB, "offer.accept").ticket.assignee


def test_a_gold_customer_is_promised_three_working_days() -> None:
    """24 working hours for gold, 48 for others; nights, lunch and weekends do not count."""
    gold, standard = a_repair(), a_repair(tier="standard")

    assert datetime(2026, 3, 4, 10, 0, tzinfo=UTC) == gold.ticket.clocks["repair"].due, "Wednesday, six in the evening"
    assert datetime(2026, 3, 9, 10, 0, tzinfo=UTC) == standard.ticket.clocks["repair"].due, "Monday after the weekend"


def test_a_repair_that_is_late_is_told_upwards() -> None:
    """Warned at half and at 80 percent, breached after 24 hours: the manager hears at once, the director 4 h later."""
    story = on_site().later(days=3, hours=6)

    assert ["50%", "80%"] == [warned.mark for warned in story.happened(Warned)]
    breached = story.happened(Breached)[-1].instant
    assert datetime(2026, 3, 4, 10, 0, tzinfo=UTC) == breached
    assert [("sue", "late"), ("dee", "late")] == story.notices()
    assert [breached, datetime(2026, 3, 5, 6, 0, tzinfo=UTC)] == [level.scheduled for level in story.happened(Escalated)]
    assert ("cleo", "ann") == (story.ticket.owner, story.ticket.assignee), (
        "the least loaded of care looks after it, ann goes on"
    )


def test_finishing_ends_the_escalation() -> None:
    """Once the work is done nobody else is told."""
    story = all_checked(on_site().later(days=2, hours=9)).does(ANN, "finish", {"signature": "x"}).later(days=5)

    assert [("sue", "late")] == story.notices()
    assert () == story.ticket.chains


def test_safety_comes_first() -> None:
    """A dangerous appliance gets the highest priority and the safety queue, unless somebody chose otherwise."""
    assert (1, "safety") == ((ticket := a_repair(safety=True).ticket).priority, ticket.queue)
    assert 2 == a_repair(safety=True, priority=2).ticket.priority


def test_everybody_may_do_their_part_only() -> None:
    """The customer cannot update, the clerk cannot check steps, bob cannot arrive on ann's ticket, and nobody can force."""
    story = a_repair().does(ANN, "offer.accept")

    for who, event, payload in (
        (CUSTOMER, "ticket.update", {"tier": "gold"}),
        (BOB, "arrive", None),
        (CLERK, "ticket.force", {"state": "closed", "reason": "x"}),
        (CLERK, "assigned.engineer", None),
    ):
        assert story.cannot(who, event, payload).code in ("not_permitted", "not_here")
    assert "not_permitted" == on_site().cannot(CLERK, "step.check", {"step": "repair"}).code


def test_what_the_buttons_say() -> None:
    """On site ann sees what she can do, what is missing, and what her colleague may not."""
    story = on_site()
    ann = {option.event: option for option in REPAIR.available(story.ticket, at=story.now, actor=ANN, world=WORLD)}
    bob = {option.event: option for option in REPAIR.available(story.ticket, at=story.now, actor=BOB, world=WORLD)}

    assert ("ready", "refused") == (ann["wait_for_parts"].status, ann["finish"].status)
    assert "checklist.complete" in ann["finish"].why
    assert "refused" == bob["wait_for_parts"].status
    checked = all_checked(story)
    assert (
        "needs"
        == {option.event: option.status for option in REPAIR.available(checked.ticket, at=checked.now, actor=ANN)}["finish"]
    )
