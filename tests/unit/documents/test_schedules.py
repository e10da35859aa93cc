"""Files of on-call schedules and of worlds: what is read, and that every problem is told at its place."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

from servflow.documents import _models_on_call, load_schedules, load_world, schema
from servflow.documents._shape import check_shape
from servflow.documents._shapes import Part
from servflow.documents._source import read_document
from servflow.errors import DefinitionError
from servflow.escalation import Members, Override, Roster, Rotation, Schedule, Shift, Temporary

AT = datetime(2026, 3, 3, 12, tzinfo=UTC)
FILE = """
servflow: 1
schedules:
  hotline:
    combine: top
    layers:
      - {users: [ann, bob], start: 2026-03-02T09:00, zone: Europe/Berlin}
    overrides:
      - {start: 2026-03-03T08:00Z, end: 2026-03-04T08:00Z, users: zoe}
  turns: {users: [[ann, cy], bob], start: 2026-03-02, zone: UTC, every: 1 day}
  feed:
    duties:
      - {start: 2026-03-03T08:00Z, end: 2026-03-04T08:00Z, users: [ann, dan]}
"""


def problems(source: str, read: object = load_schedules, lang: str = "en") -> list[tuple[int | None, str, str]]:
    """Line, path and code of every problem of a text."""
    with pytest.raises(DefinitionError) as caught:
        read(source, lang=lang)  # type: ignore[operator]  # one of two functions of one form
    return [(finding.line, finding.path, finding.code) for finding in caught.value.findings]


def test_each_kind_of_schedule_is_read(tmp_path: Path) -> None:
    """Layers make a schedule, users a rotation, duties a roster; whatever else stands in the file is left alone."""
    path = tmp_path / "on_call.yaml"
    path.write_text(FILE + "people: 3\n", "utf-8")
    read = load_schedules(path)

    assert {"hotline": Schedule, "turns": Rotation, "feed": Roster} == {name: type(made) for name, made in read.items()}
    assert {"hotline": ("zoe",), "turns": ("bob",), "feed": ("ann", "dan")} == {
        name: made.on_call(AT) for name, made in read.items()
    }
    assert read == load_schedules({"schedules": {name: made.to_data() for name, made in read.items()}})


def test_every_problem_of_schedules_is_told_with_its_line() -> None:
    """A key that is not known, one that is missing and a value of a wrong kind do not hide each other."""
    text = """schedules:
  hotline:
    combine: unionn
    layer: []
    layers:
      - {users: [ann], zone: Europe/Berlinn, start: 2026-03-02T09:00, evry: 1 day}
      - {users: []}
    overrides:
      - {start: 2026-03-02T09:00, end: 2026-03-02T10:00Z, users: [x]}
  feed:
    duties: [{start: 2026-03-02T09:00Z, end: 2026-03-02T08:00Z}]
  x: 3
"""

    assert [
        (3, "schedules.hotline.combine", "escalation.option"),
        (4, "schedules.hotline.layer", "escalation.unknown_key"),
        (6, "schedules.hotline.layers[0].zone", "escalation.zone"),
        (6, "schedules.hotline.layers[0].evry", "escalation.unknown_key"),
        (7, "schedules.hotline.layers[1].start", "escalation.missing"),
        (7, "schedules.hotline.layers[1].zone", "escalation.missing"),
        (7, "schedules.hotline.layers[1].users", "escalation.users"),
        (9, "schedules.hotline.overrides[0].start", "escalation.instant"),
        (11, "schedules.feed.duties[0].users", "escalation.missing"),
        (11, "schedules.feed.duties[0].end", "roster.order"),
        (12, "schedules.x", "definition.mapping"),
    ] == problems(text)


@pytest.mark.parametrize("text", ["layers: []\n", "schedules: [a]\n"])
def test_a_file_without_schedules_says_so(text: str) -> None:
    """It is told what to write, in the language asked for."""
    with pytest.raises(DefinitionError, match="此处没有值班表"):
        load_schedules(text, lang="zh")


def test_a_rotation_with_misspelt_users_is_told_as_one() -> None:
    """What has the keys of a rotation is not taken for a schedule without layers."""
    text = "schedules:\n  turns: {user: [ann], start: 2026-03-02, zone: UTC}\n"

    assert [
        (2, "schedules.turns.users", "escalation.missing"),
        (2, "schedules.turns.user", "escalation.unknown_key"),
    ] == problems(text)


def test_another_format_and_too_many_schedules_are_refused() -> None:
    """A file of a later format is not guessed at, and a file has at most 1,000 schedules."""
    many: dict[str, object] = {"schedules": {str(number): {} for number in range(1_001)}}

    assert [(1, "servflow", "definition.format")] == problems("servflow: 2\nschedules: {}\n")
    with pytest.raises(DefinitionError, match="1001 entries"):
        load_schedules(many)


def test_a_world_is_read() -> None:
    """People, calendars and schedules stand in one file, under the names of the world's parts."""
    world = load_world(
        FILE
        + """
people: [{id: ann, manager: bob, roles: [supervisor]}, {id: bob}]
calendars: {office: {zone: Europe/Berlin, week: {mon-fri: ["09:00-17:00"]}}}
areas: {mitte: berlin}
version: w7
"""
    )

    assert ("bob", "w7", ("zoe",)) == (world.manager_of("ann"), world.version, world.schedules["hotline"].on_call(AT))
    assert world.calendars["office"].is_open(AT)


def test_every_problem_of_a_world_is_told_with_its_line() -> None:
    """Each element that cannot be read is told where it stands, and a key that no world has with what was meant."""
    text = """people: [{id: ann, manger: bob}, {id: ann}, {id: ann}]
queues: {a: {members: 3}}
schedule: 3
schedules: {a: {layers: [{}]}}
calendars: {office: {zone: Berlin}}
areas: {a: b, b: a}
"""

    assert [
        (1, "people[0]", "world.value"),
        (1, "people[2]", "world.twice"),
        (2, "queues", "world.value"),
        (3, "schedule", "document.unknown_key"),
        (4, "schedules.a.layers[0].users", "escalation.missing"),
        (4, "schedules.a.layers[0].start", "escalation.missing"),
        (4, "schedules.a.layers[0].zone", "escalation.missing"),
        (5, "calendars.office.zone", "calendar.zone_unknown"),
        (6, "areas", "world.value"),
    ] == problems(text, load_world)


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (_models_on_call.RotationModel, Rotation),
        (_models_on_call.MembersModel, Members),
        (_models_on_call.OverrideModel, Override),
        (_models_on_call.TemporaryModel, Temporary),
        (_models_on_call.ScheduleModel, Schedule),
        (_models_on_call.RosterModel, Roster),
        (_models_on_call.DutyModel, Shift),
    ],
)
def test_the_schema_has_the_keys_of_the_constructors(model: type[Part], kind: type[Any]) -> None:
    """Every key of a file is a parameter, and every parameter that a file can hold a key, needed where it is needed."""
    fields = {one.name: one.default is attrs.NOTHING for one in attrs.fields(kind) if one.name != "notes"}

    assert fields == {name: one.is_required() for name, one in model.model_fields.items()}


def test_a_file_that_loads_fits_the_schema() -> None:
    """What the loader takes the schema takes, and so it does what is written back."""
    read = load_schedules(FILE)
    data = {"schedules": {name: made.to_data() for name, made in read.items()}}

    assert [[], []] == [check_shape(given, _models_on_call.SchedulesModel) for given in (read_document(FILE).data, data)]
    assert "schedules" in schema("schedules")["properties"]  # type: ignore[operator]  # a mapping


@pytest.mark.parametrize("text", ["# nobody yet\n", "- ann\n", "ann"])
def test_a_file_that_is_no_mapping_is_told_how_its_own_kind_begins(text: str, tmp_path: Path) -> None:
    """Neither an empty world nor an empty file of schedules is told to begin as a workflow, in either language."""
    path = tmp_path / "file.yaml"
    path.write_text(text, "utf-8")

    for read, kind, begins in ((load_world, "world", "engineers:"), (load_schedules, "schedules", "schedules:")):
        with pytest.raises(DefinitionError) as caught:
            read(path)
        (finding,) = caught.value.findings

        assert (f"{kind}.no_mapping", 1) == (finding.code, finding.line)
        assert [True, True] == [begins in finding.hint(lang) for lang in ("en", "zh")]
