"""Knows what a workflow's surveys come down to, and what becomes of ratings; must not know how anybody is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import servflow
from servflow.engine import Workflow
from servflow.errors import DefinitionError, LimitError, Refused
from servflow.model import SYSTEM, Call, Open, Outcome, Rated, Surveyed, Ticket, dump, load_ticket

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
CSAT = {"name": "csat", "state": "closed", "after": "2h", "low": 2}


def flow(*surveys: dict[str, Any], **more: Any) -> Workflow:
    """A ticket that is closed and can be reopened, with surveys."""
    given: dict[str, Any] = {
        "workflow": "repair",
        "states": {"open": {}, "closed": {"closed": True}},
        "transitions": [
            {"event": "close", "source": "open", "target": "closed"},
            {"event": "ticket.reopen", "source": "closed", "target": "open"},
        ],
    }
    return Workflow(**{**given, **more}, surveys=list(surveys))


def closed(workflow: Workflow) -> Ticket:
    """A ticket of customer c1, closed on Monday at nine."""
    ticket = workflow.open("T1", {"customer": "c1"}, at=MONDAY).ticket
    return workflow.fire(ticket, "close", at=MONDAY).ticket


def rate(workflow: Workflow, ticket: Ticket, **payload: Any) -> Outcome:
    """The customer rates a minute later."""
    return workflow.fire(ticket, "rating.add", payload, at=ticket.at + timedelta(minutes=1), actor="c1")


def opened(outcome: Outcome) -> list[str]:
    """The workflows of the tickets that are opened."""
    return [effect.workflow for effect in outcome.effects if isinstance(effect, Open)]


def test_the_host_is_told_when_a_survey_is_due() -> None:
    """Two hours after the closing the host is called, with whom to ask, of what and by which text; once."""
    workflow = flow(CSAT)
    ticket = closed(workflow)

    assert MONDAY + timedelta(hours=2, microseconds=1) == ticket.wake
    outcome = workflow.advance(ticket, at=MONDAY + timedelta(days=3))
    [call] = outcome.effects
    assert isinstance(call, Call)
    assert ("survey", MONDAY + timedelta(hours=2)) == (call.name, call.at)
    assert {
        "survey": "csat",
        "scale": "csat",
        "about": "ticket",
        "state": "closed",
        "template": "rate_us",
        "to": "c1",
        "expires": 14 * 86400,
        "fatigue": 30 * 86400,
    } == dict(call.data)
    assert None is outcome.ticket.wake


def test_with_a_calendar_nobody_is_asked_in_the_night() -> None:
    """Without a length of its own a survey is due when people begin to answer; within their hours at once."""
    calendars = {"answering": {"zone": "UTC", "week": {"mon-fri": ["08:00-08:30", "14:00-20:00"]}}}
    survey = {"name": "csat", "state": "closed", "calendar": "answering"}
    later = flow(survey, calendars=calendars)
    calendars = {"answering": {"zone": "UTC", "week": {"mon-fri": ["08:00-20:00"]}}}
    soon = flow(survey, calendars=calendars)

    assert MONDAY + timedelta(hours=5, seconds=1) == closed(later).timers[0].due
    assert MONDAY + timedelta(seconds=1) == closed(soon).timers[0].due
    assert MONDAY == closed(flow({"name": "csat", "state": "closed"})).timers[0].due


def test_a_calendar_keeps_surveys_in_the_hours_in_which_people_answer() -> None:
    """An hour that counts in a calendar ends while it is open."""
    calendars = {"answering": {"zone": "UTC", "week": {"mon-fri": ["14:00-20:00"]}}}
    ticket = closed(flow({"name": "csat", "state": "closed", "after": "1h", "calendar": "answering"}, calendars=calendars))

    assert MONDAY.replace(hour=15) == ticket.timers[0].due


def test_nobody_is_asked_of_work_that_was_reopened() -> None:
    """Leaving the state first takes the survey back; closing it again sets it anew."""
    workflow = flow(CSAT)
    ticket = workflow.fire(closed(workflow), "ticket.reopen", at=MONDAY + timedelta(hours=1)).ticket

    assert () == ticket.timers
    assert () == workflow.advance(ticket, at=MONDAY + timedelta(days=3)).effects
    again = workflow.fire(ticket, "close", at=MONDAY + timedelta(hours=5)).ticket
    assert MONDAY + timedelta(hours=7) == again.timers[0].due


def test_only_some_tickets_are_asked_about() -> None:
    """A survey's when keeps it from the others."""
    workflow = flow({**CSAT, "when": "priority <= 2"})
    ticket = closed(workflow)

    assert () == workflow.advance(ticket, at=MONDAY + timedelta(hours=3)).effects


def test_a_low_rating_is_answered_once_however_often_it_is_amended() -> None:
    """Good, then low, then lower: one call back; another customer's opinion is one of its own."""
    workflow = flow(CSAT)
    ticket = closed(workflow)
    seen = []
    for score in (4, 2, 1, 5, 2):
        outcome = rate(workflow, ticket, score=score)
        seen.append(opened(outcome))
        ticket = outcome.ticket

    assert [[], ["call_back"], [], [], []] == seen
    assert ["call_back"] == opened(rate(workflow, ticket, score=1, rater="c2"))
    assert load_ticket(dump(ticket)) == ticket


def test_the_call_back_knows_what_was_rated() -> None:
    """What is opened carries the ticket, the score and the words."""
    workflow = flow(CSAT)
    [effect] = (one for one in rate(workflow, closed(workflow), score=1, comment="late").effects if isinstance(one, Open))

    assert {"rated": "T1", "customer": "c1", "scale": "csat", "score": 1, "comment": "late"} == dict(effect.fields)


def test_work_done_again_is_rated_anew() -> None:
    """After a reopening a low rating is answered again."""
    workflow = flow(CSAT)
    ticket = rate(workflow, closed(workflow), score=1).ticket
    ticket = workflow.fire(ticket, "ticket.reopen", at=ticket.at).ticket
    ticket = workflow.fire(ticket, "close", at=ticket.at).ticket

    assert ["call_back"] == opened(rate(workflow, ticket, score=2))


def test_a_rating_says_what_it_is_about() -> None:
    """A visit and the relation are rated apart from the ticket; only what the survey is about is answered."""
    workflow = flow({**CSAT, "name": "visit", "about": "visit"})
    ticket = closed(workflow)
    outcome = rate(workflow, ticket, score=1, about="visit", visit="v1")
    [record] = (one for one in outcome.records if isinstance(one, Rated))

    assert ("visit", "v1", "c1", "visit") == (record.about, record.visit, record.by, record.low)
    assert ["call_back"] == opened(outcome)
    assert ["call_back"] == opened(rate(workflow, outcome.ticket, score=1, about="visit", visit="v2"))
    assert [] == opened(rate(workflow, outcome.ticket, score=1, about="visit", visit="v1"))
    assert [] == opened(rate(workflow, outcome.ticket, score=1))


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"score": 0}, "whole number from 1 to 5"),
        ({"score": 6}, "whole number from 1 to 5"),
        ({"score": 4.5}, "whole number from 1 to 5"),
        ({"score": "5"}, "whole number from 1 to 5"),
        ({"scale": "nps", "score": 11}, "from 0 to 10"),
        ({"scale": "nps", "score": -1}, "from 0 to 10"),
        ({"scale": "ces", "score": 8}, "from 1 to 7"),
        ({"scale": "cast", "score": 1}, "did you mean 'csat'?"),
        ({"scale": ["csat"], "score": 1}, "csat, nps, ces"),
        ({"score": 5, "about": "visits"}, "did you mean 'visit'?"),
        ({"score": 5, "visit": "v1"}, "say about: visit"),
        ({"score": 5, "coment": "fine"}, "did you mean 'comment'?"),
        ({"score": 5, "rater": 7}, "rater is a text"),
    ],
)
def test_what_is_no_rating_is_refused_and_leaves_no_trace(payload: dict[str, Any], said: str) -> None:
    """A score out of its scale, or a word nobody knows, is refused with what there is."""
    workflow = flow(CSAT)
    ticket = closed(workflow)
    with pytest.raises(Refused) as refused:
        rate(workflow, ticket, **payload)

    assert "payload" == refused.value.code
    assert said in str(refused.value)
    assert ticket == closed(workflow)


def test_the_answers_to_low_ratings_of_one_ticket_are_bounded() -> None:
    """Whoever rates as ever other people is stopped."""
    workflow = flow(CSAT)
    ticket = closed(workflow)
    for number in range(200):
        ticket = rate(workflow, ticket, score=1, rater=f"c{number}").ticket
    with pytest.raises(LimitError):
        rate(workflow, ticket, score=1, rater="one more")


def test_only_the_desk_says_what_became_of_a_survey() -> None:
    """That somebody was asked, or why not, is kept; nobody else may say it, nor of a survey that there is not."""
    workflow = flow(
        CSAT,
        roles=["customer"],
        events={"rating.add": {"allow": ["requester"]}, "ticket.reopen": {"allow": []}},
        transitions=[{"event": "close", "source": "open", "target": "closed", "allow": ["system"]}],
    )
    ticket = workflow.open("T1", {"customer": "c1"}, at=MONDAY).ticket
    told = {"survey": "csat", "to": "c1", "until": "2026-03-09T09:00:00Z", "rests": MONDAY + timedelta(days=30)}
    outcome = workflow.fire(ticket, "survey.asked", told, at=MONDAY, actor=SYSTEM)
    [asked] = (one for one in outcome.records if isinstance(one, Surveyed))

    assert ("csat", "asked", "c1", datetime(2026, 3, 9, 9, tzinfo=UTC)) == (asked.scale, asked.outcome, asked.to, asked.until)
    with pytest.raises(Refused, match="not permitted"):
        workflow.fire(ticket, "survey.asked", told, at=MONDAY, actor="c1")
    with pytest.raises(Refused, match="did you mean 'csat'"):
        workflow.fire(ticket, "survey.skipped", {"survey": "csta", "reason": "rated"}, at=MONDAY, actor=SYSTEM)
    with pytest.raises(Refused, match="raises it itself"):
        workflow.fire(ticket, "survey.due.csat", at=MONDAY, actor=SYSTEM)
    assert workflow.fold([*workflow.open("T1", {"customer": "c1"}, at=MONDAY).records, *outcome.records]) == outcome.ticket


def test_a_workflow_without_surveys_is_as_before() -> None:
    """Its data has no trace of them, and neither has its ticket's."""
    plain = Workflow(workflow="repair", states={"open": {}})

    assert "surveys" not in plain.to_data()
    assert "low_ratings" not in dump(plain.open("T1", at=MONDAY).ticket)


def test_surveys_round_trip() -> None:
    """A definition with surveys reads from its own data, and a document says the same."""
    workflow = flow({**CSAT, "low": {"at_most": 2, "do": [{"notify": {"to": "owner", "template": "unhappy"}}]}})

    assert workflow == Workflow(**workflow.to_data())
    text = """
    workflow: repair
    states: {open: {}, closed: {closed: true}}
    transitions: [{event: close, source: open, target: closed}]
    surveys: [{name: csat, state: closed, after: 2h, low: 2}]
    """
    assert "csat" == servflow.load(text).surveys[0].name


@pytest.mark.parametrize(
    ("survey", "path", "code"),
    [
        ({"state": "gone"}, "surveys[0].state", "name.unknown"),
        ({"scale": "stars"}, "surveys[0].scale", "name.unknown"),
        ({"about": "product"}, "surveys[0].about", "name.unknown"),
        ({"calendar": "office"}, "surveys[0].calendar", "name.unknown"),
        ({"after": "soon"}, "surveys[0].after", "definition.span"),
        ({"after": "2 business days"}, "surveys[0].after", "timer.needs_calendar"),
        ({"fatigue": "2 business days"}, "surveys[0].fatigue", "definition.value"),
        ({"fatigue": "0h"}, "surveys[0].fatigue", "definition.value"),
        ({"low": 5}, "surveys[0].low.at_most", "survey.low"),
        ({"low": {"at_most": 0}}, "surveys[0].low.at_most", "survey.low"),
        ({"low": {"at_most": 2, "do": [{"set": {"priority": "1"}}]}}, "surveys[0].low.do[0]", "survey.low_action"),
        ({"low": {"at_most": 2, "do": [{"open": "call_back"}]}}, "surveys[0].low.do[0]", "survey.low_action"),
        ({"to": "nobody"}, "surveys[0].to", "expression.invalid"),
        ({"visit": "'v1'"}, "surveys[0].visit", "survey.visit"),
        ({"name": "a b"}, "surveys[0].name", "definition.key"),
    ],
)
def test_what_is_wrong_with_a_survey_is_said_at_its_place(survey: dict[str, Any], path: str, code: str) -> None:
    """Every mistake has the path at which it was written."""
    with pytest.raises(DefinitionError) as error:
        flow({**CSAT, **survey})

    assert [(path, code)] == [(finding.path, finding.code) for finding in error.value.findings]


def test_two_surveys_cannot_answer_the_same_rating() -> None:
    """Only one of those of the same scale about the same thing may have a low; names are their own."""
    with pytest.raises(DefinitionError) as error:
        flow(CSAT, {**CSAT, "name": "other"}, {"name": "csat", "state": "open"})

    assert {"survey.low_twice", "name.twice"} == {finding.code for finding in error.value.findings}


def test_a_survey_that_another_transition_catches_is_told() -> None:
    """A transition for whatever event stands before the survey's own; elsewhere it is in nobody's way."""
    moves = [{"event": "close", "source": "open", "target": "closed"}, {"event": "*", "source": "closed", "target": "open"}]
    caught = flow(CSAT, transitions=moves)
    elsewhere = flow(CSAT, transitions=[moves[0], {**moves[1], "source": "open", "target": "open"}])

    assert [("surveys[0]", "survey.caught")] == [
        (one.path, one.code) for one in caught.check() if one.code.startswith("survey")
    ]
    assert [] == [one.code for one in elsewhere.check() if one.code.startswith("survey")]


@pytest.mark.parametrize(("after", "told"), [("1d", ["survey.calendar"]), ("24h", []), ("1 business day", []), ("0d", [])])
def test_days_that_no_calendar_counts_are_told(after: str, told: list[str]) -> None:
    """A day passes by night too, so a calendar beside it keeps nobody's sleep."""
    calendars = {"answering": {"zone": "UTC", "week": {"mon-fri": ["14:00-20:00"]}}}
    workflow = flow({**CSAT, "after": after, "calendar": "answering"}, calendars=calendars)

    assert told == [one.code for one in workflow.check() if one.code.startswith("survey")]
    assert [] == [one.code for one in flow({**CSAT, "after": "1d"}).check() if one.code.startswith("survey")]


def test_surveys_of_states_inside_of_others() -> None:
    """A survey may be due in a state around others, and in one of two that are active at once."""
    states = {
        "work": {"parallel": True, "states": {"a": {"states": {"a1": {}, "a2": {}}}, "b": {"states": {"b1": {}}}}},
        "closed": {"closed": True, "states": {"fresh": {}, "stale": {}}},
    }
    moves = [
        {"event": "next", "source": "a1", "target": "a2"},
        {"event": "close", "source": "work", "target": "closed"},
        {"event": "age", "source": "fresh", "target": "stale"},
    ]
    workflow = flow(CSAT, {"name": "half", "state": "a2", "scale": "ces", "after": "1h"}, states=states, transitions=moves)
    ticket = workflow.open("T1", {"customer": "c1"}, at=MONDAY).ticket
    ticket = workflow.fire(ticket, "next", at=MONDAY).ticket
    half = workflow.advance(ticket, at=MONDAY + timedelta(hours=2))
    ticket = workflow.fire(half.ticket, "close", at=MONDAY + timedelta(hours=3)).ticket
    ticket = workflow.fire(ticket, "age", at=MONDAY + timedelta(hours=4)).ticket
    whole = workflow.advance(ticket, at=MONDAY + timedelta(days=1))

    assert () == workflow.check()
    assert [("half", "a2")] == [(one.data["survey"], one.data["state"]) for one in half.effects if isinstance(one, Call)]
    assert [("csat", "closed")] == [(one.data["survey"], one.data["state"]) for one in whole.effects if isinstance(one, Call)]
    assert ("a2", "b1") == half.ticket.configuration
    assert MONDAY + timedelta(hours=3) == whole.ticket.entered["closed"]


def test_a_survey_that_nobody_may_answer_is_told() -> None:
    """Once roles are declared somebody must be granted rating.add."""
    workflow = flow(CSAT, roles=["customer"])

    assert ["survey.nobody_rates"] == [one.code for one in workflow.check() if one.path == "surveys"]
