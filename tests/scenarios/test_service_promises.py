"""Knows what each promise of a service desk means to those who made it; must not know how a clock works."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
from ruamel.yaml import YAML

import servflow
import servflow.documents
from servflow.model import Actor, Amended, Breached, ChainStopped, ClockRun, Warned
from servflow.sla import Clock
from tests.scenarios.story import Story
from tests.surface.layout import ROOT

DESK = servflow.load(Path(servflow.documents.__file__).parent / "templates" / "service_promises.yaml")
SHANGHAI = ZoneInfo("Asia/Shanghai")

CORA = Actor("cora", ["customer"])
CARL = Actor("carl", ["clerk"])
DORA = Actor("dora", ["dispatcher"])
EMIL = Actor("emil", ["engineer"])

FRIDAY, MONDAY, TUESDAY, WEDNESDAY, THURSDAY = 11, 14, 15, 16, 17


def at(day: int, hour: float, month: int = 9) -> datetime:
    """A wall time in Shanghai in autumn 2026; the 14th of September is a Monday, the office is open 9-12 and 13-18."""
    return datetime(2026, month, day, tzinfo=SHANGHAI) + timedelta(hours=hour)


def opened(day: int, hour: float, month: int = 9, **fields: Any) -> Story:
    """A customer's ticket comes in."""
    return Story(DESK, at(day, hour, month)).opened(fields, by=CORA)


def then(story: Story, day: int, hour: float, month: int = 9) -> Story:
    """Time passes until then, and the host wakes the ticket whenever it asked for it."""
    return story.later(hours=(at(day, hour, month) - story.now) / timedelta(hours=1))


def says(story: Story, who: Actor, **given: Any) -> Story:
    """Somebody writes."""
    occurred = given.pop("occurred", None)
    side = "customer" if who is CORA else "agent"
    return story.does(who, "ticket.message", {"side": side, "text": "...", **given}, occurred=occurred)


def clock(story: Story, name: str) -> ClockRun:
    """How a promise stands."""
    return story.ticket.clocks[name]


# who waits for an answer --------------------------------------------------------------------------------------------


def test_first_response() -> None:
    """Asked on Friday at five, an answer is promised by Monday noon; an internal note is no answer."""
    story = opened(FRIDAY, 17)
    assert at(MONDAY, 12) == clock(story, "first response").due

    says(then(story, MONDAY, 9.5), CARL, public=False)
    assert "running" == clock(story, "first response").phase
    says(then(story, MONDAY, 10), CARL)

    run = clock(story, "first response")
    assert ("met", at(MONDAY, 10), timedelta(hours=2), None) == (run.phase, run.stopped_at, run.counted, run.breached_at)


def test_gold_customers_are_answered_sooner() -> None:
    """A gold customer has an hour, and raising the tier while it waits brings the instant forward."""
    story = opened(MONDAY, 10)
    assert at(MONDAY, 15) == clock(story, "first response").due

    then(story, MONDAY, 10.5).does(CARL, "ticket.update", {"tier": "gold"})

    assert at(MONDAY, 11) == clock(story, "first response").due


def test_next_response() -> None:
    """After the first answer a cycle runs from the oldest question without one; what was asked before it opens none."""
    story = opened(MONDAY, 9)
    says(then(story, MONDAY, 9.5), CORA)
    says(then(story, MONDAY, 10), CARL)
    assert "next response" not in story.ticket.clocks

    says(then(story, MONDAY, 11), CORA)
    says(then(story, MONDAY, 14), CORA)
    assert (at(MONDAY, 11), at(TUESDAY, 11)) == ((run := clock(story, "next response")).started_at, run.due)

    says(then(story, TUESDAY, 10), CARL)
    assert ("met", timedelta(hours=7)) == ((run := clock(story, "next response")).phase, run.counted)
    says(then(story, TUESDAY, 17), CORA)
    assert (2, at(WEDNESDAY, 17)) == ((run := clock(story, "next response")).cycle, run.due)


def test_a_question_left_open_is_told_to_the_supervisor() -> None:
    """An hour before the end it is a warning; past it the supervisor hears, and four office hours later again."""
    story = says(then(says(then(opened(MONDAY, 9), MONDAY, 10), CARL), MONDAY, 11), CORA)

    then(story, WEDNESDAY, 9)

    assert [at(TUESDAY, 10)] == [item.instant for item in story.happened(Warned) if item.clock == "next response"]
    assert [at(TUESDAY, 11)] == [item.instant for item in story.happened(Breached)]
    told = [(what, when.replace(microsecond=0)) for _, what, when in story.told]
    assert [("unanswered", at(TUESDAY, 11)), ("still_unanswered", at(TUESDAY, 16))] == told


def test_who_writes_in_the_chat_waits_minutes() -> None:
    """On Saturday night in the chat five minutes are five minutes; an answer by mail is not one in the chat."""
    story = opened(FRIDAY, 17)
    says(then(story, 12, 23), CORA, channel="chat")
    assert at(12, 23 + 5 / 60) == clock(story, "chat response").due

    says(then(story, 12, 23 + 2 / 60), CARL, channel="mail")
    assert "running" == clock(story, "chat response").phase
    says(then(story, 12, 23 + 4 / 60), CARL, channel="chat")
    assert ("met", None) == ((run := clock(story, "chat response")).phase, run.breached_at)


def test_periodic_update() -> None:
    """The customer hears something every two business days; each message begins it anew, the customer's turn rests it."""
    story = opened(MONDAY, 9).does(CARL, "take")
    says(then(story, MONDAY, 10), CARL)
    assert at(WEDNESDAY, 10) == clock(story, "periodic update").due

    says(then(story, TUESDAY, 16), CARL)
    assert at(THURSDAY, 16) == clock(story, "periodic update").due
    then(story, WEDNESDAY, 16).does(CARL, "ask")
    assert ("paused", None) == ((run := clock(story, "periodic update")).phase, run.due)
    says(then(story, FRIDAY + 7, 16), CORA)
    assert at(21, 16) == clock(story, "periodic update").due, "over the weekend, one business day was left"


# who comes when -----------------------------------------------------------------------------------------------------


def on_the_way() -> Story:
    """A visit is asked for on Sunday evening and given to an engineer the next morning."""
    story = then(opened(FRIDAY, 17), 13, 19.5).does(CARL, "take").does(CARL, "send_engineer")
    return then(story, MONDAY, 9).does(DORA, "dispatch")


def test_dispatch() -> None:
    """Field service works every day from eight to eight: two hours from Sunday at 19:30 end on Monday at 9:30."""
    run = clock(on_the_way(), "dispatch")

    assert (at(MONDAY, 9.5), "met", timedelta(hours=1.5)) == (run.due, run.phase, run.counted)


def test_arrival_on_site() -> None:
    """From dispatch the engineer has four hours to the door; half an hour before the end is a warning."""
    story = then(on_the_way(), MONDAY, 14).does(EMIL, "arrive")

    assert [at(MONDAY, 12.5)] == [item.instant for item in story.happened(Warned) if item.clock == "arrival"]
    run = clock(story, "arrival")
    assert (at(MONDAY, 13), at(MONDAY, 14)) == (run.breached_at, run.stopped_at)


# who works, who waits -----------------------------------------------------------------------------------------------


def repaired() -> Story:
    """A repair with a question to the customer, a visit, parts to wait for, and the workshop."""
    story = opened(MONDAY, 9, tier="gold")
    says(then(story, MONDAY, 10), CARL).does(CARL, "take")
    then(story, MONDAY, 11).does(CARL, "ask")
    says(then(story, TUESDAY, 11), CORA)
    then(story, TUESDAY, 13).does(CARL, "ask")
    says(then(story, TUESDAY, 16), CORA)
    story.does(CARL, "send_engineer").does(DORA, "dispatch")
    then(story, WEDNESDAY, 9).does(EMIL, "arrive")
    then(story, WEDNESDAY, 10).does(EMIL, "need_parts")
    then(story, MONDAY + 7, 9).does(EMIL, "parts_came")
    return then(story, MONDAY + 7, 14).does(EMIL, "resolve")


def test_resolution() -> None:
    """Sixteen office hours for a gold customer; what the customer and the parts take does not count."""
    run = clock(repaired(), "resolution")

    assert ("met", None, timedelta(hours=2 + 1 + 2 + 1 + 4)) == (run.phase, run.breached_at, run.counted)


def test_requester_wait() -> None:
    """The customer kept us waiting twice: a day, then three hours."""
    run = clock(repaired(), "requester wait")

    assert ("met", timedelta(hours=24 + 3)) == (run.phase, run.counted)


def test_agent_work() -> None:
    """Our own people worked at the desk, at the door and in the workshop, and not while others had the ticket."""
    run = clock(repaired(), "agent work")

    assert timedelta(hours=1 + 1 + 1 + 4) == run.counted
    assert [at(MONDAY, 10), at(TUESDAY, 11), at(WEDNESDAY, 9), at(MONDAY + 7, 9)] == [part.start for part in run.segments]


def test_time_in_a_set_of_states() -> None:
    """Parts and workshop together have ten business days from the first of them."""
    run = clock(repaired(), "repair shop")

    assert (at(WEDNESDAY, 10), at(30, 10)) == (run.started_at, run.due)
    assert timedelta(hours=7 + 8 + 8 + 4) == run.counted


def test_each_stay_in_a_queue_is_a_promise_of_its_own() -> None:
    """The second level has four office hours each time; giving it back ends the promise, coming again makes a new one."""
    story = opened(MONDAY, 9, queue="front_desk")
    assert "second level" not in story.ticket.clocks
    then(story, MONDAY, 16).does(CARL, "ticket.update", {"queue": "second_level"})
    assert at(TUESDAY, 11) == clock(story, "second level").due
    then(story, TUESDAY, 10).does(CARL, "ticket.update", {"queue": "front_desk"})
    assert ("met", timedelta(hours=3)) == ((run := clock(story, "second level")).phase, run.counted)

    then(story, TUESDAY, 14).does(CARL, "ticket.update", {"queue": "second_level"})

    assert (2, at(TUESDAY, 18)) == ((run := clock(story, "second level")).cycle, run.due)


def test_call_back_after_closing() -> None:
    """Closed on Friday: somebody calls by Monday evening; a mail is no call, and without a visit nobody promised one."""
    story = then(on_the_way(), THURSDAY, 10).does(EMIL, "arrive").does(EMIL, "resolve")
    then(story, 18, 10).does(CARL, "close")
    assert (True, at(21, 18)) == (story.ticket.closed, clock(story, "call back").due)

    says(then(story, 21, 9), CARL, channel="mail")
    assert "running" == clock(story, "call back").phase
    says(then(story, 21, 10), CARL, channel="phone")
    assert ("met", at(21, 10)) == ((run := clock(story, "call back")).phase, run.stopped_at)

    by_mail = then(opened(FRIDAY, 10).does(CARL, "take"), FRIDAY, 11).does(CARL, "resolve").does(CARL, "close")
    assert "call back" not in by_mail.ticket.clocks


def test_over_the_national_holiday() -> None:
    """Asked on the last evening of September: the week of holidays does not count, and four hours end on the 8th of October."""
    story = opened(30, 17, tier="standard")

    assert at(8, 12, month=10) == clock(story, "first response").due


def test_a_saturday_that_is_worked() -> None:
    """The 10th of October is a Saturday that makes up for the holiday: it counts like any day of the office."""
    assert at(10, 12, month=10) == clock(opened(9, 17, month=10), "first response").due


# what is told late --------------------------------------------------------------------------------------------------


def test_an_answer_told_late_amends_the_breach() -> None:
    """Answered at 14:50 and told at 15:30, after the breach: the breach is amended, and the supervisor's chain ends."""
    story = then(opened(MONDAY, 10), MONDAY, 15.5)
    assert ["unanswered"] == [what for _, what in story.notices()]
    assert at(MONDAY, 15) == clock(story, "first response").breached_at

    says(story, CARL, occurred=at(MONDAY, 14) + timedelta(minutes=50))

    [amended] = story.happened(Amended)
    assert ("first response", "breach", at(MONDAY, 15)) == (amended.clock, amended.mark, amended.was)
    assert ("met", None) == ((run := clock(story, "first response")).phase, run.breached_at)
    assert ["what started it was amended"] == [item.reason for item in story.happened(ChainStopped)]
    assert story.adds_up()


def test_a_question_told_after_its_answer() -> None:
    """The mail of 11:00 is told at 14:00, the answer of 11:30 was told at once: the cycle was open for half an hour."""
    story = says(then(opened(MONDAY, 9), MONDAY, 10), CARL)
    says(then(story, MONDAY, 11.5), CARL)

    says(then(story, MONDAY, 14), CORA, occurred=at(MONDAY, 11))

    run = clock(story, "next response")
    assert ("met", at(MONDAY, 11), at(MONDAY, 11.5)) == (run.phase, run.started_at, run.stopped_at)


def test_the_oldest_question_opens_the_cycle_however_late_it_is_told() -> None:
    """A question of 11:00 told at 16:00 puts back the start of the cycle that the question of 15:00 had opened."""
    story = says(then(opened(MONDAY, 9), MONDAY, 10), CARL)
    says(then(story, MONDAY, 15), CORA)
    assert at(TUESDAY, 15) == clock(story, "next response").due

    says(then(story, MONDAY, 16), CORA, occurred=at(MONDAY, 11))

    assert (1, at(TUESDAY, 11)) == ((run := clock(story, "next response")).cycle, run.due)


def test_the_first_answer_told_late_makes_later_questions_next_ones() -> None:
    """Answered at ten by phone and noted at noon: the question of eleven is a next one, from eleven on."""
    story = says(then(opened(MONDAY, 9), MONDAY, 11), CORA)
    assert "next response" not in story.ticket.clocks

    says(then(story, MONDAY, 12), CARL, occurred=at(MONDAY, 10))

    assert (at(MONDAY, 11), "running") == ((run := clock(story, "next response")).started_at, run.phase)


# the definition -----------------------------------------------------------------------------------------------------


def test_it_says_all_it_promises_and_nothing_is_wrong_with_it() -> None:
    """Twelve promises, and no finding."""
    names = ["first response", "next response", "chat response", "periodic update", "dispatch", "arrival", "resolution"]
    names += ["requester wait", "agent work", "repair shop", "second level", "call back"]

    assert names == [item.name for item in DESK.clocks]
    assert () == DESK.check()


def test_the_page_shows_the_very_lines() -> None:
    """Every clock of the page on writing clocks is one of the workflow but for what it is called, and none is left out."""
    page = (ROOT / "docs" / "how-to" / "write-clocks.md").read_text("utf-8")
    fences = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    shown = [Clock(**data) for fence in fences for data in YAML(typ="safe").load(fence)]

    untitled = [attrs.evolve(item, title="") for item in DESK.clocks]

    assert sorted(untitled, key=lambda item: item.name) == sorted(shown, key=lambda item: item.name)
