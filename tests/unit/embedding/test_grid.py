"""A decision table as a table editor shows it, and what is taken back from one."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

import servflow
from servflow.embedding import edit, from_grid, grid
from servflow.errors import InputError

TEXT = """\
workflow: repair
fields: {tier: {type: string, one_of: [gold, silver]}, urgent: bool, price: decimal}
states: {new: {}}
transitions:
  - {event: ask, source: new, internal: true, do: [{set: {price: table.price.amount}}]}
tables:
  price:   # what it costs
    hit: first
    inputs: [tier, {name: urgent}]
    outputs: {amount: decimal}
    rows:
      # The best first.
      - ['"gold"', 'true', '"0"']
      - {id: gold, when: ['"gold"', '-'], then: ['"10"'], note: as agreed}
      - ['-', '-', '"80"']   # all others
"""
TIER, URGENT, AMOUNT = "tables/price/inputs/tier", "tables/price/inputs/urgent", "tables/price/outputs/amount"


def test_columns_say_what_a_cell_may_be_and_rows_have_ids() -> None:
    """Ready for JSON; types and values for pickers come from the fields too."""
    shown = grid(TEXT)

    json.dumps(shown)
    assert [TIER, URGENT, AMOUNT] == [column["id"] for column in shown["columns"]]
    assert ["gold", "silver"] == shown["columns"][0]["values"]
    assert ["string", "bool", "decimal"] == [column["kind_of_value"] for column in shown["columns"]]
    assert "first" == shown["hit"]
    assert {TIER: '"gold"', URGENT: "-", AMOUNT: '"10"'} == shown["rows"][1]["cells"]
    assert ("gold", "as agreed") == (shown["rows"][1]["name"], shown["rows"][1]["note"])
    assert [] == shown["errors"]


def test_a_cell_is_written_in_its_place() -> None:
    """Nothing else in the row changes."""
    source = edit(TEXT)
    shown = grid(source)
    shown["rows"][1]["cells"][AMOUNT] = '"12"'
    shown["rows"][2]["cells"][AMOUNT] = '"90"'

    assert TEXT.replace("'\"10\"'", "'\"12\"'").replace("'\"80\"'", "'\"90\"'") == from_grid(source, shown).text


def test_rows_are_added_removed_and_moved_with_notes_and_periods() -> None:
    """A new row has the id of the editor until it is written; one step of undo."""
    source = edit(TEXT)
    shown = grid(source)
    first, gold, others = shown["rows"]
    new = {"id": "r1", "cells": {TIER: '"silver"', AMOUNT: '"5"'}, "name": "silver", "effective": {"start": "2027-01-01"}}
    gold["note"], gold["labels"] = None, ["old"]

    made = from_grid(source, {**shown, "zone": "Europe/Berlin", "rows": [gold, new, others]})

    assert ['"gold"', '"silver"', "-"] == [row["cells"][TIER] for row in grid(made)["rows"]]
    assert first["id"] not in {row["id"] for row in grid(made)["rows"]}
    assert "{id: gold, when: ['\"gold\"', '-'], then: ['\"10\"'], labels: [old]}" in made.text
    assert {"start": "2027-01-01"} == made.element(made.moved["r1"]).data["effective"]
    assert "# The best first." in made.text
    assert "# all others" in made.text
    assert () == made.findings
    assert source == made.undo()


def test_rows_in_another_order_are_moved_and_not_rewritten() -> None:
    """What moved keeps its id, its quotes and its comments."""
    source = edit(TEXT)
    shown = grid(source)
    shown["rows"].append(shown["rows"].pop(0))

    made = from_grid(source, shown)

    assert [row["id"] for row in shown["rows"]] == [row["id"] for row in grid(made)["rows"]]
    assert sorted(TEXT.splitlines()) == sorted(made.text.splitlines())


def test_columns_are_added_renamed_and_removed() -> None:
    """Every row gets a cell that asks nothing; an output that is renamed is renamed where it is read."""
    source = edit(TEXT)
    shown = grid(source)
    shown["columns"].insert(1, {"id": "c1", "kind": "input", "expr": "size(tier)", "type": "int"})
    shown["columns"].append({"id": "c2", "kind": "output", "name": "tax", "type": "decimal"})
    shown["columns"][3]["name"] = "net"
    shown["rows"][0]["cells"]["c1"] = "> 3"

    made = from_grid(source, shown)

    assert "table.price.net" in made.text
    assert ["tier", {"expr": "size(tier)", "type": "int"}, {"name": "urgent"}] == made.data["tables"]["price"]["inputs"]
    assert {"net": "decimal", "tax": "decimal"} == made.data["tables"]["price"]["outputs"]
    assert ["> 3", "-", "-"] == [row["cells"][made.moved["c1"]] for row in grid(made)["rows"]]
    assert () == made.findings
    back = grid(made)
    back["columns"] = [one for one in back["columns"] if one["label"] not in ("size(tier)", "tax")]
    for row in back["rows"]:
        row["cells"] = {key: cell for key, cell in row["cells"].items() if key in {one["id"] for one in back["columns"]}}
    assert ["tier", {"name": "urgent"}] == from_grid(made, back).data["tables"]["price"]["inputs"]


def test_a_wrong_cell_is_told_by_its_row_and_column() -> None:
    """A table may be wrong while it is edited: the errors stand at the cells."""
    source = edit(TEXT)
    shown = grid(source)
    shown["rows"][1]["cells"][TIER] = '"goldd"'

    errors = grid(from_grid(source, shown), lang="zh")["errors"]

    assert [("tables/price/rows/gold", TIER)] == [(one["row"], one["column"]) for one in errors]


def test_one_table_alone_is_shown_too() -> None:
    """A table without a workflow, as a host that only decides has it."""
    table = servflow.load(TEXT).tables["price"]

    assert "price" == grid(table)["name"]
    assert 3 == len(grid(table)["rows"])


def broken(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    shown = copy.deepcopy(grid(TEXT))
    change(shown)
    return shown


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda one: one.pop("name"), "the name of its table"),
        (lambda one: one.update(name="prize"), "did you mean 'tables/price'"),
        (lambda one: one.pop("rows"), "rows: it is a list"),
        (lambda one: one["rows"].append({"id": "x"}), r"rows\[3\].cells"),
        (lambda one: one["rows"].append(one["rows"][0]), "used twice"),
        (lambda one: one["rows"][0]["cells"].update(nope="1"), "there is no column 'nope'"),
        (lambda one: one["rows"][0]["cells"].update({TIER: object()}), "plain data"),
        (lambda one: one["columns"].append({"id": "x", "kind": "both"}), "an input or an output"),
        (lambda one: one["columns"].append({"id": "x", "kind": "input"}), "a name or an expression"),
        (lambda one: one["columns"][0].update(kind="output"), "cannot become an output"),
        (lambda one: (one["columns"].pop(), [row["cells"].pop(AMOUNT) for row in one["rows"]]), "is named elsewhere"),
    ],
)
def test_what_is_no_grid_is_refused_with_its_place(change: Callable[[dict[str, Any]], Any], told: str) -> None:
    """Strangers send these: the path is told, and nothing is changed."""
    with pytest.raises(InputError, match=told):
        from_grid(TEXT, broken(change))


def test_rows_that_say_the_same_are_told_apart_while_others_come_go_and_move() -> None:
    """Somebody presses *add a row* in several places: empty rows are alike, and each stays where it was put."""
    source = edit(TEXT)
    shown = grid(source)
    new = [{"id": f"n{number}", "cells": {}, "note": None} for number in range(3)]
    shown["rows"] = [new[0], *shown["rows"][:1], new[1], *shown["rows"][1:], new[2]]

    made = from_grid(source, shown)
    ids = [row["id"] for row in grid(made)["rows"]]
    again = grid(made)
    again["rows"] = [again["rows"][index] for index in (5, 2, 1, 3, 4)]
    again["rows"][0]["cells"][AMOUNT] = '"5"'
    last = from_grid(made, again)

    assert ["-", '"gold"', "-", '"gold"', "-", "-"] == [row["cells"][TIER] for row in grid(made)["rows"]]
    assert [ids[0], ids[2], ids[5]] == [made.moved[f"n{number}"] for number in range(3)]
    assert ['"5"', "-", '"0"', '"10"', '"80"'] == [row["cells"][AMOUNT] for row in grid(last)["rows"]]
    assert source == made.undo()


def test_ids_that_are_counted_anew_are_told() -> None:
    """Adding, removing and moving one of several that say the same changes the ids of others: ``moved`` says to which."""
    source = edit("tables: {t: {inputs: [a], outputs: {n: int}, rows: [['-', '1'], ['-', '2'], ['-', '3']]}}\n")
    one, two, three = (id_ for id_ in source.elements if "/rows/" in id_)

    added = source.add("tables/t/rows", ["-", "0"], before=one)
    removed = source.remove(one)
    moved = source.move(three, before=one)

    assert (one, {one: two, two: three, three: f"{one}#4"}) == (added.added, added.moved)
    assert {two: one, three: two} == removed.moved
    assert {three: one, one: two, two: three} == moved.moved
