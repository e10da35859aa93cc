"""Knows what holds for every table that leaves as CSV, rows or DMN and comes back; must not know how it is written."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from servflow.documents import load_tables, save_tables
from servflow.errors import DefinitionError, ExpressionError, ServflowError
from servflow.integrations.dmn import read_dmn, write_dmn
from servflow.integrations.sheets import from_rows, read_csv, to_rows, write_csv
from servflow.rules import DecisionTable

CELLS = {
    "amount": [
        *(
            "-",
            ">= 3",
            "[1..5)",
            "]1..5[",
            "not(3)",
            "null",
            "not(null)",
            "= 3",
            "-5",
            "-5.50",
            "1,5",
            "1,000",
            "!= 3",
            "+1",
            "5-3",
        ),
        *("amount > limit", "amount >= limit - 1 && amount < 7", "> limit", "[limit..9]", "limit", "not(> 3)", "1, 5"),
        *('amount * decimal("1.1") > limit', "!(limit == 3)", "limit != 3", "limit in [1, 2]", "decimal(amount) / 3 > limit"),
    ],
    "tier": [
        *("-", '"gold", "silver"', 'not("gold")', "null", '"a\\"b", "x\\ny"', '"黄金，“”"', "'si'", "'=x'", '"it\'s"', "other"),
        *("tier.startsWith('g')", "!(tier in ['gold'])", 'other == "x" || tier == "gold"', '["gold", "silver"]', '> "b"', '""'),
    ],
    "flag": ["-", "true", "false", "null", "not(true)", "!= true"],
    "amount > limit": ["-", "true", "false", "null"],
    "opened": ["-", '>= timestamp("2026-01-01T00:00:00Z")', '< timestamp("2026-06-01T00:00:00+08:00")'],
    "span": ["-", '> duration("26h")', '[duration("0s")..duration("36h")]'],
}
TYPES = {"amount": "decimal", "tier": "string", "flag": "bool", "opened": "timestamp", "span": "duration"}
TYPES["amount > limit"] = "bool"
RESULTS = {
    "decimal": ["0", '"12.50"', "1.5", "amount * 2", "limit + 1", "-", "amount > 3 ? amount : limit", "null", "-1", "- amount"],
    "string": ['"a"', "tier", '"q" + "r"', "-", "'=y'", "flag ? 'a' : tier", "null"],
    "bool": ["true", "flag", "amount >= 3", "-"],
    "int": ["5", "-3", "limit"],
}
DEFAULTS: dict[str, Any] = {"decimal": "1.50", "string": "=5", "bool": False, "int": 7}
TEXTS = [
    "",
    "r1",
    "=1+1",
    "'x",
    " pad ",
    "-",
    "a\r\nb",
    "@x",
    "说明，“x”",
    "type: a",
    "'",
    "0012",
    "TRUE",
    "<&>",
    "_sf.1",
    "a b",
]
PERIODS = [
    {"start": "2026-01-01"},
    {"start": "2026-01-01T00:00:00Z", "end": "2027-01-01"},
    {"end": "2026-03-01T00:00:00+05:00"},
]


@st.composite
def tables(draw: st.DrawFn) -> DecisionTable:
    """Tables with every form of cell, and texts that spreadsheets and XML take for something else."""
    names = draw(st.lists(st.sampled_from(sorted(CELLS)), max_size=3))
    inputs = []
    for name in names:
        column: dict[str, Any] = {"name": name, "type": TYPES[name]}
        if draw(st.booleans()):
            column |= {"name": draw(st.sampled_from(["in: x", "note", "=col", " lead", '"q"', "a,b;c", "费用"])), "expr": name}
        inputs.append(column)
    outputs: dict[str, Any] = {}
    for name in draw(
        st.lists(st.sampled_from(["fee", "result 1", "out: x", "=y", "labels"]), min_size=1, max_size=2, unique=True)
    ):
        kind = draw(st.sampled_from(sorted(RESULTS)))
        outputs[name] = {"type": kind, "default": draw(st.sampled_from([None, DEFAULTS[kind]]))}
    rows = []
    for number in range(draw(st.integers(0, 4))):
        row: dict[str, Any] = {
            "when": [draw(st.sampled_from(CELLS[name])) for name in names],
            "then": [draw(st.sampled_from(RESULTS[spec["type"]])) for spec in outputs.values()],
        }
        if draw(st.booleans()):
            row |= {"id": f"{draw(st.sampled_from(TEXTS))}{number}", "note": draw(st.sampled_from(TEXTS))}
            row |= {"labels": draw(st.lists(st.sampled_from(["vip", "a,b", '"q"', "=x", "it's"]), max_size=2))}
        if draw(st.integers(0, 3)) == 0:
            row["effective"] = draw(st.sampled_from(PERIODS))
        rows.append(row)
    try:
        return DecisionTable(
            name=draw(st.sampled_from(["fee", "a: b", '"t"', "=t"])),
            hit=draw(st.sampled_from(["first", "unique", "any", "collect", "rule order", "collect count"])),
            version=draw(st.sampled_from([None, 3, "3", "v1"])),
            zone="Asia/Shanghai",
            inputs=inputs,
            outputs=outputs,
            rows=rows,
        )
    except DefinitionError:  # two versions of a row that overlap
        assume(False)
        raise


FIELDS = st.fixed_dictionaries(
    {
        "amount": st.sampled_from([None, Decimal(3), Decimal(-5), Decimal("-5.50"), Decimal(4), Decimal(1), 5]),
        "limit": st.sampled_from([Decimal(3), 2, 3]),
        "tier": st.sampled_from([None, "gold", "si", "x\ny", "b", "=x"]),
        "other": st.sampled_from(["gold", "x"]),
        "flag": st.sampled_from([None, True, False]),
        "opened": st.sampled_from([None, datetime(2026, 2, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC)]),
        "span": st.sampled_from([None, timedelta(hours=30), timedelta(0)]),
        "at": st.sampled_from([datetime(year, 2, 15, tzinfo=UTC) for year in (2025, 2026, 2027)]),
    }
)


def _decided(table: DecisionTable, fields: dict[str, Any]) -> Any:
    try:
        return table.decide(fields).outputs
    except ExpressionError:
        return ...
    except ServflowError as error:
        return error.code


@given(tables(), st.sampled_from([",", ";", "\t"]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_csv_gives_an_equal_table(table: DecisionTable, delimiter: str, safe: bool) -> None:
    """What was written as CSV, with any separator and with care for formulas or without, reads as an equal table."""
    text = write_csv(table, delimiter=delimiter, safe=safe)

    assert table == read_csv(text, delimiter=delimiter)
    assert table == read_csv(b"\xef\xbb\xbf" + text.encode(), delimiter=delimiter)
    assert table == from_rows(to_rows(table, safe=safe))


@given(tables())
@settings(max_examples=40, deadline=None)
def test_no_cell_of_a_safe_sheet_is_a_formula(table: DecisionTable) -> None:
    """A spreadsheet takes no cell of what was written for a formula."""
    for row in to_rows(table):
        for cell in row:
            if isinstance(cell, str):
                assert cell == "-" or re.fullmatch(r"-[0-9.]+", cell) or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


@given(tables(), st.sampled_from(["1.3", "1.4", "1.5"]), FIELDS)
@settings(max_examples=40, deadline=None)
def test_dmn_gives_an_equal_table_that_decides_the_same(table: DecisionTable, version: str, fields: dict[str, Any]) -> None:
    """Written as DMN it reads as an equal table; without our own attributes (types aside) every answer is the same."""
    text = write_dmn(table, version=version)
    bare = re.sub(r' servflow:(cell|value|values|expr|name|untyped|note|labels|id|start|end|version|zone)="[^"]*"', "", text)

    assert table == read_dmn(text).table()
    answer = _decided(table, fields)
    assert answer is ... or answer == _decided(read_dmn(bare).table(), fields)


@given(tables())
@settings(max_examples=40, deadline=None)
def test_a_section_of_tables_loads_alone(table: DecisionTable) -> None:
    """Tables saved as a section of a definition load as equal ones."""
    assert {table.name: table} == load_tables(save_tables([table]))


@given(st.text(max_size=60) | st.text(alphabet='[]()<>=!,.?@"\\ \n-+*/0123456789eEaif not', max_size=40))
@settings(max_examples=40, deadline=None)
def test_any_text_as_feel_is_read_or_refused(text: str) -> None:
    """Whatever stands in an entry, the answer is a table or findings with a place."""
    cleaned = re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
    said = cleaned.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    document = f"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"><decision id="d" name="d"><decisionTable>
      <input><inputExpression typeRef="number"><text>a</text></inputExpression></input><output name="o" typeRef="string"/>
      <rule><inputEntry><text>{said}</text></inputEntry><outputEntry><text>{said}</text></outputEntry></rule>
      </decisionTable></decision></definitions>"""
    found: tuple[Any, ...] = ()
    try:
        read_dmn(document)
    except DefinitionError as error:
        found = error.findings

    assert all(finding.line is not None and finding.text("zh") for finding in found)


@given(
    st.lists(st.lists(st.text(max_size=12) | st.none() | st.booleans() | st.integers() | st.floats() | st.dates(), max_size=5))
)
@settings(max_examples=40, deadline=None)
def test_any_rows_are_read_or_refused(rows: list[list[Any]]) -> None:
    """Whatever a sheet holds, the answer is a table or findings, each at a cell."""
    found: tuple[Any, ...] = ()
    try:
        from_rows(rows)
    except DefinitionError as error:
        found = error.findings

    assert all(re.fullmatch(r"[A-Z]+[0-9]+", finding.path) and finding.text("zh") for finding in found)


@given(st.text(max_size=80))
@settings(max_examples=40, deadline=None)
def test_any_text_as_csv_is_read_or_refused(text: str) -> None:
    """Whatever a text holds, the answer is a table or an error of ours."""
    with suppress(ServflowError):
        read_csv(f"a,out: b\n{text}")
