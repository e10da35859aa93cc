"""Knows how an instant of a hand-computed example is written in a word; must not know what is measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_MONDAY = datetime(2026, 11, 2, tzinfo=UTC)


def at(hours: float) -> datetime:
    """
    So many hours after Monday 2 November 2026, 00:00 UTC.

    >>> at(33.5).isoformat()
    '2026-11-03T09:30:00+00:00'
    """
    return _MONDAY + timedelta(hours=hours)
