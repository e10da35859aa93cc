"""Tells what a manager asks of three days at a help desk, and what the records answer; must not know how figures are made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import servflow
from servflow.desk import Desk
from servflow.metrics import MEASURES, Case, Durations, Live, Share, Table, measure_table, read_case
from servflow.stores import MemoryStore

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
TICKETS = ("printer", "mail", "server", "phone")
HELP_DESK = """
workflow: help_desk
fields: {tier: {type: string, one_of: [gold, standard], default: standard}}
queues: [first_line, second_line]
states:
  new: {}
  working: {checklist: [diagnose, fix]}
  solved: {closed: true}
transitions:
  - {event: begin, source: new, target: working}
  - {event: solve, source: working, target: solved}
  - {event: ticket.reopen, source: solved, target: working}
clocks:
  - {name: answer, within: 1h, stop: [{message: {side: agent}}], on_reopen: ignore}
  - {name: solve, within: [{when: "tier == 'gold'", take: 4h}, {take: 8h}], until: solved}
escalations:
  - name: late
    start: {clock: solve, mark: breach}
    until: {state: solved}
    levels:
      - {name: lead, do: [{notify: {to: {role: lead}, template: late}}]}
      - {name: head, after: 2h, do: [{notify: {to: {role: head}, template: late}}]}
"""

DIARY: tuple[tuple[float, str, str, dict[str, Any] | None], ...] = (
    # Monday: the printer of a gold customer is solved within the hour.
    (9, "printer", "open", {"tier": "gold", "queue": "first_line"}),
    (9.25, "printer", "ticket.assign", {"to": "bo"}),
    (9 + 1 / 3, "printer", "ticket.message", {"side": "agent", "text": "I am looking into it."}),
    (9.5, "printer", "begin", None),
    (9 + 2 / 3, "printer", "step.check", {"step": "diagnose"}),
    (9 + 5 / 6, "printer", "step.check", {"step": "fix"}),
    # Mail does not arrive; it goes to the second line and comes back.
    (10, "mail", "open", {"queue": "first_line"}),
    (10, "printer", "solve", None),
    (10 + 1 / 6, "mail", "ticket.assign", {"to": "bo"}),
    (10.5, "mail", "ticket.message", {"side": "agent", "text": "Since when?"}),
    (10.5, "mail", "begin", None),
    (11, "mail", "ticket.message", {"side": "customer", "text": "Since Friday."}),
    (11.75, "mail", "ticket.message", {"side": "agent", "text": "Thank you."}),
    (12, "mail", "ticket.update", {"queue": "second_line"}),
    (12, "mail", "ticket.assign", {"to": "cy"}),
    (13, "mail", "ticket.update", {"queue": "first_line"}),
    (13, "mail", "ticket.assign", {"to": "bo"}),
    # A gold customer's server is down at one; nobody looks before six.
    (13, "server", "open", {"tier": "gold", "queue": "first_line"}),
    (16, "mail", "solve", None),
    (18, "server", "ticket.assign", {"to": "bo"}),
    (18, "server", "ticket.message", {"side": "agent", "text": "We are very sorry."}),
    (18, "server", "begin", None),
    (18.5, "server", "solve", None),
    # Tuesday: the mail is gone again for two hours; the phone is taken in and forgotten.
    (33, "mail", "ticket.reopen", None),
    (34, "phone", "open", {"queue": "first_line"}),
    (35, "mail", "solve", None),
)
NOW = MONDAY + timedelta(hours=60)  # Wednesday noon


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """A help desk whose diary has been played, looked at every quarter of an hour."""
    now = MONDAY
    store = MemoryStore()
    desk = Desk(servflow.load(HELP_DESK), store, now=lambda: now)
    diary = list(DIARY)
    while now < NOW:
        now += timedelta(minutes=5)
        desk.tick()
        while diary and MONDAY + timedelta(hours=diary[0][0]) <= now + timedelta(seconds=1):
            _, ticket, event, payload = diary.pop(0)
            if event == "open":
                desk.open(ticket, payload)
            else:
                desk.fire(ticket, event, payload)
    yield desk
    store.close()


@pytest.fixture(scope="module")
def cases(desk: Desk) -> list[Case]:
    """The four tickets as of Wednesday noon."""
    return [read_case(desk.history(ticket), NOW) for ticket in TICKETS]


def times(name: str, cases: list[Case], **settings: Any) -> tuple[str, int, dict[str, int]]:
    """The mean of a time, of how many, and who was left out."""
    found = MEASURES[name](cases, **settings)
    assert isinstance(found, Durations)
    return str(found.mean), found.denominator, dict(found.excluded)


def means(name: str, cases: list[Case]) -> dict[str, str]:
    """Part -> its mean."""
    found = MEASURES[name].by_part(cases)
    return {part: str(one.mean) for part, one in found.items() if part != "all" and one is not None}


def shares(name: str, cases: list[Case], **settings: Any) -> dict[str, str]:
    """Part -> how many of how many."""
    found = MEASURES[name].by_part(cases, **settings)
    return {part: f"{one.numerator}/{one.denominator}" for part, one in found.items() if isinstance(one, Share)}


def test_how_long_do_customers_wait_for_a_first_answer(cases: list[Case]) -> None:
    """Twenty minutes, half an hour, and five hours; four of these five are within office hours. One waits still."""
    office = servflow.Calendar(zone="UTC", week={"mon-fri": ["09:00-17:00"]})

    assert ("1:56:40", 3, {"unanswered": 1}) == times("first_response", cases)
    assert ("1:36:40", 3, {"unanswered": 1}) == times("first_response", cases, calendar=office)


def test_how_long_do_they_wait_when_they_write_again(cases: list[Case]) -> None:
    """Only the mail was asked about again: three quarters of an hour."""
    assert ("0:45:00", 1, {}) == times("next_response", cases)


def test_how_long_does_it_take_and_how_much_of_it_is_work(cases: list[Case]) -> None:
    """One hour, twenty-five (the reopened mail counts in full) and five and a half; hands were on them for far less."""
    assert ("10:30:00", 3, {"open": 1}) == times("time_to_resolve", cases)
    assert ("3:01:40", 3, {"open": 1}) == times("handle_time", cases)
    assert ("2:50:00", 3, {"open": 1}) == times("handle_time", cases, states=["working"])


def test_how_many_are_solved_at_once_and_how_many_come_back(cases: list[Case]) -> None:
    """Printer and server took one contact; the mail came back after it was solved."""
    assert {"all": "2/3"} == shares("first_contact_resolution", cases)
    assert {"all": "1/3"} == shares("reopen_rate", cases)
    assert {"all": "0/3"} == shares("reopen_rate", cases, within=timedelta(hours=16))


def test_who_passes_tickets_around(cases: list[Case]) -> None:
    """The mail went from bo to cy and back, and with it from the first line to the second and back."""
    assert {"all": "1/3", "assignee": "1/3"} == shares("reassignment_rate", cases)
    assert {"all": "1/4", "assignee": "1/3", "queue": "1/4"} == shares("ping_pong", cases)
    found = MEASURES["reassignments"](cases)
    assert found is not None
    assert (2, 3) == (found.numerator, found.denominator)


def test_how_far_do_we_have_to_escalate(cases: list[Case]) -> None:
    """The server reached the lead before it was solved; the forgotten phone went on to the head."""
    assert {"all": "2/4", "late": "2/4", "late/head": "1/4", "late/lead": "2/4"} == shares("escalation_rate", cases)


def test_do_we_keep_our_promises(cases: list[Case]) -> None:
    """Five of nine promises were kept; to gold customers we owe four hours, and kept it once in two."""
    expected = {
        "all": "5/9",
        "answer": "2/4",
        "answer 1h": "2/4",
        "solve": "3/5",
        "solve 4h": "1/2",
        "solve 8h": "2/3",
    }

    assert expected == shares("attainment", cases)
    found = MEASURES["attainment"](cases)
    assert isinstance(found, Share)
    assert found.low is not None
    assert found.high is not None
    assert (0.27, 0.81) == (round(found.low, 2), round(found.high, 2))  # nine promises say little


def test_what_is_left_to_do(cases: list[Case]) -> None:
    """Monday night there was nothing; since Tuesday there is the phone, by now twenty-six hours old."""
    table = measure_table(cases, ["backlog", "backlog_age"], at=NOW, period="day")
    told = [(row.measure, row.part, row.period, row.value) for row in table.rows if row.part == "all" or row.period == "all"]

    assert [
        ("backlog", "all", "all", 1),
        ("backlog", "all", "2026-11-02", 0),
        ("backlog", "all", "2026-11-03", 1),
        ("backlog", "all", "2026-11-04", 1),
        ("backlog", "1d-3d", "all", 1),
        ("backlog_age", "all", "all", 26 * 3600.0),
        ("backlog_age", "all", "2026-11-03", 14 * 3600.0),
        ("backlog_age", "all", "2026-11-04", 26 * 3600.0),
    ] == told


def test_where_does_the_time_go(cases: list[Case]) -> None:
    """Most of it in waiting for somebody to begin; a diagnosis takes ten minutes, and so does the fix."""
    assert {"new": "2:00:00", "working": "2:07:30"} == means("time_in_state", cases)
    assert {"working/diagnose": "0:10:00", "working/fix": "0:10:00"} == means("time_per_step", cases)


def test_gold_customers_beside_the_others(desk: Desk) -> None:
    """One table by tier, straight from the store's records."""
    table = measure_table((desk.history(ticket) for ticket in TICKETS), ["attainment", "first_response"], at=NOW, by="tier")

    assert ("2/4", "3/5") == (_told(table, "gold"), _told(table, "standard"))


def _told(table: Table, group: str) -> str:
    row = table.get("attainment", group=group)
    assert row is not None
    return f"{row.numerator}/{row.denominator}"


def test_the_wall_board_says_the_same(desk: Desk, cases: list[Case]) -> None:
    """A board that is fed as records are committed shows what the evening's report will say."""
    live = Live()
    for ticket in TICKETS:
        for record in desk.history(ticket):
            live.feed(ticket, [record])

    assert measure_table(cases, at=NOW, by="tier", period="week") == live.table(at=NOW, by="tier", period="week")
