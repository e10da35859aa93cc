"""Holds the live reading of tickets to what it takes, passes over and refuses; that it equals batch is a law."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from servflow.engine import Workflow
from servflow.errors import InputError, TimeError
from servflow.metrics import Live, measure_table, read_case
from servflow.model import Opened, Record

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
FLOW = Workflow(
    workflow="desk",
    fields={"name": {"type": "string", "optional": True, "personal": True}},
    states={"new": {}, "closed": {"closed": True}},
    transitions=[{"event": "close", "source": "new", "target": "closed"}],
)


def history(name: str, *, closes: float | None = None) -> list[Record]:
    """The records of a ticket that opens at the start."""
    out = FLOW.open(name, {"name": "Bo"}, at=START)
    records = list(out.records)
    if closes is not None:
        records.extend(FLOW.fire(out.ticket, "close", at=START + closes * HOUR).records)
    return records


def test_what_was_fed_is_passed_over() -> None:
    """A feed that repeats itself changes nothing."""
    live, records = Live(), history("T1", closes=1)
    live.feed("T1", records[:2])
    live.feed("T1", records)
    live.feed("T1", records)

    assert read_case(records, START + 2 * HOUR) == live.case("T1", START + 2 * HOUR)
    assert 1 == len(live)


def test_a_gap_is_refused_and_what_came_before_it_stays() -> None:
    """A record that was left out is missed at once; fed in order, the ticket goes on."""
    live, records = Live(), history("T1", closes=1)
    live.feed("T1", records[:1])

    with pytest.raises(InputError, match="record 3 comes after 1") as refused:
        live.feed("T1", records[2:])
    assert "gap" == refused.value.code

    live.feed("T1", records)
    assert read_case(records, START + HOUR) == live.case("T1", START + HOUR)


def test_half_a_history_is_refused() -> None:
    """A ticket begins with its opening."""
    with pytest.raises(InputError, match="begin with Opened"):
        Live().feed("T1", history("T1", closes=1)[1:])


def test_another_tickets_records_are_refused() -> None:
    """Records say whose they are; a mix-up is told."""
    with pytest.raises(InputError, match="these are the records of ticket 'T2'"):
        Live().feed("T1", history("T2"))


def test_the_past_is_refused() -> None:
    """What was read cannot be unread; ask reading anew for an instant of before."""
    live = Live()
    live.feed("T1", history("T1", closes=1))

    with pytest.raises(TimeError, match="lies before"):
        live.table(["backlog"], at=START)
    with pytest.raises(TimeError):
        live.table(["backlog"], at=datetime(2026, 11, 2, 12))


def test_an_erased_ticket_is_let_go_until_it_is_fed_anew() -> None:
    """What was known of it goes at once; its records as they stand since bring it back."""
    records = history("T1")
    ticket = FLOW.fold(records)
    erasure = FLOW.erase(ticket, records, fields=["name"], at=START + HOUR)
    new = [*erasure.outcome.records]
    kept = {record.sequence: record for record in (*records, *erasure.records, *new)}
    live = Live()
    live.feed("T1", records)
    live.feed("T1", new)

    assert (("T1",), 0) == (live.stale, len(live))

    live.feed("T1", [kept[number] for number in sorted(kept)])
    case = live.case("T1", START + HOUR)
    assert ((), 1) == (live.stale, len(live))
    assert case is not None
    assert "-" == case.label("name")


def test_correlators_and_forgotten_tickets_are_not_kept() -> None:
    """A correlator's own ticket is passed over with all its records; a ticket that was let go is gone."""
    live, records = Live(), history("T1", closes=1)
    opened = records[0]
    assert isinstance(opened, Opened)
    name = "~desk/key"
    live.feed(name, [evolve(opened, id=name), *records[1:2]])
    live.feed(name, records[2:])
    live.feed("T1", records)
    live.forget("T1")

    assert 0 == len(live)
    assert measure_table([], ["backlog"], at=START + HOUR) == live.table(["backlog"], at=START + HOUR)
    assert live.case("T1", START + HOUR) is None
