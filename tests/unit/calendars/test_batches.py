"""Knows what is promised of many questions at once; must not know how they are answered together."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from servflow.calendars import Calendar, OpenTime, all_of, any_of, minus
from servflow.errors import TimeError
from tests.requirements import require

HOUR = timedelta(hours=1)
HOUR_US = 3_600_000_000
START = datetime(2026, 2, 23, 7, 13, tzinfo=UTC)
SHANGHAI = Calendar(
    "Asia/Shanghai",
    {"mon-fri": ["09:00-12:00", "13:00-18:00"]},
    holidays=["10-01", "2026-05-01"],
    shifts={"2026-05-02": ["10:00-14:00"]},
)
NIGHTS = Calendar("America/New_York", {"mon-sun": ["22:00-06:00"]})
OFFICE = Calendar("UTC", {"mon-fri": ["09:00-17:00"]})
FAIR = Calendar("UTC", shifts={"2026-03-01": ["09:00-11:00"], "2300-05-02": ["09:00-10:00"]})
KINDS: dict[str, OpenTime] = {
    "one": SHANGHAI,
    "any_of": any_of(SHANGHAI, NIGHTS),
    "all_of": all_of(SHANGHAI, NIGHTS),
    "minus": minus(NIGHTS, SHANGHAI),
    "always": Calendar.always(),
    "dates": FAIR,
}
FAR = [datetime(1890, 1, 1, 0, 30, tzinfo=UTC), datetime(2113, 7, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)]


def micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def told(ask: Callable[[], Any]) -> Any:
    """The answers, or what is told of the first question that is refused."""
    try:
        found = ask()
    except TimeError as error:
        return error.code, error.index, error.message.removeprefix(f"item {error.index}: ")
    return found.tolist() if hasattr(found, "tolist") else found


def singly(ask: Callable[[Any, Any], Any], left: list[Any], right: list[Any]) -> Any:
    out = []
    for index, (first, second) in enumerate(zip(left, right, strict=True)):
        try:
            out.append(ask(first, second))
        except TimeError as error:
            return error.code, index, error.message
    return out


@pytest.mark.parametrize("count", [5, 400])
@pytest.mark.parametrize("kind", list(KINDS))
def test_a_batch_answers_as_its_questions_do(kind: str, count: int) -> None:
    """Across blocks of the compiled form, at closings and in closed time: the same answers and the same first refusal."""
    cal = KINDS[kind]
    ats = [START + timedelta(minutes=97 * n * n % 700_000) for n in range(count)]
    amounts = [HOUR * (n % 50) for n in range(count)]
    ends = [at + timedelta(hours=31 * n % 9_000 - 900) for n, at in enumerate(ats)]
    ats_us, amounts_us, ends_us = (
        [micros(at) for at in ats],
        [HOUR_US * (n % 50) for n in range(count)],
        list(map(micros, ends)),
    )

    assert singly(cal.after, ats, amounts) == told(lambda: cal.after_many(ats, amounts))
    assert singly(cal.before, ats, amounts) == told(lambda: cal.before_many(ats, amounts))
    assert singly(cal.between, ats, ends) == told(lambda: cal.between_many(ats, ends))
    assert singly(cal.after_us, ats_us, amounts_us) == told(lambda: cal.after_many_us(ats_us, amounts_us))
    assert singly(cal.before_us, ats_us, amounts_us) == told(lambda: cal.before_many_us(ats_us, amounts_us))
    assert singly(cal.between_us, ats_us, ends_us) == told(lambda: cal.between_many_us(ats_us, ends_us))


def test_one_value_stands_for_all() -> None:
    """One amount for all instants, and one instant against many: how much was counted of each until now."""
    ats = [START + n * HOUR for n in range(300)]

    assert [SHANGHAI.after(at, HOUR) for at in ats] == SHANGHAI.after_many(ats, HOUR)
    assert [SHANGHAI.before(at, HOUR) for at in ats] == SHANGHAI.before_many(iter(ats), HOUR)
    assert [SHANGHAI.between(at, START) for at in ats] == SHANGHAI.between_many(ats, START)
    assert [SHANGHAI.between(START, at) for at in ats[:9]] == SHANGHAI.between_many(START, ats[:9])
    assert [] == SHANGHAI.after_many([], HOUR) == SHANGHAI.between_many((), ())


@pytest.mark.parametrize("cal", [NIGHTS, any_of(OFFICE, FAIR), Calendar.always()], ids=["one", "any_of", "always"])
def test_far_years_and_strange_instants_are_answered_too(cal: OpenTime) -> None:
    """Instants centuries apart, other zones, subclasses and amounts of nothing do not disturb their neighbours."""

    class Stamp(datetime):
        """What another library calls an instant."""

    zones = [ZoneInfo("Australia/Lord_Howe"), timezone(timedelta(hours=3)), UTC]
    ats = [(START + n * HOUR).astimezone(zones[n % 3]) for n in range(250)]
    ats[7] = FAR[1]
    amounts = [HOUR * (n % 7) for n in range(250)]

    assert singly(cal.after, ats, amounts) == told(lambda: cal.after_many(ats, amounts))
    ats[30] = Stamp(2026, 3, 2, 9, tzinfo=UTC)
    assert singly(cal.before, ats, amounts) == told(lambda: cal.before_many(ats, amounts))
    assert singly(cal.between, ats, [*FAR[:2], *ats[2:]]) == told(lambda: cal.between_many(ats, [*FAR[:2], *ats[2:]]))


@pytest.mark.parametrize("count", [20, 400])
@pytest.mark.parametrize(
    ("left", "right", "code"),
    [
        (datetime(2026, 3, 2, 9), HOUR, "naive"),
        ("2026-03-02", HOUR, "not_an_instant"),
        (START, -HOUR, "counted"),
        (START, "1h", "counted"),
        (FAR[2], 5 * HOUR, "range"),
        (START, timedelta.max, "range"),
    ],
)
def test_the_first_question_that_is_refused_is_named(count: int, left: Any, right: Any, code: str) -> None:
    """The error is that of the question alone, with its place; a later one that is wrong too is not told."""
    ats: list[Any] = [START + n * HOUR for n in range(count)]
    amounts: list[Any] = [HOUR] * count
    for place in (13, count - 1):
        ats[place], amounts[place] = left, right

    with pytest.raises(TimeError, match="item 13: ") as caught:
        OFFICE.after_many(ats, amounts)
    assert (code, 13) == (caught.value.code, caught.value.index)


@pytest.mark.parametrize(
    ("left", "right"),
    [(START, HOUR), ([START], [HOUR, HOUR]), ("2026", HOUR), (5, HOUR), ([START], None)],
    ids=["no list", "lengths", "text", "number", "none"],
)
def test_what_is_no_batch_is_refused(left: Any, right: Any) -> None:
    """A single pair, lists of two lengths, and what is no list are told as such."""
    with pytest.raises(TimeError) as caught:
        SHANGHAI.after_many(left, right)
    assert "batch" == caught.value.code


def test_without_numpy_the_answers_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """numpy is used where it is installed and never needed."""
    ats = [START + n * HOUR for n in range(300)]
    with_it = SHANGHAI.after_many(ats, 9 * HOUR), SHANGHAI.after_many_us(list(map(micros, ats)), HOUR_US)
    monkeypatch.setitem(sys.modules, "numpy", None)

    assert with_it == (SHANGHAI.after_many(ats, 9 * HOUR), SHANGHAI.after_many_us(list(map(micros, ats)), HOUR_US))


def test_arrays_are_answered_with_arrays() -> None:
    """Whole microseconds in arrays of any width come back as an array; fractions and tables are refused."""
    require("numpy")
    import numpy

    ats = numpy.arange(50, dtype="int64") * 7 * HOUR_US + micros(START)
    expected = [SHANGHAI.after_us(int(at), HOUR_US) for at in ats]
    found = SHANGHAI.after_many_us(ats, numpy.int64(HOUR_US))

    assert isinstance(found, numpy.ndarray)
    assert "int64" == found.dtype
    assert expected == found.tolist() == SHANGHAI.after_many_us(ats.astype("uint64"), [HOUR_US] * 50).tolist()
    assert (0,) == SHANGHAI.between_many_us(ats[:0], ats[:0]).shape
    assert -SHANGHAI.between_many_us(ats, ats[::-1]) == pytest.approx(SHANGHAI.between_many_us(ats[::-1], ats), abs=0)
    assert micros(START) == ats[0], "what was given is left alone"
    for wrong in (ats.astype(float), ats.reshape(5, 10), ats.astype("M8[us]")):
        with pytest.raises(TimeError, match="whole microseconds"):
            SHANGHAI.after_many_us(wrong, HOUR_US)
    with pytest.raises(TimeError) as caught:
        SHANGHAI.after_many_us(numpy.array([5, 2**64 - 1], "uint64"), HOUR_US)
    assert 1 == caught.value.index


def test_compiled_time_is_shared_by_equal_calendars() -> None:
    """What one calendar compiled another of the same content finds, also when the first is gone."""
    one = Calendar("Asia/Tokyo", {"mon": ["09:00-10:00"]}, name="one")
    one.after(START, HOUR)
    other = Calendar("Asia/Tokyo", {"mon": ["9:00-10:00"]}, name="other")
    other.after(START, HOUR)

    assert one._known() is other._known()
    assert one._blocks is other._blocks
    assert Calendar("Asia/Tokyo", {"mon": ["09:00-11:00"]})._known() is not one._known()


def test_what_is_compiled_is_bounded() -> None:
    """Asking through all of time does not keep all of time."""
    cal = Calendar("UTC", {"mon": ["09:00-10:00"]})
    for year in range(1970, 2550):
        cal.after(datetime(year, 1, 1, tzinfo=UTC), 40 * HOUR)

    known = cal._known()
    assert max(len(known.blocks), len(known.moments), len(known.rows)) <= 1024
