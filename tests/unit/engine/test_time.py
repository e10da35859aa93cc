"""Knows the order of one call and what time alone does; must not know any single part of a workflow."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.engine import SKEW
from servflow.errors import InputError, Refused, TimeError
from servflow.model import Breached, Received, Record, TimerFired, Warned, dump, load_ticket
from tests.unit.engine.flows import Case, after, flow, kinds, move, notify, of

BUSY: dict[str, Any] = {
    "states": {
        "a": {"timers": [{"after": "1h", "event": "go"}]},
        "b": {"timers": [{"after": "1h", "event": "end"}]},
        "z": {"closed": True},
    },
    "clocks": [{"name": "k", "within": "30m", "until": "z", "warn": ["50%", "30m after"]}],
    "escalations": [
        {
            "name": "c",
            "start": {"clock": "k"},
            "until": {"state": "z"},
            "late": "each",
            "levels": [
                {"name": "one", "do": [notify("x")], "remind": {"every": "10m", "times": 2}},
                {"name": "two", "after": "40m", "do": [notify("y"), {"call": {"name": "f"}}]},
            ],
        }
    ],
}


def test_advance_just_before_the_wake_does_nothing() -> None:
    """Before the wake time changes nothing, and the very same ticket comes back."""
    case = Case(flow(**BUSY))
    wake = case.last.wake
    assert wake is not None

    outcome = case.workflow.advance(case.ticket, at=wake - timedelta(microseconds=1))

    assert outcome.ticket is case.ticket
    assert ((), (), ()) == (outcome.records, outcome.effects, outcome.reservations)


def test_advance_at_the_wake_always_does_something() -> None:
    """From wake to wake every call records something, the wake lies ahead, and in the end there is none."""
    case = Case(flow(**BUSY))
    for _ in range(50):
        if case.last.wake is None:
            break
        assert case.last.wake > case.ticket.at
        assert case.wake().records

    assert ("z", None) == (case.ticket.state, case.last.wake)


def test_one_call_or_many_come_to_the_same() -> None:
    """Catching up in one call or minute by minute gives the same ticket, records and effects, ids included."""
    once, often = Case(flow(**BUSY)), Case(flow(**BUSY))
    once.until(300)
    for minute in range(301):
        often.until(minute)

    assert once.ticket == often.ticket
    assert once.records == often.records
    assert sorted(effect.id for effect in once.effects) == sorted(effect.id for effect in often.effects)
    assert dump(once.ticket) == dump(often.ticket)


def test_what_is_due_happens_before_the_event_and_what_follows_after() -> None:
    """Due things come first, then the event with all that follows, each at its own instant."""
    case = Case(flow(**BUSY))

    outcome = case.fire("ticket.message", {"text": "x"}, minutes=20)

    assert ["Warned", "Received", "Messaged"] == kinds(outcome)
    assert [after(15), after(20), after(20)] == [record.at for record in outcome.records]


def test_ties_happen_in_their_order() -> None:
    """At one instant a state timer goes before a mark, a mark before the level it starts."""
    workflow = flow(
        states={"a": {"timers": [{"after": "30m", "event": "note"}]}, "z": {}},
        transitions=[move("note", "a", None)],
        clocks=[{"name": "k2", "within": "1h", "warn": ["50%"]}, {"name": "k", "within": "30m"}],
        escalations=[{"name": "c", "start": {"clock": "k"}, "levels": [{"name": "l", "do": [notify("x")]}]}],
    )

    outcome = Case(workflow).until(31)

    assert ["TimerFired", "Moved", "Warned", "Breached", "ChainStarted", "Escalated"] == kinds(outcome)


def test_a_timer_ahead_of_a_mark_may_take_it_away() -> None:
    """What comes first at one instant may change what comes second: a clock stopped there is in time."""
    workflow = flow(
        states={"a": {"timers": [{"after": "30m", "event": "go"}]}, "b": {}},
        transitions=[move()],
        clocks=[{"name": "k", "within": "30m", "until": "b"}],
    )

    outcome = Case(workflow).until(31)

    assert [] == of(Breached, outcome.records)
    assert 1 == len(of(TimerFired, outcome.records))


def test_a_little_behind_is_taken_as_now() -> None:
    """An instant up to five seconds behind the ticket counts as the ticket's own, and is kept on record."""
    case = Case(flow())

    outcome = case.workflow.fire(case.ticket, "go", at=after() - SKEW)

    assert (after(), [after() - SKEW]) == (outcome.ticket.at, [record.clamped for record in of(Received, outcome.records)])


def test_far_behind_is_refused() -> None:
    """More than that is refused, for fire, advance, available and explain alike."""
    case = Case(flow())
    early = after() - SKEW - timedelta(microseconds=1)

    for call in (
        lambda: case.workflow.fire(case.ticket, "go", at=early),
        lambda: case.workflow.advance(case.ticket, at=early),
        lambda: case.workflow.available(case.ticket, at=early),
        lambda: case.workflow.explain(case.ticket, at=early),
    ):
        with pytest.raises(Refused) as caught:
            call()
        assert "past" == caught.value.code


def test_naive_instants_are_refused() -> None:
    """An instant without a zone is an error that shows how to give it one."""
    case = Case(flow())
    naive = after().replace(tzinfo=None)

    with pytest.raises(TimeError, match="naive"):
        case.workflow.fire(case.ticket, "go", at=naive)
    with pytest.raises(TimeError):
        case.workflow.open("T2", at=naive)
    with pytest.raises(TimeError):
        case.workflow.advance(case.ticket, at="2026-03-02")  # type: ignore[arg-type]  # what a careless host may pass


def test_the_zone_an_instant_is_written_in_changes_nothing() -> None:
    """Instants in any zone give the very same bytes."""
    shanghai = timezone(timedelta(hours=8))
    one, two = Case(flow(**BUSY)), Case(flow(**BUSY), at=after().astimezone(shanghai))
    one.fire("go", minutes=7)
    two.fire("go", at=after(7).astimezone(shanghai))

    assert dump(one.ticket) == dump(two.ticket)


def test_expect_refuses_what_the_user_did_not_see() -> None:
    """The revision the user saw is compared with the ticket's."""
    case = Case(flow())
    seen = case.ticket.revision
    case.fire("ticket.message")

    with pytest.raises(Refused) as caught:
        case.fire("go", expect=seen)
    assert ("stale", seen, case.ticket.revision) == (caught.value.code, caught.value.expect, caught.value.revision)
    assert "b" == case.fire("go", expect=case.ticket.revision).ticket.state


def test_expect_is_compared_after_time_has_passed() -> None:
    """What time did meanwhile was not seen by the user either."""
    case = Case(flow(**BUSY))

    with pytest.raises(Refused) as caught:
        case.fire("end", minutes=90, expect=case.ticket.revision)
    assert "stale" == caught.value.code


def test_the_key_is_recorded() -> None:
    """The kernel keeps the key with the received event; holding it to once is the store's part."""
    outcome = Case(flow()).fire("go", key="k1")

    assert ["k1"] == [record.key for record in of(Received, outcome.records)]


def test_a_ticket_of_another_workflow_is_refused() -> None:
    """A ticket runs under its own workflow only."""
    case = Case(flow())

    with pytest.raises(InputError):
        flow(workflow="other").advance(case.ticket, at=after(1))


@pytest.mark.parametrize("name", ["", None, 5, "x" * 201])
def test_an_id_is_a_short_text(name: Any) -> None:
    """A ticket's id is a text of 1 to 200 characters."""
    with pytest.raises(InputError):
        flow().open(name, at=after())


def test_sequence_numbers_count_the_records() -> None:
    """Records are numbered from 1 without a gap, in time order, and the ticket's revision is the last."""
    case = Case(flow(**BUSY))
    case.until(45)
    case.fire("ticket.message", minutes=70)

    assert list(range(1, len(case.records) + 1)) == [record.sequence for record in case.records]
    assert sorted(record.at for record in case.records) == [record.at for record in case.records]
    assert case.ticket.revision == len(case.records)


def test_opening_reads_fields_and_attributes() -> None:
    """An opening takes declared fields and the ticket's attributes, fills in defaults and remembers what a person gave."""
    fields = {"n": {"type": "int", "default": 7}, "m": "int", "name": {"type": "string", "required": True}}
    case = Case(flow(fields=fields), {"name": "x", "priority": 2, "customer": "cora", "parent": "T0"}, actor="ann")

    ticket = case.ticket
    assert (7, None, "x") == (ticket.fields["n"], ticket.fields.get("m"), ticket.fields["name"])
    assert (2, "cora", "T0", "ann") == (ticket.priority, ticket.customer, ticket.parent, ticket.requester)
    assert ("customer", "name", "parent", "priority") == ticket.set_by_person


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "name"),
        ({"name": 5}, "text"),
        ({"name": "x", "nmae": "y"}, "did you mean 'name'"),
        ({"name": "x", "priority": 0}, "priority"),
    ],
)
def test_an_opening_that_does_not_fit_is_refused(fields: dict[str, Any], said: str) -> None:
    """A missing required field, an unknown name or a wrong value refuses the opening."""
    with pytest.raises(Refused) as caught:
        Case(flow(fields={"name": {"type": "string", "required": True}}), fields)

    assert "payload" == caught.value.code
    assert said in str(caught.value)


def test_the_snapshot_reads_back_at_every_step() -> None:
    """Dumping and loading gives an equal ticket that goes on in the same way."""
    case = Case(flow(**BUSY))
    for minute in (10, 20, 35, 70, 100, 300):
        case.until(minute)
        again = load_ticket(dump(case.ticket))
        assert again == case.ticket
        assert case.workflow.advance(again, at=after(500)) == case.workflow.advance(case.ticket, at=after(500))


# fold and rerun -------------------------------------------------------------------------------------------------


def lived() -> Case:
    """A ticket that has been through everything."""
    case = Case(flow(**BUSY), {"priority": 2}, actor="ann")
    case.fire("ticket.assign", {"to": "bob"}, minutes=5, actor="ann", key="k")
    case.fire("ticket.message", {"text": "x"}, minutes=20, occurred=after(10))
    case.fire("chain.acknowledge", minutes=32)
    case.until(90)
    case.fire("end", minutes=91)
    case.fire("ticket.reopen", minutes=95)
    return case


def test_folding_the_records_gives_the_ticket() -> None:
    """A ticket is what its records amount to, wake included, and no world is needed."""
    case = lived()

    assert case.ticket == case.workflow.fold(case.records)
    assert case.ticket == case.workflow.fold(iter(case.records))


@pytest.mark.parametrize("cut", [slice(1, None), slice(0, 0)])
def test_records_without_their_beginning_are_refused(cut: slice) -> None:
    """Records begin with Opened."""
    case = lived()

    with pytest.raises(InputError):
        case.workflow.fold(case.records[cut])


def test_a_missing_record_is_named() -> None:
    """A gap in the records is an error that tells which one is missing."""
    case = lived()
    torn: list[Record] = [*case.records[:4], *case.records[5:]]

    with pytest.raises(InputError) as caught:
        case.workflow.fold(torn)
    assert (5, 6) == (caught.value.expected, caught.value.got)


def test_rerunning_the_received_events_gives_the_same_records() -> None:
    """The same definition decides the same events to the same records."""
    case = lived()

    again = case.workflow.rerun(case.records, lambda at: None)

    assert tuple(case.records) == again.records
    assert case.ticket == again.ticket


def test_rerunning_keeps_a_clamped_instant() -> None:
    """An event told a little behind its ticket is told so again."""
    case = Case(flow())
    case.fire("go", at=after() - timedelta(seconds=3))

    assert tuple(case.records) == case.workflow.rerun(case.records, None).records


def test_rerunning_under_another_definition_shows_the_difference() -> None:
    """Another definition decides the same events in its own way."""
    case = Case(flow(clocks=[{"name": "k", "within": "1h"}]))
    case.fire("end", minutes=90)

    strict = flow(clocks=[{"name": "k", "within": "30m"}]).rerun(case.records, None)

    assert (after(30), after(60)) == (strict.ticket.clocks["k"].breached_at, case.ticket.clocks["k"].breached_at)


def test_rerun_needs_an_opening() -> None:
    """Without an Opened record there is nothing to run again."""
    with pytest.raises(InputError):
        flow().rerun([], None)


def test_warnings_of_one_clock_come_in_one_call() -> None:
    """A weekend's worth of marks is worked off in time order in one call."""
    case = Case(flow(**BUSY))

    assert [after(15), after(60)] == [record.instant for record in of(Warned, case.until(10_000).records)]


def test_changed_calendars_are_noticed_by_whatever_call_comes_first() -> None:
    """An advance under changed calendars counts again, moves the wake, and the records still add up to the ticket."""
    clocks = [{"name": "k", "within": "8h", "calendar": "ours"}]
    week = {"mon-fri": ["09:00-17:00"]}
    before = flow(clocks=clocks, host_calendars={"ours": Calendar(zone="UTC", week=week)})
    later = flow(clocks=clocks, host_calendars={"ours": Calendar(zone="UTC", week=week, holidays=["2026-03-02"])})
    opened = before.open("T1", at=after())

    outcome = later.advance(opened.ticket, at=after(10))

    assert after(hours=8, days=1) == outcome.ticket.clocks["k"].due == later.explain(opened.ticket, at=after(10)).clocks[0].due
    assert outcome.ticket == later.fold([*opened.records, *outcome.records])
    assert outcome.ticket is later.advance(outcome.ticket, at=after(20)).ticket, "noticed once"
