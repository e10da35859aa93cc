"""Knows the laws of decision tables and rule sets; must not know how rows are indexed."""

from __future__ import annotations

import itertools
import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from servflow.errors import DefinitionError, InputError
from servflow.rules import HITS, DecisionTable, Rule, RuleSet
from tests.oracles import table_scan as scan

INPUTS = ["a", "b"]
RANKS = [3, 1, 2, 5]
NUMBERS = [0, 1, 2, 2.5, 3]
WORDS = ["x", "y", "z"]

numbers = st.sampled_from(NUMBERS)
words = st.sampled_from(WORDS)
constants = st.one_of(numbers, words, st.booleans(), st.none())
atoms = st.one_of(
    st.tuples(st.just("is"), constants),
    st.tuples(st.sampled_from(["<", "<=", ">", ">="]), st.one_of(numbers, words)),
    st.tuples(st.just("range"), st.booleans(), numbers, numbers, st.booleans()),
)
cells = st.one_of(
    st.just(("any",)),
    atoms,
    st.tuples(st.just("field"), st.sampled_from(["a", "b", "c"])),
    st.tuples(st.just("when"), st.just("c"), st.sampled_from([0, 1, 2])),
    st.tuples(st.sampled_from(["or", "not"]), st.lists(atoms, min_size=1, max_size=3)),
)
values = st.one_of(constants, st.sampled_from([-1, 1.5, 99, "w", ""]))
rows = st.lists(st.tuples(st.tuples(cells, cells), st.sampled_from(RANKS)), max_size=8)
fields = st.fixed_dictionaries({}, optional={"a": values, "b": values, "c": st.one_of(st.none(), numbers)})


def table_of(hit: str, described: list[Any], **given_inputs: Any) -> DecisionTable:
    return DecisionTable(
        name="t",
        hit=hit,
        inputs=[given_inputs.get(name, name) for name in INPUTS],
        outputs={"out": {"type": "int", "one_of": RANKS}},
        rows=[[*(scan.text(cell) for cell in written), str(value)] for written, value in described],
    )


@given(st.sampled_from(HITS), rows, fields)
@settings(max_examples=300, deadline=None)
def test_an_indexed_table_decides_as_a_scan_of_every_row(hit: str, described: list[Any], given_fields: dict[str, Any]) -> None:
    """Whatever the index leaves out, a scan of every cell would have left out too."""
    expected = scan.decide(hit, described, INPUTS, RANKS, given_fields)

    try:
        decided: Any = table_of(hit, described).decide(given_fields).outputs
    except InputError as error:
        decided = error.code

    assert expected == decided
    assert type(expected) is type(decided) or isinstance(decided, dict)


DAYS = [datetime(2027, 1, day, tzinfo=UTC) for day in range(1, 6)]
TICK = timedelta(microseconds=1)
days = st.none() | st.sampled_from(DAYS)
periods = st.tuples(days, days).filter(lambda pair: None in pair or pair[0] < pair[1])
instants = st.builds(lambda day, step: day + step * TICK, st.sampled_from(DAYS), st.sampled_from([-1, 0, 1]))


def written(period: Any, zone: timezone) -> Any:
    """A period as a definition writes it, in whatever zone."""
    return {name: day and day.astimezone(zone).isoformat() for name, day in zip(("start", "end"), period, strict=True)}


@given(
    st.sampled_from(HITS),
    st.lists(st.tuples(st.tuples(st.tuples(cells, cells), st.sampled_from(RANKS)), periods), min_size=1, max_size=8),
    fields,
    instants,
    st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=5, minutes=30))]),
)
@settings(max_examples=200, deadline=None)
def test_rows_out_of_force_are_as_if_they_never_matched(
    hit: str, dated: list[Any], given_fields: dict[str, Any], at: datetime, zone: timezone
) -> None:
    """At, just before and just after every boundary, in whatever zone the instants are written."""
    described, when = [row for row, _ in dated], [period for _, period in dated]
    expected = scan.decide(hit, scan.at_instant(described, when, at), INPUTS, RANKS, given_fields)
    rows = [
        {"when": [scan.text(cell) for cell in row], "then": [str(value)], "effective": written(period, zone)}
        for (row, value), period in dated
    ]
    table = DecisionTable(name="t", hit=hit, inputs=INPUTS, outputs={"out": {"type": "int", "one_of": RANKS}}, rows=rows)

    try:
        decided: Any = table.decide(given_fields, at.astimezone(zone)).outputs
    except InputError as error:
        decided = error.code

    assert expected == decided
    assert table == DecisionTable(**json.loads(json.dumps(table.to_data())))


@given(st.sampled_from(HITS), rows, st.lists(fields, max_size=6), st.booleans())
@settings(max_examples=100, deadline=None)
def test_deciding_many_is_deciding_one_by_one(hit: str, described: list[Any], many: list[Any], typed: bool) -> None:
    """The same decisions in the same order, or the same first error with its place."""
    table = table_of(hit, described, **({"b": {"name": "b", "type": "any"}} if typed else {}))
    expected: list[Any] = []
    for index, each in enumerate(many):
        try:
            decision = table.decide(each)
            expected.append((decision.outputs, decision.matched, decision.why))
        except InputError as error:
            expected = [str(error), {**error.facts, "index": index}]
            break

    try:
        decided: list[Any] = [(each.outputs, each.matched, each.why) for each in table.decide_many(many)]
    except InputError as error:
        decided = [str(error), error.facts]

    assert repr(expected) == repr(decided)


@given(rows, fields)
@settings(max_examples=100, deadline=None)
def test_explain_agrees_with_decide_about_every_row(described: list[Any], given_fields: dict[str, Any]) -> None:
    """A row is explained as matching exactly when it is among the matched ones."""
    table = table_of("collect", described)

    entries = table.explain(given_fields)

    assert scan.matching(described, INPUTS, given_fields) == [entry["row"] for entry in entries if entry["matches"]]
    assert table.decide(given_fields).matched == tuple(entry["row"] for entry in entries if entry["matches"])


@given(st.sampled_from(HITS), rows)
@settings(max_examples=60, deadline=None)
def test_a_table_survives_its_document_and_pickle(hit: str, described: list[Any]) -> None:
    """What a table writes reads back as an equal table."""
    table = table_of(hit, described)

    assert table == DecisionTable(**json.loads(json.dumps(table.to_data())))
    assert table == pickle.loads(pickle.dumps(table))


plain_atoms = st.one_of(
    st.just(("any",)),
    st.tuples(st.just("is"), words),
    st.tuples(st.sampled_from(["or", "not"]), st.lists(st.tuples(st.just("is"), words), min_size=1, max_size=2)),
)
plain_numbers = st.one_of(
    st.just(("any",)),
    st.tuples(st.sampled_from(["<", "<=", ">", ">="]), st.sampled_from([0, 1, 2])),
    st.tuples(st.just("range"), st.booleans(), st.sampled_from([0, 1, 2]), st.sampled_from([0, 1, 2]), st.booleans()),
)
plain_rows = st.lists(st.tuples(st.tuples(plain_atoms, plain_numbers), st.sampled_from(RANKS)), max_size=6)
EVERY = [{"a": a, "b": b} for a, b in itertools.product([*WORDS, None], [-1, 0, 0.5, 1, 1.5, 2, 3, None])]


def brute(hit: str, described: list[Any]) -> dict[str, Any]:
    """What is wrong with a table, found by trying every combination there is."""
    seen = [(fields, scan.matching(described, INPUTS, fields)) for fields in EVERY]
    deciding = set()
    for _, matched in seen:
        if matched and hit == "first":
            deciding.add(matched[0])
        elif matched and hit == "priority":
            deciding.add(min(matched, key=lambda row: (RANKS.index(described[row][1]), row)))
    pairs = {pair for _, matched in seen for pair in itertools.combinations(matched, 2)}
    ever = {row for _, matched in seen for row in matched}
    return {
        "never": set(range(len(described))) - ever,
        "unreachable": ever - deciding if hit in ("first", "priority") else set(),
        "pairs": {
            "unique": pairs,
            "any": {(left, right) for left, right in pairs if described[left][1] != described[right][1]},
        }.get(hit, set()),
        "gap": hit in ("unique", "first", "priority", "any")
        and any(not matched for fields, matched in seen if None not in fields.values()),
    }


@given(st.sampled_from(["unique", "first", "priority", "any", "collect"]), plain_rows)
@settings(max_examples=200, deadline=None)
def test_check_finds_exactly_what_trying_every_combination_finds(hit: str, described: list[Any]) -> None:
    """Over constant cells the check misses nothing and invents nothing, and each witness replays."""
    table = table_of(hit, described, a={"name": "a", "type": "string", "one_of": WORDS})
    expected = brute(hit, described)

    findings = [finding for finding in table.check() if finding.severity != "info"]

    by_code: dict[str, list[Any]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    assert expected["never"] == {finding.facts["row"] for finding in by_code.get("rules.never", [])}
    assert expected["unreachable"] == {finding.facts["row"] for finding in by_code.get("rules.unreachable", [])}
    overlapping = by_code.get("rules.overlap", []) + by_code.get("rules.conflicting", [])
    assert expected["pairs"] == {(finding.facts["by"], finding.facts["row"]) for finding in overlapping}
    assert expected["gap"] == ("rules.gap" in by_code)
    assert "rules.not_decided" not in by_code
    every_match = table_of("collect", described)
    for finding in findings:
        matched = every_match.decide(finding.witness).matched
        row, by = finding.facts.get("row"), finding.facts.get("by")
        if finding.code == "rules.gap":
            assert matched == ()
            assert table.decide(finding.witness).outputs is None
        elif finding.code == "rules.never":
            assert row not in matched
        elif finding.code == "rules.unreachable":
            assert row in matched
            assert by == table.decide(finding.witness).matched[0]
        else:
            assert {row, by} <= set(matched)


@given(st.text(alphabet="[](){}.,-<>=!'\"\\ notabr1?:&|+", max_size=40))
@settings(max_examples=300, deadline=None)
def test_no_cell_text_escapes_as_anything_but_a_definition_error(cell: str) -> None:
    """Whatever a cell holds, the table loads or says why not."""
    try:
        table = DecisionTable(name="t", hit="first", inputs=["a"], outputs={"o": "any"}, rows=[[cell, "1"], ["-", cell]])
    except DefinitionError as error:
        paths = [finding.path for finding in error.findings]
    else:
        paths = []
        assert table == DecisionTable(**table.to_data())
    assert [path for path in paths if path.startswith("rows[")] == paths


names = st.sampled_from(["a", "b", "c", "c.d", "c.d.e", "f"])


@given(st.lists(st.frozensets(names, max_size=3), max_size=6), st.frozensets(names, max_size=3))
@settings(max_examples=200, deadline=None)
def test_a_change_concerns_exactly_the_rules_that_read_it(reads: list[frozenset[str]], changed: frozenset[str]) -> None:
    """The index of a rule set gives what comparing every name with every name gives."""
    rules = [
        Rule(name=f"r{index}", when=" && ".join(f"{name} != null" for name in sorted(names)) or None)
        for index, names in enumerate(reads)
    ]

    affected = RuleSet(rules).affected(changed)

    expected = tuple(
        index
        for index, names in enumerate(reads)
        if any(read == name or read.startswith(name + ".") or name.startswith(read + ".") for read in names for name in changed)
    )
    assert expected == affected
