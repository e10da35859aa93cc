"""Knows how a fee changes on New Year's Day without anybody staying up; must not know how a table decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import servflow
from servflow.model import Actor, Decided
from tests.scenarios.story import Story

VISITS = servflow.load("""
servflow: 1
workflow: visits
version: 4
fields:
  category: {type: string, one_of: [washer, fridge, ac]}
  warranty: {type: string, one_of: [in_warranty, out], default: out}
  fee: {type: decimal, optional: true}
initial: booked
states: {booked: {}, on_site: {}, paid: {closed: true}}
transitions:
  - {event: arrive, source: booked, target: on_site}
  - {event: finish, source: on_site, target: paid, do: [{set: {fee: table.fees.total}}]}
tables:
  fees:
    version: 2027 edition
    zone: Asia/Shanghai
    hit: unique
    inputs: [warranty, category]
    outputs: {total: decimal}
    rows:
      - ['"in_warranty"', '-', '"0"']
      - {when: ['"out"', '"ac"'], then: ['"180"'], id: ac, effective: {end: 2027-01-01}}
      - {when: ['"out"', '"ac"'], then: ['"198.50"'], id: ac, effective: {start: 2027-01-01}, labels: [board 2026-11]}
      - {when: ['"out"', 'not("ac")'], then: ['"120"'], id: other}
""")
EVE = datetime(2026, 12, 31, 15, 0, tzinfo=UTC)  # eleven at night in Shanghai
ANN = Actor("ann", ["engineer"])
MIDNIGHT = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)


def on_site(**fields: object) -> Story:
    """An engineer is on site at eleven on New Year's Eve."""
    return Story(VISITS, EVE).opened({"category": "ac", **fields}).does(ANN, "arrive")


def test_the_table_holds_both_years_and_nothing_is_wrong_with_it() -> None:
    """Next year's fee was agreed in November and stands in the table since; the rows do not collide."""
    assert () == VISITS.check()


def test_who_finishes_before_midnight_pays_the_old_fee() -> None:
    """A microsecond is enough; what counts is the wall clock in Shanghai, not the server's."""
    story = on_site().later(minutes=60, microseconds=-1).does(ANN, "finish")

    assert Decimal(180) == story.ticket.fields["fee"]


def test_who_finishes_at_midnight_pays_the_new_fee_and_the_record_says_why() -> None:
    """Nobody restarted or changed anything; the decision names the row and the edition of the table."""
    story = on_site().later(minutes=60).does(ANN, "finish")

    assert Decimal("198.50") == story.ticket.fields["fee"]
    (decided,) = story.happened(Decided)
    assert MIDNIGHT == decided.at
    table = VISITS.tables["fees"]
    assert ("ac", ("board 2026-11",)) == (table.rows[decided.why["matched"][0]].id, table.rows[2].labels)
    assert ("2027 edition", table.hash) == (decided.why["version"], decided.why["hash"])


def test_rows_without_dates_say_the_same_in_both_years() -> None:
    """A repair under warranty stays free, a washer costs what it did."""
    for fields, fee in (({"warranty": "in_warranty"}, 0), ({"category": "washer"}, 120)):
        for later in (timedelta(minutes=1), timedelta(days=40)):
            story = on_site(**fields).later(seconds=later.total_seconds()).does(ANN, "finish")
            assert Decimal(fee) == story.ticket.fields["fee"]


def test_last_years_tickets_are_explained_by_last_years_fee() -> None:
    """Asked in March why a visit of December cost 180, the table still knows."""
    table = VISITS.tables["fees"]
    december = table.decide({"warranty": "out", "category": "ac"}, at=EVE)

    assert ({"total": Decimal(180)}, "ac") == (december.outputs, december.why[0]["id"])
    assert {"end": "2027-01-01"} == december.why[0]["effective"]
