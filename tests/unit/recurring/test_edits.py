"""Holds edits of plans, assets and calendars to what is said of them; must not know how tickets are opened."""

from __future__ import annotations

from typing import Any

from tests.unit.recurring.house import House, at, plan

A = {"id": "A", "installed": "2026-01-01"}


def yearly(every: str, **more: Any) -> list[dict[str, Any]]:
    return [plan(every=every, start="asset.installed", **more)]


def test_fewer_dates() -> None:
    """From three to six months: what was opened stays, the next is the next date of the new plan behind the last ticket."""
    house = House(yearly("3 months"), A, now="2026-01-01")
    house.until("2026-10-15")
    house.use(yearly("6 months"))
    house.until("2028-01-15")

    assert ["2026-04-01", "2026-07-01", "2026-10-01", "2027-01-01", "2027-07-01", "2028-01-01"] == house.dues()


def test_more_dates() -> None:
    """From six to three months: only the latest of the new dates that lie behind is opened, and then each as it comes."""
    house = House(yearly("6 months"), A, now="2026-01-01")
    house.until("2026-11-01")
    house.use(yearly("3 months"))
    house.until("2027-04-15")

    assert ["2026-07-01", "2026-10-01", "2027-01-01", "2027-04-01"] == house.dues()


def test_a_start_that_is_put_right() -> None:
    """Installed four days later than was written: nothing opens a second time, and the dates move from the next one on."""
    house = House(yearly("3 months", ahead="14d"), A, now="2026-01-01")
    house.until("2026-03-25")
    house.assets[0] = {"id": "A", "installed": "2026-01-05"}
    house.version += 1
    house.until("2026-07-15")

    assert ["2026-04-01", "2026-07-05"] == house.dues()


def test_a_new_holiday() -> None:
    """The date was moved to Monday the 1st of June; that Monday becomes a holiday, and no second ticket opens for Tuesday."""
    office: dict[str, Any] = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}
    plans = [plan(rule="FREQ=MONTHLY;BYMONTHDAY=30,31;BYSETPOS=-1", start="2026-05-01", calendar="office")]
    house = House(plans, A, now="2026-05-01", calendars={"office": office})
    house.until("2026-06-01")
    assert ["2026-06-01"] == house.dues()

    house.use(plans, calendars={"office": {**office, "holidays": ["2026-06-01"]}})
    assert [] == house.until("2026-06-20")
    assert ["m:service:A:2"] == house.until("2026-06-30")


def test_people_put_a_visit_off() -> None:
    """Whoever writes another due instant on the ticket is believed: what lies before it is not opened."""
    house = House(yearly("1 month", apart="1d"), A, now="2026-01-01")
    house.until("2026-02-02")
    house.desk.fire("m:service:A:1", "ticket.update", {"due": at("2026-03-10")})
    house.until("2026-04-02")

    assert ["2026-03-10", "2026-04-01"] == house.dues()


def test_a_new_name_is_a_new_plan() -> None:
    """Tickets belong to a plan by its name; a plan that is renamed begins anew, with the last date that lies behind."""
    house = House(yearly("3 months"), A, now="2026-01-01")
    house.until("2026-04-05")
    house.use([{**yearly("3 months")[0], "name": "other"}])
    house.tick()

    assert ("m:other:A:1", "m:service:A:1") == house.store.ids()
