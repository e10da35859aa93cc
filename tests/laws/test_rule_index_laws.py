"""Knows that the index of an input says of every value what its cells say; must not know hit policies or outputs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.errors import InputError
from servflow.rules import DecisionTable
from servflow.rules._cells import read_cell
from servflow.rules._index import Column

WRITTEN = {
    "number": ["0", "1", "2", "2.5", "3", "-1"],
    "string": ['"x"', '"y"', '"2.5"', '""'],
    "bool": ["true", "false"],
    "timestamp": ['timestamp("2027-01-01T00:00:00Z")', 'timestamp("2027-01-02T00:00:00+08:00")'],
    "duration": ['duration("1h")', 'duration("90m")'],
}
VALUES: list[Any] = [
    *(None, True, False, -2, -1, 0, 1, 2, 3, 4, 0.5, 1.0, 2.5, 2.75, float("nan"), float("inf"), 10**30),
    *(Decimal("2.5"), Decimal(1), Decimal("NaN"), Decimal("-7.25")),
    *("", "w", "x", "xx", "y", "2.5", "z", b"x", [], [1], [1, 2], ["x", 2], {"x": 1}),
    *(datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, 12, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
    *(timedelta(hours=1), timedelta(minutes=75), timedelta(hours=2)),
]

kinds = st.sampled_from(sorted(WRITTEN))
comparisons = kinds.flatmap(
    lambda kind: st.builds(
        lambda sign, value: f"{sign} {value}",
        st.sampled_from(["<", "<=", ">", ">=", "=", "!="]),
        st.sampled_from(WRITTEN[kind]),
    )
)
ranges = kinds.flatmap(
    lambda kind: st.builds(
        lambda opening, low, high, closing: f"{opening}{low}..{high}{closing}",
        st.sampled_from("[(]"),
        st.sampled_from(WRITTEN[kind]),
        st.sampled_from(WRITTEN[kind]),
        st.sampled_from("])["),
    )
)
lone = st.sampled_from(["null", "[1, 2]", '["x", 2]', *(text for texts in WRITTEN.values() for text in texts)])
alternatives = st.lists(st.one_of(lone, comparisons, ranges), min_size=1, max_size=4).map(", ".join)
cells = st.one_of(st.just("-"), alternatives, alternatives.map(lambda text: f"not({text})"))


@given(st.lists(cells, min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_an_indexed_column_takes_the_values_its_cells_take(texts: list[str]) -> None:
    """Lists, several ranges, differences and what is none of them, for values of every kind and of no kind."""
    tests = [read_cell(text) for text in texts]
    masks: dict[Any, int] = {}
    for row, test in enumerate(tests):
        masks[test] = masks.get(test, 0) | 1 << row
    column = Column(masks, len(tests))

    for value in VALUES:
        expected = [test.as_decimal() if isinstance(value, Decimal) else test for test in tests]

        assert [test.holds(value, {}) for test in expected] == [
            bool(column.mask(value) >> row & 1) for row in range(len(tests))
        ]


def test_cells_with_several_ranges_and_without_some_are_found_without_asking_them() -> None:
    """What a column keeps answers for every value: no cell is left to be tested one after the other."""
    texts = ["[1..3), [5..8], > 20", "not([4..6])", "not(> 2, 1)", "<= 7", "[2..4], [3..9]"]
    column = Column({read_cell(text): 1 << row for row, text in enumerate(texts)}, len(texts))

    assert column.shares
    assert [0b01110, 0b11111, 0b11010, 0b11001, 0b10011, 0b00011] == [column.mask(value) for value in (0, 2, 3, 6, 8, 21)]


edges = st.sampled_from(
    [-(2**63) - 1, -(2**63), -1, 0, 4, 5, 6, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**40, True, 5.0, "5", None]
)


@given(
    st.sampled_from([None, "int", "uint", "double", "decimal", "bool", "string"]),
    st.booleans(),
    st.lists(edges, min_size=1, max_size=6),
)
@settings(max_examples=200, deadline=None)
def test_what_a_table_remembers_of_a_number_changes_nothing(kind: str | None, listed: bool, asked: list[Any]) -> None:
    """Each value alone, again, and all together: as a table that never saw a value before says, or the same refusal."""

    def made() -> DecisionTable:
        one_of = {"one_of": [0, 5, 2**63 - 1, -(2**63)]} if listed and kind == "int" else {}
        column = {"name": "n", **({"type": kind} if kind else {}), **one_of}
        cells = ["> -1", "[0..5)", "not([4..6], 0)"] if kind not in ("bool", "string") else ["-"]
        rows = [[cell, str(number)] for number, cell in enumerate(cells)]
        return DecisionTable(name="t", hit="collect", inputs=[column], outputs={"out": "int"}, rows=rows)

    def said(table: DecisionTable, value: Any) -> Any:
        try:
            return repr(table.decide({"n": value}))
        except InputError as error:
            return error.facts

    expected = [said(made(), value) for value in asked]
    table = made()

    assert expected == [said(table, value) for value in asked]
    assert expected == [said(table, value) for value in asked]

    refused = [{**answer, "index": index} for index, answer in enumerate(expected) if isinstance(answer, dict)]
    for used in (table, made()):
        try:
            together: Any = [repr(each) for each in used.decide_many({"n": value} for value in asked)]
        except InputError as error:
            together = error.facts

        assert (refused[0] if refused else expected) == together
