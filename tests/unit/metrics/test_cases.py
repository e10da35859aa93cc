"""Holds what a case is read from: openings, answers, closings, clocks, escalations and ratings, in the order of records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from servflow.engine import Workflow
from servflow.errors import InputError, TimeError
from servflow.metrics import Case, read_case
from servflow.model import Record, Ticket

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)

FLOW = Workflow(
    workflow="desk",
    fields={"tier": {"type": "string", "default": "standard"}},
    initial="new",
    states={"new": {}, "working": {}, "asking": {}, "closed": {"closed": True}, "dropped": {"closed": True}},
    transitions=[
        {"event": "begin", "source": "new", "target": "working"},
        {"event": "finish", "source": "working", "target": "asking"},
        {"event": "close", "source": "asking", "target": "closed"},
        {"event": "ticket.cancel", "source": "*", "target": "dropped"},
        {"event": "ticket.reopen", "source": "closed", "target": "new"},
    ],
    clocks=[
        {"name": "repair", "within": "2h", "until": "asking", "warn": ["50%"]},
        {"name": "hello", "within": "30m", "stop": [{"message": {"side": "agent"}}]},
    ],
    escalations=[
        {
            "name": "late",
            "start": {"clock": "repair"},
            "levels": [{"name": "lead", "do": [{"notify": {"to": {"role": "lead"}, "template": "late"}}]}],
        }
    ],
)


class Told:
    """A ticket and everything that happened to it."""

    def __init__(self, *, occurred: datetime | None = None, **attributes: object) -> None:
        out = FLOW.open("T1", attributes, at=START, actor="ann", occurred=occurred)
        self.ticket: Ticket = out.ticket
        self.records: list[Record] = list(out.records)

    def fire(self, hours: float, event: str, payload: dict[str, object] | None = None) -> Told:
        """Fire an event so many hours after the opening."""
        out = FLOW.fire(self.ticket, event, payload, at=START + hours * HOUR, actor="ann")
        self.ticket = out.ticket
        self.records.extend(out.records)
        return self

    def case(self, hours: float, done: tuple[str, ...] = ()) -> Case:
        """The case as of so many hours after the opening."""
        return read_case(self.records, START + hours * HOUR, done)


def outcomes(case: Case) -> dict[str, str]:
    """Clock -> what became of its latest cycle."""
    return {cycle.clock: cycle.outcome for cycle in case.cycles}


def test_first_public_answer_of_an_agent_is_the_response() -> None:
    """Internal notes and the customer's own words are no response."""
    told = Told()
    told.fire(0.1, "ticket.message", {"side": "customer", "text": "hello?"})
    told.fire(0.2, "ticket.message", {"side": "agent", "public": False, "text": "who takes it?"})
    told.fire(0.3, "ticket.message", {"side": "agent", "text": "we are on it"})
    told.fire(0.4, "ticket.message", {"side": "agent", "text": "still on it"})

    assert START + 0.3 * HOUR == told.case(1).responded


def test_beginning_is_when_it_occurred() -> None:
    """A mail that lay in the box began when it was sent."""
    sent = START - timedelta(minutes=20)

    assert sent == Told(occurred=sent).case(0).began


def test_done_states_end_the_work_and_a_reopening_begins_it_anew() -> None:
    """With done states the work ends on entry; the later closing does not move it, a reopening takes it back."""
    told = Told().fire(0.5, "begin").fire(1, "finish")
    assert START + HOUR == told.case(1, ("asking",)).done_at
    told.fire(5, "close")
    assert timedelta(hours=1) == told.case(5, ("asking",)).resolved_after

    assert timedelta(hours=5) == told.case(5).resolved_after

    told.fire(6, "ticket.reopen")
    case = told.case(6, ("asking",))
    assert (None, None, 1) == (case.resolved_after, case.closed_at, case.reopened)


def test_cancelled_ticket_has_no_time_to_resolve() -> None:
    """Whoever gives up is not resolved."""
    case = Told().fire(1, "ticket.cancel").case(1)

    assert (True, None) == (case.cancelled, case.resolved_after)


def test_clock_outcomes() -> None:
    """In time is met, after the due instant late, past it and open overdue, still in time open."""
    assert {"repair": "open", "hello": "open"} == outcomes(Told().case(0.1))
    assert {"repair": "open", "hello": "overdue"} == outcomes(Told().case(1))
    assert "met" == outcomes(Told().fire(1, "begin").fire(2, "finish").case(3))["repair"]
    assert "late" == outcomes(Told().fire(1, "begin").fire(2.01, "finish").case(3))["repair"]


def test_due_exactly_now_is_still_in_time() -> None:
    """A promise is broken once time is past its due instant, not at it."""
    told = Told()

    assert "open" == outcomes(told.case(0.5))["hello"]
    assert "overdue" == outcomes(told.case(0.500001))["hello"]


def test_waived_breach_is_excused_and_stays_visible() -> None:
    """A waived cycle counts neither as kept nor as broken, and keeps the instant of its breach."""
    told = Told().fire(1, "begin").fire(3, "clock.waive", {"clock": "repair", "reason": "flood"}).fire(3.5, "finish")
    cycle = next(cycle for cycle in told.case(4).cycles if cycle.clock == "repair")

    assert ("waived", START + 2 * HOUR) == (cycle.outcome, cycle.breached_at)
    assert not any(cycle.outcome in ("late", "overdue") for cycle in told.case(4).cycles if cycle.clock == "repair")


def test_escalations_and_ratings_are_told() -> None:
    """A level that was reached counts once; the latest rating of a scale stands."""
    told = Told().fire(1, "begin").fire(3, "finish").fire(3, "rating.add", {"score": 2}).fire(4, "rating.add", {"score": 5})
    case = told.case(4)

    assert (("late", "lead"),) == case.escalations
    assert {"csat": 5} == dict(case.ratings)


def test_labels_are_as_they_last_were() -> None:
    """A group is named by the latest value; slots go before fields; what is missing is a dash."""
    told = Told(tier="silver", channel="web").fire(1, "ticket.update", {"tier": "gold"}).fire(1, "ticket.assign", {"to": "bo"})
    case = told.case(1)

    assert ("gold", "web", "bo", "-") == tuple(case.label(name) for name in ("tier", "channel", "assignee", "region"))


def test_half_a_history_is_refused() -> None:
    """Without its opening nothing can be said about a ticket."""
    with pytest.raises(InputError, match="begin with Opened"):
        read_case(Told().fire(1, "begin").records[1:], START)


def test_naive_instant_is_refused() -> None:
    """An instant without a zone means nothing."""
    with pytest.raises(TimeError):
        read_case(Told().records, datetime(2026, 11, 2, 9))
