"""Characters that only look right are told with what was meant, never taken for text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from servflow.documents import load
from servflow.errors import DefinitionError
from servflow.rules import DecisionTable


def findings(**given: Any) -> tuple[Any, ...]:
    parts: dict[str, Any] = {"name": "t", "hit": "first", "inputs": ["amount"], "outputs": {"fee": "any"}, "rows": []}
    with pytest.raises(DefinitionError) as caught:
        DecisionTable(**{**parts, **given})
    return caught.value.findings


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("＞ 3", "> 3"),
        ("≥3", ">=3"),
        ("“gold”，“silver”", '"gold","silver"'),
        ("［1..5］", "[1..5]"),
        ("（1…5）", "(1..5)"),
        ('not（"x"）', 'not("x")'),
        ("—", "-"),
        ("−3", "-3"),
        ("３", "3"),
        ("amоunt > 3", "amount > 3"),
        ("ｎull", "null"),
        ("\ufeff3", "3"),
    ],
)
def test_a_cell_that_only_looks_right_is_told_with_what_was_meant(cell: str, meant: str) -> None:
    """In an input cell and in an output cell, in both languages."""
    (finding,) = findings(rows=[[cell, "1"]])

    assert ("rules.cell", "rows[0][0]", meant) == (finding.code, finding.path, finding.facts["nearest"])
    assert meant in finding.text()
    assert meant in finding.text("zh")
    if meant in ("-3", "3", "null"):
        assert meant == findings(rows=[["-", cell]])[0].facts["nearest"]


def test_no_advice_is_given_that_cannot_be_read_either() -> None:
    """Text in quotes is as it is, and stays so."""
    (finding,) = findings(rows=[['“， "，"', "1"]])

    assert "nearest" not in finding.facts
    assert DecisionTable(name="t", inputs=["x"], outputs={"o": "string"}, rows=[['"，＞"', '"（）"']])


def test_names_that_only_look_like_others_are_told() -> None:
    """Columns of both kinds; a name of another script is a name."""
    assert [("rules.look_alike", "inputs[0]", "tier")] == [
        (finding.code, finding.path, finding.facts["nearest"]) for finding in findings(inputs=["tіer"])
    ]
    assert "rules.look_alike" == findings(inputs=[{"name": "ａmount", "type": "int"}])[0].code
    assert [("rules.look_alike", "outputs.tоtal")] == [
        (finding.code, finding.path) for finding in findings(outputs={"tоtal": "int"})
    ]
    assert DecisionTable(name="费用", inputs=["金额", "сумма"], outputs={"费": "int"}, rows=[])


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"rows": [[float("nan"), "1"]]}, "rules.cell_text", "rows[0][0]"),
        ({"rows": [[Decimal("Infinity"), "1"]]}, "rules.cell_text", "rows[0][0]"),
        ({"rows": [['double("NaN")', "1"]]}, "rules.nan", "rows[0][0]"),
        ({"rows": [['not([0..double("NaN")])', "1"]]}, "rules.nan", "rows[0][0]"),
        ({"rows": [["> null", "1"]]}, "rules.order_null", "rows[0][0]"),
        ({"rows": [["-", '"\ud800"']]}, "rules.cell_text", "rows[0][1]"),
        ({"rows": [["9223372036854775808", "1"]]}, "rules.cell", "rows[0][0]"),
        ({"rows": [['decimal("1e999999999")', "1"]]}, "rules.cell", "rows[0][0]"),
        ({"rows": [["x" * 10_001, "1"]]}, "rules.cell", "rows[0][0]"),
        ({"rows": [["(" * 9_999, "1"]]}, "rules.cell", "rows[0][0]"),
        ({"rows": [["-", "1"]] * 50_001}, "rules.rows_form", "rows"),
        ({"name": "\ud800"}, "rules.words", "name"),
        ({"name": "n" * 201}, "rules.words", "name"),
        ({"rows": [{"when": ["-"], "then": ["1"], "id": "\ud800"}]}, "rules.words", "rows[0].id"),
        ({"rows": [{"when": ["-"], "then": ["1"], "labels": ["a", " "]}]}, "rules.text", "rows[0].labels[1]"),
        ({"rows": [{"when": ["-"], "then": ["1"], "labels": "peak"}]}, "rules.labels", "rows[0].labels"),
        ({"inputs": [{"name": "x", "type": "double", "one_of": [float("nan")]}]}, "rules.value", "inputs[0].one_of[0]"),
    ],
)
def test_what_nothing_could_match_or_keep_is_a_finding(given: dict[str, Any], code: str, path: str) -> None:
    """Positioned, whatever it is; nothing is silently false."""
    finding = findings(**given)[0]

    assert (code, path) == (finding.code, finding.path)
    assert len(finding.text().encode()) < 50_000


def test_a_document_tells_a_field_that_was_meant() -> None:
    """Where the fields are declared, by their names."""
    with pytest.raises(DefinitionError) as caught:
        load(
            "servflow: 1\nworkflow: w\ninitial: a\nstates: {a: {}}\nfields: {tier: {type: string}}\n"
            "tables: {t: {hit: first, inputs: [teir], outputs: {o: int}, rows: [['-', '1']]}}"
        )

    assert [("rules.unknown_name", "tier")] == [(item.code, item.facts["nearest"]) for item in caught.value.findings]
