"""Holds measures of waiting and work to their definitions, by the clock and by calendars; must not know how tables are made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from servflow import Calendar
from servflow.errors import InputError
from servflow.metrics import Case, Said, Stay, Stint, first_response, handle_time, next_response, time_to_resolve
from servflow.metrics._example import at

HOUR = timedelta(hours=1)
OFFICE = Calendar(zone="UTC", week={"mon-fri": ["09:00-17:00"]})


def talk(*said: tuple[float, str], **more: Any) -> Case:
    """A case in which these sides wrote at these hours."""
    return Case(id="T", began=at(0), said=tuple(Said(at=at(hour), side=side) for hour, side in said), **more)


def held(*stints: tuple[str, float, float | None], **more: Any) -> Case:
    """A case that these people had in turn."""
    parts = tuple(
        Stint(slot="assignee", who=who, since=at(since), until=None if until is None else at(until))
        for who, since, until in stints
    )
    return Case(id="T", began=at(0), stints=parts, **more)


def told(found: Any) -> tuple[timedelta, int, dict[str, int]] | None:
    """All of the time, how many times, and what was left out."""
    return None if found is None else (found.total, found.count, dict(found.excluded))


def test_first_response_is_counted_in_a_calendar() -> None:
    """Asked on Friday at 16:00 and answered on Monday at 10:00, two office hours passed, and sixty-six by the clock."""
    case = Case(id="T", began=at(4 * 24 + 16), responded=at(7 * 24 + 10))

    assert (66 * HOUR, 1, {}) == told(first_response([case]))
    assert (2 * HOUR, 1, {}) == told(first_response([case], calendar=OFFICE))


def test_an_answer_from_before_the_beginning_waited_for_nothing() -> None:
    """A call that was answered before the ticket was written took no time, rather than less than none."""
    assert (timedelta(), 1, {}) == told(first_response([Case(id="T", began=at(9), responded=at(8))]))


def test_calendar_must_be_one() -> None:
    """A name of a calendar counts nothing; a calendar does."""
    with pytest.raises(InputError, match=r"calendar is a servflow\.Calendar"):
        first_response([Case(id="T", began=at(9), responded=at(10))], calendar="office")


def test_next_response_runs_from_the_oldest_unanswered_message() -> None:
    """Asking twice does not start anew; internal notes answer nobody; the answer ends all that was asked."""
    case = talk((1, "agent"), (2, "customer"), (3, "customer"), (6, "agent"), (7, "agent"), (8, "customer"), (9, "agent"))
    note = Said(at=at(2.5), side="agent", public=False)

    assert (5 * HOUR, 2, {}) == told(next_response([case]))
    assert (5 * HOUR, 2, {}) == told(next_response([Case(id="T", began=at(0), said=(*case.said, note))]))


def test_next_response_begins_after_the_first_answer() -> None:
    """What was asked before anybody answered belongs to the first response, unless asked for."""
    case = talk((1, "customer"), (4, "agent"))

    assert next_response([case]) is None
    assert (3 * HOUR, 1, {}) == told(next_response([case], first=True))


def test_next_response_takes_messages_as_they_were_written() -> None:
    """A mail that was read later stands where it was sent."""
    case = talk((1, "agent"), (5, "agent"), (2, "customer"))

    assert (3 * HOUR, 1, {}) == told(next_response([case]))


def test_who_waits_is_told_apart_from_who_was_left() -> None:
    """A question on an open ticket waits; one that the closing left behind never got its answer."""
    waiting, left = talk((1, "agent"), (2, "customer")), talk((1, "agent"), (2, "customer"), closed_at=at(3))
    answered = talk((1, "agent"), (2, "customer"), (3, "agent"))

    assert (HOUR, 1, {"closed": 1, "waiting": 1}) == told(next_response([waiting, left, answered]))


def test_other_sides_neither_ask_nor_answer() -> None:
    """A supplier's message is neither the customer's nor an agent's."""
    assert next_response([talk((1, "agent"), (2, "supplier"), (3, "agent"))]) is None


def test_handle_time_is_while_somebody_had_the_open_ticket() -> None:
    """It stops with the work, not with the stint, and rests while the ticket is closed."""
    case = held(
        ("bo", 1, 3),
        ("cy", 4, None),
        closings=(at(6), at(11)),
        reopenings=(at(10),),
        closed_at=at(11),
        done_at=at(11),
        reopened=1,
    )

    assert (5 * HOUR, 1, {}) == told(handle_time([case]))


def test_handle_time_by_states_counts_parallel_ones_once() -> None:
    """Two states of work at once are one time of work."""
    stays = (
        Stay(state="repair", since=at(1), until=at(3)),
        Stay(state="order", since=at(2), until=at(4)),
        Stay(state="wait", since=at(4), until=at(9)),
    )
    case = Case(id="T", began=at(0), done_at=at(9), closed_at=at(9), stays=stays)

    assert (3 * HOUR, 1, {}) == told(handle_time([case], states=["repair", "order"]))
    assert (2 * HOUR, 1, {}) == told(handle_time([case], states="repair"))


def test_handle_time_by_everybodys_own_shift() -> None:
    """Each person's time counts in their own calendar; whoever has none leaves the ticket out."""
    night = Calendar(zone="UTC", week={"mon-fri": ["17:00-24:00"]})
    case = held(("bo", 16, 18), ("cy", 18, 20), closed_at=at(20), done_at=at(20))

    assert (3 * HOUR, 1, {}) == told(handle_time([case], calendar={"bo": OFFICE, "cy": night}))
    assert handle_time([case], calendar={"bo": OFFICE}) is None


def test_handle_time_leaves_out_what_was_not_handled() -> None:
    """Open, cancelled and untouched tickets are told by their names."""
    cases = [
        held(("bo", 1, None)),
        held(("bo", 1, None), closed_at=at(2), cancelled=True),
        Case(id="T", began=at(0), closed_at=at(2), done_at=at(2)),
        held(("bo", 1, None), closed_at=at(2), done_at=at(2)),
    ]

    assert (HOUR, 1, {"cancelled": 1, "no work": 1, "open": 1}) == told(handle_time(cases))


@pytest.mark.parametrize("states", [7, [7], [""], {"a": 1}])
def test_states_are_names(states: Any) -> None:
    """What is no name of a state is refused, with what was given."""
    with pytest.raises(InputError, match="states is a name or a list of names"):
        handle_time([held(("bo", 1, None), closed_at=at(2), done_at=at(2))], states=states)


def test_time_to_resolve_in_a_calendar() -> None:
    """From Monday 16:00 to Tuesday 10:00 are two office hours."""
    case = Case(id="T", began=at(16), done_at=at(34), closed_at=at(34))

    assert (2 * HOUR, 1, {}) == told(time_to_resolve([case], calendar=OFFICE))
