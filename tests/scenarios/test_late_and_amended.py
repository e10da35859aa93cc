"""Knows what happens when the engine slept and when the news came late; must not know how the engine works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from servflow.engine import Workflow
from servflow.model import Actor, Amended, Breached, ChainStopped, Escalated, TimerFired, Warned, dump, load_ticket
from tests.scenarios.story import Story

DESK = Workflow(
    workflow="helpdesk",
    fields={"severity": {"type": "int", "default": 2}},
    calendars={"office": {"zone": "Europe/Berlin", "week": {"mon-fri": ["08:00-18:00"]}}},
    initial="waiting",
    states={"waiting": {}, "answered": {"timers": [{"after": "5d", "event": "close"}]}, "closed": {"closed": True}},
    transitions=[
        {"event": "mail", "source": "waiting", "target": "answered"},
        {"event": "ask", "source": "answered", "target": "waiting"},
        {"event": "close", "source": "answered", "target": "closed"},
    ],
    clocks=[
        {"name": "answer", "within": "4h", "start": {"state": "waiting"}, "until": "answered", "warn": ["50%"]},
        {"name": "office hours", "within": "10h", "calendar": "office", "start": {"state": "waiting"}, "until": "answered"},
    ],
    escalations=[
        {
            "name": "no answer",
            "start": {"clock": "answer"},
            "until": {"state": "answered"},
            "levels": [
                {"name": "lead", "do": [{"notify": {"to": {"user": "lea"}, "template": "late"}}, {"tag": "late"}]},
                {
                    "name": "head",
                    "after": "8h",
                    "do": [{"notify": {"to": {"user": "hugo"}, "template": "late"}}, {"raise_priority": 1}],
                },
                {"name": "board", "after": "24h", "do": [{"notify": {"to": {"user": "bea"}, "template": "late"}}]},
            ],
        }
    ],
)
FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)  # four in the afternoon in Berlin
AGENT = Actor("alf")


def asked() -> Story:
    """A customer asks on Friday afternoon; an answer is promised within four hours."""
    return Story(DESK, FRIDAY).opened({}, by=Actor("cora"))


def test_the_engine_was_down_over_the_weekend() -> None:
    """On Monday one call catches up: every mark and level has its own instant, and only the last level notifies."""
    story = asked().silence(days=2, hours=17).back_again()

    assert [FRIDAY + timedelta(hours=2)] == [warned.instant for warned in story.happened(Warned)]
    assert FRIDAY + timedelta(hours=4) == story.happened(Breached)[0].instant
    assert [4, 12, 36] == [(level.scheduled - FRIDAY) // timedelta(hours=1) for level in story.happened(Escalated)]
    assert ["coalesced", "coalesced", "fired"] == [level.outcome for level in story.happened(Escalated)]
    assert [("bea", "late")] == story.notices(), "one message on Monday instead of three"
    assert (("late",), 2) == (story.ticket.tags, story.ticket.priority), "what the missed levels changed has changed"


def test_asleep_or_awake_the_ticket_is_the_same() -> None:
    """A host that slept all weekend and one that never did end with the very same ticket and records."""
    asleep = asked().silence(days=2, hours=17).back_again()
    awake = asked().later(days=2, hours=17)

    assert dump(asleep.ticket) == dump(awake.ticket)
    assert [type(record) for record in asleep.records] == [type(record) for record in awake.records]
    assert [("lea", "late"), ("hugo", "late"), ("bea", "late")] == awake.notices()
    assert 2 == asleep.calls < awake.calls


def test_a_restart_loses_nothing() -> None:
    """The ticket is written away and read back between any two moments, and goes on as if nothing had been."""
    story, other = asked(), asked()
    for _ in range(12):
        story.later(hours=5)
        other.later(hours=5)
        other.ticket = load_ticket(dump(other.ticket))

    assert story.ticket == other.ticket
    assert story.told == other.told


def test_closed_hours_do_not_count() -> None:
    """Ten office hours asked on Friday at four are over on Monday at four, weekend or not, awake or not."""
    story = asked().silence(days=9).back_again()

    due = {breach.clock: breach.instant for breach in story.happened(Breached)}
    assert datetime(2026, 3, 9, 15, tzinfo=UTC) == due["office hours"]


def test_a_mail_that_came_in_time_and_was_processed_late() -> None:
    """The answer arrived at 17:50 and was read at 20:10, after the breach: the breach is amended, never erased."""
    story = asked().later(hours=4, minutes=10)
    assert ([("lea", "late")], 1) == (story.notices(), len(story.happened(Breached)))

    story.does(AGENT, "mail", occurred=FRIDAY + timedelta(hours=2, minutes=50))

    [amended] = [record for record in story.happened(Amended) if record.clock == "answer"]
    assert ("breach", FRIDAY + timedelta(hours=4)) == (amended.mark, amended.was)
    assert (None, FRIDAY + timedelta(hours=2, minutes=50)) == (
        (clock := story.ticket.clocks["answer"]).breached_at,
        clock.stopped_at,
    )
    assert 1 == len(story.happened(Breached)), "the record of the breach stays"
    assert "what started it was amended" in [stopped.reason for stopped in story.happened(ChainStopped)]
    assert [("lea", "late")] == story.later(days=3).notices(), "nobody higher up hears of it"
    assert story.adds_up()


def test_the_engine_slept_and_the_mail_was_in_time() -> None:
    """Breach and answer are caught up in one call: the climb is on record, and nobody is told of what was not late."""
    story = asked().silence(hours=6).does(AGENT, "mail", occurred=FRIDAY + timedelta(hours=1))

    assert [] == story.notices()
    assert (1, ["breach"]) == (len(story.happened(Breached)), [record.mark for record in story.happened(Amended)][-1:])


def test_a_mail_that_came_late_is_late() -> None:
    """An answer that arrived after the four hours does not help."""
    story = asked().later(hours=5).does(AGENT, "mail", occurred=FRIDAY + timedelta(hours=4, minutes=1))

    assert [] == story.happened(Amended)
    assert FRIDAY + timedelta(hours=4) == story.ticket.clocks["answer"].breached_at


def test_exactly_on_time() -> None:
    """An answer at the very end of the four hours is in time, whichever came first, the clock's tick or the mail."""
    ticked = asked().later(hours=4).does(AGENT, "mail")
    direct = asked().silence(hours=4).does(AGENT, "mail")

    assert [] == ticked.happened(Breached) == direct.happened(Breached)
    assert ticked.ticket == direct.ticket


def test_the_timer_of_a_state_counts_from_when_it_was_entered() -> None:
    """Five days after the answer was processed the ticket closes, at its own instant though nobody looked for a month."""
    story = asked().later(hours=1).does(AGENT, "mail").silence(days=30).back_again()

    assert [FRIDAY + timedelta(hours=1, days=5)] == [fired.timer.due for fired in story.happened(TimerFired)]
    assert FRIDAY + timedelta(hours=1, days=5) == story.ticket.closed_at


def test_a_second_question_is_a_second_promise() -> None:
    """Asked again after an answer, the promise is made again, and its breach tells the lead again."""
    story = asked().later(hours=5).does(AGENT, "mail").later(hours=1).does(Actor("cora"), "ask").later(hours=5)

    assert [("lea", "late"), ("lea", "late")] == story.notices()
    assert (2, 1) == ((clock := story.ticket.clocks["answer"]).cycle, clock.summary.breached)
