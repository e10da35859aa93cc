"""Knows the laws of what a table's check says of its rows; must not know how the check finds it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.errors import Finding, InputError
from servflow.rules import HITS, DecisionTable

WORDS = ["x", "y", "z"]
RANKS = [3, 1, 2]
JUNE, JULY = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
TIMES = [datetime(2026, 5, 31, 23, tzinfo=UTC), JUNE, JULY]
EVERY = [
    {"a": a, "b": b, "c": c, "at": at}
    for a, b, c, at in itertools.product([*WORDS, None], [-1, 0, 1, 2, 3, None], [True, False], TIMES)
]
"""A value for every stretch that the cells below tell apart."""

a_cells = st.sampled_from(["-", '"x"', '"y"', '"x", "y"', 'not("x")', '"z", null', 'not("y", null)', '"y", "z"'])
b_cells = st.sampled_from(["-", "< 1", ">= 1", "[0..2]", "(0..2)", "2", "0, 2", "not(1)", "<= 0", "(1..2]", "not(>= 2)"])
c_cells = st.sampled_from(["-", "-", "true", "false"])
periods = st.sampled_from([None, None, None, {"start": "2026-06-01"}, {"end": "2026-07-01"}, {"start": "2026-07-01"}])
outputs = st.sampled_from(["1", "1", "2", "3", "-"])
rows = st.lists(st.tuples(st.tuples(a_cells, b_cells, c_cells), outputs, periods), max_size=6)
hits = st.sampled_from(HITS)
defaults = st.sampled_from([None, 1])


def table_of(hit: str, written: list[Any], default: int | None) -> DecisionTable:
    output = {"type": "int", "one_of": RANKS} | ({} if default is None else {"default": default})
    return DecisionTable(
        name="t",
        hit=hit,
        zone="UTC",
        inputs=[{"name": "a", "type": "string", "one_of": WORDS}, {"name": "b", "type": "int"}, {"name": "c", "type": "bool"}],
        outputs={"out": output},
        rows=[{"when": when, "then": [then], "effective": period} for when, then, period in written],
    )


def answer(table: DecisionTable, fields: dict[str, Any]) -> Any:
    try:
        return table.decide(fields).outputs
    except InputError as error:
        return error.code


def answers(table: DecisionTable) -> list[Any]:
    return [answer(table, fields) for fields in EVERY]


def of(findings: tuple[Finding, ...], code: str) -> list[Finding]:
    return [finding for finding in findings if finding.code == code]


def without(written: list[Any], gone: set[int]) -> list[Any]:
    return [row for index, row in enumerate(written) if index not in gone]


@given(hits, rows, defaults)
@settings(max_examples=50, deadline=None)
def test_redundant_rows_can_go_alone_and_together(hit: str, written: list[Any], default: int | None) -> None:
    """Removing one, or all of them, or what never decides, changes no answer; the witness is matched and answered alike."""
    table = table_of(hit, written, default)
    findings = table.check()
    spare = {finding.facts["row"] for finding in of(findings, "rules.redundant")}
    dead = {finding.facts["row"] for code in ("rules.never", "rules.unreachable") for finding in of(findings, code)}
    expected = answers(table)

    for gone in ({*spare}, {*dead}, {*spare, *dead}, *({row} for row in spare | dead)):
        assert expected == answers(table_of(hit, without(written, gone), default))
    for finding in of(findings, "rules.redundant"):
        row, by = finding.facts["row"], finding.facts["by"]
        every = table_of("rule order", written, default).decide(finding.witness).matched
        assert row in every
        assert by is None or by in every
        assert answer(table, finding.witness) == answer(table_of(hit, without(written, {row}), default), finding.witness)


@given(st.sampled_from(["unique", "first", "priority", "any", "collect min", "collect max"]), rows, defaults)
@settings(max_examples=50, deadline=None)
def test_no_redundant_row_is_missed(hit: str, written: list[Any], default: int | None) -> None:
    """A row that is not told changes an answer when it goes, alone or after all those that are told."""
    table = table_of(hit, written, default)
    findings = table.check()
    told = {
        finding.facts["row"]
        for code in ("rules.never", "rules.unreachable", "rules.redundant")
        for finding in of(findings, code)
    }
    expected = answers(table)
    if any(isinstance(each, str) for each in expected):
        return  # of rows that contradict each other any may go; the overlap is what is told

    for row in set(range(len(written))) - told:
        alone = answers(table_of(hit, without(written, {row}), default))
        together = answers(table_of(hit, without(written, {row, *told}), default))
        assert expected != alone or expected != together, row


@given(hits, rows, defaults)
@settings(max_examples=50, deadline=None)
def test_merging_what_is_mergeable_changes_nothing(hit: str, written: list[Any], default: int | None) -> None:
    """The first row gets the cell, the others go, for all findings at once; every witness is answered alike."""
    table = table_of(hit, written, default)
    merged = [[list(when), then, period] for when, then, period in written]
    gone: set[int] = set()
    found = of(table.check(), "rules.mergeable")
    for finding in found:
        first, *others = finding.facts["rows"]
        assert not gone & {first, *others}
        gone |= set(others)
        if finding.facts["input"] == "effective":
            start, _, end = finding.facts["cell"][1:-1].partition("..")
            merged[first][2] = {name: text for name, text in (("start", start), ("end", end)) if text}
        else:
            merged[first][0][finding.facts["column"]] = finding.facts["cell"]
    after = table_of(hit, without(merged, gone), default)

    assert answers(table) == answers(after)
    for finding in found:
        assert answer(table, finding.witness) == answer(after, finding.witness)


def test_rows_that_differ_in_one_cell_are_mergeable() -> None:
    """Values become a list, neighbouring ranges one range, periods one period; a fact says which cell to write."""
    written = [
        (('"x"', "< 1", "-"), "1", None),
        (('"y"', "< 1", "-"), "1", None),
        (("-", "[1..2]", "true"), "2", None),
        (("-", "(2..3]", "true"), "2", None),
        (("-", ">= 1", "false"), "3", {"end": "2026-06-01"}),
        (("-", ">= 1", "false"), "3", {"start": "2026-06-01", "end": "2026-07-01"}),
    ]

    found = of(table_of("unique", written, None).check(), "rules.mergeable")

    assert [
        ((0, 1), "a", '"x", "y"'),
        ((2, 3), "b", "[1..3]"),
        ((4, 5), "effective", "[..2026-07-01T00:00:00Z)"),
    ] == [(finding.facts["rows"], finding.facts["input"], finding.facts["cell"]) for finding in found]


@given(st.sampled_from(["unique", "first", "priority", "any"]), rows)
@settings(max_examples=50, deadline=None)
def test_a_gap_is_told_with_the_cells_that_close_it(hit: str, written: list[Any]) -> None:
    """No row matches anywhere where a row of these cells would; with all of them and nulls no gap is left."""
    table = table_of("rule order", written, None)
    found = table_of(hit, written, None).check(nulls=True)
    gaps = of(found, "rules.gap")
    closing = [(tuple(finding.facts["region"].get(name, "-") for name in "abc"), "1", None) for finding in gaps]

    timed = any(period for _, _, period in written)
    taken = [bool(table.decide(fields).matched) for fields in EVERY]
    for finding, row in zip(gaps, closing, strict=True):
        one = table_of("first", [row], None)
        assert () == table.decide({"at": JUNE, **finding.witness}).matched
        assert "at" in finding.facts["region"] or not any(
            matched and one.decide(fields).matched
            for fields, matched in zip(EVERY, taken, strict=True)
            if not timed or fields["at"] >= JUNE
        )
    if not timed and not of(found, "rules.not_decided"):
        closed = table_of("rule order", [*written, *closing], None)
        assert all(closed.decide(fields).matched for fields in EVERY)
