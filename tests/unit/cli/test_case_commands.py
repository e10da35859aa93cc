"""Holds check and explain to what they say of the cases and the decisions of tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result

import servflow
from servflow.desk import Desk
from servflow.stores import SqliteStore

Run = Callable[..., Result]

FLOW = """
workflow: repair
fields:
  warranty: {type: string, one_of: [in, out], default: out}
  amount: {type: decimal, default: "0"}
  fee: {type: decimal, optional: true}
states: {new: {}, done: {closed: true}}
transitions: [{event: finish, source: new, target: done, do: [{set: {fee: "table.fee.total"}}]}]
rules: [{name: small, when: "amount < 10", then: [{set: {priority: "3"}}]}]
tables:
  fee:
    hit: first
    inputs: [warranty, amount]
    outputs: {total: decimal}
    rows:
      - {id: warranty, when: ['"in"', '-'], then: ['"0"']}
      - {id: large, when: ['-', '>= 200.00'], then: ['"80"']}
      - ['-', '-', '"120"']
    cases:
      - {name: covered, given: {warranty: in, amount: "20"}, expected: {total: "0"}, row: warranty}
      - {given: {warranty: out, amount: "AMOUNT"}, expected: {total: "80.00"}}
"""  # fmt: skip


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A workflow whose cases hold."""
    path = tmp_path / "good.yaml"
    path.write_text(FLOW.replace("AMOUNT", "200"), "utf-8")
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A workflow one of whose cases fails."""
    path = tmp_path / "bad.yaml"
    path.write_text(FLOW.replace("AMOUNT", "180.00"), "utf-8")
    return path


def test_check_runs_the_cases_and_counts_them(run: Run, good: Path, bad: Path) -> None:
    """Fine with how many ran; a failed case is a finding with status 1, warnings allowed or not."""
    fine, failed = run("check", good), run("check", bad, "--allow-warnings")

    assert (0, 1) == (fine.exit_code, failed.exit_code)
    assert "cases of tables: 2, failed: 0" in fine.stdout
    assert "cases of tables: 2, failed: 1" in failed.stdout
    assert "tables.fee.cases[1]: table fee, case 1: expected total = 80.00; it gives total = 120, by row 2" in failed.stdout
    assert "row 1 (large) does not match: amount is 180.00, and the cell asks for >= 200.00" in failed.stdout


def test_check_says_it_in_chinese_and_as_json(run: Run, bad: Path) -> None:
    """The same facts in the other language and for programs."""
    chinese, told = run("check", bad, "--lang", "zh"), json.loads(run("check", bad, "--format", "json").stdout)

    assert "决策表用例：2，未通过：1" in chinese.stdout
    assert {"run": 2, "failed": 1} == told["cases"]
    assert [("rules.case_failed", "error")] == [(finding["code"], finding["severity"]) for finding in told["findings"]]
    assert "unreached" not in told


def test_check_says_on_demand_which_rows_no_case_reaches(run: Run, good: Path) -> None:
    """By number and id, as text and as JSON; nothing is said of it unasked, and the status stays."""
    text = run("check", good, "--coverage")

    assert "table fee: no case reaches 1 of 3 rows: 2" in text.stdout
    assert (0, {"fee": [2]}) == (
        text.exit_code,
        json.loads(run("check", good, "--coverage", "--format", "json").stdout)["unreached"],
    )
    assert "reaches" not in run("check", good).stdout


def test_a_case_that_names_nothing_known_does_not_load(run: Run, good: Path) -> None:
    """The mistake is told with its line and what was meant."""
    good.write_text(good.read_text("utf-8").replace("given: {warranty: in,", "given: {waranty: in,"), "utf-8")

    told = run("check", good)

    assert 1 == told.exit_code
    assert "tables.fee.cases[0].given.waranty" in told.stdout
    assert "did you mean 'warranty'?" in told.stdout
    assert ".yaml:20:" in told.stdout


def test_cases_change_no_hash_and_stay_in_the_document(good: Path, bad: Path) -> None:
    """What a ticket runs under is the same; the definition as data keeps the cases and reads back."""
    one, other = servflow.load(good), servflow.load(bad)

    assert one.hash == other.hash
    assert one != other
    assert one == servflow.load(servflow.dump(one))
    assert 2 == len(servflow.dump(one)["tables"]["fee"]["cases"])


@pytest.fixture
def kept(good: Path, tmp_path: Path) -> Path:
    """A database with one finished ticket whose fee a table decided."""
    path = tmp_path / "repairs.db"
    store = SqliteStore(path)
    desk = Desk([servflow.load(good)], store, now=lambda: datetime(2026, 3, 2, 9, tzinfo=UTC))
    desk.open("R1", {"amount": "5.00"}, workflow="repair")
    desk.fire("R1", "finish")
    store.close()
    return path


def test_explain_tells_what_tables_and_rules_decided(run: Run, kept: Path) -> None:
    """The result with the rows behind it and the values read, in order."""
    told = json.loads(run("explain", kept, "R1", "--format", "json").stdout)["decisions"]
    text = run("explain", kept, "R1").stdout

    assert [("rule", "small"), ("table", "fee")] == [(one["maker"], one["name"]) for one in told]
    assert ([2], {"total": "120"}, "5.00") == (told[1]["rows"], told[1]["result"], told[1]["values"]["amount"])
    assert "What tables and rules decided" in text
    assert "total: 120" in text


def test_explain_tells_on_demand_why_other_rows_lost(run: Run, kept: Path) -> None:
    """The table is asked again on the values recorded; a table that decided nothing is refused with those that did."""
    text, chinese = run("explain", kept, "R1", "--table", "fee"), run("explain", kept, "R1", "--table", "fee", "--lang", "zh")
    told = json.loads(run("explain", kept, "R1", "--table", "fee", "--format", "json").stdout)
    unknown = run("explain", kept, "R1", "--table", "fees")

    assert "row 1 (large) does not match: amount is 5.00, and the cell asks for >= 200.00" in text.stdout
    assert "决策表 fee 为何如此决定" in chinese.stdout
    assert (True, 1, [2]) == (told["same"], told["nearest"]["row"], told["result"]["matched"])
    assert (2, True) == (unknown.exit_code, "did you mean 'fee'?" in unknown.stderr)
