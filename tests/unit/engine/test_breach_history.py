"""Knows how breaches of a ticket are told, excused and amended over its cycles; must not know how open time is counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from servflow import sla
from servflow.calendars import Calendar
from servflow.errors import Refused
from servflow.metrics import read_case
from servflow.model import Amended, Breached, Notify, Waived
from tests.unit.engine.flows import BOSS, Case, after, flow, of

OFFICE = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})
HOUR = timedelta(hours=1)


def clocked(**clock: Any) -> Case:
    """A ticket with one clock, called k, which has an hour unless said otherwise."""
    promise = {"name": "k", "within": "1h", "shown": {"customer": "Repaired by"}, **clock}
    return Case(flow(fields={"n": {"type": "int"}}, host_calendars={"office": OFFICE}, clocks=[promise]))


def told(case: Case) -> list[tuple[Any, ...]]:
    return [(one.cycle, one.breached_at, one.amended, one.waived) for one in sla.breaches(case.records)]


@pytest.mark.parametrize("looked", [61, 90, 4_000])
def test_a_breach_has_its_instant_however_late_anyone_looks(looked: int) -> None:
    """It is computed, not observed; when it was noted is told beside it."""
    case = clocked(until="b")
    case.fire("go", minutes=looked)

    (one,) = sla.breaches(case.records)
    assert (after(60), after(60), HOUR, True) == (one.breached_at, one.noted_at, one.within, one.holds)
    assert [after(60)] == [record.instant for record in of(Breached, case.records)]


def test_breaches_of_all_cycles_are_told_in_order() -> None:
    """A ticket opened again may be late again; the first time stays on the list and in the summary."""
    case = clocked(until="b")
    case.fire("go", minutes=70)
    case.fire("end", minutes=80)
    case.fire("ticket.reopen", minutes=100)
    case.until(200)

    assert [(1, after(60), None, None), (2, after(160), None, None)] == told(case)
    assert (1, 1) == (case.ticket.clocks["k"].summary.cycles, case.ticket.clocks["k"].summary.breached)
    assert () == sla.breaches(case.records, "other")


def test_a_reset_clock_keeps_the_breach_it_had_on_the_list() -> None:
    """The cycle begins again with nothing breached, and a second breach of it is one more."""
    case = clocked(reset=[{"event": "signal"}])
    case.fire("signal", minutes=90)
    assert None is case.ticket.clocks["k"].breached_at
    case.until(200)

    assert [(1, after(60), None, None), (1, after(150), None, None)] == told(case)


def test_an_amended_breach_stays_on_the_list_with_why() -> None:
    """Stopped before the end after all, as a late report tells: the breach does not hold, and is told."""
    case = clocked(until="b")
    case.fire("go", minutes=90, occurred=after(50))

    (one,) = sla.breaches(case.records)
    assert (after(60), "occurred earlier", after(90), False) == (one.breached_at, one.amended, one.amended_at, one.holds)
    assert "met" == case.ticket.clocks["k"].phase


def test_a_breach_that_followed_its_target_and_came_again_is_told_twice() -> None:
    """Once with what took it back, once as it holds."""
    choices = [{"when": "n == 1", "take": "3h"}, {"take": "1h"}]
    case = clocked(within=choices, breach="follows")
    case.fire("ticket.update", {"n": 1}, minutes=90)
    case.until(300)

    assert [(1, after(60), "target changed", None), (1, after(180), None, None)] == told(case)


EVENTS = {"pause": [{"event": "signal"}], "resume": [{"event": "back"}]}


@pytest.mark.parametrize("waits", [{}, EVENTS])
def test_a_longer_target_told_late_takes_the_breach_back_on_record(waits: dict[str, Any]) -> None:
    """However the clock hears of things: what is taken back is amended with what came after it, and what it began ends."""
    chain = {
        "name": "late",
        "start": {"clock": "k"},
        "levels": [{"name": "tell", "after": "9h", "do": {"notify": {"to": BOSS, "template": "t"}}}],
    }
    choices = [{"when": "n == 1", "take": "3h"}, {"take": "1h"}]
    promise = {"name": "k", "within": choices, "breach": "follows", "warn": "10m after", **waits}
    case = Case(flow(fields={"n": {"type": "int"}}, clocks=[promise], escalations=[chain]))
    case.until(85)
    case.fire("ticket.update", {"n": 1}, minutes=90, occurred=after(80))

    assert [("breach", after(60), after(80)), ("10m after", after(70), after(80))] == [
        (record.mark, record.was, record.instant) for record in of(Amended, case.last.records)
    ]
    assert () == case.ticket.chains
    case.until(200)
    assert [(1, after(60), "target changed", None), (1, after(180), None, None)] == told(case)
    assert case.ticket == case.workflow.fold(case.records)


def test_a_breach_is_amended_once_though_more_is_told_late() -> None:
    """It was taken back by a longer target; that the target was another before it changes nothing about that."""
    choices = [{"when": "n == 1", "take": "3h"}, {"when": "n == 2", "take": "4h"}, {"take": "1h"}]
    case = clocked(within=choices, breach="follows", **EVENTS)
    case.fire("ticket.update", {"n": 1}, minutes=90)
    case.fire("ticket.update", {"n": 2}, minutes=95, occurred=after(50))

    assert [after(60)] == [record.was for record in of(Amended, case.records)]
    assert [(1, after(60), "target changed", None)] == told(case)
    assert (after(240), None) == (case.ticket.clocks["k"].due, case.ticket.clocks["k"].breached_at)


def test_a_breach_that_was_taken_back_holds_where_the_target_came_too_late() -> None:
    """The ticket had closed before it got the longer target: the breach is told anew, and the list says that it holds."""
    case = clocked(within=[{"when": "n == 1", "take": "3h"}, {"take": "1h"}], breach="follows", **EVENTS)
    case.fire("signal", minutes=70)
    case.fire("ticket.update", {"n": 1}, minutes=90, occurred=after(80))
    case.fire("end", minutes=95, occurred=after(75))

    assert [(1, after(60), "target changed", None), (1, after(60), None, None)] == told(case)
    assert after(60) == case.ticket.clocks["k"].breached_at


def test_a_breach_holds_again_where_the_longer_target_is_replaced_from_before() -> None:
    """Told late, the short target applied all along: the breach is told anew at its own instant."""
    case = clocked(within=[{"when": "n == 1", "take": "3h"}, {"take": "1h"}], breach="follows", **EVENTS)
    case.fire("ticket.update", {"n": 1}, minutes=90)
    case.fire("ticket.update", {"n": 0}, minutes=100, occurred=after(50))

    assert [(1, after(60), "target changed", None), (1, after(60), None, None)] == told(case)
    assert after(60) == case.ticket.clocks["k"].breached_at


def test_a_breach_before_a_reset_is_amended_too() -> None:
    """Done before the end after all, as is told once the clock has begun again: it does not hold, and is told."""
    case = clocked(stop=[{"event": "done"}], reset=[{"event": "again"}])
    case.fire("again", minutes=90)
    case.fire("done", minutes=95, occurred=after(50))

    assert [(1, after(60), "occurred earlier", None)] == told(case)


def test_marks_that_come_again_set_off_what_waits_for_them_once_each() -> None:
    """Half of one hour and later half of three: two notifications of their own, and what a breach began ends with it."""
    chains = [
        {
            "name": "half",
            "start": {"clock": "k", "mark": "50%"},
            "levels": [{"name": "tell", "do": {"notify": {"to": BOSS, "template": "t"}}}],
        },
        {
            "name": "late",
            "start": {"clock": "k"},
            "levels": [{"name": "tell", "after": "2h", "do": {"notify": {"to": BOSS, "template": "t"}}}],
        },
    ]
    choices = [{"when": "n == 1", "take": "3h"}, {"take": "1h"}]
    promise = {"name": "k", "within": choices, "warn": "50%", "breach": "follows", "marks": "again"}
    case = Case(flow(fields={"n": {"type": "int"}}, clocks=[promise], escalations=chains))
    case.until(70)
    assert ["late"] == [run.chain for run in case.ticket.chains]

    case.fire("ticket.update", {"n": 1}, minutes=80)
    assert () == case.ticket.chains
    case.until(181)

    said = of(Notify, case.effects)
    assert [after(30), after(90)] == [effect.at for effect in said]
    assert 2 == len({effect.id for effect in said})
    assert ["late"] == [run.chain for run in case.ticket.chains]
    assert case.ticket == case.workflow.fold(case.records)


def test_a_waived_breach_stays_visible_everywhere() -> None:
    """In the records, the view, what outside is told, the picture and the figures; excused, and not gone."""
    case = clocked(until="b")
    case.until(90)
    case.fire("clock.waive", {"clock": "k", "reason": "power cut"}, minutes=95, actor="boss")
    case.fire("go", minutes=100)

    (one,) = sla.breaches(case.records)
    assert ("power cut", after(95), "boss", True) == (one.waived, one.waived_at, one.by, one.holds)
    (view,) = case.workflow.explain(case.ticket, at=after(110)).clocks
    assert ("power cut", after(60)) == (view.waived, view.breached_at)
    (promise,) = case.workflow.progress(case.ticket, "customer").promises
    assert (False, True) == (promise.kept, promise.waived)
    assert {"name": "Repaired by", "due": "2026-03-02T10:00:00Z", "kept": False, "waived": True} == promise.as_data()
    assert ["waived"] == [cycle.outcome for cycle in read_case(case.records, after(120)).cycles]
    assert 1 == len(of(Waived, case.records))


def test_what_can_not_be_waived_is_told_with_what_can() -> None:
    """A slip in the name, a clock in time and a breach of an earlier cycle are three different answers."""
    case = clocked(until="b")
    with pytest.raises(Refused, match="clock 'k' is not breached; breached are none"):
        case.fire("clock.waive", {"clock": "k", "reason": "x"}, minutes=10)
    case.until(90)
    with pytest.raises(Refused, match=r"clock 'q' is not breached, nor one of this ticket's clocks \(k\); breached are k"):
        case.fire("clock.waive", {"clock": "q", "reason": "x"}, minutes=90)
    for event in ("go", "end", "ticket.reopen"):
        case.fire(event, minutes=100)
    with pytest.raises(Refused, match="not breached in its present cycle 2; name an earlier one with cycle: 1"):
        case.fire("clock.waive", {"clock": "k", "reason": "x"}, minutes=101)
    for cycle in (3, 0, True, "1", [1]):
        with pytest.raises(Refused, match="no breached one; breached are 1"):
            case.fire("clock.waive", {"clock": "k", "reason": "x", "cycle": cycle}, minutes=101)


def test_a_breach_of_an_earlier_cycle_is_waived_by_its_number() -> None:
    """The ticket was opened again meanwhile: the first cycle is excused, the present one goes on as it is."""
    case = clocked(until="b")
    for event, minutes in (("go", 90), ("end", 95), ("ticket.reopen", 100)):
        case.fire(event, minutes=minutes)
    assert (1,) == case.ticket.clocks["k"].summary.late
    before = case.ticket.clocks["k"]

    case.fire("clock.waive", {"clock": "k", "reason": "power cut", "cycle": 1}, minutes=110, actor="boss")
    case.until(200)

    assert [(1, after(60), None, "power cut"), (2, after(160), None, None)] == told(case)
    assert (before.due, None) == (case.ticket.clocks["k"].due, case.ticket.clocks["k"].waived)
    assert ["waived", "overdue"] == [cycle.outcome for cycle in read_case(case.records, after(200)).cycles]
    assert case.ticket == case.workflow.fold(case.records)


@pytest.mark.parametrize("payload", [{"clock": "k"}, {"clock": "k", "reason": ""}, {"clock": "k", "reason": "  "}])
def test_a_waiver_needs_a_reason(payload: dict[str, str]) -> None:
    """An excuse that says nothing is none."""
    case = clocked(until="b")
    case.until(90)

    with pytest.raises(Refused, match="reason"):
        case.fire("clock.waive", payload, minutes=95)


def test_the_view_tells_the_share_and_what_is_not_sure() -> None:
    """Percent goes on beyond the end; a due instant beyond what the calendar knows is provisional."""
    known = Calendar("UTC", {"mon-fri": ["09:00-17:00"]}, known_until="2026-03-03")
    case = Case(flow(host_calendars={"office": known}, clocks=[{"name": "k", "within": "20h", "calendar": "office"}]))
    soon, late = (case.workflow.explain(case.ticket, at=at).clocks[0] for at in (after(60), after(hours=100)))

    assert (5.0, True, False) == (soon.percent, soon.provisional, soon.over)
    assert (180.0, True) == (late.percent, late.over)
    assert (5.0, True) == (soon.as_data()["percent"], soon.as_data()["provisional"])


def test_a_paused_clock_tells_that_what_it_would_be_due_by_is_not_sure() -> None:
    """Gone on on Monday it is due on the same day; on Wednesday nobody knows yet which days are worked."""
    known = Calendar("UTC", {"mon-fri": ["09:00-17:00"]}, known_until="2026-03-03")
    clock = {"name": "k", "within": "2h", "calendar": "office", "paused_in": "b"}
    case = Case(flow(host_calendars={"office": known}, clocks=[clock]))
    case.fire("go", minutes=60)

    views = [case.workflow.explain(case.ticket, at=after(hours=hours)).clocks[0] for hours in (2, 48)]
    assert [(after(hours=3), False), (after(hours=49), True)] == [(one.due_if_resumed, one.provisional) for one in views]


def test_a_due_instant_is_shown_as_the_clock_wants_it() -> None:
    """At closing time, or at the opening after it: outside, in the view and nowhere else."""
    for display, due in (("due", after(hours=8)), ("next_opening", after(hours=24))):
        case = clocked(within="8h", calendar="office", display=display)
        (view,) = case.workflow.explain(case.ticket, at=after(60)).clocks
        (promise,) = case.workflow.progress(case.ticket, "customer").promises

        assert (after(hours=8), due, due) == (view.due, view.shown_due, promise.due)
        assert after(hours=8) == case.ticket.clocks["k"].due
        case.until(60 * 24)
        assert after(hours=8) == case.ticket.clocks["k"].breached_at


def test_a_history_tells_the_share_too() -> None:
    """For hosts that only want clocks; beyond the end it is more than a hundred."""
    clock = sla.Clock(name="k", within="1h")
    early, late = (sla.run(clock, None, [(after(), "start")], after(minutes)) for minutes in (30, 90))

    assert ((50.0, False), (150.0, True)) == ((early.percent, early.over), (late.percent, late.over))


def test_a_paused_clock_tells_when_it_would_be_due() -> None:
    """Under both names, with the sign of what remains."""
    case = clocked(paused_in="b")
    case.fire("go", minutes=20)
    (view,) = case.workflow.explain(case.ticket, at=after(100)).clocks

    assert (after(140), after(140)) == (view.due_if_resumed, view.due_if_resumed_now)
    assert (timedelta(minutes=40), None) == (view.remaining, view.due)
