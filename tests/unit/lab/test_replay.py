"""Knows what a replay makes of small logs, good and bad; must not know how it is done."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from servflow.engine import Workflow
from servflow.errors import DefinitionError, InputError
from servflow.lab import LogMap, Report, histories, replay, replay_all
from servflow.lab._log import EVERY
from servflow.metrics import read_cases

END = datetime(2026, 3, 31, tzinfo=UTC)
HEADER = "id,status,when,opened,done,who\n"
MAP: dict[str, Any] = {
    "columns": {"case": "id", "state": "status", "at": "when", "opened": "opened"},
    "formats": ["%Y-%m-%d %H:%M"],
    "missing": ["?"],
    "states": {"New": "new", "Working": "work", "Waiting": "wait", "Done": "done"},
}
BASE: dict[str, Any] = {
    "workflow": "small",
    "initial": "received",
    "states": {"received": {}, "new": {}, "work": {}, "wait": {}, "done": {"closed": True}},
    "transitions": [
        {"event": "log", "source": "received", "target": "new"},
        {"event": "take", "source": ["new", "wait"], "target": "work"},
        {"event": "hold", "source": "work", "target": "wait"},
        {"event": "finish", "source": "work", "target": "done"},
    ],
    "clocks": [{"name": "all", "within": "2h", "until": "done", "paused_in": "wait"}],
}


def _row(case: str, state: str, time: str, done: str = "?", *, opened: str = "09:00", who: str = "ann") -> str:
    moment = time if " " in time or time == "?" else f"2026-03-02 {time}"
    final = done if done == "?" else f"2026-03-02 {done}"
    return f"{case},{state},{moment},{opened if ' ' in opened or opened == '?' else '2026-03-02 ' + opened},{final},{who}\n"


GOOD = _row("1", "New", "09:00") + _row("1", "Working", "10:00") + _row("1", "Working", "10:10") + _row("1", "Done", "10:30")


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Write rows to a file and replay it."""

    def _run(rows: str, change: dict[str, Any] | None = None, spec: dict[str, Any] | None = None, **more: Any) -> Report:
        path = tmp_path / "log.csv"
        path.write_text(HEADER + rows, encoding="utf-8")
        return replay(path, {**MAP, **(spec or {})}, Workflow(**{**BASE, **(change or {})}), **more)

    return _run


# conformance --------------------------------------------------------------------------------------------------


def test_a_case_as_the_workflow_wants_it(run: Any) -> None:
    """A case that begins, goes on and ends as allowed conforms, and its clock has counted from its opening."""
    report = run(GOOD)

    assert (4, 1, 1, 2, 2, 1) == (
        report.rows,
        report.cases,
        report.conforming,
        report.edges,
        report.kinds,
        report.variants,
    )
    assert report.sound
    assert () == report.deviations
    assert timedelta(minutes=90) == report.clock("all").stopped.counted


def test_a_change_that_is_not_allowed_is_told_and_made(run: Any) -> None:
    """The refused edge is told with its case and reason, and the clock still stops where the log says."""
    report = run(_row("7", "New", "09:00") + _row("7", "Done", "10:00"))
    (edge,) = report.deviations

    assert ("New", "Done", 1, 1, {"not_here": 1}, ("7",)) == (
        edge.source,
        edge.target,
        edge.count,
        edge.refused,
        edge.why,
        edge.examples,
    )
    assert (0, 1) == (report.conforming, report.clock("all").stopped.met)
    assert not report.sound


def test_a_first_state_that_is_not_allowed(run: Any) -> None:
    """A case that begins where none may is told as a start."""
    report = run(_row("7", "Working", "09:30") + _row("7", "Done", "10:00"))

    assert [(None, "Working", 1)] == [(edge.source, edge.target, edge.refused) for edge in report.starts]
    assert 0 == report.conforming


def test_a_case_left_open(run: Any) -> None:
    """A case whose last state is not closed does not conform; its clock is told as of its last row."""
    report = run(_row("7", "New", "09:00") + _row("7", "Working", "10:00") + _row("7", "Working", "11:30"))
    clock = report.clock("all")

    assert [("Working", None, 1)] == [(edge.source, edge.target, edge.count) for edge in report.ends]
    assert (0, 1, timedelta(hours=2, minutes=30)) == (clock.stopped.cycles, clock.open.cycles, clock.open.counted)
    assert (1, 1) == (clock.open.breached, clock.open.over)


def test_pauses_are_counted_apart(run: Any) -> None:
    """Time in a waiting state is paused, not counted."""
    report = run(
        _row("1", "New", "09:00")
        + _row("1", "Working", "09:30")
        + _row("1", "Waiting", "10:00")
        + _row("1", "Working", "15:00")
        + _row("1", "Done", "16:00")
    )
    stopped = report.clock("all").stopped

    assert (timedelta(hours=2), timedelta(hours=5), 1) == (stopped.counted, stopped.paused, stopped.with_pause)
    assert (1, 0, 0, 1) == (stopped.met, stopped.breached, stopped.over, stopped.at_least)


def test_every_cycle_of_a_clock_counts(run: Any) -> None:
    """A case that is reopened has two cycles, and both are in the figures."""
    again = {"transitions": [*BASE["transitions"], {"event": "again", "source": "done", "target": "work"}]}
    report = run(GOOD + _row("1", "Working", "11:00") + _row("1", "Done", "14:00"), again)
    stopped = report.clock("all").stopped

    assert (2, timedelta(hours=4, minutes=30), 1, 1) == (stopped.cycles, stopped.counted, stopped.met, stopped.breached)
    assert 1 == report.conforming


def test_states_of_the_same_name_need_no_map(run: Any) -> None:
    """Without a map of states the log's words are the workflow's."""
    report = run(GOOD.replace("New", "new").replace("Working", "work").replace("Done", "done"), spec={"states": None})

    assert 1 == report.conforming


def test_the_event_of_a_change_may_be_told(run: Any) -> None:
    """Where the map names the event, it is that one which must lead there."""
    assert 1 == run(GOOD, spec={"events": {"Done": "finish"}}).conforming
    assert {"not_here": 1} == run(GOOD, spec={"events": {"Done": "log"}}).deviations[0].why


def test_an_event_that_leads_elsewhere(run: Any) -> None:
    """An event that is allowed but leads to another state than the log's is a deviation of its own."""
    report = run(GOOD, spec={"events": {"Done": "hold"}})

    assert {"elsewhere": 1} == report.deviations[0].why


def test_guards_see_fields_of_the_log(run: Any) -> None:
    """Columns become fields, and a guard decides with them."""
    change = {
        "fields": {"agent": {"type": "string"}},
        "transitions": [*BASE["transitions"][:-1], {**BASE["transitions"][-1], "when": "agent == 'bob'"}],
    }
    report = run(GOOD, change, {"fields": {"agent": "who"}})

    assert [("Working", "Done", {"guard": 1})] == [(edge.source, edge.target, edge.why) for edge in report.deviations]


def test_a_case_the_workflow_will_not_open(run: Any) -> None:
    """A case whose fields do not fit is told with its line and is not replayed."""
    report = run(GOOD, {"fields": {"agent": {"type": "int"}}}, {"fields": {"agent": "who"}})

    assert ({"open": 1}, 2) == (report.damaged, report.damage[0].line)
    assert (1, 0) == (report.cases, report.conforming)


def test_roles_are_those_of_the_log(run: Any) -> None:
    """Whoever acts holds every role unless the map says which; forcing needs no grant of the definition."""
    change = {"roles": ["agent", "lead"], "transitions": [{**move, "allow": ["lead"]} for move in BASE["transitions"]]}

    assert 1 == run(GOOD, change).conforming
    refused = run(GOOD, change, {"roles": ["agent"]})
    assert {"not_permitted"} == {code for edge in refused.deviations for code in edge.why}
    assert 1 == refused.clock("all").stopped.met


def test_the_same_person_may_not_do_both(run: Any) -> None:
    """Where the log says who acted, a rule about who may not is held."""
    moves = [*BASE["transitions"][:-1], {**BASE["transitions"][-1], "not_by": "take"}]
    spec = {"columns": {**MAP["columns"], "actor": "who"}}

    assert 0 == run(GOOD, {"transitions": moves}, spec).conforming
    assert (
        1
        == run(
            GOOD.replace("10:30,2026-03-02 09:00,?,ann", "10:30,2026-03-02 09:00,?,bob"), {"transitions": moves}, spec
        ).conforming
    )


def test_a_timer_may_be_ahead_of_the_log(run: Any) -> None:
    """Where the workflow's own timer has already moved the ticket, the log's row is no deviation."""
    states = {**BASE["states"], "new": {"timers": [{"after": "30m", "event": "take"}]}}

    assert 1 == run(GOOD, {"states": states}).conforming


def test_milestones_are_events_of_their_own(run: Any) -> None:
    """A column with a final instant fires its event at that instant, between the rows around it."""
    clocks = [{"name": "repair", "within": "1h", "stop": [{"event": "repaired"}]}]
    rows = _row("1", "New", "09:00", "?") + _row("1", "Working", "09:10", "09:40") + _row("1", "Done", "12:00", "09:40")
    report = run(rows, {"clocks": clocks}, {"milestones": {"repaired": "done"}})
    stopped = report.clock("repair").stopped

    assert (1, timedelta(minutes=40), 1) == (stopped.met, stopped.counted, report.conforming)


def test_a_milestone_the_workflow_refuses(run: Any) -> None:
    """A milestone that is not allowed where the ticket is keeps the case from conforming."""
    report = run(GOOD.replace("09:00,?", "09:00,2026-03-02 09:20"), spec={"milestones": {"hold": "done"}})

    assert [("hold", 1, {"not_here": 1})] == [(edge.target, edge.refused, edge.why) for edge in report.milestones]
    assert 0 == report.conforming


def test_several_workflows_read_the_log_once(tmp_path: Path) -> None:
    """Several reports of one reading are those of several readings."""
    path = tmp_path / "log.csv"
    path.write_text(HEADER + GOOD, encoding="utf-8")
    flows = [Workflow(**BASE), Workflow(**{**BASE, "workflow": "other", "transitions": BASE["transitions"][:2]})]

    assert tuple(replay(path, MAP, flow) for flow in flows) == replay_all(path, LogMap.of(MAP), flows)


# order and time -----------------------------------------------------------------------------------------------


def test_the_order_of_the_file_is_kept(run: Any) -> None:
    """Rows of one instant happen in the order of the file, and rows that go back are clamped and counted."""
    report = run(
        _row("1", "New", "09:10")
        + _row("1", "Working", "09:10")
        + _row("1", "Waiting", "09:05")
        + _row("1", "Working", "09:30")
        + _row("1", "Done", "10:00")
    )

    assert (1, 1, 0) == (report.conforming, report.clamped, report.before_opening)
    assert timedelta(minutes=20) == report.clock("all").stopped.paused


def test_rows_before_the_opening_are_clamped_to_it(run: Any) -> None:
    """A row earlier than the opening happens at the opening."""
    report = run(GOOD.replace("New,2026-03-02 09:00", "New,2026-03-02 08:00"))

    assert (1, 1, 1) == (report.clamped, report.before_opening, report.conforming)


def test_a_case_without_an_opening_begins_with_its_first_row(run: Any) -> None:
    """An unknown opening is the first row, and is counted."""
    report = run(_row("1", "New", "09:30", opened="?") + _row("1", "Working", "09:40") + _row("1", "Done", "10:00"))

    assert (1, timedelta(minutes=30)) == (report.without_opening, report.clock("all").stopped.counted)


# bad input ----------------------------------------------------------------------------------------------------


def test_damaged_rows_are_counted_with_their_lines(run: Any) -> None:
    """Every kind of damage has its reason and line; the rest of the log is replayed."""
    rows = (
        GOOD
        + "2,New\n"
        + _row("?", "New", "09:00")
        + _row("3", "New", "noon")
        + "\n"
        + _row("4", "?", "09:00", opened="soon")
        + _row("4", "New", "09:01")
    )
    report = run(rows)

    assert {"columns": 1, "case": 1, "at": 1, "opened": 1, "state": 1} == report.damaged
    assert [6, 7, 8, 10, 10] == sorted(damage.line for damage in report.damage)
    assert "2026-03-02 noon" in {damage.value for damage in report.damage}
    assert (2, 1, 9) == (report.cases, report.conforming, report.rows)


def test_unknown_states_are_told_with_their_rows(run: Any) -> None:
    """All rows of an unknown state are told; the case goes on after it but does not conform."""
    rows = _row("1", "New", "09:00") + _row("1", "-100", "09:10") + _row("1", "-100", "09:20") + _row("1", "Working", "09:30")
    report = run(rows + _row("1", "Done", "10:00") + _row("2", "-100", "09:00"))
    (unknown,) = report.unknown

    assert ("-100", 3, 2, (3, 4, 7), ("1", "2")) == (
        unknown.state,
        unknown.rows,
        unknown.cases,
        unknown.lines,
        unknown.examples,
    )
    assert {("New", "-100"), ("-100", "Working"), (None, "-100"), ("-100", None)} == {
        (edge.source, edge.target) for edge in report.deviations
    }
    assert (0, 1) == (report.conforming, report.clock("all").stopped.met)


def test_a_case_that_comes_back_is_told(run: Any) -> None:
    """Later rows of a case are left out and counted, unless the map says that rows are mixed."""
    first, *rest = GOOD.splitlines(keepends=True)
    rows = first + _row("2", "New", "09:00") + "".join(rest)
    apart = run(rows)
    mixed = run(rows, spec={"rows": "mixed"})

    assert (1, 3, ("1",)) == (apart.returned.cases, apart.returned.rows, apart.returned.examples)
    assert (0, 1) == (mixed.returned.rows, mixed.conforming)
    assert not apart.sound


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"case": "id", "at": "wen", "state": "status"}, "did you mean 'when'"),
        ({"case": "id", "at": "when", "state": 6}, "the last one is 5"),
        ({"case": "nr", "at": "wen", "state": "status"}, "no column 'nr'"),
    ],
)
def test_missing_columns_are_named(run: Any, columns: dict[str, Any], said: str) -> None:
    """A column that is not there is named with the columns that are."""
    with pytest.raises(InputError, match=said) as caught:
        run(GOOD, spec={"columns": columns})

    assert "0 id, 1 status" in str(caught.value)


def test_a_name_that_occurs_twice_is_found_by_position(tmp_path: Path) -> None:
    """Two columns of one name cannot be told apart by it; a position can."""
    path = tmp_path / "log.csv"
    path.write_text("id,x,x\n1,new,2026-03-02\n", encoding="utf-8")
    spec: dict[str, Any] = {"columns": {"case": 0, "state": "x", "at": 2}}

    with pytest.raises(InputError, match="occurs 2 times; say which by position: 1, 2"):
        replay(path, spec, Workflow(**BASE))
    assert 1 == replay(path, {"columns": {**spec["columns"], "state": 1}}, Workflow(**BASE)).cases


def test_a_log_without_a_header_goes_by_position(tmp_path: Path) -> None:
    """Without a header the first line is a row and names cannot be used."""
    path = tmp_path / "log.csv"
    path.write_text("1;new;2026-03-02\n", encoding="utf-8")
    spec: dict[str, Any] = {"header": False, "delimiter": ";", "columns": {"case": 0, "state": 1, "at": 2}}

    assert (1, 1) == ((report := replay(path, spec, Workflow(**BASE))).rows, report.cases)
    with pytest.raises(InputError, match="has no header; give its position"):
        replay(path, {**spec, "columns": {"case": "id", "state": 1, "at": 2}}, Workflow(**BASE))


def test_what_the_map_names_must_be_in_the_workflow(run: Any) -> None:
    """States, events and fields that the workflow lacks are told before anything is read."""
    with pytest.raises(DefinitionError) as caught:
        run(GOOD, spec={"states": {"New": "nwe"}, "events": {"New": "lgo"}, "fields": {"colour": 0}, "milestones": {"boom": 1}})

    assert {
        ("lab.state", "states.New"),
        ("lab.event", "events.New"),
        ("lab.event", "milestones.boom"),
        ("lab.field", "fields.colour"),
    } == {(finding.code, finding.path) for finding in caught.value.findings}


def _zip(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text)
    return path


def test_a_zip_is_read_in_place(tmp_path: Path) -> None:
    """The only file of a zip needs no name; one of several does."""
    one = _zip(tmp_path / "one.zip", log=HEADER + GOOD)
    two = _zip(tmp_path / "two.zip", log=HEADER + GOOD, other="")

    assert 1 == replay(one, MAP, Workflow(**BASE)).conforming
    assert 1 == replay(two, {**MAP, "file": "log.csv"}, Workflow(**BASE)).conforming
    with pytest.raises(InputError, match="say with file"):
        replay(two, MAP, Workflow(**BASE))
    with pytest.raises(InputError, match=r"did you mean 'log.csv'"):
        replay(two, {**MAP, "file": "lgo.csv"}, Workflow(**BASE))
    assert {"one.zip", "two.zip"} == {path.name for path in tmp_path.iterdir()}


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is missing, empty, no zip, cut short or in another encoding is refused with a sentence."""
    flow = Workflow(**BASE)
    with pytest.raises(InputError, match="cannot be opened"):
        replay(tmp_path / "none.csv", MAP, flow)
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(InputError, match="is empty"):
        replay(tmp_path / "empty.csv", MAP, flow)
    (tmp_path / "bad.zip").write_bytes(b"PK not a zip")
    with pytest.raises(InputError, match="damaged zip"):
        replay(tmp_path / "bad.zip", MAP, flow)
    (tmp_path / "latin.csv").write_bytes((HEADER + GOOD).encode() + _row("2", "Caf\xe9", "09:00").encode("latin-1"))
    with pytest.raises(InputError, match="say with encoding"):
        replay(tmp_path / "latin.csv", MAP, flow)
    assert 2 == replay(tmp_path / "latin.csv", {**MAP, "encoding": "latin-1"}, flow).cases


def test_a_damaged_zip_member_is_refused(tmp_path: Path) -> None:
    """Bytes that do not fit their checksum are no log."""
    path = _zip(tmp_path / "log.zip", log=HEADER + GOOD * 50)
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(content)

    with pytest.raises(InputError):
        replay(path, MAP, Workflow(**BASE))


def test_a_field_without_end_is_damage(run: Any) -> None:
    """A quote that is never closed costs the rows it swallows, not the replay."""
    report = run(GOOD + '2,"New' + "x" * 200_000 + "\n" + GOOD.replace("1,", "9,", 1))

    assert 1 == report.conforming
    assert 0 < sum(report.damaged.values())


# around it ----------------------------------------------------------------------------------------------------


def test_limit_and_progress(run: Any) -> None:
    """A limit stops after so many cases and says so; progress tells bytes up to the whole."""
    seen: list[tuple[int, int]] = []
    rows = "".join(_row(str(number), "New", "09:00") for number in range(EVERY + 10))
    report = run(rows, progress=lambda done, total: seen.append((done, total)))
    part = run(rows, limit=3)

    assert (EVERY + 10, False) == (report.cases, report.limited)
    assert (3, True) == (part.cases, part.limited)
    assert seen[-1][0] == seen[-1][1]
    assert sorted(seen) == seen


def test_text_of_a_log_cannot_steer_a_terminal(run: Any) -> None:
    """Control characters of a foreign log are not printed."""
    report = run(_row("1", "\x1b[31mred", "09:00"))

    assert "\x1b" not in report.text() + report.text("zh")


def test_every_part_of_the_text_is_there_in_both_languages(run: Any) -> None:
    """The tables tell everything that was found."""
    rows = GOOD + "2,New\n" + _row("3", "?", "08:00", opened="?") + _row("3", "-100", "07:00") + _row("1", "New", "12:00")
    report = run(rows + _row("4", "New", "09:00"), limit=2)

    english, chinese = report.text(), report.text("zh")
    assert len(english.splitlines()) == len(chinese.splitlines())
    for words in ("-100", "(left open)", "columns", "only part", "went back", "without an opening", "came back"):
        assert words in english
    assert "未关闭" in chinese


# histories ----------------------------------------------------------------------------------------------------


def test_histories_are_what_a_desk_would_have_kept(tmp_path: Path) -> None:
    """The records of each case fold to the ticket that the report is made of, also where the log leaves the workflow."""
    path = tmp_path / "log.csv"
    path.write_text(HEADER + GOOD + _row("2", "New", "09:00") + _row("2", "Done", "12:00") + _row("3", "Waiting", "09:30"))
    workflow = Workflow(**BASE)
    kept: list[Any] = []
    replay(path, MAP, workflow, keep=lambda *told: kept.append(told))
    found = list(histories(path, MAP, workflow))

    assert ["1", "2", "3"] == [ticket.id for _, ticket, _ in kept]
    assert [records for *_, records in kept] == found
    assert [ticket for _, ticket, _ in kept] == [under.fold(records) for under, _, records in kept]
    assert [(True, 1.5), (True, 3.0), (False, None)] == [
        (case.closed_at is not None, case.resolved_after and case.resolved_after / timedelta(hours=1))
        for case in read_cases(found, END)
    ]


def test_histories_know_nothing_of_steps_that_were_taken_back(tmp_path: Path) -> None:
    """An event that leads elsewhere than the log says is tried and undone; only what came to stay is told."""
    change = {
        "transitions": [
            {"event": "log", "source": "received", "target": "new"},
            {"event": "go", "source": "new", "target": "wait", "when": "at > opened_at"},
            {"event": "go", "source": "new", "target": "work"},
            {"event": "finish", "source": "work", "target": "done"},
        ]
    }
    path = tmp_path / "log.csv"
    path.write_text(HEADER + GOOD)
    kept: list[Any] = []
    report = replay(path, MAP, Workflow(**{**BASE, **change}), keep=lambda *told: kept.append(told))
    ((under, ticket, records),) = kept

    assert {"elsewhere": 1} == next(dict(edge.why) for edge in report.flow if edge.refused)
    assert ticket == under.fold(records)
    assert list(range(1, len(records) + 1)) == [record.sequence for record in records]


def test_histories_come_one_by_one(tmp_path: Path) -> None:
    """A case is told before the next one is read; no more than asked for; what cannot be opened gives none."""
    path = tmp_path / "log.csv"
    path.write_text(HEADER + GOOD + GOOD.replace("1,", "2,", 4).replace("\n1,", "\n2,"))

    assert 1 == len(list(histories(path, MAP, Workflow(**BASE), limit=1)))
    assert [] == list(histories(path, MAP, Workflow(**BASE), limit=0))
    with pytest.raises(InputError):
        next(histories(tmp_path / "none.csv", MAP, Workflow(**BASE)))
    with pytest.raises(DefinitionError):
        next(histories(path, {**MAP, "states": {"New": "nwe"}}, Workflow(**BASE)))
