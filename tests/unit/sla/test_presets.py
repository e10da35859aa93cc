"""Knows what a clock does under each preset; must not know why the products do so: see docs/reference/clock-options.md."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servflow import sla
from servflow.calendars import Calendar
from servflow.documents import load
from servflow.engine import Workflow
from servflow.errors import DefinitionError
from servflow.model import Amended, Breached, ClockRetargeted, ClockRun, ClockStarted, Record, Ticket, Warned

OFFICE = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})
LATE = Calendar("UTC", {"mon-fri": ["14:00-20:00"]})
HOLIDAY = Calendar("UTC", {"mon-fri": ["09:00-17:00"]}, holidays=["2026-03-02"])
H = timedelta(hours=1)
PRODUCTS = ("zendesk", "jira", "servicenow", "glpi")


def at(hour: float, day: int = 2) -> datetime:
    """An hour of a day in March 2026; the 2nd is a Monday."""
    return datetime(2026, 3, day, tzinfo=UTC) + hour * H


# what each preset says ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("product", "ways"),
    [
        ("zendesk", ("recount", "resume", "prospective", "follows", "due", "again", "due")),
        ("jira", ("recount", "new_cycle", "recompute", "follows", "over", "once", "due")),
        ("servicenow", ("restart", "new_cycle", "prospective", "follows", "due", "again", "due")),
        ("glpi", ("recount", "resume", "recompute", "follows", "due", "again", "due")),
    ],
)
def test_a_preset_is_short_for_its_options(product: str, ways: tuple[str, ...]) -> None:
    """The clock is the one with every option written out, and says so in its canonical form."""
    options = dict(zip(sla.OPTIONS, ways, strict=True))
    clock = sla.Clock(name="c", within="4h", preset=product)
    data = clock.to_data()

    assert options == {key: getattr(clock, key) for key in sla.OPTIONS}
    assert clock == sla.Clock(name="c", within="4h", **options)
    assert clock == sla.Clock(**data)
    assert {"name", "within", *(key for key, way in options.items() if way != sla.OPTIONS[key][0])} == set(data)


def test_there_is_one_preset_for_each_product() -> None:
    """They name options that exist, and only what differs from the default."""
    assert PRODUCTS == tuple(sla.PRESETS)
    for options in sla.PRESETS.values():
        assert all(way in sla.OPTIONS[key][1:] for key, way in options.items())


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize(("key", "word"), [(key, word) for key, words in sla.OPTIONS.items() for word in words])
def test_what_is_written_wins_over_the_preset(product: str, key: str, word: str) -> None:
    """Also where it is the word that would be the default."""
    clock = sla.Clock(name="c", within="4h", preset=product, **{key: word})

    assert word == getattr(clock, key)
    assert all(getattr(clock, other) == way for other, way in sla.PRESETS[product].items() if other != key)


def test_an_unknown_preset_is_told_with_the_known_ones() -> None:
    """A slip in the product's name is a finding with the nearest name."""
    with pytest.raises(DefinitionError) as caught:
        sla.Clock(name="c", within="4h", preset="service-now")

    (finding,) = caught.value.findings
    assert ("sla.option", "preset", "servicenow") == (finding.code, finding.path, finding.facts["nearest"])


def test_a_document_names_a_preset_too() -> None:
    """In YAML it is one key of the clock, and the definition is that with the options written out."""
    text = "workflow: w\ninitial: a\nstates: {a: {}}\nclocks:\n  - {name: k, within: 4h, marks: once, preset: servicenow}\n"
    written = "on_retarget: restart, on_calendar_change: prospective, breach: follows"

    assert load(text).hash == load(text.replace("marks: once, preset: servicenow", written)).hash
    assert "servicenow" == load(text).clocks[0].preset


# the same story under each ---------------------------------------------------------------------------------------


def worked_off(clock: sla.Clock, run: ClockRun, now: datetime, cal: Calendar = OFFICE) -> ClockRun:
    while run.next_at is not None and run.next_at < now:
        run = sla.reach(clock, run, cal)
    return run


def started(clock: sla.Clock, now: datetime) -> ClockRun:
    """Eight hours from Monday at ten, with an hour's pause from twelve."""
    run = sla.begin(clock, at(10), 8 * H, "office", OFFICE)
    run = sla.pause(clock, worked_off(clock, run, at(12)), at(12), OFFICE)
    return worked_off(clock, sla.resume(clock, run, at(13), OFFICE), now)


@pytest.mark.parametrize(
    ("product", "counted", "due"),
    [("zendesk", 2 * H, at(15)), ("jira", 2 * H, at(15)), ("servicenow", 0 * H, at(17)), ("glpi", 2 * H, at(15))],
)
def test_a_shorter_target_at_one_o_clock(product: str, counted: timedelta, due: datetime) -> None:
    """Four hours instead of eight: what was counted counts on, except where a new promise begins at the change."""
    clock = sla.Clock(name="c", within="8h", preset=product)
    run = sla.retarget(clock, started(clock, at(13)), at(13), 4 * H, "office", OFFICE, old_cal=OFFICE)

    assert (counted, due) == (run.counted, run.due)


@pytest.mark.parametrize(
    ("product", "counted", "due"),
    [("zendesk", 22 * H, at(11, 3)), ("jira", 22 * H, at(11, 3)), ("servicenow", 0 * H, at(9, 4)), ("glpi", 22 * H, at(11, 3))],
)
def test_a_target_that_counts_round_the_clock(product: str, counted: timedelta, due: datetime) -> None:
    """Twenty-four hours round the clock from Tuesday at nine: the history counts by them, or nothing of it."""
    clock = sla.Clock(name="c", within="8h", preset=product)
    run = started(clock, at(9, 3))

    changed = sla.retarget(clock, run, at(9, 3), 24 * H, None, None, old_cal=OFFICE)

    assert (counted, due) == (sla.counted(changed, at(9, 3), None), changed.due)


@pytest.mark.parametrize(
    ("product", "due"),
    [("zendesk", at(13, 4)), ("jira", at(13, 4)), ("servicenow", at(14, 5)), ("glpi", at(13, 4))],
)
def test_a_longer_target_after_the_breach(product: str, due: datetime) -> None:
    """No product keeps the clock broken that has time again; a restarted one has all of it."""
    clock = sla.Clock(name="c", within="8h", preset=product)
    run = started(clock, at(12, 3))
    assert at(11, 3) == run.breached_at

    changed = sla.retarget(clock, run, at(12, 3), 18 * H, "office", OFFICE, old_cal=OFFICE)

    assert (None, due) == (changed.breached_at, changed.due)


@pytest.mark.parametrize(
    ("product", "marks", "coming"),
    [
        ("zendesk", (), ("50%", at(17))),
        ("jira", ("50%",), ("breach", at(9, 4))),
        ("servicenow", (), ("50%", at(16, 3))),
        ("glpi", (), ("50%", at(17))),
    ],
)
def test_a_warning_that_lies_ahead_again(product: str, marks: tuple[str, ...], coming: tuple[str, datetime]) -> None:
    """Half of eight hours was told at three; half of sixteen lies ahead at four and is told again, or not."""
    clock = sla.Clock(name="c", within="8h", warn="50%", preset=product)
    run = sla.begin(clock, at(9), 8 * H, "office", OFFICE)
    run = worked_off(clock, run, at(16))
    assert at(13) == run.reached[0]

    changed = sla.retarget(clock, run, at(16), 16 * H, "office", OFFICE, old_cal=OFFICE)

    assert (marks, coming) == (changed.marks, (changed.next_mark, changed.next_at))


@pytest.mark.parametrize(
    ("product", "due"), [("zendesk", at(17)), ("jira", at(9, 3)), ("servicenow", at(17)), ("glpi", at(17))]
)
def test_a_target_that_ends_at_closing_time(product: str, due: datetime) -> None:
    """Eight hours from nine: broken from closing time on, or only once more than them is counted."""
    clock = sla.Clock(name="c", within="8h", preset=product)
    run = sla.begin(clock, at(9), 8 * H, "office", OFFICE)

    assert due == run.due
    assert (product != "jira") == (sla.stop(clock, run, at(20), OFFICE).breached_at is not None)


@pytest.mark.parametrize(
    ("product", "counted", "due"),
    [
        ("zendesk", 5 * H, at(12, 3)),
        ("jira", 0 * H, at(9, 4)),
        ("servicenow", 5 * H, at(12, 3)),
        ("glpi", 0 * H, at(17, 3)),
    ],
)
def test_a_day_that_becomes_a_holiday(product: str, counted: timedelta, due: datetime) -> None:
    """Declared on Monday at four: it counts nothing at all, or nothing from then on."""
    clock = sla.Clock(name="c", within="8h", preset=product)
    run = sla.recalendar(clock, started(clock, at(16)), at(16), HOLIDAY, OFFICE)

    assert (counted, due) == (run.counted, run.due)


# through a workflow ----------------------------------------------------------------------------------------------


def desk(product: str, calendar: Calendar = OFFICE, past: Any = ()) -> Workflow:
    """Solved within eight hours, four when urgent; not counted while pending."""
    return Workflow(
        workflow="support",
        fields={"urgent": {"type": "bool", "default": False}},
        initial="open",
        states={"open": {}, "pending": {}, "solved": {"closed": True}},
        transitions=[
            {"event": "ask", "source": "open", "target": "pending"},
            {"event": "answer", "source": "pending", "target": "open"},
            {"event": "solve", "source": "open", "target": "solved"},
            {"event": "ticket.reopen", "source": "solved", "target": "open"},
        ],
        clocks=[
            {
                "name": "solve",
                "within": [{"when": "urgent", "take": "4h"}, {"take": "8h"}],
                "calendar": "office",
                "paused_in": "pending",
                "until": "solved",
                "warn": "50%",
                "preset": product,
            }
        ],
        host_calendars={"office": calendar},
        past_calendars=past,
    )


class Story:
    """One ticket, opened on Monday at nine, and everything recorded of it."""

    def __init__(self, product: str) -> None:
        self.workflow = desk(product)
        self.records: list[Record] = []
        outcome = self.workflow.open("T1", at=at(9))
        self.ticket: Ticket = outcome.ticket
        self.records.extend(outcome.records)

    def then(self, event: str, hour: float, day: int = 2, **payload: Any) -> ClockRun:
        outcome = self.workflow.fire(self.ticket, event, payload or None, at=at(hour, day))
        self.ticket = outcome.ticket
        self.records.extend(outcome.records)
        return self.ticket.clocks["solve"]

    def told(self) -> list[tuple[str, datetime]]:
        """The marks in the order in which they were recorded, with their instants; what was taken back among them."""
        kinds = (Warned, Breached, Amended)
        return [(type(record).__name__, record.instant) for record in self.records if isinstance(record, kinds)]


@pytest.mark.parametrize(
    ("product", "cycle", "counted", "due"),
    [
        ("zendesk", 1, 3 * H, at(14, 4)),
        ("jira", 2, 0 * H, at(9, 5)),
        ("servicenow", 2, 0 * H, at(17, 4)),
        ("glpi", 1, 3 * H, at(14, 4)),
    ],
)
def test_a_ticket_that_is_opened_again(product: str, cycle: int, counted: timedelta, due: datetime) -> None:
    """Solved after three hours and opened again on Wednesday: the clock goes on, or a new one begins."""
    story = Story(product)
    story.then("solve", 12)

    run = story.then("ticket.reopen", 9, 4)

    assert (cycle, counted, due) == (run.cycle, run.counted, run.due)


@pytest.mark.parametrize(
    ("product", "last"),
    [
        ("zendesk", ("Breached", at(17))),
        ("jira", ("Breached", at(9, 3))),
        ("servicenow", ("Warned", at(10, 3))),
        ("glpi", ("Breached", at(17))),
    ],
)
def test_a_ticket_that_is_urgent_no_more(product: str, last: tuple[str, datetime]) -> None:
    """Broken at one, it has eight hours instead of four at two: the breach is amended and stays in the records."""
    story = Story(product)
    story.then("ticket.update", 9, urgent=True)
    run = story.then("ticket.update", 14, urgent=False)
    assert (None, 8 * H) == (run.breached_at, run.within)

    story.then("ticket.update", 11, 3, urgent=False)

    assert [("Warned", at(11)), ("Breached", at(13)), ("Amended", at(14)), last] == story.told()


@pytest.mark.parametrize(
    ("product", "counted", "due"),
    [("zendesk", 6 * H, at(17)), ("jira", 1 * H, at(16, 3)), ("servicenow", 6 * H, at(17)), ("glpi", 1 * H, at(16, 3))],
)
def test_a_schedule_that_changes(product: str, counted: timedelta, due: datetime) -> None:
    """On Monday at three the hours become others: what was counted before stays, or is counted by them as well."""
    story = Story(product)
    story.then("ticket.update", 10, urgent=False)

    outcome = desk(product, LATE, {"office": OFFICE}).advance(story.ticket, at=at(15))

    run = outcome.ticket.clocks["solve"]
    assert (counted, due) == (sla.counted(run, at(15), LATE), run.due)
    assert 1 == len([record for record in outcome.records if isinstance(record, ClockRetargeted)])


@pytest.mark.parametrize("product", PRODUCTS)
def test_waiting_for_the_customer_never_counts(product: str) -> None:
    """All four stop their clocks while a ticket waits, and go on where they stopped."""
    story = Story(product)
    assert None is story.then("ask", 10).due

    run = story.then("answer", 15)

    assert (1 * H, at(14, 3)) == (run.counted, run.due)
    assert 1 == len([record for record in story.records if isinstance(record, ClockStarted)])
