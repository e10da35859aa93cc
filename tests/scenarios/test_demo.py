"""Holds the week of demo_repair: the same seed gives the same week, and all that a service desk lives through happens in it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from servflow.cli._board_view import Look
from servflow.cli._databases import tickets
from servflow.cli._demo import Week, live
from servflow.cli._demo_command import demo_workflow
from servflow.model import OfferEnded, canonical, dump
from servflow.stores import MemoryStore, SqliteStore, Store


def lived(store: Store, *, seed: int = 1, count: int = 60) -> Store:
    """A week in a store."""
    live(demo_workflow(), store, seed=seed, tickets=count)
    return store


def digest(store: Store) -> str:
    """A hash of every record of every ticket."""
    found = hashlib.sha256()
    for ticket in tickets(store):
        for record in store.history(ticket.id):
            found.update(canonical(record))
    return found.hexdigest()


def test_same_seed_same_week(tmp_path: Path) -> None:
    """Every record is the same to the byte, in another store too; another seed gives another week."""
    with SqliteStore(tmp_path / "week.db") as file:
        first = digest(lived(file))
        board = json.dumps(Look.at(file, "tier").as_data())
    memory = lived(MemoryStore())

    assert first == digest(memory)
    assert board == json.dumps(Look.at(memory, "tier").as_data())
    assert first != digest(lived(MemoryStore(), seed=2))


@pytest.fixture(scope="module")
def week() -> Store:
    """A week with two hundred tickets."""
    return lived(MemoryStore(), count=200)


def test_every_ticket_is_what_its_records_say(week: Store) -> None:
    """Folding a ticket's records gives the snapshot that is kept."""
    workflow = demo_workflow()
    for ticket in list(tickets(week))[::5]:
        assert dump(ticket) == dump(workflow.fold(week.history(ticket.id)))


def test_capacity_is_never_exceeded_by_dispatch(week: Store) -> None:
    """What the store counts as held is what open tickets hold, and nobody works for a ticket that is done."""
    held: dict[str, int] = {}
    for ticket in tickets(week):
        for item in ticket.held:
            held[item.key] = held.get(item.key, 0) + item.units
        if ticket.closed or ticket.state in ("settling", "evaluating"):
            assert () == ticket.held
    assert held == dict(week.usage())


def test_a_week_brings_everything(week: Store) -> None:
    """Several channels, offers of every ending, parts, late cases, escalations and ratings occur, and most tickets end."""
    board = Look.at(week, "tier").board
    endings = {
        record.outcome for ticket in tickets(week) for record in week.history(ticket.id) if isinstance(record, OfferEnded)
    }

    assert 200 == board.tickets == sum(board.volumes.values())
    assert {"alarm", "email", "mini_program", "phone", "web"} == board.volumes.keys()
    assert {"accepted", "rejected", "expired"} <= endings
    assert board.closed > 150
    assert sum(board.breaches.values()) > 0
    assert board.escalations
    assert {"all", "gold", "silver", "standard"} == set(board.groups)
    assert all(board.attainment[clock]["all"] is not None for clock in ("response", "dispatch", "visit", "repair"))
    assert board.csat["all"] is not None
    assert {"north", "south", "east", "west", "centre"} == {load.who for load in board.outlets}


def test_progress_only_goes_forward() -> None:
    """Whoever watches sees time and counts grow, up to the end of the week."""
    seen: list[Week] = []
    live(demo_workflow(), MemoryStore(), seed=1, tickets=20, watch=seen.append)

    assert seen
    assert seen == sorted(seen, key=lambda week: (week.now, week.opened, week.events))
    assert seen[-1].end == seen[-1].now
