"""Holds check, graph, schema and plan to their output, their languages and their exit status."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from servflow.cli._demo_command import demo_workflow
from servflow.cli._output import Say, command
from servflow.documents import load
from servflow.expressions import tree_schema
from servflow.model import canonical
from servflow.stores import SqliteStore
from tests.unit.cli.conftest import Demo

Run = Callable[..., Result]

FINE = """\
servflow: 1
workflow: tiny
initial: new
states: {new: {}, closed: {closed: true}}
transitions:
  - {event: close, source: new, target: closed}
escalations:
  - name: late
    start: {age: 1h}
    levels:
      - {name: lead, do: [{notify: {to: {user: ann}, template: late}}]}
      - {name: boss, after: 2h, do: [{notify: {to: {user: bo}, template: late}}]}
"""


@pytest.fixture
def fine(tmp_path: Path) -> Path:
    """A definition without findings."""
    path = tmp_path / "fine.yaml"
    path.write_text(FINE, encoding="utf-8")
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A definition with an unknown state on line 6 and an unknown key on line 4."""
    path = tmp_path / "broken.yaml"
    text = FINE.replace("{new: {}, closed", "{new: {clsed: true}, closed").replace("target: closed", "target: clossed")
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def warned(tmp_path: Path) -> Path:
    """A definition that loads, with a state nothing leads to."""
    path = tmp_path / "warned.yaml"
    path.write_text(FINE.replace("{new: {}, ", "{new: {}, lost: {closed: true}, "), encoding="utf-8")
    return path


def test_check_of_a_fine_definition(run: Run, fine: Path) -> None:
    """No findings end with status 0 and one sentence."""
    result = run("check", fine)

    assert (0, "tiny version 1 is fine: 2 states, 1 transition, no findings.\n") == (result.exit_code, result.stdout)


def test_check_tells_every_problem_with_its_line(run: Run, broken: Path) -> None:
    """All problems are told at once, each with line, did-you-mean and code; the status is 1."""
    result = run("check", broken)

    assert 1 == result.exit_code
    assert ".yaml:4:16: " in result.stdout
    assert ".yaml:6:33: " in result.stdout
    assert "did you mean 'closed'?" in result.stdout


LAWFUL = """
workflow: lawful
fields: {n: int}
roles: [clerk]
states: {a: {}, z: {closed: true}}
transitions:
  - {event: end, source: a, target: z, allow: [clerk], when: "n > 3"}
laws:
  - {name: small ones stay, never: "closed && n < 3"}
"""


def test_check_shows_notes_and_proved_laws_and_is_content(run: Run, tmp_path: Path) -> None:
    """A note is told and changes nothing; a proved law says over how many abstract states."""
    file = tmp_path / "lawful.yaml"
    file.write_text(LAWFUL, "utf-8")
    result = run("check", file)

    assert 0 == result.exit_code
    assert "[field.unset]" in result.stdout
    assert "law small ones stay is proved" in result.stdout
    assert "已证明" in run("check", file, "--lang", "zh").stdout


def test_check_fails_for_a_law_that_does_not_hold(run: Run, tmp_path: Path) -> None:
    """A refuted law is told as a story and always makes the status 1; JSON carries the ticket."""
    file = tmp_path / "unlawful.yaml"
    file.write_text(LAWFUL.replace("n < 3", "n > 4"), "utf-8")
    result = run("check", file, "--allow-warnings")
    (found,) = [
        item for item in json.loads(run("check", file, "--format", "json").stdout)["findings"] if item["severity"] == "error"
    ]

    assert 1 == result.exit_code
    assert "clerk fires end; now closed && n > 4 holds" in result.stdout
    assert ["end"] == [step["event"] for step in found["witness"]["path"]]


def test_check_speaks_chinese(run: Run, broken: Path) -> None:
    """With --lang zh the same problems are told in Chinese."""
    result = run("check", broken, "--lang", "zh")

    assert 1 == result.exit_code
    assert ".yaml:6:33: " in result.stdout
    assert "是否" in result.stdout


def test_check_as_json_is_for_programs(run: Run, broken: Path, fine: Path) -> None:
    """JSON holds codes, paths, lines and sentences, also where there is nothing to find."""
    found = json.loads(run("check", broken, "--format", "json").stdout)
    none = json.loads(run("check", fine, "--format", "json").stdout)

    assert not found["loads"]
    assert {"code", "path", "line", "message", "hint", "severity"} <= found["findings"][0].keys()
    assert (True, []) == (none["loads"], none["findings"])


def test_warnings_are_findings_unless_allowed(run: Run, warned: Path) -> None:
    """A definition that loads with warnings ends with 1, and with 0 where warnings are allowed."""
    assert 1 == run("check", warned).exit_code
    assert 0 == run("check", warned, "--allow-warnings").exit_code


def test_file_that_is_not_there_is_bad_usage(run: Run, tmp_path: Path) -> None:
    """A missing file ends with status 2 and names it."""
    for words in (("check",), ("graph",), ("plan", "--at", "2026-11-02T09:00:00Z")):
        result = run(words[0], tmp_path / "none.yaml", *words[1:])
        assert 2 == result.exit_code
        assert "none.yaml" in result.stderr


def test_graph_draws_every_kind(run: Run, fine: Path) -> None:
    """Mermaid is the default; dot and a table can be asked for; JSON carries the drawing."""
    assert run("graph", fine).stdout.startswith("stateDiagram-v2")
    assert run("graph", fine, "--kind", "dot").stdout.startswith("digraph")
    assert "|" in run("graph", fine, "--kind", "table").stdout
    assert "stateDiagram" in json.loads(run("graph", fine, "--format", "json").stdout)["text"]


def test_graph_of_a_broken_definition_tells_its_findings(run: Run, broken: Path) -> None:
    """What cannot be loaded cannot be drawn: the findings go to standard error, the status is that of bad input."""
    result = run("graph", broken)

    assert (2, "") == (result.exit_code, result.stdout)
    assert ".yaml:6:33: " in result.stderr
    planned = run("plan", broken, "--at", "2026-11-02T09:00:00Z", "--format", "json")
    assert 2 == planned.exit_code
    assert json.loads(planned.stdout)["findings"]


def test_graph_marks_where_a_ticket_is(run: Run, tmp_path: Path) -> None:
    """A ticket's snapshot, from a file or from standard input, marks its state; anything else is bad input."""
    workflow = demo_workflow()
    path = tmp_path / "demo.yaml"
    path.write_text(json.dumps(workflow.to_data()), encoding="utf-8")
    fields = {"category": "ac", "region": "lake"}
    snapshot = canonical(workflow.open("D1", fields, at=datetime(2026, 11, 2, tzinfo=UTC), actor="clerk-1").ticket).decode()
    held = tmp_path / "ticket.json"
    held.write_text(snapshot, encoding="utf-8")

    plain = run("graph", path).stdout
    assert plain != run("graph", path, "--ticket", held).stdout
    assert run("graph", path, "--ticket", held).stdout == run("graph", path, "--ticket", "-", stdin=snapshot).stdout
    damaged = run("graph", path, "--ticket", "-", stdin="{}")
    assert (2, "") == (damaged.exit_code, damaged.stdout)
    assert 2 == run("graph", path, "--ticket", tmp_path / "none.json").exit_code
    held.write_bytes(b"\xff\x00")
    binary = run("graph", path, "--ticket", held)
    assert (2, True) == (binary.exit_code, "no text in UTF-8" in binary.output)


def test_schema_is_json(run: Run) -> None:
    """The schema is JSON whichever format is asked for."""
    assert "$id" in json.loads(run("schema").stdout)
    assert run("schema").stdout == run("schema", "--format", "json").stdout


def test_the_schema_of_trees_is_to_be_had(run: Run) -> None:
    """An editor of conditions gets the schema that the library publishes; two schemas at once are refused."""
    assert tree_schema() == json.loads(run("schema", "--expression").stdout)
    assert 2 == run("schema", "--expression", "--correlator").exit_code


def test_plan_of_a_chain(run: Run, fine: Path) -> None:
    """Every level is told with its instant; a later level counts from the one before."""
    result = run("plan", fine, "--at", "2026-11-02T09:00:00Z", "--format", "json")
    planned = json.loads(result.stdout)["planned"]

    assert [("2026-11-02T09:00:00Z", "lead"), ("2026-11-02T11:00:00Z", "boss")] == [
        (item["at"], item["name"]) for item in planned
    ]
    assert "boss" in run("plan", fine, "--at", "2026-11-02T09:00:00Z").stdout
    assert "级别" in run("plan", fine, "--at", "2026-11-02T09:00:00Z", "--lang", "zh").stdout


def test_plan_can_be_cut_short(run: Run, fine: Path) -> None:
    """Only what happens within --for is told."""
    result = run("plan", fine, "--at", "2026-11-02T09:00:00Z", "--for", "1h", "--format", "json")

    assert ["lead"] == [item["name"] for item in json.loads(result.stdout)["planned"]]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--chain", "lat", "--at", "2026-11-02T09:00:00Z"), "did you mean 'late'?"),
        (("--at", "2026-11-02T09:00:00"), "is not an instant with an offset"),
        (("--at", "soon"), "is not an instant with an offset"),
        (("--at", "9999-12-30T09:00:00Z"), "in the years 1900 to 9000"),
        (("--at", "9999-12-31T23:59:59-08:00"), "9999-12-31T23:59:59-08:00"),
        (("--at", "0001-01-01T00:00:00Z"), "in the years 1900 to 9000"),
        (("--at", "9000-01-01T00:00:00Z", "--for", "500000d"), "is longer than"),
        (("--at", "2026-11-02T09:00:00Z", "--for", "ages"), "ages"),
        (("--at", "2026-11-02T09:00:00Z", "--for", "2 business days"), "is a length of time"),
    ],
)
def test_plan_refuses_bad_input(run: Run, fine: Path, options: tuple[str, ...], said: str) -> None:
    """Unknown chains, naive instants and things that are no span end with status 2 and a sentence."""
    result = run("plan", fine, *options)

    assert 2 == result.exit_code
    assert said in result.stderr


def test_error_as_json_is_parsable(run: Run, fine: Path) -> None:
    """A program that asked for JSON gets the error as JSON too."""
    result = run("plan", fine, "--chain", "lat", "--at", "2026-11-02T09:00:00Z", "--format", "json")

    assert 2 == result.exit_code
    assert "did you mean" in json.loads(result.stdout)["error"]["message"]


def test_instants_beyond_the_calendar_are_told_without_a_traceback() -> None:
    """An overflow that no option could foresee ends with status 2 and one sentence."""

    @click.command()
    @command
    def far(say: Say) -> None:
        say.line(str(datetime(9999, 12, 31, tzinfo=UTC) + timedelta(days=1)))

    result = CliRunner().invoke(far, catch_exceptions=False)

    assert (2, 1) == (result.exit_code, len(result.stderr.splitlines()))
    assert "give an earlier instant" in result.stderr


def test_graph_finds_a_ticket_in_a_database(run: Run, demo: Demo, tmp_path: Path) -> None:
    """With --db the ticket is named by its id; a wrong one ends with status 2 and a did-you-mean."""
    path = tmp_path / "demo.yaml"
    path.write_text(json.dumps(demo_workflow().to_data()), encoding="utf-8")
    known = _any_ticket(demo.path)
    for option in ("--db", "--store"):
        assert run("graph", path).stdout != run("graph", path, "--ticket", known, option, demo.path).stdout
    missing = run("graph", path, "--ticket", f"{known}9x", "--db", demo.path)

    assert (2, "") == (missing.exit_code, missing.stdout)
    assert f"there is no ticket '{known}9x'" in missing.stderr
    assert 2 == run("graph", path, "--db", demo.path).exit_code
    assert 2 == run("graph", path, "--ticket", known, "--db", tmp_path / "none.db").exit_code


def _any_ticket(path: Path) -> str:
    with SqliteStore(path) as store:
        return store.find(limit=1)[0].id


def test_graph_looks_at_a_ticket_at_an_instant(run: Run, fine: Path, tmp_path: Path) -> None:
    """--at shows what time will have done; JSON tells the ticket and the instant; without a ticket it is bad usage."""
    workflow = load(fine)
    held = tmp_path / "ticket.json"
    held.write_bytes(canonical(workflow.open("T1", at=datetime(2026, 11, 2, 9, tzinfo=UTC)).ticket))
    late = run("graph", fine, "--kind", "table", "--ticket", held, "--at", "2026-11-02T10:30:00Z").stdout
    told = json.loads(run("graph", fine, "--ticket", held, "--at", "2026-11-02T10:30:00Z", "--format", "json").stdout)

    assert "| late | level 1 of 2: lead | running | boss at 2026-11-02 12:00 UTC |" in late
    assert ("T1", "2026-11-02T10:30:00Z") == (told["ticket"], told["at"])
    assert 2 == run("graph", fine, "--at", "2026-11-02T10:30:00Z").exit_code
    assert 2 == run("graph", fine, "--ticket", held, "--at", "2026-11-01T10:30:00Z").exit_code
    nowhere = run("graph", fine, "--ticket", "T1")
    assert (2, True) == (nowhere.exit_code, "with --db PATH" in nowhere.stderr)


def test_check_tells_what_loads_with_its_line_too(run: Run, tmp_path: Path) -> None:
    """A warning about a clock stands at the line of that clock, as text and as JSON."""
    path = tmp_path / "clocks.yaml"
    path.write_text(FINE + "clocks:\n  - {name: fix, within: 1h, until: closed, warn: [2h before]}\n", encoding="utf-8")
    told = json.loads(run("check", path, "--format", "json").stdout)

    assert ".yaml:14:51: clocks[0].warn[0]: the mark 2h before" in run("check", path).stdout
    assert [14] == [finding["line"] for finding in told["findings"]]


WORLD = """\
people: [{id: ann, channels: []}, {id: bo}]
schedules:
  night: {users: [ann], start: "2026-03-02T18:00", zone: UTC, every: 1 day, windows: {mon-fri: ["18:00-06:00"]}}
"""


def test_check_looks_for_people_in_a_world(run: Run, tmp_path: Path) -> None:
    """Whom levels reach, and who is on call from an instant on, is told with a world; the status follows."""
    flow = tmp_path / "flow.yaml"
    flow.write_text(FINE.replace("{user: bo}", "{on_call: night}"), encoding="utf-8")
    world = tmp_path / "world.yaml"
    world.write_text(WORLD, encoding="utf-8")
    asked = ("check", flow, "--at", "2026-03-02T00:00:00Z", "--world", world, "--format", "json")
    found, alone = run(*asked, "--days", 1), run(*asked[:4])

    assert (1, 0) == (found.exit_code, alone.exit_code)
    told = json.loads(found.output)["findings"]
    assert ["chain.no_channel", "chain.no_channel", "chain.schedule_gap"] == [one["code"] for one in told]
    assert 2 == run(*asked[:5], tmp_path / "flow.yaml").exit_code
