"""Knows due instants that other systems computed from histories of pauses; must not know how servflow counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from servflow import sla
from servflow.calendars import Calendar
from tests.shared import SHARED, needs_shared

FOLDER = "vectors/sla"
pytestmark = needs_shared(FOLDER)


def _cases() -> Iterator[Any]:
    for path in sorted((SHARED / FOLDER).glob("*.json")) if (SHARED / FOLDER).exists() else ():
        data = json.loads(path.read_text(encoding="utf-8"))
        for case in data["cases"]:
            if "history" in case and case.get("status", "ok") == "ok":
                yield pytest.param(data["calendars"][case["calendar"]], case, id=case["id"])


@pytest.mark.parametrize(("calendar", "case"), list(_cases()))
def test_history_agrees_with_the_source(calendar: dict[str, Any], case: dict[str, Any]) -> None:
    """The due instant and the counted time are those of the source."""
    zone = ZoneInfo(calendar["tz"])
    cal = Calendar(calendar["tz"], calendar["week"], holidays=calendar.get("holidays", ()))
    started, history = False, []
    for when, operation in case["history"]:
        verb = "pause" if operation == "pause" else "resume" if started else "start"
        started = True
        history.append((datetime.fromisoformat(when).replace(tzinfo=zone), verb))
    clock = sla.Clock(name="c", within=timedelta(seconds=case.get("seconds", 10**6)))

    if case["op"] == "due":
        expected = datetime.fromisoformat(case["expected"]).replace(tzinfo=zone)
        assert expected == sla.run(clock, cal, history, history[-1][0]).due
    else:
        end = datetime.fromisoformat(case["end"]).replace(tzinfo=zone)
        assert timedelta(seconds=case["expected"]) == sla.run(clock, cal, history, end).counted
