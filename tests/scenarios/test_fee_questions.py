"""Knows how a service manager asks about fees, and edits them without spoiling one; must not know how a table is searched."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import servflow
from servflow.model import Decided, read_instant

REPAIRS = """
servflow: 1
workflow: repair
fields:
  warranty: {type: string, one_of: [in_warranty, extended, out], default: out}
  tier: {type: string, one_of: [gold, silver, standard], default: standard}
  parts: {type: decimal, default: "0"}
  fee: {type: decimal, optional: true}
initial: new
states: {new: {}, done: {closed: true}}
transitions:
  - {event: finish, source: new, target: done, do: [{set: {fee: "table.visit.fee"}}]}
tables:
  visit:
    hit: first
    zone: Asia/Shanghai
    inputs: [warranty, tier, parts]
    outputs: {fee: decimal}
    rows:
      - {id: warranty, when: ['"in_warranty", "extended"', '-', '-'], then: ['"0"']}
      - {id: gold, when: ['-', '"gold"', '>= 300.00'], then: ['"0"'], note: gold customers with a large repair}
      - {id: large, when: ['-', '-', '>= 500.00'], then: ['"60"']}
      - {id: usual, when: ['-', '-', '-'], then: ['"120"'], effective: {end: 2027-01-01}}
      - {id: usual, when: ['-', '-', '-'], then: ['"135"'], effective: {start: 2027-01-01}}
    cases:
      - {name: under warranty nobody pays, given: {warranty: extended}, at: "2026-05-01T09:00:00+08:00", expected: {fee: "0"}}
      - {name: gold with a large repair, given: {tier: gold, parts: "300.00"}, at: "2026-05-01T09:00:00+08:00", row: gold}
      - {name: the last evening of the year, given: {}, at: "2026-12-31T23:59:59+08:00", expected: {fee: "120"}}
      - {name: new year, given: {}, at: "2027-01-01T00:00:00+08:00", expected: {fee: "135"}, row: usual}
"""
MAY = datetime(2026, 5, 4, 2, tzinfo=UTC)


def finished(**fields: Any) -> Any:
    """A repair with these facts, opened and finished on a morning in May."""
    flow = servflow.load(REPAIRS)
    opened = flow.open("R-1", fields, at=MAY).ticket
    return flow, flow.fire(opened, "finish", at=MAY)


def test_a_customer_asks_why_the_visit_costs_120() -> None:
    """The ticket keeps which row decided; the table says why, what was missing for the nearest other fee, and by how much."""
    flow, outcome = finished(tier="gold", parts="280.50")
    (decided,) = [record for record in outcome.records if isinstance(record, Decided) and record.maker == "table"]

    explained = flow.tables["visit"].explain(decided.values, at=decided.at)

    assert Decimal(120) == outcome.ticket.fields["fee"]
    assert explained.text.splitlines() == [
        "visit gives fee = 120, by row 3 (usual)",
        "row 3 (usual) matches whatever the fields are",
        "  it is in force in [..2027-01-01)",
        "",
        "the other rows (4):",
        '  row 0 (warranty) does not match: warranty is "out", and the cell asks for "in_warranty", "extended"',
        "  row 1 (gold) does not match: parts is 280.50, and the cell asks for >= 300.00",
        "  row 2 (large) does not match: parts is 280.50, and the cell asks for >= 500.00",
        "  row 4 (usual) does not match: it is in force in [2027-01-01..), and it is 2026-05-04T02:00:00Z",
        "",
        "the nearest miss is row 1 (gold); conditions against it: 1",
        "  parts is 280.50; the cell asks for >= 300.00; 300.00 would do, 19.50 away",
        "the smallest change that alters the result:",
        "  parts: 300.00 instead of 280.50",
        "  then it gives fee = 0, by row 1 (gold)",
    ]


def test_what_is_said_to_help_does_help() -> None:
    """The change the table suggests gives the fee it promises."""
    flow, _ = finished()
    asked = {"warranty": "out", "tier": "standard", "parts": Decimal(10)}

    change = flow.tables["visit"].explain(asked, at=MAY).change

    told = {part["field"]: part["to"] for part in change["fields"]}
    assert change["outputs"] == flow.tables["visit"].decide({**asked, **told}, MAY).outputs
    assert Decimal(120) != change["outputs"]["fee"]


def test_an_edit_that_spoils_a_promise_is_seen_before_it_is_used() -> None:
    """Somebody makes gold stricter by a cent: the case that promised otherwise fails, says so, and names the row it meant."""
    as_it_is = servflow.load(REPAIRS).check()
    edited = servflow.load(REPAIRS.replace("""'"gold"', '>= 300.00'""", """'"gold"', '> 300.00'""")).check()

    (finding,) = [one for one in edited if one.code == "rules.case_failed"]
    assert [] == [one for one in as_it_is if one.code == "rules.case_failed"]
    assert "case 1 (gold with a large repair): expected by row gold; it gives fee = 120, by row 3 (usual)" in finding.message()
    assert "row 1 (gold) does not match: parts is 300.00, and the cell asks for > 300.00" == finding.hint()
    assert "第 1「gold」行不匹配" in finding.hint("zh")


def test_next_years_fee_holds_from_midnight_where_the_customer_lives() -> None:
    """The rows change at midnight in Shanghai, and every answer says by which period it counts."""
    table = servflow.load(REPAIRS).tables["visit"]

    before = table.decide({}, read_instant("2026-12-31T23:59:59.999999+08:00"))
    after = table.decide({}, read_instant("2027-01-01T00:00:00+08:00"))

    assert ({"fee": Decimal(120)}, {"end": "2027-01-01"}) == (before.outputs, before.why[0]["effective"])
    assert ({"fee": Decimal(135)}, {"start": "2027-01-01"}) == (after.outputs, after.why[0]["effective"])
