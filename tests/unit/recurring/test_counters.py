"""Holds plans by counters to one ticket per threshold, whatever meters do; must not know how desks ask."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from servflow.errors import InputError
from servflow.recurring import Asset, Recurring
from tests.unit.recurring.house import House, at, plan

EVERY_500 = plan(
    meter={"counter": "hours", "every": 500, "ahead": 50}, fields={"skipped": "skipped", "note": "string(threshold)"}
)


def machine(hours: Any, **more: Any) -> dict[str, Any]:
    return {"id": "A", "counters": {"hours": hours}, **more}


def running(*plans: dict[str, Any], now: str = "2026-01-01") -> House:
    return House(list(plans) or [EVERY_500], machine(0), now=now)


def reads(house: House, hours: Any) -> list[str]:
    """The meter is read, the host says so, and the desk ticks; what was opened."""
    before = set(house.store.ids())
    house.assets[0] = machine(hours)
    house.plans.changed(house.assets[0])
    house.tick()
    return [id_ for id_ in house.store.ids() if id_ not in before]


def test_a_ticket_opens_some_units_before_the_threshold() -> None:
    """At 449 hours there is nothing; at 450 the ticket for 500 opens, once, and the next at 950."""
    house = running()
    house.tick()

    assert [[], ["m:service:A:1"], [], [], ["m:service:A:2"]] == [reads(house, hours) for hours in (449, 450, 520, 949.5, 950)]
    assert ("500", "1000") == (house.ticket(1).fields["note"], house.ticket(2).fields["note"])
    assert 450.0 == house.ticket(1).fields["reading"]


def test_several_thresholds_at_once_are_one_ticket() -> None:
    """A machine that was not read for long is serviced once, and the ticket says how many thresholds were passed over."""
    house = running()
    house.tick()

    assert ["m:service:A:1"] == reads(house, 1700)
    assert 2 == house.ticket(1).fields["skipped"]
    assert ([], ["m:service:A:2"]) == (reads(house, 1949), reads(house, 1950))


def test_another_meter_counts_from_nothing() -> None:
    """After 1,700 hours the meter reads 20: the next service is at 500 of the new one, not at 2,000."""
    house = running()
    house.tick()
    reads(house, 1700)

    assert ([], ["m:service:A:2"], ["m:service:A:3"]) == (reads(house, 20), reads(house, 460), reads(house, 980))
    assert (
        "the counter reads 20 after 980: another meter, which counts from nothing"
        in house.plans.explain(machine(20), at=house.now)[0].lines()
    )


def test_a_reading_that_is_put_right_is_no_other_meter() -> None:
    """1,510 was misread, it is 1,498: nothing opens, and the next is at 1,950 as before."""
    house = running()
    house.tick()
    reads(house, 1510)

    assert ([], [], ["m:service:A:2"]) == (reads(house, 1498), reads(house, 1900), reads(house, 1950))


def test_from_completion_it_counts_from_the_reading_at_the_service() -> None:
    """Serviced at 560, the next is at 1,060; while the ticket is open there is none."""
    house = running({**EVERY_500, "counted_from": "completion"})
    house.tick()
    reads(house, 460)
    assert [] == reads(house, 1100)
    house.finish("m:service:A:1", reading=560.0)

    assert ([], ["m:service:A:2"]) == (reads(house, 1009), reads(house, 1010))


def test_time_or_hours_whichever_is_first() -> None:
    """Every six months or 500 hours from the last service: a machine that runs little by time, one that runs much by hours."""
    either = {
        **EVERY_500,
        "fields": {},
        "every": "6 months",
        "start": "2026-01-15",
        "first": "every",
        "counted_from": "completion",
    }
    house = running(either)
    assert ["m:service:A:1"] == house.until("2026-07-20")
    house.finish("m:service:A:1", reading=120.0)

    assert ([], ["m:service:A:2"]) == (reads(house, 569), reads(house, 570))
    house.finish("m:service:A:2", reading=580.0)
    assert ["m:service:A:3"] == house.until("2027-01-31")


def test_on_schedule_a_service_by_hours_stands_for_a_date_that_is_near() -> None:
    """Opened by hours on the 20th of June, the date of the 15th of July is passed over; that of January is not."""
    house = running({**EVERY_500, "fields": {}, "every": "6 months", "start": "2026-01-15", "first": "every"})
    house.until("2026-06-20")
    assert ["m:service:A:1"] == reads(house, 460)

    house.until("2027-01-20")
    assert ["2026-06-20", "2027-01-15"] == house.dues()


def test_a_reading_is_no_date() -> None:
    """What a counter asks for is due so long after its ticket opened as the meter says, else as dates are told ahead."""
    for more, due in (({"within": "14d"}, "2026-01-15"), ({}, "2026-01-31")):
        house = running(plan(meter={"counter": "hours", "every": 500, **more}, ahead="30d"))
        house.tick()
        reads(house, 500)
        assert at(due) == house.ticket(1).fields["due"]


def test_a_meter_counts_from_where_the_plan_says() -> None:
    """With a first service at 100 hours and every 500 from there, the second is at 600."""
    house = running(plan(meter={"counter": "hours", "every": 500, "start": 100}))
    house.tick()

    assert ([], ["m:service:A:1"], [], ["m:service:A:2"]) == (
        reads(house, 599),
        reads(house, 600),
        reads(house, 1099),
        reads(house, 1100),
    )


@pytest.mark.parametrize("hours", [True, "many", float("nan"), float("inf")])
def test_what_is_no_reading(hours: Any) -> None:
    """A counter is a finite number; an asset that says otherwise is told, and a missing counter opens nothing."""
    with pytest.raises(InputError, match="which is no number"):
        Asset.of(machine(hours))
    explained = Recurring("m", [EVERY_500]).explain({"id": "A"}, at=datetime(2026, 1, 1, tzinfo=UTC))[0]

    assert (None, ("the asset has no counter 'hours'",)) == (explained.next, explained.lines())


def test_decimals_are_exact() -> None:
    """A tenth is a tenth: at 0.3 of every 0.1 three thresholds are passed, not two."""
    made = Recurring("m", [plan(meter={"counter": "hours", "every": 0.1})])

    found = next(made.upcoming(machine(0.3), at("2027-01-01"), since=at("2026-01-01")))
    assert ("0.3", 2) == (found.as_data()["threshold"], found.skipped)


def replaced(house: House, hours: Any, day: Any) -> list[str]:
    """The meter is another one since a day, and reads so much."""
    before = set(house.store.ids())
    house.assets[0] = machine(hours, replaced={"hours": day})
    house.plans.changed(house.assets[0])
    house.tick()
    return [id_ for id_ in house.store.ids() if id_ not in before]


def test_a_meter_that_is_told_to_be_another_one_counts_from_nothing() -> None:
    """Replaced after its first service: though the new one is read first at 440, its service at 500 is not taken for done."""
    for told, opened in (("2026-01-05", ["m:service:A:2"]), (date(2026, 1, 5), ["m:service:A:2"]), ("2025-06-01", [])):
        house = running()
        house.tick()
        assert ["m:service:A:1"] == reads(house, 450)
        house.now = at("2026-02-01")

        assert ([], opened) == (replaced(house, 440, told), replaced(house, 450, told))
        assert [] == replaced(house, 900, told), "the next is at 1,000, with 50 ahead"
    lines = running().plans.explain(machine(440, replaced={"hours": "2026-01-05"}), at=at("2026-02-01"))[0].lines()
    assert ("counter 'hours' reads 440; the next is due at 500",) == lines, "without a ticket it does not matter"


def test_why_another_meter_counts_from_nothing() -> None:
    """Whoever asks is told that the meter is another one, and since when."""
    house = running()
    house.tick()
    reads(house, 450)

    lines = house.plans.explain(machine(20, replaced={"hours": "2026-01-05"}), at=house.now)[0].lines()
    assert "the meter of counter 'hours' was replaced on 2026-01-05: it counts from nothing" in lines


def test_another_meter_after_a_late_start() -> None:
    """A plan that begins at 5,000 hours goes on every 500 of a new meter; it does not wait for 5,500 again."""
    house = running(plan(meter={"counter": "hours", "every": 500, "start": 5000}))
    house.tick()
    assert ["m:service:A:1"] == reads(house, 5500)

    opened = [reads(house, hours) for hours in (20, 499, 500, 999, 1000, 1500)]
    assert [[], [], ["m:service:A:2"], [], ["m:service:A:3"], ["m:service:A:4"]] == opened


def test_another_meter_keeps_the_distance_of_the_first_service() -> None:
    """With the first service at 600, then every 500, a new meter is serviced at 600 and 1,100, not at 500 and at 600."""
    house = running(plan(meter={"counter": "hours", "every": 500, "start": 100}))
    house.tick()
    reads(house, 1100)

    assert [[], [], ["m:service:A:2"], [], ["m:service:A:3"]] == [reads(house, hours) for hours in (20, 500, 600, 1000, 1100)]


@pytest.mark.parametrize("hours", [1e300, -1e300, 10**400, 2**70, Decimal("sNaN"), Decimal("1e500")])
def test_a_reading_beyond_all_meters_is_told_and_opens_nothing(hours: Any) -> None:
    """What no double holds exactly would lie above the reading on its ticket for ever, and open one after the other."""
    house = House([EVERY_500], machine(hours), {"id": "B", "counters": {"hours": 460}}, now="2026-01-01")

    (problem,) = house.desk.tick().problems
    assert "no number up to 10^15" in problem.error.message
    assert ("m:service:B:1",) == house.store.ids()


def test_the_largest_reading_opens_one_ticket() -> None:
    """A misreading of fifteen digits is one service; how many thresholds it passed over is told up to a thousand."""
    house = running(plan(meter={"counter": "hours", "every": 0.001}, fields={"skipped": "skipped"}))
    house.tick()

    assert (["m:service:A:1"], []) == (reads(house, 999_999_999_999_999), reads(house, 999_999_999_999_999))
    assert 1000 == house.ticket(1).fields["skipped"]


def test_a_reading_finer_than_doubles_opens_one_ticket() -> None:
    """A decimal of a database is rounded as its ticket keeps it."""
    house = running(plan(meter={"counter": "hours", "every": "0.000000001"}))
    house.tick()

    hours = Decimal("1234567.123456789123456789")
    assert (["m:service:A:1"], []) == (reads(house, hours), reads(house, hours))


@pytest.mark.parametrize("given", [5, {"hours": "soon"}, {"hours": 5}, {"hours": True}])
def test_what_is_no_date_of_a_new_meter(given: Any) -> None:
    """A mapping of counters to dates; anything else is told."""
    with pytest.raises(InputError, match="replaced"):
        Asset.of(machine(5, replaced=given))
