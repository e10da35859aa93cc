"""Loading: every way to give a definition, and what YAML text means."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

import servflow.documents
from servflow.calendars import Calendar
from servflow.documents import load, save
from servflow.engine import Extensions, Workflow
from servflow.errors import DefinitionError
from servflow.expressions import Function
from servflow.model import Field

TEMPLATE = Path(servflow.documents.__file__).parent / "templates" / "appliance_repair.yaml"
EVERYTHING = Path(__file__).parent / "everything.yaml"

SMALL = "workflow: small\nstates: {a: {}}\n"


def codes(source: object, **more: object) -> list[str]:
    """The codes of the problems a definition has."""
    with pytest.raises(DefinitionError) as caught:
        load(source, **more)  # type: ignore[arg-type]  # wrong sources are part of what is tested
    return [finding.code for finding in caught.value.findings]


@pytest.mark.parametrize("path", [TEMPLATE, EVERYTHING], ids=lambda path: path.stem)
def test_a_file_loads_by_path_by_its_name_and_as_text(path: Path) -> None:
    """A Path, the name of the file and its text give equal workflows."""
    text = path.read_text(encoding="utf-8")

    assert load(path) == load(str(path)) == load(text)


def test_the_example_of_the_format_loads_without_findings() -> None:
    """The example has no problem, and nothing remains to be said about it but what concerns its tables."""
    assert () == tuple(finding for finding in load(TEMPLATE).check() if finding.severity == "error")


def test_json_text_and_yaml_text_mean_the_same() -> None:
    """The canonical form written as JSON loads as the workflow it came from."""
    workflow = load(TEMPLATE)

    assert workflow == load(json.dumps(workflow.to_data(), ensure_ascii=False))


def test_a_json_file_loads(tmp_path: Path) -> None:
    """A file whose name ends in .json is read as JSON."""
    path = tmp_path / "small.json"
    path.write_text('{"workflow": "small", "states": {"a": {}}}', encoding="utf-8")

    assert load(SMALL) == load(path)


def test_a_mapping_loads_and_is_left_alone() -> None:
    """A mapping loads like the text it stands for, and nobody writes into it."""
    data = {"workflow": "small", "states": {"a": None}, "fields": {"at": "int"}}

    assert ["field.reserved"] == codes(data)
    assert {"workflow": "small", "states": {"a": None}, "fields": {"at": "int"}} == data


def test_a_document_equals_what_the_constructors_make() -> None:
    """YAML and Python spell the same workflow."""
    text = (
        "workflow: small\n"
        "fields: {cost: {type: decimal, default: 0}}\n"
        "states: {a: {timers: [{after: 4h, event: go}]}, b: {closed: true}}\n"
        "transitions: [{event: go, source: a, target: b, do: [{set: {cost: '1'}}]}]\n"
    )
    built = Workflow(
        workflow="small",
        fields={"cost": Field("decimal", default=Decimal(0))},
        states={"a": {"timers": [{"after": datetime.timedelta(hours=4), "event": "go"}]}, "b": {"closed": True}},
        transitions=[{"event": "go", "source": "a", "target": "b", "do": [{"set": {"cost": "1"}}]}],
    )

    assert built == load(text)


def test_dates_numbers_and_spans_of_python_are_read_as_a_document_writes_them() -> None:
    """A mapping may hold dates, exact numbers and lengths of time where a text would spell them."""
    calendar = {"zone": "UTC", "week": {"mon": ["09:00-17:00"]}, "holidays": [datetime.date(2026, 10, 1)]}
    made = load(
        {
            "workflow": "small",
            "states": {"a": {"timers": {"after": datetime.timedelta(hours=4), "event": "go"}}},
            "transitions": ({"event": "go", "source": "a"},),
            "fields": {"cost": {"type": "decimal", "default": Decimal("1.50")}},
            "calendars": {"office": {**calendar, "shifts": {datetime.date(2026, 10, 10): ["10:00-12:00"]}}},
        }
    )

    assert "4h" == made.states["a"].timers[0].after.text
    assert Decimal("1.50") == made.fields["cost"].default
    assert ["2026-10-01"] == made.calendars["office"].to_data()["holidays"]
    assert {"2026-10-10": ["10:00-12:00"]} == made.calendars["office"].to_data()["shifts"]


def test_unquoted_words_of_yaml_1_1_are_text() -> None:
    """``no``, ``on``, ``yes`` and dates are text, as YAML 1.2 says; true, numbers and null are not."""
    made = load(SMALL + "fields:\n  a: {one_of: [no, on, yes, 2026-10-01, 12:30, 1_0]}\n  b: {type: int, default: 0x1F}\n")

    assert ("no", "on", "yes", "2026-10-01", "12:30", "1_0") == made.fields["a"].one_of
    assert 31 == made.fields["b"].default


def test_numbers_and_dates_need_no_quotes_where_they_are_meant() -> None:
    """An unquoted 0 is an exact number, an unquoted date a holiday."""
    made = load(
        SMALL + "fields: {cost: {type: decimal, default: 0}}\n"
        "calendars: {c: {zone: UTC, week: {mon: 09:00-17:00}, holidays: [2026-10-01]}}\n"
    )

    assert Decimal(0) == made.fields["cost"].default


def test_calendars_of_the_host_are_known_by_name() -> None:
    """A clock may name a calendar that only the host has."""
    text = SMALL + "clocks: [{name: c, within: 4h, calendar: office}]\n"
    office = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})

    assert ["name.unknown"] == codes(text)
    assert {"office": office} == load(text, calendars={"office": office}).host_calendars
    assert ["calendar.never_opens"] == codes(text, calendars={"office": {"zone": "UTC", "week": {}}})


def test_functions_of_the_host_are_known_by_name() -> None:
    """A condition may call what the host registered, and nothing else."""
    text = SMALL + "rules: [{name: r, when: 'twice(2) == 4', then: [{tag: x}]}]\n"
    twice = Function("twice", ("int",), "int", lambda number: 2 * number)

    assert codes(text)
    assert "small" == load(text, extensions=Extensions(functions=[twice])).workflow


def test_the_error_is_written_in_the_language_asked_for() -> None:
    """The text of the error is Chinese on request; the findings say both."""
    with pytest.raises(DefinitionError, match="定义中有 1 个问题") as caught:
        load("workflow: x\nstates: {a: {}}\ncolour: blue\n", lang="zh")

    (finding,) = caught.value.findings
    assert "there is no key 'colour' here" == finding.message()
    assert "此处没有键“colour”" == finding.message("zh")


def test_a_missing_file_is_a_finding(tmp_path: Path) -> None:
    """What names a file that is not there is told as such, whether by Path or by its ending."""
    assert ["document.file"] == codes(tmp_path / "none.yaml")
    assert ["document.file"] == codes("none.yaml")


def test_a_folder_is_no_definition(tmp_path: Path) -> None:
    """A path that cannot be read is a finding."""
    assert ["document.file"] == codes(tmp_path)


@pytest.mark.parametrize("source", [None, 5, ["workflow"], b"workflow: x", object()], ids=lambda source: type(source).__name__)
def test_what_is_no_source_is_refused(source: object) -> None:
    """A definition is a path, a text or a mapping."""
    assert ["document.source"] == codes(source)


def test_importing_documents_loads_neither_pydantic_nor_yaml() -> None:
    """A program that only imports the library pays for neither."""
    script = "import sys, servflow.documents; print(sorted({'pydantic', 'ruamel.yaml', 'hypothesis'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.strip()


@pytest.mark.parametrize("path", [TEMPLATE, EVERYTHING], ids=lambda path: path.stem)
def test_what_is_saved_loads_equal_and_saves_the_same(path: Path) -> None:
    """Saving is the inverse of loading, and its text does not change any more."""
    workflow = load(path)

    assert workflow == load(save(workflow))
    assert save(workflow) == save(load(save(workflow)))


def test_text_that_looks_like_something_else_survives_saving() -> None:
    """Words that YAML could mistake stay text."""
    strange = [
        "no",
        "null",
        "true",
        "1",
        "0x1F",
        "1e3",
        "~",
        "",
        "2026-10-01",
        "a: b",
        "# x",
        "- x",
        "中文",
        "\u2028",
        "\ttab",
        "x\n y\n",
    ]
    workflow = load({"workflow": "small", "states": {"a": {}}, "fields": {"f": {"one_of": strange}}})

    assert tuple(strange) == load(save(workflow)).fields["f"].one_of
