"""Knows what a calendar promises at its edges; must not know how it is compiled."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

from servflow.calendars import WEEKDAYS, Calendar, OpenTime, all_of, any_of, from_data, minus
from servflow.errors import DefinitionError, TimeError

HOUR = timedelta(hours=1)
OFFICE = Calendar("UTC", {"mon-fri": ["09:00-12:00", "13:00-18:00"]}, name="office")


def at(text: str, zone: str = "UTC") -> datetime:
    """The instant of a wall time in a zone; ``~`` at the end means its second occurrence."""
    wall = datetime.fromisoformat(text.rstrip("~"))
    return wall.replace(tzinfo=ZoneInfo(zone), fold=text.endswith("~")).astimezone(UTC)


def nested(depth: int) -> Any:
    """Combinations in each other."""
    return any_of(OFFICE if depth == 1 else nested(depth - 1))


class TestTheEdgesOfAWindow:
    def test_an_amount_used_up_at_closing_is_due_at_closing(self) -> None:
        """The due instant is the left limit: the closing time, not the next opening."""
        assert at("2026-03-02T12:00") == OFFICE.after(at("2026-03-02T09:00"), 3 * HOUR)
        assert at("2026-03-06T18:00") == OFFICE.after(at("2026-03-06T10:00"), 7 * HOUR)

    def test_a_microsecond_more_is_due_after_the_next_opening(self) -> None:
        """Beyond closing the count goes on at the next opening, exactly."""
        more = 3 * HOUR + timedelta(microseconds=1)

        assert at("2026-03-02T13:00:00.000001") == OFFICE.after(at("2026-03-02T09:00"), more)

    def test_going_back_ends_at_an_opening(self) -> None:
        """The latest instant from which the amount passes is an opening, not the closing before it."""
        assert at("2026-03-02T13:00") == OFFICE.before(at("2026-03-02T20:00"), 5 * HOUR)

    def test_zero_is_the_instant_itself(self) -> None:
        """Nothing to count changes nothing, in closed time as well."""
        closed = at("2026-03-01T03:00")

        assert closed == OFFICE.after(closed, timedelta())
        assert closed == OFFICE.before(closed, timedelta())

    def test_open_is_half_open(self) -> None:
        """It is open at the opening and closed at the closing."""
        assert OFFICE.is_open(at("2026-03-02T09:00"))
        assert not OFFICE.is_open(at("2026-03-02T12:00"))

    def test_the_next_opening_of_an_open_instant_is_itself(self) -> None:
        """Only closed time moves to the next opening, and back to the previous closing."""
        open_instant, closed = at("2026-03-02T10:00"), at("2026-03-07T10:00")

        assert open_instant == OFFICE.next_opening(open_instant) == OFFICE.previous_closing(open_instant)
        assert at("2026-03-09T09:00") == OFFICE.next_opening(closed)
        assert at("2026-03-06T18:00") == OFFICE.previous_closing(closed)
        assert at("2026-03-06T18:00") == OFFICE.previous_closing(at("2026-03-09T09:00"))

    def test_between_is_signed(self) -> None:
        """Asked backwards the amount is negative."""
        assert OFFICE.between(at("2026-03-02T12:30"), at("2026-03-02T08:00")) == -3 * HOUR

    def test_intervals_are_clipped_and_joined(self) -> None:
        """Stretches are cut at both ends, and days that touch at midnight are one."""
        days = Calendar("UTC", {"mon-tue": ["00:00-24:00"]})

        assert ((at("2026-03-02T05:00"), at("2026-03-04T00:00")),) == days.intervals(
            at("2026-03-02T05:00"), at("2026-03-08T00:00")
        )
        assert days.intervals(at("2026-03-04T00:00"), at("2026-03-03T00:00")) == ()

    def test_every_answer_is_in_utc(self) -> None:
        """The zone of the question never comes back."""
        asked = at("2026-03-02T10:00").astimezone(ZoneInfo("Asia/Shanghai"))

        assert UTC is OFFICE.after(asked, HOUR).tzinfo
        assert UTC is OFFICE.after(asked, timedelta()).tzinfo
        assert UTC is OFFICE.intervals(asked, asked + 4 * HOUR)[0][0].tzinfo


class TestQuestionsThatAreRefused:
    @pytest.mark.parametrize("verb", ["is_open", "next_opening", "previous_closing", "provisional", "end_of_day"])
    def test_a_naive_instant_is_refused(self, verb: str) -> None:
        """A wall time without a zone is no instant."""
        with pytest.raises(TimeError, match="naive"):
            getattr(OFFICE, verb)(datetime(2026, 3, 2, 9))

    def test_a_negative_amount_is_refused_with_the_verb_to_use(self) -> None:
        """Going back has its own verb, and the error names it."""
        with pytest.raises(TimeError, match=r"use before\(\)"):
            OFFICE.after(at("2026-03-02T09:00"), -HOUR)
        with pytest.raises(TimeError, match=r"use after\(\)"):
            OFFICE.before(at("2026-03-02T09:00"), -HOUR)

    @pytest.mark.parametrize("amount", [3600, "4h", None])
    def test_an_amount_is_a_timedelta(self, amount: object) -> None:
        """Numbers and texts have no unit here."""
        with pytest.raises(TimeError, match="timedelta"):
            OFFICE.after(at("2026-03-02T09:00"), amount)  # type: ignore[arg-type]  # the point of the test

    def test_a_search_beyond_year_9999_is_refused(self) -> None:
        """The last year a datetime can hold ends every search, in little time."""
        with pytest.raises(TimeError, match="9999"):
            OFFICE.after(at("2026-03-02T09:00"), timedelta(days=999_999))
        with pytest.raises(TimeError, match="year 1"):
            OFFICE.before(at("2026-03-02T09:00"), timedelta(days=999_999))
        with pytest.raises(TimeError, match="9999"):
            Calendar.always().after(at("9999-12-31T23:00"), 2 * HOUR)

    def test_after_the_last_shift_nothing_opens_again(self) -> None:
        """A calendar of single dates says when it was open last, and what is still missing."""
        fair = Calendar("UTC", shifts={"2026-05-01": ["09:00-11:00"], "2026-05-02": ["09:00-10:00"]})

        assert at("2026-05-02T10:00") == fair.after(at("2020-01-01T00:00"), 3 * HOUR)
        with pytest.raises(TimeError, match="never opens again after 2026-05-02T10:00:00Z") as caught:
            fair.after(at("2026-05-01T10:00"), 3 * HOUR)
        assert caught.value.missing == HOUR
        with pytest.raises(TimeError, match="never opens again after 2026-05-02T10:00:00Z"):
            fair.next_opening(at("2026-05-02T10:00"))
        with pytest.raises(TimeError, match="never open before 2026-05-01T09:00:00Z"):
            fair.before(at("2026-05-01T10:00"), 2 * HOUR)
        with pytest.raises(TimeError, match="never open before"):
            fair.previous_closing(at("2026-05-01T09:00"))
        with pytest.raises(TimeError, match="no further working days"):
            fair.after_days(at("2026-05-01T09:30"), 5)

    @pytest.mark.parametrize("n", [1.5, True, 10**9, "2"])
    def test_a_number_of_days_is_a_bounded_int(self, n: object) -> None:
        """Neither fractions nor absurd numbers of working days are counted."""
        with pytest.raises(TimeError, match="working days"):
            OFFICE.after_days(at("2026-03-02T09:00"), n)  # type: ignore[arg-type]  # the point of the test

    def test_a_wall_time_is_checked(self) -> None:
        """A wall time that does not exist on any clock is refused."""
        with pytest.raises(TimeError, match="wall time"):
            OFFICE.at_time(at("2026-03-02T09:00"), "25:00", 1)


class TestZones:
    def test_a_skipped_hour_counts_nothing(self) -> None:
        """In spring the window 01:00-04:00 holds two hours in New York."""
        night = Calendar("America/New_York", {"sun": ["01:00-04:00"]})

        assert night.between(at("2026-03-08T00:00", "America/New_York"), at("2026-03-09T00:00", "America/New_York")) == 2 * HOUR

    def test_a_repeated_hour_counts_twice(self) -> None:
        """In autumn both occurrences of 01:00-02:00 are open, and they touch."""
        night = Calendar("America/New_York", {"sun": ["01:00-02:00"]})
        first, second = at("2026-11-01T01:30", "America/New_York"), at("2026-11-01T01:30~", "America/New_York")

        assert night.is_open(first)
        assert night.is_open(second)
        assert night.between(first, second) == HOUR

    def test_two_pieces_of_a_repeated_half_hour(self) -> None:
        """Lord Howe repeats 01:30-02:00: a window of ten minutes in it opens twice, half an hour apart."""
        isle = Calendar("Australia/Lord_Howe", {"sun": ["01:40-01:50"]})
        stretches = isle.intervals(at("2026-04-04T00:00"), at("2026-04-06T00:00"))

        assert len(stretches) == 2
        assert timedelta(minutes=30) == stretches[1][0] - stretches[0][0]

    def test_a_skipped_date_has_no_window(self) -> None:
        """Samoa had no 30 December 2011: no time counts on it and it is no working day."""
        apia = Calendar("Pacific/Apia", {"mon-fri": ["09:00-17:00"]})
        thursday = at("2011-12-29T10:00", "Pacific/Apia")

        assert at("2012-01-02T10:00", "Pacific/Apia") == apia.after_days(thursday, 1)
        assert at("2012-01-02T10:00", "Pacific/Apia") == apia.after(thursday, 8 * HOUR)
        with pytest.raises(DefinitionError, match="never opens"):
            Calendar("Pacific/Apia", shifts={"2011-12-30": ["09:00-17:00"]})

    def test_a_date_without_midnight_begins_later(self) -> None:
        """Santiago skips 00:00-01:00: the whole day is 23 hours, and midnight is the first instant after the gap."""
        day = Calendar("America/Santiago", {"sun": ["00:00-24:00"]})

        assert day.between(at("2026-09-05T00:00"), at("2026-09-08T00:00")) == 23 * HOUR
        assert at("2026-09-06T01:00", "America/Santiago") == day.at_time(at("2026-09-04T12:00"), "00:00", 1)

    def test_a_repeated_wall_time_is_its_first_occurrence(self) -> None:
        """The same wall time some working days later is the earlier of two."""
        night = Calendar("America/New_York", {"mon-sun": ["00:00-24:00"]})

        assert at("2026-11-01T01:30", "America/New_York") == night.after_days(at("2026-10-30T01:30", "America/New_York"), 2)

    def test_offsets_with_seconds_are_exact(self) -> None:
        """Local mean time of New York is 4:56:02 behind UTC."""
        old = Calendar("America/New_York", {"mon-sun": ["09:00-10:00"]})

        assert datetime(1850, 6, 1, 13, 56, 2, tzinfo=UTC) == old.next_opening(datetime(1850, 6, 1, tzinfo=UTC))

    def test_far_years_repeat_after_400_years(self) -> None:
        """Rules of a zone go on: the far future and the far past equal what the zone itself says."""
        berlin = Calendar("Europe/Berlin", {"mon-sun": ["09:00-10:00"]})
        for year in (9998, 7321, 2413, 2087):
            for month in (1, 7):
                asked = datetime(year, month, 5, tzinfo=UTC)

                assert datetime(year, month, 5, 9, tzinfo=ZoneInfo("Europe/Berlin")) == berlin.next_opening(asked)

    def test_both_ends_of_time_can_be_asked(self) -> None:
        """The first and the last instant a datetime can hold have answers."""
        kiritimati = Calendar("Pacific/Kiritimati", {"mon-sun": ["00:00-24:00"]}, holidays=["9999-12-31", "0001-01-01"])
        first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

        assert timedelta(days=3_600_000) < kiritimati.between(first, last)
        assert not kiritimati.is_open(datetime(9999, 12, 31, tzinfo=UTC))
        assert first <= kiritimati.next_opening(first)
        assert kiritimati.previous_closing(last) <= last

    def test_always_is_open_in_every_zone(self) -> None:
        """A week without gaps counts all time, also where the clock is set."""
        assert Calendar.always() == Calendar("UTC", {"mon-sun": "00:00-24:00"})
        round_the_clock = Calendar("America/New_York", {"mon-sun": ["00:00-24:00"]})
        asked = at("2026-03-08T00:00", "America/New_York")

        assert asked + 24 * HOUR == round_the_clock.after(asked, 24 * HOUR)
        assert asked - HOUR == Calendar.always().before(asked, HOUR)
        assert ((asked, asked + HOUR),) == Calendar.always().intervals(asked, asked + HOUR)
        assert Calendar.always().is_open(asked)


class TestDatesThatDiffer:
    def test_a_shift_beats_a_holiday_and_a_holiday_the_week(self) -> None:
        """The nearer rule wins: a make-up Saturday is open, a holiday with a shift is open for it."""
        calendar = Calendar(
            "Asia/Shanghai",
            {"mon-fri": ["09:00-18:00"]},
            holidays=["2026-10-01", "2026-10-02"],
            shifts={"2026-10-02": ["10:00-12:00"], date(2026, 10, 10): ["09:00-18:00"], "2026-10-12": []},
        )
        zone = "Asia/Shanghai"

        assert not calendar.is_open(at("2026-10-01T10:00", zone))
        assert calendar.between(at("2026-10-02T00:00", zone), at("2026-10-03T00:00", zone)) == 2 * HOUR
        assert calendar.is_open(at("2026-10-10T10:00", zone))
        assert not calendar.is_open(at("2026-10-12T10:00", zone))

    def test_a_holiday_lets_the_night_before_run_out(self) -> None:
        """An overnight window belongs to its start date: the holiday closes its own evening only."""
        night = Calendar("UTC", {"mon-sun": ["22:00-06:00"]}, holidays=["2026-03-03"])

        assert night.is_open(at("2026-03-03T05:00"))
        assert not night.is_open(at("2026-03-03T23:00"))
        assert not night.is_open(at("2026-03-04T05:00"))

    def test_a_break_cuts_the_local_date_it_names(self) -> None:
        """A break meets the window of the evening before too."""
        night = Calendar("UTC", {"mon-sun": ["22:00-06:00"]}, breaks={"2026-03-03": ["04:00-05:00"]})

        assert night.between(at("2026-03-02T22:00"), at("2026-03-03T06:00")) == 7 * HOUR

    def test_a_yearly_holiday_closes_every_year(self) -> None:
        """``MM-DD`` holds every year, ``02-29`` in leap years."""
        calendar = Calendar("UTC", {"mon-sun": ["09:00-10:00"]}, holidays=["05-01", "02-29"])

        assert not calendar.is_open(at("1999-05-01T09:30"))
        assert not calendar.is_open(at("8888-05-01T09:30"))
        assert not calendar.is_open(at("2028-02-29T09:30"))
        assert calendar.is_open(at("2027-03-01T09:30"))

    def test_answers_after_known_until_are_provisional(self) -> None:
        """The end of the last known date is still known; what lies beyond may change."""
        calendar = Calendar("Asia/Shanghai", {"mon-fri": ["09:00-18:00"]}, known_until="2026-12-31")

        assert not calendar.provisional(at("2026-12-31T23:00", "Asia/Shanghai"))
        assert not calendar.provisional(at("2027-01-01T00:00", "Asia/Shanghai"))
        assert calendar.provisional(at("2027-01-01T00:00:01", "Asia/Shanghai"))
        assert any_of(OFFICE, calendar).provisional(at("2027-02-01T00:00"))
        assert not OFFICE.provisional(at("2099-01-01T00:00"))

    def test_a_window_of_no_length_lasts_24_hours(self) -> None:
        """An end that is not after its start lies on the next date."""
        assert Calendar("UTC", {"mon": ["09:00-09:00"]}).between(at("2026-03-02T00:00"), at("2026-03-08T00:00")) == 24 * HOUR


class TestWorkingDays:
    def test_wall_time_is_kept(self) -> None:
        """Some working days later it is the same time of day."""
        assert at("2026-03-09T10:00") == OFFICE.after_days(at("2026-03-05T10:00"), 2)
        assert at("2026-03-05T10:00") == OFFICE.after_days(at("2026-03-09T10:00"), -2)

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ("2026-03-02T20:00", "2026-03-03T18:00"),
            ("2026-03-02T12:30", "2026-03-03T12:00"),
            ("2026-03-02T07:00", "2026-03-02T18:00"),
            ("2026-03-02T09:00", "2026-03-02T18:00"),
            ("2026-03-07T10:00", "2026-03-09T10:00"),
        ],
    )
    def test_closed_time_gives_the_closing_before(self, asked: str, expected: str) -> None:
        """Wall times that are closed, or exactly an opening, give the closing time before them."""
        assert at(expected) == OFFICE.after_days(at(asked), 1)

    def test_zero_days_is_the_left_limit(self) -> None:
        """No days give the instant itself while open, otherwise the closing before it."""
        assert at("2026-03-02T10:00") == OFFICE.after_days(at("2026-03-02T10:00"), 0)
        assert at("2026-03-06T18:00") == OFFICE.after_days(at("2026-03-07T10:00"), 0)

    @pytest.mark.parametrize(
        ("asked", "n", "expected"),
        [
            ("2026-03-02T10:00", 0, "2026-03-02T18:00"),
            ("2026-03-02T18:00", 0, "2026-03-02T18:00"),
            ("2026-03-02T18:30", 0, "2026-03-03T18:00"),
            ("2026-03-06T10:00", 1, "2026-03-09T18:00"),
            ("2026-03-07T10:00", 0, "2026-03-09T18:00"),
            ("2026-03-07T10:00", -1, "2026-03-06T18:00"),
        ],
    )
    def test_end_of_day(self, asked: str, n: int, expected: str) -> None:
        """The end of a working day is its last closing; with 0 the first that is still ahead."""
        assert at(expected) == OFFICE.end_of_day(at(asked), n)

    def test_the_end_of_an_overnight_day_is_on_the_next_date(self) -> None:
        """The window belongs to its start date, and so does its end."""
        night = Calendar("UTC", {"mon-fri": ["22:00-06:00"]})

        assert at("2026-03-03T06:00") == night.end_of_day(at("2026-03-01T12:00"), 1)

    @pytest.mark.parametrize(
        ("asked", "wall", "n", "expected"),
        [
            ("2026-03-02T10:00", "16:00", 0, "2026-03-02T16:00"),
            ("2026-03-02T17:00", "16:00", 0, "2026-03-03T16:00"),
            ("2026-03-06T17:00", time(16), 1, "2026-03-09T16:00"),
            ("2026-03-06T17:00", "24:00", 1, "2026-03-10T00:00"),
            ("2026-03-06T17:00", "20:00", -1, "2026-03-05T20:00"),
        ],
    )
    def test_at_time(self, asked: str, wall: str | time, n: int, expected: str) -> None:
        """A wall time on a working day is taken as it is, open or not."""
        assert at(expected) == OFFICE.at_time(at(asked), wall, n)

    def test_far_apart_shifts_are_found(self) -> None:
        """Working days years apart are reached without walking every date."""
        rare = Calendar("UTC", shifts={"1900-01-01": ["09:00-10:00"], "2500-01-01": ["09:00-10:00"]})

        assert at("2500-01-01T09:30") == rare.after_days(at("1900-01-01T09:30"), 1)
        assert at("1900-01-01T09:30") == rare.after_days(at("2500-01-01T09:30"), -1)


class TestCombinations:
    def test_two_offices_follow_the_sun(self) -> None:
        """Calendars of different zones join, meet and subtract by instants."""
        east = Calendar("Asia/Shanghai", {"mon-fri": ["09:00-18:00"]})
        west = Calendar("Europe/Berlin", {"mon-fri": ["09:00-18:00"]})
        monday, tuesday = at("2026-03-02T00:00"), at("2026-03-03T00:00")

        assert ((at("2026-03-02T01:00"), at("2026-03-02T17:00")),) == any_of(east, west).intervals(monday, tuesday)
        assert ((at("2026-03-02T08:00"), at("2026-03-02T10:00")),) == all_of(east, west).intervals(monday, tuesday)
        assert ((at("2026-03-02T01:00"), at("2026-03-02T08:00")),) == minus(east, west).intervals(monday, tuesday)
        assert at("2026-03-03T17:00") == any_of(east, west).end_of_day(monday, 1)

    def test_combinations_are_values(self) -> None:
        """They compare by content, hash, travel and read back, and have every verb."""
        one = minus(OFFICE, Calendar("UTC", {"wed": ["00:00-24:00"]}))
        other = Calendar.minus(OFFICE, Calendar("UTC", {"wed": ["00:00-00:00"]}))

        assert one == other
        assert one.hash == other.hash
        assert hash(one) == hash(other)
        assert one == pickle.loads(pickle.dumps(one)) == copy.deepcopy(one)
        assert one == from_data(json.loads(json.dumps(one.to_data())))
        assert any_of(OFFICE) != all_of(OFFICE)
        assert isinstance(one, OpenTime)
        assert at("2026-03-05T10:00") == one.after_days(at("2026-03-03T10:00"), 1)
        assert "minus(Calendar(" in repr(one)

    def test_always_is_neutral(self) -> None:
        """Joined with always all time counts; met with always nothing changes, its working days included."""
        monday = at("2026-03-02T10:00")

        assert monday + HOUR * 24 == any_of(OFFICE, Calendar.always()).after(monday, HOUR * 24)
        assert OFFICE.after(monday, HOUR * 24) == all_of(Calendar.always(), OFFICE).after(monday, HOUR * 24)
        assert OFFICE.after_days(monday, 7) == all_of(Calendar.always(), OFFICE).after_days(monday, 7)

    def test_a_combination_that_never_opens_is_refused(self) -> None:
        """Nothing in common, or nothing left, is a mistake worth hearing about at once."""
        evening = Calendar("UTC", {"mon-fri": ["19:00-20:00"]})
        with pytest.raises(DefinitionError, match="never opens"):
            all_of(OFFICE, evening)
        with pytest.raises(DefinitionError, match="never opens"):
            minus(OFFICE, Calendar.always())

    @pytest.mark.parametrize(
        ("build", "expected"),
        [
            (lambda: any_of(*()), ("calendar.parts", "any_of", {"count": 0, "limit": 100})),
            (lambda: any_of("office"), ("calendar.part", "any_of[0]", {"value": "str"})),
            (lambda: all_of(OFFICE, 3), ("calendar.part", "all_of[1]", {"value": "int"})),
            (lambda: nested(17), ("calendar.depth", "any_of", {"limit": 16})),
            (lambda: any_of(*[OFFICE] * 101), ("calendar.parts", "any_of", {"count": 101, "limit": 100})),
            (
                lambda: all_of(any_of(*[OFFICE] * 60), any_of(*[OFFICE] * 41)),
                ("calendar.parts", "all_of", {"count": 101, "limit": 100}),
            ),
            (lambda: from_data({"minus": [OFFICE.to_data()]}), ("calendar.minus", "minus", {"count": 1})),
            (
                lambda: from_data({"any_of": [OFFICE.to_data()] * 101}),
                ("calendar.parts", "any_of[100]", {"count": 101, "limit": 100}),
            ),
        ],
    )
    def test_parts_are_checked(self, build: Callable[[], OpenTime], expected: tuple[str, str, dict[str, object]]) -> None:
        """No parts, foreign parts, too many and too deep ones are findings that tell where, and how many may be."""
        with pytest.raises(DefinitionError) as caught:
            build()

        (found,) = caught.value.findings
        assert expected == (found.code, found.path, {**found.facts})

    @pytest.mark.parametrize("data", [{"any_of": [], "zone": "UTC"}, {"any_of": "office"}, {"any_of": ["office"]}])
    def test_data_of_a_combination_is_a_list_of_parts(self, data: dict[str, object]) -> None:
        """Anything else is a finding."""
        with pytest.raises(DefinitionError):
            from_data(data)

    def test_as_many_parts_as_may_be(self) -> None:
        """A hundred calendars in a combination, and sixteen combinations in each other, are the most."""
        many: list[Any] = [any_of(*[OFFICE] * 100), all_of(any_of(*[OFFICE] * 60), any_of(*[OFFICE] * 40))]

        assert [100, 100] == [one.size for one in many]
        assert 16 == nested(16).depth

    def test_a_document_that_repeats_itself_is_bounded(self) -> None:
        """Data whose parts are shared, and so grow with every level, is refused early."""
        data: dict[str, object] = OFFICE.to_data()
        for _ in range(14):
            data = {"any_of": [data] * 50}
        with pytest.raises(DefinitionError):
            from_data(data)


class TestAValue:
    def test_spelling_makes_no_difference(self) -> None:
        """Ranges, order, date types, time spellings and labels give equal values with equal hashes."""
        one = Calendar(
            zone="UTC",
            week={"mon-fri": ["13:00-18:00", "9:00-12:00"], "sat": []},
            holidays=[date(2026, 10, 1), {"date": "2026-05-01", "name": "Labour Day", "source": "gov"}],
            shifts={date(2026, 10, 10): [("09:00", "24:00")]},
            breaks={"2026-03-03": []},
            known_until=date(2026, 12, 31),
            name="one",
        )
        two = Calendar(
            zone=ZoneInfo("UTC"),
            week=dict.fromkeys(WEEKDAYS[:5], ("09:00-12:00", "13:00:00-18:00")),
            holidays=["2026-05-01", "2026-10-01", "2026-10-01"],
            shifts={"2026-10-10": [(time(9), time(0))]},
            known_until="2026-12-31",
        )

        assert one == two
        assert hash(one) == hash(two)
        assert one.hash == two.hash
        assert len(one.hash) == 64
        assert one != OFFICE
        assert OFFICE.hash != one.hash

    def test_the_canonical_form_reads_back_with_its_labels(self) -> None:
        """``to_data`` is JSON-ready, leaves nothing out and reads back."""
        calendar = Calendar("UTC", {"fri-mon": ["09:00-10:00"]}, holidays=[{"date": "05-01", "name": "May Day"}], name="x")
        data = calendar.to_data()

        assert {
            "zone": "UTC",
            "week": {name: ["09:00-10:00"] for name in ("mon", "fri", "sat", "sun")},
            "holidays": [{"date": "05-01", "name": "May Day"}],
            "name": "x",
        } == json.loads(json.dumps(data))
        assert data == Calendar(**data).to_data() == Calendar.from_data(data).to_data()
        assert data == pickle.loads(pickle.dumps(calendar)).to_data()
        assert calendar == attrs.evolve(calendar, name="y")
        assert "Calendar(zone='UTC'" in repr(calendar)

    def test_what_was_asked_before_does_not_show(self) -> None:
        """The compiled form is no part of the value."""
        asked, fresh = Calendar("UTC", {"mon": ["09:00-10:00"]}), Calendar("UTC", {"mon": ["09:00-10:00"]})
        asked.after(at("2026-03-02T09:00"), 20 * HOUR)

        assert fresh == asked
        assert pickle.dumps(fresh) == pickle.dumps(asked)

    def test_threads_may_share_a_calendar(self) -> None:
        """Compiling while others ask gives everybody the same answers."""
        shared = Calendar("Europe/London", {"mon-fri": ["09:00-17:00"]})
        starts = [at("2026-01-05T10:00") + timedelta(days=97 * n) for n in range(60)] * 4
        alone = [Calendar("Europe/London", {"mon-fri": ["09:00-17:00"]}).after(start, 30 * HOUR) for start in starts[:60]] * 4
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(lambda start: shared.after(start, 30 * HOUR), starts))

        assert alone == together

    def test_the_integer_path_is_the_same_path(self) -> None:
        """Microseconds since 1970 give what instants give."""
        start = at("2026-03-02T10:00")
        number = int(start.timestamp()) * 10**6
        due = OFFICE.after_us(number, 20 * 3600 * 10**6)

        assert OFFICE.after(start, 20 * HOUR) == datetime.fromtimestamp(due / 10**6, UTC)
        assert 20 * 3600 * 10**6 == OFFICE.between_us(number, due) == -OFFICE.between_us(due, number)
        assert Calendar.always().between_us(0, 5) == 5

    def test_subclasses_and_fixed_offsets_are_read(self) -> None:
        """Any aware datetime will do."""
        assert OFFICE.is_open(datetime(2026, 3, 2, 17, 30, tzinfo=timezone(8 * HOUR)))
