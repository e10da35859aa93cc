"""Knows that strange values in a calendar are told as problems; must not know how time is counted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from servflow.calendars import Calendar
from servflow.errors import DefinitionError, LimitError, TimeError

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DEEP: list[Any] = []
for _ in range(5_000):
    DEEP = [DEEP]
GOOD: dict[str, Any] = {"zone": "UTC", "week": {"mon-fri": ["09:00-17:00"]}}


@pytest.mark.parametrize("value", [10**5_000, DEEP, {10**5_000: DEEP}], ids=["long", "deep", "key"])
@pytest.mark.parametrize("key", ["zone", "week", "holidays", "shifts", "breaks", "known_until"])
def test_huge_numbers_and_deep_lists_are_problems(key: str, value: object) -> None:
    """A number of thousands of digits or a list thousands deep is a finding, whichever part holds it."""
    with pytest.raises(DefinitionError):
        Calendar(**{**GOOD, key: value})


@pytest.mark.parametrize("value", [None, "", "x" * 100_000, 5, DEEP], ids=["none", "empty", "text", "number", "deep"])
def test_a_calendar_is_read_from_a_mapping_only(value: object) -> None:
    """What is no mapping is one problem, not one for each of its characters."""
    with pytest.raises(DefinitionError) as caught:
        Calendar.from_data(value)  # type: ignore[arg-type]  # what a document may hold
    assert len(caught.value.findings) == 1


def test_too_many_days_are_told_without_writing_them_out() -> None:
    """A number of days with thousands of digits is refused in a short message."""
    with pytest.raises(TimeError) as caught:
        Calendar(**GOOD).after_days(AT, 10**5_000)
    assert len(str(caught.value)) < 500


def test_a_list_of_open_stretches_has_a_bound() -> None:
    """Eight thousand years of working days are refused rather than listed for seconds."""
    with pytest.raises(LimitError):
        Calendar(**GOOD).intervals(AT, datetime.max.replace(tzinfo=UTC))
