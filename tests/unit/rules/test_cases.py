"""Holds the cases beside a table to what they expect: read with the table, run by it, and told why they fail."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from servflow.errors import DefinitionError
from servflow.rules import DecisionTable, failed_cases, unreached

ROWS = [
    {"id": "warranty", "when": ['"in"', "-"], "then": ['"0"', '"free"']},
    {"id": "large", "when": ["-", "> 200.00"], "then": ['"80"', '"reduced"']},
    ["-", ">= 0", '"120"', '"full"'],
]


def fee(*cases: Any, hit: str = "first", **more: Any) -> DecisionTable:
    parts = {"rows": ROWS, "inputs": ["warranty", {"name": "amount", "type": "decimal"}], **more}
    outputs = {"total": "decimal", "kind": "string"}
    return DecisionTable(**{"name": "fee", "hit": hit, "outputs": outputs, "cases": list(cases), **parts})


def results(made: DecisionTable) -> list[bool]:
    return [result.passed for result in made.run_cases()]


def test_cases_compare_outputs_rows_or_both() -> None:
    """Values are read in their types; of the outputs those that are named count; null means that no row matches."""
    made = fee(
        {"given": {"warranty": "in", "amount": "20"}, "expected": {"total": "0.00"}, "row": "warranty"},
        {"given": {"warranty": "out", "amount": "200.01"}, "expected": {"total": 80, "kind": "reduced"}},
        {"given": {"amount": "20"}, "row": 2},
        {"given": {"amount": "-1"}, "expected": None, "row": None},
        {"given": {"amount": "20"}, "row": "large"},
        {"given": {"amount": "20"}, "expected": {"total": "121"}},
        {"given": {"amount": "20"}, "expected": None},
    )

    assert [True, True, True, True, False, False, False] == results(made)


def test_a_policy_of_several_rows_compares_lists() -> None:
    """A list of outputs and a list of rows, in order; one row stands for a list of it; a sum for itself."""
    several = fee(
        {"given": {"warranty": "in", "amount": 300}, "expected": [{"total": 0}, {"total": 80}, {"kind": "full"}]},
        {"given": {"warranty": "in", "amount": 300}, "row": ["warranty", 1, 2]},
        {"given": {"amount": 5}, "row": 2},
        {"given": {"warranty": "in", "amount": 300}, "row": [0, 1]},
        {"given": {"warranty": "in", "amount": 300}, "expected": [{"total": 0}]},
        hit="rule order",
    )
    rows = [["> 1", '"2.50"'], ["> 2", '"1"']]
    case = {"given": {"x": 3}, "expected": "3.50"}
    added = DecisionTable(name="t", hit="collect sum", inputs=["x"], outputs={"o": "decimal"}, rows=rows, cases=[case])

    assert [True, True, True, False, False] == results(several)
    assert [True] == results(added)


def test_a_failed_case_says_why_in_both_languages() -> None:
    """The row that was meant, named or found by what is expected, and what stands against it."""
    made = fee(
        {"name": "big bill", "given": {"warranty": "out", "amount": "180.00"}, "expected": {"total": "80"}},
        {"given": {"warranty": "in", "amount": "500"}, "row": "large"},
    )

    first, second = failed_cases(made, made.run_cases())

    assert ("rules.case_failed", "cases[0]", "error") == (first.code, first.path, first.severity)
    assert 'table fee, case 0 (big bill): expected total = 80; it gives total = 120, kind = "full", by row 2' == first.message()
    assert "row 1 (large) does not match: amount is 180.00, and the cell asks for > 200.00" == first.hint()
    assert "row 1 (large) matches, but row 0 (warranty) comes first" == second.hint()
    assert "期望 total = 80" in first.message("zh")
    assert "单元格要求 > 200.00" in first.hint("zh")
    assert {"warranty": "out", "amount": Decimal("180.00")} == first.witness


def test_a_case_of_a_table_that_cannot_decide_fails_with_its_error() -> None:
    """A contradiction is no crash of the check: the case says what the table says."""
    made = DecisionTable(
        name="t",
        hit="unique",
        inputs=["x"],
        outputs={"o": "int"},
        rows=[["> 1", "1"], ["< 5", "2"]],
        cases=[{"given": {"x": 3}, "row": 0}],
    )

    (finding,) = failed_cases(made, made.run_cases())

    assert "rows 0, 1 all match, but its hit policy is unique" in finding.message()


def test_cases_ask_for_their_instant() -> None:
    """Under effective dates each case says when; without it it fails and says what is missing."""
    rows = [
        {"id": "old", "when": ["-"], "then": ["1"], "effective": {"end": "2026-01-01T00:00:00Z"}},
        {"id": "new", "when": ["-"], "then": ["2"], "effective": {"start": "2026-01-01T00:00:00Z"}},
    ]
    cases: list[Any] = [
        {"at": "2025-12-31T23:59:59Z", "row": "old"},
        {"at": datetime(2026, 1, 1, tzinfo=UTC), "row": "new"},
        {"row": "new"},
    ]
    made = DecisionTable(name="t", hit="first", inputs=["x"], outputs={"o": "int"}, rows=rows, cases=cases)

    assert [True, True, False] == results(made)
    assert made == DecisionTable(**made.to_data())


def test_field_types_are_known_where_they_are_given() -> None:
    """An input without a type takes that of the workflow's field; what does not fit is told with the types."""
    made = DecisionTable(
        name="t", hit="first", inputs=["due"], outputs={"o": "int"}, rows=[['> duration("2h")', "1"]],
        cases=[{"given": {"due": "3h"}, "row": 0}, {"given": {"due": "soon"}, "row": 0}],
    )  # fmt: skip

    assert [True, False] == [result.passed for result in made.run_cases({"due": "duration"})]
    assert ["cases[1].given.due"] == [finding.path for finding in made.typed({"due": "duration"})]


def test_rows_no_case_reaches() -> None:
    """A row is reached where it is behind an answer, whether or not the case passes."""
    made = fee({"given": {"warranty": "in", "amount": 300}, "row": 0}, {"given": {"amount": 5}, "row": 1})

    assert (1,) == unreached(made, made.run_cases())


def test_cases_are_written_as_they_were_and_decide_nothing() -> None:
    """They survive the document and change neither answers nor the table's hash."""
    case = {"name": "n", "given": {"amount": "20.00"}, "expected": None, "row": None}

    made = fee(case)

    assert [case] == made.to_data()["cases"]
    assert made == fee(*made.cases) == DecisionTable(**made.to_data())
    assert (True, True) == (made.hash == fee().hash, made != fee())


@pytest.mark.parametrize(
    ("case", "path", "code"),
    [
        ("x", "cases[0]", "rules.case_form"),
        ({"given": {}}, "cases[0]", "rules.case_nothing"),
        ({"given": {}, "row": 0, "expcted": 1}, "cases[0]", "rules.unknown_key"),
        ({"given": {"amuont": 1}, "row": 0}, "cases[0].given.amuont", "rules.case_name"),
        ({"given": {"amount": "much"}, "row": 0}, "cases[0].given.amount", "rules.case_value"),
        ({"given": [1], "row": 0}, "cases[0].given", "rules.case_value"),
        ({"row": 3}, "cases[0].row", "rules.case_row"),
        ({"row": True}, "cases[0].row", "rules.case_row_form"),
        ({"row": [0]}, "cases[0].row", "rules.case_row_form"),
        ({"row": "larg"}, "cases[0].row", "rules.case_row"),
        ({"expected": {"totl": 1}}, "cases[0].expected.totl", "rules.case_name"),
        ({"expected": {"total": "much"}}, "cases[0].expected.total", "rules.case_value"),
        ({"expected": {}}, "cases[0].expected", "rules.case_expected"),
        ({"expected": [1]}, "cases[0].expected", "rules.case_expected"),
        ({"row": 0, "at": "2026-01-01T00:00:00"}, "cases[0].at", "rules.case_at"),
        ({"row": 0, "name": ""}, "cases[0].name", "rules.text"),
        ({"row": 0, "given": {"amount": float("nan")}}, "cases[0].given.amount", "rules.case_value"),
    ],
)
def test_a_case_that_says_nothing_sound_is_a_finding(case: Any, path: str, code: str) -> None:
    """Each mistake is told where it stands, and the table does not load."""
    with pytest.raises(DefinitionError) as caught:
        fee(case)

    assert [(path, code)] == [(finding.path, finding.code) for finding in caught.value.findings]


def test_mistakes_come_with_what_was_probably_meant() -> None:
    """A name that is nearly one of the table's is asked back, and there may not be too many cases."""
    with pytest.raises(DefinitionError) as caught:
        fee({"given": {"amuont": 1}, "row": "larg"})
    with pytest.raises(DefinitionError) as many:
        fee(*[{"row": 0}] * 5_001)

    assert ["amount", "large"] == [finding.facts["nearest"] for finding in caught.value.findings]
    assert ["rules.cases_form"] == [finding.code for finding in many.value.findings]
