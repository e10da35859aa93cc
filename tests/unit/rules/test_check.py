"""Knows what the check of a table must find and what it must leave alone; must not know how it searches."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from servflow.documents import load
from servflow.errors import InputError
from servflow.expressions import FieldType
from servflow.rules import DecisionTable


def table(hit: str, *rows: Any, inputs: Any = ("a", "b"), outputs: Any = None) -> DecisionTable:
    return DecisionTable(name="t", hit=hit, inputs=list(inputs), outputs=outputs or {"o": "int"}, rows=list(rows))


def found(made: DecisionTable, *args: Any, **options: Any) -> list[tuple[str, str]]:
    return [(finding.code, finding.path) for finding in made.check(*args, **options)]


def test_a_row_behind_a_wider_one_is_unreachable() -> None:
    """The witness matches the row, and another row decides it."""
    made = table("first", ["> 1", "-", "1"], ["-", '"x"', "2"], ["> 5", '"x"', "3"], ["-", "-", "4"])

    (finding,) = made.check()

    assert ("rules.unreachable", "rows[2]", "warning") == (finding.code, finding.path, finding.severity)
    assert 0 == finding.facts["by"] == made.decide(finding.witness).matched[0]
    assert finding.witness["a"] > 5
    assert "x" == finding.witness["b"]
    assert "with a=6, b='x' it matches, but row 0 comes first" in finding.message()


def test_a_row_behind_several_that_cover_it_together_is_unreachable() -> None:
    """No single row need cover it."""
    rows = (["true", "-", "1"], ["false", "-", "2"], ["null", "-", "3"], ["-", '"x"', "4"])

    assert [("rules.unreachable", "rows[3]")] == found(table("first", *rows, inputs=({"name": "a", "type": "bool"}, "b")))


@pytest.mark.parametrize(("column", "odd"), [("a", "text"), ({"name": "a", "type": "double"}, float("nan"))])
def test_values_that_no_cell_can_order_are_looked_at_too(column: Any, odd: Any) -> None:
    """An input without a type may hold another kind of value, and a double may be no number: a row that takes these decides."""
    made = table("first", ["< 5", "1"], [">= 5", "1"], ["not(null)", "2"], inputs=[column])

    assert [("rules.mergeable", "rows[0]")] == found(made)
    assert "< 5, >= 5" == made.check()[0].facts["cell"]
    assert (2,) == made.decide({"a": odd}).matched


def test_a_gap_is_told_no_wider_than_a_cell_can_say_it() -> None:
    """A row of these cells takes nothing that another row takes."""
    made = table(
        "unique", ['"x"', ">= 2", "1"], ["-", "2, true", "2"], ["-", "< 1", "3"], inputs=({"name": "a", "type": "string"}, "b")
    )

    gaps = [finding for finding in made.check() if finding.code == "rules.gap"]
    assert gaps
    for finding in gaps:
        cells = [finding.facts["region"].get(name, "-") for name in "ab"]
        more = table("unique", *(row.to_data() for row in made.rows), [*cells, "9"], inputs=made.inputs)
        assert (3,) == more.decide(finding.witness).matched
        assert "b" in finding.facts["region"]


def test_rows_that_never_decide_do_not_keep_others() -> None:
    """Where they go too, and where they stay, the same is decided without the first."""
    made = table("first", ["-", "1"], ["-", "1"], ["-", "2"], inputs=["a"], outputs={"o": {"type": "int", "default": 1}})

    assert [("rules.unreachable", "rows[1]"), ("rules.unreachable", "rows[2]"), ("rules.redundant", "rows[0]")] == found(made)


def test_under_priority_the_better_output_shadows() -> None:
    """The order of the rows does not matter there."""
    outputs = {"o": {"type": "int", "one_of": [1, 2]}}

    assert [("rules.unreachable", "rows[0]")] == found(table("priority", ["> 5", "-", "2"], ["-", "-", "1"], outputs=outputs))
    assert [] == found(table("priority", ["> 5", "-", "1"], ["-", "-", "2"], outputs=outputs))


def test_a_row_no_value_can_match_is_found_under_every_policy() -> None:
    """An empty range matches nothing."""
    made = table("collect", ["[5..1]", "-", "1"], ["-", "-", "2"])

    (finding,) = made.check()

    assert ("rules.never", "rows[0]") == (finding.code, finding.path)
    assert (1,) == made.decide(finding.witness).matched


def test_overlapping_rows_of_a_unique_table_are_errors_with_a_witness() -> None:
    """The witness makes decide refuse."""
    made = table("unique", ["<= 5", "-", "1"], ["> 5", "-", "2"], ["5", "-", "3"])

    (finding,) = made.check()

    assert ("rules.overlap", "rows[2]", "error") == (finding.code, finding.path, finding.severity)
    with pytest.raises(InputError) as caught:
        made.decide(finding.witness)
    assert (0, 2) == caught.value.rows


def test_rows_of_an_any_table_may_overlap_where_they_agree() -> None:
    """Only a disagreement is found."""
    agreeing = table("any", ["> 1", "-", "1"], ["-", "-", "1"])
    made = table("any", ["> 1", "-", "1"], ["-", "-", "1"], ["-", '"x"', "2"])

    assert [("rules.redundant", "rows[0]")] == found(agreeing)
    assert [("rules.conflicting", "rows[2]"), ("rules.conflicting", "rows[2]"), ("rules.redundant", "rows[0]")] == found(made)


@pytest.mark.parametrize(
    ("rows", "source", "witness"),
    [
        ([["< 5", "1"], ["> 5", "2"]], "a", 5),
        ([["< 5", "1"], ["[5..7)", "2"], ["> 7", "2"]], "a", 7),
        ([['"x"', "1"]], {"name": "a", "one_of": ["x", "y"]}, "y"),
        ([["true", "1"]], "a", False),
        ([['"x"', "1"]], "a", "other"),
        ([["<= 1.5", "1"], [">= 1.6", "1"]], {"name": "a", "type": "decimal"}, Decimal("1.55")),
        ([["<= duration('1h')", "1"], ["> duration('2h')", "1"]], "a", timedelta(hours=2)),
        ([["null", "1"]], "a", "other"),
    ],
)
def test_values_no_row_matches_are_a_gap(rows: Any, source: Any, witness: Any) -> None:
    """The witness is a value for which nothing is decided."""
    made = table("unique", *rows, inputs=[source])

    (finding,) = (finding for finding in made.check() if finding.severity != "info")

    assert ("rules.gap", {"a": witness}) == (finding.code, finding.witness)
    assert None is made.decide(finding.witness).outputs


def test_what_is_complete_has_no_gap() -> None:
    """Listed values, both bools, neighbouring whole numbers and defaults close it; null is asked for by name."""
    listed = table("unique", ['"x"', "1"], ['"y"', "2"], inputs=[{"name": "a", "one_of": ["x", "y"]}])
    whole = table("unique", ["<= 5", "1"], [">= 6", "2"], inputs=["a"])

    assert [] == found(listed)
    assert [("rules.gap", "rows")] == found(listed, nulls=True)
    assert {"a": None} == listed.check(nulls=True)[0].witness
    assert [] == found(table("unique", ["true", "1"], ["false", "2"], inputs=["a"]))
    assert [] == found(whole, {"a": "int"})
    assert [("rules.gap", "rows")] == found(whole, {"a": "double"})
    assert [] == found(table("first", ['"x"', "1"], inputs=["a"], outputs={"o": {"type": "int", "default": 0}}))
    assert [] == found(table("collect", ['"x"', "1"], inputs=["a"]))


def test_field_types_say_which_values_there_are() -> None:
    """A field's listed values count as the input's own."""
    made = table("first", ['"x"', "1"], ['"y"', "2"], inputs=["a"])

    assert [("rules.gap", "rows")] == found(made, {"a": "string"})
    assert [] == found(made, {"a": FieldType("string", ("x", "y"))})


def test_two_columns_of_one_field_are_one_field() -> None:
    """A witness gives the field one value that both columns see."""
    made = table("unique", ["> 1", "< 5", "1"], [">= 5", "-", "2"], ["<= 1", "-", "3"], inputs=["a", "a"])

    assert [] == found(made)


def test_a_path_is_nested_in_the_witness() -> None:
    """The witness can be given to decide as it is."""
    made = table("unique", ["1", "2"], inputs=["payload.x"])

    (finding,) = made.check()

    assert {"payload": {"x": finding.witness["payload"]["x"]}} == finding.witness
    assert None is made.decide(finding.witness).outputs


def test_what_reads_fields_is_said_to_be_undecided() -> None:
    """What is certain is still found; the rest is named once."""
    made = table("first", ["> limit", "-", "1"], ["-", "-", "2"], ["-", '"x"', "3"])

    findings = made.check()

    assert [("rules.unreachable", "rows[2]"), ("rules.not_decided", "rows")] == [(item.code, item.path) for item in findings]
    assert (0,) == findings[1].facts["rows"]
    assert [("rules.not_decided", "rows")] == found(table("unique", ["1", "1"], ["-", "2"], inputs=["a + b"]))


def test_a_large_table_is_checked_exactly() -> None:
    """Hundreds of rows over four fields: every row found dead is dead, and none is left undecided."""
    rows = [
        [f"[{i * 7 % 500}..{i * 7 % 500 + 3}]", f"> {i * 11 % 400}", f"< {i * 13 % 300}", f"!= {i}", str(i)] for i in range(300)
    ]
    made = table("first", *rows, ["-", "-", "-", "-", "0"], ["5", "-", "-", "-", "0"], inputs=["a", "b", "c", "d"])

    findings = made.check()

    assert [("rules.unreachable", "rows[301]")] == [(item.code, item.path) for item in findings if item.severity != "info"][-1:]
    assert "rules.not_decided" not in {finding.code for finding in findings}
    for finding in findings:
        if finding.code == "rules.unreachable":
            assert finding.facts["row"] not in made.decide(finding.witness).matched


def test_what_the_steps_do_not_suffice_for_is_said() -> None:
    """The rows that were not decided are named; pairs are compared whatever the steps."""
    rows = [[f"[{i}..{i + 5}]", f"[{i * 3 % 7}..{i * 5 % 11 + 2}]", str(i)] for i in range(40)]
    made = table("first", *rows, ["[3..9]", "[2..3]", "1"], ["[3..4]", "[2..3]", "2"])

    findings = made.check(steps=0)

    unsure = [finding for finding in findings if finding.code == "rules.not_decided"]
    assert [("size",)] == [finding.facts["reasons"] for finding in unsure]
    assert {finding.facts["row"] for finding in made.check() if finding.code == "rules.unreachable"} <= {
        *unsure[0].facts["rows"],
        *(finding.facts["row"] for finding in findings if finding.code == "rules.unreachable"),
    }


def test_findings_are_said_in_both_languages() -> None:
    """No sentence is left with an empty place."""
    made = table("unique", ["<= 5", "-", "1"], ["5", "-", "2"], ["[5..1]", "-", "3"], ["> limit", "> 8", "4"])

    for finding in made.check():
        for lang in ("en", "zh"):
            assert "<" not in finding.message(lang).replace("<=", "")
            assert finding.code in finding.text(lang)


def test_a_workflow_tells_what_is_wrong_with_its_tables_where_they_stand() -> None:
    """With the types of its fields."""
    text = """
servflow: 1
workflow: visits
initial: a
fields: {safe: {type: bool}, amount: {type: int}}
states: {a: {closed: true}}
tables:
  fee:
    hit: first
    inputs: [safe, amount]
    outputs: {fee: {type: int, default: 0}}
    rows:
      - ['true', '-', '1']
      - ['false', '-', '2']
      - ['null', '-', '3']
      - ['-', '> 5', '4']
"""
    (finding,) = [each for each in load(text).check() if each.code.startswith("rules.")]

    assert ("rules.unreachable", "tables.fee.rows[3]", (0, 1, 2)) == (finding.code, finding.path, finding.facts["rows"])
