"""Booking, moving, giving up and losing a visit, as records, reservations, events and timers of one ticket."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow.engine import Workflow, migrate, plan_migration
from servflow.errors import DefinitionError, Refused, ServflowError
from servflow.model import (
    Appointment,
    Booked,
    Decided,
    Outcome,
    Received,
    Release,
    Take,
    Ticket,
    Unbooked,
    VisitNear,
    World,
    dump,
    load_ticket,
    visit_keys,
)

EIGHT = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
WORLD = World(engineers=[{"id": "ann"}, {"id": "bob", "absences": [(EIGHT, EIGHT + 5 * HOUR)]}])


def flow(
    roles: list[str] | None = None,
    events: dict[str, Any] | None = None,
    *,
    entry: dict[str, Any] | None = None,
    **options: Any,
) -> Workflow:
    return Workflow(
        workflow="visit",
        fields={"long": {"type": "int", "default": 60}, "told": {"type": "int", "default": 0}},
        roles=roles or [],
        events=events or {},
        initial="booking",
        states={"booking": {}, "agreed": {}, "waived": {}, "done": {}, "closed": {"closed": True}},
        transitions=[
            {"event": "assigned.visit", "source": "booking", "target": "agreed", "allow": ["system"]},
            {"event": "unbooked.visit", "source": "agreed", "target": "booking", "allow": ["system"]},
            {
                "event": "upcoming.visit",
                "source": "agreed",
                "allow": ["system"],
                "do": [{"set": {"told": "told + 1"}}, {"notify": {"to": "customer", "template": "soon"}}],
            },
            {"event": "appointment.no_show", "source": "agreed", "target": "waived", "when": "appointment.missed >= 1"},
            {"event": "finish", "source": "agreed", "target": "done"},
            {"event": "close", "source": "done", "target": "closed"},
        ],
        dispatch=[
            {
                "name": "visit",
                "state": "booking",
                "mode": "appointment",
                "appointment": {"zone": "UTC", "step": 30, "minutes": "long", "days": 2, **options},
                **(entry or {}),
            }
        ],
    )


FLOW = flow()


def opened(of: Workflow = FLOW, **fields: Any) -> Ticket:
    return of.open("T-1", {"customer": "c-1", **fields}, at=EIGHT, world=WORLD).ticket


def fire(
    ticket: Ticket, event: str, of: Workflow = FLOW, *, at: datetime = EIGHT, world: World | None = WORLD, **payload: Any
) -> Outcome:
    return of.fire(ticket, event, payload, at=at, world=world)


def booked(of: Workflow = FLOW, hour: float = 10, **fields: Any) -> Outcome:
    return fire(opened(of, **fields), "appointment.book", of, start=EIGHT.replace(hour=0) + hour * HOUR)


# booking ----------------------------------------------------------------------------------------------------------


def test_a_ticket_waits_for_its_customer() -> None:
    """Entering the state looks for nobody: no decision, no wake, just a phase on record."""
    made = FLOW.open("T-1", at=EIGHT, world=WORLD)

    assert ("booking", None) == (made.ticket.slots["assignee"].phase, made.ticket.wake)
    assert [] == [record for record in made.records if isinstance(record, Decided)]


def test_booking_fills_the_slot_and_reserves_the_time() -> None:
    """The best one comes: recorded with the choice, reserved cell by cell, and the workflow hears of it."""
    made = booked()
    start = EIGHT + 2 * HOUR

    expected = Appointment(policy="visit", start=start, end=start + HOUR, to="ann", booked_at=EIGHT, world=WORLD.version)

    assert (expected, "ann", "agreed") == (made.ticket.appointment, made.ticket.assignee, made.ticket.state)
    assert [Take(key=key, limit=1) for key in visit_keys("ann", start, start + HOUR)] == [
        one for one in made.reservations if one.key.startswith("visit:")
    ]
    assert [{"action": "book", "to": ("ann",)}] == [dict(one.result) for one in made.records if isinstance(one, Decided)]
    assert made.ticket == load_ticket(dump(made.ticket))


def test_records_fold_into_the_ticket() -> None:
    """Through booking, moving, a visit at which nobody was, and another booking the records say everything."""
    outcomes = [FLOW.open("T-1", {"customer": "c-1"}, at=EIGHT, world=WORLD)]
    steps: list[tuple[str, float, dict[str, Any]]] = [
        ("appointment.book", 8, {"start": "2026-03-02T10:00:00Z"}),
        ("appointment.reschedule", 9, {"start": "2026-03-02T14:00:00Z"}),
        ("appointment.cancel", 9.5, {"reason": "on holiday"}),
        ("appointment.book", 9.5, {"start": "2026-03-02T13:30:00Z"}),
        ("finish", 15, {}),
        ("close", 16, {}),
    ]
    for event, hour, payload in steps:
        at = EIGHT.replace(hour=0) + hour * HOUR
        outcomes.append(FLOW.fire(outcomes[-1].ticket, event, payload, at=at, world=WORLD))

    records = [record for outcome in outcomes for record in outcome.records]
    units: dict[str, int] = {}
    for one in (one for outcome in outcomes for one in outcome.reservations):
        units[one.key] = units.get(one.key, 0) + (1 if isinstance(one, Take) else -1)  # type: ignore[union-attr]  # both have keys

    assert outcomes[-1].ticket == FLOW.fold(records)
    assert {0} == set(units.values())
    assert "done" == outcomes[-1].ticket.appointment.phase  # type: ignore[union-attr]  # it had one
    assert ["Booked", "Booked", "Unbooked", "Booked", "Unbooked"] == [
        type(one).__name__ for one in records if isinstance(one, (Booked, Unbooked))
    ]


def test_whoever_is_named_must_be_able_to_come() -> None:
    """A dispatcher may name who comes; somebody who cannot is refused with every reason."""
    assert "bob" == fire(opened(), "appointment.book", start="2026-03-02T13:00:00Z", to="bob").ticket.assignee
    with pytest.raises(Refused, match=r"bob cannot come at 2026-03-02T10:00:00Z: bob .*absen") as refused:
        fire(opened(), "appointment.book", start="2026-03-02T10:00:00Z", to="bob")
    with pytest.raises(Refused, match="zoe is none of those who could"):
        fire(opened(), "appointment.book", start="2026-03-02T10:00:00Z", to="zoe")

    assert "guard" == refused.value.code


@pytest.mark.parametrize(
    ("payload", "code", "said"),
    [
        ({}, "payload", "start takes the instant"),
        ({"start": "soon"}, "payload", "start is an instant"),
        ({"start": "2026-03-02T10:00:00"}, "payload", "start is an instant"),
        ({"start": 5}, "payload", "start is an instant"),
        ({"start": "2026-03-02T10:10:00Z"}, "guard", "no visit begins at"),
        ({"start": "2026-03-02T07:30:00Z"}, "guard", "no visit begins at"),
        ({"start": "2026-03-04T10:00:00Z"}, "guard", "no visit begins at"),
        ({"start": "2026-03-02T10:00:00Z", "policy": "other"}, "not_here", "no visit is to be booked"),
    ],
)
def test_a_window_that_is_none_is_refused(payload: dict[str, Any], code: str, said: str) -> None:
    """Only what is offered can be booked; a refusal says why, and offers the nearest others."""
    ticket = opened()
    with pytest.raises(Refused, match=said) as refused:
        fire(ticket, "appointment.book", **payload)

    assert code == refused.value.code
    if code == "guard":
        assert 5 == len(refused.value.facts["offered"])
    assert opened() == ticket


def test_when_nobody_can_come_others_are_offered() -> None:
    """Whoever wants a window that is full is told who stands against it, and the nearest that are free."""
    full = WORLD.with_booked({"ann": [(EIGHT, EIGHT + 4 * HOUR)]})
    with pytest.raises(Refused, match="1 booked by other customers then") as refused:
        fire(opened(), "appointment.book", world=full, start="2026-03-02T10:00:00Z")

    assert [EIGHT + minutes * HOUR / 2 for minutes in (8, 9, 10, 11, 12)] == list(refused.value.facts["offered"])


def test_a_host_without_a_world_says_who_comes() -> None:
    """Without a world nobody can be chosen: the host names who comes, and its word is taken."""
    with pytest.raises(Refused, match="say with to who comes"):
        fire(opened(), "appointment.book", world=None, start="2026-03-02T10:00:00Z")
    made = fire(opened(), "appointment.book", world=None, start="2026-03-02T10:00:00Z", to="zoe")

    assert ("zoe", EIGHT + 3 * HOUR) == (made.ticket.assignee, made.ticket.appointment.end)  # type: ignore[union-attr]  # it was booked


def test_nobody_books_the_past() -> None:
    """Without a world the host names who comes, but no visit that would have begun before now."""
    with pytest.raises(Refused) as caught:
        fire(opened(), "appointment.book", world=None, start="2026-03-02T07:55:00Z", to="zoe")

    assert "guard" == caught.value.code


def test_every_slot_offered_can_be_booked() -> None:
    """At that instant and with the same world whatever is offered can be booked with whoever is named first."""
    ticket = opened()
    for window in FLOW.slots(ticket, at=EIGHT, world=WORLD)[::7]:
        made = fire(ticket, "appointment.book", start=window.start).ticket
        assert (window.start, window.end, window.who[0]) == (
            made.appointment.start,  # type: ignore[union-attr]  # it was booked
            made.appointment.end,  # type: ignore[union-attr]  # as above
            made.assignee,
        )


# moving and giving up ---------------------------------------------------------------------------------------------


def test_slots_know_what_time_has_done() -> None:
    """Windows are those that can be booked at that instant, whether or not the host has let time pass for the ticket."""
    of = flow(entry={"require": [{"skill": "'x'"}], "relax": [{"after": "1h", "drop": "skill"}]})
    ticket = opened(of)
    late = EIGHT + 1.5 * HOUR

    assert () == of.slots(ticket, at=EIGHT, world=WORLD)
    assert of.slots(of.advance(ticket, at=late, world=WORLD).ticket, at=late, world=WORLD) == of.slots(
        ticket, at=late, world=WORLD
    )
    assert late + HOUR / 2 == of.slots(ticket, at=late, world=WORLD)[1].start


@pytest.mark.parametrize(
    ("ticket", "more", "code"),
    [
        ("T-1", {}, "input"),
        (None, {"days": "3"}, "argument"),
        (None, {"days": True}, "argument"),
        (None, {"at": EIGHT - HOUR}, "past"),
        (None, {"policy": "vist"}, "dispatch.no_appointment"),
    ],
)
def test_asking_wrongly_is_told(ticket: Any, more: dict[str, Any], code: str) -> None:
    """What is no ticket, no number of days or an instant behind the ticket is an error with the next step."""
    with pytest.raises(ServflowError) as caught:
        FLOW.slots(ticket or opened(), **{"at": EIGHT, "world": WORLD, **more})

    assert code == caught.value.code


def test_a_closed_ticket_has_no_slots() -> None:
    """Nothing can be booked on it."""
    done = fire(booked().ticket, "finish").ticket

    assert () == FLOW.slots(fire(done, "close").ticket, at=EIGHT, world=WORLD)


def test_moving_gives_back_only_what_is_not_kept() -> None:
    """A visit that is moved by half its length keeps the cells in both, and the assignment is told anew."""
    made = fire(booked().ticket, "appointment.reschedule", start="2026-03-02T10:30:00Z")
    keys = [(type(one), one.key) for one in made.reservations if one.key.startswith("visit:")]
    ten, eleven = EIGHT + 2 * HOUR, EIGHT + 3 * HOUR

    expected = [(Release, key) for key in visit_keys("ann", ten, ten + HOUR / 2)]
    expected += [(Take, key) for key in visit_keys("ann", eleven, eleven + HOUR / 2)]

    assert expected == keys
    assert 1 == made.ticket.appointment.moved  # type: ignore[union-attr]  # it is booked
    assert ["assigned.visit"] == [one.event for one in made.records if isinstance(one, Received) and one.internal]


def test_a_visit_is_moved_only_so_often() -> None:
    """The bound counts moves of the ticket; a cancelled visit does not make them forgotten."""
    of = flow(moves=1)
    moved = fire(booked(of).ticket, "appointment.reschedule", of, start="2026-03-02T11:00:00Z").ticket
    with pytest.raises(Refused, match="was moved 1 times, and 1 are allowed"):
        fire(moved, "appointment.reschedule", of, start="2026-03-02T12:00:00Z")
    again = fire(fire(moved, "appointment.cancel", of).ticket, "appointment.book", of, start="2026-03-02T12:00:00Z").ticket
    with pytest.raises(Refused, match="was moved 1 times"):
        fire(again, "appointment.reschedule", of, start="2026-03-02T13:00:00Z")


def test_cancelling_frees_everything() -> None:
    """The slot is empty, the time is free, and another visit can be booked."""
    made = fire(booked().ticket, "appointment.cancel", reason="on holiday")
    (record,) = (one for one in made.records if isinstance(one, Unbooked))

    assert ("booking", None, "booking") == (made.ticket.state, made.ticket.assignee, made.ticket.slots["assignee"].phase)
    assert ("cancelled", "on holiday", None) == (record.appointment.phase, record.reason, record.appointment.start)
    assert 12 == sum(isinstance(one, Release) and one.key.startswith("visit:") for one in made.reservations)


def test_what_follows_a_no_show_is_the_definitions_choice() -> None:
    """It is counted, and a transition may lead elsewhere the second time; before the visit it is refused."""
    with pytest.raises(Refused, match="the visit begins at 2026-03-02T10:00:00Z"):
        fire(booked().ticket, "appointment.no_show", at=EIGHT + HOUR)
    first = fire(booked().ticket, "appointment.no_show", at=EIGHT + 2 * HOUR, reason="nobody in").ticket
    second = fire(first, "appointment.book", at=EIGHT + 2 * HOUR, start="2026-03-02T12:00:00Z").ticket
    third = fire(second, "appointment.no_show", at=EIGHT + 5 * HOUR).ticket

    assert ("booking", 1) == (first.state, first.appointment.missed)  # type: ignore[union-attr]  # it had one
    assert ("waived", 2) == (third.state, third.appointment.missed)  # type: ignore[union-attr]  # as above
    assert not third.slots


@pytest.mark.parametrize("event", ["appointment.reschedule", "appointment.cancel", "appointment.no_show", "appointment.lost"])
def test_without_a_visit_there_is_nothing_to_change(event: str) -> None:
    """Every event about a visit needs one."""
    with pytest.raises(Refused, match="no visit is booked") as refused:
        fire(opened(), event, start="2026-03-02T10:00:00Z")

    assert "not_here" == refused.value.code


def test_a_booked_visit_is_not_booked_twice() -> None:
    """A second booking is refused with the event that moves it."""
    with pytest.raises(Refused, match=r"ann comes at 2026-03-02T10:00:00Z; move it with appointment\.reschedule"):
        fire(booked().ticket, "appointment.book", start="2026-03-02T11:00:00Z")


def test_nobody_may_before_it_is_granted() -> None:
    """Once roles are declared each event is denied until an event of the definition allows it."""
    of = flow(roles=["customer"], events={"appointment.book": {"allow": ["customer"]}})
    ticket = of.open("T-1", at=EIGHT, world=WORLD, actor={"id": "c-1", "roles": ["customer"]}).ticket
    made = of.fire(
        ticket, "appointment.book", {"start": EIGHT + HOUR}, at=EIGHT, world=WORLD, actor={"id": "c-1", "roles": ["customer"]}
    )
    with pytest.raises(Refused) as refused:
        of.fire(made.ticket, "appointment.cancel", at=EIGHT, world=WORLD, actor={"id": "c-1", "roles": ["customer"]})

    assert "not_permitted" == refused.value.code
    assert {"appointment.book": "needs"} == {
        option.event: option.status
        for option in of.available(ticket, at=EIGHT, world=WORLD, actor={"id": "c-1", "roles": ["customer"]})
        if option.event.startswith("appointment.")
    }


# what else happens ------------------------------------------------------------------------------------------------


def test_an_engineer_who_falls_ill_loses_the_visit() -> None:
    """The next look with a world in which they cannot come gives it up, with the reason, and the workflow hears of it."""
    ticket = booked().ticket
    ill = World(engineers=[{"id": "ann", "absences": [(EIGHT + 2.5 * HOUR, EIGHT + 9 * HOUR)]}, {"id": "bob"}])
    made = FLOW.advance(ticket, at=EIGHT + HOUR, world=ill)
    (record,) = (one for one in made.records if isinstance(one, Unbooked))

    assert FLOW.advance(ticket, at=EIGHT + HOUR, world=WORLD).ticket is ticket
    assert ("booking", None, 1) == (made.ticket.state, made.ticket.assignee, record.appointment.lost)
    assert "absen" in record.reason
    assert ["unbooked.visit"] == [one.event for one in made.records if isinstance(one, Received) and one.internal]
    assert (
        "bob" == fire(made.ticket, "appointment.book", at=EIGHT + HOUR, world=ill, start="2026-03-02T10:30:00Z").ticket.assignee
    )


def test_a_dispatcher_may_say_that_somebody_cannot_come() -> None:
    """``appointment.lost`` gives a visit up with what was said; the time is free again."""
    made = fire(booked().ticket, "appointment.lost", reason="ann is ill")

    assert ("lost", 1, "ann is ill") == next(
        (one.appointment.phase, one.appointment.lost, one.reason) for one in made.records if isinstance(one, Unbooked)
    )


def test_a_visit_follows_the_slot() -> None:
    """Whoever gets the ticket by hand gets the visit with its time; whoever loses it loses both."""
    handed = fire(booked().ticket, "ticket.assign", to="bob")
    emptied = fire(booked().ticket, "ticket.assign", to=None)

    assert "bob" == handed.ticket.appointment.to  # type: ignore[union-attr]  # it is booked
    assert {"ann": 12, "bob": -12} == {
        who: sum(
            (1 if isinstance(one, Release) else -1)
            for one in handed.reservations
            if one.key.startswith("visit:") and one.key.endswith(f"/{who}")
        )
        for who in ("ann", "bob")
    }
    assert "cancelled" == emptied.ticket.appointment.phase  # type: ignore[union-attr]  # it had one


def test_a_visit_that_ends_with_the_slot_is_told() -> None:
    """Whoever empties the slot by hand does not leave the ticket in a state in which a visit is expected."""
    emptied = fire(booked().ticket, "ticket.assign", to=None)
    again = fire(emptied.ticket, "appointment.book", start="2026-03-02T10:00:00Z")

    assert ("booking", "booking") == (emptied.ticket.state, emptied.ticket.slots["assignee"].phase)
    assert ["unbooked.visit"] == [one.event for one in emptied.records if isinstance(one, Received) and one.internal]
    assert ("agreed", "ann") == (again.ticket.state, again.ticket.assignee)


@pytest.mark.parametrize("cause", ["absence", "overrun", "rejection", "changed"])
def test_what_is_taken_back_is_a_lost_visit(cause: str) -> None:
    """Redispatch gives a visit up as lost, with the reason, and another can be booked; overrun counts from its start."""
    again = {cause: "30m" if cause == "overrun" else True}
    of = flow(entry={"redispatch": again, "require": [{"when": "long < 90 || candidate.id == 'bob'"}]})
    made = booked(of)
    ill = World(engineers=[{"id": "ann", "absences": [(EIGHT, EIGHT + 9 * HOUR)]}, {"id": "bob"}])
    if cause == "absence":
        after = of.advance(made.ticket, at=EIGHT + HOUR, world=ill)
    elif cause == "overrun":
        assert of.advance(made.ticket, at=EIGHT + 2.5 * HOUR, world=WORLD).ticket is made.ticket
        after = of.advance(made.ticket, at=EIGHT + 3 * HOUR, world=WORLD)
    elif cause == "rejection":
        after = of.fire(made.ticket, "offer.reject", at=EIGHT, actor="ann", world=WORLD)
    else:
        after = fire(made.ticket, "ticket.update", of, long=90)

    assert (None, "booking", "lost", 1) == (
        after.ticket.assignee,
        after.ticket.state,
        after.ticket.appointment.phase,  # type: ignore[union-attr]  # it had one
        after.ticket.appointment.lost,  # type: ignore[union-attr]  # it had one
    )
    assert [True] == ["ann" in one.reason for one in after.records if isinstance(one, Unbooked)]


def test_the_world_it_was_booked_in_is_not_asked_again() -> None:
    """For a fixed world it does not matter how often a ticket is looked at, whatever a person decided meanwhile."""
    handed = fire(booked().ticket, "ticket.assign", to="bob").ticket
    strict = World(engineers=[{"id": "ann"}], forbidden={"kim": ["ann"]})
    made = FLOW.fire(opened(), "appointment.book", {"start": EIGHT + 2 * HOUR}, at=EIGHT, world=strict).ticket
    changed = FLOW.fire(made, "ticket.update", {"customer": "kim"}, at=EIGHT, world=strict).ticket

    for ticket, world in ((handed, WORLD), (changed, strict)):
        for late in (1.5, 9):
            whole = FLOW.advance(ticket, at=EIGHT + late * HOUR, world=world)
            first = FLOW.advance(ticket, at=EIGHT + HOUR, world=world)
            assert whole.ticket == FLOW.advance(first.ticket, at=EIGHT + late * HOUR, world=world).ticket


def test_moving_to_where_it_is_moves_nothing() -> None:
    """A second click counts for nothing; another person at the same time is no move of the customer's either."""
    of = flow(moves=1)
    both = World(engineers=[{"id": "ann"}, {"id": "bob"}])
    made = of.fire(opened(of), "appointment.book", {"start": EIGHT + 2 * HOUR, "to": "bob"}, at=EIGHT, world=both).ticket
    again = of.fire(made, "appointment.reschedule", {"start": EIGHT + 2 * HOUR}, at=EIGHT, world=both)
    other = of.fire(again.ticket, "appointment.reschedule", {"start": EIGHT + 2 * HOUR, "to": "ann"}, at=EIGHT, world=both)
    moved = of.fire(other.ticket, "appointment.reschedule", {"start": EIGHT + 3 * HOUR, "to": "ann"}, at=EIGHT, world=both)

    assert (made.appointment, ()) == (again.ticket.appointment, again.reservations)
    assert [("ann", 0), ("ann", 1)] == [
        (one.ticket.appointment.to, one.ticket.appointment.moved)  # type: ignore[union-attr]  # it is booked
        for one in (other, moved)
    ]


def test_reminders_are_timers_of_the_ticket() -> None:
    """Each comes at its instant and once, those that lie before the booking never; a lost visit has none."""
    of = flow(remind=["24h", "90m", "30m"])
    made = booked(of, hour=12)
    assert made.ticket.wake == EIGHT + 2.5 * HOUR + timedelta(microseconds=1)
    first = of.advance(made.ticket, at=EIGHT + 3 * HOUR, world=WORLD)
    both = of.advance(made.ticket, at=EIGHT + 4 * HOUR, world=WORLD)
    gone = of.fire(first.ticket, "appointment.cancel", at=EIGHT + 3 * HOUR, world=WORLD)

    assert (1, 2, None) == (first.ticket.fields["told"], both.ticket.fields["told"], gone.ticket.wake)
    assert [EIGHT + 2.5 * HOUR, EIGHT + 3.5 * HOUR] == [one.at for one in both.records if isinstance(one, VisitNear)]
    assert both.ticket == of.advance(first.ticket, at=EIGHT + 4 * HOUR, world=WORLD).ticket
    assert both.ticket == of.fold(
        [*of.open("T-1", {"customer": "c-1"}, at=EIGHT, world=WORLD).records, *made.records, *both.records]
    )


def test_a_visit_moves_to_another_version() -> None:
    """It stays booked where its entry goes on, with what was reserved; where there is none its time is given back."""
    ticket = booked().ticket
    newer = Workflow(**{**flow(step=20).to_data(), "version": 2})
    without = Workflow(**{**FLOW.to_data(), "version": 3, "dispatch": []})
    kept = migrate(ticket, plan_migration(FLOW, newer), at=EIGHT)
    moved = fire(kept.ticket, "appointment.reschedule", newer, start="2026-03-02T10:20:00Z")
    gone = migrate(ticket, plan_migration(FLOW, without), at=EIGHT)

    assert (ticket.appointment, ()) == (kept.ticket.appointment, kept.reservations)
    assert 4 == sum(isinstance(one, Take) for one in moved.reservations)
    assert "cancelled" == gone.ticket.appointment.phase  # type: ignore[union-attr]  # it had one
    assert set(visit_keys("ann", EIGHT + 2 * HOUR, EIGHT + 3 * HOUR)) == {one.key for one in gone.reservations}


def test_a_field_of_that_name_goes_before() -> None:
    """A workflow that already has a field ``appointment`` reads its own."""
    of = Workflow(
        workflow="old",
        fields={"appointment": {"type": "string", "default": "none"}},
        initial="a",
        states={"a": {}, "b": {}},
        transitions=[{"event": "go", "source": "a", "target": "b", "when": "appointment == 'none'"}],
    )

    assert "b" == of.fire(of.open("T", at=EIGHT).ticket, "go", at=EIGHT).ticket.state


def test_a_calendar_must_be_one_of_the_workflow() -> None:
    """An unknown calendar is refused at load, with the one that was probably meant."""
    with pytest.raises(DefinitionError, match="ofice"):
        flow(calendar="ofice")


def test_how_long_a_visit_lasts_is_a_number() -> None:
    """A text is refused at load; a number that may be none is no mistake, and a proof does not stumble over it."""
    with pytest.raises(DefinitionError) as caught:
        flow(minutes="customer")
    data = FLOW.to_data()
    data["fields"]["long"]["default"] = 0

    assert ["dispatch.wrong_type"] == [finding.code for finding in caught.value.findings]
    assert set() == {one.code for one in Workflow(**data).check()} - {one.code for one in FLOW.check()}


def test_proofs_know_that_a_visit_may_be_lost() -> None:
    """Who was to come may be gone wherever the ticket stands, so nothing is proved of it that a cancelled visit breaks."""

    def verdict(never: str) -> str:
        of = Workflow(
            workflow="visit",
            initial="booking",
            states={"booking": {}, "agreed": {}, "gone": {}},
            transitions=[
                {"event": "assigned.visit", "source": "booking", "target": "agreed", "allow": ["system"]},
                {"event": "unbooked.visit", "source": "agreed", "target": "gone", "when": "reopened > 5"},
            ],
            dispatch=[{"name": "visit", "state": "booking", "mode": "appointment", "appointment": {"zone": "UTC"}}],
            laws=[{"name": "law", "never": never}],
        )
        return str(of.prove()[0].verdict)

    assert "proved" != verdict("state == 'agreed' && assignee == null")
    assert "proved" == verdict("state == 'booking' && state == 'agreed'")


def test_a_law_that_visits_break_is_refuted_by_a_story() -> None:
    """The story books with somebody, fails, books again and fails again: each step is one the kernel takes."""
    of = Workflow(
        workflow="visit",
        roles=["customer"],
        events={name: {"allow": ["customer"]} for name in ("appointment.book", "appointment.no_show")},
        initial="booking",
        states={"booking": {}, "agreed": {}, "waived": {}},
        transitions=[
            {"event": "assigned.visit", "source": "booking", "target": "agreed", "allow": ["system"]},
            {"event": "unbooked.visit", "source": "agreed", "target": "booking", "allow": ["system"]},
            {
                "event": "appointment.no_show",
                "source": "agreed",
                "target": "waived",
                "when": "appointment.missed >= 1",
                "allow": ["customer"],
            },
        ],
        dispatch=[{"name": "visit", "state": "booking", "mode": "appointment", "appointment": {"zone": "UTC"}}],
        laws=[{"name": "law", "never": "state == 'waived'"}],
    )
    proof = of.prove()[0]

    assert "refuted" == proof.verdict
    assert "waived" == of.replay_witness(proof)[-1].ticket.state
