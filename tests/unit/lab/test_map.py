"""Knows how a map is read and refused; must not know any log."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from servflow.errors import DefinitionError, render
from servflow.lab import LogMap

COLUMNS = {"case": "id", "at": "when", "state": "status"}


def _facts(data: Any, code: str) -> Any:
    with pytest.raises(DefinitionError) as caught:
        LogMap.of(data)
    return next(finding.facts for finding in caught.value.findings if finding.code == code)


def _codes(data: Any) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as caught:
        LogMap.of(data)
    return [(finding.code, finding.path) for finding in caught.value.findings]


def test_equal_ways_of_writing_are_equal() -> None:
    """A mapping, the constructor and a text give equal maps, which survive pickle and their own data."""
    text = "columns: {case: id, at: when, state: status}\nformats: '%d/%m/%Y'\nmissing: ['?']\n"
    made = LogMap(columns=COLUMNS, formats="%d/%m/%Y", missing=["?"])

    assert made == LogMap.load(text) == LogMap.of({"columns": COLUMNS, "formats": ["%d/%m/%Y"], "missing": "?"})
    assert made == LogMap.of(made.to_data()) == pickle.loads(pickle.dumps(made))
    assert made is LogMap.of(made)


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"colums": {}}, "lab.unknown_key", "colums"),
        ({"columns": {"case": 0}}, "lab.missing", "columns.at"),
        ({"columns": {**COLUMNS, "stat": 3}}, "lab.unknown_key", "columns.stat"),
        ({"columns": {**COLUMNS, "opened": -1}}, "lab.column", "columns.opened"),
        ({"columns": {**COLUMNS, "opened": True}}, "lab.column", "columns.opened"),
        ({"columns": [0, 1]}, "lab.mapping", "columns"),
        ({"states": {"New": 1}}, "lab.text", "states.New"),
        ({"states": {"New": "new"}, "events": {"Nwe": "log"}}, "lab.log_state", "events.Nwe"),
        ({"milestones": {"finish": 1.5}}, "lab.column", "milestones.finish"),
        ({"formats": []}, "lab.format", "formats"),
        ({"formats": ["iso", "%H:%M"]}, "lab.format", "formats[1]"),
        ({"formats": 7}, "lab.names", "formats"),
        ({"zone": "Mars/Base"}, "lab.zone", "zone"),
        ({"zone": "../etc"}, "lab.zone", "zone"),
        ({"zone": 1}, "lab.zone", "zone"),
        ({"missing": [None]}, "lab.names", "missing"),
        ({"delimiter": ";;"}, "lab.character", "delimiter"),
        ({"delimiter": '"'}, "lab.character", "quote"),
        ({"encoding": "klingon"}, "lab.encoding", "encoding"),
        ({"encoding": "zlib"}, "lab.encoding", "encoding"),
        ({"encoding": None}, "lab.encoding", "encoding"),
        ({"header": "yes"}, "lab.choice", "header"),
        ({"rows": "group"}, "lab.choice", "rows"),
        ({"file": 3}, "lab.text", "file"),
        ({"roles": 3}, "lab.names", "roles"),
    ],
)
def test_each_problem_is_told_with_its_place(change: dict[str, Any], code: str, path: str) -> None:
    """Whatever is wrong with a map has a code and a path, and a sentence in both languages."""
    assert (code, path) in _codes({"columns": COLUMNS, **change})
    facts = _facts({"columns": COLUMNS, **change}, code)
    english, chinese = render(code, facts), render(code, facts, "zh")
    assert not english.startswith(code)
    assert not chinese.startswith(code)
    assert english != chinese


def test_all_problems_are_told_at_once() -> None:
    """One reading tells everything that is wrong."""
    found = _codes({"zone": "nowhere", "rows": "x", "colour": 1})

    assert {"lab.zone", "lab.choice", "lab.unknown_key", "lab.missing"} == {code for code, _ in found}


@pytest.mark.parametrize("data", [None, 3, ["columns"], "text"])
def test_what_is_no_mapping_is_refused(data: Any) -> None:
    """Anything but a mapping is refused with a clear code."""
    assert [("lab.mapping", "")] == _codes(data)


def test_lines_are_told_where_there_are_lines() -> None:
    """A problem in a text has the line where it stands."""
    with pytest.raises(DefinitionError) as caught:
        LogMap.load("columns: {case: 0, at: 1, state: 2}\nzone: UTC\nrows: mixd\n")

    assert [("lab.choice", 3)] == [(finding.code, finding.line) for finding in caught.value.findings]


def test_state_may_be_left_out_where_milestones_are_given() -> None:
    """A log of final instants needs no column for the state."""
    made = LogMap(columns={"case": 0, "at": 1}, milestones={"finish": 2})

    assert {"finish": 2} == made.milestones
