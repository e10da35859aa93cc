"""Knows what a help desk expects of the template it_incident, by day and by night; must not know how it works."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import servflow.documents
from servflow.desk import Desk
from servflow.documents import load_world
from servflow.model import Actor, Breached, ClockReset, Warned
from servflow.stores import MemoryStore
from tests.scenarios.story import Story

TEMPLATES = Path(servflow.documents.__file__).parent / "templates"
INCIDENT = servflow.load(TEMPLATES / "it_incident.yaml")
WORLD = load_world(TEMPLATES / "it_incident_world.yaml")
MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)  # nine o'clock in Shanghai
USER, ANN, CYN, DAN, EVE = (
    Actor("uma", ["user"]),
    Actor("ann", ["agent"]),
    Actor("cyn", ["agent"]),
    Actor("dan", ["agent"]),
    Actor("eve", ["agent"]),
)
LEA, IVO = Actor("lea", ["lead"]), Actor("ivo", ["incident_manager"])
DOWN = {"impact": "company", "urgency": "work_stands_still"}


def an_incident(at: datetime = MONDAY, **fields: object) -> Story:
    """Uma tells the service desk that something is broken."""
    return Story(INCIDENT, at, WORLD).opened({"summary": "no mail", "service": "mail", **fields}, by=USER)


def asks(story: Story) -> Story:
    """The user asks something."""
    return story.does(USER, "ticket.message", {"side": "customer", "text": "any news?"})


def answers(story: Story, who: Actor = ANN) -> Story:
    """Somebody of us answers, so that the user reads it."""
    return story.does(who, "ticket.message", {"text": "we look into it"})


def due(story: Story, clock: str) -> str:
    """When a promise is due, as a clock on the wall in Shanghai shows it."""
    at = story.ticket.clocks[clock].due
    return "-" if at is None else f"{at + timedelta(hours=8):%a %H:%M}"


@pytest.mark.parametrize(
    ("impact", "urgency", "priority", "answered", "works"),
    [
        ("company", "work_stands_still", 1, "Mon 09:15", "Mon 13:00"),
        ("company", "work_is_hard", 2, "Mon 09:30", "Mon 17:00"),
        ("company", "can_wait", 3, "Mon 11:00", "Tue 13:00"),
        ("department", "work_stands_still", 2, "Mon 09:30", "Mon 17:00"),
        ("department", "work_is_hard", 3, "Mon 11:00", "Tue 13:00"),
        ("department", "can_wait", 4, "Mon 13:00", "Thu 09:00"),
        ("person", "work_stands_still", 3, "Mon 11:00", "Tue 13:00"),
        ("person", "work_is_hard", 4, "Mon 13:00", "Thu 09:00"),
        ("person", "can_wait", 5, "Mon 17:00", "Mon 09:00"),
    ],
)
def test_the_matrix(impact: str, urgency: str, priority: int, answered: str, works: str) -> None:
    """Impact times urgency gives the priority, and that says by when the user is answered and it works again."""
    story = an_incident(impact=impact, urgency=urgency)

    assert (priority, answered, works) == (story.ticket.priority, due(story, "response"), due(story, "resolution"))


def test_from_the_call_to_the_end() -> None:
    """Ann takes the most urgent one of her line, answers, asks back while no time counts, resolves; Uma confirms."""
    story = answers(an_incident().later(minutes=5).does(ANN, "queue.take"))
    assert ("working", "ann", "service_desk") == (story.ticket.state, story.ticket.assignee, story.ticket.queue)

    story.later(minutes=55).does(ANN, "ask_user").later(days=2)
    assert "paused" == story.ticket.clocks["resolution"].phase
    asks(story)
    assert ("working", timedelta(hours=1)) == (story.ticket.state, story.ticket.clocks["resolution"].counted)

    story.does(ANN, "resolve", {"solution": "profile made anew"})
    assert ("uma", "please_try") == story.notices()[-1]
    story.does(USER, "confirm")
    assert ("closed", "met") == (story.ticket.state, story.ticket.clocks["resolution"].phase)
    assert story.adds_up()


def test_whose_line_it_is() -> None:
    """Cyn of the second line cannot take what waits for the first; nobody is sent a ticket."""
    story = an_incident()
    assert None is story.ticket.assignee
    assert "guard" == story.cannot(CYN, "queue.take").code
    assert "ann" == story.does(ANN, "queue.take").ticket.assignee


def test_from_line_to_line_the_promise_goes_on() -> None:
    """Two hours in the first line and three in the second are five of the user's promise; each line has its own agreement."""
    story = an_incident(impact="department").later(hours=1).does(ANN, "queue.take").later(hours=1)
    story.does(ANN, "to_second_line", {"reason": "needs the server"})
    assert ("waiting", None, "second_line") == (story.ticket.state, story.ticket.assignee, story.ticket.queue)
    assert ("met", "running") == (story.ticket.clocks["first line"].phase, story.ticket.clocks["second line"].phase)

    story.later(hours=1).does(CYN, "queue.take").later(hours=2).does(CYN, "to_third_line", {"reason": "a fault of the program"})
    story.does(EVE, "queue.take").does(EVE, "resolve", {"solution": "patched"})

    counted = {name: run.counted for name, run in story.ticket.clocks.items()}
    assert timedelta(hours=5) == counted["resolution"]
    assert (timedelta(hours=2), timedelta(hours=3), timedelta()) == tuple(
        counted[f"{line} line"] for line in ("first", "second", "third")
    )


def test_a_line_that_keeps_it_too_long() -> None:
    """Four hours are agreed for priority 3; the lead hears when the first line has had it for longer."""
    story = an_incident(impact="department").does(ANN, "queue.take").later(hours=4, seconds=1)

    assert ["first line"] == [one.clock for one in story.happened(Breached) if "line" in one.clock]
    assert ("lea", "line_late") in story.notices()


def test_each_question_is_answered() -> None:
    """After the first answer each question of the user opens a promise of its own; unanswered, the lead hears."""
    story = answers(an_incident(impact="department").does(ANN, "queue.take"))
    assert "next response" not in story.ticket.clocks
    asks(story.later(hours=1))
    assert "Mon 14:00" == due(story, "next response")
    answers(story.later(hours=1))
    asks(story.later(hours=1))
    assert (2, "Mon 16:00") == (story.ticket.clocks["next response"].cycle, due(story, "next response"))

    story.later(hours=4, seconds=1)
    assert ("lea", "user_unanswered") in story.notices()


def test_the_vendor_has_it() -> None:
    """While the vendor works no time of ours counts; what the vendor owes is a promise of its own."""
    story = an_incident(impact="department").does(ANN, "queue.take").does(ANN, "ask_vendor").later(hours=9)
    assert ("paused", "paused") == (story.ticket.clocks["resolution"].phase, story.ticket.clocks["first line"].phase)
    assert ["vendor"] == [one.clock for one in story.happened(Breached) if one.clock == "vendor"]


def test_late_or_about_to_be() -> None:
    """At three quarters the lead hears, an hour later the service manager, and of the gravest ones the director."""
    story = answers(an_incident(**DOWN).does(ANN, "queue.take"))
    story.later(hours=3, minutes=1)
    assert ("lea", "incident_late") in story.notices()
    assert "50%" in [one.mark for one in story.happened(Warned)]
    story.later(hours=3)
    assert [("mia", "incident_late"), ("dora", "incident_late")] == [
        one for one in story.notices() if one[1] == "incident_late" and one[0] not in ("lea", "leo")
    ]

    # of an ordinary one only the leads hear, for whom the message was meant
    usual = answers(an_incident().does(ANN, "queue.take")).later(days=7)
    assert {"lea", "leo"} == {who for who, what in usual.notices() if what == "incident_late"}


def test_at_night_whoever_is_on_call_is_woken() -> None:
    """At three in the morning one is called, is reminded, then the next one; once somebody takes it nobody else is."""
    night = MONDAY + timedelta(hours=18)  # Tuesday, three o'clock in Shanghai
    on_call, after = WORLD.schedules["duty"].on_call(night), WORLD.schedules["duty"].next_on_call(night)
    assert on_call
    story = an_incident(night, **DOWN).later(seconds=1)
    assert [(on_call[0], "take_it")] == story.notices()

    story.later(minutes=16)
    called = [one for one in story.notices() if one[1] == "take_it"]
    assert [(on_call[0], "take_it")] * 3 + [(after[0], "take_it")] == called
    assert ("lea", "user_unanswered") in story.notices(), "the quarter of an hour for the first answer is over as well"
    story.later(minutes=15)
    assert ("mia", "nobody_takes_it") == story.notices()[-1]

    quiet = an_incident(night, **DOWN).later(minutes=2).does(ANN, "queue.take").later(hours=1)
    assert [(on_call[0], "take_it")] == [one for one in quiet.notices() if one[1] == "take_it"]


def test_by_day_the_duty_lead_is_called() -> None:
    """On Monday at nine the lead who has the week is called, not those of the night."""
    story = an_incident(**DOWN).later(seconds=1)

    assert [("lea", "take_it")] == story.notices()


def test_what_can_wait_wakes_nobody() -> None:
    """A font that looks odd at three in the morning waits until the morning, and so does its promise."""
    story = an_incident(MONDAY + timedelta(hours=18), urgency="can_wait").later(hours=2)

    assert [] == story.notices()
    assert "Tue 16:00" == due(story, "response"), "eight hours from eight in the morning"


def test_a_major_incident() -> None:
    """Declared by the incident manager: the lines help, everybody hears every half hour, and it closes with a review only."""
    story = an_incident(impact="department").later(minutes=10).does(IVO, "declare_major")
    assert (1, True, ("major",), "ivo") == (
        story.ticket.priority,
        story.ticket.fields["major"],
        story.ticket.tags,
        story.ticket.owner,
    )
    assert ("eve", True) == (sorted(story.ticket.helpers)[-1], len(story.ticket.helpers) == 2)
    assert ("mia",) == tuple(story.ticket.watchers)

    # five minutes before the half hour is over the incident manager is reminded; each word to the users begins it anew
    story.later(minutes=25, seconds=1)
    assert ("ivo", "tell_everybody") == story.notices()[-1]
    answers(story, IVO)
    story.later(minutes=20)
    answers(story, IVO)
    assert [2, 0] == [
        len([one for one in story.happened(ClockReset) if one.clock == "communication"]),
        len([one for one in story.happened(Breached) if one.clock == "communication"]),
    ]

    story.does(ANN, "queue.take").does(IVO, "resolve", {"solution": "switched over", "workaround": True}).does(USER, "confirm")
    assert ("reviewing", "guard") == (story.ticket.state, story.cannot(IVO, "review", {"review": ""}).code)
    assert "closed" == story.does(IVO, "review", {"review": "the certificate had expired; it is watched now"}).ticket.state


def test_a_major_incident_stays_what_it_is() -> None:
    """Reassessed as smaller, it keeps the priority it was declared with."""
    story = an_incident(impact="department").does(IVO, "declare_major")
    story.does(LEA, "reassess", {"impact": "person", "urgency": "can_wait"})

    assert 1 == story.ticket.priority
    assert "guard" == story.cannot(IVO, "declare_major").code


def test_graver_than_it_was_thought() -> None:
    """What turns out to stop the whole company has the promises of that from then on; the time used is kept."""
    story = an_incident().later(hours=1).does(LEA, "reassess", DOWN)

    assert (1, "Mon 13:00") == (story.ticket.priority, due(story, "resolution"))
    assert ("major_candidate",) == story.ticket.tags


def test_a_known_problem() -> None:
    """Its workaround helps at once; the incident knows the problem, and hears when that is mended."""
    story = an_incident().does(ANN, "queue.take").does(ANN, "link_problem", {"problem": "P-7"})
    story.does(ANN, "resolve", {"solution": "restart", "workaround": True})
    story.does(Actor("system"), "problem.news", {"problem": "P-7", "state": "closed"})

    assert ("P-7", ("known_problem",), True) == (
        story.ticket.fields["known_problem"],
        story.ticket.tags,
        story.ticket.fields["workaround"],
    )
    assert ("ann", "problem_news") == story.notices()[-1]


def test_it_comes_back() -> None:
    """Not solved after all: it waits in its line again, and the promise goes on with what was left of it."""
    story = answers(an_incident(impact="department").does(ANN, "queue.take")).later(hours=2)
    story.does(ANN, "resolve", {"solution": "restarted"}).later(hours=3)
    assert ("paused", timedelta(hours=2)) == ((run := story.ticket.clocks["resolution"]).phase, run.counted), "Uma tries it"
    story.does(USER, "not_solved").later(hours=1)
    assert ("waiting", None) == (story.ticket.state, story.ticket.assignee)
    assert ("running", timedelta(hours=3), "Tue 16:00") == (
        (run := story.ticket.clocks["resolution"]).phase,
        run.counted + (story.now - run.since),
        due(story, "resolution"),
    )
    assert ("running", 2) == ((run := story.ticket.clocks["first line"]).phase, run.cycle), "and so does what the line owes"

    story.does(ANN, "queue.take").does(ANN, "resolve", {"solution": "patched"}).later(days=4)
    assert ("closed", "met") == (story.ticket.state, story.ticket.clocks["resolution"].phase), "silence confirms it"
    story.does(USER, "ticket.reopen")
    assert (1, "running", "running") == (
        story.ticket.reopened,
        story.ticket.clocks["resolution"].phase,
        story.ticket.clocks["first line"].phase,
    )
    assert story.adds_up()


def test_what_was_no_solution_is_late_all_the_same() -> None:
    """Called solved at the last moment and not solved: the lead hears when the rest of the promise is over."""
    story = answers(an_incident(**DOWN).does(ANN, "queue.take")).later(hours=3, minutes=50)
    story.does(ANN, "resolve", {"solution": "restarted"}).later(hours=1).does(USER, "not_solved").later(minutes=9)
    assert "incident_overdue" not in [what for _, what in story.notices()]
    story.later(minutes=2)

    assert ("lea", "incident_overdue") in story.notices()


def test_who_is_woken_takes_it_into_their_own_line() -> None:
    """Eve of the third line is on call; she cannot take what waits for the first, hands it to hers and has it, in a minute."""
    night = MONDAY + timedelta(hours=18)
    story = an_incident(night, **DOWN).later(minutes=1)
    assert [("eve", "take_it")] == story.notices()
    assert "guard" == story.cannot(EVE, "queue.take").code
    story.does(EVE, "chain.acknowledge", {"chain": "on call"}).does(EVE, "to_third_line", {"reason": "on call"})
    story = answers(story.does(EVE, "queue.take"), EVE).later(hours=1)

    assert ("working", "eve", "met") == (story.ticket.state, story.ticket.assignee, story.ticket.clocks["response"].phase)
    assert [("eve", "take_it")] == [one for one in story.notices() if one[1] in ("take_it", "nobody_takes_it")]


def test_somebody_is_always_on_call() -> None:
    """In every half hour of a quarter of a year exactly one person is on call, at night one of the lines."""
    duty = WORLD.schedules["duty"]
    for half in range(48 * 91):
        at = MONDAY + timedelta(minutes=30 * half)
        (who,) = duty.on_call(at)
        local = at + timedelta(hours=8)
        assert (who in ("lea", "leo")) == (local.weekday() < 5 and 8 <= local.hour < 20), local


def test_a_review_that_nobody_writes() -> None:
    """Five working days after a major incident the service manager hears that it was not reviewed; it is not closed."""
    story = an_incident(impact="department").does(ANN, "queue.take").does(IVO, "declare_major")
    story.does(IVO, "resolve", {"solution": "switched over"}).does(USER, "confirm").later(days=8)

    assert ("reviewing", ("mia", "review_missing")) == (story.ticket.state, story.notices()[-1])


@pytest.fixture
def desk() -> Iterator[tuple[Desk, list[datetime]]]:
    """A service desk on Monday at nine."""
    now = [MONDAY]
    made = Desk([INCIDENT], MemoryStore(), now=lambda: now[0], world=WORLD)
    yield made, now
    made.store.close()


def test_the_most_urgent_one_first(desk: tuple[Desk, list[datetime]]) -> None:
    """Ann pulls what stops the company, bob what is next; the second line sees neither."""
    service, _ = desk
    for name, more in (("T1", {}), ("T2", DOWN), ("T3", {"impact": "department"})):
        service.open(name, {"summary": name, **more}, actor=USER)

    pulled = [service.next_for(who).outcome for who in ("cyn", "ann", "bob", "ann", "bob")]
    assert [None, "T2", "T3", "T1", None] == [one and one.ticket.id for one in pulled]
