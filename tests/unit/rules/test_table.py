"""Knows what a decision table gives under each hit policy and how it is written; must not know its index."""

from __future__ import annotations

import json
import pickle
from datetime import timedelta
from decimal import Decimal, localcontext
from typing import Any

import pytest

from servflow.errors import DefinitionError, InputError
from servflow.expressions import FieldType
from servflow.rules import Decision, DecisionTable

FEE: dict[str, Any] = {
    "name": "fee",
    "hit": "first",
    "inputs": ["warranty", "category"],
    "outputs": {"total": "decimal"},
    "rows": [['"in_warranty"', "-", '"0"'], ["-", '"ac"', '"180"'], ["-", "-", '"120"']],
}


def table(hit: str, *rows: list[str], outputs: Any = None, inputs: Any = ("x",)) -> DecisionTable:
    return DecisionTable(name="t", hit=hit, inputs=list(inputs), outputs=outputs or {"o": "int"}, rows=list(rows))


def codes(error: DefinitionError) -> list[tuple[str, str]]:
    return [(finding.path, finding.code) for finding in error.findings]


@pytest.mark.parametrize(
    ("warranty", "category", "row", "total"),
    [("in_warranty", "ac", 0, "0"), ("out", "ac", 1, "180"), ("out", "washer", 2, "120"), (None, None, 2, "120")],
)
def test_the_first_matching_row_decides(warranty: str, category: str, row: int, total: str) -> None:
    """The fee table of the guide, with each cell and the value it was given as the reason."""
    decision = DecisionTable(**FEE).decide({"warranty": warranty, "category": category})

    cells = FEE["rows"][row]
    why = (
        {
            "row": row,
            "inputs": (
                {"input": "warranty", "cell": cells[0], "value": warranty},
                {"input": "category", "cell": cells[1], "value": category},
            ),
        },
    )
    assert Decision({"total": Decimal(total)}, (row,), why) == decision


def test_the_fee_table_has_nothing_wrong_with_it() -> None:
    """A catch-all row closes every gap and shadows nothing."""
    assert () == DecisionTable(**FEE).check()
    types = {"warranty": FieldType("string", ("in_warranty", "extended", "out")), "category": "string"}
    assert () == DecisionTable(**FEE).typed(types)


def test_unique_gives_the_only_match_and_refuses_two() -> None:
    """Two matches under unique are an error that names the rows and their values."""
    decided = table("unique", ["< 5", "1"], ["> 3", "2"])

    assert {"o": 1} == decided.decide({"x": 1}).outputs
    with pytest.raises(InputError) as caught:
        decided.decide({"x": 4})

    assert ("rules.not_unique", "t", (0, 1)) == (caught.value.code, caught.value.table, caught.value.rows)
    assert "table t: rows 0, 1 all match, but its hit policy is unique" == caught.value.message


def test_any_accepts_rows_that_agree_and_refuses_rows_that_do_not() -> None:
    """Rows that match together must say the same."""
    decided = table("any", ["< 5", "1"], ["> 3", "1"], ["> 8", "2"])

    assert ({"o": 1}, (0, 1)) == (decided.decide({"x": 4}).outputs, decided.decide({"x": 4}).matched)
    with pytest.raises(InputError) as caught:
        decided.decide({"x": 9})

    assert "rules.conflict" == caught.value.code


def test_priority_takes_the_output_listed_first() -> None:
    """The order of one_of ranks outputs; several ranked outputs rank in their own order."""
    outputs = {"level": {"type": "string", "one_of": ["high", "low"]}, "days": {"type": "int", "one_of": [1, 2, 3]}}
    decided = table("priority", ["-", '"low"', "1"], ["> 1", '"high"', "3"], ["> 2", '"high"', "2"], outputs=outputs)

    assert {"level": "low", "days": 1} == decided.decide({"x": 1}).outputs
    assert {"level": "high", "days": 2} == decided.decide({"x": 3}).outputs
    assert (2, 1, 0) == decided.decide({"x": 3}).matched
    assert [2] == [reason["row"] for reason in decided.decide({"x": 3}).why]


def test_output_order_sorts_and_rule_order_and_collect_do_not() -> None:
    """All matches come back, sorted by priority or as the rows stand."""
    outputs = {"o": {"type": "int", "one_of": [3, 2, 1]}}
    rows = (["-", "1"], ["-", "3"], ["> 1", "2"], ["-", "3"])

    assert [{"o": 3}, {"o": 3}, {"o": 2}, {"o": 1}] == table("output order", *rows, outputs=outputs).decide({"x": 2}).outputs
    assert (1, 3, 2, 0) == table("output order", *rows, outputs=outputs).decide({"x": 2}).matched
    for hit in ("collect", "rule order"):
        assert [{"o": 1}, {"o": 3}, {"o": 2}, {"o": 3}] == table(hit, *rows, outputs=outputs).decide({"x": 2}).outputs
        assert [] == table(hit, ["1", "1"]).decide({"x": 2}).outputs


@pytest.mark.parametrize(("hit", "expected", "empty"), [("sum", 8, None), ("min", 1, None), ("max", 5, None), ("count", 3, 0)])
def test_collect_with_an_operator_gives_a_plain_number(hit: str, expected: int, empty: int | None) -> None:
    """Equal outputs count each time; of nothing there is a count and no sum."""
    decided = table(f"collect {hit}", ["> 0", "1"], ["> 0", "2"], ["> 0", "5"], ["> 9", "100"])

    assert expected == decided.decide({"x": 1}).outputs
    assert empty == decided.decide({"x": 0}).outputs


def test_sums_are_exact_whatever_the_caller_does_with_decimals() -> None:
    """The ambient decimal context of the caller plays no part."""
    decided = table("collect sum", ["-", '"0.1"'], ["-", '"0.2"'], ["-", "1000"], outputs={"o": "decimal"})

    with localcontext(prec=2):
        assert Decimal("1000.3") == decided.decide({}).outputs
    spans = table("collect sum", ["-", "duration('1h')"], ["-", "duration('30m')"], outputs={"o": "duration"})
    assert timedelta(minutes=90) == spans.decide({}).outputs


@pytest.mark.parametrize(
    ("hit", "cells"),
    [
        ("collect sum", ['"a"', "1"]),
        ("collect max", ['"a"', "1"]),
        ("collect sum", ["9223372036854775807", "1"]),
        ("collect sum", ["[1]"]),
    ],
)
def test_an_operator_that_cannot_work_on_the_values_says_so(hit: str, cells: list[str]) -> None:
    """Values without a common sum or order are an error of the input, not of Python."""
    decided = table(hit, *(["-", cell] for cell in cells), outputs={"o": "any"})

    with pytest.raises(InputError) as caught:
        decided.decide({})

    assert "rules.aggregate" == caught.value.code


def test_nothing_matching_gives_none_or_the_default() -> None:
    """A default of any output makes a whole result; a list policy keeps its shape."""
    outputs = {"o": {"type": "int", "default": 7}, "p": "string"}

    assert None is table("first", ["1", "1"]).decide({"x": 2}).outputs
    assert ({"o": 7, "p": None}, ()) == (
        table("first", ["1", "1", '"a"'], outputs=outputs).decide({"x": 2}).outputs,
        table("first", ["1", "1", '"a"'], outputs=outputs).decide({"x": 2}).matched,
    )
    assert [{"o": 7, "p": None}] == table("collect", ["1", "1", '"a"'], outputs=outputs).decide({"x": 2}).outputs
    assert 7 == table("collect sum", ["1", "1"], outputs={"o": {"type": "int", "default": 7}}).decide({"x": 2}).outputs
    assert {"o": 7, "p": "a"} == table("first", ["1", "-", '"a"'], outputs=outputs).decide({"x": 1}).outputs


def test_output_cells_are_expressions_over_the_fields() -> None:
    """What a row gives may be computed; it is held to the type of its output."""
    decided = table("first", ["1", "n * 2"], ["2", "size(words)"], ["3", "name"], ["4", "missing"])

    assert {"o": 10} == decided.decide({"x": 1, "n": 5}).outputs
    assert {"o": 2} == decided.decide({"x": 2, "words": ["a", "b"]}).outputs
    assert {"o": None} == decided.decide({"x": 4}).outputs
    with pytest.raises(InputError) as caught:
        decided.decide({"x": 3, "name": "five"})

    assert ("rules.result", 2, "o") == (caught.value.code, caught.value.row, caught.value.output)
    total = table("first", ["-", "vip ? '0' : '12.50'"], outputs={"o": "decimal"})
    assert {"o": Decimal("12.50")} == total.decide({"vip": False}).outputs


def test_rows_may_carry_an_id_and_a_note_into_the_reasons() -> None:
    """A row written as a mapping says in every decision who it is."""
    row = {"when": ["1"], "then": ["2"], "id": "R-7", "note": "agreed with finance"}
    decided = DecisionTable(name="t", hit="first", inputs=["x"], outputs={"o": "int"}, rows=[row])

    (reason,) = decided.decide({"x": 1}).why

    assert ("R-7", "agreed with finance") == (reason["id"], reason["note"])
    assert [row] == decided.to_data()["rows"]


def test_a_table_is_its_document() -> None:
    """Document, pickle and spelling make no difference; content does."""
    made = DecisionTable(**FEE)

    assert FEE == made.to_data()
    assert made == DecisionTable(**json.loads(json.dumps(made.to_data())))
    assert made == pickle.loads(pickle.dumps(made))
    assert hash(made) == hash(DecisionTable(**FEE))
    assert made == DecisionTable(**{**FEE, "hit": " First "})
    assert made != DecisionTable(**{**FEE, "rows": FEE["rows"][:2]})
    assert made != FEE
    bare = DecisionTable(name="t", hit="first", inputs=["x"], outputs={"o": "int"}, rows=[[True, 5]])
    assert bare == DecisionTable(name="t", hit="first", inputs=["x"], outputs={"o": "int"}, rows=[["true", "5"]])


def test_a_document_keeps_what_columns_declare() -> None:
    """Types, values and defaults come back, exact numbers as text."""
    data = {
        "name": "t",
        "hit": "priority",
        "inputs": [{"name": "a", "type": "decimal", "one_of": ["1.50"]}, {"name": "n", "expr": "a + a"}],
        "outputs": {"o": {"type": "decimal", "one_of": ["2.0", "1"], "default": "1"}},
        "rows": [["-", "-", '"2.0"']],
    }

    assert data == DecisionTable(**data).to_data()


def test_all_problems_come_at_once_in_document_order() -> None:
    """Every wrong part is reported with its place, not only the first."""
    with pytest.raises(DefinitionError) as caught:
        DecisionTable(
            name="",
            hit="frist",
            inputs=["a", 3, {"name": "b", "kind": "string"}],
            outputs={"o": "innt", "p": {"type": "int", "default": "x"}},
            rows=[["<", "(((", "-", "1", '"a"'], ["1"], "text", {"when": ["1", "-", "-"], "than": ["1", "2"]}],
        )

    assert [
        ("name", "rules.text"),
        ("hit", "rules.hit"),
        ("inputs[1]", "rules.input_form"),
        ("inputs[2]", "rules.unknown_key"),
        ("outputs.o", "rules.unknown_type"),
        ("outputs.p.default", "rules.value"),
        ("rows[0][0]", "rules.cell"),
        ("rows[0][1]", "rules.cell"),
        ("rows[0][4]", "rules.output_value"),
        ("rows[1]", "rules.row_length"),
        ("rows[2]", "rules.row_form"),
        ("rows[3]", "rules.unknown_key"),
        ("rows[3]", "rules.row_length"),
    ] == codes(caught.value)
    assert "did you mean 'first'?" in caught.value.findings[1].hint()


@pytest.mark.parametrize(
    ("hit", "outputs", "code"),
    [
        ("priority", {"o": "int"}, "rules.no_order"),
        ("output order", {"o": "int"}, "rules.no_order"),
        ("collect sum", {"o": "int", "p": "int"}, "rules.one_output"),
        ("collect sum", {"o": "string"}, "rules.aggregate_type"),
        ("collect max", {"o": "bool"}, "rules.aggregate_type"),
    ],
)
def test_a_policy_that_cannot_work_on_the_outputs_is_refused(hit: str, outputs: Any, code: str) -> None:
    """Priorities need an order, operators one output they can work on."""
    with pytest.raises(DefinitionError) as caught:
        DecisionTable(name="t", hit=hit, inputs=["x"], outputs=outputs, rows=[])

    assert [code] == [finding.code for finding in caught.value.findings]


@pytest.mark.parametrize(
    "part", [{"inputs": "x"}, {"outputs": []}, {"outputs": {}}, {"rows": "x"}, {"rows": {"a": 1}}, {"hit": None}]
)
def test_parts_of_another_shape_are_findings(part: dict[str, Any]) -> None:
    """Nothing but a definition error comes of a definition that is no table."""
    with pytest.raises(DefinitionError):
        DecisionTable(**{**FEE, **part})


def test_cells_outside_the_declared_values_are_refused() -> None:
    """A constant of another type or outside one_of can never hold, so it is a mistake."""
    inputs = [{"name": "tier", "type": "string", "one_of": ["gold", "silver"]}, {"name": "n", "type": "int"}]
    with pytest.raises(DefinitionError) as caught:
        DecisionTable(
            name="t",
            hit="first",
            inputs=inputs,
            outputs={"o": {"type": "string", "one_of": ["a"]}},
            rows=[['"glod"', "-", '"a"'], ["-", '"5"', '"a"'], ["-", "-", '"b"']],
        )

    assert [
        ("rows[0][0]", "rules.never_holds"),
        ("rows[1][1]", "rules.cell_type"),
        ("rows[2][2]", "rules.output_value"),
    ] == codes(caught.value)


def test_reads_are_all_names_any_cell_needs() -> None:
    """Inputs, cells and outputs count; constants read nothing."""
    made = table("first", ["a > limit", "1"], ["2", "n + customer.level"], inputs=["payload.x"])

    assert frozenset({"payload.x", "a", "limit", "n", "customer.level"}) == made.reads


def test_typed_finds_what_only_the_field_types_show() -> None:
    """Unknown names, other types and values no field can have are found before the first ticket."""
    made = DecisionTable(
        name="t",
        hit="first",
        inputs=["teir", "amount", "tier"],
        outputs={"o": "int"},
        rows=[
            ["-", '"12.50"', '"gold"', "1"],
            ["-", '"much"', '"glod"', "amount"],
            ["-", "> limit", "5", "tier"],
            ["-", "tier", "-", "lenght + 1"],
        ],
    )
    types = {"tier": FieldType("string", ("gold", "silver")), "amount": "decimal", "limit": "decimal"}

    found = made.typed(types)

    assert [
        ("inputs[0]", "rules.unknown_name"),
        ("rows[1][1]", "rules.cell_type"),
        ("rows[1][2]", "rules.never_holds"),
        ("rows[2][2]", "rules.cell_type"),
        ("rows[2][3]", "rules.output_type"),
        ("rows[3][1]", "rules.cell_type"),
        ("rows[3][3]", "rules.cell"),
    ] == [(finding.path, finding.code) for finding in found]
    assert "tier" == found[0].facts["nearest"]


def test_explain_says_for_each_row_what_stands_against_it() -> None:
    """The first input that does not fit, with its value and the comparisons of a condition, in both languages."""
    made = table("first", ["> 5", "1"], ["amount > limit", "2"], ["-", "3"])
    fields = {"x": 3, "amount": 1, "limit": 2}

    first, second, third = made.explain(fields)

    assert (0, False, "x", "> 5", 3) == tuple(first[key] for key in ("row", "matches", "input", "cell", "value"))
    assert "row 0 does not match: x is 3, and the cell asks for > 5" == first["text"]
    assert 1 == len(second["lines"])
    assert {"row": 2, "matches": True, "text": "row 2 matches"} == third
    assert "第 0 行不匹配：x 为 3，单元格要求 > 5" == made.explain(fields, lang="zh")[0]["text"]


def test_a_large_table_keeps_its_answers() -> None:
    """With more masks than are kept, the rest is derived."""
    rows = [[f"[{index}..{index + 3})", str(index)] for index in range(6_000)]
    made = table("first", *rows)

    for value in (0, 1, 2.5, 3_000, 5_999, 6_001):
        assert {"o": max(0, int(value) - 2)} == made.decide({"x": value}).outputs
    assert None is made.decide({"x": 6_002}).outputs


@pytest.mark.parametrize("hit", ["first", "rule order"])
def test_lists_and_maps_are_plain(hit: str) -> None:
    """An output that is a list or a map is the list or dict that the expression gives, and the caller's own."""
    cells = {"any": "[1, 'a', {'b': [2]}]", "list": "[1]", "map": "{'a': [n]}"}
    decided = DecisionTable(
        name="t", hit=hit, inputs=["n"], outputs={kind: {"type": kind} for kind in cells}, rows=[["> 1", *cells.values()]]
    )
    found: Any = decided.decide({"n": 2}).outputs
    one = found[0] if hit == "rule order" else found

    assert {"any": [1, "a", {"b": [2]}], "list": [1], "map": {"a": [2]}} == one
    one["any"].append(3)
    again: Any = decided.decide({"n": 2}).outputs
    assert [1, "a", {"b": [2]}] == (again[0] if hit == "rule order" else again)["any"]
