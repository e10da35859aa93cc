"""Knows what a strict table refuses to compare with nothing; must not know how rows are found."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from itertools import product

import pytest

import servflow
from servflow.errors import DefinitionError, InputError
from servflow.rules import DecisionTable

AT = datetime(2026, 3, 2, tzinfo=UTC)
FEE = {
    "name": "fee",
    "hit": "first",
    "inputs": ["tier", "amount"],
    "outputs": {"fee": "int"},
    "rows": [
        ['"gold"', ">= 10", "1"],
        ["-", "[5..10)", "2"],
        ["null", "-", "3"],
        ['not(null, "x")', "-", "4"],
        ["-", "-", "5"],
    ],
}
READING = {
    "name": "reading",
    "hit": "first",
    "inputs": ["tier", {"name": "big", "expr": "amount > 100"}],
    "outputs": {"o": "int"},
    "rows": [["amount > limit", "-", "1"], ["other", "true", "2"], ['null, "x"', "-", "3"], ["-", "-", "4"]],
}


@pytest.mark.parametrize(
    ("fields", "fee"),
    [
        ({"tier": "gold", "amount": 12}, 1),
        ({"amount": 7}, 2),  # the first row's amount rules it out, whatever the tier is
        ({"amount": 1}, 3),
        ({"tier": "y", "amount": 1}, 4),
        ({"tier": "x", "amount": 1}, 5),
    ],
)
def test_what_is_missing_does_no_harm_where_nothing_compares_with_it(fields, fee):
    """``-`` and ``null`` ask nothing of an input, and a row that another cell rules out is out."""
    assert {"fee": fee} == DecisionTable(**FEE, strict=True).decide(fields).outputs


@pytest.mark.parametrize(
    ("fields", "row", "name"),
    [
        ({"tier": "gold"}, 0, "amount"),
        ({"tier": "gold", "amount": None}, 0, "amount"),
        ({"amount": 12}, 0, "tier"),
        ({}, 0, "tier"),
    ],
)
def test_a_cell_that_compares_with_nothing_is_an_error_that_names_the_input(fields, row, name):
    """Where it is not strict a later row answers instead, which nobody may have meant."""
    with pytest.raises(InputError) as caught:
        DecisionTable(**FEE, strict=True).decide(fields)

    assert ("rules.null", row, name) == (caught.value.code, caught.value.facts["row"], caught.value.facts["name"])
    assert DecisionTable(**FEE).decide(fields).outputs["fee"] > 2


def test_a_later_row_is_not_asked_where_the_first_decides_and_is_under_other_policies():
    """Under ``first`` the rows after the deciding one do not matter; under ``collect`` each does."""
    rows = [["-", "1"], ['"gold"', "2"]]
    table = {"name": "t", "inputs": ["tier"], "outputs": {"o": "int"}, "rows": rows, "strict": True}

    assert {"o": 1} == DecisionTable(**table, hit="first").decide({}).outputs
    with pytest.raises(InputError, match="row 1"):
        DecisionTable(**table, hit="collect").decide({})


@pytest.mark.parametrize(
    ("fields", "code", "name"),
    [
        ({"tier": "y", "amount": 12}, "rules.null", "limit"),
        ({"tier": "y", "amount": 101, "limit": 200}, "rules.null", "other"),
        ({"amount": 101, "limit": 200, "other": "y"}, "rules.null", "tier"),
        ({"tier": "y", "limit": 3}, "rules.null_input", "amount"),
    ],
)
def test_cells_and_inputs_that_are_expressions_are_strict_too(fields, code, name):
    """What they read by themselves is named, be it an input or not."""
    with pytest.raises(InputError) as caught:
        DecisionTable(**READING, strict=True).decide(fields)

    assert (code, name) == (caught.value.code, caught.value.facts["name"])


@pytest.mark.parametrize("data", [FEE, READING])
def test_with_every_value_there_a_strict_table_answers_as_any(data):
    """Only what is missing makes a difference."""
    strict, plain = DecisionTable(**data, strict=True), DecisionTable(**data)
    values = product(("gold", "x", "y"), (1, 7, 12, 101), (5, 200), ("y", "x"))
    many = [dict(zip(("tier", "amount", "limit", "other"), each, strict=True)) for each in values]

    assert [plain.decide(fields) for fields in many] == [strict.decide(fields) for fields in many] == strict.decide_many(many)


def test_strict_is_part_of_the_table():
    """It is written, read back, hashed and pickled; ``demanding`` gives the same table."""
    strict, plain = DecisionTable(**FEE, strict=True), DecisionTable(**FEE)

    assert DecisionTable(**strict.to_data()) == pickle.loads(pickle.dumps(strict)) == plain.demanding() == strict
    assert strict != plain
    assert strict.hash == plain.demanding().hash != plain.hash
    assert "strict" not in plain.to_data()
    with pytest.raises(DefinitionError, match="true or false"):
        DecisionTable(**FEE, strict="yes")


def test_the_error_has_its_index_among_many():
    """As any other that stops a batch."""
    with pytest.raises(InputError) as caught:
        DecisionTable(**FEE, strict=True).decide_many([{"tier": "x", "amount": 1}, {"tier": "gold"}])

    assert (1, "amount") == (caught.value.facts["index"], caught.value.facts["name"])


def test_a_strict_workflow_makes_its_tables_strict():
    """The guard that asks a table refuses and names the field; the workflow is written as it was read."""
    source = """
workflow: w
strict: true
initial: new
fields: {tier: {type: string, optional: true}}
tables:
  fee: {hit: first, inputs: [tier], outputs: {total: int}, rows: [['"gold"', "1"], ["-", "2"]]}
states: {new: {}, done: {closed: true}}
transitions: [{event: go, source: new, target: done, when: "table.fee.total == 2"}]
"""
    strict, plain = servflow.load(source), servflow.load(source.replace("strict: true", "strict: false"))
    ticket = strict.open("T-1", at=AT).ticket

    with pytest.raises(servflow.Refused) as caught:
        strict.fire(ticket, "go", at=AT)
    assert ("guard", ("tier",)) == (caught.value.code, caught.value.facts["missing"])
    assert "done" == strict.fire(strict.open("T-1", {"tier": "x"}, at=AT).ticket, "go", at=AT).ticket.state
    assert "done" == plain.fire(plain.open("T-1", at=AT).ticket, "go", at=AT).ticket.state
    assert servflow.load(servflow.dump(strict)) == strict


def test_sheets_and_dmn_keep_it():
    """Neither exchange loses it in silence."""
    from servflow.integrations import dmn, sheets

    strict = DecisionTable(**FEE, strict=True)

    assert strict == sheets.read_csv(sheets.write_csv(strict))
    assert (strict,) == dmn.read_dmn(dmn.write_dmn(strict)).tables
