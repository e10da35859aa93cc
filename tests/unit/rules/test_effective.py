"""Rows with effective dates decide inside their period and nowhere else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from servflow.documents import load, save
from servflow.engine import Workflow
from servflow.errors import DefinitionError, InputError, TimeError
from servflow.rules import DecisionTable, Row

SHANGHAI = timezone(timedelta(hours=8))
NEW_YEAR = datetime(2027, 1, 1, tzinfo=SHANGHAI)
TICK = timedelta(microseconds=1)


def fees(*rows: Any, **given: Any) -> DecisionTable:
    parts: dict[str, Any] = {"hit": "unique", "zone": "Asia/Shanghai", "inputs": ["tier"], "outputs": {"fee": "int"}}
    return DecisionTable(name="fees", **{**parts, **given}, rows=list(rows))


def row(fee: int, effective: Any = None, **given: Any) -> dict[str, Any]:
    return {"when": ["-"], "then": [str(fee)], "effective": effective, **given}


def found(**given: Any) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as caught:
        fees(*given.pop("rows"), **given)

    for finding in caught.value.findings:
        assert finding.text("zh") != finding.text()
    return [(finding.code, finding.path) for finding in caught.value.findings]


YEARS = (row(180, {"end": "2027-01-01"}, id="visit", labels=["old"]), row(200, {"start": "2027-01-01"}, id="visit"))


def test_a_period_includes_its_start_and_not_its_end() -> None:
    """A date begins at 00:00 in the table's zone; one microsecond earlier the other row counts."""
    table = fees(*YEARS)

    assert {"fee": 180} == table.decide({}, NEW_YEAR - TICK).outputs
    assert {"fee": 200} == table.decide({}, NEW_YEAR).outputs
    assert {"fee": 200} == table.decide({}, at=NEW_YEAR.astimezone(UTC)).outputs


def test_the_instant_may_stand_among_the_fields() -> None:
    """The field ``at`` is taken where no instant is given, and only then."""
    table = fees(*YEARS)

    assert (1,) == table.decide({"at": NEW_YEAR}).matched
    assert (0,) == table.decide({"at": NEW_YEAR}, NEW_YEAR - TICK).matched


@pytest.mark.parametrize("fields", [{}, {"at": None}, {"at": "2027-01-01T00:00:00Z"}])
def test_without_an_instant_nothing_is_decided(fields: dict[str, Any]) -> None:
    """The error says what to give."""
    with pytest.raises(InputError, match="decide\\(fields, at=") as caught:
        fees(*YEARS).decide(fields)

    assert "rules.at" == caught.value.code


@pytest.mark.parametrize("table", [fees(*YEARS), fees(row(1))])
def test_a_naive_instant_is_refused(table: DecisionTable) -> None:
    """Also by a table that needs none: which instant is meant nobody knows."""
    with pytest.raises(TimeError, match="naive"):
        table.decide({}, datetime(2027, 1, 1))


def test_why_tells_the_row_with_its_period_and_labels() -> None:
    """People see which version of the row it was."""
    (reason,) = fees(*YEARS).decide({}, NEW_YEAR - TICK).why

    assert ("visit", {"end": "2027-01-01"}, ("old",)) == (reason["id"], reason["effective"], reason["labels"])


def test_dates_are_meant_in_the_zone_also_where_midnight_is_skipped_or_shown_twice() -> None:
    """A date begins with its first instant: after the gap, or at the first of two midnights."""
    gap = fees(row(1, {"start": "2018-11-04"}), zone="America/Sao_Paulo", hit="first")
    twice = fees(row(1, {"start": "2026-11-01"}), zone="America/Havana", hit="first")

    for table, at in ((gap, datetime(2018, 11, 4, 3, tzinfo=UTC)), (twice, datetime(2026, 11, 1, 4, tzinfo=UTC))):
        assert table.decide({}, at - TICK).outputs is None
        assert {"fee": 1} == table.decide({}, at).outputs


def test_instants_and_dates_of_python_are_written_as_text() -> None:
    """The document holds text; the table made of it is the same one."""
    table = fees(row(1, {"start": date(2026, 1, 1), "end": NEW_YEAR}), Row(("-",), ("2",), effective={"start": NEW_YEAR}))

    assert {"start": "2026-01-01", "end": "2027-01-01T00:00:00+08:00"} == table.to_data()["rows"][0]["effective"]
    assert table == DecisionTable(**table.to_data())
    assert table.hash == DecisionTable(**table.to_data()).hash


@pytest.mark.parametrize("period", [None, {}, {"start": None, "end": None}])
def test_a_period_open_on_both_sides_is_always(period: Any) -> None:
    """Such a table needs no instant."""
    table = fees(row(1, period))

    assert not table.timed
    assert {"fee": 1} == table.decide({}).outputs


@pytest.mark.parametrize(
    ("period", "code", "below"),
    [
        ("2027", "form", ""),
        ({"start": "2027-02-30"}, "when", ".start"),
        ({"start": "soon"}, "when", ".start"),
        ({"end": 2027}, "when", ".end"),
        ({"end": "2" * 50}, "when", ".end"),
        ({"start": "2027-01-01T00:00:00"}, "naive", ".start"),
        ({"start": "2027-01-02", "end": "2027-01-02"}, "empty", ""),
        ({"start": "2027-01-02", "end": "2027-01-01T23:59:00+08:00"}, "empty", ""),
    ],
)
def test_a_period_that_cannot_be_read_is_told_at_its_place(period: Any, code: str, below: str) -> None:
    """What is no date or instant, has no offset, or holds no instant."""
    assert [(f"rules.effective_{code}", f"rows[0].effective{below}")] == found(rows=[row(1, period)])


def test_an_unknown_key_of_a_period_is_told() -> None:
    """It is not left out in silence."""
    assert [("rules.unknown_key", "rows[0].effective")] == found(rows=[row(1, {"starts": "2027-01-01"})])


def test_a_date_needs_a_zone() -> None:
    """An instant does not."""
    assert [("rules.effective_zone", "rows[0].effective.start")] == found(rows=[row(1, {"start": "2027-01-01"})], zone=None)
    assert [("rules.zone", "zone")] == found(rows=[row(1, {"start": "2027-01-01"})], zone="Shanghai")
    assert fees(row(1, {"start": "2027-01-01T00:00:00Z"}), zone=None).timed


def test_one_id_is_one_row_or_versions_that_follow_each_other() -> None:
    """Two rows that are in force together cannot be one row; a gap between versions is allowed."""
    first, second = row(1, {"end": "2027-01-01"}, id="a"), row(2, {"start": "2026-12-31", "end": "2028-01-01"}, id="a")

    assert [("rules.row_twice", "rows[1].id")] == found(rows=[row(1, id="a"), row(2, id="a")])
    assert [("rules.row_twice", "rows[1].id")] == found(rows=[row(1, id="a"), first])
    assert [("rules.effective_overlap", "rows[1].effective")] == found(rows=[first, second])
    assert [("rules.effective_overlap", "rows[2].effective")] == found(
        rows=[
            row(1, {"start": "2029-01-01", "end": "2030-01-01"}, id="a"),
            row(0, {"start": "2026-01-01"}),
            second | {"effective": {"start": "2020-01-01"}},
        ]
    )
    assert fees(first, row(2, {"start": "2027-06-01"}, id="a"), row(3, id="b"))


@pytest.mark.parametrize("version", [True, 1.5, "", " ", [1]])
def test_a_version_is_a_number_or_a_word(version: Any) -> None:
    """Anything else is told."""
    assert [("rules.version", "version")] == found(rows=[], version=version)


DOCUMENT = """
servflow: 1
workflow: visits
initial: booked
fields: {{tier: {{type: string, default: gold}}, fee: {{type: int, optional: true}}}}
states: {{booked: {{}}, paid: {{}}, done: {{closed: true}}}}
tables:
  fees:
    version: "2027"
    zone: Asia/Shanghai
    inputs: [tier]
    outputs: {{fee: int}}
    rows:
      - {{when: ['"gold"'], then: ['180'], id: gold, effective: {{end: 2027-01-01}}}}
      - {{when: ['"gold"'], then: ['200'], id: gold, effective: {{start: 2027-01-01}}}}
transitions:
  - {{event: pay, source: booked, target: paid, when: "table.fees.fee > 0", do: [{{set: {{fee: table.fees.fee}}}}]}}
  - {{event: finish, source: paid, target: done}}
{more}
"""


def test_a_workflow_decides_for_the_instant_of_the_step() -> None:
    """The record of the decision says which edition of the table it was."""
    workflow = load(DOCUMENT.format(more=""))
    assert workflow == load(save(workflow)) == Workflow(**workflow.to_data())

    for at, fee in ((NEW_YEAR - TICK, 180), (NEW_YEAR, 200)):
        outcome = workflow.fire(workflow.open("t", at=NEW_YEAR - timedelta(days=9)).ticket, "pay", at=at)

        (decided,) = (
            [record for record in outcome.records if record.kind == "decided"]
            if hasattr(outcome.records[0], "kind")
            else [record for record in outcome.records if type(record).__name__ == "Decided"]
        )
        assert fee == outcome.ticket.fields["fee"]
        assert ("2027", workflow.tables["fees"].hash) == (decided.why["version"], decided.why["hash"])


@pytest.mark.parametrize(
    ("more", "code", "path"),
    [
        ("  - {source: booked, target: paid, when: table.fees.fee > 1}", "expression.time", "transitions[2].when"),
        ("rules: [{name: r, when: table.fees.fee > 1, then: [{set: {tier: '\"x\"'}}]}]", "expression.time", "rules[0].when"),
        ("rules: [{name: r, then: [{set: {fee: table.fees.fee}}]}]", "expression.time", "rules[0].then[0].set.fee"),
        (
            "clocks: [{name: c, until: paid, within: [{when: table.fees.fee > 1, take: 4h}, {take: 8h}]}]",
            "expression.time",
            "clocks[0].within[0].when",
        ),
        (
            "dispatch: [{name: d, state: booked, require: [{skill: string(table.fees.fee)}]}]",
            "dispatch.reads_time",
            "dispatch[0].require[0].skill",
        ),
    ],
)
def test_what_may_not_read_time_may_not_read_such_a_table(more: str, code: str, path: str) -> None:
    """Nobody would notice when its answer changes; the same words as for ``at``."""
    with pytest.raises(DefinitionError) as caught:
        load(DOCUMENT.format(more=more))

    assert [(code, path)] == [(finding.code, finding.path) for finding in caught.value.findings]
    assert ["table.fees"] == list(caught.value.findings[0].facts["names"])


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("start: 2027-01-01", "start: 2027-13-01", "rules.effective_when"),
        ("start: 2027-01-01", "start: 2026-01-01", "rules.effective_overlap"),
        ("zone: Asia/Shanghai", "zone: Shanghai", "rules.zone"),
        ("effective: {{start: 2027-01-01}}", "note: next year", "rules.row_twice"),
    ],
)
def test_each_mistake_of_a_document_is_told_once(old: str, new: str, code: str) -> None:
    """With its line; what only follows from it is not told."""
    with pytest.raises(DefinitionError) as caught:
        load(DOCUMENT.replace(old, new).format(more=""))

    (finding,) = caught.value.findings
    assert code == finding.code
    assert finding.line is not None
