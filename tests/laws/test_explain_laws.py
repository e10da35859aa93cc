"""Knows the laws of explained decisions; must not know how a change is looked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.rules import HITS, DecisionTable
from tests.oracles import explain_brute as brute
from tests.oracles import table_scan as scan

INPUTS = ["a", "b", "n"]
RANKS = [3, 1, 2]
DOMAINS: dict[str, Sequence[Any]] = {
    "a": ["x", "y", "other", None],
    "b": [*range(-1, 8), None],
    "n": [True, False, None],
}
"""What each field may be: past the greatest and the least constant of any cell by one."""

texts = st.one_of(
    st.just(("any",)),
    st.tuples(st.just("is"), st.sampled_from(["x", "y", None])),
    st.tuples(st.just("not"), st.lists(st.tuples(st.just("is"), st.sampled_from(["x", "y"])), min_size=1, max_size=2)),
)
wholes = st.integers(0, 6)
numbers = st.one_of(
    st.just(("any",)),
    st.tuples(st.just("is"), wholes),
    st.tuples(st.sampled_from(["<", "<=", ">", ">="]), wholes),
    st.tuples(st.just("range"), st.booleans(), wholes, wholes, st.booleans()),
    st.tuples(st.just("not"), st.lists(st.tuples(st.just("is"), wholes), min_size=1, max_size=2)),
)
flags = st.one_of(st.just(("any",)), st.tuples(st.just("is"), st.booleans()))
rows = st.lists(st.tuples(st.tuples(texts, numbers, flags), st.sampled_from(RANKS)), max_size=6)
fields = st.fixed_dictionaries(
    {}, optional={"a": st.sampled_from(["x", "y", "z", None]), "b": st.sampled_from(range(-1, 8)), "n": st.booleans()}
)


def table_of(hit: str, described: list[Any]) -> DecisionTable:
    return DecisionTable(
        name="t",
        hit=hit,
        inputs=[{"name": "a", "type": "string"}, {"name": "b", "type": "int"}, {"name": "n", "type": "bool"}],
        outputs={"out": {"type": "int", "one_of": RANKS}},
        rows=[[*(scan.text(cell) for cell in written), str(value)] for written, value in described],
    )


@given(st.sampled_from(HITS), rows, fields)
@settings(max_examples=150, deadline=None)
def test_the_smallest_change_is_what_trying_every_change_finds(
    hit: str, described: list[Any], given_fields: dict[str, Any]
) -> None:
    """It alters the result, no change of fewer fields does, and none of as many lies nearer; none only where there is none."""
    table = table_of(hit, described)

    explained = table.explain(given_fields)

    expected = brute.smallest(table, DOMAINS, given_fields)
    if explained.change is None:
        assert (None, "none") == (expected, explained.no_change)
        return
    change = explained.change
    assert change["proved"]
    changed = {**given_fields, **{part["field"]: part["to"] for part in change["fields"]}}
    before, after = brute.said(table, given_fields), brute.said(table, changed)
    assert brute.altered(before, after)
    assert (change["outputs"], change["matched"]) == (table.decide(changed).outputs, table.decide(changed).matched)
    far = sum(brute.distance(part["from"], part["to"]) for part in change["fields"])
    assert expected == (len(change["fields"]), far)


@given(rows, fields)
@settings(max_examples=100, deadline=None)
def test_the_nearest_miss_is_what_measuring_every_row_finds(described: list[Any], given_fields: dict[str, Any]) -> None:
    """The row with the fewest conditions against it, the nearest of these, the first of these; and just these conditions."""
    table = table_of("collect", described)

    miss = table.explain(given_fields).nearest

    expected = brute.nearest(described, INPUTS, DOMAINS, given_fields)
    assert expected == (None if miss is None else (miss["row"], len(miss["failed"])))
    if miss is not None:
        asked = {part["input"] for part in miss["failed"]}
        cells = described[miss["row"]][0]
        assert asked == {
            name
            for name, cell in zip(INPUTS, cells, strict=True)
            if scan.holds(cell, given_fields.get(name), given_fields) is not True
        }
        moved = {**given_fields, **{part["input"]: part["to"] for part in miss["failed"] if "to" in part}}
        meets = {part["input"] for part in miss["failed"] if "to" in part}
        assert all(
            scan.holds(cell, moved.get(name), moved) is True for name, cell in zip(INPUTS, cells, strict=True) if name in meets
        )


cells_that_read = st.one_of(
    numbers, st.tuples(st.just("field"), st.just("c")), st.tuples(st.just("when"), st.just("c"), wholes)
)
reading_rows = st.lists(st.tuples(st.tuples(texts, cells_that_read, flags), st.sampled_from(RANKS)), min_size=1, max_size=5)


@given(st.sampled_from(HITS), reading_rows, fields, st.one_of(st.none(), wholes))
@settings(max_examples=60, deadline=None)
def test_a_change_is_true_where_cells_read_fields(
    hit: str, described: list[Any], given_fields: dict[str, Any], limit: Any
) -> None:
    """Whatever is told was asked of the table itself, never claims more than is proved, and can be written down."""
    table = table_of(hit, described)
    asked = {**given_fields, "c": limit}

    explained = table.explain(asked)

    if explained.change is not None:
        changed = {**asked, **{part["field"]: part["to"] for part in explained.change["fields"]}}
        assert brute.altered(brute.said(table, asked), brute.said(table, changed))
    for lang in ("en", "zh"):
        assert table.explain(asked, lang).text
    assert json.loads(json.dumps(explained.to_data())) == explained.to_data()
    assert "<" not in "".join(line for line in explained.text.splitlines() if "asks" not in line and "gives" not in line)
