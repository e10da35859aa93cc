"""What two rows certainly do to a hit policy is told when a workflow is loaded, with fields that show it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from servflow.documents import load
from servflow.errors import DefinitionError, InputError
from servflow.rules import DecisionTable

FIELDS = {"tier": "string", "amount": "int", "limit": "int"}


def table(hit: str, *rows: list[str]) -> DecisionTable:
    return DecisionTable(name="t", hit=hit, inputs=["tier", "amount"], outputs={"fee": "int"}, rows=list(rows))


@pytest.mark.parametrize(
    ("hit", "rows", "pairs"),
    [
        ("unique", [['"gold"', "-", "1"], ["-", "> 5", "2"], ['"silver"', "<= 5", "3"]], [(0, 1)]),
        ("unique", [['"gold"', "[1..5)", "1"], ['"gold"', "[5..9]", "2"], ['not("gold")', "-", "3"]], []),
        ("unique", [['"gold", null', "-", "1"], ['"silver", null', "-", "2"]], []),
        ("unique", [['"gold"', "amount > limit", "1"], ['"gold"', "limit", "2"]], []),
        ("any", [['"gold"', "-", "1"], ["-", "> 5", "1"], ["-", "7", "2"]], [(0, 2), (1, 2)]),
        ("any", [['"gold"', "-", "1"], ["-", "> 5", "amount"]], []),
        ("first", [["-", "-", "1"], ["-", "-", "2"]], []),
    ],
)
def test_rows_that_certainly_match_together_are_told(hit: str, rows: list[list[str]], pairs: list[tuple[int, int]]) -> None:
    """Not those that meet only where something is missing, or that read other fields: ``decide`` enforces those."""
    made = table(hit, *rows)

    found = made.proven(FIELDS)

    assert pairs == [(finding.facts["by"], finding.facts["row"]) for finding in found]
    for finding in found:
        assert "error" == finding.severity
        assert None not in finding.witness.values()
        with pytest.raises(InputError) as caught:
            made.decide(finding.witness)
        assert caught.value.code in ("rules.not_unique", "rules.conflict")


def test_values_that_a_field_never_takes_are_no_proof() -> None:
    """Field types say which values there are."""
    made = table("unique", ['not("gold")', "-", "1"], ['not("silver")', "-", "2"])

    assert 1 == len(made.proven(FIELDS))
    assert () == DecisionTable(
        **{**made.to_data(), "inputs": [{"name": "tier", "one_of": ["gold", "silver"]}, "amount"]}
    ).proven(FIELDS)


def test_successive_versions_never_meet() -> None:
    """Rows that are in force at different times share no instant."""
    rows = [{"when": ["-"], "then": ["1"], "effective": {side: "2027-01-01"}} for side in ("end", "start")]
    made = DecisionTable(name="t", zone="UTC", inputs=["tier"], outputs={"fee": "int"}, rows=rows)

    assert () == made.proven({"tier": "string"})


def test_a_workflow_with_such_a_table_is_refused() -> None:
    """With the rows, the witness and the line; the table alone can be made, so that an editor can hold it."""
    text = """
servflow: 1
workflow: visits
initial: a
fields: {tier: {type: string}, amount: {type: int}}
states: {a: {}}
tables:
  fees:
    inputs: [tier, amount]
    outputs: {fee: int}
    rows:
      - ['"gold"', '-', '1']
      - ['-', '> 5', '2']
"""
    with pytest.raises(DefinitionError) as caught:
        load(text)

    (finding,) = caught.value.findings
    assert ("rules.overlap", "tables.fees.rows[1]", 13) == (finding.code, finding.path, finding.line)
    assert {"tier": "gold", "amount": 6} == finding.witness
    assert load(text.replace("inputs:", "hit: first\n    inputs:"))


def test_one_mistake_in_every_row_is_told_a_few_times() -> None:
    """And a table of thousands of rows is looked at in no time."""
    rows: list[Any] = [['"gold"', f"> {number}", str(number)] for number in range(3_000)]

    assert 20 == len(table("unique", *rows).proven(FIELDS))


def test_conditions_name_a_table_by_its_key() -> None:
    """Also where the table is called otherwise: what is checked is what is asked when it runs."""
    text = """
servflow: 1
workflow: visits
initial: a
fields: {n: {type: int, default: 1}, fee: {type: int, optional: true}}
states: {a: {}, b: {}}
tables: {fees: {name: charges, hit: first, inputs: [n], outputs: {o: int}, rows: [['-', '7']]}}
transitions: [{event: pay, source: a, target: b, do: [{set: {fee: table.fees.o}}]}]
"""
    workflow = load(text)
    at = datetime(2027, 1, 1, tzinfo=UTC)

    assert 7 == workflow.fire(workflow.open("t", at=at).ticket, "pay", at=at).ticket.fields["fee"]
    with pytest.raises(DefinitionError, match="there is no field charges"):
        load(text.replace("table.fees.o", "table.charges.o"))
