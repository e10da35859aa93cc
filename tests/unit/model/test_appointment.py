"""Keys of people's time collide exactly where visits overlap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servflow.model import CELL, Appointment, FrozenMap, Ticket, World, dump, hours_of, load, stretches, visit_keys

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
cells = st.integers(0, 60)


@given(cells, st.integers(1, 40), cells, st.integers(1, 40))
def test_two_visits_share_a_key_where_they_overlap(first: int, long: int, second: int, other: int) -> None:
    """Visits of any lengths in whole cells share a key exactly where their half-open stretches overlap."""
    a, b = NINE + first * CELL, NINE + second * CELL
    shared = set(visit_keys("ann", a, a + long * CELL)) & set(visit_keys("ann", b, b + other * CELL))

    assert (max(first, second) < min(first + long, second + other)) == bool(shared)


@given(st.integers(0, 600), st.integers(1, 300), st.integers(0, 600), st.integers(1, 300))
def test_visits_between_cells_never_overlap_unseen(first: int, long: int, second: int, other: int) -> None:
    """A visit that begins or ends within a cell takes the whole of it, so that nobody is booked twice."""
    a, b = NINE + first * MINUTE, NINE + second * MINUTE
    shared = set(visit_keys("ann", a, a + long * MINUTE)) & set(visit_keys("ann", b, b + other * MINUTE))

    assert max(a, b) >= min(a + long * MINUTE, b + other * MINUTE) or shared


def test_what_is_held_says_who_is_booked_when() -> None:
    """The keys that a store holds read back as stretches, those that touch as one; other keys are passed over."""
    keys = (*visit_keys("ann", NINE, NINE + 30 * MINUTE), *visit_keys("ann", NINE + 30 * MINUTE, NINE + 60 * MINUTE))
    keys += visit_keys("bob/2", NINE + 120 * MINUTE, NINE + 125 * MINUTE)
    held = {**dict.fromkeys(keys, 1), "engineer:ann": 3, visit_keys("eve", NINE, NINE + CELL)[0]: 0}

    assert {
        "ann": ((NINE, NINE + 60 * MINUTE),),
        "bob/2": ((NINE + 120 * MINUTE, NINE + 125 * MINUTE),),
    } == stretches(held)


def test_hours_begin_every_key_within() -> None:
    """What is looked up for a stretch finds the keys of everybody in it."""
    heads = hours_of(NINE + 50 * MINUTE, NINE + 130 * MINUTE)

    assert ("visit:2026-03-02T09", "visit:2026-03-02T10", "visit:2026-03-02T11") == heads
    assert all(key.startswith(heads) for key in visit_keys("ann", NINE + 50 * MINUTE, NINE + 130 * MINUTE))


@pytest.mark.parametrize("held", [None, Appointment(policy="visit", start=NINE, end=NINE + CELL, to="ann", moved=2)])
def test_a_ticket_keeps_its_appointment(held: Appointment | None) -> None:
    """A snapshot with an appointment reads back equal, and one without says nothing of it."""
    ticket = Ticket(id="T-1", workflow="w", at=NINE, opened_at=NINE, appointment=held)
    written = dump(ticket)

    assert ticket == load(written)
    assert (held is not None) == ("appointment" in written)


def test_a_world_may_say_who_is_booked() -> None:
    """A world without bookings keeps the version it always had, and one with them has another."""
    plain = World(engineers=[{"id": "ann"}])
    booked = plain.with_booked({"ann": [("2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z")]})

    assert FrozenMap({"ann": ((NINE, NINE + 60 * MINUTE),)}) == booked.booked
    assert booked.version != plain.version == World(engineers=[{"id": "ann"}], booked={}).version
