"""Holds what a clock's timeline tells: its rows, the steps to the due instant, text, drawing and data."""

from __future__ import annotations

import json
import pickle
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from servflow import sla
from servflow.calendars import Calendar, any_of
from servflow.errors import InputError, TimeError
from servflow.model import ClockPaused, ClockResumed, ClockRun, ClockStarted, Moved, Opened, Record
from servflow.sla import Clock, Timeline

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = Calendar(
    "Asia/Shanghai",
    {"mon-fri": ["09:00-12:00", "13:00-18:00"]},
    holidays=[{"date": "2026-10-01", "name": "National Day"}, "2026-10-02"],
    shifts={"2026-10-10": ["09:00-18:00"]},
    known_until="2026-12-31",
    name="office",
)
H, ZERO = timedelta(hours=1), timedelta()
CLOCK = Clock(name="repair", within="8h", warn=["50%", "80%"])
SVG = "{http://www.w3.org/2000/svg}"


def at(text: str) -> datetime:
    """An instant of Shanghai's wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def told(within: str, *history: tuple[str, str], now: str, **more: Any) -> Timeline:
    """A history of operations under the office calendar."""
    clock = Clock(name="repair", within=within, **more)
    return sla.explain_history(clock, OFFICE, [(at(when), operation) for when, operation in history], at(now))


def codes(line: Timeline) -> list[str]:
    """The steps of the answer, by code."""
    return [step.code.removeprefix("sla.why_") for step in line.why]


# the answer ------------------------------------------------------------------------------------------------------


def test_used_up_at_closing_time() -> None:
    """A due instant is the closing time that uses the target up; the answer says so, and when it opens again."""
    line = told(
        "8h",
        ("2026-09-24 16:00", "start"),
        ("2026-09-24 17:00", "pause"),
        ("2026-09-25 10:00", "resume"),
        now="2026-09-25 12:00",
    )

    assert at("2026-09-25 18:00") == line.due
    assert ["promised", "started", "paused_once", "left", "used_up", "left_limit", "due"] == codes(line)
    assert line.answer()[5] == (
        "That is a closing time: with it the time is used up, so it is due then and not when it opens again, "
        "Mon 2026-09-28 09:00."
    )


def test_holidays_on_the_way_are_named() -> None:
    """Dates that do not count, and dates with hours of their own, are told with their names."""
    line = told("60h", ("2026-09-30 16:00", "start"), now="2026-09-30 17:00")

    days = {step.code.removeprefix("sla.why_"): step.facts.get("days") for step in line.why}
    assert ("2026-10-01 National Day", "2026-10-02") == days["holidays"]
    assert ("2026-10-10 09:00-18:00",) == days["shifts"]
    assert "National Day" in line.answer()[3]


def test_parts_of_a_combined_calendar_name_their_holidays() -> None:
    """Of a union of calendars every part's holidays are told."""
    other = Calendar("Europe/Berlin", {"mon-fri": ["09:00-17:00"]}, holidays=[{"date": "05-01", "name": "Labour Day"}])

    line = sla.explain_history(CLOCK, any_of(OFFICE, other), [(at("2026-04-30 16:00"), "start")], at("2026-04-30 17:00"))

    assert [("2026-05-01 Labour Day",)] == [step.facts["days"] for step in line.why if step.code == "sla.why_holidays"]


def test_beyond_what_is_known_it_is_provisional() -> None:
    """A due instant after ``known_until`` says that it may still change."""
    line = told("24h", ("2026-12-31 09:00", "start"), now="2026-12-31 10:00")

    assert line.provisional
    assert "provisional" in codes(line)
    assert "2026-12-31" in line.answer()[codes(line).index("provisional")]


def test_paused_there_is_no_due_instant() -> None:
    """A paused clock says what is left by when it would be due if it went on now."""
    line = told("8h", ("2026-09-28 09:00", "start"), ("2026-09-28 11:00", "pause"), now="2026-09-28 14:00")

    assert (None, at("2026-09-29 11:00")) == (line.due, line.due_if_resumed)
    assert ["promised", "started", "paused_once", "resting"] == codes(line)


def test_breached_and_over_are_told_apart() -> None:
    """Stopped in closed hours after the due instant it is breached, and no more is counted than was promised."""
    line = told("8h", ("2026-09-28 09:00", "start"), ("2026-09-28 20:00", "stop"), now="2026-09-29 09:00")

    assert (at("2026-09-28 18:00"), False) == (line.breached_at, line.over)
    assert ["due_ended", "met_late", "not_over"] == codes(line)[-3:]


def test_nothing_left_at_the_resume() -> None:
    """What was used up when it was paused is due at once when it goes on."""
    line = told(
        "2h",
        ("2026-09-28 09:00", "start"),
        ("2026-09-28 11:00", "pause"),
        ("2026-09-28 15:00", "resume"),
        now="2026-09-28 15:00",
    )

    assert at("2026-09-28 15:00") == line.due
    assert "none_left" in codes(line)


def test_a_shorter_target_is_not_due_before_the_change() -> None:
    """A retarget never reaches into the past, and the answer says that this is why."""
    run = sla.begin(CLOCK, at("2026-09-28 09:00"), 8 * H, "office", OFFICE)
    changed = sla.retarget(CLOCK, run, at("2026-09-28 15:00"), 2 * H, "office", OFFICE, old_cal=OFFICE)

    line = sla.explain(CLOCK, changed, at("2026-09-28 15:00"), OFFICE)

    assert at("2026-09-28 15:00") == line.due
    assert "floor_change" in codes(line)


def test_a_calendar_that_runs_out() -> None:
    """Where it never opens for long enough there is no due instant, and the answer says why."""
    cal = Calendar("UTC", {}, shifts={"2026-03-02": ["09:00-12:00"]})

    line = sla.explain_history(CLOCK, cal, [(datetime(2026, 3, 2, 9, tzinfo=UTC), "start")], datetime(2026, 3, 3, tzinfo=UTC))

    assert None is line.due
    assert "never" in codes(line)


def test_a_child_is_capped_by_its_parent() -> None:
    """What makes a child clock due earlier than its own target is told."""
    clock = Clock(name="ola", within="8h", parent="repair")
    run = sla.begin(clock, at("2026-09-28 09:00"), 8 * H, "office", OFFICE)
    held = sla.capped(clock, run, at("2026-09-28 09:00"), at("2026-09-28 16:00"), OFFICE)

    line = sla.explain(clock, held, at("2026-09-28 10:00"), OFFICE)

    assert at("2026-09-28 16:00") == line.due
    assert ["cap"] == [code for code in codes(line) if code.startswith("cap")]
    assert "repair" in line.answer()[codes(line).index("cap")]


def test_not_started() -> None:
    """A clock without a start has no rows and says what it would promise."""
    line = sla.explain_history(CLOCK, OFFICE, [], at("2026-09-28 09:00"))

    assert ("idle", 0, (), 8 * H, ["promised", "idle"]) == (line.phase, line.cycle, line.rows, line.within, codes(line))


def test_time_as_it_passes() -> None:
    """Without a calendar all time counts, and nothing is said of opening hours."""
    line = sla.explain_history(
        Clock(name="c", within="3d"), OFFICE, [(at("2026-09-25 09:00"), "start")], at("2026-09-26 09:00")
    )

    assert ["promised_elapsed", "started", "all_left", "passed", "due"] == codes(line)
    assert [24 * H] == [row.open for row in line]


# rows ------------------------------------------------------------------------------------------------------------


def records(states: list[tuple[str, str]], clocks: list[tuple[type[Any], str, str, ClockRun]]) -> list[Record]:
    """Records of a ticket: its states, and what befell its clock with the reasons given."""
    made: list[tuple[datetime, int, Any]] = []
    for place, (when, state) in enumerate(states):
        facts: dict[str, Any] = {"configuration": (state,)}
        facts |= {"id": "T", "workflow": "w", "version": 1} if place == 0 else {"event": "go"}
        made.append((at(when), 0, (Opened if place == 0 else Moved, facts)))
    for kind, when, reason, run in clocks:
        made.append((at(when), 1, (kind, {"clock": run.name, "instant": at(when), "run": run, "reason": reason})))
    made.sort(key=lambda item: item[:2])
    return [kind(sequence=number, at=when, **facts) for number, (when, _, (kind, facts)) in enumerate(made, start=1)]


def paused_often(count: int) -> tuple[ClockRun, list[Record]]:
    """A run that was paused so often that it keeps its oldest past as one amount, and its records."""
    start = at("2026-09-28 09:00")
    run = sla.begin(CLOCK, start, 8 * H, "office", OFFICE)
    turns: list[tuple[type[Any], datetime, ClockRun]] = [(ClockStarted, start, run)]
    for number in range(count):
        when = start + timedelta(seconds=20 * number + 10)
        run = sla.pause(CLOCK, run, when, OFFICE)
        turns.append((ClockPaused, when, run))
        run = sla.resume(CLOCK, run, when + timedelta(seconds=10), OFFICE)
        turns.append((ClockResumed, when + timedelta(seconds=10), run))
    known = [
        kind(sequence=place, at=when, clock="repair", instant=when, run=each, reason="")
        for place, (kind, when, each) in enumerate(turns, start=2)
    ]
    return run, [Opened(sequence=1, at=start, id="T", workflow="w", version=1, configuration=("new",)), *known]


def test_rows_split_where_state_or_reason_changes() -> None:
    """A row ends where the state changes though the clock runs on, and a pause says why."""
    run = sla.begin(CLOCK, at("2026-09-28 09:00"), 8 * H, "office", OFFICE)
    held = sla.pause(CLOCK, run, at("2026-09-28 14:00"), OFFICE)
    known = records(
        [("2026-09-28 09:00", "new"), ("2026-09-28 11:00", "working"), ("2026-09-28 14:00", "waiting")],
        [(ClockStarted, "2026-09-28 09:00", "", run), (ClockPaused, "2026-09-28 14:00", "in state waiting", held)],
    )

    line = sla.explain(CLOCK, held, at("2026-09-28 15:00"), OFFICE, records=known)

    assert [
        ("new", "running", "started", 2 * H, 2 * H, 2 * H, 2 * H),
        ("working", "running", "started", 3 * H, 2 * H, 2 * H, 4 * H),
        ("waiting", "paused", "in state waiting", H, H, ZERO, 4 * H),
    ] == [(row.state, row.phase, row.reason, row.elapsed, row.open, row.counted, row.total) for row in line]


def test_what_the_run_folded_is_told_from_records() -> None:
    """A past kept as one amount is one row that says so; with the records it is told in full, to the same total."""
    run, known = paused_often(100)
    now = at("2026-09-28 12:00")

    bare, full = sla.explain(CLOCK, run, now, OFFICE), sla.explain(CLOCK, run, now, OFFICE, records=known)

    assert "folded" == bare[0].phase
    assert "folded" in codes(bare)
    assert {"running", "paused"} == {row.phase for row in full}
    assert (201, bare.counted) == (len(full), full.counted)


def test_an_earlier_cycle_is_in_the_records_only() -> None:
    """The cycle before is told from the history; one that never was is refused with the one it is in."""
    history = [(at("2026-09-28 09:00"), "start"), (at("2026-09-28 10:00"), "stop"), (at("2026-09-29 09:00"), "start")]

    first = sla.explain_history(CLOCK, OFFICE, history, at("2026-09-29 10:00"), cycle=1)

    assert (1, "met", H, at("2026-09-28 10:00")) == (first.cycle, first.phase, first.counted, first.stopped_at)
    for wrong in (0, 3, True, "2"):
        with pytest.raises(InputError, match="cycle"):
            sla.explain_history(CLOCK, OFFICE, history, at("2026-09-29 10:00"), cycle=wrong)  # type: ignore[arg-type]  # that is the point


# how it looks ----------------------------------------------------------------------------------------------------

LATE = told(
    "8h",
    ("2026-09-24 16:00", "start"),
    ("2026-09-25 10:00", "pause"),
    ("2026-09-25 11:00", "resume"),
    now="2026-09-29 12:00",
    warn=["50%"],
)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_columns_are_aligned(lang: str) -> None:
    """Every column begins, and every number ends, at the same place of a terminal, wide characters or not."""
    lines = LATE.text(lang).split("\n")[2 : 3 + len(LATE)]

    def columns(text: str) -> int:
        return sum(2 if "\u2e80" <= char <= "\uffef" else 1 for char in text)

    assert 1 == len({columns(line) for line in lines})
    for line in lines[1:]:
        assert re.search(r"2026-09-\d\d \d\d:\d\d  .*2026-09-\d\d \d\d:\d\d", line)


def test_instants_are_told_in_the_zone_asked_for() -> None:
    """Unless told otherwise a wall clock of the calendar's zone shows them."""
    assert "Thu 2026-09-24 16:00" in LATE.text()
    assert "Thu 2026-09-24 10:00" in LATE.text(zone="Europe/Berlin")
    assert "周四 2026-09-24 16:00" in LATE.text("zh")
    with pytest.raises(InputError, match="did you mean 'Asia/Shanghai'"):
        LATE.text(zone="Asia/Shanghia")
    with pytest.raises(InputError, match="en and zh"):
        LATE.svg("fr")


def test_an_hour_shown_twice_is_told_apart() -> None:
    """Where a wall clock shows an hour twice its offset is told with it."""
    cal = Calendar("Europe/Berlin", {"mon-sun": ["00:00-24:00"]})
    start = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    text = sla.explain_history(Clock(name="c", within="1h"), cal, [(start, "start")], start).text()

    assert "Sun 2026-10-25 02:30 +0200" in text
    assert "Sun 2026-10-25 02:30 +0100" in text


def test_the_drawing_shows_what_counted_what_not_and_the_due_instant() -> None:
    """Closed, paused, counted and late stretches have their colours, and marks and due instant are on it."""
    drawn = ElementTree.fromstring(LATE.svg())

    fills = {item.get("fill") for item in drawn.iter(f"{SVG}rect")}
    assert {"#0072b2", "#d55e00", "#e69f00", "#c9ced6"} <= fills
    said = [item.text or "" for item in drawn.iter(f"{SVG}title")]
    assert any("mark 50%" in text for text in said)
    assert "due Fri 2026-09-25 17:00" in [item.text for item in drawn.iter(f"{SVG}text")]
    assert {"svg", "title", "rect", "text", "path"} == {item.tag.removeprefix(SVG) for item in drawn.iter()}
    assert LATE.svg() == LATE._repr_svg_() == LATE._repr_html_()


def test_long_histories_stay_bounded() -> None:
    """Text and drawing of a course of thousands of rows are of bounded size; the data has all of them."""
    run, known = paused_often(2000)

    line = sla.explain(CLOCK, run, at("2026-09-30 12:00"), OFFICE, records=known)

    assert 3500 < len(line)
    assert len(line.text().splitlines()) < 90
    assert "rows left out" in line.text()
    assert len(line.svg()) < 250_000


def test_it_is_data() -> None:
    """A timeline is JSON-ready, compares by value, and survives being sent elsewhere."""
    data = LATE.to_data()

    assert data == json.loads(json.dumps(data))
    assert LATE == pickle.loads(pickle.dumps(LATE))
    assert list(LATE) == list(LATE.rows) == list(LATE[:])
    assert {"code", "facts", "text", "text_zh"} == set(data["why"][0])


HOSTILE = [
    '</title><script>alert("x")</script>',
    "a & b < c > 'd' \"e\"",
    "\x00\x1b[31mred\x1b[0m\u202eevil\u2066\ufffe",
    "line\nbreak\r\n\ttab",
    "长" * 5000,
    "{within} {0} %s \\N{BELL}",
    "\ud800 lone",
]


@pytest.mark.parametrize("evil", HOSTILE)
def test_strangers_words_stay_words(evil: str) -> None:
    """Whatever states, reasons, events and names hold, text is lines of columns and the drawing one well-formed picture."""
    run = sla.begin(Clock(name=evil, within="8h"), at("2026-09-28 09:00"), 8 * H, "office", OFFICE)
    held = sla.pause(CLOCK, run, at("2026-09-28 14:00"), OFFICE)
    known = records(
        [("2026-09-28 09:00", evil), ("2026-09-28 14:00", evil + "2")],
        [(ClockStarted, "2026-09-28 09:00", "", run), (ClockPaused, "2026-09-28 14:00", evil, held)],
    )

    line = sla.explain(CLOCK, held, at("2026-09-28 15:00"), OFFICE, records=known)

    for lang in ("en", "zh"):
        text, drawn = line.text(lang), line.svg(lang)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e\u2066\ud800]", text)
        assert max(map(len, text.splitlines())) < 400
        assert len(text.splitlines()) == 5 + len(line) + len(line.why)
        assert "script" not in {item.tag.removeprefix(SVG) for item in ElementTree.fromstring(drawn).iter()}
        drawn.encode()


@pytest.mark.parametrize("wrong", [[1], "records", {"a": 1}, [None], 7])
def test_what_are_no_records_is_refused(wrong: Any) -> None:
    """Only records can say what befell a clock."""
    run = sla.begin(CLOCK, at("2026-09-28 09:00"), 8 * H, "office", OFFICE)

    with pytest.raises(InputError, match="records are"):
        sla.explain(CLOCK, run, at("2026-09-28 10:00"), OFFICE, records=wrong)


def test_naive_instants_are_refused() -> None:
    """An instant without a zone says nothing."""
    run = sla.begin(CLOCK, at("2026-09-28 09:00"), 8 * H, "office", OFFICE)

    with pytest.raises(TimeError):
        sla.explain(CLOCK, run, datetime(2026, 9, 28, 10), OFFICE)


def test_where_only_more_breaches_it_is_due_at_the_opening() -> None:
    """With ``breached_by: over`` the closing time uses the target up, and the answer says why it is due when it opens again."""
    line = told("8h", ("2026-09-25 09:00", "start"), now="2026-09-25 12:00", breached_by="over")

    assert at("2026-09-28 09:00") == line.due
    assert ["used_up", "over_only", "due"] == codes(line)[-3:]


def test_a_paused_clock_is_drawn_with_when_it_would_be_due() -> None:
    """The line of a due instant that holds only if the clock went on now is dashed, and says so."""
    line = told("8h", ("2026-09-28 09:00", "start"), ("2026-09-28 11:00", "pause"), now="2026-09-28 14:00")

    assert "resumed now due Tue 2026-09-29 11:00" in line.svg()
    assert "现在恢复则到期 周二 2026-09-29 11:00" in line.svg("zh")


@pytest.mark.parametrize(
    ("reason", "chinese"),
    [
        ("in state waiting", "处于状态 waiting"),
        ("outside queue field, back", "不在队列 field, back"),
        ("target changed by table promises, row best", "目标变更：决策表 promises 第 best 行"),
        ("event reply", "事件 reply"),
        ("started while paused", "启动时即暂停"),
        ("what a host wrote", "what a host wrote"),
    ],
)
def test_reasons_of_records_are_told_in_chinese_too(reason: str, chinese: str) -> None:
    """Reasons that the records hold in English have their Chinese; what a host wrote stays as it is."""
    run = sla.begin(CLOCK, at("2026-09-28 09:00"), 8 * H, "office", OFFICE)
    held = sla.pause(CLOCK, run, at("2026-09-28 10:00"), OFFICE)
    known = records(
        [("2026-09-28 09:00", "new")],
        [(ClockStarted, "2026-09-28 09:00", "", run), (ClockPaused, "2026-09-28 10:00", reason, held)],
    )

    line = sla.explain(CLOCK, held, at("2026-09-28 11:00"), OFFICE, records=known)

    assert chinese in line.text("zh")
    assert reason in line.text("en")
