"""Holds explained decisions to their reasons: why rows decide, which nearly did, and what would alter the result."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from servflow.rules import DecisionTable

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

FEE = DecisionTable(
    name="fee",
    hit="first",
    inputs=[{"name": "warranty", "one_of": ["in", "out"]}, {"name": "amount", "type": "decimal"}],
    outputs={"total": "decimal"},
    rows=[
        {"id": "warranty", "when": ['"in"', "-"], "then": ['"0"']},
        {"id": "large", "when": ["-", "> 200.00"], "then": ['"80"']},
        ["-", "-", '"120"'],
    ],
)


def table(hit: str, *rows: Any, inputs: Any = ("x",), **more: Any) -> DecisionTable:
    return DecisionTable(name="t", hit=hit, inputs=list(inputs), outputs={"o": "any"}, rows=list(rows), **more)


def test_a_reason_tells_what_expressions_read() -> None:
    """A cell, an input and an output that are expressions each say which values they read and what they came to."""
    made = table("first", ["> limit", "x + y"], inputs=[{"name": "sum", "expr": "x + y"}])
    fields: dict[str, Any] = {"x": 3, "y": 4, "limit": 5}

    decision = made.decide(fields)
    fields["limit"] = 100

    (reason,) = decision.why
    (told,) = reason["inputs"]
    assert ("sum", "> limit", 7, {"limit": 5, "x": 3, "y": 4}) == tuple(
        told[key] for key in ("input", "cell", "value", "reads")
    )
    assert ("limit is 5",) == told["lines"]
    assert ({"output": "o", "cell": "x + y", "value": 7, "reads": {"x": 3, "y": 4}},) == reason["computed"]
    assert pickle.loads(pickle.dumps(decision)).why == decision.why


def test_a_reason_traces_a_condition_and_names_its_period() -> None:
    """A cell that is a condition shows its comparisons; a row with effective dates says so."""
    made = table("first", {"when": ["y > 3 && z"], "then": ["1"], "effective": {"start": "2026-01-01T00:00:00Z"}})

    (reason,) = made.decide({"x": "a", "y": 4, "z": True}, NOON).why

    assert ("y (4) > 3 is true", "z is true") == reason["inputs"][0]["lines"]
    assert {"start": "2026-01-01T00:00:00Z"} == reason["effective"]


def test_constant_tables_keep_nothing_but_values() -> None:
    """Where nothing is read besides the inputs, the reason is their cells and values alone."""
    (reason,) = FEE.decide({"warranty": "in", "amount": "5"}).why

    asked = ({"input": "warranty", "cell": '"in"', "value": "in"}, {"input": "amount", "cell": "-", "value": Decimal(5)})
    assert {"row": 0, "id": "warranty", "inputs": asked} == reason


def test_money_is_told_to_the_cent() -> None:
    """The nearest miss says by how much, exactly; the smallest change is the least amount that counts."""
    explained = FEE.explain({"warranty": "out", "amount": Decimal("180.50")})

    assert {"row": 1, "id": "large"} == {key: explained.nearest[key] for key in ("row", "id")}
    (failed,) = explained.nearest["failed"]
    assert (Decimal("200.01"), Decimal("19.51")) == (failed["to"], failed["by"])
    change = explained.change
    assert ({"field": "amount", "from": Decimal("180.50"), "to": Decimal("200.01")},) == change["fields"]
    assert ({"total": Decimal(80)}, (1,), True) == (change["outputs"], change["matched"], change["proved"])


def test_instants_and_lengths_are_told_as_such() -> None:
    """The nearest instant and length of time on which a cell holds, in the zone of the value."""
    made = table("first", ['>= timestamp("2026-03-02T13:00:00Z")', '<= duration("2h")', "1"], inputs=["due", "waited"])

    explained = made.explain({"due": NOON, "waited": timedelta(hours=5)})

    due, waited = explained.nearest["failed"]
    assert (NOON + timedelta(hours=1), timedelta(hours=1)) == (due["to"], due["by"])
    assert (timedelta(hours=2), timedelta(hours=3)) == (waited["to"], waited["by"])
    assert 2 == len(explained.change["fields"])


def test_a_row_not_in_force_fails_by_its_period() -> None:
    """Its period is one condition more, measured from its nearer end; time is never suggested as a change."""
    made = table("first", {"when": ["-"], "then": ["1"], "effective": {"end": "2026-03-01T00:00:00Z"}}, ['"a"', "2"])

    explained = made.explain({"x": "a"}, at=NOON)

    assert ("effective", NOON) == (explained[0]["input"], explained[0]["value"])
    assert (
        "row 0 does not match: it is in force in [..2026-03-01T00:00:00Z), and it is 2026-03-02T12:00:00Z"
        == explained[0]["text"]
    )
    miss = explained.nearest["failed"][0]
    assert (0, timedelta(hours=36, seconds=1)) == (explained.nearest["row"], miss["by"])
    assert made.explain({"x": "a"}, at=miss["to"])[0]["matches"]
    assert "x" == explained.change["fields"][0]["field"]


def test_a_text_no_cell_names_is_told_as_any_other() -> None:
    """Where any other text would do, an example is given and said to be one."""
    made = table("unique", ['"gold"', "1"])

    change = made.explain({"x": "gold"}).change

    assert ({"field": "x", "from": "gold", "to": "other", "any": True},) == change["fields"]
    assert (None, ()) == (change["outputs"], change["matched"])


def test_a_beaten_row_names_the_one_before_it() -> None:
    """A row that matches and does not decide says which row comes first."""
    entry = FEE.explain({"warranty": "in", "amount": 500})[1]

    assert (True, 0, "row 1 (large) matches, but row 0 (warranty) comes first") == (
        entry["matches"],
        entry["by"],
        entry["text"],
    )


def test_a_table_that_always_says_the_same_has_no_change() -> None:
    """Where nothing alters the result, that is said, and that it is proved."""
    explained = table("first", ["-", "1"], ['"a"', "2"]).explain({"x": "a"})

    assert (None, "none") == (explained.change, explained.no_change)
    assert "no change of its inputs alters the result" in explained.text


def test_a_contradiction_is_explained_by_what_would_end_it() -> None:
    """Two rows of a unique table that both match are an error; the change is one after which it decides."""
    made = table("unique", ["> 1", "1"], ["< 5", "2"])

    explained = made.explain({"x": 3})

    assert (None, "rules.not_unique") == (explained.decision, explained.error and explained.error.code)
    assert 1 == len(explained.change["fields"])
    assert made.decide({"x": explained.change["fields"][0]["to"]}).outputs == explained.change["outputs"]


def test_a_change_of_a_field_only_a_cell_reads() -> None:
    """A limit that is no input can be what has to change; the result is the table's own, and no proof is claimed."""
    made = table("first", ["> limit", "1"], ["-", "2"])

    change = made.explain({"x": 5, "limit": 7}).change

    assert not change["proved"]
    changed = {"x": 5, "limit": 7, **{part["field"]: part["to"] for part in change["fields"]}}
    assert ({"o": 1}, {"o": 1}) == (change["outputs"], made.decide(changed).outputs)


def test_a_computed_output_that_follows_its_field_is_no_change() -> None:
    """A cent more on the bill is another total, but no other decision: other rows have to decide."""
    made = table("first", ["< 100", "x * 2"], ["-", "x"])

    change = made.explain({"x": 30}).change

    assert ({"field": "x", "from": 30, "to": 100},) == change["fields"]


def test_inputs_of_inputs_are_changed_where_they_lie() -> None:
    """A dotted name is changed inside its holder, and what was given stays as it was."""
    made = table("first", ['"gold"', "1"], inputs=["customer.tier"])
    fields = {"customer": {"tier": "basic", "name": "Li"}}

    change = made.explain(fields).change

    assert ({"field": "customer.tier", "from": "basic", "to": "gold"},) == change["fields"]
    assert {"customer": {"tier": "basic", "name": "Li"}} == fields


def test_the_text_tells_all_in_both_languages() -> None:
    """Result, reasons, losing rows, nearest miss and smallest change, in a few lines; no place is left unfilled."""
    fields = {"warranty": "out", "amount": Decimal("180.00")}

    english, chinese = FEE.explain(fields).text, FEE.explain(fields, "zh").text

    assert english.splitlines() == [
        "fee gives total = 120, by row 2",
        "row 2 matches whatever the fields are",
        "",
        "the other rows (2):",
        '  row 0 (warranty) does not match: warranty is "out", and the cell asks for "in"',
        "  row 1 (large) does not match: amount is 180.00, and the cell asks for > 200.00",
        "",
        "the nearest miss is row 1 (large); conditions against it: 1",
        "  amount is 180.00; the cell asks for > 200.00; 200.01 would do, 20.01 away",
        "the smallest change that alters the result:",
        "  amount: 200.01 instead of 180.00",
        "  then it gives total = 80, by row 1 (large)",
    ]
    assert "最接近匹配的是第 1「large」行" in chinese
    assert len(english.splitlines()) == len(chinese.splitlines())


def test_the_data_is_json() -> None:
    """All of it can be written down, with exact numbers as text, and reads as a tuple of entries besides."""
    explained = FEE.explain({"warranty": "out", "amount": Decimal("180.00")})

    data = explained.to_data()

    assert data == json.loads(json.dumps(data))
    assert ("180.00", "200.01") == (data["change"]["fields"][0]["from"], data["change"]["fields"][0]["to"])
    assert (3, explained[2], tuple(explained)) == (len(explained), explained[-1], explained[:])
    assert explained == tuple(explained)


def test_every_losing_row_tells_all_its_conditions() -> None:
    """On demand every condition against a row, not only the first."""
    made = table("first", ['"a"', "> 5", "1"], inputs=["x", "y"])

    first, second = made.explain({"x": "b", "y": 5}).failed(0)

    assert ("x", "a") == (first["input"], first["to"])
    assert ("y", 6, 1) == (second["input"], second["to"], second["by"])


@pytest.mark.parametrize("rows", [1_000, 10_000])
def test_large_tables_are_explained_within_bounds(rows: int) -> None:
    """However many rows tie and however many fields stand against them, an answer comes and never claims too much."""
    written = [[f'"r{n % 50}"', f"[{n * 7 % 9973}..{n * 7 % 9973 + 40})", f">= {n % 100}", str(n)] for n in range(rows)]
    made = table("first", *written, inputs=["region", "amount", "age"])

    explained = made.explain({"region": "none", "amount": -5, "age": -5})

    assert 3 == len(explained.nearest["failed"])
    assert (
        explained.change is None
        or made.decide({part["field"]: part["to"] for part in explained.change["fields"]}).outputs
        == explained.change["outputs"]
    )
