"""Holds recurring work to a walk over days, dateutil and one life without restarts; must not know how it is counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from servflow import Desk, Workflow
from servflow.recurring import Plans, Recurring
from servflow.recurring._every import ByRule, Every, Period, read_rule
from servflow.stores import MemoryStore
from tests.oracles.recurring_walk import dates, first_shown, moved

FLOW = Workflow(
    workflow="inspection",
    fields={
        "plan": {"type": "string", "optional": True},
        "due": {"type": "timestamp", "optional": True},
        "reading": {"type": "double", "optional": True},
    },
    initial="planned",
    states={"planned": {}, "done": {"closed": True}},
    transitions=[{"event": "finish", "source": "planned", "target": "done"}],
)
DAYS = st.dates(date(2023, 1, 1), date(2026, 12, 31))
PERIODS = st.one_of(
    st.tuples(st.just("day"), st.integers(1, 40)),
    st.tuples(st.just("week"), st.integers(1, 9)),
    st.tuples(st.just("month"), st.integers(1, 14)),
    st.tuples(st.just("year"), st.integers(1, 3)),
)


@settings(deadline=None)
@given(DAYS, PERIODS, st.integers(0, 1), st.integers(-40, 1500))
def test_periods_agree_with_a_walk_over_days(anchor: date, period: tuple[str, int], first: int, offset: int) -> None:
    """Dates from any day on, the last one up to it, and how many lie between are those that asking every day finds."""
    unit, count = period
    made = Every(Period(count, unit), anchor, first)
    low, high = anchor + timedelta(days=offset), date(2031, 6, 30)
    walked = list(dates(anchor, unit, count, first, high))

    assert [day for day in walked if day >= low] == list(takewhile(lambda day: day <= high, made.dates(low)))
    before = [day for day in walked if day <= low]
    assert (before[-1] if before else None) == made.last(date.min, low)
    assert len([day for day in walked if anchor <= day < low]) == made.between(anchor, low)


RULES = st.builds(
    lambda *parts: ";".join(part for part in parts if part),
    st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY"]),
    st.sampled_from(["", "INTERVAL=2", "INTERVAL=5"]),
    st.sampled_from(["", "BYDAY=MO,WE", "BYDAY=SA", "BYMONTH=3,9"]),
    st.sampled_from(["", "COUNT=7", "UNTIL=20270401"]),
)
MONTHLY = st.sampled_from(
    ["BYDAY=2TU", "BYDAY=-1FR", "BYMONTHDAY=15", "BYMONTHDAY=-1", "BYMONTHDAY=31", "BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"]
).map("FREQ=MONTHLY;".__add__)


@settings(deadline=None)
@given(st.one_of(RULES, MONTHLY), DAYS, st.integers(0, 600))
def test_rules_agree_with_dateutil(text: str, anchor: date, offset: int) -> None:
    """A rule falls on the dates on which dateutil has it, from any day on."""
    rule, until = read_rule(text, "UTC", time())
    made = ByRule(rule, anchor)
    low, high = anchor + timedelta(days=offset), date(2029, 12, 31)
    theirs = [found.date() for found in rrulestr(text, dtstart=datetime.combine(anchor, time())).between(
        datetime.combine(anchor, time()), datetime.combine(high, time()), inc=True
    )]  # fmt: skip

    ours = [day for day in takewhile(lambda day: day <= high, made.dates(low)) if until is None or day <= until]
    assert [day for day in theirs if day >= low] == ours
    if until is None:
        assert len([day for day in theirs if day < low]) == made.between(anchor, low)
        assert ([day for day in theirs if day <= low] or [None])[-1] == made.last(anchor, low)


@pytest.mark.parametrize(
    ("text", "anchor"),
    [
        ("FREQ=YEARLY;INTERVAL=4;BYMONTH=8,7,12,3;BYYEARDAY=-1,-366;BYDAY=1WE,4FR,5TH", date(2023, 11, 22)),
        ("FREQ=YEARLY;BYMONTHDAY=28,-1,13;BYDAY=2FR", date(2023, 8, 11)),
        ("FREQ=YEARLY;BYMONTHDAY=28;BYDAY=20SA,5TH,-1FR", date(2025, 10, 24)),
    ],
)
def test_days_of_the_week_are_counted_in_the_year_unless_months_are_named(text: str, anchor: date) -> None:
    """Beside days of the month or of the year a 2FR is the second Friday of the year, with BYMONTH that of the month."""
    begin, end = datetime.combine(anchor, time()), datetime(2060, 1, 1)
    theirs = [found.date() for found in rrulestr(text, dtstart=begin).between(begin, end, inc=True)]

    made = ByRule(read_rule(text, "UTC", time())[0], anchor)
    assert theirs == list(takewhile(lambda day: day <= end.date(), made.dates(anchor)))


@settings(deadline=None)
@given(
    anchor=DAYS,
    period=PERIODS,
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    hour=st.integers(0, 23),
    move=st.sampled_from(["next", "previous", "nearest"]),
    closed=st.sets(DAYS, max_size=20),
)
def test_due_is_the_first_instant_of_its_wall_time_on_a_working_day(
    anchor: date, period: tuple[str, int], zone: str, hour: int, move: str, closed: set[date]
) -> None:
    """Every due date is a date of the period, moved to a working day, at the first occurrence of its wall time."""
    unit, count = period
    holidays = [day.isoformat() for day in closed]
    office = {"zone": zone, "week": {"mon-fri": ["09:00-17:00"]}, "holidays": holidays}
    plan = {"name": "p", "workflow": "inspection", "every": f"{count} {unit}s", "start": anchor.isoformat(), "first": "every"}
    plan |= {"at": f"{hour:02}:30", "calendar": "office", "move": move, "apart": "0h"}
    made = Recurring("m", [plan], zone=zone, calendars={"office": office})
    since = datetime.combine(anchor, time(), UTC) - timedelta(days=400)

    found = list(islice(made.upcoming({"id": "A"}, datetime(2029, 12, 1, tzinfo=UTC), since=since), 5))

    wanted: list[datetime] = []
    seen = date.min
    for day in dates(anchor, unit, count, 1, date(2030, 12, 31)):
        due = first_shown(zone, moved(day, closed, {5, 6}, move), time(hour, 30))
        if not wanted or (due > wanted[-1] and day > seen):
            wanted.append(due)
            seen = due.astimezone(ZoneInfo(zone)).date()
        if len(wanted) == len(found):
            break
    assert wanted[: len(found)] == [one.due for one in found]


@settings(deadline=None)
@given(
    anchor=DAYS,
    period=PERIODS,
    ahead=st.integers(0, 20),
    steps=st.lists(st.tuples(st.integers(0, 70), st.sampled_from(["tick", "restart", "second", "finish"])), max_size=12),
    floating=st.booleans(),
)
def test_restarts_and_a_second_desk_change_nothing(
    anchor: date, period: tuple[str, int], ahead: int, steps: list[tuple[int, str]], floating: bool
) -> None:
    """However often desks start anew, and however many there are, the tickets are those of one desk that never stopped."""
    unit, count = period
    plan = {"name": "p", "workflow": "inspection", "every": f"{count} {unit}s", "start": anchor.isoformat()}
    plan |= {"ahead": f"{ahead}d", "counted_from": "completion" if floating else "schedule"}
    made, asset = Recurring("m", [plan]), {"id": "A", "customer": "kim"}
    begin = datetime.combine(anchor, time(), UTC)

    def lived(restarting: bool) -> list[tuple[Any, ...]]:
        now, store = [begin], MemoryStore()

        def desk() -> Desk:
            return Desk(FLOW, store, now=lambda: now[0], sources=[Plans(made, [asset], store, horizon=timedelta(hours=1))])

        one, other = desk(), desk()
        for days, what in steps:
            now[0] += timedelta(days=days)
            if what == "restart" and restarting:
                one = desk()
            (other if what == "second" and restarting else one).tick()
            if what == "finish":
                for ticket in store.find(state="planned"):
                    one.fire(ticket.id, "finish")
            assert () == one.tick().problems
        found = [(one.id, one.fields["due"], one.opened_at, one.closed) for one in store.find(limit=1000)]
        store.close()
        return found

    assert lived(False) == lived(True)


WHEN = st.one_of(
    st.builds(lambda period: {"every": f"{period[1]} {period[0]}s", "start": "2026-01-20"}, PERIODS),
    st.sampled_from(["FREQ=WEEKLY;BYDAY=MO,SA", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=DAILY;INTERVAL=9;COUNT=12"]).map(
        lambda text: {"rule": text, "start": "2026-01-20"}
    ),
)
MORE = st.fixed_dictionaries(
    {},
    optional={
        "ahead": st.sampled_from(["36h", "10d", "45d"]),
        "at": st.sampled_from(["00:00", "02:30", "23:59"]),
        "calendar": st.just("office"),
        "begins": st.just("2026-03-01"),
        "until": st.just("2026-08-31"),
        "times": st.integers(1, 5),
        "missed": st.sampled_from(["last", "all"]),
    },
)


@settings(deadline=None)
@given(when=WHEN, more=MORE, down=st.integers(0, 120), ends=st.lists(st.sampled_from(["0d", "5d", "30d"]), unique=True))
def test_what_is_previewed_is_what_a_desk_opens(when: dict[str, Any], more: dict[str, Any], down: int, ends: list[str]) -> None:
    """A look ahead names the very tickets, in the very order of their instants, that a desk then opens day by day."""
    if "COUNT" in when.get("rule", ""):
        more = {name: value for name, value in more.items() if name != "times"}
    plan = {"name": "p", "workflow": "inspection", "zone": "Europe/Berlin", **when, **more}
    office = {"zone": "Europe/Berlin", "week": {"mon-fri": ["09:00-17:00"]}, "holidays": ["2026-04-03", "2026-04-06"]}
    expiry = [{"name": "e", "workflow": "inspection", "date": "asset.ends", "ahead": ends, "at": "12:00"}] if ends else []
    made = Recurring("m", [plan], expiry, calendars={"office": office})
    asset = {"id": "A", "ends": "2026-07-01"}
    now, end = datetime(2026, 1, 10, tzinfo=UTC) + timedelta(days=down), datetime(2026, 7, 20, tzinfo=UTC)

    told = [(one.ticket, one.due) for one in made.upcoming(asset, end, since=now)]
    store, clock = MemoryStore(), [now]
    source = Plans(made, [asset], store, horizon=timedelta(days=3))
    desk = Desk(FLOW, store, now=lambda: clock[0], sources=[source])
    while clock[0] < end:
        assert () == desk.tick().problems
        clock[0] += timedelta(hours=12)
    clock[0] = end - timedelta(microseconds=1)
    desk.tick()
    opened = {one.id: one.fields["due"] for one in store.find(limit=1000)}
    store.close()

    assert dict(told) == opened


@settings(deadline=None)
@given(when=WHEN, more=MORE, down=st.integers(0, 900))
def test_after_a_pause_the_last_date_of_all_is_opened(when: dict[str, Any], more: dict[str, Any], down: int) -> None:
    """Whatever ends a plan and moves its dates: of all that ought to have been opened, a desk that wakes opens the last."""
    if "COUNT" in when.get("rule", ""):
        more = {name: value for name, value in more.items() if name != "times"}
    office = {"zone": "Europe/Berlin", "week": {"mon-fri": ["09:00-17:00"]}, "holidays": ["2026-04-03", "2026-04-06"]}
    plan = {"name": "p", "workflow": "inspection", "zone": "Europe/Berlin", "apart": "0h", **when, **more}
    now = datetime(2026, 1, 10, tzinfo=UTC) + timedelta(days=down)

    def coming(missed: str, since: datetime) -> list[datetime]:
        made = Recurring("m", [{**plan, "missed": missed}], calendars={"office": office})
        soon = now + timedelta(microseconds=1)
        return [one.due for one in islice(made.upcoming({"id": "A"}, soon, since=since), 2000)]

    ought = coming("all", datetime(2020, 1, 1, tzinfo=UTC))
    assert ought[-1:] == coming("last", now)
