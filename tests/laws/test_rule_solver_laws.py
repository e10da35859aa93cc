"""Knows that a table's check agrees with a solver; must not know how either of them works."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.errors import Finding
from servflow.rules import DecisionTable
from tests.requirements import require

NAMES = ["east", "north", "south", "west"]

bounds = st.one_of(st.none(), st.integers(0, 8))
amounts = st.one_of(
    st.none(),
    st.tuples(bounds, st.booleans(), bounds, st.booleans()).filter(lambda cell: cell[0] is not None or cell[2] is not None),
)
regions = st.one_of(
    st.none(),
    st.tuples(
        st.booleans(), st.lists(st.sampled_from(["east", "north", "south", "west"]), min_size=1, max_size=3, unique=True)
    ),
)
rows = st.lists(st.tuples(amounts, regions, st.sampled_from([None, True, False])), max_size=7)


@pytest.fixture(scope="module", autouse=True)
def _solver() -> None:
    require("z3")


def findings(described: list[Any], hit: str, kind: str) -> tuple[DecisionTable, dict[str, list[Finding]]]:
    from tests.oracles.table_z3 import REGIONS, cells

    table = DecisionTable(
        name="t",
        hit=hit,
        inputs=[
            {"name": "amount", "type": kind},
            {"name": "region", "type": "string", "one_of": REGIONS},
            {"name": "vip", "type": "bool"},
        ],
        outputs={"out": "int"},
        rows=[[*cells(row), str(index)] for index, row in enumerate(described)],
    )
    found: dict[str, list[Finding]] = {}
    for finding in table.check(nulls=True):
        found.setdefault(finding.code, []).append(finding)
    return table, found


@given(rows, st.sampled_from(["int", "double", "decimal"]))
@settings(max_examples=25, deadline=None)
def test_dead_rows_overlaps_and_gaps_are_those_a_solver_finds(described: list[Any], kind: str) -> None:
    """For whole numbers, doubles and decimals; each witness replays."""
    from tests.oracles.table_z3 import Formulas

    formulas = Formulas(described, whole=kind == "int")
    first, in_order = findings(described, "first", kind)
    _, together = findings(described, "unique", kind)
    every, _ = findings(described, "rule order", kind)

    assert formulas.never() == {finding.facts["row"] for finding in in_order.get("rules.never", ())}
    assert formulas.unreachable() == {finding.facts["row"] for finding in in_order.get("rules.unreachable", ())}
    assert formulas.overlaps() == {(each.facts["by"], each.facts["row"]) for each in together.get("rules.overlap", ())}
    assert formulas.gap(nulls=True) == ("rules.gap" in in_order) == ("rules.gap" in together)
    assert formulas.gap(nulls=False) == ("rules.gap" in {finding.code for finding in first.check()})
    for finding in in_order.get("rules.unreachable", ()):
        assert finding.facts["row"] in every.decide(finding.witness).matched
        assert finding.facts["by"] == first.decide(finding.witness).matched[0]
        assert set(finding.facts["rows"]) <= set(range(finding.facts["row"]))
    for finding in together.get("rules.overlap", ()):
        assert {finding.facts["by"], finding.facts["row"]} <= set(every.decide(finding.witness).matched)
    for finding in in_order.get("rules.gap", ()):
        assert () == every.decide(finding.witness).matched
