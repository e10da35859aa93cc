"""Knows how the terms of other on-call systems translate into rotations; must not know how rotations are computed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from servflow.escalation import Rotation
from tests.shared import SHARED, needs_shared

FOLDER = "vectors/escalation"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DAYS = {"MO": "mon", "TU": "tue", "WE": "wed", "TH": "thu", "FR": "fri", "SA": "sat", "SU": "sun"}


def vectors(name: str) -> list[Any]:
    path = SHARED / FOLDER / name
    if not path.exists():
        return [pytest.param({}, marks=needs_shared(f"{FOLDER}/{name}"))]
    return [pytest.param(case, id=case["id"]) for case in json.loads(path.read_text())["vectors"]]


def groups(sizes: list[int]) -> list[list[str]]:
    letters = iter(LETTERS)
    return [[next(letters) for _ in range(size)] for size in sizes]


def rolling(given: dict[str, Any]) -> Rotation:
    """
    The source's ``interval`` means days each with DAILY (so: duty days held) and a pause with WEEKLY
    (so: one week held out of several). Its weeks and months are those of the calendar, so turns of them
    begin on the Monday or the first before its start.
    """
    start = date.fromisoformat(given["start"])
    days = ",".join(DAYS[day] for day in given["by_day"] or DAYS)
    hours = {days: [f"00:00-{given['duration_hours']:02}:00"]}
    users = groups(given["users_per_group"])
    if given["frequency"] == "DAILY":
        return Rotation(users, start, given["tz"], every="1 duty day", length=given["interval"], windows=hours)
    if given["frequency"] == "WEEKLY":
        monday = start - timedelta(days=start.weekday())
        return Rotation(users, monday, given["tz"], every=f"{given['interval']} weeks", hold_for="1 week", windows=hours)
    return Rotation(users, start.replace(day=1), given["tz"], every="1 month", windows=hours)


@pytest.mark.parametrize("case", vectors("grafana_rolling_users.json"))
def test_rolling_users(case: dict[str, Any]) -> None:
    """Every day of the stretch has the users the source computed, for the source's hours, and no other day has any."""
    if "known_defect_in_source" in case:
        pytest.skip("the source says that its own result is wrong")
    given, expect = case["input"], case["expect"]["on_call_by_start_day"]
    rotation = rolling(given)
    zone = ZoneInfo(given["tz"])
    first = date.fromisoformat(given["start"])
    found = {}
    for day in (first + timedelta(days=step) for step in range(given["total_days"])):
        morning = rotation.on_call(datetime.combine(day, time(6), zone))
        if morning:
            found[day.isoformat()] = "".join(morning)

        assert not rotation.on_call(datetime.combine(day, time(given["duration_hours"]), zone))

    assert expect == found


@pytest.mark.parametrize("case", vectors("grafana_continue_if_time.json"))
def test_continue_if_time_is_between(case: dict[str, Any]) -> None:
    """Somebody on call in the window is there now or from the instant the source would go on at."""
    given = case["input"]
    # The source takes equal ends for a moment; a window of the same ends would be 24 hours here.
    closes = given["to"] if given["to"] != given["from"] else f"{given['to']}:01"
    rotation = Rotation(["ann"], "2026-01-01", "UTC", every="1 month", windows={"mon-sun": [f"{given['from']}-{closes}"]})
    today = date(2026, 3, 4)
    now = datetime.combine(today, time.fromisoformat(given["now"]), UTC)

    if case["expect"]["eta"] is None:
        assert ["ann"] == list(rotation.on_call(now))
        return
    days, clock = case["expect"]["eta"].split()
    eta = datetime.combine(today + timedelta(days=int(days)), time.fromisoformat(clock), UTC)

    assert not rotation.on_call(now)
    assert eta == rotation.next_change(now)
    assert ["ann"] == list(rotation.on_call(eta))


def weekly(given: dict[str, Any]) -> tuple[Rotation, datetime, datetime]:
    """
    The source lists events as wall time since Sunday midnight; a run of equal ones a day apart is a
    window, and one that fills the period is a plain turn.
    """
    zone = ZoneInfo(given["tz"])
    now = datetime.fromisoformat(given["now"])
    local = now.astimezone(zone).date()
    sunday = local - timedelta(days=(local.weekday() + 1) % 7)
    offset, length = given["events"][0]
    start = datetime.combine(sunday, time()) + timedelta(seconds=offset)
    last, _ = given["events"][-1]
    weeks = -(-(last + length - offset) // (7 * 86_400))
    windows = None
    if len(given["events"]) > 1:
        ends = (start + timedelta(seconds=length)).time()
        windows = {"mon-sun": [f"{start:%H:%M}-{ends:%H:%M}"]}
    rotation = Rotation(list(LETTERS), start, given["tz"], every=f"{weeks} weeks", windows=windows)
    return rotation, now, now + timedelta(days=given["populate_days"])


@pytest.mark.parametrize("case", vectors("linkedin_oncall_epochs.json"))
def test_weekly_epochs(case: dict[str, Any]) -> None:
    """The turns of the stretch begin where the source's events begin and follow each other across changes of offset."""
    given, expect = case["input"], case["expect"]
    rotation, now, end = weekly(given)
    zone = ZoneInfo(given["tz"])
    around = rotation.shifts(now - timedelta(days=60), end + timedelta(days=60))
    met = list(dict.fromkeys(shift.users for shift in rotation.shifts(now, end)))
    epochs = [[shift for shift in around if shift.users == users] for users in met]
    shifts = [shift for epoch in epochs for shift in epoch]
    starts = [[f"{shift.start.astimezone(zone):%Y-%m-%dT%H:%M}" for shift in epoch] for epoch in epochs]

    assert expect["epochs"] == len(epochs)
    if "starts_local" in expect:
        assert expect["starts_local"] == [start for (start,) in starts]
        assert {timedelta(seconds=expect["each_length_s"])} == {shift.end - shift.start for shift in shifts}
    if "epoch_sizes" in expect:
        assert expect["epoch_sizes"] == [len(epoch) for epoch in epochs]
        assert expect["epoch_1_starts_local"] == starts[1]
    if expect.get("contiguous"):
        assert all(before.end == after.start for before, after in pairwise(shifts))
    if "start_hours_local" in expect:
        assert expect["start_hours_local"] == [shift.start.astimezone(zone).hour for shift in shifts]
