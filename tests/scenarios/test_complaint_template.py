"""Knows what a complaint desk expects of the template complaint, until the call afterwards; must not know how it works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import servflow.documents
from servflow.desk import Desk
from servflow.documents import load_correlator
from servflow.model import Actor, Assigned, Call, Person, Queue, World
from servflow.stores import SqliteStore, verify
from tests.scenarios.story import Story

TEMPLATES = Path(servflow.documents.__file__).parent / "templates"
COMPLAINT = servflow.load(TEMPLATES / "complaint.yaml")
MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)  # nine o'clock in Shanghai
CORA, AGNES, ADAM = Actor("cora", ["customer"]), Actor("agnes", ["agent"]), Actor("adam", ["after_sales"])
SUE, MAX, ELLA = Actor("sue", ["supervisor"]), Actor("max", ["manager"]), Actor("ella", ["executive"])
OLGA, CARE = Actor("olga"), Actor("cleo", ["care"])
WORLD = World(
    people=[
        Person(id="sue", roles=["supervisor"]),
        Person(id="max", roles=["manager"]),
        Person(id="ella", roles=["executive"]),
        Person(id="cleo", roles=["care"]),
    ],
    queues=[Queue(id="care", members=["olga", "otto"]), Queue(id="executives", members=["ella"])],
    loads={"olga": 1, "otto": 4},
)


def a_complaint(**fields: object) -> Story:
    """Cora complains on Monday at nine."""
    return Story(COMPLAINT, MONDAY, WORLD).opened({"topic": "noise", "customer": "cora", **fields}, by=CORA)


def solved(**fields: object) -> Story:
    """After an hour Agnes has answered, the cause is known, and Cora agrees."""
    story = a_complaint(**fields).later(hours=1).does(AGNES, "take").does(AGNES, "ticket.message", {"text": "we are on it"})
    story.does(AGNES, "answer", {"solution": "a new hose"}).does(CORA, "accept")
    return story.does(AGNES, "diagnose", {"root_cause": "installation"})


def says(story: Story) -> list[tuple[str, str]]:
    """Who was told what."""
    return story.notices()


@pytest.mark.parametrize(
    ("said", "goes_to"),
    [
        ({"kind": "refund", "claim": "80"}, ("front_line", "front_line", 4)),
        ({"kind": "refund", "claim": "500.01"}, ("after_sales", "after_sales", 3)),
        ({"kind": "product_fault"}, ("after_sales", "after_sales", 2)),
        ({"kind": "legal"}, ("executive", "executives", 1)),
        ({"kind": "service", "severity": "major"}, ("executive", "executives", 1)),
        ({"kind": "delivery", "claim": "10000"}, ("executive", "executives", 1)),
        ({"kind": "delivery"}, ("front_line", "front_line", 3)),
    ],
)
def test_who_takes_it(said: dict[str, Any], goes_to: tuple[str, str, int]) -> None:
    """A small refund goes to the front line, a fault to after-sales, what is legal, major or dear to the executives."""
    ticket = a_complaint(**said).ticket

    assert goes_to == (ticket.fields["class"], ticket.queue, ticket.priority)


def test_from_the_first_word_to_the_call_afterwards() -> None:
    """Taken, answered, accepted, its cause written down, closed; days later somebody calls, and Cora is content."""
    story = solved().does(AGNES, "close")
    assert ("closed", "installation") == (story.ticket.state, story.ticket.fields["root_cause"])
    assert {"met"} == {story.ticket.clocks[name].phase for name in ("first contact", "feedback", "resolution", "wrap up")}

    # Monday ten o'clock: three working days later is Thursday; the call has two more
    story.later(days=3, seconds=1)
    assert [("olga", "call_back_due"), ("otto", "call_back_due")] == says(story)[-2:]
    assert "running" == story.ticket.clocks["call back"].phase
    story.does(CARE, "called_back", {"content": True})

    assert ("met", True) == (story.ticket.clocks["call back"].phase, story.ticket.fields["content"])
    assert [] == [who for who, what in says(story) if who in ("sue", "max", "ella")], "nobody above had to hear of it"
    assert story.adds_up()


def test_it_is_not_closed_without_a_root_cause() -> None:
    """Who wants to close it without one is told what is missing; a cause that is not on the list is refused as well."""
    story = a_complaint().does(AGNES, "answer", {"solution": "sorry"}).does(CORA, "accept")

    refused = story.cannot(AGNES, "close")
    assert "guard" == refused.code
    assert "root_cause" in refused.message
    assert "payload" == story.cannot(AGNES, "diagnose", {"root_cause": "bad luck"}).code

    story.does(AGNES, "diagnose", {"root_cause": "billing"}).does(AGNES, "close")
    assert "closed" == story.ticket.state


def test_after_a_day_somebody_owns_it_for_good() -> None:
    """After 24 hours the supervisor hears and the least loaded of care owns it, also after it was closed and comes back."""
    story = a_complaint().later(hours=24)
    assert [] == says(story), "exactly 24 hours is still in time"
    story.later(seconds=1)
    assert [("sue", "complaint_open_24h")] == says(story)
    assert [("owner", "olga")] == [(one.slot, one.to) for one in story.happened(Assigned)]

    # the owner has no role, and may do all that is to be done
    story.does(OLGA, "take").does(OLGA, "ticket.message", {"text": "I look after it"}).does(OLGA, "answer", {"solution": "x"})
    story.does(CORA, "accept").does(OLGA, "diagnose", {"root_cause": "transport"}).does(OLGA, "close")
    story.later(days=10).does(CORA, "ticket.reopen").later(days=2)
    assert ("olga", "handling") == (story.ticket.owner, story.ticket.state)


def test_two_days_and_the_customer_hears_from_us() -> None:
    """Feedback within 48 hours is a public message, though nothing is solved; a note among colleagues is none."""
    story = a_complaint().later(hours=30).does(AGNES, "ticket.message", {"public": False, "text": "strange"})
    assert "running" == story.ticket.clocks["feedback"].phase

    story.later(hours=17).does(AGNES, "ticket.message", {"text": "not yet solved; we have ordered the part"})
    assert ("met", None) == ((run := story.ticket.clocks["feedback"]).phase, run.breached_at)
    assert "received" == story.ticket.state, "it is unsolved all the same"

    # and from then on no silence is longer than two days
    story.later(hours=47)
    assert "max" not in dict(says(story))
    story.later(hours=2)
    assert [("max", "no_feedback_48h")] == [one for one in says(story) if one[0] == "max"]


def test_a_question_and_an_offer_are_feedback_too() -> None:
    """Who was asked, or offered a solution, has heard from us; once they answer the two days begin anew, and once only."""
    asked = a_complaint().later(hours=1).does(AGNES, "ask").later(days=6)
    offered = a_complaint().later(hours=1).does(AGNES, "answer", {"solution": "x"}).later(days=6)
    for story in (asked, offered):
        assert ("met", None, "met") == (
            (run := story.ticket.clocks["feedback"]).phase,
            run.breached_at,
            story.ticket.clocks["first contact"].phase,
        )
        assert "max" not in dict(says(story))

    asked.does(CORA, "ticket.message", {"side": "customer", "text": "it is the pump"})
    offered.does(CORA, "object")
    for story in (asked, offered):
        story.later(hours=48)
        assert "max" not in dict(says(story)), "exactly 48 hours is still in time"
        story.later(hours=24)
        assert [("max", "no_feedback_48h")] == [one for one in says(story) if one[1] == "no_feedback_48h"]
        assert story.adds_up()


def test_who_objects_is_heard_anew() -> None:
    """A solution the customer objects to is none: a new promise, the supervisor, and an owner who stays the owner."""
    story = a_complaint(kind="legal").later(hours=1).does(ELLA, "answer", {"solution": "x"}).later(hours=1)
    assert "met" == story.ticket.clocks["resolution"].phase
    story.does(CORA, "object").later(seconds=1)

    assert ("running", 2, "olga") == (
        (run := story.ticket.clocks["resolution"]).phase,
        run.cycle,
        story.ticket.owner,
    )
    assert {("sue", "customer_objects"), ("ella", "grave_complaint")} <= set(says(story)[-3:])
    story.later(days=10)
    assert [("owner", "olga")] == [(one.slot, one.to) for one in story.happened(Assigned) if one.slot == "owner"]
    assert ("sue", "complaint_late") in says(story)


def test_nobody_wraps_it_up() -> None:
    """Solved, and nobody writes down why it happened: after two working days the supervisor hears, and nobody else."""
    story = a_complaint().later(hours=1).does(AGNES, "answer", {"solution": "x"}).does(CORA, "accept").later(days=9)

    assert [("sue", "complaint_not_wrapped_up")] == [one for one in says(story) if one[0] != "cora"]


def test_a_reopened_complaint_is_silent_once() -> None:
    """Two days without a word after a reopening reach the manager once a day, not twice."""
    story = solved().does(AGNES, "close").does(CORA, "ticket.reopen").later(hours=50)

    assert [("max", "no_feedback_48h")] == [one for one in says(story) if one[0] == "max"]


def test_nobody_writes() -> None:
    """After two days of silence the manager hears, and again each day until somebody writes."""
    story = a_complaint().later(hours=49, days=2)
    hours = [(at - MONDAY) // timedelta(hours=1) for who, what, at in story.told if what == "no_feedback_48h"]
    assert [48, 72, 96] == hours
    assert MONDAY + timedelta(hours=48) == story.ticket.clocks["feedback"].breached_at

    story.does(MAX, "ticket.message", {"text": "I am sorry"}).later(hours=47)
    assert hours == [(at - MONDAY) // timedelta(hours=1) for who, what, at in story.told if what == "no_feedback_48h"]


def test_a_lawyer_writes() -> None:
    """The executives hear at once and one of them has it; they are reminded until somebody acknowledges."""
    story = a_complaint(kind="legal").later(seconds=1)
    assert [("ella", "grave_complaint")] == says(story)
    assert "ella" == story.ticket.assignee

    story.later(hours=2, seconds=1)
    assert 2 == says(story).count(("ella", "grave_complaint"))
    story.does(ELLA, "chain.acknowledge", {"chain": "grave"}).later(hours=3, minutes=59)
    assert 2 == says(story).count(("ella", "grave_complaint"))


def test_what_turns_out_to_be_graver_climbs_as_well() -> None:
    """A matter of the front line that somebody was hurt by is the executives' business from then on."""
    story = a_complaint(kind="refund", claim="80").later(hours=1)
    story.does(AGNES, "reclassify", {"kind": "safety", "severity": "serious", "claim": "80"}).later(seconds=1)

    assert ("executive", "executives", 1) == (story.ticket.fields["class"], story.ticket.queue, story.ticket.priority)
    assert [("ella", "grave_complaint")] == says(story)


def test_money_needs_as_many_hands_as_it_is_much() -> None:
    """The front line promises up to 100 alone, a supervisor approves up to 2000, above that the manager too."""
    offer = {"solution": "money back", "amount": "100"}
    assert "answered" == a_complaint(kind="refund").does(AGNES, "compensate", offer).ticket.state
    assert "guard" == a_complaint(kind="refund").cannot(AGNES, "compensate", {**offer, "amount": "0"}).code

    story = a_complaint(kind="refund").does(AGNES, "compensate", {**offer, "amount": "100.01"})
    assert "approving" == story.ticket.state
    assert "not_permitted" == story.cannot(AGNES, "approval.approve").code
    assert "answered" == story.does(SUE, "approval.approve").ticket.state
    assert ("cora", "complaint_offer") == says(story)[-1]

    story = a_complaint(kind="refund").does(AGNES, "compensate", {**offer, "amount": "2000.01"}).does(SUE, "approval.approve")
    assert "approving_high" == story.ticket.state
    assert "answered" == story.does(MAX, "approval.approve").ticket.state


def test_money_that_is_denied_is_not_promised() -> None:
    """The complaint is in work again without an offer; what was never accepted is never paid."""
    story = a_complaint(kind="refund").does(AGNES, "compensate", {"solution": "money", "amount": "800"})
    story.does(SUE, "approval.reject", {"comment": "a voucher will do"})

    assert ("handling", Decimal(0)) == (story.ticket.state, story.ticket.fields["compensation"])


def test_the_money_leaves_when_it_is_closed() -> None:
    """What was offered and accepted is paid once, with the closing."""
    story = a_complaint(kind="refund").does(AGNES, "compensate", {"solution": "money back", "amount": "60"})
    story.does(CORA, "accept").does(AGNES, "diagnose", {"root_cause": "billing"})
    outcome = COMPLAINT.fire(story.ticket, "close", at=story.now, actor=AGNES, world=WORLD)

    (paid,) = [effect for effect in outcome.effects if isinstance(effect, Call)]
    assert ("pay_compensation", "cora", Decimal(60)) == (paid.name, paid.data["customer"], paid.data["amount"])


def test_an_offer_nobody_answers_is_accepted_after_a_week() -> None:
    """Silence for a week is consent; an objection before it brings it back to work, one step more urgent."""
    assert "wrapping_up" == a_complaint().does(AGNES, "answer", {"solution": "x"}).later(days=7, seconds=1).ticket.state

    story = a_complaint().does(AGNES, "take").does(AGNES, "answer", {"solution": "x"}).later(days=6).does(CORA, "object")
    assert ("handling", 2) == (story.ticket.state, story.ticket.priority)


def test_who_is_not_content_is_back_in_work() -> None:
    """The call finds out that the noise is there again: the complaint is reopened at once, and its promises with it."""
    story = solved().does(AGNES, "close").later(days=4).does(CARE, "called_back", {"content": False, "note": "it hums"})

    assert ("handling", 1) == (story.ticket.state, story.ticket.reopened)
    assert "running" == story.ticket.clocks["resolution"].phase


def test_nobody_called() -> None:
    """The call is promised within two working days after it is due; else the supervisor hears."""
    story = solved().does(AGNES, "close").later(days=8)
    assert ("sue", "unhappy_afterwards") == says(story)[-1]


def test_two_stars_reach_the_supervisor() -> None:
    """A low rating after the closing is somebody's business; a good one is nobody's."""
    unhappy = solved().does(AGNES, "close").does(CORA, "rating.add", {"score": 2}).later(seconds=1)
    happy = solved().does(AGNES, "close").does(CORA, "rating.add", {"score": 5}).later(seconds=1)

    assert ("sue", "unhappy_afterwards") == says(unhappy)[-1]
    assert "sue" not in dict(says(happy))


def test_it_can_come_back_for_a_month() -> None:
    """For thirty days the customer may reopen it; the thirty-first they begin a new one."""
    story = solved().does(AGNES, "close").does(CARE, "ticket.message", {"text": "all well?"}).later(days=29, hours=23)
    assert "handling" == story.does(CORA, "ticket.reopen").ticket.state

    assert "guard" == solved().does(AGNES, "close").later(days=30).cannot(CORA, "ticket.reopen").code


def test_a_complaint_taken_back_troubles_nobody() -> None:
    """Withdrawn, it is closed without a cause, all promises are taken back, and nobody hears of it any more."""
    story = a_complaint().later(hours=2).does(CORA, "ticket.cancel").later(days=9)

    assert ("withdrawn", [], None) == (story.ticket.state, says(story), story.ticket.wake)


class Company:
    """A complaint desk with two correlators, in one database."""

    def __init__(self, path: Path) -> None:
        self.now = MONDAY
        self.store = SqliteStore(path / "complaints.db")
        again = load_correlator(TEMPLATES / "complaint_again.yaml")
        self.desk = Desk([COMPLAINT, again], self.store, now=lambda: self.now, world=WORLD, handlers={"notify": lambda _: None})

    def later(self, **length: float) -> None:
        """So much time passes, and the desk looks."""
        self.now += timedelta(**length)
        while self.desk.tick().worked or self.desk.deliver().worked:
            pass


def test_the_same_customer_again(tmp_path: Path) -> None:
    """A second complaint within ninety days is raised and watched by a supervisor; the first is left alone."""
    company = Company(tmp_path)
    for name, customer, days in (("C1", "cora", 30), ("C2", "carl", 30), ("C3", "cora", 0), ("C4", "carl", 0)):
        company.desk.open(name, {"customer": customer}, workflow="complaint", actor=CORA)
        company.later(days=days, seconds=1)

    found = {name: company.desk.get(name) for name in ("C1", "C2", "C3", "C4")}
    assert {"C1": (), "C2": (), "C3": ("repeated",), "C4": ("repeated",)} == {name: one.tags for name, one in found.items()}
    assert (2, 2, ("sue",)) == ((third := found["C3"]).fields["complaints"], third.priority, tuple(third.watchers))
    assert [] == list(verify(company.store).findings)
    company.store.close()
