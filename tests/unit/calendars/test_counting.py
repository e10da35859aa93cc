"""Knows where counting begins, ends and is handed on from block to block; must not know how windows are written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from servflow.calendars import Calendar, OpenTime, any_of
from servflow.calendars._zones import BLOCK, BLOCK_DAYS, EARLIEST, LATEST
from servflow.errors import TimeError
from servflow.model import EPOCH
from tests.work import lines_run

H = timedelta(hours=1)
TICK = timedelta(microseconds=1)
WEEK = {"mon-fri": ["09:00-17:00"]}
FAR_SHIFTS = {"2026-03-02": ["09:00-10:00"], "2027-03-02": ["09:00-11:00"], "2028-03-02": ["09:00-13:00"]}


def office(**more: Any) -> Calendar:
    """Office hours; each test that writes them in its own way has a calendar nobody has asked before."""
    return Calendar("UTC", WEEK, **more)


def fair() -> Calendar:
    """One, two and four hours in three years, and nothing else."""
    return Calendar("UTC", shifts=FAR_SHIFTS)


def at(year: int, month: int = 3, day: int = 2, hour: float = 0) -> datetime:
    return datetime(year, month, day, tzinfo=UTC) + hour * H


def micros(value: datetime) -> int:
    return (value - EPOCH) // TICK


def seam(index: int) -> datetime:
    """Where a block of the compiled form begins; number 108 does in November 2025."""
    return EPOCH + timedelta(days=BLOCK_DAYS * index)


FRESH: dict[str, Callable[[str], OpenTime]] = {
    "office": lambda holiday: office(holidays=[holiday]),
    "nights": lambda holiday: Calendar("UTC", {"mon-sun": ["22:00-02:00"]}, holidays=[holiday]),
    "fair": lambda holiday: Calendar("UTC", shifts={**FAR_SHIFTS, holiday: ["09:00-10:00"]}),
    "either": lambda holiday: any_of(office(holidays=[holiday]), Calendar("UTC", {"sat": ["10:00-12:00"]})),
}


@pytest.mark.parametrize("kind", FRESH)
def test_the_way_back_ends_at_the_opening_it_began_with(kind: str) -> None:
    """From any opening to any closing and back, within a block and over many, the first time and every time after."""
    make = FRESH[kind]
    known = make("1950-01-01")
    stretches = known.intervals(seam(107) + 36 * H, seam(113) - 36 * H)
    few = [*stretches[:3], *stretches[-3:], *(item for item in stretches if abs(item[0] - seam(109)) < 96 * H)]
    pairs = [(opening, closing) for opening, _ in few for _, closing in few if closing > opening]
    for number, (opening, closing) in enumerate(pairs):
        fresh = make(str(date(1951, 1, 1) + timedelta(days=number)))
        counted = known.between(opening, closing)
        assert (opening, closing) == (fresh.before(closing, counted), fresh.after(opening, counted))
        assert (opening, closing) == (fresh.before(closing, counted), fresh.after(opening, counted))
        assert (opening, closing - TICK) == (fresh.before(opening + TICK, TICK), fresh.before(closing, TICK))


def test_before_1970_it_is_counted_as_after() -> None:
    """Instants before the one that numbers begin with have the answers of the same weekday later, however often one asks."""
    weeks = timedelta(weeks=52 * 28)  # the calendar has no dates of its own, so a week is like any other
    old, new = office(), office(name="new")
    places = [at(1961, 3, 3, hour) for hour in (8, 9, 12.5, 17, 20)]

    for _ in range(12):
        for place in places:
            for hours in (1, 8, 41, 400):
                assert new.after(place + weeks, hours * H) - weeks == old.after(place, hours * H)
                assert new.before(place + weeks, hours * H) - weeks == old.before(place, hours * H)
                there = old.after(place, hours * H)
                assert [hours * H, -hours * H] == [old.between(place, there), old.between(there, place)]
    assert [old.after_us(micros(place), 10**9) for place in places] == [
        micros(old.after(place, 1000 * H / 3600)) for place in places
    ]


def test_counting_over_blocks_that_are_all_prepared() -> None:
    """A calendar asked often in every block counts from any to any other what the days say, in both directions."""
    cal = office()
    places = [seam(index) + 12 * H for index in range(6)]
    for place in places * 12:
        cal.after(place, H)

    for place in places:
        for other in places:
            days = range(min(place, other).toordinal(), max(place, other).toordinal())
            hours = sum(8 for day in days if datetime.fromordinal(day).weekday() < 5)
            edges = [min(max(one.hour - 9, 0), 8) if one.weekday() < 5 else 0 for one in (min(place, other), max(place, other))]
            expected = (hours - edges[0] + edges[1]) * H
            assert (expected if other >= place else -expected) == cal.between(place, other)


@pytest.mark.parametrize("verb", ["before", "is_open", "between", "after"])
def test_each_question_may_be_the_only_one_that_is_asked(verb: str) -> None:
    """Asked a dozen times in one place, a calendar that was asked nothing else answers as at first."""
    cal, place = Calendar("UTC", WEEK, holidays=[f"1991-01-0{len(verb)}"]), at(2026, 3, 3, 12)
    more: tuple[Any, ...] = {"is_open": (), "between": (place + H,)}.get(verb, (H,))
    expected = {"before": at(2026, 3, 3, 11), "after": at(2026, 3, 3, 13), "between": H, "is_open": True}[verb]

    assert [expected] * 12 == [getattr(cal, verb)(place, *more) for _ in range(12)]


@pytest.mark.parametrize("kind", FRESH)
def test_whole_numbers_stay_whole(kind: str) -> None:
    """What is asked in whole microseconds is answered in them: also before the first opening of a block or of time."""
    cal = FRESH[kind]("2026-02-02")
    places = [EARLIEST, micros(at(2026, 1, 1)), micros(seam(109)), micros(at(1500, 1, 1))]
    answers = [answer for place in places for answer in (cal.after_us(place, 1), cal.between_us(place, place + 10**12))]

    assert [int] * len(answers) == [type(answer) for answer in answers]


def test_an_amount_of_centuries_is_exact() -> None:
    """No microsecond is lost on the way."""
    assert at(2026) + timedelta(days=200_000, microseconds=1) == Calendar.always().after(
        at(2026), timedelta(days=200_000, microseconds=1)
    )


def test_what_is_set_for_single_dates_holds_for_no_other_year() -> None:
    """Far years are copies of nearer ones, but not of their holidays and shifts; also inside a combination."""
    cal = office(holidays=["2150-03-02"], shifts={"2150-03-01": ["10:00-11:00"]})  # a Monday and a Sunday
    for one in (cal, any_of(cal, fair())):
        assert [(False, True), (True, False)] == [
            (one.is_open(at(year, 3, 2, 10)), one.is_open(at(year, 3, 1, 10.5))) for year in (2150, 2550)
        ]
        assert [40 * H, 33 * H] == [one.between(at(year, 3, 1), at(year, 3, 8)) for year in (2550, 2150)]


def test_both_ends_of_time_are_counted_up_to_and_no_further() -> None:
    """Of the first and the last block only what lies in the years 1 to 9999 counts."""
    cal = Calendar("UTC", {"mon-sun": ["00:00-12:00"]})
    first, last = EPOCH + EARLIEST * TICK, EPOCH + LATEST * TICK
    days = (at(2026) - first).days

    assert days * 12 * H == cal.between(first, at(2026))
    assert first == cal.before(at(2026), days * 12 * H)
    assert first + 12 * H == cal.before(at(2026), (days - 1) * 12 * H) - 12 * H
    days = (last - at(2026)).days + 1
    assert days * 12 * H == cal.between(at(2026), last)
    assert datetime(9999, 12, 31, 12, tzinfo=UTC) == cal.after(at(2026), days * 12 * H)
    assert (False, 0) == (cal.is_open(last), cal.between_us(LATEST - 5, LATEST))
    for outside in (
        lambda: cal.after_us(LATEST + 1, 1),
        lambda: cal.between_us(LATEST, LATEST + 5),
        lambda: cal.before_us(EARLIEST - 1, 1),
    ):
        with pytest.raises(TimeError, match="years 1 to 9999"):
            outside()


def test_stretches_that_run_over_a_seam_are_one() -> None:
    """Where blocks of the compiled form meet, and only where one stretch goes on in the next block, it is joined."""
    nights = Calendar("UTC", {"mon-sun": ["22:00-02:00"]})
    whole = Calendar(
        "UTC", {"mon-sun": ["00:00-24:00"]}, holidays=[(seam(107) + 9 * 24 * H).date(), (seam(110) + 9 * 24 * H).date()]
    )
    begin = seam(108) - 50 * H

    assert [(begin + (24 * n + 0) * H, begin + (24 * n + 4) * H) for n in range(5)] == [
        *nights.intervals(begin, begin + 110 * H)
    ]
    assert ((seam(107) + 10 * 24 * H, seam(110) + 9 * 24 * H),) == whole.intervals(
        seam(107) + 9.5 * 24 * H, seam(110) + 9.5 * 24 * H
    )
    assert () == Calendar.always().intervals(begin, begin)


@pytest.mark.parametrize(
    ("asked", "facts"),
    [
        (lambda: fair().after(at(2027, 1), 9 * H),
         {"code": "never_opens_again", "after": at(2028, hour=13), "counted": 9 * H, "missing": 3 * H}),
        (lambda: fair().before(at(2028, 1), 9 * H),
         {"code": "never_open_before", "before": at(2026, hour=9), "counted": 9 * H, "missing": 6 * H}),
        (lambda: office().after(at(9999, 12, 31, 12), 9 * H), {"code": "range", "counted": 9 * H, "missing": 4 * H}),
        (lambda: office().before(at(1, 1, 1, 12), 9 * H), {"code": "range", "counted": 9 * H, "missing": 6 * H}),
        (lambda: office().after(at(9999, 1, 1, 17), 9000 * H),
         {"code": "range", "counted": 9000 * H, "missing": (9000 - 8 * 260) * H}),
        (lambda: office().after_us(0, 10**30), {"code": "range", "counted": timedelta.max, "missing": timedelta.max}),
        (lambda: office().before_us(0, 10**30), {"code": "range", "counted": timedelta.max, "missing": timedelta.max}),
        (lambda: fair().next_opening(at(2040)), {"code": "never_opens_again", "after": at(2028, hour=13)}),
        (lambda: fair().previous_closing(at(2026)), {"code": "never_open_before", "before": at(2026)}),
        (lambda: office().after_days(at(2026), 40_001), {"code": "days", "value": 40_001}),
        (lambda: fair().after_days(at(2026), 40_000), {"code": "never_opens_again"}),
        (lambda: office().between(datetime(2026, 3, 2), at(2026)), {"code": "naive", "name": "a"}),
        (lambda: office().between(at(2026), datetime(2026, 3, 2)), {"code": "naive", "name": "b"}),
        (lambda: office().intervals(datetime(2026, 3, 2), at(2026)), {"code": "naive", "name": "a"}),
        (lambda: office().intervals(at(2026), datetime(2026, 3, 2)), {"code": "naive", "name": "b"}),
        (lambda: office().next_opening(datetime(2026, 3, 2)), {"code": "naive", "name": "at"}),
    ],
)  # fmt: skip
def test_a_refused_question_tells_its_facts(asked: Callable[[], Any], facts: dict[str, Any]) -> None:
    """What was asked, how far the calendar reaches and what is missing are there for programs, whichever way it was refused."""
    with pytest.raises(TimeError) as caught:
        asked()

    assert facts == {name: caught.value.facts.get(name) for name in facts}


def test_what_never_was_open_before_has_no_closing_to_go_back_to() -> None:
    """The left limit of an instant before the first opening is the instant itself; a wall time that is just now is now."""
    assert at(2020, hour=12) == fair().after_days(at(2020, hour=12), 0)
    assert at(2026, hour=16) == office().at_time(at(2026, hour=16), "16:00")
    assert at(2026, 3, 3, 16) == office().at_time(at(2026, hour=16) + TICK, "16:00")


def test_blocks_have_a_seam_where_these_tests_think_so() -> None:
    """The tests above look at seams of the compiled form, so they hold only as long as there are some."""
    assert (BLOCK, at(2025, 11, 20)) == (BLOCK_DAYS * 24 * 3600 * 10**6, seam(108))


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Asia/Shanghai"), timezone(-3 * H)], ids=["UTC", "a zone", "an offset"])
@pytest.mark.parametrize("verb", ["after", "before", "between", "is_open"])
def test_what_is_asked_often_is_answered_in_a_few_lines(verb: str, zone: tzinfo) -> None:
    """The first question compiles, the next ones look it up, and those after many find it in the types they are asked in."""
    cal = Calendar("UTC", WEEK, holidays=[f"19{len(str(zone)):02}-0{len(verb)}-1{verb.count('e')}"])
    places = [(seam(index) + 60 * H).astimezone(zone) for index in (108, 109)]
    others: list[tuple[Any, ...]] = {"is_open": [()], "between": [(place,) for place in places]}.get(verb, [(H,)])
    asked = [(place, *other) for place in places for other in others]

    def ask() -> None:
        for question in asked:
            getattr(cal, verb)(*question)

    work = [lines_run(ask) for _ in range(20)]

    assert work[0] > 2 * work[1]
    assert work[-1] <= 18 * len(asked) < work[1]


def test_microseconds_are_answered_from_what_is_compiled() -> None:
    """Once a block is there, a question about it takes a few lines, whether much is counted or a single microsecond."""
    cal, place = Calendar("UTC", WEEK, holidays=["1993-05-05"]), micros(at(2026, 3, 3, 12))
    cal.between_us(micros(seam(108) + H), place)
    questions: list[Callable[[], int]] = [
        lambda: cal.after_us(place, 10**9),
        lambda: cal.before_us(place, 10**9),
        lambda: cal.before_us(place, cal.between_us(micros(seam(108)), place)),
        lambda: cal.between_us(place, place + 10**9),
        lambda: cal.after_us(place, 1),
        lambda: cal.before_us(place, 1),
    ]

    assert [True] * len(questions) == [lines_run(question) <= 20 for question in questions]
