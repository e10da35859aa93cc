"""Holds the commands for decision tables to what they say and leave; must not know how tables are read."""

from __future__ import annotations

import json
from pathlib import Path

import servflow
from servflow.documents import load_tables
from servflow.integrations.dmn import read_dmn
from servflow.integrations.sheets import read_csv
from tests.unit.cli.conftest import Run

SHEET = 'warranty,out: fee\n"""in_warranty""",0\n-,120\n'
WORKFLOW = """
workflow: repair
fields: {warranty: {type: string}, region: {type: string}, fee: {type: decimal, default: "0"}}
initial: new
states: {new: {}, done: {closed: true}}
transitions:
  - {event: finish, source: new, target: done, do: [{set: {fee: table.fee.total}}]}
tables:
  zone: {hit: first, inputs: [region], outputs: {far: bool}, rows: [['"north"', 'true'], ['-', 'false']]}
  fee:
    hit: first
    inputs: [warranty, table.zone.far]
    outputs: {total: decimal}
    rows: [['"in_warranty"', '-', '0'], ['-', 'true', '"180"'], ['-', '-', '"120"']]
"""


def _file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_a_sheet_becomes_yaml(run: Run, tmp_path: Path) -> None:
    """CSV comes out as a section of a definition, on the screen, in a file, and as JSON."""
    sheet = _file(tmp_path, "fees.csv", SHEET)
    shown = run("table", "import", sheet)
    written = run("table", "import", sheet, "--name", "fee", "--output", tmp_path / "fee.yaml", "--lang", "zh")
    told = json.loads(run("table", "import", sheet, "--format", "json").stdout)

    assert (0, 0) == (shown.exit_code, written.exit_code)
    assert {"fees": read_csv(sheet)} == load_tables(shown.stdout) == load_tables(told["yaml"])
    assert {"fee": read_csv(sheet, name="fee")} == load_tables(tmp_path / "fee.yaml")
    assert "已写入" in written.stdout
    assert ["fees"] == list(told["tables"])


def test_mistakes_are_told_at_their_cells(run: Run, tmp_path: Path) -> None:
    """A sheet with mistakes is bad input, told in both languages and as JSON, unless told what words are."""
    sheet = _file(tmp_path, "fees.csv", "tier,fee\ngold,5\n")
    asked = ("table", "import", sheet, "--out", "fee")
    told = json.loads(run(*asked, "--format", "json").stdout)

    assert 2 == run(*asked).exit_code
    assert "A2: gold in 'gold' would be the name of a field" in run(*asked).stderr
    assert "会被当作字段名" in run(*asked, "--lang", "zh").stderr
    assert ["A2"] == [finding["path"] for finding in told["findings"]]
    assert 0 == run(*asked, "--words", "text").exit_code
    assert "--as csv or --as dmn" in run("table", "import", _file(tmp_path, "fees", "a")).stderr


def test_a_table_of_a_workflow_goes_out_and_comes_back(run: Run, tmp_path: Path) -> None:
    """A table leaves as DMN with the tables it reads, and as CSV; both come back equal."""
    path = _file(tmp_path, "repair.yaml", WORKFLOW)
    dmn = run("table", "export", path, "--table", "fee", "--as", "dmn")
    sheet = run("table", "export", path, "--table", "fee", "--as", "csv", "--output", tmp_path / "fee.csv")
    tables = servflow.load(path).tables

    assert (0, 0) == (dmn.exit_code, sheet.exit_code)
    assert dict(tables) == {table.name: table for table in read_dmn(dmn.stdout).tables}
    assert tables["fee"] == read_csv(tmp_path / "fee.csv")
    again = run("table", "export", tmp_path / "fee.csv", "--as", "csv", "--format", "json")
    assert tables["fee"] == read_csv(json.loads(again.stdout)["text"])


def test_what_cannot_be_done_is_said(run: Run, tmp_path: Path) -> None:
    """A table that is not there, several, and cells without words in FEEL are one error each."""
    path = _file(tmp_path, "repair.yaml", WORKFLOW.replace("'true', '\"180\"'", "'true', 'size(region) > 3 ? 1 : 2'"))

    assert "did you mean 'fee'?" in run("table", "export", path, "--table", "fees", "--as", "csv").stderr
    assert "name one with --table" in run("table", "export", path, "--as", "csv").stderr
    refused = run("table", "export", path, "--table", "fee", "--as", "dmn")
    assert 2 == refused.exit_code
    assert "the function size()" in refused.stderr
    assert "OLD=NEW" in run("table", "import", _file(tmp_path, "a.dmn", "<a/>"), "--rename", "x").stderr


def test_tables_alone_are_checked_with_their_cases(run: Run, tmp_path: Path) -> None:
    """What an import wrote is checked as it stands: its rows, its cases, and which rows no case reaches."""
    text = """tables:
  fee:
    hit: first
    inputs: [{name: amount, type: decimal}]
    outputs: {fee: decimal}
    rows:
    - {when: ['>= 100'], then: ['180.5'], id: big}
    - {when: ['-'], then: ['120'], id: rest}
    - {when: ['5'], then: ['1'], id: never}
    cases:
    - {given: {amount: "500"}, expected: {fee: "180.5"}, row: big}
    - {given: {amount: "50"}, expected: {fee: "180.5"}, row: big}
"""
    path = _file(tmp_path, "fee.yaml", text)
    found = json.loads(run("check", path, "--coverage", "--format", "json").stdout)

    assert ["rules.unreachable", "rules.case_failed"] == [finding["code"] for finding in found["findings"]]
    assert [9, 12] == [finding["line"] for finding in found["findings"]]
    assert ({"run": 2, "failed": 1}, {"fee": [2]}) == (found["cases"], found["unreached"])
    assert 1 == run("check", path).exit_code
    assert "决策表用例：2，未通过：1" in run("check", path, "--lang", "zh").stdout
    fine = _file(
        tmp_path, "fine.yaml", "\n".join(line for line in text.splitlines() if "never" not in line and '"50"' not in line)
    )
    assert (0, "tables fee: findings: 0") == ((told := run("check", fine)).exit_code, told.stdout.splitlines()[0])


def test_dmn_is_read_with_names_and_a_zone(run: Run, tmp_path: Path) -> None:
    """What a document calls otherwise, and its dates, are told on the command line; what is left out is said."""
    document = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/">
      <businessKnowledgeModel name="bkm"/>
      <inputData name="Day of order"><variable name="Day of order" typeRef="date"/></inputData>
      <decision name="Fee"><decisionTable><input><inputExpression><text>Day of order</text></inputExpression></input>
      <output name="fee" typeRef="number"/><rule><inputEntry><text>&gt; date("2026-01-01")</text></inputEntry>
      <outputEntry><text>5</text></outputEntry></rule></decisionTable></decision></definitions>"""
    path = _file(tmp_path, "fee.dmn", document)
    found = run("table", "import", path, "--zone", "Asia/Shanghai", "--rename", "Day of order=ordered", "--name", "Fee")

    assert 0 == found.exit_code
    table = load_tables(found.stdout)["Fee"]
    assert ("ordered", '> timestamp("2025-12-31T16:00:00Z")') == (table.inputs[0].name, table.rows[0].when[0])
    assert "left out: business knowledge model bkm" in found.stderr
    assert 2 == run("table", "import", path).exit_code
