"""Holds spreadsheets to the tables they stand for, and mistakes to their cells; must not know how a table decides."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from servflow.errors import DefinitionError, InputError
from servflow.expressions import Function
from servflow.integrations.sheets import from_rows, read_csv, to_rows, write_csv
from servflow.rules import DecisionTable

FEES = """warranty,category,out: fee,id,note
"""
FEES += '"""in_warranty""",,0,r1,"free,\nalways"\n'
FEES += '-,"""ac"", ""fridge""",180,r2,\n'
FEES += ",,120,,\n"

FULL = DecisionTable(
    name="fees",
    hit="first",
    zone="Asia/Shanghai",
    version=3,
    inputs=[
        "warranty",
        {"name": "how far", "expr": "distance / 1000", "type": "int"},
        {"name": "tier", "one_of": ["gold", "silver"]},
    ],
    outputs={"fee": {"type": "decimal", "default": "0.50"}, "band": {"type": "string", "one_of": ["high", "low"]}},
    rows=[
        {"when": ["-", "= 3", '"gold"'], "then": ["-", '"low"'], "id": "r1", "note": "=SUM(A1)", "labels": ["vip", "a, b"]},
        {
            "when": ["not(true)", "[1..5)", "-"],
            "then": ["distance * 2", '"high"'],
            "effective": {"start": "2026-01-01", "end": "2027-01-01T00:00:00Z"},
        },
        ["null", "-5", "-", "1.50", "null"],
    ],
)


def _findings(read: Any) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        read()
    assert all(finding.text("zh") for finding in caught.value.findings)
    return [str(finding) for finding in caught.value.findings]


def test_a_plain_sheet() -> None:
    """Column names and rows are enough; an empty cell is anything, and blank lines are passed over."""
    table = read_csv(FEES + "\n\n" + "-,-,1,,\n")

    assert ("table", "unique", ("warranty", "category")) == (table.name, table.hit, tuple(one.name for one in table.inputs))
    assert {"fee": "any"} == {name: output.to_data() for name, output in table.outputs.items()}
    assert ('"in_warranty"', "-") == table.rows[0].when
    assert ("r1", "free,\nalways") == (table.rows[0].id, table.rows[0].note)
    assert 4 == len(table.rows)


def test_everything_a_table_has() -> None:
    """Name, policy, zone, version, types, values, defaults, expressions, ids, notes, periods and labels come back."""
    text = write_csv(FULL)

    assert FULL == read_csv(text)
    assert FULL == from_rows(to_rows(FULL))
    assert text.splitlines()[:6] == [
        "table: fees,hit: first,zone: Asia/Shanghai,version: 3",
        "warranty,how far,tier,out: fee,out: band,id,note,start,end,labels",
        ",type: int,,type: decimal,type: string,,,,,",
        ',,"one of: ""gold"", ""silver""",,"one of: ""high"", ""low""",,,,,',
        ',,,"default: decimal(""0.50"")",,,,,,',
        ",expr: distance / 1000,,,,,,,,",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_what_spreadsheets_write(end: str, delimiter: str, mark: bytes) -> None:
    """Separators are found, all but unusual ones; marks, line ends and empty cells at the end do no harm."""
    empty = delimiter * 3
    text = end.join([delimiter.join(["a", "b", "out: c"]) + empty, delimiter.join(['"""x"""', "TRUE", "5"]) + empty, empty, ""])
    table = read_csv(mark + text.encode(), delimiter=delimiter if delimiter == "|" else None)

    assert (('"x"', "true"), ("5",)) == (table.rows[0].when, table.rows[0].then)


def test_sep_line_and_utf16() -> None:
    """The line that names the separator, and UTF-16, are what some spreadsheets write."""
    text = 'sep=;\r\na;out: b\r\n"""黄金""";1\r\n'

    assert ('"黄金"',) == read_csv(text).rows[0].when == read_csv(text.encode("utf-16")).rows[0].when
    assert ('"黄金"',) == read_csv(text.encode("gb18030"), encoding="gb18030").rows[0].when
    with pytest.raises(InputError, match="gb18030"):
        read_csv(text.encode("gb18030"))


def test_values_of_libraries() -> None:
    """Numbers, bools, dates and None are what they are; dates are local in the sheet's zone."""
    rows: list[list[Any]] = [
        ["zone: Asia/Shanghai", None],
        ["a", "b", "opened", "span", "out: fee", "id", "start"],
        [5.0, True, datetime(2026, 1, 1), timedelta(hours=2), Decimal("1.50"), 7, date(2026, 1, 1)],
        [1.25, None, datetime(2026, 1, 1, tzinfo=UTC), None, 1e15, None, None],
        [None] * 7,
    ]
    table = from_rows(rows)

    assert ("5", "true", 'timestamp("2025-12-31T16:00:00Z")', 'duration("7200s")') == table.rows[0].when
    row = table.rows[0]
    assert ("1.50", "7", {"start": "2025-12-31T16:00:00Z"}) == (row.then[0], row.id, row.to_data()["effective"])
    assert ("1.25", "-", 'timestamp("2026-01-01T00:00:00Z")', "-") == table.rows[1].when
    assert ("1000000000000000",) == table.rows[1].then
    found = _findings(lambda: from_rows([["a", "b", "out: c"], [float("nan"), date(2026, 1, 1), time(9)]]))
    assert found[0].startswith("A2: nan cannot be a cell; a cell is text")
    assert found[1].startswith("B2: datetime.date(2026, 1, 1) has no offset, and the sheet names no zone; write 'zone: ")
    assert found[2].startswith("C2: datetime.time(9, 0) cannot be a cell")


def test_every_problem_at_its_cell() -> None:
    """All mistakes are told at once, in the order of the sheet, with what to write instead."""
    text = 'a;b;out：fee;;type: x\n“gold”;1,5;gold;lost;\n> ;silver, "x";9;;\nnot(bronze);1,000;＞5;;\n'
    found = _findings(lambda: read_csv(text, name="t"))

    assert ["C1", "E1", "A2", "B2", "C2", "D2", "A3", "B3", "A4", "B4", "C4"] == [line.split(":")[0] for line in found]
    assert 'write "gold" [' in found[2]
    assert "write 1.5 for one number, or 1, 5 with a blank" in found[3]
    assert 'write "silver", "x" for a text' in found[7]
    assert 'write not("bronze") for a text' in found[8]
    assert "write >5 [" in found[10]


def test_problems_of_the_table_at_their_cells() -> None:
    """What the table itself finds is told at the cell it stands in."""
    text = (
        "table: t,hit: frist,zone: Mars\n"
        "a,b,out: fee,id,start,end\n"
        "type: strin,expr: 1 +,type: int\n"
        ',one of: 5,default: "x"\n'
        "1,2,x y z,r1,2026-01-01,2025-01-01\n"
        ',,"""no""",r1,yesterday,\n'
    )
    found = _findings(lambda: read_csv(text, words="names"))

    assert {"B1", "C1", "A3", "B3", "C4", "C5", "C6", "E6"} <= {line.split(":")[0] for line in found}


def test_outputs_may_be_named() -> None:
    """A sheet without marks is told which columns are outputs, or that somebody must say so."""
    text = "a,fee\n1,5\n"

    assert ("fee",) == tuple(read_csv(text, outputs=["fee"]).outputs)
    found = _findings(lambda: read_csv(text))
    assert "B1: no column is an output; write 'out: ' before the heading of each result, such as 'out: fee'" in found[0]
    assert any("did you mean 'fee'?" in line for line in _findings(lambda: read_csv(text, outputs=["fees"])))


def test_bare_words() -> None:
    """A word without quotes is a text, a field, or told, as the caller or the sheet says."""
    text = 'tier,out: band\ngold,low\n"not(gold, silver)",tier\n'

    table = read_csv(text, words="text")
    assert (('"gold"',), ('"low"',)) == (table.rows[0].when, table.rows[0].then)
    assert (('not("gold", "silver")',), ("tier",)) == (table.rows[1].when, table.rows[1].then)
    assert ("gold",) == read_csv(text, words="names").rows[0].when == read_csv("words: names\n" + text).rows[0].when
    assert 3 == len(_findings(lambda: read_csv(text)))


def test_columns_named_like_marks() -> None:
    """An input that is called like a column for people is marked; nothing is mistaken for another."""
    table = DecisionTable(
        name="table: x",
        hit="first",
        inputs=["id", "note", {"name": "out: y", "expr": "a"}],
        outputs={"id": "any", "in: z": "any", "type: q": "any"},
        rows=[{"when": ["1", "2", "3"], "then": ["4", "5", "6"], "id": "x"}],
    )

    assert table == read_csv(write_csv(table))


def test_settings() -> None:
    """The letters of DMN stand for hit policies; an argument wins over what the sheet says."""
    assert "collect sum" == read_csv("hit: C+\nout: a\n1\n").hit
    assert "mine" == read_csv("table: theirs\na,out: b\n1,2\n", name="mine").name
    assert "3" == read_csv('table: t,"version: ""3"""\na,out: b\n1,2\n').version
    assert 2 == len(_findings(lambda: read_csv("hit: first,hit: any,oops\na,out: b\n1,2\n")))


def test_decimals_are_exact() -> None:
    """A default and listed values of an exact column never pass through a binary fraction."""
    table = read_csv('out: fee\ntype: decimal\ndefault: 0.1\n"one of: 0.1, 0.30"\n0.30\n')

    assert (Decimal("0.1"), (Decimal("0.1"), Decimal("0.3"))) == (table.outputs["fee"].default, table.outputs["fee"].one_of)


def test_host_functions() -> None:
    """Cells may call what the host registers."""
    double = Function("twice", ("int",), "int", lambda value: value * 2)
    table = read_csv("a,out: b\n-,twice(a)\n", functions={"twice": double})

    assert {"b": 6} == table.decide({"a": 3}).outputs


def test_files(tmp_path: Path) -> None:
    """A file names its table, unless the sheet or the caller does."""
    path = tmp_path / "fees.csv"
    path.write_text("a,out: b\n1,2\n", "utf-8")

    assert ("fees", "fees", "t") == (read_csv(path).name, read_csv(str(path)).name, read_csv(path, name="t").name)
    with pytest.raises(OSError, match="nowhere"):
        read_csv("nowhere.csv")


@pytest.mark.parametrize(
    "cell", ["2026/1/5", "> 2026-01-05", "[2026-01-01..2026-12-31]", "1-5", "[1-5]", '"a", 3 / 4', "12 - 2"]
)
def test_what_looks_like_a_date_is_never_calculated(cell: str) -> None:
    """A date or a range as people write it would be a sum; it is refused at its cell unless the sheet says that it is one."""
    rows = [["a", "out: o"], [cell, "1"], ["1", cell if cell[0].isdigit() else "-"]]

    found = _findings(lambda: from_rows(rows))
    assert "[sheet.date]" in found[0]
    assert found[0].startswith("A2")
    if ".." not in cell and not cell.startswith("["):
        table = from_rows([["dates: sums"], *rows])
        assert table == from_rows(to_rows(table))


@pytest.mark.parametrize("detail", ["default: ", "one of: ", "type: ", "expr: "])
def test_hostile_details(detail: str) -> None:
    """What is said of a column is bounded too."""
    assert _findings(lambda: from_rows([["a", "out: b"], [None, detail + "x" * 100_000]]))


def test_a_default_that_looks_like_a_date_is_refused() -> None:
    """What is known of a column is not calculated either."""
    found = _findings(lambda: read_csv("a,out: o\n,default: 2026-01-05\n1,2\n"))
    assert "[sheet.date]" in found[0]


@pytest.mark.parametrize("cell", ["-5", "amount - 1", "amount / 2 > 3", '"2026-01-05"', "'1-5'", "> -3", "[-5..-1]", "-"])
def test_what_is_no_date_is_left_alone(cell: str) -> None:
    """Negative numbers, texts and calculations with fields are cells as they stand."""
    assert cell == from_rows([["amount", "out: o"], [cell, "1"]], words="names").rows[0].when[0]


@pytest.mark.parametrize(
    "read",
    [
        lambda: read_csv('a,"b\n'),
        lambda: read_csv('a,"b"c\n'),
        lambda: read_csv(5),  # type: ignore[arg-type]  # what a host may pass
        lambda: read_csv("a", delimiter=",,"),
        lambda: read_csv("a", words="maybe"),
        lambda: read_csv("a", outputs="a"),
        lambda: read_csv("a\n" * 60_000),
        lambda: read_csv("a," * 200 + "\n" + "1," * 200),
        lambda: read_csv(b"\xff\xff"),
        lambda: read_csv("x" * 200_000 + "\n"),
        lambda: from_rows("a,b"),
        lambda: from_rows([1, 2]),  # type: ignore[list-item]  # as above
        lambda: from_rows(None),  # type: ignore[arg-type]  # as above
    ],
)
def test_what_is_no_sheet(read: Any) -> None:
    """What cannot be read at all is one sentence."""
    with pytest.raises(InputError) as caught:
        read()

    assert 15 < len(str(caught.value)) < 400


@pytest.mark.parametrize("text", ["", "\n\n", ",,\n", "\ufeff", "table: x\n"])
def test_an_empty_sheet(text: str) -> None:
    """A sheet without headings says what to write."""
    assert "[sheet.empty]" in _findings(lambda: read_csv(text))[0]


@pytest.mark.parametrize(
    "cell",
    [
        "[" * 9_000,
        "not(" * 2_000,
        '"' + '\\"' * 60_000,
        '"' * 3_000,
        "1," * 3_000,
        "，" * 5_000,
        "a " * 4_000,
        "x" * 100_000,
        "1" * 9_000 + ",000",
    ],
)
def test_hostile_cells(cell: str) -> None:
    """Long and deep cells are findings, soon."""
    assert _findings(lambda: from_rows([["a", "out: b"], [cell, cell]]))
