"""Holds warnings of ends to one ticket per end and length ahead; must not know how plans by time are counted."""

from __future__ import annotations

from typing import Any

from servflow.recurring import Recurring
from tests.unit.recurring.house import House, at, plan

WARRANTY: dict[str, Any] = {
    "name": "warranty",
    "workflow": "inspection",
    "date": "asset.warranty_until",
    "ahead": ["60d", "14d"],
}


def house(until: str | None, now: str, **more: Any) -> House:
    return House([], {"id": "A", "warranty_until": until}, now=now, expiry=[{**WARRANTY, **more}])


def test_an_end_is_told_twice_ahead_of_time() -> None:
    """Sixty and fourteen days before the warranty ends a ticket opens, due when it ends."""
    firm = house("2026-09-01", "2026-06-01")

    assert ["m:warranty@60d:A:1"] == firm.until("2026-07-03")
    assert ["m:warranty@14d:A:1"] == firm.until("2026-10-01")
    assert at("2026-09-01") == firm.ticket(1, name="warranty@14d").fields["due"]


def test_a_desk_that_was_down_tells_the_nearest_only() -> None:
    """Ten days before the end one ticket opens, not the one of sixty days ago as well."""
    firm = house("2026-09-01", "2026-08-22")

    firm.tick()
    assert ("m:warranty@14d:A:1",) == firm.store.ids()


def test_what_ended_long_ago_is_not_told() -> None:
    """A warning comes ahead; within the grace it still comes, behind it no more, however many old machines there are."""
    for now, expected in (("2026-09-05", 1), ("2026-09-09", 0), ("2030-01-01", 0)):
        firm = house("2026-09-01", now)
        firm.tick()
        assert expected == len(firm.store.ids()), now


def test_an_end_that_moves_is_told_again() -> None:
    """A warranty that is extended by two years is another end; one that moves by a day is not."""
    firm = house("2026-09-01", "2026-07-10")
    firm.tick()
    firm.assets[0] = {"id": "A", "warranty_until": "2026-09-02"}
    firm.version += 1
    firm.tick()
    assert ("m:warranty@60d:A:1",) == firm.store.ids()

    firm.assets[0] = {"id": "A", "warranty_until": "2028-09-01"}
    firm.version += 1
    assert ["m:warranty@60d:A:2"] == firm.until("2028-07-10", days=3)


def test_a_lifetime_is_an_expression() -> None:
    """Ten years after it was built, told half a year ahead; an asset without the date is left alone."""
    life = {"name": "life", "workflow": "inspection", "date": "timestamp(asset.built) + duration('87600h')", "ahead": "180d"}
    made = Recurring("m", expiry=[life])
    found = list(made.upcoming({"id": "A", "built": "2016-09-03T00:00:00Z"}, at("2027-01-01"), since=at("2026-01-01")))

    assert [(at("2026-09-01"), at("2026-03-05"))] == [(one.due, one.opens) for one in found]
    explained = Recurring("m", expiry=[WARRANTY]).explain({"id": "B"}, at=at("2026-01-01"))
    assert [("asset.warranty_until is not known for this asset",)] * 2 == [one.lines() for one in explained]


def test_dates_at_both_ends_of_time_break_nothing() -> None:
    """A date in the year 1 is long past, one in the year 9999 is told when it comes; both can be asked at any instant."""
    made = Recurring("m", [plan(every="1 month", start="asset.x", ahead="60d", meter={"counter": "h", "every": 1})], [WARRANTY])
    for text in ("0001-01-01", "9999-12-31"):
        asset = {"id": "A", "x": text, "warranty_until": text, "counters": {"h": 5}}
        for now in ("0001-01-02", "2026-01-01", "9999-12-30"):
            told = made.explain(asset, at=at(now))
            assert ["service", "warranty@60d", "warranty@14d"] == [one.plan for one in told]
            assert ["wrong"] not in [[code for code, _ in one.steps] for one in told]
