"""Holds check and schema to what they say of intakes; must not know how an intake is checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from servflow.cli._main import servflow
from servflow.documents import copy_template, schema

BAD = """intake: door
channels:
  web: {key: message.id, fields: {topic: mesage.topic}}
  chat: {key: message.id, fields: {topic: message.topic, colour: message.colour}}
table: {hit: first, inputs: [channel], outputs: {workflow: string}, rows: [['"wbe"', '"complaint"'], ['"chat"', '"complaint"']]}
"""


def run(*words: Any) -> Result:
    """What a command says, and its status."""
    return CliRunner().invoke(servflow, [str(word) for word in words], catch_exceptions=False)


def test_a_good_one_beside_its_workflows(tmp_path: Path) -> None:
    """The template fits the workflows it is for; what it holds is said in one line."""
    names = ("intake", "consultation", "complaint", "field_service", "it_incident", "return_exchange")
    paths = [copy_template(name, tmp_path)[0] for name in names]
    beside = [word for path in paths[1:] for word in ("--workflow", path)]
    told = run("check", paths[0], *beside)

    assert 0 == told.exit_code
    assert "intake front_door version 1 loads" in told.stdout
    assert "tables in order: sort, level, priority, attempt, route" in told.stdout
    assert "受理 front_door" in run("check", paths[0], "--lang", "zh").stdout


def test_every_problem_with_its_line(tmp_path: Path) -> None:
    """What does not load ends with 1 and names the line; once it loads, what cannot fit is told the same way."""
    (path := tmp_path / "door.yaml").write_text(BAD)
    wrong = run("check", path)
    path.write_text(BAD.replace("mesage", "message"))
    (flow := tmp_path / "flow.yaml").write_text(
        "workflow: complaint\nfields: {topic: string}\ninitial: new\nstates: {new: {}}\n"
    )
    told = json.loads((warned := run("check", path, "--workflow", flow, "--format", "json")).stdout)

    assert (1, 1) == (wrong.exit_code, warned.exit_code)
    assert ".yaml:3:35: channels.web.fields.topic" in wrong.stdout
    assert {
        "rules.never_holds": 5,
        "intake.channel_unnamed": 5,
        "intake.field_unknown": 4,
    }.items() <= {finding["code"]: finding["line"] for finding in told["findings"]}.items()
    assert ("door", 1, True) == (told["intake"], told["version"], told["loads"])
    assert 0 == run("check", path, "--workflow", flow, "--allow-warnings").exit_code


def test_a_workflow_that_is_none(tmp_path: Path) -> None:
    """What is given beside it must load as well."""
    (path := tmp_path / "door.yaml").write_text(BAD.replace("mesage", "message"))

    assert 1 == run("check", path, "--workflow", path).exit_code


def test_the_schema() -> None:
    """By the name of the kind; an unknown one is told with what was meant, and two at once are refused."""
    assert schema("intake") == json.loads(run("schema", "--of", "intake").stdout)
    assert "did you mean 'intake'" in (wrong := run("schema", "--of", "intak")).stderr
    assert (2, 2) == (wrong.exit_code, run("schema", "--of", "intake", "--correlator").exit_code)
